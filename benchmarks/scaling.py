"""How costs grow with the number of atoms, from 1e3 to 1e5: dynamics, Hessian, contractions, kernel polynomials.

Systems are periodic copies of one small inherent structure of a short-ranged model: copies have its neighbours and no
forces, whatever else they are, and only costs are read off. Steps of the dynamics run with a little temperature, so
that lists of neighbours are rebuilt as often at all sizes. Times are of the processor, medians over the rounds, and
the exponent is the slope of a straight line in logarithms.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.modes.kernel_polynomial import kernel_polynomial_density
from analysis.plotting.scaling import Cost, plot_costs
from analysis.plotting.style import as_png
from analysis.soft_modes import contractions
from atomsim import dynamics
from atomsim.errors import AtomsimError
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairTerms
from atomsim.quench import Glass

sys.path.insert(0, str(Path(__file__).parent))
from harness import LEAST_ROUNDS, OURS, Bound, Rates, Row, in_turn, measure_rates, print_row, write_json
from modes import SHORT_RANGE, copied, quenched

SMALL_ATOMS = 1000
COPIES = ((1, 1, 1), (2, 2, 1), (3, 3, 2), (5, 4, 2), (5, 5, 4))
LARGEST_EXPONENT = 1.1
STEPS, TIME_STEP, TEMPERATURE = 10, 0.005, 0.3
DIRECTIONS, MOMENTS, VECTORS = 8, 16, 8
# Of a pair, as far as the formulas go; the bytes of an element and its column.
FORCE_OPERATIONS, FIELD_OPERATIONS, PRODUCT_OPERATIONS = 30, 35, 36
ELEMENT = 12.0


def processor_time(call: Callable[[], object]) -> float:
    """Return the processor time of a call [s].

    Args:
        call: what to time.
    """
    begin = time.process_time()
    call()
    return time.process_time() - begin


def _dynamics(glass: Glass, seed: int) -> Callable[[], float]:
    interaction = glass.interaction()
    state = dynamics.start(
        interaction, glass.positions_nc, temperature=TEMPERATURE, rng=np.random.default_rng(seed), mass_n=glass.mass_n
    )

    def run() -> float:
        nonlocal state
        begin = time.process_time()
        state, _ = dynamics.run(interaction, state, steps=STEPS, time_step=TIME_STEP)
        return (time.process_time() - begin) / STEPS

    return run


def _hessian(glass: Glass) -> Callable[[], float]:
    return lambda: processor_time(lambda: hessian_matrix(glass.interaction().terms(glass.positions_nc)))


def _contraction(terms: PairTerms, seed: int) -> Callable[[], float]:
    field_nck = np.random.default_rng(seed).normal(0, 1, (terms.n_atoms, 3, DIRECTIONS))
    return lambda: processor_time(lambda: contractions.third_field(terms, field_nck))


def _polynomial(glass: Glass, seed: int) -> Callable[[], float]:
    def run() -> float:
        marks: list[float] = []
        kernel_polynomial_density(
            glass.interaction(), glass.positions_nc, glass.mass_n, moments=MOMENTS, vectors=VECTORS,
            rng=np.random.default_rng(seed), progress=lambda share: marks.append(time.process_time()),
        )  # fmt: skip
        return float(np.median(np.diff(marks)))

    return run


def at_size(glass: Glass, rounds: int, seed: int, rates: Rates) -> dict[str, Row]:
    """Return the rows of all tasks for one system.

    Args:
        glass: the system.
        rounds: how often each.
        seed: of velocities and fields.
        rates: of this core.
    """
    terms = glass.interaction().terms(glass.positions_nc)
    pairs, n_atoms = len(terms.first_p), glass.n_atoms
    elements = 9 * (2 * pairs + n_atoms)
    tasks = {
        "step of the dynamics": (_dynamics(glass, seed), pairs * FORCE_OPERATIONS / rates.operations, "operations"),
        "Hessian from positions": (_hessian(glass), elements * ELEMENT / rates.traffic, "the matrix written once"),
        f"Phi_3 : z z, {DIRECTIONS} directions": (
            _contraction(terms, seed), DIRECTIONS * pairs * FIELD_OPERATIONS / rates.operations, "operations",
        ),
        f"kernel polynomials, step of {VECTORS} vectors": (
            _polynomial(glass, seed), VECTORS * pairs * PRODUCT_OPERATIONS / rates.operations, "operations",
        ),
    }  # fmt: skip
    found = {}
    for name, (run, least, limit) in tasks.items():
        run()  # compiles, fills the lists
        seconds = in_turn({OURS: run}, rounds)
        found[name] = Row(f"{name}, N = {n_atoms}", seconds, {}, n_atoms, "atoms", Bound(least, limit))
    return found


def costs_of(rows_by_size: dict[int, dict[str, Row]]) -> list[Cost]:
    """Return the medians of each task at all sizes.

    Args:
        rows_by_size: rows of each task by the number of atoms.
    """
    atoms_k = np.array(sorted(rows_by_size))
    names = next(iter(rows_by_size.values()))
    return [
        Cost(name, atoms_k.astype(float), np.array([median(rows_by_size[n][name].seconds[OURS]) for n in atoms_k]))
        for name in names
    ]


def measured_sizes(*, sizes: int, rounds: int, seed: int) -> dict[int, dict[str, Row]]:
    """Return the rows of each task by the number of atoms.

    Args:
        sizes: how many of the sizes, the smallest first.
        rounds: how often each task.
        seed: of all random numbers.
    """
    rates, small = measure_rates(), quenched(SHORT_RANGE, SMALL_ATOMS, seed)
    found = {}
    for copies in COPIES[:sizes]:
        glass = copied(small, copies)
        found[glass.n_atoms] = at_size(glass, rounds, seed, rates)
    return found


def rows(*, sizes: int, rounds: int, seed: int) -> list[Row]:
    """Return all tasks at all sizes, measured; the exponent stands at the largest size.

    Args:
        sizes: how many of the sizes, the smallest first.
        rounds: how often each task.
        seed: of all random numbers.
    """
    return with_exponents(measured_sizes(sizes=sizes, rounds=rounds, seed=seed))


def with_exponents(found: dict[int, dict[str, Row]]) -> list[Row]:
    """Return the rows, those of the largest size with the exponent of their task as a remark.

    Args:
        found: rows of each task by the number of atoms.
    """
    exponents = {cost.task: cost.exponent for cost in costs_of(found)}
    listed = []
    for n_atoms, tasks in found.items():
        for name, row in tasks.items():
            remark = f"grows as N^{exponents[name]:.3f} from N = {min(found)}, goal {LARGEST_EXPONENT:g}"
            listed.append(row if n_atoms < max(found) else Row(**{**vars(row), "remark": remark}))
    return listed


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, default=len(COPIES), help="how many sizes up to 1e5 atoms, at least 2")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="runs of each task")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    parser.add_argument("--figure", type=Path, help="PNG file of cost against size")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark and return the exit status."""
    options = arguments()
    try:
        with threadpool_limits(1):
            found = measured_sizes(sizes=options.sizes, rounds=options.rounds, seed=options.seed)
        measured = with_exponents(found)
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    for row in measured:
        print_row(row)
    if options.figure:
        options.figure.write_bytes(as_png(plot_costs(costs_of(found)).figure))
    if options.json:
        write_json(options.json, measured, measure_rates())
    return 0


if __name__ == "__main__":
    sys.exit(main())
