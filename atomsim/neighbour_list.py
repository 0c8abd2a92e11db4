"""The list of neighbours of a configuration: every atom with all atoms and periodic images within reach."""

from __future__ import annotations

from functools import partial

import numpy as np

from atomsim.kernels.neighbours import (
    Grid,
    IndexArray,
    Places,
    Rows,
    list_rows,
    listed_pairs,
    move_places,
    periodic_images,
    sort_into_cells,
)
from atomsim.results import Array, IntArray
from atomsim.team import Team

CELLS_PER_REACH = 2  # finer cells leave fewer places to look at, and more cells
PLACES_PER_CELL = 2  # at least, on the average: a dilute system has no more cells than that
ROOM = 1.1  # width of the rows over the longest one found
FIRST_WIDTH = 64
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

    def build(self, positions_nc: Array) -> None:
        """List the neighbours at the given positions.

        Args:
            positions_nc: (N, 3) finite positions [sigma].
        """
        owner_p, shift_cp, coordinates_cp, is_atom_p = periodic_images(
            positions_nc, self._cell_cc, self._inverse_cc, self._margin_c
        )
        grid, order_p = self._sorted(coordinates_cp)
        owner_p = owner_p[order_p]
        self._shift_cp = np.ascontiguousarray(shift_cp[:, order_p])
        x, y, z = np.empty((3, len(owner_p)))
        self.places = Places(x, y, z, owner_p, self._species_n[owner_p], self._size_n[owner_p])
        self.move(positions_nc)
        place_r = np.flatnonzero(is_atom_p[order_p]).astype(np.uint32)
        self._row_n = np.empty(len(place_r), np.int64)
        self._row_n[owner_p[place_r]] = np.arange(len(place_r))
        self._fill(grid, place_r)

    def _sorted(self, coordinates_cp: Array) -> tuple[Grid, IntArray]:
        """The cells of the places, and the places in their order."""
        n_places = coordinates_cp.shape[1]
        lowest_c = coordinates_cp.min(axis=1, initial=np.inf)
        extent_c = np.maximum(coordinates_cp.max(axis=1, initial=-np.inf) - lowest_c, 0.0)
        edge = self.reach / CELLS_PER_REACH
        while np.isfinite(edge) and np.prod(np.floor(extent_c / edge) + 1) > max(1, n_places / PLACES_PER_CELL):
            edge *= 1.25
        shape_c = (np.floor(extent_c / edge) + 1).astype(np.int64)
        span = int(np.ceil(self.reach / edge)) if np.isfinite(edge) else 1
        order_p, cell_p, first_k = sort_into_cells(coordinates_cp, lowest_c, edge, shape_c)
        return Grid(shape_c, cell_p, first_k, span), order_p

    def _fill(self, grid: Grid, place_r: IndexArray) -> None:
        while True:
            rows = Rows(place_r, np.zeros(len(place_r), np.int64), self._neighbours)
            work = partial(list_rows, places=self.places, grid=grid, reach2=self.reach**2, rows=rows)
            self._team.share(len(place_r), work)
            longest = int(rows.length.max(initial=0))
            if longest <= self._neighbours.shape[1]:
                self.rows = rows
                return
            self._neighbours = np.empty((len(place_r), int(longest * ROOM) + 8), np.uint32)

    @property
    def n_listed(self) -> int:
        """Number of neighbours in all rows."""
        return int(self.rows.length.sum())

    def move(self, positions_nc: Array) -> None:
        """Let atoms and images follow to new positions; who is listed stays as it is.

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        move_places(positions_nc, self._shift_cp, self.places)

    def pairs(self, distance: float, *, both: bool = False) -> tuple[IntArray, IntArray, Array]:
        """Return first atom, second atom and R_first - R_second [sigma] of listed pairs, by ascending first atom.

        Args:
            distance: largest distance, not beyond the reach [sigma].
            both: whether each pair comes in both orders, not only with the first atom before the second.
        """
        return listed_pairs(self.places, self.rows, self._row_n, distance**2, both)
