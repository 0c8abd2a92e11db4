"""Figures of single soft modes: the atoms that move, in space, and the energy along the mode."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import BLUE, GREY, INK, SKY, VERMILION, axes_or_new, new_figure, styled
from analysis.plotting.table import Curve, Table, curve_table
from analysis.scanned import ScannedMode
from analysis.soft_modes import SoftModes
from analysis.soft_modes.core import core_atoms
from atomsim.quench import Glass
from atomsim.results import Array, IntArray

ARROW = 1.3  # length of the longest arrow [sigma]
CURVE_POINTS = 121


def _centred(glass: Glass, vector_nc: Array) -> Array:
    """Positions in a cell that is shifted so that the most moving atom sits in its middle."""
    most = int(np.argmax(np.einsum("nc,nc->n", vector_nc, vector_nc)))
    fractional = (glass.positions_nc - glass.positions_nc[most]) @ np.linalg.inv(glass.cell_cc) + 0.5
    return np.where(glass.periodic_c == 1, fractional % 1.0, fractional) @ glass.cell_cc


def _arrows(glass: Glass, vector_nc: Array) -> Array:
    """Displacements e/sqrt(m), the longest of length ``ARROW``."""
    displacement_nc = vector_nc / np.sqrt(glass.mass_n)[:, None]
    return ARROW * displacement_nc / np.linalg.norm(displacement_nc, axis=1).max()


def _box_edges(cell_cc: Array) -> list[Array]:
    """The twelve edges of the cell, each as two ends."""
    corners = [np.array(c) for c in itertools.product((0.0, 1.0), repeat=3)]
    pairs = itertools.combinations(corners, 2)
    return [np.array([a, b]) @ cell_cc for a, b in pairs if np.abs(a - b).sum() == 1]


def _parts(glass: Glass, soft: SoftModes, mode: int) -> tuple[Array, Array, Array, IntArray]:
    """Positions, arrows, share of each atom in the mode, and the core atoms."""
    vector_nc = soft.vectors_mnc[mode]
    share_n = np.einsum("nc,nc->n", vector_nc, vector_nc)
    return _centred(glass, vector_nc), _arrows(glass, vector_nc), share_n / share_n.sum(), core_atoms(vector_nc)


@styled
def plot_soft_mode(glass: Glass, soft: SoftModes, mode: int, ax: Axes | None = None) -> Axes:
    """Draw a soft mode in its box: all atoms faint, those of the core with their displacements as arrows.

    The cell is shifted so that the most moving atom sits in the middle. The core are the fewest atoms that carry
    half of the mode.

    Args:
        glass: the configuration.
        soft: its soft modes.
        mode: which of them.
        ax: where to draw, with three axes.
    """
    place_nc, arrow_nc, _, core = _parts(glass, soft, mode)
    if ax is None:
        ax = new_figure(6.2, 5.4).add_subplot(projection="3d")
    rest = np.setdiff1d(np.arange(glass.n_atoms), core)
    ax.scatter(*place_nc[rest].T, s=16, color=SKY, alpha=0.35, linewidths=0, depthshade=False)
    ax.quiver(*place_nc[rest].T, *arrow_nc[rest].T, color=GREY, alpha=0.45, linewidth=0.6, arrow_length_ratio=0)
    ax.scatter(*place_nc[core].T, s=34, color=BLUE, alpha=0.9, linewidths=0.4, edgecolors="white", depthshade=False)
    ax.quiver(*place_nc[core].T, *arrow_nc[core].T, color=VERMILION, linewidth=1.5, arrow_length_ratio=0.32)
    for edge in _box_edges(glass.cell_cc):
        ax.plot(*edge.T, color=INK, linewidth=0.7, alpha=0.6)
    extent = np.ptp(np.concatenate(_box_edges(glass.cell_cc)), axis=0)
    ax.set_box_aspect(tuple(extent), zoom=1.2)
    ax.set_xlim(0, extent[0])
    ax.set_ylim(0, extent[1])
    ax.set_zlim(0, extent[2])
    ax.set_axis_off()
    ax.view_init(elev=16, azim=-62)
    ax.text2D(
        0.02, 0.97,
        f"N = {glass.n_atoms},  $\\omega$ = {soft.omega_m[mode]:.3f} $\\sqrt{{\\epsilon/m}}/\\sigma$,  "
        f"$N_k$ = {soft.participation_number_m[mode]:.0f},  core of {len(core)} atoms,  "
        f"edge {extent[0]:.2f} $\\sigma$",
        transform=ax.transAxes, fontsize=9,
    )  # fmt: skip
    return ax


def table_soft_mode(glass: Glass, soft: SoftModes, mode: int) -> Table:
    """Return position, arrow, share in the mode and membership of the core, atom by atom.

    Args:
        glass: the configuration.
        soft: its soft modes.
        mode: which of them.
    """
    place_nc, arrow_nc, share_n, core = _parts(glass, soft, mode)
    header = ("atom", *(f"{c} [sigma]" for c in "xyz"), *(f"arrow {c} [sigma]" for c in "xyz"),
              "share of the mode |e|^2 [1]", "in the core [1]")  # fmt: skip
    inside = np.isin(np.arange(glass.n_atoms), core)
    rows = [
        (n, *map(float, place_nc[n]), *map(float, arrow_nc[n]), float(share_n[n]), int(inside[n]))
        for n in range(glass.n_atoms)
    ]
    return Table(header, tuple(rows))


def _scan_curves(scanned: ScannedMode) -> list[Curve]:
    s = scanned.scan.amplitude_s
    fine_s = np.linspace(s.min(), s.max(), CURVE_POINTS)
    return [
        Curve("computed, other modes held", s, scanned.scan.held_s),
        Curve("computed, harder modes relaxed", s, scanned.scan.relaxed_s),
        Curve("expansion with bare chi", fine_s, scanned.expansion(fine_s, scanned.chi_bare)),
        Curve("expansion with relaxed chi", fine_s, scanned.expansion(fine_s, scanned.chi_relaxed)),
        Curve("harmonic", fine_s, scanned.omega**2 * fine_s**2 / 2),
    ]


@styled
def plot_scan(scanned: ScannedMode, ax: Axes | None = None) -> Axes:
    """Draw the energy along a soft mode: points computed, lines from derivatives at the minimum alone.

    Args:
        scanned: the mode and its scan.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    held, relaxed, bare, followed, harmonic = _scan_curves(scanned)
    ax.plot(harmonic.x, harmonic.y, color=GREY, linestyle=":", linewidth=1.2, label="harmonic")
    ax.plot(bare.x, bare.y, color=BLUE, label=rf"expansion, $\chi$ bare = {scanned.chi_bare:.3g}")
    ax.plot(followed.x, followed.y, color=VERMILION, label=rf"expansion, $\chi$ relaxed = {scanned.chi_relaxed:.3g}")
    ax.plot(held.x, held.y, "o", color=BLUE, markersize=5, fillstyle="none", label="computed, other modes held")
    ax.plot(relaxed.x, relaxed.y, "s", color=VERMILION, markersize=5, fillstyle="none",
            label="computed, harder modes relaxed")  # fmt: skip
    ax.set_xlim(1.04 * bare.x[0], 1.04 * bare.x[-1])
    ax.set_ylim(min(0.0, 1.1 * float(relaxed.y.min())), None)
    ax.set_xlabel(r"coordinate of the mode $s$  [$\sqrt{m}\,\sigma$]")
    ax.set_ylabel(r"energy above the minimum  [$\epsilon$]")
    ax.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
    ax.legend(loc="upper center")
    return ax


def table_scan(scanned: ScannedMode) -> Table:
    """Return the computed energies along the mode, and the lines drawn through them.

    Args:
        scanned: the mode and its scan.
    """
    return curve_table(_scan_curves(scanned), "s [sqrt(m) sigma]", "energy above the minimum [epsilon]")
