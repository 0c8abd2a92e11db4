"""Wind force on ions of a cluster: two routes to the tensors, their symmetries, sum rules, units and drives."""

from __future__ import annotations

import numpy as np
import pytest
from scatterers import DELTA, K, directions_and_weights, random_cluster, random_directions
from scipy.spatial.transform import Rotation

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.drive import (
    Drive,
    current_drive,
    driven_forces,
    field_drive,
    heat_of_transport,
    kernel_slope,
    temperature_gradient_force,
)
from analysis.multiple_scattering.electron_gas import (
    QUANTUM_RESISTANCE,
    electron_density,
    fermi_wave_number,
    force_per_current,
    force_per_field,
    mean_free_path,
    mean_free_path_of_scatterers,
    mean_free_path_of_time,
    resistivity,
    valence_times_resistivity,
    wind_valence,
)
from analysis.multiple_scattering.limits import dilute_tensors
from analysis.multiple_scattering.scattering import amplitude, transport_tensor
from analysis.multiple_scattering.structure_constants import multipole_degree, propagators
from analysis.multiple_scattering.wind_force import (
    TOLERANCE,
    exact_moments,
    force_tensors,
    momentum_transfer,
    multipole_moments,
    tensors_of_moments,
)
from analysis.multiple_scattering.wind_twin import (
    amplitude_gradient,
    derivative_force_tensors,
    moment_matrices,
    propagator_gradients,
)
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, ELECTRON_VOLT

ROUND_OFF = 1e-13
TIGHT = 1e-15  # share of a plane wave left out, for comparisons to round-off


def exact_tensors(cluster: Cluster) -> Array:
    everyone = np.arange(cluster.n_ions)
    return tensors_of_moments(cluster, exact_moments(cluster, everyone), everyone)


def multipole_tensors(cluster: Cluster, tolerance: float) -> Array:
    everyone = np.arange(cluster.n_ions)
    degree = multipole_degree(cluster.k * cluster.radius, cluster.l_max + 1, tolerance=tolerance)
    return tensors_of_moments(cluster, multipole_moments(cluster, everyone, degree), everyone)


def moved(cluster: Cluster, ion: int, step: Array) -> Cluster:
    positions = cluster.positions_nc.copy()
    positions[ion] += step
    return Cluster(positions, cluster.delta_nl, cluster.wave_number, cluster.strength_n)


def fcc_shells(n_ions: int, constant: float = 4.05) -> Array:
    """Sites of an fcc crystal around one of them, nearest first."""
    grid = np.array([[i, j, k] for i in range(-4, 5) for j in range(-4, 5) for k in range(-4, 5)])
    sites = grid[grid.sum(axis=1) % 2 == 0] * constant / 2
    return sites[np.argsort((sites**2).sum(axis=1), kind="stable")][:n_ions]


@pytest.mark.parametrize("l_max", [0, 2, 3])
def test_routes_of_the_wind_force_agree(l_max: int) -> None:
    cluster = random_cluster(1, 8, l_max)
    exact = exact_tensors(cluster)
    assert derivative_force_tensors(cluster) == pytest.approx(exact, abs=ROUND_OFF)
    assert multipole_tensors(cluster, TIGHT) == pytest.approx(exact, abs=ROUND_OFF)
    assert multipole_tensors(cluster, TOLERANCE) == pytest.approx(exact, abs=TOLERANCE)
    assert force_tensors(cluster) == pytest.approx(exact, abs=TOLERANCE)
    assert np.abs(exact - exact.transpose(0, 2, 1)).max() > 0.005  # nothing makes them symmetric


def test_wind_force_is_what_its_definition_says() -> None:
    cluster = random_cluster(2, 3)
    directions, weights = directions_and_weights(2 * multipole_degree(K * cluster.radius, 3, tolerance=1e-12))
    sigma, step = np.empty((3, 3)), 1e-4
    here = amplitude(cluster, directions, directions).conj()
    for force in range(3):
        ahead, behind = (moved(cluster, 1, sign * step * np.eye(3)[force]) for sign in (1, -1))
        slope = amplitude(ahead, directions, directions) - amplitude(behind, directions, directions)
        transferred = weights @ (here * slope / (2 * step)).imag
        sigma[force] = 3 / (4 * np.pi * K) * (weights * transferred) @ directions
    assert force_tensors(cluster, [1])[0] == pytest.approx(sigma, abs=1e-7 * np.abs(sigma).max())


