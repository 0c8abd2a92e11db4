"""Glasses made with exchanges of atoms: the protocol, the keys of a study, its forecast, the benchmark, the figure."""

from __future__ import annotations

import argparse
import importlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import house
import numpy as np
import pytest
from small_chain import small_config

from analysis.config import load_study
from analysis.plotting.swap import EnergyCourse, figure_courses, plot_courses, table_courses
from analysis.study import make_plan, stages_of
from atomsim.errors import InputError
from atomsim.quench import QuenchParameters, make_glass

KEY_WITHOUT_SWAP = "074eac6192d399619306"  # of the first glass of the small study, before there was swap


# --- glasses ------------------------------------------------------------------------------------------------

ANNEALED = QuenchParameters("ninarello", 80, temperature=0.1, melt_time=8.0, swap_attempts=5.0)


def test_swap_makes_a_better_annealed_glass_of_the_same_atoms() -> None:
    seen: list[str] = []
    made = {}
    for name, parameters in {"swap": ANNEALED, "dynamics": replace(ANNEALED, swap_attempts=None)}.items():
        rng = np.random.default_rng(2)
        made[name] = make_glass(parameters, rng, progress=lambda what, share: seen.append(what))
    np.testing.assert_array_equal(made["swap"].size_n, made["dynamics"].size_n)
    assert set(seen) == {"melt", "minimise"}
    # at one instant the liquids' energies are noisy, T sqrt(3/(2 N)) = 0.014 each
    assert made["swap"].parent_energy < made["dynamics"].parent_energy
    assert made["swap"].energy < made["dynamics"].energy - 0.02
    assert made["swap"].max_force <= 1e-10 and made["swap"].n_negative == 0


