"""Coulomb correction to the thermal conductivity of electrons scattered by concentration excitations. In SI.

The printed master integral is 4 pi too large when its weights are set to one and it is compared with the electrical
correction: "consistent" divides by that, "printed" does not. The sign and size of the part that violates the law of
Wiedemann and Franz rest on the printed integral; later theory finds that heat carried by the interaction adds to the
conductivity, so that this part is not established.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from analysis.excitations.conductivity_correction import ELECTRON_CHARGE
from analysis.excitations.transport_kernels import (
    UNSCREENED_WEIGHT,
    Part,
    printed_ratio_factor,
    ratio_factor,
    screened_coefficient,
    subtracted_piece,
)
from atomsim.errors import InputError, nearest
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

NORMALISATIONS = {"consistent": 1 / (4 * np.pi), "printed": 1.0}
LORENZ_NUMBER = np.pi**2 / 3 * (BOLTZMANN / ELECTRON_CHARGE) ** 2  # [W Ohm/K^2]
PRINTED_WEIGHT = 1.83  # of the two formulas with a bare interaction
PRINTED_LOW = 5 * np.sqrt(2) * float(special.gamma(2.5) * special.zeta(2.5)) / (36 * np.pi**2)
UNSCREENED = 5 * np.sqrt(2) * UNSCREENED_WEIGHT / (48 * np.pi)


def coefficient(*, normalisation: str = "consistent", part: Part = Part.WHOLE) -> float:
    """Return c of the correction c k_B (k_B T/hbar)^{3/2} D^{-1/2} at r = 0 [-].

    1.054789 as printed, 0.0839374 consistent: 0.1016824 of the law of Wiedemann and Franz and -0.0177450 against it.

    Source: egorushkin-melnikova-1993a (2.14); test: test_constants_of_transport

    Args:
        normalisation: ``"consistent"`` or ``"printed"``.
        part: which part of it.
    """
    return screened_coefficient(part) * normalisation_factor(normalisation)


def normalisation_factor(normalisation: str) -> float:
    """Return what the printed master integral is multiplied by, 1/(4 pi) or one [-].

    Source: egorushkin-melnikova-1993a (2.14); test: test_constants_of_transport

    Args:
        normalisation: ``"consistent"`` or ``"printed"``.

    Raises:
        InputError: another name.
    """
    if normalisation not in NORMALISATIONS:
        raise InputError(
            f"unknown normalisation {normalisation!r}{nearest(normalisation, NORMALISATIONS)}; known: "
            f"{', '.join(NORMALISATIONS)}"
        )
    return NORMALISATIONS[normalisation]


def heat_transport_correction(
    temperature: ArrayLike,
    *,
    diffusivity: float,
    t0: float = np.inf,
    normalisation: str = "consistent",
    part: Part = Part.WHOLE,
) -> Array:
    """Return the correction to the thermal conductivity for perfect screening, any r = T/T_0 [W/(m K)].

    c k_B (k_B T/hbar)^{3/2} D^{-1/2} (1 + r^2)^{-1/4} cos(1/2 arctan r), of the integral with the constant of its
    energy kernel subtracted. For k_B T tau/hbar << 1 and T << D kappa^2; r beyond 0.3 is outside the theory.

    Source: egorushkin-melnikova-1993a (2.14); test: test_closed_form_agrees_with_the_integral

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        t0: T_0, infinite without concentration excitations [K].
        normalisation: ``"consistent"`` or ``"printed"``.
        part: the whole, its image of the electrical correction, or the rest.
    """
    ratio = np.asarray(temperature, dtype=float) / t0
    return (
        coefficient(normalisation=normalisation, part=part) * low_scale(temperature, diffusivity) * ratio_factor(ratio)
    )


def subtracted_conductivity(
    temperature: ArrayLike, *, screening: float, t0: float = np.inf, normalisation: str = "consistent"
) -> Array:
    """Return what the regularisation leaves out, -(14 pi/27) k_B kappa (k_B T/hbar)/(1 + r^2) [W/(m K)].

    Source: egorushkin-melnikova-1993a (2.14); test: test_subtracted_piece_is_recovered_from_the_full_integral

    Args:
        temperature: temperature [K].
        screening: kappa [1/m].
        t0: T_0 [K].
        normalisation: ``"consistent"`` or ``"printed"``.
    """
    T = np.asarray(temperature, dtype=float)
    scale = BOLTZMANN * screening * BOLTZMANN * T / HBAR
    return normalisation_factor(normalisation) * subtracted_piece(T / t0, 1.0) * scale


def bare_interaction_correction(
    temperature: ArrayLike, *, diffusivity: float, screening: float, t0: float, normalisation: str = "consistent"
) -> Array:
    """Return the correction for an interaction that is not screened, T T/T_0 >> D kappa^2 [W/(m K)].

    -(5 2^{1/2} K/48 pi) k_B kappa^2 D^{1/2} (k_B T/hbar)^{1/2} (1 + r^2)^{-3/4} cos(3/2 arctan r), K = 16.861720. It is
    negative for r < 3^{1/2} and tends to (5K/48 pi) k_B kappa^2 D^{1/2} (k_B T_0/hbar)^{1/2} T_0/T. For the numbers of
    the paper D kappa^2 is 2e5 K, so that this regime is not the one of its 1 K to 10 K.

    Source: egorushkin-melnikova-1993a (2.15b), (2.15c); test: test_bare_interaction_is_the_limit_of_weak_screening

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
        t0: T_0 [K].
        normalisation: ``"consistent"`` or ``"printed"``.
    """
    ratio = np.asarray(temperature, dtype=float) / t0
    scale = middle_scale(temperature, diffusivity=diffusivity, screening=screening)
    return -normalisation_factor(normalisation) * UNSCREENED * scale * ratio_factor(ratio, power=1.5)


def printed_low(temperature: ArrayLike, *, diffusivity: float, t0: float, exponent: float = 0.25) -> Array:
    """Return the paper's formula for T << T_0 [W/(m K)].

    5 2^{1/2} Gamma(5/2) zeta(5/2)/(36 pi^2) T^{3/2} D^{-1/2} (1 + r^2)^{-m}, 0.0354900. The power of two is restored:
    with it the formula is -1/(2 pi) times the part of the printed integral that violates the law of Wiedemann and
    Franz, identically. The larger part is left out.

    Source: egorushkin-melnikova-1993a (2.15a); test: test_printed_low_is_the_violating_part_with_the_other_sign

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        t0: T_0 [K].
        exponent: m, which cannot be read in the scan [-].
    """
    ratio = np.asarray(temperature, dtype=float) / t0
    return PRINTED_LOW * low_scale(temperature, diffusivity) * printed_ratio_factor(ratio, exponent=exponent)


def printed_middle(temperature: ArrayLike, *, diffusivity: float, screening: float) -> Array:
    """Return the paper's formula for T_0 <= T <= 10 T_0, its powers of T and D repaired [W/(m K)].

    1.83 2^{3/2} pi Gamma(1/2)/24 kappa^2 D^{1/2} T^{1/2}. Printed with T^{3/2} D^{3/2}, which is no conductivity and
    contradicts its own estimate.

    Source: egorushkin-melnikova-1993a (2.15b); test: test_printed_regimes_beside_derived_ones

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
    """
    number = PRINTED_WEIGHT * 2**1.5 * np.pi * np.sqrt(np.pi) / 24
    return number * middle_scale(temperature, diffusivity=diffusivity, screening=screening)


def printed_high(temperature: ArrayLike, *, diffusivity: float, screening: float, t0: float) -> Array:
    """Return the paper's formula for T >> T_0, 1.83 pi Gamma(1/2)/12 kappa^2 D^{1/2} T_0^{3/2}/T [W/(m K)].

    Its number is 0.849; the integral without screening gives 0.559 as printed.

    Source: egorushkin-melnikova-1993a (2.15c); test: test_printed_regimes_beside_derived_ones

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
        t0: T_0 [K].
    """
    number = PRINTED_WEIGHT * np.pi * np.sqrt(np.pi) / 12
    return number * high_scale(temperature, diffusivity=diffusivity, screening=screening, t0=t0)


def low_scale(temperature: ArrayLike, diffusivity: float) -> Array:
    """Return the estimate for T << T_0, (k_B/hbar)^{3/2} k_B T^{3/2} D^{-1/2} [W/(m K)].

    Source: egorushkin-melnikova-1993a (estimates); test: test_printed_regimes_beside_derived_ones

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
    """
    _check(diffusivity=diffusivity)
    return BOLTZMANN * (BOLTZMANN * np.asarray(temperature, dtype=float) / HBAR) ** 1.5 / np.sqrt(diffusivity)


def middle_scale(temperature: ArrayLike, *, diffusivity: float, screening: float) -> Array:
    """Return the estimate for T_0 <= T <= 10 T_0, (k_B/hbar) kappa^2 (hbar D)^{1/2} (k_B T)^{1/2} [W/(m K)].

    Source: egorushkin-melnikova-1993a (estimates); test: test_printed_regimes_beside_derived_ones

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
    """
    _check(diffusivity=diffusivity, screening=screening)
    thermal = BOLTZMANN * np.asarray(temperature, dtype=float)
    return BOLTZMANN * screening**2 * np.sqrt(diffusivity * thermal / HBAR)


def high_scale(temperature: ArrayLike, *, diffusivity: float, screening: float, t0: float) -> Array:
    """Return the estimate for T >> T_0, (k_B/hbar) kappa^2 (hbar D)^{1/2} (k_B T_0)^{3/2}/(k_B T) [W/(m K)].

    Source: egorushkin-melnikova-1993a (estimates); test: test_printed_regimes_beside_derived_ones

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
        t0: T_0 [K].
    """
    _check(t0=t0)
    return middle_scale(t0, diffusivity=diffusivity, screening=screening) * t0 / np.asarray(temperature, dtype=float)


def printed_regimes(temperature: ArrayLike, *, diffusivity: float, screening: float, t0: float) -> Array:
    """Return the paper's three formulas, each where the paper uses it: below T_0, up to 10 T_0, beyond [W/(m K)].

    They do not join: the second lies above the first by D kappa^2/T_0.

    Source: egorushkin-melnikova-1993a (2.15a), (2.15b), (2.15c); test: test_printed_regimes_beside_derived_ones

    Args:
        temperature: temperature [K].
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
        t0: T_0 [K].
    """
    T = np.asarray(temperature, dtype=float)
    low = printed_low(T, diffusivity=diffusivity, t0=t0)
    middle = printed_middle(T, diffusivity=diffusivity, screening=screening)
    high = printed_high(T, diffusivity=diffusivity, screening=screening, t0=t0)
    return np.where(t0 > T, low, np.where(10 * t0 >= T, middle, high))


def wiedemann_franz_conductivity(temperature: ArrayLike, resistivity: float) -> Array:
    """Return L_0 T/rho, the heat that the electrons carry without any correction [W/(m K)].

    Source: egorushkin-melnikova-1993a (2.4), (2.8); test: test_lorenz_number_follows_from_the_kinetic_equation

    Args:
        temperature: temperature [K].
        resistivity: measured resistivity [Ohm m].
    """
    _check(resistivity=resistivity)
    return LORENZ_NUMBER * np.asarray(temperature, dtype=float) / resistivity


def screening_temperature(*, diffusivity: float, screening: float) -> float:
    """Return hbar D kappa^2/k_B [K], far below which the interaction is screened.

    Args:
        diffusivity: of the electrons, D [m^2/s].
        screening: kappa [1/m].
    """
    _check(diffusivity=diffusivity, screening=screening)
    return HBAR * diffusivity * screening**2 / BOLTZMANN


UNITS = {"diffusivity": "m^2/s", "screening": "1/m", "t0": "K", "resistivity": "Ohm m"}


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value} {UNITS[name]}: expected a positive number")
