"""Karpov and Parshin 1985, section 3: two-level systems of both types against levels found on a grid."""

from __future__ import annotations

import numpy as np
from scipy import integrate, optimize

from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.landscape import potential_energy
from analysis.soft_potential.tunnelling import (
    asymmetry_I,
    asymmetry_II,
    splitting_I,
    splitting_II,
    two_level_energy,
)
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, soft_states
from atomsim.results import Array

CHAPTER = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 3: two-level systems")
QUADRATURE = 1e-8  # relative; integrals and roots
SERIES = 2e-3  # relative; the WKB series beyond its third term at these depths
LIMIT = 2e-3  # relative; limits of infinitely deep wells from three depths
TWO_LEVELS = 1e-4  # relative; the third level of a deep double well

DEPTHS = np.array([14.0, 20.0, 28.0, 40.0])  # |alpha| of wells from which the limit is taken
SHALLOW, DEEP = -8.0, -11.0


def tunnelling_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 3."""
    return (*_condition(), *_splitting_I(), *_asymmetry_I(), *_parabola(), *_splitting_II(), *_energy())


def _condition() -> list[FormulaCheck]:
    """What the third level adds to a two-level system, and where there is a second minimum on the axis."""
    states = soft_states(-6.0, 0.0, count=12)
    tau = 0.1
    x = states.gap / tau
    scaled = (states.energy_m - states.energy_m[0]) / tau
    weight = np.exp(-scaled) / np.sum(np.exp(-scaled))
    y = np.linspace(-2, 2, 4001)
    return [
        CHAPTER.check("3.1", "heat capacity of two levels at k_B T = 0.1 w", form="E_21 << w: two levels suffice",
                      derived=float((x / 2 / np.cosh(x / 2)) ** 2), unit="k_B", state=Print.DEFINITION,
                      numerical=float(np.sum(weight * scaled**2) - np.sum(weight * scaled) ** 2), tolerance=1e-8,
                      remark=f"alpha = -6, E_21 = {states.gap:.3f} w; Schottky's formula against twelve levels"),
        CHAPTER.check("end of section 3", "minima at alpha = 0.5, beta = 0", form="type I on the semiaxis alpha < 0",
                      printed_form="type I on the semiaxis alpha < 1", printed=2.0, derived=1.0,
                      numerical=float(_minima(potential_energy(y, 0.5, 0.0))), tolerance=0.0,
                      remark="minima counted on a grid; there is one for every alpha above zero"),
    ]  # fmt: skip


def _minima(values: Array) -> int:
    return int(np.sum((values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])))


def _action(alpha: float, beta: float, left: float, right: float) -> float:
    """Integral of the square root of the potential above its minima, between two minima of equal depth."""
    bottom = float(potential_energy(left, alpha, beta))
    found, _ = integrate.quad(
        lambda y: np.sqrt(max(float(potential_energy(y, alpha, beta)) - bottom, 0.0)), left, right, epsabs=1e-13
    )
    return float(found)


def _splitting_I() -> list[FormulaCheck]:
    """Barrier, distance, action and splitting of the symmetric double well."""
    half = float(optimize.minimize_scalar(lambda y: potential_energy(y, -6.0, 0.0), bounds=(0.1, 4), method="bounded",
                                          options={"xatol": 1e-12}).x)  # fmt: skip
    form = "D0 = 8 (8/pi)^(1/2) 2^(-5/4) |alpha|^(5/4) e^(-S) [1 - 71/(72 S) - 6299/(10368 S^2)]"
    return [
        CHAPTER.check("3.2", "barrier at alpha = -6", form="alpha^2/4", derived=9.0, unit="w", tolerance=QUADRATURE,
                      numerical=-float(potential_energy(half, -6.0, 0.0)), remark="minimum found by a search"),
        CHAPTER.check("3.2", "distance of the minima at alpha = -6", form="(2 |alpha|)^(1/2)", tolerance=1e-6,
                      derived=float(np.sqrt(12)), numerical=2 * half, remark="minimum found by a search"),
        CHAPTER.check("3.2", "S/|alpha|^(3/2)", form="S = (2^(1/2)/3) |alpha|^(3/2)", printed=float(np.sqrt(2 / 3)),
                      printed_form="S = (2/3)^(1/2) |alpha|^(3/2)", derived=float(wkb_action(-6.0)) / 6**1.5,
                      numerical=_action(-6.0, 0.0, -half, half) / 6**1.5, tolerance=1e-6,
                      remark="integral of (V - V_min)^(1/2) between the minima; the root covers the 2 only"),
        *(
            CHAPTER.check("3.2", f"splitting at alpha = {alpha:g}", form=form, printed_form="D0 = e^(-S)", unit="w",
                          printed=float(splitting_I(alpha, with_prefactor=False)), derived=float(wkb_splitting(alpha)),
                          numerical=soft_states(alpha, 0.0).gap, tolerance=SERIES, state=Print.INCOMPLETE,
                          remark="without the pre-exponential factor, which the paper leaves out by its own words, "
                                 "the splitting is 40 to 100 times too small at alpha = -6 to -11: no number")
            for alpha in (SHALLOW, DEEP)
        ),
    ]  # fmt: skip


def _limit(ratio_k: list[float], depth_k: Array) -> float:
    """The ratio in infinitely deep wells, in powers of the inverse action."""
    return extrapolated(1 / np.asarray(wkb_action(-depth_k)), np.array(ratio_k))


def _asymmetry(alpha: float, beta: float, splitting: float) -> float:
    return float(np.sqrt(soft_states(alpha, beta).gap ** 2 - splitting**2))


def _asymmetry_I() -> list[FormulaCheck]:
    """The asymmetry of weakly tilted wells from their levels."""
    tilt = 0.02 * DEPTHS**-1.5
    ratio = [
        _asymmetry(-depth, float(beta), float(wkb_splitting(-depth))) / float(asymmetry_I(-depth, beta))
        for depth, beta in zip(DEPTHS, tilt, strict=True)
    ]
    place = np.sqrt(3.0)
    slope = (potential_energy(place, -6.0, 1e-5) - potential_energy(-place, -6.0, 1e-5)) / 1e-5
    return [
        CHAPTER.check("3.3", "difference of minima per beta at alpha = -6", form="dV = 2^(-1/2) |beta| |alpha|^(3/2)",
                      derived=float(asymmetry_I(-6.0, 1.0)), numerical=float(slope), tolerance=1e-6, unit="w",
                      remark="difference of V at both minima for beta = 1e-5"),
        CHAPTER.check("3.3", "asymmetry of the levels over dV", form="D = 2^(-1/2) |beta| |alpha|^(3/2)", derived=1.0,
                      numerical=_limit(ratio, DEPTHS), tolerance=LIMIT,
                      remark="limit of deep wells from alpha = -14 to -40; at alpha = -14 the levels give "
                             f"{ratio[0]:.3f}: the state lies nearer to the barrier than its minimum"),
    ]  # fmt: skip


def _barrier_of(alpha: float, beta: float) -> tuple[float, float]:
    """Quadratic and cubic coefficient at the maximum between the wells, by a search and a polynomial through V."""
    low, high = sorted((0.0, -beta / 2))
    top = optimize.minimize_scalar(
        lambda y: -potential_energy(y, alpha, beta), bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    ).x
    z = np.linspace(-1, 1, 9)
    series = np.polynomial.Polynomial.fit(z, potential_energy(top + z, alpha, beta), 4).convert().coef
    return float(series[2]), float(series[3])


def _parabola() -> list[FormulaCheck]:
    """A type-II system seen from the maximum of its potential."""
    beta, tilt = 8.0, 1e-3
    alpha_there, _ = _barrier_of(beta**2 / 4, beta)
    _, beta_tilted = _barrier_of(beta**2 / 4 + tilt, beta)
    return [
        CHAPTER.check("3.4", "alpha' of the point beta = 8 of the parabola", form="alpha' = -beta^2/8, beta' = 0",
                      derived=-(beta**2) / 8, numerical=alpha_there, tolerance=1e-6,
                      remark="polynomial around the maximum found by a search"),
        CHAPTER.check("3.6", "beta' over -8 R/beta at R = 0.001", form="beta' = -8 R/beta, R = alpha - beta^2/4",
                      derived=1.0, numerical=beta_tilted / (-8 * tilt / beta), tolerance=1e-3,
                      remark="polynomial around the maximum found by a search"),
    ]  # fmt: skip


def _splitting_II() -> list[FormulaCheck]:
    """Action, splitting and asymmetry on the parabola."""
    beta = 8.6
    on = beta**2 / 4
    betas = np.sqrt(8 * DEPTHS)
    tilts = 0.05 / betas**2
    ratio = [
        _asymmetry(b**2 / 4 + R, float(b), float(wkb_splitting(-depth))) / float(asymmetry_II(b**2 / 4 + R, b))
        for b, R, depth in zip(betas, tilts, DEPTHS, strict=True)
    ]
    return [
        CHAPTER.check("3.5", "S/|beta|^3", form="S = |beta|^3/48", derived=1 / 48, tolerance=QUADRATURE,
                      numerical=_action(on, beta, -beta / 2, 0.0) / beta**3,
                      remark="integral of V^(1/2) between the minima"),
        CHAPTER.check("3.5", "splitting at beta = 8.6", form="D0 as for type I at alpha' = -beta^2/8", unit="w",
                      printed_form="D0 = exp(-|beta|^3/48)", printed=float(splitting_II(beta, with_prefactor=False)),
                      derived=float(wkb_splitting(-(beta**2) / 8)), numerical=soft_states(on, beta).gap,
                      tolerance=SERIES, state=Print.INCOMPLETE, remark="without the pre-exponential factor"),
        CHAPTER.check("3.7", "asymmetry of the levels over |R| beta^2/4", form="D = |R| beta^2/4", derived=1.0,
                      numerical=_limit(ratio, DEPTHS), tolerance=LIMIT,
                      remark=f"limit of deep wells from beta = {betas[0]:.1f} to {betas[-1]:.1f}; at the first the "
                             f"levels give {ratio[0]:.3f}"),
    ]  # fmt: skip


def _energy() -> list[FormulaCheck]:
    """Gap of a tilted double well from its splitting and an asymmetry that grows with the tilt."""
    alpha = -8.0
    splitting = soft_states(alpha, 0.0).gap
    strong, weak = 2e-3, 1e-4
    per_tilt = _asymmetry(alpha, strong, splitting) / strong
    return [
        CHAPTER.check("3.8", "gap of a tilted double well", form="E = w (D0^2 + D^2)^(1/2)", unit="w",
                      derived=float(two_level_energy(splitting, weak * per_tilt)), tolerance=TWO_LEVELS,
                      numerical=soft_states(alpha, weak).gap,
                      remark=f"D0 = {splitting:.2e} w, D = {weak * per_tilt:.2e} w from twenty times the tilt"),
    ]  # fmt: skip
