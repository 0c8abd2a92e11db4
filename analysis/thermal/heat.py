"""Specific heat of a glass from its constants: phonons, tunnelling systems and vibrations, at any temperature. In SI.

The closed laws hold on one side of k_B T = W each; here both kinds of excitation are summed over their densities of
states, which end where the laws behind them end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.thermal.closed_forms import VibrationRegion, vibration_density
from analysis.thermal.later_form import ioffe_regel_frequency, tunnelling_relaxation_rate
from analysis.thermal.materials import GlassMaterial, KarpovParshinMaterial, Material, numbers_of
from analysis.thermal.phonons import Medium, mode_heat_capacity
from analysis.thermal.scattering import couplings
from analysis.thermal.specific_heat import debye_specific_heat
from atomsim.results import Array
from atomsim.units import ANGSTROM, BOLTZMANN, HBAR

NODES = 200
LOWEST_ENERGY = 1e-6  # of the tunnelling systems, over k_B T
END_OF_LOGARITHM = np.exp(-1.0)  # tunnelling systems of Karpov and Parshin end at this share of W


@dataclass(frozen=True)
class HeatParts:
    """The specific heat by carrier [J/(m^3 K)]; NaN where the constants do not give it, and why."""

    debye_T: Array
    tunnelling_T: Array
    vibrations_T: Array
    assumptions: dict[str, str]


def specific_heat(material: Material, temperature_T: Array) -> HeatParts:
    """Return the specific heat of a glass by its carriers.

    Args:
        material: the glass.
        temperature_T: temperatures [K].
    """
    debye, words = phonon_specific_heat(material, temperature_T)
    if isinstance(material, KarpovParshinMaterial):
        tunnelling, vibrations, more = _karpov_parshin(material, temperature_T)
    else:
        tunnelling, vibrations, more = _later_form(material, temperature_T)
    return HeatParts(debye, tunnelling, vibrations, words | more)


def potential_density(material: GlassMaterial) -> float:
    """Return P_s = C W rho v^2/Lambda^2, the geometric mean of both polarisations; NaN without a coupling [1/m^3].

    Source: soft-potential-notes (tunnelling strength); test: test_missing_coupling_follows_from_the_strengths

    Args:
        material: the glass.
    """
    found = couplings({name: getattr(material, name) for name in numbers_of(material)})
    if found is None:
        return float("nan")
    strengths = (material.C_l * material.v_l**2, material.C_t * material.v_t**2)
    squares = [s / coupling**2 for s, coupling in zip(strengths, found, strict=True)]
    return float(material.W * BOLTZMANN * material.density * np.sqrt(squares[0] * squares[1]))


def two_level_heat_capacity(x: Array) -> Array:
    """Return the heat capacity of a two-level system over k_B, (x/2)^2/cosh^2(x/2) with x = E/k_B T [-].

    Args:
        x: energy over k_B T [-].
    """
    half = np.minimum(np.asarray(x) / 2, 350.0)
    return (half / np.cosh(half)) ** 2


def tunnelling_density(energy: Array, temperature: Array, material: GlassMaterial) -> Array:
    """Return the density of tunnelling systems that relax within the experiment [1/(J m^3)].

    2 6^{1/3} (P_s/W) [ln^{1/3}(W/Delta_min) - ln^{1/3}(W/E)] for E < W with Delta_min = E (tau_min/t)^{1/2}.

    Source: soft-potential-notes (tunnelling states); test: test_tunnelling_heat_reaches_the_closed_law

    Args:
        energy: energy of the systems [J].
        temperature: temperatures, which broadcast against the energies [K].
        material: the glass, with a coupling.
    """
    W = material.W * BOLTZMANN
    found = couplings({name: getattr(material, name) for name in numbers_of(material)})
    coupling = (np.nan, np.nan) if found is None else found
    logarithm = np.log(W / energy)
    depth = (3 / np.sqrt(2) * np.maximum(logarithm, 1.0)) ** (2 / 3)
    smallest = _shortest_splitting(energy, temperature, depth / 2, coupling, material.medium, material.experiment_time)
    bracket = np.cbrt(np.log(W / smallest)) - np.cbrt(logarithm)
    return 2 * 6 ** (1 / 3) * potential_density(material) / W * np.maximum(bracket, 0.0)


def _shortest_splitting(
    energy: Array, temperature: Array, depth: Array, coupling: tuple[float, float], medium: Medium, time: float
) -> Array:
    """The smallest splitting, E (tau_min/t)^{1/2}, among systems of energy E that relax within the experiment."""
    rate = depth * tunnelling_relaxation_rate(
        energy, temperature, tunnelling_share=1.0, gamma_l2=coupling[0] ** 2, gamma_t2=coupling[1] ** 2, medium=medium
    )
    return np.minimum(energy / np.sqrt(rate * time), energy)


def _nodes(highest: float, temperature_T: Array, lowest_x: float) -> tuple[Array, Array]:
    """Energies (T, nodes) and weights dE: Gauss points in ln E from far below k_B T to the end of the density."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    high = np.log(np.minimum(highest, 60 * BOLTZMANN * temperature_T))[:, None]
    low = np.log(np.minimum(lowest_x * BOLTZMANN * temperature_T, highest * lowest_x))[:, None]
    energy = np.exp(low + (high - low) * (1 + node) / 2)
    return energy, weight * (high - low) / 2 * energy


