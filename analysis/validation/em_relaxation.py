"""Egorushkin and Mel'nikova 1993b, sections 2 and 3: the relaxation parameter and the concentration excitations."""

from __future__ import annotations

import ase
import numpy as np
from scipy import integrate, optimize

from analysis.excitations.alloy import Alloy
from analysis.excitations.canonical import (
    deviation_amplitude,
    exchange_energy,
    ground_state_energy,
    hamiltonian,
    printed_site_energy,
    site_energy,
    squared_energy,
    undamped_inertia,
)
from analysis.excitations.pair_mixture import pair_mixture
from analysis.trajectories.relaxation_parameter import Window, noise_bias, relaxation_parameter
from analysis.validation.em_condensate import condensate_checks
from analysis.validation.em_curves import curve_checks
from analysis.validation.em_kinetics import kinetics_checks
from analysis.validation.formula import Chapter, FormulaCheck, GridStates, Print, grid_states
from atomsim.calculator import PairCalculator
from atomsim.potentials import get_model
from atomsim.results import Array

KEY = "egorushkin-melnikova-1993b"
PARAMETER = Chapter(KEY, "Egorushkin & Mel'nikova 1993b, section 2: relaxation parameter")
EXCITATIONS = Chapter(KEY, "Egorushkin & Mel'nikova 1993b, section 3: concentration excitations")
ROUND_OFF = 1e-10  # relative; sums over a few hundred numbers
LEVELS = 1e-8  # relative; two solutions of the same Schroedinger equation
ROOT = 1e-8  # relative; roots and quadratures
SAMPLED = 1e-3  # relative; mean over a sequence of wave numbers

HBAR = 0.1  # reduced
COMPOSITION, MASS, SQUARE_FIELD = 0.3, 2.0, 0.3
VARIANCE = COMPOSITION * (1 - COMPOSITION)
INERTIA = MASS * SQUARE_FIELD
SITE = float(site_energy(INERTIA, HBAR, VARIANCE))  # A of one ion
CONSTANTS = 0.8 * SITE / VARIANCE  # W(k) for which M = A/5
EXCHANGE = float(exchange_energy(CONSTANTS, VARIANCE))  # M
IONS = 12  # of a ring


def relaxation_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the whole paper."""
    return (*_parameter(), *_levels(), *_energies(), *_site_and_exchange(), *_bound(), *_force_constants(),
            *_amplitude(), *kinetics_checks(), *curve_checks(), *condensate_checks())  # fmt: skip


# --- the relaxation parameter ---------------------------------------------------------------------------------


def _interference(q: Array, radius: float) -> Array:
    """i(q) of thirteen atoms, one inside an icosahedron of twelve, by Debye's sum."""
    golden = (1 + np.sqrt(5)) / 2
    corners = [np.roll([0.0, a, b * golden], shift) for a in (-1, 1) for b in (-1, 1) for shift in range(3)]
    places_nc = np.vstack([np.zeros(3), radius / np.hypot(1, golden) * np.array(corners)])
    i, j = np.triu_indices(len(places_nc), 1)
    distance_p = np.linalg.norm(places_nc[i] - places_nc[j], axis=1)
    return 2 * np.sinc(q[:, None] * distance_p / np.pi).sum(axis=1) / len(places_nc)


def _parameter() -> list[FormulaCheck]:
    """The mean change of i(q) for a known change of structure, and what noise alone makes of it."""
    window = Window(9.0, 14.0, float("nan"))
    q_b = np.linspace(8.5, 14.5, 3001)
    R = float(relaxation_parameter(q_b, _interference(q_b, 1.03) - _interference(q_b, 1.0), window))
    sequence = window.low + (window.high - window.low) * np.mod(np.arange(20_000) * (np.sqrt(5) - 1) / 2, 1)
    sampled = np.mean(np.abs(_interference(sequence, 1.03) - _interference(sequence, 1.0)) * sequence)
    error_b = 0.01 * q_b
    noise = integrate.quad(lambda x: 2 * x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), 0, 12, epsrel=1e-12)[0]
    mean_square = 0.01 * (window.high**3 - window.low**3) / (3 * (window.high - window.low))
    return [
        PARAMETER.check("R", "R of an icosahedron that grows by 3 %", form="R = (q_2 - q_1)^-1 int |Delta i(q)| q dq",
                        printed_form="R = (q_1 - q_2)^-1 int |Delta i(q)| q dq", printed=-R, derived=R, unit="1/sigma",
                        numerical=float(sampled), tolerance=SAMPLED,
                        remark="mean of |Delta i| q over 20000 wave numbers of an even sequence, i(q) by Debye's sum; "
                               "the paper's q_1 is the lower one, so that its R is negative and cannot grow"),
        PARAMETER.check("R", "R of Gaussian noise s(q) = 0.01 q", form="R = (2/pi)^(1/2) <q s(q)>", unit="1/sigma",
                        derived=float(noise_bias(q_b, error_b, window)), numerical=noise * mean_square,
                        tolerance=1e-6, state=Print.NONE,
                        remark="the mean of |x| by quadrature; a change of structure must exceed this to be seen"),
    ]  # fmt: skip


