"""The verb of concentration excitations: JSON keys, figures, studies, messages and exit status."""

from __future__ import annotations

import json
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal
from small_chain import run_small, small_config
from verbs import Command, command_line

from analysis.commands import excitations as cli_excitations
from atomsim.errors import InputError
from atomsim.formats import write_glass
from atomsim.quench import Glass
from atomsim.units import get_material


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the verb in this process."""
    return command_line(capsys, "excitations")


@pytest.fixture(scope="module")
def glass_file(tmp_path_factory: pytest.TempPathFactory, binary_glass: Glass) -> Path:
    """The binary glass as a file."""
    path = tmp_path_factory.mktemp("glass") / "glass.h5"
    write_glass(path, binary_glass)
    return path


@pytest.fixture(scope="module")
def crystal_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ordered crystal with edge three."""
    atoms = crystal(("Cu", "Zn"), [(0, 0, 0), (0.5, 0.5, 0.5)], spacegroup=221, cellpar=[3, 3, 3, 90, 90, 90])
    path = tmp_path_factory.mktemp("crystal") / "b2.extxyz"
    ase.io.write(path, atoms * 3)
    return path


def test_excitations_prints_the_promised_document(command: Command, crystal_file: Path) -> None:
    status, out, _ = command(crystal_file, "--shells", "2:2.8,2.8:3.5", "--json", "--random-alloys", 50)
    document = json.loads(out)
    assert status == 0
    assert list(document)[:3] == ["concentration", "shells", "k_s"]
    assert document["concentration"] == 0.5
    first, second = document["shells"]
    assert list(first)[:5] == ["r_min", "r_max", "coordination", "alpha_correlation", "alpha_warren_cowley"]
    assert (first["r_min"], first["r_max"], first["coordination"]) == (2, 2.8, 8)
    assert first["alpha_correlation"] == pytest.approx(-1) and second["alpha_correlation"] == pytest.approx(1)
    assert first["alpha_warren_cowley"] == pytest.approx(-1) and first["p_value"] == pytest.approx(1 / 51)
    assert document["k_s"] == pytest.approx(2 * np.pi / 3) and document["crystalline"]
    assert first["alpha_correlation_error"] is None, "one configuration has no error"
    assert np.array(document["alpha_per_ion"]).shape == (2, 54)
    assert (
        document["species"] == {"A": "Cu", "B": "Zn"}
        and abs(document["sum_rule"]) < 1e-12
        and document["intensity_residual"] < 1e-10
    )
    assert "glasses" not in document


def test_excitations_of_a_glass_with_its_potential(command: Command, glass_file: Path, tmp_path: Path) -> None:
    figure = tmp_path / "all.svg"
    status, out, err = command(
        glass_file, "--potential", "lerner-binary", "--json", "--figure", figure, "--random-alloys", 50, "--seed", 3
    )
    document = json.loads(out)
    assert status == 0 and figure.read_text(encoding="utf-8").startswith("<svg") and "figure:" in err
    (glass,) = document["glasses"]
    assert document["hbar"] == pytest.approx(get_material("argon").hbar)
    assert glass["modes"]["condition_number"] > 1e3 and abs(glass["energy_residual"]) < 1e-10
    assert len(glass["modes"]["omega"]) + len(glass["modes"]["decay_rate"]) + glass["modes"]["dropped"] == 159
    assert [waves["envelope_power"] for waves in glass["dispersions"]] == [0, 0.5, 1]
    for waves in glass["dispersions"]:
        for form in ("printed", "rotating", "derived"):
            found = waves[form]
            assert len(found["stable_k"]) == len(found["energy"]) and min(found["energy"], default=0) >= 0
            u, v = np.array(found["bogoliubov_u"]), np.array(found["bogoliubov_v"])
            np.testing.assert_allclose(u**2 - v**2, 1, atol=1e-8)
            assert len(found["decaying_k"]) == len(found["decay_rate"]) and min(found["decay_rate"], default=1) > 0
            total = len(found["stable_k"]) + len(found["decaying_k"])
            assert found["stable_share_of_waves"] == pytest.approx(len(found["stable_k"]) / total)
    shares = document["overlap"]["share_in_the_soft_modes_of"]
    assert {"decaying", "stable", "random concentration patterns", "random directions"} <= set(shares)
    assert all(0 <= share["value"] <= 1 for share in shares.values())
    assert document["summary"]["poisson_ratio"]["unit"] == "1"


