"""All transport corrections of one metal at once, with what limits their validity beside every number. In SI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.excitations import conductivity_correction as electrical
from analysis.excitations import heat_transport_correction as heat
from analysis.excitations.thermopower import thermopower, thermopower_at_low_temperature
from analysis.excitations.transport_kernels import Part, one_sided_factor, ratio_factor, ratio_sensitivity
from analysis.excitations.transport_temperature import TransportTemperature
from analysis.thermal.kappa import check_temperatures
from atomsim.errors import InputError
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, HBAR

LARGEST_RATIO = 0.3  # of T/T_0: beyond, the two halves of the integral differ by more than the correction of T_0
SMALL = 0.1  # what must be << 1 is said to be so below this


@dataclass(frozen=True)
class Metal:
    """What the transport corrections need to know of a metal; NaN is not known."""

    t0: TransportTemperature
    diffusivity: float = quantity("m^2/s", "of the electrons, D")
    screening: float = quantity("1/m", "inverse screening length kappa", default=float("nan"))
    relaxation_time: float = quantity("s", "elastic relaxation time of the electrons, tau", default=float("nan"))
    resistivity: float = quantity("Ohm m", "measured resistivity", default=float("nan"))
    normalisation: str = quantity("text", "of the thermal conductivity: consistent or printed", default="consistent")

    def __post_init__(self) -> None:
        """Refuse numbers that are given and not positive."""
        for name in ("diffusivity", "screening", "relaxation_time", "resistivity"):
            value = getattr(self, name)
            known = name == "diffusivity" or not np.isnan(value)
            if known and not (np.isfinite(value) and value > 0):
                raise InputError(f"{name} = {value}: expected a positive number")
        heat.normalisation_factor(self.normalisation)


@dataclass(frozen=True)
class TransportResult:
    """Corrections by interference of the interaction of electrons with their scattering by concentration excitations.

    NaN where a number is not known. ``flags`` holds, for each temperature, what puts its numbers outside the theory.
    """

    metal: Metal
    temperature_T: Array = quantity("K", "temperatures")
    delta_kappa_T: Array = quantity("W/(m K)", "correction to the thermal conductivity")
    delta_kappa_error_T: Array = quantity("W/(m K)", "its standard error from that of T_0")
    wiedemann_franz_T: Array = quantity("W/(m K)", "part that is the image of the electrical correction")
    violating_T: Array = quantity("W/(m K)", "part that violates the law of Wiedemann and Franz")
    subtracted_T: Array = quantity("W/(m K)", "what the regularisation left out")
    bare_kappa_T: Array = quantity("W/(m K)", "the correction if the interaction were not screened")
    printed_kappa_T: Array = quantity("W/(m K)", "the formulas of the paper, each in its range")
    delta_sigma_T: Array = quantity("S/m", "correction to the electrical conductivity")
    printed_sigma_T: Array = quantity("S/m", "the same as printed")
    delta_nu_T: Array = quantity("1/(J m^3)", "correction to the density of states")
    printed_nu_T: Array = quantity("1/(J m^3)", "the same as printed")
    delta_heat_T: Array = quantity("J/(m^3 K)", "correction to the heat from the density of states")
    free_energy_heat_T: Array = quantity(
        "J/(m^3 K)", "correction to the heat from the free energy, without excitations"
    )
    printed_heat_T: Array = quantity("J/(m^3 K^2)", "correction to the heat as printed, a factor T missing")
    thermopower_T: Array = quantity("V/K", "thermopower, without sign")
    linear_thermopower_T: Array = quantity("V/K", "its limit at low temperature")
    electron_kappa_T: Array = quantity("W/(m K)", "L_0 T/rho of the measured resistivity")
    flags: tuple[tuple[str, ...], ...] = quantity("text", "what is outside the theory, for each temperature")

    @property
    def relative_sigma_T(self) -> Array:
        """Return the correction over the measured conductivity, NaN without a resistivity [-]."""
        return self.delta_sigma_T * self.metal.resistivity

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what was chosen and what could not be checked, in words."""
        t0, metal = self.metal.t0, self.metal
        error = f" +- {t0.error:.2g}" if np.isfinite(t0.error) else ""
        found = [f"T_0 = {t0.value:.4g}{error} K: {t0.source}"]
        if np.isnan(metal.screening):
            found.append("no screening given: T << hbar D kappa^2/k_B is not checked")
        if np.isnan(metal.relaxation_time):
            found.append("no relaxation time given: k_B T tau/hbar << 1 is not checked and there is no thermopower")
        if np.isnan(metal.resistivity):
            found.append("no resistivity given: nothing to compare the corrections with")
        found.append("the part that violates the law of Wiedemann and Franz is not established physics")
        return tuple(found)


