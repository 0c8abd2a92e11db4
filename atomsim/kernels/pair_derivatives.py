"""Compiled derivatives of pair energies by the square of the distance."""

from __future__ import annotations

from numba import njit

from atomsim.kernels.forces import horner, inverse_power
from atomsim.results import Array


@njit(cache=True, error_model="numpy")
def fill_derivatives(
    vector: Array, length: Array, energy: Array, exponent: float, singular: Array, regular: Array, derivative: Array
) -> None:
    """Fill ``derivative`` with d^k phi / d(r^2)^k, k = 0..4, of pairs that are known to be inside the cut-off.

    Args:
        vector: separation of each pair, (P, 3) [sigma].
        length: lambda of each pair [sigma].
        energy: epsilon of each pair [epsilon].
        exponent: of the singular part of the radial function [-].
        singular: coefficients of its derivatives by order and power [-].
        regular: those of the regular part [-].
        derivative: room for the result, (5, P) [epsilon/sigma^2k].
    """
    halves = int(exponent) if int(exponent) == exponent else -1
    for p in range(vector.shape[0]):
        inverse_square, scale = 1.0 / (length[p] * length[p]), energy[p]
        u = (vector[p, 0] ** 2 + vector[p, 1] ** 2 + vector[p, 2] ** 2) * inverse_square
        inverse_u = 1.0 / u
        power = inverse_power(inverse_u, exponent, halves)
        for k in range(derivative.shape[0]):
            value = power * horner(u, singular[k], singular.shape[1]) + horner(u, regular[k], regular.shape[1])
            derivative[k, p] = scale * value
            power *= inverse_u
            scale *= inverse_square
