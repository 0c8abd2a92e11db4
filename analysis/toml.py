"""TOML beyond the standard library: the line of every key, overrides from the command line, and writing."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from typing import Any

from atomsim.errors import InputError

KeyPath = tuple[str | int, ...]


def parse(text: str, name: str) -> dict[str, Any]:
    """Return the content of a TOML document.

    Args:
        text: the document.
        name: what to call it in an error.

    Raises:
        InputError: the text is not TOML; the message has the line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: not a valid TOML file: {error}") from error


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line number on which each key or table of a valid TOML document first appears.

    The document is cut into statements, each the shortest run of lines that is TOML by itself; so strings and arrays
    over several lines, dotted keys and inline tables are understood exactly as the parser understands them.

    Args:
        text: a document that :func:`parse` accepts.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    statement, first = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        statement, first = (statement + "\n" + line, first) if statement else (line, number)
        try:
            content = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if statement.lstrip().startswith("["):
            table = _header_path(content, counts)
            paths = [table[:i] for i in range(1, len(table) + 1)]
        else:
            paths = [table + path for path in _paths(content)]
        for path in paths:
            lines.setdefault(path, first)
        statement = ""
    return lines


def _header_path(content: Any, counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a table header; the elements of an array of tables are numbered."""
    path: KeyPath = ()
    while content:
        key, content = next(iter(content.items()))
        path = (*path, key)
        if isinstance(content, list):
            counts[path] = counts.get(path, -1) + 1
            path, content = (*path, counts[path]), None
        elif path in counts:
            path = (*path, counts[path])
    return path


def _paths(content: Any) -> list[KeyPath]:
    """All key paths of a nested value."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path for key, value in items for path in [(key,), *((key, *rest) for rest in _paths(value))]]


def parse_override(text: str) -> tuple[tuple[str, ...], Any]:
    """Return key path and value of ``table.key=value``; the value is TOML, a bare word counts as a string.

    Args:
        text: what followed ``--set``.

    Raises:
        InputError: there is no equals sign or no key.
    """
    key, equals, value = text.partition("=")
    path = tuple(part.strip() for part in key.split("."))
    if not equals or not all(path):
        raise InputError(f"--set {text}: expected KEY=VALUE, for example --set glass.density=1.1")
    try:
        return path, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path, value.strip()


def override(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a key of nested tables in place, making tables on the way.

    Args:
        data: the content of a document.
        path: tables and key.
        value: the new value.

    Raises:
        InputError: a part of the path is a value, not a table.
    """
    for depth, name in enumerate(path[:-1], start=1):
        data = data.setdefault(name, {})
        if not isinstance(data, dict):
            raise InputError(f"--set {'.'.join(path)}: {'.'.join(path[:depth])} is not a table")
    data[path[-1]] = value


def dump(data: Mapping[str, Any]) -> str:
    """Return a TOML document of nested tables; keys whose value is None are left out.

    Args:
        data: strings, numbers, booleans, lists of these, and tables of these.
    """
    return "\n".join(_dump_table(data, ())).strip() + "\n"


def _dump_table(data: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    values = {key: value for key, value in data.items() if value is not None}
    lines = [f"{_key(k)} = {_value(v)}" for k, v in values.items() if not isinstance(v, Mapping)]
    if path and (lines or not values):
        lines = ["", f"[{'.'.join(map(_key, path))}]", *lines]
    for key, table in values.items():
        if isinstance(table, Mapping):
            lines += _dump_table(table, (*path, key))
    return lines


def _key(name: str) -> str:
    return name if name.replace("-", "_").isidentifier() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # a TOML basic string
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"{value!r} cannot be written as TOML")
