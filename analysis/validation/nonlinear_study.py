"""Comparisons that nonlinear modes and pairs of minima allow: stationarity, expansions, far fields, barriers."""

from __future__ import annotations

import numpy as np

from analysis.study.results import WholeStudy
from analysis.study.study_nonlinear import KindSummary
from analysis.study.study_wells import FollowedPairs, StudyWells
from analysis.validation.comparison import Comparison, Kind, compare, compare_bound

STATIONARY = 1e-8  # relative gradient of the barrier function
FIFTH_ORDER = 0.03  # of the energy at 0.05 sigma, which the expansion to fourth order leaves out
SADDLE_FORCE = 1e-8  # forces at a saddle against those of one unit
SAME_BARRIER = 1e-3  # band and scan against the saddle; the climbing image of a band stops before round-off
DIPOLE = 2.0  # decay of an elastic dipole in three dimensions


def nonlinear_comparisons(study: WholeStudy) -> list[Comparison]:
    """Return what nonlinear modes and pairs of minima say of the theory; nothing where they are not kept.

    Args:
        study: the study.
    """
    rows: list[Comparison] = []
    for kind in () if study.nonlinear is None else study.nonlinear.kinds:
        rows += _kind(kind) if len(kind) else []
    if study.wells is not None and len(study.wells):
        rows += _wells(study.wells)
        if study.wells.followed is not None and len(study.wells.followed.glass_c):
            rows += _followed(study.wells.followed)
    return rows


def _kind(kind: KindSummary) -> list[Comparison]:
    far = kind.far_exponent
    rows = [
        compare(f"{kind.kind} modes: one plus the relative gradient of the barrier function, largest of {len(kind)}",
                "gartner-lerner-2016 (stationary direction)", predicted=1.0, measured=1 + kind.largest_residual,
                unit="1", tolerance=STATIONARY),
        compare(f"{kind.kind} modes: energy along the mode over its expansion to fourth order, the furthest of all",
                "soft-modes-notes (nonlinear modes)", predicted=1.0, measured=1 + kind.largest_scan_error, unit="1",
                tolerance=FIFTH_ORDER, remark="up to a displacement of 0.05 sigma of the most moving atom; what the "
                                              "expansion leaves out falls as its fifth power"),
    ]  # fmt: skip
    if np.isfinite(far.value):
        rows.append(
            compare(f"{kind.kind} modes: exponent of the decay from the core against that of an elastic dipole",
                    "gartner-lerner-2016 (far field)", predicted=DIPOLE, measured=far.value, measured_error=far.error,
                    unit="1", kind=Kind.MODEL,
                    remark=f"median of {int(np.isfinite(kind.far_exponent_p).sum())} modes; holds far from the core, "
                           "which half a cell is not")
        )  # fmt: skip
    return rows


def _wells(wells: StudyWells) -> list[Comparison]:
    rows = [
        compare("saddles between minima: one plus the largest force component of all",
                "soft-modes-notes (relaxed scan)", predicted=1.0, measured=1 + float(wells.saddle_force_p.max()),
                unit="epsilon/sigma", tolerance=SADDLE_FORCE),
    ]  # fmt: skip
    ratio = wells.median_ratio
    if np.isfinite(ratio.value):
        lowest = float((wells.comparison.barrier_p / wells.comparison.estimate_p).min())
        rows.append(
            compare_bound("barrier between two minima over the estimate of the cubic mode, median: one and more",
                          "gartner-lerner-2016 (barrier)", lower_bound=1.0, measured=ratio.value,
                          measured_error=ratio.error, unit="1", kind=Kind.MODEL,
                          remark=f"{len(wells.comparison)} pairs, smallest ratio {lowest:.3g}; the estimate is a bound "
                                 "where higher orders stiffen the way, and exact for vanishing barriers")
        )  # fmt: skip
    return rows


def _followed(followed: FollowedPairs) -> list[Comparison]:
    ways = {
        "elastic band": (followed.band_disagreement, len(followed.glass_c)),
        "relaxed scan": (followed.scan_disagreement, followed.n_scanned),
    }
    return [
        compare(f"barrier of the {way} over the energy of the saddle, the furthest of {count}",
                "soft-modes-notes (relaxed scan)", predicted=1.0, measured=1 + worst, unit="1", tolerance=SAME_BARRIER)
        for way, (worst, count) in ways.items() if count
    ]  # fmt: skip
