"""Temperature: Maxwell velocities, the canonical thermostat by velocity rescaling, and schedules of temperature."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from atomsim.errors import InputError
from atomsim.kernels.verlet import Bath, rescaling
from atomsim.results import Array, quantity

Schedule = Callable[[float], float]


def degrees_of_freedom(n_atoms: int, dimension: int) -> int:
    """Return the number of velocity components left free by a total momentum of zero, d N - d.

    Args:
        n_atoms: number of atoms.
        dimension: 2 or 3.
    """
    return dimension * (n_atoms - 1)


def maxwell_velocities(mass_n: Array, *, temperature: float, dimension: int, rng: np.random.Generator) -> Array:
    """Draw velocities of a canonical ensemble without total momentum, (N, 3) [sqrt(epsilon/m)].

    Components beyond ``dimension`` are zero. The kinetic energy is left as drawn: removing the motion of the centre
    of mass from a Maxwell distribution leaves the canonical one of d N - d degrees of freedom, which a rescaling to
    the exact temperature would destroy.

    Args:
        mass_n: masses [m].
        temperature: temperature [epsilon].
        dimension: 2 or 3.
        rng: source of randomness.

    Raises:
        InputError: negative temperature.
    """
    _check_temperature(temperature)
    velocities_nc = np.zeros((len(mass_n), 3))
    velocities_nc[:, :dimension] = rng.standard_normal((len(mass_n), dimension))
    velocities_nc *= np.sqrt(temperature / mass_n)[:, None]
    return velocities_nc - mass_n @ velocities_nc / mass_n.sum()


def rescaling_factor(
    kinetic: float, *, temperature: float, n_freedom: int, elapsed: float, rng: np.random.Generator
) -> float:
    """Return the random factor of all velocities that moves the kinetic energy along its canonical diffusion [-].

    With K the kinetic energy, K0 = N_f T / 2 its mean, c = exp(-elapsed) and independent normal numbers R_1 ... R_Nf,
    alpha^2 = c + (1 - c) K0/(N_f K) sum R_i^2 + 2 R_1 sqrt(c (1 - c) K0/(N_f K)), and alpha has the sign of
    R_1 + sqrt(c N_f K / ((1 - c) K0)). This is the exact solution over any time, so the canonical distribution of K
    (mean N_f T/2, variance N_f T^2/2) is preserved whatever the step; the mean relaxes as K0 + (K - K0) c.

    Source: bussi-2007 (A7), (A8); test: test_rescaling_relaxes_by_its_exact_law

    Args:
        kinetic: kinetic energy [epsilon].
        temperature: temperature of the bath [epsilon].
        n_freedom: number of degrees of freedom N_f.
        elapsed: time since the last rescaling, in units of the relaxation time [-].
        rng: source of randomness.

    Raises:
        InputError: negative temperature, or atoms at rest, which no factor can set in motion.
    """
    _check_temperature(temperature)
    check_motion(kinetic)
    first, others = _noise(n_freedom, rng)
    return float(rescaling(kinetic, temperature, first, others, *_fractions(elapsed)))


def check_motion(kinetic: float) -> None:
    """Refuse atoms at rest, which no factor can set in motion.

    Args:
        kinetic: kinetic energy [epsilon].

    Raises:
        InputError: it is not positive.
    """
    if not kinetic > 0:
        raise InputError(f"kinetic energy = {kinetic}: atoms at rest cannot be brought to a temperature by rescaling")


def bath(temperatures: Sequence[float], *, n_freedom: int, elapsed: float, rng: np.random.Generator) -> Bath:
    """Return what compiled dynamics needs for the thermostat in some steps; none at all for no temperatures.

    Args:
        temperatures: temperature after each step [epsilon].
        n_freedom: number of degrees of freedom N_f.
        elapsed: length of a step, in units of the relaxation time [-].
        rng: source of randomness.

    Raises:
        InputError: negative temperature.
    """
    for temperature in temperatures:
        _check_temperature(temperature)
    first, others = np.array([_noise(n_freedom, rng) for _ in temperatures]).reshape(-1, 2).T.copy()
    return Bath(np.array(temperatures, dtype=float), first, others, *_fractions(elapsed))


def _noise(n_freedom: int, rng: np.random.Generator) -> tuple[float, float]:
    """A normal number and the sum of squares of all others."""
    return rng.standard_normal(), rng.chisquare(n_freedom - 1) if n_freedom > 1 else 0.0


def _fractions(elapsed: float) -> tuple[float, float]:
    """c = exp(-elapsed), and 1 - c."""
    return math.exp(-elapsed), -math.expm1(-elapsed)


@dataclass(frozen=True)
class LinearCooling:
    """Temperature that changes from ``first`` to ``last`` at a set rate, and stays there."""

    first: float = quantity("epsilon", "temperature up to the time ``begin``")
    last: float = quantity("epsilon", "temperature at the end, lower or higher than the first")
    rate: float = quantity("epsilon^(3/2)/(sigma m^(1/2))", "change of temperature per time, positive")
    begin: float = quantity("sigma sqrt(m/epsilon)", "time at which the change begins", default=0.0)

    def __post_init__(self) -> None:
        """Refuse values that make no schedule."""
        _check_temperature(self.first)
        _check_temperature(self.last)
        if not 0 < self.rate < math.inf:
            raise InputError(f"cooling rate = {self.rate} must be positive and finite")

    @property
    def duration(self) -> float:
        """Time that the change takes [sigma sqrt(m/epsilon)]."""
        return abs(self.first - self.last) / self.rate

    def __call__(self, time: float) -> float:
        """Return the temperature at a time [epsilon].

        Args:
            time: time [sigma sqrt(m/epsilon)].
        """
        elapsed = time - self.begin
        if elapsed >= self.duration:
            return self.last
        return self.first + math.copysign(self.rate, self.last - self.first) * max(elapsed, 0.0)


def as_schedule(temperature: float | Schedule) -> Schedule:
    """Return a temperature as a function of time; a number means a constant [epsilon].

    Args:
        temperature: a number, or a function of time [epsilon].

    Raises:
        InputError: negative temperature.
    """
    if callable(temperature):
        return temperature
    value = float(temperature)
    _check_temperature(value)
    return lambda time: value


def _check_temperature(temperature: float) -> None:
    if not 0 <= temperature < math.inf:
        raise InputError(f"temperature = {temperature} must be a finite number >= 0 [epsilon]")
