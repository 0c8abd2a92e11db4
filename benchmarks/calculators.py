"""The same atoms and potential in this suite and in calculators of ASE, for benchmarks of descents and Hessians."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase
import numpy as np

from atomsim.clusters import require
from atomsim.pairs import PairInteraction
from atomsim.potentials import RadialFunction, get_model
from atomsim.results import Array
from atomsim.structure import make_atoms

sys.path.insert(0, str(Path(__file__).parent))
from lammps_engine import SPLINE_POINTS, TABLE_BEGIN, TABLE_POINTS

MODEL = "laird-schober"


def edge_of(n_atoms: int) -> float:
    """Return the edge of the cubic box [sigma].

    Args:
        n_atoms: number of atoms.
    """
    return float((n_atoms / get_model(MODEL).density) ** (1 / 3))


def bound_to(positions_nc: Array) -> PairInteraction:
    """Return the model bound to a cubic box of as many atoms.

    Args:
        positions_nc: positions [sigma].
    """
    n_atoms, model = len(positions_nc), get_model(MODEL)
    atoms = make_atoms(
        positions_nc, np.eye(3) * edge_of(n_atoms), species_n=np.zeros(n_atoms, int), size_n=np.ones(n_atoms)
    )
    return PairInteraction.from_atoms(model, atoms)


def plain_atoms(positions_nc: Array) -> ase.Atoms:
    """Return atoms of one kind in the box.

    Args:
        positions_nc: positions [sigma].
    """
    edge, n_atoms = edge_of(len(positions_nc)), len(positions_nc)
    atoms = ase.Atoms(f"H{n_atoms}", positions=positions_nc % edge, cell=np.eye(3) * edge, pbc=True)
    atoms.set_masses(np.ones(n_atoms))
    return atoms


class RadialOfMatscipy:
    """The radial function as matscipy wants it, without more work than the formula needs."""

    def __init__(self, radial: RadialFunction) -> None:
        """Take the function over.

        Args:
            radial: r^-n + A r^4 + B inside its cut-off.
        """
        self.cutoff, self.power = radial.cutoff, -radial.exponent
        self.shift, _, self.quartic = radial.regular

    def __call__(self, r: Array, *_: object) -> Array:
        """Return the energy [epsilon].

        Args:
            r: distances [sigma].
        """
        return np.asarray(r**self.power + self.quartic * r**4 + self.shift)

    def first_derivative(self, r: Array, *_: object) -> Array:
        """Return the slope [epsilon/sigma].

        Args:
            r: distances [sigma].
        """
        return np.asarray(self.power * r ** (self.power - 1) + 4 * self.quartic * r**3)

    def second_derivative(self, r: Array, *_: object) -> Array:
        """Return the curvature [epsilon/sigma^2].

        Args:
            r: distances [sigma].
        """
        return np.asarray(self.power * (self.power - 1) * r ** (self.power - 2) + 12 * self.quartic * r**2)

    def derivative(self, n: int = 1) -> Callable[..., Array]:
        """Return one of the derivatives.

        Args:
            n: 1 or 2.
        """
        return {1: self.first_derivative, 2: self.second_derivative}[n]


def matscipy_calculator() -> Any:
    """Return matscipy's calculator of pair potentials.

    Raises:
        MissingExtra: matscipy is not installed.
    """
    module = require("matscipy.calculators.pair_potential", extra="bench")
    return module.PairPotential({(1, 1): RadialOfMatscipy(get_model(MODEL).radial)})


def lammps_calculator(folder: Path) -> Any:
    """Return ASE's calculator on the library of LAMMPS, pair style ``table``, its log and screen silent.

    Args:
        folder: where the table may lie as long as the calculator lives.
    """
    from ase.calculators.lammpslib import LAMMPSlib

    radial = get_model(MODEL).radial
    distance = np.sqrt(np.linspace(TABLE_BEGIN**2, radial.cutoff**2, TABLE_POINTS))
    energy, slope = radial.derivatives(np.minimum(distance, radial.cutoff * (1 - 1e-15)))[:2]
    columns = zip(distance.tolist(), energy.tolist(), (-slope).tolist(), strict=True)
    lines = [f"{i} {r!r} {e!r} {f!r}" for i, (r, e, f) in enumerate(columns, start=1)]
    path = folder / "pair.table"
    path.write_text(f"\nPAIR\nN {TABLE_POINTS} RSQ {TABLE_BEGIN!r} {radial.cutoff!r}\n\n" + "\n".join(lines) + "\n")
    return LAMMPSlib(
        lmpcmds=[f"pair_style table spline {SPLINE_POINTS}", f"pair_coeff * * {path} PAIR {radial.cutoff!r}"],
        atom_types={"H": 1}, atom_type_masses={"H": 1.0}, log_file=None, keep_alive=True,
        lammps_header=["units metal", "atom_style atomic", "atom_modify map array sort 0 0"],  # ASE's own units
    )  # fmt: skip
