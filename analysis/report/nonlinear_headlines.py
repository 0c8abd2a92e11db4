"""The headline numbers of nonlinear modes and double wells; none where they are not kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.report.headline import Headline
from analysis.soft_modes.stationary import Kind
from analysis.study.results import WholeStudy
from analysis.study.study_nonlinear import KindSummary
from analysis.study.study_wells import FollowedPairs, StudyWells
from atomsim.results import Estimate

KIND_NUMBERS: tuple[tuple[str, str, Callable[[KindSummary], Estimate]], ...] = (
    ("per_glass", "distinct {} modes of one glass", lambda k: k.per_glass),
    ("participation_number", "median participation number of {} modes", lambda k: k.participation_number),
    ("far_exponent", "median x of the decay r^-x of {} modes", lambda k: k.far_exponent),
    (
        "harmonic_share",
        "median of the largest squared overlap of {} modes with a vibration",
        lambda k: k.harmonic_share,
    ),
    ("hybridised", "share of {} modes of which no vibration carries half", lambda k: k.hybridised),
    ("residual", "largest residual of {} modes", lambda k: _exact(k.largest_residual, "1")),
)
WELL_NUMBERS: tuple[tuple[str, str, Callable[[StudyWells], Estimate]], ...] = (
    ("n_pairs", "pairs of neighbouring minima", lambda w: Estimate(float(len(w)), 0.0, "1")),
    ("per_glass", "pairs of one glass", lambda w: w.pairs_per_glass),
    ("barrier", "median barrier", lambda w: w.barrier),
    ("asymmetry", "median difference of the two minima", lambda w: w.asymmetry),
    ("participation_number", "median of the atoms that take part in a jump", lambda w: w.participation_number),
    ("harmonic_share", "median of the largest squared overlap of a jump with a vibration", lambda w: w.harmonic_share),
    ("barrier_ratio", "median of barrier over estimate of the cubic mode", lambda w: w.median_ratio),
    ("barrier_spread", "scatter of that ratio, decades", lambda w: w.spread_decades),
    ("barrier_rank", "rank correlation of barrier and estimate", lambda w: w.rank_correlation),
    ("unbounded_share", "share of pairs along whose direction the expansion has no bound", lambda w: _unbounded(w)),
)
FOLLOWED_NUMBERS: tuple[tuple[str, str, Callable[[FollowedPairs], Estimate]], ...] = (
    ("n_followed", "pairs with elastic band, path and levels", lambda f: Estimate(float(len(f.glass_c)), 0.0, "1")),
    ("two_level_systems", "two-level systems of one glass below the limit of the gap", lambda f: f.two_level_systems),
    ("band_disagreement", "largest relative difference of the barriers of band and saddle",
     lambda f: _exact(f.band_disagreement, "1")),
    ("scan_disagreement", "largest relative difference of the barriers of scan and saddle",
     lambda f: _exact(f.scan_disagreement, "1")),
)  # fmt: skip


def nonlinear_headlines(study: WholeStudy) -> tuple[Headline, ...]:
    """Return the headlines of nonlinear modes, one set for each kind, and of pairs of minima.

    Args:
        study: the study.
    """
    found: list[Headline] = []
    for kind in () if study.nonlinear is None else study.nonlinear.kinds:
        found += [_headline("nonlinear", f"{kind.kind.replace('-', '_')}_{key}", text.format(kind.kind), number(kind))
                  for key, text, number in KIND_NUMBERS]  # fmt: skip
    if study.wells is not None:
        found += [_headline("double_wells", key, text, number(study.wells)) for key, text, number in WELL_NUMBERS]
        followed = study.wells.followed
        if followed is not None:
            found += [_headline("double_wells", key, text, number(followed)) for key, text, number in FOLLOWED_NUMBERS]
    return tuple(found)


def _headline(stage: str, key: str, text: str, value: Estimate) -> Headline:
    return Headline(stage, key, text, of_study=lambda study: value)


def _exact(value: float, unit: str) -> Estimate:
    return Estimate(value, float("nan"), unit, "" if np.isfinite(value) else "none found")


def _unbounded(wells: StudyWells) -> Estimate:
    """Share with the standard error of a count."""
    if not len(wells):
        return Estimate(float("nan"), float("nan"), "1", "no pair of minima was found")
    share = wells.n_unbounded / len(wells)
    return Estimate(share, float(np.sqrt(share * (1 - share) / len(wells))), "1")


# every pair of stage and key, whether or not a study has its number
NONLINEAR_KEYS = (
    *(("nonlinear", f"{kind.value.replace('-', '_')}_{key}") for kind in Kind for key, _, _ in KIND_NUMBERS),
    *(("double_wells", key) for key, _, _ in (*WELL_NUMBERS, *FOLLOWED_NUMBERS)),
)
