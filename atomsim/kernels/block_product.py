"""Product of a sparse matrix of 3 x 3 blocks, as springs between atoms make it, and several vectors at once."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def multiply_blocks(start, column, block, field, out):
    """Fill ``out`` with the product of the matrix and all vectors.

    Args:
        start: where each row of blocks begins, (N + 1,).
        column: column of each block.
        block: blocks, (B, 3, 3) [any unit].
        field: vectors to multiply, those of one component next to each other, (3N, K) [any unit].
        out: room for the result, (3N, K) [product of the units].
    """
    n_vectors = field.shape[1]
    row = np.empty((3, n_vectors))
    for i in range(len(start) - 1):
        row[:] = 0.0
        for e in range(start[i], start[i + 1]):
            j = 3 * column[e]
            b00, b01, b02 = block[e, 0, 0], block[e, 0, 1], block[e, 0, 2]
            b10, b11, b12 = block[e, 1, 0], block[e, 1, 1], block[e, 1, 2]
            b20, b21, b22 = block[e, 2, 0], block[e, 2, 1], block[e, 2, 2]
            for r in range(n_vectors):
                x, y, z = field[j, r], field[j + 1, r], field[j + 2, r]
                row[0, r] += b00 * x + b01 * y + b02 * z
                row[1, r] += b10 * x + b11 * y + b12 * z
                row[2, r] += b20 * x + b21 * y + b22 * z
        out[3 * i : 3 * i + 3] = row
