"""The stages of an annealing study: glasses, anneals at each temperature, structure factors, and the summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from analysis.annealing.config import AnnealStudy
from analysis.annealing.measures import summarise
from analysis.annealing.results import AnnealSummary, FrameStructures
from analysis.config import StudyConfig
from analysis.crystallinity import crystalline_share
from analysis.study import STAGES, Cost, Stage
from analysis.study.plan import Inputs
from analysis.trajectories.structure_factor import resolved_width, structure_factor
from atomsim.annealing import Annealed, AnnealParameters, anneal, frame_steps
from atomsim.quench import Glass

# Measured on one core, for the forecast: seconds for each atom and step, each atom and quench, each atom and S(q).
STEP_SECONDS, QUENCH_SECONDS, STRUCTURE_SECONDS = 8e-7, 1.2e-3, 4e-4
RESAMPLE_SECONDS = 0.2  # all laws and quantities at one temperature
WORKER_MEMORY = 400e6

Parameters = Mapping[str, Any]


def _anneal(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Annealed:
    (glass,) = inputs["glass"]
    return anneal(glass, AnnealParameters(**parameters), rng)


def _structures(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> FrameStructures:
    glass: Glass
    annealed: Annealed
    (glass,) = inputs["glass"]
    (annealed,) = next(value for name, value in inputs.items() if name != "glass")
    longest = parameters["longest"] * 2 * np.pi * glass.density ** (1 / 3)
    width = resolved_width(annealed.cell_cc)
    found = [
        structure_factor(frame_nc, annealed.cell_cc, annealed.species_n, longest=longest, width=width)
        for frame_nc in annealed.positions_tnc
    ]
    frames = [replace(glass, positions_nc=frame_nc) for frame_nc in annealed.positions_tnc]
    return FrameStructures(
        q_b=found[0].q_b,
        count_b=found[0].count_b,
        fraction_s=found[0].fraction_s,
        intensity_tssb=np.array([one.intensity_ssb for one in found]),
        crystalline_t=np.array([crystalline_share(frame) for frame in frames]),
    )


def _summary(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> AnnealSummary:
    annealed = [value for name, value in inputs.items() if name.startswith("anneal_")]
    structures = [value for name, value in inputs.items() if name.startswith("structures_")]
    return summarise(inputs["glass"], annealed, structures, parameters, rng)


def _anneal_parameters(config: StudyConfig, *, temperature: float) -> dict[str, Any]:
    study = cast(AnnealStudy, config)
    return vars(study.anneal.parameters(temperature, study.glass.time_step)).copy()


def _structure_parameters(config: StudyConfig) -> dict[str, Any]:
    return {"longest": cast(AnnealStudy, config).anneal.longest}


def _summary_parameters(config: StudyConfig) -> dict[str, Any]:
    section = cast(AnnealStudy, config).anneal
    return {key: getattr(section, key) for key in ("shells", "shell_edges", "window", "moved", "resamples")}


def _anneal_cost(parameters: Mapping[str, Any], sizes: Sequence[int]) -> Cost:
    steps = frame_steps(AnnealParameters(**parameters))
    return Cost(sizes[0] * (float(steps[-1]) * STEP_SECONDS + len(steps) * QUENCH_SECONDS), WORKER_MEMORY)


def _structure_cost(parameters: Mapping[str, Any], sizes: Sequence[int], *, frames: int) -> Cost:
    return Cost(sizes[0] * frames * STRUCTURE_SECONDS, WORKER_MEMORY)


def _summary_cost(parameters: Mapping[str, Any], sizes: Sequence[int], *, temperatures: int) -> Cost:
    return Cost(5 + temperatures * parameters["resamples"] * RESAMPLE_SECONDS, WORKER_MEMORY)


def stages_of(config: AnnealStudy) -> tuple[Stage, ...]:
    """Return the stages of a study in order; the glasses are those of any other study with the same table.

    Args:
        config: the study.
    """
    glass = next(stage for stage in STAGES if stage.name == "glass")
    anneals, structures = [], []
    for temperature in config.anneal.temperatures:
        name = f"T{temperature:g}"
        anneals.append(
            Stage(
                f"anneal_{name}",
                1,
                Annealed,
                _anneal,
                partial(_anneal_parameters, temperature=temperature),
                _anneal_cost,
                needs=("glass",),
            )
        )
        frames = len(frame_steps(config.anneal.parameters(temperature, config.glass.time_step))) + 1
        structures.append(
            Stage(
                f"structures_{name}",
                1,
                FrameStructures,
                _structures,
                _structure_parameters,
                partial(_structure_cost, frames=frames),
                needs=("glass", f"anneal_{name}"),
            )
        )
    needs = ("glass", *(stage.name for stage in (*anneals, *structures)))
    cost = partial(_summary_cost, temperatures=len(anneals))
    summary = Stage("summary", 1, AnnealSummary, _summary, _summary_parameters, cost, needs, per_sample=False)
    return (glass, *anneals, *structures, summary)
