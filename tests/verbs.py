"""The command run in this process, as a user types it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analysis.cli import app

Command = Callable[..., tuple[int, str, str]]


def command_line(capsys: pytest.CaptureFixture[str], *before: object, after: tuple[object, ...] = ()) -> Command:
    """Return a function that runs the command on its arguments: exit status, standard output, standard error.

    ``before``, for example a verb, and ``after`` stand around the arguments of every call.
    """

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in (*before, *arguments, *after)])
        output = capsys.readouterr()
        return int(end.value.code or 0), output.out, output.err

    return run
