"""One figure of a report, drawn: its words, its picture and the table behind it."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from analysis import plotting
from analysis.plotting import Figure, Table


@dataclass(frozen=True)
class ReportFigure:
    """One figure, drawn: name of its files, section it stands in, words, picture and table."""

    name: str
    section: str
    title: str
    caption: str
    picture: bytes
    suffix: str
    table: Table

    @property
    def address(self) -> str:
        """The picture as an address that holds all of it."""
        kind = {"svg": "svg+xml", "png": "png"}[self.suffix]
        return f"data:image/{kind};base64,{base64.b64encode(self.picture).decode()}"


def svg(name: str, section: str, title: str, caption: str, figure: Figure, table: Table) -> ReportFigure:
    """Return a figure as SVG, for lines and few points.

    Args:
        name: name of its files.
        section: the section it stands in.
        title: what it shows, short.
        caption: how it was computed, and how to read it.
        figure: the figure.
        table: what it draws, as numbers.
    """
    return ReportFigure(name, section, title, caption, plotting.as_svg(figure).encode(), "svg", table)


def png(name: str, section: str, title: str, caption: str, figure: Figure, table: Table) -> ReportFigure:
    """Return a figure as PNG, for many points.

    Args:
        name: name of its files.
        section: the section it stands in.
        title: what it shows, short.
        caption: how it was computed, and how to read it.
        figure: the figure.
        table: what it draws, as numbers.
    """
    return ReportFigure(name, section, title, caption, plotting.as_png(figure), "png", table)
