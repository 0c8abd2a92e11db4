"""A small plane glass with two neighbouring minima along its cubic modes, for tests of pairs of minima.

Which minimum a random start descends to depends on how one descends, so that no number of a seed is sure of two wells:
the first glass of a series that has them is taken.
"""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np

from analysis.modes import Modes, full_spectrum
from analysis.soft_modes.directions import Directions, nonlinear_directions
from analysis.soft_modes.double_wells import DoubleWells, find_double_wells
from analysis.soft_modes.nonlinear import NonlinearModes, find_nonlinear_modes
from analysis.soft_modes.well_pairs import find_well_pairs
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.structure import random_start

PLANE = "lerner-binary:dimension=2"
HBAR = 0.05
N_ATOMS = 64
SEEDS = range(25, 65)  # three of the first sixteen have such pairs


@dataclasses.dataclass(frozen=True)
class PlaneWells:
    """A glass of unequal masses, its modes, the two softest of its cubic ones, and the pairs of minima along these."""

    glass: Glass
    modes: Modes
    cubic: NonlinearModes
    directions: Directions
    wells: DoubleWells


@cache
def plane_wells() -> PlaneWells:
    """Return the first glass with a pair along each direction, one of which a relaxed scan follows to the saddle."""
    for seed in SEEDS:
        found = _searched(seed)
        if found is not None:
            return found
    raise AssertionError(f"none of {len(SEEDS)} plane glasses has two pairs of minima along its cubic modes")


def _searched(seed: int) -> PlaneWells | None:
    """One glass; None where it lacks a pair, mostly known after two climbs."""
    rng = np.random.default_rng(seed)
    atoms = random_start(get_model(PLANE), N_ATOMS, 0.86, rng)
    atoms.set_masses(rng.uniform(0.5, 2.0, len(atoms)))
    glass = inherent_structure(atoms, PLANE, on_saddle="push")
    modes = full_spectrum(glass)
    cubic = find_nonlinear_modes(
        glass, modes, "cubic", np.random.default_rng(1), lowest_phonon_frequency=2.0, n_harmonic=6, n_dipoles=6
    )
    every = nonlinear_directions(glass, cubic)
    directions = Directions(*(getattr(every, one.name)[:2] for one in dataclasses.fields(Directions)))
    if len(find_well_pairs(glass, directions, modes, hbar=HBAR)) < 2:
        return None
    wells = find_double_wells(glass, directions, hbar=HBAR, sides=(1,))
    if len(wells) < 2 or not np.isfinite(wells.barrier_scan_m).any():
        return None
    return PlaneWells(glass, modes, cubic, directions, wells)
