"""What the user sees: progress and errors on standard error, tables on standard output."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from analysis.study import StudyProgress

PLAIN_INTERVAL = 5.0  # seconds between two lines of progress where there is no terminal


def standard_output() -> Console:
    """Return standard output; where it is no terminal, lines are not broken."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def complain(message: str) -> None:
    """Print an error, one line each, on standard error.

    Args:
        message: what is wrong.
    """
    for line in message.splitlines():
        sys.stderr.write(f"error: {line}\n" if not line.startswith("  ") else f"{line}\n")


def remark(message: str) -> None:
    """Print something worth knowing on standard error.

    Args:
        message: the text.
    """
    sys.stderr.write(f"{message}\n")


def duration(seconds: float) -> str:
    """Return a time in words, two units at most.

    Args:
        seconds: the time [s].
    """
    if seconds < 60:
        return f"{max(seconds, 0):.0f} s" if seconds >= 1 or seconds <= 0 else "1 s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Return a number of bytes in GB or MB.

    Args:
        count: the number of bytes [B].
    """
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


class RunDisplay:
    """Progress of a run: a bar with the time left on a terminal, a line every few seconds elsewhere."""

    def __init__(self, *, stream: Any = None) -> None:
        """Prepare the display.

        Args:
            stream: where to write; standard error where absent.
        """
        self.console = Console(file=stream) if stream is not None else Console(stderr=True)
        self.start = self.last = time.monotonic()
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def __enter__(self) -> RunDisplay:
        """Show the bar."""
        if self.console.is_terminal:
            columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
            self.bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console)
            self.bar.start()
            self.task = self.bar.add_task("starting", total=1.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the screen in order.

        Args:
            kind: class of the exception that ends the block, if any.
            error: the exception.
            trace: its traceback.
        """
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, event: StudyProgress) -> None:
        """Show that a task has ended.

        Args:
            event: where the run stands.
        """
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, description=event.label, completed=event.done, total=event.total)
            return
        now = time.monotonic()
        if now - self.last < PLAIN_INTERVAL and event.tasks_left:
            return
        self.last = now
        left = (now - self.start) * (event.total - event.done) / event.done if event.done > 0 else math.nan
        rest = f"{event.tasks_left} steps and about {duration(left)} left" if event.tasks_left else "all done"
        self.console.file.write(f"{100 * event.done / event.total:3.0f} %  {event.label}; {rest}\n")
        self.console.file.flush()


def number(value: float, digits: int = 5) -> str:
    """Return a number for a table; a dash where there is none.

    Args:
        value: the number [any unit].
        digits: significant digits.
    """
    return f"{value:.{digits}g}" if math.isfinite(value) else "-"


def estimate_table(summary: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    """Return the headline numbers of a study as a table.

    Args:
        summary: stage, then name, then value, error, unit and note, as in ``summary.json``.
    """
    table = Table(box=None, header_style="bold")
    for column in ("stage", "number", "value", "error", "unit", "note"):
        table.add_column(column, justify="right" if column in ("value", "error") else "left")
    for stage, numbers in summary.items():
        for name, found in numbers.items():
            value, error = (math.nan if found[key] is None else found[key] for key in ("value", "error"))
            table.add_row(stage, name, number(value), number(error, 2), found["unit"], found.get("note", ""))
    return table


def column_table(columns: Mapping[str, Sequence[object]], *, rows: int | None = None) -> Table:
    """Return columns of equal length as a table, text to the left, numbers to the right.

    Args:
        columns: heading to values; numbers are rounded.
        rows: show this many rows at most.
    """
    table = Table(box=None, header_style="bold")
    content = list(zip(*columns.values(), strict=True))
    for name, first in zip(columns, content[0] if content else columns, strict=True):
        table.add_column(escape(name), justify="left" if isinstance(first, str) else "right")
    for row in content[:rows]:
        table.add_row(*(number(float(x)) if isinstance(x, float) else escape(str(x)) for x in row))
    return table
