"""Figures and tables are made with reduced units in their labels; here the labels are told in another system."""

from __future__ import annotations

import re
from dataclasses import replace

from matplotlib.figure import Figure

from analysis.plotting.table import Table
from atomsim.units import REDUCED, UnitSystem

# What labels say in reduced units, longest first, and what they say instead; {time} and so on are those of the system.
LABELS = (
    (r"$\sigma\sqrt{m/\epsilon}$", "{time}"),
    (r"$\sqrt{\epsilon/m}\,/\,\sigma$", "1/{time}"),
    (r"$\sqrt{\epsilon/m}/\sigma$", "sqrt({energy}/{mass})/{length}"),
    (r"$k_B/\epsilon$", "1/{temperature}"),
    (r"$\sigma^{-1}$", "1/{length}"),
    (r"$\sigma^2$", "{length}$^2$"),
    (r"$\sigma$", "{length}"),
    (r"$\epsilon$", "{energy}"),
)
SIGNS = {"angstrom": "Å"}


def relabelled(figure: Figure, units: UnitSystem) -> Figure:
    """Put the units of a system into axis labels and legends of a figure; the numbers are in these units already.

    Args:
        figure: a figure drawn with reduced units in its labels; it is changed.
        units: the system.
    """
    if units is REDUCED:
        return figure
    names = {name: SIGNS.get(unit, unit) for name, unit in units.as_dict().items()}
    texts = [text for ax in figure.axes for text in (ax.xaxis.label, ax.yaxis.label, ax.title)]
    legends = [legend for ax in figure.axes if (legend := ax.get_legend()) is not None] + list(figure.legends)
    for text in (*texts, *(text for legend in legends for text in legend.get_texts())):
        told = text.get_text()
        for reduced, own in LABELS:
            told = told.replace(reduced, own.format(**names))
        text.set_text(told)
    return figure


def restated(table: Table, units: UnitSystem) -> Table:
    """Return a table whose header names the units of a system, in square brackets, instead of reduced ones.

    Args:
        table: a table with reduced units in its header.
        units: the system.
    """
    header = (re.sub(r"\[(.*?)\]", lambda found: f"[{units.restate(found.group(1))}]", name) for name in table.header)
    return replace(table, header=tuple(header))
