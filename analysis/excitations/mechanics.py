"""What the concentration of a configuration does to its mechanics: displacement fields, moments of inertia, W."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from analysis.excitations.alloy import Alloy
from analysis.excitations.displacements import moments_of_inertia, static_displacements
from analysis.excitations.force_constants import check_form, literal_constants, relaxed_constants
from analysis.excitations.pair_mixture import kanzaki_forces, pair_mixture
from analysis.excitations.shells import minimum_image
from atomsim.errors import InputError
from atomsim.hessian import hessian_matrix
from atomsim.potentials import Model
from atomsim.results import Array, IntArray, quantity

MATRICES = 10  # arrays of N x 3N numbers that are in memory at once
PROFILE_BINS = 24


@dataclass(frozen=True)
class Mechanics:
    """Displacement field u^(l) of every ion, moments of inertia, and the force constants that are known.

    ``constants`` holds ``ordering``, ``relaxed`` and ``literal`` where the pair energies of the species are known, and
    ``literal`` alone where there is only a Hessian.
    """

    hessian: sparse.csr_matrix = field(repr=False)
    constants: Mapping[str, Array] = field(repr=False)
    displacement_ncl: Array = quantity("sigma", "displacement of each ion by a unit change on ion l")
    inertia_ll: Array = quantity("m sigma^2", "moments of inertia")

    @property
    def inertia_l(self) -> Array:
        """Moment of inertia I_ll of each ion [m sigma^2]."""
        return np.diag(self.inertia_ll)

    def form(self, name: str) -> Array:
        """Return the force constants W of one form, (N, N) [epsilon].

        Args:
            name: ``ordering``, ``relaxed`` or ``literal``.

        Raises:
            InputError: an unknown form, or one that needs pair energies where there are none.
        """
        if check_form(name) not in self.constants:
            raise InputError(
                f"force constants {name!r} need pair energies of both species; here is {', '.join(self.constants)}: "
                "from a Hessian alone only the literal form can be had"
            )
        return self.constants[name]


def _check_memory(n_atoms: int) -> None:
    needed, present = MATRICES * 8 * 3 * n_atoms**2, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > present:
        raise InputError(
            f"the displacement fields of {n_atoms} ions need {needed / 1e9:.0f} GB of memory, this machine has "
            f"{present / 1e9:.0f} GB; use a smaller box"
        )


def mechanics_of_pairs(alloy: Alloy, model: Model, mass_n: Array) -> Mechanics:
    """Return fields, moments and all forms of the force constants of a minimum of a binary pair model.

    Args:
        alloy: a minimum.
        model: its interaction.
        mass_n: masses [m].

    Raises:
        InputError: the model is not binary, or the fields do not fit into the memory.
        NotAMinimum: the Hessian has negative eigenvalues.
    """
    _check_memory(alloy.n_atoms)
    mixture, delta = pair_mixture(alloy, model), alloy.deviation_n
    hessian = hessian_matrix(mixture.terms(delta))
    forces_ncl = kanzaki_forces(mixture, delta)
    displacement_ncl = static_displacements(hessian, forces_ncl, mass_n)
    return mechanics_of_hessian(
        hessian,
        displacement_ncl,
        mass_n,
        ordering_ll=mixture.ordering_matrix().toarray(),
        forces_ncl=forces_ncl,
    )


def mechanics_of_hessian(
    hessian: sparse.spmatrix,
    displacement_ncl: Array,
    mass_n: Array,
    *,
    ordering_ll: Array | None = None,
    forces_ncl: Array | None = None,
) -> Mechanics:
    """Return moments and the force constants that can be had from a Hessian of any origin and displacement fields.

    The fields come from the elastic continuum, or from the forces that exchanging species makes. The literal form is
    always there; ordering energies add their own form and, with the forces that belong to the fields, the relaxed one.

    Args:
        hessian: second derivatives of the energy at a minimum, (3N, 3N) [epsilon/sigma^2].
        displacement_ncl: displacement field of every ion, (N, 3, N) [sigma].
        mass_n: masses [m].
        ordering_ll: ordering energies of all pairs of ions, if they are known, zero on the diagonal [epsilon].
        forces_ncl: the forces whose response the fields are, if they are known [epsilon/sigma].

    Raises:
        InputError: shapes that do not fit, or numbers that are not finite.
    """
    n = len(mass_n)
    if hessian.shape != (3 * n, 3 * n) or displacement_ncl.shape != (n, 3, n):
        raise InputError(
            f"Hessian {hessian.shape} and fields {displacement_ncl.shape} for {n} masses; expected "
            f"({3 * n}, {3 * n}) and ({n}, 3, {n})"
        )
    matrix = sparse.csr_matrix(hessian)
    if not (np.isfinite(matrix.data).all() and np.isfinite(displacement_ncl).all()):
        raise InputError("Hessian or displacement fields hold numbers that are not finite")
    constants = {"literal": literal_constants(matrix, displacement_ncl)}
    if ordering_ll is not None:
        constants["ordering"] = ordering_ll
        if forces_ncl is not None:
            constants["relaxed"] = relaxed_constants(ordering_ll, forces_ncl, displacement_ncl)
    return Mechanics(
        displacement_ncl=displacement_ncl,
        inertia_ll=moments_of_inertia(displacement_ncl, mass_n),
        hessian=matrix,
        constants=constants,
    )


@dataclass(frozen=True)
class DisplacementProfile:
    """Mean displacement away from the ion that is changed, by distance, with its standard error over ions."""

    distance_r: Array = quantity("sigma", "mean distance in each bin")
    radial_r: Array = quantity("sigma", "mean radial displacement")
    error_r: Array = quantity("sigma", "standard error of the mean, neighbours taken as independent")
    count_r: IntArray = quantity("1", "pairs in the bin")


def displacement_profile(alloy: Alloy, displacement_ncl: Array, *, bins: int = PROFILE_BINS) -> DisplacementProfile:
    """Return the mean radial displacement by distance, up to half the box, from displacement fields.

    Args:
        alloy: the configuration.
        displacement_ncl: displacement field of every ion, (N, 3, N) [sigma].
        bins: number of equal bins of distance.
    """
    edges = np.linspace(0.0, alloy.half_height, bins + 1)
    count, total, square, length = (np.zeros(bins) for _ in range(4))
    for ion, place in enumerate(alloy.positions_nc):
        separation = minimum_image(alloy, alloy.positions_nc - place)
        distance = np.linalg.norm(separation, axis=1)
        near = (distance > 0) & (distance < alloy.half_height)
        radial = np.sum(displacement_ncl[near, :, ion] * separation[near], axis=1) / distance[near]
        index = np.searchsorted(edges, distance[near], side="right") - 1
        for sums, value in (
            (count, np.ones(len(index))),
            (total, radial),
            (square, radial**2),
            (length, distance[near]),
        ):
            sums += np.bincount(index, value, bins)
    some = count > 1
    count, total, square, length = count[some], total[some], square[some], length[some]
    mean = total / count
    error = np.sqrt(np.maximum(square / count - mean**2, 0.0) / (count - 1))
    return DisplacementProfile(length / count, mean, error, count.astype(np.int64))
