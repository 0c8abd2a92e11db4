"""Pictures of the wind on ions: its distribution, what it goes with, arrows in the box, a jump."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.multiple_scattering.environment import Environment, directions_of, rank_correlation
from analysis.multiple_scattering.wind_configuration import WindForces
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
    plain_log_ticks,
    styled,
)
from analysis.plotting.table import Cell, Curve, Table
from atomsim.results import Array

SIGMA = r"$\sigma$  [$\mathrm{\AA}^2$]"
Z_WIND = r"wind valence $Z_w$"
CROWD = 60  # ions from which on the typical error is drawn instead of each
FEW = 12  # ions up to which each is drawn by name instead of a histogram
ARROW = 0.9  # longest arrow, in mean distances of the ions
MOST_ARROWS = 300  # ions with the strongest wind that get one


@styled
def figure_wind(found: WindForces, around: Environment, resistivity: float) -> Figure:
    """Draw the distribution of the wind, the arrows in the box, and what the wind goes with.

    Args:
        found: the wind on the ions.
        around: the neighbourhood of all ions of the configuration.
        resistivity: for the wind valences; NaN draws cross-sections [microohm cm].
    """
    figure = new_figure(9.6, 7.6)
    grid = figure.add_gridspec(2, 2)
    plot_distribution(found, resistivity, figure.add_subplot(grid[0, 0]))
    plot_arrows(found, ax=figure.add_subplot(grid[0, 1], projection="3d"))
    lower = figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[1, 1])
    plot_correlation(found, around, "density", lower[0])
    known = "soft modes" if np.isfinite(around.soft_share_n).any() else "coordination"
    plot_correlation(found, around, known, lower[1])
    return figure


def _valences(found: WindForces, resistivity: float) -> tuple[Array, Array, str]:
    """Tensors and errors, as wind valences where there is a resistivity, and the label."""
    if np.isnan(resistivity):
        return found.sigma_ncc, found.error_n, SIGMA
    unit = float(found.valence_ncc(resistivity)[0, 0, 0] / found.sigma_ncc[0, 0, 0]) if found.sigma_ncc.any() else 0.0
    return found.valence_ncc(resistivity), abs(unit) * found.error_n, Z_WIND


@styled
def plot_distribution(found: WindForces, resistivity: float, ax: Axes | None = None) -> Axes:
    """Draw how the wind is distributed over the ions: a third of the trace, and the components; few ions one by one.

    Args:
        found: the wind on the ions.
        resistivity: for the wind valences; NaN draws cross-sections [microohm cm].
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    tensor_ncc, error_n, label = _valences(found, resistivity)
    scalar_n = np.trace(tensor_ncc, axis1=1, axis2=2) / 3
    if len(scalar_n) <= FEW:
        place = np.arange(len(scalar_n))
        for axis, name in enumerate("xyz"):
            ax.plot(
                place, tensor_ncc[:, axis, axis], "_", markersize=12, color=(SKY, ORANGE, GREEN)[axis], label=2 * name
            )
        ax.errorbar(place, scalar_n, yerr=error_n, fmt="o", color=BLUE, capsize=3, label="a third of the trace")
        ax.set_xticks(place, [str(index) for index in found.index_n])
        ax.set_xlabel("ion")
        ax.set_ylabel(label)
        ax.axhline(0, color=GREY, linewidth=0.8)
        legend_above(ax, columns=4)
        return ax
    off = tensor_ncc[:, ~np.eye(3, dtype=bool)].ravel()
    edges = np.histogram_bin_edges(np.concatenate([scalar_n, off]), bins=40)
    ax.hist(scalar_n, edges, color=BLUE, alpha=0.75, density=True, label="a third of the trace")
    ax.hist(off, edges, color=VERMILION, histtype="step", linewidth=1.6, density=True, label="off the diagonal")
    middle = float(scalar_n.mean())
    ax.axvline(middle, color=INK, linewidth=0.9, linestyle="--")
    half = float(np.median(error_n))
    ax.axvspan(middle - half, middle + half, color=INK, alpha=BAND_ALPHA / 2, linewidth=0, label="mean ± typical error")
    ax.set_xlabel(label)
    ax.set_ylabel("density of ions")
    legend_above(ax, columns=3)
    return ax


def table_wind(found: WindForces, around: Environment, resistivity: float) -> Table:
    """Return tensor, errors and neighbourhood, ion by ion.

    Args:
        found: the wind on the ions.
        around: the neighbourhood of all ions of the configuration.
        resistivity: for the wind valences; NaN leaves them out [microohm cm].
    """
    names = [f"{a}{b}" for a in "xyz" for b in "xyz"]
    header = (
        "ion", *(f"{c} [angstrom]" for c in "xyz"), *(f"sigma_{name} [angstrom^2]" for name in names),
        "error [angstrom^2]", "a third of the trace of Z_w [1]", "coordination [1]", "cell volume [angstrom^3]",
        "share in soft modes [1]",
    )  # fmt: skip
    z_wind = np.full(len(found.index_n), np.nan)
    if not np.isnan(resistivity):
        z_wind = np.trace(found.valence_ncc(resistivity), axis1=1, axis2=2) / 3
    rows: list[tuple[Cell, ...]] = []
    for row, ion in enumerate(found.index_n.tolist()):
        numbers = [*found.position_nc[row], *found.sigma_ncc[row].ravel(), found.error_n[row], z_wind[row]]
        surroundings = [around.cell_volume_n[ion], around.soft_share_n[ion]]
        rows.append((ion, *map(float, numbers), int(around.coordination_n[ion]), *map(float, surroundings)))
    return Table(header, tuple(rows))


