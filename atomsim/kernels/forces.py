"""Compiled energy and forces of pair potentials on a full list of neighbours.

One generator serves every radial function: the exponent, the lengths of the two polynomials and the mixing rule are
constants of the compiled code, so that powers and polynomials are unrolled. A row sums over all neighbours of one atom
and writes only there: nothing is scattered, the compiler vectorises the whole loop, and threads may share the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from atomsim.results import Array

SINGLE, SPECIES, SIZES = 0, 1, 2
MIXING_CODES = {"single": SINGLE, "species": SPECIES, "sizes": SIZES}

# Sums may be reordered and divisions become products; NaN and infinity keep their meaning.
FASTMATH = {"contract", "nsz", "arcp", "reassoc"}


@njit(inline="always")
def inverse_power(inverse_u: float, exponent: float, halves: int) -> float:
    """Return u^(-exponent/2) [-].

    Args:
        inverse_u: 1/u [-].
        exponent: of the distance whose square is u [-].
        halves: the exponent where it is a whole number, else -1.
    """
    if halves < 0:
        return inverse_u ** (0.5 * exponent)
    value = 1.0
    for _ in range(halves // 2):
        value *= inverse_u
    if halves % 2 == 1:
        value *= np.sqrt(inverse_u)
    return value


@njit(inline="always")
def horner(u: float, coefficients: Any, length: int) -> float:
    """Return sum_k coefficients[k] u^k [unit of the coefficients].

    Args:
        u: the variable [-].
        coefficients: of the powers of u.
        length: how many of them count.
    """
    value = coefficients[length - 1]
    for k in range(length - 2, -1, -1):
        value = value * u + coefficients[k]
    return value


class PairConstants(NamedTuple):
    """Constants of a model: coefficients of the polynomials by order of the derivative and power, cut-off, mixing."""

    singular: Array
    regular: Array
    cutoff2: float
    inverse_length2: Array
    energies: Array
    non_additivity: float


@njit(inline="always")
def _scales(p, q, places, constants, mixing):
    """1/lambda^2 and epsilon of a pair of places."""
    if mixing == SPECIES:
        a, b = places.species[p], places.species[q]
        return constants.inverse_length2[a, b], constants.energies[a, b]
    if mixing == SIZES:
        a, b = places.size[p], places.size[q]
        length = 0.5 * (a + b) * (1.0 - constants.non_additivity * abs(a - b))
        return 1.0 / (length * length), 1.0
    return 1.0, 1.0


@njit(inline="always")
def _energy(u, power, constants, n_singular, n_regular):
    """phi(u)."""
    value = power * horner(u, constants.singular[0], n_singular)
    if n_regular > 0:
        value += horner(u, constants.regular[0], n_regular)
    return value


@njit(inline="always")
def _slope(u, inverse_u, power, constants, n_singular, n_regular):
    """d phi / d u; the derivative of the regular polynomial is one power shorter."""
    value = power * inverse_u * horner(u, constants.singular[1], n_singular)
    if n_regular > 1:
        value += horner(u, constants.regular[1], n_regular - 1)
    return value


@cache
def pair_kernel(
    exponent: float, n_singular: int, n_regular: int, mixing: int, *, energies: bool, forces: bool
) -> Callable[..., None]:
    """Return the compiled function that fills some rows of the energies, of the forces, or of both.

    Forces have the same bits from the same kernel only: with and without energies the compiler orders sums differently.

    Args:
        exponent: exponent of the singular part of the radial function [-].
        n_singular: number of coefficients of the singular polynomial.
        n_regular: number of coefficients of the regular polynomial, 0 where it is absent.
        mixing: one of SINGLE, SPECIES, SIZES.
        energies: whether to fill the energies.
        forces: whether to fill the forces.
    """
    halves = int(exponent) if float(exponent).is_integer() else -1

    @njit(cache=True, error_model="numpy", fastmath=FASTMATH, nogil=True)
    def kernel(first, last, places, rows, constants, force, energy):
        for row in range(first, last):
            p = rows.place[row]
            x, y, z = places.x[p], places.y[p], places.z[p]
            total, fx, fy, fz = 0.0, 0.0, 0.0, 0.0
            neighbours = rows.neighbours[row]
            for k in range(rows.filled[row]):
                q = neighbours[k]
                dx, dy, dz = x - places.x[q], y - places.y[q], z - places.z[q]
                factor, weight = _scales(p, q, places, constants, mixing)
                u = (dx * dx + dy * dy + dz * dz) * factor
                inverse_u = 1.0 / u
                power = inverse_power(inverse_u, exponent, halves)
                # A product with 0 or 1 vectorises where a conditional assignment does not.
                weight *= 1.0 if u < constants.cutoff2 else 0.0
                if energies:
                    total += weight * _energy(u, power, constants, n_singular, n_regular)
                if forces:
                    slope = weight * factor * _slope(u, inverse_u, power, constants, n_singular, n_regular)
                    fx += slope * dx
                    fy += slope * dy
                    fz += slope * dz
            i = places.owner[p]
            if forces:
                force[i, 0], force[i, 1], force[i, 2] = -2.0 * fx, -2.0 * fy, -2.0 * fz
            if energies:
                energy[i] = 0.5 * total  # the other half stands in the rows of the neighbours

    return kernel
