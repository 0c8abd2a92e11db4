"""Relaxational absorption of sound by soft potentials: the golden-rule master equation of all levels.

Reduced units: energies and temperatures in W, rates in W/hbar. Phonons take the levels of a potential to equilibrium
with rates that one number fixes, the coupling g = W^2/(2 pi rho hbar^3) (Lambda_l^2/v_l^5 + 2 Lambda_t^2/v_t^5). Two
levels give the tunnelling systems, more levels activation over the barrier: there is no attempt time to choose.
"""

from __future__ import annotations

import numpy as np

from analysis.soft_potential.potential_mesh import PotentialMesh
from analysis.thermal.phonons import Medium
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import HBAR

SMALLEST_RATE = 1e-300
LARGEST_EXPONENT = 600.0  # of a Boltzmann factor


def phonon_coupling(*, W: float, lambda_l2: float, lambda_t2: float, medium: Medium) -> float:
    """Return the coupling g = W^2/(2 pi rho hbar^3) (Lambda_l^2/v_l^5 + 2 Lambda_t^2/v_t^5) [-].

    Complex where its arguments are. The rates follow from perturbation theory, which needs g times a gap to be small.

    Source: soft-potential-notes (rate matrix); test: test_two_levels_relax_like_a_tunnelling_system

    Args:
        W: energy scale of the soft potentials [J].
        lambda_l2: mean square coupling, longitudinal [J^2].
        lambda_t2: mean square coupling of one transverse branch [J^2].
        medium: velocities and density.
    """
    phonons = medium.velocity_sum(lambda_l2, lambda_t2, power=-5)
    return W**2 * phonons / (2 * np.pi * medium.density * HBAR**3)


def populations(energy_nm: Array, *, tau: float) -> Array:
    """Return the thermal populations of the levels [-].

    Args:
        energy_nm: levels of many potentials, ascending [W].
        tau: k_B T/W [-].
    """
    boltzmann = np.exp(-np.minimum((energy_nm - energy_nm[:, :1]) / tau, LARGEST_EXPONENT))
    return boltzmann / boltzmann.sum(axis=1, keepdims=True)


def exchange(energy_nm: Array, coupling_nmm: Array, *, tau: float) -> Array:
    """Return how many transitions per time there are in equilibrium between each two levels, over g [W/hbar].

    P_m Gamma(m -> n)/g = (P_m P_n)^{1/2} gap^3 |O_nm|^2/(2 sinh(gap/2 tau)), the same in both directions.

    Source: soft-potential-notes (rate matrix); test: test_two_levels_relax_like_a_tunnelling_system

    Args:
        energy_nm: levels of many potentials, ascending [W].
        coupling_nmm: matrix elements of the coupling operator [-].
        tau: k_B T/W [-].
    """
    half = np.abs(energy_nm[:, :, None] - energy_nm[:, None, :]) / (2 * tau)
    root = np.sqrt(populations(energy_nm, tau=tau))
    within = np.minimum(half, LARGEST_EXPONENT / 2)
    # gap^3/(2 sinh(gap/2 tau)) = 4 tau^3 half^2 half/sinh(half)
    ratio = np.divide(within, np.sinh(within), out=np.ones_like(half), where=within > 0)
    return 4 * tau**3 * half**2 * ratio * coupling_nmm**2 * root[:, :, None] * root[:, None, :]


def decay_modes(energy_nm: Array, coupling_nmm: Array, *, tau: float) -> tuple[Array, Array, Array]:
    """Return rates over g, squared weights of the coupling and of the energy, of the modes of decay to equilibrium.

    The weights are the projections of P^{1/2} (O_nn - <O>) and P^{1/2} (E_n - <E>)/tau on the eigenvectors of the
    symmetric rate matrix; their sums are the variance of O_nn and the heat capacity. The matrix is never formed:
    levels are eliminated from the highest down, by sums of positive terms, which gives M = R^T R, and the singular
    values of R are the roots of the rates. So rates have relative accuracy down to 1e-26 of the largest.

    Source: soft-potential-notes (rate matrix); test: test_slow_modes_keep_their_relative_accuracy

    Args:
        energy_nm: levels of many potentials, ascending [W].
        coupling_nmm: matrix elements of the coupling operator [-].
        tau: k_B T/W [-].

    Returns:
        rates over g, ascending [W/hbar], squared weights [-] and heat capacities [k_B], all of shape (potentials,
        levels - 1): the equilibrium is left out.
    """
    population = populations(energy_nm, tau=tau)
    root = np.sqrt(population)
    bond = exchange(energy_nm, coupling_nmm, tau=tau)
    count = energy_nm.shape[1]
    factor = np.zeros((len(energy_nm), count - 1, count))
    for n in range(count - 1, 0, -1):
        down = bond[:, n, :n]
        leaving = np.maximum(down.sum(axis=1, keepdims=True), SMALLEST_RATE)
        factor[:, n - 1, n] = np.sqrt(leaving[:, 0]) / root[:, n]
        factor[:, n - 1, :n] = -down / np.sqrt(leaving) / root[:, :n]
        bond[:, :n, :n] += down[:, :, None] * (down / leaving)[:, None, :]
    singular, modes = np.linalg.svd(factor, full_matrices=False)[1:]
    diagonal = np.diagonal(coupling_nmm, axis1=1, axis2=2)
    energy = (energy_nm - energy_nm[:, :1]) / tau
    found = [
        np.einsum("nkm,nm->nk", modes, root * (v - np.sum(population * v, axis=1, keepdims=True))) ** 2
        for v in (diagonal, np.minimum(energy, LARGEST_EXPONENT))
    ]
    return singular[:, ::-1] ** 2, found[0][:, ::-1], found[1][:, ::-1]


