"""The headline numbers of a study: one list, from which summary.json, report and documentation are made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.report.alloy_headlines import ALLOY_HEADLINES
from analysis.report.headline import Headline
from analysis.report.learning_headlines import LEARNING_HEADLINES
from analysis.report.nonlinear_headlines import nonlinear_headlines
from analysis.report.tail_headlines import tail_headlines
from analysis.report.wind_headlines import WIND_HEADLINES
from analysis.soft_potential.ensemble import UNITS
from analysis.structure import mean_over_glasses
from analysis.study.results import EnsembleResults, WholeStudy
from atomsim import store
from atomsim.results import Array, Estimate

OMEGA = "sqrt(epsilon/m)/sigma"
BAND = ("conductivity_low_T", "conductivity_high_T")
KELVIN = 1.0  # temperature of the conductivity and specific heat that are quoted [K]


def _mean(unit: str, number: Callable[[Any], float], part: str = "glasses") -> Callable[[EnsembleResults], Estimate]:
    """The mean over the glasses of one size of a number of each."""
    return lambda e: mean_over_glasses([number(item) for item in getattr(e, part)], unit)


def _count(name: str) -> Callable[[WholeStudy], Estimate]:
    return lambda study: Estimate(float(getattr(study.parameters, name)), 0.0, "1")


def _median(soft: Array) -> float:
    return float(np.median(soft)) if len(soft) else float("nan")


def _lowest(e: EnsembleResults) -> Estimate:
    v = e.vibrations
    return mean_over_glasses([float(v.omega_m[v.glass_m == g].min()) for g in range(len(e.glasses))], OMEGA)


def _pooled_median(e: EnsembleResults, field: str, unit: str) -> Estimate:
    """The median over the soft modes of all glasses of one size, with the error of the mean of the glasses' medians."""
    pooled = np.concatenate([np.asarray(getattr(soft, field), dtype=float) for soft in e.soft_modes])
    if not len(pooled):
        return Estimate(float("nan"), float("nan"), unit, "no soft modes")
    each = np.array([_median(getattr(soft, field)) for soft in e.soft_modes])
    each = each[np.isfinite(each)]
    error = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else float("nan")
    note = "" if len(each) > 1 else "no error: it needs two glasses with soft modes"
    return Estimate(_median(pooled), error, unit, note)


def _unbounded(e: EnsembleResults) -> Estimate:
    shares = [soft.n_unbounded / len(soft.omega_m) for soft in e.soft_modes if len(soft.omega_m)]
    return mean_over_glasses(shares, "1") if shares else Estimate(float("nan"), float("nan"), "1", "no soft modes")


def _at_kelvin(study: WholeStudy, value: str, unit: str, ends: tuple[str, str] | None = None) -> Estimate:
    """A curve of the prediction at the temperature quoted, error from its band."""
    thermal = study.thermal
    T = np.log(thermal.temperature_T)
    if not T.min() <= np.log(KELVIN) <= T.max():
        return Estimate(float("nan"), float("nan"), unit, f"{KELVIN:g} K is not among the temperatures of the study")
    read = {name: float(np.interp(np.log(KELVIN), T, getattr(thermal, name))) for name in (value, *(ends or ()))}
    error = (read[ends[1]] - read[ends[0]]) / 2 if ends else float("nan")
    found = read[value]
    missing = "" if np.isfinite(found) else "not predicted: see the limits"
    return Estimate(found, error, unit, missing)


def _temperature(name: str) -> Callable[[WholeStudy], Estimate]:
    def read(study: WholeStudy) -> Estimate:
        value = float(getattr(study.thermal, name))
        note = "from the mean parameters: no error" if np.isfinite(value) else "not predicted: see the limits"
        return Estimate(value, float("nan"), "K", note)

    return read


