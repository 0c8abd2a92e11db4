"""The ions that no cluster holds: single scattering by them, added in second order and cut off softly and far out.

A cluster is cut where the wind of a neighbour is still of the order 1/R². Single scattering carries most of that; its
sum over thousands of neighbours costs less than one small cluster. On the way from a far neighbour the waves pass many
others, which change their wave number and weaken them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

from analysis.multiple_scattering.cluster import rim_strengths
from analysis.multiple_scattering.configuration import Configuration, Surroundings, neighbour_distance
from analysis.multiple_scattering.harmonics import ComplexArray, spherical_bessel
from atomsim.results import Array

STEP = 0.05  # of the table of distance, times k [-]
CLOSE_PACKED = 2**0.5  # ions in the cube of their distance


def averaged_wave_number(configuration: Configuration) -> complex:
    """Return the wave number of the mean wave among many ions, K² = k² + 4 pi n <f(0)> [1/angstrom].

    f(0) is the forward amplitude of an ion, n their density. Waves scattered forward by all ions on the way add up
    whatever the places: they turn the phase, and by the optical theorem take away intensity as exp(-R/l) with
    1/l = n <sigma_tot>.

    Source: wind-notes (averaged waves); test: test_averaged_wave_number_is_that_above_the_mean_potential

    Args:
        configuration: the ions; without a volume of their own taken as close packed at their distance.
    """
    density = configuration.n_ions / configuration.volume
    if np.isnan(density):
        density = CLOSE_PACKED / neighbour_distance(configuration) ** 3
    forward = _waves(configuration).sum(axis=1).mean() / configuration.wave_number
    return complex(np.sqrt(configuration.wave_number**2 + 4 * np.pi * density * forward))


def _waves(configuration: Configuration) -> ComplexArray:
    """Phase shift factors (2l + 1) e^{i delta} sin(delta) of all ions, (N, l) [-]."""
    delta_nl = configuration.delta_nl
    return np.asarray((2 * np.arange(configuration.l_max + 1) + 1) * np.exp(1j * delta_nl) * np.sin(delta_nl))


@lru_cache(maxsize=8)
def pair_tables(wave_number: float, l_max: int, reach: float) -> CubicSpline:
    """Return the second-order wind of a neighbour as a function of distance, shape (R, 2, l, l') [-].

    (3 pi/k²) int_0^2k dq q³/k⁴ P_l P_l' [j_1(x)/x, -j_2(x)] with x = qR and P of the cosine 1 - q²/2k²: coefficients of
    the unit tensor and of R^R^, for a product of the phase shift factors (2l + 1) e^{i delta} sin(delta) of both ions.
    The tensor is 1/k² times these.

    Source: schaich-1976 (30); test: test_tail_is_the_kinematic_sum_over_all_ions

    Args:
        wave_number: k [1/angstrom].
        l_max: largest degree.
        reach: end of the table [angstrom].
    """
    points = int(np.ceil(reach * wave_number / STEP)) + 4
    x = np.linspace(0, reach * wave_number, points)
    nodes, weights = np.polynomial.legendre.leggauss(int(x[-1]) + 2 * l_max + 24)
    q = nodes + 1  # in units of k
    legendre = np.polynomial.legendre.legvander(1 - q**2 / 2, l_max)
    weighted = 3 * np.pi * (weights * q**3)[:, None, None] * legendre[:, :, None] * legendre[:, None, :]
    bessel = spherical_bessel(2, x[:, None] * q)
    across = np.einsum("rq,qab->rab", (bessel[..., 0] + bessel[..., 2]) / 3, weighted)
    along = np.einsum("rq,qab->rab", -bessel[..., 2], weighted)
    return CubicSpline(x / wave_number, np.stack([across, along], axis=1))


def rim_sums(
    configuration: Configuration,
    surroundings: Surroundings,
    ion: int,
    radii: Sequence[float],
    *,
    rim: float,
    wave_number: complex | None = None,
) -> Array:
    """Return the second-order wind on an ion from all ions in soft spheres about it, shape (radii, 3, 3) [angstrom^2].

    Neighbours count with their strength in the sphere, as they do in a cluster; the ion itself is one of them. Each
    term holds one propagator: an averaged wave of complex K turns by Re K and decays by exp(-Im K R).

    Source: schaich-1976 (30); test: test_tail_is_the_kinematic_sum_over_all_ions

    Args:
        configuration: the ions.
        surroundings: places about them, at least as far as the largest radius.
        ion: index of the ion.
        radii: of the spheres [angstrom].
        rim: part of a radius over which the strengths fade out [-].
        wave_number: of the waves between the ions; that of free waves if None [1/angstrom].
    """
    between = complex(configuration.wave_number if wave_number is None else wave_number)
    vectors, origin = surroundings.about(configuration.positions_nc[ion], max(radii))
    distance = np.linalg.norm(vectors, axis=1)
    wave_nl = _waves(configuration)
    products = (wave_nl[ion].conj()[:, None] * wave_nl[origin][:, None, :]).real / configuration.wave_number**2
    tables = pair_tables(between.real, configuration.l_max, surroundings.reach)(distance)
    across, along = np.einsum("jtab,jab->tj", tables, products)
    unit = vectors / np.where(distance == 0, 1, distance)[:, None]
    strength = np.stack([rim_strengths(distance, radius, share=rim) for radius in radii])
    strength[:, 0] = 1
    strength *= np.exp(-between.imag * distance)
    tensors = np.einsum("rj,j,jm,jn->rmn", strength, along, unit, unit, optimize=True)
    return tensors + (strength @ across)[:, None, None] * np.eye(3)
