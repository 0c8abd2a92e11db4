"""The energy along a soft mode, atoms held or following: the check of the quartic expansion.

The scan needs no third or fourth derivative: with the other atoms held it only evaluates energies, and the
relaxed scan minimises over everything orthogonal to the mode and to the modes below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomsim.errors import NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.pairs import PairInteraction, PairTerms
from atomsim.quench import Glass
from atomsim.results import Array, quantity

MOST_STEPS = 60
LARGEST_JUMP = 0.1  # an atom that moves further while it relaxes has left the branch [sigma]
CONSTRAINT_TOLERANCE = 1e-9  # residual force allowed orthogonal to the scanned coordinate [epsilon/(sqrt(m) sigma)]


@dataclass(frozen=True)
class ModeScan:
    """Energy above the minimum against the coordinate s of one mode."""

    amplitude_s: Array = quantity("sqrt(m) sigma", "coordinate s")
    held_s: Array = quantity("epsilon", "energy with every other mode held")
    relaxed_s: Array = quantity("epsilon", "energy with the higher modes relaxed; NaN where the branch ends")


class _ConstrainedMinimiser:
    """Minimises orthogonal to the rows of ``held``; a factorisation serves as long as it still halves the force."""

    def __init__(self, interaction: PairInteraction, mass_n: Array, held: Array) -> None:
        self.interaction, self.mass_n, self.held = interaction, mass_n, held
        self.factor: SymmetricFactor | None = None

    def _refactor(self, terms: PairTerms) -> None:
        if self.factor is not None:
            self.factor.release()
        matrix = mass_weighted(hessian_matrix(terms), self.mass_n, terms.dimension)
        self.factor = SymmetricFactor(matrix, shift=-1e-6 * float(matrix.diagonal().mean()))
        self.along = np.asarray(self.factor.solve(self.held.T))

    def __call__(self, start_nc: Array) -> tuple[Array, float]:
        """Positions [sigma] and energy [epsilon] of the constrained minimum next to the start."""
        d = self.interaction.model.dimension
        root = np.sqrt(self.mass_n)[:, None]
        positions_nc, before = start_nc.copy(), np.inf
        for _ in range(MOST_STEPS):
            terms = self.interaction.terms(positions_nc)
            force = (terms.forces()[:, :d] / root).ravel()
            force -= self.held.T @ (self.held @ force)
            now = float(np.abs(force).max())
            if now < CONSTRAINT_TOLERANCE:
                return positions_nc, terms.energy()
            if self.factor is None or now > 0.5 * before:
                self._refactor(terms)
            assert self.factor is not None
            plain = self.factor.solve(force)
            move = plain - self.along @ np.linalg.solve(self.held @ self.along, self.held @ plain)
            positions_nc[:, :d] += move.reshape(-1, d) / root * min(1.0, 0.1 / np.abs(move).max())
            before = now
        raise NotConverged(f"constrained minimisation left a force of {now:.1e}", positions_nc)


def _orthonormal_constraints(vectors_mnc: Array, mass_n: Array, d: int) -> Array:
    """Rows: translations and the given modes, orthonormal in mass-weighted coordinates."""
    root = np.sqrt(mass_n)
    translations = np.zeros((d, len(mass_n), d))
    for c in range(d):
        translations[c, :, c] = root
    rows = np.concatenate([translations.reshape(d, -1), vectors_mnc[:, :, :d].reshape(len(vectors_mnc), -1)])
    return np.linalg.qr(rows.T)[0].T


def scan_mode(glass: Glass, vectors_mnc: Array, amplitude_s: Array) -> ModeScan:
    """Return the energy along the last of the given modes; all of them are held, everything else relaxes.

    Each side is followed outwards from the minimum. Where the branch ends, because the constrained minimum vanishes
    or an atom jumps, the relaxed energies beyond are NaN: they would belong to another minimum.

    Args:
        glass: the minimum.
        vectors_mnc: the mode to scan, preceded by all vibrations of lower frequency, (M, N, 3) [-].
        amplitude_s: values of the coordinate s [sqrt(m) sigma].
    """
    interaction, d = glass.interaction(), glass.dimension
    relax = _ConstrainedMinimiser(interaction, glass.mass_n, _orthonormal_constraints(vectors_mnc, glass.mass_n, d))
    step_nc = vectors_mnc[-1] / np.sqrt(glass.mass_n)[:, None]
    reference = interaction.terms(glass.positions_nc).energy()
    amplitude_s = np.asarray(amplitude_s, dtype=float)
    displaced = [interaction.terms(glass.positions_nc + s * step_nc).energy() for s in amplitude_s]
    relaxed_s = np.where(amplitude_s == 0, 0.0, np.nan)
    for sign in (1.0, -1.0):
        side = np.flatnonzero(np.sign(amplitude_s) == sign)
        latest_nc, latest = glass.positions_nc, 0.0
        for k in side[np.argsort(np.abs(amplitude_s[side]))]:
            start_nc = latest_nc + (amplitude_s[k] - latest) * step_nc
            try:
                moved_nc, energy = relax(start_nc)
            except NotConverged:
                break
            if np.abs(moved_nc - start_nc).max() > LARGEST_JUMP:
                break
            relaxed_s[k], latest_nc, latest = energy - reference, moved_nc, amplitude_s[k]
    return ModeScan(amplitude_s, np.array(displaced) - reference, relaxed_s)
