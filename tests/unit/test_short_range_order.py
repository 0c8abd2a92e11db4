"""Order of binary alloys: crystals with exact parameters, random alloys, sum rule, waves, superstructure vectors."""

from __future__ import annotations

import itertools

import ase
import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal

from analysis.excitations import (
    Alloy,
    Shells,
    alloy_of_atoms,
    alloy_of_glass,
    alloy_order,
    box_vectors,
    complete_order,
    concentration_intensity,
    concentration_waves,
    intensity_by_pairs,
    intensity_of_shells,
    random_intensity,
    shells_from_minima,
    short_range_order,
)
from analysis.excitations.short_range_order import against_random, random_correlations
from atomsim.errors import InputError
from atomsim.quench import Glass

ROUND_OFF = 1e-12  # parameters are sums of a few hundred products of order one

# Order parameters of the first shells, and k_s in units of 2 pi over the edge of the cube whose side is one.
ORDERED = {
    "B2": ([-1, 1, 1, -1, 1], 1.0),
    "L1_2": ([-1 / 3, 1, -1 / 3, 1, -1 / 3, 1], 1.0),
    "L1_0": ([-1 / 3, 1, -1 / 3, 1, -1 / 3, 1], 1.0),
    "D0_3": ([-1 / 3, -1 / 3, 1, -1 / 3, -1 / 3], np.sqrt(3) / 2),
    "NaCl": ([-1, 1, -1], np.sqrt(3) / 2),
}
COORDINATION = {
    "B2": [8, 6, 12, 24, 8],
    "L1_2": [12, 6, 24, 12, 24, 8],
    "L1_0": [12, 6, 24, 12, 24, 8],
    "D0_3": [8, 6, 12, 24, 8],
    "NaCl": [6, 12, 8],
}


