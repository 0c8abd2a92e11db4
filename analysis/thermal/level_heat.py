"""Specific heat of soft potentials from all their levels. Reduced units: energies and temperatures in W."""

from __future__ import annotations

import numpy as np

from analysis.soft_potential.potential_mesh import PotentialMesh
from atomsim.errors import InputError
from atomsim.results import Array


def energy_variance(energy_lnm: Array, tau: float) -> Array:
    """Return the thermal variance of the energy over tau^2, the heat capacity of each potential [k_B].

    Source: soft-potential-notes (specific heat); test: test_heat_capacity_of_one_potential

    Args:
        energy_lnm: levels, last axis [W].
        tau: k_B T/W [-].
    """
    scaled = (energy_lnm - energy_lnm[..., :1]) / tau
    weight = np.exp(-scaled)
    partition = weight.sum(axis=-1)
    mean = (weight * scaled).sum(axis=-1) / partition
    return (weight * (scaled - mean[..., None]) ** 2).sum(axis=-1) / partition


def level_heat_capacity(mesh: PotentialMesh, tau_t: Array, *, deepest: float) -> Array:
    """Return the integral of Var(E)/tau^2 over (D1, D2) with D2 >= -deepest [k_B].

    Times P_s, the specific heat per volume over k_B of potentials uniform in (D1, D2), all orders; the limit stands
    for the time of the experiment, without which the integral diverges. To be trusted at temperatures that the mesh
    was made for.

    Source: soft-potential-notes (specific heat); test: test_specific_heat_of_the_levels_has_its_two_limits

    Args:
        mesh: the levels.
        tau_t: temperatures k_B T/W [-].
        deepest: largest |D2| of a double well that comes to equilibrium [-].

    Raises:
        InputError: the mesh does not reach so deep.
    """
    if not 0 < deepest <= -mesh.D2_l[0] * (1 + 1e-12):
        raise InputError(f"double wells down to D2 = {-deepest:g} asked for, the mesh begins at {mesh.D2_l[0]:g}")
    part = lines_below(mesh, deepest)
    heat = np.array([
        np.sum(part * np.sum(mesh.node_weight_ln * energy_variance(mesh.energy_lnm, float(tau)), axis=1))
        for tau in np.atleast_1d(tau_t)
    ])  # fmt: skip
    return heat


def lines_below(mesh: PotentialMesh, deepest: float) -> Array:
    """Return the weights of the lines in an integral over D2 from -deepest upwards [-].

    The integrand is linear between lines; the line below the limit and the one above share the cut interval.

    Args:
        mesh: the levels.
        deepest: largest |D2| of a double well [-].
    """
    weight = mesh.line_weight_l.copy()
    weight[[0, -1]] /= 2
    first = int(np.searchsorted(mesh.D2_l, -deepest, side="right"))
    if first > 0 and first < len(weight):
        width = mesh.D2_l[first] - mesh.D2_l[first - 1]
        inside = (mesh.D2_l[first] + deepest) / width
        left_out = np.zeros_like(weight)
        left_out[: first - 1] = mesh.line_weight_l[: first - 1]
        if first - 1 > 0:
            left_out[0] /= 2
            left_out[first - 1] = mesh.line_weight_l[first - 1] / 2
        left_out[first - 1] += width * (1 - inside) * (1 - (1 - inside) / 2)
        left_out[first] += width * (1 - inside) ** 2 / 2
        weight -= left_out
    return weight
