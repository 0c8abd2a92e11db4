"""Stability of soft modes in the undercooled liquid: which energy goes with which restoring force.

A mode has the potential eps (eta x^2 + x^4), x the displacement over a length a of all its atoms. The stability
equation balances its vibrational entropy against the energy eps_m of a local distortion. Energies in any one unit,
``ratio`` is eps_m/k_B T.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from atomsim.errors import InputError
from atomsim.results import Array, quantity
from atomsim.units import ANGSTROM, ATOMIC_MASS, BOLTZMANN, ELECTRON_VOLT, HBAR

# beta eps_0/(beta eps_m)^2 of a mode without restoring force.
QUARTIC_COEFFICIENT = 4 * (special.gamma(0.25) / special.gamma(0.75)) ** 2
W_OVER_MINIMUM = 1.6  # W/k_B T*, printed
SINGLE_WELL_LIMIT = 20.0  # eta' beyond which the asymptotic series of <u^2> replaces the functions
DOUBLE_WELL_LIMIT = -20.0
FIGURE_RANGE = (-30.0, 1e4)  # of eta', the parameter along the curve


# --- participation and energy scales of real glasses ---------------------------------------------------------


def participating_area(W: float, omega_c: float, *, mass: float) -> float:
    """Return N_s a^2 = hbar^4 omega_c^2/(8 M W^3) [m^2].

    Falls with the third power of W: ten per cent in W are thirty here.

    Source: buchenau-1992 (6), (7); test: test_participating_area_agrees_with_the_printed_numbers

    Args:
        W: energy scale of the soft potentials [J].
        omega_c: angular frequency of unsoftened modes [rad/s].
        mass: mean mass of an atom [kg].
    """
    return HBAR**4 * omega_c**2 / (8 * mass * W**3)


def energy_from_area(area: float, omega_c: float, *, mass: float) -> float:
    """Return eps_0 = N_s M a^2 omega_c^2/2 [J].

    Source: buchenau-1992 (6); test: test_participating_area_agrees_with_the_printed_numbers

    Args:
        area: N_s a^2 [m^2].
        omega_c: angular frequency of unsoftened modes [rad/s].
        mass: mean mass of an atom [kg].
    """
    return area * mass * omega_c**2 / 2


def energy_scale(area: float, energy: float, *, mass: float) -> float:
    """Return W = (hbar^2/(2 N_s M a^2))^{2/3} eps_0^{1/3} [J].

    Source: buchenau-1992 (7); test: test_energy_scale_is_the_inverse_of_the_participating_area

    Args:
        area: N_s a^2 [m^2].
        energy: eps_0 [J].
        mass: mean mass of an atom [kg].
    """
    return float((HBAR**2 / (2 * mass * area)) ** (2 / 3) * energy ** (1 / 3))


def energy_scale_from_minimum(temperature: float) -> float:
    """Return W = 1.6 k_B T* [J], T* where the excess C/T^3 is smallest.

    The factor depends on the time of the experiment: 1.6 to 1.9.

    Source: buchenau-1992 (8); test: test_energy_scale_is_the_inverse_of_the_participating_area

    Args:
        temperature: T* [K].
    """
    return W_OVER_MINIMUM * BOLTZMANN * temperature


@dataclass(frozen=True)
class ParticipationRow:
    """The numbers of one glass beside the printed ones."""

    name: str
    omega_c: float = quantity("rad/s", "angular frequency of unsoftened modes")
    mass: float = quantity("kg", "mean mass of an atom")
    glass_temperature: float = quantity("K", "glass transition")
    printed_area: float = quantity("m^2", "N_s a^2 as printed")
    printed_energy: float = quantity("J", "eps_0 as printed")
    printed_ratio: float = quantity("1", "eps_m/k_B T_g as printed")

    @property
    def energy(self) -> float:
        """Return eps_0 that follows from the printed N_s a^2 [J]."""
        return energy_from_area(self.printed_area, self.omega_c, mass=self.mass)

    @property
    def W(self) -> float:
        """Return the energy scale that the printed N_s a^2 stands for [J]."""
        return energy_scale(self.printed_area, self.energy, mass=self.mass)

    @property
    def minimum_temperature(self) -> float:
        """Return T* that it stands for [K]."""
        return self.W / (W_OVER_MINIMUM * BOLTZMANN)

    @property
    def ratio(self) -> float:
        """Return eps_m/k_B T_g that follows from the printed eps_0 [-]."""
        return ratio_from_energy(self.printed_energy / (BOLTZMANN * self.glass_temperature))


def participation_table() -> tuple[ParticipationRow, ...]:
    """Return vitreous silica, selenium and boron trioxide; omega_c of the last is what its eps_0 and area imply.

    Source: buchenau-1992 (6), (7), (23); test: test_participating_area_agrees_with_the_printed_numbers
    """
    rows = (
        # name, omega_c/2 pi [THz], mass [u], T_g [K], N_s a^2 [A^2], eps_0 [eV], eps_m/k_B T_g
        ("vitreous silica", 3.0, 60.084 / 3, 1473.0, 162.0, 55.0, 3.5),
        ("amorphous selenium", 1.3, 78.971, 305.0, 289.0, 89.0, 10.0),
        ("vitreous boron trioxide", None, 69.62 / 5, 540.0, 392.0, 45.0, 5.3),
    )
    table = []
    for name, frequency, mass_u, glass_temperature, area, energy, ratio in rows:
        mass, square = mass_u * ATOMIC_MASS, area * ANGSTROM**2
        joule = energy * ELECTRON_VOLT
        omega = np.sqrt(2 * joule / (mass * square)) if frequency is None else 2 * np.pi * frequency * 1e12
        table.append(ParticipationRow(name, float(omega), mass, glass_temperature, square, joule, ratio))
    return tuple(table)


# --- the stability equation ----------------------------------------------------------------------------------


def mean_square(eta_prime: ArrayLike) -> Array:
    """Return <u^2> in the potential eta' u^2 + u^4 at k_B T = 1 [-].

    D_{-3/2}(z)/(2 sqrt(2) D_{-1/2}(z)) with z = eta'/sqrt(2); asymptotic series where the functions lose digits:
    (1/2 eta')(1 - 3/eta'^2 + 24/eta'^4 - 297/eta'^6 ...) in a single well, |eta'|/2 - 1/(2|eta'|) ... in two.

    Source: buchenau-1992 (11), (12), (21); test: test_mean_square_is_the_boltzmann_average

    Args:
        eta_prime: quadratic coefficient in thermal units [-].
    """
    eta = np.asarray(eta_prime, dtype=float)
    high, low = eta > SINGLE_WELL_LIMIT, eta < DOUBLE_WELL_LIMIT
    z = np.where(high | low, 0.0, eta) / np.sqrt(2)
    middle = special.pbdv(-1.5, z)[0] / (2 * np.sqrt(2) * special.pbdv(-0.5, z)[0])
    far = np.where(high, eta, SINGLE_WELL_LIMIT)
    single = _moment_ratio(2 / far**2) / (2 * far)
    deep = np.where(low, -eta, -DOUBLE_WELL_LIMIT)
    return np.where(high, single, np.where(low, _double_well(deep), middle))


def _moment_ratio(y: Array) -> Array:
    """<u^2> 2 eta' of a single well from the series of both Gaussian moments in y = 2/eta'^2."""
    terms = np.arange(9)
    # integral u^{2k} e^{-u^2 eta'} (-u^4)^n/n!, relative to the first: (-1)^n Gamma(2n+k+1/2)/(n! eta'^{2n}) ...
    zeroth = (-0.5) ** terms * special.gamma(2 * terms + 0.5) / special.gamma(0.5) / special.factorial(terms)
    second = (-0.5) ** terms * special.gamma(2 * terms + 1.5) / special.gamma(1.5) / special.factorial(terms)
    powers = np.asarray(y)[..., None] ** terms
    return (powers @ second) / (powers @ zeroth)


def _double_well(deep: Array) -> Array:
    """<u^2> of two deep wells: s = u^2 has the density s^{-1/2} exp(-(s - d/2)^2) around s = d/2; in powers of 1/d."""
    half = deep / 2
    terms = np.arange(0, 14, 2)
    moments = special.gamma((terms + 1) / 2) / special.gamma(0.5)  # <t^n> of exp(-t^2)
    powers = half[..., None] ** (-terms.astype(float))
    zeroth = powers @ (special.binom(-0.5, terms) * moments)
    second = powers @ (special.binom(0.5, terms) * moments)
    return half * second / zeroth


def harmonic_branches(ratio: float) -> tuple[float, float]:
    """Return eta_1 and eta_2 = [1 +- (1 - k_B T/eps_m)^{1/2}]/2 [-]; between them no harmonic mode is stable.

    Printed without the one and the sign, which contradicts its own quadratic equation eta (1 - eta) = k_B T/4 eps_m.

    Source: buchenau-1992 (19); test: test_harmonic_branches_solve_their_quadratic_equation

    Args:
        ratio: eps_m/k_B T [-].

    Raises:
        InputError: the ratio is below one: no stable mode.
    """
    _check_ratio(ratio)
    root = float(np.sqrt(1 - 1 / ratio))
    # The product of both is 1/(4 ratio), which keeps the digits of the small one.
    upper = (1 + root) / 2
    return upper, 1 / (4 * ratio * upper)


def harmonic_branches_printed(ratio: float) -> float:
    """Return (1 - k_B T/eps_m)^{1/2}/2, the printed form of both branches [-].

    Source: buchenau-1992 (19); test: test_harmonic_branches_solve_their_quadratic_equation

    Args:
        ratio: eps_m/k_B T [-].
    """
    _check_ratio(ratio)
    return float(np.sqrt(1 - 1 / ratio) / 2)


def energy_without_restoring_force(ratio: float) -> float:
    """Return eps_0/k_B T = 4 [Gamma(1/4)/Gamma(3/4)]^2 (eps_m/k_B T)^2 = 35.015 (eps_m/k_B T)^2 [-].

    Source: buchenau-1992 (22), (23); test: test_energy_without_restoring_force_is_the_printed_one

    Args:
        ratio: eps_m/k_B T [-].
    """
    return float(QUARTIC_COEFFICIENT * ratio**2)


def ratio_from_energy(reduced_energy: float) -> float:
    """Return eps_m/k_B T from eps_0/k_B T [-].

    Source: buchenau-1992 (23); test: test_ratio_at_the_glass_transition_is_the_printed_one

    Args:
        reduced_energy: eps_0/k_B T [-].
    """
    return float(np.sqrt(reduced_energy / QUARTIC_COEFFICIENT))


def stable_energy(eta_prime: ArrayLike, ratio: float, *, upper: bool = False) -> tuple[Array, Array]:
    """Return eta and eps/k_B T of stable modes along the parameter eta' = (eps/k_B T)^{1/2} eta [-].

    (eps/k_B T)^{1/2} = g +- [g^2 - 2 g eta']^{1/2} with g = eps_m/(k_B T <u^2>). Plus: the strongly softened branch
    below eta_2, all eta'. Minus: the weakly softened one above eta_1, eta' > 0 only; taken as 2 g eta'/(g + [..]).

    Source: buchenau-1992 (20), (24); test: test_stable_energies_solve_the_stability_equation

    Args:
        eta_prime: parameter along the curve [-].
        ratio: eps_m/k_B T [-].
        upper: the branch above eta_1.

    Returns:
        eta and eps/k_B T [-].

    Raises:
        InputError: the ratio is below one, or eta' <= 0 on the upper branch.
    """
    _check_ratio(ratio)
    eta_prime = np.asarray(eta_prime, dtype=float)
    if upper and not np.all(eta_prime > 0):
        raise InputError("the branch above eta_1 exists for positive eta' only")
    g = ratio / mean_square(eta_prime)
    root = np.sqrt(np.maximum(g**2 - 2 * g * eta_prime, 0.0))
    sqrt_energy = 2 * g * eta_prime / (g + root) if upper else g + root
    return eta_prime / sqrt_energy, sqrt_energy**2


@dataclass(frozen=True)
class StabilityCurve:
    """Energy of stable modes against their restoring force at one temperature; the branch below eta_2."""

    ratio: float = quantity("1", "eps_m/k_B T")
    eta: Array = quantity("1", "share of the restoring force of an unsoftened mode")
    energy: Array = quantity("eps_m", "energy eps of the mode")
    eta_1: float = quantity("1", "least restoring force of weakly softened modes")
    eta_2: float = quantity("1", "where the energy of strongly softened modes diverges")


def stability_curve(ratio: float, *, points: int = 200) -> StabilityCurve:
    """Return eps/eps_m against eta for strongly softened modes, ascending eta [-].

    Source: buchenau-1992 (24); test: test_stability_curve_has_the_features_of_the_figure

    Args:
        ratio: eps_m/k_B T [-].
        points: number of points.

    Raises:
        InputError: the ratio is below one, or there are fewer than two points.
    """
    if points < 2:
        raise InputError(f"points = {points}: expected at least two")
    low, high = np.arcsinh(FIGURE_RANGE)
    eta, energy = stable_energy(np.sinh(np.linspace(low, high, points)), ratio)
    eta_1, eta_2 = harmonic_branches(ratio)
    return StabilityCurve(float(ratio), eta, energy / ratio, eta_1, eta_2)


def _check_ratio(ratio: float) -> None:
    if not (np.isfinite(ratio) and ratio >= 1):
        raise InputError(f"ratio = {ratio!r}: eps_m/k_B T must be at least one, no mode is stable below")
