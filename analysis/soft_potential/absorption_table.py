"""Resonant absorption of sound by an ensemble of soft potentials, from all levels, as a table over Omega and tau.

Omega = hbar omega/W is the quantum of the phonon, tau = k_B T/W the temperature.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.landscape import from_cubic_free
from analysis.soft_potential.level_sets import TINY, Crossings, add_strip, find_crossings
from analysis.soft_potential.level_table import Images, LevelTable, Progress, Resolution, tabulate_levels
from analysis.soft_potential.measures import Coefficients, Weight, field_measure, landscape_measure, uniform_weight
from atomsim.errors import InputError
from atomsim.results import Array, quantity

VERSION = 1  # of the numbers in a table: to be raised whenever the method changes
LOWEST_FREQUENCY = 1e-3
TEMPERATURES = (0.02, 5.0)
LOG_STEP = 0.05  # of the frequencies
N_TEMPERATURES = 57
COARSE = Resolution(lines=96, nodes=96)
DROPPED_LEVELS = 3
NEARER_EDGE = 1.2  # of the largest curvature that is kept when the range is tested, MARGIN being the full one


@dataclass(frozen=True)
class AbsorptionTable:
    """A reduced absorption over frequency and temperature, with the error of its parts."""

    measure: str = quantity("text", "distribution of the potentials and coupling")
    omega_k: Array = quantity("W", "quanta of the phonons, equally spaced in their logarithm")
    tau_t: Array = quantity("W", "temperatures, equally spaced in their logarithm")
    absorption_kt: Array = quantity("1", "the absorption, extrapolated from two meshes")
    step_error_kt: Array = quantity("1", "half the relative difference between the extrapolation and the finer mesh")
    level_error: float = quantity("1", "largest relative change on leaving out the three highest levels")
    range_error: float = quantity("1", "largest relative change on taking in less of the plane")
    lines: int = quantity("1", "steps of the mesh in D2")
    nodes: int = quantity("1", "steps of the mesh along a line")
    n_potentials: int = quantity("1", "potentials solved")
    seconds: float = quantity("s", "time of the tabulation")


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
    """
    resolution = resolution or Resolution()
    start = time.perf_counter()
    table = levels or tabulate_levels(resolution, progress=progress)
    return _extrapolated([table], [lambda t: field_measure(t, weight)], resolution, measure, start)


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
        progress: called with the number of finished and of all steps, for each mesh.
    """
    resolution = resolution or Resolution()
    start = time.perf_counter()
    tables = [tabulate_levels(resolution, images, progress) for images in Images]
    return _extrapolated(tables, [lambda t: landscape_measure(t, weight, b=b)] * 2, resolution, measure, start)


def absorption_integral(
    table: LevelTable, coefficients: Coefficients, *, omega_k: Array, tau_t: Array, progress: Progress | None = None
) -> Array:
    """Return the integral over a mesh of sum_{m<n} |O_mn|^2 (P_m - P_n) delta(E_n - E_m - Omega) [-].

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
    if not np.allclose(np.diff(np.log(omega_k), 2), 0, atol=1e-9) or not (np.all(np.diff(tau_t) > 0) and tau_t[0] > 0):
        raise InputError("frequencies must be equally spaced in their logarithm, temperatures positive and ascending")
    out = np.zeros((len(omega_k), len(tau_t)))
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
            _add(piece.picked(two), factors[:, two, :, None], drift[two], here, tau_t, np.log(omega_k), out)
            done += 1
            if progress is not None:
                progress(done, strips)
    return out * np.tanh(omega_k[:, None] / (2 * tau_t))


def _add(
    strip: LevelTable, factors: Array, drift: Array, crossings: Crossings, tau_t: Array, log_omega_k: Array,
    out_kt: Array,
) -> None:  # fmt: skip
    """Add one strip to a result."""
    low, high = strip.pairs
    u, v, w = factors
    squared = u * strip.x2_lnp**2 + v * strip.x_lnp * strip.x2_lnp + w * strip.x_lnp**2
    measure = (strip.step_ln * strip.line_step_l[:, None])[..., None]
    per_x = (squared / np.maximum(strip.x_lnp**2, TINY))[..., high == low + 1]
    energy = strip.energy_lnm - strip.energy_lnm[..., :1]
    add_strip(energy, squared * measure, _slopes(strip, drift), crossings, per_x, tau_t, log_omega_k, out_kt)


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


def _extrapolated(tables, measures, resolution: Resolution, name: str, start: float) -> AbsorptionTable:  # type: ignore[no-untyped-def]
    """The absorption on two meshes, extrapolated to no step, and what levels and range do to it."""
    omega, tau = frequency_grid(resolution.largest_frequency), temperature_grid()
    pairs = list(zip(tables, measures, strict=True))
    coarse_pairs = [(table.halved(), measure) for table, measure in pairs]

    def total(parts):  # type: ignore[no-untyped-def]
        return sum(absorption_integral(t, m(t), omega_k=omega, tau_t=tau) for t, m in parts)

    fine, coarse = total(pairs), total(coarse_pairs)
    value = (4 * fine - coarse) / 3
    fewer = total([(t.fewer_levels(resolution.levels - DROPPED_LEVELS), m) for t, m in coarse_pairs])
    nearer = sum(absorption_integral(t, _cut(t, m(t), resolution), omega_k=omega, tau_t=tau) for t, m in coarse_pairs)
    return AbsorptionTable(
        name, omega, tau, value, np.abs(value - fine) / (2 * value),
        float(np.max(np.abs(fewer / coarse - 1))), float(np.max(np.abs(nearer / coarse - 1))),
        resolution.lines, resolution.nodes, sum(t.n_potentials for t in tables), time.perf_counter() - start,
    )  # fmt: skip


def _cut(table: LevelTable, coefficients: Coefficients, resolution: Resolution) -> Coefficients:
    """The same without potentials whose lower well is stiffer than a smaller limit."""
    limit = NEARER_EDGE * resolution.largest_frequency**2 / 4
    lower = table.place_ln
    if table.images != Images.LOWER_MINIMUM:
        flat = zip(table.D1_ln.ravel(), np.repeat(table.D2_l, table.D1_ln.shape[1]), strict=True)
        lower = np.array([from_cubic_free(D1, D2)[1][0] / 4 for D1, D2 in flat]).reshape(table.D1_ln.shape)
    return Coefficients(np.where(table.D2_l[:, None] + 6 * lower**2 <= limit, coefficients.factor_cln, 0.0))
