"""Concentration waves on the vectors of a box: intensity, the random alloy beside it, and the superstructure vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.excitations.alloy import Alloy
from analysis.excitations.shells import minimum_image
from analysis.excitations.short_range_order import ShortRangeOrder
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

LONGEST_WAVE_VECTOR = 1.6  # default end of the wave vectors, in units of 2 pi over the mean distance of sites [-]
BRAGG = 0.5  # a wave in which the sites scatter with this share of N or more is a Bragg peak of a crystal [-]
NEARLY_EQUAL = 1e-6  # intensities and lengths that differ by less are those of equivalent vectors of a crystal [-]
SIGNIFICANT = 2.0  # standard errors by which a maximum stands above the random alloy [-]
ELEMENTS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class ConcentrationWaves:
    """<|c_k|^2> of one or several configurations on the vectors of their boxes, one of k and -k each.

    Bins gather all directions; ``k_s`` is the length of the superstructure vector.
    """

    wave_vector_qc: Array = quantity("1/sigma", "wave vectors, shortest first")
    glass_q: IntArray = quantity("1", "the configuration each belongs to")
    intensity_q: Array = quantity("1", "<|c_k|^2>")
    random_q: Array = quantity("1", "its mean over random alloys on the same sites")
    k_b: Array = quantity("1/sigma", "mean length of the vectors of each bin")
    intensity_b: Array = quantity("1", "mean over the vectors of the bin")
    error_b: Array = quantity("1", "standard error of that mean (NaN for a single vector)")
    random_b: Array = quantity("1", "mean over random alloys")
    k_s: float = quantity("1/sigma", "length of the superstructure vector")
    k_s_error: float = quantity("1/sigma", "half the width of its bin; 0 where it is a vector of a crystal")
    superstructure_c: Array = quantity("1/sigma", "the single vector with the strongest wave")
    crystalline: bool = quantity("1", "whether the sites show Bragg peaks, so that directions are not averaged")

    def superstructure_vectors(self, glass: int) -> Array:
        """Return the wave vectors of one configuration that stand for k_s, (S, 3) [1/sigma].

        All directions of its bin in a glass, the single vector in a crystal.

        Args:
            glass: the place of the configuration.
        """
        return self._around(self.wave_vector_qc[self.glass_q == glass])

    def vectors_of_cell(self, cell_cc: Array) -> Array:
        """Return the wave vectors of a box that stand for k_s, (S, 3) [1/sigma].

        Args:
            cell_cc: cell vectors as rows [sigma].
        """
        return self._around(box_vectors(cell_cc, self.longest))

    @property
    def longest(self) -> float:
        """Length of the longest wave vector [1/sigma]."""
        return float(np.linalg.norm(self.wave_vector_qc, axis=1).max())

    def _around(self, vector_qc: Array) -> Array:
        if self.crystalline:
            return self.superstructure_c[None]
        off_q = np.abs(np.linalg.norm(vector_qc, axis=1) - self.k_s)
        near = off_q <= self.k_s_error
        return vector_qc[near] if near.any() else vector_qc[[int(np.argmin(off_q))]]


def box_vectors(cell_cc: Array, longest: float) -> Array:
    """Return the wave vectors of a box up to a length, shortest first, one of k and -k, without zero [1/sigma].

    Args:
        cell_cc: cell vectors as rows [sigma].
        longest: the length [1/sigma].

    Raises:
        InputError: the box has no vector as short.
    """
    reciprocal_cc = 2 * np.pi * np.linalg.inv(cell_cc).T
    most_c = np.floor(longest * np.linalg.norm(cell_cc, axis=1) / (2 * np.pi)).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most_c], indexing="ij"), axis=-1).reshape(-1, 3)
    first = np.where(grid[:, 0] != 0, grid[:, 0], np.where(grid[:, 1] != 0, grid[:, 1], grid[:, 2]))
    vector_qc = grid[first > 0] @ reciprocal_cc
    length_q = np.linalg.norm(vector_qc, axis=1)
    vector_qc, length_q = vector_qc[length_q <= longest], length_q[length_q <= longest]
    if len(vector_qc) == 0:
        raise InputError(f"the box has no wave vector up to {longest:.4g}; use a larger box or longer vectors")
    return vector_qc[np.argsort(np.round(length_q, 9), kind="stable")]


def wave_amplitudes(alloy: Alloy, weight_n: Array, wave_vector_qc: Array) -> Array:
    """Return |sum_i w_i exp(i k R_i)|^2 / N for each wave vector [as the weights squared].

    Args:
        alloy: the configuration.
        weight_n: weight w of each site [any unit].
        wave_vector_qc: wave vectors [1/sigma].
    """
    chunk = max(1, ELEMENTS_AT_ONCE // alloy.n_atoms)
    found = []
    for start in range(0, len(wave_vector_qc), chunk):
        phase_qn = wave_vector_qc[start : start + chunk] @ alloy.positions_nc.T
        found.append((np.cos(phase_qn) @ weight_n) ** 2 + (np.sin(phase_qn) @ weight_n) ** 2)
    return np.concatenate(found) / alloy.n_atoms


def concentration_intensity(alloy: Alloy, wave_vector_qc: Array) -> Array:
    """Return <|c_k|^2> = |sum_i delta_i exp(i k R_i)|^2 / N [-].

    Source: egorushkin-melnikova-1993a (c_k); test: test_intensity_by_amplitudes_equals_intensity_by_pairs

    Args:
        alloy: the configuration.
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    return wave_amplitudes(alloy, alloy.deviation_n, wave_vector_qc)


