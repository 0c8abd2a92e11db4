"""Schaich 1976, (19) to (29): vertex and ladder, and the Boltzmann equation that the ladder becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from analysis.multiple_scattering.electron_gas import electron_density
from analysis.multiple_scattering.harmonics import ComplexArray, sphere_quadrature
from analysis.multiple_scattering.linear_response import boltzmann_solution, ladder, state_vertex, t_matrix
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.scattering import amplitude, extinction_cross_section
from analysis.multiple_scattering.wind_force import force_tensors
from analysis.validation.formula import Chapter, FormulaCheck, Print, extrapolated
from analysis.validation.schaich_boltzmann import KEY, K, one_well, well_phase_shifts
from analysis.validation.schaich_models import Medium, Ring
from analysis.validation.schaich_wells import Wells
from atomsim.results import Array

CHAPTER = Chapter(KEY, "Schaich 1976, section II: vertex and Boltzmann equation")
ROUND_OFF = 1e-9  # relative; matrices of a few dozen numbers
MATCHED = 1e-5  # relative; waves left out when wells are matched
WEAK = 2e-3  # relative; limit of weak scattering from four widths
SAMPLED = 0.02  # relative; random matrices of 192 waves, for which ladders hold up to 1/192 and sampling
WIDTHS = np.array([0.12, 0.15, 0.18, 0.21])  # of the medium whose scattering tends to zero
ALONG, ACROSS = np.array([0.36, 0.48, 0.8]), np.array([0.6, -0.64, 0.48])  # directions of force and field


def vertex_checks() -> tuple[FormulaCheck, ...]:
    """Return the checks of (19) to (29)."""
    return (*_vertex(), *_averaged(), *_weak(), *_rates(), *_golden_rule(), *_boltzmann(), *_force())


# --- (19) to (22) ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Averages:
    """Means over random matrices: the response with the ion, and current and Green function without it."""

    response: float
    current: float
    green: float


@cache
def _averages() -> Averages:
    """Means over 24 random matrices; the ion takes 100 places in each."""
    medium, rng = Medium(), np.random.default_rng(13)
    current, count = medium.current_k, len(medium.current_k)
    responses, currents, greens = [], [], []
    for number in range(24):
        noise = medium.sample(rng)
        phases = rng.uniform(0, 2 * np.pi, size=(100, count))
        responses.append(medium.responses(noise, phases).mean())
        if number < 8:
            inverse = np.linalg.inv(np.diag(1j * medium.broadening - medium.energy_k) - noise)
            currents.append(current @ (np.abs(inverse) ** 2 @ current))
            greens.append(np.diag(inverse).imag.mean())
    return Averages(*(float(np.mean(part)) for part in (responses, currents, greens)))


def _printed_vertex(medium: Medium) -> ComplexArray:
    """The vertex with the ion's own G instead of the averaged g on the left of the force."""
    g, v, unit = np.diag(medium.propagator_k), medium.potential, np.eye(len(medium.energy_k))
    own = (g + g @ t_matrix(v, g) @ g).conj().T
    return np.diag(np.linalg.solve(unit - v @ own, medium.force @ np.linalg.inv(unit - g @ v)))


def _vertex() -> list[FormulaCheck]:
    """The response of an ion in a random medium as ladder times vertex."""
    medium = Medium()
    weight = ladder(medium.propagator_k, medium.rates_kl, medium.current_k)
    vertex = state_vertex(medium.force, medium.potential, np.diag(medium.propagator_k))
    derived = float((weight * vertex).sum().real)
    remark = "Tr[f G^+ J G^-] of a strong ion at 2400 places among random matrices, where ladders are all that is left"
    return [
        CHAPTER.check("19", "response of an ion among random matrices", form="sum_k Pi(k) V(k)", derived=derived,
                      numerical=_averages().response, tolerance=SAMPLED, remark=remark),
        CHAPTER.check("20", "the same by the vertex", form="V = <k|sum (V g^-)^n f sum (g^+ V)^m|k>_i.d.",
                      printed_form="V = <k|sum (V G^-)^n f sum (g^+ V)^m|k>_i.d.", derived=derived,
                      printed=float((weight * _printed_vertex(medium)).sum().real),
                      numerical=_averages().response, tolerance=SAMPLED,
                      remark=f"{remark}; with the full G on one side, as printed, the ion is counted twice: both "
                             "propagators are averages"),
    ]  # fmt: skip


def _averaged() -> list[FormulaCheck]:
    """Averaged Green function and ladder."""
    medium = Medium()
    g, current = medium.propagator_k, medium.current_k
    weight = ladder(g, medium.rates_kl, current)
    remark = "mean over eight random matrices of 192 waves"
    return [
        CHAPTER.check("21", "sum of J(k) <<<k|G^+ J G^-|k>>>", form="Pi = g^+ g^- (J + sum W Pi)", tolerance=SAMPLED,
                      derived=float(current @ weight), numerical=_averages().current, remark=remark,
                      state=Print.DEFINITION),
        CHAPTER.check("22", "mean of Im <k|g^+|k>", form="g^+ = 1/(hbar w - e + i Gamma)", derived=float(g.imag.mean()),
                      numerical=_averages().green, tolerance=SAMPLED, state=Print.DEFINITION,
                      remark=f"{remark}; Gamma that scatters into the states it broadens"),
    ]  # fmt: skip


