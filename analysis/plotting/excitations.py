"""Figures of the concentration excitations: order, waves, displacements, energies, eigenmodes, overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.excitations import ENERGY_FORMS, AlloyOrder, Excitations, continuum_displacement, intensity_of_shells
from analysis.plotting.style import (
    BAND_ALPHA,
    BLUE,
    GREEN,
    GREY,
    INK,
    PURPLE,
    SKY,
    VERMILION,
    axes_or_new,
    new_figure,
    note,
    styled,
)
from analysis.plotting.table import Cell, Curve, Table, curve_table
from atomsim.results import Array, Estimate

SOLID, DASHED, DOTTED = (0, ()), (0, (4, 1.5)), (0, (1, 1.2))
FORM_STYLES = {"printed": (VERMILION, DASHED), "rotating": (GREEN, DOTTED), "derived": (BLUE, SOLID)}
WAVE_BINS = 24
SPECTRUM_BINS = 48
QUARTILES = (0.25, 0.75)
K_LABEL = r"wave number $k$  [1/$\sigma$]"
SIGNED_ENERGY = r"$E$ above zero, $-\hbar\times$rate below  [$\epsilon$]"
SIGNED_OMEGA = r"$\omega$ right of zero, $-$rate left of it  [$\sqrt{\epsilon/m}/\sigma$]"


def _root(squared: Array) -> Array:
    """The energy of what is stable, minus the rate of what decays."""
    return np.sign(squared) * np.sqrt(np.abs(squared))


def _ends(curve: Curve) -> tuple[Array, Array]:
    """The ends of the band of a curve; the curve itself where it has none."""
    return curve.y if curve.low is None else curve.low, curve.y if curve.high is None else curve.high


def _bars(curve: Curve) -> Array:
    """Lengths of the error bars below and above."""
    low, high = _ends(curve)
    return np.array([curve.y - low, high - curve.y])


def _order_curves(order: AlloyOrder) -> list[Curve]:
    curves = []
    place = np.arange(1, order.shells.n_shells + 1, dtype=float)
    for name, label in (("correlation_s", "correlation"), ("warren_cowley_s", "Warren-Cowley, symmetric")):
        mean, error = order.mean_s(name), np.nan_to_num(order.error_s(name))
        curves.append(Curve(label, place, mean, mean - error, mean + error))
    random = order.random
    curves.append(Curve("random alloys, 95 %", place, random.mean_s, random.low_s, random.high_s))
    return curves


@styled
def plot_order(order: AlloyOrder, ax: Axes | None = None) -> Axes:
    """Draw the order parameters of each shell, with errors, over the band of random alloys on the same sites.

    Args:
        order: the order of an ensemble.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    correlation, warren_cowley, random = _order_curves(order)
    for i, (x, low, high) in enumerate(zip(random.x, *_ends(random), strict=True)):
        label = random.label if i == 0 else None
        ax.fill_between([x - 0.36, x + 0.36], low, high, color=GREY, alpha=0.35, lw=0, label=label)
    styles = ((correlation, BLUE, "o", -0.09), (warren_cowley, VERMILION, "D", 0.09))
    for curve, colour, marker, shift in styles:
        ax.errorbar(
            curve.x + shift, curve.y, yerr=_bars(curve), fmt=marker, ms=6, color=colour, capsize=3, label=curve.label
        )
    ax.axhline(0, color=INK, linewidth=0.7)
    ends = zip(order.shells.r_min_s, order.shells.r_max_s, strict=True)
    ax.set_xticks(correlation.x, [f"{low:.2f}\N{EN DASH}{high:.2f}" for low, high in ends])
    ax.set_xlim(0.4, len(correlation.x) + 0.6)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.3 * (high - low))  # room for the legend
    ax.set_xlabel(r"shell  [$\sigma$]")
    ax.set_ylabel(r"order parameter $\alpha_s$")
    ax.legend(loc="upper right")
    return ax


