"""The theory against an annealing: fits with profiles and bootstrap, the laws beside it, and rates against temperature.

A good fit is a statement about the shape of the curve alone: molecular dynamics has no electrons, and the amplitude is
normalised away, so that the mechanism is not tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.annealing.shapes import NULL_SHAPES, SHAPES, STRETCHED, THEORY, Shape, ShapeFit, fit_shape
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array, quantity

PROFILE_OFFSETS = np.log([1 / 8, 1 / 4, 1 / 2, 2 / 3, 1.0, 1.5, 2.0, 4.0, 8.0])  # of each parameter of the theory
FLAT = 4.0  # least rise of chi^2 when a parameter is changed eightfold: two standard errors
FEWEST_GLASSES = 3
RESOLVED_GAIN = 9.0  # of chi^2 by any law over no change at all: three standard errors
SIGNIFICANT = 2.0  # standard errors
SMALLEST_ERROR = 0.2  # of the median error: scatter of a few glasses is small by chance, or zero before anything moves


@dataclass(frozen=True)
class TheoryFit:
    """The theory fitted to the change of one quantity, and how well its parameters are known."""

    fit: ShapeFit = quantity("1", "the theory")
    log_error_p: Array = quantity("1", "bootstrap standard errors of the logarithms of gamma, a and nu")
    correlation_pp: Array = quantity("1", "bootstrap correlations of these logarithms")
    offset_k: Array = quantity("1", "logarithm of the factor on a parameter in its profile")
    profile_pk: Array = quantity("1", "rise of chi^2 there, the other parameters fitted anew")
    flat: tuple[str, ...] = quantity("1", "parameters whose profile is flat: the data do not fix them")
    null_fits: tuple[ShapeFit, ...] = quantity("1", "the other laws")
    log_rate_errors: dict[str, float] = quantity("1", "bootstrap standard error of ln rate of each law")

    @property
    def aic_differences(self) -> dict[str, float]:
        """Akaike's criterion of each law above that of the best one [-]."""
        every = {fit.name: fit.aic for fit in (self.fit, *self.null_fits)}
        return {name: aic - min(every.values()) for name, aic in every.items()}

    def of(self, name: str) -> ShapeFit:
        """Return the fit of one law.

        Args:
            name: its name.
        """
        return next(fit for fit in (self.fit, *self.null_fits) if fit.name == name)


def fit_theory(time_t: Array, change_gt: Array, rng: np.random.Generator, *, resamples: int = 100) -> TheoryFit:
    """Return the theory and the laws beside it, fitted to the mean change over glasses.

    Weights are standard errors over glasses at each time, at least a fifth of their median; times of one glass are
    correlated, so that differences of AIC are upper bounds and errors come from drawing glasses anew.

    Source: egorushkin-melnikova-1993b (12); test: test_fit_recovers_the_parameters_of_the_theory

    Args:
        time_t: times after the start, ascending [time].
        change_gt: change since the start in each glass, (G, T) [unit of the data].
        rng: source of randomness.
        resamples: draws of glasses.

    Raises:
        InputError: too few glasses or times.
        IllPosedFit: the profile of a parameter is flat; carries the fit.
    """
    if len(change_gt) < FEWEST_GLASSES:
        raise InputError(f"{len(change_gt)} glasses; errors of a fit need {FEWEST_GLASSES} at least")
    mean_t = change_gt.mean(axis=0)
    error_t = change_gt.std(axis=0, ddof=1) / np.sqrt(len(change_gt))
    if not np.any(error_t > 0):
        raise IllPosedFit("all glasses change alike: no scatter from which errors could come")
    error_t = np.maximum(error_t, SMALLEST_ERROR * np.median(error_t[error_t > 0]))
    nulls = tuple(fit_shape(shape, time_t, mean_t, error_t) for shape in NULL_SHAPES)
    gain = float(np.sum((mean_t / error_t) ** 2)) - min(fit.chi2 for fit in nulls)
    if gain < RESOLVED_GAIN:
        raise IllPosedFit(f"no change above the noise: a law lowers chi^2 by {gain:.2g}, less than {RESOLVED_GAIN:g}")
    best = fit_shape(THEORY, time_t, mean_t, error_t)
    draws: dict[str, list[Array]] = {fit.name: [] for fit in (best, *nulls)}
    for _ in range(resamples):
        drawn_t = change_gt[rng.integers(len(change_gt), size=len(change_gt))].mean(axis=0)
        for shape, fit in zip(SHAPES, (best, *nulls), strict=True):
            draws[fit.name].append(fit_shape(shape, time_t, drawn_t, error_t, start=fit.log_value_p).log_value_p)
    logs_rp = np.array(draws[THEORY.name])
    profile_pk = _profile(best, time_t, mean_t, error_t)
    ends = np.minimum(profile_pk[:, 0], profile_pk[:, -1])
    flat = tuple(name for name, rise in zip(best.names, ends, strict=True) if rise < FLAT)
    spread_p = logs_rp.std(axis=0, ddof=1)
    safe_p = np.where(spread_p > 0, spread_p, 1.0)
    found = TheoryFit(
        fit=best,
        log_error_p=spread_p,
        correlation_pp=np.cov(logs_rp.T) / np.outer(safe_p, safe_p),
        offset_k=PROFILE_OFFSETS,
        profile_pk=profile_pk,
        flat=flat,
        null_fits=nulls,
        log_rate_errors={name: float(np.std([p[0] for p in rows], ddof=1)) for name, rows in draws.items()},
    )
    if flat:
        raise IllPosedFit(
            f"the data do not fix {', '.join(flat)}: chi^2 rises by less than {FLAT:g} when it is changed eightfold "
            f"({', '.join(f'{n}: {r:.2g}' for n, r in zip(best.names, ends, strict=True))})",
            found,
        )
    return found


