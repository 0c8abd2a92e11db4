"""What can be learned from a finished study: local structure and softness of its glasses, kept or measured now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from analysis.learning.softness import AtomTable, atom_table
from analysis.soft_modes import Selection
from analysis.study.folder import StudyFolder
from analysis.study.load import open_study
from analysis.study.results import WholeStudy
from atomsim import store

Report = Callable[[int, int], None]


def atom_tables(study: WholeStudy, folder: Path, *, progress: Report | None = None) -> tuple[AtomTable, ...]:
    """Return local structure and softness of the glasses of a finished study, from the smallest size on.

    They are read where the study kept them, and measured from its glasses and soft modes where it did not.

    Args:
        study: the study.
        folder: its folder.
        progress: called with the number of glasses measured and their total.

    Raises:
        InputError: the results file is damaged.
    """
    path = StudyFolder(Path(folder)).results
    kept = store.list_results(path, AtomTable)
    if kept:
        return tuple(store.read_result(path, AtomTable, name) for name in kept)
    pairs = [pair for e in study.ensembles for pair in zip(e.glasses, e.soft_modes, strict=True)]
    found = []
    for done, (glass, soft) in enumerate(pairs, start=1):
        found.append(atom_table(glass, soft))
        if progress is not None:
            progress(done, len(pairs))
    return tuple(found)


def open_tables(folder: Path, *, progress: Report | None = None) -> tuple[WholeStudy, tuple[AtomTable, ...], Selection]:
    """Return a finished study, what can be learned from it, and which of its modes are soft.

    Args:
        folder: the folder of the study.
        progress: called with the number of glasses measured and their total.

    Raises:
        InputError: the folder holds no finished study.
    """
    study = open_study(folder)
    section = dict(study.configuration["soft_modes"])
    selection = Selection(phonon_fraction=section.pop("fraction"), **section)
    return study, atom_tables(study, folder, progress=progress), selection
