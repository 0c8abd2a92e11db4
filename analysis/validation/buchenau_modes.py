"""Buchenau 1992, sections 2 and 3: soft modes of glasses, their participation and their energy scales."""

from __future__ import annotations

import numpy as np
from ase import units
from scipy import optimize

from analysis.modes.participation import participation_number
from analysis.soft_potential.levels import levels
from analysis.soft_potential.parameters import mode_energy, quartic_frequency
from analysis.thermal import stability
from analysis.thermal.specific_heat import (
    TUNNELLING_COEFFICIENT,
    VIBRATION_COEFFICIENT,
    reduced_minimum_temperature,
    tunnelling_specific_heat,
    vibrational_specific_heat,
)
from analysis.validation.formula import Chapter, FormulaCheck, Print, grid_states
from atomsim.potentials.radial import inverse_power
from atomsim.results import Array
from atomsim.units import ANGSTROM, ATOMIC_MASS, BOLTZMANN, ELECTRON_VOLT, HBAR

FUNDAMENTALS = Chapter("buchenau-1992", "Buchenau 1992, sections 2 and 3: soft modes in glasses")
ROUND_OFF = 1e-10  # relative; sums over a few hundred numbers
LEVELS = 1e-8  # relative; two solutions of the same Schroedinger equation
QUADRATURE = 1e-8  # relative; roots
DIFFERENCE = 1e-5  # relative; derivatives by differences
SEED = 1992


