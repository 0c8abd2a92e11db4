"""What the stages of every study are expected to cost: seconds on one core, bytes at the peak.

The numbers are processor times on one core of an AMD EPYC server with nothing else to do, of glasses of the r^-6 model
(113 neighbours within the cut-off) and of the r^-10 mixture (31) with 500, 1000 and 2000 atoms each; those of a step of
the dynamics also of the Kob-Andersen mixture (79) and of the polydisperse model (34). A forecast is good to a quarter
for these on a machine of this kind, and to a factor of two for others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.study.plan import ORIGIN, PROCESS_MEMORY, Cost, Parameters
from atomsim.potentials import get_model

COST_BASIS = "cost model, one core of an AMD EPYC server"

STEP_SECONDS = 4e-5  # each step of the dynamics or evaluation of the forces, however few the atoms
ATOM_SECONDS, NEIGHBOUR_SECONDS = 1.0e-7, 3.2e-9  # the same for each atom, and for each of its neighbours
LIST_SECONDS = 3.0e-5  # lists of neighbours of each atom: sqrt(T) times the time of the dynamics says how often
DESCENT_EVALUATIONS, DESCENT_SECONDS = 900, 1.2e-7  # of L-BFGS; what it does beside, for each atom
# One factorisation of the Hessian with its making and some solutions, times powers of atoms and of neighbours.
FACTOR_SECONDS, FACTOR_ATOMS, FACTOR_NEIGHBOURS = 5.0e-9, 1.8, 1.35
SCAN_FACTORS = 14  # what a scan takes over that
MODE_SECONDS = 1.5e-5  # each atom and vibration of some lowest ones
# LAMMPS on one rank: each neighbour and step; to read its formulas, on each rank in each step; to start its processes.
# Its way down, told in steps: of r^-6 glasses cooled within 2 time units 1650, 1950 and 2380 evaluations of 500, 1000
# and 2000 atoms, each as long as 1.5 steps.
ENGINE_SECONDS, ENGINE_STEP_SECONDS, ENGINE_START_SECONDS = 2.5e-8, 1e-3, 1.2
ENGINE_DESCENT = 2900
SWAP_SECONDS = 3.2e-8  # per neighbour of an atom and attempt to exchange two
SWAP_LIST_SECONDS = 2.4e-7  # per neighbour of an atom, for the lists of each interval between the exchanges
ATOM_MEMORY = 200e3  # the Hessian of an atom with its factors [B]


def neighbours_of(glass: Parameters) -> float:
    """Return the number of neighbours of an atom within the cut-off of the model of a glass [-].

    Args:
        glass: the parameters of the stage that makes the glasses.
    """
    model = get_model(glass["potential"])
    some_sizes = model.compose(1000, np.random.default_rng(0))[1]
    density = glass["density"] or model.density
    return float(4 / 3 * np.pi * density * model.cutoff(some_sizes) ** 3)


def factor_seconds(n_atoms: int, neighbours: float) -> float:
    """Return what one sparse factorisation of the Hessian takes with what is done with it [s].

    Args:
        n_atoms: number of atoms.
        neighbours: of an atom within the cut-off [-].
    """
    return float(FACTOR_SECONDS * n_atoms**FACTOR_ATOMS * neighbours**FACTOR_NEIGHBOURS)


def glass_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Dynamics and descent grow with the pairs; the certificate with the factorised Hessian.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    neighbours, hot, memory = neighbours_of(parameters), parameters["temperature"], PROCESS_MEMORY
    stages = [(parameters["melt_time"], hot)]
    if parameters["cooling_rate"] is not None:
        cold = parameters["final_temperature"]
        stages.append(((hot - cold) / parameters["cooling_rate"], (hot + cold) / 2))
    time, step = sum(time for time, _ in stages), parameters["time_step"]
    if "engine" in parameters:  # its ranks work side by side
        ranks, moves = parameters["mpi_ranks"], time / step + ENGINE_DESCENT
        memory += ranks * PROCESS_MEMORY
        start = ENGINE_START_SECONDS + ENGINE_STEP_SECONDS * moves
        seconds = sum(start + ENGINE_SECONDS * neighbours * moves / ranks * n for n in sizes)
    else:
        seconds = sum(
            descent_seconds(n, neighbours)
            + sum(dynamics_seconds(n, neighbours, part / step, part * np.sqrt(warm)) for part, warm in stages)
            for n in sizes
        )
    if "swap_attempts" in parameters:
        sweep = SWAP_SECONDS * parameters["swap_attempts"] + SWAP_LIST_SECONDS
        seconds += neighbours * time / parameters["swap_interval"] * sweep * sum(sizes)
    seconds += sum(0.1 + factor_seconds(n, neighbours) for n in sizes)
    return Cost(float(seconds), memory + ATOM_MEMORY * max(sizes))


def dynamics_seconds(n_atoms: int, neighbours: float, steps: float, way: float) -> float:
    """Return what steps of the dynamics take [s].

    Args:
        n_atoms: number of atoms.
        neighbours: of an atom within the cut-off [-].
        steps: number of steps [-].
        way: their time times the root of the temperature, how far atoms go but for a factor [sigma].
    """
    each = STEP_SECONDS + n_atoms * (ATOM_SECONDS + NEIGHBOUR_SECONDS * neighbours)
    return each * steps + n_atoms * LIST_SECONDS * way


def descent_seconds(n_atoms: int, neighbours: float) -> float:
    """Return what the way from a liquid to its inherent structure takes, without certificate [s].

    Args:
        n_atoms: number of atoms.
        neighbours: of an atom within the cut-off [-].
    """
    each = STEP_SECONDS + n_atoms * (ATOM_SECONDS + DESCENT_SECONDS + NEIGHBOUR_SECONDS * neighbours)
    return DESCENT_EVALUATIONS * each


def elasticity_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """One factorisation.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    neighbours = neighbours_of(parameters[ORIGIN])
    return Cost(sum(0.03 + factor_seconds(n, neighbours) for n in sizes), PROCESS_MEMORY + ATOM_MEMORY * max(sizes))


