"""The stage that the table of the tail adds to a study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.config import MaterialSection, StudyConfig
from analysis.study.plan import PROCESS_MEMORY, Cost, Inputs, Parameters, Stage
from analysis.study.study_tail import StudyTail, low_spectra, study_tail
from analysis.vibrations import is_whole


def _tail(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StudyTail:
    spectra = inputs["modes"]
    return study_tail(
        low_spectra(
            [modes.omega_m[modes.vibrations] for modes in spectra],
            inputs["elasticity"],
            [modes.n_atoms for modes in spectra],
            complete=all(is_whole(modes) for modes in spectra),
        ),
        inputs["glass"],
        inputs["soft_modes"],
        rng,
        hbar=MaterialSection(**parameters["material"]).material().hbar,
        length=parameters["length"],
        fraction=parameters["fraction"],
        resamples=parameters["resamples"],
    )


def _tail_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Reads every glass; the draws of glasses for the errors."""
    seconds = 0.3 + 3e-5 * sum(sizes) + 2e-5 * parameters["resamples"] * len(sizes)
    return Cost(seconds, PROCESS_MEMORY + 2400 * sum(sizes))


def _tail_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.tail is not None
    return {
        **config.tail.model_dump(),
        "length": config.soft_potential.length,
        "material": config.material.model_dump(),
    }


def tail_stages(config: StudyConfig) -> tuple[Stage, ...]:
    """Return the stage that the table of the tail adds; none where there is no such table.

    Args:
        config: the study.
    """
    if config.tail is None:
        return ()
    needs = ("glass", "elasticity", "modes", "soft_modes")
    return (Stage("tail", 1, StudyTail, _tail, _tail_parameters, _tail_cost, needs, per_sample=False),)
