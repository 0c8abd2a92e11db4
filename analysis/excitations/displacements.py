"""Static displacements around a change of concentration: from the Hessian, and as an elastic continuum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from analysis.excitations.alloy import Alloy
from analysis.excitations.pair_mixture import PairMixture
from analysis.excitations.shells import minimum_image
from atomsim.errors import InputError, NotAMinimum
from atomsim.response import StaticResponse
from atomsim.results import Array, IntArray
from atomsim.strain import strain_forces

COLUMNS_AT_ONCE = 256  # right-hand sides that are solved for together
LARGEST_NET_FORCE = 1e-8  # share of the largest force by which the forces of one field may fail to sum to zero [-]


def static_displacements(hessian: sparse.spmatrix, forces_ncl: Array, mass_n: Array) -> Array:
    """Return the displacement fields u^(l) that balance given forces, (N, 3, L), by one factorisation [sigma].

    H u = f without the translations: each field leaves the centre of mass at rest, so that its motion carries no
    momentum. With equal masses that is the pseudo-inverse of H.

    Source: kanzaki-1957 (displacements); test: test_displacements_are_those_of_the_pseudo_inverse

    Args:
        hessian: second derivatives of the energy at a minimum, (3N, 3N), of any potential [epsilon/sigma^2].
        forces_ncl: forces of each field on all ions, summing to zero, (N, 3, L) [epsilon/sigma].
        mass_n: masses [m].

    Raises:
        InputError: shapes do not fit, or the forces of a field do not balance.
        NotAMinimum: the Hessian has negative eigenvalues.
    """
    n = len(mass_n)
    if hessian.shape != (3 * n, 3 * n) or forces_ncl.shape[:2] != (n, 3):
        raise InputError(
            f"Hessian {hessian.shape} and forces {forces_ncl.shape} for {n} masses; expected ({3 * n}, {3 * n}) and "
            f"({n}, 3, ...)"
        )
    net, largest = np.abs(forces_ncl.sum(axis=0)).max(initial=0.0), np.abs(forces_ncl).max(initial=0.0)
    if net > LARGEST_NET_FORCE * largest:
        raise InputError(f"forces of a field sum to {net:.3g}, not to zero (largest force {largest:.3g})")
    response = StaticResponse(sparse.csr_matrix(hessian), mass_n, 3)
    try:
        if response.n_negative:
            raise NotAMinimum(
                f"{response.n_negative} negative eigenvalues: static displacements need a minimum", response.n_negative
            )
        field_ncl = np.empty_like(forces_ncl)
        for start in range(0, forces_ncl.shape[2], COLUMNS_AT_ONCE):
            part = slice(start, start + COLUMNS_AT_ONCE)
            field_ncl[:, :, part] = response.displacements(np.ascontiguousarray(forces_ncl[:, :, part]))
    finally:
        response.release()
    return field_ncl


def swap_forces(forces_of: Callable[[IntArray], Array], occupation_n: IntArray, ions: IntArray | None = None) -> Array:
    """Return the forces of a unit change of delta_l for any potential, by exchanging the species of each ion in turn.

    f^(l) = [F(l exchanged) - F]/(change of p_l), exact where the energy is linear in each p_l (pair potentials),
    the difference of two real alloys otherwise. The forces balance because all forces of a configuration do.

    Args:
        forces_of: the forces (N, 3) of an occupation, at the same positions.
        occupation_n: 1 for B, 0 for A.
        ions: the sites l; all where absent.
    """
    ions = np.arange(len(occupation_n)) if ions is None else np.asarray(ions)
    here_nc = forces_of(occupation_n)
    columns = []
    for ion in ions:
        exchanged_n = occupation_n.copy()
        exchanged_n[ion] = 1 - exchanged_n[ion]
        columns.append((forces_of(exchanged_n) - here_nc) / (exchanged_n[ion] - occupation_n[ion]))
    return np.stack(columns, axis=2)


def poisson_ratio(bulk_modulus: float, shear_modulus: float) -> float:
    """Return Poisson's ratio (3B - 2G)/(6B + 2G) [-].

    Args:
        bulk_modulus: B [epsilon/sigma^3].
        shear_modulus: G [epsilon/sigma^3].

    Raises:
        InputError: a modulus is not positive.
    """
    if not (bulk_modulus > 0 and shear_modulus > 0):
        raise InputError(f"moduli B = {bulk_modulus:.4g}, G = {shear_modulus:.4g}; expected positive numbers")
    return (3 * bulk_modulus - 2 * shear_modulus) / (6 * bulk_modulus + 2 * shear_modulus)


def continuum_displacement(separation_pc: Array, *, poisson: float, volume_change: float) -> Array:
    """Return the displacement at R around a centre of dilatation, R/R^3 (1+s)/(12 pi (1-s)) dv/dc [sigma].

    Isotropic elastic continuum without boundary, s Poisson's ratio; it holds from the first neighbours on. The centre
    itself stays where it is.

    Source: egorushkin-melnikova-1993a (displacement R); test: test_continuum_displacement_carries_the_eshelby_volume

    Args:
        separation_pc: R, from the centre, (..., 3) [sigma].
        poisson: Poisson's ratio [-].
        volume_change: derivative of the atomic volume by the concentration, dv/dc [sigma^3].

    Raises:
        InputError: Poisson's ratio outside -1 to 1/2.
    """
    if not -1 < poisson <= 0.5:
        raise InputError(f"Poisson's ratio = {poisson}; expected a number above -1 and up to 1/2")
    strength = (1 + poisson) / (12 * np.pi * (1 - poisson)) * volume_change
    cube = np.linalg.norm(separation_pc, axis=-1, keepdims=True) ** 3
    return strength * np.divide(separation_pc, cube, out=np.zeros_like(separation_pc), where=cube > 0)


def continuum_displacements(alloy: Alloy, mass_n: Array, *, poisson: float, volume_change: float) -> Array:
    """Return the continuum field around every ion, (N, 3, N), by shortest images, centre of mass at rest [sigma].

    What remains where nothing but a Hessian and elastic constants is known. It has a kink at half the box.

    Args:
        alloy: the configuration.
        mass_n: masses [m].
        poisson: Poisson's ratio [-].
        volume_change: derivative of the atomic volume by the concentration [sigma^3].
    """
    places_nc = alloy.positions_nc
    columns = [
        continuum_displacement(minimum_image(alloy, places_nc - place), poisson=poisson, volume_change=volume_change)
        for place in places_nc
    ]
    field_ncl = np.stack(columns, axis=2)
    return field_ncl - np.einsum("n,ncl->cl", mass_n, field_ncl) / np.sum(mass_n)


def volume_change(
    mixture: PairMixture, deviation_n: Array, displacement_ncl: Array, *, volume: float, bulk_modulus: float
) -> float:
    """Return the derivative of the atomic volume by the concentration, (V/N) (dP/dc)_V / B [sigma^3].

    Larger atoms of B raise the pressure of the box, and would make it grow if it could. The pressure changes by the
    pair forces themselves and by the displacements that follow a uniform change of composition, sum_l u^(l); B is the
    relaxed bulk modulus.

    Source: concentration-notes (dv/dc); test: test_volume_change_against_relaxed_pressures

    Args:
        mixture: the pairs, at a minimum.
        deviation_n: delta of each site [-].
        displacement_ncl: the fields of all ions, (N, 3, N) [sigma].
        volume: volume of the box [sigma^3].
        bulk_modulus: B [epsilon/sigma^3].
    """
    by_first_p, by_second_p = mixture.slopes(deviation_n)
    square_p = np.einsum("pc,pc->p", mixture.vector_pc, mixture.vector_pc)
    direct = float(2.0 * np.sum((by_first_p + by_second_p) * square_p))
    along_nc = np.einsum("ncaa->nc", strain_forces(mixture.terms(deviation_n)))
    followed = float(np.sum(along_nc * displacement_ncl.sum(axis=2)))
    pressure_change = -(direct + followed) / (3 * volume)
    return volume / mixture.n_atoms * pressure_change / bulk_modulus


def moments_of_inertia(displacement_ncl: Array, mass_n: Array) -> Array:
    """Return I_ll' = sum_j m_j u_j^(l) u_j^(l'), (L, L) [m sigma^2].

    The diagonal is the sum of M R^2 of the paper; the matrix is positive definite where the fields are independent.

    Source: egorushkin-melnikova-1993a (1.2); test: test_moments_of_inertia_are_positive_definite

    Args:
        displacement_ncl: displacement fields, (N, 3, L) [sigma].
        mass_n: masses [m].
    """
    weighted = (displacement_ncl * np.sqrt(mass_n)[:, None, None]).reshape(-1, displacement_ncl.shape[2])
    return weighted.T @ weighted
