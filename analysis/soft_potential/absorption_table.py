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
    out = np.zeros((len(omega_k), len(tau_t)))
    zero = int(np.argmin(np.abs(table.D2_l)))  # the mesh has a kink at D2 = 0, where the double wells begin
    strips, done = len(table.D2_l) - 1, 0
    for lines in (slice(None, zero + 1), slice(zero, None)):
        for block, factors in (
            (table.inner_block, coefficients.inner_cln),
            (table.outer_block, coefficients.outer_cln),
        ):
            piece = _Piece(table, lines, block, factors[:, lines])
            for line in range(len(piece.D2_l) - 1):
                piece.add(line, tau_t, np.log(omega_k), out)
                done += 1
                if progress is not None:
                    progress(done, 2 * strips)
    return out * np.tanh(omega_k[:, None] / (2 * tau_t))


class _Piece:
    """A part of the mesh on which all quantities are smooth functions of the numbers of line and node."""

    def __init__(self, table: LevelTable, lines: slice, block: slice, factors_cln: Array) -> None:
        self.low, self.high = table.pairs
        self.next = np.flatnonzero(self.high == self.low + 1)
        self.D2_l, self.line_step_l, self.factors_cln = table.D2_l[lines], table.line_step_l[lines], factors_cln
        self.measure_ln = table.block_measure(block)[lines]
        self.energy, self.x, self.x_x2, self.x2, self.x_diagonal, self.x2_diagonal = (
            array[lines, block]
            for array in (
                table.energy_lnm, table.x_lnp, table.x_x2_lnp, table.x2_lnp, table.x_diagonal_lnm,
                table.x2_diagonal_lnm,
            )
        )  # fmt: skip
        D1_ln = table.D1_ln[lines, block]
        self.drift_ln = np.gradient(D1_ln, axis=0, edge_order=2)
        self.crossings = find_crossings(D1_ln, self.D2_l, self.energy, self.x[..., self.next], self.x_diagonal)

    def add(self, line: int, tau_t: Array, log_omega_k: Array, out_kt: Array) -> None:
        """Add the strip above one line."""
        two = slice(line, line + 2)
        x, (u, v, w) = self.x[two], self.factors_cln[:, two, :, None]
        strength = u * self.x2[two] ** 2 + v * self.x_x2[two] + w * x**2
        area = (self.measure_ln[two] * self.line_step_l[two, None])[..., None]
        factor = strength[..., self.next] / np.maximum(x[..., self.next] ** 2 * area, TINY)
        crossings = Crossings(*(array[two] for array in vars(self.crossings).values()))
        energy = self.energy[two] - self.energy[two][..., :1]
        add_strip(energy, strength, self.slopes(two), crossings, factor, tau_t, log_omega_k, out_kt)

    def slopes(self, lines: slice) -> Array:
        """Derivatives of the logarithms of all gaps with respect to the numbers of the node and of the line.

        Exact by Hellmann and Feynman, but for the change of D1 from line to line.
        """
        gap, field, curvature = (
            array[lines][..., self.high] - array[lines][..., self.low]
            for array in (self.energy, self.x_diagonal, self.x2_diagonal)
        )
        gap = np.maximum(gap, TINY)
        along = field * self.measure_ln[lines, :, None]
        across = field * self.drift_ln[lines, :, None] + curvature * self.line_step_l[lines, None, None]
        return np.stack([along / gap, across / gap], axis=-1)
