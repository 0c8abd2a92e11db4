"""Values that can be of no use are refused before any work: the work itself is forbidden here."""

from __future__ import annotations

import re
from pathlib import Path

import ase
import ase.io
import pytest
from ase.build import bulk
from verbs import command_line

import analysis.measure
import analysis.multiple_scattering.wind_configuration
import analysis.thermal.kappa
import atomsim.formats.alloys
from analysis.commands import thermal as cli_thermal
from analysis.thermal.materials import KarpovParshinMaterial

read_and_certify = analysis.measure.structure_of
read_alloy = atomsim.formats.alloys.read_alloy_glass


class Worked(AssertionError):
    """The verb began to work."""


@pytest.fixture(autouse=True)
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Descents, winds and conductivities."""

    def refuse(*arguments: object, **options: object) -> None:
        raise Worked

    monkeypatch.setattr(analysis.measure, "structure_of", refuse)
    monkeypatch.setattr(analysis.multiple_scattering.wind_configuration, "wind_forces", refuse)
    monkeypatch.setattr(analysis.thermal.kappa, "conductivity", refuse)
    monkeypatch.setattr(atomsim.formats.alloys, "read_alloy_glass", refuse)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("density", "--bins", "0"), "--bins 0: expected 1 or more"),
        (("density", "--moments", "9"), "--moments 9: expected 8 or more, a multiple of 4"),
        (("density", "--moments", "4"), "--moments 4: expected 8 or more"),
        (("density", "--vectors", "1"), "--vectors 1: expected 2 or more"),
        (("modes", "--lowest", "0"), "--lowest 0: expected at least one mode"),
        (("modes", "--lowest", "5", "--method", "superlo"), "--method superlo: expected one of dense, .*superlu"),
        (("soft-modes", "--count", "0"), "--count 0: expected at least one mode"),
        (("excitations", "--force-constants", "literaly"), "literaly.*literal"),
        (("excitations", "--temperature", "-1"), "temperature = -1"),
    ],
)
def test_numbers_of_verbs_are_looked_at_before_the_descent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    verb, *options = arguments
    path = tmp_path / "glass.xyz"
    ase.io.write(path, bulk("Ar", "fcc", a=1.6, cubic=True).repeat(4))
    run = command_line(capsys, verb, path, "--potential", "kob-andersen", "--minimise")
    with pytest.raises(Worked):
        run()  # with nothing wrong the descent is what comes first
    status, out, err = run(*options)
    assert (status, out) == (2, "")
    assert re.search(message, err)


@pytest.fixture
def only_reading(forbidden: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may be read; whatever builds a matrix or moves an atom is forbidden."""

    def refuse(*arguments: object, **options: object) -> None:
        raise Worked

    monkeypatch.setattr(analysis.measure, "structure_of", read_and_certify)
    monkeypatch.setattr(atomsim.formats.alloys, "read_alloy_glass", read_alloy)
    for module, name in (
        (analysis.measure, "describe"),
        (analysis.measure, "inherent_structure"),
        (atomsim.formats.alloys, "alloy_glass"),
    ):
        monkeypatch.setattr(module, name, refuse)


@pytest.mark.usefixtures("only_reading")
@pytest.mark.parametrize("minimise", [(), ("--minimise",)])
@pytest.mark.parametrize(
    ("verb", "option", "most"),
    [
        ("modes", "--lowest", 768),
        ("soft-modes", "--count", 765),
        ("nonlinear-modes", "--count", 765),
        ("double-wells", "--count", 765),
    ],
)
def test_more_modes_than_there_are_is_refused_when_the_atoms_are_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: str, option: str, most: int, minimise: tuple[str, ...]
) -> None:
    path = tmp_path / "glass.xyz"
    ase.io.write(path, bulk("Ar", "fcc", a=1.6, cubic=True).repeat(4))
    run = command_line(capsys, verb, path, "--potential", "kob-andersen", *minimise)
    with pytest.raises(Worked):
        run(option, most)
    status, out, err = run(option, most + 1)
    assert (status, out) == (2, "")
    assert f"{option} {most + 1}: expected 1 to {most} modes for 256 atoms" in " ".join(err.split())


@pytest.mark.usefixtures("only_reading")
def test_more_modes_than_a_material_has_is_refused_before_its_matrix(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path, potential = tmp_path / "silicon.xyz", tmp_path / "Si.sw"
    potential.write_text("Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0\n")
    ase.io.write(path, bulk("Si", cubic=True))
    run = command_line(capsys, "soft-modes", path, "--potential", f"sw:{potential}")
    with pytest.raises(Worked):
        run("--count", 21)
    status, out, err = run("--count", 22)
    assert (status, out) == (2, "")
    assert "--count 22: expected 1 to 21 modes for 8 atoms" in " ".join(err.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--resistivity", "-1"), "resistivity = -1.0"),
        (("--resistivity", "mine"), "own or measured"),
        (("--resistivity", "nan"), "resistivity = nan"),
        (("--relaxation-time", "0"), "relaxation time = 0.0"),
        (("--resistivity", "own", "--relaxation-time", "1e-14"), "one of a resistivity and a relaxation time"),
    ],
)
def test_resistivities_are_looked_at_before_the_wind(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "crystal.xyz"
    ase.io.write(path, bulk("Al", cubic=True).repeat(2))
    run = command_line(capsys, "wind", path, "--metal", "Al", after=("--workers", 1))
    with pytest.raises(Worked):
        run("--resistivity", "3")
    status, out, err = run(*options)
    assert status == 2 and message in err and not out


@pytest.mark.parametrize("option", ["--compare-measures", "--measured"])
def test_constants_of_one_distribution_are_compared_with_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    numbers = {"mass": 28.0, "length": 1.0, "energy": 30.0, "G": 1e27, "b": 0.0, "d_l2": 0.3, "d_t2": 0.2, "xi2": 1.2}
    other = KarpovParshinMaterial("other", 2200.0, 5800.0, 3800.0, **numbers)
    monkeypatch.setattr(cli_thermal, "_material", lambda text: (other, None))
    run = command_line(capsys, "thermal", "silica", "--model", "exact")
    with pytest.raises(Worked):
        run()
    status, out, err = run(option, *([tmp_path / "measures.svg"] if option == "--compare-measures" else []))
    assert status == 2 and "other: " in err and "[material]" in err and not out
