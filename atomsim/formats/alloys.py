"""Structures of real alloys as files: glasses of an engine in our HDF5 format, or any structure that ASE reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ase
import ase.data
import numpy as np

from atomsim.engines.glass import AlloyGlass, alloy_glass
from atomsim.engines.hessian import require_minimum
from atomsim.engines.potential import engine_potential
from atomsim.errors import InputError
from atomsim.formats.structures import HDF5_SIGNATURE, read_structure
from atomsim.store import list_results, read_result

LEAST_ROOM = 0.4  # distance of two atoms over the sum of their covalent radii [-]


def read_alloy_glass(
    text: str, potential: str, *, minimise: bool = False, check: Callable[[ase.Atoms], None] | None = None
) -> AlloyGlass:
    """Return a structure of a real alloy with its certificate; one of our own glasses as it was kept.

    Args:
        text: any file that ASE reads, or an HDF5 file of ours, a group after a colon.
        potential: pair style and file, ``style:file``.
        minimise: move to the nearest minimum.
        check: called with what was read, before any work, to refuse what it cannot give.

    Raises:
        InputError: a file or structure that cannot be used.
        NotAMinimum: the structure is no minimum of this potential.
    """
    file, _, group = text.partition(":") if not Path(text).exists() else (text, "", "")
    engine_potential(potential)
    look = check or (lambda atoms: None)
    if Path(file).is_file() and _is_ours(Path(file)):
        glass = read_result(Path(file), AlloyGlass, group or _the_only_glass(Path(file)))
        look(glass.to_atoms())
        if glass.model == potential and not minimise:
            return glass
        return alloy_glass(glass.to_atoms(), potential, minimise=minimise, name=text)
    atoms = read_structure(Path(text))
    look(atoms)
    require_room(atoms, name=text)
    glass = alloy_glass(atoms, potential, minimise=minimise, name=text)
    require_minimum(glass.certificate, name=f"{text} (--minimise moves it to the nearest minimum)")
    return glass


def _the_only_glass(path: Path) -> str:
    """The group of the glass in a file that holds one."""
    named = list_results(path, AlloyGlass)
    if not named:
        raise InputError(f"{path}: holds no glass of a real material; expected one that atomsim glass has made")
    if len(named) > 1:
        raise InputError(f"{path}: {len(named)} glasses ({named[0]} ... {named[-1]}); name one as {path}:{named[0]}")
    return named[0]


def require_room(atoms: ase.Atoms, *, name: str) -> None:
    """Refuse atoms that lie on each other, as they do where coordinates are not in ångström.

    Args:
        atoms: the structure, periodic.
        name: what to call it in messages.

    Raises:
        InputError: names the two atoms, their distance and what is expected; or there is one atom only.
    """
    if len(atoms) < 2:
        raise InputError(f"{name}: {len(atoms)} atom; expected at least two")
    distance = atoms.get_all_distances(mic=True)
    np.fill_diagonal(distance, np.inf)
    radius_n = ase.data.covalent_radii[atoms.numbers]
    share = distance / (radius_n[:, None] + radius_n)
    first, second = (int(place) for place in np.unravel_index(np.argmin(share), share.shape))
    if share[first, second] < LEAST_ROOM:
        raise InputError(
            f"{name}: atoms {first} ({atoms.symbols[first]}) and {second} ({atoms.symbols[second]}) are "
            f"{distance[first, second]:.3g} angstrom apart; expected at least "
            f"{LEAST_ROOM * (radius_n[first] + radius_n[second]):.3g}. Are the coordinates in angstrom?"
        )


def _is_ours(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
