"""An interrupt is raised at once, but not inside the compiler, which would lose it."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator

import pytest

from analysis.interrupts import defer_interrupts, is_deaf


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


def compiler(module: str) -> dict[str, object]:
    """A module of that name with a function that swallows interrupts while it works, as the compiler does."""
    text = """
def work(action):
    try:
        return action()
    except KeyboardInterrupt:
        return "lost"
"""
    space: dict[str, object] = {"__name__": module}
    exec(text, space)
    return space


def test_compiler_is_recognised_anywhere_in_the_stack() -> None:
    def looks() -> bool:
        return is_deaf(sys._getframe())

    assert not looks()
    assert compiler("numba.core.dispatcher")["work"](looks)  # type: ignore[operator]
    assert not compiler("numbat")["work"](looks)  # type: ignore[operator]


def test_interrupt_in_the_compiler_is_raised_after_it() -> None:
    defer_interrupts()
    work = compiler("llvmlite.binding")["work"]

    def interrupted() -> str:
        signal.raise_signal(signal.SIGINT)
        return "compiled"

    assert work(interrupted) == "compiled"  # type: ignore[operator]
    with pytest.raises(KeyboardInterrupt):
        time.sleep(5)
    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_ignored_interrupts_stay_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    defer_interrupts()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
