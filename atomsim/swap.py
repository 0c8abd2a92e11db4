"""Swap Monte Carlo: atoms exchange their places, alone or between blocks of molecular dynamics.

In a mixture the exchange of two atoms of unlike size is a move that dynamics can make only by diffusion. Proposed at
random and accepted by Metropolis' rule it leaves the canonical ensemble as it is, and a liquid equilibrates with it
far below the temperatures that dynamics reaches.

An atom takes species, diameter, mass and velocity to its new place. Momenta thus keep their distribution whatever the
masses are, and kinetic energy and total momentum do not change at all. Seen from the sites it is the diameters that
are exchanged. Displacements of atoms then contain the exchanges: they say nothing about diffusion.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from atomsim import dynamics
from atomsim.dynamics import DEFAULT_RELAXATION_TIME, MDState
from atomsim.errors import InputError
from atomsim.kernels.forces import MIXING_CODES
from atomsim.kernels.swap import exchange_kernel
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model
from atomsim.results import Array, IntArray, quantity
from atomsim.thermostat import Schedule, as_schedule


@dataclass(frozen=True)
class SwapSweep:
    """What a number of attempted exchanges made of a configuration."""

    positions_nc: Array = quantity("sigma", "positions of the atoms afterwards")
    source_n: IntArray = quantity("1", "the atom at whose former place each atom now is")
    n_attempted: int = quantity("1", "exchanges of unlike atoms that were tried")
    n_accepted: int = quantity("1", "exchanges that were made")
    energy_change: float = quantity("epsilon", "change of the potential energy of all atoms")

    @property
    def acceptance(self) -> float:
        """Share of the attempts that was accepted, NaN without attempts [-]."""
        return self.n_accepted / self.n_attempted if self.n_attempted else math.nan


@dataclass(frozen=True)
class SwapLog:
    """What happened in the blocks of a run of dynamics with exchanges; each ends with a sweep."""

    step_b: IntArray = quantity("1", "step at the end of the block")
    time_b: Array = quantity("sigma sqrt(m/epsilon)", "time at the end of the block")
    temperature_b: Array = quantity("epsilon", "mean of 2 K / N_f over the dynamics of the block")
    potential_b: Array = quantity("epsilon", "potential energy of all atoms after the sweep")
    energy_change_b: Array = quantity("epsilon", "change of the potential energy by the sweep")
    attempted_b: IntArray = quantity("1", "exchanges that were tried")
    accepted_b: IntArray = quantity("1", "exchanges that were made")

    @property
    def acceptance(self) -> float:
        """Share of all attempts that was accepted, NaN without attempts [-]."""
        attempted = int(self.attempted_b.sum())
        return int(self.accepted_b.sum()) / attempted if attempted else math.nan


def require_mixture(model: Model) -> None:
    """Refuse a model whose atoms are all alike.

    Args:
        model: the glass model.

    Raises:
        InputError: there is nothing to exchange.
    """
    if model.mixing.kind == "single":
        raise InputError(
            f"swap: the atoms of potential {model.name!r} are all alike, an exchange would change nothing; expected a "
            "mixture or diameters that differ"
        )


def draw_unlike_pairs(kind_n: Array, n_pairs: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Draw ordered pairs of atoms of unlike kind, each with the same probability.

    Args:
        kind_n: a number for each atom, equal for atoms that are alike [-].
        n_pairs: number of pairs.
        rng: source of randomness.

    Raises:
        InputError: all atoms are alike.
    """
    order = np.argsort(kind_n, kind="stable")
    ranked = kind_n[order]
    begin, end = np.searchsorted(ranked, ranked, "left"), np.searchsorted(ranked, ranked, "right")
    partners = len(ranked) - (end - begin)
    cumulative = np.cumsum(partners)
    if len(ranked) == 0 or cumulative[-1] == 0:
        raise InputError(f"swap: all {len(ranked)} atoms are alike; an exchange would change nothing")
    first = np.searchsorted(cumulative, rng.integers(cumulative[-1], size=n_pairs), "right")
    second = rng.integers(partners[first])
    second += np.where(second >= begin[first], (end - begin)[first], 0)
    return order[first], order[second]


def swap_sweep(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    n_attempts: int,
    temperature: float,
    rng: np.random.Generator,
) -> SwapSweep:
    """Try to exchange the places of random pairs of unlike atoms, one after the other.

    Each pair of unlike atoms is proposed with the same probability, and the exchange is accepted with the probability
    min(1, exp(-dU/T)): by detailed balance the Boltzmann distribution of the ways to put the atoms on the places is
    stationary. dU is the exact change of the energy. At T = 0 only exchanges that do not raise the energy are made.

    Source: ninarello-2017 (swap); test: test_permutations_are_visited_as_boltzmann_says

    Args:
        interaction: the model bound to the configuration.
        positions_nc: (N, 3) positions [sigma].
        n_attempts: number of exchanges to try.
        temperature: temperature [epsilon].
        rng: source of randomness.

    Raises:
        InputError: the atoms are alike, a negative number of attempts, or a temperature that is negative or infinite.
    """
    require_mixture(interaction.model)
    if n_attempts < 0:
        raise InputError(f"swap: n_attempts = {n_attempts} must not be negative")
    temperature = as_schedule(temperature)(0.0)
    mixing = interaction.model.mixing
    kind_n = interaction.size_n if mixing.kind == "sizes" else interaction.species_n.astype(float)
    first_a, second_a = draw_unlike_pairs(kind_n, n_attempts, rng)
    # exp(-dU/T) > u with uniform u is dU < E with exponentially distributed E of mean T, which has a limit at T = 0.
    limit_a = temperature * rng.standard_exponential(n_attempts)
    return _exchange(interaction, np.ascontiguousarray(positions_nc, dtype=float), first_a, second_a, limit_a)


