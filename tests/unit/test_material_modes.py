"""Soft modes of real materials from the command line, glasses from study files, and errors that kinks cannot hide."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import ase
import ase.build
import ase.io
import numpy as np
import pytest
from verbs import command_line

from analysis.annealing.config import load_glass_study
from analysis.soft_modes.any_calculator import agreed, soft_modes_of_forces
from analysis.soft_modes.any_result import KINKED
from atomsim.engines.lammps import require_lammps
from atomsim.errors import InputError, MissingExtra
from atomsim.finite_difference import LONGEST_STEP, Forces, closest_distance, derivatives_along
from atomsim.formats import write_glass
from atomsim.formats.alloys import read_alloy_glass
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.structure import random_start
from atomsim.units import ATOMIC_MASS, ELECTRON_VOLT, REDUCED

try:
    require_lammps()
except MissingExtra as missing:
    NO_LAMMPS = str(missing)
else:
    NO_LAMMPS = ""

SMOOTH = "binary-inverse-power:n=24,q=3,cutoff=1.8"  # no kink is felt at its cut-off
SPACING, JUMP = 0.004, 0.1  # of kinks: stretch of a pair between them, and jump of its stiffness; that is about 50
SILICON = "sw:Si.sw"
STUDY = """
[study]
seed = 3

