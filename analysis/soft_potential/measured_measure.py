"""The distribution of soft potentials that the soft modes of simulated glasses show, as a power of the curvature.

A measure uniform in (eta, t) and one uniform in (D1, D2) are two members of one family: a density over (alpha, beta)
of lower minima in proportion to alpha^s, with s = 0 and s = 1. Its vibrations follow N(E) ~ E^{2 + 2s}. Which s a glass
has is a question to its soft modes, and so is the other half of the family: that beta/alpha^{1/2} is spread evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.soft_potential.ensemble import SoftModesLike
from analysis.soft_potential.measures import Weight
from analysis.soft_potential.parameters import soft_potentials
from analysis.soft_potential.resampling import bootstrap, bootstrap_error
from analysis.soft_potential.tail import tail_exponent
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, Estimate, IntArray, quantity

UNIFORM_ETA_T, UNIFORM_FIELD = 0.0, 1.0  # powers of the two measures of the literature
LOWEST_POWER = -1.5  # where the number of modes below any curvature becomes infinite
SMALLEST_CURVATURE = 1e-9
WINDOWS = (0.6, 0.7, 0.8, 0.9, 1.0)  # of the completeness limit: does the power depend on where the window ends?
FEWEST_MODES = 5
EVEN_ABOVE = 0.05  # probability
FAR = 2.0  # standard errors from which a measure is called excluded


@dataclass(frozen=True)
class MeasuredMeasure:
    """Density alpha^s of the lower minima over (alpha, beta), fitted to the modes below their completeness limit.

    ``factor`` is the density at alpha = 1 over that of potentials uniform in (D1, D2) which give as many modes in the
    same window: the amplitude is fixed where modes were counted.
    """

    n_glasses: int = quantity("1", "number of glasses")
    n_modes: int = quantity("1", "modes fitted: bounded, in their only or lower minimum, below the limit")
    n_left_out: int = quantity("1", "modes below the limit that are not: unbounded, or in an upper minimum")
    power: Estimate = quantity("1", "power s of the curvature alpha")
    exponent: Estimate = quantity("1", "exponent 2 + 2s of the density of vibrations")
    factor: Estimate = quantity("1", "density at alpha = 1 over that of (D1, D2) with as many modes in the window")
    lowest_alpha: float = quantity("1", "smallest curvature of a mode: below it the density is extrapolated")
    highest_alpha: float = quantity("1", "median curvature at the end of the window")
    shape_distance: float = quantity("1", "Kolmogorov-Smirnov distance of |beta|/2 alpha^{1/2} from an even spread")
    shape_probability: float = quantity("1", "probability of a larger distance if the spread is even")
    window_w: Array = quantity("1", "ends of other windows over the completeness limit")
    power_w: Array = quantity("1", "power in each of them")
    power_error_w: Array = quantity("1", "its error")
    power_b: Array = quantity("1", "power in each draw of glasses")
    factor_b: Array = quantity("1", "density at alpha = 1 in each draw")

    def verdict(self) -> str:
        """Return in words what the data allow: a measure is excluded only if it is so in every window."""
        words = [
            f"N(E) ~ E^p with p = {self.exponent.value:.2f} +- {self.exponent.error:.2f} from {self.n_modes} modes of "
            f"{self.n_glasses} glasses; {self.n_left_out} modes left out: unbounded, or in an upper minimum",
            f"p = {2 + 2 * self.power_w[0]:.2f} +- {2 * self.power_error_w[0]:.2f} up to {self.window_w[0]:g} of the "
            "limit of completeness",
        ]
        for name, power in (("(eta, t), p = 2", UNIFORM_ETA_T), ("(D1, D2), p = 4", UNIFORM_FIELD)):
            away = np.abs(self.power_w - power) / self.power_error_w
            held = "excluded in all windows" if np.all(away > FAR) else "not excluded in all windows"
            words.append(f"uniform {name}: {away[-1]:.1f} standard errors away, {held}")
        even = "agrees with" if self.shape_probability > EVEN_ABOVE else "differs from"
        words.append(f"beta/alpha^(1/2) {even} an even spread (probability {self.shape_probability:.2g})")
        words.append(f"alpha measured from {self.lowest_alpha:.3g} to {self.highest_alpha:.3g}, extrapolated below")
        return "; ".join(words)


def lower_curvature(D1: ArrayLike, D2: ArrayLike) -> Array:
    """Return alpha = D2 + 6 x^2 of the only or lower minimum x of D1 x + D2 x^2 + x^4 [-].

    Source: soft-potential-notes (images); test: test_lower_curvature_is_that_of_the_lowest_minimum

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].
    """
    D1, D2 = np.broadcast_arrays(np.abs(np.asarray(D1, dtype=float)), np.asarray(D2, dtype=float))
    p, q = D2 / 2, D1 / 4  # x^3 + p x + q = 0, and its most negative root
    size = 2 * np.sqrt(np.maximum(-p, 0.0) / 3)
    inside = np.clip(-3 * q / np.where(size > 0, p * size, -1.0), -1.0, 1.0)
    three = -size * np.cos(np.arccos(inside) / 3)
    half = np.cbrt(q / 2 + np.sqrt(np.maximum(q**2 / 4 + p**3 / 27, 0.0)))
    one = np.where(half > 0, p / (3 * np.where(half > 0, half, 1.0)) - half, 0.0)
    return D2 + 6 * np.where(4 * p**3 + 27 * q**2 < 0, three, one) ** 2


def power_weight(power: float) -> Weight:
    """Return the density alpha^{s-1} over (D1, D2), alpha that of the lower minimum: alpha^s/2 over (alpha, beta).

    Args:
        power: s [-].

    Raises:
        InputError: a power for which the number of potentials is infinite.
    """
    if not power > LOWEST_POWER:
        raise InputError(f"power {power!r} of the curvature, expected more than {LOWEST_POWER}")

    def weight(D1: Array, D2: Array) -> Array:
        alpha = lower_curvature(D1, D2)
        # alpha = 0 is a single point, of no weight in an integral over the plane
        return np.where(alpha > SMALLEST_CURVATURE, np.maximum(alpha, SMALLEST_CURVATURE) ** (power - 1), 0.0)

    return weight


def window_factor(power: float, highest_alpha_m: Array, weight_m: Array) -> float:
    """Return the density at alpha = 1 over that of (D1, D2) which gives as many modes in the same window [-].

    (2/5)(s + 3/2) alpha_w^{1-s}, from the areas int 4 alpha^{1/2} (alpha^s/2) d alpha; averaged over modes of
    different W with the weight W^4 of tunnelling systems.

    Source: soft-potential-notes (measured measure); test: test_factor_keeps_the_number_of_modes

    Args:
        power: s [-].
        highest_alpha_m: curvature at the end of the window of each mode [-].
        weight_m: weight of each mode [any unit].
    """
    factor_m = 0.4 * (power + 1.5) * np.asarray(highest_alpha_m) ** (1 - power)
    return float(np.sum(weight_m * factor_m) / np.sum(weight_m))


@dataclass(frozen=True)
class _Modes:
    """What is fitted of each mode, and the glass it belongs to."""

    glass_m: IntArray
    omega_m: Array
    limit_m: Array
    alpha_m: Array
    beta_m: Array
    W_m: Array

    def power(self, counts_g: IntArray, window: float = 1.0) -> float:
        """s by maximum likelihood, (p - 2)/2 with the exponent p of the tail."""
        repeated = np.repeat(np.arange(len(self.omega_m)), counts_g[self.glass_m])
        return (tail_exponent(self.omega_m[repeated], window * self.limit_m[repeated]) - 2) / 2

    @property
    def highest_alpha_m(self) -> Array:
        return self.alpha_m * (self.limit_m / self.omega_m) ** 2

    def factor(self, counts_g: IntArray, power: float) -> float:
        weight_m = counts_g[self.glass_m] * self.W_m**4
        if not (np.isfinite(power) and weight_m.sum() > 0):
            return float("nan")
        return window_factor(power, self.highest_alpha_m, weight_m)


def fit_measured_measure(
    soft_modes: Sequence[SoftModesLike], *, hbar: float, rng: np.random.Generator, window_omega: float = np.inf,
    resamples: int = 400,
) -> MeasuredMeasure:  # fmt: skip
    """Return the power of the curvature with which the lower minima of glasses are distributed, by maximum likelihood.

    Source: hill-1975 (estimator); test: test_power_of_the_curvature_is_recovered
    Source: soft-potential-notes (measured measure); test: test_power_of_the_curvature_is_recovered

    Args:
        soft_modes: the soft modes of each glass.
        hbar: Planck's constant over 2 pi of the material [sigma sqrt(m epsilon)].
        rng: source of randomness.
        window_omega: upper end of the window, if below the limit of selection of a glass [sqrt(epsilon/m)/sigma].
        resamples: number of draws for the errors.

    Raises:
        IllPosedFit: too few modes, or a power for which the number of potentials is infinite.
    """
    modes, left_out = _collect(soft_modes, hbar=hbar, window=window_omega)
    count, n_glasses = len(modes.omega_m), len(soft_modes)
    if count < FEWEST_MODES:
        raise IllPosedFit(f"{count} modes in lower minima below the limit, expected at least {FEWEST_MODES}", count)

    def statistic(counts_g: IntArray) -> dict[str, float]:
        power = modes.power(counts_g)
        narrower = {f"{window:g}": modes.power(counts_g, window) for window in WINDOWS}
        return {"power": power, "factor": modes.factor(counts_g, power), **narrower}

    value = statistic(np.ones(n_glasses, dtype=np.int64))
    if not value["power"] > LOWEST_POWER:
        raise IllPosedFit(f"power {value['power']:.3g} of the curvature: no finite number of potentials", value)
    drawn = bootstrap(statistic, n_glasses, rng, resamples=resamples)
    error = {name: bootstrap_error(draws, n_glasses) for name, draws in drawn.items()}
    spread = np.abs(modes.beta_m) / (2 * np.sqrt(modes.alpha_m))
    test = stats.kstest(spread, "uniform")
    return MeasuredMeasure(
        n_glasses=n_glasses,
        n_modes=count,
        n_left_out=left_out,
        power=Estimate(value["power"], error["power"], "1"),
        exponent=Estimate(2 + 2 * value["power"], 2 * error["power"], "1"),
        factor=Estimate(value["factor"], error["factor"], "1"),
        lowest_alpha=float(modes.alpha_m.min()),
        highest_alpha=float(np.median(modes.highest_alpha_m)),
        shape_distance=float(test.statistic),
        shape_probability=float(test.pvalue),
        window_w=np.array(WINDOWS),
        power_w=np.array([value[f"{w:g}"] for w in WINDOWS]),
        power_error_w=np.array([error[f"{w:g}"] for w in WINDOWS]),
        power_b=drawn["power"],
        factor_b=drawn["factor"],
    )


def _collect(soft_modes: Sequence[SoftModesLike], *, hbar: float, window: float) -> tuple[_Modes, int]:
    """The modes in lower minima below the limit of their glass, and how many others are below it."""
    columns: list[list[Array]] = []
    seen = 0
    for g, glass in enumerate(soft_modes):
        limit = min(glass.limit_omega, window)
        inside = (glass.omega_m > 0) & (glass.omega_m < limit)
        chosen = inside & (glass.chi_relaxed_m > 0)
        seen += int(inside.sum())
        omega, tau, chi, mass = (
            getattr(glass, name)[chosen] for name in ("omega_m", "tau_m", "chi_relaxed_m", "effective_mass_m")
        )
        found = soft_potentials(omega, tau, chi, mass, hbar=hbar, length=1.0)  # alpha, beta and W know no length
        low = found.lower_minimum_m
        ones = np.ones(np.count_nonzero(low))
        columns.append([g * ones, omega[low], limit * ones, found.alpha_m[low], found.beta_m[low], found.W_m[low]])
    merged = [np.concatenate(part) for part in zip(*columns, strict=True)] if columns else [np.zeros(0)] * 6
    return _Modes(merged[0].astype(np.int64), *merged[1:]), seen - len(merged[0])
