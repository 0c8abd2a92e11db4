"""The results of a study side by side: what figures, report, summary and validation are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.excitations.measure import Excitations
from analysis.excitations.order import AlloyOrder
from analysis.excitations.study_transport import StudyTransport
from analysis.modes import Elasticity, Modes
from analysis.relaxation.study_relaxation import StudyRelaxation
from analysis.scanned import ScannedMode
from analysis.soft_modes import SoftModes
from analysis.soft_potential import EnsembleParameters, SoftPotentials
from analysis.structure import StructureSummary, structure_summary
from analysis.study.glass_wind import GlassWind
from analysis.study.learning_stages import StudyLearning
from analysis.study.study_nonlinear import StudyNonlinear
from analysis.study.study_tail import StudyTail
from analysis.study.study_wells import StudyWells
from analysis.thermal import ThermalPrediction
from analysis.vibrations import SoundSummary, VibrationSummary, sound_summary, vibration_summary
from atomsim.errors import InputError
from atomsim.provenance import Provenance
from atomsim.quench import Glass
from atomsim.units import Material


@dataclass(frozen=True)
class EnsembleResults:
    """All glasses of one size; the tuples hold one entry for each glass, in the same order.

    ``excitations`` and ``winds`` are empty unless the study asks for them.
    """

    n_atoms: int
    glasses: tuple[Glass, ...]
    elasticities: tuple[Elasticity, ...]
    soft_modes: tuple[SoftModes, ...]
    structure: StructureSummary
    vibrations: VibrationSummary
    sound: SoundSummary
    excitations: tuple[Excitations, ...] = ()
    winds: tuple[GlassWind, ...] = ()

    @property
    def name(self) -> str:
        """What figures and tables call the ensemble."""
        return f"N = {self.n_atoms}"


@dataclass(frozen=True)
class WholeStudy:
    """A finished study: ensembles from the smallest size on, and what follows from all of them together.

    ``soft_potentials`` are those of all modes that their relaxed quartic term bounds, None if there is none;
    ``material`` is the one that ``thermal`` speaks of, ``scan_note`` why there is no scan. ``order``, ``transport``,
    ``relaxation`` and those below are None unless the study asks for them; ``order`` pools the glasses of all sizes.
    """

    name: str
    configuration: Mapping[str, Any]
    ensembles: tuple[EnsembleResults, ...]
    soft_potentials: SoftPotentials | None
    parameters: EnsembleParameters
    thermal: ThermalPrediction
    material: Material
    scanned: ScannedMode | None = None
    scan_note: str = ""
    provenance: Provenance | None = None
    order: AlloyOrder | None = None
    transport: StudyTransport | None = None
    relaxation: StudyRelaxation | None = None
    learning: StudyLearning | None = None
    tail: StudyTail | None = None
    nonlinear: StudyNonlinear | None = None
    wells: StudyWells | None = None

    def __post_init__(self) -> None:
        """Refuse a study without glasses."""
        if not self.ensembles:
            raise InputError(f"study {self.name!r} holds no ensemble of glasses")

    @property
    def largest(self) -> EnsembleResults:
        """The ensemble of the largest glasses."""
        return self.ensembles[-1]

    @property
    def excitations(self) -> tuple[Excitations, ...]:
        """The concentration excitations of all glasses, from the smallest size on."""
        return tuple(one for ensemble in self.ensembles for one in ensemble.excitations)

    @property
    def winds(self) -> tuple[GlassWind, ...]:
        """The wind on the ions of all glasses, from the smallest size on."""
        return tuple(one for ensemble in self.ensembles for one in ensemble.winds)


def ensemble_results(
    glasses: Sequence[Glass],
    spectra: Sequence[Modes],
    elasticities: Sequence[Elasticity],
    soft_modes: Sequence[SoftModes],
    excitations: Sequence[Excitations] = (),
    winds: Sequence[GlassWind] = (),
    *,
    longest: float = 4.0,
    bins_of_distance: int = 200,
    bins_of_frequency: int = 80,
) -> EnsembleResults:
    """Return the results of glasses of one size with their summaries; the eigenvectors are not kept.

    Args:
        glasses: inherent structures of one size.
        spectra: the spectrum of each, whole or its lowest modes.
        elasticities: the elastic constants of each.
        soft_modes: the soft modes of each.
        excitations: the concentration excitations of each, or none at all.
        winds: the wind on the ions of each, or none at all.
        longest: upper end of g(r) [sigma].
        bins_of_distance: bins of g(r).
        bins_of_frequency: bins of the density of states.

    Raises:
        InputError: no glasses, glasses of several sizes, or lists of different lengths.
    """
    optional = [len(part) or len(glasses) for part in (excitations, winds)]
    lengths = {len(glasses), len(spectra), len(elasticities), len(soft_modes), *optional}
    if len(lengths) > 1:
        raise InputError(
            "glasses, spectra, elastic constants, soft modes, excitations and winds differ in number: "
            f"{sorted(lengths)}"
        )
    sizes = {glass.n_atoms for glass in glasses}
    if len(sizes) != 1:
        raise InputError(f"an ensemble holds glasses of one size, got {sorted(sizes)}")
    return EnsembleResults(
        n_atoms=sizes.pop(),
        glasses=tuple(glasses),
        elasticities=tuple(elasticities),
        soft_modes=tuple(soft_modes),
        structure=structure_summary(glasses, longest=longest, bins=bins_of_distance),
        vibrations=vibration_summary(spectra, bins=bins_of_frequency),
        sound=sound_summary(elasticities, dimension=glasses[0].dimension),
        excitations=tuple(excitations),
        winds=tuple(winds),
    )
