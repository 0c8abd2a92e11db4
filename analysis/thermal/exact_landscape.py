"""The model of Karpov and Parshin without a join: all levels of potentials uniform in (alpha, beta). In SI.

Sound couples to a potential twice: to its deformation (operator O = y^2 + 2 delta y, ``resonant`` and ``relaxation``)
and to the displacement of its site (operator y, ``rayleigh``: quasilocal vibrations in resonance, and mu - 1 times
their leading law for elastic scattering off it). The two do not interfere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from analysis.soft_potential.level_table import Progress
from analysis.thermal.absorption import LandscapeAbsorption, load_landscape_absorption
from analysis.thermal.closed_forms import KarpovParshinGlass, vibration_inverse_path
from analysis.thermal.measured_absorption import PowerFamily
from analysis.thermal.rate_matrix import phonon_coupling
from analysis.thermal.relaxation_spectrum import load_landscape_relaxation
from analysis.thermal.scattering import BRANCHES, Channel, InverseRate, Numbers, Scattering, debye_end
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

UNIFORM = "uniform (D1, D2)"
# Value and logarithmic derivatives of a function of two real arguments.
Smooth = Callable[[Array, Array], tuple[Array, Array, Array]]
CHANNELS = (Channel.RESONANT, Channel.RELAXATION, Channel.RAYLEIGH)
DEFORMATION_END = 1 / 6  # I_d -> Omega^3/6
ATTACHMENT_END = 4 / 3  # I_y -> (4/3) Omega


class SmoothAbsorption(Protocol):
    """An absorption as a smooth function of frequency and temperature."""

    def with_derivatives(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return the absorption and the derivatives of its logarithm by ln Omega and ln tau [-].

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        ...


class Relaxation(Protocol):
    """The relaxational absorption of an ensemble."""

    def absorption_with_derivatives(self, s: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return the absorption and the derivatives of its logarithm by ln s and ln tau [-].

        Args:
            s: quantum of the phonon over W and the coupling g [-].
            tau: k_B T/W [-].
        """
        ...


@dataclass(frozen=True)
class ExactTables:
    """Absorption and relaxation of an ensemble; ``attachment`` is I_y, for a coupling to the displacement.

    ``family`` holds the tables of neighbouring distributions, where the distribution is a measured one.
    """

    absorption: SmoothAbsorption
    relaxation: Relaxation | None = None
    attachment: SmoothAbsorption | None = None
    measure: str = UNIFORM
    origin: str = ""
    family: PowerFamily | None = None


@cache
def production_landscape(b: float | None, progress: Progress | None = None) -> tuple[LandscapeAbsorption, str]:
    """Return I_d for one b, or I_y: made once, in minutes, then kept on disk; and where it came from, in words.

    Args:
        b: coupling to the square of the fast strain; None for a coupling to the displacement [-].
        progress: called with the number of finished and of all steps while the table is made.
    """
    return load_landscape_absorption(b=b, progress=progress)


@cache
def production_landscape_relaxation(b: float, progress: Progress | None = None) -> tuple[Relaxation, str]:
    """Return the relaxation by the deformation for one b: made once, then kept on disk; and where from, in words.

    Args:
        b: coupling to the square of the fast strain [-].
        progress: called with the number of finished and of all steps while the table is made.
    """
    return load_landscape_relaxation(b=b, progress=progress)


def real_coupling(numbers: Numbers) -> float:
    """Return b, to which a table belongs; the tables are no function of it [-].

    Args:
        numbers: the numbers of the material.

    Raises:
        InputError: b is to be varied: it is complex.
    """
    b = numbers["b"]
    if np.iscomplexobj(b) and np.imag(b) != 0:
        raise InputError("the exact model has tables for one b each: it can be neither fitted nor differentiated by b")
    return float(np.real(b))


