"""Egorushkin and Mel'nikova 1993, section 1: quantisation, energies and decay of concentration excitations."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from analysis.excitations.canonical import (
    Energies,
    bogoliubov,
    decay_threshold,
    deviation_amplitude,
    exchange_energy,
    ground_state_energy,
    hamiltonian,
    printed_site_energy,
    site_energy,
    squared_energy,
)
from analysis.excitations.dispersion import ion_constants
from analysis.validation.em_excitations import CHAPTER, FAR, INERTIA, NEAR, RING, ring_matrix, ring_places
from analysis.validation.formula import FormulaCheck, GridStates, Print, grid_states
from atomsim.results import Array

ROUND_OFF = 1e-10  # relative; eigenvalues of small matrices
GRID = 1e-8  # relative; states on a grid, truncated spaces of bosons
DIFFERENCE = 1e-5  # relative; functions drawn on a grid
BISECTION = 1e-6  # relative; where eigenvalues turn complex

C, HBAR, MASS, CONSTANT = 0.3, 0.03, 1.7, 0.5  # W of one ion
VARIANCE = C * (1 - C)
BOSONS = 60  # states of the truncated space
OSCILLATOR = "levels and states of I x'^2/2 + W x^2/2 on a grid"


def quantum_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the quantisation, of the energies and of the criterion of decay.

    Source: concentration-notes (canonical variables); test: test_known_ratios_of_print_on_concentration_excitations
    """
    return (*_commutator(), *_site(), *_amplitudes(), *_factors(), *_negative(), *_diagonal(), *_spectrum(),
            *_decay())  # fmt: skip


# --- one ion as an oscillator ---------------------------------------------------------------------------------


def _oscillator(constant: float, inertia: float = INERTIA, count: int = 4) -> GridStates:
    """States of one ion, found without bosons."""
    width = np.sqrt(HBAR / np.sqrt(constant * inertia))
    x = np.linspace(-9, 9, 140) * width
    return grid_states(x, constant * x**2 / 2, kinetic=HBAR**2 / (2 * inertia), count=count)


def _lowering(states: int = BOSONS) -> Array:
    return np.diag(np.sqrt(np.arange(1.0, states)), 1)


def _commutator() -> list[FormulaCheck]:
    """The canonical pair made of boson operators, in a truncated space."""
    b = _lowering(8)
    scale = np.sqrt(VARIANCE)
    coordinate = deviation_amplitude(VARIANCE) * (b + b.T)
    momentum = -1j * HBAR * (b - b.T) / scale
    printed_coordinate, printed_momentum = scale / 2 * (b.T + b), -1j * HBAR / scale * (b.T - b)
    value, printed = (
        ((q @ p - p @ q)[0, 0] / (1j * HBAR)).real
        for q, p in ((coordinate, momentum), (printed_coordinate, printed_momentum))
    )
    states = _oscillator(CONSTANT, count=40)
    gaps = states.energy_m - states.energy_m[0]
    strengths = [gap * states.element(states.place_n, 0, n) ** 2 for n, gap in enumerate(gaps)]
    return [
        CHAPTER.check("text after 1.5", "[Q, P]/(i hbar)", form="P_l = -i hbar (phi - phi^+)/{[c(1-c)]^(1/2) R_l}",
                      printed_form="P_l = -i (phi^+ - phi)/{M_l R_l [c(1-c)]^(1/2)}, [phi^+, phi] = 1",
                      derived=float(value), printed=float(printed), tolerance=GRID,
                      numerical=float(2 * INERTIA / HBAR**2 * np.sum(strengths)),
                      remark="operators in eight states, against the sum of oscillator strengths of forty levels on "
                             "a grid. Print has [phi^+, phi] = 1; with Bose operators its commutator is -i hbar"),
    ]  # fmt: skip


def _quantum_of_motion(inertia: float) -> tuple[float, float]:
    """Kinetic energy that one boson adds, and <2|K|0>, with Hermite functions of the width of the vacuum on a grid."""
    s = 0.5 * np.sqrt(VARIANCE)  # the width of the vacuum: dc = s (phi + phi^+)
    x = np.linspace(-12, 12, 6001) * s
    y = x / s
    vacuum = np.exp(-(y**2) / 4)
    states = [vacuum, y * vacuum, (y**2 - 1) * vacuum / np.sqrt(2)]
    norm = np.sqrt(np.trapezoid(vacuum**2, x))
    slopes = [np.gradient(state / norm, x, edge_order=2) for state in states]
    kinetic = HBAR**2 / (2 * inertia)
    both = [kinetic * np.trapezoid(slopes[k] ** 2, x) for k in (0, 1)]
    return float(both[1] - both[0]), float(kinetic * np.trapezoid(slopes[2] * slopes[0], x))