def test_excitations_of_the_same_seed_are_the_same(command: Command, glass_file: Path) -> None:
    runs = [command(glass_file, "--json", "--random-alloys", 30, "--seed", seed)[1] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_excitations_prints_tables(command: Command, glass_file: Path, tmp_path: Path) -> None:
    status, out, err = command(glass_file, "--figure", tmp_path / "order.png", "--random-alloys", 30)
    assert status == 0 and "alpha_correlation" in out and "directions averaged" in out
    assert "order alone" in err and (tmp_path / "order.png").read_bytes().startswith(b"\x89PNG")
    status, out, err = command(
        glass_file, "--potential", "lerner-binary", "--force-constants", "relaxed", "--temperature", 0.5,
        "--material", "sodium", "--random-alloys", 30,
    )  # fmt: skip
    assert status == 0 and "decaying_share_of_directions" in out and "random concentration patterns" in out


def test_excitations_reads_a_finished_study(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    run_small(small_config(tmp_path), folder)
    status, out, err = command(folder, "--json", "--random-alloys", 30)
    document = json.loads(out)
    assert status == 0 and "glass 3 of 3" in err
    assert document["n_configurations"] == 3 and document["n_atoms"] == [64, 64, 80]
    assert document["shells"][0]["alpha_correlation_error"] > 0
    assert document["summary"]["mean_inertia"]["error"] > 0
    assert "alpha_per_ion" not in document and len(document["glasses"]) == 3
    status, _, err = command(folder, "--potential", "kob-andersen")
    assert status == 2 and "knows its potential" in err


@pytest.mark.parametrize(
    ("shells", "message"),
    [
        ("0.5:1.2,1.0:1.5", "overlap"),
        ("1.0:0.5", "r_min < r_max"),
        ("1.0", "expected R0:R1"),
        ("a:b", "expected R0:R1"),
        ("0:1:2", "expected R0:R1"),
        ("0.9:nan", "both finite"),
        ("0.5:99", "two images"),
        ("0.001:0.002", "holds no pair"),
    ],
)
def test_wrong_shells_are_answered_in_one_line(command: Command, glass_file: Path, shells: str, message: str) -> None:
    status, out, err = command(glass_file, "--shells", shells)
    assert status == 2 and out == ""
    assert err.startswith("error: ") and message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--figure", "x.pdf"), "expected a file .svg or .png"),
        (("--figure", "none/x.svg"), "no folder none"),
        (("--random-alloys", "1"), "two at least"),
        (("--minimise",), "needs --potential"),
        (("--potential", "lerner-binry"), "did you mean 'lerner-binary'"),
        (("--potential", "laird-schober"), "two species"),
        (("--potential", "lerner-binary", "--material", "agon"), "did you mean 'argon'"),
        (("--potential", "lerner-binary", "--force-constants", "literall"), "did you mean 'literal'"),
        (("--potential", "lerner-binary", "--temperature", "-1"), "temperature"),
    ],
)
def test_wrong_options_are_answered_in_one_line(
    command: Command, glass_file: Path, options: tuple[str, ...], message: str
) -> None:
    status, out, err = command(glass_file, "--random-alloys", 10, *options)
    assert status == 2 and out == ""
    assert message in err and err.count("\n") == 1


def test_structures_that_are_no_alloy_are_refused(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "copper.extxyz"
    ase.io.write(path, bulk("Cu", cubic=True) * 3)
    status, out, err = command(path, "--json")
    assert status == 2 and out == "" and "1 species" in err and "copper.extxyz" in err
    status, _, err = command(tmp_path / "nothing.xyz")
    assert status == 2 and "no such file" in err
    status, _, err = command(tmp_path)
    assert status == 2 and "no finished study" in err


def test_structures_off_their_minimum_are_told_so(command: Command, tmp_path: Path, binary_glass: Glass) -> None:
    atoms = binary_glass.to_atoms()
    atoms.positions += 0.02 * np.random.default_rng(1).standard_normal(atoms.positions.shape)
    path = tmp_path / "shaken.extxyz"
    ase.io.write(path, atoms)
    status, out, err = command(path, "--potential", "lerner-binary")
    assert status == 1 and out == "" and "--minimise moves it" in err
    status, out, _ = command(path, "--potential", "lerner-binary", "--minimise", "--random-alloys", 20, "--json")
    assert status == 0 and json.loads(out)["glasses"]


def test_shells_of_the_command_line_are_parsed() -> None:
    shells = cli_excitations.parse_shells("0.5:1,1:1.5, 2:3")
    np.testing.assert_array_equal(shells.r_min_s, [0.5, 1, 2])
    np.testing.assert_array_equal(shells.r_max_s, [1, 1.5, 3])
    with pytest.raises(InputError, match="--shells 1:2,0:1"):
        cli_excitations.parse_shells("1:2,0:1")
