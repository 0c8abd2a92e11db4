"""Compiled halves of a velocity Verlet step, and the kinetic energy."""

from __future__ import annotations

import numpy as np
from numba import njit

from atomsim.results import Array


@njit(cache=True, error_model="numpy", nogil=True)
def kick_drift(
    first: int, last: int, positions: Array, velocities: Array, forces: Array, mass: Array, time_step: float
) -> None:
    """Advance velocities of some atoms by half a step and then their positions by a whole one, in place.

    Args:
        first: first atom to advance.
        last: atom behind the last.
        positions: (N, 3) positions, changed [sigma].
        velocities: (N, 3) velocities, changed [sqrt(epsilon/m)].
        forces: (N, 3) forces at the old positions [epsilon/sigma].
        mass: masses [m].
        time_step: length of the whole step [sigma sqrt(m/epsilon)].
    """
    for i in range(np.uint64(first), np.uint64(last)):
        push = 0.5 * time_step / mass[i]
        for c in range(3):
            velocities[i, c] += push * forces[i, c]
            positions[i, c] += time_step * velocities[i, c]


@njit(cache=True, error_model="numpy", nogil=True)
def kick(first: int, last: int, velocities: Array, forces: Array, mass: Array, time_step: float) -> None:
    """Advance velocities of some atoms by half a step, in place.

    Args:
        first: first atom to advance.
        last: atom behind the last.
        velocities: (N, 3) velocities, changed [sqrt(epsilon/m)].
        forces: (N, 3) forces at the new positions [epsilon/sigma].
        mass: masses [m].
        time_step: length of the whole step [sigma sqrt(m/epsilon)].
    """
    for i in range(np.uint64(first), np.uint64(last)):
        push = 0.5 * time_step / mass[i]
        for c in range(3):
            velocities[i, c] += push * forces[i, c]


@njit(cache=True, error_model="numpy")
def kinetic_energy(velocities: Array, mass: Array) -> float:
    """Return the kinetic energy, sum of m v^2 / 2 [epsilon].

    Args:
        velocities: (N, 3) velocities [sqrt(epsilon/m)].
        mass: masses [m].
    """
    total = 0.0
    for i in range(velocities.shape[0]):
        vx, vy, vz = velocities[i, 0], velocities[i, 1], velocities[i, 2]
        total += 0.5 * mass[i] * (vx * vx + vy * vy + vz * vz)
    return total
