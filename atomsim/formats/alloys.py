"""Structures of real alloys as files: glasses of an engine in our HDF5 format, or any structure that ASE reads."""

from __future__ import annotations

from pathlib import Path

from atomsim.engines.glass import AlloyGlass, alloy_glass
from atomsim.engines.hessian import require_minimum
from atomsim.engines.potential import engine_potential
from atomsim.errors import InputError
from atomsim.formats.structures import HDF5_SIGNATURE, read_structure
from atomsim.store import list_results, read_result


def read_alloy_glass(text: str, potential: str, *, minimise: bool = False) -> AlloyGlass:
    """Return a structure of a real alloy with its certificate; one of our own glasses as it was kept.

    Args:
        text: any file that ASE reads, or an HDF5 file of ours, a group after a colon.
        potential: pair style and file, ``style:file``.
        minimise: move to the nearest minimum.

    Raises:
        InputError: a file or structure that cannot be used.
        NotAMinimum: the structure is no minimum of this potential.
    """
    file, _, group = text.partition(":") if not Path(text).exists() else (text, "", "")
    engine_potential(potential)
    if Path(file).is_file() and _is_ours(Path(file)):
        named = [group] if group else list_results(Path(file), AlloyGlass)
        if len(named) != 1:
            raise InputError(f"{file}: {len(named)} glasses of real alloys ({', '.join(named[:3])} ...); name one")
        glass = read_result(Path(file), AlloyGlass, named[0])
        if glass.model == potential and not minimise:
            return glass
        return alloy_glass(glass.to_atoms(), potential, minimise=minimise, name=text)
    glass = alloy_glass(read_structure(Path(text)), potential, minimise=minimise, name=text)
    require_minimum(glass.certificate, name=f"{text} (--minimise moves it to the nearest minimum)")
    return glass


def _is_ours(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
