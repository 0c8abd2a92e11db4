"""Ctrl-C that waits while something starts that cannot be closed half started, as the workers of Dask."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends; it is raised then.

    Processes that start meanwhile never get it; the terminal would send it to them too. In other threads than the main
    one, which alone hears of interrupts, and where they are ignored, nothing is done.

    Raises:
        KeyboardInterrupt: it came meanwhile.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came: list[int] = []
    resource_tracker.ensure_running()  # when it starts it lets interrupts through again
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))  # another thread may let it through
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
