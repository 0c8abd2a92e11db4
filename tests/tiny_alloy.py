"""Small alloys for tests of the engine: a made-up pair potential as a file that LAMMPS reads, and a small glass."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import ase
import numpy as np

from atomsim.engines.glass import AlloyGlass, AlloyParameters, make_alloy_glass
from atomsim.results import Array

CUZR = "eam/fs:CuZr_mm.eam.fs"
CUTOFF = 6.0  # [angstrom]
DEPTHS = {"AA": 0.30, "AB": 0.31, "BB": 0.305}  # nearly the same species: exchanges are small perturbations [eV]
SPACING = 2.7  # [angstrom]


def pair_energy(pair: str, distance: Array) -> Array:
    """A Morse potential that ends smoothly at the cut-off."""
    swing = np.exp(-1.4 * (distance - SPACING))
    inside = np.clip(1 - (distance / CUTOFF) ** 2, 0.0, None)
    return DEPTHS[pair] * (swing**2 - 2 * swing) * inside**3


def write_pair_potential(path: Path) -> str:
    """Write the pair potential in the format of embedded atoms, without embedding; return its specification."""
    points = 6000
    distance = np.arange(points) * CUTOFF / (points - 1)
    step = float(distance[1])
    lines = ["a pair potential", "in eV and angstrom", "for tests", "2 Cu Zr", f"10 1.0 {points} {step!r} {CUTOFF!r}"]
    for number, mass in ((29, 63.546), (40, 91.224)):
        lines += [f"{number} {mass} 3.6 fcc", *["0.0"] * 10, *["0.0"] * points]
    for pair in ("AA", "AB", "BB"):
        lines += [repr(float(value)) for value in distance * pair_energy(pair, distance)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return f"eam/alloy:{path}"


def b2(formula: str, cells: int, edge: float, *, shaken: float = 0.0) -> ase.Atoms:
    """A crystal with two atoms in each cube, displaced at random."""
    atoms = ase.Atoms(formula, scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=np.eye(3) * edge, pbc=True)
    atoms = atoms.repeat(cells)
    atoms.positions += np.random.default_rng(5).normal(0, shaken, atoms.positions.shape)
    return atoms


@cache
def tiny_glass(seed: int) -> AlloyGlass:
    """A glass of a few atoms, quenched at once from a short melt."""
    parameters = AlloyParameters(CUZR, 60, {"Cu": 0.6, "Zr": 0.4}, melt_time=0.2)
    return make_alloy_glass(parameters, np.random.default_rng(seed))
