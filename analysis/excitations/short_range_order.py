"""Short-range order of a binary alloy: correlation and Warren-Cowley parameters, shell by shell and ion by ion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.excitations.alloy import Alloy
from analysis.excitations.shells import Shells, minimum_image, shell_pairs
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

PERMUTATIONS = 999  # random alloys on the same sites: the smallest p-value is one thousandth
BAND = (0.025, 0.975)  # ends of the band that holds 95 % of the random alloys [-]
COLUMNS_AT_ONCE = 128  # random alloys whose bonds are counted together


@dataclass(frozen=True)
class ShortRangeOrder:
    """Order parameters of one configuration; NaN where a shell gives no bond to count.

    ``correlation`` is <delta_i delta_j>/[c(1-c)] over the bonds of a shell. The Warren-Cowley parameters count unlike
    neighbours: seen from A, seen from B, and symmetric. In crystals with one class of sites all agree; where A and B
    differ in their number of neighbours the composition of the bond ends differs from c, and they do not.
    """

    concentration: float = quantity("1", "share of B")
    n_atoms: int = quantity("1", "number of atoms")
    r_min_s: Array = quantity("sigma", "lower end of each shell")
    r_max_s: Array = quantity("sigma", "upper end of each shell")
    distance_s: Array = quantity("sigma", "mean length of the bonds")
    coordination_s: Array = quantity("1", "mean number of neighbours")
    bond_composition_s: Array = quantity("1", "share of B among the ends of the bonds")
    correlation_s: Array = quantity("1", "correlation parameter")
    warren_cowley_a_s: Array = quantity("1", "1 - P(B|A)/c")
    warren_cowley_b_s: Array = quantity("1", "1 - P(A|B)/(1-c)")
    warren_cowley_s: Array = quantity("1", "1 - f/[2c(1-c)], f the share of unlike pairs")
    neighbours_sn: IntArray = quantity("1", "neighbours of each ion")
    ion_sn: Array = quantity("1", "1 - unlike/(neighbours c_unlike) of each ion; NaN without neighbours")

    @property
    def shells(self) -> Shells:
        """The shells."""
        return Shells(self.r_min_s, self.r_max_s)


@dataclass(frozen=True)
class RandomAlloy:
    """Order parameters of random alloys on the same sites with the same composition, and where the real one stands."""

    mean_s: Array = quantity("1", "mean correlation parameter")
    deviation_s: Array = quantity("1", "standard deviation of the correlation parameter")
    low_s: Array = quantity("1", "lower end of the band of 95 %")
    high_s: Array = quantity("1", "upper end of the band of 95 %")
    p_value_s: Array = quantity("1", "share of random alloys at least as far from the mean")
    draws: int = quantity("1", "number of random alloys")


def short_range_order(alloy: Alloy, shells: Shells) -> ShortRangeOrder:
    """Return the order parameters of a configuration.

    With c_s the share of B among the bond ends of a shell, alpha_correlation = alpha_symmetric +
    (c_s - c)(1 - 2c)/[c(1-c)].

    Source: egorushkin-melnikova-1993a (short-range order); test: test_ordered_crystals_have_their_exact_parameters
    Source: cowley-1950 (alpha); test: test_warren_cowley_parameters_against_counting

    Args:
        alloy: the configuration.
        shells: the shells.

    Raises:
        InputError: a shell reaches beyond half the box or holds no pair.
    """
    bonds, length_s = _bonds(alloy, shells)
    p, c = alloy.occupation_n.astype(float), alloy.concentration
    neighbours_sn = np.array([bond.sum(axis=1) for bond in bonds]).reshape(len(bonds), -1)
    ends_s = neighbours_sn.sum(axis=1)
    b_neighbours_sn = np.array([bond @ p for bond in bonds])
    a_ends_s, b_ends_s = neighbours_sn @ (1 - p), neighbours_sn @ p
    unlike_sn = np.where(p == 1, neighbours_sn - b_neighbours_sn, b_neighbours_sn)
    from_a_s, from_b_s = unlike_sn @ (1 - p), unlike_sn @ p
    with np.errstate(invalid="ignore", divide="ignore"):  # no bond end of a species, no neighbour of an ion: NaN
        seen_from_a_s = 1 - from_a_s / a_ends_s / c
        seen_from_b_s = 1 - from_b_s / b_ends_s / (1 - c)
        ion_sn = 1 - unlike_sn / (neighbours_sn * np.where(p == 1, 1 - c, c))
    return ShortRangeOrder(
        concentration=c,
        n_atoms=alloy.n_atoms,
        r_min_s=shells.r_min_s,
        r_max_s=shells.r_max_s,
        distance_s=length_s,
        coordination_s=ends_s / alloy.n_atoms,
        bond_composition_s=b_ends_s / ends_s,
        correlation_s=_correlations(bonds, alloy.deviation_n[:, None])[:, 0] / alloy.variance,
        warren_cowley_a_s=seen_from_a_s,
        warren_cowley_b_s=seen_from_b_s,
        warren_cowley_s=1 - (from_a_s + from_b_s) / ends_s / (2 * alloy.variance),
        neighbours_sn=neighbours_sn.astype(np.int64),
        ion_sn=ion_sn,
    )


def _bonds(alloy: Alloy, shells: Shells) -> tuple[list[sparse.csr_matrix], Array]:
    """The bonds of each shell as a symmetric matrix of zeros and ones, and their mean length."""
    first_p, second_p, vector_pc = shell_pairs(alloy, float(np.max(shells.r_max_s)))
    distance_p = np.linalg.norm(vector_pc, axis=1)
    shell_p = shells.index(distance_p)
    n, found, lengths = alloy.n_atoms, [], []
    for s in range(shells.n_shells):
        chosen = shell_p == s
        if not chosen.any():
            raise InputError(f"shell {s + 1}, {shells.r_min_s[s]:g}:{shells.r_max_s[s]:g}, holds no pair of atoms")
        ends = (
            np.concatenate([first_p[chosen], second_p[chosen]]),
            np.concatenate([second_p[chosen], first_p[chosen]]),
        )
        found.append(sparse.csr_matrix((np.ones(len(ends[0])), ends), shape=(n, n)))
        lengths.append(float(distance_p[chosen].mean()))
    return found, np.array(lengths)


def _correlations(bonds: Sequence[sparse.csr_matrix], deviation_nd: Array) -> Array:
    """<delta_i delta_j> over the bonds of each shell, for several occupations side by side, (S, D)."""
    return np.array([np.einsum("nd,nd->d", deviation_nd, bond @ deviation_nd) / bond.nnz for bond in bonds])


def random_correlations(alloy: Alloy, shells: Shells, rng: np.random.Generator, *, draws: int = PERMUTATIONS) -> Array:
    """Return the correlation parameters of random alloys on the sites of a configuration, (S, draws) [-].

    The occupation is permuted. The mean is -1/(N-1) in every shell; on sites with Z_s neighbours the standard
    deviation is close to [2/(N Z_s)]^(1/2).

    Args:
        alloy: the configuration.
        shells: the shells.
        rng: source of randomness.
        draws: number of random alloys.
    """
    bonds, _ = _bonds(alloy, shells)
    found = []
    for start in range(0, draws, COLUMNS_AT_ONCE):
        count = min(COLUMNS_AT_ONCE, draws - start)
        shuffled_dn = rng.permuted(np.tile(alloy.deviation_n, (count, 1)), axis=1)
        found.append(_correlations(bonds, np.ascontiguousarray(shuffled_dn.T)))
    return np.concatenate(found, axis=1) / alloy.variance


def against_random(correlation_s: Array, random_sd: Array) -> RandomAlloy:
    """Return how far order parameters stand from those of random alloys: a two-sided permutation test.

    The p-value is (1 + number of random alloys at least as far from the mean of all)/(1 + their number).

    Args:
        correlation_s: correlation parameters, or their means over glasses [-].
        random_sd: the same of random alloys, (S, draws) [-].

    Raises:
        InputError: fewer than two random alloys.
    """
    draws = random_sd.shape[1]
    if draws < 2:
        raise InputError(f"{draws} random alloys; a band needs two at least")
    mean_s = random_sd.mean(axis=1)
    reach_s = np.abs(np.asarray(correlation_s) - mean_s)
    beyond_s = np.count_nonzero(np.abs(random_sd - mean_s[:, None]) >= reach_s[:, None] * (1 - 1e-12), axis=1)
    low_s, high_s = np.quantile(random_sd, BAND, axis=1)
    return RandomAlloy(mean_s, random_sd.std(axis=1, ddof=1), low_s, high_s, (1 + beyond_s) / (1 + draws), draws)


@dataclass(frozen=True)
class CompleteOrder:
    """Correlation parameters over the whole axis of distance: every pair of sites belongs to one interval.

    An interval without pairs has no correlation parameter and stands as zero, with coordination zero.
    """

    edge_e: Array = quantity("sigma", "edges of the intervals; the last is infinite")
    shell_e: IntArray = quantity("1", "shell that is the interval, -1 for gaps and the rest")
    coordination_e: Array = quantity("1", "mean number of sites in the interval")
    correlation_e: Array = quantity("1", "correlation parameter")

    @property
    def sum_rule(self) -> float:
        """Return 1 + sum of Z alpha, zero to round-off on any configuration [-]."""
        return float(1.0 + np.sum(self.coordination_e * self.correlation_e))

    def of_distance(self, distance_p: Array) -> Array:
        """Return the correlation parameter that belongs to each distance [-].

        Args:
            distance_p: distances of pairs of sites [sigma].
        """
        return self.correlation_e[np.searchsorted(self.edge_e, distance_p, side="right") - 1]


def complete_order(alloy: Alloy, shells: Shells) -> CompleteOrder:
    """Return the correlation parameters of shells, gaps and all that lies beyond, counting each pair of sites once.

    Beyond half the height of the box a pair counts by one of its images. With the site itself, alpha_0 = 1, the sum
    of Z_s alpha_s vanishes because delta does.

    Source: concentration-notes (sum rule); test: test_sum_rule_holds_to_round_off

    Args:
        alloy: the configuration.
        shells: the shells.
    """
    edge_e, shell_e = shells.completed()
    delta, n = alloy.deviation_n, alloy.n_atoms
    count_e, sum_e = np.zeros(len(shell_e)), np.zeros(len(shell_e))
    for i in range(n - 1):
        distance_p = np.linalg.norm(minimum_image(alloy, alloy.positions_nc[i + 1 :] - alloy.positions_nc[i]), axis=1)
        interval_p = np.searchsorted(edge_e, distance_p, side="right") - 1
        count_e += np.bincount(interval_p, minlength=len(shell_e))
        sum_e += np.bincount(interval_p, delta[i] * delta[i + 1 :], len(shell_e))
    correlation_e = np.divide(sum_e, count_e, out=np.zeros_like(sum_e), where=count_e > 0) / alloy.variance
    return CompleteOrder(edge_e, shell_e, 2 * count_e / n, correlation_e)
