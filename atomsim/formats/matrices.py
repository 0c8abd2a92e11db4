"""Force constants and dynamical matrices as other programs write them, one file layout after the other.

Every reader returns the numbers as they stand, as a square matrix in the order atom, axis; what they mean is settled
in :mod:`atomsim.force_constants`.
"""

from __future__ import annotations

import gzip
import io
import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ase
import h5py
import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from atomsim.errors import InputError, nearest
from atomsim.formats.structures import HDF5_SIGNATURE
from atomsim.results import Array, IntArray

GZIP, NUMPY, ZIP = b"\x1f\x8b", b"\x93NUMPY", b"PK\x03\x04"
PHONOPY_BLOCK = 11  # numbers of a pair of atoms: two indices and nine force constants
LARGEST_MATRIX = 30_000  # rows of a dense matrix that are still read, 7 GB
SAME_PLACE = 1e-3  # distance at which two places of a crystal are one [angstrom]


@dataclass(frozen=True)
class MatrixFormat:
    """A layout of files: what it is called, the unit its program writes, and how it is read."""

    name: str
    unit: str | None
    about: str
    read: Callable[[Path, bytes, ase.Atoms], Array]


def read_numbers(path: Path, atoms: ase.Atoms, layout: str | None = None) -> tuple[Array, MatrixFormat]:
    """Return the matrix of a file as it stands, (3N, 3N), and its format [unit of the file].

    Args:
        path: the file, compressed by gzip or not.
        atoms: the structure to which it belongs; compact phonopy files are unfolded by its translations.
        layout: a key of :data:`MATRIX_FORMATS`; guessed from the content where absent.

    Raises:
        InputError: no such file, an unknown or wrong format, numbers that are not finite, or a matrix of another size.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    content = path.read_bytes()
    if content.startswith(GZIP):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise InputError(f"{path}: truncated or damaged gzip file ({error})") from error
    if layout is not None and layout not in MATRIX_FORMATS:
        raise InputError(
            f"unknown format of matrices {layout!r}{nearest(layout, MATRIX_FORMATS)}; known: "
            f"{', '.join(MATRIX_FORMATS)}"
        )
    found = MATRIX_FORMATS[layout or guess_format(path, content)]
    matrix = found.read(path, content, atoms)
    bad = np.argwhere(~np.isfinite(matrix))
    if len(bad):
        row, column = (int(place) for place in bad[0])
        raise InputError(f"{path}: row {row}, column {column} is {matrix[row, column]}; expected finite numbers")
    return matrix, found


def guess_format(path: Path, content: bytes) -> str:
    """Return the format that the content of a file shows.

    Files of three numbers a line are called ``gulp``, whose unit several programs share.

    Args:
        path: the file, for messages.
        content: what it holds, not compressed.

    Raises:
        InputError: none of the known formats.
    """
    if content.startswith((NUMPY, ZIP)):
        return "numpy"
    if content.startswith(HDF5_SIGNATURE):
        return "phonopy"
    head = content[:4096]
    if b"\0" in head or not head.isascii():
        return "lammps-binary"
    words = [line.split() for line in head.decode("ascii").splitlines() if line.strip()][:2]
    if words and len(words[0]) in (1, 2) and all(word.isdigit() for word in words[0]):
        return "phonopy"
    if words and len(words[0]) == 3:
        return "gulp"
    raise InputError(
        f"{path}: begins with {head[:60]!r}; expected three numbers a line (LAMMPS, GULP), FORCE_CONSTANTS of "
        "phonopy, or a NumPy file"
    )


def _square(path: Path, numbers: Array, n_atoms: int) -> Array:
    """The numbers as a matrix of the right size, or a message that names both sizes."""
    rows = math.isqrt(numbers.size)
    if numbers.size == (3 * n_atoms) ** 2:
        return numbers.reshape(3 * n_atoms, 3 * n_atoms)
    if rows**2 == numbers.size and rows % 3 == 0:
        held = f"a matrix of {rows} x {rows}, {rows // 3} atoms"
    elif numbers.size % (3 * n_atoms) == 0:
        held = f"{numbers.size // (3 * n_atoms)} rows of {3 * n_atoms}: a group of the atoms, or a truncated file"
    else:
        held = f"{numbers.size} numbers, which is no square matrix of whole atoms: a truncated file?"
    raise InputError(f"{path}: holds {held}; the structure has {n_atoms} atoms, expected {3 * n_atoms} x {3 * n_atoms}")


def _read_rows(path: Path, content: bytes, atoms: ase.Atoms) -> Array:
    """Three numbers a line, row after row."""
    text = content.replace(b"D", b"E").replace(b"d", b"e")  # exponents of Fortran
    try:
        numbers = np.loadtxt(io.BytesIO(text), ndmin=2)
    except ValueError as error:
        raise InputError(f"{path}: {_first_bad_line(text) or error}; expected three numbers a line") from error
    if numbers.shape[1] != 3:
        raise InputError(f"{path}: {numbers.shape[1]} numbers a line; expected three")
    return _square(path, numbers.ravel(), len(atoms))


def _first_bad_line(text: bytes) -> str:
    """What is wrong with the first line that does not hold three numbers, or nothing."""
    lines = text.splitlines()
    for place, line in enumerate(lines, start=1):
        words = line.split()
        try:
            held = len([float(word) for word in words])
        except ValueError:
            held = -1
        if words and held != 3:
            last = ", the last one: a truncated file?" if place == len(lines) else ""
            return f"line {place} is {line.strip()[:60].decode('ascii', 'replace')!r}{last}"
    return ""


def _read_binary(path: Path, content: bytes, atoms: ase.Atoms) -> Array:
    """Double-precision numbers of this machine, row after row."""
    if len(content) % 8:
        raise InputError(f"{path}: {len(content)} bytes are no whole number of double-precision numbers: truncated?")
    return _square(path, np.frombuffer(content), len(atoms))


def _read_numpy(path: Path, content: bytes, atoms: ase.Atoms) -> Array:
    """Arrays whose axes run over atom and axis twice, with or without axes of one element, dense or sparse."""
    if not content.startswith((NUMPY, ZIP)):
        raise InputError(f"{path}: is no NumPy file; expected .npy or .npz")
    try:
        loaded = _load_numpy(content)
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as a NumPy file ({error})") from error
    if max(loaded.shape, default=0) > LARGEST_MATRIX:
        raise InputError(f"{path}: shape {loaded.shape}; dense matrices of up to {LARGEST_MATRIX} rows are read")
    if sparse.issparse(loaded):
        loaded = loaded.toarray()
    shape, n = tuple(length for length in loaded.shape if length != 1), len(atoms)
    if not np.issubdtype(loaded.dtype, np.number) or np.iscomplexobj(loaded):
        raise InputError(f"{path}: numbers of type {loaded.dtype}; expected real ones, of a matrix at zero wave vector")
    square = {2: shape[:1] * 2, 4: (shape[0], 3, shape[0], 3) if shape else ()}.get(len(shape))
    if n > 1 and shape != square:
        raise InputError(
            f"{path}: shape {loaded.shape}; expected ({3 * n}, {3 * n}), ({n}, 3, {n}, 3) or (1, {n}, 3, 1, {n}, 3)"
        )
    return _square(path, np.asarray(loaded, dtype=float).ravel(), n)


def _load_numpy(content: bytes) -> Any:
    if content.startswith(NUMPY):
        return np.load(io.BytesIO(content), allow_pickle=False)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        names = list(archive)
        if len(names) == 1:
            return archive[names[0]]
    if "format" in names:
        return sparse.load_npz(io.BytesIO(content))
    raise ValueError(f"an archive of {', '.join(names)}; expected one array, or a sparse matrix of SciPy")


def _read_phonopy(path: Path, content: bytes, atoms: ase.Atoms) -> Array:
    """Force constants of all atoms of the supercell, or of those of its primitive cell only."""
    if content.startswith(HDF5_SIGNATURE):
        first_n, blocks = _phonopy_hdf5(path, content)
    else:
        first_n, blocks = _phonopy_text(path, content)
    rows, n = blocks.shape[:2]
    if n != len(atoms):
        raise InputError(f"{path}: force constants of a supercell of {n} atoms; the structure has {len(atoms)} atoms")
    if rows < n:
        blocks = unfold(blocks, first_n, atoms, name=str(path))
    return blocks.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)


def _phonopy_text(path: Path, content: bytes) -> tuple[IntArray, Array]:
    """The atoms whose force constants are given, and these, (rows, atoms, 3, 3)."""
    head, _, body = content.partition(b"\n")
    words = head.split()
    if not (len(words) in (1, 2) and all(word.isdigit() for word in words)):
        raise InputError(f"{path}: begins with {head[:60]!r}; expected the numbers of atoms in its first line")
    rows, n = int(words[0]), int(words[-1])
    try:
        numbers = np.array(body.split(), dtype=float)
    except ValueError as error:
        raise InputError(f"{path}: {error}; expected numbers") from error
    if not 0 < rows <= n or numbers.size != PHONOPY_BLOCK * rows * n:
        raise InputError(
            f"{path}: {numbers.size} numbers follow the line '{rows} {n}'; expected {PHONOPY_BLOCK} x {rows} x {n}, "
            "two indices and nine force constants for each pair: a truncated file?"
        )
    table = numbers.reshape(rows, n, PHONOPY_BLOCK)
    if not (table[:, :, 1] == np.arange(1, n + 1)).all() or (np.ptp(table[:, :, 0], axis=1) != 0).any():
        raise InputError(f"{path}: the pairs of atoms are not in order; expected 'i 1', 'i 2', ... for each atom i")
    return table[:, 0, 0].astype(np.int64) - 1, table[:, :, 2:].reshape(rows, n, 3, 3)


def _phonopy_hdf5(path: Path, content: bytes) -> tuple[IntArray, Array]:
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            blocks = np.asarray(file["force_constants"], dtype=float)
            first_n = np.asarray(file["p2s_map"]) if "p2s_map" in file else np.arange(len(blocks))
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: no force constants of phonopy ({error})") from error
    if blocks.ndim != 4 or blocks.shape[2:] != (3, 3) or len(first_n) != len(blocks):
        raise InputError(f"{path}: force constants of shape {blocks.shape}; expected (rows, atoms, 3, 3)")
    return first_n.astype(np.int64), blocks


def unfold(blocks: Array, first_n: IntArray, atoms: ase.Atoms, *, name: str) -> Array:
    """Return the force constants of all atoms of a supercell from those of its primitive cell [unit of those].

    Atom k is a given atom p moved by a translation that maps the supercell on itself; then Phi(k, j + t) = Phi(p, j).

    Args:
        blocks: force constants of the given atoms, (rows, N, 3, 3) [any unit].
        first_n: which atoms of the supercell these are.
        atoms: the supercell.
        name: what to call the file in messages.

    Raises:
        InputError: an atom is no image of a given one.
    """
    cell_cc, n = atoms.cell.array, len(atoms)
    share_nc = atoms.get_scaled_positions(wrap=True) % 1.0
    places = cKDTree(share_nc, boxsize=1.0)
    reach = SAME_PLACE / np.linalg.norm(cell_cc, axis=1).max()
    full = np.empty((n, n, 3, 3))
    for k in range(n):
        for row, p in enumerate(first_n):
            if atoms.numbers[k] != atoms.numbers[p]:
                continue
            apart_n, image_n = places.query((share_nc + share_nc[k] - share_nc[p]) % 1.0)
            if apart_n.max() < reach and (atoms.numbers[image_n] == atoms.numbers).all():
                full[k, image_n] = blocks[row]
                break
        else:
            raise InputError(
                f"{name}: atom {k} of the structure is no translation of one of the {len(first_n)} atoms whose force "
                "constants are given; is this the supercell they belong to?"
            )
    return full


MATRIX_FORMATS: Mapping[str, MatrixFormat] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            MatrixFormat("lammps-eskm", "10J/mol/A^2/amu", "dynamical_matrix all eskm", _read_rows),
            MatrixFormat("lammps-regular", "eV/A^2/amu", "dynamical_matrix all regular, units metal", _read_rows),
            MatrixFormat("lammps-binary", None, "dynamical_matrix ... binary yes", _read_binary),
            MatrixFormat("gulp", "10J/mol/A^2/amu", "Dyn.form of GULP and kALDo", _read_rows),
            MatrixFormat("phonopy", "eV/A^2", "FORCE_CONSTANTS or force_constants.hdf5", _read_phonopy),
            MatrixFormat("numpy", None, ".npy or .npz, dense or sparse", _read_numpy),
        )
    }
)
