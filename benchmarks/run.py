"""How fast the suite is on this machine beside other programs, on the same systems in the same run.

Tasks: molecular dynamics, quench, Hessian with contractions and whole spectra, cost against the number of atoms, exact
conductivity. Every contender's numbers are compared before its times, contenders run in turn, ratios are medians with
their range, and each task says what bounds it. Longer comparisons are programs of their own beside this one: modes.py
(lowest modes), engines.py (LAMMPS under MPI), dask_ensemble.py, swap.py, wind_force.py, liquid_metals.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from analysis.soft_potential.level_table import Resolution
from atomsim.errors import AtomsimError

sys.path.insert(0, str(Path(__file__).parent))
import dynamics
import exact_conductivity
import hessian
import quench
import scaling
from harness import Rates, Row, measure_rates, print_row, require_place, write_json

Task = Callable[[argparse.Namespace, Rates], list[Row]]

TASKS: dict[str, Task] = {
    "dynamics": lambda o, rates: dynamics.rows(
        argparse.Namespace(atoms=8000, steps=100, rounds=o.rounds, seed=o.seed), rates
    ),
    "quench": lambda o, _: quench.rows(
        n_atoms=1000, rounds=o.rounds, seed=o.seed, ase_optimisers=["LBFGS"], lammps_styles=["cg", "fire"]
    ),
    "hessian": lambda o, _: hessian.rows(
        n_atoms=4096, lammps_atoms=500, spectrum_atoms=1000, rounds=o.rounds, seed=o.seed, lammps=True
    ),
    "scaling": lambda o, _: scaling.rows(sizes=len(scaling.COPIES), rounds=o.rounds, seed=o.seed),
    "conductivity": lambda _, __: exact_conductivity.rows(Resolution(), exact_conductivity.NESTED_TEMPERATURES),
}


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(TASKS), default=list(TASKS), help="which tasks; else all")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender, at least 5")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers")
    parser.add_argument(
        "--json", type=Path, default=Path("bench/results.json"), help="file for all that was measured, after each task"
    )
    return parser.parse_args()


def main() -> int:
    """Run the benchmarks and return the exit status: 1 where a task was refused, the others are done all the same."""
    options = arguments()
    refused = 0
    found: list[Row] = []
    try:
        require_place(options.json)
    except AtomsimError as error:
        print(error, file=sys.stderr)
        return 1
    with threadpool_limits(1):
        rates = measure_rates()
        print(f"one core: {rates.operations / 1e9:.3g} Gflop/s in products, {rates.traffic / 1e9:.3g} GB/s in copies")
        for name in options.only:
            try:
                measured = TASKS[name](options, rates)
            except AtomsimError as error:
                print(f"{name}: {error}", file=sys.stderr)
                refused = 1
                continue
            for row in measured:
                print_row(row)
            found += measured
            write_json(options.json, found, rates)
    if found:
        print(f"all of it is in {options.json}")
    return refused


if __name__ == "__main__":
    sys.exit(main())
