"""Levels of one coordinate along a path: the exact gap of a double well, its tunnelling splitting and asymmetry.

The Hamiltonian -(hbar^2/2) d^2/ds^2 + V(s) of a mass-weighted length s on an even grid is a tridiagonal matrix, whose
eigenvalues differ from the exact ones by O(step^2); halving the step measures the difference and removes its leading
term.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.linalg import eigh_tridiagonal

from atomsim.errors import InputError
from atomsim.results import Array

POINTS = 2000  # of the coarser grid
LEVELS = 4
HEADROOM = 12.0  # height of the ends of the grid above the barrier, in units of the largest level spacing wanted [-]
LARGEST_GROWTH = 1e150  # of a wave function out of the barrier before it is scaled down [-]

Potential = Callable[[Array], Array]


@dataclass(frozen=True)
class PathPotential:
    """An energy along a path through two minima and the saddle between them, continued by parabolas beyond its ends."""

    coordinate_k: Array  # ascending [sqrt(m) sigma]
    energy_k: Array  # [epsilon]
    slope_k: Array  # [epsilon/(sqrt(m) sigma)]
    end_curvatures: tuple[float, float]  # of the continuations, positive [epsilon/(m sigma^2)]

    def __call__(self, s: Array) -> Array:
        """Return the energy [epsilon].

        Args:
            s: coordinates [sqrt(m) sigma].
        """
        inside = CubicHermiteSpline(self.coordinate_k, self.energy_k, self.slope_k)
        low, high = self.coordinate_k[0], self.coordinate_k[-1]
        energy = inside(np.clip(s, low, high))
        for beyond, which in ((np.minimum(s - low, 0.0), 0), (np.maximum(s - high, 0.0), -1)):
            energy = energy + self.slope_k[which] * beyond + self.end_curvatures[which] * beyond**2 / 2
        return energy


@dataclass(frozen=True)
class PathLevels:
    """Levels along a path, energies above that of the first minimum."""

    level_k: Array  # [epsilon]
    error: float  # change of the levels when the step was halved, after its leading term is removed [epsilon]
    gap: float  # of the two lowest levels [epsilon]
    tunnelling: float  # Delta_0 [epsilon]
    asymmetry: float  # Delta, ground energy of the second well above that of the first [epsilon]
    is_two_level: bool  # both ground energies lie below the barrier and form the two lowest levels


def grid_levels(potential: Potential, low: float, high: float, *, hbar: float, count: int, points: int) -> Array:
    """Return the lowest levels on an even grid between two walls [epsilon].

    Args:
        potential: the energy [epsilon] of coordinates.
        low: where the left wall stands [sqrt(m) sigma].
        high: where the right wall stands [sqrt(m) sigma].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        count: how many levels.
        points: grid points.
    """
    step = (high - low) / (points + 1)
    s = low + step * np.arange(1, points + 1, dtype=np.float64)
    hop = hbar**2 / (2 * step**2)
    return eigh_tridiagonal(
        2 * hop + potential(s), np.full(points - 1, -hop), eigvals_only=True, select="i", select_range=(0, count - 1)
    )


def half_well(
    potential: Potential, wall: float, centre: float, *, hbar: float, points: int = POINTS
) -> tuple[float, float]:
    """Return ground energy and splitting of a well mirrored at the top of its barrier [epsilon].

    Even and odd ground state of the symmetric double well live on one half with a free and a fixed end at the centre.
    The two matrices differ in one element, so that E_odd - E_even = 2 hop psi_even psi_odd/<even|odd> with the
    wave functions at the centre, which a recurrence out of the barrier gives at full relative accuracy however small
    they are; below 1e-300 of the scale the splitting is zero. The energy is the mean of both.

    Source: soft-modes-notes (splitting); test: test_mirrored_halves_of_the_quartic_double_well

    Args:
        potential: the energy [epsilon] of coordinates.
        wall: far end of the half that is kept [sqrt(m) sigma].
        centre: top of the barrier [sqrt(m) sigma].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        points: grid points.
    """
    steps, energies, logarithms = [], [], []
    for count in (points, 2 * points):
        energy, splitting, step = _half_well_on_grid(potential, wall, centre, hbar, count)
        steps.append(step**2)
        energies.append(energy)
        logarithms.append(np.log(splitting) if splitting > 0 else -np.inf)
    weight = 1 / (steps[0] / steps[1] - 1)  # takes the error of second order in the step out
    energy = energies[1] + weight * (energies[1] - energies[0])
    if not np.isfinite(logarithms).all():
        return energy, 0.0
    return energy, float(np.exp(logarithms[1] + weight * (logarithms[1] - logarithms[0])))


def _half_well_on_grid(
    potential: Potential, wall: float, centre: float, hbar: float, points: int
) -> tuple[float, float, float]:
    """Mean energy of even and odd state, their splitting, and the step."""
    step = abs(wall - centre) / (points + 0.5)
    value = potential(centre + np.sign(wall - centre) * step * (np.arange(points) + 0.5))
    hop = hbar**2 / (2 * step**2)
    energies, states = [], []
    for end in (1.0, 3.0):
        diagonal = 2 * hop + value
        diagonal[0] = end * hop + value[0]
        energy, vector = eigh_tridiagonal(diagonal, np.full(points - 1, -hop), select="i", select_range=(0, 0))
        energies.append(float(energy[0]))
        inside = np.flatnonzero(value < energies[-1])
        turn = max(int(inside[0]) if len(inside) else 0, 1)
        states.append(_out_of_the_barrier(vector[:, 0], diagonal, energies[-1], hop, turn))
    even, odd = states
    return sum(energies) / 2, float(2 * hop * even[0] * odd[0] / (even @ odd)), step


def _out_of_the_barrier(vector: Array, diagonal: Array, energy: float, hop: float, turn: int) -> Array:
    """The eigenvector with its part up to the turning point from the recurrence that starts at the centre."""
    grown = np.empty(turn + 1)
    grown[0], grown[1] = 1.0, (diagonal[0] - energy) / hop
    for i in range(1, turn):
        grown[i + 1] = (diagonal[i] - energy) / hop * grown[i] - grown[i - 1]
        if grown[i + 1] > LARGEST_GROWTH:
            grown[: i + 2] /= LARGEST_GROWTH
    full = vector * np.sign(vector[turn])
    full[: turn + 1] = grown * full[turn] / grown[turn]
    return full


def path_levels(potential: PathPotential, minima: tuple[float, float], saddle: float, *, hbar: float) -> PathLevels:
    """Return the lowest levels of a double well, and its splitting and asymmetry as a two-level system.

    Delta_0 is the geometric mean of the splittings of the two halves, each mirrored at the saddle; Delta the difference
    of their ground energies. For equal halves both are exact. Where the two ground states are the two lowest levels,
    Delta^2 + Delta_0^2 is the square of the gap up to terms of the order of Delta_0^2 over the next level.

    Source: soft-modes-notes (splitting); test: test_two_level_gap_along_a_path

    Args:
        potential: the energy along the path.
        minima: coordinates of the two minima [sqrt(m) sigma].
        saddle: coordinate of the saddle [sqrt(m) sigma].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].

    Raises:
        InputError: the coordinates are out of order, or hbar is not positive.
    """
    if not (minima[0] < saddle < minima[1] and hbar > 0):
        raise InputError(f"minima at {minima}, saddle at {saddle}, hbar = {hbar}; expected ascending places, hbar > 0")
    low, high = walls(potential, saddle, hbar=hbar)
    coarse, fine = (
        grid_levels(potential, low, high, hbar=hbar, count=LEVELS, points=points)
        for points in (POINTS, 2 * POINTS + 1)  # the step is halved exactly
    )
    level_k = fine + (fine - coarse) / 3
    base, top = float(potential(np.array([minima[0]]))[0]), float(potential(np.array([saddle]))[0])
    first, second = (half_well(potential, wall, saddle, hbar=hbar) for wall in (low, high))
    asymmetry, tunnelling = second[0] - first[0], float(np.sqrt(first[1] * second[1]))
    pair = np.hypot(asymmetry, tunnelling)
    bound = max(first[0], second[0]) < top
    # a level between or near the two ground states would mix with them
    alone = level_k[2] - level_k[0] > 1.5 * pair
    return PathLevels(
        level_k=level_k - base,
        error=float(np.abs(fine - coarse).max() / 3),
        gap=float(level_k[1] - level_k[0]),
        tunnelling=tunnelling,
        asymmetry=float(asymmetry),
        is_two_level=bool(bound and alone),
    )


def walls(potential: PathPotential, saddle: float, *, hbar: float) -> tuple[float, float]:
    """Return coordinates beyond both wells where the low states have died out [sqrt(m) sigma].

    Args:
        potential: the energy along the path.
        saddle: coordinate of the saddle [sqrt(m) sigma].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
    """
    top = float(potential(np.array([saddle]))[0])
    stiffest = max(potential.end_curvatures)
    ceiling = max(top, float(potential.energy_k.max())) + HEADROOM * hbar * float(np.sqrt(stiffest))
    found = []
    for sign, end, curvature, slope, energy in (
        (-1, potential.coordinate_k[0], potential.end_curvatures[0], -potential.slope_k[0], potential.energy_k[0]),
        (1, potential.coordinate_k[-1], potential.end_curvatures[1], potential.slope_k[-1], potential.energy_k[-1]),
    ):
        missing = max(ceiling - energy, 0.0)
        found.append(end + sign * (-slope + np.sqrt(slope**2 + 2 * curvature * missing)) / curvature)
    return float(found[0]), float(found[1])
