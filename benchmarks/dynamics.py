"""Molecular dynamics of the suite beside every pair style of LAMMPS for the same potential, in one run.

Three liquids: the r^-6 model with its smooth end (``table``, ``lepton``), the bare r^-6 cut off (``born``, ``buck``),
and Lennard-Jones cut off, which is another model but the one for which LAMMPS has a hand-tuned style. Each style runs
plain and with the accelerator packages of this LAMMPS. All start from the same positions and velocities; energies
along the way are compared before anything is timed. One core each; then the suite alone on two.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from atomsim import dynamics as md
from atomsim.dynamics import MDState
from atomsim.errors import AtomsimError
from atomsim.minimise import descend
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, get_model
from atomsim.potentials.radial import lennard_jones, truncated
from atomsim.structure import random_start

sys.path.insert(0, str(Path(__file__).parent))
from harness import OURS, Bound, Rates, Row, in_turn, measure_rates, print_row, require_same, write_json
from lammps_engine import require_lammps
from lammps_styles import NOT_EXPRESSIBLE, StyledRun, System, available

TIME_STEP = 0.005  # [sigma sqrt(m/epsilon)]
MELT_STEPS = 400
DESCENT_EVALUATIONS = 300  # from random places to where a melt may begin
CHECK_STEPS, CHECK_EVERY = 100, 10
SAME_ENERGY = 1e-10  # largest relative difference from a style that evaluates the potential itself [-]
SAME_TABLE = 1e-7  # from one that interpolates [-]
LAMMPS_SKIN = 0.3  # that of its Lennard-Jones units; 0.5 was slower for every style [sigma]
FASTER, SCALING = 3.0, 1.7  # goals: times as fast as LAMMPS on one core, times as fast on two [-]
PAIR_OPERATIONS = 34  # of energy and force of r^-6 + A r^4 + B, a division counted as one
PAIR_BYTES = 4  # an index; coordinates stay in the cache


@dataclass(frozen=True)
class Task:
    """One liquid and the styles of LAMMPS that hold its potential; ``goal`` is the ratio wanted, if any."""

    name: str
    model: Model
    density: float
    styles: tuple[str, ...]
    goal: float | None


def tasks() -> list[Task]:
    """Return the liquids to compare."""
    melt = Model(name="Lennard-Jones", radial=truncated(lennard_jones(), 2.5))
    return [
        Task("r^-6 with its smooth end at 3", get_model("laird-schober"), 1.0, ("table", "lepton"), FASTER),
        Task("r^-6 cut off at 3", get_model("inverse-power:n=6,q=-1,cutoff=3"), 1.0, ("born", "buck"), FASTER),
        Task("Lennard-Jones cut off at 2.5", melt, 0.8442, ("lj/cut",), None),
    ]


class OurRun:
    """The dynamics of the suite, going on from where it is."""

    def __init__(self, interaction: PairInteraction, state: MDState) -> None:
        self.interaction, self.state = interaction, state

    def advance(self, steps: int) -> None:
        """Move on by a number of steps.

        Args:
            steps: number of time steps.
        """
        self.state, _ = md.run(self.interaction, self.state, steps=steps, time_step=TIME_STEP, sample_every=steps)

    def trajectory(self, steps: int, every: int) -> list[float]:
        """Return the potential energies per atom [epsilon] from step 0 on, at distances of some steps.

        Args:
            steps: number of time steps to move on.
            every: distance of two energies in steps.
        """
        self.state, log = md.run(self.interaction, self.state, steps=steps, time_step=TIME_STEP, sample_every=every)
        return (log.potential_t / self.interaction.n_atoms).tolist()


def timed(clock: Callable[[], float], run: OurRun | StyledRun, steps: int) -> float:
    """Move on by a number of steps; return the time that took [s].

    Args:
        clock: tells the time [s].
        run: the engine.
        steps: number of time steps.
    """
    begin = clock()
    run.advance(steps)
    return clock() - begin


def liquid(task: Task, n_atoms: int, rng: np.random.Generator) -> tuple[PairInteraction, MDState]:
    """Return a melt at T = 1, at step 0.

    Args:
        task: what to melt.
        n_atoms: number of atoms.
        rng: source of randomness.
    """
    atoms = random_start(task.model, n_atoms, task.density, rng)
    interaction = PairInteraction.from_atoms(task.model, atoms, threads=1)
    start_nc = descend(interaction, atoms.positions, max_evaluations=DESCENT_EVALUATIONS)
    state = md.start(interaction, start_nc, temperature=1.0, rng=rng)
    state, _ = md.run(interaction, state, steps=MELT_STEPS, time_step=TIME_STEP, temperature=1.0)
    return interaction, state.with_clock_at_zero()


def lammps_runs(task: Task, interaction: PairInteraction, state: MDState) -> dict[str, StyledRun]:
    """Return the liquid in every style and version of LAMMPS.

    Args:
        task: the liquid.
        interaction: of the suite.
        state: where all start.
    """
    system = System(
        radial=task.model.radial,
        positions_nc=state.positions_nc,
        velocities_nc=state.velocities_nc,
        edge=float(interaction.cell_cc[0, 0]),
        time_step=TIME_STEP,
        skin=LAMMPS_SKIN,
    )
    return {
        f"LAMMPS {style}{'/' if suffix else ''}{suffix}": StyledRun(system, style, suffix)
        for style in task.styles
        for suffix in available(style)
    }


def compared(task: Task, runs: Mapping[str, OurRun | StyledRun]) -> str:
    """Follow one trajectory in all engines; return how far their energies differ, or refuse.

    Args:
        task: the liquid.
        runs: the engines, ours among them.
    """
    energies = {name: np.array(run.trajectory(CHECK_STEPS, CHECK_EVERY)) for name, run in runs.items()}
    words = []
    for interpolated, tolerance in ((False, SAME_ENERGY), (True, SAME_TABLE)):
        group = {n: e for n, e in energies.items() if n == OURS or ("table" in n) == interpolated}
        if len(group) > 1:
            worst = require_same(f"{task.name}, energies of {CHECK_STEPS} steps", group, tolerance)
            words.append(f"{'interpolating' if interpolated else 'exact'} styles {worst:.0e}")
    return f"energies of {CHECK_STEPS} steps differ at most by: " + ", ".join(words)


def bound(interaction: PairInteraction, steps: int, rates: Rates) -> Bound:
    """Return the least time of so many steps by arithmetic on listed pairs and by reading the list.

    Args:
        interaction: after a run.
        steps: number of steps.
        rates: of this core.
    """
    pairs = interaction.n_listed * steps
    arithmetic, traffic = PAIR_OPERATIONS * pairs / rates.operations, PAIR_BYTES * pairs / rates.traffic
    return Bound(max(arithmetic, traffic), "arithmetic" if arithmetic >= traffic else "traffic")


def one_core(task: Task, options: argparse.Namespace, rates: Rates) -> Row:
    """Return the times of one liquid in all engines on one core.

    Args:
        task: the liquid.
        options: the command line.
        rates: of this core.
    """
    interaction, state = liquid(task, options.atoms, np.random.default_rng(options.seed))
    runs: dict[str, OurRun | StyledRun] = {OURS: OurRun(interaction, state)}
    runs |= lammps_runs(task, interaction, state)
    remark = compared(task, runs)
    contenders = {name: partial(timed, time.process_time, run, options.steps) for name, run in runs.items()}
    return Row(
        task=f"{task.name}: {options.steps} steps of {options.atoms} atoms, one core (processor time)",
        seconds=in_turn(contenders, options.rounds),
        goals={name: task.goal for name in runs if name != OURS} if task.goal else {},
        amount=1e-6 * options.atoms * options.steps,
        per="million atom-steps",
        bound=bound(interaction, options.steps, rates),
        remark=remark,
    )


def two_cores(task: Task, options: argparse.Namespace) -> Row:
    """Return the times of one liquid by the suite with two threads (ours) and with one.

    Args:
        task: the liquid.
        options: the command line.
    """
    interaction, state = liquid(task, options.atoms, np.random.default_rng(options.seed))
    both = PairInteraction(
        task.model,
        cell_cc=interaction.cell_cc,
        periodic_c=interaction.periodic_c,
        species_n=interaction.species_n,
        size_n=interaction.size_n,
        threads=2,
    )
    alone = f"{OURS}, one thread"
    runs = {OURS: OurRun(both, state), alone: OurRun(interaction, state)}
    energies = {name: np.array(run.trajectory(CHECK_STEPS, CHECK_EVERY)) for name, run in runs.items()}
    require_same(f"{task.name}, threads", energies, 0.0)
    contenders = {name: partial(timed, time.perf_counter, run, options.steps) for name, run in runs.items()}
    return Row(
        task=f"{task.name}: {options.steps} steps of {options.atoms} atoms, two threads (wall time)",
        seconds=in_turn(contenders, options.rounds),
        goals={alone: SCALING},
        amount=1e-6 * options.atoms * options.steps,
        per="million atom-steps",
        remark="energies have the same bits",
    )


def rows(options: argparse.Namespace, rates: Rates) -> list[Row]:
    """Return all comparisons.

    Args:
        options: the command line.
        rates: of this core.

    Raises:
        MissingExtra: LAMMPS is not installed.
    """
    require_lammps()
    every = tasks()
    return [*(one_core(task, options, rates) for task in every), two_cores(every[0], options)]


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atoms", type=int, default=8000, help="atoms of each liquid")
    parser.add_argument("--steps", type=int, default=100, help="steps of each timed run")
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of each engine")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    return parser.parse_args()


def main() -> int:
    """Run the comparison and return the exit status."""
    options = arguments()
    try:
        with threadpool_limits(1):
            rates = measure_rates()
            found = rows(options, rates)
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    for row in found:
        print_row(row)
    for style, reason in NOT_EXPRESSIBLE.items():
        print(f"LAMMPS {style} cannot hold r^-6: {reason}")
    if options.json is not None:
        write_json(options.json, found, rates)
    return 0


if __name__ == "__main__":
    sys.exit(main())
