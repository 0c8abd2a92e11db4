"""Phase shifts known otherwise: Schroedinger's equation matched at the end, square wells, hard spheres, first order.

They stand beside :mod:`analysis.multiple_scattering.radial_solver`, in the same units: any length, energies in
hbar^2/m over its square.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, special

from analysis.multiple_scattering.phase_shifts import check_wave_number
from analysis.multiple_scattering.radial_solver import RadialPotential
from atomsim.errors import InputError, NotConverged
from atomsim.results import Array

INNERMOST = 1e-6  # start of the integration in units of the first edge
NODES_OF_ANGLES = 400


def matched_phase_shifts(
    potential: RadialPotential, wave_number: float, *, l_max: int, edges: Sequence[float], tolerance: float = 1e-12
) -> Array:
    """Return phase shifts from Schroedinger's radial equation, matched at the last edge, up to multiples of pi [rad].

    With u = r^{l+1} w: w'' = -2(l + 1) w'/r + (2V - k^2) w; tan delta = (u'J - uJ')/(u'Y - uY') with J = kr j_l and
    Y = kr y_l. Slow; a check on the solver by panels. Values lie in [-pi/2, pi/2].

    Source: calogero-1967 (radial equation); test: test_two_solvers_agree

    Args:
        potential: V(r), finite at the origin, zero beyond the last edge [hbar^2/(m length^2)].
        wave_number: k [1/length].
        l_max: largest angular momentum.
        edges: ascending radii at which V may jump, the last where it has vanished [length].
        tolerance: relative error of each step [-].

    Raises:
        NotConverged: the integration stopped on its way.
    """
    check_wave_number(wave_number)
    return np.array([_matched(potential, wave_number, degree, edges, tolerance) for degree in range(l_max + 1)])


def _matched(potential: RadialPotential, k: float, degree: int, edges: Sequence[float], tolerance: float) -> float:
    start = INNERMOST * edges[0]
    first = 2 * float(potential(np.array(start))) - k**2
    state = np.array([1.0, first * start / (2 * degree + 3)])
    for left, right in zip([start, *edges[:-1]], edges, strict=True):
        inner, outer = np.nextafter(left, right), np.nextafter(right, left)

        def slopes(r: float, w: Array, inner: float = inner, outer: float = outer) -> tuple[float, float]:
            v = float(potential(np.array(min(max(r, inner), outer))))
            return w[1], -2 * (degree + 1) * w[1] / r + (2 * v - k**2) * w[0]

        found = integrate.solve_ivp(slopes, (left, right), state, method="DOP853", rtol=tolerance, atol=1e-30)
        if not found.success:
            raise NotConverged(f"radial equation for l = {degree}, k = {k:g}: {found.message}")
        state = found.y[:, -1]
    ratio = (degree + 1) / edges[-1] + state[1] / state[0]
    return _from_logarithmic_slope(ratio, k, degree, edges[-1])


def _from_logarithmic_slope(ratio: float, k: float, degree: int, radius: float) -> float:
    """Phase shift, up to multiples of pi, of a wave with u'/u = ratio at a radius."""
    x = k * radius
    j, y = x * special.spherical_jn(degree, x), x * special.spherical_yn(degree, x)
    slope_j = k * (j / x + x * special.spherical_jn(degree, x, derivative=True))
    slope_y = k * (y / x + x * special.spherical_yn(degree, x, derivative=True))
    return float(np.arctan((ratio * j - slope_j) / (ratio * y - slope_y)))


def square_well_phase_shifts(wave_number: float, *, potential: float, radius: float, l_max: int) -> Array:
    """Return the phase shifts of a sphere of constant potential in closed form, up to multiples of pi [rad].

    Matching j_l(Kr) inside, with K^2 = k^2 - 2V of either sign, to the free wave outside.

    Source: calogero-1967 (square well); test: test_square_well_is_exact

    Args:
        wave_number: k [1/length].
        potential: V inside, negative for a well [hbar^2/(m length^2)].
        radius: radius of the sphere [length].
        l_max: largest angular momentum.

    Raises:
        InputError: a radius that is not positive, or k^2 = 2V.
    """
    check_wave_number(wave_number)
    square = wave_number**2 - 2 * potential
    if not (np.isfinite(square) and square != 0 and radius > 0):
        raise InputError(f"square well with k^2 - 2V = {square}, radius {radius}: expected non-zero and positive")
    inner = np.sqrt(abs(square)) * radius
    wave = special.spherical_jn if square > 0 else special.spherical_in
    degrees = range(l_max + 1)
    slopes = [1 + inner * wave(degree, inner, derivative=True) / wave(degree, inner) for degree in degrees]
    return np.array(
        [_from_logarithmic_slope(s / radius, wave_number, degree, radius) for degree, s in enumerate(slopes)]
    )


def hard_sphere_phase_shifts(wave_number: float, *, radius: float, l_max: int) -> Array:
    """Return the phase shifts of an impenetrable sphere, tan delta = j_l(kR)/y_l(kR), up to multiples of pi [rad].

    Source: calogero-1967 (hard sphere); test: test_a_high_barrier_becomes_a_hard_sphere

    Args:
        wave_number: k [1/length].
        radius: radius of the sphere [length].
        l_max: largest angular momentum.
    """
    order = np.arange(l_max + 1)
    return np.arctan(
        special.spherical_jn(order, wave_number * radius) / special.spherical_yn(order, wave_number * radius)
    )


def born_phase_shifts(form_factor: Callable[[Array], ArrayLike], wave_number: float, *, l_max: int) -> Array:
    """Return phase shifts to first order, delta_l = -(k/4 pi) int_{-1}^{1} v(q) P_l(c) dc, q^2 = 2k^2(1 - c) [rad].

    Their Friedel sum over all l is -k v(0)/pi^2, which is Z for an ion screened by Thomas and Fermi at k = k_F.

    Source: ziman-1961 (first order); test: test_born_friedel_sum_of_thomas_fermi_is_the_valence

    Args:
        form_factor: v(q) for wave numbers in 1/length [hbar^2 length/m].
        wave_number: k [1/length].
        l_max: largest angular momentum.
    """
    check_wave_number(wave_number)
    nodes, weights = np.polynomial.legendre.leggauss(NODES_OF_ANGLES)
    half = 0.5 * (1 + nodes)  # sin(theta/2): the form factor is smooth in q = 2k times this
    values = np.asarray(form_factor(2 * wave_number * half), dtype=float)
    waves = np.polynomial.legendre.legvander(1 - 2 * half**2, l_max)
    return -wave_number / (4 * np.pi) * (2 * weights * half * values) @ waves
