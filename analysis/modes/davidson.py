"""Eigenvalues from an inverse in single precision: its Krylov space, then Rayleigh and Ritz with the matrix itself.

What the inverse of single precision finds is right to four digits or five. The exact matrix projected on the space it
has spanned gives the pairs of that space, and the inverse of their residuals what the space still lacks (Davidson).
The pairs that come out are those of the matrix in double precision; only their number of steps depends on the inverse.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from analysis.modes.krylov import Solve, orthogonal_part
from atomsim.errors import NotConverged
from atomsim.results import Array

BLOCK = 24  # right-hand sides solved together
ROUGH = (
    1e-4  # residual of a pair of the inverse over its eigenvalue at which single precision has given what it can [-]
)
CLOSE = 1e-8  # what the inverse of a residual may still add to a vector; eigenvalues err by its square [-]
LITTLE = 0.1  # share of a solution outside the basis above which it need not be made orthogonal twice [-]
FIRST_LOOK = 3  # vectors of the basis per mode at which the projected inverse is first diagonalised
LOOKS = 1.05  # the projected inverse is diagonalised each time the basis has grown by this factor
VECTORS_PER_MODE = 12  # size of the basis at which the iteration gives up; 6 to 8 are usual for many modes
FEWEST_VECTORS = 400


def lowest_by_rough_inverse(
    multiply: Solve,
    solve: Solve,
    size: int,
    count: int,
    *,
    spare: int,
    progress: Callable[[float], None] | None = None,
) -> tuple[Array, Array]:
    """Return the lowest eigenvalues, ascending [as the matrix], and their vectors in columns; the last ones are spare.

    Args:
        multiply: returns A b for a matrix of columns b.
        solve: returns (A - s)^-1 b to single precision, s below all eigenvalues.
        size: number of unknowns.
        count: number of eigenvalues that must converge.
        spare: further ones that are returned as the space has them.
        progress: called with the share of the pairs that have converged.

    Raises:
        NotConverged: the basis has reached its largest size; ``estimate`` holds the eigenvalues so far.
    """
    most = min(size, max(FEWEST_VECTORS, VECTORS_PER_MODE * (count + spare)))
    basis = np.empty((size, most), order="F")
    filled, fresh = _krylov_space(solve, basis, count), 0
    wanted = min(count + spare, filled)
    if wanted < count:
        raise NotConverged(f"a Krylov space of {filled} vectors cannot hold {count} modes")
    image, projected = np.empty_like(basis), np.zeros((most, most))
    # Share of a residual that was an error of the vector when last solved; none is closed unseen.
    open_m, share_m = np.arange(count), np.full(count, 1.0 / np.finfo(float).eps)
    while True:
        image[:, fresh:filled] = multiply(basis[:, fresh:filled])
        projected[:filled, fresh:filled] = basis[:, :filled].T @ image[:, fresh:filled]
        projected[fresh:filled, :filled] = projected[:filled, fresh:filled].T
        fresh = filled
        values, mixing = linalg.eigh(projected[:filled, :filled], subset_by_index=[0, wanted - 1], check_finite=False)
        at = mixing[:, open_m]
        residual = image[:, :filled] @ at - basis[:, :filled] @ (at * values[open_m])
        length_m = np.linalg.norm(residual, axis=0)
        # what is left is of stiffer modes than before, so that the error is at most that share of it
        left = share_m[open_m] * length_m > CLOSE
        missing = solve(residual[:, left]) if left.any() else residual[:, left]
        error_m = np.linalg.norm(missing, axis=0)
        open_m, length_m = open_m[left], length_m[left]
        share_m[open_m] = error_m / length_m
        open_m, missing = open_m[error_m > CLOSE], (missing / error_m)[:, error_m > CLOSE]
        if progress is not None:
            progress(1.0 - len(open_m) / count)
        if not len(open_m):
            return values, basis[:, :filled] @ mixing
        filled += len(open_m)
        if filled > most:
            raise NotConverged(f"Davidson's iteration left {len(open_m)} of {count} modes open", values)
        basis[:, fresh:filled] = np.linalg.qr(orthogonal_part(missing, basis[:, :fresh])[0])[0]


def _krylov_space(solve: Solve, basis: Array, count: int) -> int:
    """Fill columns with the block Krylov space of an inverse until its pairs are roughly converged; their number."""
    size, most = basis.shape
    block = min(BLOCK, most)
    projected = np.zeros((most, most))
    start = np.random.default_rng(20_240_229).standard_normal((size, block))  # no hidden random state
    basis[:, :block] = np.linalg.qr(start)[0]
    filled, look = block, float(max(block, FIRST_LOOK * count))
    while filled + block <= most:
        own = slice(filled - block, filled)
        image, overlap = orthogonal_part(solve(basis[:, own]), basis[:, :filled], little=LITTLE)
        projected[:filled, own], projected[own, :filled] = overlap, overlap.T
        basis[:, filled : filled + block], coupling = np.linalg.qr(image)
        if filled >= look:
            look = LOOKS * filled
            inverse_m, mixing = linalg.eigh(
                projected[:filled, :filled], subset_by_index=[filled - count, filled - 1], check_finite=False
            )
            residual_m = np.linalg.norm(coupling @ mixing[-block:], axis=0) / np.abs(inverse_m)
            if residual_m.max() < ROUGH:
                return filled + block
        filled += block
    return filled
