"""Figures of the vibrations: density of states with its Debye level, and how many atoms each mode moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.modes import DensityOfStates, KernelDensity, debye_density
from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREY,
    INK,
    OMEGA,
    axes_or_new,
    new_figure,
    plain_log_ticks,
    size_style,
    styled,
)
from analysis.plotting.table import Cell, Curve, Table
from analysis.study.results import EnsembleResults
from atomsim.results import Array

DEBYE_POINTS = 60
FEWEST_IN_A_BIN = 3.0  # modes per bin below which a reduced density says nothing and is not drawn
CEILING = 1.8  # the density of states is drawn up to this many times its maximum
TAIL = 1.5  # the inset of the low frequencies ends at this many lowest phonons of the smallest box


def _densities(ensembles: Sequence[EnsembleResults]) -> list[Curve]:
    curves = []
    for e in ensembles:
        d = e.vibrations.density
        curves.append(Curve(e.name, d.centres_w, d.density_w, d.density_w - d.error_w, d.density_w + d.error_w))
    return curves


def _debye_levels(ensembles: Sequence[EnsembleResults]) -> list[Curve]:
    curves = []
    for e in ensembles:
        top = e.sound.debye_frequency.value
        omega = top * np.arange(1, DEBYE_POINTS + 1) / DEBYE_POINTS
        level = debye_density(omega, top, e.glasses[0].dimension)
        curves.append(Curve(f"Debye, {e.name}", omega, level))
    return curves


def _reduced(curve: Curve, dimension: int) -> Curve:
    power = curve.x ** (dimension - 1)
    low, high = (None if end is None else end / power for end in (curve.low, curve.high))
    return Curve(curve.label, curve.x, curve.y / power, low, high)


def _draw(ax: Axes, curves: Sequence[Curve], debye: Sequence[Curve]) -> None:
    for i, (curve, level) in enumerate(zip(curves, debye, strict=True)):
        colour = size_style(i)["color"]
        ax.step(curve.x, curve.y, where="mid", color=colour, linewidth=1.3, label=curve.label)
        if curve.low is not None:
            ax.fill_between(curve.x, curve.low, curve.high, step="mid", color=colour, alpha=BAND_ALPHA, linewidth=0)
        ax.plot(level.x, level.y, color=colour, linestyle=(0, (5, 2)), linewidth=1.1)


@styled
def plot_density_of_states(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw g(omega), normalised to one, with its standard error and the Debye level from the moduli (dashed).

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    debye = _debye_levels(ensembles)
    _draw(ax, _densities(ensembles), debye)
    top = CEILING * max(float(e.vibrations.density.density_w.max()) for e in ensembles)
    place = int(np.searchsorted(debye[-1].y, 0.8 * top))
    ax.annotate(
        "Debye level from the moduli", xy=(debye[-1].x[place - 1], 0.8 * top), xytext=(12, 0), va="center",
        textcoords="offset points", fontsize=9, color=INK,
    )  # fmt: skip
    ax.set_xlim(0, None)
    ax.set_ylim(0, top)
    ax.set_xlabel(f"angular frequency {OMEGA}")
    ax.set_ylabel(r"density of states $g(\omega)$  [$\sigma\,(m/\epsilon)^{1/2}$]")
    ax.legend(loc="upper right")
    return ax


def _reduced_densities(ensembles: Sequence[EnsembleResults]) -> list[Curve]:
    """g/omega^{d-1} where a bin holds enough modes to mean something."""
    curves = []
    for e, curve in zip(ensembles, _densities(ensembles), strict=True):
        width = float(np.diff(e.vibrations.density.edges_w)[0])
        enough = curve.y * width * len(e.vibrations.omega_m) >= FEWEST_IN_A_BIN
        first = int(np.argmax(enough))
        low, high = (None if end is None else end[first:] for end in (curve.low, curve.high))
        curves.append(_reduced(Curve(curve.label, curve.x[first:], curve.y[first:], low, high), e.glasses[0].dimension))
    return curves


@styled
def plot_reduced_density(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw g(omega)/omega^{d-1}, in which Debye's law is level and an excess of soft modes stands out.

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    dimension = ensembles[0].glasses[0].dimension
    debye = [_reduced(curve, dimension) for curve in _debye_levels(ensembles)]
    _draw(ax, _reduced_densities(ensembles), debye)
    level = float(debye[-1].y[0])
    ax.annotate("Debye level", xy=(float(debye[-1].x[-1]), level), xytext=(8, 0), textcoords="offset points",
                fontsize=9, va="center")  # fmt: skip
    ax.set_xlim(0, None)
    ax.set_ylim(0, None)
    ax.set_xlabel(f"angular frequency {OMEGA}")
    power = dimension - 1
    ax.set_ylabel(rf"$g(\omega)/\omega^{power}$  [$\sigma^{dimension}(m/\epsilon)^{{{dimension}/2}}$]")
    ax.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
    return ax


@styled
def figure_density_of_states(ensembles: Sequence[EnsembleResults]) -> Figure:
    """Draw the density of states, and beside it the density reduced by Debye's power.

    Args:
        ensembles: the ensembles.
    """
    figure = new_figure(8.2, 3.6)
    left, right = figure.subplots(1, 2)
    plot_density_of_states(ensembles, left)
    plot_reduced_density(ensembles, right)
    return figure


def table_density_of_states(ensembles: Sequence[EnsembleResults]) -> Table:
    """Return density and reduced density of states, and the Debye level as drawn.

    The reduced density is left empty where a bin holds too few modes for it to mean anything.

    Args:
        ensembles: the ensembles.
    """
    power = ensembles[0].glasses[0].dimension - 1
    density = "g(omega) [sigma sqrt(m/epsilon)]"
    reduced = f"g(omega)/omega^{power} [(sigma sqrt(m/epsilon))^{power + 1}]"
    header = (
        "curve", "omega [sqrt(epsilon/m)/sigma]",
        density, f"low end of {density}", f"high end of {density}",
        reduced, f"low end of {reduced}", f"high end of {reduced}",
    )  # fmt: skip
    plain = [*_densities(ensembles), *_debye_levels(ensembles)]
    drawn = [*_reduced_densities(ensembles), *(_reduced(c, power + 1) for c in _debye_levels(ensembles))]
    rows: list[tuple[Cell, ...]] = []
    for whole, part in zip(plain, drawn, strict=True):
        missing = [(float("nan"),) * 3] * (len(whole.x) - len(part.x))
        pairs = zip(whole.rows(), [*missing, *(row[2:] for row in part.rows())], strict=True)
        rows += [(*left, *right) for left, right in pairs]
    return Table(header, tuple(rows))


def _tail(ensemble: EnsembleResults, end: float) -> tuple[Array, Array]:
    """Frequencies and participation numbers of the modes below a frequency."""
    inside = ensemble.vibrations.omega_m < end
    return ensemble.vibrations.omega_m[inside], ensemble.n_atoms * ensemble.vibrations.participation_ratio_m[inside]


def _points(index: int, size: float) -> dict[str, object]:
    style = size_style(index)
    scale = 1.6 if style["marker"] == "*" else 1.0  # a star looks smaller than a circle of its width
    return {**style, "linestyle": "", "markersize": scale * size, "markeredgewidth": 0, "rasterized": True}


@styled
def figure_participation(ensembles: Sequence[EnsembleResults]) -> Figure:
    """Draw the participation ratios of all modes, and beside them the participation numbers of the lowest.

    Args:
        ensembles: the ensembles.
    """
    figure = new_figure(8.2, 3.6)
    left, right = figure.subplots(1, 2)
    plot_participation(ensembles, left)
    plot_low_participation(ensembles, right)
    return figure


@styled
def plot_participation(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw the participation ratio of every mode against its frequency, one marker for each size.

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, e in enumerate(ensembles):
        label = f"{e.name}  ({len(e.glasses)} glasses)"
        points = _points(i, 2.6)
        ax.plot(e.vibrations.omega_m, e.vibrations.participation_ratio_m, alpha=0.35, zorder=2 - i / 10, **points)
        ax.plot([], [], label=label, **{**points, "markersize": 9 if points["marker"] == "*" else 6})
    ax.set_xlim(0, None)
    ax.set_ylim(0, 0.92)
    ax.set_xlabel(f"angular frequency {OMEGA}")
    ax.set_ylabel(r"participation ratio $N_k/N$")
    ax.legend(loc="upper right", handletextpad=0.3)
    return ax


@styled
def plot_low_participation(ensembles: Sequence[EnsembleResults], ax: Axes | None = None) -> Axes:
    """Draw the participation numbers of the lowest modes, up to a little above the lowest phonons of the boxes.

    Args:
        ensembles: the ensembles.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    end = tail_end(ensembles)
    for i, e in enumerate(ensembles):
        omega, number = _tail(e, end)
        ax.plot(omega, number, alpha=0.8, **_points(i, 3.6))
        ax.axvline(_phonon(e), color=size_style(i)["color"], linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
    ax.plot([], [], color="0.35", linewidth=0.9, linestyle=(0, (4, 2)), label="lowest phonon of the box")
    ax.set_yscale("log")
    plain_log_ticks(ax.yaxis)
    ax.set_xlim(0, end)
    ax.set_xlabel(f"angular frequency {OMEGA}")
    ax.set_ylabel(r"participation number $N_k$")
    ax.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
    return ax


def _phonon(ensemble: EnsembleResults) -> float:
    return float(np.mean([e.lowest_phonon_frequency for e in ensemble.elasticities]))


def tail_end(ensembles: Sequence[EnsembleResults]) -> float:
    """Return the upper end of the figure of the lowest modes [sqrt(epsilon/m)/sigma].

    Args:
        ensembles: the ensembles.
    """
    return TAIL * max(_phonon(e) for e in ensembles)


def table_participation(ensembles: Sequence[EnsembleResults]) -> Table:
    """Return frequency, participation ratio and participation number of every mode.

    Args:
        ensembles: the ensembles.
    """
    header = (
        "N", "glass", "omega [sqrt(epsilon/m)/sigma]", "participation ratio N_k/N [1]", "participation number N_k [1]",
    )  # fmt: skip
    rows = [
        (e.n_atoms, int(glass), float(omega), float(ratio), float(e.n_atoms * ratio))
        for e in ensembles
        for glass, omega, ratio in zip(
            e.vibrations.glass_m, e.vibrations.omega_m, e.vibrations.participation_ratio_m, strict=True
        )
    ]
    return Table(header, tuple(rows))


@styled
def plot_kernel_density(
    density: KernelDensity, ax: Axes | None = None, *, spectrum: DensityOfStates | None = None
) -> Axes:
    """Draw g(omega) by the kernel polynomial method with its total error, and a counted spectrum where there is one.

    Args:
        density: the density.
        ax: where to draw.
        spectrum: the same by counting modes.
    """
    ax = axes_or_new(ax)
    if spectrum is not None:
        ax.stairs(spectrum.density_w, spectrum.edges_w, color=GREY, linewidth=1.0, label="modes counted")
    centres, total = density.centres_w, density.total_error_w
    label = f"{density.n_moments} moments, {density.n_vectors} random vectors"
    ax.plot(centres, density.density_w, color=BLUE, linewidth=1.3, label=label)
    ax.fill_between(
        centres, density.density_w - total, density.density_w + total, color=BLUE, alpha=2 * BAND_ALPHA, linewidth=0,
        label="standard error + truncation",
    )  # fmt: skip
    width = float(density.resolution_w.max())
    height = 1.5 * float(density.density_w.max())  # room for the legend above the curve
    ax.errorbar(
        0.08 * density.highest_frequency, 0.93 * height, xerr=width, color=INK, capsize=2.5, linewidth=1.0,
        label="width of the kernel (± σ)",
    )  # fmt: skip
    ax.set_xlim(0, None)
    ax.set_ylim(0, height)
    ax.set_xlabel(f"angular frequency {OMEGA}")
    ax.set_ylabel(r"density of states $g(\omega)$  [$\sigma\,(m/\epsilon)^{1/2}$]")
    ax.legend(loc="upper right")
    return ax


@styled
def figure_kernel_density(density: KernelDensity, *, spectrum: DensityOfStates | None = None) -> Figure:
    """Draw a density of states by the kernel polynomial method.

    Args:
        density: the density.
        spectrum: the same by counting modes.
    """
    figure = new_figure(5.6, 3.6)
    plot_kernel_density(density, figure.subplots(), spectrum=spectrum)
    return figure
