"""Egorushkin and Mel'nikova 1993b, (15) to (19): the condensate of a driven concentration wave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import integrate, optimize

from analysis.relaxation.condensate import (
    DrivenWave,
    alpha_factor,
    condensate_number,
    condensate_order,
    condensate_order_estimate,
    condensate_state,
    lorenz_limit,
    threshold_inversion,
)
from analysis.relaxation.field_equation import potential_coupling
from analysis.validation.formula import Chapter, FormulaCheck, Print
from atomsim.results import Array

CHAPTER = Chapter("egorushkin-melnikova-1993b", "Egorushkin & Mel'nikova 1993b, section 3: condensate")
ROUND_OFF = 1e-10  # relative; matrices of a few hundred numbers
SETTLED = 1e-7  # relative; what is left after the time of an integration
DIFFERENCE = 1e-6  # relative; eigenvalues of matrices of differences

COMPOSITION, ETA, IONS = 0.3, 0.4, 500
WAVE = DrivenWave(1.0, 2.0, 1.5, 0.05, float(alpha_factor(COMPOSITION, ETA)), 80.0, 1.0)
CHAOTIC = DrivenWave(10.0, 1.0, 0.5, 0.05, 0.4, 80.0, 1.0)  # decay of the field faster than all others together
LONG = 150.0  # in units of the decay of the field


def condensate_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (15) to (19)."""
    return (*_stationary(), *_alpha(), *_threshold(), *_number(), *_stability(), *_order(), *_estimate())


def _pumped(wave: DrivenWave, ratio: float) -> DrivenWave:
    """The wave with a pump of that ratio to the threshold, which is found by its growth and not by (16)."""
    return replace(wave, pumped=ratio * _pump_without_growth(wave))


def _slope(state: Array, wave: DrivenWave) -> Array:
    """Rates of field, polarisation and inversion: (15) before it is stationary, with the wave in its first line."""
    y, d, s = state
    supplied = wave.inversion_rate * (wave.pairs * wave.pumped - s)
    gain = wave.coupling * np.array([wave.alpha * d, y * s, -4 * y * d])
    return gain + np.array([-wave.field_damping * y, -wave.polarisation_rate * d, supplied])


def _evolved(wave: DrivenWave, times: list[float], field: float = 1e-3) -> Array:
    """Field, polarisation and inversion at given times, from a small field in the pumped inversion."""
    start = [field, 0.0, wave.pairs * wave.pumped]
    found = integrate.solve_ivp(lambda _, state: _slope(state, wave), (0.0, times[-1]), start, method="LSODA",
                                t_eval=times, rtol=1e-11, atol=1e-13)  # fmt: skip
    return np.asarray(found.y)


def _growth(wave: DrivenWave, state: Array) -> float:
    """Largest real part of the eigenvalues of the matrix of central differences around a state."""
    step = 1e-5 * np.maximum(np.abs(state), 1e-3)
    columns = [(_slope(state + h, wave) - _slope(state - h, wave)) / (2 * h.max()) for h in np.diag(step)]
    return float(np.linalg.eigvals(np.transpose(columns)).real.max())


def _pump_without_growth(wave: DrivenWave) -> float:
    """Inversion of one pair at which a small field neither grows nor decays."""

    def growth(log_pump: float) -> float:
        pump = float(np.exp(log_pump))
        return _growth(replace(wave, pumped=pump), np.array([0.0, 0.0, wave.pairs * pump]))

    return float(np.exp(optimize.brentq(growth, -5.0, 15.0, xtol=1e-13)))


# --- (15) and (16) ---------------------------------------------------------------------------------------------


