"""Relaxation while the inversion decays exponentially: the order parameter without overflow, its shape, its limits.

With F(z) = 0F1(; nu + 1; z^2/4), z = z_0 exp(-gamma t/2), reduction of order turns the difference of products of
Bessel functions of the paper into one positive integral,

    eta(t) = Gamma/F(z) int_0^t exp(-Gamma u) [F(z)/F(z exp(gamma u/2))]^2 du,

in which nothing cancels and nothing overflows: the logarithm of F is all that is formed, for any z_0 and nu.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from analysis.relaxation.rates import ComplexArray, RelaxationRates, bessel_argument, check_times
from analysis.relaxation.regular_solution import log_regular_solution
from atomsim.errors import InputError
from atomsim.results import Array

NODES, WEIGHTS = (0.5 * (part + shift) for part, shift in zip(np.polynomial.legendre.leggauss(24), (1, 0), strict=True))
FALL_OF_PANEL = 4.0  # of the logarithm of the integrand, at the slope of its left end
WIDTH_OF_PANEL = 1.2  # in gamma u: F has zeros at distance pi from the real axis of gamma u
NEGLIGIBLE_FALL = 45.0  # the logarithm of the integrand is concave, so what follows is exp(-45) of the integral
FLAT_ARGUMENT = 1e-8  # F is one to rounding below it
LARGEST_RAW_ARGUMENT = 600.0
SCANNED_TIMES = 400
RESOLVED_CURVATURE = 1e-7  # of Delta^2 sigma/Gamma^2, below which the sign of the second derivative is rounding


def inversion(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return the inversion over its initial value, exp(-gamma t) [-].

    The approximation: what the growing field takes from the inversion is put into one rate.

    Source: egorushkin-melnikova-1993b (10); test: test_order_parameter_solves_the_field_equation

    Args:
        time: time [time].
        rates: the rates.
    """
    return np.exp(-rates.inversion_rate * np.asarray(time, dtype=float))


def field_acceleration(time: ArrayLike, field: ArrayLike, velocity: ArrayLike, rates: RelaxationRates) -> ComplexArray:
    """Return the second derivative of the field, Delta^2 sigma^0 exp(-gamma t) b - (Gamma + i Omega) db/dt [1/time^2].

    The sign of Omega drops out of the modulus.

    Source: egorushkin-melnikova-1993b (11); test: test_order_parameter_solves_the_field_equation

    Args:
        time: time [time].
        field: the field b, in any unit [-].
        velocity: its time derivative [1/time].
        rates: the rates.
    """
    damping = rates.polarisation_rate + 1j * rates.detuning
    return rates.coupling**2 * inversion(time, rates) * np.asarray(field) - damping * np.asarray(velocity)


