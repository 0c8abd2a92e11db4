"""Map a function over the samples of an ensemble: in this process, over local processes, or as a mapper chooses.

The result of a sample depends on its item alone: its random numbers come from a seed made from the seed of the study,
the name of the ensemble and the index of the sample, and the linear algebra of every process runs on one thread. So
results do not depend on the number of workers, nor on how many other samples there are.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from atomsim.errors import AtomsimError, InputError
from atomsim.team import THREADS_VARIABLE

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Item = TypeVar("Item")
Result = TypeVar("Result")


class SampleFailed(AtomsimError):
    """One or more samples of an ensemble failed; ``failures`` holds label and error of each, in order.

    What the other samples computed is not lost: they ran to their end.
    """

    def __init__(self, failures: Sequence[tuple[str, Exception]], total: int) -> None:
        """Collect what failed.

        Args:
            failures: label and error of each sample that failed.
            total: number of samples.
        """
        self.failures = tuple(failures)
        lines = [f"{label}: {type(error).__name__}: {error}" for label, error in self.failures]
        super().__init__(f"{len(lines)} of {total} samples failed; the others are kept\n  " + "\n  ".join(lines))


def available_cores() -> int:
    """Return the number of cores this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Progress:
    """One sample has come to its end: its label, how many are done, how many there are, and whether it failed."""

    label: str
    done: int
    total: int
    failed: bool = False


def sample_seed(seed: int, ensemble: str, index: int) -> np.random.SeedSequence:
    """Return the seed of one sample, independent of how many samples there are and of their order.

    Args:
        seed: seed of the study.
        ensemble: name of the ensemble.
        index: index of the sample.

    Raises:
        InputError: the seed is negative.
    """
    if seed < 0:
        raise InputError(f"seed = {seed} must not be negative")
    words = np.frombuffer(hashlib.sha256(ensemble.encode()).digest()[:16], dtype="<u4")
    return np.random.SeedSequence(seed, spawn_key=(*map(int, words), index))


