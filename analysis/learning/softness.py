"""What is to be learned: how soft each atom of a glass is, by its share in the soft modes; the table for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.learning.clusters import group_modes
from analysis.learning.features import NAMES, local_structure
from analysis.learning.scores import Flags
from analysis.modes import elasticity, lowest_modes
from analysis.soft_modes import Selection, SoftModes
from analysis.soft_modes.search import choose
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity

FIRST_GUESS = 60  # modes computed before it is known how many are soft


@dataclass(frozen=True, eq=False)
class AtomTable:
    """Local structure and softness of all atoms of one glass: what a prediction is learned from."""

    model: str = quantity("1", "specification of the potential")
    names: tuple[str, ...] = quantity("1", "names of the features")
    values_nf: Array = quantity("as the features say", "features of each atom")
    softness_n: Array = quantity("sigma^2/epsilon", "mean square displacement in the soft modes over k_B T")
    n_modes: int = quantity("1", "soft modes of the glass")
    n_spots: int = quantity("1", "distinct cores among them")

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.values_nf)


def softness(vectors_mnc: Array, omega_m: Array, mass_n: Array) -> Array:
    """Return <u_i²>/k_B T = Σ_m |e_mi|²/(m_i ω_m²) of each atom [sigma^2/epsilon].

    It is the thermal motion in the given modes. Over all modes it is the trace of the block of the atom in the inverse
    Hessian.

    Args:
        vectors_mnc: normalised mass-weighted eigenvectors, (M, N, 3) [-].
        omega_m: their angular frequencies, none of them zero [sqrt(epsilon/m)/sigma].
        mass_n: masses [m].
    """
    return np.asarray(np.einsum("mnc,mnc,m->n", vectors_mnc, vectors_mnc, omega_m**-2.0) / mass_n)


def soft_atoms(softness_n: Array, share: float) -> Flags:
    """Return which atoms are the softest share of a glass, at least one; of equal ones the first.

    Args:
        softness_n: softness of each atom [sigma^2/epsilon].
        share: how many, as a share of all [-].
    """
    chosen = np.zeros(len(softness_n), dtype=bool)
    chosen[np.argsort(-softness_n, kind="stable")[: max(1, round(share * len(softness_n)))]] = True
    return chosen


def atom_table(glass: Glass, soft: SoftModes) -> AtomTable:
    """Return local structure and softness of the atoms of a glass.

    Args:
        glass: a minimum.
        soft: its soft modes.

    Raises:
        InputError: the soft modes are of another glass, or the glass has no local structure (a plane, an open cell).
        NotAMinimum: the configuration is not at a minimum.
    """
    if soft.n_atoms != glass.n_atoms:
        raise InputError(f"soft modes of {soft.n_atoms} atoms do not belong to a glass of {glass.n_atoms}")
    labels = group_modes(soft.vectors_mnc)
    return AtomTable(
        model=glass.model,
        names=NAMES,
        values_nf=local_structure(glass),
        softness_n=softness(soft.vectors_mnc, soft.omega_m, glass.mass_n),
        n_modes=len(soft.omega_m),
        n_spots=len(np.unique(labels)),
    )


def true_softness(glass: Glass, selection: Selection) -> tuple[Array, int]:
    """Return the softness of each atom by its soft modes [sigma^2/epsilon], and the number of these modes.

    Args:
        glass: a minimum.
        selection: which modes are soft.

    Raises:
        InputError: the selection asks for more modes than there are, or no mode is soft.
    """
    size = glass.dimension * glass.n_atoms
    phonon = elasticity(glass).lowest_phonon_frequency
    if selection.count is not None and selection.count > size - glass.n_zero_modes:
        raise InputError(f"{selection.count} soft modes asked for; {glass.n_atoms} atoms have fewer")
    wanted = min(size, FIRST_GUESS if selection.count is None else selection.count + glass.n_zero_modes)
    modes = lowest_modes(glass, wanted)
    while selection.count is None and wanted < size and modes.omega_m[-1] < selection.phonon_fraction * phonon:
        wanted = min(size, 2 * wanted)
        modes = lowest_modes(glass, wanted)
    index_m, limit = choose(modes, phonon, selection)
    if not len(index_m):
        raise InputError(f"no mode is soft: none below omega = {limit:.4g}; ask for a number of modes instead")
    return softness(modes.vectors_mnc[index_m], modes.omega_m[index_m], glass.mass_n), len(index_m)


def stacked(tables: Sequence[AtomTable], share: float) -> tuple[Array, Flags, IntArray]:
    """Return features [as they say], whether each atom is soft, and the number of its glass, over all glasses.

    Args:
        tables: one for each glass.
        share: of the atoms of each glass that count as soft [-].

    Raises:
        InputError: tables of different potentials or features.
    """
    kinds = {(table.model, table.names) for table in tables}
    if len(kinds) > 1:
        models = sorted({model for model, _ in kinds})
        raise InputError(f"tables of different potentials or features cannot be learned from together: {models}")
    values = np.concatenate([table.values_nf for table in tables])
    label = np.concatenate([soft_atoms(table.softness_n, share) for table in tables])
    group = np.repeat(np.arange(len(tables)), [table.n_atoms for table in tables])
    return values, label, group
