"""Sparse symmetric factorisation with an inertia count, by MKL PARDISO where its wheel exists, else SuperLU.

The signs of the pivots of A - shift*1 = L D L^T count the eigenvalues of A below the shift (Sylvester's law of
inertia): the certificate that an eigen-solver missed none.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from atomsim.errors import InputError, NotConverged
from atomsim.pardiso import Pardiso
from atomsim.results import Array

LARGEST_ERROR = 1e-3  # a factorisation that returns a known vector with a larger relative error is refused [-]
BACKENDS = ("pardiso", "superlu")


def default_backend() -> str:
    """Return ``pardiso`` where the optional wheel is installed, else ``superlu``."""
    return "pardiso" if importlib.util.find_spec("pypardiso") else "superlu"


class SymmetricFactor:
    """Factorisation of A - shift*1 for a sparse symmetric A: ``solve`` and the number of negative pivots."""

    def __init__(self, matrix: sparse.spmatrix, *, shift: float = 0.0, backend: str | None = None) -> None:
        """Factorise.

        Args:
            matrix: sparse symmetric matrix A.
            shift: the number subtracted from its diagonal [same as the matrix].
            backend: ``pardiso`` or ``superlu``; None takes what is installed.

        Raises:
            InputError: unknown backend.
            NotConverged: the matrix is singular to round-off: the factorisation breaks down, or does not give a
                known vector back.
        """
        self.backend = backend or default_backend()
        if self.backend not in BACKENDS:
            raise InputError(f"unknown backend {self.backend!r}; expected 'pardiso' or 'superlu'")
        self._original = matrix
        self._solver: Any = None
        self.move_to(shift)

    def move_to(self, shift: float) -> None:
        """Factorise the same matrix at another shift; the factors of the old one are given up first.

        Args:
            shift: the number subtracted from the diagonal [same as the matrix].

        Raises:
            NotConverged: the matrix is singular there.
        """
        n = self._original.shape[0]
        self._matrix = (self._original - shift * sparse.identity(n, format="csr")).tocsr()
        if self.backend == "pardiso":
            self._factorise_pardiso()
        else:
            self._factorise_superlu()
        self._check_known_solution(shift)

    def _factorise_pardiso(self) -> None:
        upper = sparse.triu(self._matrix, format="csr")
        upper.sort_indices()
        if not np.diff(upper.indptr).all():
            raise NotConverged("the matrix has an empty row, it is singular")
        if self._solver is None:  # one analysis serves all shifts: the diagonal is stored at each of them
            self._solver = Pardiso(upper)
        self._solver.factorise(upper.data)
        self.n_negative = self._solver.n_negative

    def _factorise_superlu(self) -> None:
        self._solver = None
        try:
            self._solver = splu(
                self._matrix.tocsc(),
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError as error:  # a pivot is exactly zero
            raise NotConverged(f"superlu broke down, the matrix is singular to it: {error}") from error
        # Without pivoting rows and columns are permuted alike and U = D L^T: its diagonal carries the inertia.
        if not np.array_equal(self._solver.perm_r, self._solver.perm_c):
            raise NotConverged("SuperLU pivoted off the diagonal: the inertia cannot be read from its factors")
        self.n_negative = int(np.count_nonzero(self._solver.U.diagonal() < 0))

    def _check_known_solution(self, shift: float) -> None:
        """Solve for a known vector: the residual stays small however singular the matrix, the error does not."""
        known = np.cos(np.arange(self._matrix.shape[0]) ** 2 % 1000)
        error = float(np.linalg.norm(self.solve(self._matrix @ known) - known) / np.linalg.norm(known))
        if not error < LARGEST_ERROR:
            self.release()
            raise NotConverged(
                f"factorisation at shift {shift:.3g} ({self.backend}) returns a known vector with relative error "
                f"{error:.1e}: the matrix is singular there",
                estimate=error,
            )

    def solve(self, right: Array) -> Array:
        """Return x of (A - shift*1) x = right, one vector or a matrix of columns [unit of right / unit of A].

        Args:
            right: right-hand side(s), (n,) or (n, k) [any unit].
        """
        right = np.asfortranarray(right, dtype=float)
        return np.asarray(self._solver.solve(right))

    def release(self) -> None:
        """Give the memory of the factors back; the object can no longer solve."""
        if isinstance(self._solver, Pardiso):
            self._solver.release()
        self._solver = None
