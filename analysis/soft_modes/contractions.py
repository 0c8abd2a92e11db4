"""Third and fourth derivatives of the energy contracted with a displacement field, pair by pair.

Fields are displacements of the atoms, not mass weighted. With phi(r^2) the energy of a pair, R its separation, Delta
the difference of its displacements, a = R.Delta and b = Delta.Delta, the energy of the pair is phi(R^2 + 2 a t + b t^2)
at the amplitude t, and every contraction is a derivative of its Taylor coefficients by Delta.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from atomsim.hessian import assemble
from atomsim.kernels.pair_fields import BOND, add_coefficients, field_kernel
from atomsim.pairs import PairTerms
from atomsim.results import Array


def pair_invariants(terms: PairTerms, displacement_nc: Array) -> tuple[Array, Array, Array]:
    """Return Delta [as given], a = R.Delta and b = Delta.Delta of every pair [as given].

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements, (N, 3) [any unit of length].
    """
    delta_pc = terms.difference(displacement_nc)
    along_p = np.einsum("pc,pc->p", terms.vector_pc, delta_pc)
    square_p = np.einsum("pc,pc->p", delta_pc, delta_pc)
    return delta_pc, along_p, square_p


def _contracted(order: int, terms: PairTerms, displacement_nc: Array) -> Array:
    """One contraction of a field (N, 3) or of many (N, 3, K), which share the reading of the pairs."""
    field_nck = np.ascontiguousarray(displacement_nc, dtype=float).reshape(terms.n_atoms, 3, -1)
    out_nck = np.empty_like(field_nck)
    field_kernel(order)(terms.first_p, terms.second_p, terms.vector_pc, terms.derivative_kp, field_nck, out_nck)
    return out_nck.reshape(displacement_nc.shape)


def taylor_coefficients(terms: PairTerms, displacement_nck: Array) -> Array:
    """Return the second, third and fourth derivative of the energy along many fields, (3, K) [epsilon/sigma^k units].

    Per pair 4 a^2 phi'' + 2 b phi', 8 a^3 phi''' + 12 a b phi'' and 16 a^4 phi'''' + 48 a^2 b phi''' + 12 b^2 phi''.

    Source: soft-modes-notes (expansion); test: test_many_directions_are_contracted_at_once

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nck: displacements z, (N, 3, K) [any unit of length].
    """
    field_nck = np.ascontiguousarray(displacement_nck, dtype=float)
    out = np.empty((3, field_nck.shape[2]))
    add_coefficients(terms.first_p, terms.second_p, terms.vector_pc, terms.derivative_kp, field_nck, out)
    return out


def second_field(terms: PairTerms, displacement_nc: Array) -> Array:
    """Return Phi_2 z, minus the forces that a displacement calls up [epsilon/sigma^2 times its unit].

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3), or many at once, (N, 3, K) [any unit of length].
    """
    return _contracted(2, terms, displacement_nc)


def third_field(terms: PairTerms, displacement_nc: Array) -> Array:
    """Return Phi_3 : z z, the gradient of the curvature along z [epsilon/sigma^3 times its unit squared].

    Per pair (8 a^2 phi''' + 4 b phi'') R + 8 a phi'' Delta.

    Source: soft-modes-notes (contractions); test: test_contractions_are_derivatives_of_each_other

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3), or many at once, (N, 3, K) [any unit of length].
    """
    return _contracted(3, terms, displacement_nc)


def fourth_field(terms: PairTerms, displacement_nc: Array) -> Array:
    """Return Phi_4 : z z z, a third of the gradient of tau along z [epsilon/sigma^4 times its unit cubed].

    Per pair (16 a^3 phi'''' + 24 a b phi''') R + (24 a^2 phi''' + 12 b phi'') Delta.

    Source: soft-modes-notes (contractions); test: test_contractions_are_derivatives_of_each_other

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3), or many at once, (N, 3, K) [any unit of length].
    """
    return _contracted(4, terms, displacement_nc)


def bond_field(terms: PairTerms, displacement_nc: Array) -> Array:
    """Return the sum over the pairs of an atom of |z_ij|^2 z_ij [cube of the unit of z].

    A quarter of the gradient of the sum over pairs of |z_ij|^4.

    Source: soft-modes-notes (contractions); test: test_contractions_are_derivatives_of_each_other

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3), or many at once, (N, 3, K) [any unit of length].
    """
    return _contracted(BOND, terms, displacement_nc)


def _outer(left_pc: Array, right_pc: Array) -> Array:
    return left_pc[:, :, None] * right_pc[:, None, :]


def _assembled(terms: PairTerms, blocks: Array) -> sparse.csr_matrix:
    d = terms.dimension
    return assemble(terms.first_p, terms.second_p, np.ascontiguousarray(blocks[:, :d, :d]), terms.n_atoms)


def third_matrix(terms: PairTerms, displacement_nc: Array) -> sparse.csr_matrix:
    """Return Phi_3 . z, the derivative of the Hessian along z, (dN, dN) [epsilon/sigma^3 times its unit].

    Per pair 8 a phi''' R R + 4 phi'' (R Delta + Delta R) + 4 a phi'' 1.

    Source: soft-modes-notes (contractions); test: test_contractions_are_derivatives_of_each_other

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3) [any unit of length].
    """
    delta_pc, a, _ = pair_invariants(terms, displacement_nc)
    second, third, vector_pc = terms.derivative_kp[2], terms.derivative_kp[3], terms.vector_pc
    cross = _outer(vector_pc, (4 * second)[:, None] * delta_pc)
    blocks = _outer((8 * a * third)[:, None] * vector_pc, vector_pc) + cross + cross.transpose(0, 2, 1)
    blocks += (4 * a * second)[:, None, None] * np.eye(3)
    return _assembled(terms, blocks)


def fourth_matrix(terms: PairTerms, displacement_nc: Array) -> sparse.csr_matrix:
    """Return Phi_4 : z z, the second derivative of the Hessian along z, (dN, dN) [epsilon/sigma^4 times its unit^2].

    Per pair (16 a^2 phi'''' + 8 b phi''') R R + 16 a phi''' (R Delta + Delta R) + 8 phi'' Delta Delta
    + (8 a^2 phi''' + 4 b phi'') 1.

    Source: soft-modes-notes (contractions); test: test_contractions_are_derivatives_of_each_other

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3) [any unit of length].
    """
    delta_pc, a, b = pair_invariants(terms, displacement_nc)
    second, third, fourth = terms.derivative_kp[2:5]
    vector_pc = terms.vector_pc
    cross = _outer(vector_pc, (16 * a * third)[:, None] * delta_pc)
    blocks = _outer((16 * a**2 * fourth + 8 * b * third)[:, None] * vector_pc, vector_pc)
    blocks += cross + cross.transpose(0, 2, 1) + _outer((8 * second)[:, None] * delta_pc, delta_pc)
    blocks += (8 * a**2 * third + 4 * b * second)[:, None, None] * np.eye(3)
    return _assembled(terms, blocks)


def bond_matrix(terms: PairTerms, displacement_nc: Array) -> sparse.csr_matrix:
    """Return a third of the derivative of the sum of |z_ij|^2 z_ij by z, (dN, dN) [square of the unit of z].

    Per pair (2 Delta Delta + b 1)/3.

    Source: soft-modes-notes (contractions); test: test_contractions_are_derivatives_of_each_other

    Args:
        terms: pairs and derivatives of a configuration.
        displacement_nc: displacements z, (N, 3) [any unit of length].
    """
    delta_pc, _, b = pair_invariants(terms, displacement_nc)
    return _assembled(terms, (2 * _outer(delta_pc, delta_pc) + b[:, None, None] * np.eye(3)) / 3)