def soft_mode_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of sections 2 and 3."""
    return (*_modes(), *_quartic(), *_scales(), *_printed_numbers(), *_minimum())


def _ring(atoms: int) -> Array:
    """Eigenvectors of a ring of equal atoms on springs that vibrate along one direction, (M, N, 3)."""
    chain = 2 * np.eye(atoms) - np.eye(atoms, k=1) - np.eye(atoms, k=-1)
    chain[0, -1] = chain[-1, 0] = -1
    _, vectors = np.linalg.eigh(chain)
    return np.stack([vectors.T, 0 * vectors, 0 * vectors], axis=-1)


def _modes() -> list[FormulaCheck]:
    """Normalisation and participation of the waves of a ring."""
    atoms = 60
    modes = _ring(atoms)
    k = 2 * np.pi * 7 / atoms * np.arange(atoms)
    wave = np.stack([np.cos(k), 0 * k, 0 * k], axis=-1)[None]
    wave /= np.sqrt(np.sum(wave**2))
    number = participation_number(wave)[0]
    return [
        FUNDAMENTALS.check("1", "norm of the modes of a ring of 60 atoms", form="sum_i,a (e_ia^k)^2 = 1",
                           derived=1.0, numerical=float(np.mean(np.sum(modes**2, axis=(1, 2)))), tolerance=ROUND_OFF,
                           state=Print.DEFINITION, remark="eigenvectors of the matrix of springs"),
        FUNDAMENTALS.check("2", "N_k/N of a standing wave", form="N_k = (sum_i |e_i|^4)^-1", derived=2 / 3,
                           numerical=float(number / atoms), tolerance=ROUND_OFF,
                           remark="mean of cos^2 squared over the mean of cos^4"),
    ]  # fmt: skip


def _random_mode() -> tuple[Array, float]:
    """An eigenvector of a few atoms, and its participation number by a sum of its own."""
    vector = np.random.default_rng(SEED).normal(size=(20, 3))
    vector /= np.sqrt(np.sum(vector**2))
    return vector, float(1 / np.sum(np.sum(vector**2, axis=1) ** 2))


def _quartic() -> list[FormulaCheck]:
    """The quartic energy of a mode as a sum over its atoms, against its form in one coordinate."""
    vector, number = _random_mode()
    mass, length, omega_c, eta, amplitude = 1.7, 0.6, 11.0, 0.03, 0.4
    moved = amplitude * np.sqrt(np.sum(vector**2, axis=1) / mass)
    atoms = float(np.sum(mass * length**2 * omega_c**2 / 2 * (moved / length) ** 4))
    energy = number * mass * length**2 * omega_c**2 / 2
    x = amplitude / np.sqrt(number * mass * length**2)
    chi = 24 * atoms / amplitude**4
    quartic = optimize.brentq(
        lambda u: mass * omega_c**2 * u**2 / 2 - mass * length**2 * omega_c**2 / 2 * (u / length) ** 4, 0.1, 3.0
    )
    found = mode_energy(np.array(chi), np.array(number), mean_mass=mass, length=length)
    frequency = quartic_frequency(np.array(chi), np.array(number), mean_mass=mass, length=length)
    return [
        FUNDAMENTALS.check("3", "displacement where quartic and harmonic energy meet", derived=1.0, unit="a",
                           form="V_4(u_i) = (M a^2 omega_c^2/2)(u_i/a)^4", numerical=float(quartic) / length,
                           tolerance=QUADRATURE, state=Print.DEFINITION, remark="found by bisection"),
        FUNDAMENTALS.check("3", "omega_c from the fourth derivative along a mode", derived=omega_c,
                           form="V_4(u_i) = (M a^2 omega_c^2/2)(u_i/a)^4", numerical=float(frequency),
                           tolerance=ROUND_OFF, state=Print.DEFINITION, remark="sum over the atoms of a random mode"),
        FUNDAMENTALS.check("4", "N_k x_k^4 against the sum of (u_i/a)^4", form="x_k = A_k/(N_k M a^2)^(1/2)",
                           derived=x**4 * number, numerical=float(np.sum((moved / length) ** 4)), tolerance=ROUND_OFF,
                           remark="random mode of 20 atoms; N_k x_k^4 against the sum over atoms"),
        FUNDAMENTALS.check("5", "quartic energy of a random mode", derived=float(found) * x**4, numerical=atoms,
                           form="V_k = eps_k (eta_k x_k^2 + x_k^4), eps_k = N_k M a^2 omega_c^2/2",
                           tolerance=ROUND_OFF, remark="sum of V_4 over the atoms"),
        FUNDAMENTALS.check("5", "harmonic energy of a random mode", form="eps_k eta_k x_k^2",
                           derived=energy * eta * x**2, numerical=eta * omega_c**2 * amplitude**2 / 2,
                           tolerance=ROUND_OFF, remark="eta_k omega_c^2 A_k^2/2"),
    ]  # fmt: skip


def _scales() -> list[FormulaCheck]:
    """W of a whole mode from the levels of its quartic potential."""
    row = stability.participation_table()[0]
    scale = _quartic_scale(row)
    W = stability.energy_scale(row.printed_area, row.energy, mass=row.mass)
    area = stability.participating_area(scale, row.omega_c, mass=row.mass)
    return [
        FUNDAMENTALS.check("7", "W of a quartic mode of silica", form="W = (hbar^2/2 N_s M a^2)^(2/3) eps_0^(1/3)",
                           unit="J", derived=W, numerical=scale, tolerance=LEVELS,
                           remark="lowest level in SI on a grid over that of -psi'' + y^4 psi"),
        FUNDAMENTALS.check("6 and 7", "N_s a^2 from W and omega_c", form="N_s a^2 = hbar^4 omega_c^2/(8 M W^3)",
                           unit="m^2", derived=row.printed_area, numerical=area, tolerance=10 * LEVELS,
                           state=Print.NONE, remark="with W of that level; ten per cent in W are thirty here"),
    ]  # fmt: skip


def _printed_numbers() -> list[FormulaCheck]:
    """eps_0 of three glasses from the printed N_s a^2, in other units, and the minimum of C/T^3 behind both."""
    rows = []
    for glass in stability.participation_table():
        area = glass.printed_area / ANGSTROM**2
        inertia = glass.mass / ATOMIC_MASS * area  # u A^2
        per_time = glass.omega_c / (1e15 * units.fs)  # ase's unit of time is A (u/eV)^(1/2)
        implied = glass.name.startswith("vitreous boron")
        found = _quartic_scale(glass)
        rows += [
            FUNDAMENTALS.check("6", f"eps_0 of {glass.name}", form="eps_0 = N_s M a^2 omega_c^2/2", unit="eV",
                               printed=glass.printed_energy / ELECTRON_VOLT, derived=glass.energy / ELECTRON_VOLT,
                               tolerance=1e-6, numerical=float(inertia * per_time**2 / 2),
                               state=Print.CORRECT if implied else Print.ESTIMATE,
                               remark="omega_c is not printed and taken from this eps_0" if implied else
                                      f"N_s a^2 = {area:.0f} A^2 as printed; omega_c of the text is rounded, and eps_0 "
                                      "goes with its square"),
            FUNDAMENTALS.check("text after 8", f"T* behind N_s a^2 of {glass.name}", unit="K", tolerance=LEVELS,
                               form="N_s a^2 = hbar^4 omega_c^2/(8 M W^3), W = 1.6 k_B T*", state=Print.NONE,
                               derived=glass.minimum_temperature, numerical=found / (1.6 * BOLTZMANN),
                               remark=f"N_s a^2 = {area:.0f} A^2 as printed; W from the lowest level of the quartic "
                                      "mode on a grid"),
        ]  # fmt: skip
    return rows


def _quartic_scale(glass: stability.ParticipationRow) -> float:
    """W of a whole mode without harmonic term: its lowest level in SI over that of -psi'' + y^4 psi."""
    x = np.linspace(-0.5, 0.5, 200)
    inertia = glass.printed_area * glass.mass  # N_s M a^2, the mass of the coordinate x
    found = grid_states(x, glass.energy * x**4, kinetic=HBAR**2 / (2 * inertia))
    return float(found.energy_m[0] / levels(0.0, 0.0, count=1).energy_m[0])


def _minimum() -> list[FormulaCheck]:
    """W over the temperature of the smallest excess C/T^3."""
    W, slowest = 4.0 * BOLTZMANN, 4.0 * BOLTZMANN * 1e-9
    closed = reduced_minimum_temperature(W=W, lowest_splitting=slowest)

    def excess(log_T: float) -> float:
        T = np.exp(log_T)
        heat = tunnelling_specific_heat(T, potential_density=1.0, W=W, lowest_splitting=slowest)
        return float((heat + vibrational_specific_heat(T, potential_density=1.0, W=W)) / T**3)

    found = optimize.minimize_scalar(excess, bounds=(np.log(closed / 2), np.log(1.5 * closed)), method="bounded",
                                     options={"xatol": 1e-10})  # fmt: skip
    bracket = (W / (BOLTZMANN * closed) / (VIBRATION_COEFFICIENT / TUNNELLING_COEFFICIENT) ** 0.25) ** -4
    return [
        FUNDAMENTALS.check("8", "W/k_B T* for splittings down to 1e-9 W", form="W = 1.978 X^(-1/4) k_B T*", printed=1.6,
                           printed_form="W = 1.6 k_B T*", derived=W / (BOLTZMANN * closed), tolerance=0.05,
                           numerical=W / (BOLTZMANN * float(np.exp(found.x))), state=Print.ESTIMATE,
                           remark=f"X = ln^(1/3)(W/D_min) - ln^(1/3)(W/k_B T*) = {bracket:.2f}, constant in the "
                                  "formula and not in the search: the number hangs on the time of the experiment"),
        FUNDAMENTALS.check("9", "pressure over density and energy of r^-6 crystals", form="V(r) = r^-6", derived=2.0,
                           numerical=_virial(), tolerance=DIFFERENCE, state=Print.DEFINITION,
                           remark="-d ln e/d ln V of four shells of neighbours in fcc: P = 2 rho e"),
    ]  # fmt: skip


def _virial() -> float:
    """-d ln e/d ln V of neighbours at the distances of a crystal, by the pair energies of the model."""
    pair = inverse_power(6.0)
    distance = np.sqrt(np.array([1.0, 2.0, 3.0, 4.0]))
    number = np.array([12, 6, 24, 12])
    step = 1e-4
    energies = [number @ pair(distance * np.exp(s * step / 3)) for s in (-1, 1)]
    return float(-np.log(energies[1] / energies[0]) / (2 * step))
