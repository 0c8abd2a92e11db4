"""Indefinite blocks raised until they are positive definite, and what that changes in the count of eigenvalues.

Where U spans about the space in which a block S is negative, S + U U^T is positive definite: Cholesky factorises it,
needs no pivots and loses no digits. The negative eigenvalues of the whole matrix A are then counted from those of
A + U U^T and of a small matrix. Haynsworth's additivity, applied to [[A + U U^T, U], [U^T, 1]] from either end, says

    n(A) = n(A + U U^T) + n(1 - U^T (A + U U^T)^-1 U),    n: number of negative eigenvalues.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import blas

from atomsim.pivots import Pivot, cholesky
from atomsim.results import Array

HEIGHT = 2.0  # directions are raised by so many times the largest size of the block on their span [-]
ROUNDING = 1e-4  # negative share of a projected block that rounding may make in single precision [-]
IMAGES = 2  # how often the block is applied to the guide at most


def factorise_raised(block: Array, guide: Array) -> tuple[Pivot, Array | None] | None:
    """Return the factor of S + U U^T and U [root of the unit of S]; U is None where S is positive definite itself.

    U spans the guide and its image by S: eliminated parts of a body that are soft at the shift leave large negative
    eigenvalues in S, and the image turns towards their vectors. None if that does not suffice.

    Args:
        block: symmetric block S in columns, of which the lower triangle is read, (k, k) [any unit].
        guide: vectors near the space of its negative eigenvalues, (k, m) [any unit].
    """
    image = _product(block, guide)
    inside = np.linalg.eigvalsh(guide.T @ image)
    # what is surely indefinite need not be tried
    if inside[0] > -ROUNDING * inside[-1] and (pivot := cholesky(block)) is not None:
        return pivot, None
    spanning = [_normalised(guide)]
    for _ in range(IMAGES):
        spanning.append(_normalised(image))
        span = np.linalg.qr(np.concatenate(spanning, axis=1))[0]
        largest = np.linalg.norm(span.T @ _product(block, span), ord=2)
        span *= np.sqrt(HEIGHT * largest)
        raised = (blas.ssyrk if block.dtype == np.float32 else blas.dsyrk)(1.0, span, beta=1.0, c=block, lower=1)
        if (pivot := cholesky(raised, overwrite=True)) is not None:
            return pivot, span
        image = _product(block, spanning[-1])
    return None


def _product(block: Array, field: Array) -> Array:
    multiply = blas.ssymm if block.dtype == np.float32 else blas.dsymm
    return np.asarray(multiply(1.0, block, field, lower=1), dtype=float)


def _normalised(columns: Array) -> Array:
    length = np.linalg.norm(columns, axis=0)
    return columns / np.where(length > 0.0, length, 1.0)
