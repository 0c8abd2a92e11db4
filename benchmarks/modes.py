"""How fast the lowest modes of a large glass are, beside SciPy's and LAPACK's ways to the same numbers, in one run.

The r^-6 glass (r_c = 3) is quenched from a random start. Its lowest modes, certified complete, are timed beside
``scipy.sparse.linalg.eigsh`` in shift-invert mode with its own factorisation and beside LAPACK's dense solver; each
runs in a process of its own, for its peak memory, on as many cores, and ours before and after each of the others, for
the speed of the machine changes. The frequencies are compared before times are printed. Then the cost per atom of the
density of states by kernel polynomials, on periodic copies of one small glass: copies balance all forces and have the
neighbours of a glass, though they may be a saddle; only cost and memory are read off.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import eigsh
from threadpoolctl import threadpool_limits

from analysis.modes import lowest_modes
from analysis.modes.forecast import forecast_density
from analysis.modes.kernel_polynomial import kernel_polynomial_density
from analysis.modes.spectrum import dynamical_matrix
from atomsim.certificate import LANCZOS_SHIFT
from atomsim.errors import AtomsimError, InputError
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.results import Array
from atomsim.structure import random_start

OURS = "atomsim, certified"
MODEL, SHORT_RANGE = "laird-schober", "lerner-binary"
WARM_ATOMS = 1000  # of a glass that each way is tried on before it is timed
WARM_MEMORY = 2_000_000_000  # touched before each way is timed [B]
SAME_FREQUENCY = 1e-6  # largest relative difference of the eigenvalues of two ways that are compared [-]
COPIED_ATOMS = 2000
COPIES = ((5, 1, 1), (5, 5, 2), (10, 10, 5))


@dataclass(frozen=True)
class Run:
    """One way to the modes: eigenvalues, wall and processor time [s], peak memory [B] and what it says of itself."""

    eigenvalue_m: Array
    wall: float
    processor: float
    memory: float
    remark: str = ""


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atoms", type=int, default=4096, help="atoms of the glass")
    parser.add_argument("--modes", type=int, default=60, help="lowest modes, translations included")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--cores", type=int, default=1, help="threads of the libraries of linear algebra, for all ways")
    parser.add_argument("--no-scipy", action="store_true", help="leave SciPy's own factorisation out (some minutes)")
    parser.add_argument("--no-dense", action="store_true", help="leave LAPACK out (some minutes)")
    parser.add_argument(
        "--large", type=int, default=3, help="how many of 1e4, 1e5, 1e6 atoms the density is timed with"
    )
    return parser.parse_args()


def quenched(specification: str, n_atoms: int, seed: int) -> Glass:
    """Return an inherent structure of a random start.

    Args:
        specification: the model.
        n_atoms: number of atoms.
        seed: of the start.
    """
    model = get_model(specification)
    atoms = random_start(model, n_atoms, model.density, np.random.default_rng(seed))
    return inherent_structure(atoms, specification, on_saddle="push")


def copied(glass: Glass, copies: tuple[int, int, int]) -> Glass:
    """Return periodic copies of a glass: no forces, but the larger box may have soft waves that the small one had not.

    Args:
        glass: the glass.
        copies: how often along each cell vector.
    """
    shifts = np.array(list(np.ndindex(copies))) @ glass.cell_cc
    count = len(shifts)
    return replace(
        glass,
        positions_nc=(glass.positions_nc[None] + shifts[:, None]).reshape(-1, 3),
        cell_cc=glass.cell_cc * np.array(copies)[:, None],
        species_n=np.tile(glass.species_n, count),
        size_n=np.tile(glass.size_n, count),
        mass_n=np.tile(glass.mass_n, count),
    )


def ours(glass: Glass, count: int) -> tuple[Array, str]:
    """Return the lowest eigenvalues by this suite, and its forecast.

    Args:
        glass: the glass.
        count: number of modes.

    Raises:
        InputError: the spectrum is not certified complete.
    """
    told: list[str] = []
    found = lowest_modes(glass, count, report=told.append)
    if not found.certified_complete:
        raise InputError("the lowest modes are not certified complete; not compared")
    return np.sign(found.omega_m) * found.omega_m**2, f"forecast: {told[0]}"


def by_scipy(glass: Glass, count: int) -> tuple[Array, str]:
    """Return the lowest eigenvalues by SciPy's shift-invert with its own factorisation.

    Args:
        glass: the glass.
        count: number of modes.
    """
    matrix = dynamical_matrix(glass)
    shift = -LANCZOS_SHIFT * float(matrix.diagonal().mean())
    return np.sort(eigsh(matrix, k=count, sigma=shift)[0]), "no certificate"


def by_lapack(glass: Glass, count: int) -> tuple[Array, str]:
    """Return the lowest eigenvalues by LAPACK's dense solver, with their vectors.

    Args:
        glass: the glass.
        count: number of modes.
    """
    dense = dynamical_matrix(glass).toarray(order="F")
    return linalg.eigh(dense, subset_by_index=[0, count - 1], overwrite_a=True, check_finite=False)[0], ""


def _timed(way: Callable[[Glass, int], tuple[Array, str]], small: Glass, glass: Glass, count: int, cores: int) -> Run:
    with threadpool_limits(cores):
        way(small, count)  # loads libraries and compiled kernels
        begin = np.array([time.perf_counter(), time.process_time()])
        values, remark = way(glass, count)
        wall, processor = np.array([time.perf_counter(), time.process_time()]) - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    return Run(values, float(wall), float(processor), memory, remark)


def _touch_memory() -> None:
    np.ones(WARM_MEMORY // 8)


def alone(way: Callable[[Glass, int], tuple[Array, str]], small: Glass, glass: Glass, count: int, cores: int) -> Run:
    """Return what a way does in a fresh process.

    A virtual machine gets each page of memory from its host when it is first touched, which takes seconds for a
    gigabyte: the memory is touched before, for all ways alike.

    Args:
        way: what to time.
        small: a glass that it is tried on before.
        glass: the glass.
        count: number of modes.
        cores: threads of the libraries of linear algebra.
    """
    # PARDISO's library is loaded late, out of reach of limits set before: only its environment binds it
    os.environ.update(dict.fromkeys(("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(cores)))
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:  # not here: a process that is started inherits the peak memory of this one
        pool.apply(_touch_memory)
    with context.Pool(1) as pool:
        return pool.apply(_timed, (way, small, glass, count, cores))


def compare_modes(options: argparse.Namespace) -> None:
    """Print times, peak memory and ratios of the ways to the lowest modes.

    Args:
        options: the command line.

    Raises:
        InputError: two ways disagree.
    """
    glass, small = (quenched(MODEL, n_atoms, options.seed) for n_atoms in (options.atoms, WARM_ATOMS))
    ways: dict[str, Callable[[Glass, int], tuple[Array, str]]] = {}
    if not options.no_scipy:
        ways["scipy eigsh, shift-invert"] = by_scipy
    if not options.no_dense:
        ways["LAPACK, dense"] = by_lapack
    system = f"{MODEL}, N = {options.atoms}, {options.cores} core(s)"
    print(f"lowest {options.modes} modes, {system}; wall time (processor time)", flush=True)
    before = first = alone(ours, small, glass, options.modes, options.cores)
    _tell(OURS, first)
    for name, way in ways.items():
        run = alone(way, small, glass, options.modes, options.cores)
        lowest = glass.n_zero_modes
        if not np.allclose(run.eigenvalue_m[lowest:], first.eigenvalue_m[lowest:], rtol=SAME_FREQUENCY):
            raise InputError(f"{name} finds other eigenvalues; not compared")
        after = alone(ours, small, glass, options.modes, options.cores)
        wall, processor = 0.5 * (before.wall + after.wall), 0.5 * (before.processor + after.processor)
        _tell(name, run)
        _tell(OURS, after)
        faster = f"{run.wall / wall:.1f} ({run.processor / processor:.1f})"
        print(f"      atomsim is {faster} times as fast, in the mean of before and after", flush=True)
        before = after


def _tell(name: str, run: Run) -> None:
    print(f"  {name:<28}{run.wall:.1f} s ({run.processor:.1f} s), peak {run.memory / 1e9:.2f} GB", flush=True)
    if run.remark:
        print(f"      {run.remark}", flush=True)


def time_density(options: argparse.Namespace) -> None:
    """Print cost per atom and peak memory of the density of states at several sizes.

    Args:
        options: the command line.
    """
    small = quenched(SHORT_RANGE, COPIED_ATOMS, options.seed)
    moments, vectors = 32, 16
    print(f"density of states, copies of a {SHORT_RANGE} glass, {moments} moments, {vectors} random vectors, one core")
    for copies in COPIES[: options.large]:
        glass = copied(small, copies)
        interaction = glass.interaction()
        plan = forecast_density(interaction, glass.positions_nc, moments=moments, vectors=vectors)
        marks: list[float] = []
        with threadpool_limits(1):
            kernel_polynomial_density(
                interaction, glass.positions_nc, glass.mass_n, moments=moments, vectors=vectors,
                rng=np.random.default_rng(options.seed),
                progress=lambda share, marks=marks: marks.append(time.process_time()),
            )  # fmt: skip
        step = float(np.median(np.diff(marks)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
        print(
            f"  {glass.n_atoms:>8} atoms: {1e9 * step / glass.n_atoms / vectors:.1f} ns per atom, vector and step; "
            f"peak {peak / 1e9:.2f} GB, forecast {plan.memory / 1e9:.2f} GB", flush=True,
        )  # fmt: skip


def main() -> int:
    """Run the benchmarks and return the exit status."""
    options = arguments()
    try:
        compare_modes(options)
        time_density(options)
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
