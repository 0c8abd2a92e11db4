"""The built-in glass models in LAMMPS, by their formulas, in reduced units.

A radial function x^-n S(x^2) + T(x^2) is a sum of powers of the distance, which the pair style ``lepton`` takes as it
is: no table stands between, so energies and forces are those of the embedded engine but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomsim.engines.lammps import LammpsBox
from atomsim.errors import InputError, NotConverged
from atomsim.potentials import Mixing, Model, RadialFunction
from atomsim.results import Array, IntArray, quantity

BATH, MOTION = "bath", "motion"  # names of the thermostat and of the integrator in LAMMPS
SKIN = 0.3  # reach of the list of neighbours beyond the cut-off [sigma]
LARGEST_JUMP = 0.5  # of the conserved energy between two samples, relative to the kinetic energy [-]


@dataclass(frozen=True)
class ModelSystem:
    """A model and the atoms it is bound to, all that LAMMPS needs to know of them."""

    model: Model
    cell_cc: Array = quantity("sigma", "cell vectors as rows, along the axes")
    species_n: IntArray = quantity("1", "species of each atom")
    size_n: Array = quantity("sigma", "diameter of each atom")
    mass_n: Array = quantity("m", "mass of each atom")


@dataclass(frozen=True)
class Sample:
    """Energies at one step."""

    step: int
    potential: float = quantity("epsilon", "potential energy of all atoms")
    kinetic: float = quantity("epsilon", "kinetic energy of all atoms")
    heat: float = quantity("epsilon", "energy that the thermostat has put in")


def require_possible(model: Model) -> None:
    """Refuse a model that is not three-dimensional or does not end: LAMMPS is not used for it.

    Args:
        model: the model.

    Raises:
        InputError: what is wrong with it.
    """
    if model.dimension != 3:
        raise InputError(
            f"{model.name!r} in {model.dimension} dimensions: the engine 'lammps' has three; use 'embedded'"
        )
    if not np.isfinite(model.radial.cutoff):
        raise InputError(f"{model.name!r} has no cut-off, which the engine 'lammps' needs")


def series(radial: RadialFunction, *, length: float, energy: float, variable: str) -> str:
    """Return energy * phi(variable / length) as a formula, a sum of powers.

    Args:
        radial: the radial function.
        length: length of the pair [sigma].
        energy: energy of the pair [epsilon].
        variable: name of the distance in the formula.
    """
    powers = [(2 * k - radial.exponent, c) for k, c in enumerate(radial.singular)]
    powers += [(2.0 * k, c) for k, c in enumerate(radial.regular)]
    terms = []
    for power, coefficient in powers:
        factor = energy * coefficient * length**-power
        if factor and power:
            terms.append(f"({factor!r})*{variable}^({power!r})")
        elif factor:
            terms.append(f"({factor!r})")
    return "+".join(terms) or "0"


def pair_commands(model: Model, size_n: Array) -> list[str]:
    """Return the commands that give LAMMPS the pair energies of a model.

    Lengths that follow from two diameters, lambda = (s_i + s_j)/2 (1 - d |s_i - s_j|), stand in the formula, which is
    cut at its own reach; LAMMPS only looks at pairs nearer than the longest of them.

    Args:
        model: the model.
        size_n: diameters of the atoms [sigma].
    """
    mixing, radial, reach = model.mixing, model.radial, model.cutoff(size_n)
    if mixing.kind == "sizes":
        formula = series(radial, length=1.0, energy=1.0, variable="x")
        length = f"(radi+radj)*(1-({2 * mixing.non_additivity!r})*abs(radi-radj))"
        cut = f"step({radial.cutoff!r}-x)*({formula});x=r/l;l={length}"
        return [f"pair_style lepton/sphere {reach!r}", f'pair_coeff * * "{cut}"']
    return [f"pair_style lepton {reach!r}", *_of_species(mixing, radial)]


def _of_species(mixing: Mixing, radial: RadialFunction) -> list[str]:
    """A formula for each pair of species, which LAMMPS counts from 1."""
    lengths, energies = np.array(mixing.lengths), np.array(mixing.energies)
    commands = []
    for i, j in zip(*np.triu_indices(len(lengths)), strict=True):
        length = float(lengths[i, j])
        formula = series(radial, length=length, energy=float(energies[i, j]), variable="r")
        commands.append(f'pair_coeff {i + 1} {j + 1} "{formula}" {length * radial.cutoff!r}')
    return commands


class ModelBox(LammpsBox):
    """One instance of LAMMPS bound to a model, its atoms and an orthogonal periodic box, in reduced units."""

    # Atoms of the style ``sphere`` have masses and diameters of their own; they do not turn.
    UNITS, ATOM_STYLE = "lj", "sphere"
    PRESSURE_UNIT, DESCENT_STEP = 1.0, 0.005

    def __init__(self, system: ModelSystem) -> None:
        """Start LAMMPS with atoms that have no positions yet.

        Args:
            system: the model and its atoms.

        Raises:
            InputError: a cell that is not orthogonal, or a model that LAMMPS is not used for.
            MissingExtra: LAMMPS is not installed.
        """
        require_possible(system.model)
        species_n = (
            system.species_n if system.model.mixing.kind == "species" else np.zeros(len(system.size_n), np.int64)
        )
        super().__init__(system.model.name, species_n, system.cell_cc, n_species=len(system.model.mixing.lengths))
        self._scatter("radius", 0.5 * system.size_n)
        self._scatter("rmass", system.mass_n)
        self._lammps.commands_list(
            [
                *pair_commands(system.model, system.size_n),
                f"neighbor {SKIN!r} bin",
                "neigh_modify every 1 delay 0 check yes",
                "compute virial all pressure NULL virial",
                "thermo_style custom step pe ke temp c_virial[1] c_virial[2] c_virial[3]",
                "thermo_modify norm no",
                "thermo 1000000000",
                f"fix {MOTION} all nve",
            ]
        )
        self._heat_before = 0.0

    def forces(self, positions_nc: Array) -> Array:
        """Return the forces alone [epsilon/sigma]; a step, by which the base class goes on, would move the atoms.

        Args:
            positions_nc: positions, (N, 3) [sigma].
        """
        return self.evaluate(positions_nc).forces_nc

    def velocities(self) -> Array:
        """Return the velocities [sqrt(epsilon/m)]."""
        return self._gather("v")

    def start(self, positions_nc: Array, velocities_nc: Array) -> None:
        """Put the atoms to positions with velocities, from which :meth:`move` goes on.

        Args:
            positions_nc: positions, (N, 3) [sigma].
            velocities_nc: velocities, (N, 3) [sqrt(epsilon/m)].
        """
        self._put(positions_nc)
        self._scatter("v", velocities_nc)
        self._command("run 0 post no")

    def set_bath(self, temperatures: tuple[float, float], *, relaxation_time: float, seed: int) -> None:
        """Couple the velocities to the thermostat of Bussi, Donadio and Parrinello.

        Args:
            temperatures: at the first and the last step of a schedule, linear between [epsilon].
            relaxation_time: time in which the kinetic energy is forgotten [sigma sqrt(m/epsilon)].
            seed: of its random numbers.
        """
        first, last = temperatures
        # A run without preparation would pass over what was added since the last one.
        self._command(f"fix {BATH} all temp/csvr {first!r} {last!r} {relaxation_time!r} {seed}\nrun 0 post no")

    def remove_bath(self) -> None:
        """Leave the velocities to themselves again."""
        self._heat_before = self._heat()
        self._command(f"unfix {BATH}\nrun 0 post no")

    def move(self, steps: int, *, time_step: float, schedule: tuple[int, int]) -> None:
        """Make a number of steps.

        Args:
            steps: number of steps.
            time_step: length of a step [sigma sqrt(m/epsilon)].
            schedule: steps at which the schedule of the thermostat begins and ends.
        """
        begin, end = schedule
        self._command(f"timestep {time_step!r}\nrun {steps} pre no post no start {begin} stop {end}")

    @property
    def step(self) -> int:
        """Steps made since LAMMPS was started, those of descents included."""
        return int(self._lammps.extract_global("ntimestep"))

    def sample(self) -> Sample:
        """Return the energies at the last step of a move."""
        potential, kinetic = (float(self._lammps.get_thermo(name)) for name in ("pe", "ke"))
        return Sample(self.step, potential, kinetic, self._heat())

    def _heat(self) -> float:
        """Energy that the thermostats so far have put in; LAMMPS counts what they took out."""
        if not self._lammps.has_id("fix", BATH):
            return self._heat_before
        return self._heat_before - float(self._lammps.extract_fix(BATH, 0, 0))


def require_steady(now: Sample, before: Sample, *, time_step: float) -> None:
    """Refuse dynamics whose energy, less the heat put in, runs away.

    Args:
        now: energies at a step.
        before: energies at a step not long before.
        time_step: length of a step [sigma sqrt(m/epsilon)].

    Raises:
        NotConverged: the time step is too long.
    """
    jump = (now.potential + now.kinetic - now.heat) - (before.potential + before.kinetic - before.heat)
    if not abs(jump) <= LARGEST_JUMP * (now.kinetic + before.kinetic):
        raise NotConverged(
            f"between steps {before.step} and {now.step} the energy changed by {jump:.3g} epsilon, kinetic energy "
            f"{before.kinetic:.3g} -> {now.kinetic:.3g}: time_step = {time_step:g} is too long, try {time_step / 4:g}",
            estimate=now,
        )