def table_order(order: AlloyOrder) -> Table:
    """Return the order parameters of each shell with their errors, and the band of random alloys.

    Args:
        order: the order of an ensemble.
    """
    return curve_table(_order_curves(order), "shell", "alpha_s [1]")


def _wave_curves(order: AlloyOrder) -> list[Curve]:
    waves = order.waves
    error = np.nan_to_num(waves.error_b)
    k = np.linspace(float(waves.k_b[0]), float(waves.k_b[-1]), 200)
    shells = np.mean([intensity_of_shells(one, k) for one in order.configurations], axis=0)
    return [
        Curve("box vectors, all directions", waves.k_b, waves.intensity_b, waves.intensity_b - error,
              waves.intensity_b + error),
        Curve("from the shells", k, shells),
        Curve("random alloy", waves.k_b, waves.random_b),
    ]  # fmt: skip


@styled
def plot_waves(order: AlloyOrder, ax: Axes | None = None) -> Axes:
    """Draw the intensity of concentration waves, beside the random alloy and the sum over the shells.

    Args:
        order: the order of an ensemble.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    measured, shells, random = _wave_curves(order)
    ax.errorbar(
        measured.x, measured.y, yerr=_bars(measured),
        fmt="o-", ms=4.5, color=BLUE, linewidth=1.1, capsize=2.5, label=measured.label,
    )  # fmt: skip
    ax.plot(shells.x, shells.y, color=SKY, linewidth=1.1, linestyle=DASHED, label=shells.label)
    ax.plot(random.x, random.y, color=GREY, linewidth=1.4, label=random.label)
    ax.axvline(order.waves.k_s, ymax=0.68, color=INK, linewidth=0.8, linestyle=":")
    top = 1.45 * float(max(_ends(measured)[1].max(), random.y.max()))
    ax.annotate(
        f"$k_s$ = {order.waves.k_s:.3g}", xy=(order.waves.k_s, 0.02 * top), xytext=(4, 0), textcoords="offset points",
        fontsize=9,
    )  # fmt: skip
    ax.set_ylim(0, top)
    ax.set_xlabel(K_LABEL)
    ax.set_ylabel(r"$\langle|c_k|^2\rangle$")
    ax.legend(loc="upper left")
    return ax


def table_waves(order: AlloyOrder) -> Table:
    """Return the intensities as drawn.

    Args:
        order: the order of an ensemble.
    """
    return curve_table(_wave_curves(order), "k [1/sigma]", "<|c_k|^2> [1]")


def _profile_curves(one: Excitations) -> list[Curve]:
    profile = one.profile
    r = np.linspace(float(profile.distance_r[0]), float(profile.distance_r[-1]), 120)
    along = np.column_stack([r, np.zeros((len(r), 2))])
    continuum = continuum_displacement(along, poisson=one.poisson, volume_change=one.volume_change)[:, 0]
    low, high = profile.radial_r - profile.error_r, profile.radial_r + profile.error_r
    return [
        Curve("from the Hessian", profile.distance_r, profile.radial_r, low, high),
        Curve("elastic continuum", r, continuum),
    ]


@styled
def plot_profile(one: Excitations, ax: Axes | None = None) -> Axes:
    """Draw the mean displacement away from the ion that is changed, beside that of an elastic continuum.

    Args:
        one: the excitations of a glass.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    atoms, continuum = _profile_curves(one)
    ax.plot(continuum.x, continuum.y, color=VERMILION, linestyle=DASHED, label=continuum.label)
    ax.errorbar(atoms.x, atoms.y, yerr=_bars(atoms), fmt="o", ms=4.5, color=BLUE, capsize=2.5, label=atoms.label)
    ax.axhline(0, color=INK, linewidth=0.7)
    ax.set_xlabel(r"distance from the ion  [$\sigma$]")
    ax.set_ylabel(r"radial displacement  [$\sigma$]")
    ax.legend(loc="best")
    return ax


