"""Samples for the tests of Dask, in a module that workers of any kind of cluster can import."""

from __future__ import annotations

import os
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from atomsim.ensemble import sample_seed
from atomsim.errors import NotConverged
from atomsim.quench import Glass, QuenchParameters, make_glass
from atomsim.team import default_threads

PATIENCE = 60.0  # after which a test that waits has failed [s]


@dataclass(frozen=True)
class Task:
    """One sample and the folder in which the test and the samples tell each other where they are."""

    index: int
    folder: Path


def wait_for(path: Path) -> str:
    """Return the content of a file as soon as it is there."""
    end = time.monotonic() + PATIENCE
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{path} did not appear")
        time.sleep(0.01)
    return path.read_text()


def leave(path: Path, content: str = "") -> None:
    """Make a file that appears only with its content."""
    part = path.with_suffix(".part")
    part.write_text(content)
    part.rename(path)


def held_glass(task: Task) -> Glass:
    """A tiny glass; the one of index 1 tells its process and waits until it has been killed."""
    leave(task.folder / f"computed-{task.index}-{uuid.uuid4().hex}")
    if task.index == 1 and not (task.folder / "killed").exists():
        leave(task.folder / "victim", str(os.getpid()))
        wait_for(task.folder / "killed")
    parameters = QuenchParameters("lerner-binary", 64, temperature=0.6, melt_time=0.5)
    return make_glass(parameters, np.random.default_rng(sample_seed(3, "dask", task.index)))


def meet_three(task: Task) -> int:
    """The process of a sample that waits until samples have started in three processes."""
    (task.folder / f"process-{os.getpid()}").touch()
    end = time.monotonic() + PATIENCE
    while len(list(task.folder.glob("process-*"))) < 3:
        if time.monotonic() > end:
            raise TimeoutError("no third process was given a sample")
        time.sleep(0.01)
    return os.getpid()


def wait_and_tell(task: Task) -> int:
    """The process of a sample, which it tells before it waits until it may go on."""
    leave(task.folder / f"waits-{task.index}", str(os.getpid()))
    wait_for(task.folder / "go")
    return os.getpid()


def start_time(index: int) -> float:
    """When a sample has started [s]."""
    started = time.time()
    time.sleep(0.02)
    return started


def fail_if_odd(index: int) -> int:
    """A sample that may fail with an error that carries an estimate."""
    if index % 2:
        raise NotConverged(f"sample of index {index}", estimate=index)
    return index


def fail_without_pickle(index: int) -> None:
    """A sample whose error cannot travel."""
    error = ValueError("what remains")
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    raise error


def end_process_at_two(index: int) -> int:
    """A sample that may take its process with it, as the operating system does when memory runs out."""
    if index == 2:
        os._exit(1)
    return index


def threads_of_loops(index: int) -> int:
    """Threads that loops over neighbours take in this process."""
    return default_threads()


def threads_of_linear_algebra(index: int) -> list[int]:
    """Threads of each library after it has been used."""
    np.linalg.eigvalsh(np.eye(50))
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
