"""Block Lanczos on an inverse: eigenvalues of a symmetric matrix above a shift or around it, many solutions at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from atomsim.errors import NotConverged
from atomsim.results import Array

BLOCK = 12  # right-hand sides solved together
BLOCK_AROUND = 16  # the same around a shift
FEWEST_AROUND = 1200  # the space holds as well what lies on the other side of the shift, wanted or not
LOOKS = 1.1  # the projected matrix is diagonalised each time the basis has grown by this factor
RESIDUAL = 1e-11  # largest residual of a pair of the inverse over its eigenvalue [-]; frequencies err by its square
VECTORS_PER_MODE = 12  # size of the basis at which the iteration gives up; 3 to 5 are usual for many modes
FEWEST_VECTORS = 400
FIRST_LOOK = 1.5  # vectors of the basis per mode at which modes around a shift are first looked at; 2 to 3 are usual
CLOSED = 1e-8  # of what a block had inside the basis; what is left outside may be round-off [-]

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


def around_shift(
    solve: Solve,
    known: Array,
    *,
    shift: float,
    below: int,
    above: int,
    limits: tuple[float, float],
    progress: Callable[[float], None] | None = None,
) -> tuple[Array, Array]:
    """Return the eigenvalues nearest to the shift on either side, ascending [as the matrix], and vectors in columns.

    As :func:`lowest_by_inverse`, outside the span of vectors that are known already: what is known is not found again,
    and of a degenerate level that is known in part the rest is found. The Krylov space grows until none of the nearest
    lies outside the limits, as one does while another nearer to the shift has not shown.

    Args:
        solve: returns (A - shift)^-1 b for a matrix of columns b.
        known: orthonormal eigenvectors in columns, (n, k) with k = 0 where none is known [-].
        shift: where the inverse was taken [as the matrix].
        below: number of eigenvalues below the shift.
        above: number of eigenvalues above the shift.
        limits: between them lie at least so many eigenvalues below and above the shift [as the matrix].
        progress: called with the share of the pairs that have converged.

    Raises:
        NotConverged: the basis has reached its largest size; ``estimate`` holds the eigenvalues so far.
    """
    size, n_known = known.shape
    most = min(size - n_known, max(FEWEST_AROUND, VECTORS_PER_MODE * (below + above)))
    width = min(BLOCK_AROUND, most)
    room = np.empty((size, n_known + most), order="F")  # what is known, then the basis
    room[:, :n_known] = known
    projected = np.zeros((most, most))
    start = np.random.default_rng(20_240_229).standard_normal((size, width))  # no hidden random state
    following = np.linalg.qr(orthogonal_part(start, known)[0])[0]
    filled, look = 0, FIRST_LOOK * (below + above)
    while True:
        own, filled = slice(filled, filled + width), filled + width
        room[:, n_known:][:, own] = following[:, :width]
        image, overlap = orthogonal_part(solve(following[:, :width]), room[:, : n_known + filled])
        projected[:filled, own], projected[own, :filled] = overlap[n_known:], overlap[n_known:].T
        following, coupling = _new_directions(image, room[:, : n_known + filled], float(np.abs(overlap).max()))
        if filled >= look or filled == most:
            look = LOOKS * filled
            inverse_m, mixing = _both_ends(projected[:filled, :filled], below, above)
            values = shift + 1.0 / inverse_m
            residual_m = np.linalg.norm(coupling @ mixing[-width:], axis=0) / np.abs(inverse_m)
            on_side = (values < shift) == (np.arange(len(values)) < below)
            near = on_side & (values > limits[0]) & (values < limits[1])
            converged = int(np.count_nonzero((residual_m < RESIDUAL) & near))
            if progress is not None:
                progress(converged / (below + above))
            if converged == below + above:
                return values, room[:, n_known : n_known + filled] @ mixing
            if filled == most:
                raise NotConverged(f"Lanczos found {converged} of {below + above} modes around a shift", values)
        width = min(BLOCK_AROUND, most - filled)


def _both_ends(projected: Array, below: int, above: int) -> tuple[Array, Array]:
    """The lowest and the highest eigenvalues of an inverse in the order of those of the matrix, vectors in columns."""
    inverse_m, mixing = linalg.eigh(projected, check_finite=False, driver="evd")
    chosen = np.concatenate([np.arange(below)[::-1], np.arange(len(projected) - above, len(projected))[::-1]])
    return inverse_m[chosen], mixing[:, chosen]


def _new_directions(image: Array, basis: Array, inside: float) -> tuple[Array, Array]:
    """Orthonormal columns that span a block outside a basis, and the block in them.

    Where the block has fewer dimensions than columns, round-off of what it had ``inside`` fills the others, in any
    direction outside the basis: a Krylov space that is closed goes on from there.
    """
    following, coupling = np.linalg.qr(image)
    if np.abs(np.diag(coupling)).min() < CLOSED * inside:
        following = np.linalg.qr(orthogonal_part(following, basis)[0])[0]
    return following, coupling


def _largest(projected: Array, count: int) -> tuple[Array, Array]:
    """The largest eigenvalues, descending, and their vectors in columns."""
    size = len(projected)
    values, vectors = linalg.eigh(projected, subset_by_index=[max(size - count, 0), size - 1], check_finite=False)
    return values[::-1], vectors[:, ::-1]


def orthogonal_part(image: Array, basis: Array, *, little: float = 1.0) -> tuple[Array, Array]:
    """Return what a block leaves outside a basis, and its components inside [as the image].

    What is left still has components inside, by round-off of what was taken out: they are taken out too.

    Args:
        image: columns, (n, b) [any unit].
        basis: orthonormal columns, (n, f) [-].
        little: the second time only where less than this share of a column is left [-].
    """
    overlap = basis.T @ image
    outside = image - basis @ overlap
    if (np.linalg.norm(outside, axis=0) > little * np.linalg.norm(image, axis=0)).all():
        return outside, overlap
    correction = basis.T @ outside
    return outside - basis @ correction, overlap + correction
