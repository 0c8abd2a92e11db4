"""What the verb of the wind does for ``--convergence``: the same few ions with other radii and degrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis import terminal
from analysis.commands.common import write_figure
from analysis.commands.wind_document import convergence_rows
from analysis.multiple_scattering.convergence import Convergence, degree_convergence, radius_convergence
from analysis.multiple_scattering.wind_configuration import WindForces
from analysis.multiple_scattering.wind_input import WindInput
from atomsim.ensemble import Mapper, Progress
from atomsim.errors import InputError

MOST_IONS = 4  # shown, spread over those asked for: the largest clusters take seconds each
RADII = (2 / 3, 5 / 6, 1.0, 7 / 6, 4 / 3)  # of the clusters, over the radius asked for
LARGEST_DEGREE = 4  # l_max up to which a metal is taken


def wider_input(given: WindInput, read: Callable[[int | None], WindInput], radius: float | None) -> WindInput:
    """Return what scatters with as many phase shifts as there are, or as a metal needs.

    Args:
        given: what scatters in the calculation asked for.
        read: reads it with another l_max.
        radius: of the clusters, as asked for [angstrom].

    Raises:
        InputError: nothing to vary: one cluster of all ions, or phase shifts of one degree.
    """
    if radius == np.inf or (radius is None and not given.configuration.is_periodic):
        raise InputError("--convergence: one cluster of all ions has no radius to vary; give --radius R")
    wider = read(None if given.metal is None else max(LARGEST_DEGREE, given.configuration.l_max))
    if wider.configuration.l_max < 1:
        raise InputError("--convergence: phase shifts are given for l = 0 only, there is no l_max to vary")
    return wider


def converged(
    found: WindForces,
    given: WindInput,
    wider: WindInput,
    *,
    workers: int | Mapper,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[Convergence, Convergence]:
    """Return the wind on a few of the ions for several radii, and for several l_max.

    Args:
        found: the wind asked for.
        given: what scattered.
        wider: the same with as many phase shifts as there are.
        workers: number of processes, or who else computes.
        progress: called as a few ions end.
    """
    count = min(MOST_IONS, len(found.index_n))
    ions = found.index_n[np.linspace(0, len(found.index_n) - 1, count).round().astype(int)]
    options: dict[str, Any] = {"workers": workers, "progress": progress}
    radii = [found.radius * factor for factor in RADII]
    by_radius = radius_convergence(given.configuration, ions, radii, reference=given.reference, **options)
    degrees = range(min(1, wider.configuration.l_max - 1), wider.configuration.l_max + 1)
    by_degree = degree_convergence(
        wider.configuration, ions, degrees, radius=found.radius, reference=wider.reference, **options
    )
    return by_radius, by_degree


def write_convergence(path: Path, by_radius: Convergence, by_degree: Convergence) -> None:
    """Draw the convergence and write it as a table beside the picture.

    Args:
        path: the picture; the table has its name and the suffix ``.csv``.
        by_radius: for several radii.
        by_degree: for several l_max.
    """
    from analysis.plotting.wind_convergence import figure_convergence, table_convergence

    write_figure(path, figure_convergence(by_radius, by_degree))
    table = path.with_suffix(".csv")
    table.write_text(table_convergence(by_radius, by_degree).as_csv(), encoding="utf-8")
    terminal.remark(f"table: {table}")


def show_convergence(by_radius: Convergence, by_degree: Convergence) -> None:
    """Print told errors beside true changes.

    Args:
        by_radius: for several radii.
        by_degree: for several l_max.
    """
    parts = [convergence_rows(found) for found in (by_radius, by_degree)]
    rows = [row for part in parts for row in part]
    columns = {
        "radius [A]": [row["radius"] for row in rows],
        "l_max": [row["l_max"] for row in rows],
        "error [A^2]": [float(np.median(row["error"])) for row in rows],
        "change to the last [A^2]": [float(np.median(row["change"])) if row["change"] else "" for row in rows],
        "covered": ["" if row["covered"] is None else row["covered"] for row in rows],
    }
    listed = ", ".join(map(str, by_radius.index_n.tolist()))
    terminal.standard_output().print(f"convergence, medians over ions {listed}:")
    terminal.standard_output().print(terminal.column_table(columns))
