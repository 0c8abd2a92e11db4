"""Silicon and silica through another engine: potentials of formulas, glasses with their soft modes."""

from __future__ import annotations

from pathlib import Path

import ase.build
import numpy as np
import pytest

from analysis.soft_modes.any_calculator import soft_modes_of_engine
from atomsim.engines import engine_potential, is_engine_potential
from atomsim.engines.glass import AlloyGlass, AlloyParameters, alloy_glass, check_alloy_protocol, make_alloy_glass
from atomsim.engines.hessian import engine_hessian
from atomsim.engines.lammps import LammpsEngine, require_lammps
from atomsim.errors import InputError, MissingExtra, NotAMinimum
from atomsim.units import ATOMIC_SCALES

try:
    require_lammps()
except MissingExtra as missing:
    pytest.skip(f"LAMMPS cannot be used here: {missing}", allow_module_level=True)

SILICON = "sw:Si.sw"
SILICA = "vashishta:SiO.1990.vashishta"
ATOM_SI = np.zeros(64, dtype=np.int64)


@pytest.fixture(scope="module")
def silicon() -> AlloyGlass:
    """A glass of 64 atoms from a short melt."""
    parameters = AlloyParameters(SILICON, 64, {"Si": 1.0}, temperature=3000.0, melt_time=0.5, cooling_rate=3000.0)
    return make_alloy_glass(parameters, np.random.default_rng(4))


@pytest.mark.parametrize(
    ("text", "elements", "tabulated"),
    [
        (SILICON, ("Si",), False),
        (SILICA, ("Si", "O"), False),
        ("tersoff:SiC.tersoff", ("C", "Si"), False),
        ("sw:GaN.sw", ("Ga", "N"), False),
        ("eam/fs:CuZr_mm.eam.fs", ("Cu", "Zr"), True),
    ],
)
def test_elements_of_potentials_are_read(text: str, elements: tuple[str, ...], tabulated: bool) -> None:
    found = engine_potential(text)
    assert sorted(found.elements) == sorted(elements) and found.tabulated is tabulated
    assert is_engine_potential(text) and found.name == text
    with pytest.raises(InputError, match="has no element 'Xe'"):
        found.require(("Xe",))


def test_files_of_other_formulas_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected entries of three elements and 11 parameters each"):
        engine_potential("sw:Si.tersoff")
    with pytest.raises(InputError, match="expected entries of three elements and 14 parameters each"):
        engine_potential("vashishta:Si.sw")
    (tmp_path / "bad.sw").write_text("Si Si Si 2.1683 2.0951 x 21.0 1.2 -0.333 7.05 0.602 4.0 0.0 0.0\n")
    with pytest.raises(InputError, match=r"bad\.sw: LAMMPS cannot use it as sw"):
        LammpsEngine(engine_potential(f"sw:{tmp_path / 'bad.sw'}"), ("Si",), ATOM_SI, np.eye(3) * 12.0)
    (tmp_path / "empty.sw").write_text("# nothing\n")
    with pytest.raises(InputError, match="expected entries"):
        engine_potential(f"sw:{tmp_path / 'empty.sw'}")


def test_silicon_crystal_has_the_energy_of_its_potential() -> None:
    """Stillinger and Weber made it 2 epsilon per atom, at 5.431 angstrom without pressure."""
    atoms = ase.build.bulk("Si", "diamond", a=5.43095, cubic=True) * (2, 2, 2)
    with LammpsEngine(engine_potential(SILICON), ("Si",), ATOM_SI, atoms.cell.array) as engine:
        rest = engine.evaluate(atoms.positions)
        hessian = engine_hessian(engine, atoms.positions)
    assert rest.energy / 64 == pytest.approx(-2 * 2.1683, rel=1e-5) and abs(rest.pressure) < 1e-4
    assert hessian.step < 1e-4 and hessian.asymmetry < 1e-7 and hessian.sum_rule < 1e-8
    # formulas leave the error of the step only: the same over a step three times as long
    with LammpsEngine(engine_potential(SILICON), ("Si",), ATOM_SI, atoms.cell.array) as engine:
        longer = engine_hessian(engine, atoms.positions, step=1.5e-4)
    assert np.abs((hessian.matrix - longer.matrix).toarray()).max() < 1e-6 * hessian.matrix.max()


