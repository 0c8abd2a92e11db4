"""Compiled making of places: atoms and their periodic images, sorted by the cells of a grid, by threads together.

A place holds an atom or one of its images: the atom it belongs to, its owner, and the shift from there. Images reach
as far around the cell as a list of neighbours does, so that a loop over neighbours subtracts coordinates and needs to
know neither the cell nor its periodicity. Places that are close in space are close in memory.

Each thread makes the images of some atoms, and brings them to where they belong in the order of cells and, within a
cell, of atoms: the order does not depend on the number of threads. Whatever is small, each thread finds for itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from atomsim.results import Array, IntArray

IndexArray = NDArray[np.uint32]
CELLS_PER_REACH = 2  # finer cells leave fewer places to look at, and more cells
PLACES_PER_CELL = 2  # at least, on the average: a dilute system has no more cells than that
FARTHEST = 1e30  # coordinates of a filler beyond it would overflow in high powers [sigma]
NO_FILLER = -1


class Box(NamedTuple):
    """Where atoms live: cell vectors as rows [sigma], their inverse, zero in the columns of open directions [1/sigma].

    Images are wanted as far beyond the cell as the margin, a fraction of its heights [-]; the reach is the largest
    distance of neighbours [sigma]. Each atom has a species and a diameter [sigma].
    """

    cell: Array
    inverse: Array
    margin: Array
    reach: float
    species: IndexArray
    size: Array


class Images(NamedTuple):
    """Atoms and images by atom: shift and coordinates [sigma], owner, cell, place; the image at each place.

    Of each atom, which image it is itself.
    Of each thread, lowest and highest coordinates [sigma], and numbers of images and of atoms in each cell.
    """

    shift: Array
    coordinates: Array
    owner: IndexArray
    cell: IndexArray
    place: IndexArray
    order: IndexArray
    home: IndexArray
    corners: Array
    number: IntArray


class Places(NamedTuple):
    """Coordinates [sigma] of all places, with the owner of each, its species and its diameter [sigma]."""

    x: Array
    y: Array
    z: Array
    owner: IndexArray
    species: IndexArray
    size: Array


class Rows(NamedTuple):
    """The list: place and cell of the atom of each row, how many neighbours it has, with fillers, their places.

    Besides, the row of each atom.
    """

    of_atom: IntArray
    place: IndexArray
    cell: IntArray
    length: IntArray
    filled: IntArray
    neighbours: IndexArray


class Grid(NamedTuple):
    """Cells: number along each axis, edge [sigma], cells to look at on each side of one.

    They begin at the lowest corner; the extent is the largest edge of all of them together [sigma].
    """

    shape: IntArray
    edge: float
    span: int
    lowest: Array
    extent: float


@njit(inline="always")
def _image_range(position, box, c):
    """Along one axis: first and last whole number n for which -margin <= s + n < 1 + margin, and that of the atom."""
    s = position[0] * box.inverse[0, c] + position[1] * box.inverse[1, c] + position[2] * box.inverse[2, c]
    return int(np.ceil(-box.margin[c] - s)), int(np.ceil(1.0 + box.margin[c] - s)) - 1, -int(np.floor(s))


@njit(cache=True, error_model="numpy", nogil=True)
def count_images(first: int, last: int, positions: Array, box: Box) -> int:
    """Return the number of places of some atoms: each atom and its images in the cell and around it.

    Args:
        first: first atom to count for.
        last: atom behind the last.
        positions: (N, 3) positions, wrapped into the cell or not [sigma].
        box: where the atoms live.
    """
    total = 0
    for i in range(first, last):
        number = 1
        for c in range(3):
            begin, end, _ = _image_range(positions[i], box, c)
            number *= end - begin + 1
        total += number
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def make_images(rank: int, first: int, last: int, begin: int, positions: Array, box: Box, images: Images) -> None:
    """Make the images that were counted.

    Args:
        rank: number of this thread.
        first: first of its atoms.
        last: atom behind its last.
        begin: number of images of atoms before.
        positions: (N, 3) positions [sigma].
        box: where the atoms live.
        images: changed.
    """
    p, cell = begin, box.cell
    lowest, highest = np.full(3, np.inf), np.full(3, -np.inf)
    for i in range(first, last):
        begin_a, end_a, home_a = _image_range(positions[i], box, 0)
        begin_b, end_b, home_b = _image_range(positions[i], box, 1)
        begin_c, end_c, home_c = _image_range(positions[i], box, 2)
        for a in range(begin_a, end_a + 1):
            for b in range(begin_b, end_b + 1):
                for c in range(begin_c, end_c + 1):
                    images.owner[p] = i
                    if a == home_a and b == home_b and c == home_c:
                        images.home[i] = p
                    for k in range(3):
                        shift = a * cell[0, k] + b * cell[1, k] + c * cell[2, k]
                        images.shift[p, k] = shift
                        x = positions[i, k] + shift
                        images.coordinates[k, p] = x
                        lowest[k], highest[k] = min(lowest[k], x), max(highest[k], x)
                    p += 1
    images.corners[rank, 0], images.corners[rank, 1] = lowest, highest


@njit(cache=True, error_model="numpy", nogil=True)
def divide(n_threads: int, corners: Array, n_images: int, reach: float) -> Grid:
    """Return the cells for all images.

    Args:
        n_threads: how many have made images.
        corners: lowest and highest coordinates that each thread has met [sigma].
        n_images: number of all images.
        reach: largest distance of neighbours [sigma].
    """
    lowest, extent = corners[0, 0].copy(), np.zeros(3)
    for k in range(3):
        highest = corners[0, 1, k]
        for rank in range(1, n_threads):
            lowest[k] = min(lowest[k], corners[rank, 0, k])
            highest = max(highest, corners[rank, 1, k])
        extent[k] = max(highest - lowest[k], 0.0)
    edge = reach / CELLS_PER_REACH
    while np.isfinite(edge) and np.prod(np.floor(extent / edge) + 1) > max(1.0, n_images / PLACES_PER_CELL):
        edge *= 1.25
    shape = (np.floor(extent / edge) + 1).astype(np.int64)
    span = int(np.ceil(reach / edge)) if np.isfinite(edge) else 1
    return Grid(shape, edge, span, lowest, extent.max())


@njit(cache=True, error_model="numpy", nogil=True)
def find_cells(rank: int, first: int, last: int, begin: int, end: int, grid: Grid, images: Images) -> None:
    """Find the cells of some images, and count them and their atoms by cells.

    Args:
        rank: number of this thread.
        first: first of its atoms.
        last: atom behind its last.
        begin: first of its images.
        end: image behind its last.
        grid: the cells.
        images: changed.
    """
    shape, number = grid.shape, images.number[rank]
    number[:, : shape[0] * shape[1] * shape[2]] = 0
    for p in range(np.uint64(begin), np.uint64(end)):
        cell = 0
        for k in range(3):
            cell = cell * shape[k] + min(int((images.coordinates[k, p] - grid.lowest[k]) / grid.edge), shape[k] - 1)
        images.cell[p] = cell
        number[0, np.uint64(cell)] += 1
    for i in range(np.uint64(first), np.uint64(last)):
        number[1, np.uint64(images.cell[images.home[i]])] += 1


@njit(cache=True, error_model="numpy", nogil=True)
def begin_cells(rank: int, n_threads: int, grid: Grid, number: IntArray) -> tuple[IntArray, IntArray]:
    """Return the first place of each cell, and where a thread puts its first image and its first row in each.

    Places go by cells; rows go by columns of cells along the first axis, along which a list is made.

    Args:
        rank: number of this thread.
        n_threads: how many share the images.
        grid: the cells.
        number: for each thread, images and atoms in each cell.
    """
    layers, columns = grid.shape[0], grid.shape[1] * grid.shape[2]
    first, following = np.empty(layers * columns + 1, np.int64), np.empty((2, layers * columns), np.int64)
    total = 0
    for cell in range(layers * columns):
        first[cell] = total
        for other in range(n_threads):
            if other == rank:
                following[0, cell] = total
            total += number[other, 0, cell]
    first[layers * columns], total = total, 0
    for column in range(columns):
        for cell in range(column, layers * columns, columns):
            for other in range(n_threads):
                if other == rank:
                    following[1, cell] = total
                total += number[other, 1, cell]
    return first, following


@njit(cache=True, error_model="numpy", nogil=True)
def sort_images(first: int, last: int, begin: int, end: int, following: IntArray, images: Images, rows: Rows) -> None:
    """Find the places of some images and the rows of their atoms.

    Args:
        first: first atom.
        last: atom behind the last.
        begin: first image.
        end: image behind the last.
        following: where the first ones of each cell go, changed to what follows them.
        images: changed.
        rows: changed.
    """
    for image in range(np.uint64(begin), np.uint64(end)):
        cell = np.uint64(images.cell[image])
        p = following[0, cell]
        following[0, cell] = p + 1
        images.order[np.uint64(p)], images.place[image] = image, p
    for i in range(np.uint64(first), np.uint64(last)):
        image = images.home[i]
        cell = np.uint64(images.cell[image])
        row = following[1, cell]
        following[1, cell] = row + 1
        rows.place[np.uint64(row)], rows.cell[np.uint64(row)], rows.of_atom[i] = images.place[image], cell, row


@njit(cache=True, error_model="numpy", nogil=True)
def settle(begin: int, end: int, positions: Array, box: Box, images: Images, places: Places, shift: Array) -> None:
    """Fill in some places.

    Args:
        begin: first place to fill.
        end: place behind the last.
        positions: (N, 3) positions [sigma].
        box: where the atoms live.
        images: sorted.
        places: changed.
        shift: (3, P) from the owner to the place, changed [sigma].
    """
    for p in range(np.uint64(begin), np.uint64(end)):
        image = images.order[p]
        i = images.owner[image]
        places.owner[p], places.species[p], places.size[p] = i, box.species[i], box.size[i]
        for k in range(3):
            shift[k, p] = images.shift[image, k]
        places.x[p], places.y[p] = positions[i, 0] + shift[0, p], positions[i, 1] + shift[1, p]
        places.z[p] = positions[i, 2] + shift[2, p]
