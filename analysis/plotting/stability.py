"""Figures of the stability of soft modes: energy against restoring force, theory and measured modes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import GREY, INK, axes_or_new, legend_above, size_style, styled
from analysis.plotting.table import Curve, Table, curve_table
from analysis.thermal.measured_stability import StabilityTest
from analysis.thermal.stability import StabilityCurve, stability_curve

ETA = r"restoring force $\eta$  (share of an unsoftened mode)"
ENERGY = r"energy of the mode $\epsilon_k/\epsilon_m$"
SHOWN = (-0.05, 1.3)  # eta from here to this many times eta_2
CEILING = 4.0  # energies are drawn up to this many times the largest one at eta = 0


@styled
def plot_stability(curves: Sequence[StabilityCurve], ax: Axes | None = None) -> Axes:
    """Draw energy against restoring force of stable modes; dotted lines stand where the energy diverges.

    Args:
        curves: one for each ratio.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    at_zero = []
    for i, curve in enumerate(curves):
        colour = size_style(i)["color"]
        ax.plot(curve.eta, curve.energy, color=colour, label=rf"$\epsilon_m/k_BT$ = {curve.ratio:g}")
        ax.axvline(curve.eta_2, color=colour, linestyle=(0, (1, 2)), linewidth=1.2)
        at_zero.append(float(np.interp(0.0, curve.eta, curve.energy)))
    ax.set_xlim(SHOWN[0], SHOWN[1] * max(curve.eta_2 for curve in curves))
    ax.set_ylim(0, CEILING * max(at_zero))
    ax.set_xlabel(ETA)
    ax.set_ylabel(ENERGY)
    legend_above(ax, columns=3)
    return ax


def table_stability(curves: Sequence[StabilityCurve]) -> Table:
    """Return the curves as a table.

    Args:
        curves: one for each ratio.
    """
    return curve_table([Curve(f"ratio {c.ratio:g}", c.eta, c.energy) for c in curves], "eta", "eps_k/eps_m")


@styled
def plot_stability_test(test: StabilityTest, ax: Axes | None = None) -> Axes:
    """Draw measured modes in units of the median eps_m, and the stability equation at each temperature.

    Args:
        test: the comparison.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    distortion = float(np.exp(np.mean(np.log(test.implied_k))))
    ax.set_yscale("log")
    for i, temperature in enumerate(test.temperature_k):
        style = size_style(i)
        chosen = test.temperature_m == temperature
        ax.plot(
            test.eta_m[chosen],
            test.energy_m[chosen] / distortion,
            linestyle="",
            ms=4,
            alpha=0.7,
            **style,
            label=f"T = {temperature:g}",
        )
        if distortion > temperature:
            curve = stability_curve(distortion / temperature)
            ax.plot(curve.eta, curve.energy, color=style["color"])
    ax.set_xlim(min(0.0, test.eta_m.min()), 1.1 * test.eta_m.max())
    low, high = (f(test.energy_m / distortion) for f in (np.min, np.max))
    ax.set_ylim(low / 3, 3 * high)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.text(
        0.98,
        0.03,
        f"scatter of $\\ln\\,\\epsilon_m$: {test.scatter:.2f}",
        transform=ax.transAxes,
        ha="right",
        color=INK,
    )
    ax.set_xlabel(ETA)
    ax.set_ylabel(ENERGY)
    legend_above(ax, columns=3)
    return ax


def table_stability_test(test: StabilityTest) -> Table:
    """Return the measured modes as a table.

    Args:
        test: the comparison.
    """
    header = ("temperature [epsilon]", "eta", "eps_k [epsilon]", "eps_m implied [epsilon]")
    columns = (test.temperature_m, test.eta_m, test.energy_m, test.implied_m)
    return Table(header, tuple(tuple(map(float, row)) for row in zip(*columns, strict=True)))
