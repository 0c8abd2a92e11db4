"""Frozen result objects: what a stage returns and the store writes.

A stage result is a frozen dataclass whose fields are declared with :func:`quantity`, which attaches
the unit and a one-line description. The store copies both into the HDF5 file; nothing else needs
to know how a result is laid out.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


def quantity(unit: str, description: str = "", **kwargs: Any) -> Any:
    """Declare a field of a result dataclass together with its unit.

    Args:
        unit: the unit as text, ``"1"`` for a pure number.
        description: what the number is, one line.
        kwargs: passed on to :func:`dataclasses.field` (for example ``default``).
    """
    return dataclasses.field(metadata={"unit": unit, "description": description}, **kwargs)


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error and its unit; ``note`` says why a value is missing or weak."""

    value: float
    error: float
    unit: str
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return ``{"value", "error", "unit"}`` (and ``"note"`` where there is one), NaN as None."""
        finite = {k: (v if np.isfinite(v) else None) for k, v in (("value", self.value), ("error", self.error))}
        return {**finite, "unit": self.unit, **({"note": self.note} if self.note else {})}
