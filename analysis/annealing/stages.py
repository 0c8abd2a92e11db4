"""The stages of an annealing study: glasses, anneals at each temperature, structure factors, and the summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

from analysis.annealing.config import AlloyAnnealStudy, AlloyGlassStudy, AnnealStudy
from analysis.annealing.measures import summarise
from analysis.annealing.results import AnnealSummary, FrameStructures, MetalFrameStructures, Series
from analysis.config import StudyConfig
from analysis.crystallinity import crystalline_share
from analysis.study import STAGES, Cost, Stage
from analysis.study.costs import descent_seconds, dynamics_seconds, factor_seconds, neighbours_of
from analysis.study.plan import ORIGIN, Inputs
from analysis.trajectories.structure_factor import resolved_width, structure_factor
from atomsim.annealing import Annealed, AnnealParameters, MetalAnnealed, anneal, frame_steps
from atomsim.engines.annealing import anneal_alloy
from atomsim.engines.glass import AlloyGlass, AlloyParameters, make_alloy_glass
from atomsim.quench import Glass
from atomsim.units import UNIT_SYSTEMS, UnitSystem

# Measured on one core, for the forecast, with glasses of 256 atoms of the r^-10 mixture: each atom and S(q).
STRUCTURE_SECONDS = 1.2e-4
# CuZr_mm through LAMMPS, with melts and glasses of 250 and 500 atoms: each atom and evaluation of the forces, the same
# in dynamics, descents and differences; evaluations on the way to zero pressure, and from a frame to its minimum.
ALLOY_SECONDS, ALLOY_DESCENT, ALLOY_QUENCH = 1.0e-5, 2500, 600
RESAMPLE_SECONDS = 0.2  # all laws and quantities at one temperature
WORKER_MEMORY = 400e6

Parameters = Mapping[str, Any]


def _anneal(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Annealed:
    (glass,) = inputs["glass"]
    return anneal(glass, AnnealParameters(**parameters), rng)


def _alloy_glass(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> AlloyGlass:
    return make_alloy_glass(AlloyParameters(**parameters), rng)


def _alloy_anneal(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Annealed:
    (glass,) = inputs["glass"]
    return anneal_alloy(glass, AnnealParameters(**parameters), rng)


def _structures(
    parameters: Parameters, inputs: Inputs, rng: np.random.Generator, kind: type[FrameStructures] = FrameStructures
) -> FrameStructures:
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
    return kind(
        q_b=found[0].q_b,
        count_b=found[0].count_b,
        fraction_s=found[0].fraction_s,
        intensity_tssb=np.array([one.intensity_ssb for one in found]),
        crystalline_t=np.array([crystalline_share(frame) for frame in frames]),
    )


def _summary(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> AnnealSummary:
    annealed = [value for name, value in inputs.items() if name.startswith("anneal_")]
    structures = [value for name, value in inputs.items() if name.startswith("structures_")]
    settings = {key: value for key, value in parameters.items() if key != "units"}
    found = summarise(inputs["glass"], annealed, structures, settings, rng)
    return told_in_units(found, UNIT_SYSTEMS[parameters["units"]])


def told_in_units(found: AnnealSummary, units: UnitSystem) -> AnnealSummary:
    """Return a summary whose series name the units in which their numbers are; no number changes.

    Args:
        found: the summary, told in reduced units.
        units: what the numbers are.
    """
    ensembles = tuple(
        replace(one, series={name: _restated(series, units) for name, series in one.series.items()})
        for one in found.ensembles
    )
    return replace(found, ensembles=ensembles, units=units.name)


def _restated(series: Series, units: UnitSystem) -> Series:
    return replace(series, unit=units.restate(series.unit))


def _alloy_glass_parameters(config: StudyConfig) -> dict[str, Any]:
    return cast("AlloyAnnealStudy | AlloyGlassStudy", config).glass.protocol()


def _anneal_parameters(config: StudyConfig, *, temperature: float) -> dict[str, Any]:
    study = cast(AnnealStudy, config)
    return vars(study.anneal.parameters(temperature, study.glass.time_step)).copy()


def _structure_parameters(config: StudyConfig) -> dict[str, Any]:
    return {"longest": cast(AnnealStudy, config).anneal.longest}


def _summary_parameters(config: StudyConfig) -> dict[str, Any]:
    study = cast(AnnealStudy, config)
    keys = ("shells", "shell_edges", "window", "moved", "resamples")
    return {key: getattr(study.anneal, key) for key in keys} | {"units": study.units.name}


def _protocol(parameters: Mapping[str, Any]) -> AnnealParameters:
    """What an anneal does, from what its cost is told."""
    return AnnealParameters(**{key: value for key, value in parameters.items() if key != ORIGIN})


def _anneal_cost(parameters: Mapping[str, Any], sizes: Sequence[int]) -> Cost:
    """Dynamics, and from each frame a descent with its certificate."""
    protocol, neighbours, seconds = _protocol(parameters), neighbours_of(parameters[ORIGIN]), 0.0
    steps = frame_steps(protocol)
    way = float(steps[-1]) * protocol.time_step * protocol.temperature**0.5
    for n in sizes:
        each = descent_seconds(n, neighbours) + factor_seconds(n, neighbours)
        seconds += dynamics_seconds(n, neighbours, float(steps[-1]), way) + len(steps) * each
    return Cost(seconds, WORKER_MEMORY)


def _alloy_glass_cost(parameters: Mapping[str, Any], sizes: Sequence[int]) -> Cost:
    steps = parameters["melt_time"] / parameters["time_step"] + ALLOY_DESCENT
    if parameters["cooling_rate"] is not None:
        span = parameters["temperature"] - parameters["final_temperature"]
        steps += span / parameters["cooling_rate"] / parameters["time_step"]
    return Cost(sum(n * (steps + 6 * n) * ALLOY_SECONDS for n in sizes), WORKER_MEMORY)


def _alloy_anneal_cost(parameters: Mapping[str, Any], sizes: Sequence[int]) -> Cost:
    steps = frame_steps(_protocol(parameters))
    count = float(steps[-1]) + len(steps) * ALLOY_QUENCH
    return Cost(sizes[0] * count * ALLOY_SECONDS, WORKER_MEMORY)


def _structure_cost(parameters: Mapping[str, Any], sizes: Sequence[int], *, frames: int) -> Cost:
    return Cost(sizes[0] * frames * STRUCTURE_SECONDS, WORKER_MEMORY)


def _summary_cost(parameters: Mapping[str, Any], sizes: Sequence[int], *, temperatures: int) -> Cost:
    return Cost(5 + temperatures * parameters["resamples"] * RESAMPLE_SECONDS, WORKER_MEMORY)


ALLOY_GLASSES = Stage("glass", 2, AlloyGlass, _alloy_glass, _alloy_glass_parameters, _alloy_glass_cost)


def stages_of(config: AnnealStudy) -> tuple[Stage, ...]:
    """Return the stages of a study in order; the glasses are those of any other study with the same table.

    Args:
        config: the study.
    """
    real = isinstance(config, AlloyAnnealStudy)
    glass = ALLOY_GLASSES if real else next(stage for stage in STAGES if stage.name == "glass")
    anneals, structures = [], []
    for temperature in config.anneal.temperatures:
        name = f"T{temperature:g}"
        anneals.append(
            Stage(
                f"anneal_{name}",
                2,
                MetalAnnealed if real else Annealed,
                _alloy_anneal if real else _anneal,
                partial(_anneal_parameters, temperature=temperature),
                _alloy_anneal_cost if real else _anneal_cost,
                needs=("glass",),
            )
        )
        frames = len(frame_steps(config.anneal.parameters(temperature, config.glass.time_step))) + 1
        structures.append(
            Stage(
                f"structures_{name}",
                1,
                MetalFrameStructures if real else FrameStructures,
                partial(_structures, kind=MetalFrameStructures) if real else _structures,
                _structure_parameters,
                partial(_structure_cost, frames=frames),
                needs=("glass", f"anneal_{name}"),
            )
        )
    needs = ("glass", *(stage.name for stage in (*anneals, *structures)))
    cost = partial(_summary_cost, temperatures=len(anneals))
    summary = Stage("summary", 2, AnnealSummary, _summary, _summary_parameters, cost, needs, per_sample=False)
    return (glass, *anneals, *structures, summary)
