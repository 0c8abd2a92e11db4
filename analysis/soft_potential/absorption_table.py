"""Resonant absorption of sound by an ensemble of soft potentials, from all levels, as a table over Omega and tau."""

from __future__ import annotations

import numpy as np

from analysis.soft_potential.level_sets import add_strip, prepare_line
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
    log_omega, pairs = np.log(omega_k), table.pairs
    out = np.zeros((len(omega_k), len(tau_t)))
    split = table.inner
    before: list = []
    for line in range(len(table.D2_l)):
        now = []
        for block, factors in ((slice(None, split + 1), coefficients.inner_cln), (slice(split, None), coefficients.outer_cln)):
            x, x_x2, x2 = table.x_lnp[line, block], table.x_x2_lnp[line, block], table.x2_lnp[line, block]
            u, v, w = factors[:, line, :, None]
            strength = u * x2**2 + v * x_x2 + w * x**2
            now.append(prepare_line(table.energy_lnm[line, block], x, table.x_diagonal_lnm[line, block], strength, pairs))
        if before:
            for one, two in zip(before, now, strict=True):
                add_strip(one, two, pairs, tau_t, log_omega, out)
            if progress is not None:
                progress(line, len(table.D2_l) - 1)
        before = now
    return out * np.tanh(omega_k[:, None] / (2 * tau_t))
