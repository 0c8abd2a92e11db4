"""Block Lanczos on an inverse: the eigenvalues of a symmetric matrix just above a shift, several solutions at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from atomsim.errors import NotConverged
from atomsim.results import Array

BLOCK = 12  # right-hand sides solved together
LOOKS = 1.1  # the projected matrix is diagonalised each time the basis has grown by this factor
RESIDUAL = 1e-11  # largest residual of a pair of the inverse over its eigenvalue [-]; frequencies err by its square
VECTORS_PER_MODE = 12  # size of the basis at which the iteration gives up; 3 to 5 are usual for many modes
FEWEST_VECTORS = 400

Solve = Callable[[Array], Array]


def lowest_by_inverse(
    solve: Solve,
    size: int,
    count: int,
    *,
    shift: float,
    block: int = BLOCK,
    progress: Callable[[float], None] | None = None,
) -> tuple[Array, Array]:
    """Return the ``count`` eigenvalues next above the shift, ascending [as the matrix], and their vectors in columns.

    Krylov space of (A - shift)^-1 from a block of random vectors, each new block made orthogonal to all before; the
    pairs are those of the inverse projected on it. All eigenvalues must lie above the shift.

    Args:
        solve: returns (A - shift)^-1 b for a matrix of columns b.
        size: number of unknowns.
        count: number of eigenvalues.
        shift: where the inverse was taken, below the lowest eigenvalue [as the matrix].
        block: right-hand sides solved together: the factor is read once for all of them.
        progress: called with the share of the pairs that have converged.

    Raises:
        NotConverged: the basis has reached its largest size; ``estimate`` holds the eigenvalues so far.
    """
    block = min(block, size)
    most = min(size, max(FEWEST_VECTORS, VECTORS_PER_MODE * count))
    basis = np.empty((size, most), order="F")
    projected = np.zeros((most, most))
    start = np.random.default_rng(20_240_229).standard_normal((size, block))  # no hidden random state
    basis[:, :block] = np.linalg.qr(start)[0]
    filled, look = block, float(count)
    while True:
        image, overlap = orthogonal_part(solve(basis[:, filled - block : filled]), basis[:, :filled])
        projected[:filled, filled - block : filled] = overlap
        projected[filled - block : filled, :filled] = overlap.T
        following, coupling = np.linalg.qr(image)
        last = filled + block > most
        if filled >= look or last:
            look = LOOKS * filled
            inverse_m, mixing = _largest(projected[:filled, :filled], count)
            residual_m = np.linalg.norm(coupling @ mixing[-block:], axis=0) / np.abs(inverse_m)
            converged = int(np.count_nonzero(residual_m < RESIDUAL))
            if progress is not None:
                progress(converged / count)
            if converged == count:
                return shift + 1.0 / inverse_m, basis[:, :filled] @ mixing
            if last:
                raise NotConverged(f"Lanczos found {converged} of {count} modes", shift + 1.0 / inverse_m)
        basis[:, filled : filled + block] = following
        filled += block


def _largest(projected: Array, count: int) -> tuple[Array, Array]:
    """The largest eigenvalues, descending, and their vectors in columns."""
    size = len(projected)
    values, vectors = linalg.eigh(projected, subset_by_index=[max(size - count, 0), size - 1], check_finite=False)
    return values[::-1], vectors[:, ::-1]


def orthogonal_part(image: Array, basis: Array) -> tuple[Array, Array]:
    """Return what a block leaves outside a basis, and its components inside [as the image].

    The components are taken out twice: once is not enough.

    Args:
        image: columns, (n, b) [any unit].
        basis: orthonormal columns, (n, f) [-].
    """
    overlap = basis.T @ image
    image = image - basis @ overlap
    correction = basis.T @ image
    return image - basis @ correction, overlap + correction