# --- (23) to (25) ----------------------------------------------------------------------------------------------


def _on_shell(width: float) -> tuple[float, float]:
    """Energy integral of Pi/2 pi along the field and Gamma, of a medium with many energies."""
    medium = Medium(energies=600, directions=4, width=width, broadening=1e-9)
    g = medium.propagator_k[::4]  # the same in all directions; of the rates the harmonic of the current is left
    harmonic = np.full((len(g), len(g)), width**2 * medium.anisotropy / 2 / len(g))
    weight = ladder(g, harmonic, np.ones(len(g)))
    return float(weight.sum()) * 2 * medium.band / len(g) / (2 * np.pi), float((1 / g).imag[0])


@cache
def _shells() -> Array:
    """Both for all widths, shape (widths, 2)."""
    return np.array([_on_shell(float(width)) for width in WIDTHS])


def _golden(width: Array) -> Array:
    """Gamma of the golden rule in the medium: pi times squared width times density of states."""
    return np.asarray(np.pi * width**2 / (2 * Medium().band))


def _weak() -> list[FormulaCheck]:
    """Ladder and lifetime for scattering that tends to zero."""
    integral, gamma = _shells().T
    transport = 1 / (2 * _golden(WIDTHS) * (1 - Medium().anisotropy / 2))
    return [
        CHAPTER.check("23", "int de Pi/2 pi over tau_tr J, weak scattering", derived=1.0, tolerance=WEAK,
                      form="(hbar/2 pi) Pi = tau delta(e - e_F)(J + sum_l (2 pi/hbar) W (hbar/2 pi) Pi)",
                      numerical=extrapolated(WIDTHS**2, integral / transport),
                      remark="ladder of broadened waves integrated over energy, scattering tending to zero"),
        CHAPTER.check("25", "Gamma of broadened waves over that of the golden rule", derived=1.0, tolerance=WEAK,
                      form="1/tau_k = sum_l (2 pi/hbar) W(k, l) delta(e_k - e_l), tau = hbar/2 Gamma",
                      numerical=extrapolated(WIDTHS**2, gamma / _golden(WIDTHS)),
                      remark="self-energy that contains itself, scattering tending to zero"),
    ]  # fmt: skip


def _golden_rule() -> list[FormulaCheck]:
    """Rates as squares of a T-matrix, summed by two expansions, and the optical theorem of a cluster."""
    ring = Ring(np.array([0.0, 1.7, 4.1, 9.0]), np.array([-0.5, 0.3, -0.4, 0.3]), broadening=0.3)
    v, g, k, other = ring.potential, ring.propagator, ring.incoming, ring.waves - 1 - ring.incoming
    series = [v.astype(complex), v.astype(complex)]
    last = list(series)
    for _ in range(60):
        last = [part @ side @ v for part, side in zip(last, (g, g.conj()), strict=True)]
        series = [whole + part for whole, part in zip(series, last, strict=True)]
    exact = v + v @ ring.resolvent @ v
    wells = three_wells()
    way = ALONG[None]
    directions, weights = sphere_quadrature(24)
    total = float(weights @ np.abs(wells.amplitude(directions, way)[:, 0]) ** 2)
    return [
        CHAPTER.check("24", "W of reflection by ions on a ring", form="W = <k|V sum (g^+V)^n|l><l|V sum (g^-V)^m|k>",
                      derived=abs(t_matrix(v, g)[k, other]) ** 2, numerical=abs(exact[k, other]) ** 2,
                      tolerance=ROUND_OFF, remark="|V + V G V|^2 with G from eigenstates; derived from T = V + V g T"),
        CHAPTER.check("24", "the same by both series", form="W = |<k|T^+|l>|^2: the series with g^- is the conjugate",
                      derived=abs(t_matrix(v, g)[k, other]) ** 2, tolerance=ROUND_OFF,
                      numerical=float((series[0][k, other] * series[1][other, k]).real),
                      remark="sixty terms of each series"),
        CHAPTER.check("25", "cross-section of three wells by forward scattering", unit="A^2", tolerance=MATCHED,
                      form="(4 pi/k) Im F(k, k)", numerical=total,
                      derived=float(extinction_cross_section(wells.cluster(), way)[0]),
                      remark="wells by matching, |F|^2 by quadrature over all directions"),
    ]  # fmt: skip


def three_wells() -> Wells:
    """Return three different wells without any symmetry."""
    positions = np.array([[0.0, 0.0, 0.0], [1.6, 0.7, 1.9], [-1.5, 1.9, 0.6]])
    return Wells(positions - positions.mean(axis=0), np.array([0.9, 1.4, -0.6]), 1.0, K)


