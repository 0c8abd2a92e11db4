"""The wind on the ions of one glass of a study, with what surrounds them, and what follows from several glasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.multiple_scattering.electron_gas import mean_free_path_of_scatterers, resistivity, wind_valence
from analysis.multiple_scattering.environment import Directions, Environment, directions_of, rank_correlation
from analysis.multiple_scattering.wind_configuration import WindForces
from analysis.multiple_scattering.wind_resistivity import ChosenResistivity, Resistivities
from analysis.structure import mean_over_glasses
from atomsim.errors import InputError
from atomsim.results import Array, Estimate, quantity

WINDS = ("along the flow", "strength")
SURROUNDINGS = ("density", "coordination", "soft modes")


@dataclass(frozen=True, eq=False)
class WindContext:
    """What stands beside the wind on the ions of a glass: their neighbourhood, resistivities, each ion alone."""

    environment: Environment
    known: Resistivities
    chosen: ChosenResistivity
    metal: str = quantity("text", "the metal, or the species of given phase shifts, that the atoms stand for")
    length_unit: float = quantity("angstrom", "by which the lengths of the glass were multiplied")
    k_fermi: float = quantity("1/angstrom", "k_F of the electrons")
    alone_n: Array = quantity("angstrom^2", "transport cross-section of each ion of the glass if it stood alone")
    remarks: tuple[str, ...] = quantity("text", "what was assumed")


@dataclass(frozen=True, eq=False)
class GlassWind:
    """The wind on ions of one glass; the index ``_n`` counts the ions asked for."""

    forces: WindForces
    context: WindContext

    @property
    def directions(self) -> Directions:
        """How the tensors stand to the unit tensor."""
        return directions_of(self.forces.sigma_ncc)

    @property
    def strength_n(self) -> Array:
        """Root mean square of the force over all directions of the flow, as a cross-section [angstrom^2]."""
        return np.asarray(np.linalg.norm(self.forces.sigma_ncc, axis=(1, 2)) / np.sqrt(3))

    @property
    def valence_per_area(self) -> float:
        """Wind valence of one square angstrom, which is negative [1/angstrom^2]."""
        return float(wind_valence(1.0, self.forces.wave_number, resistivity=self.context.chosen.value))

    @property
    def own_resistivity(self) -> float:
        """Resistivity if the ions asked for stand for all, NaN where they are pushed against the flow [microohm cm]."""
        return self._resistivity(self.directions.scalar_n)

    @property
    def second_order_resistivity(self) -> float:
        """The same by the wind in second order [microohm cm]."""
        return self._resistivity(directions_of(self.forces.kinematic_ncc).scalar_n)

    def _resistivity(self, scalar_n: Array) -> float:
        lost = float(scalar_n.mean()) * self.forces.n_ions
        if not lost > 0:
            return float("nan")
        free_path = mean_free_path_of_scatterers(lost, self.forces.volume)
        return float(resistivity(free_path, self.forces.wave_number))

    @property
    def resistivity_error(self) -> float:
        """What the errors of all tensors, if all had one sign, would change in the own resistivity [microohm cm]."""
        return self.own_resistivity * float(self.forces.error_n.mean() / self.directions.scalar_n.mean())

    def wind_n(self, name: str) -> Array:
        """Return the wind as one number for each ion [angstrom^2].

        Args:
            name: along the flow, a third of the trace, or strength.
        """
        return {WINDS[0]: self.directions.scalar_n, WINDS[1]: self.strength_n}[name]

    def surroundings_n(self, name: str) -> Array:
        """Return a number of the neighbourhood of each ion that was asked for [1/angstrom^3 or -].

        Args:
            name: density, coordination or soft modes.
        """
        around = self.context.environment
        values = (around.density_n, around.coordination_n.astype(float), around.soft_share_n)
        return np.asarray(dict(zip(SURROUNDINGS, values, strict=True))[name][self.forces.index_n])


def mean_correlation(winds: Sequence[GlassWind], wind: str, surroundings: str) -> Estimate:
    """Return the rank correlation of the wind on an ion with its neighbourhood, averaged over glasses [-].

    The error is the larger one of two: the scatter between glasses, and that of as many independent ions.

    Args:
        winds: the wind on the ions of each glass.
        wind: along the flow, or strength.
        surroundings: density, coordination or soft modes.
    """
    each = [rank_correlation(one.surroundings_n(surroundings), one.wind_n(wind)) for one in winds]
    known = [r for r in each if np.isfinite(r.value)]
    if not known:
        return Estimate(np.nan, np.nan, "1", each[0].note if each else "no glass")
    return _mean_of_glasses(known, unresolved(winds))


def unresolved(winds: Sequence[GlassWind]) -> str:
    """Return what has to be said where errors by radius and degree exceed the differences between ions, else nothing.

    Such errors depend on the neighbours of an ion, as the wind does: a correlation can then come from the cut.

    Args:
        winds: the wind on the ions of each glass.
    """
    error = float(np.mean([one.forces.error_n.mean() for one in winds]))
    spread = float(np.mean([one.directions.scalar_n.std() for one in winds]))
    if error < spread:
        return ""
    return "weak: radius and l_max may change the tensors by more than these differ between ions"


def _mean_of_glasses(each: Sequence[Estimate], note: str) -> Estimate:
    """The mean of numbers of single glasses; error: the larger of their scatter and what their own errors give."""
    own = float(np.sqrt(sum(one.error**2 for one in each))) / len(each)
    found = mean_over_glasses([one.value for one in each], "1")
    return Estimate(found.value, float(np.fmax(found.error, own)), "1", note)


def soft_spot_ratio(winds: Sequence[GlassWind]) -> Estimate:
    """Return the strength of the wind averaged with the shares of the ions in soft modes, over the plain mean [-].

    One where the wind knows nothing of the soft spots. The error is the larger one of two: the scatter between glasses,
    and that of as many independent ions.

    Args:
        winds: the wind on the ions of each glass.
    """
    ratios = []
    for one in winds:
        share_n, strength_n = one.surroundings_n("soft modes"), one.strength_n
        if np.isfinite(share_n).all() and strength_n.any():
            relative_n, share_n = strength_n / strength_n.mean(), share_n / share_n.sum()
            mean = float(share_n @ relative_n)
            ratios.append(Estimate(mean, float(np.sqrt(share_n**2 @ (relative_n - mean) ** 2)), "1"))
    if not ratios:
        return Estimate(np.nan, np.nan, "1", "no glass has soft modes to compare with")
    return _mean_of_glasses(ratios, unresolved(winds))


def pooled(winds: Sequence[GlassWind]) -> tuple[WindForces, Environment]:
    """Return the wind on the ions of several glasses, and their neighbourhoods, as if they were one configuration.

    Ions are numbered through. What belongs to a configuration as a whole is that of the first glass.

    Args:
        winds: the wind on the ions of each glass.

    Raises:
        InputError: no glass.
    """
    if not winds:
        raise InputError("no glass with a wind on its ions")
    start_g = np.cumsum([0, *(one.forces.n_ions for one in winds)])
    names = ("position_nc", "sigma_ncc", "radius_error_n", "degree_error_n", "kinematic_ncc", "cluster_size_n",
             "friedel_sum_n")  # fmt: skip
    joined: dict[str, Any] = {name: np.concatenate([getattr(one.forces, name) for one in winds]) for name in names}
    for name in ("index_n", "undecayed_n"):
        parts = [getattr(one.forces, name) + start for one, start in zip(winds, start_g[:-1], strict=True)]
        joined[name] = np.concatenate(parts)
    forces = replace(winds[0].forces, n_ions=int(start_g[-1]), **joined)
    around = [one.context.environment for one in winds]
    columns = (np.concatenate([getattr(one, name) for one in around])
               for name in ("coordination_n", "cell_volume_n", "soft_share_n"))  # fmt: skip
    coordination_n, cell_volume_n, soft_share_n = columns
    return forces, Environment(coordination_n, cell_volume_n, around[0].shell_radius, soft_share_n)
