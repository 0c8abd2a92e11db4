"""Figures of an annealing study: relaxation parameter, order parameters with fits, structure factors, rates.

Labels tell reduced units; :mod:`analysis.plotting.units` puts those of the study in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.annealing.results import AnnealedEnsemble, AnnealSummary, QuantityFit
from analysis.annealing.shapes import STRETCHED, THEORY
from analysis.plotting.style import (
    BAND_ALPHA,
    GREY,
    INK,
    SIZE_COLOURS,
    SIZE_MARKERS,
    axes_or_new,
    new_figure,
    note,
    styled,
)
from analysis.plotting.table import Curve, Table, curve_table
from analysis.trajectories.relaxation_parameter import RESOLVED
from atomsim.results import Array
from atomsim.units import METAL

TIME = r"annealing time $t_a$  [$\sigma\sqrt{m/\epsilon}$]"
QUANTITY = {"alpha_1": r"first shell, $\alpha_1(t)-\alpha_1(0)$", "s_cc": r"$S_{CC}(k_s, t) - S_{CC}(k_s, 0)$",
            "alpha_2": r"$\alpha_2(t)-\alpha_2(0)$", "energy": r"energy per atom, change  [$\epsilon$]"}  # fmt: skip
SYMBOL = {"s_cc": r"$S_{CC}(k_s)$"}
AT_REST = 1e-12  # displacements below it are rounding of the minimiser
LAW_DASHES = {"theory": "-", "stretched exponential": (0, (4, 1.5)), "logarithm": (0, (1, 1.5))}


def _symbol(quantity: str) -> str:
    """The quantity as labels write it."""
    shell = quantity.removeprefix("alpha_")
    return rf"$\alpha_{{{shell}}}$" if shell != quantity else SYMBOL.get(quantity, quantity)


def _label(one: AnnealedEnsemble, found: AnnealSummary) -> str:
    return f"$T_a$ = {one.temperature:g}" + (f" {METAL.temperature}" if found.unit_system is METAL else "")


def _later(one: AnnealedEnsemble) -> Array:
    """The times after the start: a logarithmic axis has no zero."""
    return one.time_t[1:]


@styled
def plot_relaxation_parameter(found: AnnealSummary, ax: Axes | None = None) -> Axes:
    """Draw R against annealing time; filled points are resolved, the dashed line is three times the noise alone.

    Args:
        found: the study.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, one in enumerate(found.ensembles):
        r, colour, marker = one.relaxation, SIZE_COLOURS[i], SIZE_MARKERS[1:][i % 4]
        value, resolved = r.value_t[1:], r.resolved_t[1:]
        ax.plot(_later(one), value, color=colour, linewidth=1, label=_label(one, found))
        ax.errorbar(_later(one), value, r.error_t[1:], fmt="none", ecolor=colour, elinewidth=0.8, capsize=2)
        for chosen, face in ((resolved, colour), (~resolved, "white")):
            ax.plot(
                _later(one)[chosen], value[chosen], linestyle="", marker=marker, markersize=5.5,
                markerfacecolor=face, markeredgecolor=colour, zorder=4,
            )  # fmt: skip
        ax.plot(_later(one), RESOLVED * r.bias_t[1:], color=colour, linewidth=1, linestyle=(0, (3, 2)), alpha=0.7)
    ax.plot([], [], color=GREY, linewidth=1, linestyle=(0, (3, 2)), label="3 × noise alone")
    ax.plot([], [], linestyle="", marker="o", markerfacecolor="white", markeredgecolor=GREY, label="not resolved")
    ax.set_xscale("log")
    ax.set_ylim(0, None)
    ax.set_xlabel(TIME)
    ax.set_ylabel(r"relaxation parameter $R$  [$\sigma^{-1}$]")
    low, high = found.window.low, found.window.high
    ax.set_title(f"over {low:.3g} < q < {high:.3g}, {found.glasses} glasses")
    ax.legend(loc="upper left")
    return ax


def table_relaxation_parameter(found: AnnealSummary) -> Table:
    """Return R with its error, and three times the noise.

    Args:
        found: the study.
    """
    curves = []
    for one in found.ensembles:
        r = one.relaxation
        curves.append(Curve(f"R, T={one.temperature:g}", one.time_t, r.value_t, r.value_t - r.error_t,
                            r.value_t + r.error_t))  # fmt: skip
        curves.append(Curve(f"3 x noise, T={one.temperature:g}", one.time_t, RESOLVED * r.bias_t))
    return curve_table(curves, "annealing time [sigma sqrt(m/epsilon)]", "R [1/sigma]")


def _changes(one: AnnealedEnsemble, quantity: str) -> tuple[Array, Array]:
    change_gt = one.series[quantity].change_gt
    return change_gt.mean(axis=0), change_gt.std(axis=0, ddof=1) / np.sqrt(len(change_gt))


def _fit_of(one: AnnealedEnsemble, quantity: str) -> QuantityFit:
    return next(fit for fit in one.fits if fit.quantity == quantity)


