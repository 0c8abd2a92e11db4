"""The stages of a study, in order: what each computes, and from what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.config import MaterialSection, StudyConfig
from analysis.modes import Elasticity, Modes, elasticity, full_spectrum, lowest_modes
from analysis.scanned import ScannedMode, choose_mode, scan_soft_mode
from analysis.soft_modes import Selection, SoftModes, find_soft_modes
from analysis.soft_potential import Counting, EnsembleParameters, fit_ensemble
from analysis.structure import StructureSummary, structure_summary
from analysis.study.alloy_stages import alloy_stages
from analysis.study.costs import (
    elasticity_cost,
    fit_cost,
    glass_cost,
    modes_cost,
    scan_cost,
    soft_mode_cost,
    summary_cost,
    thermal_cost,
)
from analysis.study.learning_stages import learning_stages
from analysis.study.nonlinear_stages import nonlinear_stages
from analysis.study.plan import Inputs, Parameters, Stage
from analysis.study.tail_stages import tail_stages
from analysis.study.wind_stages import wind_stages
from analysis.thermal import ThermalPrediction, predict_thermal
from analysis.vibrations import SoundSummary, VibrationSummary, is_whole, sound_summary, vibration_summary
from atomsim.errors import IncompleteSpectrum
from atomsim.quench import Glass, QuenchParameters, make_glass

# --- one glass ----------------------------------------------------------------------------------------------


def _glass(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Glass:
    return make_glass(QuenchParameters(**parameters), rng)


def _elasticity(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Elasticity:
    (glass,) = inputs["glass"]
    return elasticity(glass)


def _modes(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Modes:
    (glass,) = inputs["glass"]
    keep = parameters["keep_vectors"]
    if "lowest" not in parameters:
        return full_spectrum(glass, keep_vectors=keep)
    modes = lowest_modes(glass, parameters["lowest"] + glass.healthy_zero_modes)
    return replace(modes, vectors_mnc=modes.vectors_mnc[:keep])


def _soft_modes(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> SoftModes:
    (glass,), (elastic,), (modes,) = inputs["glass"], inputs["elasticity"], inputs["modes"]
    limit, end = parameters["phonon_fraction"] * elastic.lowest_phonon_frequency, float(modes.omega_m[-1])
    if parameters["count"] is None and not is_whole(modes) and end < limit:
        raise IncompleteSpectrum(
            f"the lowest vibrations of the glass end at omega = {end:.4g}, below the limit {limit:.4g} of its soft "
            "modes; raise modes.lowest or lower soft_modes.fraction",
            estimate=end,
        )
    return find_soft_modes(glass, modes, elastic, Selection(**parameters))


# --- the ensemble -------------------------------------------------------------------------------------------


def _structure(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StructureSummary:
    return structure_summary(inputs["glass"], **parameters)


def _sound(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> SoundSummary:
    return sound_summary(inputs["elasticity"])


def _vibrations(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> VibrationSummary:
    return vibration_summary(inputs["modes"], bins=parameters["bins"])


def _soft_potentials(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> EnsembleParameters:
    (structure,), (sound,) = inputs["structure"], inputs["sound"]
    window = parameters["window"]
    return fit_ensemble(
        inputs["soft_modes"],
        hbar=MaterialSection(**parameters["material"]).material().hbar,
        length=parameters["length"],
        mass_density=structure.mass_density.value,
        longitudinal_velocity=sound.longitudinal_velocity.value,
        transverse_velocity=sound.transverse_velocity.value,
        rng=rng,
        counting=Counting(parameters["counting"]),
        window_omega=np.inf if window is None else window,
        minimum_modes=parameters["minimum_modes"],
        resamples=parameters["resamples"],
    )


def _thermal(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> ThermalPrediction:
    (structure,), (sound,), (vibrations,) = inputs["structure"], inputs["sound"], inputs["vibrations"]
    (potentials,) = inputs["soft_potentials"]
    glasses = range(len(structure.volume_g)) if vibrations.complete else range(0)  # no heat from a part of a spectrum
    return predict_thermal(
        potentials,
        MaterialSection(**parameters["material"]).material(),
        mass_density=structure.mass_density.value,
        number_density=float(structure.n_atoms_g.sum() / structure.volume_g.sum()),
        longitudinal_velocity=sound.longitudinal_velocity.value,
        transverse_velocity=sound.transverse_velocity.value,
        omega_samples=[vibrations.omega_m[vibrations.glass_m == g] for g in glasses],
        volume_samples=structure.volume_g[: len(glasses)],
        temperature_T=np.array(parameters["temperatures"]),
        experiment_time=parameters["experiment_time"],
        xi2=parameters["xi2"],
    )


@dataclass(frozen=True)
class ModeChoice:
    """The soft mode chosen for a scan, of a glass of the smallest size; ``note`` says why there is none."""

    scanned: ScannedMode | None
    note: str = ""


def _scan(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> ModeChoice:
    n_smallest = min(glass.n_atoms for glass in inputs["glass"])  # the scan of a large glass takes long
    smallest = [i for i, glass in enumerate(inputs["glass"]) if glass.n_atoms == n_smallest]
    glasses, spectra, soft = ([inputs[stage][i] for i in smallest] for stage in ("glass", "modes", "soft_modes"))
    place = choose_mode(soft)
    if place is None:
        return ModeChoice(None, "no soft mode is bounded by its relaxed quartic term")
    return ModeChoice(scan_soft_mode(glasses[place[0]], spectra[place[0]], soft[place[0]], place=place))


# --- the table ----------------------------------------------------------------------------------------------


def _glass_parameters(config: StudyConfig) -> dict[str, Any]:
    return config.glass.model_dump(exclude={"sizes", "samples"})


def _mode_parameters(config: StudyConfig) -> dict[str, Any]:
    """Without ``lowest`` where all vibrations are wanted: the key of such a result is as old as the stage."""
    section = config.modes
    return {"keep_vectors": section.keep_vectors, **({} if section.lowest is None else {"lowest": section.lowest})}


def _selection_parameters(config: StudyConfig) -> dict[str, Any]:
    section = config.soft_modes.model_dump()
    return {"phonon_fraction": section.pop("fraction"), **section}


def _fit_parameters(config: StudyConfig) -> dict[str, Any]:
    return {**config.soft_potential.model_dump(), "material": config.material.model_dump()}


def _thermal_parameters(config: StudyConfig) -> dict[str, Any]:
    return {**config.thermal.model_dump(), "material": config.material.model_dump()}


def _no_parameters(config: StudyConfig) -> dict[str, Any]:
    return {}


STAGES: tuple[Stage, ...] = (
    Stage("glass", 2, Glass, _glass, _glass_parameters, glass_cost),
    Stage("elasticity", 1, Elasticity, _elasticity, _no_parameters, elasticity_cost, needs=("glass",)),
    Stage("modes", 1, Modes, _modes, _mode_parameters, modes_cost, needs=("glass",)),
    Stage(
        "soft_modes",
        1,
        SoftModes,
        _soft_modes,
        _selection_parameters,
        soft_mode_cost,
        needs=("glass", "elasticity", "modes"),
    ),
    Stage(
        "structure",
        1,
        StructureSummary,
        _structure,
        lambda c: c.structure.model_dump(),
        summary_cost,
        needs=("glass",),
        per_sample=False,
    ),
    Stage(
        "sound",
        1,
        SoundSummary,
        _sound,
        _no_parameters,
        summary_cost,
        needs=("elasticity",),
        per_sample=False,
    ),
    Stage(
        "vibrations",
        1,
        VibrationSummary,
        _vibrations,
        lambda c: {"bins": c.modes.bins},
        summary_cost,
        needs=("modes",),
        per_sample=False,
    ),
    Stage(
        "scan",
        1,
        ModeChoice,
        _scan,
        _no_parameters,
        scan_cost,
        needs=("glass", "modes", "soft_modes"),
        per_sample=False,
    ),
    Stage(
        "soft_potentials",
        1,
        EnsembleParameters,
        _soft_potentials,
        _fit_parameters,
        fit_cost,
        needs=("soft_modes", "structure", "sound"),
        per_sample=False,
    ),
    Stage(
        "thermal",
        1,
        ThermalPrediction,
        _thermal,
        _thermal_parameters,
        thermal_cost,
        needs=("structure", "sound", "vibrations", "soft_potentials"),
        per_sample=False,
    ),
)


def stages_of(config: StudyConfig) -> tuple[Stage, ...]:
    """Return the stages of a study in order: those of every study, then those of the optional tables.

    Args:
        config: the study.
    """
    optional = (alloy_stages, wind_stages, learning_stages, tail_stages, nonlinear_stages)
    return (*STAGES, *(stage for stages in optional for stage in stages(config)))