def table_profile(one: Excitations) -> Table:
    """Return the displacements as drawn.

    Args:
        one: the excitations of a glass.
    """
    return curve_table(_profile_curves(one), "r [sigma]", "radial displacement [sigma]")


def _energy_curves(found: Sequence[Excitations], power: float) -> list[Curve]:
    """Medians and quartiles of the signed energies of all waves of all glasses, by wave number."""
    waves = [wave for one in found for wave in one.dispersions if wave.power == power]
    k_q = np.concatenate([np.linalg.norm(wave.wave_vector_qc, axis=1) for wave in waves])
    edges = np.linspace(k_q.min(), k_q.max() * (1 + 1e-9), WAVE_BINS + 1)
    place_q = np.searchsorted(edges, k_q, side="right")
    filled = np.unique(place_q)
    centre = np.array([k_q[place_q == b].mean() for b in filled])
    curves = []
    for form in ENERGY_FORMS:
        signed_q = np.concatenate([_root(wave.energies_q.squared(form)) for wave in waves])
        levels = np.array([np.quantile(signed_q[place_q == b], (QUARTILES[0], 0.5, QUARTILES[1])) for b in filled]).T
        curves.append(Curve(form, centre, levels[1], levels[0], levels[2]))
    return curves


@styled
def plot_energies_of_waves(found: Sequence[Excitations], ax: Axes | None = None, *, power: float = 1.0) -> Axes:
    """Draw E(k) in the three forms, medians over waves and glasses with quartiles; what decays lies below zero.

    Args:
        found: the excitations of each glass.
        ax: where to draw.
        power: power of the envelope [-].
    """
    ax = axes_or_new(ax)
    waves = [wave for one in found for wave in one.dispersions if wave.power == power]
    for curve in _energy_curves(found, power):
        share = np.mean([wave.energies_q.stable_fraction(curve.label) for wave in waves])
        label = f"{curve.label}, {100 * share:.0f} % stable"
        colour, dashes = FORM_STYLES[curve.label]
        ax.plot(curve.x, curve.y, label=label, color=colour, linestyle=dashes)
        ax.fill_between(curve.x, *_ends(curve), color=colour, alpha=BAND_ALPHA, linewidth=0)
    ax.axhline(0, color=INK, linewidth=0.7)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.45 * (high - low))  # room for the legend
    ax.set_xlabel(K_LABEL)
    ax.set_ylabel(SIGNED_ENERGY)
    ax.legend(loc="upper left", title=f"envelope $|\\alpha|^w$, w = {power:g}", alignment="left")
    return ax


def table_energies_of_waves(found: Sequence[Excitations], *, power: float = 1.0) -> Table:
    """Return medians and quartiles of the energies as drawn.

    Args:
        found: the excitations of each glass.
        power: power of the envelope [-].
    """
    return curve_table(_energy_curves(found, power), "k [1/sigma]", "signed E [epsilon]")


def _spectrum(found: Sequence[Excitations]) -> Array:
    return np.concatenate([_root(one.modes.omega2_m) for one in found])


