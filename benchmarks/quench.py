"""How fast a liquid at T = 1 becomes an inherent structure with max|F| <= 1e-10, beside ASE and LAMMPS.

In every round each contender descends from the same liquid, another one each round. Basins are many, and contenders end
in different ones: what is compared before times is the force at the end, and that the energies per atom are those of
one distribution. Started from one shaken inherent structure all have to find the same minimum; there the energies are
compared number by number, those of ASE, which is slow, once. Times are of the processor and of the descent alone; the
certificate that it ends in a minimum, which no other offers, is timed by itself. A force above 1e-10 at the end of a
contender is its best, and said.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from atomsim import dynamics
from atomsim.certificate import certify
from atomsim.errors import InputError
from atomsim.minimise import FORCE_TOLERANCE, Minimised, settle
from atomsim.pairs import DEFAULT_SKIN, PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import without_overlaps
from atomsim.results import Array
from atomsim.structure import random_start

sys.path.insert(0, str(Path(__file__).parent))
from calculators import MODEL, bound_to, edge_of, lammps_calculator, matscipy_calculator, plain_atoms
from harness import OURS, Bound, Rates, Row, in_turn, measure_rates, require_same, run_alone
from lammps_engine import LammpsRun, require_lammps

MELT_STEPS, TIME_STEP = 600, 0.005
SHAKE = 0.01  # of an inherent structure, so little that its basin is not left [sigma]
SAME_ENERGY = 1e-7  # relative; the table of LAMMPS interpolates [-]
ONE_DISTRIBUTION = 6.0  # standard deviations within which the energies of single inherent structures lie [-]
OPERATIONS_PER_PAIR = 30  # distance in a periodic box, power, energy and three components of the force
LAMMPS_STYLES = ("cg", "fire", "hftn", "sd", "quickmin")
ASE_OPTIMISERS = ("LBFGS", "FIRE", "FIRE2")
MOST_STEPS = 20000


@dataclass(frozen=True)
class Descent:
    """One descent: processor time [s], energy per atom [epsilon], largest force left [epsilon/sigma], evaluations."""

    seconds: float
    energy: float
    max_force: float
    evaluations: int


Descend = Callable[[Array], Descent]


def liquid(n_atoms: int, seed: int) -> Array:
    """Return positions of an equilibrated liquid at T = 1 [sigma].

    Args:
        n_atoms: number of atoms.
        seed: of all random numbers.
    """
    rng, model = np.random.default_rng(seed), get_model(MODEL)
    atoms = random_start(model, n_atoms, model.density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    start_nc = without_overlaps(interaction, atoms.positions)
    state = dynamics.start(interaction, start_nc, temperature=1.0, rng=rng, mass_n=np.ones(n_atoms))
    state, _ = dynamics.run(interaction, state, steps=MELT_STEPS, time_step=TIME_STEP, temperature=1.0)
    return np.asarray(state.positions_nc)


def by_us(positions_nc: Array) -> Descent:
    """Descend by this suite.

    Args:
        positions_nc: the liquid [sigma].
    """
    begin = time.process_time()
    found = settle(bound_to(positions_nc), positions_nc)
    seconds = time.process_time() - begin
    return Descent(seconds, found.energy / len(positions_nc), found.max_force, found.n_evaluations)


class ByLammps:
    """``minimize`` of LAMMPS with one of its styles, pair style ``table``, until the forces or the style end it."""

    def __init__(self, style: str) -> None:
        """Choose the style.

        Args:
            style: ``cg``, ``fire``, ``hftn``, ``sd`` or ``quickmin``.
        """
        self.style = style

    def __call__(self, positions_nc: Array) -> Descent:
        """Descend.

        Args:
            positions_nc: the liquid [sigma].
        """
        n_atoms, edge = len(positions_nc), edge_of(len(positions_nc))
        run = LammpsRun(
            get_model(MODEL).radial, positions_nc=positions_nc % edge, velocities_nc=np.zeros_like(positions_nc),
            edge=edge, time_step=TIME_STEP, skin=DEFAULT_SKIN, style="table",
        )  # fmt: skip
        run.engine.commands_string(f"unfix 1\nmin_style {self.style}")
        if self.style != "hftn":  # which knows the Euclidean norm only, and so goes on a little farther
            run.engine.command("min_modify norm max")
        begin = time.process_time()
        run.engine.command(f"minimize 0.0 {FORCE_TOLERANCE!r} {MOST_STEPS} {10 * MOST_STEPS}")
        seconds = time.process_time() - begin
        steps = int(run.engine.extract_global("ntimestep"))
        forces_nc = np.array(run.engine.numpy.extract_atom("f"))[:n_atoms]
        energy = run.potential_energy()
        run.close()
        return Descent(seconds, energy, float(np.abs(forces_nc).max()), steps)


class ByAse:
    """One of ASE's optimisers on the calculator given."""

    def __init__(self, optimiser: str, calculator: Callable[[], Any]) -> None:
        """Choose.

        Args:
            optimiser: its name in ``ase.optimize``.
            calculator: makes the calculator.
        """
        self.optimiser, self.calculator = optimiser, calculator

    def __call__(self, positions_nc: Array) -> Descent:
        """Descend.

        Args:
            positions_nc: the liquid [sigma].
        """
        import ase.optimize

        atoms = plain_atoms(positions_nc)
        atoms.calc = self.calculator()
        atoms.get_forces()  # sets the calculator up
        optimiser = getattr(ase.optimize, self.optimiser)(atoms, logfile=None)
        begin = time.process_time()
        optimiser.run(fmax=FORCE_TOLERANCE, steps=MOST_STEPS)
        seconds = time.process_time() - begin
        forces_nc = atoms.get_forces()
        energy = atoms.get_potential_energy() / len(atoms)
        return Descent(seconds, energy, float(np.abs(forces_nc).max()), optimiser.nsteps)