def intensity_by_pairs(alloy: Alloy, wave_vector_qc: Array) -> Array:
    """Return <|c_k|^2> = c(1-c) sum_l alpha_l exp(i k R_l), the sum over the separations of all pairs [-].

    alpha_l is the correlation parameter of one separation R_l, alpha_0 = 1. On vectors of the box it equals the
    intensity of the amplitudes, whichever image of a pair is taken; it costs N^2/2 cosines for each vector.

    Source: egorushkin-melnikova-1993a (alpha_l); test: test_intensity_by_amplitudes_equals_intensity_by_pairs

    Args:
        alloy: the configuration.
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    delta, n = alloy.deviation_n, alloy.n_atoms
    total_q = np.zeros(len(wave_vector_qc))
    for i in range(n - 1):
        separation_pc = minimum_image(alloy, alloy.positions_nc[i + 1 :] - alloy.positions_nc[i])
        total_q += delta[i] * (delta[i + 1 :] @ np.cos(separation_pc @ wave_vector_qc.T))
    return alloy.variance + 2 * total_q / n


def intensity_of_shells(order: ShortRangeOrder, wave_number_k: Array) -> Array:
    """Return c(1-c) {1 + sum_s Z_s alpha_s sin(k r_s)/(k r_s)}, the mean over directions from a few shells [-].

    Args:
        order: order parameters.
        wave_number_k: lengths of wave vectors [1/sigma].
    """
    phase_ks = np.asarray(wave_number_k, dtype=float)[:, None] * order.distance_s
    weight_s = order.coordination_s * order.correlation_s
    return order.concentration * (1 - order.concentration) * (1 + np.sinc(phase_ks / np.pi) @ weight_s)


def random_intensity(alloy: Alloy, wave_vector_qc: Array) -> Array:
    """Return the mean of <|c_k|^2> over all random alloys on the same sites, c(1-c)(N - S_k)/(N - 1) [-].

    S_k is the structure factor of the sites.

    Source: concentration-notes (random alloy); test: test_random_intensity_is_the_mean_over_permutations

    Args:
        alloy: the configuration.
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    sites_q = wave_amplitudes(alloy, np.ones(alloy.n_atoms), wave_vector_qc)
    return alloy.variance * (alloy.n_atoms - sites_q) / (alloy.n_atoms - 1)