def relative_level_width(energy_nm: Array, coupling_nmm: Array, *, tau: float) -> Array:
    """Return the thermal mean of the rate of leaving a level, over g and over the distance to the nearest level [-].

    Perturbation theory for single levels needs g times this to be small.

    Source: soft-potential-notes (rate matrix); test: test_golden_rule_ends_when_levels_overlap

    Args:
        energy_nm: levels of many potentials, ascending [W].
        coupling_nmm: matrix elements of the coupling operator [-].
        tau: k_B T/W [-].
    """
    gap = np.diff(energy_nm, axis=1)
    nearest = np.minimum(np.pad(gap, ((0, 0), (1, 0)), mode="edge"), np.pad(gap, ((0, 0), (0, 1)), mode="edge"))
    return np.sum(exchange(energy_nm, coupling_nmm, tau=tau).sum(axis=2) / nearest, axis=1)


def relaxation_modes(energy_nm: Array, coupling_nmm: Array, *, tau: float, strength: float) -> tuple[Array, Array]:
    """Return rates and squared weights of the modes in which populations return to equilibrium.

    The golden-rule rates Gamma(m -> n) = g gap^3 |O_nm|^2 N(gap), or N + 1 downwards.

    Source: soft-potential-notes (rate matrix); test: test_two_levels_relax_like_a_tunnelling_system

    Args:
        energy_nm: levels of many potentials, ascending [W].
        coupling_nmm: matrix elements of the coupling operator [-].
        tau: k_B T/W [-].
        strength: g [-].

    Returns:
        rates [W/hbar] and squared weights [-], both of shape (potentials, levels); the first mode is equilibrium.
    """
    rates, weights, _ = decay_modes(energy_nm, coupling_nmm, tau=tau)
    return np.pad(strength * rates, ((0, 0), (1, 0))), np.pad(weights, ((0, 0), (1, 0)))


def relaxational_absorption(mesh: PotentialMesh, *, omega_k: Array, tau: float, strength: float) -> Array:
    """Return the relaxational absorption of potentials uniform in (D1, D2), in units of pi omega C/v [-].

    (1/pi tau) integral dD1 dD2 sum_k c_k^2 Omega t_k/(1 + Omega^2 t_k^2) with the rates 1/t_k and weights c_k^2 of
    each potential, O = x, as a sum over the nodes of a mesh. Valid while hbar/t_k is small against the gaps.

    Source: soft-potential-notes (rate matrix); test: test_relaxational_absorption_of_the_ensemble

    Args:
        mesh: the levels.
        omega_k: quanta of the phonons [W].
        tau: k_B T/W [-].
        strength: g of :func:`phonon_coupling` [-].

    Raises:
        InputError: frequencies, temperature or coupling are not positive.
    """
    omega_k = np.atleast_1d(np.asarray(omega_k, dtype=float))
    if not (np.all(omega_k > 0) and tau > 0 and strength > 0):
        raise InputError("frequencies, temperature and coupling must be positive")
    total = np.zeros(len(omega_k))
    weight = mesh.line_weight_l.copy()
    weight[[0, -1]] /= 2
    for line in range(len(mesh.D2_l)):
        rates, strengths = relaxation_modes(mesh.energy_lnm[line], mesh.x_lnmm[line], tau=tau, strength=strength)
        ratio = omega_k[:, None, None] / np.maximum(rates, SMALLEST_RATE)
        loss = np.where(ratio < 1e150, ratio / (1 + np.minimum(ratio, 1e150) ** 2), 0.0)
        total += weight[line] * np.einsum("knm,nm,n->k", loss, strengths, mesh.node_weight_ln[line])
    return total / (np.pi * tau)
