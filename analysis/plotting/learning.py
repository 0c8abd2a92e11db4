"""Pictures of soft spots learned from local structure: ranking, probabilities, what they rest on, spots in the box."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.learning.learn import LearningSummary
from analysis.learning.models import BETTER, LINEAR, SINGLE, TREES
from analysis.learning.scores import GRID, MethodScores
from analysis.learning.softness import soft_atoms
from analysis.learning.spots import SoftSpots
from analysis.plotting.style import (
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
    styled,
)
from analysis.plotting.table import Cell, Curve, Table, curve_table
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Array

LINES = {TREES: (BLUE, "-"), LINEAR: (GREEN, "--"), SINGLE: (ORANGE, ":")}
MOST_GROUPS, MOST_SINGLE = 12, 14
LONGEST_NAME = 34  # characters of the names of a group of features that are written


@styled
def figure_learning(found: LearningSummary) -> Figure:
    """Draw how well soft atoms of unseen glasses are found, how far probabilities hold, and what they rest on.

    Args:
        found: the summary.
    """
    figure = new_figure(10.6, 8.2)
    axes = figure.subplots(2, 2)
    plot_ranking(found, axes[0, 0])
    plot_precision(found, axes[0, 1])
    plot_reliability(found, axes[1, 0])
    plot_importance(found, axes[1, 1])
    return figure


def _named(one: MethodScores) -> str:
    return f"{one.method}, area {one.auc.value:.3f} ± {one.auc.error:.3f}"


@styled
def plot_ranking(found: LearningSummary, ax: Axes | None = None) -> Axes:
    """Draw the share of soft atoms found against the share of others taken with them; the mean over glasses.

    Args:
        found: the summary.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for one in map(found.method, LINES):
        colour, dash = LINES[one.method]
        ax.plot(GRID, one.true_positive_x, color=colour, linestyle=dash, label=_named(one))
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, label="no skill, area 0.5")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.01)
    ax.set_xlabel("share of the other atoms taken for soft")
    ax.set_ylabel("share of the soft atoms found")
    ax.legend(loc="lower right")
    return ax


@styled
def plot_precision(found: LearningSummary, ax: Axes | None = None) -> Axes:
    """Draw the share of soft atoms among those taken for soft against the share of soft atoms found.

    Args:
        found: the summary.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for one in map(found.method, LINES):
        colour, dash = LINES[one.method]
        precision = one.average_precision
        label = f"{one.method}, {precision.value:.3f} ± {precision.error:.3f}"
        ax.plot(GRID, one.precision_x, color=colour, linestyle=dash, label=label)
    ax.axhline(found.soft_share, color=GREY, linewidth=0.8, label=f"no skill, {found.soft_share:g}")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("share of the soft atoms found")
    ax.set_ylabel("precision: soft ones among those taken")
    ax.legend(loc="upper right", title="average precision")
    return ax


def table_ranking(found: LearningSummary) -> Table:
    """Return the mean curves of all methods.

    Args:
        found: the summary.
    """
    curves = [Curve(f"{one.method}: soft atoms found", GRID, one.true_positive_x) for one in found.methods]
    curves += [Curve(f"{one.method}: precision", GRID, one.precision_x) for one in found.methods]
    return curve_table(curves, "others taken, or soft atoms found [1]", "share [1]")


@styled
def plot_reliability(found: LearningSummary, ax: Axes | None = None) -> Axes:
    """Draw the share of soft atoms against the predicted probability; on the diagonal the probabilities hold.

    Args:
        found: the summary.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    one = found.calibration
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    error = np.where(np.isfinite(one.error_b), one.error_b, 0.0)
    ax.errorbar(one.predicted_b, one.observed_b, yerr=error, fmt="o-", color=BLUE, ms=4.5, capsize=2.5, linewidth=1.1)
    top = 1.15 * max(float((one.observed_b + error).max()), float(one.predicted_b.max()))
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.set_xlabel("predicted probability of an atom to be soft")
    ax.set_ylabel("share of these atoms that are soft")
    ax.text(
        0.03, 0.97,
        f"off by {one.calibration_error:.3f} on average\nBrier {one.brier.value:.4f} ± {one.brier.error:.4f}, "
        f"without skill {one.brier_without_skill:.4f}",
        transform=ax.transAxes, va="top", fontsize=9,
    )  # fmt: skip
    return ax


