"""The muffin tin of a configuration: screened ions superposed, cut into spheres that do not overlap.

Ions of a dense metal share a mean potential, which the phase shifts of one ion alone would count again at each. So
the energy is measured from the potential between the ions, and each sphere holds what deviates from it. Lengths are
in angstrom, energies in hbar^2/(m angstrom^2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from analysis.multiple_scattering.electron_gas import electron_density, fermi_wave_number
from analysis.multiple_scattering.metals import Metal
from analysis.multiple_scattering.phase_shifts import undecayed
from analysis.multiple_scattering.radial_solver import RadialPotential, solve_phase_shifts
from analysis.multiple_scattering.screened_ions import ScreenedIon, ScreeningKind, yukawa
from atomsim.errors import InputError
from atomsim.pairs import heights
from atomsim.results import Array, IntArray, quantity
from atomsim.units import BOHR

DECAY_LENGTHS = 24.0  # of neighbours that are added; the rest is rounding
COINCIDENT = 1e-3  # ions closer than this stand at one place [angstrom]
ROUNDING = 1e-9  # of distances [angstrom]
DENSITY_TOLERANCE = 0.01  # of the electrons per volume before their mismatch is told
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


class MuffinTinZero(StrEnum):
    """What counts as the potential between the spheres."""

    SURFACE = "surface"  # the mean over the ions of the potential on their spheres
    INTERSTITIAL = "interstitial"  # the mean over the space between: the mean of all space stays what it was


@dataclass(frozen=True)
class MuffinTins:
    """Spheres about the ions of a configuration and their phase shifts at the Fermi energy."""

    wave_number: float = quantity("1/angstrom", "k between the spheres at the Fermi energy")
    fermi_wave_number: float = quantity("1/angstrom", "k_F of the electrons in the mean potential")
    mean_potential: float = quantity("hbar^2/(m angstrom^2)", "mean of the superposed potentials")
    zero: float = quantity("hbar^2/(m angstrom^2)", "potential between the spheres")
    radius_n: Array = quantity("angstrom", "radius of each sphere")
    neighbours_n: Array = quantity("hbar^2/(m angstrom^2)", "potential of all other ions at the centre of each")
    step_n: Array = quantity("hbar^2/(m angstrom^2)", "jump from inside to the zero at the surface of each sphere")
    delta_nl: Array = quantity("rad", "phase shifts, (N, l_max + 1)")
    density_ratio: float = quantity("1", "electrons that the ions of a periodic cell bring over those of k_F")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said: ions whose last phase shift has not decayed, a k_F of another density."""
        k_fermi = f"{self.fermi_wave_number:.5g}/angstrom"
        density = f"the ions bring {self.density_ratio:.4g} times the electrons of k_F = {k_fermi}"
        found = undecayed(self.delta_nl).tolist()
        listed = ", ".join(map(str, found[:10])) + (", ..." if len(found) > 10 else "")
        l_max = self.delta_nl.shape[1] - 1
        decay = f"l_max = {l_max} is too small for the phase shifts of {len(found)} ions: {listed}"
        wrong = abs(self.density_ratio - 1) > DENSITY_TOLERANCE
        return ((decay,) if found else ()) + ((density,) if wrong else ())