def test_moment_matrices_are_integrals_over_the_sphere() -> None:
    cluster = random_cluster(3, 4)
    directions, weights = directions_and_weights(70)
    waves, wide = cluster.plane_waves(directions), cluster.plane_waves(directions, 3)
    found = moment_matrices(cluster)
    assert found.overlap == pytest.approx((waves * weights) @ waves.conj().T, abs=1e-11)
    for m in range(3):
        weighted = waves * weights * directions[:, m]
        assert found.first[m] == pytest.approx(weighted @ wide.conj().T, abs=1e-11)
        assert found.inner[m] == pytest.approx(weighted @ waves.conj().T, abs=1e-11)
        for n in range(3):
            both = (weighted * directions[:, n]) @ waves.conj().T
            assert found.second[m][n] == pytest.approx(both, abs=1e-11)


@pytest.mark.parametrize("wave_number", [K, K + 0.03j])
def test_propagator_gradients_against_finite_differences(wave_number: complex) -> None:
    cluster = random_cluster(4, 4, wave_number=wave_number)
    own, step = slice(18, 27), 1e-4
    for axis, gradient in enumerate(propagator_gradients(cluster)):
        ahead, behind = (moved(cluster, 2, sign * step * np.eye(3)[axis]) for sign in (1, -1))
        g_ahead, g_behind = (propagators(c.positions_nc, wave_number, 2, 2).reshape(36, 36) for c in (ahead, behind))
        slope = (g_ahead - g_behind) / (2 * step)
        assert gradient[own] == pytest.approx(slope[own], abs=1e-6)
        assert -gradient[:, own] == pytest.approx(slope[:, own], abs=1e-6)


def test_amplitude_gradient_against_finite_differences() -> None:
    cluster = random_cluster(5, 6)
    outgoing, incoming = random_directions(6, 5), random_directions(7, 4)
    exact = amplitude_gradient(cluster, 3, outgoing, incoming)
    errors = []
    for step in (2e-3, 1e-3):
        slopes = []
        for axis in np.eye(3):
            ahead, behind = (moved(cluster, 3, sign * step * axis) for sign in (1, -1))
            slopes.append(amplitude(ahead, outgoing, incoming) - amplitude(behind, outgoing, incoming))
        errors.append(float(np.abs(np.array(slopes) / (2 * step) - exact).max()))
    assert errors[1] < 1e-5 * np.abs(exact).max()
    assert errors[0] / errors[1] == pytest.approx(4, rel=1e-3)  # second order: nothing but the differences is wrong


def test_amplitude_knows_its_position_by_phases_only() -> None:
    # sum_i dF/dR_i = -i (l - k) F
    cluster = random_cluster(8, 4)
    outgoing, incoming = random_directions(9, 3), random_directions(10, 3)
    total = sum(amplitude_gradient(cluster, ion, outgoing, incoming) for ion in range(4))
    transfer = K * (outgoing[:, None] - incoming).transpose(2, 0, 1)
    assert total == pytest.approx(-1j * transfer * amplitude(cluster, outgoing, incoming), abs=ROUND_OFF)


def test_few_ions_by_adjoint_waves_agree_with_all() -> None:
    cluster = random_cluster(11, 40, 1, wave_number=K + 0.01j, strength_n=np.linspace(1, 0.2, 40))
    everyone = multipole_tensors(cluster, TIGHT)
    assert force_tensors(cluster) == pytest.approx(everyone, abs=TOLERANCE)
    assert force_tensors(cluster, [7, 3, 7]) == pytest.approx(everyone[[7, 3, 7]], abs=ROUND_OFF)
    with pytest.raises(InputError, match="ion 40: the cluster has ions 0 to 39"):
        force_tensors(cluster, [0, 40])


