"""Laws of relaxation with a free amplitude: the theory of concentration excitations and the laws it has to beat.

Each law is a shape f(t) with f(0) = 0; the change of a quantity is A f(t). Parameters are positive and enter by their
logarithms; the amplitude follows from them by linear least squares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from analysis.relaxation.exponential import order_parameter
from analysis.relaxation.rates import RelaxationRates, bessel_argument
from atomsim.errors import InputError
from atomsim.results import Array, quantity

BEYOND = np.log(30.0)  # how far beyond the range of times a rate may be looked for
LARGEST_LOG_A = np.log(300.0)
LOG_NU = (np.log(0.03), np.log(300.0))
TOLERANCE, MOST_STEPS = 1e-6, 40
LOG_STRETCH = (np.log(0.1), np.log(2.0))


def theory_rates(inversion_rate: float, growth: float, order: float) -> RelaxationRates:
    """Return the rates of the theory from gamma, a = z_0^2/(4 nu) and nu = Gamma/gamma.

    Source: egorushkin-melnikova-1993b (12); test: test_theory_shape_is_the_order_parameter

    Args:
        inversion_rate: gamma [1/time].
        growth: a [-].
        order: nu [-].
    """
    return RelaxationRates(inversion_rate, order * inversion_rate, inversion_rate * float(np.sqrt(growth * order)))


def quick_order_parameter(time_t: Array, rates: RelaxationRates) -> Array:
    """Return eta(t) = k(z) - k(z_0) h(z) [-], fifty times as fast as the integral and good to 1e-12 of its final value.

    k(z) = 2 (z/2)^nu K_nu(z)/Gamma(nu) and h(z) = (z/z_0)^nu I_nu(z)/I_nu(z_0) lie between zero and one. The difference
    loses the digits of a small eta, which fits to noisy data do not need; where a Bessel function overflows the
    integral steps in.

    Source: egorushkin-melnikova-1993b (12); test: test_quick_order_parameter_agrees_with_the_integral

    Args:
        time_t: times, ascending [time].
        rates: the rates, without detuning.
    """
    nu, start = rates.order, bessel_argument(rates)
    z = np.append(start * np.exp(-rates.inversion_rate * time_t / 2), start)
    square = (z / 2) ** 2
    with np.errstate(all="ignore"):
        log_k = np.log(2.0) + nu * np.log(z / 2) + np.log(special.kve(nu, z)) - z - special.gammaln(nu)
        ratio = special.ive(nu, z) / special.ive(nu, start) * np.exp(z - start)
        log_h = nu * np.log(z / start) + np.log(ratio)
        if np.isnan(log_h).any():
            growth = special.hyp0f1(nu + 1, square)
            log_h = 2 * nu * np.log(z / start) + np.log(growth / growth[-1])
    if np.isnan(log_h).any():
        return order_parameter(time_t, rates)
    k = np.where(np.isfinite(log_k), np.exp(np.where(np.isfinite(log_k), log_k, 0.0)), _decaying_series(nu, square))
    return np.clip(k[:-1] - k[-1] * np.exp(log_h[:-1]), 0.0, 1.0)


def _decaying_series(nu: float, square: Array) -> Array:
    """k(z) by its series in z^2/4 where K_nu overflows: there z^2/4 is well below nu, and z^{2 nu} below rounding."""
    total = term = np.ones_like(square)
    for k in range(1, min(40, int(np.ceil(nu)))):
        term = -term * square / (k * (nu - k))
        total = total + term
    return total


def _theory(time_t: Array, p: Array) -> Array:
    """eta(t) by the exponential approximation; p holds the logarithms of gamma, a and nu."""
    return quick_order_parameter(time_t, theory_rates(*(float(x) for x in np.exp(p))))


def _stretched(time_t: Array, p: Array) -> Array:
    return -np.expm1(-((time_t / np.exp(p[0])) ** np.exp(p[1])))


def _logarithm(time_t: Array, p: Array) -> Array:
    """ln(1 + t/tau), divided by its last value so that the amplitude stays of the order of the data."""
    rise = np.log1p(time_t / np.exp(p[0]))
    return rise / rise[-1]


def _logistic(time_t: Array, p: Array) -> Array:
    """The logistic function less its value at the start, (1 - e^-x)/(1 + b e^-x) with x = t/tau."""
    decay = np.exp(-time_t / np.exp(p[0]))
    return (1 - decay) / (1 + np.exp(p[1]) * decay)


def _gompertz(time_t: Array, p: Array) -> Array:
    """exp(-a e^-gt) less its value at the start."""
    start = np.exp(p[1])
    return np.exp(-start) * np.expm1(-start * np.expm1(-np.exp(p[0]) * time_t)) / -np.expm1(-start)


@dataclass(frozen=True)
class Shape:
    """A law: its name, the names of its parameters, f(t; log parameters), and where these are looked for."""

    name: str
    names: tuple[str, ...]
    function: Callable[[Array, Array], Array]
    bounds: Callable[[float, float], tuple[tuple[float, float], ...]]
    rate_power: int = -1  # of the first parameter: -1 for a time, 1 for a rate


def _times(first: float, last: float) -> tuple[float, float]:
    return first - BEYOND, last + BEYOND


THEORY = Shape(
    "theory", ("gamma", "a", "nu"), _theory,
    lambda a, b: ((-b - BEYOND, -a + BEYOND), (-LARGEST_LOG_A, LARGEST_LOG_A), LOG_NU), 1,
)  # fmt: skip
STRETCHED = Shape("stretched exponential", ("tau", "beta"), _stretched, lambda a, b: (_times(a, b), LOG_STRETCH))
NULL_SHAPES = (
    STRETCHED,
    Shape("logarithm", ("tau",), _logarithm, lambda a, b: (_times(a, b),)),
    Shape("logistic", ("tau", "b"), _logistic, lambda a, b: (_times(a, b), (-6.0, 8.0))),
    Shape("Gompertz", ("gamma", "a"), _gompertz, lambda a, b: ((-b - BEYOND, -a + BEYOND), (-6.0, LARGEST_LOG_A)), 1),
)
SHAPES = (THEORY, *NULL_SHAPES)


@dataclass(frozen=True)
class ShapeFit:
    """A law fitted to data. AIC counts the amplitude; errors at different times are taken for independent."""

    name: str
    names: tuple[str, ...]
    log_value_p: Array = quantity("ln of the unit", "logarithms of the parameters")
    amplitude: float = quantity("unit of the data", "A, the change at infinite time (logarithm: at the last time)")
    chi2: float = quantity("1", "sum of squared residuals over their errors")
    n_data: int = quantity("1", "number of times")
    at_bound: bool = quantity("bool", "whether a parameter ran to the end of its range")
    fitted_t: Array = quantity("unit of the data", "A f(t) at the times of the data")

    @property
    def aic(self) -> float:
        """Return Akaike's criterion, chi^2 + 2 k, up to a constant that all laws share [-]."""
        return self.chi2 + 2 * (len(self.names) + 1)

    @property
    def values(self) -> dict[str, float]:
        """Return the parameters by name [time, 1/time or -]."""
        return dict(zip(self.names, np.exp(self.log_value_p).tolist(), strict=True))


