"""A compiled list of neighbours made by threads together, from positions to rows."""

from __future__ import annotations

from typing import NamedTuple

from numba import njit

from atomsim.kernels.neighbours import list_rows
from atomsim.kernels.places import (
    FARTHEST,
    NO_FILLER,
    Box,
    Images,
    Places,
    Rows,
    begin_cells,
    count_images,
    divide,
    find_cells,
    make_images,
    settle,
    sort_images,
)
from atomsim.kernels.together import edge_of, meet
from atomsim.results import Array, IntArray


class Store(NamedTuple):
    """A list with all that is needed to make it anew at other positions.

    For each thread it holds the number of its images, and the length of the longest row that it wanted to fill; and
    once the number of places.
    """

    box: Box
    images: Images
    places: Places
    shift: Array
    rows: Rows
    n_images: IntArray
    longest: IntArray
    n_places: IntArray


@njit(cache=True, error_model="numpy", nogil=True)
def build_list(rank: int, n_threads: int, meeting: IntArray, positions: Array, store: Store) -> bool:
    """Make the list with the threads of a meeting; return whether there is room for it, and nobody called it off.

    Args:
        rank: number of this thread.
        n_threads: how many there are.
        meeting: where they meet.
        positions: (N, 3) finite positions [sigma].
        store: changed.
    """
    box, images, places, rows = store.box, store.images, store.places, store.rows
    first, last = edge_of(len(positions), rank, n_threads), edge_of(len(positions), rank + 1, n_threads)
    store.n_images[rank] = count_images(first, last, positions, box)
    if not meet(meeting, n_threads):
        return False
    begin, n_images = store.n_images[:rank].sum(), store.n_images[:n_threads].sum()
    end = begin + store.n_images[rank]
    if n_images >= len(places.x):
        return False
    make_images(rank, first, last, begin, positions, box, images)
    if not meet(meeting, n_threads):
        return False
    grid = divide(n_threads, images.corners, n_images, box.reach)
    find_cells(rank, first, last, begin, end, grid, images)
    if not meet(meeting, n_threads):
        return False
    first_of_cell, following = begin_cells(rank, n_threads, grid, images.number)
    sort_images(first, last, begin, end, following, images, rows)
    if not meet(meeting, n_threads):
        return False
    begin, end = edge_of(n_images, rank, n_threads), edge_of(n_images, rank + 1, n_threads)
    settle(begin, end, positions, box, images, places, store.shift)
    filler = _place_filler(rank, n_images, grid.extent + 2.0 * box.reach, positions, store)
    if not meet(meeting, n_threads):
        return False
    store.longest[rank] = list_rows(first, last, places, grid, first_of_cell, box.reach, filler, rows)
    store.n_places[0] = n_images + (filler != NO_FILLER)
    return meet(meeting, n_threads) and store.longest[:n_threads].max() <= rows.neighbours.shape[1]


@njit(cache=True, error_model="numpy", nogil=True)
def _place_filler(rank, n_images, away, positions, store):
    """Make a place that is away from all others, if there are any and numbers reach so far; return which."""
    if not (n_images > 0 and away < FARTHEST):
        return NO_FILLER
    if rank == 0:
        places, box = store.places, store.box
        store.shift[:, n_images] = away
        places.owner[n_images], places.species[n_images], places.size[n_images] = 0, box.species[0], box.size[0]
        places.x[n_images], places.y[n_images] = positions[0, 0] + away, positions[0, 1] + away
        places.z[n_images] = positions[0, 2] + away
    return n_images