_GLASS = (
    Headline("glass", "n_glasses", "number of glasses", lambda e: Estimate(float(len(e.glasses)), 0.0, "1")),
    Headline("glass", "energy", "energy per atom of the inherent structures", lambda e: e.structure.energy),
    Headline("glass", "pressure", "pressure of the inherent structures", lambda e: e.structure.pressure),
    Headline("glass", "first_peak", "distance of the first maximum of g(r)", lambda e: e.structure.first_peak),
    Headline("glass", "max_force", "largest residual force component of all glasses",
             lambda e: Estimate(max(g.max_force for g in e.glasses), float("nan"), "epsilon/sigma")),
)  # fmt: skip
_ELASTICITY = (
    Headline("elasticity", "bulk_modulus", "bulk modulus", lambda e: e.sound.bulk_modulus),
    Headline("elasticity", "shear_modulus", "shear modulus", lambda e: e.sound.shear_modulus),
    Headline("elasticity", "longitudinal_velocity", "velocity of longitudinal sound",
             lambda e: e.sound.longitudinal_velocity),
    Headline("elasticity", "transverse_velocity", "velocity of transverse sound",
             lambda e: e.sound.transverse_velocity),
    Headline("elasticity", "debye_frequency", "Debye angular frequency", lambda e: e.sound.debye_frequency),
    Headline("elasticity", "lowest_phonon_frequency", "angular frequency of the longest transverse wave of the box",
             _mean(OMEGA, lambda e: e.lowest_phonon_frequency, "elasticities")),
)  # fmt: skip
_MODES = (
    Headline("modes", "rms_frequency", "root mean square angular frequency", lambda e: e.vibrations.rms_frequency),
    Headline("modes", "highest_frequency", "highest angular frequency", lambda e: e.vibrations.highest_frequency),
    Headline("modes", "lowest_frequency", "lowest angular frequency that is not zero", _lowest),
    Headline("modes", "participation_ratio", "median participation ratio", lambda e: e.vibrations.participation_ratio),
)
_SOFT_MODES = (
    Headline("soft_modes", "per_glass", "soft modes of one glass", _mean("1", lambda s: len(s.omega_m), "soft_modes")),
    Headline("soft_modes", "participation_number", "median participation number of the soft modes",
             lambda e: _pooled_median(e, "participation_number_m", "1")),
    Headline("soft_modes", "effective_mass", "median effective mass of the soft modes",
             lambda e: _pooled_median(e, "effective_mass_m", "m")),
    Headline("soft_modes", "chi_bare", "median fourth derivative along a soft mode, other modes held",
             lambda e: _pooled_median(e, "chi_bare_m", "epsilon/(m^2 sigma^4)")),
    Headline("soft_modes", "chi_relaxed", "median fourth derivative, modes of higher frequency follow",
             lambda e: _pooled_median(e, "chi_relaxed_m", "epsilon/(m^2 sigma^4)")),
    Headline("soft_modes", "unbounded_share", "share of soft modes that the relaxed quartic term does not bound",
             _unbounded),
)  # fmt: skip
_COUNTS = {
    "n_modes": "soft modes in the window",
    "n_unbounded": "of these, modes that their relaxed quartic term does not bound",
    "n_double_wells": "of these, modes of potentials with a second minimum",
    "n_counted": "of these, modes counted as vibrations of soft potentials",
}
_DESCRIPTIONS = {
    "A_g": "amplitude of the normalised density of states A_g ω⁴",
    "exponent": "exponent of the low-frequency tail",
    "P_s": "soft potentials per volume and area of (D₁, D₂)",
    "G": "mean density of (η, t) per volume",
    "W": "energy scale of the soft potentials, weighted for tunnelling",
    "W_median": "median energy scale of the soft potentials",
    "epsilon": "median quartic energy at a displacement of one length",
    "eta_L": "median small parameter",
    "mass": "median effective mass of the counted modes",
    "Lambda_l": "coupling to longitudinal strain",
    "Lambda_t": "coupling to transverse strain",
    "C_l": "tunnelling strength, longitudinal",
    "C_t": "tunnelling strength, transverse",
    "d_l2": "mean square deformation potential, longitudinal",
    "d_t2": "mean square deformation potential, transverse",
}