def table_reliability(found: LearningSummary) -> Table:
    """Return the bins of predicted probability.

    Args:
        found: the summary.
    """
    one = found.calibration
    header = ("predicted probability [1]", "share that is soft [1]", "error [1]", "atoms [1]")
    columns = (one.predicted_b, one.observed_b, one.error_b, one.count_b)
    return Table(header, tuple((float(p), float(o), float(e), int(n)) for p, o, e, n in zip(*columns, strict=True)))


def _short(names: tuple[str, ...]) -> str:
    """As many names of a group as there is room for."""
    shown = [names[0]]
    for name in names[1:]:
        if len(", ".join([*shown, name])) > LONGEST_NAME:
            return f"{', '.join(shown)} + {len(names) - len(shown)}"
        shown.append(name)
    return ", ".join(shown)


@styled
def plot_importance(found: LearningSummary, ax: Axes | None = None) -> Axes:
    """Draw what the ROC area loses when groups of features are permuted.

    They are permuted within unseen glasses, among atoms of one kind.

    Args:
        found: the summary.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    groups = found.importance[:MOST_GROUPS][::-1]
    place = np.arange(len(groups))
    ax.barh(
        place, [g.fall.value for g in groups], xerr=[g.fall.error for g in groups], color=SKY, ecolor=INK, capsize=2
    )
    ax.set_yticks(place, [_short(g.names) for g in groups], fontsize=8)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_xlabel("fall of the ROC area without these features")
    return ax


def table_importance(found: LearningSummary) -> Table:
    """Return the importance of all groups of features.

    Args:
        found: the summary.
    """
    header = ("features", "fall of the ROC area [1]", "error [1]")
    return Table(header, tuple((", ".join(g.names), g.fall.value, g.fall.error) for g in found.importance))


@styled
def plot_single_features(found: LearningSummary, ax: Axes | None = None) -> Axes:
    """Draw the ROC area of the features that rank atoms best when used alone; left of one half, small values are soft.

    Args:
        found: the summary.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    best = found.single[:MOST_SINGLE][::-1]
    place = np.arange(len(best))
    ax.errorbar([f.auc.value for f in best], place, xerr=[f.auc.error for f in best], fmt="o", color=BLUE, capsize=2.5)
    ax.axvline(0.5, color=GREY, linewidth=0.8)
    whole = found.method(BETTER).auc
    for value in (whole.value, 1 - whole.value):
        ax.axvline(value, color=VERMILION, linestyle="--", linewidth=1)
    ax.set_yticks(place, [f.name for f in best], fontsize=8)
    ax.set_xlabel("ROC area of one feature  (dashed: all together)")
    return ax


def table_single_features(found: LearningSummary) -> Table:
    """Return the ROC area of every feature alone.

    Args:
        found: the summary.
    """
    header = ("feature", "ROC area [1]", "error [1]")
    return Table(header, tuple((one.name, one.auc.value, one.auc.error) for one in found.single))


@styled
def figure_spots(glass: Glass, found: SoftSpots) -> Figure:
    """Draw the atoms of a structure by their probability to be soft; beside it the softness where it is known.

    Args:
        glass: the structure.
        found: the prediction.
    """
    if found.softness_n is None:
        figure = new_figure(6.4, 5.4)
        plot_spots(glass, found, figure.add_subplot(projection="3d"))
        return figure
    figure = new_figure(11.0, 5.0)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.15, 1))
    plot_spots(glass, found, figure.add_subplot(grid[0, 0], projection="3d"))
    plot_check(found, figure.add_subplot(grid[0, 1]))
    return figure


def _wrapped(glass: Glass) -> Array:
    return np.asarray((glass.positions_nc @ np.linalg.inv(glass.cell_cc) % 1.0) @ glass.cell_cc)


