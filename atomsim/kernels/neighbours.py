"""Compiled lists of neighbours among places that are sorted by cells of a grid.

Indices are unsigned: numba gives negative ones a meaning and would test each of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from atomsim.kernels.places import NO_FILLER, Grid, IndexArray, Places, Rows
from atomsim.kernels.vectors import store_sum
from atomsim.results import Array, IntArray

LANES = np.uint64(
    4
)  # numbers in a vector of the processor: rows of whole vectors have no remainder to treat one by one
OCTET = np.uint64(8)
GATHER_BITS = np.uint64(0x0102040810204080)  # times bytes of 0 or 1: byte k becomes bit k of the highest byte
SINGLE_ROUND_OFF = 4.0 * float(np.finfo(np.float32).eps)  # of a distance, relative to the largest coordinate [-]
N_ONES = np.array([bits.bit_count() for bits in range(256)], np.uint64)
ONES = np.array(
    [[k for k in range(8) if bits >> k & 1] + [0] * (8 - bits.bit_count()) for bits in range(256)], np.uint32
)


class Near(NamedTuple):
    """Places around a column of cells, layer by layer: which, coordinates [sigma], where each layer begins."""

    place: IndexArray
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    z: NDArray[np.float32]
    layer: NDArray[np.uint64]


@njit(cache=True, error_model="numpy", nogil=True)
def move_places(first: int, last: int, positions: Array, shift: Array, places: Places) -> None:
    """Put some places where their owners now are.

    Args:
        first: first place to put.
        last: place behind the last.
        positions: (N, 3) positions [sigma].
        shift: (3, P) from the owner to the place [sigma].
        places: changed.
    """
    for p in range(np.uint64(first), np.uint64(last)):
        i = places.owner[p]
        places.x[p] = positions[i, 0] + shift[0, p]
        places.y[p] = positions[i, 1] + shift[1, p]
        places.z[p] = positions[i, 2] + shift[2, p]


@njit(cache=True, error_model="numpy")
def _surroundings(b, c, places, first, grid, near):
    """Copy the places of a column of cells along the first axis and of the columns around it, layer by layer.

    So the surroundings of each cell of the column are contiguous, and all its cells share one copy.
    """
    shape, span, lowest = grid.shape, grid.span, grid.lowest
    found = np.uint64(0)
    for a in range(shape[0]):
        near.layer[a] = found
        for v in range(max(0, b - span), min(shape[1], b + span + 1)):
            row = (a * shape[1] + v) * shape[2]
            begin = np.uint64(first[row + max(0, c - span)])
            number = np.uint64(first[row + min(shape[2], c + span + 1)]) - begin
            for q in range(number):
                near.x[found + q] = places.x[begin + q] - lowest[0]
                near.y[found + q] = places.y[begin + q] - lowest[1]
                near.z[found + q] = places.z[begin + q] - lowest[2]
                near.place[found + q] = begin + q
            found += number
    near.layer[shape[0]] = found
    near.x[found : found + OCTET] = np.inf


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def _select(near, begin, n_octets, x, y, z, reach2, within, chosen):
    """Choose the near places within reach of a point; return their number.

    Beyond the layers asked for the last eight meet places of the next ones, which are out of reach.
    """
    for k in range(n_octets * OCTET):
        dx, dy, dz = x - near.x[begin + k], y - near.y[begin + k], z - near.z[begin + k]
        within[k] = dx * dx + dy * dy + dz * dz < reach2
    found = np.uint64(0)
    octets = within.view(np.uint64)
    for octet in range(n_octets):
        # Eight bytes of 0 or 1 become the eight bits of a number, whose row of the table holds the places of its ones.
        bits = (octets[octet] * GATHER_BITS) >> np.uint64(56)
        store_sum(chosen, found, ONES, bits, np.uint32(begin + octet * OCTET))  # type: ignore[call-arg]
        found += N_ONES[bits]
    return found


@njit(cache=True, error_model="numpy", nogil=True)
def list_rows(
    first: int, last: int, places: Places, grid: Grid, first_of_cell: IntArray, reach: float, filler: int, rows: Rows
) -> int:
    """Fill some rows of the list with the places within reach of the place of the row; return the width they need.

    Distances are taken in single precision, and a margin for its round-off is added to the reach: no place is missed,
    and some just beyond may be listed. Where the list is too narrow, a row is not filled: the caller must look
    and retry. Rows are filled up to whole vectors with a place far from all others, if there is one.

    Args:
        first: first row to fill.
        last: row behind the last.
        places: all places, sorted by cells.
        grid: the cells.
        first_of_cell: first place of each cell, and the number of places.
        reach: largest distance to be listed [sigma].
        filler: the place far from all others, or NO_FILLER.
        rows: the list, changed.
    """
    room = first_of_cell[first_of_cell.size - 1] + OCTET
    near = Near(
        np.empty(room, np.uint32), np.empty(room, np.float32), np.empty(room, np.float32), np.empty(room, np.float32),
        np.empty(grid.shape[0] + 1, np.uint64),
    )  # fmt: skip
    within, chosen = np.empty(room // OCTET * OCTET + OCTET, np.uint8), np.empty(room + OCTET, np.uint32)
    reach2 = np.float32((reach + SINGLE_ROUND_OFF * (reach + grid.extent)) ** 2)
    lowest, per_layer, here, longest = grid.lowest, grid.shape[1] * grid.shape[2], -1, np.uint64(0)
    for row in range(first, last):
        p = rows.place[row]
        layer, column = rows.cell[row] // per_layer, rows.cell[row] % per_layer
        if column != here:
            here = column
            _surroundings(column // grid.shape[2], column % grid.shape[2], places, first_of_cell, grid, near)
        begin = near.layer[max(0, layer - grid.span)]
        end = near.layer[min(grid.shape[0], layer + grid.span + 1)]
        x, y, z = places.x[p] - lowest[0], places.y[p] - lowest[1], places.z[p] - lowest[2]
        found = _select(
            near, begin, (end - begin + OCTET - np.uint64(1)) // OCTET,
            np.float32(x), np.float32(y), np.float32(z), reach2, within, chosen,
        )  # fmt: skip
        longest = max(longest, _write_row(np.uint64(row), p, near.place, chosen, found, filler, rows))
    return int(longest)


@njit(cache=True, error_model="numpy")
def _write_row(row, own, place, chosen, found, filler, rows):
    """Write the chosen places other than the own one, which is among them, into a row that may be too narrow."""
    length = found - np.uint64(1)
    filled = length if filler == NO_FILLER else length + -length % LANES
    rows.length[row], rows.filled[row] = length, filled
    neighbours = rows.neighbours[row]
    needed = max(filled, found)
    if needed > np.uint64(neighbours.size):
        return needed
    here = np.uint64(0)
    for k in range(found):
        q = place[chosen[k]]
        neighbours[here] = q
        here += np.uint64(q != own)
    for k in range(length, filled):
        neighbours[k] = filler
    return needed


@njit(cache=True, error_model="numpy")
def _count_within(places, p, neighbours, reach2, both):
    """Number of the neighbours of a place within reach, of all of them or of those with a later owner."""
    count = np.uint64(0)
    for q in neighbours:
        dx, dy, dz = places.x[p] - places.x[q], places.y[p] - places.y[q], places.z[p] - places.z[q]
        count += np.uint64((both | (places.owner[p] < places.owner[q])) & (dx * dx + dy * dy + dz * dz < reach2))
    return count


@njit(cache=True, error_model="numpy")
def listed_pairs(places: Places, rows: Rows, reach2: float, both: bool) -> tuple[IntArray, IntArray, Array]:
    """Return (first atom, second atom, R_first - R_second [sigma]) of listed pairs within reach, by ascending first.

    Args:
        places: all places.
        rows: the list.
        reach2: square of the largest distance [sigma^2].
        both: whether each pair comes twice, or only with the first atom before the second.
    """
    found = np.uint64(0)
    for row in range(rows.length.size):
        found += _count_within(places, rows.place[row], rows.neighbours[row, : rows.length[row]], reach2, both)
    room = found + np.uint64(1)  # each pair is written and then kept or not: nobody could foresee the branch
    first, second, vector = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, 3))
    found = np.uint64(0)
    for i in range(rows.of_atom.size):
        row = rows.of_atom[i]
        p = rows.place[row]
        for q in rows.neighbours[row, : rows.length[row]]:
            j = np.int64(places.owner[q])
            dx, dy, dz = places.x[p] - places.x[q], places.y[p] - places.y[q], places.z[p] - places.z[q]
            first[found], second[found] = i, j
            vector[found, 0], vector[found, 1], vector[found, 2] = dx, dy, dz
            found += np.uint64((both | (i < j)) & (dx * dx + dy * dy + dz * dz < reach2))
    return first[:found], second[:found], vector[:found]


@njit(cache=True, error_model="numpy")
def has_moved(positions: Array, reference: Array, distance2: float) -> bool:
    """Return whether an atom is further than a distance from where it was, or nowhere (not a number).

    Args:
        positions: (N, 3) positions [sigma].
        reference: (N, 3) earlier positions [sigma].
        distance2: square of the distance [sigma^2].
    """
    far = 0
    for i in range(positions.shape[0]):
        dx = positions[i, 0] - reference[i, 0]
        dy = positions[i, 1] - reference[i, 1]
        dz = positions[i, 2] - reference[i, 2]
        far += not dx * dx + dy * dy + dz * dz <= distance2
    return far > 0
