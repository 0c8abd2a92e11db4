"""What the surroundings of an atom at T = 0 are like, as numbers that no rotation, translation or numbering changes.

Lengths in units of the sizes of the atoms are scaled distances, see :mod:`analysis.learning.neighbourhood`. Energies,
stresses and stiffnesses are the share of one atom: half of each of its pairs, over the volume of its Voronoi cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.learning.bond_order import bond_order, second_invariant, third_invariant
from analysis.learning.neighbourhood import SHELL, Neighbourhood, neighbourhood, voronoi_cells
from analysis.modes.elasticity import isotropic_parts
from atomsim.hessian import pair_blocks
from atomsim.pairs import PairTerms
from atomsim.quench import Glass
from atomsim.results import Array
from atomsim.strain import strain_forces

NEIGHBOURS = 12  # whose distances are features one by one
RADIAL_CENTRES = (0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.7, 1.9, 2.1)  # scaled distances
RADIAL_WIDTH, RADIAL_REACH = 0.1, 2.4  # scaled distances: of a Gaussian, and where neighbours cease to count
MANDEL = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))  # the components of a strain in an orthonormal basis
STIFFNESS, STRESS = "epsilon/sigma^2", "epsilon/sigma^3"


@dataclass(frozen=True)
class Feature:
    """One number of the surroundings of an atom."""

    name: str
    unit: str
    description: str


def _features() -> tuple[Feature, ...]:
    own = (
        Feature("size", "sigma", "pair length of the atom with its own kind"),
        *(
            Feature(f"distance_{k}", "1", f"scaled distance of the {k}. nearest neighbour")
            for k in range(1, NEIGHBOURS + 1)
        ),
        *(
            Feature(f"radial_{c:g}", "1", f"Gaussian density of neighbours at scaled distance {c:g}")
            for c in RADIAL_CENTRES
        ),
    )
    smoothed = tuple(
        Feature(f"{one.name}_around", one.unit, f"{one.description}; mean over the atom and its first shell")
        for one in AVERAGED
    )
    return (*own, *AVERAGED, *BOND_ORDER, *smoothed)


AVERAGED = (
    Feature("coordination", "1", f"neighbours closer than a scaled distance of {SHELL:g}"),
    Feature("neighbour_size", "1", "mean size of these neighbours over the size of the atom"),
    Feature("asymmetry", "1", "length of the mean unit vector to these neighbours"),
    Feature("cell_volume", "1", "volume of the Voronoi cell over the mean volume of all cells"),
    Feature("packing", "1", "volume of a ball of the size of the atom over that of its Voronoi cell"),
    Feature("cell_asphericity", "1", "surface of the Voronoi cell over that of a sphere of its volume"),
    Feature("energy", "epsilon", "energy"),
    Feature("pressure", STRESS, "pressure, minus a third of the trace of the stress"),
    Feature("shear_stress", STRESS, "Frobenius norm of the deviator of the stress"),
    Feature("stiffness", STIFFNESS, "mean eigenvalue of the Hessian of this atom, all others held"),
    Feature("lowest_stiffness", STIFFNESS, "lowest eigenvalue of the Hessian of this atom, all others held"),
    Feature("cage", "sigma^2/epsilon", "mean square displacement along one axis over k_B T, all others held"),
    Feature("shear_modulus", STRESS, "affine (Born) shear modulus, mean over orientations"),
    Feature("lowest_modulus", STRESS, "lowest eigenvalue of the affine stiffness: that of the softest strain"),
    Feature("pressure_force", "epsilon/sigma", "force that a dilation exerts on the atom"),
    Feature("shear_force", "epsilon/sigma", "norm of the forces that strains of constant volume exert on the atom"),
    Feature("relaxing_modulus", STRESS, "shear modulus lost when this atom alone follows the strain"),
)  # fmt: skip
BOND_ORDER = (
    *(Feature(f"q{k}", "1", f"bond-orientational order of degree {k} of the first shell") for k in (4, 6)),
    Feature("w6", "1", "third-order invariant of degree 6 of the first shell"),
    *(Feature(f"q{k}_around", "1", f"q{k} of harmonics averaged over the atom and its first shell") for k in (4, 6)),
    Feature("w6_around", "1", "w6 of harmonics averaged over the atom and its first shell"),
)
FEATURES = _features()
NAMES = tuple(feature.name for feature in FEATURES)


def local_structure(glass: Glass) -> Array:
    """Return the features of all atoms of a minimum, (N, F), in the order and units of ``FEATURES`` [as they say].

    Args:
        glass: a minimum in a cell that is periodic in three dimensions.

    Raises:
        NotAMinimum: the configuration is not at a minimum, or has atoms that nothing holds.
        InputError: a plane, an open cell, fewer than twelve neighbours, or a structure with holes.
    """
    glass.certificate.require_minimum(name="the structure", zero_modes=glass.healthy_zero_modes)
    around = neighbourhood(glass, RADIAL_REACH)
    shell = around.within(SHELL)
    averaged = np.column_stack([*_geometry(shell), *_mechanics(glass, around.size_n)])
    return np.column_stack([around.size_n, *_radial(around), averaged, *_bond_order(shell), shell.smoothed(averaged)])


def _radial(around: Neighbourhood) -> list[Array]:
    """Distances one by one (the reach where there are fewer neighbours), and the density of neighbours."""
    start = np.concatenate([[0], np.cumsum(around.count_n)])
    rank = np.arange(len(around.first_p)) - start[around.first_p]
    nearest = np.full((around.n_atoms, NEIGHBOURS), RADIAL_REACH)
    few = rank < NEIGHBOURS
    nearest[around.first_p[few], rank[few]] = around.scaled_p[few]
    taper = np.cos(np.pi / 2 * around.scaled_p / RADIAL_REACH) ** 2
    offset = (around.scaled_p[:, None] - np.array(RADIAL_CENTRES)) / RADIAL_WIDTH
    return [nearest, around.total(np.exp(-(offset**2) / 2) * taper[:, None])]


def _geometry(shell: Neighbourhood) -> list[Array]:
    unit = shell.vector_pc / np.linalg.norm(shell.vector_pc, axis=1, keepdims=True)
    ratio = shell.mean(shell.size_n[shell.second_p] / shell.size_n[shell.first_p])
    return [shell.count_n.astype(float), ratio, np.linalg.norm(shell.mean(unit), axis=1)]


def _bond_order(shell: Neighbourhood) -> list[Array]:
    both = bond_order(shell, (4, 6))
    return [
        column
        for order in both
        for column in (second_invariant(order[4]), second_invariant(order[6]), third_invariant(order[6]))
    ]


def _of_atoms(terms: PairTerms, value_p: Array) -> Array:
    """The sum of a number of each pair over the pairs of each atom."""
    flat = value_p.reshape(len(value_p), -1)
    columns = [
        np.bincount(terms.first_p, column, terms.n_atoms) + np.bincount(terms.second_p, column, terms.n_atoms)
        for column in flat.T
    ]
    return np.stack(columns, axis=1).reshape(terms.n_atoms, *value_p.shape[1:])


def _mechanics(glass: Glass, size_n: Array) -> list[Array]:
    """Cell, energy, stress, stiffness and forces under strain of each atom."""
    terms = glass.interaction().terms(glass.positions_nc)
    volume, surface = voronoi_cells(glass)
    slope, curvature = terms.derivative_kp[1], terms.derivative_kp[2]
    outer = np.einsum("pa,pb->pab", terms.vector_pc, terms.vector_pc)
    stress = _of_atoms(terms, slope[:, None, None] * outer) / volume[:, None, None]
    pressure = -np.trace(stress, axis1=1, axis2=2) / 3
    hessian = _of_atoms(terms, pair_blocks(terms))
    stiffness = np.linalg.eigvalsh(hessian)
    affine = affine_stiffness(outer, curvature, terms) / volume[:, None, None]
    return [
        volume / volume.mean(),
        np.pi / 6 * size_n**3 / volume,
        surface / (36 * np.pi * volume**2) ** (1 / 3),
        _of_atoms(terms, terms.derivative_kp[0]) / 2,
        pressure,
        np.linalg.norm(stress + pressure[:, None, None] * np.eye(3), axis=(1, 2)),
        stiffness.mean(axis=1),
        stiffness[:, 0],
        (1 / stiffness).mean(axis=1),
        affine[:, :3, :3].sum(axis=(1, 2)) / 15,  # sum of C_aabb, which is that of C_abab for central forces
        np.linalg.eigvalsh(affine)[:, 0],
        *_strained(strain_forces(terms), hessian, volume),
    ]


def affine_stiffness(outer_pab: Array, curvature_p: Array, terms: PairTerms) -> Array:
    """Return the share of each atom in the affine (Born) stiffness times the volume, (N, 6, 6) [epsilon].

    The strains are components in an orthonormal basis, so that eigenvalues do not depend on the axes.

    Args:
        outer_pab: R_a R_b of each pair [sigma^2].
        curvature_p: second derivative of the energy of each pair by the square of its distance [epsilon/sigma^4].
        terms: the pairs.
    """
    components = np.stack([outer_pab[:, a, b] * (1 if a == b else np.sqrt(2)) for a, b in MANDEL], axis=1)
    return _of_atoms(terms, 2 * np.einsum("p,pk,pl->pkl", curvature_p, components, components))


def _strained(force_ncab: Array, hessian: Array, volume: Array) -> list[Array]:
    """Forces by dilation and by shear, and the shear modulus that one atom alone takes away by following."""
    dilation = np.einsum("ncaa->nc", force_ncab)
    deviator = force_ncab - dilation[:, :, None, None] * np.eye(3) / 3
    followed = np.linalg.solve(hessian, force_ncab.reshape(len(volume), 3, 9)).reshape(force_ncab.shape)
    lost = np.einsum("ncab,ncde->nabde", force_ncab, followed)
    shear = np.array([isotropic_parts(one, 3)[1] for one in lost])
    return [
        np.linalg.norm(dilation, axis=1),
        np.linalg.norm(deviator.reshape(len(volume), -1), axis=1),
        shear / volume,
    ]
