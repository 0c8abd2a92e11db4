"""What the wind force must tend to: one ion, weak scatterers, two ions far apart.

The kinematic form takes each ion once, with its full amplitude: it is the sum over pairs that decays most slowly with
distance, and what can be added for ions that no cluster holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from analysis.multiple_scattering.harmonics import (
    ComplexArray,
    degrees,
    harmonic_count,
    real_harmonics,
    spherical_bessel,
    unit_vector_matrices,
)
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from atomsim.results import Array, IntArray

TABLE_PAYS = 1000  # pairs of ions from which on a table of distance is cheaper than an integral for each


def dilute_tensors(delta_nl: Array, wave_number: float) -> Array:
    """Return the tensors of ions that are alone, sigma_tr times the unit tensor, shape (N, 3, 3) [angstrom^2].

    Source: schaich-1976 (31), (35), (8); test: test_single_ion_has_its_transport_cross_section

    Args:
        delta_nl: phase shifts of each ion [rad].
        wave_number: k [1/angstrom].
    """
    alone = np.array([float(transport_cross_section(delta_l, wave_number)) for delta_l in delta_nl])
    return alone[:, None, None] * np.eye(3)


def ion_amplitude(cosine: ArrayLike, delta_l: ArrayLike, wave_number: float, *, born: bool = False) -> ComplexArray:
    """Return the scattering amplitude of one ion, (1/k) sum (2l + 1) e^{i delta} sin(delta) P_l(cos) [angstrom].

    Args:
        cosine: cosine of the scattering angle [-].
        delta_l: phase shifts [rad].
        wave_number: k [1/angstrom].
        born: to first order in the phase shifts, e^{i delta} sin(delta) -> delta.
    """
    delta_l = np.asarray(delta_l, dtype=float)
    waves = delta_l + 0j if born else np.exp(1j * delta_l) * np.sin(delta_l)
    weights = (2 * np.arange(len(delta_l)) + 1) * waves / wave_number
    return np.asarray(np.polynomial.legendre.legval(np.asarray(cosine, dtype=float), weights))


@dataclass(frozen=True, eq=False)
class PairForce:
    """Tensor that a neighbour at R adds to the wind on an ion, across 1 + along R^R^; smooth tables of distance.

    Attributes:
        distance: where the tables stand, ascending from zero [angstrom].
        across: coefficient of the unit tensor [angstrom^2].
        along: coefficient of R^R^ [angstrom^2].
    """

    distance: Array
    across: CubicSpline
    along: CubicSpline

    def __call__(self, vectors: ArrayLike) -> Array:
        """Return the tensors for vectors to neighbours, shape (..., 3, 3) [angstrom^2]; symmetric, even in R.

        Args:
            vectors: R, shape (..., 3), within the table [angstrom].
        """
        vectors = np.asarray(vectors, dtype=float)
        distance = np.linalg.norm(vectors, axis=-1)
        return _pair_tensors(vectors, distance, self.across(distance), self.along(distance))


def pair_force(
    delta_ion: ArrayLike,
    delta_neighbour: ArrayLike,
    wave_number: float,
    *,
    max_distance: float,
    born: bool = False,
    step: float = 0.025,
) -> PairForce:
    """Return the second-order wind on an ion by a neighbour, as a table of distance.

    sigma = (3 pi/k⁴) int_0^2k dq q³ Re[f_i^*(q) f_j(q)] [1 j_1(x)/x - R^R^ j_2(x)] with x = qR. With Born amplitudes
    the second order in the phase shifts; with full ones the kinematic form, for one ion exact.

    Source: schaich-1976 (30); test: test_second_order_is_the_limit_of_weak_scatterers

    Args:
        delta_ion: phase shifts of the ion that is pushed [rad].
        delta_neighbour: phase shifts of the neighbour [rad].
        wave_number: k [1/angstrom].
        max_distance: end of the table [angstrom].
        born: to first order in the phase shifts.
        step: of the table, times k [-].
    """
    grid = np.linspace(0, max_distance, max(int(np.ceil(max_distance * wave_number / step)), 3) + 1)
    across, along = pair_integrals(grid, delta_ion, delta_neighbour, wave_number, born=born)
    return PairForce(distance=grid, across=CubicSpline(grid, across), along=CubicSpline(grid, along))


def pair_integrals(
    distance: ArrayLike, delta_ion: ArrayLike, delta_neighbour: ArrayLike, wave_number: float, *, born: bool = False
) -> tuple[Array, Array]:
    """Return the coefficients of 1 and of R^R^ in the second-order wind of a neighbour [angstrom^2].

    Source: schaich-1976 (30); test: test_pair_integrals_against_the_integral_over_momentum_transfers

    Args:
        distance: R [angstrom].
        delta_ion: phase shifts of the ion that is pushed [rad].
        delta_neighbour: phase shifts of the neighbour [rad].
        wave_number: k [1/angstrom].
        born: to first order in the phase shifts.
    """
    k = float(wave_number)
    distance = np.asarray(distance, dtype=float)
    degree = np.size(delta_ion) + np.size(delta_neighbour)
    nodes, weights = np.polynomial.legendre.leggauss(int(k * distance.max(initial=0)) + degree + 24)
    q, weights = k * (nodes + 1), k * weights
    cosine = 1 - (q / k) ** 2 / 2
    ion, neighbour = (ion_amplitude(cosine, delta, k, born=born) for delta in (delta_ion, delta_neighbour))
    weights = 3 * np.pi / k**4 * weights * q**3 * (ion.conj() * neighbour).real
    bessel = spherical_bessel(2, distance[..., None] * q)
    return (bessel[..., 0] + bessel[..., 2]) @ weights / 3, -bessel[..., 2] @ weights


def kinematic_tensors(
    positions_nc: Array,
    delta_nl: Array,
    wave_number: float,
    ions: Sequence[int] | IntArray | None = None,
    *,
    born: bool = False,
) -> Array:
    """Return the second-order wind on ions from all ions of a set, itself included, shape (i, 3, 3) [angstrom^2].

    Source: schaich-1976 (30); test: test_second_order_is_the_limit_of_weak_scatterers

    Args:
        positions_nc: the ions [angstrom].
        delta_nl: phase shifts of each ion [rad].
        wave_number: k [1/angstrom].
        ions: indices of the ions asked for, all if None.
        born: to first order in the phase shifts.
    """
    chosen = np.arange(len(positions_nc)) if ions is None else np.asarray(ions, dtype=np.int64)
    kinds, kind_n = np.unique(delta_nl, axis=0, return_inverse=True)
    kind_n = kind_n.ravel()
    reach = float(np.linalg.norm(np.ptp(positions_nc, axis=0))) + 1 / wave_number
    result = np.zeros((len(chosen), 3, 3))
    for own, other in np.ndindex(len(kinds), len(kinds)):
        rows, neighbours = np.flatnonzero(kind_n[chosen] == own), np.flatnonzero(kind_n == other)
        if not len(rows):
            continue
        if len(rows) * len(neighbours) < TABLE_PAYS:
            vectors = positions_nc[chosen[rows], None] - positions_nc[neighbours]
            distance = np.linalg.norm(vectors, axis=-1)
            across, along = pair_integrals(distance, kinds[own], kinds[other], wave_number, born=born)
            result[rows] += _pair_tensors(vectors, distance, across, along).sum(axis=1)
            continue
        table = pair_force(kinds[own], kinds[other], wave_number, max_distance=reach, born=born)
        for row in rows:
            result[row] += table(positions_nc[chosen[row]] - positions_nc[neighbours]).sum(axis=0)
    return result


def _pair_tensors(vectors: Array, distance: Array, across: Array, along: Array) -> Array:
    """Return across 1 + along R^R^, shape (..., 3, 3)."""
    unit = vectors / np.where(distance == 0, 1, distance)[..., None]
    tensors = along[..., None, None] * unit[..., :, None] * unit[..., None, :]
    tensors += across[..., None, None] * np.eye(3)
    return np.asarray(tensors)


def pair_asymptote(vector: ArrayLike, delta_ion: ArrayLike, delta_neighbour: ArrayLike, wave_number: float) -> Array:
    """Return what a far neighbour adds to the wind on an ion, to order 1/R², shape (3, 3) [angstrom^2].

    A shadow, -(3/4 pi R²) sigma_tr sigma_tr R^R^, and oscillations with 2kR of the same order: the neighbour's echo of
    the incident wave, and of what the ion sends to it.

    Source: wind-notes (two ions far apart); test: test_two_ions_far_apart

    Args:
        vector: R, from the neighbour to the ion [angstrom].
        delta_ion: phase shifts of the ion that is pushed [rad].
        delta_neighbour: phase shifts of the neighbour [rad].
        wave_number: k [1/angstrom].
    """
    k, vector = float(wave_number), np.asarray(vector, dtype=float)
    delta_ion = np.asarray(delta_ion, dtype=float)
    distance = float(np.linalg.norm(vector))
    along = np.multiply.outer(vector, vector) / distance**2
    shadow = -transport_cross_section(delta_ion, k) * transport_cross_section(delta_neighbour, k) * along
    echo = complex(ion_amplitude(-1.0, delta_neighbour, k)) * np.exp(2j * k * distance)
    degree = np.arange(len(delta_ion))
    turn = np.diff(np.append(delta_ion, 0))
    back = -2j * np.pi / k**2 * float(((-1.0) ** degree * (degree + 1) * np.sin(2 * turn)).sum())
    incident = 2 * (2j * np.pi / k * echo * back).real * along
    returned = 2 * (echo * _sent_and_returned(vector / distance, delta_ion, k)).real
    return 3 / (4 * np.pi * distance**2) * (shadow + incident + returned)


def _sent_and_returned(direction: Array, delta_l: Array, k: float) -> ComplexArray:
    """Return int dk^ k^_n f(k^ -> -R^) W_m(k^, R^), W the momentum flux between two plane waves on the ion."""
    l_max = len(delta_l) - 1
    delta = np.append(delta_l, 0.0)[degrees(l_max + 1)]
    waves = real_harmonics(direction, l_max + 1)
    f = np.exp(1j * delta) * np.sin(delta) / k * (-1.0) ** degrees(l_max + 1)
    sent = 4 * np.pi * f * waves
    step = unit_vector_matrices(l_max + 1, l_max + 2)
    wide = np.concatenate([delta, np.zeros(harmonic_count(l_max + 2) - len(delta))])
    turns = 1 - np.exp(2j * (wide - wide[:, None]))
    flux = [part.toarray() * turns for part in unit_vector_matrices(l_max + 2, l_max + 2)]
    far = real_harmonics(direction, l_max + 2)
    found = [[sent @ (field @ (force @ far)) for field in step] for force in flux]
    return np.asarray(4 * np.pi**2 / k**2 * np.array(found), dtype=complex)
