"""Relaxation from all levels: modes of decay, their densities, absorption, heat capacity, and the limits of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import integrate

from analysis.soft_potential.deep_wells import splitting
from analysis.soft_potential.level_table import Images
from analysis.soft_potential.levels import levels
from analysis.soft_potential.potential_mesh import (
    LevelCut,
    MeshPlan,
    PotentialMesh,
    direct_levels,
    potential_mesh,
    solved_line,
)
from analysis.thermal.decay_densities import decay_densities, field_coupling, landscape_coupling
from analysis.thermal.exact import golden_rule_end
from analysis.thermal.level_heat import level_heat_capacity
from analysis.thermal.rate_matrix import decay_modes, relative_level_width, relaxational_absorption
from analysis.thermal.relaxation_spectrum import (
    RelaxationSpectrum,
    absorption_of,
    heat_of,
    load_landscape_relaxation,
    load_relaxation,
    tabulate_relaxation,
)
from analysis.thermal.specific_heat import VIBRATION_COEFFICIENT
from atomsim.errors import InputError
from atomsim.results import Array

PLAN = MeshPlan(coldest=0.02, hottest=0.3, lines=40, nodes=18)
TINY_PLAN = MeshPlan(coldest=0.1, hottest=0.2, lines=16, nodes=12)
MESH_ERROR = 0.04  # of the coarse table, in its own report


@pytest.fixture(scope="module")
def spectrum() -> RelaxationSpectrum:
    return RelaxationSpectrum(tabulate_relaxation(PLAN))


@pytest.fixture(scope="module")
def mesh() -> PotentialMesh:
    return potential_mesh(deepest=14, hottest=0.3, coldest=0.1, lines=80, nodes=24)


def test_slow_modes_keep_their_relative_accuracy() -> None:
    """Two wells with fast vibrations and a bond of 1e-12 between them, against forty digits."""
    energy = np.array([[0.0, 0.3, 5.0, 5.4]])
    coupling = np.array([[[2.0, 1e-12, 0.3, 0.0], [1e-12, -2.0, 0.0, 0.3], [0.3, 0, 1.9, 0], [0, 0.3, 0, -1.9]]])
    tau = 0.5
    rates, strengths, heats = decay_modes(energy, coupling, tau=tau)
    with mpmath.workdps(60):
        E = [mpmath.mpf(float(e)) for e in energy[0]]
        P = [mpmath.exp(-e / mpmath.mpf(tau)) for e in E]
        total = sum(P)
        matrix = mpmath.zeros(4)
        for m in range(4):
            for n in range(4):
                if m != n:
                    gap = abs(E[m] - E[n])
                    up = gap**3 * mpmath.mpf(float(coupling[0, m, n])) ** 2 / (2 * mpmath.sinh(gap / (2 * tau)))
                    matrix[m, n] = -up
                    matrix[m, m] += up * mpmath.sqrt(P[n] / P[m])
        exact, vectors = mpmath.eigsy(matrix)
        order = sorted(range(4), key=lambda k: exact[k])[1:]
        mean = sum(P[n] / total * mpmath.mpf(float(coupling[0, n, n])) for n in range(4))
        weights = [
            sum(vectors[n, k] * mpmath.sqrt(P[n] / total) * (float(coupling[0, n, n]) - mean) for n in range(4))
            for k in order
        ]  # fmt: skip
    assert rates[0] == pytest.approx([float(exact[k]) for k in order], rel=1e-9)
    assert rates[0, 0] < 1e-23 * rates[0, -1]
    assert strengths[0] == pytest.approx([float(w**2) for w in weights], rel=1e-8)
    population = np.exp(-energy[0] / tau) / np.exp(-energy[0] / tau).sum()
    variance = population @ energy[0] ** 2 - (population @ energy[0]) ** 2
    assert heats.sum() == pytest.approx(variance / tau**2, rel=1e-12)


def test_harmonic_ladder_decays_with_one_rate() -> None:
    """Energy of an oscillator of quantum E relaxes with g E^2 at every temperature."""
    n, quantum = np.arange(40), 3.0
    x = np.diag(np.sqrt(n[1:] / quantum), 1)
    energy = quantum * n[None, :].astype(float)
    for tau in (0.5, 2.0):
        rates, _, heats = decay_modes(energy, (x + x.T)[None], tau=tau)
        main = int(np.argmax(heats[0]))
        assert rates[0, main] == pytest.approx(quantum**2, rel=1e-6)
        assert heats[0, main] == pytest.approx(heats[0].sum(), rel=1e-6)


def test_golden_rule_ends_when_levels_overlap() -> None:
    n, quantum, tau = np.arange(60), 1.5, 2.0
    x = np.diag(np.sqrt(n[1:] / quantum), 1)
    occupation = 1 / np.expm1(quantum / tau)
    leaving = quantum**2 * 2 * occupation * (occupation + 1)  # up with N (n + 1), down with (N + 1) n, on average
    width = relative_level_width((quantum * n[None, :]).astype(float), (x + x.T)[None], tau=tau)
    assert width == pytest.approx([leaving / quantum], rel=1e-6)
    ends = [golden_rule_end(g) for g in (1e-3, 1e-2)]
    assert 5 < ends[1] < ends[0] < 300
    energy, x, _ = direct_levels(0.0, 0.0, 60)  # classical: width ~ tau^{7/4}
    at_end = relative_level_width(energy[None], x[None], tau=ends[1])
    assert at_end * 1e-2 == pytest.approx([1.0], rel=0.15)


def test_lines_hold_the_levels_that_count() -> None:
    plan = MeshPlan(coldest=0.1, hottest=0.5, lines=32, nodes=12)
    line = solved_line(-7.0, plan)
    for node in (0, 5, 8):
        D1 = float(line.D1_n[node])
        roots = np.roots([4.0, 0.0, -14.0, D1])
        place = float(np.min(roots.real))  # the lower minimum as the origin of a landscape
        exact = levels(-7.0 + 6 * place**2, 4 * place, count=6)
        assert line.energy_nm[node, :6] == pytest.approx(exact.energy_m - exact.energy_m[0], abs=1e-9)
        assert np.abs(line.x_nmm[node, :6, :6]) == pytest.approx(np.abs(exact.x_mm), abs=1e-7)
        assert line.place_n[node] == pytest.approx(place, rel=1e-12)
    saddle = float(np.sort(np.roots([4.0, 0.0, -14.0, line.D1_n[0]]).real)[1])
    height = saddle * (line.D1_n[0] + saddle * (-7 + saddle**2)) - exact_ground(float(line.D1_n[0]), -7.0)
    assert line.barrier_n[0] == pytest.approx(height, rel=1e-9)
    edge = np.sqrt(8 * 343 / 27)
    assert np.sum(line.weight_n * line.double_well_n) == pytest.approx(edge, rel=0.15)  # twelve nodes
    assert solved_line(3.0, plan).double_well_n.max() == 0 == solved_line(3.0, plan).barrier_n.max()


def exact_ground(D1: float, D2: float) -> float:
    place = float(np.min(np.roots([4.0, 0.0, 2 * D2, D1]).real))
    return float(levels(D2 + 6 * place**2, 4 * place, count=1).frame_energy_m[0])


def test_frozen_wells_are_solved_apart() -> None:
    """Far below, two wells without tunnelling have the levels of both together."""
    plan = MeshPlan(coldest=0.1, hottest=0.5, lines=32, nodes=12)
    D2 = -25.0
    assert plan.cut.frozen(D2, 0.5) and not plan.cut.frozen(-8.0, 0.5)
    apart = solved_line(D2, plan)
    together = solved_line(D2, replace(plan, cut=LevelCut(rare=1e4, action=1e4)))
    few = apart.energy_nm[:4] < 20
    assert few.sum() > 12
    assert apart.energy_nm[:4][few] == pytest.approx(together.energy_nm[:4, : few.shape[1]][few], abs=1e-6)
    sides = np.abs(np.diagonal(apart.x_nmm[2], axis1=0, axis2=1))[:2]
    assert sides == pytest.approx(np.abs(np.diagonal(together.x_nmm[2], axis1=0, axis2=1))[:2], rel=1e-6)


def test_relaxation_table_is_the_sum_over_a_mesh(mesh: PotentialMesh) -> None:
    """The densities in ln r against a plain sum over another mesh with another eigenvalue problem."""
    plan = MeshPlan(coldest=0.1, hottest=0.3, lines=56, nodes=18)
    tau = np.array([0.1, 0.3])
    densities = decay_densities([plan], field_coupling, tau)
    s = np.array([1e-6, 1e-4, 1e-2, 1.0])
    found = absorption_of(densities, s, tau)
    for t, temperature in enumerate(tau):
        direct = relaxational_absorption(mesh, omega_k=s, tau=float(temperature), strength=1.0)
        assert found[:, t] == pytest.approx(direct, rel=0.06)  # where R falls off; 1 % on the plateau


def test_heat_of_the_table_is_the_sum_over_a_mesh(mesh: PotentialMesh, spectrum: RelaxationSpectrum) -> None:
    """Between two times the heat grows by what lies between the depths that reach equilibrium in them."""
    tau = np.array([0.15, 0.25])
    deep = level_heat_capacity(mesh, tau, deepest=14.0)
    double, single = spectrum.heat_capacity(1e17, tau)
    at_depth = level_heat_capacity(mesh, tau, deepest=12.0)
    total = double + single
    assert np.all(total > at_depth) and np.all(total < deep * 1.1)
    assert np.all(single < total) and np.all(double > 0)


def test_integral_of_absorption_over_frequency() -> None:
    """integral d ln s R = (1/2 tau) integral of the variance of O: whatever the rates are."""
    densities = decay_densities([TINY_PLAN], field_coupling, np.array([0.1, 0.2]))
    log_s = np.linspace(-75, 35, 4001)
    total = integrate.simpson(absorption_of(densities, np.exp(log_s), np.array([0.1, 0.2])), x=log_s, axis=0)
    assert total == pytest.approx(densities.strength_bt.sum(axis=0) / (2 * np.array([0.1, 0.2])), rel=1e-6)
    assert np.all(densities.strength_bt >= 0)
    everything = sum(heat_of(densities, np.array([1e30])))
    both = densities.heat_double_bt + densities.heat_single_bt
    assert everything[0] == pytest.approx(both.sum(axis=0), rel=1e-3)


def two_level_absorption(s: Array, tau: float) -> Array:
    """Two levels with exact splittings and the distance of the minima: an integral over D1 and D2 done directly."""
    depth = np.linspace(3.5, 13.5, 41)
    exact = [np.log(splitting(-float(d), 0.0)) for d in depth]
    distance = [2 * abs(levels(-float(d), 0.0, count=2).x_mm[0, 1]) for d in depth]
    fine = np.linspace(3.5, 13.5, 1201)
    b = np.exp(np.interp(fine, depth, exact))[:, None]
    d = np.interp(fine, depth, distance)[:, None]
    a = np.geomspace(1e-4, 40, 500)[None, :] * tau
    E = np.hypot(a, b)
    rate = E**3 * (d / 2 * b / E) ** 2 / np.tanh(E / (2 * tau))
    weight = 2 * (a / d) * (d / 2 * a / E) ** 2 / np.cosh(E / (2 * tau)) ** 2
    value = [weight * (x / rate) / (1 + (x / rate) ** 2) for x in s]
    log_a = np.log(a[0])
    return np.array([np.trapezoid(np.trapezoid(v, log_a, axis=1), fine) for v in value]) / (np.pi * tau)


def test_cold_relaxation_is_that_of_two_levels(spectrum: RelaxationSpectrum) -> None:
    s = np.array([1e-6, 1e-4, 1e-2])
    assert spectrum.absorption(s, 0.03) == pytest.approx(two_level_absorption(s, 0.03), rel=MESH_ERROR)


def test_relaxation_joins_its_limits(spectrum: RelaxationSpectrum) -> None:
    """Plateau 1/2 with the excess 1/3S of J, then 1/s; continuous with its slopes where the table ends."""
    table = spectrum.table
    plateau = spectrum.absorption(np.array([1e-9, 1e-10, 1e-11]), 0.05)
    assert np.all((plateau > 0.50) & (plateau < 0.54))
    fast = spectrum.absorption_with_derivatives(np.array([1e5, 1e7]), np.array([0.1, 0.1]))
    assert fast[0][1] / fast[0][0] == pytest.approx(1e-2, rel=1e-3) and fast[1] == pytest.approx([-1, -1], abs=2e-3)
    for edge in (table.tau_t[0], table.tau_t[-1]):
        sides = spectrum.absorption(1e-3, edge * np.array([1 - 1e-9, 1 + 1e-9]))
        assert sides[0] == pytest.approx(sides[1], rel=1e-6)
    cold = spectrum.absorption(np.array([1e-4, 1e-4 / 8]), np.array([table.tau_t[0], table.tau_t[0] / 2]))
    assert cold[0] == pytest.approx(cold[1], rel=1e-9)
    s, tau = np.geomspace(1e-9, 1e7, 23), np.array([0.005, 0.06, 0.2, 3.0])
    for T in tau:
        value, by_s, by_tau = spectrum.absorption_with_derivatives(s, T)
        assert np.all(value > 0)
        step = 1e-5
        up, down = spectrum.absorption(s * np.exp(step), T), spectrum.absorption(s * np.exp(-step), T)
        assert by_s == pytest.approx(np.log(up / down) / (2 * step), abs=1e-4)
        up, down = spectrum.absorption(s, T * np.exp(step)), spectrum.absorption(s, T * np.exp(-step))
        assert by_tau == pytest.approx(np.log(up / down) / (2 * step), abs=1e-4)
    with pytest.raises(InputError, match="must be positive"):
        spectrum.absorption(0.0, 1.0)


def test_absorption_rises_with_temperature_while_jumps_are_slow(spectrum: RelaxationSpectrum) -> None:
    """Far above all rates the loss is the sum of all rates, which grows with the temperature."""
    hot = spectrum.absorption(10.0, np.geomspace(0.02, 0.3, 30))
    assert np.all(np.diff(hot) > 0)


def test_hot_wells_are_classical_and_jump_over_their_barriers() -> None:
    """R = tau^{3/4} f(s tau^{-1/2}); over the law of activation with tau_0 = hbar/W it is one within its logarithm."""
    plan = MeshPlan(coldest=2.0, hottest=4.0, lines=36, nodes=12)
    tau = np.array([2.0, 4.0])
    densities = decay_densities([plan], field_coupling, tau)
    s = np.array([1e-8, 1e-5, 1e-2, 1.0])
    scaled = [absorption_of(densities, s * T**0.5, tau)[:, t] / T**0.75 for t, T in enumerate(tau)]
    assert scaled[0] == pytest.approx(scaled[1], rel=0.06)  # what is left is of the order tau^{-3/2}
    g = 1.6e-3
    omega = np.array([1e-12, 1e-9])
    law = 4.0**0.75 * np.log(1 / omega) ** -0.25
    found = absorption_of(densities, omega / g, tau)[:, 1] / law
    assert np.all((found > 0.9) & (found < 1.2))


def test_heat_capacity_joins_its_limits(spectrum: RelaxationSpectrum) -> None:
    """Two levels when cold, growing like ln^{1/3} of the time; single wells are in equilibrium at once."""
    table = spectrum.table
    times = np.geomspace(1e8, 1e16, 9)
    double, single = spectrum.heat_capacity(times, 0.03)
    steps = np.diff(double)
    assert np.all(steps > 0) and np.all(np.diff(steps) < 0)  # slower and slower
    depth = (3 / np.sqrt(2) * np.log(times[[0, -1]]) / 2) ** (2 / 3)  # Delta_0 ~ t^{-1/2}, up to the pre-exponent
    law = 0.03 * np.pi**2 / 3 * 6 ** (1 / 3) * np.diff(np.cbrt(np.sqrt(2) / 3 * depth**1.5))
    assert double[-1] - double[0] == pytest.approx(float(law[0]), rel=0.15)
    assert single == pytest.approx(single[0] * np.ones(9), abs=1e-12)
    fast, slow = spectrum.heat_capacity(np.array([1e4, 1e16]), 0.3)[1]
    assert fast == pytest.approx(slow, rel=1e-6)
    hot = sum(spectrum.heat_capacity(1e9, np.array([5.0, 10.0])))
    assert hot[1] / hot[0] == pytest.approx(32, rel=1e-9)
    edge = table.tau_t[0]
    cold = spectrum.heat_capacity(np.array([1e9, 8e9]), np.array([edge, edge / 2]))[0]
    assert cold[1] == pytest.approx(cold[0] / 2, rel=1e-9)
    for bad in (1e-3, 1e18):
        with pytest.raises(InputError, match="times of"):
            spectrum.heat_capacity(bad, 0.1)


def test_vibrational_heat_follows_from_all_wells() -> None:
    """(2 pi^6/21) tau^5 from single and double wells together, of which double ones hold 1 - 4/(3 sqrt 2) = 5.7 %."""
    plan = MeshPlan(coldest=2.0, hottest=4.0, lines=36, nodes=12)
    densities = decay_densities([plan], field_coupling, np.array([4.0]))
    double, single = (part[0, 0] / 4.0**5 for part in heat_of(densities, np.array([1e9])))
    assert double + single == pytest.approx(VIBRATION_COEFFICIENT, rel=0.05)  # 36 lines, 12 nodes
    assert single / VIBRATION_COEFFICIENT == pytest.approx(4 / (3 * np.sqrt(2)), rel=0.05)


def test_table_of_relaxation_reports_its_errors(spectrum: RelaxationSpectrum) -> None:
    absorption, heat = spectrum.table.error(0.02, 0.3)
    assert 0 < absorption < 0.15 and 0 < heat < 0.15
    assert spectrum.table.level_error < 1e-3 and spectrum.table.n_potentials == 41 * 18
    finer = decay_densities([replace(PLAN, coldest=0.1, lines=72)], field_coupling, np.array([0.15]))
    s = np.geomspace(1e-8, 1e-2, 7)
    assert spectrum.absorption(s, 0.15) == pytest.approx(
        absorption_of(finer, s, np.array([0.15]))[:, 0], rel=MESH_ERROR
    )


def test_landscape_relaxation_of_type_II_systems() -> None:
    """Uniform (alpha, beta), b = 0: half of the 4 tanh of the resonant absorption, from type II alone."""
    plan = replace(PLAN, coldest=0.03, hottest=0.1)
    plans = [replace(plan, images=image.value) for image in Images]
    densities = decay_densities(plans, landscape_coupling(0.0), np.array([0.05]))
    s = np.array([1e-9, 1e-7])
    found = absorption_of(densities, s, np.array([0.05]))[:, 0]
    assert np.all((found > 1.9) & (found < 2.4))
    shifted = decay_densities(plans, landscape_coupling(1.0), np.array([0.05]))
    assert absorption_of(shifted, s, np.array([0.05]))[:, 0] == pytest.approx(found, rel=0.15)


def test_relaxation_tables_are_kept_in_a_cache(tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    first, words = load_relaxation(TINY_PLAN, folder=tmp_path, progress=lambda *done: reports.append(done))
    again, more = load_relaxation(TINY_PLAN, folder=tmp_path)
    assert "computed and kept" in words and "read from" in more and reports[-1] == (17, 17)
    assert again.table.absorption_kt.tolist() == first.table.absorption_kt.tolist()
    landscape, words = load_landscape_relaxation(TINY_PLAN, b=0.5, folder=tmp_path)
    assert "computed and kept" in words and landscape.table.rate_power == 1.0
    with pytest.raises(InputError, match="four lines"):
        MeshPlan(lines=2)
