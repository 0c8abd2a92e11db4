"""Egorushkin and Mel'nikova 1993, section 1: conductivity, density of states, heat and thermopower, by Matsubara sums.

The closed forms come from integrals over real frequencies. Here the same corrections are summed over the frequencies
2 pi m T, and the wave vector is integrated numerically. Units hbar = k_B = e = 1 in the numerical tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import mpmath
import numpy as np
from scipy import integrate

from analysis.excitations import conductivity_correction as electrical
from analysis.excitations import thermopower
from analysis.excitations.transport_kernels import (
    SCREENED_WEIGHT,
    Part,
    energy_kernel,
    printed_ratio_factor,
    ratio_factor,
)
from analysis.validation.em_order import KEY
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

CHAPTER = Chapter(KEY, "Egorushkin & Mel'nikova 1993a, section 1: transport")
AFTER = "text after 1.9"
QUADRATURE = 1e-8  # relative; integrals
SUMS = 1e-8  # relative; sums over frequencies with their Euler-Maclaurin tail
LIMIT = 1e-4  # relative; the next terms of expansions at these arguments
TERMS = 200
DIFFUSIVITY, TEMPERATURE = 3e-4, 3.0  # SI
LIGHT, HEAVY = 1e-6, 300.0  # hbar/(4 tau k_B T) far from one


def transport_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the transport coefficients that section 1 quotes."""
    return (*_weight(), *_conductivity(), *_density(), *_heat(), *_factor(), *_thermopower())


def frequency_sum(power: float) -> float:
    """Return the sum of m^power over all m > 0 less the integral that it is at zero temperature [-].

    The tail beyond the last term is the difference of sum and integral, by the formula of Euler and Maclaurin.

    Args:
        power: the power, not -1 [-].
    """
    last = float(TERMS)
    tail = last ** (power + 1) / (power + 1) + last**power / 2 + power * last ** (power - 1) / 12
    third = power * (power - 1) * (power - 2) * last ** (power - 3) / 720
    return math.fsum([*(float(m) ** power for m in range(1, TERMS + 1)), -tail, third])


def wave_vectors(of_square: Callable[[float], float]) -> float:
    """Return the integral over d^3q/(2 pi)^3 of a function of q^2, by quadrature [1/length^3 times the function].

    Args:
        of_square: the function of q^2, falling faster than q^-3.
    """
    found = integrate.quad(lambda q: q**2 * of_square(q**2), 0, np.inf, epsrel=1e-12, epsabs=0, limit=200)
    return float(found[0]) / (2 * np.pi**2)


@cache
def matsubara_conductivity() -> float:
    """Return the correction to the conductivity over (T/D)^{1/2}, by a sum over frequencies [-].

    (8/3) T D sum_m omega_m F'(omega_m) with F = int d^3q/(2 pi)^3 1/(omega + D q^2)^2 for a screened interaction of
    spin zero: the integral over real frequencies closed around the poles of coth(omega/2T). omega F' goes with
    omega^{-1/2}, and the sum is taken less the integral that it becomes at T = 0.

    Source: concentration-notes (sums over frequencies); test: test_sums_over_frequencies_give_the_known_corrections
    """
    slope = -2 * wave_vectors(lambda square: 1 / (1 + square) ** 3)  # F' at omega = 1, D = 1
    return 8 / 3 * slope * frequency_sum(-0.5) / np.sqrt(2 * np.pi)


def _weight() -> list[FormulaCheck]:
    """The number in all three corrections."""
    with mpmath.workdps(20):
        found = mpmath.quad(lambda u: 2 * (1 - _slope_of_coth(u**2)), [0, 1, 2, 4, 8])
    form = "F_0 = -pi^(1/2) zeta(1/2) = int_0^inf dx x^(-1/2) {1 - d/dx[x coth(x/2)]}"
    return [
        CHAPTER.check(AFTER, f"F_0 of the {name}", form=form, printed_form=f"{printed}", printed=printed,
                      derived=SCREENED_WEIGHT, numerical=float(found), tolerance=QUADRATURE, state=Print.ESTIMATE,
                      remark="integral to twenty digits; rounded in print")
        for name, printed in (("conductivity", 2.5), ("density of states", 2.6))
    ]  # fmt: skip


