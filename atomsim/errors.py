"""The errors of the suite: bad input, and numbers that cannot be trusted.

An error of the second kind carries the estimate it refuses to return, so that a caller who knows
better can still look at it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AtomsimError(Exception):
    """Base class: everything the suite raises on purpose."""


class InputError(AtomsimError, ValueError):
    """Input that cannot be used; the message names the file, key or atom, the value, and what was expected."""


class MissingExtra(AtomsimError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class UntrustedNumber(AtomsimError):
    """Base class of results that are refused; ``estimate`` holds what was obtained."""

    def __init__(self, message: str, estimate: object = None) -> None:
        """Make the error.

        Args:
            message: what is wrong, with the numbers.
            estimate: what was obtained.
        """
        super().__init__(message)
        self.estimate = estimate


class NotConverged(UntrustedNumber):
    """An iteration stopped before its tolerance was met."""


class NotAMinimum(UntrustedNumber):
    """A configuration claimed to be a minimum has a residual force or negative eigenvalues."""


class IncompleteSpectrum(UntrustedNumber):
    """A partial spectrum misses modes: the inertia count disagrees with the number found."""


class IllPosedFit(UntrustedNumber):
    """The data do not support the number asked for (too few samples, a flat profile, ...)."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, or an empty string.

    Args:
        name: the name as the user typed it.
        known: the names that exist.
    """
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {match[0]!r}?" if match else ""
