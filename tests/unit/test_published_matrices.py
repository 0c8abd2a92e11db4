"""Matrices and glasses that other programs published: frequencies and participation ratios, as far as their digits go.

The files are no part of the project. The environment variable ATOMSIM_CASES names the folder that holds them.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path

import ase
import numpy as np
import pytest
from scipy import constants

from analysis.modes.foreign import MatrixModes, frequencies, modes_of_matrix, remarks_of
from analysis.soft_modes.any_calculator import modes_of_differences
from atomsim.engines import engine_potential
from atomsim.engines.lammps import LammpsEngine, require_lammps
from atomsim.errors import InputError, MissingExtra
from atomsim.finite_difference import (
    THREE_POINTS,
    DifferenceHessian,
    closest_distance,
    derivatives_along,
    difference_rows,
)
from atomsim.force_constants import ForceConstants, read_force_constants
from atomsim.formats import read_structure

RELATIVE = 1e-6  # of frequencies
THIRD_DERIVATIVES = 1e-3  # by differences over 1e-3 angstrom [eV/A^3, or shares of the largest]
PRINTED_CM = 0.5e-4  # GULP prints four decimals of 1/cm
DIFFERENCES = 1e-8  # relative error of these frequencies, by differences of forces over 4e-5 angstrom
EDGE = 21.889317  # of the box of GULP [angstrom]
GULP_CONVERSION = (1.6021917e-19 * 6.022045e23 / (constants.e * constants.N_A)) ** 0.5  # its constants over today's
PRINTED_THZ = 0.5e-6  # VASP prints six decimals of THz


def case(name: str) -> Path:
    """The folder of a case, or no test."""
    if "ATOMSIM_CASES" not in os.environ:
        pytest.skip("ATOMSIM_CASES does not name the folder of published cases")
    folder = Path(os.environ["ATOMSIM_CASES"]) / name
    if not folder.is_dir():
        pytest.skip(f"ATOMSIM_CASES has no folder {name}")
    return folder


def read_case(folder: Path, structure: str, matrix: str, **options: object) -> tuple[ForceConstants, MatrixModes]:
    atoms = read_structure(folder / structure)
    found = read_force_constants(folder / matrix, atoms, **options)
    modes = modes_of_matrix(found.dynamical_matrix, atoms.positions, found.mass_n, periodic=True)
    return found, modes


def needs_lammps() -> None:
    try:
        require_lammps()
    except MissingExtra as missing:
        pytest.skip(f"LAMMPS cannot be used here: {missing}")


def same_but_one_factor(found: np.ndarray, published: np.ndarray, printed: float) -> float:
    """Check that two lists of frequencies are proportional within a last digit; return the factor."""
    factor = float(np.median(found / published))
    assert (np.abs(found / factor - published) <= printed + 0.5 * RELATIVE * published).all()
    return factor


def gulp_frequencies(folder: Path) -> np.ndarray:
    """The table of modes, whose frequencies have four decimals; those listed before have two."""
    with gzip.open(folder / "gulp.gout.gz", "rt") as stream:
        table = stream.read().split("Mode    : Frequency")[1]
    return np.array([float(line) for line in re.findall(r"^ +\d+ +(\d+\.\d{4}) +\d+\.\d{10}", table, re.MULTILINE)])


def test_published_matrix_of_silicon_by_lammps() -> None:
    """The second code prints six decimals; its constants differ from those of nature by 1.5e-6, for all modes alike."""
    folder = case("gulp_asi512")
    found, modes = read_case(folder, "optimized.vasp", "Dyn.form.lammps_eskm.gz", layout="lammps-eskm")
    assert found.asymmetry < 1e-9 and found.sum_rule < 1e-7 and modes.n_atoms == 512
    wave_number = frequencies(modes.omega_m)["1/cm"]
    published = np.loadtxt(folder / "kappa_out", skiprows=1)[:, 0]
    assert modes.is_rigid_m[:3].all() and len(modes.vibrations) == 1533
    factor = same_but_one_factor(wave_number[3:], published[3:], 0.5e-6)
    assert factor == pytest.approx(1 + 1.53e-6, abs=0.05e-6)
    expected = json.loads((folder / "expected_derived.json").read_text())
    ratio = expected["lammps_participation_ratio"]
    assert modes.participation_ratio_m[ratio["modes"]] == pytest.approx(ratio["p"], rel=1e-5)
    mean = modes.participation_ratio_m[modes.vibrations].mean()
    assert mean == pytest.approx(expected["mean_participation_ratio"], rel=1e-6)
    listed = expected["lammps_frequency_cm1"]
    assert wave_number[listed["modes"]] == pytest.approx(listed["nu"], rel=RELATIVE)
    # Against GULP itself the comparison ends where its potential has other constants.
    assert np.abs(wave_number[3:] - gulp_frequencies(folder)).max() == pytest.approx(0.0748, abs=1e-4)


def gulp_positions(folder: Path) -> np.ndarray:
    """The places with which GULP was started and which it did not leave, seven decimals of the edge of the box."""
    text = (folder / "gulp.gin").read_text()
    return EDGE * np.array(re.findall(r"^ *Si core +(\S+) +(\S+) +(\S+)", text, re.MULTILINE), dtype=float)


def test_published_frequencies_of_silicon_by_gulp(tmp_path: Path) -> None:
    """All 1533 within the last digit that is printed, with the numbers that GULP had: nothing is fitted.

    Its potential (A = 15.284982 eV, an angle of 109.47 degrees instead of arccos(-1/3), B of Stillinger and Weber with
    more digits than it prints), its mass, its conversion to 1/cm (constants of 1973), and the places of its input.
    Those of the structure file have more digits: they lie up to 1.1e-6 angstrom aside, enough to shift the softest mode
    by 3.2e-5. The gradient of its curvature foretells this.
    """
    folder = case("gulp_asi512")
    needs_lammps()
    atoms, published = read_structure(folder / "optimized.vasp"), gulp_frequencies(folder)
    places_nc = gulp_positions(folder)
    aside_nc = places_nc - atoms.positions
    aside_nc -= EDGE * np.round(aside_nc / EDGE)
    assert 1e-6 < np.abs(aside_nc).max() < 0.51e-7 * EDGE
    depth, sigma, cosine = 45.532601 / 21, 2.0951, float(np.cos(np.radians(109.47)))
    numbers = (depth, sigma, 1.8, 21.0, 1.2, cosine, 15.284982 / depth, 11.6031922831 / sigma**4, 4.0, 0.0, 0.0)
    (tmp_path / "gulp.sw").write_text(f"Si Si Si {' '.join(map(repr, numbers))}\n")
    potential = engine_potential(f"sw:{tmp_path / 'gulp.sw'}")
    with LammpsEngine(potential, ("Si",), np.zeros(512, dtype=np.int64), atoms.cell.array) as engine:
        assert engine.evaluate(places_nc).energy == pytest.approx(-2118.13548952, abs=1e-8)
        rows = list(difference_rows(engine.forces, places_nc, step=4e-5, weights=THREE_POINTS))
        matrix = 0.5 * (np.array(rows) + np.array(rows).T)
        hessian = DifferenceHessian(matrix, 4e-5, 0.0, 0.0, 0.0)
        modes = modes_of_differences(hessian, places_nc, np.full(512, 28.09), periodic=True)
        soft = modes.vectors_mnc[modes.vibrations[0]] / np.sqrt(28.09)
        along = derivatives_along(engine.forces, places_nc, soft, longest=0.04 * closest_distance(atoms))
    wave_number = frequencies(modes.omega_m)["1/cm"][modes.vibrations] * GULP_CONVERSION
    assert len(published) == 1533
    assert (np.abs(wave_number - published) <= PRINTED_CM + DIFFERENCES * published).all()
    shift = np.sum(along.gradient_nc * aside_nc) / (2 * modes.omega_m[modes.vibrations[0]] ** 2)
    assert shift == pytest.approx(-3.17e-5, rel=0.01)


def test_published_frequencies_of_salt_by_vasp() -> None:
    """Within the last digit of VASP, but for translations: the force constants break the sum rule in another way."""
    folder = case("phonopy_nacl64")
    found, modes = read_case(folder, "POSCAR", "FORCE_CONSTANTS", masses={"Na": 22.990, "Cl": 35.453})
    published = np.sort(np.loadtxt(folder / "vasp_frequencies_THz.txt"))
    terahertz = frequencies(modes.omega_m)["THz"]
    assert modes.is_rigid_m[:3].all() and found.asymmetry == 0.0
    assert found.sum_rule == pytest.approx(0.0154, abs=1e-4)
    assert (np.abs(terahertz - published)[3:] <= RELATIVE * published[3:] + PRINTED_THZ).all()
    assert np.abs(terahertz - published)[:3].max() < 3e-4
    assert any("the sum rule is violated" in line for line in remarks_of(modes))
    standard = read_case(folder, "POSCAR", "FORCE_CONSTANTS")[1]  # with today's masses the digits differ
    assert np.abs(frequencies(standard.omega_m)["THz"] - published)[3:].max() > 10 * PRINTED_THZ


def test_published_matrix_of_crystalline_silicon() -> None:
    folder = case("kaldo_si54")
    expected = json.loads((folder / "expected_derived.json").read_text())
    found, modes = read_case(folder, "CONFIG", "Dyn.form")
    terahertz = frequencies(modes.omega_m)["THz"]
    assert found.layout == "gulp" and modes.is_rigid_m[:3].all()
    assert terahertz[3:12] == pytest.approx(expected["frequency_THz"]["3..11"], rel=RELATIVE)
    assert terahertz[-3:] == pytest.approx([expected["frequency_THz"]["max"]] * 3, rel=RELATIVE)
    assert terahertz[:3] == pytest.approx(expected["zero_modes"], abs=1e-8)


def test_published_matrices_of_amorphous_silicon() -> None:
    """NumPy, and both styles of LAMMPS: these differ from the first by differences over other steps, 8e-6."""
    folder = case("kaldo_asi32_tersoff")
    expected = json.loads((folder / "expected_derived.json").read_text())
    structure = "amorphous_si_32.extxyz"
    _, modes = read_case(folder, structure, "second.npy", unit="eV/A^2")
    terahertz = frequencies(modes.omega_m)["THz"]
    assert terahertz[3:] == pytest.approx(expected["frequency_THz"][3:], rel=RELATIVE)
    assert modes.participation_ratio_m == pytest.approx(expected["participation_ratio"], rel=RELATIVE)
    both = []
    for matrix, layout, unit in (
        ("Dyn.form.lammps_eskm.gz", "lammps-eskm", "lammps-metal"),
        ("Dyn.form.lammps_regular.gz", "lammps-regular", None),
    ):
        _, modes = read_case(folder, structure, matrix, layout=layout, unit=unit)
        both.append(frequencies(modes.omega_m)["THz"][3:])
        assert both[-1] == pytest.approx(expected["frequency_THz"][3:], rel=1e-5)
    assert both[0] == pytest.approx(both[1], rel=RELATIVE)
    with pytest.raises(InputError, match=r"expected \(96, 96\)"):
        read_case(folder, structure, "third.npz", unit="eV/A^2")
    with pytest.raises(InputError, match="Possible are"):
        read_case(folder, structure, "Dyn.form.lammps_regular.gz", unit="10J/mol/A^2/amu")


def third_derivatives(engine: LammpsEngine, positions_nc: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """The whole tensor by differences: Phi_3 : u u for u along one or two coordinates, (3N, 3N, 3N)."""
    size = positions_nc.size
    rest = engine.forces(positions_nc).ravel()

    def along(*places: int) -> np.ndarray:
        moved_nc = np.zeros(size)
        moved_nc[list(places)] = step
        sides = [engine.forces(positions_nc + sign * moved_nc.reshape(-1, 3)).ravel() for sign in (1.0, -1.0)]
        return (2 * rest - sides[0] - sides[1]) / step**2

    tensor = np.empty((size, size, size))
    for i in range(size):
        tensor[i, i] = along(i)
    for i in range(size):
        for j in range(i):
            tensor[i, j] = tensor[j, i] = 0.5 * (along(i, j) - tensor[i, i] - tensor[j, j])
    return tensor


def test_published_third_derivatives_of_tersoff_silicon() -> None:
    """Where the published tensor has entries, which are minus the derivatives, they are ours; it leaves out others.

    It was cut at 3.25 angstrom, while three atoms of this potential may be twice the reach of a bond apart: its own
    sum rule is broken by 8 eV/angstrom^3, and its contractions along modes are not the third derivatives along them.
    """
    folder = case("kaldo_asi32_tersoff")
    needs_lammps()
    atoms: ase.Atoms = read_structure(folder / "amorphous_si_32.extxyz")
    expected = json.loads((folder / "expected_derived.json").read_text())
    _, modes = read_case(folder, "amorphous_si_32.extxyz", "second.npy", unit="eV/A^2")
    published, table = np.zeros((96, 96, 96)), dict(np.load(folder / "third.npz"))
    published[(*np.divmod(table["row"], 96), table["col"])] = -table["data"]
    potential = engine_potential("tersoff:Si.tersoff")
    with LammpsEngine(potential, ("Si",), np.zeros(32, dtype=np.int64), atoms.cell.array) as engine:
        assert engine.evaluate(atoms.positions).energy == pytest.approx(expected["E_eV"], rel=1e-12)
        tensor = third_derivatives(engine, atoms.positions)
        along = {
            index: derivatives_along(
                engine.forces, atoms.positions, modes.vectors_mnc[index], longest=0.04 * closest_distance(atoms)
            )
            for index in map(int, expected["cubic_along_mode_eV_A3"])
        }
    given = published != 0
    assert np.abs(tensor - published)[given].max() < THIRD_DERIVATIVES * np.abs(tensor).max()
    assert np.abs(tensor[~given]).max() > 1.0
    for index, found in along.items():
        vector = modes.vectors_mnc[index].ravel()
        whole, part = (float(((x @ vector) @ vector) @ vector) for x in (tensor, tensor * given))
        listed = expected["cubic_along_mode_eV_A3"][str(index)]
        assert abs(part) == pytest.approx(abs(listed), rel=1e-4, abs=THIRD_DERIVATIVES)
        assert found.tau == pytest.approx(whole, rel=1e-4, abs=THIRD_DERIVATIVES)
        assert found.curvature == pytest.approx(modes.omega_m[index] ** 2 * 28.085, rel=1e-4)