def fastest_calculator(candidates: Mapping[str, Callable[[], Any]], positions_nc: Array) -> str:
    """Return the name of the calculator that gives forces soonest after a small move.

    Args:
        candidates: makes each calculator.
        positions_nc: where [sigma].
    """
    seconds = {}
    for name, make in candidates.items():
        atoms = plain_atoms(positions_nc)
        atoms.calc = make()
        times = []
        for _ in range(4):
            atoms.positions += 1e-6
            begin = time.process_time()
            atoms.get_forces()
            times.append(time.process_time() - begin)
        seconds[name] = min(times)
    print("forces for ASE: " + ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in seconds.items()), flush=True)
    return min(seconds, key=lambda name: seconds[name])


def peers(options: argparse.Namespace, positions_nc: Array, folder: Path) -> dict[str, Descend]:
    """Return the contenders other than this suite.

    Args:
        options: the command line.
        positions_nc: a liquid [sigma].
        folder: for files that peers need.
    """
    found: dict[str, Descend] = {}
    if options.ase:
        calculators: dict[str, Callable[[], Any]] = {"matscipy": matscipy_calculator}
        calculators["LAMMPS"] = lambda: lammps_calculator(folder)
        best = fastest_calculator(calculators, positions_nc)
        found = {f"ASE {name}, {best} calculator": ByAse(name, calculators[best]) for name in options.ase}
    return {**found, **{f"LAMMPS minimize, {style}": ByLammps(style) for style in options.lammps}}


def require_one_distribution(descents: Mapping[str, Sequence[Descent]]) -> str:
    """Return what to say of the energies, refusing a contender whose energies are not those of the others.

    Args:
        descents: of each contender.

    Raises:
        InputError: an energy lies outside, or our own force is too large.
    """
    ours = [run.energy for run in descents[OURS]]
    spread = float(np.std(ours, ddof=1))
    for name, runs in descents.items():
        for run in runs:
            if not abs(run.energy - mean(ours)) <= ONE_DISTRIBUTION * spread:
                raise InputError(f"{name} ends at {run.energy:.6f} per atom, ours at {mean(ours):.6f} +- {spread:.6f}")
    if max(run.max_force for run in descents[OURS]) > FORCE_TOLERANCE:
        raise InputError("our own forces are above the tolerance; not compared")
    return "; ".join(
        f"{name}: {mean(run.energy for run in runs):.5f} per atom, max|F| <= {max(run.max_force for run in runs):.0e}, "
        f"{median(run.evaluations for run in runs):.0f} {'evaluations' if name == OURS else 'steps'}"
        for name, runs in descents.items()
    )


def timed(task: str, ways: Mapping[str, Descend], starts: Sequence[Array], rates: Rates, **row: Any) -> Row:
    """Return the row of a task in which all ways descend from the same starts, with what they ended in as a remark.

    Args:
        task: its name.
        ways: the contenders, ours first.
        starts: one for each round [sigma].
        rates: of this core.
        row: what else the row says.
    """
    descents: dict[str, list[Descent]] = {name: [] for name in ways}

    def runner(name: str) -> Callable[[], float]:
        def run() -> float:
            descents[name].append(ways[name](starts[len(descents[name])]))
            return descents[name][-1].seconds

        return run

    seconds = in_turn({name: runner(name) for name in ways}, len(starts))
    remark = require_one_distribution(descents) if row.pop("several_basins") else _same(task, descents)
    work = median(run.evaluations for run in descents[OURS]) * _pairs(starts[0]) * OPERATIONS_PER_PAIR
    bound = Bound(work / rates.operations, f"{OPERATIONS_PER_PAIR} operations for each pair of each evaluation")
    return Row(task, seconds, amount=0.0, per="", bound=bound, remark=remark, **row)


