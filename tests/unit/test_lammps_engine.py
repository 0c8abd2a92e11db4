"""LAMMPS as an engine: forces, pressure, Hessian, elastic constants, exchanges of species, glasses and anneals."""

from __future__ import annotations

import importlib
from pathlib import Path

import ase
import numpy as np
import pytest
from tiny_alloy import CUZR, SPACING, b2, pair_energy, tiny_glass, write_pair_potential

from analysis.excitations import Alloy, alloy_of_glass, swap_forces
from analysis.excitations.displacements import static_displacements
from analysis.excitations.engine_mechanics import (
    _Exchanges,
    elastic_constants,
    lowest_vibrations,
    mechanics_of_engine,
    near_pairs,
)
from atomsim.annealing import AnnealParameters
from atomsim.engines import engine_potential
from atomsim.engines.annealing import anneal_alloy
from atomsim.engines.glass import (
    AlloyGlass,
    AlloyParameters,
    alloy_glass,
    check_alloy_protocol,
    composition_counts,
    make_alloy_glass,
)
from atomsim.engines.hessian import certify_hessian, engine_hessian
from atomsim.engines.lammps import LammpsEngine, require_lammps
from atomsim.ensemble import map_samples
from atomsim.errors import InputError, MissingExtra, NotAMinimum, NotConverged
from atomsim.formats.alloys import read_alloy_glass
from atomsim.store import write_result

try:
    require_lammps()
except MissingExtra as missing:
    pytest.skip(f"LAMMPS cannot be used here: {missing}", allow_module_level=True)

TABLES = 2e-3  # second derivatives of interpolated tables scatter by this share of the largest


def engine_of(atoms: ase.Atoms, potential: str = CUZR) -> LammpsEngine:
    species_n = (atoms.numbers == 40).astype(np.int64)
    return LammpsEngine(engine_potential(potential), ("Cu", "Zr"), species_n, atoms.cell.array)


@pytest.fixture(scope="module")
def glass() -> AlloyGlass:
    return tiny_glass(1)


