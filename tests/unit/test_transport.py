"""Transport corrections: constants, integrals against closed forms and quadrature, limits, printed against derived."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from scipy import integrate

from analysis.excitations import conductivity_correction as electrical
from analysis.excitations import diffusion_ladder as ladder
from analysis.excitations import heat_transport_correction as heat
from analysis.excitations import thermopower as power
from analysis.excitations import transport_kernels as kernels
from analysis.excitations import transport_temperature as scale
from analysis.excitations.transport import Metal, transport, validity_flags
from analysis.excitations.transport_kernels import Part
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Estimate
from atomsim.units import BOLTZMANN, HBAR, get_material

D, T0, KAPPA, TAU, RHO = 3e-4, 2.0, 1e10, 1e-15, 2e-6  # SI; D and kappa as in the paper
PLENTY = np.array([0.05, 0.5, 2.0, 20.0])
CLOSED = 1e-10  # of quadrature against closed forms
METAL = Metal(scale.given_temperature(T0), D, screening=KAPPA, relaxation_time=TAU, resistivity=RHO)


# --- constants and kernels --------------------------------------------------------------------------------------


def test_constants_of_transport():
    with mpmath.workdps(25):
        assert float(mpmath.zeta(0.5)) == kernels.ZETA_HALF
        assert float(mpmath.zeta(-0.5)) == kernels.ZETA_MINUS_HALF
        assert float(mpmath.zeta(-1.5)) == kernels.ZETA_MINUS_THREE_HALVES
    assert pytest.approx(2.588410973, abs=5e-10) == kernels.SCREENED_WEIGHT
    assert pytest.approx(16.861720, abs=5e-7) == kernels.UNSCREENED_WEIGHT
    assert heat.coefficient(normalisation="printed") == pytest.approx(1.054789, abs=5e-7)
    assert heat.coefficient() == pytest.approx(0.0839374, abs=5e-8)
    assert heat.coefficient(part=Part.WIEDEMANN_FRANZ) == pytest.approx(0.1016824, abs=5e-8)
    assert heat.coefficient(part=Part.VIOLATING) == pytest.approx(-0.0177450, abs=5e-8)
    # unit weights give the electrical correction of Altshuler and Aronov, 4 pi times as the integral is printed
    altshuler_aronov = kernels.SCREENED_WEIGHT * np.sqrt(2) / (12 * np.pi**2)
    assert altshuler_aronov == pytest.approx(0.0309077, abs=5e-8)
    unit_weights = kernels.transport_integral(0.0, part=Part.ELECTRICAL)
    assert unit_weights == pytest.approx(4 * np.pi * altshuler_aronov, rel=CLOSED)
    assert heat.coefficient(part=Part.WIEDEMANN_FRANZ) == pytest.approx(np.pi**2 / 3 * altshuler_aronov)


@pytest.mark.parametrize("x", [-3.0, 1e-3, 0.3, 0.59, 0.61, 2.0, 9.0])
def test_energy_kernel_is_the_integral_over_the_electron_energy(x):
    def weighted(E, weight):  # s_0(E - x) ds_0/dE(E), moved so that the derivative stands at zero
        return np.tanh((E - x) / 2) / (2 * np.cosh(E / 2) ** 2) * weight(E)

    for part, weight in ((Part.WHOLE, lambda E: E * (E - x)), (Part.ELECTRICAL, lambda E: 1.0)):
        found = integrate.quad(weighted, -80, 80, args=(weight,), points=[0, x], epsabs=1e-13, epsrel=1e-12, limit=400)[
            0
        ]
        assert kernels.energy_kernel(x, part=part, regularised=False) == pytest.approx(found, abs=1e-11)
    parts = [kernels.energy_kernel(x, part=part) for part in (Part.WIEDEMANN_FRANZ, Part.VIOLATING)]
    assert kernels.energy_kernel(x) == pytest.approx(sum(parts))
    assert parts[0] == pytest.approx(np.pi**2 / 3 * kernels.energy_kernel(x, part=Part.ELECTRICAL))


def test_energy_kernel_near_zero_and_far_away():
    x = np.array([1e-8, 1e-3])
    np.testing.assert_allclose(kernels.energy_kernel(x, regularised=False), -(2 * np.pi**2 / 9 + 2 / 3) * x, rtol=1e-6)
    assert kernels.energy_kernel(800.0) == 0 and kernels.energy_kernel(800.0, regularised=False) == -2 * np.pi**2 / 3
    grid = np.linspace(0.5, 0.7, 41)
    assert np.abs(np.diff(kernels.energy_kernel(grid), 3)).max() < 1e-4, "series and closed form join smoothly"


@pytest.mark.parametrize(("x", "ratio"), [(0.7, 0.0), (0.7, 0.4), (-0.7, 0.4), (3.0, 5.0)])
def test_momentum_integral_agrees_with_quadrature(x, ratio):
    screening = 12.0  # lambda, with D = 1

    def integrand(q):
        P = ladder.diffusion_pole(x, q**2, diffusivity=1.0, ratio=ratio)
        V = ladder.screened_interaction(x, q**2, diffusivity=1.0, ratio=ratio, screening=np.sqrt(screening))
        return q**2 / (2 * np.pi**2) * V * (6 / P**2 - 4 * q**2 / P**3)

    found = integrate.quad(integrand, 0, np.inf, complex_func=True, epsabs=1e-12, limit=500)[0]
    assert kernels.momentum_integral(x, ratio, screening=screening) == pytest.approx(found, rel=1e-8)
    strong = kernels.momentum_integral(x, ratio, screening=1e14)
    assert kernels.momentum_integral(x, ratio) == pytest.approx(strong, rel=1e-6)


# --- the thermal conductivity -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [0.0, 0.01, 0.3, 1.0, 10.0, 1e3])
@pytest.mark.parametrize("part", list(Part))
def test_closed_form_agrees_with_the_integral(ratio, part):
    closed = kernels.screened_coefficient(part) * kernels.ratio_factor(ratio)
    assert kernels.transport_integral(ratio, part=part) == pytest.approx(closed, rel=1e-8)


def test_factor_of_the_ratio_and_its_limits():
    assert kernels.ratio_factor(1e-3) == pytest.approx(1 - 3e-6 / 8, abs=1e-11)
    assert kernels.ratio_factor(1e8) == pytest.approx((2e8) ** -0.5, rel=1e-7)
    hot = heat.heat_transport_correction([2e6, 4e6], diffusivity=D, t0=1.0)
    assert hot[1] / hot[0] == pytest.approx(2, rel=1e-5), "proportional to T beyond T_0"
    for r in (0.2, 3.0):
        slope = (np.log(kernels.ratio_factor(r * 1.001)) - np.log(kernels.ratio_factor(r / 1.001))) / (
            2 * np.log(1.001)
        )
        assert kernels.ratio_sensitivity(r) == pytest.approx(-slope, rel=1e-5)


def test_printed_factor_drops_the_cosine():
    r = np.array([0.0, 1.0, 5.0])
    np.testing.assert_allclose(
        kernels.ratio_factor(r), kernels.printed_ratio_factor(r) * np.cos(np.arctan(r) / 2), rtol=1e-14
    )
    np.testing.assert_allclose(kernels.printed_ratio_factor(r, exponent=0.5), (1 + r**2) ** -0.5)


def test_both_halves_agree_without_excitations_only():
    assert kernels.one_sided_factor(0.0) == pytest.approx(1)
    # x > 0 doubled, by quadrature of the same integrand
    x = np.linspace(1e-6, 9.0, 20001) ** 2
    values = kernels.energy_kernel(x) * kernels.momentum_integral(x, 0.7).imag
    doubled = 2 * np.trapezoid(values * 2 * np.sqrt(x), np.sqrt(x)) / 6
    assert doubled / kernels.screened_coefficient() == pytest.approx(kernels.one_sided_factor(0.7), rel=1e-6)
    r = 1e-3
    assert kernels.one_sided_factor(r) - kernels.ratio_factor(r) == pytest.approx(r / 2, rel=1e-2), "first order in r"


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0, 5.0, 30.0])
def test_subtracted_piece_is_recovered_from_the_full_integral(ratio):
    differences = []
    for screening in (1e4, 1e6):
        full = kernels.transport_integral(ratio, screening=screening, regularised=False)
        regular = kernels.transport_integral(ratio, screening=screening)
        assert full - regular == pytest.approx(float(kernels.subtracted_piece(ratio, screening)), rel=CLOSED)
        closed = kernels.screened_coefficient() * kernels.ratio_factor(ratio)
        differences.append(regular / closed - 1)
    assert abs(differences[0]) < 2e-3
    assert differences[1] == pytest.approx(differences[0] / 100, rel=0.02), "the next order is T^{5/2}"
    T = 3.0
    si = heat.subtracted_conductivity(T, screening=KAPPA, t0=T / max(ratio, 1e-12), normalisation="printed")
    temperature = heat.screening_temperature(diffusivity=D, screening=KAPPA)
    assert si == pytest.approx(
        float(kernels.subtracted_piece(ratio, temperature / T) * heat.low_scale(T, D)), rel=1e-12
    )


@pytest.mark.parametrize("ratio", [0.0, 1.0, 5.0, 30.0])
def test_bare_interaction_is_the_limit_of_weak_screening(ratio):
    screening = 1e-7
    found = kernels.transport_integral(ratio, screening=screening, regularised=False)
    closed = -heat.UNSCREENED * screening * kernels.ratio_factor(ratio, power=1.5)
    assert found == pytest.approx(closed, rel=1e-6)
    t0 = 1e-3
    for T, sign in ((1.7e-3, -1), (1.8e-3, 1)):  # changes its sign at r = 3^{1/2}
        assert np.sign(heat.bare_interaction_correction(T, diffusivity=D, screening=KAPPA, t0=t0)) == sign
    late = heat.bare_interaction_correction(1e5, diffusivity=D, screening=KAPPA, t0=1.0, normalisation="printed")
    assert late == pytest.approx(
        0.559089 * float(heat.high_scale(1e5, diffusivity=D, screening=KAPPA, t0=1.0)), rel=1e-4
    )


def test_printed_low_is_the_violating_part_with_the_other_sign():
    assert pytest.approx(0.0354900, abs=5e-8) == heat.PRINTED_LOW
    assert (
        pytest.approx(-heat.coefficient(normalisation="printed", part=Part.VIOLATING) / (2 * np.pi)) == heat.PRINTED_LOW
    )
    T = 1e-3
    derived = heat.heat_transport_correction(T, diffusivity=D, t0=1e3, part=Part.VIOLATING)
    assert heat.printed_low(T, diffusivity=D, t0=1e3) / derived == pytest.approx(-2, rel=1e-9)
    assert derived / heat.low_scale(T, D) == pytest.approx(-0.0177450, abs=5e-8)


def test_printed_regimes_beside_derived_ones():
    t0 = 1.0
    middle = heat.printed_middle(3.0, diffusivity=D, screening=KAPPA)
    high = heat.printed_high(30.0, diffusivity=D, screening=KAPPA, t0=t0)
    assert high / heat.high_scale(30.0, diffusivity=D, screening=KAPPA, t0=t0) == pytest.approx(0.849, abs=5e-4)
    regimes = heat.printed_regimes([0.5, 3.0, 30.0], diffusivity=D, screening=KAPPA, t0=t0)
    np.testing.assert_allclose(regimes, [heat.printed_low(0.5, diffusivity=D, t0=t0), middle, high])
    # the estimates in plain SI: k_B^{5/2} hbar^{-3/2} T^{3/2} D^{-1/2}, k_B kappa^2 (D k_B T/hbar)^{1/2}, ...
    assert heat.low_scale(2.0, D) == pytest.approx(BOLTZMANN**2.5 * HBAR**-1.5 * 2**1.5 * D**-0.5)
    assert heat.middle_scale(2.0, diffusivity=D, screening=KAPPA) == pytest.approx(
        BOLTZMANN * KAPPA**2 * np.sqrt(D * 2 * BOLTZMANN / HBAR)
    )
    assert heat.high_scale(2.0, diffusivity=D, screening=KAPPA, t0=3.0) == pytest.approx(
        BOLTZMANN / HBAR * KAPPA**2 * (HBAR * D) ** 0.5 * (BOLTZMANN * 3) ** 1.5 / (BOLTZMANN * 2)
    )
    assert heat.screening_temperature(diffusivity=D, screening=KAPPA) == pytest.approx(2.3e5, rel=0.01)
    # of the order of 1e-6 at 1 K: nothing beside 1e-2 of the law of Wiedemann and Franz
    assert 1e-6 < heat.heat_transport_correction(1.0, diffusivity=D) < 1e-5
    assert heat.wiedemann_franz_conductivity(1.0, RHO) == pytest.approx(2.4430e-8 / RHO, rel=1e-4)


def test_correction_grows_like_three_halves_without_excitations():
    kappa = heat.heat_transport_correction([1.0, 4.0], diffusivity=D)
    assert kappa[1] / kappa[0] == pytest.approx(8)
    assert heat.heat_transport_correction(1.0, diffusivity=4 * D) == pytest.approx(kappa[0] / 2)
    whole, printed = (
        heat.heat_transport_correction(1.0, diffusivity=D, t0=1.0, normalisation=n) for n in ("consistent", "printed")
    )
    assert printed / whole == pytest.approx(4 * np.pi)


# --- conductivity, density of states, heat ----------------------------------------------------------------------


def test_electrical_corrections_printed_and_derived():
    sigma = {form: electrical.conductivity_correction(1.0, diffusivity=D, form=form) for form in ("derived", "printed")}
    assert sigma["printed"] / sigma["derived"] == pytest.approx(2 * np.pi**2 * 2.5 / kernels.SCREENED_WEIGHT)
    quantum = electrical.ELECTRON_CHARGE**2 / HBAR
    assert sigma["derived"] == pytest.approx(0.0309077 * quantum * np.sqrt(BOLTZMANN / (HBAR * D)), rel=2e-6)
    assert electrical.conductivity_correction(1.0, diffusivity=D, triplet=8 / 9) == pytest.approx(0, abs=1e-12)
    nu = {
        form: electrical.density_of_states_correction(1.0, diffusivity=D, form=form) for form in ("derived", "printed")
    }
    assert nu["printed"] / nu["derived"] == pytest.approx(4 * 2.6 / kernels.SCREENED_WEIGHT)
    turned = electrical.conductivity_correction(2.0, diffusivity=D, t0=1.0) / electrical.conductivity_correction(
        2.0, diffusivity=D
    )
    assert turned == pytest.approx(5**-0.25 * np.cos(np.arctan(2) / 2))
    half = electrical.conductivity_correction(2.0, diffusivity=D, t0=1.0, form="printed", exponent=0.5)
    assert half / electrical.conductivity_correction(2.0, diffusivity=D, form="printed") == pytest.approx(5**-0.5)


def test_density_of_states_averages_to_its_closed_form():
    T = 2.0
    thermal = BOLTZMANN * T
    E = np.linspace(0, 60, 20001) * thermal
    found = electrical.density_of_states_at(E, T, diffusivity=D)
    mean = 2 * np.trapezoid(found / (4 * np.cosh(E / (2 * thermal)) ** 2), E / thermal)
    assert mean == pytest.approx(float(electrical.density_of_states_correction(T, diffusivity=D)), rel=1e-9)
    unit = np.sqrt(thermal) / (HBAR * D) ** 1.5
    assert mean / unit == pytest.approx(0.0463613, rel=1e-5)
    assert found[0] / unit == pytest.approx(0.0384072, rel=1e-5)
    assert found[0] / unit == pytest.approx(electrical.DENSITY_AT_FERMI_LEVEL, rel=CLOSED)
    cold = electrical.density_of_states_at([9 * thermal, -9 * thermal], 0.0, diffusivity=D)
    np.testing.assert_allclose(cold / unit, 3 / (2 * np.sqrt(2) * np.pi**2))
    far = electrical.density_of_states_at(1e5 * thermal, T, diffusivity=D) / unit
    assert far == pytest.approx(np.sqrt(1e5) / (2 * np.sqrt(2) * np.pi**2), rel=1e-9)


def test_heat_corrections_printed_derived_and_thermodynamic():
    T = 3.0
    nu = electrical.density_of_states_correction(T, diffusivity=D)
    estimate = electrical.heat_correction_from_density(T, diffusivity=D)
    assert estimate == pytest.approx(np.pi**2 / 3 * BOLTZMANN**2 * T * nu)
    printed = electrical.heat_correction_from_density(T, diffusivity=D, form="printed")
    assert T * printed / estimate == pytest.approx(4 * 2.6 / kernels.SCREENED_WEIGHT), "a factor T is missing"
    unit = BOLTZMANN * (BOLTZMANN * T / (HBAR * D)) ** 1.5
    assert estimate / unit == pytest.approx(0.1525, abs=5e-5)
    # rings: Omega = -(T/2) sum over all m of (1/6 pi)(|omega_m|/D)^{3/2} (-1), regularised; C = -T d^2 Omega/dT^2
    last = 4000
    m = np.arange(1, last + 1)
    regularised = np.sum(m**1.5) - 0.4 * last**2.5 - 0.5 * last**1.5 - 0.125 * last**0.5
    free_energy = 2 * regularised * (2 * np.pi) ** 1.5 / (12 * np.pi)  # over T^{5/2} D^{-3/2}
    assert electrical.heat_correction(T, diffusivity=D) / unit == pytest.approx(-15 / 4 * free_energy, rel=1e-4)
    assert electrical.heat_correction(T, diffusivity=D) / unit == pytest.approx(0.0799, abs=5e-5)


# --- thermopower ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0.5, 1.5])
@pytest.mark.parametrize("x", [1e-6, 1e-2, 1.0, 30.0, 1e3])
def test_thermopower_integrals_agree_with_high_precision(index, x):
    with mpmath.workdps(30):
        start = mpmath.mpf(x)

        def integrand(u):
            y = u**2
            return 2 * (y + start) ** -index * mpmath.exp(-2 * y) / (1 + mpmath.exp(-2 * (y + start))) ** 2

        root = mpmath.sqrt(start)
        ends = [0, *(root * 10**k for k in range(6) if root * 10**k < 6), 7]
        expected = float(mpmath.log(4 * mpmath.quad(integrand, ends)) - 2 * start)
    assert power.log_psi(x, index) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_thermopower_reaches_both_limits():
    def temperature(x):
        return HBAR / (4 * TAU * BOLTZMANN * np.asarray(x))

    x = np.geomspace(1e-6, 1e6, 121)
    S = power.thermopower(temperature(x), TAU)
    assert np.isfinite(S).all() and (S > 0).all() and (np.diff(S) < 0).all()
    cold, hot = temperature([1e3, 1e6]), temperature([1e-6, 1e-5])
    np.testing.assert_allclose(power.thermopower(cold, TAU), power.thermopower_at_low_temperature(cold, TAU), rtol=1e-6)
    np.testing.assert_allclose(power.thermopower(hot, TAU), power.thermopower_at_high_temperature(hot, TAU), rtol=1e-3)
    assert power.thermopower_at_low_temperature(1e-3, TAU) / 1e-3 == pytest.approx(
        power.UNIT * 4 * TAU * BOLTZMANN / HBAR, rel=1e-6
    ), "linear in T"
    # the other readings of the indices: a constant of 45 microvolt per kelvin, and one that diverges at T = 0
    flat = power.thermopower(cold, TAU, upper_index=0.5, lower_index=0.5)
    np.testing.assert_allclose(flat, 45.1e-6, rtol=1e-3)
    wrong = power.thermopower(cold, TAU, upper_index=0.5, lower_index=1.5)
    assert wrong[1] > 900 * wrong[0]
    with mpmath.workdps(20):
        eta = mpmath.diff(lambda s: (1 - 2 ** (1 - s)) * mpmath.zeta(s), -1)
        assert float(mpmath.log(2) - mpmath.euler + 4 * eta) == pytest.approx(power.CONSTANT_OF_LOGARITHM, rel=1e-13)


# --- ladder and kinetic equation --------------------------------------------------------------------------------


def test_green_function_integrates_to_the_relaxation_rate():
    xi = np.linspace(-4e3, 4e3, 800_001)
    product = np.abs(ladder.retarded_green_function(0.3, xi, 2.0)) ** 2
    assert np.trapezoid(product, xi) == pytest.approx(2 * np.pi * 2.0, rel=1e-4)
    spectral = -np.trapezoid(ladder.retarded_green_function(0.0, xi, 2.0).imag, xi)
    assert spectral == pytest.approx(np.pi, rel=1e-3)


def test_pole_is_causal_and_not_real_in_time():
    pole = {"diffusivity": 0.7, "ratio": 0.4}
    assert abs(ladder.diffusion_pole(2.0, 0.0, **pole)) == pytest.approx(2 * np.hypot(1, 0.4)), "P ~ omega: charge kept"
    omega = 0.7 * 1.3 * (0.4 - 1j) / (1 + 0.4**2)
    assert ladder.diffusion_pole(omega, 1.3, **pole) == pytest.approx(0, abs=1e-15)
    assert omega.imag < 0, "the pole decays"
    for ratio, real in ((0.0, True), (0.4, False)):
        both = [ladder.diffusion_pole(w, 1.3, diffusivity=0.7, ratio=ratio) for w in (1.0, -1.0)]
        assert np.isclose(both[0], np.conj(both[1])) == real


def test_vertex_sums_the_ladder():
    tau, velocity = 2.0, 3.0
    for size, error in ((1e-2, 2e-2), (1e-3, 2e-4)):
        q, omega = size / (velocity * tau), size**2 / tau
        # one rung: the angular average of 1/(1 - i omega tau + i q v tau cos)
        c, weights = np.polynomial.legendre.leggauss(20)
        rung = (weights / 2 / (1 - 1j * omega * tau + 1j * q * velocity * tau * c)).sum()
        found = ladder.interaction_vertex(
            omega, q**2, diffusivity=velocity**2 * tau / 3, ratio=0.0, relaxation_time=tau
        )
        assert found == pytest.approx(1 / (1 - rung), rel=error)
    printed = ladder.interaction_vertex(omega, q**2, diffusivity=1.0, ratio=0.1, relaxation_time=tau, form="printed")
    derived = ladder.interaction_vertex(omega, q**2, diffusivity=1.0, ratio=0.1, relaxation_time=tau)
    assert printed / derived == pytest.approx(tau)


def test_lorenz_number_follows_from_the_kinetic_equation():
    T, path = 0.37, 1.9
    E = np.linspace(-40 * T, 40 * T, 40001)
    slope = np.gradient(ladder.equilibrium_distribution(E, T), E)
    np.testing.assert_allclose(
        ladder.distribution_correction(E, T, mean_path=path)[1:-1], (path * E / T * slope)[1:-1], atol=1e-6
    )
    heat_flux = np.trapezoid(E * ladder.distribution_correction(E, T, mean_path=path), E)
    current = np.trapezoid(path * slope, E)
    assert heat_flux / (current * T) == pytest.approx(np.pi**2 / 3, rel=1e-6)
    assert pytest.approx(2.4430e-8, rel=1e-4) == heat.LORENZ_NUMBER


def test_keldysh_matrices_invert_to_the_form_of_the_self_energy():
    numbers = {"relaxation_time": 2.0, "temperature": 0.4}
    retarded = complex(ladder.retarded_green_function(0.3, -0.2, 2.0))
    correlation = complex(ladder.keldysh_function(0.3, -0.2, **numbers))
    assert correlation.real == 0 and correlation == pytest.approx(-np.tanh(0.3 / 0.8) * -2j * retarded.imag)
    inverse = np.linalg.inv(ladder.keldysh_matrix(retarded, correlation))
    assert abs(inverse[1, 1]) < 1e-12, "((sigma^c, sigma^R), (sigma^A, 0))"
    assert inverse[0, 1] == pytest.approx(1 / retarded) and inverse[1, 0] == pytest.approx(1 / np.conj(retarded))


def test_weight_of_the_excitations_vanishes_with_the_second_species():
    numbers = {"potential": -0.3, "coupling2": 2.0, "density": 5.0}
    weight = ladder.excitation_weight(0.7, composition=0.2, **numbers)
    assert weight == pytest.approx(0.16 * 0.3 * np.pi * 2 / 3.5)
    assert weight == pytest.approx(ladder.excitation_weight(0.7, composition=0.8, **numbers))
    assert ladder.excitation_weight(0.7, composition=0.0, **numbers) == 0
    assert ladder.excitation_weight(-0.7, composition=0.2, **numbers) == -weight


def test_change_of_the_density_of_states_carries_no_heat():
    E = np.linspace(-30, 30, 6001)
    lost, gained = ladder.heat_of_density_change(E, np.full_like(E, 0.03), temperature=1.0, mean_path=2.0)
    assert gained == pytest.approx(0.03) and lost == pytest.approx(-0.03)
    # the collision integral itself, by an average over directions: [s(k) - s(p)] with s odd in the momentum
    c, weights = np.polynomial.legendre.leggauss(12)
    phi, here = 0.7, 0.4  # of the distribution along the gradient, and the direction of p
    average = (weights / 2 * (phi * c - phi * here)).sum() * 0.03 / 1.6
    assert average == pytest.approx(float(ladder.collision_correction(phi * here, 0.03, 1.6)))


# --- T_0 and the whole ------------------------------------------------------------------------------------------


def study(value=2e-3, error=3e-4):
    return SimpleNamespace(
        name="demo",
        parameters=SimpleNamespace(W=Estimate(value, error, "epsilon", "too few")),
        material=get_material("sodium"),
    )


def test_temperature_of_a_study_is_its_energy_scale():
    found = scale.temperature_of_soft_potentials(study())
    unit = get_material("sodium").temperature_unit
    assert found.value == pytest.approx(2e-3 * unit) and found.error == pytest.approx(3e-4 * unit)
    assert "choice of model" in found.source and "sodium" in found.source
    twice = scale.temperature_of_soft_potentials(study(), factor=2.0)
    assert twice.value == pytest.approx(2 * found.value) and twice.error == pytest.approx(2 * found.error)
    with pytest.raises(IllPosedFit, match="gives no T_0: W: too few"):
        scale.temperature_of_soft_potentials(study(value=float("nan")))
    # the error reaches the correction
    metal = replace(METAL, t0=found)
    result = transport(metal, [found.value])
    shifted = transport(replace(metal, t0=replace(found, value=found.value * 1.001)), [found.value])
    slope = (shifted.delta_kappa_T - result.delta_kappa_T)[0] / (0.001 * found.value)
    assert result.delta_kappa_error_T[0] == pytest.approx(abs(slope) * found.error, rel=2e-3)


def test_scaled_temperature_goes_with_the_square_of_the_frequency():
    found = scale.scaled_temperature(
        4e11, reference_frequency=2e11, reference_temperature=1.5, reference="Zr-Pd", error=4e10
    )
    assert found.value == pytest.approx(6) and found.error == pytest.approx(1.2) and "Zr-Pd" in found.source
    with pytest.raises(InputError, match="reference_frequency"):
        scale.scaled_temperature(1.0, reference_frequency=0.0, reference_temperature=1.0, reference="x")


def test_printed_temperature_has_no_dimension_of_one():
    for exponent in np.arange(-3, 3.5, 0.5):
        assert scale.printed_dimension(exponent) != (1, 0)
    assert scale.printed_dimension(1.5, with_screening=False, with_density=True) == (1, 0)


def test_transport_collects_the_formulas():
    result = transport(METAL, PLENTY)
    np.testing.assert_allclose(result.wiedemann_franz_T + result.violating_T, result.delta_kappa_T)
    np.testing.assert_allclose(result.delta_kappa_T, heat.heat_transport_correction(PLENTY, diffusivity=D, t0=T0))
    np.testing.assert_allclose(
        result.printed_kappa_T, heat.printed_regimes(PLENTY, diffusivity=D, screening=KAPPA, t0=T0)
    )
    np.testing.assert_allclose(
        result.bare_kappa_T, heat.bare_interaction_correction(PLENTY, diffusivity=D, screening=KAPPA, t0=T0)
    )
    np.testing.assert_allclose(result.subtracted_T, heat.subtracted_conductivity(PLENTY, screening=KAPPA, t0=T0))
    np.testing.assert_allclose(result.relative_sigma_T, RHO * result.delta_sigma_T)
    np.testing.assert_allclose(result.thermopower_T, power.thermopower(PLENTY, TAU))
    np.testing.assert_allclose(result.electron_kappa_T, heat.LORENZ_NUMBER * PLENTY / RHO)
    assert np.isnan(result.delta_kappa_error_T).all(), "the user's T_0 has no error"
    assert len(result.remarks) == 2
    bare = transport(Metal(scale.given_temperature(T0), D), PLENTY)
    for name in ("subtracted_T", "bare_kappa_T", "thermopower_T", "electron_kappa_T", "relative_sigma_T"):
        assert np.isnan(getattr(bare, name)).all()
    np.testing.assert_allclose(bare.printed_kappa_T, heat.printed_low(PLENTY, diffusivity=D, t0=T0))
    assert len(bare.remarks) == 5 and any("not checked" in line for line in bare.remarks)
    printed = transport(replace(METAL, normalisation="printed"), PLENTY)
    np.testing.assert_allclose(printed.delta_kappa_T, 4 * np.pi * result.delta_kappa_T)


@pytest.mark.parametrize(
    ("temperature", "changes", "words"),
    [
        (0.1, {}, []),
        (0.61, {}, ["T/T_0 = 0.305 is outside the theory"]),
        (3.0, {}, ["outside the theory", "underdamped"]),
        (0.1, {"relaxation_time": 1e-11}, ["k_B T tau/hbar"]),
        (0.1, {"screening": 2e7}, ["the interaction is not screened"]),
        (50.0, {"screening": 1e9}, ["outside the theory", "underdamped", "turned pole"]),
        (0.1, {"resistivity": 1e-2}, ["no small correction"]),
    ],
)
def test_flags_name_every_limit(temperature, changes, words):
    found = validity_flags(temperature, replace(METAL, **changes))
    assert len(found) == len(words)
    assert all(word in flag for word, flag in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(METAL, diffusivity=0.0), "diffusivity = 0"),
        (lambda: replace(METAL, diffusivity=float("nan")), "diffusivity = nan"),
        (lambda: replace(METAL, screening=-1.0), "screening = -1"),
        (lambda: replace(METAL, normalisation="print"), "did you mean 'printed'"),
        (lambda: scale.given_temperature(float("nan")), "T_0 = nan K"),
        (lambda: transport(METAL, [2.0, 1.0]), "stands after"),
        (lambda: electrical.conductivity_correction(1.0, diffusivity=D, form="derivd"), "did you mean 'derived'"),
        (lambda: electrical.conductivity_correction(1.0, diffusivity=-D), "diffusivity"),
        (lambda: electrical.conductivity_correction(1.0, diffusivity=D, t0=0.0), "t0 = 0"),
        (lambda: heat.low_scale(1.0, -1.0), "diffusivity"),
        (lambda: power.thermopower(1.0, 0.0), "relaxation time 0"),
        (lambda: kernels.transport_integral(0.1, regularised=False), "diverges"),
        (lambda: kernels.transport_integral(-0.1), "expected r >= 0"),
    ],
)
def test_wrong_numbers_of_a_metal_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
