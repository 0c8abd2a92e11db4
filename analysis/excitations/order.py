"""The order of one or several configurations of an alloy: shells, their parameters with errors, waves, random alloy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.excitations.alloy import Alloy
from analysis.excitations.concentration_waves import ConcentrationWaves, concentration_waves, intensity_by_pairs
from analysis.excitations.shells import Shells, shells_from_minima
from analysis.excitations.short_range_order import (
    PERMUTATIONS,
    CompleteOrder,
    RandomAlloy,
    ShortRangeOrder,
    against_random,
    complete_order,
    random_correlations,
    short_range_order,
)
from atomsim.errors import InputError
from atomsim.results import Array, quantity

VECTORS_CHECKED = 16  # wave vectors of each configuration whose intensity is computed both ways


@dataclass(frozen=True)
class AlloyOrder:
    """Order parameters of an ensemble; each configuration counts alike, errors are standard errors over them.

    ``random`` compares the mean correlation parameters with those of as many random alloys on the same sites.
    """

    configurations: tuple[ShortRangeOrder, ...]
    complete: tuple[CompleteOrder, ...]
    random: RandomAlloy
    waves: ConcentrationWaves
    names: tuple[str, str] = ("A", "B")
    sum_rule: float = quantity("1", "largest |1 + sum Z alpha| of the configurations", default=np.nan)
    intensity_residual: float = quantity(
        "1", "largest difference of <|c_k|^2> by amplitudes and by pairs, over some vectors", default=np.nan
    )

    @property
    def shells(self) -> Shells:
        """The shells."""
        return self.configurations[0].shells

    @property
    def concentration(self) -> float:
        """Return the mean share of B [-]."""
        return float(np.mean([order.concentration for order in self.configurations]))

    def mean_s(self, name: str) -> Array:
        """Return the mean over configurations of a column of :class:`ShortRangeOrder` [as the column].

        Args:
            name: the column, such as ``correlation_s``.
        """
        return np.mean([getattr(order, name) for order in self.configurations], axis=0)

    def error_s(self, name: str) -> Array:
        """Return the standard error over configurations of a column; NaN for a single one [as the column].

        Args:
            name: the column, such as ``correlation_s``.
        """
        rows = np.array([getattr(order, name) for order in self.configurations])
        if len(rows) == 1:
            return np.full(rows.shape[1], np.nan)
        return rows.std(axis=0, ddof=1) / np.sqrt(len(rows))


def alloy_order(
    alloys: Sequence[Alloy],
    rng: np.random.Generator,
    *,
    shells: Shells | None = None,
    draws: int = PERMUTATIONS,
    longest: float | None = None,
) -> AlloyOrder:
    """Return shells, order parameters, random alloy and concentration waves of one or several configurations.

    Args:
        alloys: configurations of one material.
        rng: source of randomness for the random alloys.
        shells: the shells; those between the minima of the total g(r) where absent.
        draws: number of random alloys.
        longest: longest wave vector; 1.6 times 2 pi over the mean distance of sites where absent [1/sigma].

    Raises:
        InputError: no configuration, shells that do not fit the box, or a shell without pairs.
    """
    if not alloys:
        raise InputError("the order of an alloy needs at least one configuration")
    chosen = shells or shells_from_minima(alloys)
    orders = tuple(short_range_order(alloy, chosen) for alloy in alloys)
    random_sd = np.mean([random_correlations(alloy, chosen, rng, draws=draws) for alloy in alloys], axis=0)
    complete = tuple(complete_order(alloy, chosen) for alloy in alloys)
    mean_s = np.mean([order.correlation_s for order in orders], axis=0)
    waves = concentration_waves(alloys, longest=longest)
    return AlloyOrder(
        configurations=orders,
        complete=complete,
        random=against_random(mean_s, random_sd),
        waves=waves,
        names=alloys[0].names,
        sum_rule=float(max(abs(order.sum_rule) for order in complete)),
        intensity_residual=max(_intensity_residual(alloy, waves, g) for g, alloy in enumerate(alloys)),
    )


def _intensity_residual(alloy: Alloy, waves: ConcentrationWaves, glass: int) -> float:
    """How far the two ways to the intensity differ, over vectors spread evenly over all lengths."""
    own = np.flatnonzero(waves.glass_q == glass)
    some = own[np.unique(np.linspace(0, len(own) - 1, VECTORS_CHECKED).astype(int))]
    by_pairs = intensity_by_pairs(alloy, waves.wave_vector_qc[some])
    return float(np.abs(by_pairs - waves.intensity_q[some]).max())