@pytest.fixture(scope="module")
def pair_potential(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_pair_potential(tmp_path_factory.mktemp("potential") / "pair.eam.alloy")


@pytest.fixture(scope="module")
def pair_crystal(pair_potential: str) -> AlloyGlass:
    """A crystal of nearly equal atoms at rest: exchanges are small perturbations."""
    atoms = ase.build.bulk("Cu", "fcc", a=SPACING * 2**0.5, cubic=True).repeat(3)
    numbers = np.where(np.random.default_rng(2).random(len(atoms)) < 0.4, 40, 29)
    atoms.numbers = numbers
    return alloy_glass(atoms, pair_potential)


def test_engine_forces_are_the_gradient_of_the_energy() -> None:
    atoms = b2("CuZr", 3, 3.25, shaken=0.1)
    with engine_of(atoms) as engine:
        forces_nc = engine.evaluate(atoms.positions).forces_nc
        assert np.abs(forces_nc.sum(axis=0)).max() < 1e-10
        for place in ((0, 0), (17, 1), (53, 2)):
            energies = []
            for sign in (1, -1):
                moved_nc = atoms.positions.copy()
                moved_nc[place] += sign * 1e-4
                energies.append(engine.evaluate(moved_nc).energy)
            assert forces_nc[place] == pytest.approx(-(energies[0] - energies[1]) / 2e-4, abs=1e-5)
        moved_nc[0] += 0.02
        assert np.array_equal(engine.forces(moved_nc), engine.evaluate(moved_nc).forces_nc)
        around = moved_nc + 3 * engine.cell_cc[0]  # other images of the same atoms
        assert engine.forces(around) == pytest.approx(engine.forces(moved_nc), abs=1e-11)


def test_engine_pressure_is_the_derivative_of_the_energy_by_the_edges() -> None:
    atoms = b2("CuZr", 3, 3.2, shaken=0.05)
    with engine_of(atoms) as engine:
        rest, volume = engine.evaluate(atoms.positions), engine.volume
    for axis in range(3):
        energies = []
        for sign in (1, -1):
            stretched = atoms.copy()
            stretched.set_cell(atoms.cell.array * (1 + sign * 1e-5 * (np.arange(3) == axis)), scale_atoms=True)
            with engine_of(stretched) as engine:
                energies.append(engine.evaluate(stretched.positions).energy)
        slope = (energies[0] - energies[1]) / 2e-5
        assert rest.pressure_c[axis] == pytest.approx(-slope / volume, rel=1e-5)
    assert rest.pressure == pytest.approx(rest.pressure_c.mean())


def test_energy_of_a_crystal_is_that_of_an_input_script() -> None:
    atoms = b2("CuZr", 4, 3.27)
    script = require_lammps().lammps(cmdargs=["-log", "none", "-screen", "none"])
    script.commands_string(
        f"""
        units metal
        lattice bcc 3.27
        region box block 0 4 0 4 0 4
        create_box 2 box
        create_atoms 1 box basis 1 1 basis 2 2
        mass * 50.0
        pair_style eam/fs
        pair_coeff * * {engine_potential(CUZR).path} Cu Zr
        run 0 post no
        """
    )
    expected = script.get_thermo("pe") / script.get_natoms()
    script.close()
    with engine_of(atoms) as engine:
        assert engine.evaluate(atoms.positions).energy / len(atoms) == pytest.approx(expected, rel=1e-12)
    assert expected < -4.5  # the crystal is bound more strongly than any glass of this potential


def test_engine_hessian_obeys_exact_laws(glass: AlloyGlass) -> None:
    with glass.engine() as engine:
        found = engine_hessian(engine, glass.positions_nc)
        field_nc = np.random.default_rng(1).standard_normal((glass.n_atoms, 3))
        energies = [engine.evaluate(glass.positions_nc + h * field_nc).energy for h in (-2e-3, 0.0, 2e-3)]
    assert found.asymmetry < TABLES and found.sum_rule < 1e-5
    matrix = found.matrix
    assert np.abs((matrix - matrix.T).data).max(initial=0.0) < 1e-12
    assert np.abs(matrix @ np.tile(np.eye(3), (glass.n_atoms, 1))).max() < 1e-11
    curvature = (energies[0] - 2 * energies[1] + energies[2]) / 4e-6
    assert float(field_nc.ravel() @ (matrix @ field_nc.ravel())) == pytest.approx(curvature, rel=TABLES)
    certificate = certify_hessian(matrix, glass.mass_n, glass.max_force)
    assert (certificate.n_zero_modes, certificate.n_negative) == (3, 0)
    soft = lowest_vibrations(matrix, glass.mass_n, 4)
    assert soft.omega_m[0] ** 2 == pytest.approx(glass.lowest_eigenvalue, rel=1e-6)
    assert np.einsum("mnc,knc->mk", soft.vectors_mnc, soft.vectors_mnc) == pytest.approx(np.eye(4), abs=1e-9)


def test_alloy_glasses_are_minima_at_zero_pressure(glass: AlloyGlass) -> None:
    assert glass.elements == ("Cu", "Zr") and np.bincount(glass.species_n).tolist() == [36, 24]
    assert glass.max_force < 2e-10 and abs(glass.pressure) < 1e-7
    assert (glass.n_zero_modes, glass.n_negative) == (3, 0) and glass.lowest_eigenvalue > 0
    assert glass.energy < glass.parent_energy
    assert 15.0 < glass.volume / glass.n_atoms < 18.0
    assert glass.mass_n.min() == pytest.approx(63.546) and glass.mass_n.max() == pytest.approx(91.224)
    assert alloy_of_glass(glass).names == ("Cu", "Zr")
    with pytest.raises(InputError, match="no pair model"):
        glass.interaction()


def test_glasses_of_an_engine_depend_on_their_seed_alone(glass: AlloyGlass) -> None:
    again, other = map_samples(tiny_glass, [1, 2], workers=2)  # in processes of their own
    assert np.array_equal(again.positions_nc, glass.positions_nc) and again.energy == glass.energy
    assert not np.array_equal(other.positions_nc, glass.positions_nc)


def test_annealed_frames_of_an_engine_are_minima_that_continue_the_glass(glass: AlloyGlass) -> None:
    parameters = AnnealParameters(1200.0, 0.4, time_step=0.002, first_time=0.02, per_decade=3)
    found = anneal_alloy(glass, parameters, np.random.default_rng(1))
    assert found.time_t[0] == 0 and found.time_t[-1] == pytest.approx(0.4)
    assert np.array_equal(found.positions_tnc[0], glass.positions_nc) and found.energy_t[0] == glass.energy
    with glass.engine() as engine:
        for k, positions_nc in enumerate(found.positions_tnc):
            rest = engine.evaluate(positions_nc)
            assert np.abs(rest.forces_nc).max() < 2e-9
            assert rest.energy / glass.n_atoms == pytest.approx(found.energy_t[k], rel=1e-12)
    moved_tnc = found.positions_tnc - glass.positions_nc
    assert np.abs(np.einsum("n,tnc->tc", glass.mass_n, moved_tnc)).max() < 1e-9
    assert np.linalg.norm(moved_tnc, axis=2).max() < 0.5 * glass.cell_cc[0, 0]  # no atom jumps to another image
    assert found.kinetic_temperature == pytest.approx(1200, rel=0.2)
    cold = anneal_alloy(glass, AnnealParameters(0.01, 0.1, 0.002, 0.02, 1), np.random.default_rng(1))
    assert cold.positions_tnc[-1] == pytest.approx(glass.positions_nc, abs=1e-6)


def test_engine_moduli_are_those_of_relaxed_boxes(glass: AlloyGlass) -> None:
    with glass.engine() as engine:
        hessian = engine_hessian(engine, glass.positions_nc).matrix
    stiffness_cc, strain_ncc = elastic_constants(glass, hessian)
    pressures, single = [], []
    for sign in (1, -1):
        for stretch, kept in ((np.full(3, 1 + sign * 5e-4), pressures), (np.array([1 + sign * 5e-4, 1, 1]), single)):
            potential = engine_potential(glass.model)
            with LammpsEngine(potential, glass.elements, glass.species_n, glass.cell_cc * stretch) as engine:
                kept.append(engine.evaluate(engine.descend(glass.positions_nc * stretch, tolerance=1e-9)).pressure_c)
    bulk = -(pressures[0] - pressures[1]).mean() / (3 * 1e-3)
    assert stiffness_cc.mean() == pytest.approx(bulk, rel=0.01)
    assert stiffness_cc[:, 0] == pytest.approx(-(single[0] - single[1]) / 1e-3, rel=0.02)
    assert np.linalg.eigvalsh(stiffness_cc).min() > 0
    field_nc = np.random.default_rng(4).standard_normal((glass.n_atoms, 3))
    with glass.engine() as engine:
        sides = [engine.evaluate(glass.positions_nc + h * field_nc).pressure_c for h in (2e-3, -2e-3)]
    coupled = np.einsum("nca,nc->a", strain_ncc, field_nc) / glass.volume
    assert (sides[0] - sides[1]) / 4e-3 == pytest.approx(coupled, abs=0.01 * np.abs(coupled).max())


def exchanges_of(glass: AlloyGlass, alloy: Alloy, engine: LammpsEngine) -> tuple[_Exchanges, np.ndarray]:
    exchanges = _Exchanges(engine, glass.positions_nc, alloy.occupation_n, lambda what, share: None)
    return exchanges, swap_forces(exchanges.forces, alloy.occupation_n)


def test_exchanges_of_a_pair_potential_give_its_ordering_energy(pair_crystal: AlloyGlass) -> None:
    alloy = alloy_of_glass(pair_crystal)
    pairs = near_pairs(alloy, 3.0)
    assert len(pairs) == 6 * pair_crystal.n_atoms  # twelve neighbours in the first shell of fcc
    with pair_crystal.engine() as engine:
        exchanges, forces_ncl = exchanges_of(pair_crystal, alloy, engine)
        ordering_ll = exchanges.ordering(pairs[:40])
    first, second = pairs[:40].T
    edge = pair_crystal.cell_cc[0, 0]
    vector = pair_crystal.positions_nc[first] - pair_crystal.positions_nc[second]
    distance = np.linalg.norm(vector - edge * np.round(vector / edge), axis=1)
    expected = pair_energy("AA", distance) + pair_energy("BB", distance) - 2 * pair_energy("AB", distance)
    assert ordering_ll[first, second] == pytest.approx(expected, abs=1e-9)
    assert np.array_equal(ordering_ll, ordering_ll.T) and np.count_nonzero(ordering_ll) == 80
    assert np.abs(forces_ncl.sum(axis=0)).max() < 1e-12


def test_displacements_of_an_exchange_are_those_of_the_relaxed_alloy(pair_crystal: AlloyGlass) -> None:
    alloy = alloy_of_glass(pair_crystal)
    with pair_crystal.engine() as engine:
        hessian = engine_hessian(engine, pair_crystal.positions_nc).matrix
        _, forces_ncl = exchanges_of(pair_crystal, alloy, engine)
    equal = np.ones(pair_crystal.n_atoms)  # a descent keeps the mean position
    field_nc = static_displacements(hessian, forces_ncl[:, :, [7]], equal)[:, :, 0] * (1 - 2 * alloy.occupation_n[7])
    species_n = pair_crystal.species_n.copy()
    species_n[7] = 1 - species_n[7]
    potential = engine_potential(pair_crystal.model)
    with LammpsEngine(potential, pair_crystal.elements, species_n, pair_crystal.cell_cc) as engine:
        moved_nc = engine.descend(pair_crystal.positions_nc, tolerance=1e-11) - pair_crystal.positions_nc
    assert np.abs(moved_nc).max() > 1e-4
    assert moved_nc == pytest.approx(field_nc, abs=0.03 * np.abs(moved_nc).max())


def test_mechanics_of_an_engine_are_consistent(glass: AlloyGlass) -> None:
    alloy = alloy_of_glass(glass)
    seen: list[tuple[str, float]] = []
    found = mechanics_of_engine(
        glass, alloy, soft_modes=5, ordering_reach=2.6, progress=lambda what, share: seen.append((what, share))
    )
    mechanics = found.mechanics
    assert set(mechanics.constants) == {"literal", "ordering", "relaxed"}
    assert np.linalg.eigvalsh(mechanics.inertia_ll)[1:].min() > 0
    flat = mechanics.displacement_ncl.reshape(-1, glass.n_atoms)
    strain_ll = flat.T @ (mechanics.hessian @ flat)
    assert mechanics.form("literal") == pytest.approx(strain_ll, abs=1e-9 * np.abs(strain_ll).max())
    assert mechanics.form("ordering") - mechanics.form("relaxed") == pytest.approx(strain_ll, abs=1e-9)
    assert found.volume_change > 0  # zirconium is the larger ion
    assert 0.2 < found.poisson < 0.5 and len(found.soft.omega_m) == 5
    assert {what for what, _ in seen} == {"Hessian", "exchanges", "pairs"} and seen[-1][1] == 1.0
    literal = mechanics_of_engine(glass, alloy, soft_modes=5, ordering_reach=None).mechanics
    assert set(literal.constants) == {"literal"}
    assert np.array_equal(literal.displacement_ncl, mechanics.displacement_ncl)


def test_glass_of_an_engine_survives_the_store(glass: AlloyGlass, tmp_path: Path) -> None:
    write_result(tmp_path / "glass.h5", glass)
    again = read_alloy_glass(str(tmp_path / "glass.h5"), CUZR)
    assert np.array_equal(again.positions_nc, glass.positions_nc) and again.elements == glass.elements
    assert np.array_equal(read_alloy_glass(f"{tmp_path / 'glass.h5'}:result", CUZR).mass_n, glass.mass_n)
    glass.to_atoms().write(tmp_path / "glass.xyz")
    read = read_alloy_glass(str(tmp_path / "glass.xyz"), CUZR)  # eight decimals are enough for a minimum
    assert read.energy == pytest.approx(glass.energy, rel=1e-12)
    shaken = glass.to_atoms()
    shaken.rattle(0.05, seed=1)
    shaken.write(tmp_path / "shaken.xyz")
    with pytest.raises(NotAMinimum, match=r"shaken\.xyz.*--minimise.*eV/angstrom"):
        read_alloy_glass(str(tmp_path / "shaken.xyz"), CUZR)
    (tmp_path / "none.h5").write_bytes((tmp_path / "glass.h5").read_bytes())
    with pytest.raises(InputError, match="no such file"):
        read_alloy_glass(str(tmp_path / "absent.xyz"), CUZR)


@pytest.mark.parametrize(
    ("potential", "complaint"),
    [
        ("eam/sf:CuZr_mm.eam.fs", "unknown pair style 'eam/sf'; did you mean 'eam/fs'"),
        ("eam/fs", "expected eam/fs:FILE"),
        ("eam/fs:CuZr_mn.eam.fs", r"did you mean 'CuZr_mm\.eam\.fs'"),
        ("eam/fs:Si.sw", "line 4"),
    ],
)
def test_wrong_potentials_of_an_engine_are_refused(potential: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        engine_potential(potential)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"composition": {"Cu": 0.5, "Zn": 0.5}}, "no element 'Zn'; did you mean 'Zr'"),
        ({"composition": {"Cu": 0.5, "Zr": 0.4}}, "adds up to 0.9"),
        ({"composition": {"Cu": 0.999, "Zr": 0.001}}, "no atom among 60"),
        ({"composition": {"Cu": 1.5, "Xx": -0.5}}, "Cu = 1.5"),
        ({"temperature": 0.0}, "temperature = 0"),
        ({"melt_time": -1.0}, "melt_time"),
        ({"cooling_rate": 0.0}, "cooling_rate"),
        ({"final_temperature": 3000.0}, "final_temperature"),
    ],
)
def test_wrong_protocols_of_an_alloy_are_refused(changes: dict, complaint: str) -> None:
    settings = {"potential": CUZR, "n_atoms": 60, "composition": {"Cu": 0.6, "Zr": 0.4}} | changes
    with pytest.raises(InputError, match=complaint):
        check_alloy_protocol(AlloyParameters(**settings))


