"""The folder of a study: who may write to it, and the results kept in it.

::

    DIR/.lock           held by the running program, with its process id
    DIR/cache/          one file per finished task, named by stage and key
    DIR/results.h5      all results of the last complete run; summary and report stand beside it
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from analysis.study.plan import Task
from atomsim import store
from atomsim.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class StudyFolder:
    """The output folder of a study."""

    path: Path

    @property
    def cache(self) -> Path:
        """The folder of the results of single tasks."""
        return self.path / "cache"

    @property
    def lock(self) -> Path:
        """The file that the running program holds, with its process id."""
        return self.path / ".lock"

    @property
    def results(self) -> Path:
        """The file with all results."""
        return self.path / "results.h5"

    def prepare(self) -> None:
        """Make the folder and find out, before any work, whether it can be written.

        Raises:
            InputError: it cannot.
        """
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be used as output folder ({error.strerror})") from error
        for folder in (self.path, self.cache):
            with store.atomic_path(folder / ".probe") as probe:
                probe.write_text("can this folder be written?\n")
            (folder / ".probe").unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process; the operating system lets go of it when the process ends, however it ends.

        Raises:
            InputError: another process holds it, or it cannot be written.
        """
        self.prepare()
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 100).decode(errors="replace").strip() or "unknown"
                raise InputError(
                    f"{self.path}: another run (process {holder}) is writing to this folder; "
                    f"wait until it ends, or choose another folder with --out"
                ) from None
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            for folder in (self.path, self.cache):
                store.remove_parts(folder)
            yield
        finally:
            os.close(descriptor)

    def file(self, task: Task) -> Path:
        """Return the path of the result of a task.

        Args:
            task: the task.
        """
        return self.cache / task.file_name

    def is_cached(self, task: Task) -> bool:
        """Return whether the result of a task is there; files appear only when they are complete.

        Args:
            task: the task.
        """
        return self.file(task).is_file()

    def read(self, task: Task) -> Any:
        """Return the result of a finished task.

        Args:
            task: the task.

        Raises:
            InputError: the file is missing or damaged.
        """
        return read_cached(self.file(task), task.stage.result)

    def wall_time(self, task: Task) -> float:
        """Return how long a finished task took [s].

        Args:
            task: a task whose result is there.
        """
        return sum(store.read_provenance(self.file(task)).wall_time.values())


def read_cached(path: Path, kind: type[T]) -> T:
    """Return a result from the cache of a study.

    Args:
        path: the file.
        kind: class of the result.

    Raises:
        InputError: the file is missing or damaged; the message says how to go on.
    """
    try:
        return store.read_result(path, kind)
    except InputError as error:
        raise InputError(f"{error}; remove this file and run again: only it will be computed anew") from error
