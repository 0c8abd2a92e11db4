"""Energies along a straight coordinate with everything else relaxed, followed from a minimum without jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_modes.configuration_space import SHIFT, ConfigurationSpace
from atomsim.errors import NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.results import Array

TOLERANCE = 1e-8  # force allowed orthogonal to the coordinate, as a norm [epsilon/(sqrt(m) sigma)]
MOST_STEPS = 40
LONGEST_STEP = 0.1  # of an atom in one Newton step [sigma]
LARGEST_JUMP = 0.15  # an atom that moves further while it relaxes has left the branch [sigma]
MOST_HALVINGS = 5  # of a step that loses the branch, before the branch is said to end there


@dataclass(frozen=True)
class PathPoint:
    """A point of a relaxed path: where, its energy, and the force that holds it along the coordinate."""

    coordinate: float
    point: Array
    energy: float
    slope: float  # dU/d(coordinate)


class ConstrainedMinimiser:
    """Minimises over everything orthogonal to one direction; only true minima of the constrained energy pass."""

    def __init__(self, space: ConfigurationSpace, direction: Array) -> None:
        """Fix the direction.

        Args:
            space: the energy.
            direction: unit vector that is held, orthogonal to the translations [-].
        """
        self.space, self.direction = space, direction
        self.factor: SymmetricFactor | None = None

    def release(self) -> None:
        """Give the memory of the factors back."""
        if self.factor is not None:
            self.factor.release()
            self.factor = None

    def _refactor(self, point: Array) -> None:
        self.release()
        matrix = self.space.matrix(point)
        self.factor = SymmetricFactor(matrix, shift=-SHIFT * float(matrix.diagonal().mean()))
        self.along = np.asarray(self.factor.solve(self.direction))
        # inertia of the matrix restricted to the hyperplane, by that of the bordered matrix
        self.n_negative = self.factor.n_negative - int(self.direction @ self.along < 0)

    def __call__(self, start: Array, coordinate: float) -> PathPoint:
        """Return the constrained minimum next to a point.

        Args:
            start: q with the coordinate wanted [sqrt(m) sigma].
            coordinate: its coordinate, for the record [sqrt(m) sigma].

        Raises:
            NotConverged: the constrained minimum does not exist near the start; ``estimate`` is where it was left.
        """
        point, before, fresh = start.copy(), np.inf, False
        for _ in range(MOST_STEPS):
            energy, force = self.space.energy_and_force(point)
            slope = -float(self.direction @ force)
            force = force + slope * self.direction
            now = float(np.linalg.norm(force))
            if now < TOLERANCE and fresh:
                return PathPoint(coordinate, point, energy, slope)
            if self.factor is None or now > 0.3 * before or now < TOLERANCE:
                self._refactor(point)
                fresh = True
                if self.n_negative:
                    raise NotConverged("the branch ends: the constrained energy has a direction downhill", point)
            assert self.factor is not None
            plain = np.asarray(self.factor.solve(force))
            move = plain - self.along * (self.direction @ plain) / (self.direction @ self.along)
            point = point + move * min(1.0, LONGEST_STEP / float(self.space.atom_moves(move).max()))
            before = now
        raise NotConverged(f"constrained minimisation left a force of {now:.1e}", point)


def relaxed_path(
    space: ConfigurationSpace, start: Array, direction: Array, coordinates: Array, *, ceiling: float = np.inf
) -> list[PathPoint]:
    """Return the relaxed energies along a direction from a minimum outwards, as far as the branch goes.

    The list ends early where the constrained minimum vanishes, an atom jumps, or the energy passes the ceiling. A step
    that fails is halved several times first: a branch that bends is longer than one that whole steps can follow.

    Args:
        space: the energy.
        start: the minimum, at coordinate zero [sqrt(m) sigma].
        direction: unit vector, orthogonal to the translations [-].
        coordinates: ascending in modulus, of one sign [sqrt(m) sigma].
        ceiling: energy beyond which nothing is wanted [epsilon].
    """
    relax = ConstrainedMinimiser(space, direction)
    trail = [PathPoint(0.0, start, space.energy_and_force(start)[0], 0.0)]
    path = trail[:]
    for coordinate in coordinates:
        if not _extend(relax, trail, float(coordinate)):
            break
        path.append(trail[-1])
        if path[-1].energy > ceiling:
            break
    relax.release()
    return path


def _extend(relax: ConstrainedMinimiser, trail: list[PathPoint], coordinate: float) -> bool:
    """Follow the branch to a coordinate, by halved steps where it bends; False where it ends before."""
    wanted = [coordinate]
    while wanted:
        new = _next(relax, trail, wanted[-1])
        if new is not None:
            trail.append(new)
            wanted.pop()
        elif len(wanted) > MOST_HALVINGS:
            return False
        else:
            wanted.append((trail[-1].coordinate + wanted[-1]) / 2)
    return True


def _next(relax: ConstrainedMinimiser, trail: list[PathPoint], coordinate: float) -> PathPoint | None:
    """The point of the branch one step on, None where the step loses it."""
    step = coordinate - trail[-1].coordinate
    guess = trail[-1].point + step * relax.direction
    if len(trail) > 1:  # along the last chord, which keeps the coordinate exact
        chord = trail[-1].point - trail[-2].point
        guess = trail[-1].point + chord * step / (trail[-1].coordinate - trail[-2].coordinate)
    try:
        new = relax(guess, coordinate)
    except NotConverged:
        return None
    return new if float(relax.space.atom_moves(new.point - guess).max()) <= LARGEST_JUMP else None


def scanned_saddle(space: ConfigurationSpace, first: Array, second: Array, *, points: int = 16) -> PathPoint | None:
    """Return the maximum of the relaxed energy between two minima along the line that joins them, None where it ends.

    A maximum of a branch of constrained minima is a stationary point with one negative eigenvalue. It is looked for
    from the first minimum and, if that branch ends before, from the second.

    Source: soft-modes-notes (relaxed scan); test: test_band_scan_and_saddle_agree

    Args:
        space: the energy.
        first: a minimum [sqrt(m) sigma].
        second: another [sqrt(m) sigma].
        points: coordinates between them.
    """
    for begin, end in ((first, second), (second, first)):
        distance = float(np.linalg.norm(end - begin))
        direction = (end - begin) / distance
        path = relaxed_path(space, begin, direction, np.linspace(0, distance, points + 2)[1:-1])
        place = next((k for k in range(1, len(path)) if path[k].slope < 0 < path[k - 1].slope), None)
        if place is not None:
            return _refined_maximum(space, direction, path[place - 1], path[place])
    return None


def _refined_maximum(space: ConfigurationSpace, direction: Array, low: PathPoint, high: PathPoint) -> PathPoint | None:
    """The point between two of a branch where the slope vanishes, by safeguarded secants."""
    relax, best = ConstrainedMinimiser(space, direction), high
    try:
        for _ in range(30):
            share = low.slope / (low.slope - high.slope)
            share = min(max(share, 0.02), 0.98)
            guess = low.point + share * (high.point - low.point)
            best = relax(guess, low.coordinate + share * (high.coordinate - low.coordinate))
            if abs(best.slope) < TOLERANCE:
                break
            low, high = (best, high) if best.slope > 0 else (low, best)
    except NotConverged:
        return None
    finally:
        relax.release()
    return best
