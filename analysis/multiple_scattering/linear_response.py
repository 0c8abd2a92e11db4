"""The theory behind the wind force on matrices: linear response, vertices and ladders of electrons in a finite basis.

Nothing here is needed to compute a wind force. It is what the working formulas were derived from, small enough to be
solved exactly. hbar = 1; energies, lengths and potentials in any units that belong together. Axes: ``_a`` and ``_b``
eigenstates, ``_k`` and ``_l`` plane waves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.multiple_scattering.harmonics import ComplexArray
from atomsim.errors import InputError
from atomsim.results import Array

BALANCE = 1e-9  # largest share of a drive that no odd distribution can answer [-]


def force_response(
    energy_a: Array, occupation_a: Array, force_ab: Array, current_ab: ComplexArray, frequency: complex
) -> complex:
    """Return the force per field, (i/w) sum (n_a - n_b)/(e_a + w - e_b) f_ab J_ba [force per field].

    Independent electrons in the field E exp(-iwt), w with a positive imaginary part: the field was switched on slowly.

    Source: schaich-1976 (9), (10), (11); test: test_force_response_is_the_motion_in_a_small_field

    Args:
        energy_a: energies of the eigenstates [energy].
        occupation_a: n_a, one below the Fermi energy and zero above [-].
        force_ab: elements of the force operator [force].
        current_ab: elements of e times the velocity [charge times velocity].
        frequency: w [energy].
    """
    apart = energy_a[:, None] + frequency - energy_a
    filled = occupation_a[:, None] - occupation_a
    return complex(1j / frequency * (filled / apart * force_ab * current_ab.T).sum())


def time_ordered_function(energy_a: Array, at: ArrayLike, *, fermi_energy: float, broadening: float) -> ComplexArray:
    """Return G_a = 1/[w - e_a + i0 sgn(w - e_F)], states along the last axis [1/energy].

    Source: schaich-1976 (13), (12), (14); test: test_time_ordered_functions_multiply_to_the_response

    Args:
        energy_a: energies of the eigenstates [energy].
        at: w [energy].
        fermi_energy: e_F [energy].
        broadening: what stands for the infinitesimal [energy].
    """
    at = np.asarray(at, dtype=float)[..., None]
    return np.asarray(1 / (at - energy_a + 1j * broadening * np.sign(at - fermi_energy)))


def born_series(potential: ComplexArray, propagator: ComplexArray, terms: int) -> ComplexArray:
    """Return G_0 sum_n (V G_0)^n up to a number of terms [1/energy].

    Source: schaich-1976 (15); test: test_born_series_is_the_resolvent

    Args:
        potential: V [energy].
        propagator: G_0 [1/energy].
        terms: how many.
    """
    step, found, last = potential @ propagator, propagator.copy(), propagator
    for _ in range(terms - 1):
        last = last @ step
        found += last
    return found


def t_matrix(potential: ComplexArray, propagator: ComplexArray) -> ComplexArray:
    """Return the T that solves T = V + V G_0 T [energy].

    Source: schaich-1976 (A2), (24); test: test_t_matrix_is_that_of_the_full_propagator

    Args:
        potential: V [energy].
        propagator: G_0^+ or G_0^- [1/energy].
    """
    return np.asarray(np.linalg.solve(np.eye(len(potential)) - potential @ propagator, potential))


def state_vertex(force: ComplexArray, potential: ComplexArray, propagator: ComplexArray) -> ComplexArray:
    """Return <k|(1 + T^- G^-) f (G^+ T^+ + 1)|k> for all k [force].

    The force in the scattering states. With averaged propagators on both sides it is the vertex of the ladder, as far
    as no intermediate state repeats k.

    Source: schaich-1976 (20), (31), (32); test: test_vertices_of_state_and_derivative_agree

    Args:
        force: f [force].
        potential: V of the ion or cluster [energy].
        propagator: G^+, of free or of averaged electrons [1/energy].
    """
    state = np.eye(len(force)) + propagator @ t_matrix(potential, propagator)
    return np.asarray((state.conj() * (force @ state)).sum(axis=0))


def derivative_vertex(gradient: ComplexArray, propagator: ComplexArray, t_plus: ComplexArray) -> ComplexArray:
    """Return -d<k|T^-|k> + 2 pi i sum_l d<k|T^-|l> delta(e_k - e_l) <l|T^+|k> for all k [force].

    The left factor is T^-, the right one T^+; -2 pi i delta stands for G_0^+ - G_0^-.

    Source: schaich-1976 (33), (A3), (A7), (A8); test: test_vertices_of_state_and_derivative_agree

    Args:
        gradient: dT^-/dR [force].
        propagator: G_0^+ [1/energy].
        t_plus: T^+ [energy].
    """
    shell = propagator - propagator.conj().T
    return np.asarray(-np.diag(gradient) - np.diag(gradient @ (shell @ t_plus)))


def second_order_vertex(force: ComplexArray, potential: ComplexArray, propagator_k: ComplexArray) -> ComplexArray:
    """Return sum_k' [V_kk' G_0^-(k') f_k'k + f_kk' G_0^+(k') V_k'k], k' not k [force].

    Source: schaich-1976 (30); test: test_second_order_vertex_is_the_curvature_of_the_vertex

    Args:
        force: f [force].
        potential: V [energy].
        propagator_k: G_0^+ of each plane wave [1/energy].
    """
    left = potential * propagator_k.conj()
    right = force * propagator_k
    np.fill_diagonal(left, 0)
    np.fill_diagonal(right, 0)
    return np.asarray((left * force.T + right * potential.T).sum(axis=1))


def ladder(propagator_k: ComplexArray, rates_kl: Array, current_k: Array) -> Array:
    """Return Pi(k) = g^+ g^- [J(k) + sum_l W(k, l) Pi(l)], the averaged <k|G^+ J G^-|k> [current times time squared].

    For weak scattering g^+ g^- becomes 2 pi tau delta(e_k - e_F), and Pi/2 pi the first-order distribution.

    Source: schaich-1976 (21), (22), (23); test: test_ladder_becomes_the_boltzmann_equation

    Args:
        propagator_k: g^+, averaged [1/energy].
        rates_kl: W, averaged squares of elements of T [energy^2].
        current_k: J [any].
    """
    square = np.abs(propagator_k) ** 2
    return np.asarray(np.linalg.solve(np.eye(len(square)) - square[:, None] * rates_kl, square * current_k))


def boltzmann_solution(rates_kl: Array, drive_k: Array) -> Array:
    """Return the n_1 with sum_l T(k, l) [n_1(l) - n_1(k)] = -drive(k), and no electrons added [drive times time].

    The drive is <k|J|k>.E on the Fermi surface. Lifetimes are sums of rates, 1/tau = sum_l T(k, l).

    Source: schaich-1976 (25), (26), (27), (28); test: test_boltzmann_solution_has_the_transport_time

    Args:
        rates_kl: T(k, l) between states of the Fermi surface, weights of l included [1/time].
        drive_k: what drives each state [any].

    Raises:
        InputError: a drive that adds electrons, which no scattering takes away.
    """
    matrix = np.diag(rates_kl.sum(axis=1)) - rates_kl
    found = np.linalg.lstsq(matrix, drive_k, rcond=1e-12)[0]
    left = float(np.abs(matrix @ found - drive_k).max(initial=0))
    if left > BALANCE * float(np.abs(drive_k).max(initial=0)):
        raise InputError(f"a drive of which {left:.3g} is not balanced by scattering: expected one that is odd in k")
    return np.asarray(found)


def enclosed_electrons(wave_qc: Array, velocity_qc: Array, area_q: Array) -> Array:
    """Return N_mn = (2/(2 pi)^3) int dS k_m v_n/|v| over a Fermi surface, shape (3, 3) [1/volume].

    What the sum of all wind forces is per e E and volume: the electrons inside the surface, or minus the holes.

    Source: schaich-1976 (38), (39); test: test_enclosed_electrons_are_counted_by_the_surface

    Args:
        wave_qc: points of the surface from the centre of the pocket [1/length].
        velocity_qc: velocities there, their length does not matter [any].
        area_q: area that each point stands for [1/length^2].
    """
    normal = velocity_qc / np.linalg.norm(velocity_qc, axis=1, keepdims=True)
    return np.asarray(2 / (2 * np.pi) ** 3 * (wave_qc * area_q[:, None]).T @ normal)
