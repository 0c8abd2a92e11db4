"""Specific heat per volume: phonons, exact harmonic sums, tunnelling systems, vibrations of soft potentials. In SI."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from analysis.thermal.later_form import tunnelling_relaxation_rate
from analysis.thermal.phonons import Medium, mode_heat_capacity
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

TUNNELLING_COEFFICIENT = np.pi**2 / 3 * 6 ** (1 / 3)
VIBRATION_COEFFICIENT = 2 * np.pi**6 / 21
HARMONIC_BLOCK = 20_000  # frequencies at once, to bound the memory


def debye_frequency(*, number_density: float, medium: Medium) -> float:
    """Return the Debye frequency, (18 pi^2 n/(1/v_l^3 + 2/v_t^3))^{1/3} [rad/s].

    Source: debye-1912 (cut-off); test: test_debye_specific_heat_limits

    Args:
        number_density: atoms per volume [1/m^3].
        medium: velocities and density.
    """
    return float((18 * np.pi**2 * number_density / medium.velocity_sum(1, 1, power=-3)) ** (1 / 3))


def debye_specific_heat(temperature_T: Array, *, number_density: float, medium: Medium) -> Array:
    """Return the specific heat of phonons with one velocity each and a common cut-off [J/(m^3 K)].

    9 n k_B (T/theta)^3 integral_0^{theta/T} x^4 e^x/(e^x - 1)^2 dx.

    Source: debye-1912 (specific heat); test: test_debye_specific_heat_limits

    Args:
        temperature_T: temperatures [K].
        number_density: atoms per volume [1/m^3].
        medium: velocities and density.
    """
    theta = HBAR * debye_frequency(number_density=number_density, medium=medium) / BOLTZMANN
    node, weight = np.polynomial.legendre.leggauss(200)
    upper = np.minimum(theta / np.asarray(temperature_T, dtype=float), 60.0)[..., None]
    x = upper * (1 + node) / 2
    integral = np.sum(weight * upper / 2 * x**2 * mode_heat_capacity(x), axis=-1)
    return 9 * number_density * BOLTZMANN * (np.asarray(temperature_T) / theta) ** 3 * integral


def harmonic_specific_heat(temperature_T: Array, omega_m: Array, *, volume: float) -> Array:
    """Return the specific heat of a list of harmonic modes, by the exact sum [J/(m^3 K)].

    Zero modes and imaginary ones must be left out by the caller: they have no harmonic specific heat.

    Source: born-huang-1954 (harmonic); test: test_harmonic_specific_heat_reaches_dulong_and_petit

    Args:
        temperature_T: temperatures [K].
        omega_m: angular frequencies of all modes of all samples [rad/s].
        volume: volume of all samples together [m^3].

    Raises:
        InputError: a frequency that is not positive.
    """
    omega_m = np.asarray(omega_m, dtype=float)
    if not np.all(omega_m > 0):
        raise InputError(f"{int(np.sum(~(omega_m > 0)))} frequencies are not positive; leave zero modes out")
    temperature_T = np.asarray(temperature_T, dtype=float)
    total = np.zeros_like(temperature_T)
    for start in range(0, len(omega_m), HARMONIC_BLOCK):
        x = HBAR * omega_m[start : start + HARMONIC_BLOCK] / (BOLTZMANN * temperature_T[..., None])
        total += mode_heat_capacity(x).sum(axis=-1)
    return BOLTZMANN * total / volume


def tunnelling_specific_heat(
    temperature: ArrayLike, *, potential_density: float, W: float, lowest_splitting: ArrayLike
) -> Array:
    """Return the specific heat of tunnelling systems that relax during the experiment [J/(m^3 K)].

    (pi^2/3) 6^{1/3} k_B P_s (k_B T/W) X with X = ln^{1/3}(W/Delta_min) - ln^{1/3}(W/k_B T). Leading order for
    k_B T << W; NaN from k_B T = W on. Without the cut Delta_min the sum does not converge.

    Source: soft-potential-notes (tunnelling specific heat); test: test_tunnelling_specific_heat_from_the_density

    Args:
        temperature: temperature [K].
        potential_density: P_s, per volume and unit area of (D1, D2) [1/m^3].
        W: energy scale of the soft potentials [J].
        lowest_splitting: smallest tunnelling splitting that relaxes in time [J].
    """
    thermal = BOLTZMANN * np.asarray(temperature, dtype=float)
    bracket = tunnelling_bracket(temperature, W=W, lowest_splitting=lowest_splitting)
    return TUNNELLING_COEFFICIENT * BOLTZMANN * potential_density * thermal / W * bracket


def tunnelling_bracket(temperature: ArrayLike, *, W: float, lowest_splitting: ArrayLike) -> Array:
    """Return X = ln^{1/3}(W/Delta_min) - ln^{1/3}(W/k_B T), NaN unless Delta_min < k_B T < W [-].

    Source: soft-potential-notes (tunnelling specific heat); test: test_tunnelling_specific_heat_from_the_density

    Args:
        temperature: temperature [K].
        W: energy scale of the soft potentials [J].
        lowest_splitting: smallest tunnelling splitting that relaxes in time [J].
    """
    thermal = BOLTZMANN * np.asarray(temperature, dtype=float)
    lowest = np.asarray(lowest_splitting, dtype=float)
    valid = (thermal < W) & (lowest < thermal)
    slow = np.cbrt(np.log(W / np.where(valid, lowest, W)))
    return np.where(valid, slow - np.cbrt(np.log(W / np.where(valid, thermal, W))), np.nan)


def lowest_splitting(
    temperature: ArrayLike, *, W: float, lambda_l2: float, lambda_t2: float, medium: Medium, experiment_time: float
) -> Array:
    """Return the smallest tunnelling splitting of systems with E = k_B T that relax within the experiment [J].

    Delta_min = E (tau_min/t)^{1/2}, with tau_min the time of a symmetric system; its coupling is
    gamma^2 = Lambda^2 |D2|/2 at the depth where (sqrt(2)/3)|D2|^{3/2} = ln(W/E), taken not below one. Enters through
    the cube root of a logarithm.

    Source: soft-potential-notes (time of the experiment); test: test_longer_experiments_see_more_specific_heat

    Args:
        temperature: temperature [K].
        W: energy scale of the soft potentials [J].
        lambda_l2: mean square coupling, longitudinal [J^2].
        lambda_t2: mean square coupling, transverse [J^2].
        medium: velocities and density.
        experiment_time: how long the heat is given to spread [s].
    """
    energy = BOLTZMANN * np.asarray(temperature, dtype=float)
    depth = (3 / np.sqrt(2) * np.maximum(np.log(W / energy), 1.0)) ** (2 / 3)
    rate = (depth / 2) * tunnelling_relaxation_rate(
        energy, temperature, tunnelling_share=1.0, gamma_l2=lambda_l2, gamma_t2=lambda_t2, medium=medium
    )
    return energy / np.sqrt(rate * experiment_time)


def vibrational_specific_heat(temperature: ArrayLike, *, potential_density: float, W: float) -> Array:
    """Return the specific heat of quasilocal vibrations with n(E) = (1/8)(P_s/W)(E/W)^4 [J/(m^3 K)].

    (2 pi^6/21) k_B P_s (k_B T/W)^5, while the density of states follows E^4 up to several k_B T. For k_B T of the
    order of W and below, the law of the density does not hold and the levels are needed.

    Source: soft-potential-notes (vibrational specific heat); test: test_vibrational_specific_heat_coefficient

    Args:
        temperature: temperature [K].
        potential_density: P_s, per volume and unit area of (D1, D2) [1/m^3].
        W: energy scale of the soft potentials [J].
    """
    thermal = BOLTZMANN * np.asarray(temperature, dtype=float)
    return VIBRATION_COEFFICIENT * BOLTZMANN * potential_density * (thermal / W) ** 5


def reduced_minimum_temperature(*, W: float, lowest_splitting: float) -> float:
    """Return the temperature at which the excess C/T^3 of tunnelling systems and vibrations is smallest [K].

    k_B T = W X^{1/4}/1.978, with X the bracket of the tunnelling part at that temperature: the minimum for a slowly
    varying X.

    Source: buchenau-1992 (8); test: test_minimum_of_reduced_specific_heat

    Args:
        W: energy scale of the soft potentials [J].
        lowest_splitting: smallest tunnelling splitting that relaxes in time [J].

    Raises:
        InputError: the smallest splitting is not far below W.
    """
    ratio = (VIBRATION_COEFFICIENT / TUNNELLING_COEFFICIENT) ** 0.25
    if not 0 < lowest_splitting < W / np.e**3:
        raise InputError(f"smallest splitting {lowest_splitting!r} J must be positive and far below W = {W!r} J")
    range_of_splittings = float(np.log(W / lowest_splitting))

    def excess(log_reduced: float) -> float:
        bracket = np.cbrt(range_of_splittings) - np.cbrt(-log_reduced)
        return float(ratio * np.exp(log_reduced) - bracket**0.25)

    root = optimize.brentq(excess, -range_of_splittings / 2, -1e-15)
    return float(np.exp(root) * W / BOLTZMANN)
