"""How soft atoms are learned: the numbers that a user may change. Light to import, for study files and verbs."""

from __future__ import annotations

from dataclasses import dataclass

from atomsim.errors import InputError
from atomsim.results import quantity

FEWEST_GLASSES = 4  # two for training at least, split once more for the probabilities


@dataclass(frozen=True)
class LearningParameters:
    """How soft atoms are learned."""

    soft_share: float = quantity("1", "softest atoms of each glass that count as soft", default=0.1)
    folds: int = quantity("1", "parts that the glasses are split into", default=5)
    trees: int = quantity("1", "boosted trees", default=120)
    learning_rate: float = quantity("1", "share of each tree that is added", default=0.05)
    leaves: int = quantity("1", "most leaves of a tree", default=15)
    smallest_leaf: int = quantity("1", "fewest atoms in a leaf", default=40)
    repeats: int = quantity("1", "permutations of each group of features", default=3)

    def __post_init__(self) -> None:
        """Refuse what leaves nothing to learn or nothing to test.

        Raises:
            InputError: naming the parameter, its value and its range.
        """
        if not 0 < self.soft_share <= 0.5:
            raise InputError(f"soft_share = {self.soft_share:g}: expected more than 0 and at most 0.5")
        if not 0 < self.learning_rate <= 1:
            raise InputError(f"learning_rate = {self.learning_rate:g}: expected more than 0 and at most 1")
        least = {"folds": 2, "trees": 1, "leaves": 2, "smallest_leaf": 1, "repeats": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise InputError(f"{name} = {getattr(self, name)}: expected at least {lowest}")
