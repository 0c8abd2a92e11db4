"""Special functions, structure constants, the scattering-path operator of a cluster and the laws it obeys."""

from __future__ import annotations

import numpy as np
import pytest
from scatterers import DELTA, K, directions_and_weights, random_cluster, random_directions, random_positions
from scipy import special

from analysis.multiple_scattering.cluster import Cluster, overlapping_spheres, rim_strengths
from analysis.multiple_scattering.harmonics import (
    degrees,
    gaunt_coefficients,
    real_harmonics,
    sphere_quadrature,
    spherical_hankel,
    unit_vector_matrices,
)
from analysis.multiple_scattering.limits import ion_amplitude
from analysis.multiple_scattering.phase_shifts import total_cross_section as ion_cross_section
from analysis.multiple_scattering.scattering import (
    amplitude,
    differential_cross_section,
    extinction_cross_section,
    optical_theorem_residual,
    reciprocity_residual,
    s_matrix,
    total_cross_section,
)
from analysis.multiple_scattering.structure_constants import (
    cluster_multipoles,
    multipole_degree,
    overlaps,
    propagators,
)
from atomsim.errors import InputError

ROUND_OFF = 1e-13


def test_harmonics_are_orthonormal_and_have_known_values() -> None:
    directions, weights = directions_and_weights(20)
    harmonics = real_harmonics(directions, 10)
    assert harmonics.T @ (weights[:, None] * harmonics) == pytest.approx(np.eye(121), abs=ROUND_OFF)
    x, y, z = directions.T
    known = np.sqrt(1 / (4 * np.pi)) * np.array([np.ones_like(x), np.sqrt(3) * y, np.sqrt(3) * z, np.sqrt(3) * x])
    found = harmonics[:, :4].T
    assert found == pytest.approx(known, abs=ROUND_OFF)
    assert harmonics[:, 6] == pytest.approx(np.sqrt(5 / (16 * np.pi)) * (3 * z**2 - 1), abs=ROUND_OFF)
    assert harmonics[:, 4] == pytest.approx(np.sqrt(15 / (4 * np.pi)) * x * y, abs=ROUND_OFF)


def test_harmonics_at_the_poles_and_of_any_length() -> None:
    poles = real_harmonics(np.array([[0, 0, 3.0], [0, 0, -2.0], [0, 0, 0]]), 5)
    middle = degrees(5) * (degrees(5) + 1)
    expected = np.where(np.arange(36) == middle, np.sqrt((2 * degrees(5) + 1) / (4 * np.pi)), 0)
    assert poles == pytest.approx(np.array([expected, expected * (-1.0) ** degrees(5), expected]), abs=ROUND_OFF)


def test_product_rule_is_exact_up_to_its_degree() -> None:
    for degree in (0, 1, 4, 7, 12):
        directions, weights = sphere_quadrature(degree)
        expected = np.zeros((degree + 1) ** 2)
        expected[0] = np.sqrt(4 * np.pi)
        assert weights @ real_harmonics(directions, degree) == pytest.approx(expected, abs=ROUND_OFF)


def test_gaunt_coefficients_expand_products_of_harmonics() -> None:
    gaunt = gaunt_coefficients(4, 3)
    harmonics = real_harmonics(random_directions(1, 30), 7)
    products = harmonics[:, :25, None] * harmonics[:, None, :16]
    assert np.einsum("abc,qc->qab", gaunt, harmonics) == pytest.approx(products, abs=ROUND_OFF)
    a, b, c = degrees(4)[:, None, None], degrees(3)[:, None], degrees(7)
    forbidden = ((a + b + c) % 2 == 1) | (c < abs(a - b)) | (c > a + b)
    assert not gaunt[forbidden].any() and gaunt[2, 2, 6] == pytest.approx(1 / np.sqrt(5 * np.pi))


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (4, 4), (5, 3)])
def test_unit_vector_matrices_are_integrals_over_the_sphere(rows: int, columns: int) -> None:
    directions, weights = directions_and_weights(rows + columns + 1)
    left, right = real_harmonics(directions, rows), real_harmonics(directions, columns)
    for axis, matrix in enumerate(unit_vector_matrices(rows, columns)):
        expected = left.T @ ((weights * directions[:, axis])[:, None] * right)
        assert matrix.toarray() == pytest.approx(expected, abs=ROUND_OFF)


