"""What can be asked of a trajectory by name, with defaults in units of the mean distance of the atoms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.excitations.shells import Shells, first_shells
from analysis.trajectories.analyses import Motion, PairDistributions, ShortRangeOrders, StructureFactors
from analysis.trajectories.order_parameters import alloy_of_frame
from analysis.trajectories.reading import OF_LENGTH, frame_of, naming, quiet, remarks_of, species_of, units_of
from analysis.trajectories.relaxation_parameter import (
    Window,
    check_window,
    relaxation_of_replicas,
    second_maximum_window,
)
from analysis.trajectories.structure_factor import bin_width, mean_structure_factor, resolved_width
from atomsim.errors import InputError, nearest
from atomsim.results import Array

# In units of the mean distance a = (V/N)^{1/3} of the atoms, wave numbers in units of 2 pi/a.
LONGEST, OVERLAP, MOVED, FIRST_PEAK = 3.2, 0.3, 0.1, 1.12
SHELLS = 2
CONCENTRATION_WAVE = 0.6  # k_s where it is not given: ordering of unlike neighbours, about half of the first maximum


@dataclass(frozen=True)
class Settings:
    """What the user may choose; None means the default of the quantity. Lengths in the unit of the file."""

    longest: float | None = None
    width: float | None = None
    window: tuple[float, float] | None = None
    wave_number: float | None = None
    length: float | None = None
    origins: str = "all"
    tolerance: float = 1e-3
    unwrap: str = "none"
    drift: bool = False
    shells: Shells | None = None
    backend: str | None = None
    workers: int = 1
    frames: slice = field(default_factory=lambda: slice(None))


@dataclass(frozen=True)
class Answer:
    """A quantity: numbers that stand for themselves, columns of equal length, and what is worth knowing."""

    quantity: str
    numbers: dict[str, Any]
    columns: dict[str, Array]
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything in one dictionary."""
        return {"quantity": self.quantity, **self.numbers, **self.columns, "remarks": list(self.remarks)}


def measure(universes: Sequence[Any], quantity: str, settings: Settings) -> Answer:
    """Return a quantity of a trajectory, or of several that are replicas of each other.

    Args:
        universes: the trajectories.
        quantity: its name.
        settings: what the user chose.

    Raises:
        InputError: an unknown name, several trajectories where one is asked for, or input that does not allow it.
    """
    if quantity not in QUANTITIES:
        raise InputError(
            f"unknown quantity {quantity!r}{nearest(quantity, QUANTITIES)}; known: {', '.join(QUANTITIES)}"
        )
    if len(universes) > 1 and quantity != "relaxation-parameter":
        raise InputError(f"{len(universes)} trajectories; {quantity} is measured on one at a time")
    first, units = universes[0], units_of(universes[0])
    for universe in universes[1:]:
        other = units_of(universe)
        if OF_LENGTH not in (other.length, units.length) and other.length != units.length:
            raise InputError(
                f"replicas with lengths in {units.length} ({units.reason}) and in {other.length} ({other.reason}); "
                "expected the same unit"
            )
    with naming(universes[0] if len(universes) == 1 else None):
        answer = QUANTITIES[quantity](universes, settings)
    head = {
        "n_atoms": len(first.atoms),
        "species": list(species_of(first)[1]),
        "n_frames": len(first.trajectory),
        "units": [units.length, units.time],
        "units_reason": units.reason,
    }
    left_out = tuple(remark for universe in universes for remark in remarks_of(universe))
    return replace(answer, quantity=quantity, numbers=head | answer.numbers, remarks=answer.remarks + left_out)


def spacing(universe: Any) -> float:
    """Return the mean distance (V/N)^{1/3} of the atoms in the present frame [unit of the file].

    Args:
        universe: the trajectory.

    Raises:
        InputError: the file has no box.
    """
    cell_cc = frame_of(universe.trajectory.ts).periodic_cell("a default length")
    return float(abs(np.linalg.det(cell_cc)) / len(universe.atoms)) ** (1 / 3)


