"""The vibrations of an ensemble in a few numbers: spectrum, participation, sound and its Debye level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.modes import DensityOfStates, Elasticity, Modes, density_of_states
from analysis.structure import mean_over_glasses
from atomsim.errors import IncompleteSpectrum, InputError
from atomsim.results import Array, Estimate, IntArray, quantity

OMEGA = "sqrt(epsilon/m)/sigma"
ONLY_LOWEST = "only the lowest vibrations were computed"


@dataclass(frozen=True)
class VibrationSummary:
    """Spectra of an ensemble; each glass counts alike, errors are standard errors over glasses.

    ``omega_m``, ``participation_ratio_m`` and ``glass_m`` list the vibrations of all glasses, zero modes left out.
    Where only the lowest were computed, the density ends with them; highest frequency and participation ratio are NaN.
    """

    density: DensityOfStates
    omega_m: Array = quantity(OMEGA, "angular frequency of each vibration")
    participation_ratio_m: Array = quantity("1", "participation ratio of each vibration")
    glass_m: IntArray = quantity("1", "the glass it belongs to")
    rms_frequency: Estimate = quantity(OMEGA, "root mean square of omega over all degrees of freedom")
    highest_frequency: Estimate = quantity(OMEGA, "highest omega")
    participation_ratio: Estimate = quantity("1", "median participation ratio")

    @property
    def complete(self) -> bool:
        """Tell whether all vibrations were computed, not only the lowest of each glass."""
        return bool(np.isfinite(self.highest_frequency.value))

    def whole_spectrum(self, purpose: str) -> Array:
        """Return the angular frequencies of all vibrations [sqrt(epsilon/m)/sigma].

        Args:
            purpose: what needs them all, for the message.

        Raises:
            InputError: only the lowest of each glass were computed.
        """
        if not self.complete:
            raise InputError(
                f"{purpose} needs whole spectra, this study computed the lowest vibrations of each glass only: leave "
                "modes.lowest out of its file"
            )
        return self.omega_m


@dataclass(frozen=True)
class SoundSummary:
    """Elastic moduli, sound velocities and Debye frequency, means over glasses."""

    bulk_modulus: Estimate = quantity("epsilon/sigma^d", "bulk modulus")
    shear_modulus: Estimate = quantity("epsilon/sigma^d", "shear modulus")
    longitudinal_velocity: Estimate = quantity("sqrt(epsilon/m)", "velocity of longitudinal sound")
    transverse_velocity: Estimate = quantity("sqrt(epsilon/m)", "velocity of transverse sound")
    debye_frequency: Estimate = quantity(OMEGA, "Debye angular frequency")


def is_whole(modes: Modes) -> bool:
    """Tell whether a spectrum holds all modes of its glass, and not only the lowest.

    Args:
        modes: a spectrum, in two or three dimensions.
    """
    return len(modes.omega_m) >= 2 * modes.n_atoms


def lowest_density(spectra: Sequence[Modes], *, bins: int = 80) -> DensityOfStates:
    """Return the density of states as far up as the lowest modes of every glass reach.

    Normalised to one over all vibrations of the glass, those that were not computed included, in three dimensions.

    Args:
        spectra: lowest modes of one or more glasses, certified complete.
        bins: number of equal bins from zero to the lowest of the last frequencies.
    """
    edges = np.linspace(0.0, min(float(modes.omega_m[-1]) for modes in spectra), bins + 1)
    totals = np.array([3 * modes.n_atoms - modes.n_zero_modes for modes in spectra], dtype=float)
    counts = np.array([np.histogram(modes.omega_m[modes.vibrations], edges)[0] for modes in spectra])
    rows = counts / totals[:, None] / np.diff(edges)
    n = len(spectra)
    error = rows.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(bins, np.nan)
    return DensityOfStates(edges, rows.mean(axis=0), error, n)


def vibration_summary(spectra: Sequence[Modes], *, bins: int = 80) -> VibrationSummary:
    """Return the density of states and the headline numbers of spectra, whole ones or the lowest modes of each glass.

    Args:
        spectra: spectra of one or more glasses, certified complete as far as they go.
        bins: number of equal bins of frequency.

    Raises:
        InputError: no spectrum.
        IncompleteSpectrum: some spectra are whole and others not, or one carries no certificate.
    """
    whole = [is_whole(modes) for modes in spectra]
    if any(whole) and not all(whole):
        raise IncompleteSpectrum(f"{sum(whole)} of {len(whole)} spectra are whole, the others are not")
    if not all(modes.certified_complete for modes in spectra):
        raise IncompleteSpectrum("a spectrum carries no certificate of completeness")
    complete = all(whole)
    density = density_of_states(spectra, bins=bins) if complete else lowest_density(spectra, bins=bins)
    counts = [len(modes.omega_m[modes.vibrations]) for modes in spectra]
    highest, middle = (Estimate(float("nan"), float("nan"), unit, ONLY_LOWEST) for unit in (OMEGA, "1"))
    if complete:
        highest = mean_over_glasses([modes.omega_m[-1] for modes in spectra], OMEGA)
        middle = mean_over_glasses([np.median(m.participation_ratio_m[m.vibrations]) for m in spectra], "1")
    return VibrationSummary(
        density=density,
        omega_m=np.concatenate([modes.omega_m[modes.vibrations] for modes in spectra]),
        participation_ratio_m=np.concatenate([modes.participation_ratio_m[modes.vibrations] for modes in spectra]),
        glass_m=np.repeat(np.arange(len(spectra)), counts),
        rms_frequency=mean_over_glasses([np.sqrt(modes.mean_square_frequency) for modes in spectra], OMEGA),
        highest_frequency=highest,
        participation_ratio=middle,
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
