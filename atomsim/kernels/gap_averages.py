"""Level sets of gaps on a strip of triangles: the compiled part of integrals with a delta function.

On most triangles the gap or its logarithm is linear, and its level set a straight section. Where two neighbouring
levels cross, the level set is the curve a = Omega r, ln b = ln Omega + ln(1 - r^2)/2 in the plane of their asymmetry
and the logarithm of their coupling, and the integral is a length in r.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TWO_LEVEL_SPREAD = 1.25  # largest ratio of the wells' distances at the corners for two levels to be alone [-]
DEGENERATE = 1e-3  # area of a triangle in (a, ln b) over the product of its sides below which it has none [-]
DENSITY_SPREAD = 3.0  # largest ratio of the densities of two-level systems at the corners [-]
AGREEMENT = 0.4  # of the slope of a gap with its chord on a triangle, within which the slope is used [-]
UNSEEN = 5.3  # ln of a gap over the coupling of the crossing, from which on its share of the gap, 1e-5, is left out [-]
GAUSS = 1 / math.sqrt(3.0)  # twice the distance of the two points of Gauss from the middle of an interval of one [-]
WIDE = 1.0  # range of the logarithm of a gap on a triangle from which the gap itself is taken as linear [-]


@njit(inline="always")
def _section(g, e1, e2, e3, weight):
    """Density of the level set g in a triangle with e1 <= e2 <= e3, and barycentric weights of its middle."""
    if g < e2:
        s, t = (g - e1) / (e2 - e1), (g - e1) / (e3 - e1)
        weight[0], weight[1], weight[2] = 1 - (s + t) / 2, s / 2, t / 2
        return 2 * (g - e1) / ((e2 - e1) * (e3 - e1))
    s, t = (e3 - g) / (e3 - e2), (e3 - g) / (e3 - e1)
    weight[0], weight[1], weight[2] = t / 2, s / 2, 1 - (s + t) / 2
    return 2 * (e3 - g) / ((e3 - e2) * (e3 - e1))


@njit(cache=True, error_model="numpy")
def _edge_roots(a0, l0, a1, l1, omega, log_omega, roots):
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
        r = 0.5 * (lo + hi)
        for _ in range(60):
            f = _height(r, omega, log_omega, a0, l0, slope)
            if (f > 0) == rising:
                hi = r
            else:
                lo = r
            trial = r + f / (r / (1.0 - r * r) + k)  # Newton; halved where that leaves the bracket
            if not lo < trial < hi:
                trial = 0.5 * (lo + hi)
            moved = abs(trial - r)
            r = trial
            if moved < 1e-10:
                break
        roots[found] = r
        found += 1
    return found


@njit(inline="always")
def _height(r, omega, log_omega, a0, l0, slope):
    """Height of the curve of a gap over the line of an edge."""
    rest = 1.0 - r * r
    if rest <= 0:
        return -1e300
    return log_omega + 0.5 * math.log(rest) - l0 - slope * (omega * r - a0)


@njit(cache=True, error_model="numpy")
def _add_crossing(a, h, density, low, high, omega, log_omega, node, cuts, roots, population, out):
    """Add a triangle with a narrow crossing to one row of the result: the arc of the curve inside it."""
    twice = (a[1] - a[0]) * (h[2] - h[0]) - (a[2] - a[0]) * (h[1] - h[0])
    n_cuts = 2
    cuts[0], cuts[1] = -1.0, 1.0
    for i in range(3):
        j = (i + 1) % 3
        for k in range(_edge_roots(a[i], h[i], a[j], h[j], omega, log_omega, roots)):
            cuts[n_cuts] = roots[k]
            n_cuts += 1
    cuts[:n_cuts] = np.sort(cuts[:n_cuts])
    for i in range(n_cuts - 1):
        length = cuts[i + 1] - cuts[i]
        if length < 1e-13:
            continue
        r = 0.5 * (cuts[i] + cuts[i + 1])
        da, dl = omega * r - a[0], log_omega + 0.5 * math.log(1 - r * r) - h[0]
        w1 = (da * (h[2] - h[0]) - dl * (a[2] - a[0])) / twice
        w2 = ((a[1] - a[0]) * dl - (h[1] - h[0]) * da) / twice
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
def _is_crossing(a, h, d, share, density):
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
    height = max(h[0], h[1], h[2]) - min(h[0], h[1], h[2])
    twice = (a[1] - a[0]) * (h[2] - h[0]) - (a[2] - a[0]) * (h[1] - h[0])
    return abs(twice) > DEGENERATE * spread * height


@njit(inline="always")
def _sorted(e, s, node, slope):
    """Sort the corners of a triangle by e, in place."""
    for i, j in ((0, 1), (1, 2), (0, 1)):
        if e[i] > e[j]:
            e[i], e[j] = e[j], e[i]
            s[i], s[j] = s[j], s[i]
            node[i], node[j] = node[j], node[i]
            for c in range(2):
                slope[i, c], slope[j, c] = slope[j, c], slope[i, c]


@njit(inline="always")
def _corrected(weight, slope, chord, steepness):
    """Factor of a section's density for the slope that is known at the corners instead of that of the chords."""
    along = weight[0] * slope[0, 0] + weight[1] * slope[1, 0] + weight[2] * slope[2, 0]
    across = weight[0] * slope[0, 1] + weight[1] * slope[1, 1] + weight[2] * slope[2, 1]
    true = math.hypot(along, across)
    if math.hypot(along - chord[0], across - chord[1]) < AGREEMENT * min(true, steepness):
        return steepness / true
    return 1.0


