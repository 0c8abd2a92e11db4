"""Whole configurations: images, clusters about ions, far single scattering, laws, errors, references, resistivities."""

from __future__ import annotations

import dataclasses

import ase
import numpy as np
import pytest
from ase.build import bulk
from scatterers import DELTA, K, random_cluster, random_positions
from scipy import stats

from analysis.commands.wind_document import warnings
from analysis.multiple_scattering import force_tensors, kinematic_tensors, transport_tensor
from analysis.multiple_scattering.configuration import (
    Configuration,
    Surroundings,
    given_configuration,
    neighbour_distance,
)
from analysis.multiple_scattering.convergence import Convergence, degree_convergence, radius_convergence
from analysis.multiple_scattering.electron_gas import electron_density
from analysis.multiple_scattering.environment import directions_of, environment, rank_correlation
from analysis.multiple_scattering.exact_phase_shifts import square_well_phase_shifts
from analysis.multiple_scattering.harmonics import sphere_quadrature
from analysis.multiple_scattering.kinematic_tail import averaged_wave_number, rim_sums
from analysis.multiple_scattering.laws import cluster_laws
from analysis.multiple_scattering.local_wind import Cut, local_tensors
from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.phase_shifts import (
    phase_shift_table,
    total_cross_section,
    transport_cross_section,
)
from analysis.multiple_scattering.structures import ion_density, is_reduced, scaled_to_metal, vacancy_jump
from analysis.multiple_scattering.wind_configuration import WindForces, nearest_sites, wind_forces
from analysis.multiple_scattering.wind_input import given_input, metal_input
from analysis.multiple_scattering.wind_resistivity import bragg_cross_section, choose_resistivity, resistivities
from analysis.multiple_scattering.ziman import phase_shift_amplitude
from atomsim.ensemble import Progress, Workers
from atomsim.errors import InputError
from atomsim.store import read_result, write_result

ALUMINIUM = get_metal("Al")
TABLE = phase_shift_table(K, {"Al": DELTA, "Cu": 0.5 * DELTA})


def given_atoms(atoms: ase.Atoms, l_max: int | None = None) -> Configuration:
    return given_input(atoms, TABLE, l_max=l_max).configuration


def disordered(seed: int, n: int = 8, edge: float = 6.0) -> ase.Atoms:
    """Ions at random in a periodic cube, displaced from a lattice that keeps them apart."""
    rng = np.random.default_rng(seed)
    sites = np.argwhere(np.ones((2, 2, 2))) * edge / 2
    return ase.Atoms(["Al"] * n, sites[:n] + rng.uniform(-0.3, 0.3, (n, 3)), cell=[edge] * 3, pbc=True)


def test_tail_is_the_kinematic_sum_over_all_ions():
    atoms = disordered(1)
    atoms.symbols[3] = "Cu"
    found = given_atoms(atoms)
    surroundings = Surroundings(found, 13.0)
    hard = surroundings.cluster(3, 9.0, rim=0.0)
    expected = kinematic_tensors(hard.positions_nc, hard.delta_nl, hard.k, [0])[0]
    assert rim_sums(found, surroundings, 3, [9.0], rim=0.0)[0] == pytest.approx(expected, abs=1e-7)
    soft = surroundings.cluster(3, 9.0, rim=0.4)
    # single scattering is linear in the strength of each neighbour
    pairs = [
        kinematic_tensors(soft.positions_nc[[0, j]], soft.delta_nl[[0, j]], K, [0])[0] for j in range(1, soft.n_ions)
    ]
    alone = kinematic_tensors(soft.positions_nc[:1], soft.delta_nl[:1], K)[0]
    expected = alone + sum(s * (pair - alone) for s, pair in zip(soft.strength_n[1:], pairs, strict=True))
    assert rim_sums(found, surroundings, 3, [13.0, 9.0], rim=0.4)[1] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("radius", [4.0, 6.2])
