"""Compiled derivatives of pair energies by the square of the distance."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from numba import njit

from atomsim.kernels.forces import horner, inverse_power


@cache
def derivative_kernel(exponent: float, n_singular: int, n_regular: int, n_orders: int) -> Callable[..., None]:
    """Return the compiled function that fills d^k phi / d(r^2)^k of pairs that are known to be inside the cut-off.

    Its arguments are the separations (P, 3) [sigma], lengths [sigma] and energies [epsilon] of the pairs, the
    coefficients of the singular and of the regular part by order and power, and room for the result, (orders, P).
    Powers and polynomials are unrolled and the loop vectorised, as in :func:`atomsim.kernels.forces.pair_kernel`.

    Args:
        exponent: exponent of the singular part of the radial function [-].
        n_singular: number of coefficients of the singular polynomial.
        n_regular: number of coefficients of the regular polynomial.
        n_orders: number of orders, k = 0, 1, ...
    """
    halves = int(exponent) if float(exponent).is_integer() else -1

    @njit(cache=True, error_model="numpy")
    def kernel(vector, length, energy, singular, regular, derivative):
        for p in range(vector.shape[0]):
            inverse_square, scale = 1.0 / (length[p] * length[p]), energy[p]
            u = (vector[p, 0] ** 2 + vector[p, 1] ** 2 + vector[p, 2] ** 2) * inverse_square
            inverse_u = 1.0 / u
            power = inverse_power(inverse_u, exponent, halves)
            for k in range(n_orders):
                value = power * horner(u, singular[k], n_singular) + horner(u, regular[k], n_regular)
                derivative[k, p] = scale * value
                power *= inverse_u
                scale *= inverse_square

    return kernel
