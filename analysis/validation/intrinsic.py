"""Comparisons that need no study: crystals against lattice sums, limits of the specific heat, identities.

Each left-hand side comes from a few lines here that share no code with what is checked.
"""

from __future__ import annotations

import itertools

import ase
import numpy as np
from ase.build import bulk

from analysis.modes import Elasticity, elasticity
from analysis.modes.spectrum import dynamical_matrix
from analysis.soft_potential import mode_energy, soft_potentials
from analysis.thermal import Medium
from analysis.thermal.phonons import mode_heat_capacity
from analysis.thermal.specific_heat import debye_frequency, debye_specific_heat
from analysis.validation.comparison import Comparison, compare
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import Glass, describe
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

ROUND_OFF = 1e-10  # relative; sums of a few thousand terms
QUADRATURE = 1e-6  # relative; both sides are integrals computed to better than this
GRID = 1e-2  # relative; an area counted on a grid
STEP = 2e-3  # relative change of the lattice constant in differences of the energy
DIFFERENCE = 1e-4  # relative; error of these differences, of the order of the step squared

MEDIUM = Medium(density=2200.0, longitudinal_velocity=5800.0, transverse_velocity=3800.0)
SCALE = 4.0 * BOLTZMANN  # energy scale W of the examples [J]


def intrinsic_comparisons() -> tuple[Comparison, ...]:
    """Return all comparisons that need no study."""
    return (*_crystals(), *_inverse_power(), *_specific_heat(), *_modes())


# --- crystals -----------------------------------------------------------------------------------------------


def _atoms(lattice: str, *, repeat: int, scale: float = 1.0) -> ase.Atoms:
    """A cubic crystal at number density one, or with all lengths scaled."""
    cell = bulk("H", lattice, a=scale * {"fcc": 4, "bcc": 2}[lattice] ** (1 / 3), cubic=True)
    atoms: ase.Atoms = cell.repeat(repeat)
    atoms.set_masses(np.ones(len(atoms)))
    return atoms


def _crystal(lattice: str, model: str, *, repeat: int) -> Glass:
    return describe(_atoms(lattice, repeat=repeat), model, name=f"{lattice} crystal")


def _energy(scale: float) -> float:
    """Energy per atom of the fcc crystal with all lengths scaled."""
    atoms = _atoms("fcc", repeat=4, scale=scale)
    return PairInteraction.from_atoms(get_model("laird-schober"), atoms).terms(atoms.positions).energy() / len(atoms)


def _shells(lattice: str, cutoff: float, scale: float = 1.0) -> Array:
    """Distances of all neighbours of one atom of the crystal, by counting lattice points."""
    centre = {"fcc": ((0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)), "bcc": ((0.5, 0.5, 0.5),)}[lattice]
    basis = ((0, 0, 0), *centre)
    edge = scale * len(basis) ** (1 / 3)
    reach = range(-int(cutoff / edge) - 2, int(cutoff / edge) + 3)
    points = np.array(list(itertools.product(reach, repeat=3)))[:, None] + np.array(basis)
    distance = edge * np.linalg.norm(points.reshape(-1, 3), axis=1)
    return distance[(distance > 0) & (distance < cutoff)]


def _crystals() -> list[Comparison]:
    """Energy, pressure and mean square frequency of the cut-off r^-6 potential against sums over lattice points."""
    amplitude = 1.5 / 3.0**10
    offset = -(3.0**-6) - amplitude * 3.0**4
    source, found = "laird-schober-1991 (potential)", []
    for lattice, repeat in (("fcc", 4), ("bcc", 5)):
        r = _shells(lattice, 3.0)
        first = -6 * r**-7 + 4 * amplitude * r**3
        second = 42 * r**-8 + 12 * amplitude * r**2
        crystal = _crystal(lattice, "laird-schober", repeat=repeat)
        frequency = float(dynamical_matrix(crystal).diagonal().mean())
        rows = (
            ("energy per atom", np.sum(r**-6 + amplitude * r**4 + offset) / 2, crystal.energy, "epsilon"),
            ("pressure", -np.sum(first * r) / 6, crystal.pressure, "epsilon/sigma^3"),
            ("mean square frequency", np.sum(second + 2 * first / r) / 3, frequency, "epsilon/(m sigma^2)"),
        )
        found += [
            compare(f"{what} of the {lattice} crystal", source, predicted=float(predicted), measured=measured,
                    unit=unit, tolerance=ROUND_OFF, remark="sum over lattice points against the neighbour list")
            for what, predicted, measured, unit in rows
        ]  # fmt: skip
    return found