def _stationary() -> list[FormulaCheck]:
    """(15) against the end of the motion in time."""
    wave = _pumped(WAVE, 1.5)
    y, d, s = _evolved(wave, [LONG])[:, 0]
    field, polarisation, inversion = condensate_state(wave)
    remark = "motion in time from a small field, pump 1.5 of its threshold; "
    return [
        CHAPTER.check("15", "polarisation over field, stationary", derived=polarisation / field, numerical=d / y,
                      form="kappa b^+ = i Delta alpha sum_k d_k^+", state=Print.ILLEGIBLE, tolerance=SETTLED,
                      printed_form="kappa d^+ = i Delta alpha sum_k d_k^+",
                      remark=remark + "b^+ is read as d^+ in the scan of the first, third and last line"),
        CHAPTER.check("15", "inversion of all pairs, stationary", derived=inversion, numerical=s, tolerance=SETTLED,
                      form="Gamma d_k^+ = -i Delta b^+ sigma_k", printed_form="Gamma d_k^+ = -i Delta d^+ sigma_k",
                      state=Print.ILLEGIBLE, remark=remark + "gain and loss of the field are equal"),
        CHAPTER.check("15", "supply of inversion over 4 Delta y D", derived=1.0, tolerance=SETTLED,
                      form="(sigma^0 - sigma)/t_sigma + 2 i Delta (b^+ d_k - b d_k^+) = 0", state=Print.ILLEGIBLE,
                      printed_form="(sigma^0 - sigma)/t_sigma + 2 i Delta (d^+ d_k - b d_k^+) = 0",
                      numerical=wave.inversion_rate * (wave.pairs * wave.pumped - s) / (4 * wave.coupling * y * d),
                      remark=remark + "both sides at its end"),
    ]  # fmt: skip


def _alpha() -> list[FormulaCheck]:
    """What alpha may be: the mean commutator of waves of atoms of which a site holds one."""
    sites, occupied, wave = 8, (1, 4), 3
    up = np.array([[0.0, 0.0], [1.0, 0.0]])
    create = sum(
        np.exp(2j * np.pi * wave * i / sites) * np.kron(np.kron(np.eye(2**i), up), np.eye(2 ** (sites - i - 1)))
        for i in range(sites)
    ) / np.sqrt(sites)  # fmt: skip
    state = np.zeros(2**sites)
    state[sum(2 ** (sites - 1 - i) for i in occupied)] = 1.0
    destroy = create.conj().T
    found = np.vdot(destroy.conj().T @ state, create @ state) - np.vdot(destroy @ state, destroy @ state)
    composition = len(occupied) / sites
    return [
        CHAPTER.check("15", "alpha of a random alloy, c = 1/4", form="alpha = <[b, b^+]> = 1 - 2c for eta = 0",
                      derived=float(alpha_factor(composition, 0.0)), numerical=float(found.real), tolerance=ROUND_OFF,
                      state=Print.DEFINITION,
                      remark="commutator of the waves of two atoms on eight sites that hold one atom each; such an "
                             "alpha stands in the equation of the field alone, as in print. As a factor of Delta in "
                             "the Hamiltonian it would stand in all equations. Its part eta^2/2 is not derived here"),
    ]  # fmt: skip


def _threshold() -> list[FormulaCheck]:
    """The threshold by the growth of a small field."""
    threshold, found = threshold_inversion(WAVE), _pump_without_growth(WAVE)
    remark = "pump at which the largest eigenvalue of the linearised motion is zero, matrix by differences"
    return [
        CHAPTER.check("text after 15", "inversion of all pairs at the threshold", derived=WAVE.pairs * threshold,
                      form="sum_k sigma_k^th = kappa Gamma/(Delta^2 alpha)", numerical=WAVE.pairs * found,
                      tolerance=DIFFERENCE, remark=remark),
        CHAPTER.check("16", "inversion of one pair at the threshold", form="sigma^th = Gamma kappa/(n Delta^2 alpha)",
                      derived=threshold, numerical=found, tolerance=DIFFERENCE, remark=remark),
    ]  # fmt: skip


# --- (17) ------------------------------------------------------------------------------------------------------


