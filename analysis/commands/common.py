"""What the verbs share: options, lists of temperatures, figures that are checked before the work and written after."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.documents import as_json
from atomsim.errors import InputError
from atomsim.results import Array

FORMATS = (".svg", ".png")
MOST_TEMPERATURES = 100_000

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")]
WorkerCount = Annotated[int | None, typer.Option("--workers", help="processes; as many as there are cores")]
DaskPlace = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="local|ADDRESS|FILE.toml",
        help="compute by workers of Dask: of this machine, of the scheduler at tcp://HOST:PORT, or jobs of SLURM",
    ),
]
FigureFile = Annotated[Path | None, typer.Option("--figure", metavar="FILE", help="draw it: a file .svg or .png")]


def print_json(document: Any) -> None:
    """Print one JSON document on standard output.

    Args:
        document: nested dictionaries, lists, arrays and plain values.
    """
    sys.stdout.write(as_json(document) + "\n")


class ToldProgress:
    """Progress by remarks, a line each time another quarter of a step is done."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._last: tuple[str, int] = ("", 0)

    def __call__(self, what: str, share: float) -> None:
        """Say how far a step has come.

        Args:
            what: the step.
            share: done of it, between 0 and 1 [-].
        """
        now = (what, int(4 * share))
        if now != self._last:
            self._last = now
            terminal.remark(f"{what}: {25 * now[1]} %")


def check_figure(path: Path | None, option: str = "--figure") -> None:
    """Refuse the name of a figure that cannot be written.

    Args:
        path: the file, if one is wanted.
        option: what the user gave it to.

    Raises:
        InputError: another format, or no such folder.
    """
    if path is not None and path.suffix not in FORMATS:
        raise InputError(f"{option} {path}: expected a file {' or '.join(FORMATS)}")
    if path is not None and not path.parent.is_dir():
        raise InputError(f"{option} {path}: no folder {path.parent}")
    if path is not None and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"{option} {path}: it cannot be written there")


def write_figure(path: Path, figure: Any) -> None:
    """Write a figure and say so.

    Args:
        path: the file.
        figure: a matplotlib figure.

    Raises:
        InputError: the file cannot be written.
    """
    from analysis.plotting.style import as_png, as_svg

    content = as_svg(figure).encode() if path.suffix == ".svg" else as_png(figure)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}: the figure cannot be written there: {error.strerror}") from error
    terminal.remark(f"figure: {path}")


def parse_temperatures(text: str) -> Array:
    """Return temperatures from ``A:B:N`` (equal steps), ``A:B:Nlog`` (equal ratios) or ``T1,T2,...`` [K].

    Args:
        text: what the user typed.

    Raises:
        InputError: it is none of these.
    """
    wrong = InputError(f"--temperatures {text}: expected A:B:N, A:B:Nlog or T1,T2,..., for example 0.01:300:200log")
    try:
        if ":" not in text:
            return np.array([float(part) for part in text.split(",")])
        low, high, count = text.split(":")
        logarithmic = count.endswith("log")
        ends, n = (float(low), float(high)), int(count.removesuffix("log").removesuffix("lin"))
    except ValueError:
        raise wrong from None
    if not (0 < ends[0] < ends[1] < np.inf and 2 <= n <= MOST_TEMPERATURES):
        raise InputError(f"--temperatures {text}: expected 0 < A < B and 2 <= N <= {MOST_TEMPERATURES}")
    return (np.geomspace if logarithmic else np.linspace)(*ends, n)
