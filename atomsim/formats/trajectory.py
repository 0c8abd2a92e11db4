"""Trajectories as H5MD files: float64, species, masses and diameters; MDAnalysis opens them.

The layout follows version 1.1 of the H5MD specification, the group of the particles being ``trajectory``. Numbers
are in reduced units; H5MD has no names for these, so no ``unit`` is attached (readers would take it for ångström or
picoseconds), and positions are not wrapped into the cell. The element ``size`` (diameters) is an addition.

A file grows frame by frame in HDF5's single-writer mode, which orders all writes such that a writer killed at any
moment leaves a readable file. The positions of a frame are written last, with a checksum: their number says how many
frames are complete, and a half-written one is found out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

import atomsim
from atomsim.dynamics import MDState
from atomsim.errors import InputError
from atomsim.pairs import PairInteraction
from atomsim.results import Array, IntArray, quantity
from atomsim.store import atomic_path

if TYPE_CHECKING:
    import MDAnalysis

H5MD_VERSION = (1, 1)
LIBRARY_VERSION = "v110"  # the oldest file format that knows the single-writer mode
PARTICLES = "particles/trajectory"  # MDAnalysis looks for this name when it counts the atoms
STEPS_PER_CHUNK = 64


@dataclass(frozen=True)
class Trajectory:
    """Frames of a trajectory file, in double precision."""

    step_t: IntArray = quantity("1", "step")
    time_t: Array = quantity("sigma sqrt(m/epsilon)", "time")
    positions_tnc: Array = quantity("sigma", "positions, not wrapped into the cell")
    velocities_tnc: Array | None = quantity("sqrt(epsilon/m)", "velocities, where the file holds them")
    cell_cc: Array = quantity("sigma", "cell vectors as rows")
    periodic_c: IntArray = quantity("1", "1 for a periodic direction, 0 for an open one")
    species_n: IntArray = quantity("1", "species")
    size_n: Array = quantity("sigma", "diameters")
    mass_n: Array = quantity("m", "masses")


class TrajectoryWriter:
    """Appends frames to a file; each is on its way to the disk when :meth:`append` returns. A context manager."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        """Take over a file that has all its datasets; :func:`create_trajectory` and :func:`resume_trajectory` do this.

        Args:
            file: an HDF5 file open for writing.
            path: its name in messages.
        """
        self.path = path
        self._file = file
        particles = file[PARTICLES]
        self._cell_cc = particles["box/cell"][()]
        self._step, self._time = particles["position/step"], particles["position/time"]
        self._edges, self._positions = particles["box/edges/value"], particles["position/value"]
        self._velocities = particles["velocity/value"] if "velocity" in particles else None
        self.n_frames = len(self._positions)
        self.last_step = int(self._step[self.n_frames - 1]) if self.n_frames else -1
        file.swmr_mode = True

    def append(self, state: MDState) -> None:
        """Write one frame.

        Args:
            state: the state at the frame.

        Raises:
            InputError: the frame does not follow the last one, has another number of atoms, or cannot be written.
        """
        if state.step <= self.last_step:
            raise InputError(f"{self.path}: a frame of step {state.step} cannot follow one of step {self.last_step}")
        if state.positions_nc.shape != self._positions.shape[1:]:
            raise InputError(
                f"{self.path}: a frame of shape {state.positions_nc.shape} in a trajectory of "
                f"{self._positions.shape[1]} atoms"
            )
        rows: list[tuple[h5py.Dataset, Any]] = [(self._step, state.step), (self._time, state.time)]
        rows.append((self._edges, self._cell_cc))
        if self._velocities is not None:
            rows.append((self._velocities, state.velocities_nc))
        rows.append((self._positions, state.positions_nc))
        try:
            for dataset, value in rows:
                dataset.resize(self.n_frames + 1, axis=0)
                dataset[self.n_frames] = value
                dataset.flush()
        except (OSError, RuntimeError) as error:
            raise InputError(f"{self.path}: frame {self.n_frames} cannot be written ({error})") from error
        self.n_frames += 1
        self.last_step = state.step

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> TrajectoryWriter:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, whatever happened.

        Args:
            kind: class of the exception that ends the block, if any.
            error: the exception.
            trace: its traceback.
        """
        self.close()


