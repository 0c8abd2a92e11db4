"""Couplings to strain from forces in strained cells: analytic ones, rotations, and strained glasses of a material."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.cluster import Icosahedron
from ase.optimize import BFGS

from analysis.modes import full_spectrum
from analysis.soft_modes import Selection, find_soft_modes
from analysis.soft_modes.any_calculator import modes_of_differences, soft_modes_of_calculator, soft_modes_of_engine
from analysis.soft_modes.any_result import AtomicCalculatorModes, columns_of, in_si
from analysis.soft_modes.expansion import quadratic_strain_coupling
from atomsim.calculator import PairCalculator
from atomsim.engines import engine_potential
from atomsim.engines.glass import AlloyGlass, AlloyParameters, make_alloy_glass
from atomsim.engines.lammps import LammpsEngine, require_lammps
from atomsim.engines.strained import StrainedEngine
from atomsim.errors import InputError, MissingExtra
from atomsim.finite_difference import THREE_POINTS, DifferenceHessian, difference_rows, force_noise
from atomsim.finite_strain import curvature_slope, strain_ladder, strain_response, strained_forces_of, unit_strain
from atomsim.potentials import get_model
from atomsim.quench import inherent_structure
from atomsim.structure import random_start
from atomsim.units import ATOMIC_MASS, ELECTRON_VOLT, REDUCED

SMOOTH = "binary-inverse-power:n=24,q=3,cutoff=1.8"  # no kink is felt at its cut-off
AGREEMENT = 1e-6  # of couplings with the analytic ones, over the largest component
PATTERN = np.array([[1.0, 0.3, -0.2], [0.3, -0.5, 0.4], [-0.2, 0.4, 0.2]])  # a strain without symmetry
SILICON = "sw:Si.sw"


def lammps_or_skip() -> None:
    try:
        require_lammps()
    except MissingExtra as missing:
        pytest.skip(f"LAMMPS cannot be used here: {missing}")


def miss(found_cc: np.ndarray, exact_cc: np.ndarray) -> float:
    """Largest difference of a component over the largest component."""
    return float(np.abs(found_cc - exact_cc).max() / np.abs(exact_cc).max())


def test_strain_couplings_of_forces_equal_the_analytic_ones() -> None:
    """Bare and relaxed; each error covers what is missed."""
    atoms = random_start(get_model(SMOOTH), 64, 0.7, np.random.default_rng(5))
    atoms.set_masses(np.random.default_rng(6).uniform(0.5, 2.0, 64))
    glass = inherent_structure(atoms, SMOOTH, on_saddle="push")
    calculated, told = glass.to_atoms(), []
    calculated.calc = PairCalculator(glass.model)
    found = soft_modes_of_calculator(
        calculated, 1, units=REDUCED, step=1e-3, progress=lambda what, share: told.append((what, share))
    )
    exact = find_soft_modes(glass, full_spectrum(glass), 1.0, Selection(count=1))
    vector_nc = exact.vectors_mnc[0]
    linear_cc = np.sign(np.sum(found.vectors_mnc[0] * vector_nc)) * found.linear_coupling_mcc[0]
    bare_cc = 0.5 * quadratic_strain_coupling(glass.interaction().terms(glass.positions_nc), vector_nc, glass.mass_n)
    relaxed_cc = exact.quadratic_coupling_mcc[0]
    assert miss(linear_cc, exact.linear_coupling_mcc[0]) < AGREEMENT
    assert miss(found.quadratic_coupling_bare_mcc[0], bare_cc) < AGREEMENT
    assert miss(found.quadratic_coupling_mcc[0], relaxed_cc) < AGREEMENT
    assert miss(relaxed_cc, bare_cc) > 0.1  # else nothing was tested
    assert np.abs(found.quadratic_coupling_bare_mcc[0] - bare_cc).max() < found.quadratic_coupling_bare_error_m[0]
    assert np.abs(found.quadratic_coupling_mcc[0] - relaxed_cc).max() < found.quadratic_coupling_error_m[0]
    assert found.quadratic_coupling_error_m[0] < AGREEMENT * np.abs(relaxed_cc).max()
    assert found.remarks == () and ("strain", 1.0) in told
    assert calculated.cell.array == pytest.approx(glass.cell_cc, abs=0.0)  # left as it was


def couplings(atoms: ase.Atoms, field_nc: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear and bare quadratic coupling along a field, without Hessian."""
    forces = strained_forces_of(atoms)
    noise = force_noise(lambda place_nc: forces(place_nc, np.eye(3)), atoms.positions, shift=0.05)
    step_k = strain_ladder(0.02, 1e-3)
    response = strain_response(forces, atoms.positions, step_k=step_k, noise=noise)
    bare = curvature_slope(forces, atoms.positions, field_nc, step_k=step_k, longest=0.05, noise=noise)
    return response.along(field_nc).value_cc, bare.value_cc


