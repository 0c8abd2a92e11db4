"""Figures of cost against size: seconds of a task for systems of more and more atoms, and the power they follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import axes_or_new, legend_above, size_style, styled
from analysis.plotting.table import Curve, Table, curve_table
from atomsim.errors import InputError
from atomsim.results import Array

ATOMS = "number of atoms"
SECONDS = "time of the processor  [s]"


@dataclass(frozen=True)
class Cost:
    """Seconds of one task at several sizes; ``seconds_k`` [s] belongs to ``atoms_k``."""

    task: str
    atoms_k: Array
    seconds_k: Array

    @property
    def exponent(self) -> float:
        """Power of the number of atoms by which the seconds grow: slope of the straight line in logarithms [-].

        Raises:
            InputError: fewer than two sizes.
        """
        if len(np.unique(self.atoms_k)) < 2:
            raise InputError(f"{self.task}: a power needs two sizes, got {np.unique(self.atoms_k).tolist()}")
        return float(np.polyfit(np.log(self.atoms_k), np.log(self.seconds_k), 1)[0])


def cost_curves(costs: Sequence[Cost]) -> list[Curve]:
    """Return seconds against atoms, the exponent in the label.

    Args:
        costs: one for each task.
    """
    return [Curve(f"{c.task}, exponent {c.exponent:.2f}", np.asarray(c.atoms_k), c.seconds_k) for c in costs]


@styled
def plot_costs(costs: Sequence[Cost], ax: Axes | None = None) -> Axes:
    """Draw seconds against the number of atoms, both on logarithmic scales.

    Args:
        costs: one for each task.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for place, curve in enumerate(cost_curves(costs)):
        ax.plot(curve.x, curve.y, "-", **size_style(place), markersize=5, label=curve.label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(ATOMS)
    ax.set_ylabel(SECONDS)
    legend_above(ax, columns=1)
    return ax


def table_costs(costs: Sequence[Cost]) -> Table:
    """Return the curves of the figure as a table.

    Args:
        costs: one for each task.
    """
    return curve_table(cost_curves(costs), "atoms", "seconds")
