"""Work in several MPI processes: results, progress, errors and ends of all kinds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import house
import pytest
import rank_jobs

from atomsim.engines.lammps import require_lammps
from atomsim.engines.ranks import LAUNCHER_VARIABLE, RankFailed, call_on_ranks, launcher
from atomsim.errors import InputError, MissingExtra, NotConverged

try:
    require_lammps()
    launcher()
except MissingExtra as missing:
    pytest.skip(f"LAMMPS cannot be used here: {missing}", allow_module_level=True)

RANKS = 2
PATIENCE = 20.0  # for processes that end [s]


@pytest.fixture(autouse=True)
def jobs_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(house.ROOT), str(house.ROOT / "tests")]))


def all_ended(folder: Path) -> bool:
    """Whether the processes that left their numbers are gone, soon."""
    numbers = [int(path.name) for path in folder.iterdir()]
    assert len(numbers) == RANKS
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not any(is_alive(number) for number in numbers):
            return True
        time.sleep(0.05)
    return False


def is_alive(number: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent to notice does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_ranks_work_together_and_tell_how_far_they_are() -> None:
    told: list[tuple[str, float]] = []
    found = call_on_ranks(rank_jobs.add_up, 1.5, ranks=3, progress=lambda what, share: told.append((what, share)))
    assert found == (4.5, 3)
    assert told == [("adding", 0.0), ("adding", 1.0)]


def test_error_of_a_rank_arrives_as_it_was_raised() -> None:
    with pytest.raises(NotConverged, match="it went wrong") as caught:
        call_on_ranks(rank_jobs.fail_on_the_last, "refused", ranks=RANKS)
    assert caught.value.estimate == 4.5


@pytest.mark.parametrize(("kind", "words"), [("killed", "Killed"), ("mistaken", "rank 1.*KeyError: 'a mistake'")])
def test_death_of_a_rank_is_told_with_its_last_words(kind: str, words: str) -> None:
    with pytest.raises(RankFailed, match=f"(?s){words}"):
        call_on_ranks(rank_jobs.fail_on_the_last, kind, ranks=RANKS)


def test_launcher_of_another_library_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = tmp_path / "mpiexec"
    foreign.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')  # one process that knows of no others
    foreign.chmod(0o755)
    monkeypatch.setenv(LAUNCHER_VARIABLE, str(foreign))
    with pytest.raises(RankFailed, match="2 processes were started, but MPI counts 1"):
        call_on_ranks(rank_jobs.add_up, 1.0, ranks=2)


def test_ranks_end_when_the_caller_is_interrupted(tmp_path: Path) -> None:
    def interrupt(what: str, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call_on_ranks(rank_jobs.wait_for_ever, tmp_path, ranks=RANKS, progress=interrupt)
    assert all_ended(tmp_path)


def test_ranks_end_when_the_caller_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, rank_jobs\nfrom pathlib import Path\nfrom atomsim.engines.ranks import call_on_ranks\n"
        f"tell = lambda what, share: print(what, flush=True)\n"
        f"call_on_ranks(rank_jobs.wait_for_ever, Path(sys.argv[1]), ranks={RANKS}, progress=tell)\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "asleep\n"
        caller.send_signal(signal.SIGKILL)
    assert all_ended(tmp_path)


def test_no_rank_is_no_calculation() -> None:
    with pytest.raises(InputError, match="mpi_ranks = 0 must be at least 1"):
        call_on_ranks(rank_jobs.add_up, 1.0, ranks=0)
