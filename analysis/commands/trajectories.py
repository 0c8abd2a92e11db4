"""The verbs of trajectories: what a file shows, and annealing of quenched glasses."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis import terminal
from analysis.commands.common import (
    AsJson,
    DaskPlace,
    FigureFile,
    WorkerCount,
    check_figure,
    print_json,
    write_figure,
)
from analysis.commands.workers import chosen_workers
from atomsim.errors import InputError

if TYPE_CHECKING:
    from analysis.annealing.config import AnnealStudy

INTERRUPTED = 130
ROWS_SHOWN = 40
KNOWN_QUANTITIES = (
    "structure-factor, relaxation-parameter, pair-distribution, displacement, scattering, overlap, rearrangement, order"
)

verbs = typer.Typer()


@verbs.command()
def trajectory(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="a trajectory; several are replicas")],
    quantity: Annotated[str, typer.Option(help=KNOWN_QUANTITIES)],
    topology: Annotated[
        Path | None, typer.Option(metavar="F", help="a file that tells the species, where the trajectory does not")
    ] = None,
    units: Annotated[
        str, typer.Option(help="auto: as the file tells; reduced: numbers as they stand; real: Å and ps")
    ] = "auto",
    time_step: Annotated[
        float | None, typer.Option(metavar="DT", help="time of one step, where the file counts steps or frames")
    ] = None,
    frames: Annotated[str, typer.Option(metavar="A:B:S", help="frames from A, before B, every S")] = "::",
    longest: Annotated[float | None, typer.Option(metavar="Q", help="longest wave vector [1/length]")] = None,
    width: Annotated[float | None, typer.Option(metavar="DQ", help="width of the bins of q [1/length]")] = None,
    window: Annotated[
        str | None, typer.Option(metavar="Q1:Q2", help="range of the relaxation parameter; else the second maximum")
    ] = None,
    wave_number: Annotated[
        float | None, typer.Option(metavar="Q", help="q of the scattering, k_s of the order [1/length]")
    ] = None,
    length: Annotated[
        float | None, typer.Option(metavar="A", help="of the overlap, or beyond which an atom moved; end of g(r)")
    ] = None,
    origins: Annotated[str, typer.Option(help="all: every frame starts pairs; first: ageing, the first alone")] = "all",
    tolerance: Annotated[float, typer.Option(help="relative difference of lags that count as equal")] = 1e-3,
    unwrap: Annotated[
        str, typer.Option(help="nearest: continue a wrapped trajectory by nearest images; none: refuse it")
    ] = "none",
    drift: Annotated[bool, typer.Option(help="keep the mean displacement of all atoms")] = False,
    shells: Annotated[
        str | None, typer.Option(metavar="R0:R1,R1:R2", help="of the order; else between the minima of g(r)")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="serial, multiprocessing or dask; multiprocessing for several workers")
    ] = None,
    workers: Annotated[int, typer.Option(help="processes that share the frames")] = 1,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Structure and motion in a trajectory of any format that MDAnalysis opens, or extended XYZ.

    Example: atomsim trajectory dump.lammpstrj --quantity displacement --time-step 0.005 --json

    Example: atomsim trajectory a.h5md b.h5md c.h5md --quantity relaxation-parameter --figure r.svg
    """
    from analysis.commands.excitations import parse_shells
    from analysis.trajectories import quantities
    from analysis.trajectories.analyses import check_backend
    from analysis.trajectories.reading import open_universe

    check_figure(figure)
    if workers < 1:
        raise InputError(f"--workers {workers}: expected 1 or more")
    if backend is not None:
        check_backend(backend)
    settings = quantities.Settings(
        longest=longest, width=width, window=parse_window(window), wave_number=wave_number, length=length,
        origins=origins, tolerance=tolerance, unwrap=unwrap, drift=drift, frames=parse_frames(frames),
        shells=None if shells is None else parse_shells(shells), backend=backend, workers=workers,
    )  # fmt: skip
    universes = [open_universe(file, topology, units=units, time_step=time_step) for file in files]
    terminal.remark(f"{files[0]}: {quantities.describe(universes[0])}")
    answer = quantities.measure(universes, quantity, settings)
    if figure is not None:
        from analysis.plotting.trajectories import plot_trajectory

        write_figure(figure, plot_trajectory(answer).figure)
    for line in answer.remarks:
        terminal.remark(line)
    if as_json:
        print_json(answer.as_dict())
        return
    columns = {name: column.tolist() for name, column in answer.columns.items()}
    terminal.standard_output().print(terminal.column_table(columns, rows=ROWS_SHOWN))
    rows = len(next(iter(columns.values())))
    if rows > ROWS_SHOWN:
        terminal.remark(f"... {rows - ROWS_SHOWN} more rows; --json prints all")