@njit(cache=True, error_model="numpy")
def _add_plain(e, s, node, slope, chord, tilt, low, high, start, step, weight, population, out):
    """Add a triangle with no crossing to all bins it reaches: averages over the logarithm of the frequency.

    The gap (for two levels far apart: ``tilt`` near one) or else its logarithm is linear, and so is the strength times
    the power of the gap that makes it vary least. The slope known at the corners replaces that of the chords.
    """
    _sorted(e, s, node, slope)
    if e[2] - e[0] < 1e-12:
        e[2] = e[0] + 1e-12
        e[1] = e[0] + 0.5e-12
    bottom, middle, top = e[0], e[1], e[2]
    first = max(0, math.ceil((bottom - start) / step - 0.5))
    last = min(out.shape[0] - 1, math.floor((top - start) / step + 0.5))
    if first > last:
        return
    wide = top - bottom > WIDE
    power = 0.0 if wide else 1 + tilt
    straight = wide or tilt > 0.5
    for i in range(3):
        s[i] *= math.exp(power * (e[i] - bottom))
        if straight:
            e[i] = math.exp(e[i])
            slope[i, 0], slope[i, 1] = slope[i, 0] * e[i], slope[i, 1] * e[i]
    steepness = math.hypot(chord[0], chord[1])
    for k in range(first, last + 1):
        c0, c1, c2 = 0.0, 0.0, 0.0
        for branch in range(2):
            lo = max(start + step * (k - 0.5), bottom if branch == 0 else middle)
            hi = min(start + step * (k + 0.5), middle if branch == 0 else top)
            if hi <= lo:
                continue
            for point in range(2):  # of Gauss
                g = 0.5 * (lo + hi) + (point - 0.5) * (hi - lo) * GAUSS
                density = 0.25 * (hi - lo) / step * math.exp(-power * (g - bottom))
                if straight:
                    density *= _section(math.exp(g), e[0], e[1], e[2], weight)
                else:
                    density *= _section(g, e[0], e[1], e[2], weight) * math.exp(-g)
                density *= _corrected(weight, slope, chord, steepness)
                c0 += density * weight[0] * s[0]
                c1 += density * weight[1] * s[1]
                c2 += density * weight[2] * s[2]
        for t in range(out.shape[1]):
            out[k, t] += (
                c0 * (population[node[0], t, low] + population[node[0], t, high])
                + c1 * (population[node[1], t, low] + population[node[1], t, high])
                + c2 * (population[node[2], t, low] + population[node[2], t, high])
            )


