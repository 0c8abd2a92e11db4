"""Egorushkin and Mel'nikova 1993b, (7) to (11): from the Hamiltonian to the equation of the field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import integrate, linalg, optimize, special, stats

from analysis.excitations.canonical import exchange_energy, site_energy, squared_energy
from analysis.relaxation.curves import CURVES_OF_FIGURE_1
from analysis.relaxation.exponential import field_acceleration, log_final_number
from analysis.relaxation.field_equation import equation_coefficients, hamiltonian_coefficients, potential_coupling
from analysis.relaxation.kinetics import Start, final_field, integrate_kinetics
from analysis.relaxation.rates import FORMS, RelaxationRates
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, grid_states
from atomsim.results import Array

CHAPTER = Chapter("egorushkin-melnikova-1993b", "Egorushkin & Mel'nikova 1993b, section 3: equations of motion")
ROUND_OFF = 1e-10  # relative; matrices of a few hundred numbers
LEVELS = 1e-8  # relative; two solutions of the same Schroedinger equation
DIFFERENCE = 1e-6  # relative; derivatives by differences of solutions of known accuracy
MANY = 1e-4  # relative; limit of many pairs of states from 16 to 128 of them
SOLVED = 1e-6  # relative; two integrations of the same equations

COMPOSITION, HBAR, INERTIA = 0.3, 0.1, 0.6
VARIANCE = COMPOSITION * (1 - COMPOSITION)
SITE = float(site_energy(INERTIA, HBAR, VARIANCE))  # A
CONSTANTS = 1.2 * SITE / VARIANCE  # W(q) for which M = 0.3 A
EXCHANGE = float(exchange_energy(CONSTANTS, VARIANCE))
COUPLING = 0.3  # Delta of the small quantum models
PAIRS = np.array([16, 32, 64, 128])
TILT = np.pi / 3  # of the pairs of states away from full inversion


def kinetics_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (7) to (11)."""
    return (*_hamiltonian(), *_coupling(), *_commutators(), *_motion(), *_resonance(), *_mean_field(), *_decay(),
            *_field_equation())  # fmt: skip


def _lower(states: int) -> Array:
    return np.diag(np.sqrt(np.arange(1.0, states)), 1)


# --- (7): the Hamiltonian --------------------------------------------------------------------------------------


def _one_quantum() -> float:
    """Energy of a wave with one quantum of the amplitude of (6) less that of its vacuum, on a grid."""
    own = 4 * SITE / VARIANCE  # constant for which that vacuum is the ground state
    width = (HBAR**2 / (own * INERTIA)) ** 0.25
    delta = width * np.linspace(-9, 9, 160)
    states = grid_states(delta, own * delta**2 / 2, kinetic=HBAR**2 / (2 * INERTIA), count=2)
    square = [states.element(states.place_n**2, m, m) for m in (0, 1)]
    return float(states.gap) + (CONSTANTS - own) / 2 * (square[1] - square[0])


def _hamiltonian() -> list[FormulaCheck]:
    """Place and sign of mu."""
    derived, printed = (
        hamiltonian_coefficients(COMPOSITION, interaction=CONSTANTS, potential=-SITE, form=form) for form in FORMS
    )
    lower = _lower(90)
    quanta = np.linalg.eigvalsh(
        derived.normal * lower.T @ lower + derived.anomalous * (lower @ lower + lower.T @ lower.T)
    )
    square = [float(squared_energy(SITE, EXCHANGE, form)) / SITE**2 for form in ("rotating", "printed")]
    return [
        CHAPTER.check("7", "energy of one quantum over A, without b_-q b_q", derived=derived.normal / SITE,
                      form="c(1-c)/8 W (2 b^+b + b_-q b_q + b_q^+ b_-q^+) - mu b^+b", printed=printed.normal / SITE,
                      printed_form="c(1-c)/8 [W (2 b^+b + b_-q b_q + b_q^+ b_-q^+) - mu b^+b]", tolerance=LEVELS,
                      numerical=_one_quantum() / SITE,
                      remark="kinetic and potential energy of one quantum more in the oscillator of (6), on a grid, "
                             "M = 0.3 A, mu = -A; mu is no part of the bracket, or (8) does not follow"),
        CHAPTER.check("text after 7", "E^2/A^2 of this Hamiltonian, mu = sum A_I < 0", derived=square[0],
                      form="E^2 = mu^2 - 2 mu M", printed_form="E^2 = A^2 + 2 A M of (2), A < 0", printed=square[1],
                      numerical=float((quanta[1] - quanta[0]) / SITE) ** 2, tolerance=LEVELS,
                      remark="matrix between numbers of quanta; -mu b^+b with mu = sum A_I and the negative A_I of (3) "
                             "has the right sign of a kinetic energy, and thereby contradicts (2)"),
    ]  # fmt: skip


