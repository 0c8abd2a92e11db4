"""Absorption of sound by soft potentials from all their levels, as a smooth function of frequency and temperature.

Reduced quantities: Omega = hbar omega/W, tau = k_B T/W. ``Absorption`` is J of potentials uniform in (D1, D2), for
which the inverse mean free path is pi omega C/v times J; ``LandscapeAbsorption`` is I_y or I_d of potentials uniform
in (alpha, beta). Inside the table, the logarithm of the ratio to tanh(Omega/2 tau) is a bicubic spline of ln Omega and
ln tau; outside, the known limits continue it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import RectBivariateSpline

from analysis.soft_potential.absorption_table import (
    VERSION,
    AbsorptionTable,
    tabulate_absorption,
    tabulate_landscape_absorption,
)
from analysis.soft_potential.level_table import Progress, Resolution
from analysis.thermal.absorption_limits import FieldLimits, LandscapeLimits, Limits
from atomsim.cache import cached_result
from atomsim.errors import InputError
from atomsim.results import Array

HOT_SCALE = 4.1  # W over Omega in the logarithm that what is not in the law of two levels falls off with [-]
FIELD_LIMITS = FieldLimits()  # made once: their law takes some milliseconds


@dataclass(frozen=True)
class Absorption:
    """The absorption J(Omega, tau) of one table: coupling to the linear term, potentials uniform in (D1, D2)."""

    table: AbsorptionTable

    @property
    def limits(self) -> Limits:
        """Return the laws that continue the table."""
        return FIELD_LIMITS

    def __call__(self, omega: ArrayLike, tau: ArrayLike) -> Array:
        """Return the absorption [-].

        Source: soft-potential-notes (limits); test: test_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        return self.with_derivatives(omega, tau)[0]

    def with_derivatives(self, omega: ArrayLike, tau: ArrayLike) -> tuple[Array, Array, Array]:
        """Return the absorption and its derivatives with respect to ln Omega and ln tau, of its logarithm [-].

        Outside the table: below it in Omega the ratio to the law of two levels tends to one like 1/ln; above it the
        law of vibrations is approached like a power of Omega; below it in tau only the tanh depends on tau; above it
        the absorption is that of two levels, and a classical rest that scales as a power of tau at fixed
        Omega tau^{-1/4}. The last is good for Omega tau^{-1/4} > 2, and of the right order only for Omega far below
        one.

        Source: soft-potential-notes (limits); test: test_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].

        Raises:
            InputError: a frequency or a temperature is not positive.
        """
        omega, tau = np.broadcast_arrays(np.asarray(omega, dtype=float), np.asarray(tau, dtype=float))
        if not (np.all(omega > 0) and np.all(tau > 0)):
            raise InputError("frequencies and temperatures must be positive")
        hottest = self.table.tau_t[-1]
        hot = np.maximum(tau / hottest, 1.0)
        reduced = omega * hot**-0.25
        value, by_omega, by_tau = self._to_hottest(reduced, np.minimum(tau, hottest))
        if not np.any(hot > 1):
            return value, by_omega, by_tau
        tunnelling, slope = self._tunnelling(omega, tau)
        tunnelling_then, slope_then = self._tunnelling(reduced, np.full_like(tau, hottest))
        growth = hot**self.limits.hot_power
        rest, rest_slope = growth * (value - tunnelling_then), growth * (value * by_omega - slope_then)
        scaled = tunnelling + rest
        _, tanh_slope = _tanh_and_slope(omega / (2 * tau))
        tau_slope = -tanh_slope * self.limits.low(omega)[0]
        above = hot > 1
        return (
            np.where(above, scaled, value),
            np.where(above, (slope + rest_slope) / scaled, by_omega),
            np.where(above, (self.limits.hot_power * rest - 0.25 * rest_slope + tau_slope) / scaled, by_tau),
        )

    def _tunnelling(self, omega: Array, tau: Array) -> tuple[Array, Array]:
        """The law of two levels, and its derivative with respect to ln Omega."""
        law, law_slope = self.limits.low(omega)
        tanh, tanh_slope = _tanh_and_slope(omega / (2 * tau))
        return law * tanh, law * (tanh * law_slope + tanh_slope)

    def _to_hottest(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """The same for temperatures that do not exceed those of the table."""
        low, high = self.table.omega_k[0], self.table.omega_k[-1]
        inside, at_tau = np.clip(omega, low, high), np.maximum(tau, self.table.tau_t[0])
        u, v = np.log(inside), np.log(at_tau)
        ratio = np.exp(self._spline.ev(u, v))
        slope_omega, slope_tau = self._spline.ev(u, v, dx=1), self._spline.ev(u, v, dy=1)
        slope_omega = np.where(inside == omega, slope_omega, 0.0)
        slope_tau = np.where(at_tau == tau, slope_tau, 0.0)
        below = omega < low
        if np.any(below):
            law, law_slope = self.limits.low(omega)
            logarithm = np.log(HOT_SCALE / np.where(below, omega, low))
            fall = np.log(HOT_SCALE / low) / logarithm
            over = ratio / self.limits.low(np.asarray(low))[0]
            falling = (over - 1) * fall
            slope_tau = np.where(below, slope_tau * fall * over / (1 + falling), slope_tau)
            slope_omega = np.where(below, law_slope + falling / ((1 + falling) * logarithm), slope_omega)
            ratio = np.where(below, law * (1 + falling), ratio)
        value, by_omega, by_tau = _with_tanh(ratio, slope_omega, slope_tau, omega, tau)
        return self._above(value, by_omega, by_tau, omega, tau) if np.any(omega > high) else (value, by_omega, by_tau)

    def _above(
        self, value: Array, by_omega: Array, by_tau: Array, omega: Array, tau: Array
    ) -> tuple[Array, Array, Array]:
        """Replace what lies above the highest frequency of the table."""
        last = self.table.omega_k[-1]
        edge, _, edge_tau = self._to_hottest(np.full_like(omega, last), tau)
        law_then, _, law_tau_then = self.limits.high(np.full_like(omega, last), tau)
        law, law_omega, law_tau = self.limits.high(omega, tau)
        over = edge / law_then
        fall = np.maximum(omega / last, 1.0) ** self.limits.far_power
        correction = 1 + (over - 1) * fall
        above = omega > last
        return (
            np.where(above, law * correction, value),
            np.where(above, law_omega + self.limits.far_power * (over - 1) * fall / correction, by_omega),
            np.where(above, law_tau + (edge_tau - law_tau_then) * over * fall / correction, by_tau),
        )

    @cached_property
    def _spline(self) -> RectBivariateSpline:
        t = self.table
        ratio = t.absorption_kt / np.tanh(t.omega_k[:, None] / (2 * t.tau_t))
        return RectBivariateSpline(np.log(t.omega_k), np.log(t.tau_t), np.log(ratio), kx=3, ky=3, s=0)


@dataclass(frozen=True)
class LandscapeAbsorption(Absorption):
    """I_y (without b) or I_d (with b) of one table: potentials uniform in (alpha, beta)."""

    b: float | None = None

    @cached_property
    def _landscape_limits(self) -> LandscapeLimits:
        return LandscapeLimits(self.b)

    @property
    def limits(self) -> Limits:
        """Return the laws that continue the table."""
        return self._landscape_limits


def _tanh_and_slope(x: Array) -> tuple[Array, Array]:
    """tanh(x) and x times its derivative."""
    tanh = np.tanh(x)
    return tanh, x * (1 - tanh**2)


def _with_tanh(ratio: Array, slope_omega: Array, slope_tau: Array, omega: Array, tau: Array) -> tuple[Array, ...]:
    """The ratio to tanh(x), x = Omega/2 tau, times tanh(x)."""
    x = omega / (2 * tau)
    log_slope = 2 * np.minimum(x, 300.0) / np.sinh(2 * np.minimum(x, 300.0))  # x/(sinh x cosh x)
    return ratio * np.tanh(x), slope_omega + log_slope, slope_tau - log_slope


def load_absorption(
    resolution: Resolution | None = None, *, folder: Path | None = None, progress: Progress | None = None
) -> tuple[Absorption, str]:
    """Return the absorption of potentials uniform in (D1, D2), from the cache or computed; and which of both, in words.

    Args:
        resolution: fineness of the mesh behind the table.
        folder: where tables are kept; the cache folder of the user by default.
        progress: called with the number of finished and of all steps of the tabulation.
    """
    resolution = resolution or Resolution()
    table, words = cached_result(
        AbsorptionTable,
        "absorption",
        {"version": VERSION, **vars(resolution)},
        lambda: tabulate_absorption(resolution, progress=progress),
        folder=folder,
    )
    return Absorption(table), _with_cost(words, table)


def load_landscape_absorption(
    resolution: Resolution | None = None, *, b: float | None, folder: Path | None = None,
    progress: Progress | None = None,
) -> tuple[LandscapeAbsorption, str]:  # fmt: skip
    """Return I_y or I_d of potentials uniform in (alpha, beta), from the cache or computed; and which, in words.

    Args:
        resolution: fineness of the meshes behind the table.
        b: coupling to the square of the fast strain; None for a coupling to the displacement, I_y [-].
        folder: where tables are kept; the cache folder of the user by default.
        progress: called with the number of finished and of all steps of the tabulation.
    """
    resolution = resolution or Resolution()
    table, words = cached_result(
        AbsorptionTable,
        "landscape-absorption",
        {"version": VERSION, "b": None if b is None else float(b), **vars(resolution)},
        lambda: tabulate_landscape_absorption(resolution, b=b, progress=progress),
        folder=folder,
    )
    return LandscapeAbsorption(table, b), _with_cost(words, table)


def _with_cost(words: str, table: AbsorptionTable) -> str:
    """Where a table came from, and what it cost once."""
    return f"{words} ({table.n_potentials} potentials in {table.seconds:.0f} s)"
