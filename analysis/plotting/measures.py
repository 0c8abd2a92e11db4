"""Figure of one glass with several distributions of its soft potentials: does a plateau appear, and where?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREEN,
    GREY,
    INK,
    VERMILION,
    axes_or_new,
    legend_above,
    new_figure,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from analysis.thermal.compare_measures import MeasureComparison, MeasureCurve
from atomsim.results import Array

STYLES: Mapping[str, dict[str, Any]] = {
    "field": {"color": BLUE, "linestyle": "-"},
    "landscape": {"color": VERMILION, "linestyle": (0, (5, 2))},
    "measured": {"color": GREEN, "linestyle": "-."},
}
DECADES = 5.0  # of the conductivity shown below the highest value
SLOPES = (-0.6, 3.2)


@styled
def figure_measures(comparison: MeasureComparison) -> Figure:
    """Draw the conductivities for all distributions, and below them their local slopes.

    Dots mark the smallest slope as far as the model reaches, open ones where the slope is still falling there; thin
    lines go on where half of the heat and more is in phonons that the model does not have.

    Args:
        comparison: the conductivities.
    """
    figure = new_figure(6.6, 6.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    plot_measures(comparison, upper)
    plot_slopes(comparison, lower)
    upper.set_xlabel("")
    return figure


@styled
def plot_measures(comparison: MeasureComparison, ax: Axes | None = None) -> Axes:
    """Draw the conductivities on logarithmic scales; thin where the model has ended.

    Args:
        comparison: the conductivities.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    T = comparison.temperature_T
    ax.set_xscale("log")
    ax.set_yscale("log")
    for curve in comparison.curves:
        _line(ax, T, curve.conductivity_T, curve)
        if np.isfinite(curve.low_T).any():
            colour = STYLES[curve.measure]["color"]
            ax.fill_between(T, curve.low_T, curve.high_T, color=colour, alpha=BAND_ALPHA, linewidth=0)
    highest = max(float(np.nanmax(curve.conductivity_T)) for curve in comparison.curves)
    lowest = min(float(np.nanmin(curve.conductivity_T)) for curve in comparison.curves)
    ax.set_ylim(max(highest / 10**DECADES, lowest / 1.5), 3 * highest)
    ax.set_xlim(T[0], T[-1])
    ax.set_xlabel(r"temperature $T$  [K]")
    ax.set_ylabel(rf"$\kappa$  [W/(m K)],  {comparison.material}")
    legend_above(ax, columns=1)
    return ax


@styled
def plot_slopes(comparison: MeasureComparison, ax: Axes | None = None) -> Axes:
    """Draw the local slopes d ln kappa/d ln T; a plateau is where one comes near zero and rises again.

    Args:
        comparison: the conductivities.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ax.set_xscale("log")
    for curve in comparison.curves:
        _line(ax, comparison.temperature_T, curve.slope_T, curve)
        face = STYLES[curve.measure]["color"] if curve.is_minimum else "white"
        ax.plot(
            curve.plateau_temperature,
            curve.smallest_slope,
            "o",
            color=STYLES[curve.measure]["color"],
            markerfacecolor=face,
            clip_on=False,
        )
    ax.axhline(0, color=GREY, linewidth=0.8)
    words = "thin: half of the heat is in phonons beyond the model; open dot: the slope still falls there"
    ax.text(0.01, 0.03, words, transform=ax.transAxes, fontsize=8, color=INK)
    ax.set_ylim(*SLOPES)
    ax.set_xlabel(r"temperature $T$  [K]")
    ax.set_ylabel(r"local slope $d\,\ln\kappa/d\,\ln T$")
    return ax


def _line(ax: Axes, T: Array, values: Array, curve: MeasureCurve) -> None:
    """A curve, thick as far as the model reaches."""
    style = STYLES[curve.measure]
    held = curve.highest_temperature >= T
    ax.plot(T, np.where(held, values, np.nan), label=curve.label, **style)
    ax.plot(T, values, linewidth=0.7, alpha=0.7, color=style["color"])


def table_measures(comparison: MeasureComparison) -> Table:
    """Return the conductivities with the ends of their bands.

    Args:
        comparison: the conductivities.
    """
    T = comparison.temperature_T
    curves = [Curve(c.label, T, c.conductivity_T, c.low_T, c.high_T) for c in comparison.curves]
    return curve_table(curves, "temperature T [K]", "thermal conductivity [W/(m K)]")
