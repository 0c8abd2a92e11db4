"""Egorushkin and Mel'nikova 1993, section 2: the master integral of the thermal conductivity and its limits.

The closed forms are set against sums over energies of the electron, frequencies and wave vectors that use none of them,
in units of T^{3/2} D^{-1/2} (hbar = k_B = 1). What the integral should be with unit weights comes from a sum over
Matsubara frequencies.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import integrate, optimize

from analysis.excitations import heat_transport_correction as heat
from analysis.excitations.conductivity_correction import CONDUCTIVITY
from analysis.excitations.transport_kernels import (
    ZETA_HALF,
    Part,
    energy_kernel,
    momentum_integral,
    printed_ratio_factor,
    ratio_factor,
    ratio_sensitivity,
    screened_coefficient,
    subtracted_piece,
    transport_integral,
)
from analysis.validation.em_order import KEY
from analysis.validation.em_transport import frequency_sum, matsubara_conductivity
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

CHAPTER = Chapter(KEY, "Egorushkin & Mel'nikova 1993a, section 2: thermal conductivity")
QUADRATURE = 1e-8  # relative; integrals
LIMIT = 1e-5  # relative; limits from three arguments
SLOPE = 1e-4  # relative; logarithmic slopes by differences
SI = 1e-8  # relative; powers of constants

LAST = 7.0  # root of the largest frequency in units of T; the kernels are constant beyond
ROOT, WEIGHT = np.polynomial.legendre.leggauss(160)
ROOT, WEIGHT = LAST * (1 + ROOT) / 2, LAST * WEIGHT / 2
STEP = 0.2  # of the energies of the electron in units of T: the trapezium rule is exact to rounding
LAW, WHOLE = -2.0, -2 * np.pi**2 / 3  # what the kernels tend to with unit weights, and with those of heat
DIFFUSIVITY, SCREENING, T0 = 3e-4, 1e10, 1.0  # of the figure of the paper, SI


def heat_transport_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the thermal conductivity."""
    return (*_integrands(), *_coefficients(), *_subtraction(), *_low(), *_factor(), *_bare(), *_slopes(), *_number(),
            *_estimates(), *_regimes())  # fmt: skip


def energies(x: Array, *, weighted: bool) -> Array:
    """Return int dE s_0(E) ds_0(E + x)/dE with the weights E (E + x) of the flux of heat, or without weights [-].

    Args:
        x: energy exchanged over k_B T [-].
        weighted: with the weights.
    """
    E = np.arange(-80.0, 80.0 + STEP, STEP)  # of the electron after the exchange, where the derivative stands
    before = E - np.asarray(x, dtype=float)[..., None]
    values = np.tanh(before / 2) / (2 * np.cosh(E / 2) ** 2) * (E * before if weighted else 1.0)
    return np.asarray(values.sum(axis=-1) * STEP)


def waves(pole: complex, *, screened: bool = True) -> complex:
    """Return int d^3q/(2 pi)^3 nu_0 V [6/P^2 - 4 q^2/P^3], P = pole + q^2; V over kappa^2 if bare [-].

    Source: concentration-notes (bare interaction); test: test_numerical_integrands_of_heat_are_those_of_closed_forms

    Args:
        pole: -(i + r) x [-].
        screened: perfect screening, V = P/q^2, or none, V = 1/q^2.
    """

    def integrand(q: float) -> complex:
        P = pole + q**2
        return (P if screened else 1.0) * (6 / P**2 - 4 * q**2 / P**3) / (2 * np.pi**2)

    return complex(integrate.quad(integrand, 0, np.inf, complex_func=True, epsabs=1e-13, epsrel=1e-11, limit=300)[0])


def by_quadrature(ratio: float = 0.0, *, weighted: bool = True, screened: bool = True) -> float:
    """Return (1/6) int dx I(x) Im j(x) over both signs of x, every part of it numerical [-].

    For a screened interaction the constant to which the kernel tends is taken away, as in the closed form.

    Source: concentration-notes (master integral); test: test_numerical_integrands_of_heat_are_those_of_closed_forms

    Args:
        ratio: r = T/T_0 [-].
        weighted: with the weights of the flux of heat.
        screened: perfect screening, or none.
    """
    x = ROOT**2
    constant = WHOLE if weighted else LAW
    power = 0.5 if screened else 1.5  # of the pole, from the dimension of the integral over q
    both = (waves(-(1j + ratio), screened=screened) - waves(1j + ratio, screened=screened)).imag
    kernel = energies(x, weighted=weighted) - (constant if screened else 0.0)
    total = np.sum(WEIGHT * 2 * ROOT * kernel * x**-power)
    beyond = 0.0 if screened else constant * 2 / LAST
    return float((total + beyond) * both / 6)


