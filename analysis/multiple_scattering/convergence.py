"""How the wind on ions changes with the radius of the clusters and with l_max, and whether its error tells so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.multiple_scattering.configuration import Configuration
from analysis.multiple_scattering.wind_configuration import WindForces, wind_forces
from atomsim.ensemble import Progress
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity


@dataclass(frozen=True, eq=False)
class Convergence:
    """Tensors of the same ions by clusters of several radii, with the error told at each: ``_r`` radius."""

    index_n: IntArray = quantity("1", "ions in the order of the structure")
    radius_r: Array = quantity("angstrom", "radii of the clusters, ascending")
    sigma_rncc: Array = quantity("angstrom^2", "tensors")
    error_rn: Array = quantity("angstrom^2", "errors told at each radius")

    @property
    def change_rn(self) -> Array:
        """Largest change of a component from each radius to the largest, shape (radii - 1, N) [angstrom^2]."""
        return np.asarray(np.abs(self.sigma_rncc[:-1] - self.sigma_rncc[-1]).max(axis=(2, 3)))

    @property
    def covered_r(self) -> Array:
        """Share of the ions whose error is at least that change, for all radii but the largest [-]."""
        return np.asarray((self.error_rn[:-1] >= self.change_rn).mean(axis=1))


def radius_convergence(
    configuration: Configuration,
    ions: Sequence[int] | IntArray,
    radii: Sequence[float],
    *,
    reference: Configuration | None = None,
    single_scattering: bool | None = None,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Convergence:
    """Return the wind on ions for several radii of their clusters.

    Args:
        configuration: the ions.
        ions: indices of the ions asked for.
        radii: ascending [angstrom].
        reference: ions of which the wind is subtracted.
        single_scattering: add that by ions beyond the clusters; if None, where it helps at the largest radius.
        workers: number of processes.
        progress: called as a few ions end.

    Raises:
        InputError: fewer than two radii, or not ascending.
    """
    if len(radii) < 2 or not np.all(np.diff(radii) > 0):
        raise InputError(f"radii {list(radii)}: expected two at least, ascending [angstrom]")

    def at(radius: float, added: bool | None) -> WindForces:
        return wind_forces(
            configuration,
            ions,
            radius=radius,
            single_scattering=added,
            reference=reference,
            workers=workers,
            progress=progress,
        )

    last = at(radii[-1], single_scattering)
    found = [at(radius, last.single_scattering) for radius in radii[:-1]] + [last]
    return Convergence(
        index_n=last.index_n,
        radius_r=np.array(radii, dtype=float),
        sigma_rncc=np.stack([result.sigma_ncc for result in found]),
        error_rn=np.stack([result.error_n for result in found]),
    )
