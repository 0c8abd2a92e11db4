"""Which features a prediction rests on: the fall of its quality when features are permuted within unseen glasses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from analysis.learning.models import SpotModel
from analysis.learning.scores import Flags, roc_area
from atomsim.results import Array, Estimate, IntArray, quantity

MOST_KINDS, SIZE_CLASSES = 6, 5  # sizes that count one by one, and classes of a continuous distribution
CORRELATED = 0.7  # mean rank correlation, of either sign, from which on features are permuted together


@dataclass(frozen=True)
class FeatureGroup:
    """Features that carry the same information, and what the prediction loses without it."""

    names: tuple[str, ...] = quantity("1", "the features")
    fall: Estimate = quantity("1", "fall of the area under the ROC curve when they are permuted together")


def kinds_of(size: Array) -> IntArray:
    """Return the kind of each atom: its size, or one of five classes of equal count where there are many sizes.

    Args:
        size: size of each atom [sigma].
    """
    distinct, kind = np.unique(np.round(size, 9), return_inverse=True)
    if len(distinct) > MOST_KINDS:
        kind = np.searchsorted(np.quantile(size, np.arange(1, SIZE_CLASSES) / SIZE_CLASSES), size, side="right")
    return kind.astype(np.int64)


def correlated_groups(values: Array, kind: IntArray) -> IntArray:
    """Return the number of the group of each feature, by average linkage of rank correlations.

    Ranks are those among atoms of one kind: nearly every feature goes with the size of the atom. No label enters. A
    feature that is the same for all atoms of a kind stands alone.

    Args:
        values: features, (A, F) [any].
        kind: kind of each atom.
    """
    if values.shape[1] < 2:
        return np.zeros(values.shape[1], np.int64)
    rank = np.empty(values.shape)
    for one in np.unique(kind):
        own = kind == one
        rank[own] = rankdata(values[own], axis=0) / own.sum()
        rank[own] -= rank[own].mean(axis=0)
    norm = np.linalg.norm(rank, axis=0)
    norm[norm < 1e-9 * np.sqrt(len(values))] = 0.0
    rank /= np.where(norm > 0, norm, 1.0)
    distance = np.clip(1 - np.abs(rank.T @ rank), 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    return fcluster(tree, 1 - CORRELATED, criterion="distance").astype(np.int64) - 1


def permutation_falls(
    models: Sequence[tuple[SpotModel, IntArray]],
    values: Array,
    label: Flags,
    group: IntArray,
    columns: Sequence[IntArray],
    strata: Sequence[IntArray],
    *,
    repeats: int,
    rng: np.random.Generator,
) -> Array:
    """Return the fall of the area under the ROC curve for each group of features and glass, (K, G) [-].

    Rows are permuted within the strata of one glass, all columns of a group alike, so that features of a group keep to
    each other, and differences between glasses and strata stay.

    Args:
        models: for each fold the model, and the rows of the glasses that it did not see.
        values: features, (A, F) [as they say].
        label: whether each atom is soft.
        group: number of the glass of each row, from zero on.
        columns: the features of each group.
        strata: for each group of features the stratum of each row, within which it is permuted.
        repeats: permutations of each group.
        rng: source of the permutations.
    """
    fall = np.zeros((len(columns), int(group.max()) + 1))
    for model, unseen in models:
        glasses = [np.flatnonzero(group[unseen] == glass) for glass in np.unique(group[unseen])]
        numbers = np.unique(group[unseen])
        whole = _areas(model.score(values[unseen]), label[unseen], glasses)
        for k, (features, stratum) in enumerate(zip(columns, strata, strict=True)):
            for _ in range(repeats):
                shuffled = values[unseen].copy()
                for rows in _within(glasses, stratum[unseen]):
                    shuffled[np.ix_(rows, features)] = shuffled[np.ix_(rng.permutation(rows), features)]
                fall[k, numbers] += (whole - _areas(model.score(shuffled), label[unseen], glasses)) / repeats
    return fall


def _within(glasses: Sequence[IntArray], stratum: IntArray) -> Iterator[IntArray]:
    """The rows of each stratum of each glass."""
    for rows in glasses:
        yield from (rows[stratum[rows] == one] for one in np.unique(stratum[rows]))


def _areas(score: Array, label: Flags, glasses: Sequence[IntArray]) -> Array:
    return np.array([roc_area(score[rows], label[rows]) for rows in glasses])
