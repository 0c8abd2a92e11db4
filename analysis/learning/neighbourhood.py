"""Neighbours of the atoms of a glass, near and far, with distances in units of the sizes of the two atoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Voronoi, cKDTree

from analysis.multiple_scattering.muffin_tin import images_within
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Array, IntArray

SHELL = 1.5  # scaled distance where the first shell of a dense liquid ends [-]
CELL_REACH = (2.5, 5.0, 10.0)  # of images that may bound the cell of an atom, in mean distances; the first that serve
CELL_TOLERANCE = 1e-8  # share of the volume that the cells may miss by round-off [-]


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """All pairs closer than some scaled distance, each from both ends, by the first atom and then by distance.

    The scaled distance is r_ij/(c lambda_ij) with the pair length lambda_ij of the potential and one number c for all
    pairs, so that atoms of one size have r_ij density^(1/3).
    """

    first_p: IntArray
    second_p: IntArray
    vector_pc: Array  # from the first to the second atom [sigma]
    scaled_p: Array  # scaled distance [-]
    size_n: Array  # length lambda_ii of each atom with its own kind [sigma]

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.size_n)

    @property
    def count_n(self) -> IntArray:
        """Number of neighbours of each atom."""
        return np.bincount(self.first_p, minlength=self.n_atoms)

    def within(self, reach: float) -> Neighbourhood:
        """Return the pairs closer than a smaller distance.

        Args:
            reach: largest scaled distance [-].
        """
        kept = self.scaled_p < reach
        return Neighbourhood(
            self.first_p[kept], self.second_p[kept], self.vector_pc[kept], self.scaled_p[kept], self.size_n
        )

    def total(self, value_p: Array) -> Array:
        """Return the sum of a number of each pair over the neighbours of each atom [as given].

        Args:
            value_p: one number (or row of numbers) for each pair [any].
        """
        out = np.zeros((self.n_atoms, *value_p.shape[1:]))
        np.add.at(out, self.first_p, value_p)
        return out

    def mean(self, value_p: Array) -> Array:
        """Return the mean of a number of each pair over the neighbours, zero for an atom without any [as given].

        Args:
            value_p: one number (or row of numbers) for each pair [any].
        """
        count = np.maximum(self.count_n, 1).reshape(-1, *[1] * (value_p.ndim - 1))
        return np.asarray(self.total(value_p) / count)

    def smoothed(self, value_n: Array) -> Array:
        """Return the mean of a number of each atom over the atom and its neighbours [as given].

        Args:
            value_n: one number (or row of numbers) for each atom [any].
        """
        count = (1 + self.count_n).reshape(-1, *[1] * (value_n.ndim - 1))
        return np.asarray((value_n + self.total(value_n[self.second_p])) / count)


def require_bulk(glass: Glass) -> None:
    """Refuse what has no bulk surroundings: planes, and cells with an open direction.

    Args:
        glass: the configuration.

    Raises:
        InputError: naming what was found.
    """
    if glass.dimension != 3 or not glass.periodic_c.all():
        raise InputError(
            f"{glass.dimension} dimensions, periodic along {np.flatnonzero(glass.periodic_c).tolist()}; expected a "
            "glass in three dimensions, periodic along all of them"
        )


def neighbourhood(glass: Glass, reach: float) -> Neighbourhood:
    """Return all pairs closer than a scaled distance, periodic images included; the cell may have any shape and size.

    Args:
        glass: a glass in a cell that is periodic in three dimensions.
        reach: largest scaled distance [-].

    Raises:
        InputError: the glass is of another kind.
    """
    require_bulk(glass)
    interaction, every = glass.interaction(), np.arange(glass.n_atoms)
    size_n, _ = interaction.pair_scales(every, every)
    scale = (glass.density * np.mean(size_n**3)) ** (-1 / 3)
    places, origin = images_within(glass.positions_nc, glass.cell_cc, glass.periodic_c, reach * scale * size_n.max())
    near = cKDTree(glass.positions_nc).sparse_distance_matrix(
        cKDTree(places), reach * scale * size_n.max(), output_type="ndarray"
    )
    near = near[near["i"] != near["j"]]  # the places begin with the atoms themselves
    first, second, distance = near["i"].astype(np.int64), origin[near["j"]], near["v"]
    length, _ = interaction.pair_scales(first, second)
    scaled = distance / (scale * length)
    kept = np.flatnonzero(scaled < reach)
    kept = kept[np.lexsort((scaled[kept], first[kept]))]
    vector = places[near["j"][kept]] - glass.positions_nc[first[kept]]
    return Neighbourhood(first[kept], second[kept].astype(np.int64), vector, scaled[kept], size_n)


def voronoi_cells(glass: Glass) -> tuple[Array, Array]:
    """Return volume [sigma^3] and surface [sigma^2] of the Voronoi cell of each atom.

    A cell among too few images is too large, so that the volumes sum to that of the box only if all are right.

    Args:
        glass: a glass in a cell that is periodic in three dimensions.

    Raises:
        InputError: the glass is of another kind, or has holes that images up to ten mean distances do not close.
    """
    require_bulk(glass)
    for reach in CELL_REACH:
        places, _ = images_within(
            glass.positions_nc, glass.cell_cc, glass.periodic_c, reach * glass.density ** (-1 / 3)
        )
        volume_n, surface_n = _cells_among(places, glass.n_atoms)
        if abs(volume_n.sum() - glass.volume) < CELL_TOLERANCE * glass.volume:
            return volume_n, surface_n
    raise InputError(
        f"the Voronoi cells of {glass.n_atoms} atoms do not fill the box, by images up to {CELL_REACH[-1]:g} mean "
        "distances: the structure has holes"
    )


def _cells_among(places: Array, count: int) -> tuple[Array, Array]:
    """Volume and surface of the cells of the first places, as pyramids over their faces; infinite where one is open."""
    found = Voronoi(places)
    inside = (found.ridge_points < count).any(axis=1)
    pairs = found.ridge_points[inside]
    faces = [found.ridge_vertices[face] for face in np.flatnonzero(inside)]
    corners, length = np.concatenate(faces), np.array([len(face) for face in faces])
    start = np.cumsum(length) - length
    following = np.arange(len(corners)) + 1
    following[start + length - 1] = start  # corners go round their face
    hub = found.vertices[np.repeat(corners[start], length)]
    spokes = found.vertices[corners] - hub, found.vertices[corners[following]] - hub
    area = np.linalg.norm(np.add.reduceat(np.cross(*spokes), start), axis=1) / 2
    area[np.minimum.reduceat(corners, start) < 0] = np.inf  # Voronoi's mark of a corner at infinity
    height = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1) / 2
    ends, twice = pairs.ravel(), np.repeat(area, 2)
    own = ends < count
    surface = np.bincount(ends[own], twice[own], count)
    volume = np.bincount(ends[own], (twice * np.repeat(height, 2) / 3)[own], count)
    return np.asarray(volume, dtype=float), np.asarray(surface, dtype=float)
