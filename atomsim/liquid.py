"""Liquids that become glasses: how a glass is made, and its melt and its cooling by one of the engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atomsim import dynamics
from atomsim.engines import model_dynamics
from atomsim.engines.model_box import require_possible
from atomsim.engines.model_protocol import Stage
from atomsim.errors import InputError, nearest
from atomsim.minimise import COARSE_TOLERANCES
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model
from atomsim.results import Array, IntArray, quantity
from atomsim.swap import require_mixture, run_with_swaps
from atomsim.thermostat import LinearCooling, Schedule

EMBEDDED, LAMMPS = ENGINES = ("embedded", "lammps")
ENGINE_SAMPLES = 50  # steps of LAMMPS between two looks at its energy

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class QuenchParameters:
    """How a glass is made: a random start is melted, equilibrated (also by swaps), cooled (or not) and minimised."""

    potential: str = quantity("1", "specification of the potential")
    n_atoms: int = quantity("1", "number of atoms")
    density: float | None = quantity("1/sigma^d", "number density, the model's own where absent", default=None)
    temperature: float = quantity("epsilon/k_B", "temperature of the liquid", default=1.0)
    melt_time: float = quantity("sigma sqrt(m/epsilon)", "time in the liquid", default=20.0)
    time_step: float = quantity("sigma sqrt(m/epsilon)", "time step of the dynamics", default=0.01)
    cooling_rate: float | None = quantity(
        "epsilon^1.5/(k_B sigma sqrt(m))", "temperature per time; an instantaneous quench where absent", default=None
    )
    final_temperature: float = quantity("epsilon/k_B", "where cooling ends", default=0.0)
    on_saddle: str = quantity("1", "'refuse' or 'push' off a saddle and minimise again", default="push")
    swap_attempts: float | None = quantity(
        "1", "exchanges of unlike atoms tried per atom in each interval; dynamics alone where absent", default=None
    )
    swap_interval: float = quantity("sigma sqrt(m/epsilon)", "dynamics between the exchanges", default=0.25)
    engine: str = quantity("1", "'embedded', or 'lammps' for dynamics and descent by MPI processes", default=EMBEDDED)
    mpi_ranks: int = quantity("1", "processes of LAMMPS for one glass", default=1)


@dataclass(frozen=True)
class Liquid:
    """A liquid at the end of its dynamics, and what its engine has found on the way down from there, if it has gone."""

    positions_nc: Array = quantity("sigma", "positions, not wrapped")
    acceptance: float = quantity("1", "share of the exchanges of atoms that was accepted", default=np.nan)
    descended_nc: Array | None = quantity("sigma", "positions after the descent of the engine", default=None)
    descent_evaluations: int = quantity("1", "force evaluations of that descent", default=0)


def make_liquid(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    rng: np.random.Generator,
    *,
    progress: Progress | None = None,
) -> Liquid:
    """Melt a start and cool it as the protocol of a glass asks, by the engine it asks for.

    Args:
        interaction: the model bound to the configuration.
        state: the start, without overlaps, with velocities of the temperature of the liquid.
        parameters: the protocol.
        rng: source of randomness of the exchanges of atoms.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a parameter out of range.
        MissingExtra: the engine is not installed.
        NotConverged: the time step is too long.
        RankFailed: a process of the engine died.
    """
    if parameters.engine == LAMMPS:
        return _by_lammps(interaction, state, parameters, progress)
    return _embedded(interaction, state, parameters, rng, progress)


def _embedded(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    rng: np.random.Generator,
    progress: Progress | None,
) -> Liquid:
    """Melt and cool by the embedded engine."""
    melt = round(parameters.melt_time / parameters.time_step)
    state, swaps = _evolve(interaction, state, parameters, melt, parameters.temperature, rng, _share(progress, "melt"))
    if parameters.cooling_rate is not None:
        state, cooling_swaps = _cool(interaction, state, parameters, rng, progress)
        swaps += cooling_swaps
    attempted, accepted = swaps
    return Liquid(state.positions_nc, float(accepted / attempted) if attempted else np.nan)


def _share(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """Turn (step, steps) into (what, share)."""
    if progress is None:
        return None
    return lambda step, steps: progress(what, step / steps)


def _evolve(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    steps: int,
    temperature: float | Schedule,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> tuple[dynamics.MDState, IntArray]:
    """A number of steps of dynamics, with exchanges where the protocol asks for them; numbers tried and made."""
    if parameters.swap_attempts is None:
        state, _ = dynamics.run(
            interaction,
            state,
            steps=steps,
            time_step=parameters.time_step,
            temperature=temperature,
            progress=progress,
        )
        return state, np.zeros(2, np.int64)
    state, log = run_with_swaps(
        interaction,
        state,
        steps=steps,
        time_step=parameters.time_step,
        temperature=temperature,
        attempts=parameters.swap_attempts,
        every=max(1, round(parameters.swap_interval / parameters.time_step)),
        rng=rng,
        progress=progress,
    )
    return state, np.array([log.attempted_b.sum(), log.accepted_b.sum()])


def _cool(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    rng: np.random.Generator,
    progress: Progress | None,
) -> tuple[dynamics.MDState, IntArray]:
    """Lower the temperature linearly in time from that of the liquid to the final one."""
    assert parameters.cooling_rate is not None
    cooling = LinearCooling(
        first=parameters.temperature,
        last=parameters.final_temperature,
        rate=parameters.cooling_rate,
        begin=state.time,
    )
    steps = max(1, round(cooling.duration / parameters.time_step))
    return _evolve(interaction, state, parameters, steps, cooling, rng, _share(progress, "cool"))


def _by_lammps(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    progress: Progress | None,
) -> Liquid:
    """Melt, cool and go down to where Newton steps take over, in processes of LAMMPS."""
    hot, cold = parameters.temperature, parameters.final_temperature
    stages = [Stage("melt", round(parameters.melt_time / parameters.time_step), (hot, hot))]
    if parameters.cooling_rate is not None:
        steps = round((hot - cold) / parameters.cooling_rate / parameters.time_step)
        stages.append(Stage("cool", max(1, steps), (hot, cold)))
    run = model_dynamics.run(
        interaction,
        state,
        stages,
        ranks=parameters.mpi_ranks,
        time_step=parameters.time_step,
        sample_every=ENGINE_SAMPLES,
        rest_tolerance=COARSE_TOLERANCES[0],
        progress=progress,
    )
    return Liquid(run.state.positions_nc, np.nan, run.rest_nc, run.descent_evaluations)


def check_protocol(parameters: QuenchParameters, model: Model) -> None:
    """Refuse a protocol with a number out of range, naming the key.

    Args:
        parameters: the protocol.
        model: its model.

    Raises:
        InputError: the first key that is out of range.
    """
    positive = ("n_atoms", "temperature", "time_step")
    for key in positive:
        if not getattr(parameters, key) > 0:
            raise InputError(f"{key} = {getattr(parameters, key)} must be positive")
    if parameters.density is not None and not parameters.density > 0:
        raise InputError(f"density = {parameters.density} must be positive [1/sigma^{model.dimension}]")
    if parameters.melt_time < 0:
        raise InputError(f"melt_time = {parameters.melt_time} must not be negative")
    if parameters.cooling_rate is not None and not parameters.cooling_rate > 0:
        raise InputError(f"cooling_rate = {parameters.cooling_rate} must be positive")
    if not 0 <= parameters.final_temperature <= parameters.temperature:
        raise InputError(
            f"final_temperature = {parameters.final_temperature} must lie between 0 and {parameters.temperature}"
        )
    if parameters.swap_attempts is not None:
        require_mixture(model)
        for key in ("swap_attempts", "swap_interval"):
            if not 0 < getattr(parameters, key) < np.inf:
                raise InputError(f"{key} = {getattr(parameters, key)} must be positive and finite")
    check_engine(parameters, model)


def check_engine(parameters: QuenchParameters, model: Model) -> None:
    """Refuse what the chosen engine cannot do.

    Args:
        parameters: the protocol.
        model: its model.

    Raises:
        InputError: an unknown engine, or a protocol that is not for it.
    """
    engine, ranks = parameters.engine, parameters.mpi_ranks
    if engine not in ENGINES:
        raise InputError(f"engine = {engine!r}; expected {' or '.join(map(repr, ENGINES))}{nearest(engine, ENGINES)}")
    if ranks < 1:
        raise InputError(f"mpi_ranks = {ranks} must be at least 1")
    if engine == EMBEDDED and ranks > 1:
        raise InputError(f"mpi_ranks = {ranks} has no effect without engine = 'lammps'")
    if engine == LAMMPS and parameters.swap_attempts is not None:
        raise InputError("swap_attempts: atoms exchange places in the engine 'embedded' alone")
    if engine == LAMMPS:
        require_possible(model)
