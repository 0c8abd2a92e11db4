"""Derivatives of the energy by an affine strain R -> (1 + strain) R, as sums over pairs."""

from __future__ import annotations

import numpy as np

from atomsim.pairs import PairTerms
from atomsim.results import Array


def strain_forces(terms: PairTerms) -> Array:
    """Return Xi = d2U / d(strain_ab) d(R_ic) at fixed strain-free displacements, (N, 3, 3, 3) [epsilon/sigma].

    Axes are (atom, displacement c, strain a, strain b); the strain is symmetric. Per pair, on the first atom,
    4 phi'' R_a R_b R_c + phi' (R_a delta_bc + R_b delta_ac), and the opposite on the second.

    Source: lutsko-1989 (non-affine force); test: test_strain_forces_finite_difference

    Args:
        terms: pairs and derivatives of a configuration.
    """
    vector, identity = terms.vector_pc, np.eye(3)
    field = 4.0 * np.einsum("p,pc,pa,pb->pcab", terms.derivative_kp[2], vector, vector, vector)
    symmetric = np.einsum("pa,bc->pcab", vector, identity) + np.einsum("pb,ac->pcab", vector, identity)
    field += terms.derivative_kp[1][:, None, None, None] * symmetric
    return terms.scatter(field)


def born_tensor(terms: PairTerms, volume: float) -> Array:
    """Return the affine (Born) stiffness (1/V) sum_p 4 phi'' R_a R_b R_c R_d, (3, 3, 3, 3) [epsilon/sigma^3].

    It is the second derivative by the Lagrangian strain, at fixed relative positions.

    Source: lutsko-1989 (Born term); test: test_elasticity_inverse_power

    Args:
        terms: pairs and derivatives of a configuration.
        volume: volume [sigma^3].
    """
    outer = np.einsum("pa,pb->pab", terms.vector_pc, terms.vector_pc).reshape(-1, 9)
    return (4.0 * (outer * terms.derivative_kp[2][:, None]).T @ outer / volume).reshape(3, 3, 3, 3)
