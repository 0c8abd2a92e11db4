"""How the displacements of a mode fall off with the distance from its core."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from analysis.soft_modes.core import core_atoms
from atomsim.errors import IllPosedFit
from atomsim.pairs import heights
from atomsim.quench import Glass
from atomsim.results import Array, Estimate, IntArray

RESAMPLINGS = 200
SMALLEST_SHELL = 12  # atoms in a shell, for its median [-]
FEWEST_SHELLS = 4


def core_centre(vector_nc: Array) -> int:
    """Return the atom that moves most.

    Args:
        vector_nc: mass-weighted direction, (N, 3) [-].
    """
    return int(np.argmax(np.einsum("nc,nc->n", vector_nc, vector_nc)))


def distances_from_core(glass: Glass, vector_nc: Array) -> Array:
    """Return the distance of every atom from the middle of the core, weighted by the squared displacements [sigma].

    Args:
        glass: the configuration.
        vector_nc: mass-weighted direction, (N, 3) [-].
    """
    weight_n = np.einsum("nc,nc->n", vector_nc, vector_nc)
    inverse_cc = np.linalg.inv(glass.cell_cc) * (glass.periodic_c == 1)
    atoms = core_atoms(vector_nc)
    # the middle is looked for from the most moving atom, so that a core across the face of the cell stays whole
    from_centre_nc = glass.positions_nc - glass.positions_nc[core_centre(vector_nc)]
    from_centre_nc -= np.rint(from_centre_nc @ inverse_cc) @ glass.cell_cc
    middle_c = np.average(from_centre_nc[atoms], axis=0, weights=weight_n[atoms])
    from_middle_nc = from_centre_nc - middle_c
    from_middle_nc -= np.rint(from_middle_nc @ inverse_cc) @ glass.cell_cc
    return np.linalg.norm(from_middle_nc, axis=1)


def core_radius(glass: Glass, vector_nc: Array) -> float:
    """Return the root mean square distance from the middle of the core, weighted by the squared displacements [sigma].

    Args:
        glass: the configuration.
        vector_nc: mass-weighted direction, (N, 3) [-].
    """
    weight_n = np.einsum("nc,nc->n", vector_nc, vector_nc)
    atoms = core_atoms(vector_nc)
    return float(np.sqrt(np.average(distances_from_core(glass, vector_nc)[atoms] ** 2, weights=weight_n[atoms])))


def shells_of(distance_n: Array, *, inner: float, outer: float) -> list[IntArray]:
    """Return the atoms of shells of equal ratios of radii between two radii.

    Args:
        distance_n: distances [sigma].
        inner: radius at which the first begins [sigma].
        outer: radius at which the last ends [sigma].

    Raises:
        IllPosedFit: the range does not hold the fewest shells with the fewest atoms each.
    """
    for count in range(10, FEWEST_SHELLS - 1, -1):
        edges = np.geomspace(inner, outer, count + 1) if 0 < inner < outer else np.zeros(1)
        shells = [np.flatnonzero((distance_n >= a) & (distance_n < b)) for a, b in pairwise(edges)]
        if shells and min(len(shell) for shell in shells) >= SMALLEST_SHELL:
            return shells
    raise IllPosedFit(
        f"between the core ({inner:.3g} sigma) and half the cell ({outer:.3g} sigma) there are fewer than "
        f"{FEWEST_SHELLS} shells of {SMALLEST_SHELL} atoms: no far field"
    )


def far_field_exponent(glass: Glass, vector_nc: Array, rng: np.random.Generator) -> Estimate:
    """Return x of |u| ~ r^-x outside the core, with its error from resampling the atoms of each shell [-].

    A line through the logarithms of the median displacement in shells from the radius of the core to half the smallest
    height of the cell, where the images of the mode are as near as itself: a lower bound of the range of the law. An
    elastic dipole has x = d - 1. Without a far field the value is NaN and the note says why.

    Source: gartner-lerner-2016 (far field); test: test_far_field_of_an_elastic_dipole

    Args:
        glass: the configuration.
        vector_nc: mass-weighted direction, (N, 3) [-].
        rng: source of randomness.
    """
    distance_n = distances_from_core(glass, vector_nc)
    size_n = np.linalg.norm(vector_nc / np.sqrt(glass.mass_n)[:, None], axis=1)
    height_c = heights(glass.cell_cc)[: glass.dimension]
    try:
        shells = shells_of(distance_n, inner=1.5 * core_radius(glass, vector_nc), outer=0.5 * float(height_c.min()))
    except IllPosedFit as reason:
        return Estimate(np.nan, np.nan, "1", note=str(reason))
    radius_s = np.log([np.median(distance_n[shell]) for shell in shells])

    def slope(size_of_shells: list[Array]) -> float:
        medians = np.log([np.median(sizes) for sizes in size_of_shells])
        return -float(np.polyfit(radius_s, medians, 1)[0])

    sizes = [size_n[shell] for shell in shells]
    spread = [slope([rng.choice(one, len(one)) for one in sizes]) for _ in range(RESAMPLINGS)]
    return Estimate(slope(sizes), float(np.std(spread, ddof=1)), "1")
