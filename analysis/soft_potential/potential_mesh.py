"""Levels of the potentials of the (D1, D2) plane for integrals that the temperature makes smooth.

Specific heat and relaxation need no level sets, but potentials close to symmetric: nodes are equally spaced in
u, D1 = scale sinh u, down to asymmetries far below the lowest temperature. A mesh is kept as a whole, or its lines are
solved one after the other, each potential with as many levels as its barrier and the temperature ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import linalg, optimize
from scipy.linalg import eig_banded

from analysis.soft_potential.deep_wells import wkb_action
from analysis.soft_potential.level_table import Images, Progress, solve_line
from analysis.soft_potential.levels import Basis, basis_for, ladder, oscillator_bands, shifted
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

LINE_SLOPE, LINE_RISE, LINE_FALL = 2.0, 0.3, 0.002  # of D2 over the coordinate of the lines solved one by one
LINE_SCALE = 6.0  # |D2| below which lines are equally spaced [-]
QUANTUM_OVER_TEMPERATURE = 14.0  # from which vibrations neither hold heat nor relax [-]
RESOLVED_ASYMMETRY = 0.05  # of the lowest temperature: nodes are equally spaced below [-]
SPARE_LEVELS, FEWEST_LEVELS = 4, 12  # beyond the estimate of Bohr and Sommerfeld, and at all
LARGEST_DENSE = 120  # size of a basis from which the banded matrix is not filled
STATES_OF_A_WELL = 16  # beyond the levels of a well that is taken alone
TINY = 1e-300
EMPTY = 1e12  # energy of levels that were not asked for [W]


@dataclass(frozen=True)
class PotentialMesh:
    """Levels and matrix elements of x on lines of constant D2; axes line, node, level."""

    D2_l: Array = quantity("1", "quadratic coefficient of each line")
    line_weight_l: Array = quantity("1", "derivative of D2 with respect to the number of the line")
    D1_ln: Array = quantity("1", "linear coefficient of each node")
    node_weight_ln: Array = quantity("1", "weights of the integral over D1, both signs")
    energy_lnm: Array = quantity("W", "levels above the lowest")
    x_lnmm: Array = quantity("1", "matrix elements of x")

    def halved(self) -> PotentialMesh:
        """Return the mesh with every second line and every second pair of nodes left out."""
        twice = {"line_weight_l", "node_weight_ln"}
        values = {
            name: (2 if name in twice else 1) * (array[::2] if array.ndim == 1 else array[::2, 1::3])
            for name, array in vars(self).items()
        }
        values["node_weight_ln"] = values["node_weight_ln"] * 1.5
        return PotentialMesh(**values)


def potential_mesh(
    *, deepest: float, hottest: float, coldest: float, lines: int = 120, nodes: int = 90, count: int = 16,
    progress: Progress | None = None,
) -> PotentialMesh:  # fmt: skip
    """Return the levels of all potentials that matter between two temperatures.

    Nodes lie at u = (i + 1/2) h, so that three steps of h are one step of a mesh of the same kind.

    Source: soft-potential-notes (quadrature); test: test_specific_heat_of_the_levels_has_its_two_limits

    Args:
        deepest: largest |D2| of a double well [-].
        hottest: highest temperature [W].
        coldest: lowest temperature [W].
        lines: number of steps in D2, even.
        nodes: number of nodes of a line, divisible by three.
        count: levels of each potential.
        progress: called with the number of finished lines and of all lines.

    Raises:
        InputError: temperatures or depth are not positive, or the mesh cannot be halved.
    """
    if not (deepest > 0 and 0 < coldest <= hottest) or lines % 2 or nodes % 3:
        raise InputError(
            f"depth {deepest!r}, temperatures {coldest!r} to {hottest!r}, {lines} lines, {nodes} nodes: expected "
            f"positive numbers, an even number of lines and a number of nodes divisible by three"
        )
    curvature = (QUANTUM_OVER_TEMPERATURE * hottest / 2) ** 2 + 4
    low, high = np.arcsinh(-deepest / LINE_SCALE), np.arcsinh(curvature / LINE_SCALE)
    v = np.linspace(low, high, lines + 1)
    D2_l = LINE_SCALE * np.sinh(v)
    lowest = np.sqrt((curvature + np.maximum(-2 * D2_l, 0.0) - D2_l) / 6)  # wells stiffer than curvature are empty
    scale = RESOLVED_ASYMMETRY * coldest
    step = np.arcsinh((4 * lowest**3 + 2 * D2_l * lowest) / scale) / nodes
    u = step[:, None] * (np.arange(nodes) + 0.5)
    D1 = scale * np.sinh(u)
    energy, x = [], []
    for i, D2 in enumerate(D2_l):
        solved = solve_line(float(D2), D1[i], count)
        energy.append(solved[0] - solved[0][:, :1])
        x.append(solved[1])
        if progress is not None:
            progress(i + 1, lines + 1)
    weight = 2 * scale * np.cosh(u) * step[:, None]
    return PotentialMesh(D2_l, LINE_SCALE * np.cosh(v) * (v[1] - v[0]), D1, weight, np.array(energy), np.array(x))


@dataclass(frozen=True)
class LevelCut:
    """Up to which energy levels matter, and which double wells never come to equilibrium."""

    thermal: float = quantity("k_B T", "energy above which levels are empty", default=20.0)
    above_barrier: float = quantity("k_B T", "energy above a barrier from which no jump starts", default=10.0)
    rare: float = quantity("k_B T", "barrier that is never crossed", default=60.0)
    action: float = quantity("1", "action of the symmetric double well that is never tunnelled through", default=32.0)
    quantum: float = quantity("k_B T", "quantum of the vibrations that hold no heat", default=20.0)

    def energy(self, barrier: Array, tau: float) -> Array:
        """Return the energy above the lowest level up to which levels count [W].

        Args:
            barrier: height of the barrier above the lowest level [W].
            tau: k_B T/W [-].
        """
        crossed = np.where(barrier < self.rare * tau, barrier + self.above_barrier * tau, 0.0)
        return np.maximum(self.thermal * tau, crossed)

    def frozen(self, D2: float, tau: float) -> bool:
        """Return whether the double wells of a line neither tunnel nor jump.

        Args:
            D2: quadratic coefficient [-].
            tau: k_B T/W [-].
        """
        barrier = np.minimum(D2, 0.0) ** 2 / 4
        return bool(self.rare * tau < barrier and wkb_action(D2) > self.action)

    def deepest(self, tau: float) -> float:
        """Return the largest |D2| of double wells that are not frozen [-].

        Args:
            tau: k_B T/W [-].
        """
        return max(2 * float(np.sqrt(self.rare * tau)), float((3 / np.sqrt(2) * self.action) ** (2 / 3)))


@dataclass(frozen=True)
class MeshPlan:
    """A mesh whose lines are solved one by one: its range of temperatures and its fineness."""

    coldest: float = quantity("W", "lowest temperature", default=0.002)
    hottest: float = quantity("W", "highest temperature", default=8.0)
    lines: int = quantity("1", "steps in D2", default=256)
    nodes: int = quantity("1", "nodes of a line", default=48)
    images: str = quantity("text", "stationary points that the nodes stand for", default=Images.LOWER_MINIMUM.value)
    cut: LevelCut = field(default_factory=LevelCut)

    def __post_init__(self) -> None:
        """Refuse a mesh that cannot be made."""
        if not 0 < self.coldest <= self.hottest or self.lines < 4 or self.nodes < 6:
            raise InputError(
                f"temperatures {self.coldest!r} to {self.hottest!r}, {self.lines} lines, {self.nodes} nodes: expected "
                "positive ascending temperatures, four lines and six nodes at least"
            )

    def coarser(self) -> MeshPlan:
        """Return the plan with half the lines and half the nodes."""
        return replace(self, lines=self.lines // 2, nodes=self.nodes // 2)

    @property
    def largest_curvature(self) -> float:
        """Return D2 + 6 x^2 of the lower wells whose vibrations hold no heat [-]."""
        return (self.cut.quantum * self.hottest / 2) ** 2 + 4

    def line_places(self) -> tuple[Array, Array]:
        """Return D2 of the lines, and dD2 over the change of their number [-].

        D2 = A v + B e^v - C e^{-v} with v equally spaced: lines are dense where wells tunnel, geometric far away.
        """
        high = self.largest_curvature
        ends = (-max(high / 2, self.cut.deepest(self.hottest)), high if self.images == Images.LOWER_MINIMUM else 0.0)
        first, last = (optimize.brentq(lambda v, end=end: _line(v)[0] - end, -40, 40) for end in ends)
        v = np.linspace(float(first), float(last), self.lines + 1)
        D2, slope = _line(v)
        return D2, slope * (v[1] - v[0])

    def node_places(self, D2: float) -> tuple[Array, Array, Array]:
        """Return D1, stationary point and weight of the nodes of a line [-].

        Weights are those of an integral over D1 >= 0 for lower minima, and over the stationary point for the others,
        where D1 has a maximum at the end of the double wells.

        Args:
            D2: quadratic coefficient [-].
        """
        scale = RESOLVED_ASYMMETRY * self.coldest
        if self.images == Images.LOWER_MINIMUM:
            lowest = np.sqrt(max(self.largest_curvature + max(-2 * D2, 0.0) - D2, 0.0) / 6)
            D1, weight = _sinh_nodes(scale, 4 * lowest**3 + 2 * D2 * lowest, self.nodes)
            return D1, lower_minimum(D1, D2), weight
        symmetric, edge = np.sqrt(max(-D2, 0.0) / 2), np.sqrt(max(-D2, 0.0) / 6)
        scale /= 2 * abs(D2) + 1
        maximum, first = _sinh_nodes(scale, edge, self.nodes // 2)
        away, second = _sinh_nodes(scale, symmetric - edge, self.nodes - self.nodes // 2)
        place = np.concatenate([maximum, (symmetric - away)[::-1]])
        D1 = np.maximum(-(2 * D2 * place + 4 * place**3), 0.0)
        return D1, place, np.concatenate([first, second[::-1]])


@dataclass(frozen=True)
class PotentialLine:
    """Potentials of one D2 with their levels; axes node, level. Levels that do not count have the energy EMPTY."""

    images: str = quantity("text", "stationary points that the nodes stand for")
    D2: float = quantity("1", "quadratic coefficient")
    D1_n: Array = quantity("1", "linear coefficient, not negative")
    place_n: Array = quantity("1", "stationary point that the node stands for")
    weight_n: Array = quantity("1", "weights of the integral over the coordinate of the nodes")
    barrier_n: Array = quantity("W", "height of the barrier above the lowest level, zero for single wells")
    double_well_n: Array = quantity("1", "share of double wells: one, zero, or between at the node next to their end")
    energy_nm: Array = quantity("W", "levels above the lowest")
    x_nmm: Array = quantity("1", "matrix elements of x")
    x2_nmm: Array = quantity("1", "matrix elements of x^2")


def _line(v: Array) -> tuple[Array, Array]:
    """D2 of a line and its derivative."""
    return (
        LINE_SLOPE * v + LINE_RISE * np.exp(v) - LINE_FALL * np.exp(-v),
        LINE_SLOPE + LINE_RISE * np.exp(v) + LINE_FALL * np.exp(-v),
    )


def solved_line(D2: float, plan: MeshPlan) -> PotentialLine:
    """Return the levels on one line of a mesh, as many as the barriers and the highest temperature ask for.

    Source: soft-potential-notes (quadrature); test: test_lines_hold_the_levels_that_count

    Args:
        D2: quadratic coefficient [-].
        plan: the mesh.
    """
    D1, place, weight = plan.node_places(D2)
    low = lower_minimum(D1, D2)
    inner = np.sqrt(np.maximum(-2 * D2 - 3 * low**2, 0.0))
    bottom, top = (_value(x, D1, D2) for x in (low, -(low + inner) / 2))
    end = np.sqrt(8 * max(-D2, 0.0) ** 3 / 27)
    double = np.less(D1, end)
    cut = plan.cut.energy(np.where(double, top - bottom, 0.0), plan.hottest)
    counts = _states_below(D1, D2, bottom, cut + np.sqrt(np.maximum(D2 + 6 * low**2, 1.0))) + SPARE_LEVELS
    counts = np.maximum(counts, FEWEST_LEVELS)
    apart = double & plan.cut.frozen(D2, plan.hottest)
    largest = int(counts.max())
    energy = np.full((len(D1), largest), EMPTY)
    x, x2 = np.zeros((2, len(D1), largest, largest))
    ground = np.empty(len(D1))
    for i, count in enumerate(counts):
        if apart[i]:
            found = _separate_wells((float(low[i]), float((inner[i] - low[i]) / 2)), float(D1[i]), D2, int(count))
        else:
            found = direct_levels(float(D1[i]), D2, int(count))
        energy[i, :count], x[i, :count, :count], x2[i, :count, :count] = found[0] - found[0][0], *found[1:]
        ground[i] = found[0][0]
    share = double.astype(float)
    if plan.images == Images.LOWER_MINIMUM and D2 < 0:  # nodes stand for the interval weight around D1
        share = np.clip((end - D1) / np.maximum(weight, TINY) + 0.5, 0.0, 1.0)
    barrier = np.where(double, np.maximum(top - ground, 0.0), 0.0)
    return PotentialLine(plan.images, D2, D1, place, weight, barrier, share, energy, x, x2)


def direct_levels(D1: float, D2: float, count: int) -> tuple[Array, Array, Array]:
    """Return levels, x and x^2 of one potential in one basis, without a test of the basis [-].

    Gaps are good to 1e-12 of the depth of the wells: enough for rates of relaxation, which go with their square.

    Source: soft-potential-notes (oscillator basis); test: test_lines_hold_the_levels_that_count

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].
        count: how many levels.
    """
    return _levels_in(basis_for(D1, D2, count), D1, D2, count)


def _levels_in(basis: Basis, D1: float, D2: float, count: int) -> tuple[Array, Array, Array]:
    coefficients, constant = shifted(D1, D2, basis.centre)
    bands = oscillator_bands(coefficients, basis.frequency, basis.size)
    if basis.size > LARGEST_DENSE:
        energy, vectors = eig_banded(bands, lower=True, select="i", select_range=(0, count - 1))
    else:
        matrix = np.diag(bands[0])
        for k in range(1, 5):
            matrix += np.diag(bands[k, :-k], -k)
        energy, vectors = np.linalg.eigh(matrix)
        energy, vectors = energy[:count], vectors[:, :count]
    step = ladder(basis.size, basis.frequency)[:, None]
    moved = basis.centre * vectors
    moved[:-1] += step * vectors[1:]
    moved[1:] += step * vectors[:-1]
    return energy + constant, vectors.T @ moved, moved.T @ moved


def _separate_wells(minima: tuple[float, float], D1: float, D2: float, count: int) -> tuple[Array, Array, Array]:
    """Levels of two wells without tunnelling between them, each in oscillator states that end below the barrier."""
    parts = []
    for minimum in minima:
        basis = Basis(minimum, float(np.sqrt(D2 + 6 * minimum**2)), count + STATES_OF_A_WELL)
        parts.append(_levels_in(basis, D1, D2, count))
    order = np.argsort(np.concatenate([part[0] for part in parts]))[:count]
    energy = np.concatenate([part[0] for part in parts])[order]
    matrices = (linalg.block_diag(parts[0][k], parts[1][k])[np.ix_(order, order)] for k in (1, 2))
    return energy, *matrices


def lower_minimum(D1_n: Array, D2: float) -> Array:
    """Return where D1 x + D2 x^2 + x^4 with D1 >= 0 is smallest, x <= 0 [-].

    Args:
        D1_n: linear coefficients, not negative [-].
        D2: quadratic coefficient [-].
    """
    x = -np.cbrt(D1_n / 4) - np.sqrt(max(-D2, 0.0) / 2)  # below the root: the steps of Newton's method only shrink
    for _ in range(60):
        slope = 12 * x**2 + 2 * D2
        x = x - np.divide(4 * x**3 + 2 * D2 * x + D1_n, slope, out=np.zeros_like(x), where=slope > 0)
    return x


def _value(x: Array, D1: Array, D2: float) -> Array:
    return x * (D1 + x * (D2 + x**2))


def _sinh_nodes(scale: float, end: float, count: int) -> tuple[Array, Array]:
    """Nodes between zero and an end, equally spaced in u, scale sinh u, and their weights: the midpoint rule."""
    step = np.arcsinh(end / scale) / count
    u = step * (np.arange(count) + 0.5)
    return scale * np.sinh(u), scale * np.cosh(u) * step


def _states_below(D1: Array, D2: float, bottom: Array, energy: Array) -> IntArray:
    """Number of states up to an energy above the bottom of the wells: phase space over 2 pi."""
    top = bottom + energy
    reach = np.cbrt(D1) + np.sqrt(abs(D2)) + np.maximum(top, 0.0) ** 0.25
    x = reach[:, None] * np.linspace(-1, 1, 801)
    momentum = np.sqrt(np.maximum(top[:, None] - _value(x, D1[:, None], D2), 0.0))
    return np.ceil(momentum.sum(axis=1) * (x[:, 1] - x[:, 0]) / np.pi).astype(np.int64)
