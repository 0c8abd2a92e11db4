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

from atomsim.results import Array, IntArray

IndexArray = NDArray[np.uint32]


class Places(NamedTuple):
    """Coordinates [sigma] of all places, with the owner of each, its species and its diameter [sigma]."""

    x: Array
    y: Array
    z: Array
    owner: IndexArray
    species: IndexArray
    size: Array


class Rows(NamedTuple):
    """The list: the place of the atom of each row, how many neighbours it has, and their places."""

    place: IndexArray
    length: IntArray
    neighbours: IndexArray


class Grid(NamedTuple):
    """Cells: number along each axis, cell of each place, first place of each cell, cells to look at on each side."""

    shape: IntArray
    cell: IntArray
    first: IntArray
    span: int


@njit(inline="always")
def _image_range(s, margin):
    """First and last whole number n for which -margin <= s + n < 1 + margin."""
    return int(np.ceil(-margin - s)), int(np.ceil(1.0 + margin - s)) - 1


@njit(cache=True, error_model="numpy")
def periodic_images(
    positions: Array, cell: Array, inverse: Array, margin: Array
) -> tuple[IndexArray, Array, Array, NDArray[np.bool_]]:
    """Return (owner, shift, coordinates, whether it is the atom itself) of all places in the cell and around it.

    Shifts and coordinates are (3, P) [sigma].

    Args:
        positions: (N, 3) positions, wrapped into the cell or not [sigma].
        cell: cell vectors as rows [sigma].
        inverse: inverse of the cell matrix, zero in the columns of open directions [1/sigma].
        margin: how far images are wanted beyond the cell, as a fraction of its heights; 0 along open directions [-].
    """
    n_atoms = positions.shape[0]
    first, last = np.empty((n_atoms, 3), np.int64), np.empty((n_atoms, 3), np.int64)
    home = np.empty((n_atoms, 3), np.int64)
    n_places = 0
    for i in range(n_atoms):
        here = 1
        for c in range(3):
            s = positions[i, 0] * inverse[0, c] + positions[i, 1] * inverse[1, c] + positions[i, 2] * inverse[2, c]
            first[i, c], last[i, c] = _image_range(s, margin[c])
            home[i, c] = -int(np.floor(s))
            here *= last[i, c] - first[i, c] + 1
        n_places += here
    owner, shift, coordinates = np.empty(n_places, np.uint32), np.empty((3, n_places)), np.empty((3, n_places))
    is_atom = np.empty(n_places, np.bool_)
    p = 0
    for i in range(n_atoms):
        for a in range(first[i, 0], last[i, 0] + 1):
            for b in range(first[i, 1], last[i, 1] + 1):
                for c in range(first[i, 2], last[i, 2] + 1):
                    owner[p] = i
                    for k in range(3):
                        shift[k, p] = a * cell[0, k] + b * cell[1, k] + c * cell[2, k]
                        coordinates[k, p] = positions[i, k] + shift[k, p]
                    is_atom[p] = a == home[i, 0] and b == home[i, 1] and c == home[i, 2]
                    p += 1
    return owner, shift, coordinates, is_atom


@njit(cache=True, error_model="numpy")
def sort_into_cells(
    coordinates: Array, lowest: Array, edge: float, shape: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Return (places in the order of their cells, cell of each place in that order, first place of each cell).

    Args:
        coordinates: (3, P) coordinates of the places [sigma].
        lowest: smallest coordinate along each axis [sigma].
        edge: edge of a cell [sigma].
        shape: number of cells along each axis.
    """
    n_places = coordinates.shape[1]
    cell = np.empty(n_places, np.int64)
    first = np.zeros(shape[0] * shape[1] * shape[2] + 1, np.int64)
    for p in range(n_places):
        k = 0
        for c in range(3):
            k = k * shape[c] + min(int((coordinates[c, p] - lowest[c]) / edge), shape[c] - 1)
        cell[p] = k
        first[k + 1] += 1
    for k in range(1, first.size):
        first[k] += first[k - 1]
    following = first[:-1].copy()
    order, sorted_cell = np.empty(n_places, np.int64), np.empty(n_places, np.int64)
    for p in range(n_places):
        place = following[cell[p]]
        order[place], sorted_cell[place] = p, cell[p]
        following[cell[p]] += 1
    return order, sorted_cell, first


@njit(cache=True, error_model="numpy")
def move_places(positions: Array, shift: Array, places: Places) -> None:
    """Put every place where its owner now is.

    Args:
        positions: (N, 3) positions [sigma].
        shift: (3, P) from the owner to the place [sigma].
        places: changed.
    """
    for p in range(places.owner.size):
        i = places.owner[p]
        places.x[p] = positions[i, 0] + shift[0, p]
        places.y[p] = positions[i, 1] + shift[1, p]
        places.z[p] = positions[i, 2] + shift[2, p]


@njit(cache=True, error_model="numpy")
def _nearby(cell, places, grid, x, y, z, index):
    """Copy the places of a cell and of the cells around it next to each other; return their number."""
    shape, span = grid.shape, grid.span
    a, b, c = cell // (shape[1] * shape[2]), cell // shape[2] % shape[1], cell % shape[2]
    found = np.uint64(0)
    for u in range(max(0, a - span), min(shape[0], a + span + 1)):
        for v in range(max(0, b - span), min(shape[1], b + span + 1)):
            column = (u * shape[1] + v) * shape[2]
            begin, end = grid.first[column + max(0, c - span)], grid.first[column + min(shape[2], c + span + 1)]
            for q in range(np.uint64(begin), np.uint64(end)):
                x[found], y[found], z[found], index[found] = places.x[q], places.y[q], places.z[q], q
                found += np.uint64(1)
    return found


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def _select(x, y, z, index, n_near, x0, y0, z0, own, reach2, within, chosen):
    """Keep the places within reach of a point other than the own one; return their number."""
    for k in range(n_near):
        dx, dy, dz = x0 - x[k], y0 - y[k], z0 - z[k]
        within[k] = (dx * dx + dy * dy + dz * dz < reach2) & (index[k] != own)
    found = np.uint64(0)
    for k in range(n_near):  # without a branch, which nobody could foresee
        chosen[found] = index[k]
        found += np.uint64(within[k])
    return found


@njit(cache=True, error_model="numpy", nogil=True)
def list_rows(first: int, last: int, places: Places, grid: Grid, reach2: float, rows: Rows) -> None:
    """Fill some rows of the list with the places closer than the reach to the place of the row.

    A row counts all its neighbours also where the list is too narrow for them: the caller must look and retry.

    Args:
        first: first row to fill.
        last: row behind the last.
        places: all places, sorted by cells.
        grid: the cells.
        reach2: square of the largest distance to be listed [sigma^2].
        rows: the list, changed.
    """
    room = places.x.size
    x, y, z = np.empty(room), np.empty(room), np.empty(room)
    index, within = np.empty(room, np.uint32), np.empty(room, np.uint32)
    chosen = np.empty(room + 1, np.uint32)
    here, n_near = -1, np.uint64(0)
    for row in range(first, last):
        p = rows.place[row]
        if grid.cell[p] != here:
            here = grid.cell[p]
            n_near = _nearby(here, places, grid, x, y, z, index)
        found = _select(
            x, y, z, index, n_near, places.x[p], places.y[p], places.z[p], p, reach2, within, chosen
        )  # fmt: skip
        rows.length[row] = found
        neighbours = rows.neighbours[row]
        for k in range(min(int(found), neighbours.size)):
            neighbours[k] = chosen[k]


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
