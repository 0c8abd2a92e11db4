"""How a result came about: versions, configuration, seed, command; and, apart from these, host and wall times."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import atomsim
from atomsim.results import quantity

LIBRARIES = ("numpy", "scipy", "numba", "h5py", "ase")


@dataclass(frozen=True)
class Provenance:
    """Everything needed to make a result again (first five), and what may differ the next time (the others)."""

    versions: dict[str, str] = quantity("1", "versions of the program, its libraries and Python")
    configuration: str = quantity("1", "the resolved configuration, JSON")
    seed: str = quantity("1", "entropy and keys of the random numbers")
    command: str = quantity("1", "the command line")
    depends_on: tuple[str, ...] = quantity("1", "cache keys of the results this one was computed from")
    host: str = quantity("1", "name and system of the machine")
    written: str = quantity("1", "date and time, UTC")
    wall_time: dict[str, float] = quantity("s", "wall time of the parts of the work")


def make_provenance(
    *,
    configuration: str = "{}",
    seed: str = "",
    command: str = "",
    depends_on: Sequence[str] = (),
    wall_time: Mapping[str, float] | None = None,
    engines: Sequence[str] = (),
) -> Provenance:
    """Describe the present process and what it was asked to do.

    Args:
        configuration: the resolved configuration as JSON.
        seed: entropy and keys of the random numbers.
        command: the command line.
        depends_on: cache keys of the results this one was computed from.
        wall_time: part of the work to its duration [s].
        engines: packages beyond the libraries of the program that did part of the work.
    """
    return Provenance(
        versions=library_versions() | {name: _version_of(name) for name in engines},
        configuration=configuration,
        seed=seed,
        command=command,
        depends_on=tuple(depends_on),
        host=f"{platform.node()} ({platform.platform()})",
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_time=dict(wall_time or {}),
    )


def _version_of(package: str) -> str:
    """An engine that was not installed as a package, but built by hand, has no version to be read."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed as a package)"


def library_versions() -> dict[str, str]:
    """Return the versions that numbers may depend on: the program, its numerical libraries, Python."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {"atomsim": atomsim.__version__, **{name: version(name) for name in LIBRARIES}, "python": python}
