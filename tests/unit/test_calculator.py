"""The ASE calculator says the same as the interaction it wraps, and what independent calculators say."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.lj import LennardJones
from ase.optimize import BFGS
from numerics import assert_decay, crystal, disordered

from atomsim.calculator import PairCalculator
from atomsim.errors import InputError
from atomsim.finite_difference import difference_hessian, forces_of
from atomsim.hessian import HessianOperator, hessian_matrix
from atomsim.pairs import PairInteraction
from atomsim.potentials import Mixing, Model, get_model, inverse_power, lennard_jones, smoothed
from atomsim.structure import make_atoms

ROUND_OFF = 1e-12  # relative to the largest number of an array


def some_atoms(specification: str = "lerner-binary", seed: int = 0) -> tuple[ase.Atoms, PairInteraction]:
    rng = np.random.default_rng(seed)
    interaction, positions_nc = disordered(get_model(specification), rng, n_side=6, shear=0.05)
    atoms = make_atoms(
        positions_nc,
        interaction.cell_cc,
        species_n=interaction.species_n,
        size_n=interaction.size_n,
        dimension=interaction.model.dimension,
    )
    return atoms, interaction


@pytest.mark.parametrize("specification", ["lerner-binary", "ninarello", "lerner-binary:dimension=2"])
def test_calculator_equals_interaction(specification: str) -> None:
    atoms, interaction = some_atoms(specification)
    atoms.calc = PairCalculator(specification)
    terms = interaction.terms(atoms.positions)
    assert atoms.get_potential_energy() == pytest.approx(terms.energy(), rel=ROUND_OFF)
    assert np.abs(atoms.get_forces() - terms.forces()).max() < ROUND_OFF * np.abs(terms.forces()).max()
    stress_cc = atoms.get_stress(voigt=False)
    assert np.abs(stress_cc - terms.virial() / interaction.volume).max() < ROUND_OFF * np.abs(stress_cc).max()
    d = interaction.model.dimension
    assert -np.trace(stress_cc) / d == pytest.approx(interaction.pressure(atoms.positions), rel=ROUND_OFF)
    exact = hessian_matrix(terms)
    assert abs(atoms.calc.get_property("hessian", atoms) - exact).max() < ROUND_OFF * abs(exact).max()


def test_formats_of_the_hessian() -> None:
    atoms, interaction = some_atoms()
    calculator = PairCalculator("lerner-binary")
    exact = hessian_matrix(interaction.terms(atoms.positions)).toarray()
    assert np.array_equal(calculator.get_hessian(atoms).toarray(), calculator.get_hessian(atoms, format="dense"))
    assert np.abs(calculator.get_hessian(atoms, format="dense") - exact).max() < ROUND_OFF * np.abs(exact).max()
    operator = calculator.get_hessian(atoms, format="operator")
    assert isinstance(operator, HessianOperator)
    assert np.abs(operator @ exact[0] - exact @ exact[0]).max() < ROUND_OFF * np.abs(exact @ exact[0]).max()
    with pytest.raises(InputError, match="format = 'csr'; expected 'sparse', 'dense' or 'operator'"):
        calculator.get_hessian(atoms, format="csr")


def test_hessian_belongs_to_the_atoms_given() -> None:
    first, _ = some_atoms(seed=0)
    second, interaction = some_atoms(seed=1)
    calculator = PairCalculator("lerner-binary")
    calculator.get_hessian(first)
    first.calc = calculator
    first.get_forces()
    exact = hessian_matrix(interaction.terms(second.positions))
    assert abs(calculator.get_hessian(second) - exact).max() < ROUND_OFF * abs(exact).max()
    assert abs(calculator.get_property("hessian", second) - exact).max() < ROUND_OFF * abs(exact).max()


def test_every_change_of_the_atoms_is_seen() -> None:
    atoms, _ = some_atoms()
    atoms.calc = PairCalculator("lerner-binary")
    seen = [atoms.get_potential_energy()]
    atoms.positions[3] += 0.1
    seen.append(atoms.get_potential_energy())
    atoms.set_cell(atoms.cell.array * 1.01, scale_atoms=True)
    seen.append(atoms.get_potential_energy())
    atoms.pbc = [True, True, False]
    seen.append(atoms.get_potential_energy())
    assert len(set(seen)) == 4


@pytest.mark.parametrize("property_name", ["size", "species"])
def test_changed_diameters_and_species_are_seen(property_name: str) -> None:
    # ASE compares positions, numbers, cell and pbc only
    specification = {"size": "ninarello", "species": "lerner-binary"}[property_name]
    atoms, _ = some_atoms(specification)
    atoms.calc = PairCalculator(specification)
    before = atoms.get_potential_energy()
    array = atoms.arrays[property_name]
    array[0] = 0.9 if property_name == "size" else 1 - array[0]
    after = atoms.get_potential_energy()
    atoms.calc = PairCalculator(specification)
    assert after == atoms.get_potential_energy() != before


def test_stress_by_strained_cells() -> None:
    atoms, _ = some_atoms()
    atoms.calc = PairCalculator("lerner-binary")
    exact = atoms.get_stress()

    def energy(strain_cc: np.ndarray) -> float:
        other = atoms.copy()
        other.calc = PairCalculator("lerner-binary")
        other.set_cell(atoms.cell.array @ (np.eye(3) + strain_cc), scale_atoms=True)
        return float(other.get_potential_energy())

    def error(step: float) -> float:
        slopes = []
        for a, b in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)):  # the order of Voigt
            strain_cc = np.zeros((3, 3))
            strain_cc[a, b] += step / 2
            strain_cc[b, a] += step / 2
            slopes.append((energy(strain_cc) - energy(-strain_cc)) / (2 * step * atoms.get_volume()))
        return float(np.abs(np.array(slopes) - exact).max())

    assert_decay(error, first_step=4e-3, order=2)


def test_calculator_equals_lennard_jones_of_ase() -> None:
    positions_nc, cell_cc = crystal("fcc", 4, density=0.9)
    positions_nc += np.random.default_rng(2).normal(0, 0.05, positions_nc.shape)
    cell_cc[1, 0] = 0.4
    model = Model(name="lennard-jones", radial=smoothed(lennard_jones(), 2.2, 0))
    atoms = ase.Atoms("Ar256", positions=positions_nc, cell=cell_cc, pbc=True)
    atoms.calc = PairCalculator(model)
    other = atoms.copy()
    other.calc = LennardJones(sigma=1.0, epsilon=1.0, rc=2.2, smooth=False)  # shifted to zero, as with q = 0
    assert atoms.get_potential_energy() == pytest.approx(other.get_potential_energy(), rel=1e-11)
    assert np.abs(atoms.get_forces() - other.get_forces()).max() < 1e-10
    assert np.abs(atoms.get_stress() - other.get_stress()).max() < 1e-11


def test_calculator_serves_the_optimisers_of_ase() -> None:
    positions_nc, cell_cc = crystal("fcc", 3)
    atoms = ase.Atoms("H108", positions=positions_nc, cell=cell_cc, pbc=True)
    atoms.calc = PairCalculator("inverse-power:n=6,q=2,cutoff=1.7")
    perfect = atoms.get_potential_energy()
    atoms.rattle(0.05, seed=1)
    assert atoms.get_potential_energy() > perfect
    assert BFGS(atoms, logfile=None).run(fmax=1e-6, steps=100)
    assert atoms.get_potential_energy() == pytest.approx(perfect, rel=1e-12)
    hessian = atoms.calc.get_hessian(atoms, format="dense")
    differences = difference_hessian(forces_of(atoms), atoms.positions.copy(), longest=0.04, step=1e-4).matrix
    assert np.abs(differences - hessian).max() < 1e-6 * np.abs(hessian).max()


def test_calculator_refuses_bad_input() -> None:
    with pytest.raises(InputError, match="unknown potential 'lerner'"):
        PairCalculator("lerner")
    atoms = ase.Atoms("H2", positions=[[0, 0, 0], [1, 0, 0]])
    atoms.calc = PairCalculator("laird-schober")
    with pytest.raises(InputError, match="has no volume"):
        atoms.get_potential_energy()
    atoms.set_cell([5.0, 9.0, 9.0])
    atoms.pbc = True
    with pytest.raises(InputError, match="5 sigma high, smaller than twice the cut-off 3"):
        atoms.get_forces()
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_charges()


def test_calculator_equals_matscipy() -> None:
    pytest.importorskip("matscipy", reason="matscipy is an optional cross-check")
    from matscipy.calculators.polydisperse import InversePowerLawPotential, Polydisperse

    model = Model(
        name="polydisperse r^-10",
        radial=smoothed(inverse_power(10), 1.3, 3),
        mixing=Mixing("sizes", non_additivity=0.1),
    )
    rng = np.random.default_rng(3)
    positions_nc, cell_cc = crystal("bcc", 4)
    size_n = rng.uniform(0.8, 1.2, 128)
    atoms = make_atoms(
        positions_nc + rng.normal(0, 0.05, (128, 3)), cell_cc, species_n=np.zeros(128, dtype=np.int64), size_n=size_n
    )
    potential = InversePowerLawPotential(epsilon=1.0, cutoff=1.3, na=0.1, q=3, minSize=0.8, maxSize=1.2)
    theirs = Polydisperse(potential)
    ours = PairCalculator(model)
    forces_nc = theirs.get_forces(atoms)  # also makes it forget the atoms of an earlier Hessian
    assert np.abs(ours.get_forces(atoms) - forces_nc).max() < 1e-10
    assert ours.get_potential_energy(atoms) == pytest.approx(theirs.get_potential_energy(atoms), rel=1e-12)
    hessian = ours.get_hessian(atoms)
    assert abs(theirs.get_hessian(atoms) - hessian).max() < 1e-9 * abs(hessian).max()
