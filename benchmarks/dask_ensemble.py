"""An ensemble of glasses on Dask workers, one of which is killed while it computes, beside the same run in one process.

The worker with the name 0 is killed each time another part of the samples is done; the scheduler's process starts it
again. What must hold: every glass has the same bits in both runs, and each kill costs one computation of one glass.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from atomsim.clusters import ThisMachine
from atomsim.distributed import DaskWorkers
from atomsim.ensemble import Mapper, Progress, Workers, sample_seed
from atomsim.quench import Glass, QuenchParameters, make_glass

VICTIM = 0  # name of the worker that is killed


@dataclass(frozen=True)
class Sample:
    """One glass, and the folder in which each computation of it leaves a file."""

    parameters: QuenchParameters
    seed: int
    index: int
    folder: Path


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glasses", type=int, default=20, help="number of glasses")
    parser.add_argument("--atoms", type=int, default=500, help="atoms of each")
    parser.add_argument("--potential", default="laird-schober", help="model of the glasses")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the liquid [epsilon/k_B]")
    parser.add_argument("--melt-time", type=float, default=1.0, help="in the liquid [sigma sqrt(m/epsilon)]")
    parser.add_argument("--workers", type=int, default=4, help="processes of Dask")
    parser.add_argument("--kills", type=int, default=2, help="times one of them is killed")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


def make_sample(sample: Sample) -> Glass:
    """Make one glass, and leave a file that tells so."""
    (sample.folder / f"{sample.index}-{uuid.uuid4().hex}").touch()
    rng = np.random.default_rng(sample_seed(sample.seed, "dask", sample.index))
    return make_glass(sample.parameters, rng)


def describe(dask_worker: Any) -> tuple[Any, int]:
    """Return name and process of a worker; runs there."""
    return dask_worker.name, os.getpid()


class Killer:
    """Progress of the run on Dask that kills a worker each time another part of the samples is done."""

    def __init__(self, pool: DaskWorkers, kills: int, total: int) -> None:
        """Plan the kills, spread evenly over the samples."""
        self.pool = pool
        self.due = [round(total * (k + 1) / (kills + 1)) for k in range(kills)]
        self.killed: list[int] = []

    def __call__(self, event: Progress) -> None:
        """Kill the worker if it is due and computes something."""
        if len(self.killed) == len(self.due) or event.done < self.due[len(self.killed)]:
            return
        client = self.pool.client
        busy = [address for address, keys in client.processing().items() if keys]
        for name, process in client.run(describe, workers=busy).values():
            if name == VICTIM:
                os.kill(process, signal.SIGKILL)
                self.killed.append(process)


def measure(
    pool: Mapper, options: argparse.Namespace, progress: Callable[[Progress], None] | None = None
) -> tuple[list[Glass], int, float]:
    """Return the glasses, how many were computed in all, and the wall time [s]."""
    parameters = QuenchParameters(
        options.potential, options.atoms, temperature=options.temperature, melt_time=options.melt_time
    )
    with tempfile.TemporaryDirectory() as folder:
        samples = [Sample(parameters, options.seed, index, Path(folder)) for index in range(options.glasses)]
        start = time.perf_counter()
        glasses = pool.map(make_sample, samples, progress=progress)
        return glasses, len(os.listdir(folder)), time.perf_counter() - start


def same_bits(one: Glass, other: Glass) -> bool:
    """Return whether all fields of two glasses have the same bytes."""
    pairs = [(np.asarray(getattr(one, f.name)), np.asarray(getattr(other, f.name))) for f in fields(Glass)]
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def main() -> int:
    """Run both, compare, print; 1 if anything differs."""
    options = arguments()
    with Workers(1) as here:
        expected, _, serial = measure(here, options)
    with DaskWorkers(ThisMachine(options.workers)) as pool:
        killer = Killer(pool, options.kills, options.glasses)
        found, computed, on_dask = measure(pool, options, killer)
    differing = [i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if not same_bits(a, b)]
    document: dict[str, Any] = {
        "glasses": options.glasses, "atoms": options.atoms, "potential": options.potential,
        "workers": options.workers, "killed_processes": killer.killed, "computed": computed,
        "differing": differing, "serial_seconds": serial, "dask_seconds": on_dask,
    }  # fmt: skip
    holds = not differing and len(killer.killed) == options.kills
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return 0 if holds else 1
    lines = [f"{name:18} {value}" for name, value in document.items()]
    lines.append(f"{'results':18} {'identical, bit for bit' if not differing else 'DIFFERENT'}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
