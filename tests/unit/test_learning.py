"""Learning soft atoms: a planted signal is found, noise is not, nothing of a test glass leaks, probabilities hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from analysis.learning.importance import correlated_groups
from analysis.learning.learn import LearningSummary, learn
from analysis.learning.models import METHODS, SingleFeature, boosted_trees, splits, train
from analysis.learning.parameters import LearningParameters
from analysis.learning.scores import glass_scores, reliability, roc_area
from analysis.learning.softness import AtomTable, soft_atoms, stacked
from atomsim import store
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array

NAMES = ("a", "b", "c", "copy of c", "d")
QUICK = LearningParameters(soft_share=0.2, folds=4, trees=20, smallest_leaf=15, learning_rate=0.15, repeats=2)
Law = Callable[[Array, int, np.random.Generator], Array]


def tables(law: Law, *, glasses: int = 8, atoms: int = 120, seed: int = 1) -> list[AtomTable]:
    """Glasses with five features, of which the law makes the logarithm of the softness."""
    rng = np.random.default_rng(seed)
    found = []
    for g in range(glasses):
        values = rng.normal(size=(atoms, len(NAMES)))
        values[:, 3] = values[:, 2] + 0.05 * rng.normal(size=atoms)
        found.append(AtomTable("m", NAMES, values, np.exp(law(values, g, rng)), 3, 2))
    return found


def noise(values: Array, g: int, rng: np.random.Generator) -> Array:
    return rng.normal(size=len(values))


def linear(values: Array, g: int, rng: np.random.Generator) -> Array:
    return 2 * values[:, 2] + 0.5 * rng.normal(size=len(values))


def either_side(values: Array, g: int, rng: np.random.Generator) -> Array:
    return np.abs(values[:, 2]) + 0.1 * rng.normal(size=len(values))


def learned(law: Law, **options: int) -> LearningSummary:
    return learn(tables(law, **options), QUICK, np.random.default_rng(0))


@pytest.fixture(scope="module")
def of_line() -> LearningSummary:
    return learned(linear)


@pytest.fixture(scope="module")
def of_noise() -> LearningSummary:
    return learned(noise, glasses=12)


def test_planted_line_is_found_by_every_method(of_line: LearningSummary) -> None:
    assert all(one.auc.value > 0.93 and one.average_precision.value > 0.75 for one in of_line.methods)
    assert set(of_line.chosen) <= {"c", "copy of c"} and len(of_line.chosen) == 4
    assert {one.name for one in of_line.single[:2]} == {"c", "copy of c"}
    assert of_line.calibration.brier.value < 0.6 * of_line.calibration.brier_without_skill


def test_planted_valley_is_found_by_trees_alone() -> None:
    found = learned(either_side)
    assert found.method("boosted trees").auc.value > 0.93
    assert found.method("linear").auc.value < 0.65 and found.method("single feature").auc.value < 0.65
    assert found.gain.value > 10 * found.gain.error > 0 and set(found.preferred) == {"boosted trees"}
    assert found.gain.value == pytest.approx(
        found.method("better of both").auc.value - found.method("single feature").auc.value, abs=1e-12
    )


def test_a_feature_that_falls_with_softness_serves_as_well() -> None:
    values, label, _ = stacked(tables(lambda v, g, rng: -2 * v[:, 4] + 0.5 * rng.normal(size=len(v))), 0.2)
    model = SingleFeature().fit(values, label)
    assert (model.feature, model.sign) == (4, -1.0) and model.auc > 0.93
    assert roc_area(model.decision_function(values), label) == pytest.approx(model.auc, rel=1e-12)


def test_noise_is_not_learned(of_noise: LearningSummary) -> None:
    for one in of_noise.methods:
        assert abs(one.auc.value - 0.5) < 3 * one.auc.error < 0.08, one.method
        assert abs(one.rank_correlation.value) < 3 * one.rank_correlation.error
    assert of_noise.calibration.brier.value > 0.97 * of_noise.calibration.brier_without_skill
    assert max(one.fall.value / one.fall.error for one in of_noise.importance) < 4


def test_single_feature_is_chosen_in_training_alone(of_noise: LearningSummary) -> None:
    # Chosen among all glasses, the best of five useless features would look useful by construction.
    best = max(max(one.auc.value, 1 - one.auc.value) for one in of_noise.single)
    assert of_noise.method("single feature").auc.value < best


def test_no_glass_is_on_both_sides_of_a_split() -> None:
    group = np.repeat(np.arange(9), [5, 3, 8, 2, 9, 4, 4, 6, 7])
    seen = np.zeros(len(group), dtype=int)
    for known, unseen in splits(group, 4):
        assert not set(group[known]) & set(group[unseen])
        seen[unseen] += 1
    assert (seen == 1).all()
    assert len(splits(group, 50)) == 9
    with pytest.raises(IllPosedFit, match="1 glasses"):
        splits(np.zeros(4), 2)


def test_what_identifies_a_glass_gains_nothing() -> None:
    # Each glass has its own law, one feature that decides, and a code that tells the glass. Other atoms of the same
    # glass teach the law; other glasses say nothing about it.
    rng = np.random.default_rng(7)
    found = []
    for g in range(8):
        values = rng.normal(size=(150, 9))
        values[:, 8] = g
        found.append(AtomTable("m", (*"abcdefgh", "code"), values, np.exp(3 * values[:, g]), 3, 2))
    honest = learn(found, QUICK, np.random.default_rng(0)).method("boosted trees").auc
    assert abs(honest.value - 0.5) < 3 * honest.error < 0.1
    values, label, group = stacked(found, 0.2)
    leaking = np.empty(len(label))
    for known, unseen in KFold(4, shuffle=True, random_state=0).split(values):
        leaking[unseen] = boosted_trees(QUICK).fit(values[known], label[known]).decision_function(values[unseen])
    assert np.mean([roc_area(leaking[group == g], label[group == g]) for g in range(8)]) > 0.75


def test_importance_finds_the_planted_feature_with_its_copy(of_line: LearningSummary) -> None:
    first, *others = of_line.importance
    assert set(first.names) == {"c", "copy of c"} and first.fall.value > 0.3
    assert all(abs(one.fall.value) < 0.02 for one in others)
    assert sorted(name for one in of_line.importance for name in one.names) == sorted(NAMES)


def test_correlated_features_of_either_sign_stand_together() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 3))
    values = np.column_stack([x, -np.exp(x[:, 1]), np.ones(300)])
    number = correlated_groups(values, np.zeros(300, np.int64))
    assert number[1] == number[3] and len(set(number)) == 4


def test_learning_is_the_same_every_time(of_line: LearningSummary) -> None:
    again = learned(linear)
    assert all(np.array_equal(a.auc_g, b.auc_g) for a, b in zip(again.methods, of_line.methods, strict=True))
    assert again.importance == of_line.importance and again.gain == of_line.gain


def test_area_is_that_of_the_roc_curve_with_ties() -> None:
    rng = np.random.default_rng(5)
    score, label = rng.integers(0, 6, (80, 3)).astype(float), rng.random(80) < 0.3
    assert roc_area(score, label) == pytest.approx([roc_auc_score(label, column) for column in score.T], rel=1e-12)
    assert roc_area(-score, label) == pytest.approx(1 - roc_area(score, label), rel=1e-12)


def test_scores_of_perfect_and_constant_predictions() -> None:
    rng = np.random.default_rng(6)
    softness, group = rng.random(200), np.repeat([0, 1], 100)
    label = np.concatenate([soft_atoms(softness[group == g], 0.1) for g in (0, 1)])
    perfect = glass_scores("p", softness, label.astype(float), label, softness, group)
    assert perfect.auc.value == 1.0 and perfect.brier.value == 0.0
    assert perfect.average_precision.value == pytest.approx(1.0, abs=1e-12)
    assert perfect.rank_correlation.value == pytest.approx(1.0, abs=1e-12)
    assert perfect.precision_x[:-1].min() == 1.0 and perfect.true_positive_x[1:].min() == 1.0
    flat = glass_scores("f", np.zeros(200), np.full(200, 0.1), label, softness, group)
    assert flat.auc.value == 0.5 and flat.rank_correlation.value == 0.0
    assert flat.brier.value == pytest.approx(0.09) and flat.average_precision.value == pytest.approx(0.1)


def test_reliability_tells_true_probabilities_from_wrong_ones() -> None:
    rng = np.random.default_rng(9)
    true, group = rng.beta(1, 4, 8000), np.repeat(np.arange(16), 500)
    label = rng.random(8000) < true
    good, bad = reliability(true, label, group), reliability(true**2, label, group)
    assert (np.abs(good.predicted_b - good.observed_b) < 3.5 * good.error_b).all()
    assert good.calibration_error < 0.02 < 0.1 < bad.calibration_error
    assert good.count_b.sum() == 8000 and np.average(good.observed_b, weights=good.count_b) == label.mean()
    binomial = np.sqrt(good.observed_b * (1 - good.observed_b) / good.count_b)
    assert 0.5 < np.median(good.error_b / binomial) < 2  # glasses are alike here: the error is that of counting
    assert good.brier.value < bad.brier.value


def test_probabilities_of_trees_hold_on_unseen_glasses(of_line: LearningSummary) -> None:
    one = of_line.calibration
    assert one.calibration_error < 0.04
    assert np.average(one.predicted_b, weights=one.count_b) == pytest.approx(0.2, abs=0.02)


def test_probability_grows_with_the_score() -> None:
    values, label, group = stacked(tables(linear, glasses=5), 0.2)
    for method in METHODS:
        model = train(method, QUICK, values, label, group)
        order = np.argsort(model.score(values))
        probability = model.probability(values)[order]
        assert (np.diff(probability) >= 0).all() and 0 <= probability[0] < probability[-1] <= 1


def test_glasses_without_soft_modes_are_left_out_and_too_few_refused() -> None:
    some = tables(linear, glasses=6)
    some[2] = replace(some[2], n_modes=0, softness_n=np.zeros(120))
    found = learn(some, QUICK, np.random.default_rng(0))
    assert (found.n_glasses, found.n_without, found.n_atoms) == (5, 1, 600)
    with pytest.raises(IllPosedFit, match="3 of 4 glasses have soft modes"):
        learn(some[:4], QUICK, np.random.default_rng(0))
    with pytest.raises(InputError, match="different potentials"):
        stacked([some[0], replace(some[1], model="other")], 0.2)


def test_summary_is_kept_in_a_file(tmp_path: Path, of_line: LearningSummary) -> None:
    store.write_result(tmp_path / "summary.h5", of_line)
    read = store.read_result(tmp_path / "summary.h5", LearningSummary)
    assert read.importance == of_line.importance and read.chosen == of_line.chosen
    assert np.array_equal(read.method("linear").precision_x, of_line.method("linear").precision_x)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"soft_share": 0.7}, "soft_share = 0.7"), ({"folds": 1}, "folds = 1"), ({"learning_rate": 0.0}, "learning_rate")],
)
def test_impossible_parameters_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(QUICK, **wrong)
