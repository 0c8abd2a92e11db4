"""Wind on ions of a configuration, each from a cluster of its own; how it changes with radius and l_max.

Every tensor is computed for three radii, and for the middle one with another degree: what that changes is the error.
Single scattering by the ions that a cluster leaves out can be added.
Clusters of different ions share no work, so that a result does not depend on how they are spread over processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from analysis.multiple_scattering.configuration import Configuration, Surroundings
from analysis.multiple_scattering.kinematic_tail import averaged_wave_number, rim_sums
from analysis.multiple_scattering.wind_force import force_tensors
from atomsim.ensemble import Mapper, Progress
from atomsim.errors import InputError
from atomsim.results import Array, IntArray

RIM = 0.4  # part of a radius over which the strengths of the ions fade out [-]
RADII = (1.0, 0.8, 0.6)  # of the clusters whose spread is the error, over the largest
MIDDLE = 1  # the radius at which the degree is varied
IONS_AT_ONCE = 4  # of one task


@dataclass(frozen=True)
class Cut:
    """How the surroundings of an ion are cut.

    Attributes:
        radius: of the cluster about each ion [angstrom].
        far: up to where single scattering is summed, at least the radius [angstrom].
        rim: part of a radius over which strengths fade out [-].
    """

    radius: float
    far: float
    rim: float = RIM

    def __post_init__(self) -> None:
        """Refuse radii that cannot be."""
        if not (np.isfinite(self.radius) and self.radius > 0):
            raise InputError(f"radius = {self.radius!r} of the clusters: expected a positive number [angstrom]")
        if not (np.isfinite(self.far) and self.far >= self.radius):
            raise InputError(f"single scattering up to {self.far!r}: expected at least {self.radius:g} angstrom")
        if not 0 <= self.rim <= 1:
            raise InputError(f"rim = {self.rim!r}: expected a share of the radius, from 0 to 1")


@dataclass(frozen=True)
class Variants:
    """Tensors of ions by all cuts: ``_v`` the radii of ``RADII``.

    Attributes:
        cluster_nvcc: by the clusters [angstrom^2].
        near_nvcc: single scattering in the same clusters, in second order and averaged waves [angstrom^2].
        far_nvcc: single scattering up to far out, which shrinks with the clusters [angstrom^2].
        degree_ncc: change of the middle cluster by one degree more where that is known, else by one less [angstrom^2].
        beyond_ncc: the same change of what lies beyond that cluster [angstrom^2].
        kinematic_ncc: single scattering up to far out by free waves, the plain second order [angstrom^2].
        size_n: ions in the largest cluster of each.
    """

    cluster_nvcc: Array
    near_nvcc: Array
    far_nvcc: Array
    degree_ncc: Array
    beyond_ncc: Array
    kinematic_ncc: Array
    size_n: IntArray

    def sigma_nvcc(self, *, single_scattering: bool) -> Array:
        """Return the tensors, with single scattering by far ions or without [angstrom^2].

        Args:
            single_scattering: add it.
        """
        return self.cluster_nvcc + (self.far_nvcc - self.near_nvcc if single_scattering else 0.0)

    def change_ncc(self, *, single_scattering: bool) -> Array:
        """Return what another degree changes, with single scattering by far ions or without [angstrom^2].

        Args:
            single_scattering: add it.
        """
        return self.degree_ncc + (self.beyond_ncc if single_scattering else 0.0)

    @property
    def explained(self) -> float:
        """How single scattering explains the change from the smallest to the largest cluster: a correlation [-].

        Over ions and components, about zero change. Near one, what clusters leave out is single scattering too.
        """
        cluster, near = (part[:, 0] - part[:, -1] for part in (self.cluster_nvcc, self.near_nvcc))
        norm = float(np.linalg.norm(cluster) * np.linalg.norm(near))
        return float((cluster * near).sum() / norm) if norm else 0.0

    def minus(self, other: Variants, site_n: IntArray) -> Variants:
        """Return differences from the tensors of sites of another configuration, cut by cut.

        Args:
            other: the tensors of the other.
            site_n: which of them belongs to each ion.
        """
        names = [field.name for field in fields(Variants) if field.name != "size_n"]
        return replace(self, **{name: getattr(self, name) - getattr(other, name)[site_n] for name in names})


@dataclass(frozen=True)
class _Task:
    configuration: Configuration
    ions: tuple[int, ...]
    cut: Cut


def local_tensors(
    configuration: Configuration,
    ions: Sequence[int] | IntArray,
    cut: Cut,
    *,
    workers: Mapper,
    progress: Callable[[Progress], None] | None = None,
    name: str = "ions",
) -> Variants:
    """Return the tensors of ions, each from the middle of its own cluster.

    Args:
        configuration: the ions.
        ions: indices of the ions asked for.
        cut: how the clusters are cut.
        workers: who computes.
        progress: called as a few ions end.
        name: what to call the ions in progress.
    """
    chosen = [int(ion) for ion in ions]
    parts = [tuple(chosen[i : i + IONS_AT_ONCE]) for i in range(0, len(chosen), IONS_AT_ONCE)]
    tasks = [_Task(configuration, part, cut) for part in parts]
    labels = [f"{name} {part[0]} to {part[-1]}" for part in parts]
    found = workers.map(_variants_of_task, tasks, labels=labels, progress=progress)
    names = [field.name for field in fields(Variants)]
    return Variants(*(np.concatenate([getattr(part, name) for part in found]) for name in names))


def _variants_of_task(task: _Task) -> Variants:
    cut, full = task.cut, task.configuration
    other = full.neighbouring_degree
    around, around_other = Surroundings(full, cut.far), Surroundings(other, cut.radius)
    mean_wave, other_wave = averaged_wave_number(full), averaged_wave_number(other)
    near, far = [cut.radius * factor for factor in RADII], [cut.far * factor for factor in RADII]
    middle = [near[MIDDLE], far[MIDDLE]]
    rows = []
    for ion in task.ions:
        clusters = [around.cluster(ion, radius, rim=cut.rim) for radius in near]
        tensors = np.array([force_tensors(cluster, [0])[0] for cluster in clusters])
        changed = force_tensors(around_other.cluster(ion, middle[0], rim=cut.rim), [0])[0]
        sums = rim_sums(full, around, ion, [*near, *far], rim=cut.rim, wave_number=mean_wave).reshape(2, -1, 3, 3)
        other_sums = rim_sums(other, around, ion, middle, rim=cut.rim, wave_number=other_wave)
        beyond = np.diff(other_sums, axis=0)[0] - np.diff(sums, axis=0)[0, MIDDLE]
        free = rim_sums(full, around, ion, far[:1], rim=cut.rim)[0]
        rows.append((tensors, *sums, changed - tensors[MIDDLE], beyond, free, clusters[0].n_ions))
    return Variants(*(np.array(column) for column in zip(*rows, strict=True)))
