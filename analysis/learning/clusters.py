"""Which soft modes share a core, and which atoms hang together: distinct soft spots."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import DBSCAN, AgglomerativeClustering

from analysis.soft_modes.core import core_atoms
from atomsim.quench import Glass
from atomsim.results import Array, IntArray

LEAST_OVERLAP = 0.5  # of cores, on average over a cluster, from which on modes sit in the same place [-]
STEP = 1.5  # longest step between atoms of one group, in mean distances density^(-1/d)


def core_overlap(vectors_mnc: Array) -> Array:
    """Return the overlap of the cores of all pairs of modes, Σ_i (w_i w'_i)^(1/2), between 0 and 1 [-].

    w_i is |e_i|² on the fewest atoms that carry half of the mode, normalised to one; zero elsewhere. Directions do not
    enter: three modes of one atom along three axes have overlap one.

    Args:
        vectors_mnc: mass-weighted eigenvectors, (M, N, 3) [-].
    """
    root_mn = np.zeros(vectors_mnc.shape[:2])
    for row, vector_nc in zip(root_mn, vectors_mnc, strict=True):
        core = core_atoms(vector_nc)
        row[core] = np.linalg.norm(vector_nc[core], axis=1)
        row /= np.linalg.norm(row)
    return np.clip(root_mn @ root_mn.T, 0.0, 1.0)


def group_modes(vectors_mnc: Array, *, least_overlap: float = LEAST_OVERLAP) -> IntArray:
    """Return the number of the soft spot of each mode; spots are numbered by their first mode.

    Modes are joined as long as the mean overlap of the cores of two clusters is large enough (average linkage).

    Args:
        vectors_mnc: mass-weighted eigenvectors, (M, N, 3) [-].
        least_overlap: mean overlap from which on clusters are joined [-].
    """
    if len(vectors_mnc) < 2:
        return np.zeros(len(vectors_mnc), np.int64)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - least_overlap
    )
    return numbered(clustering.fit_predict(1 - core_overlap(vectors_mnc)))


def numbered(labels: IntArray) -> IntArray:
    """Return labels renumbered in the order in which they first appear.

    Args:
        labels: any integers.
    """
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def connected_atoms(glass: Glass, atoms: IntArray) -> IntArray:
    """Return the number of the connected group of each atom; steps are at most one and a half mean distances.

    Args:
        glass: the configuration.
        atoms: the atoms to be grouped.
    """
    if not len(atoms):
        return np.zeros(0, np.int64)
    distance = glass.to_atoms()[atoms].get_all_distances(mic=True)
    step = STEP * glass.density ** (-1.0 / glass.dimension)
    return numbered(DBSCAN(eps=step, min_samples=1, metric="precomputed").fit_predict(distance))


def periodic_centre(glass: Glass, atoms: IntArray, weight_n: Array) -> Array:
    """Return the weighted centre of atoms in a periodic cell, by the mean phase along each cell vector [sigma].

    Args:
        glass: the configuration, periodic along all cell vectors.
        atoms: the atoms.
        weight_n: weight of each of them [-].
    """
    fraction = glass.positions_nc[atoms] @ np.linalg.inv(glass.cell_cc)
    phase = np.angle(np.exp(2j * np.pi * fraction).T @ weight_n) / (2 * np.pi)
    return np.asarray((phase % 1.0) @ glass.cell_cc)
