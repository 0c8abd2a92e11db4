"""Figures of the stability of soft modes: energy against restoring force, theory and measured modes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    axes_or_new,
    legend_above,
    new_figure,
    plain_log_ticks,
    size_style,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from analysis.thermal.measured_stability import StabilityTest
from analysis.thermal.stability import StabilityCurve, stability_curve

ETA = r"restoring force $\eta$  (share of an unsoftened mode)"
ENERGY = r"energy of the mode $\epsilon_k/\epsilon_m$"
SHOWN = (-0.05, 1.3)  # eta from here to this many times eta_2
CEILING = 4.0  # energies are drawn up to this many times the largest one at eta = 0


@styled
def plot_stability(curves: Sequence[StabilityCurve], ax: Axes | None = None) -> Axes:
    """Draw energy against restoring force of stable modes; arrows stand at eta_2, where the energy diverges.

    Source: buchenau-1992 (fig. 8); test: test_arrows_stand_where_the_energy_diverges

    Args:
        curves: one for each ratio.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    at_zero = []
    for i, curve in enumerate(curves):
        colour = size_style(i)["color"]
        ax.plot(curve.eta, curve.energy, color=colour, label=_curve_name(curve))
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4}
        ax.annotate("", xy=(curve.eta_2, 0), xytext=(0, 30), textcoords="offset points", arrowprops=arrow)
        at_zero.append(float(np.interp(0.0, curve.eta, curve.energy)))
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set_xlim(SHOWN[0], SHOWN[1] * max(curve.eta_2 for curve in curves))
    ax.set_ylim(0, CEILING * max(at_zero))
    ax.set_xlabel(ETA)
    ax.set_ylabel(ENERGY)
    legend_above(ax, columns=2)
    return ax


def _curve_name(curve: StabilityCurve) -> str:
    return rf"$\epsilon_m/k_BT$ = {curve.ratio:g},  $\eta_2$ = {curve.eta_2:.4f}"


def table_stability(curves: Sequence[StabilityCurve]) -> Table:
    """Return the curves as a table.

    Args:
        curves: one for each ratio.
    """
    return curve_table([Curve(f"ratio {c.ratio:g}", c.eta, c.energy) for c in curves], "eta", "eps_k/eps_m")


@styled
def figure_stability_test(test: StabilityTest) -> Figure:
    """Draw measured modes over the curves of their temperatures, and the eps_m that each temperature asks for.

    Args:
        test: the comparison.
    """
    figure = new_figure(9.4, 4.4)
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    plot_stability_test(test, left)
    plot_implied_energy(test, right)
    return figure


@styled
def plot_stability_test(test: StabilityTest, ax: Axes | None = None) -> Axes:
    """Draw measured modes in units of one eps_m, their geometric mean, and the stability equation at each temperature.

    Args:
        test: the comparison.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    distortion = float(np.exp(np.mean(np.log(test.implied_k))))
    ax.set_yscale("log")
    for i, temperature in enumerate(test.temperature_k):
        style, chosen = size_style(i), test.temperature_m == temperature
        label = f"T = {temperature:g}, $\\epsilon_m/k_BT$ = {distortion / temperature:.3g}"
        ax.plot(test.eta_m[chosen], test.energy_m[chosen] / distortion, linestyle="", ms=4, alpha=0.6,
                markeredgewidth=0, **style, label=label)  # fmt: skip
        if distortion > temperature:
            curve = stability_curve(distortion / temperature)
            ax.plot(curve.eta, curve.energy, color=style["color"])
    ax.set_xlim(min(0.0, test.eta_m.min()), 1.1 * test.eta_m.max())
    low, high = (f(test.energy_m / distortion) for f in (np.min, np.max))
    ax.set_ylim(low / 3, 3 * high)
    ax.set_xlabel(ETA)
    ax.set_ylabel(rf"$\epsilon_k/\epsilon_m$  for $\epsilon_m$ = {distortion:.3g} $\epsilon$")
    legend_above(ax, columns=2)
    return ax


@styled
def plot_implied_energy(test: StabilityTest, ax: Axes | None = None) -> Axes:
    """Draw the eps_m that the modes of each temperature ask for: level if one eps_m serves all.

    Args:
        test: the comparison.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    spread = np.random.default_rng(0).uniform(0.94, 1.06, len(test.implied_m))  # so that points do not hide each other
    ax.plot(test.temperature_m * spread, test.implied_m, ".", ms=3, color=GREY, alpha=0.6, label="each mode")
    error = test.implied_k * np.where(np.isfinite(test.error_k), test.error_k, 0.0)
    ax.errorbar(test.temperature_k, test.implied_k, error, fmt="o", ms=5, color=INK, capsize=2.5, label="mean")
    if len(test.temperature_k) > 1:
        middle = float(np.exp(np.mean(np.log(test.temperature_m))))
        centre = float(np.exp(np.nanmean(np.log(test.implied_m))))
        line = centre * (test.temperature_k / middle) ** test.trend
        ax.plot(test.temperature_k, line, color=VERMILION, label=f"slope {test.trend:.2f} ± {test.trend_error:.2f}")
        same = centre * (test.temperature_k / middle) ** test.memoryless_trend
        ax.plot(test.temperature_k, same, color=INK, linestyle=(0, (1, 1.5)),
                label=f"same modes at all T: {test.memoryless_trend:.2f}")  # fmt: skip
    ax.axhline(np.exp(np.mean(np.log(test.implied_k))), color=BLUE, linestyle="--", linewidth=1, label="one for all")
    ax.set_xlabel(r"temperature of the liquid  [$\epsilon/k_B$]")
    ax.set_ylabel(r"$\epsilon_m$ asked for  [$\epsilon$]")
    plain_log_ticks(ax.xaxis)
    plain_log_ticks(ax.yaxis)
    legend_above(ax, columns=2)
    return ax


def table_stability_test(test: StabilityTest) -> Table:
    """Return the measured modes as a table.

    Args:
        test: the comparison.
    """
    header = ("temperature [epsilon]", "glass", "eta", "eps_k [epsilon]", "eps_m implied [epsilon]")
    columns = (test.temperature_m, test.glass_m, test.eta_m, test.energy_m, test.implied_m)
    return Table(header, tuple((float(t), int(g), *map(float, rest)) for t, g, *rest in zip(*columns, strict=True)))
