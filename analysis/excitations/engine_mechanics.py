"""Mechanics of the concentration for a real alloy: fields, moments and force constants from forces of another engine.

Species are exchanged one by one; where the energy is not linear in each exchange, as in embedded-atom potentials, the
numbers are differences between the two real alloys, not derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.spatial import cKDTree

from analysis.excitations.alloy import Alloy
from analysis.excitations.displacements import poisson_ratio, static_displacements, swap_forces
from analysis.excitations.mechanics import Mechanics, mechanics_of_hessian
from analysis.modes.spectrum import signed_root
from atomsim.engines.glass import AlloyGlass
from atomsim.engines.hessian import engine_hessian
from atomsim.engines.lammps import Evaluation, LammpsEngine
from atomsim.engines.potential import engine_potential
from atomsim.errors import InputError
from atomsim.hessian import mass_weighted
from atomsim.response import StaticResponse
from atomsim.results import Array, IntArray, quantity

STRAIN = 1e-3  # of the central differences of elastic constants [-]
TRANSLATIONS = 3

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class LowestVibrations:
    """The lowest vibrations of a minimum, translations left out."""

    omega_m: Array = quantity("sqrt(eV/amu)/angstrom", "angular frequencies")
    vectors_mnc: Array = quantity("1", "mass-weighted eigenvectors")


@dataclass(frozen=True)
class EngineMechanics:
    """Mechanics of the concentration of a glass, elastic constants of its box, and its lowest vibrations."""

    mechanics: Mechanics
    soft: LowestVibrations
    bulk_modulus: float = quantity("eV/angstrom^3", "of the box, atoms relaxed")
    shear_modulus: float = quantity("eV/angstrom^3", "(C_aa - C_ab)/2, mean over the axes, atoms relaxed")
    volume_change: float = quantity("angstrom^3", "derivative of the atomic volume by the concentration")
    asymmetry: float = quantity("1", "of the Hessian before it was symmetrised, over its largest entry")

    @property
    def poisson(self) -> float:
        """Poisson's ratio [-]."""
        return poisson_ratio(self.bulk_modulus, self.shear_modulus)


class _Exchanges:
    """Forces, energies and pressures of a glass with some of its ions exchanged."""

    def __init__(self, engine: LammpsEngine, positions_nc: Array, occupation_n: IntArray, tell: Progress) -> None:
        self.found: list[Evaluation] = []
        self._engine, self._positions_nc, self._occupation_n, self._tell = engine, positions_nc, occupation_n, tell

    def forces(self, occupation_n: IntArray) -> Array:
        self.found.append(self._engine.evaluate(self._positions_nc, occupation_n))
        self._tell("exchanges", len(self.found) / (len(occupation_n) + 1))
        return self.found[-1].forces_nc

    @property
    def sign_l(self) -> Array:
        """Change of p of each ion when it is exchanged."""
        return 1.0 - 2.0 * self._occupation_n.astype(float)

    @property
    def energy_l(self) -> Array:
        """Change of the energy when each ion is exchanged [eV]."""
        return np.array([one.energy for one in self.found[1:]]) - self.found[0].energy

    @property
    def pressure_change(self) -> float:
        """Derivative of the pressure by a uniform change of concentration, positions kept [eV/angstrom^3]."""
        pressure_l = np.array([one.pressure for one in self.found[1:]])
        return float(np.sum((pressure_l - self.found[0].pressure) / self.sign_l))

    def ordering(self, pair_pn: IntArray) -> Array:
        """W = [E(l,m) - E(l) - E(m) + E]/(dp_l dp_m) of pairs of ions, zero for all others, (N, N) [eV]."""
        n = len(self._occupation_n)
        matrix, alone = np.zeros((n, n)), self.energy_l
        for k, (first, second) in enumerate(pair_pn):
            exchanged_n = self._occupation_n.copy()
            exchanged_n[[first, second]] = 1 - exchanged_n[[first, second]]
            both = self._engine.evaluate(self._positions_nc, exchanged_n).energy - self.found[0].energy
            value = (both - alone[first] - alone[second]) * self.sign_l[first] * self.sign_l[second]
            matrix[first, second] = matrix[second, first] = value
            self._tell("pairs", (k + 1) / len(pair_pn))
        return matrix


def near_pairs(alloy: Alloy, reach: float) -> IntArray:
    """Return the pairs of ions closer than a distance, each once, (P, 2).

    Args:
        alloy: a configuration in an orthogonal box.
        reach: the distance, at most half the box [angstrom].

    Raises:
        InputError: the distance is out of range.
    """
    if not 0 < reach <= alloy.half_height:
        raise InputError(f"pairs up to {reach:.4g}: expected at most half the box, {alloy.half_height:.4g}")
    edge_c = np.diag(alloy.cell_cc)
    folded_nc = np.mod(np.mod(alloy.positions_nc, edge_c), edge_c)
    return cKDTree(folded_nc, boxsize=edge_c).query_pairs(reach, output_type="ndarray").astype(np.int64)


