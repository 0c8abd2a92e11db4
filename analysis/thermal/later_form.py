"""Sound and heat in the later form of the soft-potential model, in closed form. All in SI; temperatures in kelvin.

Linear coupling Lambda e x to the strain e and potentials uniform in (D1, D2): everything follows from the energy
scale W, the tunnelling strengths C_l, C_t and the velocities.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from analysis.thermal.phonons import Medium, phonon_conductivity, taken_out_above
from atomsim.errors import InputError
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, HBAR


@dataclass(frozen=True)
class LaterFormGlass:
    """A glass with soft potentials uniform in (D1, D2) and a linear coupling to strain."""

    medium: Medium
    W: float = quantity("J", "energy scale of the soft potentials")
    C_l: float = quantity("1", "tunnelling strength, longitudinal")
    C_t: float = quantity("1", "tunnelling strength, transverse")

    def __post_init__(self) -> None:
        """Refuse parameters that are not positive numbers."""
        for name in ("W", "C_l", "C_t"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"{name} = {getattr(self, name)!r}, expected a positive number")


def resonant_tunnelling(omega: Array, temperature: Array) -> Array:
    """Return the absorption by tunnelling systems in resonance, tanh(hbar omega/2 k_B T) [pi omega C/v].

    Leading order for hbar omega << W; the levels give five per cent more at a hundredth of W.

    Source: buchenau-1992b (resonant tunnelling); test: test_kinetic_integral_of_the_tanh_law

    Args:
        omega: angular frequency [rad/s].
        temperature: temperature [K].
    """
    return np.tanh(HBAR * np.asarray(omega) / (2 * BOLTZMANN * np.asarray(temperature)))


def resonant_vibrations(omega: Array, *, W: float) -> Array:
    """Return the absorption by quasilocal vibrations in resonance, (hbar omega/W)^3/8 [pi omega C/v].

    Leading order for hbar omega >> W, at any temperature.

    Source: buchenau-1992b (resonant vibrations); test: test_resonant_vibrations_follow_from_the_vibrational_density

    Args:
        omega: angular frequency [rad/s].
        W: energy scale of the soft potentials [J].
    """
    return (HBAR * np.asarray(omega) / W) ** 3 / 8


def relaxation_over_barriers(omega: Array, temperature: Array, *, W: float, tau_0: float | None = None) -> Array:
    """Return the absorption by relaxation over barriers, (k_B T/W)^{3/4} ln^{-1/4}(1/omega tau_0) [pi omega C/v].

    tau_0 = hbar/W where none is given. Leading order for a large logarithm; zero from omega tau_0 = 1/e on, where it
    has no meaning.

    Source: buchenau-1992b (relaxation); test: test_barrier_relaxation_from_the_double_wells

    Args:
        omega: angular frequency [rad/s].
        temperature: temperature [K].
        W: energy scale of the soft potentials [J].
        tau_0: shortest time of relaxation [s].
    """
    logarithm = -np.log(np.asarray(omega) * (HBAR / W if tau_0 is None else tau_0))
    valid = logarithm > 1
    return np.where(valid, (BOLTZMANN * temperature / W) ** 0.75 * np.where(valid, logarithm, 1.0) ** -0.25, 0.0)


def closed_inverse_path(omega: Array, temperature: Array, *, W: float, strength: float, velocity: float) -> Array:
    """Return the sum of the three closed absorptions: tunnelling, vibrations and relaxation over barriers [1/m].

    Between their ranges, near hbar omega = W, the levels give up to about 50 % more, and more still for k_B T > W.

    Source: ramos-buchenau-1997 (sum of the three); test: test_closed_conductivity_scales_with_W_alone

    Args:
        omega: angular frequency [rad/s].
        temperature: temperature [K].
        W: energy scale of the soft potentials [J].
        strength: tunnelling strength C of the branch [-].
        velocity: velocity of the branch [m/s].
    """
    absorption = (
        resonant_tunnelling(omega, temperature)
        + resonant_vibrations(omega, W=W)
        + relaxation_over_barriers(omega, temperature, W=W)
    )
    return np.pi * omega * strength / velocity * absorption


def ioffe_regel_frequency(strength: float, *, W: float) -> float:
    """Return the frequency at which the vibrations shorten the path to v/omega, (8/pi C)^{1/3} W/hbar [rad/s].

    The formulas end there. What carries heat above is not a phonon, and is not contained in the model.

    Source: soft-potential-notes (Ioffe-Regel); test: test_path_is_one_over_the_wave_number_at_the_ioffe_regel_limit

    Args:
        strength: tunnelling strength C of the branch [-].
        W: energy scale of the soft potentials [J].
    """
    return float((8 / (np.pi * strength)) ** (1 / 3) * W / HBAR)


def conductivity_tanh_law(temperature: ArrayLike, glass: LaterFormGlass) -> Array:
    """Return the conductivity at T -> 0, k_B^3 T^2/(6 pi hbar^2) (1/v_l C_l + 2/v_t C_t) [W/(m K)].

    Exact where resonant tunnelling alone limits the path; for k_B T << W.

    Source: soft-potential-notes (tanh law); test: test_kinetic_integral_of_the_tanh_law

    Args:
        temperature: temperature [K].
        glass: the parameters.
    """
    branches = glass.medium.velocity_sum(1 / glass.C_l, 1 / glass.C_t, power=-1)
    return BOLTZMANN**3 * np.asarray(temperature, dtype=float) ** 2 / (6 * np.pi * HBAR**2) * branches


def conductivity_closed(temperature_T: Array, glass: LaterFormGlass, *, highest_omega: float = np.inf) -> Array:
    """Return the conductivity with the closed sum of absorptions [W/(m K)].

    Phonons above the Ioffe-Regel limit of their branch, or above the highest frequency of a phonon, are left out.

    Source: ramos-buchenau-1997 (conductivity); test: test_closed_conductivity_scales_with_W_alone

    Args:
        temperature_T: temperatures [K].
        glass: the parameters.
        highest_omega: highest angular frequency of a phonon, the Debye frequency [rad/s].
    """
    medium = glass.medium
    paths, limits = [], []
    for strength, velocity in (
        (glass.C_l, medium.longitudinal_velocity),
        (glass.C_t, medium.transverse_velocity),
    ):
        path = partial(closed_inverse_path, W=glass.W, strength=strength, velocity=velocity)
        limits.append(min(ioffe_regel_frequency(strength, W=glass.W), highest_omega))
        paths.append(taken_out_above(path, limits[-1]))
    end_of_relaxation = glass.W / (np.e * HBAR)
    return phonon_conductivity(
        temperature_T,
        longitudinal=paths[0],
        transverse=paths[1],
        medium=medium,
        breaks=(*limits, end_of_relaxation),
    )


def tunnelling_relaxation_rate(
    energy: ArrayLike,
    temperature: ArrayLike,
    *,
    tunnelling_share: float,
    gamma_l2: float,
    gamma_t2: float,
    medium: Medium,
) -> Array:
    """Return the rate at which a tunnelling system relaxes by one phonon [1/s].

    (Delta_0/E)^2 E^3/(2 pi rho hbar^4) [gamma_l^2/v_l^5 + 2 gamma_t^2/v_t^5] coth(E/2 k_B T), exact golden rule.

    Source: soft-potential-notes (one-phonon relaxation); test: test_one_phonon_relaxation_rate_is_the_golden_rule

    Args:
        energy: energy splitting E [J].
        temperature: temperature [K].
        tunnelling_share: (Delta_0/E)^2 [-].
        gamma_l2: mean square deformation potential, longitudinal [J^2].
        gamma_t2: mean square deformation potential of one transverse branch [J^2].
        medium: velocities and density.
    """
    energy = np.asarray(energy, dtype=float)
    phonons = medium.velocity_sum(gamma_l2, gamma_t2, power=-5)
    thermal = np.tanh(energy / (2 * BOLTZMANN * np.asarray(temperature, dtype=float)))
    return tunnelling_share * energy**3 / (2 * np.pi * medium.density * HBAR**4) * phonons / thermal
