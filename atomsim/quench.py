"""Glasses: a liquid is equilibrated, cooled or quenched, and minimised to an inherent structure with certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import ase
import numpy as np

from atomsim import dynamics
from atomsim.certificate import Certificate, certify, expected_zero_modes, lowest_pair
from atomsim.errors import InputError, NotAMinimum, NotConverged
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.liquid import QuenchParameters, check_protocol, make_liquid
from atomsim.minimise import descend, settle
from atomsim.pairs import PairInteraction, composition_of
from atomsim.potentials import get_model
from atomsim.results import Array, IntArray, quantity
from atomsim.structure import check_structure, make_atoms, random_start

PUSH = 0.05  # displacement of the most moving atom when a saddle is left along its lowest mode [sigma]
MOST_PUSHES = 4  # how often a saddle is left before giving up
OVERLAP_EVALUATIONS = 60  # of L-BFGS, after which it is looked at whether the overlaps of a random start are gone
OVERLAP_ROUNDS = 20  # how often that may be
START_FORCE = 100.0  # largest component with which dynamics begins [epsilon/sigma]

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Glass:
    """An inherent structure in reduced units with the certificate that it is a minimum."""

    model: str = quantity("1", "specification of the potential")
    positions_nc: Array = quantity("sigma", "positions inside the cell")
    cell_cc: Array = quantity("sigma", "cell vectors as rows")
    periodic_c: IntArray = quantity("1", "1 for a periodic direction")
    species_n: IntArray = quantity("1", "species of each atom")
    size_n: Array = quantity("sigma", "diameter of each atom")
    mass_n: Array = quantity("m", "mass of each atom")
    energy: float = quantity("epsilon", "potential energy per atom")
    pressure: float = quantity("epsilon/sigma^d", "pressure at zero temperature")
    max_force: float = quantity("epsilon/sigma", "largest force component")
    lowest_eigenvalue: float = quantity("epsilon/(m sigma^2)", "lowest eigenvalue that is not a zero mode")
    n_zero_modes: int = quantity("1", "zero modes of the dynamical matrix")
    n_negative: int = quantity("1", "negative eigenvalues of the dynamical matrix")
    n_evaluations: int = quantity("1", "force evaluations of the minimisation")
    parent_energy: float = quantity("epsilon", "potential energy per atom of the liquid it came from", default=np.nan)
    swap_acceptance: float = quantity("1", "share of the exchanges of atoms that was accepted", default=np.nan)

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.species_n)

    @property
    def dimension(self) -> int:
        """Dimension of space, 2 or 3."""
        return get_model(self.model).dimension

    @property
    def volume(self) -> float:
        """Volume, or area in two dimensions [sigma^d]."""
        return self.interaction().volume

    @property
    def density(self) -> float:
        """Number density [1/sigma^d]."""
        return self.n_atoms / self.volume

    @property
    def healthy_zero_modes(self) -> int:
        """Number of zero modes that the symmetry of the cell demands."""
        return expected_zero_modes(self.interaction())

    @property
    def certificate(self) -> Certificate:
        """The certificate stored with the structure."""
        return Certificate(self.max_force, self.n_zero_modes, self.n_negative, self.lowest_eigenvalue, np.nan)

    def interaction(self) -> PairInteraction:
        """Return the model bound to this configuration."""
        return PairInteraction(
            get_model(self.model),
            cell_cc=self.cell_cc,
            periodic_c=self.periodic_c,
            species_n=self.species_n,
            size_n=self.size_n,
        )

    def to_atoms(self) -> ase.Atoms:
        """Return the configuration as ase.Atoms with ``species`` and ``size``."""
        atoms = make_atoms(
            self.positions_nc,
            self.cell_cc,
            species_n=self.species_n,
            size_n=self.size_n,
            dimension=self.dimension,
            mass_n=self.mass_n,
        )
        atoms.pbc = self.periodic_c.astype(bool)
        return atoms


def masses_of(atoms: ase.Atoms) -> Array:
    """Return the masses set on a configuration, or ones: element masses mean nothing in reduced units [m].

    Args:
        atoms: a configuration in reduced units.
    """
    return np.asarray(atoms.get_masses() if atoms.has("masses") else np.ones(len(atoms)), dtype=float)


def describe(atoms: ase.Atoms, model: str, *, name: str = "structure") -> Glass:
    """Return a configuration as it stands, with energy, pressure and certificate; nothing is moved.

    Args:
        atoms: a configuration in reduced units.
        model: specification of the potential.
        name: what to call it in messages, for example the file.

    Raises:
        InputError: the configuration does not fit the model.
    """
    bound = get_model(model)
    check_structure(atoms, bound, name=name)
    return _with_certificate(atoms, model, PairInteraction.from_atoms(bound, atoms), atoms.positions, n_evaluations=0)


def _with_certificate(
    atoms: ase.Atoms, model: str, interaction: PairInteraction, positions_nc: Array, *, n_evaluations: int
) -> Glass:
    mass_n = masses_of(atoms)
    certificate = certify(interaction, positions_nc, mass_n)
    species_n, size_n = composition_of(atoms, interaction.model)
    terms = interaction.terms(positions_nc)
    return Glass(
        model=model,
        positions_nc=wrapped(positions_nc, interaction),
        cell_cc=interaction.cell_cc,
        periodic_c=interaction.periodic_c,
        species_n=species_n,
        size_n=size_n,
        mass_n=mass_n,
        energy=terms.energy() / len(atoms),
        pressure=float(-np.trace(terms.virial()) / (terms.dimension * interaction.volume)),
        max_force=certificate.max_force,
        lowest_eigenvalue=certificate.lowest_eigenvalue,
        n_zero_modes=certificate.n_zero_modes,
        n_negative=certificate.n_negative,
        n_evaluations=n_evaluations,
    )


def wrapped(positions_nc: Array, interaction: PairInteraction) -> Array:
    """Return positions folded into the cell along its periodic directions [sigma].

    Args:
        positions_nc: positions [sigma].
        interaction: the model bound to the cell.
    """
    return positions_nc - np.floor(positions_nc @ interaction.inverse_cc) @ interaction.cell_cc


def inherent_structure(
    atoms: ase.Atoms,
    model: str,
    *,
    on_saddle: str = "refuse",
    name: str = "structure",
    progress: Callable[[int, float], None] | None = None,
) -> Glass:
    """Minimise a configuration to max|F| <= 1e-10 and certify the result.

    Args:
        atoms: start, in reduced units; it is left as it was.
        model: specification of the potential.
        on_saddle: ``refuse`` a saddle, or ``push`` off along its lowest mode and minimise again.
        name: what to call it in messages.
        progress: called with (force evaluations, max|F|).

    Raises:
        InputError: the configuration does not fit the model, or ``on_saddle`` is unknown.
        NotAMinimum: a saddle, or more zero modes than the translations.
        NotConverged: the forces stay above the tolerance.
    """
    if on_saddle not in ("refuse", "push"):
        raise InputError(f"on_saddle = {on_saddle!r}; expected 'refuse' or 'push'")
    interaction = PairInteraction.from_atoms(get_model(model), atoms)
    mass_n, positions_nc = masses_of(atoms), atoms.positions.copy()
    for attempt in range(MOST_PUSHES + 1):
        try:
            positions_nc = settle(interaction, positions_nc, progress=progress).positions_nc
        except NotAMinimum as saddle:
            positions_nc = np.asarray(saddle.estimate)
        glass = _with_certificate(atoms, model, interaction, positions_nc, n_evaluations=interaction.n_evaluations)
        if not glass.n_negative or on_saddle == "refuse" or attempt == MOST_PUSHES:
            break
        positions_nc = pushed_off(interaction, positions_nc, mass_n)
    glass.certificate.require_minimum(name=name, zero_modes=expected_zero_modes(interaction))
    return glass


def pushed_off(interaction: PairInteraction, positions_nc: Array, mass_n: Array) -> Array:
    """Return positions displaced along the most negative mode of a saddle [sigma].

    Args:
        interaction: the model bound to the configuration.
        positions_nc: a stationary point with negative eigenvalues [sigma].
        mass_n: masses [m].
    """
    d = interaction.model.dimension
    matrix = mass_weighted(hessian_matrix(interaction.terms(positions_nc)), mass_n, d)
    move = lowest_pair(matrix)[1].reshape(-1, d) / np.sqrt(mass_n)[:, None]
    pushed_nc = positions_nc.copy()
    pushed_nc[:, :d] += PUSH * move / np.abs(move).max()
    return pushed_nc


def without_overlaps(interaction: PairInteraction, positions_nc: Array) -> Array:
    """Return positions some way down, where no force is too large for steps of dynamics [sigma].

    Args:
        interaction: the model bound to the configuration.
        positions_nc: a random start [sigma].

    Raises:
        NotConverged: forces stay too large; ``estimate`` holds the positions.
    """
    for _ in range(OVERLAP_ROUNDS):
        positions_nc = descend(interaction, positions_nc, max_evaluations=OVERLAP_EVALUATIONS)
        max_force = float(np.abs(interaction.forces(positions_nc)).max(initial=0.0))
        if max_force <= START_FORCE:
            return positions_nc
    raise NotConverged(
        f"max|F| = {max_force:.1e} epsilon/sigma after {OVERLAP_ROUNDS * OVERLAP_EVALUATIONS} evaluations from a "
        f"random start, expected <= {START_FORCE:g}: the density is too high for the potential",
        estimate=positions_nc,
    )


def make_glass(parameters: QuenchParameters, rng: np.random.Generator, *, progress: Progress | None = None) -> Glass:
    """Make one glass: random start, liquid at a temperature, cooling at a rate or not at all, inherent structure.

    With ``swap_attempts`` the atoms of a mixture exchange places in the liquid and while it cools, so that a
    polydisperse liquid reaches equilibrium at temperatures where dynamics alone would take for ever.

    With the engine ``lammps`` its processes do the dynamics and the way down; start, last Newton steps and certificate
    are the same for both engines.

    Args:
        parameters: the protocol.
        rng: source of randomness.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a parameter out of range.
        MissingExtra: the engine is not installed.
        NotAMinimum: the minimiser ends on a saddle and may not leave it.
        NotConverged: overlaps of the random start, or forces of the inherent structure, stay too large.
        RankFailed: a process of the engine died.
    """
    model = get_model(parameters.potential)
    check_protocol(parameters, model)
    density = parameters.density or model.density
    atoms = random_start(model, parameters.n_atoms, density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    start_nc = without_overlaps(interaction, atoms.positions)
    state = dynamics.start(
        interaction, start_nc, temperature=parameters.temperature, rng=rng, mass_n=atoms.get_masses()
    )
    liquid = make_liquid(interaction, state, parameters, rng, progress=progress)
    parent, _ = interaction.energy_and_forces(liquid.positions_nc)
    atoms.positions = liquid.positions_nc if liquid.descended_nc is None else liquid.descended_nc
    if progress is not None:
        progress("minimise", 0.0)
    glass = inherent_structure(atoms, parameters.potential, on_saddle=parameters.on_saddle, name="quenched liquid")
    return replace(
        glass,
        parent_energy=parent / parameters.n_atoms,
        swap_acceptance=liquid.acceptance,
        n_evaluations=glass.n_evaluations + liquid.descent_evaluations,
    )
