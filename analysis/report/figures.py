"""The figures of the report: what each shows, how it was computed, and the table behind it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis import plotting
from analysis.report.alloy_figures import alloy_figures
from analysis.report.learning_figures import learning_figures
from analysis.report.nonlinear_figures import nonlinear_figures
from analysis.report.numbers import estimate_text, plain
from analysis.report.report_figure import ReportFigure, png, svg
from analysis.report.tail_figures import tail_figures
from analysis.report.wind_figures import wind_figures
from analysis.soft_modes import SoftModes
from analysis.study.results import WholeStudy
from atomsim.quench import Glass


def draw_figures(study: WholeStudy) -> Iterator[ReportFigure]:
    """Yield the figures of a study in the order of the chain; those that nothing is known for are left out.

    Args:
        study: the study.
    """
    ensembles = study.ensembles
    counts = " and ".join(f"{len(e.glasses)} of {e.n_atoms} atoms" for e in ensembles)
    yield svg(
        "inherent_structures", "structure", "Energy and pressure of the inherent structures",
        f"Each point is one glass ({counts}), minimised until no force component exceeds "
        f"{plain(max(g.max_force for e in ensembles for g in e.glasses), 2)} ε/σ; bars: mean and standard error.",
        plotting.figure_inherent_structures(ensembles), plotting.table_inherent_structures(ensembles),
    )  # fmt: skip
    yield svg(
        "pair_distribution", "structure", "Distribution of distances",
        "Pairs found at a distance over pairs expected without order, averaged over glasses; bands: standard error. "
        f"First maximum at {estimate_text(study.largest.structure.first_peak)} σ.",
        plotting.plot_pair_distribution(ensembles).figure, plotting.table_pair_distribution(ensembles),
    )  # fmt: skip
    yield from _vibrations(study)
    yield from _single_mode(study)
    yield from _soft_potentials(study)
    yield from _heat(study)
    yield from alloy_figures(study)
    yield from wind_figures(study)
    yield from learning_figures(study)
    yield from tail_figures(study)
    yield from nonlinear_figures(study)


def _vibrations(study: WholeStudy) -> Iterator[ReportFigure]:
    ensembles = study.ensembles
    complete = all(e.vibrations.complete for e in ensembles)
    which = "Every vibration" if complete else "The lowest vibrations"
    if complete:
        yield svg(
            "density_of_states", "vibrations", "Vibrational density of states and Debye level",
            "Left: density of states of all vibrations against the angular frequency ω, normalised to one, from full "
            "diagonalisations. Right: the same over the power of ω in Debye's law, which makes that law level. Dashed: "
            "Debye's law with the sound velocities from the elastic moduli (Born and non-affine parts). Bands: "
            "standard error over glasses. Bins with fewer than three modes are left out on the right.",
            plotting.figure_density_of_states(ensembles), plotting.table_density_of_states(ensembles),
        )  # fmt: skip
    yield png(
        "participation", "vibrations", "Participation ratio against frequency",
        f"Left: {which.lower()} of every glass: share of the atoms that take part in it, N_k/N with N_k = 1/Σ|e_i|⁴, "
        "against its angular frequency. Right: participation numbers N_k of the lowest modes; dashed lines are the "
        "lowest transverse sound wave of each box. Modes left of it with a small N_k are the soft, quasi-localised "
        "ones; the modes at the upper end of the spectrum are localised.",
        plotting.figure_participation(ensembles), plotting.table_participation(ensembles),
    )  # fmt: skip


def _single_mode(study: WholeStudy) -> Iterator[ReportFigure]:
    chosen = chosen_mode(study)
    if chosen is not None:
        glass, soft, mode = chosen
        yield png(
            "soft_mode", "soft_modes", "A soft mode in space",
            f"Mode {mode} of a glass of {glass.n_atoms} atoms, ω = {plain(soft.omega_m[mode])} √(ε/m)/σ, participation "
            f"number {plain(soft.participation_number_m[mode], 3)}. Dark: the fewest atoms that carry half of the "
            "mode, with their displacements as arrows, all magnified alike; pale: all other atoms. The periodic box is "
            "shifted so that the most moving atom stands in its middle.",
            plotting.plot_soft_mode(glass, soft, mode).figure, plotting.table_soft_mode(glass, soft, mode),
        )  # fmt: skip
    if study.scanned is not None:
        s = study.scanned
        yield svg(
            "energy_along_mode", "soft_modes", "Energy along the soft mode",
            "Points: energies computed at displaced positions, without derivatives, with the other modes held "
            "(circles) and with all modes of higher frequency relaxed (squares). Lines: expansion to fourth order "
            f"with the coefficients contracted at the minimum, χ = {plain(s.chi_bare)} bare and {plain(s.chi_relaxed)} "
            "relaxed ε/(m²σ⁴). Nothing is fitted.",
            plotting.plot_scan(s).figure, plotting.table_scan(s),
        )  # fmt: skip


def chosen_mode(study: WholeStudy) -> tuple[Glass, SoftModes, int] | None:
    """Return glass, soft modes and place of the mode that is drawn: the scanned one, else the lowest; None without any.

    Args:
        study: the study.
    """
    if study.scanned is not None:
        s = study.scanned
        ensemble = next(e for e in study.ensembles if e.n_atoms == s.n_atoms)
        return ensemble.glasses[s.glass], ensemble.soft_modes[s.glass], s.mode
    found = [
        (float(soft.omega_m[0]), glass, soft)
        for e in study.ensembles
        for glass, soft in zip(e.glasses, e.soft_modes, strict=True)
        if len(soft.omega_m)
    ]
    if not found:
        return None
    _, glass, soft = min(found, key=lambda row: row[0])
    return glass, soft, 0


def _soft_potentials(study: WholeStudy) -> Iterator[ReportFigure]:
    potentials = study.soft_potentials
    if potentials is None:
        return
    unbounded = sum(soft.n_unbounded for e in study.ensembles for soft in e.soft_modes)
    yield svg(
        "soft_potentials", "soft_potentials", "Parameters of the soft potentials",
        f"The {len(potentials.W_m)} soft modes that their relaxed quartic term bounds, as potentials "
        "W(αy² + βy³ + y⁴); the sign of β has no meaning. Below the full line, α = 9β²/32, the potential has a second "
        "minimum; below the dashed one, α = β²/4, the second is the lower. Right: energy scale W = ½(ħ⁴χ/12)^⅓ with ħ "
        f"of {study.material.name}, mass felt by the most moving atom, and quartic energy at a displacement of "
        f"{plain(potentials.length)} σ of that mass. Not shown: {unbounded} modes with χ relaxed ≤ 0, which lead to "
        "another minimum.",
        plotting.figure_soft_potentials(potentials, study.material),
        plotting.table_soft_potentials(potentials, study.material),
    )  # fmt: skip
    cloud = (potentials.alpha_m, potentials.beta_m)
    yield svg(
        "landscape", "soft_potentials", "Forms of the soft potentials, and two-level systems among them",
        "The same potentials in the plane of (α, β): regions by the number of wells and by what the minimum at the "
        "origin is. Two-level systems, with a gap below W, are marked by type: type I around the half-axis β = 0, "
        "α < 0, type II around the parabola β² = 4α where both wells are equal. A glass in its minima shows none of "
        "type I; each is the image of one of type II seen from the maximum between its wells.",
        plotting.plot_landscape(cloud).figure, plotting.table_landscape(cloud),
    )  # fmt: skip


def _heat(study: WholeStudy) -> Iterator[ReportFigure]:
    thermal = study.thermal
    yield svg(
        "thermal_conductivity", "thermal", "Thermal conductivity",
        f"What the soft potentials of the simulated glass say of {thermal.material}: later form of the model (closed "
        "sum of tunnelling, vibrations and relaxation), the theory of Karpov and Parshin joined at W, and the limit of "
        "tunnelling systems alone. No parameter is fitted to a measured conductivity. Bands hold 68 % of the draws of "
        "glasses. Grey: most heat is held by vibrations that the model does not contain.",
        plotting.plot_conductivity(thermal).figure, plotting.table_conductivity(thermal),
    )  # fmt: skip
    yield svg(
        "specific_heat", "thermal", "Specific heat over T³",
        "Debye's phonons from the sound velocities; the exact harmonic sum over all computed modes, which lacks the "
        "long waves that the box cannot hold; tunnelling systems with time "
        f"{plain(thermal.experiment_time)} s to relax, for k_B T < W; vibrations of soft potentials with a density of "
        "states E⁴ that is continued beyond where it holds. Heavy line: sum of phonons, tunnelling and vibrations.",
        plotting.plot_specific_heat(thermal).figure, plotting.table_specific_heat(thermal),
    )  # fmt: skip
