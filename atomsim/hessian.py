"""Second derivatives of the energy: sparse matrix, matrix-free operator, mass weighting.

Index order: row 3 i + a (or d i + a in d dimensions) is atom i, Cartesian component a.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from atomsim.kernels.hessian_assembly import (
    fill_columns,
    fill_elements,
    fill_planar,
    fill_spatial,
    sorted_rows,
)
from atomsim.kernels.hessian_product import chebyshev_step, full_rows, product
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
    upper = np.triu_indices(blocks.shape[1])
    element_pe = np.ascontiguousarray(blocks[:, *upper])
    return _stored_by_rows(first_p, second_p, element_pe, dimension=blocks.shape[1], n_atoms=n_atoms)


def _stored_by_rows(
    first_p: IntArray, second_p: IntArray, element_pe: Array, *, dimension: int, n_atoms: int
) -> sparse.csr_matrix:
    """The matrix of blocks given by the elements of their upper triangles, row by row."""
    start, entry = sorted_rows(first_p, second_p, n_atoms)
    size, n_elements = dimension * n_atoms, dimension**2 * len(entry)
    # the type that SciPy would choose: it spares a copy, and PARDISO takes no other
    kind = np.int32 if n_elements <= np.iinfo(np.int32).max else np.int64
    data, indices, indptr = np.empty(n_elements), np.empty(n_elements, kind), np.empty(size + 1, kind)
    (fill_spatial if dimension == 3 else fill_planar)(start, entry, element_pe, data)
    fill_columns(start, entry, dimension, indices, indptr)
    matrix = sparse.csr_matrix((data, indices, indptr), shape=(size, size))
    matrix.has_sorted_indices = matrix.has_canonical_format = True
    return matrix


def hessian_matrix(terms: PairTerms) -> sparse.csr_matrix:
    """Return the Hessian H = d2U/dR dR as a sparse matrix, (dN, dN) [epsilon/sigma^2].

    Args:
        terms: pairs and derivatives of a configuration.
    """
    d = terms.dimension
    element_pe = np.empty((len(terms.first_p), d * (d + 1) // 2))
    fill_elements(terms.vector_pc, terms.derivative_kp[2], terms.derivative_kp[1], element_pe)
    return _stored_by_rows(terms.first_p, terms.second_p, element_pe, dimension=d, n_atoms=terms.n_atoms)


def mass_weighted(hessian: sparse.spmatrix, mass_n: Array, dimension: int) -> sparse.csr_matrix:
    """Return the dynamical matrix D = M^{-1/2} H M^{-1/2} [epsilon/(m sigma^2)].

    Args:
        hessian: the Hessian.
        mass_n: mass of each atom [m].
        dimension: 2 or 3.
    """
    weight = np.repeat(np.asarray(mass_n, dtype=float) ** -0.5, dimension)
    matrix = sparse.csr_matrix(hessian, copy=True)
    matrix.data *= np.repeat(weight, np.diff(matrix.indptr)) * weight[matrix.indices]  # one factor: stays symmetric
    return matrix


class PairRows:
    """The Hessian or the dynamical matrix as rows of pairs: products with many vectors, no matrix stored.

    Rows may follow an order of the caller; fields are (N, 3, K) in the order of the rows.
    """

    def __init__(self, terms: PairTerms, *, mass_n: Array | None = None, order_n: IntArray | None = None) -> None:
        """Sort the pairs into rows.

        Args:
            terms: pairs and derivatives.
            mass_n: masses, for the dynamical matrix; the Hessian where absent [m].
            order_n: atoms in the order of the rows; as they are numbered where absent.
        """
        self.n_atoms, self.dimension = terms.n_atoms, terms.dimension
        order_n = np.arange(self.n_atoms) if order_n is None else order_n
        rank_n = np.empty(self.n_atoms, np.int64)
        rank_n[order_n] = np.arange(self.n_atoms)
        self.mass_n = np.ones(self.n_atoms) if mass_n is None else np.asarray(mass_n, dtype=float)[order_n]
        self._start, self._neighbour, pair = full_rows(terms.first_p, terms.second_p, rank_n)
        self._vector = terms.vector_pc[pair]
        self._bond = np.stack([4.0 * terms.derivative_kp[2][pair], 2.0 * terms.derivative_kp[1][pair]], axis=1)
        self._inverse_root = self.mass_n**-0.5

    def from_host(self, field_nck: Array) -> Array:
        """Return the vectors themselves, for they live on the host [as the field].

        Args:
            field_nck: vectors, (N, 3, K) [any unit].
        """
        return field_nck

    to_host = from_host

    def product(self, field_nck: Array) -> Array:
        """Return the matrix times each vector, same shape [unit of the matrix times that of the field].

        Args:
            field_nck: vectors, (N, 3, K) [any unit].
        """
        out_nck = np.empty_like(field_nck)
        product(
            self._start, self._neighbour, self._vector, self._bond, self._inverse_root,
            np.ascontiguousarray(field_nck), out_nck,
        )  # fmt: skip
        return out_nck

    def chebyshev_step(
        self, field_nck: Array, previous_nck: Array, *, centre: float, half_width: float
    ) -> tuple[Array, Array]:
        """Return new = 2 (A - centre)/half_width field - previous, in the memory of ``previous``, and two sums [-].

        These are field.field and new.field of each vector, (2, K).

        Args:
            field_nck: T_n of the scaled matrix on the vectors [-].
            previous_nck: T_{n-1} on them; becomes the result [-].
            centre: middle of the interval of the spectrum [unit of the matrix].
            half_width: half its width [unit of the matrix].
        """
        moments = np.empty((2, field_nck.shape[2]))
        chebyshev_step(
            self._start, self._neighbour, self._vector, self._bond, self._inverse_root,
            centre, half_width, field_nck, previous_nck, moments,
        )  # fmt: skip
        return previous_nck, moments


class HessianOperator(LinearOperator):
    """The Hessian as a matrix-free operator: a product costs one pass over the pairs and no matrix is stored."""

    def __init__(self, terms: PairTerms) -> None:
        """Wrap the pairs of a configuration.

        Args:
            terms: pairs and derivatives.
        """
        n = terms.dimension * terms.n_atoms
        super().__init__(dtype=np.float64, shape=(n, n))
        self._rows = PairRows(terms)

    def _matmat(self, vectors: Array) -> Array:
        n, d = self._rows.n_atoms, self._rows.dimension
        field_nck = np.zeros((n, 3, vectors.shape[1]))
        field_nck[:, :d] = vectors.reshape(n, d, -1)
        return self._rows.product(field_nck)[:, :d].reshape(vectors.shape)

    def _matvec(self, vector: Array) -> Array:
        return self._matmat(np.reshape(vector, (-1, 1))).ravel()

    _rmatvec, _rmatmat = _matvec, _matmat  # the Hessian is symmetric