def test_tensors_do_not_depend_on_the_choice_of_the_cell(radius):
    atoms = disordered(2)
    atoms.symbols[1] = "Cu"
    shifted = atoms.copy()
    shifted.positions[5] += atoms.cell.array[0] - 2 * atoms.cell.array[2]
    found = wind_forces(given_atoms(atoms), [0, 5], radius=radius, single_scattering=True)
    for other, ions in ((atoms.repeat((2, 1, 2)), [0, 5 + 8]), (shifted, [0, 5])):
        again = wind_forces(given_atoms(other), ions, radius=radius, single_scattering=True)
        assert again.sigma_ncc == pytest.approx(found.sigma_ncc, rel=1e-9, abs=1e-12)
        assert again.cluster_size_n.tolist() == found.cluster_size_n.tolist()
        assert again.error_n == pytest.approx(found.error_n, rel=1e-8)


def test_a_slab_has_images_in_its_plane_only():
    atoms = disordered(3)
    atoms.pbc = [True, True, False]
    found = wind_forces(given_atoms(atoms), [2], radius=5.5, single_scattering=False)
    wide = atoms.repeat((3, 3, 1))
    wide.pbc = False
    middle = int(
        np.linalg.norm(wide.positions - atoms.positions[2] - atoms.cell.array[:2].sum(axis=0), axis=1).argmin()
    )
    again = wind_forces(given_atoms(wide), [middle], radius=5.5, single_scattering=False)
    assert again.sigma_ncc == pytest.approx(found.sigma_ncc, rel=1e-9)
    assert np.isnan(given_atoms(atoms).volume) and np.isnan(found.own_resistivity)


def test_local_tensor_is_that_of_the_soft_cluster():
    found = given_atoms(disordered(4))
    with Workers(1) as workers:
        variants = local_tensors(found, [3], Cut(6.0, 9.0), workers=workers)
    surroundings = Surroundings(found, 9.0)
    for column, radius in enumerate((6.0, 4.8, 3.6)):
        cluster = surroundings.cluster(3, radius, rim=0.4)
        assert cluster.strength_n[0] == 1 and 0 <= cluster.strength_n[-1] < cluster.strength_n.max()
        assert variants.cluster_nvcc[0, column] == pytest.approx(force_tensors(cluster)[0], abs=1e-7)
    lesser = Surroundings(found.truncated(1), 9.0).cluster(3, 4.8, rim=0.4)
    change = force_tensors(lesser, [0])[0] - variants.cluster_nvcc[0, 1]
    assert variants.degree_ncc[0] == pytest.approx(change, abs=1e-12)
    spacing = neighbour_distance(found)
    with Workers(1) as workers:
        variants = local_tensors(found, [3], Cut(6.0, 12 * spacing), workers=workers)
    for added in (False, True):
        told = wind_forces(found, [3], radius=6.0, single_scattering=added)
        spread = np.ptp(variants.sigma_nvcc(single_scattering=added), axis=1).max()
        assert told.radius_error_n[0] == pytest.approx(1.6448536 * np.sqrt(1.5) * spread, rel=1e-6)
        change = np.abs(variants.change_ncc(single_scattering=added)).max()
        assert told.degree_error_n[0] == pytest.approx(1.5 * change, rel=1e-9)
        assert told.kinematic_ncc[0] == pytest.approx(variants.kinematic_ncc[0])


def test_change_by_the_degree_is_that_of_the_whole():
    found = given_atoms(disordered(4)).truncated(1)  # the next degree is known
    with Workers(1) as workers:
        one, other = (
            local_tensors(ions, [3], Cut(6.0, 12.0), workers=workers) for ions in (found, found.neighbouring_degree)
        )
    assert found.neighbouring_degree.l_max == 2
    for added in (False, True):
        change = np.diff([part.sigma_nvcc(single_scattering=added)[0, 1] for part in (one, other)], axis=0)[0]
        assert one.change_ncc(single_scattering=added)[0] == pytest.approx(change, abs=1e-12)
    assert np.abs(one.beyond_ncc).max() > 1e-4


