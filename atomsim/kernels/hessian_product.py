"""Compiled products of the Hessian of a pair potential with several vectors at once, nothing stored but the pairs.

Every pair stands in the rows of both of its atoms, so that the row of an atom is complete when its neighbours are
through: the steps that follow a product are taken while the row is in the processor, and vectors stream by once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from atomsim.results import Array, IntArray

CELLS_OF_CURVE = 1024  # cells along each direction of the space-filling curve


@njit(cache=True, error_model="numpy")
def curve_places(positions: Array, cell_inverse: Array) -> IntArray:
    """Return the place of each atom along a Z-shaped curve that fills the cell: near places are near in space.

    Args:
        positions: (N, 3) positions [sigma].
        cell_inverse: inverse of the matrix of the cell vectors [1/sigma].
    """
    place = np.zeros(positions.shape[0], np.int64)
    for i in range(positions.shape[0]):
        for c in range(3):
            s = 0.0
            for a in range(3):
                s += positions[i, a] * cell_inverse[a, c]
            k = min(int((s - np.floor(s)) * CELLS_OF_CURVE), CELLS_OF_CURVE - 1)
            for bit in range(10):
                place[i] |= ((k >> bit) & 1) << (3 * bit + c)
    return place


@njit(cache=True, error_model="numpy")
def full_rows(first: IntArray, second: IntArray, rank: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return start of each row, and by row the neighbours and the pairs; each pair stands in two rows.

    Args:
        first: first atom of each pair.
        second: second atom of each pair.
        rank: the row given to each atom.
    """
    n_atoms, n_pairs = rank.size, first.size
    start = np.zeros(n_atoms + 1, np.int64)
    for p in range(n_pairs):
        start[rank[first[p]] + 1] += 1
        start[rank[second[p]] + 1] += 1
    for i in range(n_atoms):
        start[i + 1] += start[i]
    place = start[:-1].copy()
    neighbour, pair = np.empty(2 * n_pairs, np.int64), np.empty(2 * n_pairs, np.int64)
    for p in range(n_pairs):
        i, j = rank[first[p]], rank[second[p]]
        neighbour[place[i]], pair[place[i]] = j, p
        neighbour[place[j]], pair[place[j]] = i, p
        place[i] += 1
        place[j] += 1
    return start, neighbour, pair


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def row_product(i, start, neighbour, vector, bond, inverse_root, field, row):
    """Fill ``row`` with the product for one atom, (3, K).

    Args:
        i: the row.
        start: start of each row.
        neighbour: neighbours by row.
        vector: separation by row, of either sign, (2P, 3) [sigma].
        bond: 4 phi'' and 2 phi' by row, (2P, 2) [epsilon/sigma^4, epsilon/sigma^2].
        inverse_root: root of the inverse mass by atom [1/sqrt(m)].
        field: vectors to multiply, (N, 3, K).
        row: room for the result.
    """
    n_vectors = field.shape[2]
    row[:] = 0.0
    d00 = d01 = d02 = d11 = d12 = d22 = 0.0
    for k in range(start[i], start[i + 1]):
        j = neighbour[k]
        x, y, z = vector[k, 0], vector[k, 1], vector[k, 2]
        weight = inverse_root[i] * inverse_root[j]
        along, across, share = weight * bond[k, 0], weight * bond[k, 1], inverse_root[i] / inverse_root[j]
        b00, b01, b02 = along * x * x + across, along * x * y, along * x * z
        b11, b12, b22 = along * y * y + across, along * y * z, along * z * z + across
        d00 += share * b00
        d01 += share * b01
        d02 += share * b02
        d11 += share * b11
        d12 += share * b12
        d22 += share * b22
        for r in range(n_vectors):
            fx, fy, fz = field[j, 0, r], field[j, 1, r], field[j, 2, r]
            row[0, r] -= b00 * fx + b01 * fy + b02 * fz
            row[1, r] -= b01 * fx + b11 * fy + b12 * fz
            row[2, r] -= b02 * fx + b12 * fy + b22 * fz
    for r in range(n_vectors):
        fx, fy, fz = field[i, 0, r], field[i, 1, r], field[i, 2, r]
        row[0, r] += d00 * fx + d01 * fy + d02 * fz
        row[1, r] += d01 * fx + d11 * fy + d12 * fz
        row[2, r] += d02 * fx + d12 * fy + d22 * fz


@njit(cache=True, error_model="numpy")
def product(start, neighbour, vector, bond, inverse_root, field, out):
    """Fill ``out`` with the product of the matrix and all vectors.

    Args:
        start: start of each row.
        neighbour: neighbours by row.
        vector: separation by row [sigma].
        bond: see :func:`row_product`.
        inverse_root: root of the inverse mass by atom [1/sqrt(m)].
        field: vectors to multiply, (N, 3, K).
        out: room for the result, (N, 3, K).
    """
    for i in range(field.shape[0]):
        row_product(i, start, neighbour, vector, bond, inverse_root, field, out[i])


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "reassoc"})
def chebyshev_step(
    start, neighbour, vector, bond, inverse_root, centre, half_width, field, previous, moments
):  # fmt: skip
    """Put 2 (A - centre)/half_width field - previous into ``previous``, and the products of vectors into ``moments``.

    Args:
        start: start of each row.
        neighbour: neighbours by row.
        vector: separation by row [sigma].
        bond: see :func:`row_product`.
        inverse_root: root of the inverse mass by atom [1/sqrt(m)].
        centre: middle of the interval of the spectrum [epsilon/(m sigma^2)].
        half_width: half its width [epsilon/(m sigma^2)].
        field: T_n of the scaled matrix on the random vectors, (N, 3, K) [-].
        previous: T_{n-1} on them, becomes T_{n+1} [-].
        moments: (2, K), becomes field . field and new . field [-].
    """
    n_vectors = field.shape[2]
    row = np.empty((3, n_vectors))
    moments[:] = 0.0
    for i in range(field.shape[0]):
        row_product(i, start, neighbour, vector, bond, inverse_root, field, row)
        for c in range(3):
            for r in range(n_vectors):
                new = 2.0 / half_width * (row[c, r] - centre * field[i, c, r]) - previous[i, c, r]
                previous[i, c, r] = new
                moments[0, r] += field[i, c, r] * field[i, c, r]
                moments[1, r] += field[i, c, r] * new
