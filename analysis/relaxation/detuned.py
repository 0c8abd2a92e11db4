"""The field away from resonance: a complex decay Gamma + i Omega, Bessel functions of complex order, weak coupling."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.relaxation.exponential import check_saturating
from analysis.relaxation.kinetics import SETTLED, TOLERANCE, is_stiff, solve
from analysis.relaxation.rates import ComplexArray, RelaxationRates, check_form, check_times
from atomsim.results import Array


def log_detuned_field(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return ln of the modulus of the field over its initial velocity, |b|/(Delta d^0) [ln time], for any detuning.

    The field equation with Gamma + i Omega, integrated in units of its own growing solution. The sign of Omega does
    not matter. Minus infinity at t = 0.

    Source: egorushkin-melnikova-1993b (13); test: test_detuned_field_agrees_with_bessel_functions_of_complex_order

    Args:
        time: times, ascending [time].
        rates: the rates.
    """
    field_t, _, log_scale_t = scaled_field(check_times(time), rates)
    modulus = np.abs(field_t)
    return np.log(modulus, out=np.full_like(modulus, -np.inf), where=modulus > 0) + log_scale_t


def log_detuned_final(rates: RelaxationRates) -> float:
    """Return ln of |b| at the end over its initial velocity, ln |0F1(; nu + 1; z_0^2/4)/(Gamma + i Omega)| [ln time].

    Source: egorushkin-melnikova-1993b (13); test: test_detuned_field_agrees_with_bessel_functions_of_complex_order

    Args:
        rates: the rates.

    Raises:
        InputError: the polarisation, the inversion or the coupling is zero.
    """
    check_saturating(_in_resonance(rates))
    decay = rates.polarisation_rate + 1j * rates.detuning
    end = (SETTLED + 2 * np.log1p(rates.coupling / rates.inversion_rate)) / rates.inversion_rate
    field, velocity, log_scale = (part[-1] for part in scaled_field(np.array([end]), rates))
    # once the inversion is gone, what is left of the velocity adds velocity/decay
    return float(np.log(abs(field + velocity / decay)) + log_scale)


def detuned_order_parameter(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return eta(t), the modulus of the field over its final value, for any detuning [-].

    Source: egorushkin-melnikova-1993b (13); test: test_detuned_field_agrees_with_bessel_functions_of_complex_order

    Args:
        time: times, ascending [time].
        rates: the rates.
    """
    return np.exp(log_detuned_field(time, rates) - log_detuned_final(rates))


def weak_coupling_order_parameter(
    time: ArrayLike, rates: RelaxationRates, *, form: str = "derived", next_order: bool = False
) -> Array:
    """Return the detuned field over Delta d^0/|Gamma + i Omega|, its final value for weak coupling [-].

    2 [exp(-Gamma t) sin^2(Omega t/2) + (1 - exp(-Gamma t))^2/4]^{1/2}; the paper has exp(-Gamma t/2) in both places.
    It starts at zero, oscillates for a time 1/Gamma only and settles at one; it never exceeds two. Holds for Delta^2
    sigma^0 << gamma |Gamma + i Omega|, for any Omega over Gamma. In the next order the slow part carries
    exp[(z_0^2/4 nu)(1 - exp(-gamma t))] with complex nu, for |nu| >> 1.

    Source: egorushkin-melnikova-1993b (14); test: test_corrected_weak_coupling_limit_and_the_printed_one
    Source: relaxation-notes (detuned growth); test: test_corrected_weak_coupling_limit_and_the_printed_one

    Args:
        time: times [time].
        rates: the rates.
        form: ``"derived"`` or ``"printed"``.
        next_order: take the next order of the coupling along, in the derived form.
    """
    check_form(form)
    time_t = np.asarray(time, dtype=float)
    decay = rates.polarisation_rate * (0.5 if form == "printed" else 1.0)
    if next_order and form == "derived":
        complex_decay = rates.polarisation_rate + 1j * rates.detuning
        gain = rates.coupling**2 / (rates.inversion_rate * complex_decay)
        slow = np.exp(-gain * np.expm1(-rates.inversion_rate * time_t))
        return np.abs(slow - np.exp(-complex_decay * time_t))
    oscillation = np.exp(-decay * time_t) * np.sin(rates.detuning * time_t / 2) ** 2
    return 2 * np.sqrt(oscillation + np.expm1(-decay * time_t) ** 2 / 4)


def _in_resonance(rates: RelaxationRates) -> RelaxationRates:
    return RelaxationRates(rates.inversion_rate, rates.polarisation_rate, rates.coupling)


def scaled_field(time_t: Array, rates: RelaxationRates) -> tuple[ComplexArray, ComplexArray, Array]:
    """Return field and velocity over exp(scale) and over the initial velocity, and the scale [-].

    The scale follows the growing solution, so that neither the field nor the equations overflow. The state is
    completed by time, which makes the equations autonomous.

    Args:
        time_t: times, ascending [time].
        rates: the rates.
    """
    gamma, decay, omega = rates.inversion_rate, rates.polarisation_rate, rates.detuning
    half = (decay + 1j * omega) / 2

    def growth(time: float) -> tuple[float, float]:
        gain = rates.coupling**2 * float(np.exp(-gamma * time))
        return gain, float((gain / (half + np.sqrt(half**2 + gain))).real) if gain > 0 else 0.0

    def derivative(state: Array) -> Array:
        y, u, v, w, _, time = state.tolist()
        gain, rate = growth(time)
        return np.array(
            [
                v - rate * y,
                w - rate * u,
                gain * y - (decay + rate) * v + omega * w,
                gain * u - (decay + rate) * w - omega * v,
                rate,
                1.0,
            ]
        )

    def jacobian(state: Array) -> Array:
        gain, rate = growth(state[5])
        block = np.zeros((6, 6))
        block[0, [0, 2]] = block[1, [1, 3]] = -rate, 1.0
        block[2, :4] = gain, 0.0, -decay - rate, omega
        block[3, :4] = 0.0, gain, -omega, -decay - rate
        return block

    if time_t[-1] == 0:
        return np.zeros(len(time_t), dtype=complex), np.ones(len(time_t), dtype=complex), np.zeros(len(time_t))
    unit = 1 / (gamma + abs(decay) + abs(omega) + rates.coupling)
    smallest = TOLERANCE * np.array([unit, unit, 1.0, 1.0, 1.0, 1 / unit])
    start = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    found = solve(derivative, jacobian, time_t, start, smallest=smallest, damped=is_stiff(rates, float(time_t[-1])))
    return found[0] + 1j * found[1], found[2] + 1j * found[3], found[4]
