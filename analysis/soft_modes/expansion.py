"""Derivatives of the energy along a direction, contracted pair by pair: no tensor is ever formed.

Atoms move by s e_i / sqrt(m_i); then U(s) = U_0 + lambda s^2/2 + tau s^3/6 + chi s^4/24 + ... With phi(r^2) the
energy of a pair, R its separation and Delta the difference of its displacements, r^2(s) = R^2 + 2 a s + b s^2,
a = R.Delta, b = Delta.Delta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_modes.contractions import pair_invariants, third_field
from atomsim.pairs import PairTerms
from atomsim.potentials import Model
from atomsim.results import Array

LARGEST_KINK = 1e-3  # of the potential at its cut-off, relative to its core, above which chi is not that of a mode [-]


def cutoff_warning(model: Model) -> str:
    """Return what is to be said of quartic coefficients if the potential is not smooth enough at its cut-off, or "".

    Args:
        model: the potential.
    """
    kink = model.radial.cutoff_kink
    if kink <= LARGEST_KINK:
        return ""
    return (
        f"{model.name}: derivative {model.radial.smoothness + 1} of the potential jumps at the cut-off, by {kink:.2g} "
        "of its value in the core; chi, bare and relaxed, holds at the minimum only and not over the displacements of "
        "a soft mode, during which pairs cross the cut-off: take no soft potentials from it (lerner-binary is smooth)"
    )


@dataclass(frozen=True)
class Expansion:
    """Second, third and fourth derivative of the energy along a mass-weighted direction."""

    curvature: float
    tau: float
    chi: float


def _pair_displacements(terms: PairTerms, vector_nc: Array, mass_n: Array) -> tuple[Array, Array, Array]:
    """Delta, a = R.Delta and b = Delta.Delta of every pair."""
    return pair_invariants(terms, vector_nc / np.sqrt(mass_n)[:, None])


def expand_along(terms: PairTerms, vector_nc: Array, mass_n: Array) -> Expansion:
    """Return lambda, tau and chi along a direction.

    lambda = sum 4 a^2 phi'' + 2 b phi', tau = sum 8 a^3 phi''' + 12 a b phi'',
    chi = sum 16 a^4 phi'''' + 48 a^2 b phi''' + 12 b^2 phi''.

    Source: soft-modes-notes (expansion); test: test_expansion_finite_difference

    Args:
        terms: pairs and derivatives of a configuration.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        mass_n: masses [m].

    Returns:
        curvature [epsilon/(m sigma^2)], tau [epsilon/(m^1.5 sigma^3)], chi [epsilon/(m^2 sigma^4)].
    """
    _, a, b = _pair_displacements(terms, vector_nc, mass_n)
    _, first, second, third, fourth = terms.derivative_kp
    return Expansion(
        curvature=float(np.sum(4 * a**2 * second + 2 * b * first)),
        tau=float(np.sum(8 * a**3 * third + 12 * a * b * second)),
        chi=float(np.sum(16 * a**4 * fourth + 48 * a**2 * b * third + 12 * b**2 * second)),
    )


def mode_force(terms: PairTerms, vector_nc: Array, mass_n: Array) -> Array:
    """Return g = Phi_3 : e e, the mass-weighted gradient of the curvature along e, (N, 3) [epsilon/(m^1.5 sigma^3)].

    Per pair 2 (4 a^2 phi''' + 2 b phi'') R + 8 a phi'' Delta on the first atom, the opposite on the second.
    Identity: g.e = tau.

    Source: soft-modes-notes (mode force); test: test_mode_force_identities

    Args:
        terms: pairs and derivatives of a configuration.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        mass_n: masses [m].
    """
    root = np.sqrt(mass_n)[:, None]
    return third_field(terms, vector_nc / root) / root


def linear_strain_coupling(terms: PairTerms, vector_nc: Array, mass_n: Array) -> Array:
    """Return Lambda1_ab = d2U / d(strain_ab) ds at s = 0, (3, 3) [epsilon/(sqrt(m) sigma)].

    Source: soft-modes-notes (strain coupling); test: test_strain_couplings_finite_difference

    Args:
        terms: pairs and derivatives of a configuration.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        mass_n: masses [m].
    """
    delta_pc, a, _ = _pair_displacements(terms, vector_nc, mass_n)
    first, second = terms.derivative_kp[1], terms.derivative_kp[2]
    cross = np.einsum("p,pa,pb->ab", first, terms.vector_pc, delta_pc)
    return 4 * np.einsum("p,pa,pb->ab", a * second, terms.vector_pc, terms.vector_pc) + cross + cross.T


def quadratic_strain_coupling(terms: PairTerms, vector_nc: Array, mass_n: Array) -> Array:
    """Return d3U / d(strain_ab) ds^2 at s = 0 and fixed other coordinates, (3, 3) [epsilon/(m sigma^2)].

    Per pair 2 (4 a^2 phi''' + 2 b phi'') R_a R_b + 4 a phi'' (R_a Delta_b + R_b Delta_a). The displacement s e is
    added after the strain, so that s keeps its meaning (and its kinetic energy) in the strained glass.

    Source: soft-modes-notes (strain coupling); test: test_strain_couplings_finite_difference

    Args:
        terms: pairs and derivatives of a configuration.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        mass_n: masses [m].
    """
    delta_pc, a, b = _pair_displacements(terms, vector_nc, mass_n)
    second, third = terms.derivative_kp[2], terms.derivative_kp[3]
    weight = 2 * (4 * a**2 * third + 2 * b * second)
    cross = np.einsum("p,pa,pb->ab", 4 * a * second, terms.vector_pc, delta_pc)
    return np.einsum("p,pa,pb->ab", weight, terms.vector_pc, terms.vector_pc) + cross + cross.T