[glass]
potential = "sw:Si.sw"
composition = { Si = 1.0 }
sizes = [32]
samples = [1]
temperature = 3000.0
melt_time = 0.2
time_step = 0.001
"""
EXAMPLE = Path(__file__).parents[2] / "examples" / "silicon.toml"
needs_lammps = pytest.mark.skipif(bool(NO_LAMMPS), reason=f"LAMMPS cannot be used here: {NO_LAMMPS}")


@pytest.fixture(scope="module")
def smooth_glass() -> Glass:
    atoms = random_start(get_model(SMOOTH), 64, 0.7, np.random.default_rng(5))
    return inherent_structure(atoms, SMOOTH, on_saddle="push")


def kinked_forces(glass: Glass) -> Forces:
    """Those of the glass and of springs between neighbours in the list, whose stiffness jumps every now and then."""
    interaction, phase = glass.interaction(), np.random.default_rng(1).random(glass.positions_nc.shape)

    def pull(stretch_nc: np.ndarray) -> np.ndarray:
        place = stretch_nc / SPACING + phase
        return JUMP * SPACING * (np.abs(place - 2 * np.round(place / 2)) - np.abs(phase - 2 * np.round(phase / 2)))

    def forces(place_nc: np.ndarray) -> np.ndarray:
        moved_nc = place_nc - glass.positions_nc
        spring_nc = pull(np.roll(moved_nc, -1, axis=0) - moved_nc)
        return interaction.terms(place_nc).forces() + spring_nc - np.roll(spring_nc, 1, axis=0)

    return forces


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("material") / "silicon.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_errors_cover_every_ladder() -> None:
    names = ("tau_m", "tau_error_m", "chi_bare_m", "chi_error_m", "chi_relaxed_m", "chi_relaxed_error_m")
    first = dict(zip(names, (1.0, 0.1, 2.0, 0.2, 1.0, 0.3), strict=True))
    second = dict(zip(names, (1.1, 0.1, 2.0, 0.1, -1.0, 0.1), strict=True))
    third = dict(zip(names, (1.0, 0.1, 2.1, 0.1, 1.0, 0.1), strict=True))
    found = agreed([first, second, third])
    expected = (1.0, pytest.approx(0.1), 2.0, 0.2, 1.0, 2.0)
    assert tuple(found[name] for name in names) == expected
    assert found["disagreement_m"] == pytest.approx(2.0 / 0.4)


def test_ladders_betray_forces_with_kinks(smooth_glass: Glass) -> None:
    """Where second derivatives jump, ladders contradict each other beyond their errors; most of it is covered."""
    positions_nc, mass_n, forces = smooth_glass.positions_nc, smooth_glass.mass_n, kinked_forces(smooth_glass)
    longest = LONGEST_STEP * closest_distance(smooth_glass.to_atoms())
    found = soft_modes_of_forces(
        forces, positions_nc, mass_n, 8, closest=longest / LONGEST_STEP, periodic=True, units=REDUCED, step=2e-4
    )
    assert found.disagreement_m.max() > KINKED
    assert len(found.remarks) == 1 and "Forces have kinks" in found.remarks[0]
    single, told = [], []
    for k, vector_nc in enumerate(found.vectors_mnc):
        ladders = [derivatives_along(forces, positions_nc, vector_nc, longest=x * longest) for x in (1.0, 0.9, 0.7)]
        for other in ladders[1:]:
            apart = abs(other.chi - ladders[0].chi)
            single.append(apart / (ladders[0].chi_error + other.chi_error))
            told.append(apart / (found.chi_error_m[k] + other.chi_error))
    assert np.quantile(told, 0.9) < 1.0  # these ladders were not looked at; single ones may still disagree
    assert sum(told) < sum(single)


def test_missing_start_density_leaves_keys_of_results_alone(study_file: Path) -> None:
    if NO_LAMMPS:
        pytest.skip(NO_LAMMPS)
    without = load_glass_study(study_file).glass.protocol()
    assert "start_density" not in without
    chosen = load_glass_study(study_file, ["glass.start_density=2200.0"]).glass.protocol()
    assert chosen == without | {"start_density": 2200.0}
    assert load_glass_study(EXAMPLE).glass.potential == SILICON


@needs_lammps
def test_glass_and_soft_modes_of_silicon(study_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    atomsim = command_line(capsys)
    status, out, _ = atomsim("glass", study_file, "--out", tmp_path / "si", "--json")
    (row,) = json.loads(out)["glasses"]
    assert status == 0 and row["group"] == "glass/N32/0000" and row["n_atoms"] == 32
    assert 2000 < row["density_kg_m3"] < 3000 and abs(row["pressure_eV_A3"]) < 1e-7
    assert atomsim("glass", study_file, "--out", tmp_path / "si", "--json")[1] == out  # kept
    file = f"{tmp_path / 'si' / 'results.h5'}:{row['group']}"
    status, out, err = atomsim("soft-modes", file, "--potential", SILICON, "--count", 2, "--json")
    document = json.loads(out)
    mode = document["modes"][0]
    assert status == 0 and len(document["modes"]) == 2 and "Hessian: 100 %" in err
    assert mode["frequency_THz"] == pytest.approx(row["lowest_frequency_THz"], rel=1e-4)
    assert mode["si"]["omega"] == pytest.approx(2 * math.pi * 1e12 * mode["frequency_THz"])
    assert mode["si"]["chi_bare"] == pytest.approx(mode["chi_bare"] * ELECTRON_VOLT / ATOMIC_MASS**2 * 1e40)
    assert set(mode) - {"si"} <= set(document["units"]) and set(mode["si"]) == set(document["si_units"])
    assert mode["chi_error"] > 0 and document["remarks"] == []
    for name, unit in (("linear_coupling", "eV/(sqrt(amu) angstrom)"), ("quadratic_coupling", "eV/(amu angstrom^2)")):
        tensor_cc = np.array(mode[name])
        assert tensor_cc.shape == (3, 3) and (tensor_cc == tensor_cc.T).all() and document["units"][name] == unit
        assert 0 < mode[f"{name}_error"] < 0.01 * np.abs(tensor_cc).max()
    assert mode["quadratic_coupling_bare"] != mode["quadratic_coupling"]
    assert document["si_units"]["quadratic_coupling"] == "J/(kg m^2)"
    status, out, _ = atomsim("soft-modes", file, "--potential", SILICON, "--count", 1)
    assert status == 0 and "nu [THz]" in out and " ± " in out and "Lambda2 relaxed t" in out


@needs_lammps
@pytest.mark.parametrize(
    ("change", "arguments", "status", "expected"),
    [
        ("", ("--potential", "sw:Sii.sw"), 2, r"'Sii\.sw'.*did you mean 'Si\.sw'"),
        ("", ("--potential", "tersoff:Si.sw"), 2, "14 parameters each"),
        ("", ("--potential", SILICON, "--count", "0"), 2, "--count 0: expected at least one mode"),
        ("Ge", ("--potential", SILICON), 2, "no element 'Ge'; it has Si"),
        ("open", ("--potential", SILICON), 2, "expected all three directions"),
        ("shaken", ("--potential", SILICON), 1, r"--minimise moves it.*is not at a minimum"),
        ("loose", ("--potential", SILICON), 1, r"nothing holds atom 8: no force reaches it .* remove such rattlers"),
        ("alone", ("--potential", SILICON), 2, r"si\.xyz: 1 atom; expected at least two"),
        ("nanometres", ("--potential", SILICON), 2, r"atoms \d+ \(Si\) and \d+ \(Si\) are 0\.235 angstrom apart"),
        ("", ("--potential", "sww:Si.sw"), 2, r"unknown potential 'sww'; did you mean 'sw'\?.* vashishta:FILE"),
    ],
)
def test_mistakes_with_materials_are_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: str,
    arguments: tuple[str, ...],
    status: int,
    expected: str,
) -> None:
    atoms = ase.build.bulk("Si", "diamond", a=5.43095, cubic=True)
    if change == "Ge":
        atoms.symbols[3] = "Ge"
    elif change == "open":
        atoms.pbc = False
    elif change == "shaken":
        atoms.rattle(0.1, seed=1)
    elif change == "loose":
        atoms.set_cell([5.43095, 5.43095, 25.0])
        atoms += ase.Atoms("Si", [[2.0, 2.0, 15.0]])
    elif change == "alone":
        atoms = atoms[:1]
    elif change == "nanometres":
        atoms.set_cell(0.1 * atoms.cell.array, scale_atoms=True)
    ase.io.write(tmp_path / "si.xyz", atoms, format="extxyz")
    code, out, err = command_line(capsys)("soft-modes", tmp_path / "si.xyz", *arguments)
    assert (code, out) == (status, "")
    assert re.search(expected, err), err


@needs_lammps
def test_files_without_a_glass_of_a_material_are_named(smooth_glass: Glass, tmp_path: Path) -> None:
    write_glass(tmp_path / "pairs.h5", smooth_glass)
    with pytest.raises(InputError, match=r"pairs\.h5: holds no glass of a real material"):
        read_alloy_glass(str(tmp_path / "pairs.h5"), SILICON)


def test_atoms_that_nothing_holds_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apart = ase.Atoms("H2", [[0.0, 0.0, 0.0], [10.0, 0.0, 0.0]], cell=[20.0] * 3, pbc=True)
    ase.io.write(tmp_path / "apart.xyz", apart, format="extxyz")
    for verb in ("modes", "soft-modes"):
        status, out, err = command_line(capsys)(verb, tmp_path / "apart.xyz", "--potential", SMOOTH)
        assert (status, out) == (1, "")
        assert re.search(r"apart\.xyz: nothing holds atom 0 \(0 neighbours\), 1 \(0 neighbours\); remove", err), err


def test_pair_models_and_potentials_of_lammps_have_their_verbs(
    study_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    atomsim = command_line(capsys)
    status, _, err = atomsim("modes", tmp_path / "si.xyz", "--potential", SILICON)
    assert status == 2 and "soft-modes takes potentials of LAMMPS" in err
    status, _, err = atomsim("density", tmp_path / "si.xyz", "--potential", SILICON)
    assert status == 2 and "'sw:Si.sw' is a file of LAMMPS; expected a pair model: laird-schober" in err
    status, _, err = atomsim("modes", tmp_path / "si.xyz", "--potential", SMOOTH, "--method", "dense")
    assert status == 2 and "--method dense: whole spectra have one method" in err
    status, _, err = atomsim("glass", study_file, "--set", "glass.potential=laird-schober")
    assert status == 2 and "pair models have 'atomsim run'" in err
