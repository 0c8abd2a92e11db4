"""What a cluster does to electrons that come from outside: amplitude, S-matrix, cross-sections, and their laws."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import ComplexArray, degrees
from analysis.multiple_scattering.structure_constants import cluster_multipoles
from analysis.multiple_scattering.wind_twin import moment_matrices
from atomsim.results import Array


def amplitude(cluster: Cluster, outgoing: ArrayLike, incoming: ArrayLike) -> ComplexArray:
    """Return the scattering amplitude F(l, k) of the cluster, shape (l, k) [angstrom].

    The wave is exp(ik.r) + F exp(ikr)/r far away. F = 4 pi B(l)^+ tau B(k).

    Source: schaich-1976 (3), (34); test: test_amplitude_of_one_ion_is_its_partial_wave_sum

    Args:
        cluster: the ions.
        outgoing: directions l, shape (q, 3) [-].
        incoming: directions k, shape (p, 3) [-].
    """
    excited = cluster.exciting_waves(cluster.plane_waves(incoming), overwrite=True)
    sent = cluster.plane_waves(outgoing).conj().T * cluster.amplitude_nL.ravel()
    return 4 * np.pi * sent @ excited


def differential_cross_section(cluster: Cluster, outgoing: ArrayLike, incoming: ArrayLike) -> Array:
    """Return |F(l, k)|², shape (l, k) [angstrom^2].

    Args:
        cluster: the ions.
        outgoing: directions l, shape (q, 3) [-].
        incoming: directions k, shape (p, 3) [-].
    """
    return np.abs(amplitude(cluster, outgoing, incoming)) ** 2


def total_cross_section(cluster: Cluster, incoming: ArrayLike) -> Array:
    """Return int dl^ |F(l, k)|² for each direction k, the integral done analytically [angstrom^2].

    Source: wind-notes (cross-sections); test: test_cross_sections_against_quadrature

    Args:
        cluster: the ions.
        incoming: directions k, shape (p, 3) [-].
    """
    f = cluster.amplitude_nL.reshape(-1, 1)
    sent = f * cluster.exciting_waves(cluster.plane_waves(incoming), overwrite=True)
    return 16 * np.pi**2 * (sent.conj() * (cluster.overlap() @ sent)).sum(axis=0).real


def extinction_cross_section(cluster: Cluster, incoming: ArrayLike) -> Array:
    """Return (4 pi/k) Im F(k, k), what the forward wave loses, for each direction k [angstrom^2].

    Equal to the total cross-section for real k and full strengths. The sign is that of the amplitude defined by
    exp(ik.r) + F exp(ikr)/r; the printed one is opposite.

    Source: schaich-1976 (6); test: test_extinction_is_the_total_cross_section

    Args:
        cluster: the ions.
        incoming: directions k, shape (p, 3) [-].
    """
    waves = cluster.plane_waves(incoming)
    sent = cluster.amplitude_nL.reshape(-1, 1) * cluster.exciting_waves(waves)
    return 16 * np.pi**2 / cluster.k * (waves.conj() * sent).sum(axis=0).imag


def s_matrix(cluster: Cluster, degree: int) -> ComplexArray:
    """Return S = 1 + 2ik Q^+ tau Q between multipoles about the centre of the cluster, square [-].

    Outgoing over incoming spherical waves, in the basis i^Λ h_Λ Y_Λ. Unitary if the cluster conserves electrons, up
    to the multipoles that are left out.

    Source: wind-notes (cross-sections); test: test_s_matrix_is_unitary

    Args:
        cluster: the ions.
        degree: largest degree of the multipoles.
    """
    found = cluster_multipoles(cluster.positions_nc - cluster.centre, cluster.k, cluster.l_max, degree)
    multipoles = found.reshape(len(found), -1).T
    sent = cluster.amplitude_nL.reshape(-1, 1) * cluster.exciting_waves(multipoles)
    return np.eye(len(found)) + 2j * cluster.k * multipoles.conj().T @ sent


def optical_theorem_residual(cluster: Cluster) -> float:
    """Return the largest element of tau - tau^+ - 2ik tau^+ J tau over the largest of tau [-].

    Zero at any l_max if the cluster conserves electrons.

    Source: schaich-1976 (25); test: test_optical_theorem_holds_at_any_degree

    Args:
        cluster: the ions.
    """
    tau = cluster.scattering_path()
    found = tau - tau.conj().T - 2j * cluster.k * tau.conj().T @ (cluster.overlap() @ tau)
    return float(np.abs(found).max() / np.abs(tau).max())


def reciprocity_residual(cluster: Cluster) -> float:
    """Return the largest element of tau_LL' - (-1)^{l + l'} tau_L'L over the largest of tau [-].

    Zero: the way back has the amplitude of the way there, also with damping.

    Source: wind-notes (scattering path); test: test_reciprocity_of_the_amplitude

    Args:
        cluster: the ions.
    """
    tau = cluster.scattering_path()
    sign = np.tile((-1.0) ** degrees(cluster.l_max), cluster.n_ions)
    return float(np.abs(tau - sign[:, None] * tau.T * sign).max() / np.abs(tau).max())


def transport_tensor(cluster: Cluster) -> Array:
    """Return the transport cross-section tensor of the cluster, shape (3, 3) [angstrom^2].

    (3/4 pi) int int k^_n (k^ - l^)_m |F(l, k)|² = 12 pi Re(tr[tau^+ J tau J^mn] - tr[tau J^n tau^+ J^m]).
    The sum of the force tensors of all ions if the cluster conserves electrons: what the electrons lose, the ions
    get. Symmetric.

    Source: schaich-1976 (37), (38); test: test_forces_add_up_to_the_transport_cross_section

    Args:
        cluster: the ions.
    """
    tau = cluster.scattering_path()
    matrices = moment_matrices(cluster)
    absorbed = tau.conj().T @ (matrices.overlap @ tau)
    result = np.empty((3, 3))
    for field in range(3):
        sent = tau @ matrices.inner[field] @ tau.conj().T
        for force in range(3):
            kept = (absorbed * matrices.second[force][field].T).sum()
            result[force, field] = (kept - (sent * matrices.inner[force].T).sum()).real
    return 12 * np.pi * result
