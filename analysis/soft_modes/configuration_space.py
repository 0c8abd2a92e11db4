"""The energy of a glass as a function of mass-weighted coordinates q = sqrt(m) R, in which paths have their length."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.minimise import minimise
from atomsim.quench import Glass
from atomsim.results import Array

SHIFT = 1e-6  # of translations away from zero, in units of the mean eigenvalue [-]
SAME_MINIMUM = 1e-3  # largest displacement of an atom between two copies of one minimum [sigma]


class ConfigurationSpace:
    """Energies, forces and dynamical matrices of one glass at any point q, (dN,); positions are never wrapped."""

    def __init__(self, glass: Glass) -> None:
        """Bind the interaction.

        Args:
            glass: the minimum where paths begin.
        """
        self.glass = glass
        self.interaction = glass.interaction()
        self.dimension = glass.dimension
        self.root_n = np.sqrt(glass.mass_n)
        self.start = self.point(glass.positions_nc)

    def point(self, positions_nc: Array) -> Array:
        """Return q of positions [sqrt(m) sigma].

        Args:
            positions_nc: positions, (N, 3) [sigma].
        """
        return (positions_nc[:, : self.dimension] * self.root_n[:, None]).ravel()

    def positions(self, point: Array) -> Array:
        """Return the positions of a point, (N, 3) [sigma].

        Args:
            point: q [sqrt(m) sigma].
        """
        full_nc = self.glass.positions_nc.copy()
        full_nc[:, : self.dimension] = point.reshape(-1, self.dimension) / self.root_n[:, None]
        return full_nc

    def energy_and_force(self, point: Array) -> tuple[float, Array]:
        """Return the energy of all atoms [epsilon] and -dU/dq, (dN,) [epsilon/(sqrt(m) sigma)].

        Args:
            point: q [sqrt(m) sigma].
        """
        energy, forces_nc = self.interaction.energy_and_forces(self.positions(point))
        return energy, (forces_nc[:, : self.dimension] / self.root_n[:, None]).ravel()

    def matrix(self, point: Array) -> sparse.csr_matrix:
        """Return the dynamical matrix at a point [epsilon/(m sigma^2)].

        Args:
            point: q [sqrt(m) sigma].
        """
        terms = self.interaction.terms(self.positions(point))
        return mass_weighted(hessian_matrix(terms), self.glass.mass_n, self.dimension)

    def translations(self) -> Array:
        """Return the unit vectors of rigid translations as rows, (d, dN) [-]."""
        unit = self.root_n / np.linalg.norm(self.root_n)
        return np.stack([np.outer(unit, np.eye(self.dimension)[c]).ravel() for c in range(self.dimension)])

    def aligned(self, point: Array, reference: Array) -> Array:
        """Return a point moved rigidly so that its centre of mass is that of the reference [sqrt(m) sigma].

        Args:
            point: q [sqrt(m) sigma].
            reference: another point [sqrt(m) sigma].
        """
        rows = self.translations()
        return point - rows.T @ (rows @ (point - reference))

    def atom_moves(self, move: Array) -> Array:
        """Return how far each atom goes in a move, (N,) [sigma].

        Args:
            move: difference of two points [sqrt(m) sigma].
        """
        return np.linalg.norm(move.reshape(-1, self.dimension), axis=1) / self.root_n

    def same(self, one: Array, other: Array) -> bool:
        """Tell whether two aligned points are the same minimum within the accuracy of a minimisation.

        Args:
            one: q [sqrt(m) sigma].
            other: another q [sqrt(m) sigma].
        """
        return bool(self.atom_moves(one - other).max() < SAME_MINIMUM)

    def minimum_near(self, point: Array) -> Array:
        """Return the minimum to which a point descends, its centre of mass that of the glass [sqrt(m) sigma].

        Args:
            point: q [sqrt(m) sigma].

        Raises:
            NotAMinimum: the descent ends on a saddle.
            NotConverged: the forces stay above the tolerance.
        """
        found = minimise(self.interaction, self.positions(point))
        return self.aligned(self.point(found.positions_nc), self.start)