def create_trajectory(
    path: Path, interaction: PairInteraction, mass_n: Array, *, velocities: bool = False, author: str = "unknown"
) -> TrajectoryWriter:
    """Start a new trajectory file.

    Args:
        path: the file, which must not exist yet.
        interaction: gives cell, species and diameters.
        mass_n: masses [m].
        velocities: whether frames hold velocities too.
        author: name of the author, which H5MD asks for.

    Raises:
        InputError: the file exists, or the folder cannot be written.
    """
    path = Path(path)
    if path.exists():
        raise InputError(f"{path}: exists already; resume it, or choose another name")
    constants = {
        "box/cell": interaction.cell_cc,
        "species": interaction.species_n,
        "size": interaction.size_n,
        "mass": np.asarray(mass_n, dtype=float),
    }
    with atomic_path(path) as temporary, h5py.File(temporary, "w", libver=LIBRARY_VERSION) as file:
        _lay_out(file, constants, interaction.periodic_c, velocities=velocities, author=author)
    return TrajectoryWriter(h5py.File(path, "r+", libver=LIBRARY_VERSION), path)


def resume_trajectory(path: Path, *, last_step: int) -> TrajectoryWriter:
    """Continue a trajectory file from the frame of a step, also one that a killed program left behind.

    The frames up to that step are copied into a new file, which then takes the place of the old one: frames that
    the repeated part of the run will write again and a half-written last frame fall away, and if the copying is
    interrupted the old file is still there.

    Args:
        path: the file.
        last_step: frames of later steps are dropped: the step of the state that the run continues from.

    Raises:
        InputError: the file is missing, foreign, or damaged before its last frame.
    """
    path = Path(path)
    with atomic_path(path) as temporary, _open(path) as old:
        _copy(old, temporary, last_step, path)
    return TrajectoryWriter(h5py.File(path, "r+", libver=LIBRARY_VERSION), path)


def read_trajectory(path: Path, frames: slice = slice(None)) -> Trajectory:
    """Read frames in double precision, also from a file that is still being written.

    Args:
        path: the file.
        frames: which frames.

    Raises:
        InputError: the file is missing, foreign or damaged; a half-written last frame counts as damage.
    """
    path = Path(path)
    with _open(path) as file:
        particles = file[PARTICLES]
        step_t = _steps(particles, path)
        first, last, stride = frames.indices(len(step_t))
        if stride < 0:
            raise InputError(f"{path}: frames are read forwards, not in steps of {stride}")
        chosen = slice(first, max(first, last), stride)
        return Trajectory(
            step_t=step_t[chosen],
            time_t=particles["position/time"][chosen],
            positions_tnc=particles["position/value"][chosen],
            velocities_tnc=particles["velocity/value"][chosen] if "velocity" in particles else None,
            cell_cc=particles["box/cell"][()],
            periodic_c=_periodic(particles),
            species_n=particles["species"][()],
            size_n=particles["size"][()],
            mass_n=particles["mass"][()],
        )


def open_trajectory(path: Path) -> MDAnalysis.Universe:
    """Return an MDAnalysis universe of a finished trajectory: types are species, radii half diameters.

    MDAnalysis holds positions in single precision and calls the units ångström and picosecond; they are sigma and
    sigma sqrt(m/epsilon). For evenly spaced frames it knows their distance in time; otherwise only the time of each.

    Args:
        path: the file.

    Raises:
        InputError: the file is missing, foreign, damaged, without frames, or not closed by its writer.
    """
    import MDAnalysis  # takes a second, and most users of this module only write

    path = Path(path)
    header = read_trajectory(path, slice(0, 1))
    if not len(header.step_t):
        raise InputError(f"{path}: a trajectory without frames")
    try:
        with h5py.File(path, "r") as file:
            time_t = file[f"{PARTICLES}/position/time"][()]
    except OSError as error:
        raise InputError(
            f"{path}: still being written, or left by a program that was killed; in the second case resume it ({error})"
        ) from error
    universe = MDAnalysis.Universe.empty(len(header.species_n), trajectory=False)
    universe.add_TopologyAttr("types", header.species_n.astype(str))
    universe.add_TopologyAttr("masses", header.mass_n)
    universe.add_TopologyAttr("radii", header.size_n / 2)
    spacing_t = np.diff(time_t)
    even = len(spacing_t) > 0 and np.allclose(spacing_t, spacing_t[0])
    options = {"dt": float(spacing_t[0])} if even else {}
    universe.load_new(str(path), format="H5MD", convert_units=False, **options)
    return universe


