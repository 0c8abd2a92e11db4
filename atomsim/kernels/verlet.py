"""Compiled halves of a velocity Verlet step, and the kinetic energy."""

from __future__ import annotations

from numba import njit

from atomsim.results import Array


@njit(cache=True, error_model="numpy")
def kick_drift(positions: Array, velocities: Array, forces: Array, mass: Array, time_step: float) -> None:
    """Advance velocities by half a step and then positions by a whole one, in place.

    Args:
        positions: (N, 3) positions, changed [sigma].
        velocities: (N, 3) velocities, changed [sqrt(epsilon/m)].
        forces: (N, 3) forces at the old positions [epsilon/sigma].
        mass: masses [m].
        time_step: length of the whole step [sigma sqrt(m/epsilon)].
    """
    for i in range(positions.shape[0]):
        push = 0.5 * time_step / mass[i]
        for c in range(3):
            velocities[i, c] += push * forces[i, c]
            positions[i, c] += time_step * velocities[i, c]


@njit(cache=True, error_model="numpy")
def kick(velocities: Array, forces: Array, mass: Array, time_step: float) -> None:
    """Advance velocities by half a step, in place.

    Args:
        velocities: (N, 3) velocities, changed [sqrt(epsilon/m)].
        forces: (N, 3) forces at the new positions [epsilon/sigma].
        mass: masses [m].
        time_step: length of the whole step [sigma sqrt(m/epsilon)].
    """
    for i in range(velocities.shape[0]):
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