def mechanics_of_engine(
    glass: AlloyGlass, alloy: Alloy, *, soft_modes: int, ordering_reach: float | None, progress: Progress | None = None
) -> EngineMechanics:
    """Return fields, moments, force constants, elastic constants and lowest vibrations of a glass of a real alloy.

    6 N evaluations for the Hessian, N + 1 for the exchanges, one for each near pair. Ordering energies reach beyond
    the near pairs in principle; what is left out there is not corrected for.

    Args:
        glass: a minimum.
        alloy: the same as an alloy.
        soft_modes: number of vibrations.
        ordering_reach: pairs up to this distance get an ordering energy; none do where absent [angstrom].
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: the reach is out of range.
        NotAMinimum: the Hessian has negative eigenvalues.
    """
    tell = progress or (lambda what, share: None)
    with glass.engine() as engine:
        hessian = engine_hessian(engine, glass.positions_nc, progress=lambda share: tell("Hessian", share))
        exchanges = _Exchanges(engine, glass.positions_nc, alloy.occupation_n, tell)
        forces_ncl = swap_forces(exchanges.forces, alloy.occupation_n)
        pairs = None if ordering_reach is None else near_pairs(alloy, ordering_reach)
        ordering_ll = None if pairs is None else exchanges.ordering(pairs)
    displacement_ncl = static_displacements(hessian.matrix, forces_ncl, glass.mass_n)
    stiffness_cc, strain_ncc = elastic_constants(glass, hessian.matrix)
    bulk = float(stiffness_cc.mean())
    axial, cross = float(np.trace(stiffness_cc)) / 3, float(stiffness_cc.sum() - np.trace(stiffness_cc)) / 6
    followed = float(np.einsum("nca,nc->", strain_ncc, displacement_ncl.sum(axis=2))) / (3 * glass.volume)
    per_atom = glass.volume / glass.n_atoms
    return EngineMechanics(
        mechanics=mechanics_of_hessian(
            hessian.matrix, displacement_ncl, glass.mass_n, ordering_ll=ordering_ll, forces_ncl=forces_ncl
        ),
        soft=lowest_vibrations(hessian.matrix, glass.mass_n, soft_modes),
        bulk_modulus=bulk,
        shear_modulus=(axial - cross) / 2,
        volume_change=per_atom * (exchanges.pressure_change + followed) / bulk,
        asymmetry=hessian.asymmetry,
    )


def elastic_constants(glass: AlloyGlass, hessian: sparse.csr_matrix) -> tuple[Array, Array]:
    """Return the stiffness against stretching along the axes, (3, 3), and the forces of a unit stretch, (N, 3, 3).

    Affine part by central differences of pressures of the stretched box; the atoms then follow the forces Xi that the
    stretch makes: C_ab = -dP_a/d(e_b) - Xi_a H+ Xi_b/V [eV/angstrom^3 and eV/angstrom].

    Source: lutsko-1989 (fluctuation formula); test: test_engine_moduli_are_those_of_relaxed_boxes

    Args:
        glass: a minimum at zero pressure.
        hessian: its Hessian [eV/angstrom^2].
    """
    affine_cc, forces_ncc = np.empty((3, 3)), np.empty((glass.n_atoms, 3, 3))
    for axis in range(3):
        sides = []
        for sign in (1.0, -1.0):
            stretch = np.ones(3)
            stretch[axis] += sign * STRAIN
            potential = engine_potential(glass.model)
            with LammpsEngine(potential, glass.elements, glass.species_n, glass.cell_cc * stretch) as engine:
                sides.append(engine.evaluate(glass.positions_nc * stretch))
        affine_cc[:, axis] = -(sides[0].pressure_c - sides[1].pressure_c) / (2 * STRAIN)
        forces_ncc[:, :, axis] = (sides[0].forces_nc - sides[1].forces_nc) / (2 * STRAIN)
    forces_ncc -= forces_ncc.mean(axis=0)
    response = StaticResponse(hessian, glass.mass_n, 3)
    followed_ncc = response.displacements(forces_ncc)
    response.release()
    stiffness_cc = affine_cc - np.einsum("nca,ncb->ab", forces_ncc, followed_ncc) / glass.volume
    return 0.5 * (stiffness_cc + stiffness_cc.T), forces_ncc


def lowest_vibrations(hessian: sparse.csr_matrix, mass_n: Array, count: int) -> LowestVibrations:
    """Return the lowest vibrations of a periodic minimum by LAPACK, translations left out.

    Args:
        hessian: second derivatives [eV/angstrom^2].
        mass_n: masses [amu].
        count: number of vibrations.
    """
    matrix = mass_weighted(hessian, mass_n, 3).toarray()
    values, vectors = linalg.eigh(matrix, subset_by_index=[TRANSLATIONS, TRANSLATIONS + count - 1], check_finite=False)
    return LowestVibrations(signed_root(values), vectors.T.reshape(count, len(mass_n), 3).copy())
