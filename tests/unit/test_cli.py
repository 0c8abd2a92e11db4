"""The command: results on standard output, all else on standard error, and an exit status that means something."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import ase.io
import house
import numpy as np
import pytest
import small_chain

from analysis import terminal
from analysis.cli import app
from analysis.study import StudyProgress
from atomsim.formats import write_glass
from atomsim.hessian import hessian_matrix
from atomsim.quench import Glass

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def atomsim(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return int(end.value.code or 0), output.out, output.err

    return run


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, small_glass: Glass) -> dict[str, Path]:
    """The small glass in our format, displaced, with a NaN, with an overlap, and truncated."""
    folder = tmp_path_factory.mktemp("structures")
    paths = {name: folder / f"{name}.xyz" for name in ("displaced", "nan", "overlap")}
    displaced, nan, overlap = (small_glass.to_atoms() for _ in range(3))
    displaced.positions += np.random.default_rng(4).normal(scale=0.15, size=displaced.positions.shape)
    nan.positions[17, 0] = np.nan
    overlap.positions[3] = overlap.positions[200] + 0.01
    for name, atoms in (("displaced", displaced), ("nan", nan), ("overlap", overlap)):
        ase.io.write(paths[name], atoms, format="extxyz")
    paths["glass"] = folder / "glass.h5"
    write_glass(paths["glass"], small_glass)
    paths["truncated"] = folder / "truncated.h5"
    paths["truncated"].write_bytes(paths["glass"].read_bytes()[:5000])
    return paths


# --- help and small verbs -----------------------------------------------------------------------------------


def test_help_shows_every_verb_with_an_example(atomsim: Command) -> None:
    status, out, _ = atomsim("--help")
    assert status == 0
    for verb in ("run", "modes", "soft-modes", "report", "validate", "equations"):
        assert f"atomsim {verb}" in out
        assert "Example: atomsim " + verb in " ".join(atomsim(verb, "--help")[1].split())


def test_version_is_printed(atomsim: Command) -> None:
    status, out, _ = atomsim("--version")
    assert status == 0
    assert out.split()[0] == "atomsim"


def test_unknown_verb_and_option_are_refused(atomsim: Command) -> None:
    assert atomsim("rum")[0] == 2
    assert atomsim("run", "study.toml", "--worker", "2")[0] == 2


def test_equations_are_listed_for_people_and_programs(atomsim: Command) -> None:
    status, out, _ = atomsim("equations", "--json")
    rows = json.loads(out)
    assert status == 0
    assert {"key", "equation", "function", "test"} == set(rows[0])
    status, out, _ = atomsim("equations")
    assert status == 0
    assert len(out.splitlines()) == len(rows) + 1


# --- a user's structure -------------------------------------------------------------------------------------


def test_modes_as_json_are_those_of_a_dense_calculation(
    atomsim: Command, files: dict[str, Path], small_glass: Glass
) -> None:
    status, out, err = atomsim("modes", files["glass"], "--potential", "laird-schober", "--json")
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert set(document) == {
        "n_atoms", "max_force", "n_zero_modes", "n_negative", "certified_complete",
        "omega", "participation_number", "participation_ratio", "effective_mass",
    }  # fmt: skip
    assert (document["n_atoms"], document["n_zero_modes"], document["n_negative"]) == (256, 3, 0)
    assert document["certified_complete"] is True
    assert document["max_force"] <= 1e-10
    omega = np.array(document["omega"])
    assert len(omega) == 768 and np.all(np.diff(omega) >= 0)
    terms = small_glass.interaction().terms(small_glass.positions_nc)
    eigenvalues = np.linalg.eigvalsh(hessian_matrix(terms).toarray())
    assert omega[3:] == pytest.approx(np.sqrt(eigenvalues[3:]), rel=1e-9)
    assert np.array(document["participation_ratio"]) * 256 == pytest.approx(document["participation_number"])


def test_lowest_modes_are_the_first_of_all(atomsim: Command, files: dict[str, Path]) -> None:
    _, everything, _ = atomsim("modes", files["glass"], "--potential", "laird-schober", "--json")
    status, out, _ = atomsim("modes", files["glass"], "--potential", "laird-schober", "--json", "--lowest", 10)
    assert status == 0
    assert json.loads(out)["omega"][3:] == pytest.approx(json.loads(everything)["omega"][3:10], rel=1e-9)
    assert len(json.loads(out)["effective_mass"]) == 10


def test_structure_off_its_minimum_is_told_so(atomsim: Command, files: dict[str, Path]) -> None:
    status, out, err = atomsim("modes", files["displaced"], "--potential", "laird-schober", "--json")
    document = json.loads(out)
    assert status == 1
    assert document["n_negative"] > 0
    assert sum(omega < -1e-3 for omega in document["omega"]) == document["n_negative"]
    assert f"max|F| = {document['max_force']:.3e}" in err
    assert f"{document['n_negative']} negative eigenvalues" in err
    assert "--minimise" in err


def test_minimise_makes_a_minimum_of_it(atomsim: Command, files: dict[str, Path]) -> None:
    status, out, err = atomsim("modes", files["displaced"], "--potential", "laird-schober", "--json", "--minimise")
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert document["max_force"] <= 1e-10
    assert (document["n_zero_modes"], document["n_negative"]) == (3, 0)


def test_soft_modes_as_json(atomsim: Command, files: dict[str, Path]) -> None:
    status, out, _ = atomsim("soft-modes", files["glass"], "--potential", "laird-schober", "--count", 4, "--json")
    document = json.loads(out)
    assert status == 0 and len(document["modes"]) == 4
    needed = {"omega", "omega2", "participation_number", "effective_mass", "tau", "chi_bare", "chi_relaxed"}
    assert all(needed <= set(mode) for mode in document["modes"])
    omega = [mode["omega"] for mode in document["modes"]]
    assert omega == sorted(omega) and omega[0] > 0.05
    assert [mode["omega2"] for mode in document["modes"]] == pytest.approx(np.square(omega))
    assert all(mode["chi_relaxed"] < mode["chi_bare"] for mode in document["modes"])


def test_soft_modes_end_at_the_lowest_phonon_unless_counted(atomsim: Command, files: dict[str, Path]) -> None:
    status, out, err = atomsim("soft-modes", files["glass"], "--potential", "laird-schober", "--json")
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert document["limit_omega"] == document["lowest_phonon_frequency"]
    assert all(mode["omega"] < document["limit_omega"] for mode in document["modes"])


def test_soft_modes_of_a_saddle_are_refused(atomsim: Command, files: dict[str, Path]) -> None:
    status, out, err = atomsim("soft-modes", files["displaced"], "--potential", "laird-schober", "--json")
    assert (status, out) == (1, "")
    assert "not at a minimum" in err and "negative eigenvalues" in err


@pytest.mark.parametrize(
    ("name", "potential", "expected"),
    [
        ("glass", "laird-shober", "unknown potential 'laird-shober'.*did you mean 'laird-schober'"),
        ("nan", "laird-schober", r"nan\.xyz: atom 17 is at .*nan"),
        ("overlap", "laird-schober", r"overlap\.xyz: atoms 3 and 200 overlap"),
        ("truncated", "laird-schober", r"truncated\.h5: truncated"),
        ("glass", "inverse-power:n=12,cutoff=3.4", r"glass\.h5.*smaller than twice the cut-off 3\.4"),
    ],
)
def test_bad_structure_is_one_line_on_standard_error(
    atomsim: Command, files: dict[str, Path], name: str, potential: str, expected: str
) -> None:
    for verb in ("modes", "soft-modes"):
        status, out, err = atomsim(verb, files[name], "--potential", potential, "--json")
        assert (status, out) == (2, "")
        assert err.startswith("error: ") and len(err.splitlines()) == 1

        assert re.search(expected, err), err


def test_number_of_modes_out_of_range_is_refused(atomsim: Command, files: dict[str, Path]) -> None:
    for verb, option in (("modes", "--lowest"), ("soft-modes", "--count")):
        for value, expected in ((0, "at least one mode"), (769, "1 to")):
            status, _, err = atomsim(verb, files["glass"], "--potential", "laird-schober", option, value)
            assert status == 2
            assert f"{option} {value}: expected {expected}" in err


def test_missing_structure_is_bad_input(atomsim: Command, tmp_path: Path) -> None:
    status, _, err = atomsim("modes", tmp_path / "none.xyz", "--potential", "laird-schober")
    assert status == 2 and "none.xyz: no such file" in err


# --- studies ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of :mod:`small_chain` as a file."""
    path = tmp_path_factory.mktemp("study") / "tiny.toml"
    path.write_text(small_chain.STUDY)
    return path


