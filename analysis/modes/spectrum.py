"""Eigenmodes of the dynamical matrix: all of them by LAPACK, or the lowest by an inverse, with a certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from analysis.modes.dissected import lowest_dissected
from analysis.modes.forecast import SLICES_FROM, dense_pays, forecast_modes
from analysis.modes.frequency import signed_root
from analysis.modes.krylov import lowest_by_inverse
from analysis.modes.participation import effective_mass, participation_number
from analysis.modes.slicing import SpectrumSlices
from atomsim.certificate import LANCZOS_SHIFT, lowest_pair, zero_tolerance
from atomsim.dissection import Dissection, dissect
from atomsim.errors import IncompleteSpectrum
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.quench import Glass
from atomsim.results import Array, quantity

Report = Callable[[str], None]


@dataclass(frozen=True)
class Modes:
    """Modes of one configuration in ascending order, translations included."""

    omega_m: Array = quantity("sqrt(epsilon/m)/sigma", "angular frequency; -sqrt(-lambda) for an eigenvalue lambda < 0")
    participation_number_m: Array = quantity("1", "participation number [sum |e|^4]^-1")
    effective_mass_m: Array = quantity("m", "mass felt by the most moving atom")
    vectors_mnc: Array = quantity("1", "mass-weighted eigenvectors of the first modes, squares sum to 1")
    n_atoms: int = quantity("1", "number of atoms")
    n_zero_modes: int = quantity("1", "modes of zero frequency within round-off")
    n_negative: int = quantity("1", "negative eigenvalues")
    certified_complete: bool = quantity("1", "whether an inertia count or a full diagonalisation excludes missed modes")
    max_force: float = quantity("epsilon/sigma", "largest residual force component")
    mean_square_frequency: float = quantity(
        "epsilon/(m sigma^2)", "trace of the dynamical matrix per degree of freedom"
    )

    @property
    def participation_ratio_m(self) -> Array:
        """Participation ratio N_k/N [-]."""
        return self.participation_number_m / self.n_atoms

    @property
    def vibrations(self) -> slice:
        """The modes above the zero modes."""
        return slice(self.n_negative + self.n_zero_modes, None)


def dynamical_matrix(glass: Glass) -> sparse.csr_matrix:
    """Return the sparse dynamical matrix of a configuration [epsilon/(m sigma^2)].

    Args:
        glass: the configuration.
    """
    terms = glass.interaction().terms(glass.positions_nc)
    return mass_weighted(hessian_matrix(terms), glass.mass_n, terms.dimension)


def _fix_signs(vectors: Array) -> Array:
    """Make the largest component of each column positive, so that equal modes are equal arrays."""
    rows = np.argmax(np.abs(vectors), axis=0)
    return vectors * np.sign(vectors[rows, np.arange(vectors.shape[1])])


def modes_of_pairs(glass: Glass, matrix: sparse.spmatrix, values: Array, vectors: Array, *, keep: int) -> Modes:
    """Return eigenpairs of a dynamical matrix as modes, among which none is missing.

    Args:
        glass: the configuration.
        matrix: its dynamical matrix.
        values: eigenvalues, ascending [epsilon/(m sigma^2)].
        vectors: their vectors in columns [-].
        keep: number of vectors kept.
    """
    d = glass.dimension
    vectors_mnc = np.zeros((len(values), glass.n_atoms, 3))
    vectors_mnc[:, :, :d] = _fix_signs(vectors).T.reshape(len(values), glass.n_atoms, d)
    tolerance = zero_tolerance(matrix)
    return Modes(
        omega_m=signed_root(values),
        participation_number_m=participation_number(vectors_mnc),
        effective_mass_m=effective_mass(vectors_mnc, glass.mass_n),
        vectors_mnc=vectors_mnc[:keep].copy(),
        n_atoms=glass.n_atoms,
        n_zero_modes=int(np.count_nonzero(np.abs(values) <= tolerance)),
        n_negative=int(np.count_nonzero(values < -tolerance)),
        certified_complete=True,
        max_force=glass.max_force,
        mean_square_frequency=float(matrix.diagonal().mean()),
    )


def full_spectrum(glass: Glass, *, keep_vectors: int | None = None) -> Modes:
    """Return all modes by LAPACK; memory about 3 (dN)^2 * 8 bytes.

    Args:
        glass: the configuration.
        keep_vectors: number of lowest eigenvectors kept in the result, None for all.
    """
    matrix = dynamical_matrix(glass)
    values, vectors = linalg.eigh(matrix.toarray(), overwrite_a=True, check_finite=False, driver="evd")
    keep = len(values) if keep_vectors is None else min(keep_vectors, len(values))
    return modes_of_pairs(glass, matrix, values, vectors, keep=keep)


def lowest_modes(
    glass: Glass,
    count: int,
    *,
    method: str | None = None,
    available: float | None = None,
    report: Report | None = None,
) -> Modes:
    """Return the lowest ``count`` modes (zero modes included), certified complete.

    Few modes of a large configuration come from the Krylov space of the inverse just below zero; then the matrix is
    factorised once more above the last mode wanted, and the number of negative pivots must equal the number of modes
    found below. Hundreds come from several such shifts, one slice of the spectrum after another. Else LAPACK computes
    them. Cost and memory are forecast before anything is done.

    Args:
        glass: the configuration.
        count: number of modes, at most the number of degrees of freedom.
        method: ``dense``, ``dissection``, ``pardiso`` or ``superlu``; None takes the fastest.
        available: memory that may be used, that of the machine where absent [B].
        report: called with lines that say which method was taken and why, and how far it is.

    Raises:
        InputError: count out of range, unknown method, or not enough memory.
        IncompleteSpectrum: the inertia counts more modes than the iteration found.
        NotConverged: the iteration did not converge.
    """
    terms = glass.interaction().terms(glass.positions_nc)
    ordered = method == "dissection" or (method is None and not dense_pays(terms, count))
    order = dissect(terms, glass.positions_nc @ np.linalg.inv(glass.cell_cc)) if ordered else None
    plan = forecast_modes(terms, count, method=method, available=available, dissection=order)
    plan.require_memory()
    if report is not None:
        report(str(plan))
    matrix = mass_weighted(hessian_matrix(terms), glass.mass_n, terms.dimension)
    del terms
    if plan.method == "dense":
        dense = matrix.toarray(order="F")
        values, vectors = linalg.eigh(dense, subset_by_index=[0, count - 1], overwrite_a=True, check_finite=False)
    elif order is not None and count >= SLICES_FROM:
        values, vectors = _lowest_sliced(matrix, order, count, report)
    elif order is not None:
        # Zero modes converge at once, before the spare modes whose accuracy certifies them: one vibration with them.
        found = max(count, min(glass.n_zero_modes + 1, matrix.shape[0]))
        values, vectors = lowest_dissected(
            matrix, order, found, report=report or (lambda line: None), progress=by_tenths(report)
        )
    else:
        values, vectors = _shift_invert(matrix, count, plan.method, report)
    return modes_of_pairs(glass, matrix, values[:count], vectors[:, :count], keep=count)


def _lowest_sliced(
    matrix: sparse.csr_matrix, order: Dissection, count: int, report: Report | None
) -> tuple[Array, Array]:
    """Lowest eigenpairs slice by slice, from below the lowest of all."""
    lower = -LANCZOS_SHIFT * float(matrix.diagonal().mean())
    slices = SpectrumSlices(matrix, order, lower=lower)
    if slices.n_below:  # not a minimum
        lower = 1.05 * min(lowest_pair(matrix)[0], lower)
        slices = SpectrumSlices(matrix, order, lower=lower)
    if slices.n_below:
        raise IncompleteSpectrum(f"{slices.n_below} eigenvalues lie below {lower:.6g}, where Lanczos sees none")
    return slices.find(count, progress=by_tenths(report))


def _shift_invert(matrix: sparse.csr_matrix, count: int, backend: str, report: Report | None) -> tuple[Array, Array]:
    """Lowest eigenpairs and some beyond, with the inertia certificate at a gap above the last one wanted."""
    size = matrix.shape[0]
    wanted = min(count + max(8, count // 10), size - 1)
    shift = -LANCZOS_SHIFT * float(matrix.diagonal().mean())
    factor = SymmetricFactor(matrix, shift=shift, backend=backend)
    if factor.n_negative:  # not a minimum: the shift must lie below the lowest eigenvalue
        shift = 1.05 * lowest_pair(matrix)[0]
        factor.move_to(shift)
    try:
        values, vectors = lowest_by_inverse(factor.solve, size, wanted, shift=shift, progress=by_tenths(report))
        _certify_count(factor, values, count)
    finally:
        factor.release()
    return values, vectors


def by_tenths(report: Report | None) -> Callable[[float], None] | None:
    """Return what tells of each further tenth of the modes, not of each step; None where nothing is to be told.

    Args:
        report: called with the lines.
    """
    if report is None:
        return None
    told = 0

    def tell(share: float) -> None:
        nonlocal told
        if int(10 * share) > told:
            told = int(10 * share)
            report(f"{int(100 * share)} % of the modes")

    return tell


def _certify_count(factor: SymmetricFactor, values: Array, count: int) -> None:
    """Compare the modes found below the widest gap above the last one wanted with the inertia there."""
    gaps = np.diff(values[count - 1 :])
    place = count - 1 + int(np.argmax(gaps))
    cut = 0.5 * (values[place] + values[place + 1])
    factor.move_to(cut)
    if factor.n_negative != place + 1:
        raise IncompleteSpectrum(
            f"{factor.n_negative} eigenvalues lie below {cut:.6g} by inertia, but the eigen-solver found {place + 1}",
            estimate=values,
        )