@styled
def plot_spectrum(found: Sequence[Excitations], ax: Axes | None = None) -> Axes:
    """Draw the histogram of the frequencies of W v = omega^2 I v, rates of what decays to the left.

    Args:
        found: the excitations of each glass.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    signed = _spectrum(found)
    width = float(np.ptp(signed)) / SPECTRUM_BINS
    edges = width * np.arange(np.floor(signed.min() / width), np.ceil(signed.max() / width) + 1)  # zero is an edge
    share = np.full(len(signed), 1 / len(signed))
    decaying = signed < 0
    ax.hist(signed[~decaying], edges, weights=share[~decaying], color=BLUE, label=f"stable, {np.mean(~decaying):.0%}")
    ax.hist(
        signed[decaying], edges, weights=share[decaying], color=VERMILION, label=f"decaying, {np.mean(decaying):.0%}"
    )
    ax.axvline(0, ymax=0.8, color=INK, linewidth=0.7)
    ax.set_xlabel(SIGNED_OMEGA)
    ax.set_ylabel("share of the excitations")
    ax.set_ylim(0, 1.3 * ax.get_ylim()[1])  # room for the legend
    ax.legend(loc="upper left", ncols=2)
    return ax


def table_spectrum(found: Sequence[Excitations]) -> Table:
    """Return the signed frequency of every excitation.

    Args:
        found: the excitations of each glass.
    """
    rows: list[tuple[Cell, ...]] = [
        (g, float(omega)) for g, one in enumerate(found) for omega in _root(one.modes.omega2_m)
    ]
    return Table(("glass", "signed omega [sqrt(epsilon/m)/sigma]"), tuple(rows))


def _scales(found: Sequence[Excitations]) -> dict[str, Estimate]:
    from analysis.excitations import summarise_overlaps

    rows = summarise_overlaps([one.overlap for one in found if one.overlap is not None])["share_in_the_soft_modes_of"]
    return {name: rows[name] for name in rows if name.startswith(("random", "responses"))}


@styled
def plot_overlap(found: Sequence[Excitations], ax: Axes | None = None) -> Axes:
    """Draw how much of each concentration excitation lies in the space of the soft modes, beside four scales of chance.

    Args:
        found: the excitations of each glass.
        ax: where to draw.
    """
    ax = axes_or_new(ax)
    measured = [one.overlap for one in found if one.overlap is not None]
    if not measured:
        note(ax, "no soft modes to compare with")
        return ax
    for i, overlap in enumerate(measured):
        label = "each excitation" if i == 0 else None
        ax.plot(
            _root(overlap.omega2_m), overlap.total_m, ".", color=BLUE, ms=4, alpha=0.6, label=label, rasterized=True
        )
    styles = ((PURPLE, SOLID), (GREEN, DASHED), (VERMILION, DOTTED), (GREY, SOLID))
    for (name, share), (colour, dashes) in zip(_scales(found).items(), styles, strict=True):
        ax.axhline(share.value, color=colour, linestyle=dashes, linewidth=1.3, label=f"{name}: {share.value:.2g}")
    ax.set_ylim(0, 1.6)
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.set_xlabel(SIGNED_OMEGA)
    ax.set_ylabel("share inside the soft modes")
    ax.legend(loc="upper left", fontsize=8)
    return ax


def table_overlap(found: Sequence[Excitations]) -> Table:
    """Return the share of every excitation inside the space of the soft modes, and the scales of chance.

    Args:
        found: the excitations of each glass.
    """
    header = ("glass or scale", "signed omega [sqrt(epsilon/m)/sigma]", "share inside the soft modes [1]", "error [1]")
    rows: list[tuple[Cell, ...]] = []
    for g, one in enumerate(found):
        if one.overlap is not None:
            pairs = zip(_root(one.overlap.omega2_m), one.overlap.total_m, strict=True)
            rows += [(g, float(omega), float(share), float("nan")) for omega, share in pairs]
    if rows:
        rows += [(name, float("nan"), share.value, share.error) for name, share in _scales(found).items()]
    return Table(header, tuple(rows))


@styled
def figure_excitations(order: AlloyOrder, found: Sequence[Excitations] = ()) -> Figure:
    """Draw order and waves, and below them, where they are known, displacements, energies, spectrum and overlap.

    Args:
        order: the order of an ensemble.
        found: the excitations of each glass; none where only the order is known.
    """
    figure = new_figure(8.6, 3.6 if not found else 10.2)
    axes = figure.subplots(1 if not found else 3, 2, squeeze=False)
    plot_order(order, axes[0, 0])
    plot_waves(order, axes[0, 1])
    if found:
        plot_profile(found[0], axes[1, 0])
        plot_energies_of_waves(found, axes[1, 1])
        plot_spectrum(found, axes[2, 0])
        plot_overlap(found, axes[2, 1])
    return figure
