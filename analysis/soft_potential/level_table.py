"""Levels and matrix elements on a mesh of the (D1, D2) plane, for integrals over distributions of soft potentials.

The mesh has lines of constant D2. Along a line the inner block holds the double wells, the outer block the single
wells beyond them, up to a largest curvature of the lower well. The coordinate of each block makes the stationary
points of the potential, which are its images in the (alpha, beta) plane, smooth functions of it: there is no
singularity where two of them meet. Potentials with D1 < 0 are mirror images and are not tabulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.soft_potential.levels import basis_for, ladder, oscillator_bands, shifted
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

Progress = Callable[[int, int], None]

LINE_SCALE = 4.0  # |D2| below which lines are equally spaced in |D2|^(1/2), beyond in ln |D2| [-]
REDUCED_STATES = 36  # states of a nearby potential in which the potentials of the mesh are solved
ANCHORS_PER_LINE = 10
CROWDING = 3.0  # nodes of the outer block stand this much plus one times closer at its beginning [-]
MARGIN = 1.3  # largest curvature of the lower well over that of the largest frequency [-]


@dataclass(frozen=True)
class Resolution:
    """How finely the plane is tabulated; all numbers of steps are even, so that they can be halved."""

    largest_frequency: float = quantity("W", "largest gap of interest", default=16.0)
    lines: int = quantity("1", "steps in D2", default=280)
    inner: int = quantity("1", "steps in D1 inside the double wells", default=160)
    outer: int = quantity("1", "steps in D1 beyond them", default=120)
    levels: int = quantity("1", "levels of each potential", default=16)

    def __post_init__(self) -> None:
        """Refuse odd or small numbers of steps and a range that is not positive."""
        for name in ("lines", "inner", "outer"):
            if getattr(self, name) < 8 or getattr(self, name) % 4:
                raise InputError(f"{name} = {getattr(self, name)!r}, expected a multiple of 4, at least 8")
        if not 4 <= self.levels <= REDUCED_STATES - 8:
            raise InputError(f"levels = {self.levels!r}, expected 4 to {REDUCED_STATES - 8}")
        if not 0 < self.largest_frequency <= 40:
            raise InputError(f"largest frequency {self.largest_frequency!r}, expected a positive number up to 40")


@dataclass(frozen=True)
class LevelTable:
    """Levels of the potentials of a mesh: axes line, node along the line, level (or pair of levels)."""

    D2_l: Array = quantity("1", "quadratic coefficient of each line")
    line_step_l: Array = quantity("1", "derivative of D2 with respect to the number of the line")
    D1_ln: Array = quantity("1", "linear coefficient of each node")
    inner: int = quantity("1", "number of steps of the inner block; node `inner` belongs to both blocks")
    measure_ln: Array = quantity("1", "derivative of D1 with respect to the number of the node")
    outer_measure_l: Array = quantity("1", "the same at node `inner` seen from the outer block")
    place_lni: Array = quantity("1", "stationary points: lower minimum, upper minimum, maximum; NaN beyond the inner")
    place_step_lni: Array = quantity("1", "derivatives of the stationary points with respect to the number of the node")
    outer_place_step_l: Array = quantity("1", "the same of the lower minimum at node `inner`, from the outer block")
    energy_lnm: Array = quantity("W", "levels above the zero of the cubic-free frame")
    x_lnp: Array = quantity("1", "|x_mn| of each pair of levels")
    x_x2_lnp: Array = quantity("1", "x_mn (x^2)_mn of each pair")
    x2_lnp: Array = quantity("1", "|(x^2)_mn| of each pair")
    x_diagonal_lnm: Array = quantity("1", "diagonal elements of x")
    x2_diagonal_lnm: Array = quantity("1", "diagonal elements of x^2")

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """Return lower and upper level of each pair."""
        return pair_indices(self.energy_lnm.shape[-1])

    @property
    def n_potentials(self) -> int:
        """Return the number of potentials."""
        return self.D1_ln.size

    @property
    def inner_block(self) -> slice:
        """Return which nodes belong to the inner block."""
        return slice(None, self.inner + 1)

    @property
    def outer_block(self) -> slice:
        """Return which nodes belong to the outer block."""
        return slice(self.inner, None)

    def block_measure(self, block: slice) -> Array:
        """Return the derivative of D1 with respect to the number of the node in one block [-].

        Args:
            block: one of the two blocks.
        """
        measure = self.measure_ln[:, block].copy()
        if block == self.outer_block:
            measure[:, 0] = self.outer_measure_l
        return measure

    def halved(self) -> LevelTable:
        """Return the table with every second line and every second node left out."""
        pick = {}
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                pick[name] = value[::2, ::2] if value.ndim > 1 else value[::2]
        doubled = ("line_step_l", "measure_ln", "outer_measure_l", "place_step_lni", "outer_place_step_l")
        for name in doubled:
            pick[name] = 2 * pick[name]
        return LevelTable(inner=self.inner // 2, **pick)

    def fewer_levels(self, count: int) -> LevelTable:
        """Return the table with the lowest levels only.

        Args:
            count: how many levels are kept.
        """
        low, high = self.pairs
        keep = high < count
        pick = dict(vars(self))
        pick.pop("pairs", None)
        for name in ("x_lnp", "x_x2_lnp", "x2_lnp"):
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


def tabulate_levels(resolution: Resolution, progress: Progress | None = None) -> LevelTable:
    """Return levels and matrix elements on a mesh.

    Each potential is solved in the 36 lowest states of one of its neighbours on the line.

    Source: soft-potential-notes (quadrature); test: test_tabulated_levels_are_the_levels

    Args:
        resolution: fineness and range of the mesh.
        progress: called with the number of finished lines and of all lines.
    """
    D2_l, line_step_l = _lines(resolution)
    nodes = [_line_mesh(float(D2), resolution) for D2 in D2_l]
    solved = []
    for i, (D2, mesh) in enumerate(zip(D2_l, nodes, strict=True)):
        solved.append(_packed(*solve_line(float(D2), mesh[0], resolution.levels)))
        if progress is not None:
            progress(i + 1, len(D2_l))
    D1, measure, outer_measure, place, place_step, outer_place_step = (
        np.array([mesh[k] for mesh in nodes]) for k in range(6)
    )
    packed = (np.array([line[k] for line in solved]) for k in range(6))
    return LevelTable(
        D2_l, line_step_l, D1, resolution.inner, measure, outer_measure, place, place_step, outer_place_step,
        *packed,
    )  # fmt: skip


def solve_line(D2: float, D1_n: Array, count: int) -> tuple[Array, Array, Array]:
    """Return levels, x and x^2 of potentials with one D2: shapes (n, count), (n, count, count) twice [-].

    Source: soft-potential-notes (quadrature); test: test_tabulated_levels_are_the_levels

    Args:
        D2: quadratic coefficient [-].
        D1_n: linear coefficients, ascending [-].
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
    return energy, np.abs(first), first * second, np.abs(second), *diagonals


