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


def phonon_coupling(*, W: float, lambda_l2: float, lambda_t2: float, medium: Medium) -> float:
    """Return the coupling g = W^2/(2 pi rho hbar^3) (Lambda_l^2/v_l^5 + 2 Lambda_t^2/v_t^5) [-].

    The rates follow from perturbation theory, which needs g times the cube of the gaps to be small.

    Source: soft-potential-notes (rate matrix); test: test_two_levels_relax_like_a_tunnelling_system

    Args:
        W: energy scale of the soft potentials [J].
        lambda_l2: mean square coupling, longitudinal [J^2].
        lambda_t2: mean square coupling of one transverse branch [J^2].
        medium: velocities and density.
    """
    phonons = medium.velocity_sum(lambda_l2, lambda_t2, power=-5)
    return float(W**2 * phonons / (2 * np.pi * medium.density * HBAR**3))


def relaxation_modes(energy_nm: Array, coupling_nmm: Array, *, tau: float, strength: float) -> tuple[Array, Array]:
    """Return rates and squared weights of the modes in which populations return to equilibrium.

    The golden-rule rates Gamma(m -> n) = g gap^3 |O_nm|^2 N(gap), or N + 1 downwards, made symmetric with P^{1/2}; the
    weights are the projections of P_n^{1/2} (O_nn - <O>) on its eigenvectors. Their sum is the variance of O_nn.

    Source: soft-potential-notes (rate matrix); test: test_two_levels_relax_like_a_tunnelling_system

    Args:
        energy_nm: levels of many potentials, ascending [W].
        coupling_nmm: matrix elements of the coupling operator [-].
        tau: k_B T/W [-].
        strength: g [-].

    Returns:
        rates [W/hbar] and squared weights [-], both of shape (potentials, levels); the first mode is equilibrium.
    """
    gap = energy_nm[:, :, None] - energy_nm[:, None, :]
    scaled = np.minimum(np.abs(gap) / tau, 600.0)
    # gap^3/(2 sinh(gap/2 tau)): the symmetric form P_m^{1/2} Gamma(m -> n) P_n^{-1/2} needs no N
    half = np.where(scaled > 0, scaled, 1.0)
    symmetric = strength * np.abs(gap) ** 3 * coupling_nmm**2 / (2 * np.sinh(half / 2))
    boltzmann = np.exp(-np.minimum((energy_nm - energy_nm[:, :1]) / tau, 600.0))
    root = np.sqrt(boltzmann / boltzmann.sum(axis=1, keepdims=True))
    out = np.einsum("nij,nj->ni", symmetric, root) / root  # total rate of leaving each level
    matrix = -symmetric
    index = np.arange(energy_nm.shape[1])
    matrix[:, index, index] = out
    rates, modes = np.linalg.eigh(matrix)
    diagonal = coupling_nmm[:, index, index]
    excess = root * (diagonal - np.sum(root**2 * diagonal, axis=1, keepdims=True))
    return np.maximum(rates, 0.0), np.einsum("nij,ni->nj", modes, excess) ** 2


def relaxational_absorption(mesh: PotentialMesh, *, omega_k: Array, tau: float, strength: float) -> Array:
    """Return the relaxational absorption of potentials uniform in (D1, D2), in units of pi omega C/v [-].

    (1/pi tau) integral dD1 dD2 sum_k c_k^2 Omega t_k/(1 + Omega^2 t_k^2) with the rates 1/t_k and weights c_k^2 of
    each potential, O = x. Valid while hbar/t_k is small against the gaps.

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