@styled
def plot_change(found: AnnealSummary, quantity: str, ax: Axes | None = None) -> Axes:
    """Draw the change of a quantity with the theory, the stretched exponential and the logarithm fitted to it.

    Args:
        found: the study.
        quantity: ``alpha_1``, ``alpha_2``, ``s_cc`` or ``energy``.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, one in enumerate(found.ensembles):
        mean_t, error_t = _changes(one, quantity)
        colour, fit = SIZE_COLOURS[i], _fit_of(one, quantity)
        ax.errorbar(
            _later(one), mean_t, error_t, color=colour, fmt=SIZE_MARKERS[1:][i % 4], markersize=4.5, capsize=2,
            elinewidth=0.9, label=_label(one, found),
        )  # fmt: skip
        if fit.theory is not None:
            for law, dash in LAW_DASHES.items():
                ax.plot(_later(one), fit.theory.of(law).fitted_t, color=colour, linewidth=1.2, linestyle=dash)
    ax.axhline(0, color=INK, linewidth=0.6, linestyle=":")
    ax.set_xscale("log")
    ax.set_xlabel(TIME)
    ax.set_ylabel(QUANTITY.get(quantity, quantity))
    return ax


@styled
def figure_order(found: AnnealSummary) -> Figure:
    """Draw the changes of short-range order and of the energy beside each other.

    Args:
        found: the study.
    """
    figure = new_figure(9.6, 3.9)
    figure.get_layout_engine().set(w_pad=0.12)  # a label of one panel keeps off its neighbour
    axes = figure.subplots(1, 3)
    for ax, quantity in zip(axes, ("alpha_1", "s_cc", "energy"), strict=True):
        plot_change(found, quantity, ax)
    for law, dash in LAW_DASHES.items():
        axes[0].plot([], [], color=GREY, linestyle=dash, label=law)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), handlelength=2.2, columnspacing=1.3)
    return figure


def table_order(found: AnnealSummary) -> Table:
    """Return the changes and the fitted theory and stretched exponential.

    Args:
        found: the study.
    """
    curves = []
    for one in found.ensembles:
        for quantity in ("alpha_1", "s_cc", "energy"):
            mean_t, error_t = _changes(one, quantity)
            name = f"{quantity}, T={one.temperature:g}"
            curves.append(Curve(name, _later(one), mean_t, mean_t - error_t, mean_t + error_t))
            theory = _fit_of(one, quantity).theory
            if theory is not None:
                curves += [Curve(f"{name}, {law}", _later(one), theory.of(law).fitted_t) for law in LAW_DASHES]
    return curve_table(curves, "annealing time [sigma sqrt(m/epsilon)]", "change [unit of the quantity]")


@styled
def figure_structure_factors(found: AnnealSummary) -> Figure:
    """Draw S(q) before and after each anneal, and the difference with its error below.

    Args:
        found: the study.
    """
    figure = new_figure(7.0, 5.2)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    first = found.ensembles[0]
    above.plot(first.q_b, first.before_b, color=INK, linewidth=1.2, label="as quenched")
    for i, one in enumerate(found.ensembles):
        above.plot(one.q_b, one.after_b, color=SIZE_COLOURS[i], linewidth=1.1, linestyle=(0, (4, 1 + i)),
                   label=f"annealed, {_label(one, found)}")  # fmt: skip
        difference = one.after_b - one.before_b
        below.plot(one.q_b, difference, color=SIZE_COLOURS[i], linewidth=1.1)
        error = np.hypot(one.before_error_b, one.after_error_b)
        below.fill_between(one.q_b, difference - error, difference + error, color=SIZE_COLOURS[i], alpha=BAND_ALPHA,
                           linewidth=0)  # fmt: skip
    for ax in (above, below):
        ax.axvspan(found.window.low, found.window.high, color=GREY, alpha=0.15, linewidth=0)
    above.annotate("window of R", (found.window.low, 0.0), xytext=(3, 3), textcoords="offset points", color=GREY,
                   fontsize=8.5)  # fmt: skip
    below.axhline(0, color=INK, linewidth=0.6, linestyle=":")
    above.set_ylim(0, None)
    above.set_xlim(0, float(first.q_b[-1]))
    above.set_ylabel(r"$S_{NN}(q)$")
    below.set_ylabel("after − before")
    below.set_xlabel(r"wave number $q$  [$\sigma^{-1}$]")
    above.legend(loc="upper right")
    return figure


def table_structure_factors(found: AnnealSummary) -> Table:
    """Return S(q) before and after each anneal.

    Args:
        found: the study.
    """
    curves = []
    for one in found.ensembles:
        for when, s_b, error_b in (("before", one.before_b, one.before_error_b), ("after", one.after_b,
                                                                                  one.after_error_b)):  # fmt: skip
            curves.append(Curve(f"{when}, T={one.temperature:g}", one.q_b, s_b, s_b - error_b, s_b + error_b))
    return curve_table(curves, "wave number q [1/sigma]", "S_NN [1]")


@styled
def plot_rates(found: AnnealSummary, ax: Axes | None = None) -> Axes:
    """Draw fitted rates of the theory and of the stretched exponential against 1/T with their Arrhenius lines.

    Args:
        found: the study.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    drawn = [one for one in found.barriers if len(one.rate_T)]
    quantities = list(dict.fromkeys(one.law.split(", ")[0] for one in found.barriers))
    if not drawn:
        note(ax, "no rate is fixed by the data")
    for one in drawn:
        quantity, _, law = one.law.partition(", ")
        colour, filled = SIZE_COLOURS[quantities.index(quantity) % 5], THEORY.name in law
        label = f"{_symbol(quantity)}, {law}"
        if np.isfinite(one.error):
            unit = found.unit_system.boltzmann
            label += f": barrier {unit * one.barrier:.2g} ± {unit * one.error:.2g}"
            label += f" {METAL.energy}" if found.unit_system is METAL else ""
        ax.errorbar(
            1 / one.temperature_T, one.rate_T, one.rate_T * one.log_error_T, color=colour, capsize=2, fmt="o",
            markerfacecolor=colour if filled else "white", markersize=5, label=label,
        )  # fmt: skip
        if np.isfinite(one.error) and len(one.rate_T) > 1:
            x = np.linspace((1 / one.temperature_T).min(), (1 / one.temperature_T).max(), 20)
            weight = one.log_error_T**-2
            middle = np.sum(weight * (np.log(one.rate_T) + one.barrier / one.temperature_T)) / weight.sum()
            ax.plot(x, np.exp(middle - one.barrier * x), color=colour, linewidth=1, linestyle="-" if filled else "--")
    ax.set_yscale("log")
    ax.locator_params(axis="x", nbins=6)
    ax.set_xlabel(r"$1/T_a$  [$k_B/\epsilon$]")
    ax.set_ylabel(r"rate  [$\sqrt{\epsilon/m}\,/\,\sigma$]")
    if drawn:
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def table_rates(found: AnnealSummary) -> Table:
    """Return the rates with their errors.

    Args:
        found: the study.
    """
    curves = [
        Curve(one.law, 1 / one.temperature_T, one.rate_T, one.rate_T * np.exp(-one.log_error_T),
              one.rate_T * np.exp(one.log_error_T))
        for one in found.barriers
    ]  # fmt: skip
    return curve_table(curves, "1/T [k_B/epsilon]", f"rate of {THEORY.name} (gamma) or {STRETCHED.name} (1/tau)")


