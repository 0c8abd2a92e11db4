"""Shells of neighbours: intervals of distance, given or between the minima of g(r), and the pairs inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from analysis.excitations.alloy import Alloy
from atomsim.errors import InputError
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, inverse_power, truncated
from atomsim.results import Array, IntArray, quantity

# Lengths in units of the mean distance of the sites: bins of g(r), the width of the Gaussian that takes its noise off
# (peaks of a glass are wider than 0.1), and the spread of equal distances in a perfect crystal that was read from a
# file. Pairs of unlike sizes part the first shell of an alloy by up to 0.25, the next shell is 0.7 away or more: BROAD
# smears the first and keeps the second.
BIN_WIDTH, SMOOTHING, SHARP, BROAD = 0.01, 0.03, 1e-3, 0.12
PROMINENCE = 0.1  # a gap must lie this deep below the lower of its neighbouring maxima of g(r) [-]
BROAD_PROMINENCE = 0.05  # the same of the smeared g(r), which has less noise and lower maxima [-]
GAP = 0.1  # of the lower maximum beside it: a minimum below parts shells of a crystal, however close they are [-]
ROUND_OFF = 1e-9  # share of half the box by which the reach stays below it, where a distance belongs to two images


@dataclass(frozen=True)
class Shells:
    """Intervals [r_min, r_max) of the distance of two sites, ascending, without overlap; gaps are allowed."""

    r_min_s: Array = quantity("sigma", "lower ends, included")
    r_max_s: Array = quantity("sigma", "upper ends, excluded")

    def __post_init__(self) -> None:
        """Refuse intervals that are empty, overlap or are not numbers."""
        low, high = np.asarray(self.r_min_s, dtype=float), np.asarray(self.r_max_s, dtype=float)
        if low.shape != high.shape or low.ndim != 1 or len(low) == 0:
            raise InputError(f"{low.size} lower and {high.size} upper ends of shells; expected one each per shell")
        for s, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            if not (0 <= a < b < np.inf):
                raise InputError(f"shell {s + 1} is {a:g}:{b:g}; expected 0 <= r_min < r_max, both finite")
        wrong = np.flatnonzero(high[:-1] > low[1:])
        if len(wrong):
            s = int(wrong[0])
            pair = f"{low[s]:g}:{high[s]:g} and {low[s + 1]:g}:{high[s + 1]:g}"
            kind = "overlap" if low[s + 1] >= low[s] else "are not in ascending order"
            raise InputError(f"shells {s + 1} and {s + 2}, {pair}, {kind}; a pair may belong to one shell only")

    @property
    def n_shells(self) -> int:
        """Number of shells."""
        return len(self.r_min_s)

    def index(self, distance_p: Array) -> IntArray:
        """Return the shell of each distance, -1 where it lies in none.

        Args:
            distance_p: distances [sigma].
        """
        shell_p = np.searchsorted(self.r_min_s, distance_p, side="right") - 1
        inside = (shell_p >= 0) & (distance_p < np.asarray(self.r_max_s)[shell_p])
        return np.where(inside, shell_p, -1).astype(np.int64)

    def completed(self) -> tuple[Array, IntArray]:
        """Return edges that cut the whole axis of distance, (E+1,) [sigma], and the shell of each of its E intervals.

        Gaps between shells and what lies beyond the last one are intervals of their own, marked -1.
        """
        edges = np.unique(np.concatenate([[0.0], self.r_min_s, self.r_max_s]))
        return np.append(edges, np.inf), self.index(edges)


def shell_pairs(alloy: Alloy, reach: float) -> tuple[IntArray, IntArray, Array]:
    """Return first site, second site and R_i - R_j [sigma] of all pairs closer than a distance, each pair once.

    Args:
        alloy: the configuration.
        reach: the distance [sigma].

    Raises:
        InputError: it exceeds half the smallest height of the box, where a pair meets two images.
    """
    if reach > alloy.half_height:
        raise InputError(
            f"shells up to {reach:.6g} need a box more than {2 * reach:.6g} high, this one is "
            f"{2 * alloy.half_height:.6g}: a site would meet two images of the same neighbour"
        )
    within = Model("distances", truncated(inverse_power(1), reach))
    return PairInteraction(
        within,
        cell_cc=alloy.cell_cc,
        periodic_c=np.ones(3, np.int64),
        species_n=np.zeros(alloy.n_atoms, np.int64),
        size_n=np.ones(alloy.n_atoms),
    ).separations(alloy.positions_nc)


def minimum_image(alloy: Alloy, vector_pc: Array) -> Array:
    """Return difference vectors with reduced coordinates folded into [-1/2, 1/2] [sigma].

    Shorter than half the height of the box this is the shortest image; beyond, it is one image of each pair.

    Args:
        alloy: the configuration.
        vector_pc: differences of positions, (..., 3) [sigma].
    """
    return vector_pc - np.rint(vector_pc @ np.linalg.inv(alloy.cell_cc)) @ alloy.cell_cc


def distances(alloy: Alloy) -> Array:
    """Return the distance of every pair of sites, (N, N), by the image with folded reduced coordinates [sigma].

    Args:
        alloy: the configuration.
    """
    places_nc = alloy.positions_nc
    return np.stack([np.linalg.norm(minimum_image(alloy, places_nc - place), axis=1) for place in places_nc])


def total_distribution(alloys: Sequence[Alloy], edges_r: Array) -> Array:
    """Return g(r) of all pairs alike, the mean over configurations [-].

    Args:
        alloys: configurations.
        edges_r: edges of the bins of distance [sigma].
    """
    shell_r = 4 * np.pi / 3 * np.diff(edges_r**3)
    total_r = np.zeros(len(shell_r))
    for alloy in alloys:
        distance_p = np.linalg.norm(shell_pairs(alloy, float(edges_r[-1]))[2], axis=1)
        found_r = 2 * np.histogram(distance_p, edges_r)[0]
        total_r += found_r * alloy.volume / (alloy.n_atoms**2 * shell_r)
    return total_r / len(alloys)


def shells_from_minima(alloys: Sequence[Alloy], *, count: int | None = None) -> Shells:
    """Return the shells between the minima of the total g(r), from r = 0 to the last minimum inside half the box.

    In a perfect crystal, where all distances are among a few, each of them is a shell. Else shells end where g(r)
    falls below a tenth of both maxima beside it (a displaced crystal), and at the minima below one that are left when
    g(r) is smeared by a Gaussian of 0.12 mean distances: distances that differ by the sizes of the atoms alone, as in
    the parted first maximum of an alloy, belong to one shell.

    Args:
        alloys: configurations of one material, of any sizes.
        count: number of shells; all where absent.

    Raises:
        InputError: no configuration, or fewer minima than shells asked for.
    """
    if not alloys:
        raise InputError("shells from the minima of g(r) need at least one configuration")
    reach = min(alloy.half_height for alloy in alloys) * (1 - ROUND_OFF)
    spacing = float(np.mean([alloy.spacing for alloy in alloys]))
    minima_r = _between_sharp_distances(alloys, reach, SHARP * spacing)
    if minima_r is None:
        bins = max(int(reach / (BIN_WIDTH * spacing)), 8)
        edges_r = np.linspace(0.0, reach, bins + 1)
        minima_r = _minima(edges_r, total_distribution(alloys, edges_r), spacing * bins / reach)
    if len(minima_r) < (count or 1):
        raise InputError(
            f"g(r) has {len(minima_r)} minima within {reach:.4g}, half the box; {count or 1} shells need as many: give "
            "the shells, or use a larger box"
        )
    ends = minima_r[:count]
    return Shells(np.concatenate([[0.0], ends[:-1]]), ends)


def first_shells(alloys: Sequence[Alloy], most: int) -> Shells:
    """Return the first shells between the minima of g(r), fewer where half the box holds fewer.

    Args:
        alloys: configurations of one material.
        most: number of shells wanted.

    Raises:
        InputError: half the box holds none.
    """
    found = shells_from_minima(alloys)
    return Shells(found.r_min_s[:most], found.r_max_s[:most])


def _between_sharp_distances(alloys: Sequence[Alloy], reach: float, spread: float) -> Array | None:
    """Middles of the gaps between the distances of a perfect crystal; None where they are not among a few."""
    length_p = np.sort(np.concatenate([np.linalg.norm(shell_pairs(alloy, reach)[2], axis=1) for alloy in alloys]))
    if len(length_p) == 0:
        return np.empty(0)
    breaks = np.flatnonzero(np.diff(length_p) > spread)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(length_p) - 1)
    if np.any(length_p[last] - length_p[first] > spread):
        return None
    return 0.5 * (length_p[last] + np.append(length_p[first[1:]], reach))


def _minima(edges_r: Array, total_r: Array, bins_per_spacing: float) -> Array:
    """Ends of the shells of a material that is no perfect crystal: gaps, and the minima of the smeared g(r)."""
    fine_r, broad_r = (
        gaussian_filter1d(total_r, width * bins_per_spacing, mode="nearest", truncate=4.0)
        for width in (SMOOTHING, BROAD)
    )
    gaps = [place for place, top in _valleys(fine_r, PROMINENCE) if fine_r[place] < GAP * top]
    margin = round(BROAD * bins_per_spacing)
    ends = list(gaps)
    for place, _ in _valleys(broad_r, BROAD_PROMINENCE):
        first = max(place - margin, 0)
        sharpened = first + int(np.argmin(fine_r[first : place + margin + 1]))
        if broad_r[place] < 1 and all(abs(sharpened - gap) > 2 * margin for gap in gaps):
            ends.append(sharpened)
    middle_r = 0.5 * (edges_r[1:] + edges_r[:-1])
    return middle_r[np.unique(np.array(ends, dtype=int))]


def _valleys(smooth_r: Array, prominence: float) -> list[tuple[int, float]]:
    """Middle of each minimum behind the first neighbours, and the height of the lower maximum that parts it.

    A gap that reaches the end of the range is closed by it.
    """
    padded = np.concatenate([[np.inf], smooth_r, [np.inf if smooth_r[-1] == 0 else -np.inf]])
    places, found = find_peaks(-padded, prominence=prominence, plateau_size=1)
    behind = found["left_edges"] - 1 > np.argmax(smooth_r > 0)
    places, depth = places[behind] - 1, found["prominences"][behind]
    return [(int(place), float(smooth_r[place] + rise)) for place, rise in zip(places, depth, strict=True)]
