"""Levels and matrix elements of the soft potential: -psi'' + (alpha y^2 + beta y^3 + y^4) psi = E psi.

All work is done in the frame without cubic term, H = p^2 + D1 x + D2 x^2 + x^4 with p = -i d/dx, where every
potential occurs once. In the basis of an oscillator H is a banded matrix; the basis covers the part of phase space
that the wanted levels need, and the error is measured by enlarging it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.linalg import eig_banded

from atomsim.errors import InputError, NotConverged
from atomsim.results import Array, quantity

LARGEST_BASIS = 6000
LARGEST_COUNT = 1000
LARGEST_COEFFICIENT = 1e4  # of |D1|^(2/3) and |D2|: beyond, levels lose their digits to the depth of the wells
TOLERANCE = 1e-11  # change of a level allowed when the basis grows, relative to 1 + the depth of the potential [-]
QUARTIC_COEFFICIENT = 2.1850692  # of (n + 1/2)^(4/3): levels of the pure quartic by Bohr and Sommerfeld [-]
MIRROR_TOLERANCE = 1e-9  # |D1| over 1 + |D2|^(3/2) below which doublets are mixed as two-level systems [-]


@dataclass(frozen=True)
class Levels:
    """The lowest levels of one soft potential and the matrix elements between them, in units of W and of y.

    Signs of the states are arbitrary: only products in which every state occurs twice have a meaning. Two levels
    nearer than ``error`` are a doublet whose splitting is not resolved here; see
    :func:`analysis.soft_potential.deep_wells.splitting`.
    """

    alpha: float = quantity("1", "quadratic coefficient")
    beta: float = quantity("1", "cubic coefficient")
    D1: float = quantity("1", "linear coefficient of the cubic-free frame")
    D2: float = quantity("1", "quadratic coefficient of the cubic-free frame")
    shift: float = quantity("1", "energy of the cubic-free frame's zero above the potential's value at y = 0")
    frame_energy_m: Array = quantity("1", "levels above the zero of the cubic-free frame, ascending")
    x_mm: Array = quantity("1", "matrix elements of x = y + beta/4")
    x2_mm: Array = quantity("1", "matrix elements of x^2")
    error: float = quantity("1", "largest change of a level on enlarging the basis, and rounding")
    basis_size: int = quantity("1", "oscillator states used")

    @property
    def energy_m(self) -> Array:
        """Return the levels above the value of the potential at its stationary point y = 0 [-]."""
        return self.frame_energy_m + self.shift

    @property
    def y_mm(self) -> Array:
        """Return the matrix elements of y = x - beta/4 [-]."""
        return self.x_mm - self.beta / 4 * np.eye(len(self.x_mm))

    @property
    def y2_mm(self) -> Array:
        """Return the matrix elements of y^2 [-]."""
        return self.x2_mm - self.beta / 2 * self.x_mm + self.beta**2 / 16 * np.eye(len(self.x_mm))

    @property
    def force_mm(self) -> Array:
        """Return the matrix elements of dV/dx, (E_n - E_m)^2 x_nm/2 [-].

        Source: karpov-parshin-1985 (7.4); test: test_force_elements_by_the_equation_of_motion
        """
        gap_mm = self.frame_energy_m[:, None] - self.frame_energy_m[None, :]
        return 0.5 * gap_mm**2 * self.x_mm


def levels(alpha: float, beta: float, *, count: int) -> Levels:
    """Return the lowest levels of a soft potential with the matrix elements between them.

    Source: karpov-parshin-1985 (2.5); test: test_levels_of_the_pure_quartic
    Source: karpov-parshin-1985 (2.8); test: test_levels_of_the_pure_quartic

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
        count: how many levels.

    Raises:
        InputError: coefficients that are not numbers or so large that no digit of a gap would be left.
        NotConverged: the largest basis does not hold the levels.
    """
    D1, D2, shift = (float(value) for value in exact_frame(alpha, beta))
    if not 1 <= count <= LARGEST_COUNT:
        raise InputError(f"number of levels {count!r}, expected 1 to {LARGEST_COUNT}")
    if max(abs(D1) ** (2 / 3), abs(D2)) > LARGEST_COEFFICIENT:
        raise InputError(f"alpha = {alpha!r}, beta = {beta!r}: D1 = {D1:g}, D2 = {D2:g} are too large for levels")
    energy, x, x2, error, size = _converged(D1, D2, count)
    return Levels(float(alpha), float(beta), D1, D2, shift, energy, x, x2, error, size)


def exact_frame(alpha: float, beta: float) -> tuple[Fraction, Fraction, Fraction]:
    """Return D1, D2 and the constant of the cubic-free frame without rounding [-].

    In floating point a symmetric double well far from the origin would get an asymmetry from rounding that exceeds
    its tunnelling splitting by many orders.

    Source: soft-potential-notes (shift); test: test_symmetric_potentials_stay_symmetric

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].

    Raises:
        InputError: a coefficient is not a finite number.
    """
    if not (np.isfinite(alpha) and np.isfinite(beta)):
        raise InputError(f"alpha = {alpha!r}, beta = {beta!r}, expected finite numbers")
    a, b = Fraction(float(alpha)), Fraction(float(beta))
    return b**3 / 8 - a * b / 2, a - 3 * b**2 / 8, a * b**2 / 16 - 3 * b**4 / 256


def oscillator_bands(coefficients: Array, frequency: float, size: int) -> Array:
    """Return the lower bands of p^2 + c1 z + c2 z^2 + c3 z^3 + z^4 in an oscillator basis, shape (5, size) [-].

    The basis states are those of p^2 + nu^2 z^2. With z = (a + a^+)/(2 nu)^{1/2} the elements of the powers of z and
    of p^2 follow from the algebra of a.

    Source: soft-potential-notes (oscillator basis); test: test_bands_hold_the_powers_of_the_coordinate

    Args:
        coefficients: c1, c2, c3 [-].
        frequency: nu [-].
        size: number of basis states.
    """
    n, nu = np.arange(size, dtype=float), frequency
    c1, c2, c3 = coefficients
    step = [np.sqrt(np.prod([n + j for j in range(1, k + 1)], axis=0) / (2 * nu) ** k) for k in range(5)]
    bands = np.zeros((5, size))
    bands[0] = (nu / 2 + c2 / (2 * nu)) * (2 * n + 1) + (6 * n**2 + 6 * n + 3) / (4 * nu**2)
    bands[1] = step[1] * (c1 + 3 * c3 * (n + 1) / (2 * nu))
    bands[2] = step[2] * (-(nu**2) + c2 + (2 * n + 3) / nu)
    bands[3] = step[3] * c3
    bands[4] = step[4]
    for k in range(1, 5):
        bands[k, max(0, size - k) :] = 0.0
    return bands


def ladder(size: int, frequency: float) -> Array:
    """Return <n|z|n+1> of the oscillator basis, (n + 1)^{1/2}/(2 nu)^{1/2}, shape (size - 1,) [-].

    Args:
        size: number of basis states.
        frequency: nu of the basis [-].
    """
    return np.sqrt(np.arange(1, size) / (2 * frequency))


def potential_minimum(D1: float, D2: float) -> tuple[float, float]:
    """Return where D1 x + D2 x^2 + x^4 is smallest, and its value there [-].

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].
    """
    roots = np.roots([4.0, 0.0, 2 * D2, D1])
    real = roots.real[np.abs(roots.imag) <= 1e-6 * (1 + np.abs(roots))]
    value = real * (D1 + real * (D2 + real**2))
    best = int(np.argmin(value))
    return float(real[best]), float(value[best])


@dataclass(frozen=True)
class Basis:
    """States of an oscillator p^2 + frequency^2 (x - centre)^2 in which a potential is solved."""

    centre: float = quantity("1", "where the oscillator stands")
    frequency: float = quantity("1", "frequency of the oscillator")
    size: int = quantity("1", "number of states")

    def grown(self) -> Basis:
        """Return the same oscillator with about 40 % more states."""
        return Basis(self.centre, self.frequency, int(1.4 * self.size) + 8)


def basis_for(D1: float, D2: float, count: int) -> Basis:
    """Return an oscillator basis that holds the lowest levels.

    It covers the rectangle of phase space around all wells that reach below an energy with count + 3 states by Bohr
    and Sommerfeld: a higher well that the levels do not reach is left out.

    Source: soft-potential-notes (oscillator basis); test: test_levels_do_not_depend_on_the_basis

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].
        count: how many levels.
    """
    place, bottom = potential_minimum(D1, D2)
    stiffness = 2 * D2 + 12 * place**2
    reach = 4 * (count + 3) * np.sqrt(max(stiffness, 0.0)) + 8 * QUARTIC_COEFFICIENT * (count + 3.5) ** (4 / 3)
    top = _energy_with_states(count + 3, D1, D2, bottom, bottom + reach)
    edges = np.roots([1.0, 0.0, D2, D1, -top])
    real = edges.real[np.abs(edges.imag) < 1e-6 * (1 + np.abs(edges))]
    centre = 0.0 if D1 == 0 else float(real.max() + real.min()) / 2
    half_width, momentum = float(real.max() - real.min()) / 2, float(np.sqrt(top - bottom))
    return Basis(centre, momentum / half_width, int(0.7 * half_width * momentum) + 2 * count + 16)


def _energy_with_states(states: float, D1: float, D2: float, bottom: float, top: float) -> float:
    """The energy below which phase space holds so many states: (1/pi) integral p dx over all wells."""
    edges = np.roots([1.0, 0.0, D2, D1, -top])
    reach = float(np.max(np.abs(edges.real[np.abs(edges.imag) < 1e-6 * (1 + np.abs(edges))])))
    x = np.linspace(-reach, reach, 1001)
    well = x * (D1 + x * (D2 + x**2))
    low = bottom
    for _ in range(25):
        middle = (low + top) / 2
        held = np.sum(np.sqrt(np.maximum(middle - well, 0.0))) * (x[1] - x[0]) / np.pi
        low, top = (middle, top) if held < states else (low, middle)
    return top


def _converged(D1: float, D2: float, count: int) -> tuple[Array, Array, Array, float, int]:
    """Levels and matrix elements in a basis that is enlarged until they stay."""
    symmetric = abs(D1) <= MIRROR_TOLERANCE * (1 + abs(D2) ** 1.5)
    basis = basis_for(0.0 if symmetric else D1, D2, count)
    solve = _mirror_symmetric if symmetric else _banded
    before = solve(D1, D2, count, basis)
    while True:
        basis = basis.grown()
        if basis.size > LARGEST_BASIS:
            raise NotConverged(
                f"levels of D1 = {D1:g}, D2 = {D2:g}: {LARGEST_BASIS} basis states do not suffice", before[0]
            )
        found = solve(D1, D2, count, basis)
        change = float(np.max(np.abs(found[0] - before[0])))
        scale = 1 + float(np.max(np.abs(found[0])))
        if change <= TOLERANCE * scale:
            return *found, max(change, 1e-14 * scale), basis.size
        before = found


def shifted(D1: float, D2: float, centre: float) -> tuple[Array, float]:
    """Return the coefficients of (x - centre), (x - centre)^2, (x - centre)^3 and the constant of a potential [-].

    Args:
        D1: linear coefficient [-].
        D2: quadratic coefficient [-].
        centre: the new origin [-].
    """
    linear = D1 + 2 * D2 * centre + 4 * centre**3
    return np.array([linear, D2 + 6 * centre**2, 4 * centre]), centre * (D1 + centre * (D2 + centre**2))


def _banded(D1: float, D2: float, count: int, basis: Basis) -> tuple[Array, Array, Array]:
    """Levels, x and x^2 from the banded matrix."""
    coefficients, constant = shifted(D1, D2, basis.centre)
    bands = oscillator_bands(coefficients, basis.frequency, basis.size)
    energy, vectors = eig_banded(bands, lower=True, select="i", select_range=(0, count - 1))
    moved = _times_coordinate(vectors, basis)
    return energy + constant, vectors.T @ moved, moved.T @ moved


def _times_coordinate(vectors: Array, basis: Basis) -> Array:
    """x applied to states given in the basis."""
    step = ladder(basis.size, basis.frequency)[:, None]
    moved = basis.centre * vectors
    moved[:-1] += step * vectors[1:]
    moved[1:] += step * vectors[:-1]
    return moved


def _mirror_symmetric(D1: float, D2: float, count: int, basis: Basis) -> tuple[Array, Array, Array]:
    """Levels, x and x^2 of a (nearly) symmetric potential: even and odd states apart, doublets mixed by the field.

    Each doublet is a two-level system with the matrix [[e_even, D1 x_eo], [D1 x_eo, e_odd]]: its states are right
    even where the splitting is far below the rounding of the levels. All other effects of the field are of second
    order in it.
    """
    bands = oscillator_bands(np.array([0.0, D2, 0.0]), basis.frequency, basis.size)
    energy, vectors = np.empty(count + count % 2), np.zeros((basis.size, count + count % 2))
    half = len(energy) // 2
    for parity in (0, 1):
        block = bands[::2, parity::2]
        energy[parity::2], vectors[parity::2, parity::2] = eig_banded(
            block, lower=True, select="i", select_range=(0, half - 1)
        )
    moved = _times_coordinate(vectors, basis)
    x, x2 = vectors.T @ moved, moved.T @ moved
    if D1 != 0:
        energy, turn = _mix_doublets(D1, energy, x)
        x, x2 = turn.T @ x @ turn, turn.T @ x2 @ turn
    return energy[:count], x[:count, :count], x2[:count, :count]


def _mix_doublets(D1: float, energy: Array, x: Array) -> tuple[Array, Array]:
    """Energies of the doublets in a field, and the rotation from even and odd states to the new ones."""
    mixed, turn = energy.copy(), np.eye(len(energy))
    for i in range(0, len(energy), 2):
        half_gap, coupling = (energy[i + 1] - energy[i]) / 2, D1 * x[i, i + 1]
        middle, half_split = (energy[i + 1] + energy[i]) / 2, np.hypot(half_gap, coupling)
        angle = 0.5 * np.arctan2(coupling, half_gap)
        mixed[i : i + 2] = middle - half_split, middle + half_split
        turn[i : i + 2, i : i + 2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return mixed, turn