@njit(cache=True, error_model="numpy")
def _add_crossings(a, h, density, low, high, node, start, step, cuts, roots, population, out):
    """Add a triangle with a crossing to all rows it reaches."""
    bottom, height = min(h[0], h[1], h[2]), max(h[0], h[1], h[2])
    reach, nearest = max(abs(a[0]), abs(a[1]), abs(a[2])), min(abs(a[0]), abs(a[1]), abs(a[2]))
    if min(a[0], a[1], a[2]) < 0 < max(a[0], a[1], a[2]):
        nearest = 0.0
    top = min(0.5 * math.log(reach * reach + math.exp(2 * height)), height + UNSEEN)
    first = max(0, math.ceil((0.5 * math.log(nearest * nearest + math.exp(2 * bottom)) - start) / step))
    last = min(out.shape[0] - 1, math.floor((top - start) / step))
    for k in range(first, last + 1):
        g = start + step * k
        _add_crossing(a, h, density, low, high, math.exp(g), g, node, cuts, roots, population, out[k])


@njit(cache=True, error_model="numpy")
def add_strip_kernel(
    log_gap, slopes, energy, strength, field, log_coupling, distance, shares, densities, population, lows, highs,
    frozen, start, step, values, averages,
):  # fmt: skip
    """Add all triangles between two lines, whose nodes stand one line after the other, to a result.

    Args:
        log_gap: logarithm of the gap of each pair of levels; axes node, pair.
        slopes: its derivatives with respect to the numbers of node and line; axes node, pair, direction.
        energy: levels above the lowest; axes node, level.
        strength: squared matrix elements times the measure; axes node, pair.
        field: asymmetry of each level and the next as a two-level system; axes node, level.
        log_coupling: logarithm of the coupling of the two.
        distance: distance of their wells.
        shares: part of their strength that is treated as a crossing.
        densities: this part of the density of two-level systems in the plane of field and log_coupling.
        population: thermal populations; axes node, temperature, level.
        lows: lower level of each pair.
        highs: upper level of each pair.
        frozen: energy from which a level is empty.
        start: logarithm of the first frequency.
        step: step of the logarithm.
        values: crossings at the frequencies; axes frequency, temperature.
        averages: all else, averaged over one step about each frequency.
    """
    n = energy.shape[0] // 2
    end = start + step * (values.shape[0] - 0.5)
    node, order = np.empty(3, np.int64), np.empty(3, np.int64)
    a, h, d, e, s, weight = np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
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
            if high > low + 1 and min(log_gap[node[0], p], log_gap[node[1], p], log_gap[node[2], p]) > end:
                continue
            for i in range(3):
                e[i], s[i], order[i] = log_gap[node[i], p], strength[node[i], p], node[i]
                slope[i, 0], slope[i, 1] = slopes[node[i], p, 0], slopes[node[i], p, 1]
            if high == low + 1:
                for i in range(3):
                    a[i], h[i], d[i] = field[node[i], low], log_coupling[node[i], low], distance[node[i], low]
                    share[i], density[i] = shares[node[i], low], densities[node[i], low]
                if max(h[0], h[1], h[2]) < start - UNSEEN and min(e[0], e[1], e[2]) < start:
                    continue
                if max(share[0], share[1], share[2]) > 0 and _is_crossing(a, h, d, share, density):
                    _add_crossings(a, h, density, low, high, node, start, step, cuts, roots, population, values)
                    if min(share[0], share[1], share[2]) == 1:
                        continue
                    for i in range(3):
                        s[i] *= 1 - share[i]
                for i in range(3):
                    # Two wells that know nothing of each other but stand level: any shift parts them.
                    if e[i] < start and h[i] < start - UNSEEN:
                        s[i] = 0.0
            if max(e[0], e[1], e[2]) < start or min(e[0], e[1], e[2]) > end:
                continue
            tilt = 0.0
            if high == low + 1:
                for i in range(3):
                    tilt += a[i] * a[i] / (3 * (a[i] * a[i] + math.exp(2 * h[i])))
            straight = tilt > 0.5 or max(e[0], e[1], e[2]) - min(e[0], e[1], e[2]) > WIDE
            for i in range(3):
                d[i] = math.exp(e[i]) if straight else e[i]
            chord[0] = d[1] - d[0] if triangle % 2 == 0 else d[0] - d[2]
            chord[1] = d[2] - d[0] if triangle % 2 == 0 else d[0] - d[1]
            _add_plain(e, s, order, slope, chord, tilt, low, high, start, step, weight, population, averages)
