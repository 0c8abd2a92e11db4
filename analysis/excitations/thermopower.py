"""Thermopower of the same scattering processes. In SI; the sign is that of the carriers and is not given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.excitations.conductivity_correction import ELECTRON_CHARGE
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

UNIT = np.pi * BOLTZMANN / (6 * ELECTRON_CHARGE)  # [V/K]
UPPER_INDEX, LOWER_INDEX = 1.5, 0.5
PANELS = 16
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
LAST = 20.0  # y from which on exp(-2y) is rounding
CONSTANT_OF_LOGARITHM = 1.1767889993172299  # Psi_{1/2}(x) - ln(1/x) for x -> 0: ln 4 - gamma - ln 2 + 4 eta'(-1)


def log_psi(x: ArrayLike, index: float) -> Array:
    """Return ln Psi_a(x), Psi_a(x) = int_0^inf dy y^{-1/2} (y + x)^{-a}/cosh^2(y + x) [-].

    With y = x sinh^2 s the integrand is smooth for every x, and exp(-2x) is taken out before anything is formed.

    Source: egorushkin-melnikova-1993a (thermopower); test: test_thermopower_integrals_agree_with_high_precision

    Args:
        x: hbar/(4 tau k_B T), positive [-].
        index: a [-].
    """
    x = np.asarray(x, dtype=float)
    return _log_reduced_psi(x, index) - 2 * x


def _log_reduced_psi(x: Array, index: float) -> Array:
    """ln of exp(2x) Psi_a(x)."""
    x = x[..., None]
    last = np.arcsinh(np.sqrt(LAST / x))
    panel = (np.arange(PANELS)[:, None] + (1 + NODES) / 2).ravel() / PANELS
    s = last * panel
    y = x * np.sinh(s) ** 2
    integrand = np.cosh(s) ** (1 - 2 * index) * np.exp(-2 * y) / (1 + np.exp(-2 * (x + y))) ** 2
    total = (integrand * np.tile(WEIGHTS, PANELS)).sum(axis=-1) * last[..., 0] / (2 * PANELS)
    return np.log(8 * total) + (0.5 - index) * np.log(x[..., 0])


def thermopower(
    temperature: ArrayLike,
    relaxation_time: float,
    *,
    upper_index: float = UPPER_INDEX,
    lower_index: float = LOWER_INDEX,
) -> Array:
    """Return the thermopower, (pi k_B/6|e|) Psi_b(x)/Psi_a(x) with x = hbar/(4 tau k_B T) [V/K].

    The indices cannot be read in the scan: b = 3/2 over a = 1/2 is the only reading that vanishes in proportion to T
    at low temperature; (1/2, 1/2) is a constant of 45 microvolt per kelvin. The conductivity of the model is cut at
    the energy hbar/2 tau, and x >> 1 in any real metal: only the linear law is of use.

    Source: egorushkin-melnikova-1993a (thermopower); test: test_thermopower_reaches_both_limits

    Args:
        temperature: temperature [K].
        relaxation_time: tau of the electrons [s].
        upper_index: b [-].
        lower_index: a [-].

    Raises:
        InputError: a relaxation time that is not positive.
    """
    x = reduced_rate(temperature, relaxation_time)
    return UNIT * np.exp(_log_reduced_psi(x, upper_index) - _log_reduced_psi(x, lower_index))


def thermopower_at_low_temperature(temperature: ArrayLike, relaxation_time: float) -> Array:
    """Return the thermopower for k_B T << hbar/4 tau, (pi k_B/6|e|)(1/x)(1 - 1/4x) [V/K].

    Source: egorushkin-melnikova-1993a (thermopower); test: test_thermopower_reaches_both_limits

    Args:
        temperature: temperature [K].
        relaxation_time: tau of the electrons [s].
    """
    x = reduced_rate(temperature, relaxation_time)
    return UNIT / x * (1 - 1 / (4 * x))


def thermopower_at_high_temperature(temperature: ArrayLike, relaxation_time: float) -> Array:
    """Return the thermopower for k_B T >> hbar/4 tau, (pi k_B/6|e|)(2/x)/[ln(1/x) + 1.1768] [V/K].

    Source: egorushkin-melnikova-1993a (thermopower); test: test_thermopower_reaches_both_limits

    Args:
        temperature: temperature [K].
        relaxation_time: tau of the electrons [s].
    """
    x = reduced_rate(temperature, relaxation_time)
    return UNIT * 2 / x / (CONSTANT_OF_LOGARITHM - np.log(x))


def reduced_rate(temperature: ArrayLike, relaxation_time: float) -> Array:
    """Return x = hbar/(4 tau k_B T) [-].

    Args:
        temperature: temperature [K].
        relaxation_time: tau of the electrons [s].

    Raises:
        InputError: a relaxation time that is not positive.
    """
    if not (np.isfinite(relaxation_time) and relaxation_time > 0):
        raise InputError(f"relaxation time {relaxation_time} s: expected a positive number")
    return HBAR / (4 * relaxation_time * BOLTZMANN * np.asarray(temperature, dtype=float))
