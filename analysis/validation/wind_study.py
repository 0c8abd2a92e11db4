"""Comparisons that the wind of a study allows: laws of scattering, resistivities, one ion alone, chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.multiple_scattering.configuration import Surroundings, neighbour_distance
from analysis.multiple_scattering.laws import cluster_laws
from analysis.multiple_scattering.wind_force import force_tensors
from analysis.structure import mean_over_glasses
from analysis.study.glass_wind import GlassWind, mean_correlation, soft_spot_ratio
from analysis.study.results import EnsembleResults, WholeStudy
from analysis.study.wind_stages import ions_of_glass
from analysis.validation.comparison import Comparison, Kind, compare
from atomsim.quench import Glass
from atomsim.results import Estimate

ROUND_OFF = 1e-6  # relative; multipoles of the S-matrix left out
CHECKED_RADIUS = 1.5  # of the cluster whose forces are summed, in neighbour distances


def wind_comparisons(study: WholeStudy) -> list[Comparison]:
    """Return what the wind on the ions says of what it was not made from; nothing where it is not kept.

    Args:
        study: the study.
    """
    if not study.winds:
        return []
    first = next(ensemble for ensemble in study.ensembles if ensemble.winds)
    found = [*_scattering_laws(study.winds), _sum_rule(first.glasses[0], first.winds[0], study.configuration["wind"])]
    for ensemble in study.ensembles:
        if ensemble.winds:
            found += [*_resistivities(ensemble), _alone(ensemble), *_chance(ensemble)]
    return found


def _scattering_laws(winds: Sequence[GlassWind]) -> list[Comparison]:
    """What the clusters of all glasses keep of the optical theorem and of reciprocity."""
    laws = [one.forces.laws for one in winds]
    size = max(one.n_ions for one in laws)
    rows = {
        "largest element of S+ S of a cluster of ions: unitary by the optical theorem, against the computed S-matrix":
            ("wind-notes (cross-sections)", max(one.optical_theorem for one in laws)),
        "scattering there over scattering back between two multipoles: reciprocity against the computed S-matrix":
            ("wind-notes (scattering path)", max(one.reciprocity for one in laws)),
    }  # fmt: skip
    return [
        compare(name, source, predicted=1.0, measured=1.0 + residual, unit="1", tolerance=ROUND_OFF,
                remark=f"the furthest of one cluster of each glass, of up to {size} ions with full strengths")
        for name, (source, residual) in rows.items()
    ]  # fmt: skip


def _sum_rule(glass: Glass, wind: GlassWind, table: Mapping[str, Any]) -> Comparison:
    """Forces on all ions of a cluster cut out of a glass against the momentum that the electrons lose."""
    ions = ions_of_glass(glass, table).configuration
    radius = CHECKED_RADIUS * neighbour_distance(ions)
    cluster = Surroundings(ions, radius).cluster(int(wind.forces.index_n[0]), radius, rim=0.0)
    sigma_ncc = force_tensors(cluster)
    _, transport_cc = cluster_laws(cluster, sigma_ncc)
    return compare(f"transport cross-section of {cluster.n_ions} ions of a glass: momentum lost by the electrons "
                   "against the sum of the forces", "schaich-1976 (38)", unit="angstrom^2", tolerance=ROUND_OFF,
                   predicted=float(np.trace(transport_cc)) / 3,
                   measured=float(np.trace(sigma_ncc.sum(axis=0))) / 3,
                   remark="a third of the trace; S-matrix against momentum flux at each ion")  # fmt: skip


def _mean(winds: Sequence[GlassWind], unit: str, number: Callable[[GlassWind], float]) -> Estimate:
    return mean_over_glasses([number(one) for one in winds], unit)


def _joined_error(scatter: float, truncation: float) -> float:
    """Scatter between glasses, where there is one, and what radius and l_max may change."""
    return truncation if np.isnan(scatter) else float(np.hypot(scatter, truncation))


def _resistivities(ensemble: EnsembleResults) -> list[Comparison]:
    """Ziman's theory with the structure factor of the same glasses against the wind on their ions."""
    winds, unit = ensemble.winds, "microohm cm"
    ziman = _mean(winds, unit, lambda one: one.context.known.ziman_here)
    own = _mean(winds, unit, lambda one: one.own_resistivity)
    second = _mean(winds, unit, lambda one: one.second_order_resistivity)
    truncation = float(np.mean([one.resistivity_error for one in winds]))
    known = "" if np.isfinite(own.value) else "in some glass the mean wind is against the flow"
    return [
        compare(f"resistivity of the glasses, {ensemble.name}: Ziman's theory against the wind on their ions",
                "ziman-1961 (resistivity)", kind=Kind.MODEL, unit=unit, predicted=ziman.value, measured=own.value,
                measured_error=_joined_error(own.error, truncation),
                remark=known or "same structures, so the scatter of Ziman's is left out; error: scatter of the "
                "glasses, and radius and l_max as if they erred to one side on all ions"),
        compare(f"resistivity of the glasses, {ensemble.name}: Ziman's theory against the wind in second order",
                "ziman-1961 (resistivity)", kind=Kind.MODEL, unit=unit, predicted=ziman.value,
                measured=second.value, measured_error=second.error,
                remark=known or "screened ions in the mean electron gas against their phase shifts in spheres that "
                "do not overlap, summed up to a finite distance"),
    ]  # fmt: skip


def _alone(ensemble: EnsembleResults) -> Comparison:
    """The mean wind valence against that of ions that stand alone."""
    alone = _mean(ensemble.winds, "1", lambda one: one.valence_per_area * float(one.context.alone_n.mean()))
    found = _mean(ensemble.winds, "1", lambda one: one.valence_per_area * float(one.directions.scalar_n.mean()))
    error = _mean(ensemble.winds, "1", lambda one: abs(one.valence_per_area) * float(one.forces.error_n.mean()))
    return compare(f"mean wind valence, {ensemble.name}: the same ions alone against ions in the glass",
                   "schaich-1976 (35)", kind=Kind.MODEL, predicted=alone.value, predicted_error=0.0,
                   measured=found.value, measured_error=_joined_error(found.error, error.value), unit="1",
                   remark="a difference is interference of the waves from different ions; error: scatter of the "
                   "glasses, and radius and l_max as if they erred to one side on all ions")  # fmt: skip


def _chance(ensemble: EnsembleResults) -> list[Comparison]:
    """Rank correlations against none, and the strength of the wind on the soft spots against that on all ions."""
    winds = ensemble.winds
    return [
        *(
            _against_chance(f"rank correlation of the wind on an ion with its {surroundings}, {ensemble.name}",
                            0.0, mean_correlation(winds, "along the flow", surroundings), "")
            for surroundings in ("density", "soft modes")
        ),
        _against_chance(f"strength of the wind on the soft spots over that on all ions, {ensemble.name}",
                        1.0, soft_spot_ratio(winds), "weighted with the shares of the ions in the soft modes"),
    ]  # fmt: skip


def _against_chance(what: str, chance: float, found: Estimate, meaning: str) -> Comparison:
    """A number of the glasses against that without any relation; a note says that its error is not the whole one."""
    error = "error: the larger of the scatter of the glasses and that of independent ions"
    return compare(f"{what}: chance against the glasses", "wind-notes (momentum flux)", kind=Kind.MODEL, unit="1",
                   predicted=chance, measured=found.value, measured_error=np.nan if found.note else found.error,
                   remark="; ".join(filter(None, [found.note or error, meaning])))  # fmt: skip
