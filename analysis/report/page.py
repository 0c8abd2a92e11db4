"""Writing the report: figures and tables beside it, everything inside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.report.environment import page_template, parameter_rows, version_rows
from analysis.report.figures import ReportFigure, draw_figures
from analysis.report.headlines import HeadlineValue, headline_values, write_summary
from analysis.report.limits import limits_of
from analysis.report.sections import findings_of, sections_of
from analysis.study.load import open_study
from analysis.study.results import WholeStudy
from analysis.validation import Comparison, formula_checks, intrinsic_comparisons, study_comparisons
from analysis.validation.tables import by_section, split_formulas
from atomsim import store
from atomsim.ensemble import single_threaded
from atomsim.errors import InputError

FIGURES = "figures"


def write_report(directory: Path) -> Path:
    """Write report, figures, tables and summary of a finished study into its folder; return the path of the report.

    Args:
        directory: the folder of the study.

    Raises:
        InputError: it holds no finished study, or cannot be written.
    """
    study = open_study(directory)
    with single_threaded():  # thousands of small matrices, on which several threads only get in each other's way
        comparisons = (*study_comparisons(study), *intrinsic_comparisons(), *formula_checks())
    return build_report(study, comparisons, directory)


def build_report(study: WholeStudy, comparisons: Sequence[Comparison], directory: Path) -> Path:
    """Write ``report.html``, ``summary.json`` and the folder of figures; return the path of the report.

    The page holds all it shows; only the links to the data lead to the files beside it.

    Args:
        study: the study.
        comparisons: theory versus numerics.
        directory: where to write.

    Raises:
        InputError: the folder cannot be written.
    """
    directory = Path(directory)
    try:
        (directory / FIGURES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{directory}: cannot be written ({error.strerror})") from error
    figures = tuple(draw_figures(study))
    for figure in figures:
        with store.atomic_path(directory / FIGURES / f"{figure.name}.{figure.suffix}") as path:
            path.write_bytes(figure.picture)
        store.write_text(directory / FIGURES / f"{figure.name}.csv", figure.table.as_csv())
    write_summary(study, directory)
    store.write_text(directory / "report.html", render(study, comparisons, figures))
    return directory / "report.html"


def render(study: WholeStudy, comparisons: Sequence[Comparison], figures: Sequence[ReportFigure]) -> str:
    """Return the page.

    Args:
        study: the study.
        comparisons: theory versus numerics.
        figures: the figures, drawn.
    """
    plain, formulas = split_formulas(comparisons)
    values = headline_values(study)
    sections = [
        {
            "section": section,
            "values": [value for value in values if value.stage in section.stages],
            "figures": [figure for figure in figures if figure.section == section.anchor],
            "findings": findings_of(section, formulas),
        }
        for section in sections_of(study)
    ]
    return page_template("report.html.j2").render(
        study=study,
        sections=sections,
        figures=figures,
        folder=FIGURES,
        key_values=_key_values(values),
        comparisons=plain,
        formulas=by_section(formulas),
        wrong_in_print=sum(row.state == "wrong" for row in formulas),
        verdicts=_count_verdicts(comparisons),
        limits=limits_of(study),
        parameters=parameter_rows(study.configuration),
        provenance=study.provenance,
        versions=tuple(version_rows(study.provenance, study.configuration)),
    )


KEYS_AT_THE_TOP = ("energy", "pressure", "rms_frequency", "per_glass", "W_kelvin", "C_l", "C_t", "conductivity_1K",
                   "alpha_1", "T_0", "valence", "auc", "tail_exponent", "weibull_shape", "A_g_weibull", "n_pairs",
                   "barrier_ratio")  # fmt: skip


def _key_values(values: Sequence[HeadlineValue]) -> list[HeadlineValue]:
    """The few numbers that stand at the top of the page: of the largest size, where there are several.

    A number that could not be obtained has its place, with the reason, in the table of its section.
    """
    known = [value for value in values if math.isfinite(value.estimate.value)]
    top: list[HeadlineValue] = []
    for key in KEYS_AT_THE_TOP:
        found = [value for value in known if value.key == key or value.key.startswith(f"{key}_N")]
        top += found[-1:]
    return top


def _count_verdicts(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    verdicts = [comparison.verdict for comparison in comparisons]
    return {verdict: verdicts.count(verdict) for verdict in ("agrees", "differs", "cannot tell")}