def phonon_specific_heat(material: Material, temperature_T: Array) -> tuple[Array, dict[str, str]]:
    """Return the specific heat of phonons, cut at the Debye temperature where it is given, and what was assumed.

    In [J/(m^3 K)].

    Source: debye-1912 (specific heat); test: test_debye_specific_heat_limits

    Args:
        material: the glass.
        temperature_T: temperatures [K].
    """
    medium = material.medium
    if not np.isnan(material.debye_temperature):
        omega = material.debye_temperature * BOLTZMANN / HBAR
        atoms = omega**3 * medium.velocity_sum(1, 1, power=-3) / (18 * np.pi**2)
        return debye_specific_heat(temperature_T, number_density=atoms, medium=medium), {}
    sound = medium.velocity_sum(1, 1, power=-3)
    cubic = 2 * np.pi**2 / 15 * BOLTZMANN * (BOLTZMANN * temperature_T / HBAR) ** 3 * sound
    return cubic, {"debye_temperature": "not given: phonons without end, specific heat T^3 at all temperatures"}


def _later_form(material: GlassMaterial, temperature_T: Array) -> tuple[Array, Array, dict[str, str]]:
    P_s, W = potential_density(material), material.W * BOLTZMANN
    if np.isnan(P_s):
        nothing = np.full_like(temperature_T, np.nan)
        return nothing, nothing, {"specific_heat": "not given: it needs lambda_l or lambda_t [eV] for the density P_s"}
    T = temperature_T[:, None]
    energy, weight = _nodes(W, temperature_T, LOWEST_ENERGY)
    systems = tunnelling_density(energy, T, material) * two_level_heat_capacity(energy / (BOLTZMANN * T))
    end = HBAR * ioffe_regel_frequency(material.C_t, W=W)
    quantum, step = _nodes(end, temperature_T, 1e-3)
    modes = P_s / (8 * W) * (quantum / W) ** 4 * mode_heat_capacity(quantum / (BOLTZMANN * T))
    words = {
        "specific_heat": f"P_s = {P_s:.3g} per m^3; tunnelling systems up to W that relax within "
        f"{material.experiment_time:g} s; vibrations with a density E^4 up to {end / BOLTZMANN:.4g} K, where the paths "
        "of transverse phonons end; near k_B T = W/2 neither law is exact"
    }
    return BOLTZMANN * np.sum(weight * systems, axis=1), BOLTZMANN * np.sum(step * modes, axis=1), words


def _karpov_parshin(material: KarpovParshinMaterial, temperature_T: Array) -> tuple[Array, Array, dict[str, str]]:
    """Tunnelling systems of both types, the p^{-1} of their density summed up to the time of the experiment."""
    glass = material.glass
    T = temperature_T[:, None]
    energy, weight = _nodes(glass.W * END_OF_LOGARITHM, temperature_T, LOWEST_ENERGY)
    systems = karpov_parshin_tunnelling_density(energy, T, material)
    capacity = systems * two_level_heat_capacity(energy / (BOLTZMANN * T))
    limit = HBAR * debye_frequency_of(material)
    quantum, step = _nodes(limit, temperature_T, 1e-3)
    shape = {"density": glass.density_I, "eta_L": glass.eta_L, "W": glass.W}
    modes = vibration_density(quantum, region=VibrationRegion.WHOLE_PLANE, **shape)
    vibrations = np.sum(step * modes * mode_heat_capacity(quantum / (BOLTZMANN * T)), axis=1)
    words = {
        "specific_heat": f"tunnelling systems up to W/e that relax within {material.experiment_time:g} s, both types; "
        f"vibrations of the whole plane with a density E^2 up to {limit / BOLTZMANN:.4g} K"
    }
    return BOLTZMANN * np.sum(weight * capacity, axis=1), BOLTZMANN * vibrations, words


def karpov_parshin_tunnelling_density(energy: Array, temperature: Array, material: KarpovParshinMaterial) -> Array:
    """Return the density of tunnelling systems that relax within the experiment, both types [1/(J m^3)].

    The integral of N(E, p) over p from (Delta_min/E)^2: 2^{5/3} 3^{-4/3} (G_I + G_II) eta_L^{3/2}/W times
    6 [ln^{-1/3}(W/E) - ln^{-1/3}(W/Delta_min)], to leading order, for E << W.

    Source: karpov-parshin-1985 (5.5); test: test_karpov_parshin_tunnelling_density_is_the_sum_over_p

    Args:
        energy: energy of the systems [J].
        temperature: temperatures, which broadcast against the energies [K].
        material: the glass.
    """
    glass = material.glass
    logarithm = np.log(glass.W / energy)
    # Deformation potentials of type II: gamma = d (9/2)^{1/3} (W/eta_L) ln^{2/3}.
    scale = (4.5 ** (1 / 3) * glass.W / glass.eta_L) ** 2
    coupling = (np.sqrt(scale * glass.d_l2), np.sqrt(scale * glass.d_t2))
    smallest = _shortest_splitting(
        energy, temperature, logarithm ** (4 / 3), coupling, glass.medium, material.experiment_time
    )
    bracket = logarithm ** (-1 / 3) - np.log(glass.W / smallest) ** (-1 / 3)
    strength = 2 ** (5 / 3) * 3 ** (-4 / 3) * (glass.density_I + glass.density_II) * glass.eta_L**1.5 / glass.W
    return strength * 6 * bracket


def debye_frequency_of(material: KarpovParshinMaterial) -> float:
    """Return the end of the vibrations: the Debye frequency, or where none is given v_t over the length a [rad/s].

    Args:
        material: the glass.
    """
    if not np.isnan(material.debye_temperature):
        return material.debye_temperature * BOLTZMANN / HBAR
    return float(material.v_t / (material.length * ANGSTROM))