def test_dry_run_tells_and_does_nothing(atomsim: Command, study_file: Path, tmp_path: Path) -> None:
    out_folder = tmp_path / "out"
    status, out, err = atomsim("run", study_file, "--out", out_folder, "--dry-run", "--json", "--workers", 2)
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert document["stages"][0] | {"seconds": 0, "memory": 0, "basis": ""} == {
        "stage": "glass", "tasks": 3, "cached": 0, "seconds": 0, "memory": 0, "basis": "",
    }  # fmt: skip
    assert document["seconds"] > 0 and document["memory_bytes"] > 0
    assert document["configuration"]["study"]["seed"] == 5
    status, out, _ = atomsim("run", study_file, "--out", out_folder, "--dry-run")
    assert status == 0
    assert "nothing was done" in out and "melt_time = 0.5" in out
    assert not out_folder.exists()


def test_run_report_and_validation_of_a_study(atomsim: Command, study_file: Path, tmp_path: Path) -> None:
    out_folder = tmp_path / "out"
    status, out, err = atomsim("run", study_file, "--out", out_folder, "--workers", 1, "--json")
    document = json.loads(out)
    assert status == 0 and "error" not in err
    assert document["summary"] == json.loads((out_folder / "summary.json").read_text())
    numbers = [number for stage in document["summary"].values() for number in stage.values()]
    assert len(numbers) > 30 and all({"value", "error", "unit"} <= set(number) for number in numbers)
    assert {"results.h5", "summary.json", "report.html"} <= {path.name for path in out_folder.iterdir()}
    assert list(out_folder.rglob("*.csv"))

    (out_folder / "report.html").unlink()
    status, out, _ = atomsim("report", out_folder)
    assert (status, out) == (0, "")
    assert (out_folder / "report.html").is_file()

    status, out, _ = atomsim("validate", out_folder, "--json")
    rows = json.loads(out)
    assert {"name", "source", "predicted", "predicted_error", "measured", "measured_error", "verdict"} <= set(rows[0])
    assert status == any(row["verdict"] == "differs" and row["kind"] == "law" for row in rows)


