"""What shortens the path of a phonon, channel by channel: inverse mean free paths of the models of scattering. In SI.

All formulas accept complex parameters, so that derivatives with respect to them come out exact by a complex step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np

from analysis.thermal.closed_forms import KarpovParshinGlass, tunnelling_inverse_path, vibration_inverse_path
from analysis.thermal.later_form import relaxation_over_barriers, resonant_tunnelling, resonant_vibrations
from analysis.thermal.phonons import Medium
from atomsim.errors import InputError, nearest
from atomsim.results import Array
from atomsim.units import BOLTZMANN, ELECTRON_VOLT, HBAR

BRANCHES = {"l": 1, "t": 2}  # polarisations of each
ENERGY_NODES = 16  # of the sum over energies of tunnelling systems
LARGEST_REDUCED_ENERGY = 40.0  # E/k_B T, where sech^2(E/2 k_B T) has died away
LARGE_RATIO = 1e4  # omega tau beyond which the leading term of its series is used
TABLE_RANGE = (-23.0, 14.0)  # of ln omega tau: the function is pi/2 to 1e-4 before and a power after
TABLE_SIZE = 8192
SHALLOWEST = 1.0  # least action of a double well

Numbers = Mapping[str, Any]  # numbers of a material in the units of its file, real or complex
InverseRate = Callable[[Array, Array], Array]


class Channel(StrEnum):
    """One way of losing a phonon."""

    RESONANT = "resonant"  # absorption by tunnelling systems in resonance
    RELAXATION = "relaxation"  # tunnelling systems that follow the sound by emitting and absorbing phonons
    ACTIVATION = "activation"  # systems that follow the sound by jumps over their barrier
    RAYLEIGH = "rayleigh"  # quasilocal vibrations, in resonance and (factor mu) off it: omega^4


@dataclass(frozen=True)
class Scattering:
    """Inverse paths [1/m] by channel as functions of omega and T, for each branch up to a factor; jumps and ends."""

    medium: Medium
    paths: Mapping[Channel, InverseRate]
    scales: Mapping[str, Mapping[Channel, Any]]  # of each branch
    breaks: tuple[Any, ...]  # angular frequencies
    ends: Mapping[str, Any]  # of each branch; no phonon above
    start: Any = 0.0  # no phonon below


def parse_channels(names: Collection[str] | None, available: Collection[Channel]) -> tuple[Channel, ...]:
    """Return the channels named, in their order of definition; all available ones where none is named.

    Args:
        names: names of channels, or None.
        available: what the model and the constants allow.

    Raises:
        InputError: an unknown name, or one that is not available.
    """
    if names is None:
        return tuple(channel for channel in Channel if channel in available)
    known = [str(channel) for channel in Channel]
    for name in names:
        if name not in known:
            raise InputError(f"unknown channel {name!r}{nearest(name, known)}; known: {', '.join(known)}")
        if Channel(name) not in available:
            have = ", ".join(sorted(available))
            why = "; relaxation needs lambda_l or lambda_t" if name == Channel.RELAXATION else ""
            raise InputError(f"channel {name!r} is not available here{why}; available: {have}")
    if not names:
        raise InputError("no channel chosen: a phonon that nothing scatters carries infinite heat")
    return tuple(channel for channel in Channel if channel in names)


def couplings(numbers: Numbers) -> tuple[Any, Any] | None:
    """Return Lambda_l and Lambda_t [J], or None where neither is given.

    Where one is missing it follows from C = P_s Lambda^2/(W rho v^2) with the same P_s in both.

    Source: soft-potential-notes (tunnelling strength); test: test_missing_coupling_follows_from_the_strengths

    Args:
        numbers: the numbers of the material.
    """
    longitudinal, transverse = numbers["lambda_l"], numbers["lambda_t"]
    ratio = np.sqrt(numbers["C_l"] / numbers["C_t"]) * numbers["v_l"] / numbers["v_t"]
    if np.isnan(longitudinal) and np.isnan(transverse):
        return None
    if np.isnan(longitudinal):
        longitudinal = transverse * ratio
    elif np.isnan(transverse):
        transverse = longitudinal / ratio
    return longitudinal * ELECTRON_VOLT, transverse * ELECTRON_VOLT


def relaxation_function(ratio: Array) -> Array:
    """Return integral_0^1 sqrt(1 - p) a/(p^2 + a^2) dp for a = omega tau of a symmetric system [-].

    pi/2 for a -> 0, 2/(3 a) for a -> infinity; the imaginary part of 2 sqrt(1 - ia) artanh(1/sqrt(1 - ia)).

    Source: soft-potential-notes (relaxation); test: test_relaxation_function_is_the_integral_over_asymmetries

    Args:
        ratio: a, real [-].
    """
    ratio = np.asarray(ratio, dtype=float)
    moderate = ratio < LARGE_RATIO
    root = np.sqrt(1 - 1j * np.where(moderate, ratio, 1.0))
    return np.where(moderate, (2 * root * np.arctanh(1 / root)).imag, 2 / (3 * np.where(moderate, 1.0, ratio)))


@cache
def _relaxation_table() -> tuple[Array, Array, Array]:
    """ln a, ln of the function, and its slope; dense enough for straight lines."""
    log_a = np.linspace(*TABLE_RANGE, TABLE_SIZE)
    log_g = np.log(relaxation_function(np.exp(log_a)))
    return log_a, log_g, np.gradient(log_g, log_a)


def _tabulated_relaxation(ratio: Array) -> Array:
    """The relaxation function from its table; of a complex argument, to first order in its imaginary part."""
    log_a, log_g, slope = _relaxation_table()
    log_ratio = np.log(ratio.real)
    beyond = np.maximum(log_ratio - log_a[-1], 0.0)
    value = np.exp(np.interp(log_ratio, log_a, log_g) - beyond)
    if not np.iscomplexobj(ratio):
        return value
    return value * (1 + 1j * np.interp(log_ratio, log_a, slope) * ratio.imag / ratio.real)


def relaxation_by_phonons(
    omega: Array, temperature: Array, *, coupling: Callable[[Array], Array], highest_energy: float, density: float
) -> Array:
    """Return the absorption by tunnelling systems that relax by one phonon [pi omega C/v].

    (1/2 pi k_B T) integral dE sech^2(E/2 k_B T) g(omega tau_min), 1/tau_min = E^3 K coth(E/2 k_B T)/(2 pi rho hbar^4)
    with K = gamma_l^2/v_l^5 + 2 gamma_t^2/v_t^5: 1/2 where omega tau_min << 1, (pi^2/24)(k_B T)^3 K/(rho hbar^4
    omega) where it is large. Leading order for k_B T << W; no tunnelling systems above the highest energy.

    Source: soft-potential-notes (relaxation); test: test_relaxation_by_phonons_limits

    Args:
        omega: angular frequencies, broadcast against the temperatures [rad/s].
        temperature: temperatures [K].
        coupling: K as a function of the energy of the system in joule.
        highest_energy: end of the tunnelling systems [J].
        density: mass density [kg/m^3].
    """
    node, weight = np.polynomial.legendre.leggauss(ENERGY_NODES)
    thermal = BOLTZMANN * np.asarray(temperature)[..., None]
    top = np.minimum(highest_energy / thermal, LARGEST_REDUCED_ENERGY)
    y = top * ((1 + node) / 2) ** 2
    measure = weight * top * (1 + node) / 2
    energy = y * thermal
    rate = energy**3 * coupling(energy) / (2 * np.pi * density * HBAR**4) / np.tanh(y / 2)
    followed = _tabulated_relaxation(np.asarray(omega)[..., None] / rate)
    return np.sum(measure / np.cosh(y / 2) ** 2 * followed, axis=-1) / (2 * np.pi)


def double_well_coupling(energy: Array, numbers: Numbers) -> Array:
    """Return K = gamma_l^2/v_l^5 + 2 gamma_t^2/v_t^5 of symmetric systems of energy E [J^2 s^5/m^5].

    gamma^2 = Lambda^2 |D2|/2 at the depth whose action (sqrt(2)/3)|D2|^{3/2} is ln(W/E), taken not below one.

    Source: soft-potential-notes (tunnelling states); test: test_relaxation_by_phonons_limits

    Args:
        energy: energy of the systems [J].
        numbers: the numbers of the material, with a coupling.

    Raises:
        InputError: neither coupling is given.
    """
    found = couplings(numbers)
    if found is None:
        raise InputError("the relaxation of tunnelling systems needs lambda_l or lambda_t [eV]")
    logarithm = np.log(numbers["W"] * BOLTZMANN / np.asarray(energy))
    action = np.where(logarithm.real > SHALLOWEST, logarithm, SHALLOWEST)
    depth = (3 / np.sqrt(2) * action) ** (2 / 3)
    longitudinal, transverse = found
    return depth / 2 * (longitudinal**2 / numbers["v_l"] ** 5 + 2 * transverse**2 / numbers["v_t"] ** 5)


def later_form_channels(numbers: Numbers) -> tuple[Channel, ...]:
    """Return the channels that the constants of a glass allow.

    Args:
        numbers: the numbers of the material.
    """
    return tuple(c for c in Channel if c != Channel.RELAXATION or couplings(numbers) is not None)


def closed_scattering(numbers: Numbers, channels: Collection[Channel]) -> Scattering:
    """Return the sum of the closed absorptions, for potentials uniform in (D1, D2).

    Source: ramos-buchenau-1997 (sum); test: test_closed_conductivity_is_the_one_of_the_later_form

    Args:
        numbers: the numbers of the material.
        channels: what scatters.
    """
    W = numbers["W"] * BOLTZMANN
    tau_0 = HBAR / W if np.isnan(numbers["tau_0"]) else numbers["tau_0"]
    absorption: dict[Channel, InverseRate] = {
        Channel.RESONANT: resonant_tunnelling,
        Channel.RELAXATION: lambda omega, T: relaxation_by_phonons(
            omega,
            T,
            coupling=lambda energy: double_well_coupling(energy, numbers),
            highest_energy=W,
            density=numbers["density"],
        ),
        Channel.ACTIVATION: lambda omega, T: relaxation_over_barriers(omega, T, W=W, tau_0=tau_0),
        Channel.RAYLEIGH: lambda omega, T: numbers["mu"] * resonant_vibrations(omega, W=W) * np.ones_like(T),
    }
    breaks = (1 / (np.e * tau_0),) if Channel.ACTIVATION in channels else ()
    return _of_strength(numbers, {c: absorption[c] for c in channels}, breaks)


def two_region_scattering(numbers: Numbers, channels: Collection[Channel]) -> Scattering:
    """Return tunnelling systems below hbar omega = W and vibrations above, for potentials uniform in (D1, D2).

    Source: karpov-parshin-1985 (two regions); test: test_two_region_model_joins_at_the_energy_scale

    Args:
        numbers: the numbers of the material.
        channels: what scatters: of resonant and rayleigh, one or both.
    """
    W = numbers["W"] * BOLTZMANN
    edge = W / HBAR
    absorption: dict[Channel, InverseRate] = {
        Channel.RESONANT: lambda omega, T: np.where(omega.real < edge.real, resonant_tunnelling(omega, T), 0),
        Channel.RAYLEIGH: lambda omega, T: np.where(
            omega.real < edge.real, 0, numbers["mu"] * resonant_vibrations(omega, W=W) * np.ones_like(T)
        ),
    }
    return _in_its_region(_of_strength(numbers, {c: absorption[c] for c in channels}, (edge,)), edge, channels)


def _in_its_region(joined: Scattering, edge: Any, channels: Collection[Channel]) -> Scattering:
    """The region of one channel alone, where only one is chosen: the other phonons would meet nothing."""
    if Channel.RAYLEIGH not in channels:
        return replace(joined, ends={branch: min(end, edge, key=np.real) for branch, end in joined.ends.items()})
    return joined if Channel.RESONANT in channels else replace(joined, start=edge)


def _of_strength(numbers: Numbers, absorption: Mapping[Channel, InverseRate], breaks: tuple[Any, ...]) -> Scattering:
    """Inverse paths pi omega C/v times an absorption, the same for both branches."""

    def path(rate: InverseRate) -> InverseRate:
        return lambda omega, T: omega * rate(omega, T)

    W = numbers["W"] * BOLTZMANN
    scales, ends = {}, {}
    for branch in BRANCHES:
        strength, ends[branch] = numbers[f"C_{branch}"], debye_end(numbers)
        scales[branch] = dict.fromkeys(absorption, np.pi * strength / numbers[f"v_{branch}"])
        if Channel.RAYLEIGH in absorption:
            limit = (8 / (np.pi * strength * numbers["mu"])) ** (1 / 3) * W / HBAR
            ends[branch] = min(ends[branch], limit, key=np.real)
    medium = Medium(numbers["density"], numbers["v_l"], numbers["v_t"])
    return Scattering(medium, {c: path(rate) for c, rate in absorption.items()}, scales, breaks, ends)


def karpov_parshin_scattering(numbers: Numbers, glass: KarpovParshinGlass, channels: Collection[Channel]) -> Scattering:
    """Return tunnelling systems of both types below hbar omega = W and mu times type-I vibrations above.

    Source: karpov-parshin-1985 (5.7), (7.6); test: test_karpov_parshin_two_regions_reach_both_printed_limits

    Args:
        numbers: the numbers of the material.
        glass: the same in SI.
        channels: what scatters: of resonant and rayleigh, one or both.
    """
    edge = glass.W / HBAR

    def resonant(omega: Array, T: Array) -> Array:
        below = np.real(omega) < np.real(edge)
        return np.where(below, tunnelling_inverse_path(np.where(below, omega, edge / 2), T, glass, "l"), 0)

    def rayleigh(omega: Array, T: Array) -> Array:
        found = vibration_inverse_path(omega, glass, "l", enhancement=numbers["mu"]) * np.ones_like(T)
        return np.where(np.real(omega) < np.real(edge), 0, found)

    paths = {Channel.RESONANT: resonant, Channel.RAYLEIGH: rayleigh}
    velocities = numbers["v_l"] / numbers["v_t"]
    transverse = {Channel.RESONANT: glass.d_t2 / glass.d_l2 * velocities**3, Channel.RAYLEIGH: velocities}
    limit = (
        6 * glass.medium.density * glass.W**3 / (np.pi * numbers["mu"] * glass.xi2 * glass.mass * glass.density_I)
    ) ** (1 / 3) / (HBAR * np.sqrt(glass.eta_L))
    end = debye_end(numbers)
    if Channel.RAYLEIGH in channels:
        end = min(end, max(limit, edge, key=np.real), key=np.real)
    joined = Scattering(
        glass.medium,
        {c: paths[c] for c in channels},
        {"l": dict.fromkeys(channels, 1.0), "t": {c: transverse[c] for c in channels}},
        (edge,),
        dict.fromkeys(BRANCHES, end),
    )
    return _in_its_region(joined, edge, channels)


def debye_end(numbers: Numbers) -> Any:
    """Return the highest frequency of a phonon, infinite where no Debye temperature is given [rad/s].

    Args:
        numbers: the numbers of the material.
    """
    theta = numbers["debye_temperature"]
    return np.inf if np.isnan(theta) else theta * BOLTZMANN / HBAR
