"""One relaxation curve with its numbers: half time, shape, and what the field ends with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import interpolate, optimize

from analysis.relaxation import detuned, exponential
from analysis.relaxation.comparison import SMALLEST_POLARISATION, largest_polarisation
from analysis.relaxation.kinetics import (
    SETTLED,
    Start,
    final_field,
    integrate_kinetics,
    is_overdamped,
    settling_time,
)
from analysis.relaxation.rates import ComplexArray, RelaxationRates, bessel_argument, check_times
from atomsim.errors import InputError, nearest
from atomsim.results import Array, quantity

SYSTEMS = ("exponential", "full")
SHOWN_LEVEL = 0.99  # curves are drawn until they stay this close to their end
SHOWN_TIMES = 101
POINTS_PER_PERIOD = 24
FEWEST_POINTS, MOST_POINTS = 400, 100_000
MOST_TURNS = 8000.0  # of the field until nothing rings any more: half a minute of integration
POLARISATIONS = (1e-30, 1e6)  # that the full system is integrated for
REFINED_POINTS = 41
CONVEX = 1e-6  # second derivative counted as positive, over the sum of its parts at that time
RESOLVED = 1e-8  # and over that sum at its largest: below it is rounding
# Curves 1 to 3 of the paper, in units of the decay of the inversion, and the one that its text adds to them.
CURVES_OF_FIGURE_1 = (
    RelaxationRates(1.0, 10.0, 1.0),
    RelaxationRates(1.0, 1.0, 1.0),
    RelaxationRates(1.0, 10.0, 20.0),
    RelaxationRates(1.0, 1.0, 20.0),
)

Shape = Callable[[Array], tuple[Array, Array, Array]]


@dataclass(frozen=True)
class RelaxationCurve:
    """The order parameter in time; it is normalised, so that ``log_number`` must be read beside it."""

    rates: RelaxationRates
    system: str = quantity("text", "exponential or full")
    polarisation: float = quantity("sigma^0", "initial polarisation over initial inversion")
    time_t: Array = quantity("time", "times")
    log_eta_t: Array = quantity("1", "logarithm of the field over its final value")
    t50: float = quantity("time", "when the field first has half its final value")
    has_inflection: bool = quantity("1", "whether the curve is convex anywhere")
    log_number: float = quantity("1", "ln N_infinity/sigma^0")

    @property
    def eta_t(self) -> Array:
        """Return the order parameter, the field over its final value [-]."""
        return np.exp(self.log_eta_t)

    @property
    def z0(self) -> float:
        """Return z_0 = 2 Delta (sigma^0)^{1/2}/gamma [-]; infinite for an inversion that does not decay."""
        return bessel_argument(self.rates) if self.rates.inversion_rate > 0 else float("inf")

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what the normalised curve does not show, in words."""
        decades = self.log_number / np.log(10)
        text = f"N_infinity/sigma^0 = 10^{decades:.4g} for an initial polarisation of {self.polarisation:g} sigma^0"
        if self.system == "full" or self.log_number < np.log(0.5):
            return (text,)
        beyond = "beyond the one half that the inversion can give: the full system saturates instead"
        if self.rates.detuning != 0:
            return (text, beyond)
        limit = max(largest_polarisation(self.rates), SMALLEST_POLARISATION)
        return (text, f"{beyond}; the approximation holds within 10 % for a polarisation below {limit:.2g} sigma^0")


def relaxation_curve(
    rates: RelaxationRates, time: ArrayLike | None = None, *, system: str = "exponential", polarisation: float = 1e-3
) -> RelaxationCurve:
    """Return the order parameter at given times with its half time, shape and final number.

    Source: egorushkin-melnikova-1993b (12); test: test_shapes_of_the_four_curves_of_figure_1

    Args:
        rates: the rates.
        time: times, ascending; until the curve stays close to its end where absent [time].
        system: ``"exponential"`` for an inversion that decays at the given rate, ``"full"`` for all three equations.
        polarisation: initial polarisation over initial inversion; the approximation is linear in it [-].

    Raises:
        InputError: an unknown system, or rates for which the field has no final value.
    """
    if system not in SYSTEMS:
        raise InputError(f"unknown system {system!r}{nearest(system, SYSTEMS)}; known: {', '.join(SYSTEMS)}")
    time_t = None if time is None else check_times(time)
    if system == "exponential" and rates.detuning == 0:
        return _in_resonance(rates, time_t, polarisation)
    _check_integration(rates, polarisation if system == "full" else 0.0)
    log_number, shape, end = (_full if system == "full" else _detuned)(rates, polarisation)
    sampled_t = _sampled_times(rates, end)
    log_share, curvature, scale = shape(sampled_t)
    half = _first_crossing(sampled_t, np.exp(log_share), lambda t: np.exp(shape(t)[0]))
    if time_t is None:
        open_t = sampled_t[np.abs(np.expm1(log_share)) > 1 - SHOWN_LEVEL]
        time_t = np.linspace(0, open_t[-1], SHOWN_TIMES)
    convex = bool((curvature > np.maximum(CONVEX * scale, RESOLVED * scale.max())).any())
    return RelaxationCurve(rates, system, polarisation, time_t, shape(time_t)[0], half, convex, log_number)


