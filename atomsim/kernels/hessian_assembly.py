"""Compiled assembly of sparse matrices made of one small symmetric block per pair, in one pass over the rows.

The pattern is found first: of each row of atoms the neighbours in ascending order, each with its pair, the atom itself
among them. The elements then are written once, in the order in which they are stored.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from atomsim.results import Array, IntArray

ITSELF = -1  # stands for the pair where a row meets its own atom


@njit(cache=True, error_model="numpy")
def sorted_rows(first: IntArray, second: IntArray, n_atoms: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return start of each row, and by row the neighbours in ascending order, the atom itself included, and the pairs.

    Going through the rows in order and writing each into the rows of its neighbours sorts a symmetric pattern.

    Args:
        first: first atom of each pair.
        second: second atom of each pair.
        n_atoms: number of atoms.
    """
    start = np.zeros(n_atoms + 1, np.int64)
    for p in range(first.size):
        start[first[p] + 1] += 1
        start[second[p] + 1] += 1
    for i in range(n_atoms):
        start[i + 1] += start[i] + 1
    place = start[:-1].copy()
    found, pair_found = np.empty(start[-1], np.int64), np.empty(start[-1], np.int64)
    for p in range(first.size):
        i, j = first[p], second[p]
        found[place[i]], pair_found[place[i]] = j, p
        found[place[j]], pair_found[place[j]] = i, p
        place[i] += 1
        place[j] += 1
    last = place.copy()
    place[:] = start[:-1]
    column, pair = np.empty(start[-1], np.int64), np.empty(start[-1], np.int64)
    for i in range(n_atoms):
        column[place[i]], pair[place[i]] = i, ITSELF
        place[i] += 1
        for k in range(start[i], last[i]):
            j = found[k]
            column[place[j]], pair[place[j]] = i, pair_found[k]
            place[j] += 1
    return start, column, pair


@njit(cache=True, error_model="numpy")
def fill_columns(start, column, dimension, indices, indptr):
    """Fill ``indices`` and ``indptr`` of the matrix stored by single rows, ``dimension`` rows to an atom.

    Args:
        start: start of each row of atoms.
        column: neighbours by row.
        dimension: rows and columns of a block.
        indices: room for the columns, dimension^2 to a block.
        indptr: room for the starts, one more than rows.
    """
    place = 0
    indptr[0] = 0
    for i in range(start.size - 1):
        for a in range(dimension):
            for k in range(start[i], start[i + 1]):
                for b in range(dimension):
                    indices[place] = dimension * column[k] + b
                    place += 1
            indptr[dimension * i + a + 1] = place


@njit(cache=True, error_model="numpy")
def fill_blocks(start: IntArray, pair: IntArray, blocks: Array, data: Array) -> None:
    """Fill ``data`` with minus the block of each pair off the diagonal and the sum of the blocks of a row on it.

    Args:
        start: start of each row of atoms.
        pair: pairs by row.
        blocks: block of each pair, (P, d, d) [any unit].
        data: room for the elements, d^2 to a block [unit of the blocks].
    """
    d = blocks.shape[1]
    own = np.empty((d, d))
    for i in range(start.size - 1):
        own[:] = 0.0
        width, begin, here = start[i + 1] - start[i], d * d * start[i], 0
        for k in range(width):
            p = pair[start[i] + k]
            if p == ITSELF:
                here = k
                continue
            for a in range(d):
                for b in range(d):
                    data[begin + (a * width + k) * d + b] = -blocks[p, a, b]
                    own[a, b] += blocks[p, a, b]
        for a in range(d):
            for b in range(d):
                data[begin + (a * width + here) * d + b] = own[a, b]


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def fill_bonds(
    start: IntArray, pair: IntArray, vector: Array, along: Array, across: Array, dimension: int, data: Array
) -> None:
    """Fill ``data`` as :func:`fill_blocks` does, for blocks 4 along R R + 2 across 1 that are never stored.

    Args:
        start: start of each row of atoms.
        pair: pairs by row.
        vector: separation R of each pair, (P, 3) [sigma].
        along: second derivative of the energy by the square of the distance [epsilon/sigma^4].
        across: first derivative [epsilon/sigma^2].
        dimension: 2 or 3.
        data: room for the elements [epsilon/sigma^2].
    """
    for i in range(start.size - 1):
        width, begin, here = start[i + 1] - start[i], dimension * dimension * start[i], 0
        xx = xy = xz = yy = yz = zz = 0.0
        row, down = begin, dimension * width
        for k in range(width):
            p = pair[start[i] + k]
            if p == ITSELF:
                here = k
                continue
            x, y = vector[p, 0], vector[p, 1]
            weight, plain = 4.0 * along[p], 2.0 * across[p]
            bxx, bxy, byy = weight * x * x + plain, weight * x * y, weight * y * y + plain
            xx += bxx
            xy += bxy
            yy += byy
            place = row + dimension * k
            data[place], data[place + 1] = -bxx, -bxy
            data[place + down], data[place + down + 1] = -bxy, -byy
            if dimension == 3:
                z = vector[p, 2]
                bxz, byz, bzz = weight * x * z, weight * y * z, weight * z * z + plain
                xz += bxz
                yz += byz
                zz += bzz
                data[place + 2], data[place + down + 2] = -bxz, -byz
                place += 2 * down
                data[place], data[place + 1], data[place + 2] = -bxz, -byz, -bzz
        place = row + dimension * here
        data[place], data[place + 1] = xx, xy
        data[place + down], data[place + down + 1] = xy, yy
        if dimension == 3:
            data[place + 2], data[place + down + 2] = xz, yz
            place += 2 * down
            data[place], data[place + 1], data[place + 2] = xz, yz, zz