@pytest.mark.parametrize("l_max", [0, 1, 2, 4])
def test_single_ion_has_its_transport_cross_section(l_max: int) -> None:
    delta = np.array([[0.7, -0.4, 0.3, 0.1, 1.2]])[:, : l_max + 1]
    found = force_tensors(Cluster(np.array([[0.4, 1.0, -3.0]]), delta, K), tolerance=TIGHT)
    assert found == pytest.approx(dilute_tensors(delta, K), abs=ROUND_OFF)
    assert transport_tensor(Cluster(np.zeros((1, 3)), delta, K)) == pytest.approx(found[0], abs=ROUND_OFF)


def test_tensor_is_the_moment_of_the_momentum_transfer() -> None:
    cluster = random_cluster(12, 5)
    directions, weights = directions_and_weights(60)
    transfer = momentum_transfer(cluster, directions, [4, 0])
    moments = 3 / (4 * np.pi) * np.einsum("q,qn,imq->imn", weights, directions, transfer)
    assert moments == pytest.approx(force_tensors(cluster, [4, 0], tolerance=TIGHT), abs=1e-11)


@pytest.mark.parametrize("l_max", [1, 3])
def test_forces_add_up_to_the_transport_cross_section(l_max: int) -> None:
    cluster = random_cluster(13, 9, l_max)
    total = transport_tensor(cluster)
    assert force_tensors(cluster, tolerance=TIGHT).sum(axis=0) == pytest.approx(total, abs=ROUND_OFF)
    assert total == pytest.approx(total.T, abs=ROUND_OFF)
    directions, weights = directions_and_weights(60)
    intensity = np.abs(amplitude(cluster, directions, directions)) ** 2 * np.outer(weights, weights)
    both = np.einsum("lk,kn,km->mn", intensity, directions, directions)
    cross = np.einsum("lk,kn,lm->mn", intensity, directions, directions)
    assert 3 / (4 * np.pi) * (both - cross) == pytest.approx(total, rel=1e-10)


def test_translation_and_inversion_leave_the_tensors() -> None:
    cluster = random_cluster(14, 6)
    sigma = force_tensors(cluster, tolerance=TIGHT)
    for positions in (cluster.positions_nc + np.array([10.0, -4.0, 3.0]), -cluster.positions_nc):
        same = force_tensors(Cluster(positions, cluster.delta_nl, K), tolerance=TIGHT)
        assert same == pytest.approx(sigma, abs=ROUND_OFF)


def test_tensors_turn_with_the_cluster() -> None:
    cluster = random_cluster(15, 6)
    turn = Rotation.from_rotvec([0.4, -1.1, 2.0]).as_matrix()
    turned = Cluster(cluster.positions_nc @ turn.T, cluster.delta_nl, K)
    expected = turn @ force_tensors(cluster, tolerance=TIGHT) @ turn.T
    assert force_tensors(turned, tolerance=TIGHT) == pytest.approx(expected, abs=ROUND_OFF)


def test_permutation_of_ions_permutes_the_tensors() -> None:
    cluster = random_cluster(16, 7)
    order = np.random.default_rng(17).permutation(7)
    permuted = Cluster(cluster.positions_nc[order], cluster.delta_nl[order], K)
    assert force_tensors(permuted) == pytest.approx(force_tensors(cluster)[order], abs=ROUND_OFF)


def test_cubic_site_has_an_isotropic_tensor() -> None:
    for n_ions in (13, 19):
        sigma = force_tensors(Cluster(fcc_shells(n_ions), np.tile(DELTA, (n_ions, 1)), K), [0])[0]
        assert sigma == pytest.approx(sigma[0, 0] * np.eye(3), abs=1e-12)
        assert abs(sigma[0, 0] - float(dilute_tensors(DELTA[None], K)[0, 0, 0])) > 0.01


