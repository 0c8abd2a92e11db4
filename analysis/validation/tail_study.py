"""Comparisons that the tail of a study allows: the law omega^4 by several routes, independence, and scales."""

from __future__ import annotations

from analysis.soft_potential.parameter_distributions import SoftPotentialDistributions
from analysis.soft_potential.tail import TAIL_EXPONENT
from analysis.soft_potential.tail_statistics import TailOfSize
from analysis.study.results import WholeStudy
from analysis.study.study_tail import StudyTail
from analysis.validation.comparison import Comparison, Kind, compare, compare_bound
from atomsim.results import Estimate

LAW_OF_THE_TAIL = "soft-potential-notes (vibrations)"
LAW_OF_THE_LOWEST = "lerner-2016 (lowest frequency)"


def tail_comparisons(study: WholeStudy) -> list[Comparison]:
    """Return what the tail of the spectra says of the theory; nothing where it is not kept.

    Args:
        study: the study.
    """
    if study.tail is None:
        return []
    rows = [row for tail in study.tail.statistics.sizes for row in _size(tail)]
    if study.tail.statistics.scaling is not None:
        power = study.tail.statistics.scaling.power
        rows.append(
            _row("power of N in the mean lowest frequency of a glass", LAW_OF_THE_LOWEST, -1 / (TAIL_EXPONENT + 1),
                 Estimate(power.value, power.error, "1", study.tail.statistics.scaling_note))
        )  # fmt: skip
    found = study.tail.distributions
    return rows if found is None else [*rows, *_independence(found), *_scales(study.tail, found)]


def _row(name: str, source: str, predicted: float, measured: Estimate, remark: str = "") -> Comparison:
    return compare(
        name,
        source,
        predicted=predicted,
        measured=measured.value,
        measured_error=measured.error,
        unit=measured.unit,
        kind=Kind.MODEL,
        remark="; ".join(filter(None, (measured.note, remark))),
    )


def _size(tail: TailOfSize) -> list[Comparison]:
    """Exponent and Weibull shape against the law omega^4, and against each other."""
    name, shape, exponent, routes = f"N = {tail.n_atoms}", tail.weibull.shape, tail.exponent, tail.amplitudes
    return [
        _row(f"exponent of the vibrations below {tail.edge:.3g}, {name}", LAW_OF_THE_TAIL, TAIL_EXPONENT, exponent,
             "the exponent falls as the window is widened, and for glasses quenched from a hot liquid"),
        _row(f"Weibull shape of the lowest vibration of a glass, {name}", LAW_OF_THE_LOWEST, TAIL_EXPONENT + 1, shape),
        compare(f"Weibull shape of the lowest vibration: one more than the exponent of the tail, {name}",
                LAW_OF_THE_LOWEST, predicted=exponent.value + 1, predicted_error=exponent.error, measured=shape.value,
                measured_error=shape.error, unit="1", kind=Kind.MODEL,
                remark="vibrations that fall independently of each other; errors taken as independent"),
        compare(f"A_g from the lowest vibrations against the number of all below {tail.edge:.3g}, {name}",
                LAW_OF_THE_LOWEST, predicted=routes.counting.value, predicted_error=routes.counting.error,
                measured=routes.weibull.value, measured_error=routes.weibull.error, unit=routes.counting.unit,
                kind=Kind.MODEL, remark="equal if the law omega^4 holds up to the end of the window"),
    ]  # fmt: skip


def _independence(found: SoftPotentialDistributions) -> list[Comparison]:
    if found.independence is None:
        return []
    test = found.independence
    return [
        _row("Kendall's tau of eta and |t| where modes can be seen: independent parameters against the soft modes",
             "karpov-parshin-1985 (section 2)", 0.0, test.kendall,
             f"{test.n_comparable} pairs of {test.n_modes} modes can be compared; without regard to the region the "
             f"distance correlation is {test.distance_correlation:.3g} (probability "
             f"{test.permutation_probability:.2g})"),
    ]  # fmt: skip


def _scales(tail: StudyTail, found: SoftPotentialDistributions) -> list[Comparison]:
    """The scales of eta and t against what the spread of local structure asks for at least."""
    pairs = {"eta": (found.delta_eta, tail.spread.least_eta), "t": (found.delta_t, tail.spread.least_t)}
    return [
        compare_bound(f"scale of {name} of the soft potentials against the spread of local structure",
                      "karpov-parshin-1985 (2.11)", lower_bound=least.value, bound_error=least.error, unit="1",
                      measured=measured.value, kind=Kind.MODEL,
                      measured_error=measured.error if measured.value >= least.value else float("nan"),
                      remark="orders of magnitude; the window cuts the measured scale from above, so that one below "
                             "the bound decides nothing")
        for name, (measured, least) in pairs.items()
    ]  # fmt: skip
