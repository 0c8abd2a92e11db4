"""The resonant absorption of sound by soft potentials as nested adaptive quadrature: slow, and nobody's relative.

J(Omega, tau) = 2 integral dD2 sum_{m<n} sum_roots |x_mn|^2 (P_m - P_n)/|x_nn - x_mm| over the potentials
D1 x + D2 x^2 + x^4 with D1 > 0: for each D2 and each pair of levels the roots D1 of E_n - E_m = Omega, where the gap
changes with D1 at the rate x_nn - x_mm (Hellmann and Feynman). Nothing is shared with the tables of the suite: levels
come from a grid of sinc functions, roots from bracketing, the integral over D2 from QUADPACK.

Two roots meet where the gap has an extremum, and the integrand has an inverse square root there. Such a D2 is found
as a change of the number of roots, and D2 = middle + half sin u between two of them takes the root out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from atomsim.errors import NotConverged
from atomsim.results import Array

CUT = 110.0  # energy above the bottom of a potential up to which the grid reaches, beside the energies of interest [W]
CUT_PER_ENERGY = 4.0
POINTS_EACH_SIDE = 400
FROZEN = 3.0  # energy over temperature from which a level is empty, beyond the logarithm of the tolerance [-]
STIFFER = 1.3  # quantum of the last lower well over Omega: no gap is smaller beyond [-]
NEGLIGIBLE = 0.02  # what lies beyond two lines in turn, relative to the tolerance, by the last one of them [-]
DEEPEST = -200.0  # D2 where roots must have come to an end [-]
LINE_STEP = 0.25  # of D2, when numbers of roots are compared [-]
Kind = tuple[int, int, bool]

EDGE = 1e-9  # to which the D2 of an extremum is found [-]
NODES = 32


@dataclass(frozen=True)
class States:
    """Levels of one potential on a grid of sinc functions, on which x is diagonal."""

    energy_m: Array
    vectors_gm: Array
    x_g: Array

    def gap(self, m: int, n: int) -> float:
        """Return E_n - E_m [W].

        Args:
            m: lower level.
            n: upper level.
        """
        return float(self.energy_m[n] - self.energy_m[m])

    def tilt(self, m: int, n: int) -> float:
        """Return x_nn - x_mm, the derivative of the gap with respect to D1 [-].

        Args:
            m: lower level.
            n: upper level.
        """
        return float((self.vectors_gm[:, n] ** 2 - self.vectors_gm[:, m] ** 2) @ self.x_g)

    def strength(self, m: int, n: int, tau: float) -> float:
        """Return |x_mn|^2 (P_m - P_n) [-].

        Args:
            m: lower level.
            n: upper level.
            tau: temperature [W].
        """
        weight = np.exp(-(self.energy_m - self.energy_m[0]) / tau)
        x_mn = (self.vectors_gm[:, m] * self.vectors_gm[:, n]) @ self.x_g
        return float(x_mn**2 * (weight[m] - weight[n]) / weight.sum())


class SincSolver:
    """Levels of D1 x + D2 x^2 + x^4 up to some energy above its bottom, by sinc functions on a uniform grid."""

    def __init__(self, energy: float) -> None:
        """Prepare the kinetic energy.

        Args:
            energy: highest level of interest above the lowest [W].
        """
        self.cut = CUT + CUT_PER_ENERGY * energy
        self.calls = 0
        step = np.pi / np.sqrt(self.cut)
        point = np.arange(-POINTS_EACH_SIDE, POINTS_EACH_SIDE + 1)
        self.x_g = step * point
        apart = np.abs(point[:, None] - point)
        off_diagonal = 2.0 * (-1.0) ** apart / np.maximum(apart, 1) ** 2
        self.kinetic_gg = np.where(apart == 0, np.pi**2 / 3, off_diagonal) / step**2

    def __call__(self, D1: float, D2: float) -> States:
        """Return the levels of one potential.

        Args:
            D1: linear coefficient [-].
            D2: quadratic coefficient [-].

        Raises:
            NotConverged: the grid ends before the potential is high.
        """
        self.calls += 1
        potential = self.x_g * (D1 + self.x_g * (D2 + self.x_g**2))
        inside = np.flatnonzero(potential < potential.min() + self.cut)
        if inside[0] == 0 or inside[-1] == len(self.x_g) - 1:
            raise NotConverged(f"D1 = {D1:g}, D2 = {D2:g}: the grid of sinc functions is too short", potential.min())
        matrix = self.kinetic_gg[inside[:, None], inside]
        matrix[np.diag_indices_from(matrix)] += potential[inside]
        energy, vectors = np.linalg.eigh(matrix)
        return States(energy, vectors, self.x_g[inside])


@dataclass(frozen=True)
class Bracket:
    """One root of E_n - E_m = Omega between two D1."""

    m: int
    n: int
    rising: bool  # of the gap with D1
    low: float
    high: float


@dataclass(frozen=True)
class NestedAbsorption:
    """J at one frequency and one temperature."""

    omega: float  # [W]
    tau: float  # [W]
    tolerance: float  # of the integral over D2, relative
    nodes: int = NODES  # of the search for roots along a line of constant D2

    @property
    def _occupied(self) -> float:
        """Energy above the lowest level up to which levels are occupied [W]."""
        return (FROZEN - np.log(self.tolerance)) * self.tau

    @property
    def _reach(self) -> float:
        """Quantum of the lower well, and bias of a double one, from which nothing absorbs [W]."""
        return max(self._occupied, STIFFER * self.omega) + 1

    @cached_property
    def solver(self) -> SincSolver:
        """Return the solver of all potentials that matter."""
        return SincSolver(self._reach)

    def brackets(self, D2: float) -> list[Bracket]:
        """Return the roots of one line, each between two D1.

        Args:
            D2: quadratic coefficient of the line [-].
        """
        D1_i = self._last_field(D2) * (np.arange(self.nodes + 1) / self.nodes) ** 1.5
        states = [self.solver(float(D1), D2) for D1 in D1_i]
        count = min(len(s.energy_m) for s in states)
        energy = np.array([s.energy_m[:count] for s in states])
        diagonal = np.array([s.x_g @ s.vectors_gm[:, :count] ** 2 for s in states])
        diagonal[0] = 0.0  # of a symmetric potential: rounding turns the states of narrow doublets
        empty = energy - energy[:, :1] > self._occupied
        found: list[Bracket] = []
        for m in np.flatnonzero(~empty.all(axis=0)):
            for n in range(int(m) + 1, count):
                gap, tilt = energy[:, n] - energy[:, m], diagonal[:, n] - diagonal[:, m]
                if np.min(gap) > 3 * self.omega + 1:
                    break
                found += self._of_pair(int(m), n, D2, D1_i, gap - self.omega, tilt, empty[:, m])
        return found

    def _of_pair(
        self, m: int, n: int, D2: float, D1_i: Array, excess_i: Array, tilt_i: Array, empty_i: Array
    ) -> list[Bracket]:
        """Roots of one pair between nodes: one at a change of sign, two where an extremum lies beyond Omega."""
        found = []
        towards, away = excess_i * tilt_i < 0, excess_i * tilt_i > 0  # Omega, as D1 grows
        for i, (low, high) in enumerate(pairwise(D1_i)):
            if empty_i[i] and empty_i[i + 1]:
                continue
            if excess_i[i] * excess_i[i + 1] < 0:
                found.append(Bracket(m, n, bool(excess_i[i] < 0), low, high))
            elif towards[i] and away[i + 1]:
                turn = brentq(lambda D1: self.solver(D1, D2).tilt(m, n), low, high, rtol=1e-12)
                if (self.solver(turn, D2).gap(m, n) - self.omega) * excess_i[i] < 0:
                    first = bool(excess_i[i] < 0)
                    found += [Bracket(m, n, first, low, turn), Bracket(m, n, not first, turn, high)]
        return found

    def _integrand(self, D2: float, brackets: list[Bracket]) -> float:
        total = 0.0
        for b in brackets:
            root = _gap_root(self.solver, D2, b, self.omega)
            states = self.solver(root, D2)
            total += 2 * states.strength(b.m, b.n, self.tau) / abs(states.tilt(b.m, b.n))
        return total

    def line(self, D2: float) -> float:
        """Return the integrand of the integral over D2, both signs of D1 together [-].

        Args:
            D2: quadratic coefficient [-].
        """
        return self._integrand(D2, self.brackets(D2))

    def highest_line(self) -> float:
        """Return the D2 above which there are no roots: the symmetric potential has the gap Omega there [-]."""
        low, high = -1.0, self.omega**2 / 4 + 4
        while self.solver(0.0, low).gap(0, 1) > self.omega:
            low -= 1.0
        return float(brentq(lambda D2: self.solver(0.0, D2).gap(0, 1) - self.omega, low, high, rtol=1e-13))

    def edges(self) -> list[float]:
        """Return the D2 at which the number of roots changes, descending; the ends of the range first and last [-].

        Raises:
            NotConverged: the integrand does not come to an end.
        """
        high = self.highest_line()
        right, after = high - EDGE, _kinds(self.brackets(high - EDGE))
        found, gathered, small = [high], 0.0, 0
        while small < 2:
            left = right - LINE_STEP
            if left < DEEPEST:
                raise NotConverged(f"Omega = {self.omega:g}, tau = {self.tau:g}: roots at all depths", gathered)
            brackets = self.brackets(left)
            before = _kinds(brackets)
            found += self._changes(left, right, before, after)
            strip = LINE_STEP * self._integrand(left, brackets)
            gathered += strip
            small = small + 1 if strip < NEGLIGIBLE * self.tolerance * gathered else 0
            right, after = left, before
        return [*found, right]

    def _changes(self, left: float, right: float, before: list[Kind], after: list[Kind]) -> list[float]:
        """All D2 between two lines at which the roots change, descending, by bisection."""
        if before == after:
            return []
        middle = (left + right) / 2
        if right - left < EDGE:
            return [middle]
        between = _kinds(self.brackets(middle))
        return self._changes(middle, right, between, after) + self._changes(left, middle, before, between)

    def value(self) -> tuple[float, float]:
        """Return J and the estimate of its quadrature's error [-]."""
        value = error = 0.0
        pieces = list(pairwise(self.edges()))  # the largest first: it sets the scale of the tolerance
        for high, low in pieces:
            part, uncertain = quad(
                _without_roots_at_ends(self.line, low, high), -np.pi / 2, np.pi / 2,
                epsrel=self.tolerance, epsabs=self.tolerance * value / len(pieces), limit=100,
            )  # fmt: skip
            value, error = value + part, error + uncertain
        return value, error

    def _last_field(self, D2: float) -> float:
        """D1 from which the lower well is stiff, and far enough below the other one, for all levels to be apart."""
        lowest = np.sqrt(max(self._reach**2 / 4 - D2, 0.0) / 6)
        stiff = 4 * lowest**3 + 2 * D2 * lowest
        return max(stiff, self._reach / np.sqrt(2 * max(-D2, 1.0)), 1.0)


def _kinds(brackets: list[Bracket]) -> list[Kind]:
    """What tells the roots of neighbouring lines apart: two that cancel each other in number differ in direction."""
    return [(b.m, b.n, b.rising) for b in brackets]


def _gap_root(solver: SincSolver, D2: float, bracket: Bracket, omega: float) -> float:
    def excess(D1: float) -> float:
        return solver(D1, D2).gap(bracket.m, bracket.n) - omega

    return float(brentq(excess, bracket.low, bracket.high, xtol=1e-13, rtol=1e-10))


def _without_roots_at_ends(function: Callable[[float], float], low: float, high: float) -> Callable[[float], float]:
    """The integrand in u, D2 = middle + half sin u: inverse square roots at both ends are gone."""
    middle, half = (low + high) / 2, (high - low) / 2
    return lambda u: half * np.cos(u) * function(middle + half * np.sin(u))
