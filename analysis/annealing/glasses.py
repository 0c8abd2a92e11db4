"""Glasses of real materials from a study file, without an annealing: the first stage of a study in its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from analysis.annealing.config import AlloyGlassStudy
from analysis.annealing.stages import ALLOY_GLASSES
from analysis.modes.foreign import frequencies
from analysis.study import StudyFolder, StudyProgress, run_study
from atomsim.engines.glass import AlloyGlass
from atomsim.ensemble import Mapper
from atomsim.store import list_results, read_result
from atomsim.units import ATOMIC_SCALES


def make_glasses(
    config: AlloyGlassStudy,
    out: Path,
    *,
    workers: int | Mapper = 1,
    resume: bool = True,
    command: str = "",
    progress: Callable[[StudyProgress], None] | None = None,
) -> dict[str, AlloyGlass]:
    """Make the glasses of a study, or what is missing of them; an annealing study with the same table takes them up.

    Args:
        config: the study.
        out: its folder.
        workers: number of processes, or who else computes.
        resume: use what an earlier run has kept.
        command: the command line, for the provenance.
        progress: called as each glass is made.

    Returns:
        The glasses by their groups in ``results.h5``.

    Raises:
        InputError: the folder cannot be written, or another run is writing to it.
        SampleFailed: one or more glasses failed; the others are kept.
    """
    run_study(
        config, out, workers=workers, resume=resume, command=command, progress=progress, stages=(ALLOY_GLASSES,)
    )  # fmt: skip
    file = StudyFolder(Path(out)).results
    return {name: read_result(file, AlloyGlass, name) for name in list_results(file, AlloyGlass)}


def glass_row(glass: AlloyGlass) -> dict[str, Any]:
    """Return what is told of a glass.

    Args:
        glass: the glass.
    """
    lowest = float(frequencies(glass.lowest_eigenvalue**0.5)["THz"])
    return {
        "n_atoms": glass.n_atoms,
        "density_kg_m3": float(ATOMIC_SCALES.to_si(glass.mass_n.sum() / glass.volume, "density")),
        "energy_eV": glass.energy,
        "pressure_eV_A3": glass.pressure,
        "max_force_eV_A": glass.max_force,
        "lowest_frequency_THz": lowest,
    }
