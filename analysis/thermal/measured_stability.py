"""Soft modes of simulated glasses beside the stability equation: does one energy of distortion serve all of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.soft_potential.ensemble import SoftModesLike
from analysis.thermal.stability import mean_square
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, IntArray, quantity

FEWEST_MODES = 3


@dataclass(frozen=True)
class QuenchedModes:
    """The soft modes of glasses quenched from one temperature."""

    temperature: float = quantity("epsilon", "k_B T of the liquid")
    glasses: tuple[SoftModesLike, ...] = quantity("as declared", "soft modes of each glass")


@dataclass(frozen=True)
class StabilityTest:
    """Each measured mode beside the stability equation: the eps_m that it asks for, and whether one serves all.

    In the theory ``scatter`` (standard deviation of ln eps_m over all modes), ``trend`` (its slope against ln T of the
    liquid) and ``eta_correlation`` (rank correlation of eps_m with eta) are zero.
    """

    omega_c: float = quantity("sqrt(epsilon/m)/sigma", "angular frequency of unsoftened modes")
    temperature_m: Array = quantity("epsilon", "k_B T of the liquid that the glass of the mode came from")
    eta_m: Array = quantity("1", "share of the restoring force of an unsoftened mode")
    energy_m: Array = quantity("epsilon", "energy eps of the mode")
    implied_m: Array = quantity("epsilon", "eps_m with which the mode obeys the equation; NaN for eta >= 1")
    n_unbounded: int = quantity("1", "modes left out, whose quartic term is not positive")
    temperature_k: Array = quantity("epsilon", "the temperatures")
    count_k: IntArray = quantity("1", "modes that can be used at each")
    implied_k: Array = quantity("epsilon", "median of eps_m at each temperature")
    scatter: float = quantity("1", "standard deviation of ln eps_m")
    trend: float = quantity("1", "slope of ln eps_m against ln T, NaN for one temperature")
    trend_error: float = quantity("1", "its standard error")
    eta_correlation: float = quantity("1", "rank correlation of eps_m and eta")


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


def compare_with_stability(ensembles: Sequence[QuenchedModes], *, omega_c: float) -> StabilityTest:
    """Return measured modes of glasses quenched from several temperatures beside the stability equation.

    omega_c sets the scales of eta and eps; neither participation number nor length enters. If the equation holds,
    one eps_m serves all modes and all temperatures.

    Source: buchenau-1992 (20); test: test_measured_modes_on_the_curve_give_one_distortion_energy

    Args:
        ensembles: the modes by temperature of the liquid.
        omega_c: angular frequency of unsoftened modes, the lowest maximum of the spectrum [sqrt(epsilon/m)/sigma].

    Raises:
        InputError: a temperature or omega_c is not positive.
        IllPosedFit: fewer than three modes can be used.
    """
    for name, value in [("omega_c", omega_c), *(("temperature", e.temperature) for e in ensembles)]:
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value!r}: expected a positive number")
    columns: dict[str, list[Array]] = {"temperature": [], "eta": [], "energy": []}
    left_out = 0
    for ensemble in ensembles:
        for glass in ensemble.glasses:
            bounded = np.asarray(glass.chi_relaxed_m) > 0
            left_out += int(np.sum(~bounded))
            columns["temperature"].append(np.full(int(bounded.sum()), float(ensemble.temperature)))
            columns["eta"].append(restoring_share(np.asarray(glass.omega_m)[bounded], omega_c))
            columns["energy"].append(unsoftened_energy(np.asarray(glass.chi_relaxed_m)[bounded], omega_c))
    temperature, eta, energy = (np.concatenate([np.zeros(0), *column]) for column in columns.values())
    implied = implied_distortion_energy(eta, energy, temperature)
    usable = np.isfinite(implied)
    if usable.sum() < FEWEST_MODES:
        raise IllPosedFit(f"{int(usable.sum())} modes with eta < 1 and a positive quartic term, need {FEWEST_MODES}")
    return StabilityTest(
        omega_c=float(omega_c),
        temperature_m=temperature,
        eta_m=eta,
        energy_m=energy,
        implied_m=implied,
        n_unbounded=left_out,
        **_judgement(temperature[usable], eta[usable], np.log(implied[usable])),
    )


def _judgement(temperature: Array, eta: Array, log_implied: Array) -> dict[str, Any]:
    """Medians by temperature, scatter and trends of what the modes imply."""
    levels = np.unique(temperature)
    groups = [log_implied[temperature == level] for level in levels]
    trend = error = float("nan")
    if len(levels) > 1:
        x = np.log(temperature) - np.log(temperature).mean()
        trend = float(x @ log_implied / (x @ x))
        residual = log_implied - log_implied.mean() - trend * x
        error = float(np.sqrt(residual @ residual / (len(x) - 2) / (x @ x)))
    ranks = [np.argsort(np.argsort(v)).astype(float) for v in (log_implied, eta)]
    return {
        "temperature_k": levels,
        "count_k": np.array([len(group) for group in groups]),
        "implied_k": np.exp([np.median(group) for group in groups]),
        "scatter": float(np.std(log_implied, ddof=1)),
        "trend": trend,
        "trend_error": error,
        "eta_correlation": float(np.corrcoef(ranks[0], ranks[1])[0, 1]),
    }
