"""Stability of soft modes: the equation, its printed numbers, and measured modes beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import integrate

from analysis.plotting.stability import plot_stability, plot_stability_test, table_stability, table_stability_test
from analysis.soft_potential.parameters import mode_energy, quartic_frequency
from analysis.thermal import stability
from analysis.thermal.measured_stability import (
    QuenchedModes,
    compare_with_stability,
    implied_distortion_energy,
    restoring_share,
    unsoftened_energy,
)
from atomsim.errors import IllPosedFit, InputError
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


def test_unstable_ratios_are_refused():
    for ratio in (0.99, float("nan"), float("inf")):
        with pytest.raises(InputError, match="ratio"):
            stability.stability_curve(ratio)
    with pytest.raises(InputError, match="positive eta'"):
        stability.stable_energy(np.array([-1.0]), 3.0, upper=True)
    with pytest.raises(InputError, match="points"):
        stability.stability_curve(3.0, points=1)


# --- measured modes -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FewModes:
    """As much of the soft modes as the comparison reads."""

    omega_m: np.ndarray
    chi_relaxed_m: np.ndarray


def test_energy_and_share_of_a_mode_are_those_of_its_expansion():
    omega, chi, omega_c, s = 0.4, 3.0, 1.7, 0.9
    eta, energy = restoring_share(omega, omega_c), unsoftened_energy(chi, omega_c)
    x = s * omega_c / np.sqrt(2 * energy)  # eps eta x^2 = omega^2 s^2/2
    expansion = omega**2 * s**2 / 2 + chi * s**4 / 24
    assert energy * (eta * x**2 + x**4) == pytest.approx(expansion, rel=1e-12)
    # With the length at which the quartic term is that of an unsoftened mode, it is the energy of a mode of N atoms.
    participation, mass = 30.0, 1.4
    length = np.sqrt(12 / (chi * participation * mass)) * omega_c
    assert mode_energy(chi, participation, mean_mass=mass, length=length) == pytest.approx(energy, rel=1e-12)
    assert quartic_frequency(chi, participation, mean_mass=mass, length=length) == pytest.approx(omega_c, rel=1e-12)
    assert restoring_share(-omega, omega_c) == -eta


def modes_on_the_curve(temperature, distortion, omega_c, rng, noise=0.0):
    eta, energy = stability.stable_energy(rng.uniform(0.1, 30, 40), distortion / temperature)
    energy = energy * temperature * np.exp(noise * rng.normal(size=len(energy)))
    return FewModes(omega_c * np.sqrt(eta), 6 * omega_c**4 / energy)


def test_measured_modes_on_the_curve_give_one_distortion_energy():
    rng, omega_c, distortion = np.random.default_rng(3), 2.0, 3.0
    ensembles = [
        QuenchedModes(
            t, (modes_on_the_curve(t, distortion, omega_c, rng), modes_on_the_curve(t, distortion, omega_c, rng))
        )
        for t in (0.2, 0.5, 0.9)
    ]
    found = compare_with_stability(ensembles, omega_c=omega_c)
    np.testing.assert_allclose(found.implied_m, distortion, rtol=1e-9)
    assert found.scatter < 1e-9 and abs(found.trend) < 1e-9
    assert found.count_k.tolist() == [80, 80, 80]
    axes = plot_stability_test(found)
    assert len(axes.lines) >= 6
    assert len(table_stability_test(found).rows) == 240


def test_measured_modes_off_the_curve_show_scatter_and_trend():
    rng, omega_c = np.random.default_rng(4), 2.0
    ensembles = [QuenchedModes(t, (modes_on_the_curve(t, 4.0 * t, omega_c, rng, noise=0.5),)) for t in (0.2, 0.4, 0.8)]
    found = compare_with_stability(ensembles, omega_c=omega_c)
    # eps_m grows with T here, so the trend is one; eps <x^2> changes with eps^{1/2} in the quartic limit.
    assert found.trend == pytest.approx(1, abs=5 * found.trend_error)
    assert found.trend > 10 * found.trend_error
    assert found.scatter > 0.05


def test_comparison_counts_what_it_leaves_out():
    modes = FewModes(np.array([0.1, 0.2, 0.3, 3.0, 0.2]), np.array([1.0, 2.0, -1.0, 1.0, 5.0]))
    found = compare_with_stability([QuenchedModes(0.5, (modes,))], omega_c=2.0)
    assert found.n_unbounded == 1 and np.isnan(found.implied_m).sum() == 1 and np.isnan(found.trend)
    with pytest.raises(IllPosedFit, match="2 modes"):
        compare_with_stability([QuenchedModes(0.5, (FewModes(np.array([0.1, 0.2]), np.ones(2)),))], omega_c=2.0)
    with pytest.raises(InputError, match=r"temperature = 0\.0"):
        compare_with_stability([QuenchedModes(0.0, (modes,))], omega_c=2.0)
