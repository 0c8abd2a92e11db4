"""Small systems that can be solved exactly, for the formal part of the theory of the wind force.

Ions on a ring in plane waves, electrons in a box on a grid, and ions among random matrices whose averages are known.
hbar = m = 1 and e = -1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from analysis.multiple_scattering.harmonics import ComplexArray
from analysis.multiple_scattering.linear_response import t_matrix
from analysis.validation.formula import GridStates, grid_states
from atomsim.results import Array

# --- ions on a ring -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Ring:
    """Gaussian ions on a ring, in plane waves: translations and derivatives of positions are exact.

    Attributes:
        positions_n: the ions.
        strength_n: integral of the potential of each.
        waves: number of plane waves, odd.
        length: of the ring.
        width: of the ions.
        entry: number of the plane wave that comes in, in units of 2 pi/length.
        broadening: what stands for the infinitesimal.
    """

    positions_n: Array
    strength_n: Array
    waves: int = 31
    length: float = 22.0
    width: float = 0.6
    entry: int = 4
    broadening: float = 0.07

    @cached_property
    def wave_k(self) -> Array:
        """Wave numbers, ascending [1/length]."""
        return np.asarray(2 * np.pi / self.length * (np.arange(self.waves) - self.waves // 2), dtype=float)

    @property
    def incoming(self) -> int:
        """Index of the plane wave that comes in."""
        return self.waves // 2 + self.entry

    @property
    def energy(self) -> float:
        """Energy of the plane wave that comes in [energy]."""
        return float(self.wave_k[self.incoming] ** 2 / 2)

    @cached_property
    def ion_ikl(self) -> ComplexArray:
        """Elements of the potential of each ion [energy]."""
        change = self.wave_k[:, None] - self.wave_k
        form = np.exp(-((change * self.width) ** 2) / 2) / self.length
        phases = np.exp(-1j * change * self.positions_n[:, None, None])
        return np.asarray(self.strength_n[:, None, None] * form * phases)

    @cached_property
    def potential(self) -> ComplexArray:
        """Elements of the potential of all ions [energy]."""
        return np.asarray(self.ion_ikl.sum(axis=0))

    def force(self, ion: int) -> ComplexArray:
        """Return the elements of the force on an ion, i(k - k') <k|v|k'> [force].

        Source: schaich-1976 (37), (A1); test: test_force_on_the_ring_is_the_derivative_of_the_potential

        Args:
            ion: number of the ion.
        """
        return np.asarray(1j * (self.wave_k[:, None] - self.wave_k) * self.ion_ikl[ion])

    @cached_property
    def propagator_k(self) -> ComplexArray:
        """G_0^+ of each plane wave [1/energy]."""
        return np.asarray(1 / (self.energy + 1j * self.broadening - self.wave_k**2 / 2))

    @property
    def propagator(self) -> ComplexArray:
        """G_0^+ as a matrix [1/energy]."""
        return np.diag(self.propagator_k)

    @cached_property
    def resolvent(self) -> ComplexArray:
        """G^+ of the ring with its ions, from its eigenstates and nothing else [1/energy]."""
        energy, states = np.linalg.eigh(np.diag(self.wave_k**2 / 2) + self.potential)
        return np.asarray((states / (self.energy + 1j * self.broadening - energy)) @ states.conj().T)

    def moved(self, ion: int, step: float) -> Ring:
        """Return the ring with one ion moved.

        Args:
            ion: number of the ion.
            step: how far [length].
        """
        return replace(self, positions_n=self.positions_n + step * (np.arange(len(self.positions_n)) == ion))

    def t_gradient(self, ion: int, *, outgoing: bool, step: float = 2e-3) -> ComplexArray:
        """Return dT^+/dR or dT^-/dR by differences of fourth order [force].

        Args:
            ion: number of the ion.
            outgoing: T^+, else T^-.
            step: of the differences [length].
        """
        weights = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
        propagator = self.propagator if outgoing else self.propagator.conj()
        found = sum(w * t_matrix(self.moved(ion, n * step).potential, propagator) for n, w in weights.items())
        return np.asarray(found / step)

    def at_points(self, operator: ComplexArray) -> ComplexArray:
        """Return an operator between the points of the ring instead of its plane waves [its unit].

        Args:
            operator: its elements between plane waves [any].
        """
        return np.asarray(self.plane @ operator @ self.plane.conj().T)

    @cached_property
    def place_x(self) -> Array:
        """Points, as many as plane waves [length]."""
        return np.asarray(self.length / self.waves * np.arange(self.waves), dtype=float)

    @cached_property
    def plane(self) -> ComplexArray:
        """Plane waves at the points, normalised to sum one over them [-]."""
        return np.asarray(np.exp(1j * self.place_x[:, None] * self.wave_k) / np.sqrt(self.waves))


# --- electrons in a box ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Box:
    """Independent electrons among ions in a box, on a grid, where the dipole of the electrons is well defined.

    Attributes:
        states: all eigenstates.
        force_x: force of one ion at the points.
        electrons: how many states are filled.
    """

    states: GridStates
    force_x: Array
    electrons: int

    @property
    def fermi_energy(self) -> float:
        """Middle between the last filled and the first empty state [energy]."""
        energy = self.states.energy_m
        return float(energy[self.electrons - 1] + energy[self.electrons]) / 2

    @property
    def occupation_a(self) -> Array:
        """One for filled states, zero for empty ones [-]."""
        return (np.arange(len(self.states.energy_m)) < self.electrons).astype(float)

    def element(self, values_x: Array) -> Array:
        """Return the elements of a function of the position between all states [its unit].

        Args:
            values_x: the function at the points [any].
        """
        states = self.states.state_nm
        return np.asarray(states.T @ (values_x[:, None] * states))

    @property
    def current_ab(self) -> ComplexArray:
        """Elements of J = e i[H, R] [charge times velocity]."""
        energy = self.states.energy_m
        return np.asarray(-1j * (energy[:, None] - energy) * self.element(self.states.place_n), dtype=complex)


@cache
def box() -> Box:
    """Return four electrons with three Gaussian ions in a soft box of 18 points."""
    x = np.linspace(-4.0, 4.5, 18)
    places, depths = np.array([-1.6, 0.3, 1.9]), np.array([0.8, 1.5, 1.1])
    wells = -depths[:, None] * np.exp(-((x - places[:, None]) ** 2) / 0.98)
    force = wells[1] * (x - places[1]) / -0.49  # -dV/dR of the second ion
    return Box(grid_states(x, wells.sum(axis=0) + 0.05 * x**2, kinetic=0.5, count=len(x)), force, 4)


# --- an ion among random matrices -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Medium:
    """Plane waves of two dimensions near the Fermi energy that a random matrix scatters, and one ion among them.

    Elements of the random matrix are independent, with mean squares W(k, l) = w^2 [1 + a cos(k, l)]/N. For many waves
    only ladders survive the average, and the ladder of an ion is that of averaged propagators.

    Attributes:
        energies: number of energies, equally spaced from -band to band.
        directions: number of directions.
        width: w [energy].
        anisotropy: a [-].
        band: half the width of the band [energy].
        strength: of the ion [energy].
        broadening: imaginary part of the energy, beside that of the average [energy].
    """

    energies: int = 24
    directions: int = 8
    width: float = 0.45
    anisotropy: float = 0.6
    band: float = 1.0
    strength: float = 1.2
    broadening: float = 0.2

    @property
    def energy_k(self) -> Array:
        """Energy of each wave from the Fermi energy [energy]."""
        levels = self.band * (2 * (np.arange(self.energies) + 0.5) / self.energies - 1)
        return np.repeat(levels, self.directions)

    @property
    def angle_k(self) -> Array:
        """Direction of each wave [rad]."""
        return np.tile(2 * np.pi * np.arange(self.directions) / self.directions, self.energies)

    @property
    def current_k(self) -> Array:
        """Current of each wave along the field, its velocity being one [-]."""
        return np.cos(self.angle_k)

    @property
    def rates_kl(self) -> Array:
        """W(k, l) [energy^2]."""
        angle = self.angle_k
        count = len(angle)
        return self.width**2 / count * (1 + self.anisotropy * np.cos(angle[:, None] - angle))

    @property
    def propagator_k(self) -> ComplexArray:
        """Averaged g^+ of each wave, from the self-energy that it makes itself [1/energy]."""
        own = -1j * self.width
        for _ in range(400):
            free = 1j * self.broadening - self.energy_k - own
            own = 0.5 * own + 0.5 * self.width**2 * complex(np.mean(1 / free))
        return np.asarray(1 / (1j * self.broadening - self.energy_k - own))

    @property
    def ion_k(self) -> tuple[ComplexArray, ComplexArray]:
        """u and q of the ion's potential s|u><u| and of its force i s(|q><u| - |u><q|), q = k_x u [-]."""
        u = np.exp(-((self.energy_k / self.band) ** 2)) * (1 + 0.4 * np.cos(self.angle_k)) + 0j
        return u / np.sqrt(len(u)), u * np.cos(self.angle_k) / np.sqrt(len(u))

    @property
    def potential(self) -> ComplexArray:
        """Elements of the ion's potential [energy]."""
        u, _ = self.ion_k
        return np.asarray(self.strength * np.outer(u, u.conj()))

    @property
    def force(self) -> ComplexArray:
        """Elements of the force on the ion [force]."""
        u, q = self.ion_k
        return np.asarray(1j * self.strength * (np.outer(q, u.conj()) - np.outer(u, q.conj())))

    def sample(self, rng: np.random.Generator) -> ComplexArray:
        """Return one random matrix [energy].

        Args:
            rng: source of randomness.
        """
        count = len(self.energy_k)
        free = rng.normal(size=(2, count, count))
        return np.asarray(np.sqrt(self.rates_kl) * _hermitian(free[0] + 1j * free[1]))

    def responses(self, noise: ComplexArray, phases: Array) -> Array:
        """Return Tr[f G^+ J G^-] of one sample without any average, the ion being at many places [force].

        The random matrix is solved once; the ion of rank one enters each time exactly.

        Args:
            noise: the random matrix [energy].
            phases: what each place does to the phases of the waves, (places, N) [rad].
        """
        u, q = (part * np.exp(-1j * phases) for part in self.ion_k)
        count = len(self.energy_k)
        matrix = -1j * self.broadening * np.eye(count) - np.diag(self.energy_k) - noise
        found = np.linalg.solve(matrix, np.concatenate([u, q]).T)
        at_u, at_q = found[:, : len(u)], found[:, len(u) :]
        repeated = self.strength / (1 - self.strength * (u.conj() * at_u.T).sum(axis=1))
        at_q = at_q + at_u * (repeated * (u.conj() * at_q.T).sum(axis=1))
        at_u = at_u * (repeated / self.strength)
        return -2 * self.strength * np.asarray((at_u.conj() * self.current_k[:, None] * at_q).sum(axis=0).imag)


def _hermitian(free: ComplexArray) -> ComplexArray:
    """A hermitian matrix with elements of mean square one from independent ones of mean square two."""
    upper = np.triu(free, 1) / np.sqrt(2)
    return np.asarray(upper + upper.conj().T + np.diag(np.diag(free).real))