def test_shares_of_a_composition_are_rounded_to_atoms() -> None:
    elements, counts = composition_counts({"Zr": 0.36, "Cu": 0.64}, 1000)
    assert elements == ("Cu", "Zr") and counts.tolist() == [640, 360]
    assert composition_counts({"Zr": 1 / 3, "Cu": 1 / 3, "Al": 1 / 3}, 100)[1].sum() == 100


def test_wrong_configurations_of_an_engine_are_refused() -> None:
    atoms = b2("CuZr", 2, 3.25)
    with engine_of(atoms) as engine, pytest.raises(InputError, match="finite"):
        engine.evaluate(np.full((16, 3), np.nan))
    slanted = atoms.copy()
    slanted.cell[0, 1] = 0.5
    with pytest.raises(InputError, match="orthogonal"):
        engine_of(slanted)
    slab = atoms.copy()
    slab.pbc = (True, True, False)
    with pytest.raises(InputError, match="all three directions"):
        alloy_glass(slab, CUZR)
    with engine_of(atoms) as engine:
        engine.start(atoms.positions, temperature=300.0, rng=np.random.default_rng(0))
        with pytest.raises(NotConverged, match="may be too long"):
            engine.run(100, temperatures=(300.0, 300.0), time_step=0.05)
    with pytest.raises(InputError, match="half the box"):
        near_pairs(Alloy(atoms.positions, atoms.cell.array, (atoms.numbers == 40).astype(np.int64)), 9.0)