def _site() -> list[FormulaCheck]:
    """The energy A of one ion, and the anomalous part of its kinetic energy."""
    square = 0.02
    inertia = MASS * square
    quantum, pair = _quantum_of_motion(inertia)
    A = float(site_energy(inertia, HBAR, VARIANCE))
    return [
        CHAPTER.check("text after 1.6", "A_l of an ion of mass 1.7", form="A_l = hbar^2/[c(1-c) M_l R_l^2 alpha_l]",
                      printed_form="A_l = -1/[c(1-c) M_l^3 R_l^2 alpha_l]", derived=A, unit="epsilon",
                      printed=float(printed_site_energy(square, MASS, HBAR, VARIANCE)), numerical=quantum,
                      tolerance=DIFFERENCE,
                      remark="kinetic energy added by one boson, with the vacuum of phi drawn on a grid. Q must be "
                             "the displacement R_l dc_l, not M_l R_l dc_l, which puts M^3 for M; a kinetic energy is "
                             "positive"),
        CHAPTER.check("text after 1.6", "<2|K|0> of the kinetic energy", printed=0.0, derived=-A / np.sqrt(2),
                      form="K = A_l [phi^+ phi + 1/2 - (phi phi + phi^+ phi^+)/2]", printed_form="K = A_l phi^+ phi",
                      numerical=pair, tolerance=DIFFERENCE, unit="epsilon",
                      remark="the same functions; the anomalous terms are as large as the one kept"),
    ]  # fmt: skip


def _amplitudes() -> list[FormulaCheck]:
    """Amplitude of dc and the exchange energy, where the bosons phi are the exact ones (M = A)."""
    alpha = 0.36
    stiff = 4 * float(site_energy(INERTIA, HBAR, VARIANCE)) / VARIANCE
    weaker = 4 * float(site_energy(INERTIA, HBAR, VARIANCE * alpha)) / (VARIANCE * alpha)
    first, second = _oscillator(stiff), _oscillator(weaker)
    of_first, of_second = (abs(s.element(s.place_n, 0, 1)) for s in (first, second))
    coupling = 0.2
    plain = float(exchange_energy(coupling, VARIANCE))
    return [
        CHAPTER.check("1.6", "matrix element of dc between no boson and one", tolerance=GRID,
                      derived=float(deviation_amplitude(VARIANCE)), numerical=of_first,
                      form="dc_l = (1/2) [c(1-c) alpha_l]^(1/2) (phi_l + phi_l^+)",
                      printed_form="dc_l = (1/2) [c(1-c) alpha_l]^(1/2) (phi_l + phi_l)", state=Print.CORRECT,
                      remark="oscillator with W = 4A/[c(1-c)], whose quanta are phi, on a grid; a cross is lost in "
                             "the scan"),
        CHAPTER.check("text after 1.6", "M_ll' between ions of alpha = 1 and 0.36", printed=plain * alpha,
                      form="M_ll' = (1/4) c(1-c) W_ll' (alpha_l alpha_l')^(1/2)", derived=plain * np.sqrt(alpha),
                      printed_form="M_ll' = (1/4) c(1-c) W_ll' alpha_l alpha_l'", tolerance=GRID, unit="epsilon",
                      numerical=coupling * of_first * of_second,
                      remark="W dc_l dc_l' moves a boson from one ion to the other: product of matrix elements of "
                             "two oscillators on a grid; the root is lost in print"),
    ]  # fmt: skip


def _parts() -> tuple[float, float]:
    return float(site_energy(INERTIA, HBAR, VARIANCE)), float(exchange_energy(CONSTANT, VARIANCE))


def _bosons(site: float, exchange: float, form: str) -> Array:
    """Lowest levels of the normally ordered Hamiltonian in a truncated space of bosons."""
    X, Y = (float(value) for value in hamiltonian(site, exchange, form))
    b = _lowering()
    return np.asarray(linalg.eigvalsh(X * b.T @ b + Y / 2 * (b @ b + b.T @ b.T))[:4])


