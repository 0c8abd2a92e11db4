"""What exchanges of atoms are worth: dynamics alone and dynamics with exchanges, from the same start at equal cost.

At each temperature the same liquid is followed by both for the same time of the processor. Where dynamics equilibrates
the energies and pressures agree within their errors; at low temperature the exchanges reach energies that dynamics of
equal cost does not. Means are over the second half of each course, errors those of means over blocks of it; they mean
nothing where the energy still falls, and the drift between the two quarters of that half, in errors, shows whether it
does: it is about one in equilibrium and four for a steady fall.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.plotting.style import as_png
from analysis.plotting.swap import EnergyCourse, figure_courses
from atomsim import dynamics
from atomsim.dynamics import MDState
from atomsim.minimise import descend
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.results import Array
from atomsim.structure import random_start
from atomsim.swap import run_with_swaps, swap_sweep

METHODS = ("dynamics", "with exchanges")
MELT = (2.0, 500)  # temperature, as a multiple of the highest asked for, and steps
BLOCKS = 20
QUENCHES = 8  # inherent structures along each half of a course, in the first at logarithmic times
STEPS_AT_ONCE = 100


@dataclass(frozen=True)
class Followed:
    """A course with the pressures along it, the acceptance (NaN without exchanges) and the steps made."""

    course: EnergyCourse
    pressure_k: Array
    acceptance: float
    steps: int


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--potential", default="ninarello", help="a mixture, or a polydisperse model")
    parser.add_argument("--atoms", type=int, default=300, help="number of atoms")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.25, 0.15, 0.09], help="epsilon/k_B")
    parser.add_argument("--seconds", type=float, default=60.0, help="time of the processor for each course")
    parser.add_argument("--attempts", type=float, default=10.0, help="exchanges tried per atom in each sweep")
    parser.add_argument("--every", type=int, default=25, help="steps of the dynamics between sweeps")
    parser.add_argument("--time-step", type=float, default=0.01, help="sigma sqrt(m/epsilon)")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--figure", type=Path, help="PNG file of energy against cost")
    return parser.parse_args()


def melted(options: argparse.Namespace, temperature: float) -> tuple[PairInteraction, MDState]:
    """Return a hot liquid with the velocities of a temperature: the same places and atoms for all of them."""
    rng = np.random.default_rng(options.seed)
    model = get_model(options.potential)
    atoms = random_start(model, options.atoms, model.density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    hot = MELT[0] * max(options.temperatures)
    start = dynamics.start(interaction, descend(interaction, atoms.positions, tolerance=1.0), temperature=hot, rng=rng)
    hot_liquid, _ = dynamics.run(interaction, start, steps=MELT[1], time_step=options.time_step / 2, temperature=hot)
    return interaction, dynamics.start(interaction, hot_liquid.positions_nc, temperature=temperature, rng=rng)


def measure_rates(options: argparse.Namespace, attempts: int = 200_000, steps: int = 500) -> None:
    """Print how fast one core moves and exchanges atoms."""
    temperature = max(options.temperatures)
    interaction, state = melted(options, temperature)
    rng = np.random.default_rng(options.seed)
    settings = {"time_step": options.time_step, "temperature": temperature}

    def sweep(count: int) -> object:
        return swap_sweep(interaction, state.positions_nc, n_attempts=count, temperature=temperature, rng=rng)

    moving = seconds_of(lambda: dynamics.run(interaction, state, steps=steps, **settings))
    listing = seconds_of(lambda: sweep(0))
    trying = seconds_of(lambda: sweep(attempts)) - listing
    print(f"{options.potential}, {options.atoms} atoms, T = {temperature:g}, one core:")
    print(f"  {steps * options.atoms / moving / 1e6:.2f} million atom-steps/s of the dynamics")
    print(f"  {attempts / trying / 1e6:.2f} million attempts/s, and {1e3 * listing:.2f} ms for the list of a sweep")


def seconds_of(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the least time of the processor of some runs, after one that compiles [s]."""
    work()
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def follow(options: argparse.Namespace, method: str, temperature: float) -> Followed:
    """Return the course of the energy of the liquid with a method; quenches and pressures are not counted as cost."""
    interaction, state = melted(options, temperature)
    rng = np.random.default_rng([options.seed, 1])
    halves = np.geomspace(0.01, 0.5, QUENCHES), np.linspace(0.5, 1.0, QUENCHES + 1)[1:]
    quench_at = list(options.seconds * np.concatenate(halves))
    rows, quenched, spent, accepted, attempted = [], [], 0.0, 0, 0
    while spent < options.seconds:
        begin = time.process_time()
        settings = {"steps": STEPS_AT_ONCE, "time_step": options.time_step, "temperature": temperature}
        if method == "dynamics":
            state, log = dynamics.run(interaction, state, **settings)
            energy = log.potential_t.mean()
        else:
            swaps = {"attempts": options.attempts, "every": options.every, "rng": rng}
            state, swap_log = run_with_swaps(interaction, state, **settings, **swaps)
            energy = swap_log.potential_b.mean()
            accepted += swap_log.accepted_b.sum()
            attempted += swap_log.attempted_b.sum()
        spent += time.process_time() - begin
        rows.append((spent, energy / options.atoms, interaction.pressure(state.positions_nc)))
        if spent >= quench_at[0]:
            quench_at = [at for at in quench_at if at > spent] or [math.inf]
            minimum, _ = interaction.energy_and_forces(descend(interaction, state.positions_nc, tolerance=1e-5))
            quenched.append((spent, minimum / options.atoms))
    seconds, energies, pressures = np.array(rows).T
    course = EnergyCourse(method, temperature, seconds, energies, *np.array(quenched).T)
    return Followed(course, pressures, accepted / attempted if attempted else math.nan, state.step)