@styled
def plot_motion(found: AnnealSummary, ax: Axes | None = None) -> Axes:
    """Draw the mean square displacement of the inherent structures, and the share of atoms that moved.

    Args:
        found: the study.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    for i, one in enumerate(found.ensembles):
        for name, dash in (("mean_square_displacement", "-"), ("moved_fraction", "--")):
            mean_t = one.series[name].mean_t[1:]
            ax.plot(_later(one), np.where(mean_t > AT_REST, mean_t, np.nan), color=SIZE_COLOURS[i], linestyle=dash,
                    marker=SIZE_MARKERS[1:][i % 4], markersize=3.5,
                    label=_label(one, found) if dash == "-" else None)  # fmt: skip
    ax.plot([], [], color=GREY, label=r"mean square displacement  [$\sigma^2$]")
    ax.plot([], [], color=GREY, linestyle="--", label="fraction of atoms moved")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(TIME)
    ax.legend()
    return ax


def table_motion(found: AnnealSummary) -> Table:
    """Return displacement, fraction and cooperativity of the moved atoms.

    Args:
        found: the study.
    """
    curves = []
    for one in found.ensembles:
        for name in ("mean_square_displacement", "moved_fraction", "cooperativity", "overlap", "crystalline"):
            s = one.series[name]
            curves.append(Curve(f"{name}, T={one.temperature:g}", one.time_t, s.mean_t, s.mean_t - s.error_t,
                                s.mean_t + s.error_t))  # fmt: skip
    return curve_table(curves, "annealing time [sigma sqrt(m/epsilon)]", "value [unit of the quantity]")


def _alone(draw: Callable[[AnnealSummary], Axes], width: float = 6.4) -> Callable[[AnnealSummary], Figure]:
    def figure(found: AnnealSummary) -> Figure:
        drawn = draw(found).figure
        drawn.set_size_inches(width, 4.0)
        return drawn

    return figure


FIGURES: Sequence[tuple[str, Callable[[AnnealSummary], Figure], Callable[[AnnealSummary], Table]]] = (
    ("relaxation_parameter", _alone(plot_relaxation_parameter), table_relaxation_parameter),
    ("order", figure_order, table_order),
    ("structure_factor", figure_structure_factors, table_structure_factors),
    ("motion", _alone(plot_motion), table_motion),
    ("rates", _alone(plot_rates, 8.4), table_rates),
)
