"""Karpov and Parshin 1985, section 6: harmonic vibrations of soft potentials, counted on a grid of potentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from scipy import optimize

from analysis.soft_potential.landscape import BoolArray, images
from analysis.soft_potential.landscape_points import gap_gradient
from analysis.soft_potential.levels import levels
from analysis.thermal.closed_forms import VibrationRegion, vibration_density
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated, grid_states, soft_states
from atomsim.results import Array, quantity

CHAPTER = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 6: quasilocal vibrations")
VAN_HOVE = Chapter("karpov-parshin-1985", "Karpov & Parshin 1985, section 7: vibrations and phonons")
COUNTED = 5e-3  # relative; areas counted on a grid
DIFFERENCE = 1e-5  # relative; second derivatives by differences
LIMIT = 1e-4  # relative; harmonic limit from three stiffnesses
FLAT = 1e-4  # relative; places of stationary points found by a search of values
ANHARMONIC = np.array([64.0, 100.0, 196.0])  # alpha of the image in the lower minimum


@dataclass(frozen=True)
class LowerWells:
    """A grid over the (alpha, beta) plane, beta > 0, that holds all lower wells with a quantum below w."""

    area: float = quantity("1", "area of the plane per point, both signs of beta")
    alpha: Array = quantity("1", "quadratic coefficient, shape (1, points)")
    beta: Array = quantity("1", "cubic coefficient, shape (points, 1)")
    quantum: Array = quantity("w", "energy quantum of the lower well")
    place: Array = quantity("1", "where the lower well lies")

    def count(self, where: BoolArray, weight: Array | float = 1.0) -> float:
        """Return the weighted area of a part of the plane [-].

        Args:
            where: the part.
            weight: the weight [-].
        """
        return float(np.sum(where * weight) * self.area)


@cache
def lower_wells(points: int = 1500) -> LowerWells:
    """Return the lower wells on a grid, found by comparing the energies of all minima.

    Source: karpov-parshin-1985 (6.3); test: test_counted_wells_do_not_depend_on_the_grid

    Args:
        points: points in each direction, divisible by three to meet the axis alpha = 0.
    """
    alpha = (-0.125 + 0.375 * (np.arange(points) + 0.5) / points)[None, :]
    beta = ((np.arange(points) + 0.5) / points)[:, None]
    root = np.sqrt(np.maximum(9 * beta**2 - 32 * alpha, 0.0))
    other = (-3 * beta - root) / 8  # for beta > 0 the deeper of the two other stationary points
    energy = other**2 * (alpha + other * (beta + other))
    deeper = (energy < 0) & (9 * beta**2 > 32 * alpha)
    place = np.where(deeper, other, 0.0)
    half_curvature = alpha + 3 * beta * place + 6 * place**2
    quantum = 2 * np.sqrt(np.maximum(half_curvature, 0.0))
    return LowerWells(2 * 0.375 / points**2, alpha, beta, quantum, place)


def vibration_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of section 6."""
    return (*_stiffness(), *_quanta(), *_densities())


def _stiffness() -> list[FormulaCheck]:
    """Second derivative of the potential at the bottom of each kind of well."""

    def curvature(eta: float, t: float, z: float) -> float:
        h = 1e-3 * max(abs(z), 0.1)
        v = [(z + k * h) ** 2 * (eta + t * (z + k * h) + (z + k * h) ** 2) for k in (-1, 0, 1)]
        return (v[0] - 2 * v[1] + v[2]) / h**2

    eta, t = 0.03, 0.4
    bottom = optimize.minimize_scalar(lambda z: z**2 * (t * z + z**2), bounds=(-1, -0.05), method="bounded",
                                      options={"xatol": 1e-10}).x  # fmt: skip
    return [
        CHAPTER.check("6.1", "stiffness of type I", form="k_I = 2 E0 eta/a^2", derived=2 * eta, unit="E0/a^2",
                      numerical=curvature(eta, 0.0, 0.0), tolerance=1e-3, remark="second difference at the minimum"),
        CHAPTER.check("6.1", "stiffness of type II", form="k_II = 9 E0 t^2/(4 a^2)", derived=9 * t**2 / 4,
                      numerical=curvature(0.0, t, float(bottom)), unit="E0/a^2", tolerance=1e-4,
                      remark="second difference at the minimum found by a search, eta = 0"),
    ]  # fmt: skip