@pytest.mark.parametrize("periodic", [True, False])
def test_couplings_turn_with_the_structure(periodic: bool) -> None:
    """Tensors of second rank: those of a turned structure, cell and displacements included, are Q T Q^T."""
    rng = np.random.default_rng(3)
    atoms = ase.Atoms("Cu4", rng.uniform(0, 3.2, (4, 3)), cell=np.eye(3) * 9 + rng.normal(0, 0.3, (3, 3)))
    atoms.positions += 1.2 * np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0]])
    atoms.pbc = periodic
    field_nc = rng.normal(0, 1, (4, 3))
    turn_cc, _ = np.linalg.qr(rng.normal(0, 1, (3, 3)))
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn_cc.T)
    turned.positions = atoms.positions @ turn_cc.T
    atoms.calc, turned.calc = EMT(), EMT()
    for here_cc, there_cc in zip(couplings(atoms, field_nc), couplings(turned, field_nc @ turn_cc.T), strict=True):
        assert miss(there_cc, turn_cc @ here_cc @ turn_cc.T) < AGREEMENT
        assert here_cc == pytest.approx(here_cc.T) and np.ptp(np.linalg.eigvalsh(here_cc)) > 0.1


def test_strains_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match=r"strains from 0\.1 to 0\.2; expected descending ones below 1"):
        strain_ladder(0.1, 0.2)
    with pytest.raises(InputError, match="strains from 2 to"):
        strain_ladder(2.0)
    with pytest.raises(InputError, match=r"no calculator; attach one"):
        strained_forces_of(ase.Atoms("Cu"))
    for a, b in ((0, 0), (1, 2)):
        assert np.sum(unit_strain(a, b) * PATTERN) == pytest.approx(PATTERN[a, b])


def test_couplings_that_are_not_wanted_are_no_numbers() -> None:
    """Who does not want it gets no number instead of a wrong one."""
    atoms = Icosahedron("Cu", 2)  # 13 atoms
    atoms.calc = EMT()
    BFGS(atoms, logfile=None).run(fmax=1e-7)
    without = soft_modes_of_calculator(atoms, 1, strain=False, step=1e-2)
    assert isinstance(without, AtomicCalculatorModes)
    assert np.isnan(without.linear_coupling_mcc).all() and without.linear_coupling_mcc.shape == (1, 3, 3)
    assert np.isnan(without.quadratic_coupling_error_m).all() and np.isfinite(without.disagreement_m).all()


def test_couplings_in_si_and_their_names() -> None:
    tensor_mcc, number_m = np.ones((2, 3, 3)), np.ones(2)
    names = [name for name in AtomicCalculatorModes.__dataclass_fields__ if name.endswith(("_m", "_mcc"))]
    values = {name: tensor_mcc if name.endswith("_mcc") else number_m for name in names}
    found = AtomicCalculatorModes(
        **values, vectors_mnc=np.zeros((2, 1, 3)), n_atoms=1, n_zero_modes=3, max_force=0.0, step=0.1,
        hessian_error=0.0, sum_rule=0.0,
    )  # fmt: skip
    assert columns_of(found)["quadratic_coupling"] is tensor_mcc and "vectors" not in columns_of(found)
    si = in_si(found)
    assert si["linear_coupling"][1, 2, 0] == pytest.approx(ELECTRON_VOLT / ATOMIC_MASS**0.5 * 1e10)
    assert si["quadratic_coupling_error"] == pytest.approx(ELECTRON_VOLT / ATOMIC_MASS * 1e20)
    assert set(si) == {name.rpartition("_")[0] for name in names} - {
        "index", "participation_number", "disagreement", "curvature_gap"
    }  # fmt: skip


