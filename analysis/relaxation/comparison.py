"""How far the exponential approximation can be trusted: the full system beside it, and an indicator of its error."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from analysis.relaxation.detuned import detuned_order_parameter
from analysis.relaxation.exponential import log_final_number
from analysis.relaxation.kinetics import Start, final_field, integrate_kinetics
from analysis.relaxation.rates import RelaxationRates, check_times
from atomsim.errors import InputError
from atomsim.results import Array, quantity

PROBED_NUMBER = 1e-6  # N_infinity/sigma^0 at which the first order of the saturation is measured
SMALLEST_POLARISATION = 1e-250


@dataclass(frozen=True)
class ApproximationTest:
    """The full system and its exponential approximation at the same times."""

    rates: RelaxationRates
    polarisation: float = quantity("sigma^0", "initial polarisation")
    time_t: Array = quantity("time", "times")
    eta_full_t: Array = quantity("1", "order parameter of the full system")
    eta_same_rate_t: Array = quantity("1", "order parameter of the approximation with gamma = 1/t_sigma")
    eta_best_rate_t: Array = quantity("1", "order parameter of the approximation with the best gamma")
    best_rate: float = quantity("1/time", "gamma that follows the inversion best, by least squares")
    inversion_t: Array = quantity("sigma^0", "inversion of the full system")
    indicator: float = quantity("1", "largest emission over incoherent decay, 4|Y d| Delta (sigma^0)^{1/2} t_sigma/s")
    number_full: float = quantity("1", "N_infinity/sigma^0 of the full system")
    log_number_approximate: float = quantity("1", "ln of N_infinity/sigma^0 of the approximation")


def compare_with_full_system(time: ArrayLike, rates: RelaxationRates, *, polarisation: float) -> ApproximationTest:
    """Return the full system beside the approximation that the inversion decays exponentially.

    The approximation puts -gamma for -1/t_sigma - 4 Delta y D/sigma. It is exact to second order in the field and
    fails where N comes near sigma^0/4: emission then exceeds the incoherent decay, which is what the indicator tells.

    Source: egorushkin-melnikova-1993b (10); test: test_approximation_holds_for_small_fields_only

    Args:
        time: times, ascending [time].
        rates: the rates in resonance, inversion_rate standing for 1/t_sigma.
        polarisation: initial polarisation over initial inversion [-].

    Raises:
        InputError: detuned rates.
    """
    if rates.detuning != 0:
        raise InputError(f"detuning = {rates.detuning:g}: the comparison is made in resonance")
    time_t = check_times(time)
    start = Start(polarisation)
    full = integrate_kinetics(time_t, rates, start)
    last = final_field(rates, start)
    emission = 4 * rates.coupling * np.abs(full.field_t * full.polarisation_t)
    loss = rates.inversion_rate * np.abs(full.inversion_t)
    share = np.divide(emission, loss, out=np.full_like(loss, np.inf), where=loss > 0)
    best = best_inversion_rate(time_t, full.inversion_t, rates.inversion_rate)
    return ApproximationTest(
        rates,
        polarisation,
        time_t,
        np.abs(full.field_t) / last,
        detuned_order_parameter(time_t, rates),
        detuned_order_parameter(time_t, replace(rates, inversion_rate=best)),
        best,
        full.inversion_t,
        float(share.max()),
        last**2,
        log_final_number(rates, polarisation),
    )


def best_inversion_rate(time: ArrayLike, inversion: ArrayLike, guess: float) -> float:
    """Return the rate with which exp(-gamma t) follows an inversion best, by least squares [1/time].

    Source: egorushkin-melnikova-1993b (10); test: test_best_rate_recovers_an_exponential

    Args:
        time: times [time].
        inversion: the inversion over its initial value [-].
        guess: where to start [1/time].
    """
    time_t, inversion_t = np.asarray(time, dtype=float), np.asarray(inversion, dtype=float)

    def distance(log_rate: float) -> float:
        return float(np.sum((np.exp(-np.exp(log_rate) * time_t) - inversion_t) ** 2))

    centre = float(np.log(guess))
    grid = np.linspace(centre - 5, centre + 12, 341)
    lowest = grid[int(np.argmin([distance(value) for value in grid]))]
    step = grid[1] - grid[0]
    found = optimize.minimize_scalar(
        distance, bounds=(lowest - step, lowest + step), method="bounded", options={"xatol": 1e-12}
    )
    return float(np.exp(found.x))


def largest_polarisation(rates: RelaxationRates, *, error: float = 0.1) -> float:
    """Return the initial polarisation over the inversion up to which the approximation ends with the right number [-].

    To first order the full system ends with N(1 - k N) where the approximation ends with N; k is taken from one
    integration far below. For large z_0 the inversion has decayed before the field has grown, and k is large: N must
    then stay far below one half. Zero where the polarisation is below what a number can hold.

    Source: egorushkin-melnikova-1993b (12); test: test_approximation_holds_for_small_fields_only
    Source: relaxation-notes (saturation); test: test_approximation_holds_for_small_fields_only

    Args:
        rates: the rates in resonance.
        error: of the final number that is tolerated [-].
    """
    unit = log_final_number(rates, 1.0)
    probe = float(np.exp((np.log(PROBED_NUMBER) - unit) / 2))
    if probe < SMALLEST_POLARISATION:
        return 0.0
    lost = 1 - final_field(rates, Start(probe)) ** 2 / PROBED_NUMBER
    return float(np.exp((np.log(error * PROBED_NUMBER / lost) - unit) / 2))
