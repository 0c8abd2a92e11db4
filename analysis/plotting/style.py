"""How figures look: one palette, one type size, no global state.

Figures are :class:`matplotlib.figure.Figure` objects that know no window and no pyplot, so that drawing works in any
process and thread and leaves nothing behind. Colours are those of Okabe and Ito, which readers with any colour vision
can tell apart; series differ in marker or dash as well.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

P = ParamSpec("P")
T = TypeVar("T")

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#AA4499"
ORANGE, SKY, GREY, INK = "#E69F00", "#56B4E9", "#8A8F98", "#222831"
SIZE_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)
SIZE_MARKERS = ("*", "o", "s", "D", "^")
BAND_ALPHA = 0.18
FEW_DECADES = 2.3  # of a logarithmic axis, over which labels at 1, 2 and 5 have room

OMEGA = r"$\omega$  [$\sqrt{\epsilon/m}\,/\,\sigma$]"

RULES: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "mathtext.fontset": "dejavusans",
        "font.size": 9.5,
        "axes.titlesize": 10,
        "axes.titleweight": "regular",
        "axes.titlelocation": "left",
        "axes.labelsize": 10,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.direction": "out",
        "ytick.direction": "out",
        "xtick.major.size": 4,
        "ytick.major.size": 4,
        "xtick.minor.size": 2,
        "ytick.minor.size": 2,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "svg.fonttype": "path",
        "svg.hashsalt": "atomsim",
    }
)


def styled(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function with the style of the house in force while it runs, and only then.

    Args:
        function: one that draws or saves.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with mpl.rc_context(dict(RULES)):
            return function(*args, **kwargs)

    return run


@styled
def new_figure(width: float = 6.4, height: float = 4.0) -> Figure:
    """Return an empty figure whose parts are laid out without overlaps.

    Args:
        width: width [inch].
        height: height [inch].
    """
    return Figure(figsize=(width, height), layout="constrained")


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the axes given, or those of a new figure.

    Args:
        ax: where to draw, or None.
    """
    return new_figure().add_subplot() if ax is None else ax


@styled
def as_svg(figure: Figure) -> str:
    """Return a figure as an SVG element, without XML declaration, the same for the same figure.

    Args:
        figure: the figure.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


@styled
def as_png(figure: Figure, *, dots_per_inch: int = 170) -> bytes:
    """Return a figure as a PNG file.

    Args:
        figure: the figure.
        dots_per_inch: resolution.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return buffer.getvalue()


def size_style(index: int) -> dict[str, str]:
    """Return colour and marker of the ensemble with this place in the list of sizes.

    Args:
        index: place in the list.
    """
    return {
        "color": SIZE_COLOURS[index % len(SIZE_COLOURS)],
        "marker": SIZE_MARKERS[index % len(SIZE_MARKERS)],
    }


def plain_log_ticks(axis: Axis) -> None:
    """Label a logarithmic axis as plain numbers: at 1, 2 and 5 where it spans few decades, else at the decades.

    Args:
        axis: the axis, logarithmic already and with its data drawn.
    """
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 10**FEW_DECADES * low else (1.0,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def legend_above(ax: Axes, *, columns: int) -> None:
    """Put the legend above the axes, out of the way of the curves.

    Args:
        ax: the axes.
        columns: entries beside each other.
    """
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, columnspacing=1.4, handlelength=2.4)


def note(ax: Axes, text: str) -> None:
    """Write in the middle of empty axes why nothing is drawn.

    Args:
        ax: the axes.
        text: the reason.
    """
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=GREY, wrap=True)
