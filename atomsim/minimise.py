"""Minimisation to round-off: L-BFGS that trusts slopes where energies are noise, Newton where it stalls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atomsim.errors import NotAMinimum, NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix
from atomsim.kernels.quasi_newton import downhill
from atomsim.pairs import PairInteraction
from atomsim.results import Array, quantity

FORCE_TOLERANCE = 1e-10  # what this suite calls an inherent structure [epsilon/sigma]
COARSE_TOLERANCES = (1e-5,)  # where other engines, whose energies decide alone, end their way down [epsilon/sigma]
MOST_EVALUATIONS = 20000  # of one descent
MEMORY = 10  # steps that L-BFGS remembers
LONGEST_STEP = 0.1  # largest component of one step: farther, the path may leave the basin that it follows [sigma]
FIRST_STEP = 0.02  # largest component of a step taken without knowledge of the curvature [sigma]
DECREASE = 1e-4  # share of the slope by which the energy must fall along a step [-]
FLATTENING = 0.9  # share of the slope that may be left behind a step [-]
ENERGY_NOISE = 1e-10  # relative changes of the energy below this are not believed, the slope is [-]
LONGEST_EXTENSION = 4.0  # of a step that was too short [-]
MOST_TRIALS = 20  # points of one line search
ROUND_OFF_MARGIN = 0.99  # of the tolerance, so that forces added in another order fulfil it too [-]
REGULARISATION = 1e-10  # shift that makes the translations regular, in units of the mean diagonal [-]
FORCE_LENGTH = 1.0  # force over this length is a curvature that the residual force explains [sigma]
LONGEST_NEWTON_STEP = 0.1  # beyond this displacement the quadratic model is not believed [sigma]


@dataclass(frozen=True)
class Minimised:
    """The end of a minimisation."""

    positions_nc: Array = quantity("sigma", "positions, not wrapped into the cell")
    energy: float = quantity("epsilon", "potential energy of all atoms")
    max_force: float = quantity("epsilon/sigma", "largest force component")
    n_evaluations: int = quantity("1", "evaluations of energy and forces")
    n_newton: int = quantity("1", "Newton steps")


@dataclass(frozen=True)
class _Point:
    """Coordinates that may move, (d N,), with energy and gradient there."""

    place: Array
    energy: float
    gradient: Array

    @property
    def max_force(self) -> float:
        return float(np.abs(self.gradient).max(initial=0.0))


class _Memory:
    """What the last steps told L-BFGS of the curvature."""

    def __init__(self, size: int) -> None:
        self.steps, self.changes = np.zeros((2, MEMORY, size))
        self.forget()

    def forget(self) -> None:
        self.newest, self.count = MEMORY - 1, 0

    def learn(self, before: _Point, after: _Point) -> None:
        """Remember a step, unless the curvature along it is not positive."""
        step, change = after.place - before.place, after.gradient - before.gradient
        if not float(step @ change) > 0:
            return
        self.newest, self.count = (self.newest + 1) % MEMORY, min(self.count + 1, MEMORY)
        self.steps[self.newest], self.changes[self.newest] = step, change

    def direction(self, gradient: Array) -> Array:
        """The way down, no component longer than a step may be."""
        out = np.empty_like(gradient)
        downhill(gradient, self.steps, self.changes, self.newest, self.count, out)
        longest = float(np.abs(out).max(initial=0.0))
        allowed = LONGEST_STEP if self.count else FIRST_STEP
        return out * min(1.0, allowed / longest) if longest > 0 else out


def _line_search(evaluate: Callable[[Array], _Point], here: _Point, way: Array) -> _Point | None:
    """A point along the way that fulfils the conditions of Wolfe; None where round-off or a jump leaves none.

    Where the energy does not change beyond its noise the condition on it is replaced by one on the slope (Hager and
    Zhang), so that the search goes on to the round-off of the forces.
    """
    slope = float(here.gradient @ way)
    noise = ENERGY_NOISE * abs(here.energy)
    longest = max(1.0, LONGEST_STEP / float(np.abs(way).max()))
    low, low_slope, high, share = 0.0, slope, np.inf, 1.0
    for _ in range(MOST_TRIALS):
        there = evaluate(here.place + share * way)
        slope_there = float(there.gradient @ way)
        rise = there.energy - here.energy
        falls = rise <= DECREASE * share * slope
        flat = abs(rise) <= noise and slope_there <= (2 * DECREASE - 1) * slope
        if falls or flat:
            if slope_there >= FLATTENING * slope or share >= longest:
                return there
            low, low_slope = share, slope_there
            if high == np.inf:
                share = min(LONGEST_EXTENSION * share, longest)
                continue
        else:
            high = share
        share = _between(low, high, low_slope, slope_there if high == share else np.nan)
    return None


def _between(low: float, high: float, low_slope: float, high_slope: float) -> float:
    """Where the slope vanishes by linear interpolation, kept away from both ends; the middle where it does not."""
    width = high - low
    zero = -low_slope / (high_slope - low_slope) if high_slope > 0 else 0.5
    return low + width * (min(max(zero, 0.1), 0.9) if np.isfinite(zero) else 0.5)


def descend(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = FORCE_TOLERANCE,
    max_evaluations: int = MOST_EVALUATIONS,
    progress: Callable[[int, float], None] | None = None,
) -> Array:
    """Follow L-BFGS downhill until max|F| falls below the tolerance or round-off stops it; return positions [sigma].

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        max_evaluations: limit of energy evaluations; a line search in progress is finished.
        progress: called with (evaluations, max|F|) after each iteration.
    """
    d = interaction.model.dimension
    moved_nc = np.array(positions_nc, dtype=float)

    def evaluate(place: Array) -> _Point:
        moved_nc[:, :d] = place.reshape(-1, d)
        energy, forces_nc = interaction.energy_and_forces(moved_nc)
        return _Point(place, energy, -forces_nc[:, :d].ravel())

    last = interaction.n_evaluations + max_evaluations
    here = evaluate(moved_nc[:, :d].flatten())
    memory = _Memory(here.place.size)
    while here.max_force > tolerance and interaction.n_evaluations < last:
        there = _line_search(evaluate, here, memory.direction(here.gradient))
        if there is None and memory.count == 0:
            break
        if there is None:
            memory.forget()  # once more along the force itself
            continue
        memory.learn(here, there)
        here = there
        if progress is not None:
            progress(interaction.n_evaluations, here.max_force)
    moved_nc[:, :d] = here.place.reshape(-1, d)
    return moved_nc


def newton_polish(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = FORCE_TOLERANCE,
    max_steps: int = 12,
) -> tuple[Array, float, int]:
    """Refine a nearly stationary point by Newton steps; return (positions [sigma], max|F| [epsilon/sigma], steps).

    The curvature is looked at wherever the path passes and where it ends, also when no step was needed.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        max_steps: limit of steps.

    Raises:
        NotAMinimum: the Hessian has negative eigenvalues; ``estimate`` holds the positions.
        NotConverged: the forces stay above the tolerance; ``estimate`` holds (positions, max|F|).
    """
    d = interaction.model.dimension
    positions_nc = positions_nc.copy()
    for step in range(max_steps + 1):
        terms = interaction.terms(positions_nc)
        forces_nc = terms.forces()
        max_force = float(np.abs(forces_nc).max(initial=0.0))
        if step == max_steps and max_force > tolerance:
            break
        hessian = hessian_matrix(terms)
        # Away from the minimum rotations of a cluster have eigenvalues of the order of -force/length, as harmless as
        # the force; a shift that falls with the force keeps the convergence quadratic.
        shift = REGULARISATION * hessian.diagonal().mean() + max_force / FORCE_LENGTH
        factor = SymmetricFactor(hessian, shift=-shift)
        negative = factor.n_negative
        if negative:
            factor.release()
            raise NotAMinimum(
                f"{negative} negative eigenvalues at max|F| = {max_force:.2e}: a saddle, not a minimum",
                estimate=positions_nc,
            )
        if max_force <= tolerance:
            factor.release()
            return positions_nc, max_force, step
        move = factor.solve(forces_nc[:, :d].ravel()).reshape(-1, d)
        factor.release()
        move -= move.mean(axis=0)
        longest = np.abs(move).max()
        positions_nc[:, :d] += move * min(1.0, LONGEST_NEWTON_STEP / longest)
    raise NotConverged(
        f"max|F| = {max_force:.2e} after {max_steps} Newton steps; expected <= {tolerance:.0e}",
        estimate=(positions_nc, max_force),
    )


def settle(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = FORCE_TOLERANCE,
    progress: Callable[[int, float], None] | None = None,
) -> Minimised:
    """Descend to max|F| <= tolerance, by Newton where L-BFGS stalls above it; the curvature is not looked at.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        progress: called with (evaluations, max|F|).

    Raises:
        NotAMinimum: L-BFGS stalls above the tolerance at a saddle; ``estimate`` holds the positions.
        NotConverged: the forces stay above the tolerance.
    """
    before, n_newton = interaction.n_evaluations, 0
    positions_nc = descend(interaction, positions_nc, tolerance=ROUND_OFF_MARGIN * tolerance, progress=progress)
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    max_force = float(np.abs(forces_nc).max(initial=0.0))
    if max_force > tolerance:
        positions_nc, max_force, n_newton = newton_polish(interaction, positions_nc, tolerance=tolerance)
        energy, _ = interaction.energy_and_forces(positions_nc)
    return Minimised(positions_nc, energy, max_force, interaction.n_evaluations - before, n_newton)


def minimise(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    tolerance: float = FORCE_TOLERANCE,
    progress: Callable[[int, float], None] | None = None,
) -> Minimised:
    """Minimise to max|F| <= tolerance and refuse what is no minimum.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: start, (N, 3) [sigma].
        tolerance: largest force component wanted [epsilon/sigma].
        progress: called with (evaluations, max|F|).

    Raises:
        NotAMinimum: a saddle; ``estimate`` holds the positions.
        NotConverged: the forces stay above the tolerance.
    """
    before = interaction.n_evaluations
    settled = settle(interaction, positions_nc, tolerance=tolerance, progress=progress)
    positions_nc, max_force, n_newton = newton_polish(interaction, settled.positions_nc, tolerance=tolerance)
    energy, _ = interaction.energy_and_forces(positions_nc)
    return Minimised(positions_nc, energy, max_force, interaction.n_evaluations - before, settled.n_newton + n_newton)
