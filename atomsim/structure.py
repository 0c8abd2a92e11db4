"""Starting configurations, and the checks that every configuration from outside must pass."""

from __future__ import annotations

import ase
import numpy as np

from atomsim.errors import InputError
from atomsim.pairs import PairInteraction, heights
from atomsim.potentials import Model
from atomsim.results import Array, IntArray

CLOSEST_CONTACT = 0.1  # separations below this share of the pair length are called overlaps [-]
LARGEST_BUCKLING = 1e-9  # differences of z that still count as a plane [sigma]
PLANE_THICKNESS = 10.0  # height of the open direction of a two-dimensional cell [sigma]


def cubic_cell(n_atoms: int, density: float, dimension: int) -> Array:
    """Return the cell vectors of a cube (or a square in a plane cell) at a number density [sigma].

    Args:
        n_atoms: number of atoms.
        density: number density [1/sigma^d].
        dimension: 2 or 3.

    Raises:
        InputError: density or number of atoms not positive.
    """
    if not 0 < density < np.inf:
        raise InputError(f"density = {density} must be positive and finite [1/sigma^{dimension}]")
    if n_atoms < 1:
        raise InputError(f"n_atoms = {n_atoms} must be at least 1")
    edge = (n_atoms / density) ** (1.0 / dimension)
    return np.diag([edge, edge, edge if dimension == 3 else PLANE_THICKNESS])


def random_start(model: Model, n_atoms: int, density: float, rng: np.random.Generator) -> ase.Atoms:
    """Return atoms at uniformly random places with species and diameters drawn from the model.

    Overlaps are left in: they are for the melt and the minimiser to remove.

    Args:
        model: the glass model.
        n_atoms: number of atoms.
        density: number density [1/sigma^d].
        rng: source of randomness.
    """
    cell_cc = cubic_cell(n_atoms, density, model.dimension)
    species_n, size_n = model.compose(n_atoms, rng)
    fractional = rng.random((n_atoms, 3))
    if model.dimension == 2:
        fractional[:, 2] = 0.0
    return make_atoms(fractional @ cell_cc, cell_cc, species_n=species_n, size_n=size_n, dimension=model.dimension)


def make_atoms(
    positions_nc: Array,
    cell_cc: Array,
    *,
    species_n: IntArray,
    size_n: Array,
    dimension: int = 3,
    mass_n: Array | None = None,
) -> ase.Atoms:
    """Return ase.Atoms in reduced units carrying ``species``, ``size`` and unit masses.

    Args:
        positions_nc: positions [sigma].
        cell_cc: cell vectors as rows [sigma].
        species_n: species of each atom.
        size_n: diameter of each atom [sigma].
        dimension: 2 (open third direction) or 3.
        mass_n: masses, 1 where absent [m].
    """
    numbers = np.asarray(species_n, dtype=int) + 1  # element symbols are only labels: species 0 is drawn as H
    atoms = ase.Atoms(numbers=numbers, positions=positions_nc, cell=cell_cc, pbc=[True, True, dimension == 3])
    atoms.set_masses(np.ones(len(numbers)) if mass_n is None else mass_n)
    atoms.arrays["species"] = np.asarray(species_n, dtype=np.int64)
    atoms.arrays["size"] = np.asarray(size_n, dtype=float)
    return atoms


def check_structure(atoms: ase.Atoms, model: Model, *, name: str = "structure") -> None:
    """Refuse a configuration that the model cannot describe, naming the atom and the value.

    Args:
        atoms: the configuration.
        model: the interaction meant for it.
        name: what to call it in messages, for example the file.

    Raises:
        InputError: no atoms, positions that are not finite, masses that are not positive, a cell without volume or
            smaller than twice the cut-off, missing or wrong diameters, unknown species, a plane model off its plane,
            or overlapping atoms.
    """
    if len(atoms) == 0:
        raise InputError(f"{name}: no atoms")
    bad = ~np.isfinite(atoms.positions).all(axis=1)
    if bad.any():
        atom = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"{name}: atom {atom} is at {atoms.positions[atom].tolist()}; expected finite coordinates "
            f"({int(bad.sum())} such atoms)"
        )
    masses_n = atoms.get_masses()
    if not np.all(masses_n > 0):
        atom = int(np.flatnonzero(~(masses_n > 0))[0])
        raise InputError(f"{name}: atom {atom} has mass {masses_n[atom]}; expected a positive mass")
    try:
        interaction = PairInteraction.from_atoms(model, atoms)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    if model.dimension == 2 and np.ptp(atoms.positions[:, 2]) > LARGEST_BUCKLING:
        raise InputError(
            f"{name}: atoms lie up to {np.ptp(atoms.positions[:, 2]):.3g} sigma apart along z; the plane model "
            f"{model.name!r} expects equal z"
        )
    check_overlaps(interaction, atoms.positions, name=name)


def check_overlaps(interaction: PairInteraction, positions_nc: Array, *, name: str = "structure") -> None:
    """Refuse atoms that sit on top of each other.

    Args:
        interaction: the model bound to the cell.
        positions_nc: positions [sigma].
        name: what to call the configuration in messages.

    Raises:
        InputError: two atoms closer than a tenth of their pair length.
    """
    first_p, second_p, vector_pc = interaction.separations(positions_nc)
    if len(first_p) == 0:
        return
    distance_p = np.linalg.norm(vector_pc, axis=1)
    length_p, _ = interaction.pair_scales(first_p, second_p)
    closest = int((distance_p / length_p).argmin())
    if distance_p[closest] < CLOSEST_CONTACT * length_p[closest]:
        raise InputError(
            f"{name}: atoms {first_p[closest]} and {second_p[closest]} overlap, distance {distance_p[closest]:.3g} "
            f"sigma; expected at least {CLOSEST_CONTACT * length_p[closest]:.3g}"
        )


def smallest_height(atoms: ase.Atoms) -> float:
    """Return the smallest height of the cell over its periodic directions [sigma].

    Args:
        atoms: the configuration.
    """
    return float(heights(atoms.cell.array)[atoms.pbc].min(initial=np.inf))
