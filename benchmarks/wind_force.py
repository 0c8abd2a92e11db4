"""How long the wind force on the ions of a cluster takes on one core, what bounds it, and how far it is from the floor.

fcc clusters with displaced ions, phase shifts like aluminium. Times are those of the processor, the least of several.
The floor is the number of operations of one factorisation (and, for all ions, of its right-hand sides and of their
product with the propagators of the last degree) at the rate of a complex matrix product in the same run. Finite
differences of the T-matrix over all coordinates would take two scattering-path operators per coordinate: one is timed.

Then a whole configuration, a glass taken as sodium, in which each ion asks for four clusters: operations and time per
ion of every step, the rates of a matrix product and of an LU factorisation of the size of the largest cluster in the
same run, and how far each step is from the product. Structure constants are counted as the products that they end in.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.configuration import Configuration, Surroundings
from analysis.multiple_scattering.harmonics import harmonic_count
from analysis.multiple_scattering.local_wind import MIDDLE, RADII, RIM
from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.structure_constants import multipole_degree, propagators
from analysis.multiple_scattering.wind_configuration import wind_forces
from analysis.multiple_scattering.wind_force import TOLERANCE, exact_moments, force_tensors, scattered_rows
from analysis.multiple_scattering.wind_input import metal_input
from atomsim.quench import QuenchParameters, make_glass
from atomsim.results import Array, IntArray

K = 1.75  # [1/angstrom]
DELTA = (0.5, 0.3, 0.05, 0.01, 0.002)
CONSTANT = 4.05  # of the crystal [angstrom]
DISPLACEMENT = 0.1  # [angstrom]
PRODUCT = 900  # size of the matrices whose product gives the rate
GLASS = QuenchParameters("laird-schober", 500, temperature=1.0, melt_time=2.0)
METAL, RADIUS = "Na", 8.3  # of the clusters, some 60 ions [angstrom]
IonPerStep = dict[str, tuple[float, float]]


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ions", type=int, nargs="+", default=[50, 60, 80, 200], help="sizes of the clusters")
    parser.add_argument("--l-max", type=int, default=2, help="largest degree of the phase shifts, at most 4")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the fastest counts")
    parser.add_argument("--glass-ions", type=int, default=12, help="ions of the glass, more than 4; 0: none")
    return parser.parse_args()


def displaced_cluster(n_ions: int, l_max: int) -> Cluster:
    """Return the ions of a crystal nearest to one of them, displaced at random."""
    reach = np.arange(-8, 9)
    grid = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = grid[grid.sum(axis=1) % 2 == 0] * CONSTANT / 2
    sites = sites[np.argsort((sites**2).sum(axis=1), kind="stable")][:n_ions]
    positions = sites + np.random.default_rng(n_ions).normal(scale=DISPLACEMENT, size=sites.shape)
    return Cluster(positions, np.tile(DELTA[: l_max + 1], (n_ions, 1)), K)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the least processor time of some runs [s]."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def product_rate(repeats: int) -> float:
    """Return the rate of a product of complex matrices [operations/s]."""
    matrix: Array = np.random.default_rng(1).normal(size=(PRODUCT, PRODUCT, 2)).view(complex)[..., 0]
    return 8 * PRODUCT**3 / seconds(lambda: matrix @ matrix, repeats)


def measure(n_ions: int, l_max: int, repeats: int, rate: float) -> None:
    """Time one cluster and print a line."""

    def fresh() -> Cluster:
        return displaced_cluster(n_ions, l_max)

    cluster = fresh()
    size = n_ions * harmonic_count(l_max)
    degree = multipole_degree(K * cluster.radius, l_max + 1, tolerance=TOLERANCE)
    sides = harmonic_count(degree) * (1 + (2 * l_max + 3) / harmonic_count(l_max))
    make = seconds(fresh, repeats)
    gaunt = seconds(lambda: propagators(cluster.positions_nc, K, l_max, l_max), repeats)
    factors = seconds(lambda: fresh().factors, repeats) - make - gaunt
    one = seconds(lambda: force_tensors(fresh(), [0]), repeats) - make
    everyone = seconds(lambda: force_tensors(fresh()), repeats) - make
    differences = 6 * n_ions * (seconds(lambda: fresh().scattering_path(), repeats) - make)
    floor_one, floor_all = 8 / 3 * size**3 / rate, (8 / 3 * size**3 + 8 * size**2 * sides) / rate
    print(
        f"{n_ions:5d} {size:6d} {gaunt:9.4f} {factors:9.4f} {one:9.4f} {one / floor_one:8.1f} {everyone:9.4f} "
        f"{everyone / floor_all:8.1f} {differences:11.1f} {differences / everyone:8.0f}"
    )


def glass_as_metal(l_max: int) -> Configuration:
    """Return a soft-sphere glass at the density of the metal."""
    glass = make_glass(GLASS, np.random.default_rng(1976))
    return metal_input(glass.to_atoms(), get_metal(METAL), l_max=l_max, scale=True).configuration


def clusters_of(configuration: Configuration, ion: int) -> list[Cluster]:
    """Return the clusters from which the tensor of an ion and its error follow."""
    radii = [RADIUS * share for share in RADII]
    found = [Surroundings(configuration, RADIUS).cluster(ion, radius, rim=RIM) for radius in radii]
    other = Surroundings(configuration.neighbouring_degree, RADIUS).cluster(ion, radii[MIDDLE], rim=RIM)
    return [*found, other]


def steps_of_ion(clusters: list[Cluster], repeats: int) -> IonPerStep:
    """Return operations and time [s] of each step for one ion."""
    total: IonPerStep = {}

    def add(name: str, operations: float, time_taken: float) -> None:
        before = total.get(name, (0.0, 0.0))
        total[name] = before[0] + operations, before[1] + time_taken

    for cluster in clusters:
        n, l_max = cluster.n_ions, cluster.l_max
        inner, outer = harmonic_count(l_max), harmonic_count(l_max + 1)
        size, ion = n * inner, np.array([0])

        def fresh(cluster: Cluster = cluster) -> Cluster:
            return Cluster(cluster.positions_nc, cluster.delta_nl, cluster.wave_number, cluster.strength_n)

        g = seconds(lambda c=cluster: propagators(c.positions_nc, c.wave_number, c.l_max, c.l_max), repeats)
        both = seconds(lambda: fresh().factors, repeats)
        j = seconds(lambda c=cluster: c.overlap(c.l_max + 1, c.l_max), repeats)
        rows = seconds(lambda c=cluster, i=ion: scattered_rows(c, i), repeats)
        moments = seconds(lambda c=cluster, i=ion: exact_moments(c, i), repeats)
        add("structure constants G", 2 * n**2 * harmonic_count(2 * l_max) * inner**2, g)
        add("overlaps J", 2 * n**2 * harmonic_count(2 * l_max + 1) * outer * inner, j)
        add("LU", 8 / 3 * size**3, both - g)
        add("right-hand sides", 8 * size**2 * outer, rows)
        add("contractions", 3 * 8 * outer * (n * outer) * size, moments - rows - j)
    return total


def measure_glass(l_max: int, n_ions: int, repeats: int, rate: float) -> None:
    """Time some ions of a whole configuration and print a table of the steps."""
    configuration = glass_as_metal(l_max)
    ions: IntArray = np.linspace(0, configuration.n_ions, n_ions, endpoint=False).astype(int)
    each = [steps_of_ion(clusters_of(configuration, int(ion)), repeats) for ion in ions]
    wind_forces(configuration, ions[:1], radius=RADIUS)  # tables that all ions share
    few, whole = (seconds(lambda s=some: wind_forces(configuration, s, radius=RADIUS), 1) for some in (ions[:4], ions))
    whole = (whole - few) / (n_ions - 4)
    largest = np.mean([clusters_of(configuration, int(ion))[0].n_ions for ion in ions])
    size = int(largest) * harmonic_count(l_max)
    matrix: Array = np.random.default_rng(2).normal(size=(size, size, 2)).view(complex)[..., 0]
    factorised = 8 / 3 * size**3 / seconds(lambda: linalg.lu_factor(matrix, check_finite=False), repeats)
    print(
        f"glass of {configuration.n_ions} ions as {METAL}, {largest:.0f} ions in the largest of four clusters of each"
    )
    print(f"LU of order {size}: {factorised / 1e9:.1f} Gflop/s, complex matrix product {rate / 1e9:.1f} Gflop/s")
    print("step                     Mflop per ion  ms per ion  Gflop/s   /floor")
    known = 0.0
    for name in each[0]:
        operations, taken = np.mean([one[name] for one in each], axis=0)
        known += taken
        print(f"{name:24s} {operations / 1e6:13.1f} {1e3 * taken:11.2f} {operations / taken / 1e9:8.1f} "
              f"{taken * rate / operations:8.1f}")  # fmt: skip
    floor = sum(np.mean([one[name][0] for one in each]) for name in each[0]) / rate
    print(f"{'neighbours, single scattering':38s} {1e3 * (whole - known):11.2f}")
    print(f"{'together':38s} {1e3 * whole:11.2f} {'':8s} {whole / floor:8.1f}")


def main() -> None:
    """Print the table."""
    given = arguments()
    with threadpool_limits(1):
        rate = product_rate(given.repeats)
        print(f"complex matrix product: {rate / 1e9:.1f} Gflop/s; times in s")
        print(" ions  order         G        LU   one ion  /floor  all ions   /floor differences    /all")
        for n_ions in given.ions:
            measure(n_ions, given.l_max, given.repeats, rate)
        if given.glass_ions:
            measure_glass(given.l_max, given.glass_ions, given.repeats, rate)


if __name__ == "__main__":
    main()
