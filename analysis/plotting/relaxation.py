"""Figures of structural relaxation: order against time, the approximation beside the full system, the condensate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SIZE_COLOURS,
    VERMILION,
    axes_or_new,
    legend_above,
    new_figure,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from analysis.relaxation.comparison import ApproximationTest
from analysis.relaxation.condensate import DrivenWave, Regime, condensate_number, lorenz_limit, stability
from analysis.relaxation.curves import RelaxationCurve
from analysis.relaxation.detuned import log_detuned_field, weak_coupling_order_parameter
from analysis.relaxation.rates import RelaxationRates
from atomsim.errors import InputError
from atomsim.results import Array

TIME = "time $t$  [1/unit of the rates]"
ORDER = r"order parameter $\eta = (N_q/N_\infty)^{1/2}$"
DASHED, DOTTED = "--", (0, (1, 1.2))
PUMPS = 241


@styled
def plot_relaxation(curves: Sequence[RelaxationCurve], ax: Axes | None = None) -> Axes:
    """Draw order parameters against time; a dot stands at one half.

    Args:
        curves: the curves.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, (curve, drawn) in enumerate(zip(curves, relaxation_curves(curves), strict=True)):
        colour = SIZE_COLOURS[i % len(SIZE_COLOURS)]
        ax.plot(drawn.x, drawn.y, color=colour, label=drawn.label, marker="." if len(drawn.x) < 8 else None)
        if drawn.x[0] <= curve.t50 <= drawn.x[-1]:
            ax.plot(curve.t50, 0.5, color=colour, marker="o", ms=5)
    ax.set_ylim(bottom=0)
    ax.set_xlim(left=0)
    ax.set_xlabel(TIME)
    ax.set_ylabel(ORDER)
    legend_above(ax, columns=2)
    return ax


def relaxation_curves(curves: Sequence[RelaxationCurve]) -> list[Curve]:
    """Return what is drawn of relaxation curves.

    Args:
        curves: the curves.
    """
    return [Curve(_label(curve), curve.time_t, curve.eta_t) for curve in curves]


def _label(curve: RelaxationCurve) -> str:
    rates = curve.rates
    detuning = f", $\\Omega$ = {rates.detuning:g}" if rates.detuning else ""
    system = "" if curve.system == "exponential" else f"{curve.system}: "
    return (
        f"{system}$\\Delta\\sqrt{{\\sigma^0}}$ = {rates.coupling:g}, $\\Gamma$ = {rates.polarisation_rate:g}, "
        f"$\\gamma$ = {rates.inversion_rate:g}{detuning}"
    )


def table_relaxation(curves: Sequence[RelaxationCurve]) -> Table:
    """Return order parameters as a table.

    Args:
        curves: the curves.
    """
    return curve_table(relaxation_curves(curves), "time [1/rate]", "eta [1]")


@styled
def figure_approximation(test: ApproximationTest) -> Figure:
    """Draw the full system beside the approximation, and below them the inversion of both.

    Args:
        test: the comparison.
    """
    figure = new_figure(6.4, 5.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1.2))
    order, inversion = approximation_curves(test)
    for ax, curves in ((upper, order), (lower, inversion)):
        for curve, colour, line in zip(curves, (BLUE, VERMILION, GREEN), ("-", DASHED, DOTTED), strict=True):
            ax.plot(curve.x, curve.y, color=colour, linestyle=line, label=curve.label)
    upper.set_xlim(test.time_t[0], test.time_t[-1])
    upper.set_ylabel(ORDER)
    lower.set_ylabel(r"inversion $\sigma/\sigma^0$")
    lower.set_xlabel(TIME)
    lower.axhline(0, color=GREY, linewidth=0.8)
    decades = test.log_number_approximate / np.log(10)
    upper.set_title(
        rf"$N_\infty/\sigma^0$ = {test.number_full:.3g} (full), $10^{{{decades:.3g}}}$ (approximation)", loc="right"
    )
    lower.text(
        0.98,
        0.9,
        f"emission over decay: {test.indicator:.2g} at most",
        transform=lower.transAxes,
        ha="right",
        color=INK,
    )
    upper.legend(loc="lower right")
    return figure


def approximation_curves(test: ApproximationTest) -> tuple[list[Curve], list[Curve]]:
    """Return order parameters and inversions of the full system and of both approximations.

    Args:
        test: the comparison.
    """
    names = (
        "full system",
        r"approximation, $\gamma = 1/t_\sigma$",
        f"approximation, best $\\gamma$ = {test.best_rate:.3g}",
    )
    order = (test.eta_full_t, test.eta_same_rate_t, test.eta_best_rate_t)
    decays = [np.exp(-rate * test.time_t) for rate in (test.rates.inversion_rate, test.best_rate)]
    inversion = (test.inversion_t, *decays)
    return tuple(
        [Curve(name, test.time_t, y) for name, y in zip(names, values, strict=True)] for values in (order, inversion)
    )  # type: ignore[return-value]


