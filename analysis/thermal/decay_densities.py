"""At which rates soft potentials come to equilibrium: densities of their modes of decay over the rate.

All golden-rule rates of a potential are proportional to one number g, so its modes decay with rates g r that depend
on the temperature tau = k_B T/W alone. Here the squared weights of the modes are integrated over the potentials and
sorted by ln r: the weights of the coupling, which make absorption, and those of the energy, which make specific heat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.level_table import Images, Progress
from analysis.soft_potential.measures import SMALLEST_CURVATURE, TINY, static_shift
from analysis.soft_potential.potential_mesh import EMPTY, LevelCut, MeshPlan, PotentialLine, solved_line
from analysis.thermal.rate_matrix import decay_modes
from atomsim.results import Array, quantity

IDLE = 35.0  # first gap over k_B T from which a potential neither absorbs nor holds heat [-]
SIZES = np.array([2, 3, 4, 6, 8, 11, 14, 18, 22, 28, 34, 42, 50, 60, 72, 90])  # levels that are taken together
LOWEST_LOG_RATE, HIGHEST_LOG_RATE, LOG_BIN = -56.0, 16.0, 0.1
SUBSTEPS = 8  # between two lines; the logarithms of rates are linear there


@dataclass(frozen=True)
class Coupling:
    """The operator u x^2 + v x of each node of a line, and the weights of the integral over the nodes and D2."""

    weight_n: Array = quantity("1", "density per coordinate of the nodes and D2, times the weight of the node")
    u_n: Array = quantity("1", "factor of x^2")
    v_n: Array = quantity("1", "factor of x")


# What couples to strain on a line, and with which density: one entry for each sign of D1 that differs.
Measure = Callable[[PotentialLine], Sequence[Coupling]]


@dataclass(frozen=True)
class DecayDensities:
    """Squared weights of all modes, summed over the potentials, in bins of ln r."""

    log_rate_b: Array = quantity("1", "ln r at the middle of each bin, r in units of W/hbar")
    strength_bt: Array = quantity("1", "weights of the coupling")
    heat_double_bt: Array = quantity("k_B", "heat capacity of double wells")
    heat_single_bt: Array = quantity("k_B", "heat capacity of single wells")
    n_potentials: int = quantity("1", "potentials solved")


def field_coupling(line: PotentialLine) -> list[Coupling]:
    """Return the coupling x of potentials uniform in (D1, D2), both signs of D1.

    Source: soft-potential-notes (later form); test: test_relaxation_table_is_the_sum_over_a_mesh

    Args:
        line: lower minima.
    """
    return [Coupling(2 * line.weight_n, np.zeros_like(line.D1_n), np.ones_like(line.D1_n))]


def landscape_coupling(b: float) -> Measure:
    """Return the coupling y^2 + 2 delta y of potentials uniform in (alpha, beta), as a function of a line.

    In the cubic-free frame x^2 + 2 (delta - x_j) x, with the area element 4 dD2 dx_j at the stationary point x_j.

    Source: karpov-parshin-1985 (4.9); test: test_landscape_relaxation_of_type_II_systems

    Args:
        b: coupling to the square of the fast strain [-].
    """

    def couplings(line: PotentialLine) -> list[Coupling]:
        alpha, beta = line.D2 + 6 * line.place_n**2, 4 * line.place_n
        weight = 4 * line.weight_n
        if line.images == Images.LOWER_MINIMUM:  # whose coordinate is D1
            weight = weight / np.maximum(2 * np.abs(alpha), SMALLEST_CURVATURE)
        shifts = (static_shift(alpha, beta, b=sign * b) for sign in (1.0, -1.0))
        return [Coupling(weight, np.ones_like(beta), 2 * (shift - line.place_n)) for shift in shifts]

    return couplings


def decay_densities(
    plans: Sequence[MeshPlan], measure: Measure, tau_t: Array, *, progress: Progress | None = None
) -> DecayDensities:
    """Return the densities of the modes of decay of all potentials.

    Between two lines of a mesh the modes of nodes of the same number are joined, slowest to slowest, with ln r and
    the logarithm of the weights linear: rates of deep wells change by orders from line to line.

    Source: soft-potential-notes (rate matrix); test: test_relaxation_table_is_the_sum_over_a_mesh

    Args:
        plans: meshes that cover the plane together.
        measure: coupling and density.
        tau_t: temperatures [W].
        progress: called with the number of finished and of all lines.
    """
    count = round((HIGHEST_LOG_RATE - LOWEST_LOG_RATE) / LOG_BIN) + 1
    bins, potentials, done = np.zeros((3, len(tau_t), count)), 0, 0
    steps = sum(plan.lines + 1 for plan in plans)
    for plan in plans:
        before: dict[tuple[int, int], _LineModes] = {}
        for D2, step in zip(*plan.line_places(), strict=True):
            line = solved_line(float(D2), plan)
            potentials += len(line.D1_n)
            now: dict[tuple[int, int], _LineModes] = {}
            for c, coupling in enumerate(measure(line)):
                for t, tau in enumerate(tau_t):
                    if plan.cut.frozen(line.D2, float(tau)) and 2 * np.sqrt(-2 * line.D2) > IDLE * tau:
                        continue
                    now[c, t] = _line_modes(line, coupling, float(tau), plan.cut, float(step))
                    if (c, t) in before:
                        _add_strip(before[c, t], now[c, t], bins[:, t])
            before, done = now, done + 1
            if progress is not None:
                progress(done, steps)
    log_rate = LOWEST_LOG_RATE + LOG_BIN * np.arange(count, dtype=float)
    return DecayDensities(log_rate, bins[0].T, bins[1].T, bins[2].T, potentials)


@dataclass(frozen=True)
class _LineModes:
    """Modes of the nodes of a line: ln r, slowest first, NaN where there is none, and weights (3, nodes, modes)."""

    log_rate_nk: Array
    weight_snk: Array


def _line_modes(line: PotentialLine, coupling: Coupling, tau: float, cut: LevelCut, step: float) -> _LineModes:
    """The modes of all nodes that are not idle, with their weights in the integral."""
    wanted = np.sum(line.energy_nm <= cut.energy(line.barrier_n, tau)[:, None], axis=1) + 1
    solved = np.sum(line.energy_nm < EMPTY, axis=1)
    sizes = np.minimum(SIZES[np.searchsorted(SIZES, wanted).clip(max=len(SIZES) - 1)], solved)
    busy = line.energy_nm[:, 1] <= IDLE * tau
    # Vibrations in wells that neither tunnel nor jump decay at 8 |D2| and more; what is slower is rounding.
    slowest = -line.D2 if cut.frozen(line.D2, tau) else 0.0
    most = int(sizes[busy].max(initial=2)) - 1
    log_rate = np.full((len(sizes), most), np.nan)
    weight = np.zeros((3, len(sizes), most))
    for size in np.unique(sizes[busy]):
        n = np.flatnonzero(busy & (sizes == size))
        u, v = coupling.u_n[n, None, None], coupling.v_n[n, None, None]
        operator = v * line.x_nmm[n, :size, :size] + u * line.x2_nmm[n, :size, :size]
        rate, strength, heat = decay_modes(line.energy_nm[n, :size], operator, tau=tau)
        rate = np.where(rate > slowest, rate, 0.0)
        log_rate[n, : size - 1] = np.log(np.maximum(rate, np.exp(LOWEST_LOG_RATE)))
        measure = step * coupling.weight_n[n, None]
        double = line.double_well_n[n, None]
        weight[:, n, : size - 1] = measure * strength, measure * heat * double, measure * heat * (1 - double)
    return _LineModes(log_rate, weight)


def _add_strip(first: _LineModes, second: _LineModes, bins_sb: Array) -> None:
    """Add what lies between two lines; a mode that one of them lacks keeps its rate.

    The logarithms of the rates and of the sums of the weights of each node are linear, and so are the shares.
    """
    most = max(first.log_rate_nk.shape[1], second.log_rate_nk.shape[1])
    rates, weights = zip(*(_padded(modes, most) for modes in (first, second)), strict=True)
    low, high = (np.where(np.isnan(a), b, a) for a, b in (rates, rates[::-1]))
    used = ~np.isnan(low)
    low, high = low[used], high[used]
    sums = [np.stack([w[0].sum(-1), *[w[1:].sum((0, -1))] * 2]) for w in weights]  # heat: both kinds of wells
    shares = [(w / np.maximum(total, TINY)[..., None])[:, used] for w, total in zip(weights, sums, strict=True)]
    log_sums = [np.repeat(np.log(np.maximum(t, TINY))[..., None], most, -1)[:, used] for t in sums]
    for part in (np.arange(SUBSTEPS) + 0.5) / SUBSTEPS:
        place = np.clip((low + part * (high - low) - LOWEST_LOG_RATE) / LOG_BIN, 0, bins_sb.shape[1] - 1.001)
        left = place.astype(np.int64)
        upper = place - left
        weight_s = np.exp(log_sums[0] + part * (log_sums[1] - log_sums[0])) / SUBSTEPS
        weight_s *= shares[0] + part * (shares[1] - shares[0])
        for total, weight in zip(bins_sb, weight_s, strict=True):
            total += np.bincount(left, weight * (1 - upper), len(total))
            total += np.bincount(left + 1, weight * upper, len(total))


def _padded(modes: _LineModes, most: int) -> tuple[Array, Array]:
    missing = most - modes.log_rate_nk.shape[1]
    return (
        np.pad(modes.log_rate_nk, ((0, 0), (0, missing)), constant_values=np.nan),
        np.pad(modes.weight_snk, ((0, 0), (0, 0), (0, missing))),
    )
