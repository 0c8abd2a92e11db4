"""Eigenpairs of a sparse matrix in a window, slice by slice: one inverse after another, each for what is next to it.

The signs of the pivots at both ends of the window count its eigenvalues before any is computed. Then shifts walk up the
window; around each the Krylov space of the inverse gives the eigenvalues down to those that are known, a number that
the pivots tell, and some above. Known vectors are kept out of the next space: slices are orthogonal, and a degenerate
level may lie across their border. Memory and the work for orthogonality grow with a slice, not with the window.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from analysis.modes.forecast import SLICE
from analysis.modes.frequency import signed_root
from analysis.modes.krylov import around_shift
from atomsim.dissection import Dissection
from atomsim.errors import IncompleteSpectrum, NotConverged
from atomsim.multifrontal import MultifrontalFactor
from atomsim.results import Array

WIDEST_SLICE = 600  # more below a shift, and it is taken back
BEYOND = 1.05  # the last shift above the lowest eigenvalues aims at so many times their number
SAMPLE = 50  # eigenvalues that tell the spacing of the next ones
LONGEST_STEP = 5.0  # largest and inverse of the smallest spacing expected, over the mean of what is left of the window
CLEAR = 1e-10  # of the mean of the diagonal; a shift nearer to an eigenvalue drowns the others in round-off [-]
MOST_TRIES = 60  # factorisations in search of the next shift; one to three are usual
PROBES = 4  # random vectors that show it
NUDGE = 1e-3  # of the way to the border below, by which such a shift moves down
LARGEST_RESIDUAL = 1e-9  # of a pair, over the mean of the diagonal; its eigenvalue errs by the square over the gap [-]

Progress = Callable[[float], None]


class SpectrumSlices:
    """The eigenpairs between two numbers, or from one upwards: counted first, computed by :meth:`find`."""

    def __init__(
        self, matrix: sparse.csr_matrix, dissection: Dissection, *, lower: float, upper: float | None = None
    ) -> None:
        """Count the eigenvalues by a factorisation at each end.

        Args:
            matrix: dynamical matrix.
            dissection: order of elimination of its atoms.
            lower: where the window begins, away from eigenvalues [as the matrix].
            upper: where it ends, away from eigenvalues; above all of them where absent [as the matrix].

        Raises:
            NotConverged: the matrix is singular at an end of the window.
        """
        self._matrix, self._factor = matrix, MultifrontalFactor(matrix, dissection)
        self._scale = float(matrix.diagonal().mean())
        self._rng = np.random.default_rng(20_240_229)  # no hidden random state
        self._blur, n_upper = 0.0, matrix.shape[0]
        self._lower, self._upper = lower, float(abs(matrix).sum(axis=1).max()) if upper is None else upper
        if upper is not None:
            n_upper = self._count_below(upper)
        self.n_below = self._count_below(lower)
        self.count = n_upper - self.n_below

    def _count_below(self, end: float) -> int:
        """Number of eigenvalues below an end; how far off one may lie and be counted wrongly is kept."""
        self._factor.factorise(end, precision="double")
        self._blur = max(self._blur, self._factor.error_bound(self._rng))
        return self._factor.n_negative

    def find(self, first: int | None = None, *, progress: Progress | None = None) -> tuple[Array, Array]:
        """Return the eigenvalues, ascending [as the matrix], and their vectors in columns.

        As many as are counted between two shifts are found. They are eigenpairs, with small residuals and orthogonal,
        inside by more than the error of the counts: none is missed. The factor is given up afterwards.

        Args:
            first: how many of them, from the lowest on; all where absent.
            progress: called with the share of the eigenvalues that are found.

        Raises:
            IncompleteSpectrum: an eigenvalue and an end of the window cannot be told apart.
            NotConverged: an iteration did not converge.
        """
        wanted = self.count if first is None else first
        room = self.count if first is None else min(self.count, first + WIDEST_SLICE)
        values, vectors = np.empty(room), np.empty((self._matrix.shape[0], room), order="F")
        floor = shift = self._lower  # below the floor all are known
        found, below, above = slice(0, 0), 0, min(SLICE // 2, wanted if first is None else -(-first // 2))
        while found.stop < wanted:
            known, found = vectors[:, found], slice(found.stop, found.stop + below + above)
            values[found], vectors[:, found] = self._pairs(known, shift, below, above, (floor, self._upper))
            if progress is not None:
                progress(min(found.stop / wanted, 1.0))
            if found.stop < wanted:
                floor = shift
                shift, below, above = self._next_shift(np.sort(values[: found.stop]), wanted, ends=first is None)
        if first is not None:
            self._blur = max(self._blur, self._factor.error_bound(self._rng))
        self._factor.release()
        order = np.argsort(values[: found.stop], kind="stable")
        self._require_inside(values[order], shift if first is not None else self._upper)
        if len(order) > wanted or (np.diff(order) < 0).any():
            return values[order[:wanted]], vectors[:, order[:wanted]]
        return values, vectors

    def _require_inside(self, value_m: Array, upper: float) -> None:
        """Every eigenvalue is on the side of the ends where it was counted."""
        if len(value_m) and not self._lower + self._blur < value_m[0] <= value_m[-1] < upper - self._blur:
            raise IncompleteSpectrum(
                f"an eigenvalue lies within {self._blur:.1e}, the error of the count, of an end of the window "
                f"{self._lower:.10g} to {upper:.10g}; move the end",
                estimate=value_m,
            )

    def _pairs(
        self, known: Array, shift: float, below: int, above: int, limits: tuple[float, float]
    ) -> tuple[Array, Array]:
        """Eigenpairs around a shift, outside the slice before; Rayleigh's quotients are as exact as the matrix."""
        _, vectors = around_shift(self._factor.solve, known, shift=shift, below=below, above=above, limits=limits)
        image = self._matrix @ vectors
        values = np.einsum("nm,nm->m", vectors, image)
        residual = float(np.linalg.norm(image - vectors * values, axis=0).max())
        if residual > LARGEST_RESIDUAL * self._scale:
            raise NotConverged(f"eigenpairs around {shift:.6g} leave a residual of {residual:.1e}", values)
        return values, vectors

    def _next_shift(self, value_m: Array, wanted: int, *, ends: bool) -> tuple[float, int, int]:
        """A shift above the eigenvalues known, factorised, and how many to find below and above it.

        The number of eigenvalues below omega is taken to grow as a power of omega, which has the number and the spacing
        of the last ones known. Of a window that ends the last shift lies amid what is left; without an end it lies
        above, where it certifies.
        """
        left = wanted - len(value_m)
        slices = -(-(left if ends else left - SLICE // 2) // SLICE)
        half = -(-left // (2 * slices if ends else 2 * slices + 1))
        aim = half if slices else BEYOND * half + 3
        recent = signed_root(value_m[-min(SAMPLE, 1 + len(value_m) // 2) :])
        begin, end = recent[-1], signed_root(np.array(self._upper))
        mean = (end - begin) / (self.count - len(value_m))
        spacing = float(np.clip(np.diff(recent).sum() / len(recent), mean / LONGEST_STEP, mean * LONGEST_STEP))
        place = self.n_below + len(value_m)
        reach = max(begin, spacing)
        step = reach * np.expm1(np.log1p(aim / place) * place * spacing / reach)
        step = min(step, LONGEST_STEP * aim * spacing, 0.5 * (end - begin) if ends else end - begin)
        for _ in range(MOST_TRIES):
            shift = float((begin + step) * abs(begin + step))
            self._factor.factorise(shift, precision="double")
            below = self._factor.n_negative - self.n_below - len(value_m)
            if below > WIDEST_SLICE:
                step *= aim / below
            elif not below and not slices:  # a gap wider than expected: nothing would be found
                step = min(2.0 * step, end - begin)
            elif self._is_clear():
                break
            else:
                step *= 1.0 - NUDGE
        else:
            raise NotConverged(f"no shift above {begin:.6g} has a slice of modes below it that can be found", value_m)
        rest = max(left - below, 0)
        return shift, below, rest if ends and slices == 1 else min(rest, max(2 * half - below, 0) if slices else 0)

    def _is_clear(self) -> bool:
        """Whether no eigenvalue is so near to the shift that its vector drowns the others in each solution."""
        probe = self._rng.standard_normal((self._matrix.shape[0], PROBES))
        return float(np.abs(self._factor.solve(probe)).max()) * CLEAR * self._scale < 1.0
