"""The figures of the wind on the ions in the report; none where it is not kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.plotting.wind import plot_arrows, plot_correlation, plot_distribution, table_wind
from analysis.report.numbers import plain, plus_minus
from analysis.report.report_figure import ReportFigure, png, svg
from analysis.study.glass_wind import mean_correlation, pooled
from analysis.study.results import WholeStudy

SHOWN = {
    "density": ("local density", "one over the volume of its Voronoi cell"),
    "coordination": ("number of neighbours", "up to the first minimum of the pair distribution"),
    "soft modes": ("share in the soft modes", "sum of squares of its displacements in them, one on average"),
}


def wind_figures(study: WholeStudy) -> Iterator[ReportFigure]:
    """Yield the figures of the wind, of the glasses of the largest size on which it is known.

    Args:
        study: the study.
    """
    winds = study.largest.winds
    if not winds:
        return
    forces, around = pooled(winds)
    counts = f"{len(forces.index_n)} ions of {len(winds)} {'glasses' if len(winds) > 1 else 'glass'}"
    table, error = table_wind(forces, around, np.nan), float(np.median(forces.error_n))
    yield svg(
        "wind_distribution", "wind", "Wind on the ions",
        f"Wind cross-section tensors of {counts} of {study.largest.n_atoms} atoms as {winds[0].context.metal}, each "
        f"from a cluster of {plain(float(forces.cluster_size_n.mean()), 3)} ions on average. A positive trace pushes "
        "along the flow of the electrons; elements off the diagonal push across it. Dashed: mean; band: median of what "
        f"radius and l_max may change in a component, {plain(error, 2)} Å². One square ångström is a wind valence of "
        f"{plain(winds[0].valence_per_area, 3)} with a resistivity of {plain(winds[0].context.chosen.value, 3)} µΩ cm "
        f"({winds[0].context.chosen.source}). Ions are numbered through in the table.",
        plot_distribution(forces, np.nan).figure, table,
    )  # fmt: skip
    yield png(
        "wind_arrows", "wind", "Forces on the ions of one glass",
        f"Force on {len(winds[0].forces.index_n)} ions of the first glass for electrons that drift along x; blue along "
        "the flow, red against it. Lengths are cross-sections: force over the momentum that the flow carries through "
        "an area. The direct force on the charge of the ions, the same for all, is not drawn.",
        plot_arrows(winds[0].forces).figure, table_wind(winds[0].forces, winds[0].context.environment, np.nan),
    )  # fmt: skip
    for name, (title, meaning) in SHOWN.items():
        found = mean_correlation(winds, "along the flow", name)
        if np.isnan(found.value):
            continue
        yield png(
            f"wind_{name.replace(' ', '_')}", "wind", f"Wind and {title}",
            f"A third of the trace of the tensor of each ion against its {title} ({meaning}); error: what radius "
            f"and l_max may change. Rank correlation, mean over glasses: {plus_minus(found.value, found.error)}; of "
            "all ions together, with the error of independent ions: above the figure."
            f"{f' It is {found.note}.' if found.note else ''}",
            plot_correlation(forces, around, name).figure, table,
        )  # fmt: skip
