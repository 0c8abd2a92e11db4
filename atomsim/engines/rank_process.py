"""One MPI process of a calculation: ``mpiexec -n RANKS python -m atomsim.engines.rank_process FOLDER``.

Started by :func:`atomsim.engines.ranks.call_on_ranks`; the folder holds the job and takes the result.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from atomsim.engines.ranks import PROGRESS_MARK, Job, RankFailed, failure_file, job_file, result_file
from atomsim.errors import AtomsimError

STANDARD_INPUT = 0


def main(folder: Path) -> None:
    """Do the job of a folder as one of its ranks.

    Args:
        folder: the temporary folder of the call.
    """
    world = importlib.import_module("mpi4py.MPI").COMM_WORLD
    if world.rank == 0:
        threading.Thread(target=_follow_the_caller, daemon=True).start()
    try:
        result = _work(pickle.loads(job_file(folder).read_bytes()), world.rank, world.size)
        if world.rank == 0:
            _write(result_file(folder), result)
    except Exception as error:
        known = error if isinstance(error, AtomsimError) else RankFailed(f"rank {world.rank}: {traceback.format_exc()}")
        _write(failure_file(folder, world.rank), known)
        world.Abort(1)  # the others may be waiting for this one


def _work(job: Job, rank: int, size: int) -> Any:
    if size != job.ranks:
        raise RankFailed(
            f"{job.ranks} processes were started, but MPI counts {size}: mpiexec and mpi4py belong to different MPI "
            "libraries; the extra 'lammps' brings both"
        )
    return job.function(*job.arguments, progress=_tell if job.tells and rank == 0 else None)


def _tell(what: str, share: float) -> None:
    """Progress, a line on standard output, where the caller reads it."""
    sys.stdout.write(f"{PROGRESS_MARK}{json.dumps([what, share])}\n")
    sys.stdout.flush()


def _write(path: Path, content: object) -> None:
    """Write a file that is there as a whole or not at all: the process may be killed meanwhile."""
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(pickle.dumps(content))
    unfinished.replace(path)


def _follow_the_caller() -> None:
    """Standard input is a pipe from the caller, who never writes: it ends when the caller does."""
    while os.read(STANDARD_INPUT, 1):  # not by sys.stdin, whose lock would be held when the interpreter ends
        pass
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