@styled
def plot_spots(glass: Glass, found: SoftSpots, ax: Axes | None = None) -> Axes:
    """Draw the atoms in their box: colour and size by probability, circles about the truly soft ones where known.

    Args:
        glass: the structure.
        found: the prediction.
        ax: where to draw, with three axes.
    """
    if ax is None:
        ax = new_figure(6.4, 5.4).add_subplot(projection="3d")
    place = _wrapped(glass)
    likely = np.zeros(glass.n_atoms, dtype=bool)
    likely[np.concatenate([spot.atoms for spot in found.spots])] = True
    ax.scatter(*place[~likely].T, s=8, color=GREY, alpha=0.25, linewidths=0, depthshade=False)
    shade = found.probability_n[likely]
    drawn = ax.scatter(*place[likely].T, s=45, c=shade, cmap="viridis_r", vmin=0, linewidths=0, depthshade=False)
    if found.softness_n is not None:
        soft = soft_atoms(found.softness_n, found.soft_share)
        ax.scatter(*place[soft].T, s=95, facecolors="none", edgecolors=VERMILION, linewidths=1.1, depthshade=False)
    corners = [np.array(c) for c in itertools.product((0.0, 1.0), repeat=3)]
    for a, b in itertools.combinations(corners, 2):
        if np.abs(a - b).sum() == 1:
            ax.plot(*(np.array([a, b]) @ glass.cell_cc).T, color=INK, linewidth=0.7, alpha=0.6)
    ax.set_box_aspect(tuple(np.ptp(np.array(corners) @ glass.cell_cc, axis=0)), zoom=1.15)
    ax.set_axis_off()
    ax.view_init(elev=16, azim=-62)
    bar = ax.figure.colorbar(drawn, ax=ax, shrink=0.6, pad=0.02)
    bar.set_label("predicted probability to be soft")
    rings = "; circles: truly soft" if found.softness_n is not None else ""
    ax.text2D(0.02, 0.97, f"N = {glass.n_atoms}, {len(found.spots)} spots{rings}", transform=ax.transAxes, fontsize=9)
    return ax


@styled
def plot_check(found: SoftSpots, ax: Axes | None = None) -> Axes:
    """Draw the softness of each atom by the modes against its predicted score.

    Args:
        found: a prediction with the truth beside it.
        ax: where to draw.

    Raises:
        InputError: the truth is not there.
    """
    ax = axes_or_new(ax)
    if found.softness_n is None or found.scores is None:
        raise InputError("the softness of this structure was not computed")
    soft = soft_atoms(found.softness_n, found.soft_share)
    ax.set_yscale("log")
    for chosen, colour, label in ((~soft, GREY, "others"), (soft, VERMILION, "truly soft")):
        ax.plot(found.score_n[chosen], found.softness_n[chosen], ".", color=colour, ms=5, alpha=0.7, label=label)
    ax.set_xlabel("score")
    ax.set_ylabel(r"$\langle u^2\rangle / k_BT$ in the soft modes  [$\sigma^2/\epsilon$]")
    one = found.scores
    ax.text(
        0.03, 0.97, f"ROC area {one.auc.value:.3f}\nrank correlation {one.rank_correlation.value:.3f}",
        transform=ax.transAxes, va="top", fontsize=9,
    )  # fmt: skip
    legend_above(ax, columns=2)
    return ax


def table_spots(glass: Glass, found: SoftSpots) -> Table:
    """Return position, probability, spot and, where known, softness of each atom.

    Args:
        glass: the structure.
        found: the prediction.
    """
    spot_n = np.full(glass.n_atoms, -1)
    for number, spot in enumerate(found.spots):
        spot_n[spot.atoms] = number
    softness = np.full(glass.n_atoms, np.nan) if found.softness_n is None else found.softness_n
    header = (
        "atom",
        *(f"{c} [sigma]" for c in "xyz"),
        "probability [1]",
        "spot (-1: none)",
        "softness [sigma^2/epsilon]",
    )
    rows: list[tuple[Cell, ...]] = [
        (n, *map(float, place), float(found.probability_n[n]), int(spot_n[n]), float(softness[n]))
        for n, place in enumerate(_wrapped(glass))
    ]
    return Table(header, tuple(rows))