def _run(analysis: Any, settings: Settings) -> Any:
    chosen = settings.frames
    count = len(range(*chosen.indices(len(analysis._trajectory))))
    if count == 0:
        raise InputError(f"no frame among those chosen; the trajectory has {len(analysis._trajectory)}")
    limits = {"start": chosen.start, "stop": chosen.stop, "step": chosen.step}
    workers = min(settings.workers, count)
    name = settings.backend or ("multiprocessing" if workers > 1 else "serial")
    if name == "serial" and settings.workers > 1:
        raise InputError(f"backend 'serial' with {settings.workers} workers; expected one")
    backend = {} if name == "serial" else {"backend": name, "n_workers": workers}
    return analysis.run(**limits, **backend).results


def _chosen(value: float | None, default: Callable[[], float]) -> float:
    """What the user chose, zero too, which is then refused; the default is formed where it is needed alone."""
    return default() if value is None else value


def _structure_factors(universe: Any, settings: Settings) -> Any:
    longest = _chosen(settings.longest, lambda: LONGEST * 2 * np.pi / spacing(universe))
    return _run(StructureFactors(universe, longest=longest, width=settings.width), settings)


def _structure_factor(universes: Sequence[Any], settings: Settings) -> Answer:
    found = _structure_factors(universes[0], settings).structure_factor
    names = species_of(universes[0])[1]
    columns = {"q": found.q_b, "count": found.count_b.astype(float), "s_nn": found.number_number_b}
    if len(names) == 2:
        columns |= {"s_nc": found.number_concentration_b, "s_cc": found.concentration_concentration_b}
    for a in range(len(names)):
        for b in range(a, len(names)):
            columns[f"a_{names[a]}_{names[b]}"] = found.faber_ziman_ssb[a, b]
    remarks = ("one species: no partials, no concentration",) if len(names) == 1 else ()
    return Answer("", {"fractions": found.fraction_s}, columns, remarks)


def _relaxation_parameter(universes: Sequence[Any], settings: Settings) -> Answer:
    found: list[Any] = []
    width = _chosen(settings.width, lambda: _resolved_width(universes[0]))
    for universe in universes:
        with naming(universe):
            results = _structure_factors(universe, replace(settings, width=width))
        found.append(results)
    _check_replicas(found)
    q_b = found[0].q
    mean = mean_structure_factor([results.structure_factor for results in found])
    if settings.window is None:
        window = second_maximum_window(q_b, mean.interference_b)
    else:
        window = Window(*settings.window, float("nan"))
    check_window(window, q_b)
    s_gtb = np.array([results.number_number for results in found])
    r = relaxation_of_replicas(q_b, s_gtb - s_gtb[:, :1], window, found[0].times)
    columns = {
        "time": r.time_t,
        "relaxation_parameter": r.value_t,
        "error": r.error_t,
        "noise_bias": r.bias_t,
        "resolved": r.resolved_t.astype(float),
        "highest_bin": s_gtb.max(axis=2).mean(axis=0),
    }
    numbers = {"window": [window.low, window.high], "second_maximum": window.maximum, "replicas": r.replicas}
    remarks = [f"window {window.low:.4g} to {window.high:.4g}, against the first frame"]
    if r.replicas == 1:
        remarks.append("one trajectory: noise is not known, so no value counts as resolved; give several as replicas")
    return Answer("", numbers, columns, tuple(remarks))


def _resolved_width(universe: Any) -> float:
    return resolved_width(frame_of(universe.trajectory.ts).periodic_cell("a structure factor"))


def _check_replicas(found: Sequence[Any]) -> None:
    first = found[0]
    if len(first.times) < 2:
        raise InputError(f"{len(first.times)} frames; a relaxation parameter compares two at least")
    for place, other in enumerate(found[1:], start=2):
        if len(other.times) != len(first.times) or not np.allclose(other.times, first.times):
            raise InputError(
                f"trajectory {place} has {len(other.times)} frames at other times than the first; replicas"
            )
        if other.q.shape != first.q.shape or not np.allclose(other.q, first.q, rtol=1e-4):
            raise InputError(f"trajectory {place} has a box with other wave vectors than the first; give --width")


