"""Sound and heat in the theory of Karpov and Parshin, in closed form. All in SI; temperatures in kelvin.

Potentials uniform in (alpha, beta) with density G eta_L^{3/2}. Two kinds of tunnelling systems: type I near the
half-axis alpha < 0, type II near the parabola alpha = beta^2/4. Each function says where it holds; see
:mod:`analysis.thermal.later_form` for the later form of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from analysis.thermal.phonons import Medium
from atomsim.errors import InputError
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, HBAR


@dataclass(frozen=True)
class KarpovParshinGlass:
    """A glass with a smooth distribution of (eta, t); ``b`` = 0 leaves type I without coupling to sound."""

    medium: Medium
    W: float = quantity("J", "energy scale of the soft potentials")
    eta_L: float = quantity("1", "small parameter of the soft potentials")
    density_I: float = quantity("1/m^3", "density of (eta, t) per volume for type I, G_I")
    density_II: float = quantity("1/m^3", "density of (eta, t) per volume for type II, G_II")
    d_l2: float = quantity("1", "mean square deformation potential, longitudinal")
    d_t2: float = quantity("1", "mean square deformation potential, transverse")
    b: float = quantity("1", "coupling to the square of the fast strain", default=0.0)
    mass: float = quantity("kg", "mass of the moving atom", default=float("nan"))
    xi2: float = quantity("1", "mean square of the coupling vector to the displacement", default=float("nan"))

    def inverse_coupling(self) -> float:
        """Return v_l/d_l^2 + 2 v_t/d_t^2 [m/s]."""
        return self.medium.velocity_sum(1 / self.d_l2, 1 / self.d_t2, power=1)

    def branch(self, name: str) -> tuple[float, float]:
        """Return velocity and d^2 of one branch [m/s, -].

        Args:
            name: ``"l"`` or ``"t"``.

        Raises:
            InputError: another name.
        """
        if name not in ("l", "t"):
            raise InputError(f"unknown branch {name!r}, expected 'l' or 't'")
        medium = self.medium
        longitudinal = name == "l"
        velocity = medium.longitudinal_velocity if longitudinal else medium.transverse_velocity
        return velocity, self.d_l2 if longitudinal else self.d_t2


class VibrationRegion(StrEnum):
    """Part of the (alpha, beta) plane whose lower-well vibrations are counted."""

    TYPE_I = "type I"  # alpha > beta^2/4: the origin is the lower minimum
    TYPE_II_PRINTED = "type II as printed"  # 0 < alpha < beta^2/4 with the energy at alpha = 0 for the whole wedge
    TYPE_II = "type II"  # the same wedge with the true curvature of the lower well
    BARRIER = "barrier"  # alpha < 0: the origin is the maximum
    WHOLE_PLANE = "whole plane"


# Areas of the regions below a curvature of the lower well, relative to type I. With alpha = 1 in the lower minimum
# and beta = (sqrt(32)/3) cosh u, the area elements of the two other images are (sqrt(2)/3) exp(-+u) du up to
# exp(u) = sqrt(2).
_RELATIVE_DENSITY = {
    VibrationRegion.TYPE_I: 1.0,
    VibrationRegion.TYPE_II_PRINTED: float(np.sqrt(2) / 27),
    VibrationRegion.TYPE_II: float((np.sqrt(2) - 1) / 3),
    VibrationRegion.BARRIER: float((2 - np.sqrt(2)) / 3),
    VibrationRegion.WHOLE_PLANE: 4 / 3,
}


def tunnelling_density(energy: ArrayLike, p: ArrayLike, *, density: float, eta_L: float, W: float) -> Array:
    """Return the number of tunnelling systems per volume, energy and p = (Delta_0/E)^2 [1/(J m^3)].

    N(E, p) = 2^{5/3} 3^{-4/3} G eta_L^{3/2}/(W p (1 - p)^{1/2}) ln^{-4/3}(W/E p^{1/2}), the same for both types at
    equal G. Holds for E << W and 0 < p < 1; the logarithm must be well above one.

    Source: karpov-parshin-1985 (5.5); test: test_tunnelling_density_is_the_jacobian_of_the_potentials

    Args:
        energy: energy of the system [J].
        p: square of the tunnelling share of the energy [-].
        density: density of (eta, t) per volume, G_I or G_II [1/m^3].
        eta_L: small parameter [-].
        W: energy scale of the soft potentials [J].
    """
    energy, p = np.asarray(energy, dtype=float), np.asarray(p, dtype=float)
    logarithm = np.log(W / (energy * np.sqrt(p)))
    coefficient = 2 ** (5 / 3) * 3 ** (-4 / 3) * density * eta_L**1.5 / W
    return coefficient / (p * np.sqrt(1 - p)) * logarithm ** (-4 / 3)


def tunnelling_inverse_path(omega: Array, temperature: Array, glass: KarpovParshinGlass, branch: str) -> Array:
    """Return the inverse mean free path of phonons scattered by tunnelling systems in resonance [1/m].

    4 pi W d^2/(rho v^3 eta_L^{1/2}) omega tanh(hbar omega/2 k_B T) [b^2 G_I/(9 ln^2(W/hbar omega)) + G_II].
    Leading order for hbar omega << W. Type I drops out for b = 0; with it, hbar omega < W is required.

    Source: karpov-parshin-1985 (5.7); test: test_log_free_law_solves_the_kinetic_integral

    Args:
        omega: angular frequency [rad/s].
        temperature: temperature [K].
        glass: the parameters.
        branch: ``"l"`` or ``"t"``.

    Raises:
        InputError: b is not zero and hbar omega reaches W.
    """
    velocity, d2 = glass.branch(branch)
    omega = np.asarray(omega)
    strength = glass.density_II
    if glass.b != 0:
        logarithm = np.log(glass.W / (HBAR * omega))
        if np.any(logarithm <= 0):
            raise InputError("hbar omega reaches W: the logarithm of type I has no meaning there; cut the integral")
        strength = strength + glass.b**2 / 9 * glass.density_I / logarithm**2
    prefactor = 4 * np.pi * glass.W * d2 / (glass.medium.density * velocity**3 * np.sqrt(glass.eta_L))
    return prefactor * omega * np.tanh(HBAR * omega / (2 * BOLTZMANN * temperature)) * strength


def conductivity_two_types(temperature: ArrayLike, glass: KarpovParshinGlass, *, as_printed: bool = False) -> Array:
    """Return the conductivity limited by tunnelling systems of both types [W/(m K)].

    k_B (3/8 pi) rho eta_L^{1/2}/(hbar^2 W G_I b^2) (v_l/d_l^2 + 2 v_t/d_t^2) [k_B T ln(W/k_B T)]^2
    / [1 + (9 G_II/b^2 G_I) ln^2(W/k_B T)]. The prefactor printed in the paper is 1/(24 pi), nine times smaller: a
    factor 9 of b^2/9 was dropped. Needs k_B T << W (the argument of the logarithm is known to a factor of order one)
    and b > 0; returns NaN from k_B T = W/e on, where the formula turns down.

    Source: karpov-parshin-1985 (5.9); test: test_two_type_conductivity_derived_is_nine_times_the_printed_one

    Args:
        temperature: temperature [K].
        glass: the parameters.
        as_printed: use the prefactor of the paper.

    Raises:
        InputError: b or G_I is not positive.
    """
    if not (glass.b > 0 and glass.density_I > 0):
        raise InputError("the conductivity of both types needs b > 0 and G_I > 0; for G_I = 0 use the log-free form")
    thermal = BOLTZMANN * np.asarray(temperature, dtype=float)
    logarithm = np.log(glass.W / thermal)
    ratio = 9 * glass.density_II / (glass.b**2 * glass.density_I)
    prefactor = (1 / 24 if as_printed else 3 / 8) / np.pi * glass.medium.density * np.sqrt(glass.eta_L)
    scale = BOLTZMANN * prefactor / (HBAR**2 * glass.W * glass.density_I * glass.b**2) * glass.inverse_coupling()
    return np.where(logarithm > 1, scale * (thermal * logarithm) ** 2 / (1 + ratio * logarithm**2), np.nan)


def conductivity_log_free(temperature: ArrayLike, glass: KarpovParshinGlass) -> Array:
    """Return the conductivity limited by type II alone, proportional to T^2 [W/(m K)].

    k_B rho eta_L^{1/2} (k_B T)^2/(24 pi hbar^2 W G_II) (v_l/d_l^2 + 2 v_t/d_t^2). Exact for the mean free path
    without type I.

    Source: karpov-parshin-1985 (5.7), (5.9); test: test_log_free_law_solves_the_kinetic_integral

    Args:
        temperature: temperature [K].
        glass: the parameters.
    """
    thermal = BOLTZMANN * np.asarray(temperature, dtype=float)
    scale = BOLTZMANN * glass.medium.density * np.sqrt(glass.eta_L) / (24 * np.pi * HBAR**2)
    return scale * thermal**2 / (glass.W * glass.density_II) * glass.inverse_coupling()


def vibration_density(
    energy: ArrayLike, *, density: float, eta_L: float, W: float, region: VibrationRegion = VibrationRegion.TYPE_I
) -> Array:
    """Return the density of quasilocal vibrations per volume and energy [1/(J m^3)].

    N = G eta_L^{3/2} E^2/W^3 for type I, to leading order for E >> W. Relative to it the paper prints sqrt(2)/27 for
    type II (energy at eta = 0 used for the whole wedge); with the true curvature it is (sqrt(2) - 1)/3, and the half
    plane alpha < 0, which the paper leaves out, adds (2 - sqrt(2))/3: together one third. The power of E belongs to
    the measure uniform in (eta, t); do not compare it with a spectrum that follows from one uniform in (D1, D2).

    Source: karpov-parshin-1985 (6.3), (6.4); test: test_vibration_densities_follow_from_the_areas

    Args:
        energy: energy quantum of the vibration [J].
        density: density of (eta, t) per volume [1/m^3].
        eta_L: small parameter [-].
        W: energy scale of the soft potentials [J].
        region: which part of the plane is counted.
    """
    ratio = _RELATIVE_DENSITY[VibrationRegion(region)]
    return ratio * density * eta_L**1.5 / W**3 * np.asarray(energy) ** 2


def vibration_relaxation_rate(energy: ArrayLike, glass: KarpovParshinGlass) -> Array:
    """Return the rate at which a quasilocal vibration gives its energy to phonons [1/s].

    xi^2 M E^4/(12 pi rho hbar^4) (1/v_l^3 + 2/v_t^3), at any temperature.

    Source: karpov-parshin-1985 (7.5); test: test_vibration_relaxation_rate_is_the_golden_rule

    Args:
        energy: energy quantum of the vibration [J].
        glass: the parameters, with mass and xi2.
    """
    phonons = glass.medium.velocity_sum(1, 1, power=-3)
    return glass.xi2 * glass.mass * np.asarray(energy) ** 4 / (12 * np.pi * glass.medium.density * HBAR**4) * phonons


def vibration_inverse_path(
    omega: ArrayLike, glass: KarpovParshinGlass, branch: str, *, whole_plane: bool = False, enhancement: float = 1.0
) -> Array:
    """Return the inverse mean free path of phonons scattered by quasilocal vibrations in resonance [1/m].

    (pi/6) xi^2 M G eta_L^{3/2} hbar^3 omega^4/(rho v W^3), independent of temperature; G is that of type I, four
    thirds of it for all lower wells of the plane. Holds for hbar omega >> W. Elastic scattering off resonance adds
    the same power of the frequency: a factor of order 1 to 100, which the theory estimates only.

    Source: karpov-parshin-1985 (7.6); test: test_vibration_path_is_the_golden_rule_over_the_density

    Args:
        omega: angular frequency [rad/s].
        glass: the parameters, with mass and xi2.
        branch: ``"l"`` or ``"t"``.
        whole_plane: count the lower wells of the whole plane.
        enhancement: factor for elastic scattering [-].
    """
    velocity, _ = glass.branch(branch)
    region = VibrationRegion.WHOLE_PLANE if whole_plane else VibrationRegion.TYPE_I
    omega = np.asarray(omega)
    found = vibration_density(HBAR * omega, density=glass.density_I, eta_L=glass.eta_L, W=glass.W, region=region)
    return (
        enhancement * np.pi / 6 * glass.xi2 * glass.mass * HBAR * omega**2 * found / (glass.medium.density * velocity)
    )


def conductivity_prethermal(temperature: ArrayLike, glass: KarpovParshinGlass) -> Array:
    """Return the part of the conductivity carried by phonons below W at k_B T >> W, proportional to T [W/(m K)].

    k_B rho eta_L^{1/2} k_B T/(12 pi^3 hbar^2 G) (v_l/d_l^2 + 2 v_t/d_t^2) with G = G_II: the tunnelling law with
    type I left out, cut at hbar omega = W. The cut is arbitrary, and the result moves in proportion to it.

    Source: karpov-parshin-1985 (7.9); test: test_prethermal_and_thermal_conductivity_from_their_ingredients

    Args:
        temperature: temperature [K].
        glass: the parameters.
    """
    scale = BOLTZMANN * glass.medium.density * np.sqrt(glass.eta_L) / (12 * np.pi**3 * HBAR**2 * glass.density_II)
    return scale * glass.inverse_coupling() * BOLTZMANN * np.asarray(temperature, dtype=float)


def conductivity_thermal(glass: KarpovParshinGlass, *, enhancement: float = 1.0) -> float:
    """Return the part of the conductivity carried by phonons above W at k_B T >> W, independent of T [W/(m K)].

    k_B rho W^2/(mu pi^3 hbar^2 xi^2 M G eta_L^{3/2}) (1/v_l + 2/v_t) with G = G_I, mu the factor for elastic
    scattering. It hangs on phonons near hbar omega = W, where both couplings matter: good to a factor of several.

    Source: karpov-parshin-1985 (7.10); test: test_prethermal_and_thermal_conductivity_from_their_ingredients

    Args:
        glass: the parameters, with mass and xi2.
        enhancement: factor mu for elastic scattering [-].
    """
    resisting = enhancement * np.pi**3 * HBAR**2 * glass.xi2 * glass.mass * glass.density_I * glass.eta_L**1.5
    phonons = glass.medium.velocity_sum(1, 1, power=-1)
    return float(BOLTZMANN * glass.medium.density * glass.W**2 / resisting * phonons)


def joined_inverse_path(
    omega: Array, temperature: Array, glass: KarpovParshinGlass, branch: str, *, enhancement: float = 1.0
) -> Array:
    """Return tunnelling systems below hbar omega = W and vibrations above, joined there with a jump [1/m].

    The crude join of the paper, for any temperature. The height of the jump measures how little the join is worth.

    Source: karpov-parshin-1985 (5.7), (7.6); test: test_joined_path_reaches_both_limits

    Args:
        omega: angular frequency [rad/s].
        temperature: temperature [K].
        glass: the parameters, with mass and xi2, and b = 0.
        branch: ``"l"`` or ``"t"``.
        enhancement: factor for elastic scattering [-].
    """
    below = HBAR * omega < glass.W
    tunnelling = tunnelling_inverse_path(omega, temperature, glass, branch)
    return np.where(below, tunnelling, vibration_inverse_path(omega, glass, branch, enhancement=enhancement))
