"""Computed conductivity over what is measured: curves of the models, points, and where the theory has ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.conductivity import CONDUCTIVITY, TEMPERATURE, plot_channel_shares
from analysis.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PURPLE,
    VERMILION,
    axes_or_new,
    legend_above,
    new_figure,
    plain_log_ticks,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from analysis.thermal.kappa import ThermalResult
from analysis.thermal.materials import GlassMaterial
from analysis.thermal.measured_conductivity import MeasuredGlass, theory_end

LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, (0, (4, 1, 1, 1))), (PURPLE, (0, (1, 1.2))))
UNCHECKED = "(unchecked)"


@styled
def figure_measured_conductivity(
    results: Sequence[ThermalResult], glass: MeasuredGlass, material: GlassMaterial
) -> Figure:
    """Draw computed and measured conductivity, their ratio, and what scatters the heat in the last of the results.

    Args:
        results: the same glass by one or more models.
        glass: what is measured.
        material: the constants that the results were computed from.
    """
    figure = new_figure(7.0, 8.0)
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1.3, 1.3))
    plot_measured_conductivity(results, glass, material, upper)
    plot_measured_ratio(results, glass, material, middle)
    plot_channel_shares(results[-1], lower)
    for ax in (upper, middle):
        ax.set_xlabel("")
    lower.set_title(results[-1].model, loc="right")
    lower.set_xlim(min(r.temperature_T[0] for r in results), max(r.temperature_T[-1] for r in results))
    return figure


@styled
def plot_measured_conductivity(
    results: Sequence[ThermalResult], glass: MeasuredGlass, material: GlassMaterial, ax: Axes | None = None
) -> Axes:
    """Draw curves over points; open points were not compared with their publication.

    Args:
        results: the same glass by one or more models.
        glass: what is measured.
        material: the constants that the results were computed from.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    for result, (colour, dashes) in zip(results, LOOKS, strict=False):
        ax.plot(result.temperature_T, result.conductivity_T, color=colour, linestyle=dashes, label=result.model)
    unchecked = np.array([source.endswith(UNCHECKED) for source in glass.source_T])
    for chosen, face, label in ((~unchecked, INK, "measured"), (unchecked, "white", "measured, unchecked")):
        T, kappa = glass.temperature_T[chosen], glass.conductivity_T[chosen]
        ax.errorbar(T, kappa, glass.relative_error_T[chosen] * kappa, fmt="o", ms=5, color=INK, mfc=face, label=label)
    _shade_beyond(ax, results, material)
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel(CONDUCTIVITY)
    legend_above(ax, columns=3)
    return ax


@styled
def plot_measured_ratio(
    results: Sequence[ThermalResult], glass: MeasuredGlass, material: GlassMaterial, ax: Axes | None = None
) -> Axes:
    """Draw computed over measured conductivity at the measured temperatures.

    Args:
        results: the same glass by one or more models.
        glass: what is measured.
        material: the constants that the results were computed from.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    for curve, (colour, dashes) in zip(_ratios(results, glass), LOOKS, strict=False):
        ax.plot(curve.x, curve.y, marker="o", ms=3.5, color=colour, linestyle=dashes, linewidth=1.0)
    T, error = glass.temperature_T, glass.relative_error_T
    ax.vlines(T, np.exp(-error), np.exp(error), color=GREY, linewidth=3, alpha=0.5)
    ax.axhline(1, color=INK, linewidth=0.8)
    _shade_beyond(ax, results, material)
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel("computed/measured")
    plain_log_ticks(ax.yaxis)
    return ax


def _shade_beyond(ax: Axes, results: Sequence[ThermalResult], material: GlassMaterial) -> None:
    """Where most of the heat lies above the phonons of the model."""
    end, last = theory_end(material), max(r.temperature_T[-1] for r in results)
    if end < last:
        ax.axvspan(end, last, color=GREY, alpha=0.14, linewidth=0, label="most heat is not in phonons")


def _ratios(results: Sequence[ThermalResult], glass: MeasuredGlass) -> list[Curve]:
    curves = []
    for result in results:
        T = result.temperature_T
        inside = (glass.temperature_T >= T[0]) & (glass.temperature_T <= T[-1])
        place = glass.temperature_T[inside]
        computed = np.exp(np.interp(np.log(place), np.log(T), np.log(result.conductivity_T)))
        curves.append(Curve(f"{result.model} over measured", place, computed / glass.conductivity_T[inside]))
    return curves


def table_measured_conductivity(results: Sequence[ThermalResult], glass: MeasuredGlass) -> Table:
    """Return curves, points and ratios as a table.

    Args:
        results: the same glass by one or more models.
        glass: what is measured.
    """
    T, kappa = glass.temperature_T, glass.conductivity_T
    curves = [Curve(result.model, result.temperature_T, result.conductivity_T) for result in results]
    points = [
        Curve(source, T[i : i + 1], kappa[i : i + 1], (kappa * (1 - e))[i : i + 1], (kappa * (1 + e))[i : i + 1])
        for i, (source, e) in enumerate(zip(glass.source_T, glass.relative_error_T, strict=True))
    ]
    return curve_table([*curves, *points, *_ratios(results, glass)], "T [K]", "conductivity [W/(m K)] or ratio [1]")
