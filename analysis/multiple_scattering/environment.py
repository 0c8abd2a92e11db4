"""What surrounds the ions of a configuration, and how the wind on them goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, Voronoi

from analysis.multiple_scattering.configuration import Configuration, Surroundings, neighbour_distance, periodic_images
from atomsim.errors import InputError
from atomsim.results import Array, Estimate, IntArray, quantity

SHELL = (1.15, 1.75)  # between which the first minimum of the pair distribution lies, in neighbour distances
BINS = 24  # of the distances there
CELL_REACH = 4.0  # neighbour distances of images that may bound the cell of an ion


@dataclass(frozen=True, eq=False)
class Environment:
    """The neighbourhood of each ion."""

    coordination_n: IntArray = quantity("1", "neighbours closer than the first minimum of the pair distribution")
    cell_volume_n: Array = quantity("angstrom^3", "volume of the Voronoi cell, NaN where it is open")
    shell_radius: float = quantity("angstrom", "first minimum of the pair distribution")
    soft_share_n: Array = quantity("1", "share in soft modes over the mean share, NaN where none are known")

    @property
    def density_n(self) -> Array:
        """Local density, one over the volume of the cell [1/angstrom^3]."""
        return 1 / self.cell_volume_n


def environment(configuration: Configuration, soft_vectors_mnc: Array | None = None) -> Environment:
    """Return the neighbourhood of all ions.

    Args:
        configuration: the ions.
        soft_vectors_mnc: eigenvectors of soft modes of the same ions, normalised, (M, N, 3) [-].

    Raises:
        InputError: vectors of another number of ions.
    """
    soft = np.full(configuration.n_ions, np.nan)
    if soft_vectors_mnc is not None:
        if soft_vectors_mnc.ndim != 3 or soft_vectors_mnc.shape[1] != configuration.n_ions or not len(soft_vectors_mnc):
            raise InputError(f"soft modes of shape {soft_vectors_mnc.shape} for {configuration.n_ions} ions")
        weight = (soft_vectors_mnc**2).sum(axis=(0, 2))
        soft = weight / weight.mean()
    if configuration.n_ions == 1 and not configuration.is_periodic:
        return Environment(np.zeros(1, np.int64), np.full(1, np.nan), np.nan, soft)
    spacing = neighbour_distance(configuration)
    surroundings = Surroundings(configuration, SHELL[1] * spacing)
    distance_n = [
        np.linalg.norm(surroundings.about(point, surroundings.reach)[0], axis=1)[1:]
        for point in configuration.positions_nc
    ]
    radius = _first_minimum(np.concatenate(distance_n), spacing)
    coordination = np.array([int((distance < radius).sum()) for distance in distance_n], dtype=np.int64)
    return Environment(coordination, _cell_volumes(configuration, CELL_REACH * spacing), radius, soft)


def _first_minimum(distances: Array, spacing: float) -> float:
    """The middle of the first emptiest part of where the first minimum of the pair distribution is sought."""
    edges = np.linspace(SHELL[0] * spacing, SHELL[1] * spacing, BINS + 1)
    counts = np.histogram(distances, edges)[0] / np.diff(edges**3)
    first = int(counts.argmin())
    length = int((np.append(counts[first:], np.inf) != counts[first]).argmax())  # of a gap that is empty in a crystal
    return float((edges[first] + edges[first + length]) / 2)


def _cell_volumes(configuration: Configuration, reach: float) -> Array:
    places, _ = periodic_images(configuration, reach)
    volumes = np.full(configuration.n_ions, np.nan)
    if len(places) < 5 or np.linalg.matrix_rank(places - places.mean(axis=0), tol=1e-6) < 3:
        return volumes
    found = Voronoi(places)
    for ion in range(configuration.n_ions):
        corners = found.regions[found.point_region[ion]]
        if corners and -1 not in corners:
            volumes[ion] = ConvexHull(found.vertices[corners]).volume
    return volumes


@dataclass(frozen=True, eq=False)
class Directions:
    """How tensors stand to the unit tensor."""

    scalar_n: Array = quantity("angstrom^2", "a third of the trace")
    deviator_n: Array = quantity("angstrom^2", "Frobenius norm of the symmetric part without trace")
    twist_n: Array = quantity("angstrom^2", "Frobenius norm of the antisymmetric part")
    cosine_nc: Array = quantity("1", "cosine between force and flow for a flow along x, y and z")

    @property
    def transverse_share(self) -> float:
        """Share of the mean square force that is transverse to the flow, NaN without any force [-]."""
        square = 3 * self.scalar_n**2 + self.deviator_n**2 + self.twist_n**2
        along = self.scalar_n**2 + 2 / 15 * self.deviator_n**2  # mean of (e sigma e)² over all directions e
        return float(1 - 3 * along.sum() / square.sum()) if square.any() else float("nan")


def directions_of(sigma_ncc: Array) -> Directions:
    """Return how tensors stand to the unit tensor.

    Args:
        sigma_ncc: the tensors, force index first [angstrom^2].
    """
    scalar = np.trace(sigma_ncc, axis1=1, axis2=2) / 3
    turned = sigma_ncc.transpose(0, 2, 1)
    deviator = (sigma_ncc + turned) / 2 - scalar[:, None, None] * np.eye(3)
    forces = np.linalg.norm(sigma_ncc, axis=1)
    cosine = np.einsum("ncc->nc", sigma_ncc) / np.where(forces == 0, 1, forces)
    norms = [np.linalg.norm(part, axis=(1, 2)) for part in (deviator, (sigma_ncc - turned) / 2)]
    return Directions(scalar, norms[0], norms[1], cosine)


def rank_correlation(x: Array, y: Array, *, unit: str = "1") -> Estimate:
    """Return Spearman's rank correlation with its standard error, sqrt[(1 + r²/2)/(n - 3)] [-].

    Ions without a number, or the same number for all, leave nothing to correlate: the value is then NaN, with a note.

    Args:
        x: one number for each ion [any].
        y: another [any].
        unit: of the estimate.
    """
    known = np.isfinite(x) & np.isfinite(y)
    n = int(known.sum())
    if n < 4 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return Estimate(np.nan, np.nan, unit, "nothing to correlate")
    r = float(np.corrcoef(_ranks(x[known]), _ranks(y[known]))[0, 1])
    return Estimate(r, float(np.sqrt((1 + r**2 / 2) / (n - 3))), unit)


def _ranks(values: Array) -> Array:
    """Ranks, equal values sharing the mean of theirs."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[inverse])
