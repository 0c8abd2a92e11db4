"""Densities of states of an ensemble of soft potentials, by quadrature over its distribution. Energies in W.

N(E) counts the gaps between the two lowest levels, tunnelling systems and vibrations alike; without a limit to slow
tunnelling it is infinite for potentials uniform in (D1, D2). N(E, p) tells the systems of one energy apart by the
share of tunnelling p = (Delta_0/E)^2, which has an exact meaning for any two levels: p = b^2/(a^2 + b^2) with the
asymmetry a = E (x_22 - x_11)/d, the coupling b = 2 E |x_12|/d and d^2 = (x_22 - x_11)^2 + 4 x_12^2.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from scipy.optimize import brentq

from analysis.soft_potential.deep_wells import wkb_action
from analysis.soft_potential.landscape import from_cubic_free
from analysis.soft_potential.level_sets import Crossings, add_strip
from analysis.soft_potential.level_table import LevelTable, solve_line
from analysis.soft_potential.measures import Coefficients
from atomsim.errors import InputError, NotConverged
from atomsim.results import Array

SMALLEST_ENERGY = 0.2  # of the count on a mesh, whose steps do not see narrower gaps of symmetric wells [W]
LARGEST_TUNNELLING_ENERGY = 0.5  # up to which energy and share single out one tunnelling system [W]
SMALLEST_COUPLING = 1e-6  # E p^{1/2} down to which two levels are told apart in double precision [W]
ANY_TEMPERATURE = 1.0  # of two levels, whose populations add up to one at all temperatures [W]
STEP = 1e-3  # relative, of the differences of asymmetry and coupling
NEWTON_STEPS = 20
TOLERANCE = 1e-7
DEPTHS = (-60.0, -1.5)  # D2 between which the leading splitting grows [-]


class TunnellingType(StrEnum):
    """Where the stationary point at y = 0 is in a double well of two nearly equal depths."""

    BARRIER = "type I"  # alpha < 0: on the maximum
    MINIMUM = "type II"  # alpha near beta^2/4: in one of the two minima


def gap_density(table: LevelTable, measure: Coefficients, energy_k: Array, *, smallest_coupling: float = 0.0) -> Array:
    """Return N(E), the integral over a mesh of its density times delta(E_2 - E_1 - E) [1/W].

    Averages over one step of ln E about each energy.

    Source: karpov-parshin-1985 (6.3); test: test_density_of_vibrations_is_the_printed_one_and_a_third
    Source: soft-potential-notes (vibrations); test: test_density_of_vibrations_grows_with_the_fourth_power

    Args:
        table: the levels on one of the two meshes.
        measure: the density, as the last of the coefficients of a linear coupling.
        energy_k: energies, equally spaced in their logarithm [W].
        smallest_coupling: least b = E p^{1/2}, the splitting of the symmetric wells, that is counted [W].

    Raises:
        InputError: energies that are not equally spaced in their logarithm, or below those that a mesh resolves.
    """
    energy_k = np.asarray(energy_k, dtype=float)
    if not (energy_k[0] >= SMALLEST_ENERGY and np.allclose(np.diff(np.log(energy_k), 2), 0, atol=1e-9)):
        raise InputError(f"energies must be equally spaced in their logarithm and at least {SMALLEST_ENERGY:g} W")
    two = table.fewer_levels(2)
    asymmetry, coupling = asymmetry_and_coupling(two.energy_lnm, two.x_lnp[..., 0], two.x_diagonal_lnm)
    levels = two.energy_lnm - two.energy_lnm[..., :1]
    cell = two.step_ln * two.line_step_l[:, None]
    strength = np.where(coupling >= smallest_coupling, measure.factor_cln[2] * cell, 0.0)
    nothing = np.zeros((*two.D1_ln.shape, 1))
    log_coupling = np.log(np.maximum(coupling, 1e-300))[..., None]
    crossings = Crossings(asymmetry[..., None], log_coupling, nothing + 1, nothing, nothing)
    out, unused = np.zeros((len(energy_k), 1)), np.zeros((len(energy_k), 1))
    zero = int(np.argmin(np.abs(two.D2_l)))
    for lines in (slice(None, zero + 1), slice(zero, None)):  # the mesh has a kink at D2 = 0
        for line in range(len(two.D2_l[lines]) - 1):
            pair = slice(line, line + 2)
            here = Crossings(*(part[lines][pair] for part in vars(crossings).values()))
            slopes = np.zeros((2, two.D1_ln.shape[1], 1, 2))
            add_strip(
                levels[lines][pair], strength[lines][pair, :, None], slopes, here, nothing[lines][pair],
                np.array([ANY_TEMPERATURE]), np.log(energy_k), values_kt=unused, averages_kt=out,
            )  # fmt: skip
    return out[:, 0]


def asymmetry_and_coupling(energy: Array, x: Array, x_diagonal: Array) -> tuple[Array, Array]:
    """Return the two lowest levels as a two-level system: a and b with a^2 + b^2 = (E_2 - E_1)^2 [W].

    Source: soft-potential-notes (two levels); test: test_density_over_the_share_of_tunnelling

    Args:
        energy: levels, last axis [W].
        x: |x_12| [-].
        x_diagonal: x_11 and x_22, last axis [-].
    """
    gap, tilt = energy[..., 1] - energy[..., 0], x_diagonal[..., 1] - x_diagonal[..., 0]
    distance = np.hypot(tilt, 2 * x)
    return gap * tilt / distance, 2 * gap * np.abs(x) / distance


def tunnelling_state_density(energy: float, share: float, *, kind: TunnellingType | None = None) -> float:
    """Return N_j(E, p) for a density of one over (alpha, beta), or N(E, p) of one over (D1, D2) [1/W].

    The inverse of the Jacobian of (D1, D2) -> (E, p), both signs of D1: 1/(K p (1 - p)^{1/2}) with
    K = |d(a, ln b)/d(D1, D2)|, times 2/|alpha| for each image of the type.

    Source: karpov-parshin-1985 (5.5); test: test_density_over_the_share_of_tunnelling

    Args:
        energy: energy E of the systems [W].
        share: p, between 0 and 1 [-].
        kind: type of the systems; a density over (D1, D2) where absent.

    Raises:
        InputError: an energy or a share for which tunnelling systems are not told apart.
    """
    if not (0 < share < 1 and 0 < energy <= LARGEST_TUNNELLING_ENERGY):
        raise InputError(f"E = {energy:g} W, p = {share:g}: expected 0 < E <= {LARGEST_TUNNELLING_ENERGY:g}, 0 < p < 1")
    coupling, asymmetry = energy * np.sqrt(share), energy * np.sqrt(1 - share)
    if coupling < SMALLEST_COUPLING:
        raise InputError(f"E p^(1/2) = {coupling:.3g} W, expected at least {SMALLEST_COUPLING:g}")
    D1, D2, jacobian = _potential(asymmetry, coupling)
    if kind is None:
        return 1 / (jacobian * share * np.sqrt(1 - share))
    alpha, _ = from_cubic_free(D1, D2)
    chosen = alpha < 0 if TunnellingType(kind) is TunnellingType.BARRIER else alpha > 0
    return float(np.sum(2 / np.abs(alpha[chosen])) / (jacobian * share * np.sqrt(1 - share)))


def _potential(asymmetry: float, coupling: float) -> tuple[float, float, float]:
    """D1 > 0 and D2 of the two-level system with this a and b, and |d(a, ln b)/d(D1, D2)|, by Newton's method."""
    D2 = float(brentq(lambda D: _leading_log_splitting(D) - np.log(coupling), *DEPTHS))
    point = np.array([asymmetry / np.sqrt(-2 * D2), D2])
    wanted = np.array([asymmetry, np.log(coupling)])
    for _ in range(NEWTON_STEPS):
        value, matrix = _two_levels(*point)
        move = np.linalg.solve(matrix, wanted - value)
        point = point + move
        if np.max(np.abs(move)) < TOLERANCE * abs(point[1]):
            return float(point[0]), float(point[1]), float(abs(np.linalg.det(matrix)))
    raise NotConverged(f"no potential with a = {asymmetry:g}, b = {coupling:g} was found", point)


def _leading_log_splitting(D2: float) -> float:
    """Logarithm of the splitting of a symmetric double well to leading order."""
    return float(np.log(8 * np.sqrt(8 / np.pi) * (-D2 / 2) ** 1.25) - wkb_action(np.array(D2)))


def _two_levels(D1: float, D2: float) -> tuple[Array, Array]:
    """Asymmetry and logarithm of the coupling of the two lowest levels, and their derivatives by D1 and D2."""
    step = STEP * np.sqrt(-2 * D2)
    around = _system(D2, np.array([D1 - step, D1, D1 + step]))
    sides = [_system(D2 + sign * step, np.array([D1]))[0] for sign in (1, -1)]
    return around[1], np.stack([around[2] - around[0], sides[0] - sides[1]], axis=1) / (2 * step)


def _system(D2: float, D1_n: Array) -> Array:
    """a and ln b, shape (nodes, 2)."""
    energy, x, _ = solve_line(D2, D1_n, 2)
    a, b = asymmetry_and_coupling(energy, x[:, 0, 1], np.diagonal(x, axis1=1, axis2=2))
    return np.stack([a, np.log(b)], axis=1)