@cache
def _parts() -> tuple[float, float]:
    """The integral with the weights of heat and with unit weights."""
    return by_quadrature(), by_quadrature(weighted=False)


def _integrands() -> list[FormulaCheck]:
    """The integrals over the energy of the electron and over the wave vector."""
    x, ratio, screening, tau = 0.7, 0.4, 12.0, 2.0

    def part(q: float, number: int) -> complex:
        P = -(1j + ratio) * x + q**2
        V = screening * P / (P + screening)
        return V / (2 * np.pi**2) * (6 / P**2 if number == 0 else -4 * q**2 / P**3)

    first, second = (integrate.quad(part, 0, np.inf, args=(n,), complex_func=True, epsabs=1e-12, limit=400)[0].imag
                     for n in (0, 1))  # fmt: skip
    derived = complex(momentum_integral(x, ratio, screening=screening)).imag
    return [
        CHAPTER.check("2.14", "integral over the energy at omega = 2 T",
                      form="I(x) = -(2 pi^2/3) d/dx[x coth(x/2)] - x^3/[6 sinh^2(x/2)]", tolerance=QUADRATURE,
                      derived=float(energy_kernel(2.0, regularised=False)),
                      numerical=float(energies(np.array(2.0), weighted=True)),
                      remark="sum of s_0 ds_0/dE E (E + omega)/T over energies"),
        CHAPTER.check("2.14", "Im of the integral over q at omega = 0.7 T, tau = 2/T", derived=derived,
                      form="tau {2 v^2 tau^2 V/[tau P]^2 - 4 D^2 tau^2 q^2 V/[tau P]^3}", numerical=first + second,
                      printed_form="tau {2 v^2 tau^2 V/P^2 - 4 D^2 tau^2 q^2 V/P^3}", tolerance=QUADRATURE,
                      printed=float(tau**2 * first + tau**3 * second),
                      remark="quadrature with r = 0.4 and D kappa^2 = 12 T; each bracket of print lacks tau, as the "
                             "vertex (2.13) does, and the two terms differ in dimension"),
    ]  # fmt: skip


def _coefficients() -> list[FormulaCheck]:
    """The coefficient of T^{3/2} D^{-1/2} at r = 0, its parts, and its normalisation."""
    whole, electrical = _parts()
    scale = matsubara_conductivity() / electrical
    image = np.pi**2 / 3 * electrical
    rows = [
        CHAPTER.check("2.14", "delta k over T^(3/2) D^(-1/2), r = 0, as it stands", tolerance=QUADRATURE,
                      form="c = [(2 pi^2/3) F_0 - (5/3) Gamma(5/2) zeta(5/2)]/(3 pi 2^(1/2))", numerical=whole,
                      derived=heat.coefficient(normalisation="printed"),
                      remark="energies, frequencies and wave vectors summed numerically, perfect screening, the "
                             "constant "
                             "of the energy integral taken away; tau put into the brackets"),
    ]  # fmt: skip
    common = "4 pi too large in print: with unit weights the same integral must be the correction to the conductivity"
    law = "-(5/3) Gamma(5/2) zeta(5/2)"
    parts = (
        ("delta k over T^(3/2) D^(-1/2), consistent", "c", "c/4 pi", Part.WHOLE, whole * scale),
        ("its image of the conductivity (Wiedemann-Franz)", "(pi^2/3) F_0 2^(1/2)/(3 pi)",
         "(pi^2/3) F_0 2^(1/2)/(12 pi^2)", Part.WIEDEMANN_FRANZ, np.pi**2 / 3 * matsubara_conductivity()),
        ("its part against Wiedemann and Franz", f"{law}/(3 pi 2^(1/2))", f"{law}/(12 pi^2 2^(1/2))", Part.VIOLATING,
         (whole - image) * scale),
    )  # fmt: skip
    for name, printed, form, part, numerical in parts:
        rows.append(
            CHAPTER.check("2.14", name, form=form, printed_form=printed, derived=heat.coefficient(part=part),
                          printed=heat.coefficient(part=part, normalisation="printed"), numerical=numerical,
                          tolerance=QUADRATURE,
                          remark="numerical integral over that with unit weights, times the correction to the "
                                 f"conductivity by a sum over frequencies; {common}")
        )  # fmt: skip
    rows.append(
        CHAPTER.check("2.14", "the same with unit weights, times e^2", form="F_0 2^(1/2)/(12 pi^2)",
                      tolerance=QUADRATURE,
                      printed_form="F_0 2^(1/2)/(3 pi)", printed=screened_coefficient(Part.ELECTRICAL),
                      derived=CONDUCTIVITY["derived"], numerical=matsubara_conductivity(),
                      remark=f"sum over Matsubara frequencies; {common}. By quadrature print gives {electrical:.6f}")
    )  # fmt: skip
    return rows