def test_averaged_wave_number_is_that_above_the_mean_potential():
    atoms = disordered(13, edge=12.0)
    for weakness, within in ((1e-1, 2e-2), (1e-2, 2e-3)):
        potential, well = -weakness * K**2, 1.1
        shifts = square_well_phase_shifts(K, potential=potential, radius=well, l_max=8)
        found = given_input(atoms, phase_shift_table(K, {"Al": shifts})).configuration
        mean = 8 * 4 * np.pi / 3 * well**3 * potential / 12.0**3
        averaged = averaged_wave_number(found)
        assert averaged.real - K == pytest.approx(np.sqrt(K**2 - 2 * mean) - K, rel=10 * within)
        lost = 8 / 12.0**3 * float(total_cross_section(shifts, K))  # 1/mean free path
        assert 2 * averaged.imag == pytest.approx(lost, rel=within)
    flat = dataclasses.replace(found, periodic_c=np.array([1, 1, 0]))  # no volume: as dense as it is close packed
    density = np.sqrt(2) / neighbour_distance(flat) ** 3
    assert averaged_wave_number(flat) ** 2 - K**2 == pytest.approx(
        (averaged**2 - K**2) * density / (8 / 12.0**3), rel=1e-9
    )


def test_averaged_waves_tell_what_clusters_leave_out(small_glass):
    given = metal_input(small_glass.to_atoms(), ALUMINIUM, l_max=1).configuration
    spacing, ions = neighbour_distance(given), [11, 101, 202]
    surroundings, radii = Surroundings(given, 3.2 * spacing), [2 * spacing, 3.2 * spacing]
    cluster, free, averaged = [], [], []
    for ion in ions:
        tensors = [force_tensors(surroundings.cluster(ion, radius, rim=0.4), [0])[0] for radius in radii]
        cluster.append(tensors[1] - tensors[0])
        for wave, changes in ((None, free), (averaged_wave_number(given), averaged)):
            changes.append(np.diff(rim_sums(given, surroundings, ion, radii, rim=0.4, wave_number=wave), axis=0)[0])
    left = [np.linalg.norm(np.subtract(cluster, changes)) / np.linalg.norm(cluster) for changes in (free, averaged)]
    assert left[1] < 0.4 and left[1] < 0.6 * left[0]


@pytest.mark.parametrize(("share", "diffusive"), [(2.0, True), (0.2, False)])
def test_strong_scatterers_have_no_definite_waves(share, diffusive):
    atoms = disordered(1, edge=4.2)
    configuration = given_input(atoms, phase_shift_table(K, {"Al": share * DELTA})).configuration
    found = wind_forces(configuration, [0], radius=4.0)
    mean_free_path = configuration.volume / (configuration.n_ions * total_cross_section(share * DELTA, K))
    faster = averaged_wave_number(configuration).real / K
    assert found.free_path == pytest.approx(faster * mean_free_path, rel=1e-9), "the optical theorem"
    assert found.is_diffusive is diffusive
    said = warnings(found, choose_resistivity(found, resistivities(found, configuration, None, K), given=10.0))
    assert any("Ioffe" in line for line in said) is diffusive


def test_weak_ions_are_single_scatterers_near_and_far():
    atoms = disordered(5)
    errors = []
    for weakness in (1e-2, 1e-3):
        table = phase_shift_table(K, {"Al": weakness * DELTA})
        found = wind_forces(given_input(atoms, table).configuration, [0, 1], radius=4.0)
        assert found.single_scattering and found.explained > 0.999
        errors.append(np.abs(found.sigma_ncc - found.kinematic_ncc).max() / np.abs(found.kinematic_ncc).max())
    assert errors[1] < 0.2 * errors[0] < 0.02  # the second order is left, linear in the phase shifts


def test_transport_of_the_s_matrix_is_that_of_the_ions():
    cluster = random_cluster(6, 5)
    laws, transport = cluster_laws(cluster, force_tensors(cluster))
    assert transport == pytest.approx(transport_tensor(cluster), rel=1e-9)
    assert laws.hold and max(laws.optical_theorem, laws.reciprocity, laws.sum_rule) < 1e-9
    lossy = dataclasses.replace(cluster, strength_n=np.full(5, 0.5))
    broken, _ = cluster_laws(lossy)
    assert not broken.hold and broken.optical_theorem > 0.01 and broken.reciprocity < 1e-9
    wrong, _ = cluster_laws(cluster, 1.001 * force_tensors(cluster))
    assert wrong.sum_rule == pytest.approx(0.001, rel=1e-3) and not wrong.hold


