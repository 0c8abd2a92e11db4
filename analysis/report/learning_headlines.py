"""The headline numbers of learning where soft modes sit; none where the study does not ask for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.learning.learn import LearningSummary
from analysis.learning.models import BETTER, LINEAR, SINGLE, TREES
from analysis.report.headline import Headline
from analysis.structure import mean_over_glasses
from analysis.study.results import WholeStudy
from atomsim.results import Estimate


def _of(number: Callable[[LearningSummary], Estimate]) -> Callable[[WholeStudy], Estimate | None]:
    """A number of the summary; NaN with the reason where nothing was learned."""

    def read(study: WholeStudy) -> Estimate | None:
        if study.learning is None:
            return None
        summary = study.learning.summary
        return Estimate(np.nan, np.nan, "1", study.learning.note) if summary is None else number(summary)

    return read


def _area(method: str) -> Callable[[WholeStudy], Estimate | None]:
    return _of(lambda s: s.method(method).auc)


_AREA = "area under the ROC curve on unseen glasses"
LEARNING_HEADLINES: tuple[Headline, ...] = (
    Headline("learning", "n_glasses", "glasses learned from",
             of_study=_of(lambda s: Estimate(float(s.n_glasses), 0.0, "1"))),
    Headline("learning", "auc", f"{_AREA}, better of trees and linear model", of_study=_area(BETTER)),
    Headline("learning", "auc_trees", f"{_AREA}, boosted trees", of_study=_area(TREES)),
    Headline("learning", "auc_linear", f"{_AREA}, linear model", of_study=_area(LINEAR)),
    Headline("learning", "auc_single", f"{_AREA}, best single feature", of_study=_area(SINGLE)),
    Headline("learning", "gain", "the first minus the last of these, glass by glass", of_study=_of(lambda s: s.gain)),
    Headline("learning", "average_precision", "average precision of the better; without skill the soft share",
             of_study=_of(lambda s: s.method(BETTER).average_precision)),
    Headline("learning", "rank_correlation", "rank correlation of its score with the softness of the atoms",
             of_study=_of(lambda s: s.method(BETTER).rank_correlation)),
    Headline("learning", "brier", "mean square error of its probabilities",
             of_study=_of(lambda s: s.calibration.brier)),
    Headline("learning", "calibration_error", "mean distance of predicted and observed probability",
             of_study=_of(lambda s: Estimate(s.calibration.calibration_error, np.nan, "1", "no error"))),
    Headline("learning", "spots", "distinct cores among the soft modes of a glass",
             of_study=_of(lambda s: mean_over_glasses(s.spots_g, "1"))),
)  # fmt: skip
