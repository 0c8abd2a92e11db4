"""Lowest modes by the multifrontal factor of a dissection: found in single precision, exact and certified in double.

Both factorisations, that for the inverse and that for the count of eigenvalues, are of single precision and fall back
to double where it does not suffice; the pairs themselves are those of the matrix in double precision either way.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from analysis.modes.davidson import lowest_by_rough_inverse
from analysis.modes.krylov import lowest_by_inverse
from atomsim.certificate import LANCZOS_SHIFT, lowest_pair
from atomsim.dissection import Dissection
from atomsim.errors import IncompleteSpectrum, NotConverged
from atomsim.multifrontal import MultifrontalFactor
from atomsim.results import Array

BLOCK = 24  # right-hand sides solved together
FEWEST_SPARE, SPARE_SHARE = 12, 5  # modes sought beyond those wanted, or one in so many: room for the certificate

Report = Callable[[str], None]
Progress = Callable[[float], None]


def lowest_dissected(
    matrix: sparse.csr_matrix,
    dissection: Dissection,
    count: int,
    *,
    report: Report,
    progress: Progress | None = None,
) -> tuple[Array, Array]:
    """Return the lowest eigenvalues [as the matrix] and vectors in columns; none is missed below the last wanted.

    Args:
        matrix: dynamical matrix.
        dissection: order of elimination of its atoms.
        count: number of eigenvalues wanted.
        report: called with a line where single precision does not suffice.
        progress: called with the share of the modes that have converged.

    Raises:
        IncompleteSpectrum: eigenvalues were missed.
        NotConverged: the eigen-solver did not converge.
    """
    factor = MultifrontalFactor(matrix, dissection)
    size = matrix.shape[0]
    spare = min(max(FEWEST_SPARE, count // SPARE_SHARE), size - count)
    shift = -LANCZOS_SHIFT * float(matrix.diagonal().mean())
    factor.factorise(shift, precision="single")
    if factor.n_negative:  # not a minimum: the shift must lie below the lowest eigenvalue
        shift = 1.05 * min(lowest_pair(matrix)[0], shift)
        factor.factorise(shift, precision="single")
    try:
        values, vectors = lowest_by_rough_inverse(
            factor.multiply, factor.solve, size, count, spare=spare, progress=progress
        )
    except NotConverged as error:
        report(f"{error}: the inverse is taken in double precision")
        factor.factorise(shift, precision="double")
        values, vectors = lowest_by_inverse(
            factor.solve, size, count + spare, shift=shift, block=BLOCK, progress=progress
        )
    require_complete(factor, values, vectors, count, report=report)
    return values, vectors


def require_complete(factor: MultifrontalFactor, values: Array, vectors: Array, count: int, *, report: Report) -> None:
    """Show that outside the vectors found the matrix has no eigenvalue below the last one wanted.

    The matrix is factorised in the middle of the widest gap of the upper half of the spare modes, far above those
    wanted: the error of the factorisation, measured, must not reach down to them. Where it does, double precision.

    Args:
        factor: the matrix.
        values: eigenvalues found, ascending, some beyond those wanted [as the matrix].
        vectors: their vectors in columns [-].
        count: number of eigenvalues wanted.
        report: called with a line where single precision does not suffice.

    Raises:
        IncompleteSpectrum: an eigenvalue was missed.
    """
    rng = np.random.default_rng(20_240_229)  # no hidden random state
    if len(values) == len(vectors):
        return  # all there are
    middle = (count + len(values)) // 2
    gaps = np.diff(values[middle - 1 :])
    place = middle - 1 + int(np.argmax(gaps))
    cut = 0.5 * (values[place] + values[place + 1])
    for precision in ("single", "double"):
        factor.factorise(cut, precision=precision, guide=vectors)
        beyond, n_negative = factor.lowest_beyond(vectors, rng, needed=values[count - 1]), factor.n_negative
        if beyond >= values[count - 1]:
            return
        report(
            f"certificate in {precision} precision: modes not found lie above {beyond:.6g}; needed are "
            f"{values[count - 1]:.6g}"
        )
    raise IncompleteSpectrum(
        f"{n_negative} eigenvalues lie below {cut:.6g} by inertia, but the eigen-solver found {place + 1}",
        estimate=values,
    )
