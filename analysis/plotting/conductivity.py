"""Figures of the heat in one glass: conductivity, what limits it, which phonons carry it, specific heat, fits."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
from analysis.thermal.fit import ThermalFit
from analysis.thermal.kappa import ThermalResult
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

TEMPERATURE = r"temperature $T$  [K]"
CONDUCTIVITY = r"thermal conductivity $\kappa$  [W/(m K)]"
REDUCED_HEAT = r"specific heat $C/T^3$  [J/(m$^3$ K$^4$)]"
CHANNEL_COLOURS = {"resonant": BLUE, "relaxation": ORANGE, "activation": GREEN, "rayleigh": VERMILION}
DECADES_OF_HEAT = 4.0


@styled
def figure_conductivity(result: ThermalResult, band: tuple[Array, Array] | None = None) -> Figure:
    """Draw the conductivity and, below it, the share of each channel in the scattering of what carries the heat.

    Args:
        result: the conductivity.
        band: lower and upper end [W/(m K)].
    """
    figure = new_figure(6.4, 6.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.4))
    plot_conductivity_curve(result, upper, band=band)
    plot_channel_shares(result, lower)
    upper.set_xlabel("")
    return figure


@styled
def plot_conductivity_curve(
    result: ThermalResult, ax: Axes | None = None, *, band: tuple[Array, Array] | None = None
) -> Axes:
    """Draw the conductivity on logarithmic scales.

    Args:
        result: the conductivity.
        ax: where to draw.
        band: lower and upper end [W/(m K)].
    """
    ax = axes_or_new(ax)
    T = result.temperature_T
    ax.set_xscale("log")
    ax.set_yscale("log")
    marker = "o" if len(T) < 3 else None
    ax.plot(T, result.conductivity_T, color=BLUE, marker=marker, label=f"{result.material}, {result.model}")
    if band is not None and np.isfinite(band[0]).any():
        ax.fill_between(T, *band, color=BLUE, alpha=BAND_ALPHA, linewidth=0, label="68 % of the draws of glasses")
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel(CONDUCTIVITY)
    legend_above(ax, columns=2)
    return ax


@styled
def plot_channel_shares(result: ThermalResult, ax: Axes | None = None) -> Axes:
    """Draw the share of each channel of scattering as a stack that reaches one.

    Args:
        result: the conductivity.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel("share of scattering")
    ax.set_ylim(0, 1)
    if not len(result.omega_w):
        note(ax, "closed formulas have no spectrum")
        return ax
    colours = [CHANNEL_COLOURS[name] for name in result.channels]
    ax.set_xscale("log")
    ax.stackplot(result.temperature_T, result.channel_share_cT, colors=colours, labels=result.channels, alpha=0.75)
    ax.set_xlim(result.temperature_T[0], result.temperature_T[-1])
    legend_above(ax, columns=4)
    return ax


@styled
def plot_heat_spectrum(result: ThermalResult, temperature: float, ax: Axes | None = None) -> Axes:
    """Draw which phonons carry the heat at one temperature, stacked by what scatters them.

    Args:
        result: the conductivity.
        temperature: the nearest computed temperature is shown [K].
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ax.set_xlabel(r"$\hbar\omega/k_B$  [K]")
    ax.set_ylabel(r"$d\kappa/d\,\ln\omega$  [W/(m K)]")
    if not len(result.omega_w):
        note(ax, "closed formulas have no spectrum")
        return ax
    i = int(np.argmin(np.abs(np.log(result.temperature_T / temperature))))
    colours = [CHANNEL_COLOURS[name] for name in result.channels]
    parts, kelvin = result.channel_spectrum_cTw[:, i], HBAR * result.omega_w / BOLTZMANN
    ax.set_xscale("log")
    ax.stackplot(kelvin, parts, colors=colours, labels=result.channels, alpha=0.75)
    seen = kelvin[parts.sum(axis=0) > 1e-3 * parts.sum(axis=0).max()]
    ax.set_xlim(seen.min(), seen.max())
    ax.set_title(f"{result.material}, T = {result.temperature_T[i]:.3g} K", loc="right")
    legend_above(ax, columns=2)
    return ax


@styled
def plot_heat_capacity(
    result: ThermalResult, ax: Axes | None = None, *, band: tuple[Array, Array] | None = None
) -> Axes:
    """Draw C/T^3 and its parts.

    Args:
        result: the specific heat.
        ax: where to draw.
        band: lower and upper end of the specific heat [J/(m^3 K)].
    """
    ax = axes_or_new(ax)
    T = result.temperature_T
    parts = (
        ("phonons", result.debye_T, {"color": GREY, "linestyle": "--"}),
        ("tunnelling systems", result.tunnelling_T, {"color": VERMILION, "linestyle": (0, (1, 1.2))}),
        ("vibrations", result.vibrations_T, {"color": PURPLE, "linestyle": "-."}),
        (f"{result.material}, all", result.specific_heat_T, {"color": BLUE, "linewidth": 2.2}),
    )
    ax.set_xscale("log")
    ax.set_yscale("log")
    for label, heat, style in parts:
        ax.plot(T, np.where(heat > 0, heat, np.nan) / T**3, label=label, **style)
    if band is not None and np.isfinite(band[0]).any():
        ax.fill_between(T, band[0] / T**3, band[1] / T**3, color=BLUE, alpha=BAND_ALPHA, linewidth=0)
    highest = np.nanmax(np.concatenate([heat / T**3 for _, heat, _ in parts]))
    total = result.specific_heat_T if np.isfinite(result.specific_heat_T).any() else result.debye_T
    ax.set_ylim(max(highest / 10**DECADES_OF_HEAT, np.nanmin(total / T**3) / 3), 2 * highest)
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel(REDUCED_HEAT)
    legend_above(ax, columns=2)
    return ax


@styled
def figure_fit(fit: ThermalFit) -> Figure:
    """Draw data and fit, and below them the distance on the logarithmic scale.

    Args:
        fit: the fit.
    """
    data = fit.measurement
    T = data.temperature_T
    pairs = (
        (data.conductivity_T, data.conductivity_error_T, fit.conductivity_T, CONDUCTIVITY, 0),
        (data.specific_heat_T, data.specific_heat_error_T, fit.specific_heat_T, REDUCED_HEAT, 3),
    )
    shown = [pair for pair in pairs if np.isfinite(pair[0]).any()]
    figure = new_figure(6.0 * len(shown), 5.4)
    axes = figure.subplots(2, len(shown), sharex=True, squeeze=False, height_ratios=(3, 1.2))
    for (value, error, curve, label, power), (upper, lower) in zip(shown, axes.T, strict=True):
        at = np.isfinite(value)
        bars = None if not np.isfinite(error[at]).all() else error[at] / T[at] ** power
        upper.errorbar(T[at], value[at] / T[at] ** power, bars, fmt="o", ms=4, color=INK, label=data.name)
        upper.plot(T[at], curve[at] / T[at] ** power, color=BLUE, label=f"{fit.material.name}, {fit.model}")
        upper.set_xscale("log")
        upper.set_yscale("log")
        upper.set_ylabel(label)
        legend_above(upper, columns=2)
        spread = None if bars is None else error[at] / value[at]
        lower.errorbar(T[at], np.log(value[at] / curve[at]), spread, fmt="o", ms=4, color=INK)
        lower.axhline(0, color=BLUE, linewidth=1.2)
        lower.set_ylabel("ln(data/fit)")
        lower.set_xlabel(TEMPERATURE)
    return figure
