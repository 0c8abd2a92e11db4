"""Clusters of scatterers that several tests share."""

from __future__ import annotations

import numpy as np
from scipy import integrate

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import sphere_quadrature
from atomsim.results import Array

K = 1.75  # [1/angstrom]
DELTA = np.array([0.5, 0.3, 0.05])


def random_positions(rng: np.random.Generator, n: int, *, closest: float = 2.4) -> Array:
    """Ions at random in a ball that is about as dense as aluminium, none closer than muffin tins allow."""
    radius = 1.5 * closest * np.cbrt(n) / 2 + closest / 2
    found: list[Array] = []
    while len(found) < n:
        trial = rng.uniform(-radius, radius, size=3)
        if np.linalg.norm(trial) < radius and all(np.linalg.norm(trial - other) > closest for other in found):
            found.append(trial)
    return np.array(found)


def random_cluster(
    seed: int, n: int, l_max: int = 2, *, wave_number: complex = K, strength_n: Array | None = None
) -> Cluster:
    """A cluster without any symmetry, every ion with phase shifts of its own and both signs among them."""
    rng = np.random.default_rng(seed)
    delta = rng.uniform(-0.7, 0.9, size=(n, l_max + 1)) * 0.6 ** np.arange(l_max + 1)
    return Cluster(random_positions(rng, n), delta, wave_number, strength_n)


def random_directions(seed: int, n: int) -> Array:
    vectors = np.random.default_rng(seed).normal(size=(n, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def directions_and_weights(degree: int) -> tuple[Array, Array]:
    """Lebedev's rule of at least a degree where SciPy has it, else the product rule."""
    if not hasattr(integrate, "lebedev_rule"):
        return sphere_quadrature(degree)
    known = [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, *range(35, 132, 6)]
    points, weights = integrate.lebedev_rule(next(rule for rule in known if rule >= degree))
    return points.T, weights
