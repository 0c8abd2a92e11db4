"""From the expansion of a mode, U = lambda s^2/2 + tau s^3/6 + chi s^4/24, to its dimensionless soft potential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.landscape import BoolArray, is_double_well, is_lower_minimum, to_cubic_free
from atomsim.errors import InputError
from atomsim.results import Array, quantity


@dataclass(frozen=True)
class SoftPotentials:
    """Soft potentials H = W[-d^2/dy^2 + alpha y^2 + beta y^3 + y^4] of many modes, y = s/coordinate length.

    ``alpha_m`` carries the sign of omega |omega|. ``eta_m``, ``t_m`` and ``epsilon_m`` depend on the chosen length
    and mass, the other numbers do not: with the effective mass of the most moving atom they are those of one atom,
    with the participation number times the mean mass those of the whole mode.
    """

    hbar: float = quantity("sigma sqrt(m epsilon)", "hbar of the material")
    length: float = quantity("sigma", "length a in which displacements are measured")
    W_m: Array = quantity("epsilon", "energy scale, hbar^2/2 times the inverse square of the coordinate length")
    alpha_m: Array = quantity("1", "quadratic coefficient")
    beta_m: Array = quantity("1", "cubic coefficient")
    eta_L_m: Array = quantity("1", "small parameter: square of the coordinate length over M a^2")
    eta_m: Array = quantity("1", "quadratic coefficient of the potential in units of epsilon and a")
    t_m: Array = quantity("1", "cubic coefficient of the potential in units of epsilon and a")
    epsilon_m: Array = quantity("epsilon", "quartic coefficient: energy at a displacement a of the chosen mass")
    coordinate_length_m: Array = quantity("sqrt(m) sigma", "unit of the mass-weighted coordinate")
    mass_m: Array = quantity("m", "mass M used with the length a")
    D1_m: Array = quantity("1", "linear coefficient of the cubic-free frame")
    D2_m: Array = quantity("1", "quadratic coefficient of the cubic-free frame")

    @property
    def double_well_m(self) -> BoolArray:
        """Tell which potentials have two minima."""
        return is_double_well(self.alpha_m, self.beta_m)

    @property
    def lower_minimum_m(self) -> BoolArray:
        """Tell which modes sit in the only or the lower minimum of their potential."""
        return is_lower_minimum(self.alpha_m, self.beta_m)


def soft_potentials(
    omega_m: Array, tau_m: Array, chi_m: Array, mass_m: Array, *, hbar: float, length: float
) -> SoftPotentials:
    """Return the dimensionless soft potentials of modes that a positive quartic term bounds.

    The unit l of the mass-weighted coordinate makes kinetic and quartic term equal: l^6 = 12 hbar^2/chi. Then
    W = hbar^2/2l^2, alpha = lambda l^4/hbar^2, beta = tau l^3/6W; with a length a and a mass M, eta_L = l^2/Ma^2,
    eta = alpha eta_L, t = beta eta_L^{1/2} and the energy scale W/eta_L^2.

    Source: karpov-parshin-1985 (2.3), (2.4), (2.7); test: test_soft_potential_reproduces_the_expansion
    Source: soft-modes-notes (dimensionless); test: test_soft_potential_reproduces_the_expansion

    Args:
        omega_m: angular frequencies, negative for imaginary ones [sqrt(epsilon/m)/sigma].
        tau_m: third derivatives along the mode [epsilon/(m^{3/2} sigma^3)].
        chi_m: fourth derivatives, bare or relaxed [epsilon/(m^2 sigma^4)].
        mass_m: mass that carries the displacement [m].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        length: length a in which displacements are measured [sigma].

    Raises:
        InputError: a mode with chi <= 0, which its quartic expansion does not bound; or a mass that is not positive.
    """
    omega_m, tau_m, chi_m, mass_m = (np.asarray(x, dtype=float) for x in (omega_m, tau_m, chi_m, mass_m))
    if not np.all(chi_m > 0):
        worst = int(np.argmin(np.where(np.isnan(chi_m), -np.inf, chi_m)))
        raise InputError(f"mode {worst}: chi = {chi_m[worst]!r}; a soft potential needs chi > 0")
    if not (np.all(mass_m > 0) and hbar > 0 and length > 0):
        raise InputError(f"masses, hbar = {hbar!r} and length = {length!r} must be positive")
    unit = (12 * hbar**2 / chi_m) ** (1 / 6)
    W = hbar**2 / (2 * unit**2)
    alpha = omega_m * np.abs(omega_m) * unit**4 / hbar**2
    beta = tau_m * unit**3 / (6 * W)
    eta_L = unit**2 / (mass_m * length**2)
    D1, D2, _ = to_cubic_free(alpha, beta)
    return SoftPotentials(
        hbar=float(hbar),
        length=float(length),
        W_m=W,
        alpha_m=alpha,
        beta_m=beta,
        eta_L_m=eta_L,
        eta_m=alpha * eta_L,
        t_m=beta * np.sqrt(eta_L),
        epsilon_m=W / eta_L**2,
        coordinate_length_m=unit,
        mass_m=mass_m,
        D1_m=D1,
        D2_m=D2,
    )


def mode_energy(chi_m: Array, participation_number_m: Array, *, mean_mass: float, length: float) -> Array:
    """Return the energy eps_k of the dimensionless potential eps_k (eta x^2 + x^4) of a whole mode [epsilon].

    x = s/(N_k M a^2)^{1/2}: all N_k participating atoms moved by a, so that eps_k = chi (N_k M a^2)^2/24.

    Source: buchenau-1992 (4), (5); test: test_mode_energy_obeys_buchenaus_relations

    Args:
        chi_m: fourth derivatives along the mode [epsilon/(m^2 sigma^4)].
        participation_number_m: participation numbers N_k [-].
        mean_mass: mean atomic mass M [m].
        length: length a [sigma].
    """
    return np.asarray(chi_m) * (np.asarray(participation_number_m) * mean_mass * length**2) ** 2 / 24


def quartic_frequency(chi_m: Array, participation_number_m: Array, *, mean_mass: float, length: float) -> Array:
    """Return omega_c, which sets the quartic term M a^2 omega_c^2/2 of one atom at u = a [sqrt(epsilon/m)/sigma].

    From eps_k = N_k M a^2 omega_c^2/2; a frequency of order of the maximum of the spectrum means that the quartic
    term is an ordinary one, spread over N_k atoms.

    Source: buchenau-1992 (3), (5); test: test_mode_energy_obeys_buchenaus_relations

    Args:
        chi_m: fourth derivatives along the mode [epsilon/(m^2 sigma^4)].
        participation_number_m: participation numbers N_k [-].
        mean_mass: mean atomic mass M [m].
        length: length a [sigma].
    """
    energy = mode_energy(chi_m, participation_number_m, mean_mass=mean_mass, length=length)
    return np.sqrt(2 * energy / (np.asarray(participation_number_m) * mean_mass * length**2))
