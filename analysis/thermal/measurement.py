"""Measured conductivity and specific heat: a CSV file, read with care."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atomsim.errors import InputError, nearest
from atomsim.results import Array, quantity

TEMPERATURE, CONDUCTIVITY, SPECIFIC_HEAT = "temperature_K", "kappa_W_per_mK", "specific_heat_J_per_m3K"
CONDUCTIVITY_ERROR, SPECIFIC_HEAT_ERROR = "kappa_error_W_per_mK", "specific_heat_error_J_per_m3K"
COLUMNS = (TEMPERATURE, CONDUCTIVITY, CONDUCTIVITY_ERROR, SPECIFIC_HEAT, SPECIFIC_HEAT_ERROR)
ERROR = "error"  # of the quantity whose column stands before


@dataclass(frozen=True)
class Measurement:
    """Measured values at ascending temperatures; NaN where a quantity was not measured or has no error given."""

    name: str
    temperature_T: Array = quantity("K", "temperatures")
    conductivity_T: Array = quantity("W/(m K)", "thermal conductivity")
    conductivity_error_T: Array = quantity("W/(m K)", "its standard error")
    specific_heat_T: Array = quantity("J/(m^3 K)", "specific heat per volume")
    specific_heat_error_T: Array = quantity("J/(m^3 K)", "its standard error")

    def between(self, low: float, high: float) -> Measurement:
        """Return the part between two temperatures.

        Args:
            low: lower end [K].
            high: upper end [K].

        Raises:
            InputError: nothing lies between.
        """
        keep = (self.temperature_T >= low) & (self.temperature_T <= high)
        if not keep.any():
            raise InputError(f"{self.name}: no temperature between {low:g} and {high:g} K")
        columns = (
            self.temperature_T,
            self.conductivity_T,
            self.conductivity_error_T,
            self.specific_heat_T,
            self.specific_heat_error_T,
        )
        return Measurement(self.name, *(column[keep] for column in columns))


def read_measurement(path: Path) -> Measurement:
    """Read ``temperature_K, kappa_W_per_mK [, error], specific_heat_J_per_m3K [, error]``, one or both quantities.

    A column ``error`` belongs to the quantity before it. Lines that begin with # are comments; an empty cell says
    that a quantity was not measured there.

    Args:
        path: the file.

    Raises:
        InputError: the file cannot be read; a column is missing or unknown; a value is no positive number, or a
            temperature stands twice or below the one before. The message names file, line and value.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: cannot read the data ({reason})") from error
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip() and line[0] != "#"]
    if len(lines) < 2:
        raise InputError(f"{path}: no data; expected a header with {TEMPERATURE} and lines of numbers")
    rows = list(csv.reader(line for _, line in lines))
    header = _header(f"{path}, line {lines[0][0]}", [cell.strip() for cell in rows[0]])
    columns: dict[str, list[float]] = {name: [] for name in COLUMNS}
    for (n, _), row in zip(lines[1:], rows[1:], strict=True):
        place = f"{path}, line {n}"
        values = _row(place, header, [cell.strip() for cell in row])
        before = columns[TEMPERATURE][-1] if columns[TEMPERATURE] else 0.0
        if values[TEMPERATURE] <= before:
            problem = "stands twice" if values[TEMPERATURE] == before else f"is below {before:g} of the line before"
            raise InputError(f"{place}: {TEMPERATURE} = {values[TEMPERATURE]:g} {problem}; expected ascending ones")
        for name in COLUMNS:
            columns[name].append(values.get(name, np.nan))
    return Measurement(Path(path).name, *(np.array(columns[name]) for name in COLUMNS))


def _header(place: str, cells: Sequence[str]) -> list[str]:
    """The names of the columns, each ``error`` named after its quantity."""
    named = {CONDUCTIVITY: CONDUCTIVITY_ERROR, SPECIFIC_HEAT: SPECIFIC_HEAT_ERROR}
    names: list[str] = []
    for cell in cells:
        name = named.get(names[-1] if names else "", "") if cell == ERROR else cell
        if name not in COLUMNS:
            hint = nearest(cell, COLUMNS) or f"; known: {', '.join(COLUMNS)}, {ERROR}"
            raise InputError(f"{place}: unknown column {cell!r}{hint}")
        if name in names:
            raise InputError(f"{place}: column {cell!r} stands twice")
        names.append(name)
    if TEMPERATURE not in names:
        raise InputError(f"{place}: column {TEMPERATURE} is missing")
    if CONDUCTIVITY not in names and SPECIFIC_HEAT not in names:
        raise InputError(f"{place}: column {CONDUCTIVITY} or {SPECIFIC_HEAT} is missing")
    for value, error in named.items():
        if error in names and value not in names:
            raise InputError(f"{place}: column {error} without {value}")
    return names


def _row(place: str, header: Sequence[str], cells: Sequence[str]) -> dict[str, float]:
    if len(cells) != len(header):
        raise InputError(f"{place}: {len(cells)} values, expected {len(header)}: {', '.join(header)}")
    values = {}
    for name, cell in zip(header, cells, strict=True):
        if not cell and name != TEMPERATURE:
            continue
        try:
            value = float(cell)
        except ValueError:
            raise InputError(f"{place}: {name} = {cell!r}, expected a number") from None
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{place}: {name} = {cell}, expected a positive finite number")
        values[name] = value
    if CONDUCTIVITY not in values and SPECIFIC_HEAT not in values:
        raise InputError(f"{place}: neither {CONDUCTIVITY} nor {SPECIFIC_HEAT} is given")
    return values
