"""Figures of heat: conductivity and specific heat that follow from the soft potentials."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREEN,
    GREY,
    INK,
    PURPLE,
    VERMILION,
    axes_or_new,
    legend_above,
    note,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from analysis.thermal import ThermalPrediction
from atomsim.results import Array

TEMPERATURE = "temperature T [K]"
DECADES = 4.0  # of C/T^3 shown below the highest value


def _conductivities(thermal: ThermalPrediction) -> list[Curve]:
    T = thermal.temperature_T
    return [
        Curve("later form", T, thermal.conductivity_T, thermal.conductivity_low_T, thermal.conductivity_high_T),
        Curve(
            "Karpov and Parshin, joined at W",
            T,
            thermal.karpov_parshin_T,
            thermal.karpov_parshin_low_T,
            thermal.karpov_parshin_high_T,
        ),
        Curve("tunnelling systems alone, T^2", T, thermal.tanh_law_T),
    ]


def _positive(values: Array | None) -> Array | None:
    """Values that a logarithmic axis can show, NaN elsewhere."""
    return None if values is None else np.where(np.asarray(values) > 0, values, np.nan)


def _line(ax: Axes, curve: Curve, **style: object) -> None:
    ax.plot(curve.x, _positive(curve.y), label=curve.label.replace("T^2", "$T^2$"), **style)
    low, high = _positive(curve.low), _positive(curve.high)
    if low is not None and high is not None:
        ax.fill_between(curve.x, low, high, color=style["color"], alpha=BAND_ALPHA, linewidth=0)


def _mark(ax: Axes, temperature: float, text: str, *, height: float = 0.97, colour: str = GREY) -> None:
    """A vertical line at a temperature, if it is known and inside the axes, with words beside it."""
    low, high = ax.get_xlim()
    if np.isfinite(temperature) and low < temperature < high:
        ax.axvline(temperature, color=colour, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        ax.text(temperature, height, f" {text}", transform=ax.get_xaxis_transform(), va="top", fontsize=8, color=INK)


@styled
def plot_conductivity(thermal: ThermalPrediction, ax: Axes | None = None) -> Axes:
    """Draw the conductivity that follows from the soft potentials, with 68 % bands over draws of glasses.

    Above the temperature where most heat is held by what the model does not contain, the ground is grey.

    Args:
        thermal: the prediction.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    T = thermal.temperature_T
    ax.set_xlim(T[0], T[-1])
    ax.set_xlabel(r"temperature $T$  [K]")
    ax.set_ylabel(rf"thermal conductivity $\kappa$  [W/(m K)],  {thermal.material}")
    ax.set_xscale("log")
    later, old, tanh_law = _conductivities(thermal)
    if not np.isfinite([later.y, old.y, tanh_law.y]).any():
        note(ax, "no conductivity: too few soft modes")
        return ax
    ax.set_yscale("log")
    _line(ax, tanh_law, color=GREY, linestyle="--", linewidth=1.2)
    _line(ax, old, color=VERMILION, linestyle="-.")
    _line(ax, later, color=BLUE)
    known = np.concatenate([c.y[np.isfinite(c.y) & (c.y > 0)] for c in (later, old)])
    if len(known):
        ax.set_ylim(known.min() / 3, 6 * known.max())
    if np.isfinite(thermal.highest_temperature):
        ax.axvspan(thermal.highest_temperature, T[-1], color=GREY, alpha=0.12, linewidth=0)
    _mark(ax, thermal.highest_temperature, "model incomplete\n above", height=0.20)
    _mark(ax, thermal.W_kelvin.value, "$W/k_B$", height=0.06)
    legend_above(ax, columns=2)
    return ax


def table_conductivity(thermal: ThermalPrediction) -> Table:
    """Return the conductivities with the ends of their bands.

    Args:
        thermal: the prediction.
    """
    return curve_table(_conductivities(thermal), TEMPERATURE, "thermal conductivity [W/(m K)]")


def _reduced_heats(thermal: ThermalPrediction) -> list[Curve]:
    T = thermal.temperature_T
    parts = {
        "phonons (Debye)": thermal.debye_T,
        "all computed modes, harmonic": thermal.harmonic_T,
        "tunnelling systems": thermal.tunnelling_T,
        "vibrations of soft potentials": thermal.vibrations_T,
        "phonons, tunnelling and vibrations": thermal.specific_heat_T,
    }
    return [Curve(name, T, heat / T**3) for name, heat in parts.items()]


@styled
def plot_specific_heat(thermal: ThermalPrediction, ax: Axes | None = None) -> Axes:
    """Draw C/T^3 and its parts; the Debye law is level, and an excess stands out.

    Args:
        thermal: the prediction.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    T = thermal.temperature_T
    styles = (
        {"color": GREY, "linestyle": "--", "linewidth": 1.2},
        {"color": GREEN, "linewidth": 1.6},
        {"color": VERMILION, "linestyle": (0, (1, 1.2)), "linewidth": 1.8},
        {"color": PURPLE, "linestyle": "-.", "linewidth": 1.4},
        {"color": BLUE, "linewidth": 2.2},
    )
    ax.set_xscale("log")
    ax.set_yscale("log")
    curves = _reduced_heats(thermal)
    for curve, style in zip(curves, styles, strict=True):
        _line(ax, curve, **style)
    ax.set_xlim(T[0], T[-1])
    debye, harmonic, _, _, total = (curve.y for curve in curves)
    anchors = np.concatenate([harmonic, total, debye[:1]])
    anchors = anchors[np.isfinite(anchors) & (anchors > 0)]
    ax.set_ylim(max(anchors.max() / 10**DECADES, anchors.min()) / 2, 6 * anchors.max())
    _mark(ax, thermal.minimum_temperature, "minimum of\n the excess", height=0.13)
    ax.set_xlabel(r"temperature $T$  [K]")
    ax.set_ylabel(rf"specific heat $C/T^3$  [J/(m$^3$ K$^4$)],  {thermal.material}")
    legend_above(ax, columns=2)
    return ax


def table_specific_heat(thermal: ThermalPrediction) -> Table:
    """Return C/T^3 and its parts.

    Args:
        thermal: the prediction.
    """
    return curve_table(_reduced_heats(thermal), TEMPERATURE, "C/T^3 [J/(m^3 K^4)]")