def _subtraction() -> list[FormulaCheck]:
    """What is taken away where the interaction is not screened perfectly."""
    screening = 1e4
    log_x = np.arange(-70, 90, 0.01)
    x = np.exp(log_x)
    rows = []
    for ratio in (0.0, 1.0):
        both = momentum_integral(x, ratio, screening=screening) - momentum_integral(-x, ratio, screening=screening)
        found = WHOLE / 6 * np.trapezoid(both.imag * x, log_x)
        rows.append(
            CHAPTER.check("2.14", f"what the constant of the energy integral adds, T = {ratio:g} T_0",
                          form="-(14 pi/27) kappa T/(1 + r^2)", unit="kappa T", numerical=float(found) / screening**0.5,
                          derived=float(subtracted_piece(ratio, 1.0)), tolerance=1e-6, state=Print.NONE,
                          remark="D kappa^2 = 1e4 T, by quadrature. It comes from q ~ kappa, outside of diffusion, "
                                 "and is "
                                 "left out of delta k")
        )  # fmt: skip
    return rows


def _low() -> list[FormulaCheck]:
    """The formula for T << T_0."""
    whole, electrical = _parts()
    scale = matsubara_conductivity() / electrical
    violating = whole - np.pi**2 / 3 * electrical
    printed = "5 2^(1/2) Gamma(5/2) zeta(5/2)/(36 pi^2)"
    bare = heat.PRINTED_LOW / np.sqrt(2)
    numbers = {"printed": heat.PRINTED_LOW, "printed_form": printed, "tolerance": QUADRATURE}
    return [
        CHAPTER.check("2.15a", "delta k over T^(3/2) D^(-1/2), r = 0", form="c/4 pi", derived=heat.coefficient(),
                      numerical=whole * scale, **numbers,
                      remark="as (2.14); print leaves the larger part out, the image of the conductivity"),
        CHAPTER.check("2.15a", "the same against the part that violates Wiedemann-Franz", **numbers,
                      form="-(5/3) Gamma(5/2) zeta(5/2)/(12 pi^2 2^(1/2))", numerical=violating * scale,
                      derived=heat.coefficient(part=Part.VIOLATING),
                      remark="with the other sign and twice the size; the sign rests on (2.14) as printed, later "
                             "theory "
                             "finds that heat carried by the interaction adds"),
        CHAPTER.check("2.15a", "-1/2 pi times that part of (2.14) as printed", form=printed, tolerance=QUADRATURE,
                      derived=-heat.coefficient(part=Part.VIOLATING, normalisation="printed") / (2 * np.pi),
                      printed=heat.PRINTED_LOW, numerical=-violating / (2 * np.pi),
                      remark="where the printed formula comes from: an identity"),
        CHAPTER.check("2.15a", "power of two in the number", form="2^(1/2)", printed_form="2^?", state=Print.ILLEGIBLE,
                      derived=0.5, numerical=float(np.log2(-violating / (2 * np.pi) / bare)), tolerance=QUADRATURE,
                      remark="the power that makes it that identity, by quadrature"),
    ]  # fmt: skip


def _factor() -> list[FormulaCheck]:
    """How the correction depends on r = T/T_0."""
    start = _parts()[0]
    rows = []
    for ratio in (1.0, 10.0):
        derived = float(ratio_factor(ratio))
        rows.append(
            CHAPTER.check("2.15a", f"delta k at T = {ratio:g} T_0 over that at T_0 = infinity", derived=derived,
                          form="g = (1 + r^2)^(-1/4) cos[(1/2) arctan r]",
                          printed_form="(1 + r^2)^-?, 1/4 from |P|^(-1/2)",
                          printed=float(printed_ratio_factor(ratio)), numerical=by_quadrature(ratio) / start,
                          tolerance=QUADRATURE,
                          remark="the integral at r over that at r = 0; the power cannot be read, "
                          "and with every power the cosine, the phase of the pole, is missing")
        )  # fmt: skip
    return rows