def _slope_of_coth(x: mpmath.mpf) -> mpmath.mpf:
    """d/dx [x coth(x/2)], by its series near zero."""
    if x < mpmath.mpf("1e-6"):
        return x / 3
    return mpmath.coth(x / 2) - x / (2 * mpmath.sinh(x / 2) ** 2)


def _conductivity() -> list[FormulaCheck]:
    """The correction to the conductivity without excitations."""
    return [
        CHAPTER.check(AFTER, "delta sigma over (e^2/hbar)(k_B T/hbar D)^(1/2)", tolerance=SUMS,
                      derived=electrical.CONDUCTIVITY["derived"],
                      form="delta sigma/sigma = [2^(1/2) F_0/12 pi^2] T^(1/2)/(nu_0 D^(3/2)), r = 0",
                      printed_form="delta sigma/sigma = (2.5 2^(1/2)/6) T^(1/2)/(nu_0 D^(3/2))",
                      printed=electrical.CONDUCTIVITY["printed"], numerical=matsubara_conductivity(),
                      remark="sum over Matsubara frequencies, wave vectors by quadrature: Altshuler and Aronov's value "
                             "for spin zero. Print is 2 pi^2 times that, with 2.5 for F_0: the measure 1/2 pi^2 of the "
                             "integral over q is missing"),
    ]  # fmt: skip


def _mean_of_frequencies() -> float:
    """delta nu averaged over -df/dE by sums over frequencies, over T^{1/2}/D^{3/2}.

    delta nu(i eps_n) = -2T sum_{omega_m > eps_n} K(omega_m), K = int d^3q/(2 pi)^3 1/[D q^2 (omega + D q^2)]; the
    average is -2 pi T sum_n d(delta nu)/d eps_n, in which K(omega_m) stands m times with the weight of its derivative.
    """
    K = wave_vectors(lambda square: 1 / (square * (1 + square)))
    # d/d eps_n of the sum over m > n: that of (2 pi m T)^{-1/2} with m = n + 1, ...; n = 0 .. m - 1 share omega_m
    return -2 * np.pi * (-2 * K) / np.sqrt(2 * np.pi) * (-0.5) / (2 * np.pi) * frequency_sum(-0.5)


def _density() -> list[FormulaCheck]:
    """The correction to the tunnelling density of states."""
    K = wave_vectors(lambda square: 1 / (square * (1 + square)))
    middle = integrate.quad(lambda u: 2 * (1 - np.tanh(u**2 / 2)), 0, 8, epsrel=1e-12)[0]
    cold = float(electrical.density_of_states_at(BOLTZMANN, 0.0, diffusivity=DIFFUSIVITY))
    unit = np.sqrt(BOLTZMANN) / (HBAR * DIFFUSIVITY) ** 1.5
    # -(1/pi) int_{eps_n} d omega K(omega) = (2/pi) K(1) eps_n^{1/2}; eps_n -> -i E
    continued = 2 / np.pi * K * np.sqrt(-1j).real
    return [
        CHAPTER.check(AFTER, "delta nu over (k_B T)^(1/2)/(hbar D)^(3/2), averaged over -df/dE",
                      form="delta nu = [F_0/(4 2^(1/2) pi^2)] T^(1/2)/D^(3/2), r = 0", tolerance=SUMS,
                      printed_form="delta nu = [2.6/(2^(1/2) pi^2)] T^(1/2)/D^(3/2)",
                      numerical=_mean_of_frequencies(),
                      printed=electrical.DENSITY["printed"], derived=electrical.DENSITY["derived"],
                      remark="double sum over Matsubara frequencies, wave vectors by quadrature; print is 4 times "
                             "that, "
                             "with 2.6 for F_0"),
        CHAPTER.check(AFTER, "the same at the Fermi level", form="-(1 - 2^(-1/2)) zeta(1/2)/(2 pi^(3/2))",
                      derived=electrical.DENSITY_AT_FERMI_LEVEL, numerical=K / np.sqrt(2) / np.pi * float(middle),
                      tolerance=QUADRATURE, state=Print.NONE,
                      remark="integral over real frequencies; relative to E = T = 0"),
        CHAPTER.check(AFTER, "delta nu over E^(1/2)/(hbar D)^(3/2) at T = 0", form="E^(1/2)/(2 2^(1/2) pi^2 D^(3/2))",
                      derived=cold / unit, numerical=float(continued), tolerance=QUADRATURE, state=Print.NONE,
                      remark="exchange energy on the axis of imaginary frequencies, continued to real ones"),
    ]  # fmt: skip


