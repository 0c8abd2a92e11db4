"""What the numbers of nonlinear modes and double wells rest on, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.study.results import WholeStudy
from analysis.study.study_nonlinear import StudyNonlinear
from analysis.study.study_wells import FollowedPairs, StudyWells


def nonlinear_limits(study: WholeStudy) -> tuple[str, ...]:
    """Return what has to be said beside nonlinear modes and double wells; nothing where there are none.

    Args:
        study: the study.
    """
    modes = () if study.nonlinear is None else _modes(study.nonlinear)
    wells = () if study.wells is None else (*_wells(study.wells), *_two_levels(study.wells))
    return (*modes, *wells)


def _modes(found: StudyNonlinear) -> Iterator[str]:
    yield (
        "nonlinear modes are those downhill of the starts, low vibrations and soft bonds: a glass may hold more, and "
        "their number grows with that of the starts"
    )
    for kind in found.kinds:
        if kind.n_failed:
            yield f"{kind.n_failed} of {kind.n_starts} searches for {kind.kind} modes did not converge"
        if kind.n_not_minima:
            yield (
                f"at {kind.n_not_minima} of {len(kind)} {kind.kind} modes the barrier function is stationary but not "
                "least"
            )
    if any(np.isfinite(kind.far_exponent.value) for kind in found.kinds):
        yield (
            "the far field is read between the core and half the cell, less than a decade: its exponent is one of "
            "small distances, where the cell and the core both bend it"
        )
    else:
        yield (
            "the cells are too small for a far field of the nonlinear modes: between the core and half the cell there "
            "are too few atoms, and no exponent of the decay is given"
        )


def _wells(wells: StudyWells) -> Iterator[str]:
    yield (
        f"pairs of minima are those next to the glass whose saddle a climb reached: {wells.n_lost} of the climbs along "
        f"{wells.n_directions} directions reached none, {wells.n_repeated} one that was known. High barriers, far from "
        "the expansion, are missed first, so that the comparison of barriers favours the expansion"
    )
    yield (
        "each glass is one of the two minima, as the quench left it; the quench comes to rest in wide and deep ones, "
        "and the pairs are not a sample in equilibrium"
    )
    if wells.n_unbounded or wells.n_single:
        bounded = len(wells) - wells.n_unbounded
        yield (
            f"no double well is foretold for {wells.n_unbounded + wells.n_single} of {len(wells)} pairs: for "
            f"{wells.n_unbounded} the fourth derivative of the relaxed energy is not positive, so that the expansion "
            "has a barrier but no second minimum to end in, and a potential W(αy² + βy³ + y⁴) does not exist; of the "
            f"{bounded} bounded ones {wells.n_single} have a single minimum. The missing predictions are a finding, "
            "not an omission"
        )


def _two_levels(wells: StudyWells) -> Iterator[str]:
    followed = wells.followed
    if followed is None:
        yield (
            "no pair was followed along its path: levels, and with them two-level systems, are not known; "
            "double_wells.confirm = 'close' looks for them"
        )
        return
    yield from _found(followed, wells.splitting)


def _found(followed: FollowedPairs, splitting: float) -> Iterator[str]:
    if followed.n_lost:
        yield f"the elastic band did not confirm {followed.n_lost} of the pairs followed"
    systems = int((followed.two_level_c == 1).sum())
    below = int(((followed.two_level_c == 1) & (followed.gap_c <= splitting)).sum())
    yield (
        f"of {len(followed.glass_c)} pairs followed, {systems} have their two lowest levels one in each well, {below} "
        f"of them with a gap below {splitting:g} ε; the levels are those of one coordinate along the path"
    )
