"""Pairs of neighbouring minima of many glasses at little cost: a climb to a saddle, two descents from it, no more.

A pair is as certain as one of :mod:`analysis.soft_modes.double_wells`: its saddle has one negative eigenvalue and
forces at round-off, and descends to the glass on one side. Missing are the path, hence levels, and pairs that only a
push over the barrier finds; :func:`confirmed_pairs` adds the path of chosen pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.modes.spectrum import Modes
from analysis.soft_modes.configuration_space import ConfigurationSpace
from analysis.soft_modes.directions import Directions
from analysis.soft_modes.double_wells import (
    CLIMBS,
    DoubleWells,
    Lead,
    Progress,
    climbed_minimum,
    columns_of,
    estimated_saddle,
    measure_leads,
    predicted_well,
)
from analysis.soft_modes.nonlinear import vibration_overlaps
from analysis.soft_modes.saddles import unstable_direction
from atomsim.certificate import certify
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity

NEAR_CLIMBS = CLIMBS[:1]  # starts further away cost as much and seldom reach a saddle that touches the glass


@dataclass(frozen=True)
class WellPairs:
    """Pairs of neighbouring minima, one of each pair the glass itself; energies above it."""

    direction_m: IntArray = quantity("1", "which of the directions led there")
    source_m: IntArray = quantity("1", "what it was: 0 a soft vibration, 1 a cubic nonlinear mode")
    index_m: IntArray = quantity("1", "its place among the soft or the nonlinear modes")
    side_m: IntArray = quantity("1", "sign of the push along it")
    energy_difference_m: Array = quantity("epsilon", "energy of the second minimum above the glass")
    barrier_m: Array = quantity("epsilon", "energy of the saddle above the glass")
    saddle_force_m: Array = quantity("epsilon/sigma", "largest force component at the saddle")
    saddle_curvature_m: Array = quantity("epsilon/(m sigma^2)", "the one negative eigenvalue at the saddle")
    participation_number_m: Array = quantity("1", "atoms that take part in the jump")
    largest_move_m: Array = quantity("sigma", "displacement of the most moving atom")
    distance_m: Array = quantity("sqrt(m) sigma", "mass-weighted distance of the two minima")
    saddle_overlap_m: Array = quantity("1", "cosine between the direction pushed and the way to the saddle")
    harmonic_share_m: Array = quantity("1", "largest squared overlap of the jump with a vibration")
    covered_share_m: Array = quantity("1", "squares of its overlaps with all vibrations given")
    cubic_barrier_m: Array = quantity("epsilon", "(2/3) kappa^3/tau^2 of the direction pushed")
    chi_relaxed_m: Array = quantity("epsilon/(m^2 sigma^4)", "relaxed fourth derivative along it")
    predicted_alpha_m: Array = quantity("1", "alpha of the expansion along the direction; NaN where it has no bound")
    predicted_beta_m: Array = quantity("1", "beta of the expansion")
    predicted_barrier_m: Array = quantity("epsilon", "barrier of the expansion to fourth order; NaN without one")
    predicted_gap_m: Array = quantity("epsilon", "gap of the two lowest levels of the expansion")
    predicted_tunnelling_m: Array = quantity("epsilon", "splitting of the expansion made symmetric")
    second_mnc: Array = quantity("sigma", "displacements from the glass to the second minimum")
    saddle_mnc: Array = quantity("sigma", "displacements from the glass to the saddle")
    n_directions: int = quantity("1", "directions pushed along")
    n_lost: int = quantity("1", "climbs that reached no saddle next to the glass")
    n_repeated: int = quantity("1", "climbs that led to a pair already found")

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.barrier_m)


def find_well_pairs(
    glass: Glass,
    directions: Directions,
    modes: Modes,
    *,
    hbar: float,
    both_sides: bool = False,
    progress: Progress | None = None,
) -> WellPairs:
    """Climb from a minimum along directions to saddles and return the distinct pairs of minima on their two sides.

    Args:
        glass: the minimum.
        directions: where to climb.
        modes: its lowest vibrations with their vectors, for the overlaps of the jumps.
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        both_sides: climb also away from where the cubic expansion has its barrier.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        NotAMinimum: the glass is not a minimum.
    """
    glass.certificate.require_minimum(name="the glass", zero_modes=glass.healthy_zero_modes)
    space = ConfigurationSpace(glass)
    near = np.where(directions.saddle_coordinate_m < 0, -1, 1)
    climbs = [(k, int(sign * near[k])) for k in range(len(directions)) for sign in ((1, -1) if both_sides else (1,))]
    seconds: list[Array] = []
    rows: list[dict[str, object]] = []
    outcomes: Counter[str] = Counter()
    for done, (k, side) in enumerate(climbs):
        if progress is not None:
            progress("double wells", done / len(climbs))
        vector = side * directions.vectors_mnc[k][:, : space.dimension].ravel()
        climbed = climbed_minimum(space, vector, estimated_saddle(directions, k, side), climbs=NEAR_CLIMBS)
        if climbed is None:
            outcomes["lost"] += 1
        elif any(space.same(climbed[0], other) for other in seconds):
            outcomes["repeated"] += 1
        else:
            seconds.append(climbed[0])
            rows.append(_row(space, modes, directions, k, side, *climbed) | predicted_well(directions, k, hbar))
    rows.sort(key=lambda row: float(str(row["barrier_m"])))
    columns = columns_of(WellPairs, rows, dict.fromkeys(("second_mnc", "saddle_mnc"), (glass.n_atoms, 3)))
    return WellPairs(**columns, n_directions=len(directions), n_lost=outcomes["lost"], n_repeated=outcomes["repeated"])


def _row(
    space: ConfigurationSpace, modes: Modes, directions: Directions, k: int, side: int, second: Array, saddle: Array
) -> dict[str, object]:
    """All numbers of a pair but what the expansion foretells."""
    glass = space.glass
    energies = [space.energy_and_force(point)[0] for point in (space.start, saddle, second)]
    square_n = np.square(space.atom_moves(second - space.start))
    second_nc = space.positions(second) - glass.positions_nc
    jump_nc = second_nc * glass.mass_n[:, None] ** 0.5
    overlaps = vibration_overlaps(modes, jump_nc / np.linalg.norm(jump_nc))
    vector, to_saddle = directions.vectors_mnc[k][:, : space.dimension].ravel(), saddle - space.start
    return {
        "direction_m": k,
        "source_m": directions.source_m[k],
        "index_m": directions.index_m[k],
        "side_m": side,
        "energy_difference_m": energies[2] - energies[0],
        "barrier_m": energies[1] - energies[0],
        "saddle_force_m": certify(space.interaction, space.positions(saddle), glass.mass_n).max_force,
        "saddle_curvature_m": unstable_direction(space, saddle)[0],
        "participation_number_m": square_n.sum() ** 2 / np.sum(square_n**2),
        "largest_move_m": np.sqrt(square_n.max()),
        "distance_m": np.linalg.norm(second - space.start),
        "saddle_overlap_m": side * float(vector @ to_saddle) / float(np.linalg.norm(to_saddle)),
        "harmonic_share_m": overlaps["harmonic_share_m"],
        "covered_share_m": overlaps["covered_share_m"],
        "chi_relaxed_m": directions.chi_relaxed_m[k],
        "second_mnc": second_nc,
        "saddle_mnc": space.positions(saddle) - glass.positions_nc,
    }


def confirmed_pairs(
    glass: Glass,
    directions: Directions,
    pairs: WellPairs,
    chosen: Sequence[int] | IntArray,
    *,
    hbar: float,
    progress: Progress | None = None,
) -> DoubleWells:
    """Return chosen pairs with their elastic band, relaxed scan, path and levels.

    Args:
        glass: the minimum.
        directions: where the pairs come from.
        pairs: the pairs.
        chosen: which of them.
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        progress: called with (what is done, share done of it between 0 and 1).
    """
    space = ConfigurationSpace(glass)
    leads = [
        Lead(
            int(pairs.direction_m[p]),
            int(pairs.side_m[p]),
            space.point(glass.positions_nc + pairs.second_mnc[p]),
            space.point(glass.positions_nc + pairs.saddle_mnc[p]),
        )
        for p in chosen
    ]
    return measure_leads(glass, directions, leads, hbar=hbar, progress=progress)
