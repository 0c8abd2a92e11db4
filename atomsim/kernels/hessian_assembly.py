"""Compiled assembly of sparse matrices made of one small symmetric block per pair, in one pass over the rows.

The pattern is found first: of each row of atoms the neighbours in ascending order, each with its pair, the atom itself
among them. The elements then are written once, in the order in which they are stored. Half of the blocks of a row
belong to pairs that lie anywhere: the elements of a block stand side by side, so that one such read is one read.

Indices are unsigned: numba gives negative ones a meaning and would test each of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from atomsim.results import Array, IntArray

ITSELF = np.uint64(2**32 - 1)  # stands for the pair where a row meets its own atom
PAIR_BITS = np.uint64(32)  # of an entry; the neighbour has the higher ones
ONE = np.uint64(1)

EntryArray = NDArray[np.uint64]
PatternArray = NDArray[Any]  # of 32 or of 64 bits


@njit(cache=True, error_model="numpy")
def sorted_rows(first: IntArray, second: IntArray, n_atoms: int) -> tuple[IntArray, EntryArray]:
    """Return start of each row, and by row an entry (neighbour, pair) for each neighbour in ascending order.

    The atom itself is among the neighbours of its row. Going through the rows in order and writing each into the rows
    of its neighbours sorts a symmetric pattern. Pairs and atoms are fewer than 2^32 - 1.

    Args:
        first: first atom of each pair.
        second: second atom of each pair.
        n_atoms: number of atoms.
    """
    start = np.zeros(n_atoms + 1, np.int64)
    for p in range(first.size):
        start[np.uint64(first[p]) + ONE] += 1
        start[np.uint64(second[p]) + ONE] += 1
    for row in range(n_atoms):
        start[row + 1] += start[row] + 1
    place = start[:-1].astype(np.uint64)
    found = np.empty(start[-1], np.uint64)
    for p in range(np.uint64(first.size)):
        i, j = np.uint64(first[p]), np.uint64(second[p])
        found[place[i]], found[place[j]] = j << PAIR_BITS | p, i << PAIR_BITS | p
        place[i] += ONE
        place[j] += ONE
    last = place.copy()
    place[:] = start[:-1]
    entry = np.empty(start[-1], np.uint64)
    for atom in range(np.uint64(n_atoms)):
        entry[place[atom]] = atom << PAIR_BITS | ITSELF
        place[atom] += ONE
        for k in range(np.uint64(start[atom]), last[atom]):
            j = found[k] >> PAIR_BITS
            entry[place[j]] = atom << PAIR_BITS | found[k] & ITSELF
            place[j] += ONE
    return start, entry


@njit(cache=True, error_model="numpy")
def fill_columns(
    start: IntArray, entry: EntryArray, dimension: int, indices: PatternArray, indptr: PatternArray
) -> None:
    """Fill ``indices`` and ``indptr`` of the matrix stored by single rows, ``dimension`` rows to an atom.

    Args:
        start: start of each row of atoms.
        entry: entries by row.
        dimension: rows and columns of a block.
        indices: room for the columns, dimension^2 to a block.
        indptr: room for the starts, one more than rows.
    """
    place = 0
    indptr[0] = 0
    for i in range(start.size - 1):
        begin = place
        for one in entry[start[i] : start[i + 1]]:
            lowest = dimension * np.int64(one >> PAIR_BITS)
            for b in range(dimension):
                indices[np.uint64(place + b)] = lowest + b
            place += dimension
        indptr[dimension * i + 1] = place
        columns = indices[begin:place]  # the other rows of the atom have the same
        for a in range(1, dimension):
            indices[place : place + columns.size] = columns
            place += columns.size
            indptr[dimension * i + a + 1] = place


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def fill_elements(vector: Array, along: Array, across: Array, element: Array) -> None:
    """Fill ``element`` with xx, xy, (xz,) yy, (yz, zz) of the blocks 4 along R R + 2 across 1 of all pairs.

    Args:
        vector: separation R of each pair, (P, 3) [sigma].
        along: second derivative of the energy by the square of the distance [epsilon/sigma^4].
        across: first derivative [epsilon/sigma^2].
        element: room for the elements, 3 to a block in two dimensions and 6 in three [epsilon/sigma^2].
    """
    spatial = element.shape[1] == 6
    for p in range(along.size):
        x, y, z = vector[p, 0], vector[p, 1], vector[p, 2]
        weight, plain = 4.0 * along[p], 2.0 * across[p]
        if spatial:
            element[p, 0], element[p, 1], element[p, 2] = weight * x * x + plain, weight * x * y, weight * x * z
            element[p, 3], element[p, 4], element[p, 5] = weight * y * y + plain, weight * y * z, weight * z * z + plain
        else:
            element[p, 0], element[p, 1], element[p, 2] = weight * x * x + plain, weight * x * y, weight * y * y + plain


@njit(cache=True, error_model="numpy")
def fill_planar(start: IntArray, entry: EntryArray, element: Array, data: Array) -> None:
    """Fill ``data`` as :func:`fill_spatial` does, in two dimensions.

    Args:
        start: start of each row of atoms.
        entry: entries by row.
        element: xx, xy, yy of the block of each pair [any unit].
        data: room for the elements, 4 to a block [unit of the blocks].
    """
    for i in range(start.size - 1):
        width, here = start[i + 1] - start[i], 0
        row = data[4 * start[i] : 4 * start[i + 1]].reshape((2, width, 2))
        xx = xy = yy = 0.0
        for k in range(width):
            p = entry[start[i] + k] & ITSELF
            if p == ITSELF:
                here = k
                continue
            pxx, pxy, pyy = element[p, 0], element[p, 1], element[p, 2]
            xx, xy, yy = xx + pxx, xy + pxy, yy + pyy
            row[0, k, 0], row[0, k, 1], row[1, k, 0], row[1, k, 1] = -pxx, -pxy, -pxy, -pyy
        row[0, here, 0], row[0, here, 1], row[1, here, 0], row[1, here, 1] = xx, xy, xy, yy


@njit(cache=True, error_model="numpy")
def fill_spatial(start: IntArray, entry: EntryArray, element: Array, data: Array) -> None:
    """Fill ``data`` with minus the block of each pair off the diagonal and the sum of the blocks of a row on it.

    Args:
        start: start of each row of atoms.
        entry: entries by row.
        element: xx, xy, xz, yy, yz, zz of the block of each pair [any unit].
        data: room for the elements, 9 to a block [unit of the blocks].
    """
    for i in range(start.size - 1):
        width, here = start[i + 1] - start[i], 0
        row = data[9 * start[i] : 9 * start[i + 1]].reshape((3, width, 3))
        xx = xy = xz = yy = yz = zz = 0.0
        for k in range(width):
            p = entry[start[i] + k] & ITSELF
            if p == ITSELF:
                here = k
                continue
            pxx, pxy, pxz = element[p, 0], element[p, 1], element[p, 2]
            pyy, pyz, pzz = element[p, 3], element[p, 4], element[p, 5]
            xx, xy, xz, yy, yz, zz = xx + pxx, xy + pxy, xz + pxz, yy + pyy, yz + pyz, zz + pzz
            row[0, k, 0], row[0, k, 1], row[0, k, 2] = -pxx, -pxy, -pxz
            row[1, k, 0], row[1, k, 1], row[1, k, 2] = -pxy, -pyy, -pyz
            row[2, k, 0], row[2, k, 1], row[2, k, 2] = -pxz, -pyz, -pzz
        row[0, here, 0], row[0, here, 1], row[0, here, 2] = xx, xy, xz
        row[1, here, 0], row[1, here, 1], row[1, here, 2] = xy, yy, yz
        row[2, here, 0], row[2, here, 1], row[2, here, 2] = xz, yz, zz