@contextmanager
def single_threaded(*, loops: bool = False) -> Iterator[None]:
    """Run the linear algebra of this process, and of processes started meanwhile, on one thread.

    Args:
        loops: also the loops over neighbours, which one process alone may share between threads.
    """
    names = (*THREAD_VARIABLES, THREADS_VARIABLE) if loops else THREAD_VARIABLES
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Mapper(ABC):
    """Those who compute the samples of an ensemble: each sample by itself, whatever becomes of the others.

    Use it as a context manager. A block within a block of the same mapper changes nothing: the outermost one opens and
    closes it, so that several calculations can share what was started once.
    """

    def __init__(self) -> None:
        """Prepare it; nothing starts yet."""
        self._stack = ExitStack()
        self._depth = 0

    @abstractmethod
    def count_workers(self) -> int:
        """Return how many samples run at the same time, as far as it is known before they start."""

    @abstractmethod
    def require_file(self, path: Path) -> None:
        """Say that every worker has to see a file of this program, with its present content.

        Args:
            path: the file.

        Raises:
            InputError: a worker does not.
        """

    @abstractmethod
    def _open(self, stack: ExitStack) -> None:
        """Start what the outermost block needs; the stack ends it."""

    @abstractmethod
    def _run(self, function: Callable, items: Sequence, order: Sequence[int]) -> Generator[tuple[int, Any], None, None]:
        """Yield the index of each sample with its result or its error, as they end."""

    def __enter__(self) -> Self:
        """Open it, or do nothing if it is open."""
        if self._depth == 0:
            with ExitStack() as started:
                self._open(started)
                self._stack = started.pop_all()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers with the outermost block: at once after an interrupt, otherwise when they are idle.

        Args:
            kind: class of the exception that ends the block, if any.
            error: the exception.
            trace: its traceback.
        """
        self._depth -= 1
        if self._depth == 0:
            self._stack.__exit__(kind, error, trace)

    def map(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        *,
        labels: Sequence[str] | None = None,
        costs: Sequence[float] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> list[Result]:
        """Return ``[function(item) for item in items]``, in order.

        A sample that fails does not stop the others: all run to their end, then the failures are raised together.

        Args:
            function: the work of one sample.
            items: one for each sample.
            labels: names of the samples in messages.
            costs: expected duration of each sample [s]; the longest start first.
            progress: called in this process as each sample ends.

        Raises:
            SampleFailed: one or more samples raised an error.
        """
        names = list(labels) if labels is not None else [f"sample {i}" for i in range(len(items))]
        order = sorted(range(len(items)), key=lambda i: -costs[i] if costs is not None else i)
        outcomes: dict[int, Result | Exception] = {}
        with closing(self._run(function, items, order)) as ended:
            for index, outcome in ended:
                outcomes[index] = outcome
                if progress is not None:
                    progress(Progress(names[index], len(outcomes), len(items), isinstance(outcome, Exception)))
        failures = [(names[i], e) for i, e in sorted(outcomes.items()) if isinstance(e, Exception)]
        if failures:
            raise SampleFailed(failures, len(items)) from failures[0][1]
        return [outcomes[i] for i in range(len(items))]  # type: ignore[misc]


class Workers(Mapper):
    """A number of processes, kept for several calls of :meth:`map`; one worker means this process itself.

    Functions, items and results travel by pickle when there are several workers, so the function must be importable.
    Workers end with the process that started them, however it ends.
    """

    def __init__(self, count: int = 1) -> None:
        """Prepare workers; processes start with the first call of :meth:`map`.

        Args:
            count: number of workers.

        Raises:
            InputError: the number is smaller than one.
        """
        if count < 1:
            raise InputError(f"workers = {count} must be at least 1")
        super().__init__()
        self.count = count
        self._pool: ProcessPoolExecutor | None = None
        self._lifeline: connection.Connection | None = None

    def count_workers(self) -> int:
        """Return the number of workers."""
        return self.count

    def require_file(self, path: Path) -> None:
        """Nothing has to be done: processes of this machine see its files.

        Args:
            path: the file.
        """

    def _open(self, stack: ExitStack) -> None:
        stack.enter_context(single_threaded())
        stack.push(self._close)

    def _close(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None and self._lifeline is not None:
            if kind is not None and not issubclass(kind, Exception):
                self._lifeline.close()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._lifeline.close()
            self._pool = self._lifeline = None

    def _run(self, function: Callable, items: Sequence, order: Sequence[int]) -> Generator[tuple[int, Any], None, None]:
        return (self._run_here if self.count == 1 else self._run_pool)(function, items, order)

    def _run_here(
        self, function: Callable, items: Sequence, order: Sequence[int]
    ) -> Generator[tuple[int, Any], None, None]:
        for index in order:
            try:
                outcome = function(items[index])
            except Exception as error:
                outcome = error
            yield index, outcome

    def _run_pool(
        self, function: Callable, items: Sequence, order: Sequence[int]
    ) -> Generator[tuple[int, Any], None, None]:
        pool = self._pool or self._start_pool()
        waiting: dict[Future, int] = {pool.submit(function, items[i]): i for i in order}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    error = RuntimeError("its process, or that of another sample, was killed (out of memory?)")
                yield waiting.pop(future), error if error is not None else future.result()

    def _start_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        reader, self._lifeline = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_start_worker, initargs=(reader,))
        return self._pool


def as_mapper(workers: int | Mapper) -> Mapper:
    """Return those who compute: a mapper as it is, a number as that many processes.

    Args:
        workers: number of processes, one meaning this process itself; or a mapper.

    Raises:
        InputError: the number is smaller than one.
    """
    return workers if isinstance(workers, Mapper) else Workers(workers)


def map_samples(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | Mapper = 1,
    labels: Sequence[str] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[Result]:
    """Return ``[function(item) for item in items]``, in order, computed by a number of workers.

    Args:
        function: the work of one sample; importable when there are several workers.
        items: one for each sample.
        workers: number of processes, one meaning this process itself; or a mapper.
        labels: names of the samples in messages.
        progress: called in this process as each sample ends.

    Raises:
        SampleFailed: one or more samples raised an error.
    """
    with as_mapper(workers) as pool:
        return pool.map(function, items, labels=labels, progress=progress)


def _start_worker(lifeline: connection.Connection) -> None:
    """Prepare a new process: one thread, no reaction to Ctrl-C, an end when the lifeline breaks."""
    threadpool_limits(limits=1)
    os.environ[THREADS_VARIABLE] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()


def _follow(lifeline: connection.Connection) -> None:
    """The other end closes when the parent says so or dies; otherwise orphans would wait for work for ever."""
    connection.wait([lifeline])
    os._exit(1)