def test_same_seed_same_glass_with_swap_and_cooling() -> None:
    parameters = replace(ANNEALED, temperature=0.3, melt_time=0.5, cooling_rate=0.2, swap_interval=0.1)
    first, again = (make_glass(parameters, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.positions_nc, again.positions_nc)
    without = make_glass(replace(parameters, swap_attempts=None), np.random.default_rng(4))
    assert first.energy != without.energy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"potential": "laird-schober", "n_atoms": 300}, "swap: the atoms of potential 'laird-schober' are all alike"),
        ({"swap_attempts": 0.0}, r"swap_attempts = 0\.0 must be positive"),
        ({"swap_interval": -1.0}, r"swap_interval = -1\.0 must be positive"),
    ],
)
def test_swap_protocol_out_of_range_names_the_key(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_glass(replace(ANNEALED, **change), np.random.default_rng(0))


# --- studies ------------------------------------------------------------------------------------------------


def test_study_without_swap_has_the_keys_it_had_before_there_was_swap(tmp_path: Path) -> None:
    """Regression: but for the version of its stage, the key is that of the last version that knew no swap."""
    config = small_config(tmp_path)
    task = make_plan(config, stages_of(config))[0]
    assert replace(task, stage=replace(task.stage, version=1)).key == KEY_WITHOUT_SWAP != task.key
    assert not any("swap" in key for key in config.as_dict()["glass"])
    assert "swap" not in config.as_toml()


def test_study_with_swap_hands_its_keys_to_the_protocol(tmp_path: Path) -> None:
    config = small_config(tmp_path, "glass.swap_attempts=3.0")
    reference = make_plan(small_config(tmp_path), stages_of(config))
    tasks = make_plan(config, stages_of(config))
    assert tasks[0].parameters["swap_attempts"] == 3.0 and tasks[0].parameters["swap_interval"] == 0.25
    assert QuenchParameters(**tasks[0].parameters).swap_attempts == 3.0
    assert {task.key for task in tasks}.isdisjoint({task.key for task in reference})
    path = tmp_path / "again.toml"
    path.write_text(config.as_toml(), encoding="utf-8")
    assert load_study(path) == config


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("glass.swap_attempts=0.0",), r"glass.swap_attempts = 0\.0"),
        (("glass.swap_atempts=1.0",), "did you mean 'glass.swap_attempts'"),
        (("glass.swap_interval=0.1",), r"swap_interval = 0\.1 has no effect without swap_attempts"),
        (
            ("glass.swap_attempts=1.0", "glass.potential='inverse-power:n=12,cutoff=1.25'"),
            "swap: the atoms of potential 'inverse-power' are all alike",
        ),
    ],
)
def test_study_refuses_swap_that_makes_no_sense(tmp_path: Path, overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        small_config(tmp_path, *overrides)


def test_forecast_grows_with_attempts_and_time(tmp_path: Path) -> None:
    def seconds(*overrides: str) -> float:
        config = small_config(tmp_path, "glass.melt_time=100.0", *overrides)
        return make_plan(config, stages_of(config))[0].cost.seconds

    plain = seconds()
    few, more, most = (seconds(f"glass.swap_attempts={attempts}") for attempts in (1.0, 11.0, 21.0))
    assert plain < few and most - more == pytest.approx(more - few, rel=1e-12)
    often = seconds("glass.swap_attempts=10.0", "glass.swap_interval=0.05") - plain
    assert often == pytest.approx(5 * (seconds("glass.swap_attempts=10.0") - plain), rel=1e-12)
    cooled = seconds("glass.swap_attempts=10.0", "glass.cooling_rate=0.006") - seconds("glass.cooling_rate=0.006")
    assert cooled == pytest.approx(2 * (seconds("glass.swap_attempts=10.0") - plain), rel=1e-9)


def test_example_of_swap_is_a_study_of_equilibrated_liquids() -> None:
    config = load_study(house.ROOT / "examples" / "swap.toml")
    assert config.glass.swap_attempts is not None and config.glass.cooling_rate is None


# --- benchmark and figure -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(house.ROOT / "benchmarks")
        return importlib.import_module("swap")


def test_benchmark_of_swap_compares_both_methods(benchmark: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    options = argparse.Namespace(
        potential="ninarello", atoms=80, temperatures=[0.3], seconds=0.3, attempts=2.0, every=25, time_step=0.01, seed=1
    )
    benchmark.measure_rates(options, attempts=500, steps=20)
    courses = benchmark.compare(options)
    printed = capsys.readouterr().out
    for words in ("million atom-steps/s", "million attempts/s", "with exchanges less dynamics, in errors: energy"):
        assert words in printed
    assert [course.method for course in courses] == ["dynamics", "with exchanges"]
    for course in courses:
        assert (np.diff(course.seconds_k) > 0).all() and course.seconds_k[-1] >= 0.3
        assert course.inherent_energy_k[-1] < course.energy_k[-1]
        assert set(course.quenched_k) <= set(course.seconds_k)


def test_mean_error_and_drift_of_a_course(benchmark: ModuleType) -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(2.0, 0.1, 8000)
    mean, error, drift = benchmark.mean_error_drift(noise)
    assert error == pytest.approx(0.1 / np.sqrt(4000), rel=0.5)
    assert abs(mean - 2.0) < 4 * error and abs(drift) < 4
    assert benchmark.mean_error_drift(noise + np.linspace(0.1, 0.0, 8000))[2] < -3


def courses() -> list[EnergyCourse]:
    seconds = np.linspace(0.1, 10.0, 500)
    return [
        EnergyCourse(
            method, temperature, seconds, temperature + depth / seconds, seconds[::100], depth - seconds[::100]
        )
        for temperature in (0.1, 0.2)
        for method, depth in (("dynamics", 1.0), ("with exchanges", 0.5))
    ]


def test_courses_are_drawn_as_the_table_has_them() -> None:
    for inherent in (False, True):
        table = table_courses(courses(), inherent=inherent)
        ax = plot_courses(courses(), inherent=inherent)
        points = np.concatenate([line.get_xydata() for line in ax.lines])
        np.testing.assert_allclose(points, [row[1:3] for row in table.rows], rtol=1e-12)
        styles = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
        assert len(ax.lines) == len(styles) == 4
        assert "[s]" in ax.get_xlabel() and "epsilon" in ax.get_ylabel()
    whole = table_courses(courses()[:1])
    assert len(whole.rows) <= 24
    one = EnergyCourse("dynamics", 0.1, *np.array([[1.0, 1.0], [2.0, 3.0], [1.0, 2.0], [3.0, 4.0]]))
    assert [row[1:3] for row in table_courses([one]).rows] == [(1.0, 2.5)]
    assert len(figure_courses(courses()).axes) == 2
