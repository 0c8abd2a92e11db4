"""The solution of the field equation that stays finite when the inversion is gone, in the logarithm.

F_nu(x) = 0F1(; nu + 1; x^2/4) = Gamma(nu + 1) (2/x)^nu I_nu(x) is one at x = 0 and grows like exp(x). Only ln F is
ever formed, so that nothing overflows; for large orders the gamma function is cancelled before anything is computed.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import special

from atomsim.results import Array

UNIFORM_ORDER = 40.0  # from here on the uniform expansion in 1/nu is exact to rounding with the terms kept
UNIFORM_TERMS = 9
SERIES_ARGUMENT = 10.0  # below it the power series needs SERIES_TERMS terms, above it I_nu does not underflow
SERIES_TERMS = 60
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)  # of ln Gamma(nu + 1) in odd powers of 1/nu


def _uniform_polynomials(count: int) -> list[Array]:
    """Coefficients of U_k(p) in ascending powers: U_{k+1} = p^2(1-p^2)/2 U_k' + int_0^p (1-5t^2)/8 U_k dt."""
    current = [Fraction(1)]
    found = [np.array([1.0])]
    for _ in range(count):
        following = [Fraction(0)] * (len(current) + 3)
        for n, value in enumerate(current):
            following[n + 1] += value * (Fraction(n, 2) + Fraction(1, 8 * (n + 1)))
            following[n + 3] -= value * (Fraction(n, 2) + Fraction(5, 8 * (n + 3)))
        current = following
        found.append(np.array([float(value) for value in current]))
    return found


UNIFORM = _uniform_polynomials(UNIFORM_TERMS)


def log_regular_solution(order: float, argument: Array) -> Array:
    """Return ln 0F1(; nu + 1; x^2/4) [-], for any nu >= 0 and x >= 0.

    Source: egorushkin-melnikova-1993b (12); test: test_regular_solution_agrees_with_high_precision

    Args:
        order: nu [-].
        argument: x [-].
    """
    x = np.asarray(argument, dtype=float)
    if order >= UNIFORM_ORDER:
        return _uniform(order, x)
    small = np.minimum(x, SERIES_ARGUMENT)
    large = np.maximum(x, SERIES_ARGUMENT)
    bessel = np.log(special.ive(order, large)) + large
    return np.where(
        x <= SERIES_ARGUMENT, _series(order, small), bessel - order * np.log(large / 2) + special.gammaln(order + 1)
    )


def _series(order: float, x: Array) -> Array:
    """Sum of positive terms, innermost first; the leading one is added by log1p, exact for small x."""
    quarter = x**2 / 4
    rest = np.zeros_like(x)
    for k in range(SERIES_TERMS, 0, -1):
        rest = quarter / (k * (order + k)) * (1 + rest)
    return np.log1p(rest)


def _uniform(order: float, x: Array) -> Array:
    """Expansion of I_nu(nu s) for large nu, less that of Gamma(nu + 1); s = x/nu."""
    s2 = (x / order) ** 2
    root = np.sqrt(1 + s2)
    exponent = order * (s2 / (1 + root) - np.log1p(s2 / (2 * (1 + root))))
    p = 1 / root
    correction = sum(np.polynomial.polynomial.polyval(p, UNIFORM[k]) / order**k for k in range(1, UNIFORM_TERMS + 1))
    stirling = sum(value / order ** (2 * n + 1) for n, value in enumerate(STIRLING))
    return exponent - np.log1p(s2) / 4 + np.log1p(correction) + stirling
