"""The results of a study side by side: what figures, report, summary and validation are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.modes import Elasticity, Modes
from analysis.scanned import ScannedMode
from analysis.soft_modes import SoftModes
from analysis.soft_potential import EnsembleParameters, SoftPotentials
from analysis.structure import StructureSummary, structure_summary
from analysis.thermal import ThermalPrediction
from analysis.vibrations import SoundSummary, VibrationSummary, sound_summary, vibration_summary
from atomsim.errors import InputError
from atomsim.provenance import Provenance
from atomsim.quench import Glass
from atomsim.units import Material


@dataclass(frozen=True)
class EnsembleResults:
    """All glasses of one size; the tuples hold one entry for each glass, in the same order."""

    n_atoms: int
    glasses: tuple[Glass, ...]
    elasticities: tuple[Elasticity, ...]
    soft_modes: tuple[SoftModes, ...]
    structure: StructureSummary
    vibrations: VibrationSummary
    sound: SoundSummary

    @property
    def name(self) -> str:
        """What figures and tables call the ensemble."""
        return f"N = {self.n_atoms}"


@dataclass(frozen=True)
class WholeStudy:
    """A finished study: ensembles from the smallest size on, and what follows from all of them together.

    ``soft_potentials`` are those of all modes that their relaxed quartic term bounds, None if there is none;
    ``material`` is the one that ``thermal`` speaks of, ``scan_note`` why there is no scan.
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

    def __post_init__(self) -> None:
        """Refuse a study without glasses."""
        if not self.ensembles:
            raise InputError(f"study {self.name!r} holds no ensemble of glasses")

    @property
    def largest(self) -> EnsembleResults:
        """The ensemble of the largest glasses."""
        return self.ensembles[-1]


def ensemble_results(
    glasses: Sequence[Glass],
    spectra: Sequence[Modes],
    elasticities: Sequence[Elasticity],
    soft_modes: Sequence[SoftModes],
    *,
    longest: float = 4.0,
    bins_of_distance: int = 200,
    bins_of_frequency: int = 80,
) -> EnsembleResults:
    """Return the results of glasses of one size with their summaries; the eigenvectors are not kept.

    Args:
        glasses: inherent structures of one size.
        spectra: the complete spectrum of each.
        elasticities: the elastic constants of each.
        soft_modes: the soft modes of each.
        longest: upper end of g(r) [sigma].
        bins_of_distance: bins of g(r).
        bins_of_frequency: bins of the density of states.

    Raises:
        InputError: no glasses, glasses of several sizes, or lists of different lengths.
    """
    lengths = {len(glasses), len(spectra), len(elasticities), len(soft_modes)}
    if len(lengths) > 1:
        raise InputError(f"glasses, spectra, elastic constants and soft modes differ in number: {sorted(lengths)}")
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
    )
