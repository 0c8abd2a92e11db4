"""Run a study: compute what the cache does not hold, then gather the results."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.config import StudyConfig
from analysis.study.folder import StudyFolder, read_cached
from analysis.study.plan import Compute, Stage, Task, make_plan
from analysis.study.stages import stages_of
from atomsim import store
from atomsim.ensemble import Mapper, Progress, as_mapper, sample_seed
from atomsim.liquid import EMBEDDED
from atomsim.provenance import make_provenance


@dataclass(frozen=True)
class StudyProgress:
    """Where a run stands: ``done`` of ``total`` seconds of expected work on one core; ``label`` has just ended."""

    label: str
    done: float
    total: float
    tasks_left: int


@dataclass(frozen=True)
class StudyResults(Mapping[str, Any]):
    """The results of a study by their place (``glass/N500/0000``, ``thermal``, ...), read when asked for."""

    folder: StudyFolder
    tasks: tuple[Task, ...]

    def __getitem__(self, place: str) -> Any:
        """Return one result.

        Args:
            place: group of the results file.
        """
        for task in self.tasks:
            if task.place == place:
                return self.folder.read(task)
        raise KeyError(place)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the places, in the order of the work."""
        return (task.place for task in self.tasks)

    def __len__(self) -> int:
        """Return the number of results."""
        return len(self.tasks)


def run_study(
    config: StudyConfig,
    out: Path,
    *,
    workers: int | Mapper = 1,
    resume: bool = True,
    command: str = "",
    progress: Callable[[StudyProgress], None] | None = None,
    finish: Callable[[Path], object] | None = None,
    stages: Sequence[Stage] | None = None,
) -> StudyResults:
    """Compute all results of a study, or what is missing of them, and write the results file.

    Each task is kept as soon as it ends; after an interruption the same call goes on from there and gives the same
    numbers, with any number of workers.

    Args:
        config: the study.
        out: the folder of the study.
        workers: number of processes, or who else computes.
        resume: use what an earlier run has kept; otherwise everything is computed anew.
        command: the command line, for the provenance.
        progress: called as each task ends.
        finish: called with the folder when all results are written and it is still locked, to add summary and report.
        stages: the stages in order; those of the study where absent.

    Raises:
        InputError: the folder cannot be written, or another run is writing to it.
        SampleFailed: one or more tasks of a stage failed; all results so far are kept.
        ClusterLost: the workers are gone; all results so far are kept.
    """
    folder = StudyFolder(Path(out))
    stages = stages_of(config) if stages is None else stages
    tasks = make_plan(config, stages)
    start = time.perf_counter()
    with folder.locked(), as_mapper(workers) as pool:
        pool.require_file(folder.lock)
        todo = [task for task in tasks if not (resume and folder.is_cached(task))]
        tracker = _Tracker(todo, progress)
        for stage in stages:
            batch = [task for task in todo if task.stage is stage]
            pool.map(
                _execute,
                [_job(task, folder, command) for task in batch],
                labels=[task.place for task in batch],
                costs=[task.cost.seconds for task in batch],
                progress=tracker.sample_ended,
            )
        results = StudyResults(folder, tasks)
        _gather(config, results, command, time.perf_counter() - start)
        if finish is not None:
            finish(folder.path)
    return results


@dataclass(frozen=True)
class _Job:
    """What the process of a worker needs to know of a task (the task itself, with its functions, does not pickle)."""

    compute: Compute
    parameters: dict[str, Any]
    inputs: tuple[tuple[str, Path, type], ...]
    seed: tuple[int, str, int]
    stage: str
    target: Path
    command: str


def _job(task: Task, folder: StudyFolder, command: str) -> _Job:
    """Paths are absolute: a worker may have another working directory."""
    inputs = tuple((up.stage.name, folder.file(up).absolute(), up.stage.result) for up in task.upstream)
    target = folder.file(task).absolute()
    return _Job(task.stage.compute, task.parameters, inputs, task.seed, task.stage.name, target, command)


def _execute(job: _Job) -> None:
    """Compute one task, and keep its result there and then."""
    inputs: dict[str, tuple[Any, ...]] = {}
    for stage, path, kind in job.inputs:
        inputs[stage] = (*inputs.get(stage, ()), read_cached(path, kind))
    start = time.perf_counter()
    result = job.compute(job.parameters, inputs, np.random.default_rng(sample_seed(*job.seed)))
    provenance = make_provenance(
        configuration=json.dumps(job.parameters),
        seed=json.dumps(job.seed),
        command=job.command,
        depends_on=[path.name for _, path, _ in job.inputs],
        wall_time={job.stage: time.perf_counter() - start},
    )
    store.write_result(job.target, result, provenance)


class _Tracker:
    """Turn ended tasks into a share of the expected work."""

    def __init__(self, todo: Sequence[Task], report: Callable[[StudyProgress], None] | None) -> None:
        self.seconds = {task.place: task.cost.seconds for task in todo}
        self.total = sum(self.seconds.values())
        self.report = report

    def sample_ended(self, event: Progress) -> None:
        self.seconds.pop(event.label)
        if self.report is not None:
            label = f"{event.label} failed" if event.failed else event.label
            done = self.total - sum(self.seconds.values())
            self.report(StudyProgress(label, done, self.total, len(self.seconds)))


def _gather(config: StudyConfig, results: StudyResults, command: str, seconds: float) -> None:
    """Write the results file."""
    provenance = make_provenance(
        configuration=json.dumps(config.as_dict()),
        seed=str(config.study.seed),
        command=command,
        depends_on=[task.file_name for task in results.tasks],
        wall_time={"run": seconds},
        engines=[config.glass.engine] if config.glass.engine != EMBEDDED else [],
    )
    store.write_results(results.folder.results, results, provenance)
