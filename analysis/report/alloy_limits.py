"""What the numbers of an alloy rest on, in words: order, excitations, transport, relaxation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.excitations.transport import TransportResult
from analysis.relaxation.study_relaxation import StudyRelaxation
from analysis.study.results import WholeStudy


def alloy_limits(study: WholeStudy) -> tuple[str, ...]:
    """Return what has to be said beside the numbers of an alloy; nothing where there are none.

    Args:
        study: the study.
    """
    return (*_order(study), *_excitations(study), *_transport(study), *_relaxation(study))


def _order(study: WholeStudy) -> Iterator[str]:
    if study.order is None:
        return
    shells = study.order.shells
    ends = ", ".join(f"{low:.3g} to {high:.3g}" for low, high in zip(shells.r_min_s, shells.r_max_s, strict=True))
    given = study.configuration.get("excitations", {}).get("shell_edges") is not None
    yield f"shells of neighbours, {'as given' if given else 'from the minima of g(r) of all atoms'}: {ends} σ"
    yield (
        "the correlation parameter counts pairs of both species alike; where large and small atoms differ in their "
        "number of neighbours it can vanish although the Warren-Cowley parameters do not"
    )
    if study.order.waves.crystalline:
        yield "the sites show Bragg peaks: the order is that of a crystal, directions are not averaged"
    if len(study.order.configurations) == 1:
        yield "the order parameters of one glass have no error"


def _excitations(study: WholeStudy) -> Iterator[str]:
    found = study.excitations
    if not found:
        return
    decaying = sum(one.modes.n_decaying for one in found) / sum(len(one.modes.omega2_m) for one in found)
    yield (
        "concentration excitations are the harmonic motion of a continuous concentration on frozen sites, in linear "
        "response of the positions; a real site is one species or the other"
    )
    yield (
        f"{100 * decaying:.0f} % of the directions of the concentration are unstable: the arrangement of the species "
        "is frozen, no minimum of the energy in the concentration; these directions have a rate instead of a frequency"
    )
    dropped = sum(one.modes.n_dropped for one in found)
    if dropped:
        yield f"{dropped} directions are left out because their moment of inertia is round-off"
    missing = sum(one.overlap is None for one in found)
    if missing:
        yield f"{missing} of {len(found)} glasses have no soft modes: they do not enter the overlap"
    if found[0].form == "literal":
        yield "the literal force constants are the elastic energy of frozen fields, an upper bound"


def _transport(study: WholeStudy) -> Iterator[str]:
    if study.transport is None:
        return
    result = study.transport.consistent
    if result is None:
        yield f"no transport is shown: {study.transport.note}"
        return
    yield from result.remarks
    yield from _flags(result)
    yield "the printed normalisation is 4π times the one that agrees with the electrical correction of the same theory"
    yield from _share(result)


def _flags(result: TransportResult) -> Iterator[str]:
    flagged = [float(T) for T, flags in zip(result.temperature_T, result.flags, strict=True) if flags]
    if flagged:
        first = next(flags for flags in result.flags if flags)
        yield (
            f"{len(flagged)} of {len(result.flags)} temperatures of the transport, from {flagged[0]:.3g} K on, lie "
            f"outside the theory; there: {'; '.join(first)}"
        )


def _share(result: TransportResult) -> Iterator[str]:
    inside = [i for i, flags in enumerate(result.flags) if not flags]
    if not inside or np.isnan(result.metal.resistivity):
        return
    last = inside[-1]
    share = result.delta_kappa_T[last] / result.electron_kappa_T[last]
    yield (
        f"at {result.temperature_T[last]:.3g} K, the highest temperature inside the theory, the correction to the "
        f"thermal conductivity is {share:.2g} of L₀T/ρ"
    )


def _relaxation(study: WholeStudy) -> Iterator[str]:
    if study.relaxation is None:
        return
    yield (
        "the relaxation curves are the theory alone, with rates that are given: no electron is simulated here, and the "
        "glasses do not enter"
    )
    yield from _saturated(study.relaxation)


def _saturated(relaxation: StudyRelaxation) -> Iterator[str]:
    for number, curve in enumerate(relaxation.curves, start=1):
        if len(curve.remarks) > 1:
            yield f"relaxation curve {number}: {'; '.join(curve.remarks)}"
