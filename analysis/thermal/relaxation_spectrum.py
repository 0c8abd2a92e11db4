"""Relaxation of soft potentials for any glass: sound that they follow too late, and heat that they take in time.

Reduced quantities: s = Omega/g, the quantum of the phonon hbar omega/W over the coupling g to the phonons; tau =
k_B T/W; g theta, the time of an experiment in units of hbar/W times g. One table of each serves all glasses. There is
no attempt time and no deepest double well to choose.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import RectBivariateSpline

from analysis.soft_potential.level_table import Images, Progress
from analysis.soft_potential.potential_mesh import LevelCut, MeshPlan
from analysis.thermal.decay_densities import (
    DecayDensities,
    Measure,
    decay_densities,
    field_coupling,
    landscape_coupling,
)
from atomsim.cache import cached_result
from atomsim.errors import InputError
from atomsim.results import Array, quantity

VERSION = 1  # of the numbers in a table: to be raised whenever the method changes
FREQUENCIES, LOG_STEP = (1e-12, 1e6), 0.25  # of s, and of its logarithm
TIMES, LOG_TIME_STEP = (1e-2, 1e17), 0.4  # of g theta, and of its logarithm
LOG_TEMPERATURE_STEP = 0.18
TESTED = slice(None, None, 4)  # temperatures at which number of levels and range are tested
FEWER_LEVELS = LevelCut(thermal=17.0, above_barrier=8.0)
LESS_DEEP = LevelCut(rare=56.0, action=30.0)
COARSE = MeshPlan(lines=80, nodes=24)
COUNTING = 1e-6  # of the largest value of the same temperature: smaller ones do not count in the errors [-]
TWO_LEVEL_POWER = 3.0  # of the energy in the rate of a two-level system
ABSORPTION_POWER = 0.75  # of the temperature in the classical absorption


@dataclass(frozen=True)
class RelaxationTable:
    """Absorption and heat capacity by modes of decay, with the error of their parts."""

    measure: str = quantity("text", "distribution of the potentials and coupling")
    s_k: Array = quantity("1", "quanta of the phonons over W g, equally spaced in their logarithm")
    tau_t: Array = quantity("W", "temperatures, equally spaced in their logarithm")
    absorption_kt: Array = quantity("1", "relaxational absorption over pi omega C/v, extrapolated from two meshes")
    time_j: Array = quantity("hbar/W", "times of the experiment times g, equally spaced in their logarithm")
    heat_double_jt: Array = quantity("k_B", "heat capacity of double wells that came to equilibrium")
    heat_single_jt: Array = quantity("k_B", "heat capacity of single wells that came to equilibrium")
    absorption_step_error_kt: Array = quantity("1", "half the relative change of the absorption by the extrapolation")
    heat_step_error_jt: Array = quantity("1", "half the relative change of the heat capacity by the extrapolation")
    level_error: float = quantity("1", "largest relative change on taking fewer levels")
    range_error: float = quantity("1", "largest relative change on taking in less of the plane")
    rate_power: float = quantity("1", "power of the temperature in classical rates")
    heat_power: float = quantity("1", "power of the temperature in the heat capacity of vibrations")
    lines: int = quantity("1", "steps of the mesh in D2")
    nodes: int = quantity("1", "nodes of a line")
    n_potentials: int = quantity("1", "potentials solved")
    seconds: float = quantity("s", "time of the tabulation")

    def error(self, lowest_tau: float, highest_tau: float) -> tuple[float, float]:
        """Return the largest errors of absorption and of heat capacity, from steps, levels and range [-].

        Where the absorption is less than a millionth of its largest value at the same temperature, its error does
        not count.

        Args:
            lowest_tau: first temperature [W].
            highest_tau: last temperature [W].
        """
        used = (self.tau_t >= lowest_tau * (1 - 1e-9)) & (self.tau_t <= highest_tau * (1 + 1e-9))
        counts = self.absorption_kt > COUNTING * self.absorption_kt.max(axis=0)
        absorption = np.where(counts, self.absorption_step_error_kt, 0.0)[:, used].max()
        rest = self.level_error + self.range_error
        return float(absorption) + rest, float(self.heat_step_error_jt[:, used].max()) + rest


def log_grid(ends: tuple[float, float], step: float) -> Array:
    """Return numbers equally spaced in their logarithm, not farther apart than a step [unit of the ends].

    Args:
        ends: first and last [any unit].
        step: of the logarithm, at most [-].
    """
    return np.geomspace(*ends, 1 + int(np.ceil(np.log(ends[1] / ends[0]) / step)))


def absorption_of(densities: DecayDensities, s_k: Array, tau_t: Array) -> Array:
    """Return the relaxational absorption, shape (frequencies, temperatures) [pi omega C/v].

    (1/pi tau) integral of the weights times (s/r)/(1 + (s/r)^2).

    Source: soft-potential-notes (rate matrix); test: test_relaxation_table_is_the_sum_over_a_mesh

    Args:
        densities: weights of the modes over ln r.
        s_k: quanta of the phonons over W g [-].
        tau_t: temperatures [W].
    """
    return np.cosh(np.log(s_k)[:, None] - densities.log_rate_b) ** -1 / 2 @ densities.strength_bt / (np.pi * tau_t)


def heat_of(densities: DecayDensities, time_j: Array) -> tuple[Array, Array]:
    """Return the heat capacities of double and of single wells, shape (times, temperatures) [k_B].

    The integral of the weights times 1 - exp(-r t).

    Source: soft-potential-notes (time of the experiment); test: test_heat_of_the_table_is_the_sum_over_a_mesh

    Args:
        densities: weights of the modes over ln r.
        time_j: times of the experiment times g [hbar/W].
    """
    followed = -np.expm1(-np.exp(np.minimum(densities.log_rate_b + np.log(time_j)[:, None], 50.0)))
    return followed @ densities.heat_double_bt, followed @ densities.heat_single_bt


def tabulate_relaxation(
    plan: MeshPlan | None = None, *, measure: Measure = field_coupling, name: str = "uniform (D1, D2)",
    images: Sequence[Images] = (Images.LOWER_MINIMUM,), rate_power: float = 0.5, heat_power: float = 5.0,
    progress: Progress | None = None,
) -> RelaxationTable:  # fmt: skip
    """Return absorption and heat capacity of soft potentials by their modes of decay.

    Source: soft-potential-notes (rate matrix); test: test_relaxation_table_is_the_sum_over_a_mesh

    Args:
        plan: fineness and range of the mesh.
        measure: coupling and density on a line.
        name: what to call them.
        images: the meshes that cover the plane.
        rate_power: power of the temperature in classical rates [-].
        heat_power: power of the temperature in the heat capacity of vibrations [-].
        progress: called with the number of finished and of all lines of the finest mesh.
    """
    plan = plan or MeshPlan()
    start = time.perf_counter()
    tau_t = log_grid((plan.coldest, plan.hottest), LOG_TEMPERATURE_STEP)
    s_k, time_j = log_grid(FREQUENCIES, LOG_STEP), log_grid(TIMES, LOG_TIME_STEP)

    def numbers(part: MeshPlan, at: Array, report: Progress | None = None) -> tuple[Array, Array, Array, int]:
        plans = [replace(part, images=image.value) for image in images]
        found = decay_densities(plans, measure, at, progress=report)
        return absorption_of(found, s_k, at), *heat_of(found, time_j), found.n_potentials

    fine, coarse = numbers(plan, tau_t, progress), numbers(plan.coarser(), tau_t)
    cuts = [numbers(replace(plan.coarser(), cut=cut), tau_t[TESTED]) for cut in (FEWER_LEVELS, LESS_DEEP)]
    level, reach = (_largest_change(cut[:3], [array[:, TESTED] for array in coarse[:3]]) for cut in cuts)
    value = [(4 * f - c) / 3 for f, c in zip(fine[:3], coarse[:3], strict=True)]
    heat, fine_heat = value[1] + value[2], fine[1] + fine[2]
    return RelaxationTable(
        name, s_k, tau_t, value[0], time_j, value[1], value[2],
        np.abs(fine[0] / value[0] - 1) / 2, np.abs(fine_heat / heat - 1) / 2, level, reach,
        rate_power, heat_power, plan.lines, plan.nodes, fine[3], time.perf_counter() - start,
    )  # fmt: skip


def _largest_change(changed: Sequence[Array], numbers: Sequence[Array]) -> float:
    """The largest relative change of absorption and heat capacity, where the absorption counts."""
    counts = numbers[0] > COUNTING * numbers[0].max(axis=0)
    absorption = np.where(counts, np.abs(changed[0] / numbers[0] - 1), 0.0)
    heat = np.abs((changed[1] + changed[2]) / (numbers[1] + numbers[2]) - 1)
    return float(max(absorption.max(), heat.max()))


@dataclass(frozen=True)
class RelaxationSpectrum:
    """Relaxational absorption R(s, tau) and heat capacity C(g theta, tau) of one table, and their continuation."""

    table: RelaxationTable

    def absorption(self, s: ArrayLike, tau: ArrayLike) -> Array:
        """Return the relaxational absorption in units of pi omega C/v [-].

        Source: soft-potential-notes (relaxation); test: test_relaxation_joins_its_limits

        Args:
            s: quantum of the phonon over W g [-].
            tau: k_B T/W [-].
        """
        return self.absorption_with_derivatives(s, tau)[0]

    def absorption_with_derivatives(self, s: ArrayLike, tau: ArrayLike) -> tuple[Array, Array, Array]:
        """Return R and its derivatives d ln R/d ln s, d ln R/d ln tau [-].

        Outside the table: below it in tau two levels remain, whose rates go with the cube of the energy, so that R
        depends on s/tau^3 alone but for logarithms; above it in tau the wells are classical, x ~ tau^{1/4}, rates go
        with tau^{1/2} (for a coupling x; with tau for x^2), and R = tau^{3/4} R(s/rate); above it in s nothing
        follows, R ~ 1/s; below it in s R is constant, the plateau of tunnelling systems.

        Source: soft-potential-notes (relaxation); test: test_relaxation_joins_its_limits

        Args:
            s: quantum of the phonon over W g [-].
            tau: k_B T/W [-].

        Raises:
            InputError: a frequency or a temperature is not positive.
        """
        s, tau = np.broadcast_arrays(np.asarray(s, dtype=float), np.asarray(tau, dtype=float))
        if not (np.all(s > 0) and np.all(tau > 0)):
            raise InputError("frequencies and temperatures must be positive")
        t = self.table
        u, v = np.log(s), np.log(tau)
        first, last = np.log(t.tau_t[[0, -1]])
        cold, hot = np.minimum(v - first, 0.0), np.maximum(v - last, 0.0)
        inside = np.clip(v, first, last)
        moved = u - TWO_LEVEL_POWER * cold - t.rate_power * hot
        low, high = np.log(t.s_k[[0, -1]])
        at = np.clip(moved, low, high)
        beyond = np.maximum(moved - high, 0.0)
        value = np.exp(self._absorption.ev(at, inside) - beyond + ABSORPTION_POWER * hot)
        by_s = np.where(moved > high, -1.0, np.where(moved < low, 0.0, self._absorption.ev(at, inside, dx=1)))
        by_tau = np.where(inside == v, self._absorption.ev(at, inside, dy=1), 0.0)
        by_tau = np.where(cold < 0, -TWO_LEVEL_POWER * by_s, by_tau)
        return value, by_s, np.where(hot > 0, ABSORPTION_POWER - t.rate_power * by_s, by_tau)

    def heat_capacity(self, g_theta: ArrayLike, tau: ArrayLike) -> tuple[Array, Array]:
        """Return the heat capacities of double and of single wells that come to equilibrium in time [k_B].

        Times P_s, a specific heat per volume over k_B. Below the table in tau two levels remain, and the heat
        capacity over tau depends on g theta tau^3 alone but for logarithms; above it vibrations hold the heat, ~
        tau^5 (or tau^3 for potentials uniform in (alpha, beta)).

        Source: soft-potential-notes (specific heat); test: test_heat_capacity_joins_its_limits

        Args:
            g_theta: time of the experiment in units of hbar/W, times g [-].
            tau: k_B T/W [-].

        Raises:
            InputError: a time outside the table, or a temperature that is not positive.
        """
        g_theta, tau = np.broadcast_arrays(np.asarray(g_theta, dtype=float), np.asarray(tau, dtype=float))
        t = self.table
        if not (np.all(tau > 0) and np.all(g_theta >= t.time_j[0]) and np.all(g_theta <= t.time_j[-1])):
            raise InputError(
                f"heat capacity: expected positive temperatures, and times of {t.time_j[0]:g} to {t.time_j[-1]:g} "
                f"hbar/(g W), got {np.min(g_theta):.3g} to {np.max(g_theta):.3g}"
            )
        inside = np.clip(tau, t.tau_t[0], t.tau_t[-1])
        cold, hot = np.minimum(tau / t.tau_t[0], 1.0), np.maximum(tau / t.tau_t[-1], 1.0)
        u = np.log(np.maximum(g_theta * cold**TWO_LEVEL_POWER, t.time_j[0]))
        factor = cold * hot**t.heat_power
        double = np.exp(self._double.ev(u, np.log(inside)))
        single = np.maximum(self._single.ev(u, np.log(inside)), 0.0) * inside**t.heat_power
        return factor * double, factor * single

    @cached_property
    def _absorption(self) -> RectBivariateSpline:
        t = self.table
        return RectBivariateSpline(np.log(t.s_k), np.log(t.tau_t), np.log(t.absorption_kt), kx=3, ky=3, s=0)

    @cached_property
    def _double(self) -> RectBivariateSpline:
        t = self.table
        return RectBivariateSpline(np.log(t.time_j), np.log(t.tau_t), np.log(t.heat_double_jt), kx=3, ky=3, s=0)

    @cached_property
    def _single(self) -> RectBivariateSpline:
        t = self.table
        reduced = t.heat_single_jt / t.tau_t**t.heat_power
        return RectBivariateSpline(np.log(t.time_j), np.log(t.tau_t), reduced, kx=3, ky=3, s=0)


def load_relaxation(
    resolution: MeshPlan | None = None, *, folder: Path | None = None, progress: Progress | None = None
) -> tuple[RelaxationSpectrum, str]:
    """Return the relaxation of potentials uniform in (D1, D2), from the cache or computed; and which, in words.

    Args:
        resolution: the mesh behind the table.
        folder: where tables are kept; the cache folder of the user by default.
        progress: called with the number of finished and of all lines of the mesh.
    """
    plan = resolution or MeshPlan()
    table, words = cached_result(
        RelaxationTable,
        "relaxation",
        {"version": VERSION, **vars(plan)},
        lambda: tabulate_relaxation(plan, progress=progress),
        folder=folder,
    )
    return RelaxationSpectrum(table), _words(table, words)


def load_landscape_relaxation(
    resolution: MeshPlan | None = None, *, b: float, folder: Path | None = None, progress: Progress | None = None
) -> tuple[RelaxationSpectrum, str]:
    """Return the relaxation of potentials uniform in (alpha, beta), deformed by strain; and where it is from, in words.

    The coupling is y^2 + 2 delta y, for each stationary point of each potential.

    Source: karpov-parshin-1985 (4.9); test: test_landscape_relaxation_of_type_II_systems

    Args:
        resolution: the mesh behind the table.
        b: coupling to the square of the fast strain [-].
        folder: where tables are kept; the cache folder of the user by default.
        progress: called with the number of finished and of all lines of the mesh.
    """
    plan = resolution or MeshPlan()
    table, words = cached_result(
        RelaxationTable,
        "landscape-relaxation",
        {"version": VERSION, "b": b, **vars(plan)},
        lambda: tabulate_relaxation(
            plan,
            measure=landscape_coupling(b),
            name=f"uniform (alpha, beta), b = {b:g}",
            images=tuple(Images),
            rate_power=1.0,
            heat_power=3.0,
            progress=progress,
        ),
        folder=folder,
    )
    return RelaxationSpectrum(table), _words(table, words)


def _words(table: RelaxationTable, words: str) -> str:
    return f"{words} ({table.n_potentials} potentials in {table.seconds:.0f} s)"


@cache
def production_relaxation(progress: Progress | None = None) -> RelaxationSpectrum:
    """Return the relaxation of potentials uniform in (D1, D2): made once, in minutes, then kept on disk [-].

    Args:
        progress: called with the number of finished and of all lines while the table is made.
    """
    return load_relaxation(progress=progress)[0]
