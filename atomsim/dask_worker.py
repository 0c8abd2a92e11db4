"""What a worker process of Dask does first, where this program starts it."""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave Ctrl-C to the program that started the worker: the terminal sends it to both.

    Args:
        worker: the worker that has just started.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
