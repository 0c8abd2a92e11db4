"""The figures of learning where soft modes sit, in the report; none where nothing was learned."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.learning.models import BETTER
from analysis.plotting import learning
from analysis.report.numbers import plain, plus_minus
from analysis.report.report_figure import ReportFigure, svg
from analysis.study.results import WholeStudy


def learning_figures(study: WholeStudy) -> Iterator[ReportFigure]:
    """Yield how well soft atoms of unseen glasses are found, whether probabilities hold, and what they rest on.

    Args:
        study: the study.
    """
    found = None if study.learning is None else study.learning.summary
    if found is None:
        return
    glasses = f"{found.n_glasses} glasses in {found.folds} parts, each predicted from the others"
    precision = found.method(BETTER).average_precision
    yield svg(
        "soft_spots_ranking", "learning", "Soft atoms found from local structure",
        f"Atoms among the softest {plain(100 * found.soft_share)} % of their glass, ranked by models that never saw an "
        f"atom of that glass ({glasses}); mean over glasses. The single feature, and the better of trees and linear "
        "model, are chosen in the training glasses alone. Average precision of the better: "
        f"{plus_minus(precision.value, precision.error)}.",
        learning.plot_ranking(found).figure, learning.table_ranking(found),
    )  # fmt: skip
    yield svg(
        "soft_spots_probability", "learning", "Do the probabilities hold?",
        "Atoms of unseen glasses in bins of their predicted probability; errors by leaving out one glass after "
        "another. The curve from scores to probabilities was fitted on training glasses that were left out in turn.",
        learning.plot_reliability(found).figure, learning.table_reliability(found),
    )  # fmt: skip
    yield svg(
        "soft_spots_importance", "learning", "What the prediction rests on",
        "Fall of the area under the ROC curve when a group of features is permuted among atoms of one kind within "
        "unseen glasses. Features with a mean rank correlation above 0.7 are permuted together: what one of them tells "
        "the others tell as well. Error over glasses.",
        learning.plot_importance(found).figure, learning.table_importance(found),
    )  # fmt: skip
    yield svg(
        "soft_spots_features", "learning", "Each feature alone",
        "Area under the ROC curve of single features, without any fit; below one half small values are soft. The best "
        "of many looks better than it is; its fair number, chosen in training glasses, stands above.",
        learning.plot_single_features(found).figure, learning.table_single_features(found),
    )  # fmt: skip