def test_interrupted_run_says_what_is_kept_and_holds_its_folder(
    atomsim: Command, study_file: Path, tmp_path: Path
) -> None:
    out_folder = tmp_path / "out"
    # A shell that starts the tests in the background makes them, and their children, ignore the interrupt.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heed}; from analysis.cli import main; main()", "run", str(study_file)]
    command += ["--out", str(out_folder), "--workers", "1", "--set", "glass.melt_time=1e6"]
    # An empty cache: the interrupt meets numba while it compiles.
    environment = os.environ | {"PYTHONPATH": str(house.ROOT), "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as first:
        lock = out_folder / ".lock"
        while not (lock.exists() and lock.read_text().strip()) and first.poll() is None:
            time.sleep(0.05)
        status, _, err = atomsim("run", study_file, "--out", out_folder, "--workers", 1)
        assert status == 2
        assert f"another run (process {first.pid}) is writing to this folder" in err
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=60)
    assert (first.returncode, out) == (130, "")
    assert f"error: interrupted; finished tasks are kept in {out_folder}, the same command goes on from there\n" in err


def test_mistakes_in_a_study_are_bad_input(atomsim: Command, study_file: Path, tmp_path: Path) -> None:
    status, out, err = atomsim("run", study_file, "--out", tmp_path / "out", "--set", "glass.densty=1", "--json")
    assert (status, out) == (2, "")
    assert "unknown key 'glass.densty'; did you mean 'glass.density'?" in err
    assert atomsim("run", tmp_path / "none.toml")[0] == 2
    assert not (tmp_path / "out").exists()


def test_verbs_on_a_folder_without_a_study_are_bad_input(atomsim: Command, tmp_path: Path) -> None:
    for verb in ("report", "validate"):
        status, _, err = atomsim(verb, tmp_path)
        assert status == 2 and "no finished study here" in err


# --- what the terminal shows --------------------------------------------------------------------------------


def test_progress_without_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.RunDisplay() as display:
        display(StudyProgress("glass/N64/0000", 1.0, 4.0, 3))  # too soon after the start for a line of its own
        display(StudyProgress("thermal", 4.0, 4.0, 0))
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "100 %  thermal; all done\n"


def test_time_left_is_told_in_words() -> None:
    cases = {0.0: "0 s", 0.4: "1 s", 42.4: "42 s", 90.0: "1 min 30 s", 7260.0: "2 h 1 min"}
    assert {seconds: terminal.duration(seconds) for seconds in cases} == cases
    assert terminal.size(2.5e9) == "2.5 GB" and terminal.size(3e6) == "3 MB"


def test_estimates_without_a_value_show_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    missing = {"value": None, "error": None, "unit": "K", "note": "too few modes"}
    terminal.standard_output().print(terminal.estimate_table({"thermal": {"W": missing}}))
    assert capsys.readouterr().out.splitlines()[1].split() == ["thermal", "W", "-", "-", "K", "too", "few", "modes"]
