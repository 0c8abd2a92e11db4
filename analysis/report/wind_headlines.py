"""The headline numbers of the wind on the ions of the glasses; none where it is not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from analysis.report.headline import Headline
from analysis.structure import mean_over_glasses
from analysis.study.glass_wind import GlassWind, mean_correlation, soft_spot_ratio
from analysis.study.results import EnsembleResults, WholeStudy
from atomsim.results import Estimate

RHO = "microohm cm"
OfSize = Callable[[EnsembleResults], Estimate | None]


def _mean(
    unit: str,
    number: Callable[[GlassWind], float],
    missing: str = "",
    truncation: Callable[[GlassWind], float] | None = None,
) -> OfSize:
    """The mean over the glasses of one size; ``missing`` says why there may be no number.

    The scatter of the glasses knows nothing of a ``truncation`` that all ions share, which is told beside it.
    """

    def read(e: EnsembleResults) -> Estimate | None:
        if not e.winds:
            return None
        values = [number(one) for one in e.winds]
        if not np.isfinite(values).all():
            return Estimate(np.nan, np.nan, unit, missing)
        found = mean_over_glasses(values, unit)
        if truncation is None:
            return found
        bound = float(np.mean([truncation(one) for one in e.winds]))
        return replace(found, note=f"error: scatter of the glasses; radius and l_max may change it by {bound:.2g} if "
                       "they err to one side on all ions")  # fmt: skip

    return read


def _with(wind: str, surroundings: str) -> OfSize:
    return lambda e: mean_correlation(e.winds, wind, surroundings) if e.winds else None


def _of_liquid(name: str) -> Callable[[WholeStudy], Estimate | None]:
    """A resistivity of the liquid metal, which the glasses do not enter but by their density."""

    def read(study: WholeStudy) -> Estimate | None:
        if not study.winds:
            return None
        found = float(getattr(study.winds[0].context.known, name))
        return Estimate(found, np.nan, RHO, "no error is known" if np.isfinite(found) else _NO_METAL)

    return read


def _in_valences(number: Callable[[GlassWind], float]) -> OfSize:
    return _mean("1", lambda one: abs(one.valence_per_area) * number(one))


_NO_METAL = "not known of ions whose phase shifts are given"
_AGAINST = "in some glass the mean wind is against the flow"
_VALENCES = (
    Headline("wind", "ions", "ions of a glass on which the wind is known",
             _mean("1", lambda one: len(one.forces.index_n))),
    Headline("wind", "cluster_size", "ions in the cluster about an ion",
             _mean("1", lambda one: float(one.forces.cluster_size_n.mean()))),
    Headline("wind", "valence", "wind valence Z_w, a third of the trace, mean over ions",
             _mean("1", lambda one: float(one.valence_per_area * one.directions.scalar_n.mean()),
                   truncation=lambda one: abs(one.valence_per_area) * float(one.forces.error_n.mean()))),
    Headline("wind", "valence_spread", "standard deviation of the same over the ions",
             _in_valences(lambda one: float(one.directions.scalar_n.std()))),
    Headline("wind", "valence_uncertainty", "what radius and l_max may change in a component of Z_w, mean over ions",
             _in_valences(lambda one: float(one.forces.error_n.mean()))),
    Headline("wind", "valence_strength", "root mean square of Z_w over ions and directions of the flow",
             _in_valences(lambda one: float(np.sqrt((one.strength_n**2).mean())))),
    Headline("wind", "valence_alone", "Z_w of the same ions if each stood alone",
             _mean("1", lambda one: one.valence_per_area * float(one.context.alone_n.mean()))),
)  # fmt: skip
_DIRECTIONS = (
    Headline("wind", "against_share", "share of the ions that are pushed against the flow of the electrons",
             _mean("1", lambda one: float((one.directions.scalar_n < 0).mean()))),
    Headline("wind", "transverse_share", "share of the mean square force that is transverse to the flow",
             _mean("1", lambda one: one.directions.transverse_share, "no force on any ion")),
)  # fmt: skip
_RESISTIVITIES = (
    Headline("wind", "resistivity", "resistivity by the wind, the ions asked for standing for all",
             _mean(RHO, lambda one: one.own_resistivity, _AGAINST, lambda one: one.resistivity_error)),
    Headline("wind", "resistivity_second_order", "the same in second order",
             _mean(RHO, lambda one: one.second_order_resistivity, _AGAINST)),
    Headline("wind", "resistivity_ziman", "Ziman's resistivity with the structure factor of the glass",
             _mean(RHO, lambda one: one.context.known.ziman_here, _NO_METAL)),
    Headline("wind", "resistivity_ziman_liquid", "Ziman's resistivity of a liquid of hard spheres",
             of_study=_of_liquid("ziman_born")),
    Headline("wind", "resistivity_measured", "measured resistivity of the liquid metal at its melting point",
             of_study=_of_liquid("measured")),
)  # fmt: skip
_CORRELATIONS = (
    *(
        Headline("wind", f"{key}_and_{word}", f"rank correlation of {text} with {what}", _with(wind, surroundings))
        for key, wind, text in (
            ("flow", "along the flow", "the wind along the flow, tr sigma/3,"),
            ("strength", "strength", "the strength of the wind"),
        )
        for word, surroundings, what in (
            ("density", "density", "the local density"),
            ("coordination", "coordination", "the number of neighbours"),
            ("soft_modes", "soft modes", "the share of the ion in the soft modes"),
        )
    ),
    Headline("wind", "soft_spot_ratio", "strength of the wind weighted with shares in soft modes, over the plain mean",
             lambda e: soft_spot_ratio(e.winds) if e.winds else None),
)  # fmt: skip

WIND_HEADLINES: tuple[Headline, ...] = (*_VALENCES, *_DIRECTIONS, *_RESISTIVITIES, *_CORRELATIONS)
