"""Double wells of a glass: neighbouring minima found along its soft modes, the saddle between them, and its levels.

Along a direction a saddle is climbed to or, where that fails, the glass is pushed until it falls into another minimum.
A nudged elastic band leads to the highest saddle between the two minima, which is refined to round-off and from
which the gradient flow must end in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from analysis.soft_modes.configuration_space import ConfigurationSpace
from analysis.soft_modes.directions import Directions
from analysis.soft_modes.path_levels import LEVELS
from analysis.soft_modes.path_potential import path_of
from analysis.soft_modes.relaxed_path import scanned_saddle
from analysis.soft_modes.saddles import Band, both_sides, elastic_band, polished_saddle, unstable_direction
from analysis.soft_modes.well_prediction import WellPrediction, predict_well
from atomsim.certificate import certify
from atomsim.errors import NotAMinimum, NotConverged
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity

CLIMBS = (0.15, 0.3)  # of the most moving atom, where climbing to a saddle begins [sigma]
CLIMB_STEPS = 15
PUSHES = (0.12, 0.2, 0.3, 0.42, 0.56, 0.72)  # of the most moving atom, until another minimum is met [sigma]
BANDS = 4  # elastic bands tried between the glass and ever nearer minima
PROFILE = 33  # points of a stored energy profile

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class DoubleWells:
    """Pairs of neighbouring minima, one of each pair the glass itself; energies above it."""

    source_m: IntArray = quantity("1", "what led there: 0 a soft vibration, 1 a cubic nonlinear mode")
    index_m: IntArray = quantity("1", "its place among the soft or the nonlinear modes")
    side_m: IntArray = quantity("1", "sign of the push along it")
    energy_difference_m: Array = quantity("epsilon", "energy of the second minimum above the glass")
    barrier_m: Array = quantity("epsilon", "energy of the saddle above the glass")
    barrier_band_m: Array = quantity("epsilon", "highest image of the elastic band above the glass")
    barrier_scan_m: Array = quantity("epsilon", "maximum of the relaxed scan; NaN where its branch ends before")
    saddle_force_m: Array = quantity("epsilon/sigma", "largest force component at the saddle")
    saddle_curvature_m: Array = quantity("epsilon/(m sigma^2)", "the one negative eigenvalue at the saddle")
    second_force_m: Array = quantity("epsilon/sigma", "largest force component at the second minimum")
    second_eigenvalue_m: Array = quantity("epsilon/(m sigma^2)", "lowest eigenvalue at the second minimum")
    participation_number_m: Array = quantity("1", "atoms that take part in the jump")
    largest_move_m: Array = quantity("sigma", "displacement of the most moving atom")
    distance_m: Array = quantity("sqrt(m) sigma", "mass-weighted distance of the two minima")
    path_length_m: Array = quantity("sqrt(m) sigma", "mass-weighted length of the path between them")
    saddle_overlap_m: Array = quantity("1", "cosine between the direction pushed and the way to the saddle")
    path_coordinate_mk: Array = quantity("sqrt(m) sigma", "length along the path, zero at the glass")
    path_energy_mk: Array = quantity("epsilon", "energy along the path")
    level_mk: Array = quantity("epsilon", "lowest levels along the path")
    level_error_m: Array = quantity("epsilon", "leading error of the grid, taken out of the levels")
    gap_m: Array = quantity("epsilon", "gap of the two lowest levels")
    tunnelling_m: Array = quantity("epsilon", "tunnelling splitting Delta_0 along the path")
    asymmetry_m: Array = quantity("epsilon", "asymmetry Delta along the path, zero-point energies included")
    two_level_m: IntArray = quantity("1", "1 where both ground states are below the barrier and the lowest two levels")
    cubic_barrier_m: Array = quantity("epsilon", "(2/3) kappa^3/tau^2 of the direction pushed")
    predicted_alpha_m: Array = quantity("1", "alpha of the expansion along the direction; NaN where it has no bound")
    predicted_beta_m: Array = quantity("1", "beta of the expansion")
    predicted_barrier_m: Array = quantity("epsilon", "barrier of the expansion to fourth order; NaN without one")
    predicted_gap_m: Array = quantity("epsilon", "gap of the two lowest levels of the expansion")
    predicted_tunnelling_m: Array = quantity("epsilon", "splitting of the expansion made symmetric")
    second_mnc: Array = quantity("sigma", "displacements from the glass to the second minimum")
    saddle_mnc: Array = quantity("sigma", "displacements from the glass to the saddle")
    hbar: float = quantity("sigma sqrt(m epsilon)", "hbar of the material")
    n_directions: int = quantity("1", "directions pushed along")
    n_returned: int = quantity("1", "pushes after which the glass always came back")
    n_repeated: int = quantity("1", "pushes that led to a pair already found")
    n_unconnected: int = quantity("1", "minima that no saddle next to the glass was found for")
    n_failed: int = quantity("1", "pushes at which a search did not converge")

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.barrier_m)

    @property
    def scan_disagreement(self) -> float:
        """Largest difference of the two barriers where both exist, relative to the barrier [-]."""
        return _largest(self.barrier_scan_m / self.barrier_m - 1)

    @property
    def band_disagreement(self) -> float:
        """Largest difference of the barrier of the band from that of the saddle, relative [-]."""
        return _largest(self.barrier_band_m / self.barrier_m - 1)


def _largest(difference: Array) -> float:
    finite = np.abs(difference[np.isfinite(difference)])
    return float(finite.max()) if len(finite) else float("nan")


@dataclass(frozen=True)
class Lead:
    """Another minimum that a direction led to, with a saddle on the way where one is known."""

    direction: int
    side: int
    second: Array  # (dN,) [sqrt(m) sigma]
    through: Array | None  # (dN,) [sqrt(m) sigma]


@dataclass
class _Search:
    """The state of a search: what was found, and what became of the other pushes."""

    space: ConfigurationSpace
    hbar: float
    known: list[tuple[Array, Array]] = field(default_factory=list)  # second minimum and saddle
    rows: list[dict[str, object]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


def find_double_wells(
    glass: Glass,
    directions: Directions,
    *,
    hbar: float,
    sides: Sequence[int] = (1, -1),
    progress: Progress | None = None,
) -> DoubleWells:
    """Push a minimum along directions and measure the distinct pairs of neighbouring minima that come to light.

    A pair counts if the gradient flow from its saddle ends in the glass and in the second minimum. Seconds for each
    push of some hundred atoms, most of them in the elastic band.

    Args:
        glass: the minimum.
        directions: where to push.
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        sides: signs of the pushes; nonlinear modes have their barrier on the positive side.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        NotAMinimum: the glass is not a minimum.
    """
    glass.certificate.require_minimum(name="the glass", zero_modes=glass.healthy_zero_modes)
    search = _Search(ConfigurationSpace(glass), hbar)
    pushes = [(k, side) for k in range(len(directions)) for side in sides]
    for done, (k, side) in enumerate(pushes):
        if progress is not None:
            progress("double wells", done / len(pushes))
        try:
            search.outcomes[_try(search, directions, k, side)] += 1
        except (NotConverged, NotAMinimum):
            search.outcomes["failed"] += 1
    return _collected(search, glass, len(directions))


def measure_leads(
    glass: Glass, directions: Directions, leads: Sequence[Lead], *, hbar: float, progress: Progress | None = None
) -> DoubleWells:
    """Measure the pairs of minima that are met on the way to known minima, as :func:`find_double_wells` does.

    Args:
        glass: the minimum.
        directions: the directions of the leads.
        leads: where to go.
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        progress: called with (what is done, share done of it between 0 and 1).
    """
    search = _Search(ConfigurationSpace(glass), hbar)
    for done, lead in enumerate(leads):
        if progress is not None:
            progress("double wells", done / len(leads))
        try:
            search.outcomes[_follow(search, directions, lead)] += 1
        except (NotConverged, NotAMinimum):
            search.outcomes["failed"] += 1
    return _collected(search, glass, len({lead.direction for lead in leads}))


def _try(search: _Search, directions: Directions, k: int, side: int) -> str:
    """One push: what became of it."""
    space, d = search.space, search.space.dimension
    vector = directions.vectors_mnc[k][:, :d].ravel()
    climbed = climbed_minimum(space, side * vector, estimated_saddle(directions, k, side))
    second, through = climbed if climbed is not None else (pushed_minimum(space, side * vector), None)
    return "returned" if second is None else _follow(search, directions, Lead(k, side, second, through))


def _follow(search: _Search, directions: Directions, lead: Lead) -> str:
    """A minimum and perhaps a saddle on the way to it: what became of them."""
    space, k, side, second = search.space, lead.direction, lead.side, lead.second
    if any(space.same(second, other) for other, _ in search.known):
        return "repeated"
    found = neighbouring_minimum(space, second, through=lead.through)
    if found is None:
        return "unconnected"
    second, saddle, saddle_force, band = found
    if any(space.same(saddle, other) for _, other in search.known):
        return "repeated"
    row = _measure(space, second, saddle, band, search.hbar)
    vector, to_saddle = directions.vectors_mnc[k][:, : space.dimension].ravel(), saddle - space.start
    row |= {
        "source_m": directions.source_m[k],
        "index_m": directions.index_m[k],
        "side_m": side,
        "saddle_force_m": saddle_force,
        "saddle_overlap_m": side * float(vector @ to_saddle) / float(np.linalg.norm(to_saddle)),
        **predicted_well(directions, k, search.hbar),
    }
    search.known.append((second, saddle))
    search.rows.append(row)
    return "found"


def estimated_saddle(directions: Directions, k: int, side: int) -> float | None:
    """Return how far the cubic expansion along a direction puts the saddle, None on its other side [sqrt(m) sigma].

    Args:
        directions: the directions.
        k: which of them.
        side: sign of the push.
    """
    reach = side * float(directions.saddle_coordinate_m[k])
    return reach if 0 < reach < np.inf else None


def climbed_minimum(
    space: ConfigurationSpace, vector: Array, reach: float | None, *, climbs: Sequence[float] = CLIMBS
) -> tuple[Array, Array] | None:
    """Return a minimum and the saddle next to the glass, climbed to along a direction; None if none [sqrt(m) sigma].

    Args:
        space: the energy.
        vector: mass-weighted direction, with its sign, (dN,) [-].
        reach: where the saddle is expected [sqrt(m) sigma].
        climbs: displacements of the most moving atom from which it is looked for where that fails [sigma].
    """
    furthest = float(space.atom_moves(vector).max())
    starts = [climb / furthest for climb in climbs]
    if reach is not None and reach * furthest < PUSHES[-1]:
        starts.insert(0, reach)
    for start in starts:
        try:
            saddle, _ = polished_saddle(space, space.start + start * vector, followed=vector, steps=CLIMB_STEPS)
            ends = both_sides(space, saddle, unstable_direction(space, saddle)[1])
        except (NotConverged, NotAMinimum):
            continue
        others = [end for end in ends if not space.same(end, space.start)]
        if len(others) == 1:
            return others[0], saddle
    return None


def pushed_minimum(space: ConfigurationSpace, vector: Array) -> Array | None:
    """Return the first other minimum that is met along a direction, None if there is none [sqrt(m) sigma].

    Args:
        space: the energy.
        vector: mass-weighted direction, with its sign, (dN,) [-].
    """
    unit = vector / float(space.atom_moves(vector).max())
    for push in PUSHES:
        try:
            found = space.minimum_near(space.start + push * unit)
        except NotAMinimum:
            continue
        if not space.same(found, space.start):
            return found
    return None


def neighbouring_minimum(
    space: ConfigurationSpace, second: Array, *, through: Array | None = None
) -> tuple[Array, Array, float, Band] | None:
    """Return a minimum next to the glass, the saddle between [sqrt(m) sigma], its force [epsilon/sigma] and the band.

    It is looked for on the way to another minimum: where the highest saddle does not touch the glass, or other minima
    lie between, the way is shortened to the nearest minimum that came to light. None where this leads nowhere.

    Args:
        space: the energy.
        second: a minimum [sqrt(m) sigma].
        through: a saddle between them, where it is known [sqrt(m) sigma].

    Raises:
        NotConverged: a search does not converge.
        NotAMinimum: a stationary point has the wrong inertia.
    """
    for _ in range(BANDS):
        band = elastic_band(space, space.start, second, through=through)
        if not 0 < band.highest < len(band.points) - 1 or band.energies[band.highest] <= band.energies[[0, -1]].max():
            return None
        saddle, force = polished_saddle(space, band.points[band.highest])
        ends = both_sides(space, saddle, unstable_direction(space, saddle)[1])
        others = [end for end in ends if not space.same(end, space.start)]
        if len(others) == 1 and space.same(others[0], second):
            return others[0], saddle, force, band
        nearer = [end for end in others if not space.same(end, second)]
        if not nearer:
            return None
        second, through = min(nearer, key=lambda end: float(np.linalg.norm(end - space.start))), None
    return None


def _measure(space: ConfigurationSpace, second: Array, saddle: Array, band: Band, hbar: float) -> dict[str, object]:
    """All numbers of one pair that do not depend on the direction that led there."""
    base = space.energy_and_force(space.start)[0]
    jump = second - space.start
    certificate = certify(space.interaction, space.positions(second), space.glass.mass_n)
    certificate.require_minimum(name="the second minimum", zero_modes=space.glass.healthy_zero_modes)
    scanned = scanned_saddle(space, space.start, second)
    potential, places, levels = path_of(space, band, saddle, hbar=hbar)
    profile = np.linspace(places[0], places[2], PROFILE)
    square_n = np.square(space.atom_moves(jump))
    return {
        "energy_difference_m": space.energy_and_force(second)[0] - base,
        "barrier_m": space.energy_and_force(saddle)[0] - base,
        "barrier_band_m": band.energies[band.highest] - base,
        "barrier_scan_m": np.nan if scanned is None else scanned.energy - base,
        "saddle_curvature_m": unstable_direction(space, saddle)[0],
        "second_force_m": certificate.max_force,
        "second_eigenvalue_m": certificate.lowest_eigenvalue,
        "participation_number_m": square_n.sum() ** 2 / np.sum(square_n**2),
        "largest_move_m": np.sqrt(square_n.max()),
        "distance_m": np.linalg.norm(jump),
        "path_length_m": places[2] - places[0],
        "path_coordinate_mk": profile,
        "path_energy_mk": potential(profile) - base,
        "level_mk": levels.level_k,
        "level_error_m": levels.error,
        "gap_m": levels.gap,
        "tunnelling_m": levels.tunnelling,
        "asymmetry_m": levels.asymmetry,
        "two_level_m": int(levels.is_two_level),
        "second_mnc": space.positions(second) - space.glass.positions_nc,
        "saddle_mnc": space.positions(saddle) - space.glass.positions_nc,
    }


def predicted_well(directions: Directions, k: int, hbar: float) -> dict[str, object]:
    """Return what the expansion along a direction says of a pair, by the names of the columns.

    Args:
        directions: the directions.
        k: which of them.
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
    """
    curvature, tau, chi = (float(getattr(directions, name)[k]) for name in ("curvature_m", "tau_m", "chi_relaxed_m"))
    found: WellPrediction = predict_well(curvature, tau, chi, hbar=hbar)
    return {
        "cubic_barrier_m": directions.cubic_barrier_m[k],
        "predicted_alpha_m": found.alpha,
        "predicted_beta_m": found.beta,
        "predicted_barrier_m": found.barrier,
        "predicted_gap_m": found.gap,
        "predicted_tunnelling_m": found.tunnelling,
    }


def _collected(search: _Search, glass: Glass, n_directions: int) -> DoubleWells:
    """The result, its pairs by ascending barrier."""
    rows = sorted(search.rows, key=lambda row: float(str(row["barrier_m"])))
    shapes = {
        "path_coordinate_mk": (PROFILE,),
        "path_energy_mk": (PROFILE,),
        "level_mk": (LEVELS,),
        "second_mnc": (glass.n_atoms, 3),
        "saddle_mnc": (glass.n_atoms, 3),
    }
    columns = columns_of(DoubleWells, rows, shapes)
    columns |= {f"n_{what}": search.outcomes[what] for what in ("returned", "repeated", "unconnected", "failed")}
    return DoubleWells(**columns, hbar=search.hbar, n_directions=n_directions)


def columns_of(
    kind: type, rows: Sequence[Mapping[str, object]], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    """Return the columns ``_m`` of a record of pairs from its rows.

    Args:
        kind: the record.
        rows: its rows by the names of the columns.
        shapes: of the columns that hold arrays.
    """
    columns: dict[str, Any] = {}
    for one in fields(kind):
        if "_m" in one.name:
            values = np.array([row[one.name] for row in rows], dtype=np.int64 if one.type == "IntArray" else np.float64)
            columns[one.name] = values.reshape(len(rows), *shapes.get(one.name, ()))
    return columns
