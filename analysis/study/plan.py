"""The plan of a study: which tasks there are, what each depends on, and the key under which its result is kept.

The key of a task is a hash of the name and version of its stage, of the parameters it uses, of its seed, and of the
keys of the tasks it depends on. So a changed parameter changes the keys of exactly the results that depend on it, and
a plan needs no results.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from analysis.config import StudyConfig

Parameters = Mapping[str, Any]
Inputs = Mapping[str, tuple[Any, ...]]
Compute = Callable[[Parameters, Inputs, np.random.Generator], Any]
PROCESS_MEMORY = 250e6  # a Python process with everything imported [B]
ORIGIN = "glass parameters"  # under which the cost of a stage finds the parameters of the first stage before it


@dataclass(frozen=True)
class Cost:
    """What a task is expected to take: ``seconds`` on one core, ``memory`` in bytes at its peak."""

    seconds: float
    memory: float


@dataclass(frozen=True)
class Stage:
    """One kind of work: a pure function of parameters, results of earlier stages, and random numbers.

    ``needs`` names the earlier stages; a stage ``per_sample`` gets the results of the same glass and those of stages of
    the whole ensemble, the others get those of all glasses in order. ``parameters`` picks what the stage uses from the
    configuration and must leave out all else; ``cost`` is given these and, as :data:`ORIGIN`, those of the stage that
    makes the glass. ``version`` goes up whenever the code gives other numbers than before.
    """

    name: str
    version: int
    result: type
    compute: Compute
    parameters: Callable[[StudyConfig], dict[str, Any]]
    cost: Callable[[Parameters, Sequence[int]], Cost]
    needs: tuple[str, ...] = ()
    per_sample: bool = True


@dataclass(frozen=True)
class Task:
    """A stage at work on one sample, or on the whole ensemble.

    ``place`` is the group of its result in the results file, ``sizes`` the numbers of atoms that its costs depend on,
    ``seed`` the arguments of :func:`atomsim.ensemble.sample_seed`.
    """

    stage: Stage
    place: str
    parameters: dict[str, Any]
    sizes: tuple[int, ...]
    seed: tuple[int, str, int]
    upstream: tuple[Task, ...] = ()

    @cached_property
    def key(self) -> str:
        """The hash of everything the result depends on."""
        content = {
            "stage": [self.stage.name, self.stage.version],
            "parameters": self.parameters,
            "seed": self.seed,
            "upstream": [task.key for task in self.upstream],
        }
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def file_name(self) -> str:
        """The name of the file that holds the result."""
        return f"{self.stage.name}-{self.key}.h5"

    @property
    def cost(self) -> Cost:
        """The expected time and memory."""
        return self.stage.cost({ORIGIN: self.origin.parameters, **self.parameters}, self.sizes)

    @property
    def origin(self) -> Task:
        """The first task before this one: it makes the glass."""
        return self.upstream[0].origin if self.upstream else self


def make_plan(config: StudyConfig, stages: Sequence[Stage]) -> tuple[Task, ...]:
    """Return all tasks of a study in an order in which they can run.

    Args:
        config: the study.
        stages: the stages in order, each after those it needs.
    """
    samples = [(n_atoms, index) for n_atoms, count in config.glass.ensembles() for index in range(count)]
    made: dict[str, tuple[Task, ...]] = {}
    for stage in stages:
        if stage.per_sample:
            made[stage.name] = tuple(
                _sample_task(config, stage, n_atoms, index, [_of_sample(made[need], i) for need in stage.needs])
                for i, (n_atoms, index) in enumerate(samples)
            )
        else:
            upstream = tuple(task for need in stage.needs for task in made[need])
            sizes = tuple(n_atoms for n_atoms, _ in samples)
            seed = (config.study.seed, stage.name, 0)
            made[stage.name] = (Task(stage, stage.name, stage.parameters(config), sizes, seed, upstream),)
    return tuple(task for tasks in made.values() for task in tasks)


def _of_sample(tasks: Sequence[Task], index: int) -> Task:
    """The task of one sample, or the one task of the ensemble."""
    return tasks[index] if tasks[0].stage.per_sample else tasks[0]


def _sample_task(config: StudyConfig, stage: Stage, n_atoms: int, index: int, upstream: Sequence[Task]) -> Task:
    parameters = stage.parameters(config)
    if not upstream:
        parameters = {**parameters, "n_atoms": n_atoms}
    seed = (config.study.seed, f"{stage.name} N={n_atoms}", index)
    return Task(stage, f"{stage.name}/N{n_atoms}/{index:04d}", parameters, (n_atoms,), seed, tuple(upstream))
