"""Learn where soft modes sit from the local structure of some glasses, and see how well it serves for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.learning.importance import FeatureGroup, correlated_groups, kinds_of, permutation_falls
from analysis.learning.models import (
    BETTER,
    LINEAR,
    METHODS,
    SINGLE,
    TREES,
    SingleFeature,
    SpotModel,
    better,
    splits,
    train,
)
from analysis.learning.parameters import FEWEST_GLASSES, LearningParameters
from analysis.learning.scores import Flags, MethodScores, Reliability, glass_scores, reliability, roc_area
from analysis.learning.softness import AtomTable, stacked
from analysis.structure import mean_over_glasses
from atomsim.ensemble import single_threaded
from atomsim.errors import IllPosedFit
from atomsim.results import Array, Estimate, IntArray, quantity

SIZE = "size"  # the feature that tells the kind of an atom, within which others are permuted


@dataclass(frozen=True)
class FeatureScore:
    """How well one feature alone ranks the atoms; below one half, small values are soft."""

    name: str = quantity("1", "the feature")
    auc: Estimate = quantity("1", "area under its ROC curve, mean over glasses; nothing is fitted")


@dataclass(frozen=True, eq=False)
class LearningSummary:
    """How well soft atoms of unseen glasses are predicted, and from what."""

    n_glasses: int = quantity("1", "glasses that were learned from")
    n_without: int = quantity("1", "glasses without soft modes, left out")
    n_atoms: int = quantity("1", "atoms of all glasses learned from")
    soft_share: float = quantity("1", "softest atoms of each glass that count as soft")
    folds: int = quantity("1", "parts that the glasses were split into")
    methods: tuple[MethodScores, ...] = quantity("as its fields say", "each method on unseen glasses")
    chosen: tuple[str, ...] = quantity("1", "the single feature chosen in the training glasses of each fold")
    preferred: tuple[str, ...] = quantity("1", "trees or linear model, chosen in the training glasses of each fold")
    gain: Estimate = quantity("1", "area under the ROC curve: better of both minus single feature, glass by glass")
    trees_over_linear: Estimate = quantity("1", "the same: boosted trees minus linear model")
    calibration: Reliability = quantity("as its fields say", "probabilities of the better of both, and what happened")
    importance: tuple[FeatureGroup, ...] = quantity("as its fields say", "groups of features by what they are worth")
    single: tuple[FeatureScore, ...] = quantity("as its fields say", "each feature alone, the best first")
    modes_g: IntArray = quantity("1", "soft modes of each glass")
    spots_g: IntArray = quantity("1", "distinct cores among the soft modes of each glass")

    def method(self, name: str) -> MethodScores:
        """Return the scores of one method.

        Args:
            name: its name.
        """
        return next(one for one in self.methods if one.method == name)


@dataclass
class _Rows:
    """The atoms of all glasses, one after another."""

    values: Array
    label: Flags
    group: IntArray
    softness: Array


def usable(tables: Sequence[AtomTable]) -> list[AtomTable]:
    """Return the tables of glasses that have soft modes.

    Args:
        tables: one for each glass.

    Raises:
        IllPosedFit: fewer than four are left.
    """
    found = [table for table in tables if table.n_modes]
    if len(found) < FEWEST_GLASSES:
        raise IllPosedFit(
            f"{len(found)} of {len(tables)} glasses have soft modes; a prediction for other glasses needs at least "
            f"{FEWEST_GLASSES}",
            len(found),
        )
    return found


def learn(tables: Sequence[AtomTable], parameters: LearningParameters, rng: np.random.Generator) -> LearningSummary:
    """Return how well each method predicts the soft atoms of glasses that it has not seen.

    Glasses are split into folds; each fold is predicted by models trained on the others. The single feature is chosen,
    and scores are turned into probabilities, in the training glasses alone. Errors are standard errors over glasses;
    the models of different folds share training glasses, which these errors leave aside.

    Args:
        tables: local structure and softness, one for each glass.
        parameters: how to learn.
        rng: source of the permutations of the importance.

    Raises:
        IllPosedFit: fewer than four glasses have soft modes.
        InputError: tables of different potentials or features.
    """
    chosen = usable(tables)
    values, label, group = stacked(chosen, parameters.soft_share)
    rows = _Rows(values, label, group, np.concatenate([table.softness_n for table in chosen]))
    with single_threaded():  # equal numbers on any machine
        folds = splits(group, parameters.folds)
        models = {name: _train_folds(name, rows, folds, parameters) for name in METHODS}
        models[BETTER] = [better(*pair) for pair in zip(models[TREES], models[LINEAR], strict=True)]
        methods = tuple(_scores(name, rows, folds, models[name]) for name in models)
        _, probability = _held_out(rows, folds, models[BETTER])
        groups = _importance(rows, folds, models[BETTER], chosen[0].names, parameters, rng)
    area = {one.method: one.auc_g for one in methods}
    picks = [model.scorer for model in models[SINGLE]]
    return LearningSummary(
        n_glasses=len(chosen),
        n_without=len(tables) - len(chosen),
        n_atoms=len(label),
        soft_share=parameters.soft_share,
        folds=len(folds),
        methods=methods,
        chosen=tuple(chosen[0].names[pick.feature] for pick in picks if isinstance(pick, SingleFeature)),
        preferred=tuple(model.method for model in models[BETTER]),
        gain=mean_over_glasses(area[BETTER] - area[SINGLE], "1"),
        trees_over_linear=mean_over_glasses(area[TREES] - area[LINEAR], "1"),
        calibration=reliability(probability, label, group),
        importance=groups,
        single=_each_alone(rows, chosen[0].names),
        modes_g=np.array([table.n_modes for table in chosen], dtype=np.int64),
        spots_g=np.array([table.n_spots for table in chosen], dtype=np.int64),
    )


Folds = Sequence[tuple[IntArray, IntArray]]


def _train_folds(name: str, rows: _Rows, folds: Folds, parameters: LearningParameters) -> list[SpotModel]:
    return [train(name, parameters, rows.values[known], rows.label[known], rows.group[known]) for known, _ in folds]


def _held_out(rows: _Rows, folds: Folds, models: Sequence[SpotModel]) -> tuple[Array, Array]:
    """Score and probability of each atom by the model that did not see its glass."""
    score, probability = np.empty(len(rows.label)), np.empty(len(rows.label))
    for (_, unseen), model in zip(folds, models, strict=True):
        score[unseen], probability[unseen] = model.score(rows.values[unseen]), model.probability(rows.values[unseen])
    return score, probability


def _scores(name: str, rows: _Rows, folds: Folds, models: Sequence[SpotModel]) -> MethodScores:
    return glass_scores(name, *_held_out(rows, folds, models), rows.label, rows.softness, rows.group)


def _importance(
    rows: _Rows,
    folds: Folds,
    models: Sequence[SpotModel],
    names: tuple[str, ...],
    parameters: LearningParameters,
    rng: np.random.Generator,
) -> tuple[FeatureGroup, ...]:
    kind = kinds_of(rows.values[:, names.index(SIZE)]) if SIZE in names else np.zeros(len(rows.label), np.int64)
    number = correlated_groups(rows.values, kind)
    columns = [np.flatnonzero(number == k) for k in range(int(number.max()) + 1)]
    tested = [(model, unseen) for model, (_, unseen) in zip(models, folds, strict=True)]
    strata = [np.zeros_like(kind) if SIZE in _of(names, features) else kind for features in columns]
    falls = permutation_falls(
        tested, rows.values, rows.label, rows.group, columns, strata, repeats=parameters.repeats, rng=rng
    )
    found = [
        FeatureGroup(_of(names, features), mean_over_glasses(fall, "1"))
        for features, fall in zip(columns, falls, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.fall.value))


def _of(names: tuple[str, ...], features: IntArray) -> tuple[str, ...]:
    return tuple(names[f] for f in features)


def _each_alone(rows: _Rows, names: tuple[str, ...]) -> tuple[FeatureScore, ...]:
    glasses = [rows.group == glass for glass in np.unique(rows.group)]
    area_gf = np.array([roc_area(rows.values[own], rows.label[own]) for own in glasses])
    found = [FeatureScore(name, mean_over_glasses(area_g, "1")) for name, area_g in zip(names, area_gf.T, strict=True)]
    return tuple(sorted(found, key=lambda one: -abs(one.auc.value - 0.5)))
