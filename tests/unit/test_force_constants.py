"""Matrices of other programs: every layout gives the same frequencies; wrong units, sizes and orders are explained."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import ase
import h5py
import numpy as np
import pytest
from ase.build import bulk
from scipy import sparse
from typer.testing import CliRunner

from analysis.cli import app
from analysis.commands.foreign_modes import parse_masses
from analysis.modes.foreign import frequencies, modes_of_matrix, remarks_of, require_no_imaginary, rigid_motions
from atomsim.errors import InputError, NotAMinimum
from atomsim.force_constants import MATRIX_UNITS, ForceConstants, read_force_constants, translation_forces
from atomsim.units import ATOMIC_SCALES, FREQUENCY_UNITS

THZ = ATOMIC_SCALES.frequency_unit / FREQUENCY_UNITS["THz"]
IN_10J = MATRIX_UNITS["10J/mol/A^2"].scale
EIGHT_DECIMALS = 1e-7  # of frequencies, what is left of numbers printed to eight decimals


def springs(atoms: ase.Atoms, *, stiffness: float = 3.0, reach: float = 3.0) -> np.ndarray:
    """Central springs and weaker isotropic ones between close atoms, (3N, 3N)."""
    n = len(atoms)
    hessian = np.zeros((n, n, 3, 3))
    vectors, distance = atoms.get_all_distances(mic=True, vector=True), atoms.get_all_distances(mic=True)
    for i in range(n):
        for j in range(n):
            if i != j and distance[i, j] < reach:
                unit = vectors[i, j] / distance[i, j]
                block = stiffness * (np.outer(unit, unit) + 0.1 * np.eye(3))
                hessian[i, j] -= block
                hessian[i, i] += block
    return hessian.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)


def tangled(atoms: ase.Atoms) -> np.ndarray:
    """Springs, and forces between all atoms whose blocks are not symmetric: layouts that mix axes are seen."""
    field_nc = np.random.default_rng(9).standard_normal((len(atoms), 3))
    field = (field_nc - field_nc.mean(axis=0)).ravel()
    return springs(atoms) + 0.2 * np.outer(field, field)


@pytest.fixture(scope="module")
def salt() -> ase.Atoms:
    """Rock salt, 64 atoms, sorted by element."""
    atoms = bulk("NaCl", "rocksalt", a=5.6, cubic=True) * (2, 2, 2)
    return atoms[np.argsort(atoms.numbers, kind="stable")]


@pytest.fixture(scope="module")
def disorder() -> ase.Atoms:
    """A random solid of two elements."""
    rng = np.random.default_rng(2)
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.positions += rng.normal(0, 0.15, atoms.positions.shape)
    atoms.numbers = rng.permutation(np.repeat([29, 40], 16))
    return atoms


def weighted(hessian: np.ndarray, atoms: ase.Atoms) -> np.ndarray:
    root = np.repeat(np.sqrt(atoms.get_masses()), 3)
    return hessian / np.outer(root, root)


def terahertz(hessian: np.ndarray, atoms: ase.Atoms) -> np.ndarray:
    values = np.linalg.eigvalsh(weighted(hessian, atoms))
    return np.sign(values) * np.sqrt(np.abs(values)) * THZ


def rows_text(matrix: np.ndarray) -> str:
    return "".join(" ".join(f"{x:.8f}" for x in line) + "\n" for line in matrix.reshape(-1, 3))


def phonopy_text(hessian: np.ndarray, given: list[int] | None = None) -> str:
    n = len(hessian) // 3
    blocks, rows = hessian.reshape(n, 3, n, 3).transpose(0, 2, 1, 3), range(n) if given is None else given
    lines = [f"{len(rows)} {n}"]
    for i in rows:
        for j in range(n):
            lines += [f"{i + 1} {j + 1}", *(" ".join(map(repr, line)) for line in blocks[i, j].tolist())]
    return "\n".join(lines) + "\n"


def write_eskm(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    path.write_text(rows_text(weighted(hessian, atoms) / IN_10J))


def write_short_zeros(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    text = rows_text(weighted(hessian, atoms) / IN_10J).replace("-0.00000000", "0.").replace("0.00000000", "0.")
    path.write_text("\n".join(f"  {line}" for line in text.splitlines()))


def write_fortran(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    values = (weighted(hessian, atoms) / IN_10J).reshape(-1, 3)
    path.write_text("\n".join(" ".join(f"{x:.12E}".replace("E", "D") for x in line) for line in values))


def write_gzip(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    path.write_bytes(gzip.compress(rows_text(weighted(hessian, atoms)).encode()))


def write_six_axes(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    n = len(atoms)
    np.save(path.with_suffix(".npy"), hessian.reshape(1, n, 3, 1, n, 3))
    path.with_suffix(".npy").rename(path)


def write_sparse(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    sparse.save_npz(path.with_suffix(".npz"), sparse.coo_matrix(hessian))
    path.with_suffix(".npz").rename(path)


def write_archive(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    n = len(atoms)
    np.savez_compressed(path.with_suffix(".npz"), hessian=hessian.reshape(n, 3, n, 3))
    path.with_suffix(".npz").rename(path)


def write_hdf5(path: Path, hessian: np.ndarray, atoms: ase.Atoms) -> None:
    n = len(atoms)
    with h5py.File(path, "w") as file:
        file["force_constants"] = hessian.reshape(n, 3, n, 3).transpose(0, 2, 1, 3)


LAYOUTS: dict[str, tuple[Callable[[Path, np.ndarray, ase.Atoms], None], str | None, str | None]] = {
    "eskm": (write_eskm, None, None),
    "eskm by name": (write_eskm, "lammps-eskm", None),
    "short zeros": (write_short_zeros, "gulp", None),
    "exponents of Fortran": (write_fortran, None, None),
    "regular, gzip": (write_gzip, "lammps-regular", None),
    "binary": (lambda path, h, a: path.write_bytes(weighted(h, a).tobytes()), "lammps-binary", "eV/A^2/amu"),
    "binary, guessed": (lambda path, h, a: path.write_bytes(weighted(h, a).tobytes()), None, "eV/A^2/amu"),
    "phonopy": (lambda path, h, a: path.write_text(phonopy_text(h)), None, None),
    "phonopy HDF5": (write_hdf5, None, None),
    "six axes": (write_six_axes, None, "eV/A^2"),
    "sparse": (write_sparse, None, "eV/A^2"),
    "archive": (write_archive, "numpy", "eV/A^2"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_frequencies(name: str, disorder: ase.Atoms, tmp_path: Path) -> None:
    write, layout, unit = LAYOUTS[name]
    hessian = tangled(disorder)
    write(tmp_path / "matrix", hessian, disorder)
    found = read_force_constants(tmp_path / "matrix", disorder, layout=layout, unit=unit)
    expected = terahertz(hessian, disorder)
    assert terahertz(found.hessian, disorder)[3:] == pytest.approx(expected[3:], rel=EIGHT_DECIMALS)
    assert np.abs(found.hessian - hessian).max() < EIGHT_DECIMALS * 100
    assert found.asymmetry < EIGHT_DECIMALS and found.sum_rule < 1e-4
    assert found.largest == pytest.approx(np.abs(hessian).max(), rel=1e-6)
    assert any("was taken to be" in line for line in found.remarks) == (unit is None)


@pytest.mark.parametrize("unit", [name for name in MATRIX_UNITS if name != "lammps-metal"])
def test_units_of_a_matrix_are_those_that_are_named(unit: str, disorder: ase.Atoms, tmp_path: Path) -> None:
    hessian, known = springs(disorder), MATRIX_UNITS[unit]
    numbers = (weighted(hessian, disorder) if known.mass_weighted else hessian) / known.scale
    np.save(tmp_path / "matrix.npy", numbers)
    found = read_force_constants(tmp_path / "matrix.npy", disorder, unit=unit)
    assert found.hessian == pytest.approx(hessian, abs=1e-12 * found.largest) and found.unit == unit


def test_constants_of_units_are_those_of_nature() -> None:
    assert pytest.approx(15.633304229, rel=1e-9) == THZ  # of 1 eV/(amu angstrom^2)
    assert pytest.approx(9648.533212, rel=1e-9) == 1 / IN_10J
    # 10 J/(mol angstrom^2 amu) are 1/ps^2, but for the mass of a mole
    assert np.sqrt(IN_10J) * ATOMIC_SCALES.frequency_unit / FREQUENCY_UNITS["rad/ps"] == pytest.approx(1, rel=1e-8)
    one = frequencies(np.array([1.0]))
    assert one["1/cm"] / one["THz"] == pytest.approx(33.35640952)
    assert one["meV"] / one["THz"] == pytest.approx(4.135667697)
    assert MATRIX_UNITS["Ry/bohr^2"].scale == pytest.approx(48.587, rel=1e-4)
    assert MATRIX_UNITS["N/m"].scale == pytest.approx(1 / 16.0217663)
    assert MATRIX_UNITS["kcal/mol/A^2"].scale == pytest.approx(0.0433641)


def test_rounded_constant_of_lammps_is_undone(disorder: ase.Atoms, tmp_path: Path) -> None:
    hessian = springs(disorder)
    (tmp_path / "dyn").write_text(rows_text(weighted(hessian, disorder) * 9648.5))
    expected = terahertz(hessian, disorder)[3:]
    undone = read_force_constants(tmp_path / "dyn", disorder, layout="lammps-eskm", unit="lammps-metal")
    assert terahertz(undone.hessian, disorder)[3:] == pytest.approx(expected, rel=EIGHT_DECIMALS)
    literal = read_force_constants(tmp_path / "dyn", disorder, layout="lammps-eskm")
    assert terahertz(literal.hessian, disorder)[3:] / expected == pytest.approx(1 - 1.72e-6, abs=EIGHT_DECIMALS)
    assert any("lammps-metal undoes this" in line for line in literal.remarks)


def test_compact_force_constants_are_unfolded(salt: ase.Atoms, tmp_path: Path) -> None:
    hessian = springs(salt)
    (tmp_path / "FORCE_CONSTANTS").write_text(phonopy_text(hessian, [5, 40]))
    found = read_force_constants(tmp_path / "FORCE_CONSTANTS", salt)
    assert found.hessian == pytest.approx(hessian, abs=1e-12)
    with h5py.File(tmp_path / "force_constants.hdf5", "w") as file:
        file["force_constants"] = hessian.reshape(64, 3, 64, 3).transpose(0, 2, 1, 3)[[5, 40]]
        file["p2s_map"] = [5, 40]
    again = read_force_constants(tmp_path / "force_constants.hdf5", salt)
    assert again.hessian == pytest.approx(hessian, abs=1e-12)
    (tmp_path / "FORCE_CONSTANTS").write_text(phonopy_text(hessian, [5, 6]))  # no chlorine among them
    with pytest.raises(InputError, match="atom 32 of the structure is no translation of one of the 2 atoms"):
        read_force_constants(tmp_path / "FORCE_CONSTANTS", salt)


def test_masses_of_elements_can_be_named(salt: ase.Atoms, tmp_path: Path) -> None:
    (tmp_path / "FORCE_CONSTANTS").write_text(phonopy_text(springs(salt)))
    found = read_force_constants(tmp_path / "FORCE_CONSTANTS", salt, masses={"Na": 22.99, "Cl": 35.453})
    assert sorted(set(found.mass_n)) == [22.99, 35.453]
    assert salt.get_masses().max() == pytest.approx(35.45)
    with pytest.raises(InputError, match=r"mass of 'K': the structure has Na, Cl"):
        read_force_constants(tmp_path / "FORCE_CONSTANTS", salt, masses={"K": 39.0})
    with pytest.raises(InputError, match=r"mass of 'Na': 0\.0; expected a positive number"):
        read_force_constants(tmp_path / "FORCE_CONSTANTS", salt, masses={"Na": 0.0})
    assert parse_masses(["Na=22.99", "Cl=35.453"]) == {"Na": 22.99, "Cl": 35.453}
    with pytest.raises(InputError, match="expected ELEMENT=MASS"):
        parse_masses(["Na:23"])


@pytest.mark.parametrize(
    ("factor", "mass_weighted", "unit", "complaint"),
    [
        (
            1.0,
            False,
            "10J/mol/A^2",
            r"mean force constant of an atom is .* 0.01 to 200 eV/A\^2\. Possible are:\n  eV/A",
        ),
        (1 / IN_10J, True, "eV/A^2/amu", r"mean force constant of an atom is .*\n.*10J/mol/A\^2/amu"),
        (1.0, True, "eV/A^2", r"for a mass-weighted matrix; a unit with /amu fits"),
        (0.05, False, "eV/A^2/amu", r"for no mass-weighted matrix; a unit without /amu fits"),
        (1.0, False, "eV/A", r"unknown unit of force constants 'eV/A'; did you mean 'eV/A\^2'"),
        (1.0, False, None, r"does not say its unit\. Possible are:\n  eV/A\^2 "),
        (1e12, False, "eV/A^2", "in none of the known units"),
    ],
)
def test_wrong_units_of_a_matrix_are_seen(
    factor: float, mass_weighted: bool, unit: str | None, complaint: str, disorder: ase.Atoms, tmp_path: Path
) -> None:
    hessian = springs(disorder)
    np.save(tmp_path / "matrix.npy", factor * (weighted(hessian, disorder) if mass_weighted else hessian))
    with pytest.raises(InputError, match=complaint):
        read_force_constants(tmp_path / "matrix.npy", disorder, unit=unit)


def damaged(name: str, hessian: np.ndarray, atoms: ase.Atoms) -> bytes:
    text = rows_text(weighted(hessian, atoms) / IN_10J).encode()
    lines = text.splitlines(keepends=True)
    return {
        "other size": rows_text(np.eye(9)).encode(),
        "a group": b"".join(lines[: 2 * 96 * 32 // 3]),
        "truncated": b"".join(lines[:-5]),
        "half a line": text[: text.rindex(b" ")],
        "a word": text.replace(lines[7], b"1.0 2.0 oops\n", 1),
        "not a number": text.replace(lines[7], b"1.0 nan 2.0\n", 1),
        "gzip": gzip.compress(text)[:-9],
        "prose": b"Once upon a time there was a matrix\n",
        "phonopy": phonopy_text(hessian)[:-300].encode(),
        "phonopy order": phonopy_text(hessian).replace("\n1 2\n", "\n1 3\n", 1).encode(),
        "phonopy supercell": phonopy_text(np.eye(12)).encode(),
        "bytes": weighted(hessian, atoms).tobytes()[:-3],
    }[name]


@pytest.mark.parametrize(
    ("name", "layout", "complaint"),
    [
        ("other size", None, "holds a matrix of 9 x 9, 3 atoms; the structure has 32 atoms, expected 96 x 96"),
        ("a group", None, "holds 64 rows of 96: a group of the atoms, or a truncated file"),
        ("truncated", None, "9201 numbers, which is no square matrix"),
        ("half a line", None, r"line \d+ is .*, the last one: a truncated file\?; expected three numbers a line"),
        ("a word", None, r"line \d+ is .*oops.*; expected three numbers a line"),
        ("not a number", None, "row 0, column 13 is nan; expected finite numbers"),
        ("gzip", None, "truncated or damaged gzip file"),
        ("prose", None, "begins with b'Once upon a time.*expected three numbers a line"),
        ("phonopy", None, "numbers follow the line '32 32'; expected 11 x 32 x 32"),
        ("phonopy order", None, "the pairs of atoms are not in order"),
        ("phonopy supercell", None, "a supercell of 4 atoms; the structure has 32 atoms"),
        ("bytes", "lammps-binary", "no whole number of double-precision numbers"),
        ("truncated", "numpy", "is no NumPy file"),
        ("truncated", "phonopi", "unknown format of matrices 'phonopi'; did you mean 'phonopy'"),
        ("truncated", "phonopy", "expected the numbers of atoms in its first line"),
    ],
)
def test_damaged_matrices_are_explained(
    name: str, layout: str | None, complaint: str, disorder: ase.Atoms, tmp_path: Path
) -> None:
    path = tmp_path / "matrix"
    path.write_bytes(damaged(name, springs(disorder), disorder))
    with pytest.raises(InputError, match=complaint):
        read_force_constants(path, disorder, layout=layout, unit="eV/A^2/amu" if layout == "lammps-binary" else None)
    with pytest.raises(InputError, match="no such file"):
        read_force_constants(tmp_path / "absent", disorder)


def test_wrong_shapes_of_numpy_files_are_explained(disorder: ase.Atoms, tmp_path: Path) -> None:
    for array, complaint in (
        (np.zeros((32, 32, 3, 3)), r"shape \(32, 32, 3, 3\); expected \(96, 96\), \(32, 3, 32, 3\)"),
        (np.zeros((96, 96), dtype=complex), "expected real ones"),
        (np.zeros((9, 9)), r"holds a matrix of 9 x 9, 3 atoms"),
    ):
        np.save(tmp_path / "matrix.npy", array)
        with pytest.raises(InputError, match=complaint):
            read_force_constants(tmp_path / "matrix.npy", disorder, unit="eV/A^2")
    np.savez(tmp_path / "two.npz", a=np.eye(3), b=np.eye(3))
    with pytest.raises(InputError, match="an archive of a, b; expected one array"):
        read_force_constants(tmp_path / "two.npz", disorder, unit="eV/A^2")
    np.save(tmp_path / "pickled.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read as a NumPy file"):
        read_force_constants(tmp_path / "pickled.npy", disorder, unit="eV/A^2")


def read_back(hessian: np.ndarray, atoms: ase.Atoms, folder: Path) -> ForceConstants:
    np.save(folder / "matrix.npy", hessian)
    return read_force_constants(folder / "matrix.npy", atoms, unit="eV/A^2")


def test_asymmetry_and_broken_sum_rules_are_told(disorder: ase.Atoms, tmp_path: Path) -> None:
    hessian = springs(disorder)
    hessian[4, 50] += 0.01
    found = read_back(hessian, disorder, tmp_path)
    assert found.asymmetry == pytest.approx(0.01 / found.largest) and np.array_equal(found.hessian, found.hessian.T)
    assert found.sum_rule == pytest.approx(0.005)
    held = springs(disorder) - 0.02 * np.eye(96)
    found = read_back(held, disorder, tmp_path)
    assert found.sum_rule == pytest.approx(0.02)
    modes = modes_of_matrix(found.dynamical_matrix, disorder.positions, found.mass_n, periodic=True)
    assert any("the sum rule is violated" in line for line in remarks_of(modes))
    assert modes.is_rigid_m[:3].all() and len(modes.imaginary) == 0  # translations are told by their shape
    freed = modes_of_matrix(
        found.dynamical_matrix, disorder.positions, found.mass_n, periodic=True, free_rigid_motions=True
    )
    assert np.abs(freed.omega_m[freed.is_rigid_m]).max() < 1e-6 and list(remarks_of(freed)) == []


def test_atoms_in_another_order_and_small_boxes_are_doubted(disorder: ase.Atoms, tmp_path: Path) -> None:
    hessian = springs(disorder)
    assert not any("in the order of the matrix" in line for line in read_back(hessian, disorder, tmp_path).remarks)
    shuffled = disorder[np.random.default_rng(1).permutation(32)]
    shuffled.numbers = disorder.numbers
    assert any("in the order of the matrix" in line for line in read_back(hessian, shuffled, tmp_path).remarks)
    assert not any("half the box" in line for line in read_back(hessian, disorder, tmp_path).remarks)
    far = springs(disorder, reach=4.5)
    assert any("farther apart than half the box" in line for line in read_back(far, disorder, tmp_path).remarks)


def test_rigid_motions_of_clusters_lines_and_crystals() -> None:
    rng = np.random.default_rng(3)
    places_nc, mass_n = rng.random((7, 3)), rng.uniform(1, 5, 7)
    assert rigid_motions(places_nc, mass_n, periodic=True).shape == (3, 21)
    rows = rigid_motions(places_nc, mass_n, periodic=False)
    assert rows.shape == (6, 21) and rows @ rows.T == pytest.approx(np.eye(6), abs=1e-12)
    turned = np.cross([0.3, -0.2, 0.5], places_nc) * np.sqrt(mass_n)[:, None]
    assert np.linalg.norm(rows @ turned.ravel()) == pytest.approx(np.linalg.norm(turned))
    assert len(rigid_motions(np.outer(np.arange(4.0), [1, 2, 3]), np.ones(4), periodic=False)) == 5


def test_imaginary_modes_and_rattlers_are_listed(disorder: ase.Atoms, tmp_path: Path) -> None:
    hessian = springs(disorder)
    direction = np.random.default_rng(4).standard_normal(96)
    direction = (direction.reshape(32, 3) - direction.reshape(32, 3).mean(axis=0)).ravel()
    found = read_back(hessian - np.outer(direction, direction), disorder, tmp_path)
    modes = modes_of_matrix(found.dynamical_matrix, disorder.positions, found.mass_n, periodic=True)
    with pytest.raises(
        NotAMinimum, match=rf"glass is not at a minimum: {len(modes.imaginary)} imaginary frequencies, "
    ):
        require_no_imaginary(modes, name="glass")
    loose = springs(disorder)
    loose[[21, 22, 23], :] = loose[:, [21, 22, 23]] = 0.0
    for row, excess in enumerate(translation_forces(loose)):  # the others obey the sum rule again
        loose[row, 3 * (row // 3) : 3 * (row // 3) + 3] -= excess
    modes = modes_of_matrix(
        weighted(loose, disorder), disorder.positions, disorder.get_masses(), periodic=True, free_rigid_motions=True
    )
    assert any("vibrations cost nothing" in line and "atom 7" in line for line in remarks_of(modes))
    assert (np.abs(modes.omega_m) <= modes.zero_omega).sum() == 6


def test_verb_of_matrices(salt: ase.Atoms, tmp_path: Path) -> None:
    hessian = springs(salt, reach=4.2)
    salt.write(tmp_path / "POSCAR", format="vasp")
    (tmp_path / "FORCE_CONSTANTS").write_text(phonopy_text(hessian))
    files, runner = [str(tmp_path / "POSCAR"), str(tmp_path / "FORCE_CONSTANTS")], CliRunner()
    result = runner.invoke(app, ["matrix-modes", *files, "--json", "--mass", "Cl=36"])
    assert result.exit_code == 0, result.stderr
    document, masses = json.loads(result.stdout), np.where(salt.numbers == 11, 22.98976928, 36.0)
    heavy = salt.copy()
    heavy.set_masses(masses)
    assert document["frequency"]["THz"][3:] == pytest.approx(terahertz(hessian, heavy)[3:], rel=1e-9)
    assert document["frequency"]["1/cm"][-1] == pytest.approx(33.35640952 * document["frequency"]["THz"][-1])
    assert (document["n_atoms"], document["n_rigid"], document["n_zero_modes"]) == (64, 3, 3)
    assert document["matrix"]["units"] == "eV/A^2" and document["units"]["effective_mass"] == "amu"
    assert "the unit was taken to be eV/A^2" in result.stderr
    table = runner.invoke(app, ["matrix-modes", *files, "--lowest", "5", "--free-translations"])
    assert table.exit_code == 0 and "nu [THz]" in table.stdout and "omega [rad/ps]" in table.stdout
    whole = runner.invoke(app, ["matrix-modes", *files])
    assert "... 172 more; --json prints all" in whole.stdout
    wrong = runner.invoke(app, ["matrix-modes", *files, "--units", "10J/mol/A^2"])
    assert wrong.exit_code == 2 and "error: " in wrong.stderr and "Possible are:" in wrong.stderr
    many = runner.invoke(app, ["matrix-modes", *files, "--lowest", "193"])
    assert many.exit_code == 2 and "--lowest 193: expected 1 to 192 modes for 64 atoms" in many.stderr
    (tmp_path / "FORCE_CONSTANTS").write_text(phonopy_text(hessian - 20.0 * np.diag(np.repeat(salt.numbers == 11, 3))))
    saddle = runner.invoke(app, ["matrix-modes", *files])
    assert saddle.exit_code == 1 and "imaginary frequencies" in saddle.stderr and "nu [THz]" in saddle.stdout
