"""The distribution of soft potentials that simulated modes show, and the absorption that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from analysis.soft_potential.absorption_table import AbsorptionTable, absorption_integral
from analysis.soft_potential.landscape import from_cubic_free
from analysis.soft_potential.level_table import Resolution, tabulate_levels
from analysis.soft_potential.measured_measure import (
    MeasuredMeasure,
    fit_measured_measure,
    lower_curvature,
    power_weight,
    window_factor,
)
from analysis.soft_potential.measures import field_measure, landscape_measure
from analysis.thermal import exact_tables, measured_absorption
from analysis.thermal.absorption_limits import low_frequency_excess
from analysis.thermal.exact_tables import draw_tables, measured_tables
from analysis.thermal.measured_absorption import MeasuredAbsorption, PowerFamily, PowerLimits
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Array

HBAR, WINDOW = 1.0, 24.0  # omega of alpha = 144 for W = 1
MODES_PER_GLASS = 40


@dataclass(frozen=True)
class Modes:
    """As much of the soft modes of one glass as a distribution needs."""

    omega_m: Array
    tau_m: Array
    chi_relaxed_m: Array
    effective_mass_m: Array
    limit_omega: float = WINDOW


def glass(rng: np.random.Generator, power: float, *, even: bool = True, count: int = MODES_PER_GLASS) -> Modes:
    """Modes with density alpha^power over the lower minima below the window, W = 1: l = 2^{-1/2}, chi = 96."""
    alpha = (WINDOW / 2) ** 2 * rng.uniform(size=count) ** (1 / (power + 1.5))
    spread = rng.uniform(-1, 1, size=count) if even else rng.normal(0, 0.1, size=count)
    beta = 2 * np.sqrt(alpha) * spread
    unit = np.sqrt(0.5)
    return Modes(np.sqrt(alpha) / unit**2, 6 * beta / unit**3, np.full(count, 12 / unit**6), np.ones(count))


def ensemble(power: float, *, n_glasses: int = 20, seed: int = 3, **options: bool) -> MeasuredMeasure:
    rng = np.random.default_rng(seed)
    glasses = [glass(rng, power, **options) for _ in range(n_glasses)]
    return fit_measured_measure(glasses, hbar=HBAR, rng=rng, resamples=60)  # type: ignore[arg-type]


@pytest.mark.parametrize("power", [0.0, 1.0, 1.6])
def test_power_of_the_curvature_is_recovered(power: float) -> None:
    fit = ensemble(power)
    expected = (power + 1.5) / np.sqrt(fit.n_modes)  # error of a power law's exponent
    assert abs(fit.power.value - power) < 3.5 * expected
    assert fit.power.error == pytest.approx(expected, rel=0.5)
    assert fit.exponent.value == pytest.approx(2 + 2 * fit.power.value)
    assert fit.n_modes == 20 * MODES_PER_GLASS and fit.n_left_out == 0
    assert fit.shape_probability > 0.01
    assert fit.highest_alpha == pytest.approx((WINDOW / 2) ** 2)
    assert np.all(np.abs(fit.power_w - power) < 4 * fit.power_error_w)


def test_measure_that_is_not_spread_evenly_is_found_out() -> None:
    fit = ensemble(1.0, even=False)
    assert fit.shape_probability < 1e-6 and "differs from an even spread" in fit.verdict()


def test_verdict_excludes_only_what_every_window_excludes() -> None:
    words = ensemble(1.0).verdict()
    assert "uniform (eta, t), p = 2" in words and "excluded in all windows" in words.split("(eta, t)")[1].split(";")[0]
    assert "not excluded" in words.split("(D1, D2)")[1].split(";")[0]
    fit = ensemble(1.0)
    unsure = replace(fit, power_error_w=np.array([9.0, *fit.power_error_w[1:]]))
    assert "not excluded" in unsure.verdict().split("(eta, t)")[1].split(";")[0]


def test_modes_that_have_no_lower_minimum_are_left_out_and_counted() -> None:
    rng = np.random.default_rng(1)
    whole = glass(rng, 1.0)
    chi = whole.chi_relaxed_m.copy()
    chi[:3] = -1.0
    tau = whole.tau_m.copy()
    tau[3:5] = 6 * 2.5 * np.sqrt(whole.omega_m[3:5] / 2) * 2**1.5 * np.sqrt(whole.omega_m[3:5] / 2)
    fit = fit_measured_measure([replace(whole, chi_relaxed_m=chi, tau_m=tau)], hbar=HBAR, rng=rng, resamples=5)  # type: ignore[list-item]
    assert (fit.n_modes, fit.n_left_out) == (MODES_PER_GLASS - 5, 5)
    assert np.isnan(fit.power.error), "one glass has no error"
    with pytest.raises(IllPosedFit, match="2 modes in lower minima"):
        fit_measured_measure([glass(rng, 1.0, count=2)], hbar=HBAR, rng=rng)  # type: ignore[list-item]


def test_factor_keeps_the_number_of_modes() -> None:
    """As many modes below the window as potentials uniform in (D1, D2) have: 4 alpha^{1/2} alpha/2 integrated."""
    highest = 150.0
    alpha = np.linspace(0, highest, 200_001)[1:]
    assert window_factor(1.0, np.array([highest]), np.ones(1)) == pytest.approx(1.0)
    for power in (-0.3, 0.3, 1.7):
        count = np.trapezoid(4 * np.sqrt(alpha) * alpha**power / 2, alpha)
        uniform = np.trapezoid(4 * np.sqrt(alpha) * alpha / 2, alpha)
        factor = window_factor(power, np.array([highest]), np.ones(1))
        assert factor * count == pytest.approx(uniform, rel=1e-3)


def test_lower_curvature_is_that_of_the_lowest_minimum() -> None:
    rng = np.random.default_rng(2)
    for D1, D2 in rng.normal(0, 6, size=(40, 2)):
        alpha, beta = from_cubic_free(float(D1), float(D2))
        x = beta / 4
        lowest = int(np.argmin(D1 * x + D2 * x**2 + x**4))
        assert lower_curvature(D1, D2) == pytest.approx(alpha[lowest], rel=1e-9)
    np.testing.assert_allclose(lower_curvature([0, 0, 0, 0], [-3, 2, 0, -1e-12]), [6, 2, 0, 0], atol=1e-11)
    assert power_weight(1.0)(np.array(3.0), np.array(-2.0)) == 1
    with pytest.raises(InputError, match="expected more than"):
        power_weight(-1.5)


POWERS = (0.0, 0.5, 1.0)


@cache
def family() -> PowerFamily:
    """Tables without levels: two levels at low frequency, vibrations at high frequency, one after the other."""
    omega, tau = np.geomspace(1e-3, 16.0, 100), np.geomspace(0.02, 5.0, 20)
    tables = []
    for power in POWERS:
        limits = PowerLimits(power)
        low, high = limits.low(omega)[0], limits.high(omega, omega)[0]
        values = low[:, None] * np.tanh(omega[:, None] / (2 * tau)) + high[:, None]
        template = AbsorptionTable(**{f.name: np.zeros(()) for f in fields(AbsorptionTable)})
        tables.append(replace(template, omega_k=omega, tau_t=tau, absorption_kt=values, seconds=1.0))
    return PowerFamily(POWERS, tuple(tables))


def test_vibrations_absorb_as_a_power_of_the_curvature_tells() -> None:
    """J over (Omega/2)^{2s+1} at high frequency; s = 0 is the part alpha > beta^2/4 of I_y/2."""
    table = tabulate_levels(Resolution(lines=64, nodes=64, levels=8))
    omega, tau = np.geomspace(12.0, 15.0, 5), np.array([0.1])
    for power in (0.0, 0.5, 1.5):
        found = []
        for part in (table, table.halved()):
            measure = field_measure(part, power_weight(power))
            found.append(absorption_integral(part, measure, omega_k=omega, tau_t=tau)[:, 0])
        value = (4 * found[0] - found[1]) / 3
        law, slope, _ = PowerLimits(power).high(omega, omega)
        np.testing.assert_allclose(value, law, rtol=0.03)
        assert np.polyfit(np.log(omega), np.log(value), 1)[0] == pytest.approx(slope[0], abs=0.15)
    table = tabulate_levels(Resolution(lines=64, nodes=64, levels=8), landscape=True)
    whole = landscape_measure(table)
    np.testing.assert_allclose(field_measure(table, power_weight(0.0)).factor_cln[2][5:, 5:],
                               whole.factor_cln[2][5:, 5:] / 2, rtol=1e-6)  # fmt: skip


def test_measured_absorption_joins_its_limits() -> None:
    law, _ = PowerLimits(1.0).low(np.array([1e-9, 1e-4]))
    np.testing.assert_allclose(law, low_frequency_excess(np.array([1e-9, 1e-4])), rtol=1e-6)
    step = 1e-4
    sides = [PowerLimits(0.3).low(np.array([1e-5 * np.exp(sign * step)]))[0] for sign in (1, -1)]
    assert PowerLimits(0.3).low(np.array([1e-5]))[1] == pytest.approx(
        np.log(sides[0] / sides[1]) / (2 * step), rel=1e-4
    )
    for power, table in zip(POWERS, family().tables, strict=True):
        smooth = MeasuredAbsorption(table, power)
        for edge in table.omega_k[[0, -1]]:  # no jump at the ends of the table
            assert smooth(edge * (1 + 1e-9), 0.5) == pytest.approx(float(smooth(edge * (1 - 1e-9), 0.5)), rel=1e-6)
        assert smooth(200.0, 0.1) == pytest.approx(100.0 ** (2 * power + 1), rel=1e-3)
        deep = smooth(1e-9, 0.02) / (smooth.limits.low(np.array(1e-9))[0] * np.tanh(1e-9 / 0.04))
        edge = smooth(1e-3, 0.02) / (smooth.limits.low(np.array(1e-3))[0] * np.tanh(1e-3 / 0.04))
        assert 1 < deep < edge, "the law of two levels is approached"


def test_powers_between_the_tables_are_interpolated() -> None:
    between, tables = family().at(0.75).table.absorption_kt, family().tables
    exact = PowerLimits(0.75).high(tables[0].omega_k, tables[0].omega_k)[0]
    np.testing.assert_allclose(between[-10:], exact[-10:, None] * np.ones(20), rtol=0.04)
    np.testing.assert_allclose(family().at(0.5).table.absorption_kt, tables[1].absorption_kt, rtol=1e-9)
    with pytest.raises(InputError, match="tables reach from 0 to 1"):
        family().at(1.3)


def test_measured_tables_keep_the_number_of_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_tables, "_family", lambda progress: (family(), "synthetic"))
    fit = ensemble(0.6)
    tables = measured_tables(fit)
    assert f"s = {fit.power.value:.2f}" in tables.measure and tables.origin == "synthetic"
    # The vibrations, Omega J of them, are as many below the end of the window as for potentials uniform in (D1, D2).
    omega = np.geomspace(1.0, 2 * np.sqrt(fit.highest_alpha), 4000)
    absorption = tables.absorption.with_derivatives(omega, np.full_like(omega, 0.02))[0]
    counts = [np.trapezoid(values * omega, omega) for values in (absorption, omega**3 / 8)]
    assert counts[0] / counts[1] == pytest.approx(1.0, rel=0.05)
    draws = draw_tables(fit, tables, 7)
    powers = [draw.absorption.base.power for draw in draws]  # type: ignore[attr-defined]
    assert len(draws) == 7 and np.std(powers) > 0 and set(powers) <= set(fit.power_b)
    with pytest.raises(InputError, match="draws need"):
        draw_tables(fit, replace(tables, family=None), 7)


def test_family_is_kept_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []

    def tabulate(resolution: Resolution, *, weight: object, measure: str, levels: object) -> AbsorptionTable:
        made.append(measure)
        return family().tables[0]

    monkeypatch.setattr(measured_absorption, "tabulate_absorption", tabulate)
    monkeypatch.setattr(measured_absorption, "tabulate_levels", lambda resolution, progress: None)
    for expected in (len(measured_absorption.POWERS), 0):
        made.clear()
        found, words = measured_absorption.load_family(folder=tmp_path)
        assert len(made) == expected and found.power_k == measured_absorption.POWERS
    assert "read from" in words