def run_with_swaps(
    interaction: PairInteraction,
    state: MDState,
    *,
    steps: int,
    time_step: float,
    temperature: float | Schedule,
    attempts: float,
    every: int,
    rng: np.random.Generator,
    relaxation_time: float = DEFAULT_RELAXATION_TIME,
    on_block: Callable[[MDState], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[MDState, SwapLog]:
    """Alternate blocks of dynamics at a temperature with sweeps of exchanges at the temperature then reached.

    Both leave the canonical ensemble as it is (the dynamics up to the square of its time step), and so does their
    alternation. A run cut at the end of a block and continued with the same ``rng`` gives the bits of the run in one
    piece. The last block is shorter where ``every`` does not divide ``steps``.

    Source: ninarello-2017 (swap); test: test_swap_and_dynamics_sample_the_ensemble_of_dynamics

    Args:
        interaction: the model bound to the configuration.
        state: where to start; it is not changed.
        steps: number of steps of the dynamics.
        time_step: length of a step [sigma sqrt(m/epsilon)].
        temperature: a number, or a function of the time of the state [epsilon].
        attempts: exchanges tried in each sweep, per atom [-].
        every: steps in a block.
        rng: source of randomness of the exchanges; the thermostat has its own in the state.
        relaxation_time: time in which the thermostat forgets the kinetic energy [sigma sqrt(m/epsilon)].
        on_block: called with the state after each sweep; each is a full checkpoint.
        progress: called after each block with (steps made, steps asked for).

    Raises:
        InputError: a parameter outside its range, or atoms that are all alike.
        NotConverged: the time step is too long.
    """
    require_mixture(interaction.model)
    if not 0 < attempts < math.inf or every < 1 or steps < 0:
        raise InputError(
            f"swap: attempts = {attempts} must be positive and finite, every = {every} >= 1 and steps = {steps} >= 0"
        )
    schedule = as_schedule(temperature)
    n_attempts = max(1, round(attempts * interaction.n_atoms))
    rows: list[tuple[float, ...]] = []
    for done in range(0, steps, every):
        block = min(every, steps - done)
        state, log = dynamics.run(
            interaction,
            state,
            steps=block,
            time_step=time_step,
            temperature=schedule,
            relaxation_time=relaxation_time,
            sample_every=1,
        )
        sweep = swap_sweep(
            interaction, state.positions_nc, n_attempts=n_attempts, temperature=schedule(state.time), rng=rng
        )
        state = replace(state, positions_nc=sweep.positions_nc, reference_nc=sweep.positions_nc)
        potential = log.potential_t[-1] + sweep.energy_change
        counts = sweep.n_attempted, sweep.n_accepted
        rows.append((state.step, state.time, log.temperature_t.mean(), potential, sweep.energy_change, *counts))
        if on_block is not None:
            on_block(state)
        if progress is not None:
            progress(done + block, steps)
    return state, _log(rows)


def _log(rows: list[tuple[float, ...]]) -> SwapLog:
    """The rows of a run as arrays, one for each field of the log."""
    columns = np.array(rows, dtype=float).reshape(-1, 7).T.copy()
    step_b, attempted_b, accepted_b = (columns[k].astype(np.int64) for k in (0, 5, 6))
    time_b, temperature_b, potential_b, energy_change_b = columns[1:5]
    return SwapLog(step_b, time_b, temperature_b, potential_b, energy_change_b, attempted_b, accepted_b)


def _exchange(
    interaction: PairInteraction, positions_nc: Array, first_a: IntArray, second_a: IntArray, limit_a: Array
) -> SwapSweep:
    """Try the exchanges given; each is made if it raises the energy by no more than its limit."""
    radial, mixing = interaction.model.radial, interaction.model.mixing
    singular, regular = radial.coefficients()
    n_regular = len(radial.regular) if any(radial.regular) else 0
    kernel = exchange_kernel(radial.exponent, len(radial.singular), n_regular, MIXING_CODES[mixing.kind])
    source_n = np.arange(interaction.n_atoms)
    n_accepted, energy_change = kernel(
        *_neighbours(interaction, positions_nc),
        singular,
        regular,
        radial.cutoff**2,
        np.asarray(mixing.lengths, dtype=float) ** -2,
        np.asarray(mixing.energies, dtype=float),
        mixing.non_additivity,
        first_a,
        second_a,
        limit_a,
        interaction.species_n,
        interaction.size_n,
        source_n,
    )
    return SwapSweep(positions_nc[source_n], source_n, len(first_a), int(n_accepted), float(energy_change))


def _neighbours(interaction: PairInteraction, positions_nc: Array) -> tuple[IntArray, IntArray, Array]:
    """All neighbours of each site that any pair of atoms could feel there, with squared distances."""
    neighbours = interaction.neighbour_list(interaction.cutoff)
    neighbours.build(positions_nc)
    first_p, second_p, vector_pc = neighbours.pairs(interaction.cutoff, both=True)
    start_n = np.concatenate([[0], np.bincount(first_p, minlength=interaction.n_atoms).cumsum()])
    return start_n, second_p, np.einsum("pc,pc->p", vector_pc, vector_pc)
