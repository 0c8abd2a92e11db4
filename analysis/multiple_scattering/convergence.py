"""How the wind on ions changes with the radius of the clusters and with l_max, and whether its error tells so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.multiple_scattering.configuration import Configuration
from analysis.multiple_scattering.wind_configuration import WindForces, wind_forces
from atomsim.ensemble import Mapper, Progress
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity


@dataclass(frozen=True, eq=False)
class Convergence:
    """Tensors of the same ions in several approximations, the best one last, with the error told by each: ``_r``."""

    index_n: IntArray = quantity("1", "ions in the order of the structure")
    radius_r: Array = quantity("angstrom", "radii of the clusters")
    l_max_r: IntArray = quantity("1", "largest degrees of the phase shifts")
    sigma_rncc: Array = quantity("angstrom^2", "tensors")
    error_rn: Array = quantity("angstrom^2", "errors told by each")

    @property
    def change_rn(self) -> Array:
        """Largest change of a component from each approximation to the last, shape (r - 1, N) [angstrom^2]."""
        return np.asarray(np.abs(self.sigma_rncc[:-1] - self.sigma_rncc[-1]).max(axis=(2, 3)))

    @property
    def covered_r(self) -> Array:
        """Share of the ions whose error is at least that change, for all approximations but the last [-]."""
        return np.asarray((self.error_rn[:-1] >= self.change_rn).mean(axis=1))


def radius_convergence(
    configuration: Configuration,
    ions: Sequence[int] | IntArray,
    radii: Sequence[float],
    *,
    reference: Configuration | None = None,
    single_scattering: bool = True,
    workers: int | Mapper = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Convergence:
    """Return the wind on ions for several radii of their clusters.

    Args:
        configuration: the ions.
        ions: indices of the ions asked for.
        radii: ascending [angstrom].
        reference: ions of which the wind is subtracted.
        single_scattering: add that by ions beyond the clusters.
        workers: number of processes, or who else computes.
        progress: called as a few ions end.

    Raises:
        InputError: fewer than two radii, or not ascending.
    """
    _check_ascending("radii", radii)
    return _collected(
        wind_forces(
            configuration,
            ions,
            radius=radius,
            single_scattering=single_scattering,
            reference=reference,
            workers=workers,
            progress=_named(progress, f"radius {radius:.4g}"),
        )
        for radius in radii
    )


def degree_convergence(
    configuration: Configuration,
    ions: Sequence[int] | IntArray,
    degrees: Sequence[int],
    *,
    radius: float | None = None,
    reference: Configuration | None = None,
    single_scattering: bool = True,
    workers: int | Mapper = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Convergence:
    """Return the wind on ions for several l_max.

    Args:
        configuration: the ions, with phase shifts up to the largest of these degrees at least.
        ions: indices of the ions asked for.
        degrees: the l_max, ascending.
        radius: of the clusters, as :func:`wind_forces` [angstrom].
        reference: ions of which the wind is subtracted.
        single_scattering: add that by ions beyond the clusters.
        workers: number of processes, or who else computes.
        progress: called as a few ions end.

    Raises:
        InputError: fewer than two degrees, not ascending, or not among those of the phase shifts.
    """
    _check_ascending("degrees", degrees)
    if not 0 <= degrees[0] <= degrees[-1] <= configuration.l_max:
        raise InputError(f"degrees {list(degrees)}: phase shifts are known for l = 0 to {configuration.l_max}")
    return _collected(
        wind_forces(
            configuration.truncated(degree),
            ions,
            radius=radius,
            single_scattering=single_scattering,
            reference=None if reference is None else reference.truncated(degree),
            workers=workers,
            progress=_named(progress, f"l_max {degree}"),
        )
        for degree in degrees
    )


def _named(progress: Callable[[Progress], None] | None, name: str) -> Callable[[Progress], None] | None:
    """What is told of progress, with what it is progress of."""
    return None if progress is None else lambda event: progress(replace(event, label=f"{name}: {event.label}"))


def _check_ascending(name: str, values: Sequence[float]) -> None:
    if len(values) < 2 or not np.all(np.diff(values) > 0):
        raise InputError(f"{name} {list(values)}: expected two at least, ascending")


def _collected(winds: Iterable[WindForces]) -> Convergence:
    found = list(winds)
    return Convergence(
        index_n=found[-1].index_n,
        radius_r=np.array([wind.radius for wind in found]),
        l_max_r=np.array([wind.l_max for wind in found]),
        sigma_rncc=np.stack([wind.sigma_ncc for wind in found]),
        error_rn=np.stack([wind.error_n for wind in found]),
    )