def test_one_cluster_has_the_known_numbers_of_one_ion():
    found = wind_forces(given_atoms(ase.Atoms("Al")))
    assert found.sigma_ncc[0] == pytest.approx(0.695021 * np.eye(3), abs=1e-6)
    assert found.valence_times_resistivity_ncc[0] == pytest.approx(-49.968 * np.eye(3), abs=1e-3)
    assert found.friedel_sum_n[0] == pytest.approx(1.050423, abs=1e-6)
    assert found.transport_cc == pytest.approx(found.sigma_ncc[0], rel=1e-9) and np.isinf(found.radius)


def test_one_cluster_of_all_ions_obeys_the_sum_rule():
    atoms = ase.Atoms(["Al"] * 7, random_positions(np.random.default_rng(7), 7))
    found = wind_forces(given_atoms(atoms))
    assert found.sum_cc == pytest.approx(found.transport_cc, rel=1e-9) and found.laws.sum_rule < 1e-9
    assert found.transport_cc == pytest.approx(found.transport_cc.T, rel=1e-9)
    atoms.cell, atoms.pbc = [20.0] * 3, True
    alone = wind_forces(given_atoms(atoms), radius=np.inf)
    assert alone.sigma_ncc == pytest.approx(found.sigma_ncc, rel=1e-12)  # without images
    assert wind_forces(given_atoms(atoms), [4, 2], radius=np.inf).sigma_ncc.tolist() == found.sigma_ncc[[4, 2]].tolist()
    # their own resistivity makes the wind balance the direct force on all electrons
    balance = alone.valence_ncc(alone.own_resistivity).sum(axis=0)
    assert np.trace(balance) / 3 == pytest.approx(-float(electron_density(K)) * 20.0**3, rel=1e-12)


def test_error_by_the_degree_is_the_last_or_the_next():
    atoms = ase.Atoms(["Al"] * 4, random_positions(np.random.default_rng(8), 4))
    full, cut = wind_forces(given_atoms(atoms)), wind_forces(given_atoms(atoms, 1))
    change = np.abs(full.sigma_ncc - cut.sigma_ncc).max(axis=(1, 2))
    assert full.degree_error_n == pytest.approx(1.5 * change, rel=1e-9) and not full.radius_error_n.any()
    known = wind_forces(given_atoms(atoms).truncated(1))  # the next degree is known: it is its change that counts
    assert known.sigma_ncc == pytest.approx(cut.sigma_ncc) and known.degree_error_n == pytest.approx(1.5 * change)
    only = wind_forces(dataclasses.replace(given_atoms(atoms, 0), next_n=None))  # the only degree, and none known
    assert only.degree_error_n == pytest.approx(1.5 * np.abs(only.sigma_ncc).max(axis=(1, 2)), rel=1e-9)
    assert only.undecayed_n.tolist() == [0, 1, 2, 3] and not full.undecayed_n.size


def test_perfect_crystal_minus_itself_has_no_wind():
    crystal = metal_input(bulk("Al", cubic=True), ALUMINIUM).configuration
    found = wind_forces(crystal, radius=4.5, reference=crystal)
    assert found.referred and np.isnan(found.own_resistivity)
    assert not found.sigma_ncc.any() and not found.error_n.any()
    itself = wind_forces(crystal, [2], radius=4.5)
    assert itself.sigma_ncc[0] == pytest.approx(itself.sigma_ncc[0, 0, 0] * np.eye(3), abs=1e-9)
    assert itself.sigma_ncc[0, 0, 0] > itself.degree_error_n[0] > 0  # a finite cluster does not know that it is perfect


