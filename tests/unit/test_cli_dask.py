"""Where the samples of a study are computed: what the user types, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import small_chain
from verbs import Command, command_line

import analysis.annealing.glasses
import analysis.annealing.run
import analysis.study
from analysis.commands.workers import chosen_workers
from analysis.dask_config import SlurmSection, read_dask_file
from atomsim.absent_workers import Patience
from atomsim.clusters import Scheduler, SlurmJobs, ThisMachine
from atomsim.distributed import DaskWorkers
from atomsim.ensemble import Workers, available_cores
from atomsim.errors import InputError

ADDRESS = "tcp://node17:8786"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def atomsim(capsys: pytest.CaptureFixture[str]) -> Command:
    return command_line(capsys)


def place_of(dask: str, workers: int | None = None) -> Any:
    found = chosen_workers(workers, dask)
    assert isinstance(found, DaskWorkers)
    return found.place


def test_option_says_where_the_workers_are() -> None:
    assert place_of("local", 3) == ThisMachine(3)
    assert place_of("local") == ThisMachine(available_cores())
    assert place_of(ADDRESS) == Scheduler(ADDRESS)
    for count, expected in ((None, available_cores()), (2, 2)):
        plain = chosen_workers(count, None)
        assert isinstance(plain, Workers) and plain.count_workers() == expected


@pytest.mark.parametrize(
    ("dask", "workers", "message"),
    [
        ("locl", None, "--dask locl; did you mean 'local'"),
        ("node17", None, "expected 'local', an address as tcp://HOST:8786, or a file .toml"),
        (ADDRESS, 4, f"--workers 4: --dask {ADDRESS} says how many there are"),
        ("local", 0, "workers = 0"),
        ("http://127.0.0.1:8786", None, "no Dask scheduler answers at http://127.0.0.1:8786"),
        ("nowhere.toml", None, r"nowhere\.toml: there is no such file"),
    ],
)
def test_places_that_cannot_be_are_refused(dask: str, workers: int | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen_workers(workers, dask)


def test_file_describes_jobs_of_slurm(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(
        'any_processor = true\n[slurm]\njobs = 8\nprocesses = 16\nmemory = "32 GB"\nwalltime = "04:00:00"\n'
        'directives = ["--constraint=milan"]\nprologue = ["module load hdf5"]\n'
    )
    found = read_dask_file(file)
    lists = {"directives": ["--constraint=milan"], "prologue": ["module load hdf5"]}
    expected = SlurmJobs(8, 16, "32 GB", walltime="04:00:00", **lists)
    assert place_of(str(file)) == found.place == expected
    assert found.count_workers() == 128
    assert set(SlurmSection.model_fields) == set(SlurmJobs.__dataclass_fields__)


def test_file_may_name_a_scheduler(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(f'scheduler = "{ADDRESS}"\n')
    assert read_dask_file(file).place == Scheduler(ADDRESS)


def test_file_says_how_long_to_wait_for_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, seen = tmp_path / "cluster.toml", []
    monkeypatch.setattr("analysis.dask_config.DaskWorkers", lambda place, *, patience, **options: seen.append(patience))
    for text in ("", "told_after = 0.1\nended_after = 24.0\n"):
        file.write_text(f'scheduler = "{ADDRESS}"\n{text}')
        read_dask_file(file)
    assert seen == [Patience(900.0, 259200.0), Patience(360.0, 86400.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"scheduler = '{ADDRESS}'\ntold_after = 0.0\n", "line 2.*told_after"),
        ("[slurm]\njobs = 1\nproceses = 2\n", "line 3.*proceses.*did you mean.*processes"),
        ("[slurm]\njobs = 0\nprocesses = 2\nmemory = '1 GB'\n", "line 2.*jobs"),
        ("", "expected a scheduler or a table"),
        (f"scheduler = '{ADDRESS}'\n[slurm]\njobs = 1\nprocesses = 2\nmemory = '1 GB'\n", "one of them"),
        ("jobs = [", "not a valid TOML file"),
    ],
)
def test_wrong_file_of_a_cluster_is_told(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=f"(?s){file}.*{message}"):
        read_dask_file(file)


@pytest.mark.parametrize(
    ("verb", "study", "module", "function"),
    [
        ("run", None, analysis.study, "run_study"),
        ("anneal", EXAMPLES / "anneal.toml", analysis.annealing.run, "run_annealing"),
        ("glass", EXAMPLES / "silicon.toml", analysis.annealing.glasses, "make_glasses"),
    ],
)
def test_verbs_hand_the_workers_on(
    verb: str, study: Path | None, module: Any, function: str, atomsim: Command, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    seen: list[Any] = []

    def computes(*arguments: Any, workers: Any, **options: Any) -> None:
        seen.append(workers.place)
        raise InputError("nothing is computed here")

    monkeypatch.setattr(module, function, computes)
    if study is None:
        study = tmp_path / "tiny.toml"
        study.write_text(small_chain.STUDY)
    status, _, err = atomsim(verb, study, "--out", tmp_path / "out", "--dask", "local", "--workers", 3)
    assert (status, seen) == (2, [ThisMachine(3)])
    assert "nothing is computed here" in err


def test_dry_run_counts_the_workers_of_the_place(atomsim: Command, tmp_path: Path) -> None:
    study, file = tmp_path / "tiny.toml", tmp_path / "cluster.toml"
    study.write_text(small_chain.STUDY)
    file.write_text('[slurm]\njobs = 2\nprocesses = 5\nmemory = "8 GB"\n')
    status, out, _ = atomsim("run", study, "--out", tmp_path / "out", "--dask", file, "--dry-run", "--json")
    assert (status, json.loads(out)["workers"]) == (0, 10)
