"""Neighbour pairs and the interaction of a configuration: the only place that knows cut-off and periodic images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import ase
import numpy as np

from atomsim.errors import InputError
from atomsim.kernels.forces import MIXING_CODES, PairConstants, pair_kernel
from atomsim.kernels.neighbours import has_moved
from atomsim.kernels.pair_derivatives import derivative_kernel
from atomsim.kernels.together import address_of
from atomsim.kernels.verlet import Field
from atomsim.neighbour_list import NeighbourList
from atomsim.potentials.models import Model
from atomsim.potentials.radial import HIGHEST_DERIVATIVE
from atomsim.results import Array, IntArray
from atomsim.team import Team, default_threads

DEFAULT_SKIN = 0.3  # [sigma]
PAIR_TIME = 2e-9  # about what a neighbour costs, for the team to see whether threads are worth it [s]
SMALLEST_VOLUME = 1e-12  # a determinant below this is that of dependent cell vectors [sigma^3]


def heights(cell_cc: Array) -> Array:
    """Return the three distances between opposite faces of a cell [sigma].

    Args:
        cell_cc: cell vectors as rows [sigma].
    """
    return 1.0 / np.linalg.norm(np.linalg.inv(cell_cc), axis=0)


def composition_of(atoms: ase.Atoms, model: Model) -> tuple[IntArray, Array]:
    """Return species and diameters [sigma] of a configuration: its arrays ``species`` and ``size`` where present.

    Without ``species`` the chemical elements are numbered by ascending atomic number.

    Args:
        atoms: a configuration in reduced units.
        model: the interaction meant for it.

    Raises:
        InputError: a polydisperse model meets atoms without ``size``, or a size is not positive.
    """
    if "species" in atoms.arrays:
        species_n = np.asarray(atoms.arrays["species"], dtype=np.int64)
    elif model.mixing.kind == "species":
        species_n = np.unique(atoms.numbers, return_inverse=True)[1].astype(np.int64)
    else:
        species_n = np.zeros(len(atoms), np.int64)
    if "size" not in atoms.arrays and model.mixing.kind == "sizes":
        raise InputError(
            f"potential {model.name!r} is polydisperse: the structure needs the per-atom array 'size' (diameter)"
        )
    size_n = np.asarray(atoms.arrays.get("size", np.ones(len(atoms))), dtype=float)
    bad = ~((size_n > 0) & (size_n < np.inf))
    if bad.any():
        atom = int(np.flatnonzero(bad)[0])
        raise InputError(f"atom {atom} has size {size_n[atom]}; expected a positive diameter")
    return species_n, size_n


@dataclass(frozen=True)
class PairTerms:
    """All pairs inside the cut-off, each once, with the derivatives that every contraction is made of.

    ``vector_pc`` is R_i - R_j (shortest image) [sigma]; ``derivative_kp[k]`` is d^k phi / d(r^2)^k for k = 0..4
    [epsilon/sigma^2k], phi being the energy of the pair as a function of the square of its distance.
    """

    first_p: IntArray
    second_p: IntArray
    vector_pc: Array
    derivative_kp: Array
    n_atoms: int
    dimension: int

    def scatter(self, vector_pc: Array) -> Array:
        """Return the sum over pairs of +vector on the first and -vector on the second atom, (N, 3, ...) [as given].

        Args:
            vector_pc: one vector (or array of vectors) per pair [any unit].
        """
        out_nc = np.zeros((self.n_atoms, *vector_pc.shape[1:]))
        n_columns = int(np.prod(vector_pc.shape[1:]))
        flat, values = out_nc.reshape(self.n_atoms, n_columns), vector_pc.reshape(len(vector_pc), n_columns)
        for c in range(n_columns):
            flat[:, c] = np.bincount(self.first_p, values[:, c], self.n_atoms)
            flat[:, c] -= np.bincount(self.second_p, values[:, c], self.n_atoms)
        return out_nc

    def difference(self, field_nc: Array) -> Array:
        """Return field_i - field_j for every pair [as given].

        Args:
            field_nc: one vector per atom [any unit].
        """
        return field_nc[self.first_p] - field_nc[self.second_p]

    def energy(self) -> float:
        """Return the potential energy [epsilon]."""
        return float(self.derivative_kp[0].sum())

    def forces(self) -> Array:
        """Return the forces, (N, 3) [epsilon/sigma]."""
        return self.scatter(-2.0 * self.derivative_kp[1][:, None] * self.vector_pc)

    def virial(self) -> Array:
        """Return the derivative of the energy by strain, sum over pairs of 2 phi' R_a R_b, (3, 3) [epsilon]."""
        return np.einsum("p,pa,pb->ab", 2.0 * self.derivative_kp[1], self.vector_pc, self.vector_pc)


