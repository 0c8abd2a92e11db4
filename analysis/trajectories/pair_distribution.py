"""Distribution of distances between the atoms of a periodic box, species by species."""

from __future__ import annotations

import numpy as np

from atomsim.errors import InputError
from atomsim.pairs import PairInteraction, heights
from atomsim.potentials import Model, inverse_power, truncated
from atomsim.results import Array, IntArray


def partial_pair_distributions(positions_nc: Array, cell_cc: Array, species_n: IntArray, edges_r: Array) -> Array:
    """Return g_ab(r), (S, S, R) [-]: pairs found in each shell over those expected without order.

    The mean over all pairs is the sum of c_a c_b g_ab. An atom is no neighbour of itself, so that a random
    configuration of N_a atoms has g_aa = (N_a - 1)/N_a.

    Args:
        positions_nc: positions, wrapped or not [sigma].
        cell_cc: cell vectors as rows, all periodic [sigma].
        species_n: the species of each atom, 0, 1, ... without gaps.
        edges_r: edges of the bins of distance, up to half the height of the cell [sigma].

    Raises:
        InputError: the distances reach beyond half the height of the cell.
    """
    reach, half = float(edges_r[-1]), float(heights(cell_cc).min()) / 2
    if reach > half * (1 + 1e-9):
        raise InputError(
            f"g(r) up to {reach:.5g} needs a box {2 * reach:.5g} high at least; this one is {2 * half:.5g}"
        )
    first_p, second_p, vector_pc = PairInteraction(
        Model("distances", truncated(inverse_power(1), min(reach, half))),
        cell_cc=cell_cc,
        periodic_c=np.ones(3, np.int64),
        species_n=np.zeros(len(species_n), np.int64),
        size_n=np.ones(len(species_n)),
    ).separations(positions_nc)
    bin_p = np.searchsorted(edges_r, np.linalg.norm(vector_pc, axis=1), side="right") - 1
    n_species, bins = int(species_n.max()) + 1, len(edges_r) - 1
    inside = (bin_p >= 0) & (bin_p < bins)
    code_p = (species_n[first_p] * n_species + species_n[second_p])[inside] * bins + bin_p[inside]
    one_way = np.bincount(code_p, minlength=n_species**2 * bins).reshape(n_species, n_species, bins)
    found = one_way + one_way.transpose(1, 0, 2)
    count_s = np.bincount(species_n).astype(float)
    shell_r = 4 * np.pi / 3 * np.diff(edges_r**3)
    expected = np.outer(count_s, count_s)[:, :, None] * shell_r / abs(float(np.linalg.det(cell_cc)))
    return found / expected


def total_pair_distribution(partial_ssr: Array, fraction_s: Array) -> Array:
    """Return g(r) of all pairs alike [-].

    Args:
        partial_ssr: g_ab(r) [-].
        fraction_s: share of each species [-].
    """
    return np.einsum("a,b,abr->r", fraction_s, fraction_s, partial_ssr)
