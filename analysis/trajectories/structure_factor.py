"""Static structure factor of a periodic box, species by species, on the wave vectors of the box.

With rho_a(q) the sum of exp(i q R) over the atoms of species a, all forms follow from I_ab = <rho_a rho_b*>/N: the
partial structure factors of Faber and Ziman, a_ab = 1 + (I_ab - c_a delta_ab)/(c_a c_b), and those of Bhatia and
Thornton, which ask for number and concentration in place of species.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.excitations.concentration_waves import box_vectors
from atomsim.errors import InputError
from atomsim.pairs import heights
from atomsim.results import Array, IntArray, quantity

BINS_PER_BOX_VECTOR = 4  # bins within 2 pi over the height of the box: beyond the first few they hold several vectors
ELEMENTS_AT_ONCE = 2_000_000  # phases kept in memory together


@dataclass(frozen=True)
class StructureFactor:
    """Structure factors averaged over the directions of each bin of |q|; bins without a vector are left out."""

    q_b: Array = quantity("1/sigma", "mean length of the wave vectors of each bin")
    count_b: IntArray = quantity("1", "wave vectors in each bin, of q and -q one")
    fraction_s: Array = quantity("1", "share of each species")
    n_atoms: int = quantity("1", "number of atoms")
    intensity_ssb: Array = quantity("1", "I_ab = Re <rho_a rho_b*>/N")

    @property
    def number_number_b(self) -> Array:
        """Return S_NN = <|rho|^2>/N, one for an ideal gas [-]."""
        return self.intensity_ssb.sum(axis=(0, 1))

    @property
    def interference_b(self) -> Array:
        """Return i(q) = S_NN(q) - 1 [-]."""
        return self.number_number_b - 1

    @property
    def number_concentration_b(self) -> Array:
        """Return S_NC [-], the correlation of number and concentration of the last of two species.

        Source: bhatia-thornton-1970 (S_NC); test: test_bhatia_thornton_and_faber_ziman_say_the_same
        """
        first, second = self._binary
        crossed = self.intensity_ssb[1] * first - self.intensity_ssb[0] * second
        return crossed.sum(axis=0)

    @property
    def concentration_concentration_b(self) -> Array:
        """Return S_CC = <|c_q|^2> [-], c_q the wave of delta = p - c; c(1-c) for a random alloy.

        Source: bhatia-thornton-1970 (S_CC); test: test_bhatia_thornton_and_faber_ziman_say_the_same
        """
        first, second = self._binary
        i = self.intensity_ssb
        return first**2 * i[1, 1] - 2 * first * second * i[0, 1] + second**2 * i[0, 0]

    @property
    def faber_ziman_ssb(self) -> Array:
        """Return the partial structure factors a_ab [-], one at large q and for an ideal gas.

        Source: faber-ziman-1965 (a_ab); test: test_bhatia_thornton_and_faber_ziman_say_the_same
        """
        c = self.fraction_s
        return 1 + (self.intensity_ssb - np.diag(c)[:, :, None]) / np.outer(c, c)[:, :, None]

    @property
    def _binary(self) -> tuple[float, float]:
        if len(self.fraction_s) != 2:
            raise InputError(
                f"{len(self.fraction_s)} species; number and concentration need an alloy of exactly two, 0 < c < 1"
            )
        return float(self.fraction_s[0]), float(self.fraction_s[1])


def species_indices(labels_n: Sequence[object]) -> tuple[IntArray, tuple[str, ...]]:
    """Return each atom's place in the list of species, and that list: numbers in their order, else alphabetically.

    Args:
        labels_n: a label per atom.
    """
    names, index_n = np.unique(np.asarray(labels_n).astype(str), return_inverse=True)
    if all(name.lstrip("-").isdigit() for name in names):
        order = np.argsort([int(name) for name in names])
        names, index_n = names[order], np.argsort(order)[index_n]
    return index_n.astype(np.int64), tuple(str(name) for name in names)


def bin_width(cell_cc: Array) -> float:
    """Return the default width of the bins of |q|, a quarter of 2 pi over the smallest height [1/sigma].

    Args:
        cell_cc: cell vectors as rows [sigma].
    """
    return 2 * np.pi / float(heights(cell_cc).min()) / BINS_PER_BOX_VECTOR


def resolved_width(cell_cc: Array) -> float:
    """Return the width of bins of |q| for comparing structures, 2 pi over the smallest height [1/sigma].

    Changes of S(q) are smooth over the resolution of the box; finer bins hold fewer vectors and add noise alone.

    Args:
        cell_cc: cell vectors as rows [sigma].
    """
    return BINS_PER_BOX_VECTOR * bin_width(cell_cc)


def structure_factor(
    positions_nc: Array, cell_cc: Array, species_n: IntArray, *, longest: float, width: float | None = None
) -> StructureFactor:
    """Return the structure factors of one configuration.

    Args:
        positions_nc: positions, wrapped or not [sigma].
        cell_cc: cell vectors as rows, all periodic [sigma].
        species_n: the species of each atom, 0, 1, ... without gaps.
        longest: longest wave vector [1/sigma].
        width: width of the bins of |q|; a quarter of 2 pi over the height of the box where absent [1/sigma].

    Raises:
        InputError: the box has no wave vector as short.
    """
    wave_vector_qc = box_vectors(cell_cc, longest)
    width = bin_width(cell_cc) if width is None else width
    length_q = np.linalg.norm(wave_vector_qc, axis=1)
    bin_q = np.floor(length_q / width * (1 + 1e-12)).astype(np.int64)
    _, place_q, count_b = np.unique(bin_q, return_inverse=True, return_counts=True)
    intensity_ssq = intensities_of_box(positions_nc, cell_cc, species_n, wave_vector_qc)
    shape = (*intensity_ssq.shape[:2], len(count_b))
    sums = np.zeros(shape)
    for a, b in np.ndindex(shape[:2]):
        sums[a, b] = np.bincount(place_q, intensity_ssq[a, b], len(count_b))
    return StructureFactor(
        q_b=np.bincount(place_q, length_q) / count_b,
        count_b=count_b.astype(np.int64),
        fraction_s=np.bincount(species_n) / len(species_n),
        n_atoms=len(species_n),
        intensity_ssb=sums / count_b,
    )


def intensities(positions_nc: Array, species_n: IntArray, wave_vector_qc: Array) -> Array:
    """Return Re rho_a rho_b*/N for each pair of species and each wave vector, (S, S, Q) [-].

    Args:
        positions_nc: positions [sigma].
        species_n: the species of each atom, 0, 1, ... without gaps.
        wave_vector_qc: wave vectors [1/sigma].
    """
    n_species = int(species_n.max()) + 1
    member_ns = (species_n[:, None] == np.arange(n_species)).astype(float)
    chunk = max(1, ELEMENTS_AT_ONCE // len(species_n))
    parts = []
    for start in range(0, len(wave_vector_qc), chunk):
        phase_qn = wave_vector_qc[start : start + chunk] @ positions_nc.T
        cosine_qs, sine_qs = np.cos(phase_qn) @ member_ns, np.sin(phase_qn) @ member_ns
        parts.append(np.einsum("qa,qb->abq", cosine_qs, cosine_qs) + np.einsum("qa,qb->abq", sine_qs, sine_qs))
    return np.concatenate(parts, axis=2) / len(species_n)


def intensities_of_box(positions_nc: Array, cell_cc: Array, species_n: IntArray, wave_vector_qc: Array) -> Array:
    """Return what :func:`intensities` returns, for wave vectors of the box, (S, S, Q) [-].

    With h the integer components of q, exp(i q R) is a product of three factors, one for each cell vector; the sum
    over the atoms is then a product of matrices for each h_1. Ten times as fast as a cosine for each atom and vector.

    Args:
        positions_nc: positions [sigma].
        cell_cc: cell vectors as rows, all periodic [sigma].
        species_n: the species of each atom, 0, 1, ... without gaps.
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    index_qc = np.rint(wave_vector_qc @ cell_cc.T / (2 * np.pi)).astype(int)
    reach_c = np.abs(index_qc).max(axis=0)
    phase_nc = 2j * np.pi * (positions_nc @ np.linalg.inv(cell_cc))
    first, second, third = (np.exp(np.arange(-m, m + 1)[:, None] * phase_nc[:, axis]) for axis, m in enumerate(reach_c))
    members = [species_n == s for s in range(int(species_n.max()) + 1)]
    amplitude_sq = np.empty((len(members), len(index_qc)), dtype=complex)
    for h in np.unique(index_qc[:, 0]):
        chosen = index_qc[:, 0] == h
        rows, columns = (index_qc[chosen] + reach_c)[:, 1:].T
        for s, member in enumerate(members):
            plane = (second[:, member] * first[h + reach_c[0], member]) @ third[:, member].T
            amplitude_sq[s, chosen] = plane[rows, columns]
    return np.real(amplitude_sq[:, None] * amplitude_sq[None].conj()) / len(species_n)


def mean_structure_factor(found: Sequence[StructureFactor]) -> StructureFactor:
    """Return the mean over configurations of one composition in boxes with the same bins.

    Args:
        found: the configurations.

    Raises:
        InputError: none, or boxes with other bins.
    """
    if not found:
        raise InputError("a mean structure factor needs at least one configuration")
    first = found[0]
    for other in found[1:]:
        if other.q_b.shape != first.q_b.shape or other.intensity_ssb.shape != first.intensity_ssb.shape:
            raise InputError(
                f"structure factors with {len(first.q_b)} and {len(other.q_b)} bins and {len(first.fraction_s)} and "
                f"{len(other.fraction_s)} species; expected boxes and compositions that agree"
            )
    weight = np.sum([one.count_b for one in found], axis=0)
    return StructureFactor(
        q_b=np.sum([one.count_b * one.q_b for one in found], axis=0) / weight,
        count_b=weight.astype(np.int64),
        fraction_s=np.mean([one.fraction_s for one in found], axis=0),
        n_atoms=first.n_atoms,
        intensity_ssb=np.sum([one.count_b * one.intensity_ssb for one in found], axis=0) / weight,
    )
