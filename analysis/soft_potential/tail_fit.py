"""Exponent of the low-frequency tail by maximum likelihood, with its dependence on where the window ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.low_spectra import OMEGA, LowSpectrum, TailWindow, mean_phonon, window_below
from atomsim.errors import IllPosedFit, IncompleteSpectrum
from atomsim.results import Array, Estimate, IntArray, quantity

FEWEST_MODES = 10  # the relative error of s + 1 is a third
REJECTED_BELOW = 0.01  # probability below which a power law is not what the data show
DRAWS_OF_NULL = 400  # samples of the power law for the probability; its error is 0.005 near REJECTED_BELOW
FRACTIONS = tuple(np.round(np.arange(0.3, 1.01, 0.05), 2).tolist())  # of the lowest phonon, of the profile


@dataclass(frozen=True)
class TailProfile:
    """The exponent against the end of the window; NaN where fewer than two vibrations are left."""

    fraction_w: Array = quantity("1", "end of the window over the lowest phonon of the box")
    edge_w: Array = quantity(OMEGA, "end of the window")
    count_w: IntArray = quantity("1", "vibrations in the window")
    exponent_w: Array = quantity("1", "exponent")
    error_w: Array = quantity("1", "its standard error, from drawing glasses")
    probability_w: Array = quantity("1", "of a worse power law, were the vibrations drawn from the fitted one")


def draw_glasses(n_glasses: int, resamples: int, rng: np.random.Generator) -> Array:
    """Return how often each glass counts in each draw with replacement [-].

    Source: efron-1979 (bootstrap); test: test_errors_of_the_exponent_cover_the_truth

    Args:
        n_glasses: number of glasses.
        resamples: number of draws.
        rng: source of randomness.
    """
    return rng.multinomial(n_glasses, np.full(n_glasses, 1 / n_glasses), size=resamples).astype(float)


def spread(values_b: Array, n_glasses: int) -> float:
    """Return the standard error that draws of glasses give a number [unit of the number]; NaN for one glass.

    Args:
        values_b: the number in each draw, NaN where the draw has none [unit of the number].
        n_glasses: number of glasses.
    """
    valid = values_b[np.isfinite(values_b)]
    if n_glasses < 2 or len(valid) < 2:
        return float("nan")
    return float(np.std(valid) * np.sqrt(n_glasses / (n_glasses - 1)))


def window_exponents(window: TailWindow, counts_bg: Array) -> Array:
    """Return the exponent of the tail in each draw of glasses [-]; NaN for fewer than two vibrations.

    The conditional likelihood of a Poisson process of density omega^s below an edge is largest at
    s = K/sum ln(edge/omega) - 1; K - 1 in place of K removes the bias.

    Source: hill-1975 (estimator); test: test_exponent_of_a_tail_is_unbiased

    Args:
        window: the vibrations.
        counts_bg: how often each glass counts in each draw [-].
    """
    found_b, sum_b = counts_bg @ window.count_g, counts_bg @ window.log_sum_g
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent_b = (found_b - 1) / sum_b - 1
    return np.where(found_b >= 2, exponent_b, np.nan)


def kolmogorov_distances(excess_bk: Array) -> Array:
    """Return the largest distance of each sample from the exponential law with its own mean [-].

    Args:
        excess_bk: samples as rows [any unit].
    """
    k = excess_bk.shape[1]
    law = -np.expm1(-np.sort(excess_bk, axis=1) / excess_bk.mean(axis=1, keepdims=True))
    steps = np.arange(k + 1) / k
    return np.maximum((steps[1:] - law).max(axis=1), (law - steps[:-1]).max(axis=1))


def power_law_probability(window: TailWindow, rng: np.random.Generator) -> float:
    """Return how often samples of the fitted power law lie farther from it than the vibrations do [-].

    ln(edge/omega) of a power law is exponential; the law of the distance with a fitted mean does not depend on that
    mean and is sampled. Vibrations of one glass are taken as independent. NaN for fewer than two.

    Source: clauset-2009 (goodness of fit); test: test_probability_of_a_power_law_is_uniform

    Args:
        window: the vibrations.
        rng: source of randomness.
    """
    excess = np.log(window.edge / np.concatenate(window.omega_gm))
    if len(excess) < 2:
        return float("nan")
    found = kolmogorov_distances(excess[None, :])[0]
    null = kolmogorov_distances(rng.exponential(size=(DRAWS_OF_NULL, len(excess))))
    return float((1 + np.sum(null >= found)) / (DRAWS_OF_NULL + 1))


def fit_exponent(window: TailWindow, rng: np.random.Generator, *, resamples: int = 400) -> tuple[Estimate, float]:
    """Return the exponent of the tail, with its error from drawing glasses, and the probability of the power law [-].

    Source: hill-1975 (estimator); test: test_exponent_of_a_tail_is_unbiased

    Args:
        window: the vibrations.
        rng: source of randomness.
        resamples: draws of glasses for the error.

    Raises:
        IllPosedFit: fewer than ten vibrations, or vibrations that do not follow a power law; the exponent and the
            probability are its ``estimate``.
    """
    n_glasses = window.n_glasses
    value = float(window_exponents(window, np.ones((1, n_glasses)))[0])
    error = spread(window_exponents(window, draw_glasses(n_glasses, resamples, rng)), n_glasses)
    probability = power_law_probability(window, rng)
    estimate = Estimate(value, error, "1")
    found = int(window.count_g.sum())
    if found < FEWEST_MODES:
        raise IllPosedFit(
            f"exponent of the tail: {found} vibrations below {window.edge:.4g}, at least {FEWEST_MODES} needed",
            estimate=(estimate, probability),
        )
    if probability < REJECTED_BELOW:
        raise IllPosedFit(
            f"exponent of the tail: the {found} vibrations below {window.edge:.4g} follow no power law (probability "
            f"{probability:.2g})",
            estimate=(estimate, probability),
        )
    return estimate, probability


def profile_exponent(
    spectra: Sequence[LowSpectrum],
    rng: np.random.Generator,
    *,
    fractions: Sequence[float] = FRACTIONS,
    resamples: int = 200,
) -> TailProfile:
    """Return the exponent of the tail against the end of the window, as far up as the spectra are complete.

    Args:
        spectra: the lowest vibrations of glasses of one size.
        rng: source of randomness.
        fractions: ends of the window over the lowest phonon of the box [-].
        resamples: draws of glasses for the errors.

    Raises:
        InputError: no glasses, or glasses of several sizes.
        IncompleteSpectrum: not even the narrowest window is complete.
    """
    phonon = mean_phonon(spectra)
    reach = min(spectrum.complete_below for spectrum in spectra)
    kept = [fraction for fraction in fractions if fraction * phonon <= reach]
    if not kept:
        raise IncompleteSpectrum(
            f"the vibrations are known below {reach:.4g}, {reach / phonon:.2g} of the lowest phonon", estimate=reach
        )
    counts_bg = draw_glasses(len(spectra), resamples, rng)
    windows = [window_below(spectra, fraction * phonon) for fraction in kept]
    ones = np.ones((1, len(spectra)))
    return TailProfile(
        fraction_w=np.array(kept),
        edge_w=np.array([window.edge for window in windows]),
        count_w=np.array([window.count_g.sum() for window in windows], dtype=np.int64),
        exponent_w=np.array([window_exponents(window, ones)[0] for window in windows]),
        error_w=np.array([spread(window_exponents(window, counts_bg), len(spectra)) for window in windows]),
        probability_w=np.array([power_law_probability(window, rng) for window in windows]),
    )
