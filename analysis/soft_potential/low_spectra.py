"""The lowest vibrations of the glasses of one size, up to a frequency below which every one of them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atomsim.errors import IncompleteSpectrum, InputError
from atomsim.results import Array, quantity

OMEGA = "sqrt(epsilon/m)/sigma"
DIMENSION = 3


@dataclass(frozen=True)
class LowSpectrum:
    """The low end of the spectrum of one glass; zero modes are left out."""

    omega_m: Array = quantity(OMEGA, "angular frequencies, ascending")
    complete_below: float = quantity(OMEGA, "below this all vibrations are listed; infinite for a whole spectrum")
    phonon_frequency: float = quantity(OMEGA, "omega of the longest transverse wave of the box")
    n_atoms: int = quantity("1", "number of atoms")


@dataclass(frozen=True)
class TailWindow:
    """The vibrations of glasses of one size below one frequency, the same for all of them."""

    edge: float
    n_atoms: int
    omega_gm: tuple[Array, ...]
    minimum_g: Array  # the lowest vibration of each glass, wherever it lies

    @property
    def n_glasses(self) -> int:
        """Number of glasses."""
        return len(self.omega_gm)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of one glass [-]."""
        return float(DIMENSION * self.n_atoms)

    @property
    def count_g(self) -> Array:
        """Number of vibrations of each glass in the window [-]."""
        return np.array([len(omega_m) for omega_m in self.omega_gm], dtype=float)

    @property
    def log_sum_g(self) -> Array:
        """Sum of ln(edge/omega) over the vibrations of each glass in the window [-]."""
        return np.array([np.sum(np.log(self.edge / omega_m)) for omega_m in self.omega_gm])


def mean_phonon(spectra: Sequence[LowSpectrum]) -> float:
    """Return the mean frequency of the longest transverse wave of the boxes [sqrt(epsilon/m)/sigma].

    Args:
        spectra: the lowest vibrations of glasses of one size.

    Raises:
        InputError: no glasses, or glasses of several sizes.
    """
    sizes = sorted({spectrum.n_atoms for spectrum in spectra})
    if len(sizes) != 1:
        raise InputError(f"a tail is counted in glasses of one size, got {sizes or 'none'}")
    return float(np.mean([spectrum.phonon_frequency for spectrum in spectra]))


def window_below(spectra: Sequence[LowSpectrum], edge: float) -> TailWindow:
    """Return the vibrations below one frequency.

    One edge serves all glasses: an edge that followed the stiffness of each glass would follow its soft modes, which
    lower that stiffness.

    Args:
        spectra: the lowest vibrations of glasses of one size.
        edge: upper end of the window [sqrt(epsilon/m)/sigma].

    Raises:
        InputError: no glasses, glasses of several sizes, an edge that is not positive, or a glass without vibrations.
        IncompleteSpectrum: the vibrations of a glass are not all known up to there.
    """
    mean_phonon(spectra)
    if not (np.isfinite(edge) and edge > 0):
        raise InputError(f"edge = {edge} of the window must be positive and finite")
    if any(not len(spectrum.omega_m) for spectrum in spectra):
        raise InputError("a glass without vibrations has no lowest one")
    lowest_end = min(spectrum.complete_below for spectrum in spectra)
    if lowest_end < edge:
        raise IncompleteSpectrum(
            f"the vibrations of a glass are known below {lowest_end:.4g}, the window ends at {edge:.4g}; compute more "
            "modes of each glass, or take a lower window",
            estimate=lowest_end,
        )
    inside = tuple(s.omega_m[s.omega_m < edge] for s in spectra)
    lowest = np.array([float(s.omega_m[0]) for s in spectra])
    return TailWindow(float(edge), spectra[0].n_atoms, inside, lowest)