# --- (1) to (4): one wave as an oscillator ---------------------------------------------------------------------


def _oscillator(constants: float, count: int = 4) -> GridStates:
    """Lowest states of p^2/2I + W delta^2/2 in the coordinate delta c, on a grid."""
    width = (HBAR**2 / (constants * INERTIA)) ** 0.25
    delta = width * np.linspace(-9, 9, 160)
    return grid_states(delta, constants * delta**2 / 2, kinetic=HBAR**2 / (2 * INERTIA), count=count)


def _quanta(form: str, states: int = 90) -> Array:
    """Levels of X b^+b + Y (bb + b^+b^+)/2, from its matrix between states of a given number of quanta."""
    X, Y = hamiltonian(SITE, EXCHANGE, form)
    lower = np.diag(np.sqrt(np.arange(1.0, states)), 1)
    pairs = lower @ lower
    return np.asarray(np.linalg.eigvalsh(X * lower.T @ lower + Y * (pairs + pairs.T) / 2))


def _levels() -> list[FormulaCheck]:
    """(1): equal steps, and the vacuum that the paper leaves out."""
    E = float(np.sqrt(squared_energy(SITE, EXCHANGE)))
    energy = _oscillator(CONSTANTS).energy_m
    return [
        EXCITATIONS.check("1", "third step of the levels of a wave over A", form="H = sum_k E(k) b_k^+ b_k",
                          derived=E / SITE, numerical=float(energy[3] - energy[2]) / SITE, tolerance=LEVELS,
                          remark="p^2/2I + W(k) delta c^2/2 on a grid, M = A/5; E of the derived form"),
        EXCITATIONS.check("1", "energy of the vacuum over A", form="H = sum_k E(k) (b_k^+ b_k - v_k^2)",
                          printed_form="H = sum_k E(k) b_k^+ b_k", printed=0.0, state=Print.INCOMPLETE,
                          derived=float(ground_state_energy(SITE, EXCHANGE)) / SITE, tolerance=LEVELS,
                          numerical=float(_quanta("derived")[0]) / SITE,
                          remark="lowest level of the matrix between numbers of quanta; a constant, which no "
                                 "equation of motion contains"),
    ]  # fmt: skip


