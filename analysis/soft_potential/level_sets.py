"""Integrals over the plane of potentials with a delta function of a gap between levels, for all gaps at once.

The plane is covered by triangles between the nodes of a mesh. For most pairs of levels the logarithm of the gap is
taken as linear on a triangle, which turns the delta function into the length of a straight section (the tetrahedron
method in two dimensions). Two neighbouring levels that nearly cross have a gap E = (a^2 + b^2)^{1/2} whose minimum is
far narrower than any mesh, while a and ln b are smooth: there these are taken as linear, and with r = a/E the
integral of (b/E)^2 delta(E - Omega) over the crossing is the length in r of the part of the curve a = Omega r,
ln b = ln Omega + ln(1 - r^2)/2 that lies in the triangle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.level_table import LevelTable
from atomsim.kernels.gap_averages import add_strip_kernel
from atomsim.results import Array, quantity

# A pair of levels is treated wholly as a crossing below the first number, not at all above the second.
COUPLING_RANGE = (0.7, 2.8)  # of b [W]
DENSITY_RANGE = (2.0, 5.0)  # of (d/2)^2 over the Jacobian of (a, ln b), 1/2 in deep double wells [-]
TINY = 1e-300
SMALLEST_SHARE = 1e-12  # of b in E: below, it is rounding [-]
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
    density_lnm: Array = quantity(
        "1", "this part times (d/2)^2 over the Jacobian of (a, ln b) with respect to D1 or x and D2"
    )


def find_crossings(table: LevelTable) -> Crossings:
    """Return neighbouring levels as two-level systems.

    Source: soft-potential-notes (quadrature); test: test_crossing_integral_is_that_of_two_levels

    Args:
        table: a part of a mesh without a kink.
    """
    low, high = table.pairs
    x_lnm, energy_lnm, x_diagonal_lnm = table.x_lnp[..., high == low + 1], table.energy_lnm, table.x_diagonal_lnm
    gap = np.maximum(np.diff(energy_lnm, axis=2), TINY)
    tilt = np.diff(x_diagonal_lnm, axis=2)
    distance = np.maximum(np.hypot(tilt, 2 * x_lnm), TINY)
    field = gap * tilt / distance
    log_coupling = np.log(gap * np.maximum(2 * x_lnm / distance, SMALLEST_SHARE))
    # The same differences of the coordinates as of a and ln b: exact for linear functions on any mesh.
    (field_l, field_n), (log_l, log_n) = (np.gradient(f, axis=(0, 1), edge_order=2) for f in (field, log_coupling))
    coordinate_n = np.gradient(table.coordinate_ln, axis=1, edge_order=2)
    cell = np.abs(coordinate_n * np.gradient(table.D2_l, edge_order=2)[:, None])
    area = np.maximum(np.abs(field_l * log_n - field_n * log_l), TINY)
    density = distance**2 / 4 * cell[..., None] / area
    for edge, one, two in ((0, 1, 2), (-1, -2, -3)):  # at D2 = 0 the mesh stands still: both differences vanish
        density[edge] = np.maximum(2 * density[one] - density[two], 0.0)
    share = _fading(log_coupling, COUPLING_RANGE)
    share *= _fading(np.log(np.maximum(density * table.stretch_ln[..., None], TINY)), DENSITY_RANGE)
    return Crossings(field, log_coupling, distance, share, np.where(share > 0, share * density, 0.0))


def _fading(logarithm: Array, limits: tuple[float, float]) -> Array:
    """One below the lower limit, zero above the upper, smooth between."""
    low, high = np.log(limits)
    far = np.clip((logarithm - low) / (high - low), 0.0, 1.0)
    return 1 - far**2 * (3 - 2 * far)


def add_strip(
    energy_lnm: Array, strength_lnp: Array, slope_lnpc: Array, crossings: Crossings, factor_lnm: Array, tau_t: Array,
    log_omega_k: Array, *, values_kt: Array, averages_kt: Array,
) -> None:  # fmt: skip
    """Add the integral over the strip between two lines of strength (P_m + P_n) delta(E - Omega) to a result.

    Narrow crossings are added at the frequencies, all other gaps as averages over one step of ln Omega: the level set
    of a gap that is stationary in the strip has no finite length.
    Populations are those of the tabulated levels alone.

    Source: soft-potential-notes (quadrature); test: test_crossing_integral_is_that_of_two_levels

    Args:
        energy_lnm: levels on the two lines, above the lowest [W].
        strength_lnp: squared matrix elements of all pairs of levels times the measure [-].
        slope_lnpc: derivatives of the logarithm of the gap with respect to the numbers of the node and of the line [-].
        crossings: neighbouring levels as two-level systems.
        factor_lnm: squared coupling of each level to the next over |x_mn|^2, per coordinate and D2 [-].
        tau_t: temperatures, ascending [W].
        log_omega_k: logarithms of the gaps Omega, equally spaced [-].
        values_kt: the part of the crossings, changed in place [1/W].
        averages_kt: the other part, changed in place [1/W].
    """
    low, high = np.triu_indices(energy_lnm.shape[2], 1)
    flat = [array.reshape(-1, array.shape[2]) for array in (energy_lnm, strength_lnp, *vars(crossings).values())]
    flat[-1] = flat[-1] * factor_lnm.reshape(flat[-1].shape)
    boltzmann = np.exp(-flat[0][:, None, :] / tau_t[:, None])
    population = boltzmann / boltzmann.sum(axis=2, keepdims=True)
    log_gap = np.log(np.maximum(flat[0][:, high] - flat[0][:, low], TINY))
    step = float(log_omega_k[1] - log_omega_k[0])
    slope = slope_lnpc.reshape(-1, *slope_lnpc.shape[2:])
    energy, strength, field, log_coupling, distance, share, density = flat
    add_strip_kernel(
        log_gap, slope, energy, strength, field, log_coupling, distance, share, density, population, low, high,
        FROZEN * float(tau_t[-1]), float(log_omega_k[0]), step, values_kt, averages_kt,
    )  # fmt: skip