def _pair_distribution(universes: Sequence[Any], settings: Settings) -> Answer:
    found = _run(PairDistributions(universes[0], longest=settings.length), settings)
    names = species_of(universes[0])[1]
    columns = {"r": found.r, "g": found.total}
    for a in range(len(names)):
        for b in range(a, len(names)):
            columns[f"g_{names[a]}_{names[b]}"] = found.partial[a, b]
    return Answer("", {}, columns)


def _motion(universe: Any, settings: Settings) -> tuple[Any, dict[str, float]]:
    wave_number = _chosen(settings.wave_number, lambda: FIRST_PEAK * 2 * np.pi / spacing(universe))
    analysis = Motion(
        universe,
        wave_number=wave_number,
        overlap_length=_chosen(settings.length, lambda: OVERLAP * spacing(universe)),
        moved_length=_chosen(settings.length, lambda: MOVED * spacing(universe)),
        origins=settings.origins,
        tolerance=settings.tolerance,
        unwrap=settings.unwrap,
        drift=settings.drift,
    )
    chosen = {"wave_number": wave_number, "overlap_length": analysis.overlap_length}
    return _run(analysis, settings), chosen | {"moved_length": analysis.moved_length}


def _of_motion(names: dict[str, str], told: tuple[str, ...]) -> Callable[[Sequence[Any], Settings], Answer]:
    """A quantity of pairs of frames: its columns by name of the result, and the chosen numbers it tells."""

    def quantity(universes: Sequence[Any], settings: Settings) -> Answer:
        found, chosen = _motion(universes[0], settings)
        columns = {"time": found.lag, "pairs": found.count.astype(float)}
        columns |= {column: found[name] for column, name in names.items()}
        return Answer("", {name: chosen[name] for name in told}, columns)

    return quantity


def _order(universes: Sequence[Any], settings: Settings) -> Answer:
    universe = universes[0]
    frame, (species_n, names) = frame_of(universe.trajectory[0]), species_of(universe)
    alloy = alloy_of_frame(frame.positions_nc, frame.periodic_cell("short-range order"), species_n)
    shells = settings.shells or first_shells([alloy], SHELLS)
    wave_number = _chosen(settings.wave_number, lambda: CONCENTRATION_WAVE * 2 * np.pi / alloy.spacing)
    width = _chosen(settings.width, lambda: 4 * bin_width(alloy.cell_cc))
    found = _run(ShortRangeOrders(universe, shells=shells, wave_number=wave_number, width=width), settings)
    columns = {"time": found.times}
    columns |= {f"alpha_{s + 1}": found.alpha[:, s] for s in range(shells.n_shells)}
    columns["s_cc"] = found.concentration_intensity
    numbers = {
        "shells": [[float(a), float(b)] for a, b in zip(shells.r_min_s, shells.r_max_s, strict=True)],
        "k_s": wave_number,
        "random_s_cc": alloy.variance,
        "concentration": alloy.concentration,
        "counted": names[1],
    }
    remarks = () if settings.shells else ("shells between the minima of g(r) in the first frame",)
    return Answer("", numbers, columns, remarks)


QUANTITIES: dict[str, Callable[[Sequence[Any], Settings], Answer]] = {
    "structure-factor": _structure_factor,
    "relaxation-parameter": _relaxation_parameter,
    "pair-distribution": _pair_distribution,
    "displacement": _of_motion(
        {"mean_square_displacement": "mean_square_displacement", "non_gaussian": "non_gaussian"}, ()
    ),
    "scattering": _of_motion({"scattering": "scattering"}, ("wave_number",)),
    "overlap": _of_motion({"overlap": "overlap", "chi4": "chi4"}, ("overlap_length",)),
    "rearrangement": _of_motion(
        {"moved_fraction": "moved_fraction", "cooperativity": "cooperativity"}, ("moved_length",)
    ),
    "order": _order,
}


def describe(universe: Any) -> str:
    """Return in one line what a trajectory holds.

    Args:
        universe: the trajectory.
    """
    names, units = species_of(universe)[1], units_of(universe)
    with quiet():
        frames = len(universe.trajectory)
    held = f"{frames} frames of {len(universe.atoms)} atoms, species {', '.join(names)}"
    return f"{held}; lengths in {units.length}, times in {units.time}: {units.reason}"