def _fermions() -> tuple[Array, Array]:
    """Operators that take an electron out of k and out of k + q, with their anticommutation."""
    out = np.array([[0.0, 1.0], [0.0, 0.0]])
    return np.kron(out, np.eye(2)), np.kron(np.diag([1.0, -1.0]), out)


def _coupling() -> list[FormulaCheck]:
    """What an electron gives to a wave: the size of the coupling, and its term with b^+."""
    sites, wave, g = 24, 5, 0.7
    place = np.arange(sites)
    amplitude = np.sqrt(VARIANCE / sites) / 2 * np.exp(2j * np.pi * wave / sites * place)  # what b_q multiplies in (6)
    electrons = [np.exp(2j * np.pi * k / sites * place) / np.sqrt(sites) for k in (3, 3 + wave)]
    element = float(abs(electrons[1].conj() @ (g * amplitude * electrons[0])))
    k, other = (np.kron(a, np.eye(3)) for a in _fermions())
    b = np.kron(np.eye(4), _lower(3))
    absorb = COUPLING * other.T @ k @ b
    printed = absorb + COUPLING * k @ other.T @ b.T
    whole = absorb + absorb.T
    start = np.zeros(12)
    start[2 * 3 + 1] = 1.0  # an electron in k and one quantum
    end = np.flatnonzero(np.abs(absorb @ start))[0]
    sector = [int(np.flatnonzero(start)[0]), int(end)]
    levels = np.linalg.eigvals(printed[np.ix_(sector, sector)]).real
    half = optimize.brentq(lambda t: float((start @ linalg.expm(-1j * t * whole) @ start).real), 0.1, 9.0, xtol=1e-13)
    return [
        CHAPTER.check("7", "coupling to one quantum over g(q), 24 ions", form="Delta = (g/2) [c(1-c)/N]^(1/2)",
                      printed_form="g(q)", printed=1.0, tolerance=ROUND_OFF, numerical=element / g,
                      derived=potential_coupling(1.0, composition=COMPOSITION, atoms=sites),
                      remark="matrix element of sum_l g delta c_l, with delta c of (6), between two plane waves on a "
                             "ring; (8) to (19) hold Delta(q), which the paper does not define"),
        CHAPTER.check("7", "splitting in resonance over Delta", form="g (a_k+q^+ a_k b_q + a_k^+ a_k+q b_q^+)",
                      printed_form="g (a_k+q^+ a_k b_q + a_k a_k+q^+ b_q^+)", printed=float(np.ptp(levels)) / COUPLING,
                      derived=2.0, numerical=np.pi / float(half) / COUPLING, tolerance=LEVELS,
                      remark="time in which an electron gives a quantum back, two states and one wave; the second "
                             "term in print is not the adjoint of the first: it finds no electron in k + q to take, "
                             "so that no quantum would ever be emitted"),
    ]  # fmt: skip


# --- (8): Heisenberg equations ---------------------------------------------------------------------------------


def _commutators() -> list[FormulaCheck]:
    """Coefficients of b_q^+ and b_-q in the commutator of the Hamiltonian of two waves with b_q^+."""
    n = 4
    b, other = np.kron(_lower(n), np.eye(n)), np.kron(np.eye(n), _lower(n))
    factor = VARIANCE / 8 * CONSTANTS
    pairs = 2 * factor * (b @ other + other.T @ b.T)  # q and -q of the sum give the same product
    energy = (2 * factor + SITE) * (b.T @ b + other.T @ other) + pairs
    change = energy @ b.T - b.T @ energy
    derived, printed = (
        equation_coefficients(COMPOSITION, interaction=CONSTANTS, potential=-SITE, form=form) for form in FORMS
    )
    return [
        CHAPTER.check("8", "coefficient of b_q^+ over A", form="c(1-c)/4 W - mu", derived=derived.normal / SITE,
                      numerical=float(change[n, 0]) / SITE, tolerance=ROUND_OFF,
                      remark="commutator with the matrix of two waves, mu = -A, M = 0.3 A; gamma_q of this equation is "
                             "the damping of the wave, kappa of (15), not the gamma_q of (10)"),
        CHAPTER.check("8", "coefficient of b_-q over A", form="c(1-c)/4 W", printed_form="c(1-c)/8 W",
                      printed=printed.anomalous / SITE, derived=derived.anomalous / SITE,
                      numerical=float(change[0, 1]) / SITE, tolerance=ROUND_OFF,
                      remark="the same commutator; q and -q of the sum in (7) both hold b_-q b_q. Left out later"),
    ]  # fmt: skip