def transport(metal: Metal, temperatures: ArrayLike) -> TransportResult:
    """Return all corrections at given temperatures, derived and printed.

    Source: egorushkin-melnikova-1993a (2.14); test: test_transport_collects_the_formulas

    Args:
        metal: the metal.
        temperatures: ascending [K].

    Raises:
        InputError: temperatures that cannot be.
    """
    T = check_temperatures(temperatures)
    nothing = np.full_like(T, np.nan)
    D, t0, kappa, tau = metal.diffusivity, metal.t0.value, metal.screening, metal.relaxation_time
    screened, timed = not np.isnan(kappa), not np.isnan(tau)
    parts = {
        part: heat.heat_transport_correction(T, diffusivity=D, t0=t0, normalisation=metal.normalisation, part=part)
        for part in (Part.WHOLE, Part.WIEDEMANN_FRANZ, Part.VIOLATING)
    }
    printed, bare, subtracted = heat.printed_low(T, diffusivity=D, t0=t0), nothing, nothing
    if screened:
        printed = heat.printed_regimes(T, diffusivity=D, t0=t0, screening=kappa)
        bare = heat.bare_interaction_correction(
            T, diffusivity=D, t0=t0, screening=kappa, normalisation=metal.normalisation
        )
        subtracted = heat.subtracted_conductivity(T, screening=kappa, t0=t0, normalisation=metal.normalisation)
    return TransportResult(
        metal=metal,
        temperature_T=T,
        delta_kappa_T=parts[Part.WHOLE],
        delta_kappa_error_T=np.abs(parts[Part.WHOLE]) * ratio_sensitivity(T / t0) * metal.t0.error / t0,
        wiedemann_franz_T=parts[Part.WIEDEMANN_FRANZ],
        violating_T=parts[Part.VIOLATING],
        subtracted_T=subtracted,
        bare_kappa_T=bare,
        printed_kappa_T=printed,
        delta_sigma_T=electrical.conductivity_correction(T, diffusivity=D, t0=t0),
        printed_sigma_T=electrical.conductivity_correction(T, diffusivity=D, t0=t0, form="printed"),
        delta_nu_T=electrical.density_of_states_correction(T, diffusivity=D, t0=t0),
        printed_nu_T=electrical.density_of_states_correction(T, diffusivity=D, t0=t0, form="printed"),
        delta_heat_T=electrical.heat_correction_from_density(T, diffusivity=D, t0=t0),
        free_energy_heat_T=electrical.heat_correction(T, diffusivity=D),
        printed_heat_T=electrical.heat_correction_from_density(T, diffusivity=D, t0=t0, form="printed"),
        thermopower_T=thermopower(T, tau) if timed else nothing,
        linear_thermopower_T=thermopower_at_low_temperature(T, tau) if timed else nothing,
        electron_kappa_T=(
            nothing if np.isnan(metal.resistivity) else heat.wiedemann_franz_conductivity(T, metal.resistivity)
        ),
        flags=tuple(validity_flags(float(value), metal) for value in T),
    )


def validity_flags(temperature: float, metal: Metal) -> tuple[str, ...]:
    """Return what puts the numbers of one temperature outside the theory, in words; none where nothing does.

    Source: egorushkin-melnikova-1993a (2.12); test: test_flags_name_every_limit

    Args:
        temperature: temperature [K].
        metal: the metal.
    """
    ratio = temperature / metal.t0.value
    found = []
    if ratio >= LARGEST_RATIO:
        spread = float(one_sided_factor(ratio) / ratio_factor(ratio) - 1)
        found.append(
            f"T/T_0 = {ratio:.3g} is outside the theory ({LARGEST_RATIO:g} at most): the response is not real in time, "
            f"its two halves differ by {200 * spread:.0f} %"
        )
    if ratio > 1:
        found.append("T > T_0: the diffusion mode is underdamped")
    collisions = BOLTZMANN * temperature * metal.relaxation_time / HBAR
    if collisions >= SMALL:
        found.append(f"k_B T tau/hbar = {collisions:.3g} is not << 1: the electrons do not diffuse")
    if not np.isnan(metal.screening):
        share = temperature / heat.screening_temperature(diffusivity=metal.diffusivity, screening=metal.screening)
        if share >= SMALL:
            found.append(f"k_B T/(hbar D kappa^2) = {share:.3g} is not << 1: the interaction is not screened")
        if share * ratio >= SMALL:
            found.append(
                f"(T/T_0) k_B T/(hbar D kappa^2) = {share * ratio:.3g} is not << 1: screening fails on the turned pole"
            )
    relative = float(electrical.conductivity_correction(temperature, diffusivity=metal.diffusivity, t0=metal.t0.value))
    if relative * metal.resistivity >= SMALL:
        found.append(f"delta sigma/sigma = {relative * metal.resistivity:.3g} is not << 1: no small correction")
    return tuple(found)