def _inverse_power() -> list[Comparison]:
    """Virial and bulk modulus of an inverse power law, by identities and by compressing the crystal."""
    model = "inverse-power:n=6,q=-1,cutoff=3"
    crystal = _crystal("fcc", model, repeat=4)
    elastic: Elasticity = elasticity(crystal)
    energies = [_energy(1 + k * STEP) for k in (-2, -1, 0, 1, 2)]
    slope = (energies[0] - 8 * energies[1] + 8 * energies[3] - energies[4]) / (12 * STEP)
    bend = (-energies[0] + 16 * energies[1] - 30 * energies[2] + 16 * energies[3] - energies[4]) / (12 * STEP**2)
    smooth = elasticity(_crystal("fcc", "laird-schober", repeat=4))
    modulus = "epsilon/sigma^3"
    return [
        compare("pressure of an r^-6 crystal, P = 2 rho e", "born-huang-1954 (virial)", predicted=2 * crystal.energy,
                measured=crystal.pressure, unit=modulus, tolerance=ROUND_OFF),
        compare("bulk modulus of an r^-6 crystal, B = 6 rho e", "lutsko-1989 (elastic constants)",
                predicted=6 * crystal.energy, measured=elastic.bulk_modulus, unit=modulus, tolerance=ROUND_OFF),
        compare("bulk modulus from the energy of compressed crystals", "lutsko-1989 (elastic constants)",
                predicted=(bend - 2 * slope) / 9, measured=smooth.bulk_modulus, unit=modulus, tolerance=DIFFERENCE,
                remark="differences of the energy over the lattice constant against Born and non-affine terms"),
    ]  # fmt: skip


# --- heat ---------------------------------------------------------------------------------------------------


def _specific_heat() -> list[Comparison]:
    """Debye's law at low and high temperature."""
    n = 6.6e28
    theta = HBAR * debye_frequency(number_density=n, medium=MEDIUM) / BOLTZMANN
    T, hot = theta / 200, 100 * theta
    low, high = (float(debye_specific_heat(np.array([t]), number_density=n, medium=MEDIUM)[0]) for t in (T, hot))
    unit = "J/(m^3 K)"
    return [
        compare("Debye's T^3 law", "debye-1912 (specific heat)", unit=unit, measured=low, tolerance=QUADRATURE,
                predicted=12 * np.pi**4 / 5 * n * BOLTZMANN * (T / theta) ** 3),
        compare("Dulong and Petit's law with its first correction", "debye-1912 (specific heat)", unit=unit,
                predicted=3 * n * BOLTZMANN * (1 - (theta / hot) ** 2 / 20), measured=high, tolerance=QUADRATURE),
        compare("heat capacity of an oscillator at hbar omega = 2 k_B T", "born-huang-1954 (harmonic)", unit="k_B",
                predicted=1 / np.sinh(1.0) ** 2, measured=float(mode_heat_capacity(np.array([2.0]))[0]),
                tolerance=ROUND_OFF),
    ]  # fmt: skip


# --- soft potentials ----------------------------------------------------------------------------------------


def _modes() -> list[Comparison]:
    """The energy scale of a whole mode from its quartic energy and from its fourth derivative."""
    hbar, chi, number, mass = 0.02, 3.0, 60.0, 1.3
    energy = float(mode_energy(np.array(chi), np.array(number), mean_mass=mass, length=1.0))
    whole = soft_potentials(np.zeros(1), np.zeros(1), np.array([chi]), np.array([number * mass]), hbar=hbar, length=1.0)
    return [
        compare("W of a whole mode from its quartic energy", "buchenau-1992 (7)", unit="epsilon",
                predicted=(hbar**2 / (2 * number * mass)) ** (2 / 3) * energy ** (1 / 3), measured=float(whole.W_m[0]),
                tolerance=ROUND_OFF, remark="W from chi alone; N_k and the mass drop out"),
    ]  # fmt: skip
