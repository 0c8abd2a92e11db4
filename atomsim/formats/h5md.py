"""H5MD files of other programs as MDAnalysis universes, in the forms that the standard allows.

The reader of MDAnalysis asks for a time and a step for each frame, for a box that is written for each, and leaves
image flags out; here these may be fixed, given by an increment or absent, and image flags are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import MDAnalysis
import numpy as np
from MDAnalysis.coordinates.H5MD import H5MDReader
from MDAnalysis.lib.mdamath import triclinic_box

from atomsim.errors import InputError
from atomsim.results import IntArray

IMAGE_FLAGS = ("ix", "iy", "iz")  # names of the flags among the data of a frame


def is_h5md(path: Path) -> bool:
    """Return whether a file is HDF5 with a header or particles of H5MD.

    Args:
        path: the file.
    """
    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return "particles" in file or "h5md" in file


class StandardH5MD(H5MDReader):
    """H5MD files as the standard allows them: times and steps given, by increments or absent, fixed boxes, images.

    Units that MDAnalysis does not know, or none, leave the numbers as they stand.
    """

    format = "ATOMSIM_H5MD"

    def _set_translated_units(self) -> None:
        self.foreign_units = h5md_units(self._particle_group)
        for key, name in (("length", "position"), ("velocity", "velocity"), ("force", "force")):
            if name in self._particle_group:
                unit = _text(self._particle_group[f"{name}/value"].attrs.get("unit", ""))
                self.units[key] = self._unit_translation[key].get(unit)
        self.units["time"] = self._unit_translation["time"].get(self.foreign_units[1])

    @property
    def has_times(self) -> bool:
        """Whether the file tells the times of its frames."""
        return "time" in self._particle_group["position"]

    def _read_frame(self, frame: int) -> Any:
        group, ts = self._particle_group, self.ts
        position = group["position"]
        if not 0 <= frame < len(position["value"]):
            raise OSError(f"no frame {frame}")
        self._frame = ts.frame = frame
        ts.data["step"] = _of_frame(position, "step", frame)
        time = _of_frame(position, "time", frame)
        ts.time = frame * ts.dt if time is None else time
        ts.dimensions = self._box(frame)
        for name, plural in (("position", "positions"), ("velocity", "velocities"), ("force", "forces")):
            if self._has[name]:
                self._read_dataset_into_ts(name, getattr(ts, plural))
        if "image" in group:
            image = group["image"]
            flags_nc = image["value"][frame] if isinstance(image, h5py.Group) else image[()]
            ts.data |= {flag: flags_nc[:, c] for c, flag in enumerate(IMAGE_FLAGS)}
        if self.convert_units:
            self._convert_units()
        return ts

    def _box(self, frame: int) -> Any:
        box = self._particle_group["box"]
        if "edges" not in box or any(_text(word) == "none" for word in np.atleast_1d(box.attrs.get("boundary", ()))):
            return None
        edges = box["edges"]
        now = np.asarray(edges["value"][frame] if isinstance(edges, h5py.Group) else edges[()], dtype=float)
        return [*now, 90, 90, 90] if now.shape == (3,) else triclinic_box(*now)

    def _convert_units(self) -> None:
        if self.units["length"] is not None:
            self.convert_pos_from_native(self.ts.positions)
            if self.ts.dimensions is not None:
                dimensions = self.ts.dimensions
                self.convert_pos_from_native(dimensions[:3])
                self.ts.dimensions = dimensions
        if self.units["time"] is not None:
            self.ts.time = self.convert_time_from_native(self.ts.time)


def _text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)


def _of_frame(element: h5py.Group, name: str, frame: int) -> Any:
    """Step or time of a frame: given for each, or by an increment with an offset; None where the file has none."""
    if name not in element:
        return None
    dataset = element[name]
    if dataset.shape == ():
        return dataset.attrs.get("offset", 0) + frame * dataset[()]
    return dataset[frame]


def h5md_units(particles: h5py.Group) -> tuple[str, str]:
    """Return the units of length and time as an H5MD file names them; empty where it does not.

    Args:
        particles: the group of the particles.
    """
    position = particles["position"]
    time = position["time"].attrs.get("unit", "") if "time" in position else ""
    return _text(position["value"].attrs.get("unit", "")), _text(time)


def open_h5md(path: Path, *, convert_units: bool, time_step: float | None) -> Any:
    """Return a universe of an H5MD file of another program, with its species.

    Args:
        path: the file.
        convert_units: convert units that MDAnalysis knows to ångström and picoseconds.
        time_step: distance of the frames where the file holds no times [unit of time].

    Raises:
        InputError: the file does not follow the standard, or in a way that is not supported.
    """
    with h5py.File(path, "r") as file:
        particles = _particles(file, path)
        n_frames, n_atoms = _checked_shapes(particles, path)
        labels_n, mass_n = _species(particles, n_frames, n_atoms, path), _fixed(particles, "mass", n_atoms)
    universe = MDAnalysis.Universe.empty(n_atoms, trajectory=False)
    if labels_n is not None:
        universe.add_TopologyAttr("types", labels_n)
    if mass_n is not None:
        universe.add_TopologyAttr("masses", mass_n)
    options = {} if time_step is None else {"dt": time_step}
    universe.load_new(str(path), format=StandardH5MD, convert_units=convert_units, **options)
    return universe


def _particles(file: h5py.File, path: Path) -> h5py.Group:
    groups = list(file["particles"]) if "particles" in file else []
    if not groups:
        raise InputError(f"{path}: an HDF5 file without a group 'particles'; not H5MD")
    if len(groups) > 1:
        raise InputError(f"{path}: {len(groups)} groups of particles ({', '.join(groups)}); one is supported")
    return file["particles"][groups[0]]


def _checked_shapes(particles: h5py.Group, path: Path) -> tuple[int, int]:
    """Frames and atoms; whatever belongs to a frame must be there for each."""
    if "position" not in particles or "value" not in particles["position"]:
        raise InputError(f"{path}: {particles.name} holds no dataset position/value")
    if "box" not in particles or particles["box"].attrs.get("dimension") != 3:
        raise InputError(f"{path}: {particles.name}/box is missing or not of dimension 3")
    shape = particles["position/value"].shape
    if len(shape) != 3 or shape[2] != 3:
        raise InputError(f"{path}: position/value has shape {shape}; expected frames, atoms, 3")
    for name in ("position/step", "position/time", "box/edges/value", "image/value", "species/value"):
        if name in particles and particles[name].shape and len(particles[name]) < shape[0]:
            raise InputError(f"{path}: {shape[0]} frames of positions, but {len(particles[name])} of {name}")
    return int(shape[0]), int(shape[1])


def _fixed(particles: h5py.Group, name: str, n_atoms: int) -> Any:
    known = name in particles and isinstance(particles[name], h5py.Dataset) and particles[name].shape == (n_atoms,)
    return particles[name][()].astype(float) if known else None


def _species(particles: h5py.Group, n_frames: int, n_atoms: int, path: Path) -> Any:
    """Labels of the atoms, names where the file enumerates them; None where it holds no species."""
    if "species" not in particles:
        return None
    element = particles["species"]
    dataset = element["value"] if isinstance(element, h5py.Group) else element
    number_n: IntArray = dataset[()]
    if isinstance(element, h5py.Group):
        changing = np.flatnonzero((number_n[:n_frames] != number_n[0]).any(axis=0))
        if len(changing):
            raise InputError(f"{path}: atom {changing[0]} changes its species on the way, which is not supported")
        number_n = number_n[0]
    if number_n.shape != (n_atoms,):
        raise InputError(f"{path}: species has shape {number_n.shape}; expected one for each of {n_atoms} atoms")
    names = {value: name for name, value in (h5py.check_enum_dtype(dataset.dtype) or {}).items()}
    return np.array([names.get(int(number), str(number)) if names else _text(number) for number in number_n])
