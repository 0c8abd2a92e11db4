"""The stages that the table of learning adds to a study: local structure of every glass, and what it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.config import StudyConfig
from analysis.learning.learn import LearningSummary, learn
from analysis.learning.parameters import LearningParameters
from analysis.learning.softness import AtomTable, atom_table
from analysis.study.plan import PROCESS_MEMORY, Cost, Inputs, Parameters, Stage
from atomsim.errors import IllPosedFit
from atomsim.results import quantity

# Measured on one core with binary glasses of 500 atoms, like the costs of the other stages.
ATOM_SECONDS = 7.0e-4  # local structure, each atom
TREE_SECONDS = 4.0e-3  # each boosted tree, whatever it is trained on
ROW_SECONDS = 5.0e-7  # each atom that a boosted tree is trained on
FITS_PER_FOLD = 4  # trainings: one for the scores, three for the probabilities
FEATURE_MEMORY = 10 * 8 * 62  # bytes for each atom: the features, shuffled copies and parts of them


@dataclass(frozen=True, eq=False)
class StudyLearning:
    """What was learned from the glasses of a study; ``note`` says why there is nothing."""

    summary: LearningSummary | None = quantity("as its fields say", "how well soft atoms are predicted")
    note: str = quantity("1", "why nothing was learned", default="")


def _local_structure(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> AtomTable:
    (glass,), (soft,) = inputs["glass"], inputs["soft_modes"]
    return atom_table(glass, soft)


def _learning(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StudyLearning:
    try:
        return StudyLearning(learn(inputs["local_structure"], LearningParameters(**parameters), rng))
    except IllPosedFit as error:
        return StudyLearning(None, str(error))


def _structure_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    return Cost(sum(0.05 + ATOM_SECONDS * n for n in sizes), PROCESS_MEMORY + 20e3 * max(sizes))


def _learning_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    trees = parameters["trees"] * min(parameters["folds"], len(sizes)) * FITS_PER_FOLD
    seconds = 2.0 + trees * (TREE_SECONDS + ROW_SECONDS * sum(sizes))
    return Cost(float(seconds), PROCESS_MEMORY + FEATURE_MEMORY * sum(sizes))


def _parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.learning is not None
    return config.learning.model_dump()


def learning_stages(config: StudyConfig) -> tuple[Stage, ...]:
    """Return the stages that the table of learning adds, in order; none where there is no such table.

    Args:
        config: the study.
    """
    if config.learning is None:
        return ()
    needs = ("glass", "soft_modes")
    table = Stage("local_structure", 1, AtomTable, _local_structure, lambda c: {}, _structure_cost, needs)
    summary = Stage(
        "learning", 1, StudyLearning, _learning, _parameters, _learning_cost, ("local_structure",), per_sample=False
    )
    return table, summary
