"""Constants of a glass from its measured conductivity and specific heat, with covariance and profiles.

Everything is relative: residuals are differences of logarithms, parameters are logarithms of the constants.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize

from analysis.soft_potential.level_table import Progress
from analysis.thermal.exact_landscape import ExactTables
from analysis.thermal.exact_tables import heat_of
from analysis.thermal.kappa import STEP, available_channels, conductivity_of, material_numbers, tables_of
from analysis.thermal.materials import Material, Provenance, with_numbers
from analysis.thermal.measurement import Measurement
from analysis.thermal.scattering import parse_channels
from atomsim.errors import IllPosedFit, InputError, NotConverged, nearest
from atomsim.results import Array, quantity

COMMON_STRENGTH = "C"  # both tunnelling strengths at a fixed ratio
LARGEST_ERROR = 1.5  # of a logarithm: a constant known to a factor of 4.5 is not known
STRONG_CORRELATION = 0.9
PROFILE_STEPS = (-2.0, -1.0, 1.0, 2.0)  # standard errors
FLAT_PROFILE = 0.25  # least rise of chi^2 two standard errors away, where a parabola has four
TOLERANCE = 1e-9  # relative change of chi^2 or of the constants at which the fit has settled
PROFILE_TOLERANCE = 1e-4
HEAT_STEP = 1e-5  # relative, of the differences of the specific heat
LARGEST_MOVE = 7.0  # of a logarithm from its start


@dataclass(frozen=True)
class ThermalFit:
    """Fitted constants; ``covariance_pp`` is that of their logarithms, ``profile_pk`` the rise of chi^2.

    Without errors in the data the scatter around the fit sets the scale of all errors.
    """

    material: Material
    measurement: Measurement
    model: str
    names: tuple[str, ...]
    value_p: Array = quantity("unit of the constant", "fitted constants; C is the factor on both strengths")
    error_p: Array = quantity("1", "relative standard errors")
    low_p: Array = quantity("unit of the constant", "lower end where chi^2 rises by one")
    high_p: Array = quantity("unit of the constant", "upper end")
    covariance_pp: Array = quantity("1", "covariance of the logarithms")
    offset_k: Array = quantity("standard errors", "where the profiles were computed")
    profile_pk: Array = quantity("1", "rise of chi^2 there, the other constants fitted anew")
    chi2: float = quantity("1", "sum of squared residuals over their errors")
    n_data: int = quantity("1", "numbers fitted")
    errors_given: bool = quantity("bool", "whether the data came with errors")
    conductivity_T: Array = quantity("W/(m K)", "fitted conductivity at the temperatures of the data")
    specific_heat_T: Array = quantity("J/(m^3 K)", "fitted specific heat there; NaN if it was not measured")

    @property
    def correlation_pp(self) -> Array:
        """Return the correlations of the constants [-]."""
        error = np.sqrt(np.diag(self.covariance_pp))
        return self.covariance_pp / np.outer(error, error)

    @property
    def correlated(self) -> tuple[tuple[str, str, float], ...]:
        """Return the pairs of constants that the data hardly tell apart, with their correlation [-]."""
        count = len(self.names)
        pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
        strong = [(i, j) for i, j in pairs if abs(self.correlation_pp[i, j]) > STRONG_CORRELATION]
        return tuple((self.names[i], self.names[j], float(self.correlation_pp[i, j])) for i, j in strong)

    def rms_per_decade(self) -> dict[str, float]:
        """Return the root mean square of ln(fit/data) of the conductivity in each decade of temperature [-]."""
        return rms_per_decade(self.measurement.temperature_T, self.measurement.conductivity_T, self.conductivity_T)


def rms_per_decade(temperature_T: Array, measured_T: Array, computed_T: Array) -> dict[str, float]:
    """Return the root mean square of ln(computed/measured) in each decade of temperature [-].

    Args:
        temperature_T: temperatures [K].
        measured_T: measured values, NaN where there is none [any unit].
        computed_T: computed ones [the same unit].
    """
    distance = np.log(computed_T / measured_T)
    decade = np.floor(np.log10(temperature_T) + 1e-9).astype(int)
    found = {}
    for power in np.unique(decade[np.isfinite(distance)]):
        chosen = distance[(decade == power) & np.isfinite(distance)]
        found[f"{10.0**power:g}-{10.0 ** (power + 1):g} K"] = float(np.sqrt(np.mean(chosen**2)))
    return found


@dataclass(frozen=True)
class _Problem:
    """Residuals and their derivatives as functions of the logarithms of the constants."""

    material: Material
    measurement: Measurement
    free: tuple[str, ...]
    model: str
    channels: tuple[str, ...] | None
    tables: ExactTables | None = None

    def numbers(self, x: Array) -> dict[str, float]:
        numbers = material_numbers(self.material)
        for name, shift in zip(self.free, x, strict=True):
            for member in _members(name):
                numbers[member] *= float(np.exp(shift))
        return numbers

    def moved(self, x: Array) -> Material:
        return with_numbers(self.material, self.numbers(x), {})

    def curves(self, x: Array) -> tuple[Array, Array]:
        """Conductivity and specific heat where they were measured, NaN elsewhere."""
        data = self.measurement
        conductivity, capacity = (np.full_like(data.temperature_T, np.nan) for _ in range(2))
        at, also = np.isfinite(data.conductivity_T), np.isfinite(data.specific_heat_T)
        if at.any():
            conductivity[at] = conductivity_of(
                self.material, self.numbers(x), data.temperature_T[at], self.model, "derived", self.channels,
                self.tables,
            )  # fmt: skip
        if also.any():
            capacity[also] = self.heat(x)
        return conductivity, capacity

    def heat(self, x: Array) -> Array:
        parts = heat_of(self.moved(x), self.measurement.temperature_T[self.has_heat], self.tables)
        return parts.debye_T + parts.tunnelling_T + parts.vibrations_T

    def logarithms(self, x: Array) -> Array:
        conductivity, capacity = self.curves(x)
        data = self.measurement
        values = np.concatenate([conductivity[np.isfinite(data.conductivity_T)], capacity[self.has_heat]])
        if not np.all(np.isfinite(values) & (values > 0)):
            raise InputError("the model gives no conductivity or specific heat at some temperature of the data")
        return np.log(values)

    @property
    def has_heat(self) -> Any:
        return np.isfinite(self.measurement.specific_heat_T)

    def derivatives(self, x: Array) -> Array:
        """d ln(curve)/d ln p: exact for the conductivity, by central differences for the specific heat."""
        data = self.measurement
        at = np.isfinite(data.conductivity_T)
        rows = np.zeros((int(at.sum() + self.has_heat.sum()), len(self.free)))
        for p, name in enumerate(self.free if at.any() else ()):
            numbers: dict[str, Any] = self.numbers(x)
            numbers |= {member: numbers[member] * (1 + 1j * STEP) for member in _members(name)}
            value = conductivity_of(
                self.material, numbers, data.temperature_T[at], self.model, "derived", self.channels, self.tables
            )
            rows[: at.sum(), p] = value.imag / (STEP * value.real)
        if self.has_heat.any():
            for p in range(len(self.free)):
                step = HEAT_STEP * np.eye(len(self.free))[p]
                both = [np.log(self.heat(x + sign * step)) for sign in (1, -1)]
                rows[at.sum() :, p] = (both[0] - both[1]) / (2 * HEAT_STEP)
        return rows


def fit_thermal(
    measurement: Measurement,
    material: Material,
    *,
    free: Sequence[str] = ("W", COMMON_STRENGTH),
    model: str = "closed",
    channels: Collection[str] | None = None,
    profiles: bool = True,
    tables: ExactTables | None = None,
    progress: Progress | None = None,
) -> ThermalFit:
    """Return the constants with which a model comes closest to measured data, on logarithmic scales.

    Source: soft-potential-notes (fit); test: test_fit_recovers_the_constants_of_synthetic_data

    Args:
        measurement: the data.
        material: the constants to start from; those not fitted are kept.
        free: names of constants to fit; ``"C"`` stands for C_l and C_t at a fixed ratio.
        model: how phonons are scattered.
        channels: what scatters.
        profiles: compute the profile of each constant.
        tables: of the exact model, in place of those of the constants.
        progress: called with the number of finished and of all steps while a table of the exact model is made.

    Raises:
        InputError: a name that the material has not, or errors for a part of the data only.
        IllPosedFit: the data do not fix the constants: too few of them, or a flat profile; carries the estimate.
        NotConverged: the fit did not settle.
    """
    problem = _Problem(material, measurement, tuple(free), model, None if channels is None else tuple(channels))
    _check(problem)
    if model == "exact":
        chosen = parse_channels(channels, available_channels(material, model, tables))
        problem = replace(problem, tables=tables_of(material, chosen, tables, progress=progress))
    logs, errors, given = _data(measurement)
    if len(logs) < len(free) + 1:
        raise IllPosedFit(f"{measurement.name}: {len(logs)} numbers cannot fix {len(free)} constants and their errors")
    start = np.zeros(len(free))
    found = _minimise(lambda x: (problem.logarithms(x) - logs) / errors, _over(problem, errors), start, TOLERANCE)
    chi2 = float(2 * found.cost)
    scale = 1.0 if given else chi2 / (len(logs) - len(free))
    covariance = _covariance(found, scale, problem)
    sigma = np.sqrt(np.diag(covariance))
    low, high, profile = found.x - sigma, found.x + sigma, np.full((len(free), len(PROFILE_STEPS)), np.nan)
    if profiles and scale > 0:
        low, high, profile = _profiles(problem, logs, errors, found, covariance, scale)
    conductivity, capacity = problem.curves(found.x)
    at_start = material_numbers(material)
    unit = np.array([1.0 if name == COMMON_STRENGTH else at_start[name] for name in free])
    return ThermalFit(
        material=_fitted(problem, found.x, sigma),
        model=model,
        names=tuple(free),
        value_p=unit * np.exp(found.x),
        error_p=sigma,
        low_p=unit * np.exp(low),
        high_p=unit * np.exp(high),
        covariance_pp=covariance,
        offset_k=np.array(PROFILE_STEPS),
        profile_pk=profile,
        chi2=chi2,
        n_data=len(logs),
        errors_given=given,
        measurement=measurement,
        conductivity_T=conductivity,
        specific_heat_T=capacity,
    )


def _members(name: str) -> tuple[str, ...]:
    return ("C_l", "C_t") if name == COMMON_STRENGTH else (name,)


def _check(problem: _Problem) -> None:
    numbers = material_numbers(problem.material)
    known = [*(name for name, value in numbers.items() if value > 0), *([COMMON_STRENGTH] if "C_l" in numbers else [])]
    for name in problem.free:
        if name not in known:
            raise InputError(
                f"{problem.material.name} has no constant {name!r} to start from{nearest(name, known)}; "
                f"known: {', '.join(known)}"
            )
    if problem.model == "exact" and "b" in problem.free:
        raise InputError(
            "b cannot be fitted with the exact model, whose tables are for one b each; fix it, or use closed"
        )
    members = [member for name in problem.free for member in _members(name)]
    if not members or len(set(members)) < len(members):
        raise InputError(
            f"free constants {', '.join(problem.free) or 'none'}: expected each once, C without C_l and C_t"
        )


def _data(measurement: Measurement) -> tuple[Array, Array, bool]:
    """Logarithms of the data, their relative errors, and whether those were given."""
    pairs = (
        (measurement.conductivity_T, measurement.conductivity_error_T),
        (measurement.specific_heat_T, measurement.specific_heat_error_T),
    )
    value = np.concatenate([v[np.isfinite(v)] for v, _ in pairs])
    error = np.concatenate([e[np.isfinite(v)] for v, e in pairs])
    given = np.isfinite(error)
    if given.any() and not given.all():
        raise InputError(
            f"{measurement.name}: {int((~given).sum())} of {len(given)} values have no error; give all or none"
        )
    return np.log(value), error / value if given.all() else np.ones_like(value), bool(given.all())


def _over(problem: _Problem, errors: Array) -> Callable[[Array], Array]:
    return lambda x: problem.derivatives(x) / errors[:, None]


def _minimise(
    residuals: Callable[[Array], Array], jacobian: Callable[[Array], Array], start: Array, tolerance: float
) -> Any:
    limits = {"bounds": (start - LARGEST_MOVE, start + LARGEST_MOVE)}
    found = optimize.least_squares(residuals, start, jac=jacobian, xtol=tolerance, ftol=tolerance, gtol=1e-10, **limits)
    if not found.success:
        raise NotConverged(f"the fit did not settle in {found.nfev} evaluations: {found.message}", found.x)
    return found


def _covariance(found: Any, scale: float, problem: _Problem) -> Array:
    """Covariance of the logarithms; refused where the data leave a direction open."""
    _, singular, directions = np.linalg.svd(found.jac, full_matrices=False)
    open_ended = singular < 1e-10 * singular[0]
    inverse = np.where(open_ended, 0.0, 1 / np.where(open_ended, 1.0, singular) ** 2)
    covariance = scale * (directions.T * inverse) @ directions
    sigma = np.sqrt(np.diag(covariance))
    weak = [
        n
        for n, s, d in zip(problem.free, sigma, directions[-1], strict=True)
        if s > LARGEST_ERROR or (open_ended[-1] and abs(d) > 0.1)
    ]
    edge = [n for n, x in zip(problem.free, found.x, strict=True) if abs(x) > 0.99 * LARGEST_MOVE]
    if weak or edge:
        estimate = dict(zip(problem.free, np.exp(found.x), strict=True))
        which = ", ".join(dict.fromkeys([*weak, *edge]))
        raise IllPosedFit(
            f"{problem.measurement.name}: the data do not fix {which}: chi^2 hardly changes over a factor of "
            f"{np.exp(LARGEST_ERROR):.2g} in each; fit fewer constants (C for C_l and C_t at a fixed ratio)",
            estimate,
        )
    return covariance


def _profiles(
    problem: _Problem, logs: Array, errors: Array, found: Any, covariance: Array, scale: float
) -> tuple[Array, Array, Array]:
    """Where chi^2 rises by one, and the rise at each step, the other constants fitted anew."""
    sigma = np.sqrt(np.diag(covariance))
    rise = np.zeros((len(sigma), len(PROFILE_STEPS)))
    for p in range(len(sigma)):
        others = np.arange(len(sigma)) != p
        for k, offset in enumerate(PROFILE_STEPS):
            start = found.x + covariance[:, p] / sigma[p] * offset  # where the others go if chi^2 is a parabola
            rise[p, k] = 2 * (_constrained(problem, logs, errors, start, others) - found.cost) / scale
    _require_a_profile(problem, rise, found)
    steps = np.insert(np.array(PROFILE_STEPS), len(PROFILE_STEPS) // 2, 0.0)
    roots = np.insert(np.sign(PROFILE_STEPS) * np.sqrt(np.maximum(rise, 0)), len(PROFILE_STEPS) // 2, 0.0, axis=1)
    ends = [np.interp([-1.0, 1.0], row, steps) for row in roots]
    low, high = found.x + sigma * np.array(ends).T
    return low, high, rise


def _constrained(problem: _Problem, logs: Array, errors: Array, start: Array, others: Any) -> float:
    """Half the least chi^2 over some of the constants, the rest held."""

    def whole(free: Array) -> Array:
        x = start.copy()
        x[others] = free
        return x

    def residuals(free: Array) -> Array:
        return (problem.logarithms(whole(free)) - logs) / errors

    if not others.any():
        return float(np.sum(residuals(start[others]) ** 2) / 2)
    best = _minimise(residuals, lambda y: _over(problem, errors)(whole(y))[:, others], start[others], PROFILE_TOLERANCE)
    return float(best.cost)


def _require_a_profile(problem: _Problem, rise: Array, found: Any) -> None:
    flat = [name for name, row in zip(problem.free, rise, strict=True) if min(row[0], row[-1]) < FLAT_PROFILE]
    if flat:
        estimate: Mapping[str, float] = dict(zip(problem.free, np.exp(found.x), strict=True))
        raise IllPosedFit(f"{problem.measurement.name}: flat profile of {', '.join(flat)}", estimate)


def _fitted(problem: _Problem, x: Array, sigma: Array) -> Material:
    """The material with the fitted constants, each saying so."""
    provenance = {}
    for name, error in zip(problem.free, sigma, strict=True):
        for member in _members(name):
            provenance[member] = Provenance(f"fit to {problem.measurement.name}, +- {100 * error:.2g} %", "fitted")
    return with_numbers(problem.material, problem.numbers(x), provenance)
