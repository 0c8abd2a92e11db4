"""Closed forms of scattering and conductivity, against quadrature and against their derivations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate

from analysis.soft_potential.landscape import lower_minimum_curvature
from analysis.thermal import closed_forms, later_form
from analysis.thermal.closed_forms import KarpovParshinGlass, VibrationRegion
from analysis.thermal.later_form import LaterFormGlass
from analysis.thermal.phonons import Medium, mode_heat_capacity, phonon_conductivity, taken_out_above
from atomsim.errors import InputError, NotConverged
from atomsim.units import BOLTZMANN, HBAR

QUADRATURE = 1e-6
ROUND_OFF = 1e-12
KELVIN = BOLTZMANN
MEDIUM = Medium(density=2200.0, longitudinal_velocity=5800.0, transverse_velocity=3800.0)
GLASS = KarpovParshinGlass(
    MEDIUM,
    W=4 * KELVIN,
    eta_L=0.01,
    density_I=3e26,
    density_II=2e26,
    d_l2=0.3,
    d_t2=0.2,
    b=0.0,
    mass=1e-24,
    xi2=1.2,
)
LATER = LaterFormGlass(MEDIUM, W=4 * KELVIN, C_l=3e-4, C_t=4e-4)


def kp_path(glass, branch):
    return lambda omega, temperature: closed_forms.tunnelling_inverse_path(omega, temperature, glass, branch)


# --- the kinetic integral -----------------------------------------------------------------------------------


def test_integral_of_the_tanh_law_is_pi_squared():
    value, _ = integrate.quad(lambda x: x * (x / 2) ** 2 / np.sinh(x / 2) ** 2 / np.tanh(x / 2), 0, 200)
    assert value == pytest.approx(np.pi**2, rel=1e-10)


def test_kinetic_integral_of_the_tanh_law():
    def path(strength, velocity):
        return lambda omega, t: np.pi * omega * strength / velocity * later_form.resonant_tunnelling(omega, t)

    temperature = np.array([0.01, 0.3, 2.0])
    found = phonon_conductivity(
        temperature,
        longitudinal=path(LATER.C_l, MEDIUM.longitudinal_velocity),
        transverse=path(LATER.C_t, MEDIUM.transverse_velocity),
        medium=MEDIUM,
    )
    np.testing.assert_allclose(found, later_form.conductivity_tanh_law(temperature, LATER), rtol=QUADRATURE)
    by_hand = BOLTZMANN**3 * 0.3**2 / (6 * np.pi * HBAR**2) * (1 / (5800 * 3e-4) + 2 / (3800 * 4e-4))
    assert found[1] == pytest.approx(by_hand, rel=QUADRATURE)


def test_constant_path_gives_a_third_of_specific_heat_velocity_and_path():
    single = Medium(density=1.0, longitudinal_velocity=4000.0, transverse_velocity=4000.0)
    path = lambda omega, t: np.full_like(omega, 1e7)  # noqa: E731
    found = phonon_conductivity(np.array([3.0]), longitudinal=path, transverse=path, medium=single)
    heat = 2 * np.pi**2 / 5 * BOLTZMANN * (BOLTZMANN * 3.0 / (HBAR * 4000.0)) ** 3
    assert found[0] == pytest.approx(heat * 4000.0 * 1e-7 / 3, rel=QUADRATURE)


def test_phonons_that_are_taken_out_carry_nothing():
    path = lambda omega, t: np.full_like(omega, 1e7)  # noqa: E731
    edge = 2.0 * BOLTZMANN / HBAR  # x = 2 at one kelvin
    cut = taken_out_above(path, edge)
    found = phonon_conductivity(np.array([1.0]), longitudinal=cut, transverse=cut, medium=MEDIUM, breaks=(edge,))
    whole = phonon_conductivity(np.array([1.0]), longitudinal=path, transverse=path, medium=MEDIUM)
    integrand = lambda x: x**2 * (x / 2) ** 2 / np.sinh(x / 2) ** 2  # noqa: E731
    share = integrate.quad(integrand, 0, 2)[0] / integrate.quad(integrand, 0, 100)[0]
    assert found[0] / whole[0] == pytest.approx(share, rel=QUADRATURE)


def test_unnamed_jump_of_the_path_is_noticed():
    cut = taken_out_above(lambda omega, t: np.full_like(omega, 1e7), 2.0 * BOLTZMANN / HBAR)
    with pytest.raises(NotConverged, match="breaks"):
        phonon_conductivity(np.array([1.0]), longitudinal=cut, transverse=cut, medium=MEDIUM)


def test_kinetic_integral_refuses_unphysical_input():
    path = lambda omega, t: np.full_like(omega, 1e7)  # noqa: E731
    with pytest.raises(InputError, match="positive"):
        phonon_conductivity(np.array([0.0]), longitudinal=path, transverse=path, medium=MEDIUM)
    with pytest.raises(InputError, match="inverse mean free path"):
        phonon_conductivity(np.array([1.0]), longitudinal=path, transverse=lambda omega, t: 0 * omega, medium=MEDIUM)


def test_mode_heat_capacity_limits():
    assert mode_heat_capacity(np.array([0.0, 1e-4]))[0] == 1
    assert mode_heat_capacity(np.array([0.1])) == pytest.approx(1 - 0.01 / 12, rel=1e-5)
    assert mode_heat_capacity(np.array([1e4])) < 1e-290


# --- Karpov and Parshin -------------------------------------------------------------------------------------


def test_log_free_law_solves_the_kinetic_integral():
    temperature = np.array([0.02, 0.5])
    found = phonon_conductivity(
        temperature, longitudinal=kp_path(GLASS, "l"), transverse=kp_path(GLASS, "t"), medium=MEDIUM
    )
    np.testing.assert_allclose(found, closed_forms.conductivity_log_free(temperature, GLASS), rtol=QUADRATURE)


@pytest.mark.parametrize("b", [0.3, 1.0, 8.0])
def test_two_type_conductivity_derived_is_nine_times_the_printed_one(b):
    glass, T = replace(GLASS, b=b), 0.01
    derived = closed_forms.conductivity_two_types(T, glass)
    printed = closed_forms.conductivity_two_types(T, glass, as_printed=True)
    assert printed / derived == pytest.approx(1 / 9, rel=ROUND_OFF)

    def frozen(branch):
        # The logarithm at the thermal energy instead of the phonon's: the closed form is exact for this path.
        logarithm = np.log(glass.W / (KELVIN * T))
        bracket = b**2 / 9 * glass.density_I / logarithm**2 + glass.density_II
        free = kp_path(replace(glass, b=0.0), branch)
        return lambda omega, t: free(omega, t) * bracket / glass.density_II

    exact = phonon_conductivity(np.array([T]), longitudinal=frozen("l"), transverse=frozen("t"), medium=MEDIUM)
    assert derived == pytest.approx(exact[0], rel=QUADRATURE)


def test_two_type_conductivity_turns_into_the_log_free_one():
    # Without type I only the derived prefactor has the limit that type II alone gives.
    glass = replace(GLASS, b=1e-6)
    expected = closed_forms.conductivity_log_free(0.05, glass)
    assert closed_forms.conductivity_two_types(0.05, glass) == pytest.approx(expected, rel=1e-6)
    assert np.isnan(closed_forms.conductivity_two_types(4.0 / np.e + 0.01, glass))
    with pytest.raises(InputError, match="log-free"):
        closed_forms.conductivity_two_types(0.05, GLASS)


def test_logarithm_of_type_one_is_not_taken_beyond_its_range():
    with pytest.raises(InputError, match="cut the integral"):
        closed_forms.tunnelling_inverse_path(np.array([GLASS.W / HBAR]), np.array(1.0), replace(GLASS, b=1.0), "l")
    with pytest.raises(InputError, match="branch"):
        GLASS.branch("x")


def energy_and_share_of_type_one(alpha, beta, W):
    action = np.sqrt(2) / 3 * np.abs(alpha) ** 1.5
    return W * np.exp(-action), W / np.sqrt(2) * beta * np.abs(alpha) ** 1.5


def energy_and_share_of_type_two(R, beta, W):
    return W * np.exp(-(beta**3) / 48), W / 4 * R * beta**2


@pytest.mark.parametrize(
    ("splittings", "from_action", "copies"),
    [
        (energy_and_share_of_type_one, lambda S: -((3 * S / np.sqrt(2)) ** (2 / 3)), 2),  # both signs of beta
        (energy_and_share_of_type_two, lambda S: np.cbrt(48 * S), 4),  # both signs of R and of beta
    ],
)
def test_tunnelling_density_is_the_jacobian_of_the_potentials(splittings, from_action, copies):
    W, E, p = 1.0, 1e-4, 0.3
    S = np.log(W / (E * np.sqrt(p)))
    deep = from_action(S)
    two_kinds = splittings is energy_and_share_of_type_one

    def energy_share(tilt, depth):
        split, asymmetry = splittings(depth, tilt, W) if two_kinds else splittings(tilt, depth, W)
        total = np.hypot(split, asymmetry)
        return np.array([total, (split / total) ** 2])

    per_tilt = splittings(deep, 1.0, W)[1] if two_kinds else splittings(1.0, deep, W)[1]
    tilt = E * np.sqrt(1 - p) / per_tilt
    np.testing.assert_allclose(energy_share(tilt, deep), [E, p], rtol=1e-10)
    h = 1e-6
    d_tilt = (energy_share(tilt * (1 + h), deep) - energy_share(tilt * (1 - h), deep)) / (2 * h * tilt)
    d_deep = (energy_share(tilt, deep * (1 + h)) - energy_share(tilt, deep * (1 - h))) / (2 * h * deep)
    jacobian = abs(d_tilt[0] * d_deep[1] - d_tilt[1] * d_deep[0])
    G, eta_L = 3.0, 0.01
    expected = copies * G * eta_L**1.5 / jacobian
    found = closed_forms.tunnelling_density(E, p, density=G, eta_L=eta_L, W=W)
    # The tilt enters the Jacobian also through the depth, in which it is neglected: none here, so round-off remains.
    assert found == pytest.approx(expected, rel=1e-6)


def test_tunnelling_path_is_the_sum_over_both_types():
    # Absorption of all systems with the energy of the phonon; the logarithm at p = 1 as in the closed form.
    W, omega, T = GLASS.W, 1e-3 * GLASS.W / HBAR, 0.01
    glass = replace(GLASS, b=1.7)
    E = HBAR * omega
    L = np.log(W / E)
    total = 0.0
    for density, gamma in (
        (glass.density_I, 1.7 / 6 ** (1 / 3) * L ** (-1 / 3)),
        (glass.density_II, (9 / 2) ** (1 / 3) * L ** (2 / 3)),
    ):
        shares = 2 ** (5 / 3) * 3 ** (-4 / 3) * density * glass.eta_L**1.5 / W * L ** (-4 / 3) * 2  # int (1-p)^{-1/2}
        total += shares * (gamma * W / glass.eta_L) ** 2 * glass.d_l2
    velocity = MEDIUM.longitudinal_velocity
    expected = np.pi * omega / (MEDIUM.density * velocity**3) * total * np.tanh(E / (2 * KELVIN * T))
    found = closed_forms.tunnelling_inverse_path(np.array([omega]), np.array(T), glass, "l")
    assert found[0] == pytest.approx(expected, rel=1e-10)


def test_vibration_densities_follow_from_the_areas():
    def area(low, high):
        # alpha = a beta^2 makes the curvature of the lower well beta^2 f(a), and the integral over beta elementary.
        f = lambda a: float(lower_minimum_curvature(a, 1.0))  # noqa: E731
        return 2 / 3 * integrate.quad(lambda a: f(a) ** -1.5, low, high)[0]

    type_one, E, W = area(0.25, np.inf), 30.0, 1.0
    assert type_one == pytest.approx(8 / 3, rel=1e-8)
    # Area below A = (E/2W)^2 is type_one A^{3/2}: its derivative by E is the density.
    derivative = type_one * 3 * E**2 / (8 * W**3)
    density = lambda region: float(  # noqa: E731
        closed_forms.vibration_density(E, density=1.0, eta_L=1.0, W=W, region=region)
    )
    assert density(VibrationRegion.TYPE_I) == pytest.approx(derivative, rel=1e-8)
    expected = {
        VibrationRegion.TYPE_II: area(0, 0.25) / type_one,
        VibrationRegion.BARRIER: area(-np.inf, 0) / type_one,
        VibrationRegion.TYPE_II_PRINTED: 2 / 3 * 0.25 * (9 / 8) ** -1.5 / type_one,
    }
    for region, ratio in expected.items():
        assert density(region) / density(VibrationRegion.TYPE_I) == pytest.approx(ratio, rel=1e-8)
    assert expected[VibrationRegion.TYPE_II] == pytest.approx(0.138071, abs=1e-6)
    assert expected[VibrationRegion.BARRIER] == pytest.approx(0.195262, abs=1e-6)
    parts = (VibrationRegion.TYPE_I, VibrationRegion.TYPE_II, VibrationRegion.BARRIER)
    assert sum(map(density, parts)) == pytest.approx(density(VibrationRegion.WHOLE_PLANE), rel=ROUND_OFF)


def golden_rule_matrix_element(omega):
    """|<0|M omega^2 x|1>|^2 averaged over directions, times the square of the displacement per quantum and volume."""
    matrix = (GLASS.mass * omega**2) ** 2 * HBAR / (2 * GLASS.mass * omega) * GLASS.xi2 / 3
    return matrix * HBAR / (2 * MEDIUM.density * omega)


def test_vibration_relaxation_rate_is_the_golden_rule():
    omega = 3e12
    rate = 0.0
    for velocity, count in ((MEDIUM.longitudinal_velocity, 1), (MEDIUM.transverse_velocity, 2)):
        phonons = omega**2 / (2 * np.pi**2 * velocity**3) / HBAR  # per volume and energy
        rate += 2 * np.pi / HBAR * golden_rule_matrix_element(omega) * phonons * count
    assert closed_forms.vibration_relaxation_rate(HBAR * omega, GLASS) == pytest.approx(rate, rel=ROUND_OFF)


def test_vibration_path_is_the_golden_rule_over_the_density():
    omega = 3e12
    density = closed_forms.vibration_density(HBAR * omega, density=GLASS.density_I, eta_L=GLASS.eta_L, W=GLASS.W)
    for branch, velocity in (("l", MEDIUM.longitudinal_velocity), ("t", MEDIUM.transverse_velocity)):
        rate = 2 * np.pi / HBAR * golden_rule_matrix_element(omega) * density
        found = closed_forms.vibration_inverse_path(omega, GLASS, branch)
        assert found == pytest.approx(rate / velocity, rel=ROUND_OFF)
        printed = np.pi / 6 * GLASS.xi2 * GLASS.mass * GLASS.density_I * GLASS.eta_L**1.5 * HBAR**3 * omega**4
        assert found == pytest.approx(printed / (MEDIUM.density * velocity * GLASS.W**3), rel=ROUND_OFF)
    whole = closed_forms.vibration_inverse_path(omega, GLASS, "l", whole_plane=True, enhancement=10.0)
    assert whole == pytest.approx(40 / 3 * closed_forms.vibration_inverse_path(omega, GLASS, "l"), rel=ROUND_OFF)


def test_prethermal_and_thermal_conductivity_from_their_ingredients():
    edge, T = GLASS.W / HBAR, np.array([1e7 * GLASS.W / BOLTZMANN])
    below = {s: taken_out_above(kp_path(GLASS, s), edge) for s in "lt"}
    found = phonon_conductivity(T, longitudinal=below["l"], transverse=below["t"], medium=MEDIUM, breaks=(edge,))
    assert found[0] == pytest.approx(closed_forms.conductivity_prethermal(T, GLASS)[0], rel=QUADRATURE)

    def above(branch):
        return lambda omega, t: np.where(
            omega > edge, closed_forms.vibration_inverse_path(omega, GLASS, branch, enhancement=3.0), np.inf
        )

    found = phonon_conductivity(T, longitudinal=above("l"), transverse=above("t"), medium=MEDIUM, breaks=(edge,))
    assert found[0] == pytest.approx(closed_forms.conductivity_thermal(GLASS, enhancement=3.0), rel=QUADRATURE)


def test_joined_path_reaches_both_limits():
    glass = replace(GLASS, density_I=GLASS.density_II)
    paths = [lambda omega, t, s=s: closed_forms.joined_inverse_path(omega, t, glass, s) for s in "lt"]
    T = np.array([1e-3, 1e6]) * glass.W / BOLTZMANN
    found = phonon_conductivity(T, longitudinal=paths[0], transverse=paths[1], medium=MEDIUM, breaks=(glass.W / HBAR,))
    hot = closed_forms.conductivity_prethermal(T[1], glass) + closed_forms.conductivity_thermal(glass)
    assert found[0] == pytest.approx(closed_forms.conductivity_log_free(T[0], glass), rel=QUADRATURE)
    assert found[1] == pytest.approx(hot, rel=1e-5)


# --- the later form -----------------------------------------------------------------------------------------


def test_both_forms_agree_on_the_strength_of_type_two():
    # C = 4 W d^2 G_II/(rho v^2 eta_L^{1/2}) makes the two conductivities the same.
    def strength(d2, velocity):
        return 4 * GLASS.W * d2 * GLASS.density_II / (MEDIUM.density * velocity**2 * np.sqrt(GLASS.eta_L))

    later = LaterFormGlass(
        MEDIUM,
        W=GLASS.W,
        C_l=strength(GLASS.d_l2, MEDIUM.longitudinal_velocity),
        C_t=strength(GLASS.d_t2, MEDIUM.transverse_velocity),
    )
    expected = closed_forms.conductivity_log_free(0.1, GLASS)
    assert later_form.conductivity_tanh_law(0.1, later) == pytest.approx(expected, rel=ROUND_OFF)


def test_resonant_vibrations_follow_from_the_vibrational_density():
    # Sum of Lambda^2 |x_01|^2 over vibrations: |x_01|^2 = W/E in dimensionless coordinates, n(E) = (P_s/8W)(E/W)^4.
    W, omega, P_s, coupling2, rho, v = LATER.W, 40 * LATER.W / HBAR, 1e25, 1e-40, 2200.0, 5800.0
    E = HBAR * omega
    density = P_s / (8 * W) * (E / W) ** 4
    path = np.pi * omega / (rho * v**3) * coupling2 * W / E * density
    strength = P_s * coupling2 / (W * rho * v**2)
    expected = np.pi * omega * strength / v * later_form.resonant_vibrations(omega, W=W)
    assert path == pytest.approx(expected, rel=ROUND_OFF)


def test_barrier_relaxation_from_the_double_wells():
    # Sum over double wells of depth D with over-barrier times tau_0 exp(V/k_B T), V = W D^2/4, coupling D/2, where
    # the integral over the asymmetry is 4 k_B T/(W (2D)^{1/2}) per k_B T: absorption relative to pi omega C/v.
    def summed(omega_tau, heat):  # heat = k_B T/W
        def integrand(D):
            log_x = np.log(omega_tau) + D**2 / (4 * heat)
            return D / 2 * 4 / np.sqrt(2 * D) / (2 * np.cosh(min(abs(log_x), 600.0))) / np.pi

        peak = np.sqrt(4 * heat * np.log(1 / omega_tau))
        return integrate.quad(integrand, 0, 2 * peak, points=[0.9 * peak, peak, 1.1 * peak], limit=400)[0]

    W = LATER.W
    for logarithm in (200.0, 600.0):
        heat = 2.5
        omega = np.exp(-logarithm) * W / HBAR
        closed = later_form.relaxation_over_barriers(np.array(omega), np.array(heat * W / BOLTZMANN), W=W)
        assert closed == pytest.approx(summed(np.exp(-logarithm), heat), rel=1 / logarithm)
    edge = later_form.relaxation_over_barriers(np.array([0.99, 1.01]) * W / (np.e * HBAR), np.array(1.0), W=W)
    assert edge[0] > 0 and edge[1] == 0


def test_closed_conductivity_scales_with_W_alone():
    T = np.array([0.05, 1.0, 6.0])
    double = LaterFormGlass(MEDIUM, W=2 * LATER.W, C_l=LATER.C_l, C_t=LATER.C_t)
    base = later_form.conductivity_closed(T, LATER)
    np.testing.assert_allclose(later_form.conductivity_closed(2 * T, double), 4 * base, rtol=QUADRATURE)
    cold = np.array([1e-5 * LATER.W / BOLTZMANN])
    tanh_law = later_form.conductivity_tanh_law(cold, LATER)
    # Relaxation adds (k_B T/W)^{3/4} of order 2e-4 to the absorption.
    np.testing.assert_allclose(later_form.conductivity_closed(cold, LATER), tanh_law, rtol=1e-3)
    assert np.all(np.diff(base) > 0)


def test_closed_conductivity_of_a_silica_like_glass_bends_towards_a_plateau():
    T = np.array([0.1, 0.2, 1.0, 16.0, 32.0])
    kappa = later_form.conductivity_closed(T, LATER)
    steep, flat = np.diff(np.log(kappa))[[0, 3]] / np.log(2)
    assert 1.8 < steep < 2 and 0 < flat < 0.5
    assert 0.01 < kappa[2] < 0.04  # W/(m K); vitreous silica has 0.02 at one kelvin


def test_path_is_one_over_the_wave_number_at_the_ioffe_regel_limit():
    omega = later_form.ioffe_regel_frequency(3e-4, W=LATER.W)
    path = np.pi * omega * 3e-4 / 5800 * later_form.resonant_vibrations(omega, W=LATER.W)
    assert path == pytest.approx(omega / 5800, rel=ROUND_OFF)
    assert HBAR * omega / LATER.W == pytest.approx(20.4, abs=0.1)


def test_one_phonon_relaxation_rate_is_the_golden_rule():
    omega, T, share, gamma2 = 2e10, 0.1, 0.4, {"l": 3e-38, "t": 2e-38}
    occupation = 1 / np.expm1(HBAR * omega / (BOLTZMANN * T))
    rate = 0.0
    for branch, velocity, count in (("l", 5800.0, 1), ("t", 3800.0, 2)):
        strain2 = HBAR / (2 * MEDIUM.density * omega) * (omega / velocity) ** 2
        phonons = omega**2 / (2 * np.pi**2 * velocity**3) / HBAR
        rate += count * 2 * np.pi / HBAR * share * gamma2[branch] * strain2 * phonons * (2 * occupation + 1)
    found = later_form.tunnelling_relaxation_rate(
        HBAR * omega, T, tunnelling_share=share, gamma_l2=gamma2["l"], gamma_t2=gamma2["t"], medium=MEDIUM
    )
    assert found == pytest.approx(rate, rel=ROUND_OFF)


def test_later_form_refuses_parameters_that_are_not_positive():
    with pytest.raises(InputError, match="C_t"):
        LaterFormGlass(MEDIUM, W=1e-23, C_l=1e-4, C_t=float("nan"))