def muffin_tins(
    positions_nc: Array,
    ions: Sequence[ScreenedIon],
    species_n: IntArray,
    *,
    l_max: int,
    cell_cc: Array | None = None,
    periodic_c: Sequence[bool] = (True, True, True),
    radius_n: Array | None = None,
    zero: MuffinTinZero = MuffinTinZero.SURFACE,
) -> MuffinTins:
    """Return the muffin tins of a configuration of ions that share one Thomas-Fermi screening.

    The spherical mean of the potential of the neighbours about an ion is sinh(kappa r)/(kappa r) times its value at
    the centre, exactly. The radius of a sphere is half the distance of the nearest neighbour. The wave number obeys
    k^2 = k_F^2 + 2(Vbar - V_0) with the mean potential Vbar = -4 pi n_e/(a_0 kappa^2). Both choices of the zero V_0
    are in use; in fcc aluminium they give 0.92 and 0.90 k_F. About strongly displaced ions half the nearest distance
    leaves much space between the spheres, and V on them is no measure of V there: take the mean over that space.

    Source: wind-notes (muffin tin); test: test_mean_of_neighbours_on_a_sphere_agrees_with_quadrature

    Args:
        positions_nc: where the ions are [angstrom].
        ions: the kinds of ions, of one screening.
        species_n: index of each ion in ``ions``.
        l_max: largest angular momentum.
        cell_cc: cell vectors as rows; a cluster in empty space where absent [angstrom].
        periodic_c: whether the cell is repeated along each vector.
        radius_n: radii of the spheres, where they shall be others [angstrom].
        zero: what counts as the potential between the spheres.

    Raises:
        InputError: screenings that differ or are not of Thomas and Fermi, ions at one place, spheres that overlap or
            are smaller than the core, no propagating wave between the spheres; messages name the ions.
    """
    kappa, fermi = _common_screening(ions)
    positions = np.asarray(positions_nc, dtype=float).reshape(-1, 3)
    kind_n = _checked_species(species_n, len(positions), len(ions))
    valence_n, core_n = np.array([[ion.valence, ion.core_radius] for ion in ions])[kind_n].T
    first, second, distance = _pairs(positions, cell_cc, periodic_c, DECAY_LENGTHS / kappa)
    radius = _radii(first, second, distance, core_n, radius_n)
    each = valence_n[second] / BOHR * yukawa(distance, kappa, core_n[second])
    neighbours = np.asarray(np.bincount(first, weights=each, minlength=len(positions)), dtype=np.float64)

    def inside(r: Array) -> Array:
        own = valence_n[:, None] / BOHR * yukawa(r, kappa, core_n[:, None])
        return own + spherical_mean(r, neighbours[:, None], kappa)

    at_surface = inside(radius[:, None])[:, 0]
    mean = -4 * fermi**3 / (3 * np.pi * BOHR * kappa**2)
    if zero is MuffinTinZero.SURFACE:
        level = float(at_surface.mean())
    else:
        level = _interstitial_mean(inside, core_n, radius, mean, float(valence_n.sum() / electron_density(fermi)))
    square = fermi**2 + 2 * (mean - level)
    if not square > 0:
        raise InputError(f"k^2 = {square:.6g}/angstrom^2 between the spheres: no wave propagates at the Fermi energy")
    k = float(np.sqrt(square))
    delta = solve_phase_shifts(lambda r: inside(r) - level, k, l_max=l_max, edges=np.stack([core_n, radius]))
    ratio = _density_ratio(float(valence_n.sum()), fermi, cell_cc, periodic_c)
    return MuffinTins(k, fermi, mean, level, radius, neighbours, at_surface - level, delta, ratio)


def metal_muffin_tins(
    metal: Metal,
    positions_nc: Array,
    *,
    l_max: int,
    cell_cc: Array | None = None,
    periodic_c: Sequence[bool] = (True, True, True),
    k_fermi: float | None = None,
    zero: MuffinTinZero = MuffinTinZero.SURFACE,
) -> MuffinTins:
    """Return the muffin tins of ions of one metal; k_F is that of the density of a periodic cell, else of the crystal.

    Args:
        metal: the metal.
        positions_nc: where its ions are [angstrom].
        l_max: largest angular momentum.
        cell_cc: cell vectors as rows; a cluster in empty space where absent [angstrom].
        periodic_c: whether the cell is repeated along each vector.
        k_fermi: k_F, where it shall be another [1/angstrom].
        zero: what counts as the potential between the spheres.

    Raises:
        InputError: as :func:`muffin_tins`.
    """
    if k_fermi is None and cell_cc is not None and all(periodic_c):
        k_fermi = float(fermi_wave_number(metal.valence * len(positions_nc) / abs(np.linalg.det(cell_cc))))
    ion = metal.ion(screening=ScreeningKind.THOMAS_FERMI, fermi_wave_number=k_fermi)
    species_n = np.zeros(len(positions_nc), np.int64)
    return muffin_tins(positions_nc, [ion], species_n, l_max=l_max, cell_cc=cell_cc, periodic_c=periodic_c, zero=zero)


