"""Molecular dynamics and descents of the glass models by LAMMPS, for systems that outgrow one process.

A state goes in and a state comes out, as in :mod:`atomsim.dynamics`, with the same integrator (velocity Verlet), the
same thermostat (velocity rescaling after each step, by random numbers of LAMMPS) and the same schedules; only who
computes differs. LAMMPS starts anew for each call, in processes of its own, which takes about a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from atomsim.dynamics import DEFAULT_RELAXATION_TIME, MDLog, MDState
from atomsim.engines import model_protocol
from atomsim.engines.lammps import LARGEST_SEED, Evaluation
from atomsim.engines.model_box import ModelSystem, require_possible
from atomsim.engines.model_protocol import Done, Protocol, Stage
from atomsim.engines.ranks import call_on_ranks
from atomsim.errors import InputError
from atomsim.pairs import PairInteraction
from atomsim.results import Array, quantity
from atomsim.thermostat import degrees_of_freedom

DEFAULT_SAMPLE_EVERY = 10

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class LammpsRun:
    """The end of a run, what was sampled on the way, and the end of a descent from there, if one was asked for."""

    state: MDState
    log: MDLog
    frames: tuple[MDState, ...] = ()
    rest_nc: Array | None = quantity("sigma", "positions after the descent, not wrapped", default=None)
    descent_evaluations: int = quantity("1", "force evaluations of the descent", default=0)


def system_of(interaction: PairInteraction, mass_n: Array) -> ModelSystem:
    """Return what LAMMPS needs to know of a bound model.

    Args:
        interaction: the model bound to a composition and a cell.
        mass_n: masses [m].

    Raises:
        InputError: a model, a cell or masses that LAMMPS is not used for.
    """
    if not interaction.periodic_c.all():
        raise InputError(
            f"periodic along {interaction.periodic_c.astype(bool).tolist()}; the engine 'lammps' needs all directions"
        )
    if mass_n.shape != (interaction.n_atoms,) or not (mass_n > 0).all():
        raise InputError(f"masses {mass_n.shape}: expected {interaction.n_atoms} positive numbers")
    system = ModelSystem(interaction.model, interaction.cell_cc, interaction.species_n, interaction.size_n, mass_n)
    require_possible(interaction.model)
    return system


def evaluate(interaction: PairInteraction, positions_nc: Array, *, ranks: int) -> Evaluation:
    """Return energy [epsilon], forces [epsilon/sigma] and pressure [epsilon/sigma^3] by LAMMPS.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: positions, (N, 3) [sigma].
        ranks: MPI processes.

    Raises:
        InputError: what LAMMPS is not used for.
        MissingExtra: LAMMPS or MPI is not installed.
        RankFailed: a process died.
    """
    system = system_of(interaction, np.ones(interaction.n_atoms))
    return call_on_ranks(model_protocol.evaluate, system, positions_nc, ranks=ranks)


def run(
    interaction: PairInteraction,
    state: MDState,
    stages: Sequence[Stage],
    *,
    ranks: int,
    time_step: float,
    relaxation_time: float = DEFAULT_RELAXATION_TIME,
    sample_every: int = DEFAULT_SAMPLE_EVERY,
    frame_steps: Iterable[int] = (),
    rest_tolerance: float | None = None,
    progress: Progress | None = None,
) -> LammpsRun:
    """Make the steps of some stages in LAMMPS, and go downhill from their end where a tolerance is given.

    The random numbers of the thermostat are seeded by the state, which comes back with its own moved on. Equal
    arguments give equal bits; another number of ranks gives another trajectory of the same ensemble.

    Args:
        interaction: the model bound to the configuration.
        state: where to start; it is not changed.
        stages: what to do, in order.
        ranks: MPI processes.
        time_step: length of a step [sigma sqrt(m/epsilon)].
        relaxation_time: time in which the thermostat forgets the kinetic energy [sigma sqrt(m/epsilon)].
        sample_every: distance of the samples in the log, in steps.
        frame_steps: steps (counted as in the state) whose states are kept.
        rest_tolerance: largest force component at the end of the descent; none where absent [epsilon/sigma].
        progress: called with (name of the stage, share done of it between 0 and 1).

    Raises:
        InputError: a parameter outside its range, or what LAMMPS is not used for.
        MissingExtra: LAMMPS or MPI is not installed.
        NotConverged: the energy explodes.
        RankFailed: a process died.
    """
    rng = np.random.default_rng(0)
    rng.bit_generator.state = json.loads(state.rng_state)
    seeds = tuple(rng.integers(1, LARGEST_SEED, size=len(stages)).tolist())
    protocol = Protocol(
        tuple(stages), seeds, time_step, relaxation_time, sample_every, state.step, tuple(frame_steps), rest_tolerance
    )
    protocol.require_possible()
    system = system_of(interaction, state.mass_n)
    done: Done = call_on_ranks(
        model_protocol.follow, system, state.positions_nc, state.velocities_nc, protocol, ranks=ranks, progress=progress
    )
    after = replace(state, rng_state=json.dumps(rng.bit_generator.state))
    return LammpsRun(
        state=replace(_state(done.end, after, time_step), heat=state.heat + done.heat),
        log=_log(done, state, time_step, degrees_of_freedom(interaction.n_atoms, interaction.model.dimension)),
        frames=tuple(_state(frame, after, time_step) for frame in done.frames),
        rest_nc=done.rest_nc,
        descent_evaluations=done.descent_evaluations,
    )


def _state(frame: model_protocol.Frame, start: MDState, time_step: float) -> MDState:
    return replace(
        start,
        positions_nc=frame.positions_nc,
        velocities_nc=frame.velocities_nc,
        reference_nc=frame.positions_nc,
        step=frame.step,
        time=start.time + (frame.step - start.step) * time_step,
    )


def _log(done: Done, start: MDState, time_step: float, n_freedom: int) -> MDLog:
    rows = [(one.step, one.potential, one.kinetic, one.heat) for one in done.samples]
    step_t, potential_t, kinetic_t, heat_t = np.array(rows, dtype=float).reshape(-1, 4).T.copy()
    return MDLog(
        step_t=step_t.astype(np.int64),
        time_t=start.time + (step_t - start.step) * time_step,
        potential_t=potential_t,
        kinetic_t=kinetic_t,
        temperature_t=2 * kinetic_t / n_freedom if n_freedom else np.zeros_like(kinetic_t),
        conserved_t=potential_t + kinetic_t - heat_t - start.heat,
    )
