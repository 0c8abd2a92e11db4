"""The document of the verb of concentration excitations: what ``--json`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.excitations import (
    ENERGY_FORMS,
    AlloyOrder,
    Dispersion,
    Excitations,
    bogoliubov,
    continuum_displacement,
    summarise,
    summarise_overlaps,
)
from atomsim.results import Estimate
from atomsim.units import ATOMIC, ATOMIC_SCALES, REDUCED, UnitSystem


def excitations_document(
    order: AlloyOrder, found: Sequence[Excitations], *, hbar: float, units: UnitSystem | None
) -> dict[str, Any]:
    """Return order and excitations as nested dictionaries of plain values and arrays.

    Args:
        order: the order of one or several configurations.
        found: the excitations of each; none where only the order is known.
        hbar: hbar in the units of the mechanics [-].
        units: the units of all numbers, where they are known.
    """
    waves = order.waves
    document: dict[str, Any] = {
        "concentration": order.concentration,
        "shells": shell_rows(order),
        "k_s": waves.k_s,
        "k_s_error": waves.k_s_error,
        "k_s_vector": waves.superstructure_c,
        "crystalline": waves.crystalline,
        "species": {"A": order.names[0], "B": order.names[1]},
        "n_configurations": len(order.configurations),
        "n_atoms": [configuration.n_atoms for configuration in order.configurations],
        "sum_rule": order.sum_rule,
        "intensity_residual": order.intensity_residual,
        "random_alloys": order.random.draws,
        "waves": {
            "k": waves.k_b,
            "intensity": waves.intensity_b,
            "error": waves.error_b,
            "random": waves.random_b,
        },
    }
    if units is not None:
        document["units"] = _units(units)
    if len(order.configurations) == 1:
        document["alpha_per_ion"] = order.configurations[0].ion_sn
    if found:
        document |= {
            "hbar": hbar,
            "summary": {name: told(number, units or REDUCED).as_dict() for name, number in summarise(found).items()},
            "overlap": _overlap_document(found),
            "glasses": [_glass_document(one) for one in found],
        }
    return document


def _units(units: UnitSystem) -> dict[str, Any]:
    """The units of a document; that of frequencies in rad/ps where it is a number of these."""
    document: dict[str, Any] = units.as_dict()
    if units is ATOMIC:
        document["frequency_rad_per_ps"] = ATOMIC_SCALES.frequency_unit / 1e12
    return document | {"frequency": units.restate("sqrt(epsilon/m)/sigma")}


def told(number: Estimate, units: UnitSystem) -> Estimate:
    """Return a number with the name of its unit in a system; its value is in this unit already.

    Args:
        number: the number, with its reduced unit.
        units: the system.
    """
    return replace(number, unit=units.restate(number.unit))


def shell_rows(order: AlloyOrder) -> list[dict[str, Any]]:
    """Return one row for each shell: its ends, coordination, order parameters with errors, and the random alloy.

    Args:
        order: the order.
    """
    columns = {
        "r_min": order.shells.r_min_s,
        "r_max": order.shells.r_max_s,
        "coordination": order.mean_s("coordination_s"),
        "alpha_correlation": order.mean_s("correlation_s"),
        "alpha_warren_cowley": order.mean_s("warren_cowley_s"),
        "alpha_correlation_error": order.error_s("correlation_s"),
        "alpha_warren_cowley_error": order.error_s("warren_cowley_s"),
        "alpha_warren_cowley_A": order.mean_s("warren_cowley_a_s"),
        "alpha_warren_cowley_B": order.mean_s("warren_cowley_b_s"),
        "bond_composition": order.mean_s("bond_composition_s"),
        "random_mean": order.random.mean_s,
        "random_deviation": order.random.deviation_s,
        "random_low": order.random.low_s,
        "random_high": order.random.high_s,
        "p_value": order.random.p_value_s,
    }
    return [{name: column[s] for name, column in columns.items()} for s in range(order.shells.n_shells)]


def _overlap_document(found: Sequence[Excitations]) -> dict[str, Any]:
    overlaps = [one.overlap for one in found if one.overlap is not None]
    if not overlaps:
        return {}
    tables = summarise_overlaps(overlaps)
    return {what: {name: share.as_dict() for name, share in rows.items()} for what, rows in tables.items()}


def _glass_document(one: Excitations) -> dict[str, Any]:
    facts = {}
    if one.pairs is not None:
        names = ("energy_residual", "instability_temperature")
        facts = {name: getattr(one.pairs, name) for name in names}
    return {
        "n_atoms": one.n_atoms,
        "force_constants": one.form,
        **facts,
        "profile": {
            "distance": one.profile.distance_r,
            "radial": one.profile.radial_r,
            "error": one.profile.error_r,
            "continuum": _continuum(one),
        },
        "modes": {
            "omega": one.modes.omega_m,
            "decay_rate": one.modes.decay_rate_m,
            "participation_number": one.modes.participation_number_m,
            "condition_number": one.modes.condition_number,
            "dropped": one.modes.n_dropped,
            "threshold": one.modes.threshold,
        },
        "dispersions": [_dispersion_document(waves, one.hbar) for waves in one.dispersions],
    }


def _continuum(one: Excitations) -> Any:
    along_rc = np.column_stack([one.profile.distance_r, np.zeros((len(one.profile.distance_r), 2))])
    return continuum_displacement(along_rc, poisson=one.poisson, volume_change=one.volume_change)[:, 0]


def _dispersion_document(waves: Dispersion, hbar: float) -> dict[str, Any]:
    k_q = np.linalg.norm(waves.wave_vector_qc, axis=1)
    document: dict[str, Any] = {"envelope_power": waves.power, "site_energy_A": waves.site_energy}
    for form in ENERGY_FORMS:
        stable = waves.energies_q.stable(form)
        _, u, v = bogoliubov(waves.site_energy, waves.exchange_q[waves.energies_q.squared(form) > 0], form)
        document[form] = {
            "stable_k": k_q[stable],
            "energy": waves.energies_q.energy(form),
            "bogoliubov_u": u,
            "bogoliubov_v": v,
            "decaying_k": k_q[~stable],
            "decay_rate": waves.energies_q.rate(form, hbar),
            "stable_share_of_waves": waves.energies_q.stable_fraction(form),
            "stable_share_of_ions": waves.energies_l.stable_fraction(form),
        }
    return document
