"""Figures of trajectories: a quantity against time, wave number or distance."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import GREY, INK, SIZE_COLOURS, axes_or_new, styled
from analysis.plotting.table import Curve, Table, curve_table
from analysis.trajectories.quantities import Answer

ABSCISSA = {"q": "wave number q", "r": "distance r", "time": "time"}
LABELS = {
    "s_nn": r"$S_{NN}$", "s_nc": r"$S_{NC}$", "s_cc": r"$S_{CC}$", "g": "all pairs", "relaxation_parameter": "R",
    "mean_square_displacement": "mean square displacement", "scattering": r"$F_s(q, t)$", "overlap": "Q(t)",
    "chi4": r"$\chi_4$", "moved_fraction": "fraction moved", "cooperativity": "participation number",
}  # fmt: skip
HIDDEN = ("count", "pairs", "error", "noise_bias", "resolved", "highest_bin", "non_gaussian")
SECOND_AXIS = ("chi4", "cooperativity")
LOGARITHMIC = ("mean_square_displacement",)


def _curves(answer: Answer) -> tuple[str, list[Curve]]:
    x = next(name for name in ABSCISSA if name in answer.columns)
    shown = [name for name in answer.columns if name != x and name not in HIDDEN]
    curves = []
    for name in shown:
        y, error = answer.columns[name], None
        if name == "relaxation_parameter":
            error = answer.columns["error"]
        low, high = (None, None) if error is None else (y - error, y + error)
        curves.append(Curve(LABELS.get(name, name.replace("_", " ")), answer.columns[x], y, low, high))
    return x, curves


@styled
def plot_trajectory(answer: Answer, ax: Axes | None = None) -> Axes:
    """Draw a quantity of a trajectory; of a relaxation parameter, filled points are resolved from noise.

    Args:
        answer: the quantity.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    x, curves = _curves(answer)
    names = [name for name in answer.columns if name != x and name not in HIDDEN]
    drawn = any(name in SECOND_AXIS and np.isfinite(answer.columns[name]).any() for name in names)
    second = ax.twinx() if drawn else None
    for i, (name, curve) in enumerate(zip(names, curves, strict=True)):
        target = second if second is not None and name in SECOND_AXIS else ax
        colour = SIZE_COLOURS[i % len(SIZE_COLOURS)]
        target.plot(
            curve.x,
            curve.y,
            color=colour,
            linestyle="--" if name[:2] in ("a_", "g_") else "-",
            marker="o" if x == "time" else "",
            markersize=4,
            label=curve.label,
        )
        if second is not None:
            target.set_ylabel(curve.label, color=colour)
    if "relaxation_parameter" in names:
        _mark_noise(ax, answer)
    _axes(ax, answer, x, names, second)
    return ax


def _axes(ax: Axes, answer: Answer, x: str, names: list[str], second: Axes | None) -> None:
    time = answer.columns[x]
    if x == "time" and len(time) > 2 and (time[time > 0] if time[0] == 0 else time).size > 1:
        positive = time[time > 0]
        if positive[-1] / positive[0] > 30:
            ax.set_xscale("log")
            if any(name in LOGARITHMIC for name in names):
                ax.set_yscale("log")
    if x in ("q", "r"):
        ax.axhline(1, color=GREY, linewidth=0.6, linestyle=":")
        ax.set_xlim(0, None)
    ax.set_xlabel(f"{ABSCISSA[x]}  [{_unit(answer, x)}]")
    if second is not None:
        second.spines["right"].set_visible(True)
    elif len(names) == 1:
        ax.set_ylabel(_label_of(answer, names[0]))
    else:
        ax.legend()


def _label_of(answer: Answer, name: str) -> str:
    length = answer.numbers["units"][0]
    powers = {"relaxation_parameter": f"  [1/{length}]", "mean_square_displacement": f"  [({length})²]"}
    return LABELS.get(name, name) + powers.get(name, "")


def _unit(answer: Answer, x: str) -> str:
    length, time = answer.numbers["units"]
    return {"q": f"1/{length}", "r": str(length), "time": str(time)}[x]


def _mark_noise(ax: Axes, answer: Answer) -> None:
    """Three times the bias of noise as a line; values that do not exceed it are hollow."""
    columns = answer.columns
    hollow = columns["resolved"] == 0
    ax.errorbar(columns["time"], columns["relaxation_parameter"], columns["error"], fmt="none", ecolor=GREY, capsize=2)
    ax.plot(
        columns["time"][hollow], columns["relaxation_parameter"][hollow], linestyle="", marker="o", markersize=4.5,
        markerfacecolor="white", markeredgecolor=INK, zorder=5,
    )  # fmt: skip
    if np.isfinite(columns["noise_bias"]).any():
        ax.plot(
            columns["time"], 3 * columns["noise_bias"], color=GREY, linestyle="--", linewidth=1, label="3 × noise alone"
        )
        ax.legend()


def table_trajectory(answer: Answer) -> Table:
    """Return what the figure shows.

    Args:
        answer: the quantity.
    """
    x, curves = _curves(answer)
    return curve_table(curves, f"{ABSCISSA[x]} [{_unit(answer, x)}]", "value [1]")
