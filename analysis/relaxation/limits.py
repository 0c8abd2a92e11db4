"""Limits of the kinetics in closed form: Gompertz, logistic, sinh, and how the last of the order is reached."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.relaxation.rates import RelaxationRates
from atomsim.errors import InputError
from atomsim.results import Array


def gompertz(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return exp[-(z_0^2/4 nu) exp(-gamma t)], the order parameter when the polarisation follows at once [-].

    For nu >> 1 and nu >> z_0, after the first 1/Gamma. Only gamma and a = z_0^2/4 nu can be read from such a curve.

    Source: egorushkin-melnikova-1993b (12); test: test_gompertz_limit_of_fast_polarisation
    Source: relaxation-notes (Gompertz); test: test_gompertz_limit_of_fast_polarisation

    Args:
        time: time [time].
        rates: the rates.
    """
    return np.exp(-rates.strength * np.exp(-rates.inversion_rate * np.asarray(time, dtype=float)))


def simple_relaxation(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return 1 - exp(-Gamma t), the order parameter for z_0 -> 0: its slope falls linearly with eta itself [-].

    Source: egorushkin-melnikova-1993b (12); test: test_simple_relaxation_for_weak_coupling

    Args:
        time: time [time].
        rates: the rates.
    """
    return -np.expm1(-rates.polarisation_rate * np.asarray(time, dtype=float))


def logistic(time: ArrayLike, rates: RelaxationRates, *, number: float) -> Array:
    """Return N/sigma^0 for an inversion that only the field uses up and a polarisation that follows at once [-].

    dN/dt = (2 Delta^2/Gamma)(sigma^0 - 2N) N, which ends at one half. For Gamma >> Delta (sigma^0)^{1/2} and an
    infinite lifetime of the inversion.

    Source: egorushkin-melnikova-1993b (9a), (9b), (9c); test: test_logistic_limit_of_a_long_lived_inversion
    Source: relaxation-notes (logistic); test: test_logistic_limit_of_a_long_lived_inversion

    Args:
        time: time [time].
        rates: the rates.
        number: N/sigma^0 at t = 0, between zero and one half [-].

    Raises:
        InputError: a number outside.
    """
    if not 0 < number <= 0.5:
        raise InputError(f"number = {number}: expected N/sigma^0 between zero and one half")
    growth = 2 * rates.coupling**2 / rates.polarisation_rate
    return 0.5 / (1 + (0.5 / number - 1) * np.exp(-growth * np.asarray(time, dtype=float)))


def undamped_growth(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return the field over the initial polarisation, sinh(Delta (sigma^0)^{1/2} t), while it is small [-].

    For Gamma = 1/t_sigma = 0; |Y| in units of (sigma^0)^{1/2}, the polarisation in units of sigma^0.

    Source: egorushkin-melnikova-1993b (9a), (9b); test: test_small_fields_grow_like_sinh_without_damping

    Args:
        time: time [time].
        rates: the rates.
    """
    return np.sinh(rates.coupling * np.asarray(time, dtype=float))


def late_deficit(time: ArrayLike, rates: RelaxationRates) -> Array:
    """Return what is missing to one at late times, z_0^2/[4(nu - 1)] exp(-gamma t), for nu > 1 [-].

    For nu < 1 the deficit falls like exp(-Gamma t): late times give the smaller of the two rates and cannot tell
    which of them it is.

    Source: egorushkin-melnikova-1993b (12); test: test_late_deficit_falls_with_the_smaller_rate
    Source: relaxation-notes (late order); test: test_late_deficit_falls_with_the_smaller_rate

    Args:
        time: time [time].
        rates: the rates.

    Raises:
        InputError: an order of one or less.
    """
    if not rates.order > 1:
        raise InputError(f"order {rates.order:g}: the late deficit has this form for Gamma > gamma only")
    argument = rates.coupling / rates.inversion_rate
    return argument**2 / (rates.order - 1) * np.exp(-rates.inversion_rate * np.asarray(time, dtype=float))
