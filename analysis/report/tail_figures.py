"""The figures of the low-frequency tail in the report; none where it is not kept."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.plotting.tail import NamedTail, figure_distributions, figure_tail, table_distributions, table_tail
from analysis.report.numbers import estimate_text, plain
from analysis.report.report_figure import ReportFigure, svg
from analysis.study.results import WholeStudy


def tail_figures(study: WholeStudy) -> Iterator[ReportFigure]:
    """Yield the figures of the tail, and of the distributions of the soft potentials where there are some.

    Args:
        study: the study.
    """
    if study.tail is None:
        return
    named = [NamedTail(study.name, study.tail)]
    yield svg(
        "tail", "tail", "Low-frequency tail of the spectra",
        "Top left: density of the lowest vibrations, normalised to one over all degrees of freedom, with counting "
        "errors. Top right: exponent by maximum likelihood against the end of the window, errors from drawing whole "
        "glasses anew. Bottom left: the lowest vibration of each glass; a Weibull law is a straight line, its slope "
        "the exponent plus one; glasses whose lowest vibration lies beyond the window count as such. Bottom right: "
        "mean lowest frequency against the number of atoms. Dotted edges: end of the window, "
        f"{plain(study.tail.statistics.fraction, 3)} of the lowest phonon of the box.",
        figure_tail(named), table_tail(named),
    )  # fmt: skip
    found = study.tail.distributions
    if found is None:
        return
    test = found.independence
    independence = (
        "" if test is None else
        f" Distance correlation of η and |t|: {plain(test.distance_correlation, 3)}; Kendall's τ of the pairs that can "
        f"be compared inside the region where modes are seen: {estimate_text(test.kendall)}."
    )  # fmt: skip
    yield svg(
        "distributions", "tail", "Distributions of the parameters of the soft potentials",
        f"Modes of {found.n_glasses} glasses that sit in the only or the lower minimum of their potential, per unit of "
        "the natural logarithm; bands: 68 % of the draws of whole glasses; dotted: medians. Left out: "
        f"{found.n_unbounded} modes that their relaxed quartic term does not bound and {found.n_upper} in an upper "
        "minimum. Bottom right: medians of η and |t|, which the window cuts from above, beside the least ones "
        "that the spread θ of local structure allows, θ^(2/3) and θ^(1/3)." + independence,
        figure_distributions(named), table_distributions(named),
    )  # fmt: skip
