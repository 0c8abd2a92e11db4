"""Heat carried by phonons: the kinetic integral for any inverse mean free path. All in SI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from atomsim.errors import InputError, NotConverged
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, HBAR

# Inverse mean free path [1/m] of angular frequency [rad/s] and temperature [K], which broadcast against each other.
InversePath = Callable[[Array, Array], Array]

# The integrand falls off like exp(-x) above x = hbar omega/k_B T = 1, and below the smaller of one and the first jump
# it gathers at least like x.
SMALLEST_X = 1e-13
LARGEST_X = 80.0
PANELS_PER_EFOLD = 2
POINTS_PER_PANEL = 12
GAUSS_RULE = np.polynomial.legendre.leggauss(POINTS_PER_PANEL)


@dataclass(frozen=True)
class Medium:
    """An isotropic solid as sound sees it."""

    density: float = quantity("kg/m^3", "mass density")
    longitudinal_velocity: float = quantity("m/s", "velocity of longitudinal sound")
    transverse_velocity: float = quantity("m/s", "velocity of transverse sound")

    def velocity_sum(self, longitudinal: float, transverse: float, *, power: float) -> float:
        """Return v_l^p times the first weight plus 2 v_t^p times the second [(m/s)^p times the weight].

        Args:
            longitudinal: weight of the longitudinal branch [any unit].
            transverse: weight of each transverse branch [the same unit].
            power: power p of the velocities [-].
        """
        return longitudinal * self.longitudinal_velocity**power + 2 * transverse * self.transverse_velocity**power


def phonon_conductivity(
    temperature_T: Array,
    *,
    longitudinal: InversePath,
    transverse: InversePath,
    medium: Medium,
    breaks: Sequence[float] = (),
    tolerance: float = 1e-7,
) -> Array:
    """Return the thermal conductivity of phonons with given mean free paths [W/(m K)].

    kappa = (k_B/6 pi^2) integral d omega omega^2 (x/2)^2 sinh^{-2}(x/2) (1/(v_l^2 q_l) + 2/(v_t^2 q_t)), where q_s is
    the inverse path of branch s and x = hbar omega/k_B T. Exact for independent phonons with omega = v k. An
    infinite inverse path takes a phonon out. Composite Gauss quadrature in ln x, halved once to measure the error.

    Source: karpov-parshin-1985 (5.1); test: test_kinetic_integral_of_the_tanh_law

    Args:
        temperature_T: temperatures [K].
        longitudinal: inverse mean free path of longitudinal phonons.
        transverse: inverse mean free path of transverse phonons.
        medium: velocities and density.
        breaks: angular frequencies at which an inverse path jumps [rad/s].
        tolerance: largest relative change on halving the panels [-].

    Raises:
        InputError: a temperature or an inverse path that is not positive.
        NotConverged: the quadrature is not good to ``tolerance``.
    """
    temperature_T = np.atleast_1d(np.asarray(temperature_T, dtype=float))
    if not np.all(temperature_T > 0):
        raise InputError(f"temperatures must be positive, got {temperature_T.min()!r} K")
    out = np.empty_like(temperature_T)
    for i, temperature in enumerate(temperature_T):
        values = []
        for refinement in (1, 2):
            x, weight = _quadrature(HBAR * np.asarray(breaks) / (BOLTZMANN * temperature), refinement)
            omega = x * BOLTZMANN * temperature / HBAR
            paths = _weighted_paths(omega, np.array(temperature), longitudinal, transverse, medium)
            factor = BOLTZMANN / (6 * np.pi**2) * BOLTZMANN * temperature / HBAR
            values.append(factor * np.sum(weight * omega**2 * mode_heat_capacity(x) * paths))
        if not abs(values[1] - values[0]) <= tolerance * abs(values[1]):
            raise NotConverged(
                f"kappa({temperature:g} K) changes from {values[0]:.8g} to {values[1]:.8g} W/(m K) on halving the "
                f"panels; name the jumps of the mean free path in breaks",
                values[1],
            )
        out[i] = values[1]
    return out


def mode_heat_capacity(x: Array) -> Array:
    """Return the heat capacity of one oscillator over k_B, (x/2)^2/sinh^2(x/2), with x = hbar omega/k_B T [-].

    Args:
        x: energy quantum over k_B T [-].
    """
    half = np.minimum(np.asarray(x) / 2, 350.0)  # beyond, zero in double precision anyhow
    return np.divide(half, np.sinh(half), out=np.ones_like(half), where=half != 0) ** 2


def taken_out_above(path: InversePath, omega_max: float) -> InversePath:
    """Return an inverse path that is infinite above a frequency: such phonons carry no heat.

    Args:
        path: inverse mean free path.
        omega_max: highest angular frequency of a phonon [rad/s].
    """

    def cut(omega: Array, temperature: Array) -> Array:
        inside = omega <= omega_max
        return np.where(inside, path(np.where(inside, omega, omega_max), temperature), np.inf)

    return cut


def _quadrature(breaks: Array, refinement: int) -> tuple[Array, Array]:
    """Nodes x and weights dx: Gauss points on panels equal in ln x, with the breaks among the edges."""
    positive = breaks[(breaks > 0) & (breaks < LARGEST_X)]
    low, high = np.log(SMALLEST_X * np.min(positive, initial=1.0)), np.log(LARGEST_X)
    count = int(np.ceil((high - low) * PANELS_PER_EFOLD * refinement))
    edges = np.union1d(np.linspace(low, high, count + 1), np.log(positive))
    node, weight = GAUSS_RULE
    half = np.diff(edges)[:, None] / 2
    x = np.exp(edges[:-1, None] + half * (1 + node)).ravel()
    return x, (half * weight).ravel() * x


def _weighted_paths(
    omega: Array, temperature: Array, longitudinal: InversePath, transverse: InversePath, medium: Medium
) -> Array:
    """Mean free paths over the squared velocities, summed over the three branches."""
    total = np.zeros_like(omega)
    for path, velocity, count in (
        (longitudinal, medium.longitudinal_velocity, 1),
        (transverse, medium.transverse_velocity, 2),
    ):
        inverse = path(omega, temperature)
        if not np.all(inverse > 0):
            raise InputError("an inverse mean free path is zero, negative or NaN somewhere")
        total += count / (inverse * velocity**2)
    return total
