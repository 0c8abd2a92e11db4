"""What the lowest modes or a full spectrum will cost, in memory and time, before they are computed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from atomsim.dissection import Dissection
from atomsim.errors import InputError, nearest
from atomsim.factorise import default_backend
from atomsim.pairs import PairInteraction, PairTerms
from atomsim.pardiso import Pardiso
from atomsim.results import Array

METHODS = ("dense", "dissection", "pardiso", "superlu")
DENSE_LIMIT = 1200  # degrees of freedom below which LAPACK beats the sparse solver for a few modes
DENSE_SHARE = 4  # LAPACK also where more than one mode in so many is wanted
SLICES_FROM = 200  # modes from which several shifts are faster than one
SLICE = 400  # eigenvalues found around one shift: their solutions take some times as long as the factorisation

NUMBER = 8.0  # bytes of one
PROCESS_MEMORY = 0.2e9  # the interpreter with all its libraries, less what numba compiles [B]
PAIR_BYTES = 260.0  # pairs with their derivatives and the temporary arrays of their making, per pair [B]
DISSECTED_COPIES = 3.5  # the matrix, the same in order, and its lower triangle
MATRIX_COPIES = 5.0  # the matrix, its shifted copy and their triangles while the factor is made
BASIS_PER_MODE = 5.0  # vectors of the Krylov basis per mode wanted, where few are wanted
SPARE_MODES = 8  # modes sought beyond those wanted
SINGLE = 4.0  # bytes of a number of single precision
ROUGH_BASIS = 8.5  # vectors of the basis per mode where the inverse is one of single precision
DISSECTED_SPARE = 1.2  # modes sought over modes wanted
DENSE_COPIES, FULL_COPIES = 1.3, 4.0  # square matrices that LAPACK keeps: for the lowest modes, for all with vectors

# Operations per second over that of a matrix product, and passes over the factor, both on one core of an AMD EPYC.
FACTOR_EFFICIENCY = {"pardiso": 0.75, "superlu": 0.1}
SINGLE_EFFICIENCY, SOLVE_EFFICIENCY = 1.2, 0.8  # in single precision: of the two factorisations, of solutions
FULL_EFFICIENCY, FEW_EFFICIENCY = 0.35, 0.2
DOUBLE_EFFICIENCY, DOUBLE_SOLVE_EFFICIENCY = 0.45, 0.42  # in double precision, of a slice
FULL_FLOPS, FEW_FLOPS = 9.0, 4.0 / 3.0  # LAPACK's operations over the cube of the size
VECTORS_PER_MODE = 2.9  # of the Krylov basis around a shift
ABOVE_ALONE, ABOVE_FIRST = 3.1, 390.0  # of that above a shift: for each mode, and for the first one
BASIS_PASSES, LOOK_FLOPS = 12.0, 20.0  # work on a basis of b vectors: so many times n b^2 and b^3
WINDOW_COPIES = 4  # of the vectors of all modes, while they are brought into their final form
DENSITY_PAIR_BYTES, ROW_BYTES = 225.0, 112.0  # of a pair while the rows are made, and in them afterwards [B]
FIELDS = 2.2  # blocks of random vectors held at once
PAIR_SECONDS = 2.7e-9  # one pair in one row and one vector, on one core of an AMD EPYC [s]
BLOCK = 16  # random vectors that move together: a row of the matrix serves all of them while it is at hand
# Minimum degree leaves more in the factor than nested dissection does: elements ~ N^(3/2), not N^(4/3).
SUPERLU_FILL = 2.0


@dataclass(frozen=True)
class ModesForecast:
    """Method, peak memory [B], processor time [s] and what that rests on: ``count`` of the ``size`` modes there are."""

    method: str
    n_atoms: int
    size: int
    count: int
    memory: float
    seconds: float
    available: float
    basis: str

    def __str__(self) -> str:
        """Return the forecast in one line."""
        modes = "all modes" if self.count == self.size else f"the lowest {self.count} modes"
        return (
            f"{modes} of {self.n_atoms} atoms by {self.method}: about {self.seconds:.2g} s on one core and "
            f"{self.memory / 1e9:.2g} GB, {self.available / 1e9:.3g} GB free ({self.basis})"
        )

    def require_memory(self) -> None:
        """Refuse what does not fit.

        Raises:
            InputError: the memory needed exceeds what is available.
        """
        if self.memory > self.available:
            raise InputError(
                f"{self}: not enough memory; ask for fewer modes, or for the density of states, which needs no factors"
            )


@dataclass(frozen=True)
class DensityForecast:
    """Peak memory [B] and processor time [s] of a density of states by the kernel polynomial method."""

    n_atoms: int
    memory: float
    seconds: float
    available: float

    def __str__(self) -> str:
        """Return the forecast in one line."""
        return (
            f"density of states of {self.n_atoms} atoms by kernel polynomials: about {self.seconds:.2g} s on one core "
            f"and {self.memory / 1e9:.2g} GB, {self.available / 1e9:.3g} GB free"
        )

    def require_memory(self) -> None:
        """Refuse what does not fit.

        Raises:
            InputError: the memory needed exceeds what is available.
        """
        if self.memory > self.available:
            raise InputError(f"{self}: not enough memory; ask for it on a larger machine")


def forecast_density(
    interaction: PairInteraction,
    positions_nc: Array,
    *,
    moments: int,
    vectors: int,
    available: float | None = None,
) -> DensityForecast:
    """Return what a density of states will cost, from the number of listed neighbours.

    Args:
        interaction: the model bound to the configuration.
        positions_nc: positions, (N, 3) [sigma].
        moments: number of moments.
        vectors: number of random vectors.
        available: memory that may be used, that of the machine where absent [B].
    """
    pairs = float(len(interaction.separations(positions_nc)[0]))
    together = min(vectors, BLOCK)
    moving = ROW_BYTES * pairs + FIELDS * 3 * NUMBER * together * interaction.n_atoms
    memory = process_memory() + max(DENSITY_PAIR_BYTES * pairs, moving)
    seconds = PAIR_SECONDS * 2 * pairs * vectors * moments / 2
    room = available_memory() + process_memory() if available is None else available
    return DensityForecast(interaction.n_atoms, memory, seconds, room)


def available_memory() -> float:
    """Return the memory that this machine can still give to programs [B]; infinity where it does not say."""
    table = Path("/proc/meminfo")
    if table.is_file():
        for line in table.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * float(line.split()[1])
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return float("inf")


def process_memory() -> float:
    """Return the memory this process holds now [B]; a usual number where the system does not say."""
    table = Path("/proc/self/statm")
    if table.is_file():
        return float(table.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return PROCESS_MEMORY


def product_speed(size: int = 400) -> float:
    """Return the operations per second of a matrix product on this machine now [1/s].

    Args:
        size: rows of the matrices.
    """
    matrix = np.ones((size, size))
    matrix @ matrix
    begin = time.process_time()
    for _ in range(4):
        matrix @ matrix
    return 4 * 2.0 * size**3 / max(time.process_time() - begin, 1e-6)


def factor_cost(terms: PairTerms) -> tuple[float, float]:
    """Return the elements of the factor of the dynamical matrix and the operations of a factorisation [-].

    The graph of the atoms is analysed in place of the matrix, each element of which stands for a block of d x d. Where
    PARDISO is absent both come from the growth N^(4/3) and N^2 of nested dissection of a solid body.

    Args:
        terms: pairs of the configuration.
    """
    d, n = terms.dimension, terms.n_atoms
    if default_backend() != "pardiso":
        reach = 1.0 + 2.0 * len(terms.first_p) / n
        return 2.1 * d**2 * reach ** (2 / 3) * n ** (4 / 3), 2.6 * d**3 * reach**2 * n**2 / 100.0
    low, high = np.minimum(terms.first_p, terms.second_p), np.maximum(terms.first_p, terms.second_p)
    rows, columns = np.concatenate([low, np.arange(n)]), np.concatenate([high, np.arange(n)])
    graph = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    graph.sort_indices()
    analysed = Pardiso(graph)
    nonzeros, flops = float(analysed.nonzeros), analysed.flops
    analysed.release()
    return d**2 * nonzeros, d**3 * flops


def dense_pays(terms: PairTerms, count: int) -> bool:
    """Return whether LAPACK is faster than any sparse solver.

    Args:
        terms: pairs of the configuration.
        count: number of lowest modes.
    """
    size = terms.dimension * terms.n_atoms
    return size <= DENSE_LIMIT or count > size // DENSE_SHARE


def forecast_modes(
    terms: PairTerms,
    count: int | None = None,
    *,
    method: str | None = None,
    available: float | None = None,
    dissection: Dissection | None = None,
    speed: float | None = None,
) -> ModesForecast:
    """Return how modes will be computed and at what cost: the fastest method that fits into memory, or the one named.

    Args:
        terms: pairs of the configuration.
        count: number of lowest modes, zero modes included; all where absent.
        method: ``dense``, ``dissection``, ``pardiso`` or ``superlu``; None chooses.
        available: memory that may be used, that of the machine where absent [B].
        dissection: order of elimination; without it a sparse method is PARDISO's or SuperLU's.
        speed: operations of a product of matrices per second, measured now where absent [1/s].

    Raises:
        InputError: count out of range or not for this method, unknown method, a dissection asked for and not given.
    """
    size = terms.dimension * terms.n_atoms
    if count is not None and not 1 <= count <= size:
        raise InputError(f"count = {count} modes; expected 1 to {size}")
    if method is not None and method not in METHODS:
        raise InputError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}{nearest(method, METHODS)}")
    room = available_memory() + process_memory() if available is None else available
    wanted = size if count is None else count
    if method in FACTOR_EFFICIENCY and wanted > size - 2:
        raise InputError(
            f"{wanted} modes by {method}: expected at most {size - 2}, for the certificate needs two above"
        )
    if count is None or (method is None and dense_pays(terms, wanted)):
        method = method or "dense"
    if speed is None:
        speed = product_speed()  # once: whose forecast is shorter does not depend on it
    if method == "dense":
        return _dense(terms, wanted, room, count is None, speed)
    if method in (None, "dissection") and dissection is not None:
        plan, dense = _dissected(terms, wanted, room, dissection, speed), _dense(terms, wanted, room, False, speed)
        faster = method is None and dense.seconds < plan.seconds and dense.memory <= room
        return dense if faster else plan
    if method == "dissection":
        raise InputError("method 'dissection' needs the order of elimination; expected one in `dissection`")
    return _sparse(terms, wanted, room, method or default_backend(), speed)


def _dense(terms: PairTerms, count: int, room: float, full: bool, speed: float) -> ModesForecast:
    size = terms.dimension * terms.n_atoms
    copies = FULL_COPIES if full else DENSE_COPIES + 2.0 * count / size
    flops = (FULL_FLOPS / FULL_EFFICIENCY if full else FEW_FLOPS / FEW_EFFICIENCY) * float(size) ** 3
    memory = process_memory() + PAIR_BYTES * len(terms.first_p) + copies * NUMBER * float(size) ** 2
    basis = "LAPACK, size of its matrices"
    return ModesForecast("dense", terms.n_atoms, size, count, memory, flops / speed, room, basis)


def sliced_cost(
    terms: PairTerms, dissection: Dissection, count: int, *, speed: float, counting: bool = False
) -> tuple[float, float, int]:
    """Return memory beyond what the process holds [B], processor time [s] and number of shifts of spectrum slices.

    Args:
        terms: pairs of the configuration.
        dissection: order of elimination.
        count: number of modes.
        speed: operations of a product of matrices per second [1/s].
        counting: whether the ends of a window are factorised, and nothing else.
    """
    size = terms.dimension * terms.n_atoms
    matrix = DISSECTED_COPIES * 12.0 * terms.dimension**2 * 2 * len(terms.first_p)
    first = min(SLICE // 2, count)
    slices = -(-(count - first) // SLICE)
    bases = [
        (ABOVE_FIRST + ABOVE_ALONE * first) * (first > 0),
        *[VECTORS_PER_MODE * (count - first) / max(slices, 1)] * slices,
    ]
    finding = max(dissection.peak, dissection.nonzeros + size * (2 * max(bases) + SLICE)) + size * count
    memory = matrix + NUMBER * max(finding, size * WINDOW_COPIES * count)
    factorisations = (2 if counting else slices) * dissection.flops / DOUBLE_EFFICIENCY
    solutions = 4.0 * dissection.nonzeros * sum(bases) / DOUBLE_SOLVE_EFFICIENCY
    rest = sum(BASIS_PASSES * size * basis**2 + LOOK_FLOPS * basis**3 for basis in bases)
    return memory, (factorisations + solutions + rest) / speed, 2 if counting else 1 + slices


def sliced_basis(dissection: Dissection, shifts: int) -> str:
    """Return what a forecast of spectrum slices rests on.

    Args:
        dissection: order of elimination.
        shifts: number of shifts.
    """
    return f"nested dissection in {len(dissection.fronts)} fronts, {shifts} shift{'s' if shifts > 1 else ''}"


def _dissected(terms: PairTerms, count: int, room: float, dissection: Dissection, speed: float) -> ModesForecast:
    size = terms.dimension * terms.n_atoms
    if count >= SLICES_FROM:
        memory, seconds, shifts = sliced_cost(terms, dissection, count, speed=speed)
        memory, basis = memory + process_memory(), sliced_basis(dissection, shifts)
        return ModesForecast("dissection", terms.n_atoms, size, count, memory, seconds, room, basis)
    vectors = ROUGH_BASIS * max(DISSECTED_SPARE * count, count + SPARE_MODES)
    matrix = DISSECTED_COPIES * 12.0 * terms.dimension**2 * 2 * len(terms.first_p)
    factor = max(SINGLE * dissection.peak, SINGLE * dissection.nonzeros + NUMBER * 2 * vectors * size)
    memory = process_memory() + matrix + factor + NUMBER * 3 * count * size
    solutions = 4.0 * dissection.nonzeros * vectors / SOLVE_EFFICIENCY
    projections = 6.0 * size * vectors**2
    seconds = (2 * dissection.flops / SINGLE_EFFICIENCY + solutions + projections) / speed
    basis = f"nested dissection in {len(dissection.fronts)} fronts"
    return ModesForecast("dissection", terms.n_atoms, size, count, memory, seconds, room, basis)


def _sparse(terms: PairTerms, count: int, room: float, backend: str, speed: float) -> ModesForecast:
    size = terms.dimension * terms.n_atoms
    nonzeros, flops = factor_cost(terms)
    basis = "analysis of the graph of the atoms" if default_backend() == "pardiso" else "growth of a solid's factor"
    if backend == "superlu":
        nonzeros, flops = SUPERLU_FILL * 2 * nonzeros, SUPERLU_FILL**2 * 2 * flops
    vectors = BASIS_PER_MODE * (count + SPARE_MODES)
    matrix = MATRIX_COPIES * 12.0 * terms.dimension**2 * 2 * len(terms.first_p)
    memory = process_memory() + NUMBER * (1.1 * nonzeros + (vectors + 3 * count) * size) + matrix
    solutions = 4.0 * nonzeros * vectors / (0.3 * speed)
    seconds = 2 * flops / (FACTOR_EFFICIENCY[backend] * speed) + solutions
    return ModesForecast(backend, terms.n_atoms, size, count, memory, seconds, room, basis)
