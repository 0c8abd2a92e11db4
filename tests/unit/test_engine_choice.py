"""The choice of the engine of a glass: formulas for it, keys of a study file, and what it cannot do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import house
import numpy as np
import pytest

from analysis.annealing.config import load_glass_study
from analysis.annealing.stages import _alloy_glass_parameters
from analysis.config import StudyConfig, load_study
from analysis.study import STAGES, make_plan
from atomsim.engines.glass import AlloyParameters, make_alloy_glass
from atomsim.engines.model_box import series
from atomsim.engines.model_dynamics import system_of
from atomsim.engines.potential import FOLDER_VARIABLE
from atomsim.engines.ranks import LAUNCHER_VARIABLE, launcher
from atomsim.errors import InputError, MissingExtra
from atomsim.liquid import check_engine
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model, inverse_power
from atomsim.quench import QuenchParameters
from atomsim.structure import random_start

MODELS = ("laird-schober", "lerner-binary", "kob-andersen", "ninarello", "inverse-power:n=6.5,q=1,cutoff=2.5")
STUDY = """
[study]
name = "engine"
seed = 4

[glass]
potential = "{potential}"
sizes = [300]
samples = [2]
{more}
"""


def study(tmp_path: Path, *more: str, potential: str = "lerner-binary") -> StudyConfig:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(potential=potential, more="\n".join(more)), encoding="utf-8")
    return load_study(path)


def glass_task(config: StudyConfig) -> Any:
    return make_plan(config, STAGES)[0]


@pytest.mark.parametrize("name", MODELS)
def test_formula_for_lammps_is_the_radial_function(name: str) -> None:
    radial, length, energy = get_model(name).radial, 1.3, 0.7
    distance = np.linspace(0.8, 0.999 * radial.cutoff, 40) * length
    formula = series(radial, length=length, energy=energy, variable="r").replace("^", "**")
    found = eval(formula, {"r": distance})
    assert found == pytest.approx(energy * radial(distance / length), rel=1e-11, abs=1e-13)


def test_glasses_of_the_embedded_engine_keep_their_keys(tmp_path: Path) -> None:
    plain, named = study(tmp_path), study(tmp_path, 'engine = "embedded"')
    assert not {"engine", "mpi_ranks"} & set(plain.as_dict()["glass"])
    assert glass_task(plain).key == glass_task(named).key
    keys = {
        glass_task(study(tmp_path, 'engine = "lammps"', *ranks)).key
        for ranks in ([], ["mpi_ranks = 2"], ["mpi_ranks = 3"])
    }
    assert len(keys | {glass_task(plain).key}) == 4
    again = StudyConfig.model_validate(study(tmp_path, 'engine = "lammps"', "mpi_ranks = 2").as_dict())
    assert (again.glass.engine, again.glass.mpi_ranks) == ("lammps", 2)


def test_forecast_knows_the_engine(tmp_path: Path) -> None:
    tasks = [
        glass_task(study(tmp_path, "melt_time = 200.0", *more))
        for more in ([], ['engine = "lammps"'], ['engine = "lammps"', "mpi_ranks = 4"])
    ]
    costs = [task.stage.cost(task.parameters, (50_000,)) for task in tasks]
    assert costs[1].seconds > costs[0].seconds > 0 and costs[1].seconds > costs[2].seconds
    assert costs[2].memory > costs[1].memory > costs[0].memory


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["mpi_ranks = 2"], "mpi_ranks = 2 has no effect without engine = 'lammps'"),
        (['engine = "lamps"'], "engine = 'lamps'.*'embedded' or 'lammps'"),
        (['engine = "lammps"', "mpi_ranks = 0"], "mpi_ranks = 0"),
        (['engine = "lammps"', "swap_attempts = 1.0"], "exchange places in the engine 'embedded' alone"),
    ],
)
def test_impossible_engines_of_a_study_are_named(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        study(tmp_path, *lines)


@pytest.mark.parametrize(
    ("potential", "options", "words"),
    [
        ("lerner-binary", {"engine": "lamps"}, "'lamps'; expected 'embedded' or 'lammps'; did you mean 'lammps'"),
        ("lerner-binary", {"engine": "lammps", "mpi_ranks": 0}, "mpi_ranks = 0 must be at least 1"),
        ("lerner-binary", {"mpi_ranks": 2}, "no effect without engine = 'lammps'"),
        ("lerner-binary", {"engine": "lammps", "swap_attempts": 1.0}, "engine 'embedded' alone"),
        ("lerner-binary:dimension=2", {"engine": "lammps"}, "in 2 dimensions.*use 'embedded'"),
    ],
)
def test_impossible_engines_are_refused(potential: str, options: dict[str, Any], words: str) -> None:
    parameters = QuenchParameters(potential, 300, **options)
    with pytest.raises(InputError, match=words):
        check_engine(parameters, get_model(potential))


def test_systems_that_lammps_cannot_take_are_refused() -> None:
    model = get_model("lerner-binary")
    atoms = random_start(model, 200, model.density, np.random.default_rng(1))
    atoms.pbc = [True, True, False]
    with pytest.raises(InputError, match=r"periodic along \[True, True, False\].*all directions"):
        system_of(PairInteraction.from_atoms(model, atoms), np.ones(200))
    atoms.pbc = True
    interaction = PairInteraction.from_atoms(model, atoms)
    with pytest.raises(InputError, match="expected 200 positive numbers"):
        system_of(interaction, np.zeros(200))
    endless = random_start(get_model("laird-schober"), 300, 1.0, np.random.default_rng(1))
    bare = PairInteraction.from_atoms(get_model("laird-schober"), endless)
    object.__setattr__(bare.model, "radial", inverse_power(6.0))
    with pytest.raises(InputError, match="no cut-off"):
        system_of(bare, np.ones(300))


def test_missing_launcher_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atomsim.engines.ranks.find_spec", lambda name: object())
    monkeypatch.delenv(LAUNCHER_VARIABLE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda program, path=None: None)
    with pytest.raises(MissingExtra, match=r"no mpiexec.*atomsim\[lammps\]"):
        launcher()
    monkeypatch.setenv(LAUNCHER_VARIABLE, "srun --mpi=pmi2")
    with pytest.raises(InputError, match=r"ATOMSIM_MPIEXEC = 'srun --mpi=pmi2': there is no program 'srun'"):
        launcher()
    monkeypatch.setattr("atomsim.engines.ranks.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"mpi4py.*atomsim\[lammps\]"):
        launcher()


def test_launcher_is_that_beside_the_interpreter_or_the_chosen_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atomsim.engines.ranks.find_spec", lambda name: object())
    monkeypatch.delenv(LAUNCHER_VARIABLE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda program, path=None: f"{path or '/usr/bin'}/{program}")
    monkeypatch.setattr("sys.executable", "/opt/python/bin/python")
    assert launcher() == ["/opt/python/bin/mpiexec", "-launcher", "fork"]
    monkeypatch.setenv(LAUNCHER_VARIABLE, "srun --mpi=pmi2")
    assert launcher() == ["srun", "--mpi=pmi2"]


def test_ranks_of_real_alloys_enter_their_keys_only_where_there_are_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "Cu.eam.alloy"
    table.write_text("a\nb\nc\n1 Cu\n", encoding="ascii")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    more = ["composition = { Cu = 1.0 }"]
    found = []
    for ranks in ([], ["mpi_ranks = 1"], ["mpi_ranks = 2"]):
        path = tmp_path / "study.toml"
        path.write_text(STUDY.format(potential=f"eam/alloy:{table}", more="\n".join([*more, *ranks])), encoding="utf-8")
        found.append(_alloy_glass_parameters(load_glass_study(path, ())))
    assert found[0] == found[1] and "engine" not in found[0]
    assert found[2] == {**found[0], "mpi_ranks": 2}
    path.write_text(
        STUDY.format(potential=f"eam/alloy:{table}", more="\n".join([*more, 'engine = "embedded"'])), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"engine = 'embedded'.*'lammps'"):
        load_glass_study(path, ())


def test_example_of_the_engine_is_a_study() -> None:
    config = load_study(house.ROOT / "examples" / "lammps-engine.toml")
    assert (config.glass.engine, config.glass.mpi_ranks) == ("lammps", 2)


def test_several_ranks_make_the_glass_of_an_alloy(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[Any, ...]] = []

    def call(function: Any, *arguments: Any, ranks: int, progress: Any) -> str:
        called.append((function, *arguments, ranks))
        return "a glass"

    monkeypatch.setattr("atomsim.engines.glass.call_on_ranks", call)
    monkeypatch.setattr("atomsim.engines.glass.check_alloy_protocol", lambda parameters: None)
    parameters, rng = AlloyParameters("sw:Si.sw", 64, {"Si": 1.0}, mpi_ranks=3), np.random.default_rng(1)
    assert make_alloy_glass(parameters, rng) == "a glass"
    assert called == [(make_alloy_glass, replace(parameters, mpi_ranks=1), rng, 3)]
    monkeypatch.undo()
    with pytest.raises(InputError, match="mpi_ranks = 0 must be positive"):
        make_alloy_glass(replace(parameters, mpi_ranks=0), rng)
