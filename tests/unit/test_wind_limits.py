"""Limits of the wind force (weak scatterers, far neighbours), and the waves and densities around a cluster."""

from __future__ import annotations

import numpy as np
import pytest
from scatterers import DELTA, K, directions_and_weights, random_cluster, random_directions

from analysis.multiple_scattering import limits
from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.limits import (
    dilute_tensors,
    ion_amplitude,
    kinematic_tensors,
    pair_asymptote,
    pair_force,
    pair_integrals,
)
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.scattering import amplitude
from analysis.multiple_scattering.waves import (
    asymptotic_response,
    current_response,
    density_change,
    wave_function,
)
from analysis.multiple_scattering.wind_force import force_tensors
from atomsim.results import Array

OTHER = np.array([0.2, -0.4, 0.1])
ALONG = np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5])


def test_second_order_is_the_limit_of_weak_scatterers() -> None:
    cluster = random_cluster(1, 4)
    positions, delta = cluster.positions_nc, cluster.delta_nl
    for born in (True, False):
        errors = []
        for scale in (1e-2, 1e-3, 1e-4):
            exact = force_tensors(Cluster(positions, scale * delta, K), tolerance=1e-15)
            second = kinematic_tensors(positions, scale * delta, K, born=born)
            errors.append(float(np.abs(exact - second).max() / np.abs(exact).max()))
        assert errors[0] / errors[1] == pytest.approx(10, rel=0.1)
        assert errors[1] / errors[2] == pytest.approx(10, rel=0.02) and errors[2] < 1e-4


def test_kinematic_form_is_exact_for_one_ion() -> None:
    alone = kinematic_tensors(np.array([[1.0, 2, 3]]), DELTA[None], K)
    assert alone == pytest.approx(dilute_tensors(DELTA[None], K), rel=1e-12)
    born = kinematic_tensors(np.zeros((1, 3)), DELTA[None], K, born=True)[0, 0, 0]
    steps = np.diff(np.append(DELTA, 0))
    assert born == pytest.approx(4 * np.pi / K**2 * (np.arange(1, 4) * steps**2).sum(), rel=1e-12)


def test_kinematic_sum_of_chosen_ions_and_kinds() -> None:
    cluster = random_cluster(2, 5)
    delta = np.array([DELTA, OTHER])[[0, 1, 0, 0, 1]]
    everyone = kinematic_tensors(cluster.positions_nc, delta, K)
    assert kinematic_tensors(cluster.positions_nc, delta, K, [3, 1]) == pytest.approx(everyone[[3, 1]], abs=1e-12)
    for ion in range(5):
        expected = np.zeros((3, 3))
        for other in range(5):
            vector = cluster.positions_nc[ion] - cluster.positions_nc[other]
            distance = np.linalg.norm(vector)
            across, along = pair_integrals(distance, delta[ion], delta[other], K)
            expected += across * np.eye(3) + along * np.multiply.outer(vector, vector) / max(float(distance), 1.0) ** 2
        assert everyone[ion] == pytest.approx(expected, abs=1e-12)
        assert everyone[ion] == pytest.approx(everyone[ion].T, abs=1e-13)


def test_pair_integrals_against_the_integral_over_momentum_transfers() -> None:
    # (3/4 k⁴) int_{q < 2k} d³q (1/q) q_m q_n Re[f_i^* f_j] cos(q.R), in spherical coordinates
    vector = 4.3 * ALONG
    directions, weights = directions_and_weights(65)
    nodes, gauss = np.polynomial.legendre.leggauss(40)
    expected = np.zeros((3, 3))
    for q, w in zip(K * (nodes + 1), K * gauss, strict=True):
        cosine = 1 - (q / K) ** 2 / 2
        product = (ion_amplitude(cosine, DELTA, K).conj() * ion_amplitude(cosine, OTHER, K)).real
        angular = (directions.T * weights * np.cos(q * directions @ vector)) @ directions
        expected += 3 / (4 * K**4) * w * q**3 * product * angular
    across, along = pair_integrals(4.3, DELTA, OTHER, K)
    assert across * np.eye(3) + along * np.multiply.outer(ALONG, ALONG) == pytest.approx(expected, abs=1e-12)


