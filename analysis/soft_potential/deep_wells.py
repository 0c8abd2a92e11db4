"""Tunnelling splittings at their own accuracy, however small against the depth of the wells.

In double precision the splitting of a deep double well is the difference of two equal numbers. Here the two lowest
states are found by inverse iteration on the banded matrix with as many digits as the splitting needs, with the
coefficients of the potential free of rounding. The three-term formula of the WKB method serves as a check.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eig_banded

from analysis.soft_potential.levels import Basis, exact_frame, levels, oscillator_bands
from atomsim.errors import InputError, NotConverged
from atomsim.results import Array

SPLITTING_ACCURACY = 1e-9  # change allowed on enlarging the basis, relative to the splitting [-]
RESOLVED = 1e7  # a splitting larger than this many errors of the levels needs no further digits [-]
GUARD_DIGITS = 25
LARGEST_ACTION = 1200.0  # S of the smallest splitting that is computed, exp(-S) [-]
LARGEST_BASIS = 4000
SHIFT_BELOW = 1e-8  # of the shift of the inverse iteration below the lowest level: keeps the matrix definite [-]
ITERATIONS = 400


def splitting(alpha: float, beta: float) -> float:
    """Return the gap of the two lowest levels, good to 1e-6 of itself or better [-].

    Source: karpov-parshin-1985 (3.8); test: test_splittings_of_deep_wells_tend_to_the_wkb_formula

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].

    Raises:
        InputError: coefficients that are not numbers, or a splitting below exp(-1200).
        NotConverged: the largest basis does not hold the two states.
    """
    D1, D2, _ = exact_frame(alpha, beta)
    coarse = levels(alpha, beta, count=3)
    gap = float(coarse.frame_energy_m[1] - coarse.frame_energy_m[0])
    if gap > RESOLVED * coarse.error:
        return gap
    if D2 < 0 and wkb_action(float(D2)) > LARGEST_ACTION and D1 == 0:
        raise InputError(f"alpha = {alpha!r}, beta = {beta!r}: the splitting is below exp(-{LARGEST_ACTION:g})")
    return _precise_splitting(D1, D2, coarse.error)


def wkb_action(D2: ArrayLike) -> Array:
    """Return the action S = (sqrt 2/3)|D2|^{3/2} of the symmetric double well [-].

    Source: karpov-parshin-1985 (3.2); test: test_splittings_of_deep_wells_tend_to_the_wkb_formula

    Args:
        D2: quadratic coefficient, negative [-].
    """
    return np.sqrt(2) / 3 * np.abs(np.asarray(D2, dtype=float)) ** 1.5


def wkb_splitting(D2: ArrayLike) -> Array:
    """Return the splitting of the symmetric double well D2 x^2 + x^4 by the WKB method to third order [-].

    8 (8/pi)^{1/2} 2^{-5/4} |D2|^{5/4} e^{-S} [1 - 71/(72 S) - 6299/(10368 S^2)], good to 5e-4 at |D2| = 10 and to 1e-4
    from 14 on.

    Source: soft-potential-notes (pre-exponent); test: test_splittings_of_deep_wells_tend_to_the_wkb_formula

    Args:
        D2: quadratic coefficient, negative [-].
    """
    action = wkb_action(D2)
    series = 1 - 71 / (72 * action) - 6299 / (10368 * action**2)
    return leading_splitting(D2) * series


def leading_splitting(D2: ArrayLike) -> Array:
    """Return the leading term of the splitting with its pre-exponent, 8 (8/pi)^{1/2} 2^{-5/4} |D2|^{5/4} e^{-S} [-].

    Source: soft-potential-notes (pre-exponent); test: test_splittings_of_deep_wells_tend_to_the_wkb_formula

    Args:
        D2: quadratic coefficient, negative [-].
    """
    depth = np.abs(np.asarray(D2, dtype=float))
    return 8 * np.sqrt(8 / np.pi) * 2**-1.25 * depth**1.25 * np.exp(-wkb_action(D2))


def boundary_splitting(D2: float) -> float:
    """Return the splitting of the symmetric double well from the wave functions at its centre [-].

    psi_e(0) psi_o'(0) / integral_0^infinity psi_e psi_o dx: an identity of the even and the odd ground state, in
    double precision. Its accuracy is that of psi_e(0) against rounding, 1e-5 at D2 = -20.

    Source: soft-potential-notes (boundary identity); test: test_boundary_identity_gives_the_same_splitting

    Args:
        D2: quadratic coefficient [-].
    """
    basis = _tunnelling_basis(D2).grown()
    bands = oscillator_bands(np.array([0.0, D2, 0.0]), basis.frequency, basis.size)
    vectors = [
        eig_banded(bands[::2, parity::2], lower=True, select="i", select_range=(0, 0))[1][:, 0] for parity in (0, 1)
    ]
    x, weight = np.polynomial.legendre.leggauss(4 * basis.size)
    half = np.sqrt(2.0 * basis.size / basis.frequency) * 1.2 / 2
    x, weight = half * (1 + x), half * weight
    values = _oscillator_states(np.append(x, 0.0), basis)
    even, odd = vectors[0] @ values[::2], vectors[1] @ values[1::2]
    # phi_n'(0) = (2 nu (n))^{1/2} phi_{n-1}(0) for odd n, where phi_n itself vanishes
    n = np.arange(1, basis.size, 2)
    slope = float(np.sum(vectors[1] * np.sqrt(2 * basis.frequency * n) * values[n - 1, -1]))
    return float(even[-1]) * slope / float(np.sum(weight * even[:-1] * odd[:-1]))


def _oscillator_states(x: Array, basis: Basis) -> Array:
    """Values of the oscillator's states, by their stable upward recursion, shape (size, points)."""
    scaled = np.sqrt(basis.frequency) * x
    values = np.zeros((basis.size, len(x)))
    values[0] = (basis.frequency / np.pi) ** 0.25 * np.exp(-(scaled**2) / 2)
    values[1] = np.sqrt(2) * scaled * values[0]
    for n in range(2, basis.size):
        values[n] = np.sqrt(2 / n) * scaled * values[n - 1] - np.sqrt((n - 1) / n) * values[n - 2]
    return values


