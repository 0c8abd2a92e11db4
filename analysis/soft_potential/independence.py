"""Are two parameters of the soft potentials independent? Plainly, and inside the region where both can be seen.

A quenched glass shows a potential only at a minimum, with |t| < 2 eta^{1/2} where that is the lower one, and only below
the frequency up to which modes were taken. Inside that region a product Phi(eta) F(t) looks correlated; the second test
compares only pairs of potentials each of which could have had the eta of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform
from scipy.special import erfc

from analysis.soft_potential.tail_fit import draw_glasses, spread
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, Estimate, IntArray, quantity

MOST_POINTS = 600  # of the permutation test, whose work grows with the square
PERMUTATIONS = 300
FEWEST_POINTS = 20
FEWEST_PAIRS = 50
ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class IndependenceTest:
    """Two tests of the independence of eta and |t| over the modes of many glasses."""

    n_modes: int = quantity("1", "modes")
    distance_correlation: float = quantity("1", "0 if and only if independent, of a sample of the modes where many")
    permutation_probability: float = quantity("1", "of a larger one, were they independent without any region")
    kendall: Estimate = quantity("1", "rank correlation of comparable pairs inside the region of observation")
    kendall_probability: float = quantity("1", "of one as far from zero, were Phi(eta) F(t) cut by the region")
    n_comparable: int = quantity("1", "pairs that can be compared inside the region")


def centred_distances(value_m: Array) -> Array:
    """Return the matrix of distances less the means of its rows and columns, plus its mean [unit of the values].

    Args:
        value_m: values [any unit].
    """
    distance = squareform(pdist(np.asarray(value_m, dtype=float)[:, None]))
    mean = distance.mean(axis=0)
    return distance - mean[:, None] - mean[None, :] + mean.mean()


def distance_correlation(x_m: Array, y_m: Array) -> float:
    """Return the distance correlation of two variables [-]; zero only for independent ones, one for linear relations.

    Source: szekely-2007 (distance correlation); test: test_distance_correlation_sees_what_is_uncorrelated

    Args:
        x_m: one variable [any unit].
        y_m: the other [any unit].
    """
    a, b = centred_distances(x_m), centred_distances(y_m)
    norm = np.sqrt(np.mean(a * a) * np.mean(b * b))
    return float(np.sqrt(max(np.mean(a * b), 0.0) / norm)) if norm > 0 else 0.0


def permutation_test(x_m: Array, y_m: Array, rng: np.random.Generator) -> tuple[float, float]:
    """Return the distance correlation and the share of permutations of one variable with one as large [-].

    Source: szekely-2007 (permutation test); test: test_permutation_probability_is_uniform_for_independent_values

    Args:
        x_m: one variable [any unit].
        y_m: the other [any unit].
        rng: source of randomness.

    Raises:
        InputError: variables of different lengths.
    """
    if len(x_m) != len(y_m):
        raise InputError(f"{len(x_m)} and {len(y_m)} values do not match")
    if len(x_m) > MOST_POINTS:
        chosen = rng.choice(len(x_m), MOST_POINTS, replace=False)
        x_m, y_m = x_m[chosen], y_m[chosen]
    a, b = centred_distances(x_m), centred_distances(y_m)
    found = float(np.sum(a * b))
    orders = (rng.permutation(len(x_m)) for _ in range(PERMUTATIONS))
    larger = sum(float(np.sum(a * b[np.ix_(order, order)])) >= found for order in orders)
    return distance_correlation(x_m, y_m), (1 + larger) / (PERMUTATIONS + 1)


def comparable_pairs(x_m: Array, y_m: Array, *, lower_m: Array, upper_m: Array) -> NDArray[np.int8]:
    """Return for each pair of modes +1, -1 or 0: the order of both variables where the pair can be compared [-].

    x of mode i can be seen between lower_i and upper_i, which its y and its glass decide. Of two modes each of which
    lies in the interval of the other, either could have had either x: under a product density cut by the intervals
    the orders of x and y then agree as often as not.

    Source: martin-betensky-2005 (conditional Kendall tau); test: test_conditional_kendall_of_a_cut_product_is_zero

    Args:
        x_m: the variable that is cut [any unit].
        y_m: the other [any unit].
        lower_m: lower end of the interval of each mode [unit of x].
        upper_m: upper end [unit of x].
    """
    n = len(x_m)
    signs = np.zeros((n, n), dtype=np.int8)
    for first in range(0, n, ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        least, most = np.minimum(x_m[rows, None], x_m), np.maximum(x_m[rows, None], x_m)
        seen = (np.maximum(lower_m[rows, None], lower_m) <= least) & (most <= np.minimum(upper_m[rows, None], upper_m))
        order = np.sign(x_m[rows, None] - x_m) * np.sign(y_m[rows, None] - y_m)
        signs[rows] = np.where(seen, order, 0)
    return signs


def conditional_kendall(
    x_m: Array,
    y_m: Array,
    *,
    lower_m: Array,
    upper_m: Array,
    glass_m: IntArray,
    rng: np.random.Generator,
    resamples: int = 200,
) -> tuple[Estimate, int]:
    """Return Kendall's tau of the pairs that can be compared, error from drawing glasses [-], and their number.

    Source: martin-betensky-2005 (conditional Kendall tau); test: test_conditional_kendall_of_a_cut_product_is_zero

    Args:
        x_m: the variable that is cut [any unit].
        y_m: the other [any unit].
        lower_m: lower end of the interval of each mode [unit of x].
        upper_m: upper end [unit of x].
        glass_m: the glass of each mode.
        rng: source of randomness.
        resamples: draws of glasses for the error.

    Raises:
        IllPosedFit: fewer than fifty pairs can be compared.
    """
    signs = comparable_pairs(x_m, y_m, lower_m=lower_m, upper_m=upper_m)
    n_pairs = int(np.count_nonzero(signs)) // 2
    if n_pairs < FEWEST_PAIRS:
        raise IllPosedFit(f"{n_pairs} pairs of modes can be compared, at least {FEWEST_PAIRS} needed", n_pairs)
    glasses, place_m = np.unique(glass_m, return_inverse=True)
    weight_bm = draw_glasses(len(glasses), resamples, rng)[:, place_m].astype(np.float32)
    agreed_b, counted_b = np.zeros(resamples), np.zeros(resamples)
    for first in range(0, len(signs), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        block = signs[rows].astype(np.float32)
        agreed_b += np.sum(weight_bm[:, rows] * (weight_bm @ block.T), axis=1)
        counted_b += np.sum(weight_bm[:, rows] * (weight_bm @ np.abs(block).T), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = spread(agreed_b / counted_b, len(glasses))
    value = float(signs.sum(dtype=np.int64)) / (2 * n_pairs)
    return Estimate(value, error, "1"), n_pairs


def independence_of(
    eta_m: Array,
    t_m: Array,
    *,
    highest_eta_m: Array,
    glass_m: IntArray,
    rng: np.random.Generator,
    resamples: int = 200,
) -> IndependenceTest:
    """Return both tests of the independence of eta and |t| for potentials seen at their only or lower minimum.

    The sign of t has no meaning. At the lower minimum alpha > beta^2/4, which in eta and t reads eta > t^2/4; the
    frequency up to which modes were taken bounds eta from above, differently for each mass and energy.

    Source: karpov-parshin-1985 (section 2); test: test_independence_is_judged_inside_the_region

    Args:
        eta_m: quadratic coefficients of the potentials [-].
        t_m: cubic coefficients [-].
        highest_eta_m: for each mode, the eta at which its frequency would leave the window [-].
        glass_m: the glass of each mode.
        rng: source of randomness.
        resamples: draws of glasses for the error.

    Raises:
        InputError: a mode outside the region of observation.
        IllPosedFit: fewer than twenty modes, or too few pairs that can be compared.
    """
    if len(eta_m) < FEWEST_POINTS:
        raise IllPosedFit(f"independence of eta and t: {len(eta_m)} modes, at least {FEWEST_POINTS} needed", len(eta_m))
    lower_m = t_m**2 / 4
    outside = int(np.sum((eta_m < lower_m) | (eta_m > highest_eta_m)))
    if outside:
        raise InputError(f"{outside} modes lie outside t^2/4 < eta < highest eta: expected lower minima in the window")
    correlation, probability = permutation_test(eta_m, np.abs(t_m), rng)
    kendall, pairs = conditional_kendall(
        eta_m, np.abs(t_m), lower_m=lower_m, upper_m=highest_eta_m, glass_m=glass_m, rng=rng, resamples=resamples
    )
    return IndependenceTest(
        n_modes=len(eta_m),
        distance_correlation=correlation,
        permutation_probability=probability,
        kendall=kendall,
        kendall_probability=two_sided(kendall),
        n_comparable=pairs,
    )


def two_sided(estimate: Estimate) -> float:
    """Return the probability of a normal number as many errors away from zero [-]; NaN without an error.

    Args:
        estimate: the number.
    """
    if not estimate.error > 0:
        return float("nan")
    return float(erfc(abs(estimate.value) / estimate.error / np.sqrt(2)))