class PairInteraction:
    """A model bound to a composition and a cell: energies, forces and pair terms at any positions.

    The list of neighbours reaches ``skin`` beyond the cut-off and is rebuilt when an atom has moved by half of
    it; ``reference_nc`` are the positions of the last rebuild. Sums run in the order of the list, so equal
    (positions, reference) give equal bits, whatever the number of threads. Without ``threads`` the variable
    ``ATOMSIM_THREADS`` of the environment counts.
    """

    def __init__(
        self,
        model: Model,
        *,
        cell_cc: Array,
        periodic_c: IntArray,
        species_n: IntArray,
        size_n: Array,
        skin: float = DEFAULT_SKIN,
        threads: int | None = None,
    ) -> None:
        """Bind a model.

        Args:
            model: the interaction.
            cell_cc: cell vectors as rows [sigma].
            periodic_c: 1 for a periodic direction, 0 for an open one.
            species_n: species of each atom.
            size_n: diameter of each atom [sigma].
            skin: reach of the list of neighbours beyond the cut-off [sigma].
            threads: how many share the sums over neighbours; none for what the environment asks for.

        Raises:
            InputError: the cell has no volume or is smaller than twice the cut-off, or the species do not fit
                the model.
        """
        self.model = model
        self.n_atoms = len(species_n)
        self.cell_cc = np.ascontiguousarray(cell_cc, dtype=float)
        self.periodic_c = np.asarray(periodic_c, dtype=np.int64)
        self.species_n = np.ascontiguousarray(species_n, dtype=np.int64)
        self.size_n = np.ascontiguousarray(size_n, dtype=float)
        self.n_evaluations = 0
        self.team = Team(default_threads() if threads is None else threads)
        self._check_species()
        self._bind_cell(skin)
        self._bind_kernel()
        self.reference_nc: Array | None = None

    def _check_species(self) -> None:
        if self.model.mixing.kind != "species":
            return
        n_species = len(self.model.mixing.lengths)
        unknown = np.flatnonzero((self.species_n < 0) | (self.species_n >= n_species))
        if len(unknown):
            atom, known = unknown[0], f"{self.model.name!r} knows species 0..{n_species - 1}"
            raise InputError(f"atom {atom} is of species {self.species_n[atom]}; {known}")

    def _bind_cell(self, skin: float) -> None:
        cutoff = self.model.cutoff(self.size_n)
        periodic = self.periodic_c.astype(bool)
        if not np.isfinite(self.cell_cc).all() or abs(np.linalg.det(self.cell_cc)) < SMALLEST_VOLUME:
            raise InputError(
                f"the cell {self.cell_cc.tolist()} has no volume; expected three independent cell vectors "
                "(along open directions any that enclose the atoms)"
            )
        height_c = heights(self.cell_cc)
        smallest = height_c[periodic].min() if periodic.any() else np.inf
        if smallest < 2 * cutoff:
            raise InputError(
                f"the cell is {smallest:.6g} sigma high, smaller than twice the cut-off {cutoff:.6g} of "
                f"{self.model.name!r}: an atom would meet two images of the same neighbour"
            )
        self.volume = float(abs(np.linalg.det(self.cell_cc)))
        if self.model.dimension == 2:
            self.volume = float(np.linalg.norm(np.cross(self.cell_cc[0], self.cell_cc[1])))
        self.cutoff = cutoff
        # The list may not reach beyond half the cell, where a pair has two images; cutoff + skin <= height/2.
        self.skin = min(skin, smallest / 2 - cutoff) if np.isfinite(cutoff) else 0.0
        self.inverse_cc = np.linalg.inv(self.cell_cc) * periodic[None, :]
        self._list = self.neighbour_list(cutoff + self.skin)

    def _bind_kernel(self) -> None:
        radial, mixing = self.model.radial, self.model.mixing
        singular, regular = radial.coefficients()
        n_regular = len(radial.regular) if any(radial.regular) else 0
        form = radial.exponent, len(radial.singular), n_regular, MIXING_CODES[mixing.kind]
        self._energy_kernel = pair_kernel(*form, energies=True, forces=False)
        self._force_kernel = pair_kernel(*form, energies=False, forces=True)
        self._both_kernel = pair_kernel(*form, energies=True, forces=True)
        self._constants = PairConstants(
            singular,
            regular,
            radial.cutoff**2,
            np.asarray(mixing.lengths, dtype=float) ** -2,
            np.asarray(mixing.energies, dtype=float),
            mixing.non_additivity,
        )

    @classmethod
    def from_atoms(
        cls, model: Model, atoms: ase.Atoms, *, skin: float = DEFAULT_SKIN, threads: int | None = None
    ) -> PairInteraction:
        """Bind a model to the cell and the composition of an ase.Atoms.

        Args:
            model: the interaction.
            atoms: a configuration in reduced units.
            skin: reach of the list of neighbours beyond the cut-off [sigma].
            threads: how many share the sums over neighbours; none for what the environment asks for.
        """
        species_n, size_n = composition_of(atoms, model)
        return cls(
            model,
            cell_cc=atoms.cell.array,
            periodic_c=atoms.pbc.astype(np.int64),
            species_n=species_n,
            size_n=size_n,
            skin=skin,
            threads=threads,
        )

    def neighbour_list(self, reach: float) -> NeighbourList:
        """Return a list of neighbours of these atoms in this cell, yet to be built.

        Args:
            reach: largest distance to be listed, at most half the smallest height of the cell [sigma].
        """
        return NeighbourList(
            cell_cc=self.cell_cc,
            periodic_c=self.periodic_c,
            species_n=self.species_n,
            size_n=self.size_n,
            reach=reach,
            team=self.team,
        )

    def rebuild(self, positions_nc: Array) -> None:
        """Make a new list of neighbours around the given positions.

        Args:
            positions_nc: (N, 3) positions [sigma].

        Raises:
            InputError: a coordinate is not finite; the compiled loops would read outside their arrays.
        """
        bad = ~np.isfinite(positions_nc).all(axis=1)
        if bad.any():
            atom = int(bad.argmax())
            raise InputError(
                f"atom {atom} is at {positions_nc[atom].tolist()}; expected finite coordinates ({bad.sum()} such atoms)"
            )
        self._list.build(positions_nc)
        self.reference_nc = positions_nc.copy()

    @property
    def n_listed(self) -> int:
        """Number of neighbours in the list, each pair counted from both sides."""
        return self._list.n_listed

    def _ensure_list(self, positions_nc: Array) -> None:
        if self.reference_nc is None or has_moved(positions_nc, self.reference_nc, (0.5 * self.skin) ** 2):
            self.rebuild(positions_nc)
        else:
            self._list.move(positions_nc)

    def _sum_over_pairs(self, kernel: Callable[..., None], positions_nc: Array) -> tuple[Array, Array]:
        """Forces and energies of the atoms, as far as the kernel fills them."""
        positions_nc = np.ascontiguousarray(positions_nc, dtype=float)
        self._ensure_list(positions_nc)
        self.n_evaluations += 1
        forces_nc, energy_n = np.empty_like(positions_nc), np.empty(self.n_atoms)
        work = partial(
            kernel,
            places=self._list.places,
            rows=self._list.rows,
            constants=self._constants,
            force=forces_nc,
            energy=energy_n,
        )
        self.team.share(self.n_atoms, work, row_time=self.evaluation_time / max(self.n_atoms, 1))
        return forces_nc, energy_n

    def energy_and_forces(self, positions_nc: Array) -> tuple[float, Array]:
        """Return the potential energy [epsilon] and the forces, (N, 3) [epsilon/sigma].

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        forces_nc, energy_n = self._sum_over_pairs(self._both_kernel, positions_nc)
        return float(energy_n.sum()), forces_nc

    def energy(self, positions_nc: Array) -> float:
        """Return the potential energy [epsilon].

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        return float(self._sum_over_pairs(self._energy_kernel, positions_nc)[1].sum())

    def forces(self, positions_nc: Array) -> Array:
        """Return the forces, (N, 3) [epsilon/sigma]; where the energy is not wanted, a fifth faster than with it.

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        return self._sum_over_pairs(self._force_kernel, positions_nc)[0]

    def field(self) -> Field:
        """Return what compiled dynamics needs to know of this interaction, whose list must have been made.

        It makes the list anew by itself, and ``reference_nc`` with it, as long as there is room in the arrays.
        """
        assert self.reference_nc is not None
        store = self._list.store
        distance2, unused_n = (0.5 * self.skin) ** 2, np.empty(self.n_atoms)
        return Field(self._force_address, self._constants, store, self.reference_nc, distance2, unused_n)

    @cached_property
    def _force_address(self) -> int:
        store = self._list.store
        arrays = np.empty((0, 3)), np.empty(0)
        return address_of(self._force_kernel, 0, 0, store.places, store.rows, self._constants, *arrays)

    @property
    def evaluation_time(self) -> float:
        """About how long an evaluation takes in one thread [s]."""
        return PAIR_TIME * self.n_listed

    def separations(self, positions_nc: Array) -> tuple[IntArray, IntArray, Array]:
        """Return first atom, second atom and R_i - R_j (shortest image) [sigma] of all pairs inside the cut-off.

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        positions_nc = np.ascontiguousarray(positions_nc, dtype=float)
        self._ensure_list(positions_nc)
        first_p, second_p, vector_pc = self._list.pairs(self.cutoff)
        if self.model.mixing.kind == "single":
            return first_p, second_p, vector_pc
        length_p, _ = self.pair_scales(first_p, second_p)
        keep = np.einsum("pc,pc->p", vector_pc, vector_pc) < (self.model.radial.cutoff * length_p) ** 2
        return first_p[keep], second_p[keep], vector_pc[keep]

    def terms(self, positions_nc: Array) -> PairTerms:
        """Return all pairs inside the cut-off with their derivatives up to the fourth.

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        first_p, second_p, vector_pc = self.separations(positions_nc)
        length_p, energy_p = self.pair_scales(first_p, second_p)
        singular, regular = self._constants.singular, self._constants.regular
        derivative_kp = np.empty((HIGHEST_DERIVATIVE + 1, len(first_p)))
        fill = derivative_kernel(self.model.radial.exponent, singular.shape[1], regular.shape[1], len(derivative_kp))
        fill(vector_pc, length_p, energy_p, singular, regular, derivative_kp)
        return PairTerms(first_p, second_p, vector_pc, derivative_kp, self.n_atoms, self.model.dimension)

    def pair_scales(self, first_p: IntArray, second_p: IntArray) -> tuple[Array, Array]:
        """Return the length lambda_ij [sigma] and the energy epsilon_ij [epsilon] of each pair.

        Args:
            first_p: first atom of each pair.
            second_p: second atom of each pair.
        """
        mixing = self.model.mixing
        if mixing.kind == "species":
            pair = self.species_n[first_p], self.species_n[second_p]
            return np.asarray(mixing.lengths)[pair], np.asarray(mixing.energies)[pair]
        if mixing.kind == "sizes":
            a, b = self.size_n[first_p], self.size_n[second_p]
            return 0.5 * (a + b) * (1 - mixing.non_additivity * np.abs(a - b)), np.ones(len(a))
        return np.ones(len(first_p)), np.ones(len(first_p))

    def pressure(self, positions_nc: Array) -> float:
        """Return the potential part of the pressure, -tr(virial)/(d V) [epsilon/sigma^d].

        Args:
            positions_nc: (N, 3) positions [sigma].
        """
        virial_cc = self.terms(positions_nc).virial()
        return float(-np.trace(virial_cc) / (self.model.dimension * self.volume))