def test_jump_into_a_vacancy_is_the_same_from_both_ends():
    jump = vacancy_jump(ALUMINIUM, 2, (0.2, 0.8, 0.5))
    assert len(jump.images[0]) == len(jump.host) - 1 and jump.fraction_t == (0.2, 0.8, 0.5)
    found = []
    for image in jump.images:
        given = metal_input(image, ALUMINIUM, reference=jump.host, l_max=1)
        found.append(wind_forces(given.configuration, [jump.jumping], radius=4.5).sigma_ncc[0])
    # the mirror plane between both sites, perpendicular to the way, takes one image to the other
    mirror = np.array([[0, -1, 0], [-1, 0, 0], [0, 0, 1.0]])
    assert found[1] == pytest.approx(mirror @ found[0] @ mirror, abs=1e-9)
    assert found[0][0, 2] == pytest.approx(0, abs=1e-9) and abs(found[0][0, 1]) > 1e-3
    way = np.array([1, 1, 0]) / np.sqrt(2)
    assert way @ found[2] @ way > way @ found[0] @ way  # in the saddle the ion stands in the wind


def test_vacancy_jump_stays_in_its_crystal():
    jump = vacancy_jump(ALUMINIUM, 2, (0.0, 1.0))
    first, last = (image.positions[jump.jumping] for image in jump.images)
    constant = jump.host.cell.lengths()[0] / 2
    assert np.linalg.norm(last - first) == pytest.approx(constant / np.sqrt(2)) and constant == pytest.approx(
        4.04, abs=0.01
    )
    assert len(jump.host) / jump.host.get_volume() == pytest.approx(ion_density(ALUMINIUM), rel=1e-12)
    with pytest.raises(InputError, match="cells = 1"):
        vacancy_jump(ALUMINIUM, 1, (0.0,))
    with pytest.raises(InputError, match="from 0 to 1"):
        vacancy_jump(ALUMINIUM, 2, (1.5,))


def test_sites_of_a_reference_are_the_nearest():
    jump = vacancy_jump(ALUMINIUM, 2, (0.1,))
    given = metal_input(jump.images[0], ALUMINIUM, reference=jump.host)
    sites = nearest_sites(given.configuration, np.arange(31), given.reference)
    distance = np.linalg.norm(jump.host.positions[sites] - jump.images[0].positions, axis=1)
    assert (
        distance[jump.jumping] == pytest.approx(0.1 * distance.max() / 0.1)
        and np.delete(distance, jump.jumping).max() < 1e-9
    )
    away = np.array([0.0, 0.0, 30.0])
    far = dataclasses.replace(given.configuration.alone(), positions_nc=given.configuration.positions_nc + away)
    with pytest.raises(InputError, match="from the next site of the reference"):
        nearest_sites(far, np.arange(31), given.reference.alone())


def test_number_of_workers_does_not_change_a_bit():
    found = given_atoms(disordered(9))
    one, two = (wind_forces(found, radius=4.0, workers=count) for count in (1, 2))
    for field in dataclasses.fields(WindForces):
        assert np.array_equal(getattr(one, field.name), getattr(two, field.name), equal_nan=field.type != "Laws") or (
            field.name == "laws"
        )


def test_progress_is_told_and_names_the_ions():
    events = []
    wind_forces(given_atoms(disordered(9)), [0, 3, 4, 5, 7], radius=3.5, progress=events.append)
    assert [event.label for event in events] == ["ions 0 to 5", "ions 7 to 7"] and events[-1].done == events[
        -1
    ].total == 2


def test_wind_forces_survive_the_store(tmp_path):
    found = wind_forces(given_atoms(disordered(10)), [1], radius=3.5)
    write_result(tmp_path / "wind.h5", found)
    again = read_result(tmp_path / "wind.h5", WindForces)
    assert again.laws == found.laws or np.isnan(found.laws.sum_rule)
    assert np.array_equal(again.sigma_ncc, found.sigma_ncc) and again.radius == found.radius