def ordered(name: str) -> ase.Atoms:
    """A crystal of known order; cube edge 1 for B2, L1_2, L1_0 (and the bcc cell of D0_3), 2 for NaCl."""
    if name == "B2":
        return crystal(("Cu", "Zn"), [(0, 0, 0), (0.5, 0.5, 0.5)], spacegroup=221, cellpar=[1, 1, 1, 90, 90, 90]) * 4
    if name == "L1_2":
        return crystal(("Cu", "Au"), [(0, 0.5, 0.5), (0, 0, 0)], spacegroup=221, cellpar=[1, 1, 1, 90, 90, 90]) * 4
    if name == "L1_0":
        sites = [(0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
        return ase.Atoms("Au2Cu2", scaled_positions=sites, cell=[1, 1, 1], pbc=True) * 4
    if name == "D0_3":
        sites = [(0.25, 0.25, 0.25), (0.5, 0.5, 0.5), (0, 0, 0)]
        return crystal(("Fe", "Fe", "Al"), sites, spacegroup=225, cellpar=[2, 2, 2, 90, 90, 90]) * 2
    return bulk("NaCl", "rocksalt", a=2, cubic=True) * 2


def random_alloy(n_side: int, share: float, seed: int) -> Alloy:
    """B at random on the sites of a face-centred cubic crystal, cube edge one."""
    atoms = bulk("Cu", "fcc", a=1.0, cubic=True) * n_side
    occupation_n = np.zeros(len(atoms), np.int64)
    occupation_n[: round(share * len(atoms))] = 1
    np.random.default_rng(seed).shuffle(occupation_n)
    return Alloy(atoms.positions, atoms.cell.array, occupation_n)


def disordered_alloy(n: int, share: float, seed: int, shear: float = 0.2) -> Alloy:
    """Sites and species at random in a sheared box of unit density."""
    rng = np.random.default_rng(seed)
    cell_cc = n ** (1 / 3) * (np.eye(3) + shear * rng.uniform(-1, 1, (3, 3)))
    occupation_n = np.zeros(n, np.int64)
    occupation_n[: round(share * n)] = 1
    return Alloy(rng.random((n, 3)) @ cell_cc, cell_cc, rng.permutation(occupation_n))


@pytest.mark.parametrize("name", ORDERED)
def test_ordered_crystals_have_their_exact_parameters(name: str) -> None:
    alloy = alloy_of_atoms(ordered(name))
    order = short_range_order(alloy, shells_from_minima([alloy], count=len(COORDINATION[name])))
    expected, _ = ORDERED[name]
    np.testing.assert_array_equal(order.coordination_s, COORDINATION[name])
    for column in ("correlation_s", "warren_cowley_s", "warren_cowley_a_s", "warren_cowley_b_s"):
        np.testing.assert_allclose(getattr(order, column), expected, rtol=0, atol=ROUND_OFF, err_msg=column)


@pytest.mark.parametrize("name", ORDERED)
def test_ordered_crystals_have_their_superstructure_vector(name: str) -> None:
    waves = concentration_waves([alloy_of_atoms(ordered(name))])
    assert waves.crystalline and waves.k_s_error == 0
    assert waves.k_s == pytest.approx(2 * np.pi * ORDERED[name][1], rel=1e-9)
    assert np.linalg.norm(waves.superstructure_c) == pytest.approx(waves.k_s)
    assert waves.superstructure_vectors(0).shape == (1, 3)


def test_one_cube_of_ordered_crystal_shows_its_order_ion_by_ion() -> None:
    alloy = alloy_of_atoms(ordered("L1_2"))
    order = short_range_order(alloy, shells_from_minima([alloy], count=2))
    minority = alloy.occupation_n == 1
    # a minority ion has 12 unlike neighbours, 1 - 1/(1-c) = -1/3; a majority ion 4 of 12, 1 - (1/3)/c = -1/3
    np.testing.assert_allclose(order.ion_sn[0], -1 / 3, atol=ROUND_OFF)
    np.testing.assert_allclose(order.ion_sn[1], 1.0, atol=ROUND_OFF)
    assert minority.sum() == alloy.n_atoms // 4


def test_warren_cowley_parameters_against_counting() -> None:
    alloy = disordered_alloy(60, 0.3, seed=1)
    shells = Shells(np.array([0.0, 1.2]), np.array([0.9, 1.5]))
    order = short_range_order(alloy, shells)
    p, c = alloy.occupation_n, alloy.concentration
    images = np.array(list(itertools.product((-1, 0, 1), repeat=3))) @ alloy.cell_cc
    for s in range(2):
        unlike, neighbours = np.zeros((2, alloy.n_atoms))
        for i, j in itertools.product(range(alloy.n_atoms), repeat=2):
            distance = np.linalg.norm(alloy.positions_nc[j] - alloy.positions_nc[i] + images, axis=1).min()
            if i != j and shells.r_min_s[s] <= distance < shells.r_max_s[s]:
                neighbours[i] += 1
                unlike[i] += p[i] != p[j]
        np.testing.assert_array_equal(order.neighbours_sn[s], neighbours)
        some = neighbours > 0
        ion = 1 - unlike[some] / neighbours[some] / np.where(p[some] == 1, 1 - c, c)
        np.testing.assert_allclose(order.ion_sn[s][some], ion)
        assert np.isnan(order.ion_sn[s][~some]).all()
        assert order.warren_cowley_a_s[s] == pytest.approx(1 - unlike[p == 0].sum() / neighbours[p == 0].sum() / c)
        assert order.warren_cowley_b_s[s] == pytest.approx(
            1 - unlike[p == 1].sum() / neighbours[p == 1].sum() / (1 - c)
        )
        assert order.warren_cowley_s[s] == pytest.approx(1 - unlike.sum() / neighbours.sum() / (2 * c * (1 - c)))
    assert np.isnan(order.ion_sn).any(), "the test needs an ion without neighbours in a shell"


def test_two_definitions_differ_by_the_composition_of_the_bonds() -> None:
    alloy = disordered_alloy(80, 0.2, seed=2)
    order = short_range_order(alloy, Shells(np.array([0.0]), np.array([1.1])))
    c = order.concentration
    shift = (order.bond_composition_s - c) * (1 - 2 * c) / (c * (1 - c))
    np.testing.assert_allclose(order.correlation_s, order.warren_cowley_s + shift, rtol=0, atol=ROUND_OFF)
    assert abs(shift[0]) > 1e-3, "the bonds of this alloy should not have its mean composition"


@pytest.mark.parametrize("seed", range(3))
def test_sum_rule_holds_to_round_off(seed: int) -> None:
    alloy = disordered_alloy(70, 0.3, seed=seed, shear=0.4)
    shells = Shells(np.array([0.2, 1.1]), np.array([0.8, 1.4]))
    complete = complete_order(alloy, shells)
    assert abs(complete.sum_rule) < ROUND_OFF
    assert complete.coordination_e.sum() == pytest.approx(alloy.n_atoms - 1)
    chosen = complete.shell_e >= 0
    order = short_range_order(alloy, shells)
    np.testing.assert_allclose(complete.correlation_e[chosen], order.correlation_s, atol=ROUND_OFF)
    np.testing.assert_allclose(complete.coordination_e[chosen], order.coordination_s, atol=ROUND_OFF)
    assert complete.of_distance(np.array([0.5, 1.2])) == pytest.approx(order.correlation_s)


def test_random_alloys_have_the_mean_of_the_finite_box() -> None:
    alloy = random_alloy(4, 0.3, seed=3)
    shells = shells_from_minima([alloy], count=3)
    random_sd = random_correlations(alloy, shells, np.random.default_rng(4), draws=2000)
    n, coordination_s = alloy.n_atoms, np.array([12, 6, 24])
    deviation_s = random_sd.std(axis=1, ddof=1)
    standard_error_s = deviation_s / np.sqrt(random_sd.shape[1])
    assert np.all(np.abs(random_sd.mean(axis=1) + 1 / (n - 1)) < 4 * standard_error_s)
    # a constant sum of delta takes the share (Z + 1)/N of the variance away; 2000 draws leave a noise of 1.6 %
    expected_s = np.sqrt(2 / (n * coordination_s) * (1 - (coordination_s + 1) / n))
    np.testing.assert_allclose(deviation_s, expected_s, rtol=0.06)


def test_permutation_test_sees_order_and_only_order() -> None:
    rng = np.random.default_rng(5)
    ordered_crystal = alloy_order([alloy_of_atoms(ordered("B2"))], rng, draws=199)
    assert np.all(ordered_crystal.random.p_value_s == 1 / 200)
    alloys = [random_alloy(3, 0.5, seed=seed) for seed in range(40)]
    shells = shells_from_minima(alloys[:1], count=2)
    p_values = np.array(
        [
            against_random(
                short_range_order(alloy, shells).correlation_s, random_correlations(alloy, shells, rng, draws=99)
            ).p_value_s
            for alloy in alloys
        ]
    ).ravel()
    # uniform p-values: their mean is 1/2 with a deviation of 0.03 over 80 of them, a tenth lies below 0.1
    assert abs(p_values.mean() - 0.5) < 0.13 and 1 <= np.count_nonzero(p_values <= 0.1) <= 18


def test_permutations_are_those_of_the_seed() -> None:
    alloy = random_alloy(2, 0.5, seed=1)
    shells = shells_from_minima([alloy], count=1)
    first, again, other = (
        random_correlations(alloy, shells, np.random.default_rng(seed), draws=150) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other) and first.shape == (1, 150)


def test_errors_over_glasses_are_standard_errors() -> None:
    alloys = [random_alloy(3, 0.25, seed=seed) for seed in range(5)]
    order = alloy_order(alloys, np.random.default_rng(0), draws=50, shells=Shells(np.array([0.5]), np.array([0.8])))
    values = [one.correlation_s[0] for one in order.configurations]
    assert order.mean_s("correlation_s")[0] == pytest.approx(np.mean(values))
    assert order.error_s("correlation_s")[0] == pytest.approx(np.std(values, ddof=1) / np.sqrt(5))
    assert order.sum_rule < ROUND_OFF
    single = alloy_order(alloys[:1], np.random.default_rng(0), draws=50, shells=order.shells)
    assert np.isnan(single.error_s("correlation_s")[0])
    # the mean of five random alloys scatters less than one of them
    assert order.random.deviation_s[0] < 0.7 * single.random.deviation_s[0]


@pytest.mark.parametrize("seed", range(2))
def test_intensity_by_amplitudes_equals_intensity_by_pairs(seed: int) -> None:
    alloy = disordered_alloy(50, 0.4, seed=seed, shear=0.3)
    vector_qc = box_vectors(alloy.cell_cc, 8.0)
    assert len(vector_qc) > 100
    direct_q = concentration_intensity(alloy, vector_qc)
    np.testing.assert_allclose(intensity_by_pairs(alloy, vector_qc), direct_q, rtol=0, atol=1e-11)
    naive = [abs(np.sum(alloy.deviation_n * np.exp(1j * alloy.positions_nc @ k))) ** 2 / 50 for k in vector_qc[:20]]
    np.testing.assert_allclose(direct_q[:20], naive, atol=ROUND_OFF)


def test_box_vectors_are_complete_and_commensurate() -> None:
    alloy = disordered_alloy(30, 0.5, seed=7, shear=0.3)
    vector_qc = box_vectors(alloy.cell_cc, 5.0)
    whole = vector_qc @ alloy.cell_cc.T / (2 * np.pi)
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-9)
    integers = {tuple(row) for row in np.rint(whole).astype(int)}
    reciprocal_cc = 2 * np.pi * np.linalg.inv(alloy.cell_cc).T
    wanted = {
        n for n in itertools.product(range(-6, 7), repeat=3)
        if any(n) and np.linalg.norm(np.array(n) @ reciprocal_cc) <= 5.0
    }  # fmt: skip
    assert len(integers) == len(vector_qc) and len(wanted) == 2 * len(integers)
    assert wanted == integers | {tuple(-np.array(n)) for n in integers}
    assert np.all(np.diff(np.linalg.norm(vector_qc, axis=1)) > -1e-8)


def test_random_intensity_is_the_mean_over_permutations() -> None:
    alloy = disordered_alloy(12, 0.25, seed=8)
    vector_qc = box_vectors(alloy.cell_cc, 5.0)[:30]
    every = [
        concentration_intensity(
            Alloy(alloy.positions_nc, alloy.cell_cc, np.isin(np.arange(12), chosen).astype(np.int64)), vector_qc
        )
        for chosen in itertools.combinations(range(12), 3)
    ]
    np.testing.assert_allclose(np.mean(every, axis=0), random_intensity(alloy, vector_qc), atol=ROUND_OFF)


def test_shells_give_the_intensity_averaged_over_directions() -> None:
    alloy = random_alloy(3, 0.5, seed=9)
    shells = shells_from_minima([alloy], count=2)
    order = short_range_order(alloy, shells)
    k, directions = 4.2, np.random.default_rng(1).standard_normal((40000, 3))
    directions *= k / np.linalg.norm(directions, axis=1, keepdims=True)
    expected = 1.0
    for s, (low, high) in enumerate(zip(shells.r_min_s, shells.r_max_s, strict=True)):
        expected += (
            order.coordination_s[s] * order.correlation_s[s] * np.mean(np.cos(directions @ [order.distance_s[s], 0, 0]))
        )
        assert low < order.distance_s[s] < high
    # forty thousand directions leave an error of 1/200 of each term
    assert intensity_of_shells(order, np.array([k]))[0] == pytest.approx(alloy.variance * expected, abs=0.02)


def test_glass_averages_directions(binary_glass: Glass) -> None:
    alloy = alloy_of_glass(binary_glass)
    waves = concentration_waves([alloy])
    assert not waves.crystalline and waves.k_s_error > 0
    vectors_qc = waves.superstructure_vectors(0)
    assert len(vectors_qc) > 3
    assert np.all(np.abs(np.linalg.norm(vectors_qc, axis=1) - waves.k_s) <= waves.k_s_error)
    total = np.sum(waves.intensity_q) / len(waves.intensity_q)
    assert 0.5 * alloy.variance < total < 1.5 * alloy.variance


def test_shells_of_a_glass_end_at_minima(binary_glass: Glass) -> None:
    alloy = alloy_of_glass(binary_glass)
    shells = shells_from_minima([alloy], count=1)
    assert 1.4 < shells.r_max_s[0] < 1.75  # between the contacts at up to 1.4 and the second neighbours
    order = short_range_order(alloy, shells)
    assert 11 < order.coordination_s[0] < 15


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([0.0, 0.9], [1.0, 2.0], "overlap"),
        ([1.0, 0.0], [2.0, 1.0], "ascending"),
        ([1.0], [1.0], "r_min < r_max"),
        ([np.nan], [1.0], "nan:1"),
        ([0.0], [np.inf], "finite"),
        ([], [], "one each"),
    ],
)
def test_wrong_shells_are_refused(low: list[float], high: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Shells(np.array(low), np.array(high))


def test_shells_that_touch_or_leave_gaps_are_allowed() -> None:
    shells = Shells(np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    np.testing.assert_array_equal(shells.index(np.array([0.0, 1.0, 1.99, 2.0, 3.5, 4.0])), [0, 1, 1, -1, 2, -1])
    edges, shell_e = shells.completed()
    np.testing.assert_array_equal(edges, [0, 1, 2, 3, 4, np.inf])
    np.testing.assert_array_equal(shell_e, [0, 1, -1, 2, -1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda atoms: atoms.set_chemical_symbols(["Cu"] * len(atoms)), "1 species"),
        (lambda atoms: atoms.set_chemical_symbols(["Cu", "Zn", *["Al"] * (len(atoms) - 2)]), "3 species"),
        (lambda atoms: atoms.set_pbc([True, True, False]), "periodic"),
        (lambda atoms: atoms.positions.__setitem__((3, 1), np.nan), "atom 3"),
        (lambda atoms: atoms.set_cell(np.zeros((3, 3))), "no volume"),
    ],
)
def test_what_is_no_binary_alloy_is_refused(change, message) -> None:
    atoms = ordered("B2")
    change(atoms)
    with pytest.raises(InputError, match=message):
        alloy_of_atoms(atoms, name="file.xyz")


def test_concentration_zero_and_one_are_refused() -> None:
    alloy = random_alloy(2, 0.5, seed=0)
    for value in (0, 1):
        with pytest.raises(InputError, match=f"c = {value}"):
            Alloy(alloy.positions_nc, alloy.cell_cc, np.full(alloy.n_atoms, value))
    with pytest.raises(InputError, match="0 \\(species A\\) or 1"):
        Alloy(alloy.positions_nc, alloy.cell_cc, np.arange(alloy.n_atoms))


def test_shells_outside_the_box_are_refused() -> None:
    alloy = random_alloy(2, 0.5, seed=0)  # a box of edge two
    with pytest.raises(InputError, match="two images"):
        short_range_order(alloy, Shells(np.array([0.0]), np.array([1.01])))
    with pytest.raises(InputError, match="holds no pair"):
        short_range_order(alloy, Shells(np.array([0.1]), np.array([0.2])))
    with pytest.raises(InputError, match="minima within"):
        shells_from_minima([alloy], count=9)
    with pytest.raises(InputError, match="no wave vector"):
        box_vectors(alloy.cell_cc, 1.0)