def _factors() -> list[FormulaCheck]:
    """u and v: pair averages of phi in the ground state of the oscillator, and the printed equations for them."""
    A, M = _parts()
    _, u, v = (float(value) for value in bogoliubov(A, M))
    states = _oscillator(CONSTANT)
    place = float(states.element(states.place_n**2, 0, 0)) / (4 * float(deviation_amplitude(VARIANCE)) ** 2)
    momentum = 2 * INERTIA * (float(states.energy_m[0]) - CONSTANT / 2 * float(states.element(states.place_n**2, 0, 0)))
    motion = momentum * float(deviation_amplitude(VARIANCE)) ** 2 / HBAR**2
    at = f"{OSCILLATOR}; A = {A:.3f}, M = {M:.3f}"
    return [
        CHAPTER.check("1.7", "u v, the mean of phi phi in the vacuum of b", form="phi_l = N^(-1/2) sum_k [u b_k "
                      "exp(i k R) + v* b_k^+ exp(-i k R)]", derived=u * v, numerical=place - motion, tolerance=GRID,
                      remark=at),
        CHAPTER.check("text after 1.7", "u^2 - v^2, ordered averages", form="u* u - v* v = 1", derived=u**2 - v**2,
                      numerical=float(4 * np.sqrt(place * motion)), tolerance=GRID, state=Print.DEFINITION,
                      remark=f"uncertainty of the ground state over the least one; {at}"),
        CHAPTER.check("1.8", "v^2, the mean number of phi in the vacuum of b", derived=v**2, tolerance=GRID,
                      form="(A+M-E) u + (M-A) v = 0, (A+M+E) v + (M-A) u = 0",
                      printed=float(bogoliubov(A, M, "printed")[2] ** 2),
                      printed_form="(A-E) u + M (u+v) = 0, (A+E) v + M (u+v) = 0, with its A < 0",
                      numerical=place + motion - 0.5,
                      remark=f"{at}; print leaves the anomalous kinetic terms out and has A < 0"),
    ]  # fmt: skip


def _negative() -> list[FormulaCheck]:
    """The printed equations for u and v with the printed sign of A."""
    A, M = _parts()
    levels, vectors = np.linalg.eig(np.array([[-A + M, M], [-M, A - M]]))
    positive = int(np.argmax(vectors[0] ** 2 - vectors[1] ** 2))
    negative = float(bogoliubov(A, M, "printed")[0])
    return [
        CHAPTER.check("1.8", "E of the solution with u^2 > v^2 where A is negative", printed=-negative, unit="epsilon",
                      derived=negative, form="E = -[A^2 - 2 |A| M]^(1/2)", printed_form="E = [A^2 - 2 |A| M]^(1/2)",
                      numerical=float(levels[positive].real), tolerance=ROUND_OFF,
                      remark="eigenvector of positive norm of the printed equations: with the printed sign of A the "
                             "energy of an excitation is negative"),
    ]  # fmt: skip


def _diagonal() -> list[FormulaCheck]:
    """The Hamiltonian as printed, with a positive A, in a truncated space of bosons."""
    A, M = _parts()
    levels = _bosons(A, M, "rotating")
    E = float(np.sqrt(squared_energy(A, M, "rotating")))
    at = "levels of the printed Hamiltonian with A > 0 in sixty states of one boson"
    return [
        CHAPTER.check("text after 1.8", "energy of one excitation above the vacuum", form="H_i = -sum E v v* + sum E "
                      "b^+ b", printed_form="H_i = -sum E v v* - sum E b^+ b", printed=-E, derived=E, unit="epsilon",
                      numerical=float(levels[1] - levels[0]), tolerance=GRID, remark=f"{at}; (1.9) has the plus sign"),
        CHAPTER.check("text after 1.8", "energy of the vacuum below that of no boson", form="-E v v*", unit="epsilon",
                      derived=float(ground_state_energy(A, M, "rotating")), numerical=float(levels[0]),
                      tolerance=GRID, remark=at),
        CHAPTER.check("1.9", "energy of three excitations over that of one", form="H = sum_k E(k) b_k^+ b_k",
                      derived=3.0, numerical=float((levels[3] - levels[0]) / (levels[1] - levels[0])), tolerance=GRID,
                      remark=at),
        CHAPTER.check("text after 1.9", "E of the Hamiltonian as printed, with A > 0", unit="epsilon", derived=E,
                      form="E = [(A+M)^2 - M^2]^(1/2)", numerical=float(levels[1] - levels[0]), tolerance=GRID,
                      remark=f"{at}; the formula follows from the Hamiltonian, which is not the whole one"),
    ]  # fmt: skip


