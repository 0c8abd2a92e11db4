"""Results that cost minutes and depend on no input but a few numbers are kept in a folder of the user."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from atomsim.errors import InputError
from atomsim.store import read_result, write_result

T = TypeVar("T")


def user_cache_folder() -> Path:
    """Return where such results are kept: ``atomsim`` in XDG_CACHE_HOME, or in ``~/.cache`` if that is not set."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if os.path.isabs(root) else Path.home() / ".cache") / "atomsim"


def cache_key(settings: Mapping[str, object]) -> str:
    """Return a short text that changes with any of the settings.

    Args:
        settings: everything a result depends on, the version of its method included.
    """
    text = "\n".join(f"{name} = {settings[name]!r}" for name in sorted(settings))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cached_result(
    kind: type[T], name: str, settings: Mapping[str, object], compute: Callable[[], T], *, folder: Path | None = None
) -> tuple[T, str]:
    """Return a result from the cache, or compute it and put it there; and what happened, in words.

    A file that cannot be read or written costs time, nothing else: the result is then computed, and the words say so.

    Args:
        kind: class of the result.
        name: beginning of the file's name.
        settings: everything the result depends on.
        compute: makes the result.
        folder: where to keep it; the cache folder of the user by default.
    """
    path = (folder or user_cache_folder()) / f"{name}-{cache_key(settings)}.h5"
    trouble = ""
    if path.exists():
        try:
            return read_result(path, kind), f"read from {path}"
        except InputError as error:
            trouble = f"; the file there was not usable ({error})"
    result = compute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_result(path, result)
    except (InputError, OSError) as error:
        return result, f"computed and not kept: {error}{trouble}"
    return result, f"computed and kept as {path}{trouble}"
