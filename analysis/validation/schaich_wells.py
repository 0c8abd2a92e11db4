"""Square wells whose Schroedinger equation is solved by matching on their spheres, without any multiple scattering.

Outside, the wave is the incident one and outgoing spherical waves about each well; inside, regular waves. Value and
slope are made continuous at points of each sphere: no phase shift, no structure constant and no Gaunt coefficient
enters. Lengths in angstrom, potentials in hbar^2/(m angstrom^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.exact_phase_shifts import square_well_phase_shifts
from analysis.multiple_scattering.harmonics import (
    ComplexArray,
    degrees,
    real_harmonics,
    sphere_quadrature,
    spherical_bessel,
    spherical_hankel,
)
from atomsim.results import Array

WAVES = 5  # largest degree about each well; what is left out is below 1e-5 of the wave for k radius < 2
POINTS = 14  # degree of the rule of points on each sphere
STEP = 0.02  # of radial differences, in units of the radius [-]
DIFFERENCE = np.array([-1 / 60, 3 / 20, -3 / 4, 0.0, 3 / 4, -3 / 20, 1 / 60])  # first derivative, sixth order


@dataclass(frozen=True, eq=False)
class Wells:
    """Square wells of one radius at given places.

    Attributes:
        positions_nc: their middles, farther apart than two radii [angstrom].
        depth_n: minus the potential inside each [hbar^2/(m angstrom^2)].
        radius: of all wells [angstrom].
        wave_number: k outside [1/angstrom].
    """

    positions_nc: Array
    depth_n: Array
    radius: float
    wave_number: float

    def cluster(self, l_max: int = WAVES) -> Cluster:
        """Return the wells as a cluster of scatterers with exact phase shifts.

        Args:
            l_max: largest degree of the phase shifts.
        """
        k = self.wave_number
        delta = [square_well_phase_shifts(k, potential=-v, radius=self.radius, l_max=l_max) for v in self.depth_n]
        return Cluster(self.positions_nc, np.array(delta), k)

    def sent(self, incoming: Array) -> ComplexArray:
        """Return the coefficients of h_l Y_L about each well for directions of the electron, shape (n, L, q) [-].

        Args:
            incoming: directions k, shape (q, 3) [-].
        """
        right = np.concatenate([
            self._mismatch(site, np.exp(1j * self.wave_number * self._shells(site) @ incoming.T))
            for site in range(len(self.depth_n))
        ])  # fmt: skip
        found = np.linalg.solve(self._matrix, -right)
        return np.asarray(found.reshape(len(self.depth_n), -1, len(incoming)))

    @cached_property
    def _rule(self) -> tuple[Array, Array]:
        return sphere_quadrature(POINTS + WAVES)

    def _shells(self, site: int) -> Array:
        """Points on seven spheres about a well, the middle one its surface, shape (7, p, 3)."""
        radii = self.radius * (1 + STEP * np.arange(-3, 4))
        return np.asarray(self.positions_nc[site] + radii[:, None, None] * self._rule[0])

    def _mismatch(self, site: int, waves: ComplexArray) -> ComplexArray:
        """What keeps a wave outside, given on seven shells (7, p, q), from going on as a regular wave, (L, q)."""
        directions, weights = self._rule
        project = (real_harmonics(directions, WAVES) * weights[:, None]).T
        value = project @ waves[3]
        slope = project @ np.tensordot(DIFFERENCE, waves, axes=1) / (STEP * self.radius)
        inner = np.sqrt(self.wave_number**2 + 2 * self.depth_n[site])
        regular = spherical_bessel(WAVES, inner * self.radius * (1 + STEP * np.arange(-3, 4)))
        steep = DIFFERENCE @ regular / (STEP * self.radius)
        return slope * regular[3][degrees(WAVES), None] - value * steep[degrees(WAVES), None]

    def outgoing(self, points: Array) -> ComplexArray:
        """Return h_l Y_L about all wells at points, shape (..., n L) [-].

        Args:
            points: where, shape (..., 3) [angstrom].
        """
        vectors = points[..., None, :] - self.positions_nc
        waves = spherical_hankel(WAVES, self.wave_number * np.linalg.norm(vectors, axis=-1))
        return np.asarray((waves[..., degrees(WAVES)] * real_harmonics(vectors, WAVES)).reshape(*points.shape[:-1], -1))

    @cached_property
    def _matrix(self) -> ComplexArray:
        sites = range(len(self.depth_n))
        return np.concatenate([self._mismatch(site, self.outgoing(self._shells(site))) for site in sites])

    def amplitude(self, outgoing: Array, incoming: Array) -> ComplexArray:
        """Return F(l, k), shape (l, k) [angstrom].

        Args:
            outgoing: directions l, shape (q, 3) [-].
            incoming: directions k, shape (p, 3) [-].
        """
        k = self.wave_number
        far = (-1j) ** (degrees(WAVES) + 1) / k * real_harmonics(outgoing, WAVES)
        rows = np.exp(-1j * k * outgoing @ self.positions_nc.T)[:, :, None] * far[:, None, :]
        return np.asarray(rows.reshape(len(outgoing), -1) @ self.sent(incoming).reshape(-1, len(incoming)))

    def wave(self, points: Array, incoming: Array) -> ComplexArray:
        """Return the wave function outside or on the spheres, shape (p, q) [-].

        Args:
            points: where, shape (p, 3) [angstrom].
            incoming: directions k, shape (q, 3) [-].
        """
        sent = self.sent(incoming).reshape(-1, len(incoming))
        return np.asarray(np.exp(1j * self.wave_number * points @ incoming.T) + self.outgoing(points) @ sent)

    def push(self, site: int, incoming: Array) -> Array:
        """Return int |Psi|^2 grad V/k^2 over a well, shape (3, q) [angstrom^2].

        The gradient of a well is a layer on its sphere: the integral is one of the density there.

        Args:
            site: number of the well.
            incoming: directions k, shape (q, 3) [-].
        """
        directions, weights = sphere_quadrature(2 * POINTS)
        density = np.abs(self.wave(self.positions_nc[site] + self.radius * directions, incoming)) ** 2
        layer = self.depth_n[site] * self.radius**2 / self.wave_number**2
        return np.asarray(layer * (directions * weights[:, None]).T @ density)
