"""Wind forces on the ions of a whole configuration: tensors, errors, laws, resistivity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.spatial import cKDTree

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.configuration import (
    Configuration,
    Surroundings,
    neighbour_distance,
    periodic_images,
)
from analysis.multiple_scattering.electron_gas import (
    mean_free_path_of_scatterers,
    resistivity,
    valence_times_resistivity,
    wind_valence,
)
from analysis.multiple_scattering.kinematic_tail import averaged_wave_number
from analysis.multiple_scattering.laws import Laws, cluster_laws
from analysis.multiple_scattering.limits import kinematic_tensors
from analysis.multiple_scattering.local_wind import RADII, Cut, Variants, local_tensors
from analysis.multiple_scattering.wind_force import force_tensors
from atomsim.ensemble import Mapper, Progress, as_mapper
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity

NEIGHBOUR_DISTANCES = 3.0  # radius of a cluster where none is asked for
FAR_DISTANCES = 12.0  # neighbour distances up to which single scattering is summed
# Winds of far neighbours are random and fall as 1/R²: what lies beyond R has the root mean square of what lies between
# the smallest and the largest radius, times the root of 0.6/0.4; nine of ten normal numbers are below 1.64 times that.
BEYOND = float(stats.norm.ppf(0.95) * np.sqrt(RADII[-1] / (1 - RADII[-1])))
DEGREES_LEFT = 1.5  # of the change by one degree: all further ones, and larger clusters than that in which it is seen
FARTHEST_SITE = 0.75  # of an ion from a site of the reference, in neighbour distances
NO_TENSOR = np.full((3, 3), np.nan)


@dataclass(frozen=True, eq=False)
class WindForces:
    """The wind on ions of a configuration; the force index of a tensor comes first."""

    laws: Laws
    index_n: IntArray = quantity("1", "ions in the order of the structure")
    position_nc: Array = quantity("angstrom", "where they are")
    sigma_ncc: Array = quantity(
        "angstrom^2", "wind cross-section tensor, minus that of the reference where there is one"
    )
    radius_error_n: Array = quantity("angstrom^2", "what the radius of the clusters may change in a component")
    degree_error_n: Array = quantity("angstrom^2", "what the largest degree may change in a component")
    kinematic_ncc: Array = quantity("angstrom^2", "second-order tensor, single scattering by all ions up to far out")
    cluster_size_n: IntArray = quantity("1", "ions of the cluster about each")
    friedel_sum_n: Array = quantity("1", "charge that the phase shifts of each screen")
    undecayed_n: IntArray = quantity("1", "ions for whose last phase shift l_max is too small")
    transport_cc: Array = quantity("angstrom^2", "transport cross-section tensor of the one cluster, NaN for several")
    wave_number: float = quantity("1/angstrom", "k between the ions")
    radius: float = quantity("angstrom", "of the clusters, infinite for one of all ions")
    far: float = quantity("angstrom", "up to where single scattering was summed, NaN for one cluster of all ions")
    single_scattering: bool = quantity("1", "whether that by ions beyond the clusters was added")
    explained: float = quantity("1", "correlation of what radius changes with single scattering, NaN for one cluster")
    l_max: int = quantity("1", "largest degree of the phase shifts")
    n_ions: int = quantity("1", "ions of the configuration")
    volume: float = quantity("angstrom^3", "volume of the configuration, NaN where it has none")
    referred: bool = quantity("1", "whether tensors are differences from a reference")
    free_path: float = quantity("angstrom", "of an averaged wave among the ions before it scatters, 1/(2 Im K)")

    @property
    def error_n(self) -> Array:
        """What the choice of radius and degree may change in a component of a tensor [angstrom^2]."""
        return self.radius_error_n + self.degree_error_n

    @property
    def sum_cc(self) -> Array:
        """Sum of the tensors of the ions asked for [angstrom^2]."""
        return np.asarray(self.sigma_ncc.sum(axis=0))

    @property
    def is_diffusive(self) -> bool:
        """Whether waves scatter within one wavelength, so that none has a definite wave number (Ioffe and Regel)."""
        return self.free_path * self.wave_number < 2 * np.pi

    @property
    def is_complete(self) -> bool:
        """Whether all ions of the configuration were asked for."""
        return len(np.unique(self.index_n)) == self.n_ions

    @property
    def valence_times_resistivity_ncc(self) -> Array:
        """Z_w rho, in which density and mean free path drop out [microohm cm]."""
        return valence_times_resistivity(self.sigma_ncc, self.wave_number)

    @property
    def own_mean_free_path(self) -> float:
        """Mean free path that the ions of the configuration make, NaN where that cannot be said [angstrom]."""
        cross_section = float(np.trace(self.sum_cc)) / 3
        if not (self.is_complete and not self.referred and self.volume > 0 and cross_section > 0):
            return float("nan")
        return mean_free_path_of_scatterers(cross_section, self.volume)

    @property
    def own_resistivity(self) -> float:
        """Resistivity that the ions of the configuration make, NaN where that cannot be said [microohm cm]."""
        free_path = self.own_mean_free_path
        return float("nan") if np.isnan(free_path) else float(resistivity(free_path, self.wave_number))

    def valence_ncc(self, resistivity: float) -> Array:
        """Return the wind valences Z_w = -(hbar k/e² rho) sigma, force index first, (N, 3, 3) [-].

        Args:
            resistivity: rho [microohm cm].
        """
        return wind_valence(self.sigma_ncc, self.wave_number, resistivity=resistivity)


def wind_forces(
    configuration: Configuration,
    ions: Sequence[int] | IntArray | None = None,
    *,
    radius: float | None = None,
    single_scattering: bool = True,
    reference: Configuration | None = None,
    workers: int | Mapper = 1,
    progress: Callable[[Progress], None] | None = None,
) -> WindForces:
    """Return the wind on ions of a configuration, each from a cluster about it or all from one.

    Clusters fade out softly towards their surface. With a reference, such as the perfect crystal of a defect, the
    tensor of the site next to each ion is subtracted, cut in the same way: a perfect crystal has no wind, and what a
    finite cluster takes for one cancels. Ions beyond the clusters scatter once, in waves averaged over all ions. One
    cluster of all ions is taken as it stands, without fading and images.

    Source: wind-notes (whole configurations); test: test_local_tensor_is_that_of_the_soft_cluster

    Args:
        configuration: the ions.
        ions: indices of the ions asked for, all if None.
        radius: of the clusters, infinite for one of all ions; if None three neighbour distances, or one cluster of all
            ions where the configuration is not periodic [angstrom].
        single_scattering: add that by ions beyond the clusters; one cluster of all ions has none.
        reference: ions of which the wind is subtracted.
        workers: number of processes, or who else computes.
        progress: called as a few ions end.

    Raises:
        InputError: an ion that is not there, radii that cannot be, a reference whose sites lie elsewhere.
    """
    chosen = _chosen(configuration, ions)
    if radius is None:
        radius = NEIGHBOUR_DISTANCES * neighbour_distance(configuration) if configuration.is_periodic else np.inf
    if radius == np.inf:
        if reference is not None:
            raise InputError("one cluster of all ions has no reference; give a radius")
        return _one_cluster(configuration.alone(), chosen, configuration.volume)
    cut = Cut(radius, max(FAR_DISTANCES * neighbour_distance(configuration), radius))
    with as_mapper(workers) as pool:
        found = local_tensors(configuration, chosen, cut, workers=pool, progress=progress)
        if reference is not None:
            site_n = nearest_sites(configuration, chosen, reference)
            sites, which = np.unique(site_n, return_inverse=True)
            name = "sites of the reference"
            host = local_tensors(reference, sites, cut, workers=pool, progress=progress, name=name)
            found = found.minus(host, which)
    laws, _ = cluster_laws(_hard(Surroundings(configuration, radius).cluster(int(chosen[0]), radius, rim=cut.rim)))
    result = _result(configuration, chosen, found, laws, single_scattering=single_scattering)
    return replace(result, radius=cut.radius, far=cut.far, referred=reference is not None)


def _chosen(configuration: Configuration, ions: Sequence[int] | IntArray | None) -> IntArray:
    chosen = np.arange(configuration.n_ions) if ions is None else np.asarray(ions, dtype=np.int64)
    wrong = chosen[(chosen < 0) | (chosen >= configuration.n_ions)]
    if wrong.size or not chosen.size:
        which = f"ion {wrong[0]}" if wrong.size else "no ion"
        raise InputError(f"{which} is asked for: the structure has ions 0 to {configuration.n_ions - 1}")
    return chosen


def _hard(cluster: Cluster) -> Cluster:
    """The ions of a cluster with full strengths, which alone obey the laws."""
    return replace(cluster, strength_n=None)


def _one_cluster(configuration: Configuration, chosen: IntArray, volume: float) -> WindForces:
    cluster = configuration.as_cluster()
    sigma = force_tensors(cluster)
    laws, transport = cluster_laws(cluster, sigma)
    degree = force_tensors(configuration.neighbouring_degree.as_cluster()) - sigma
    same = np.repeat(sigma[chosen, None], len(RADII), axis=1)
    kinematic = kinematic_tensors(configuration.positions_nc, configuration.delta_nl, configuration.wave_number, chosen)
    none = np.zeros_like(same)
    size = np.full(len(chosen), configuration.n_ions)
    found = Variants(same, none, none, degree[chosen], none[:, 0], kinematic, size)
    result = _result(configuration, chosen, found, laws, single_scattering=False)
    return replace(result, transport_cc=transport, volume=volume, explained=np.nan)


def _result(
    configuration: Configuration, chosen: IntArray, found: Variants, laws: Laws, *, single_scattering: bool
) -> WindForces:
    sigma_nvcc = found.sigma_nvcc(single_scattering=single_scattering)
    change_ncc = found.change_ncc(single_scattering=single_scattering)
    return WindForces(
        index_n=chosen,
        position_nc=configuration.positions_nc[chosen],
        sigma_ncc=sigma_nvcc[:, 0],
        radius_error_n=BEYOND * np.ptp(sigma_nvcc, axis=1).max(axis=(1, 2)),
        degree_error_n=DEGREES_LEFT * np.abs(change_ncc).max(axis=(1, 2)),
        kinematic_ncc=found.kinematic_ncc,
        cluster_size_n=found.size_n,
        friedel_sum_n=configuration.friedel_sum_n[chosen],
        undecayed_n=np.intersect1d(configuration.undecayed_n, chosen),
        transport_cc=NO_TENSOR,
        wave_number=configuration.wave_number,
        radius=np.inf,
        far=np.nan,
        single_scattering=single_scattering,
        explained=found.explained,
        l_max=configuration.l_max,
        n_ions=configuration.n_ions,
        volume=configuration.volume,
        referred=False,
        free_path=0.5 / averaged_wave_number(configuration).imag,
        laws=laws,
    )


def nearest_sites(configuration: Configuration, ions: IntArray, reference: Configuration) -> IntArray:
    """Return the site of a reference next to each of some ions.

    Args:
        configuration: the ions.
        ions: indices of the ions asked for.
        reference: the sites.

    Raises:
        InputError: the next site of an ion, which is named, lies far away: not a reference of this configuration.
    """
    spacing = neighbour_distance(reference)
    reach = float(np.linalg.norm(reference.cell_cc, axis=1).max()) + spacing
    places, origin = periodic_images(reference, reach)
    distance, found = cKDTree(places).query(configuration.positions_nc[ions])
    far = np.flatnonzero(distance > FARTHEST_SITE * spacing)
    if len(far):
        raise InputError(
            f"ion {ions[far[0]]} is {distance[far[0]]:.4g} angstrom from the next site of the reference, whose "
            f"neighbours are {spacing:.4g} angstrom apart: expected the same cell and origin"
        )
    return np.asarray(origin[found], dtype=np.int64)
