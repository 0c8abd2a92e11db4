"""The lowest vibration of each glass: its Weibull law, and its mean against the number of atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from analysis.soft_potential.low_spectra import OMEGA, TailWindow
from analysis.soft_potential.tail_fit import REJECTED_BELOW, draw_glasses, spread
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, Estimate, IntArray, quantity

FEWEST_MINIMA = 10  # lowest vibrations inside the window
SHAPES = (1e-2, 1e3)  # where the shape is looked for
HALVINGS = 60  # of the logarithm of that range: to round-off
DRAWS_OF_LAW = 400


@dataclass(frozen=True)
class WeibullFit:
    """The law P(w) ~ w^s exp(-(w/w_0)^(s+1)) of the lowest vibration of a glass.

    Glasses whose lowest vibration lies beyond the window count as such: they have none below it.
    """

    n_glasses: int = quantity("1", "number of glasses")
    n_beyond: int = quantity("1", "of these, glasses without a vibration in the window")
    shape: Estimate = quantity("1", "s + 1")
    scale: Estimate = quantity(OMEGA, "w_0")
    anderson_darling: float = quantity("1", "probability of a worse fit, weighted to the ends")
    kolmogorov: float = quantity("1", "probability of a larger distance")

    @property
    def exponent(self) -> Estimate:
        """The exponent s of the tail [-]."""
        return Estimate(self.shape.value - 1, self.shape.error, "1", self.shape.note)


def weibull_shapes(time_bg: Array, inside_bg: Array, weight_bg: Array) -> Array:
    """Return the shape of largest likelihood of each sample [-]; NaN where it has no maximum.

    With lowest frequencies t inside the window and t = edge for the others, the shape k solves
    sum t^k ln t/sum t^k - mean over the inside of ln t = 1/k; the left side rises with k.

    Source: cohen-1965 (censored samples); test: test_weibull_shape_solves_its_likelihood

    Args:
        time_bg: lowest frequencies, the edge of the window for glasses beyond it, one sample per row [any unit].
        inside_bg: 1 for glasses whose lowest vibration is inside the window, 0 for the others [-].
        weight_bg: how often each glass counts [-].
    """
    log_bg = np.log(time_bg)
    log_bg = log_bg - log_bg.max(axis=1, keepdims=True)  # powers stay between 0 and 1
    found_b = np.sum(weight_bg * inside_bg, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_b = np.sum(weight_bg * inside_bg * log_bg, axis=1) / found_b

    def slope(shape_b: Array) -> Array:
        power = weight_bg * np.exp(shape_b[:, None] * log_bg)
        return np.sum(power * log_bg, axis=1) / np.sum(power, axis=1) - mean_b - 1 / shape_b

    low, high = (np.full(len(log_bg), np.log(end)) for end in SHAPES)
    solvable = (found_b > 0) & (slope(np.exp(high)) > 0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = slope(np.exp(middle)) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(solvable, np.exp((low + high) / 2), np.nan)


def weibull_scales(time_bg: Array, inside_bg: Array, weight_bg: Array, shape_b: Array) -> Array:
    """Return the scale of largest likelihood for given shapes, w_0^k = sum t^k/number inside [unit of the times].

    Source: cohen-1965 (censored samples); test: test_weibull_shape_solves_its_likelihood

    Args:
        time_bg: lowest frequencies, the edge of the window for glasses beyond it, one sample per row [any unit].
        inside_bg: 1 for glasses whose lowest vibration is inside the window, 0 for the others [-].
        weight_bg: how often each glass counts [-].
        shape_b: shape of each sample [-].
    """
    largest = time_bg.max(axis=1)
    power = np.sum(weight_bg * (time_bg / largest[:, None]) ** shape_b[:, None], axis=1)
    with np.errstate(divide="ignore"):
        return largest * (power / np.sum(weight_bg * inside_bg, axis=1)) ** (1 / shape_b)


def goodness(time_bg: Array, inside_bg: Array, edge: float) -> tuple[Array, Array, Array, Array]:
    """Return shape, scale, Anderson-Darling and Kolmogorov distance of each sample from its own Weibull law [-].

    Both distances are taken below the edge; the first is n times the integral of (F_n - F)^2/F(1 - F) over F.

    Source: anderson-darling-1954 (statistic); test: test_anderson_darling_of_a_whole_sample_is_the_known_sum

    Args:
        time_bg: lowest frequencies, the edge of the window for glasses beyond it, one sample per row [any unit].
        inside_bg: 1 for glasses whose lowest vibration is inside the window, 0 for the others [-].
        edge: end of the window, infinite for whole samples [unit of the times].
    """
    ones = np.ones_like(time_bg)
    shape_b = weibull_shapes(time_bg, inside_bg, ones)
    scale_b = weibull_scales(time_bg, inside_bg, ones, shape_b)
    n = time_bg.shape[1]
    law = -np.expm1(-((np.sort(time_bg, axis=1) / scale_b[:, None]) ** shape_b[:, None]))
    end = -np.expm1(-((edge / scale_b) ** shape_b))[:, None]
    ends = np.concatenate([np.zeros_like(end), np.minimum(law, end), end], axis=1)
    steps = np.arange(n + 1) / n  # F_n between neighbouring ends
    square, rest = steps**2, (1 - steps) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(square == 0, 0.0, square * np.log(ends[:, :-1]))
        top = np.where(square == 0, 0.0, square * np.log(ends[:, 1:]))
        low = low - np.where(rest == 0, 0.0, rest * np.log1p(-ends[:, :-1]))
        top = top - np.where(rest == 0, 0.0, rest * np.log1p(-ends[:, 1:]))
    anderson = n * np.sum(top - low - np.diff(ends, axis=1), axis=1)
    distance = np.maximum(np.abs(steps - ends[:, :-1]), np.abs(steps - ends[:, 1:]))
    return shape_b, scale_b, anderson, np.where(np.diff(ends, axis=1) > 0, distance, 0.0).max(axis=1)


def fit_weibull(window: TailWindow, rng: np.random.Generator, *, resamples: int = 400) -> WeibullFit:
    """Return the Weibull law of the lowest vibrations, errors from drawing glasses.

    Samples of the fitted law, cut at the same edge and fitted again, give the bias of the shape, which is removed,
    and the probabilities of both distances.

    Source: lerner-2016 (lowest frequency); test: test_weibull_shape_of_poisson_tails_is_one_above_the_exponent

    Args:
        window: the vibrations.
        rng: source of randomness.
        resamples: draws of glasses for the errors.

    Raises:
        IllPosedFit: fewer than ten glasses with a vibration in the window, or lowest vibrations that do not follow
            the law; the fit is its ``estimate``.
    """
    n = window.n_glasses
    inside_g = (window.minimum_g < window.edge).astype(float)
    time_g = np.minimum(window.minimum_g, window.edge)
    found = int(inside_g.sum())
    if found < 2:
        raise IllPosedFit(f"Weibull law: {found} of {n} glasses have a vibration below {window.edge:.4g}", found)
    shape, scale, anderson, distance = (float(x[0]) for x in goodness(time_g[None], inside_g[None], window.edge))
    drawn = scale * rng.exponential(size=(DRAWS_OF_LAW, n)) ** (1 / shape)
    law = goodness(np.minimum(drawn, window.edge), (drawn < window.edge).astype(float), window.edge)
    weight_bg = draw_glasses(n, resamples, rng)
    sample, inside_bg = np.broadcast_to(time_g, weight_bg.shape), np.broadcast_to(inside_g, weight_bg.shape)
    shape_b = weibull_shapes(sample, inside_bg, weight_bg)
    scale_b = weibull_scales(sample, inside_bg, weight_bg, shape_b)
    bias = float(np.nanmean(law[0])) / shape
    fit = WeibullFit(
        n_glasses=n,
        n_beyond=n - found,
        shape=Estimate(shape / bias, spread(shape_b, n) / bias, "1"),
        scale=Estimate(scale, spread(scale_b, n), OMEGA),
        anderson_darling=_share_above(law[2], anderson),
        kolmogorov=_share_above(law[3], distance),
    )
    if found < FEWEST_MINIMA:
        raise IllPosedFit(
            f"Weibull law: {found} glasses have a vibration below {window.edge:.4g}, at least {FEWEST_MINIMA} needed",
            estimate=fit,
        )
    if fit.anderson_darling < REJECTED_BELOW:
        raise IllPosedFit(
            f"Weibull law: the lowest vibrations of {n} glasses do not follow it (probability "
            f"{fit.anderson_darling:.2g})",
            estimate=fit,
        )
    return fit


def _share_above(drawn_b: Array, found: float) -> float:
    valid = drawn_b[np.isfinite(drawn_b)]
    return float((1 + np.sum(valid >= found)) / (len(valid) + 1))


@dataclass(frozen=True)
class SizeScaling:
    """The mean lowest frequency against the number of atoms, <w_min> ~ N^(-1/(1+s))."""

    n_atoms_s: IntArray = quantity("1", "numbers of atoms")
    mean_s: Array = quantity(OMEGA, "mean of the lowest frequency of a glass")
    error_s: Array = quantity(OMEGA, "its standard error")
    power: Estimate = quantity("1", "d ln <w_min>/d ln N")
    exponent: Estimate = quantity("1", "s")
    probability: float = quantity("1", "of a larger chi^2; NaN for two sizes")


def fit_size_scaling(n_atoms_s: Sequence[int], mean_s: Sequence[float], error_s: Sequence[float]) -> SizeScaling:
    """Return the power of N in the mean lowest frequency, and the exponent s = -1/power - 1 of the tail.

    In 3N degrees of freedom with the density A omega^s the lowest frequency scales with (A N)^(-1/(1+s)).

    Source: lerner-2016 (lowest frequency); test: test_size_scaling_gives_the_exponent_back

    Args:
        n_atoms_s: numbers of atoms.
        mean_s: mean of the lowest frequency at each [sqrt(epsilon/m)/sigma].
        error_s: standard errors [sqrt(epsilon/m)/sigma].

    Raises:
        InputError: lists of different lengths, or an error that is not positive.
        IllPosedFit: fewer than two sizes, or a mean that does not fall with the size by two standard errors.
    """
    n, mean, error = (np.asarray(x, dtype=float) for x in (n_atoms_s, mean_s, error_s))
    if not len(n) == len(mean) == len(error):
        raise InputError(f"{len(n)} sizes, {len(mean)} means and {len(error)} errors do not match")
    if len(set(n.tolist())) < 2:
        raise IllPosedFit(f"mean lowest frequency against N: {len(n)} size, at least two needed", estimate=None)
    if not np.all(error > 0):
        raise InputError(f"standard errors must be positive, got {error.tolist()}")
    weight, x, y = (mean / error) ** 2, np.log(n), np.log(mean)
    centre = float(weight @ x / weight.sum())
    power = float(weight @ ((x - centre) * y) / (weight @ (x - centre) ** 2))
    power_error = float((weight @ (x - centre) ** 2) ** -0.5)
    level = float(weight @ (y - power * x) / weight.sum())
    chi2 = float(weight @ (y - level - power * x) ** 2)
    fit = SizeScaling(
        n_atoms_s=n.astype(np.int64),
        mean_s=mean,
        error_s=error,
        power=Estimate(power, power_error, "1"),
        exponent=Estimate(-1 / power - 1, power_error / power**2, "1"),
        probability=float(gammaincc((len(n) - 2) / 2, chi2 / 2)) if len(n) > 2 else float("nan"),
    )
    if power > -2 * power_error:
        raise IllPosedFit(
            f"mean lowest frequency against N: the power {power:.3f} +- {power_error:.3f} is not below zero", fit
        )
    return fit