# --- extended precision -------------------------------------------------------------------------------------


def _precise_splitting(D1: Fraction, D2: Fraction, coarse_error: float) -> float:
    """The splitting with enough digits, in a basis that is enlarged until it stays."""
    basis = _tunnelling_basis(float(D2))
    before = None
    while basis.size <= LARGEST_BASIS:
        found = _splitting_in(D1, D2, basis, coarse_error)
        if before is not None and abs(found - before) <= SPLITTING_ACCURACY * abs(found):
            return float(found)
        before, basis = found, Basis(0.0, basis.frequency, int(1.2 * basis.size) + 4)
    raise NotConverged(f"splitting of D1 = {float(D1):g}, D2 = {float(D2):g}: the basis does not suffice", before)


def _tunnelling_basis(D2: float) -> Basis:
    """A basis for the tails of the two lowest states under the barrier; size and frequency found by trying."""
    depth = max(-D2, 0.0)
    return Basis(0.0, max(1.5, np.sqrt(depth)), 24 + int(4 * depth))


def _splitting_in(D1: Fraction, D2: Fraction, basis: Basis, coarse_error: float) -> Any:
    """The gap of the two lowest states in one basis, by inverse iteration on the plane of both."""
    bands = oscillator_bands(np.array([float(D1), float(D2), 0.0]), basis.frequency, basis.size)
    energy, vectors = eig_banded(bands, lower=True, select="i", select_range=(0, 1))
    digits = GUARD_DIGITS + int(2 * _digits_of(D1, D2)) + int(np.log10(np.max(np.abs(bands))))
    with mpmath.workdps(digits):
        precise = _precise_bands(D1, D2, basis)
        shift = mpmath.mpf(float(energy[0]) - SHIFT_BELOW - 10 * coarse_error)
        pivots, lower = _factorised([precise[0][i] - shift for i in range(basis.size)], precise)
        plane = [[mpmath.mpf(float(v)) for v in vectors[:, i]] for i in (0, 1)]
        gap = None
        for _ in range(ITERATIONS):
            plane = _orthonormal([_solved(pivots, lower, v) for v in plane])
            found = _gap_of(plane, precise)
            if gap is not None and abs(found - gap) <= SPLITTING_ACCURACY / 100 * abs(found):
                return found
            gap = found
    raise NotConverged(f"inverse iteration for D1 = {float(D1):g}, D2 = {float(D2):g} does not settle", gap)