def concentration_waves(alloys: Sequence[Alloy], *, longest: float | None = None) -> ConcentrationWaves:
    """Return <|c_k|^2> on the vectors of the boxes, averaged over directions and configurations, and k_s.

    In a glass k_s is the first maximum of the intensity averaged over directions that stands above the random alloy by
    two standard errors, and the largest intensity if none does; in a crystal, whose sites show Bragg peaks, the
    shortest vector with the strongest wave.

    Args:
        alloys: configurations of one material.
        longest: longest wave vector; 1.6 times 2 pi over the mean distance of sites where absent [1/sigma].

    Raises:
        InputError: no configuration, or a box without a wave vector as short.
    """
    if not alloys:
        raise InputError("concentration waves need at least one configuration")
    if longest is not None and not 0 < longest < np.inf:
        raise InputError(f"longest wave vector = {longest}; expected a positive number")
    end = longest or LONGEST_WAVE_VECTOR * 2 * np.pi / float(np.mean([alloy.spacing for alloy in alloys]))
    vectors = [box_vectors(alloy.cell_cc, end) for alloy in alloys]
    pairs = list(zip(alloys, vectors, strict=True))
    vector_qc = np.concatenate(vectors)
    intensity_q = np.concatenate([concentration_intensity(alloy, v) for alloy, v in pairs])
    random_q = np.concatenate([random_intensity(alloy, v) for alloy, v in pairs])
    crystalline = all(_has_bragg_peaks(alloy, v) for alloy, v in pairs)
    shortest = float(np.mean([np.linalg.norm(v[0]) for v in vectors]))
    edges, bins = _binned(np.linalg.norm(vector_qc, axis=1), intensity_q, random_q, width=shortest)
    strongest_c = _strongest(vector_qc, intensity_q)
    place = _first_peak(bins[1], bins[2], bins[3])
    return ConcentrationWaves(
        wave_vector_qc=vector_qc,
        glass_q=np.repeat(np.arange(len(alloys)), [len(v) for v in vectors]),
        intensity_q=intensity_q,
        random_q=random_q,
        k_b=bins[0],
        intensity_b=bins[1],
        error_b=bins[2],
        random_b=bins[3],
        k_s=float(np.linalg.norm(strongest_c)) if crystalline else float(bins[0, place]),
        k_s_error=0.0 if crystalline else edges / 2,
        superstructure_c=strongest_c,
        crystalline=crystalline,
    )


def _first_peak(intensity_b: Array, error_b: Array, random_b: Array) -> int:
    """The first bin above its neighbours and, by two standard errors, above the random alloy; else the highest."""
    padded = np.concatenate([[-np.inf], intensity_b, [-np.inf]])
    maximum = (intensity_b > padded[:-2]) & (intensity_b > padded[2:])
    clear = maximum & (intensity_b - SIGNIFICANT * error_b > random_b)  # a bin of one vector has no error: not clear
    return int(np.argmax(clear)) if clear.any() else int(np.argmax(intensity_b))


def _has_bragg_peaks(alloy: Alloy, wave_vector_qc: Array) -> bool:
    sites_q = wave_amplitudes(alloy, np.ones(alloy.n_atoms), wave_vector_qc)
    return bool(sites_q.max() >= BRAGG * alloy.n_atoms)


def _strongest(vector_qc: Array, intensity_q: Array) -> Array:
    """The shortest of the vectors whose intensity is the largest to round-off."""
    equal = np.flatnonzero(intensity_q >= intensity_q.max() * (1 - NEARLY_EQUAL))
    return vector_qc[equal[np.argmin(np.linalg.norm(vector_qc[equal], axis=1))]]


def _binned(length_q: Array, intensity_q: Array, random_q: Array, *, width: float) -> tuple[float, Array]:
    """The width of the bins, and rows of mean length, mean intensity, its error and the random mean of each."""
    place_q = np.rint(length_q / width).astype(int)
    rows = []
    for place in np.unique(place_q):
        inside = place_q == place
        count = int(np.count_nonzero(inside))
        error = float(intensity_q[inside].std(ddof=1)) / np.sqrt(count) if count > 1 else np.nan
        rows.append((length_q[inside].mean(), intensity_q[inside].mean(), error, random_q[inside].mean()))
    return width, np.array(rows).T
