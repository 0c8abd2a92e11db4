"""The core of a mode: the atoms that carry half of it, and how many separate groups they form."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import DBSCAN

from atomsim.quench import Glass
from atomsim.results import Array, IntArray

CORE_SHARE = 0.5  # share of sum |e_i|^2 that the core atoms carry together [-]


def core_atoms(vector_nc: Array) -> IntArray:
    """Return the fewest atoms that carry half of the squared displacement of a mode.

    Args:
        vector_nc: mass-weighted eigenvector, (N, 3) [-].
    """
    weight_n = np.einsum("nc,nc->n", vector_nc, vector_nc)
    order = np.argsort(-weight_n, kind="stable")
    n_core = int(np.searchsorted(np.cumsum(weight_n[order]), CORE_SHARE * weight_n.sum())) + 1
    return order[:n_core].astype(np.int64)


def count_cores(glass: Glass, vector_nc: Array, *, reach: float = 1.5) -> int:
    """Return the number of connected groups of core atoms; more than one betrays a hybrid of distant modes.

    Atoms belong together when a chain of core atoms closer than ``reach`` mean distances joins them.

    Args:
        glass: the configuration.
        vector_nc: mass-weighted eigenvector, (N, 3) [-].
        reach: longest step of a chain, in units of the mean distance density^(-1/d) [-].
    """
    atoms = core_atoms(vector_nc)
    distance = glass.to_atoms()[atoms].get_all_distances(mic=True)
    step = reach * glass.density ** (-1.0 / glass.dimension)
    labels = DBSCAN(eps=step, min_samples=1, metric="precomputed").fit_predict(distance)
    return int(labels.max()) + 1