def test_hankel_functions_of_complex_arguments() -> None:
    x = np.array([0.7, 3.0, 25.0])
    exact = spherical_hankel(6, x)
    assert spherical_hankel(6, x + 0j) == pytest.approx(exact, rel=1e-10)
    assert exact[:, 3].imag == pytest.approx(special.spherical_yn(3, x), rel=1e-14)
    z = np.array([2.0 + 0.3j, 15.0 + 1.0j])
    expected = [np.sqrt(np.pi / (2 * z)) * special.hankel1(order + 0.5, z) for order in range(7)]
    assert spherical_hankel(6, z) == pytest.approx(np.array(expected).T, rel=1e-11)


@pytest.mark.parametrize("wave_number", [K, K + 0.05j])
def test_propagators_translate_outgoing_waves(wave_number: complex) -> None:
    sites = np.array([[0.0, 0, 0], [2.0, -3.0, 4.0]])
    l_sent, l_seen = 2, 16
    coefficients = propagators(sites, wave_number, l_seen, l_sent)[0, :, 1]
    points = 0.7 * random_directions(2, 5)
    distance = np.linalg.norm(points, axis=-1)
    radial = [special.spherical_jn(order, wave_number * distance + 0j) for order in range(l_seen + 1)]
    phased = (1j ** np.arange(l_seen + 1) * np.array(radial).T)[:, degrees(l_seen)]
    seen = (phased * real_harmonics(points, l_seen)) @ coefficients
    away = points - sites[1]
    hankel = spherical_hankel(l_sent, wave_number * np.linalg.norm(away, axis=-1))
    sent = 1j * wave_number * (1j ** np.arange(l_sent + 1) * hankel)[:, degrees(l_sent)] * real_harmonics(away, l_sent)
    assert seen == pytest.approx(sent, rel=1e-8)


def test_propagators_and_overlaps_belong_together() -> None:
    sites = random_positions(np.random.default_rng(3), 5)
    g, j = propagators(sites, K, 3, 3).reshape(80, 80), overlaps(sites, K, 3, 3).reshape(80, 80)
    assert g - g.conj().T == pytest.approx(2j * K * (j - np.eye(80)), abs=ROUND_OFF)
    directions, weights = directions_and_weights(70)
    waves = Cluster(sites, np.zeros((5, 4)), K).plane_waves(directions)
    assert j == pytest.approx((waves * weights) @ waves.conj().T, abs=1e-11)


def test_cluster_multipoles_are_plane_waves() -> None:
    cluster = random_cluster(4, 6)
    directions = random_directions(5, 7)
    degree = multipole_degree(K * np.linalg.norm(cluster.positions_nc, axis=1).max(), 3, tolerance=1e-26)
    multipoles = cluster_multipoles(cluster.positions_nc, K, 3, degree)
    waves = np.tensordot(multipoles, real_harmonics(directions, degree), axes=(0, 1)).reshape(6 * 16, 7)
    assert waves == pytest.approx(cluster.plane_waves(directions, 3), abs=1e-11)


def test_error_of_multipoles_is_the_tolerance() -> None:
    site = np.array([[3.0, -2.0, 5.0]])
    size = K * float(np.linalg.norm(site))
    for tolerance in (1e-4, 1e-8):
        missing = []
        for lower in (0, 1):
            degree = multipole_degree(size, 0, tolerance=tolerance) - lower
            kept = cluster_multipoles(site, K, 0, degree)
            missing.append(1 - float((np.abs(kept) ** 2).sum()))
        assert missing[0] <= tolerance < missing[1]


