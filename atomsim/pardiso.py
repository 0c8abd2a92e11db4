"""MKL PARDISO through the library that pypardiso brings: analysis, factorisation and solution as separate steps.

The separation is what pypardiso's own calls do not offer: the cost of a factorisation is known after its analysis, one
analysis serves all shifts of a matrix, and a solution does not compare the matrix with a copy of it.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np
from scipy import sparse

from atomsim.errors import NotConverged
from atomsim.results import Array

LIBRARY = "PYPARDISO_MKL_RT"  # where pypardiso is told the path of its library
SYMMETRIC_INDEFINITE = -2
ANALYSE, FACTORISE, SOLVE, RELEASE = 11, 22, 33, -1
KILOBYTE = 1024.0
# One-based places in the table of parameters, as in Intel's manual.
REFINEMENT_STEPS = 8
PEAK_OF_ANALYSIS, KEPT_OF_ANALYSIS, FACTOR_MEMORY, FACTOR_NONZEROS, FACTOR_MEGAFLOPS, NEGATIVE = 15, 16, 17, 18, 19, 23


def _library() -> Any:
    from pypardiso.pardiso_wrapper import PyPardisoSolver

    solver = PyPardisoSolver(mtype=SYMMETRIC_INDEFINITE)
    os.environ.setdefault(LIBRARY, solver.libmkl._name)  # else every solver searches the disk, a third of a second
    return solver.libmkl


class Pardiso:
    """One symmetric matrix inside PARDISO, given by its upper triangle; analysed when it is made."""

    def __init__(self, upper: sparse.csr_matrix) -> None:
        """Order the unknowns and lay out the factor; nothing is factorised yet.

        Args:
            upper: upper triangle with its diagonal, every diagonal element stored, indices sorted.

        Raises:
            NotConverged: PARDISO refuses the matrix.
        """
        # An item is a fresh object of the library, without the types of arguments that pypardiso sets.
        self._call_library = _library()["pardiso"]
        self._call_library.restype = None
        self._size = upper.shape[0]
        self._start = upper.indptr.astype(np.int32) + 1
        self._column = upper.indices.astype(np.int32) + 1
        self._handle = np.zeros(64, np.int64)
        self._parameters = np.zeros(64, np.int32)
        self._value = np.ascontiguousarray(upper.data, dtype=float)
        self._call(ANALYSE, np.zeros(self._size), np.zeros(self._size), 1)
        # Refinement, two steps by default, makes a solution three times as dear; perturbed pivots still call for it.
        self._parameters[REFINEMENT_STEPS - 1] = 0

    def factorise(self, value: Array) -> None:
        """Factorise the matrix with the given elements.

        Args:
            value: elements in the places of the upper triangle that was analysed [any unit].

        Raises:
            NotConverged: the factorisation breaks down.
        """
        self._value = np.ascontiguousarray(value, dtype=float)
        self._call(FACTORISE, np.zeros(self._size), np.zeros(self._size), 1)

    def solve(self, right: Array) -> Array:
        """Return the solution for one or several right-hand sides, columns next to each other [right / matrix].

        Args:
            right: right-hand side(s), (n,) or (n, k) [any unit].
        """
        right = np.asfortranarray(right, dtype=float)
        solution = np.empty_like(right, order="F")
        self._call(SOLVE, right, solution, 1 if right.ndim == 1 else right.shape[1])
        return solution

    def parameter(self, place: int) -> int:
        """Return one of PARDISO's numbers.

        Args:
            place: its one-based place in Intel's manual.
        """
        return int(self._parameters[place - 1])

    @property
    def memory(self) -> float:
        """Peak memory of the factorisation, known after the analysis [B]."""
        kept = self.parameter(KEPT_OF_ANALYSIS) + self.parameter(FACTOR_MEMORY)
        return KILOBYTE * max(self.parameter(PEAK_OF_ANALYSIS), kept)

    @property
    def flops(self) -> float:
        """Operations of one factorisation, known after the analysis [-]."""
        return 1e6 * self.parameter(FACTOR_MEGAFLOPS)

    @property
    def nonzeros(self) -> int:
        """Elements of the factor, known after the analysis."""
        return self.parameter(FACTOR_NONZEROS)

    @property
    def n_negative(self) -> int:
        """Number of negative eigenvalues by the signs of the pivots."""
        return self.parameter(NEGATIVE)

    def release(self) -> None:
        """Give all memory back."""
        self._call(RELEASE, np.zeros(1), np.zeros(1), 1)

    def _call(self, phase: int, right: Array, solution: Array, n_right: int) -> None:
        if phase == ANALYSE:  # zero in the first place asks for Intel's defaults, which overwrite the rest
            self._parameters[FACTOR_NONZEROS - 1] = self._parameters[FACTOR_MEGAFLOPS - 1] = -1
        error = ctypes.c_int32(0)
        integers = [ctypes.byref(ctypes.c_int32(k)) for k in (1, 1, SYMMETRIC_INDEFINITE, phase, self._size)]
        places = [a.ctypes.data_as(ctypes.c_void_p) for a in (self._value, self._start, self._column)]
        none, silent = ctypes.c_void_p(None), ctypes.byref(ctypes.c_int32(0))
        vectors = [a.ctypes.data_as(ctypes.c_void_p) for a in (right, solution)]
        self._call_library(
            self._handle.ctypes.data_as(ctypes.c_void_p), *integers, *places, none,
            ctypes.byref(ctypes.c_int32(n_right)), self._parameters.ctypes.data_as(ctypes.c_void_p), silent,
            *vectors, ctypes.byref(error),
        )  # fmt: skip
        if error.value:
            raise NotConverged(f"pardiso broke down with error {error.value} in phase {phase}, the matrix is singular")