def table_approximation(test: ApproximationTest) -> Table:
    """Return the order parameters of the comparison as a table.

    Args:
        test: the comparison.
    """
    return curve_table(approximation_curves(test)[0], "time [1/rate]", "eta [1]")


@styled
def plot_weak_coupling(rates: RelaxationRates, time: Array, ax: Axes | None = None) -> Axes:
    """Draw the detuned field beside its limit for weak coupling, corrected and printed.

    Args:
        rates: the rates.
        time: times, ascending [time].
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    styles = ((BLUE, "-", 2.6), (ORANGE, DASHED, 1.2), (VERMILION, DOTTED, 1.4))
    for curve, (colour, line, width) in zip(weak_coupling_curves(rates, time), styles, strict=True):
        ax.plot(curve.x, curve.y, color=colour, linestyle=line, linewidth=width, label=curve.label)
    ax.set_xlabel(TIME)
    ax.set_ylabel(r"field over $\Delta d^0/|\Gamma + i\Omega|$")
    ax.set_ylim(bottom=0)
    legend_above(ax, columns=3)
    return ax


def weak_coupling_curves(rates: RelaxationRates, time: Array) -> list[Curve]:
    """Return the detuned field, its corrected and its printed limit.

    Args:
        rates: the rates.
        time: times, ascending [time].
    """
    exact = np.exp(log_detuned_field(time, rates)) * abs(rates.polarisation_rate + 1j * rates.detuning)
    return [
        Curve("exact", time, exact),
        Curve("limit, corrected", time, weak_coupling_order_parameter(time, rates)),
        Curve("limit, printed", time, weak_coupling_order_parameter(time, rates, form="printed")),
    ]


def table_weak_coupling(rates: RelaxationRates, time: Array) -> Table:
    """Return the curves of the detuned field as a table.

    Args:
        rates: the rates.
        time: times, ascending [time].
    """
    return curve_table(weak_coupling_curves(rates, time), "time [1/rate]", "field over its weak final value [1]")


@styled
def plot_condensate(wave: DrivenWave, ax: Axes | None = None) -> Axes:
    """Draw the stationary field against the pump: the pitchfork, and where the condensate becomes unstable.

    Args:
        wave: the driven wave; its pump is varied.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for curve in condensate_curves(wave):
        stable = not curve.label.endswith("unstable")
        looks = {"color": GREY if curve.label.startswith("no") else BLUE if stable else VERMILION}
        line = "-" if stable else DASHED
        ax.plot(curve.x, curve.y, linestyle=line, label=curve.label, **looks)
        if curve.y.any():
            ax.plot(curve.x, -curve.y, linestyle=line, **looks)
    limit = lorenz_limit(wave)
    if np.isfinite(limit):
        ax.axvline(limit, color=GREY, linestyle=DOTTED, linewidth=1.2)
        ax.text(limit, 0.02, f" Lorenz: {limit:.4g}", transform=ax.get_xaxis_transform(), color=INK, va="bottom")
    ax.set_xlabel(r"pump $\sigma^0/\sigma^{th}$")
    ax.set_ylabel(r"stationary field $y = \pm N^{1/2}$")
    ax.set_xlim(left=0)
    legend_above(ax, columns=2)
    return ax


def condensate_curves(wave: DrivenWave) -> list[Curve]:
    """Return the branches of the stationary field, one sign of each, by their eigenvalues.

    Args:
        wave: the driven wave; its pump is varied.
    """
    limit = lorenz_limit(wave)
    unit = replace(wave, pumped=1.0).pump_ratio
    if not unit > 0:
        raise InputError(f"alpha = {wave.alpha:g}: no pump makes a condensate, there is no threshold to draw")
    last = 1.5 * limit if np.isfinite(limit) else 5.0
    points: dict[str, list[tuple[float, float]]] = {}
    # every branch begins where the one before it ends
    for p in np.unique([*np.linspace(0, last, PUMPS), *(1 + np.geomspace(1e-6, last - 1, PUMPS))]):
        driven = replace(wave, pumped=p / unit)
        found = stability(driven)
        zero = "no field, stable" if found.zero_field_m.real.max() < 0 else "no field, unstable"
        points.setdefault(zero, []).append((float(p), 0.0))
        if found.regime is not Regime.NO_CONDENSATE:
            name = "condensate, stable" if found.regime is Regime.STABLE else "condensate, unstable"
            points.setdefault(name, []).append((float(p), float(np.sqrt(condensate_number(driven)))))
    return [Curve(name, *np.array(values).T) for name, values in points.items()]


def table_condensate(wave: DrivenWave) -> Table:
    """Return the branches of stationary states as a table.

    Args:
        wave: the driven wave; its pump is varied.
    """
    return curve_table(condensate_curves(wave), "pump sigma^0/sigma^th [1]", "field N^{1/2} [1]")
