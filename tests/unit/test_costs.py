"""What stages are expected to cost: the law of each part, and what a cost may know of the glass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import house
import numpy as np
import pytest

from analysis.annealing.config import load_anneal_study
from analysis.annealing.stages import stages_of as stages_of_anneal
from analysis.config import StudyConfig, load_study
from analysis.study.costs import FACTOR_ATOMS, factor_seconds, neighbours_of
from analysis.study.plan import ORIGIN, Task, make_plan
from analysis.study.stages import stages_of

STUDY = """
[study]
name = "costs"
seed = 1

[glass]
potential = "laird-schober"
sizes = [500]
samples = [2]
temperature = 1.0
melt_time = 10.0

[soft_modes]
count = 3

[thermal]
temperatures = [1.0]
"""
Plan = Callable[..., dict[str, Task]]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """The first task of each stage of a study with some values changed."""

    def make(*changes: str) -> dict[str, Task]:
        path = tmp_path / "study.toml"
        path.write_text(STUDY)
        config: StudyConfig = load_study(path, changes)
        return {task.stage.name: task for task in reversed(make_plan(config, stages_of(config)))}

    return make


def test_costs_know_the_glass_and_keys_do_not(plan: Plan) -> None:
    dense, sparse = plan(), plan("glass.potential='lerner-binary'")
    for task in dense.values():
        assert task.origin.stage.name == "glass"
        assert ORIGIN not in task.parameters
    assert dense["elasticity"].origin is dense["glass"]
    for stage in ("elasticity", "soft_modes", "scan", "glass"):
        assert dense[stage].cost.seconds > 1.5 * sparse[stage].cost.seconds
    assert dense["modes"].cost == sparse["modes"].cost  # LAPACK sees no neighbours


def test_neighbours_within_the_cutoff_are_those_of_a_uniform_liquid(plan: Plan) -> None:
    glass = plan()["glass"].parameters
    assert neighbours_of(glass) == pytest.approx(4 / 3 * np.pi * 27.0)
    assert neighbours_of({**glass, "density": 0.5}) == pytest.approx(2 / 3 * np.pi * 27.0)


def test_dynamics_is_forecast_by_its_steps_and_by_how_far_atoms_go(plan: Plan) -> None:
    def seconds(*changes: str) -> float:
        return plan(*changes)["glass"].cost.seconds

    rest = seconds("glass.melt_time=0.0")
    once = seconds() - rest
    assert seconds("glass.melt_time=30.0") - rest == pytest.approx(3 * once, rel=1e-9)
    assert 1.5 * once < seconds("glass.time_step=0.005") - rest < 2 * once  # the lists depend on the time alone
    assert 0 < seconds("glass.temperature=4.0") - seconds() < once
    cooled = seconds("glass.cooling_rate=0.1", "glass.final_temperature=1.0", "glass.melt_time=0.0")
    assert cooled == pytest.approx(rest, rel=1e-9)
    slow, fast = (seconds(f"glass.cooling_rate={rate}", "glass.melt_time=0.0") - rest for rate in (0.05, 0.1))
    assert slow == pytest.approx(2 * fast, rel=1e-9)


def test_factorisations_grow_by_their_power(plan: Plan) -> None:
    assert factor_seconds(2000, 50.0) == pytest.approx(2**FACTOR_ATOMS * factor_seconds(1000, 50.0))
    small, large = (plan(f"glass.sizes=[{n}]")["elasticity"].cost.seconds for n in (1000, 4000))
    assert 4 < large / small < 4**FACTOR_ATOMS


def test_anneals_are_forecast_from_the_model_of_their_glass() -> None:
    def seconds(*changes: str) -> float:
        config = load_anneal_study(house.ROOT / "examples" / "anneal.toml", changes)
        tasks = make_plan(config, stages_of_anneal(config))
        return next(task for task in tasks if task.stage.name.startswith("anneal_")).cost.seconds

    assert seconds("anneal.time=400.0") > 2 * seconds()
    assert seconds("anneal.per_decade=12") > 1.2 * seconds()
    dense = seconds("glass.potential='kob-andersen'")
    assert 1.2 * seconds() < dense < 10 * seconds()
