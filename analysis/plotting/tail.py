"""Figures of the low-frequency tail: density of states, exponent, lowest vibrations, amplitude, and distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from analysis.plotting.style import (
    BAND_ALPHA,
    GREY,
    INK,
    OMEGA,
    axes_or_new,
    new_figure,
    note,
    plain_log_ticks,
    size_style,
    styled,
)
from analysis.plotting.table import Cell, Table
from analysis.soft_potential.parameter_distributions import Distribution
from analysis.soft_potential.tail_statistics import TailOfSize, tail_histogram
from analysis.study.study_tail import StudyTail

DENSITY = r"$D(\omega)$  [$\sigma\,(m/\epsilon)^{1/2}$]"
AMPLITUDE = r"$A_g$  [$(\sigma\,(m/\epsilon)^{1/2})^5$]"
GUIDE = {"color": INK, "linestyle": (0, (1, 1.5)), "linewidth": 1.1}
ROUTES = (("counting", "o"), ("weibull", "s"), ("mean_minimum", "^"))
ROUTE_NAMES = {"counting": "number of vibrations", "weibull": "Weibull scale", "mean_minimum": "mean lowest"}


@dataclass(frozen=True)
class NamedTail:
    """The tail of one study and what figures call it."""

    name: str
    tail: StudyTail


def _close_log_ticks(axis: Axis) -> None:
    """Label a logarithmic axis that spans less than a decade at every first digit, and at one and a half."""
    axis.set_major_locator(LogLocator(subs=(1.0, 1.5, *range(2, 10))))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def shown_tails(studies: Sequence[NamedTail]) -> list[tuple[str, TailOfSize]]:
    """Return the curves of a figure: all sizes of one study, or of several studies the size with most glasses.

    Args:
        studies: the studies.
    """
    if len(studies) == 1:
        return [(f"N = {tail.n_atoms}", tail) for tail in studies[0].tail.statistics.sizes]
    best = [(s.name, max(s.tail.statistics.sizes, key=lambda tail: tail.n_glasses)) for s in studies]
    return [(f"{name}, N = {tail.n_atoms}", tail) for name, tail in best]


@styled
def plot_tail_density(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw D(omega) of the lowest vibrations with counting errors, and the law omega^4 with A_g from the count.

    Args:
        studies: the studies.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, (name, tail) in enumerate(shown_tails(studies)):
        edges, density, error, counts = tail_histogram(tail)
        seen = counts > 0
        centres, style = np.sqrt(edges[1:] * edges[:-1]), size_style(i)
        ax.errorbar(centres[seen], density[seen], error[seen], fmt=style["marker"], ms=3.5, lw=0.9,
                    color=style["color"], label=name)  # fmt: skip
        omega = np.array([edges[0], tail.edge])
        ax.plot(omega, tail.amplitudes.counting.value * omega**4, color=style["color"], lw=1.2)
        ax.axvline(tail.edge, color=style["color"], lw=0.8, ls=(0, (1, 2)))
    ax.set_xscale("log")
    ax.set_yscale("log")
    plain_log_ticks(ax.xaxis)
    ax.set_xlabel(f"angular frequency {OMEGA}")
    ax.set_ylabel(DENSITY)
    ax.set_title(r"lines: $A_g\omega^4$ from the count below the dotted edge", fontsize=9)
    ax.legend(loc="upper left")
    return ax


@styled
def plot_exponent(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw the exponent against the end of the window.

    Args:
        studies: the studies.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, (name, tail) in enumerate(shown_tails(studies)):
        p, style = tail.profile, size_style(i)
        enough = p.count_w >= 10
        shift = 1 + 0.006 * i  # so that error bars do not hide each other
        ax.errorbar(p.fraction_w[enough] * shift, p.exponent_w[enough], p.error_w[enough], fmt=style["marker"], ms=4,
                    lw=0.9, capsize=2, color=style["color"], label=name)  # fmt: skip
        ax.axvline(tail.edge / tail.phonon_frequency.value, color=style["color"], lw=0.8, ls=(0, (1, 2)))
    ax.axhline(4.0, **GUIDE)
    ax.set_xlabel("end of the window over the lowest phonon of the box")
    ax.set_ylabel("exponent of the tail")
    ax.set_title("windows with ten vibrations or more; nested, so not independent", fontsize=9)
    ax.legend(loc="upper right")
    return ax


@styled
def plot_lowest(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw -ln of the share of glasses without a vibration below omega: a power s + 1 of omega for a Weibull law.

    Args:
        studies: the studies.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    ends: list[float] = []
    for i, (name, tail) in enumerate(shown_tails(studies)):
        omega, style = np.sort(tail.minimum_g), size_style(i)
        hazard = -np.log1p(-(np.arange(len(omega)) + 0.5) / len(omega))
        inside = omega < tail.edge
        ax.plot(omega[inside], hazard[inside], style["marker"], ms=3, color=style["color"], mew=0, label=name)
        ax.plot(omega[~inside], hazard[~inside], style["marker"], ms=3, color=style["color"], alpha=0.3, mew=0)
        w = tail.weibull
        if np.isfinite(w.shape.value):
            line = np.array([omega[0], tail.edge])
            label = f"shape {w.shape.value:.2f} ± {w.shape.error:.2f}"
            ax.plot(line, (line / w.scale.value) ** w.shape.value, color=style["color"], lw=1.2, label=label)
        ends += [float(omega[0]), float(omega[-1])]
    if ends:
        line = np.array([min(ends), max(ends)])
        ax.plot(line, (line / np.sqrt(line[0] * line[1])) ** 5, label="shape 5", **GUIDE)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(1e-3, 12)
    plain_log_ticks(ax.xaxis)
    ax.set_xlabel(rf"lowest angular frequency $\omega_{{\min}}$  {OMEGA[OMEGA.index('[') :]}")
    ax.set_ylabel("−ln (share of glasses above)")
    ax.legend(loc="lower right", fontsize=8)
    return ax


@styled
def plot_size_scaling(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw the mean lowest frequency against the number of atoms.

    Args:
        studies: the studies.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, study in enumerate(studies):
        sizes, style = study.tail.statistics.sizes, size_style(i)
        n = np.array([tail.n_atoms for tail in sizes], dtype=float)
        mean = np.array([tail.mean_minimum.value for tail in sizes])
        error = np.array([tail.mean_minimum.error for tail in sizes])
        name = study.name if len(studies) > 1 else "glasses"
        ax.errorbar(n, mean, error, fmt=style["marker"], ms=5, capsize=2, color=style["color"], label=name)
        fit = study.tail.statistics.scaling
        if fit is not None:
            level = float(np.exp(np.average(np.log(mean) - fit.power.value * np.log(n), weights=(mean / error) ** 2)))
            label = f"power {fit.power.value:.3f} ± {fit.power.error:.3f}"
            ax.plot(n, level * n**fit.power.value, color=style["color"], lw=1.2, label=label)
        ax.plot(n, mean[0] * (n / n[0]) ** -0.2, label="power −1/5" if i == len(studies) - 1 else None, **GUIDE)
    ax.set_xscale("log")
    ax.set_yscale("log")
    plain_log_ticks(ax.xaxis)
    _close_log_ticks(ax.yaxis)
    ax.set_xlabel("number of atoms")
    ax.set_ylabel(rf"$\langle\omega_{{\min}}\rangle$  {OMEGA[OMEGA.index('[') :]}")
    if all(len(study.tail.statistics.sizes) < 2 for study in studies):
        note(ax, "one size of glass")
    ax.legend(loc="lower left", fontsize=8)
    return ax


@styled
def plot_amplitudes(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw A_g by three routes against the energy of the inherent structures, lower for better annealed glasses.

    Args:
        studies: the studies.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, (study, (name, tail)) in enumerate(zip(studies, shown_tails(studies), strict=True)):
        colour = size_style(i)["color"]
        for route, marker in ROUTES:
            found = getattr(tail.amplitudes, route)
            ax.errorbar(study.tail.energy.value, found.value, found.error, fmt=marker, ms=5, capsize=2, color=colour)
        ax.plot([], [], color=colour, label=name)
    for route, marker in ROUTES:
        ax.plot([], [], marker, color=GREY, label=ROUTE_NAMES[route])
    ax.set_yscale("log")
    _close_log_ticks(ax.yaxis)
    ax.margins(x=0.25)
    ax.set_xlabel(r"energy per atom of the inherent structures  [$\epsilon$]")
    ax.set_ylabel(AMPLITUDE)
    ax.legend(loc="best", fontsize=8)
    return ax


@styled
def plot_annealing(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw the exponent of the tail, fitted and from the Weibull shape, against the energy of the inherent structures.

    Args:
        studies: the studies.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, (study, (name, tail)) in enumerate(zip(studies, shown_tails(studies), strict=True)):
        colour = size_style(i)["color"]
        for found, marker in ((tail.exponent, "o"), (tail.weibull.exponent, "s")):
            ax.errorbar(study.tail.energy.value, found.value, found.error, fmt=marker, ms=5, capsize=2, color=colour)
        ax.plot([], [], color=colour, label=name)
    for marker, label in (("o", "vibrations in the window"), ("s", "Weibull shape less one")):
        ax.plot([], [], marker, color=GREY, label=label)
    ax.axhline(4.0, **GUIDE)
    ax.margins(x=0.25)
    ax.set_xlabel(r"energy per atom of the inherent structures  [$\epsilon$]")
    ax.set_ylabel("exponent of the tail")
    ax.legend(loc="best", fontsize=8)
    return ax


@styled
def figure_tail(studies: Sequence[NamedTail]) -> Figure:
    """Draw density, exponent, lowest vibrations and size scaling; with several studies, their annealing as well.

    Args:
        studies: the studies.
    """
    several = len(studies) > 1
    figure = new_figure(13.5 if several else 9.2, 7.2)
    axes = figure.subplots(2, 3 if several else 2).ravel()
    plots = [plot_tail_density, plot_exponent, plot_lowest, plot_size_scaling]
    for plot, ax in zip([*plots, plot_amplitudes, plot_annealing] if several else plots, axes, strict=True):
        plot(studies, ax)
    return figure


def table_tail(studies: Sequence[NamedTail]) -> Table:
    """Return what the figure of the tail draws: histogram, exponents and lowest frequencies of each study and size.

    Args:
        studies: the studies.
    """
    header = ("study", "N", "quantity", "x", "y", "error of y")
    rows: list[tuple[Cell, ...]] = []
    for study in studies:
        for tail in study.tail.statistics.sizes:
            here = (study.name, tail.n_atoms)
            edges, density, error, _ = tail_histogram(tail)
            centres, p = np.sqrt(edges[1:] * edges[:-1]), tail.profile
            columns = (
                ("D [sigma sqrt(m/epsilon)] against omega [sqrt(epsilon/m)/sigma]", centres, density, error),
                ("exponent against end of window over lowest phonon", p.fraction_w, p.exponent_w, p.error_w),
                ("lowest omega [sqrt(epsilon/m)/sigma] against glass", np.arange(tail.n_glasses), tail.minimum_g,
                 np.zeros(tail.n_glasses)),
            )  # fmt: skip
            rows += [
                (*here, what, float(a), float(b), float(c))
                for what, *xyz in columns
                for a, b, c in zip(*xyz, strict=True)
            ]
            numbers = {
                "exponent": tail.exponent,
                "Weibull shape": tail.weibull.shape,
                "Weibull scale": tail.weibull.scale,
                "mean lowest omega": tail.mean_minimum,
            }
            numbers |= {f"A_g, {ROUTE_NAMES[route]}": getattr(tail.amplitudes, route) for route, _ in ROUTES}
            energy = study.tail.energy.value
            rows += [
                (*here, f"{what} [{e.unit}] against energy [epsilon]", energy, e.value, e.error)
                for what, e in numbers.items()
            ]
    return Table(header, tuple(rows))


LABELS = {
    "eta": r"$\eta$",
    "t": r"$|t|$",
    "W": r"$W$  [$\epsilon$]",
    "N_k": r"$N_k$",
    "m_eff": r"$m_{\mathrm{eff}}$  [$m$]",
}


@styled
def plot_distribution(named: Sequence[tuple[str, Distribution]], ax: Axes | None = None) -> Axes:
    """Draw the distribution of one number per unit of its logarithm, with its band from drawing glasses.

    Args:
        named: name of each study and its distribution of the number.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, (name, d) in enumerate(named):
        colour, centres = size_style(i)["color"], np.sqrt(d.edges_x[1:] * d.edges_x[:-1])
        ax.step(centres, d.density_x, where="mid", color=colour, lw=1.2, label=name)
        ax.fill_between(centres, d.low_x, d.high_x, step="mid", color=colour, alpha=BAND_ALPHA, lw=0)
        ax.axvline(d.median.value, color=colour, lw=0.8, ls=(0, (1, 2)))
    ax.set_xscale("log")
    if max(d.edges_x[-1] / d.edges_x[0] for _, d in named) < 30:
        plain_log_ticks(ax.xaxis)
    ax.set_ylim(0, None)
    ax.set_xlabel(LABELS.get(named[0][1].name, named[0][1].name))
    ax.set_ylabel("modes per unit of ln x, of one")
    return ax


