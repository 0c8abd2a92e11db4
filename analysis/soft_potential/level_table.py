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

from analysis.soft_potential.levels import basis_for, ladder, oscillator_bands, shifted
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

Progress = Callable[[int, int], None]

LINE_SCALE = 4.0  # |D2| below which lines are equally spaced in |D2|^(1/2), beyond in ln |D2| [-]
REDUCED_STATES = 36  # states of a nearby potential in which the potentials of the mesh are solved
ANCHORS_PER_LINE = 10
CROWDING = 3.0  # nodes stand one plus this many times closer at the symmetric potential than on average [-]
END_CROWDING = 0.75  # the same for the other mesh, whose lines end at symmetric potentials on both sides [-]
MARGIN = 1.3  # largest curvature of the lower well over that of the largest frequency [-]


class Images(StrEnum):
    """Which stationary points a mesh holds."""

    LOWER_MINIMUM = "lower minimum"  # every potential once
    OTHERS = "upper minimum and maximum"  # of the double wells only


@dataclass(frozen=True)
class Resolution:
    """How finely the plane is tabulated; the numbers of steps can be halved twice."""

    largest_frequency: float = quantity("W", "largest gap of interest", default=16.0)
    lines: int = quantity("1", "steps in D2", default=384)
    nodes: int = quantity("1", "steps along a line", default=320)
    levels: int = quantity("1", "levels of each potential", default=16)

    def __post_init__(self) -> None:
        """Refuse numbers of steps that cannot be halved and a range that is not positive."""
        for name in ("lines", "nodes"):
            if getattr(self, name) < 16 or getattr(self, name) % 4:
                raise InputError(f"{name} = {getattr(self, name)!r}, expected a multiple of 4, at least 16")
        if not 4 <= self.levels <= REDUCED_STATES - 8:
            raise InputError(f"levels = {self.levels!r}, expected 4 to {REDUCED_STATES - 8}")
        if not 0 < self.largest_frequency <= 40:
            raise InputError(f"largest frequency {self.largest_frequency!r}, expected a positive number up to 40")


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
    resolution: Resolution, images: Images = Images.LOWER_MINIMUM, progress: Progress | None = None
) -> LevelTable:
    """Return levels and matrix elements on a mesh.

    Each potential is solved in the 36 lowest states of one of its neighbours on the line.

    Source: soft-potential-notes (quadrature); test: test_tabulated_levels_are_the_levels

    Args:
        resolution: fineness and range of the mesh.
        images: which stationary points are covered.
        progress: called with the number of finished lines and of all lines.
    """
    D2_l, line_step_l = _lines(resolution)
    if images is Images.OTHERS:  # there are no double wells beyond
        D2_l, line_step_l = D2_l[D2_l <= 0], line_step_l[D2_l <= 0]
    place, place_step = _places(D2_l, resolution, images)
    D1 = np.maximum(-(2 * D2_l[:, None] * place + 4 * place**3), 0.0)
    stretch = np.abs(12 * place**2 + 2 * D2_l[:, None])
    solved = []
    for i, D2 in enumerate(D2_l):
        solved.append(_packed(*solve_line(float(D2), D1[i], resolution.levels)))
        if progress is not None:
            progress(i + 1, len(D2_l))
    packed = [np.array([line[k] for line in solved]) for k in range(5)]
    if images is Images.LOWER_MINIMUM:
        nodes = (place, D1, stretch * place_step, np.ones_like(D1))
    else:
        nodes = (place, place, place_step, stretch)
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


def _lines(resolution: Resolution) -> tuple[Array, Array]:
    """D2 of the lines and the steps: D2 = +-scale (cosh v - 1), because the wells part as |D2|^(1/2)."""
    curvature = _largest_curvature(resolution)
    low, high = (float(np.arccosh(1 + end / LINE_SCALE)) for end in (curvature / 2, curvature))
    below = 4 * round(resolution.lines / 4 * low / (high + low))
    v = low / below * np.arange(-below, resolution.lines - below + 1)
    return np.sign(v) * LINE_SCALE * (np.cosh(v) - 1), LINE_SCALE * np.sinh(np.abs(v)) * low / below


def _places(D2_l: Array, resolution: Resolution, images: Images) -> tuple[Array, Array]:
    """The stationary points of the nodes of each line, and the steps between them.

    Lower minima start at the symmetric potential, x = -(-D2/2)^{1/2}, or at x = 0 for D2 > 0, and end at the largest
    curvature; the others lie between zero and the upper minimum of the symmetric potential.
    """
    part = np.arange(resolution.nodes + 1) / resolution.nodes
    symmetric = np.sqrt(np.maximum(-D2_l, 0.0) / 2)[:, None]
    if images is Images.OTHERS:
        crowded = part - END_CROWDING * np.sin(2 * np.pi * part) / (2 * np.pi)
        return symmetric * crowded, symmetric * (1 - END_CROWDING * np.cos(2 * np.pi * part)) / resolution.nodes
    width = np.sqrt(np.maximum(_largest_curvature(resolution) - D2_l, 0.0) / 6)[:, None] - symmetric
    width = np.maximum(width, 0.0) / (1 + CROWDING)
    place = -(symmetric + width * (part + CROWDING * part**3))
    return place, width * (1 + 3 * CROWDING * part**2) / resolution.nodes


def _largest_curvature(resolution: Resolution) -> float:
    """alpha of the lower well whose quantum is somewhat larger than the largest frequency."""
    return MARGIN * resolution.largest_frequency**2 / 4
