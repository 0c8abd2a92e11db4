"""Product of a dynamical matrix with many vectors at once."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from atomsim.kernels.block_product import multiply_blocks
from atomsim.results import Array

TOGETHER = 48  # vectors multiplied at one reading of the matrix: their rows stay in the cache of the processor


class BlockMatrix:
    """A sparse matrix with d unknowns to an atom, kept by blocks in three dimensions."""

    def __init__(self, matrix: sparse.csr_matrix, dimension: int) -> None:
        """Bring the matrix into blocks.

        Args:
            matrix: square matrix.
            dimension: unknowns to an atom, 2 or 3.
        """
        self.shape = matrix.shape
        self._matrix = matrix.tobsr((3, 3)) if dimension == 3 else matrix

    def __matmul__(self, field: Array) -> Array:
        """Return the matrix times each vector [product of the units].

        Args:
            field: vectors in columns, (n, k) [any unit].
        """
        if self._matrix.format != "bsr":
            return np.asarray(self._matrix @ np.ascontiguousarray(field))
        out = np.empty(field.shape)
        for begin in range(0, field.shape[1], TOGETHER):
            part = slice(begin, begin + TOGETHER)
            image = np.empty_like(field[:, part], order="C")
            blocks = self._matrix
            multiply_blocks(blocks.indptr, blocks.indices, blocks.data, np.ascontiguousarray(field[:, part]), image)
            out[:, part] = image
        return out
