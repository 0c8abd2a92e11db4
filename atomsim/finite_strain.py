"""Derivatives of forces by homogeneous strain, for any calculator: the box and all atoms in it are strained.

Steps are chosen as in :mod:`atomsim.finite_difference`: every derivative is the limit of a ladder of strains, with the
error that the extrapolation shows and the noise of the forces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ase
import numpy as np

from atomsim.errors import InputError
from atomsim.finite_difference import LADDER_RANGE, LADDER_STEPS, Extrapolated, extrapolate
from atomsim.results import Array, quantity

StrainedForces = Callable[[Array, Array], Array]  # (positions after the strain, deformation F = 1 + strain) to forces

COMPONENTS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))  # of a symmetric tensor


@dataclass(frozen=True)
class StrainSlope:
    """A symmetric tensor of derivatives by strain, and the largest error of a component."""

    value_cc: Array
    error: float


@dataclass(frozen=True)
class StrainResponse:
    """Differences of the forces over a ladder of strains, and their limit Xi = d2U / d(strain) d(position)."""

    step_k: Array = quantity("1", "strains, descending")
    slope_vknc: Array = quantity("epsilon/sigma", "minus the change of the forces over each strain, six components")
    field_ncab: Array = quantity("epsilon/sigma", "their limit for no strain, symmetric in the last two axes")
    error: float = quantity("epsilon/sigma", "largest error of a component of the limit as a vector, its length")
    noise: float = quantity("epsilon/sigma", "error of a force")

    def along(self, field_nc: Array) -> StrainSlope:
        """Return d2U / d(strain) ds for atoms that move by s u after the strain [epsilon/s].

        Args:
            field_nc: displacements u per unit of s, (N, 3) [sigma/s].
        """
        noise_k = np.linalg.norm(field_nc) * self.noise / self.step_k
        values_vk = np.einsum("vknc,nc->vk", self.slope_vknc, field_nc)
        return _assembled([extrapolate(self.step_k, value_k, noise_k=noise_k) for value_k in values_vk])


def strained_forces_of(atoms: ase.Atoms) -> StrainedForces:
    """Return the forces of an ASE calculator as a function of positions and of the deformation of the cell.

    Args:
        atoms: configuration with a calculator; it is left as it was.

    Raises:
        InputError: no calculator.
    """
    if atoms.calc is None:
        raise InputError("the structure has no calculator; attach one: atoms.calc = ...")
    work = atoms.copy()
    work.set_constraint()
    work.calc = atoms.calc
    cell_cc = atoms.cell.array.copy()

    def forces(positions_nc: Array, deformation_cc: Array) -> Array:
        work.set_cell(cell_cc @ deformation_cc.T)
        work.set_positions(positions_nc)
        return np.array(work.get_forces(), dtype=float)

    return forces


def strain_ladder(longest: float, shortest: float | None = None) -> Array:
    """Return descending strains, in equal ratios [-].

    Args:
        longest: the first [-].
        shortest: the last; far below where absent [-].

    Raises:
        InputError: strains that do not descend, or of order one.
    """
    shortest = shortest or longest / LADDER_RANGE
    if not 0 < shortest < longest < 1:
        raise InputError(f"strains from {longest:g} to {shortest:g}; expected descending ones below 1")
    return np.geomspace(longest, shortest, LADDER_STEPS)


def unit_strain(first: int, second: int) -> Array:
    """Return the symmetric strain whose contraction with a symmetric tensor is its component, (3, 3) [-].

    Args:
        first: first axis.
        second: second axis.
    """
    strain_cc = np.zeros((3, 3))
    strain_cc[first, second] += 0.5
    strain_cc[second, first] += 0.5
    return strain_cc


def strain_response(forces: StrainedForces, positions_nc: Array, *, step_k: Array, noise: float) -> StrainResponse:
    """Return how the forces answer a strain R -> (1 + strain) R, by two evaluations for each strain and component.

    Source: lutsko-1989 (non-affine force); test: test_strain_couplings_of_forces_equal_the_analytic_ones

    Args:
        forces: forces as a function of positions and deformation.
        positions_nc: positions without strain, (N, 3) [sigma].
        step_k: strains, descending [-].
        noise: error of a force [epsilon/sigma].
    """
    slopes, limits = [], []
    for component in COMPONENTS:
        strain_cc = unit_strain(*component)
        sides = [[_strained(forces, positions_nc, sign * step * strain_cc) for sign in (1, -1)] for step in step_k]
        slopes.append(np.array([minus - plus for plus, minus in sides]) / (2 * step_k[:, None, None]))
        noise_k = np.sqrt(positions_nc.size) * noise / step_k
        limits.append(extrapolate(step_k, slopes[-1], noise_k=noise_k))
    field_ncab = np.empty((*positions_nc.shape, 3, 3))
    for (a, b), limit in zip(COMPONENTS, limits, strict=True):
        field_ncab[..., a, b] = field_ncab[..., b, a] = limit.value
    return StrainResponse(step_k, np.array(slopes), field_ncab, max(limit.error for limit in limits), noise)


def curvature_slope(
    forces: StrainedForces, positions_nc: Array, field_nc: Array, *, step_k: Array, longest: float, noise: float
) -> StrainSlope:
    """Return d3U / d(strain) ds^2 for atoms that move by s u after the strain [epsilon/s^2].

    The curvature along u in the strained box, from forces at both ends of s u, is differenced between strains of
    opposite signs. Strain and displacement shrink together, so that the error is even in one step. 24 evaluations for
    each of them.

    Source: soft-modes-notes (strain coupling); test: test_strain_couplings_of_forces_equal_the_analytic_ones

    Args:
        forces: forces as a function of positions and deformation.
        positions_nc: positions without strain, (N, 3) [sigma].
        field_nc: displacements u per unit of s, (N, 3) [sigma/s].
        step_k: strains, descending [-].
        longest: displacement of the most moving atom that goes with the first of them [sigma].
        noise: error of a force [epsilon/sigma].
    """
    reach_k = longest / float(np.linalg.norm(field_nc, axis=1).max()) * step_k / step_k[0]
    noise_k = np.linalg.norm(field_nc) * noise / (step_k * reach_k)
    limits = []
    for component in COMPONENTS:
        strain_cc, value_k = unit_strain(*component), np.zeros(len(step_k))
        for k, (step, reach) in enumerate(zip(step_k, reach_k, strict=True)):
            for sign in (1, -1):
                ends = [
                    _strained(forces, positions_nc, sign * step * strain_cc, side * reach * field_nc)
                    for side in (1, -1)
                ]
                value_k[k] += sign * float(np.sum((ends[1] - ends[0]) * field_nc)) / (4 * step * reach)
        limits.append(extrapolate(step_k, value_k, noise_k=noise_k))
    return _assembled(limits)


def _strained(forces: StrainedForces, positions_nc: Array, strain_cc: Array, moved_nc: Array | float = 0.0) -> Array:
    """Forces after a strain, and a displacement that comes after it."""
    deformation_cc = np.eye(3) + strain_cc
    return forces(positions_nc @ deformation_cc.T + moved_nc, deformation_cc)


def _assembled(limits: list[Extrapolated]) -> StrainSlope:
    value_cc = np.empty((3, 3))
    for (a, b), limit in zip(COMPONENTS, limits, strict=True):
        value_cc[a, b] = value_cc[b, a] = float(limit.value)
    return StrainSlope(value_cc, max(limit.error for limit in limits))