def test_glass_is_scaled_to_the_density_of_the_metal(small_glass):
    atoms = small_glass.to_atoms()
    assert is_reduced(atoms) and not is_reduced(bulk("Al"))
    scaled, factor = scaled_to_metal(atoms, get_metal("Na"))
    assert len(scaled) / scaled.get_volume() == pytest.approx(ion_density(get_metal("Na")), rel=1e-12)
    assert scaled.positions == pytest.approx(factor * atoms.positions) and set(scaled.symbols) == {"Na"}
    given = metal_input(atoms, get_metal("Na"))
    assert given.k_fermi == pytest.approx(get_metal("Na").fermi_wave_number, rel=1e-12)
    assert f"scaled by {factor:.6g}" in given.remarks[0] and given.configuration.l_max == 2
    atoms.pbc = False
    with pytest.raises(InputError, match="has no density"):
        scaled_to_metal(atoms, get_metal("Na"))


def test_reference_and_defect_share_scale_and_electrons():
    jump = vacancy_jump(ALUMINIUM, 2, (0.0,))
    small, host = jump.images[0].copy(), jump.host.copy()
    for atoms in (small, host):
        atoms.set_cell(atoms.cell * 0.3, scale_atoms=True)
        atoms.symbols[:] = "H"
        atoms.arrays["size"] = np.ones(len(atoms))
    given = metal_input(small, ALUMINIUM, reference=host)
    assert given.configuration.positions_nc == pytest.approx(jump.images[0].positions, rel=1e-12)
    assert given.k_fermi == pytest.approx(ALUMINIUM.fermi_wave_number, rel=1e-12)
    assert any("the ions bring 0.968" in line for line in given.remarks)


def test_environment_of_a_vacancy():
    jump = vacancy_jump(ALUMINIUM, 2, (0.0,))
    crystal, defect = (metal_input(atoms, ALUMINIUM).configuration for atoms in (jump.host, jump.images[0]))
    around = environment(crystal)
    assert set(around.coordination_n.tolist()) == {12}
    assert around.density_n == pytest.approx(np.full(32, ion_density(ALUMINIUM)), rel=1e-9)
    around = environment(defect)
    assert sorted(around.coordination_n.tolist()) == [11] * 12 + [12] * 19
    assert around.cell_volume_n.sum() == pytest.approx(crystal.volume, rel=1e-9)
    assert around.cell_volume_n[jump.jumping] == pytest.approx(around.cell_volume_n.max())
    vectors = np.zeros((2, 31, 3))
    vectors[0, 4, 1] = vectors[1, 7, 2] = 1
    shares = environment(defect, vectors).soft_share_n
    assert shares[4] == shares[7] == 15.5 and shares.sum() == 31
    with pytest.raises(InputError, match="soft modes of shape"):
        environment(defect, vectors[:, 1:])
    assert np.isnan(environment(given_atoms(ase.Atoms("Al"))).cell_volume_n).all()


def test_transverse_share_is_the_mean_over_all_flows():
    sigma = np.random.default_rng(11).normal(size=(3, 3, 3))
    flow, weights = sphere_quadrature(6)
    force = np.einsum("nmc,qc->nqm", sigma, flow)
    along = np.einsum("nqm,qm->nq", force, flow) ** 2 @ weights
    found = directions_of(sigma)
    assert found.transverse_share == pytest.approx(1 - along.sum() / ((force**2).sum(-1) @ weights).sum(), rel=1e-12)
    assert directions_of(np.eye(3)[None]).transverse_share == pytest.approx(0, abs=1e-12)
    norms = 3 * found.scalar_n**2 + found.deviator_n**2 + found.twist_n**2
    assert norms == pytest.approx((sigma**2).sum(axis=(1, 2)))
    assert found.cosine_nc[1, 2] == pytest.approx(sigma[1, 2, 2] / np.linalg.norm(sigma[1, :, 2]))


def test_rank_correlation_knows_when_there_is_none():
    x = np.arange(10.0)
    tied = np.array([3.0, 1, 3, 2, 2, 2, 7, 7, 0, 3])
    assert rank_correlation(x, tied).value == pytest.approx(stats.spearmanr(x, tied).statistic, rel=1e-12)
    assert rank_correlation(x, x**3).value == pytest.approx(1) and rank_correlation(x, -x).value == pytest.approx(-1)
    assert rank_correlation(x, np.r_[x[:-1] ** 2, np.nan]).error == pytest.approx(np.sqrt(1.5 / 6))
    assert np.isnan(rank_correlation(x, np.ones(10)).value) and rank_correlation(x[:3], x[:3]).note


