"""Laws of the resonant absorption that need no table: counted potentials, peaks, limits in the (alpha, beta) plane."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.soft_potential.absorption_table import AbsorptionTable, absorption_integral
from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.level_table import Images, LevelTable, Resolution, solve_line, tabulate_levels
from analysis.soft_potential.measures import Coefficients, field_measure, landscape_measure
from analysis.thermal.absorption import LandscapeAbsorption
from analysis.thermal.absorption_limits import LandscapeLimits, low_frequency_excess
from atomsim.results import Array

MESH = Resolution(lines=96, nodes=96)
OMEGA = np.geomspace(1e-3, 16.0, 195)
TAU = np.geomspace(0.02, 5.0, 20)


@pytest.fixture(scope="module")
def meshes() -> list[LevelTable]:
    return [tabulate_levels(MESH, images, landscape=True) for images in Images]


def landscape(meshes: list[LevelTable], b: float | None) -> LandscapeAbsorption:
    """I_y or I_d on meshes too coarse for a table."""
    absorption = np.zeros((len(OMEGA), len(TAU)))
    for mesh in meshes:
        for part, weight in ((mesh, 4 / 3), (mesh.halved(), -1 / 3)):
            absorption += weight * absorption_integral(part, landscape_measure(part, b=b), omega_k=OMEGA, tau_t=TAU)
    none = np.zeros_like(absorption)
    return LandscapeAbsorption(
        AbsorptionTable("test", OMEGA, TAU, absorption, none, none, none, MESH.lines, MESH.nodes, 0, 0.0), b
    )


@pytest.fixture(scope="module")
def attachment(meshes: list[LevelTable]) -> LandscapeAbsorption:
    return landscape(meshes, None)


@pytest.fixture(scope="module")
def deformation(meshes: list[LevelTable]) -> LandscapeAbsorption:
    return landscape(meshes, 0.5)


def counted_absorption(low: float, high: float, tau: float) -> tuple[float, float]:
    """Absorption and emission averaged over a bin of ln Omega, by counting potentials of a plain grid in D1 and D2.

    Populations stand as they are: no tanh, no level set, no crossing.
    """
    D2, step = np.linspace(-9.0, 9.0, 61, retstep=True)
    D1 = np.linspace(0.0, 22.0, 111)[1:] - 0.1  # middles of the cells; both signs by symmetry
    found = np.zeros(2)
    for line in D2[:-1] + step / 2:
        energy, x, _ = solve_line(float(line), D1, 8)
        population = np.exp(-(energy - energy[:, :1]) / tau)
        population /= population.sum(axis=1, keepdims=True)
        gap = energy[:, None, :] - energy[:, :, None]
        inside = (gap > low) & (gap <= high)
        strength = np.where(inside, x**2 / np.where(inside, gap, 1.0), 0.0)  # delta(E - Omega) d ln Omega = 1/E
        found += [np.sum(strength * population[:, :, None]), np.sum(strength * population[:, None, :])]
    cell = step * 0.2 * 2 / np.log(high / low)
    return float(found[0] * cell), float(found[1] * cell)


def test_absorption_by_counting_potentials(meshes: list[LevelTable]) -> None:
    low, high, tau = 4.0, 4.4, 1.5
    up, down = counted_absorption(low, high, tau)
    step = np.log(high / low)
    omega = np.sqrt(low * high) * np.exp(step * np.arange(-3, 4))
    table = meshes[0]
    field = field_measure(table)
    near = (np.abs(table.D2_l) < 9)[:, None] & (table.D1_ln < 22)
    part = Coefficients(np.where(near, field.factor_cln, 0.0))
    found = absorption_integral(table, part, omega_k=omega, tau_t=np.array([tau]))[:, 0]
    smooth = found / np.tanh(omega / (2 * tau))
    average = (smooth[3] + (smooth[4] - 2 * smooth[3] + smooth[2]) / 24) * np.tanh(omega[3] / (2 * tau))
    assert average == pytest.approx(up - down, rel=0.02)
    assert up / down == pytest.approx(np.exp(omega[3] / tau), rel=0.02)  # detailed balance


def test_peaks_are_averaged(meshes: list[LevelTable]) -> None:
    # Three fine steps hold what one coarse step holds, also at the logarithmic peak of E_32 = 2.967 of hot potentials.
    table, tau = meshes[0], np.array([5.0])
    fine = 2.967 * np.exp(0.02 * np.arange(-30, 31))
    coarse = fine[1::3]
    averages = []
    for omega in (fine, coarse):
        step = np.log(omega[1] / omega[0])
        smooth = absorption_integral(table, field_measure(table), omega_k=omega, tau_t=tau)[:, 0]
        smooth = smooth / np.tanh(omega / (2 * tau[0]))
        second = np.gradient(np.gradient(smooth, step), step) * step**2
        averages.append(smooth + second / 24)
    threes = np.convolve(averages[0], np.ones(3) / 3, "valid")[::3]
    inner = slice(3, -3)
    assert averages[1][inner] == pytest.approx(threes[inner], rel=0.01)
    assert np.max(np.abs(np.diff(np.log(averages[0]), 2))) > 0.01  # there is a peak


def test_landscape_law_of_two_levels() -> None:
    omega = np.array([1e-200, 1e-40, 1e-9])
    D2 = np.linspace(-125.0, -5.0, 20001)
    action = wkb_action(np.interp(np.log(omega), np.log(wkb_splitting(D2)), D2))
    bare, slope = LandscapeLimits(1e-6).low(omega)
    assert bare == pytest.approx(4 * low_frequency_excess(omega), rel=1e-6)
    strong = LandscapeLimits(5.0).low(omega)[0]
    assert (strong - bare) * action**2 == pytest.approx(4 * 25 / 18 * np.ones(3), rel=3e-3)  # 4 b^2/18 S^2
    attached = LandscapeLimits(None).low(omega)[0]
    assert attached == pytest.approx(4 * (np.sqrt(2) / (3 * action)) ** (2 / 3), rel=7e-3)
    h = 1e-4
    numeric = np.log(LandscapeLimits(1e-6).low(omega * (1 + h))[0] / bare) / h
    assert slope == pytest.approx(numeric, rel=1e-3)


@pytest.mark.parametrize("kind", ["attachment", "deformation"])
def test_landscape_absorption_joins_its_limits(kind: str, request: pytest.FixtureRequest) -> None:
    absorption = request.getfixturevalue(kind)
    h = 1e-5
    for omega, tau in ((1e-5, 0.1), (1e-5, 9.0), (0.3, 5e-3), (0.3, 0.5), (3.0, 2.0), (30.0, 1.0), (60.0, 9.0)):
        value, by_omega, by_tau = absorption.with_derivatives(omega, tau)
        assert value == absorption(omega, tau) > 0
        numeric = [
            (np.log(absorption(omega * np.exp(i * h), tau * np.exp(j * h)))
             - np.log(absorption(omega * np.exp(-i * h), tau * np.exp(-j * h)))) / (2 * h)
            for i, j in ((1, 0), (0, 1))
        ]  # fmt: skip
        assert [float(by_omega), float(by_tau)] == pytest.approx(numeric, abs=1e-6)
    for edge in (OMEGA[0], OMEGA[-1]):
        assert absorption(edge * (1 - 1e-9), TAU) == pytest.approx(absorption(edge * (1 + 1e-9), TAU), rel=1e-6)
    for edge in (TAU[0], TAU[-1]):
        assert absorption(3.0, edge * (1 - 1e-9)) == pytest.approx(absorption(3.0, edge * (1 + 1e-9)), rel=1e-6)


def test_landscape_absorption_tends_to_the_law_of_vibrations(
    attachment: LandscapeAbsorption, deformation: LandscapeAbsorption
) -> None:
    for omega in (100.0, 1000.0):
        assert attachment(omega, 1.0) == pytest.approx(4 * omega / 3, rel=1e-4)
        assert deformation(omega, 1.0) == pytest.approx(omega**3 / 6 + 4 / 3, rel=3e-3)
    hot = 4000.0
    assert attachment(12 * hot**0.25, hot) == pytest.approx(16 * hot**0.25, rel=0.06)  # classical: tau^{1/4} 4 s/3
    s = 12.0
    law = hot**0.75 * (s**3 / 6 + 16 / (3 * s))  # both laws of vibrations scale as tau^{3/4}
    assert deformation(s * hot**0.25, hot) == pytest.approx(law, rel=0.06)


def test_landscape_absorption_is_positive_everywhere(
    attachment: LandscapeAbsorption, deformation: LandscapeAbsorption
) -> None:
    omega, tau = np.geomspace(1e-12, 1e3, 60)[:, None], np.geomspace(1e-4, 100, 30)
    for absorption in (attachment, deformation):
        found: Array = absorption(omega, tau)
        assert np.all(np.isfinite(found)) and np.all(found > 0)