def test_mirror_plane_kills_the_components_across_it() -> None:
    rng = np.random.default_rng(18)
    above = np.array([[1.5, 0.5, 2.0], [-2.0, 1.5, 1.6], [0.3, -2.5, 1.9]])
    positions = np.concatenate([[[0.0, 0, 0], [4.0, 1.0, 0]], above, above * [1, 1, -1]])
    delta = rng.uniform(-0.5, 0.8, size=(5, 3))[[0, 1, 2, 3, 4, 2, 3, 4]]
    sigma = force_tensors(Cluster(positions, delta, K))
    for ion in (0, 1):
        assert np.abs(sigma[ion, [0, 1, 2, 2], [2, 2, 0, 1]]).max() < 1e-12 < abs(sigma[ion, 0, 1])
    mirror = np.diag([1, 1, -1])
    assert sigma[5] == pytest.approx(mirror @ sigma[2] @ mirror, abs=1e-12)


def test_waves_one_degree_beyond_the_phase_shifts_are_needed() -> None:
    # an ion with s waves only feels the p part of the wave on it; with phase shifts zero beyond, l_max is immaterial
    cluster = random_cluster(19, 6, 1)
    wider = Cluster(cluster.positions_nc, np.pad(cluster.delta_nl, ((0, 0), (0, 2))), K)
    assert force_tensors(wider) == pytest.approx(force_tensors(cluster), abs=TOLERANCE)


def test_damping_and_weakening_go_over_into_the_whole_cluster() -> None:
    cluster = random_cluster(20, 6)
    sigma = force_tensors(cluster)
    damped = [force_tensors(Cluster(cluster.positions_nc, cluster.delta_nl, K + 0.5j / path)) for path in (1e3, 1e4)]
    changes = [float(np.abs(one - sigma).max()) for one in damped]
    assert changes[0] / changes[1] == pytest.approx(10, rel=0.05) and 1e-5 < changes[1] < 1e-3
    alone = Cluster(cluster.positions_nc, cluster.delta_nl, K, np.array([1.0, 0, 0, 0, 0, 0]))
    assert force_tensors(alone)[0] == pytest.approx(dilute_tensors(cluster.delta_nl, K)[0], abs=1e-12)
    assert np.abs(force_tensors(alone)[1:]).max() < 1e-12
    with pytest.raises(InputError, match="real k and full strengths"):
        derivative_force_tensors(alone)


def test_known_numbers_of_one_ion() -> None:
    sigma = force_tensors(Cluster(np.zeros((1, 3)), DELTA[None], K))[0]
    assert sigma == pytest.approx(0.695021 * np.eye(3), abs=5e-7)
    assert abs(QUANTUM_RESISTANCE - 4108.2359) < 1e-4
    assert valence_times_resistivity(sigma, K) == pytest.approx(-49.968 * np.eye(3), abs=5e-4)
    assert wind_valence(sigma, K, resistivity=2.0)[0, 0] == pytest.approx(-24.984, abs=5e-4)


def test_resistivity_and_mean_free_path_are_inverse() -> None:
    # copper: 8.49e22 electrons per cm³ and 1.55 microohm cm at 273 K give the 2.7e-14 s and 420 angstrom of textbooks
    k = float(fermi_wave_number(0.0849))
    assert electron_density(k) == pytest.approx(0.0849)
    free_path = float(mean_free_path(1.55, k))
    assert free_path == pytest.approx(424, abs=10)
    assert resistivity(free_path, k) == pytest.approx(1.55)
    assert mean_free_path_of_time(2.7e-14, k, mass=9.109e-31) == pytest.approx(free_path, rel=0.02)
    sigma = 0.3
    assert wind_valence(sigma, k, resistivity=1.55) == pytest.approx(-0.0849 * free_path * sigma)
    for refused in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="expected a positive number"):
            wind_valence(sigma, k, resistivity=refused)


def test_force_per_current_is_independent_of_the_mean_free_path() -> None:
    sigma = force_tensors(random_cluster(21, 4))
    for rho in (2.0, 50.0):
        field_per_current = rho * 1e-8  # E = rho j
        force = force_per_field(sigma, K, resistivity=rho) * field_per_current
        assert force_per_current(sigma, K) == pytest.approx(force, rel=1e-12, abs=0)
    assert np.sign(force_per_current(1.0, K)) == -1  # along the electrons, against the current


