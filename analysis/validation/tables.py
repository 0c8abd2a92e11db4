"""Comparisons as columns of short words, for a terminal and for a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import groupby
from typing import Any

from analysis.validation.comparison import Comparison, Verdict
from analysis.validation.formula import FormulaCheck, Print

Columns = dict[str, list[str]]


def split_formulas(rows: Sequence[Comparison]) -> tuple[list[Comparison], list[FormulaCheck]]:
    """Return the comparisons that are no formulas of a paper, and those that are.

    Args:
        rows: all of them.
    """
    formulas = [row for row in rows if isinstance(row, FormulaCheck)]
    return [row for row in rows if not isinstance(row, FormulaCheck)], formulas


def records(rows: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return the comparisons as dictionaries with the same keys; what belongs to formulas only is None elsewhere.

    Args:
        rows: all of them.
    """
    empty = dict.fromkeys(field.name for field in fields(FormulaCheck))
    return [{**empty, **asdict(row)} for row in rows]


def by_section(formulas: Sequence[FormulaCheck]) -> dict[str, list[FormulaCheck]]:
    """Return the formulas of each section, in their order.

    Args:
        formulas: the checks.
    """
    return {title: list(rows) for title, rows in groupby(formulas, key=lambda row: row.section)}


def comparison_columns(rows: Sequence[Comparison]) -> Columns:
    """Return the columns of a table of comparisons.

    Args:
        rows: the comparisons.
    """
    return {
        "what": [row.name for row in rows],
        "predicted": [_plus_minus(row.predicted, row.predicted_error) for row in rows],
        "measured": [_plus_minus(row.measured, row.measured_error) for row in rows],
        "unit": [row.unit for row in rows],
        "kind": [str(row.kind) for row in rows],
        "verdict": [str(row.verdict) for row in rows],
    }


def formula_columns(rows: Sequence[FormulaCheck]) -> Columns:
    """Return the columns of a table of formulas.

    Args:
        rows: the checks.
    """
    return {
        "equation": [row.equation for row in rows],
        "what": [row.subject for row in rows],
        "printed/derived": [_number(row.ratio, 4) for row in rows],
        "print": ["-" if row.state == Print.NONE else str(row.state) for row in rows],
        "numerics": [str(row.verdict) for row in rows],
    }


def remarks(rows: Sequence[Comparison]) -> list[str]:
    """Return one line for each comparison that does not simply agree with what is printed.

    Args:
        rows: the comparisons.
    """
    said = [f"{row.name}: {row.explanation}" for row in rows if row.verdict != Verdict.AGREES]
    said += [f"{row.equation}: {row.finding}" for row in rows if isinstance(row, FormulaCheck) and row.finding]
    return list(dict.fromkeys(said))  # one formula may be tested by several numbers


def summary(rows: Sequence[Comparison]) -> str:
    """Return the numbers of verdicts and of errors in print in one sentence.

    Args:
        rows: all comparisons.
    """
    verdicts = [row.verdict for row in rows]
    words = {Verdict.AGREES: "agree", Verdict.DIFFERS: "differ", Verdict.CANNOT_TELL: "cannot be told"}
    told = [f"{verdicts.count(verdict)} {word}" for verdict, word in words.items()]
    states = [row.state for row in split_formulas(rows)[1]]
    printed = [f"{states.count(s)} {s}" for s in (Print.WRONG, Print.INCOMPLETE, Print.ILLEGIBLE)]
    return f"{len(rows)} comparisons: {', '.join(told)}. Printed formulas: {', '.join(printed)}."


def _number(value: float, digits: int = 5) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else "-"


def _plus_minus(value: float, error: float) -> str:
    if error == 0:
        return _number(value)
    return _number(value) + (f" ± {_number(error, 2)}" if math.isfinite(error) else "")
