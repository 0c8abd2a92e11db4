"""The real stages in the study runner: the chain closes, and kills leave no trace in the numbers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from small_chain import run_small, small_config

from analysis.modes import Modes
from analysis.structure import StructureSummary
from analysis.study import STAGES, make_plan, open_study
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.store import list_results, read_provenance, read_result


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("tiny")
    run_small(small_config(folder), folder / "out")
    return folder / "out"


def numbers(path: Path) -> dict[str, bytes]:
    """Name and bytes of every dataset of a results file, the provenance left out."""
    found: dict[str, bytes] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("provenance/"):
            found[name] = np.asarray(item[()]).tobytes() if item.dtype.kind != "O" else item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_every_stage_of_the_chain_is_in_the_results(finished: Path) -> None:
    path = finished / "results.h5"
    assert len(list_results(path, Glass)) == 3
    glass = read_result(path, Glass, "glass/N80/0000")
    modes = read_result(path, Modes, "modes/N80/0000")
    assert glass.max_force <= 1e-10 and glass.n_atoms == 80
    assert len(modes.omega_m) == 240 and len(modes.vectors_mnc) == 100
    trace = glass.interaction().terms(glass.positions_nc)
    assert trace.energy() / 80 == pytest.approx(glass.energy)
    assert np.mean(modes.omega_m**2) == pytest.approx(modes.mean_square_frequency, rel=1e-10)


def test_finished_study_opens_with_its_ensembles(finished: Path) -> None:
    study = open_study(finished)
    assert [ensemble.n_atoms for ensemble in study.ensembles] == [64, 80]
    assert [len(ensemble.glasses) for ensemble in study.ensembles] == [2, 1]
    assert study.name == "tiny" and study.material.name == "sodium"
    pooled = read_result(finished / "results.h5", StructureSummary, "structure")
    energies = np.concatenate([ensemble.structure.energy_g for ensemble in study.ensembles])
    assert pooled.energy.value == pytest.approx(energies.mean())
    assert study.parameters.n_glasses == 3
    assert len(study.thermal.temperature_T) == 3 and np.all(np.isfinite(study.thermal.debye_T))
    with pytest.raises(InputError, match="no finished study here"):
        open_study(finished / "cache")


def test_each_stage_depends_on_its_own_parameters_only(tmp_path: Path) -> None:
    reference = {task.place: task.key for task in make_plan(small_config(tmp_path), STAGES)}

    def stages_changed_by(override: str) -> set[str]:
        tasks = make_plan(small_config(tmp_path, override), STAGES)
        return {task.stage.name for task in tasks if reference[task.place] != task.key}

    heat = {"thermal"}
    potentials = heat | {"soft_potentials"}
    soft = potentials | {"soft_modes", "scan"}
    assert stages_changed_by("thermal.xi2=2.0") == heat
    assert stages_changed_by("material.name=argon") == potentials
    assert stages_changed_by("soft_modes.fraction=0.5") == soft
    assert stages_changed_by("modes.bins=20") == {"vibrations", "thermal"}
    assert stages_changed_by("modes.keep_vectors=90") == soft | {"modes", "vibrations"}
    assert stages_changed_by("structure.bins=50") == {"structure"} | potentials
    assert stages_changed_by("glass.melt_time=1.0") == {stage.name for stage in STAGES}
    assert stages_changed_by("study.name=other") == set()


def test_chain_killed_ten_times_gives_the_same_numbers(tmp_path: Path, finished: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["small_chain", "fake_study"])
    config = small_config(tmp_path)
    rng = np.random.default_rng(8)
    duration = read_provenance(finished / "results.h5").wall_time["run"]  # the kills fall within this time
    kills = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the server looks for what it preloads there
        while kills < 10:
            process = context.Process(target=run_small, args=(config, tmp_path / "out", 1 + kills % 2))
            process.start()
            time.sleep(rng.uniform(0.0, duration / 2))
            process.kill()
            process.join()
            if process.exitcode == 0:  # it was faster than the kill: begin again
                for path in (tmp_path / "out" / "cache").iterdir():
                    path.unlink()
                continue
            assert process.exitcode == -signal.SIGKILL
            kills += 1
    run_small(config, tmp_path / "out")
    assert numbers(tmp_path / "out" / "results.h5") == numbers(finished / "results.h5")
