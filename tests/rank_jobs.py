"""Work for MPI processes in tests; they import it by its name."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import ase
import numpy as np

from atomsim.engines.lammps import LammpsEngine
from atomsim.engines.potential import engine_potential
from atomsim.errors import NotConverged
from atomsim.results import Array

Progress = Callable[[str, float], None]


def world() -> object:
    """The communicator of all ranks."""
    from mpi4py import MPI

    return MPI.COMM_WORLD


def add_up(value: float, *, progress: Progress | None = None) -> tuple[float, int]:
    """The sum of value * rank over all ranks, and how many there are; progress is told before and after."""
    if progress is not None:
        progress("adding", 0.0)
    sys.stdout.write("a line of no meaning\n")
    total = world().allreduce(value * world().rank)
    if progress is not None:
        progress("adding", 1.0)
    return total, world().size


def fail_on_the_last(kind: str, *, progress: Progress | None = None) -> None:
    """The last rank comes to grief in one of several ways while the others wait for it."""
    if world().rank == world().size - 1:
        if kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "refused":
            raise NotConverged("it went wrong", estimate=4.5)
        raise KeyError("a mistake")
    world().barrier()


def wait_for_ever(folder: Path, *, progress: Progress | None = None) -> None:
    """Leave a file with the number of the process, tell so, and sleep."""
    (folder / str(os.getpid())).touch()
    world().barrier()
    if progress is not None:
        progress("asleep", 0.0)
    time.sleep(300)


def alloy_work(potential: str, atoms: ase.Atoms, *, progress: Progress | None = None) -> dict[str, Array]:
    """What glasses of real alloys ask of their engine: forces, forces nearby, dynamics at zero pressure, a descent."""
    species_n = (atoms.numbers == atoms.numbers.max()).astype(np.int64)
    with LammpsEngine(engine_potential(potential), ("Cu", "Zr"), species_n, atoms.cell.array) as engine:
        first = engine.evaluate(atoms.positions)
        around_nc = engine.forces(atoms.positions + np.array([0.05, 0.0, 0.0]))  # some cross the border of the box
        exchanged = engine.evaluate(atoms.positions, species_n[::-1].copy())
        engine.start(atoms.positions, temperature=600.0, rng=np.random.default_rng(3))
        mean = engine.run(10, temperatures=(600.0, 500.0), time_step=0.002, pressure=True)
        moved_nc, cell_cc = engine.positions(), engine.cell_cc
        bottom_nc = engine.descend(moved_nc, tolerance=1e-7)
        bottom = engine.evaluate(bottom_nc)
    energies = np.array([first.energy, exchanged.energy, mean, bottom.energy, bottom.pressure])
    return {"energies": energies, "forces": first.forces_nc, "around": around_nc, "moved": moved_nc, "cell": cell_cc}
