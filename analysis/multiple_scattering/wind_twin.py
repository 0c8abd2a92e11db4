"""Wind force from the derivative of the T-matrix of the cluster: the twin of the momentum flux.

Same tensors by another way, dear: every step is a product of square matrices of all ions. Nothing of the momentum
flux is used; only the scattering-path operator is shared. Axes as in :mod:`analysis.multiple_scattering.wind_force`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import ComplexArray, harmonic_count, unit_vector_matrices
from analysis.multiple_scattering.structure_constants import propagators
from atomsim.errors import InputError
from atomsim.results import Array


def derivative_force_tensors(cluster: Cluster) -> Array:
    """Return the wind cross-section tensors of all ions, shape (N, 3, 3): force index, then field index [angstrom^2].

    sigma_mn = (3/4 pi k) int dk^ k^_n int dl^ Im[F(l, k)^* dF(l, k)/dR_m]. An ion enters F by the phase with which it
    sends out, by its propagators to all others, and by the phase with which it receives: three terms.

    Source: schaich-1976 (33), (A8); test: test_routes_of_the_wind_force_agree

    Args:
        cluster: the ions, with real wave number and full strengths.

    Raises:
        InputError: a cluster that does not conserve electrons.
    """
    if not cluster.conserves:
        raise InputError("the derivative of the T-matrix gives the force for real k and full strengths only")
    tau = cluster.scattering_path()
    matrices = moment_matrices(cluster)
    gradients = propagator_gradients(cluster)
    absorbed = (tau - tau.conj().T) / (2j * cluster.k)  # tau^+ J tau
    result = np.empty((cluster.n_ions, 3, 3))
    for field in range(3):
        drive = tau @ matrices.inner[field]
        sent, turned = drive @ tau.conj().T, drive @ absorbed
        for force in range(3):
            gradient, phase = gradients[force], matrices.inner[force]
            outgoing = _trace_rows(cluster, sent, phase).real
            incoming = _trace_columns(cluster, absorbed, matrices.second[force][field]).real
            between = _trace_rows(cluster, gradient, turned) - _trace_columns(cluster, gradient, turned)
            result[:, force, field] = cluster.k * (incoming - outgoing) + between.imag
    return 12 * np.pi / cluster.k * result


def _trace_rows(cluster: Cluster, left: ComplexArray, right: ComplexArray) -> ComplexArray:
    """Return sum_j tr[left_ij right_ji] for each ion i."""
    return (left * right.T).sum(axis=1).reshape(cluster.n_ions, -1).sum(axis=1)


def _trace_columns(cluster: Cluster, left: ComplexArray, right: ComplexArray) -> ComplexArray:
    """Return sum_j tr[left_ji right_ij] for each ion i."""
    return (left * right.T).sum(axis=0).reshape(cluster.n_ions, -1).sum(axis=1)


@dataclass(frozen=True, eq=False)
class MomentMatrices:
    """Integrals of plane waves over the sphere with components of the unit vector as weights.

    ``overlap`` is int B B^+, ``first[m]`` is int k^_m B B^+ with columns up to l_max + 1, ``inner[m]`` the same with
    columns up to l_max, ``second[m][n]`` is int k^_m k^_n B B^+, over all directions.
    """

    overlap: ComplexArray
    first: tuple[ComplexArray, ...]
    inner: tuple[ComplexArray, ...]
    second: tuple[tuple[ComplexArray, ...], ...]


def moment_matrices(cluster: Cluster) -> MomentMatrices:
    """Return J, J^m = K_m J_ext and J^mn = K_m J_ext K_n^T, matrices of all ions [-].

    Source: wind-notes (unit vector); test: test_moment_matrices_are_integrals_over_the_sphere

    Args:
        cluster: the ions.
    """
    n, l_max = cluster.n_ions, cluster.l_max
    steps = [_of_all_ions(cluster, part) for part in unit_vector_matrices(l_max, l_max + 1)]
    extended = cluster.overlap(l_max + 1, l_max + 1)
    kept = (np.arange(n)[:, None] * harmonic_count(l_max + 1) + np.arange(harmonic_count(l_max))).ravel()
    first = tuple(step @ extended for step in steps)
    return MomentMatrices(
        overlap=extended[np.ix_(kept, kept)],
        first=first,
        inner=tuple(part[:, kept] for part in first),
        second=tuple(tuple((step @ part.T).T for step in steps) for part in first),
    )


def propagator_gradients(cluster: Cluster) -> list[ComplexArray]:
    """Return D_m = dG_ij/dR_i,m = ik K_m G_ext, three matrices of all ions [1/angstrom^2]; dG_ij/dR_j is its negative.

    Source: wind-notes (unit vector); test: test_propagator_gradients_against_finite_differences

    Args:
        cluster: the ions.
    """
    shape = cluster.n_ions * harmonic_count(cluster.l_max + 1), -1
    extended = propagators(cluster.positions_nc, cluster.wave_number, cluster.l_max + 1, cluster.l_max).reshape(shape)
    steps = unit_vector_matrices(cluster.l_max, cluster.l_max + 1)
    return [1j * cluster.wave_number * (_of_all_ions(cluster, step) @ extended) for step in steps]


def _of_all_ions(cluster: Cluster, block: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(sparse.kron(sparse.eye_array(cluster.n_ions), block))


def amplitude_gradient(cluster: Cluster, ion: int, outgoing: ArrayLike, incoming: ArrayLike) -> ComplexArray:
    """Return dF(l, k)/dR of one ion for directions l and k, shape (3, l, k) [-].

    Source: schaich-1976 (33); test: test_amplitude_gradient_against_finite_differences

    Args:
        cluster: the ions.
        ion: the ion that moves.
        outgoing: directions l, shape (q, 3) [-].
        incoming: directions k, shape (p, 3) [-].
    """
    outgoing, incoming = np.atleast_2d(np.asarray(outgoing, float)), np.atleast_2d(np.asarray(incoming, float))
    tau = cluster.scattering_path()
    wave_in, wave_out = cluster.plane_waves(incoming), cluster.plane_waves(outgoing).conj().T
    right, left = tau @ wave_in, wave_out @ tau
    width = harmonic_count(cluster.l_max)
    own = slice(ion * width, (ion + 1) * width)
    result = np.empty((3, len(outgoing), len(incoming)), dtype=complex)
    for axis, gradient in enumerate(propagator_gradients(cluster)):
        phases = -1j * cluster.k * outgoing[:, axis, None] * (wave_out[:, own] @ right[own])
        phases += 1j * cluster.k * (left[:, own] @ wave_in[own]) * incoming[:, axis]
        between = left[:, own] @ (gradient[own] @ right) - (left @ gradient[:, own]) @ right[own]
        result[axis] = 4 * np.pi * (phases + between)
    return result
