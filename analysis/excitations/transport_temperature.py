"""The temperature T_0 that enters the transport corrections. The printed formula is none; what takes its place.

Three mappings, each a choice of model: the energy scale of the fitted soft potentials, a reference scaled with the
square of a limiting frequency (the only thing that the printed formula fixes), or a number of the user.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Estimate, quantity
from atomsim.units import BOLTZMANN, HBAR, Material

if TYPE_CHECKING:
    from analysis.study.results import WholeStudy


@dataclass(frozen=True)
class TransportTemperature:
    """T_0 with its standard error and, in words, where it comes from."""

    value: float = quantity("K", "T_0")
    error: float = quantity("K", "its standard error, NaN where none is known")
    source: str = quantity("text", "the mapping")

    def __post_init__(self) -> None:
        """Refuse a temperature that is not positive."""
        if not (np.isfinite(self.value) and self.value > 0):
            raise InputError(f"T_0 = {self.value} K ({self.source}): expected a positive temperature")


def given_temperature(value: float) -> TransportTemperature:
    """Return the T_0 that the user gives (mapping C).

    Args:
        value: T_0 [K].
    """
    return TransportTemperature(value, float("nan"), "given by the user")


def temperature_of_scale(
    scale: Estimate, material: Material, *, factor: float = 1.0, origin: str = "the study"
) -> TransportTemperature:
    """Return T_0 = xi W/k_B from the fitted energy scale of soft potentials, with its error (mapping A).

    A choice of model: nothing in the theory says that concentration excitations have the scale W. It is of the size
    that the paper quotes, 1 K to 5 K.

    Source: egorushkin-melnikova-1993a (T_0); test: test_temperature_of_a_study_is_its_energy_scale

    Args:
        scale: W in reduced units.
        material: the scales of the reduced units.
        factor: xi [-].
        origin: whose soft modes, in words.

    Raises:
        IllPosedFit: there is no energy scale.
    """
    _require_scale(scale, origin)
    unit = factor * material.epsilon / BOLTZMANN
    source = (
        f"T_0 = {factor:g} W/k_B, W fitted to the soft modes of {origin} with the scales of {material.name}: a choice "
        "of model"
    )
    return TransportTemperature(scale.value * unit, scale.error * unit, source)


def temperature_of_soft_potentials(study: WholeStudy, *, factor: float = 1.0) -> TransportTemperature:
    """Return T_0 = xi W/k_B of a finished study, with its error (mapping A).

    Source: egorushkin-melnikova-1993a (T_0); test: test_temperature_of_a_study_is_its_energy_scale

    Args:
        study: a finished study.
        factor: xi [-].

    Raises:
        IllPosedFit: the study has no energy scale.
    """
    return temperature_of_scale(study.parameters.W, study.material, factor=factor, origin=f"study {study.name!r}")


def scaled_temperature_of_energy(
    energy: Estimate, material: Material, *, reference_frequency: float, reference_temperature: float, reference: str
) -> TransportTemperature:
    """Return T_0 = T_ref (omega_0/omega_ref)^2 with hbar omega_0 a computed energy, and its error (mapping B).

    Source: egorushkin-melnikova-1993a (T_0); test: test_temperature_of_an_energy_is_that_of_its_frequency

    Args:
        energy: W, or the top of the stable band of concentration excitations, in reduced units.
        material: the scales of the reduced units.
        reference_frequency: limiting frequency of the reference, angular [rad/s].
        reference_temperature: T_0 of the reference [K].
        reference: what the reference is, in words.

    Raises:
        IllPosedFit: the energy is not known.
    """
    _require_scale(energy, "the study")
    unit = material.epsilon / HBAR
    return scaled_temperature(
        energy.value * unit, reference_frequency=reference_frequency, reference_temperature=reference_temperature,
        reference=reference, error=energy.error * unit,
    )  # fmt: skip


def _require_scale(energy: Estimate, origin: str) -> None:
    if not (np.isfinite(energy.value) and energy.value > 0):
        raise IllPosedFit(f"{origin} gives no T_0: W: {energy.note or 'not positive'}", energy)


def scaled_temperature(
    frequency: float, *, reference_frequency: float, reference_temperature: float, reference: str, error: float = 0.0
) -> TransportTemperature:
    """Return T_0 = T_ref (omega_0/omega_ref)^2 (mapping B), with the error of the frequency.

    The square is all that can be taken from the printed formula. omega_0 is W/hbar or the top of the stable band of
    concentration excitations; hbar omega_0/k_B itself, tens to hundreds of kelvin, is not T_0.

    Source: egorushkin-melnikova-1993a (T_0); test: test_scaled_temperature_goes_with_the_square_of_the_frequency

    Args:
        frequency: limiting frequency omega_0, angular [rad/s].
        reference_frequency: the same for the reference, angular [rad/s].
        reference_temperature: T_0 of the reference [K].
        reference: what the reference is, in words.
        error: standard error of omega_0 [rad/s].

    Raises:
        InputError: frequencies that are not positive.
    """
    for name, value in (("frequency", frequency), ("reference_frequency", reference_frequency)):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value} rad/s: expected a positive number")
    value = reference_temperature * (frequency / reference_frequency) ** 2
    source = f"T_0 of {reference} times (omega_0/omega_ref)^2: a choice of model"
    return TransportTemperature(value, 2 * value * error / frequency, source)


def printed_dimension(
    mass_exponent: float, *, with_screening: bool = True, with_density: bool = False
) -> tuple[float, float]:
    """Return the powers of energy and length in the printed formula for T_0, for an exponent of 2m [-, -].

    16 (2 pi)^3 [mu_0^2 + 1/4 tau^2]^{3/4} omega_0^2/{15.45 mu_0 kappa Delta^2 (2m)^p c(1 - c) |mu|}, hbar = 1. No p
    makes it an energy; p = 3/2 does with the density of the Green function in the numerator and without kappa.

    Source: egorushkin-melnikova-1993a (T_0); test: test_printed_temperature_has_no_dimension_of_one

    Args:
        mass_exponent: p, which cannot be read in the scan [-].
        with_screening: kappa stands in the denominator, as printed.
        with_density: the number density stands in the numerator.
    """
    # energy: 3/2 of the bracket, 2 of omega_0^2, less mu_0, Delta^2, mu; the mass is 1/(energy length^2)
    energy = 1.5 + 2 - 1 - 2 - 1 + mass_exponent
    length = 2 * mass_exponent + (1 if with_screening else 0) - (3 if with_density else 0)
    return energy, length
