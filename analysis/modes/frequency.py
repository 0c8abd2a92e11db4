"""Frequencies from eigenvalues of a dynamical matrix."""

from __future__ import annotations

import numpy as np

from atomsim.results import Array


def signed_root(eigenvalue_m: Array) -> Array:
    """Return sign(lambda) sqrt(|lambda|) [sqrt(epsilon/m)/sigma].

    Args:
        eigenvalue_m: eigenvalues of the dynamical matrix [epsilon/(m sigma^2)].
    """
    return np.sign(eigenvalue_m) * np.sqrt(np.abs(eigenvalue_m))