def _heat() -> list[FormulaCheck]:
    """The heat of the electrons: what the density of states would give, and what the free energy gives."""
    estimate, printed = (float(electrical.heat_correction_from_density(TEMPERATURE, diffusivity=DIFFUSIVITY, form=form))
                         for form in ("derived", "printed"))  # fmt: skip
    printed *= electrical.DENSITY["derived"] / electrical.DENSITY["printed"]  # with the derived density of states
    thermal = BOLTZMANN * TEMPERATURE
    density = _mean_of_frequencies() * np.sqrt(thermal) / (HBAR * DIFFUSIVITY) ** 1.5
    second = integrate.quad(lambda e: e**2 / (4 * np.cosh(e / 2) ** 2), -60, 60, epsrel=1e-12)[0]
    unit = (thermal / (HBAR * DIFFUSIVITY)) ** 1.5 * BOLTZMANN
    # Omega = -T sum_m int d^3q/(2 pi)^3 ln(omega_m + D q^2); its second derivative by omega is an integral over q
    curvature = wave_vectors(lambda square: 1 / (1 + square) ** 2)  # -> (4/3) curvature omega^{3/2}
    free_energy = curvature * 4 / 3 * (2 * np.pi) ** 1.5 * frequency_sum(1.5)
    true = float(electrical.heat_correction(TEMPERATURE, diffusivity=DIFFUSIVITY))
    return [
        CHAPTER.check(AFTER, "delta C at 3 K from delta nu", form="delta C = (pi^2/3) k_B^2 T delta nu",
                      derived=estimate,
                      printed_form="delta C = (pi^2/3) k_B^2 delta nu", printed=printed, unit="J/(m^3 K)",
                      numerical=float(second) * BOLTZMANN * thermal * density, tolerance=QUADRATURE,
                      remark="heat of electrons with the mean of delta nu, energies by quadrature; print lacks T"),
        CHAPTER.check(AFTER, "delta C over k_B (k_B T/hbar D)^(3/2)", printed=estimate / unit, derived=true / unit,
                      form="-(15/4)(2 pi)^(1/2) zeta(-3/2)/3",
                      printed_form="(pi^2/3) k_B^2 T delta nu, with T and the derived delta nu",
                      numerical=-15 / 4 * free_energy, tolerance=SUMS,
                      remark="rings of the screened interaction: free energy summed over frequencies, its curvature by "
                             "quadrature over q. The tunnelling density of states, here as derived and times T, does "
                             "not "
                             "give the heat"),
    ]  # fmt: skip


def _real_frequencies(part: Part, ratio: float) -> float:
    """The integral over real frequencies of both signs over that at r = 0, x = u^2."""
    u, weights = np.polynomial.legendre.leggauss(120)
    u, weights = 4 * (1 + u), 4 * weights
    x = u**2

    def total(r: float) -> float:
        both = (-(1j + r) * x) ** -0.5 - ((1j + r) * x) ** -0.5
        return float(np.sum(weights * 2 * u * energy_kernel(x, part=part) * both.imag))

    return total(ratio) / total(0.0)


