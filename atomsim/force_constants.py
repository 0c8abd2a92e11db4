"""Force constants from elsewhere: their unit settled and checked, exact laws tested, masses put in.

A file of numbers does not say its unit. What can be known is checked: second derivatives of condensed matter lie
within a few orders of magnitude, and translations cost nothing, which tells mass-weighted matrices from others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import ase
import ase.data
import numpy as np

from atomsim.errors import InputError, nearest
from atomsim.formats.matrices import MatrixFormat, read_numbers
from atomsim.pairs import heights
from atomsim.results import Array, quantity
from atomsim.units import ATOMIC_SCALES, FORCE_CONSTANT_UNITS, FREQUENCY_UNITS

# Mean second derivative of an atom's energy by its position: 0.07 in solid neon, 38 in diamond [eV/angstrom^2].
SOFTEST, STIFFEST = 0.01, 200.0
HIGHEST = 150.0  # above the vibration of the hydrogen molecule [THz]
CLEARLY = 10.0  # a sum rule that is so many times better obeyed tells whether a matrix is mass weighted [-]
LAMMPS_METAL = 9648.5  # what LAMMPS takes for one eV in 10 J/mol where it writes eskm in its units metal
OF_MASS = "/amu"
SAME_SHELL = 1.2  # atoms up to so many times the closest distance are called neighbours [-]


@dataclass(frozen=True)
class MatrixUnit:
    """A unit of second derivatives."""

    name: str
    scale: float = quantity("eV/angstrom^2", "one unit")
    mass_weighted: bool = quantity("1", "divided by the roots of both masses in amu", default=False)


def _units() -> dict[str, MatrixUnit]:
    plain = [MatrixUnit(name, scale) for name, scale in FORCE_CONSTANT_UNITS.items()]
    weighted = [MatrixUnit(unit.name + OF_MASS, unit.scale, True) for unit in plain]
    metal = MatrixUnit("lammps-metal", 1 / LAMMPS_METAL, True)
    return {unit.name: unit for unit in (*plain, *weighted, metal)}


MATRIX_UNITS: Mapping[str, MatrixUnit] = MappingProxyType(_units())


@dataclass(frozen=True)
class ForceConstants:
    """Second derivatives of the energy of a structure, symmetrised, with what is known of their quality."""

    atoms: ase.Atoms
    hessian: Array = quantity("eV/angstrom^2", "second derivatives, (3N, 3N)")
    mass_n: Array = quantity("amu", "masses")
    layout: str = quantity("1", "format of the file")
    unit: str = quantity("1", "unit of the numbers in the file")
    asymmetry: float = quantity("1", "largest |H - H^T| before symmetrising, over the largest entry")
    sum_rule: float = quantity("eV/angstrom^2", "largest |sum_j H_ij|: zero where translations are free")
    largest: float = quantity("eV/angstrom^2", "largest entry")
    remarks: tuple[str, ...] = quantity("1", "what was assumed, and what is doubtful", default=())

    @property
    def dynamical_matrix(self) -> Array:
        """The mass-weighted second derivatives [eV/(amu angstrom^2)]."""
        root = np.repeat(np.sqrt(self.mass_n), 3)
        return self.hessian / np.outer(root, root)


def read_force_constants(
    path: Path,
    atoms: ase.Atoms,
    *,
    layout: str | None = None,
    unit: str | None = None,
    masses: Mapping[str, float] | None = None,
) -> ForceConstants:
    """Read second derivatives of another program for a structure, in whatever weighting and unit they are.

    Args:
        path: the file.
        atoms: the structure, atoms in the order of the matrix.
        layout: format of the file; guessed from its content where absent.
        unit: unit of its numbers; that of the format where absent.
        masses: mass of elements, instead of the standard ones [amu].

    Raises:
        InputError: a file that does not fit the structure, an unknown unit or element, or numbers that cannot be in
            this unit.
    """
    mass_n = _masses(atoms, masses or {})
    raw, found = read_numbers(path, atoms, layout)
    chosen, remarks = _settle_unit(raw, mass_n, found, unit, guessed=layout is None, name=str(path))
    hessian = _as_hessian(raw, chosen, mass_n)
    largest, asymmetry = float(np.abs(hessian).max()), float(np.abs(hessian - hessian.T).max())
    hessian = 0.5 * (hessian + hessian.T)
    return ForceConstants(
        atoms=atoms,
        hessian=hessian,
        mass_n=mass_n,
        layout=found.name,
        unit=chosen.name,
        asymmetry=asymmetry / largest,
        sum_rule=float(np.abs(translation_forces(hessian)).max()),
        largest=largest,
        remarks=(*remarks, *doubts(hessian, atoms)),
    )


def _masses(atoms: ase.Atoms, masses: Mapping[str, float]) -> Array:
    """The masses of a structure, those of some elements replaced."""
    present = dict.fromkeys(atoms.get_chemical_symbols())
    mass_n = np.array(atoms.get_masses(), dtype=float)
    for element, mass in masses.items():
        if element not in present:
            raise InputError(f"mass of {element!r}: the structure has {', '.join(present)}{nearest(element, present)}")
        if not 0 < mass < np.inf:
            raise InputError(f"mass of {element!r}: {mass}; expected a positive number [amu]")
        mass_n[atoms.symbols == element] = mass
    if not (mass_n > 0).all():
        atom = int(np.argmin(mass_n))
        raise InputError(f"atom {atom} ({atoms.symbols[atom]}) has mass {mass_n[atom]}; expected a positive mass")
    return mass_n


def _as_hessian(raw: Array, unit: MatrixUnit, mass_n: Array) -> Array:
    root = np.repeat(np.sqrt(mass_n), 3) if unit.mass_weighted else np.ones(3 * len(mass_n))
    return raw * unit.scale * np.outer(root, root)


def translation_forces(hessian: Array) -> Array:
    """Return the force constants against moving all atoms along an axis, (3N, 3); they should vanish [eV/angstrom^2].

    Args:
        hessian: second derivatives, (3N, 3N) [eV/angstrom^2].
    """
    return hessian.reshape(len(hessian), -1, 3).sum(axis=1)


def _settle_unit(
    raw: Array, mass_n: Array, layout: MatrixFormat, unit: str | None, *, guessed: bool, name: str
) -> tuple[MatrixUnit, list[str]]:
    """The unit that was asked for, or that of the format, checked; what was assumed is said."""
    table = unit_table(raw, mass_n)
    if unit is None and layout.unit is None:
        raise InputError(f"{name}: a file of format {layout.name} does not say its unit. Possible are:\n{table}")
    wanted = unit or str(layout.unit)
    if wanted not in MATRIX_UNITS:
        raise InputError(
            f"unknown unit of force constants {wanted!r}{nearest(wanted, MATRIX_UNITS)}; known: "
            f"{', '.join(MATRIX_UNITS)}"
        )
    chosen = MATRIX_UNITS[wanted]
    remarks = []
    if unit is None:
        kind = f"the content looks like {layout.about}; " if guessed else ""
        remarks.append(f"{kind}the unit was taken to be {wanted}")
    wrong = implausible(raw, mass_n, chosen)
    if wrong:
        raise InputError(f"{name}: in {wanted} {wrong}. Possible are:\n{table}")
    if layout.name == "lammps-eskm" and wanted == layout.unit:
        remarks.append(
            f"LAMMPS in its units metal writes eV as {LAMMPS_METAL} x 10 J/mol, which makes frequencies 1.7e-6 too "
            "low; the unit lammps-metal undoes this"
        )
    return chosen, remarks


def implausible(raw: Array, mass_n: Array, unit: MatrixUnit) -> str:
    """Return why the numbers cannot be second derivatives of condensed matter in a unit, or nothing.

    Args:
        raw: numbers of the file, (3N, 3N) [unit].
        mass_n: masses [amu].
        unit: the unit.
    """
    mean, rms = _stiffness(raw, mass_n, unit)
    if not SOFTEST <= mean <= STIFFEST:
        return (
            f"the mean force constant of an atom is {mean:.3g} eV/A^2, its mean frequency {rms:.3g} THz; condensed "
            f"matter has {SOFTEST} to {STIFFEST:g} eV/A^2"
        )
    if rms > HIGHEST:
        return f"the mean frequency is {rms:.3g} THz, above every vibration of matter"
    weighted, plain = sum_rule_violations(raw, mass_n)
    kept, other = (weighted, plain) if unit.mass_weighted else (plain, weighted)
    if other * CLEARLY < kept:
        has, would = ("no ", "a") if unit.mass_weighted else ("a ", "no")
        return (
            f"translations would be held by {kept:.1e} of the stiffness, against {other:.1e} for {has}mass-weighted "
            f"matrix; a unit {'without' if unit.mass_weighted else 'with'} {OF_MASS} fits ({would} mass-weighted one "
            "was named)"
        )
    return ""


def _stiffness(raw: Array, mass_n: Array, unit: MatrixUnit) -> tuple[float, float]:
    """Mean force constant of an atom [eV/angstrom^2] and root of the mean squared frequency [THz]."""
    diagonal = np.diagonal(raw) * unit.scale
    mass = np.repeat(mass_n, 3)
    force, squared = (diagonal * mass, diagonal) if unit.mass_weighted else (diagonal, diagonal / mass)
    frequency = np.sqrt(abs(squared.mean())) * ATOMIC_SCALES.frequency_unit / FREQUENCY_UNITS["THz"]
    return float(force.mean()), float(frequency)


def sum_rule_violations(raw: Array, mass_n: Array) -> tuple[float, float]:
    """Return how far translations are from free, if the matrix is mass weighted and if it is not [-].

    Args:
        raw: numbers of the file, (3N, 3N) [any unit].
        mass_n: masses [amu].
    """
    root = np.repeat(np.sqrt(mass_n / mass_n.mean()), 3)
    scale = float(np.abs(np.diagonal(raw)).mean())
    weighted, plain = (float(np.abs(translation_forces(raw * field)).max()) / scale for field in (root, np.ones(1)))
    return weighted, plain


def unit_table(raw: Array, mass_n: Array) -> str:
    """Return a line for each unit that is possible: what the numbers would mean in it.

    Args:
        raw: numbers of the file, (3N, 3N) [any unit].
        mass_n: masses [amu].
    """
    lines = []
    for unit in MATRIX_UNITS.values():
        if not implausible(raw, mass_n, unit):
            mean, rms = _stiffness(raw, mass_n, unit)
            lines.append(f"  {unit.name:18} mean force constant {mean:.3g} eV/A^2, mean frequency {rms:.3g} THz")
    return "\n".join(lines) or "  in none of the known units does it look like force constants of condensed matter"


def doubts(hessian: Array, atoms: ase.Atoms) -> Iterable[str]:
    """Yield what is doubtful: atoms in another order, a box too small for the reach of the forces.

    Args:
        hessian: symmetric second derivatives, (3N, 3N) [eV/angstrom^2].
        atoms: the structure.
    """
    n = len(atoms)
    if n < 2:
        return
    first, second = np.triu_indices(n, 1)
    strength = np.linalg.norm(hessian.reshape(n, 3, n, 3).transpose(0, 2, 1, 3)[first, second], axis=(1, 2))
    distance = atoms.get_all_distances(mic=bool(atoms.pbc.any()))[first, second]
    near = distance < SAME_SHELL * distance.min()
    if near.sum() < len(near) and strength[near].mean() < 2 * strength[~near].mean():
        yield (
            "the closest atoms are not those with the largest force constants: are the atoms of the structure in the "
            "order of the matrix?"
        )
    reach = 0.5 * float(heights(atoms.cell.complete().array)[atoms.pbc].min(initial=np.inf))
    beyond = float(strength[distance >= reach].sum() / strength.sum())
    if beyond > 0:
        yield (
            f"{100 * beyond:.2g} % of the force constants join atoms farther apart than half the box: with so few "
            "atoms an atom meets images of a neighbour, and the modes are those of the periodic repetition"
        )