def _spectrum() -> list[FormulaCheck]:
    """E(k) of the whole Hamiltonian, of one ion and of a ring."""
    A, M = _parts()
    printed, derived = (float(np.sqrt(squared_energy(A, M, form))) for form in ("printed", "derived"))
    states = _oscillator(CONSTANT)
    W = 2 * NEAR * np.cos(np.pi / 6) + 2 * FAR * np.cos(np.pi / 3)
    of_ring = float(np.sqrt(squared_energy(A, exchange_energy(W, VARIANCE))))
    exact = linalg.eigvalsh(ring_matrix())
    return [
        CHAPTER.check("text after 1.9", "E of one ion", form="E = [(A+M)^2 - (M-A)^2]^(1/2) = 2 (A M)^(1/2)",
                      printed_form="E = [(A+M)^2 - M^2]^(1/2) with A < 0", printed=printed, derived=derived,
                      numerical=states.gap, tolerance=GRID, unit="epsilon",
                      remark=f"{OSCILLATOR}. The anomalous kinetic terms belong to the Hamiltonian; with them E is "
                             "hbar omega of (1.5)"),
        CHAPTER.check("text after 1.9", "E(k) of a ring of twelve ions, k = pi/6", printed=RING * of_ring,
                      unit="epsilon",
                      form="E(k) = 2 [mean_l A_l mean_l M_l(k)]^(1/2)", printed_form="E(k) = sum_l {...}^(1/2)",
                      derived=of_ring, tolerance=ROUND_OFF,
                      numerical=HBAR * float(np.sqrt(exact[np.argmin(np.abs(exact - W))] / INERTIA)),
                      remark="hbar times the frequency of the ring; a sum over ions grows with their number"),
    ]  # fmt: skip


# --- decay ----------------------------------------------------------------------------------------------------


def _threshold(site: float) -> float:
    """The W at which the energies of the printed equations become complex, by bisection of their eigenvalues."""

    def decays(constant: float) -> bool:
        M = VARIANCE * constant / 4
        return bool(np.any(np.abs(np.linalg.eigvals([[-site + M, M], [-M, site - M]]).imag) > 0))

    low, high = 0.0, 1e3 * site
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if decays(middle) else (middle, high)
    return low


def _decay() -> list[FormulaCheck]:
    """Where excitations decay: by the printed energies and by the whole Hamiltonian."""
    square, light = 0.02, 1.0
    site = float(site_energy(light * square, HBAR, VARIANCE))
    heavy = abs(float(printed_site_energy(square, MASS, HBAR, VARIANCE)))
    waves = np.stack([2 * np.pi / RING * np.arange(RING), np.zeros(RING), np.zeros(RING)], axis=1)
    exchange = exchange_energy(ion_constants(ring_matrix(), ring_places(), waves)[:, 0], VARIANCE)
    shares = {form: 1 - Energies.of(0.068, exchange).stable_fraction(form) for form in ("printed", "derived")}
    unstable = float(np.mean(linalg.eigvalsh(ring_matrix()) < 0))
    form = "sum W alpha exp[i k R] > 2 hbar^2/{[c(1-c)]^2 M^3 R^2 alpha}"
    return [
        CHAPTER.check("text after 1.9", "sum of W alpha from which |A| < 2 M, M_l = 1", form=form, unit="epsilon",
                      printed_form="sum W alpha exp[i k R] > 1/[c(1-c) M^3 R^2 alpha]",
                      printed=VARIANCE * float(decay_threshold(light * square, HBAR, VARIANCE)) / 2,
                      derived=float(decay_threshold(light * square, HBAR, VARIANCE)), numerical=_threshold(site),
                      tolerance=BISECTION,
                      remark="eigenvalues of (1.8) turn complex there; the line printed lacks 2/[c(1-c)] of its own A "
                             "and M"),
        CHAPTER.check("text after 1.9", "the same for waves that do not decay, M_l = 1.7", unit="epsilon",
                      form=form.replace(">", "<"), printed=HBAR**2 / (VARIANCE * MASS**2 * square),
                      printed_form="sum W alpha exp[i k R] <= 1/[c(1-c) M^2 R^2 alpha]",
                      derived=2 * heavy / VARIANCE, numerical=_threshold(heavy), tolerance=BISECTION,
                      remark="the same with the printed A; here M^2 stands for its M^3 besides"),
        CHAPTER.check("text after 1.9", "share of the waves of a ring that decay", form="they decay where M(k) < 0",
                      printed_form="they decay where M(k) > |A|/2", printed=shares["printed"],
                      derived=shares["derived"], numerical=unstable, tolerance=ROUND_OFF,
                      remark="negative eigenvalues of W of the ring, A = 0.068. A strong positive W destabilises in "
                             "print and stabilises in fact"),
    ]  # fmt: skip
