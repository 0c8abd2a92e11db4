"""The headline numbers of the low-frequency tail; none where it is not kept."""

from __future__ import annotations

from collections.abc import Callable

from analysis.report.headline import Headline
from analysis.soft_potential.parameter_distributions import SoftPotentialDistributions
from analysis.soft_potential.tail_statistics import TailOfSize
from analysis.study.results import EnsembleResults, WholeStudy
from analysis.study.study_tail import StudyTail
from atomsim.results import Estimate

OfStudy = Callable[[WholeStudy], Estimate | None]
TAIL_NUMBERS: tuple[tuple[str, str, Callable[[TailOfSize], Estimate]], ...] = (
    ("tail_exponent", "exponent of the tail, vibrations in the window", lambda t: t.exponent),
    ("weibull_shape", "Weibull shape of the lowest vibration, exponent plus one", lambda t: t.weibull.shape),
    ("weibull_scale", "Weibull scale of the lowest vibration", lambda t: t.weibull.scale),
    ("mean_minimum", "mean lowest frequency of a glass", lambda t: t.mean_minimum),
    ("A_g_counting", "A_g from the number of vibrations in the window", lambda t: t.amplitudes.counting),
    ("A_g_weibull", "A_g from the Weibull scale of shape five", lambda t: t.amplitudes.weibull),
    ("A_g_mean_minimum", "A_g from the mean lowest frequency", lambda t: t.amplitudes.mean_minimum),
)


def tail_headlines(study: WholeStudy) -> tuple[Headline, ...]:
    """Return the headlines of the tail, one set for each size of the study.

    Args:
        study: the study.
    """
    if study.tail is None:
        return ()
    sizes = {tail.n_atoms: tail for tail in study.tail.statistics.sizes}

    def of_size(number: Callable[[TailOfSize], Estimate]) -> Callable[[EnsembleResults], Estimate]:
        return lambda e: number(sizes[e.n_atoms])

    each = tuple(Headline("tail", key, text, of_size(number)) for key, text, number in TAIL_NUMBERS)
    return (*each, *_OF_STUDY)


def _tail(number: Callable[[StudyTail], Estimate | None]) -> OfStudy:
    return lambda study: None if study.tail is None else number(study.tail)


def _found(number: Callable[[SoftPotentialDistributions], Estimate | None]) -> OfStudy:
    return _tail(lambda tail: None if tail.distributions is None else number(tail.distributions))


def _scaling(name: str) -> OfStudy:
    def read(tail: StudyTail) -> Estimate | None:
        scaling, note = tail.statistics.scaling, tail.statistics.scaling_note
        if scaling is None:
            return Estimate(float("nan"), float("nan"), "1", note)
        found: Estimate = getattr(scaling, name)
        return Estimate(found.value, found.error, found.unit, note)

    return _tail(read)


_OF_STUDY = (
    Headline("tail", "size_power", "power of the number of atoms in the mean lowest frequency",
             of_study=_scaling("power")),
    Headline("tail", "size_exponent", "exponent of the tail that this power means", of_study=_scaling("exponent")),
    Headline("tail", "parent_energy", "energy per atom of the liquids that were minimised",
             of_study=_tail(lambda tail: tail.parent_energy)),
    Headline("tail", "delta_eta", "median of η, cut by the window", of_study=_found(lambda d: d.delta_eta)),
    Headline("tail", "delta_t", "median of |t|, cut by the window", of_study=_found(lambda d: d.delta_t)),
    Headline("tail", "least_eta", "θ^(2/3), θ the spread of local structure",
             of_study=_tail(lambda tail: tail.spread.least_eta)),
    Headline("tail", "least_t", "θ^(1/3), θ the spread of local structure",
             of_study=_tail(lambda tail: tail.spread.least_t)),
    Headline("tail", "core_shift", "distance to the neighbours at the cores of soft modes over that of all atoms, -1",
             of_study=_tail(lambda tail: tail.spread.core_shift)),
    Headline("tail", "kendall", "Kendall's τ of η and |t| inside the region where modes are seen",
             of_study=_found(lambda d: None if d.independence is None else d.independence.kendall)),
)  # fmt: skip
# every key, whether or not a study has its number
TAIL_KEYS = (*(key for key, _, _ in TAIL_NUMBERS), *(headline.key for headline in _OF_STUDY))
