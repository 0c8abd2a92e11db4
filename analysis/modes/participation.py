"""How many atoms a mode moves: two measures."""

from __future__ import annotations

import numpy as np

from atomsim.results import Array


def participation_number(vectors_mnc: Array) -> Array:
    """Return N_k = [sum_i |e_i|^4]^-1 for each mode [-].

    A rigid translation has N_k = N, a single moving atom N_k = 1.

    Source: buchenau-1992 (2); test: test_participation_limits

    Args:
        vectors_mnc: normalised mass-weighted eigenvectors, (M, N, 3) [-].
    """
    square = np.einsum("mnc,mnc->mn", vectors_mnc, vectors_mnc)
    return 1.0 / np.einsum("mn,mn->m", square, square)


def effective_mass(vectors_mnc: Array, mass_n: Array) -> Array:
    """Return the mass that the mode gives its most moving atom, m_eff = 1 / max_i(|e_i|^2 / m_i) [m].

    It is the smaller of the two measures: the kinetic energy of the mode per squared velocity of that atom.

    Source: buchenau-1991 (effective mass); test: test_participation_limits

    Args:
        vectors_mnc: normalised mass-weighted eigenvectors, (M, N, 3) [-].
        mass_n: masses [m].
    """
    square = np.einsum("mnc,mnc->mn", vectors_mnc, vectors_mnc)
    return 1.0 / np.max(square / mass_n, axis=1)
