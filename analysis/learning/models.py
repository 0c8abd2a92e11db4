"""Which atoms are soft, learned: boosted trees, a linear model, the best single feature; with probabilities.

Nothing of a glass that is predicted enters: training sets, their inner splits and the choice of the single feature are
made of whole other glasses. Models are not kept in files; they are trained again from the features, which takes
seconds, gives the same model and needs no code from a file to be run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from analysis.learning.parameters import LearningParameters
from analysis.learning.scores import Flags, roc_area
from atomsim.errors import IllPosedFit
from atomsim.results import Array, IntArray

CALIBRATION_FOLDS = 3  # that the training glasses are split into for the probabilities


class Scorer(Protocol):
    """Something that learns from features and labels, and gives atoms a score that grows with softness."""

    def fit(self, values: Array, label: Flags) -> Any:
        """Learn.

        Args:
            values: features, (A, F) [as they say].
            label: whether each atom is soft.
        """

    def decision_function(self, values: Array) -> Array:
        """Return a score [-].

        Args:
            values: features, (A, F) [as they say].
        """


@dataclass
class SingleFeature:
    """The one feature that ranks the atoms of the training glasses best, upwards or downwards."""

    feature: int = 0
    sign: float = 1.0
    auc: float = field(default=np.nan)  # in training

    def fit(self, values: Array, label: Flags) -> SingleFeature:
        """Choose the feature.

        Args:
            values: features, (A, F) [as they say].
            label: whether each atom is soft.
        """
        area = roc_area(values, label)
        self.feature = int(np.argmax(np.abs(area - 0.5)))
        self.sign = 1.0 if area[self.feature] >= 0.5 else -1.0
        self.auc = float(max(area[self.feature], 1 - area[self.feature]))
        return self

    def decision_function(self, values: Array) -> Array:
        """Return the feature, or minus it [as it says].

        Args:
            values: features, (A, F) [as they say].
        """
        return self.sign * values[:, self.feature]


Build = Callable[[LearningParameters], Scorer]


def boosted_trees(parameters: LearningParameters) -> Scorer:
    """Return gradient-boosted trees, to be trained; they draw no random numbers.

    Args:
        parameters: their size.
    """
    return HistGradientBoostingClassifier(
        max_iter=parameters.trees,
        learning_rate=parameters.learning_rate,
        max_leaf_nodes=parameters.leaves,
        min_samples_leaf=parameters.smallest_leaf,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )


def linear_model(parameters: LearningParameters) -> Scorer:
    """Return a logistic regression on standardised features, to be trained.

    Args:
        parameters: not used.
    """
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))


def single_feature(parameters: LearningParameters) -> Scorer:
    """Return the choice of a single feature, to be trained.

    Args:
        parameters: not used.
    """
    return SingleFeature()


TREES, LINEAR, SINGLE = "boosted trees", "linear", "single feature"
METHODS: Mapping[str, Build] = MappingProxyType({TREES: boosted_trees, LINEAR: linear_model, SINGLE: single_feature})
BETTER = "better of both"  # trees or linear model, as the training glasses have it


def splits(group: IntArray, folds: int) -> list[tuple[IntArray, IntArray]]:
    """Return rows for training and for testing of each fold; a glass is wholly in one or the other.

    Args:
        group: number of the glass of each row.
        folds: number of folds, at most as many as there are glasses.

    Raises:
        IllPosedFit: fewer than two glasses.
    """
    count = len(np.unique(group))
    if count < 2:
        raise IllPosedFit(f"{count} glasses cannot be split into training and test", count)
    return list(GroupKFold(min(folds, count)).split(group[:, None], groups=group))


@dataclass
class SpotModel:
    """A trained scorer, the curve from its scores to probabilities, and how it did in training on glasses left out."""

    method: str
    scorer: Scorer
    curve: IsotonicRegression
    area: float

    def score(self, values: Array) -> Array:
        """Return scores, which rank atoms [-].

        Args:
            values: features, (A, F) [as they say].
        """
        return np.asarray(self.scorer.decision_function(values))

    def probability(self, values: Array) -> Array:
        """Return the probability of each atom to be soft [-].

        Args:
            values: features, (A, F) [as they say].
        """
        return np.asarray(self.curve.predict(self.score(values)))


def train(method: str, parameters: LearningParameters, values: Array, label: Flags, group: IntArray) -> SpotModel:
    """Return a model trained on all given glasses, with probabilities from glasses that were left out in turn.

    The scores for the curve come from models that did not see the glass they score (cross-fitting); the curve is
    isotonic. Scores of the final model, trained on a few more glasses, are taken to mean the same.

    Args:
        method: one of ``METHODS``.
        parameters: how to learn.
        values: features, (A, F) [as they say].
        label: whether each atom is soft.
        group: number of the glass of each row.

    Raises:
        IllPosedFit: fewer than two glasses.
    """
    build, left_out = METHODS[method], np.empty(len(label))
    for known, unseen in splits(group, CALIBRATION_FOLDS):
        left_out[unseen] = build(parameters).fit(values[known], label[known]).decision_function(values[unseen])
    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(left_out, label)
    area = np.mean([roc_area(left_out[group == glass], label[group == glass]) for glass in np.unique(group)])
    return SpotModel(method, build(parameters).fit(values, label), curve, float(area))


def better(first: SpotModel, second: SpotModel) -> SpotModel:
    """Return the model that did better in training on glasses that were left out; the first of equal ones.

    Args:
        first: a trained model.
        second: another one.
    """
    return first if first.area >= second.area else second
