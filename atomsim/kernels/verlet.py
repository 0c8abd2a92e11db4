"""Compiled molecular dynamics: halves of a velocity Verlet step, the kinetic energy, and steps by threads together.

Each thread advances some atoms and sums the forces of some rows. What all must agree on, such as the kinetic energy,
each of them sums for itself in the same order: no bit depends on their number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from atomsim.kernels.list_build import Store, build_list
from atomsim.kernels.neighbours import has_moved, move_places
from atomsim.kernels.together import call_at, edge_of, meet
from atomsim.results import Array, IntArray


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


class Atoms(NamedTuple):
    """Positions [sigma], velocities [sqrt(epsilon/m)], forces [epsilon/sigma], kinetic energies [epsilon], masses [m].

    Besides, for each thread: whether one of its atoms has left the list, the sum of all kinetic energies and the heat
    put in [epsilon].
    """

    positions: Array
    velocities: Array
    forces: Array
    kinetic: Array
    mass: Array
    left: IntArray
    total: Array
    heat: Array


class Field(NamedTuple):
    """What moves atoms: a force kernel by its address, with its constants, and the list it works on.

    The list holds for positions that differ from the reference by no more than a distance, whose square is given
    [sigma^2].
    """

    kernel: int
    constants: Any
    store: Store
    reference: Array
    distance2: float
    unused: Array


class Bath(NamedTuple):
    """A thermostat: for each step temperature [epsilon], a normal number and a chi-square number [-], if there is one.

    Besides, the fraction of the kinetic energy that it leaves, and the one that it takes, in a step [-].
    """

    temperature: Array
    first: Array
    others: Array
    kept: float
    lost: float


KICK, FORCES, BATH, REST, DONE, CALLED_OFF = range(6)
SUSPECT_JUMP = 0.05  # of the kinetic energy in one step, relative to those before and after it: look at the energy [-]


@njit(cache=True, error_model="numpy", nogil=True)
def rescaling(kinetic: float, temperature: float, first: float, others: float, kept: float, lost: float) -> float:
    """Return the factor of all velocities by which a bath changes the kinetic energy, for given random numbers [-].

    Source: bussi-2007 (A7), (A8); test: test_rescaling_relaxes_by_its_exact_law

    Args:
        kinetic: kinetic energy K [epsilon].
        temperature: temperature of the bath [epsilon].
        first: a normal number [-].
        others: sum of the squares of independent ones, one fewer than degrees of freedom [-].
        kept: fraction c of the kinetic energy that the bath leaves [-].
        lost: 1 - c [-].
    """
    share = lost * 0.5 * temperature / kinetic  # (1 - c) K0 / (N_f K)
    # c + 2 first sqrt(c share) + share first^2 is a square; so written it cannot round to a negative number.
    shifted = np.sqrt(kept) + first * np.sqrt(share)
    return np.copysign(np.sqrt(shifted * shifted + share * others), shifted)


@njit(cache=True, error_model="numpy", nogil=True)
def _kick_and_weigh(first, last, atoms, time_step):
    """The second half of a step, and the kinetic energies after it."""
    kick(first, last, atoms.velocities, atoms.forces, atoms.mass, time_step)
    v = atoms.velocities
    for i in range(np.uint64(first), np.uint64(last)):
        atoms.kinetic[i] = 0.5 * atoms.mass[i] * (v[i, 0] * v[i, 0] + v[i, 1] * v[i, 1] + v[i, 2] * v[i, 2])


@njit(cache=True, error_model="numpy", nogil=True)
def _follow(rank, n_threads, meeting, first, last, atoms, field):
    """Let the list follow the atoms, or make it anew where one has left it; return whether there was room for it."""
    x = atoms.positions
    if atoms.left[:n_threads].any():
        field.reference[first:last] = x[first:last]
        return build_list(rank, n_threads, meeting, x, field.store)
    n_places = field.store.n_places[0]
    begin, end = edge_of(n_places, rank, n_threads), edge_of(n_places, rank + 1, n_threads)
    move_places(begin, end, x, field.store.shift, field.store.places)
    return meet(meeting, n_threads)


@njit(cache=True, error_model="numpy", nogil=True)
def advance(
    rank: int,
    n_threads: int,
    meeting: IntArray,
    atoms: Atoms,
    field: Field,
    bath: Bath,
    time_step: float,
    begin: int,
    end: int,
    entry: int,
) -> tuple[int, int]:
    """Make steps of velocity Verlet with the threads of a meeting; return where it stops, as (step, what comes next).

    It stops at FORCES where the list has no room to be made anew; at BATH where the kinetic energy jumps, with the
    forces of the step done; at REST where the bath meets atoms at rest; at the end of all steps it is DONE. It goes on
    from there by entry.

    Args:
        rank: number of this thread.
        n_threads: how many there are.
        meeting: where they meet.
        atoms: what moves, changed.
        field: what moves them, its list and reference changed.
        bath: the thermostat.
        time_step: length of a step [sigma sqrt(m/epsilon)].
        begin: first step, as the bath counts them.
        end: step behind the last.
        entry: with what the first step begins: KICK from its start, or FORCES or BATH.
    """
    n_atoms = atoms.mass.size
    first, last = edge_of(n_atoms, rank, n_threads), edge_of(n_atoms, rank + 1, n_threads)
    x, v = atoms.positions, atoms.velocities
    for step in range(begin, end):
        if entry == KICK:
            kick_drift(first, last, x, v, atoms.forces, atoms.mass, time_step)
            atoms.left[rank] = has_moved(x[first:last], field.reference[first:last], field.distance2)
            if not meet(meeting, n_threads):
                return step, CALLED_OFF
            if not _follow(rank, n_threads, meeting, first, last, atoms, field):
                return step, FORCES
        if entry != BATH:
            places, rows = field.store.places, field.store.rows
            call_at(field.kernel, (first, last, places, rows, field.constants, atoms.forces, field.unused))  # type: ignore[call-arg]
            if not meet(meeting, n_threads):
                return step, CALLED_OFF
            _kick_and_weigh(first, last, atoms, time_step)
            if not meet(meeting, n_threads):
                return step, CALLED_OFF
            before, kinetic = atoms.total[rank], 0.0
            for i in range(n_atoms):
                kinetic += atoms.kinetic[i]
            atoms.total[rank] = kinetic
            # Negated, so that NaN is caught too; and at once, since a list of neighbours cannot be made of NaN.
            if not abs(kinetic - before) <= SUSPECT_JUMP * (kinetic + before):
                return step, BATH
        if bath.temperature.size > 0:
            if not atoms.total[rank] > 0.0:
                return step, REST
            before = atoms.total[rank]
            random = bath.first[step], bath.others[step]
            factor = rescaling(before, bath.temperature[step], *random, bath.kept, bath.lost)
            v[first:last] *= factor
            atoms.total[rank] = factor * factor * before
            atoms.heat[rank] += atoms.total[rank] - before
        entry = KICK
    return end, DONE