@styled
def plot_scales(studies: Sequence[NamedTail], ax: Axes | None = None) -> Axes:
    """Draw the scales of eta and t beside the least ones that the spread of local structure allows.

    Args:
        studies: the studies, each with its distributions.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, study in enumerate(studies):
        found = study.tail.distributions
        if found is None:
            continue
        colour, shift = size_style(i)["color"], 0.12 * i
        pairs = ((found.delta_eta, study.tail.spread.least_eta), (found.delta_t, study.tail.spread.least_t))
        for place, (measured, least) in enumerate(pairs):
            ax.errorbar(place + shift, measured.value, measured.error, fmt="o", ms=5, capsize=2, color=colour)
            ax.plot(place + shift, least.value, "_", ms=16, mew=2, color=colour)
        ax.plot([], [], color=colour, label=study.name)
    ax.plot([], [], "o", color=GREY, label="measured, cut by the window")
    ax.plot([], [], "_", ms=12, mew=2, color=GREY, label="least, from local structure")
    ax.set_yscale("log")
    plain_log_ticks(ax.yaxis)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.6)  # room for the legend
    ax.set_xlim(-0.5, 1.8)
    ax.set_xticks([0, 1], [r"$\delta_\eta,\ \theta^{2/3}$", r"$\delta_t,\ \theta^{1/3}$"])
    ax.legend(loc="upper left", fontsize=8)
    return ax


@styled
def figure_distributions(studies: Sequence[NamedTail]) -> Figure:
    """Draw the distributions of eta, t, W, participation number and effective mass, and the scales of the first two.

    Args:
        studies: the studies; those without distributions are left out.
    """
    known = [study for study in studies if study.tail.distributions is not None]
    figure = new_figure(11.5, 6.4)
    axes = figure.subplots(2, 3).ravel()
    for name, ax in zip(LABELS, axes, strict=False):
        plot_distribution([(s.name, s.tail.distributions.of(name)) for s in known if s.tail.distributions], ax)
    plot_scales(known, axes[-1])
    if len(known) > 1:
        axes[0].legend(loc="upper left", fontsize=8)
    return figure


def table_distributions(studies: Sequence[NamedTail]) -> Table:
    """Return the distributions of each study, and the scales.

    Args:
        studies: the studies.
    """
    header = ("study", "number", "low edge", "high edge", "modes per unit of ln x", "low end", "high end")
    rows: list[tuple[Cell, ...]] = []
    for study in studies:
        found = study.tail.distributions
        for d in found.distributions if found is not None else ():
            columns = (d.edges_x[:-1], d.edges_x[1:], d.density_x, d.low_x, d.high_x)
            rows += [(study.name, f"{d.name} [{d.unit}]", *map(float, row)) for row in zip(*columns, strict=True)]
    return Table(header, tuple(rows))
