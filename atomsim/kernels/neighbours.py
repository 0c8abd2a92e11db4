"""Compiled lists of neighbours: atoms and their periodic images at fixed places, sorted by cells of a grid.

A place holds an atom or one of its images: the atom it belongs to, its owner, and the shift from there. Images
reach as far around the cell as the list does, so that a loop over neighbours subtracts coordinates and needs to know
neither the cell nor its periodicity. Places that are close in space are close in memory.

Indices are unsigned: numba gives negative ones a meaning and would test each of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from atomsim.kernels.vectors import store_sum
from atomsim.results import Array, IntArray

IndexArray = NDArray[np.uint32]
NO_FILLER = -1
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


class Places(NamedTuple):
    """Coordinates [sigma] of all places, with the owner of each, its species and its diameter [sigma]."""

    x: Array
    y: Array
    z: Array
    owner: IndexArray
    species: IndexArray
    size: Array


class Rows(NamedTuple):
    """The list: the place of the atom of each row, how many neighbours it has, how many with fillers, their places."""

    place: IndexArray
    length: IntArray
    filled: IntArray
    neighbours: IndexArray


class Images(NamedTuple):
    """Atoms and images by atom: owner, (3, P) shift and coordinates [sigma], whether it is the atom itself."""

    owner: IndexArray
    shift: Array
    coordinates: Array
    is_atom: NDArray[np.bool_]


class Near(NamedTuple):
    """Places around a column of cells, layer by layer: which, coordinates [sigma], where each layer begins."""

    place: IndexArray
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    z: NDArray[np.float32]
    layer: NDArray[np.uint64]


class Grid(NamedTuple):
    """Cells: number along each axis, cell of each place, first place of each cell, cells to look at on each side.

    They begin at the lowest corner; the extent is the largest edge of all of them together [sigma].
    """

    shape: IntArray
    cell: IntArray
    first: IntArray
    span: int
    lowest: Array
    extent: float


@njit(inline="always")
def _image_range(position, inverse, margin, c):
    """Along one axis: first and last whole number n for which -margin <= s + n < 1 + margin, and that of the atom."""
    s = position[0] * inverse[0, c] + position[1] * inverse[1, c] + position[2] * inverse[2, c]
    return int(np.ceil(-margin[c] - s)), int(np.ceil(1.0 + margin[c] - s)) - 1, -int(np.floor(s))


@njit(cache=True, error_model="numpy", nogil=True)
def count_images(first: int, last: int, positions: Array, inverse: Array, margin: Array, number: IntArray) -> None:
    """Count the places of some atoms: each atom and its images in the cell and around it.

    Args:
        first: first atom to count for.
        last: atom behind the last.
        positions: (N, 3) positions, wrapped into the cell or not [sigma].
        inverse: inverse of the cell matrix, zero in the columns of open directions [1/sigma].
        margin: how far images are wanted beyond the cell, as a fraction of its heights; 0 along open directions [-].
        number: number of places of each atom, changed.
    """
    for i in range(first, last):
        number[i] = 1
        for c in range(3):
            begin, end, _ = _image_range(positions[i], inverse, margin, c)
            number[i] *= end - begin + 1


@njit(cache=True, error_model="numpy", nogil=True)
def place_images(
    first: int, last: int, positions: Array, inverse: Array, margin: Array, cell: Array, start: IntArray, images: Images
) -> None:
    """Fill in the places that were counted.

    Args:
        first: first atom to place.
        last: atom behind the last.
        positions: (N, 3) positions [sigma].
        inverse: as they were counted with [1/sigma].
        margin: as they were counted with [-].
        cell: cell vectors as rows [sigma].
        start: first place of each atom.
        images: changed.
    """
    for i in range(first, last):
        p = start[i]
        begin_a, end_a, home_a = _image_range(positions[i], inverse, margin, 0)
        begin_b, end_b, home_b = _image_range(positions[i], inverse, margin, 1)
        begin_c, end_c, home_c = _image_range(positions[i], inverse, margin, 2)
        for a in range(begin_a, end_a + 1):
            for b in range(begin_b, end_b + 1):
                for c in range(begin_c, end_c + 1):
                    images.owner[p] = i
                    images.is_atom[p] = a == home_a and b == home_b and c == home_c
                    for k in range(3):
                        shift = a * cell[0, k] + b * cell[1, k] + c * cell[2, k]
                        images.shift[k, p] = shift
                        images.coordinates[k, p] = positions[i, k] + shift
                    p += 1


@njit(cache=True, error_model="numpy", nogil=True)
def find_cells(
    first: int, last: int, coordinates: Array, lowest: Array, edge: float, shape: IntArray, cell: IntArray
) -> None:
    """Fill in the cells of some places.

    Args:
        first: first place to look at.
        last: place behind the last.
        coordinates: (3, P) coordinates of the places [sigma].
        lowest: smallest coordinate along each axis [sigma].
        edge: edge of a cell [sigma].
        shape: number of cells along each axis.
        cell: cell of each place, changed.
    """
    for p in range(np.uint64(first), np.uint64(last)):
        k = 0
        for c in range(3):
            k = k * shape[c] + min(int((coordinates[c, p] - lowest[c]) / edge), shape[c] - 1)
        cell[p] = k


@njit(cache=True, error_model="numpy")
def sort_by_cells(cell: IntArray, n_cells: int) -> tuple[IntArray, IntArray]:
    """Return (places in the order of their cells, first place of each cell in that order).

    Args:
        cell: cell of each place.
        n_cells: number of cells.
    """
    first = np.zeros(n_cells + 1, np.int64)
    for k in cell:
        first[k + 1] += 1
    for k in range(n_cells):
        first[k + 1] += first[k]
    following, order = first[:-1].copy(), np.empty(cell.size, np.int64)
    for p in range(cell.size):
        order[following[cell[p]]] = p
        following[cell[p]] += 1
    return order, first


@njit(cache=True, error_model="numpy", nogil=True)
def settle(first: int, last: int, order: IntArray, images: Images, owner: IndexArray, shift: Array) -> None:
    """Fill in the owners and the shifts of some places: those of the images in the order of their cells.

    Args:
        first: first place to fill.
        last: place behind the last.
        order: image at each place.
        images: all images.
        owner: owner of each place, changed.
        shift: (3, P) from the owner to the place, changed [sigma].
    """
    for p in range(np.uint64(first), np.uint64(last)):
        owner[p] = images.owner[order[p]]
        for k in range(3):
            shift[k, p] = images.shift[k, order[p]]


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
def _surroundings(b, c, places, grid, near):
    """Copy the places of a column of cells along the first axis and of the columns around it, layer by layer.

    So the surroundings of each cell of the column are contiguous, and all its cells share one copy.
    """
    shape, span, lowest = grid.shape, grid.span, grid.lowest
    found = np.uint64(0)
    for a in range(shape[0]):
        near.layer[a] = found
        for v in range(max(0, b - span), min(shape[1], b + span + 1)):
            row = (a * shape[1] + v) * shape[2]
            begin = np.uint64(grid.first[row + max(0, c - span)])
            number = np.uint64(grid.first[row + min(shape[2], c + span + 1)]) - begin
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
def list_rows(first: int, last: int, places: Places, grid: Grid, reach: float, filler: int, rows: Rows) -> None:
    """Fill some rows of the list with the places closer than the reach to the place of the row.

    Distances are taken in single precision, and a margin for its round-off is added to the reach: no place is missed,
    and some just beyond may be listed. A row counts all its neighbours also where the list is too narrow for them: the
    caller must look and retry. Rows are filled up to whole vectors with a place far from all others, if there is one.

    Args:
        first: first row to fill.
        last: row behind the last.
        places: all places, sorted by cells.
        grid: the cells.
        reach: largest distance to be listed [sigma].
        filler: the place far from all others, or NO_FILLER.
        rows: the list, changed.
    """
    room = grid.cell.size + OCTET
    near = Near(
        np.empty(room, np.uint32), np.empty(room, np.float32), np.empty(room, np.float32), np.empty(room, np.float32),
        np.empty(grid.shape[0] + 1, np.uint64),
    )  # fmt: skip
    within, chosen = np.empty(room // OCTET * OCTET + OCTET, np.uint8), np.empty(room + OCTET, np.uint32)
    reach2 = np.float32((reach + SINGLE_ROUND_OFF * (reach + grid.extent)) ** 2)
    lowest, per_layer, here = grid.lowest, grid.shape[1] * grid.shape[2], -1
    for row in range(first, last):
        p = rows.place[row]
        layer, column = grid.cell[p] // per_layer, grid.cell[p] % per_layer
        if column != here:
            here = column
            _surroundings(column // grid.shape[2], column % grid.shape[2], places, grid, near)
        begin = near.layer[max(0, layer - grid.span)]
        end = near.layer[min(grid.shape[0], layer + grid.span + 1)]
        x, y, z = places.x[p] - lowest[0], places.y[p] - lowest[1], places.z[p] - lowest[2]
        found = _select(
            near, begin, (end - begin + OCTET - np.uint64(1)) // OCTET,
            np.float32(x), np.float32(y), np.float32(z), reach2, within, chosen,
        )  # fmt: skip
        _write_row(np.uint64(row), p, near.place, chosen, found, filler, rows)


@njit(cache=True, error_model="numpy")
def _write_row(row, own, place, chosen, found, filler, rows):
    """Write the chosen places other than the own one, which is among them, into a row that may be too narrow."""
    length = found - np.uint64(1)
    filled = length if filler == NO_FILLER else length + -length % LANES
    rows.length[row], rows.filled[row] = length, filled
    neighbours = rows.neighbours[row]
    if max(filled, found) > np.uint64(neighbours.size):
        return
    here = np.uint64(0)
    for k in range(found):
        q = place[chosen[k]]
        neighbours[here] = q
        here += np.uint64(q != own)
    for k in range(length, filled):
        neighbours[k] = filler


@njit(cache=True, error_model="numpy")
def listed_pairs(
    places: Places, rows: Rows, row_of_atom: IntArray, reach2: float, both: bool
) -> tuple[IntArray, IntArray, Array]:
    """Return (first atom, second atom, R_first - R_second [sigma]) of listed pairs within reach, by ascending first.

    Args:
        places: all places.
        rows: the list.
        row_of_atom: row of each atom.
        reach2: square of the largest distance [sigma^2].
        both: whether each pair comes twice, or only with the first atom before the second.
    """
    room = 0
    for row in range(rows.length.size):
        room += rows.length[row]
    first, second, vector = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, 3))
    found = 0
    for i in range(row_of_atom.size):
        row = row_of_atom[i]
        p = rows.place[row]
        for q in rows.neighbours[row, : rows.length[row]]:
            j = np.int64(places.owner[q])
            dx, dy, dz = places.x[p] - places.x[q], places.y[p] - places.y[q], places.z[p] - places.z[q]
            if (both or i < j) and dx * dx + dy * dy + dz * dz < reach2:
                first[found], second[found] = i, j
                vector[found, 0], vector[found, 1], vector[found, 2] = dx, dy, dz
                found += 1
    return first[:found].copy(), second[:found].copy(), vector[:found].copy()


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