def fit_shape(
    shape: Shape, time_t: Array, change_t: Array, error_t: Array, *, start: Array | None = None, held: int | None = None
) -> ShapeFit:
    """Return the law closest to the change of a quantity, by weighted least squares.

    Args:
        shape: the law.
        time_t: times after the start [time].
        change_t: change of the quantity since the start [unit of the data].
        error_t: its standard errors [unit of the data].
        start: logarithms of the parameters to begin with; a mesh over their ranges where absent [-].
        held: number of a parameter that keeps its value of ``start``.

    Raises:
        InputError: errors that are not positive, or fewer times than parameters.
    """
    if not np.all(np.isfinite(error_t) & (error_t > 0)) or len(time_t) <= len(shape.names) + 1:
        raise InputError(
            f"{len(time_t)} times and errors from {np.min(error_t):g}: a fit of {shape.name} needs positive errors and "
            f"more than {len(shape.names) + 1} times"
        )
    low, high = np.array(shape.bounds(float(np.log(time_t[0])), float(np.log(time_t[-1])))).T
    free = [i for i in range(len(low)) if i != held]
    problem = _Projected(shape, time_t, change_t / error_t, error_t)
    starts = [np.clip(start, low + 1e-9, high - 1e-9)] if start is not None else _mesh(low, high)
    best = None
    if start is None:  # the best few of the mesh
        starts = sorted(starts, key=lambda p: float(np.sum(problem.residual(p) ** 2)))[:3]
    for p in starts:
        found = optimize.least_squares(
            lambda x, base=p: problem.residual(_placed(base, free, x)), p[free], bounds=(low[free], high[free]),
            xtol=TOLERANCE, ftol=TOLERANCE, max_nfev=MOST_STEPS,
        ) if free else None  # fmt: skip
        end = p if found is None else _placed(p, free, found.x)
        chi2 = float(np.sum(problem.residual(end) ** 2))
        if best is None or chi2 < best[0]:
            best = (chi2, end)
    assert best is not None
    chi2, p = best
    amplitude = problem.amplitude(p)
    at_bound = bool(np.any((p - low < 0.02) | (high - p < 0.02)))
    fitted_t = amplitude * shape.function(time_t, p)
    return ShapeFit(shape.name, shape.names, p, amplitude, chi2, len(time_t), at_bound, fitted_t)


def _placed(base: Array, free: list[int], x: Array) -> Array:
    p = base.copy()
    p[free] = x
    return p


def _mesh(low: Array, high: Array) -> list[Array]:
    shares = np.array([0.25, 0.5, 0.75])
    grid = np.stack(np.meshgrid(*[shares] * len(low), indexing="ij"), -1).reshape(-1, len(low))
    return [low + share * (high - low) for share in grid]


@dataclass(frozen=True)
class _Projected:
    """Residuals over errors, the amplitude being the best one for the shape."""

    shape: Shape
    time_t: Array
    scaled_t: Array
    error_t: Array

    def _rise(self, p: Array) -> Array:
        return self.shape.function(self.time_t, p) / self.error_t

    def amplitude(self, p: Array) -> float:
        return self._amplitude(self._rise(p))

    def _amplitude(self, rise: Array) -> float:
        square = float(rise @ rise)
        return float(rise @ self.scaled_t) / square if square > 0 else 0.0

    def residual(self, p: Array) -> Array:
        rise = self._rise(p)
        return self._amplitude(rise) * rise - self.scaled_t
