"""A finite cluster of spherical scatterers: its scattering-path operator from one factorisation.

Lengths in angstrom, wave numbers in 1/angstrom, phase shifts in rad. A matrix index is (site, harmonic), site first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg
from scipy.spatial import cKDTree

from analysis.multiple_scattering.harmonics import ComplexArray, degrees, harmonic_count, real_harmonics
from analysis.multiple_scattering.structure_constants import enclosing_centre, overlaps, propagators
from atomsim.errors import InputError
from atomsim.results import Array, IntArray

CLOSEST = 1e-3  # distance below which two ions are at one place [angstrom]


@dataclass(frozen=True, eq=False)
class Cluster:
    """Ions with phase shifts at one energy; everything that scattering needs is derived from these.

    Potentials must not overlap (muffin tins): the series in l diverges where they do. A strength below one makes an
    ion a weaker scatterer, f -> strength f, for clusters with a soft rim; such an ion absorbs, and the optical
    theorem holds for clusters with all strengths one and real k only.

    Attributes:
        positions_nc: the ions [angstrom].
        delta_nl: phase shifts of each ion for l = 0 ... l_max [rad].
        wave_number: k at the Fermi energy, from the zero of the muffin tins; with a finite mean free path
            k + i/(2 mean free path), then used for the waves between ions only [1/angstrom].
        strength_n: factor of the scattering amplitude of each ion, one unless given [-].
    """

    positions_nc: Array
    delta_nl: Array
    wave_number: complex
    strength_n: Array | None = None

    def __post_init__(self) -> None:
        """Refuse clusters that cannot be computed; the message names the ion."""
        check_positions(self.positions_nc)
        if self.delta_nl.ndim != 2 or len(self.delta_nl) != len(self.positions_nc) or not self.delta_nl.shape[1]:
            raise InputError(f"phase shifts: shape {self.delta_nl.shape}, expected ({self.n_ions}, l_max + 1)")
        wrong = np.flatnonzero(~np.isfinite(self.delta_nl).all(axis=1))
        if wrong.size:
            raise InputError(f"phase shifts of ion {wrong[0]}: {self.delta_nl[wrong[0]].tolist()}, expected numbers")
        k = complex(self.wave_number)
        if not (np.isfinite(k) and k.real > 0 and k.imag >= 0):
            raise InputError(f"wave number {self.wave_number}: expected Re k > 0 and Im k >= 0 [1/angstrom]")
        strength = self.strength_n
        if strength is not None and (strength.shape != (self.n_ions,) or not np.isfinite(strength).all()):
            raise InputError(f"strengths of the ions: expected {self.n_ions} numbers, found {strength}")

    @property
    def n_ions(self) -> int:
        """Number of ions."""
        return len(self.positions_nc)

    @property
    def l_max(self) -> int:
        """Largest degree of the phase shifts."""
        return self.delta_nl.shape[1] - 1

    @property
    def k(self) -> float:
        """Real part of the wave number, that of the incident and outgoing plane waves [1/angstrom]."""
        return complex(self.wave_number).real

    @property
    def is_damped(self) -> bool:
        """Whether the waves between ions decay."""
        return complex(self.wave_number).imag > 0

    @property
    def conserves(self) -> bool:
        """Whether no electron is lost: real k and no weakened scatterer. Then the optical theorem holds."""
        return not self.is_damped and (self.strength_n is None or bool(np.all(self.strength_n == 1)))

    @cached_property
    def centre(self) -> Array:
        """Middle of the box around the ions, the origin of multipoles [angstrom]."""
        return enclosing_centre(self.positions_nc)

    @property
    def radius(self) -> float:
        """Distance of the outermost ion from the centre [angstrom]."""
        return float(np.linalg.norm(self.positions_nc - self.centre, axis=1).max())

    @cached_property
    def amplitude_nl(self) -> ComplexArray:
        """Scattering amplitudes f_l = e^{i delta} sin(delta)/k of the ions, times their strengths [angstrom]."""
        amplitude = np.exp(1j * self.delta_nl) * np.sin(self.delta_nl) / self.k
        return amplitude if self.strength_n is None else amplitude * self.strength_n[:, None]

    @property
    def amplitude_nL(self) -> ComplexArray:
        """Scattering amplitudes for each harmonic, shape (N, (l_max + 1)²) [angstrom]."""
        return self.amplitude_nl[:, degrees(self.l_max)]

    @cached_property
    def factors(self) -> tuple[ComplexArray, IntArray]:
        """LU factors of the transpose of 1 - G f, and pivots: the one factorisation that everything uses [-]."""
        size = self.n_ions * harmonic_count(self.l_max)
        matrix = propagators(self.positions_nc, self.wave_number, self.l_max, self.l_max).reshape(size, size)
        matrix *= -self.amplitude_nL.ravel()
        matrix.flat[:: size + 1] += 1
        # in C order the array is its transpose in the order of LAPACK, which then works in place
        return linalg.lu_factor(matrix.T, overwrite_a=True, check_finite=False)

    def exciting_waves(self, incident: ComplexArray, *, overwrite: bool = False) -> ComplexArray:
        """Return x = (1 - G f)^{-1} b, regular waves at each ion, from incident ones, shape (N (l_max + 1)², n) [any].

        tau b = f x; never forms 1/f, phase shifts may vanish.

        Source: wind-notes (scattering path); test: test_scattering_path_solves_the_equations_of_multiple_scattering

        Args:
            incident: b, coefficients of regular waves about the ions [any].
            overwrite: allow the argument to be destroyed.
        """
        return linalg.lu_solve(self.factors, incident, trans=1, overwrite_b=overwrite, check_finite=False)

    def adjoint_waves(self, rows: ComplexArray) -> ComplexArray:
        """Return y = c (1 - G f)^{-1} for rows c, shape (n, N (l_max + 1)²) [any]; c tau = c f (1 - G f)^{-1}.

        Source: wind-notes (scattering path); test: test_adjoint_waves_are_rows_of_the_inverse

        Args:
            rows: c [any].
        """
        return linalg.lu_solve(self.factors, rows.T, trans=0, check_finite=False).T

    def scattering_path(self) -> ComplexArray:
        """Return tau = (1 - f G)^{-1} f = f (1 - G f)^{-1}, square [angstrom].

        Source: wind-notes (scattering path); test: test_scattering_path_solves_the_equations_of_multiple_scattering
        """
        f = self.amplitude_nL.ravel()
        return f[:, None] * self.exciting_waves(np.eye(len(f), dtype=complex, order="F"), overwrite=True)

    def overlap(self, l_rows: int | None = None, l_columns: int | None = None) -> ComplexArray:
        """Return the overlap matrix J between harmonics of all ions, as a matrix [-].

        Args:
            l_rows: largest degree of the rows; that of the cluster if None.
            l_columns: largest degree of the columns; that of the cluster if None.
        """
        rows = self.l_max if l_rows is None else l_rows
        columns = self.l_max if l_columns is None else l_columns
        found = overlaps(self.positions_nc, self.k, rows, columns)
        return found.reshape(self.n_ions * harmonic_count(rows), -1)

    def plane_waves(self, directions: ArrayLike, l_max: int | None = None) -> ComplexArray:
        """Return B_nL = Y_L(k^) exp(ik.R_n) for directions, shape (N (l_max + 1)², q) [-].

        Args:
            directions: unit vectors, shape (q, 3) [-].
            l_max: largest degree; that of the cluster if None.
        """
        directions = np.atleast_2d(np.asarray(directions, dtype=float))
        angular = real_harmonics(directions, self.l_max if l_max is None else l_max)
        phases = np.exp(1j * self.k * self.positions_nc @ directions.T)
        return (phases[:, None, :] * angular.T).reshape(-1, len(directions))


def check_positions(positions_nc: Array) -> None:
    """Refuse positions that are not numbers, or two ions at one place.

    Args:
        positions_nc: the ions, shape (N, 3) [angstrom].

    Raises:
        InputError: names the ions.
    """
    if positions_nc.ndim != 2 or positions_nc.shape[1] != 3 or not len(positions_nc):
        raise InputError(f"positions: shape {positions_nc.shape}, expected (N, 3) with at least one ion")
    wrong = np.flatnonzero(~np.isfinite(positions_nc).all(axis=1))
    if wrong.size:
        raise InputError(f"position of ion {wrong[0]}: {positions_nc[wrong[0]].tolist()}, expected numbers")
    close = cKDTree(positions_nc).query_pairs(CLOSEST, output_type="ndarray")
    if len(close):
        raise InputError(f"ions {close[0, 0]} and {close[0, 1]} are at one place, {positions_nc[close[0, 0]].tolist()}")


def overlapping_spheres(positions_nc: Array, radius_n: Array, *, tolerance: float = 1e-6) -> IntArray:
    """Return the pairs of ions whose spheres overlap, shape (p, 2).

    Args:
        positions_nc: the ions [angstrom].
        radius_n: radius of the muffin tin of each ion [angstrom].
        tolerance: overlap of two spheres that is not counted [angstrom].
    """
    pairs = cKDTree(positions_nc).query_pairs(2 * float(radius_n.max()), output_type="ndarray")
    if not len(pairs):
        return np.empty((0, 2), dtype=np.int64)
    first, second = pairs.T
    distance = np.linalg.norm(positions_nc[first] - positions_nc[second], axis=1)
    found = pairs[distance < radius_n[first] + radius_n[second] - tolerance]
    return np.asarray(found[np.lexsort(found.T[::-1])], dtype=np.int64)


def rim_strengths(distance_n: Array, radius: float, *, share: float = 0.4) -> Array:
    """Return strengths that fade out towards the surface of a sphere of ions, one inside and zero outside [-].

    cos² over the outer share of the radius. A sharp surface makes the wind oscillate with the radius, since each pair
    of ions adds cos(2kR)/R²; a soft one takes most of that, and some of the radius. The optical theorem is lost.

    Args:
        distance_n: distance of each ion from the middle [angstrom].
        radius: of the sphere [angstrom].
        share: part of the radius over which the strengths fade [-].

    Raises:
        InputError: a radius or share that cannot be.
    """
    if not (np.isfinite(radius) and radius > 0 and 0 <= share <= 1):
        raise InputError(f"radius {radius}, share {share}: expected a positive radius and a share from 0 to 1")
    if share == 0:
        return np.where(distance_n <= radius, 1.0, 0.0)
    depth = (distance_n / radius - (1 - share)) / share
    return np.cos(np.pi / 2 * np.clip(depth, 0, 1)) ** 2