def test_wind_on_all_ions_balances_the_direct_force() -> None:
    cluster, volume = random_cluster(22, 7), 150.0
    sigma = force_tensors(cluster)
    total = float(np.trace(transport_tensor(cluster))) / 3
    rho = float(resistivity(mean_free_path_of_scatterers(total, volume), K))
    valence = np.trace(wind_valence(sigma, K, resistivity=rho).sum(axis=0)) / 3
    assert valence == pytest.approx(-float(electron_density(K)) * volume)  # minus the number of electrons


def test_forces_of_drives_agree_with_the_tensors() -> None:
    cluster = random_cluster(23, 4)
    sigma = force_tensors(cluster)
    field, free_path = np.array([1.0, -2.0, 0.5]), 300.0
    rho = float(resistivity(free_path, K))
    drive = field_drive(field, free_path)
    forces = force_per_field(sigma, K, resistivity=rho) @ field
    assert driven_forces(cluster, drive) == pytest.approx(forces, rel=1e-12, abs=0)
    same = Drive(np.zeros(3), higher=lambda directions: directions @ drive.vector_c)
    assert driven_forces(cluster, same, [2, 1]) == pytest.approx(forces[[2, 1]], rel=1e-7, abs=0)
    current = field / (rho * 1e-8)
    assert driven_forces(cluster, current_drive(current, K)) == pytest.approx(forces, rel=1e-12, abs=0)


def test_drive_of_third_degree_by_brute_force() -> None:
    cluster = random_cluster(24, 3)
    drive = Drive(np.array([0.0, 0, 1e-21]), higher=lambda u: 1e-21 * (5 * u[:, 2] ** 3 - 3 * u[:, 2]), degree=3)
    directions, weights = directions_and_weights(71)
    shift = drive.shift(directions)
    assert shift == pytest.approx(1e-21 * (5 * directions[:, 2] ** 3 - 2 * directions[:, 2]), rel=1e-12, abs=1e-34)
    pushed = momentum_transfer(cluster, directions) @ (weights * shift) * K**3 / (4 * np.pi**3) * 1e10
    assert driven_forces(cluster, drive) == pytest.approx(pushed, rel=1e-7, abs=0)
    alone = Cluster(np.zeros((1, 3)), DELTA[None], K)  # one ion feels the part of first degree only
    without = driven_forces(alone, Drive(drive.vector_c))
    assert driven_forces(alone, drive) == pytest.approx(without, abs=1e-9 * np.abs(without).max())
    with pytest.raises(InputError, match="odd in k"):
        driven_forces(cluster, Drive(np.zeros(3), higher=lambda u: u[:, 2] ** 2, degree=2))


def test_temperature_gradient_against_the_integral_over_energy() -> None:
    temperature, gradient = 400.0, np.array([1e5, -3e4, 2e4])
    thermal = BOLTZMANN * temperature / ELECTRON_VOLT  # [eV]
    at_fermi, slope, curvature = np.random.default_rng(25).normal(size=(3, 3, 3))

    def kernel(energy: float) -> Array:
        return at_fermi + slope * energy + curvature * energy**2

    found = kernel_slope((kernel(-0.2), kernel(0.2)), (-0.2, 0.2))
    assert found == pytest.approx(slope)
    x = np.linspace(-40, 40, 8001)
    weight = 1 / (4 * np.cosh(x / 2) ** 2) * (x[1] - x[0])  # -dn_0/de
    integral = sum(w * t * kernel(t * thermal) for w, t in zip(weight, x, strict=True)) * BOLTZMANN
    assert temperature_gradient_force(found, temperature, gradient) == pytest.approx(
        -integral @ gradient, rel=1e-9, abs=0
    )
    heat = heat_of_transport(found, temperature) * ELECTRON_VOLT
    force = temperature_gradient_force(found, temperature, gradient)
    assert force == pytest.approx(-heat @ gradient / temperature, rel=1e-12, abs=0)
    with pytest.raises(InputError, match="expected the lower one first"):
        kernel_slope((kernel(0), kernel(1)), (1.0, 0.0))