def _pairs(positions_nc: Array) -> int:
    return len(bound_to(positions_nc).separations(positions_nc)[0])


def _same(task: str, descents: Mapping[str, Sequence[Descent]]) -> str:
    worst = require_same(
        task, {name: np.array([r.energy for r in runs]) for name, runs in descents.items()}, SAME_ENERGY
    )
    return f"all ended in the same minima: energies agree within {worst:.0e}"


def same_minimum(ways: Mapping[str, Descend], start_nc: Array) -> str:
    """Return what to say of ways that find our minimum from one start, refusing those that do not.

    Args:
        ways: the contenders.
        start_nc: close to a minimum [sigma].

    Raises:
        InputError: one ends at another energy.
    """
    if not ways:
        return ""
    energies: dict[str, Array | float] = {name: way(start_nc).energy for name, way in {OURS: by_us, **ways}.items()}
    worst = require_same("shaken inherent structure", energies, SAME_ENERGY)
    return f"; {', '.join(ways)} once, within {worst:.0e}"


def certified(found: Sequence[tuple[PairInteraction, Minimised]]) -> Row:
    """Return the row of the certificate by itself.

    Args:
        found: minima with the model bound to them.
    """
    seconds = []
    for interaction, minimum in found:
        begin = time.process_time()
        certificate = certify(interaction, minimum.positions_nc, np.ones(interaction.n_atoms))
        seconds.append(time.process_time() - begin)
        certificate.require_minimum(name="the end of the descent", zero_modes=3)
    return Row("certificate of the minimum: inertia and lowest eigenvalue", {OURS: seconds}, {}, 0.0, "")


def rows(
    *, n_atoms: int, rounds: int, seed: int, ase_optimisers: Sequence[str], lammps_styles: Sequence[str]
) -> list[Row]:
    """Return all tasks, measured.

    Args:
        n_atoms: atoms of the liquids.
        rounds: liquids, each descended once by each contender.
        seed: of the first liquid.
        ase_optimisers: which of ASE's.
        lammps_styles: which of LAMMPS'.

    Raises:
        MissingExtra: a program to compare with is not installed.
    """
    if lammps_styles or ase_optimisers:
        require_lammps()
    options = argparse.Namespace(ase=ase_optimisers, lammps=lammps_styles)
    rates = measure_rates()
    starts = [liquid(n_atoms, seed + k) for k in range(rounds)]
    by_us(starts[0])  # compiles
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Descend] = {OURS: by_us, **peers(options, starts[0], Path(folder))}
        goals = {name: 20.0 if name.startswith("ASE") else 3.0 for name in ways if name != OURS}
        quench = timed(
            f"quench of {n_atoms} atoms from T = 1 to max|F| <= {FORCE_TOLERANCE:.0e}, {MODEL}", ways, starts, rates,
            goals=goals, several_basins=True,
        )  # fmt: skip
        found = [(interaction, settle(interaction, start)) for start in starts for interaction in [bound_to(start)]]
        rng = np.random.default_rng(seed)
        shaken = [m.positions_nc + rng.normal(0, SHAKE, m.positions_nc.shape) for _, m in found]
        slow = {name: way for name, way in ways.items() if name.startswith("ASE")}
        near = {name: way for name, way in ways.items() if name not in slow and not name.endswith(("sd", "quickmin"))}
        again = timed(
            f"the same from inherent structures shaken by {SHAKE:g} sigma", near, shaken, rates, goals={},
            several_basins=False,
        )  # fmt: skip
        again = replace(again, remark=again.remark + same_minimum(slow, shaken[0]))
    return [quench, again, certified(found)]


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atoms", type=int, default=1000, help="atoms of the liquids")
    parser.add_argument("--rounds", type=int, default=5, help="liquids, each descended by each contender")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first liquid")
    parser.add_argument("--ase", nargs="*", default=["LBFGS"], choices=ASE_OPTIMISERS, help="optimisers of ASE")
    parser.add_argument("--lammps", nargs="*", default=["cg", "fire"], choices=LAMMPS_STYLES, help="styles of LAMMPS")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark and return the exit status."""
    options = arguments()
    return run_alone(
        lambda: rows(
            n_atoms=options.atoms, rounds=options.rounds, seed=options.seed, ase_optimisers=options.ase,
            lammps_styles=options.lammps,
        ),
        options.json,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
