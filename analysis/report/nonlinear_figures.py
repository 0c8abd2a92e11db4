"""The figures of nonlinear modes and double wells in the report; none where they are not kept."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.plotting.nonlinear import plot_barriers, table_barriers
from analysis.plotting.nonlinear_study import (
    figure_well_distributions,
    plot_mean_decay,
    table_mean_decay,
    table_wells,
)
from analysis.report.numbers import estimate_text, plain
from analysis.report.report_figure import ReportFigure, svg
from analysis.study.results import WholeStudy
from analysis.study.study_wells import StudyWells


def nonlinear_figures(study: WholeStudy) -> Iterator[ReportFigure]:
    """Yield the decay of the nonlinear modes, then what is known of pairs of minima, where the study has them.

    Args:
        study: the study.
    """
    if study.nonlinear is not None:
        kinds = [one for one in study.nonlinear.kinds if len(one)]
        told = "; ".join(f"{one.kind} {estimate_text(one.far_exponent)}" for one in kinds)
        if kinds:
            yield svg(
                "nonlinear_decay", "nonlinear", "Decay of the nonlinear modes from their cores",
                f"Displacements of the modes of glasses of {kinds[0].decay_atoms} atoms over their largest: the median "
                "of each shell, then the median (line) and the middle two thirds (band) over the modes. Dashed: an "
                "elastic dipole. Dotted: half the cell, beyond which the images of the mode are nearer than itself. "
                f"Median exponents of single modes, glasses of all sizes: {told}.",
                plot_mean_decay(kinds).figure, table_mean_decay(kinds),
            )  # fmt: skip
    if study.wells is not None and len(study.wells):
        yield from _wells(study.wells)


def _wells(wells: StudyWells) -> Iterator[ReportFigure]:
    comparison = wells.comparison
    if len(comparison):
        yield svg(
            "barriers", "double_wells", "Barriers foretold by cubic modes, and true ones",
            f"{len(comparison)} pairs of neighbouring minima of {comparison.n_glasses} glasses: energy of the saddle, "
            "forces at round-off and one negative eigenvalue, against ⅔κ³/τ² of the cubic mode that led to it. Median "
            f"of the ratio {estimate_text(wells.median_ratio)}, rank correlation "
            f"{estimate_text(wells.rank_correlation)}; errors from drawing whole glasses anew.",
            plot_barriers(comparison).figure, table_barriers(comparison),
        )  # fmt: skip
    yield svg(
        "well_distributions", "double_wells", "Pairs of neighbouring minima",
        f"All {len(wells)} pairs; dashed: medians. Barrier and difference of the minima as seen from the glass "
        f"(median barrier {estimate_text(wells.barrier)} ε, median difference {estimate_text(wells.asymmetry)} ε); "
        "atoms that take part in the jump by the participation number of its displacements; square of the largest "
        f"overlap of the jump with a vibration of the glass (median {plain(wells.harmonic_share.value, 3)}).",
        figure_well_distributions(wells), table_wells(wells),
    )  # fmt: skip
