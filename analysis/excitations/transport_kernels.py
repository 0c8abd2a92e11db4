"""Integrals behind the Coulomb corrections of electronic transport, in units hbar = k_B = T = 1.

x = omega/T is the energy that two electrons exchange, r = T/T_0 the strength of the scattering by concentration
excitations, which turns the diffusion pole: P = -i omega + D q^2 - r omega; lambda = D kappa^2/T tells how well the
Coulomb interaction is screened. After the inner integrations a correction is (1/6) int dx I(x) Im j(x), in units of
T^{3/2} D^{-1/2}.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from atomsim.errors import InputError
from atomsim.results import Array

ComplexArray = NDArray[np.complex128]

ZETA_HALF = -1.4603545088095868  # zeta(1/2)
ZETA_MINUS_HALF = -0.20788622497735457  # zeta(-1/2)
ZETA_MINUS_THREE_HALVES = -0.025485201889833036  # zeta(-3/2)

# F_0 = int_0^inf x^{-1/2} {1 - d/dx[x coth(x/2)]} dx
SCREENED_WEIGHT = -float(np.sqrt(np.pi)) * ZETA_HALF
# int_0^inf x^{5/2}/[6 sinh^2(x/2)] dx
SINH_WEIGHT = 5 / 3 * float(special.gamma(2.5) * special.zeta(2.5))
# K = -int_0^inf x^{-3/2} I(x) dx of the thermal kernel
UNSCREENED_WEIGHT = 2 * np.pi**2 * float(special.gamma(-0.5)) * ZETA_MINUS_HALF + 2 / 3 * float(
    special.gamma(2.5) * special.zeta(1.5)
)

SERIES_BELOW = 0.6  # of x, where the series of x coth(x/2) is exact to rounding
SERIES = tuple(float(4 * k * special.bernoulli(2 * k)[-1] / special.factorial(2 * k)) for k in range(1, 10))
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
PANEL = 0.5  # width in ln x
DECADES_LEFT = 80.0  # in ln x: the integrand falls like x^{1/2} at least on both sides
LAST_OF_KERNEL = 5.0  # ln x beyond which the regularised kernel is zero to rounding


class Part(StrEnum):
    """Part of the energy kernel."""

    ELECTRICAL = "electrical"  # unit weights instead of those of the energy current
    WHOLE = "whole"
    WIEDEMANN_FRANZ = "Wiedemann-Franz"  # pi^2/3 times the electrical kernel
    VIOLATING = "violating"  # the rest


WEIGHT_OF_COTH = {
    Part.ELECTRICAL: 2.0,
    Part.WHOLE: 2 * np.pi**2 / 3,
    Part.WIEDEMANN_FRANZ: 2 * np.pi**2 / 3,
    Part.VIOLATING: 0.0,
}
WEIGHT_OF_SINH = {Part.ELECTRICAL: 0.0, Part.WHOLE: 1.0, Part.WIEDEMANN_FRANZ: 0.0, Part.VIOLATING: 1.0}


def energy_kernel(x: ArrayLike, *, part: Part = Part.WHOLE, regularised: bool = True) -> Array:
    """Return the integral over the energy of the electron, odd in x [-].

    I(x) = -(2 pi^2/3) d/dx[x coth(x/2)] - x^3/[6 sinh^2(x/2)]; its first term is (pi^2/3) times the kernel of the
    electrical conductivity, -2 d/dx[x coth(x/2)]. It tends to a constant, from which the integral over x diverges
    for perfect screening: the regularised kernel has that constant subtracted and decays exponentially.

    Source: egorushkin-melnikova-1993a (2.14); test: test_energy_kernel_is_the_integral_over_the_electron_energy

    Args:
        x: energy exchanged over k_B T [-].
        part: which part of the kernel.
        regularised: subtract the limit at large x.
    """
    x = np.asarray(x, dtype=float)
    size = np.abs(x)
    safe = np.maximum(size, SERIES_BELOW)
    gap = -np.expm1(-safe)
    missing = 2 * np.exp(-safe) * (safe - gap) / gap**2  # 1 - d/dx[x coth(x/2)], which decays
    small = np.minimum(size, SERIES_BELOW)
    slope = small * np.polynomial.polynomial.polyval(small**2, SERIES)
    missing = np.where(size < SERIES_BELOW, 1 - slope, missing)
    of_coth = missing if regularised else np.where(size < SERIES_BELOW, -slope, missing - 1)
    of_sinh = np.where(size < SERIES_BELOW, _over_sinh(np.maximum(small, 1e-300)), _over_sinh(safe))
    return np.sign(x) * (WEIGHT_OF_COTH[part] * of_coth - WEIGHT_OF_SINH[part] * of_sinh)


def _over_sinh(x: Array) -> Array:
    return 2 / 3 * x**3 * np.exp(-x) / np.expm1(-x) ** 2


def momentum_integral(x: ArrayLike, ratio: float, *, screening: float = np.inf) -> ComplexArray:
    """Return the integral over the wave vector, nu_0 (D T)^{1/2} int d^3q/(2 pi)^3 V [6D/P^2 - 4D^2 q^2/P^3] [-].

    With s = a^{1/2}, t = (a + lambda)^{1/2}, a = -(i + r) x (principal roots): lambda (6s + 4t)/[4 pi s t (s + t)^2];
    1/(pi s) for perfect screening. Each diffusion pole of the printed integral lacks a factor tau.

    Source: egorushkin-melnikova-1993a (2.12), (2.13), (2.14); test: test_momentum_integral_agrees_with_quadrature

    Args:
        x: energy exchanged over k_B T, not zero [-].
        ratio: r = T/T_0 [-].
        screening: lambda = hbar D kappa^2/k_B T [-].
    """
    a = np.asarray(-(1j + ratio) * np.asarray(x, dtype=float), dtype=complex)
    s = np.sqrt(a)
    if np.isinf(screening):
        return np.asarray(1 / (np.pi * s))
    t = np.sqrt(a + screening)
    return np.asarray(screening * (6 * s + 4 * t) / (4 * np.pi * s * t * (s + t) ** 2))


def transport_integral(
    ratio: float, *, screening: float = np.inf, part: Part = Part.WHOLE, regularised: bool = True
) -> float:
    """Return (1/6) int dx I(x) Im j(x) over both signs of x, in units of T^{3/2} D^{-1/2} [-].

    By quadrature in ln x, refined where the denominator of the screened interaction nearly vanishes, r x = lambda.

    Source: egorushkin-melnikova-1993a (2.14); test: test_closed_form_agrees_with_the_integral

    Args:
        ratio: r = T/T_0, zero or positive [-].
        screening: lambda = hbar D kappa^2/k_B T, positive [-].
        part: which part of the energy kernel.
        regularised: subtract the constant that the energy kernel tends to.

    Raises:
        InputError: arguments outside, or the unregularised integral for perfect screening, which diverges.
    """
    if not (np.isfinite(ratio) and ratio >= 0 and screening > 0):
        raise InputError(f"ratio = {ratio}, screening = {screening}: expected r >= 0 and lambda > 0")
    if np.isinf(screening) and not regularised:
        raise InputError("screening = inf: without regularisation the integral diverges like the root of its upper end")
    last = LAST_OF_KERNEL if regularised else DECADES_LEFT + max(np.log(screening), 0.0)
    edges = np.arange(-DECADES_LEFT, last + PANEL, PANEL)
    if np.isfinite(screening) and ratio > 0:
        near = np.geomspace(0.1 / (1 + ratio), 2.0, 24)
        centre = np.log(screening / ratio)
        edges = np.unique(np.concatenate([edges, centre + near, centre - near, [centre]]))
        edges = edges[edges <= last + PANEL]
    half = np.diff(edges)[:, None] / 2
    x = np.exp(edges[:-1, None] + half * (1 + NODES))
    both = momentum_integral(x, ratio, screening=screening) - momentum_integral(-x, ratio, screening=screening)
    values = x * energy_kernel(x, part=part, regularised=regularised) * both.imag
    return float((half * values * WEIGHTS).sum() / 6)


def screened_coefficient(part: Part = Part.WHOLE) -> float:
    """Return the transport integral at r = 0 for perfect screening, in closed form [-].

    c = [(2 pi^2/3) F_0 - (5/3) Gamma(5/2) zeta(5/2)]/(3 pi 2^{1/2}) = 1.277779 - 0.222990 = 1.054789 for the whole
    kernel, F_0 2^{1/2}/(3 pi) for the electrical one.

    Source: egorushkin-melnikova-1993a (2.14); test: test_constants_of_transport

    Args:
        part: which part of the energy kernel.
    """
    weight = WEIGHT_OF_COTH[part] * SCREENED_WEIGHT - WEIGHT_OF_SINH[part] * SINH_WEIGHT
    return float(weight / (3 * np.pi * np.sqrt(2)))


def ratio_factor(ratio: ArrayLike, *, power: float = 0.5) -> Array:
    """Return what r = T/T_0 does to an integral over a power of the diffusion pole, a^{-power} [-].

    (1 + r^2)^{-power/2} cos(power arctan r). Power 1/2 belongs to perfect screening: 1 - 3r^2/8 at small r, (2r)^{-1/2}
    at large. Power 3/2 belongs to the bare Coulomb interaction.

    Source: egorushkin-melnikova-1993a (2.15a); test: test_closed_form_agrees_with_the_integral

    Args:
        ratio: r [-].
        power: of the pole [-].
    """
    r = np.asarray(ratio, dtype=float)
    return (1 + r**2) ** (-power / 2) * np.cos(power * np.arctan(r))


def ratio_sensitivity(ratio: ArrayLike) -> Array:
    """Return -d ln g/d ln r of the factor of perfect screening, by which an error of T_0 is carried on [-].

    Args:
        ratio: r [-].
    """
    r = np.asarray(ratio, dtype=float)
    return r / 2 * (r + np.tan(np.arctan(r) / 2)) / (1 + r**2)


def printed_ratio_factor(ratio: ArrayLike, *, exponent: float = 0.25) -> Array:
    """Return (1 + r^2)^{-m}, the factor of the paper [-]; m cannot be read in the scan and is one quarter or one half.

    The modulus of a^{-1/2} has m = 1/4; its phase, a cosine, is dropped.

    Source: egorushkin-melnikova-1993a (2.15a); test: test_printed_factor_drops_the_cosine

    Args:
        ratio: r [-].
        exponent: m [-].
    """
    return (1 + np.asarray(ratio, dtype=float) ** 2) ** -exponent


def one_sided_factor(ratio: ArrayLike) -> Array:
    """Return the factor that x > 0 alone, counted twice, would give [-].

    2^{1/2} sin(pi/4 + (1/2) arctan r)(1 + r^2)^{-1/4}. P(-omega) is not the conjugate of P(omega) when r is not zero:
    a response that is not real in time. The sum over both signs hides it; how far this factor is from the symmetric
    one tells how much the result is worth.

    Source: egorushkin-melnikova-1993a (2.12); test: test_both_halves_agree_without_excitations_only

    Args:
        ratio: r [-].
    """
    r = np.asarray(ratio, dtype=float)
    return np.sqrt(2) * np.sin(np.pi / 4 + np.arctan(r) / 2) * (1 + r**2) ** -0.25


def subtracted_piece(ratio: ArrayLike, screening: ArrayLike) -> Array:
    """Return what the regularisation removes at finite screening, -(14 pi/27) lambda^{1/2}/(1 + r^2) [-].

    In units of T^{3/2} D^{-1/2}: -(14 pi/27) kappa T/(1 + r^2). It comes from q ~ kappa, far outside of diffusion; in
    a real metal 1/tau cuts it off and part of the residual conductivity has it. For r = 0 it is linear in T; for r
    not zero the subtraction is a choice.

    Source: egorushkin-melnikova-1993a (2.14); test: test_subtracted_piece_is_recovered_from_the_full_integral

    Args:
        ratio: r [-].
        screening: lambda [-].
    """
    return -14 * np.pi / 27 * np.sqrt(np.asarray(screening)) / (1 + np.asarray(ratio, dtype=float) ** 2)
