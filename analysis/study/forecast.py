"""What a run will do, before it does it: which tasks, how long, how much memory, and on what that estimate rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.config import StudyConfig
from analysis.study.costs import COST_BASIS
from analysis.study.folder import StudyFolder
from analysis.study.plan import Stage, Task, make_plan
from analysis.study.stages import stages_of


@dataclass(frozen=True)
class StageForecast:
    """One stage: tasks in all, tasks whose results are there, and what the others will take on all workers.

    ``seconds`` is wall time, ``memory`` bytes at the peak; ``basis`` says what the estimate rests on.
    """

    stage: str
    tasks: int
    cached: int
    seconds: float
    memory: float
    basis: str


@dataclass(frozen=True)
class Forecast:
    """All stages of a study: ``seconds`` of wall time and ``memory`` in bytes at the peak of all workers together."""

    stages: tuple[StageForecast, ...]
    workers: int

    @property
    def seconds(self) -> float:
        """Expected wall time [s]."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def memory(self) -> float:
        """Expected peak memory of all workers together [B]."""
        return max((stage.memory for stage in self.stages), default=0.0)


def forecast(
    config: StudyConfig,
    out: Path,
    *,
    workers: int = 1,
    resume: bool = True,
    stages: Sequence[Stage] | None = None,
) -> Forecast:
    """Return what :func:`analysis.study.run_study` would do with the same arguments, without doing or writing anything.

    Times come from finished tasks of the same stage in the same folder where there are any (scaled by the cost model
    from one size to another), from the cost model alone otherwise; ``basis`` says which.

    Args:
        config: the study.
        out: the folder of the study; it need not exist.
        workers: number of processes.
        resume: use what an earlier run has kept.
        stages: the stages in order; those of the study where absent.
    """
    folder = StudyFolder(Path(out))
    stages = stages_of(config) if stages is None else stages
    tasks = make_plan(config, stages)
    return Forecast(
        tuple(
            _forecast_stage([task for task in tasks if task.stage is stage], folder, workers, resume)
            for stage in stages
        ),
        workers,
    )


def _forecast_stage(tasks: Sequence[Task], folder: StudyFolder, workers: int, resume: bool) -> StageForecast:
    finished = [task for task in tasks if folder.is_cached(task)]
    known = {task.key for task in finished} if resume else set()
    todo = [task for task in tasks if task.key not in known]
    scale, basis = 1.0, COST_BASIS
    if finished:
        measured = sum(folder.wall_time(task) for task in finished)
        scale = measured / sum(task.cost.seconds for task in finished)
        basis = f"{len(finished)} finished in this folder"
    if not todo:
        basis = ""
    seconds = _makespan([scale * task.cost.seconds for task in todo], workers)
    largest = sorted((task.cost.memory for task in todo), reverse=True)[:workers]
    return StageForecast(tasks[0].stage.name, len(tasks), len(tasks) - len(todo), seconds, sum(largest), basis)


def _makespan(durations: Sequence[float], workers: int) -> float:
    """Wall time when the longest task starts first and each worker takes the next one when it is free [s]."""
    busy = [0.0] * workers
    for duration in sorted(durations, reverse=True):
        busy[busy.index(min(busy))] += duration
    return max(busy)
