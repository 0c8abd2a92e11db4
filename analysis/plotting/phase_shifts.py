"""Pictures of one screened ion: its potential, and what of its form factor the liquid lets scatter."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.multiple_scattering.screened_ions import ScreenedIon
from analysis.multiple_scattering.ziman import PACKING, percus_yevick
from analysis.plotting.style import BLUE, GREEN, GREY, VERMILION, axes_or_new, legend_above, new_figure, styled
from analysis.plotting.table import Curve, Table, curve_table

FARTHEST = 8.0  # of the potential [angstrom]
POINTS = 601


@styled
def figure_single_ion(symbol: str, ion: ScreenedIon, liquid: ScreenedIon) -> Figure:
    """Draw the potential of an ion, and beside it what decides on the resistivity of the liquid.

    Args:
        symbol: the element.
        ion: the ion in the electron gas of its phase shifts.
        liquid: the ion in the electron gas of the liquid.
    """
    figure = new_figure(8.4, 4.0)
    left, right = figure.subplots(1, 2)
    plot_ion_potential(ion, left)
    plot_scattering_of_liquid(liquid, right)
    left.set_title(f"{symbol}, {ion.screening.kind} screening")
    return figure


@styled
def plot_ion_potential(ion: ScreenedIon, ax: Axes | None = None) -> Axes:
    """Draw r V(r), in which screening and Friedel oscillations are seen; the core ends at the dashed line.

    Args:
        ion: the ion.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for curve in potential_curves(ion):
        ax.plot(curve.x, curve.y, color=BLUE, label=curve.label)
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    ax.axvline(ion.core_radius, color=GREY, linewidth=0.8, linestyle="--")
    ax.set_xlim(0, FARTHEST)
    ax.set_xlabel(r"distance $r$  [$\mathrm{\AA}$]")
    ax.set_ylabel(r"$r\,V(r)$  [$\mathrm{\AA}\,E_F$]")
    return ax


def potential_curves(ion: ScreenedIon) -> list[Curve]:
    """Return r V(r) in units of the Fermi energy.

    Args:
        ion: the ion.
    """
    # the potential jumps at the core: a point on either side of it draws the jump upright
    jump = ion.core_radius * (1 + np.array([-1e-9, 1e-9]))
    r = np.sort(np.concatenate([np.linspace(1e-3, FARTHEST, POINTS), jump]))
    energy = ion.screening.fermi_wave_number**2 / 2
    return [Curve("r V(r)", r, r * ion.potential()(r) / energy)]


def table_ion_potential(ion: ScreenedIon) -> Table:
    """Return the potential of an ion as a table.

    Args:
        ion: the ion.
    """
    return curve_table(potential_curves(ion), "r [angstrom]", "r V [angstrom E_F]")


@styled
def plot_scattering_of_liquid(ion: ScreenedIon, ax: Axes | None = None) -> Axes:
    """Draw form factor and structure factor up to 2k_F, and the share of each q in the resistivity.

    Args:
        ion: the ion in the electron gas of the liquid.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for curve, colour, line in zip(scattering_curves(ion), (BLUE, GREEN, VERMILION), ("-", "--", "-"), strict=True):
        ax.plot(curve.x, curve.y, color=colour, linestyle=line, label=curve.label)
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    ax.set_xlim(0, 1)
    ax.set_xlabel("$q/2k_F$")
    ax.set_ylabel("relative value")
    legend_above(ax, columns=1)
    return ax


def scattering_curves(ion: ScreenedIon) -> list[Curve]:
    """Return -v(q)/v(0), S(q) and q^3 S v^2 over its largest value, against q/2k_F.

    Args:
        ion: the ion in the electron gas of the liquid.
    """
    k = ion.screening.fermi_wave_number
    x = np.linspace(0, 1, POINTS)
    form = ion.form_factor(2 * k * x)
    structure = percus_yevick(2 * k * x, ion_density=k**3 / (3 * np.pi**2 * ion.valence))
    share = x**3 * structure * form**2
    return [
        Curve("$v(q)/|v(0)|$", x, form / abs(form[0])),
        Curve(f"$S(q)$, hard spheres of packing {PACKING:g}", x, structure),
        Curve("$q^3 S v^2$, largest value 1", x, share / share.max()),
    ]


def table_scattering_of_liquid(ion: ScreenedIon) -> Table:
    """Return form factor, structure factor and their share in the resistivity as a table.

    Args:
        ion: the ion in the electron gas of the liquid.
    """
    return curve_table(scattering_curves(ion), "q/2k_F [1]", "value [1]")
