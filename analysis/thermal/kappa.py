"""Conductivity of a glass from its constants: one front door to all models, with the phonons that carry the heat.

Every model of scattering goes through the same quadrature on one grid of frequencies for all temperatures. The
numbers of the material may be complex in it, so that derivatives are exact (a complex step), ends and jumps included.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from analysis.soft_potential.level_table import Progress
from analysis.soft_potential.measured_measure import MeasuredMeasure
from analysis.thermal import closed_forms
from analysis.thermal.absorption import Absorption
from analysis.thermal.assumptions import about_closed_range, about_form, about_phonons
from analysis.thermal.exact import exact_channels, exact_scattering, production_absorption
from analysis.thermal.exact_landscape import (
    CHANNELS,
    UNIFORM,
    ExactTables,
    Relaxation,
    SmoothAbsorption,
    landscape_scattering,
)
from analysis.thermal.exact_tables import Measure, cost_of, ends_of_paths, heat_of, load_tables, measure_of
from analysis.thermal.materials import (
    KarpovParshinMaterial,
    Material,
    karpov_parshin_glass,
    numbers_of,
)
from analysis.thermal.relaxation_spectrum import RelaxationSpectrum, production_relaxation
from analysis.thermal.scattering import (
    Channel,
    Numbers,
    Scattering,
    closed_scattering,
    karpov_parshin_scattering,
    later_form_channels,
    parse_channels,
    two_region_scattering,
)
from analysis.thermal.spectrum import Spectrum, phonon_spectrum
from atomsim.errors import InputError, nearest
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN

MODELS = ("closed", "two-region", "exact")
FORMS = ("derived", "printed")
TWO_REGION_CHANNELS = (Channel.RESONANT, Channel.RAYLEIGH)

STEP = 1e-30  # of the complex derivative, relative to the parameter


@dataclass(frozen=True)
class ThermalResult:
    """Conductivity and specific heat of a glass, and where they come from.

    ``spectrum_Tw`` and its parts are heat per natural logarithm of the frequency; a phonon scattered by several
    channels is shared among them in proportion to their inverse paths, so that the parts add up. Closed formulas
    have no spectrum: its axis is empty then. What is not known is NaN, and ``assumptions`` says why.
    """

    material: str = quantity("text", "name of the glass")
    model: str = quantity("text", "model of scattering")
    form: str = quantity("text", "derived or printed prefactors")
    channels: tuple[str, ...] = quantity("text", "what scatters")
    temperature_T: Array = quantity("K", "temperatures")
    conductivity_T: Array = quantity("W/(m K)", "thermal conductivity")
    omega_w: Array = quantity("rad/s", "angular frequencies of the spectrum")
    weight_w: Array = quantity("1", "weights of a sum over them: conductivity = sum of weight times spectrum")
    spectrum_Tw: Array = quantity("W/(m K)", "conductivity per logarithm of the frequency")
    channel_spectrum_cTw: Array = quantity("W/(m K)", "its parts by channel of scattering")
    debye_T: Array = quantity("J/(m^3 K)", "specific heat of phonons")
    tunnelling_T: Array = quantity("J/(m^3 K)", "specific heat of tunnelling systems")
    vibrations_T: Array = quantity("J/(m^3 K)", "specific heat of quasilocal vibrations")
    assumptions: dict[str, str] = quantity("text", "what was assumed, left out or is out of range")

    @property
    def specific_heat_T(self) -> Array:
        """Return phonons, tunnelling systems and vibrations together [J/(m^3 K)]."""
        return self.debye_T + self.tunnelling_T + self.vibrations_T

    @property
    def channel_share_cT(self) -> Array:
        """Return the share of each channel in the scattering of the phonons that carry the heat [-]."""
        return self.channel_spectrum_cTw @ self.weight_w / self.conductivity_T


def conductivity(
    material: Material,
    temperatures: ArrayLike,
    *,
    model: str = "closed",
    form: str = "derived",
    channels: Collection[str] | None = None,
    measure: str | MeasuredMeasure | ExactTables | None = None,
    absorption: SmoothAbsorption | None = None,
    relaxation: Relaxation | None = None,
    progress: Progress | None = None,
) -> ThermalResult:
    """Return conductivity and specific heat of a glass.

    ``closed``: the closed absorptions added up, or for the measure of Karpov and Parshin their formulas for k_B T <
    W/e and for k_B T > W (NaN between). ``two-region``: tunnelling systems below hbar omega = W, vibrations above.
    ``exact``: all levels of all potentials; its tables are made once, in minutes, and kept.

    Source: karpov-parshin-1985 (5.1), (5.9), (7.9), (7.10); test: test_front_door_obeys_the_tanh_law
    Source: ramos-buchenau-1997 (conductivity); test: test_closed_conductivity_is_the_one_of_the_later_form

    Args:
        material: the glass.
        temperatures: ascending [K].
        model: how phonons are scattered.
        form: prefactor of the closed formula of Karpov and Parshin; no other formula has two.
        channels: what scatters; all that the model and the constants allow where absent.
        measure: distribution of the potentials in the exact model, by name, fitted to soft modes, or its tables; that
            of the constants where absent.
        absorption: J of the exact model, in place of the production table.
        relaxation: relaxation of the exact model, in place of the production table.
        progress: called with the number of finished and of all steps while a table of the exact model is made.

    Raises:
        InputError: temperatures, model, form or channels that cannot be.
    """
    temperature_T = check_temperatures(temperatures)
    for name, value, known in (("model", model, MODELS), ("form", form, FORMS)):
        if value not in known:
            raise InputError(f"unknown {name} {value!r}{nearest(value, known)}; known: {', '.join(known)}")
    numbers = material_numbers(material)
    assumptions: dict[str, str] = {"form": about_form(material, model, form)}
    tables = None
    if isinstance(material, KarpovParshinMaterial) and model == "closed":
        if channels is not None:
            raise InputError(
                "the closed formulas hold for all their channels together; the two-region model has a choice"
            )
        chosen: tuple[Channel, ...] = TWO_REGION_CHANNELS
        spectrum = Spectrum.empty(len(chosen), len(temperature_T))
        values = karpov_parshin_closed(numbers, temperature_T, form=form)
        assumptions["range"] = about_closed_range(material)
    else:
        chosen = parse_channels(channels, available_channels(material, model, measure))
        if model == "exact":
            tables = tables_of(material, chosen, measure, absorption, relaxation, progress)
        scattering = scattering_of(material, numbers, model, chosen, tables=tables)
        spectrum = phonon_spectrum(scattering, temperature_T)
        values = spectrum.conductivity_T
        assumptions |= about_phonons(material, model, chosen, scattering, tables)
    capacity = heat_of(material, temperature_T, tables)
    return ThermalResult(
        material=material.name,
        model=model,
        form=form,
        channels=tuple(map(str, chosen)),
        temperature_T=temperature_T,
        conductivity_T=values,
        omega_w=spectrum.omega_w,
        weight_w=spectrum.weight_w,
        spectrum_Tw=spectrum.channels_cTw.sum(axis=0),
        channel_spectrum_cTw=spectrum.channels_cTw,
        debye_T=capacity.debye_T,
        tunnelling_T=capacity.tunnelling_T,
        vibrations_T=capacity.vibrations_T,
        assumptions=assumptions | capacity.assumptions,
    )


def conductivity_derivatives(
    material: Material,
    temperatures: ArrayLike,
    parameters: Sequence[str],
    *,
    model: str = "closed",
    form: str = "derived",
    channels: Collection[str] | None = None,
    tables: ExactTables | None = None,
) -> Array:
    """Return d kappa/d ln p for each parameter p, by a complex step: exact to round-off [W/(m K)].

    Source: soft-potential-notes (derivatives); test: test_derivatives_agree_with_finite_differences

    Args:
        material: the glass.
        temperatures: ascending [K].
        parameters: names of numbers of the material.
        model: how phonons are scattered.
        form: prefactor of the closed formula of Karpov and Parshin.
        channels: what scatters.
        tables: of the exact model, in place of those of the constants.

    Returns:
        shape (parameters, temperatures) [W/(m K)].

    Raises:
        InputError: a parameter that the material has not, or for which it has no value.
    """
    temperature_T = check_temperatures(temperatures)
    numbers = material_numbers(material)
    chosen = channels if channels is None else tuple(channels)
    rows = []
    for name in parameters:
        if name not in numbers or np.isnan(numbers[name]):
            known = [key for key, value in numbers.items() if not np.isnan(value)]
            raise InputError(f"{material.name} has no number {name!r}{nearest(name, known)}; known: {', '.join(known)}")
        moved = {**numbers, name: numbers[name] * (1 + 1j * STEP)}
        rows.append(np.imag(conductivity_of(material, moved, temperature_T, model, form, chosen, tables)) / STEP)
    return np.array(rows).reshape(len(parameters), len(temperature_T))


def conductivity_of(
    material: Material,
    numbers: Numbers,
    temperature_T: Array,
    model: str,
    form: str,
    channels: Collection[str] | None,
    tables: ExactTables | None = None,
) -> Array:
    """Return the conductivity alone, with other numbers than the material's, real or complex [W/(m K)].

    Args:
        material: the glass, which says which measure and which constants there are.
        numbers: the numbers to use, in the units of the file.
        temperature_T: temperatures [K].
        model: how phonons are scattered.
        form: prefactor of the closed formula of Karpov and Parshin.
        channels: what scatters.
        tables: of the exact model, in place of those of the constants.
    """
    if isinstance(material, KarpovParshinMaterial) and model == "closed":
        return karpov_parshin_closed(numbers, temperature_T, form=form)
    chosen = parse_channels(channels, available_channels(material, model, tables))
    scattering = scattering_of(material, numbers, model, chosen, tables=tables)
    return phonon_spectrum(scattering, temperature_T).conductivity_T


def check_temperatures(temperatures: ArrayLike) -> Array:
    """Return temperatures as an array if they are positive, finite and ascending [K].

    Args:
        temperatures: the temperatures [K].

    Raises:
        InputError: they are not.
    """
    temperature_T = np.atleast_1d(np.asarray(temperatures, dtype=float))
    if temperature_T.ndim != 1 or len(temperature_T) == 0:
        raise InputError("no temperatures")
    for before, value in zip([0.0, *temperature_T[:-1]], temperature_T, strict=True):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"temperature {value:g} K: expected a positive finite number")
        if not value > before:
            what = "twice" if value == before else f"after {before:g} K"
            raise InputError(f"temperature {value:g} K stands {what}: expected ascending temperatures")
    return temperature_T


def material_numbers(material: Material) -> dict[str, float]:
    """Return the numbers of a material by name [unit of the file].

    Args:
        material: the glass.
    """
    return {name: float(getattr(material, name)) for name in numbers_of(material)}


def available_channels(
    material: Material, model: str, measure: str | MeasuredMeasure | ExactTables | None = None
) -> tuple[Channel, ...]:
    """Return the channels that a model, the constants of a glass and the measure allow.

    Args:
        material: the glass.
        model: how phonons are scattered.
        measure: distribution of the potentials in the exact model; that of the constants where absent.
    """
    if model != "exact":
        paper = model == "two-region" or isinstance(material, KarpovParshinMaterial)
        return TWO_REGION_CHANNELS if paper else later_form_channels(material_numbers(material))
    if isinstance(material, KarpovParshinMaterial):
        known: tuple[Channel, ...] = CHANNELS
    else:
        known = exact_channels(material_numbers(material))
    if isinstance(measure, ExactTables):
        uniform, relaxing = measure.measure == UNIFORM, measure.relaxation is not None
    else:
        kind = measure_of(material, measure)
        uniform, relaxing = kind is Measure.FIELD, kind is not Measure.MEASURED
    left_out = {Channel.RELAXATION: not relaxing, Channel.ACTIVATION: not uniform}  # that law is the one of (D1, D2)
    return tuple(c for c in known if not left_out.get(c, False))


def tables_of(
    material: Material,
    channels: Collection[Channel],
    measure: str | MeasuredMeasure | ExactTables | None = None,
    absorption: SmoothAbsorption | None = None,
    relaxation: Relaxation | None = None,
    progress: Progress | None = None,
) -> ExactTables:
    """Return the tables of the exact model, made once and kept on disk where they are not given.

    Args:
        material: the glass.
        channels: what scatters.
        measure: distribution of the potentials, or its tables; that of the constants where absent.
        absorption: J, in place of the production table.
        relaxation: relaxation, in place of the production table.
        progress: called with the number of finished and of all steps while a table is made.

    Raises:
        InputError: J or its relaxation are given for another distribution than that over (D1, D2).
    """
    if isinstance(measure, ExactTables):
        return measure
    if measure_of(material, measure) is not Measure.FIELD:
        if absorption is not None or relaxation is not None:
            raise InputError("tables of another distribution than that over (D1, D2) are given as a measure")
        return load_tables(material, measure, channels, progress)
    told = () if progress is None else (progress,)
    absorption = absorption or production_absorption(*told)
    if Channel.RELAXATION in channels and relaxation is None:
        relaxation = production_relaxation(*told)
    made = {"absorption": absorption, "relaxation": relaxation}
    return ExactTables(absorption, relaxation, origin=cost_of({name: table for name, table in made.items() if table}))


def scattering_of(
    material: Material,
    numbers: Numbers,
    model: str,
    channels: Collection[Channel],
    absorption: SmoothAbsorption | None = None,
    *,
    tables: ExactTables | None = None,
) -> Scattering:
    """Return the scattering of phonons in a glass.

    Args:
        material: the glass.
        numbers: its numbers, or others.
        model: how phonons are scattered.
        channels: what scatters.
        absorption: J of the exact model, in place of the production table.
        tables: all tables of the exact model.

    Raises:
        InputError: the exact model has no table for what is asked.
    """
    if model == "exact":
        known = tables or tables_of(material, channels, absorption=absorption)
        if isinstance(material, KarpovParshinMaterial):
            return landscape_scattering(numbers, karpov_parshin_glass(numbers), channels, known)
        found = exact_scattering(
            numbers, channels, cast(Absorption, known.absorption), cast(RelaxationSpectrum | None, known.relaxation)
        )
        return found if known.measure == UNIFORM else replace(found, ends=ends_of_paths(numbers, known))
    if isinstance(material, KarpovParshinMaterial):
        return karpov_parshin_scattering(numbers, karpov_parshin_glass(numbers), channels)
    return (two_region_scattering if model == "two-region" else closed_scattering)(numbers, channels)


def karpov_parshin_closed(numbers: Numbers, temperature_T: Array, *, form: str) -> Array:
    """Return tunnelling systems alone for k_B T < W/e, both regions for k_B T > W, NaN between [W/(m K)].

    Source: karpov-parshin-1985 (5.9), (7.9), (7.10); test: test_printed_closed_form_is_a_ninth_of_the_derived_one

    Args:
        numbers: the numbers of the material.
        temperature_T: temperatures [K].
        form: ``"derived"`` or ``"printed"``.
    """
    glass = karpov_parshin_glass(numbers)
    if glass.b != 0:
        cold = closed_forms.conductivity_two_types(temperature_T, glass, as_printed=form == "printed")
    else:
        cold = closed_forms.conductivity_log_free(temperature_T, glass)
    hot = closed_forms.conductivity_prethermal(temperature_T, glass)
    hot = hot + closed_forms.conductivity_thermal(glass, enhancement=numbers["mu"])
    reduced = BOLTZMANN * temperature_T / np.real(glass.W)
    return np.where(reduced < 1 / np.e, cold, np.where(reduced > 1, hot, np.nan))
