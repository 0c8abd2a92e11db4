"""The relaxation curves of a study: the exponential approximation, and the full system of the same rates beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.relaxation.comparison import ApproximationTest, compare_with_full_system
from analysis.relaxation.curves import CURVES_OF_FIGURE_1, RelaxationCurve, relaxation_curve
from analysis.relaxation.rates import RelaxationRates
from atomsim.results import Array

POINTS_PER_PERIOD = 24  # of the oscillations of the full system, whose rate is the coupling at most
FEWEST_POINTS, MOST_POINTS = 101, 4000


@dataclass(frozen=True)
class StudyRelaxation:
    """Curves of the theory, of each set of rates one; ``tests`` holds those in resonance."""

    curves: tuple[RelaxationCurve, ...]
    full: tuple[RelaxationCurve, ...]
    tests: tuple[ApproximationTest, ...]


def study_relaxation(rates: Sequence[RelaxationRates] | None = None, *, polarisation: float) -> StudyRelaxation:
    """Return the curves of given rates, or of those of figure 1 and its text, by the approximation and in full.

    Source: egorushkin-melnikova-1993b (12); test: test_relaxation_of_a_study_holds_the_curves_of_figure_1

    Args:
        rates: the rates; the four sets of the paper where absent.
        polarisation: initial polarisation over initial inversion [-].
    """
    chosen = CURVES_OF_FIGURE_1 if rates is None else tuple(rates)
    curves = tuple(relaxation_curve(one, polarisation=polarisation) for one in chosen)
    return StudyRelaxation(
        curves=curves,
        full=tuple(relaxation_curve(one, system="full", polarisation=polarisation) for one in chosen),
        tests=tuple(
            compare_with_full_system(_dense_times(curve), curve.rates, polarisation=polarisation)
            for curve in curves
            if curve.rates.detuning == 0
        ),
    )


def _dense_times(curve: RelaxationCurve) -> Array:
    """The time of a curve, dense enough for the oscillations of the full system."""
    end = float(curve.time_t[-1])
    needed = int(POINTS_PER_PERIOD * end * curve.rates.coupling / (2 * np.pi))
    return np.linspace(0, end, int(np.clip(needed, FEWEST_POINTS, MOST_POINTS)))
