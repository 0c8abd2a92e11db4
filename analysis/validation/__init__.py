"""Theory versus numerics: what can be checked at once, and what a finished study says."""

from __future__ import annotations

from pathlib import Path

from threadpoolctl import threadpool_limits

from analysis.study import open_study
from analysis.validation.comparison import Comparison, Kind, Verdict, compare, compare_bound
from analysis.validation.formula import FormulaCheck, Print
from analysis.validation.formulas import formula_checks
from analysis.validation.intrinsic import intrinsic_comparisons
from analysis.validation.study import study_comparisons

__all__ = [
    "Comparison",
    "FormulaCheck",
    "Kind",
    "Print",
    "Verdict",
    "compare",
    "compare_bound",
    "formula_checks",
    "intrinsic_comparisons",
    "study_comparisons",
    "validate",
]


def validate(directory: Path | None = None) -> tuple[Comparison, ...]:
    """Return all comparisons of theory and numerics, with those of a finished study where one is given.

    Formulas of the papers come last, as :class:`FormulaCheck`.

    Args:
        directory: the folder of a study.

    Raises:
        InputError: the folder holds no finished study.
    """
    with threadpool_limits(limits=1):  # small matrices: more threads only wait for each other
        study = None if directory is None else study_comparisons(open_study(directory))
        return (*intrinsic_comparisons(), *(study or ()), *formula_checks())
