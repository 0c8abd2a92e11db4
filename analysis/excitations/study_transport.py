"""The transport corrections of a study: T_0 from what was computed of its glasses, in both normalisations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.excitations.measure import Excitations
from analysis.excitations.transport import Metal, TransportResult, transport
from analysis.excitations.transport_temperature import (
    TransportTemperature,
    given_temperature,
    scaled_temperature_of_energy,
    temperature_of_scale,
    temperature_of_soft_potentials,
)
from analysis.structure import mean_over_glasses
from atomsim.errors import InputError, UntrustedNumber
from atomsim.results import Estimate
from atomsim.units import Material

if TYPE_CHECKING:
    from analysis.study.results import WholeStudy

T0_SOURCES = ("soft potentials", "scaled soft potentials", "scaled band", "given")
UNKNOWN = float("nan")


@dataclass(frozen=True)
class StudyTransport:
    """Transport corrections with the normalisation that agrees with the electrical one, and with the printed one.

    ``note`` says why there are none.
    """

    consistent: TransportResult | None
    printed: TransportResult | None
    note: str = ""


def band_energy(found: Sequence[Excitations]) -> Estimate:
    """Return the top of the stable band of concentration excitations, mean over glasses with its error [epsilon].

    Args:
        found: the excitations of each glass.

    Raises:
        InputError: no excitations.
        UntrustedNumber: a glass without a stable wave.
    """
    if not found:
        raise InputError("the band of concentration excitations needs the excitations of one glass at least")
    return mean_over_glasses([one.band_top() for one in found], "epsilon")


def study_transport(
    scale: Estimate,
    found: Sequence[Excitations],
    material: Material,
    *,
    temperatures: Sequence[float],
    diffusivity: float,
    screening: float | None = None,
    relaxation_time: float | None = None,
    resistivity: float | None = None,
    t0_from: str = "soft potentials",
    factor: float = 1.0,
    t0: float | None = None,
    reference_t0: float | None = None,
    reference_frequency: float | None = None,
    reference: str = "",
) -> StudyTransport:
    """Return the transport corrections of a study, or why there are none.

    Args:
        scale: energy scale W of its soft potentials.
        found: excitations of its glasses, where T_0 comes from their band.
        material: the scales of the reduced units.
        temperatures: ascending [K].
        diffusivity: of the electrons [m^2/s].
        screening: inverse screening length [1/m].
        relaxation_time: of the electrons [s].
        resistivity: measured resistivity [Ohm m].
        t0_from: one of ``T0_SOURCES``.
        factor: T_0 over W/k_B [-].
        t0: T_0 where it is given [K].
        reference_t0: T_0 of the reference [K].
        reference_frequency: limiting frequency of the reference, angular [rad/s].
        reference: what the reference is, in words.

    Raises:
        InputError: an unknown source of T_0, or one that lacks its numbers.
    """
    if t0_from == "given":
        chosen = given_temperature(UNKNOWN if t0 is None else t0)
    else:
        try:
            chosen = _computed_temperature(
                scale, found, material, t0_from, factor, (reference_t0, reference_frequency, reference)
            )
        except UntrustedNumber as error:
            return StudyTransport(None, None, str(error))
    metal = Metal(
        chosen,
        diffusivity,
        screening=UNKNOWN if screening is None else screening,
        relaxation_time=UNKNOWN if relaxation_time is None else relaxation_time,
        resistivity=UNKNOWN if resistivity is None else resistivity,
    )
    return StudyTransport(
        transport(metal, temperatures), transport(replace(metal, normalisation="printed"), temperatures)
    )


def _computed_temperature(
    scale: Estimate,
    found: Sequence[Excitations],
    material: Material,
    t0_from: str,
    factor: float,
    reference: tuple[float | None, float | None, str],
) -> TransportTemperature:
    if t0_from == "soft potentials":
        return temperature_of_scale(scale, material, factor=factor)
    if t0_from not in T0_SOURCES or reference[0] is None or reference[1] is None:
        raise InputError(
            f"t0_from = {t0_from!r}, T_0 and frequency of the reference {reference[:2]}; expected one of "
            f"{', '.join(T0_SOURCES)}, and both numbers of a reference to scale"
        )
    energy = scale if t0_from == "scaled soft potentials" else band_energy(found)
    return scaled_temperature_of_energy(
        energy, material, reference_frequency=reference[1], reference_temperature=reference[0], reference=reference[2]
    )


def metal_of_study(
    study: WholeStudy,
    *,
    diffusivity: float | None = None,
    screening: float | None = None,
    relaxation_time: float | None = None,
    resistivity: float | None = None,
    normalisation: str | None = None,
) -> Metal:
    """Return the metal of the transport of a finished study, with the numbers that are given put in their place.

    Without a table ``[transport]`` in the study, T_0 is W/k_B of its soft potentials.

    Args:
        study: a finished study.
        diffusivity: of the electrons [m^2/s].
        screening: inverse screening length [1/m].
        relaxation_time: of the electrons [s].
        resistivity: measured resistivity [Ohm m].
        normalisation: of the thermal conductivity, ``"consistent"`` or ``"printed"``.

    Raises:
        InputError: no diffusivity, neither in the study nor here.
        IllPosedFit: the study has no energy scale.
    """
    numbers: dict[str, Any] = {
        "diffusivity": diffusivity,
        "screening": screening,
        "relaxation_time": relaxation_time,
        "resistivity": resistivity,
        "normalisation": normalisation,
    }
    given = {name: value for name, value in numbers.items() if value is not None}
    if study.transport is not None and study.transport.consistent is not None:
        return replace(study.transport.consistent.metal, **given)
    if diffusivity is None:
        raise InputError(f"study {study.name!r} has no table [transport]: the diffusivity of the electrons is missing")
    return Metal(temperature_of_soft_potentials(study), **given)
