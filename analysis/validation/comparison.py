"""A number of the theory beside a number obtained without it: both errors, and a verdict that can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from atomsim.results import quantity

AGREES_WITHIN = 2.0  # standard errors of the difference
DIFFERS_BEYOND = 3.0  # standard errors of the difference
USELESS_ERROR = 0.5  # share of the larger number above which an error decides nothing


class Kind(StrEnum):
    """What a difference would mean: an error of the program, or a finding about the glass and the theory."""

    LAW = "law"  # must hold within the errors
    MODEL = "model"  # a question to nature that the theory may get wrong


class Verdict(StrEnum):
    """What a comparison says."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Comparison:
    """Theory versus numerics for one number."""

    name: str = quantity("text", "what is compared")
    source: str = quantity("text", "key of the bibliography and equation")
    predicted: float = quantity("as the unit says", "what the theory says")
    predicted_error: float = quantity("as the unit says", "its standard error, 0 if exact")
    measured: float = quantity("as the unit says", "what was found without the theory")
    measured_error: float = quantity("as the unit says", "its standard error, 0 if exact")
    unit: str = quantity("text", "unit of all four numbers")
    verdict: str = quantity("text", "agrees, differs or cannot tell")
    explanation: str = quantity("text", "why this verdict, and what it rests on")
    kind: str = quantity("text", "law: must hold; model: the theory may be wrong", default=Kind.LAW)

    @property
    def deviation(self) -> float:
        """Measured minus predicted over the standard error of the difference [-]; infinite for exact numbers."""
        gap, error = self.measured - self.predicted, float(np.hypot(self.predicted_error, self.measured_error))
        return gap / error if error > 0 else float(np.copysign(np.inf, gap)) if gap else 0.0


def compare(
    name: str,
    source: str,
    *,
    predicted: float,
    measured: float,
    unit: str,
    predicted_error: float = 0.0,
    measured_error: float = 0.0,
    tolerance: float = 0.0,
    remark: str = "",
    kind: Kind = Kind.LAW,
) -> Comparison:
    """Return the comparison of a predicted with a measured number.

    They agree when they differ by at most the tolerance plus two standard errors, and differ beyond three. Between,
    or when a number or an error is missing that the verdict hangs on, or when the error is so large that anything
    would agree, nothing can be told.

    Args:
        name: what is compared.
        source: ``key (equation)``.
        predicted: what the theory says [unit given].
        measured: what was found without the theory [unit given].
        unit: unit of both.
        predicted_error: standard error of the prediction; NaN if unknown [unit given].
        measured_error: standard error of the measurement; NaN if unknown [unit given].
        tolerance: what the theory or the method leaves out, as a share of the predicted number [-].
        remark: what else has to be said.
        kind: whether this must hold.
    """
    allowed = tolerance * abs(predicted)
    verdict, reason = judge(measured - predicted, float(np.hypot(predicted_error, measured_error)), allowed=allowed,
                            size=max(abs(predicted), abs(measured)))  # fmt: skip
    if tolerance:
        reason += f" (tolerance: {tolerance:.2g} of the predicted number)"
    explanation = "; ".join(text for text in (reason, remark) if text)
    return Comparison(
        name,
        source,
        predicted=float(predicted),
        predicted_error=float(predicted_error),
        measured=float(measured),
        measured_error=float(measured_error),
        unit=unit,
        verdict=verdict,
        explanation=explanation,
        kind=kind,
    )


def compare_bound(
    name: str,
    source: str,
    *,
    lower_bound: float,
    measured: float,
    unit: str,
    bound_error: float = 0.0,
    measured_error: float = 0.0,
    remark: str = "",
    kind: Kind = Kind.LAW,
) -> Comparison:
    """Return the comparison of a measured number with a lower bound; the bound stands as the prediction.

    Args:
        name: what is compared.
        source: ``key (equation)``.
        lower_bound: what the theory says the number exceeds [unit given].
        measured: what was found without the theory [unit given].
        unit: unit of both.
        bound_error: standard error of the bound [unit given].
        measured_error: standard error of the measurement [unit given].
        remark: what else has to be said.
        kind: whether this must hold.
    """
    error = float(np.hypot(bound_error, measured_error))
    missing = min(measured - lower_bound, 0.0)  # NaN stays NaN in this order
    verdict, reason = judge(missing, error, allowed=0.0, size=max(abs(lower_bound), abs(measured)))
    reason = "above the bound" if verdict == Verdict.AGREES and missing == 0 else reason
    explanation = "; ".join(text for text in (f"a lower bound: {reason}", remark) if text)
    return Comparison(
        name,
        source,
        predicted=float(lower_bound),
        predicted_error=float(bound_error),
        measured=float(measured),
        measured_error=float(measured_error),
        unit=unit,
        verdict=verdict,
        explanation=explanation,
        kind=kind,
    )


def judge(gap: float, error: float, *, allowed: float, size: float) -> tuple[Verdict, str]:
    """Return the verdict on a difference, and the reason in words.

    Args:
        gap: measured minus predicted [any unit].
        error: standard error of the difference [the same unit].
        allowed: what may be between them without any error [the same unit].
        size: the larger of the two numbers [the same unit].
    """
    if not np.isfinite(gap):
        return Verdict.CANNOT_TELL, "a number is missing"
    beyond = abs(gap) - allowed
    if np.isnan(error):
        if beyond <= 0:
            return Verdict.AGREES, "within the tolerance, the error is unknown"
        return Verdict.CANNOT_TELL, "outside the tolerance, but the error is unknown"
    if error > USELESS_ERROR * size and beyond <= DIFFERS_BEYOND * error:
        return Verdict.CANNOT_TELL, f"the error is {100 * error / size:.0f} % of the number: it decides nothing"
    words = f"relative difference {_relative(gap, size):.1e}"
    if error > 0:
        words = f"difference {abs(gap) / error:.1f} standard errors"
    if 0 < abs(gap) <= allowed:
        return Verdict.AGREES, f"{words}, within the tolerance"
    if beyond <= AGREES_WITHIN * error:
        return Verdict.AGREES, words
    if beyond > DIFFERS_BEYOND * error:
        return Verdict.DIFFERS, words
    return Verdict.CANNOT_TELL, f"{words}: between two and three"


def _relative(gap: float, size: float) -> float:
    return abs(gap) / size if size > 0 else 0.0
