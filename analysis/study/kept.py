"""What a finished study has kept of an alloy, for verbs that would otherwise compute it again."""

from __future__ import annotations

import numpy as np

from analysis.excitations.measure import Excitations
from analysis.excitations.order import AlloyOrder
from analysis.excitations.shells import Shells
from analysis.study.results import WholeStudy


def kept_excitations(
    study: WholeStudy,
    *,
    shells: Shells | None = None,
    random_alloys: int | None = None,
    form: str | None = None,
    temperature: float | None = None,
) -> tuple[AlloyOrder, tuple[Excitations, ...]] | None:
    """Return order and excitations as a study has kept them; None where it has none, or others than those asked for.

    Args:
        study: a finished study.
        shells: shells asked for; those of the study where absent.
        random_alloys: permutations asked for; those of the study where absent.
        form: force constants asked for; those of the study where absent.
        temperature: temperature of the entropy of mixing asked for; that of the study where absent [epsilon/k_B].
    """
    if study.order is None or not study.excitations:
        return None
    section = study.configuration["excitations"]
    asked = {"random_alloys": random_alloys, "force_constants": form, "temperature": temperature}
    if any(value is not None and value != section[key] for key, value in asked.items()):
        return None
    own = study.order.shells
    same = shells is None or (
        np.array_equal(shells.r_min_s, own.r_min_s) and np.array_equal(shells.r_max_s, own.r_max_s)
    )
    return (study.order, study.excitations) if same else None
