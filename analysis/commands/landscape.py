"""The plane of soft potentials with the cloud of a study: what the verb ``landscape`` prints, documents and draws."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from analysis import terminal
from analysis.plotting.landscape import LARGEST_ENERGY
from analysis.soft_potential.landscape import classify
from analysis.soft_potential.landscape_points import StationaryGap, stationary_gaps
from analysis.soft_potential.tunnelling import find_tunnelling_systems
from analysis.study import open_study
from atomsim.errors import IllPosedFit
from atomsim.results import Array

PLACES = 9  # decimal places of printed points
UPPER_LEVELS = (2, 3)  # of the gaps whose stationary points are shown


def level_points() -> list[StationaryGap]:
    """Return the stationary points of the gaps E_21 and E_31, found anew: some seconds."""
    return [point for upper in UPPER_LEVELS for point in stationary_gaps(upper)]


def cloud_of(study: Path) -> tuple[Array, Array]:
    """Return alpha and beta of the soft potentials of a finished study [-].

    Args:
        study: its folder.

    Raises:
        InputError: no finished study is there.
        IllPosedFit: none of its soft modes is bounded by its quartic term.
    """
    potentials = open_study(study).soft_potentials
    if potentials is None:
        raise IllPosedFit(f"{study}: no soft mode is bounded by its relaxed quartic term")
    return potentials.alpha_m, potentials.beta_m


def landscape_document(points: list[StationaryGap], cloud: tuple[Array, Array] | None) -> dict[str, Any]:
    """Return what ``landscape --json`` prints: points, and of a cloud the regions and the two-level systems.

    Args:
        points: stationary points of level gaps.
        cloud: alpha and beta of soft potentials [-].
    """
    document: dict[str, Any] = {
        "points": [{"kind": p.kind, "alpha": p.alpha, "beta": p.beta, "gap_W": p.gap} for p in points]
    }
    if cloud is None:
        return document
    systems = find_tunnelling_systems(*cloud, largest_energy=LARGEST_ENERGY)
    regions = Counter(str(classify(float(a), float(b))) for a, b in zip(*cloud, strict=True))
    return document | {
        "alpha": cloud[0],
        "beta": cloud[1],
        "regions": dict(regions),
        "two_level_systems": [
            {"index": int(index), "kind": str(systems.kind(s)), "energy_W": float(systems.energy_s[s])}
            for s, index in enumerate(systems.index_s)
        ],
    }


def show_landscape(document: dict[str, Any]) -> None:
    """Print the points and, where there is a cloud, how many potentials lie in each region.

    Args:
        document: what :func:`landscape_document` returned.
    """
    screen = terminal.standard_output()
    columns: dict[str, list[Any]] = {"kind": [point["kind"] for point in document["points"]]}
    for name in ("alpha", "beta", "gap_W"):
        columns[name] = [round(point[name], PLACES) for point in document["points"]]  # alpha = 0 to round-off
    screen.print(terminal.column_table(columns))
    if "regions" in document:
        screen.print(
            terminal.column_table({"form": list(document["regions"]), "potentials": list(document["regions"].values())})
        )
        screen.print(f"two-level systems below {LARGEST_ENERGY:g} W: {len(document['two_level_systems'])}")