def test_missing_lammps_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = importlib.import_module

    def without(name: str, *args: object) -> object:
        if name.startswith("mpi4py"):
            raise ImportError("libmpi.so.12: cannot open shared object file")
        return imported(name, *args)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingExtra, match=r"mpi4py and mpich.*'atomsim\[lammps\]'"):
        make_alloy_glass(AlloyParameters(CUZR, 8, {"Cu": 0.5, "Zr": 0.5}), np.random.default_rng(1))


# --- what goes wrong, and what is counted --------------------------------------------------------------------


@pytest.mark.parametrize("apart", [0.0, np.inf])
def test_numbers_that_are_none_name_the_potential_and_what_to_do(apart: float) -> None:
    atoms = b2("CuZr", 3, 3.25)
    together_nc = atoms.positions.copy()
    with engine_of(atoms) as engine:
        assert np.isfinite(engine.forces(together_nc)).all()  # the quick way, which forces take from here on
        if apart:
            together_nc[7, 1] = apart
            with pytest.raises(InputError, match="expected finite numbers"):
                engine.evaluate(together_nc)
            return
        together_nc[7] = together_nc[4]
        for compute in (engine.forces, engine.evaluate):
            with pytest.raises(NotConverged, match=r"'eam/fs:CuZr_mm\.eam\.fs': .*atoms lie on each other") as caught:
                compute(together_nc)
            assert np.array_equal(caught.value.estimate, together_nc)
        assert np.isfinite(engine.evaluate(atoms.positions).energy)  # the engine is still good


