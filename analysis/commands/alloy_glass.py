"""The verb that makes glasses of real materials through LAMMPS.

It parses, calls and prints like :mod:`analysis.cli`, which takes it up and turns its errors into an exit status.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from analysis import terminal
from analysis.commands.common import AsJson, DaskPlace, WorkerCount, print_json
from analysis.commands.workers import chosen_workers

INTERRUPTED = 130

verbs = typer.Typer()


@verbs.command()
def glass(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="a study file whose potential is one of LAMMPS")],
    out: Annotated[Path | None, typer.Option("--out", help="folder of the results; named after the study file")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="change a key of the study file")
    ] = None,
    workers: WorkerCount = None,
    dask: DaskPlace = None,
    resume: Annotated[bool, typer.Option(help="use what an earlier run has kept in the folder")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell how long it would take")] = False,
    as_json: AsJson = False,
) -> None:
    """Glasses of real materials: melted, cooled and brought to rest at zero pressure through LAMMPS.

    Each can be given to other verbs as OUT/results.h5:GROUP, as soft-modes with the same potential.

    Example: atomsim glass examples/silicon.toml --out silicon
    """
    from analysis.annealing.config import load_glass_study
    from analysis.annealing.glasses import glass_row, make_glasses
    from analysis.annealing.stages import ALLOY_GLASSES
    from analysis.study import forecast

    config, folder = load_glass_study(study, changes or ()), out or Path(study.stem)
    pool = chosen_workers(workers, dask)
    if dry_run:
        plan = forecast(config, folder, workers=pool.count_workers(), resume=resume, stages=(ALLOY_GLASSES,))
        if as_json:
            glasses = sum(stage.tasks for stage in plan.stages)
            print_json({"out": str(folder), "seconds": plan.seconds, "glasses": glasses})
        else:
            told = f"{folder}: about {terminal.duration(plan.seconds)}; nothing was done"
            terminal.standard_output().print(told, markup=False)
        return
    try:
        with terminal.RunDisplay() as display:
            command = shlex.join(["atomsim", *sys.argv[1:]])
            made = make_glasses(config, folder, workers=pool, resume=resume, command=command, progress=display)
    except KeyboardInterrupt:
        terminal.complain(f"interrupted; finished glasses are kept in {folder}, the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    rows = [{"group": name, **glass_row(one)} for name, one in made.items()]
    if as_json:
        print_json({"out": str(folder), "potential": config.glass.potential, "glasses": rows})
        return
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    terminal.standard_output().print(terminal.column_table(columns))
    terminal.remark(f"results: {folder / 'results.h5'}")
