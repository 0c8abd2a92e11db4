"""Coulomb corrections to the electrical conductivity, the density of states and the heat of the electrons. In SI.

Perfect screening throughout. "printed" is the paper's form, "derived" the one that follows from the diffusion ladder;
the part of the interaction with non-zero spin is not in the paper.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.excitations.transport_kernels import (
    SCREENED_WEIGHT,
    ZETA_HALF,
    ZETA_MINUS_THREE_HALVES,
    Part,
    printed_ratio_factor,
    ratio_factor,
    screened_coefficient,
)
from atomsim.errors import InputError, nearest
from atomsim.results import Array
from atomsim.units import BOLTZMANN, ELECTRON_VOLT, HBAR

FORMS = ("derived", "printed")
ELECTRON_CHARGE = ELECTRON_VOLT  # one volt times this charge is that energy [C]
SINGLET = 4 / 3  # weight of the part of the interaction with spin zero, in units of which the corrections are given
NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)

# Coefficients in units of (T/D)^{1/2} (conductivity over e^2), T^{1/2}/D^{3/2} (density of states), (T/D)^{3/2} (heat).
CONDUCTIVITY = {"derived": screened_coefficient(Part.ELECTRICAL) / (4 * np.pi), "printed": 2.5 * np.sqrt(2) / 6}
DENSITY = {"derived": SCREENED_WEIGHT / (4 * np.sqrt(2) * np.pi**2), "printed": 2.6 / (np.sqrt(2) * np.pi**2)}
DENSITY_AT_FERMI_LEVEL = -(1 - 2**-0.5) * ZETA_HALF / (2 * np.pi**1.5)
DENSITY_OF_ENERGY = 1 / (4 * np.sqrt(2) * np.pi**2)
HEAT = -15 / 4 * np.sqrt(2 * np.pi) * ZETA_MINUS_THREE_HALVES / 3


def conductivity_correction(
    temperature: ArrayLike,
    *,
    diffusivity: float,
    t0: float = np.inf,
    form: str = "derived",
    triplet: float = 0.0,
    exponent: float = 0.25,
) -> Array:
    """Return the correction to the electrical conductivity [S/m].

    F_0 2^{1/2}/(12 pi^2) (e^2/hbar)(k_B T/hbar D)^{1/2} (1 + r^2)^{-1/4} cos(1/2 arctan r), 0.0309077 at r = T/T_0 = 0.
    The paper has 2.5 2^{1/2}/6, which is 2 pi^2 times that with 2.5 for F_0 = 2.588: the measure of the integral over
    the wave vector is missing. For k_B T tau/hbar << 1 and T << D kappa^2.

    Source: egorushkin-melnikova-1993a (conductivity); test: test_electrical_corrections_printed_and_derived

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        t0: T_0, infinite without concentration excitations [K].
        form: ``"derived"`` or ``"printed"``.
        triplet: constant F of the interaction with spin one, of which 3F/2 is taken from 4/3 in the derived form [-].
        exponent: m of the printed form [-].
    """
    thermal = _thermal(temperature, diffusivity, t0, form)
    weight = 1.0 if form == "printed" else (SINGLET - 1.5 * triplet) / SINGLET
    scale = ELECTRON_CHARGE**2 / HBAR * np.sqrt(thermal / (HBAR * diffusivity))
    return weight * CONDUCTIVITY[form] * scale * _factor(temperature, t0, form, exponent)


def density_of_states_correction(
    temperature: ArrayLike, *, diffusivity: float, t0: float = np.inf, form: str = "derived", exponent: float = 0.25
) -> Array:
    """Return the correction to the tunnelling density of states, averaged over -df/dE [1/(J m^3)].

    F_0/(4 2^{1/2} pi^2) (k_B T)^{1/2}/(hbar D)^{3/2}, 0.0463613, relative to E = T = 0; the same pole as in the
    conductivity gives the same factor of r. The paper has 2.6/(2^{1/2} pi^2), four times that with 2.6 for F_0.

    Source: egorushkin-melnikova-1993a (density of states); test: test_density_of_states_averages_to_its_closed_form

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        t0: T_0, infinite without concentration excitations [K].
        form: ``"derived"`` or ``"printed"``.
        exponent: m of the printed form [-].
    """
    thermal = _thermal(temperature, diffusivity, t0, form)
    scale = np.sqrt(thermal) / (HBAR * diffusivity) ** 1.5
    return DENSITY[form] * scale * _factor(temperature, t0, form, exponent)


def density_of_states_at(energy: ArrayLike, temperature: float, *, diffusivity: float) -> Array:
    """Return the correction to the tunnelling density of states at one energy, without excitations [1/(J m^3)].

    (hbar D)^{-3/2}/(4 2^{1/2} pi^2) int_0^inf dw w^{-1/2} {1 - [tanh((w + E)/2T) + tanh((w - E)/2T)]/2}, relative to
    E = T = 0: |E|^{1/2}/(2 2^{1/2} pi^2) at T = 0, 0.0384072 T^{1/2} at E = 0.

    Source: egorushkin-melnikova-1993a (density of states); test: test_density_of_states_averages_to_its_closed_form

    Args:
        energy: energy from the Fermi level [J].
        temperature: temperature, zero or positive [K].
        diffusivity: of the electrons, D [m^2/s].
    """
    E = np.abs(np.asarray(energy, dtype=float))
    scale = DENSITY_OF_ENERGY / (HBAR * diffusivity) ** 1.5
    thermal = BOLTZMANN * temperature
    if thermal == 0:
        return 2 * scale * np.sqrt(E)
    reduced = E[..., None] / thermal
    # the bracket falls from one to zero around w = E, and is even and smooth in w^{1/2}
    edges = np.sqrt(np.concatenate([np.zeros_like(reduced), np.maximum(reduced - 40, 0), reduced, reduced + 40], -1))
    half = np.diff(edges)[..., None] / 2
    u = edges[..., :-1, None] + half * (1 + NODES)
    bracket = fermi_bracket(u**2, reduced[..., None])
    return scale * np.sqrt(thermal) * 2 * (half * bracket * WEIGHTS).sum(axis=(-2, -1))


def fermi_bracket(w: Array, e: Array) -> Array:
    """Return 1 - [tanh((w + e)/2) + tanh((w - e)/2)]/2, the sum of two Fermi functions [-].

    Args:
        w: energy exchanged over k_B T [-].
        e: energy of the electron over k_B T [-].
    """
    return (1 - np.tanh((w + e) / 2)) / 2 + (1 - np.tanh((w - e) / 2)) / 2


def heat_correction_from_density(
    temperature: ArrayLike, *, diffusivity: float, t0: float = np.inf, form: str = "derived", exponent: float = 0.25
) -> Array:
    """Return the correction to the heat of the electrons that the density of states would give [J/(m^3 K)].

    (pi^2/3) k_B^2 T delta nu. The paper prints it without T: that form is in J/(m^3 K^2). The tunnelling density of
    states does not give the true heat: see :func:`heat_correction`, about half of this.

    Source: egorushkin-melnikova-1993a (heat capacity); test: test_heat_corrections_printed_derived_and_thermodynamic

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        t0: T_0, infinite without concentration excitations [K].
        form: ``"derived"``, or ``"printed"`` [J/(m^3 K^2)].
        exponent: m of the printed form [-].
    """
    density = density_of_states_correction(temperature, diffusivity=diffusivity, t0=t0, form=form, exponent=exponent)
    factor = np.pi**2 / 3 * BOLTZMANN**2
    return factor * density * (1.0 if form == "printed" else np.asarray(temperature, dtype=float))


def heat_correction(temperature: ArrayLike, *, diffusivity: float) -> Array:
    """Return the correction to the heat of the electrons from the free energy, without excitations [J/(m^3 K)].

    -(15/4)(2 pi)^{1/2} zeta(-3/2)/3 k_B (k_B T/hbar D)^{3/2}, 0.0799: rings of the screened interaction.

    Source: egorushkin-melnikova-1993a (heat capacity); test: test_heat_corrections_printed_derived_and_thermodynamic

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
    """
    thermal = _thermal(temperature, diffusivity, np.inf, "derived")
    return HEAT * BOLTZMANN * (thermal / (HBAR * diffusivity)) ** 1.5


def _thermal(temperature: ArrayLike, diffusivity: float, t0: float, form: str) -> Array:
    """k_B T [J], after a look at everything."""
    if form not in FORMS:
        raise InputError(f"unknown form {form!r}{nearest(form, FORMS)}; known: {', '.join(FORMS)}")
    if not (np.isfinite(diffusivity) and diffusivity > 0):
        raise InputError(f"diffusivity = {diffusivity} m^2/s: expected a positive number")
    if not t0 > 0:
        raise InputError(f"t0 = {t0} K: expected a positive temperature")
    return BOLTZMANN * np.asarray(temperature, dtype=float)


def _factor(temperature: ArrayLike, t0: float, form: str, exponent: float) -> Array:
    ratio = np.asarray(temperature, dtype=float) / t0
    return printed_ratio_factor(ratio, exponent=exponent) if form == "printed" else ratio_factor(ratio)
