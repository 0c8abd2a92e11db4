"""Conductivity of a glass from its constants: one front door to all models, with the phonons that carry the heat.

Every model of scattering goes through the same quadrature on one grid of frequencies for all temperatures. The
numbers of the material may be complex in it, so that derivatives are exact (a complex step), ends and jumps included.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.thermal import closed_forms, heat
from analysis.thermal.absorption import Absorption
from analysis.thermal.exact import exact_scattering, production_absorption
from analysis.thermal.materials import (
    GlassMaterial,
    KarpovParshinMaterial,
    Material,
    karpov_parshin_glass,
    numbers_of,
)
from analysis.thermal.scattering import (
    BRANCHES,
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
from atomsim.units import BOLTZMANN, HBAR

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
    absorption: Absorption | None = None,
) -> ThermalResult:
    """Return conductivity and specific heat of a glass.

    ``closed``: the closed absorptions added up, or for the measure of Karpov and Parshin their formulas for k_B T <
    W/e and for k_B T > W (NaN between). ``two-region``: tunnelling systems below hbar omega = W, vibrations above.
    ``exact``: all levels of all potentials, for potentials uniform in (D1, D2).

    Source: karpov-parshin-1985 (5.1), (5.9), (7.9), (7.10); test: test_front_door_obeys_the_tanh_law
    Source: ramos-buchenau-1997 (conductivity); test: test_closed_conductivity_is_the_one_of_the_later_form

    Args:
        material: the glass.
        temperatures: ascending [K].
        model: how phonons are scattered.
        form: prefactor of the closed formula of Karpov and Parshin; no other formula has two.
        channels: what scatters; all that the model and the constants allow where absent.
        absorption: table of the exact model; the production table, made once and kept, where absent.

    Raises:
        InputError: temperatures, model, form or channels that cannot be.
    """
    temperature_T = check_temperatures(temperatures)
    for name, value, known in (("model", model, MODELS), ("form", form, FORMS)):
        if value not in known:
            raise InputError(f"unknown {name} {value!r}{nearest(value, known)}; known: {', '.join(known)}")
    numbers = material_numbers(material)
    assumptions: dict[str, str] = {"form": _about_form(material, model, form)}
    capacity = heat.specific_heat(material, temperature_T)
    if isinstance(material, KarpovParshinMaterial) and model == "closed":
        if channels is not None:
            raise InputError(
                "the closed formulas hold for all their channels together; the two-region model has a choice"
            )
        chosen: tuple[Channel, ...] = TWO_REGION_CHANNELS
        spectrum = Spectrum.empty(len(chosen), len(temperature_T))
        values = karpov_parshin_closed(numbers, temperature_T, form=form)
        assumptions["range"] = _about_closed_range(material)
    else:
        chosen = parse_channels(channels, available_channels(material, model))
        scattering = scattering_of(material, numbers, model, chosen, absorption)
        spectrum = phonon_spectrum(scattering, temperature_T)
        values = spectrum.conductivity_T
        assumptions |= _about_phonons(material, model, chosen, scattering)
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
        rows.append(np.imag(conductivity_of(material, moved, temperature_T, model, form, chosen)) / STEP)
    return np.array(rows).reshape(len(parameters), len(temperature_T))


def conductivity_of(
    material: Material,
    numbers: Numbers,
    temperature_T: Array,
    model: str,
    form: str,
    channels: Collection[str] | None,
) -> Array:
    """Return the conductivity alone, with other numbers than the material's, real or complex [W/(m K)].

    Args:
        material: the glass, which says which measure and which constants there are.
        numbers: the numbers to use, in the units of the file.
        temperature_T: temperatures [K].
        model: how phonons are scattered.
        form: prefactor of the closed formula of Karpov and Parshin.
        channels: what scatters.
    """
    if isinstance(material, KarpovParshinMaterial) and model == "closed":
        return karpov_parshin_closed(numbers, temperature_T, form=form)
    chosen = parse_channels(channels, available_channels(material, model))
    return phonon_spectrum(scattering_of(material, numbers, model, chosen), temperature_T).conductivity_T


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


def available_channels(material: Material, model: str) -> tuple[Channel, ...]:
    """Return the channels that a model and the constants of a glass allow.

    Args:
        material: the glass.
        model: how phonons are scattered.
    """
    if model == "two-region" or isinstance(material, KarpovParshinMaterial):
        return TWO_REGION_CHANNELS
    return later_form_channels(material_numbers(material))


def scattering_of(
    material: Material,
    numbers: Numbers,
    model: str,
    channels: Collection[Channel],
    absorption: Absorption | None = None,
) -> Scattering:
    """Return the scattering of phonons in a glass.

    Args:
        material: the glass.
        numbers: its numbers, or others.
        model: how phonons are scattered.
        channels: what scatters.
        absorption: table of the exact model; the production table where absent.

    Raises:
        InputError: the exact model is asked for with the measure of Karpov and Parshin.
    """
    if isinstance(material, KarpovParshinMaterial):
        if model == "exact":
            raise InputError(f"{material.name}: the exact model is for potentials uniform in (D1, D2), [material]")
        return karpov_parshin_scattering(numbers, karpov_parshin_glass(numbers), channels)
    if model == "exact":
        return exact_scattering(numbers, channels, absorption or production_absorption())
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


def _about_form(material: Material, model: str, form: str) -> str:
    if isinstance(material, KarpovParshinMaterial) and model == "closed":
        factor = "3/(8 pi), as derived" if form == "derived" else "1/(24 pi), as printed: nine times too small"
        return f"prefactor of the conductivity limited by tunnelling systems: {factor}"
    return "no formula of this model has two forms: derived and printed are the same"


def _about_closed_range(material: KarpovParshinMaterial) -> str:
    kelvin = material.glass.W / BOLTZMANN
    return (
        f"tunnelling systems below W/e = {kelvin / np.e:.4g} K; phonons below W joined with those above from W = "
        f"{kelvin:.4g} K on, meant for T >> W; no formula between"
    )


def _about_phonons(
    material: Material, model: str, channels: Sequence[Channel], scattering: Scattering
) -> dict[str, str]:
    """What was assumed of the phonons, in words."""
    kelvin = {branch: float(np.real(end)) * HBAR / BOLTZMANN for branch, end in scattering.ends.items()}
    words = {
        "phonons": "omega = v k; those above "
        + ", ".join(f"{kelvin[s]:.4g} K ({s})" for s in BRANCHES)
        + " are left out and nothing replaces them (the least of the Debye temperature, where given, and of the "
        "frequency at which vibrations shorten the path to v/omega, or W in a region that ends there)",
        "mu": f"omega^4 law times {material.mu:g}",
    }
    if isinstance(material, KarpovParshinMaterial):
        words["measure"] = (
            f"uniform (eta, t); W = {material.glass.W / BOLTZMANN:.4g} K, eta_L = {material.glass.eta_L:.4g}"
        )
    else:
        words["measure"] = "uniform (D1, D2)"
        if model != "two-region":
            words |= _about_relaxation(material, channels)
        if model == "exact":
            words["closed"] = "resonant absorption from all levels, no join; specific heat still in closed form"
    if model == "two-region":
        words["join"] = "the regions meet at hbar omega = W with a jump; the conductivity moves in proportion to it"
    return words


def _about_relaxation(material: GlassMaterial, channels: Sequence[Channel]) -> dict[str, str]:
    words = {
        "closed": "between their ranges, near hbar omega = W and for k_B T > W/4, the closed absorptions add up to too "
        "little, by a factor of up to two to four"
    }
    if np.isnan(material.tau_0):
        words["tau_0"] = f"hbar/W = {HBAR / (material.W * BOLTZMANN):.3g} s"
    if Channel.RELAXATION not in channels:
        known = not (np.isnan(material.lambda_l) and np.isnan(material.lambda_t))
        words["relaxation"] = "left out by choice" if known else "left out: it needs lambda_l or lambda_t"
    return words
