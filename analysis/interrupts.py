"""Ctrl-C that is not lost: the compiler of the kernels swallows an interrupt that meets it, so it has to wait."""

from __future__ import annotations

import signal
from types import FrameType

DEAF_PACKAGES = ("numba", "llvmlite")
WAIT = 0.2  # seconds until the next look [s]


def defer_interrupts() -> None:
    """From now on an interrupt that arrives while a kernel is compiled is raised as soon as the compiler is done.

    Where interrupts are ignored, as in a job that a shell has put into the background, they stay ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)


def is_deaf(frame: FrameType | None) -> bool:
    """Return whether code that loses interrupts is running.

    Args:
        frame: the innermost frame.
    """
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in DEAF_PACKAGES:
            return True
        frame = frame.f_back
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not is_deaf(frame):
        raise KeyboardInterrupt
    signal.setitimer(signal.ITIMER_REAL, WAIT)
