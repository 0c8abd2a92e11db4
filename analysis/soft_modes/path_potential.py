"""The energy along the path of a double well, with the floors of its wells, as a function of the path's length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicSpline

from analysis.soft_modes.configuration_space import ConfigurationSpace
from analysis.soft_modes.path_levels import PathLevels, PathPotential, path_levels
from analysis.soft_modes.relaxed_path import relaxed_path
from analysis.soft_modes.saddles import Band
from atomsim.errors import NotConverged
from atomsim.results import Array

FLOOR_POINTS = 4  # at most, of the floor of a well beyond its minimum
GAUSS = 4  # nodes of the quadrature of the length between two points


def path_of(
    space: ConfigurationSpace, band: Band, saddle: Array, *, hbar: float
) -> tuple[PathPotential, tuple[float, float, float], PathLevels]:
    """Return the energy along a path, the places of minimum, saddle, minimum [sqrt(m) sigma], and the levels.

    The path follows the band, its highest image replaced by the saddle, and beyond each minimum the floor of the well:
    the energy relaxed at a fixed advance along the end of the band.

    Args:
        space: the energy.
        band: the path between the minima.
        saddle: the saddle on it [sqrt(m) sigma].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
    """
    inner = [*band.points[: band.highest], saddle, *band.points[band.highest + 1 :]]
    step = float(np.linalg.norm(np.diff(np.array(inner), axis=0), axis=1).mean())
    before, after = (_floor(space, chain, step) for chain in (inner, inner[::-1]))
    potential = potential_along(space, [*before[::-1], *inner, *after], origin=len(before))
    first = len(before)
    places = (first, first + band.highest, first + len(inner) - 1)
    start, middle, end = (float(potential.coordinate_k[k]) for k in places)
    return potential, (start, middle, end), path_levels(potential, (start, end), middle, hbar=hbar)


def _floor(space: ConfigurationSpace, chain: Sequence[Array], step: float) -> list[Array]:
    """Points beyond the first of a chain of points, outwards, as long as the energy rises ever more steeply."""
    outwards = chain[0] - chain[1]
    outwards = outwards - space.translations().T @ (space.translations() @ outwards)
    direction = outwards / np.linalg.norm(outwards)
    path = relaxed_path(space, chain[0], direction, step * np.arange(1, FLOOR_POINTS + 1, dtype=np.float64))
    steeper = [low.slope < high.slope for low, high in pairwise(path)]
    return [one.point for one in path[1 : 1 + (steeper.index(False) if False in steeper else len(steeper))]]


def potential_along(space: ConfigurationSpace, points: Sequence[Array], *, origin: int) -> PathPotential:
    """Return energies and slopes along a chain of points as functions of the length of the curve through them.

    Args:
        space: the energy.
        points: the chain, each (dN,) [sqrt(m) sigma].
        origin: the point at which the length is zero.
    """
    chain = np.array(points)
    chords = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(chain, axis=0), axis=1)))
    tangent = CubicSpline(chords, chain).derivative()
    node, weight = np.polynomial.legendre.leggauss(GAUSS)
    pieces = []
    for low, high in pairwise(chords):
        speed = np.linalg.norm(tangent(low + (high - low) * (node + 1) / 2), axis=1)
        pieces.append(float(weight @ speed) * (high - low) / 2)
    length = np.append(0.0, np.cumsum(pieces))
    unit_kq = tangent(chords)
    unit_kq /= np.linalg.norm(unit_kq, axis=1)[:, None]
    evaluated = [space.energy_and_force(point) for point in chain]
    energy = np.array([one[0] for one in evaluated])
    slope = -np.array([unit @ one[1] for unit, one in zip(unit_kq, evaluated, strict=True)])
    curvatures = (
        _end_curvature(space, chain[0], unit_kq[0], slope[:2], length[:2]),
        _end_curvature(space, chain[-1], unit_kq[-1], slope[-2:], length[-2:]),
    )
    return PathPotential(length - length[origin], energy, slope, curvatures)


def _end_curvature(space: ConfigurationSpace, point: Array, unit: Array, slopes: Array, lengths: Array) -> float:
    """Curvature with which a path goes on: that of its last piece where it is positive, else with all others held."""
    curvature = float((slopes[1] - slopes[0]) / (lengths[1] - lengths[0]))
    held = float(unit @ (space.matrix(point) @ unit))
    if max(curvature, held) <= 0:
        raise NotConverged(f"the path bends downwards at its end, curvature {curvature:.3g}", curvature)
    return curvature if curvature > 0 else held
