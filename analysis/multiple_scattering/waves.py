"""Waves around a cluster: the scattered state of one electron, and the density of all that carry a current.

Outside of the spheres of the ions. Axes: ``_p`` points, ``_c`` Cartesian.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import (
    ComplexArray,
    degrees,
    harmonic_count,
    real_harmonics,
    spherical_bessel,
    unit_vector_matrices,
)
from analysis.multiple_scattering.limits import ion_amplitude
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.structure_constants import cluster_multipoles, multipole_degree, outgoing_radial
from atomsim.results import Array

CHUNK = 512  # points at a time
TOLERANCE = 1e-20  # share of a plane wave left out at the outermost ion; densities err by its root [-]


def outgoing_rows(cluster: Cluster, points: Array) -> ComplexArray:
    """Return 4 pi ik i^l h_l(kr) Y_L of all ions at points, shape (p, N (l_max + 1)²) [1/angstrom].

    Args:
        cluster: the ions.
        points: where, not at an ion [angstrom].
    """
    vectors = points[:, None] - cluster.positions_nc
    radial = outgoing_radial(cluster.wave_number)(np.linalg.norm(vectors, axis=-1), cluster.l_max)
    return (radial[..., degrees(cluster.l_max)] * real_harmonics(vectors, cluster.l_max)).reshape(len(points), -1)


def wave_function(cluster: Cluster, points: ArrayLike, incoming: ArrayLike) -> ComplexArray:
    """Return the scattering state Psi_k(r) of electrons that come along k, shape (p, k) [-].

    exp(ik.r) and the outgoing waves of all ions; its squared modulus is the density of one electron.

    Source: schaich-1976 (3), (32); test: test_wave_function_far_away_is_the_amplitude

    Args:
        cluster: the ions.
        points: where, outside of the spheres of the ions, shape (p, 3) [angstrom].
        incoming: directions k, shape (q, 3) [-].
    """
    points, incoming = np.atleast_2d(np.asarray(points, float)), np.atleast_2d(np.asarray(incoming, float))
    sent = cluster.amplitude_nL.reshape(-1, 1) * cluster.exciting_waves(cluster.plane_waves(incoming), overwrite=True)
    waves = np.exp(1j * cluster.k * points @ incoming.T)
    for part in _chunks(len(points)):
        waves[part] += outgoing_rows(cluster, points[part]) @ sent
    return waves


def current_response(
    cluster: Cluster, points: ArrayLike, *, tolerance: float = TOLERANCE, radius_n: Array | None = None
) -> Array:
    """Return D(r) = int dk^ k^ |Psi_k(r)|², what a drift of the electrons does to their density, shape (p, 3) [-].

    For a Fermi surface shifted by phi = g.k^ the density changes by dn/n = (3/8 pi) D.g/e_F. Analytic in the
    directions, by multipoles.

    Source: schaich-1976 (2); test: test_current_response_is_the_integral_over_directions

    Args:
        cluster: the ions.
        points: where, outside of the spheres of the ions, shape (p, 3) [angstrom].
        tolerance: share of a plane wave that may be left out at the outermost ion [-].
        radius_n: radius of the sphere of each ion; points inside one give NaN, where the waves are others [angstrom].
    """
    points = np.atleast_2d(np.asarray(points, float))
    degree = multipole_degree(cluster.k * cluster.radius, cluster.l_max, tolerance=tolerance)
    found = cluster_multipoles(cluster.positions_nc - cluster.centre, cluster.k, cluster.l_max, degree)
    multipoles = found.reshape(len(found), -1).T
    sent = cluster.amplitude_nL.reshape(-1, 1) * cluster.exciting_waves(multipoles, overwrite=True)
    couplings = unit_vector_matrices(degree + 1, degree)
    result = np.empty((len(points), 3))
    for part in _chunks(len(points)):
        scattered = outgoing_rows(cluster, points[part]) @ sent
        plane = _plane_wave_multipoles(points[part] - cluster.centre, cluster.k, degree + 1)
        plane *= 2  # twice the interference, and once the scattered wave alone
        plane[:, : harmonic_count(degree)] += scattered
        for axis, coupling in enumerate(couplings):
            result[part, axis] = (plane * (coupling @ scattered.conj().T).T).sum(axis=1).real
    if radius_n is not None:
        distance = np.linalg.norm(points[:, None] - cluster.positions_nc, axis=-1)
        result[(distance < radius_n).any(axis=1)] = np.nan
    return result


def _plane_wave_multipoles(points: Array, k: float, degree: int) -> ComplexArray:
    """Return 4 pi i^Λ j_Λ(kr) Y_Λ(r^) [-], coefficients of exp(ik.r) in harmonics of the direction of k."""
    radial = 4 * np.pi * 1j ** np.arange(degree + 1) * spherical_bessel(degree, k * np.linalg.norm(points, axis=-1))
    return np.asarray(radial[:, degrees(degree)] * real_harmonics(points, degree))


def _chunks(count: int) -> Iterator[slice]:
    for start in range(0, count, CHUNK):
        yield slice(start, min(start + CHUNK, count))


def asymptotic_response(points: ArrayLike, delta_l: ArrayLike, wave_number: float) -> Array:
    """Return D(r) far from one ion at the origin, up to 1/r³, shape (p, 3) [-].

    D = -(4 pi r^/r²) {(1/k) Im[f(pi) e^{2ikr}] + sigma_tr/4 pi}: Friedel oscillations, and the dipole of Landauer. The
    printed first sign is an arrow.

    Source: schaich-1976 (5), (7); test: test_density_far_from_one_ion

    Args:
        points: where, shape (p, 3) [angstrom].
        delta_l: phase shifts of the ion [rad].
        wave_number: k [1/angstrom].
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    distance = np.linalg.norm(points, axis=-1, keepdims=True)
    echo = complex(ion_amplitude(-1.0, delta_l, wave_number)) * np.exp(2j * wave_number * distance)
    dipole = float(transport_cross_section(delta_l, wave_number)) / (4 * np.pi)
    return -4 * np.pi * points / distance**3 * (echo.imag / wave_number + dipole)


def density_change(response_pc: Array, shift: ArrayLike, fermi_energy: float) -> Array:
    """Return dn/n = (3/8 pi) D.g/e_F for a Fermi surface shifted by g.k^, shape (p,) [-].

    The charge density changes by the same ratio. g = e l E for a field E.

    Source: schaich-1976 (2), (4); test: test_density_change_is_the_sum_over_the_fermi_surface

    Args:
        response_pc: D(r) of :func:`current_response` [-].
        shift: g, in the unit of the Fermi energy [any].
        fermi_energy: e_F [any].
    """
    return 3 / (8 * np.pi) * response_pc @ np.asarray(shift, dtype=float) / fermi_energy
