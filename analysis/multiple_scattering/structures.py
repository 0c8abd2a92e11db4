"""Structures for the wind: a glass in reduced units at the density of a metal, a vacancy and the ion that jumps in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np
from ase.build import bulk

from analysis.multiple_scattering.electron_gas import electron_density
from analysis.multiple_scattering.metals import Metal
from atomsim.errors import InputError
from atomsim.results import quantity


def ion_density(metal: Metal) -> float:
    """Return the ions per volume of the crystal, electrons of k_F over the valence [1/angstrom^3].

    Args:
        metal: the metal.
    """
    return float(electron_density(metal.fermi_wave_number)) / metal.valence


def is_reduced(atoms: ase.Atoms) -> bool:
    """Return whether a structure is one of the suite, in units of a pair potential: it carries diameters.

    Args:
        atoms: the structure.
    """
    return "size" in atoms.arrays


def scaled_to_metal(atoms: ase.Atoms, metal: Metal) -> tuple[ase.Atoms, float]:
    """Return the ions of a periodic structure as those of a metal at the density of its crystal, and the factor used.

    Lengths are multiplied by one factor; species and diameters are forgotten.

    Args:
        atoms: the structure, in any unit of length.
        metal: the metal.

    Returns:
        The structure in angstrom and the factor [angstrom per unit of length].

    Raises:
        InputError: the structure is not periodic in three directions and has no density.
    """
    factor = scale_to_density(atoms, ion_density(metal))
    cell, positions = atoms.cell.array * factor, atoms.positions * factor
    return ase.Atoms([metal.symbol] * len(atoms), positions=positions, cell=cell, pbc=True), factor


def scale_to_density(atoms: ase.Atoms, density: float) -> float:
    """Return by what the lengths of a periodic structure are multiplied to give it a density [angstrom per its unit].

    Args:
        atoms: the structure, in any unit of length.
        density: ions per volume [1/angstrom^3].

    Raises:
        InputError: the structure is not periodic in three directions and has no density.
    """
    volume = abs(float(np.linalg.det(atoms.cell.array)))
    if not (np.all(atoms.pbc) and volume > 0):
        raise InputError("a structure that is not periodic in three directions has no density to be scaled")
    return float(np.cbrt(len(atoms) / volume / density))


@dataclass(frozen=True, eq=False)
class VacancyJump:
    """An fcc crystal with one ion on its way into a vacancy next to it."""

    images: tuple[ase.Atoms, ...]
    host: ase.Atoms
    jumping: int = quantity("1", "index of the ion that jumps, in each image")
    fraction_t: tuple[float, ...] = quantity("1", "share of the way that it has gone in each image")


def vacancy_jump(metal: Metal, cells: int, fractions: Sequence[float]) -> VacancyJump:
    """Return an fcc crystal of a metal with a vacancy, for places of a neighbour along the straight way into it.

    The crystal is cubic at the density of the metal, whatever structure the metal itself has; other ions stay on
    their sites.

    Args:
        metal: the metal.
        cells: cubic cells along each edge.
        fractions: shares of the way, 0 in its own site, 1 in the vacancy [-].

    Raises:
        InputError: fewer than two cells, in which the vacancy would be its own neighbour, or no fraction from 0 to 1.
    """
    if cells < 2:
        raise InputError(f"cells = {cells}: expected two at least, else the vacancy is next to its own image")
    if not len(fractions) or not all(0 <= fraction <= 1 for fraction in fractions):
        raise InputError(f"fractions {list(fractions)}: expected numbers from 0 to 1")
    constant = float(np.cbrt(4 / ion_density(metal)))
    host = bulk(metal.symbol, "fcc", a=constant, cubic=True).repeat(cells)
    middle = host.positions - constant * (cells // 2)
    vacancy = int((middle**2).sum(axis=1).argmin())
    step = host.get_distances(vacancy, range(len(host)), mic=True, vector=True)
    neighbour = int(np.abs(step - constant * np.array([0.5, 0.5, 0.0])).sum(axis=1).argmin())
    images = []
    for fraction in fractions:
        image = host.copy()
        image.positions[neighbour] -= fraction * step[neighbour]
        del image[vacancy]
        images.append(image)
    jumping = neighbour - (neighbour > vacancy)
    return VacancyJump(tuple(images), host, jumping, tuple(float(f) for f in fractions))