def test_scattering_path_solves_the_equations_of_multiple_scattering() -> None:
    cluster = random_cluster(6, 5)
    cluster = Cluster(cluster.positions_nc, cluster.delta_nl * [[1], [0], [1], [1], [1]], K)  # one ion does nothing
    g = propagators(cluster.positions_nc, K, 2, 2).reshape(45, 45)
    f = np.diag(cluster.amplitude_nL.ravel())
    tau = cluster.scattering_path()
    assert tau == pytest.approx(f + f @ g @ tau, abs=ROUND_OFF)
    # the first orders of the multiple-scattering series, for weak scatterers the whole
    weak = Cluster(cluster.positions_nc, 1e-4 * cluster.delta_nl, K)
    f = np.diag(weak.amplitude_nL.ravel())
    assert weak.scattering_path() == pytest.approx(f + f @ g @ f, abs=1e-11)


def test_adjoint_waves_are_rows_of_the_inverse() -> None:
    cluster = random_cluster(7, 4)
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(3, 36)) + 1j * rng.normal(size=(3, 36))
    inverse = cluster.exciting_waves(np.eye(36, dtype=complex))
    assert cluster.adjoint_waves(rows) == pytest.approx(rows @ inverse, abs=ROUND_OFF)


def test_amplitude_of_one_ion_is_its_partial_wave_sum() -> None:
    position = np.array([[1.0, -2.0, 0.5]])
    cluster = Cluster(position, DELTA[None], K)
    outgoing, incoming = random_directions(9, 4), random_directions(10, 3)
    alone = ion_amplitude(outgoing @ incoming.T, DELTA, K)
    phase = np.exp(1j * K * (incoming @ position[0] - (outgoing @ position[0])[:, None]))
    assert amplitude(cluster, outgoing, incoming) == pytest.approx(alone * phase, abs=ROUND_OFF)
    assert total_cross_section(cluster, incoming) == pytest.approx([float(ion_cross_section(DELTA, K))] * 3)


def test_cross_sections_against_quadrature() -> None:
    cluster = random_cluster(11, 5)
    incoming = random_directions(12, 3)
    directions, weights = directions_and_weights(60)
    integrated = weights @ differential_cross_section(cluster, directions, incoming)
    assert total_cross_section(cluster, incoming) == pytest.approx(integrated, rel=1e-12)
    weakened = Cluster(cluster.positions_nc, cluster.delta_nl, K, np.linspace(0, 1, 5))
    integrated = weights @ differential_cross_section(weakened, directions, incoming)
    assert total_cross_section(weakened, incoming) == pytest.approx(integrated, rel=1e-12)


def test_extinction_is_the_total_cross_section() -> None:
    cluster, incoming = random_cluster(13, 6), random_directions(14, 4)
    extinct = extinction_cross_section(cluster, incoming)
    assert extinct == pytest.approx(total_cross_section(cluster, incoming), rel=1e-12)
    weakened = Cluster(cluster.positions_nc, np.abs(cluster.delta_nl), K, np.full(6, 0.5))
    assert np.all(extinction_cross_section(weakened, incoming) > total_cross_section(weakened, incoming))


def test_s_matrix_is_unitary() -> None:
    cluster = random_cluster(15, 3)
    degree = multipole_degree(K * cluster.radius, 2, tolerance=1e-24)
    s = s_matrix(cluster, degree)
    assert np.abs(s.conj().T @ s - np.eye(len(s))).max() < 1e-11
    assert np.abs(s - np.eye(len(s))).max() > 0.2


@pytest.mark.parametrize("l_max", [0, 1, 2, 4])
def test_optical_theorem_holds_at_any_degree(l_max: int) -> None:
    assert optical_theorem_residual(random_cluster(16, 6, l_max)) < ROUND_OFF
    damped = random_cluster(16, 6, l_max, wave_number=K + 0.02j)
    assert optical_theorem_residual(damped) > 1e-4 and not damped.conserves


