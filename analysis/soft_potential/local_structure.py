"""How much the surroundings of the atoms differ, and the smallest scales of eta and t that such a spread gives.

A weak linear term theta x/a in a symmetric potential moves its minimum and leaves eta of the order theta^{2/3} and t of
the order theta^{1/3}. theta is of the order of the relative spread of local structure: here of the distances between an
atom and its neighbours. The argument is one of orders of magnitude, and a bound from below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.tail_fit import draw_glasses, spread
from atomsim.errors import InputError
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, inverse_power, truncated
from atomsim.quench import Glass
from atomsim.results import Array, Estimate, IntArray, quantity

FIRST_SHELL = 1.35  # neighbours are closer than this many mean diameters of a pair [-]


@dataclass(frozen=True)
class LocalSpread:
    """Relative spread of local structure, and the scales of eta and t that it bounds from below.

    ``core`` numbers are of the most moving atom of each soft mode, NaN without soft modes.
    """

    distances: Estimate = quantity("1", "spread of the mean distance to the neighbours, over atoms")
    core_distances: Estimate = quantity("1", "the same over the most moving atoms of the soft modes")
    coordination: Estimate = quantity("1", "mean number of neighbours")
    core_coordination: Estimate = quantity(
        "1", "number of neighbours at the most moving atoms over that of their species"
    )
    core_shift: Estimate = quantity("1", "mean distance at the most moving atoms over that of all atoms, less one")
    least_eta: Estimate = quantity("1", "theta^(2/3) of the spread over atoms")
    least_t: Estimate = quantity("1", "theta^(1/3) of the spread over atoms")


def neighbour_dilation(glass: Glass) -> tuple[Array, Array]:
    """Return for each atom its mean distance to its neighbours, in mean distances of such pairs, and their number [-].

    Distances are in units of the mean diameter of the pair; dividing by the mean over all pairs of the same two
    species takes out what the composition does. An atom without neighbours has NaN.

    Args:
        glass: the glass.
    """
    i, j, distance = _pairs_within(glass, FIRST_SHELL * float(glass.size_n.max()))
    scaled = distance / (0.5 * (glass.size_n[i] + glass.size_n[j]))
    near = scaled < FIRST_SHELL
    i, j, scaled = i[near], j[near], scaled[near]
    n_species = int(glass.species_n.max()) + 1
    first, second = np.sort(np.stack([glass.species_n[i], glass.species_n[j]]), axis=0)
    kind = first * n_species + second
    both, twice = np.concatenate([i, j]), np.tile(scaled, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_k = np.bincount(kind, scaled, minlength=n_species**2) / np.bincount(kind, minlength=n_species**2)
        number_n = np.bincount(both, minlength=glass.n_atoms).astype(float)
        dilation_n = np.bincount(both, twice / np.tile(mean_k[kind], 2), minlength=glass.n_atoms) / number_n
    return dilation_n, number_n


def _pairs_within(glass: Glass, reach: float) -> tuple[IntArray, IntArray, Array]:
    """Both atoms and the distance of all pairs closer than a reach."""
    everything_near = Model("distances", truncated(inverse_power(1), reach), dimension=glass.dimension)
    pairs = PairInteraction(
        everything_near,
        cell_cc=glass.cell_cc,
        periodic_c=glass.periodic_c,
        species_n=np.zeros_like(glass.species_n),
        size_n=glass.size_n,
    )
    first, second, vector_pc = pairs.separations(glass.positions_nc)
    return first, second, np.sqrt(np.einsum("pc,pc->p", vector_pc, vector_pc))


def least_scales(theta: Estimate) -> tuple[Estimate, Estimate]:
    """Return theta^{2/3} and theta^{1/3}, the least scales of eta and t that a spread theta leaves [-].

    The minimum of theta x + x^4 lies at x^3 = -theta/4, where eta = 6 x^2 and t = 4 x: the numerical factors, 2.4 and
    2.5, are beyond the argument, which holds to the order of magnitude.

    Source: karpov-parshin-1985 (2.11); test: test_least_scales_are_those_of_a_tilted_quartic

    Args:
        theta: linear coefficient of the potentials.
    """
    scales = []
    for power in (2 / 3, 1 / 3):
        value = theta.value**power
        scales.append(Estimate(value, power * value * theta.error / theta.value, "1"))
    return scales[0], scales[1]


def local_spread(
    glasses: Sequence[Glass], vectors_gmnc: Sequence[Array], rng: np.random.Generator, *, resamples: int = 200
) -> LocalSpread:
    """Return the relative spread of local structure over glasses, of all atoms and of the cores of soft modes.

    Source: karpov-parshin-1985 (2.11); test: test_spread_of_a_strained_crystal_is_known

    Args:
        glasses: the glasses.
        vectors_gmnc: mass-weighted eigenvectors of the soft modes of each [-].
        rng: source of randomness.
        resamples: draws of glasses for the errors.

    Raises:
        InputError: no glasses, or as many lists of vectors.
    """
    if not glasses or len(glasses) != len(vectors_gmnc):
        raise InputError(f"{len(glasses)} glasses and {len(vectors_gmnc)} lists of soft modes do not match")
    rows = np.array([_sums(glass, vectors) for glass, vectors in zip(glasses, vectors_gmnc, strict=True)])
    n = len(glasses)

    def numbers(counts_bg: Array) -> dict[str, Array]:
        atoms, x, xx, z, cores, y, yy, c = (counts_bg @ rows).T
        with np.errstate(invalid="ignore", divide="ignore"):
            mean, core = x / atoms, y / cores
            return {
                "distances": np.sqrt(np.maximum(xx / atoms - mean**2, 0)) / mean,
                "core_distances": np.sqrt(np.maximum(yy / cores - core**2, 0)) / core,
                "coordination": z / atoms,
                "core_coordination": c / cores,
                "core_shift": core / mean - 1,
            }

    values, drawn = numbers(np.ones((1, n))), numbers(draw_glasses(n, resamples, rng))
    found = {name: Estimate(float(values[name][0]), spread(drawn[name], n), "1") for name in values}
    least_eta, least_t = least_scales(found["distances"])
    return LocalSpread(**found, least_eta=least_eta, least_t=least_t)


def _sums(glass: Glass, vectors_mnc: Array) -> Array:
    """Sums over atoms and over cores from which all numbers follow."""
    dilation_n, number_n = neighbour_dilation(glass)
    known = np.isfinite(dilation_n)
    moved = np.sum(np.asarray(vectors_mnc) ** 2, axis=2) / glass.mass_n if len(vectors_mnc) else np.zeros((0, 1))
    cores = np.argmax(moved, axis=1) if len(moved) else np.zeros(0, dtype=np.int64)
    cores = cores[known[cores]] if len(cores) else cores
    all_atoms, core_atoms = dilation_n[known], dilation_n[cores]
    of_species = np.array([number_n[glass.species_n == kind].mean() for kind in glass.species_n[cores]])
    return np.array(
        [
            len(all_atoms), all_atoms.sum(), (all_atoms**2).sum(), number_n[known].sum(),
            len(core_atoms), core_atoms.sum(), (core_atoms**2).sum(), (number_n[cores] / of_species).sum(),
        ],
        dtype=float,
    )  # fmt: skip