def _well_gap(alpha: float, beta: float, place: float, stiffness: float) -> float:
    """Lowest gap of one well on a grid of its own width."""
    y = place + np.linspace(-9, 9, 150) / stiffness**0.25
    return grid_states(y, y**2 * (alpha + y * (beta + y))).gap


def _quanta() -> list[FormulaCheck]:
    """Gaps of stiff wells from levels."""
    type_I = [_well_gap(a, 0.0, 0.0, a) / (2 * np.sqrt(a)) for a in ANHARMONIC]
    betas = np.sqrt(8 * ANHARMONIC) / 3
    type_II = [_well_gap(0.0, b, -3 * b / 4, a) / (3 / np.sqrt(2) * b) for a, b in zip(ANHARMONIC, betas, strict=True)]
    small = ANHARMONIC**-1.5
    remark = "levels on a grid, limit of stiff wells from alpha_g = 64 to 196"
    return [
        CHAPTER.check("6.2", "E_21 of type I over its formula", form="E_I = 2 w alpha^(1/2)", derived=1.0,
                      numerical=extrapolated(small, np.array(type_I)), tolerance=LIMIT, remark=remark),
        CHAPTER.check("6.2", "E_21 of type II at alpha = 0 over its formula", form="E_II = (3/2^(1/2)) w |beta|",
                      derived=1.0, numerical=extrapolated(small, np.array(type_II)), tolerance=LIMIT, remark=remark),
    ]  # fmt: skip


def _densities() -> list[FormulaCheck]:
    """Numbers of vibrations with a quantum below w, region by region."""
    wells = lower_wells()
    soft, origin = wells.quantum < 1, wells.alpha > wells.beta**2 / 4
    wedge = ~origin & (wells.alpha > 0)
    first, second, barrier = (wells.count(soft & part) for part in (origin, wedge, wells.alpha < 0))
    one = {region: float(vibration_density(1.0, density=1.0, eta_L=1.0, W=1.0, region=region))
           for region in VibrationRegion}  # fmt: skip
    window = (wells.quantum > 0.8) & soft & origin
    at_zero = wells.count(wedge & (3 / np.sqrt(2) * wells.beta < 1))
    printed = one[VibrationRegion.TYPE_II_PRINTED]
    return [
        CHAPTER.check("6.3", "type I with 0.8 w < E < w", derived=(1 - 0.8**3) / 3,
                      form="N(E) = 2 int d eta int_0^inf dt Phi F delta(E - E(eta, t))", numerical=wells.count(window),
                      unit="G eta_L^(3/2)", tolerance=COUNTED,
                      state=Print.DEFINITION, remark="integral of E^2 against potentials counted on a grid"),
        CHAPTER.check("6.4", "N_I w^3/(G eta_L^(3/2) E^2)", form="N_I = G eta_L^(3/2) w^-3 E^2", tolerance=COUNTED,
                      derived=one[VibrationRegion.TYPE_I], numerical=3 * first,
                      remark="lower wells with alpha > beta^2/4 counted on a grid; power of E that of this measure"),
        CHAPTER.check("6.4", "N_II/N_I", form="N_II = 0.13807 N_I = (2^(1/2) - 1)/3 N_I", printed=printed,
                      printed_form="N_II = 0.05 N_I", derived=one[VibrationRegion.TYPE_II], tolerance=COUNTED,
                      numerical=second / first,
                      remark="curvature of the lower well, counted on 0 < alpha < beta^2/4; the print takes E_II at "
                             f"eta = 0 for the whole wedge, which gives {at_zero / first:.4f} on the same grid"),
        CHAPTER.check("6.4", "N of the half plane alpha < 0 over N_I", form="(2 - 2^(1/2))/3 N_I = 0.19526 N_I",
                      printed_form="left out", printed=0.0, derived=one[VibrationRegion.BARRIER], tolerance=COUNTED,
                      numerical=barrier / first, remark="lower wells of the potentials seen from their maximum"),
        CHAPTER.check("6.4", "whole plane over N_I", form="4/3", printed_form="1.05", printed=1 + printed,
                      derived=one[VibrationRegion.WHOLE_PLANE], numerical=(first + second + barrier) / first,
                      tolerance=COUNTED, remark="all three together; what is left out is a third of type I"),
    ]  # fmt: skip


