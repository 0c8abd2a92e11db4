"""Absorption of sound by soft potentials whose lower minima have a density alpha^s over the (alpha, beta) plane.

Tables at a few powers s, made from one set of levels, are interpolated in s: the logarithm of the absorption is a
smooth function of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline, lagrange

from analysis.soft_potential.absorption_table import VERSION, AbsorptionTable, tabulate_absorption
from analysis.soft_potential.level_table import LevelTable, Progress, Resolution, tabulate_levels
from analysis.soft_potential.measured_measure import power_weight
from analysis.thermal.absorption import Absorption
from analysis.thermal.absorption_limits import Limits, two_level_absorption
from atomsim.cache import cached_result
from atomsim.errors import InputError
from atomsim.results import Array

POWERS = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
RESOLUTION = Resolution(lines=192, nodes=160)  # good to a few per mille: far better than any measured power
LAW_SCALE = 4.1  # W over Omega in the logarithm in which the law of two levels is smooth [-]
LAW_FREQUENCIES = (0.1, 1e-40)  # between which that law is tabulated, constant outside [W]
LAW_NODES = 40


@dataclass(frozen=True)
class PowerLimits:
    """What the absorption tends to at low and high frequency for a density alpha^{s-1} over (D1, D2)."""

    power: float

    @property
    def hot_power(self) -> float:
        """Return the power of tau at fixed Omega tau^(-1/4), for tau -> infinity [-]."""
        return 0.75 + (self.power - 1) / 2

    @property
    def far_power(self) -> float:
        """Return the power of Omega with which the law of vibrations is approached [-]."""
        return -3.0

    def low(self, omega: Array) -> tuple[Array, Array]:
        """Return the law of two levels over tanh(Omega/2 tau), and the derivative of its logarithm [-].

        Source: soft-potential-notes (measured measure); test: test_measured_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
        """
        logarithm = np.log(LAW_SCALE) - np.log(np.minimum(omega, 1.0))
        depth = np.log(logarithm)
        inside = np.clip(depth, self._law.x[0], self._law.x[-1])
        return np.exp(self._law(inside)), np.where(inside == depth, -self._law(inside, 1) / logarithm, 0.0)

    def high(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return (Omega/2)^{2s+1}, and the derivatives of its logarithm by ln Omega and ln tau [-].

        Source: soft-potential-notes (measured measure); test: test_measured_absorption_joins_its_limits

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        slope = 2 * self.power + 1
        return (omega / 2) ** slope, np.full_like(omega, slope), np.zeros_like(tau)

    @cached_property
    def _law(self) -> CubicSpline:
        """Logarithm of the law of two levels; both minima of a symmetric double well have alpha = -2 D2."""
        depth, logarithm_kd = _laws()
        return CubicSpline(depth, _shares(POWERS, self.power) @ logarithm_kd)


@cache
def _laws() -> tuple[Array, Array]:
    """Logarithms of the law of two levels at the powers of the tables, over ln ln (LAW_SCALE/Omega)."""
    shallow, deep = np.log(np.log(LAW_SCALE / np.array(LAW_FREQUENCIES)))
    depth = np.linspace(shallow, deep, LAW_NODES)
    omega = np.minimum(LAW_SCALE * np.exp(-np.exp(depth)), LAW_FREQUENCIES[0])
    return depth, np.log([two_level_absorption(omega, _coupling(power)) for power in POWERS])


def _coupling(power: float) -> Callable[[Array], Array]:
    return lambda D2: (-2 * D2) ** (power - 1)


def _shares(nodes: Sequence[float], power: float) -> Array:
    """Lagrange's weights of values at the nodes."""
    return np.array([lagrange(nodes, row)(power) for row in np.eye(len(nodes))])


@dataclass(frozen=True)
class MeasuredAbsorption(Absorption):
    """The absorption of one table, for a power s of the curvature."""

    power: float = 1.0

    @cached_property
    def _power_limits(self) -> PowerLimits:
        return PowerLimits(self.power)

    @property
    def limits(self) -> Limits:
        """Return the laws that continue the table."""
        return self._power_limits


@dataclass(frozen=True)
class PowerFamily:
    """Tables of the absorption at several powers of the curvature."""

    power_k: tuple[float, ...]
    tables: tuple[AbsorptionTable, ...]

    def at(self, power: float) -> MeasuredAbsorption:
        """Return the absorption for any power between those of the tables.

        Args:
            power: s [-].

        Raises:
            InputError: a power outside the tables.
        """
        low, high = self.power_k[0], self.power_k[-1]
        if not low <= power <= high:
            raise InputError(f"power {power:.3g} of the curvature: tables reach from {low:g} to {high:g}")
        logarithm = sum(
            share * np.log(table.absorption_kt)
            for share, table in zip(_shares(self.power_k, power), self.tables, strict=True)
        )
        nearest = int(np.argmin(np.abs(np.array(self.power_k) - power)))
        name = f"lower minima as alpha^{power:.3g}"
        return MeasuredAbsorption(
            replace(self.tables[nearest], measure=name, absorption_kt=np.exp(logarithm)), float(power)
        )


def tabulate_family(
    resolution: Resolution, *, powers: Sequence[float] = POWERS, progress: Progress | None = None
) -> PowerFamily:
    """Return tables of the absorption for densities alpha^s over the lower minima, from one set of levels.

    Source: soft-potential-notes (measured measure); test: test_measured_absorption_joins_its_limits

    Args:
        resolution: fineness of the mesh.
        powers: the powers s [-].
        progress: called with the number of finished and of all steps.
    """
    levels = _Lazy(resolution, progress)
    return PowerFamily(tuple(powers), tuple(_table(resolution, power, levels) for power in powers))


def load_family(
    resolution: Resolution | None = None, *, folder: Path | None = None, progress: Progress | None = None
) -> tuple[PowerFamily, str]:
    """Return the tables of all powers, from the cache or computed; and where they came from, in words.

    Args:
        resolution: fineness of the mesh.
        folder: where tables are kept; the cache folder of the user by default.
        progress: called with the number of finished and of all steps of the tabulation of the levels.
    """
    resolution = resolution or RESOLUTION
    levels, tables, words = _Lazy(resolution, progress), [], ""
    for power in POWERS:
        table, words = cached_result(
            AbsorptionTable,
            "measured-absorption",
            {"version": VERSION, "power": power, **vars(resolution)},
            lambda power=power: _table(resolution, power, levels),  # type: ignore[misc]
            folder=folder,
        )
        tables.append(table)
    seconds = sum(table.seconds for table in tables)
    return PowerFamily(POWERS, tuple(tables)), f"{words}, and so for {len(POWERS)} powers ({seconds:.0f} s in all)"


@dataclass(frozen=True)
class _Lazy:
    """Levels that are solved once, when the first table needs them."""

    resolution: Resolution
    progress: Progress | None

    @cached_property
    def levels(self) -> LevelTable:
        return tabulate_levels(self.resolution, progress=self.progress)


def _table(resolution: Resolution, power: float, lazy: _Lazy) -> AbsorptionTable:
    return tabulate_absorption(
        resolution, weight=power_weight(power), measure=f"lower minima as alpha^{power:g}", levels=lazy.levels
    )