def test_bragg_sum_of_one_ion_in_a_large_cell_is_its_cross_section():
    amplitude, expected = phase_shift_amplitude(DELTA, K), float(transport_cross_section(DELTA, K))
    found = given_atoms(ase.Atoms("Al", cell=[[40, 0, 0], [3, 42, 0], [0, 1, 41]], pbc=True))
    assert bragg_cross_section(found, amplitude, K) == pytest.approx(expected, rel=5e-3)
    two = given_atoms(ase.Atoms("Al2", [[0, 0, 0], [20, 21, 20.5]], cell=[40, 42, 41], pbc=True))
    assert bragg_cross_section(two, amplitude, K) == pytest.approx(expected, rel=0.02)  # far apart: twice one
    assert np.isnan(bragg_cross_section(two.alone(), amplitude, K))


def test_resistivity_is_chosen_as_asked():
    given = metal_input(bulk("Al", a=4.05, cubic=True), ALUMINIUM)
    found = wind_forces(given.configuration, radius=4.5)
    known = resistivities(found, given.configuration, ALUMINIUM, given.k_fermi)
    assert known.measured == 24.2 and known.own == pytest.approx(found.own_resistivity) and known.ziman_born > 0
    assert known.ziman_here > 0  # a perfect crystal of ions at rest diffracts, which this theory takes for resistance
    assert choose_resistivity(found, known).value == 24.2
    assert choose_resistivity(found, known, kind="own").value == known.own
    path = choose_resistivity(found, known, given=10.0).mean_free_path
    drude = choose_resistivity(found, known, relaxation_time=1e-14)
    assert drude.value == pytest.approx(10.0 * path / drude.mean_free_path, rel=1e-12)
    some = wind_forces(given.configuration, [0], radius=4.5)
    with pytest.raises(InputError, match="takes all ions"):
        choose_resistivity(some, resistivities(some, given.configuration, ALUMINIUM, given.k_fermi), kind="own")
    with pytest.raises(InputError, match="none is measured"):
        choose_resistivity(found, resistivities(found, given.configuration, None, K), kind="measured")
    for wrong in ({"given": -1.0}, {"relaxation_time": np.nan}, {"kind": "mine"}, {"given": 1.0, "kind": "own"}):
        with pytest.raises(InputError):
            choose_resistivity(found, known, **wrong)


def test_convergence_counts_the_ions_whose_change_is_covered():
    sigma = np.zeros((3, 2, 3, 3))
    sigma[0, 0, 1, 2], sigma[0, 1, 0, 0], sigma[1, 1, 0, 0] = 0.5, -0.3, 0.1
    error = np.array([[0.4, 0.4], [0.0, 0.2], [9.0, 9.0]])
    found = Convergence(np.arange(2), np.array([1.0, 2.0, 3.0]), np.array([2, 2, 2]), sigma, error)
    assert found.change_rn.tolist() == [[0.5, 0.3], [0.0, 0.1]] and found.covered_r.tolist() == [0.5, 1.0]
    atoms = given_atoms(disordered(12))
    found = radius_convergence(atoms, [0, 3], [3.5, 5.0])
    last = wind_forces(atoms, [0, 3], radius=5.0)
    assert found.sigma_rncc[1] == pytest.approx(last.sigma_ncc) and found.error_rn[1] == pytest.approx(last.error_n)
    assert found.radius_r.tolist() == [3.5, 5.0] and found.l_max_r.tolist() == [2, 2]
    found = degree_convergence(atoms, [0, 3], [0, 2], radius=3.5, reference=atoms)
    assert found.l_max_r.tolist() == [0, 2] and not found.sigma_rncc.any()
    events: list[Progress] = []
    found = degree_convergence(atoms, [0, 3], [1, 2], radius=3.5, progress=events.append)
    assert [event.label for event in events] == ["l_max 1: ions 0 to 3", "l_max 2: ions 0 to 3"]
    assert found.sigma_rncc[0] == pytest.approx(wind_forces(atoms.truncated(1), [0, 3], radius=3.5).sigma_ncc)
    with pytest.raises(InputError, match=r"radii .*ascending"):
        radius_convergence(atoms, [0], [5.0, 4.0])
    with pytest.raises(InputError, match=r"degrees .*ascending"):
        degree_convergence(atoms, [0], [1])
    with pytest.raises(InputError, match="known for l = 0 to 2"):
        degree_convergence(atoms, [0], [1, 3])


