"""Structures as files: a glass in our HDF5 format, bit for bit; any structure that ASE reads."""

from __future__ import annotations

from pathlib import Path

import ase
import ase.io
import numpy as np

from atomsim.errors import InputError
from atomsim.provenance import Provenance
from atomsim.quench import Glass
from atomsim.store import list_results, read_result, write_result

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def write_glass(path: Path, glass: Glass, provenance: Provenance | None = None) -> None:
    """Write a glass with its certificate.

    Args:
        path: the HDF5 file to be written.
        glass: the glass.
        provenance: how it was made.

    Raises:
        InputError: the folder cannot be written.
    """
    write_result(path, glass, provenance)


def read_glass(path: Path, name: str | None = None) -> Glass:
    """Read a glass from a file of :func:`write_glass`, or one of the glasses of a study.

    Args:
        path: an HDF5 file of ours.
        name: the group that holds it, such as ``glass/N500/0000``; may be left out where there is one glass only.

    Raises:
        InputError: the file is missing, truncated or foreign, or holds no glass or several and none is named.
    """
    if name is None:
        glasses = list_results(path, Glass)
        if len(glasses) != 1:
            found = f"{len(glasses)} ({glasses[0]} ... {glasses[-1]}); name one" if glasses else "none"
            raise InputError(f"{path}: one glass expected, found {found}")
        name = glasses[0]
    return read_result(path, Glass, name)


def read_structure(path: Path) -> ase.Atoms:
    """Read a structure in reduced units; an array ``size`` (diameters) of the file is kept.

    Of a file with several frames the last one is taken. A glass inside one of our files is named after a colon, as in
    ``results.h5:glass/N500/0000``.

    Args:
        path: any file that ASE reads, or an HDF5 file of ours.

    Raises:
        InputError: the file is missing, truncated or of unknown format, or holds no atoms, or an atom has no finite
            position; the message names the file and the atom.
    """
    file, _, group = str(path).partition(":") if not Path(path).exists() else (str(path), "", "")
    if not Path(file).is_file():
        raise InputError(f"{file}: no such file")
    with open(file, "rb") as stream:
        ours = stream.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
    atoms = read_glass(Path(file), group or None).to_atoms() if ours or group else _read_foreign(Path(file))
    _check_positions(atoms, file)
    return atoms


def _read_foreign(path: Path) -> ase.Atoms:
    """Whatever ASE's many readers raise on a bad file, the user learns which file it was and what was wrong."""
    try:
        atoms = ase.io.read(path)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise InputError(f"{path}: cannot be read as a structure; truncated or of unknown format ({reason})") from error
    if not isinstance(atoms, ase.Atoms) or len(atoms) == 0:
        raise InputError(f"{path}: holds no atoms")
    return atoms


def _check_positions(atoms: ase.Atoms, name: str) -> None:
    bad = np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))
    if len(bad):
        raise InputError(
            f"{name}: atom {bad[0]} is at {atoms.positions[bad[0]].tolist()}; expected finite coordinates "
            f"({len(bad)} such atoms of {len(atoms)})"
        )
