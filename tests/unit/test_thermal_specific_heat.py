"""Specific heat of phonons, harmonic modes, tunnelling systems and vibrations of soft potentials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

from analysis.thermal import specific_heat as heat
from analysis.thermal.phonons import Medium, mode_heat_capacity
from atomsim.errors import InputError
from atomsim.units import BOLTZMANN, HBAR

MEDIUM = Medium(density=2200.0, longitudinal_velocity=5800.0, transverse_velocity=3800.0)
ATOMS = 6.6e28
ROUND_OFF = 1e-12


def test_debye_specific_heat_limits():
    debye = heat.debye_frequency(number_density=ATOMS, medium=MEDIUM)
    waves = debye**3 / (6 * np.pi**2) * (1 / 5800**3 + 2 / 3800**3)
    assert waves == pytest.approx(3 * ATOMS, rel=ROUND_OFF)
    theta = HBAR * debye / BOLTZMANN
    low, high = heat.debye_specific_heat(np.array([theta / 100, 50 * theta]), number_density=ATOMS, medium=MEDIUM)
    assert low == pytest.approx(12 * np.pi**4 / 5 * ATOMS * BOLTZMANN * 1e-6, rel=1e-10)
    # First correction to Dulong and Petit: 1 - (theta/T)^2/20.
    assert high == pytest.approx(3 * ATOMS * BOLTZMANN * (1 - 1 / (20 * 2500)), rel=1e-7)


def test_debye_specific_heat_is_the_harmonic_sum_of_its_modes():
    debye = heat.debye_frequency(number_density=ATOMS, medium=MEDIUM)
    count = 200_000
    omega = debye * ((np.arange(count) + 0.5) / count) ** (1 / 3)
    T = np.array([0.05, 0.3, 2.0]) * HBAR * debye / BOLTZMANN
    found = heat.harmonic_specific_heat(T, omega, volume=count / (3 * ATOMS))
    expected = heat.debye_specific_heat(T, number_density=ATOMS, medium=MEDIUM)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_harmonic_specific_heat_reaches_dulong_and_petit():
    omega = np.random.default_rng(1).uniform(1e11, 1e13, 300)
    classical = heat.harmonic_specific_heat(np.array([1e5]), omega, volume=1e-24)
    assert classical[0] == pytest.approx(300 * BOLTZMANN / 1e-24, rel=1e-6)
    one = heat.harmonic_specific_heat(np.array([7.0]), np.array([1e12]), volume=1.0)
    x = HBAR * 1e12 / (BOLTZMANN * 7.0)
    assert one[0] == pytest.approx(BOLTZMANN * x**2 * np.exp(x) / (np.exp(x) - 1) ** 2, rel=ROUND_OFF)
    with pytest.raises(InputError, match="2 frequencies"):
        heat.harmonic_specific_heat(np.array([1.0]), np.array([0.0, -1.0, 2.0]), volume=1.0)


def test_tunnelling_specific_heat_from_the_density():
    # Two-level systems with density (P_s/W)(2/9)^{1/3}/(Delta_0 ln^{2/3}(W/Delta_0)) for each sign of Delta, summed in
    # l = ln(W/Delta_0); the closed form is the leading order in large logarithms.
    log_thermal, log_lowest = 70.0, 280.0
    W, P_s = 1.0, 1.0
    thermal = np.exp(-log_thermal)

    def per_depth(depth):
        ratio = np.exp(log_thermal - depth)  # Delta_0/k_B T

        def capacity(asymmetry):
            half = np.hypot(ratio, asymmetry) / 2
            return (half / np.cosh(half)) ** 2

        both_signs = 2 * integrate.quad(capacity, 0, 60)[0]
        return (2 / 9) ** (1 / 3) * depth ** (-2 / 3) * both_signs

    # Below Delta_0 = k_B T/100 the inner integral has its limit, pi^2/3.
    end = log_thermal + np.log(100)
    near = integrate.quad(per_depth, log_thermal - np.log(60), end, limit=100)[0]
    far = (2 / 9) ** (1 / 3) * np.pi**2 / 3 * 3 * (np.cbrt(log_lowest) - np.cbrt(end))
    summed = BOLTZMANN * P_s / W * thermal * (near + far)
    found = heat.tunnelling_specific_heat(
        thermal / BOLTZMANN, potential_density=P_s, W=W, lowest_splitting=np.exp(-log_lowest)
    )
    assert found == pytest.approx(summed, rel=0.02)  # shift of a logarithm of 70 by one: one per cent


def test_tunnelling_specific_heat_is_not_given_out_of_its_range():
    T = np.array([0.5, 1.5, 1e-9]) / BOLTZMANN
    found = heat.tunnelling_specific_heat(T, potential_density=1.0, W=1.0, lowest_splitting=1e-8)
    assert found[0] > 0 and np.isnan(found[1:]).all()


def test_longer_experiments_see_more_specific_heat():
    W = 4 * BOLTZMANN
    options = dict(W=W, lambda_l2=1e-38, lambda_t2=6e-39, medium=MEDIUM)
    T = np.array([0.05, 0.5])
    short, long = (heat.lowest_splitting(T, experiment_time=t, **options) for t in (1e-3, 1e3))
    np.testing.assert_allclose(short / long, 1e3, rtol=ROUND_OFF)
    seen = [heat.tunnelling_specific_heat(T, potential_density=1e25, W=W, lowest_splitting=d) for d in (short, long)]
    assert np.all(seen[1] > seen[0]) and np.all(seen[0] > 0)


def test_vibrational_specific_heat_coefficient():
    W, P_s, T = 1.0, 1.0, 5.0 / BOLTZMANN
    density = lambda E: P_s / (8 * W) * (E / W) ** 4  # noqa: E731
    summed, _ = integrate.quad(lambda E: density(E) * float(mode_heat_capacity(E / 5.0)), 0, 400, epsabs=0, limit=200)
    found = heat.vibrational_specific_heat(T, potential_density=P_s, W=W)
    assert found == pytest.approx(BOLTZMANN * summed, rel=1e-8)


def test_minimum_of_reduced_specific_heat():
    W, lowest = 4 * BOLTZMANN, 4e-9 * BOLTZMANN
    found = heat.reduced_minimum_temperature(W=W, lowest_splitting=lowest)
    X = float(heat.tunnelling_bracket(found, W=W, lowest_splitting=lowest))
    assert W / (BOLTZMANN * found) == pytest.approx(1.978 * X**-0.25, rel=3e-4)
    assert 1.5 < W / (BOLTZMANN * found) < 2.0  # printed: 1.6

    def excess(T):  # with the bracket held
        tunnelling = heat.TUNNELLING_COEFFICIENT * BOLTZMANN * (BOLTZMANN * T / W) * X
        return (tunnelling + heat.vibrational_specific_heat(T, potential_density=1.0, W=W)) / T**3

    best = optimize.minimize_scalar(excess, bounds=(0.3 * found, 3 * found), method="bounded", options={"xatol": 1e-8})
    assert best.x == pytest.approx(found, rel=1e-5)
    with pytest.raises(InputError, match="splitting"):
        heat.reduced_minimum_temperature(W=W, lowest_splitting=W)
