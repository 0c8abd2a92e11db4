"""Directions from which nonlinear modes are looked for: low vibrations and responses to local force dipoles."""

from __future__ import annotations

import numpy as np

from analysis.modes.spectrum import Modes
from atomsim.hessian import pair_blocks
from atomsim.pairs import PairTerms
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.results import Array, IntArray

BOND_REACH = 1.5  # longest bond that is pulled at, in units of density^(-1/d) [-]


def harmonic_starts(glass: Glass, modes: Modes, count: int) -> list[Array]:
    """Return the displacements of the lowest vibrations, (N, 3) each [1/sqrt(m)].

    Args:
        glass: the minimum.
        modes: its modes with their vectors.
        count: how many; as many as there are where there are fewer.
    """
    first = modes.vibrations.start
    root = np.sqrt(glass.mass_n)[:, None]
    return [vector_nc / root for vector_nc in modes.vectors_mnc[first : first + count]]


def local_compliance(terms: PairTerms, bond_b: IntArray) -> Array:
    """Return how far each pair opens under a unit dipole of forces, all other atoms held [sigma^2/epsilon].

    f.K^-1.f with the part K of the Hessian that belongs to the two atoms and f the pull along the bond.

    Args:
        terms: pairs and derivatives of a minimum.
        bond_b: which pairs.
    """
    d = terms.dimension
    blocks = pair_blocks(terms)
    own_ncc = np.zeros((terms.n_atoms, d, d))
    np.add.at(own_ncc, terms.first_p, blocks)
    np.add.at(own_ncc, terms.second_p, blocks)
    first, second = own_ncc[terms.first_p[bond_b]], own_ncc[terms.second_p[bond_b]]
    stiffness = np.block([[first, -blocks[bond_b]], [-blocks[bond_b], second]])
    along_bc = terms.vector_pc[bond_b, :d] / np.linalg.norm(terms.vector_pc[bond_b, :d], axis=1)[:, None]
    pull = np.concatenate([along_bc, -along_bc], axis=1)
    return np.einsum("bi,bi->b", pull, np.linalg.solve(stiffness, pull[:, :, None])[:, :, 0])


def softest_bonds(glass: Glass, terms: PairTerms, count: int) -> IntArray:
    """Return the pairs of near neighbours that open most under a dipole; no two of them share an atom.

    Args:
        glass: the minimum.
        terms: its pairs and derivatives.
        count: how many; as many as there are where there are fewer.
    """
    reach = BOND_REACH * glass.density ** (-1 / glass.dimension)
    near = np.flatnonzero(np.linalg.norm(terms.vector_pc, axis=1) < reach)
    taken: set[int] = set()
    chosen: list[int] = []
    for bond in near[np.argsort(-local_compliance(terms, near), kind="stable")]:
        atoms = {int(terms.first_p[bond]), int(terms.second_p[bond])}
        if len(chosen) < count and not atoms & taken:
            chosen.append(int(bond))
            taken |= atoms
    return np.array(chosen, dtype=np.int64)


def dipole_starts(glass: Glass, terms: PairTerms, response: StaticResponse, count: int) -> list[Array]:
    """Return the responses H^-1 f to force dipoles along the softest bonds, (N, 3) each [sigma^2/epsilon].

    Args:
        glass: the minimum.
        terms: its pairs and derivatives.
        response: the factorised Hessian.
        count: how many.
    """
    bonds = softest_bonds(glass, terms, count)
    if not len(bonds):
        return []
    forces = np.zeros((glass.n_atoms, 3, len(bonds)))
    along_bc = terms.vector_pc[bonds] / np.linalg.norm(terms.vector_pc[bonds], axis=1)[:, None]
    columns = np.arange(len(bonds))
    forces[terms.first_p[bonds], :, columns] = along_bc
    forces[terms.second_p[bonds], :, columns] = -along_bc
    moved = response.displacements(forces)
    return [moved[:, :, b] for b in range(len(bonds))]