def _density_ratio(charge: float, fermi: float, cell_cc: Array | None, periodic_c: Sequence[bool]) -> float:
    """Electrons of the ions in a cell over those of k_F in its volume; one where there is no volume."""
    if cell_cc is None or not all(periodic_c):
        return 1.0
    return charge / float(electron_density(fermi) * abs(np.linalg.det(cell_cc)))


def _interstitial_mean(inside: RadialPotential, core_n: Array, radius_n: Array, mean: float, volume: float) -> float:
    """Mean potential between the spheres, from that of all space and those of the spheres."""
    spheres = 0.0
    for left, right in ((np.zeros_like(core_n), core_n), (core_n, radius_n)):
        half = (right - left)[:, None] / 2
        r = left[:, None] + half * (1 + NODES)
        spheres += 4 * np.pi * float((half * WEIGHTS * r**2 * inside(r)).sum())
    filled = 4 / 3 * np.pi * float((radius_n**3).sum())
    return (mean * volume - spheres) / (volume - filled)


def spherical_mean(r: ArrayLike, at_centre: ArrayLike, kappa: float) -> Array:
    """Return the mean on a sphere of a potential that obeys laplacian V = kappa^2 V within it [unit of at_centre].

    V(0) sinh(kappa r)/(kappa r): so do all screened ions whose cores lie outside the sphere.

    Source: wind-notes (muffin tin); test: test_mean_of_neighbours_on_a_sphere_agrees_with_quadrature

    Args:
        r: radius of the sphere [angstrom].
        at_centre: the potential at the centre [any unit].
        kappa: inverse decay length [1/angstrom].
    """
    x = kappa * np.asarray(r, dtype=float)
    return np.asarray(at_centre, dtype=float) * np.sinh(x) / x


def _common_screening(ions: Sequence[ScreenedIon]) -> tuple[float, float]:
    """kappa and k_F of all ions."""
    if not ions:
        raise InputError("no kinds of ions; expected one at least")
    screening = ions[0].screening
    if screening.kind is not ScreeningKind.THOMAS_FERMI:
        raise InputError(f"muffin tins of {screening.kind} screening; expected thomas-fermi, whose mean is exact")
    if any(ion.screening != screening for ion in ions):
        raise InputError("ions of one configuration were screened differently; they share one electron gas")
    return screening.inverse_length, screening.fermi_wave_number


def _checked_species(species_n: IntArray, n_ions: int, n_kinds: int) -> IntArray:
    kind_n = np.asarray(species_n)
    if n_ions == 0 or kind_n.shape != (n_ions,):
        raise InputError(f"{n_ions} positions and species of shape {kind_n.shape}; expected one index for each ion")
    wrong = np.flatnonzero((kind_n < 0) | (kind_n >= n_kinds))
    if len(wrong):
        raise InputError(f"ion {wrong[0]} is of species {kind_n[wrong[0]]}; there are kinds 0 to {n_kinds - 1}")
    return kind_n


