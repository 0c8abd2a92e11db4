"""Annealing of a glass whose forces come from another engine: dynamics at a temperature, a descent from each frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from atomsim.annealing import Annealed, AnnealParameters, MetalAnnealed, frame_steps
from atomsim.engines.glass import FORCE_TOLERANCE, AlloyGlass
from atomsim.engines.lammps import LammpsEngine
from atomsim.errors import NotConverged
from atomsim.results import Array

Progress = Callable[[str, float], None]


def anneal_alloy(
    glass: AlloyGlass, parameters: AnnealParameters, rng: np.random.Generator, *, progress: Progress | None = None
) -> Annealed:
    """Hold a glass of a real alloy at a temperature in its box and take its inherent structures at logarithmic times.

    Velocities are drawn at twice the temperature, of which the potential of the vibrations takes half. Inherent
    structures end where max|F| falls below 1e-10 eV/angstrom; descents leave saddles, so that their eigenvalues, at
    6 N evaluations each, are not counted here.

    Args:
        glass: the glass, a minimum.
        parameters: the protocol, in picoseconds and kelvin.
        rng: source of randomness.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a parameter out of range.
        MissingExtra: LAMMPS is not installed.
        NotConverged: the time step is too long, or a descent does not end.
    """
    steps = frame_steps(parameters)
    tell = progress or (lambda what, share: None)
    with glass.engine() as engine:
        frames, temperature = _frames(engine, glass, parameters, rng, tell)
        found, energies, pressures = [glass.positions_nc], [glass.energy], [glass.pressure]
        for k, frame_nc in enumerate(frames):
            found.append(_at_rest(engine.descend(frame_nc, tolerance=FORCE_TOLERANCE), glass))
            rest = engine.evaluate(found[-1])
            if np.abs(rest.forces_nc).max() > 10 * FORCE_TOLERANCE:
                raise NotConverged(f"frame {k + 1}: max|F| = {np.abs(rest.forces_nc).max():.1e} eV/angstrom at its end")
            energies.append(rest.energy / glass.n_atoms)
            pressures.append(rest.pressure)
            tell("quench", (k + 1) / len(frames))
        evaluations = engine.n_evaluations
    return MetalAnnealed(
        model=glass.model,
        temperature=parameters.temperature,
        time_t=np.concatenate([[0.0], steps * parameters.time_step]),
        positions_tnc=np.array(found),
        cell_cc=glass.cell_cc,
        species_n=glass.species_n,
        size_n=glass.size_n,
        mass_n=glass.mass_n,
        energy_t=np.array(energies),
        pressure_t=np.array(pressures),
        kinetic_temperature=temperature,
        n_evaluations=evaluations,
    )


def _at_rest(positions_nc: Array, glass: AlloyGlass) -> Array:
    """The positions with the centre of mass of the glass: dynamics keeps it, a descent keeps the mean position."""
    return positions_nc - np.average(positions_nc - glass.positions_nc, axis=0, weights=glass.mass_n)


def _frames(
    engine: LammpsEngine,
    glass: AlloyGlass,
    parameters: AnnealParameters,
    rng: np.random.Generator,
    tell: Progress,
) -> tuple[list[Array], float]:
    """Positions at the frames, and the mean temperature of the pieces that end in the second half of the run."""
    steps, hot = frame_steps(parameters), parameters.temperature
    engine.start(glass.positions_nc, temperature=2 * hot, rng=rng)
    frames, late = [], []
    for begin, end in zip([0, *steps[:-1].tolist()], steps.tolist(), strict=True):
        mean = engine.run(end - begin, temperatures=(hot, hot), time_step=parameters.time_step)
        frames.append(engine.positions())
        if 2 * end > steps[-1]:
            late.append((end - begin, mean))
        tell("anneal", end / steps[-1])
    weights, means = np.array(late).T
    return frames, float(np.average(means, weights=weights))
