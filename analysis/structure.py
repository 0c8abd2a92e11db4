"""What the glasses of an ensemble look like: energy, pressure, and the distribution of distances g(r)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from atomsim.errors import InputError
from atomsim.pairs import PairInteraction, heights
from atomsim.potentials import Model, inverse_power, truncated
from atomsim.quench import Glass
from atomsim.results import Array, Estimate, IntArray, quantity


@dataclass(frozen=True)
class StructureSummary:
    """Inherent structures of an ensemble; each glass counts alike, errors are standard errors over glasses."""

    n_atoms_g: IntArray = quantity("1", "number of atoms of each glass")
    volume_g: Array = quantity("sigma^d", "volume of each glass")
    energy_g: Array = quantity("epsilon", "energy per atom of each glass")
    pressure_g: Array = quantity("epsilon/sigma^d", "pressure of each glass")
    distance_r: Array = quantity("sigma", "centres of the bins of distance")
    pair_distribution_r: Array = quantity("1", "g(r), all pairs of atoms alike")
    pair_distribution_error_r: Array = quantity("1", "standard error of g(r) (NaN for a single glass)")
    energy: Estimate = quantity("epsilon", "mean energy per atom")
    pressure: Estimate = quantity("epsilon/sigma^d", "mean pressure")
    first_peak: Estimate = quantity("sigma", "distance of the first maximum of g(r)")
    mass_density: Estimate = quantity("m/sigma^d", "mass per volume")


def mean_over_glasses(value_g: ArrayLike, unit: str) -> Estimate:
    """Return the mean of one number per glass with its standard error.

    Args:
        value_g: one value per glass [any unit].
        unit: the unit as text.

    Raises:
        InputError: no values.
    """
    values = np.asarray(value_g, dtype=float)
    if len(values) == 0:
        raise InputError("a mean over glasses needs at least one glass")
    if len(values) == 1:
        return Estimate(float(values[0]), float("nan"), unit, "one glass: no error")
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))), unit)


def pair_distribution(glass: Glass, edges_r: Array) -> Array:
    """Return g(r): pairs found in each shell over pairs expected at the same density without order [-].

    Args:
        glass: the configuration.
        edges_r: edges of the bins of distance, up to half the height of the cell [sigma].

    Raises:
        InputError: the distances reach beyond half the height of the cell.
    """
    everything_near = Model("distances", truncated(inverse_power(1), float(edges_r[-1])), dimension=glass.dimension)
    pairs = PairInteraction(
        everything_near,
        cell_cc=glass.cell_cc,
        periodic_c=glass.periodic_c,
        species_n=np.zeros_like(glass.species_n),
        size_n=glass.size_n,
    ).terms(glass.positions_nc)
    distance_p = np.sqrt(np.einsum("pc,pc->p", pairs.vector_pc, pairs.vector_pc))
    found = 2 * np.histogram(distance_p, edges_r)[0]
    unit_ball = {2: np.pi, 3: 4 * np.pi / 3}[glass.dimension]
    shell = unit_ball * np.diff(edges_r**glass.dimension)
    return found / (glass.n_atoms * glass.density * shell)


def first_peak(distance_r: Array, distribution_r: Array) -> float:
    """Return the distance of the first maximum of g(r), from a parabola through the points above 90 % of it [sigma].

    Args:
        distance_r: centres of the bins [sigma].
        distribution_r: g(r) [-].
    """
    top = int(np.argmax(distribution_r))
    first = last = top
    while first > 0 and distribution_r[first - 1] > 0.9 * distribution_r[top]:
        first -= 1
    while last < len(distribution_r) - 1 and distribution_r[last + 1] > 0.9 * distribution_r[top]:
        last += 1
    if last - first < 2:
        return float(distance_r[top])
    peak = slice(first, last + 1)
    curvature, slope, _ = np.polyfit(distance_r[peak] - distance_r[top], distribution_r[peak], 2)
    return float(distance_r[top] - slope / (2 * curvature))


def structure_summary(glasses: Sequence[Glass], *, longest: float = 4.0, bins: int = 200) -> StructureSummary:
    """Return energies, pressures and g(r) of an ensemble.

    Args:
        glasses: the glasses, of any sizes.
        longest: upper end of g(r); half the height of the smallest cell, if that is less [sigma].
        bins: number of equal bins of distance.

    Raises:
        InputError: no glasses.
    """
    if not glasses:
        raise InputError("a summary needs at least one glass")
    half_cell = min(float(heights(glass.cell_cc)[glass.periodic_c == 1].min()) / 2 for glass in glasses)
    edges_r = np.linspace(0.0, min(longest, half_cell), bins + 1)
    distance_r = 0.5 * (edges_r[1:] + edges_r[:-1])
    rows = np.array([pair_distribution(glass, edges_r) for glass in glasses])
    count = len(glasses)
    dimension = glasses[0].dimension
    return StructureSummary(
        n_atoms_g=np.array([glass.n_atoms for glass in glasses], dtype=np.int64),
        volume_g=np.array([glass.volume for glass in glasses]),
        energy_g=np.array([glass.energy for glass in glasses]),
        pressure_g=np.array([glass.pressure for glass in glasses]),
        distance_r=distance_r,
        pair_distribution_r=rows.mean(axis=0),
        pair_distribution_error_r=rows.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.full(bins, np.nan),
        energy=mean_over_glasses([glass.energy for glass in glasses], "epsilon"),
        pressure=mean_over_glasses([glass.pressure for glass in glasses], f"epsilon/sigma^{dimension}"),
        first_peak=mean_over_glasses([first_peak(distance_r, row) for row in rows], "sigma"),
        mass_density=mean_over_glasses(
            [glass.mass_n.sum() / glass.volume for glass in glasses], f"m/sigma^{dimension}"
        ),
    )