def landscape_scattering(
    numbers: Numbers, glass: KarpovParshinGlass, channels: Collection[Channel], tables: ExactTables
) -> Scattering:
    """Return the scattering of phonons by all levels of potentials uniform in (alpha, beta).

    1/l = (pi W d^2 G/rho v^3 eta_L^{1/2}) omega [I_d + R] + (pi/6)(xi^2 M G eta_L^{3/2} hbar^2/rho v W^2) omega^3 I_y
    plus (mu - 1) times the leading law of vibrations of type I. Phonons end where vibrations of the whole plane
    shorten their path to v/omega, not below hbar omega = W.

    Source: karpov-parshin-1985 (4.9), (5.7), (7.2), (7.6); test: test_exact_landscape_reduces_to_the_closed_laws

    Args:
        numbers: the numbers of the material, real or complex, b real.
        glass: the same in SI.
        channels: what scatters.
        tables: what the potentials absorb, for the b of the numbers.

    Raises:
        InputError: tables of another b, types of different density, or relaxation without its table.
    """
    _check(numbers, glass, channels, tables)
    W = glass.W
    relaxing = getattr(tables.relaxation, "absorption_with_derivatives", None)
    attaching = getattr(tables.attachment, "with_derivatives", None)

    def resonant(omega: Array, T: Array) -> Array:
        return omega * first_order(tables.absorption.with_derivatives, HBAR * omega / W, BOLTZMANN * T / W)

    def relaxation(omega: Array, T: Array) -> Array:
        return omega * first_order(relaxing, HBAR * omega / W / _rate(glass), BOLTZMANN * T / W)

    def rayleigh(omega: Array, T: Array) -> Array:
        attached = omega**3 * first_order(attaching, HBAR * omega / W, BOLTZMANN * T / W)
        strength = np.pi / 6 * glass.xi2 * glass.mass * glass.density_I * glass.eta_L**1.5 * HBAR**2
        inside = strength / (glass.medium.density * glass.medium.longitudinal_velocity * W**2) * attached
        return inside + vibration_inverse_path(omega, glass, "l", enhancement=numbers["mu"] - 1) * np.ones_like(T)

    paths: dict[Channel, InverseRate] = {
        Channel.RESONANT: resonant, Channel.RELAXATION: relaxation, Channel.RAYLEIGH: rayleigh,
    }  # fmt: skip
    return Scattering(
        glass.medium,
        {c: paths[c] for c in channels},
        {branch: {c: _scale(glass, branch, c) for c in channels} for branch in BRANCHES},
        (),
        {branch: _end(numbers, glass, branch, channels) for branch in BRANCHES},
    )


def _check(numbers: Numbers, glass: KarpovParshinGlass, channels: Collection[Channel], tables: ExactTables) -> None:
    b, table_b = real_coupling(numbers), getattr(tables.absorption, "b", None)
    if table_b != b:
        raise InputError(f"b = {b:g}, expected a table of the absorption for it, got one for b = {table_b}")
    if glass.density_I != glass.density_II:
        raise InputError(
            f"G_I = {glass.density_I:.4g} and G_II = {glass.density_II:.4g} per m^3: the exact model takes the density "
            "of (eta, t) as constant; types are told apart in closed and two-region only"
        )
    given = {Channel.RELAXATION: tables.relaxation, Channel.RAYLEIGH: tables.attachment}
    for channel in channels:
        if given.get(channel, tables) is None:
            raise InputError(f"channel {channel} of the exact model needs its table")


def _deformation_strength(glass: KarpovParshinGlass, branch: str) -> Any:
    """pi W d^2 G/(rho v^3 eta_L^{1/2})."""
    velocity, d2 = glass.branch(branch)
    return np.pi * glass.W * d2 * glass.density_I / (glass.medium.density * velocity**3 * np.sqrt(glass.eta_L))


def _scale(glass: KarpovParshinGlass, branch: str, channel: Channel) -> Any:
    if channel == Channel.RAYLEIGH:
        return glass.branch("l")[0] / glass.branch(branch)[0]
    return _deformation_strength(glass, branch)


def _rate(glass: KarpovParshinGlass) -> Any:
    """The coupling g of the rates, with Lambda = W d/eta_L."""
    square = (glass.W / glass.eta_L) ** 2
    return phonon_coupling(W=glass.W, lambda_l2=square * glass.d_l2, lambda_t2=square * glass.d_t2, medium=glass.medium)


def first_order(table: Smooth | None, first: Array, second: Array) -> Array:
    """Return a tabulated function of complex arguments, to first order in their imaginary parts [-].

    Args:
        table: of two real arguments, the value and the derivatives of its logarithm by theirs.
        first: first argument [-].
        second: second argument [-].

    Raises:
        InputError: there is no table.
    """
    if table is None:
        raise InputError("a table of the exact model is missing")
    value, by_first, by_second = table(np.real(first), np.real(second))
    if not (np.iscomplexobj(first) or np.iscomplexobj(second)):
        return value
    shift = by_first * np.imag(first) / np.real(first) + by_second * np.imag(second) / np.real(second)
    return value * (1 + 1j * shift)


def _end(numbers: Numbers, glass: KarpovParshinGlass, branch: str, channels: Collection[Channel]) -> Any:
    """The Debye frequency, or where the chosen vibrations of the whole plane shorten the path to v/omega."""
    velocity, _ = glass.branch(branch)
    quartic: Any = 0.0  # 1/l = quartic omega^4
    if Channel.RESONANT in channels:
        quartic = quartic + DEFORMATION_END * _deformation_strength(glass, branch) * (HBAR / glass.W) ** 3
    if Channel.RAYLEIGH in channels:
        one = vibration_inverse_path(np.asarray(1.0), glass, branch)
        quartic = quartic + (ATTACHMENT_END + numbers["mu"] - 1) * one
    if np.real(quartic) == 0:
        return debye_end(numbers)
    limit = (velocity * quartic) ** (-1 / 3)
    return min(debye_end(numbers), max(limit, glass.W / HBAR, key=np.real), key=np.real)
