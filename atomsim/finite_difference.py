"""Derivatives of the energy from forces alone, for any calculator: along a direction to fourth order, and the Hessian.

Steps are chosen by what is measured: derivatives are extrapolated from a ladder of displacements, each with the error
that the extrapolation shows and the noise of the forces, seen where all atoms are moved together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import ase
import numpy as np

from atomsim.errors import InputError
from atomsim.pairs import heights
from atomsim.results import Array, quantity

Forces = Callable[[Array], Array]

LONGEST_STEP = 0.04  # displacement of the most moving atom with which ladders begin, over the closest distance [-]
LADDER_STEPS, LADDER_RANGE = 10, 512.0  # steps of a ladder, and the longest over the shortest of them [-]
PROBES = 3  # coordinates on which the step of a Hessian is chosen
STEPS_OF_HESSIAN = 2.0 ** -np.arange(1.0, 9.0)  # shares of the longest displacement that are tried [-]
FIVE_POINTS = {1.0: 8 / 12, 2.0: -1 / 12}  # weights of the differences over one and two steps, to fourth order
THREE_POINTS = {1.0: 1 / 2}


@dataclass(frozen=True)
class Extrapolated:
    """A limit for steps going to zero, and how far it can be trusted."""

    value: Array
    error: float


@dataclass(frozen=True)
class DirectionalDerivatives:
    """Derivatives of the energy along a field u of displacements, atoms at R + s u, and their gradients."""

    curvature: float = quantity("epsilon/s^2", "second derivative")
    tau: float = quantity("epsilon/s^3", "third derivative")
    chi: float = quantity("epsilon/s^4", "fourth derivative")
    gradient_nc: Array = quantity("epsilon/(sigma s^2)", "gradient of the second derivative, Phi_3 : u u")
    curvature_error: float = quantity("epsilon/s^2", "error of the second derivative")
    tau_error: float = quantity("epsilon/s^3", "error of the third derivative")
    chi_error: float = quantity("epsilon/s^4", "error of the fourth derivative")
    gradient_error: float = quantity("epsilon/(sigma s^2)", "error of the gradient as a vector, its length")
    noise: float = quantity("epsilon/sigma", "largest change of a force where all atoms move together")


@dataclass(frozen=True)
class DifferenceHessian:
    """A dense Hessian from differences of forces, symmetrised, with what betrays its error."""

    matrix: Array = quantity("epsilon/sigma^2", "second derivatives, (3N, 3N)")
    step: float = quantity("sigma", "displacement of the differences")
    error: float = quantity("epsilon/sigma^2", "largest error of an entry that is seen")
    asymmetry: float = quantity("1", "largest |H - H^T| before symmetrising, over the largest entry")
    sum_rule: float = quantity("1", "largest |sum_j H_ij|, over the largest entry")


def forces_of(atoms: ase.Atoms) -> Forces:
    """Return the forces of an ASE calculator as a function of the positions; constraints are left aside.

    Args:
        atoms: configuration with a calculator; it is left as it was.

    Raises:
        InputError: no calculator.
    """
    if atoms.calc is None:
        raise InputError("the structure has no calculator; attach one: atoms.calc = ...")
    work = atoms.copy()
    work.set_constraint()
    work.calc = atoms.calc

    def forces(positions_nc: Array) -> Array:
        work.set_positions(positions_nc)
        return np.array(work.get_forces(), dtype=float)

    return forces


def closest_distance(atoms: ase.Atoms) -> float:
    """Return the shortest distance between two atoms or images [unit of length of the atoms].

    Args:
        atoms: at least one atom; one alone needs a periodic cell.

    Raises:
        InputError: a single atom without neighbours or images.
    """
    distance = atoms.get_all_distances(mic=bool(atoms.pbc.any()))
    np.fill_diagonal(distance, np.inf)
    image = float(heights(atoms.cell.complete().array)[atoms.pbc].min(initial=np.inf))
    closest = min(float(distance.min(initial=np.inf)), image)
    if not 0 < closest < np.inf:
        raise InputError(f"closest distance {closest}: expected at least two atoms at different places")
    return closest


def force_noise(forces: Forces, positions_nc: Array, *, shift: float) -> float:
    """Return the largest change of a force component where all atoms move together: it should be none [epsilon/sigma].

    Args:
        forces: forces as a function of positions.
        positions_nc: positions, (N, 3) [sigma].
        shift: how far the atoms are moved [sigma].
    """
    moved = shift * np.array([0.754877, 0.569840, 0.324718])  # no simple ratio to any grid or cell
    return float(np.abs(forces(positions_nc + moved) - forces(positions_nc)).max())


def extrapolate(step_k: Array, value_k: Array, *, noise_k: Array, slope: bool = False) -> Extrapolated:
    """Return the limit at step 0 of values that are even in the step, or their slope by its square there.

    Polynomials in the squared step through every run of neighbouring steps are tried. Of each, the error is the
    change where its first or last step is left out, whichever is larger, plus what the noise makes of it; the one of
    least error wins. The shorter half of the steps alone must give the same within its own error: what it does not is
    added, which betrays forces with kinks. Exact for polynomials with fewer terms than there are steps.

    Args:
        step_k: descending positive steps, at least six [any unit].
        value_k: values at these steps, the first axis runs over them [any unit].
        noise_k: error of each value as a vector, its length [unit of the values].
        slope: return the derivative by the squared step instead of the value.
    """
    best, half = _best_polynomial(step_k, value_k, noise_k, slope), len(step_k) // 2
    short = _best_polynomial(step_k[half:], value_k[half:], noise_k[half:], slope)
    unexplained = float(np.linalg.norm(short.value - best.value)) - short.error
    return Extrapolated(best.value, best.error + max(unexplained, 0.0))


def _best_polynomial(step_k: Array, value_k: Array, noise_k: Array, slope: bool) -> Extrapolated:
    """The run of neighbouring steps whose polynomial has the least error."""
    square_k, fewest = (step_k / step_k[0]) ** 2, 1 + int(slope)
    estimates: dict[tuple[int, int], Array] = {}
    best = Extrapolated(np.full(value_k.shape[1:], np.nan), np.inf)
    for terms in range(fewest, len(step_k) + 1):
        for first in range(len(step_k) - terms + 1):
            window = slice(first, first + terms)
            weight_k = np.linalg.inv(square_k[window, None] ** np.arange(terms))[int(slope)]
            weight_k = weight_k / step_k[0] ** 2 if slope else weight_k
            estimates[first, terms] = value = np.tensordot(weight_k, value_k[window], axes=1)
            if terms == fewest:
                continue
            shorter = (estimates[first, terms - 1], estimates[first + 1, terms - 1])
            error = max(float(np.linalg.norm(value - other)) for other in shorter)
            error += float(np.linalg.norm(weight_k * noise_k[window]))
            if error < best.error:
                best = Extrapolated(value, error)
    return best


def derivatives_along(
    forces: Forces, positions_nc: Array, field_nc: Array, *, longest: float, shortest: float | None = None
) -> DirectionalDerivatives:
    """Return second, third and fourth derivative of the energy along a field of displacements, with errors.

    With f(s) the forces at R + s u, odd and even parts of f(s) - f(0) hold the contractions with one, two and three u:
    -[f(s) - f(-s)]/2s = Phi_2 u + s^2 Phi_4:uuu/6 + ..., -[f(s) + f(-s) - 2 f(0)]/s^2 = Phi_3:uu + ..., all even in s.
    21 evaluations, and two for the noise. R need not be a minimum. Of forces with kinks (tables, potentials cut off
    where derivatives jump) the limit is no useful number: longer shortest displacements average over the kinks.

    Source: soft-modes-notes (expansion); test: test_contractions_of_forces_equal_the_analytic_ones
    Source: soft-modes-notes (mode force); test: test_contractions_of_forces_equal_the_analytic_ones

    Args:
        forces: forces as a function of positions.
        positions_nc: positions R, (N, 3) [sigma].
        field_nc: displacements u per unit of s, (N, 3) [sigma/s].
        longest: displacement of the most moving atom with which the ladder begins [sigma].
        shortest: that with which it ends; far below where absent [sigma].

    Raises:
        InputError: a field that vanishes, or displacements that do not descend.
    """
    largest = float(np.linalg.norm(field_nc, axis=1).max())
    if not 0 < largest < np.inf:
        raise InputError(f"the most moving atom moves by {largest}; expected a field of displacements")
    shortest = shortest or longest / LADDER_RANGE
    if not 0 < shortest < longest:
        raise InputError(f"displacements from {longest:g} to {shortest:g}; expected descending ones")
    step_k = np.geomspace(longest, shortest, LADDER_STEPS) / largest
    noise = force_noise(forces, positions_nc, shift=longest)
    rest_nc = forces(positions_nc)
    sides = [[forces(positions_nc + sign * step * field_nc) for sign in (1.0, -1.0)] for step in step_k]
    shape = (-1, *(1,) * rest_nc.ndim)
    odd_knc = np.array([minus - plus for plus, minus in sides]) / (2 * step_k.reshape(shape))
    even_knc = np.array([2 * rest_nc - plus - minus for plus, minus in sides]) / step_k.reshape(shape) ** 2
    along, length = np.linalg.norm(field_nc), np.sqrt(field_nc.size)
    odd_k, even_k = (np.einsum("knc,nc->k", part, field_nc) for part in (odd_knc, even_knc))
    odd_noise_k, even_noise_k = noise / step_k, 2 * noise / step_k**2
    curvature = extrapolate(step_k, odd_k, noise_k=along * odd_noise_k)
    tau = extrapolate(step_k, even_k, noise_k=along * even_noise_k)
    sixth = extrapolate(step_k, odd_k, noise_k=along * odd_noise_k, slope=True)
    gradient = extrapolate(step_k, even_knc, noise_k=length * even_noise_k)
    return DirectionalDerivatives(
        curvature=float(curvature.value),
        tau=float(tau.value),
        chi=6 * float(sixth.value),
        gradient_nc=gradient.value,
        curvature_error=curvature.error,
        tau_error=tau.error,
        chi_error=6 * sixth.error,
        gradient_error=gradient.error,
        noise=noise,
    )


def difference_rows(
    forces: Forces, positions_nc: Array, *, step: float, weights: dict[float, float]
) -> Iterator[Array]:
    """Yield the rows of the Hessian, one for each coordinate, from forces on both sides of it [epsilon/sigma^2].

    Args:
        forces: forces as a function of positions.
        positions_nc: positions, (N, 3) [sigma].
        step: displacement [sigma].
        weights: number of steps to the weight of the difference over them [-].
    """
    for place in range(positions_nc.size):
        yield _difference_row(forces, positions_nc, place, step, weights)


def _difference_row(forces: Forces, positions_nc: Array, place: int, step: float, weights: dict[float, float]) -> Array:
    row = np.zeros(positions_nc.size)
    for steps, weight in weights.items():
        sides = []
        for sign in (1.0, -1.0):
            moved_nc = positions_nc.copy()
            moved_nc.flat[place] += sign * steps * step
            sides.append(forces(moved_nc).ravel())
        row += weight * (sides[1] - sides[0])
    return row / step


def difference_hessian(
    forces: Forces,
    positions_nc: Array,
    *,
    longest: float,
    step: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> DifferenceHessian:
    """Return the Hessian by differences of the forces over four displacements of each coordinate, 12 N evaluations.

    The error is of the order of step^4 plus noise/step. Where no step is given it is chosen on three coordinates: the
    one whose rows are closest to their extrapolation for steps going to zero. How close tells the error, or the
    asymmetry where that is larger.

    Args:
        forces: forces as a function of positions.
        positions_nc: positions, (N, 3) [sigma].
        longest: displacement below which steps are looked for [sigma].
        step: displacement; chosen where absent [sigma].
        progress: called with the share that is done.
    """
    step, error = choose_step(forces, positions_nc, longest=longest, step=step)
    matrix = np.empty((positions_nc.size, positions_nc.size))
    for place, row in enumerate(difference_rows(forces, positions_nc, step=step, weights=FIVE_POINTS)):
        matrix[place] = row
        if progress is not None and place % 3 == 2:
            progress((place + 1) / positions_nc.size)
    largest, asymmetry = float(np.abs(matrix).max()), float(np.abs(matrix - matrix.T).max())
    matrix = 0.5 * (matrix + matrix.T)
    excess = float(np.abs(matrix.reshape(len(matrix), -1, 3).sum(axis=1)).max())
    return DifferenceHessian(matrix, step, max(error, asymmetry), asymmetry / largest, excess / largest)


def choose_step(
    forces: Forces, positions_nc: Array, *, longest: float, step: float | None = None
) -> tuple[float, float]:
    """Return the step of a Hessian that errs least on a few coordinates, and its error there [epsilon/sigma^2].

    Args:
        forces: forces as a function of positions.
        positions_nc: positions, (N, 3) [sigma].
        longest: displacement below which steps are looked for [sigma].
        step: the step, if only its error is asked for [sigma].
    """
    noise = force_noise(forces, positions_nc, shift=longest)
    tried = longest * STEPS_OF_HESSIAN
    places = np.linspace(0, positions_nc.size - 1, PROBES).astype(int)
    candidates = tried if step is None else np.array([step])
    error_k = np.zeros(len(candidates))
    for place in places:
        rows_k = np.array([_difference_row(forces, positions_nc, place, h, THREE_POINTS) for h in tried])
        limit = extrapolate(tried, rows_k, noise_k=noise / tried * np.sqrt(positions_nc.size))
        for k, candidate in enumerate(candidates):
            row = _difference_row(forces, positions_nc, place, candidate, FIVE_POINTS)
            error_k[k] = max(error_k[k], float(np.abs(row - limit.value).max()))
    best = int(np.argmin(error_k))
    return float(candidates[best]), float(error_k[best])
