"""Directions in which a glass may have another minimum near by, with the expansion of its energy along each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from analysis.soft_modes.expansion import Expansion, expand_along, mode_force
from analysis.soft_modes.nonlinear import NonlinearModes
from analysis.soft_modes.search import SoftModes, relaxed_chi
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairTerms
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.results import Array, IntArray, quantity

SOFT, CUBIC = 0, 1  # where a direction comes from


@dataclass(frozen=True)
class Directions:
    """Directions in which another minimum is looked for, with the expansion of the energy along each."""

    source_m: IntArray = quantity("1", "0 a soft vibration, 1 a cubic nonlinear mode")
    index_m: IntArray = quantity("1", "its place among the soft or the nonlinear modes")
    curvature_m: Array = quantity("epsilon/(m sigma^2)", "second derivative of the relaxed energy")
    tau_m: Array = quantity("epsilon/(m^1.5 sigma^3)", "third derivative of the relaxed energy")
    chi_relaxed_m: Array = quantity("epsilon/(m^2 sigma^4)", "fourth derivative of the relaxed energy")
    cubic_barrier_m: Array = quantity("epsilon", "(2/3) kappa^3/tau^2 along the direction itself")
    saddle_coordinate_m: Array = quantity("sqrt(m) sigma", "-2 kappa/tau, where that barrier stands")
    vectors_mnc: Array = quantity("1", "mass-weighted directions")

    def __len__(self) -> int:
        """Number of directions."""
        return len(self.source_m)


def leads_to_another_minimum(curvature_m: Array, tau_m: Array, chi_m: Array) -> NDArray[np.bool_]:
    """Tell which expansions have a second minimum, 3 tau^2 > 8 lambda chi, or no bound at all, chi <= 0.

    The first is alpha < 9 beta^2/32 of the soft potential; hbar drops out.

    Source: karpov-parshin-1985 (fig. 3); test: test_double_well_criterion_is_that_of_the_soft_potential

    Args:
        curvature_m: second derivatives lambda [epsilon/(m sigma^2)].
        tau_m: third derivatives [epsilon/(m^1.5 sigma^3)].
        chi_m: fourth derivatives [epsilon/(m^2 sigma^4)].
    """
    return (chi_m <= 0) | (3 * tau_m**2 > 8 * curvature_m * chi_m)


def soft_directions(soft: SoftModes) -> Directions:
    """Return the soft vibrations whose relaxed expansion is a double well or has no bound.

    Args:
        soft: soft modes of a glass.
    """
    chosen = np.flatnonzero(leads_to_another_minimum(soft.omega2_m, soft.tau_m, soft.chi_relaxed_m))
    curvature, tau = soft.omega2_m[chosen], soft.tau_m[chosen]
    return Directions(
        source_m=np.full(len(chosen), SOFT),
        index_m=chosen,
        curvature_m=curvature,
        tau_m=tau,
        chi_relaxed_m=soft.chi_relaxed_m[chosen],
        cubic_barrier_m=2 / 3 * curvature**3 / tau**2,
        saddle_coordinate_m=-2 * curvature / tau,
        vectors_mnc=soft.vectors_mnc[chosen],
    )


def relaxed_expansion(
    terms: PairTerms, response: StaticResponse, vector_nc: Array, mass_n: Array
) -> tuple[Expansion, Array]:
    """Return the expansion of the energy relaxed at a fixed advance along a direction, and the way the atoms take.

    The way w is D^-1 e, normalised; the coordinate is the length along it, so that it keeps its kinetic energy.

    Source: soft-modes-notes (relaxed direction); test: test_relaxed_energies_follow_the_relaxed_expansion

    Args:
        terms: pairs and derivatives of a minimum.
        response: its factorised Hessian.
        vector_nc: mass-weighted direction e, (N, 3) [-].
        mass_n: masses [m].

    Returns:
        curvature [epsilon/(m sigma^2)], tau [epsilon/(m^1.5 sigma^3)], relaxed chi [epsilon/(m^2 sigma^4)]; and w [-].
    """
    root = np.sqrt(mass_n)[:, None]
    along = root * response.displacements(root * vector_nc)
    way_nc = along / np.linalg.norm(along)
    bare, force_nc = expand_along(terms, way_nc, mass_n), mode_force(terms, way_nc, mass_n)
    moved = root * response.displacements(root * force_nc)
    # D_perp^-1 g = D^-1 (g - c e), c such that nothing moves along e
    followed = moved - along * np.sum(vector_nc * moved) / np.sum(vector_nc * along)
    return Expansion(bare.curvature, bare.tau, relaxed_chi(bare.chi, force_nc, followed)), way_nc


def nonlinear_directions(glass: Glass, modes: NonlinearModes) -> Directions:
    """Return nonlinear modes as directions, with the expansion of the energy relaxed along each.

    Args:
        glass: the minimum.
        modes: its nonlinear modes.
    """
    terms = glass.interaction().terms(glass.positions_nc)
    response = StaticResponse(hessian_matrix(terms), glass.mass_n, glass.dimension)
    found = [relaxed_expansion(terms, response, vector_nc, glass.mass_n)[0] for vector_nc in modes.vectors_mnc]
    response.release()
    return Directions(
        source_m=np.full(len(found), CUBIC),
        index_m=np.arange(len(found)),
        curvature_m=np.array([one.curvature for one in found]),
        tau_m=np.array([one.tau for one in found]),
        chi_relaxed_m=np.array([one.chi for one in found]),
        cubic_barrier_m=modes.barrier_m,
        saddle_coordinate_m=modes.saddle_coordinate_m,
        vectors_mnc=modes.vectors_mnc,
    )


def joined(parts: Sequence[Directions]) -> Directions:
    """Return several lists of directions as one.

    Args:
        parts: the lists.
    """
    return Directions(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Directions)))
