"""An annealing study in one JSON document and in a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from analysis.annealing.fits import Barrier, rate_of, stretched_final
from analysis.annealing.results import AnnealedEnsemble, AnnealSummary, QuantityFit
from analysis.crystallinity import CRYSTAL
from analysis.terminal import number
from analysis.trajectories.order_parameters import root_order_parameter
from atomsim.units import METAL, UnitSystem


def summary_document(found: AnnealSummary) -> dict[str, Any]:
    """Return a study as nested dictionaries of plain values and arrays.

    Args:
        found: the study.
    """
    return {
        "potential": found.potential,
        "n_atoms": found.n_atoms,
        "glasses": found.glasses,
        "shells": found.shells,
        "k_s": found.k_s,
        "k_s_width": found.k_s_width,
        "window": [found.window.low, found.window.high],
        "second_maximum": found.window.maximum,
        "temperatures": [_ensemble(one) for one in found.ensembles],
        "barriers": [_barrier(one, found.unit_system) for one in found.barriers],
        "units": found.unit_system.as_dict(),
    }


def _ensemble(one: AnnealedEnsemble) -> dict[str, Any]:
    r = one.relaxation
    return {
        "temperature": one.temperature,
        "kinetic_temperature": one.kinetic_temperature,
        "time": one.time_t,
        "relaxation_parameter": {
            "value": r.value_t, "error": r.error_t, "noise_bias": r.bias_t, "resolved": r.resolved_t,
        },
        "highest_bin": one.highest_bin_t,
        "crystallised_glasses": crystallised(one),
        "series": {
            name: {"mean": s.mean_t, "error": s.error_t, "unit": s.unit} for name, s in one.series.items()
        },
        "order_parameters": order_parameters(one),
        "fits": [_fit(fit) for fit in one.fits],
    }  # fmt: skip


def crystallised(one: AnnealedEnsemble) -> int:
    """Return the number of glasses that crystallised before the end of the anneal.

    Args:
        one: the glasses of one temperature.
    """
    return int(np.count_nonzero(one.series["crystalline"].value_gt[:, -1] > CRYSTAL))


def order_parameters(one: AnnealedEnsemble) -> dict[str, Any]:
    """Return eta_alpha and eta_c at each time, normalised by the fitted final change; none where no fit is.

    Args:
        one: the glasses of one temperature.
    """
    found = {}
    for fit in one.fits:
        if fit.theory is None or fit.quantity == "energy":
            continue
        series = one.series[fit.quantity]
        final = stretched_final(fit.theory)
        change = series.mean_t - series.mean_t[0]
        if final == 0:
            continue
        linear = change / final
        eta = root_order_parameter(linear, start=0.0, final=1.0) if fit.quantity == "s_cc" else linear
        found[fit.quantity] = {"eta": eta, "final_change": final, "of": "stretched exponential"}
    return found


def _fit(fit: QuantityFit) -> dict[str, Any]:
    document: dict[str, Any] = {"quantity": fit.quantity, "trusted": fit.trusted, "remark": fit.remark}
    if fit.theory is None:
        return document
    theory = fit.theory
    parameters = {
        name: {"value": float(np.exp(log)), "error_of_log": float(error)}
        for name, log, error in zip(theory.fit.names, theory.fit.log_value_p, theory.log_error_p, strict=True)
    }
    laws = {
        law.name: {"parameters": law.values, "amplitude": law.amplitude, "chi2": law.chi2, "at_bound": law.at_bound}
        for law in (theory.fit, *theory.null_fits)
    }
    return document | {
        "theory": parameters,
        "flat": list(theory.flat),
        "correlation": theory.correlation_pp,
        "profile": {"factor": np.exp(theory.offset_k), "rise_of_chi2": theory.profile_pk},
        "laws": laws,
        "aic_difference": theory.aic_differences,
        "rates": {law.name: rate_of(law) for law in (theory.fit, *theory.null_fits)},
    }


def _barrier(one: Barrier, units: UnitSystem) -> dict[str, Any]:
    """A barrier as an energy: the slope is one over the unit of temperature."""
    return {
        "rate": one.law,
        "temperature": one.temperature_T,
        "value": one.rate_T,
        "error_of_log": one.log_error_T,
        "barrier": one.barrier * units.boltzmann,
        "error": one.error * units.boltzmann,
        "verdict": one.verdict,
    }


def lines_of_summary(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the headlines of a summary, one line each.

    Args:
        document: the document of :func:`summary_document`.
    """
    low, high = document["window"]
    units, real = document["units"], document["units"]["system"] == METAL.name
    kelvin, ps, per_length = (" K", " ps", " 1/angstrom") if real else ("", "", "")
    yield f"{document['glasses']} glasses of {document['n_atoms']} atoms, {document['potential']}; R over q = " + (
        f"{number(low, 4)} to {number(high, 4)}{per_length}"
    )
    for one in document["temperatures"]:
        r = one["relaxation_parameter"]
        mark = "resolved" if r["resolved"][-1] else "not resolved"
        yield (
            f"T = {one['temperature']:g}{kelvin}: R = {number(r['value'][-1], 3)} +- "
            f"{number(_nan(r['error'][-1]), 2)}{per_length} after {number(one['time'][-1])}{ps}, "
            f"noise alone {number(_nan(r['noise_bias'][-1]), 2)}: {mark}; "
            f"{one['crystallised_glasses']} crystallised"
        )
        for fit in one["fits"]:
            yield f"  {fit['quantity']}: {_line_of_fit(fit)}"
    for barrier in document["barriers"]:
        value, error = (number(_nan(barrier[key]), 3) for key in ("barrier", "error"))
        yield f"barrier of {barrier['rate']}: {value} +- {error} {units['energy']}: {barrier['verdict']}"


def _line_of_fit(fit: Mapping[str, Any]) -> str:
    if "theory" not in fit:
        return str(fit["remark"])
    values = ", ".join(f"{name} = {number(p['value'], 3)}" for name, p in fit["theory"].items())
    aic = ", ".join(f"{name} +{number(value, 2)}" for name, value in fit["aic_difference"].items())
    return f"theory {values}" + (f" (not fixed: {', '.join(fit['flat'])})" if fit["flat"] else "") + f"; AIC {aic}"


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