def _energies() -> list[FormulaCheck]:
    """(2): the three energies of one wave, and the sum over ions."""
    energy = _oscillator(CONSTANTS).energy_m
    derived, printed = (float(squared_energy(SITE, EXCHANGE, form)) / SITE**2 for form in ("derived", "printed"))
    rotating = _quanta("rotating")
    ring = CONSTANTS / np.sqrt(3) * (np.eye(IONS, k=1) + np.eye(IONS, k=-1))
    ring[0, -1] = ring[-1, 0] = ring[0, 1]
    waves = HBAR * np.sqrt(np.sort(np.linalg.eigvalsh(ring / INERTIA))[-2])
    mean = float(np.sqrt(squared_energy(SITE, EXCHANGE)))
    return [
        EXCITATIONS.check("2", "E^2/A^2 of a wave with M = A/5", form="E^2 = 4 A M, A = hbar^2/[c(1-c) I] > 0",
                          printed_form="E^2 = A^2 + 2 A M, A < 0", printed=printed, derived=derived, tolerance=LEVELS,
                          numerical=float((energy[1] - energy[0]) / SITE) ** 2,
                          remark="gap of p^2/2I + W delta c^2/2 on a grid; the print has a kinetic energy with the "
                                 "wrong sign and without its terms bb and b^+b^+, the whole gives the classical "
                                 "(W/I)^(1/2)"),
        EXCITATIONS.check("2", "E^2/A^2 with A > 0, without bb of the kinetic energy", form="E^2 = A^2 + 2 A M",
                          derived=float(squared_energy(SITE, EXCHANGE, "rotating")) / SITE**2, tolerance=LEVELS,
                          numerical=float((rotating[1] - rotating[0]) / SITE) ** 2,
                          remark="the formula itself follows from (A + M) b^+b + M (bb + b^+b^+)/2: its matrix "
                                 "between numbers of quanta diagonalised"),
        EXCITATIONS.check("2", "E of the longest wave on a ring of 12 ions over A", form="E = <4 A_I M_I(k)>_I^(1/2)",
                          printed_form="E = sum_I [A_I^2 + 2 A_I M_I(k)]^(1/2)", printed=IONS * mean / SITE,
                          derived=mean / SITE, numerical=float(waves) / SITE, tolerance=ROUND_OFF,
                          remark="hbar (W/I)^(1/2) of the matrix of the ring; the printed sum over ions, taken with "
                                 "the derived A_I, grows with their number: a mean over ions is meant"),
    ]  # fmt: skip


def _site_and_exchange() -> list[FormulaCheck]:
    """(3) and (4): kinetic and potential energy of one quantum of the amplitude of (6)."""
    delta_0 = VARIANCE / 4  # mean square of delta c without quanta, by (6)
    states = _oscillator(HBAR**2 / (4 * INERTIA * delta_0**2), count=2)
    square = [states.element(states.place_n**2, m, m) for m in (0, 1)]
    printed = float(printed_site_energy(SQUARE_FIELD, MASS, HBAR, VARIANCE, second_paper=True))
    kinetic = float(states.gap) - HBAR**2 / (8 * INERTIA * delta_0**2) * (square[1] - square[0])
    return [
        EXCITATIONS.check("3", "A for M_I = 2, R^2 = 0.3, c = 0.3", form="A = hbar^2/[c(1-c) M_I R_I^2 |alpha_I|]",
                          printed_form="A = -1/[c^2 (1-c)^2 M_I^3 R_I^2 alpha_I]", printed=printed, derived=SITE,
                          numerical=kinetic, tolerance=LEVELS, unit="epsilon",
                          remark="kinetic energy of one quantum more of the oscillator whose vacuum has <delta c^2> = "
                                 "c(1-c)/4, on a grid; sign, one power of c(1-c) and two of the mass are wrong in "
                                 "print, and hbar^2 is missing"),
        EXCITATIONS.check("4", "M for W alpha summed over ions = W(k)", form="M = c(1-c)/4 sum W alpha exp(ikR)",
                          derived=EXCHANGE, numerical=CONSTANTS / 2 * (square[1] - square[0]), tolerance=LEVELS,
                          unit="epsilon", state=Print.DEFINITION,
                          remark="potential energy W delta c^2/2 of one quantum more in the same oscillator"),
    ]  # fmt: skip


# --- (5), the force constants and (6) --------------------------------------------------------------------------


def _smallest_square(square_field: float) -> float:
    """Square of the frequencies of the printed Hamiltonian, from the equations of motion of b and b^+."""
    X, Y = hamiltonian(site_energy(MASS * square_field, HBAR, VARIANCE), EXCHANGE, "printed")
    roots = np.linalg.eigvals(np.array([[X, Y], [-Y, -X]], dtype=complex))
    return float(np.mean((roots**2).real))