def _bare() -> list[FormulaCheck]:
    """Beyond T_0: the formulas of print and the integral with an interaction that is not screened."""
    middle = float(
        heat.printed_middle(1.0, diffusivity=1.0, screening=1.0)
        / heat.middle_scale(1.0, diffusivity=1.0, screening=1.0)
    )
    numbers = {"diffusivity": 1.0, "screening": 1.0, "t0": 1.0}
    high = float(heat.printed_high(1.0, **numbers) / heat.high_scale(1.0, **numbers))
    consistent = heat.normalisation_factor("consistent")
    far = np.array([100.0, 200.0, 400.0])
    late = extrapolated(1 / far, np.array([by_quadrature(float(r), screened=False) * r**1.5 for r in far]))
    five = float(ratio_factor(5.0, power=1.5))
    limit = heat.UNSCREENED / np.sqrt(2)
    screened = "holds for T T/T_0 >> D kappa^2 only, not at T_0 <= T <= 10 T_0"
    return [
        CHAPTER.check("2.15b", "delta k over kappa^2 (D T)^(1/2) at T = 5 T_0, bare", printed=middle,
                      tolerance=QUADRATURE,
                      form="-(5 2^(1/2) K/192 pi^2)(1 + r^2)^(-3/4) cos[(3/2) arctan r], K = 16.861720",
                      printed_form="1.83 2^(3/2) pi Gamma(1/2)/24, with T^(1/2) D^(1/2)",
                      derived=-consistent * heat.UNSCREENED * five,
                      numerical=consistent * by_quadrature(5.0, screened=False),
                      remark=f"(2.14) with V = 4 pi e^2/q^2, summed numerically, over 4 pi; it depends on r and "
                             f"{screened}"),
        CHAPTER.check("2.15b", "power of T and D", form="kappa^2 D^(1/2) T^(1/2)",
                      printed_form="kappa^2 D^(3/2) T^(3/2)",
                      printed=1.5, derived=0.5, tolerance=SLOPE, numerical=_bare_slope(),
                      remark="slope of the integral for weak screening at fixed T/T_0; the text and the estimate "
                             "have 1/2"),
        CHAPTER.check("2.15c", "delta k T over kappa^2 D^(1/2) T_0^(3/2), T >> T_0, bare", printed=high,
                      tolerance=LIMIT,
                      form="5K/192 pi^2", printed_form="1.83 pi Gamma(1/2)/12", derived=consistent * limit,
                      numerical=consistent * late, remark=f"limit of r = 100 to 400, over 4 pi; {screened}"),
        CHAPTER.check("2.15c", "the same in the normalisation of (2.14)", printed=high, tolerance=LIMIT,
                      form="5K/48 pi",
                      printed_form="1.83 pi Gamma(1/2)/12", derived=limit, numerical=late, remark="without the 4 pi"),
    ]  # fmt: skip


def _bare_slope() -> float:
    """d ln delta k/d ln T at fixed r for very weak screening."""
    found = [t**1.5 * transport_integral(5.0, screening=1e-8 / t, regularised=False) for t in (1.0, 1.1)]
    return float(np.log(found[1] / found[0]) / np.log(1.1))


def _slope(ratio: float) -> float:
    """d ln delta k/d ln T of the numerical integral, screened."""
    h = 1e-3
    return 1.5 + float(
        np.log(by_quadrature(ratio * (1 + h)) / by_quadrature(ratio * (1 - h))) / np.log((1 + h) / (1 - h))
    )


def _slopes() -> list[FormulaCheck]:
    """How delta k goes with T beyond T_0 where the interaction is screened, as it is in the metal of the paper."""
    return [
        CHAPTER.check(equation, f"d ln delta k/d ln T at T = {ratio:g} T_0, screened", printed=printed, tolerance=SLOPE,
                      form="3/2 + d ln g/d ln r", printed_form=f"T^{power}", numerical=_slope(ratio),
                      derived=float(1.5 - ratio_sensitivity(ratio)),
                      remark="the numerical integral at two temperatures, D kappa^2 >> T T/T_0 as for the numbers of "
                             "the "
                             "paper: on to T, no plateau and no fall")
        for equation, ratio, printed, power in (("2.15b", 3.0, 0.5, "(1/2)"), ("2.15c", 100.0, -1.0, "(-1)"))
    ]  # fmt: skip


def _number() -> list[FormulaCheck]:
    """The number 1.83 of both formulas."""
    return [
        CHAPTER.check("2.15b", "1.83", form="-(pi/2)^(1/2) zeta(1/2)", printed_form="1.83", printed=heat.PRINTED_WEIGHT,
                      derived=-float(np.sqrt(np.pi / 2)) * ZETA_HALF,
                      numerical=-float(np.sqrt(np.pi / 2)) * frequency_sum(-0.5),
                      tolerance=QUADRATURE, state=Print.ESTIMATE,
                      remark="probably; rounded. Sum of m^(-1/2) less its integral"),
    ]  # fmt: skip


