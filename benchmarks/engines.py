"""The same glass model by LAMMPS in several MPI processes and by the embedded engine: are they the same?

Energies of the liquid: both engines begin with the same atoms, cool them down the same ladder of temperatures and
measure the mean potential energy at each, with errors from means over blocks. Inherent structures: both go down from
the same configurations, the last steps by Newton on the Hessian; near a minimum both must end in it, from a liquid
different descents may end in different minima, and how often they do is counted.

Nearly all of the time is that of LAMMPS, whose ranks wait for each other in every step: on cores that others use as
well it takes many times as long.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from atomsim import dynamics
from atomsim.dynamics import MDLog, MDState
from atomsim.engines import model_dynamics
from atomsim.engines.model_protocol import Stage
from atomsim.minimise import COARSE_TOLERANCES
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure, without_overlaps
from atomsim.results import Array
from atomsim.structure import make_atoms, random_start

TEMPERATURES = (1.0, 0.5, 0.3)  # in the order in which the liquid is cooled [epsilon/k_B]
TIME_STEP = 0.005  # [sigma sqrt(m/epsilon)]
RELAXATION_TIME = 0.2  # of the thermostat; blocks are ten times longer or more [sigma sqrt(m/epsilon)]
BLOCKS = 10
SHAKE = 0.02  # displacements from which both engines must find the same minimum back [sigma]
SAME_PLACES = 1e-6  # largest distance of an atom in two structures that count as one [sigma]


@dataclass(frozen=True)
class Mean:
    """Mean energy per atom, its standard error and the mean temperature, all in units of epsilon; seconds it took."""

    energy: float
    error: float
    temperature: float
    seconds: float


@dataclass(frozen=True)
class Liquid:
    """One temperature on both engines; ``sigmas`` is their difference over its standard error."""

    temperature: float
    embedded: Mean
    lammps: Mean
    sigmas: float


@dataclass(frozen=True)
class Structures:
    """Inherent structures from the same starts: in how many both engines agree, and how closely in these."""

    start: str
    starts: int
    same: int
    largest_distance: float
    largest_energy_difference: float


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="laird-schober", help="glass model")
    parser.add_argument("--atoms", type=int, default=1000, help="number of atoms")
    parser.add_argument("--ranks", type=int, default=2, help="MPI processes of LAMMPS")
    parser.add_argument("--equilibration", type=int, default=2000, help="steps before each measurement")
    parser.add_argument("--steps", type=int, default=4000, help="steps of each measurement")
    parser.add_argument("--starts", type=int, default=2, help="inherent structures from each kind of start")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the numbers to a file")
    return parser.parse_args()


def block_average(values_t: Array, blocks: int = BLOCKS) -> tuple[float, float]:
    """Return the mean of correlated numbers and its standard error, from means over blocks longer than the memory.

    Args:
        values_t: numbers along a run, evenly spaced; what is left over at the beginning is not used.
        blocks: number of blocks.
    """
    length = len(values_t) // blocks
    means = values_t[len(values_t) - blocks * length :].reshape(blocks, length).mean(axis=1)
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(blocks))


def start(options: argparse.Namespace, rng: np.random.Generator) -> tuple[PairInteraction, MDState]:
    """Return the atoms with which both engines begin.

    Args:
        options: the command line.
        rng: source of randomness.
    """
    model = get_model(options.model)
    atoms = random_start(model, options.atoms, model.density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    start_nc = without_overlaps(interaction, atoms.positions)
    return interaction, dynamics.start(interaction, start_nc, temperature=TEMPERATURES[0], rng=rng)


def move(
    interaction: PairInteraction, state: MDState, steps: int, temperature: float, ranks: int
) -> tuple[MDState, MDLog]:
    """Move a liquid on at a temperature, by LAMMPS where there are ranks.

    Args:
        interaction: the model bound to the configuration.
        state: where to start.
        steps: number of steps.
        temperature: temperature [epsilon].
        ranks: MPI processes; the embedded engine where 0.
    """
    if not ranks:
        return dynamics.run(
            interaction,
            state,
            steps=steps,
            time_step=TIME_STEP,
            temperature=temperature,
            relaxation_time=RELAXATION_TIME,
        )
    stage = Stage("liquid", steps, (temperature, temperature))
    run = model_dynamics.run(
        interaction, state, [stage], ranks=ranks, time_step=TIME_STEP, relaxation_time=RELAXATION_TIME
    )
    return run.state, run.log


def ladder(interaction: PairInteraction, state: MDState, options: argparse.Namespace, ranks: int) -> list[Mean]:
    """Return the mean energies at all temperatures, one after another, by one engine.

    Args:
        interaction: the model bound to the configuration.
        state: the start.
        options: the command line.
        ranks: MPI processes; the embedded engine where 0.
    """
    means = []
    for temperature in TEMPERATURES:
        begin = time.perf_counter()
        state, _ = move(interaction, state, options.equilibration, temperature, ranks)
        state, log = move(interaction, state, options.steps, temperature, ranks)
        energy, error = block_average(log.potential_t / interaction.n_atoms)
        means.append(Mean(energy, error, float(log.temperature_t.mean()), time.perf_counter() - begin))
    return means


def compare_liquids(options: argparse.Namespace, rng: np.random.Generator) -> list[Liquid]:
    """Return the energies of the liquid on both engines.

    Args:
        options: the command line.
        rng: source of randomness.
    """
    interaction, state = start(options, rng)
    print(f"{options.model}, {options.atoms} atoms, {options.steps} steps of {TIME_STEP} at each temperature")
    print("    T   embedded             LAMMPS               difference")
    found = []
    pairs = zip(*(ladder(interaction, state, options, ranks) for ranks in (0, options.ranks)), strict=True)
    for temperature, (ours, theirs) in zip(TEMPERATURES, pairs, strict=True):
        sigmas = (theirs.energy - ours.energy) / float(np.hypot(ours.error, theirs.error))
        found.append(Liquid(temperature, ours, theirs, sigmas))
        told = "   ".join(f"{one.energy:.6f} ± {one.error:.6f}" for one in (ours, theirs))
        print(f"{temperature:5.2f}   {told}   {theirs.energy - ours.energy:+.6f}, {sigmas:+.2f} sigma")
    return found


def distance(one: Glass, other: Glass) -> float:
    """Return the largest distance of an atom in two structures up to a common shift [sigma].

    Args:
        one: a structure.
        other: another of the same atoms.
    """
    shift_nc = one.positions_nc - other.positions_nc
    for _ in range(2):  # the mean is right only when no atom is counted in another image
        shift_nc -= np.rint(shift_nc @ np.linalg.inv(one.cell_cc)) @ one.cell_cc
        shift_nc -= shift_nc.mean(axis=0)
    return float(np.linalg.norm(shift_nc, axis=1).max())


def both_minima(
    interaction: PairInteraction, positions_nc: Array, options: argparse.Namespace, rng: np.random.Generator
) -> tuple[Glass, Glass]:
    """Return the inherent structure below a configuration by the embedded engine and by LAMMPS.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: the start, (N, 3) [sigma].
        options: the command line.
        rng: source of randomness of velocities that are not used.
    """
    still = dynamics.start(interaction, positions_nc, temperature=0.0, rng=rng)
    run = model_dynamics.run(
        interaction, still, [], ranks=options.ranks, time_step=TIME_STEP, rest_tolerance=COARSE_TOLERANCES[0]
    )
    assert run.rest_nc is not None
    glasses = []
    for start_nc in (positions_nc, run.rest_nc):
        atoms = make_atoms(
            start_nc, interaction.cell_cc, species_n=interaction.species_n, size_n=interaction.size_n
        )  # fmt: skip
        glasses.append(inherent_structure(atoms, options.model, on_saddle="push"))
    return glasses[0], glasses[1]


def compare_structures(name: str, pairs: Sequence[tuple[Glass, Glass]]) -> Structures:
    """Return in how many starts both engines found the same inherent structure, and print it.

    Args:
        name: what the starts are.
        pairs: the structures of both engines.
    """
    distances = np.array([distance(*pair) for pair in pairs])
    energies = np.array([abs(ours.energy - theirs.energy) for ours, theirs in pairs])
    same = distances < SAME_PLACES
    largest = (float(values[same].max(initial=0.0)) for values in (distances, energies))
    found = Structures(name, len(pairs), int(same.sum()), *largest)
    print(f"inherent structures from {name}: {found.same} of {found.starts} the same", end="")
    if found.same:
        print(
            f", atoms within {found.largest_distance:.1e} sigma, energies per atom within "
            f"{found.largest_energy_difference:.1e} epsilon",
            end="",
        )
    print()
    return found


def inherent_structures(options: argparse.Namespace, rng: np.random.Generator) -> list[Structures]:
    """Return how often both engines go down to the same minimum.

    Args:
        options: the command line.
        rng: source of randomness.
    """
    interaction, state = start(options, rng)
    found, minima = [], []
    for temperature in TEMPERATURES:
        pairs = []
        for _ in range(options.starts):
            state, _ = move(interaction, state, options.equilibration, temperature, 0)
            pairs.append(both_minima(interaction, state.positions_nc, options, rng))
        minima.append(pairs)
        found.append(compare_structures(f"liquids at T = {temperature}", pairs))
    shaken = [
        both_minima(
            interaction, ours.positions_nc + SHAKE * rng.standard_normal((len(ours.positions_nc), 3)), options, rng
        )
        for ours, _ in minima[-1]
    ]
    found.append(compare_structures(f"minima shaken by {SHAKE} sigma", shaken))
    return found


def main() -> None:
    """Compare the engines and print what came out."""
    options = arguments()
    with threadpool_limits(limits=1):
        liquids = compare_liquids(options, np.random.default_rng(options.seed))
        structures = inherent_structures(options, np.random.default_rng([options.seed, 1]))
    if options.json is not None:
        settings = {key: str(value) if isinstance(value, Path) else value for key, value in vars(options).items()}
        document = {"settings": settings, "liquids": liquids, "inherent_structures": structures}
        options.json.write_text(json.dumps(document, default=asdict, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
