"""Compiled energy and forces of pair potentials on a half list of neighbours.

One generator serves every radial function: the exponent, the lengths of the two polynomials, the mixing rule
and the shape of the cell are constants of the compiled code, so that powers and polynomials are unrolled.
Separations are gathered into contiguous buffers, the arithmetic runs over the buffers, and the results are
scattered: only so does the compiler vectorise the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

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


@njit(inline="always")
def _gather(
    i, first, count, positions, neighbours, mixing, species, inverse_length2, energies, size, non_additivity,
    dx, dy, dz, scale, depth,
):  # fmt: skip
    """Separations of atom i from its listed neighbours, with 1/lambda^2 and epsilon of the pairs."""
    for k in range(count):
        j = neighbours[first + k]
        dx[k] = positions[i, 0] - positions[j, 0]
        dy[k] = positions[i, 1] - positions[j, 1]
        dz[k] = positions[i, 2] - positions[j, 2]
        if mixing == SPECIES:
            scale[k] = inverse_length2[species[i], species[j]]
            depth[k] = energies[species[i], species[j]]
        elif mixing == SIZES:
            length = 0.5 * (size[i] + size[j]) * (1.0 - non_additivity * abs(size[i] - size[j]))
            scale[k] = 1.0 / (length * length)


@njit(inline="always")
def _shortest(x, y, z, cell, inverse, orthorhombic):
    """Shortest periodic image of a separation."""
    if orthorhombic:
        return (
            x - cell[0, 0] * np.floor(x * inverse[0, 0] + 0.5),
            y - cell[1, 1] * np.floor(y * inverse[1, 1] + 0.5),
            z - cell[2, 2] * np.floor(z * inverse[2, 2] + 0.5),
        )
    a = np.floor(x * inverse[0, 0] + y * inverse[1, 0] + z * inverse[2, 0] + 0.5)
    b = np.floor(x * inverse[0, 1] + y * inverse[1, 1] + z * inverse[2, 1] + 0.5)
    c = np.floor(x * inverse[0, 2] + y * inverse[1, 2] + z * inverse[2, 2] + 0.5)
    return (
        x - (a * cell[0, 0] + b * cell[1, 0] + c * cell[2, 0]),
        y - (a * cell[0, 1] + b * cell[1, 1] + c * cell[2, 1]),
        z - (a * cell[0, 2] + b * cell[1, 2] + c * cell[2, 2]),
    )


@njit(inline="always")
def _scatter(i, first, count, neighbours, dx, dy, dz, slope, forces):
    """Add slope times separation to atom i and take it from its neighbours."""
    fx, fy, fz = 0.0, 0.0, 0.0
    for k in range(count):
        j = neighbours[first + k]
        gx, gy, gz = slope[k] * dx[k], slope[k] * dy[k], slope[k] * dz[k]
        fx += gx
        fy += gy
        fz += gz
        forces[j, 0] -= gx
        forces[j, 1] -= gy
        forces[j, 2] -= gz
    forces[i, 0] += fx
    forces[i, 1] += fy
    forces[i, 2] += fz


@cache
def force_kernel(
    exponent: float, n_singular: int, n_regular: int, mixing: int, orthorhombic: bool
) -> Callable[..., float]:
    """Return the compiled function that adds forces and returns the potential energy.

    Args:
        exponent: exponent of the singular part of the radial function [-].
        n_singular: number of coefficients of the singular polynomial.
        n_regular: number of coefficients of the regular polynomial, 0 where it is absent.
        mixing: one of SINGLE, SPECIES, SIZES.
        orthorhombic: whether the cell is a box with right angles.
    """
    halves = int(exponent) if float(exponent).is_integer() else -1

    @njit(cache=True, error_model="numpy", fastmath=FASTMATH)
    def kernel(
        positions, cell, inverse, start, neighbours, singular, regular, cutoff2,
        species, inverse_length2, energies, size, non_additivity, forces,
    ):  # fmt: skip
        longest = 0
        for i in range(positions.shape[0]):
            longest = max(longest, start[i + 1] - start[i])
        dx, dy, dz = np.empty(longest), np.empty(longest), np.empty(longest)
        scale, depth, slope = np.empty(longest), np.empty(longest), np.empty(longest)
        s0, s1, t0, t1 = singular[0], singular[1], regular[0], regular[1]
        total = 0.0
        forces[:] = 0.0
        for i in range(positions.shape[0]):
            first, count = start[i], start[i + 1] - start[i]
            _gather(
                i, first, count, positions, neighbours, mixing, species, inverse_length2, energies, size,
                non_additivity, dx, dy, dz, scale, depth,
            )  # fmt: skip
            here = 0.0
            for k in range(count):
                dx[k], dy[k], dz[k] = _shortest(dx[k], dy[k], dz[k], cell, inverse, orthorhombic)
                weight, factor = 1.0, 1.0
                if mixing != SINGLE:
                    factor = scale[k]
                if mixing == SPECIES:
                    weight = depth[k]
                u = (dx[k] * dx[k] + dy[k] * dy[k] + dz[k] * dz[k]) * factor
                inverse_u = 1.0 / u
                power = inverse_power(inverse_u, exponent, halves)
                value = power * horner(u, s0, n_singular)
                first_derivative = power * inverse_u * horner(u, s1, n_singular)
                if n_regular > 0:
                    value += horner(u, t0, n_regular)
                    first_derivative += horner(u, t1, n_regular)
                # A product with 0 or 1 vectorises where a conditional assignment does not.
                weight *= 1.0 if u < cutoff2 else 0.0
                here += weight * value
                slope[k] = -2.0 * weight * factor * first_derivative
            total += here
            _scatter(i, first, count, neighbours, dx, dy, dz, slope, forces)
        return total

    return kernel