def _profile(best: ShapeFit, time_t: Array, mean_t: Array, error_t: Array) -> Array:
    """Rise of chi^2 along each parameter, walking outwards so that each fit starts from its neighbour."""
    rises = np.zeros((len(best.names), len(PROFILE_OFFSETS)))
    middle = int(np.argmin(np.abs(PROFILE_OFFSETS)))
    for p in range(len(best.names)):
        for side in (range(middle - 1, -1, -1), range(middle + 1, len(PROFILE_OFFSETS))):
            start = best.log_value_p
            for k in side:
                start = start.copy()
                start[p] = best.log_value_p[p] + PROFILE_OFFSETS[k]
                fit = fit_shape(_without_bound(THEORY, p), time_t, mean_t, error_t, start=start, held=p)
                rises[p, k], start = fit.chi2 - best.chi2, fit.log_value_p
    return np.maximum(rises, 0.0)


def _without_bound(shape: Shape, p: int) -> Shape:
    """The law with room for a parameter that is held outside its range."""

    def bounds(first: float, last: float) -> tuple[tuple[float, float], ...]:
        ranges = list(shape.bounds(first, last))
        ranges[p] = (ranges[p][0] - 5.0, ranges[p][1] + 5.0)
        return tuple(ranges)

    return Shape(shape.name, shape.names, shape.function, bounds, shape.rate_power)


@dataclass(frozen=True)
class Barrier:
    """Slope of ln rate against 1/T: a barrier in units of k_B times the unit of temperature; the theory has none."""

    law: str
    temperature_T: Array = quantity("epsilon/k_B", "temperatures with a fitted rate")
    rate_T: Array = quantity("1/time", "rates")
    log_error_T: Array = quantity("1", "standard errors of their logarithms")
    barrier: float = quantity("epsilon", "minus the slope of ln rate against 1/T")
    error: float = quantity("epsilon", "its standard error")

    @property
    def verdict(self) -> str:
        """What the data say of the theory's "no barrier"."""
        if not np.isfinite(self.error):
            return "cannot tell: fewer than two temperatures with a fitted rate"
        if abs(self.barrier) > SIGNIFICANT * self.error:
            return "differs from no barrier" if self.barrier > 0 else "rates fall with temperature"
        spread = np.ptp(1 / self.temperature_T)
        if self.error * spread > np.log(3):
            return "cannot tell: the error would hide a factor of three over these temperatures"
        return "agrees with no barrier"


def barrier_of_rates(law: str, temperature_T: Array, rate_T: Array, log_error_T: Array) -> Barrier:
    """Return the barrier by weighted linear regression of ln rate on 1/T.

    Where the points scatter more than their errors say, the error of the slope is enlarged by that factor.

    Source: concentration-notes (barrier); test: test_barrier_of_an_arrhenius_law_is_recovered

    Args:
        law: which rates these are.
        temperature_T: temperatures [epsilon/k_B].
        rate_T: rates [1/time].
        log_error_T: standard errors of their logarithms [-].
    """
    usable = np.isfinite(rate_T) & (rate_T > 0) & np.isfinite(log_error_T) & (log_error_T > 0)
    t, rate, error = temperature_T[usable], rate_T[usable], log_error_T[usable]
    if len(t) < 2:
        return Barrier(law, t, rate, error, float("nan"), float("nan"))
    design = np.column_stack([np.ones(len(t)), -1 / t]) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    target = np.log(rate) / error
    solution = covariance @ (design.T @ target)
    excess = float(np.sum((design @ solution - target) ** 2)) / max(len(t) - 2, 1) if len(t) > 2 else 1.0
    return Barrier(law, t, rate, error, float(solution[1]), float(np.sqrt(covariance[1, 1] * max(excess, 1.0))))


def rate_of(fit: ShapeFit) -> float:
    """Return the rate of a law, gamma or 1/tau [1/time].

    Args:
        fit: the fitted law.
    """
    power = next(shape.rate_power for shape in SHAPES if shape.name == fit.name)
    return float(np.exp(power * fit.log_value_p[0]))


def stretched_final(fit: TheoryFit) -> float:
    """Return the change at infinite time by the stretched exponential [unit of the data].

    Args:
        fit: the fits.
    """
    return fit.of(STRETCHED.name).amplitude