@pytest.fixture(scope="module")
def silicon() -> AlloyGlass:
    lammps_or_skip()
    parameters = AlloyParameters(SILICON, 64, {"Si": 1.0}, temperature=3000.0, melt_time=0.5, cooling_rate=3000.0)
    return make_alloy_glass(parameters, np.random.default_rng(4))


def test_strained_engine_turns_its_box_back(silicon: AlloyGlass) -> None:
    """Forces in a box that is only turned are turned; those without strain are those of the engine itself."""
    potential = engine_potential(SILICON)
    kind = (potential, silicon.elements, silicon.species_n, silicon.cell_cc)
    place_nc = silicon.positions_nc + np.random.default_rng(2).normal(0, 0.05, silicon.positions_nc.shape)
    turn_cc, _ = np.linalg.qr(np.random.default_rng(1).normal(0, 1, (3, 3)))
    turn_cc *= np.linalg.det(turn_cc)
    with StrainedEngine(*kind) as strained, LammpsEngine(*kind) as engine:
        expected_nc = engine.forces(place_nc)
        assert np.abs(expected_nc).max() > 1.0
        turned_nc = strained.strained_forces(place_nc @ turn_cc.T, turn_cc)
        assert turned_nc == pytest.approx(expected_nc @ turn_cc.T, abs=1e-11)
        far_nc = place_nc + [3, 0, -5] @ silicon.cell_cc  # images are the same atoms
        assert strained.strained_forces(far_nc, np.eye(3)) == pytest.approx(expected_nc, abs=1e-11)
        with pytest.raises(InputError, match="expected a positive determinant"):
            strained.strained_forces(place_nc, -np.eye(3))
        with pytest.raises(InputError, match="expected finite numbers of shape"):
            strained.strained_forces(place_nc[1:], np.eye(3))


def lowest_eigenvalue(engine: StrainedEngine, glass: AlloyGlass, response: np.ndarray, step: float) -> float:
    """Of the glass that is strained and brought to rest by steps of Newton with the response without strain."""
    deformation_cc = np.eye(3) + step * PATTERN
    place_nc = glass.positions_nc @ deformation_cc.T
    for _ in range(12):
        forces_nc = engine.strained_forces(place_nc, deformation_cc)
        place_nc = place_nc + (response @ forces_nc.ravel()).reshape(-1, 3)
    assert np.abs(engine.strained_forces(place_nc, deformation_cc)).max() < 1e-10
    rows = difference_rows(
        lambda x: engine.strained_forces(x, deformation_cc), place_nc, step=5e-5, weights=THREE_POINTS
    )
    matrix = np.array(list(rows))
    hessian = DifferenceHessian(0.5 * (matrix + matrix.T), 5e-5, 0.0, 0.0, 0.0)
    modes = modes_of_differences(hessian, place_nc, glass.mass_n, periodic=True)
    return float(modes.omega_m[modes.vibrations[0]] ** 2)


def test_couplings_of_silicon_follow_from_a_strained_glass(silicon: AlloyGlass) -> None:
    """For the lowest mode d(omega^2)/d(strain) = 2 Lambda2 - tau Lambda1/omega^2: all others follow the strain."""
    found = soft_modes_of_engine(silicon, 1)
    linear, quadratic = (
        float(np.sum(PATTERN * tensor_mcc[0]))
        for tensor_mcc in (found.linear_coupling_mcc, found.quadratic_coupling_mcc)
    )
    expected = 2 * quadratic - found.tau_m[0] * linear / found.omega_m[0] ** 2
    with StrainedEngine(engine_potential(SILICON), silicon.elements, silicon.species_n, silicon.cell_cc) as engine:
        rows = difference_rows(engine.forces, silicon.positions_nc, step=5e-5, weights=THREE_POINTS)
        response = np.linalg.pinv(np.array(list(rows)), rcond=1e-6)
        step = 1e-5
        sides = [lowest_eigenvalue(engine, silicon, response, sign * step) for sign in (1, -1)]
    assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(expected, rel=1e-3)
    assert abs(2 * quadratic) > 0.05 * abs(expected) and found.quadratic_coupling_error_m[0] < 1e-2 * abs(quadratic)
