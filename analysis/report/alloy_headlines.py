"""The headline numbers of an alloy: its order, excitations, transport and relaxation; none where they are not kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.excitations.measure import Excitations, summarise, summarise_overlaps
from analysis.excitations.order import AlloyOrder
from analysis.excitations.study_transport import band_energy
from analysis.excitations.transport import TransportResult
from analysis.relaxation.curves import CURVES_OF_FIGURE_1, RelaxationCurve
from analysis.report.headline import Headline
from analysis.structure import mean_over_glasses
from analysis.study.results import EnsembleResults, WholeStudy
from atomsim.errors import UntrustedNumber
from atomsim.results import Array, Estimate

KELVIN = 1.0  # temperature of the corrections that are quoted [K]
UNKNOWN = float("nan")
OfStudy = Callable[[WholeStudy], Estimate | None]
OfSize = Callable[[EnsembleResults], Estimate | None]


# --- order --------------------------------------------------------------------------------------------------


def _of_order(number: Callable[[AlloyOrder], Estimate]) -> OfStudy:
    return lambda study: None if study.order is None else number(study.order)


def _of_shell(column: str, shell: int) -> OfStudy:
    def read(order: AlloyOrder) -> Estimate:
        if order.shells.n_shells <= shell:
            return Estimate(UNKNOWN, UNKNOWN, "1", f"only {order.shells.n_shells} shell")
        note = "" if len(order.configurations) > 1 else "one glass: no error"
        return Estimate(float(order.mean_s(column)[shell]), float(order.error_s(column)[shell]), "1", note)

    return _of_order(read)


def _p_value(order: AlloyOrder) -> Estimate:
    return Estimate(float(order.random.p_value_s[0]), 0.0, "1")


def _contrast(order: AlloyOrder) -> Estimate:
    waves = order.waves
    place = int(np.argmin(np.abs(waves.k_b - waves.k_s)))
    value, error = (float(row[place] / waves.random_b[place]) for row in (waves.intensity_b, waves.error_b))
    return Estimate(value, error, "1")


_ORDER = (
    Headline("order", "concentration", "share of the second species",
             of_study=_of_order(lambda order: Estimate(order.concentration, 0.0, "1"))),
    Headline("order", "alpha_1", "correlation parameter of the first shell", of_study=_of_shell("correlation_s", 0)),
    Headline("order", "alpha_2", "correlation parameter of the second shell", of_study=_of_shell("correlation_s", 1)),
    Headline("order", "warren_cowley_1", "symmetric Warren-Cowley parameter of the first shell",
             of_study=_of_shell("warren_cowley_s", 0)),
    Headline("order", "p_value_1", "share of random alloys as far from the mean in the first shell",
             of_study=_of_order(_p_value)),
    Headline("order", "k_s", "wave number of the strongest concentration waves; error: half the bin",
             of_study=_of_order(lambda order: Estimate(order.waves.k_s, order.waves.k_s_error, "1/sigma"))),
    Headline("order", "contrast", "intensity of these waves over that of a random alloy",
             of_study=_of_order(_contrast)),
)  # fmt: skip


# --- excitations --------------------------------------------------------------------------------------------


def _of_excitations(name: str) -> OfSize:
    return lambda e: summarise(e.excitations)[name] if e.excitations else None


def _instability(e: EnsembleResults) -> Estimate | None:
    known = [one.pairs.instability_temperature for one in e.excitations if one.pairs is not None]
    return mean_over_glasses(known, "epsilon/k_B") if known else None


def _band(found: tuple[Excitations, ...]) -> Estimate | None:
    if not found:
        return None
    try:
        return band_energy(found)
    except UntrustedNumber as error:
        return Estimate(UNKNOWN, UNKNOWN, "epsilon", str(error))


def _of_overlap(what: str, name: str) -> OfSize:
    def read(e: EnsembleResults) -> Estimate | None:
        if not e.excitations:
            return None
        overlaps = [one.overlap for one in e.excitations if one.overlap is not None]
        if not overlaps:
            return Estimate(UNKNOWN, UNKNOWN, "1", "no glass has soft modes to compare with")
        return summarise_overlaps(overlaps)[what][name]

    return read


SOFT, EXCITED = "share_of_a_soft_mode_in", "share_in_the_soft_modes_of"
_EXCITATIONS = (
    Headline("excitations", "median_inertia", "median moment of inertia of an ion", _of_excitations("median_inertia")),
    Headline("excitations", "condition_number", "condition number of the moments of inertia",
             _of_excitations("condition_number")),
    Headline("excitations", "site_energy", "kinetic energy A of the mean moment of inertia",
             _of_excitations("site_energy_A")),
    Headline("excitations", "volume_change", "change of the atomic volume with the concentration",
             _of_excitations("volume_change")),
    Headline("excitations", "decaying_share", "share of the eigenvectors of W and I that decay",
             _of_excitations("decaying_share_of_directions")),
    Headline("excitations", "participation_number", "median number of ions in an excitation",
             _of_excitations("median_participation_number")),
    Headline("excitations", "stable_share_derived", "share of waves that are stable, derived form, w = 1/2",
             _of_excitations("stable_share_of_waves_derived_w0.5")),
    Headline("excitations", "stable_share_printed", "share of waves that are stable, printed form, w = 1/2",
             _of_excitations("stable_share_of_waves_printed_w0.5")),
    Headline("excitations", "undamped_share", "share of ions that obey the printed bound on undamped excitations",
             _of_excitations("undamped_share_of_ions")),
    Headline("excitations", "band_top", "top of the stable band, derived form, w = 1/2",
             lambda e: _band(e.excitations)),
    Headline("excitations", "instability_temperature", "up to it the disordered alloy on these sites is unstable",
             _instability),
    Headline("excitations", "captured", "share of a soft mode in the space of all excitations",
             _of_overlap(SOFT, "concentration excitations")),
    Headline("excitations", "captured_by_chance", "the same in that of as many responses to random forces",
             _of_overlap(SOFT, "responses to random forces")),
    Headline("excitations", "overlap_softest", "share of the softest stable tenth in the soft modes",
             _of_overlap(EXCITED, "softest stable tenth")),
    Headline("excitations", "overlap_slowest", "share of the slowest decaying tenth in the soft modes",
             _of_overlap(EXCITED, "slowest decaying tenth")),
    Headline("excitations", "overlap_patterns", "share of a random concentration pattern in the soft modes",
             _of_overlap(EXCITED, "random concentration patterns")),
)  # fmt: skip


# --- transport ----------------------------------------------------------------------------------------------


def _of_transport(unit: str, number: Callable[[TransportResult], Estimate], *, printed: bool = False) -> OfStudy:
    def read(study: WholeStudy) -> Estimate | None:
        if study.transport is None:
            return None
        result = study.transport.printed if printed else study.transport.consistent
        return Estimate(UNKNOWN, UNKNOWN, unit, study.transport.note) if result is None else number(result)

    return read


def at_kelvin(result: TransportResult, value_T: Array, unit: str, error_T: Array | None = None) -> Estimate:
    """Return a column of the corrections at the temperature that is quoted, between its neighbours [unit given].

    Args:
        result: the corrections.
        value_T: the column, positive [unit given].
        unit: its unit.
        error_T: its standard error, if it has one [unit given].
    """
    T = np.log(result.temperature_T)
    if not T[0] <= np.log(KELVIN) <= T[-1]:
        return Estimate(UNKNOWN, UNKNOWN, unit, f"{KELVIN:g} K is not among the temperatures of the transport")
    if not np.isfinite(value_T).all():
        return Estimate(UNKNOWN, UNKNOWN, unit, "a number of the metal is not given: see the limits")
    value = float(np.exp(np.interp(np.log(KELVIN), T, np.log(value_T))))  # powers of T are straight lines
    error = UNKNOWN if error_T is None else float(np.interp(np.log(KELVIN), T, error_T))
    return Estimate(value, error, unit)


def _column(name: str, unit: str, *, error: str = "", printed: bool = False) -> OfStudy:
    def read(result: TransportResult) -> Estimate:
        return at_kelvin(result, getattr(result, name), unit, getattr(result, error) if error else None)

    return _of_transport(unit, read, printed=printed)


def _ratio(upper: str, lower: str) -> OfStudy:
    def read(result: TransportResult) -> Estimate:
        return at_kelvin(result, getattr(result, upper) / getattr(result, lower), "1")

    return _of_transport("1", read)


def _t0(result: TransportResult) -> Estimate:
    return Estimate(result.metal.t0.value, result.metal.t0.error, "K")


_KAPPA, _ERROR = "delta_kappa_T", "delta_kappa_error_T"
_TRANSPORT = (
    Headline("transport", "T_0", "temperature T₀ of the excitations", of_study=_of_transport("K", _t0)),
    Headline("transport", "delta_kappa_1K", "correction to the thermal conductivity at 1 K, consistent normalisation",
             of_study=_column(_KAPPA, "W/(m K)", error=_ERROR)),
    Headline("transport", "delta_kappa_printed_1K", "the same, printed normalisation",
             of_study=_column(_KAPPA, "W/(m K)", error=_ERROR, printed=True)),
    Headline("transport", "delta_kappa_share_1K", "the same over L₀T/ρ of the measured resistivity, consistent",
             of_study=_ratio(_KAPPA, "electron_kappa_T")),
    Headline("transport", "printed_kappa_ratio_1K", "printed formula over derived correction at 1 K",
             of_study=_ratio("printed_kappa_T", _KAPPA)),
    Headline("transport", "delta_sigma_1K", "correction to the electrical conductivity at 1 K",
             of_study=_column("delta_sigma_T", "S/m")),
    Headline("transport", "printed_sigma_ratio_1K", "printed formula of it over the derived one",
             of_study=_ratio("printed_sigma_T", "delta_sigma_T")),
    Headline("transport", "thermopower_1K", "thermopower at 1 K, without sign",
             of_study=_column("thermopower_T", "V/K")),
    Headline("transport", "delta_heat_1K", "correction to the specific heat at 1 K",
             of_study=_column("delta_heat_T", "J/(m^3 K)")),
)  # fmt: skip


# --- relaxation ---------------------------------------------------------------------------------------------


def _of_curve(number: Callable[[RelaxationCurve], float], unit: str, place: int, *, full: bool = False) -> OfStudy:
    def read(study: WholeStudy) -> Estimate | None:
        if study.relaxation is None or place >= len(study.relaxation.curves):
            return None
        curve = (study.relaxation.full if full else study.relaxation.curves)[place]
        return Estimate(number(curve), 0.0, unit)

    return read


def _curve_headlines(place: int) -> tuple[Headline, ...]:
    number = place + 1
    return (
        Headline("relaxation", f"t50_{number}", f"half time of curve {number}, exponential approximation",
                 of_study=_of_curve(lambda curve: curve.t50, "time", place)),
        Headline("relaxation", f"t50_full_{number}", f"half time of curve {number}, full system",
                 of_study=_of_curve(lambda curve: curve.t50, "time", place, full=True)),
        Headline("relaxation", f"inflection_{number}", f"curve {number} has an inflection (1) or none (0)",
                 of_study=_of_curve(lambda curve: float(curve.has_inflection), "1", place)),
    )  # fmt: skip


_RELAXATION = tuple(headline for place in range(len(CURVES_OF_FIGURE_1)) for headline in _curve_headlines(place))

ALLOY_HEADLINES: tuple[Headline, ...] = (*_ORDER, *_EXCITATIONS, *_TRANSPORT, *_RELAXATION)
