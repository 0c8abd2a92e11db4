"""From a structure and a metal, or given phase shifts, to the configuration that scatters; what was assumed is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np

from analysis.multiple_scattering.configuration import Configuration, given_configuration, metal_configuration
from analysis.multiple_scattering.electron_gas import electron_density
from analysis.multiple_scattering.metals import Metal
from analysis.multiple_scattering.phase_shifts import PhaseShifts
from analysis.multiple_scattering.structures import ion_density, is_reduced, scale_to_density, scaled_to_metal
from atomsim.errors import InputError

METAL_L_MAX = 2  # where none is asked for; what it leaves out is part of the error
TOLD_DENSITY = 0.01  # deviation of the density from that of the crystal that is told [-]


@dataclass(frozen=True, eq=False)
class WindInput:
    """What scatters, and what was assumed on the way there.

    Attributes:
        configuration: the ions.
        reference: ions of which the wind is subtracted, if any.
        k_fermi: k_F of the electrons, for muffin tins larger than the wave number between them [1/angstrom].
        metal: the metal, if it is one of the table.
        remarks: what the user should know.
    """

    configuration: Configuration
    reference: Configuration | None
    k_fermi: float
    metal: Metal | None
    remarks: tuple[str, ...]


def metal_input(
    atoms: ase.Atoms,
    metal: Metal,
    *,
    l_max: int | None = None,
    k_fermi: float | None = None,
    reference: ase.Atoms | None = None,
    finite: bool = False,
    scale: bool = False,
) -> WindInput:
    """Return the ions of a structure as those of one metal.

    A structure in the units of a pair potential is scaled to the density of the metal. A reference is treated in the
    same way, with the same scale and the same k_F, that of its own density.

    Args:
        atoms: the structure [angstrom, or units of a pair potential].
        metal: the metal.
        l_max: largest angular momentum, two if None.
        k_fermi: k_F where it shall not be that of the density [1/angstrom].
        reference: a structure of which the wind is subtracted.
        finite: take the ions without their periodic images, in the electrons of the crystal.
        scale: scale any structure, and take its atoms for ions of the metal whatever they are.

    Raises:
        InputError: an atom of another element, which is named, or as :func:`metal_configuration`.
    """
    degree = METAL_L_MAX if l_max is None else l_max
    if degree < 0:
        raise InputError(f"l_max = {degree}: expected zero or more")
    remarks: list[str] = []
    if scale or is_reduced(atoms):
        remarks.append(_scaling_remark(reference if reference is not None else atoms, metal))
        factor = scaled_to_metal(reference if reference is not None else atoms, metal)[1]
        atoms = _scaled(atoms, metal, factor)
        reference = None if reference is None else _scaled(reference, metal, factor)
    for structure in (atoms, reference):
        _check_elements(structure, metal)
    k_fermi = k_fermi if k_fermi is not None else _common_k_fermi(reference, metal)
    configurations = []
    for structure in (atoms, reference):
        if structure is None:
            continue
        cell = None if finite else structure.cell.array
        found, tins = metal_configuration(
            metal, structure.positions, l_max=degree, cell_cc=cell, periodic_c=structure.pbc.tolist(), k_fermi=k_fermi
        )
        configurations.append(found)
        if structure is atoms and abs(tins.density_ratio - 1) > TOLD_DENSITY:
            remarks.append(f"the ions bring {tins.density_ratio:.4g} times the electrons of k_F")
        fermi = tins.fermi_wave_number
    density = (fermi / metal.fermi_wave_number) ** 3
    if abs(density - 1) > TOLD_DENSITY:
        remarks.append(
            f"k_F = {fermi:.5g}/angstrom: {density:.4g} times the electrons per volume of crystalline {metal.symbol}"
        )
    if metal.caveat:
        remarks.append(f"{metal.symbol}: {metal.caveat}")
    return WindInput(
        configurations[0], configurations[1] if reference is not None else None, fermi, metal, tuple(remarks)
    )


def _common_k_fermi(reference: ase.Atoms | None, metal: Metal) -> float | None:
    """k_F of the density of the reference, which defect and host share."""
    if reference is None or not np.all(reference.pbc):
        return None
    density = len(reference) / abs(float(np.linalg.det(reference.cell.array)))
    return metal.fermi_wave_number * float(np.cbrt(density / ion_density(metal)))


def _scaling_remark(atoms: ase.Atoms, metal: Metal) -> str:
    _, factor = scaled_to_metal(atoms, metal)
    return (
        f"the structure was scaled by {factor:.6g} angstrom per unit of length to the density of crystalline "
        f"{metal.symbol}, {ion_density(metal):.5g}/angstrom^3"
    )


def _scaled(atoms: ase.Atoms, metal: Metal, factor: float) -> ase.Atoms:
    cell, positions = atoms.cell.array * factor, atoms.positions * factor
    return ase.Atoms([metal.symbol] * len(atoms), positions=positions, cell=cell, pbc=atoms.pbc)


def _check_elements(atoms: ase.Atoms | None, metal: Metal) -> None:
    for ion, symbol in enumerate([] if atoms is None else atoms.get_chemical_symbols()):
        if symbol != metal.symbol:
            raise InputError(
                f"ion {ion} is {symbol}, expected {metal.symbol}; give phase shifts by species, or scale the structure "
                f"to the metal to take all ions as {metal.symbol}"
            )


def given_input(
    atoms: ase.Atoms,
    shifts: PhaseShifts,
    *,
    l_max: int | None = None,
    k_fermi: float | None = None,
    reference: ase.Atoms | None = None,
) -> WindInput:
    """Return the ions of a structure with phase shifts given by species.

    Args:
        atoms: the structure [angstrom].
        shifts: the phase shifts.
        l_max: largest angular momentum, all that are given if None.
        k_fermi: wave number where it shall not be that of the phase shifts [1/angstrom].
        reference: a structure of which the wind is subtracted.

    Raises:
        InputError: a species without phase shifts, with the ion, l_max beyond them, or a structure in the units of a
            pair potential, for which :func:`reduced_input` is.
    """
    if k_fermi is not None:
        shifts = PhaseShifts(shifts.species, k_fermi, shifts.delta_sl, shifts.method)

    def configuration(structure: ase.Atoms) -> Configuration:
        if is_reduced(structure):
            raise InputError(
                "the structure is in the units of a pair potential: given phase shifts need lengths in angstrom and "
                "atoms of the species they are given for"
            )
        return given_configuration(
            shifts,
            structure.get_chemical_symbols(),
            structure.positions,
            l_max=l_max,
            cell_cc=structure.cell.array,
            periodic_c=structure.pbc.tolist(),
        )

    host = None if reference is None else configuration(reference)
    return WindInput(configuration(atoms), host, shifts.wave_number, None, shifts.remarks)


def reduced_input(
    atoms: ase.Atoms, shifts: PhaseShifts, names: Sequence[str], *, density: float, l_max: int | None = None
) -> WindInput:
    """Return the ions of a structure in the units of a pair potential with phase shifts given by species.

    Args:
        atoms: the structure, which is periodic and numbers its species [unit of length of its potential].
        shifts: the phase shifts.
        names: species of the phase shifts for species 0, 1, ... of the structure; a single one for all.
        density: ions per volume to which lengths are scaled [1/angstrom^3].
        l_max: largest angular momentum, all that are given if None.

    Raises:
        InputError: a species without name or phase shifts, with the ion, or l_max beyond them.
    """
    species_n = atoms.arrays["species"] if len(names) > 1 else np.zeros(len(atoms), np.int64)
    wrong = np.flatnonzero(species_n >= len(names))
    if wrong.size:
        raise InputError(f"ion {wrong[0]} is of species {species_n[wrong[0]]}; named are {len(names)}: {list(names)}")
    factor = scale_to_density(atoms, density)
    found = given_configuration(
        shifts,
        [names[int(species)] for species in species_n],
        atoms.positions * factor,
        l_max=l_max,
        cell_cc=atoms.cell.array * factor,
        periodic_c=atoms.pbc.tolist(),
    )
    remarks = (
        f"the structure was scaled by {factor:.6g} angstrom per unit of length to the density given, "
        f"{density:.5g}/angstrom^3",
        f"k = {shifts.wave_number:.5g}/angstrom is that of {electron_density(shifts.wave_number) / density:.4g} "
        f"electrons per ion at this density; the phase shifts screen {found.friedel_sum_n.mean():.4g} on average",
    )
    return WindInput(found, None, shifts.wave_number, None, (*remarks, *shifts.remarks))
