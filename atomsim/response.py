"""Linear response of a minimum to forces: solutions of H u = f with the translations taken out."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from atomsim.factorise import SymmetricFactor
from atomsim.results import Array


class StaticResponse:
    """Displacements that balance forces at a minimum, from one factorisation of the Hessian.

    The last atom is pinned, which makes the Hessian of a periodic minimum regular without changing the response
    to forces that sum to zero; afterwards the centre of mass is put back.
    """

    def __init__(self, hessian: sparse.spmatrix, mass_n: Array, dimension: int) -> None:
        """Factorise.

        Args:
            hessian: the Hessian [epsilon/sigma^2].
            mass_n: masses, for the centre of mass [m].
            dimension: 2 or 3.
        """
        self._dimension = dimension
        self._mass_n = np.asarray(mass_n, dtype=float)
        free = hessian.shape[0] - dimension
        self._factor = SymmetricFactor(hessian.tocsr()[:free, :free])

    @property
    def n_negative(self) -> int:
        """Number of negative eigenvalues of the pinned Hessian."""
        return self._factor.n_negative

    def displacements(self, forces_nc: Array) -> Array:
        """Return u of H u = f for one or several balanced force fields, same shape as the forces [sigma].

        Args:
            forces_nc: forces (N, 3) or (N, 3, K), each field summing to zero [epsilon/sigma].
        """
        d, shape = self._dimension, forces_nc.shape
        fields = forces_nc.reshape(shape[0], 3, -1)
        right = np.ascontiguousarray(fields[:-1, :d]).reshape((shape[0] - 1) * d, -1)
        solution = np.zeros_like(fields)
        solution[:-1, :d] = np.asarray(self._factor.solve(right)).reshape(shape[0] - 1, d, -1)
        centre = np.einsum("n,nck->ck", self._mass_n, solution) / self._mass_n.sum()
        return (solution - centre).reshape(shape)

    def release(self) -> None:
        """Give the memory of the factors back."""
        self._factor.release()
