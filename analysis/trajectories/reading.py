"""Trajectories of other programs as MDAnalysis universes, with what that library leaves out put in.

Extended XYZ is read by ASE, since MDAnalysis would take its first four columns and lose the box. Image flags and
unwrapped columns are used where the file has them. Positions come in single precision. ``units_of`` and ``remarks_of``
tell of a universe opened here which units its numbers have, and what was left out.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import ase
import ase.io
import MDAnalysis
import numpy as np
from MDAnalysis.coordinates.memory import MemoryReader
from MDAnalysis.lib.mdamath import triclinic_box

from analysis.trajectories.lammps_dump import LammpsDump, check_dump
from analysis.trajectories.structure_factor import species_indices
from atomsim.errors import InputError
from atomsim.formats.h5md import IMAGE_FLAGS, StandardH5MD, is_h5md, open_h5md
from atomsim.formats.trajectory import open_trajectory, read_trajectory
from atomsim.results import Array, IntArray

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
UNITS = ("auto", "reduced", "real")
SIGMA, TAU, ANGSTROM, PICOSECOND = "sigma", "sigma sqrt(m/epsilon)", "Å", "ps"
OF_LENGTH, OF_TIME = "unit of length", "unit of time"  # of files that name none
# Said by MDAnalysis of files that lack what the analyses here do not use, or are given.
HARMLESS = (
    "Guessed all Masses to 1.0",
    "Set all atom types to 1",
    "No mass column found in dump file",
    "Unknown element",
    "Reader has no dt information",
    "Set `n_parts` to",
    "Failed to guess the mass",
    "DCDReader currently makes independent timesteps",
    "No dimensions set",
)


@dataclass(frozen=True)
class UnitNames:
    """In which units a trajectory was read, and how that is known."""

    length: str
    time: str
    reason: str


@dataclass(frozen=True)
class Frame:
    """One configuration of a trajectory, in double precision; without a cell where the file has none."""

    positions_nc: Array
    cell_cc: Array | None

    def periodic_cell(self, what: str) -> Array:
        """Return the cell vectors as rows [unit of the file].

        Args:
            what: what needs them, for the message.

        Raises:
            InputError: the file has no box.
        """
        if self.cell_cc is None:
            raise InputError(f"{what} needs a periodic box, and the file holds none")
        return self.cell_cc


def open_universe(
    path: Path, topology: Path | None = None, *, units: str = "auto", time_step: float | None = None
) -> Any:
    """Return a universe of any trajectory that MDAnalysis or ASE reads, or of one of ours.

    Args:
        path: the trajectory.
        topology: a file that tells the species of the atoms, where the trajectory does not.
        units: ``"reduced"`` takes all numbers as they stand; ``"real"`` lets MDAnalysis convert to ångström and
            picoseconds; ``"auto"`` converts formats that have units of their own.
        time_step: time of one step, or distance of the frames where the file counts none [unit of time].

    Raises:
        InputError: the file is missing, damaged or of unknown format, or holds no frame.
    """
    path = Path(path)
    if units not in UNITS:
        raise InputError(f"units = {units!r}; expected one of {', '.join(UNITS)}")
    if time_step is not None and not 0 < time_step < np.inf:
        raise InputError(f"time step = {time_step}; expected a positive number")
    for file in (path, topology):
        if file is not None and not Path(file).is_file():
            raise InputError(f"{file}: no such file")
    try:
        with quiet():
            universe = _opened(path, topology, units, time_step)
            frames = len(universe.trajectory)
    except InputError:
        raise
    except Exception as error:  # whatever the many readers raise, the user learns which file it was
        raise InputError(
            f"{path}: cannot be read as a trajectory; damaged, of unknown format, or in need of --topology "
            f"({type(error).__name__}: {error})"
        ) from error
    if not frames:
        raise InputError(f"{path}: a trajectory without frames")
    universe.trajectory.source = str(path)
    universe.trajectory.unit_names = _unit_names(universe.trajectory, _is_ours(path), units, time_step)
    return universe


@contextlib.contextmanager
def naming(universe: Any | None) -> Iterator[None]:
    """Let complaints about a trajectory begin with the name of its file.

    Args:
        universe: a trajectory that :func:`open_universe` opened; nothing is added where it is absent.
    """
    try:
        yield
    except InputError as error:
        source = getattr(getattr(universe, "trajectory", None), "source", "")
        if not source or source in str(error):
            raise
        raise InputError(f"{source}: {error}") from error


def units_of(universe: Any) -> UnitNames:
    """Return the units of a trajectory that :func:`open_universe` opened.

    Args:
        universe: the trajectory.
    """
    names: UnitNames = universe.trajectory.unit_names
    return names


def remarks_of(universe: Any) -> tuple[str, ...]:
    """Return what was left out of a trajectory, one sentence each.

    Args:
        universe: the trajectory.
    """
    remark = getattr(universe.trajectory, "remark", "")
    return (remark,) if remark else ()


def _unit_names(trajectory: Any, ours: bool, units: str, time_step: float | None) -> UnitNames:
    """Names of the units, from the file where it tells, else from what the user said."""
    count = None if time_step is not None else _counted(trajectory)
    if units == "reduced":
        return UnitNames(SIGMA, count or TAU, "numbers as they stand, in reduced units on request")
    if ours and units == "auto":
        return UnitNames(SIGMA, TAU, "a trajectory of this program, in reduced units")
    if isinstance(trajectory, StandardH5MD):
        return _h5md_unit_names(trajectory, units, count)
    if ours or isinstance(trajectory, LammpsDump | MemoryReader):
        if units == "real":
            return UnitNames(ANGSTROM, count or PICOSECOND, "numbers as they stand, in Å and ps on request")
        kind = "a LAMMPS dump" if isinstance(trajectory, LammpsDump) else "extended XYZ"
        return UnitNames(OF_LENGTH, count or OF_TIME, f"numbers as they stand: {kind} names no units")
    native = {key: trajectory.units.get(key) for key in ("length", "time")}
    names = trajectory.format if isinstance(trajectory.format, str) else trajectory.format[0]
    if native["length"] is None:
        return UnitNames(OF_LENGTH, count or OF_TIME, f"numbers as they stand: {names} names no units")
    told = f"{names} holds {native['length']} and {native['time'] or 'no times'}"
    return UnitNames(ANGSTROM, count or PICOSECOND, f"{told}; MDAnalysis gives Å and ps")


def _h5md_unit_names(trajectory: StandardH5MD, units: str, count: str | None) -> UnitNames:
    found = {"length": trajectory.foreign_units[0], "time": trajectory.foreign_units[1]}
    known = {key: trajectory.units[key] is not None for key in found}
    if units == "real":
        for key, name in found.items():
            if name and not known[key]:
                raise InputError(f"{trajectory.filename}: unit of {key} {name!r} cannot be converted to Å or ps")
    standard = {"length": ANGSTROM, "time": PICOSECOND}
    bare = standard if units == "real" else {"length": OF_LENGTH, "time": OF_TIME}
    names = {key: standard[key] if known[key] else found[key] or bare[key] for key in found}
    told = " and ".join(f"{name or 'no unit'} for {key}" for key, name in found.items())
    return UnitNames(names["length"], count or names["time"], f"the file names {told}")


def _counted(trajectory: Any) -> str | None:
    """What stands for the time where the file holds none: steps or frames."""
    if isinstance(trajectory, LammpsDump):
        return "step"
    if isinstance(trajectory, StandardH5MD):
        return None if trajectory.has_times else "frame"
    if isinstance(trajectory, MemoryReader):
        return None if hasattr(trajectory, "given_times") else "frame"
    data = trajectory.ts.data
    return None if "time" in data or "dt" in data else "frame"


def _opened(path: Path, topology: Path | None, units: str, time_step: float | None) -> Any:
    options: dict[str, Any] = {} if time_step is None else {"dt": time_step}
    convert: dict[str, Any] = {"convert_units": False} if units == "reduced" else {}
    if _is_ours(path):
        return open_trajectory(path)
    if _is_extended_xyz(path):
        return _read_extended_xyz(path, time_step)
    if _first_line(path).startswith("ITEM: "):
        return _read_dump(path, topology, time_step)
    if is_h5md(path):
        if topology is None:
            return open_h5md(path, convert_units=units != "reduced", time_step=time_step)
        convert |= {"format": StandardH5MD}
    if topology is None:
        return MDAnalysis.Universe(str(path), **options, **convert)
    if _is_ours(topology) or _is_extended_xyz(topology):
        universe = _opened(topology, None, units, None)
        universe.load_new(str(path), **options, **convert)
        return universe
    return MDAnalysis.Universe(str(topology), str(path), **options, **convert)


def _read_dump(path: Path, topology: Path | None, time_step: float | None) -> Any:
    check_dump(path)
    columns = _dump_columns(path)
    options: dict[str, Any] = {"format": LammpsDump, "lammps_coordinate_convention": _convention(columns)}
    options |= {"additional_columns": list(IMAGE_FLAGS)} if set(IMAGE_FLAGS) <= set(columns) else {}
    source, kind = (path, {"topology_format": "LAMMPSDUMP"}) if topology is None else (topology, {})
    options |= {"dt": time_step or 1.0, "convert_units": False}
    return MDAnalysis.Universe(str(source), str(path), **kind, **options)


class quiet(warnings.catch_warnings):
    """Keep MDAnalysis from warning of masses and time steps that nothing here depends on; other warnings pass."""

    def __enter__(self) -> None:
        """Install the filters."""
        super().__enter__()
        for message in HARMLESS:
            warnings.filterwarnings("ignore", message=f"(?s).*{message}")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="MDAnalysis")


def _is_ours(path: Path) -> bool:
    with open(path, "rb") as stream:
        if stream.read(len(HDF5_SIGNATURE)) != HDF5_SIGNATURE:
            return False
    try:
        read_trajectory(path, slice(0, 1))
    except InputError as error:
        if "not a trajectory of this program" in str(error):
            return False
        raise
    return True


def _first_line(path: Path) -> str:
    with open(path, "rb") as stream:
        return stream.readline(400).decode("utf-8", errors="replace").strip()


def _is_extended_xyz(path: Path) -> bool:
    if path.suffix not in (".xyz", ".extxyz"):
        return False
    with open(path, "rb") as stream:
        head = [stream.readline(4000).decode("utf-8", errors="replace") for _ in range(2)]
    return "Lattice=" in head[1] or "Properties=" in head[1]


def _read_extended_xyz(path: Path, time_step: float | None) -> Any:
    """All frames in memory; species from the array ``species`` or the elements, times from ``time`` or the number."""
    frames = cast(list[ase.Atoms], ase.io.read(path, index=":", format="extxyz"))
    if not frames:
        raise InputError(f"{path}: a trajectory without frames")
    first = frames[0]
    if any(len(atoms) != len(first) for atoms in frames):
        raise InputError(f"{path}: the number of atoms changes from frame to frame, which is not supported")
    labels = first.arrays["species"] if "species" in first.arrays else np.array(first.get_chemical_symbols())
    positions_tnc = np.array([atoms.positions for atoms in frames])
    boxes = np.array([triclinic_box(*_standard(atoms.cell.array, path)) for atoms in frames])
    universe = MDAnalysis.Universe.empty(len(first), trajectory=False)
    universe.add_TopologyAttr("types", labels.astype(str))
    periodic = first.pbc.all() and first.cell.rank == 3
    universe.load_new(
        positions_tnc.astype(np.float32), format=MemoryReader, order="fac", dt=time_step or 1.0,
        dimensions=boxes if periodic else None,
    )  # fmt: skip
    if all("time" in atoms.info for atoms in frames):
        universe.trajectory.given_times = np.array([float(atoms.info["time"]) for atoms in frames])
    return universe


def _standard(cell_cc: Array, path: Path) -> Array:
    """The cell, refused where MDAnalysis, which keeps lengths and angles only, would turn it against the atoms."""
    above = np.abs(np.triu(cell_cc, 1)).max()
    if above > 1e-6 * np.abs(cell_cc).max():
        raise InputError(
            f"{path}: cell vectors {np.round(cell_cc, 4).tolist()}; MDAnalysis keeps lengths and angles and needs the "
            "first along x and the second in the xy plane: rotate the structure (ase: atoms.cell.standard_form)"
        )
    return cell_cc


def _dump_columns(path: Path) -> list[str]:
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("ITEM: ATOMS"):
                return line.split()[2:]
    raise InputError(f"{path}: a LAMMPS dump without a line 'ITEM: ATOMS'; truncated?")


def _convention(columns: list[str]) -> str:
    """Unwrapped columns where there are any: they hold the displacements."""
    known = {"unwrapped": "xu", "scaled_unwrapped": "xsu", "unscaled": "x", "scaled": "xs"}
    return next((name for name, column in known.items() if column in columns), "auto")


def frame_of(ts: Any) -> Frame:
    """Return the present frame of a trajectory, image flags added where it has them.

    Args:
        ts: the frame as MDAnalysis gives it.

    Raises:
        InputError: a coordinate is not finite, or the box has no volume.
    """
    positions_nc = ts.positions.astype(float)
    bad = np.flatnonzero(~np.isfinite(positions_nc).all(axis=1))
    if len(bad):
        raise InputError(
            f"frame {ts.frame}: atom {bad[0]} is at {positions_nc[bad[0]].tolist()}; expected finite coordinates "
            f"({len(bad)} such atoms of {len(positions_nc)})"
        )
    if ts.dimensions is None or not np.any(ts.dimensions[:3]):
        return Frame(positions_nc, None)
    cell_cc = ts.triclinic_dimensions.astype(float)
    if not np.isfinite(cell_cc).all() or not abs(np.linalg.det(cell_cc)) > 0:
        raise InputError(f"frame {ts.frame}: box {ts.dimensions.tolist()} has no volume")
    if all(flag in ts.data for flag in IMAGE_FLAGS):
        positions_nc = positions_nc + np.column_stack([ts.data[flag] for flag in IMAGE_FLAGS]) @ cell_cc
    return Frame(positions_nc, cell_cc)


def species_of(atoms: Any) -> tuple[IntArray, tuple[str, ...]]:
    """Return each atom's place in the list of species, and the list; one species where the topology tells none.

    Args:
        atoms: a group of atoms, or a universe.
    """
    group = atoms.atoms
    for attribute in ("types", "elements", "names"):
        if hasattr(group, attribute) and not all(label == "" for label in getattr(group, attribute)):
            return species_indices(getattr(group, attribute))
    return np.zeros(len(group), np.int64), ("X",)
