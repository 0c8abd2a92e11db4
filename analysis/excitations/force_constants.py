"""Force constants W of the concentration: ordering energy, relaxed, and the literal form as a bound; envelopes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from analysis.excitations.short_range_order import CompleteOrder
from atomsim.errors import InputError, nearest
from atomsim.results import Array

FORMS = ("ordering", "relaxed", "literal")


def relaxed_constants(ordering_ll: Array, forces_ncl: Array, displacement_ncl: Array) -> Array:
    """Return W_rel = W - f^(l) H+ f^(l'), second derivatives of the relaxed energy at fixed cell, (N, N) [epsilon].

    Chemical and strain-induced part together. The diagonal is a self-energy: a real site is A or B, so that its
    square is no interaction; it is kept here and dropped in a dispersion.

    Source: khachaturyan-1983 (strain-induced interaction); test: test_relaxed_constants_are_derivatives

    Args:
        ordering_ll: W at fixed positions [epsilon].
        forces_ncl: forces f^(l) of all ions, (N, 3, N) [epsilon/sigma].
        displacement_ncl: displacement fields H+ f^(l) [sigma].
    """
    n = len(ordering_ll)
    strain_ll = forces_ncl.reshape(-1, n).T @ displacement_ncl.reshape(-1, n)
    return ordering_ll - 0.5 * (strain_ll + strain_ll.T)


def literal_constants(hessian: sparse.spmatrix, displacement_ncl: Array) -> Array:
    """Return u^(l) H u^(l'), the elastic energy of frozen displacement fields, (L, L) [epsilon].

    The chain rule through xi = R delta c, for the field of each ion as a whole. It is never negative, and with the
    moments of inertia of the same fields its squared frequencies are Ritz values of the dynamical matrix: each one an
    upper bound of the vibration of the same place. All that a Hessian alone can give.

    Source: egorushkin-melnikova-1993b (force constants); test: test_literal_frequencies_bound_the_vibrations

    Args:
        hessian: second derivatives of the energy, (3N, 3N) [epsilon/sigma^2].
        displacement_ncl: displacement fields, (N, 3, L) [sigma].
    """
    flat = displacement_ncl.reshape(-1, displacement_ncl.shape[2])
    literal_ll = flat.T @ np.asarray(hessian @ flat)
    return 0.5 * (literal_ll + literal_ll.T)


def literal_blocks(hessian: sparse.spmatrix, displacement_nc: Array) -> Array:
    """Return R_l Phi_ll' R_l', the literal form for one displacement vector R_l of each ion, (N, N) [epsilon].

    Phi_ll' is the block of the Hessian. The sum over all pairs is twice the elastic energy of the field. Read with
    delta c = exp(i k_s R), whose gradient is i k_s delta c, the same rule would divide by k_s^2 delta c^2 and diverge
    where delta c vanishes: it is not used so.

    Source: egorushkin-melnikova-1993b (force constants); test: test_literal_blocks_add_up_to_the_elastic_energy

    Args:
        hessian: second derivatives of the energy, (3N, 3N) [epsilon/sigma^2].
        displacement_nc: one displacement vector for each ion, (N, 3) [sigma].
    """
    n = len(displacement_nc)
    place = (np.repeat(np.arange(n), 3), np.arange(3 * n))
    vectors = sparse.csr_matrix((displacement_nc.ravel(), place), shape=(n, 3 * n))
    return np.asarray((vectors @ sparse.csr_matrix(hessian) @ vectors.T).toarray())


def without_diagonal(matrix_ll: Array) -> Array:
    """Return a copy of a matrix with zeros on its diagonal [as given].

    Args:
        matrix_ll: the matrix, (L, L) [any unit].
    """
    return matrix_ll - np.diag(np.diag(matrix_ll))


def check_form(form: str) -> str:
    """Return the name of a form of the force constants.

    Args:
        form: the name.

    Raises:
        InputError: it is unknown.
    """
    if form not in FORMS:
        raise InputError(f"force constants {form!r}: expected one of {', '.join(FORMS)}{nearest(form, FORMS)}")
    return form


def thermal_constants(constants_ll: Array, temperature: float, variance: float) -> Array:
    """Return W with the entropy of mixing, T/[c(1-c)] on the diagonal [epsilon].

    Source: clapp-moss-1966 (random-phase approximation); test: test_fluctuations_follow_from_thermal_constants

    Args:
        constants_ll: W [epsilon].
        temperature: T [epsilon/k_B].
        variance: c (1-c) [-].

    Raises:
        InputError: the temperature is not a positive number.
    """
    if not 0 < temperature < np.inf:
        raise InputError(f"temperature = {temperature}; expected a positive number")
    return constants_ll + temperature / variance * np.eye(len(constants_ll))


def envelope(order: CompleteOrder, distance_ll: Array, power: float, *, signed: bool = False) -> Array:
    """Return |alpha|^w for the shell of each pair of ions, one on the diagonal, (N, N) [-].

    Ordering makes alpha negative, and the sign is already in exp(i k_s R): the amplitude takes |alpha|. With the signed
    form and w = 1 the sum over all pairs at k = 0 is the energy of short-range order.

    Source: egorushkin-melnikova-1993a (1.4); test: test_signed_envelope_gives_the_energy_of_short_range_order

    Args:
        order: correlation parameters of the whole axis of distance [-].
        distance_ll: distances of all pairs [sigma].
        power: w, 1/2 and 1 in the papers, 0 without envelope [-].
        signed: keep the sign of alpha.

    Raises:
        InputError: the power is negative or not finite.
    """
    if not 0 <= power < np.inf:
        raise InputError(f"power of the envelope w = {power}; expected a number not below zero")
    alpha_ll = order.of_distance(distance_ll)
    weight_ll = np.sign(alpha_ll) * np.abs(alpha_ll) ** power if signed else np.abs(alpha_ll) ** power
    np.fill_diagonal(weight_ll, 1.0)
    return weight_ll
