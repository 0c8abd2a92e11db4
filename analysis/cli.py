"""The command ``atomsim``: it parses, calls and prints; no physics.

Standard output holds results only (one JSON document with ``--json``); progress, warnings and errors go to standard
error. Exit status: 0 the work is done and its checks hold, 1 a check failed or a number is refused, 2 bad input,
130 interrupted. What a verb needs is imported by the verb, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import functools
import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

import atomsim
from analysis import terminal
from analysis.commands import (
    alloy_glass,
    density,
    excitations,
    foreign_modes,
    modes,
    nonlinear,
    phase_shifts,
    potentials,
    relaxation,
    soft_spots,
    tail,
    thermal,
    trajectories,
    wind,
)
from analysis.commands.common import AsJson, DaskPlace, WorkerCount
from analysis.commands.workers import chosen_workers
from analysis.documents import as_json as as_json_text
from analysis.interrupts import defer_interrupts
from atomsim.errors import AtomsimError, InputError

if TYPE_CHECKING:
    from analysis.config import StudyConfig
    from analysis.study import Forecast

CHECK_FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="atomsim", no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
)


def reported(verb: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors of the suite into lines on standard error and an exit status.

    Args:
        verb: the function of a verb.
    """

    @functools.wraps(verb)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            verb(*args, **kwargs)
        except AtomsimError as error:
            terminal.complain(str(error))
            raise typer.Exit(BAD_INPUT if isinstance(error, InputError) else CHECK_FAILED) from None
        except KeyboardInterrupt:
            terminal.complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None

    return wrapper


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"atomsim {atomsim.__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="print the version and end")
    ] = False,
) -> None:
    """Soft vibrations of glasses: from a random start to the soft potentials and the thermal conductivity.

    [bold]Examples[/bold]

    atomsim run study.toml --out demo --set glass.samples=4

    atomsim modes glass.xyz --potential laird-schober --lowest 50

    atomsim soft-modes glass.xyz --potential laird-schober --json

    atomsim report demo

    atomsim validate demo

    atomsim equations
    """


@app.command()
@reported
def run(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="the study file")],
    out: Annotated[Path | None, typer.Option("--out", help="folder of the results; named after the study file")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="change a key of the study file")
    ] = None,
    workers: WorkerCount = None,
    dask: DaskPlace = None,
    resume: Annotated[bool, typer.Option(help="use what an earlier run has kept in the folder")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="tell what would run, how long and how much memory")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an ensemble of glasses and everything that follows from it; interrupted, the same command goes on.

    Example: atomsim run study.toml --out demo --set glass.samples=4 --workers 2

    Example: atomsim run study.toml --dask tcp://node17:8786
    """
    from analysis.config import load_study
    from analysis.study import forecast, run_study

    config = load_study(study, changes or ())
    folder = out or Path(study.stem)
    pool = chosen_workers(workers, dask)
    if dry_run:
        plan = forecast(config, folder, workers=pool.count_workers(), resume=resume)
        _print_forecast(plan, config, folder, as_json)
        return
    from analysis.report import write_report

    command = shlex.join(["atomsim", *sys.argv[1:]])
    try:
        with terminal.RunDisplay() as display:
            run_study(
                config,
                folder,
                workers=pool,
                resume=resume,
                command=command,
                progress=display,
                finish=write_report,
            )
    except KeyboardInterrupt:
        terminal.complain(f"interrupted; finished tasks are kept in {folder}, the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    if as_json:
        _print_json({"out": str(folder), "summary": summary})
        return
    terminal.standard_output().print(terminal.estimate_table(summary))
    terminal.remark(f"report: {folder / 'report.html'}")


def _print_forecast(plan: Forecast, config: StudyConfig, folder: Path, as_json: bool) -> None:
    stages = [asdict(stage) for stage in plan.stages]
    if as_json:
        totals = {"seconds": plan.seconds, "memory_bytes": plan.memory, "workers": plan.workers}
        _print_json({"out": str(folder), "configuration": config.as_dict(), "stages": stages, **totals})
        return
    print(config.as_toml())
    columns: dict[str, list[object]] = {
        "stage": [s.stage for s in plan.stages],
        "tasks": [s.tasks for s in plan.stages],
        "cached": [s.cached for s in plan.stages],
        "time": [terminal.duration(s.seconds) for s in plan.stages],
        "memory": [terminal.size(s.memory) for s in plan.stages],
        "estimated from": [s.basis for s in plan.stages],
    }
    screen = terminal.standard_output()
    screen.print(terminal.column_table(columns))
    screen.print(
        f"{folder}: about {terminal.duration(plan.seconds)} on {plan.workers} workers, "
        f"{terminal.size(plan.memory)} of memory; nothing was done"
    )


@app.command()
@reported
def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="the folder of a finished study")]) -> None:
    """Write report, figures and tables of a finished study again.

    Example: atomsim report demo
    """
    from analysis.report import write_report

    write_report(folder)
    terminal.remark(f"report: {folder / 'report.html'}")


@app.command()
@reported
def validate(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="the folder of a finished study")] = None,
    as_json: AsJson = False,
) -> None:
    """Theory beside numerics, and every formula of the papers: as printed, as derived, and by a numerical test.

    A law that does not hold makes the exit status 1; a model that is wrong about the glass is a finding, and so is
    an error in print. --json gives the formulas themselves and how each was tested.

    Example: atomsim validate demo
    """
    from analysis.validation import tables
    from analysis.validation import validate as compare

    comparisons = compare(folder)
    if as_json:
        _print_json(tables.records(comparisons))
    else:
        out, (plain, formulas) = terminal.standard_output(), tables.split_formulas(comparisons)
        parts = [("Laws and models", tables.comparison_columns(plain), tables.remarks(plain))]
        for title, rows in tables.by_section(formulas).items():
            parts.append((title, tables.formula_columns(rows), tables.remarks(rows)))
        for title, columns, remarks in parts:
            out.print(f"\n{title}", style="bold", markup=False)
            out.print(terminal.column_table(columns))
            for line in remarks:
                out.print(f"  {line}", markup=False)
        out.print(f"\n{tables.summary(comparisons)}", markup=False)
    broken = [row.name for row in comparisons if row.verdict == "differs" and row.kind == "law"]
    if broken:  # a model may be wrong about a glass, which is a finding; a law may not
        terminal.complain(f"{len(broken)} of {len(comparisons)} comparisons break a law: {', '.join(broken)}")
        raise typer.Exit(CHECK_FAILED)


@app.command()
@reported
def equations(as_json: AsJson = False) -> None:
    """Which equation of which paper is computed by which function and checked by which test.

    Example: atomsim equations
    """
    from analysis.equations import collect_equations

    rows = collect_equations()
    if as_json:
        _print_json([asdict(row) for row in rows])
        return
    columns = {name: [getattr(row, attribute) for row in rows] for name, attribute in _EQUATION_COLUMNS.items()}
    terminal.standard_output().print(terminal.column_table(columns))


_EQUATION_COLUMNS = {"paper": "key", "equation": "equation", "function": "function", "test": "test"}


for _subject in (
    modes, alloy_glass, density, thermal, potentials, excitations, relaxation, trajectories,
    phase_shifts, wind, foreign_modes, tail, nonlinear, soft_spots,
):  # fmt: skip
    for _verb in _subject.verbs.registered_commands:
        app.command(_verb.name)(reported(cast(Callable[..., None], _verb.callback)))


def _print_json(document: Any) -> None:
    print(as_json_text(document))


def main() -> None:
    """Run the command."""
    defer_interrupts()
    app()


if __name__ == "__main__":
    main()
