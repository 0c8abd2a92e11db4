"""Levels and matrix elements on meshes of the (D1, D2) plane, for integrals over distributions of soft potentials.

A mesh has lines of constant D2 and, along a line, nodes at stationary points x of the potential, each of which is one
of its images in the (alpha, beta) plane. The first mesh holds every potential once, at its lower minimum. The second
one holds the double wells again at their upper minimum and their maximum; with it, the meshes cover the (alpha, beta)
plane, with the area element 4 dD2 dx. Potentials with D1 < 0 are mirror images and are not tabulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq

from analysis.soft_potential.levels import basis_for, ladder, oscillator_bands, shifted
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

Progress = Callable[[int, int], None]

DEEP_SCALE = 12.0  # |D2| below which lines of double wells are equally spaced, beyond in its logarithm [-]
LINES_BELOW = 0.6  # part of the lines at D2 < 0 [-]
REDUCED_STATES = 36  # states of a nearby potential in which the potentials of the mesh are solved
ANCHORS_PER_LINE = 10
SMALLEST_CURVATURE = 1e-12  # of the lower minimum: it vanishes at the single potential x^4 [-]
LEVEL_WELLS = 70.0  # asymmetry of two wells that heat reaches both of: 14 times the highest temperature [W]
END_CROWDING = 0.85  # part by which nodes of the other mesh stand closer at both ends of a line [-]


class Images(StrEnum):
    """Which stationary points a mesh holds."""

    LOWER_MINIMUM = "lower minimum"  # every potential once
    OTHERS = "upper minimum and maximum"  # of the double wells only


@dataclass(frozen=True)
class Resolution:
    """How finely the plane is tabulated; the numbers of steps can be halved twice."""

    largest_frequency: float = quantity("W", "largest gap of interest", default=16.0)
    lines: int = quantity("1", "steps in D2", default=448)
    nodes: int = quantity("1", "steps along a line", default=512)
    levels: int = quantity("1", "levels of each potential", default=16)
    margin: float = quantity("1", "largest curvature of the lower well over that of the largest gap", default=1.3)

    def __post_init__(self) -> None:
        """Refuse numbers of steps that cannot be halved and a range that is not positive."""
        for name in ("lines", "nodes"):
            if getattr(self, name) < 16 or getattr(self, name) % 4:
                raise InputError(f"{name} = {getattr(self, name)!r}, expected a multiple of 4, at least 16")
        if not 4 <= self.levels <= REDUCED_STATES - 8:
            raise InputError(f"levels = {self.levels!r}, expected 4 to {REDUCED_STATES - 8}")
        if not 0 < self.largest_frequency <= 40:
            raise InputError(f"largest frequency {self.largest_frequency!r}, expected a positive number up to 40")
        if not 1 <= self.margin <= 4:
            raise InputError(f"margin = {self.margin!r}, expected 1 to 4")

    @property
    def largest_curvature(self) -> float:
        """Return alpha of the stiffest lower well; symmetric double wells reach it at D2 = -alpha/2 [-]."""
        return self.margin * self.largest_frequency**2 / 4


@dataclass(frozen=True)
class LevelTable:
    """Levels of the potentials of a mesh: axes line, node along the line, level (or pair of levels).

    Integrals over (D1, D2) become integrals over a coordinate of the nodes and D2: D1 itself on the mesh of lower
    minima, the stationary point x on the other, where D1 is stationary at the end of the double wells.
    """

    images: str = quantity("text", "which stationary points the mesh holds")
    D2_l: Array = quantity("1", "quadratic coefficient of each line")
    line_step_l: Array = quantity("1", "derivative of D2 with respect to the number of the line")
    D1_ln: Array = quantity("1", "linear coefficient of each node")
    place_ln: Array = quantity("1", "stationary point of each node")
    coordinate_ln: Array = quantity("1", "coordinate of each node: D1 or x")
    step_ln: Array = quantity("1", "derivative of the coordinate with respect to the number of the node")
    stretch_ln: Array = quantity("1", "derivative of D1 with respect to the coordinate")
    energy_lnm: Array = quantity("W", "levels above the zero of the cubic-free frame")
    x_lnp: Array = quantity("1", "|x_mn| of each pair of levels")
    x2_lnp: Array = quantity("1", "(x^2)_mn of each pair, with the sign of x_mn (x^2)_mn")
    x_diagonal_lnm: Array = quantity("1", "diagonal elements of x")
    x2_diagonal_lnm: Array = quantity("1", "diagonal elements of x^2")

    @property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """Return lower and upper level of each pair."""
        return pair_indices(self.energy_lnm.shape[-1])

    @property
    def n_potentials(self) -> int:
        """Return the number of potentials."""
        return self.D1_ln.size

    def picked(self, lines: slice, nodes: slice = slice(None), *, stride: int = 1) -> LevelTable:
        """Return some lines and some nodes of the table.

        Args:
            lines: which lines.
            nodes: which nodes.
            stride: how many steps of the table one step of the result is.
        """
        values = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        picked = {name: v[lines] if v.ndim == 1 else v[lines, nodes] for name, v in values.items()}
        for name in ("line_step_l", "step_ln"):
            picked[name] = stride * picked[name]
        return LevelTable(images=self.images, **picked)

    def halved(self) -> LevelTable:
        """Return the table with every second line and every second node left out."""
        return self.picked(slice(None, None, 2), slice(None, None, 2), stride=2)

    def fewer_levels(self, count: int) -> LevelTable:
        """Return the table with the lowest levels only.

        Args:
            count: how many levels are kept.
        """
        keep = self.pairs[1] < count
        pick = dict(vars(self))
        for name in ("x_lnp", "x2_lnp"):
            pick[name] = pick[name][..., keep]
        for name in ("energy_lnm", "x_diagonal_lnm", "x2_diagonal_lnm"):
            pick[name] = pick[name][..., :count]
        return LevelTable(**pick)


def pair_indices(count: int) -> tuple[IntArray, IntArray]:
    """Return lower and upper level of each pair of the lowest levels.

    Args:
        count: number of levels.
    """
    low, high = np.triu_indices(count, 1)
    return low.astype(np.int64), high.astype(np.int64)


def tabulate_levels(
    resolution: Resolution, images: Images = Images.LOWER_MINIMUM, progress: Progress | None = None, *,
    landscape: bool = False,
) -> LevelTable:  # fmt: skip
    """Return levels and matrix elements on a mesh.

    Each potential is solved in the 36 lowest states of one of its neighbours on the line.

    Source: soft-potential-notes (quadrature); test: test_tabulated_levels_are_the_levels

    Args:
        resolution: fineness and range of the mesh.
        images: which stationary points are covered.
        progress: called with the number of finished lines and of all lines.
        landscape: whether the mesh of lower minima is regular in the stationary point x rather than in D1: for
            densities over (alpha, beta), which are singular at D1 = D2 = 0 in D1.
    """
    if images is Images.LOWER_MINIMUM and not landscape:
        D2_l, line_step_l = _even_lines(resolution)
        D1, step = _fields(D2_l, resolution)
        place = lowest_minimum(D1, D2_l[:, None])
    else:
        D2_l, line_step_l = _parting_lines(resolution, images)
        place, step = (_other_places if images is Images.OTHERS else _lower_places)(D2_l, resolution)
        D1 = np.maximum(-(2 * D2_l[:, None] * place + 4 * place**3), 0.0)
    stretch = np.maximum(np.abs(12 * place**2 + 2 * D2_l[:, None]), SMALLEST_CURVATURE)
    solved = []
    for i, D2 in enumerate(D2_l):
        solved.append(_packed(*solve_line(float(D2), D1[i], resolution.levels)))
        if progress is not None:
            progress(i + 1, len(D2_l))
    packed = [np.array([line[k] for line in solved]) for k in range(5)]
    if images is Images.LOWER_MINIMUM:
        nodes = (place, D1, stretch * step if landscape else step, np.ones_like(D1))
    else:
        nodes = (place, place, step, stretch)
    return LevelTable(images.value, D2_l, line_step_l, D1, *nodes, *packed)


def solve_line(D2: float, D1_n: Array, count: int) -> tuple[Array, Array, Array]:
    """Return levels, x and x^2 of potentials with one D2: shapes (n, count), (n, count, count) twice [-].

    Source: soft-potential-notes (quadrature); test: test_tabulated_levels_are_the_levels

    Args:
        D2: quadratic coefficient [-].
        D1_n: linear coefficients, neighbours near each other [-].
        count: how many levels.
    """
    energy = np.empty((len(D1_n), count))
    x = np.empty((len(D1_n), count, count))
    x2 = np.empty_like(x)
    per_anchor = max(1, -(-len(D1_n) // ANCHORS_PER_LINE))
    for start in range(0, len(D1_n), per_anchor):
        group = slice(start, start + per_anchor)
        here = D1_n[group]
        middle = float(here[len(here) // 2])
        states, x_states, x2_states = _anchor(middle, D2)
        matrices = (here - middle)[:, None, None] * x_states + np.diag(states)
        values, vectors = np.linalg.eigh(matrices)
        vectors = vectors[:, :, :count]
        energy[group] = values[:, :count]
        x[group] = np.swapaxes(vectors, 1, 2) @ (x_states @ vectors)
        x2[group] = np.swapaxes(vectors, 1, 2) @ (x2_states @ vectors)
    return energy, x, x2


def _anchor(D1: float, D2: float) -> tuple[Array, Array, Array]:
    """The lowest states of one potential: levels, x and x^2 between them."""
    basis = basis_for(D1, D2, REDUCED_STATES)
    coefficients, constant = shifted(D1, D2, basis.centre)
    bands = oscillator_bands(coefficients, basis.frequency, basis.size)
    matrix = np.diag(bands[0])
    for k in range(1, 5):
        matrix += np.diag(bands[k, :-k], -k) + np.diag(bands[k, :-k], k)
    energy, vectors = np.linalg.eigh(matrix)
    vectors = vectors[:, :REDUCED_STATES]
    step = ladder(basis.size, basis.frequency)[:, None]
    moved = basis.centre * vectors
    moved[:-1] += step * vectors[1:]
    moved[1:] += step * vectors[:-1]
    return energy[:REDUCED_STATES] + constant, vectors.T @ moved, moved.T @ moved


def _packed(energy: Array, x: Array, x2: Array) -> tuple[Array, ...]:
    """What does not depend on the signs of the states."""
    low, high = pair_indices(energy.shape[1])
    first, second = x[:, low, high], x2[:, low, high]
    diagonals = (np.ascontiguousarray(np.diagonal(matrix, axis1=1, axis2=2)) for matrix in (x, x2))
    return energy, np.abs(first), np.where(first < 0, -second, second), *diagonals


def _even_lines(resolution: Resolution) -> tuple[Array, Array]:
    """D2 of the lines and the steps between them, D2 = scale sinh v, equal on both sides of D2 = 0."""
    curvature, below = resolution.largest_curvature, _lines_below(resolution)
    deep = np.arange(-below, 1) * float(np.arcsinh(curvature / 2 / DEEP_SCALE)) / below
    step = DEEP_SCALE * (deep[1] - deep[0])
    above = resolution.lines - below
    scale = brentq(lambda size: size * np.arcsinh(curvature / size) - above * step, 1e-3, 1e6)
    stiff = np.arange(1, above + 1) * step / scale
    D2_l = np.concatenate([DEEP_SCALE * np.sinh(deep), scale * np.sinh(stiff)])
    return D2_l, step * np.concatenate([np.cosh(deep), np.cosh(stiff)])


def _parting_lines(resolution: Resolution, images: Images) -> tuple[Array, Array]:
    """The same with D2 = +-scale (cosh v - 1): stationary points part like (-D2)^{1/2}, linear in v."""
    curvature, below = resolution.largest_curvature, _lines_below(resolution)
    ends = np.arccosh(1 + np.array([curvature / 2, curvature]) / DEEP_SCALE)
    above = 0 if images is Images.OTHERS else resolution.lines - below  # there are no double wells above
    v = np.concatenate([np.arange(-below, 0) * ends[0] / below, np.arange(above + 1) * ends[1] / max(above, 1)])
    step = np.where(v < 0, ends[0] / below, ends[1] / max(above, 1))
    return np.sign(v) * DEEP_SCALE * (np.cosh(v) - 1), DEEP_SCALE * np.sinh(np.abs(v)) * step


def _lines_below(resolution: Resolution) -> int:
    """Number of steps at D2 < 0."""
    return 4 * round(resolution.lines * LINES_BELOW / 4)


def last_places(D2: Array, curvature: float) -> Array:
    """Return -x of the end of a line: the lower well is stiffer than a limit, and the wells do not stand level [-].

    Args:
        D2: quadratic coefficient [-].
        curvature: alpha of the lower well, the limit [-].
    """
    symmetric = np.sqrt(np.maximum(-D2, 0.0) / 2)
    return np.maximum(np.sqrt(np.maximum(curvature - D2, 0.0) / 6), symmetric) + _level_width(D2)


def _level_fields(D2: Array) -> Array:
    """D1 from which on heat does not reach both of two wells; in single wells, that which changes their form."""
    return LEVEL_WELLS / np.sqrt(9 + 2 * np.abs(D2)) + 4 * np.maximum(D2, 0.0) ** 1.5


def _level_width(D2: Array) -> Array:
    """Change of the lower minimum between there and D1 = 0."""
    return -lowest_minimum(_level_fields(D2), D2) - np.sqrt(np.maximum(-D2, 0.0) / 2)


def _fields(D2_l: Array, resolution: Resolution) -> tuple[Array, Array]:
    """D1 of the nodes of each line, and the steps between them."""
    last = last_places(D2_l, resolution.largest_curvature)
    return _crowded(4 * last**3 + 2 * D2_l * last, _level_fields(D2_l), resolution.nodes)


def _crowded(width: Array, level: Array, nodes: int) -> tuple[Array, Array]:
    """Distances u exp(k (u^6 - 1)) of the nodes of each line from its first, and the steps between them.

    They are nearly equally spaced as long as heat reaches both wells, where levels of one cross those of the other;
    beyond, the steps grow.
    """
    u = np.arange(nodes + 1) / nodes
    k = np.log1p(width / level)[:, None]
    growth = width[:, None] * np.exp(k * (u**6 - 1))
    return growth * u, growth * (1 + 6 * k * u**6) / nodes


def _lower_places(D2_l: Array, resolution: Resolution) -> tuple[Array, Array]:
    """The lower minima of the nodes of each line, and the steps between them."""
    symmetric = np.sqrt(np.maximum(-D2_l, 0.0) / 2)
    width = last_places(D2_l, resolution.largest_curvature) - symmetric
    distance, step = _crowded(width, _level_width(D2_l), resolution.nodes)
    return -(symmetric[:, None] + distance), step


def lowest_minimum(D1: Array, D2: Array) -> Array:
    """Return the place of the lower minimum of D1 x + D2 x^2 + x^4, D1 >= 0 [-].

    Args:
        D1: linear coefficient, not negative [-].
        D2: quadratic coefficient [-].
    """
    symmetric = np.sqrt(np.maximum(-D2, 0.0) / 2)
    size = symmetric + np.cbrt(D1 / 4)  # not below the root: Newton's method comes down to it
    for _ in range(60):
        slope = np.maximum(12 * size**2 + 2 * D2, 1e-300)
        size = np.maximum(size - (4 * size**3 + 2 * D2 * size - D1) / slope, symmetric)
    return -size


def _other_places(D2_l: Array, resolution: Resolution) -> tuple[Array, Array]:
    """The stationary points between zero and the upper minimum of the symmetric potential, and their steps.

    Both ends are symmetric potentials; the steps grow between them, as 1 - c + c sin^8(pi u) over its mean.
    """
    u = np.arange(resolution.nodes + 1) / resolution.nodes
    symmetric = np.sqrt(np.maximum(-D2_l, 0.0) / 2)[:, None]
    waves = np.array([-56.0, 28.0, -8.0, 1.0]) / 35  # sin^8 over its mean, less one, in cosines
    angle = 2 * np.pi * np.arange(1, 5)[:, None]
    place = u + END_CROWDING * (waves / angle[:, 0]) @ np.sin(angle * u)
    step = 1 + END_CROWDING * waves @ np.cos(angle * u)
    return symmetric * place, symmetric * step / resolution.nodes
