"""The certificate of a minimum: residual force, zero modes, negative and lowest eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, eigsh

from atomsim.errors import NotAMinimum, NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.pairs import PairInteraction
from atomsim.results import Array, quantity

ZERO_SHARE = 1e-8  # eigenvalues below this share of the mean eigenvalue are zero modes [-]
LANCZOS_SHIFT = 1e-4  # distance of the shift below zero, in units of the mean eigenvalue: far enough from the
# translations that they do not swamp the accuracy of the other modes
SMALL_MATRIX = 100  # degrees of freedom below which LAPACK is simply used
# Above this residual force the frequencies are not those of a minimum [epsilon/sigma]. Positions that a file keeps to
# eight decimals, as extended XYZ does, leave forces up to a few 1e-6 at a perfect minimum.
LARGEST_FORCE = 1e-5


@dataclass(frozen=True)
class Certificate:
    """What shows that a configuration is a minimum (or how it fails to be one)."""

    max_force: float = quantity("epsilon/sigma", "largest force component")
    n_zero_modes: int = quantity("1", "eigenvalues of the dynamical matrix that vanish within round-off")
    n_negative: int = quantity("1", "negative eigenvalues of the dynamical matrix")
    lowest_eigenvalue: float = quantity("epsilon/(m sigma^2)", "lowest eigenvalue that is not a zero mode")
    zero_tolerance: float = quantity("epsilon/(m sigma^2)", "eigenvalues closer to zero count as zero modes")

    def require_minimum(self, *, name: str, zero_modes: int) -> None:
        """Raise NotAMinimum unless the force is small, no eigenvalue negative and only translations are soft.

        Args:
            name: what to call the configuration in messages.
            zero_modes: number of zero modes of a healthy minimum.

        Raises:
            NotAMinimum: with this certificate as ``estimate``.
        """
        if self.max_force > LARGEST_FORCE or self.n_negative:
            raise NotAMinimum(
                f"{name} is not at a minimum: max|F| = {self.max_force:.3e} epsilon/sigma (expected <= "
                f"{LARGEST_FORCE:.0e}), {self.n_negative} negative eigenvalues of the dynamical matrix",
                estimate=self,
            )
        if self.n_zero_modes != zero_modes:
            raise NotAMinimum(
                f"{name} has {self.n_zero_modes} zero modes, expected {zero_modes}: atoms without neighbours "
                "(rattlers) or a disconnected structure",
                estimate=self,
            )


def zero_tolerance(matrix: sparse.spmatrix) -> float:
    """Return the size below which an eigenvalue of a dynamical matrix counts as zero [epsilon/(m sigma^2)].

    Args:
        matrix: dynamical matrix.
    """
    return ZERO_SHARE * float(matrix.diagonal().mean())


def expected_zero_modes(interaction: PairInteraction) -> int:
    """Return the number of translations, plus rotations for a cluster without periodicity.

    Args:
        interaction: the model bound to the configuration.
    """
    return zero_modes_of_cell(interaction.model.dimension, interaction.periodic_c)


def zero_modes_of_cell(dimension: int, periodic_c: ArrayLike) -> int:
    """Return the number of translations, plus rotations where no direction is periodic.

    Args:
        dimension: dimension of space, 2 or 3.
        periodic_c: true for a periodic direction [-].
    """
    rotations = 0 if np.any(np.asarray(periodic_c)[:dimension]) else dimension * (dimension - 1) // 2
    return dimension + rotations


def certify(interaction: PairInteraction, positions_nc: Array, mass_n: Array) -> Certificate:
    """Count the negative and zero eigenvalues by inertia and find the lowest other one.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: positions, (N, 3) [sigma].
        mass_n: masses [m].
    """
    terms = interaction.terms(positions_nc)
    d = terms.dimension
    matrix = mass_weighted(hessian_matrix(terms), mass_n, d)
    moving = translations(mass_n, d) if expected_zero_modes(interaction) == d else None
    return certificate_of(matrix, moving, float(np.abs(terms.forces()).max(initial=0.0)))


def certificate_of(matrix: sparse.spmatrix, zero_modes: Array | None, max_force: float) -> Certificate:
    """Count the negative and zero eigenvalues of a dynamical matrix by inertia and find the lowest other one.

    A minimum whose only zero modes are translations shows it by one factorisation; all else is counted by two more.

    Args:
        matrix: dynamical matrix.
        zero_modes: the translations, orthonormal columns; None where rotations are free as well [-].
        max_force: largest force component [epsilon/sigma].
    """
    tolerance = zero_tolerance(matrix)
    if zero_modes is not None and matrix.shape[0] >= SMALL_MATRIX:
        lowest = lowest_if_minimum(matrix, zero_modes)
        if lowest is not None and lowest > tolerance:
            return Certificate(max_force, zero_modes.shape[1], 0, lowest, tolerance)
    below = SymmetricFactor(matrix, shift=-tolerance)
    n_negative = below.n_negative
    below.move_to(tolerance)
    n_zero = below.n_negative - n_negative
    below.release()
    lowest = lowest_eigenvalue(matrix, n_skip=n_zero, n_negative=n_negative)
    return Certificate(max_force, n_zero, n_negative, lowest, tolerance)


def translations(mass_n: Array, dimension: int) -> Array:
    """Return the mass-weighted translations of all atoms, orthonormal columns, (d N, d) [-].

    Args:
        mass_n: masses [m].
        dimension: 2 or 3.
    """
    return np.kron(np.sqrt(mass_n / mass_n.sum())[:, None], np.eye(dimension))


def lowest_if_minimum(matrix: sparse.spmatrix, zero_modes: Array) -> float | None:
    """Return the lowest eigenvalue outside the translations [epsilon/(m sigma^2)]; None where they may not be all.

    Every displacement is a translation and one that leaves the last atom in place, and translations change nothing: if
    the matrix without the rows of that atom has only positive pivots, so has the whole matrix only positive eigenvalues
    but for the translations. The same factors give its inverse there, whose largest eigenvalue is wanted.

    Args:
        matrix: dynamical matrix.
        zero_modes: the translations, orthonormal columns [-].
    """
    size, d = zero_modes.shape
    try:
        factor = SymmetricFactor(matrix.tocsr()[: size - d, : size - d])
    except NotConverged:  # an atom without neighbours, or a rotation about an open direction
        return None

    def outside(field: Array) -> Array:
        return field - zero_modes @ (zero_modes.T @ field)

    def solve(field: Array) -> Array:
        solution = np.zeros(size)
        solution[: size - d] = factor.solve(outside(field)[: size - d])
        return outside(solution)

    if factor.n_negative:
        factor.release()
        return None
    inverse = LinearOperator((size, size), matvec=solve, dtype=float)
    largest = eigsh(inverse, k=1, which="LA", v0=start_vector(size), return_eigenvectors=False, tol=1e-12)
    factor.release()
    return float(1.0 / largest[0])


def lowest_eigenvalue(matrix: sparse.spmatrix, *, n_skip: int, n_negative: int) -> float:
    """Return the lowest eigenvalue that is not a zero mode [epsilon/(m sigma^2)].

    Args:
        matrix: dynamical matrix.
        n_skip: number of zero modes.
        n_negative: number of negative eigenvalues.
    """
    if n_negative:
        return float(lowest_pair(matrix)[0])
    size = matrix.shape[0]
    wanted = n_skip + 1
    if size < SMALL_MATRIX or wanted >= size - 1:
        return float(np.linalg.eigvalsh(matrix.toarray())[n_skip])
    shift = -LANCZOS_SHIFT * float(matrix.diagonal().mean())
    factor = SymmetricFactor(matrix, shift=shift)
    inverse = LinearOperator(matrix.shape, matvec=factor.solve, dtype=float)
    values = eigsh(
        matrix, k=wanted, sigma=shift, OPinv=inverse, v0=start_vector(size), return_eigenvectors=False, tol=1e-12
    )
    factor.release()
    return float(np.sort(values)[n_skip])


def lowest_pair(matrix: sparse.spmatrix) -> tuple[float, Array]:
    """Return the most negative eigenvalue [epsilon/(m sigma^2)] and its vector, by plain Lanczos.

    Args:
        matrix: dynamical matrix with at least one negative eigenvalue.
    """
    size = matrix.shape[0]
    if size < SMALL_MATRIX:
        values, vectors = np.linalg.eigh(matrix.toarray())
        return float(values[0]), vectors[:, 0]
    values, vectors = eigsh(matrix, k=1, which="SA", v0=start_vector(size), tol=1e-6, maxiter=50 * size)
    return float(values[0]), vectors[:, 0]


def start_vector(size: int) -> Array:
    """Return a fixed vector without symmetry for Lanczos, so that no hidden random state decides [-].

    Args:
        size: number of components.
    """
    return np.random.default_rng(20_240_229).standard_normal(size)
