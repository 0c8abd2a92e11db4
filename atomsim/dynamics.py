"""Molecular dynamics: velocity Verlet at constant energy, or at a temperature that may follow a schedule.

A run takes a state and returns a state; nothing else is remembered. The state holds all that the future depends on:
positions, velocities, the positions around which the list of neighbours was made (they fix the order of all sums)
and the state of the random numbers. So a run cut into pieces, with the state kept in memory or in a file between
them, gives the bits of the run in one piece, provided that the interaction is bound with the same model, cell and
skin.

A run answers for the steps after the state it starts from, and for step 0 if it starts there; pieces then join
without gap or repetition. Positions are never wrapped into the cell, so differences of positions are displacements.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from atomsim.errors import InputError, NotConverged
from atomsim.kernels.verlet import BATH, DONE, FORCES, KICK, REST, Atoms, Bath, advance, kinetic_energy
from atomsim.pairs import PairInteraction
from atomsim.results import Array, IntArray, quantity
from atomsim.thermostat import Schedule, as_schedule, bath, check_motion, degrees_of_freedom, maxwell_velocities

DEFAULT_RELAXATION_TIME = 1.0  # of the thermostat, about ten vibrations of a cage [sigma sqrt(m/epsilon)]
LARGEST_JUMP = 0.5  # of the energy, relative to the kinetic energies before and after it [-]
PROGRESS_STEPS = 100
UNINTERRUPTED = 0.2  # about how long compiled steps may take, after which an interrupt is heard [s]


@dataclass(frozen=True)
class MDState:
    """Everything the continuation of a run depends on, apart from the interaction."""

    positions_nc: Array = quantity("sigma", "positions, not wrapped into the cell")
    velocities_nc: Array = quantity("sqrt(epsilon/m)", "velocities")
    mass_n: Array = quantity("m", "masses")
    reference_nc: Array = quantity("sigma", "positions around which the list of neighbours was made")
    step: int = quantity("1", "number of steps made")
    time: float = quantity("sigma sqrt(m/epsilon)", "time")
    heat: float = quantity("epsilon", "energy that the thermostat has put in")
    rng_state: str = quantity("1", "state of the random numbers of the thermostat, JSON")

    @property
    def kinetic_energy(self) -> float:
        """Kinetic energy of all atoms [epsilon]."""
        return kinetic_energy(self.velocities_nc, self.mass_n)

    def with_clock_at_zero(self) -> MDState:
        """Return the same state at step 0 and time 0, without heat: the start of a new measurement."""
        return replace(self, step=0, time=0.0, heat=0.0)


@dataclass(frozen=True)
class MDLog:
    """What was sampled along a run; steps are multiples of ``sample_every``."""

    step_t: IntArray = quantity("1", "step")
    time_t: Array = quantity("sigma sqrt(m/epsilon)", "time")
    potential_t: Array = quantity("epsilon", "potential energy of all atoms")
    kinetic_t: Array = quantity("epsilon", "kinetic energy of all atoms")
    temperature_t: Array = quantity("epsilon", "2 K / N_f, with N_f = d N - d")
    conserved_t: Array = quantity("epsilon", "total energy less the heat put in by the thermostat")


def start(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    temperature: float,
    rng: np.random.Generator,
    mass_n: Array | None = None,
) -> MDState:
    """Return a state at step 0 with velocities drawn from the Maxwell distribution at zero total momentum.

    The kinetic energy is not scaled to the temperature: it fluctuates as in the canonical ensemble. The thermostat
    gets random numbers of its own, seeded by ``rng``.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: (N, 3) positions [sigma].
        temperature: temperature of the velocities [epsilon].
        rng: source of randomness.
        mass_n: masses, 1 where absent [m].

    Raises:
        InputError: wrong shape, positions that are not finite, masses that are not positive, negative temperature.
    """
    positions_nc = np.array(positions_nc, dtype=float)
    mass_n = np.ones(interaction.n_atoms) if mass_n is None else np.array(mass_n, dtype=float)
    dimension = interaction.model.dimension
    _check_atoms(interaction, positions_nc, mass_n)
    velocities_nc = maxwell_velocities(mass_n, temperature=temperature, dimension=dimension, rng=rng)
    own = np.random.default_rng(rng.integers(2**63, size=4))
    return MDState(
        positions_nc=positions_nc,
        velocities_nc=velocities_nc,
        mass_n=mass_n,
        reference_nc=positions_nc.copy(),
        step=0,
        time=0.0,
        heat=0.0,
        rng_state=json.dumps(own.bit_generator.state),
    )


def run(
    interaction: PairInteraction,
    state: MDState,
    *,
    steps: int,
    time_step: float,
    temperature: float | Schedule | None = None,
    relaxation_time: float = DEFAULT_RELAXATION_TIME,
    sample_every: int = 10,
    frame_steps: Iterable[int] | None = None,
    on_frame: Callable[[MDState], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[MDState, MDLog]:
    """Make a number of steps; return the state at the end and what was sampled on the way.

    Without a temperature the energy is conserved, with an error proportional to the square of the time step; with
    one, all velocities are rescaled after each step by a random factor such that the canonical ensemble is sampled.

    Args:
        interaction: the model bound to the configuration.
        state: where to start; it is not changed.
        steps: number of steps to make.
        time_step: length of a step [sigma sqrt(m/epsilon)].
        temperature: none for constant energy, a number, or a function of the time of the state [epsilon].
        relaxation_time: time in which the thermostat forgets the kinetic energy [sigma sqrt(m/epsilon)].
        sample_every: distance of the samples in the log, in steps.
        frame_steps: steps (counted as in the state) whose states are handed to ``on_frame``.
        on_frame: called with the state at each frame; each is a full checkpoint.
        progress: called now and then with (steps made, steps asked for).

    Raises:
        InputError: a parameter outside its range, or coinciding atoms.
        NotConverged: the energy explodes; ``estimate`` holds the state after the step at which it did.
    """
    _check_run(steps, time_step, relaxation_time, sample_every)
    if (frame_steps is None) != (on_frame is None):
        raise InputError("frame_steps and on_frame belong together: one is given without the other")
    frames = sorted({int(step) for step in (() if frame_steps is None else frame_steps)})
    schedule = None if temperature is None else as_schedule(temperature)
    motion = _Motion(interaction, state, time_step, schedule, time_step / relaxation_time)
    longest = max(1, int(UNINTERRUPTED / max(interaction.evaluation_time, 1e-6)))
    rows: list[tuple[float, ...]] = []

    def observe() -> None:
        if motion.step % sample_every == 0:
            rows.append(motion.sample())
        if on_frame is not None and motion.step in frames[bisect_left(frames, motion.step) :][:1]:
            on_frame(motion.state())

    if state.step == 0:
        observe()
    done = 0
    while done < steps:
        following = frames[bisect_right(frames, motion.step) :][:1]
        to_look = sample_every - motion.step % sample_every, *(frame - motion.step for frame in following)
        stretch = min(steps - done, PROGRESS_STEPS - done % PROGRESS_STEPS, longest, *to_look)
        motion.advance(stretch)
        done += stretch
        observe()
        if progress is not None and (done % PROGRESS_STEPS == 0 or done == steps):
            progress(done, steps)
    columns = np.array(rows, dtype=float).reshape(-1, 6).T.copy()
    return motion.state(), MDLog(columns[0].astype(np.int64), *columns[1:])


def log_frames(n_steps: int, per_decade: int) -> IntArray:
    """Return steps spaced evenly in their logarithm, each once: 0, 1, ..., ``n_steps``.

    Args:
        n_steps: the last step.
        per_decade: number of frames in a factor of ten, fewer where they would fall on the same step.

    Raises:
        InputError: negative number of steps, or no frame per decade.
    """
    if n_steps < 0 or per_decade < 1:
        raise InputError(f"n_steps = {n_steps} must be >= 0 and per_decade = {per_decade} >= 1")
    exponents = np.arange(math.ceil(per_decade * math.log10(max(n_steps, 1))) + 1) / per_decade
    inner = np.rint(10.0**exponents).astype(np.int64)
    return np.unique(np.concatenate([[0], inner[inner < n_steps], [n_steps]]))


def linear_frames(n_steps: int, every: int) -> IntArray:
    """Return the multiples of ``every`` from 0 up to ``n_steps``.

    Args:
        n_steps: the last step that may occur.
        every: distance of the frames in steps.

    Raises:
        InputError: negative number of steps, or a distance smaller than one.
    """
    if n_steps < 0 or every < 1:
        raise InputError(f"n_steps = {n_steps} must be >= 0 and every = {every} >= 1")
    return np.arange(0, n_steps + 1, every, dtype=np.int64)


class _Motion:
    """The working arrays of one run."""

    def __init__(
        self, interaction: PairInteraction, state: MDState, time_step: float, schedule: Schedule | None, elapsed: float
    ) -> None:
        _check_atoms(interaction, state.positions_nc, state.mass_n)
        self.interaction, self.time_step, self.schedule, self.elapsed = interaction, time_step, schedule, elapsed
        self.positions_nc = state.positions_nc.copy()
        self.velocities_nc = state.velocities_nc.copy()
        self.mass_n, self.energy_n = np.ascontiguousarray(state.mass_n), np.empty(len(state.mass_n))
        self.step, self.time, self.heat = state.step, state.time, state.heat
        self.rng = np.random.default_rng(0)
        self.rng.bit_generator.state = json.loads(state.rng_state)
        self.n_freedom = degrees_of_freedom(interaction.n_atoms, interaction.model.dimension)
        interaction.rebuild(state.reference_nc)
        # Forces always come from the kernel that gives nothing else: where a run is cut changes no bit of them.
        self.forces_nc = interaction.forces(self.positions_nc)
        self.kinetic = kinetic_energy(self.velocities_nc, self.mass_n)
        self.measure()
        if not (math.isfinite(self.potential + self.kinetic) and np.isfinite(self.forces_nc).all()):
            raise InputError(
                f"step {self.step}: potential energy {self.potential}, kinetic energy {self.kinetic}; expected finite "
                "energies and forces (atoms on top of each other? minimise first)"
            )

    def advance(self, steps: int) -> None:
        """Some steps of velocity Verlet, each half a kick, a drift, half a kick, and the thermostat."""
        first_step, time_t, before = self.step, [self.time], self.rng.bit_generator.state
        for _ in range(steps):
            time_t.append(time_t[-1] + self.time_step)
        noise = self._bath(time_t[1:])
        done, outcome = 0, KICK
        while outcome != DONE:
            done, outcome = self._advance(noise, done, steps, outcome)
            reached = min(done + 1, steps) if outcome != FORCES else done
            self.step, self.time = first_step + reached, time_t[reached]
            if outcome == FORCES:
                self.interaction.rebuild(self.positions_nc)
            elif outcome == REST:
                check_motion(self.kinetic)
            elif outcome == BATH:
                after, self.rng.bit_generator.state = self.rng.bit_generator.state, before
                self._bath(time_t[1 : done + 1])
                self.refuse_explosion()
                self.rng.bit_generator.state = after
        self.interaction.n_evaluations += steps

    def _bath(self, time_t: list[float]) -> Bath:
        temperatures = [] if self.schedule is None else [self.schedule(time) for time in time_t]
        return bath(temperatures, n_freedom=self.n_freedom, elapsed=self.elapsed, rng=self.rng)

    def _advance(self, noise: Bath, done: int, steps: int, entry: int) -> tuple[int, int]:
        """Steps as far as compiled code can go; return how many are made in all, and what comes next."""
        team, field = self.interaction.team, self.interaction.field()
        atoms = Atoms(
            self.positions_nc,
            self.velocities_nc,
            self.forces_nc,
            self.energy_n,
            self.mass_n,
            np.zeros(team.threads, np.int64),
            np.full(team.threads, self.kinetic),
            np.full(team.threads, self.heat),
        )
        ends: dict[int, tuple[int, int]] = {}

        def work(rank: int, sharers: int, meeting: IntArray) -> None:
            ends[rank] = advance(rank, sharers, meeting, atoms, field, noise, self.time_step, done, steps, entry)

        team.together(work, seconds=self.interaction.evaluation_time)
        self.kinetic, self.heat = float(atoms.total[0]), float(atoms.heat[0])
        return ends[0]

    def measure(self) -> None:
        """Look at the potential energy, which the motion itself does not need."""
        self.potential = self.interaction.energy(self.positions_nc)
        self.measured_step, self.measured_kinetic = self.step, self.kinetic
        self.conserved = self.potential + self.kinetic - self.heat

    def refuse_explosion(self) -> None:
        """Compare the energy with the one last measured: kinetic energy may come from potential, not from nothing."""
        step, kinetic, conserved = self.measured_step, self.measured_kinetic, self.conserved
        self.measure()
        jump = self.conserved - conserved
        if not abs(jump) <= LARGEST_JUMP * (self.kinetic + kinetic):
            raise NotConverged(
                f"step {self.step}: the energy changed by {jump:.3g} epsilon since step {step}, kinetic energy "
                f"{kinetic:.3g} -> {self.kinetic:.3g}: time_step = {self.time_step:g} is too long, try "
                f"{self.time_step / 4:g}; a start with overlapping atoms must be minimised first",
                estimate=self.state(),
            )

    def sample(self) -> tuple[float, ...]:
        self.measure()
        temperature = 2 * self.kinetic / self.n_freedom if self.n_freedom else 0.0
        return self.step, self.time, self.potential, self.kinetic, temperature, self.conserved

    def state(self) -> MDState:
        reference_nc = self.interaction.reference_nc
        assert reference_nc is not None  # the list exists since the first evaluation
        return MDState(
            positions_nc=self.positions_nc.copy(),
            velocities_nc=self.velocities_nc.copy(),
            mass_n=self.mass_n,
            reference_nc=reference_nc.copy(),
            step=self.step,
            time=self.time,
            heat=self.heat,
            rng_state=json.dumps(self.rng.bit_generator.state),
        )


def _check_atoms(interaction: PairInteraction, positions_nc: Array, mass_n: Array) -> None:
    if positions_nc.shape != (interaction.n_atoms, 3) or mass_n.shape != (interaction.n_atoms,):
        raise InputError(
            f"positions {positions_nc.shape} and masses {mass_n.shape} do not fit an interaction of "
            f"{interaction.n_atoms} atoms"
        )
    for name, good_n in (
        ("position", np.isfinite(positions_nc).all(axis=1)),
        ("mass", (mass_n > 0) & np.isfinite(mass_n)),
    ):
        if not good_n.all():
            atom = int(np.flatnonzero(~good_n)[0])
            value = positions_nc[atom].tolist() if name == "position" else mass_n[atom]
            raise InputError(f"atom {atom} has {name} {value}; expected finite positions and positive masses")


def _check_run(steps: int, time_step: float, relaxation_time: float, sample_every: int) -> None:
    if steps < 0 or sample_every < 1:
        raise InputError(f"steps = {steps} must be >= 0 and sample_every = {sample_every} >= 1")
    if not 0 < time_step < math.inf:
        raise InputError(f"time_step = {time_step} must be positive and finite [sigma sqrt(m/epsilon)]")
    if not relaxation_time > 0:
        raise InputError(f"relaxation_time = {relaxation_time} must be positive [sigma sqrt(m/epsilon)]")
