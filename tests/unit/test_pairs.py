"""Neighbour pairs and the compiled forces against slow twins, symmetries, scaling laws, finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from numerics import (
    assert_decay,
    brute_force,
    brute_force_pairs,
    crystal,
    disordered,
    pair_scales,
    single_component,
    strained,
)

from atomsim.errors import InputError
from atomsim.pairs import PairInteraction, composition_of, heights
from atomsim.potentials import Model, get_model, inverse_power
from atomsim.structure import make_atoms

ROUND_OFF = 1e-11  # relative to the largest force or to the sum of the pair energies: sums of some thousand terms
SPECIFIED_DIGITS = 5e-7  # relative; the crystal numbers are given with seven digits

SMALL = ["inverse-power:n=6.5,q=2,cutoff=1.6", "inverse-power:n=7,q=-1,cutoff=1.6", "lerner-binary", "ninarello"]
MODELS_AND_SIDES = [
    *[(specification, 5) for specification in SMALL],
    ("laird-schober", 7),
    ("kob-andersen", 6),
    ("lerner-binary:dimension=2", 7),
    ("ninarello:dimension=2", 7),
]


@pytest.mark.parametrize("shear", [0.0, 0.1])
@pytest.mark.parametrize(("specification", "n_side"), MODELS_AND_SIDES)
def test_compiled_forces_equal_pair_sums_and_brute_force(specification: str, n_side: int, shear: float) -> None:
    rng = np.random.default_rng(2)
    n_side += shear > 0
    interaction, positions_nc = disordered(get_model(specification), rng, n_side=n_side, shear=shear)
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    terms = interaction.terms(positions_nc)
    scale = np.abs(forces_nc).max()
    assert interaction.energy(positions_nc) == pytest.approx(energy, rel=ROUND_OFF)
    assert np.abs(interaction.forces(positions_nc) - forces_nc).max() < ROUND_OFF * scale
    assert terms.energy() == pytest.approx(energy, rel=ROUND_OFF)
    assert np.abs(terms.forces() - forces_nc).max() < ROUND_OFF * scale
    assert np.abs(forces_nc.sum(axis=0)).max() < ROUND_OFF * scale * len(forces_nc)
    if len(positions_nc) <= 216:  # the twin takes a second beyond
        slow_energy, slow_forces_nc, slow_virial_cc = brute_force(interaction, positions_nc)
        assert slow_energy == pytest.approx(energy, rel=ROUND_OFF)
        assert np.abs(slow_forces_nc - forces_nc).max() < ROUND_OFF * scale
        assert np.abs(slow_virial_cc - terms.virial()).max() < ROUND_OFF * np.abs(slow_virial_cc).max()


@pytest.mark.parametrize("shear", [0.0, 0.1])
@pytest.mark.parametrize(("specification", "n_side"), MODELS_AND_SIDES)
def test_compiled_derivatives_equal_those_of_the_radial_function(specification: str, n_side: int, shear: float) -> None:
    interaction, positions_nc = disordered(
        get_model(specification), np.random.default_rng(15), n_side=n_side + (shear > 0), shear=shear
    )
    terms, radial = interaction.terms(positions_nc), interaction.model.radial
    kind = interaction.species_n, interaction.size_n
    scales = [
        pair_scales(interaction.model, tuple(kind[0][[i, j]]), tuple(kind[1][[i, j]]))
        for i, j in zip(terms.first_p, terms.second_p, strict=True)
    ]
    length_p, energy_p = np.array(scales).T
    x_p = np.linalg.norm(terms.vector_pc, axis=1) / length_p
    slow_kp = energy_p * radial.square_derivatives(x_p) / length_p ** (2 * np.arange(5)[:, None])
    assert terms.derivative_kp.shape == slow_kp.shape == (5, len(terms.first_p))
    assert (x_p < radial.cutoff).all() and len(np.unique(length_p)) >= len(set(interaction.species_n.tolist()))
    # Near a smooth cut-off large terms cancel: the error is that of the largest term, not of the sum.
    largest_kp = (
        energy_p * np.abs(radial.square_derivatives(np.minimum(x_p, 1.0))) / length_p ** (2 * np.arange(5)[:, None])
    )
    assert (np.abs(terms.derivative_kp - slow_kp) < ROUND_OFF * largest_kp).all()


@pytest.mark.parametrize("periodic", [(1, 1, 0), (0, 1, 0), (0, 0, 0)])
@pytest.mark.parametrize("shear", [0.0, 0.1])
def test_open_directions(periodic: tuple[int, int, int], shear: float) -> None:
    rng = np.random.default_rng(3)
    model = get_model("lerner-binary")
    interaction, positions_nc = disordered(model, rng, n_side=5, shear=shear, periodic=periodic)
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    slow_energy, slow_forces_nc, _ = brute_force(interaction, positions_nc)
    assert energy == pytest.approx(slow_energy, rel=ROUND_OFF)
    assert np.abs(forces_nc - slow_forces_nc).max() < ROUND_OFF * np.abs(forces_nc).max()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("periodic", [(1, 1, 1), (1, 0, 1)])
def test_list_of_neighbours_equals_brute_force(seed: int, periodic: tuple[int, int, int]) -> None:
    # Random places, short range: several cells along each direction, skins that survive displacements.
    rng = np.random.default_rng(seed)
    model = get_model("inverse-power:n=6.5,q=2,cutoff=0.8")
    interaction, _ = disordered(model, rng, n_side=5, shear=0.25, periodic=periodic, skin=0.2)
    positions_nc = rng.uniform(-1, 2, (125, 3)) @ interaction.cell_cc
    for sweep in range(4):
        first_p, second_p, vector_pc = interaction.separations(positions_nc)
        reach_nn = np.full((125, 125), 0.8)
        expected = brute_force_pairs(positions_nc, interaction.cell_cc, interaction.periodic_c, reach_nn)
        rows = zip(first_p.tolist(), second_p.tolist(), vector_pc, strict=True)
        found = {(min(i, j), max(i, j)): v if i < j else -v for i, j, v in rows}
        assert len(found) == len(first_p), "a pair is listed twice"
        assert sorted(found) == sorted((i, j) for i, j, _ in expected)
        assert all(np.allclose(found[i, j], v, atol=1e-12) for i, j, v in expected)
        assert len(expected) > 25
        # two sweeps within the skin, then far beyond it
        reference = interaction.reference_nc
        positions_nc = positions_nc + rng.uniform(-1, 1, (125, 3)) * (0.028 if sweep < 2 else 1.0)
        interaction.energy_and_forces(positions_nc)
        assert (interaction.reference_nc is reference) == (sweep < 2)


def test_skin_does_not_change_forces() -> None:
    rng = np.random.default_rng(4)
    results = []
    walk = 0.02 * rng.standard_normal((20, 125, 3)).cumsum(axis=0)
    for skin in (0.0, 0.1, 0.4):
        interaction, positions_nc = disordered(
            get_model("lerner-binary"), np.random.default_rng(5), n_side=5, skin=skin
        )
        results.append([interaction.energy_and_forces(positions_nc + step)[1] for step in walk])
    assert np.abs(np.array(results[1]) - results[0]).max() < ROUND_OFF * np.abs(results[0]).max()
    assert np.abs(np.array(results[2]) - results[0]).max() < ROUND_OFF * np.abs(results[0]).max()


def test_skin_stays_within_half_the_cell() -> None:
    rng = np.random.default_rng(6)
    model = get_model("lerner-binary")
    interaction, _ = disordered(model, rng, n_side=4)
    height = heights(interaction.cell_cc).min()
    assert interaction.cutoff == pytest.approx(1.48 * 1.4)
    assert 0 < interaction.skin < 0.3 and interaction.cutoff + interaction.skin <= height / 2


@pytest.mark.parametrize("specification", ["laird-schober", "lerner-binary", "ninarello", "kob-andersen"])
def test_forces_do_not_depend_on_labels_or_origin(specification: str) -> None:
    rng = np.random.default_rng(7)
    interaction, positions_nc = disordered(get_model(specification), rng, n_side=7, shear=0.03)
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    scale = np.abs(forces_nc).max()
    order = rng.permutation(len(positions_nc))
    shuffled = PairInteraction(
        interaction.model,
        cell_cc=interaction.cell_cc,
        periodic_c=interaction.periodic_c,
        species_n=interaction.species_n[order],
        size_n=interaction.size_n[order],
    )
    other_energy, other_nc = shuffled.energy_and_forces(positions_nc[order])
    assert other_energy == pytest.approx(energy, rel=ROUND_OFF)
    assert np.abs(other_nc - forces_nc[order]).max() < ROUND_OFF * scale
    images = rng.integers(-3, 4, (len(positions_nc), 3)) @ interaction.cell_cc
    other_energy, other_nc = interaction.energy_and_forces(positions_nc + images + [0.3, -17.0, 2.5])
    assert other_energy == pytest.approx(energy, rel=ROUND_OFF)
    assert np.abs(other_nc - forces_nc).max() < 100 * ROUND_OFF * scale  # places far from the origin are rounded


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    return q * np.sign(np.diag(r))


@pytest.mark.parametrize("periodic", [(0, 0, 0), (1, 1, 1)])
def test_forces_turn_with_the_configuration(periodic: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(8)
    interaction, positions_nc = disordered(get_model("ninarello"), rng, n_side=6, shear=0.02, periodic=periodic)
    rotation = random_rotation(rng)
    turned = PairInteraction(
        interaction.model,
        cell_cc=interaction.cell_cc @ rotation.T,
        periodic_c=interaction.periodic_c,
        species_n=interaction.species_n,
        size_n=interaction.size_n,
    )
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    turned_energy, turned_nc = turned.energy_and_forces(positions_nc @ rotation.T)
    assert turned_energy == pytest.approx(energy, rel=ROUND_OFF)
    assert np.abs(turned_nc - forces_nc @ rotation.T).max() < ROUND_OFF * np.abs(forces_nc).max()
    virial_cc = interaction.terms(positions_nc).virial()
    assert np.allclose(virial_cc, virial_cc.T, rtol=1e-12)
    if not any(periodic):  # without walls nor images no torque remains
        torque = np.cross(positions_nc, forces_nc).sum(axis=0)
        assert np.abs(torque).max() < ROUND_OFF * np.abs(np.cross(positions_nc, forces_nc)).sum()


@pytest.mark.parametrize(("specification", "n_side"), MODELS_AND_SIDES[2:])
def test_forces_finite_difference(specification: str, n_side: int) -> None:
    rng = np.random.default_rng(9)
    interaction, positions_nc = disordered(get_model(specification), rng, n_side=n_side)
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    direction_nc = rng.standard_normal(positions_nc.shape) * (np.arange(3) < interaction.model.dimension)
    direction_nc /= np.linalg.norm(direction_nc)

    def remainder(step: float) -> float:
        moved, _ = interaction.energy_and_forces(positions_nc + step * direction_nc)
        return abs(moved - energy + step * np.vdot(forces_nc, direction_nc))

    assert_decay(remainder, first_step=0.04, order=2)


@pytest.mark.parametrize("shear", [0.0, 0.05])
@pytest.mark.parametrize(("specification", "n_side"), [("lerner-binary", 6), ("lerner-binary:dimension=2", 7)])
def test_stress_finite_difference(specification: str, n_side: int, shear: float) -> None:
    rng = np.random.default_rng(10)
    interaction, positions_nc = disordered(get_model(specification), rng, n_side=n_side, shear=shear)
    terms = interaction.terms(positions_nc)
    d = interaction.model.dimension
    strain_cc = np.zeros((3, 3))
    strain_cc[:d, :d] = rng.standard_normal((d, d))
    strain_cc /= np.linalg.norm(strain_cc)

    def remainder(step: float) -> float:
        other = strained(interaction, step * strain_cc)
        energy, _ = other.energy_and_forces(positions_nc @ (np.eye(3) + step * strain_cc).T)
        return abs(energy - terms.energy() - step * np.vdot(terms.virial(), strain_cc))

    assert_decay(remainder, first_step=0.01, order=2)

    def pressure_error(step: float) -> float:
        """-dE/dV by central differences of isotropic strain."""
        energies = []
        for sign in (1, -1):
            strain = sign * step * np.diag([1.0] * d + [0.0] * (3 - d))
            other = strained(interaction, strain)
            energies.append((other.energy_and_forces(positions_nc @ (np.eye(3) + strain))[0], other.volume))
        slope = (energies[0][0] - energies[1][0]) / (energies[0][1] - energies[1][1])
        return abs(-slope - interaction.pressure(positions_nc))

    assert_decay(pressure_error, first_step=0.01, order=2)


@pytest.mark.parametrize(("kind", "energy", "pressure"), [("fcc", 3.393352, 6.998648), ("bcc", 3.410419, 7.039619)])
def test_energy_and_pressure_of_crystals(kind: str, energy: float, pressure: float) -> None:
    positions_nc, cell_cc = crystal(kind, 5 if kind == "bcc" else 4)
    interaction = single_component(get_model("laird-schober"), positions_nc, cell_cc)
    total, forces_nc = interaction.energy_and_forces(positions_nc)
    assert total / len(positions_nc) == pytest.approx(energy, rel=SPECIFIED_DIGITS)
    assert interaction.pressure(positions_nc) == pytest.approx(pressure, rel=SPECIFIED_DIGITS)
    assert np.abs(forces_nc).max() < 1e-12


def test_virial_theorem_of_the_untruncated_power() -> None:
    # U is homogeneous of degree -n: sum_i R_i F_i = n U, and with a volume P = (n/d) rho e (2 rho e for n = 6).
    for n in (6, 7):
        model = Model(name="untruncated", radial=inverse_power(n))
        interaction, positions_nc = disordered(model, np.random.default_rng(12), n_side=4, periodic=(0, 0, 0))
        energy, forces_nc = interaction.energy_and_forces(positions_nc)
        assert len(interaction.terms(positions_nc).first_p) == 64 * 63 // 2
        assert np.vdot(positions_nc, forces_nc) == pytest.approx(n * energy, rel=ROUND_OFF)
        expected = n / 3 * energy / interaction.volume
        assert interaction.pressure(positions_nc) == pytest.approx(expected, rel=ROUND_OFF)
        scaled, scaled_nc = interaction.energy_and_forces(1.3 * positions_nc)
        assert scaled == pytest.approx(1.3**-n * energy, rel=ROUND_OFF)
        assert np.allclose(scaled_nc, 1.3 ** -(n + 1) * forces_nc, rtol=1e-10)


def test_pressure_tends_to_the_untruncated_law() -> None:
    # P - 2 rho e of the smoothed r^-6 crystal is an effect of the cut-off alone: -> 0 as the range grows.
    positions_nc, cell_cc = crystal("fcc", 6)
    excess = []
    for cutoff in (2.0, 2.8, 4.0):
        model = get_model(f"inverse-power:n=6,q=2,cutoff={cutoff}")
        interaction = single_component(model, positions_nc, cell_cc)
        energy, _ = interaction.energy_and_forces(positions_nc)
        excess.append(interaction.pressure(positions_nc) - 2 * energy / len(positions_nc))
    falls = np.array(excess[:-1]) / excess[1:]
    assert np.all((falls > 2.2) & (falls < 3.6))  # as the tail of the lattice sum, cutoff^-3: 2.7 and 2.9


def test_work_is_counted() -> None:
    interaction, positions_nc = disordered(get_model("lerner-binary"), np.random.default_rng(13), n_side=5)
    for _ in range(3):
        interaction.energy_and_forces(positions_nc)
    assert interaction.n_evaluations == 3


def test_atoms_out_of_range_feel_nothing() -> None:
    model = get_model("lerner-binary")
    for n_atoms in (1, 2):
        positions_nc = np.arange(n_atoms)[:, None] * np.array([4.0, 0, 0])
        interaction = single_component(model, positions_nc, np.eye(3) * 8.0)
        energy, forces_nc = interaction.energy_and_forces(positions_nc)
        terms = interaction.terms(positions_nc)
        assert energy == 0 == terms.energy()
        assert not forces_nc.any() and not terms.forces().any() and not terms.virial().any()
        assert terms.forces().shape == (n_atoms, 3)


def test_scatter_is_the_transpose_of_difference() -> None:
    rng = np.random.default_rng(14)
    interaction, positions_nc = disordered(get_model("lerner-binary"), rng, n_side=5)
    terms = interaction.terms(positions_nc)
    field_nc, vector_pc = rng.standard_normal((125, 3)), rng.standard_normal((len(terms.first_p), 3))
    assert np.vdot(terms.scatter(vector_pc), field_nc) == pytest.approx(np.vdot(vector_pc, terms.difference(field_nc)))
    many = rng.standard_normal((len(terms.first_p), 3, 2, 2))
    assert np.array_equal(terms.scatter(many)[:, :, 1, 0], terms.scatter(many[:, :, 1, 0]))


def test_area_of_a_plane_cell() -> None:
    cell_cc = np.array([[8.0, 0, 0], [2.0, 7.0, 0], [1.0, 2.0, 10.0]])
    interaction = PairInteraction(
        get_model("lerner-binary:dimension=2"),
        cell_cc=cell_cc,
        periodic_c=np.array([1, 1, 0]),
        species_n=np.zeros(3, dtype=np.int64),
        size_n=np.ones(3),
    )
    assert interaction.volume == pytest.approx(56.0)


def test_heights_of_a_sheared_cell() -> None:
    cell_cc = np.array([[4.0, 0, 0], [3.0, 5.0, 0], [0, 0, 6.0]])
    assert heights(cell_cc) == pytest.approx([20 / np.hypot(3, 5), 5.0, 6.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell_cc": np.eye(3) * 4.0}, "4 sigma high, smaller than twice the cut-off 2.072 of 'lerner-binary'"),
        ({"cell_cc": np.diag([8.0, 8.0, 0.0])}, "has no volume; expected three independent cell vectors"),
        ({"cell_cc": np.diag([8.0, 8.0, np.nan])}, "has no volume"),
        ({"species_n": np.array([0, 2, 1])}, "atom 1 is of species 2; 'lerner-binary' knows species 0..1"),
        ({"species_n": np.array([0, 1, -1])}, "atom 2 is of species -1"),
    ],
)
def test_bindings_that_are_refused(change: dict[str, np.ndarray], message: str) -> None:
    arguments = {
        "cell_cc": np.eye(3) * 8.0,
        "periodic_c": np.ones(3, dtype=np.int64),
        "species_n": np.zeros(3, dtype=np.int64),
        "size_n": np.ones(3),
    }
    model = get_model("lerner-binary")
    PairInteraction(model, **arguments)
    with pytest.raises(InputError, match=message):
        PairInteraction(model, **(arguments | change))


def test_positions_that_are_not_finite_are_refused() -> None:
    interaction, positions_nc = disordered(get_model("lerner-binary"), np.random.default_rng(15), n_side=5)
    interaction.energy_and_forces(positions_nc)
    positions_nc[17, 1] = np.nan
    with pytest.raises(InputError, match=r"atom 17 is at \[.*nan.*expected finite coordinates \(1 such atoms\)"):
        interaction.energy_and_forces(positions_nc)


def test_composition_of_foreign_structures() -> None:
    kob = get_model("kob-andersen")
    atoms = make_atoms(np.eye(3), np.eye(3) * 9, species_n=np.array([0, 1, 0]), size_n=np.array([1.0, 0.88, 1.0]))
    assert composition_of(atoms, kob)[0].tolist() == [0, 1, 0]
    del atoms.arrays["species"], atoms.arrays["size"]
    atoms.numbers = [29, 40, 29]
    species_n, size_n = composition_of(atoms, kob)
    assert species_n.tolist() == [0, 1, 0] and size_n.tolist() == [1.0, 1.0, 1.0]
    assert composition_of(atoms, get_model("laird-schober"))[0].tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="'ninarello' is polydisperse: the structure needs the per-atom array 'size'"):
        composition_of(atoms, get_model("ninarello"))
    for bad in (0.0, -1.0, np.nan, np.inf):
        atoms.arrays["size"] = np.array([1.0, 1.0, bad])
        with pytest.raises(InputError, match=f"atom 2 has size {bad}"):
            composition_of(atoms, kob)
