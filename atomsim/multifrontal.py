"""Multifrontal factorisation A - shift*1 = G S G^T of a dynamical matrix, S = +-1, in single or double precision.

Each front of a dissection is a dense matrix: its pivot block is factorised by LAPACK, the rest receives the Schur
complement and goes to the front that follows. A pivot block is factorised by Cholesky; where it is indefinite, by
Bunch and Kaufman with pivots of one and two rows. The signs S count eigenvalues below the shift (Sylvester), those of
the matrix that was in fact factorised: ``error_bound`` says how far that is from the one asked for. Single
precision is twice as fast and half as large: its solutions precondition, and its count holds wherever no eigenvalue is
as near to the shift as that error. Where a pivot block is indefinite its factor can be large, and would amplify
round-off: such a front, and all that follow it, are of double precision in any case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from atomsim.dissection import Dissection
from atomsim.kernels.fronts import add_update, place_columns
from atomsim.pivots import Pivot, factorise_block, less_square
from atomsim.results import Array, IntArray

PROBES, POWERS = 8, 4  # random vectors that the error is measured with, and how often it is applied to them
SMALL_COMPONENT = 0.1 * np.sqrt(np.pi / 2)  # all of them have a smaller one along the worst direction: chance 10^-8
PRECISIONS = {"single": np.float32, "double": np.float64}


@dataclass
class _Eliminated:
    """A front after its elimination: its unknowns, those it touches later, and its columns of the factor."""

    own: slice
    later_b: IntArray
    pivot: Pivot
    below: Array


class MultifrontalFactor:
    """A sparse symmetric matrix in the order of a dissection, factorised at one shift after another."""

    def __init__(self, matrix: sparse.csr_matrix, dissection: Dissection) -> None:
        """Bring the matrix into order; nothing is factorised yet.

        Args:
            matrix: symmetric matrix A with d unknowns to an atom, bonds of atoms as in the dissection.
            dissection: the order of elimination.
        """
        d = dissection.dimension
        self._dissection = dissection
        self._order = (d * dissection.order_n[:, None] + np.arange(d)).ravel()
        self._matrix = matrix[self._order][:, self._order].tocsr()
        lower = sparse.tril(self._matrix, format="csc")
        lower.sort_indices()
        self._start, self._row, self._value = lower.indptr.astype(np.int64), lower.indices.astype(np.int64), lower.data
        self._eliminated: list[_Eliminated] = []
        self._shift = 0.0
        self.n_negative = 0
        self.n_steps = len(dissection.fronts)

    def factorise(self, shift: float, *, precision: str) -> None:
        """Factorise A - shift*1; the factor of an earlier shift is given up first.

        Args:
            shift: the number subtracted from the diagonal [as the matrix].
            precision: ``single`` or ``double``.

        Raises:
            NotConverged: the matrix is singular there.
        """
        self.release()
        self._shift = shift
        value = self._value.copy()
        value[self._start[:-1]] -= shift  # the diagonal begins each column of a lower triangle
        value = value.astype(PRECISIONS[precision])
        d = self._dissection.dimension
        place = np.empty(self._matrix.shape[0], np.int64)
        waiting: dict[int, list[tuple[IntArray, Array]]] = {}
        for number, front in enumerate(self._dissection.fronts):
            own = slice(d * front.begin, d * front.end)
            later_b = (d * front.later_b[:, None] + np.arange(d)).ravel()
            place[own], place[later_b] = np.arange(own.stop - own.start), np.arange(len(later_b)) + own.stop - own.start
            block, below, corner = self._assembled(own, len(later_b), place, value, waiting.pop(number, []))
            pivot = factorise_block(block)
            del block
            below, corner = (part.astype(pivot.sign.dtype, copy=False) for part in (below, corner))
            below = pivot.divide(below)
            if (pivot.sign < 0).any():
                below *= pivot.sign
            self._eliminated.append(_Eliminated(own, later_b, pivot, below))
            self.n_negative += int(np.count_nonzero(pivot.sign < 0))
            if len(later_b):
                waiting.setdefault(front.parent, []).append((later_b, less_square(corner, below, pivot.sign)))

    def _assembled(
        self, own: slice, n_later: int, place: IntArray, value: Array, updates: list[tuple[IntArray, Array]]
    ) -> tuple[Array, Array, Array]:
        """The parts of a front: its pivot block, the rows below it and their corner, with all that was handed on."""
        k = own.stop - own.start
        shapes = (k, k), (n_later, k), (n_later, n_later)
        dtype = np.result_type(value, *(update for _, update in updates))
        block, below, corner = (np.zeros(shape, dtype, order="F") for shape in shapes)
        place_columns(self._start, self._row, value, own.start, place, block, below)
        while updates:  # each is given back as soon as it is added
            touched, update = updates.pop()
            add_update(update.T, place[touched], block.T, below.T, corner.T)
            del update
        return block, below, corner

    def solve(self, right: Array) -> Array:
        """Return x of (A - shift*1) x = right, as exact as the precision [unit of right / unit of A].

        Args:
            right: right-hand side(s), (n,) or (n, k) [any unit].
        """
        dtype = self._eliminated[0].below.dtype
        field = np.ascontiguousarray(right.reshape(len(right), -1)[self._order], dtype=dtype)
        for front in self._eliminated:
            own = front.pivot.divide(field[front.own].T)
            field[front.later_b] -= front.below @ own.T
            field[front.own] = own.T * front.pivot.sign[:, None]
        for front in reversed(self._eliminated):
            field[front.own] -= front.below.T @ field[front.later_b]
            field[front.own] = front.pivot.divide_transposed(field[front.own].T).T
        solution = np.empty(field.shape)
        solution[self._order] = field
        return solution.reshape(right.shape)

    def error_bound(self, rng: np.random.Generator) -> float:
        """Return a bound on the spectral norm of E, A - shift*1 + E being what was factorised [unit of A].

        A normally distributed w has a component below t along the leading direction of E^q with a chance below
        t sqrt(2/pi): ||E^q|| exceeds the longest of K vectors E^q w over t with a chance below (t sqrt(2/pi))^K, here
        10^-8. The root of order q makes the bound tight. No eigenvalue moves by more than ||E|| (Weyl); the rounding of
        the products is in it.

        Args:
            rng: source of randomness.
        """
        field = rng.standard_normal((self._matrix.shape[0], PROBES))
        logarithm = np.zeros(PROBES)
        for _ in range(POWERS):
            field = self._difference(field)
            length = np.linalg.norm(field, axis=0)
            if not length.all():
                return 0.0
            logarithm += np.log(length)
            field /= length
        return float(np.exp((logarithm.max() - np.log(SMALL_COMPONENT)) / POWERS))

    def lowest_beyond(self, vectors: Array, rng: np.random.Generator) -> float:
        """Return a lower bound on the eigenvalues of A outside the span of some vectors, or -inf [unit of A].

        B = A - shift*1 + E is what was factorised. Its inertia is that of its block on the vectors and that of the
        Schur complement outside (Haynsworth). If the first holds all negative eigenvalues the second has none: outside,
        A >= shift - ||E|| - ||C||^2/mu, where C is the part of B that couples the vectors to what is outside and mu
        the smallest eigenvalue of the block in absolute value; else nothing is known, -inf. The shift may lie among
        the eigenvalues of the vectors.

        Args:
            vectors: orthonormal columns, (n, k) [-].
            rng: source of randomness.
        """
        own = vectors[self._order]
        image = self._matrix @ own - self._shift * own + self._difference(own)
        block = own.T @ image
        inside = np.linalg.eigvalsh(0.5 * (block + block.T))
        if int(np.count_nonzero(inside < 0)) != self.n_negative:
            return -np.inf
        image -= own @ block
        coupling_squared = float(np.linalg.eigvalsh(image.T @ image)[-1])
        return self._shift - self.error_bound(rng) - coupling_squared / float(np.abs(inside).min())

    def _difference(self, field: Array) -> Array:
        """What the product of the factors gives less what the matrix gives."""
        probe = field.astype(self._eliminated[0].below.dtype)
        product = np.zeros(probe.shape)
        for front in self._eliminated:
            own = front.pivot.multiply_transposed(probe[front.own].T.copy(order="F")).T
            own = (own + front.below.T @ probe[front.later_b]) * front.pivot.sign[:, None]
            product[front.later_b] += front.below @ own
            product[front.own] += front.pivot.multiply(np.asfortranarray(own.T)).T
        exact = probe.astype(float)
        return product - (self._matrix @ exact - self._shift * exact)

    def release(self) -> None:
        """Give the memory of the factor back; it can no longer solve."""
        self._eliminated = []
        self.n_negative = 0
