"""Laws that a cluster must obey whatever its ions are, from its S-matrix: one factorisation serves all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import ComplexArray, degrees, unit_vector_matrices
from analysis.multiple_scattering.scattering import s_matrix
from analysis.multiple_scattering.structure_constants import multipole_degree
from atomsim.results import Array, quantity

TOLERANCE = 1e-12  # share of a plane wave left out at the outermost ion [-]
LARGEST_RESIDUAL = 1e-6  # with which a law counts as kept [-]


@dataclass(frozen=True)
class Laws:
    """By how much laws are broken in one cluster of full strengths; NaN where there is nothing to compare."""

    n_ions: int = quantity("1", "ions of the cluster that was tested")
    optical_theorem: float = quantity("1", "largest element of S^+ S - 1")
    reciprocity: float = quantity("1", "largest difference between the ways there and back, over the largest element")
    sum_rule: float = quantity("1", "forces on all ions minus momentum lost by the electrons, over the latter")

    @property
    def hold(self) -> bool:
        """Whether all laws are kept to rounding and to the multipoles left out."""
        known = [value for value in (self.optical_theorem, self.reciprocity, self.sum_rule) if not np.isnan(value)]
        return max(known) < LARGEST_RESIDUAL


def cluster_laws(cluster: Cluster, sigma_ncc: Array | None = None) -> tuple[Laws, Array]:
    """Return how well a cluster keeps the laws, and its transport cross-section tensor, (3, 3) [angstrom^2].

    Args:
        cluster: the ions, with real k and full strengths.
        sigma_ncc: force tensors of all its ions, for the sum rule [angstrom^2].
    """
    degree = multipole_degree(cluster.k * cluster.radius, cluster.l_max, tolerance=TOLERANCE)
    s = s_matrix(cluster, degree)
    transport = transport_of_s_matrix(s, cluster.k, degree)
    unitarity = float(np.abs(s.conj().T @ s - np.eye(len(s))).max())
    sign = (-1.0) ** degrees(degree)
    scattered = s - np.eye(len(s))
    largest = float(np.abs(scattered).max())
    back = float(np.abs(scattered - sign[:, None] * scattered.T * sign).max())
    lost = float("nan")
    if sigma_ncc is not None:
        lost = float(np.abs(sigma_ncc.sum(axis=0) - transport).max() / np.abs(transport).max())
    return Laws(cluster.n_ions, unitarity, back / largest if largest else 0.0, lost), transport


def transport_of_s_matrix(s: ComplexArray, wave_number: float, degree: int) -> Array:
    """Return the transport cross-section tensor of a cluster from its S-matrix, shape (3, 3) [angstrom^2].

    With T = (S - 1)/2ik it is 12 pi Re(tr[T^+ T K_m K_n] - tr[T K_n T^+ K_m]), K the unit vector between harmonics.

    Source: schaich-1976 (37), (38); test: test_transport_of_the_s_matrix_is_that_of_the_ions

    Args:
        s: the S-matrix between multipoles [-].
        wave_number: k [1/angstrom].
        degree: largest degree of the multipoles.
    """
    t = (s - np.eye(len(s))) / (2j * wave_number)
    absorbed = t.conj().T @ t
    inner = unit_vector_matrices(degree, degree)
    rows = unit_vector_matrices(degree, degree + 1)
    columns = unit_vector_matrices(degree + 1, degree)
    result = np.empty((3, 3))
    for field in range(3):
        sent = (inner[field].T @ t.T).T @ t.conj().T
        for force in range(3):
            twice = (rows[force] @ columns[field]).toarray()
            kept = (absorbed * twice.T).sum() - (inner[force].T.multiply(sent)).sum()
            result[force, field] = kept.real
    return 12 * np.pi * result
