"""What the processes of LAMMPS do with a glass model: dynamics in stages, frames on the way, and a descent at the end.

Every process runs these functions with the same arguments (see :mod:`atomsim.engines.ranks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atomsim.engines.lammps import Evaluation
from atomsim.engines.model_box import ModelBox, ModelSystem, Sample, require_steady
from atomsim.errors import InputError
from atomsim.results import Array, quantity

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Stage:
    """A number of steps at a temperature that is constant, changes linearly, or is left to the energy."""

    name: str
    steps: int
    temperatures: tuple[float, float] | None = quantity("epsilon", "at the first and the last step", default=None)


@dataclass(frozen=True)
class Protocol:
    """What is done with a system, one stage after another."""

    stages: tuple[Stage, ...]
    seeds: tuple[int, ...]
    time_step: float = quantity("sigma sqrt(m/epsilon)", "length of a step")
    relaxation_time: float = quantity("sigma sqrt(m/epsilon)", "time in which the thermostat forgets")
    sample_every: int = quantity("1", "steps between the samples of the energies")
    first_step: int = quantity("1", "step of the start", default=0)
    frame_steps: tuple[int, ...] = quantity("1", "steps whose positions and velocities are kept", default=())
    rest_tolerance: float | None = quantity("epsilon/sigma", "descend to here at the end", default=None)

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def require_possible(self) -> None:
        """Refuse numbers out of range.

        Raises:
            InputError: the first of them.
        """
        for name in ("time_step", "relaxation_time", "sample_every"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} = {getattr(self, name)} must be positive and finite")
        for stage in self.stages:
            if stage.steps < 0:
                raise InputError(f"steps = {stage.steps} of stage {stage.name!r} must be >= 0")
            if stage.temperatures is not None and not all(0 <= t < np.inf for t in stage.temperatures):
                raise InputError(f"temperatures {stage.temperatures} of stage {stage.name!r} must be finite and >= 0")


@dataclass(frozen=True)
class Frame:
    """Positions and velocities at one step."""

    step: int
    positions_nc: Array = quantity("sigma", "positions, not wrapped into the cell")
    velocities_nc: Array = quantity("sqrt(epsilon/m)", "velocities")


@dataclass(frozen=True)
class Done:
    """What came of a protocol."""

    end: Frame
    heat: float = quantity("epsilon", "energy that the thermostats have put in")
    samples: tuple[Sample, ...] = ()
    frames: tuple[Frame, ...] = ()
    rest_nc: Array | None = quantity("sigma", "positions at the end of the descent", default=None)
    descent_evaluations: int = quantity("1", "force evaluations of the descent", default=0)


def evaluate(system: ModelSystem, positions_nc: Array, *, progress: Progress | None = None) -> Evaluation:
    """Return energy, forces and pressure of a configuration [epsilon, epsilon/sigma, epsilon/sigma^3].

    Args:
        system: the model and its atoms.
        positions_nc: positions, (N, 3) [sigma].
        progress: not called.
    """
    with ModelBox(system) as box:
        return box.evaluate(positions_nc)


def follow(
    system: ModelSystem,
    positions_nc: Array,
    velocities_nc: Array,
    protocol: Protocol,
    *,
    progress: Progress | None = None,
) -> Done:
    """Do what a protocol says.

    Args:
        system: the model and its atoms.
        positions_nc: positions at the start, (N, 3) [sigma].
        velocities_nc: velocities at the start, (N, 3) [sqrt(epsilon/m)].
        protocol: what to do.
        progress: called with (name of the stage, share done of it between 0 and 1).

    Raises:
        NotConverged: the time step is too long.
    """
    with ModelBox(system) as box:
        box.start(positions_nc, velocities_nc)
        run = _Run(box, protocol, progress)
        for stage, seed in zip(protocol.stages, protocol.seeds, strict=True):
            run.make(stage, seed)
        end, heat, rest_nc = run.frame(), box.sample().heat, None
        if protocol.rest_tolerance is not None:
            if progress is not None:
                progress("minimise", 0.0)
            rest_nc = box.descend(end.positions_nc, tolerance=protocol.rest_tolerance)
        return Done(end, heat, tuple(run.samples), tuple(run.frames), rest_nc, box.n_evaluations)


class _Run:
    """The dynamics of a protocol, cut where something is looked at."""

    def __init__(self, box: ModelBox, protocol: Protocol, progress: Progress | None) -> None:
        self.box, self.protocol, self.progress = box, protocol, progress
        self.samples: list[Sample] = []
        self.frames: list[Frame] = []
        self.latest = box.sample()
        first = protocol.first_step
        every = protocol.sample_every
        self.sample_steps = {s for s in range(first, first + protocol.steps + 1) if s % every == 0}
        self.frame_steps = set(protocol.frame_steps)
        if first:  # a run answers for the steps after its start, and for step 0
            self.sample_steps.discard(first)
            self.frame_steps.discard(first)
        self._look()

    def make(self, stage: Stage, seed: int) -> None:
        """The steps of one stage."""
        begin = self.box.step
        end = begin + stage.steps
        if stage.temperatures is not None:
            self.box.set_bath(stage.temperatures, relaxation_time=self.protocol.relaxation_time, seed=seed)
        offset = self.protocol.first_step
        stops = {s - offset for s in self.sample_steps | self.frame_steps if begin < s - offset < end} | {end}
        for stop in sorted(stops):
            if stop > self.box.step:
                self.box.move(stop - self.box.step, time_step=self.protocol.time_step, schedule=(begin, end))
                self._look()
                if self.progress is not None:
                    self.progress(stage.name, (stop - begin) / stage.steps)
        if stage.temperatures is not None:
            self.box.remove_bath()

    def _look(self) -> None:
        now = self.box.sample()
        require_steady(now, self.latest, time_step=self.protocol.time_step)
        self.latest = now
        step = now.step + self.protocol.first_step
        if step in self.sample_steps:
            self.samples.append(Sample(step, now.potential, now.kinetic, now.heat))
        if step in self.frame_steps:
            self.frames.append(self.frame())

    def frame(self) -> Frame:
        step = self.box.step + self.protocol.first_step
        return Frame(step, self.box.positions(), self.box.velocities())