def _number() -> list[FormulaCheck]:
    """The pitchfork: how many quanta there are above the threshold, and how the field decays below it."""
    ratios = np.array([1.3, 1.6])
    ends = [_evolved(_pumped(WAVE, float(p)), [LONG])[0, 0] ** 2 for p in ratios]
    onset = ratios[0] - ends[0] * np.diff(ratios)[0] / (ends[1] - ends[0])
    below = _pumped(WAVE, 0.8)
    fields = _evolved(below, [10.0, 12.0], field=1e-6)[0]
    kappa, Gamma = WAVE.field_damping, WAVE.polarisation_rate
    slowest = (kappa + Gamma) / 2 - np.sqrt((kappa - Gamma) ** 2 / 4 + 0.8 * kappa * Gamma)
    return [
        CHAPTER.check("17", "N at 1.6 of the threshold", form="N = Gamma/(4 t_sigma Delta^2) (sigma^0/sigma^th - 1)",
                      derived=condensate_number(_pumped(WAVE, 1.6)), numerical=float(ends[1]), tolerance=DIFFERENCE,
                      remark="motion in time from a small field to its end"),
        CHAPTER.check("text after 17", "pump where N begins over its threshold", derived=1.0, numerical=float(onset),
                      form="N > 0 for sigma^0 > sigma^th", tolerance=DIFFERENCE,
                      remark="line through the N reached in time at 1.3 and 1.6 of the threshold: a pitchfork"),
        CHAPTER.check("text after 17", "decay of the field at 0.8 of the threshold", unit="kappa", tolerance=1e-5,
                      form="(kappa + Gamma)/2 - [(kappa - Gamma)^2/4 + kappa Gamma sigma^0/sigma^th]^(1/2)",
                      derived=float(slowest), numerical=float(np.log(fields[0] / fields[1]) / 2), state=Print.NONE,
                      remark="slope of ln y in time: no condensate"),
    ]  # fmt: skip


def _stability() -> list[FormulaCheck]:
    """Where the condensate itself becomes unstable."""
    unit = _pump_without_growth(CHAOTIC)

    def growth(ratio: float) -> float:
        wave = replace(CHAOTIC, pumped=ratio * unit)
        y = float(np.sqrt(CHAOTIC.polarisation_rate * CHAOTIC.inversion_rate * (ratio - 1)) / (2 * CHAOTIC.coupling))
        guess = np.array([y, CHAOTIC.field_damping * y / (CHAOTIC.alpha * CHAOTIC.coupling), CHAOTIC.pairs * unit])
        return _growth(wave, optimize.fsolve(_slope, 1.01 * guess, args=(wave,), xtol=1e-13))

    return [
        CHAPTER.check("text after 17", "pump beyond which the condensate is unstable over its threshold",
                      form="p_H = x (x + w + 3)/(x - w - 1), x = kappa/Gamma, w = 1/(Gamma t_sigma)",
                      derived=lorenz_limit(CHAOTIC), numerical=float(optimize.brentq(growth, 2.0, 200.0, xtol=1e-10)),
                      tolerance=1e-5, state=Print.NONE,
                      remark="largest eigenvalue of the matrix of differences around the root of the equations, "
                             "kappa = 10 Gamma; these are the equations of Lorenz, beyond it the field pulses "
                             "irregularly. The paper takes every condensate for stable"),
    ]  # fmt: skip


# --- (18) and (19) ---------------------------------------------------------------------------------------------


