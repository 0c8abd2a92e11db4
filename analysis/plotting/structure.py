"""Figures of the inherent structures: energies, pressures and the distribution of distances."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.style import BAND_ALPHA, INK, axes_or_new, new_figure, size_style, styled
from analysis.plotting.table import Cell, Curve, Table, curve_table
from analysis.study.results import EnsembleResults
from atomsim.results import Array, Estimate

ENERGY = r"energy per atom  [$\epsilon$]"
PRESSURE = r"pressure  [$\epsilon/\sigma^{%d}$]"


def _strip(ax: Axes, position: int, values: Array, mean: Estimate) -> None:
    """One ensemble: a point for each glass in order, and beside them the mean with its standard error."""
    place = position + np.linspace(-0.22, 0.12, len(values)) if len(values) > 1 else np.array([position - 0.05])
    style = size_style(position)
    ax.plot(place, values, linestyle="", markersize=8 if style["marker"] == "*" else 5.5, alpha=0.75, **style)
    ax.errorbar(
        position + 0.3, mean.value, yerr=None if math.isnan(mean.error) else mean.error,
        fmt="_", color=INK, markersize=13, markeredgewidth=1.8, capsize=3, elinewidth=1.2,
    )  # fmt: skip


def _sizes_below(ax: Axes, ensembles: Sequence[EnsembleResults]) -> None:
    ax.set_xticks(range(len(ensembles)), [f"{e.name}\n{len(e.glasses)} glasses" for e in ensembles])
    ax.set_xlim(-0.5, len(ensembles) - 0.4)
    ax.tick_params(axis="x", length=0)
    ax.ticklabel_format(axis="y", useOffset=False)


@styled
def plot_energies(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw the energy per atom of each inherent structure, sizes side by side, with mean and standard error.

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, ensemble in enumerate(ensembles):
        _strip(ax, i, ensemble.structure.energy_g, ensemble.structure.energy)
    _sizes_below(ax, ensembles)
    ax.set_ylabel(ENERGY)
    return ax


@styled
def plot_pressures(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw the pressure of each inherent structure, sizes side by side, with mean and standard error.

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, ensemble in enumerate(ensembles):
        _strip(ax, i, ensemble.structure.pressure_g, ensemble.structure.pressure)
    _sizes_below(ax, ensembles)
    ax.set_ylabel(PRESSURE % ensembles[0].glasses[0].dimension)
    return ax


@styled
def figure_inherent_structures(ensembles: Sequence[EnsembleResults]) -> Figure:
    """Draw energies and pressures beside each other.

    Args:
        ensembles: the ensembles.
    """
    figure = new_figure(7.2, 3.4)
    left, right = figure.subplots(1, 2)
    plot_energies(ensembles, left)
    plot_pressures(ensembles, right)
    return figure


def table_inherent_structures(ensembles: Sequence[EnsembleResults]) -> Table:
    """Return energies and pressures glass by glass, and the means with their errors.

    Args:
        ensembles: the ensembles.
    """
    volume = f"sigma^{ensembles[0].glasses[0].dimension}"
    header = (
        "N", "glass", "energy per atom [epsilon]", "standard error [epsilon]",
        f"pressure [epsilon/{volume}]", f"standard error [epsilon/{volume}]",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for e in ensembles:
        s = e.structure
        rows += [
            (e.n_atoms, str(i), float(energy), math.nan, float(pressure), math.nan)
            for i, (energy, pressure) in enumerate(zip(s.energy_g, s.pressure_g, strict=True))
        ]
        rows.append((e.n_atoms, "mean", s.energy.value, s.energy.error, s.pressure.value, s.pressure.error))
    return Table(header, tuple(rows))


def _distributions(ensembles: Sequence[EnsembleResults]) -> list[Curve]:
    curves = []
    for e in ensembles:
        g_r, error_r = e.structure.pair_distribution_r, e.structure.pair_distribution_error_r
        curves.append(Curve(e.name, e.structure.distance_r, g_r, g_r - error_r, g_r + error_r))
    return curves


@styled
def plot_pair_distribution(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw g(r) of each size with its standard error as a band; the first peak is labelled.

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, curve in enumerate(_distributions(ensembles)):
        colour = size_style(i)["color"]
        ax.plot(curve.x, curve.y, color=colour, linestyle=("-", (0, (4, 1.5)))[i % 2], label=curve.label)
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=BAND_ALPHA, linewidth=0)
    ax.axhline(1, color=INK, linewidth=0.6, linestyle=":")
    peak = ensembles[-1].structure
    top = float(peak.pair_distribution_r.max())
    ax.annotate(
        f"first peak at {peak.first_peak.value:.3f} $\\sigma$", xy=(peak.first_peak.value, top), xytext=(8, -4),
        textcoords="offset points", fontsize=9,
    )  # fmt: skip
    ax.set_xlim(0.7, float(peak.distance_r[-1]))
    ax.set_ylim(0, 1.08 * top)
    ax.set_xlabel(r"distance $r$  [$\sigma$]")
    ax.set_ylabel(r"$g(r)$")
    ax.legend(loc="upper right")
    return ax


def table_pair_distribution(ensembles: Sequence[EnsembleResults]) -> Table:
    """Return g(r) of each size with the ends of its band.

    Args:
        ensembles: the ensembles.
    """
    return curve_table(_distributions(ensembles), "distance r [sigma]", "g(r) [1]")
