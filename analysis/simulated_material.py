"""A simulated glass as a material: its fitted soft potentials in SI, and the same for draws of its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.study.results import WholeStudy
from analysis.thermal.kappa import ThermalResult, conductivity
from analysis.thermal.materials import GlassMaterial, Provenance, with_numbers
from analysis.thermal.prediction import BAND, FEWEST_DRAWS
from atomsim.errors import IllPosedFit
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, ELECTRON_VOLT

NEEDED = ("W", "C_l", "C_t", "Lambda_l", "Lambda_t")
LARGEST_NUMBER_OF_DRAWS = 40


@dataclass(frozen=True)
class Bands:
    """Where conductivity and specific heat lie in 68 % of the draws of glasses; NaN where there are too few draws."""

    conductivity_low_T: Array = quantity("W/(m K)", "lower end of the conductivity")
    conductivity_high_T: Array = quantity("W/(m K)", "upper end of the conductivity")
    specific_heat_low_T: Array = quantity("J/(m^3 K)", "lower end of the specific heat")
    specific_heat_high_T: Array = quantity("J/(m^3 K)", "upper end of the specific heat")
    n_draws: int = quantity("1", "draws that could be used")


def simulated_material(study: WholeStudy) -> GlassMaterial:
    """Return the glass of a study as a material: no number of it is fitted to a measurement of heat.

    Args:
        study: a finished study.

    Raises:
        IllPosedFit: too few soft modes for one of the numbers.
    """
    parameters = study.parameters
    values = {name: getattr(parameters, name).value for name in NEEDED}
    missing = {name: getattr(parameters, name).note for name, value in values.items() if not value > 0}
    if missing:
        reasons = "; ".join(f"{name}: {note or 'not positive'}" for name, note in missing.items())
        raise IllPosedFit(f"study {study.name!r} gives no conductivity: {reasons}", values)
    scales, largest = study.material, study.largest
    potentials = _potentials(values, scales.epsilon)
    glass = GlassMaterial(
        name=f"{study.name} ({scales.name})",
        density=float(scales.to_si(largest.structure.mass_density.value, "density")),
        v_l=float(scales.to_si(largest.sound.longitudinal_velocity.value, "velocity")),
        v_t=float(scales.to_si(largest.sound.transverse_velocity.value, "velocity")),
        W=potentials["W"],
        C_l=potentials["C_l"],
        C_t=potentials["C_t"],
        debye_temperature=study.thermal.debye_temperature,
        experiment_time=study.thermal.experiment_time,
    )
    named = (*potentials, "density", "v_l", "v_t", "debye_temperature")
    provenance = Provenance(f"study {study.name!r}, scales of {scales.name}", "simulated")
    return with_numbers(glass, potentials, dict.fromkeys(named, provenance))


def _potentials(values: Mapping[str, float], epsilon: float) -> dict[str, float]:
    """The numbers of the soft potentials in the units of a material."""
    return {
        "W": values["W"] * epsilon / BOLTZMANN,
        "C_l": values["C_l"],
        "C_t": values["C_t"],
        "lambda_l": values["Lambda_l"] * epsilon / ELECTRON_VOLT,
        "lambda_t": values["Lambda_t"] * epsilon / ELECTRON_VOLT,
    }


def simulated_draws(study: WholeStudy, material: GlassMaterial) -> list[GlassMaterial]:
    """Return the material as draws of the glasses give it; none for a study of one glass.

    Args:
        study: a finished study.
        material: its material.
    """
    replicates = study.parameters.replicates
    if study.parameters.n_glasses < 2:
        return []
    found = []
    for i in range(min(len(replicates["W"]), LARGEST_NUMBER_OF_DRAWS)):
        values = {name: float(replicates[name][i]) for name in NEEDED}
        if all(np.isfinite(value) and value > 0 for value in values.values()):
            found.append(with_numbers(material, _potentials(values, study.material.epsilon), {}))
    return found


def bands(draws: Sequence[GlassMaterial], result: ThermalResult, *, channels: Sequence[str] | None = None) -> Bands:
    """Return the bands of a result over draws of glasses.

    Args:
        draws: the material in each draw.
        result: what the fitted numbers give.
        channels: the channels that were asked for.
    """
    nothing = np.full_like(result.temperature_T, np.nan)
    if len(draws) < FEWEST_DRAWS:
        return Bands(nothing, nothing, nothing, nothing, len(draws))
    found = [conductivity(d, result.temperature_T, model=result.model, channels=channels) for d in draws]
    low, high = np.percentile([r.conductivity_T for r in found], BAND, axis=0)
    heat_low, heat_high = np.percentile([r.specific_heat_T for r in found], BAND, axis=0)
    return Bands(low, high, heat_low, heat_high, len(draws))
