"""Resonant absorption of sound by an ensemble of soft potentials, from all levels, as a table over Omega and tau.

Omega = hbar omega/W is the quantum of the phonon, tau = k_B T/W the temperature. At gaps that are stationary in the
plane of the potentials the absorption has logarithmic peaks, where it has no value. An entry of the table is that of
the curve whose averages over each step of ln Omega are those of the absorption: what an integral over the frequency
needs. Away from the peaks it is the absorption itself, to fourth order of the step.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.level_sets import TINY, Crossings, add_strip, find_crossings
from analysis.soft_potential.level_table import (
    REDUCED_STATES,
    Images,
    LevelTable,
    Progress,
    Resolution,
    last_places,
    tabulate_levels,
)
from analysis.soft_potential.measures import Coefficients, Weight, field_measure, landscape_measure, uniform_weight
from atomsim.errors import InputError
from atomsim.results import Array, quantity

VERSION = 2  # of the numbers in a table: to be raised whenever the method changes
LOWEST_FREQUENCY = 1e-3
TEMPERATURES = (0.02, 5.0)
LOG_STEP = 0.01  # of the frequencies: a peak is off by more than 1e-3 within two steps of its middle
N_TEMPERATURES = 57
COARSE = Resolution(lines=96, nodes=96)
FEWEST_STEPS = 64  # of a mesh in either direction: half the splittings of wells at Omega = 1e-3 are lost below
WIDE_STEPS, WIDE_LEVELS = 192, 8  # the mesh of doubled range: four times its fewest steps, and its additional levels
BELOW = 0.6  # ln of the lowest frequency over that from which on gaps are looked at
STEPS_TOLD = 1000  # of the progress of a tabulation
LEFT_OVER = 3.0  # the extrapolation from the mesh errs by 1/LEFT_OVER of what that from the halved mesh does

Measure = Callable[[LevelTable], Coefficients]


@dataclass(frozen=True)
class TableError:
    """The largest relative error of one kind in a table, and where it is."""

    kind: str = quantity("text", "what was changed to find it")
    largest: float = quantity("1", "largest relative error")
    omega: float = quantity("W", "frequency of the largest error")
    tau: float = quantity("W", "temperature of the largest error")
    median: float = quantity("1", "median of the relative error")

    def __str__(self) -> str:
        """Return the error in words."""
        return f"{self.kind}: {self.largest:.1e} at Omega = {self.omega:.3g}, tau = {self.tau:.3g}"


@dataclass(frozen=True)
class AbsorptionTable:
    """A reduced absorption over frequency and temperature, with its relative errors."""

    measure: str = quantity("text", "distribution of the potentials and coupling")
    omega_k: Array = quantity("W", "quanta of the phonons, equally spaced in their logarithm")
    tau_t: Array = quantity("W", "temperatures, equally spaced in their logarithm")
    absorption_kt: Array = quantity("1", "the absorption, extrapolated from two meshes")
    step_error_kt: Array = quantity("1", "a third of the relative change on halving both meshes")
    level_error_kt: Array = quantity("1", "relative change on adding levels to each potential")
    range_error_kt: Array = quantity("1", "relative change on doubling the range in D2 in both directions")
    lines: int = quantity("1", "steps of the mesh in D2")
    nodes: int = quantity("1", "steps of the mesh along a line")
    n_potentials: int = quantity("1", "potentials solved")
    seconds: float = quantity("s", "time of the tabulation")

    def error_report(self) -> tuple[TableError, TableError, TableError]:
        """Return the largest errors of the steps, of the range and of the number of levels."""
        return (
            self._largest("step halving", self.step_error_kt),
            self._largest("range doubling", self.range_error_kt),
            self._largest("number of levels", self.level_error_kt),
        )

    @property
    def largest_error(self) -> float:
        """Return the largest of the three errors, relative [-]."""
        return max(error.largest for error in self.error_report())

    def _largest(self, kind: str, error_kt: Array) -> TableError:
        k, t = np.unravel_index(np.argmax(error_kt), error_kt.shape)
        return TableError(
            kind, float(error_kt[k, t]), float(self.omega_k[k]), float(self.tau_t[t]), float(np.median(error_kt))
        )


def frequency_grid(largest: float) -> Array:
    """Return the frequencies of a table [W].

    Args:
        largest: the last of them [W].
    """
    count = 1 + int(np.ceil(np.log(largest / LOWEST_FREQUENCY) / LOG_STEP))
    return np.geomspace(LOWEST_FREQUENCY, largest, count)


def temperature_grid() -> Array:
    """Return the temperatures of a table [W]."""
    return np.geomspace(*TEMPERATURES, N_TEMPERATURES)


def tabulate_absorption(
    resolution: Resolution | None = None, *, weight: Weight = uniform_weight, measure: str = "uniform (D1, D2)",
    levels: LevelTable | None = None, progress: Progress | None = None,
) -> AbsorptionTable:  # fmt: skip
    """Return the absorption J for a linear coupling and a density over the (D1, D2) plane.

    Source: soft-potential-notes (beyond); test: test_absorption_tends_to_the_tanh_law

    Args:
        resolution: fineness of the mesh.
        weight: density over the (D1, D2) plane relative to the uniform one.
        measure: what to call it.
        levels: the mesh of lower minima of the same resolution, if it is at hand.
        progress: called with the number of finished and of all steps.

    Raises:
        InputError: the mesh is too coarse.
    """
    tables = [] if levels is None else [levels]
    resolution = resolution or Resolution()
    return _tabulated([Images.LOWER_MINIMUM], lambda t: field_measure(t, weight), resolution, measure, tables, progress)


def tabulate_landscape_absorption(
    resolution: Resolution | None = None, *, b: float | None = None, weight: Weight = uniform_weight,
    measure: str = "uniform (alpha, beta)", progress: Progress | None = None,
) -> AbsorptionTable:  # fmt: skip
    """Return I_y (without b) or I_d (with b) for a density over the (alpha, beta) plane.

    Source: soft-potential-notes (beyond); test: test_attachment_absorption_at_high_frequency
    Source: soft-potential-notes (beyond); test: test_deformation_absorption_at_high_frequency

    Args:
        resolution: fineness of the meshes.
        b: coupling to the square of the fast strain; without it the coupling is y [-].
        weight: density over the (alpha, beta) plane relative to the uniform one.
        measure: what to call it.
        progress: called with the number of finished and of all steps.

    Raises:
        InputError: the meshes are too coarse.
    """
    return _tabulated(
        list(Images), lambda t: landscape_measure(t, weight, b=b), resolution or Resolution(), measure, [], progress
    )


def absorption_integral(
    table: LevelTable, coefficients: Coefficients, *, omega_k: Array, tau_t: Array, progress: Progress | None = None
) -> Array:
    """Return the integral over a mesh of sum_{m<n} |O_mn|^2 (P_m - P_n) delta(E_n - E_m - Omega) [-].

    Gaps that cross narrowly are taken at the frequencies; all others are averaged over one step of the logarithm of
    the frequency about each, and the averages turned into values of a smooth curve that has them.

    Source: soft-potential-notes (beyond); test: test_absorption_tends_to_the_tanh_law

    Args:
        table: the levels.
        coefficients: coupling and measure.
        omega_k: gaps, equally spaced in their logarithm [W].
        tau_t: temperatures, ascending [W].
        progress: called with the number of finished strips and of all strips.

    Returns:
        shape (frequencies, temperatures) [-].

    Raises:
        InputError: frequencies that are not equally spaced in their logarithm, or temperatures that do not ascend.
    """
    log_omega = np.log(omega_k)
    if not np.allclose(np.diff(log_omega, 2), 0, atol=1e-9) or not (np.all(np.diff(tau_t) > 0) and tau_t[0] > 0):
        raise InputError("frequencies must be equally spaced in their logarithm, temperatures positive and ascending")
    step = float(log_omega[1] - log_omega[0])
    below = 1 + int(np.ceil(BELOW / step))  # crossings are told from other gaps down to the lowest frequency
    wide = log_omega[0] + step * np.arange(-below, len(omega_k) + 1)
    values, averages = (np.zeros((len(wide), len(tau_t))) for _ in range(2))
    strips, done = len(table.D2_l) - 1, 0
    zero = int(np.argmin(np.abs(table.D2_l)))  # the mesh has a kink at D2 = 0, where the double wells begin
    for lines in (slice(None, zero + 1), slice(zero, None)):
        piece, factors = table.picked(lines), coefficients.factor_cln[:, lines]
        if len(piece.D2_l) < 3:
            continue
        crossings, drift = find_crossings(piece), np.gradient(piece.D1_ln, axis=0, edge_order=2)
        for line in range(len(piece.D2_l) - 1):
            two = slice(line, line + 2)
            here = Crossings(*(array[two] for array in vars(crossings).values()))
            _add(piece.picked(two), factors[:, two, :, None], drift[two], here, tau_t, wide, (values, averages))
            done += 1
            if progress is not None:
                progress(done, strips)
    smooth = averages[1:-1] - np.diff(averages, 2, axis=0) / 24
    return (values[1:-1] + smooth)[below - 1 :] * np.tanh(omega_k[:, None] / (2 * tau_t))


def _add(
    strip: LevelTable, factors: Array, drift: Array, crossings: Crossings, tau_t: Array, log_omega_k: Array,
    out: tuple[Array, Array],
) -> None:  # fmt: skip
    """Add one strip to a result."""
    low, high = strip.pairs
    u, v, w = factors
    squared = u * strip.x2_lnp**2 + v * strip.x_lnp * strip.x2_lnp + w * strip.x_lnp**2
    measure = (strip.step_ln * strip.line_step_l[:, None])[..., None]
    per_x = (squared / np.maximum(strip.x_lnp**2, TINY))[..., high == low + 1]
    energy = strip.energy_lnm - strip.energy_lnm[..., :1]
    add_strip(
        energy, squared * measure, _slopes(strip, drift), crossings, per_x, tau_t, log_omega_k,
        values_kt=out[0], averages_kt=out[1],
    )  # fmt: skip


def _slopes(strip: LevelTable, drift_ln: Array) -> Array:
    """Derivatives of the logarithms of all gaps with respect to the numbers of the node and of the line.

    Exact by Hellmann and Feynman, but for ``drift``, the change of D1 from line to line.
    """
    low, high = strip.pairs
    gap, field, curvature = (
        array[..., high] - array[..., low] for array in (strip.energy_lnm, strip.x_diagonal_lnm, strip.x2_diagonal_lnm)
    )
    rising = strip.images == Images.LOWER_MINIMUM
    sign = 1.0 if rising else np.sign(-strip.D2_l[:, None] - 6 * strip.place_ln**2)
    along = field * (sign * strip.step_ln * strip.stretch_ln)[..., None]
    across = field * drift_ln[..., None] + curvature * strip.line_step_l[:, None, None]
    return np.stack([along, across], axis=-1) / np.maximum(gap, TINY)[..., None]


def _tabulated(
    images: Sequence[Images], measure: Measure, resolution: Resolution, name: str, tables: list[LevelTable],
    progress: Progress | None,
) -> AbsorptionTable:  # fmt: skip
    """The absorption on three meshes, extrapolated to no step, and what levels and range do to it."""
    if min(resolution.lines, resolution.nodes) < FEWEST_STEPS:
        raise InputError(
            f"a mesh of {resolution.lines} lines and {resolution.nodes} nodes: a table of the absorption needs at "
            f"least {FEWEST_STEPS} of both, or its low frequencies are wrong"
        )
    start = time.perf_counter()
    omega, tau = frequency_grid(resolution.largest_frequency), temperature_grid()
    shares = (0 if tables else 6, 2, 1)  # of the time: levels, absorption, levels of the mesh of doubled range
    tasks = _Tasks(progress, np.repeat(shares, len(images)))
    if tables:
        tasks.skip(len(images))
    landscape = len(images) > 1
    tables = tables or [tabulate_levels(resolution, kind, tasks.next(), landscape=landscape) for kind in images]

    def absorption(parts: Sequence[LevelTable], of: Measure = measure, tasks: _Tasks | None = None) -> Array:
        told = [tasks.next() if tasks else None for _ in parts]
        found = [
            absorption_integral(table, of(table), omega_k=omega, tau_t=tau, progress=tell)
            for table, tell in zip(parts, told, strict=True)
        ]
        return np.sum(found, axis=0)

    fine = absorption(tables, tasks=tasks)
    halved = [table.halved() for table in tables]
    half, quarter = absorption(halved), absorption([table.halved() for table in halved])
    value = (4 * fine - half) / 3
    wide_resolution = _wider(resolution)
    wide = [tabulate_levels(wide_resolution, kind, tasks.next(), landscape=landscape) for kind in images]
    all_of_it = absorption(wide)
    fewer = absorption([table.fewer_levels(resolution.levels) for table in wide])
    nearer = absorption(wide, lambda t: _within_range(t, measure(t), resolution))
    return AbsorptionTable(
        name, omega, tau, value, np.abs((4 * half - quarter) / 3 / value - 1) / LEFT_OVER,
        np.abs(fewer / all_of_it - 1), np.abs(nearer / all_of_it - 1), resolution.lines, resolution.nodes,
        sum(table.n_potentials for table in tables), time.perf_counter() - start,
    )  # fmt: skip


def _wider(resolution: Resolution) -> Resolution:
    """A mesh of twice the range with more levels, coarse enough to be cheap: for errors, not for values."""
    lines, nodes = (4 * round(max(steps, WIDE_STEPS) / 16) for steps in (resolution.lines, resolution.nodes))
    levels = min(resolution.levels + WIDE_LEVELS, REDUCED_STATES - 8)
    return dataclasses.replace(resolution, lines=lines, nodes=nodes, levels=levels, margin=2 * resolution.margin)


def _within_range(table: LevelTable, coefficients: Coefficients, resolution: Resolution) -> Coefficients:
    """The same without the potentials that a mesh of this resolution does not hold."""
    curvature = resolution.largest_curvature
    inside = (table.D2_l[:, None] >= -curvature / 2) & (table.D2_l[:, None] <= curvature)
    if table.images == Images.LOWER_MINIMUM:
        inside = inside & (-table.place_ln <= last_places(table.D2_l, curvature)[:, None])
    return Coefficients(np.where(inside, coefficients.factor_cln, 0.0))


class _Tasks:
    """Progress of several tasks in a row as that of one, with a share of the time for each."""

    def __init__(self, progress: Progress | None, shares: Array) -> None:
        self._progress, self._ends, self._next = progress, np.cumsum(shares) / np.sum(shares), 0

    def skip(self, count: int) -> None:
        self._next += count

    def next(self) -> Progress | None:
        progress, end = self._progress, self._ends[self._next]
        begin = self._ends[self._next - 1] if self._next else 0.0
        self._next += 1
        if progress is None:
            return None
        return lambda i, n: progress(round(STEPS_TOLD * (begin + (end - begin) * i / n)), STEPS_TOLD)
