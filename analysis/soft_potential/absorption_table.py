"""Resonant absorption of sound by an ensemble of soft potentials, from all levels, as a table over Omega and tau."""

from __future__ import annotations

import numpy as np

from analysis.soft_potential.level_sets import TINY, Crossings, add_strip, find_crossings
from analysis.soft_potential.level_table import LevelTable, Progress
from analysis.soft_potential.measures import Coefficients
from atomsim.results import Array


def absorption_integral(
    table: LevelTable, coefficients: Coefficients, *, omega_k: Array, tau_t: Array, progress: Progress | None = None
) -> Array:
    """Return the integral over the plane of sum_{m<n} |O_mn|^2 (P_m - P_n) delta(E_n - E_m - Omega) [-].

    Source: soft-potential-notes (beyond); test: test_absorption_at_low_frequency

    Args:
        table: the levels.
        coefficients: coupling and measure.
        omega_k: gaps, equally spaced in their logarithm [W].
        tau_t: temperatures, ascending [W].
        progress: called with the number of finished strips and of all strips.

    Returns:
        shape (frequencies, temperatures) [-].
    """
    log_omega, (low, high) = np.log(omega_k), table.pairs
    next_level = np.flatnonzero(high == low + 1)
    out = np.zeros((len(omega_k), len(tau_t)))
    energy = table.energy_lnm - table.energy_lnm[..., :1]
    blocks = []
    for block, factors in (
        (slice(None, table.inner + 1), coefficients.inner_cln),
        (slice(table.inner, None), coefficients.outer_cln),
    ):
        x = table.x_lnp[:, block][..., next_level]
        step = table.measure_ln[:, block] * table.line_step_l[:, None]
        blocks.append((block, factors, step, find_crossings(table.D1_ln[:, block], table.D2_l, energy[:, block], x, table.x_diagonal_lnm[:, block])))
    for line in range(len(table.D2_l) - 1):
        two = slice(line, line + 2)
        for block, factors, step, crossings in blocks:
            x, x_x2, x2 = (array[two, block] for array in (table.x_lnp, table.x_x2_lnp, table.x2_lnp))
            u, v, w = (factor[two, :, None] for factor in factors)
            strength = u * x2**2 + v * x_x2 + w * x**2
            factor = strength[..., next_level] / np.maximum(x[..., next_level] ** 2 * step[two, :, None], TINY)
            here = Crossings(*(array[two] for array in vars(crossings).values()))
            add_strip(energy[two, block], strength, here, factor, tau_t, log_omega, out)
        if progress is not None:
            progress(line + 1, len(table.D2_l) - 1)
    return out * np.tanh(omega_k[:, None] / (2 * tau_t))