def test_density_of_a_start_is_that_asked_for(silicon: AlloyGlass) -> None:
    settings = {"potential": SILICA, "n_atoms": 48, "composition": {"Si": 1 / 3, "O": 2 / 3}}
    with pytest.raises(InputError, match=r"no simple crystal of 'O' is known.*choose start_density"):
        make_alloy_glass(AlloyParameters(**settings), np.random.default_rng(1))
    with pytest.raises(InputError, match=r"start_density = -1\.0 must be positive"):
        check_alloy_protocol(AlloyParameters(**settings, start_density=-1.0))
    for density in (2.2, 1e9):  # in g/cm^3, or anything
        with pytest.raises(InputError, match=r"start_density = .*; expected 100 to 40000 kg/m\^3"):
            check_alloy_protocol(AlloyParameters(**settings, start_density=density))
    with pytest.raises(InputError, match="has no element 'Ge'"):
        check_alloy_protocol(AlloyParameters(SILICA, 48, {"Ge": 1 / 3, "O": 2 / 3}, start_density=2200.0))
    density = float(ATOMIC_SCALES.to_si(silicon.mass_n.sum() / silicon.volume, "density"))
    assert 2200 < density < 2700  # amorphous silicon of this potential, quenched at once, at zero pressure
    assert abs(silicon.pressure) < 1e-7 and silicon.max_force < 1e-9


def test_soft_modes_of_a_silicon_glass(silicon: AlloyGlass) -> None:
    found = soft_modes_of_engine(silicon, 3)
    assert found.omega_m[0] ** 2 == pytest.approx(silicon.lowest_eigenvalue, rel=1e-4)
    assert found.n_zero_modes == 3 and np.abs(found.curvature_gap_m).max() < 1e-6
    assert (found.chi_relaxed_m < found.chi_bare_m).all() and found.hessian_error < 1e-6
    step_nc = found.vectors_mnc[0] / np.sqrt(silicon.mass_n)[:, None]
    s = 0.02 / np.abs(step_nc).max()  # the energy itself, along the mode
    with silicon.engine() as engine:
        energies = [engine.evaluate(silicon.positions_nc + k * s * step_nc).energy for k in (-2, -1, 0, 1, 2)]
    fourth = (energies[0] - 4 * energies[1] + 6 * energies[2] - 4 * energies[3] + energies[4]) / s**4
    third = (-energies[0] + 2 * energies[1] - 2 * energies[3] + energies[4]) / (2 * s**3)
    assert fourth == pytest.approx(found.chi_bare_m[0], rel=0.05)
    assert third == pytest.approx(found.tau_m[0], rel=0.1)
    shaken = silicon.to_atoms()
    shaken.rattle(0.1, seed=1)
    with pytest.raises(NotAMinimum, match="not at a minimum"):
        soft_modes_of_engine(alloy_glass(shaken, SILICON, minimise=False), 3)


def test_silica_is_a_network_of_its_potential() -> None:
    """High cristobalite of Vashishta's potential: forces vanish by symmetry, silicon attracts oxygen."""
    cell = 7.16
    silicon = ase.build.bulk("Si", "diamond", a=cell, cubic=True)
    middles = [
        0.5 * (silicon.positions[i] + silicon.positions[i] + vector)
        for i in range(8)
        for j in range(8)
        for vector in [silicon.get_distance(i, j, mic=True, vector=True)]
        if i < j and np.linalg.norm(vector) < 0.45 * cell
    ]
    atoms = silicon + ase.Atoms(f"O{len(middles)}", middles)
    atoms.wrap()
    species_n = (atoms.numbers == 8).astype(np.int64)
    with LammpsEngine(engine_potential(SILICA), ("Si", "O"), species_n, atoms.cell.array) as engine:
        rest = engine.evaluate(atoms.positions)
        bent_nc = atoms.positions.copy()
        bent_nc[8] += 0.05
        assert engine.evaluate(bent_nc).energy != rest.energy
    assert len(atoms) == 24 and np.abs(rest.forces_nc).max() < 1e-9
    assert -28 < rest.energy / 8 < -24  # of a formula unit; quartz has 27 eV by this potential
