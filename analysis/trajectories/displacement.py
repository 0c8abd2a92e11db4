"""Motion between two frames: displacements, self-correlations and rearrangements, and pairs of frames by their lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

WRAPPED_JUMP = 0.5  # of the box: a jump this long between two frames inside one box is a crossing of its edge [-]
INSIDE = 1e-4  # by which reduced coordinates of a wrapped frame may reach outside one box, single precision [-]
UNSAFE_MOVE = 0.4  # of the box: a nearest image this far away may be the wrong one [-]
LAG_TOLERANCE = 1e-3  # lags that differ by less than this share are one lag [-]
MOST_PAIRS = 200  # of frames at one lag, evenly chosen: more pairs of one run hardly add information


def reduced_coordinates(positions_tnc: Array, cell_tcc: Array) -> Array:
    """Return positions in units of the cell vectors of their frame [-].

    Args:
        positions_tnc: positions [sigma].
        cell_tcc: cell vectors of each frame as rows [sigma].
    """
    return np.einsum("tnc,tcd->tnd", positions_tnc, np.linalg.inv(cell_tcc))


def wrapped_jump(positions_tnc: Array, cell_tcc: Array) -> tuple[int, int] | None:
    """Return frame and atom of the first jump of a trajectory that was folded into its box; None where there is none.

    Every frame of such a trajectory lies within one box, and an atom that crosses its edge jumps by more than half of
    it. In a trajectory that is not folded, far moves lead outside the box.

    Args:
        positions_tnc: positions [sigma].
        cell_tcc: cell vectors of each frame as rows [sigma].
    """
    reduced = reduced_coordinates(positions_tnc, cell_tcc)
    if (reduced.max(axis=1) - reduced.min(axis=1)).max() > 1 + 2 * INSIDE:
        return None
    jump = np.abs(np.diff(reduced, axis=0)).max(axis=2) > WRAPPED_JUMP
    if not jump.any():
        return None
    frame, atom = np.argwhere(jump)[0]
    return int(frame) + 1, int(atom)


def require_unwrapped(positions_tnc: Array, cell_tcc: Array, *, name: str = "trajectory") -> None:
    """Refuse a trajectory that was folded into its box: displacements cannot be read off it.

    Args:
        positions_tnc: positions [sigma].
        cell_tcc: cell vectors of each frame as rows [sigma].
        name: what to call it in the message.

    Raises:
        InputError: an atom jumps across the box.
    """
    found = wrapped_jump(positions_tnc, cell_tcc)
    if found is None:
        return
    frame, atom = found
    before, after = (np.round(positions_tnc[f, atom], 3).tolist() for f in (frame - 1, frame))
    raise InputError(
        f"{name}: wrapped into the box, without image flags: atom {atom} goes from {before} to {after} between frames "
        f"{frame - 1} and {frame}, more than half the box, while all atoms stay inside it. Displacements cannot be "
        "read off it: write unwrapped coordinates (LAMMPS: xu yu zu) or image flags (ix iy iz); or, if no atom "
        "moves half a box between two frames, ask for the nearest images (unwrap = nearest)"
    )


def unwrap_to_nearest(positions_tnc: Array, cell_tcc: Array, *, name: str = "trajectory") -> Array:
    """Return positions continued from frame to frame by the nearest image [sigma].

    Args:
        positions_tnc: positions, folded in any way [sigma].
        cell_tcc: cell vectors of each frame as rows [sigma].
        name: what to call it in the message.

    Raises:
        InputError: an atom moves so far between two frames that its nearest image may be the wrong one.
    """
    reduced = reduced_coordinates(positions_tnc, cell_tcc)
    step = np.diff(reduced, axis=0)
    step -= np.rint(step)
    farthest = np.abs(step).max(axis=2, initial=0.0)
    if farthest.size and farthest.max() > UNSAFE_MOVE:
        frame, atom = np.unravel_index(int(np.argmax(farthest)), farthest.shape)
        raise InputError(
            f"{name}: atom {atom} moves by {farthest.max():.2f} of the box from frame {frame} to {frame + 1}; beyond "
            f"{UNSAFE_MOVE:g} the nearest image may be the wrong one: write frames more often, or unwrapped coordinates"
        )
    continued = np.concatenate([reduced[:1], reduced[:1] + np.cumsum(step, axis=0)])
    return np.einsum("tnc,tcd->tnd", continued, cell_tcc)


@dataclass(frozen=True)
class Lags:
    """Pairs of frames that lie equally far apart in time."""

    lag_l: Array = quantity("sigma sqrt(m/epsilon)", "mean distance in time of the pairs of each lag")
    pairs_l: tuple[IntArray, ...] = quantity("1", "earlier and later frame of each pair, (P, 2) for each lag")

    @property
    def count_l(self) -> IntArray:
        """Number of pairs of each lag."""
        return np.array([len(pairs) for pairs in self.pairs_l], dtype=np.int64)


def lags_between(
    time_t: Array, *, origins: str = "all", tolerance: float = LAG_TOLERANCE, most: int = MOST_PAIRS
) -> Lags:
    """Return the pairs of frames grouped by lag; frames may be spaced in any way, logarithmically for example.

    Sorted lags that follow each other within the tolerance of the first of their group are one lag.

    Args:
        time_t: times, ascending [time].
        origins: ``"all"`` frames are earlier members of pairs, or the ``"first"`` one alone: the choice for a system
            that ages.
        tolerance: relative difference of lags that count as equal [-].
        most: pairs kept at each lag, evenly chosen.

    Raises:
        InputError: fewer than two frames, times that do not ascend, a negative tolerance, or an unknown word.
    """
    time_t = np.asarray(time_t, dtype=float)
    if len(time_t) < 2:
        raise InputError(f"{len(time_t)} frames; a motion needs two at least")
    falling = np.flatnonzero(~(np.diff(time_t) > 0))
    if len(falling):
        frame = int(falling[0])
        raise InputError(
            f"frame {frame + 1} has time {time_t[frame + 1]:g} and frame {frame} has {time_t[frame]:g}; expected "
            "ascending times"
        )
    if origins not in ("all", "first"):
        raise InputError(f"origins = {origins!r}; expected 'all' or 'first'")
    if not 0 <= tolerance < np.inf:
        raise InputError(f"tolerance = {tolerance}; expected a relative difference of lags, zero or more")
    early, late = np.triu_indices(len(time_t), 1)
    if origins == "first":
        early, late = early[early == 0], late[early == 0]
    lag_p = time_t[late] - time_t[early]
    order = np.argsort(lag_p, kind="stable")
    lag_p, pairs_p = lag_p[order], np.column_stack([early, late])[order].astype(np.int64)
    means, groups, start = [], [], 0
    while start < len(lag_p):
        end = int(np.searchsorted(lag_p, lag_p[start] * (1 + tolerance), side="right"))
        chosen = np.unique(np.linspace(start, end - 1, min(end - start, most)).round().astype(int))
        means.append(float(lag_p[chosen].mean()))
        groups.append(pairs_p[chosen])
        start = end
    return Lags(np.array(means), tuple(groups))


def displacements(positions_tnc: Array, pairs: IntArray, *, drift: bool = False) -> Array:
    """Return the displacement of each atom between the frames of each pair, (P, N, 3) [sigma].

    Args:
        positions_tnc: positions that are not wrapped [sigma].
        pairs: earlier and later frame of each pair.
        drift: keep the mean displacement of all atoms, which is otherwise taken off.
    """
    moved = positions_tnc[pairs[:, 1]] - positions_tnc[pairs[:, 0]]
    return moved if drift else moved - moved.mean(axis=1, keepdims=True)


def mean_square_displacement(moved_pnc: Array) -> Array:
    """Return the mean square displacement of each pair of frames [sigma^2].

    Args:
        moved_pnc: displacements [sigma].
    """
    return np.einsum("pnc,pnc->p", moved_pnc, moved_pnc) / moved_pnc.shape[1]


def non_gaussian_parameter(moved_pnc: Array) -> Array:
    """Return alpha_2 = 3 <r^4>/(5 <r^2>^2) - 1 of each pair of frames [-]; zero for Gaussian ones, NaN at rest.

    Args:
        moved_pnc: displacements in three dimensions [sigma].
    """
    square = np.einsum("pnc,pnc->pn", moved_pnc, moved_pnc)
    second, fourth = square.mean(axis=1), (square**2).mean(axis=1)
    return np.divide(3 * fourth, 5 * second**2, out=np.full_like(second, np.nan), where=second > 0) - 1


def self_intermediate_scattering(moved_pnc: Array, wave_number: float) -> Array:
    """Return F_s(q) of each pair of frames [-], the mean of sin(q r)/(q r) over the atoms.

    This is the mean of exp(i q r) over all directions of q, exact for each displacement.

    Args:
        moved_pnc: displacements in three dimensions [sigma].
        wave_number: q [1/sigma].
    """
    return np.sinc(wave_number * np.linalg.norm(moved_pnc, axis=2) / np.pi).mean(axis=1)


def overlap(moved_pnc: Array, length: float) -> Array:
    """Return Q of each pair of frames [-]: the share of atoms that moved less than a length.

    Args:
        moved_pnc: displacements [sigma].
        length: the length [sigma].
    """
    return np.mean(np.linalg.norm(moved_pnc, axis=2) < length, axis=1)


def dynamic_susceptibility(overlap_p: Array, n_atoms: int) -> float:
    """Return chi_4 = N (<Q^2> - <Q>^2) over the pairs of one lag [-], unbiased; NaN for a single pair.

    Fluctuations between pairs of one run, or of several runs of one composition at one volume.

    Args:
        overlap_p: overlap of each pair [-].
        n_atoms: number of atoms.
    """
    return float(n_atoms * np.var(overlap_p, ddof=1)) if len(overlap_p) > 1 else float("nan")


def moved_fraction(moved_pnc: Array, length: float) -> Array:
    """Return the share of atoms that moved farther than a length, for each pair of frames [-].

    Args:
        moved_pnc: displacements [sigma].
        length: the length [sigma].
    """
    return np.mean(np.linalg.norm(moved_pnc, axis=2) > length, axis=1)


def cooperativity(moved_pnc: Array) -> Array:
    """Return the participation number (sum r^2)^2/sum r^4 of the displacements of each pair of frames [-]; NaN at rest.

    One where one atom moves, N where all move alike.

    Args:
        moved_pnc: displacements [sigma].
    """
    square = np.einsum("pnc,pnc->pn", moved_pnc, moved_pnc)
    total = square.sum(axis=1)
    return np.divide(total**2, (square**2).sum(axis=1), out=np.full_like(total, np.nan), where=total > 0)