def _factor() -> list[FormulaCheck]:
    """What concentration excitations do to the corrections, r = T/T_0."""
    return [
        CHAPTER.check(AFTER, f"delta sigma at T = {ratio:g} T_0 over that without excitations",
                      form="(1 + r^2)^(-1/4) cos[(1/2) arctan r]", printed_form="(1 + r^2)^(-1/4), the power illegible",
                      printed=float(printed_ratio_factor(ratio)), derived=float(ratio_factor(ratio)),
                      numerical=_real_frequencies(Part.ELECTRICAL, ratio), tolerance=QUADRATURE,
                      remark="both signs of the frequency summed by quadrature. |a|^(-1/2) of the pole has the power "
                             "1/4; print drops its phase. The same factor stands in delta nu")
        for ratio in (1.0, 5.0)
    ]  # fmt: skip


def _psi(x: float, index: float) -> float:
    """Psi_a(x) exp(2x), to high precision and by another substitution than the code's."""
    with mpmath.workdps(20):
        start = mpmath.mpf(x)

        def integrand(u: mpmath.mpf) -> mpmath.mpf:
            y = u**2
            return 8 * (y + start) ** -index * mpmath.exp(-2 * y) / (1 + mpmath.exp(-2 * (y + start))) ** 2

        root = mpmath.sqrt(start)
        ends = [0, *(root * 10**k for k in range(6) if root * 10**k < 4), 6]
        return float(mpmath.quad(integrand, ends))


def _temperature(x: float) -> tuple[float, float]:
    """Temperature [K] at which hbar/(4 tau k_B T) is x, and tau [s]."""
    tau = 1e-15
    return HBAR / (4 * tau * BOLTZMANN * x), tau


def _ratio_of_psi(x: float) -> float:
    return _psi(x, thermopower.UPPER_INDEX) / _psi(x, thermopower.LOWER_INDEX)


def _thermopower() -> list[FormulaCheck]:
    """The thermopower in the only reading of its indices that vanishes at T = 0."""
    form = "S = (pi k_B/6|e|) Psi_3/2(x)/Psi_1/2(x), x = hbar/(4 tau k_B T)"
    middle = float(thermopower.thermopower(*_temperature(1.0)) / thermopower.UNIT)
    low = float(thermopower.thermopower_at_low_temperature(*_temperature(HEAVY)) / thermopower.UNIT)
    high = float(thermopower.thermopower_at_high_temperature(*_temperature(LIGHT)) / thermopower.UNIT)
    large = np.array([40.0, 80.0, 160.0])
    slopes: Array = np.array([x * _ratio_of_psi(float(x)) for x in large])
    return [
        CHAPTER.check(AFTER, "S over pi k_B/6|e| at k_B T = hbar/4 tau", form=form, derived=middle,
                      tolerance=QUADRATURE, numerical=_ratio_of_psi(1.0), state=Print.ILLEGIBLE,
                      printed_form="S = (pi k_B/6|e|) Psi_?^-1(1/4 tau T) Psi_?(1/4 tau T)",
                      remark="both integrals to twenty digits. The indices cannot be read; equal ones give 45 uV/K at "
                             "every T, 1/2 over 3/2 diverges at T = 0, against figure 3"),
        CHAPTER.check(AFTER, "S at low T: x S over pi k_B/6|e|", form="S = (pi k_B/6|e|) 1/x", derived=1.0,
                      tolerance=LIMIT, numerical=extrapolated(1 / large, slopes), state=Print.NONE,
                      remark="limit of x = 40 to 160; linear in T, as Nernst's theorem asks"),
        CHAPTER.check(AFTER, "S at x = 300 over pi k_B/6|e|", form="(1/x)(1 - 1/4x)", derived=low,
                      tolerance=LIMIT, numerical=_ratio_of_psi(HEAVY), state=Print.NONE,
                      remark="the second term of the low limit"),
        CHAPTER.check(AFTER, "S at x = 1e-6 over pi k_B/6|e|", form="(2/x)/[ln(1/x) + 1.1768]", derived=high,
                      tolerance=LIMIT, numerical=_ratio_of_psi(LIGHT), state=Print.NONE,
                      remark="high T; terms of the order of x^(1/2) are left out"),
    ]  # fmt: skip
