"""How good predictions are, glass by glass: ranking, probabilities, curves. Errors are standard errors over glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from analysis.structure import mean_over_glasses
from atomsim.results import Array, Estimate, IntArray, quantity

Flags = NDArray[np.bool_]

GRID = np.linspace(0.0, 1.0, 101)  # of false positive rate and of recall
BINS = 10  # of predicted probability


@dataclass(frozen=True, eq=False)
class MethodScores:
    """One method on glasses that it did not see in training; the arrays hold one number for each glass."""

    method: str = quantity("1", "name of the method")
    auc_g: Array = quantity("1", "probability that a soft atom is ranked above another one (area under the ROC curve)")
    average_precision_g: Array = quantity("1", "area under precision against recall; the soft share without skill")
    rank_correlation_g: Array = quantity("1", "rank correlation of the score with the softness of the atoms")
    brier_g: Array = quantity("1", "mean square error of the probability")
    true_positive_x: Array = quantity("1", "mean ROC curve: share of soft atoms found, on a grid of false positives")
    precision_x: Array = quantity("1", "mean precision, on the same grid of the share of soft atoms found")

    @property
    def auc(self) -> Estimate:
        """Area under the ROC curve."""
        return mean_over_glasses(self.auc_g, "1")

    @property
    def average_precision(self) -> Estimate:
        """Average precision."""
        return mean_over_glasses(self.average_precision_g, "1")

    @property
    def rank_correlation(self) -> Estimate:
        """Rank correlation with the softness."""
        return mean_over_glasses(self.rank_correlation_g, "1")

    @property
    def brier(self) -> Estimate:
        """Brier score."""
        return mean_over_glasses(self.brier_g, "1")


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted probabilities beside what happened, atoms binned by their prediction."""

    predicted_b: Array = quantity("1", "mean predicted probability of the bin")
    observed_b: Array = quantity("1", "share of its atoms that are soft")
    error_b: Array = quantity("1", "standard error of that share, by leaving out one glass after another")
    count_b: IntArray = quantity("1", "atoms of the bin")
    brier: Estimate = quantity("1", "mean square error of the probability")
    brier_without_skill: float = quantity("1", "the same for one probability for all atoms, the soft share")

    @property
    def calibration_error(self) -> float:
        """Mean distance of predicted and observed over the atoms [-]."""
        return float(np.average(np.abs(self.predicted_b - self.observed_b), weights=self.count_b))


def roc_area(score: Array, label: Flags) -> Array:
    """Return the area under the ROC curve: how often a soft atom is ranked above another one, ties by half [-].

    Args:
        score: score of each atom, or several in columns [any].
        label: whether each atom is soft; both kinds occur.
    """
    soft = int(np.count_nonzero(label))
    above = rankdata(score, axis=0)[label].sum(axis=0) - soft * (soft + 1) / 2
    return np.asarray(above / (soft * (len(label) - soft)))


def glass_scores(
    method: str, score: Array, probability: Array, label: Flags, softness: Array, group: IntArray
) -> MethodScores:
    """Return how good the predictions of one method are.

    Args:
        method: its name.
        score: score of each atom by a model that did not see its glass [-].
        probability: the same as a probability [-].
        label: whether each atom is soft.
        softness: its softness [sigma^2/epsilon].
        group: number of its glass.
    """
    glasses = [group == glass for glass in np.unique(group)]
    roc, precision = zip(*(_curves(label[own], score[own]) for own in glasses), strict=True)
    return MethodScores(
        method=method,
        auc_g=np.array([roc_area(score[own], label[own]) for own in glasses]),
        average_precision_g=np.array([average_precision_score(label[own], score[own]) for own in glasses]),
        rank_correlation_g=np.array([_rank_correlation(score[own], softness[own]) for own in glasses]),
        brier_g=np.array([np.mean((probability[own] - label[own]) ** 2) for own in glasses]),
        true_positive_x=np.mean(roc, axis=0),
        precision_x=np.mean(precision, axis=0),
    )


def _rank_correlation(x: Array, y: Array) -> float:
    """Spearman's; zero for a score that is the same for all atoms, which ranks nothing."""
    return float(spearmanr(x, y).statistic) if np.ptp(x) > 0 else 0.0


def _curves(label: Flags, score: Array) -> tuple[Array, Array]:
    false_positive, true_positive, _ = roc_curve(label, score)
    precision, recall, _ = precision_recall_curve(label, score)
    best = np.maximum.accumulate(precision)  # from full recall down: the best precision at this recall or a larger one
    return np.interp(GRID, false_positive, true_positive), np.interp(GRID, recall[::-1], best[::-1])


def reliability(probability: Array, label: Flags, group: IntArray) -> Reliability:
    """Return predicted beside observed, in bins that hold about the same number of atoms each.

    Args:
        probability: predicted probability of each atom by a model that did not see its glass [-].
        label: whether each atom is soft.
        group: number of its glass.
    """
    edges = np.unique(np.quantile(probability, np.arange(1, BINS) / BINS))
    place = np.searchsorted(edges, probability, side="right")
    place = np.unique(place, return_inverse=True)[1]  # bins that are empty because of equal predictions vanish
    bins, glasses = int(place.max()) + 1, np.unique(group, return_inverse=True)[1]
    flat = glasses * bins + place
    shape = (int(glasses.max()) + 1, bins)
    count, soft, predicted = (
        np.bincount(flat, weight, shape[0] * bins).reshape(shape)
        for weight in (np.ones(len(label)), label.astype(float), probability)
    )
    with np.errstate(invalid="ignore"):  # a bin that lives in one glass alone has no error
        without = (soft.sum(axis=0) - soft) / (count.sum(axis=0) - count)
    error = np.sqrt((shape[0] - 1) / shape[0] * np.sum((without - without.mean(axis=0)) ** 2, axis=0))
    total, share = count.sum(axis=0), float(np.mean(label))
    brier_g = [float(np.mean((probability - label)[group == g] ** 2)) for g in np.unique(group)]
    return Reliability(
        predicted_b=predicted.sum(axis=0) / total,
        observed_b=soft.sum(axis=0) / total,
        error_b=error,
        count_b=total.astype(np.int64),
        brier=mean_over_glasses(brier_g, "1"),
        brier_without_skill=share * (1 - share),
    )
