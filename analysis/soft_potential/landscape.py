"""The plane of soft potentials: V/W = alpha y^2 + beta y^3 + y^4, its images and its cubic-free frame.

The origin y = 0 is always a stationary point. The same potential seen from another of its stationary points is an
*image* of it; all images have the same levels. The frame without a cubic term, V/W = D1 x + D2 x^2 + x^4, holds each
potential once (and its mirror image at -D1).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atomsim.results import Array, IntArray

BoolArray = NDArray[np.bool_]


class Region(StrEnum):
    """Where a pair (alpha, beta) lies: the form of the potential, and what the origin is in it."""

    SINGLE_WELL = "single well"
    INFLECTION_BESIDE = "single well, inflection beside the origin"
    LOWER_MINIMUM = "double well, origin in the lower minimum"
    SYMMETRIC_MINIMUM = "symmetric double well, origin in a minimum"
    UPPER_MINIMUM = "double well, origin in the upper minimum"
    INFLECTION_AT_ORIGIN = "single well, origin at the inflection"
    MAXIMUM = "double well, origin on the maximum"
    SYMMETRIC_MAXIMUM = "symmetric double well, origin on the maximum"
    QUARTIC = "pure quartic"


def potential_energy(y: ArrayLike, alpha: ArrayLike, beta: ArrayLike) -> Array:
    """Return the soft potential in units of W, alpha y^2 + beta y^3 + y^4 [-].

    Source: karpov-parshin-1985 (2.3); test: test_images_preserve_the_shape_of_the_potential

    Args:
        y: coordinate in units of its zero-point length [-].
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    y = np.asarray(y, dtype=float)
    return y**2 * (np.asarray(alpha) + np.asarray(beta) * y + y**2)


def discriminant(alpha: ArrayLike, beta: ArrayLike) -> Array:
    """Return q = 9 beta^2 - 32 alpha [-]; the origin has companions among the stationary points where q >= 0.

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    return 9 * np.square(np.asarray(beta, dtype=float)) - 32 * np.asarray(alpha, dtype=float)


def stationary_points(alpha: ArrayLike, beta: ArrayLike) -> Array:
    """Return the three stationary points: 0 and (-3 beta +- sqrt(q))/8 [-].

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].

    Returns:
        shape (..., 3) [-]; the last two are NaN where only the origin is stationary.
    """
    beta = np.asarray(beta, dtype=float)
    root = _root_or_nan(discriminant(alpha, beta))
    return np.stack(np.broadcast_arrays(0.0 * root**0, (-3 * beta + root) / 8, (-3 * beta - root) / 8), axis=-1)


def images(alpha: ArrayLike, beta: ArrayLike) -> tuple[Array, Array]:
    """Return the same potential seen from its two other stationary points: alpha' and beta' [-].

    alpha' = [9 beta^2 - 32 alpha -+ 3 beta sqrt(q)]/16, beta' = (+-sqrt(q) - beta)/2.

    Source: karpov-parshin-1985 (2.9); test: test_images_preserve_the_shape_of_the_potential

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].

    Returns:
        alpha' and beta', each of shape (..., 2), upper sign first; NaN where q < 0.
    """
    beta = np.asarray(beta, dtype=float)
    q = discriminant(alpha, beta)
    root = _root_or_nan(q)
    signed = np.stack([root, -root], axis=-1)
    return (q[..., None] - 3 * beta[..., None] * signed) / 16, (signed - beta[..., None]) / 2


def mirror_image(alpha: ArrayLike, beta: ArrayLike) -> tuple[Array, Array]:
    """Return the potential with y replaced by -y: (alpha, -beta) [-].

    Source: karpov-parshin-1985 (2.10); test: test_mirror_image_changes_the_sign_of_the_field_only

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    return np.asarray(alpha, dtype=float), -np.asarray(beta, dtype=float)