# --- the layout ---------------------------------------------------------------------------------------------


def _lay_out(
    file: h5py.File, constants: dict[str, np.ndarray], periodic_c: IntArray, *, velocities: bool, author: str
) -> None:
    """Write all that does not depend on the frame, and the datasets that grow."""
    header = file.create_group("h5md")
    header.attrs["version"] = np.array(H5MD_VERSION, dtype=np.int64)
    header.create_group("author").attrs["name"] = author
    creator = header.create_group("creator")
    creator.attrs["name"], creator.attrs["version"] = "atomsim", atomsim.__version__
    particles = file.create_group(PARTICLES)
    box = particles.create_group("box")
    box.attrs["dimension"] = 3
    boundary = ["periodic" if periodic else "none" for periodic in periodic_c]
    box.attrs["boundary"] = np.array(boundary, dtype=h5py.string_dtype())
    for name, value in constants.items():
        particles.create_dataset(name, data=value)
    position = particles.create_group("position")
    for name, kind in (("step", np.int64), ("time", np.float64)):
        position.create_dataset(name, (0,), dtype=kind, maxshape=(None,), chunks=(STEPS_PER_CHUNK,))
    _growing(position, (len(constants["species"]), 3))
    others = [box.create_group("edges")]
    _growing(others[0], (3, 3))
    if velocities:
        others.append(particles.create_group("velocity"))
        _growing(others[1], (len(constants["species"]), 3))
    for group in others:  # H5MD wants one step and one time for all elements of a frame, as links
        group["step"], group["time"] = position["step"], position["time"]


def _growing(group: h5py.Group, shape: tuple[int, int]) -> None:
    group.create_dataset(
        "value", (0, *shape), dtype=np.float64, maxshape=(None, *shape), chunks=(1, *shape), fletcher32=True
    )


def _copy(old: h5py.File, target: Path, last_step: int, path: Path) -> None:
    """Copy the complete frames up to a step into a new file."""
    particles = old[PARTICLES]
    constants = {name: particles[name][()] for name in ("box/cell", "species", "size", "mass")}
    names = ["position/step", "position/time", "box/edges/value", "position/value"]
    names += ["velocity/value"] if "velocity" in particles else []
    n_frames = int(np.searchsorted(_steps(particles, path), last_step, side="right"))
    author = old["h5md/author"].attrs["name"]
    with h5py.File(target, "w", libver=LIBRARY_VERSION) as new:
        _lay_out(new, constants, _periodic(particles), velocities="velocity" in particles, author=author)
        for frame in range(n_frames):
            try:
                values = [particles[name][frame] for name in names]
            except (OSError, RuntimeError) as error:
                if frame == len(particles["position/value"]) - 1:
                    break  # the last frame was being written when the program was killed
                raise InputError(f"{path}: frame {frame} of {n_frames} is damaged ({error})") from error
            for name, value in zip(names, values, strict=True):
                new[PARTICLES][name].resize(frame + 1, axis=0)
                new[PARTICLES][name][frame] = value


def _steps(particles: h5py.Group, path: Path) -> IntArray:
    """Steps of the complete frames: those whose positions, which are written last, are there."""
    n_frames = len(particles["position/value"])
    step_t = particles["position/step"][:n_frames]
    if len(step_t) < n_frames or np.any(np.diff(step_t) <= 0):
        raise InputError(f"{path}: {n_frames} frames, but their steps do not ascend")
    return step_t


def _periodic(particles: h5py.Group) -> IntArray:
    return np.array([word == "periodic" for word in particles["box"].attrs["boundary"]], dtype=np.int64)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """Open for reading a file that may still be, or be left, open for writing."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with _reader(path) as file:
            if PARTICLES not in file or file["h5md/creator"].attrs["name"] != "atomsim":
                raise InputError(f"{path}: an HDF5 file, but not a trajectory of this program")
            yield file
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(f"{path}: truncated, damaged or not a trajectory of this program ({error})") from error


def _reader(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError:  # marked as open for writing, by a living program or by a killed one; or not readable at all
        return h5py.File(path, "r", swmr=True)
