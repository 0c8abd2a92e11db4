"""Distributions of soft potentials and couplings to sound, as coefficients on the nodes of a table of levels.

The square of a coupling operator u x^2 + v x between two levels is a combination of |(x^2)_mn|^2, x_mn (x^2)_mn and
|x_mn|^2. Its three coefficients times the measure, summed over the images of a potential and over both signs of D1,
are all that an integral over the plane needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.soft_potential.level_table import SMALLEST_CURVATURE, Images, LevelTable
from atomsim.errors import InputError
from atomsim.results import Array, quantity

TINY = 1e-200

# Density over a plane relative to the uniform one: of (D1, D2) or of (alpha, beta), arrays that broadcast.
Weight = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Coefficients:
    """Factors of |(x^2)_mn|^2, x_mn (x^2)_mn and |x_mn|^2 per coordinate of the nodes and D2; both signs of D1."""

    factor_cln: Array = quantity("1", "axes: factor, line, node")


def uniform_weight(first: Array, second: Array) -> Array:
    """Return one everywhere [-].

    Args:
        first: D1 or alpha [-].
        second: D2 or beta [-].
    """
    return np.ones(np.broadcast_shapes(np.shape(first), np.shape(second)))


def field_measure(table: LevelTable, weight: Weight = uniform_weight) -> Coefficients:
    """Return the coefficients of the coupling x with a density over the (D1, D2) plane.

    Source: soft-potential-notes (later form); test: test_meshes_cover_the_plane

    Args:
        table: the levels on the mesh of lower minima.
        weight: density over the (D1, D2) plane relative to the uniform one.

    Raises:
        InputError: the mesh is the other one, or the density is negative or NaN somewhere.
    """
    if table.images != Images.LOWER_MINIMUM:
        raise InputError("a density over (D1, D2) needs the mesh of lower minima: every potential once")
    D1, D2 = table.D1_ln, np.broadcast_to(table.D2_l[:, None], table.D1_ln.shape)
    density = _checked(weight(D1, D2)) + _checked(weight(-D1, D2))
    return Coefficients(np.stack([np.zeros_like(density), np.zeros_like(density), density]))


def landscape_measure(table: LevelTable, weight: Weight = uniform_weight, *, b: float | None = None) -> Coefficients:
    """Return the coefficients with a density over the (alpha, beta) plane, for the images of one mesh.

    The area element is 4 dD2 dx at the stationary point x. Without b the coupling is y (attachment to the
    displacement); with it, y^2 + 2 delta y (deformation), delta the shift caused by the fast strain.

    Source: karpov-parshin-1985 (4.9); test: test_deformation_absorption_at_high_frequency
    Source: soft-potential-notes (measure); test: test_meshes_cover_the_plane

    Args:
        table: the levels on one of the two meshes.
        weight: density over the (alpha, beta) plane relative to the uniform one.
        b: coupling to the square of the fast strain [-].

    Raises:
        InputError: the density is negative or NaN somewhere, or the mesh is regular in D1, where it is singular.
    """
    alpha, beta = table.D2_l[:, None] + 6 * table.place_ln**2, 4 * table.place_ln
    factors = np.zeros((3, *alpha.shape))
    for sign in (1.0, -1.0):
        density = _checked(weight(alpha, sign * beta))
        if b is None:
            factors[2] += density
        else:
            linear = 2 * (static_shift(alpha, beta, b=sign * b) - table.place_ln)
            factors += density * np.stack([np.ones_like(linear), 2 * linear, linear**2])
    singular = 2 * np.abs(alpha) <= SMALLEST_CURVATURE
    if table.images == Images.LOWER_MINIMUM and np.any(table.step_ln[singular] > SMALLEST_CURVATURE):
        raise InputError("a density over (alpha, beta) needs meshes made for it: tabulate_levels(..., landscape=True)")
    # 4 dx of the mesh of lower minima, whose coordinate is D1 with dD1 = 2 |alpha| dx
    per_coordinate = 4.0 if table.images == Images.OTHERS else 4 / np.maximum(2 * np.abs(alpha), SMALLEST_CURVATURE)
    return Coefficients(factors * per_coordinate)


def static_shift(alpha: ArrayLike, beta: ArrayLike, *, b: float) -> Array:
    """Return the shift delta that a static linear term b y causes [-].

    b + 2 alpha delta - 3 beta delta^2 + 4 delta^3 = 0. Of up to three real roots the one of smallest modulus, which
    tends to -b/2 alpha far from alpha = 0: a convention. It decides for |alpha| of the order of b^{2/3}, and still
    takes 5 % off the absorption at Omega = 15 for b = 1.

    Source: karpov-parshin-1985 (4.6), (4.8); test: test_static_shift_solves_its_cubic

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
        b: coupling to the square of the fast strain [-].
    """
    alpha, beta = np.broadcast_arrays(np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float))
    # delta = z + beta/4: z^3 + p z + q = 0
    p = alpha / 2 - 3 * beta**2 / 16
    q = b / 4 + alpha * beta / 8 - beta**3 / 32
    gap = -4 * p**3 - 27 * q**2
    size = 2 * np.sqrt(np.maximum(-p, TINY) / 3)
    angle = np.arccos(np.clip(3 * q / np.where(p < 0, p * size, -TINY), -1, 1)) / 3
    three = size[..., None] * np.cos(angle[..., None] - 2 * np.pi * np.arange(3) / 3) + beta[..., None] / 4
    smallest = np.take_along_axis(three, np.nanargmin(np.nan_to_num(np.abs(three), nan=np.inf), axis=-1)[..., None], -1)
    half = -q / 2 - np.copysign(np.sqrt(np.maximum(-gap, 0.0) / 108), q)
    first = np.cbrt(half)
    single = first - p / (3 * np.where(first == 0, TINY, first)) + beta / 4
    root = np.where(gap > 0, smallest[..., 0], np.where(first == 0, beta / 4, single))
    return _polished_root(root, alpha, beta, b)


def _polished_root(root: Array, alpha: Array, beta: Array, b: float) -> Array:
    """Two steps of Newton's method, left out where they do not shrink the residue."""
    for _ in range(2):
        value = b + root * (2 * alpha + root * (-3 * beta + 4 * root))
        slope = 2 * alpha + root * (-6 * beta + 12 * root)
        trial = root - np.divide(value, slope, out=np.zeros_like(value), where=slope != 0)
        better = np.abs(b + trial * (2 * alpha + trial * (-3 * beta + 4 * trial))) < np.abs(value)
        root = np.where(better, trial, root)
    return root


def _checked(density: Array) -> Array:
    """A density that is nowhere negative or NaN."""
    density = np.asarray(density, dtype=float)
    if not np.all(density >= 0):
        raise InputError("a density of potentials is negative or NaN somewhere")
    return density
