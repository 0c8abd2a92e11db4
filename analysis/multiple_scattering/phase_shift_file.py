"""Phase shifts that the user gives: a TOML file with the wave number and a list for each species."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis import toml
from analysis.multiple_scattering.phase_shifts import PhaseShifts, phase_shift_table
from atomsim.errors import InputError, nearest

TOP_KEYS = ("k_fermi", "species", "source")
SPECIES_KEYS = ("delta",)


def read_phase_shifts(path: Path, *, species: Iterable[str] = ()) -> PhaseShifts:
    """Read ``k_fermi = 1.75`` [1/angstrom] and ``[species.Al] delta = [0.5, 0.3, 0.05]`` [rad].

    ``source`` may say where the numbers come from. Shorter lists are filled up with zeros.

    Args:
        path: the file.
        species: species for which there must be phase shifts.

    Raises:
        InputError: the file cannot be read, a key is unknown or missing, a number cannot be, a species is missing; the
            message names file, line, key, value and what is expected.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: cannot read the phase shifts ({reason})") from error
    return parse_phase_shifts(text, str(path), species=species)


def parse_phase_shifts(text: str, name: str, *, species: Iterable[str] = ()) -> PhaseShifts:
    """Return the phase shifts of a TOML document.

    Args:
        text: the document.
        name: what to call it in an error.
        species: species for which there must be phase shifts.

    Raises:
        InputError: as :func:`read_phase_shifts`.
    """
    data, lines = toml.parse(text, name), toml.key_lines(text)

    def place(*path: str) -> str:
        return f"{name}, line {lines[path]}: {'.'.join(path)}"

    _refuse_unknown(data, TOP_KEYS, place)
    tables = data.get("species")
    if "k_fermi" not in data or not isinstance(tables, dict) or not tables:
        raise InputError(
            f"{name}: expected k_fermi [1/angstrom] and a table [species.NAME] with delta for each species"
        )
    k_fermi = _number(data["k_fermi"], place("k_fermi"), "a positive number [1/angstrom]")
    if not k_fermi > 0:
        raise InputError(f"{place('k_fermi')} = {k_fermi!r}: expected a positive number [1/angstrom]")
    delta = {kind: _phase_shifts(kind, table, place) for kind, table in tables.items()}
    for kind in species:
        if kind not in delta:
            given = ", ".join(delta)
            raise InputError(f"{name}: no phase shifts for species {kind}{nearest(kind, delta)}; given: {given}")
    source = data.get("source", "")
    if not isinstance(source, str):
        raise InputError(f"{place('source')} = {source!r}: expected a text")
    return phase_shift_table(k_fermi, delta, f"given in {name}" + (f": {source}" if source else ""))


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], place: Any, *outer: str) -> None:
    for key in table:
        if key not in known:
            hint = nearest(key, known) or f"; known here: {', '.join(known)}"
            raise InputError(f"{place(*outer, key)}: unknown key{hint}")


def _phase_shifts(kind: str, table: Any, place: Any) -> list[float]:
    """The list of one species."""
    where = place("species", kind)
    if not isinstance(table, dict):
        raise InputError(f"{where} = {table!r}: expected a table with delta = [...]")
    _refuse_unknown(table, SPECIES_KEYS, place, "species", kind)
    found = table.get("delta")
    if not isinstance(found, list) or not found:
        raise InputError(f"{where}: delta = {found!r}, expected a list of phase shifts from l = 0 on [rad]")
    where = place("species", kind, "delta")
    return [_number(value, f"{where}[{degree}]", "a finite number [rad]") for degree, value in enumerate(found)]


def _number(value: Any, where: str, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise InputError(f"{where} = {value!r}: expected {expected}")
    return float(value)
