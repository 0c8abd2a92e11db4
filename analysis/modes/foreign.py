"""Vibrational modes of a given matrix, whoever computed it: rigid motions are told by shape, not by frequency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from analysis.modes.participation import effective_mass, participation_number
from analysis.modes.spectrum import signed_root
from atomsim.certificate import ZERO_SHARE
from atomsim.errors import InputError, NotAMinimum
from atomsim.results import Array, IntArray, quantity
from atomsim.units import ATOMIC, ATOMIC_SCALES, FREQUENCY_UNITS, in_units

RIGID = 0.5  # a mode that is to this share a rigid motion is called one [-]
INDEPENDENT = 1e-6  # rotations that move atoms by less than this share are none: atoms in a line [-]
LISTED = 10  # imaginary frequencies that a message lists


@dataclass(frozen=True)
class MatrixModes:
    """Modes of a dynamical matrix in ascending order, rigid motions included."""

    omega_m: Array = quantity("sqrt(epsilon/m)/sigma", "angular frequency; -sqrt(-lambda) for an eigenvalue lambda < 0")
    participation_number_m: Array = quantity("1", "participation number [sum |e|^4]^-1")
    effective_mass_m: Array = quantity("m", "mass felt by the most moving atom")
    rigid_m: Array = quantity("1", "share of translations, and of rotations without periodicity, in each mode")
    vectors_mnc: Array = quantity("1", "mass-weighted eigenvectors, squares sum to 1")
    n_atoms: int = quantity("1", "number of atoms")
    n_rigid: int = quantity("1", "independent rigid motions of the structure")
    zero_omega: float = quantity("sqrt(epsilon/m)/sigma", "vibrations below this do not differ from zero")

    @property
    def participation_ratio_m(self) -> Array:
        """Participation ratio N_k/N [-]."""
        return self.participation_number_m / self.n_atoms

    @property
    def is_rigid_m(self) -> NDArray[np.bool_]:
        """Which modes are rigid motions."""
        return self.rigid_m > RIGID

    @property
    def vibrations(self) -> IntArray:
        """Places of the modes that are no rigid motions."""
        return np.flatnonzero(~self.is_rigid_m).astype(np.int64)

    @property
    def imaginary(self) -> IntArray:
        """Places of vibrations along which the energy falls: the structure is no minimum."""
        return np.flatnonzero((self.omega_m < -self.zero_omega) & ~self.is_rigid_m).astype(np.int64)

    @property
    def floppy(self) -> IntArray:
        """Places of vibrations that cost nothing: rattlers, or parts that are not connected."""
        return np.flatnonzero((np.abs(self.omega_m) <= self.zero_omega) & ~self.is_rigid_m).astype(np.int64)


AtomicModes = in_units(MatrixModes, ATOMIC, "AtomicModes", __name__)


def rigid_motions(positions_nc: Array, mass_n: Array, *, periodic: bool) -> Array:
    """Return orthonormal mass-weighted translations, and rotations of a structure without periodicity, (R, 3N) [-].

    Args:
        positions_nc: positions, (N, 3) [sigma].
        mass_n: masses [m].
        periodic: whether any direction is periodic: then there are no rotations.
    """
    n, root = len(mass_n), np.sqrt(mass_n)[:, None]
    moves = [np.tile(axis, (n, 1)) for axis in np.eye(3)]
    if not periodic:
        around_nc = positions_nc - np.average(positions_nc, axis=0, weights=mass_n)
        size = np.abs(around_nc).max(initial=0.0) or 1.0
        moves += [np.cross(axis, around_nc / size) for axis in np.eye(3)]
    rows = np.array([(root * move).ravel() for move in moves])
    _, singular, basis = np.linalg.svd(rows, full_matrices=False)
    return basis[singular > INDEPENDENT * singular[0]]


def without_rigid_motions(dynamical: Array, rigid_rows: Array) -> Array:
    """Return the matrix with rigid motions made free, P D P [epsilon/(m sigma^2)].

    P is the projection on what is orthogonal to them.

    Args:
        dynamical: dynamical matrix, (3N, 3N) [epsilon/(m sigma^2)].
        rigid_rows: orthonormal rigid motions, (R, 3N) [-].
    """
    half = rigid_rows @ dynamical
    across = half.T @ rigid_rows
    return dynamical - across - across.T + rigid_rows.T @ (half @ rigid_rows.T) @ rigid_rows


def modes_of_matrix(
    dynamical: Array,
    positions_nc: Array,
    mass_n: Array,
    *,
    periodic: bool,
    count: int | None = None,
    free_rigid_motions: bool = False,
    kind: type[MatrixModes] = AtomicModes,
) -> MatrixModes:
    """Return the modes of a symmetric dynamical matrix by LAPACK.

    A sum rule that is violated gives translations a frequency, real or imaginary, and mixes them with soft vibrations;
    ``free_rigid_motions`` takes them out of the matrix first.

    Args:
        dynamical: dynamical matrix, (3N, 3N) [epsilon/(m sigma^2)].
        positions_nc: positions, (N, 3) [sigma].
        mass_n: masses [m].
        periodic: whether any direction is periodic.
        count: return the lowest modes only.
        free_rigid_motions: project rigid motions out of the matrix.
        kind: class of the result, which names its units.

    Raises:
        InputError: a count out of range.
    """
    size = len(dynamical)
    if count is not None and not 1 <= count <= size:
        raise InputError(f"count = {count} modes; expected 1 to {size}")
    rigid_rows = rigid_motions(positions_nc, mass_n, periodic=periodic)
    matrix = without_rigid_motions(dynamical, rigid_rows) if free_rigid_motions else dynamical
    chosen = {"driver": "evd"} if count is None else {"subset_by_index": [0, count - 1]}
    values, vectors = linalg.eigh(matrix, check_finite=False, **chosen)
    vectors_mnc = np.ascontiguousarray(vectors.T).reshape(len(values), -1, 3)
    return kind(
        omega_m=signed_root(values),
        participation_number_m=participation_number(vectors_mnc),
        effective_mass_m=effective_mass(vectors_mnc, mass_n),
        rigid_m=np.square(rigid_rows @ vectors).sum(axis=0),
        vectors_mnc=vectors_mnc,
        n_atoms=len(mass_n),
        n_rigid=len(rigid_rows),
        zero_omega=float(np.sqrt(ZERO_SHARE * np.trace(dynamical) / size)),
    )


def frequencies(omega_m: Array) -> dict[str, Array]:
    """Return angular frequencies of atomic units in the units of experiments [THz, 1/cm, rad/ps, meV].

    Args:
        omega_m: angular frequencies [sqrt(eV/amu)/angstrom].
    """
    return {name: omega_m * (ATOMIC_SCALES.frequency_unit / unit) for name, unit in FREQUENCY_UNITS.items()}


def require_no_imaginary(modes: MatrixModes, *, name: str) -> None:
    """Refuse a structure along whose modes the energy falls, and list them.

    Args:
        modes: the modes, in atomic units.
        name: what to call the structure.

    Raises:
        NotAMinimum: carries the modes.
    """
    if len(modes.imaginary):
        listed = ", ".join(f"{value:.4g}i" for value in -frequencies(modes.omega_m)["THz"][modes.imaginary][:LISTED])
        more = ", ..." if len(modes.imaginary) > LISTED else ""
        raise NotAMinimum(
            f"{name} is not at a minimum: {len(modes.imaginary)} imaginary frequencies, {listed}{more} THz", modes
        )


def remarks_of(modes: MatrixModes) -> Iterator[str]:
    """Yield what is unusual about modes in atomic units: translations with a frequency, rattlers.

    Args:
        modes: the modes, rigid motions among them.
    """
    rigid_m = modes.is_rigid_m
    if rigid_m.any() and (np.abs(modes.omega_m[rigid_m]) > modes.zero_omega).any():
        worst = modes.omega_m[rigid_m][np.argmax(np.abs(modes.omega_m[rigid_m]))]
        yield f"translations have a frequency of up to {frequencies(worst)['THz']:.2g} THz: the sum rule is violated"
    if len(modes.omega_m) == 3 * modes.n_atoms and rigid_m.sum() != modes.n_rigid:
        yield (
            f"{int(rigid_m.sum())} modes are rigid motions, of {modes.n_rigid} that the structure has: they are mixed "
            "with soft vibrations; take them out of the matrix"
        )
    if len(modes.floppy):
        most_n = np.square(modes.vectors_mnc[modes.floppy]).sum(axis=(0, 2)).argsort()[::-1]
        yield (
            f"{len(modes.floppy)} vibrations cost nothing: atoms without neighbours or parts that are not connected; "
            f"most of it atom {most_n[0]}"
        )
