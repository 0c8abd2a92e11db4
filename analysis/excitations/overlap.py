"""Are concentration excitations the soft modes of the same glass? Overlap of their fields, beside chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from analysis.excitations.displacements import static_displacements
from analysis.excitations.eigenproblem import ConcentrationModes
from atomsim.errors import InputError
from atomsim.results import Array, Estimate, quantity

DRAWS = 400  # random concentration patterns, and random force fields
TRANSLATIONS = 3
SOFTEST_SHARE = 0.1  # the excitations closest to zero frequency are this share of all of their kind [-]


class SoftVibrations(Protocol):
    """What an overlap needs of soft modes, whether or not their anharmonic coefficients are known."""

    @property
    def omega_m(self) -> Array:
        """Angular frequencies [sqrt(epsilon/m)/sigma]."""

    @property
    def vectors_mnc(self) -> Array:
        """Mass-weighted eigenvectors [-]."""


@dataclass(frozen=True)
class SoftModeOverlap:
    """Squared scalar products of concentration excitations with soft modes, and what chance gives.

    Elastic response makes any field soft: the displacements of a random concentration pattern, and those after random
    balanced forces, lie mostly in the space of the soft modes. Only what differs from these says something about the
    excitations; a field of random direction is the scale without any physics.
    """

    omega2_m: Array = quantity("epsilon/(m sigma^2)", "signed omega^2 of the concentration excitations")
    soft_omega_k: Array = quantity("sqrt(epsilon/m)/sigma", "angular frequencies of the soft modes")
    overlap_mk: Array = quantity("1", "squared scalar products of the normalised fields")
    random_direction: float = quantity("1", "mean for a field of random direction and one soft mode, 1/(3N-3)")
    pattern_dk: Array = quantity("1", "the same of fields of random concentration patterns")
    response_dk: Array = quantity("1", "the same of responses to random forces")
    response_captured_k: Array = quantity("1", "share of each soft mode inside the space of as many such responses")

    @property
    def captured_k(self) -> Array:
        """Share of each soft mode inside the space of all concentration excitations [-]."""
        return self.overlap_mk.sum(axis=0)

    @property
    def total_m(self) -> Array:
        """Share of each concentration excitation inside the space of the soft modes [-]."""
        return self.overlap_mk.sum(axis=1)

    def shares_of_soft_modes(self) -> dict[str, Estimate]:
        """Return how much of a soft mode lies inside a space of fields, with standard errors over soft modes [-].

        The space of all concentration excitations, that of as many responses to random forces, and one of that
        dimension and random direction.
        """
        by_chance = len(self.omega2_m) * self.random_direction
        return {
            "concentration excitations": _mean(self.captured_k),
            "responses to random forces": _mean(self.response_captured_k),
            "random directions": Estimate(by_chance, 0.0, "1", "exact"),
        }

    def shares_of_excitations(self) -> dict[str, Estimate]:
        """Return how much of a field lies inside the space of the soft modes, with standard errors over fields [-].

        Groups of excitations: decaying, stable, of each the tenth closest to omega = 0. Beside them random fields:
        superpositions of excitations of equal weight, random concentration patterns, responses to random forces, any
        direction.
        """
        below, total_m = int(np.count_nonzero(self.omega2_m < 0)), self.total_m
        decaying_m, stable_m = total_m[:below][::-1], total_m[below:]  # closest to zero first
        by_chance = len(self.soft_omega_k) * self.random_direction
        return {
            "decaying": _mean(decaying_m),
            "stable": _mean(stable_m),
            "slowest decaying tenth": _mean(decaying_m[: _tenth(decaying_m)]),
            "softest stable tenth": _mean(stable_m[: _tenth(stable_m)]),
            "random superpositions of excitations": Estimate(float(total_m.mean()), 0.0, "1", "exact"),
            "random concentration patterns": _mean(self.pattern_dk.sum(axis=1)),
            "responses to random forces": _mean(self.response_dk.sum(axis=1)),
            "random directions": Estimate(by_chance, 0.0, "1", "exact"),
        }


def _tenth(values: Array) -> int:
    return max(1, round(SOFTEST_SHARE * len(values)))


def _mean(values: Array) -> Estimate:
    if len(values) == 0:
        return Estimate(float("nan"), float("nan"), "1", "none")
    if len(values) == 1:
        return Estimate(float(values[0]), float("nan"), "1", "one only: no error")
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))), "1")


def concentration_fields(vectors_mn: Array, displacement_ncl: Array, mass_n: Array) -> Array:
    """Return sqrt(m_j) sum_l v_l u_j^(l), mass-weighted fields of concentration patterns, normalised, (M, N, 3) [-].

    Args:
        vectors_mn: patterns, one in each row [any unit].
        displacement_ncl: displacement fields of all ions, (N, 3, N) [sigma].
        mass_n: masses [m].

    Raises:
        InputError: a pattern moves nothing.
    """
    field_mnc = np.einsum("ml,ncl->mnc", vectors_mn, displacement_ncl, optimize=True) * np.sqrt(mass_n)[:, None]
    length_m = np.linalg.norm(field_mnc.reshape(len(field_mnc), -1), axis=1)
    if not np.all(length_m > 0):
        raise InputError(f"concentration pattern {int(np.argmin(length_m))} has no displacement field")
    return field_mnc / length_m[:, None, None]


def squared_overlaps(field_mnc: Array, vectors_knc: Array) -> Array:
    """Return the squared scalar products of two sets of normalised fields, (M, K) [-].

    Args:
        field_mnc: fields, (M, N, 3) [-].
        vectors_knc: fields, (K, N, 3) [-].
    """
    return (field_mnc.reshape(len(field_mnc), -1) @ vectors_knc.reshape(len(vectors_knc), -1).T) ** 2


def soft_mode_overlap(
    modes: ConcentrationModes,
    displacement_ncl: Array,
    mass_n: Array,
    hessian: sparse.spmatrix,
    soft_vectors_knc: Array,
    soft_omega_k: Array,
    rng: np.random.Generator,
    *,
    draws: int = DRAWS,
) -> SoftModeOverlap:
    """Return the overlap of the displacement fields of concentration excitations with soft modes, and of chance.

    The field of an eigenvector with v I v = 1 is normalised already, fields of different eigenvectors are orthogonal:
    what all of them together hold of a soft mode is at most one.

    Source: concentration-notes (overlap); test: test_fields_of_eigenvectors_are_orthonormal

    Args:
        modes: the concentration excitations.
        displacement_ncl: displacement fields of all ions, (N, 3, N) [sigma].
        mass_n: masses [m].
        hessian: Hessian of the glass, for the responses to random forces [epsilon/sigma^2].
        soft_vectors_knc: mass-weighted eigenvectors of the soft modes, (K, N, 3) [-].
        soft_omega_k: their angular frequencies [sqrt(epsilon/m)/sigma].
        rng: source of randomness.
        draws: number of random patterns, and of random forces.

    Raises:
        InputError: the soft modes belong to another number of atoms, or there are none.
    """
    n = len(mass_n)
    if len(soft_vectors_knc) == 0 or soft_vectors_knc.shape[1:] != (n, 3):
        raise InputError(f"soft modes of shape {soft_vectors_knc.shape}; expected at least one, of {n} atoms")
    pattern_dn = rng.standard_normal((draws, n))
    pattern_dn -= pattern_dn.mean(axis=1, keepdims=True)
    count = len(modes.omega2_m)
    response_dnc = random_responses(hessian, mass_n, rng, draws=max(draws, count))
    space, _ = np.linalg.qr(response_dnc[:count].reshape(count, -1).T)
    return SoftModeOverlap(
        omega2_m=modes.omega2_m,
        soft_omega_k=soft_omega_k,
        overlap_mk=squared_overlaps(concentration_fields(modes.vectors_mn, displacement_ncl, mass_n), soft_vectors_knc),
        random_direction=1.0 / (TRANSLATIONS * n - TRANSLATIONS),
        pattern_dk=squared_overlaps(concentration_fields(pattern_dn, displacement_ncl, mass_n), soft_vectors_knc),
        response_dk=squared_overlaps(response_dnc[:draws], soft_vectors_knc),
        response_captured_k=squared_overlaps(space.T.reshape(count, n, 3), soft_vectors_knc).sum(axis=0),
    )


def random_responses(hessian: sparse.spmatrix, mass_n: Array, rng: np.random.Generator, *, draws: int) -> Array:
    """Return normalised mass-weighted displacements after independent random forces on all ions, (D, N, 3) [-].

    Args:
        hessian: Hessian at a minimum [epsilon/sigma^2].
        mass_n: masses [m].
        rng: source of randomness.
        draws: number of force fields.
    """
    forces_ncd = rng.standard_normal((len(mass_n), 3, draws))
    forces_ncd -= forces_ncd.mean(axis=0)
    response_dnc = static_displacements(hessian, forces_ncd, mass_n).transpose(2, 0, 1) * np.sqrt(mass_n)[:, None]
    return response_dnc / np.linalg.norm(response_dnc.reshape(draws, -1), axis=1)[:, None, None]