def _check_integration(rates: RelaxationRates, polarisation: float) -> None:
    """Refuse what turns too often to be integrated; a large polarisation drives the field faster than the inversion."""
    low, high = POLARISATIONS
    if polarisation and not low <= abs(polarisation) <= high:
        raise InputError(f"initial polarisation {polarisation:g}: the full system takes {low:g} to {high:g}")
    driven = RelaxationRates(
        rates.inversion_rate,
        rates.polarisation_rate,
        rates.coupling * (1 + 4 * polarisation**2) ** 0.25,
        rates.detuning,
    )
    if rates.polarisation_rate == 0 or is_overdamped(driven):
        return
    turns = float(np.hypot(driven.coupling, driven.detuning)) * SETTLED / rates.polarisation_rate / (2 * np.pi)
    if turns > MOST_TURNS:
        raise InputError(
            f"the field turns about {turns:.1e} times before the polarisation has decayed; expected {MOST_TURNS:g} at "
            "most: a smaller detuning or coupling, or a larger polarisation_rate"
        )


def _in_resonance(rates: RelaxationRates, time_t: Array | None, polarisation: float) -> RelaxationCurve:
    log_number = exponential.log_final_number(rates, polarisation)
    if time_t is None:
        time_t = np.linspace(0, exponential.time_to_reach(SHOWN_LEVEL, rates), SHOWN_TIMES)
    log_eta = exponential.log_order_parameter(time_t, rates)
    half, shape = exponential.time_to_reach(0.5, rates), exponential.has_inflection(rates)
    return RelaxationCurve(rates, "exponential", polarisation, time_t, log_eta, half, shape, log_number)


def _full(rates: RelaxationRates, polarisation: float) -> tuple[float, Shape, float]:
    """ln of N_infinity/sigma^0, the shape of the full solution, and when it has settled."""
    start = Start(polarisation)
    decay = 1j * rates.detuning - rates.polarisation_rate
    final = final_field(rates, start)

    def shape(time_t: Array) -> tuple[Array, Array, Array]:
        found = integrate_kinetics(time_t, rates, start)
        Y, d, W = found.field_t / final, found.polarisation_t / final, rates.coupling
        return _shape(Y, W * d, W * (decay * d + W * Y * found.inversion_t), np.zeros(len(time_t)))

    return 2 * float(np.log(final)), shape, settling_time(rates, start)


def _detuned(rates: RelaxationRates, polarisation: float) -> tuple[float, Shape, float]:
    """The same for the approximation away from resonance."""
    end = settling_time(rates, Start(polarisation))
    log_final = detuned.log_detuned_final(rates)

    def shape(time_t: Array) -> tuple[Array, Array, Array]:
        field, velocity, log_scale = detuned.scaled_field(time_t, rates)
        acceleration = exponential.field_acceleration(time_t, field, velocity, rates)
        return _shape(field, velocity, acceleration, log_scale - log_final)

    return 2 * (log_final + float(np.log(abs(polarisation) * rates.coupling))), shape, end


def _shape(
    field: ComplexArray, velocity: ComplexArray, acceleration: ComplexArray, log_unit: Array
) -> tuple[Array, Array, Array]:
    """ln |b|, the second derivative of |b|, and the size of the parts of that; b in units of exp(log_unit)."""
    value, unit = np.abs(field), np.exp(log_unit)
    inverse = np.divide(1.0, value, out=np.zeros_like(value), where=value > 0)
    slope = (field.conj() * velocity).real * inverse
    curvature = (np.abs(velocity) ** 2 - slope**2 + (field.conj() * acceleration).real) * inverse
    size = np.abs(velocity) ** 2 * inverse + np.abs(acceleration)
    log_value = np.log(value, out=np.full_like(value, -np.inf), where=value > 0)
    return log_value + log_unit, curvature * unit, size * unit


def _sampled_times(rates: RelaxationRates, end: float) -> Array:
    """Times dense enough for every oscillation until the field has settled, and for the first rise."""
    fastest = float(np.hypot(rates.coupling, rates.detuning))
    count = int(np.clip(POINTS_PER_PERIOD * end * fastest / (2 * np.pi), FEWEST_POINTS, MOST_POINTS))
    return np.unique(np.concatenate([np.geomspace(1e-6 * end, end, FEWEST_POINTS), np.linspace(0, end, count)]))


def _first_crossing(time_t: Array, share: Array, again: Callable[[Array], Array]) -> float:
    """When a curve first reaches one half: between two samples, sampled again there."""
    i = int(np.argmax(share >= 0.5))
    fine_t = np.linspace(time_t[i - 1], time_t[i], REFINED_POINTS)
    spline = interpolate.CubicSpline(fine_t, again(fine_t) - 0.5)
    return float(optimize.brentq(spline, fine_t[0], fine_t[-1], xtol=1e-14))
