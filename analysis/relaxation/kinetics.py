"""The full equations of field, polarisation and inversion, integrated with their own balance as a check.

Scaled with the initial inversion sigma^0 (its modulus, if it is negative): field b^+ = i (sigma^0)^{1/2} Y,
polarisation sum d_k^+ = sigma^0 d, inversion sum sigma_k = sigma^0 s. The sums over k close exactly when all pairs of
states share one detuning. Only Delta (sigma^0)^{1/2}, Gamma, 1/t_sigma, Omega and the starting values are left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate

from analysis.relaxation.rates import ComplexArray, RelaxationRates, check_times
from atomsim.errors import InputError, NotConverged
from atomsim.results import Array, quantity

TOLERANCE = 1e-12  # relative, of one step
BALANCE = 1e-8  # how well 2N + sigma must add up, in units of sigma^0
SETTLED = 45.0  # in units of the slowest decay: exp(-45) is rounding
RUNG_OUT = 2000.0  # in units of 1/Gamma: nothing has rung for long, and an explicit method crawls
LOSS = 5  # place of the accumulated loss in the state


@dataclass(frozen=True)
class Start:
    """State at t = 0: no field yet, a polarisation that starts it, an inversion of either sign."""

    polarisation: complex = quantity("sigma^0", "d^0 over sigma^0")
    sign: int = quantity("1", "1 for inverted states, -1 for absorption", default=1)

    def __post_init__(self) -> None:
        """Refuse a start without polarisation, from which nothing follows."""
        if not (np.isfinite(self.polarisation) and self.polarisation != 0):
            raise InputError(f"initial polarisation {self.polarisation}: expected a finite number that is not zero")
        if self.sign not in (1, -1):
            raise InputError(f"sign of the inversion {self.sign}: expected 1 or -1")

    @property
    def state(self) -> Array:
        """Return real and imaginary parts of field and polarisation, inversion, accumulated loss [sigma^0]."""
        return np.array([0.0, 0.0, self.polarisation.real, self.polarisation.imag, float(self.sign), 0.0])


@dataclass(frozen=True)
class Trajectory:
    """Field, polarisation and inversion in time; ``loss_t`` is what decayed by other ways than into the field."""

    rates: RelaxationRates
    field_damping: float = quantity("1/time", "decay of the field, zero in the paper")
    time_t: Array = quantity("time", "times")
    field_t: ComplexArray = quantity("sigma^0^(1/2)", "complex field Y")
    polarisation_t: ComplexArray = quantity("sigma^0", "complex polarisation d")
    inversion_t: Array = quantity("sigma^0", "inversion s")
    loss_t: Array = quantity("sigma^0", "integral of s/t_sigma + 4 kappa N")

    @property
    def number_t(self) -> Array:
        """Return N_q over the initial inversion, |Y|^2 [-]."""
        return np.abs(self.field_t) ** 2

    @property
    def balance_error(self) -> float:
        """Return the largest change of 2N + sigma + loss, which is zero for an exact solution [sigma^0].

        Source: egorushkin-melnikova-1993b (9c); test: test_field_and_inversion_balance
        """
        total = 2 * self.number_t + self.inversion_t + self.loss_t
        return float(np.abs(total - total[0]).max())


def state_rates(state: Array, rates: RelaxationRates, *, field_damping: float = 0.0) -> Array:
    """Return the time derivative of the scaled state [1/time].

    dY/dt = W d - kappa Y, dd/dt = (i Omega - Gamma) d + W Y s, ds/dt = -s/t_sigma - 4 W Re(d Y*), with W = Delta
    (sigma^0)^{1/2}; and the rate s/t_sigma + 4 kappa |Y|^2 at which 2N + sigma is lost. The paper has kappa = 0.

    Source: egorushkin-melnikova-1993b (9a), (9b), (9c); test: test_kinetics_obey_the_heisenberg_form

    Args:
        state: field and polarisation as real and imaginary parts, inversion, loss [sigma^0].
        rates: the rates.
        field_damping: kappa [1/time].
    """
    y, u, d, v, s, _ = state.tolist()
    W, gamma, decay, omega = rates.coupling, rates.inversion_rate, rates.polarisation_rate, rates.detuning
    emission = 4 * W * (d * y + v * u)
    return np.array(
        [
            W * d - field_damping * y,
            W * v - field_damping * u,
            -decay * d - omega * v + W * y * s,
            -decay * v + omega * d + W * u * s,
            -gamma * s - emission,
            gamma * s + 4 * field_damping * (y**2 + u**2),
        ]
    )


def state_jacobian(state: Array, rates: RelaxationRates, *, field_damping: float = 0.0) -> Array:
    """Return the derivative of :func:`state_rates` by the state [1/time].

    Source: egorushkin-melnikova-1993b (9a), (9b), (9c); test: test_jacobian_of_the_kinetics_is_the_derivative

    Args:
        state: field and polarisation as real and imaginary parts, inversion, loss [sigma^0].
        rates: the rates.
        field_damping: kappa [1/time].
    """
    y, u, d, v, s, _ = state
    W, gamma, decay, omega = rates.coupling, rates.inversion_rate, rates.polarisation_rate, rates.detuning
    kappa = field_damping
    return np.array(
        [
            [-kappa, 0, W, 0, 0, 0],
            [0, -kappa, 0, W, 0, 0],
            [W * s, 0, -decay, -omega, W * y, 0],
            [0, W * s, omega, -decay, W * u, 0],
            [-4 * W * d, -4 * W * v, -4 * W * y, -4 * W * u, -gamma, 0],
            [8 * kappa * y, 8 * kappa * u, 0, 0, gamma, 0],
        ]
    )


def is_overdamped(rates: RelaxationRates) -> bool:
    """Return whether the polarisation decays faster than anything oscillates, so that the equations are stiff.

    Args:
        rates: the rates.
    """
    return rates.polarisation_rate > 2 * float(np.hypot(rates.coupling, rates.detuning))


def is_stiff(rates: RelaxationRates, end: float) -> bool:
    """Return whether the equations are stiff: no oscillation at all, or a long time after the last one.

    Args:
        rates: the rates.
        end: how far they are followed [time].
    """
    return is_overdamped(rates) or rates.polarisation_rate * end > RUNG_OUT


def solve(
    derivative: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    time_t: Array,
    start: Array,
    *,
    smallest: Array,
    damped: bool,
) -> Array:
    """Return the states of an autonomous system at given times, one column each [-].

    An explicit method of order eight keeps the balance of oscillating solutions; a stiff one takes the damped ones.

    Args:
        derivative: time derivative of the state.
        jacobian: its derivative by the state.
        time_t: times, ascending, the last one positive [time].
        start: the state at t = 0 [-].
        smallest: absolute accuracy of each component [-].
        damped: whether the system is stiff.

    Raises:
        NotConverged: the integration stopped.
    """
    stiff = {"method": "LSODA", "jac": lambda _, state: jacobian(state)}
    found = integrate.solve_ivp(
        lambda _, state: derivative(state),
        (0.0, time_t[-1]),
        start,
        t_eval=time_t,
        rtol=TOLERANCE,
        atol=smallest,
        **(stiff if damped else {"method": "DOP853"}),
    )
    if not found.success:
        raise NotConverged(f"integration of the kinetics stopped: {found.message}", found)
    return np.asarray(found.y)


def settling_time(rates: RelaxationRates, start: Start) -> float:
    """Return a time after which field, polarisation and inversion stay as they are [time].

    Args:
        rates: the rates.
        start: the state at t = 0.

    Raises:
        InputError: no polarisation decay, or no coupling: the field oscillates or grows for ever.
    """
    gamma, decay, coupling = rates.inversion_rate, rates.polarisation_rate, rates.coupling
    if decay == 0:
        raise InputError("polarisation_rate = 0: the field oscillates or grows for ever and eta is not defined")
    if coupling == 0:
        raise InputError("coupling = 0: no field is made and eta is not defined; expected a positive number")
    if gamma > 0:
        return (SETTLED + 2 * float(np.log1p(coupling / gamma))) / min(gamma, decay)
    if start.sign < 0:
        raise InputError("inversion_rate = 0 and absorption: the field decays to zero and eta is not defined")
    complex_decay = decay + 1j * rates.detuning
    growth = float((-complex_decay / 2 + np.sqrt(complex_decay**2 / 4 + coupling**2)).real)
    slowest = min(decay / 2, coupling**2 * decay / (decay**2 + rates.detuning**2))
    return 2 * float(np.log(1 + 1 / abs(start.polarisation))) / growth + SETTLED / slowest


def final_field(rates: RelaxationRates, start: Start) -> float:
    """Return |Y| at the end, when inversion and polarisation are gone; N_infinity/sigma^0 is its square [-].

    Args:
        rates: the rates.
        start: the state at t = 0.

    Raises:
        InputError: rates for which the field does not settle.
    """
    end = settling_time(rates, start)
    smallest = TOLERANCE * abs(start.polarisation) * np.array([1, 1, 1, 1, 1 / abs(start.polarisation), 1])
    states = solve(
        lambda state: state_rates(state, rates),
        lambda state: state_jacobian(state, rates),
        np.array([end]),
        start.state,
        smallest=smallest,
        damped=True,
    )
    return float(np.hypot(states[0, -1], states[1, -1]))


def integrate_kinetics(
    time: ArrayLike, rates: RelaxationRates, start: Start, *, field_damping: float = 0.0
) -> Trajectory:
    """Return the solution of the full system at given times.

    Source: egorushkin-melnikova-1993b (9a), (9b), (9c); test: test_field_and_inversion_balance

    Args:
        time: times, ascending [time].
        rates: the rates.
        start: the state at t = 0.
        field_damping: kappa [1/time].

    Raises:
        NotConverged: the integration stopped, or 2N + sigma does not balance.
    """
    if not (np.isfinite(field_damping) and field_damping >= 0):
        raise InputError(f"field_damping = {field_damping}: expected a finite number, zero or positive")
    time_t = check_times(time)
    states = np.repeat(start.state[:, None], len(time_t), axis=1)
    if time_t[-1] > 0:
        # relative accuracy is wanted from the first field on, which may be many decades below the inversion
        smallest = TOLERANCE * abs(start.polarisation) * np.array([1, 1, 1, 1, 1 / abs(start.polarisation), 1])
        states = solve(
            lambda state: state_rates(state, rates, field_damping=field_damping),
            lambda state: state_jacobian(state, rates, field_damping=field_damping),
            time_t,
            start.state,
            smallest=smallest,
            damped=is_stiff(rates, float(time_t[-1])),
        )
    trajectory = Trajectory(
        rates, field_damping, time_t, states[0] + 1j * states[1], states[2] + 1j * states[3], states[4], states[LOSS]
    )
    if not trajectory.balance_error < BALANCE:
        raise NotConverged(f"2N + sigma changes by {trajectory.balance_error:.1e} sigma^0", trajectory)
    return trajectory