# --- (26) to (29) ----------------------------------------------------------------------------------------------


def _rates() -> list[FormulaCheck]:
    """Symmetry of the rates: of one arrangement by both senses of each, else after an average."""
    wells = three_wells()
    ways = np.stack([ALONG, ACROSS])
    found = np.abs(wells.amplitude(np.concatenate([ways, -ways]), np.concatenate([ways, -ways]))) ** 2
    here = np.abs(amplitude(wells.cluster(), ways, ways)) ** 2
    mirrored = replace(wells, positions_nc=-wells.positions_nc)
    both = [found[0, 1] + np.abs(mirrored.amplitude(ways, ways)[0, 1]) ** 2,
            found[1, 0] + np.abs(mirrored.amplitude(ways, ways)[1, 0]) ** 2]  # fmt: skip
    return [
        CHAPTER.check("27", "T(k, l)/T(l, k) of three wells and their inverted image", form="T(k, l) = T(l, k)",
                      derived=1.0, numerical=float(both[0] / both[1]), tolerance=MATCHED,
                      remark="matching; a mean over arrangements, which has an inverse for each. One arrangement has "
                             "T(k, l) = T(-l, -k) only"),
        CHAPTER.check("27", "|F(k, l)|^2 of one arrangement against (-l, -k)", form="T(k, l) = T(-l, -k)",
                      derived=float(here[0, 1]), numerical=float(found[3, 2]), tolerance=MATCHED, unit="A^2",
                      state=Print.NONE,
                      remark=f"matching; the way back, (l, k), has {here[1, 0] / here[0, 1]:.3f} of it here"),
    ]  # fmt: skip


@cache
def _solved() -> float:
    """n_1 of a Boltzmann equation on a sphere of directions, projected on the field, over v/Omega: 1/sigma_tr."""
    directions, weights = sphere_quadrature(16)
    cosine = directions @ directions.T
    table = np.linspace(-1, 1, 25)
    out = np.stack([np.sqrt(1 - table**2), 0 * table, table], axis=1)
    square = np.abs(one_well().amplitude(out, np.array([[0.0, 0.0, 1.0]]))[:, 0]) ** 2
    fitted = np.polynomial.legendre.legfit(table, square, 16)
    rates = np.polynomial.legendre.legval(cosine, fitted) * weights
    found = boltzmann_solution(rates, directions @ ALONG)
    return float(3 / (4 * np.pi) * weights @ (found * (directions @ ALONG)))


def _boltzmann() -> list[FormulaCheck]:
    """The Boltzmann equation on a sphere, and its solution against the ladder."""
    derived = 1 / float(transport_cross_section(well_phase_shifts(), K))
    medium, angle = Medium(), np.pi / 2 * np.arange(4)
    shell = 2 * float(_golden(np.ones(1))[0]) / 4 * (1 + medium.anisotropy * np.cos(angle[:, None] - angle))
    answer = boltzmann_solution(shell, np.cos(angle))[0]
    return [
        CHAPTER.check("26", "n_1 along the field, times v/(J Omega)", unit="1/A^2", derived=derived,
                      form="-delta(e - e_F) J = sum_l T(k, l)[n_1(l) - n_1(k)]", numerical=_solved(), tolerance=1e-4,
                      remark="linear equations for 153 directions, rates of a square well by matching; derived by the "
                             "transport cross-section of its phase shifts"),
        CHAPTER.check("28", "n_1/E times w^2 of the ladder", form="(hbar/2 pi) Pi E = n_1", tolerance=WEAK,
                      derived=float(answer), numerical=extrapolated(WIDTHS**2, _shells()[:, 0] * WIDTHS**2),
                      remark="energy integral of the ladder of broadened waves, scattering tending to zero; derived by "
                             "a Boltzmann equation of four directions"),
    ]  # fmt: skip


def _force() -> list[FormulaCheck]:
    """The force as a sum over electrons."""
    wells = three_wells()
    directions, weights = sphere_quadrature(20)
    pushed = ALONG @ wells.push(1, directions)
    # sum_k n_1 v over 2 k^3/(2 pi)^3 int dk^, n_1 = e tau v k^.E, v = k^2 s in units hbar = m = 1
    found = 2 * K**3 / (2 * np.pi) ** 3 * float(weights @ (directions @ ACROSS * pushed))
    tensor = force_tensors(wells.cluster(), [1], tolerance=1e-14)[0]
    return [
        CHAPTER.check("29", "force on one of three wells over e l E", form="F = sum_k n_1(k) v(k) = e n l sigma E",
                      derived=float(electron_density(K)) * float(ALONG @ tensor @ ACROSS), unit="1/A",
                      numerical=found, tolerance=MATCHED,
                      remark="sum over directions of the density at the surface of the well times its force, waves by "
                             "matching; field and force oblique"),
    ]  # fmt: skip
