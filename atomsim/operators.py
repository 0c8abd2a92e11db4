"""What a method without matrices asks of a dynamical matrix, and one that lives in the arrays of any library.

The method sends random vectors in, has them multiplied where they are, and gets a few sums back: vectors stay in the
memory of the device that multiplies them. Random numbers and sums over vectors are the host's, so that results of two
operators differ by rounding alone. :class:`atomsim.hessian.PairRows` is the operator of the processor.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Protocol, TypeVar

import numpy as np

from atomsim.errors import InputError
from atomsim.hessian import pair_blocks
from atomsim.kernels.hessian_product import full_rows
from atomsim.pairs import PairTerms
from atomsim.results import Array, IntArray

Block = TypeVar("Block")  # vectors of an operator, in arrays of its own


class BlockOperator(Protocol[Block]):
    """A symmetric matrix that multiplies blocks of vectors, each (N, 3, K); of two dimensions the third stays zero."""

    n_atoms: int
    dimension: int
    mass_n: Array  # by the rows of the operator, on the host [m]

    def from_host(self, field_nck: Array) -> Block:
        """Return vectors in the arrays of the operator, which may be the same memory [as the field].

        Args:
            field_nck: vectors on the host [any unit].
        """
        ...

    def to_host(self, field: Block) -> Array:
        """Return vectors on the host, which may be the same memory [as the field].

        Args:
            field: vectors of the operator.
        """
        ...

    def product(self, field: Block) -> Block:
        """Return the matrix times each vector [unit of the matrix times that of the field].

        Args:
            field: vectors of the operator, left as they are.
        """
        ...

    def chebyshev_step(self, field: Block, previous: Block, *, centre: float, half_width: float) -> tuple[Block, Array]:
        """Return new = 2 (A - centre)/half_width field - previous, and on the host field.field and new.field [-].

        The sums are (2, K), one for each vector.

        Args:
            field: T_n of the scaled matrix on the vectors, left as it is [-].
            previous: T_{n-1} on them; its memory may be taken for the result [-].
            centre: middle of the interval of the spectrum [unit of the matrix].
            half_width: half its width [unit of the matrix].
        """
        ...


class OperatorMaker(Protocol):
    """What makes an operator from the pairs of a configuration: a class, or one with some arguments given."""

    def __call__(self, terms: PairTerms, *, mass_n: Array, order_n: IntArray) -> BlockOperator[Any]:
        """Return the dynamical matrix.

        Args:
            terms: pairs and derivatives.
            mass_n: masses by the numbers of the atoms [m].
            order_n: atoms in the order of the rows.
        """
        ...


class ArrayRows:
    """The Hessian or the dynamical matrix as rows of pairs, in a library that follows the Python array API standard.

    All rows have as many places as the longest; empty ones carry no weight. One place of all rows is done at a time, by
    functions that the standard has since version 2022.12 and no others; arrays are never changed, always replaced.
    """

    def __init__(
        self,
        terms: PairTerms,
        *,
        namespace: ModuleType,
        device: Any = None,
        mass_n: Array | None = None,
        order_n: IntArray | None = None,
    ) -> None:
        """Sort the pairs into rows and send them to the device.

        Args:
            terms: pairs and derivatives.
            namespace: the library, as a module that follows the standard: ``numpy``, ``array_api_compat.torch``, ...
            device: where the library is to keep its arrays; where it likes if absent.
            mass_n: masses, for the dynamical matrix; the Hessian where absent [m].
            order_n: atoms in the order of the rows; as they are numbered where absent.

        Raises:
            InputError: the library has no double precision there.
        """
        self._library, self._device = namespace, device
        given, wanted = namespace.asarray(0.0, dtype=namespace.float64, device=device).dtype, namespace.float64
        if given != wanted:  # JAX gives single precision until it is told otherwise, and some devices have no other
            raise InputError(f"{namespace.__name__} gives {given} for float64: expected double precision")
        self.n_atoms, self.dimension = terms.n_atoms, terms.dimension
        order_n = np.arange(self.n_atoms) if order_n is None else order_n
        self.mass_n = np.ones(self.n_atoms) if mass_n is None else np.asarray(mass_n, dtype=float)[order_n]
        rank_n = np.empty(self.n_atoms, np.int64)
        rank_n[order_n] = np.arange(self.n_atoms)
        start, neighbour, pair = full_rows(terms.first_p, terms.second_p, rank_n)
        blocks = np.zeros((len(terms.first_p), 3, 3))
        blocks[:, : self.dimension, : self.dimension] = pair_blocks(terms)
        sum_ncc, self._places = np.zeros((self.n_atoms, 3, 3)), []
        for place in range(int(np.diff(start).max(initial=0))):
            here = np.flatnonzero(np.diff(start) > place)
            near, block = neighbour[start[here] + place], blocks[pair[start[here] + place]]
            sum_ncc[here] += block
            near_n, block_ncc = np.arange(self.n_atoms), np.zeros((self.n_atoms, 3, 3))
            near_n[here] = near
            block_ncc[here] = block / np.sqrt(self.mass_n[here] * self.mass_n[near])[:, None, None]
            self._places.append((self._sent(near_n), self._sent(block_ncc)))
        self._diagonal = self._sent(sum_ncc / self.mass_n[:, None, None])

    def _sent(self, values: Array | IntArray) -> Any:
        kind = self._library.int64 if values.dtype.kind == "i" else self._library.float64
        return self._library.asarray(values, dtype=kind, device=self._device)

    def from_host(self, field_nck: Array) -> Any:
        """Return vectors in an array of the library [as the field].

        Args:
            field_nck: vectors on the host, (N, 3, K) [any unit].
        """
        return self._sent(field_nck)

    def to_host(self, field: Any) -> Array:
        """Return an array of the library on the host [as the field].

        Args:
            field: any array of the library [any unit].
        """
        return np.array(np.from_dlpack(field, device="cpu"))

    def product(self, field: Any) -> Any:
        """Return the matrix times each vector, same shape [unit of the matrix times that of the field].

        Args:
            field: vectors, (N, 3, K) [any unit].
        """
        out = _turned(self._diagonal, field)
        for near_n, block_ncc in self._places:
            out = out - _turned(block_ncc, self._library.take(field, near_n, axis=0))
        return out

    def chebyshev_step(self, field: Any, previous: Any, *, centre: float, half_width: float) -> tuple[Any, Array]:
        """Return new = 2 (A - centre)/half_width field - previous, and on the host field.field and new.field [-].

        Args:
            field: T_n of the scaled matrix on the vectors [-].
            previous: T_{n-1} on them [-].
            centre: middle of the interval of the spectrum [unit of the matrix].
            half_width: half its width [unit of the matrix].
        """
        new = (2.0 / half_width) * (self.product(field) - centre * field) - previous
        sums = [self._library.sum(left * field, axis=(0, 1)) for left in (field, new)]
        return new, np.stack([self.to_host(row) for row in sums])


def _turned(block_ncc: Any, field: Any) -> Any:
    """A matrix for each atom times its part of the vectors; written out, for libraries are slow at tiny products."""
    return sum(block_ncc[:, :, c, None] * field[:, c, None, :] for c in range(3))
