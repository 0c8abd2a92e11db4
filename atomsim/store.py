"""HDF5 files of results: every frozen dataclass of the suite, with units, descriptions and provenance.

A result is a group with the attributes ``class`` and ``format_version``; each field is a dataset (or a group, for a
nested result, a tuple of results or a mapping) with the attributes ``unit`` and ``description`` of its
:func:`atomsim.results.quantity`. Arrays are float64, int64 or bool and carry a checksum (Fletcher 32), so that a
damaged file is refused instead of being read as other numbers. Files appear under their name only when complete.

Reading needs the class that is expected: nothing named inside a file is ever imported.
"""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from atomsim.errors import InputError
from atomsim.provenance import Provenance

FORMAT = "atomsim results"
FORMAT_VERSION = 1
ARRAY_TYPES = ("float64", "int64", "bool")
PART_SUFFIX = ".part"

T = TypeVar("T")


# --- files --------------------------------------------------------------------------------------------------


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder, which replaces ``path`` when the block ends without an error.

    The content reaches the disk before the name does, so a crash leaves the old file or the new one, never a half.

    Args:
        path: the file to be written.

    Raises:
        InputError: the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{PART_SUFFIX}")
    try:
        temporary.touch()
        try:
            yield temporary
            _flush(temporary)
            os.replace(temporary, path)
            _flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def remove_parts(folder: Path) -> None:
    """Remove the incomplete files that a killed program left in a folder nobody else is writing to.

    Args:
        folder: an existing folder.
    """
    for part in Path(folder).glob(f".*{PART_SUFFIX}"):
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file in one step: complete or not at all.

    Args:
        path: the file to be written.
        text: its content.

    Raises:
        InputError: the folder cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_result(path: Path, result: object, provenance: Provenance | None = None) -> None:
    """Write one result dataclass as an HDF5 file, atomically.

    Args:
        path: the file to be written.
        result: a dataclass instance.
        provenance: how the result came about.

    Raises:
        InputError: the folder cannot be written.
    """
    write_results(path, {"result": result}, provenance)


def write_results(path: Path, results: Mapping[str, object], provenance: Provenance | None = None) -> None:
    """Write several results into one HDF5 file, atomically.

    Args:
        path: the file to be written.
        results: group name (slashes make subgroups) to dataclass instance; iterated once, so that a lazy mapping
            holds one result in memory at a time.
        provenance: how the results came about.

    Raises:
        InputError: the folder cannot be written.
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=True) as file:
        file.attrs["format"] = FORMAT
        file.attrs["format_version"] = FORMAT_VERSION
        for name in results:
            encode(file.create_group(name, track_order=True), results[name])
        if provenance is not None:
            encode(file.create_group("provenance", track_order=True), provenance)


def read_result(path: Path, kind: type[T], name: str = "result") -> T:
    """Read one result of a known class.

    Args:
        path: an HDF5 file written by :func:`write_result` or :func:`write_results`.
        kind: the dataclass expected.
        name: the group that holds it.

    Raises:
        InputError: the file is missing, truncated, damaged, foreign, newer than this code, or holds another class.
    """
    with open_results(path) as file:
        if name not in file:
            raise InputError(f"{path}: holds no group {name!r} (found: {', '.join(file)})")
        return decode(file[name], kind)


def list_results(path: Path, kind: type) -> list[str]:
    """Return the names of all groups of a file that hold a result of a class.

    Args:
        path: an HDF5 file of ours.
        kind: the dataclass looked for.

    Raises:
        InputError: the file is missing, truncated, damaged, foreign or newer than this code.
    """
    found: list[str] = []

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if item.attrs.get("class") == kind.__name__:
            found.append(name)

    with open_results(path) as file:
        file.visititems(visit)
    return found


def read_provenance(path: Path) -> Provenance:
    """Read how the results of a file came about.

    Args:
        path: an HDF5 file with a provenance group.

    Raises:
        InputError: as for :func:`read_result`.
    """
    return read_result(path, Provenance, "provenance")


@contextmanager
def open_results(path: Path) -> Iterator[h5py.File]:
    """Open a results file for reading; whatever HDF5 finds wrong with it becomes an InputError that names it.

    Args:
        path: the file to be read.

    Raises:
        InputError: the file is missing, truncated, damaged, foreign or newer than this code.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise InputError(f"{path}: an HDF5 file, but not one of {FORMAT}")
            if file.attrs["format_version"] > FORMAT_VERSION:
                version = file.attrs["format_version"]
                raise InputError(f"{path}: format version {version} is newer than this program's {FORMAT_VERSION}")
            yield file
    except _Mismatch as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(f"{path}: truncated, damaged or not an HDF5 file ({error})") from error


# --- the codec ----------------------------------------------------------------------------------------------


class _Mismatch(Exception):
    """The content of a file is not what the class asks for."""


