"""The low-frequency tail of the spectra of a study, and the distributions of the parameters of its soft potentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.modes import Elasticity
from analysis.soft_modes import SoftModes
from analysis.soft_potential.local_structure import LocalSpread, local_spread
from analysis.soft_potential.low_spectra import LowSpectrum
from analysis.soft_potential.parameter_distributions import SoftPotentialDistributions, distributions
from analysis.soft_potential.tail_statistics import TailStatistics, tail_statistics
from analysis.structure import mean_over_glasses
from atomsim.errors import IllPosedFit
from atomsim.quench import Glass
from atomsim.results import Array, Estimate, quantity


@dataclass(frozen=True)
class StudyTail:
    """The tail of each size, the distributions over all soft modes, and the spread of local structure.

    ``parent_energy`` and ``energy`` say how far the liquid was annealed before it fell out of equilibrium.
    """

    statistics: TailStatistics = quantity("as its fields say", "exponents, lowest vibrations, amplitudes")
    spread: LocalSpread = quantity("as its fields say", "spread of local structure")
    parent_energy: Estimate = quantity("epsilon", "energy per atom of the liquids that were minimised")
    energy: Estimate = quantity("epsilon", "energy per atom of the inherent structures")
    distributions: SoftPotentialDistributions | None = quantity(
        "as its fields say", "None where no soft mode is bounded by its quartic term", default=None
    )
    note: str = quantity("text", "why there are no distributions", default="")


def low_spectra(
    omega_gm: Sequence[Array], elasticities: Sequence[Elasticity], sizes_g: Sequence[int], *, complete: bool
) -> list[LowSpectrum]:
    """Return the lowest vibrations of each glass with the frequency up to which they are all known.

    Args:
        omega_gm: the vibrations of each glass, ascending, zero modes left out [sqrt(epsilon/m)/sigma].
        elasticities: its elastic constants.
        sizes_g: its number of atoms.
        complete: whether all vibrations are listed, not only the lowest.
    """
    return [
        LowSpectrum(
            omega_m=np.asarray(omega_m),
            complete_below=float("inf") if complete else float(omega_m[-1]),
            phonon_frequency=elastic.lowest_phonon_frequency,
            n_atoms=int(n),
        )
        for omega_m, elastic, n in zip(omega_gm, elasticities, sizes_g, strict=True)
    ]


def study_tail(
    spectra: Sequence[LowSpectrum],
    glasses: Sequence[Glass],
    soft_modes: Sequence[SoftModes],
    rng: np.random.Generator,
    *,
    hbar: float,
    length: float,
    fraction: float,
    resamples: int,
) -> StudyTail:
    """Return what the glasses of a study say of the low-frequency tail.

    Args:
        spectra: the lowest vibrations of each glass.
        glasses: the glasses.
        soft_modes: their soft modes.
        rng: source of randomness.
        hbar: Planck's constant over 2 pi of the material [sigma sqrt(m epsilon)].
        length: length a in which displacements are measured [sigma].
        fraction: end of the window over the lowest phonon of the box [-].
        resamples: draws of glasses for the errors.

    Raises:
        IncompleteSpectrum: the vibrations of a glass are not all known up to the end of its window.
    """
    parents = np.array([glass.parent_energy for glass in glasses])
    try:
        found, note = (
            distributions(
                soft_modes,
                participation_gm=[soft.participation_number_m for soft in soft_modes],
                hbar=hbar,
                length=length,
                rng=rng,
                resamples=resamples,
            ),
            "",
        )
    except IllPosedFit as refusal:
        found, note = None, str(refusal)
    return StudyTail(
        statistics=tail_statistics(spectra, rng, fraction=fraction, resamples=resamples),
        spread=local_spread(glasses, [soft.vectors_mnc for soft in soft_modes], rng, resamples=resamples),
        parent_energy=mean_over_glasses(parents, "epsilon"),
        energy=mean_over_glasses([glass.energy for glass in glasses], "epsilon"),
        distributions=found,
        note=note,
    )
