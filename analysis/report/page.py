"""Writing the report: figures and tables beside it, everything inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.report import numbers
from analysis.report.figures import ReportFigure, draw_figures
from analysis.report.headlines import HeadlineValue, headline_values, write_summary
from analysis.report.limits import limits_of
from analysis.study.load import open_study
from analysis.study.results import WholeStudy
from analysis.validation import Comparison, formula_checks, intrinsic_comparisons, study_comparisons
from analysis.validation.tables import by_section, split_formulas
from atomsim import store
from atomsim.errors import InputError

FIGURES = "figures"


@dataclass(frozen=True)
class Section:
    """One step of the chain: anchor, title, what was done, and the stages whose headlines it shows."""

    anchor: str
    title: str
    text: str
    stages: tuple[str, ...]


SECTIONS = (
    Section(
        "structure",
        "Structure",
        "A random start is melted, cooled and minimised; Newton steps on the sparse Hessian end it. Each inherent "
        "structure carries a certificate: residual force, number of zero modes, no negative eigenvalue.",
        ("glass",),
    ),
    Section(
        "vibrations",
        "Vibrations and sound",
        "The dynamical matrix of each glass is diagonalised completely; the elastic moduli, Born and non-affine parts, "
        "give the sound velocities and Debye's level without it.",
        ("elasticity", "modes"),
    ),
    Section(
        "soft_modes",
        "Soft modes",
        "Vibrations below the lowest transverse sound wave of the box. Third and fourth derivatives of the energy "
        "along each are contracted pair by pair; the relaxed ones let every mode of higher frequency follow.",
        ("soft_modes",),
    ),
    Section(
        "soft_potentials",
        "Soft potentials",
        "With ħ of the material each bounded soft mode is a potential W(αy² + βy³ + y⁴); their number and their "
        "coupling to strain give the tunnelling strengths. Errors come from drawing whole glasses anew.",
        ("soft_potential",),
    ),
    Section(
        "thermal",
        "Heat",
        "Conductivity and specific heat follow from these numbers by closed forms; nothing is adjusted to experiment.",
        ("thermal",),
    ),
)


def write_report(directory: Path) -> Path:
    """Write report, figures, tables and summary of a finished study into its folder; return the path of the report.

    Args:
        directory: the folder of the study.

    Raises:
        InputError: it holds no finished study, or cannot be written.
    """
    study = open_study(directory)
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
    environment = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"unit": numbers.unit_text, "estimate": numbers.estimate_text, "plain": numbers.plain}
    environment.filters["formula"] = numbers.formula_text
    environment.filters |= {"machine": numbers.machine_text, "capital": lambda text: text[:1].upper() + text[1:]}
    environment.globals["plus_minus"] = numbers.plus_minus
    plain, formulas = split_formulas(comparisons)
    values = headline_values(study)
    sections = [
        {
            "section": section,
            "values": [value for value in values if value.stage in section.stages],
            "figures": [figure for figure in figures if figure.section == section.anchor],
        }
        for section in SECTIONS
    ]
    return environment.get_template("report.html.j2").render(
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
        parameters=_parameters(study.configuration),
        provenance=study.provenance,
    )


KEYS_AT_THE_TOP = ("energy", "pressure", "rms_frequency", "per_glass", "W_kelvin", "C_l", "C_t", "conductivity_1K")


def _key_values(values: Sequence[HeadlineValue]) -> list[HeadlineValue]:
    """The few numbers that stand at the top of the page: of the largest size, where there are several."""
    top: list[HeadlineValue] = []
    for key in KEYS_AT_THE_TOP:
        found = [value for value in values if value.key == key or value.key.startswith(f"{key}_N")]
        top += found[-1:]
    return top


def _parameters(configuration: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and value of every parameter; long lists are shortened to their ends."""
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            yield from _parameters(value, f"{prefix}{key}.")
        elif isinstance(value, list) and len(value) > 8:
            yield prefix + key, f"{value[0]}, {value[1]}, … {value[-1]} ({len(value)} values)"
        elif isinstance(value, list):
            yield prefix + key, ", ".join(map(str, value))
        else:
            yield prefix + key, "(default)" if value is None else str(value)


def _count_verdicts(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    verdicts = [comparison.verdict for comparison in comparisons]
    return {verdict: verdicts.count(verdict) for verdict in ("agrees", "differs", "cannot tell")}
