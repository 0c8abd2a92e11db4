"""Second derivatives: sparse matrix, matrix-free operator and finite differences agree; symmetries, known numbers."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.cluster import Octahedron
from ase.constraints import FixAtoms
from numerics import assert_decay, crystal, disordered, orders_of_decay, single_component

from atomsim.finite_difference import closest_distance, difference_hessian, forces_of
from atomsim.hessian import HessianOperator, assemble, hessian_matrix, mass_weighted
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, get_model, inverse_power, lennard_jones

ROUND_OFF = 1e-12  # relative to the largest entry
SPECIFIED_DIGITS = 5e-7  # relative; the crystal numbers are given with seven digits
ZERO = 1e-11  # eigenvalues that vanish by symmetry, relative to the largest

CASES = [
    ("lerner-binary", 5),
    ("ninarello", 5),
    ("inverse-power:n=6.5,q=2,cutoff=1.6", 5),
    ("kob-andersen", 6),
    ("laird-schober", 7),
    ("lerner-binary:dimension=2", 7),
]


def make(specification: str, n_side: int, seed: int = 0) -> tuple[PairInteraction, np.ndarray]:
    return disordered(get_model(specification), np.random.default_rng(seed), n_side=n_side)


def dense_finite_difference(interaction: PairInteraction, positions_nc: np.ndarray, step: float) -> np.ndarray:
    d = interaction.model.dimension
    columns = []
    for atom, c in np.ndindex(len(positions_nc), d):
        moved = positions_nc.copy()
        moved[atom, c] += step
        ahead = interaction.energy_and_forces(moved)[1][:, :d]
        moved[atom, c] -= 2 * step
        columns.append((interaction.energy_and_forces(moved)[1][:, :d] - ahead).ravel() / (2 * step))
    return np.array(columns)


@pytest.mark.parametrize(("specification", "n_side"), CASES)
def test_hessian_finite_difference(specification: str, n_side: int) -> None:
    interaction, positions_nc = make(specification, n_side)
    d = interaction.model.dimension
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    hessian = hessian_matrix(interaction.terms(positions_nc))
    direction_nc = forces_nc / np.linalg.norm(forces_nc)  # pairs part: no chance cancellation in the third order
    change_nc = (hessian @ direction_nc[:, :d].ravel()).reshape(-1, d)

    def force_remainder(step: float) -> float:
        moved_nc = interaction.energy_and_forces(positions_nc + step * direction_nc)[1]
        return float(np.linalg.norm(moved_nc[:, :d] - forces_nc[:, :d] + step * change_nc))

    assert_decay(force_remainder, first_step=0.02, order=2)

    def energy_remainder(step: float) -> float:
        moved = interaction.energy_and_forces(positions_nc + step * direction_nc)[0]
        second = 0.5 * step**2 * np.vdot(direction_nc[:, :d], change_nc)
        return float(abs(moved - energy + step * np.vdot(forces_nc, direction_nc) - second))

    assert_decay(energy_remainder, first_step=0.02, order=3)


@pytest.mark.parametrize(("specification", "n_side"), [CASES[1], CASES[5]])
def test_hessian_equals_dense_differences(specification: str, n_side: int) -> None:
    interaction, positions_nc = make(specification, n_side)
    hessian = hessian_matrix(interaction.terms(positions_nc)).toarray()

    def error(step: float) -> float:
        return float(np.abs(dense_finite_difference(interaction, positions_nc, step) - hessian).max())

    assert_decay(error, first_step=8e-3, order=2, n_steps=3)
    assert error(1e-4) < 1e-6 * np.abs(hessian).max()


@pytest.mark.parametrize(("specification", "n_side"), CASES)
def test_hessian_is_symmetric_and_blind_to_translations(specification: str, n_side: int) -> None:
    interaction, positions_nc = make(specification, n_side)
    hessian = hessian_matrix(interaction.terms(positions_nc))
    scale = np.abs(hessian.data).max()
    assert abs(hessian - hessian.T).max() <= ROUND_OFF * scale
    d = interaction.model.dimension
    assert hessian.shape == (d * len(positions_nc),) * 2
    for c in range(d):
        shift = np.tile(np.eye(d)[c], len(positions_nc))
        assert np.abs(hessian @ shift).max() < ROUND_OFF * scale


@pytest.mark.parametrize(("specification", "n_side"), CASES)
def test_matrix_free_operator_equals_the_matrix(specification: str, n_side: int) -> None:
    interaction, positions_nc = make(specification, n_side)
    terms = interaction.terms(positions_nc)
    hessian, operator = hessian_matrix(terms), HessianOperator(terms)
    block = np.random.default_rng(3).standard_normal((hessian.shape[0], 3))
    scale = np.abs(hessian @ block).max()
    assert operator.shape == hessian.shape
    assert np.abs(operator @ block - hessian @ block).max() < ROUND_OFF * scale
    assert np.abs(operator @ block[:, 0] - hessian @ block[:, 0]).max() < ROUND_OFF * scale
    assert np.abs(operator.T @ block[:, 0] - hessian @ block[:, 0]).max() < ROUND_OFF * scale


@pytest.mark.parametrize(("kind", "mean_square"), [("fcc", 50.86658), ("bcc", 51.54162)])
def test_mean_square_frequency_of_crystals(kind: str, mean_square: float) -> None:
    positions_nc, cell_cc = crystal(kind, 5 if kind == "bcc" else 4)
    interaction = single_component(get_model("laird-schober"), positions_nc, cell_cc)
    hessian = hessian_matrix(interaction.terms(positions_nc))
    assert hessian.trace() / hessian.shape[0] == pytest.approx(mean_square, rel=SPECIFIED_DIGITS)
    values = np.linalg.eigvalsh(hessian.toarray())
    assert values.mean() == pytest.approx(mean_square, rel=SPECIFIED_DIGITS)
    assert np.count_nonzero(np.abs(values) < ZERO * values[-1]) == 3
    assert np.all(values > -ZERO * values[-1])
    doubled = mass_weighted(hessian, np.full(len(positions_nc), 2.0), 3)
    assert doubled.trace() / hessian.shape[0] == pytest.approx(mean_square / 2, rel=SPECIFIED_DIGITS)


def test_frequencies_scale_with_density() -> None:
    # r^-6, lengths times s with the cut-off: eigenvalues times s^-8, omega times s^-4, that is rho^(4/3).
    rng = np.random.default_rng(4)
    base, positions_nc = disordered(get_model("inverse-power:n=6,q=2,cutoff=1.7"), rng, n_side=5, shear=0.05)
    values = np.linalg.eigvalsh(hessian_matrix(base.terms(positions_nc)).toarray())
    for factor in (0.8, 1.25):
        model = get_model(f"inverse-power:n=6,q=2,cutoff={1.7 * factor}")
        scaled = single_component(model, positions_nc * factor, base.cell_cc * factor)
        other = np.linalg.eigvalsh(hessian_matrix(scaled.terms(positions_nc * factor)).toarray())
        assert np.abs(other * factor**8 - values).max() < 1e-10 * values[-1]


def test_rotations_of_a_cluster_are_zero_modes_only_without_forces() -> None:
    # H (omega x R) = -omega x F: a rotation turns the forces along.
    model = Model(name="untruncated", radial=inverse_power(6))
    rng = np.random.default_rng(5)
    interaction, positions_nc = disordered(model, rng, n_side=3, periodic=(0, 0, 0))
    terms = interaction.terms(positions_nc)
    axis = rng.standard_normal(3)
    turned = hessian_matrix(terms) @ np.cross(axis, positions_nc).ravel()
    expected = -np.cross(axis, terms.forces()).ravel()
    assert np.abs(turned - expected).max() < ROUND_OFF * np.abs(hessian_matrix(terms).data).max() * 10
    assert np.abs(expected).max() > 0.1


def test_mass_weighting() -> None:
    interaction, positions_nc = make("lerner-binary", 5)
    hessian = hessian_matrix(interaction.terms(positions_nc))
    mass_n = np.random.default_rng(6).uniform(0.5, 3.0, len(positions_nc))
    dynamical = mass_weighted(hessian, mass_n, 3)
    root = np.sqrt(np.repeat(mass_n, 3))
    assert np.allclose(dynamical.toarray(), hessian.toarray() / root[:, None] / root, rtol=1e-13, atol=0)
    assert np.abs(dynamical @ root.reshape(-1, 3)[:, [0]].repeat(3, 1).ravel()).max() < 1e-9  # translation: sqrt(m)


def test_assembly_of_blocks() -> None:
    blocks = np.array([[[2.0, 1.0], [1.0, 3.0]], [[5.0, 0.0], [0.0, 7.0]]])
    matrix = assemble(np.array([0, 2]), np.array([2, 1]), blocks, 3).toarray()
    expected = np.zeros((6, 6))
    for (i, j), block in zip([(0, 2), (2, 1)], blocks, strict=True):
        for a, b, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
            expected[2 * a : 2 * a + 2, 2 * b : 2 * b + 2] += sign * block
    assert np.array_equal(matrix, expected)


def differences(atoms: ase.Atoms, *, step: float) -> np.ndarray:
    longest = 0.04 * closest_distance(atoms)
    return difference_hessian(forces_of(atoms), atoms.positions.copy(), longest=longest, step=step).matrix


def test_differences_for_any_calculator() -> None:
    rng = np.random.default_rng(7)
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.positions += rng.normal(0, 0.05, atoms.positions.shape)
    atoms.calc = EMT()
    atoms.set_constraint(FixAtoms([0, 3]))  # a constraint must not empty rows
    before = atoms.positions.copy()
    hessian = differences(atoms, step=1e-3)
    assert np.array_equal(atoms.positions, before)
    assert np.array_equal(hessian, hessian.T)
    assert np.abs(hessian.reshape(96, -1, 3).sum(axis=1)).max() < 1e-9 * np.abs(hessian).max()  # step^4
    assert hessian[0, 0] > 1.0
    forces_nc = atoms.get_forces(apply_constraint=False)
    direction = rng.standard_normal(96)

    def remainder(step: float) -> float:
        moved = atoms.copy()
        moved.calc = EMT()
        moved.set_positions(before + step * direction.reshape(-1, 3), apply_constraint=False)
        change = (moved.get_forces(apply_constraint=False) - forces_nc).ravel()
        return float(np.linalg.norm(change + step * hessian @ direction))

    assert_decay(remainder, first_step=0.01, order=2)


def test_differences_equal_the_analytic_hessian_of_lennard_jones() -> None:
    atoms = Octahedron("Ar", 3, latticeconstant=1.6)  # 19 atoms
    atoms.positions += np.random.default_rng(8).normal(0, 0.03, atoms.positions.shape)
    atoms.calc = LennardJones(sigma=1.0, epsilon=1.0, rc=20.0, smooth=False)
    model = Model(name="lennard-jones", radial=lennard_jones())
    interaction = single_component(model, atoms.positions, np.eye(3) * 10, periodic=False)
    exact = hessian_matrix(interaction.terms(atoms.positions)).toarray()
    orders = orders_of_decay(lambda step: np.abs(differences(atoms, step=step) - exact).max(), 1.6e-2, 3)
    assert np.all(np.abs(orders - 4) < 0.2)
