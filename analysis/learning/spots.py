"""Where the soft spots of a structure are likely to be, learned from other glasses; beside the truth if known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.learning.clusters import connected_atoms, periodic_centre
from analysis.learning.features import local_structure
from analysis.learning.learn import usable
from analysis.learning.models import LINEAR, TREES, better, train
from analysis.learning.parameters import LearningParameters
from analysis.learning.scores import MethodScores, glass_scores
from analysis.learning.softness import AtomTable, soft_atoms, stacked
from atomsim.ensemble import single_threaded
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity

SAME = 1e-6  # relative difference of features below which two glasses are one
STRANGE_SHARE = 0.05  # of atoms beyond the range of the training glasses, from which on a prediction extrapolates


@dataclass(frozen=True, eq=False)
class Spot:
    """Connected atoms that are likely to be soft."""

    atoms: IntArray = quantity("1", "the atoms, the most probable first")
    centre_c: Array = quantity("sigma", "their centre, weighted with the probabilities")
    expected: float = quantity("1", "sum of their probabilities: how many of them are expected to be soft")
    highest: float = quantity("1", "largest probability among them")
    truly_soft: int | None = quantity("1", "how many of them are soft, where that is known", default=None)


@dataclass(frozen=True, eq=False)
class SoftSpots:
    """Probability of each atom to be soft, and the spots that the most probable atoms form."""

    probability_n: Array = quantity("1", "probability of each atom to be among the softest share")
    score_n: Array = quantity("1", "score of each atom, which ranks them without ties")
    spots: tuple[Spot, ...] = quantity("as its fields say", "connected groups, the most soft atoms expected first")
    soft_share: float = quantity("1", "softest atoms of a glass that count as soft")
    method: str = quantity("1", "boosted trees or linear model, whichever did better on training glasses left out")
    training_area: float = quantity("1", "its area under the ROC curve on training glasses left out in turn")
    n_trained: int = quantity("1", "glasses learned from")
    n_same: int = quantity("1", "glasses left out of training because they are this very structure")
    strange_share: float = quantity("1", "atoms with a feature beyond the range of all training glasses")
    softness_n: Array | None = quantity(
        "sigma^2/epsilon", "softness by the modes, where it was asked for", default=None
    )
    scores: MethodScores | None = quantity("as its fields say", "the prediction beside the truth", default=None)

    @property
    def extrapolates(self) -> bool:
        """Whether more atoms than usual lie beyond the range of the training glasses."""
        return self.strange_share > STRANGE_SHARE

    def with_truth(self, softness_n: Array) -> SoftSpots:
        """Return the same beside the truth.

        Args:
            softness_n: softness of each atom by the soft modes [sigma^2/epsilon].
        """
        label = soft_atoms(softness_n, self.soft_share)
        scores = glass_scores(
            self.method, self.score_n, self.probability_n, label, softness_n, np.zeros(len(label), dtype=np.int64)
        )
        spots = tuple(replace(spot, truly_soft=int(label[spot.atoms].sum())) for spot in self.spots)
        return replace(self, spots=spots, softness_n=softness_n, scores=scores)


def predict_spots(glass: Glass, tables: Sequence[AtomTable], parameters: LearningParameters) -> SoftSpots:
    """Return where a structure is likely to be soft, learned from glasses of the same potential.

    A glass among them that is the structure itself is left out.

    Args:
        glass: a minimum.
        tables: local structure and softness of the glasses to learn from.
        parameters: how to learn.

    Raises:
        InputError: the glasses are of another potential.
        IllPosedFit: fewer than four glasses are left to learn from.
        NotAMinimum: the structure is not at a minimum.
    """
    others = {table.model for table in tables} - {glass.model}
    if others:
        raise InputError(
            f"the structure is of {glass.model!r}, the glasses to learn from are of {', '.join(sorted(others))!r}: "
            "stiffnesses and stresses of one potential say nothing about another"
        )
    values = local_structure(glass)
    different = [table for table in tables if not _same(table.values_nf, values)]
    chosen = usable(different)
    known, label, group = stacked(chosen, parameters.soft_share)
    with single_threaded():
        model = better(*(train(name, parameters, known, label, group) for name in (TREES, LINEAR)))
    probability_n, score_n = model.probability(values), model.score(values)
    strange = ((values < known.min(axis=0)) | (values > known.max(axis=0))).any(axis=1)
    return SoftSpots(
        probability_n=probability_n,
        score_n=score_n,
        spots=_spots(glass, probability_n, score_n, parameters.soft_share),
        soft_share=parameters.soft_share,
        method=model.method,
        training_area=model.area,
        n_trained=len(chosen),
        n_same=len(tables) - len(different),
        strange_share=float(strange.mean()),
    )


def _same(first: Array, second: Array) -> bool:
    """Whether two glasses have the same atoms, in any order."""
    ordered = np.sort(first, axis=0), np.sort(second, axis=0)
    return first.shape == second.shape and np.allclose(*ordered, rtol=SAME, atol=SAME)


def _spots(glass: Glass, probability_n: Array, score_n: Array, share: float) -> tuple[Spot, ...]:
    """Groups of the atoms that rank highest, as many as there are soft ones."""
    atoms = np.flatnonzero(soft_atoms(score_n, share))
    atoms = atoms[np.argsort(-score_n[atoms], kind="stable")]
    labels = connected_atoms(glass, atoms)
    found = []
    for k in range(int(labels.max()) + 1):
        own = atoms[labels == k]
        weight = np.maximum(probability_n[own], np.finfo(float).tiny)  # all may be zero
        centre = periodic_centre(glass, own, weight / weight.sum())
        found.append(Spot(own, centre, float(probability_n[own].sum()), float(probability_n[own].max())))
    return tuple(sorted(found, key=lambda spot: -spot.expected))
