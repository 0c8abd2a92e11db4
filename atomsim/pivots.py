"""Factors of dense symmetric blocks, A = G S G^T with signs S: by Cholesky, by halves, or by Bunch and Kaufman.

A block that is not positive definite is cut in two, again and again, until the part that is not is small: only there
pivots are chosen, everything else is matrix products. What no choice across the parts may cost in accuracy is not
bounded here; who needs to know measures it on the factor. It costs two digits and more, so that such a block is
factorised in double precision, and acts in it, whatever its own precision.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy import linalg, sparse
from scipy.linalg import blas, lapack

from atomsim.errors import NotConverged
from atomsim.results import Array

CONVERTED = 1024  # rows of a triangle brought to double precision at once
CHOSEN = 256  # rows of an indefinite block in which pivots are chosen


class Pivot(Protocol):
    """Factor G of a block A = G S G^T, which acts on rows from the right, and the signs S.

    Rows come in columns (Fortran order) and may be overwritten; rows of double precision stay so.
    """

    sign: Array

    def divide(self, rows: Array) -> Array:
        """Return rows G^-T [rows / sqrt(matrix)].

        Args:
            rows: rows, (m, k) [any unit].
        """

    def divide_transposed(self, rows: Array) -> Array:
        """Return rows G^-1 [rows / sqrt(matrix)].

        Args:
            rows: rows, (m, k) [any unit].
        """

    def multiply(self, rows: Array) -> Array:
        """Return rows G^T [rows * sqrt(matrix)].

        Args:
            rows: rows, (m, k) [any unit].
        """

    def multiply_transposed(self, rows: Array) -> Array:
        """Return rows G [rows * sqrt(matrix)].

        Args:
            rows: rows, (m, k) [any unit].
        """


def factorise_block(block: Array) -> Pivot:
    """Return the factor of a symmetric block, in double precision where it is not positive definite.

    Args:
        block: the block in columns, of which the lower triangle is read, (k, k) [any unit].

    Raises:
        NotConverged: the block is singular.
    """
    if (pivot := cholesky(block)) is not None:
        return pivot
    return _Chosen(block) if len(block) <= CHOSEN else _Halves(block)


def cholesky(block: Array, *, overwrite: bool = False) -> Pivot | None:
    """Return the factor of a positive definite block; None where it is not.

    Args:
        block: the block in columns, of which the lower triangle is read, (k, k) [any unit].
        overwrite: whether the block may be lost.
    """
    lower, broken = _routine(lapack, "potrf", block)(block, lower=1, clean=0, overwrite_a=overwrite)
    return None if broken else _Triangle(lower, unit=False)


def less_square(corner: Array, below: Array, sign: Array) -> Array:
    """Return the lower triangle of corner - below S below^T [as corner]; the corner is overwritten.

    Args:
        corner: symmetric block in columns, of which the lower triangle counts, (m, m) [any unit].
        below: rows of a factor in columns, (m, k) [root of that unit].
        sign: the signs S, (k,) [-].
    """
    square = _routine(blas, "syrk", below)
    corner = square(-1.0, below, beta=1.0, c=corner, lower=1, overwrite_c=1)
    if (sign < 0).any():  # taken off with all others, given back twice
        corner = square(2.0, np.asfortranarray(below[:, sign < 0]), beta=1.0, c=corner, lower=1, overwrite_c=1)
    return np.asarray(corner)


def _routine(module: Any, name: str, array: Array) -> Any:
    return getattr(module, ("s" if array.dtype == np.float32 else "d") + name)


class _Triangle:
    """G is a triangle: the factor of Cholesky, or with ones on its diagonal a part of another factor."""

    def __init__(self, lower: Array, *, unit: bool) -> None:
        self.sign = np.ones(len(lower), lower.dtype)
        self._lower, self._unit = lower, unit

    def _apply(self, name: str, rows: Array, transposed: bool) -> Array:
        routine = _routine(blas, name, self._lower)
        return np.asarray(
            routine(1.0, self._lower, rows, side=1, lower=1, trans_a=transposed, diag=self._unit, overwrite_b=1)
        )

    def divide(self, rows: Array) -> Array:
        wider = np.result_type(rows, self._lower) != self._lower.dtype
        return self._divide_doubles(rows) if wider else self._apply("trsm", rows, True)

    def _divide_doubles(self, rows: Array) -> Array:
        """The same by parts of the triangle, of which only one at a time is brought to double precision."""
        out = np.empty_like(rows)
        for begin in range(0, len(self._lower), CONVERTED):
            own = slice(begin, begin + CONVERTED)
            part = rows[:, own] - out[:, :begin] @ self._lower[own, :begin].T
            triangle = _Triangle(_doubles(self._lower[own, own]), unit=self._unit)
            out[:, own] = triangle.divide(np.asfortranarray(part))
        return out

    def divide_transposed(self, rows: Array) -> Array:
        return self._apply("trsm", rows, False)

    def multiply(self, rows: Array) -> Array:
        return self._apply("trmm", rows, True)

    def multiply_transposed(self, rows: Array) -> Array:
        return self._apply("trmm", rows, False)


class _Halves:
    """G = [[G1, 0], [A21 G1^-T S1, G2]]."""

    def __init__(self, block: Array) -> None:
        half = self._half = len(block) // 2
        self._first = factorise_block(_doubles(block[:half, :half]))
        self._below = self._first.divide(_doubles(block[half:, :half]))
        self._below *= self._first.sign
        rest = less_square(_doubles(block[half:, half:]), self._below, self._first.sign)
        self._second = factorise_block(rest)
        self.sign = np.concatenate([self._first.sign, self._second.sign])

    def divide(self, rows: Array) -> Array:
        first = self._first.divide(rows[:, : self._half])
        second = self._second.divide(np.asfortranarray(rows[:, self._half :] - first @ self._below.T))
        return _beside(first, second)

    def divide_transposed(self, rows: Array) -> Array:
        second = self._second.divide_transposed(rows[:, self._half :])
        first = self._first.divide_transposed(np.asfortranarray(rows[:, : self._half] - second @ self._below))
        return _beside(first, second)

    def multiply(self, rows: Array) -> Array:
        across = rows[:, : self._half] @ self._below.T
        return _beside(
            self._first.multiply(rows[:, : self._half]), across + self._second.multiply(rows[:, self._half :])
        )

    def multiply_transposed(self, rows: Array) -> Array:
        across = rows[:, self._half :] @ self._below
        first = self._first.multiply_transposed(rows[:, : self._half])
        return _beside(across + first, self._second.multiply_transposed(rows[:, self._half :]))


def _doubles(part: Array) -> Array:
    return np.array(part, dtype=float, order="F")


def _beside(first: Array, second: Array) -> Array:
    return np.asfortranarray(np.concatenate([first, second], axis=1))


class _Chosen:
    """P G = L T with pivots of one and two rows, D = T S T^T."""

    def __init__(self, block: Array) -> None:
        lower, diagonal, self._order = linalg.ldl(_doubles(block), lower=True, check_finite=False)
        self._triangle = _Triangle(np.asfortranarray(lower[self._order]), unit=True)
        self._turn, self._turn_back, self.sign = _square_root(np.diag(diagonal), np.diag(diagonal, -1))

    def divide(self, rows: Array) -> Array:
        return _product(self._triangle.divide(np.asfortranarray(rows[:, self._order])), self._turn_back.T)

    def divide_transposed(self, rows: Array) -> Array:
        return self._in_order(self._triangle.divide_transposed(_product(rows, self._turn_back)))

    def multiply(self, rows: Array) -> Array:
        return self._in_order(self._triangle.multiply(_product(rows, self._turn.T)))

    def multiply_transposed(self, rows: Array) -> Array:
        return _product(self._triangle.multiply_transposed(np.asfortranarray(rows[:, self._order])), self._turn)

    def _in_order(self, chosen: Array) -> Array:
        rows = np.empty_like(chosen)
        rows[:, self._order] = chosen
        return rows


def _product(rows: Array, matrix: sparse.spmatrix) -> Array:
    return np.asfortranarray((matrix.T @ rows.T).T)


def _square_root(diagonal: Array, beside: Array) -> tuple[sparse.csr_matrix, sparse.csr_matrix, Array]:
    """T, its inverse and signs S with D = T S T^T for a D of blocks of one and two rows."""
    size = len(diagonal)
    first = np.flatnonzero(beside)
    values = diagonal.astype(float)
    cosine, sine = np.ones(size), np.zeros(size)
    if len(first):
        pairs = np.array([[diagonal[first], beside[first]], [beside[first], diagonal[first + 1]]], dtype=float)
        pair_values, axes = np.linalg.eigh(pairs.transpose(2, 0, 1))
        values[first], values[first + 1] = pair_values.T
        # axes of one handedness: columns (c, s) and (-s, c)
        cosine[first], sine[first] = axes[:, 0, 0], axes[:, 1, 0]
        cosine[first + 1] = axes[:, 0, 0]
    if not values.all() or not np.isfinite(values).all():
        raise NotConverged("a pivot vanishes, the matrix is singular")
    rotation = sparse.diags_array([cosine, sine[:-1], -sine[:-1]], offsets=[0, -1, 1])
    root = np.sqrt(np.abs(values))
    turn = (rotation @ sparse.diags_array(root)).astype(diagonal.dtype).tocsr()
    back = (sparse.diags_array(1.0 / root) @ rotation.T).astype(diagonal.dtype).tocsr()
    return turn, back, np.sign(values).astype(diagonal.dtype)