def parse_window(text: str | None) -> tuple[float, float] | None:
    """Return both ends of ``Q1:Q2`` [1/length].

    Args:
        text: what the user typed.

    Raises:
        InputError: it is something else.
    """
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise InputError(f"--window {text}: expected Q1:Q2, for example 10:14.5") from None
    return low, high


def parse_frames(text: str) -> slice:
    """Return the frames of ``A:B:S``, each part optional.

    Args:
        text: what the user typed.

    Raises:
        InputError: it is something else.
    """
    try:
        parts = [int(part) if part else None for part in text.split(":")]
    except ValueError:
        parts = []
    if not 2 <= len(parts) <= 3 or (len(parts) == 3 and parts[2] is not None and parts[2] < 1):
        raise InputError(f"--frames {text}: expected A:B:S with whole numbers, for example 10:100:5")
    return slice(*parts)


@verbs.command()
def anneal(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="a study file with a table [anneal]")],
    out: Annotated[Path | None, typer.Option("--out", help="folder of the results; named after the study file")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="change a key of the study file")
    ] = None,
    workers: WorkerCount = None,
    dask: DaskPlace = None,
    resume: Annotated[bool, typer.Option(help="use what an earlier run has kept in the folder")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would run and how long")] = False,
    as_json: AsJson = False,
) -> None:
    """Anneal quenched glasses and follow their structure; interrupted, the same command goes on.

    Example: atomsim anneal examples/anneal.toml --out annealed --workers 2

    Example: atomsim anneal examples/cuzr.toml --out cuzr
    """
    from analysis.annealing.config import load_anneal_study
    from analysis.annealing.run import SUMMARY, run_annealing

    config = load_anneal_study(study, changes or ())
    folder, pool = out or Path(study.stem), chosen_workers(workers, dask)
    if dry_run:
        _forecast(config, folder, pool.count_workers(), resume, as_json)
        return
    command = shlex.join(["atomsim", *sys.argv[1:]])
    try:
        with terminal.RunDisplay() as display:
            run_annealing(config, folder, workers=pool, resume=resume, command=command, progress=display)
    except KeyboardInterrupt:
        terminal.complain(f"interrupted; finished tasks are kept in {folder}, the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    if as_json:
        print_json({"out": str(folder), "summary": summary})
        return
    from analysis.annealing.summary import lines_of_summary

    for line in lines_of_summary(summary):
        terminal.standard_output().print(line, markup=False)
    terminal.remark(f"results, summary and figures: {folder}")


def _forecast(config: AnnealStudy, folder: Path, workers: int, resume: bool, as_json: bool) -> None:
    from analysis.annealing.run import stages_of
    from analysis.study import forecast

    plan = forecast(config, folder, workers=workers, resume=resume, stages=stages_of(config))
    if as_json:
        document = {"out": str(folder), "seconds": plan.seconds, "stages": [asdict(stage) for stage in plan.stages]}
        print_json(document)
        return
    columns: dict[str, list[object]] = {
        "stage": [s.stage for s in plan.stages],
        "tasks": [s.tasks for s in plan.stages],
        "cached": [s.cached for s in plan.stages],
        "time": [terminal.duration(s.seconds) for s in plan.stages],
    }
    screen = terminal.standard_output()
    screen.print(terminal.column_table(columns))
    screen.print(f"{folder}: about {terminal.duration(plan.seconds)} on {plan.workers} workers; nothing was done")
