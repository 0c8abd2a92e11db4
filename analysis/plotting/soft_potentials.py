"""Figures of the soft potentials of an ensemble: where they lie in the plane of (alpha, beta), and their scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.style import BLUE, INK, ORANGE, VERMILION, axes_or_new, new_figure, plain_log_ticks, styled
from analysis.plotting.table import Cell, Table
from analysis.soft_potential import SoftPotentials
from analysis.soft_potential.landscape import BoolArray
from atomsim.results import Array
from atomsim.units import Material

BOUNDARY_POINTS = 80


@dataclass(frozen=True)
class Scale:
    """A number of each soft potential that has a histogram: name, unit as text, symbol for the axis."""

    field: str
    name: str
    symbol: str
    factor: float = 1.0

    def values(self, potentials: SoftPotentials) -> Array:
        """Return the number of each potential [as the name says].

        Args:
            potentials: the potentials.
        """
        return self.factor * np.asarray(getattr(potentials, self.field))


def scales(material: Material) -> tuple[Scale, ...]:
    """Return the numbers that have a histogram.

    Args:
        material: gives the unit of temperature.
    """
    return (
        Scale("W_m", "W/k_B [K]", rf"$W/k_B$  [K, {material.name}]", material.temperature_unit),
        Scale("mass_m", "effective mass M [m]", r"effective mass $M$  [$m$]"),
        Scale("epsilon_m", "quartic energy E0 [epsilon]", r"quartic energy $\mathcal{E}_0$  [$\epsilon$]"),
    )


def _kinds(potentials: SoftPotentials) -> list[tuple[str, BoolArray, str, str]]:
    """The three kinds of minima: name, which modes, colour, marker."""
    double, lower = potentials.double_well_m, potentials.lower_minimum_m
    return [
        ("single well", ~double, BLUE, "o"),
        ("double well, lower minimum", double & lower, ORANGE, "s"),
        ("double well, upper minimum", double & ~lower, VERMILION, "^"),
    ]


def _boundaries(potentials: SoftPotentials) -> tuple[Array, Array, Array]:
    """|beta| and the two lines above which there is one well, and the origin is the lower minimum."""
    positive = np.abs(potentials.beta_m[potentials.beta_m != 0])
    low, high = (positive.min(), positive.max()) if len(positive) else (0.1, 10.0)
    beta = np.geomspace(low / 1.5, 1.5 * high, BOUNDARY_POINTS)
    return beta, 9 * beta**2 / 32, beta**2 / 4


@styled
def plot_soft_potentials(potentials: SoftPotentials, ax: Axes | None = None) -> Axes:
    """Draw the soft potentials in the plane of |beta| and alpha with the boundary of the double wells.

    Args:
        potentials: the potentials.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    beta, double, lower = _boundaries(potentials)
    ax.fill_between(beta, lower, double, color=ORANGE, alpha=0.30, linewidth=0)
    ax.fill_between(beta, 1e-12, lower, color=VERMILION, alpha=0.10, linewidth=0)
    ax.plot(beta, double, color=INK, linewidth=1.0)
    ax.plot(beta, lower, color=INK, linewidth=0.8, linestyle="--")
    for name, chosen, colour, marker in _kinds(potentials):
        count = int(np.sum(chosen))
        ax.plot(
            np.abs(potentials.beta_m[chosen]), potentials.alpha_m[chosen], linestyle="", marker=marker, color=colour,
            markersize=5, markeredgecolor="white", markeredgewidth=0.4, label=f"{name}: {count}",
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(beta[0], beta[-1])
    low, high = potentials.alpha_m.min(), potentials.alpha_m.max()
    ax.set_ylim(low / 3, 8 * high)
    place = BOUNDARY_POINTS - 4
    if low / 3 < double[place] < 8 * high:
        ax.annotate(r"$\alpha = 9\beta^2/32$", xy=(beta[place], double[place]), xytext=(-4, 6), fontsize=9,
                    textcoords="offset points", ha="right")  # fmt: skip
    ax.set_xlabel(r"cubic coefficient $|\beta|$")
    ax.set_ylabel(r"quadratic coefficient $\alpha$")
    ax.legend(loc="upper left", handletextpad=0.2)
    return ax


def _bins(values: Array) -> Array:
    """Edges, equal in the logarithm."""
    low, high = float(values.min()), float(values.max())
    if not high > low:
        low, high = low / 1.5, high * 1.5
    count = int(np.clip(np.sqrt(len(values)) * 1.5, 5, 24))
    edges = np.geomspace(low, high, count + 1)
    edges[0], edges[-1] = low, high  # round-off must not shut out the extreme values
    return edges


@styled
def plot_scale(potentials: SoftPotentials, scale: Scale, ax: Axes | None = None) -> Axes:
    """Draw the histogram of one number of the soft potentials, bins equal in its logarithm, with the median.

    Args:
        potentials: the potentials.
        scale: which number.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    values = scale.values(potentials)
    ax.hist(values, bins=_bins(values), color=BLUE, alpha=0.75, edgecolor="white", linewidth=0.5)
    middle = float(np.median(values))
    ax.axvline(middle, color=INK, linewidth=1.0, linestyle="--")
    ax.set_title(f"median {middle:.3g}", fontsize=8.5, color=INK)
    ax.set_xscale("log")
    plain_log_ticks(ax.xaxis)
    ax.set_xlabel(scale.symbol, fontsize=9)
    ax.set_ylabel("modes", fontsize=9)
    ax.tick_params(labelsize=8)
    return ax


@styled
def figure_soft_potentials(potentials: SoftPotentials, material: Material) -> Figure:
    """Draw the plane of (alpha, beta) and the histograms of the scales.

    Args:
        potentials: the potentials.
        material: gives the unit of temperature.
    """
    figure = new_figure(8.6, 4.8)
    panels = scales(material)
    grid = figure.add_gridspec(len(panels), 2, width_ratios=(1.75, 1))
    plot_soft_potentials(potentials, figure.add_subplot(grid[:, 0]))
    for row, scale in enumerate(panels):
        plot_scale(potentials, scale, figure.add_subplot(grid[row, 1]))
    return figure


def table_soft_potentials(potentials: SoftPotentials, material: Material) -> Table:
    """Return the numbers of each soft potential that the figure shows.

    Args:
        potentials: the potentials.
        material: gives the unit of temperature.
    """
    panels = scales(material)
    columns = [scale.values(potentials) for scale in panels]
    kind = np.empty(len(potentials.alpha_m), dtype=object)
    for name, chosen, _, _ in _kinds(potentials):
        kind[chosen] = name
    header = ("mode", "|beta| [1]", "alpha [1]", "form", *(scale.name for scale in panels))
    cubic = np.abs(potentials.beta_m)
    rows: list[tuple[Cell, ...]] = [
        (m, float(cubic[m]), float(potentials.alpha_m[m]), str(kind[m]), *(float(column[m]) for column in columns))
        for m in range(len(kind))
    ]
    return Table(header, tuple(rows))
