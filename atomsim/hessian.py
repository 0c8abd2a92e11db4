"""Second derivatives of the energy: sparse matrix, matrix-free operator, finite differences, mass weighting.

Index order: row 3 i + a (or d i + a in d dimensions) is atom i, Cartesian component a.
"""

from __future__ import annotations

import ase
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from atomsim.pairs import PairTerms
from atomsim.results import Array, IntArray


def pair_blocks(terms: PairTerms) -> Array:
    """Return the second derivative of each pair energy by its separation, (P, d, d) [epsilon/sigma^2].

    With phi a function of r^2 the block is 4 phi'' R R + 2 phi' 1.

    Args:
        terms: pairs and derivatives.
    """
    d = terms.dimension
    vector = terms.vector_pc[:, :d]
    blocks = 4.0 * terms.derivative_kp[2][:, None, None] * vector[:, :, None] * vector[:, None, :]
    blocks += 2.0 * terms.derivative_kp[1][:, None, None] * np.eye(d)
    return blocks


def assemble(first_p: IntArray, second_p: IntArray, blocks: Array, n_atoms: int) -> sparse.csr_matrix:
    """Return the sparse matrix with -block off the diagonal and the sum of the blocks on it.

    Args:
        first_p: first atom of each pair.
        second_p: second atom of each pair.
        blocks: symmetric block of each pair, (P, d, d) [epsilon/sigma^2].
        n_atoms: number of atoms.
    """
    d = blocks.shape[1]
    diagonal = np.zeros((n_atoms, d, d))
    for a in range(d):
        for b in range(d):
            column = blocks[:, a, b]
            diagonal[:, a, b] = np.bincount(first_p, column, n_atoms) + np.bincount(second_p, column, n_atoms)
    rows = np.concatenate([first_p, second_p, np.arange(n_atoms)])
    columns = np.concatenate([second_p, first_p, np.arange(n_atoms)])
    order = np.argsort(rows * n_atoms + columns, kind="stable")
    data = np.concatenate([-blocks, -blocks, diagonal])[order]
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_atoms))])
    return sparse.bsr_matrix((data, columns[order], start), shape=(d * n_atoms, d * n_atoms)).tocsr()


def hessian_matrix(terms: PairTerms) -> sparse.csr_matrix:
    """Return the Hessian H = d2U/dR dR as a sparse matrix, (dN, dN) [epsilon/sigma^2].

    Args:
        terms: pairs and derivatives of a configuration.
    """
    return assemble(terms.first_p, terms.second_p, pair_blocks(terms), terms.n_atoms)


def mass_weighted(hessian: sparse.spmatrix, mass_n: Array, dimension: int) -> sparse.csr_matrix:
    """Return the dynamical matrix D = M^{-1/2} H M^{-1/2} [epsilon/(m sigma^2)].

    Args:
        hessian: the Hessian.
        mass_n: mass of each atom [m].
        dimension: 2 or 3.
    """
    weight = sparse.diags(np.repeat(np.asarray(mass_n, dtype=float) ** -0.5, dimension))
    return (weight @ hessian @ weight).tocsr()


class HessianOperator(LinearOperator):
    """The Hessian as a matrix-free operator: a product costs one pass over the pairs and no matrix is stored."""

    def __init__(self, terms: PairTerms) -> None:
        """Wrap the pairs of a configuration.

        Args:
            terms: pairs and derivatives.
        """
        n = terms.dimension * terms.n_atoms
        super().__init__(dtype=np.float64, shape=(n, n))
        self._terms = terms

    def _matvec(self, vector: Array) -> Array:
        terms = self._terms
        field_nc = np.zeros((terms.n_atoms, 3))
        field_nc[:, : terms.dimension] = np.reshape(vector, (terms.n_atoms, terms.dimension))
        delta_pc = terms.difference(field_nc)
        along_p = np.einsum("pc,pc->p", terms.vector_pc, delta_pc)
        pull_pc = (4.0 * terms.derivative_kp[2] * along_p)[:, None] * terms.vector_pc
        pull_pc += 2.0 * terms.derivative_kp[1][:, None] * delta_pc
        return terms.scatter(pull_pc)[:, : terms.dimension].ravel()

    _rmatvec = _matvec  # the Hessian is symmetric


def finite_difference_hessian(atoms: ase.Atoms, *, step: float = 1e-4) -> Array:
    """Return the dense Hessian of any ASE calculator, (3N, 3N), symmetrised [energy/length^2 of the calculator].

    Central differences of the forces: the error is O(step^2) from the third derivative plus force noise / step.
    Constraints on the atoms are left aside.

    Args:
        atoms: configuration with a calculator attached; it is left as it was.
        step: displacement [length unit of the calculator].
    """
    work = atoms.copy()
    work.calc = atoms.calc
    positions_nc = atoms.positions.copy()
    hessian = np.empty((positions_nc.size, positions_nc.size))
    for row in range(positions_nc.size):
        forces = []
        for sign in (1.0, -1.0):
            shifted = positions_nc.copy()
            shifted.flat[row] += sign * step
            work.set_positions(shifted, apply_constraint=False)
            forces.append(work.get_forces(apply_constraint=False).ravel())
        hessian[row] = (forces[1] - forces[0]) / (2 * step)
    return 0.5 * (hessian + hessian.T)
