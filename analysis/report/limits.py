"""What a study does not say, in words: assumptions, missing numbers, and where the theory ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from analysis.report.alloy_limits import alloy_limits
from analysis.report.headlines import headline_values
from analysis.report.learning_limits import learning_limits
from analysis.report.nonlinear_limits import nonlinear_limits
from analysis.report.wind_limits import wind_limits
from analysis.soft_modes.expansion import cutoff_warning
from analysis.study.results import WholeStudy
from atomsim.potentials import get_model

ORDERED_BELOW = 0.008  # share of the energy; glasses scatter by a tenth of it, the fcc crystal lies 3 % lower [-]
ASSUMPTIONS = (
    "Atoms are classical in making the glass; quantum mechanics enters with the levels of the soft potentials only.",
    "A simulated liquid is cooled many orders of magnitude faster than a real one: the glass holds more soft modes "
    "than a well annealed one, and the exponent of their density of states can lie below four.",
    "The box is periodic: there are no sound waves longer than it, and soft modes near the lowest of them mix with it.",
    "Errors are the scatter between glasses. They hold neither the error of the theory nor that of the scales of the "
    "material.",
)


def limits_of(study: WholeStudy) -> tuple[str, ...]:
    """Return everything that has to be said beside the numbers of a study.

    Args:
        study: the study.
    """
    return (
        *ASSUMPTIONS,
        f"Reduced units are told in terms of {study.material.name}: σ = {study.material.sigma:.4g} m, "
        f"ε/k_B = {study.material.temperature_unit:.4g} K, m = {study.material.mass:.4g} kg. "
        f"{_sentence(study.material.source)}",
        *_few(study),
        *_ordered(study),
        *_soft_modes(study),
        *map(_sentence, study.thermal.limits),
        *map(_sentence, (*alloy_limits(study), *wind_limits(study), *learning_limits(study), *nonlinear_limits(study))),
        *_notes(study),
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _few(study: WholeStudy) -> list[str]:
    small = [e for e in study.ensembles if len(e.glasses) < 2]
    return [f"{e.name}: one glass only, so that no error of its numbers is known." for e in small]


def _ordered(study: WholeStudy) -> list[str]:
    """Glasses whose energy lies so far below that of the others that they are probably not glasses."""
    said: list[str] = []
    for e in study.ensembles:
        energy_g = e.structure.energy_g
        typical = float(np.median(energy_g))
        said.extend(
            f"Glass {g} of {e.n_atoms} atoms has an energy of {energy_g[g]:.4f} ε per atom, "
            f"{100 * (typical - energy_g[g]) / abs(typical):.1f} % below the median of its size: it has probably begun "
            "to crystallise, and the numbers of its size are to be read with care."
            for g in np.flatnonzero(energy_g < typical - ORDERED_BELOW * abs(typical))
        )
    return said


def _soft_modes(study: WholeStudy) -> list[str]:
    p = study.parameters
    warning = cutoff_warning(get_model(study.largest.glasses[0].model))
    said = [_sentence(warning)] if warning else []
    if p.n_unbounded:
        said.append(
            f"{p.n_unbounded} of {p.n_modes} soft modes in the window have a relaxed quartic coefficient that is not "
            "positive: their fourth-order expansion does not bound them. They count in the tail but have no potential."
        )
    if study.scanned is None:
        said.append(f"No energy along a soft mode is shown: {study.scan_note or 'the study holds no scan of one'}.")
    if study.soft_potentials is None:
        said.append("No soft potential is shown: no soft mode is bounded by its relaxed quartic term.")
    return said


def _notes(study: WholeStudy) -> list[str]:
    """The notes of the headline numbers, each once, with the numbers it belongs to."""
    keys: dict[str, list[str]] = defaultdict(list)
    for value in headline_values(study):
        if value.estimate.note:
            keys[value.estimate.note].append(value.key)
    return [f"{_listed(names)}: {_sentence(note)[0].lower()}{_sentence(note)[1:]}" for note, names in keys.items()]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