def _digits_of(D1: Fraction, D2: Fraction) -> float:
    """Decimal digits between one and the splitting, from the action and from the asymmetry, whichever is larger."""
    exponent = float(wkb_action(float(D2))) if D2 < 0 else 0.0
    if D1 != 0:
        magnitude = mpmath.log(abs(mpmath.mpf(D1.numerator) / D1.denominator))
        exponent = min(exponent, max(0.0, -float(magnitude)))
    return exponent / np.log(10)


def _precise_bands(D1: Fraction, D2: Fraction, basis: Basis) -> list[list[Any]]:
    """The bands of H in extended precision, shape (5, size)."""
    nu = mpmath.mpf(basis.frequency)
    c1, c2 = (mpmath.mpf(value.numerator) / value.denominator for value in (D1, D2))
    bands: list[list[Any]] = [[], [], [], [], []]
    for n in range(basis.size):
        bands[0].append((nu / 2 + c2 / (2 * nu)) * (2 * n + 1) + (6 * n * n + 6 * n + 3) / (4 * nu**2))
        bands[1].append(c1 * mpmath.sqrt((n + 1) / (2 * nu)))
        bands[2].append(mpmath.sqrt((n + 1) * (n + 2)) / (2 * nu) * (c2 - nu**2 + (2 * n + 3) / nu))
        bands[3].append(mpmath.mpf(0))
        bands[4].append(mpmath.sqrt((n + 1) * (n + 2) * (n + 3) * (n + 4)) / (4 * nu**2))
    return bands


def _factorised(diagonal: list[Any], bands: list[list[Any]]) -> tuple[list[Any], list[list[Any]]]:
    """Pivots and lower factor of L D L^T; the matrix is definite, so no pivoting is needed."""
    size = len(diagonal)
    pivots: list[Any] = []
    lower: list[list[Any]] = [[] for _ in range(5)]  # lower[k][j] = L[j + k, j]
    for j in range(size):
        pivot = diagonal[j]
        for k in range(1, min(4, j) + 1):
            pivot -= lower[k][j - k] ** 2 * pivots[j - k]
        pivots.append(pivot)
        for k in range(1, 5):
            entry = bands[k][j]
            for m in range(1, min(4 - k, j) + 1):
                entry -= lower[k + m][j - m] * lower[m][j - m] * pivots[j - m]
            lower[k].append(entry / pivot)
    return pivots, lower


def _solved(pivots: list[Any], lower: list[list[Any]], right: list[Any]) -> list[Any]:
    """The solution of L D L^T x = right."""
    x, size = list(right), len(right)
    for j in range(size):
        for k in range(1, min(4, j) + 1):
            x[j] -= lower[k][j - k] * x[j - k]
    x = [value / pivot for value, pivot in zip(x, pivots, strict=True)]
    for j in range(size - 1, -1, -1):
        for k in range(1, min(4, size - 1 - j) + 1):
            x[j] -= lower[k][j] * x[j + k]
    return x


def _orthonormal(plane: list[list[Any]]) -> list[list[Any]]:
    """An orthonormal basis of the plane."""
    first, second = plane
    norm = mpmath.sqrt(mpmath.fdot(first, first))
    first = [value / norm for value in first]
    overlap = mpmath.fdot(first, second)
    second = [b - overlap * a for a, b in zip(first, second, strict=True)]
    norm = mpmath.sqrt(mpmath.fdot(second, second))
    return [first, [value / norm for value in second]]


def _gap_of(plane: list[list[Any]], bands: list[list[Any]]) -> Any:
    """The gap of H restricted to the plane."""
    images = [_times_bands(bands, vector) for vector in plane]
    one, two = mpmath.fdot(plane[0], images[0]), mpmath.fdot(plane[1], images[1])
    return mpmath.sqrt((one - two) ** 2 + 4 * mpmath.fdot(plane[0], images[1]) ** 2)


def _times_bands(bands: list[list[Any]], vector: list[Any]) -> list[Any]:
    """H times a vector."""
    size = len(vector)
    image = [bands[0][j] * vector[j] for j in range(size)]
    for k in range(1, 5):
        for j in range(size - k):
            image[j + k] += bands[k][j] * vector[j]
            image[j] += bands[k][j] * vector[j + k]
    return image