def test_table_of_pair_forces_is_the_integral(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pair_force(DELTA, OTHER, K, max_distance=30.0)
    for distance in (0.0, 2.71, 29.9):
        across, along = pair_integrals(distance, DELTA, OTHER, K)
        expected = across * np.eye(3) + along * np.multiply.outer(ALONG, ALONG)
        assert table(distance * ALONG) == pytest.approx(expected, abs=1e-8)
    cluster = random_cluster(9, 5)
    direct = kinematic_tensors(cluster.positions_nc, cluster.delta_nl, K, [1, 3])
    monkeypatch.setattr(limits, "TABLE_PAYS", 0)
    assert kinematic_tensors(cluster.positions_nc, cluster.delta_nl, K, [1, 3]) == pytest.approx(direct, abs=1e-7)


def test_two_ions_far_apart() -> None:
    alone = dilute_tensors(DELTA[None], K)[0]
    for start in (40.0, 80.0, 160.0):
        for distance in start + np.linspace(0, np.pi / K, 5):
            pair = Cluster(np.array([[0.0, 0, 0], -distance * ALONG]), np.array([DELTA, OTHER]), K)
            added = force_tensors(pair, [0])[0] - alone
            rest = added - pair_asymptote(distance * ALONG, DELTA, OTHER, K)
            assert np.abs(rest).max() < 8 / distance**3  # the size of the next term, at three distances


def test_shadow_of_a_far_neighbour() -> None:
    # the mean over a period of 2kR leaves the monotonic part
    distances = 60.0 + np.arange(16) / 16 * np.pi / K
    mean = np.mean([r**2 * pair_asymptote(r * ALONG, DELTA, OTHER, K) for r in distances], axis=0)
    product = float(transport_cross_section(DELTA, K) * transport_cross_section(OTHER, K))
    assert mean == pytest.approx(-3 / (4 * np.pi) * product * np.multiply.outer(ALONG, ALONG), abs=1e-12)


def test_wave_function_far_away_is_the_amplitude() -> None:
    cluster = random_cluster(3, 4)
    outgoing, incoming = random_directions(4, 3), random_directions(5, 3)
    errors = []
    for distance in (1e4, 1e5):
        waves = wave_function(cluster, distance * outgoing, incoming)
        sent = (waves - np.exp(1j * K * distance * outgoing @ incoming.T)) * distance * np.exp(-1j * K * distance)
        errors.append(float(np.abs(sent - amplitude(cluster, outgoing, incoming)).max()))
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05) and errors[1] < 1e-3


def test_wave_function_obeys_the_equation_of_waves() -> None:
    cluster = random_cluster(6, 3)
    point, step = np.array([[0.3, 0.4, 12.0]]), 1e-2
    steps = np.concatenate([step * np.eye(3), -step * np.eye(3)])
    around = wave_function(cluster, point + steps, ALONG)
    here = wave_function(cluster, point, ALONG)
    laplacian = (around.sum(axis=0) - 6 * here[0]) / step**2
    assert laplacian == pytest.approx(-(K**2) * here[0], rel=1e-4)


def brute_response(cluster: Cluster, points: Array, degree: int) -> Array:
    directions, weights = directions_and_weights(degree)
    density = np.abs(wave_function(cluster, points, directions)) ** 2
    return (density * weights) @ directions


def test_current_response_is_the_integral_over_directions() -> None:
    cluster = random_cluster(7, 4)
    points = np.concatenate([cluster.positions_nc + 1.3 * ALONG, [[0.0, 0, 9.0]]])
    assert current_response(cluster, points) == pytest.approx(brute_response(cluster, points, 113), abs=1e-9)
    inside = current_response(cluster, points, radius_n=np.array([1.4, 1.2, 1.2, 1.4]))
    assert np.isnan(inside).any(axis=1).tolist() == [True, False, False, True, False]


def test_density_far_from_one_ion() -> None:
    alone = Cluster(np.zeros((1, 3)), DELTA[None], K)
    for distance in (30.0, 100.0, 1000.0):
        points = (distance + np.linspace(0, np.pi / K, 4))[:, None] * ALONG
        rest = current_response(alone, points) - asymptotic_response(points, DELTA, K)
        assert np.abs(rest).max() < 8 / distance**3
    # the monotonic part is the transport cross-section: the dipole that makes the resistivity
    distances = 50.0 + np.arange(16) / 16 * np.pi / K
    mean = np.mean([r**2 * asymptotic_response(r * ALONG, DELTA, K)[0] for r in distances], axis=0)
    assert mean == pytest.approx(-float(transport_cross_section(DELTA, K)) * ALONG, abs=1e-12)


def test_density_change_is_the_sum_over_the_fermi_surface() -> None:
    # electrons fill k(k^) = k (1 + phi/2 e_F): twice the volume between the surfaces over (2 pi)³, times |Psi|²
    cluster, points = random_cluster(8, 3), np.array([[0.0, 0, 8.0], [5.0, -6.0, 1.0]])
    fermi_energy, shift = 5.0, 1e-6 * np.array([1.0, 0.5, -2.0])
    directions, weights = directions_and_weights(83)
    density = np.abs(wave_function(cluster, points, directions)) ** 2
    more, less = (K**3 / 3 * (1 + sign * directions @ shift / (2 * fermi_energy)) ** 3 for sign in (1, -1))
    added = 2 / (2 * np.pi) ** 3 * density @ (weights * (more - less) / 2)
    relative = added / (K**3 / (3 * np.pi**2))
    assert density_change(current_response(cluster, points), shift, fermi_energy) == pytest.approx(
        relative, rel=1e-6, abs=0
    )
