"""What the verbs of heat print: documents for ``--json`` and tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.thermal.materials import numbers_of

if TYPE_CHECKING:
    from analysis.simulated_material import Bands
    from analysis.thermal.compare_measures import MeasureComparison
    from analysis.thermal.fit import ThermalFit
    from analysis.thermal.kappa import ThermalResult


def thermal_document(
    result: ThermalResult, band: Bands | None, comparison: MeasureComparison | None = None
) -> dict[str, Any]:
    """Return the document of ``thermal``.

    Args:
        result: conductivity and specific heat.
        band: their bands, for a simulated glass.
        comparison: the same glass with other distributions of its potentials, if asked for.
    """
    document = {
        "model": result.model,
        "temperature_K": result.temperature_T,
        "kappa_W_per_mK": result.conductivity_T,
        "specific_heat_J_per_m3K": result.specific_heat_T,
        "assumptions": {"channels": ", ".join(result.channels), **result.assumptions},
    }
    if band is not None:
        document |= {
            "kappa_low_W_per_mK": band.conductivity_low_T,
            "kappa_high_W_per_mK": band.conductivity_high_T,
            "specific_heat_low_J_per_m3K": band.specific_heat_low_T,
            "specific_heat_high_J_per_m3K": band.specific_heat_high_T,
        }
    if comparison is not None:
        document["measures"] = measures_document(comparison)
    return document


def measures_document(comparison: MeasureComparison) -> dict[str, Any]:
    """Return the conductivities for several distributions.

    Args:
        comparison: the conductivities.
    """
    found: dict[str, Any] = {
        curve.measure: {
            "label": curve.label,
            "kappa_W_per_mK": curve.conductivity_T,
            "kappa_low_W_per_mK": curve.low_T,
            "kappa_high_W_per_mK": curve.high_T,
            "slope": curve.slope_T,
            "smallest_slope": curve.smallest_slope,
            "plateau_K": curve.plateau_temperature,
            "is_minimum": curve.is_minimum,
            "highest_K": curve.highest_temperature,
        }
        for curve in comparison.curves
    }
    return found | {"channels": ", ".join(comparison.channels), "notes": list(comparison.notes)}


def thermal_columns(result: ThermalResult, shown: str, band: Bands | None) -> dict[str, list[float]]:
    """Return the columns of ``thermal``.

    Args:
        result: conductivity and specific heat.
        shown: kappa or heat-capacity.
        band: their bands, for a simulated glass.

    Returns:
        heading to values [unit of the heading].
    """
    columns: dict[str, list[float]] = {"T [K]": result.temperature_T.tolist()}
    if shown == "kappa":
        columns["kappa [W/(m K)]"] = result.conductivity_T.tolist()
        if band is not None:
            columns |= {"low": band.conductivity_low_T.tolist(), "high": band.conductivity_high_T.tolist()}
        if len(result.omega_w):
            shares = zip(result.channels, result.channel_share_cT, strict=True)
            columns |= {f"{name} share": share.tolist() for name, share in shares}
        return columns
    parts = {"phonons": result.debye_T, "tunnelling": result.tunnelling_T, "vibrations": result.vibrations_T}
    columns["C [J/(m^3 K)]"] = result.specific_heat_T.tolist()
    if band is not None:
        columns |= {"low": band.specific_heat_low_T.tolist(), "high": band.specific_heat_high_T.tolist()}
    return columns | {name: heat.tolist() for name, heat in parts.items()}


def measures_columns(comparison: MeasureComparison) -> dict[str, list[Any]]:
    """Return what the comparison of distributions comes to, one row for each.

    Args:
        comparison: the conductivities.
    """
    return {
        "distribution": [curve.label for curve in comparison.curves],
        "smallest slope": [curve.smallest_slope for curve in comparison.curves],
        "at T [K]": [curve.plateau_temperature for curve in comparison.curves],
        "rises again": ["yes" if curve.is_minimum else "no" for curve in comparison.curves],
        "model ends at T [K]": [curve.highest_temperature for curve in comparison.curves],
    }


def unit_of(found: ThermalFit, name: str) -> str:
    """Return the unit of a fitted constant.

    Args:
        found: the fit.
        name: name of the constant.
    """
    return numbers_of(found.material).get(name, "times the start")


def fit_document(found: ThermalFit) -> dict[str, Any]:
    """Return the document of ``fit-thermal``.

    Args:
        found: the fit.
    """
    constants: Mapping[str, Any] = {
        name: {
            "value": found.value_p[p],
            "relative_error": found.error_p[p],
            "low": found.low_p[p],
            "high": found.high_p[p],
            "unit": unit_of(found, name),
            "profile_chi2": found.profile_pk[p],
        }
        for p, name in enumerate(found.names)
    }
    return {
        "model": found.model,
        "constants": constants,
        "covariance_of_logarithms": found.covariance_pp,
        "correlated": [{"pair": [a, b], "correlation": value} for a, b, value in found.correlated],
        "profile_at_standard_errors": found.offset_k,
        "chi2": found.chi2,
        "n_data": found.n_data,
        "errors_given": found.errors_given,
        "rms_ln_kappa_per_decade": found.rms_per_decade(),
        "temperature_K": found.measurement.temperature_T,
        "kappa_W_per_mK": found.conductivity_T,
        "specific_heat_J_per_m3K": found.specific_heat_T,
    }


def fit_columns(found: ThermalFit) -> dict[str, list[Any]]:
    """Return the columns of ``fit-thermal``.

    Args:
        found: the fit.
    """
    return {
        "constant": list(found.names),
        "value": found.value_p.tolist(),
        "low": found.low_p.tolist(),
        "high": found.high_p.tolist(),
        "error [%]": (100 * found.error_p).tolist(),
        "unit": [unit_of(found, name) for name in found.names],
    }
