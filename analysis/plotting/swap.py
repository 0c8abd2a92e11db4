"""Figures of equilibration: how low the energy gets at equal cost, with dynamics alone and with exchanges of atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plotting.style import axes_or_new, legend_above, new_figure, size_style, styled
from analysis.plotting.table import Curve, Table, curve_table
from atomsim.results import Array

SECONDS = "time of the processor  [s]"
ENERGY = r"energy of the liquid per atom  [$\epsilon$]"
INHERENT = r"energy of the inherent structure per atom  [$\epsilon$]"
STARTS_OF_BINS = 24  # of the time, evenly spaced in its logarithm


@dataclass(frozen=True)
class EnergyCourse:
    """One liquid on its way to equilibrium; ``temperature`` [epsilon/k_B], times [s], energies per atom [epsilon].

    ``inherent_energy_k`` belongs to the times ``quenched_k``.
    """

    method: str
    temperature: float
    seconds_k: Array
    energy_k: Array
    quenched_k: Array
    inherent_energy_k: Array

    @property
    def label(self) -> str:
        """What the legend calls it."""
        return f"{self.method}, T = {self.temperature:g}"


def energy_curves(courses: Sequence[EnergyCourse]) -> list[Curve]:
    """Return energy against time, averaged over intervals that are even on a logarithmic scale.

    Args:
        courses: one for each method and temperature.
    """
    curves = []
    for course in courses:
        edges = np.geomspace(course.seconds_k[0], course.seconds_k[-1] * (1 + 1e-9), STARTS_OF_BINS + 1)
        bin_k = np.digitize(course.seconds_k, edges) - 1
        filled = np.unique(bin_k)
        seconds, energy = (
            np.array([values[bin_k == b].mean() for b in filled]) for values in (course.seconds_k, course.energy_k)
        )
        curves.append(Curve(course.label, seconds, energy))
    return curves


def inherent_curves(courses: Sequence[EnergyCourse]) -> list[Curve]:
    """Return energy of the inherent structures against time.

    Args:
        courses: one for each method and temperature.
    """
    return [Curve(course.label, course.quenched_k, course.inherent_energy_k) for course in courses]


@styled
def plot_courses(courses: Sequence[EnergyCourse], ax: Axes | None = None, *, inherent: bool = False) -> Axes:
    """Draw energies against the time spent; a colour for each temperature, a dash for each method.

    Args:
        courses: one for each method and temperature.
        ax: where to draw.
        inherent: the energy of inherent structures in place of that of the liquid.
    """
    ax = axes_or_new(ax)
    temperatures = list(dict.fromkeys(course.temperature for course in courses))
    methods = list(dict.fromkeys(course.method for course in courses))
    curves = inherent_curves(courses) if inherent else energy_curves(courses)
    for course, curve in zip(courses, curves, strict=True):
        dash = ("-", "--", ":")[methods.index(course.method) % 3]
        style = size_style(temperatures.index(course.temperature))
        ax.plot(curve.x, curve.y, dash, **style, markersize=4, label=curve.label)
    ax.set_xscale("log")
    ax.set_xlabel(SECONDS)
    ax.set_ylabel(INHERENT if inherent else ENERGY)
    return ax


@styled
def figure_courses(courses: Sequence[EnergyCourse]) -> Figure:
    """Draw energies of the liquid and of its inherent structures side by side.

    Args:
        courses: one for each method and temperature.
    """
    figure = new_figure(9.4, 4.4)
    left, right = figure.subplots(1, 2)
    plot_courses(courses, left)
    plot_courses(courses, right, inherent=True)
    legend_above(left, columns=2)
    return figure


def table_courses(courses: Sequence[EnergyCourse], *, inherent: bool = False) -> Table:
    """Return the curves of the figure as a table.

    Args:
        courses: one for each method and temperature.
        inherent: the energy of inherent structures in place of that of the liquid.
    """
    return curve_table(inherent_curves(courses) if inherent else energy_curves(courses), "seconds", "energy_per_atom")