def soft_mode_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """One factorisation, and solutions for each of some modes.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    neighbours = neighbours_of(parameters[ORIGIN])
    return Cost(
        sum(0.1 + 1.3 * factor_seconds(n, neighbours) for n in sizes), PROCESS_MEMORY + ATOM_MEMORY * max(sizes)
    )


def modes_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """All eigenvectors by LAPACK: matrix, vectors, work space; of the lowest, one sparse factor.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    if "lowest" in parameters:
        neighbours, lowest = neighbours_of(parameters[ORIGIN]), parameters["lowest"]
        vectors = 10 * 24 * (lowest + 20)  # of Lanczos, for each atom [B]
        seconds = sum(0.1 + factor_seconds(n, neighbours) + MODE_SECONDS * lowest * n for n in sizes)
        return Cost(float(seconds), PROCESS_MEMORY + (ATOM_MEMORY + vectors) * max(sizes))
    return Cost(sum(0.1 + 2.6e-10 * (3 * n) ** 3 for n in sizes), PROCESS_MEMORY + 5 * 8 * (3 * max(sizes)) ** 2)


def summary_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Reads what is kept of every glass, above all a hundred eigenvectors or so.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    return Cost(0.1 + 2e-5 * sum(sizes), PROCESS_MEMORY + 2400 * sum(sizes))


def scan_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Hundreds of constrained Newton steps for one of the smallest glasses, after all glasses were read.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    memory = PROCESS_MEMORY + 2400 * sum(sizes) + ATOM_MEMORY * max(sizes)
    factors = SCAN_FACTORS * factor_seconds(min(sizes), neighbours_of(parameters[ORIGIN]))
    return Cost(0.2 + factors, memory)


def fit_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Draws of glasses for the errors of the soft potentials.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    return Cost(0.2 + 5e-4 * parameters["resamples"], PROCESS_MEMORY + 2400 * sum(sizes))


def thermal_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Integrals over frequency at each temperature.

    Args:
        parameters: those of the stage.
        sizes: numbers of atoms.
    """
    return Cost(0.5 + 0.2 * len(parameters["temperatures"]), PROCESS_MEMORY)
