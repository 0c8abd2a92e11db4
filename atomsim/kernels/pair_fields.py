"""Compiled contractions of the derivatives of the energy with many displacement fields at once.

Fields are (N, 3, K): the K numbers of an atom's component lie side by side, so that a pair is read once for all fields
and the arithmetic over them vectorises. With R the separation of a pair, Delta the difference of its displacements,
a = R.Delta and b = Delta.Delta, every contraction adds along(a, b) R + across(a, b) Delta to the first atom of a pair
and takes it from the second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from numba import njit

BOND = 0  # the field |Delta|^2 Delta; 2, 3, 4 are the orders of the derivatives


@cache
def field_kernel(order: int) -> Callable[..., None]:
    """Return the compiled function that fills ``out`` with a contraction of all fields.

    Args:
        order: 2, 3 or 4 for Phi_2 z, Phi_3 : z z, Phi_4 : z z z, or BOND.
    """

    @njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
    def kernel(first, second, vector, derivative, field, out):
        n_fields = field.shape[2]
        out[:] = 0.0
        for p in range(first.size):
            i, j = first[p], second[p]
            x, y, z = vector[p, 0], vector[p, 1], vector[p, 2]
            one, two, three, four = derivative[1, p], derivative[2, p], derivative[3, p], derivative[4, p]
            for r in range(n_fields):
                dx = field[i, 0, r] - field[j, 0, r]
                dy = field[i, 1, r] - field[j, 1, r]
                dz = field[i, 2, r] - field[j, 2, r]
                a, b = x * dx + y * dy + z * dz, dx * dx + dy * dy + dz * dz
                if order == 2:
                    along, across = 4.0 * a * two, 2.0 * one
                elif order == 3:
                    along, across = 8.0 * a * a * three + 4.0 * b * two, 8.0 * a * two
                elif order == 4:
                    along = 16.0 * a * a * a * four + 24.0 * a * b * three
                    across = 24.0 * a * a * three + 12.0 * b * two
                else:
                    along, across = 0.0, b
                gx, gy, gz = along * x + across * dx, along * y + across * dy, along * z + across * dz
                out[i, 0, r] += gx
                out[i, 1, r] += gy
                out[i, 2, r] += gz
                out[j, 0, r] -= gx
                out[j, 1, r] -= gy
                out[j, 2, r] -= gz

    return kernel


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def add_coefficients(first, second, vector, derivative, field, out):
    """Fill ``out`` with the second, third and fourth derivative of the energy along each field, (3, K).

    Args:
        first: first atom of each pair.
        second: second atom of each pair.
        vector: separation of each pair, (P, 3) [sigma].
        derivative: derivatives of the energy by the square of the distance, (5, P) [epsilon/sigma^2k].
        field: displacements, (N, 3, K) [any unit of length].
        out: room for the result.
    """
    out[:] = 0.0
    for p in range(first.size):
        i, j = first[p], second[p]
        x, y, z = vector[p, 0], vector[p, 1], vector[p, 2]
        one, two, three, four = derivative[1, p], derivative[2, p], derivative[3, p], derivative[4, p]
        for r in range(field.shape[2]):
            dx = field[i, 0, r] - field[j, 0, r]
            dy = field[i, 1, r] - field[j, 1, r]
            dz = field[i, 2, r] - field[j, 2, r]
            a, b = x * dx + y * dy + z * dz, dx * dx + dy * dy + dz * dz
            out[0, r] += 4.0 * a * a * two + 2.0 * b * one
            out[1, r] += 8.0 * a * a * a * three + 12.0 * a * b * two
            out[2, r] += 16.0 * a * a * a * a * four + 48.0 * a * a * b * three + 12.0 * b * b * two
