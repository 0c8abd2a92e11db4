"""The report of an annealing study: one page with key numbers, figures, tables of R, fits and rates, and limits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.annealing.fits import SIGNIFICANT, Barrier, TheoryFit
from analysis.annealing.results import AnnealedEnsemble, AnnealSummary, QuantityFit
from analysis.annealing.summary import crystallised
from analysis.plotting.annealing import FIGURES
from analysis.plotting.units import relabelled, restated
from analysis.report.environment import page_template, parameter_rows, version_rows
from analysis.report.numbers import SUBSCRIPT, plain, plus_minus, reciprocal_text, unit_text
from analysis.report.report_figure import ReportFigure, svg
from analysis.trajectories.relaxation_parameter import RESOLVED
from atomsim.provenance import Provenance
from atomsim.units import UnitSystem

QUANTITIES = {
    "alpha_1": "order of the first shell, α₁",
    "alpha_2": "order of the second shell, α₂",
    "alpha_3": "order of the third shell, α₃",
    "s_cc": "concentration wave, S_CC(k_s)",
    "energy": "energy per atom of the inherent structures",
}
UNBROKEN = "\N{NO-BREAK SPACE}"
NOT_FIXED = f"not{UNBROKEN}fixed"
SYMBOLS = {"s_cc": "S_CC(k_s)"}
CAPTIONS = {
    "relaxation_parameter": (
        "Relaxation parameter against annealing time",
        "R is the mean of |i(q; Tₐ, tₐ) − i(q; 0)| q over the window, each glass against itself as quenched and the "
        "change averaged over glasses before the absolute value. Noise alone makes R positive; a value above three "
        "times what the scatter of the glasses would give (dashed) is filled, the others are not resolved. Bars: "
        "standard errors by leaving out one glass at a time.",
    ),
    "structure_factor": (
        "Structure factor before and after",
        "Mean S_NN(q) over glasses of the inherent structures, on the wave vectors of the box in bins as wide as the "
        "box resolves; below, the change with its standard error. Grey: the window of R around the second maximum.",
    ),
    "order": (
        "Short-range order, concentration wave and energy against annealing time",
        "Change since the quench, mean over glasses with standard errors, with the theory of concentration excitations "
        "and two laws beside it, each with a free amplitude. Lines are missing where the change is not above the "
        "noise.",
    ),
    "motion": (
        "Motion of the atoms",
        "Mean square displacement of the inherent structures since the quench, and share of atoms that moved by more "
        "than a set part of the mean distance.",
    ),
    "rates": (
        "Rates against temperature",
        "Fitted rates whose value the data fix, against 1/Tₐ, with the Arrhenius lines through them. The theory has "
        "no barrier: its rates should not fall with 1/Tₐ.",
    ),
}  # fmt: skip
SECTIONS = (
    ("relaxation_parameter", "Relaxation parameter"),
    ("structure_factor", "Structure factor"),
    ("order", "Order and energy"),
    ("motion", "Motion"),
    ("rates", "Rates and barriers"),
)
ASSUMPTIONS = (
    "Molecular dynamics has no electrons: a good fit of the theory is a statement about the shape of a curve, and the "
    "amplitude is normalised away. The mechanism itself is not tested.",
    "Frames are minimised, so that thermal vibrations do not enter; the change is that of inherent structures.",
    "Times of one glass are correlated: differences of AIC are upper bounds. Errors come from drawing glasses anew.",
    "All temperatures begin with the same glasses: their errors are not independent of each other.",
    "Times of a simulation are nanoseconds at most; what relaxes later is not seen.",
)


@dataclass(frozen=True)
class Card:
    """One number at the top of the page."""

    description: str
    value: str
    unit: str
    remark: str = ""


@dataclass(frozen=True)
class RelaxationCell:
    """R at one temperature and time."""

    value: str
    noise: str
    resolved: bool


@dataclass(frozen=True)
class FitRow:
    """The fits to one quantity at one temperature; a remark alone where there is nothing to fit."""

    temperature: str
    parameters: tuple[str, ...]
    amplitude: str
    aic: tuple[str, ...]
    remark: str


@dataclass(frozen=True)
class BarrierRow:
    """One rate against temperature."""

    rate: str
    temperatures: str
    barrier: str
    verdict: str
    kind: str


def annealing_figures(found: AnnealSummary) -> tuple[ReportFigure, ...]:
    """Return the figures of an annealing study in its own units, drawn.

    Args:
        found: the study.
    """
    units = found.unit_system
    return tuple(
        svg(name, name, *CAPTIONS[name], relabelled(draw(found), units), restated(table(found), units))
        for name, draw, table in FIGURES
    )


def annealing_page(
    found: AnnealSummary, figures: Sequence[ReportFigure], *, name: str, provenance: Provenance | None = None
) -> str:
    """Return the report of an annealing study as one page that holds all it shows.

    Args:
        found: the study.
        figures: its figures, drawn.
        name: name of the study.
        provenance: where the results come from.
    """
    units = found.unit_system
    time, temperature_unit = unit_of(units, "sigma sqrt(m/epsilon)"), unit_of(units, "epsilon/k_B")
    laws = _laws(found)
    configuration = json.loads(provenance.configuration) if provenance is not None else {}
    return page_template("annealing.html.j2").render(
        name=name,
        found=found,
        units=units.as_dict(),
        time=time,
        rate=reciprocal_text(time),
        wave=unit_of(units, "1/sigma"),
        temperature_unit=temperature_unit,
        figures={figure.name: figure for figure in figures},
        sections=SECTIONS,
        cards=tuple(cards(found)),
        temperatures=[f"{one.temperature:g}" for one in found.ensembles],
        relaxation=tuple(relaxation_rows(found)),
        laws=laws,
        fits=tuple(fit_rows(found, laws)),
        barriers=tuple(barrier_row(one) for one in found.barriers),
        crystallised=sum(crystallised(one) for one in found.ensembles),
        limits=(*limits(found), *ASSUMPTIONS),
        resolved_factor=RESOLVED,
        significant=SIGNIFICANT,
        parameters=tuple(parameter_rows(configuration)),
        provenance=provenance,
        versions=tuple(version_rows(provenance, configuration)),
    )


def quantity_symbol(name: str) -> str:
    """Return what a quantity is called in a formula.

    Args:
        name: its name in the results.
    """
    shell = name.removeprefix("alpha_")
    return f"α{shell.translate(SUBSCRIPT)}" if shell != name else SYMBOLS.get(name, name)


def quantity_name(name: str) -> str:
    """Return what a quantity is, in words.

    Args:
        name: its name in the results.
    """
    shell = name.removeprefix("alpha_")
    numbered = f"order of shell {shell}, {quantity_symbol(name)}" if shell != name else name
    return QUANTITIES.get(name, numbered)


def unit_of(units: UnitSystem, reduced: str) -> str:
    """Return a unit as the page shows it.

    Args:
        units: the units of the study.
        reduced: the unit told in reduced units.
    """
    return unit_text(units.restate(reduced)).replace("angstrom", "Å").replace("sqrt(", "√(")


def cards(found: AnnealSummary) -> Iterator[Card]:
    """Yield the numbers at the top of the page: R at the end of each anneal, and what changed most.

    Args:
        found: the study.
    """
    units = found.unit_system
    temperature = unit_of(units, "epsilon/k_B")
    for one in found.ensembles:
        r = one.relaxation
        mark = "resolved" if r.resolved_t[-1] else f"not{UNBROKEN}resolved"
        noise = f"noise alone {plain(float(r.bias_t[-1]), 2)}: {mark}"
        yield Card(
            f"R after {plain(float(one.time_t[-1]), 3)} {unit_of(units, 'sigma sqrt(m/epsilon)')} at "
            f"Tₐ = {one.temperature:g} {temperature}",
            plus_minus(float(r.value_t[-1]), float(r.error_t[-1])), unit_of(units, "1/sigma"), noise,
        )  # fmt: skip
    hottest = max(found.ensembles, key=lambda one: one.temperature)
    for quantity in ("alpha_1", "energy"):
        if quantity in hottest.series:
            series = hottest.series[quantity]
            change_g = series.change_gt[:, -1]
            error = float(change_g.std(ddof=1) / np.sqrt(len(change_g)))
            yield Card(
                f"change of the {quantity_name(quantity)} at Tₐ = {hottest.temperature:g} {temperature}",
                plus_minus(float(change_g.mean()), error), unit_of(units, series.unit),
            )  # fmt: skip


def relaxation_rows(found: AnnealSummary) -> Iterator[tuple[str, list[RelaxationCell]]]:
    """Yield each time after the start with R at all temperatures.

    Args:
        found: the study.
    """
    for t, time in enumerate(found.ensembles[0].time_t[1:], start=1):
        cells = []
        for one in found.ensembles:
            r = one.relaxation
            value = plus_minus(float(r.value_t[t]), float(r.error_t[t]))
            cells.append(RelaxationCell(value, plain(float(r.bias_t[t]), 2), bool(r.resolved_t[t])))
        yield plain(float(time), 3), cells


def _laws(found: AnnealSummary) -> tuple[str, ...]:
    """Names of all laws, the theory first; none where nothing could be fitted."""
    for one in found.ensembles:
        for fit in one.fits:
            if fit.theory is not None:
                return tuple(fit.theory.aic_differences)
    return ()


def fit_rows(found: AnnealSummary, laws: Sequence[str]) -> Iterator[tuple[str, str, list[FitRow]]]:
    """Yield each quantity, its unit, and its fits at all temperatures.

    Args:
        found: the study.
        laws: names of the laws, in the order of the columns.
    """
    units = found.unit_system
    for place, first in enumerate(found.ensembles[0].fits):
        rows = [_fit_row(one, one.fits[place], laws) for one in found.ensembles]
        unit = unit_of(units, found.ensembles[0].series[first.quantity].unit)
        yield quantity_name(first.quantity), unit, rows


def _fit_row(one: AnnealedEnsemble, fit: QuantityFit, laws: Sequence[str]) -> FitRow:
    if fit.theory is None:
        return FitRow(f"{one.temperature:g}", (), "", (), fit.remark)
    theory = fit.theory
    differences = theory.aic_differences
    aic = tuple(plain(differences[law], 2) for law in laws)
    open_end = len(theory.flat) == len(theory.fit.names)  # then the amplitude is that of an unseen plateau
    amplitude = NOT_FIXED if open_end else plain(theory.fit.amplitude, 3)
    return FitRow(f"{one.temperature:g}", tuple(_parameters(theory)), amplitude, aic, "")


def _parameters(theory: TheoryFit) -> Iterator[str]:
    """Value and the factor by which it is uncertain."""
    for name, log, error in zip(theory.fit.names, theory.fit.log_value_p, theory.log_error_p, strict=True):
        value = plain(float(np.exp(log)), 3)
        factor = f"×/÷{UNBROKEN}{plain(float(np.exp(error)), 2)}"
        yield NOT_FIXED if name in theory.flat else f"{value} {factor}"


def barrier_row(one: Barrier) -> BarrierRow:
    """Return a rate against temperature as a row, with the kind of its verdict.

    Args:
        one: the rate.
    """
    rates = (
        f"{plain(float(rate), 2)} at {temperature:g}"
        for temperature, rate in zip(one.temperature_T, one.rate_T, strict=True)
    )
    kinds = {"agrees": "agrees", "cannot": "cannot-tell"}
    kind = kinds.get(one.verdict.split()[0], "differs")
    quantity, _, law = one.law.partition(", ")
    name = f"{quantity_symbol(quantity)}, {law}" if law else one.law
    return BarrierRow(name, ", ".join(rates), plus_minus(one.barrier, one.error), one.verdict, kind)


def limits(found: AnnealSummary) -> Iterator[str]:
    """Yield what this study does not say: what is not resolved, not fixed, or crystallised.

    Args:
        found: the study.
    """
    unit = unit_of(found.unit_system, "epsilon/k_B")
    noisy = [f"{one.temperature:g}" for one in found.ensembles if not one.relaxation.resolved_t.any()]
    if noisy:
        yield (
            f"At Tₐ = {', '.join(noisy)} {unit} no value of R stands out from the noise of {found.glasses} glasses of "
            f"{found.n_atoms} atoms; the noise falls as one over the root of their number."
        )
    poor = [
        f"{quantity_name(fit.quantity)} at Tₐ = {one.temperature:g} {unit}"
        for one in found.ensembles
        for fit in one.fits
        if not fit.trusted
    ]
    if poor:
        yield f"Not fixed by the data, or not above the noise: the theory's parameters of {'; '.join(poor)}."
    for one in found.ensembles:
        count = crystallised(one)
        if count:
            at = f"Tₐ = {one.temperature:g} {unit}"
            yield f"{count} of {found.glasses} glasses crystallised at {at}: R holds Bragg peaks."
