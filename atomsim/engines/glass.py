"""Glasses of real alloys: a melt is cooled at zero pressure by molecular dynamics, and brought to rest in its box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import ase
import ase.build
import ase.data
import numpy as np

from atomsim.engines.hessian import certify_hessian, engine_hessian, require_minimum
from atomsim.engines.lammps import LammpsEngine, masses_of_elements
from atomsim.engines.potential import engine_potential
from atomsim.engines.ranks import call_on_ranks
from atomsim.errors import InputError, NotConverged
from atomsim.pairs import PairInteraction
from atomsim.quench import Glass
from atomsim.results import Array, IntArray, quantity
from atomsim.units import ATOMIC_SCALES

FORCE_TOLERANCE = 1e-10  # of an inherent structure [eV/angstrom]
CLOSEST = 0.75  # distance that atoms of a random start keep, over the mean distance; above 0.9 none finds room [-]
MOST_TRIES = 1000  # of placing one atom
OVERLAP_TOLERANCE = 1.0  # forces that are left of close pairs of a random start [eV/angstrom]
LOOSEST, DENSEST = 100.0, 40_000.0  # of random starts: looser ones hang no longer together [kg/m^3]
LOOSENED = 1.15  # volume of the random start over that of the crystals of its elements [-]
PRESSURE_TOLERANCE = 1e-7  # what is called zero pressure, 16 kPa [eV/angstrom^3]
BULK_MODULUS = 0.7  # first guess, 110 GPa [eV/angstrom^3]
LARGEST_STRAIN = 0.03  # of one step of the box
MOST_BOXES = 12
COMPOSITION_TOLERANCE = 1e-6

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class AlloyGlass(Glass):
    """A glass whose forces come from another engine, in ångström, electron volts and atomic mass units."""

    positions_nc: Array = quantity("angstrom", "positions inside the cell")
    cell_cc: Array = quantity("angstrom", "cell vectors as rows")
    size_n: Array = quantity("angstrom", "twice the covalent radius of each atom")
    mass_n: Array = quantity("amu", "mass of each atom")
    energy: float = quantity("eV", "potential energy per atom")
    pressure: float = quantity("eV/angstrom^3", "pressure at zero temperature")
    max_force: float = quantity("eV/angstrom", "largest force component")
    lowest_eigenvalue: float = quantity("eV/(amu angstrom^2)", "lowest eigenvalue that is not a zero mode")
    parent_energy: float = quantity("eV", "potential energy per atom before it was minimised", default=np.nan)
    elements: tuple[str, ...] = quantity("1", "chemical symbol of each species", default=())

    @property
    def dimension(self) -> int:
        """Dimension of space, 3."""
        return 3

    @property
    def volume(self) -> float:
        """Volume [angstrom^3]."""
        return float(abs(np.linalg.det(self.cell_cc)))

    @property
    def healthy_zero_modes(self) -> int:
        """Number of translations."""
        return 3

    def interaction(self) -> PairInteraction:
        """Refuse: there are no pair energies.

        Raises:
            InputError: always.
        """
        raise InputError(f"potential {self.model!r} is no pair model of this suite; its engine gives forces alone")

    def engine(self) -> LammpsEngine:
        """Return the engine bound to this configuration.

        Raises:
            MissingExtra: LAMMPS is not installed.
        """
        return LammpsEngine(engine_potential(self.model), self.elements, self.species_n, self.cell_cc)

    def to_atoms(self) -> ase.Atoms:
        """Return the configuration as ase.Atoms of its chemical elements."""
        return ase.Atoms(
            [self.elements[species] for species in self.species_n], self.positions_nc, cell=self.cell_cc, pbc=True
        )


@dataclass(frozen=True)
class AlloyParameters:
    """How a glass of a real alloy is made: a random start is melted, cooled (or not) and brought to zero pressure."""

    potential: str = quantity("1", "pair style and file, style:file")
    n_atoms: int = quantity("1", "number of atoms")
    composition: Mapping[str, float] = quantity("1", "share of each element")
    temperature: float = quantity("K", "temperature of the melt", default=2000.0)
    melt_time: float = quantity("ps", "time in the melt", default=10.0)
    time_step: float = quantity("ps", "time step of the dynamics", default=0.002)
    cooling_rate: float | None = quantity("K/ps", "an instantaneous quench where absent", default=None)
    final_temperature: float = quantity("K", "where cooling ends", default=300.0)
    start_density: float | None = quantity(
        "kg/m^3", "density of the random start; from the crystals of its elements where absent", default=None
    )
    mpi_ranks: int = quantity("1", "processes of LAMMPS; this one itself where 1", default=1)


def composition_counts(composition: Mapping[str, float], n_atoms: int) -> tuple[tuple[str, ...], IntArray]:
    """Return the elements in order of atomic number, and the number of atoms of each, largest remainders first.

    Args:
        composition: share of each element [-].
        n_atoms: number of atoms.

    Raises:
        InputError: an unknown element, shares that do not add up to one, or an element without an atom.
    """
    for element, share in composition.items():
        if element not in ase.data.atomic_numbers or not 0 < share <= 1:
            raise InputError(f"composition: {element} = {share}; expected elements with shares between 0 and 1")
    total = sum(composition.values())
    if abs(total - 1) > COMPOSITION_TOLERANCE:
        raise InputError(f"composition {dict(composition)} adds up to {total:.6g}, expected 1")
    elements = tuple(sorted(composition, key=lambda element: ase.data.atomic_numbers[element]))
    exact = np.array([composition[element] for element in elements]) / total * n_atoms
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n_atoms - counts.sum()]] += 1
    if not (counts > 0).all():
        raise InputError(f"composition {dict(composition)}: an element has no atom among {n_atoms}")
    return elements, counts


def species_of(atoms: ase.Atoms) -> tuple[tuple[str, ...], IntArray]:
    """Return the elements of a structure in order of atomic number, and the place of each atom's element among them.

    Args:
        atoms: the structure.
    """
    numbers = np.unique(atoms.numbers)
    elements = tuple(ase.data.chemical_symbols[number] for number in numbers)
    return elements, np.searchsorted(numbers, atoms.numbers).astype(np.int64)


def check_alloy_protocol(parameters: AlloyParameters) -> None:
    """Refuse a protocol with a number out of range, naming the key.

    Args:
        parameters: the protocol.

    Raises:
        InputError: the first key that is out of range, an unknown potential or element.
        MissingExtra: the file of the potential comes with LAMMPS, which is not installed.
    """
    for key in ("n_atoms", "temperature", "time_step", "mpi_ranks"):
        if not 0 < getattr(parameters, key) < np.inf:
            raise InputError(f"{key} = {getattr(parameters, key)} must be positive and finite")
    if not 0 <= parameters.melt_time < np.inf:
        raise InputError(f"melt_time = {parameters.melt_time} must not be negative")
    for key in ("cooling_rate", "start_density"):
        value = getattr(parameters, key)
        if value is not None and not 0 < value < np.inf:
            raise InputError(f"{key} = {value} must be positive")
    density = parameters.start_density
    if density is not None and not LOOSEST <= density <= DENSEST:
        raise InputError(f"start_density = {density:g}; expected {LOOSEST:g} to {DENSEST:g} kg/m^3, water has 1000")
    if not 0 < parameters.final_temperature <= parameters.temperature:
        raise InputError(
            f"final_temperature = {parameters.final_temperature}; expected above 0, up to {parameters.temperature}"
        )
    elements, counts = composition_counts(parameters.composition, parameters.n_atoms)
    engine_potential(parameters.potential).require(elements)
    _start_volume(elements, counts, parameters.start_density)


def make_alloy_glass(
    parameters: AlloyParameters, rng: np.random.Generator, *, progress: Progress | None = None
) -> AlloyGlass:
    """Make one glass: random start, melt and cooling at zero pressure, then the minimum at zero pressure.

    Several processes of LAMMPS divide the atoms; equal numbers of them give equal bits.

    Args:
        parameters: the protocol.
        rng: source of randomness.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a parameter out of range.
        MissingExtra: LAMMPS is not installed.
        NotConverged: the dynamics explodes, or no box of zero pressure is found.
        NotAMinimum: the descent ends on a saddle.
        RankFailed: one of several processes died.
    """
    check_alloy_protocol(parameters)
    if parameters.mpi_ranks > 1:
        alone = replace(parameters, mpi_ranks=1)
        made: AlloyGlass = call_on_ranks(make_alloy_glass, alone, rng, ranks=parameters.mpi_ranks, progress=progress)
        return made
    tell = progress or (lambda what, share: None)
    atoms, energy = _cooled_melt(parameters, rng, tell)
    tell("minimise", 0.0)
    return alloy_glass(atoms, parameters.potential, relax_box=True, parent_energy=energy, name="cooled melt")


def _cooled_melt(parameters: AlloyParameters, rng: np.random.Generator, tell: Progress) -> tuple[ase.Atoms, float]:
    """The melt after cooling, and its potential energy per atom."""
    elements, counts = composition_counts(parameters.composition, parameters.n_atoms)
    species_n = np.repeat(np.arange(len(elements)), counts)
    edge = _start_volume(elements, counts, parameters.start_density) ** (1 / 3)
    hot, cold, time_step = parameters.temperature, parameters.final_temperature, parameters.time_step
    with LammpsEngine(engine_potential(parameters.potential), elements, species_n, edge * np.eye(3)) as engine:
        start_nc = engine.descend(edge * scattered_places(parameters.n_atoms, rng), tolerance=OVERLAP_TOLERANCE)
        engine.start(start_nc, temperature=hot, rng=rng)
        tell("melt", 0.0)
        steps = round(parameters.melt_time / time_step)
        if steps:
            engine.run(steps, temperatures=(hot, hot), time_step=time_step, pressure=True)
        if parameters.cooling_rate is not None:
            tell("cool", 0.0)
            steps = max(1, round((hot - cold) / parameters.cooling_rate / time_step))
            engine.run(steps, temperatures=(hot, cold), time_step=time_step, pressure=True)
        positions_nc, cell_cc = engine.positions(), engine.cell_cc
        energy = engine.evaluate(positions_nc).energy / parameters.n_atoms
    return ase.Atoms([elements[s] for s in species_n], positions_nc, cell=cell_cc, pbc=True), energy


def scattered_places(n_atoms: int, rng: np.random.Generator) -> Array:
    """Return random places in the unit cube, periodic, that keep a distance: tables end where atoms overlap [-].

    Args:
        n_atoms: number of places.
        rng: source of randomness.

    Raises:
        NotConverged: no room is found for an atom.
    """
    least, places_nc = CLOSEST * n_atoms ** (-1 / 3), np.empty((n_atoms, 3))
    for atom in range(n_atoms):
        for _ in range(MOST_TRIES):
            place = rng.random(3)
            apart_nc = places_nc[:atom] - place
            apart_nc -= np.round(apart_nc)
            if not (np.einsum("nc,nc->n", apart_nc, apart_nc) < least**2).any():
                break
        else:
            raise NotConverged(f"no room for atom {atom} of {n_atoms} after {MOST_TRIES} tries", places_nc[:atom])
        places_nc[atom] = place
    return places_nc


def alloy_glass(
    atoms: ase.Atoms,
    potential: str,
    *,
    minimise: bool = True,
    relax_box: bool = False,
    parent_energy: float = np.nan,
    name: str = "structure",
) -> AlloyGlass:
    """Return a configuration with its certificate: as it stands, at its minimum, or at that of zero pressure.

    Args:
        atoms: elements, positions and an orthogonal periodic cell [angstrom]; left as they were.
        potential: pair style and file, ``style:file``.
        minimise: go down to the nearest minimum.
        relax_box: change the volume until the pressure vanishes.
        parent_energy: energy per atom of the liquid it came from [eV].
        name: what to call it in messages.

    Raises:
        InputError: elements that the potential lacks, or a cell that is not orthogonal and periodic.
        NotConverged: no box of zero pressure is found.
        NotAMinimum: the descent ends on a saddle.
    """
    if not atoms.pbc.all():
        raise InputError(f"{name}: periodic along {atoms.pbc.tolist()}; expected all three directions")
    elements, species_n = species_of(atoms)
    positions_nc, cell_cc, evaluations = atoms.positions.copy(), atoms.cell.array.copy(), 0
    if relax_box:
        positions_nc, cell_cc, evaluations = _to_zero_pressure(atoms, potential)
    with LammpsEngine(engine_potential(potential), elements, species_n, cell_cc) as engine:
        if minimise:
            positions_nc = engine.descend(positions_nc, tolerance=FORCE_TOLERANCE)
        rest = engine.evaluate(positions_nc)
        evaluations += engine.n_evaluations
        hessian = engine_hessian(engine, positions_nc).matrix
    mass_n = masses_of_elements(elements, species_n)
    certificate = certify_hessian(hessian, mass_n, float(np.abs(rest.forces_nc).max()))
    if minimise:
        require_minimum(certificate, name=name)
    return AlloyGlass(
        model=potential,
        positions_nc=positions_nc - np.floor(positions_nc @ np.linalg.inv(cell_cc)) @ cell_cc,
        cell_cc=cell_cc,
        periodic_c=np.ones(3, np.int64),
        species_n=species_n,
        size_n=2 * ase.data.covalent_radii[atoms.numbers],
        mass_n=mass_n,
        energy=rest.energy / len(atoms),
        pressure=rest.pressure,
        max_force=certificate.max_force,
        lowest_eigenvalue=certificate.lowest_eigenvalue,
        n_zero_modes=certificate.n_zero_modes,
        n_negative=certificate.n_negative,
        n_evaluations=evaluations,
        parent_energy=parent_energy,
        elements=elements,
    )


def _start_volume(elements: tuple[str, ...], counts: IntArray, density: float | None) -> float:
    """Volume of the random start: of a given density, or looser than the crystals of the elements [angstrom^3]."""
    if density is None:
        return LOOSENED * float(counts @ [_crystal_volume(element) for element in elements])
    mass = float(counts @ masses_of_elements(elements, np.arange(len(elements))))
    return mass / float(ATOMIC_SCALES.from_si(density, "density"))


def _crystal_volume(element: str) -> float:
    """Volume of an atom in the crystal of its element [angstrom^3]."""
    try:
        crystal = ase.build.bulk(element)
    except (ValueError, NotImplementedError, KeyError) as error:
        raise InputError(
            f"composition: no simple crystal of {element!r} is known, which would give the start its volume; choose "
            "start_density"
        ) from error
    return float(crystal.get_volume() / len(crystal))


def _to_zero_pressure(atoms: ase.Atoms, potential: str) -> tuple[Array, Array, int]:
    """Positions and cell of the minimum at zero pressure by secants, and the evaluations this took."""
    (elements, species_n), bound = species_of(atoms), engine_potential(potential)
    positions_nc, cell_cc, modulus = atoms.positions.copy(), atoms.cell.array.copy(), BULK_MODULUS
    evaluations, before = 0, None
    for _ in range(MOST_BOXES):
        with LammpsEngine(bound, elements, species_n, cell_cc) as engine:
            positions_nc = engine.descend(positions_nc, tolerance=FORCE_TOLERANCE)
            pressure = engine.evaluate(positions_nc).pressure
            evaluations += engine.n_evaluations
        if abs(pressure) < PRESSURE_TOLERANCE:
            return positions_nc, cell_cc, evaluations
        if before is not None and (before[0] - pressure) * before[1] > 0:
            modulus = (before[0] - pressure) / (3 * before[1])
        strain = float(np.clip(pressure / (3 * modulus), -LARGEST_STRAIN, LARGEST_STRAIN))
        before = (pressure, strain)
        positions_nc, cell_cc = positions_nc * (1 + strain), cell_cc * (1 + strain)
    raise NotConverged(
        f"pressure {pressure:.2e} eV/angstrom^3 after {MOST_BOXES} boxes", estimate=(positions_nc, cell_cc)
    )
