"""Multifrontal factorisation A - shift*1 = G S G^T of a dynamical matrix, S = +-1, in single or double precision.

Each front of a dissection is a dense matrix: its pivot block is factorised by LAPACK, the rest receives the Schur
complement and goes to the front that follows. A pivot block is factorised by Cholesky; where it is indefinite, by
Bunch and Kaufman with pivots of one and two rows. The signs S count eigenvalues below the shift (Sylvester), those of
the matrix that was in fact factorised: ``error_bound`` says how far that is from the one asked for. Single
precision is twice as fast and half as large: its solutions precondition, and its count holds wherever no eigenvalue is
as near to the shift as that error. Where a pivot block is indefinite its factor can be large, and would amplify
round-off: such a front, and all that follow it, are of double precision in any case. Where only the count is wanted and
the vectors of the eigenvalues below the shift are known, a few directions of such a block are raised instead, which
keeps it single and exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from atomsim.block_matrix import BlockMatrix
from atomsim.dissection import Dissection
from atomsim.kernels.fronts import add_columns, add_update
from atomsim.pivots import Pivot, factorise_block, less_square
from atomsim.raising import factorise_raised
from atomsim.results import Array, IntArray

PROBES, POWERS = 8, 4  # random vectors that the error is measured with, and how often it is applied to them
SMALL_COMPONENT = 0.1 * np.sqrt(np.pi / 2)  # all of them have a smaller one along the worst direction: chance 10^-8
PRECISIONS = {"single": np.float32, "double": np.float64}


@dataclass
class _Eliminated:
    """A front after its elimination: its unknowns, those it touches later, its columns, what raised its pivot block."""

    own: slice
    later_b: IntArray
    pivot: Pivot
    below: Array
    raised: Array | None


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
        ordered = matrix[self._order][:, self._order].tocsr()
        self._matrix = BlockMatrix(ordered, d)
        lower = sparse.tril(ordered, format="csc")
        lower.sort_indices()
        self._start, self._row, self._value = lower.indptr.astype(np.int64), lower.indices.astype(np.int64), lower.data
        self._eliminated: list[_Eliminated] = []
        self._shift = 0.0
        self.n_negative = 0
        self.n_steps = len(dissection.fronts)

    def factorise(self, shift: float, *, precision: str, guide: Array | None = None) -> None:
        """Factorise A - shift*1; the factor of an earlier shift is given up first.

        Args:
            shift: the number subtracted from the diagonal [as the matrix].
            precision: ``single`` or ``double``.
            guide: vectors of the eigenvalues that are expected below the shift, columns; a factor made with them counts
                but does not solve [-].

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
            pivot, raised = self._pivot(block, None if guide is None else guide[self._order[own]])
            del block
            below, corner = (part.astype(pivot.sign.dtype, copy=False) for part in (below, corner))
            below = pivot.divide(below)
            if (pivot.sign < 0).any():
                below *= pivot.sign
            self._eliminated.append(_Eliminated(own, later_b, pivot, below, raised))
            self.n_negative += int(np.count_nonzero(pivot.sign < 0))
            if len(later_b):
                waiting.setdefault(front.parent, []).append((later_b, less_square(corner, below, pivot.sign)))
        self.n_negative += int(np.count_nonzero(np.linalg.eigvalsh(self._inverse_raised()) > 1.0))

    @staticmethod
    def _pivot(block: Array, guide: Array | None) -> tuple[Pivot, Array | None]:
        """The factor of a pivot block, and the directions that were raised for it."""
        found = None if guide is None else factorise_raised(block, guide)
        return found or (factorise_block(block), None)

    def _inverse_raised(self) -> Array:
        """U^T (G S G^T)^-1 U in double precision, with all directions U that were raised in some pivot block."""
        count = sum(front.raised.shape[1] for front in self._eliminated if front.raised is not None)
        field, inverse, filled = np.zeros((self._matrix.shape[0], count)), np.zeros((count, count)), 0
        for front in self._eliminated:
            if front.raised is not None:
                field[front.own, filled : filled + front.raised.shape[1]] = front.raised
                filled += front.raised.shape[1]
            own = field[front.own, :filled].T.copy(order="F")
            if own.any():
                own = front.pivot.divide(own)
                inverse[:filled, :filled] += (own * front.pivot.sign) @ own.T
                field[front.later_b, :filled] -= front.below @ own.T
        return inverse

    def _assembled(
        self, own: slice, n_later: int, place: IntArray, value: Array, updates: list[tuple[IntArray, Array]]
    ) -> tuple[Array, Array, Array]:
        """The parts of a front: its pivot block, the rows below it and their corner, with all that was handed on."""
        k = own.stop - own.start
        dtype = np.result_type(value, *(update for _, update in updates))
        if not n_later and updates and updates[-1][1].shape == (k, k):  # the last front goes on with what it was handed
            block = updates.pop()[1].astype(dtype, copy=False)
        else:
            block = np.zeros((k, k), dtype, order="F")
        below, corner = (np.zeros((n_later, width), dtype, order="F") for width in (k, n_later))
        add_columns(self._start, self._row, value, own.start, place, block, below)
        while updates:  # each is given back as soon as it is added
            touched, update = updates.pop()
            add_update(update.T, place[touched], block.T, below.T, corner.T)
            del update
        return block, below, corner

    def multiply(self, field: Array) -> Array:
        """Return A times vectors in columns, without any shift [product of the units].

        Args:
            field: vectors, (n, k) [any unit].
        """
        out = np.empty(field.shape)
        out[self._order] = self._matrix @ field[self._order]
        return out

    def solve(self, right: Array) -> Array:
        """Return x of (A - shift*1) x = right, as exact as the precision [unit of right / unit of A].

        Args:
            right: right-hand side(s), (n,) or (n, k) [any unit].
        """
        if any(front.raised is not None for front in self._eliminated):
            raise ValueError("a factor that was made with a guide counts, it does not solve")
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

    def error_bound(self, rng: np.random.Generator, *, enough: float = 0.0) -> float:
        """Return a bound on the spectral norm of E, A - shift*1 + E being what was factorised [unit of A].

        A normally distributed w has a component below t along the leading direction of E^q with a chance below
        t sqrt(2/pi): ||E^q|| exceeds the longest of K vectors E^q w over t with a chance below (t sqrt(2/pi))^K, here
        10^-8 for each order q. The root of order q, up to four, makes the bound tight. No eigenvalue moves by more than
        ||E|| (Weyl); the rounding of the products is in it.

        Args:
            rng: source of randomness.
            enough: a bound that need not be improved on [unit of A].
        """
        field = rng.standard_normal((self._matrix.shape[0], PROBES))
        logarithm, bound = np.zeros(PROBES), np.inf
        for power in range(1, POWERS + 1):
            field = self._difference(field)
            length = np.linalg.norm(field, axis=0)
            if not length.all():
                return 0.0
            logarithm += np.log(length)
            field /= length
            bound = float(np.exp((logarithm.max() - np.log(SMALL_COMPONENT)) / power))
            if bound <= enough:
                break
        return bound

    def lowest_beyond(self, vectors: Array, rng: np.random.Generator, *, needed: float = np.inf) -> float:
        """Return a lower bound on the eigenvalues of A outside the span of some vectors, or -inf [unit of A].

        B = A - shift*1 + E is what was factorised. Its inertia is that of its block on the vectors and that of the
        Schur complement outside (Haynsworth). If the first holds all negative eigenvalues the second has none: outside,
        A >= shift - ||E|| - ||C||^2/mu, where C is the part of B that couples the vectors to what is outside and mu
        the smallest eigenvalue of the block in absolute value; else nothing is known, -inf. The shift may lie among
        the eigenvalues of the vectors.

        Args:
            vectors: orthonormal columns, (n, k) [-].
            rng: source of randomness.
            needed: a bound that need not be improved on [unit of A].
        """
        own = vectors[self._order]
        image = self._matrix @ own - self._shift * own + self._difference(own)
        block = own.T @ image
        inside = np.linalg.eigvalsh(0.5 * (block + block.T))
        if int(np.count_nonzero(inside < 0)) != self.n_negative:
            return -np.inf
        image -= own @ block
        coupling_squared = float(np.linalg.eigvalsh(image.T @ image)[-1])
        without_error = self._shift - coupling_squared / float(np.abs(inside).min())
        return without_error - self.error_bound(rng, enough=without_error - needed)

    def _difference(self, field: Array) -> Array:
        """What the product of the factors gives less what the matrix gives."""
        probe = field.astype(self._eliminated[0].below.dtype)
        product = np.zeros(probe.shape)
        for front in self._eliminated:
            own = front.pivot.multiply_transposed(probe[front.own].T.copy(order="F")).T
            own = (own + front.below.T @ probe[front.later_b]) * front.pivot.sign[:, None]
            product[front.later_b] += front.below @ own
            product[front.own] += front.pivot.multiply(np.asfortranarray(own.T)).T
            if front.raised is not None:
                product[front.own] -= front.raised @ (front.raised.T @ probe[front.own])
        exact = probe.astype(float)
        return product - (self._matrix @ exact - self._shift * exact)

    def release(self) -> None:
        """Give the memory of the factor back; it can no longer solve."""
        self._eliminated = []
        self.n_negative = 0
