"""Figures of cost against size: seconds of a task for systems of more and more atoms, and the power they follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import GREY, axes_or_new, legend_above, size_style, styled
from atomsim.errors import InputError
from atomsim.results import Array

ATOMS = "number of atoms $N$"
SECONDS = "processor time  [s]"


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


@styled
def plot_costs(costs: Sequence[Cost], ax: Axes | None = None) -> Axes:
    """Draw seconds against the number of atoms, both on logarithmic scales, with the powers of straight lines.

    Args:
        costs: one for each task.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for place, cost in enumerate(costs):
        label = rf"{_typeset(cost.task)}  $\propto N^{{{cost.exponent:.2f}}}$"
        ax.plot(cost.atoms_k, cost.seconds_k, "-", **size_style(place), markersize=5, label=label)
    least = min(float((cost.seconds_k / cost.atoms_k).min()) for cost in costs)  # a guide below all curves
    atoms_k = costs[0].atoms_k
    ax.plot(atoms_k, 0.6 * least * atoms_k, ":", color=GREY, lw=1.2, label=r"guide  $\propto N$")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(ATOMS)
    ax.set_ylabel(SECONDS)
    legend_above(ax, columns=1)
    return ax


def _typeset(task: str) -> str:
    return task.replace("Phi_3 : z z", r"$\Phi_3\!:zz$")
