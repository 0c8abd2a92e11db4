"""Open a finished study: everything its results file holds, in the form that figures, report and validation use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from analysis.config import StudyConfig
from analysis.soft_modes import SoftModes
from analysis.soft_potential import SoftPotentials, soft_potentials
from analysis.study.folder import StudyFolder
from analysis.study.glass_wind import GlassWind
from analysis.study.plan import Task, make_plan
from analysis.study.results import EnsembleResults, WholeStudy, ensemble_results
from analysis.study.stages import stages_of
from atomsim import store
from atomsim.errors import InputError

SAMPLED = ("glass", "modes", "elasticity", "soft_modes", "excitations")  # of each glass, as ensembles take them
# of the whole study, where it asks for them
OPTIONAL = ("order", "transport", "relaxation", "tail", "learning", "nonlinear_summary", "well_summary")


def open_study(directory: Path) -> WholeStudy:
    """Return the results of a finished study.

    Args:
        directory: the folder of the study.

    Raises:
        InputError: the folder holds no results file, or one that is damaged or of another version.
    """
    path = StudyFolder(Path(directory)).results
    if not path.is_file():
        raise InputError(f"{directory}: no finished study here (no {path.name}); run it with: atomsim run STUDY.toml")
    provenance = store.read_provenance(path)
    configuration = json.loads(provenance.configuration)
    if "anneal" in configuration:
        raise InputError(f"{path}: results of an annealing study; its page is written by: atomsim anneal STUDY.toml")
    config = StudyConfig.model_validate(configuration)
    tasks = make_plan(config, stages_of(config))

    def results(stage: str, n_atoms: int | None = None) -> list[Any]:
        chosen = [task for task in tasks if task.stage.name == stage and n_atoms in (None, *task.sizes)]
        return [_read(path, task) for task in chosen]

    def winds(n_atoms: int) -> list[Any]:
        pairs = zip(results("wind", n_atoms), results("wind_context", n_atoms), strict=True)
        return [GlassWind(*pair) for pair in pairs]

    ensembles = tuple(
        ensemble_results(
            *(*(results(stage, n) for stage in SAMPLED), winds(n)),
            longest=config.structure.longest,
            bins_of_distance=config.structure.bins,
            bins_of_frequency=config.modes.bins,
        )
        for n in sorted(config.glass.sizes)
    )
    (parameters,), (thermal,), (choice,) = results("soft_potentials"), results("thermal"), results("scan")
    order, transport, relaxation, tail, learning, nonlinear, wells = (
        next(iter(results(name)), None) for name in OPTIONAL
    )
    return WholeStudy(
        name=config.study.name,
        configuration=config.as_dict(),
        ensembles=ensembles,
        soft_potentials=bounded_potentials(ensembles, config),
        parameters=parameters,
        thermal=thermal,
        material=config.material.material(),
        scanned=choice.scanned,
        scan_note=choice.note,
        provenance=provenance,
        order=order,
        transport=transport,
        relaxation=relaxation,
        learning=learning,
        tail=tail,
        nonlinear=nonlinear,
        wells=wells,
    )


def _read(path: Path, task: Task) -> Any:
    return store.read_result(path, task.stage.result, task.place)


def bounded_potentials(ensembles: tuple[EnsembleResults, ...], config: StudyConfig) -> SoftPotentials | None:
    """Return the soft potentials of all soft modes that their relaxed quartic term bounds; None if there is none.

    Args:
        ensembles: the ensembles of the study.
        config: the study, for material and length.
    """
    found: list[SoftModes] = [modes for ensemble in ensembles for modes in ensemble.soft_modes]
    columns = ("omega_m", "tau_m", "chi_relaxed_m", "effective_mass_m")
    omega, tau, chi, mass = (np.concatenate([getattr(modes, name) for modes in found]) for name in columns)
    bounded = chi > 0
    if not bounded.any():
        return None
    return soft_potentials(
        omega[bounded],
        tau[bounded],
        chi[bounded],
        mass[bounded],
        hbar=config.material.material().hbar,
        length=config.soft_potential.length,
    )
