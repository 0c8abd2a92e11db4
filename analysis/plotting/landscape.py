"""The plane of soft potentials as a picture: which form a potential has where, and what is remarkable there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from analysis.plotting.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    axes_or_new,
    new_figure,
    styled,
)
from analysis.plotting.table import Cell, Table
from analysis.soft_potential.landscape import Region, classify, images, potential_energy
from analysis.soft_potential.landscape_points import StationaryGap
from analysis.soft_potential.tunnelling import Kind, find_tunnelling_systems
from atomsim.results import Array

REACH_ALPHA, REACH_BETA = (-7.5, 11.5), (-7.2, 7.2)  # the part of the plane that is shown, without a cloud
LINEAR_ALPHA, LINEAR_BETA = 10.0, 6.0  # beyond, a picture with a cloud is logarithmic
LARGEST_ENERGY = 0.5  # gap of what counts as a two-level system [W]
DECADES = (3, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000)  # numbers on its axes
BOUNDARY_POINTS = 400
DOUBLE_WELL, EQUAL_WELLS = 9 / 32, 1 / 4  # alpha over beta^2 on the two parabolas

# Sketches: the point of the plane (only alpha/beta^2 matters for the form), and where its sketch stands.
SKETCHES = (
    ((1.0, 0.0), (9.4, 0.9)),
    ((4.5, 4.0), (4.9, 0.9)),  # inflection
    ((7.0, -5.15), (9.4, -2.4)),  # origin in the lower minimum
    ((4.84, 4.4), (2.6, 6.0)),  # equal wells, type II
    ((2.4, -5.9), (2.4, -5.9)),
    ((0.0, -5.9), (-1.9, -5.7)),  # inflection at the origin
    ((-6.0, 4.5), (-6.0, 4.9)),
    ((-6.2, 0.0), (-6.2, -1.6)),  # equal wells, type I
)
LEADER = 0.6  # share of the way to a sketch that its thin line goes
SKETCH_SIZE = (2.4, 2.2)  # width in alpha and height in beta
MAPPED = ((-3.9568, 0.0), (-2.0, -1.0))  # double wells whose two other stationary points are pointed out
WEDGE = (7.0, -5.15)  # the sketch of the narrow region beside the parabolas
LINED = (
    Region.INFLECTION_BESIDE,
    Region.SYMMETRIC_MINIMUM,
    Region.INFLECTION_AT_ORIGIN,
    Region.SYMMETRIC_MAXIMUM,
)  # forms that exist on a curve only: their sketches have a thin line to it
CROWDED = 1.0  # marks nearer than this in alpha and beta have their numbers on opposite sides


@styled
def plot_landscape(
    cloud: tuple[Array, Array] | None = None,
    *,
    points: Sequence[StationaryGap] = (),
    largest_energy: float = LARGEST_ENERGY,
    ax: Axes | None = None,
) -> Axes:
    """Draw the plane of (alpha, beta): regions, their boundaries, sketches of the potentials, maps and marks.

    Without a cloud the plane is that of the paper; with one the axes reach as far as it does, logarithmic far out,
    and two-level systems of both types stand out.

    Source: karpov-parshin-1985 (fig. 3); test: test_landscape_shows_regions_and_their_boundaries

    Args:
        cloud: alpha and beta of soft potentials [-].
        points: stationary points of level gaps.
        largest_energy: largest gap of a two-level system; below one [W].
        ax: where to draw.
    """
    ax = new_figure(9.4, 5.2).add_subplot() if ax is None else axes_or_new(ax)
    reach_alpha, reach_beta = _reach(ax, cloud)
    _draw_regions(ax, reach_alpha, reach_beta)
    if cloud is None:
        _draw_sketches(ax)
        _draw_maps(ax)
    else:
        _draw_cloud(ax, *cloud, largest_energy)
    _draw_points(ax, points, numbered=cloud is None)
    ax.set_xlim(*reach_alpha)
    ax.set_ylim(*reach_beta)
    ax.set_xlabel(r"quadratic coefficient $\alpha$")
    ax.set_ylabel(r"cubic coefficient $\beta$")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=8.5)
    return ax


def _reach(ax: Axes, cloud: tuple[Array, Array] | None) -> tuple[tuple[float, float], tuple[float, float]]:
    """How far the axes go; with a cloud they become logarithmic beyond the plane of the paper."""
    if cloud is None:
        return REACH_ALPHA, REACH_BETA
    alpha, beta = cloud
    ax.set_xscale("asinh", linear_width=LINEAR_ALPHA)
    ax.set_yscale("asinh", linear_width=LINEAR_BETA)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(FixedLocator([sign * size for size in DECADES for sign in (-1, 1)] + [0]))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    far = 1.4 * max(float(np.abs(beta).max(initial=0.0)), REACH_BETA[1])
    lowest = min(1.4 * float(alpha.min(initial=0.0)), REACH_ALPHA[0])
    return (lowest, 1.4 * max(float(alpha.max(initial=0.0)), REACH_ALPHA[1])), (-far, far)


def _draw_regions(ax: Axes, reach_alpha: tuple[float, float], reach_beta: tuple[float, float]) -> None:
    beta = reach_beta[1] * np.sinh(np.linspace(-8, 8, 2 * BOUNDARY_POINTS + 1)) / np.sinh(8)  # dense near zero
    far = np.full_like(beta, reach_alpha[1])
    single, equal = np.minimum(DOUBLE_WELL * beta**2, far), np.minimum(EQUAL_WELLS * beta**2, far)
    parts = (
        ("one well", single, far, SKY, 0.22),
        ("two wells, origin in the lower", equal, single, ORANGE, 0.45),
        ("two wells, origin in the upper", np.zeros_like(beta), equal, VERMILION, 0.16),
        ("two wells, origin the maximum", np.full_like(beta, reach_alpha[0]), np.zeros_like(beta), GREY, 0.22),
    )
    for label, left, right, colour, strength in parts:
        ax.fill_betweenx(beta, left, right, color=colour, alpha=strength, linewidth=0, label=label, zorder=0)
    lines = (
        (r"$\beta^2 = 32\alpha/9$: inflection", DOUBLE_WELL, "-"),
        (r"$\beta^2 = 4\alpha$: equal wells, type II", EQUAL_WELLS, "--"),
        (r"$\alpha = 0$: inflection at the origin", 0.0, (0, (1, 1.4))),
    )
    for label, factor, dashes in lines:
        ax.plot(factor * beta**2, beta, color=INK, linestyle=dashes, linewidth=1.1, label=label)
    axis = np.array([reach_alpha[0], 0.0])
    ax.plot(axis, 0 * axis, color=PURPLE, linewidth=1.6, label=r"$\beta = 0$, $\alpha < 0$: equal wells, type I")


def _draw_sketches(ax: Axes) -> None:
    """Small pictures of the potential, with a thin line to the curve that they belong to."""
    width, height = SKETCH_SIZE
    for (alpha, beta), (x, y_place) in SKETCHES:
        if classify(alpha, beta, tolerance=1e-3) in LINED or (alpha, beta) == WEDGE:
            ends = (alpha, alpha + LEADER * (x - alpha)), (beta, beta + LEADER * (y_place - beta))
            ax.plot(*ends, color=INK, linewidth=0.6, zorder=1)
        inset = ax.inset_axes((x - width / 2, y_place - height / 2, width, height), transform=ax.transData)
        y = np.linspace(*_ends(alpha, beta), 201)
        energy = potential_energy(y, alpha, beta)
        inset.plot(y, energy, color=INK, linewidth=1.2)
        inset.plot(0, 0, "o", ms=3.4, color=BLUE)
        inset.set_ylim(energy.min() - 0.1 * np.ptp(energy), energy.max())
        inset.axis("off")


def _ends(alpha: float, beta: float) -> tuple[float, float]:
    """Between which coordinates a potential is sketched: all stationary points, and walls of equal height."""
    y = np.linspace(-12, 12, 4801)
    energy = potential_energy(y, alpha, beta)
    stationary = np.flatnonzero(np.diff(np.sign(np.diff(energy))) != 0) + 1
    depth = float(np.ptp(np.append(energy[stationary], 0.0)))
    inside = y[energy <= max(energy[stationary].max(), 0.0) + max(0.9 * depth, 4.0)]
    return float(inside.min()), float(inside.max())


def _draw_maps(ax: Axes) -> None:
    """Arrows from the maximum of a double well to its two minima: three points, one potential."""
    for start in MAPPED:
        image_alpha, image_beta = images(*start)
        ax.plot(*start, "o", ms=4, color=BLUE)
        for target in zip(np.ravel(image_alpha), np.ravel(image_beta), strict=True):
            bend = 0.1 if target[1] < start[1] else -0.1
            arrow = {"arrowstyle": "-|>", "color": BLUE, "linewidth": 1.0, "connectionstyle": f"arc3,rad={bend}"}
            ax.annotate("", xy=target, xytext=start, arrowprops=arrow)
    ax.plot([], [], color=BLUE, marker=">", ms=4, linewidth=1.0, label="the same potential (map)")


def _draw_points(ax: Axes, points: Sequence[StationaryGap], *, numbered: bool) -> None:
    markers = {"saddle": "X", "minimum": "v", "maximum": "^"}
    seen: set[str] = set()
    for point in points:
        label = f"{point.kind} of a level gap" + (" [W]" if numbered else "")
        for sign in (1, -1) if point.beta > 0 else (1,):
            ax.plot(
                point.alpha, sign * point.beta, linestyle="", marker=markers[point.kind], ms=7, color=ORANGE,
                markeredgecolor=INK, markeredgewidth=0.7, zorder=6, label=None if label in seen else label,
            )  # fmt: skip
            seen.add(label)
        if not numbered:
            continue
        above = any(0 < p.beta - point.beta < CROWDED and abs(p.alpha - point.alpha) < CROWDED for p in points)
        ax.annotate(
            f"{point.gap:.2f}", xy=(point.alpha, point.beta), xytext=(-7, -8) if above else (7, 4), fontsize=8,
            ha="right" if above else "left", textcoords="offset points", zorder=6,
        )  # fmt: skip


def _draw_cloud(ax: Axes, alpha: Array, beta: Array, largest_energy: float) -> None:
    systems = find_tunnelling_systems(alpha, beta, largest_energy=largest_energy)
    rest = np.setdiff1d(np.arange(len(alpha)), systems.index_s)
    ax.plot(alpha[rest], beta[rest], linestyle="", marker=".", ms=5, color=BLUE, alpha=0.6,
            label=f"soft potentials: {len(rest)}")  # fmt: skip
    kinds = np.array([systems.kind(i) for i in range(len(systems.index_s))], dtype=object)
    for kind, marker in ((Kind.TYPE_I, "s"), (Kind.TYPE_II, "D")):
        chosen = systems.index_s[kinds == kind]
        ax.plot(alpha[chosen], beta[chosen], linestyle="", marker=marker, ms=5, color=VERMILION,
                markeredgecolor="white", markeredgewidth=0.4,
                label=f"two-level systems, {kind}: {len(chosen)}")  # fmt: skip


def table_landscape(
    cloud: tuple[Array, Array] | None = None,
    *,
    points: Sequence[StationaryGap] = (),
    largest_energy: float = LARGEST_ENERGY,
) -> Table:
    """Return the marks of the picture as a table: points of the level gaps, then the cloud with region and type.

    Args:
        cloud: alpha and beta of soft potentials [-].
        points: stationary points of level gaps.
        largest_energy: largest gap of a two-level system; below one [W].
    """
    rows: list[tuple[Cell, ...]] = [
        (f"{point.kind} of a level gap", point.alpha, point.beta, str(classify(point.alpha, point.beta)), point.gap)
        for point in points
    ]
    if cloud is not None:
        alpha, beta = cloud
        systems = find_tunnelling_systems(alpha, beta, largest_energy=largest_energy)
        kind = {int(i): str(systems.kind(s)) for s, i in enumerate(systems.index_s)}
        gap = dict(zip(systems.index_s.tolist(), systems.energy_s.tolist(), strict=True))
        rows += [
            (kind.get(m, "soft potential"), float(a), float(b), str(classify(a, b)), float(gap.get(m, np.nan)))
            for m, (a, b) in enumerate(zip(alpha, beta, strict=True))
        ]
    return Table(("what", "alpha [1]", "beta [1]", "form", "lowest gap [W]"), tuple(rows))