def log_field(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return ln of the field over its initial velocity, |b|/(Delta d^0) [ln time], without detuning.

    Holds for Gamma = 0 too, where the field grows for ever and has no final value to be divided by.

    Source: egorushkin-melnikova-1993b (12); test: test_order_parameter_solves_the_field_equation

    Args:
        time: times, ascending [time].
        rates: the rates.
    """
    time_t = check_times(time)
    log_integral, log_f = _log_integral(time_t, rates)
    return log_regular_solution(rates.order, np.array(bessel_argument(rates))) - log_f + log_integral


def log_order_parameter(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return ln eta(t), the logarithm of the field over its final value [-]; minus infinity at t = 0.

    For z_0 beyond fifty the early field is below exp(-z_0) of the final one: this is the form to use there.

    Source: egorushkin-melnikova-1993b (12); test: test_order_parameter_agrees_with_high_precision_bessel_functions
    Source: relaxation-notes (positive integral); test: test_order_parameter_agrees_with_high_precision_bessel_functions

    Args:
        time: times, ascending [time].
        rates: the rates, without detuning.

    Raises:
        InputError: the polarisation or the inversion does not decay, or the rates are detuned.
    """
    check_saturating(rates)
    log_integral, log_f = _log_integral(check_times(time), rates)
    return np.minimum(np.log(rates.polarisation_rate) + log_integral - log_f, 0.0)


def order_parameter(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return eta(t) = (N_q/N_infinity)^{1/2}, the field over its final value [-].

    Source: egorushkin-melnikova-1993b (12); test: test_order_parameter_agrees_with_high_precision_bessel_functions

    Args:
        time: times, ascending [time].
        rates: the rates, without detuning.

    Raises:
        InputError: the polarisation or the inversion does not decay, or the rates are detuned.
    """
    return np.exp(log_order_parameter(time, rates))


def order_parameter_by_bessel_functions(time: ArrayLike, rates: RelaxationRates, *, form: str = "derived") -> Array:
    """Return eta(t) by the formula as it stands in the paper [-]: products of Bessel functions that cancel.

    2 exp(-Gamma t/2) [I_nu(z_0) K_nu(z) - I_nu(z) K_nu(z_0)]/[(z_0/2)^{-nu} I_nu(z_0) Gamma(nu)], z = z_0
    exp(-gamma t/2). For comparison: it loses a digit for every power of ten by which the products exceed the result.

    Source: egorushkin-melnikova-1993b (12); test: test_printed_argument_is_the_one_at_unit_inversion_rate

    Args:
        time: times, ascending [time].
        rates: the rates, without detuning.
        form: ``"derived"`` with z_0 over the inversion rate, or ``"printed"`` without.

    Raises:
        InputError: z_0 beyond 600 or an order for which the products overflow.
    """
    check_saturating(rates)
    time_t, nu, start = check_times(time), rates.order, bessel_argument(rates, form=form)
    if start > LARGEST_RAW_ARGUMENT:
        raise InputError(f"z_0 = {start:g}: the products of Bessel functions overflow; use order_parameter")
    z = start * np.exp(-rates.inversion_rate * time_t / 2)
    bracket = special.iv(nu, start) * special.kv(nu, z) - special.iv(nu, z) * special.kv(nu, start)
    scale = np.exp(nu * np.log(start / 2) - special.gammaln(nu) - rates.polarisation_rate * time_t / 2)
    found = 2 * scale * bracket / special.iv(nu, start)
    if not np.isfinite(found).all():
        raise InputError(f"order {nu:g}, z_0 = {start:g}: the products of Bessel functions overflow")
    return found


def growth_rate(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return the logarithmic derivative of the field, (1/b) db/dt [1/time]; infinite at t = 0.

    Source: egorushkin-melnikova-1993b (12); test: test_growth_rate_is_the_slope_of_the_logarithm

    Args:
        time: times, ascending [time].
        rates: the rates, without detuning.
    """
    time_t = check_times(time)
    log_integral, _ = _log_integral(time_t, rates)
    z = bessel_argument(rates) * np.exp(-rates.inversion_rate * time_t / 2)
    return np.exp(-log_integral) - rates.polarisation_rate - rates.inversion_rate / 2 * _log_slope(rates.order, z)


def log_final_number(rates: RelaxationRates, polarisation: float) -> float:
    """Return ln(N_infinity/sigma^0), what the field ends with over the initial inversion [-].

    N_infinity/sigma^0 = [(d^0/sigma^0)(Delta (sigma^0)^{1/2}/Gamma) F(z_0)]^2. It cannot exceed one half in the full
    system: the normalised order parameter hides by how many decades the approximation does.

    Source: egorushkin-melnikova-1993b (12); test: test_order_parameter_solves_the_field_equation

    Args:
        rates: the rates, without detuning.
        polarisation: initial polarisation over initial inversion, d^0/sigma^0 [-].

    Raises:
        InputError: the polarisation is not positive, or the rates have no final value.
    """
    check_saturating(rates)
    if not (np.isfinite(polarisation) and polarisation > 0):
        raise InputError(f"initial polarisation {polarisation}: expected a positive number")
    amplitude = np.log(polarisation) + np.log(rates.coupling / rates.polarisation_rate)
    return 2 * float(amplitude + log_regular_solution(rates.order, np.array(bessel_argument(rates))))


def time_to_reach(level: float, rates: RelaxationRates) -> float:
    """Return when the order parameter reaches a share of its final value [time].

    Args:
        level: the share, between zero and one [-].
        rates: the rates, without detuning.

    Raises:
        InputError: a share outside, or rates without a final value.
    """
    if not 0 < level < 1:
        raise InputError(f"level = {level}: expected a share between zero and one")
    check_saturating(rates)

    def excess(log_time: float) -> float:
        return float(log_order_parameter([np.exp(log_time)], rates)[0]) - float(np.log(level))

    low = high = -float(np.log(rates.polarisation_rate))
    while excess(low) >= 0:
        low -= 2.0
    while excess(high) <= 0:
        high += 2.0
    return float(np.exp(optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-13)))


def has_inflection(rates: RelaxationRates) -> bool:
    """Return whether eta(t) is S-shaped: convex for a while between its concave start and its concave end.

    The second derivative is positive where Delta^2 sigma^0 exp(-gamma t) exceeds Gamma (1/b) db/dt.

    Source: egorushkin-melnikova-1993b (11); test: test_shapes_of_the_four_curves_of_figure_1

    Args:
        rates: the rates, without detuning.
    """
    check_saturating(rates)
    gain = rates.coupling**2
    last = np.log(gain / rates.polarisation_rate**2 / RESOLVED_CURVATURE) / rates.inversion_rate if gain > 0 else 0.0
    if last <= 0:
        return False

    def excess(time: ArrayLike) -> Array:
        return rates.polarisation_rate * growth_rate(time, rates) / (gain * inversion(time, rates)) - 1

    first = 1e-6 / (rates.coupling + rates.polarisation_rate + rates.inversion_rate)
    time_t = np.geomspace(min(first, last / 2), last, SCANNED_TIMES)
    lowest = int(np.argmin(excess(time_t)))
    ends = np.log(time_t[[max(lowest - 1, 0), min(lowest + 1, SCANNED_TIMES - 1)]])
    found = optimize.minimize_scalar(lambda u: float(excess([np.exp(u)])[0]), bounds=tuple(ends), method="bounded")
    return bool(found.fun < -1e-9)


def check_saturating(rates: RelaxationRates) -> None:
    """Refuse rates for which the field has no final value, or that the real solution does not cover.

    Args:
        rates: the rates.

    Raises:
        InputError: the polarisation, the inversion or the coupling is zero, or the rates are detuned.
    """
    if rates.inversion_rate == 0:
        raise InputError("inversion_rate = 0: the inversion stays, the field grows for ever and eta is not defined")
    if rates.polarisation_rate == 0:
        raise InputError("polarisation_rate = 0: the polarisation stays, the field grows for ever, eta is not defined")
    if rates.coupling == 0:
        raise InputError("coupling = 0: no field is made and eta is not defined; expected a positive number")
    if rates.detuning != 0:
        raise InputError(f"detuning = {rates.detuning:g}: this is the solution in resonance; use the detuned one")


def _log_integral(time_t: Array, rates: RelaxationRates) -> tuple[Array, Array]:
    """ln of int_0^t exp(-Gamma u) [F(z)/F(z exp(gamma u/2))]^2 du, and ln F(z); from u = 0 in panels, all t at once."""
    nu, start = rates.order, bessel_argument(rates)
    gamma, polarisation = rates.inversion_rate, rates.polarisation_rate

    def argument(lag: Array, time: Array) -> Array:
        return start * np.exp(-gamma / 2 * (time - lag))

    log_f = log_regular_solution(nu, argument(np.zeros_like(time_t), time_t))
    grown = 2 / gamma * max(np.log(start / FLAT_ARGUMENT), 0.0) if start > 0 else 0.0
    lag = np.maximum(time_t - grown, 0.0)
    total = -np.expm1(-polarisation * lag) / polarisation if polarisation > 0 else lag.copy()
    fall = polarisation * lag
    open_t = np.flatnonzero((lag < time_t) & (fall < NEGLIGIBLE_FALL))
    while open_t.size:
        here, end = lag[open_t], time_t[open_t]
        slope = polarisation + gamma * _log_slope(nu, argument(here, end))
        width = np.minimum(np.minimum(WIDTH_OF_PANEL / gamma, FALL_OF_PANEL / slope), end - here)
        lags = np.column_stack([here[:, None] + width[:, None] * NODES, here + width])
        falls = polarisation * lags + 2 * (log_regular_solution(nu, argument(lags, end[:, None])) - log_f[open_t, None])
        total[open_t] += width * (np.exp(-falls[:, :-1]) @ WEIGHTS)
        lag[open_t], fall[open_t] = np.where(width == end - here, end, lags[:, -1]), falls[:, -1]
        open_t = open_t[(lag[open_t] < end) & (fall[open_t] < NEGLIGIBLE_FALL)]
    return np.log(total, out=np.full_like(total, -np.inf), where=total > 0), log_f


def _log_slope(order: float, z: Array) -> Array:
    """Derivative of ln F by ln z: z^2/(2(nu + 1)) F_{nu+1}/F_nu."""
    ratio = np.exp(log_regular_solution(order + 1, z) - log_regular_solution(order, z))
    return z**2 / (2 * (order + 1)) * ratio