def mean_error_drift(values: Array) -> tuple[float, float, float]:
    """Return mean, error of the mean from blocks, and drift in errors, of the second half of a series."""
    half = values[len(values) // 2 :]
    means = np.array([block.mean() for block in np.array_split(half, min(BLOCKS, len(half)))])
    error = means.std(ddof=1) / math.sqrt(len(means))
    middle = len(means) // 2
    return float(means.mean()), float(error), float((means[middle:].mean() - means[:middle].mean()) / (2 * error))


def late_inherent_energy(course: EnergyCourse) -> float:
    """Return the mean energy per atom of the inherent structures of the second half of a course [epsilon]."""
    late = course.quenched_k > course.seconds_k[-1] / 2
    return float(course.inherent_energy_k[late].mean())


def compare(options: argparse.Namespace) -> list[EnergyCourse]:
    """Follow the liquid at each temperature with both methods and print a line for each."""
    print("      T  method           steps  accepted  energy/N  error  drift  pressure  error  inherent")
    courses = []
    for temperature in options.temperatures:
        means = []
        for method in METHODS:
            found = follow(options, method, temperature)
            courses.append(found.course)
            energy, pressure = mean_error_drift(found.course.energy_k), mean_error_drift(found.pressure_k)
            means.append((energy, pressure))
            print(
                f"{temperature:7g}  {method:14s} {found.steps:7d} {found.acceptance:9.2e} {energy[0]:9.4f} "
                f"{energy[1]:.4f} {energy[2]:6.1f} {pressure[0]:9.3f} {pressure[1]:6.3f} "
                f"{late_inherent_energy(found.course):9.4f}",
                flush=True,
            )
        apart = [(b[0] - a[0]) / math.hypot(a[1], b[1]) for a, b in zip(*means, strict=True)]
        print(f"{'':9}with exchanges less dynamics, in errors: energy {apart[0]:+.1f}, pressure {apart[1]:+.1f}")
    return courses


def main() -> None:
    """Print rates and comparison, and draw the courses."""
    given = arguments()
    with threadpool_limits(1):
        measure_rates(given)
        courses = compare(given)
    if given.figure is not None:
        given.figure.write_bytes(as_png(figure_courses(courses)))
        print(f"figure: {given.figure}")


if __name__ == "__main__":
    main()