def test_boxes_that_lammps_refuses_name_the_potential_and_the_box() -> None:
    atoms = b2("CuZr", 3, 3.25)
    atoms.set_cell(1e-3 * atoms.cell.array, scale_atoms=True)  # as if someone had written nanometres and more
    with engine_of(atoms) as engine:
        for compute in (engine.evaluate, engine.forces):
            words = r"(?s)'eam/fs:CuZr_mm\.eam\.fs': .* box of 0\.00975 x .*other units than the potential's"
            with pytest.raises(InputError, match=words):
                compute(atoms.positions)


def test_evaluations_of_a_descent_are_those_that_lammps_counts(tmp_path: Path) -> None:
    """LAMMPS tells its count in its log alone, without the first and last look at the forces of each method."""
    atoms = b2("CuZr", 3, 3.25, shaken=0.2)
    with engine_of(atoms) as engine:
        engine._lammps.command(f"log {tmp_path / 'log'}")
        engine.descend(atoms.positions, tolerance=1e-8)
        engine._lammps.command("log none")
        counted, steps = engine.n_evaluations, engine._lammps.extract_global("ntimestep")
    told = [
        line.split("=")[1].split() for line in (tmp_path / "log").read_text().splitlines() if "evaluations =" in line
    ]
    assert steps == sum(int(step) for step, _ in told)
    own = sum(int(evaluations) for _, evaluations in told)
    assert own + 2 <= counted <= own + 4
    assert own > 1.2 * steps  # line searches look more than once
