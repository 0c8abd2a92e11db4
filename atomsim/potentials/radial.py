"""Radial functions phi(x) of the reduced distance x = r / lambda_ij, with derivatives of any order.

All of them are series

    phi(x) = x^{-n} S(x^2) + T(x^2),      x < cutoff,   0 beyond,

with polynomials S and T: an inverse power law, Lennard-Jones, and every cut-off or smoothing that adds even
powers are of this form, so one kernel serves them all and a wrapper maps a series onto a series. In the
variable u = x^2 each derivative keeps the form, which is what the contractions of the theory need.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike

from atomsim.errors import InputError
from atomsim.results import Array

HIGHEST_DERIVATIVE = 4


@dataclass(frozen=True)
class RadialFunction:
    """phi(x) = x^{-exponent} sum_k singular[k] x^{2k} + sum_k regular[k] x^{2k} inside ``cutoff``, zero beyond.

    ``smoothness`` is the order of the highest derivative that is continuous at the cut-off (-1: a jump).
    """

    exponent: float
    singular: tuple[float, ...]
    regular: tuple[float, ...] = (0.0,)
    cutoff: float = np.inf
    smoothness: int = -1

    def coefficients(self) -> tuple[Array, Array]:
        """Return the tables S[j, k] and T[j, k] of the derivatives j = 0..4 with respect to u = x^2.

        d^j phi / du^j = u^{-(exponent/2 + j)} sum_k S[j, k] u^k + sum_k T[j, k] u^k.
        """
        singular = np.zeros((HIGHEST_DERIVATIVE + 1, len(self.singular)))
        regular = np.zeros((HIGHEST_DERIVATIVE + 1, len(self.regular)))
        singular[0], regular[0] = self.singular, self.regular
        power = np.arange(len(self.singular)) - self.exponent / 2
        for order in range(1, HIGHEST_DERIVATIVE + 1):
            singular[order] = singular[order - 1] * (power - (order - 1))
            slope = polynomial.polyder(regular[order - 1])
            regular[order, : len(slope)] = slope
        return singular, regular

    def square_derivatives(self, x: ArrayLike) -> Array:
        """Return d^k phi / d(x^2)^k for k = 0..4, shape (5, ...) [-].

        Args:
            x: reduced distance r/lambda [-].
        """
        x = np.asarray(x, dtype=float)
        u = x * x
        singular, regular = self.coefficients()
        inside = u < self.cutoff**2
        out = np.empty((HIGHEST_DERIVATIVE + 1, *x.shape))
        for k in range(HIGHEST_DERIVATIVE + 1):
            value = u ** (-(self.exponent / 2 + k)) * polynomial.polyval(u, singular[k])
            out[k] = np.where(inside, value + polynomial.polyval(u, regular[k]), 0.0)
        return out

    def derivatives(self, x: ArrayLike) -> Array:
        """Return d^k phi / dx^k for k = 0..4, shape (5, ...) [-].

        Args:
            x: reduced distance r/lambda [-].
        """
        x = np.asarray(x, dtype=float)
        f = self.square_derivatives(x)
        return np.stack(
            [
                f[0],
                2 * x * f[1],
                2 * f[1] + 4 * x**2 * f[2],
                12 * x * f[2] + 8 * x**3 * f[3],
                12 * f[2] + 48 * x**2 * f[3] + 16 * x**4 * f[4],
            ]
        )

    @property
    def cutoff_kink(self) -> float:
        """Jump of the first broken derivative at the cut-off over its value at x = 1; 0 where three are continuous [-].

        Pairs that cross the cut-off add pulses of this height to the fourth derivative along a mode, which no sum over
        pairs inside holds: with a large kink the quartic coefficient at a point says nothing of finite displacements.
        """
        order = self.smoothness + 1
        if order > 3 or not np.isfinite(self.cutoff):
            return 0.0
        inside = self.derivatives(self.cutoff * (1 - 1e-12))[order]
        return float(abs(inside / self.derivatives(1.0)[order]))

    def __call__(self, x: ArrayLike) -> Array:
        """Return phi(x) [-].

        Args:
            x: reduced distance r/lambda [-].
        """
        return self.square_derivatives(x)[0]


def inverse_power(exponent: float) -> RadialFunction:
    """Return phi(x) = x^{-exponent}, without cut-off.

    Args:
        exponent: the power n > 0 [-].

    Raises:
        InputError: the exponent is not positive and finite.
    """
    if not 0 < exponent < np.inf:
        raise InputError(f"inverse-power: exponent = {exponent} must be positive and finite")
    return RadialFunction(exponent=float(exponent), singular=(1.0,))


def lennard_jones() -> RadialFunction:
    """Return phi(x) = 4 (x^{-12} - x^{-6}), without cut-off."""
    return RadialFunction(exponent=12.0, singular=(4.0, 0.0, 0.0, -4.0))


def truncated(radial: RadialFunction, cutoff: float) -> RadialFunction:
    """Return the same function cut at ``cutoff`` without shift: the energy jumps there.

    Args:
        radial: the function to cut.
        cutoff: reduced cut-off distance x_c [-].

    Raises:
        InputError: the cut-off is not positive.
    """
    if not cutoff > 0:
        raise InputError(f"cut-off {cutoff} must be positive")
    return replace(radial, cutoff=float(cutoff), smoothness=-1)


def smoothed(radial: RadialFunction, cutoff: float, order: int) -> RadialFunction:
    """Add even powers c_0 + c_2 x^2 + ... + c_2q x^2q so that derivatives 0..q vanish at the cut-off.

    For phi = x^{-n} the solution is
    c_2l = (-1)^{l+1} / [(2q-2l)!! (2l)!!] * (n+2q)!! / [(n-2)!! (n+2l)] * x_c^{-(n+2l)};
    every term x^{-n+2k} of the series is treated by itself, since the conditions are linear. The ratio of double
    factorials is the product n (n+2) ... (n+2q), which also serves exponents that are not integers.

    Source: lerner-2019 (smoothing); test: test_smoothing_coefficients

    Args:
        radial: a series without regular part.
        cutoff: reduced cut-off distance x_c [-].
        order: the number q of derivatives made continuous (0..3).

    Raises:
        InputError: order outside 0..3, cut-off not positive, or a function that is already smoothed.
    """
    if order not in (0, 1, 2, 3):
        raise InputError(f"smoothing order q = {order} must be 0, 1, 2 or 3")
    if any(radial.regular):
        raise InputError("only a function without regular part can be smoothed")
    cut = truncated(radial, cutoff)
    total = np.zeros(order + 1)
    for k, amplitude in enumerate(radial.singular):
        if amplitude:
            total += amplitude * _smoothing_coefficients(radial.exponent - 2 * k, cutoff, order)
    return replace(cut, regular=tuple(total.tolist()), smoothness=order)


def _smoothing_coefficients(n: float, cutoff: float, q: int) -> Array:
    """Coefficients c_0, c_2, ..., c_2q for x^{-n}."""

    def double_factorial(even: int) -> float:
        return float(np.prod(np.arange(even, 0, -2))) if even > 0 else 1.0

    rising = np.prod([n + 2 * i for i in range(q + 1)])
    return np.array(
        [
            (-1) ** (el + 1)
            / (double_factorial(2 * q - 2 * el) * double_factorial(2 * el))
            * rising
            / (n + 2 * el)
            * cutoff ** -(n + 2 * el)
            for el in range(q + 1)
        ]
    )


def shifted_quartic(radial: RadialFunction, cutoff: float, amplitude: float) -> RadialFunction:
    """Add A x^4 + B, B fixed by phi(x_c) = 0: the cut-off of the r^-6 glass of Laird and Schober.

    With A = n/(4 x_c^{n+4}) the force vanishes at the cut-off too (smoothness 1).

    Source: laird-schober-1991 (potential); test: test_laird_schober_potential

    Args:
        radial: a series without regular part.
        cutoff: reduced cut-off distance x_c [-].
        amplitude: the coefficient A of x^4 [-].

    Raises:
        InputError: the cut-off is not positive.
    """
    cut = truncated(radial, cutoff)
    inner = float(replace(radial, cutoff=np.inf)(cutoff))
    shift = -(inner + amplitude * cutoff**4)
    slope = float(replace(radial, cutoff=np.inf).derivatives(cutoff)[1]) + 4 * amplitude * cutoff**3
    smooth = 1 if abs(slope) < 1e-12 * abs(inner) else 0
    return replace(cut, regular=(shift, 0.0, amplitude), smoothness=smooth)
