"""Results as JSON documents: arrays become lists, and what is not a number becomes null."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np


def as_json(document: Any) -> str:
    """Return a document of nested dictionaries, lists, arrays and plain values in one line of JSON.

    Args:
        document: the document.
    """
    return json.dumps(_plain(document), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
