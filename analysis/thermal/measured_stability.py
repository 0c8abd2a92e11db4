"""Soft modes of simulated glasses beside the stability equation: does one energy of distortion serve all of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.thermal.stability import mean_square
from atomsim.errors import IllPosedFit, InputError, nearest
from atomsim.results import Array, IntArray, quantity

FEWEST_MODES = 3
QUARTIC_TERMS = ("relaxed", "bare")
KERNEL_SHARE = 0.05  # width of the kernel that smooths a spectrum, as a share of its highest frequency
KERNEL_GRID = 400  # frequencies at which the smoothed spectrum is taken


class QuarticModes(Protocol):
    """The soft modes of one glass, as much of them as the comparison reads; one row per mode."""

    @property
    def omega_m(self) -> Array:
        """Angular frequencies [sqrt(epsilon/m)/sigma]."""

    @property
    def chi_relaxed_m(self) -> Array:
        """Fourth derivatives with the hard modes following [epsilon/(m^2 sigma^4)]."""

    @property
    def chi_bare_m(self) -> Array:
        """Fourth derivatives with all other modes held fixed [epsilon/(m^2 sigma^4)]."""


@dataclass(frozen=True)
class QuenchedModes:
    """The soft modes of glasses quenched from one temperature."""

    temperature: float = quantity("epsilon", "k_B T of the liquid")
    glasses: tuple[QuarticModes, ...] = quantity("as declared", "soft modes of each glass")


@dataclass(frozen=True)
class StabilityTest:
    """Each measured mode beside the stability equation: the eps_m that it asks for, and whether one serves all.

    In the theory scatters, correlations with eta and ``trend`` (slope of ln eps_m against ln T) are zero. If the modes
    of a glass do not depend on the temperature of its liquid, the trend is ``memoryless_trend``. Errors count each
    glass, not each mode, as independent.
    """

    quartic: str = quantity("text", "which fourth derivative: relaxed (hard modes follow) or bare")
    omega_c: float = quantity("sqrt(epsilon/m)/sigma", "angular frequency of unsoftened modes")
    temperature_m: Array = quantity("epsilon", "k_B T of the liquid that the glass of the mode came from")
    eta_m: Array = quantity("1", "share of the restoring force of an unsoftened mode")
    energy_m: Array = quantity("epsilon", "energy eps of the mode")
    implied_m: Array = quantity("epsilon", "eps_m with which the mode obeys the equation; NaN for eta >= 1")
    glass_m: IntArray = quantity("1", "number of the glass of the mode, over all temperatures")
    n_unbounded: int = quantity("1", "modes left out, whose quartic term is not positive")
    temperature_k: Array = quantity("epsilon", "the temperatures")
    count_k: IntArray = quantity("1", "modes that can be used at each")
    implied_k: Array = quantity("epsilon", "geometric mean of eps_m at each temperature")
    error_k: Array = quantity("1", "standard error of its logarithm; NaN for a single glass")
    scatter_k: Array = quantity("1", "standard deviation of ln eps_m at each temperature")
    eta_correlation_k: Array = quantity("1", "rank correlation of eps_m and eta at each")
    scatter: float = quantity("1", "standard deviation of ln eps_m over all modes")
    trend: float = quantity("1", "slope of ln eps_m against ln T, NaN for one temperature")
    trend_error: float = quantity("1", "its standard error; NaN for fewer than three glasses")
    memoryless_trend: float = quantity("1", "the trend if the modes were the same at all temperatures, 1/2 to 1")
    eta_correlation: float = quantity("1", "rank correlation of eps_m and eta over all modes")

    @property
    def probability(self) -> float:
        """Return how likely means at the temperatures this far apart are if one eps_m served them all [-].

        Of chi^2 over the temperatures; NaN where there is one temperature, or a single glass at one of them.
        """
        weight = self.error_k**-2.0
        logarithm = np.log(self.implied_k)
        chi2 = float(np.sum(weight * (logarithm - np.average(logarithm, weights=weight)) ** 2))
        degrees = len(self.temperature_k) - 1
        return float(stats.chi2.sf(chi2, degrees)) if degrees else float("nan")


def lowest_maximum(omega: ArrayLike, *, share: float = KERNEL_SHARE) -> float:
    """Return where the density of frequencies has its lowest maximum: omega_c [sqrt(epsilon/m)/sigma].

    The density is smoothed by a Gaussian; its width is what decides between a maximum and noise.

    Source: buchenau-1992 (omega_c); test: test_lowest_maximum_of_a_spectrum_of_two_humps

    Args:
        omega: angular frequencies of all vibrations of an ensemble [sqrt(epsilon/m)/sigma].
        share: width of the Gaussian over the highest frequency [-].

    Raises:
        IllPosedFit: the density has no maximum inside.
    """
    omega = np.sort(np.asarray(omega, dtype=float))
    width = share * omega[-1]
    grid = np.linspace(0.0, omega[-1], KERNEL_GRID)
    counts, edges = np.histogram(omega, 10 * KERNEL_GRID)
    centres = 0.5 * (edges[1:] + edges[:-1])
    density = np.exp(-0.5 * ((grid[:, None] - centres) / width) ** 2) @ counts
    inside = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])) + 1
    if not len(inside):
        raise IllPosedFit(f"no maximum of the density of {len(omega)} frequencies below {omega[-1]:.4g}")
    i = int(inside[0])
    bend = density[i - 1] - 2 * density[i] + density[i + 1]
    return float(grid[i] + 0.5 * (density[i - 1] - density[i + 1]) / bend * (grid[1] - grid[0]))


def restoring_share(omega: ArrayLike, omega_c: float) -> Array:
    """Return eta = omega |omega|/omega_c^2 of a mode [-].

    Source: buchenau-1992 (5); test: test_energy_and_share_of_a_mode_are_those_of_its_expansion

    Args:
        omega: angular frequencies, negative for imaginary ones [sqrt(epsilon/m)/sigma].
        omega_c: angular frequency of unsoftened modes [sqrt(epsilon/m)/sigma].
    """
    omega = np.asarray(omega, dtype=float)
    return omega * np.abs(omega) / omega_c**2


def unsoftened_energy(chi: ArrayLike, omega_c: float) -> Array:
    """Return the energy eps = 6 omega_c^4/chi of a mode [epsilon].

    omega^2 s^2/2 + chi s^4/24 = eps (eta x^2 + x^4) with eta = omega^2/omega_c^2 leaves no choice of eps and of the
    unit of x. It is N M a^2 omega_c^2/2 with the length a at which an unsoftened mode of N atoms has as much quartic
    as harmonic energy.

    Source: buchenau-1992 (3), (4), (5); test: test_energy_and_share_of_a_mode_are_those_of_its_expansion

    Args:
        chi: fourth derivatives along the mode [epsilon/(m^2 sigma^4)].
        omega_c: angular frequency of unsoftened modes [sqrt(epsilon/m)/sigma].
    """
    return 6 * omega_c**4 / np.asarray(chi, dtype=float)


def implied_distortion_energy(eta: ArrayLike, energy: ArrayLike, temperature: ArrayLike) -> Array:
    """Return the eps_m with which a mode obeys eps <x^2> = 2 eps_m (1 - eta) [epsilon]; NaN for eta >= 1.

    Source: buchenau-1992 (20); test: test_stable_energies_solve_the_stability_equation

    Args:
        eta: share of the restoring force [-].
        energy: energy eps of the mode [epsilon].
        temperature: k_B T [epsilon].
    """
    eta, energy, thermal = (np.asarray(v, dtype=float) for v in (eta, energy, temperature))
    root = np.sqrt(energy / thermal)
    lifted = thermal * root * mean_square(root * eta)
    return np.where(eta < 1, lifted / (2 * np.where(eta < 1, 1 - eta, 1.0)), np.nan)


def temperature_exponent(eta: ArrayLike, energy: ArrayLike, temperature: ArrayLike) -> Array:
    """Return d ln eps_m/d ln T of the eps_m that a mode asks for, if the mode itself does not change [-].

    1/2 for a quartic mode, 1 for a harmonic one: [1 + eta' (<u^4> - <u^2>^2)/<u^2>]/2, with <u^4> = (1 - 2 eta'
    <u^2>)/4 by the virial theorem. Modes that keep no memory of the temperature of their liquid show this trend.

    Source: buchenau-1992 (20), (24); test: test_temperature_exponent_is_the_derivative

    Args:
        eta: share of the restoring force [-].
        energy: energy eps of the mode [epsilon].
        temperature: k_B T [epsilon].
    """
    eta, energy, thermal = (np.asarray(v, dtype=float) for v in (eta, energy, temperature))
    reduced = np.sqrt(energy / thermal) * eta
    square = mean_square(reduced)
    return (1 + reduced * ((1 - 2 * reduced * square) / 4 - square**2) / square) / 2


def compare_with_stability(
    ensembles: Sequence[QuenchedModes], *, omega_c: float, quartic: str = "relaxed"
) -> StabilityTest:
    """Return measured modes of glasses quenched from several temperatures beside the stability equation.

    omega_c sets the scales of eta and eps; neither participation number nor length enters. If the equation holds,
    one eps_m serves all modes and all temperatures. As long as eta << 1, every eps_m is proportional to omega_c^2, so
    that scatter and trends do not depend on omega_c.

    Source: buchenau-1992 (20); test: test_measured_modes_on_the_curve_give_one_distortion_energy

    Args:
        ensembles: the modes by temperature of the liquid.
        omega_c: angular frequency of unsoftened modes, the lowest maximum of the spectrum [sqrt(epsilon/m)/sigma].
        quartic: the fourth derivative to use, ``"relaxed"`` (the harder modes follow) or ``"bare"`` (along
            the normal mode alone, as the equation has it).

    Raises:
        InputError: a temperature or omega_c is not positive, or the quartic term is unknown.
        IllPosedFit: fewer than three modes can be used.
    """
    if quartic not in QUARTIC_TERMS:
        raise InputError(
            f"quartic = {quartic!r}; expected {' or '.join(QUARTIC_TERMS)}{nearest(quartic, QUARTIC_TERMS)}"
        )
    for name, value in [("omega_c", omega_c), *(("temperature", e.temperature) for e in ensembles)]:
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value!r}: expected a positive number")
    modes = [(e.temperature, g.omega_m, getattr(g, f"chi_{quartic}_m")) for e in ensembles for g in e.glasses]
    glass = np.repeat(np.arange(len(modes)), [len(omega) for _, omega, _ in modes])
    temperature = np.array([t for t, _, _ in modes], dtype=float)[glass]
    omega, chi = (np.concatenate([np.zeros(0), *(row[i] for row in modes)]) for i in (1, 2))
    bounded = chi > 0
    glass, temperature = glass[bounded], temperature[bounded]
    eta, energy = restoring_share(omega[bounded], omega_c), unsoftened_energy(chi[bounded], omega_c)
    implied = implied_distortion_energy(eta, energy, temperature)
    usable = np.isfinite(implied)
    if usable.sum() < FEWEST_MODES:
        raise IllPosedFit(f"{int(usable.sum())} modes with eta < 1 and a positive quartic term, need {FEWEST_MODES}")
    return StabilityTest(
        quartic=quartic,
        omega_c=float(omega_c),
        temperature_m=temperature,
        eta_m=eta,
        energy_m=energy,
        implied_m=implied,
        glass_m=glass,
        n_unbounded=int(np.sum(~bounded)),
        memoryless_trend=float(np.mean(temperature_exponent(eta, energy, temperature)[usable])),
        **_judgement(temperature[usable], eta[usable], np.log(implied[usable]), glass[usable]),
    )


def _judgement(temperature: Array, eta: Array, log_implied: Array, glass: IntArray) -> dict[str, Any]:
    """Means by temperature, scatter and trends of what the modes imply."""
    levels = np.unique(temperature)
    groups = [temperature == level for level in levels]
    means = np.array([log_implied[group].mean() for group in groups])
    ones = np.ones(len(glass))
    errors = [_clustered_error(ones[g], log_implied[g] - m, glass[g]) for g, m in zip(groups, means, strict=True)]
    trend = error = float("nan")
    if len(levels) > 1:
        x = np.log(temperature) - np.log(temperature).mean()
        trend = float(x @ log_implied / (x @ x))
        error = _clustered_error(x, log_implied - log_implied.mean() - trend * x, glass, parameters=2)
    return {
        "temperature_k": levels,
        "count_k": np.array([np.sum(group) for group in groups]),
        "implied_k": np.exp(means),
        "error_k": np.array(errors),
        "scatter_k": np.array([np.std(log_implied[g], ddof=1) if g.sum() > 1 else np.nan for g in groups]),
        "eta_correlation_k": np.array([_rank_correlation(log_implied[g], eta[g]) for g in groups]),
        "scatter": float(np.std(log_implied, ddof=1)),
        "trend": trend,
        "trend_error": error,
        "eta_correlation": _rank_correlation(log_implied, eta),
    }


def _rank_correlation(first: Array, second: Array) -> float:
    """Spearman's coefficient; NaN where it has no meaning."""
    if len(first) < FEWEST_MODES or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(stats.spearmanr(first, second).statistic)


def _clustered_error(x: Array, residual: Array, glass: IntArray, *, parameters: int = 1) -> float:
    """Standard error of the coefficient of x from residuals that are independent between glasses only."""
    _, place = np.unique(glass, return_inverse=True)
    count = int(place.max()) + 1
    if count <= parameters:
        return float("nan")
    sums = np.bincount(place, weights=x * residual)
    return float(np.sqrt(count / (count - parameters) * (sums @ sums)) / (x @ x))
