"""Pictures and tables of how the wind on ions converges with radius and l_max, told errors beside true changes."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.multiple_scattering.convergence import Convergence
from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILION,
    axes_or_new,
    legend_above,
    new_figure,
    note,
    styled,
)
from analysis.plotting.table import Cell, Curve, Table

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, SKY)
SMALLEST = 1e-6  # change below which a logarithmic axis does not go, over the largest error [-]


@styled
def figure_convergence(radius: Convergence, degree: Convergence) -> Figure:
    """Draw the wind on ions against the radius and against l_max, and the errors told beside the true changes.

    Args:
        radius: for several radii.
        degree: for several l_max.
    """
    figure = new_figure(9.6, 7.2)
    grid = figure.add_gridspec(2, 2)
    for column, found in enumerate((radius, degree)):
        plot_convergence(found, figure.add_subplot(grid[0, column]))
        plot_errors(found, figure.add_subplot(grid[1, column]))
    return figure


def _abscissa(found: Convergence) -> tuple[np.ndarray, str]:
    """What varies, and its label."""
    if len(np.unique(found.l_max_r)) > 1:
        return found.l_max_r, r"$l_\mathrm{max}$"
    return found.radius_r, r"radius of the clusters  [$\mathrm{\AA}$]"


def _label(found: Convergence, ax: Axes) -> None:
    values, label = _abscissa(found)
    ax.set_xlabel(label)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=values is found.l_max_r))


def convergence_curves(found: Convergence) -> list[Curve]:
    """Return a third of the trace of the tensor of each ion against what varies, with its error as a band.

    Args:
        found: the tensors.
    """
    scalar_rn = np.trace(found.sigma_rncc, axis1=2, axis2=3) / 3
    low, high = scalar_rn - found.error_rn, scalar_rn + found.error_rn
    x = _abscissa(found)[0].astype(float)
    return [Curve(f"ion {ion}", x, scalar_rn[:, n], low[:, n], high[:, n]) for n, ion in enumerate(found.index_n)]


@styled
def plot_convergence(found: Convergence, ax: Axes | None = None) -> Axes:
    """Draw a third of the trace of the tensors against radius or l_max, with the errors told by each as bands.

    Args:
        found: the tensors.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for curve, colour in zip(convergence_curves(found), cycle(COLOURS), strict=False):
        ax.plot(curve.x, curve.y, "o-", color=colour, markersize=4, label=curve.label)
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=BAND_ALPHA, linewidth=0)
    ax.axhline(0, color=GREY, linewidth=0.8)
    _label(found, ax)
    ax.set_ylabel(r"$\mathrm{tr}\,\sigma/3$  [$\mathrm{\AA}^2$]")
    legend_above(ax, columns=5)
    return ax


@styled
def plot_errors(found: Convergence, ax: Axes | None = None) -> Axes:
    """Draw the error told for each ion beside the largest change of a component to the best approximation.

    Args:
        found: the tensors.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    x = _abscissa(found)[0][:-1].astype(float)
    error_rn, change_rn = found.error_rn[:-1], found.change_rn
    if not error_rn.any():
        note(ax, "no error: nothing changes")
        return ax
    floor = SMALLEST * float(error_rn.max())
    for n, colour in zip(range(len(found.index_n)), cycle(COLOURS), strict=False):
        ax.plot(x, np.maximum(error_rn[:, n], floor), "-", color=colour)
        ax.plot(x, np.maximum(change_rn[:, n], floor), "o", color=colour, markersize=5, markerfacecolor="none")
    ax.plot([], [], "-", color=INK, label="error told")
    ax.plot([], [], "o", color=INK, markerfacecolor="none", label="change to the last")
    ax.set_yscale("log")
    _label(found, ax)
    ax.set_ylabel(r"in a component of $\sigma$  [$\mathrm{\AA}^2$]")
    ax.set_title(f"covered: {100 * found.covered_r.mean():.0f} %", loc="right", fontsize=9)
    legend_above(ax, columns=2)
    return ax


def table_convergence(*found: Convergence) -> Table:
    """Return tensors, told errors and true changes of each ion in each approximation as a table.

    Args:
        found: the tensors.
    """
    names = [f"sigma_{a}{b} [angstrom^2]" for a in "xyz" for b in "xyz"]
    header = ("ion", "radius [angstrom]", "l_max [1]", *names, "error [angstrom^2]", "change to the last [angstrom^2]")
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        change_rn = np.vstack([one.change_rn, np.full((1, len(one.index_n)), np.nan)])
        for n, ion in enumerate(one.index_n.tolist()):
            for r, (radius, degree) in enumerate(zip(one.radius_r, one.l_max_r, strict=True)):
                numbers = [*one.sigma_rncc[r, n].ravel(), one.error_rn[r, n], change_rn[r, n]]
                rows.append((ion, float(radius), int(degree), *map(float, numbers)))
    return Table(header, tuple(rows))