def encode(group: h5py.Group, result: object) -> None:
    """Write a dataclass instance into an empty group.

    Args:
        group: an empty HDF5 group.
        result: a dataclass instance with fields of types float, int, bool, str, None, float64/int64/bool arrays,
            dataclasses, tuples of one of these, and mappings from text to one of these.

    Raises:
        TypeError: a field holds anything else.
    """
    if not dataclasses.is_dataclass(result) or isinstance(result, type):
        raise TypeError(f"{result!r} is not a dataclass instance")
    group.attrs["class"] = type(result).__name__
    group.attrs["format_version"] = FORMAT_VERSION
    for field in dataclasses.fields(result):
        item = _encode_value(group, field.name, getattr(result, field.name))
        for attribute in ("unit", "description"):
            if attribute in field.metadata:
                item.attrs[attribute] = field.metadata[attribute]


def _encode_value(group: h5py.Group, name: str, value: Any) -> h5py.Dataset | h5py.Group:
    """Write one value under ``name``; the attribute ``type`` says how to read it back."""
    if dataclasses.is_dataclass(value):
        item = group.create_group(name, track_order=True)
        encode(item, value)
        kind = "dataclass"
    elif isinstance(value, tuple | Mapping):
        item = group.create_group(name, track_order=True)
        named = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, element in named:
            if "/" in str(key):
                raise TypeError(f"{item.name}: a mapping key with a slash, {key!r}, cannot be stored")
            _encode_value(item, str(key), element)
        kind = "mapping" if isinstance(value, Mapping) else "tuple"
    elif isinstance(value, np.ndarray):
        item, kind = _encode_array(group, name, value), "array"
    elif value is None:
        item, kind = group.create_dataset(name, data=h5py.Empty("f8")), "none"
    else:
        item, kind = _encode_scalar(group, name, value)
    item.attrs["type"] = kind
    return item


def _encode_array(group: h5py.Group, name: str, value: np.ndarray) -> h5py.Dataset:
    if value.dtype.name not in ARRAY_TYPES:
        raise TypeError(f"{group.name}/{name}: arrays are {', '.join(ARRAY_TYPES)}, not {value.dtype}")
    checked = value.size > 0 and value.ndim > 0  # HDF5 checksums need chunks, and chunks need an extent
    return group.create_dataset(name, data=value, fletcher32=True if checked else None)


def _encode_scalar(group: h5py.Group, name: str, value: Any) -> tuple[h5py.Dataset, str]:
    if isinstance(value, bool | np.bool_):
        return group.create_dataset(name, data=bool(value)), "bool"
    if isinstance(value, int | np.integer):
        return group.create_dataset(name, data=np.int64(value)), "int"
    if isinstance(value, float | np.floating):
        return group.create_dataset(name, data=np.float64(value)), "float"
    if isinstance(value, str):
        return group.create_dataset(name, data=value, dtype=h5py.string_dtype()), "str"
    raise TypeError(f"{group.name}/{name}: a value of type {type(value).__name__} cannot be stored")


def decode(group: h5py.Group, kind: type[T]) -> T:
    """Read a dataclass instance of a known class from a group written by :func:`encode`.

    Args:
        group: the HDF5 group.
        kind: the dataclass expected; nested classes follow from the annotations of its fields.
    """
    found = group.attrs.get("class")
    if found != kind.__name__:
        raise _Mismatch(f"group {group.name!r} holds {found}, not {kind.__name__}")
    hints = typing.get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name not in group:
            if field.default is not dataclasses.MISSING:
                continue  # the field is younger than the file
            raise _Mismatch(f"group {group.name!r} has no field {field.name!r} of {kind.__name__}")
        values[field.name] = _decode_value(group[field.name], hints[field.name])
    return kind(**values)


def _decode_value(item: h5py.Dataset | h5py.Group, hint: Any) -> Any:
    match item.attrs.get("type"):
        case "dataclass":
            return decode(item, _class_in(hint, item))
        case "tuple":
            return tuple(_decode_value(item[str(i)], hint) for i in range(len(item)))
        case "mapping":
            return {name: _decode_value(item[name], hint) for name in item}
        case "none":
            return None
        case "str":
            return item.asstr()[()]
        case "array":
            return item[()]
        case scalar if scalar in _SCALARS:
            return _SCALARS[scalar](item[()])
        case other:
            raise _Mismatch(f"{item.name!r} is stored as {other!r}, which this program does not know")


_SCALARS: dict[str, Callable[[Any], Any]] = {"float": float, "int": int, "bool": bool}


def _class_in(hint: Any, item: h5py.Group) -> type:
    """The dataclass named in the file, looked for in the annotation of the field only."""
    name = item.attrs.get("class")
    for candidate in _classes(hint):
        if candidate.__name__ == name:
            return candidate
    raise _Mismatch(f"group {item.name!r} holds {name}, which the field does not allow")


def _classes(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        yield hint
    for inner in typing.get_args(hint):
        yield from _classes(inner)


# --- small things of the operating system -------------------------------------------------------------------


def _flush(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
