"""What drives the electrons: the distribution n_1(k) that a Boltzmann equation gave, and the force it makes.

n_1(k) = phi(k^) (-dn_0/de): in direction k^ the Fermi surface is shifted by the energy phi. A field gives
phi = e l k^.E; any other odd function of direction, from another Boltzmann equation, enters as a callable. A
temperature gradient gives a phi that is odd in energy about the Fermi level, and a force by the slope of the wind
with energy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.electron_gas import ELECTRON_CHARGE, electron_density
from analysis.multiple_scattering.harmonics import sphere_quadrature
from analysis.multiple_scattering.structure_constants import multipole_degree
from analysis.multiple_scattering.wind_force import TOLERANCE, force_tensors, momentum_transfer
from atomsim.errors import InputError
from atomsim.results import Array, IntArray
from atomsim.units import ANGSTROM, BOLTZMANN, ELECTRON_VOLT, HBAR

ODD = 1e-9  # largest even part of a shift, over its largest value [-]


@dataclass(frozen=True, eq=False)
class Drive:
    """A shift of the Fermi surface, phi(k^) = g.k^ + higher(k^).

    Attributes:
        vector_c: g, the part that a field makes [J].
        higher: what the scattering of the electrons adds to it, odd in k^, from directions (q, 3) to energies [J].
        degree: largest degree of the harmonics in ``higher``.
    """

    vector_c: Array
    higher: Callable[[Array], Array] | None = None
    degree: int = 1

    def shift(self, directions: ArrayLike) -> Array:
        """Return phi(k^) [J].

        Args:
            directions: unit vectors, shape (q, 3) [-].

        Raises:
            InputError: the higher part is not odd.
        """
        directions = np.atleast_2d(np.asarray(directions, dtype=float))
        found = directions @ self.vector_c
        if self.higher is None:
            return np.asarray(found)
        here, opposite = self.higher(directions), self.higher(-directions)
        largest = float(np.abs(here).max(initial=0))
        if np.abs(here + opposite).max(initial=0) > ODD * largest:
            raise InputError("the distribution of the electrons must be odd in k: the force of an even part is no wind")
        return np.asarray(found + here)


def field_drive(field: ArrayLike, mean_free_path: float) -> Drive:
    """Return the drive of an electric field, phi = e l k^.E.

    Source: schaich-1976 (1), (4); test: test_forces_of_drives_agree_with_the_tensors

    Args:
        field: E, Cartesian [V/m].
        mean_free_path: l [angstrom].
    """
    return Drive(vector_c=ELECTRON_CHARGE * mean_free_path * ANGSTROM * np.asarray(field, dtype=float))


def current_drive(current_density: ArrayLike, wave_number: float) -> Drive:
    """Return the drive of an electric current, phi = hbar k k^.j/(n e), whatever the mean free path.

    Source: wind-notes (drives); test: test_forces_of_drives_agree_with_the_tensors

    Args:
        current_density: j, Cartesian [A/m^2].
        wave_number: Fermi wave number k [1/angstrom].
    """
    per_current = HBAR * wave_number / (float(electron_density(wave_number)) * ELECTRON_CHARGE) * ANGSTROM**2
    return Drive(vector_c=per_current * np.asarray(current_density, dtype=float))


def driven_forces(
    cluster: Cluster, drive: Drive, ions: Sequence[int] | IntArray | None = None, *, tolerance: float = TOLERANCE
) -> Array:
    """Return the wind force on ions for any drive, shape (i, 3) [N].

    F = sum_k n_1(k) v(k) = (k³/4 pi³) int dk^ phi(k^) s(k^), which is n sigma g for phi = g.k^. A higher part is
    integrated by a quadrature that is exact for its degree, as far as the multipoles of the cluster are.

    Source: schaich-1976 (29); test: test_forces_of_drives_agree_with_the_tensors

    Args:
        cluster: the ions.
        drive: the distribution of the electrons.
        ions: indices of the ions asked for, all if None.
        tolerance: share of a plane wave that may be left out at the outermost ion [-].
    """
    k = cluster.k
    if drive.higher is None:
        return (
            float(electron_density(k)) / ANGSTROM * force_tensors(cluster, ions, tolerance=tolerance) @ drive.vector_c
        )
    multipoles = multipole_degree(k * cluster.radius, cluster.l_max + 1, tolerance=tolerance)
    directions, weights = sphere_quadrature(2 * (multipoles + 1) + drive.degree)
    transfer = momentum_transfer(cluster, directions, ions)
    return k**3 / (4 * np.pi**3) / ANGSTROM * transfer @ (weights * drive.shift(directions))


def temperature_gradient_force(slope: ArrayLike, temperature: float, gradient: ArrayLike) -> Array:
    """Return the wind force of a temperature gradient, F = -(pi²/3) k_B² T (dK/de) grad T, K = n l sigma [N].

    n_1 = -l k^.grad T (e - mu)/T (-dn_0/de) is odd in energy about the chemical potential: hot electrons come down the
    gradient, cold ones up, and the wind is what the difference of their cross-sections and free paths leaves.
    Sommerfeld's leading term, for k_B T small against the energy over which K changes; no phonon wind.

    Source: wind-notes (drives); test: test_temperature_gradient_against_the_integral_over_energy

    Args:
        slope: dK/de of the tensor, shape (..., 3, 3), see :func:`kernel_slope` [1/eV].
        temperature: T [K].
        gradient: grad T, Cartesian [K/m].
    """
    return -heat_of_transport(slope, temperature) * ELECTRON_VOLT / temperature @ np.asarray(gradient, dtype=float)


def heat_of_transport(slope: ArrayLike, temperature: float) -> Array:
    """Return the wind part of the heat of transport, Q = (pi²/3) (k_B T)² dK/de, in F = -Q grad T/T [eV].

    Source: wind-notes (drives); test: test_temperature_gradient_against_the_integral_over_energy

    Args:
        slope: dK/de of K = n l sigma [1/eV].
        temperature: T [K].
    """
    return np.pi**2 / 3 * (BOLTZMANN * temperature / ELECTRON_VOLT) ** 2 * np.asarray(slope, dtype=float)


def kernel_slope(kernels: tuple[ArrayLike, ArrayLike], energies: tuple[float, float]) -> Array:
    """Return dK/de from K = n l sigma at two energies beside the Fermi energy [1/eV].

    A central difference: phase shifts, wave number, density and mean free path of each energy belong into its K.

    Args:
        kernels: K below and above, a number in units of |e| like -Z_w [-].
        energies: the two energies [eV].

    Raises:
        InputError: energies that do not ascend.
    """
    if not energies[1] > energies[0]:
        raise InputError(f"energies {energies[0]} and {energies[1]} eV: expected the lower one first")
    below, above = (np.asarray(kernel, dtype=float) for kernel in kernels)
    return np.asarray((above - below) / (energies[1] - energies[0]))
