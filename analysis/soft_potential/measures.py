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

from analysis.soft_potential.level_table import LevelTable
from atomsim.errors import InputError
from atomsim.results import Array, quantity

# Density over a plane relative to the uniform one: of (D1, D2) or of (alpha, beta), arrays that broadcast.
Weight = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Coefficients:
    """Factors of |(x^2)_mn|^2, x_mn (x^2)_mn and |x_mn|^2 at the nodes, measure included, for the two blocks."""

    inner_cln: Array = quantity("1", "axes: factor, line, node of the inner block")
    outer_cln: Array = quantity("1", "axes: factor, line, node of the outer block")


def uniform_weight(first: Array, second: Array) -> Array:
    """Return one everywhere [-].

    Args:
        first: D1 or alpha [-].
        second: D2 or beta [-].
    """
    return np.ones(np.broadcast_shapes(np.shape(first), np.shape(second)))


def field_measure(table: LevelTable, weight: Weight = uniform_weight) -> Coefficients:
    """Return the coefficients of the coupling x with a density over the (D1, D2) plane.

    Source: soft-potential-notes (later form); test: test_table_covers_the_plane

    Args:
        table: the levels.
        weight: density over the (D1, D2) plane relative to the uniform one.
    """
    density = np.asarray(weight(table.D1_ln, table.D2_l[:, None])) + np.asarray(weight(-table.D1_ln, table.D2_l[:, None]))
    inner, outer = (
        _only_x(table.block_measure(block) * density[:, block] * table.line_step_l[:, None])
        for block in (table.inner_block, table.outer_block)
    )
    return Coefficients(inner, outer)


def landscape_measure(
    table: LevelTable, weight: Weight = uniform_weight, *, b: float | None = None
) -> Coefficients:
    """Return the coefficients with a density over the (alpha, beta) plane, every image counted.

    The area element is 4 dD2 dx_j at the stationary point x_j. Without b the coupling is y (attachment to the
    displacement); with it, y^2 + 2 delta y (deformation), delta the shift caused by the fast strain.

    Source: karpov-parshin-1985 (4.9); test: test_deformation_absorption_at_high_frequency
    Source: soft-potential-notes (measure); test: test_table_covers_the_plane

    Args:
        table: the levels.
        weight: density over the (alpha, beta) plane relative to the uniform one.
        b: coupling to the square of the fast strain [-].
    """
    place, step = table.place_lni, 4 * table.place_step_lni * table.line_step_l[:, None, None]
    alpha, beta = table.D2_l[:, None, None] + 6 * place**2, 4 * place
    factors = np.zeros((3, *place.shape))
    for sign in (1.0, -1.0):
        density = np.where(np.isnan(place), 0.0, weight(alpha, sign * beta))
        if b is None:
            factors[2] += density
        else:
            linear = 2 * (static_shift(alpha, beta, b=sign * b) - place)
            factors += density * np.stack([np.ones_like(linear), 2 * linear, linear**2])
    ratio = table.outer_place_step_l * table.line_step_l * 4
    factors = np.where(np.isnan(place), 0.0, factors)
    step = np.where(np.isnan(place), 0.0, step)
    inner = np.sum(factors[:, :, : table.inner + 1] * step[:, : table.inner + 1], axis=3)
    outer_step = step[:, table.inner :, 0].copy()
    outer_step[:, 0] = ratio
    return Coefficients(inner, factors[:, :, table.inner :, 0] * outer_step)


def static_shift(alpha: ArrayLike, beta: ArrayLike, *, b: float) -> Array:
    """Return the shift delta that a static linear term b y causes: b + 2 alpha delta - 3 beta delta^2 + 4 delta^3 = 0 [-].

    Of up to three real roots the one of smallest modulus, which tends to -b/2 alpha far from alpha = 0: a convention,
    of influence only for |alpha| of the order of b^{2/3}.

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


TINY = 1e-200


def _polished_root(root: Array, alpha: Array, beta: Array, b: float) -> Array:
    """Two steps of Newton's method, left out where they do not shrink the residue."""
    for _ in range(2):
        value = b + root * (2 * alpha + root * (-3 * beta + 4 * root))
        slope = 2 * alpha + root * (-6 * beta + 12 * root)
        trial = root - np.divide(value, slope, out=np.zeros_like(value), where=slope != 0)
        better = np.abs(b + trial * (2 * alpha + trial * (-3 * beta + 4 * trial))) < np.abs(value)
        root = np.where(better, trial, root)
    return root


def _only_x(measure: Array) -> Array:
    if not np.all(measure >= 0):
        raise InputError("a density of potentials is negative or NaN somewhere")
    return np.stack([np.zeros_like(measure), np.zeros_like(measure), measure])
