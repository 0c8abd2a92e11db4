"""What the pairs of neighbouring minima of all glasses of a study say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.soft_modes.barrier_comparison import BarrierComparison, barrier_statistics, compare_barriers
from analysis.soft_modes.double_wells import DoubleWells
from analysis.soft_modes.well_pairs import WellPairs
from analysis.structure import mean_over_glasses
from analysis.study.study_nonlinear import over_glasses
from atomsim.errors import IllPosedFit
from atomsim.results import Array, Estimate, IntArray, quantity


@dataclass(frozen=True, eq=False)
class FollowedPairs:
    """The pairs whose path was followed, ``_c`` over all glasses; energies above the glass."""

    glass_c: IntArray = quantity("1", "which glass the pair belongs to")
    barrier_c: Array = quantity("epsilon", "energy of the saddle")
    gap_c: Array = quantity("epsilon", "gap of the two lowest levels along the path")
    asymmetry_c: Array = quantity("epsilon", "asymmetry Delta along the path")
    tunnelling_c: Array = quantity("epsilon", "tunnelling splitting Delta_0 along the path")
    two_level_c: IntArray = quantity("1", "1 where both ground states are below the barrier and the lowest two levels")
    n_lost: int = quantity("1", "pairs that the elastic band does not confirm")
    n_scanned: int = quantity("1", "pairs whose relaxed scan reaches the saddle")
    band_disagreement: float = quantity("1", "largest relative difference of the barrier of the band from the saddle")
    scan_disagreement: float = quantity("1", "largest relative difference of the barrier of the scan from the saddle")
    two_level_systems: Estimate = quantity("1", "two-level systems of one glass with a gap below the limit")


@dataclass(frozen=True, eq=False)
class StudyWells:
    """The pairs of minima of a study, ``_p`` over all glasses; errors by drawing whole glasses anew."""

    comparison: BarrierComparison = quantity("as its fields say", "estimated and true barriers")
    median_ratio: Estimate = quantity("1", "median of barrier over estimate; NaN where the note says why")
    spread_decades: Estimate = quantity("1", "half width of the middle two thirds of its logarithm")
    rank_correlation: Estimate = quantity("1", "rank correlation of barrier and estimate")
    glass_p: IntArray = quantity("1", "which glass the pair belongs to")
    barrier_p: Array = quantity("epsilon", "energy of the saddle above the glass")
    energy_difference_p: Array = quantity("epsilon", "energy of the second minimum above the glass")
    participation_number_p: Array = quantity("1", "atoms that take part in the jump")
    largest_move_p: Array = quantity("sigma", "displacement of the most moving atom")
    harmonic_share_p: Array = quantity("1", "largest squared overlap of the jump with a vibration")
    chi_relaxed_p: Array = quantity("epsilon/(m^2 sigma^4)", "relaxed fourth derivative along the direction")
    predicted_barrier_p: Array = quantity("epsilon", "barrier of the expansion to fourth order; NaN without one")
    saddle_force_p: Array = quantity("epsilon/sigma", "largest force component at the saddle")
    pairs_per_glass: Estimate = quantity("1", "pairs of one glass")
    participation_number: Estimate = quantity("1", "median of the atoms that take part in the jump")
    barrier: Estimate = quantity("epsilon", "median barrier")
    asymmetry: Estimate = quantity("epsilon", "median of the modulus of the energy difference")
    harmonic_share: Estimate = quantity("1", "median of the largest squared overlap with a vibration")
    n_glasses: int = quantity("1", "glasses searched")
    n_directions: int = quantity("1", "directions climbed along")
    n_lost: int = quantity("1", "climbs that reached no saddle next to the glass")
    n_repeated: int = quantity("1", "climbs that led to a pair already found")
    n_unbounded: int = quantity("1", "pairs along whose direction the expansion has no bound, relaxed chi <= 0")
    n_single: int = quantity("1", "pairs along whose direction the bounded expansion has no second minimum")
    splitting: float = quantity("epsilon", "limit of the gap of two-level systems")
    followed: FollowedPairs | None = quantity("as its fields say", "None where no path was asked for", default=None)

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.barrier_p)


def study_wells(
    pairs: Sequence[WellPairs],
    followed: Sequence[DoubleWells | None] | None,
    rng: np.random.Generator,
    *,
    splitting: float,
    resamples: int,
) -> StudyWells:
    """Return the summary of the pairs of minima of several glasses.

    Args:
        pairs: the pairs of each glass.
        followed: those of each glass that were followed; None where none were asked for.
        rng: source of randomness.
        splitting: limit of the gap of two-level systems [epsilon].
        resamples: draws of glasses for the errors.
    """
    glass_p = np.repeat(np.arange(len(pairs)), [len(one) for one in pairs])

    def pooled(name: str) -> Array:
        return np.concatenate([getattr(one, name) for one in pairs])

    def median(value_p: Array, unit: str) -> Estimate:
        found = over_glasses(value_p, glass_p, len(pairs), lambda x: float(np.median(x)), rng, resamples)
        return Estimate(found.value, found.error, unit, found.note)

    barrier_p, difference_p, share_p = pooled("barrier_m"), pooled("energy_difference_m"), pooled("harmonic_share_m")
    chi_p, predicted_p, atoms_p = map(pooled, ("chi_relaxed_m", "predicted_barrier_m", "participation_number_m"))
    comparison = compare_barriers(pairs)
    return StudyWells(
        comparison=comparison,
        **_statistics(comparison, rng),
        glass_p=glass_p,
        barrier_p=barrier_p,
        energy_difference_p=difference_p,
        participation_number_p=atoms_p,
        largest_move_p=pooled("largest_move_m"),
        harmonic_share_p=share_p,
        chi_relaxed_p=chi_p,
        predicted_barrier_p=predicted_p,
        saddle_force_p=pooled("saddle_force_m"),
        pairs_per_glass=mean_over_glasses([len(one) for one in pairs], "1"),
        participation_number=median(atoms_p, "1"),
        barrier=median(barrier_p, "epsilon"),
        asymmetry=median(np.abs(difference_p), "epsilon"),
        harmonic_share=median(share_p, "1"),
        n_glasses=len(pairs),
        n_directions=sum(one.n_directions for one in pairs),
        n_lost=sum(one.n_lost for one in pairs),
        n_repeated=sum(one.n_repeated for one in pairs),
        n_unbounded=int(np.sum(~(chi_p > 0))),
        n_single=int(np.sum((chi_p > 0) & ~np.isfinite(predicted_p))),
        splitting=splitting,
        followed=None if followed is None else _followed([one for one in followed if one is not None], splitting),
    )


def _statistics(comparison: BarrierComparison, rng: np.random.Generator) -> dict[str, Estimate]:
    """How well the estimates foretell the barriers; missing numbers with the reason where there are too few pairs."""
    try:
        return barrier_statistics(comparison, rng)
    except IllPosedFit as reason:
        missing = Estimate(np.nan, np.nan, "1", str(reason))
        return dict.fromkeys(("median_ratio", "spread_decades", "rank_correlation"), missing)


def _followed(found: Sequence[DoubleWells], splitting: float) -> FollowedPairs:
    def pooled(name: str) -> Array:
        return np.concatenate([getattr(one, name) for one in found])

    band, scan = (np.abs(pooled(name) / pooled("barrier_m") - 1) for name in ("barrier_band_m", "barrier_scan_m"))
    scan = scan[np.isfinite(scan)]
    counts = [int(np.sum((one.two_level_m == 1) & (one.gap_m <= splitting))) for one in found]
    return FollowedPairs(
        glass_c=np.repeat(np.arange(len(found)), [len(one) for one in found]),
        barrier_c=pooled("barrier_m"),
        gap_c=pooled("gap_m"),
        asymmetry_c=pooled("asymmetry_m"),
        tunnelling_c=pooled("tunnelling_m"),
        two_level_c=pooled("two_level_m").astype(np.int64),
        n_lost=sum(one.n_repeated + one.n_unconnected + one.n_failed for one in found),
        n_scanned=len(scan),
        band_disagreement=float(band.max()) if len(band) else float("nan"),
        scan_disagreement=float(scan.max()) if len(scan) else float("nan"),
        two_level_systems=mean_over_glasses(counts, "1"),
    )
