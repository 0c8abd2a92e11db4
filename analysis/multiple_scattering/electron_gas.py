"""From wind cross-sections to forces: the electron gas that blows, in SI and in the units of experiments.

The charge of the electron is e < 0. Wave numbers are in 1/angstrom, cross-sections in angstrom², mean free paths in
angstrom, resistivities in microohm cm; forces and charges in SI or in units of |e|.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import ANGSTROM, ELECTRON_VOLT, HBAR

ELECTRON_CHARGE = -ELECTRON_VOLT  # one volt times its modulus is that energy [C]
QUANTUM_RESISTANCE = HBAR / ELECTRON_CHARGE**2  # hbar/e² [ohm]
MICROOHM_CM = 1e-8  # [ohm m]


def electron_density(wave_number: ArrayLike) -> Array:
    """Return the density of a free electron gas, k³/(3 pi²) [1/angstrom^3].

    Args:
        wave_number: Fermi wave number k [1/angstrom].
    """
    return np.asarray(wave_number, dtype=float) ** 3 / (3 * np.pi**2)


def fermi_wave_number(density: ArrayLike) -> Array:
    """Return the Fermi wave number of a free electron gas, (3 pi² n)^{1/3} [1/angstrom].

    Args:
        density: n [1/angstrom^3].
    """
    return np.cbrt(3 * np.pi**2 * np.asarray(density, dtype=float))


def resistivity(mean_free_path: ArrayLike, wave_number: float) -> Array:
    """Return the resistivity rho = hbar k/(n e² l) [microohm cm].

    Source: wind-notes (units); test: test_resistivity_and_mean_free_path_are_inverse

    Args:
        mean_free_path: l [angstrom].
        wave_number: Fermi wave number k [1/angstrom].
    """
    k = _positive("wave number", wave_number)
    per_length = QUANTUM_RESISTANCE * k / electron_density(k) * ANGSTROM**2 / MICROOHM_CM
    return np.asarray(per_length / (np.asarray(mean_free_path, dtype=float) * ANGSTROM))


def mean_free_path(resistivity: ArrayLike, wave_number: float) -> Array:
    """Return the mean free path that belongs to a resistivity, l = hbar k/(n e² rho) [angstrom].

    Source: wind-notes (units); test: test_resistivity_and_mean_free_path_are_inverse

    Args:
        resistivity: rho [microohm cm].
        wave_number: Fermi wave number k [1/angstrom].
    """
    k = _positive("wave number", wave_number)
    rho = np.asarray(resistivity, dtype=float) * MICROOHM_CM / ANGSTROM
    return np.asarray(QUANTUM_RESISTANCE * k / electron_density(k) / rho)


def mean_free_path_of_time(relaxation_time: ArrayLike, wave_number: float, *, mass: float) -> Array:
    """Return l = hbar k tau/m [angstrom].

    Args:
        relaxation_time: tau [s].
        wave_number: Fermi wave number k [1/angstrom].
        mass: mass of an electron, effective or free [kg].
    """
    k = _positive("wave number", wave_number)
    return HBAR * k / mass * np.asarray(relaxation_time, dtype=float) / ANGSTROM**2


def mean_free_path_of_scatterers(transport_cross_section: float, volume: float) -> float:
    """Return the mean free path that ions with a sum of transport cross-sections make, l = Omega/sum sigma [angstrom].

    Source: schaich-1976 (36), (38); test: test_wind_on_all_ions_balances_the_direct_force

    Args:
        transport_cross_section: sum over the ions in the volume, a third of the trace of the tensor [angstrom^2].
        volume: Omega [angstrom^3].
    """
    return _positive("volume", volume) / _positive("transport cross-section", transport_cross_section)


def wind_valence(sigma: ArrayLike, wave_number: float, *, resistivity: float) -> Array:
    """Return the wind valence Z_w = -n l sigma = -(hbar k/e² rho) sigma, force Z_w |e| E along the field [-].

    Negative for positive sigma: along the flow of electrons, towards the anode.

    Source: wind-notes (units); test: test_known_numbers_of_one_ion

    Args:
        sigma: wind cross-section tensor, or any component [angstrom^2].
        wave_number: Fermi wave number k [1/angstrom].
        resistivity: rho [microohm cm].
    """
    return valence_times_resistivity(sigma, wave_number) / _positive("resistivity", resistivity)


def valence_times_resistivity(sigma: ArrayLike, wave_number: float) -> Array:
    """Return Z_w rho = -(hbar k/e²) sigma, in which density and mean free path drop out [microohm cm].

    Source: wind-notes (units); test: test_known_numbers_of_one_ion

    Args:
        sigma: wind cross-section tensor, or any component [angstrom^2].
        wave_number: Fermi wave number k [1/angstrom].
    """
    k = _positive("wave number", wave_number)
    return np.asarray(-QUANTUM_RESISTANCE * k * np.asarray(sigma, dtype=float) * ANGSTROM / MICROOHM_CM)


def force_per_field(sigma: ArrayLike, wave_number: float, *, resistivity: float) -> Array:
    """Return F/E = e n l sigma [N/(V/m)].

    Source: schaich-1976 (29), (4); test: test_force_per_current_is_independent_of_the_mean_free_path

    Args:
        sigma: wind cross-section tensor, or any component [angstrom^2].
        wave_number: Fermi wave number k [1/angstrom].
        resistivity: rho [microohm cm].
    """
    return -ELECTRON_CHARGE * wind_valence(sigma, wave_number, resistivity=resistivity)


def force_per_current(sigma: ArrayLike, wave_number: float) -> Array:
    """Return F/j = (hbar k/e) sigma for a density j of the electric current [N/(A/m^2)].

    Whatever limits the mean free path: n and l drop out. Opposite to the current for positive sigma.

    Source: schaich-1976 (29), (4); test: test_force_per_current_is_independent_of_the_mean_free_path

    Args:
        sigma: wind cross-section tensor, or any component [angstrom^2].
        wave_number: Fermi wave number k [1/angstrom].
    """
    k = _positive("wave number", wave_number)
    return np.asarray(HBAR * k / ELECTRON_CHARGE * np.asarray(sigma, dtype=float) * ANGSTROM)


def _positive(name: str, value: float) -> float:
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} = {value!r}: expected a positive number")
    return float(value)