def _parameter(name: str) -> Callable[[WholeStudy], Estimate]:
    return lambda study: getattr(study.parameters, name)


_SOFT_POTENTIAL = (
    *(Headline("soft_potential", key, text, of_study=_count(key)) for key, text in _COUNTS.items()),
    *(Headline("soft_potential", key, _DESCRIPTIONS[key], of_study=_parameter(key)) for key in UNITS),
)
_THERMAL = (
    Headline("thermal", "W_kelvin", "energy scale of the soft potentials over k_B",
             of_study=lambda s: s.thermal.W_kelvin),
    Headline("thermal", "minimum_temperature", "temperature where the excess C/T³ is smallest",
             of_study=_temperature("minimum_temperature")),
    Headline("thermal", "debye_temperature", "Debye temperature", of_study=_temperature("debye_temperature")),
    Headline("thermal", "highest_temperature", "above this, most heat is held by what the model does not contain",
             of_study=_temperature("highest_temperature")),
    Headline("thermal", "conductivity_1K", "thermal conductivity at 1 K",
             of_study=lambda s: _at_kelvin(s, "conductivity_T", "W/(m K)", BAND)),
    Headline("thermal", "harmonic_specific_heat_1K", "specific heat of all computed modes at 1 K",
             of_study=lambda s: _at_kelvin(s, "harmonic_T", "J/(m^3 K)")),
)  # fmt: skip

HEADLINES: tuple[Headline, ...] = (
    *_GLASS, *_ELASTICITY, *_MODES, *_SOFT_MODES, *_SOFT_POTENTIAL, *_THERMAL, *ALLOY_HEADLINES,
    *WIND_HEADLINES,
    *LEARNING_HEADLINES,
)  # fmt: skip


@dataclass(frozen=True)
class HeadlineValue:
    """A headline with its number: ``key`` includes the size where there is one."""

    stage: str
    key: str
    description: str
    estimate: Estimate


def headline_values(study: WholeStudy) -> tuple[HeadlineValue, ...]:
    """Return all headline numbers of a study, in the order of the chain; none of stages that it does not have.

    Args:
        study: the study.
    """
    found = []
    for headline in (*HEADLINES, *tail_headlines(study), *nonlinear_headlines(study)):
        if headline.of_study is not None:
            found.append((headline, headline.key, headline.description, headline.of_study(study)))
        if headline.of_size is not None:
            for e in study.ensembles:
                row = (f"{headline.key}_N{e.n_atoms}", f"{headline.description}, {e.name}", headline.of_size(e))
                found.append((headline, *row))
    return tuple(
        HeadlineValue(h.stage, key, text, _explained(estimate))
        for h, key, text, estimate in found
        if estimate is not None
    )


def _explained(estimate: Estimate) -> Estimate:
    """A number that is missing always says so."""
    if np.isfinite(estimate.value) or estimate.note:
        return estimate
    return Estimate(estimate.value, estimate.error, estimate.unit, "not available")


def summary(study: WholeStudy) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the headline numbers as nested plain types: stage, headline, value with error and unit.

    Args:
        study: the study.
    """
    document: dict[str, dict[str, dict[str, Any]]] = {}
    for value in headline_values(study):
        document.setdefault(value.stage, {})[value.key] = value.estimate.as_dict()
    return document


def write_summary(study: WholeStudy, directory: Path) -> Path:
    """Write the headline numbers as ``summary.json`` and return its path; a missing number is null, with a note.

    Args:
        study: the study.
        directory: the folder of the study.

    Raises:
        InputError: the folder cannot be written.
    """
    path = Path(directory) / "summary.json"
    store.write_text(path, json.dumps(summary(study), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    return path