def _motion() -> list[FormulaCheck]:
    """The equations of polarisation and inversion, in a state of two electron levels and one wave."""
    frequency, level, states = 1.0, 1.4, 8
    k, other = (np.kron(a, np.eye(states)) for a in _fermions())
    b = np.kron(np.eye(4), _lower(states))
    d = k.T @ other
    sigma = other.T @ other - k.T @ k
    energy = level * other.T @ other + frequency * b.T @ b + COUPLING * (d.T @ b + d @ b.T)
    electron = np.array([0.0, np.sqrt(0.7), np.sqrt(0.3), 0.0])  # one electron, mostly in k + q
    field = 0.8 ** np.arange(states) / np.sqrt(special.factorial(np.arange(states)))
    start = np.kron(electron, field / np.linalg.norm(field)).astype(complex)

    def mean(operator: Array, time: float) -> complex:
        state = linalg.expm(-1j * time * energy) @ start
        return complex(state.conj() @ operator @ state)

    t, h = 0.7, 1e-4
    slope = [(mean(operator, t + h) - mean(operator, t - h)) / (2 * h) for operator in (d.T, sigma)]
    right = 1j * level * mean(d.T, t) - 1j * COUPLING * mean(sigma @ b.T, t)
    emission = 2j * COUPLING * (mean(d @ b.T, t) - mean(d.T @ b, t))
    remark = "exact motion of two electron levels and one wave, differences in time; the decay is put in by hand"
    return [
        CHAPTER.check("8", "rate of d^+ in a small quantum system", form="i w d^+ - Gamma d^+ - i Delta sigma b^+",
                      derived=abs(right), numerical=abs(slope[0]), tolerance=DIFFERENCE, unit="1/time", remark=remark),
        CHAPTER.check("8", "rate of sigma in a small quantum system", unit="1/time", tolerance=DIFFERENCE,
                      form="-sigma/t_sigma + 2 i Delta (d b^+ - d^+ b)", derived=emission.real,
                      numerical=slope[1].real, remark=remark + "; the scan lost the index of t_sigma"),
    ]  # fmt: skip


def _resonance() -> list[FormulaCheck]:
    """Where one electron and one wave exchange all their energy, and what the secular approximation leaves out."""
    derived = equation_coefficients(COMPOSITION, interaction=CONSTANTS, potential=-SITE)
    quantum, small = _one_quantum(), 1e-3 * SITE

    def splitting(level: float) -> float:
        pair = np.linalg.eigvalsh(np.array([[level, small], [small, quantum]]))
        return float(pair[1] - pair[0])

    found = optimize.minimize_scalar(splitting, bounds=(SITE, 2 * SITE), method="bounded",
                                     options={"xatol": 1e-10 * SITE}).x  # fmt: skip
    lower = _lower(90)
    whole = np.linalg.eigvalsh(derived.normal * lower.T @ lower + EXCHANGE / 2 * (lower @ lower + lower.T @ lower.T))
    return [
        CHAPTER.check("text after 8", "energy of electrons in resonance over A", form="w_kq = c(1-c)/4 W - mu",
                      derived=derived.normal / SITE, numerical=float(found) / SITE, tolerance=DIFFERENCE,
                      remark="smallest splitting of one electron and one quantum, the energy of the quantum on a grid"),
        CHAPTER.check("text after 8", "energy of a free wave over A, with b_-q", derived=float(np.sqrt(
                          squared_energy(SITE, EXCHANGE, "rotating"))) / SITE, printed=derived.normal / SITE,
                      form="w_b = [(c(1-c)/4 W - mu)^2 - (c(1-c)/4 W)^2]^(1/2)", printed_form="w_b = c(1-c)/4 W - mu",
                      state=Print.INCOMPLETE, numerical=float(whole[1] - whole[0]) / SITE, tolerance=LEVELS,
                      remark="M = 0.3 A, matrix between numbers of quanta; the secular approximation drops b_-q, which "
                             "is right for M << A"),
    ]  # fmt: skip


