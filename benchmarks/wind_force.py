"""How long the wind force on the ions of a cluster takes on one core, what bounds it, and how far it is from the floor.

fcc clusters with displaced ions, phase shifts like aluminium. Times are those of the processor, the least of several.
The floor is the number of operations of one factorisation (and, for all ions, of its right-hand sides and of their
product with the propagators of the last degree) at the rate of a complex matrix product in the same run. Finite
differences of the T-matrix over all coordinates would take two scattering-path operators per coordinate: one is timed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.multiple_scattering.cluster import Cluster
from analysis.multiple_scattering.harmonics import harmonic_count
from analysis.multiple_scattering.structure_constants import multipole_degree, propagators
from analysis.multiple_scattering.wind_force import TOLERANCE, force_tensors
from atomsim.results import Array

K = 1.75  # [1/angstrom]
DELTA = (0.5, 0.3, 0.05, 0.01, 0.002)
CONSTANT = 4.05  # of the crystal [angstrom]
DISPLACEMENT = 0.1  # [angstrom]
PRODUCT = 900  # size of the matrices whose product gives the rate


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ions", type=int, nargs="+", default=[50, 60, 80, 200], help="sizes of the clusters")
    parser.add_argument("--l-max", type=int, default=2, help="largest degree of the phase shifts, at most 4")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the fastest counts")
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


def main() -> None:
    """Print the table."""
    given = arguments()
    with threadpool_limits(1):
        rate = product_rate(given.repeats)
        print(f"complex matrix product: {rate / 1e9:.1f} Gflop/s; times in s")
        print(" ions  order         G        LU   one ion  /floor  all ions   /floor differences    /all")
        for n_ions in given.ions:
            measure(n_ions, given.l_max, given.repeats, rate)


if __name__ == "__main__":
    main()
