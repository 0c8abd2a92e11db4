"""The distribution of soft potentials of a finished study, for conductivities that follow it."""

from __future__ import annotations

import numpy as np

from analysis.soft_potential.measured_measure import MeasuredMeasure, fit_measured_measure
from analysis.study.results import WholeStudy


def simulated_measure(study: WholeStudy) -> MeasuredMeasure:
    """Return how the soft modes of a study are distributed, all its sizes together.

    Args:
        study: a finished study.

    Raises:
        IllPosedFit: too few soft modes, or a power for which the number of potentials is infinite.
    """
    settings = study.configuration.get("soft_potential", {})
    window = settings.get("window")
    return fit_measured_measure(
        [modes for ensemble in study.ensembles for modes in ensemble.soft_modes],
        hbar=study.material.hbar,
        rng=np.random.default_rng(int(study.configuration["study"]["seed"])),
        window_omega=np.inf if window is None else float(window),
        resamples=int(settings.get("resamples", 400)),
    )
