"""What the prediction of soft atoms rests on, in words."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.learning.learn import LearningSummary
from analysis.study.results import WholeStudy


def learning_limits(study: WholeStudy) -> tuple[str, ...]:
    """Return what has to be said beside the prediction of soft atoms; nothing where the study does not ask for it.

    Args:
        study: the study.
    """
    if study.learning is None:
        return ()
    if study.learning.summary is None:
        return (f"nothing was learned: {study.learning.note}",)
    return tuple(_limits(study.learning.summary))


def _limits(found: LearningSummary) -> Iterator[str]:
    yield (
        f"soft are the {100 * found.soft_share:g} % of the atoms of each glass that move most in its soft modes, each "
        "weighted with 1/omega²: a few lowest modes decide, and hybrids with sound waves count as they are"
    )
    yield (
        "errors are standard errors over glasses; the models of different parts share training glasses, which these "
        "errors leave aside"
    )
    yield (
        "the prediction holds for glasses of the same potential, density and preparation; what another preparation "
        "does to it was not measured"
    )
    if found.n_without:
        yield f"{found.n_without} glasses without soft modes were left out"
