"""Figures of electronic transport: the corrections of the paper, derived and printed, and where the theory ends."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.excitations.transport import LARGEST_RATIO, TransportResult
from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILION,
    axes_or_new,
    legend_above,
    new_figure,
    note,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from atomsim.results import Array

TEMPERATURE = r"temperature $T$  [K]"
DASHED, DOTTED = "--", (0, (1, 1.2))
FEW = 3  # temperatures below which curves need markers to be seen
DECADES = 11.0  # shown below the largest value
LEAP = 100.0  # factor between neighbouring points beyond which no line joins them


@styled
def figure_transport(result: TransportResult) -> Figure:
    """Draw all four corrections of the paper.

    Args:
        result: the corrections.
    """
    figure = new_figure(10.4, 8.0)
    (conductivity, power), (heat, kappa) = figure.subplots(2, 2, sharex=True)
    plot_conductivity_correction(result, conductivity)
    plot_thermopower(result, power)
    plot_heat_correction(result, heat)
    plot_heat_transport(result, kappa)
    for ax in (conductivity, power):
        ax.set_xlabel("")
    return figure


@styled
def plot_conductivity_correction(result: TransportResult, ax: Axes | None = None) -> Axes:
    """Draw the correction to the electrical conductivity, over the conductivity itself where that is known.

    Args:
        result: the corrections.
        ax: where to draw.
    """
    relative = bool(np.isfinite(result.metal.resistivity))
    label = r"$-\delta\rho/\rho = \delta\sigma/\sigma$" if relative else r"$\delta\sigma$  [S/m]"
    return _draw(result, conductivity_curves(result), label, ax)


@styled
def plot_thermopower(result: TransportResult, ax: Axes | None = None) -> Axes:
    """Draw the thermopower and its linear law.

    Args:
        result: the corrections.
        ax: where to draw.
    """
    return _draw(result, thermopower_curves(result), r"thermopower $|S|$  [V/K]", ax, "no relaxation time given")


@styled
def plot_heat_correction(result: TransportResult, ax: Axes | None = None) -> Axes:
    """Draw the correction to the heat of the electrons.

    Args:
        result: the corrections.
        ax: where to draw.
    """
    return _draw(result, heat_curves(result), r"$\delta C$  [J/(m$^3$ K)]", ax)


@styled
def plot_heat_transport(result: TransportResult, ax: Axes | None = None) -> Axes:
    """Draw the correction to the thermal conductivity beside its parts, the printed one and the law of Wiedemann-Franz.

    Args:
        result: the corrections.
        ax: where to draw.
    """
    return _draw(result, heat_transport_curves(result), r"$\delta\kappa$  [W/(m K)]", ax)


def conductivity_curves(result: TransportResult) -> list[Curve]:
    """Return the curves of the electrical conductivity.

    Args:
        result: the corrections.
    """
    scale = result.metal.resistivity if np.isfinite(result.metal.resistivity) else 1.0
    T = result.temperature_T
    return [Curve("derived", T, scale * result.delta_sigma_T), Curve("printed", T, scale * result.printed_sigma_T)]


def thermopower_curves(result: TransportResult) -> list[Curve]:
    """Return the curves of the thermopower.

    Args:
        result: the corrections.
    """
    T = result.temperature_T
    return [Curve("derived", T, result.thermopower_T), Curve("linear law", T, result.linear_thermopower_T)]


def heat_curves(result: TransportResult) -> list[Curve]:
    """Return the curves of the heat; the printed one is multiplied by the factor T that it lacks.

    Args:
        result: the corrections.
    """
    T = result.temperature_T
    return [
        Curve("derived, from the density of states", T, result.delta_heat_T),
        Curve("derived, from the free energy at $T_0 = \\infty$", T, result.free_energy_heat_T),
        Curve("printed, times $T$", T, T * result.printed_heat_T),
    ]


def heat_transport_curves(result: TransportResult) -> list[Curve]:
    """Return the curves of the thermal conductivity; the band is the error of T_0.

    Args:
        result: the corrections.
    """
    T, kappa, error = result.temperature_T, result.delta_kappa_T, result.delta_kappa_error_T
    band = (kappa - error, kappa + error) if np.isfinite(error).all() else (None, None)
    return [
        Curve("derived", T, kappa, *band),
        Curve("minus its part against Wiedemann-Franz", T, -result.violating_T),
        Curve("printed", T, result.printed_kappa_T),
        Curve("$L_0T/\\rho$", T, result.electron_kappa_T),
    ]


def table_transport(result: TransportResult) -> Table:
    """Return all curves of the figure as one table.

    Args:
        result: the corrections.
    """
    named = (
        ("conductivity", conductivity_curves),
        ("thermopower", thermopower_curves),
        ("heat", heat_curves),
        ("thermal conductivity", heat_transport_curves),
    )
    curves = [
        Curve(f"{name}: {c.label}", c.x, c.y, c.low, c.high)
        for name, of_result in named
        for c in of_result(result)
        if np.isfinite(c.y).any()
    ]
    return curve_table(curves, "temperature [K]", "correction [SI unit of the quantity]")


STYLES = {
    "derived": {"color": BLUE, "linewidth": 2.2},
    "derived, from the density of states": {"color": BLUE, "linewidth": 2.2},
    "derived, from the free energy at $T_0 = \\infty$": {"color": GREEN, "linestyle": "-."},
    "minus its part against Wiedemann-Franz": {"color": GREEN, "linestyle": "-."},
    "linear law": {"color": ORANGE, "linestyle": DASHED, "linewidth": 1.2},
    "printed": {"color": VERMILION, "linestyle": DASHED},
    "printed, times $T$": {"color": VERMILION, "linestyle": DASHED},
    "$L_0T/\\rho$": {"color": PURPLE, "linestyle": DOTTED},
}


def _draw(
    result: TransportResult, curves: list[Curve], label: str, ax: Axes | None, missing: str = "nothing to draw"
) -> Axes:
    """Curves on logarithmic scales, and where the theory ends."""
    ax = axes_or_new(ax)
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel(label)
    shown = [curve for curve in curves if np.isfinite(curve.y).any()]
    if not shown:
        note(ax, missing)
        return ax
    ax.set_xscale("log")
    ax.set_yscale("log")
    for curve in shown:
        marker = "o" if len(curve.x) < FEW else None
        x, y = parted(curve.x, curve.y)
        ax.plot(x, y, marker=marker, label=curve.label, **STYLES[curve.label])  # type: ignore[arg-type]
        if curve.low is not None and curve.high is not None:
            ax.fill_between(curve.x, curve.low, curve.high, color=BLUE, alpha=BAND_ALPHA, linewidth=0)
    largest = max(np.nanmax(curve.y) for curve in shown)
    ax.set_ylim(bottom=max(ax.get_ylim()[0], largest / 10**DECADES))
    _end_of_theory(ax, result.temperature_T, LARGEST_RATIO * result.metal.t0.value)
    legend_above(ax, columns=2)
    return ax


def parted(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a curve with a gap at each leap: formulas that do not join are no line [as given].

    Args:
        x: abscissa [any unit].
        y: ordinate [any unit].
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        leaps = np.flatnonzero(np.abs(np.diff(np.log(np.abs(y)))) > np.log(LEAP)) + 1
    return np.insert(x, leaps, np.nan), np.insert(y, leaps, np.nan)


def _end_of_theory(ax: Axes, temperature_T: Array, limit: float) -> None:
    """Grey from the temperature on beyond which the theory has no meaning."""
    low, high = float(temperature_T[0]), float(temperature_T[-1])
    if len(temperature_T) > 1:
        ax.set_xlim(low, high)
    if limit < high:
        start = max(limit, low)
        ax.axvspan(start, high, color=GREY, alpha=0.15, linewidth=0)
        ax.text(
            start, 0.03, f"  $T > {LARGEST_RATIO:g}\\,T_0$", transform=ax.get_xaxis_transform(), color=INK, va="bottom"
        )
