"""The table of a study that asks where soft modes sit, learned from local structure; off where it is absent."""

from __future__ import annotations

from pydantic import Field

from analysis.learning.parameters import FEWEST_GLASSES, LearningParameters
from analysis.sections import Count, Positive, Section
from atomsim.errors import InputError

_DEFAULT = LearningParameters()


class LearningSection(Section):
    """Which atoms are soft, predicted for glasses that were not learned from."""

    soft_share: Positive = Field(_DEFAULT.soft_share, le=0.5, description="softest atoms of each glass that count [-]")
    folds: int = Field(_DEFAULT.folds, ge=2, description="parts that the glasses are split into")
    trees: Count = Field(_DEFAULT.trees, description="boosted trees")
    learning_rate: Positive = Field(_DEFAULT.learning_rate, le=1, description="share of each tree that is added [-]")
    leaves: int = Field(_DEFAULT.leaves, ge=2, description="most leaves of a tree")
    smallest_leaf: Count = Field(_DEFAULT.smallest_leaf, description="fewest atoms in a leaf")
    repeats: Count = Field(_DEFAULT.repeats, description="permutations of each group of features for its importance")

    def parameters(self) -> LearningParameters:
        """Return the numbers for the learner."""
        return LearningParameters(**self.model_dump())


def check_learning(n_glasses: int) -> None:
    """Refuse a study with too few glasses to learn from some and test on others.

    Args:
        n_glasses: number of glasses of all sizes.

    Raises:
        InputError: naming both numbers.
    """
    if n_glasses < FEWEST_GLASSES:
        raise InputError(
            f"the table [learning] needs at least {FEWEST_GLASSES} glasses, to learn from some and test on others; "
            f"glass.samples makes {n_glasses}"
        )
