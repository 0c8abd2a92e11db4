"""Several processes that share one calculation by MPI, started by a process that is none of them.

A function is called with the same arguments in every process (rank); between them LAMMPS divides the atoms, and the
rest of the function does the same work everywhere. What rank 0 returns is the result. Job and result travel as files
in a temporary folder, progress as lines on standard output. The ranks end when the caller is interrupted or dies: rank
0 watches its standard input, which closes then.

The same arguments on the same number of ranks give the same bits. Another number of ranks adds up forces in another
order: trajectories part by the growth of rounding errors, their statistics are the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from atomsim.ensemble import THREAD_VARIABLES
from atomsim.errors import AtomsimError, InputError, MissingExtra

LAUNCHER_VARIABLE = "ATOMSIM_MPIEXEC"  # another launcher, with its options
# Ranks start on this machine even where a queue of jobs lends several, which share no temporary folder.
LAUNCHER_OPTIONS = ("-launcher", "fork")
PROGRESS_MARK = "@progress "  # begins the lines of rank 0 that tell how far it is
QUOTED_LINES = 12  # of what the ranks wrote, in an error message
PATIENCE = 5.0  # for ranks that are told to end [s]

Progress = Callable[[str, float], None]


class RankFailed(AtomsimError):
    """A process of an MPI calculation ended before its work was done."""


@dataclass(frozen=True)
class Job:
    """What every rank calls: the function takes the arguments and ``progress``, a callback or None."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    ranks: int
    tells: bool


def launcher() -> list[str]:
    """Return the command that starts ranks: of the environment, beside this interpreter, or on the path.

    Raises:
        InputError: the environment names a program that does not exist.
        MissingExtra: there is no ``mpiexec``, or no module ``mpi4py``.
    """
    if find_spec("mpi4py") is None:
        raise MissingExtra(
            "processes of LAMMPS need mpi4py, which the extra 'lammps' brings: pip install 'atomsim[lammps]'"
        )
    chosen = shlex.split(os.environ.get(LAUNCHER_VARIABLE, ""))
    if chosen:
        if shutil.which(chosen[0]) is None:
            raise InputError(f"{LAUNCHER_VARIABLE} = {shlex.join(chosen)!r}: there is no program {chosen[0]!r}")
        return chosen
    found = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")
    if found is None:
        raise MissingExtra(
            "there is no mpiexec, neither beside this Python nor on the path; the extra 'lammps' brings that of mpich: "
            f"pip install 'atomsim[lammps]', or name another in {LAUNCHER_VARIABLE}"
        )
    return [found, *LAUNCHER_OPTIONS]


def call_on_ranks(function: Callable[..., Any], *arguments: Any, ranks: int, progress: Progress | None = None) -> Any:
    """Call a function in every one of several MPI processes; return what it returns on rank 0.

    The function must be importable and take ``progress`` as a keyword; arguments and result travel by pickle. Errors of
    the suite arrive as they were raised.

    Args:
        function: the work; the same on every rank.
        arguments: its arguments.
        ranks: number of processes.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: fewer than one rank.
        MissingExtra: MPI is not installed.
        RankFailed: a process was killed or raised what is no error of the suite; what they wrote is quoted.
    """
    if ranks < 1:
        raise InputError(f"mpi_ranks = {ranks} must be at least 1")
    command = [*launcher(), "-n", str(ranks), sys.executable, "-m", "atomsim.engines.rank_process"]
    with tempfile.TemporaryDirectory(prefix="atomsim-ranks-") as name:
        folder = Path(name)
        job_file(folder).write_bytes(pickle.dumps(Job(function, arguments, ranks, progress is not None)))
        said: deque[str] = deque(maxlen=QUOTED_LINES)
        with _running([*command, name]) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if not line.startswith(PROGRESS_MARK):
                    said.append(line.strip("= \n"))  # without the frames that launchers draw
                elif progress is not None:
                    progress(*json.loads(line.removeprefix(PROGRESS_MARK)))
            status = process.wait()
        return _outcome(folder, status, ranks, "\n  ".join(filter(None, said)))


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, so that Ctrl-C reaches the caller alone, who then ends it."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            if process.poll() is None:
                _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the launcher to end its ranks; kill it where it does not."""
    process.terminate()
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            os.killpg(process.pid, signal.SIGKILL)


def _outcome(folder: Path, status: int, ranks: int, said: str) -> Any:
    """The result of rank 0, or the error of the first rank that has left one."""
    for rank in range(ranks):
        if failure_file(folder, rank).exists():
            raise pickle.loads(failure_file(folder, rank).read_bytes())
    if status or not result_file(folder).exists():
        quoted = f"; they wrote\n  {said}" if said else ""
        raise RankFailed(f"{ranks} MPI processes ended with status {status} and without a result{quoted}")
    return pickle.loads(result_file(folder).read_bytes())


def job_file(folder: Path) -> Path:
    """Return where the job is written.

    Args:
        folder: the temporary folder of the call.
    """
    return folder / "job.pickle"


def result_file(folder: Path) -> Path:
    """Return where rank 0 writes the result.

    Args:
        folder: the temporary folder of the call.
    """
    return folder / "result.pickle"


def failure_file(folder: Path, rank: int) -> Path:
    """Return where a rank writes the error that ends it.

    Args:
        folder: the temporary folder of the call.
        rank: number of the rank.
    """
    return folder / f"failure-{rank}.pickle"
