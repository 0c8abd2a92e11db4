"""Absorption of sound by soft potentials from all their levels, as a smooth function of frequency and temperature.

Reduced quantities: Omega = hbar omega/W, tau = k_B T/W; the inverse mean free path is pi omega C/v times the
absorption J. Inside the table, ln(J/tanh(Omega/2 tau)) is a bicubic spline of ln Omega and ln tau; outside, the known
limits continue it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline, RectBivariateSpline

from analysis.soft_potential.absorption_table import VERSION, AbsorptionTable, tabulate_absorption
from analysis.soft_potential.deep_wells import splitting, wkb_action
from analysis.soft_potential.level_table import Progress, Resolution
from analysis.soft_potential.levels import levels
from atomsim.cache import cached_result
from atomsim.errors import InputError
from atomsim.results import Array

EXCESS_SCALE = 4.1  # W over Omega in the logarithm that the excess over the tanh law falls off with (1e-4 good) [-]
SHALLOW, DEEP, DEPTH_STEP = -2.0, -20.0, 0.5  # D2 of the double wells behind the limit of low frequency [-]


@dataclass(frozen=True)
class Absorption:
    """The absorption J(Omega, tau) of one table."""

    table: AbsorptionTable

    def __call__(self, omega: ArrayLike, tau: ArrayLike) -> Array:
        """Return J [-].

        Source: soft-potential-notes (limits); test: test_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        return self.with_derivatives(omega, tau)[0]

    def with_derivatives(self, omega: ArrayLike, tau: ArrayLike) -> tuple[Array, Array, Array]:
        """Return J and its derivatives d ln J/d ln Omega, d ln J/d ln tau [-].

        Outside the table: below it in Omega the excess over tanh(Omega/2 tau) falls off like 1/ln; above it J tends
        to Omega^3/8 like Omega^{-3}; below it in tau only the tanh depends on tau; above it J is tanh(Omega/2 tau),
        which is tunnelling, and a classical rest that scales as tau^{3/4} j(Omega tau^{-1/4}). The last is good for
        Omega tau^{-1/4} > 2, and of the right order only for Omega far below one.

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
        tunnelling, slope = _tanh_and_slope(omega / (2 * tau))
        tunnelling_then, slope_then = _tanh_and_slope(reduced / (2 * hottest))
        rest, rest_slope = hot**0.75 * (value - tunnelling_then), hot**0.75 * (value * by_omega - slope_then)
        scaled = tunnelling + rest
        above = hot > 1
        return (
            np.where(above, scaled, value),
            np.where(above, (slope + rest_slope) / scaled, by_omega),
            np.where(above, (0.75 * rest - 0.25 * rest_slope - slope) / scaled, by_tau),
        )

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
        logarithm = np.log(EXCESS_SCALE / np.where(below, omega, low))
        fall = np.log(EXCESS_SCALE / low) / logarithm
        falling = (ratio - 1) * fall
        slope_tau = np.where(below, slope_tau * fall * ratio / (1 + falling), slope_tau)
        slope_omega = np.where(below, falling / ((1 + falling) * logarithm), slope_omega)
        ratio = np.where(below, 1 + falling, ratio)
        value, by_omega, by_tau = _with_tanh(ratio, slope_omega, slope_tau, omega, tau)
        return self._above(value, by_omega, by_tau, omega, tau) if np.any(omega > high) else (value, by_omega, by_tau)

    def _above(
        self, value: Array, by_omega: Array, by_tau: Array, omega: Array, tau: Array
    ) -> tuple[Array, Array, Array]:
        """Replace what lies above the highest frequency of the table."""
        last = self.table.omega_k[-1]
        edge, _, edge_tau = self._to_hottest(np.full_like(omega, last), tau)
        excess = edge / (last**3 / 8) - 1
        far = np.maximum(omega / last, 1.0)
        correction = 1 + excess * far**-3
        above = omega > last
        return (
            np.where(above, omega**3 / 8 * correction, value),
            np.where(above, 3 - 3 * excess * far**-3 / correction, by_omega),
            np.where(above, edge_tau * (1 + excess) * far**-3 / correction, by_tau),
        )

    @cached_property
    def _spline(self) -> RectBivariateSpline:
        t = self.table
        ratio = t.absorption_kt / np.tanh(t.omega_k[:, None] / (2 * t.tau_t))
        return RectBivariateSpline(np.log(t.omega_k), np.log(t.tau_t), np.log(ratio), kx=3, ky=3, s=0)


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
    return Absorption(table), f"{words} ({table.n_potentials} potentials in {table.seconds:.0f} s)"


def low_frequency_excess(omega: ArrayLike) -> Array:
    """Return J/tanh(Omega/2 tau) for Omega << 1 and tau << 1, which tends to 1 + 1/(3 S) [-].

    Two levels in linear response to the field: integral_0^1 dr d/(2 |d ln Delta_0/d D2|) with
    Delta_0 = Omega (1 - r^2)^{1/2} and d = 2 |x_12| of the symmetric potential. S is its action where Delta_0 = Omega.

    Source: soft-potential-notes (limit 1); test: test_absorption_tends_to_the_tanh_law

    Args:
        omega: quantum of the phonon over W, between 1e-9 and 0.1 [-].

    Raises:
        InputError: a frequency outside that range.
    """
    omega = np.asarray(omega, dtype=float)
    if not (np.all(omega >= 1e-9) and np.all(omega <= 0.1)):
        raise InputError("the limit of low frequency is computed for 1e-9 <= hbar omega/W <= 0.1")
    D2 = np.arange(DEEP, SHALLOW + DEPTH_STEP / 2, DEPTH_STEP)
    smooth = CubicSpline(D2, [np.log(splitting(float(x), 0.0)) + wkb_action(x) for x in D2])
    distance = CubicSpline(D2, [2 * abs(levels(float(x), 0.0, count=2).x_mm[0, 1]) for x in D2])
    fine = np.linspace(DEEP, SHALLOW, 4001)
    node, weight = np.polynomial.legendre.leggauss(60)
    r = (1 + node) / 2
    wanted = np.log(omega)[..., None] + 0.5 * np.log1p(-(r**2))
    at = np.interp(wanted, smooth(fine) - wkb_action(fine), fine)
    slope = smooth(at, 1) + np.sqrt(np.abs(at) / 2)
    return np.sum(weight / 2 * distance(at) / (2 * slope), axis=-1)
