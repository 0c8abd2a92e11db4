"""Threads that share the rows of compiled loops."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from queue import SimpleQueue

import numpy as np

from atomsim.errors import InputError
from atomsim.kernels.together import BROKEN
from atomsim.results import IntArray

THREADS_VARIABLE = "ATOMSIM_THREADS"
HANDOVER = 1e-4  # how much later another thread begins: it has to wake up and to be given the interpreter [s]

Work = Callable[[int, int], None]
Done = SimpleQueue[BaseException | None]
Jobs = SimpleQueue[tuple[Callable[[], None], Done] | None]


def default_threads() -> int:
    """Return the number of threads that the environment asks for in ``ATOMSIM_THREADS``, one where it is silent.

    It is meant for one large system in one process; workers, which share the cores already, set it to 1.

    Raises:
        InputError: the variable is not a whole number above zero.
    """
    text = os.environ.get(THREADS_VARIABLE, "1")
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"{THREADS_VARIABLE} = {text!r}; expected a whole number of threads, at least 1")
    return int(text)


class Team:
    """A number of threads, this one among them. Compiled work must release the lock of the interpreter.

    The others sleep between works; they start with the first work that is shared and end with the team.
    """

    def __init__(self, threads: int) -> None:
        """Gather a team.

        Args:
            threads: how many, at least 1.

        Raises:
            InputError: no thread.
        """
        if threads < 1:
            raise InputError(f"threads = {threads}; expected at least 1")
        self.threads = threads
        self._process = -1

    def __reduce__(self) -> tuple[type[Team], tuple[int]]:
        """Let a team be copied into another process, where its threads start anew."""
        return Team, (self.threads,)

    def share(self, n_rows: int, work: Work, *, row_time: float) -> None:
        """Call ``work(first, last)`` for ranges of rows that together cover all, in as many threads as are worth it.

        This thread takes the first and longest range: it works already while the others begin.

        Args:
            n_rows: number of rows.
            work: works on the rows from the first up to, not including, the last.
            row_time: about how long one row takes; short work is not handed over [s].
        """
        sharers = self._sharers(n_rows * row_time)
        if sharers == 1:
            work(0, n_rows)
            return
        later = (n_rows - HANDOVER / row_time) / sharers
        edges = [0, *(n_rows - round((sharers - k) * later) for k in range(1, sharers)), n_rows]
        self._hand_out([partial(work, first, last) for first, last in pairwise(edges)])

    def together(self, work: Callable[[int, int, IntArray], None], *, seconds: float) -> None:
        """Call ``work(rank, sharers, meeting)`` in as many threads as are worth it, all at the same time.

        Compiled work may wait for the others at the meeting; where one of them fails, the meeting is called off.

        Args:
            work: does a part of the work; its rank counts from 0, in this thread.
            seconds: about how long one thread would take for all; short work is not handed over [s].
        """
        sharers, meeting = self._sharers(seconds), np.zeros(1, np.int64)

        def call_off() -> None:
            meeting[0] = BROKEN

        def part(rank: int) -> None:
            try:
                work(rank, sharers, meeting)
            except BaseException:
                call_off()
                raise

        self._hand_out([partial(part, rank) for rank in range(sharers)], call_off)

    def _sharers(self, seconds: float) -> int:
        return int(max(1, min(self.threads, seconds / HANDOVER)))

    def _hand_out(self, parts: list[Callable[[], None]], call_off: Callable[[], None] | None = None) -> None:
        """Do the first part in this thread and the others in others; raise what went wrong in any."""
        if len(parts) == 1:
            parts[0]()
            return
        if self._process != os.getpid():  # threads do not follow into a forked process
            self._start()
        done: Done = SimpleQueue()
        handed = 0
        try:
            for part in parts[1:]:
                self._jobs.put((part, done))
                handed += 1
            parts[0]()
        except BaseException:
            if call_off is not None:
                call_off()
            raise
        finally:
            errors = [done.get() for _ in range(handed)]
        for error in errors:
            if error is not None:
                raise error

    def _start(self) -> None:
        self._process = os.getpid()
        self._jobs: Jobs = SimpleQueue()
        for _ in range(1, self.threads):
            threading.Thread(target=_serve, args=(self._jobs,), daemon=True).start()
        weakref.finalize(self, _dismiss, self._jobs, self.threads - 1)


def _serve(jobs: Jobs) -> None:
    """Do what is asked until dismissed; keep nothing of it in between."""
    while (job := jobs.get()) is not None:
        part, done = job
        try:
            part()
        except BaseException as error:
            done.put(error)
        else:
            done.put(None)
        del job, part, done


def _dismiss(jobs: Jobs, threads: int) -> None:
    for _ in range(threads):
        jobs.put(None)
