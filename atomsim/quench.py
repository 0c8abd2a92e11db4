"""Glasses: a liquid is equilibrated, cooled or quenched, and minimised to an inherent structure with certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import ase
import numpy as np

from atomsim import dynamics
from atomsim.certificate import Certificate, certify, expected_zero_modes, lowest_pair
from atomsim.errors import InputError, NotAMinimum
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.minimise import descend, minimise
from atomsim.pairs import PairInteraction, composition_of
from atomsim.potentials import Model, get_model
from atomsim.results import Array, IntArray, quantity
from atomsim.structure import check_structure, make_atoms, random_start
from atomsim.swap import require_mixture, run_with_swaps
from atomsim.thermostat import LinearCooling, Schedule

PUSH = 0.05  # displacement of the most moving atom when a saddle is left along its lowest mode [sigma]
MOST_PUSHES = 4  # how often a saddle is left before giving up
OVERLAP_EVALUATIONS = 60  # L-BFGS steps that take the worst overlaps out of a random start

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


@dataclass(frozen=True)
class QuenchParameters:
    """How a glass is made: a random start is melted, equilibrated (also by swaps), cooled (or not) and minimised."""

    potential: str = quantity("1", "specification of the potential")
    n_atoms: int = quantity("1", "number of atoms")
    density: float | None = quantity("1/sigma^d", "number density, the model's own where absent", default=None)
    temperature: float = quantity("epsilon/k_B", "temperature of the liquid", default=1.0)
    melt_time: float = quantity("sigma sqrt(m/epsilon)", "time in the liquid", default=20.0)
    time_step: float = quantity("sigma sqrt(m/epsilon)", "time step of the dynamics", default=0.01)
    cooling_rate: float | None = quantity(
        "epsilon^1.5/(k_B sigma sqrt(m))", "temperature per time; an instantaneous quench where absent", default=None
    )
    final_temperature: float = quantity("epsilon/k_B", "where cooling ends", default=0.0)
    on_saddle: str = quantity("1", "'refuse' or 'push' off a saddle and minimise again", default="push")
    swap_attempts: float | None = quantity(
        "1", "exchanges of unlike atoms tried per atom in each interval; dynamics alone where absent", default=None
    )
    swap_interval: float = quantity("sigma sqrt(m/epsilon)", "dynamics between the exchanges", default=0.25)


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
            positions_nc = minimise(interaction, positions_nc, progress=progress).positions_nc
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


def make_glass(parameters: QuenchParameters, rng: np.random.Generator, *, progress: Progress | None = None) -> Glass:
    """Make one glass: random start, liquid at a temperature, cooling at a rate or not at all, inherent structure.

    With ``swap_attempts`` the atoms of a mixture exchange places in the liquid and while it cools, so that a
    polydisperse liquid reaches equilibrium at temperatures where dynamics alone would take for ever.

    Args:
        parameters: the protocol.
        rng: source of randomness.
        progress: called with (what is done, share done of it between 0 and 1).

    Raises:
        InputError: a parameter out of range.
        NotAMinimum: the minimiser ends on a saddle and may not leave it.
    """
    model = get_model(parameters.potential)
    check_protocol(parameters, model)
    density = parameters.density or model.density
    atoms = random_start(model, parameters.n_atoms, density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    start_nc = descend(interaction, atoms.positions, max_evaluations=OVERLAP_EVALUATIONS)
    state = dynamics.start(
        interaction, start_nc, temperature=parameters.temperature, rng=rng, mass_n=atoms.get_masses()
    )
    melt = round(parameters.melt_time / parameters.time_step)
    state, swaps = _evolve(interaction, state, parameters, melt, parameters.temperature, rng, _share(progress, "melt"))
    if parameters.cooling_rate is not None:
        state, cooling_swaps = _cool(interaction, state, parameters, rng, progress)
        swaps += cooling_swaps
    parent, _ = interaction.energy_and_forces(state.positions_nc)
    atoms.positions = state.positions_nc
    if progress is not None:
        progress("minimise", 0.0)
    glass = inherent_structure(atoms, parameters.potential, on_saddle=parameters.on_saddle, name="quenched liquid")
    attempted, accepted = swaps
    acceptance = float(accepted / attempted) if attempted else np.nan
    return replace(glass, parent_energy=parent / parameters.n_atoms, swap_acceptance=acceptance)


def _share(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    """Turn (step, steps) into (what, share)."""
    if progress is None:
        return None
    return lambda step, steps: progress(what, step / steps)


def _evolve(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    steps: int,
    temperature: float | Schedule,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> tuple[dynamics.MDState, IntArray]:
    """A number of steps of dynamics, with exchanges where the protocol asks for them; numbers tried and made."""
    if parameters.swap_attempts is None:
        state, _ = dynamics.run(
            interaction,
            state,
            steps=steps,
            time_step=parameters.time_step,
            temperature=temperature,
            progress=progress,
        )
        return state, np.zeros(2, np.int64)
    state, log = run_with_swaps(
        interaction,
        state,
        steps=steps,
        time_step=parameters.time_step,
        temperature=temperature,
        attempts=parameters.swap_attempts,
        every=max(1, round(parameters.swap_interval / parameters.time_step)),
        rng=rng,
        progress=progress,
    )
    return state, np.array([log.attempted_b.sum(), log.accepted_b.sum()])


def _cool(
    interaction: PairInteraction,
    state: dynamics.MDState,
    parameters: QuenchParameters,
    rng: np.random.Generator,
    progress: Progress | None,
) -> tuple[dynamics.MDState, IntArray]:
    """Lower the temperature linearly in time from that of the liquid to the final one."""
    assert parameters.cooling_rate is not None
    cooling = LinearCooling(
        first=parameters.temperature,
        last=parameters.final_temperature,
        rate=parameters.cooling_rate,
        begin=state.time,
    )
    steps = max(1, round(cooling.duration / parameters.time_step))
    return _evolve(interaction, state, parameters, steps, cooling, rng, _share(progress, "cool"))


def check_protocol(parameters: QuenchParameters, model: Model) -> None:
    """Refuse a protocol with a number out of range, naming the key.

    Args:
        parameters: the protocol.
        model: its model.

    Raises:
        InputError: the first key that is out of range.
    """
    positive = ("n_atoms", "temperature", "time_step")
    for key in positive:
        if not getattr(parameters, key) > 0:
            raise InputError(f"{key} = {getattr(parameters, key)} must be positive")
    if parameters.density is not None and not parameters.density > 0:
        raise InputError(f"density = {parameters.density} must be positive [1/sigma^{model.dimension}]")
    if parameters.melt_time < 0:
        raise InputError(f"melt_time = {parameters.melt_time} must not be negative")
    if parameters.cooling_rate is not None and not parameters.cooling_rate > 0:
        raise InputError(f"cooling_rate = {parameters.cooling_rate} must be positive")
    if not 0 <= parameters.final_temperature <= parameters.temperature:
        raise InputError(
            f"final_temperature = {parameters.final_temperature} must lie between 0 and {parameters.temperature}"
        )
    if parameters.swap_attempts is not None:
        require_mixture(model)
        for key in ("swap_attempts", "swap_interval"):
            if not 0 < getattr(parameters, key) < np.inf:
                raise InputError(f"{key} = {getattr(parameters, key)} must be positive and finite")
