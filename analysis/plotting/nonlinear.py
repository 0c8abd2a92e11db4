"""Figures of nonlinear modes and double wells: decay from the core, energy along a path, barriers foretold and true."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import BLUE, GREY, INK, VERMILION, axes_or_new, legend_above, styled
from analysis.plotting.table import Curve, Table, curve_table
from analysis.soft_modes.barrier_comparison import BarrierComparison
from analysis.soft_modes.double_wells import DoubleWells
from analysis.soft_modes.far_field import distances_from_core
from analysis.soft_modes.nonlinear import NonlinearModes
from atomsim.quench import Glass

NEAR = 0.95  # cosine from which on a mode is said to point at the saddle [-]
MOST_LEVELS = 4
LOW, HIGH = 0.7, 1.5  # room left around the barriers, as factors [-]


def _barrier_clouds(comparison: BarrierComparison) -> list[Curve]:
    near = comparison.overlap_p >= NEAR
    return [
        Curve(
            f"cosine of the mode and the way to the saddle above {NEAR:g}",
            comparison.estimate_p[near],
            comparison.barrier_p[near],
        ),
        Curve("below it", comparison.estimate_p[~near], comparison.barrier_p[~near]),
    ]


@styled
def plot_barriers(comparison: BarrierComparison, ax: Axes | None = None) -> Axes:
    """Draw the true barriers of pairs of minima against what their cubic modes foretell.

    Args:
        comparison: the pairs.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    near, far = _barrier_clouds(comparison)
    ax.loglog(near.x, near.y, "o", color=BLUE, markersize=5, alpha=0.8, label=near.label)
    ax.loglog(far.x, far.y, "s", color=VERMILION, markersize=4.5, fillstyle="none", label=far.label)
    if len(comparison):
        both = np.concatenate([comparison.estimate_p, comparison.barrier_p])
        ends = np.array([LOW * both.min(), HIGH * both.max()])
        ax.loglog(ends, ends, color=GREY, linewidth=1.0, zorder=0, label="equal")
        ax.set_xlim(*ends)
        ax.set_ylim(*ends)
    ax.set_aspect("equal")
    ax.set_xlabel(r"barrier of the cubic mode $\frac{2}{3}\kappa^3/\tau^2$  [$\epsilon$]")
    ax.set_ylabel(r"energy of the saddle  [$\epsilon$]")
    legend_above(ax, columns=1)
    count = f"{len(comparison)} pairs of minima\n{comparison.n_glasses} glasses"
    ax.text(0.97, 0.04, count, transform=ax.transAxes, ha="right", fontsize=9)
    return ax


def table_barriers(comparison: BarrierComparison) -> Table:
    """Return the points of the scatter plot.

    Args:
        comparison: the pairs.
    """
    return curve_table(
        _barrier_clouds(comparison), "barrier of the cubic mode [epsilon]", "energy of the saddle [epsilon]"
    )


def _well_curves(wells: DoubleWells, pair: int) -> list[Curve]:
    s, energy = wells.path_coordinate_mk[pair], wells.path_energy_mk[pair]
    levels = [Curve(f"level {k + 1}", s[[0, -1]], np.full(2, level)) for k, level in enumerate(wells.level_mk[pair])][
        :MOST_LEVELS
    ]
    return [Curve("energy along the path", s, energy), *levels]


@styled
def plot_double_well(wells: DoubleWells, pair: int, ax: Axes | None = None) -> Axes:
    """Draw the energy along the path of one pair of minima, and those of its lowest levels that lie near by.

    Args:
        wells: the pairs.
        pair: which of them.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    energy, *levels = _well_curves(wells, pair)
    ax.plot(energy.x, energy.y, color=BLUE, label=energy.label)
    for k, level in enumerate(levels):
        ax.plot(level.x, level.y, color=INK, linewidth=0.8, linestyle="--", label="levels" if k == 0 else None)
    ax.plot(energy.x[[0, -1]], energy.y[[0, -1]], "o", color=BLUE, markersize=5)
    ax.set_xlabel(r"length along the path $s$  [$\sqrt{m}\,\sigma$]")
    ax.set_ylabel(r"energy above the first minimum  [$\epsilon$]")
    legend_above(ax, columns=2)
    ax.set_title(
        f"{wells.participation_number_m[pair]:.0f} atoms,  $\\Delta$ = {wells.asymmetry_m[pair]:.3g} $\\epsilon$,  "
        f"$\\Delta_0$ = {wells.tunnelling_m[pair]:.2g} $\\epsilon$",
        loc="right", fontsize=9, pad=4,
    )  # fmt: skip
    return ax


def table_double_well(wells: DoubleWells, pair: int) -> Table:
    """Return the energy along the path of one pair, and its levels.

    Args:
        wells: the pairs.
        pair: which of them.
    """
    return curve_table(_well_curves(wells, pair), "s [sqrt(m) sigma]", "energy above the first minimum [epsilon]")


def _decay_curves(glass: Glass, modes: NonlinearModes, mode: int) -> list[Curve]:
    vector_nc = modes.vectors_mnc[mode]
    distance = distances_from_core(glass, vector_nc)
    size = np.linalg.norm(vector_nc / np.sqrt(glass.mass_n)[:, None], axis=1)
    order = np.argsort(distance)
    atoms = Curve("atoms", distance[order], size[order] / size.max())
    radius = 1.5 * modes.core_radius_m[mode]
    r = np.linspace(radius, distance.max(), 40)
    beyond = atoms.x > radius
    power = glass.dimension - 1
    level = np.median(atoms.y[beyond] * atoms.x[beyond] ** power) if beyond.any() else np.nan
    return [atoms, Curve(f"$r^{{-{power}}}$, an elastic dipole", r, level * r**-power)]


@styled
def plot_decay(glass: Glass, modes: NonlinearModes, mode: int, ax: Axes | None = None) -> Axes:
    """Draw the displacements of a nonlinear mode against the distance from its core.

    Args:
        glass: the configuration.
        modes: its nonlinear modes.
        mode: which of them.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    atoms, dipole = _decay_curves(glass, modes, mode)
    ax.loglog(atoms.x, atoms.y, ".", color=BLUE, markersize=3, alpha=0.5, label=atoms.label)
    ax.loglog(dipole.x, dipole.y, color=VERMILION, label=dipole.label)
    ax.set_xlabel(r"distance from the core $r$  [$\sigma$]")
    ax.set_ylabel("displacement over the largest")
    legend_above(ax, columns=2)
    fitted, error = modes.far_exponent_m[mode], modes.far_exponent_error_m[mode]
    exponent = f"$r^{{-x}}$, x = {fitted:.2f} ± {error:.2f}" if np.isfinite(fitted) else "no far field in this cell"
    told = f"{modes.kind} mode, $\\sqrt{{\\kappa}}$ = {modes.omega_m[mode]:.3g}\n{exponent}"
    ax.text(0.03, 0.04, told, transform=ax.transAxes, fontsize=9)
    return ax


def table_decay(glass: Glass, modes: NonlinearModes, mode: int) -> Table:
    """Return distances and displacements of all atoms, and the line of an elastic dipole.

    Args:
        glass: the configuration.
        modes: its nonlinear modes.
        mode: which of them.
    """
    return curve_table(_decay_curves(glass, modes, mode), "distance [sigma]", "displacement over the largest [1]")