def to_cubic_free(alpha: ArrayLike, beta: ArrayLike) -> tuple[Array, Array, Array]:
    """Return D1, D2 and the constant c of the frame x = y + beta/4 without cubic term [-].

    D1 = beta^3/8 - alpha beta/2, D2 = alpha - 3 beta^2/8, c = alpha beta^2/16 - 3 beta^4/256;
    alpha y^2 + beta y^3 + y^4 = D1 x + D2 x^2 + x^4 + c.

    Source: soft-modes-notes (shift); test: test_cubic_free_frame_is_the_same_potential

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    alpha, beta = np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float)
    constant = alpha * beta**2 / 16 - 3 * beta**4 / 256
    return beta**3 / 8 - alpha * beta / 2, alpha - 3 * beta**2 / 8, constant


def from_cubic_free(D1: float, D2: float) -> tuple[Array, Array]:
    """Return all pairs (alpha, beta) of one potential: one for each of its stationary points [-].

    With the real roots x of 4 x^3 + 2 D2 x + D1 = 0, beta = 4 x and alpha = D2 + 6 x^2.

    Source: soft-potential-notes (images); test: test_every_potential_has_as_many_images_as_stationary_points

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].

    Returns:
        alpha and beta [-], each of shape (number of stationary points,), ascending beta.
    """
    x = _depressed_cubic_roots(D2 / 2, D1 / 4)
    return D2 + 6 * x**2, 4 * x


def count_images(D1: ArrayLike, D2: ArrayLike) -> IntArray:
    """Return how many images a potential has: 3 for a double well, 2 with an inflection, 1 for a single well.

    The pure quartic counts as one.

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].
    """
    D1, D2 = np.asarray(D1, dtype=float), np.asarray(D2, dtype=float)
    excess = -8 * D2**3 - 27 * D1**2
    touching = np.where((D1 == 0) & (D2 == 0), 1, 2)
    return np.where(excess > 0, 3, np.where(excess == 0, touching, 1)).astype(np.int64)


def frame_jacobian(alpha: ArrayLike) -> Array:
    """Return |d(D1, D2)/d(alpha, beta)| = |alpha|/2 [-].

    A density that is uniform in (D1, D2) is therefore proportional to |alpha| in (alpha, beta).

    Source: soft-modes-notes (Jacobian); test: test_jacobian_of_the_frame_is_half_the_curvature

    Args:
        alpha: quadratic coefficient [-].
    """
    return np.abs(np.asarray(alpha, dtype=float)) / 2


def is_double_well(alpha: ArrayLike, beta: ArrayLike) -> BoolArray:
    """Tell whether the potential has two minima: alpha < 9 beta^2/32, and not zero.

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    return (discriminant(alpha, beta) > 0) & (np.asarray(alpha) != 0)


def is_lower_minimum(alpha: ArrayLike, beta: ArrayLike) -> BoolArray:
    """Tell whether the origin is the only minimum or the lower of two: alpha > beta^2/4.

    Source: soft-potential-notes (form of the potential); test: test_lower_minimum_is_the_lowest_stationary_point

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    return np.asarray(alpha, dtype=float) > np.square(np.asarray(beta, dtype=float)) / 4


def lower_minimum_curvature(alpha: ArrayLike, beta: ArrayLike) -> Array:
    """Return the alpha of the image whose origin is the lower minimum [-].

    alpha itself where alpha >= beta^2/4, else [9 beta^2 - 32 alpha + 3 |beta| sqrt(q)]/16. The energy quantum of
    vibrations in the lower well is 2 W sqrt of it, once it is large.

    Source: soft-potential-notes (lower minimum); test: test_lower_minimum_is_the_lowest_stationary_point

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
    """
    alpha, beta = np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float)
    q = np.maximum(discriminant(alpha, beta), 0)  # below zero only where alpha itself is returned
    return np.where(alpha >= beta**2 / 4, alpha, (q + 3 * np.abs(beta) * np.sqrt(q)) / 16)


def classify(alpha: float, beta: float, *, tolerance: float = 0.0) -> Region:
    """Return the form of the potential and the role of the origin.

    Boundaries are curves: a measured pair lies on one only within a tolerance, absolute in beta for the axis
    beta = 0 and relative to the larger of beta^2 and |alpha| for the other curves.

    Source: karpov-parshin-1985 (fig. 3); test: test_classification_agrees_with_the_counted_minima

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
        tolerance: how near to a boundary counts as on it [-].
    """
    width = tolerance * max(beta**2, abs(alpha))
    if abs(beta) <= tolerance:
        if abs(alpha) <= tolerance:
            return Region.QUARTIC
        return Region.SINGLE_WELL if alpha > 0 else Region.SYMMETRIC_MAXIMUM
    for boundary, here in (
        (9 * beta**2 / 32, Region.INFLECTION_BESIDE),
        (beta**2 / 4, Region.SYMMETRIC_MINIMUM),
        (0.0, Region.INFLECTION_AT_ORIGIN),
    ):
        if abs(alpha - boundary) <= width:
            return here
        if alpha > boundary:
            return _ABOVE[here]
    return Region.MAXIMUM


_ABOVE = {
    Region.INFLECTION_BESIDE: Region.SINGLE_WELL,
    Region.SYMMETRIC_MINIMUM: Region.LOWER_MINIMUM,
    Region.INFLECTION_AT_ORIGIN: Region.UPPER_MINIMUM,
}


def _root_or_nan(q: Array) -> Array:
    """The square root where it is real, NaN elsewhere."""
    return np.sqrt(np.where(q >= 0, q, np.nan))


def _depressed_cubic_roots(p: float, r: float) -> Array:
    """The distinct real roots of x^3 + p x + r, ascending: by cosines where there are three, else by Cardano."""
    gap = -4 * p**3 - 27 * r**2
    if gap > 0:
        size = 2 * np.sqrt(-p / 3)
        angle = np.arccos(np.clip(3 * r / (p * size), -1, 1)) / 3
        return np.sort(size * np.cos(angle - 2 * np.pi * np.arange(3) / 3))
    if gap == 0 and p != 0:
        return np.sort(np.array([3 * r / p, -3 * r / (2 * p)]))
    # One real root; of the two equal forms the one that adds numbers of the same sign keeps its digits.
    half = -r / 2 - np.copysign(np.sqrt(-gap / 108), r)
    first = np.cbrt(half)
    return np.array([first - p / (3 * first) if first != 0 else 0.0])
