"""The barrier that the cubic expansion at one minimum foretells, beside the true one, over many pairs of minima."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from analysis.soft_modes.directions import CUBIC
from analysis.soft_modes.double_wells import DoubleWells
from analysis.soft_modes.well_pairs import WellPairs
from analysis.soft_potential.resampling import bootstrap, bootstrap_error
from atomsim.errors import IllPosedFit
from atomsim.results import Array, Estimate, IntArray, quantity

FEWEST_PAIRS = 8
RESAMPLES = 400


@dataclass(frozen=True)
class BarrierComparison:
    """Pairs of minima found from cubic modes on the side of their barrier, over one or several glasses."""

    estimate_p: Array = quantity("epsilon", "(2/3) kappa^3/tau^2 of the cubic mode")
    barrier_p: Array = quantity("epsilon", "energy of the saddle")
    overlap_p: Array = quantity("1", "cosine between the mode and the way to the saddle")
    energy_difference_p: Array = quantity("epsilon", "energy of the second minimum above the first")
    glass_p: IntArray = quantity("1", "which glass the pair belongs to")
    n_glasses: int = quantity("1", "glasses that were searched")
    n_pushes: int = quantity("1", "modes that were pushed along")

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.barrier_p)


def compare_barriers(wells: Sequence[DoubleWells | WellPairs]) -> BarrierComparison:
    """Return the cubic estimates and the true barriers of the pairs of several glasses.

    Args:
        wells: the pairs of each glass.
    """
    parts = []
    for g, one in enumerate(wells):
        rows = np.flatnonzero((one.source_m == CUBIC) & (one.side_m == 1))
        names = ("cubic_barrier_m", "barrier_m", "saddle_overlap_m", "energy_difference_m")
        parts.append(np.stack([*(getattr(one, name)[rows] for name in names), np.full(len(rows), float(g))]))
    columns = np.concatenate(parts, axis=1) if parts else np.zeros((5, 0))
    return BarrierComparison(
        estimate_p=columns[0],
        barrier_p=columns[1],
        overlap_p=columns[2],
        energy_difference_p=columns[3],
        glass_p=columns[4].astype(np.int64),
        n_glasses=len(wells),
        n_pushes=sum(one.n_directions for one in wells),
    )


def barrier_statistics(comparison: BarrierComparison, rng: np.random.Generator) -> dict[str, Estimate]:
    """Return how well the cubic estimate foretells the barrier, errors by resampling whole glasses.

    Median of the ratio of barrier to estimate, the half width of the middle two thirds of its logarithm to base ten,
    and the rank correlation.

    Args:
        comparison: the pairs.
        rng: source of randomness.

    Raises:
        IllPosedFit: too few pairs.
    """
    if len(comparison) < FEWEST_PAIRS:
        raise IllPosedFit(f"{len(comparison)} pairs of minima; expected {FEWEST_PAIRS} at least", len(comparison))
    rows_g = [np.flatnonzero(comparison.glass_p == g) for g in range(comparison.n_glasses)]

    def statistics(rows: IntArray) -> dict[str, float]:
        barrier, estimate = comparison.barrier_p[rows], comparison.estimate_p[rows]
        logarithm = np.log10(barrier / estimate)
        low, high = np.quantile(logarithm, [1 / 6, 5 / 6])
        return {
            "median_ratio": float(10 ** np.median(logarithm)),
            "spread_decades": float(high - low) / 2,
            "rank_correlation": float(spearmanr(barrier, estimate).statistic),
        }

    def of_glasses(counts_g: IntArray) -> dict[str, float]:
        rows = np.concatenate([np.tile(rows, count) for rows, count in zip(rows_g, counts_g, strict=True)])
        return statistics(rows) if len(rows) > 2 else dict.fromkeys(value, np.nan)

    value = statistics(np.arange(len(comparison)))
    replicates = bootstrap(of_glasses, comparison.n_glasses, rng, resamples=RESAMPLES)
    return {
        name: Estimate(number, bootstrap_error(replicates[name], comparison.n_glasses), "1")
        for name, number in value.items()
    }
