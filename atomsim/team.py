"""Threads that share the rows of compiled loops."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from atomsim.errors import InputError

THREADS_VARIABLE = "ATOMSIM_THREADS"


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
    """A number of threads, this one among them. Compiled work must release the lock of the interpreter."""

    def __init__(self, threads: int) -> None:
        """Gather a team; its threads start with the first work that is shared.

        Args:
            threads: how many, at least 1.

        Raises:
            InputError: no thread.
        """
        if threads < 1:
            raise InputError(f"threads = {threads}; expected at least 1")
        self.threads = threads
        self._helpers = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def __reduce__(self) -> tuple[type[Team], tuple[int]]:
        """Let a team be copied into another process, where its threads start anew."""
        return Team, (self.threads,)

    def share(self, n_rows: int, work: Callable[[int, int], None]) -> None:
        """Call ``work(first, last)`` for one range of rows per thread; together they cover all rows.

        Args:
            n_rows: number of rows.
            work: works on the rows from the first up to, not including, the last.
        """
        if self._helpers is None:
            work(0, n_rows)
            return
        edges = [n_rows * k // self.threads for k in range(self.threads + 1)]
        helped = [self._helpers.submit(work, edges[k], edges[k + 1]) for k in range(1, self.threads)]
        work(edges[0], edges[1])
        wait(helped)
        for future in helped:
            future.result()
