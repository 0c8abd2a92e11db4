"""Which atoms of a configuration sit in crystalline order: a liquid that crystallised gives no glass."""

from __future__ import annotations

import numpy as np
from scipy import special
from scipy.spatial import cKDTree

from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Array, IntArray

ORDER = 6  # of the spherical harmonics: large for bcc, fcc and hcp surroundings alike
NEIGHBOUR_REACH = 1.55  # in units of density^{-1/3}: where the first shell of a dense liquid ends
ALIGNED = 0.7  # least normalised product of the bond orders of two atoms that are crystalline to each other
FEWEST_BONDS = 7  # aligned neighbours of an atom in a crystal
CRYSTAL = 0.35  # share of crystalline atoms from which a sample is no glass; single glasses reach 0.26


def crystalline_share(glass: Glass) -> float:
    """Return the share of atoms in crystalline order [-].

    Each atom has the mean of the spherical harmonics Y_6m over the directions of its neighbours (Steinhardt, Nelson
    and Ronchetti); it is crystalline if the normalised product of this vector with that of a neighbour is above 0.7
    for at least seven of them (ten Wolde, Ruiz-Montero and Frenkel). Glasses have a few per cent.

    Args:
        glass: a configuration in an orthogonal periodic cell, three dimensions.

    Raises:
        InputError: the cell is of another kind.
    """
    cell = np.diag(glass.cell_cc)
    if glass.dimension != 3 or not glass.periodic_c.all() or not np.array_equal(glass.cell_cc, np.diag(cell)):
        raise InputError("crystalline order needs an orthogonal cell, periodic in three dimensions")
    first, second, direction = _bonds(glass.positions_nc, cell, NEIGHBOUR_REACH * glass.density ** (-1 / 3))
    harmonics = _harmonics(direction)
    order = np.zeros((glass.n_atoms, harmonics.shape[1]), dtype=complex)
    np.add.at(order, first, harmonics)
    norm = np.sqrt(np.sum(np.abs(order) ** 2, axis=1, keepdims=True))
    order /= np.where(norm > 0, norm, 1.0)
    aligned = np.real(np.sum(order[first] * order[second].conj(), axis=1)) > ALIGNED
    return float(np.mean(np.bincount(first, weights=aligned, minlength=glass.n_atoms) >= FEWEST_BONDS))


def _bonds(positions_nc: Array, cell: Array, reach: float) -> tuple[IntArray, IntArray, Array]:
    """Both atoms of each bond, counted from each end, and its direction."""
    # The remainder of a tiny negative number is the edge itself, which the second remainder folds to zero.
    pairs = cKDTree(np.mod(np.mod(positions_nc, cell), cell), boxsize=cell).query_pairs(reach, output_type="ndarray")
    first, second = np.concatenate([pairs, pairs[:, ::-1]]).T
    vector = positions_nc[second] - positions_nc[first]
    vector -= cell * np.round(vector / cell)
    return first, second, vector / np.linalg.norm(vector, axis=1, keepdims=True)


def _harmonics(direction: Array) -> Array:
    """Y_6m of each direction for m = 0..6 up to a common factor, weighted so that products count -m as well."""
    azimuth = np.arctan2(direction[:, 1], direction[:, 0])
    columns = []
    for m in range(ORDER + 1):
        norm = np.sqrt(special.gamma(ORDER - m + 1) / special.gamma(ORDER + m + 1) * (2 if m else 1))
        columns.append(norm * special.lpmv(m, ORDER, direction[:, 2]) * np.exp(1j * m * azimuth))
    return np.stack(columns, axis=1)
