"""Real spherical harmonics and what multiple scattering needs of them: products, unit vectors, radial functions.

An index L = (l, m) counts l² + l + m with m = -l ... l; harmonics with m > 0 contain cos(m phi), with m < 0
sin(|m| phi). They are real and orthonormal on the unit sphere, without the phase (-1)^m: Y_1 is proportional to
(y, z, x). Axes of arrays: ``_L`` harmonics, ``_q`` directions, ``_l`` degrees.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, special

from atomsim.results import Array, IntArray

ComplexArray = NDArray[np.complex128]


def harmonic_count(l_max: int) -> int:
    """Return how many harmonics there are up to a degree, (l_max + 1)².

    Args:
        l_max: largest degree.
    """
    return (l_max + 1) ** 2


@lru_cache(maxsize=64)
def degrees(l_max: int) -> IntArray:
    """Return the degree l of each harmonic up to l_max.

    Args:
        l_max: largest degree.
    """
    found = np.repeat(np.arange(l_max + 1), 2 * np.arange(l_max + 1) + 1)
    found.flags.writeable = False
    return found


def real_harmonics(vectors: ArrayLike, l_max: int) -> Array:
    """Return the real harmonics Y_L of the directions of vectors, shape (..., (l_max + 1)²) [-].

    By upward recursion of the associated Legendre functions without their factor sin^m, which is joined to
    cos(m phi) and sin(m phi) as powers of x + iy: no angle is formed, nothing is special at the poles. The zero
    vector counts as one along z.

    Args:
        vectors: Cartesian vectors of any length, shape (..., 3) [any].
        l_max: largest degree.
    """
    vectors = np.asarray(vectors, dtype=float)
    length = np.linalg.norm(vectors, axis=-1)
    at_origin = length == 0
    unit = vectors / np.where(at_origin, 1, length)[..., None]
    z = np.where(at_origin, 1, unit[..., 2])
    in_plane = unit[..., 0] + 1j * unit[..., 1]
    result = np.empty((harmonic_count(l_max), *z.shape))  # harmonics first: each is written in one stroke
    azimuth, start = np.ones_like(in_plane), np.full_like(z, 1 / np.sqrt(4 * np.pi))
    for m in range(l_max + 1):
        before, current = np.zeros_like(z), start
        for degree in range(m, l_max + 1):
            middle = degree * (degree + 1)
            if m == 0:
                result[middle] = current
            else:
                result[middle + m] = np.sqrt(2) * current * azimuth.real
                result[middle - m] = np.sqrt(2) * current * azimuth.imag
            up, down = _legendre_step(degree + 1, m), _legendre_step(degree, m)
            before, current = current, up * (z * current - (before / down if degree > m else 0))
        start = start * np.sqrt((2 * m + 3) / (2 * m + 2))
        azimuth = azimuth * in_plane
    return np.moveaxis(result, 0, -1)


def _legendre_step(degree: int, m: int) -> float:
    """Return ((4l² - 1)/(l² - m²))^{1/2}, by which z times the function of degree l - 1 gives that of degree l."""
    return float(np.sqrt((4 * degree**2 - 1) / (degree**2 - m**2))) if degree > m else np.inf


def sphere_quadrature(degree: int) -> tuple[Array, Array]:
    """Return directions (q, 3) and weights (sum 4 pi) that integrate all harmonics up to a degree exactly [-].

    Gauss-Legendre in cos(theta) times equal steps in phi.

    Args:
        degree: largest degree of a harmonic in the integrand.
    """
    z, weight = np.polynomial.legendre.leggauss(degree // 2 + 1)
    n_phi = degree + 1
    phi = 2 * np.pi * (np.arange(n_phi) + 0.5) / n_phi
    r = np.sqrt(1 - z**2)[:, None]
    directions = np.stack([r * np.cos(phi), r * np.sin(phi), np.broadcast_to(z[:, None], (len(z), n_phi))], axis=-1)
    return directions.reshape(-1, 3), np.repeat(weight, n_phi) * 2 * np.pi / n_phi


@lru_cache(maxsize=32)
def gaunt_coefficients(l_1: int, l_2: int) -> Array:
    """Return the Gaunt coefficients of real harmonics, C = int Y_L Y_L' Y_L'' over the sphere [-].

    Shape ((l_1 + 1)², (l_2 + 1)², (l_1 + l_2 + 1)²); by quadrature that is exact for the degree of the integrand.
    Zero unless l + l' + l'' is even and each degree is at most the sum of the other two.

    Source: wind-notes (structure constants); test: test_gaunt_coefficients_expand_products_of_harmonics

    Args:
        l_1: largest degree of the first harmonic.
        l_2: largest degree of the second.
    """
    l_3 = l_1 + l_2
    directions, weights = sphere_quadrature(2 * l_3)
    values = real_harmonics(directions, l_3)
    products = values[:, : harmonic_count(l_1), None] * values[:, None, : harmonic_count(l_2)]
    found = np.tensordot(products, values * weights[:, None], axes=(0, 0))
    found[np.abs(found) < 1e-13] = 0
    found.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def unit_vector_matrices(l_rows: int, l_columns: int) -> tuple[sparse.csr_array, sparse.csr_array, sparse.csr_array]:
    """Return K_c = int Y_L n_c Y_L' for the three components of the unit vector n, as sparse matrices [-].

    They couple l' = l + 1 and l - 1 only, so that a product with a matrix of any size costs a few operations per
    element. For equal degrees K_c is symmetric.

    Source: wind-notes (unit vector); test: test_unit_vector_matrices_are_integrals_over_the_sphere

    Args:
        l_rows: largest degree of L.
        l_columns: largest degree of L'.
    """
    l_max = max(l_rows, l_columns)
    to_real = _real_from_complex(l_max)
    raising = [to_real.conj() @ part @ to_real.T for part in _ladder(l_max)]
    components = (raising[0] + raising[1]) / 2, (raising[0] - raising[1]) / 2j, raising[2]
    upwards = [sparse.csr_array(part.real) for part in components]
    n_rows, n_columns = harmonic_count(l_rows), harmonic_count(l_columns)
    x, y, z = (sparse.csr_array((up + up.T).tocsr()[:n_rows, :n_columns]) for up in upwards)
    for matrix in (x, y, z):
        matrix.data[np.abs(matrix.data) < 1e-15] = 0
        matrix.eliminate_zeros()
        matrix.data.flags.writeable = False
    return x, y, z


def _ladder(l_max: int) -> tuple[sparse.csr_array, sparse.csr_array, sparse.csr_array]:
    """Return x + iy, x - iy and z between the harmonics |m| e^{im phi} of degree l (columns) and l + 1 (rows)."""
    entries: tuple[list[tuple[int, int, complex]], ...] = ([], [], [])
    for degree in range(l_max):
        scale = (2 * degree + 1) * (2 * degree + 3)
        column, row = degree * (degree + 1), (degree + 1) * (degree + 2)
        for m in range(-degree, degree + 1):
            grow = np.sqrt((degree + abs(m) + 1) * (degree + abs(m) + 2) / scale)
            shrink = -np.sqrt((degree - abs(m) + 1) * (degree - abs(m) + 2) / scale)
            entries[0].append((row + m + 1, column + m, grow if m >= 0 else shrink))
            entries[1].append((row + m - 1, column + m, grow if m <= 0 else shrink))
            entries[2].append((row + m, column + m, np.sqrt(((degree + 1) ** 2 - m**2) / scale)))
    size = harmonic_count(l_max)
    plus, minus, along = (_sparse(part, size) for part in entries)
    return plus, minus, along


def _real_from_complex(l_max: int) -> sparse.csr_array:
    """Return the unitary matrix that turns P_l^|m| e^{im phi} (no phase) into real harmonics."""
    entries: list[tuple[int, int, complex]] = []
    half = np.sqrt(0.5)
    for degree in range(l_max + 1):
        middle = degree * (degree + 1)
        entries.append((middle, middle, 1))
        for m in range(1, degree + 1):
            entries += [(middle + m, middle + m, half), (middle + m, middle - m, half)]
            entries += [(middle - m, middle + m, -1j * half), (middle - m, middle - m, 1j * half)]
    return _sparse(entries, harmonic_count(l_max))


def _sparse(entries: list[tuple[int, int, complex]], size: int) -> sparse.csr_array:
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((np.array(values, dtype=complex), (rows, columns)), shape=(size, size))


def spherical_bessel(l_max: int, x: ArrayLike) -> Array:
    """Return the spherical Bessel functions j_0 ... j_l_max of real arguments, shape (..., l_max + 1) [-].

    Args:
        l_max: largest degree.
        x: argument, zero or positive [-].
    """
    return np.asarray(special.spherical_jn(np.arange(l_max + 1), np.asarray(x, dtype=float)[..., None]))


def spherical_hankel(l_max: int, x: ArrayLike) -> ComplexArray:
    """Return the outgoing spherical Hankel functions h_0 ... h_l_max, shape (..., l_max + 1) [-].

    For real arguments j + iy, so that the real part stays accurate where y is large; for complex ones by upward
    recursion, which is stable for a function that grows with l, started from h_0 = -i e^{ix}/x.

    Source: wind-notes (mean free path); test: test_hankel_functions_of_complex_arguments

    Args:
        l_max: largest degree.
        x: argument, not zero, imaginary part zero or positive [-].
    """
    x = np.asarray(x)
    if not np.iscomplexobj(x):
        orders = np.arange(l_max + 1)
        return spherical_bessel(l_max, x) + 1j * special.spherical_yn(orders, x[..., None])
    result = np.empty((*x.shape, l_max + 1), dtype=complex)
    before, current = np.exp(1j * x) / x, -1j * np.exp(1j * x) / x  # h_{-1} and h_0
    for degree in range(l_max + 1):
        result[..., degree] = current
        before, current = current, (2 * degree + 1) / x * current - before
    return result
