"""Run an annealing study: results, summary and figures in one folder, each finished task kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from analysis.annealing.config import AnnealStudy
from analysis.annealing.results import AnnealSummary
from analysis.annealing.stages import stages_of
from analysis.annealing.summary import summary_document
from analysis.documents import as_json
from analysis.study import StudyFolder, StudyProgress, run_study
from atomsim.ensemble import Mapper
from atomsim.store import read_provenance, read_result, write_text

SUMMARY, REPORT = "summary.json", "report.html"

__all__ = ["SUMMARY", "open_annealing", "run_annealing", "stages_of"]


def run_annealing(
    config: AnnealStudy,
    out: Path,
    *,
    workers: int | Mapper = 1,
    resume: bool = True,
    command: str = "",
    progress: Callable[[StudyProgress], None] | None = None,
) -> AnnealSummary:
    """Compute an annealing study, or what is missing of it; write ``results.h5``, summary, figures, report.

    Args:
        config: the study.
        out: its folder.
        workers: number of processes, or who else computes.
        resume: use what an earlier run has kept.
        command: the command line, for the provenance.
        progress: called as each task ends.

    Raises:
        InputError: the folder cannot be written, or another run is writing to it.
        SampleFailed: one or more tasks failed; all results so far are kept.
    """
    run_study(
        config, out, workers=workers, resume=resume, command=command, progress=progress, stages=stages_of(config),
        finish=partial(_write, name=config.study.name),
    )  # fmt: skip
    return open_annealing(out)


def open_annealing(folder: Path) -> AnnealSummary:
    """Return what a finished annealing study has found.

    Args:
        folder: the folder of the study.

    Raises:
        InputError: the folder holds no finished annealing study.
    """
    return read_result(StudyFolder(Path(folder)).results, AnnealSummary, "summary")


def _write(folder: Path, *, name: str) -> None:
    """Summary, figures and report of the results in a folder."""
    from analysis.report.annealing import annealing_figures, annealing_page

    found, provenance = open_annealing(folder), read_provenance(StudyFolder(folder).results)
    write_text(folder / SUMMARY, as_json({"study": name, **summary_document(found)}) + "\n")
    figures = annealing_figures(found)
    for figure in figures:
        write_text(folder / f"{figure.name}.svg", figure.picture.decode())
        write_text(folder / f"{figure.name}.csv", figure.table.as_csv())
    write_text(folder / REPORT, annealing_page(found, figures, name=name, provenance=provenance))
