"""Egorushkin and Mel'nikova 1993b, (12) to (14): the order parameter in time, its three curves, and detuning."""

from __future__ import annotations

from collections.abc import Sequence

import mpmath
import numpy as np
from scipy import linalg, special

from analysis.excitations.alloy import Alloy
from analysis.excitations.concentration_waves import concentration_intensity
from analysis.relaxation.curves import CURVES_OF_FIGURE_1
from analysis.relaxation.detuned import log_detuned_field, log_detuned_final, weak_coupling_order_parameter
from analysis.relaxation.exponential import (
    has_inflection,
    log_final_number,
    order_parameter,
    order_parameter_by_bessel_functions,
    time_to_reach,
)
from analysis.relaxation.limits import gompertz, late_deficit, simple_relaxation
from analysis.relaxation.rates import ComplexArray, RelaxationRates
from analysis.validation.formula import Chapter, FormulaCheck, Print

CHAPTER = Chapter("egorushkin-melnikova-1993b", "Egorushkin & Mel'nikova 1993b, section 3: order parameter")
ROUND_OFF = 1e-10  # relative; sums over a hundred numbers
SOLVED = 1e-8  # relative; closed form against collocation
DIFFERENCE = 1e-5  # relative; derivatives by differences

NODES = 24  # of a panel of time
PHASE = 6.0  # largest change of anything on a panel
SETTLED = 34.0  # times the slower decay, after which a field has its final value to rounding


def curve_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (12) to (14)."""
    return (*_definition(), *_solution(), *_limits(), *_figure(), *_claims(), *_detuned(), *_weak())


# --- the field by collocation ----------------------------------------------------------------------------------


def _panel() -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev points of a panel, from 1 down to -1, and the matrix that differentiates on them."""
    place = np.cos(np.pi * np.arange(NODES) / (NODES - 1))
    weight = np.where(np.arange(NODES) % 2, -1.0, 1.0)
    weight[[0, -1]] /= 2
    apart = place[:, None] - place + np.eye(NODES)
    matrix = weight / weight[:, None] / apart
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return place, matrix


PLACE, SLOPE = _panel()


def _collocated(times: Sequence[float], rates: RelaxationRates) -> tuple[ComplexArray, ComplexArray]:
    """Field and velocity over the initial velocity: b' = v, v' = Delta^2 sigma^0 exp(-gamma t) b - (Gamma + i Omega) v.

    Panel after panel, a polynomial on each; knows nothing of Bessel functions.
    """
    decay = rates.polarisation_rate + 1j * rates.detuning
    fastest = abs(decay) + rates.coupling + rates.inversion_rate
    here, state, found = 0.0, np.array([0.0, 1.0], dtype=complex), []
    for end in times:
        count = int(np.ceil((end - here) * fastest / PHASE))
        for k in range(count):
            width = (end - here) / (count - k)
            state = _over_panel(here, width, state, decay, rates)
            here += width
        found.append(state)
    field, velocity = np.array(found).T
    return field, velocity


def _over_panel(
    start: float, width: float, state: ComplexArray, decay: complex, rates: RelaxationRates
) -> ComplexArray:
    n = NODES - 1
    time = start + width * (PLACE + 1) / 2
    gain = rates.coupling**2 * np.exp(-rates.inversion_rate * time)
    slope = SLOPE[:n] * 2 / width
    matrix = np.zeros((2 * n, 2 * n), dtype=complex)
    matrix[:n, :n] = matrix[n:, n:] = slope[:, :n]
    matrix[range(n), range(n, 2 * n)] -= 1
    matrix[range(n, 2 * n), range(n)] -= gain[:n]
    matrix[range(n, 2 * n), range(n, 2 * n)] += decay
    right = -np.concatenate([slope[:, n] * state[0], slope[:, n] * state[1]])
    solution = linalg.solve(matrix, right, check_finite=False)
    return np.array([solution[0], solution[n]])


def _final(rates: RelaxationRates) -> float:
    """|b| at the end over the initial velocity."""
    field, _ = _collocated([SETTLED / min(rates.inversion_rate, rates.polarisation_rate)], rates)
    return float(abs(field[0]))


def _eta(times: Sequence[float], rates: RelaxationRates) -> np.ndarray:
    field, _ = _collocated([*times, SETTLED / min(rates.inversion_rate, rates.polarisation_rate)], rates)
    return np.abs(field[:-1]) / abs(field[-1])


# --- what the order parameter is -------------------------------------------------------------------------------


