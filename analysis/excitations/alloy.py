"""A binary alloy: which site holds which of two species, and how far that is from the mean composition."""

from __future__ import annotations

from dataclasses import dataclass

import ase
import numpy as np

from atomsim.errors import InputError
from atomsim.pairs import SMALLEST_VOLUME, heights
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity

FEWEST_ATOMS = 4


@dataclass(frozen=True)
class Alloy:
    """Sites of a periodic box and their occupation: p = 1 for the species B, 0 for A; delta = p - c sums to zero.

    A is the species of the lower number (or of the lower atomic number where a structure numbers no species).
    """

    positions_nc: Array = quantity("sigma", "positions")
    cell_cc: Array = quantity("sigma", "cell vectors as rows, all of them periodic")
    occupation_n: IntArray = quantity("1", "1 for an atom of B, 0 for an atom of A")
    names: tuple[str, str] = ("A", "B")

    def __post_init__(self) -> None:
        """Refuse what is not a binary alloy in a periodic box."""
        bad = ~np.isfinite(self.positions_nc).all(axis=1)
        if bad.any():
            atom = int(bad.argmax())
            raise InputError(f"atom {atom} is at {self.positions_nc[atom].tolist()}; expected finite coordinates")
        if not np.isfinite(self.cell_cc).all() or abs(np.linalg.det(self.cell_cc)) < SMALLEST_VOLUME:
            raise InputError(f"the cell {self.cell_cc.tolist()} has no volume; expected three independent vectors")
        if len(self.occupation_n) != len(self.positions_nc) or len(self.occupation_n) < FEWEST_ATOMS:
            raise InputError(
                f"{len(self.positions_nc)} positions and {len(self.occupation_n)} occupations; expected as many of "
                f"both, {FEWEST_ATOMS} at least"
            )
        if not np.isin(self.occupation_n, (0, 1)).all():
            raise InputError("occupations must be 0 (species A) or 1 (species B)")
        if not 0 < self.concentration < 1:
            raise InputError(
                f"all {self.n_atoms} atoms are of one species, c = {self.concentration:g}; concentration excitations "
                "need an alloy of two, 0 < c < 1"
            )

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.occupation_n)

    @property
    def concentration(self) -> float:
        """Return the share of B, c = N_B/N [-]."""
        return float(np.count_nonzero(self.occupation_n)) / len(self.occupation_n)

    @property
    def variance(self) -> float:
        """Return c (1 - c), the mean square of delta [-]."""
        return self.concentration * (1 - self.concentration)

    @property
    def deviation_n(self) -> Array:
        """Return delta = p - c of each site [-]."""
        return self.occupation_n.astype(float) - self.concentration

    @property
    def volume(self) -> float:
        """Volume of the box [sigma^3]."""
        return float(abs(np.linalg.det(self.cell_cc)))

    @property
    def spacing(self) -> float:
        """Mean distance (V/N)^(1/3) of the sites [sigma]."""
        return (self.volume / self.n_atoms) ** (1 / 3)

    @property
    def half_height(self) -> float:
        """Half the smallest height of the box: within it a pair of sites has one image [sigma]."""
        return float(heights(self.cell_cc).min()) / 2


def alloy_of_atoms(atoms: ase.Atoms, *, name: str = "structure") -> Alloy:
    """Return the alloy that a structure holds, in the units of its positions.

    Args:
        atoms: a structure with two species, by its array ``species`` or else by its chemical elements.
        name: what to call it in messages, for example the file.

    Raises:
        InputError: not two species, a direction without periodicity, or coordinates that are not finite.
    """
    if len(atoms) == 0:
        raise InputError(f"{name}: no atoms")
    if not atoms.pbc.all():
        raise InputError(f"{name}: periodic along {atoms.pbc.tolist()}; concentration waves need all three directions")
    labelled = "species" in atoms.arrays
    labels_n = np.asarray(atoms.arrays["species"] if labelled else atoms.numbers)
    kinds = np.unique(labels_n)
    if len(kinds) != 2:
        found = ", ".join(str(kind) for kind in kinds[:6])
        raise InputError(
            f"{name}: {len(kinds)} species ({found}); concentration excitations need an alloy of exactly two, 0 < c < 1"
        )
    symbols = [f"species {kind}" if labelled else ase.data.chemical_symbols[int(kind)] for kind in kinds]
    try:
        return Alloy(
            positions_nc=atoms.positions.copy(),
            cell_cc=atoms.cell.array.copy(),
            occupation_n=(labels_n == kinds[1]).astype(np.int64),
            names=(symbols[0], symbols[1]),
        )
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def alloy_of_glass(glass: Glass, *, name: str = "the glass") -> Alloy:
    """Return the alloy that a glass holds.

    Args:
        glass: a glass of two species.
        name: what to call it in messages.

    Raises:
        InputError: not two species, or a direction without periodicity.
    """
    return alloy_of_atoms(glass.to_atoms(), name=name)