# --- (9): many pairs of states ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Emitted:
    """Quanta, polarisation and inversion of n equal pairs of states, over their initial inversion."""

    number: float
    polarisation: float
    inversion: float


def _exact_pairs(pairs: int, time: float) -> _Emitted:
    """Exact motion of n pairs of states and one wave, Delta (sigma^0)^{1/2} = 1; time in units of that."""
    inverted = np.arange(pairs + 1)
    initial = pairs * np.cos(TILT)
    start = np.sqrt(stats.binom.pmf(inverted, pairs, np.cos(TILT / 2) ** 2))
    amplitude = np.zeros((pairs + 1, pairs + 1), dtype=complex)  # of `whole` excitations, j of them quanta
    for whole in inverted:
        j = np.arange(whole)
        links = np.sqrt((whole - j) * (pairs - whole + j + 1.0) * (j + 1.0) / initial)
        energy, states = linalg.eigh_tridiagonal(np.zeros(whole + 1), links)
        amplitude[whole, : whole + 1] = states @ (np.exp(-1j * energy * time) * states[0])
    amplitude *= start[:, None]
    share = np.abs(amplitude) ** 2
    quanta = float(share.sum(axis=0) @ inverted)
    up = float(share.sum(axis=1) @ inverted) - quanta
    left = np.clip(inverted[:-1, None] - inverted, 0, None)  # pairs still inverted
    raised = np.sqrt((left + 1.0) * (pairs - left)) * (inverted[:-1, None] >= inverted)
    polarisation = abs(np.sum(amplitude[1:].conj() * amplitude[:-1] * raised))
    return _Emitted(quanta / initial, polarisation / initial, (2 * up - pairs) / initial)


def _mean_field() -> list[FormulaCheck]:
    """(9) as the limit of many pairs, and the law of conservation behind it."""
    time = 1.2
    exact = [_exact_pairs(int(n), time) for n in PAIRS]
    solved = integrate_kinetics([time], RelaxationRates(0.0, 0.0, 1.0), Start(np.tan(TILT) / 2))
    names = ("number", "polarisation", "inversion")
    found = {name: extrapolated(1 / PAIRS, np.array([getattr(e, name) for e in exact])) for name in names}
    remark = (
        "exact quantum motion of 16 to 128 pairs of states and one wave, limit of many; a third of the inversion "
        "turned into polarisation at first, no decay, Delta (sigma^0)^(1/2) t = 1.2"
    )
    ratio = (exact[-1].inversion - 1) / exact[-1].number
    return [
        CHAPTER.check("9a", "N/sigma^0 of many pairs", form="db^+/dt = i Delta sum_k d_k^+", tolerance=MANY,
                      derived=float(solved.number_t[0]), numerical=found["number"], remark=remark),
        CHAPTER.check("9b", "polarisation of many pairs over sigma^0", derived=float(abs(solved.polarisation_t[0])),
                      form="d d_k^+/dt = -Gamma d_k^+ - i Delta b^+ sigma_k", numerical=found["polarisation"],
                      tolerance=MANY, remark=remark),
        CHAPTER.check("9c", "inversion of many pairs over sigma^0", derived=float(solved.inversion_t[0]),
                      form="d sigma_k/dt = -sigma_k/t_sigma + 2 i Delta (d_k b^+ - d_k^+ b)", tolerance=MANY,
                      numerical=found["inversion"], remark=remark),
        CHAPTER.check("text after 9c", "second term of (9c), summed over k, over dN/dt", derived=-2.0, printed=1.0,
                      form="sum_k 2 i Delta (d_k b^+ - d_k^+ b) = -2 dN/dt", printed_form="= dN/dt",
                      numerical=float(ratio), tolerance=ROUND_OFF,
                      remark="change of the inversion over the quanta emitted by 128 pairs, exact; each quantum takes "
                             "one electron down, which changes n_k+q - n_k by two"),
    ]  # fmt: skip


