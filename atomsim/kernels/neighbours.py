"""Compiled construction of the half list of neighbours by sorting atoms into cells."""

from __future__ import annotations

import numpy as np
from numba import njit

from atomsim.results import Array, IntArray


@njit(cache=True, error_model="numpy")
def minimum_image(dx: float, dy: float, dz: float, cell: Array, inverse: Array) -> tuple[float, float, float]:
    """Return the shortest periodic image of a separation [sigma].

    Rounding the fractional components (by floor, which compiles to one instruction) is exact for every separation
    shorter than half the smallest height of the cell, the only ones that a cut-off below that half lets through. A
    direction without periodicity has a zero column in ``inverse`` and is never wrapped.

    Args:
        dx: first component of the separation [sigma].
        dy: second component [sigma].
        dz: third component [sigma].
        cell: cell vectors as rows [sigma].
        inverse: inverse of the cell matrix [1/sigma].
    """
    s0 = np.floor(dx * inverse[0, 0] + dy * inverse[1, 0] + dz * inverse[2, 0] + 0.5)
    s1 = np.floor(dx * inverse[0, 1] + dy * inverse[1, 1] + dz * inverse[2, 1] + 0.5)
    s2 = np.floor(dx * inverse[0, 2] + dy * inverse[1, 2] + dz * inverse[2, 2] + 0.5)
    return (
        dx - (s0 * cell[0, 0] + s1 * cell[1, 0] + s2 * cell[2, 0]),
        dy - (s0 * cell[0, 1] + s1 * cell[1, 1] + s2 * cell[2, 1]),
        dz - (s0 * cell[0, 2] + s1 * cell[1, 2] + s2 * cell[2, 2]),
    )


@njit(cache=True, error_model="numpy")
def sort_into_cells(positions: Array, inverse: Array, shape: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return (cell of each atom, atoms ordered by cell, first place of each cell in that order).

    Args:
        positions: (N, 3) positions [sigma].
        inverse: inverse of the cell matrix [1/sigma].
        shape: number of cells along each direction.
    """
    n_atoms = positions.shape[0]
    cell_of = np.empty((n_atoms, 3), np.int64)
    first = np.zeros(shape[0] * shape[1] * shape[2] + 1, np.int64)
    flat = np.empty(n_atoms, np.int64)
    for i in range(n_atoms):
        for c in range(3):
            s = positions[i, 0] * inverse[0, c] + positions[i, 1] * inverse[1, c] + positions[i, 2] * inverse[2, c]
            k = int(np.floor((s - np.floor(s)) * shape[c]))
            cell_of[i, c] = min(k, shape[c] - 1)
        flat[i] = (cell_of[i, 0] * shape[1] + cell_of[i, 1]) * shape[2] + cell_of[i, 2]
        first[flat[i] + 1] += 1
    for k in range(1, first.size):
        first[k] += first[k - 1]
    place = first[:-1].copy()
    order = np.empty(n_atoms, np.int64)
    for i in range(n_atoms):
        order[place[flat[i]]] = i
        place[flat[i]] += 1
    return cell_of, order, first


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
def squared_distances(
    x: float,
    y: float,
    z: float,
    sorted_positions: Array,
    first: int,
    last: int,
    cell: Array,
    inverse: Array,
    out: Array,
) -> None:
    """Fill ``out`` with the squared shortest distances from a point to a run of atoms [sigma^2].

    Args:
        x: first coordinate of the point [sigma].
        y: second coordinate [sigma].
        z: third coordinate [sigma].
        sorted_positions: (3, N) positions, atoms of one cell next to each other [sigma].
        first: first atom of the run.
        last: atom behind the run.
        cell: cell vectors as rows [sigma].
        inverse: inverse of the cell matrix [1/sigma].
        out: room for the result [sigma^2].
    """
    for k in range(last - first):
        dx, dy, dz = minimum_image(
            x - sorted_positions[0, first + k],
            y - sorted_positions[1, first + k],
            z - sorted_positions[2, first + k],
            cell,
            inverse,
        )
        out[k] = dx * dx + dy * dy + dz * dz


@njit(cache=True, error_model="numpy")
def half_list(
    positions: Array, cell: Array, inverse: Array, shape: IntArray, reach: float, neighbours: IntArray
) -> tuple[IntArray, int]:
    """Fill ``neighbours`` with the atoms closer than ``reach`` to each atom, each pair once.

    Returns the start of each atom's run and the number found; when that exceeds the room in ``neighbours`` the list
    is incomplete and the caller must retry.

    Args:
        positions: (N, 3) positions [sigma].
        cell: cell vectors as rows [sigma].
        inverse: inverse of the cell matrix [1/sigma].
        shape: number of cells along each direction, 1 or at least 3.
        reach: largest distance to be listed [sigma].
        neighbours: room for the result.
    """
    n_atoms = positions.shape[0]
    cell_of, order, first = sort_into_cells(positions, inverse, shape)
    place_of = np.empty(n_atoms, np.int64)
    sorted_positions = np.empty((3, n_atoms))
    for place in range(n_atoms):
        place_of[order[place]] = place
        for c in range(3):
            sorted_positions[c, place] = positions[order[place], c]
    start = np.zeros(n_atoms + 1, np.int64)
    square = np.empty(n_atoms)
    found, room, reach2 = 0, neighbours.size, reach * reach
    side = np.array([1 if shape[c] > 1 else 0 for c in range(3)])
    for i in range(n_atoms):
        x, y, z = positions[i, 0], positions[i, 1], positions[i, 2]
        for a in range(-side[0], side[0] + 1):
            ca = (cell_of[i, 0] + a) % shape[0]
            for b in range(-side[1], side[1] + 1):
                cb = (cell_of[i, 1] + b) % shape[1]
                for c in range(-side[2], side[2] + 1):
                    k = (ca * shape[1] + cb) * shape[2] + (cell_of[i, 2] + c) % shape[2]
                    begin, end = max(first[k], place_of[i] + 1), first[k + 1]
                    squared_distances(x, y, z, sorted_positions, begin, end, cell, inverse, square)
                    for place in range(begin, end):
                        if square[place - begin] < reach2:
                            if found < room:
                                neighbours[found] = order[place]
                            found += 1
        start[i + 1] = found
    return start, found