@styled
def plot_arrows(found: WindForces, flow: Sequence[float] = (1.0, 0.0, 0.0), ax: Axes | None = None) -> Axes:
    """Draw the force on each ion as an arrow, for electrons that flow in a direction; against it in red.

    Of many ions those with the strongest force get arrows.

    Args:
        found: the wind on the ions.
        flow: direction in which the electrons drift, from which arrows are compared [-].
        ax: where to draw, with three axes.
    """
    if ax is None:
        ax = new_figure(6.2, 5.4).add_subplot(projection="3d")
    unit = np.asarray(flow, dtype=float) / np.linalg.norm(flow)
    force_nc, place_nc = found.sigma_ncc @ unit, found.position_nc
    length = np.linalg.norm(force_nc, axis=1)
    extent = np.maximum(np.ptp(place_nc, axis=0), 1.0)
    spacing = float(np.cbrt(extent.prod() / len(place_nc)))
    arrow_nc = force_nc * (ARROW * spacing / length.max() if length.max() else 0.0)
    strongest = np.argsort(-length)[:MOST_ARROWS]
    along = force_nc @ unit >= 0
    ax.scatter(*place_nc.T, s=10, color=SKY, alpha=0.5, linewidths=0, depthshade=False)
    for chosen, colour in ((strongest[along[strongest]], BLUE), (strongest[~along[strongest]], VERMILION)):
        ax.quiver(*place_nc[chosen].T, *arrow_nc[chosen].T, color=colour, linewidth=1.1, arrow_length_ratio=0.3)
    ax.set_box_aspect(tuple(extent), zoom=1.15)
    ax.set_axis_off()
    ax.view_init(elev=14, azim=-68)
    ax.text2D(
        0.0, 1.0, f"drift along ({', '.join(f'{x:g}' for x in flow)}), largest force {length.max():.3g} "
        r"$\mathrm{\AA}^2$", transform=ax.transAxes, fontsize=9,
    )  # fmt: skip
    return ax


@styled
def plot_correlation(found: WindForces, around: Environment, quantity: str, ax: Axes | None = None) -> Axes:
    """Draw the wind on each ion against a number of its neighbourhood, with the rank correlation.

    Args:
        found: the wind on the ions.
        around: the neighbourhood of all ions of the configuration.
        quantity: ``density``, ``coordination`` or ``soft modes``.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    label, values = {
        "density": (r"local density  [$\mathrm{\AA}^{-3}$]", around.density_n),
        "coordination": ("neighbours", around.coordination_n.astype(float)),
        "soft modes": ("share in soft modes over the mean", around.soft_share_n),
    }[quantity]
    x, y = values[found.index_n], directions_of(found.sigma_ncc).scalar_n
    few = len(x) <= CROWD
    bars = found.error_n if few else None
    ax.errorbar(x, y, yerr=bars, fmt="o", markersize=3.5, color=BLUE, ecolor=GREY, elinewidth=0.6, alpha=0.7)
    if not few:
        typical, beside = float(np.median(found.error_n)), np.nanmax(x) + 0.08 * (np.nanmax(x) - np.nanmin(x))
        ax.errorbar([beside], [y.max() - typical], yerr=[typical], fmt="none", ecolor=INK, capsize=3, elinewidth=1.2)
        ax.annotate(
            "typical error", (beside, y.max() - typical), xytext=(-6, 0), textcoords="offset points", ha="right"
        )
    ax.set_xlabel(label)
    ax.set_ylabel(r"$\mathrm{tr}\,\sigma/3$  [$\mathrm{\AA}^2$]")
    r = rank_correlation(x, y)
    if np.isnan(r.value):
        note(ax, r.note)
    else:
        ax.set_title(f"rank correlation {r.value:+.2f} ± {r.error:.2f}")
    if quantity == "soft modes" and np.isfinite(x).any():
        ax.set_xscale("log")
        plain_log_ticks(ax.xaxis)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=quantity == "coordination"))
    return ax


def jump_curves(fractions: Array, sigma_tcc: Array, error_t: Array, step: Array) -> list[Curve]:
    """Return the wind along the way of a jumping ion and across it.

    Args:
        fractions: share of the way in each image [-].
        sigma_tcc: tensor of the jumping ion in each image [angstrom^2].
        error_t: its error [angstrom^2].
        step: the way, Cartesian [angstrom].
    """
    way = step / np.linalg.norm(step)
    along = np.einsum("tmn,m,n->t", sigma_tcc, way, way)
    across = (np.trace(sigma_tcc, axis1=1, axis2=2) - along) / 2
    return [
        Curve("along the jump", fractions, along, along - error_t, along + error_t),
        Curve("across it, mean", fractions, across, across - error_t, across + error_t),
    ]


@styled
def plot_jump(fractions: Array, sigma_tcc: Array, error_t: Array, step: Array, ax: Axes | None = None) -> Axes:
    """Draw the wind on an ion on its way into a vacancy.

    Args:
        fractions: share of the way in each image [-].
        sigma_tcc: tensor of the jumping ion in each image [angstrom^2].
        error_t: its error [angstrom^2].
        step: the way, Cartesian [angstrom].
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for curve, colour, dash in zip(
        jump_curves(fractions, sigma_tcc, error_t, step), (BLUE, VERMILION), ("-", "--"), strict=True
    ):
        ax.plot(curve.x, curve.y, dash, marker="o", markersize=4, color=colour, label=curve.label)
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=BAND_ALPHA, linewidth=0)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set_xlabel("share of the way into the vacancy")
    ax.set_ylabel(SIGMA)
    legend_above(ax, columns=2)
    return ax