# --- van Hove points ------------------------------------------------------------------------------------------


def van_hove_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of the stationary points of the gaps that section 7 names."""
    return (*_saddles(), *_minima())


def _gap(alpha: float, beta: float, upper: int) -> float:
    found = soft_states(alpha, beta, points=110)
    return float(found.energy_m[upper - 1] - found.energy_m[0])


def _slope(beta: float, upper: int) -> float:
    """Derivative of a gap with respect to alpha on the axis alpha = 0."""
    return float(gap_gradient(np.array([0.0, beta]), upper)[0])


def _searched(function: Callable[[float], float], low: float, high: float) -> float:
    """The place of a minimum."""
    found = optimize.minimize_scalar(function, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    return float(found.x)


def _saddles() -> list[FormulaCheck]:
    """Along alpha = 0 the gap is stationary where it is stationary in both directions."""
    axis = "on alpha = 0 dE/dbeta = -(3 beta/4) dE/dalpha: both vanish together"
    rows = []
    for upper, printed_beta, printed_gap in ((2, 1.89, 2.18), (3, 2.15, 5.27)):
        beta = optimize.brentq(partial(_slope, upper=upper), 1.5, 2.5)
        energy = levels(0.0, float(beta), count=upper).frame_energy_m
        place = _searched(partial(_gap, 0.0, upper=upper), 1.5, 2.5)
        across = [_gap(a, place, upper) for a in (-0.02, 0.0, 0.02)]
        rows += [
            VAN_HOVE.check("text of section 7", f"beta of the saddle of E_{upper}1", form=axis, unit="1",
                           printed=printed_beta, derived=float(beta), numerical=place, tolerance=FLAT,
                           state=Print.CORRECT, remark="smallest gap along alpha = 0, levels on a grid"),
            VAN_HOVE.check("text of section 7", f"E_{upper}1 at its saddle", form=axis, printed=printed_gap,
                           derived=float(energy[-1] - energy[0]), numerical=across[1], tolerance=1e-8, unit="w",
                           state=Print.CORRECT,
                           remark=f"slope in alpha there: {(across[2] - across[0]) / 0.04:.1e} w"),
        ]  # fmt: skip
    return rows


def _minima() -> list[FormulaCheck]:
    """The lowest gap between the first and the third level, and its image."""
    alpha = optimize.brentq(lambda a: float(gap_gradient(np.array([a, 0.0]), 3)[0]), -5.0, -3.0)
    energy = levels(float(alpha), 0.0, count=3).frame_energy_m
    place = _searched(lambda a: _gap(a, 0.0, 3), -5.0, -3.0)
    there = optimize.minimize(lambda p: _gap(p[0], p[1], 3), [7.5, 5.4], method="Nelder-Mead",
                              options={"xatol": 1e-6, "fatol": 1e-12})  # fmt: skip
    image = [float(v[1]) for v in images(float(alpha), 0.0)]
    truncated = "the print cuts the digits off"
    return [
        VAN_HOVE.check("text of section 7", "alpha of the minimum of E_31", form="dE_31/dalpha = 0 at beta = 0",
                       printed=-3.95,
                       derived=float(alpha), numerical=place, tolerance=FLAT, state=Print.CORRECT, remark=truncated),
        VAN_HOVE.check("text of section 7", "E_31 at its minimum", form="E_31 at that point and at its images",
                       printed=3.65, unit="w",
                       derived=float(energy[2] - energy[0]), numerical=float(there.fun), tolerance=1e-8,
                       state=Print.CORRECT, remark="searched in the plane around the image, levels on a grid"),
        VAN_HOVE.check("text of section 7", "alpha of the image of the minimum", form="alpha' = -2 alpha", printed=7.9,
                       derived=image[0], numerical=float(there.x[0]), tolerance=FLAT, state=Print.CORRECT,
                       remark="searched in the plane, levels on a grid"),
        VAN_HOVE.check("text of section 7", "beta of the image of the minimum", form="beta' = +-(-8 alpha)^(1/2)",
                       printed=5.62,
                       derived=abs(image[1]), numerical=abs(float(there.x[1])), tolerance=FLAT, state=Print.CORRECT,
                       remark=truncated),
    ]  # fmt: skip
