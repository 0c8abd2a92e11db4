"""What the master integral is built from: Green function, screened interaction, vertex, kinetic equation.

Units hbar = k_B = 1 unless a docstring says SI. Each is here to be compared with what the paper prints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.excitations.transport_kernels import ComplexArray
from atomsim.results import Array


def retarded_green_function(energy: ArrayLike, excess: ArrayLike, relaxation_time: float) -> ComplexArray:
    """Return 1/(E - xi + i/2 tau), the retarded Green function of electrons scattered elastically [1/energy].

    The paper prints the temperature form with (i/2) sign, without tau; its own retarded form has it.

    Source: egorushkin-melnikova-1993a (2.2), (2.5); test: test_green_function_integrates_to_the_relaxation_rate

    Args:
        energy: E from the Fermi level [energy].
        excess: xi = p^2/2m - mu_0 [energy].
        relaxation_time: tau [1/energy].
    """
    return 1 / (np.asarray(energy) - np.asarray(excess) + 0.5j / relaxation_time)


def diffusion_pole(omega: ArrayLike, momentum2: ArrayLike, *, diffusivity: float, ratio: float) -> ComplexArray:
    """Return P = -i omega + D q^2 - r omega [energy]; charge is conserved (P ~ omega at q = 0), reality in time is not.

    Source: egorushkin-melnikova-1993a (2.12); test: test_pole_is_causal_and_not_real_in_time

    Args:
        omega: energy exchanged [energy].
        momentum2: q^2 [1/length^2].
        diffusivity: D [length^2 energy].
        ratio: r = T/T_0 [-].
    """
    omega = np.asarray(omega)
    return -1j * omega + diffusivity * np.asarray(momentum2) - ratio * omega


def screened_interaction(
    omega: ArrayLike, momentum2: ArrayLike, *, diffusivity: float, ratio: float, screening: float
) -> ComplexArray:
    """Return nu_0 V^R = (kappa^2/q^2) P/(P + D kappa^2), the retarded Coulomb interaction [-].

    Source: egorushkin-melnikova-1993a (2.12); test: test_momentum_integral_agrees_with_quadrature

    Args:
        omega: energy exchanged [energy].
        momentum2: q^2 [1/length^2].
        diffusivity: D [length^2 energy].
        ratio: r = T/T_0 [-].
        screening: kappa [1/length].
    """
    P = diffusion_pole(omega, momentum2, diffusivity=diffusivity, ratio=ratio)
    return screening**2 / np.asarray(momentum2) * P / (P + diffusivity * screening**2)


def interaction_vertex(
    omega: ArrayLike,
    momentum2: ArrayLike,
    *,
    diffusivity: float,
    ratio: float,
    relaxation_time: float,
    form: str = "derived",
) -> ComplexArray:
    """Return the vertex between electrons on both sides of the Fermi level, 1/(tau P) [-]; printed without tau.

    Without tau it has the dimension of a time. At omega = r = 0 and small q the ladder sums to 1/(tau D q^2).

    Source: egorushkin-melnikova-1993a (2.13); test: test_vertex_sums_the_ladder

    Args:
        omega: energy exchanged [energy].
        momentum2: q^2 [1/length^2].
        diffusivity: D [length^2 energy].
        ratio: r = T/T_0 [-].
        relaxation_time: tau [1/energy].
        form: ``"derived"`` or ``"printed"`` [1/energy].
    """
    P = diffusion_pole(omega, momentum2, diffusivity=diffusivity, ratio=ratio)
    return 1 / P if form == "printed" else 1 / (relaxation_time * P)


def equilibrium_distribution(energy: ArrayLike, temperature: float) -> Array:
    """Return s_0 = -tanh(E/2T) [-].

    Source: egorushkin-melnikova-1993a (2.4); test: test_lorenz_number_follows_from_the_kinetic_equation

    Args:
        energy: E from the Fermi level [energy].
        temperature: T [energy].
    """
    return -np.tanh(np.asarray(energy, dtype=float) / (2 * temperature))


def distribution_correction(energy: ArrayLike, temperature: float, *, mean_path: float) -> Array:
    """Return phi_0 per temperature gradient along the velocity, tau v (E/T) ds_0/dE [length/energy].

    Source: egorushkin-melnikova-1993a (2.7), (2.8); test: test_lorenz_number_follows_from_the_kinetic_equation

    Args:
        energy: E from the Fermi level [energy].
        temperature: T [energy].
        mean_path: tau v [length].
    """
    E = np.asarray(energy, dtype=float)
    slope = -1 / (2 * temperature * np.cosh(E / (2 * temperature)) ** 2)
    return mean_path * E / temperature * slope


def keldysh_function(
    energy: ArrayLike, excess: ArrayLike, *, relaxation_time: float, temperature: float
) -> ComplexArray:
    """Return G^c = s_0 (G^A - G^R) of electrons in equilibrium, without a gradient [1/energy]; purely imaginary.

    Source: egorushkin-melnikova-1993a (2.6); test: test_keldysh_matrices_invert_to_the_form_of_the_self_energy

    Args:
        energy: E from the Fermi level [energy].
        excess: xi = p^2/2m - mu_0 [energy].
        relaxation_time: tau [1/energy].
        temperature: T [energy].
    """
    retarded = retarded_green_function(energy, excess, relaxation_time)
    return equilibrium_distribution(energy, temperature) * (np.conj(retarded) - retarded)


def keldysh_matrix(retarded: complex, correlation: complex) -> ComplexArray:
    """Return ((0, G^A), (G^R, G^c)), shape (2, 2) [1/energy]; its inverse has the form of the self-energy of the paper.

    Source: egorushkin-melnikova-1993a (2.3); test: test_keldysh_matrices_invert_to_the_form_of_the_self_energy

    Args:
        retarded: G^R [1/energy].
        correlation: G^c [1/energy].
    """
    return np.array([[0.0, np.conj(retarded)], [retarded, correlation]])


def excitation_weight(
    omega: ArrayLike, *, composition: float, potential: float, coupling2: float, density: float
) -> Array:
    """Return c(1 - c) |mu| pi Delta^2/(rho_0 omega), which stands before delta(E_k) in the excitations' function.

    In units of energy^2 length^3, for energies and 1/length^3. Symmetric in both species, zero without a second one.

    Source: egorushkin-melnikova-1993a (2.1); test: test_weight_of_the_excitations_vanishes_with_the_second_species

    Args:
        omega: frequency of the temperature technique, not zero [energy].
        composition: c [-].
        potential: chemical potential mu of the excitations [energy].
        coupling2: Delta^2(k) [energy^2].
        density: rho_0 [1/length^3].

    Returns:
        The weight [energy^2 length^3].
    """
    return composition * (1 - composition) * abs(potential) * np.pi * coupling2 / (density * np.asarray(omega))


def collision_correction(distribution: ArrayLike, density_change: ArrayLike, relaxation_time: float) -> Array:
    """Return the correction to the elastic collision integral from the density of states, -phi_0 (delta nu/nu_0)/tau.

    The paper writes 2/(pi nu_0 tau) int d^3k/(2 pi)^3 [s(k) - s(p)] Im delta G^A; what is isotropic in s drops out,
    and (2/pi) int Im delta G^A is the change of the density of states of both spins. In units of phi_0 over time.

    Source: egorushkin-melnikova-1993a (2.10); test: test_change_of_the_density_of_states_carries_no_heat

    Args:
        distribution: phi_0, odd in the momentum [length/energy].
        density_change: delta nu/nu_0 at the energy of each value [-].
        relaxation_time: tau [1/energy].

    Returns:
        The collision integral [length].
    """
    return -np.asarray(distribution) * np.asarray(density_change) / relaxation_time


def heat_of_density_change(
    energy: Array, density_change: Array, *, temperature: float, mean_path: float
) -> tuple[float, float]:
    """Return the two parts of the heat flux that a change of the density of states makes, over the bare flux [-, -].

    phi_1 = tau delta I with the bare Green function, and phi_0 with the corrected one. They cancel: fewer states carry
    heat, and as much less often are they scattered. What is left of the correction is the interaction itself.

    Source: egorushkin-melnikova-1993a (2.9), (2.11); test: test_change_of_the_density_of_states_carries_no_heat

    Args:
        energy: E from the Fermi level, a grid [energy].
        density_change: delta nu/nu_0 there [-].
        temperature: T [energy].
        mean_path: tau v [length].
    """
    phi_0 = distribution_correction(energy, temperature, mean_path=mean_path)
    phi_1 = collision_correction(phi_0, density_change, 1.0)
    bare = np.trapezoid(energy * phi_0, energy)
    return float(np.trapezoid(energy * phi_1, energy) / bare), float(
        np.trapezoid(energy * phi_0 * density_change, energy) / bare
    )
