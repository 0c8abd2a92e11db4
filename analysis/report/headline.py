"""One headline number of a study: what it is called, what it is, and how to get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis.study.results import EnsembleResults, WholeStudy
from atomsim.results import Estimate


@dataclass(frozen=True)
class Headline:
    """One number: the stage it belongs to, its key, what it is, and how to get it.

    ``of_size`` gives it for one ensemble (the key then ends in the size, as in ``energy_N500``), ``of_study`` for all;
    None where the study does not ask for the stage.
    """

    stage: str
    key: str
    description: str
    of_size: Callable[[EnsembleResults], Estimate | None] | None = None
    of_study: Callable[[WholeStudy], Estimate | None] | None = None
