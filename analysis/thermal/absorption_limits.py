"""What the absorption by soft potentials tends to, at low and at high frequency and for classical temperatures.

At low frequency only symmetric double wells with a splitting of that size absorb: a law of two levels, which tends to
tanh(Omega/2 tau) (in other measures: to a multiple of it) like 1/ln Omega. At high frequency the vibrations in single
wells do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.levels import levels
from analysis.soft_potential.measures import static_shift
from atomsim.errors import InputError
from atomsim.results import Array

SHALLOW, DEEPEST = -2.0, -125.0  # D2 of the double wells behind the law of two levels [-]
DEEPEST_SPLITTING, DEEPEST_DISTANCE = -10.0, -20.0  # D2 to which these are good to 1e-7 in double precision [-]
DEPTH_STEP = 0.5
LOWEST_FREQUENCY = 1e-280  # of the law of two levels, a splitting at DEEPEST [W]
LAW_SCALE = 4.1  # W over Omega in the logarithm in which the law of two levels is smooth [-]
LAW_NODES = 60


class Limits(Protocol):
    """The laws that continue a table of the absorption."""

    @property
    def hot_power(self) -> float:
        """Return the power of tau at fixed Omega tau^(-1/4), for tau -> infinity [-]."""
        ...

    @property
    def far_power(self) -> float:
        """Return the power of Omega with which the law of vibrations is approached [-]."""
        ...

    def low(self, omega: Array) -> tuple[Array, Array]:
        """Return the law of two levels over tanh(Omega/2 tau), and the derivative of its logarithm [-].

        Args:
            omega: quantum of the phonon over W [-].
        """
        ...

    def high(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return the law of vibrations, and the derivatives of its logarithm by ln Omega and ln tau [-].

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        ...


@dataclass(frozen=True)
class FieldLimits:
    """Limits of J: tanh(Omega/2 tau) with its slow approach, and Omega^3/8."""

    hot_power: float = 0.75
    far_power: float = -3.0

    def low(self, omega: Array) -> tuple[Array, Array]:
        """Return J of two levels over tanh(Omega/2 tau), and the derivative of its logarithm [-].

        Source: soft-potential-notes (limit 1); test: test_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W, constant above 0.1 [-].
        """
        return _law_and_slope(self._law, omega)

    def high(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return Omega^3/8, and the derivatives of its logarithm by ln Omega and ln tau [-].

        Source: soft-potential-notes (limit 2); test: test_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        return omega**3 / 8, np.full_like(omega, 3.0), np.zeros_like(tau)

    @cached_property
    def _law(self) -> CubicSpline:
        return _law_of_two_levels(np.ones_like)


@dataclass(frozen=True)
class LandscapeLimits:
    """Limits of I_y (without b) or I_d (with b), a density uniform in (alpha, beta)."""

    b: float | None

    @property
    def hot_power(self) -> float:
        """Return the power of tau at fixed Omega tau^(-1/4), for tau -> infinity [-]."""
        return 0.25 if self.b is None else 0.75

    @property
    def far_power(self) -> float:
        """Return the power of Omega with which the law of vibrations is approached [-].

        The shift by the fast strain matters for |alpha| < b^{2/3} only: a share of the potentials of one frequency
        that falls off like Omega^{-2}. All else goes like Omega^{-3}.
        """
        return -2.0 if self.b else -3.0

    def low(self, omega: Array) -> tuple[Array, Array]:
        """Return the absorption of two levels over tanh(Omega/2 tau), and the derivative of its logarithm [-].

        I_d: 4 [1 + b^2/18 S^2] with the slow approach of J; I_y: 4 (2^{1/2}/3 S)^{2/3}.

        Source: soft-potential-notes (limit 1); test: test_landscape_law_of_two_levels

        Args:
            omega: quantum of the phonon over W, constant above 0.1 [-].
        """
        return _law_and_slope(self._law, omega)

    def high(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return 4 Omega/3, or Omega^3/6 + (4/3) coth(Omega/4 tau), and the derivatives of its logarithm [-].

        Source: soft-potential-notes (limit 2); test: test_landscape_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        if self.b is None:
            return 4 * omega / 3, np.ones_like(omega), np.zeros_like(tau)
        x = omega / (4 * tau)
        one, two = omega**3 / 6, 4 / (3 * np.tanh(x))
        fall = two * 2 * np.minimum(x, 300.0) / np.sinh(2 * np.minimum(x, 300.0))
        return one + two, (3 * one - fall) / (one + two), fall / (one + two)

    @cached_property
    def _law(self) -> CubicSpline:
        return _law_of_two_levels(self._coupling)

    def _coupling(self, D2: Array) -> Array:
        """Density of symmetric double wells times squared coupling over that of x: three images, both signs of D1."""
        place = np.array([-1.0, 0.0, 1.0]).reshape(3, *[1] * D2.ndim) * np.sqrt(-D2 / 2)
        alpha = D2 + 6 * place**2
        density = 2 / np.abs(alpha)
        if self.b is None:
            return np.sum(density, axis=0)
        shifted = [static_shift(alpha, 4 * place, b=b) - place for b in (self.b, -self.b)]
        return np.sum(density * 2 * (shifted[0] ** 2 + shifted[1] ** 2), axis=0)


def low_frequency_excess(omega: ArrayLike) -> Array:
    """Return J/tanh(Omega/2 tau) for Omega << 1 and tau << 1, which tends to 1 + 1/(3 S) [-].

    Source: soft-potential-notes (limit 1); test: test_absorption_tends_to_the_tanh_law

    Args:
        omega: quantum of the phonon over W, between 1e-280 and 0.1 [-].

    Raises:
        InputError: a frequency outside that range.
    """
    return two_level_absorption(omega, np.ones_like)


def two_level_absorption(omega: ArrayLike, coupling: Callable[[Array], Array]) -> Array:
    """Return the absorption of symmetric double wells over tanh(Omega/2 tau) [-].

    Two levels in linear response to the field: integral_0^1 dr d/(2 |d ln Delta_0/d D2|) with
    Delta_0 = Omega (1 - r^2)^{1/2}, d = 2 |x_12| of the symmetric potential.

    Source: soft-potential-notes (limit 1); test: test_absorption_tends_to_the_tanh_law

    Args:
        omega: quantum of the phonon over W, between 1e-280 and 0.1 [-].
        coupling: of D2, the density times the squared coupling over those of J.

    Raises:
        InputError: a frequency outside that range.
    """
    omega = np.asarray(omega, dtype=float)
    if not (np.all(omega >= LOWEST_FREQUENCY) and np.all(omega <= 0.1)):
        raise InputError(f"the limit of low frequency is computed for {LOWEST_FREQUENCY:g} <= hbar omega/W <= 0.1")
    D2, log_splitting, distance = _double_wells()
    fine = np.linspace(D2[0], D2[-1], 20001)
    node, weight = np.polynomial.legendre.leggauss(60)
    wanted = np.log(omega)[..., None] + 0.5 * np.log1p(-(((1 + node) / 2) ** 2))
    rest = CubicSpline(D2, log_splitting + wkb_action(D2))
    at = np.interp(wanted, rest(fine) - wkb_action(fine), fine)
    slope = rest(at, 1) + np.sqrt(np.abs(at) / 2)
    return np.sum(weight / 2 * CubicSpline(D2, distance)(at) * coupling(at) / (2 * slope), axis=-1)


@cache
def _double_wells() -> tuple[Array, Array, Array]:
    """D2 of symmetric double wells, logarithms of their splittings and distances of their wells.

    What is left over from the WKB method is a series in |D2|^{-3/2}; deeper than the splittings (the distances) that
    can be solved in double precision, its two first terms are those of the two deepest wells.
    """
    D2 = np.arange(DEEPEST, SHALLOW + DEPTH_STEP / 2, DEPTH_STEP)
    small = np.abs(D2) ** -1.5
    solved = {float(x): levels(float(x), 0.0, count=2) for x in D2[D2 >= DEEPEST_DISTANCE]}
    exact = D2 >= DEEPEST_SPLITTING
    gap = [solved[float(x)].frame_energy_m[1] - solved[float(x)].frame_energy_m[0] for x in D2[exact]]
    log_splitting = np.log(wkb_splitting(np.minimum(D2, DEEPEST_SPLITTING)))
    rest = np.log(gap[:3:2]) - np.log(wkb_splitting(D2[exact][:3:2]))
    log_splitting += small**3 * _line_through(small[exact][:3:2], rest / small[exact][:3:2] ** 3, small)
    log_splitting[exact] = np.log(gap)
    exact = D2 >= DEEPEST_DISTANCE
    part = np.log([2 * abs(state.x_mm[0, 1]) for state in solved.values()]) - np.log(-2 * D2[exact]) / 2
    ends = part[:13:12] / small[exact][:13:12]
    log_distance = np.log(-2 * D2) / 2 + small * _line_through(small[exact][:13:12], ends, small)
    log_distance[exact] = part + np.log(-2 * D2[exact]) / 2
    return D2, log_splitting, np.exp(log_distance)


def _line_through(places: Array, values: Array, at: Array) -> Array:
    """The straight line through two points."""
    return values[0] + (values[1] - values[0]) / (places[1] - places[0]) * (at - places[0])


def _law_of_two_levels(coupling: Callable[[Array], Array]) -> CubicSpline:
    """Logarithm of the law of two levels as a function of ln ln (LAW_SCALE/Omega)."""
    shallow, deep = np.log(np.log(LAW_SCALE / np.array([0.1, LOWEST_FREQUENCY])))
    depth = np.linspace(shallow, deep, LAW_NODES)[1:-1]
    return CubicSpline(depth, np.log(two_level_absorption(LAW_SCALE * np.exp(-np.exp(depth)), coupling)))


def _law_and_slope(law: CubicSpline, omega: Array) -> tuple[Array, Array]:
    """The law of two levels and the derivative of its logarithm, constant outside its range."""
    logarithm = np.log(LAW_SCALE) - np.log(np.minimum(omega, 1.0))
    depth = np.log(logarithm)
    inside = np.clip(depth, law.x[0], law.x[-1])
    return np.exp(law(inside)), np.where(inside == depth, -law(inside, 1) / logarithm, 0.0)