def test_reciprocity_of_the_amplitude() -> None:
    cluster = random_cluster(17, 6, strength_n=np.linspace(0.1, 1, 6), wave_number=K + 0.02j)
    assert reciprocity_residual(cluster) < ROUND_OFF
    one, other = random_directions(18, 4), random_directions(19, 3)
    assert amplitude(cluster, one, other) == pytest.approx(amplitude(cluster, -other, -one).T, abs=ROUND_OFF)


def test_cross_sections_of_another_program() -> None:
    acoustotreams = pytest.importorskip(
        "acoustotreams", reason="no working acoustotreams (its release 0.2 needs scipy < 1.17)", exc_type=ImportError
    )
    cluster, incoming = random_cluster(20, 5), random_directions(21, 3)
    basis, material = acoustotreams.ScalarSphericalWaveBasis.default(2), acoustotreams.AcousticMaterial()
    degree = np.array(basis.lm[0])
    waves = 1j * np.exp(1j * cluster.delta_nl) * np.sin(cluster.delta_nl)
    ions = [acoustotreams.AcousticTMatrix(np.diag(t[degree]), k0=K, basis=basis, material=material) for t in waves]
    solved = acoustotreams.AcousticTMatrix.cluster(ions, cluster.positions_nc).interaction.solve()
    theirs = [solved.xs(acoustotreams.plane_wave_scalar(K * k, k0=K, material=material)) for k in incoming]
    assert total_cross_section(cluster, incoming) == pytest.approx([pair[0] for pair in theirs], rel=1e-10)
    assert extinction_cross_section(cluster, incoming) == pytest.approx([pair[1] for pair in theirs], rel=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions_nc": np.array([[0.0, 0, 0], [0, 0, 0]])}, "ions 0 and 1 are at one place"),
        ({"positions_nc": np.array([[0.0, 0, 0], [0, np.nan, 0]])}, "position of ion 1"),
        ({"positions_nc": np.zeros((2, 2))}, "expected \\(N, 3\\)"),
        ({"delta_nl": np.array([[0.1], [np.inf]])}, "phase shifts of ion 1"),
        ({"delta_nl": np.zeros((3, 2))}, "expected \\(2, l_max \\+ 1\\)"),
        ({"wave_number": 0.0}, "wave number"),
        ({"wave_number": -1.0}, "wave number"),
        ({"wave_number": 1 - 0.1j}, "wave number"),
        ({"wave_number": np.nan}, "wave number"),
        ({"strength_n": np.array([1.0])}, "expected 2 numbers"),
    ],
)
def test_impossible_clusters_are_refused(change: dict, message: str) -> None:
    good = {"positions_nc": np.array([[0.0, 0, 0], [0, 3, 0]]), "delta_nl": np.zeros((2, 3)), "wave_number": K}
    with pytest.raises(InputError, match=message):
        Cluster(**{**good, **change})


def test_overlapping_spheres_are_found() -> None:
    positions = np.array([[0.0, 0, 0], [2.0, 0, 0], [9.0, 0, 0], [3.5, 0, 0]])
    radius = np.array([1.0, 1.0, 5.4, 0.4])
    assert overlapping_spheres(positions, radius).tolist() == [[2, 3]]
    assert overlapping_spheres(positions, np.full(4, 1.1)).tolist() == [[0, 1], [1, 3]]
    assert overlapping_spheres(positions, np.full(4, 0.1)).shape == (0, 2)


def test_strengths_fade_towards_the_rim() -> None:
    distance = np.array([0.0, 6.0, 8.0, 10.0, 11.0])
    assert rim_strengths(distance, 10.0) == pytest.approx([1, 1, 0.5, 0, 0])
    assert rim_strengths(distance, 10.0, share=0.0).tolist() == [1, 1, 1, 1, 0]
    for radius, share in ((0.0, 0.4), (np.nan, 0.4), (10.0, 1.1)):
        with pytest.raises(InputError, match="expected a positive radius"):
            rim_strengths(distance, radius, share=share)
