"""One glass with three distributions of its soft potentials: does a plateau appear, where, and for which of them?

All three have the same constants and the same strength of tunnelling C; the measured one has as many vibrations in the
window in which soft modes were counted, and its tunnelling systems are extrapolated from there. Nothing is tuned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.optimize import brentq

from analysis.soft_potential.level_table import Progress
from analysis.soft_potential.measured_measure import MeasuredMeasure
from analysis.thermal.exact_landscape import ExactTables
from analysis.thermal.exact_tables import Measure, draw_tables
from analysis.thermal.kappa import (
    available_channels,
    check_temperatures,
    conductivity_of,
    material_numbers,
    scattering_of,
    tables_of,
)
from analysis.thermal.materials import GlassMaterial
from analysis.thermal.phonons import mode_heat_capacity
from analysis.thermal.scattering import Channel, parse_channels
from atomsim.errors import InputError
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, HBAR

EXISTING_SHARE = 0.5  # of the heat of all phonons: with less of it in phonons of the model, the model has ended
BAND = (16.0, 84.0)  # per cent of the draws
FEWEST_DRAWS = 20
MOST_DRAWS = 40


@dataclass(frozen=True)
class MeasureCurve:
    """Conductivity for one distribution; the band is that of the draws of glasses, NaN where there are none.

    A plateau is where the local slope is smallest, among temperatures up to ``highest_temperature``; ``is_minimum``
    is false if the slope is still falling at the end of them.
    """

    measure: str = quantity("text", "distribution of the potentials")
    label: str = quantity("text", "the same in words")
    conductivity_T: Array = quantity("W/(m K)", "conductivity")
    low_T: Array = quantity("W/(m K)", "lower end of the band")
    high_T: Array = quantity("W/(m K)", "upper end of the band")
    slope_T: Array = quantity("1", "local slope d ln kappa/d ln T")
    highest_temperature: float = quantity("K", "where half of the heat is in phonons that the model does not have")
    smallest_slope: float = quantity("1", "smallest local slope below that")
    plateau_temperature: float = quantity("K", "where it is")
    is_minimum: bool = quantity("bool", "whether the slope rises again")


@dataclass(frozen=True)
class MeasureComparison:
    """Conductivities of one glass for several distributions of its soft potentials."""

    material: str
    channels: tuple[str, ...]
    temperature_T: Array
    curves: tuple[MeasureCurve, ...]
    notes: tuple[str, ...]


def compare_measures(
    material: GlassMaterial, temperatures: ArrayLike, *, measured: MeasuredMeasure | None = None,
    channels: Collection[str] | None = None, tables: Mapping[Measure, ExactTables] | None = None,
    progress: Progress | None = None,
) -> MeasureComparison:  # fmt: skip
    """Return the exact conductivity of a glass for all distributions that can be had.

    Source: soft-potential-notes (measure); test: test_measures_meet_where_tunnelling_rules

    Args:
        material: the glass, with constants for potentials uniform in (D1, D2).
        temperatures: ascending [K].
        measured: distribution of simulated soft modes, if there is one.
        channels: what scatters; what all the distributions allow where absent.
        tables: tables in place of those made once and kept.
        progress: called with the number of finished and of all steps while a table is made.

    Raises:
        InputError: constants of Karpov and Parshin, which belong to one distribution.
    """
    temperature_T = check_temperatures(temperatures)
    if not isinstance(material, GlassMaterial):
        raise InputError(f"{material.name}: measures are compared for the constants of [material] only")
    wanted: dict[Measure, str | MeasuredMeasure] = {Measure.FIELD: "field", Measure.LANDSCAPE: "landscape"}
    if measured is not None:
        wanted[Measure.MEASURED] = measured
    common = set.intersection(*(set(available_channels(material, "exact", which)) for which in wanted.values()))
    chosen = parse_channels(channels, common)
    curves = []
    for measure, which in wanted.items():
        known = tables[measure] if tables else tables_of(material, chosen, which, progress=progress)
        draws = []
        if measured is not None and measure is Measure.MEASURED:
            draws = draw_tables(measured, known, MOST_DRAWS)
        curves.append(_curve(material, temperature_T, chosen, measure, known, draws))
    notes = () if measured is None else (measured.verdict(),)
    return MeasureComparison(material.name, tuple(map(str, chosen)), temperature_T, tuple(curves), notes)


def local_slope(temperature_T: Array, values_T: Array) -> Array:
    """Return d ln value/d ln T by differences of second order; NaN for fewer than three temperatures [-].

    Args:
        temperature_T: temperatures, ascending [K].
        values_T: positive values [any unit].
    """
    if len(temperature_T) < 3:
        return np.full(len(temperature_T), np.nan)
    return np.gradient(np.log(values_T), np.log(temperature_T), edge_order=2)


@cache
def _half_heat() -> float:
    """hbar omega/k_B T below which phonons of all frequencies hold half of the heat of a Debye solid without end."""

    def heat(x: float) -> float:
        return float(quad(lambda t: t**2 * mode_heat_capacity(np.array(t)), 1e-9, x)[0])

    whole = heat(80.0)
    return float(brentq(lambda x: heat(x) - EXISTING_SHARE * whole, 1.0, 20.0))


def _curve(
    material: GlassMaterial, temperature_T: Array, channels: tuple[Channel, ...], measure: Measure,
    tables: ExactTables, draws: list[ExactTables],
) -> MeasureCurve:  # fmt: skip
    numbers = material_numbers(material)

    def kappa(known: ExactTables) -> Array:
        return conductivity_of(material, numbers, temperature_T, "exact", "derived", list(map(str, channels)), known)

    values, nothing = kappa(tables), np.full_like(temperature_T, np.nan)
    low, high = nothing, nothing
    if len(draws) >= FEWEST_DRAWS:
        low, high = np.percentile([kappa(draw) for draw in draws], BAND, axis=0)
    ends = scattering_of(material, numbers, "exact", channels, tables=tables).ends.values()
    highest = float(min(np.real(end) for end in ends)) * HBAR / (BOLTZMANN * _half_heat())
    slope = local_slope(temperature_T, values)
    inside = np.flatnonzero((temperature_T <= highest) & np.isfinite(slope))
    at = int(inside[np.argmin(slope[inside])]) if len(inside) else -1
    return MeasureCurve(
        measure=str(measure),
        label=tables.measure,
        conductivity_T=values,
        low_T=low,
        high_T=high,
        slope_T=slope,
        highest_temperature=highest,
        smallest_slope=float(slope[at]) if at >= 0 else float("nan"),
        plateau_temperature=float(temperature_T[at]) if at >= 0 else float("nan"),
        is_minimum=bool(len(inside) and at not in (inside[0], inside[-1])),
    )
