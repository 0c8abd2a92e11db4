"""Structure constants: how a spherical wave of one site looks from another, and how two sites share a plane wave.

Matrices carry site and harmonic in one index, site first. Pairs are computed once: R -> -R only changes the sign of
odd l + l'.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from analysis.multiple_scattering.harmonics import (
    ComplexArray,
    degrees,
    gaunt_coefficients,
    harmonic_count,
    real_harmonics,
    spherical_bessel,
    spherical_hankel,
    unit_vector_matrices,
)
from atomsim.results import Array

PAIRS_AT_ONCE = 4096

Radial = Callable[[Array, int], ComplexArray]
"""From distances [angstrom] and a largest degree to one factor per distance and degree."""


def outgoing_radial(wave_number: complex) -> Radial:
    """Return the radial factors of the propagator, 4 pi i k i^l h_l(kR) [1/angstrom].

    Args:
        wave_number: k, complex for a finite mean free path [1/angstrom].
    """

    def radial(distance: Array, l_max: int) -> ComplexArray:
        k = wave_number.real if complex(wave_number).imag == 0 else wave_number
        return 4j * np.pi * k * 1j ** np.arange(l_max + 1) * spherical_hankel(l_max, k * distance)

    return radial


def standing_radial(wave_number: float) -> Radial:
    """Return the radial factors of the overlap of two sites, 4 pi i^l j_l(kR) [-].

    Args:
        wave_number: k [1/angstrom].
    """

    def radial(distance: Array, l_max: int) -> ComplexArray:
        waves = spherical_bessel(l_max, wave_number * distance)
        return np.asarray(4 * np.pi * 1j ** np.arange(l_max + 1) * waves, dtype=complex)

    return radial


def translation_blocks(
    vectors: Array, radial: Radial, l_rows: int, l_columns: int, *, l_first: int = 0
) -> ComplexArray:
    """Return sum_L'' radial_l''(R) Y_L''(R^) C_LL'L'' for vectors R, shape (p, rows, columns) [unit of the radial].

    Args:
        vectors: R, from the site of the column to that of the row, shape (p, 3) [angstrom].
        radial: the radial factors.
        l_rows: largest degree of the rows.
        l_columns: largest degree of the columns.
        l_first: smallest degree of the rows.
    """
    l_max = l_rows + l_columns
    distance = np.linalg.norm(vectors, axis=-1)
    waves = radial(distance, l_max)[:, degrees(l_max)] * real_harmonics(vectors, l_max)
    gaunt = gaunt_coefficients(l_rows, l_columns)[l_first**2 :]
    flat = np.ascontiguousarray(gaunt.reshape(-1, gaunt.shape[-1]).T)
    # real and imaginary parts side by side: half the work of a product with complex coefficients
    parts = np.concatenate([waves.real, waves.imag]) @ flat
    blocks = np.empty((len(vectors), flat.shape[1]), dtype=complex)
    blocks.real, blocks.imag = parts[: len(vectors)], parts[len(vectors) :]
    return blocks.reshape(-1, *gaunt.shape[:2])


def pair_matrix(positions_nc: Array, radial: Radial, l_rows: int, l_columns: int, *, l_first: int = 0) -> ComplexArray:
    """Return the blocks of all pairs of sites, zero for a site with itself, shape (N, rows, N, columns).

    Args:
        positions_nc: the sites [angstrom].
        radial: the radial factors [their unit is that of the result].
        l_rows: largest degree of the rows.
        l_columns: largest degree of the columns.
        l_first: smallest degree of the rows.
    """
    n = len(positions_nc)
    row_degree, column_degree = degrees(l_rows)[l_first**2 :], degrees(l_columns)
    sign = (-1.0) ** (row_degree[:, None] + column_degree)
    result = np.zeros((n, len(row_degree), n, len(column_degree)), dtype=complex)
    by_pair = result.transpose(0, 2, 1, 3)
    first, second = np.triu_indices(n, k=1)
    for start in range(0, len(first), PAIRS_AT_ONCE):
        i, j = first[start : start + PAIRS_AT_ONCE], second[start : start + PAIRS_AT_ONCE]
        blocks = translation_blocks(positions_nc[i] - positions_nc[j], radial, l_rows, l_columns, l_first=l_first)
        by_pair[i, j] = blocks
        blocks *= sign
        by_pair[j, i] = blocks
    return result


def propagators(positions_nc: Array, wave_number: complex, l_rows: int, l_columns: int) -> ComplexArray:
    """Return the structure constants G of all pairs of sites, shape (N, rows, N, columns) [1/angstrom].

    G_nL,n'L' = 4 pi i k sum_L'' i^l'' h_l''(kR) Y_L''(R^) C_LL'L'' with R = R_n - R_n', zero for n = n'. Outgoing
    waves i^l' h_l' Y_L' about n' times ik are regular waves i^l j_l Y_L about n with these coefficients.

    Source: wind-notes (structure constants); test: test_propagators_translate_outgoing_waves

    Args:
        positions_nc: the sites [angstrom].
        wave_number: k, complex for a finite mean free path [1/angstrom].
        l_rows: largest degree of the rows.
        l_columns: largest degree of the columns.
    """
    return pair_matrix(positions_nc, outgoing_radial(wave_number), l_rows, l_columns)


def overlaps(positions_nc: Array, wave_number: float, l_rows: int, l_columns: int) -> ComplexArray:
    """Return the overlaps J = int dk^ B B^+ of plane waves seen from two sites, shape (N, rows, N, columns) [-].

    J_nL,n'L' = 4 pi sum_L'' i^l'' j_l''(kR) Y_L''(R^) C_LL'L'', the identity for n = n'. For real k and rows as
    columns, G - G^+ = 2ik(J - 1).

    Source: wind-notes (structure constants); test: test_propagators_and_overlaps_belong_together

    Args:
        positions_nc: the sites [angstrom].
        wave_number: k [1/angstrom].
        l_rows: largest degree of the rows.
        l_columns: largest degree of the columns.
    """
    result = pair_matrix(positions_nc, standing_radial(wave_number), l_rows, l_columns)
    site = np.arange(len(positions_nc))
    result[site, :, site] = np.eye(harmonic_count(l_rows), harmonic_count(l_columns))
    return result


def cluster_multipoles(positions_nc: Array, wave_number: float, l_max: int, degree: int) -> ComplexArray:
    """Return Q = int dk^ Y_L exp(ik.R_n) Y_Λ, plane waves at the sites by multipoles, shape (Λ, N, L) [-].

    B_nL(k) = sum_Λ Q_nL,Λ Y_Λ(k^). The row L = 0 is (4 pi)^{1/2} i^Λ j_Λ(kR) Y_Λ(R^); each next l follows from
    multiplying by the unit vector, on the side of Λ, where it is sparse: no Gaunt coefficients of large degree.
    Columns first in memory: its transpose is what LAPACK takes for right-hand sides.

    Source: wind-notes (multipoles); test: test_cluster_multipoles_are_plane_waves

    Args:
        positions_nc: the sites, from the origin of the multipoles [angstrom].
        wave_number: k [1/angstrom].
        l_max: largest degree of L.
        degree: largest degree of Λ.
    """
    last = degree + l_max
    distance = np.linalg.norm(positions_nc, axis=-1)
    radial = np.sqrt(4 * np.pi) * spherical_bessel(last, wave_number * distance)
    current = (radial[:, degrees(last)] * real_harmonics(positions_nc, last)).T[:, :, None]
    n_kept, n_sites = harmonic_count(degree), len(positions_nc)
    result = np.empty((n_kept, n_sites, harmonic_count(l_max)), dtype=complex)
    phases = 1j ** degrees(degree)[:, None, None]
    result[:, :, :1] = current[:n_kept] * phases
    for l_row in range(1, l_max + 1):
        raised = np.zeros((harmonic_count(last - l_row), n_sites, 2 * l_row + 1))
        for coupling, step in zip(unit_vector_matrices(l_row, l_row), _phased_steps(last - l_row), strict=True):
            upper = coupling[l_row**2 :, (l_row - 1) ** 2 : l_row**2].toarray()
            shifted = (step @ current.reshape(len(current), -1)).reshape(-1, 2 * l_row - 1)
            raised += (shifted @ (upper.T * (2 * l_row + 1) / l_row)).reshape(raised.shape)
        result[:, :, l_row**2 : (l_row + 1) ** 2] = raised[:n_kept] * (phases * (-1j) ** l_row)
        current = raised
    return result


@lru_cache(maxsize=128)
def _phased_steps(degree: int) -> tuple[sparse.csr_array, ...]:
    """Return K_c from degree + 1 to degree for coefficients without their i^(Λ - l): these are real."""
    steps = tuple(sparse.coo_array(part, copy=True) for part in unit_vector_matrices(degree, degree + 1))
    rows, columns = degrees(degree), degrees(degree + 1)
    for step in steps:
        step.data[columns[step.col] > rows[step.row]] *= -1
    return tuple(sparse.csr_array(step) for step in steps)


def multipole_degree(size: float, l_max: int, *, tolerance: float) -> int:
    """Return up to which degree a plane wave is kept within a sphere, for harmonics up to l_max at its sites.

    The smallest Λ with sum_{λ > Λ - l_max} (2λ + 1) j_λ(kR)² <= tolerance: the share of the norm of a plane wave, one,
    that is left out at the outermost site.

    Source: wind-notes (multipoles); test: test_error_of_multipoles_is_the_tolerance

    Args:
        size: k times the radius of the sphere about the origin of the multipoles [-].
        l_max: largest degree at the sites.
        tolerance: share left out [-].
    """
    last = int(size) + 40 + int(6 * np.cbrt(size))
    share = (2 * np.arange(last + 1) + 1) * spherical_bessel(last, size) ** 2
    left_out = np.append(np.cumsum(share[::-1])[::-1][1:], 0.0)
    return int(np.argmax(left_out <= tolerance)) + l_max


def enclosing_centre(positions: ArrayLike) -> Array:
    """Return the middle of the box around points [angstrom].

    Args:
        positions: points, shape (n, 3) [angstrom].
    """
    positions = np.asarray(positions, dtype=float)
    return (positions.min(axis=0) + positions.max(axis=0)) / 2
