"""Phase shifts of any local spherical potential, of many potentials at once.

Lengths are in any one unit, angstrom for the metals of this package; energies are in hbar^2/m over the square of that
unit, in which the kinetic energy is k^2/2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.multiple_scattering.phase_shifts import LARGEST_L, check_wave_number
from atomsim.errors import InputError
from atomsim.results import Array, IntArray

RadialPotential = Callable[[Array], Array]

INNERMOST = 3e-5  # start of the integration in units of the first edge: an error of its cube
NODES = 0.5 * (1 + np.polynomial.legendre.leggauss(16)[0])
WEIGHTS = 0.5 * np.polynomial.legendre.leggauss(16)[1]
PHASE_PER_PANEL = 2.5  # of the local wave [rad]: 16 nodes resolve it to rounding


def solve_phase_shifts(
    potential: RadialPotential, wave_number: float, *, l_max: int, edges: Sequence[float] | Array
) -> Array:
    """Return the phase shifts of a local spherical potential, (..., l_max + 1) [rad].

    The variable-phase equation d' = -(2V/k) [cos d kr j_l - sin d kr y_l]^2 in its linear form: with
    u = kr (c j_l - s y_l) and tan d = s/c, s' = -(2V/k) kr j_l u and c' = -(2V/k) kr y_l u, solved by collocation on
    panels that resolve the local wave. The number of nodes of u, compared with that of the free wave, tells which of
    the values that differ by pi is meant. Errors are near rounding while V is smooth between the edges.

    Source: calogero-1967 (variable phase); test: test_panels_agree_with_the_variable_phase_equation

    Args:
        potential: V(r), zero beyond the last edge; called with arrays (..., 1, nodes) of radii
            [hbar^2/(m length^2)].
        wave_number: k [1/length].
        l_max: largest angular momentum.
        edges: ascending radii at which V may jump, starting after zero and ending where V has vanished; (E,), or
            (E, N) for N potentials at once, which then gives (N, l_max + 1) [length].

    Raises:
        InputError: k or l_max out of range, edges that do not ascend, a potential that is not finite.
    """
    check_wave_number(wave_number)
    if not 0 <= l_max <= LARGEST_L:
        raise InputError(f"l_max = {l_max}, expected 0 to {LARGEST_L}")
    ends = np.asarray(edges, dtype=float)
    if ends.ndim not in (1, 2) or len(ends) == 0 or not (np.diff(ends, axis=0, prepend=0.0) > 0).all():
        raise InputError(f"edges {ends.tolist()}: expected ascending positive radii")
    wave = _Wave(wave_number, l_max, ends.reshape(len(ends), -1).shape[1])
    ends_en = ends.reshape(len(ends), -1)
    start_en = np.concatenate([INNERMOST * ends_en[:1], ends_en[:-1]])
    for left_n, right_n in zip(start_en, ends_en, strict=True):
        for start, stop in _panels(potential, wave_number, l_max, left_n, right_n):
            wave.advance(potential, start, stop)
    delta_nl = wave.phase_shifts(ends_en[-1])
    return delta_nl if ends.ndim == 2 else delta_nl[0]


def _panels(
    potential: RadialPotential, k: float, l_max: int, left_n: Array, right_n: Array
) -> list[tuple[Array, Array]]:
    """Panels between two edges: radii grow by less than a ratio, and the local wave turns by less than a limit."""
    ratio = 1 + 8 / (2 * l_max + 8)
    count = max(1, int(np.ceil(np.log((right_n / left_n).max()) / np.log(ratio))))
    bounds = left_n * (right_n / left_n) ** (np.arange(count + 1)[:, None] / count)
    bounds[-1] = right_n
    found = []
    for start, stop in pairwise(bounds):
        samples = start[:, None] + (stop - start)[:, None] * NODES
        local = np.sqrt(k**2 + 2 * np.abs(potential(samples)).max(axis=-1))
        if not np.isfinite(local).all():
            n = int(np.flatnonzero(~np.isfinite(local))[0])
            raise InputError(f"the potential is not finite between r = {start[n]:.6g} and {stop[n]:.6g}")
        parts = max(1, int(np.ceil(((stop - start) * local).max() / PHASE_PER_PANEL)))
        inner = start + (stop - start) * (np.arange(parts + 1)[:, None] / parts)
        found += list(pairwise(inner))
    return found


def _integration_matrix() -> Array:
    """Integrals from 0 to each node of the polynomials that are one at one node and zero at the others."""
    powers = np.polynomial.legendre.legvander(2 * NODES - 1, len(NODES) - 1)
    to_coefficients = np.linalg.inv(powers)
    antiderivative = np.polynomial.legendre.legint(to_coefficients, lbnd=-1, axis=0) / 2
    return np.polynomial.legendre.legvander(2 * NODES - 1, len(NODES)) @ antiderivative


INTEGRATION = _integration_matrix()


def riccati_bessel(l_max: int, x: Array) -> tuple[Array, Array]:
    """Return x j_l(x) and x y_l(x) for l = 0 to l_max, along a new first axis [-].

    Args:
        l_max: largest angular momentum.
        x: arguments, positive [-].
    """
    order = np.arange(l_max + 1).reshape(-1, *(1,) * np.ndim(x))
    return x * special.spherical_jn(order, x), x * special.spherical_yn(order, x)


class _Wave:
    """The regular solution on its way outward: its two amplitudes, and the nodes of it and of the free wave."""

    def __init__(self, wave_number: float, l_max: int, count: int) -> None:
        shape = (l_max + 1, count)
        self.k, self.l_max = wave_number, l_max
        self.cosine, self.sine = np.ones(shape), np.zeros(shape)
        self.sign, self.free_sign = np.ones(shape), np.ones(shape)
        self.nodes, self.free_nodes = np.zeros(shape, np.int64), np.zeros(shape, np.int64)

    def advance(self, potential: RadialPotential, start_n: Array, stop_n: Array) -> None:
        """Integrate over one panel."""
        width = (stop_n - start_n)[:, None]
        r = start_n[:, None] + width * NODES
        j, y = riccati_bessel(self.l_max, self.k * r)
        strength = -2 / self.k * potential(r) * width
        regular, irregular = strength * j, strength * y
        kernel = j[..., :, None] * irregular[..., None, :] - y[..., :, None] * regular[..., None, :]
        matrix = np.eye(len(NODES)) - INTEGRATION * kernel
        right = j * self.cosine[..., None] - y * self.sine[..., None]
        u = np.linalg.solve(matrix, right[..., None])[..., 0]
        self.cosine = self.cosine + (irregular * u) @ WEIGHTS
        self.sine = self.sine + (regular * u) @ WEIGHTS
        self.nodes, self.sign = _count(u, self.nodes, self.sign)
        self.free_nodes, self.free_sign = _count(j, self.free_nodes, self.free_sign)
        size = np.maximum(np.abs(self.cosine), np.abs(self.sine))
        self.cosine, self.sine = self.cosine / size, self.sine / size

    def phase_shifts(self, end_n: Array) -> Array:
        """The phase shifts, all multiples of pi accounted for."""
        x = self.k * end_n
        j, y = riccati_bessel(self.l_max, x)
        u, conjugate = self.cosine * j - self.sine * y, -self.cosine * y - self.sine * j
        nodes, sign = _count(u[..., None], self.nodes, self.sign)
        free_nodes, free_sign = _count(j[..., None], self.free_nodes, self.free_sign)
        # u = M sin(phase) with j = M sin(free) and y = -M cos(free): both phases grow with r and count nodes
        phase = np.pi * nodes + np.arctan2(sign * u, sign * conjugate)
        free = np.pi * free_nodes + np.arctan2(free_sign * j, -free_sign * y)
        principal = np.arctan2(self.sine * np.sign(self.cosine), np.abs(self.cosine))  # keeps small ones exact
        return (principal + np.pi * np.rint((phase - free - principal) / np.pi)).T


def _count(values: NDArray[Any], nodes: IntArray, sign: Array) -> tuple[IntArray, Array]:
    """Nodes so far and the last sign, after more values along the last axis."""
    signs = np.concatenate([sign[..., None], np.sign(values)], axis=-1)
    for i in range(1, signs.shape[-1]) if not signs.all() else ():  # a wave that is zero keeps its sign
        signs[..., i] = np.where(signs[..., i] == 0, signs[..., i - 1], signs[..., i])
    return nodes + (signs[..., 1:] != signs[..., :-1]).sum(axis=-1), signs[..., -1]
