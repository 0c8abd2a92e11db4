"""The verbs of trajectories: JSON keys, figures, messages and exit status."""

from __future__ import annotations

import json
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
from verbs import Command

from analysis.commands.trajectories import parse_frames, parse_window
from analysis.trajectories.quantities import QUANTITIES
from atomsim.errors import InputError

FRAMES = 6


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
    special = {
        "relaxation-parameter": ["--window", "7:10", "--width", "0.4"],
        "order": ["--shells", "0.5:1.2,1.2:1.6"],
    }
    options = special.get(quantity, [])
    figure = tmp_path / "f.svg"
    status, out, err = command(
        "trajectory", *files, "--quantity", quantity, *options, "--json", "--figure", figure, "--time-step", 0.5
    )
    assert status == 0, err
    document = json.loads(out)
    assert KEYS[quantity] <= set(document) and document["quantity"] == quantity
    assert document["n_atoms"] == 64 and document["species"] == ["Cu", "Zr"] and document["n_frames"] == FRAMES
    assert figure.read_text().startswith("<svg")
    assert "6 frames of 64 atoms" in err and "extended XYZ names no units" in err
    assert document["units"] == ["unit of length", "unit of time"] and document["units_reason"] in err
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
        (["--quantity", "scattering", "--backend", "dusk"], "did you mean 'dask'"),
        (["--quantity", "scattering", "--backend", "serial", "--workers", "2"], "'serial' with 2 workers"),
        (["--quantity", "scattering", "--tolerance", "-1"], "tolerance"),
        (["--quantity", "scattering", "--wave-number", "0"], "q = 0.0; expected a positive number"),
        (["--quantity", "overlap", "--length", "nan"], "expected a positive number"),
        (["--quantity", "structure-factor", "--longest", "0"], "longest wave vector = 0.0"),
        (["--quantity", "order", "--shells", "0:1.2,1.1:1.6"], "shells 1 and 2, 0:1.2 and 1.1:1.6, overlap"),
        (["--quantity", "order", "--shells", "0:1.2,1.2:9"], "a site would meet two images"),
        (["--quantity", "order", "--shells", "0.5:1.2", "--wave-number", "-1"], "k_s = -1.0"),
        (["--quantity", "order", "--shells", "0.5:1.2", "--wave-number", "0.5"], "no wave vector"),
        (["--quantity", "pair-distribution", "--length", "3"], "needs a box"),
        (["--quantity", "structure-factor", "--longest", "0.5"], "no wave vector"),
        (["--quantity", "displacement", "--time-step", "-1"], "time step"),
        (["--quantity", "displacement", "--figure", "f.gif"], "--figure"),
    ],
)
def test_wrong_requests_are_explained(command: Command, walks: list[Path], options: list[str], complaint: str) -> None:
    status, out, err = command("trajectory", walks[0], *options, "--json")
    assert status == 2 and out == "" and complaint in err


def test_order_takes_its_shells_from_the_first_frame(command: Command, tmp_path: Path) -> None:
    sites = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), -1).reshape(-1, 3) * 1.0
    places = sites + np.random.default_rng(3).normal(0, 0.02, sites.shape)
    labels = np.where(sites.sum(axis=1) % 2 == 0, "Cu", "Zr")
    atoms = ase.Atoms(labels, positions=places, cell=[5, 5, 5], pbc=True)
    ase.io.write(tmp_path / "cubic.extxyz", [atoms, atoms])
    status, out, err = command("trajectory", tmp_path / "cubic.extxyz", "--quantity", "order", "--json")
    assert status == 0, err
    document = json.loads(out)
    (low, first), (_, second) = document["shells"]
    assert low == 0 and 1.05 < first < 1.36 and 1.46 < second < 1.7  # shells of the simple cubic crystal: 1, 1.41, 1.73
    assert "shells between the minima of g(r) in the first frame" in document["remarks"]


def test_wrapped_trajectory_is_explained_on_the_command_line(command: Command, tmp_path: Path) -> None:
    before = ase.Atoms("CuZr", positions=[[0.1, 1, 1], [2.0, 1, 1]], cell=[3, 3, 3], pbc=True)
    after = before.copy()
    after.positions[0, 0] = 2.9
    path = tmp_path / "wrapped.extxyz"
    ase.io.write(path, [before, after])
    options = ("--quantity", "displacement", "--length", 1, "--wave-number", 1, "--json")
    status, out, err = command("trajectory", path, *options)
    assert status == 2 and out == "" and f"{path}: wrapped into the box" in err.replace("\n", "")
    assert "atom 0 goes from" in err and "image flags" in err
    status, out, err = command("trajectory", path, *options, "--unwrap", "nearest", "--drift")
    assert status == 0 and json.loads(out)["mean_square_displacement"] == [pytest.approx(0.02, abs=1e-6)]


def test_files_that_hold_too_little_are_explained(command: Command, tmp_path: Path) -> None:
    atoms = ase.Atoms("Cu8", positions=np.random.default_rng(1).random((8, 3)) * 3, cell=[3, 3, 3], pbc=True)
    ase.io.write(tmp_path / "one.extxyz", [atoms, atoms])
    status, _, err = command("trajectory", tmp_path / "one.extxyz", "--quantity", "order")
    assert status == 2 and "1 species; order parameters need an alloy of exactly two" in err and "one.extxyz" in err
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
    assert status == 2 and "frame 0: atom 3 is at" in err and "nan.extxyz" in err


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
