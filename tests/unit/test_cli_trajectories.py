"""The verbs of trajectories: JSON keys, figures, messages and exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
import typer

from analysis.cli import reported
from analysis.commands import trajectories as cli_trajectories
from analysis.commands.trajectories import parse_frames, parse_window
from analysis.trajectories.quantities import QUANTITIES
from atomsim.errors import InputError

Command = Callable[..., tuple[int, str, str]]
FRAMES = 6

app = typer.Typer(pretty_exceptions_enable=False)
for _verb in cli_trajectories.verbs.registered_commands:
    app.command(_verb.name)(reported(_verb.callback))


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a verb in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return int(end.value.code or 0), output.out, output.err

    return run


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two replicas of an alloy whose atoms leave a lattice."""
    folder, paths = tmp_path_factory.mktemp("walks"), []
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 3) * 1.0
    for replica in range(2):
        rng = np.random.default_rng(replica)
        places = sites + 0.1 * np.cumsum(rng.normal(0, 1, (FRAMES, 64, 3)), axis=0)
        frames = [ase.Atoms(["Cu", "Zr"] * 32, positions=p, cell=[4, 4, 4], pbc=True) for p in places]
        paths.append(folder / f"walk{replica}.extxyz")
        ase.io.write(paths[-1], frames)
    return paths


KEYS = {
    "structure-factor": {"q", "count", "s_nn", "s_nc", "s_cc", "a_Cu_Cu", "a_Cu_Zr", "a_Zr_Zr", "fractions"},
    "relaxation-parameter": {
        "time",
        "relaxation_parameter",
        "error",
        "noise_bias",
        "resolved",
        "window",
        "highest_bin",
    },
    "pair-distribution": {"r", "g", "g_Cu_Cu", "g_Cu_Zr", "g_Zr_Zr"},
    "displacement": {"time", "pairs", "mean_square_displacement", "non_gaussian"},
    "scattering": {"time", "pairs", "scattering", "wave_number"},
    "overlap": {"time", "pairs", "overlap", "chi4", "overlap_length"},
    "rearrangement": {"time", "pairs", "moved_fraction", "cooperativity", "moved_length"},
    "order": {"time", "alpha_1", "alpha_2", "s_cc", "k_s", "shells", "random_s_cc"},
}


@pytest.mark.parametrize("quantity", list(QUANTITIES))
def test_trajectory_prints_the_promised_document(
    command: Command, walks: list[Path], tmp_path: Path, quantity: str
) -> None:
    files = walks if quantity == "relaxation-parameter" else walks[:1]
    options = ["--window", "7:10", "--width", "0.4"] if quantity == "relaxation-parameter" else []
    figure = tmp_path / "f.svg"
    status, out, err = command(
        "trajectory", *files, "--quantity", quantity, *options, "--json", "--figure", figure, "--time-step", 0.5
    )
    assert status == 0, err
    document = json.loads(out)
    assert KEYS[quantity] <= set(document) and document["quantity"] == quantity
    assert document["n_atoms"] == 64 and document["species"] == ["Cu", "Zr"] and document["n_frames"] == FRAMES
    assert figure.read_text().startswith("<svg")
    assert "6 frames of 64 atoms" in err
    if "time" in document and "pairs" in document:
        assert document["time"][0] == pytest.approx(0.5)


def test_table_is_shown_without_json(command: Command, walks: list[Path]) -> None:
    status, out, _ = command("trajectory", walks[0], "--quantity", "displacement")
    assert status == 0 and "mean_square_displacement" in out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--quantity", "speed"], "unknown quantity"),
        (["--quantity", "relaxation-parameter", "--window", "9:7"], "lower one first"),
        (["--quantity", "relaxation-parameter", "--window", "9-7"], "expected Q1:Q2"),
        (["--quantity", "relaxation-parameter", "--window", "9:90"], "reaches outside"),
        (["--quantity", "relaxation-parameter", "--window", "9:9.01"], "box resolves"),
        (["--quantity", "displacement", "--frames", "0:1"], "1 frames"),
        (["--quantity", "displacement", "--frames", "x"], "expected A:B:S"),
        (["--quantity", "overlap", "--length", "-1"], "expected a positive number"),
        (["--quantity", "scattering", "--unwrap", "maybe"], "unwrap"),
        (["--quantity", "scattering", "--workers", "0"], "--workers"),
        (["--quantity", "pair-distribution", "--length", "3"], "needs a box"),
        (["--quantity", "structure-factor", "--longest", "0.5"], "no wave vector"),
        (["--quantity", "displacement", "--time-step", "-1"], "time step"),
        (["--quantity", "displacement", "--figure", "f.gif"], "--figure"),
    ],
)
def test_wrong_requests_are_explained(command: Command, walks: list[Path], options: list[str], complaint: str) -> None:
    status, out, err = command("trajectory", walks[0], *options, "--json")
    assert status == 2 and out == "" and complaint in err


def test_files_that_hold_too_little_are_explained(command: Command, tmp_path: Path) -> None:
    atoms = ase.Atoms("Cu8", positions=np.random.default_rng(1).random((8, 3)) * 3, cell=[3, 3, 3], pbc=True)
    ase.io.write(tmp_path / "one.extxyz", [atoms, atoms])
    assert "exactly two" in command("trajectory", tmp_path / "one.extxyz", "--quantity", "order")[2]
    atoms.pbc = False
    atoms.cell = None
    ase.io.write(tmp_path / "cluster.extxyz", [atoms, atoms])
    status, _, err = command("trajectory", tmp_path / "cluster.extxyz", "--quantity", "structure-factor")
    assert status == 2 and "periodic box" in err
    atoms.positions[3] = np.nan
    ase.io.write(tmp_path / "nan.extxyz", [atoms, atoms])
    status, _, err = command(
        "trajectory", tmp_path / "nan.extxyz", "--quantity", "displacement", "--length", 1, "--wave-number", 1
    )
    assert status == 2 and "atom 3" in err


def test_ranges_are_parsed() -> None:
    assert parse_window("10:14.5") == (10.0, 14.5) and parse_window(None) is None
    assert parse_frames("2:9:3") == slice(2, 9, 3) and parse_frames("::") == slice(None, None, None)
    for text in ("1", "1:2:0", "a:b"):
        with pytest.raises(InputError, match="A:B:S"):
            parse_frames(text)


def test_anneal_tells_what_it_would_do(command: Command, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        '[study]\nseed = 1\n[glass]\npotential = "lerner-binary"\nsizes = [120]\nsamples = [4]\n'
        "[anneal]\ntemperatures = [0.2, 0.4]\ntime = 2.0\n"
    )
    status, out, err = command("anneal", tmp_path / "s.toml", "--out", tmp_path / "o", "--dry-run", "--json")
    assert status == 0, err
    stages = {stage["stage"]: stage["tasks"] for stage in json.loads(out)["stages"]}
    assert stages == {
        "glass": 4, "anneal_T0.2": 4, "anneal_T0.4": 4, "structures_T0.2": 4, "structures_T0.4": 4, "summary": 1,
    }  # fmt: skip
    assert not (tmp_path / "o").exists()
    status, _, err = command("anneal", tmp_path / "s.toml", "--set", "anneal.tme=3")
    assert status == 2 and "did you mean 'anneal.time'" in err