def _lines(resolution: Resolution) -> tuple[Array, Array]:
    """D2 of the lines, and the steps: D2 = +-scale (cosh v - 1), because the ends of the double wells go as D2^(1/2)."""
    curvature = MARGIN * resolution.largest_frequency**2 / 4
    low, high = (float(np.arccosh(1 + end / LINE_SCALE)) for end in (curvature / 2, curvature))
    below = 4 * round(resolution.lines / 4 * low / (high + low))
    v = low / below * np.arange(-below, resolution.lines - below + 1)
    return np.sign(v) * LINE_SCALE * (np.cosh(v) - 1), LINE_SCALE * np.sinh(np.abs(v)) * low / below


def _line_mesh(D2: float, resolution: Resolution) -> tuple[Array, Array, float, Array, Array, float]:
    """D1 and the stationary points of the nodes of one line, with their derivatives.

    Inside, with rho^2 = -2 D2/3, the stationary points are rho cos(phi) for three phases that grow linearly while
    D1 = rho^3 sin(pi s/2) goes from the symmetric potential, s = 0, to the end of the double wells, s = 1.
    """
    curvature = MARGIN * resolution.largest_frequency**2 / 4
    rho = np.sqrt(max(-2 * D2 / 3, 0.0))
    lowest = np.sqrt(max(curvature - D2, 0.0) / 6)  # distance of the lower minimum at the largest curvature
    end = 1.0
    if lowest < rho:  # the range ends among the double wells
        end = float(np.clip(6 / np.pi * np.arccos(np.clip(-lowest / rho, -1, 1)) - 5, 0.0, 1.0))
    s = end * np.arange(resolution.inner + 1) / resolution.inner
    inner_step = end / resolution.inner
    phase = np.stack([5 * np.pi / 6 + np.pi * s / 6, np.pi / 6 + np.pi * s / 6, np.pi / 2 - np.pi * s / 6], axis=1)
    place, place_step = rho * np.cos(phase), rho * np.abs(np.sin(phase)) * np.pi / 6 * inner_step
    inner_D1 = rho**3 * np.sin(np.pi * s / 2)
    inner_measure = rho**3 * np.pi / 2 * np.cos(np.pi * s / 2) * inner_step
    width, part = max(lowest - rho, 0.0), np.arange(resolution.outer + 1) / resolution.outer
    distance = rho + width * (part + CROWDING * part**3) / (1 + CROWDING)
    outer_step = width * (1 + 3 * CROWDING * part**2) / (1 + CROWDING) / resolution.outer
    outer_D1 = 4 * distance**3 + 2 * D2 * distance if width else np.full(resolution.outer + 1, inner_D1[-1])
    outer_measure = np.abs(12 * distance**2 + 2 * D2) * outer_step
    missing = np.full(resolution.outer, np.nan)
    outer_place = np.stack([-distance[1:], missing, missing], axis=1)
    outer_place_step = np.stack([outer_step[1:], missing, missing], axis=1)
    return (
        np.concatenate([inner_D1, outer_D1[1:]]),
        np.concatenate([inner_measure, outer_measure[1:]]),
        float(outer_measure[0]),
        np.concatenate([place, outer_place]),
        np.concatenate([place_step, outer_place_step]),
        float(outer_step[0]),
    )
