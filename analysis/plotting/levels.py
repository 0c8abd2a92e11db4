"""The picture of one soft potential: its shape, its levels, and where they lie."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.plotting.style import GREY, INK, axes_or_new, size_style, styled
from analysis.soft_potential.landscape import potential_energy
from analysis.soft_potential.levels import Levels

HEADROOM = 1.25  # the picture ends this many level spans above the highest level


@styled
def plot_levels(found: Levels, ax: Axes | None = None) -> Axes:
    """Draw a soft potential against its coordinate, with each level between its classical turning points.

    Args:
        found: the levels.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    y, energy = _grid(found)
    ax.plot(y, energy, color=INK)
    for k, level in enumerate(found.energy_m):
        ax.plot(y, np.where(energy <= level, level, np.nan), color=size_style(k % 2)["color"], linewidth=1.2)
    ax.axvline(0.0, color=GREY, linewidth=0.8)
    ax.set_ylim(energy.min() - 0.5, _top(found))
    ax.set_xlabel(r"coordinate $y = s/\ell$")
    ax.set_ylabel(r"energy  [$W$]")
    ax.set_title(rf"$\alpha$ = {found.alpha:g},  $\beta$ = {found.beta:g}")
    return ax


def _top(found: Levels) -> float:
    bottom = min(0.0, float(found.energy_m[0]))
    return bottom + HEADROOM * (float(found.energy_m[-1]) - bottom) + 0.5


def _grid(found: Levels) -> tuple[np.ndarray, np.ndarray]:
    """The coordinate between the turning points of the upper edge of the picture, and the potential there."""
    roots = np.roots([1.0, found.beta, found.alpha, 0.0, -_top(found)])
    real = roots.real[np.abs(roots.imag) < 1e-6 * (1 + np.abs(roots))]
    y = np.linspace(real.min(), real.max(), 801)
    return y, potential_energy(y, found.alpha, found.beta)
