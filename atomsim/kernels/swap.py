"""Compiled exchanges of atoms between fixed sites: Metropolis with the exact change of the energy.

Sites stand still during a sweep, so that squared distances are computed once; only the atoms that sit on them change.
One generator serves every radial function and mixing rule, with the arithmetic of the force kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from atomsim.kernels.forces import FASTMATH, SIZES, SPECIES, horner, inverse_power


@njit(inline="always")
def _pair_energy(
    square, kind, diameter, other_kind, other_diameter, mixing, inverse_length2, energies, non_additivity,
    s0, n_singular, t0, n_regular, exponent, halves, cutoff2,
):  # fmt: skip
    """Energy of two atoms at a squared distance."""
    factor, weight = 1.0, 1.0
    if mixing == SPECIES:
        factor, weight = inverse_length2[kind, other_kind], energies[kind, other_kind]
    elif mixing == SIZES:
        length = 0.5 * (diameter + other_diameter) * (1.0 - non_additivity * abs(diameter - other_diameter))
        factor = 1.0 / (length * length)
    u = square * factor
    value = inverse_power(1.0 / u, exponent, halves) * horner(u, s0, n_singular)
    if n_regular > 0:
        value += horner(u, t0, n_regular)
    # A product with 0 or 1 vectorises where a conditional assignment does not.
    return value * weight * (1.0 if u < cutoff2 else 0.0)


@cache
def exchange_kernel(exponent: float, n_singular: int, n_regular: int, mixing: int) -> Callable[..., Any]:
    """Return the compiled function that tries exchanges in order and returns (number accepted, change of the energy).

    An exchange is accepted when it changes the energy by no more than its limit. ``site`` holds the place of each atom
    and is changed; the pair of the two atoms itself keeps its distance and thus its energy.

    Args:
        exponent: exponent of the singular part of the radial function [-].
        n_singular: number of coefficients of the singular polynomial.
        n_regular: number of coefficients of the regular polynomial, 0 where it is absent.
        mixing: SPECIES or SIZES of the force kernel.
    """
    halves = int(exponent) if float(exponent).is_integer() else -1

    @njit(cache=True, error_model="numpy", fastmath=FASTMATH)
    def kernel(
        start, neighbours, square, singular, regular, cutoff2, inverse_length2, energies, non_additivity,
        first_a, second_a, limit_a, species_n, size_n, site,
    ):  # fmt: skip
        species, size = np.empty_like(species_n), np.empty_like(size_n)  # of what sits on each site
        for i in range(site.size):
            species[site[i]], size[site[i]] = species_n[i], size_n[i]
        s0, t0 = singular[0], regular[0]
        accepted, total = 0, 0.0
        for attempt in range(first_a.size):
            i, j = first_a[attempt], second_a[attempt]
            change = 0.0
            for turn in range(2):
                here, there = (site[i], site[j]) if turn == 0 else (site[j], site[i])
                kind, diameter, new_kind, new_diameter = species[here], size[here], species[there], size[there]
                for k in range(start[here], start[here + 1]):
                    n = neighbours[k]
                    r2, n_kind, n_diameter = square[k], species[n], size[n]
                    after = _pair_energy(
                        r2, new_kind, new_diameter, n_kind, n_diameter, mixing, inverse_length2, energies,
                        non_additivity, s0, n_singular, t0, n_regular, exponent, halves, cutoff2,
                    )  # fmt: skip
                    before = _pair_energy(
                        r2, kind, diameter, n_kind, n_diameter, mixing, inverse_length2, energies,
                        non_additivity, s0, n_singular, t0, n_regular, exponent, halves, cutoff2,
                    )  # fmt: skip
                    change += (after - before) * (1.0 if n != there else 0.0)
            if change <= limit_a[attempt]:
                a, b = site[i], site[j]
                site[i], site[j] = b, a
                species[a], species[b] = species[b], species[a]
                size[a], size[b] = size[b], size[a]
                accepted += 1
                total += change
        return accepted, total

    return kernel