def test_error_covers_what_a_larger_cluster_changes():
    given = metal_input(vacancy_jump(ALUMINIUM, 3, (0.3,)).images[0], ALUMINIUM, l_max=1).configuration
    radii = [size * neighbour_distance(given) for size in (2, 3)]
    with_far, without = (
        radius_convergence(given, [30, 47, 53], radii, single_scattering=added) for added in (True, False)
    )
    assert with_far.covered_r[0] == without.covered_r[0] == 1
    # single scattering in averaged waves takes most of what the radius changes, and the error knows
    assert np.median(without.error_rn / with_far.error_rn) > 1.5
    assert np.median(without.change_rn / with_far.change_rn) > 1.5


def test_configurations_that_cannot_be_are_refused():
    positions = np.array([[0.0, 0, 0], [3.0, 0, 0]])
    cell = np.diag([6.0, 6.0, 6.0])

    def make(**changes):
        given = {"positions_nc": positions, "delta_nl": np.tile(DELTA, (2, 1)), "wave_number": K, "cell_cc": cell}
        return Configuration(**(given | {"periodic_c": np.ones(3, np.int64)} | changes))

    assert make().volume == pytest.approx(216)
    with pytest.raises(InputError, match="ions 0 and 1 are at one place"):
        make(positions_nc=np.zeros((2, 3)))
    with pytest.raises(InputError, match="ions 0 and 1 are at one place, one of them as a periodic image"):
        make(positions_nc=np.array([[0.0, 0, 0], [6.0, 0, 0]]))
    with pytest.raises(InputError, match="position of ion 1"):
        make(positions_nc=np.array([[0.0, 0, 0], [np.nan, 0, 0]]))
    with pytest.raises(InputError, match="phase shifts of ion 1"):
        make(delta_nl=np.array([DELTA, [0.1, np.nan, 0]]))
    with pytest.raises(InputError, match=r"have shape \(1, 3\)"):
        make(delta_nl=DELTA[None])
    for k in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="wave number"):
            make(wave_number=k)
    with pytest.raises(InputError, match="has no volume"):
        make(cell_cc=np.zeros((3, 3)))
    with pytest.raises(InputError, match="ion 2 is asked for"):
        wind_forces(make(), [0, 2])
    with pytest.raises(InputError, match="no ion is asked for"):
        wind_forces(make(), [])
    with pytest.raises(InputError, match=r"radius = -1\.0"):
        wind_forces(make(), radius=-1.0)
    with pytest.raises(InputError, match="has no reference"):
        wind_forces(make(), radius=np.inf, reference=make())
    with pytest.raises(InputError, match="ion 1 is Fe: no phase shifts"):
        given_configuration(TABLE, ["Al", "Fe"], positions)
    with pytest.raises(InputError, match="given for l = 0 to 2"):
        given_configuration(TABLE, ["Al", "Al"], positions, l_max=3)
    with pytest.raises(InputError, match="ion 1 is Cu, expected Al"):
        metal_input(ase.Atoms("AlCu", positions), ALUMINIUM)
    with pytest.raises(InputError, match=r"ion \d: its muffin tin .* does not hold its core"):
        metal_input(ase.Atoms("Al2", positions / 3), ALUMINIUM)
    with pytest.raises(InputError, match="expected at least"):
        Cut(5.0, 4.0)
    with pytest.raises(InputError, match="rim"):
        Cut(5.0, 5.0, 2.0)
