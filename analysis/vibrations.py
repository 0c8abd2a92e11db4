"""The vibrations of an ensemble in a few numbers: spectrum, participation, sound and its Debye level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.modes import DensityOfStates, Elasticity, Modes, density_of_states
from analysis.structure import mean_over_glasses
from atomsim.results import Array, Estimate, IntArray, quantity

OMEGA = "sqrt(epsilon/m)/sigma"


@dataclass(frozen=True)
class VibrationSummary:
    """Spectra of an ensemble; each glass counts alike, errors are standard errors over glasses.

    ``omega_m``, ``participation_ratio_m`` and ``glass_m`` list the vibrations of all glasses, zero modes left out.
    """

    density: DensityOfStates
    omega_m: Array = quantity(OMEGA, "angular frequency of each vibration")
    participation_ratio_m: Array = quantity("1", "participation ratio of each vibration")
    glass_m: IntArray = quantity("1", "the glass it belongs to")
    rms_frequency: Estimate = quantity(OMEGA, "root mean square of omega over all degrees of freedom")
    highest_frequency: Estimate = quantity(OMEGA, "highest omega")
    participation_ratio: Estimate = quantity("1", "median participation ratio")


@dataclass(frozen=True)
class SoundSummary:
    """Elastic moduli, sound velocities and Debye frequency, means over glasses."""

    bulk_modulus: Estimate = quantity("epsilon/sigma^d", "bulk modulus")
    shear_modulus: Estimate = quantity("epsilon/sigma^d", "shear modulus")
    longitudinal_velocity: Estimate = quantity("sqrt(epsilon/m)", "velocity of longitudinal sound")
    transverse_velocity: Estimate = quantity("sqrt(epsilon/m)", "velocity of transverse sound")
    debye_frequency: Estimate = quantity(OMEGA, "Debye angular frequency")


def vibration_summary(spectra: Sequence[Modes], *, bins: int = 80) -> VibrationSummary:
    """Return the density of states and the headline numbers of complete spectra.

    Args:
        spectra: complete spectra of one or more glasses.
        bins: number of equal bins of frequency.

    Raises:
        InputError: no spectrum, or one that is not complete.
    """
    density = density_of_states(spectra, bins=bins)
    counts = [len(modes.omega_m[modes.vibrations]) for modes in spectra]
    return VibrationSummary(
        density=density,
        omega_m=np.concatenate([modes.omega_m[modes.vibrations] for modes in spectra]),
        participation_ratio_m=np.concatenate([modes.participation_ratio_m[modes.vibrations] for modes in spectra]),
        glass_m=np.repeat(np.arange(len(spectra)), counts),
        rms_frequency=mean_over_glasses([np.sqrt(modes.mean_square_frequency) for modes in spectra], OMEGA),
        highest_frequency=mean_over_glasses([modes.omega_m[-1] for modes in spectra], OMEGA),
        participation_ratio=mean_over_glasses(
            [np.median(modes.participation_ratio_m[modes.vibrations]) for modes in spectra], "1"
        ),
    )


def sound_summary(elastic: Sequence[Elasticity], *, dimension: int = 3) -> SoundSummary:
    """Return the mean moduli and velocities of an ensemble.

    Args:
        elastic: elastic constants of one or more glasses.
        dimension: 2 or 3.

    Raises:
        InputError: no glasses.
    """
    modulus = f"epsilon/sigma^{dimension}"
    return SoundSummary(
        bulk_modulus=mean_over_glasses([e.bulk_modulus for e in elastic], modulus),
        shear_modulus=mean_over_glasses([e.shear_modulus for e in elastic], modulus),
        longitudinal_velocity=mean_over_glasses([e.longitudinal_velocity for e in elastic], "sqrt(epsilon/m)"),
        transverse_velocity=mean_over_glasses([e.transverse_velocity for e in elastic], "sqrt(epsilon/m)"),
        debye_frequency=mean_over_glasses([e.debye_frequency for e in elastic], OMEGA),
    )
