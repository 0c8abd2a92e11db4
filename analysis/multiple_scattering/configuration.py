"""A configuration of ions of which each scatters in a known way, and the clusters that are cut out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from analysis.multiple_scattering.cluster import CLOSEST, Cluster, check_positions, rim_strengths
from analysis.multiple_scattering.metals import Metal
from analysis.multiple_scattering.muffin_tin import MuffinTins, images_within, metal_muffin_tins
from analysis.multiple_scattering.phase_shifts import PhaseShifts, check_wave_number, friedel_sum, undecayed
from atomsim.errors import InputError
from atomsim.results import Array, IntArray, quantity


@dataclass(frozen=True, eq=False)
class Configuration:
    """Ions at their places, periodic or not, with the phase shifts of each."""

    positions_nc: Array = quantity("angstrom", "positions of the ions")
    delta_nl: Array = quantity("rad", "phase shifts of each ion, (N, l_max + 1)")
    wave_number: float = quantity("1/angstrom", "k between the ions at the Fermi energy")
    cell_cc: Array = quantity("angstrom", "cell vectors as rows; zero where there is none")
    periodic_c: IntArray = quantity("1", "1 for a direction in which the cell is repeated")
    next_n: Array | None = quantity("rad", "phase shifts of the next degree, where they are known", default=None)

    def __post_init__(self) -> None:
        """Refuse ions that cannot be, images included; the message names the ion."""
        check_wave_number(self.wave_number)
        check_positions(self.positions_nc)
        wrong = np.flatnonzero(~np.isfinite(self.delta_nl).all(axis=1))
        if len(self.delta_nl) != self.n_ions or self.delta_nl.ndim != 2 or wrong.size:
            which = f"of ion {wrong[0]} are no numbers" if wrong.size else f"have shape {self.delta_nl.shape}"
            raise InputError(f"phase shifts {which}; expected l_max + 1 numbers for each of {self.n_ions} ions")
        if not self.is_periodic:
            return
        if not abs(np.linalg.det(self.cell_cc)) > 0:
            raise InputError(f"cell {self.cell_cc.tolist()} has no volume, but is repeated")
        places, origin = periodic_images(self, CLOSEST)
        pairs = cKDTree(places).query_pairs(CLOSEST, output_type="ndarray")
        if len(pairs):
            i, j = np.sort(origin[pairs[0]])
            raise InputError(f"ions {i} and {j} are at one place, one of them as a periodic image")

    @property
    def n_ions(self) -> int:
        """Number of ions."""
        return len(self.positions_nc)

    @property
    def l_max(self) -> int:
        """Largest degree of the phase shifts."""
        return self.delta_nl.shape[1] - 1

    @property
    def is_periodic(self) -> bool:
        """Whether the cell is repeated in some direction."""
        return bool(self.periodic_c.any())

    @property
    def volume(self) -> float:
        """Volume of the cell, NaN unless it is repeated in all directions [angstrom^3]."""
        return float(abs(np.linalg.det(self.cell_cc))) if self.periodic_c.all() else float("nan")

    @property
    def friedel_sum_n(self) -> Array:
        """Charge that the phase shifts of each ion screen [-]."""
        return friedel_sum(self.delta_nl)

    @property
    def undecayed_n(self) -> IntArray:
        """Indices of the ions for whose last phase shift l_max is too small."""
        return undecayed(self.delta_nl)

    def truncated(self, l_max: int) -> Configuration:
        """Return the configuration with phase shifts up to a degree only, and the next one known.

        Args:
            l_max: largest degree; the configuration itself if that is what it has.
        """
        if l_max >= self.l_max:
            return self
        return replace(self, delta_nl=self.delta_nl[:, : l_max + 1], next_n=self.delta_nl[:, l_max + 1])

    @property
    def neighbouring_degree(self) -> Configuration:
        """The configuration with one degree more where that is known, else with one less, or without scattering."""
        if self.next_n is not None:
            return replace(self, delta_nl=np.column_stack([self.delta_nl, self.next_n]), next_n=None)
        return self.truncated(self.l_max - 1) if self.l_max else replace(self, delta_nl=np.zeros_like(self.delta_nl))

    def alone(self) -> Configuration:
        """Return the ions as a finite cluster, without their periodic images."""
        return replace(self, cell_cc=np.zeros((3, 3)), periodic_c=np.zeros(3, dtype=np.int64))

    def as_cluster(self) -> Cluster:
        """Return one cluster of all ions as they stand, without images."""
        return Cluster(self.positions_nc, self.delta_nl, self.wave_number)


def periodic_images(configuration: Configuration, reach: float) -> tuple[Array, IntArray]:
    """Return all places within reach of some ion, (M, 3), and which ion stands there; first the ions themselves.

    Args:
        configuration: the ions.
        reach: how far beyond the ions images are wanted [angstrom].

    Returns:
        Positions [angstrom] and indices.
    """
    return images_within(configuration.positions_nc, configuration.cell_cc, configuration.periodic_c, reach)


class Surroundings:
    """The places about the ions of a configuration, searched by distance."""

    def __init__(self, configuration: Configuration, reach: float) -> None:
        """Find all places that some ion may have within reach.

        Args:
            configuration: the ions.
            reach: largest distance that will be asked for [angstrom].
        """
        self.configuration, self.reach = configuration, reach
        self.places, self.origin = periodic_images(configuration, reach)
        self.tree = cKDTree(self.places)

    def about(self, point: Array, radius: float) -> tuple[Array, IntArray]:
        """Return the places within a radius of a point, nearest first, and which ions stand there.

        Args:
            point: where [angstrom].
            radius: largest distance [angstrom].

        Returns:
            Positions relative to the point [angstrom] and indices.
        """
        found = np.sort(self.tree.query_ball_point(point, radius))
        vectors = self.places[found] - point
        order = np.argsort(np.linalg.norm(vectors, axis=1), kind="stable")
        return vectors[order], self.origin[found[order]]

    def cluster(self, ion: int, radius: float, *, rim: float) -> Cluster:
        """Return the cluster about an ion, which comes first in it and stands at the origin.

        Args:
            ion: index of the ion.
            radius: of the cluster [angstrom].
            rim: part of the radius over which the strengths of the ions fade out [-].
        """
        vectors, origin = self.about(self.configuration.positions_nc[ion], radius)
        strength = rim_strengths(np.linalg.norm(vectors, axis=1), radius, share=rim)
        kept = strength > 0
        kept[0] = True
        delta_nl, k = self.configuration.delta_nl[origin[kept]], self.configuration.wave_number
        return Cluster(vectors[kept], delta_nl, k, strength[kept])


def neighbour_distance(configuration: Configuration) -> float:
    """Return the mean distance of the nearest neighbour [angstrom], NaN for one ion without images.

    Args:
        configuration: the ions.
    """
    if configuration.n_ions == 1 and not configuration.is_periodic:
        return float("nan")
    # some image of each ion lies within the longest repeated cell vector, so a neighbour does
    repeated = configuration.cell_cc[configuration.periodic_c != 0]
    reach = np.linalg.norm(repeated, axis=1).max(initial=0) * (1 + 1e-9)
    places, _ = periodic_images(configuration, float(reach))
    return float(cKDTree(places).query(configuration.positions_nc, k=2)[0][:, 1].mean())


def metal_configuration(
    metal: Metal,
    positions_nc: Array,
    *,
    l_max: int,
    cell_cc: Array | None = None,
    periodic_c: Sequence[bool] = (True, True, True),
    k_fermi: float | None = None,
) -> tuple[Configuration, MuffinTins]:
    """Return ions of one metal as muffin tins, and the tins with one degree more.

    Args:
        metal: the metal.
        positions_nc: where its ions are [angstrom].
        l_max: largest angular momentum.
        cell_cc: cell vectors as rows; a cluster in empty space where absent [angstrom].
        periodic_c: whether the cell is repeated along each vector.
        k_fermi: k_F, where it shall not be that of the density of the cell or of the crystal [1/angstrom].

    Raises:
        InputError: as :func:`analysis.multiple_scattering.muffin_tin.muffin_tins`.
    """
    on = np.zeros(3, np.int64) if cell_cc is None else np.asarray(periodic_c).astype(np.int64)
    cell = np.zeros((3, 3)) if cell_cc is None else np.asarray(cell_cc, dtype=float)
    tins = metal_muffin_tins(
        metal,
        positions_nc,
        l_max=l_max + 1,
        cell_cc=cell if on.any() else None,
        periodic_c=tuple(bool(flag) for flag in on),
        k_fermi=k_fermi,
    )
    delta_nl, next_n = tins.delta_nl[:, :-1], tins.delta_nl[:, -1]
    return Configuration(np.asarray(positions_nc, float), delta_nl, tins.wave_number, cell, on, next_n), tins


def given_configuration(
    shifts: PhaseShifts,
    species_n: Sequence[str],
    positions_nc: Array,
    *,
    l_max: int | None = None,
    cell_cc: Array | None = None,
    periodic_c: Sequence[bool] = (True, True, True),
) -> Configuration:
    """Return ions with phase shifts given by species; with a smaller l_max the next one is known.

    Args:
        shifts: the phase shifts.
        species_n: species of each ion.
        positions_nc: where the ions are [angstrom].
        l_max: largest angular momentum; that of the phase shifts where absent.
        cell_cc: cell vectors as rows; a cluster in empty space where absent [angstrom].
        periodic_c: whether the cell is repeated along each vector.

    Raises:
        InputError: no phase shifts for the species of an ion, which is named, or l_max beyond what is given.
    """
    for ion, name in enumerate(species_n):
        if name not in shifts.species:
            raise InputError(f"ion {ion} is {name}: no phase shifts for it; given: {', '.join(shifts.species)}")
    if l_max is not None and not 0 <= l_max <= shifts.l_max:
        raise InputError(f"l_max = {l_max}: phase shifts are given for l = 0 to {shifts.l_max}")
    delta_nl = shifts.delta_sl[[shifts.index_of(name) for name in species_n]]
    on = np.zeros(3, np.int64) if cell_cc is None else np.asarray(periodic_c).astype(np.int64)
    cell = np.zeros((3, 3)) if cell_cc is None else np.asarray(cell_cc, dtype=float)
    found = Configuration(np.asarray(positions_nc, float), delta_nl, shifts.wave_number, cell, on)
    return found if l_max is None else found.truncated(l_max)
