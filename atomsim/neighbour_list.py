"""The list of neighbours of a configuration: every atom with all atoms and periodic images within reach."""

from __future__ import annotations

from functools import partial

import numpy as np

from atomsim.kernels.list_build import Store, build_list
from atomsim.kernels.neighbours import Rows, listed_pairs, move_places
from atomsim.kernels.places import PLACES_PER_CELL, Box, Images, Places
from atomsim.results import Array, IntArray
from atomsim.team import Team

ROOM = 1.1  # width of the rows over the longest one found
FIRST_WIDTH = 16  # of the rows, and of a uniform system besides
CROWDED = 1.2  # neighbours of an atom in a crowded place over their mean number [-]
SAFE_MARGIN = 1e-9  # images are wanted up to the reach, whatever round-off does [-]
# Rough times of one place and of one row, for the team to see whether threads are worth it [s].
MOVE_TIME, ROW_TIME = 2e-9, 5e-7


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
        self.reach, self._team, n_atoms = reach, team, len(species_n)
        periodic = periodic_c > 0
        inverse_cc = np.asarray(np.linalg.inv(cell_cc) * periodic[None, :], dtype=np.float64)
        margin_c = np.zeros(3)
        margin_c[periodic] = reach * np.linalg.norm(inverse_cc, axis=0)[periodic] + SAFE_MARGIN
        box = Box(cell_cc, inverse_cc, margin_c, reach, species_n.astype(np.uint32), size_n)
        width = self._likely_width(cell_cc, n_atoms, bool(periodic.all()))
        place_r, neighbours_rk = np.empty(n_atoms, np.uint32), np.empty((n_atoms, width), np.uint32)
        of_atom_n, cell_r, length_r, filled_r = np.zeros((4, n_atoms), np.int64)
        rows = Rows(of_atom_n, place_r, cell_r, length_r, filled_r, neighbours_rk)
        n_images, longest = np.zeros((2, team.threads), np.int64)
        self.store = Store(box, *self._room(0, n_atoms), rows, n_images, longest, np.zeros(1, np.int64))

    @property
    def places(self) -> Places:
        """All places of the list."""
        here, n_places = self.store.places, self.store.n_places[0]
        x_p, y_p, z_p, size_p = (numbers[:n_places] for numbers in (here.x, here.y, here.z, here.size))
        return Places(x_p, y_p, z_p, here.owner[:n_places], here.species[:n_places], size_p)

    @property
    def rows(self) -> Rows:
        """The rows of the list."""
        return self.store.rows

    @property
    def n_listed(self) -> int:
        """Number of neighbours in all rows."""
        return int(self.store.rows.length.sum())

    def _likely_width(self, cell_cc: Array, n_atoms: int, is_periodic: bool) -> int:
        """Room for the neighbours of any atom of a uniform system: a list that is too narrow is made twice."""
        if not is_periodic:  # where the cell is open, it says nothing about the density
            return FIRST_WIDTH
        density = n_atoms / abs(np.linalg.det(cell_cc))
        return FIRST_WIDTH + int(CROWDED * 4 / 3 * np.pi * self.reach**3 * density)

    def _room(self, n_places: int, n_atoms: int) -> tuple[Images, Places, Array]:
        """Arrays for so many places, made once for many lists: memory that is new costs more than to fill it."""
        n_threads, n_cells = self._team.threads, n_places // PLACES_PER_CELL + 1
        owner_p, cell_p, place_p, order_p, other_p, species_p = np.empty((6, n_places), np.uint32)
        images = Images(
            np.empty((n_places, 3)),
            np.empty((3, n_places)),
            owner_p,
            cell_p,
            place_p,
            order_p,
            np.empty(n_atoms, np.uint32),
            np.empty((n_threads, 2, 3)),
            np.empty((n_threads, 2, n_cells), np.int64),
        )
        x_p, y_p, z_p, size_p = np.empty((4, n_places))
        return images, Places(x_p, y_p, z_p, other_p, species_p, size_p), np.empty((3, n_places))

    def build(self, positions_nc: Array) -> None:
        """List the neighbours at the given positions.

        Args:
            positions_nc: (N, 3) finite positions [sigma].
        """
        while not self._build(positions_nc):
            n_places, longest = int(self.store.n_images.sum()) + 1, int(self.store.longest.max())
            if n_places > len(self.store.places.x):
                images, places, shift_cp = self._room(int(n_places * ROOM), len(positions_nc))
                self.store = self.store._replace(images=images, places=places, shift=shift_cp)
            if longest > self.rows.neighbours.shape[1]:
                wider_rk = np.empty((len(positions_nc), int(longest * ROOM) + 8), np.uint32)
                self.store = self.store._replace(rows=self.rows._replace(neighbours=wider_rk))

    def _build(self, positions_nc: Array) -> bool:
        """Make the list, if there is room; return whether there is."""
        fits: list[bool] = []

        def work(rank: int, sharers: int, meeting: IntArray) -> None:
            fits.append(build_list(rank, sharers, meeting, positions_nc, self.store))

        self.store.n_images[:] = self.store.longest[:] = 0
        self._team.together(work, seconds=ROW_TIME * len(positions_nc))
        return all(fits)

    def move(self, positions_nc: Array) -> None:
        """Let atoms and images follow to new positions; who is listed stays as it is.

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        work = partial(move_places, positions=positions_nc, shift=self.store.shift, places=self.store.places)
        self._team.share(int(self.store.n_places[0]), work, row_time=MOVE_TIME)

    def pairs(self, distance: float, *, both: bool = False) -> tuple[IntArray, IntArray, Array]:
        """Return first atom, second atom and R_first - R_second [sigma] of listed pairs, by ascending first atom.

        Args:
            distance: largest distance, not beyond the reach [sigma].
            both: whether each pair comes in both orders, not only with the first atom before the second.
        """
        return listed_pairs(self.places, self.rows, distance**2, both)
