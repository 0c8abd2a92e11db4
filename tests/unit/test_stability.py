"""Stability of soft modes: the equation and its printed numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from analysis.plotting.stability import plot_stability, table_stability
from analysis.thermal import stability
from analysis.thermal.measured_stability import implied_distortion_energy
from atomsim.errors import InputError
from atomsim.units import ANGSTROM, ATOMIC_MASS, BOLTZMANN, ELECTRON_VOLT

PRINTED_ACCURACY = 0.15  # of N_s a^2 and eps_0, for which omega_c is printed with one digit


# --- numbers of real glasses --------------------------------------------------------------------------------


def test_participating_area_agrees_with_the_printed_numbers():
    for row in stability.participation_table():
        assert stability.participating_area(row.W, row.omega_c, mass=row.mass) == pytest.approx(row.printed_area)
        assert row.energy == pytest.approx(row.printed_energy, rel=PRINTED_ACCURACY)
    silica, selenium, _ = stability.participation_table()
    assert silica.energy / ELECTRON_VOLT == pytest.approx(59.7, abs=0.1)  # printed 55
    assert selenium.energy / ELECTRON_VOLT == pytest.approx(78.9, abs=0.1)  # printed 89
    assert silica.minimum_temperature == pytest.approx(2.1, abs=0.1)
    # Ten per cent in W are thirty in N_s a^2.
    more = stability.participating_area(1.1 * silica.W, silica.omega_c, mass=silica.mass)
    assert silica.printed_area / more == pytest.approx(1.1**3)


def test_energy_scale_is_the_inverse_of_the_participating_area():
    mass, omega, W = 20 * ATOMIC_MASS, 2e13, 4 * BOLTZMANN
    area = stability.participating_area(W, omega, mass=mass)
    energy = stability.energy_from_area(area, omega, mass=mass)
    assert stability.energy_scale(area, energy, mass=mass) == pytest.approx(W, rel=1e-12)
    assert stability.energy_scale_from_minimum(2.5) == pytest.approx(W, rel=1e-12)
    assert 50 < area / ANGSTROM**2 < 500


def test_ratio_at_the_glass_transition_is_the_printed_one():
    for row in stability.participation_table():
        assert row.ratio == pytest.approx(row.printed_ratio, rel=0.02)


# --- the equation -------------------------------------------------------------------------------------------


def boltzmann_average(eta, power):
    centre = np.sqrt(max(-eta / 2, 0.0))
    width = 8 / np.sqrt(1 + abs(eta)) + (2.0 if abs(eta) < 25 else 0.0)
    shift = eta / 2 if eta < 0 else 0.0
    weight = lambda u: np.exp(-((u * u + shift) ** 2) - (eta - 2 * shift) * u * u)  # noqa: E731
    low, high = max(0.0, centre - width), centre + width
    numbers = [
        integrate.quad(lambda u, k=k: u**k * weight(u), low, high, limit=300, epsrel=1e-12)[0] for k in (0, power)
    ]
    return numbers[1] / numbers[0], np.log(numbers[0]) + shift**2


@pytest.mark.parametrize("eta", [-1e4, -300.0, -20.01, -19.99, -3.0, 0.0, 2.0, 19.99, 20.01, 1e3])
def test_mean_square_is_the_boltzmann_average(eta):
    assert stability.mean_square(eta) == pytest.approx(boltzmann_average(eta, 2)[0], rel=1e-10)
    # It is the derivative of the free energy, F = -ln Z, with respect to the restoring force.
    if abs(eta) < 10:
        step = 1e-4
        free = [-boltzmann_average(eta + sign * step, 2)[1] for sign in (1, -1)]
        assert stability.mean_square(eta) == pytest.approx((free[0] - free[1]) / (2 * step), rel=1e-6)


def test_mean_square_has_both_limits():
    eta = 1e3
    assert stability.mean_square(eta) == pytest.approx((1 - 3 / eta**2) / (2 * eta), rel=1e-10)
    assert stability.mean_square(-eta) == pytest.approx(eta / 2, rel=1e-5)
    assert np.all(np.diff(stability.mean_square(np.linspace(-60, 60, 500))) < 0)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 5.0, 1e6])
def test_harmonic_branches_solve_their_quadratic_equation(ratio):
    for eta in stability.harmonic_branches(ratio):
        assert eta * (1 - eta) == pytest.approx(1 / (4 * ratio), rel=1e-9)
    eta_1, eta_2 = stability.harmonic_branches(ratio)
    assert eta_1 + eta_2 == pytest.approx(1)
    # The printed form lacks the one and the sign: it is eta_1 - 1/2.
    assert stability.harmonic_branches_printed(ratio) == pytest.approx(eta_1 - 0.5, abs=1e-12)


def test_energy_without_restoring_force_is_the_printed_one():
    assert pytest.approx(35.015, abs=1e-3) == stability.QUARTIC_COEFFICIENT
    eta, energy = stability.stable_energy(np.array([0.0]), 5.0)
    assert eta == 0 and energy == pytest.approx(stability.energy_without_restoring_force(5.0), rel=1e-12)
    assert stability.ratio_from_energy(float(energy[0])) == pytest.approx(5.0)


@pytest.mark.parametrize("upper", [False, True])
def test_stable_energies_solve_the_stability_equation(upper):
    ratio, temperature = 3.0, 0.7
    parameter = np.array([1e-6, 0.3, 5.0, 100.0, 1e7]) if upper else np.array([-500.0, -4.0, 0.0, 2.0, 50.0, 1e7])
    eta, energy = stability.stable_energy(parameter, ratio, upper=upper)
    x2 = stability.mean_square(np.sqrt(energy) * eta) / np.sqrt(energy)
    np.testing.assert_allclose(energy * x2, 2 * ratio * (1 - eta), rtol=1e-7)
    implied = implied_distortion_energy(eta, temperature * energy, temperature)
    np.testing.assert_allclose(implied, ratio * temperature, rtol=1e-7)
    eta_1, eta_2 = stability.harmonic_branches(ratio)
    assert np.all(eta >= eta_1 - 1e-9) if upper else np.all(eta <= eta_2 + 1e-9)
    assert eta[-1] == pytest.approx(eta_1 if upper else eta_2, rel=1e-6)


def test_stability_curve_has_the_features_of_the_figure():
    curves = [stability.stability_curve(ratio) for ratio in (3.0, 5.0)]
    for curve in curves:
        assert np.all(np.diff(curve.eta) > 0) and np.all(np.diff(curve.energy) > 0)
        at_zero = np.interp(0.0, curve.eta, curve.energy)
        assert at_zero == pytest.approx(stability.QUARTIC_COEFFICIENT * curve.ratio, rel=0.01)
        assert curve.eta[0] < 0 < curve.eta[-1] == pytest.approx(curve.eta_2, rel=1e-3)
    assert curves[0].eta_2 == pytest.approx(0.0918, abs=1e-4) and curves[1].eta_2 == pytest.approx(0.0528, abs=1e-4)
    table = table_stability(curves)
    assert len(table.rows) == 400
    axes = plot_stability(curves)
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), curves[0].eta)


def test_arrows_stand_where_the_energy_diverges():
    curves = [stability.stability_curve(ratio) for ratio in (3.0, 5.0, 8.0)]
    axes = plot_stability(curves)
    tips = [text.xy for text in axes.texts if text.arrow_patch is not None]
    assert tips == [(curve.eta_2, 0) for curve in curves]
    for curve in curves:
        # ... and the energy beyond any bound is only there: at eta_2 itself the harmonic equation holds.
        assert curve.eta_2 * (1 - curve.eta_2) == pytest.approx(1 / (4 * curve.ratio))
        assert curve.energy[-1] > 1e5 and curve.eta[-1] < curve.eta_2


def test_unstable_ratios_are_refused():
    for ratio in (0.99, float("nan"), float("inf")):
        with pytest.raises(InputError, match="ratio"):
            stability.stability_curve(ratio)
    with pytest.raises(InputError, match="positive eta'"):
        stability.stable_energy(np.array([-1.0]), 3.0, upper=True)
    with pytest.raises(InputError, match="points"):
        stability.stability_curve(3.0, points=1)
