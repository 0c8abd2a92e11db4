"""Annealing: a glass is held at a temperature, and its inherent structures are taken at logarithmic times.

What is kept is free of thermal motion: each frame is quenched at once and comes with the certificate of a minimum, so
that frames at different temperatures can be compared. Positions continue those of the glass without wrapping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atomsim import dynamics
from atomsim.dynamics import MDState, log_frames
from atomsim.errors import InputError
from atomsim.quench import Glass, inherent_structure
from atomsim.results import Array, IntArray, quantity
from atomsim.units import METAL, in_units

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class AnnealParameters:
    """How a glass is annealed."""

    temperature: float = quantity("epsilon/k_B", "temperature of the anneal")
    time: float = quantity("sigma sqrt(m/epsilon)", "duration")
    time_step: float = quantity("sigma sqrt(m/epsilon)", "time step of the dynamics", default=0.01)
    first_time: float = quantity("sigma sqrt(m/epsilon)", "time of the first frame after the start", default=0.1)
    per_decade: int = quantity("1", "frames in a factor of ten of time", default=4)


@dataclass(frozen=True)
class Annealed:
    """Inherent structures along an anneal; the first one is the glass that it began with."""

    model: str = quantity("1", "specification of the potential")
    temperature: float = quantity("epsilon/k_B", "temperature of the anneal")
    time_t: Array = quantity("sigma sqrt(m/epsilon)", "time since the start of the anneal")
    positions_tnc: Array = quantity("sigma", "inherent structures, not wrapped into the cell")
    cell_cc: Array = quantity("sigma", "cell vectors as rows")
    species_n: IntArray = quantity("1", "species of each atom")
    size_n: Array = quantity("sigma", "diameter of each atom")
    mass_n: Array = quantity("m", "mass of each atom")
    energy_t: Array = quantity("epsilon", "energy per atom of the inherent structures")
    pressure_t: Array = quantity("epsilon/sigma^d", "pressure of the inherent structures")
    kinetic_temperature: float = quantity("epsilon/k_B", "mean of 2K/N_f over the second half of the run")
    n_evaluations: int = quantity("1", "force evaluations of all quenches")

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.species_n)


MetalAnnealed = in_units(Annealed, METAL, "MetalAnnealed", __name__)


def frame_steps(parameters: AnnealParameters) -> IntArray:
    """Return the steps of the frames: logarithmic from the first to the last, without step 0.

    Args:
        parameters: the protocol.

    Raises:
        InputError: a parameter out of range.
    """
    for key in ("temperature", "time", "time_step", "first_time", "per_decade"):
        if not 0 < getattr(parameters, key) < np.inf:
            raise InputError(f"{key} = {getattr(parameters, key)} must be positive and finite")
    first, last = (max(round(t / parameters.time_step), 1) for t in (parameters.first_time, parameters.time))
    if first >= last:
        raise InputError(f"first_time = {parameters.first_time} must lie before the end, time = {parameters.time}")
    ratio_steps = log_frames(max(round(last / first * 1000), 1000), parameters.per_decade)
    steps = np.unique(np.rint(ratio_steps[ratio_steps >= 1000] * first / 1000).astype(np.int64))
    return np.append(steps[steps < last], last)


def anneal(
    glass: Glass, parameters: AnnealParameters, rng: np.random.Generator, *, progress: Progress | None = None
) -> Annealed:
    """Hold a glass at a temperature and take its inherent structures at logarithmic times.

    Velocities are drawn at twice the temperature: half of that energy goes into the potential of the vibrations at
    once, and the thermostat does the rest.

    Args:
        glass: the glass, a minimum.
        parameters: the protocol.
        rng: source of randomness.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a parameter out of range.
        NotConverged: the time step is too long.
        NotAMinimum: a quench ends on a saddle that cannot be left.
    """
    steps = frame_steps(parameters)
    interaction = glass.interaction()
    state = dynamics.start(
        interaction, glass.positions_nc, temperature=2 * parameters.temperature, rng=rng, mass_n=glass.mass_n
    )
    states: list[MDState] = []
    _, log = dynamics.run(
        interaction,
        state,
        steps=int(steps[-1]),
        time_step=parameters.time_step,
        temperature=parameters.temperature,
        frame_steps=steps.tolist(),
        on_frame=states.append,
        progress=None if progress is None else lambda done, total: progress("anneal", done / total),
    )
    frames, found = [glass.positions_nc], [glass]
    for k, frame in enumerate(states):
        quenched, positions_nc = _inherent(glass, frame.positions_nc)
        frames.append(positions_nc)
        found.append(quenched)
        if progress is not None:
            progress("quench", (k + 1) / len(states))
    return Annealed(
        model=glass.model,
        temperature=parameters.temperature,
        time_t=np.concatenate([[0.0], steps * parameters.time_step]),
        positions_tnc=np.array(frames),
        cell_cc=glass.cell_cc,
        species_n=glass.species_n,
        size_n=glass.size_n,
        mass_n=glass.mass_n,
        energy_t=np.array([one.energy for one in found]),
        pressure_t=np.array([one.pressure for one in found]),
        kinetic_temperature=float(log.temperature_t[len(log.temperature_t) // 2 :].mean()),
        n_evaluations=int(sum(one.n_evaluations for one in found[1:])),
    )


def _inherent(glass: Glass, positions_nc: Array) -> tuple[Glass, Array]:
    """The minimum below a frame, and its positions in the image of the frame."""
    atoms = glass.to_atoms()
    atoms.positions = positions_nc
    quenched = inherent_structure(atoms, glass.model, on_saddle="push", name="annealed glass")
    shift_nc = (quenched.positions_nc - positions_nc) @ np.linalg.inv(glass.cell_cc)
    return quenched, quenched.positions_nc - np.rint(shift_nc) @ glass.cell_cc