# --- (9) with decay, (10), (11) --------------------------------------------------------------------------------


def _by_multistep(time_t: Array, rates: RelaxationRates, polarisation: float) -> Array:
    """Field, polarisation and inversion of (9) in resonance, by a multistep method."""

    def slope(_: float, state: Array) -> list[float]:
        y, d, s = state
        W = rates.coupling
        return [W * d, W * y * s - rates.polarisation_rate * d, -rates.inversion_rate * s - 4 * W * y * d]

    start = [0.0, polarisation, 1.0]
    found = integrate.solve_ivp(slope, (0, time_t[-1]), start, method="LSODA", t_eval=time_t, rtol=1e-11, atol=1e-15)
    return np.asarray(found.y)


def _decay() -> list[FormulaCheck]:
    """(10): when the inversion decays by itself, and what the field ends with when it does not."""
    weak, strong = RelaxationRates(0.7, 2.0, 1.5), CURVES_OF_FIGURE_1[2]
    inversion_t = _by_multistep(np.array([0.999, 1.001]), weak, 1e-4)[2]
    final = final_field(strong, Start(1e-3)) ** 2
    ends = _by_multistep(np.array([40.0]), strong, 1e-3)[0, -1] ** 2
    return [
        CHAPTER.check("10", "decay of the inversion for d^0 = 1e-4 sigma^0", form="d sigma/dt = -gamma sigma",
                      derived=weak.inversion_rate, numerical=float(-np.log(inversion_t[1] / inversion_t[0]) / 0.002),
                      unit="1/time", tolerance=SOLVED,
                      remark="(9) integrated by a multistep method, gamma = 1/t_sigma; right while the field is small"),
        CHAPTER.check("10", "N/sigma^0 at the end of curve 3, d^0 = 1e-3 sigma^0", derived=final,
                      form="d sigma/dt = -sigma/t_sigma - 2 dN/dt", printed_form="d sigma/dt = -gamma sigma",
                      printed=float(np.exp(log_final_number(strong, 1e-3))), state=Print.INCOMPLETE,
                      numerical=float(ends), tolerance=SOLVED,
                      remark="(9) integrated by a multistep method; with (10) the field takes 13 decades more than the "
                             "inversion holds, which the division by eta_infinity hides: curve 3 holds for d^0 below "
                             "1e-10 sigma^0 only"),
    ]  # fmt: skip


def _field_equation() -> list[FormulaCheck]:
    """(11) from the two equations of first order, and the growth of a field in an inversion that stays."""
    rates = RelaxationRates(0.7, 2.0, 1.5)
    t, h = 1.1, 1e-3

    def slope(time: float, state: Array) -> list[float]:
        y, d = state
        gain = rates.coupling * np.exp(-rates.inversion_rate * time)
        return [rates.coupling * d, gain * y - rates.polarisation_rate * d]

    times = [t - h, t, t + h]
    found = integrate.solve_ivp(slope, (0, times[-1]), [0.0, 1.0], "DOP853", times, rtol=1e-13, atol=1e-15)
    y = found.y[0]
    bend = field_acceleration(t, y[1], rates.coupling * found.y[1, 1], rates)
    still = RelaxationRates(0.0, 2.0, 1.5)
    late = _by_multistep(np.array([7.0, 8.0]), still, 1e-9)[0]
    return [
        CHAPTER.check("11", "second derivative of the field at gamma t = 0.77", derived=float(bend.real),
                      form="b'' + Gamma b' - Delta^2 sigma^0 exp(-gamma t) b = 0", tolerance=1e-5, unit="1/time^2",
                      numerical=float((y[0] - 2 * y[1] + y[2]) / h**2),
                      remark="differences of the solution of (9a), (9b) with sigma = sigma^0 exp(-gamma t)"),
        CHAPTER.check("text after 11", "growth of a small field in a constant inversion", state=Print.NONE,
                      form="lambda = -Gamma/2 + (Gamma^2/4 + Delta^2 sigma^0)^(1/2)", derived=still.initial_growth_rate,
                      numerical=float(np.log(late[1] / late[0])), tolerance=1e-5, unit="1/time",
                      remark="slope of ln b of (9), by a multistep method, when the decaying solution is gone"),
    ]  # fmt: skip
