"""The JSON document of the verb of the wind, and what is to be said about its numbers."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.multiple_scattering.convergence import Convergence
from analysis.multiple_scattering.environment import Environment, directions_of, rank_correlation
from analysis.multiple_scattering.wind_configuration import WindForces
from analysis.multiple_scattering.wind_input import WindInput
from analysis.multiple_scattering.wind_resistivity import ChosenResistivity, Resistivities

LISTED = 10  # ions named in a warning
EXPLAINED = 0.8  # correlation below which single scattering is said to explain little
UNITS = {
    "position": "angstrom",
    "free_path": "angstrom",
    "cell_volume": "angstrom^3",
    "k": "1/angstrom",
    "sigma": "angstrom^2",
    "error": "angstrom^2",
    "z_wind": "1 (force over |e| times field)",
    "z_wind_rho": "microohm cm",
    "rho": "microohm cm",
    "charge": "1 (electrons)",
}


def document(
    found: WindForces,
    given: WindInput,
    around: Environment,
    known: Resistivities,
    rho: ChosenResistivity,
    varied: tuple[Convergence, Convergence] | None = None,
) -> dict[str, Any]:
    """Return everything the verb knows; force index of a tensor first, positive sigma along the flow of electrons.

    Args:
        found: the wind on the ions.
        given: what scattered.
        around: the neighbourhood of all ions.
        known: the resistivities of the configuration.
        rho: the one that was taken for the wind valences.
        varied: the same for several radii and for several l_max, where that was asked for.
    """
    more = {} if varied is None else {"convergence": [row for one in varied for row in convergence_rows(one)]}
    return {
        "k_fermi": given.k_fermi,
        "wave_number": found.wave_number,
        "free_path": found.free_path,
        "l_max": found.l_max,
        "radius": "inf" if math.isinf(found.radius) else found.radius,
        "single_scattering": {
            "added": found.single_scattering,
            "far": found.far,
            "explains": found.explained,
        },
        "unit": UNITS,
        "ions": _ions(found, around, rho),
        "sum_sigma": found.sum_cc,
        "transport_sigma": None if np.isnan(found.transport_cc).any() else found.transport_cc,
        "friedel_sum": found.friedel_sum_n.mean(),
        "statistics": _plain(statistics(found, around)),
        "resistivity": {**asdict(rho), "known": asdict(known)},
        "checks": {**asdict(found.laws), "hold": found.laws.hold, "l_max_too_small": found.undecayed_n},
        "remarks": [*given.remarks, *warnings(found, rho)],
        **more,
    }


def _ions(found: WindForces, around: Environment, rho: ChosenResistivity) -> list[dict[str, Any]]:
    z_wind = found.valence_ncc(rho.value) if math.isfinite(rho.value) else None
    z_wind_rho, undecayed = found.valence_times_resistivity_ncc, set(found.undecayed_n.tolist())
    return [
        {
            "index": index,
            "position": found.position_nc[row],
            "sigma": found.sigma_ncc[row],
            "z_wind": None if z_wind is None else z_wind[row],
            "z_wind_rho": z_wind_rho[row],
            "error": found.error_n[row],
            "error_radius": found.radius_error_n[row],
            "error_l_max": found.degree_error_n[row],
            "cluster_size": found.cluster_size_n[row],
            "friedel_sum": found.friedel_sum_n[row],
            "l_max_too_small": index in undecayed,
            "coordination": around.coordination_n[index],
            "cell_volume": around.cell_volume_n[index],
            "soft_share": around.soft_share_n[index],
        }
        for row, index in enumerate(found.index_n.tolist())
    ]


def convergence_rows(found: Convergence) -> list[dict[str, Any]]:
    """Return each approximation: radius, l_max, tensors, errors, and changes to the last as lists over the ions.

    Args:
        found: the tensors.
    """
    changes: list[list[float]] = [*found.change_rn.tolist(), []]
    covered: list[float | None] = [*found.covered_r.tolist(), None]
    return [
        {
            "radius": float(found.radius_r[row]),
            "l_max": int(found.l_max_r[row]),
            "index": found.index_n,
            "sigma": found.sigma_rncc[row],
            "error": found.error_rn[row].tolist(),
            "change": changes[row],
            "covered": covered[row],
        }
        for row in range(len(changes))
    ]


def statistics(found: WindForces, around: Environment) -> dict[str, Any]:
    """Return how the wind is distributed over the ions asked for, and with what of their neighbourhood it goes.

    Args:
        found: the wind on the ions.
        around: the neighbourhood of all ions.
    """
    turned = directions_of(found.sigma_ncc)
    ions = found.index_n
    with_what = {
        "local density": around.density_n[ions],
        "coordination": around.coordination_n[ions].astype(float),
        "share in soft modes": around.soft_share_n[ions],
    }
    return {
        "mean_sigma": turned.scalar_n.mean(),
        "standard_deviation_sigma": turned.scalar_n.std(),
        "rms_deviator": np.sqrt((turned.deviator_n**2).mean()),
        "rms_antisymmetric": np.sqrt((turned.twist_n**2).mean()),
        "transverse_share": turned.transverse_share,
        "ions_pushed_against_the_flow": int((turned.scalar_n < 0).sum()),
        "rank_correlation": {name: rank_correlation(values, turned.scalar_n) for name, values in with_what.items()},
    }


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "rank_correlation": {name: r.as_dict() for name, r in found["rank_correlation"].items()}}


def warnings(found: WindForces, rho: ChosenResistivity) -> list[str]:
    """Return what is to be said about the numbers.

    Args:
        found: the wind on the ions.
        rho: the resistivity that was taken for the wind valences.
    """
    lines = []
    if len(found.undecayed_n):
        listed = ", ".join(map(str, found.undecayed_n[:LISTED])) + (", ..." if len(found.undecayed_n) > LISTED else "")
        lines.append(
            f"l_max = {found.l_max} is too small for the phase shifts of {len(found.undecayed_n)} ions: {listed}"
        )
    if math.isnan(rho.value):
        lines.append("no resistivity is known, so no wind valence: --resistivity RHO gives one")
    if found.is_diffusive:
        lines.append(
            f"electrons scatter within {found.free_path:.3g} angstrom, less than their wavelength of "
            f"{2 * np.pi / found.wave_number:.3g} angstrom: no wave between the ions has a definite k (Ioffe and "
            "Regel), the tensors are formal and converge slowly with the radius"
        )
    if found.single_scattering and found.explained < EXPLAINED:
        lines.append(
            f"what the radius of the clusters changes is not what single scattering by ions up to {found.far:.4g} "
            f"angstrom, which was added, would change: their correlation is {found.explained:.2f}; see the errors"
        )
    return lines
