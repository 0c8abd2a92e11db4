"""The figures of an alloy in the report: order, excitations, transport, relaxation; none where they are not kept."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.excitations.order import AlloyOrder
from analysis.excitations.transport import LARGEST_RATIO, TransportResult
from analysis.plotting import excitations as drawn
from analysis.plotting.relaxation import figure_approximation, plot_relaxation, table_approximation, table_relaxation
from analysis.plotting.transport import figure_transport, table_transport
from analysis.relaxation.comparison import ApproximationTest
from analysis.relaxation.study_relaxation import StudyRelaxation
from analysis.report.numbers import plain, plus_minus
from analysis.report.report_figure import ReportFigure, png, svg
from analysis.study.results import WholeStudy

RESOLVED = 0.05  # p-value below which a shell is said to be ordered


def alloy_figures(study: WholeStudy) -> Iterator[ReportFigure]:
    """Yield the figures of an alloy in the order of the sections.

    Args:
        study: the study.
    """
    if study.order is not None:
        yield from _order(study.order)
        yield from _excitations(study)
    if study.transport is not None and study.transport.consistent is not None:
        yield _transport(study.transport.consistent)
    if study.relaxation is not None:
        yield from _relaxation(study.relaxation)


def _order(order: AlloyOrder) -> Iterator[ReportFigure]:
    shells = order.shells.n_shells
    ordered = int((order.random.p_value_s < RESOLVED).sum())
    yield svg(
        "alloy_order", "order", "Short-range order, shell by shell",
        f"Correlation of the species of neighbours, ⟨δᵢδⱼ⟩/[c(1−c)], and the Warren-Cowley parameter; means over "
        f"{len(order.configurations)} glasses with their standard errors. Grey: 95 % of {order.random.draws} random "
        f"alloys on the same sites. {ordered} of {shells} shells lie outside with p < {RESOLVED:g}. Negative: unlike "
        f"neighbours preferred. |1 + ΣZα| over all pairs of sites, exactly zero: {plain(order.sum_rule, 1)} at most.",
        drawn.plot_order(order).figure, drawn.table_order(order),
    )  # fmt: skip
    yield svg(
        "concentration_waves", "order", "Concentration waves",
        "Intensity ⟨|c_k|²⟩ on the wave vectors of the boxes, averaged over directions and glasses, with standard "
        "errors; beside it the sum over the shells alone and the random alloy on the same sites. The superstructure "
        f"vector k_s = {plus_minus(order.waves.k_s, order.waves.k_s_error)} 1/σ is the first maximum that stands above "
        "the random alloy by two standard errors, or the largest intensity where none does.",
        drawn.plot_waves(order).figure, drawn.table_waves(order),
    )  # fmt: skip


def _excitations(study: WholeStudy) -> Iterator[ReportFigure]:
    found = study.excitations
    if not found:
        return
    form = {"ordering": "ordering energies at fixed positions", "relaxed": "second derivatives of the relaxed energy"}
    yield svg(
        "displacement_profile", "order", "Displacement around an ion whose species changes",
        f"Mean radial displacement of the neighbours in one glass of {found[0].n_atoms} atoms, from the Hessian and "
        "the forces of the exchange, in linear response to a whole unit of concentration; line: dilatation centre in "
        "an elastic continuum with Poisson's ratio and volume change of the same glass. Bars: standard error over "
        "pairs.",
        drawn.plot_profile(found[0]).figure, drawn.table_profile(found[0]),
    )  # fmt: skip
    yield svg(
        "energies_of_waves", "order", "Energies of the concentration waves in three forms",
        "Medians over waves and glasses with quartiles; below zero is ħ times the rate of what decays. Printed: the "
        "papers' formula, with a negative kinetic energy; rotating: the sign repaired, anomalous terms left out as in "
        "the papers; derived: the whole Hamiltonian, equal to ħω of the equation of motion. Stability means opposite "
        "things in the printed and in the derived form.",
        drawn.plot_energies_of_waves(found, power=0.5).figure, drawn.table_energies_of_waves(found, power=0.5),
    )  # fmt: skip
    yield svg(
        "excitation_spectrum", "order", "Eigenfrequencies of the concentration",
        f"All solutions of Wv = ω²Iv of all glasses; W: {form.get(found[0].form, 'literal form of the papers')}, "
        "without self-energies, I: moments of inertia of the displacement fields. Left of zero are directions in which "
        "the frozen arrangement gains energy by exchanging species; they have a rate, no frequency.",
        drawn.plot_spectrum(found).figure, drawn.table_spectrum(found),
    )  # fmt: skip
    yield png(
        "excitation_overlap", "order", "Overlap of the excitations with the soft modes",
        "Each point: share of the displacement field of one excitation that lies in the space of the soft modes of the "
        "same glass. Lines: the same for random superpositions of excitations, random patterns of concentration, "
        "responses to random forces, and fields of random direction. Elastic response makes any field soft: only the "
        "excitations closest to ω = 0 can be compared with the random patterns, and only what differs from these says "
        "something about them.",
        drawn.plot_overlap(found).figure, drawn.table_overlap(found),
    )  # fmt: skip


def _transport(result: TransportResult) -> ReportFigure:
    t0 = result.metal.t0
    outside = sum(bool(flags) for flags in result.flags)
    return svg(
        "electronic_transport", "transport", "Corrections to the transport of the electrons",
        f"Interference of the Coulomb interaction with scattering by concentration excitations, T₀ = "
        f"{plus_minus(t0.value, t0.error)} K, D = {plain(result.metal.diffusivity, 2)} m²/s, consistent normalisation. "
        "Blue: derived, band from the error of T₀. Red: as printed. Dash-dotted in δκ: the part against the law of "
        "Wiedemann and Franz, its sign turned. Dotted: L₀T/ρ, what the electrons carry without any correction. Grey: "
        f"T > {LARGEST_RATIO:g} T₀, outside the theory; {outside} of {len(result.flags)} temperatures carry a flag.",
        figure_transport(result), table_transport(result),
    )  # fmt: skip


def _relaxation(relaxation: StudyRelaxation) -> Iterator[ReportFigure]:
    yield svg(
        "relaxation_curves", "relaxation", "Order parameter in time",
        "Solutions with an inversion that decays exponentially, each over its final value; dots: half of it. Times in "
        "units of the rates. The normalisation hides the final number of excitations: see the next figure.",
        plot_relaxation(relaxation.curves).figure, table_relaxation(relaxation.curves),
    )  # fmt: skip
    if relaxation.tests:
        worst = max(relaxation.tests, key=_disagreement)
        rates = worst.rates
        yield svg(
            "relaxation_approximation", "relaxation", "The exponential approximation beside the full system",
            f"The rates with the largest difference: Δ√σ⁰ = {plain(rates.coupling)}, Γ = "
            f"{plain(rates.polarisation_rate)}, γ = {plain(rates.inversion_rate)}, initial polarisation "
            f"{plain(worst.polarisation, 2)} σ⁰. Where emission exceeds the incoherent decay it uses up the inversion, "
            "and the curve saturates long before the approximation does.",
            figure_approximation(worst), table_approximation(worst),
        )  # fmt: skip


def _disagreement(test: ApproximationTest) -> float:
    return float(abs(test.eta_full_t - test.eta_same_rate_t).max())