def _caesium_chloride(exchanged: int) -> Alloy:
    """128 sites of B2, of which some pairs are exchanged."""
    cube = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    occupation = np.repeat([0, 1], len(cube))
    occupation[:exchanged], occupation[len(cube) : len(cube) + exchanged] = 1, 0
    return Alloy(np.vstack([cube, cube + 0.5]), 4.0 * np.eye(3), occupation)


def _definition() -> list[FormulaCheck]:
    """eta = (N_q/N)^{1/2} is the order parameter of long range, N the number of ions."""
    alloy = _caesium_chloride(16)
    n_atoms, superstructure = alloy.n_atoms, np.array([[2 * np.pi, 0.0, 0.0]])
    quanta = concentration_intensity(alloy, superstructure)[0] / alloy.variance
    mesh = np.zeros((8, 8, 8))
    mesh[tuple((2 * alloy.positions_nc).astype(int).T)] = alloy.deviation_n
    waves = np.abs(np.fft.fftn(mesh)) ** 2 / n_atoms
    all_quanta = waves.sum() * n_atoms / mesh.size / alloy.variance  # each wave of the sites stands 4 times on the mesh
    right = float(np.mean(alloy.occupation_n[n_atoms // 2 :]))
    return [
        CHAPTER.check("text after 11", "eta of B2 with a quarter of each species exchanged", state=Print.DEFINITION,
                      form="eta = (N_q/N)^(1/2)", derived=float(np.sqrt(quanta / n_atoms)), numerical=2 * right - 1,
                      tolerance=ROUND_OFF,
                      remark="N_q by (6) from the amplitude at k_s against the order parameter 2r - 1 of the share r "
                             "of ions on their own sublattice"),
        CHAPTER.check("text after 11", "sum of N_q over all waves of an alloy over its ions", form="N = sum_q N_q",
                      derived=1.0, numerical=float(all_quanta / n_atoms), tolerance=ROUND_OFF, state=Print.DEFINITION,
                      remark="fast Fourier transform of the same configuration: a site holds A or B, so that the N of "
                             "eta is the number of ions, that of (6)"),
    ]  # fmt: skip


# --- (12) ------------------------------------------------------------------------------------------------------


def _solution() -> list[FormulaCheck]:
    """The solution in Bessel functions, its argument and its final value."""
    unit, fast, steep = CURVES_OF_FIGURE_1[1], RelaxationRates(2.0, 3.0, 3.0), CURVES_OF_FIGURE_1[2]
    nu, start = steep.order, 2 * steep.coupling / steep.inversion_rate
    printed = nu * (start / 2) ** -nu * special.iv(nu, start) * special.gamma(nu)
    final = float(np.exp(log_final_number(steep, 1.0) / 2)) * steep.polarisation_rate / steep.coupling
    rows = []
    for rates, name in ((unit, "curve 2 at gamma t = 1"), (fast, "gamma = 2, Gamma = Delta (sigma^0)^(1/2) = 3")):
        time = 1 / rates.inversion_rate
        in_units = rates.inversion_rate == 1
        rows.append(
            CHAPTER.check("12", f"eta, {name}", derived=float(order_parameter([time], rates)[0]), tolerance=SOLVED,
                          form="I_nu(z_0) K_nu(z) - I_nu(z) K_nu(z_0), z_0 = 2 Delta (sigma^0)^(1/2)/gamma",
                          printed_form="" if in_units else "the same, z_0 = 2 Delta (sigma^0)^(1/2)",
                          printed=float(order_parameter_by_bessel_functions([time], rates, form="printed")[0]),
                          numerical=float(_eta([time], rates)[0]), state=Print.CORRECT if in_units else None,
                          remark="(11) by collocation" + ("" if in_units else
                                                          "; z_0 in print lacks gamma, which is one in the units of "
                                                          "the figure only"))
        )  # fmt: skip
    rows.append(
        CHAPTER.check("12", "final field of curve 3 over Delta d^0/Gamma", derived=final, printed=float(printed),
                      form="eta_inf = Delta d^0 (z_0/2)^-nu I_nu(z_0) Gamma(nu)/(gamma N^(1/2))",
                      numerical=_final(steep) * steep.polarisation_rate, tolerance=SOLVED, remark="(11) by collocation")
    )  # fmt: skip
    return rows


def _limits() -> list[FormulaCheck]:
    """Fast polarisation, and how the last of the order is reached."""
    rows = []
    for nu, tolerance in ((50.0, 2e-2), (200.0, 5e-3)):
        rates = RelaxationRates(1.0, nu, float(np.sqrt(2 * nu)))
        rows.append(
            CHAPTER.check("text after 12", f"eta at gamma t = 1 for nu = {nu:g}, z_0^2/4 nu = 2", state=Print.NONE,
                          form="eta = exp[-(z_0^2/4 nu) exp(-gamma t)] for nu >> 1, z_0", tolerance=tolerance,
                          derived=float(gompertz(1.0, rates)), numerical=float(_eta([1.0], rates)[0]),
                          remark="(11) by collocation; the law of Gompertz, what differs falls like 1/nu")
        )  # fmt: skip
    steep = CURVES_OF_FIGURE_1[2]
    missing = 1 - float(_eta([16.0], steep)[0])
    rows.append(
        CHAPTER.check("text after 12", "1 - eta of curve 3 at gamma t = 16", derived=float(late_deficit(16.0, steep)),
                      form="1 - eta = z_0^2/[4 (nu - 1)] exp(-gamma t) for nu > 1", numerical=missing, tolerance=1e-4,
                      state=Print.NONE, remark="(11) by collocation")
    )  # fmt: skip
    return rows


# --- figure 1 and what is said of it ---------------------------------------------------------------------------


def _stretches(rates: RelaxationRates, last: float) -> int:
    """Stretches of one curvature: signs of b'' = Delta^2 sigma b - Gamma b' at 120 times."""
    times = np.geomspace(last / 1e4, last, 120)
    field, velocity = _collocated(times.tolist(), rates)
    gain = rates.coupling**2 * np.exp(-rates.inversion_rate * times)
    return 1 + int(np.count_nonzero(np.diff(np.sign((gain * field - rates.polarisation_rate * velocity).real))))


def _half_time(rates: RelaxationRates, near: float) -> float:
    final = _final(rates)
    t = near
    for _ in range(4):  # Newton
        field, velocity = _collocated([t], rates)
        t -= float(((abs(field[0]) - final / 2) / velocity[0].real).real)
    return t


def _figure() -> list[FormulaCheck]:
    """Half times and shapes of the four parameter sets."""
    names = ("curve 1", "curve 2", "curve 3", "curve 3 with Gamma = 1")
    rows = []
    for rates, name, shown in zip(CURVES_OF_FIGURE_1, names, (2.0, 8.0, 8.0, 11.0), strict=True):
        half = time_to_reach(0.5, rates)
        shape = "S-shaped" if rates.coupling > 1 else "concave"
        rows += [
            CHAPTER.check("text after 12", f"gamma t at eta = 1/2 of {name}", form="t_50 of (12)", state=Print.NONE,
                          derived=half, numerical=_half_time(rates, 0.98 * half), tolerance=SOLVED,
                          remark=f"Delta (sigma^0)^(1/2) = {rates.coupling:g}, Gamma = {rates.polarisation_rate:g}, "
                                 "(11) by collocation; the figure has no scale that could be read"),
            CHAPTER.check("text after 12", f"stretches of one curvature of {name}", form=f"{shape}",
                          derived=3.0 if has_inflection(rates) else 1.0, numerical=float(_stretches(rates, shown)),
                          tolerance=0.0,
                          remark="signs of b'' of (11) by collocation, as the text says of the curve; b'' = -Gamma b' "
                                 "at first, so that an S-shaped one has two inflections"),
        ]  # fmt: skip
    return rows


def _claims() -> list[FormulaCheck]:
    """What the text says of the rates of the three curves."""
    weak, steep, slow = RelaxationRates(1.0, 1.0, 0.01), *CURVES_OF_FIGURE_1[2:]
    time = float(np.log(2))
    field, velocity = _collocated([time], weak)
    eta, rate = abs(field[0]) / _final(weak), velocity[0].real / _final(weak)
    h = 1e-4
    bend = np.diff(_collocated([time - h, time + h], weak)[1].real)[0] / (2 * h) / _final(weak)
    closed = float(simple_relaxation(time, weak))
    missing = 1 - _eta([16.0, 17.0], steep)
    return [
        CHAPTER.check("text after 12", "d ln(d eta/dt)/d ln eta at eta = 1/2, weak coupling", derived=-closed
                      / (1 - closed), form="d eta/dt = Gamma (1 - eta)", printed_form="d eta/dt ~ eta", printed=1.0,
                      numerical=float(bend / rate / (rate / eta)), tolerance=1e-3,
                      remark="(11) by collocation, z_0 = 0.02, nu = 1; exponential as the text says, falling linearly "
                             "with eta, not proportional to it: the curve is steepest where eta = 0"),
        CHAPTER.check("text after 12", "decay of 1 - eta of curve 3 over gamma, late", form="min(gamma, Gamma)",
                      printed_form="Gamma", printed=steep.order, derived=min(1.0, steep.order), tolerance=1e-4,
                      numerical=float(np.log(missing[0] / missing[1])),
                      remark="gamma t from 16 to 17, (11) by collocation; Gamma decides only where it is the smaller "
                             "rate, or the coupling weak"),
        CHAPTER.check("text after 12", "t_50 with Gamma = 1 over that of curve 3", form="a smaller Gamma: later",
                      derived=time_to_reach(0.5, slow) / time_to_reach(0.5, steep), tolerance=SOLVED,
                      numerical=_half_time(slow, 6.9) / _half_time(steep, 4.1),
                      remark="(11) by collocation; the shift to long times that the text describes"),
    ]  # fmt: skip


# --- (13) and (14) ---------------------------------------------------------------------------------------------


def _bessel_field(time: float, rates: RelaxationRates) -> float:
    """|b| over the initial velocity by Bessel functions of complex order."""
    gamma, decay = rates.inversion_rate, mpmath.mpc(rates.polarisation_rate, rates.detuning)
    nu, start = decay / gamma, mpmath.mpf(2 * rates.coupling / gamma)
    z = start * mpmath.exp(-gamma * time / 2)
    bracket = mpmath.besseli(nu, start) * mpmath.besselk(nu, z) - mpmath.besseli(nu, z) * mpmath.besselk(nu, start)
    return float(abs(2 / gamma * mpmath.exp(-decay * time / 2) * bracket))


def _detuned() -> list[FormulaCheck]:
    """Bessel functions of complex order, whose modulus is meant."""
    rates, time = RelaxationRates(1.0, 1.0, 2.0, 3.0), 1.3
    return [
        CHAPTER.check("13", "|b| over Delta d^0 gamma, Omega = 3, gamma t = 1.3", form="(12) with Gamma + i Omega, "
                      "modulus", derived=float(np.exp(log_detuned_field([time], rates))[0]), tolerance=SOLVED,
                      printed=_bessel_field(time, rates), numerical=float(abs(_collocated([time], rates)[0][0])),
                      remark="printed: Bessel functions of order 1 + 3i; (11) with Gamma + i Omega by collocation. "
                             "Omega is w_kq less the frequency of the wave; its sign drops out of the modulus"),
    ]  # fmt: skip


def _weak() -> list[FormulaCheck]:
    """The limit in which the coupling does nothing but start the field."""
    weak, strong = RelaxationRates(1.0, 1.0, 0.01, 30.0), RelaxationRates(1.0, 1.0, 20.0, 30.0)
    size, time = abs(1 + 30j), 1.0
    derived, printed = (float(weak_coupling_order_parameter(time, weak, form=form)) for form in ("derived", "printed"))
    printed_form = "2 [exp(-Gamma t/2) sin^2(Omega t/2) + (1 - exp(-Gamma t/2))^2/4]^(1/2)"
    form = "2 [exp(-Gamma t) sin^2(Omega t/2) + (1 - exp(-Gamma t))^2/4]^(1/2)"
    return [
        CHAPTER.check("14", "|b| |Gamma + i Omega|/Delta d^0 at Gamma t = 1, weak coupling", form=form,
                      printed_form=printed_form, printed=printed, derived=derived, tolerance=DIFFERENCE,
                      numerical=size * float(abs(_collocated([time], weak)[0][0])),
                      remark="Omega = 30, Delta (sigma^0)^(1/2) = 0.01, (11) by collocation; |1 - exp(-Gamma t - "
                             "i Omega t)| written out, where Gamma t must not be halved"),
        CHAPTER.check("14", "|b| |Gamma + i Omega|/Delta d^0 at the end, strong coupling", tolerance=SOLVED,
                      derived=size * float(np.exp(log_detuned_final(strong))), printed=1.0, state=Print.INCOMPLETE,
                      form="|0F1(; nu + 1; z_0^2/4)|, one for Delta^2 sigma^0 << gamma |Gamma + i Omega|",
                      printed_form="1 for Omega >> Gamma", numerical=size * _final(strong),
                      remark="Delta (sigma^0)^(1/2) = 20, Omega = 30, (11) by collocation: a weak coupling is what "
                             "(14) needs, a large detuning it does not"),
        CHAPTER.check("text after 14", "field around which it oscillates over Delta d^0/|Gamma + i Omega|",
                      form="starts at 0, settles at 1", printed_form="around its initial value 0", derived=1.0,
                      printed=0.0, numerical=size * _final(weak), tolerance=1e-4,
                      remark="(11) by collocation; the oscillation is gone after a few 1/Gamma"),
    ]  # fmt: skip
