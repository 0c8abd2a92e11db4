"""Integrals over the plane of potentials with a delta function of a gap between levels, for all gaps at once.

The plane is covered by triangles between the nodes of a mesh. For most pairs of levels the logarithm of the gap is
taken as linear on a triangle, which turns the delta function into the length of a straight section (the tetrahedron
method in two dimensions). Two neighbouring levels that nearly cross have a gap E = (a^2 + b^2)^{1/2} whose minimum is
far narrower than any mesh, while a and ln b are smooth: there these are taken as linear, and with r = a/E the
integral of (b/E)^2 delta(E - Omega) over the crossing is the length in r of the part of the curve a = Omega r,
ln b = ln Omega + ln(1 - r^2)/2 that lies in the triangle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from atomsim.results import Array, quantity

# A pair of levels is treated wholly as a crossing below the first number, not at all above the second.
COUPLING_RANGE = (0.7, 2.8)  # of b [W]
DENSITY_RANGE = (2.0, 5.0)  # of (d/2)^2 over the Jacobian of (a, ln b), 1/2 in deep double wells [-]
TWO_LEVEL_SPREAD = 1.25  # largest ratio of the wells' distances at the corners for two levels to be alone [-]
DEGENERATE = 1e-3  # area of a triangle in (a, ln b) over the product of its sides below which it has none [-]
DENSITY_SPREAD = 3.0  # the same for the density of two-level systems [-]
AGREEMENT = 0.4  # of the slope of a gap with its chord on a triangle, within which the slope is used [-]
TINY = 1e-300
SMALLEST_SHARE = 1e-12  # of b in E: below, it is rounding [-]
UNRESOLVED = 9.0  # ln of the smallest gap of interest over the coupling of a crossing that nobody sees [-]
WIDE = 1.0  # range of the logarithm of a gap on a triangle from which the gap itself is taken as linear [-]
FROZEN = 17.0  # energy over temperature from which a level is empty [-]


@dataclass(frozen=True)
class Crossings:
    """Each two neighbouring levels of one block of a mesh as a two-level system; axes line, node, lower level.

    All but ``density`` vary smoothly through a crossing that is far narrower than the mesh, as long as no third level
    is near.
    """

    field_lnm: Array = quantity("W", "asymmetry a = E (x_nn - x_mm)/d")
    log_coupling_lnm: Array = quantity("1", "logarithm of b = 2 E |x_mn|/d")
    distance_lnm: Array = quantity("1", "distance of the wells, d^2 = (x_nn - x_mm)^2 + 4 x_mn^2")
    share_lnm: Array = quantity("1", "part of the strength that is treated as a crossing")
    density_lnm: Array = quantity("1", "this part times (d/2)^2 over the Jacobian of (a, ln b) with respect to (D1, D2)")


def find_crossings(D1_ln: Array, D2_l: Array, energy_lnm: Array, x_lnm: Array, x_diagonal_lnm: Array) -> Crossings:
    """Return neighbouring levels as two-level systems.

    Source: soft-potential-notes (quadrature); test: test_crossing_integral_is_that_of_two_levels

    Args:
        D1_ln: linear coefficients of the nodes [-].
        D2_l: quadratic coefficients of the lines [-].
        energy_lnm: levels of a block of the mesh [W].
        x_lnm: |x_mn| of each level with the next [-].
        x_diagonal_lnm: diagonal elements of x [-].
    """
    gap = np.maximum(np.diff(energy_lnm, axis=2), TINY)
    tilt = np.diff(x_diagonal_lnm, axis=2)
    distance = np.maximum(np.hypot(tilt, 2 * x_lnm), TINY)
    field = gap * tilt / distance
    log_coupling = np.log(gap * np.maximum(2 * x_lnm / distance, SMALLEST_SHARE))
    # The same differences of D1 and D2 as of a and ln b: exact for linear functions on any mesh.
    (field_l, field_n), (log_l, log_n) = (np.gradient(f, axis=(0, 1), edge_order=2) for f in (field, log_coupling))
    D1_n = np.gradient(D1_ln, axis=1, edge_order=2)
    cell = np.abs(D1_n * np.gradient(D2_l, edge_order=2)[:, None])
    area = np.maximum(np.abs(field_l * log_n - field_n * log_l), TINY)
    density = distance**2 / 4 * cell[..., None] / area
    # At D2 = 0 and at the end of the double wells the mesh stands still: both differences vanish there.
    for edge, one, two in ((0, 1, 2), (-1, -2, -3)):
        density[edge] = np.maximum(2 * density[one] - density[two], 0.0)
    density[:, -1] = np.maximum(2 * density[:, -2] - density[:, -3], 0.0)
    share = _fading(log_coupling, COUPLING_RANGE) * _fading(np.log(np.maximum(density, TINY)), DENSITY_RANGE)
    return Crossings(field, log_coupling, distance, share, np.where(share > 0, share * density, 0.0))


def _fading(logarithm: Array, limits: tuple[float, float]) -> Array:
    """One below the lower limit, zero above the upper, smooth between."""
    low, high = np.log(limits)
    far = np.clip((logarithm - low) / (high - low), 0.0, 1.0)
    return 1 - far**2 * (3 - 2 * far)


def add_strip(
    energy_lnm: Array, strength_lnp: Array, slope_lnpc: Array, crossings: Crossings, factor_lnm: Array, tau_t: Array,
    log_omega_k: Array, out_kt: Array,
) -> None:  # fmt: skip
    """Add the integral over the strip between two lines of strength (P_m + P_n) delta(E - Omega) to a result.

    Populations are those of the tabulated levels alone.

    Source: soft-potential-notes (quadrature); test: test_crossing_integral_is_that_of_two_levels

    Args:
        energy_lnm: levels on the two lines, above the lowest [W].
        strength_lnp: squared matrix elements of all pairs of levels times the measure [-].
        slope_lnpc: derivatives of the logarithm of the gap with respect to the numbers of the node and of the line [-].
        crossings: neighbouring levels as two-level systems.
        factor_lnm: strength of each level with the next over |x_mn|^2, per area of (D1, D2) [-].
        tau_t: temperatures, ascending [W].
        log_omega_k: logarithms of the gaps Omega, equally spaced [-].
        out_kt: the result, changed in place [1/W].
    """
    low, high = np.triu_indices(energy_lnm.shape[2], 1)
    flat = [array.reshape(-1, array.shape[2]) for array in (energy_lnm, strength_lnp, *vars(crossings).values())]
    flat[-1] = flat[-1] * factor_lnm.reshape(flat[-1].shape)
    boltzmann = np.exp(-flat[0][:, None, :] / tau_t[:, None])
    population = boltzmann / boltzmann.sum(axis=2, keepdims=True)
    log_gap = np.log(np.maximum(flat[0][:, high] - flat[0][:, low], TINY))
    step = float(log_omega_k[1] - log_omega_k[0])
    slope = slope_lnpc.reshape(-1, *slope_lnpc.shape[2:])
    _strip(log_gap, slope, *flat, population, low, high, FROZEN * float(tau_t[-1]), float(log_omega_k[0]), step, out_kt)


@njit(inline="always")
def _section(g, e1, e2, e3, weight):  # type: ignore[no-untyped-def]
    """Density of the level set g in a triangle with e1 <= e2 <= e3, and barycentric weights of its middle."""
    if g < e2:
        s, t = (g - e1) / (e2 - e1), (g - e1) / (e3 - e1)
        weight[0], weight[1], weight[2] = 1 - (s + t) / 2, s / 2, t / 2
        return 2 * (g - e1) / ((e2 - e1) * (e3 - e1))
    s, t = (e3 - g) / (e3 - e2), (e3 - g) / (e3 - e1)
    weight[0], weight[1], weight[2] = t / 2, s / 2, 1 - (s + t) / 2
    return 2 * (e3 - g) / ((e3 - e2) * (e3 - e1))


@njit(cache=True, error_model="numpy")
def _edge_roots(a0, l0, a1, l1, omega, log_omega, roots):  # type: ignore[no-untyped-def]
    """Values of r where the curve of a gap cuts an edge of a triangle in (a, ln b); returns how many."""
    steep = abs(a1 - a0) < 1e-14 * (abs(a0) + abs(a1) + 1e-300)
    if steep:
        r = a0 / omega
        if abs(r) < 1:
            height = log_omega + 0.5 * math.log1p(-r * r)
            if (height - l0) * (height - l1) <= 0:
                roots[0] = r
                return 1
        return 0
    slope = (l1 - l0) / (a1 - a0)
    low, high = max(-1.0, min(a0, a1) / omega), min(1.0, max(a0, a1) / omega)
    if low >= high:
        return 0
    # The curve is concave: its height over the line of the edge has one maximum, where r/(1 - r^2) = -slope omega.
    k = slope * omega
    top = -2 * k / (1 + math.sqrt(1 + 4 * k * k))
    found = 0
    for side in range(2):
        lo = low if side == 0 else max(low, top)
        hi = min(high, top) if side == 0 else high
        if lo >= hi:
            continue
        f_lo = _height(lo, omega, log_omega, a0, l0, slope)
        f_hi = _height(hi, omega, log_omega, a0, l0, slope)
        if (f_lo > 0) == (f_hi > 0):
            continue
        rising = f_hi > 0
        for _ in range(60):
            middle = 0.5 * (lo + hi)
            if (_height(middle, omega, log_omega, a0, l0, slope) > 0) == rising:
                hi = middle
            else:
                lo = middle
            if hi - lo < 1e-12:
                break
        roots[found] = 0.5 * (lo + hi)
        found += 1
    return found


@njit(inline="always")
def _height(r, omega, log_omega, a0, l0, slope):  # type: ignore[no-untyped-def]
    """Height of the curve of a gap over the line of an edge."""
    rest = 1.0 - r * r
    if rest <= 0:
        return -1e300
    return log_omega + 0.5 * math.log(rest) - l0 - slope * (omega * r - a0)


@njit(cache=True, error_model="numpy")
def _add_crossing(a, l, density, low, high, omega, log_omega, node, cuts, roots, population, out):  # type: ignore[no-untyped-def]
    """Add a triangle with a narrow crossing to one row of the result: the arc of the curve inside it."""
    twice = (a[1] - a[0]) * (l[2] - l[0]) - (a[2] - a[0]) * (l[1] - l[0])
    n_cuts = 2
    cuts[0], cuts[1] = -1.0, 1.0
    for i in range(3):
        j = (i + 1) % 3
        for k in range(_edge_roots(a[i], l[i], a[j], l[j], omega, log_omega, roots)):
            cuts[n_cuts] = roots[k]
            n_cuts += 1
    cuts[:n_cuts] = np.sort(cuts[:n_cuts])
    for i in range(n_cuts - 1):
        length = cuts[i + 1] - cuts[i]
        if length < 1e-13:
            continue
        r = 0.5 * (cuts[i] + cuts[i + 1])
        da, dl = omega * r - a[0], log_omega + 0.5 * math.log(1 - r * r) - l[0]
        w1 = (da * (l[2] - l[0]) - dl * (a[2] - a[0])) / twice
        w2 = ((a[1] - a[0]) * dl - (l[1] - l[0]) * da) / twice
        w0 = 1 - w1 - w2
        if w0 < 0 or w1 < 0 or w2 < 0:
            continue
        c0, c1, c2 = w0 * density[0] * length, w1 * density[1] * length, w2 * density[2] * length
        for t in range(out.shape[0]):
            out[t] += (
                c0 * (population[node[0], t, low] + population[node[0], t, high])
                + c1 * (population[node[1], t, low] + population[node[1], t, high])
                + c2 * (population[node[2], t, low] + population[node[2], t, high])
            )


@njit(inline="always")
def _is_crossing(a, l, d, share, density):  # type: ignore[no-untyped-def]
    """Whether two neighbouring levels are a two-level system all over a triangle, with no third level near."""
    if max(d[0], d[1], d[2]) > TWO_LEVEL_SPREAD * min(d[0], d[1], d[2]):
        return False
    lowest, highest = 1e300, 0.0
    for i in range(3):
        if share[i] > 0:
            lowest, highest = min(lowest, density[i] / share[i]), max(highest, density[i] / share[i])
    if highest > DENSITY_SPREAD * lowest:
        return False
    spread = max(a[0], a[1], a[2]) - min(a[0], a[1], a[2])
    height = max(l[0], l[1], l[2]) - min(l[0], l[1], l[2])
    twice = (a[1] - a[0]) * (l[2] - l[0]) - (a[2] - a[0]) * (l[1] - l[0])
    return abs(twice) > DEGENERATE * spread * height


@njit(inline="always")
def _sorted(e, s, node, slope):  # type: ignore[no-untyped-def]
    """Sort the corners of a triangle by e, in place."""
    for i, j in ((0, 1), (1, 2), (0, 1)):
        if e[i] > e[j]:
            e[i], e[j] = e[j], e[i]
            s[i], s[j] = s[j], s[i]
            node[i], node[j] = node[j], node[i]
            for c in range(2):
                slope[i, c], slope[j, c] = slope[j, c], slope[i, c]


@njit(cache=True, error_model="numpy")
def _add_plain(e, s, node, slope, chord, tilt, low, high, start, step, weight, population, out):  # type: ignore[no-untyped-def]
    """Add a triangle with no crossing to all rows it reaches.

    The gap (for two levels far apart: ``tilt`` near one) or else its logarithm is linear, and so is the strength times
    the power of the gap that makes it vary least. The slope known at the corners replaces that of the chords.
    """
    _sorted(e, s, node, slope)
    if e[2] - e[0] < 1e-12:
        e[2] = e[0] + 1e-12
        e[1] = e[0] + 0.5e-12
    first = max(0, int(math.ceil((e[0] - start) / step)))
    last = min(out.shape[0] - 1, int(math.floor((e[2] - start) / step)))
    if first > last:
        return
    wide = e[2] - e[0] > WIDE
    power, bottom = 0.0 if wide else 1 + tilt, e[0]
    straight = wide or tilt > 0.5
    for i in range(3):
        s[i] *= math.exp(power * (e[i] - bottom))
        if straight:
            e[i] = math.exp(e[i])
            slope[i, 0], slope[i, 1] = slope[i, 0] * e[i], slope[i, 1] * e[i]
    steepness = math.hypot(chord[0], chord[1])
    for k in range(first, last + 1):
        g = start + step * k
        density = 0.5 * math.exp(-power * (g - bottom))
        if straight:
            density *= _section(math.exp(g), e[0], e[1], e[2], weight)
        else:
            density *= _section(g, e[0], e[1], e[2], weight) * math.exp(-g)
        along = weight[0] * slope[0, 0] + weight[1] * slope[1, 0] + weight[2] * slope[2, 0]
        across = weight[0] * slope[0, 1] + weight[1] * slope[1, 1] + weight[2] * slope[2, 1]
        true = math.hypot(along, across)
        if math.hypot(along - chord[0], across - chord[1]) < AGREEMENT * min(true, steepness):
            density *= steepness / true
        c0, c1, c2 = density * weight[0] * s[0], density * weight[1] * s[1], density * weight[2] * s[2]
        for t in range(out.shape[1]):
            out[k, t] += (
                c0 * (population[node[0], t, low] + population[node[0], t, high])
                + c1 * (population[node[1], t, low] + population[node[1], t, high])
                + c2 * (population[node[2], t, low] + population[node[2], t, high])
            )


@njit(cache=True, error_model="numpy")
def _add_crossings(a, l, density, low, high, node, start, step, cuts, roots, population, out):  # type: ignore[no-untyped-def]
    """Add a triangle with a crossing to all rows it reaches."""
    reach = max(abs(a[0]), abs(a[1]), abs(a[2]))
    top = 0.5 * math.log(reach * reach + math.exp(2 * max(l[0], l[1], l[2])))
    first = max(0, int(math.ceil((min(l[0], l[1], l[2]) - start) / step)))
    last = min(out.shape[0] - 1, int(math.floor((top - start) / step)))
    for k in range(first, last + 1):
        g = start + step * k
        _add_crossing(a, l, density, low, high, math.exp(g), g, node, cuts, roots, population, out[k])


@njit(cache=True, error_model="numpy")
def _strip(log_gap, slopes, energy, strength, field, log_coupling, distance, shares, densities, population, lows, highs, frozen, start, step, out):  # type: ignore[no-untyped-def]
    """All triangles between two lines, whose nodes stand one line after the other."""
    n = energy.shape[0] // 2
    end = start + step * (out.shape[0] - 1)
    node, order = np.empty(3, np.int64), np.empty(3, np.int64)
    a, l, d, e, s, weight = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    share, density, cuts, roots = np.zeros(3), np.empty(3), np.empty(8), np.empty(2)
    slope, chord = np.empty((3, 2)), np.empty(2)
    for triangle in range(2 * (n - 1)):
        cell = triangle // 2
        node[0] = cell if triangle % 2 == 0 else n + cell + 1
        node[1], node[2] = cell + 1, n + cell
        for p in range(len(lows)):
            low, high = lows[p], highs[p]
            if min(energy[node[0], low], energy[node[1], low], energy[node[2], low]) > frozen:
                continue
            for i in range(3):
                e[i], s[i], order[i] = log_gap[node[i], p], strength[node[i], p], node[i]
                slope[i, 0], slope[i, 1] = slopes[node[i], p, 0], slopes[node[i], p, 1]
            if min(e[0], e[1], e[2]) > end:
                continue
            if high == low + 1:
                for i in range(3):
                    a[i], l[i], d[i] = field[node[i], low], log_coupling[node[i], low], distance[node[i], low]
                    share[i], density[i] = shares[node[i], low], densities[node[i], low]
                if max(l[0], l[1], l[2]) < start - UNRESOLVED and min(e[0], e[1], e[2]) < start:
                    continue
                if max(share[0], share[1], share[2]) > 0 and _is_crossing(a, l, d, share, density):
                    _add_crossings(a, l, density, low, high, node, start, step, cuts, roots, population, out)
                    if min(share[0], share[1], share[2]) == 1:
                        continue
                    for i in range(3):
                        s[i] *= 1 - share[i]
                for i in range(3):
                    # Two wells that know nothing of each other but stand level: any shift parts them.
                    if e[i] < start and l[i] < start - UNRESOLVED:
                        s[i] = 0.0
            if max(e[0], e[1], e[2]) < start:
                continue
            tilt = 0.0
            if high == low + 1:
                for i in range(3):
                    tilt += a[i] * a[i] / (3 * (a[i] * a[i] + math.exp(2 * l[i])))
            straight = tilt > 0.5 or max(e[0], e[1], e[2]) - min(e[0], e[1], e[2]) > WIDE
            for i in range(3):
                d[i] = math.exp(e[i]) if straight else e[i]
            chord[0] = d[1] - d[0] if triangle % 2 == 0 else d[0] - d[2]
            chord[1] = d[2] - d[0] if triangle % 2 == 0 else d[0] - d[1]
            _add_plain(e, s, order, slope, chord, tilt, low, high, start, step, weight, population, out)
