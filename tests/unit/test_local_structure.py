"""Local structure of atoms: invariance, sum rules, known bond orders and cells, and the softness it is to predict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Voronoi
from scipy.spatial.transform import Rotation

from analysis.learning import features
from analysis.learning.bond_order import second_invariant, third_invariant, zero_symbol
from analysis.learning.features import FEATURES, NAMES, local_structure
from analysis.learning.neighbourhood import SHELL, neighbourhood, voronoi_cells
from analysis.learning.softness import soft_atoms, softness
from analysis.modes import Modes, full_spectrum
from analysis.modes.elasticity import isotropic_parts
from analysis.modes.spectrum import dynamical_matrix
from analysis.multiple_scattering.harmonics import real_harmonics
from analysis.multiple_scattering.muffin_tin import images_within
from atomsim.errors import InputError, NotAMinimum
from atomsim.hessian import hessian_matrix
from atomsim.quench import Glass
from atomsim.results import Array
from atomsim.strain import born_tensor, strain_forces

GOLDEN = (1 + np.sqrt(5)) / 2
ROUND_OFF = 1e-8  # of numbers of order one that went through another order of summation


@pytest.fixture(scope="module")
def values(binary_glass: Glass) -> Array:
    return local_structure(binary_glass)


def column(values: Array, name: str) -> Array:
    return values[:, NAMES.index(name)]


def shape_of(first: Array, second: Array) -> float:
    """Largest difference over the scale of each feature."""
    return float((np.abs(first - second) / (1 + np.abs(second).max(axis=0))).max())


def test_features_are_named_with_units_and_vary(values: Array) -> None:
    assert values.shape[1] == len(NAMES) == len(set(NAMES)) == len(FEATURES)
    assert all(one.unit and one.description for one in FEATURES)
    assert np.isfinite(values).all() and (np.ptp(values, axis=0) > 0).all()


def test_features_do_not_change_when_the_glass_is_turned_and_moved(binary_glass: Glass, values: Array) -> None:
    turn = Rotation.from_rotvec([0.7, -1.1, 0.4]).as_matrix()
    moved = (binary_glass.positions_nc + np.array([0.3, -2.0, 11.0])) @ turn.T
    turned = replace(binary_glass, positions_nc=moved, cell_cc=binary_glass.cell_cc @ turn.T)
    assert shape_of(local_structure(turned), values) < ROUND_OFF


def test_features_follow_the_atoms_when_they_are_renumbered(binary_glass: Glass, values: Array) -> None:
    order = np.random.default_rng(3).permutation(binary_glass.n_atoms)
    per_atom = ("positions_nc", "species_n", "size_n", "mass_n")
    mixed = replace(binary_glass, **{name: getattr(binary_glass, name)[order] for name in per_atom})
    assert shape_of(local_structure(mixed), values[order]) < ROUND_OFF


def test_features_do_not_see_which_image_of_an_atom_is_stored(binary_glass: Glass, values: Array) -> None:
    shifts = np.random.default_rng(4).integers(-1, 2, (binary_glass.n_atoms, 3))
    other = replace(binary_glass, positions_nc=binary_glass.positions_nc + shifts @ binary_glass.cell_cc)
    assert shape_of(local_structure(other), values) < ROUND_OFF


def test_distances_are_scaled_by_the_sizes_of_both_atoms(
    small_glass: Glass, binary_glass: Glass, values: Array
) -> None:
    distance = small_glass.to_atoms().get_all_distances(mic=True)
    nearest = np.sort(distance, axis=1)[:, 1:3] * small_glass.density ** (1 / 3)
    found = neighbourhood(small_glass, 1.6)
    start = np.concatenate([[0], np.cumsum(found.count_n)])[:-1]
    assert np.allclose(np.stack([found.scaled_p[start], found.scaled_p[start + 1]], axis=1), nearest, atol=1e-12)
    distance = binary_glass.to_atoms().get_all_distances(mic=True) + 1e9 * np.eye(binary_glass.n_atoms)
    lengths = np.array([[1.0, 1.18], [1.18, 1.4]])[np.ix_(binary_glass.species_n, binary_glass.species_n)]
    scale = (binary_glass.density * np.mean(lengths.diagonal() ** 3)) ** (-1 / 3)
    scaled = np.sort(distance / lengths / scale, axis=1)
    assert np.allclose(column(values, "distance_4"), scaled[:, 3], rtol=1e-12)
    assert np.array_equal(column(values, "coordination"), (scaled < SHELL).sum(axis=1))


@pytest.mark.parametrize(
    ("name", "vectors", "q4", "q6", "w6"),
    [
        ("simple cubic", [*np.eye(3), *-np.eye(3)], 0.76376, 0.35355, 0.01316),
        ("fcc", [(0, a, b) for a in (1, -1) for b in (1, -1)] + [(a, 0, b) for a in (1, -1) for b in (1, -1)]
         + [(a, b, 0) for a in (1, -1) for b in (1, -1)], 0.19094, 0.57452, -0.01316),
        ("icosahedron", [(0, a, b * GOLDEN) for a in (1, -1) for b in (1, -1)]
         + [(a, b * GOLDEN, 0) for a in (1, -1) for b in (1, -1)]
         + [(b * GOLDEN, 0, a) for a in (1, -1) for b in (1, -1)], 0.0, 0.66332, -0.16975),
    ],
)  # fmt: skip
def test_bond_order_of_crystals_has_its_known_values(
    name: str, vectors: list[tuple[float, float, float]], q4: float, q6: float, w6: float
) -> None:
    mean = real_harmonics(np.array(vectors, dtype=float), 6).mean(axis=0)[None]
    assert second_invariant(mean[:, 16:25])[0] == pytest.approx(q4, abs=1e-5)
    assert second_invariant(mean[:, 36:49])[0] == pytest.approx(q6, abs=1e-5)
    assert third_invariant(mean[:, 36:49])[0] == pytest.approx(w6, abs=1e-5)


def test_symbols_of_wigner_with_zeros_are_the_tabulated_ones() -> None:
    assert zero_symbol(2) == pytest.approx(-np.sqrt(2 / 35), rel=1e-12)
    assert zero_symbol(4) == pytest.approx(np.sqrt(18 / 1001), rel=1e-12)


def test_voronoi_cells_fill_the_box_and_are_convex_hulls(binary_glass: Glass) -> None:
    volume, surface = voronoi_cells(binary_glass)
    assert volume.sum() == pytest.approx(binary_glass.volume, rel=1e-12)
    places, _ = images_within(binary_glass.positions_nc, binary_glass.cell_cc, binary_glass.periodic_c, 4.0)
    found = Voronoi(places)
    hulls = [ConvexHull(found.vertices[found.regions[found.point_region[n]]]) for n in range(0, 160, 9)]
    assert volume[::9] == pytest.approx([hull.volume for hull in hulls], rel=1e-10)
    assert surface[::9] == pytest.approx([hull.area for hull in hulls], rel=1e-10)


def test_voronoi_cells_of_a_simple_cubic_crystal_are_cubes(small_glass: Glass) -> None:
    grid = np.stack(np.meshgrid(*[np.arange(4.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    per_atom = {name: getattr(small_glass, name)[:64] for name in ("species_n", "size_n", "mass_n")}
    crystal = replace(small_glass, model="inverse-power:n=12,cutoff=1.5", positions_nc=1.2 * grid + 0.1,
                      cell_cc=4.8 * np.eye(3), **per_atom)  # fmt: skip
    volume, surface = voronoi_cells(crystal)
    assert np.allclose(volume, 1.2**3, rtol=1e-10) and np.allclose(surface, 6 * 1.2**2, rtol=1e-10)


def test_shares_of_the_atoms_sum_to_the_whole(binary_glass: Glass, values: Array) -> None:
    volume = column(values, "cell_volume") * binary_glass.volume / binary_glass.n_atoms
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    assert column(values, "energy").mean() == pytest.approx(binary_glass.energy, rel=1e-12)
    assert np.average(column(values, "pressure"), weights=volume) == pytest.approx(binary_glass.pressure, rel=1e-9)
    _, shear = isotropic_parts(born_tensor(terms, binary_glass.volume), 3)
    assert np.average(column(values, "shear_modulus"), weights=volume) == pytest.approx(shear, rel=1e-9)
    packed = np.average(column(values, "packing"), weights=volume) * binary_glass.volume
    assert packed == pytest.approx(np.pi / 6 * np.sum(column(values, "size") ** 3), rel=1e-9)


def test_stiffness_is_that_of_the_block_of_the_hessian(binary_glass: Glass, values: Array) -> None:
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    hessian = hessian_matrix(terms).toarray()
    xi = strain_forces(terms)
    volume, _ = voronoi_cells(binary_glass)
    for atom in (0, 77, 159):
        block = hessian[3 * atom : 3 * atom + 3, 3 * atom : 3 * atom + 3]
        eigenvalues = np.linalg.eigvalsh(block)
        assert column(values, "lowest_stiffness")[atom] == pytest.approx(eigenvalues[0], rel=1e-9)
        assert column(values, "stiffness")[atom] == pytest.approx(np.trace(block) / 3, rel=1e-9)
        assert column(values, "cage")[atom] == pytest.approx(np.trace(np.linalg.inv(block)) / 3, rel=1e-9)
        # A shear by the unit strain (xx - yy)/sqrt 2 and its four companions: the mean over them is 2 mu.
        basis = [np.diag([1, -1, 0]) / np.sqrt(2), np.diag([1, 1, -2]) / np.sqrt(6)]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            strain = np.zeros((3, 3))
            strain[a, b] = strain[b, a] = 1 / np.sqrt(2)
            basis.append(strain)
        forces = [np.einsum("cab,ab->c", xi[atom], strain) for strain in basis]
        lost = np.mean([force @ np.linalg.solve(block, force) for force in forces]) / 2 / volume[atom]
        assert column(values, "relaxing_modulus")[atom] == pytest.approx(lost, rel=1e-9)
        assert column(values, "shear_force")[atom] == pytest.approx(np.linalg.norm(forces), rel=1e-9)
        dilation = np.einsum("caa->c", xi[atom])
        assert column(values, "pressure_force")[atom] == pytest.approx(np.linalg.norm(dilation), rel=1e-9)


def test_softest_strain_is_no_stiffer_than_any_other(binary_glass: Glass, values: Array) -> None:
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    volume, _ = voronoi_cells(binary_glass)
    rng = np.random.default_rng(8)
    for atom in (5, 100):
        own = (terms.first_p == atom) | (terms.second_p == atom)
        vector, curvature = terms.vector_pc[own], terms.derivative_kp[2][own]
        energies = []
        for _ in range(400):
            strain = rng.normal(size=(3, 3))
            strain = (strain + strain.T) / np.linalg.norm(strain + strain.T)
            along = np.einsum("pa,ab,pb->p", vector, strain, vector)
            energies.append(2 * np.sum(curvature * along**2) / volume[atom])
        lowest = column(values, "lowest_modulus")[atom]
        assert lowest <= min(energies) < lowest + 0.5 * (max(energies) - lowest)


def test_neighbourhood_means_count_the_atom_and_its_shell(binary_glass: Glass, values: Array) -> None:
    shell = neighbourhood(binary_glass, SHELL)
    one = 31
    members = [one, *shell.second_p[shell.first_p == one]]
    expected = column(values, "pressure")[members].mean()
    assert column(values, "pressure_around")[one] == pytest.approx(expected, rel=1e-12)
    assert shell.mean(shell.scaled_p)[one] == pytest.approx(shell.scaled_p[shell.first_p == one].mean(), rel=1e-12)


def test_softness_over_all_modes_is_the_inverse_dynamical_matrix(binary_glass: Glass) -> None:
    modes = full_spectrum(binary_glass)
    own = modes.vibrations
    found = softness(modes.vectors_mnc[own], modes.omega_m[own], binary_glass.mass_n)
    inverse = np.linalg.pinv(dynamical_matrix(binary_glass).toarray(), rcond=1e-9, hermitian=True)
    expected = inverse.diagonal().reshape(-1, 3).sum(axis=1) / binary_glass.mass_n
    assert found == pytest.approx(expected, rel=1e-6)


def test_softest_atoms_are_a_share_and_at_least_one(small_modes: Modes) -> None:
    values = np.array([3.0, 1.0, 7.0, 7.0, 2.0])
    assert soft_atoms(values, 0.4).tolist() == [False, False, True, True, False]
    assert soft_atoms(values, 0.01).tolist() == [False, False, True, False, False]
    weight = softness(small_modes.vectors_mnc[3:9], small_modes.omega_m[3:9], np.ones(256))
    assert soft_atoms(weight, 0.1).sum() == 26


def test_what_has_no_local_structure_is_refused(small_glass: Glass) -> None:
    with pytest.raises(NotAMinimum):
        local_structure(replace(small_glass, n_negative=1))
    with pytest.raises(InputError, match=r"periodic along \[0, 1\]"):
        neighbourhood(replace(small_glass, periodic_c=np.array([1, 1, 0])), 1.5)


def test_names_of_averages_belong_to_their_features() -> None:
    for one in features.AVERAGED:
        assert FEATURES[NAMES.index(f"{one.name}_around")].unit == one.unit
