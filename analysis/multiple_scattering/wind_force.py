"""Wind force on ions of a cluster by the momentum flux through a sphere about each.

What an electron gives to ion i is the momentum of the wave that converges on it minus that of the wave that leaves
it. Only the exciting wave on the ion enters, one degree beyond its phase shifts. Axes: ``_i`` ions asked for,
``_c`` Cartesian; the force index always comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import ComplexArray, degrees, harmonic_count, unit_vector_matrices
from analysis.multiple_scattering.structure_constants import (
    cluster_multipoles,
    multipole_degree,
    outgoing_radial,
    pair_matrix,
    standing_radial,
    translation_blocks,
)
from atomsim.errors import InputError
from atomsim.results import Array, IntArray

TOLERANCE = 1e-8  # share of a plane wave left out at the outermost ion [-]


def force_tensors(
    cluster: Cluster, ions: Sequence[int] | IntArray | None = None, *, tolerance: float = TOLERANCE
) -> Array:
    """Return the wind cross-section tensor of ions, shape (i, 3, 3): force index, then field index [angstrom^2].

    sigma_mn = (3/16 pi k²) Re int dk^ k^_n a^+ (K_m - S^+ K_m S) a, with a the exciting wave on the ion for an
    electron that comes along k. The force is F = e n l sigma E with l the mean free path; positive sigma pushes along
    the electron flow. Few ions are done exactly, from rows of the scattering-path operator; for many the integral over
    directions is a sum over multipoles of the cluster, exact but for those left out.

    Source: schaich-1976 (29), (32); test: test_routes_of_the_wind_force_agree

    Args:
        cluster: the ions.
        ions: indices of the ions asked for, all if None.
        tolerance: share of a plane wave that the multipoles may leave out at the outermost ion [-].
    """
    chosen = _chosen(cluster, ions)
    degree = multipole_degree(cluster.k * cluster.radius, cluster.l_max + 1, tolerance=tolerance)
    few = 3 * len(chosen) * harmonic_count(cluster.l_max + 1) < harmonic_count(degree)  # right-hand sides of both ways
    moments = exact_moments(cluster, chosen) if few else multipole_moments(cluster, chosen, degree)
    return tensors_of_moments(cluster, moments, chosen)


def _chosen(cluster: Cluster, ions: Sequence[int] | IntArray | None) -> IntArray:
    chosen = np.arange(cluster.n_ions) if ions is None else np.asarray(ions, dtype=np.int64)
    wrong = chosen[(chosen < 0) | (chosen >= cluster.n_ions)]
    if wrong.size:
        raise InputError(f"ion {wrong[0]}: the cluster has ions 0 to {cluster.n_ions - 1}")
    return chosen


def _exciting_multipoles(cluster: Cluster, degree: int) -> ComplexArray:
    """Return a/4 pi of all ions for each multipole, shape (Λ, N, (l_max + 2)²) [-]."""
    n, n_inner = cluster.n_ions, harmonic_count(cluster.l_max)
    waves = cluster_multipoles(cluster.positions_nc - cluster.centre, cluster.k, cluster.l_max + 1, degree)
    incident = np.ascontiguousarray(waves[:, :, :n_inner]).reshape(len(waves), -1)
    inner = cluster.exciting_waves(incident.T, overwrite=True).T
    waves[:, :, :n_inner] = inner.reshape(len(waves), n, n_inner)
    radial = outgoing_radial(cluster.wave_number)
    last = pair_matrix(cluster.positions_nc, radial, cluster.l_max + 1, cluster.l_max, l_first=cluster.l_max + 1)
    scattered = inner * cluster.amplitude_nL.ravel()
    waves[:, :, n_inner:] += (scattered @ last.reshape(-1, n * n_inner).T).reshape(len(waves), n, -1)
    return waves


def scattered_rows(cluster: Cluster, ions: IntArray) -> ComplexArray:
    """Return G_ext tau for the rows of some ions up to l_max + 1, shape (i, (l_max + 2)², N (l_max + 1)²) [-].

    Source: wind-notes (momentum flux); test: test_few_ions_by_adjoint_waves_agree_with_all

    Args:
        cluster: the ions.
        ions: indices of the ions asked for.
    """
    n, n_inner, n_outer = cluster.n_ions, harmonic_count(cluster.l_max), harmonic_count(cluster.l_max + 1)
    radial = outgoing_radial(cluster.wave_number)
    rows = np.zeros((len(ions), n_outer, n, n_inner), dtype=complex)
    for row, ion in zip(rows, ions, strict=True):
        others = np.delete(np.arange(n), ion)
        vectors = cluster.positions_nc[ion] - cluster.positions_nc[others]
        row[:, others] = translation_blocks(vectors, radial, cluster.l_max + 1, cluster.l_max).transpose(1, 0, 2)
    rows *= cluster.amplitude_nL
    return cluster.adjoint_waves(rows.reshape(-1, n * n_inner)).reshape(len(ions), n_outer, -1)


def exact_moments(cluster: Cluster, ions: IntArray) -> ComplexArray:
    """Return P_n = int dk^ k^_n a a^+/(4 pi)² of ions without multipoles, (i, 3, (l_max + 2)², (l_max + 2)²) [-].

    P_n = K_n + C J^n + h.c. + C J^n C^+ with C = G_ext tau. J^n = K_n J_ext: K_n, which acts within a site, is taken
    to the side of C. Costs (l_max + 2)² right-hand sides per ion and one product of as many rows with the overlaps.

    Source: wind-notes (momentum flux); test: test_routes_of_the_wind_force_agree

    Args:
        cluster: the ions.
        ions: indices of the ions asked for.
    """
    l_max, n_outer = cluster.l_max, harmonic_count(cluster.l_max + 1)
    rows = scattered_rows(cluster, ions)
    shared, own = cluster.overlap(l_max + 1, l_max), _shared_with_ions(cluster, ions)
    moments = np.empty((len(ions), 3, n_outer, n_outer), dtype=complex)
    for axis, wide in enumerate(unit_vector_matrices(l_max + 1, l_max + 1)):
        step = wide.toarray()[: harmonic_count(l_max)]
        turned = (rows.reshape(-1, len(step)) @ step).reshape(len(ions), n_outer, -1)
        alone = turned @ own
        both = (turned.reshape(-1, len(shared)) @ shared).reshape(rows.shape) @ rows.conj().transpose(0, 2, 1)
        moments[:, axis] = wide.toarray() + alone + alone.conj().transpose(0, 2, 1) + both
    return moments


def _shared_with_ions(cluster: Cluster, ions: IntArray) -> ComplexArray:
    """Return the overlaps of all ions with some, both up to l_max + 1, shape (i, N (l_max + 2)², (l_max + 2)²) [-]."""
    radial = standing_radial(cluster.k)
    vectors = (cluster.positions_nc - cluster.positions_nc[ions][:, None]).reshape(-1, 3)
    blocks = translation_blocks(vectors, radial, cluster.l_max + 1, cluster.l_max + 1)
    return blocks.reshape(len(ions), -1, blocks.shape[2])


def momentum_transfer(cluster: Cluster, directions: ArrayLike, ions: Sequence[int] | IntArray | None = None) -> Array:
    """Return the momentum that electrons coming along k give to ions, as a cross-section, shape (i, 3, q) [angstrom^2].

    s(k^) = Re a^+ (K - S^+ K S) a/(4k²). A beam of j electrons per area and time pushes the ion with hbar k j s. The
    expectation value of the force in the scattering state is (hbar² k²/m Omega) s; its part that is odd in k is the
    wind of a drift, sigma_mn = (3/4 pi) int dk^ k^_n s_m.

    Source: schaich-1976 (32); test: test_tensor_is_the_moment_of_the_momentum_transfer

    Args:
        cluster: the ions.
        directions: unit vectors along k, shape (q, 3) [-].
        ions: indices of the ions asked for, all if None.
    """
    chosen = _chosen(cluster, ions)
    waves = cluster.plane_waves(directions, cluster.l_max + 1)
    waves = waves.reshape(cluster.n_ions, harmonic_count(cluster.l_max + 1), -1)
    inner = np.ascontiguousarray(waves[:, : harmonic_count(cluster.l_max)]).reshape(-1, waves.shape[2])
    exciting = waves[chosen] + scattered_rows(cluster, chosen) @ inner
    flux = momentum_flux(cluster, chosen)
    pushed = np.einsum("iaq,imab,ibq->imq", exciting.conj(), flux, exciting, optimize=True).real
    return 4 * np.pi**2 / cluster.k**2 * pushed


def multipole_moments(cluster: Cluster, ions: IntArray, degree: int) -> ComplexArray:
    """Return P_n = int dk^ k^_n a a^+/(4 pi)² of ions by multipoles, (i, 3, (l_max + 2)², (l_max + 2)²) [-].

    P_n = sum_ΛΛ' K_n[Λ, Λ'] a_Λ a_Λ'^+: two degrees that differ by one, so half of the terms and their adjoints. Costs
    one right-hand side per multipole, whatever the number of ions.

    Source: wind-notes (multipoles); test: test_routes_of_the_wind_force_agree

    Args:
        cluster: the ions.
        ions: indices of the ions asked for.
        degree: largest degree of the multipoles.
    """
    waves = np.ascontiguousarray(_exciting_multipoles(cluster, degree)[:, ions])
    flat = waves.reshape(len(waves), -1).view(float)  # real coefficients times real numbers
    by_ion = np.ascontiguousarray(waves.transpose(1, 0, 2)).conj()
    moments = np.empty((len(ions), 3, waves.shape[2], waves.shape[2]), dtype=complex)
    for axis, coupling in enumerate(unit_vector_matrices(degree, degree)):
        raised = (sparse.csr_array(sparse.tril(coupling)) @ flat).view(complex).reshape(waves.shape)
        half = raised.transpose(1, 2, 0) @ by_ion
        moments[:, axis] = half + half.conj().transpose(0, 2, 1)
    return moments


def tensors_of_moments(cluster: Cluster, moments: ComplexArray, ions: IntArray) -> Array:
    """Return the tensors of ions from the first moments of their exciting waves, shape (i, 3, 3) [angstrom^2].

    sigma_mn = (3 pi/k²) Re tr[(K_m - S^+ K_m S) P_n].

    Source: wind-notes (momentum flux); test: test_single_ion_has_its_transport_cross_section

    Args:
        cluster: the ions.
        moments: P_n = int dk^ k^_n a a^+/(4 pi)², shape (i, 3, (l_max + 2)², (l_max + 2)²) [-].
        ions: indices of the ions.
    """
    flux = momentum_flux(cluster, ions)
    return 3 * np.pi / cluster.k**2 * np.einsum("imab,inba->imn", flux, moments, optimize=True).real


def momentum_flux(cluster: Cluster, ions: IntArray) -> ComplexArray:
    """Return K_m - S^+ K_m S of ions, shape (i, 3, (l_max + 2)², (l_max + 2)²) [-].

    Momentum that a regular wave brings minus what leaves after scattering, S_l = 1 + 2ik f_l; S of degree l_max + 1
    is one. With unit strengths the elements are K_LL' (1 - exp[2i(delta_l' - delta_l)]).

    Source: wind-notes (momentum flux); test: test_single_ion_has_its_transport_cross_section

    Args:
        cluster: the ions.
        ions: indices of the ions.
    """
    scattering = np.ones((len(ions), cluster.l_max + 2), dtype=complex)
    scattering[:, :-1] += 2j * cluster.k * cluster.amplitude_nl[ions]
    s = scattering[:, degrees(cluster.l_max + 1)]
    couplings = unit_vector_matrices(cluster.l_max + 1, cluster.l_max + 1)
    unit = np.stack([part.toarray() for part in couplings])
    return unit * (1 - s.conj()[:, None, :, None] * s[:, None, None, :])
