"""Coupling of soft modes to strain from forces alone, bare and relaxed, with the errors of the differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.modes.foreign import MatrixModes
from atomsim.finite_difference import DirectionalDerivatives, force_noise
from atomsim.finite_strain import StrainedForces, StrainResponse, curvature_slope, strain_ladder, strain_response
from atomsim.results import Array


@dataclass(frozen=True)
class StrainLadder:
    """One ladder of strains, and how the forces of the structure answer it."""

    response: StrainResponse
    longest: float  # displacement that goes with the first strain [unit of length of the structure]


def strain_ladders(
    forces: StrainedForces,
    positions_nc: Array,
    *,
    closest: float,
    longest: float,
    shortest: float | None,
    shares: tuple[float, ...],
    progress: Callable[[float], None],
) -> list[StrainLadder]:
    """Return the answer of a structure to several ladders of strains, 120 evaluations each.

    A strain goes with a displacement of this share of the closest distance: both stretch pairs alike.

    Args:
        forces: forces as a function of positions and deformation.
        positions_nc: the minimum, (N, 3) [sigma].
        closest: shortest distance between atoms [sigma].
        longest: displacement of the most moving atom with which the first ladder begins [sigma].
        shortest: that with which it ends; far below where absent [sigma].
        shares: lengths of the ladders over the first [-].
        progress: called with the share that is done.
    """
    noise = force_noise(lambda place_nc: forces(place_nc, np.eye(3)), positions_nc, shift=longest)
    ladders = []
    for k, share in enumerate(shares):
        step_k = strain_ladder(share * longest / closest, None if shortest is None else share * shortest / closest)
        response = strain_response(forces, positions_nc, step_k=step_k, noise=noise)
        ladders.append(StrainLadder(response, share * longest))
        progress((k + 1) / len(shares))
    return ladders


def strain_couplings(
    forces: StrainedForces,
    positions_nc: Array,
    mass_n: Array,
    ladder: StrainLadder,
    found: DirectionalDerivatives,
    modes: MatrixModes,
    index: int,
) -> dict[str, Array | float]:
    """Return linear and quadratic coupling of a mode to strain, with errors; 240 evaluations.

    Modes of higher frequency follow strain and amplitude, x = D_perp^-1 g and y = D_perp^-1 Xi. They change the
    quadratic coupling by -g.y/2, but not the linear one: an eigenvector feels no force from others that are moved, to
    first order. So that is bare and relaxed at once.

    Source: soft-modes-notes (strain coupling); test: test_strain_couplings_of_forces_equal_the_analytic_ones

    Args:
        forces: forces as a function of positions and deformation.
        positions_nc: the minimum, (N, 3) [sigma].
        mass_n: masses [m].
        ladder: the answer of the structure to strain.
        found: derivatives along the mode.
        modes: all modes, by which the harder ones follow.
        index: place of the mode.

    Returns:
        Lambda1 [epsilon/(sqrt(m) sigma)], Lambda2 bare and relaxed [epsilon/(m sigma^2)], and the largest errors of
        their components.
    """
    root, response = np.sqrt(mass_n)[:, None], ladder.response
    field_nc = modes.vectors_mnc[index] / root
    linear = response.along(field_nc)
    bare = curvature_slope(
        forces, positions_nc, field_nc, step_k=response.step_k, longest=ladder.longest, noise=response.noise
    )
    harder = modes.vibrations[modes.vibrations > index]
    vectors_mnc = modes.vectors_mnc[harder]
    along_mab = np.einsum("mnc,ncab->mab", vectors_mnc / root, response.field_ncab)
    along_mab /= modes.omega_m[harder, None, None] ** 2
    pulled_m = np.einsum("mnc,nc->m", vectors_mnc / root, found.gradient_nc)
    followed_nc = np.einsum("m,mnc->nc", pulled_m / modes.omega_m[harder] ** 2, vectors_mnc) / root
    strained = float(np.linalg.norm(np.einsum("mnc,mab->ncab", vectors_mnc / root, along_mab), axis=(0, 1)).max())
    correction_cc = np.einsum("m,mab->ab", pulled_m, along_mab)
    spread = float(np.linalg.norm(followed_nc)) * response.error + strained * found.gradient_error
    return {
        "linear_coupling_mcc": linear.value_cc,
        "linear_coupling_error_m": linear.error,
        "quadratic_coupling_bare_mcc": 0.5 * bare.value_cc,
        "quadratic_coupling_bare_error_m": 0.5 * bare.error,
        "quadratic_coupling_mcc": 0.5 * (bare.value_cc - correction_cc),
        "quadratic_coupling_error_m": 0.5 * (bare.error + spread),
    }