def _conductivity_SI(temperature: float, ratio: float = 0.0) -> float:
    """The numerical integral in SI, over 4 pi."""
    thermal = BOLTZMANN * temperature / HBAR
    whole, electrical = by_quadrature(ratio), _parts()[1]
    return float(BOLTZMANN * thermal**1.5 / np.sqrt(DIFFUSIVITY) * whole * matsubara_conductivity() / electrical)


def _estimates() -> list[FormulaCheck]:
    """The three estimates for the metal of the figure: D = 3 cm^2/s, kappa = 1e8/cm, T_0 = 1 K."""
    metal = {"diffusivity": DIFFUSIVITY, "screening": SCREENING}
    scales = (
        (0.1, "(k_B/hbar)^(3/2) k_B T^(3/2) D^(-1/2)", float(heat.low_scale(0.1, DIFFUSIVITY)), Print.ESTIMATE),
        (5.0, "(k_B/hbar) kappa^2 (hbar D)^(1/2) (k_B T)^(1/2)", float(heat.middle_scale(5.0, **metal)), Print.WRONG),
        (30.0, "(k_B/hbar) kappa^2 (hbar D)^(1/2) (k_B T_0)^(3/2)/(k_B T)", float(heat.high_scale(30.0, **metal,
        t0=T0)),
         Print.WRONG),
    )  # fmt: skip
    rows = []
    for T, form, printed, state in scales:
        rows.append(
            CHAPTER.check("text after 2.15c", f"delta k at {T:g} K, D = 3 cm^2/s, T_0 = 1 K", printed=printed,
                          state=state,
                          form="c/(4 pi) k_B (k_B T/hbar)^(3/2) D^(-1/2) g(T/T_0)", printed_form=form, unit="W/(m K)",
                          derived=float(heat.heat_transport_correction(T, diffusivity=DIFFUSIVITY, t0=T0)),
                          numerical=_conductivity_SI(T, T / T0), tolerance=SI,
                          remark="the numerical integral in SI" + ("" if state == Print.ESTIMATE else "; the "
                                 "interaction "
                                 "of this metal is screened up to 2e5 K, (2.15b) and (2.15c) are for none"))
        )  # fmt: skip
    lost = float(heat.high_scale(30.0, **metal, t0=T0))
    rows.append(
        CHAPTER.check("text after 2.15c", "the third estimate at T = 30 K", printed=lost / np.sqrt(BOLTZMANN),
                      derived=lost,
                      form="(k_B/hbar) kappa^2 (hbar D)^(1/2) (k_B T_0)^(3/2)/(k_B T)", unit="W/(m K)", tolerance=SI,
                      printed_form="(k_B/hbar) kappa^2 (hbar D)^(1/2) T_0^(3/2)/T",
                      numerical=float(heat.middle_scale(T0, **metal)) * T0 / 30.0,
                      remark="joined to the second at T_0; print lacks k_B^(1/2)")
    )  # fmt: skip
    return rows


def _regimes() -> list[FormulaCheck]:
    """Where the screening ends, and the law of Wiedemann and Franz."""
    screened_below = heat.screening_temperature(diffusivity=DIFFUSIVITY, screening=SCREENING)
    whole, electrical = _parts()
    rate = HBAR * DIFFUSIVITY * SCREENING**2 / BOLTZMANN
    end = optimize.brentq(lambda T: T * T / T0 - rate, 1.0, 1e5, xtol=1e-9)
    return [
        CHAPTER.check("text after 2.15c", "T at which (T/T_0) T = hbar D kappa^2/k_B", printed=10.0, unit="K",
                      tolerance=SI,
                      form="T = (T_0 hbar D kappa^2/k_B)^(1/2)", printed_form="T_0 <= T <= 10 T_0",
                      derived=float(np.sqrt(T0 * screened_below)), numerical=float(end),
                      remark="D = 3 cm^2/s, kappa = 1e8/cm, T_0 = 1 K, root by bisection; (2.15b) and (2.15c) need "
                             "more"),
        CHAPTER.check("text after 2.15c", "delta k/(T delta sigma) over Lorenz' number", tolerance=QUADRATURE,
                      form="1 - (5/3) Gamma(5/2) zeta(5/2)/[(2 pi^2/3) F_0]", state=Print.NONE,
                      derived=heat.coefficient() / heat.coefficient(part=Part.WIEDEMANN_FRANZ),
                      numerical=whole / (np.pi**2 / 3 * electrical),
                      remark="both integrals by quadrature; r drops out. The paper says that they are not related: "
                             "five "
                             "sixths of (2.14) are"),
    ]  # fmt: skip