def _order() -> list[FormulaCheck]:
    """eta_q'^2 as the number of quanta over that of ions."""
    wave = _pumped(WAVE, 1.6)
    reached = _evolved(wave, [LONG])[0, 0] ** 2 / IONS
    derived, printed = (
        condensate_order(wave, total=IONS, composition=COMPOSITION, form=form) for form in ("derived", "printed")
    )
    per_potential = potential_coupling(1.0, composition=COMPOSITION, atoms=IONS)
    g = wave.coupling / per_potential
    lost = wave.polarisation_rate * wave.inversion_rate / (COMPOSITION * (1 - COMPOSITION) * g**2)
    gain = wave.pumped * wave.pairs * wave.alpha * wave.inversion_rate / (4 * wave.field_damping * IONS)
    ordered = replace(wave, alpha=float(alpha_factor(COMPOSITION, 0.6)))
    rise = _evolved(ordered, [LONG])[0, 0] ** 2 / IONS - reached
    expected = wave.pumped * wave.pairs * wave.inversion_rate / (8 * wave.field_damping * IONS) * (0.6**2 - ETA**2)
    first = "sigma^0 n (1 - 2c + eta^2/2)/(4 t_sigma kappa N)"
    return [
        CHAPTER.check("18", "eta_q'^2 at 1.6 of the threshold", form=f"{first} - Gamma/(4 N Delta^2 t_sigma)",
                      printed_form=f"{first} - Gamma/(c(1-c) Delta^2 t_sigma)", printed=printed, derived=derived,
                      numerical=float(reached), tolerance=DIFFERENCE,
                      remark="quanta at the end of the motion in time over 500 ions; with one Delta in (16) and (18) "
                             "the second term in print is 4N/[c(1-c)] times too large and no condensate is left"),
        CHAPTER.check("18", "eta_q'^2 there, Delta of the second term read as g(q)", derived=derived,
                      form=f"{first} - Gamma/(c(1-c) g^2 t_sigma), Delta = (g/2) [c(1-c)/N]^(1/2)",
                      printed=gain - lost, numerical=float(reached), tolerance=DIFFERENCE,
                      remark="the same motion in time; with Delta of (7) and (6) and N the number of ions the print is "
                             "right: it lost the difference between g and Delta"),
        CHAPTER.check("18", "growth of eta_q'^2 as eta goes from 0.4 to 0.6", form="sigma^0 n/(8 t_sigma kappa N) per "
                      "eta^2", derived=expected, numerical=float(rise), tolerance=DIFFERENCE,
                      remark="difference of two motions in time: order of one kind helps the other, as concluded"),
    ]  # fmt: skip


def _estimate() -> list[FormulaCheck]:
    """(19), and whether a condensate needs order of the other kind."""
    equal = _pumped(replace(WAVE, polarisation_rate=1.0, inversion_rate=1.0), 400.0)
    reached = _evolved(equal, [40.0])[0, 0] ** 2 / IONS
    plain = _pumped(replace(WAVE, alpha=float(alpha_factor(COMPOSITION, 0.0))), 1.6)
    rich = replace(WAVE, pumped=1e9)

    def growth(eta: float) -> float:
        wave = replace(rich, alpha=float(alpha_factor(0.6, eta)))
        return _growth(wave, np.array([0.0, 0.0, rich.pairs * rich.pumped]))

    return [
        CHAPTER.check("19", "eta_q'^2 at 400 of the threshold, equal rates", form="sigma^0 n (1 - 2c + eta^2/2)/(4N)",
                      derived=condensate_order_estimate(equal, total=IONS), numerical=float(reached), tolerance=5e-3,
                      printed_form="sigma^0 n (1 - 2c + eta^2/2)/N", state=Print.ESTIMATE,
                      printed=condensate_order_estimate(equal, total=IONS, form="printed"),
                      remark="motion in time; the factor 1/4 of (18) is dropped"),
        CHAPTER.check("text after 19", "N at 1.6 of the threshold, c = 0.3, eta = 0", derived=condensate_number(plain),
                      form="alpha > 0 is enough: c < 1/2, or eta^2 > 2(2c - 1)", printed_form="eta != 0 is necessary",
                      printed=0.0, numerical=float(_evolved(plain, [LONG])[0, 0] ** 2), tolerance=DIFFERENCE,
                      remark="motion in time; there is a condensate without any order eta"),
        CHAPTER.check("text after 19", "least eta for a condensate at c = 0.6", form="eta^2 = 2 (2c - 1)",
                      derived=float(np.sqrt(0.4)), numerical=float(optimize.brentq(growth, 0.1, 0.99, xtol=1e-14)),
                      tolerance=DIFFERENCE, state=Print.NONE,
                      remark="growth of a small field by eigenvalues, at a pump without bound; the claim that order "
                             "is necessary holds for c >= 1/2"),
    ]  # fmt: skip
