"""Second derivatives and certificates of a minimum for an engine that gives forces alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from atomsim.certificate import Certificate, certificate_of, translations
from atomsim.engines.lammps import LammpsEngine
from atomsim.errors import NotAMinimum, NotConverged
from atomsim.finite_difference import THREE_POINTS, difference_rows
from atomsim.hessian import mass_weighted
from atomsim.results import Array, quantity

# Displacements of the central differences [angstrom]. Second derivatives of tables jump from knot to knot (7.6e-4
# angstrom apart in CuZr_mm); over several knots they are means, and the error of the step itself is still below 1e-3.
# Formulas have no knots: the error of the step is 1e-8 of the largest entry, that of rounding is less.
STEP, STEP_OF_FORMULAS = 5e-3, 5e-5
LARGEST_ASYMMETRY = 1e-2  # of tables with knots, in units of the largest entry [-]
LARGEST_SUM = 1e-4  # violation of the sum rule, in the same units [-]
LARGEST_FORCE = 1e-6  # of a minimum [eV/angstrom]
TRANSLATIONS = 3
MOST_NAMED = 8  # atoms in a message


@dataclass(frozen=True)
class EngineHessian:
    """The Hessian of an engine by central differences of its forces, and how well it obeys exact laws.

    It is symmetrised, and its diagonal blocks are those that the sum rule demands, so that translations cost nothing.
    """

    matrix: sparse.csr_matrix
    step: float = quantity("angstrom", "displacement of the differences")
    asymmetry: float = quantity("1", "largest |H - H^T| before symmetrising, over the largest entry")
    sum_rule: float = quantity("1", "largest |sum_j H_ij| before its repair, over the largest entry")


def engine_hessian(
    engine: LammpsEngine,
    positions_nc: Array,
    *,
    step: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> EngineHessian:
    """Return the Hessian at a minimum, 6 N evaluations of the forces [eV/angstrom^2].

    The error is of the order of step^2, plus what jumps of the second derivative at the knots of tables leave.

    Args:
        engine: the engine.
        positions_nc: positions, (N, 3) [angstrom].
        step: displacement; that of tables or of formulas where absent [angstrom].
        progress: called with the share that is done.

    Raises:
        NotAMinimum: atoms that nothing holds.
        NotConverged: the matrix is not symmetric, or translations are not free; carries the Hessian.
    """
    step = step or (STEP if engine.tabulated else STEP_OF_FORMULAS)
    rows = []
    for place, row in enumerate(difference_rows(engine.forces, positions_nc, step=step, weights=THREE_POINTS)):
        rows.append(sparse.csr_matrix(row))
        if progress is not None and place % 3 == 2:
            progress((place + 1) / positions_nc.size)
    raw = sparse.vstack(rows, format="csr")
    _require_connected(raw)
    largest = float(np.abs(raw.data).max())
    asymmetry = float(np.abs((raw - raw.T).data).max(initial=0.0)) / largest
    symmetric = 0.5 * (raw + raw.T)
    excess = _row_sums(symmetric)
    found = EngineHessian(_obeying_the_sum_rule(symmetric), step, asymmetry, float(np.abs(excess).max()) / largest)
    if asymmetry > LARGEST_ASYMMETRY or found.sum_rule > LARGEST_SUM:
        raise NotConverged(
            f"Hessian by differences over {step:g} angstrom: asymmetry {asymmetry:.1e}, sum rule {found.sum_rule:.1e}; "
            f"expected <= {LARGEST_ASYMMETRY:.0e} and {LARGEST_SUM:.0e}",
            estimate=found,
        )
    return found


def _require_connected(hessian: sparse.csr_matrix) -> None:
    """Refuse atoms on which others have no influence: they, or the part they belong to, cost nothing to move."""
    n = hessian.shape[0] // 3
    entries = hessian.tocoo()
    links = sparse.coo_matrix((np.ones(entries.nnz), (entries.row // 3, entries.col // 3)), shape=(n, n))
    body_n = connected_components(links, directed=False)[1]
    loose = np.flatnonzero(body_n != np.bincount(body_n).argmax())
    if len(loose) or not entries.nnz:
        named = ", ".join(map(str, loose[:MOST_NAMED] if len(loose) else (0,)))
        more = f" and {len(loose) - MOST_NAMED} more" if len(loose) > MOST_NAMED else ""
        raise NotAMinimum(
            f"nothing holds atom {named}{more}: no force reaches {'it' if len(loose) < 2 else 'them'} from the other "
            "atoms; remove such rattlers or compress",
            estimate=loose,
        )


def _row_sums(matrix: sparse.csr_matrix) -> Array:
    """The force on each atom when all are displaced along one axis, (3N, 3)."""
    translations = np.tile(np.eye(3), (matrix.shape[0] // 3, 1))
    return np.asarray(matrix @ translations)


def _obeying_the_sum_rule(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The matrix with row sums of zero and still symmetric, changed as little as its rounding.

    The symmetric part of a sum goes into the block on the diagonal. An antisymmetric part may not: it is handed on
    along pairs of atoms, as the gradient of a potential on the graph of the pairs, to where it cancels.
    """
    n = matrix.shape[0] // 3
    sums = _row_sums(matrix).reshape(n, 3, 3)
    blocks = sparse.bsr_matrix(matrix, blocksize=(3, 3))
    first = np.repeat(np.arange(n), np.diff(blocks.indptr))
    second = blocks.indices
    off = first != second
    first, second = first[off], second[off]
    links = sparse.csr_matrix((np.ones(len(first)), (first, second)), shape=(n, n))
    laplacian = sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links
    odd = 0.5 * (sums - sums.transpose(0, 2, 1)).reshape(n, 9)
    potential = np.zeros((n, 9))
    potential[1:] = splu(laplacian.tocsc()[1:, 1:]).solve(odd[1:])
    handed = (potential[first] - potential[second]).reshape(-1, 3, 3)
    even = 0.5 * (sums + sums.transpose(0, 2, 1))
    places = (np.concatenate([first, np.arange(n)]), np.concatenate([second, np.arange(n)]))
    order = np.argsort(places[0] * n + places[1], kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(places[0], minlength=n))])
    change = sparse.bsr_matrix((np.concatenate([handed, even])[order], places[1][order], start), shape=matrix.shape)
    return (matrix - change.tocsr()).tocsr()


def certify_hessian(hessian: sparse.csr_matrix, mass_n: Array, max_force: float) -> Certificate:
    """Count negative eigenvalues and zero modes by inertia, and find the lowest other eigenvalue [eV/(amu angstrom^2)].

    As :func:`atomsim.certificate.certificate_of` does it.

    Args:
        hessian: second derivatives, translations free [eV/angstrom^2].
        mass_n: masses [amu].
        max_force: largest force component [eV/angstrom].
    """
    return certificate_of(mass_weighted(hessian, mass_n, 3), translations(mass_n, 3), max_force)


def require_minimum(certificate: Certificate, *, name: str) -> None:
    """Refuse what is not a minimum with three translations.

    Args:
        certificate: forces and eigenvalues.
        name: what to call the configuration.

    Raises:
        NotAMinimum: carries the certificate.
    """
    if certificate.max_force > LARGEST_FORCE or certificate.n_negative or certificate.n_zero_modes != TRANSLATIONS:
        raise NotAMinimum(
            f"{name} is not at a minimum: max|F| = {certificate.max_force:.3e} eV/angstrom (expected <= "
            f"{LARGEST_FORCE:.0e}), {certificate.n_negative} negative eigenvalues, {certificate.n_zero_modes} zero "
            f"modes (expected {TRANSLATIONS})",
            estimate=certificate,
        )