def _bound() -> list[FormulaCheck]:
    """(5): the largest field of an undamped excitation in the printed Hamiltonian."""
    largest = float(undamped_inertia(CONSTANTS, HBAR, VARIANCE)) / MASS
    found = optimize.brentq(_smallest_square, 0.2 * largest, 3 * largest, xtol=1e-14)
    frozen = np.array([_second_difference(step) for step in (0.1, 0.01)])
    return [
        EXCITATIONS.check("5", "largest R^2 of an undamped excitation, M_I = 2", unit="sigma^2", tolerance=ROOT,
                          form="R^2 <= 2 hbar^2/[c^2 (1-c)^2 M_I alpha^2 sum W alpha exp(ik_s R)]", derived=largest,
                          printed_form="R^2 <= 2/[c^2 (1-c)^2 M_I^3 alpha^2 sum W alpha exp(ik_s R)]",
                          printed=largest / MASS**2, numerical=float(found),
                          remark="where the frequencies of the printed Hamiltonian become complex, by bisection; A of "
                                 "(3) would give one more c(1-c) below: (5) rests on that of the first paper. The "
                                 "whole Hamiltonian has no such bound: its waves are undamped for every field if "
                                 "W(k) > 0"),
        EXCITATIONS.check("text after 6", "R^2 allowed at delta c = 0.01 over that at 0.1", derived=1.0, printed=0.01,
                          form="W finite for delta c -> 0: R does not depend on delta c",
                          printed_form="R^2 <= 2 k_s^2 delta c ... -> 0 for delta c -> 0",
                          numerical=float(frozen[0] / frozen[1]), tolerance=1e-6,
                          remark="1/W from differences of the energy of an alloy in steps of 0.1 and 0.01; the "
                                 "printed line divides by the gradient i k_s delta c of a wave, although the "
                                 "displacement per delta c is R itself, which is finite"),
    ]  # fmt: skip


def _six_ions() -> Alloy:
    places_nc = np.array([[1, 1, 1], [2.1, 1, 1], [1.2, 2.2, 1], [1, 1.1, 2.3], [2.3, 2.1, 1.2], [2, 2.2, 2.3]])
    return Alloy(places_nc, 8.0 * np.eye(3), np.array([0, 1, 0, 1, 0, 0]))


def _second_difference(step: float) -> float:
    """Mixed difference of the pair energy by delta c of the first two ions."""
    alloy = _six_ions()
    mixture = pair_mixture(alloy, get_model("kob-andersen"))
    total = 0.0
    for first in (-1, 1):
        for second in (-1, 1):
            delta_n = alloy.deviation_n.copy()
            delta_n[:2] += step * np.array([first, second])
            total += first * second * mixture.terms(delta_n).energy()
    return total / (2 * step) ** 2


def _force_constants() -> list[FormulaCheck]:
    """W of a pair of ions as a difference of the energies of four real alloys."""
    alloy, energy = _six_ions(), 0.0
    for first in (0, 1):
        for second in (0, 1):
            atoms = ase.Atoms(positions=alloy.positions_nc, cell=alloy.cell_cc, pbc=True, numbers=np.ones(6, int))
            species_n = alloy.occupation_n.copy()
            species_n[:2] = first, second
            atoms.set_array("species", species_n)
            atoms.calc = PairCalculator("kob-andersen")
            energy += (1 if first == second else -1) * atoms.get_potential_energy()
    found = pair_mixture(alloy, get_model("kob-andersen")).ordering_matrix()[0, 1]
    return [
        EXCITATIONS.check("text after 5", "W of two ions of the Kob-Andersen alloy", derived=float(found),
                          form="W = d^2u/d(delta c)d(delta c') = V_AA + V_BB - 2 V_AB", numerical=float(energy),
                          tolerance=ROUND_OFF, unit="epsilon", state=Print.DEFINITION,
                          remark="energies of the four alloys with A or B on both places, four other ions around"),
    ]  # fmt: skip


def _amplitude() -> list[FormulaCheck]:
    """(6): the vacuum fluctuation of delta c of one ion, all waves of the ring together."""
    states = _oscillator(4 * SITE / VARIANCE, count=2)
    per_wave = float(deviation_amplitude(VARIANCE)) ** 2 / IONS
    return [
        EXCITATIONS.check("6", "<delta c^2> of one ion of a ring, all 12 waves", derived=IONS * per_wave,
                          form="delta c = [c(1-c) alpha/N]^(1/2)/2 (b exp[i(kR - wt)] + c.c.)",
                          numerical=states.element(states.place_n**2, 0, 0), tolerance=LEVELS, state=Print.DEFINITION,
                          remark="ground state of one ion with M = A, where b has no quanta, on a grid; N^(1/2) "
                                 "belongs to waves, a single ion has none. Ordering has alpha < 0: |alpha| is meant"),
    ]  # fmt: skip
