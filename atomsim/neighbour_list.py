"""The list of neighbours of a configuration: every atom with all atoms and periodic images within reach."""

from __future__ import annotations

from functools import partial

import numpy as np

from atomsim.kernels.neighbours import (
    NO_FILLER,
    Grid,
    Images,
    IndexArray,
    Places,
    Rows,
    count_images,
    find_cells,
    list_rows,
    listed_pairs,
    move_places,
    place_images,
    settle,
    sort_by_cells,
)
from atomsim.results import Array, IntArray
from atomsim.team import Team

CELLS_PER_REACH = 2  # finer cells leave fewer places to look at, and more cells
PLACES_PER_CELL = 2  # at least, on the average: a dilute system has no more cells than that
ROOM = 1.1  # width of the rows over the longest one found
FIRST_WIDTH = 64
FARTHEST = 1e30  # coordinates of a filler beyond it would overflow in high powers [sigma]
# Rough times of one row of the loops, for the team to see whether threads are worth it [s].
ATOM_TIME, PLACE_TIME, MOVE_TIME, ROW_TIME = 3e-8, 5e-9, 2e-9, 5e-7
SAFE_MARGIN = 1e-9  # images are wanted up to the reach, whatever round-off does [-]


class NeighbourList:
    """A full list: each pair stands in the rows of both atoms, so that no loop over rows writes to a foreign row.

    Rows are independent of each other: threads may share them, and every row has the same bits whoever computes it.
    """

    def __init__(
        self, *, cell_cc: Array, periodic_c: IntArray, species_n: IntArray, size_n: Array, reach: float, team: Team
    ) -> None:
        """Prepare a list.

        Args:
            cell_cc: cell vectors as rows [sigma].
            periodic_c: 1 for a periodic direction, 0 for an open one.
            species_n: species of each atom.
            size_n: diameter of each atom [sigma].
            reach: largest distance to be listed [sigma].
            team: the threads that share the work.
        """
        self.reach = reach
        self._cell_cc = cell_cc
        self._inverse_cc = np.asarray(np.linalg.inv(cell_cc) * periodic_c[None, :], dtype=np.float64)
        periodic = periodic_c > 0
        self._margin_c = np.zeros(3)
        self._margin_c[periodic] = reach * np.linalg.norm(self._inverse_cc, axis=0)[periodic] + SAFE_MARGIN
        self._species_n, self._size_n = species_n.astype(np.uint32), size_n
        self._team = team
        self._neighbours = np.empty((len(species_n), FIRST_WIDTH), np.uint32)
        self.n_listed = 0  # neighbours in all rows

    def build(self, positions_nc: Array) -> None:
        """List the neighbours at the given positions.

        Args:
            positions_nc: (N, 3) finite positions [sigma].
        """
        images = self._images(positions_nc)
        lowest_c = images.coordinates.min(axis=1, initial=np.inf)
        extent_c = np.maximum(images.coordinates.max(axis=1, initial=-np.inf) - lowest_c, 0.0)
        grid, order_p = self._sorted(images, lowest_c, extent_c)
        self._settle(images, order_p, extent_c + 2.0 * self.reach)
        self.move(positions_nc)
        place_r = self._atoms_by_column(grid, np.flatnonzero(images.is_atom[order_p]))
        self._row_n = np.empty(len(place_r), np.int64)
        self._row_n[self.places.owner[place_r]] = np.arange(len(place_r))
        self._fill(grid, place_r)

    def _images(self, positions_nc: Array) -> Images:
        """All atoms and images, atom by atom."""
        n_atoms = len(positions_nc)
        number_n = np.empty(n_atoms, np.int64)
        geometry = positions_nc, self._inverse_cc, self._margin_c

        def count(first: int, last: int) -> None:
            count_images(first, last, *geometry, number_n)

        self._team.share(n_atoms, count, row_time=ATOM_TIME)
        n_places = int(number_n.sum())
        shift_cp, coordinates_cp = np.empty((2, 3, n_places))
        images = Images(np.empty(n_places, np.uint32), shift_cp, coordinates_cp, np.empty(n_places, np.bool_))
        start_n = number_n.cumsum() - number_n

        def place(first: int, last: int) -> None:
            place_images(first, last, *geometry, self._cell_cc, start_n, images)

        self._team.share(n_atoms, place, row_time=ATOM_TIME)
        return images

    def _sorted(self, images: Images, lowest_c: Array, extent_c: Array) -> tuple[Grid, IntArray]:
        """The cells of the images, and the images in their order."""
        n_images = len(images.owner)
        edge = self.reach / CELLS_PER_REACH
        while np.isfinite(edge) and np.prod(np.floor(extent_c / edge) + 1) > max(1, n_images / PLACES_PER_CELL):
            edge *= 1.25
        shape_c = (np.floor(extent_c / edge) + 1).astype(np.int64)
        span = int(np.ceil(self.reach / edge)) if np.isfinite(edge) else 1
        cell_p = np.empty(n_images, np.int64)
        work = partial(
            find_cells, coordinates=images.coordinates, lowest=lowest_c, edge=edge, shape=shape_c, cell=cell_p
        )
        self._team.share(n_images, work, row_time=PLACE_TIME)
        order_p, first_k = sort_by_cells(cell_p, int(shape_c.prod()))
        return Grid(shape_c, cell_p[order_p], first_k, span, lowest_c, float(extent_c.max())), order_p

    def _atoms_by_column(self, grid: Grid, place_r: IntArray) -> IndexArray:
        """The places of atoms sorted by columns of cells along the first axis, along which a list is made."""
        per_layer = int(grid.shape[1] * grid.shape[2])
        layer_r, column_r = np.divmod(grid.cell[place_r], per_layer)
        order_r, _ = sort_by_cells(column_r * grid.shape[0] + layer_r, per_layer * int(grid.shape[0]))
        return place_r[order_r].astype(np.uint32)

    def _settle(self, images: Images, order_p: IntArray, away_c: Array) -> None:
        """Make places of the images in their order, and one that is away from all others, if numbers reach so far."""
        n_images = len(order_p)
        self._filler = n_images if n_images and away_c.max() < FARTHEST else NO_FILLER
        n_places = n_images + int(self._filler != NO_FILLER)
        x, y, z = np.empty((3, n_places))
        owner_p = np.zeros(n_places, np.uint32)
        self._shift_cp = np.empty((3, n_places))
        self._shift_cp[:, n_images:] = away_c[:, None]
        work = partial(settle, order=order_p, images=images, owner=owner_p, shift=self._shift_cp)
        self._team.share(n_images, work, row_time=PLACE_TIME)
        self.places = Places(x, y, z, owner_p, self._species_n[owner_p], self._size_n[owner_p])

    def _fill(self, grid: Grid, place_r: IndexArray) -> None:
        """Choose the neighbours of each row, in wider rows where those at hand are too narrow."""
        n_rows = len(place_r)
        while True:
            rows = Rows(place_r, np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64), self._neighbours)
            work = partial(list_rows, places=self.places, grid=grid, reach=self.reach, filler=self._filler, rows=rows)
            self._team.share(n_rows, work, row_time=ROW_TIME)
            longest = int(max(rows.filled.max(initial=0), rows.length.max(initial=0) + 1))
            if longest <= self._neighbours.shape[1]:
                self.rows, self.n_listed = rows, int(rows.length.sum())
                return
            self._neighbours = np.empty((n_rows, int(longest * ROOM) + 8), np.uint32)

    def move(self, positions_nc: Array) -> None:
        """Let atoms and images follow to new positions; who is listed stays as it is.

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        work = partial(move_places, positions=positions_nc, shift=self._shift_cp, places=self.places)
        self._team.share(len(self.places.owner), work, row_time=MOVE_TIME)

    def pairs(self, distance: float, *, both: bool = False) -> tuple[IntArray, IntArray, Array]:
        """Return first atom, second atom and R_first - R_second [sigma] of listed pairs, by ascending first atom.

        Args:
            distance: largest distance, not beyond the reach [sigma].
            both: whether each pair comes in both orders, not only with the first atom before the second.
        """
        return listed_pairs(self.places, self.rows, self._row_n, distance**2, both)
