"""Vibrational density of states of an ensemble, with its Debye level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.modes.spectrum import Modes
from atomsim.errors import InputError
from atomsim.results import Array, quantity


@dataclass(frozen=True)
class DensityOfStates:
    """g(omega), normalised to one over all vibrations (zero modes left out), averaged over glasses."""

    edges_w: Array = quantity("sqrt(epsilon/m)/sigma", "edges of the frequency bins (omega, not nu)")
    density_w: Array = quantity("sigma sqrt(m/epsilon)", "density of states per vibration")
    error_w: Array = quantity("sigma sqrt(m/epsilon)", "standard error over glasses (NaN for a single glass)")
    n_glasses: int = quantity("1", "number of glasses")

    @property
    def centres_w(self) -> Array:
        """Centres of the bins [sqrt(epsilon/m)/sigma]."""
        return 0.5 * (self.edges_w[1:] + self.edges_w[:-1])


def density_of_states(spectra: Sequence[Modes], *, bins: int = 80) -> DensityOfStates:
    """Return the density of states of full spectra, each glass counted alike.

    Args:
        spectra: complete spectra of one or more glasses.
        bins: number of equal bins from zero to the highest frequency.

    Raises:
        InputError: no spectrum, or a spectrum that is not complete.
    """
    if not spectra:
        raise InputError("a density of states needs at least one spectrum")
    for k, modes in enumerate(spectra):
        if len(modes.omega_m) < 2 * modes.n_atoms:
            raise InputError(
                f"spectrum {k} holds {len(modes.omega_m)} modes of {modes.n_atoms} atoms; a full one is needed"
            )
    top = max(float(modes.omega_m[-1]) for modes in spectra)
    edges = np.linspace(0.0, np.nextafter(top, np.inf), bins + 1)
    rows = np.array([np.histogram(m.omega_m[m.vibrations], edges)[0] / len(m.omega_m[m.vibrations]) for m in spectra])
    rows /= np.diff(edges)
    count = len(spectra)
    error = rows.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.full(bins, np.nan)
    return DensityOfStates(edges, rows.mean(axis=0), error, count)


def debye_density(omega: ArrayLike, debye_frequency: float, dimension: int = 3) -> Array:
    """Return Debye's density of states d omega^{d-1}/omega_D^d below omega_D, zero above [sigma sqrt(m/epsilon)].

    Args:
        omega: angular frequency [sqrt(epsilon/m)/sigma].
        debye_frequency: Debye angular frequency [sqrt(epsilon/m)/sigma].
        dimension: 2 or 3.
    """
    omega = np.asarray(omega, dtype=float)
    level = dimension * omega ** (dimension - 1) / debye_frequency**dimension
    return np.where(omega <= debye_frequency, level, 0.0)