def _pairs(
    positions: Array, cell_cc: Array | None, periodic_c: Sequence[bool], reach: float
) -> tuple[IntArray, IntArray, Array]:
    """Both orders of each pair of ions closer than a distance, all periodic images included."""
    wrong = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if len(wrong):
        raise InputError(f"ion {wrong[0]} is at {positions[wrong[0]]}; expected finite coordinates")
    images, origin = images_within(positions, cell_cc, periodic_c, reach)
    found = cKDTree(positions).sparse_distance_matrix(cKDTree(images), reach, output_type="ndarray")
    first, second, distance = found["i"], origin[found["j"]], found["v"]
    other = found["j"] != first  # the first images are the ions themselves
    first, second, distance = first[other], second[other], distance[other]
    close = np.flatnonzero(distance < COINCIDENT)
    if len(close):
        i, j = int(first[close[0]]), int(second[close[0]])
        raise InputError(f"ions {i} and {j} stand at one place, {positions[i].tolist()}")
    lonely = np.setdiff1d(np.arange(len(positions)), first)
    if len(lonely):
        raise InputError(
            f"ion {lonely[0]} has no neighbour within {reach:.4g} angstrom: an ion that stands alone has no muffin tin"
        )
    return first, second, distance


def images_within(
    positions: Array, cell_cc: Array | None, periodic_c: Sequence[bool] | IntArray, reach: float
) -> tuple[Array, IntArray]:
    """Return the ions, then all their periodic images that some ion may have within reach; and which ion each is.

    Args:
        positions: of the ions, (N, 3) [angstrom].
        cell_cc: cell vectors as rows, None for ions in free space [angstrom].
        periodic_c: along which of them the ions are repeated.
        reach: how far beyond the ions images are wanted [angstrom].

    Returns:
        Positions [angstrom] and indices.

    Raises:
        InputError: a cell without volume.
    """
    index = np.arange(len(positions))
    if cell_cc is None or not any(periodic_c):
        return positions, index
    cell = np.asarray(cell_cc, dtype=float)
    if not abs(np.linalg.det(cell)) > 0:
        raise InputError(f"cell {cell.tolist()} has no volume")
    reduced = positions @ np.linalg.inv(cell)
    margin = reach / heights(cell)
    spread = np.ptp(reduced, axis=0) + margin
    counts = [int(np.ceil(s)) if on else 0 for s, on in zip(spread, periodic_c, strict=True)]
    shifts = np.stack(np.meshgrid(*[np.arange(-c, c + 1) for c in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    shifts = shifts[(shifts != 0).any(axis=1)]
    places = (reduced[None] + shifts[:, None]).reshape(-1, 3)
    near = ((places > reduced.min(axis=0) - margin) & (places < reduced.max(axis=0) + margin)).all(axis=1)
    origin = np.concatenate([index, np.tile(index, len(shifts))[near]])
    return np.concatenate([positions, places[near] @ cell]), origin


def _radii(first: IntArray, second: IntArray, distance: Array, core_n: Array, radius_n: Array | None) -> Array:
    """Radii of the spheres, that hold the core of their ion and overlap no other sphere and no other core."""
    if radius_n is None:
        radius = np.full(len(core_n), np.inf)
        np.minimum.at(radius, first, distance / 2)
    else:
        radius = np.asarray(radius_n, dtype=float)
        if radius.shape != core_n.shape:
            raise InputError(f"radii of shape {radius.shape} for {len(core_n)} ions")
    small = np.flatnonzero(~(radius > core_n))
    if len(small):
        i = int(small[0])
        j = int(second[first == i][np.argmin(distance[first == i])])
        raise InputError(
            f"ion {i}: its muffin tin of {radius[i]:.6g} angstrom does not hold its core of {core_n[i]:.6g} angstrom; "
            f"nearest neighbour: ion {j} at {distance[first == i].min():.6g} angstrom"
        )
    overlap = np.flatnonzero(radius[first] + radius[second] > distance + ROUNDING)
    if len(overlap):
        p = int(overlap[0])
        i, j = int(first[p]), int(second[p])
        raise InputError(
            f"muffin tins of ions {i} and {j} overlap: radii {radius[i]:.6g} and {radius[j]:.6g} angstrom at a "
            f"distance of {distance[p]:.6g} angstrom"
        )
    return radius
