"""Notice that samples wait for workers that do not come: it is told again and again, and given up in the end.

A job of SLURM that waits in its queue and one that died before its workers connected look alike from here, and Dask
submits neither of them again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from atomsim.clusters import Place, Report
from atomsim.errors import AtomsimError, InputError
from atomsim.results import quantity

HOUR = 3600.0
MOST_LOOKS = 20  # within the time after which something is told
LONGEST_LOOK = 10.0  # between two looks at the workers [s]
LAST_LOOK = 5.0  # for a look that is under way when the samples have ended [s]


class ClusterLost(AtomsimError):
    """The scheduler is gone, workers did not come, or someone has cancelled the samples; what is computed is kept."""


@dataclass(frozen=True)
class Patience:
    """How long samples wait for workers."""

    told_after: float = quantity("s", "with too few workers, until it is told, and told again", default=0.25 * HOUR)
    ended_after: float = quantity("s", "without any worker, until the run ends", default=72 * HOUR)

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        for name in ("told_after", "ended_after"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} = {getattr(self, name)} must be positive and finite [s]")


class Absence:
    """Since when there are too few workers, and since when there are none."""

    def __init__(self, place: Place, patience: Patience, *, now: float) -> None:
        """Begin as if all were there.

        Args:
            place: where they should be.
            patience: how long to wait for them.
            now: time of a clock [s].
        """
        self._place, self._patience = place, patience
        self._enough = self._some = self._told = now

    def look(self, *, found: int, left: int, now: float) -> str:
        """Return what is to be told, or nothing.

        Args:
            found: workers that are connected.
            left: samples that have not ended.
            now: time of the clock [s].

        Raises:
            ClusterLost: there was no worker for too long.
        """
        if found >= min(self._place.expected_workers, left):
            self._enough = self._told = now
        if found:
            self._some = now
        if now - self._some >= self._patience.ended_after:
            raise ClusterLost(
                f"{self._place.name}: none was there for {_duration(now - self._some)}, the run ends; "
                f"{self._place.remedy}; what is computed is kept, and the same command goes on from there"
            )
        if now - self._told < self._patience.told_after:
            return ""
        self._told = now
        return (
            f"warning: {self._place.name}: for {_duration(now - self._enough)} {found} of "
            f"{self._place.expected_workers} workers, {left} samples left; {self._place.remedy}"
        )


def _duration(seconds: float) -> str:
    """A time as a log tells it."""
    for unit, length in (("h", HOUR), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.3g} s"


@contextmanager
def watched(
    client: Any,
    place: Place,
    patience: Patience,
    *,
    left: Sized,
    report: Report,
    give_up: Callable[[ClusterLost], None],
) -> Iterator[None]:
    """Look at the workers again and again, from a thread of its own, while the block runs.

    Args:
        client: of ``distributed``.
        place: where they should be.
        patience: how long to wait for them.
        left: samples that have not ended, as many as its length says at any time.
        report: called with what is to be told, from the thread.
        give_up: called once, from the thread, when there was no worker for too long.
    """
    ended = threading.Event()

    def watch() -> None:
        absence = Absence(place, patience, now=time.monotonic())
        pause = min(LONGEST_LOOK, min(patience.told_after, patience.ended_after) / MOST_LOOKS)
        while not ended.wait(pause):
            try:
                line = absence.look(found=_connected(client), left=len(left), now=time.monotonic())
            except ClusterLost as error:
                give_up(error)
                return
            if line:
                report(line)

    thread = threading.Thread(target=watch, name="watch over workers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(LAST_LOOK)


def _connected(client: Any) -> int:
    """Workers that the scheduler knows; none where it does not answer, which ends the samples by itself."""
    try:
        return len(client.nthreads())
    except OSError:
        return 0
