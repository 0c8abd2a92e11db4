"""What a figure shows, as a table: the same arrays are drawn and written as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atomsim.results import Array

Cell = str | int | float


@dataclass(frozen=True)
class Table:
    """Columns with units in the header, and rows."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def as_csv(self) -> str:
        """Return the table as comma separated text; numbers to the last digit, nothing where there is no number."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([_text(cell) for cell in row] for row in self.rows)
        return buffer.getvalue()


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else repr(float(cell))
    return str(cell)


@dataclass(frozen=True)
class Curve:
    """One curve or cloud of points of a figure, with the ends of its band or error bars where it has them."""

    label: str
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None

    def rows(self) -> Iterable[tuple[Cell, ...]]:
        """Yield label, x, y, low and high of each point."""
        for i, (x, y) in enumerate(zip(self.x, self.y, strict=True)):
            low = math.nan if self.low is None else float(self.low[i])
            high = math.nan if self.high is None else float(self.high[i])
            yield self.label, float(x), float(y), low, high


def curve_table(curves: Sequence[Curve], x: str, y: str) -> Table:
    """Return curves that share their quantities as one table.

    Args:
        curves: the curves.
        x: name and unit of the abscissa.
        y: name and unit of the ordinate.
    """
    header = ("curve", x, y, f"low end of {y}", f"high end of {y}")
    return Table(header, tuple(row for curve in curves for row in curve.rows()))
