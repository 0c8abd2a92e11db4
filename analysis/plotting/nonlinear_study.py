"""Figures of the nonlinear modes and double wells of a study: mean decay from the core, distributions over pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREY,
    INK,
    axes_or_new,
    legend_above,
    new_figure,
    plain_log_ticks,
    size_style,
    styled,
)
from analysis.plotting.table import Cell, Curve, Table, curve_table
from analysis.study.study_nonlinear import KindSummary
from analysis.study.study_wells import StudyWells

DIPOLE_POWER = 2  # of an elastic dipole in three dimensions
BINS = 12
PANELS = (
    ("barrier_p", r"barrier  [$\epsilon$]", True),
    ("asymmetry_p", r"$|$energy difference$|$  [$\epsilon$]", True),
    ("participation_number_p", "atoms that take part in the jump", False),
    ("harmonic_share_p", "largest squared overlap with a vibration", False),
)


def _decay_curves(kinds: Sequence[KindSummary]) -> list[Curve]:
    curves = [Curve(one.kind, one.distance_s, one.displacement_s, one.low_s, one.high_s) for one in kinds]
    drawn = [(one, curve) for one, curve in zip(kinds, curves, strict=True) if len(curve.x)]
    if drawn:
        first, curve = drawn[0]
        # through the first kind at half way (in the logarithm) from the core to half the cell
        middle = np.sqrt(np.median(first.core_radius_p) * first.half_cell)
        level = np.interp(np.log(middle), np.log(curve.x), np.log(curve.y))
        r = np.geomspace(np.median(first.core_radius_p), first.half_cell, 20)
        curves.append(Curve(f"$r^{{-{DIPOLE_POWER}}}$", r, np.exp(level) * (r / middle) ** -DIPOLE_POWER))
    return curves


@styled
def plot_mean_decay(kinds: Sequence[KindSummary], ax: Axes | None = None) -> Axes:
    """Draw the displacements of nonlinear modes against the distance from the core, medians over modes and shells.

    Args:
        kinds: summaries of the modes of each kind.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    curves = _decay_curves(kinds)
    for i, curve in enumerate(curves):
        if curve.low is None or curve.high is None:
            ax.loglog(curve.x, curve.y, color=INK, linestyle="--", linewidth=1.1, label=curve.label)
            continue
        style = size_style(i)
        ax.loglog(curve.x, curve.y, color=style["color"], marker=style["marker"], markersize=4, label=curve.label)
        ax.fill_between(curve.x, curve.low, curve.high, color=style["color"], alpha=BAND_ALPHA, linewidth=0)
    if kinds:
        ax.axvline(kinds[0].half_cell, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    plain_log_ticks(ax.xaxis)
    ax.set_xlabel(r"distance from the core $r$  [$\sigma$]")
    ax.set_ylabel("displacement over the largest")
    legend_above(ax, columns=len(curves))
    return ax


def table_mean_decay(kinds: Sequence[KindSummary]) -> Table:
    """Return what the figure of the mean decay shows.

    Args:
        kinds: summaries of the modes of each kind.
    """
    return curve_table(_decay_curves(kinds), "distance [sigma]", "displacement over the largest [1]")


def _column(wells: StudyWells, name: str) -> np.ndarray:
    return np.abs(wells.energy_difference_p) if name == "asymmetry_p" else np.asarray(getattr(wells, name))


@styled
def plot_well_distribution(wells: StudyWells, name: str, ax: Axes | None = None) -> Axes:
    """Draw the distribution of one number over the pairs of minima, with its median.

    Args:
        wells: the pairs.
        name: ``barrier_p``, ``asymmetry_p``, ``participation_number_p`` or ``harmonic_share_p``.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    label, logarithmic = next((text, log) for key, text, log in PANELS if key == name)
    values = _column(wells, name)
    if len(values):
        space = np.geomspace if logarithmic else np.linspace
        ends = (values.min(), values.max()) if values.max() > values.min() else (0.9 * values[0], 1.1 * values[0])
        ax.hist(values, bins=list(space(*ends, BINS + 1)), color=BLUE, alpha=0.75, edgecolor="white", linewidth=0.5)
        ax.axvline(float(np.median(values)), color=INK, linewidth=1.1, linestyle="--")
    if logarithmic:
        ax.set_xscale("log")
    ax.set_xlabel(label)
    ax.set_ylabel("pairs of minima")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


@styled
def figure_well_distributions(wells: StudyWells) -> Figure:
    """Draw barriers, asymmetries, sizes of the jumps and their overlaps with vibrations over the pairs of minima.

    Args:
        wells: the pairs.
    """
    figure = new_figure(8.4, 5.8)
    for k, (name, _, _) in enumerate(PANELS):
        plot_well_distribution(wells, name, figure.add_subplot(2, 2, k + 1))
    return figure


def table_wells(wells: StudyWells) -> Table:
    """Return all pairs of minima.

    Args:
        wells: the pairs.
    """
    columns = {
        "glass": wells.glass_p,
        "barrier [epsilon]": wells.barrier_p,
        "energy difference [epsilon]": wells.energy_difference_p,
        "atoms that take part": wells.participation_number_p,
        "largest displacement [sigma]": wells.largest_move_p,
        "largest squared overlap with a vibration": wells.harmonic_share_p,
        "relaxed chi [epsilon/(m^2 sigma^4)]": wells.chi_relaxed_p,
        "barrier of the expansion [epsilon]": wells.predicted_barrier_p,
    }
    rows: list[tuple[Cell, ...]] = [tuple(value.item() for value in row) for row in zip(*columns.values(), strict=True)]
    return Table(tuple(columns), tuple(rows))
