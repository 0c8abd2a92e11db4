"""Kinetics of structural relaxation: exact solutions, laws, limits, and integration as an independent twin."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import integrate, special

from analysis.relaxation import limits
from analysis.relaxation.comparison import best_inversion_rate, compare_with_full_system, largest_polarisation
from analysis.relaxation.curves import CURVES_OF_FIGURE_1, relaxation_curve
from analysis.relaxation.detuned import (
    detuned_order_parameter,
    log_detuned_field,
    log_detuned_final,
    weak_coupling_order_parameter,
)
from analysis.relaxation.exponential import (
    field_acceleration,
    growth_rate,
    has_inflection,
    inversion,
    log_field,
    log_final_number,
    log_order_parameter,
    order_parameter,
    order_parameter_by_bessel_functions,
    time_to_reach,
)
from analysis.relaxation.field_equation import equation_coefficients, hamiltonian_coefficients
from analysis.relaxation.kinetics import Start, final_field, integrate_kinetics, state_jacobian, state_rates
from analysis.relaxation.rates import RelaxationRates, bessel_argument, check_times
from analysis.relaxation.regular_solution import log_regular_solution
from atomsim.errors import InputError

ROUNDING = 1e-11  # of sums of some thousand numbers, and of logarithms of size 1e4
INTEGRATION = 1e-9  # of the differential equations at the tolerance used here
CONSERVED = 1e-10


def field_by_integration(time, rates):
    """The field over its initial velocity, by brute force, and its velocity."""

    def derivative(t, state):
        return [state[1], field_acceleration(t, state[0], state[1], rates).real]

    found = integrate.solve_ivp(
        derivative, (0, time[-1]), [0.0, 1.0], method="DOP853", t_eval=time, rtol=1e-13, atol=1e-30
    )
    return found.y


def bessel_in_high_precision(time, order, argument):
    """ln of |I_nu(z_0) K_nu(z) - I_nu(z) K_nu(z_0)| exp(-Re(nu) t/2), unit inversion rate, any complex order."""
    with mpmath.workdps(50):
        nu, start = mpmath.mpmathify(order), mpmath.mpf(argument)
        z = start * mpmath.exp(-mpmath.mpf(time) / 2)
        bracket = mpmath.besseli(nu, start) * mpmath.besselk(nu, z) - mpmath.besseli(nu, z) * mpmath.besselk(nu, start)
        return mpmath.log(abs(mpmath.exp(-nu * mpmath.mpf(time) / 2) * bracket))


# --- the exponential approximation ----------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0.0, 1e-3, 0.5, 3.3, 39.9, 40.0, 300.0, 1e4])
def test_regular_solution_agrees_with_high_precision(order):
    for x in (0.0, 1e-6, 1.0, 9.99, 10.01, 40.0, 1e3, 1e4):
        with mpmath.workdps(30):
            if x < 50 or order > 250:
                expected = mpmath.log(mpmath.hyp0f1(order + 1, mpmath.mpf(x) ** 2 / 4))
            else:
                nu, z = mpmath.mpf(order), mpmath.mpf(x)
                expected = mpmath.log(mpmath.besseli(nu, z)) + mpmath.loggamma(nu + 1) - nu * mpmath.log(z / 2)
        assert log_regular_solution(order, np.array(x)) == pytest.approx(float(expected), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("order", [1e-3, 0.3, 1.01, 10.5, 39.7])
@pytest.mark.parametrize("argument", [1e-4, 2.0, 40.0, 300.0])
def test_order_parameter_agrees_with_high_precision_bessel_functions(order, argument):
    rates = RelaxationRates(1.0, order, argument / 2)
    for time in (1e-4, 0.1, 1.0, 5.0, 30.0):
        with mpmath.workdps(50):
            nu, start = mpmath.mpf(order), mpmath.mpf(argument)
            final = -nu * mpmath.log(start / 2) + mpmath.log(mpmath.besseli(nu, start) * mpmath.gamma(nu) / 2)
            expected = float(bessel_in_high_precision(time, order, argument) - final)
        assert log_order_parameter([time], rates)[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("gamma", "decay", "coupling"),
    [(1.0, 10.0, 20.0), (1.0, 1.0, 20.0), (2.0, 0.3, 1.0), (0.5, 6.0, 3.0), (1, 5, 1e-3)],
)
def test_order_parameter_solves_the_field_equation(gamma, decay, coupling):
    rates = RelaxationRates(gamma, decay, coupling)
    time = np.linspace(0.01, 12.0, 60)
    field, velocity = field_by_integration(time, rates)
    np.testing.assert_allclose(np.exp(log_field(time, rates)), field, rtol=INTEGRATION)
    np.testing.assert_allclose(growth_rate(time, rates) * field, velocity, rtol=1e-6, atol=1e-9 * field.max())
    np.testing.assert_allclose(inversion([0.0, 2.0], rates), [1.0, np.exp(-2 * gamma)])
    # once the inversion is gone, the field ends at its value plus velocity/Gamma; N is the square of coupling x d^0 x b
    late, rest = field_by_integration([45 / gamma], rates)[:, -1]
    number = (1e-5 * coupling * (late + rest / decay)) ** 2
    assert np.exp(log_final_number(rates, 1e-5)) == pytest.approx(number, rel=INTEGRATION)
    np.testing.assert_allclose(order_parameter(time, rates), field / (late + rest / decay), rtol=INTEGRATION)


@pytest.mark.parametrize("order", [1e-3, 1.0, 20.0])
def test_order_parameter_agrees_with_integration_where_plain_numbers_end(order):
    # the same equation, integrated in units of its growing solution, as the twin
    rates = RelaxationRates(1.0, order, 5e2)
    half = time_to_reach(0.5, rates)
    time = half * np.array([1e-4, 0.1, 0.5, 1.0, 2.0])
    found = log_order_parameter(time, rates)
    assert found[0] < -745
    np.testing.assert_allclose(found, log_detuned_field(time, rates) - log_detuned_final(rates), atol=INTEGRATION)


@pytest.mark.parametrize("order", [1e-3, 1.0, 100.0, 1e4])
@pytest.mark.parametrize("argument", [0.1, 50.0, 1e4])
def test_order_parameter_neither_overflows_nor_underflows(order, argument):
    rates = RelaxationRates(1.0, order, argument / 2)
    half = time_to_reach(0.5, rates)
    found = log_order_parameter(np.linspace(0, 3 * half, 60), rates)
    assert np.isfinite(found[1:]).all() and np.all(np.diff(found) >= 0) and found[-1] <= 0
    # Riccati: with r = (1/b) db/dt the field equation is dr/dt + r^2 + Gamma r = Delta^2 sigma; r is the slope of ln b
    for first, last in ((0.02 * half, 0.03 * half), (0.9 * half, 1.1 * half)):
        fit = np.polynomial.Chebyshev.interpolate(lambda t: log_field(t, rates), 24, [first, last])
        time = np.linspace(first, last, 9)[1:-1]
        rate = growth_rate(time, rates)
        gain = rates.coupling**2 * inversion(time, rates)
        size = rates.polarisation_rate * rate + rate**2 + gain
        noise = 1e-13 * np.abs(log_field([last], rates)).max() / (last - first)  # rounding of ln b, differentiated
        np.testing.assert_allclose(fit.deriv()(time), rate, rtol=1e-7, atol=100 * noise)
        np.testing.assert_allclose((fit.deriv(2)(time) + rate**2 + order * rate - gain) / size, 0, atol=1e-5)


@pytest.mark.parametrize("order", [1e-3, 0.2, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("argument", [1e-3, 1.0, 100.0, 1e4])
def test_order_parameter_ends_at_one(order, argument):
    rates = RelaxationRates(1.0, order, argument / 2)
    late = order_parameter([1e3 * max(1, 1 / order)], rates)[0]
    assert late == pytest.approx(1, abs=ROUNDING)
    assert log_order_parameter([0.0], rates)[0] == -np.inf


def test_printed_argument_is_the_one_at_unit_inversion_rate():
    time = np.linspace(0, 6, 13)
    rates = RelaxationRates(1.0, 2.5, 1.5)
    assert bessel_argument(rates) == bessel_argument(rates, form="printed") == 3
    for form in ("derived", "printed"):
        np.testing.assert_allclose(
            order_parameter_by_bessel_functions(time, rates, form=form), order_parameter(time, rates), atol=1e-12
        )
    other = RelaxationRates(2.0, 2.5, 1.5)
    np.testing.assert_allclose(
        order_parameter_by_bessel_functions(time, other), order_parameter(time, other), atol=1e-12
    )
    printed = order_parameter_by_bessel_functions(time, other, form="printed")
    assert np.abs(printed - order_parameter(time, other)).max() > 0.1
    with pytest.raises(InputError, match="overflow"):
        order_parameter_by_bessel_functions(time, RelaxationRates(1.0, 1.0, 400.0))
    with pytest.raises(InputError, match="overflow"), np.errstate(all="ignore"):
        order_parameter_by_bessel_functions(time, RelaxationRates(1.0, 1e4, 1.0))


def test_growth_rate_is_the_slope_of_the_logarithm():
    rates = RelaxationRates(1.3, 4.0, 9.0)
    for time in (0.05, 0.7, 3.0, 6.0):
        fit = np.polynomial.Chebyshev.interpolate(lambda t: log_field(t, rates), 16, [0.9 * time, 1.1 * time])
        assert growth_rate([time], rates)[0] == pytest.approx(fit.deriv()(time), rel=1e-8)


def test_shapes_of_the_four_curves_of_figure_1():
    expected = ((0.08, False), (1.2, False), (4.1, True), (6.9, True))
    time = np.linspace(0, 25, 401)
    for rates, (half, shaped) in zip(CURVES_OF_FIGURE_1, expected, strict=True):
        curve = relaxation_curve(rates)
        assert curve.t50 == pytest.approx(half, rel=0.011) and curve.has_inflection is shaped
        eta = order_parameter(time, rates)
        assert order_parameter([curve.t50], rates)[0] == pytest.approx(0.5, abs=1e-12)
        assert (np.diff(eta, 2) > 1e-9).any() == shaped, "counted on the curve itself"
    _, _, third, fourth = (order_parameter([1e-3], rates)[0] for rates in CURVES_OF_FIGURE_1)
    assert fourth < third < 1e-9


@pytest.mark.parametrize(("strength", "shaped"), [(0.5, False), (0.9, False), (1.2, True), (30.0, True)])
def test_inflection_appears_where_gain_exceeds_both_decays(strength, shaped):
    # exp(-a exp(-gamma t)) bends where a exp(-gamma t) = 1, which happens at a positive time for a > 1 only
    order = 2000.0
    assert has_inflection(RelaxationRates(1.0, order, np.sqrt(strength * order))) is shaped


def test_growth_without_decay_of_the_polarisation_is_not_normalised():
    rates = RelaxationRates(1.0, 0.0, 3.0)
    time = np.linspace(0.1, 8, 20)
    np.testing.assert_allclose(np.exp(log_field(time, rates)), field_by_integration(time, rates)[0], rtol=INTEGRATION)
    with pytest.raises(InputError, match=r"polarisation_rate = 0.*eta is not defined"):
        order_parameter(time, rates)


# --- limits -----------------------------------------------------------------------------------------------------


def test_simple_relaxation_for_weak_coupling():
    rates = RelaxationRates(1.0, 3.0, 1e-6)
    time = np.linspace(0, 4, 9)
    np.testing.assert_allclose(order_parameter(time, rates), limits.simple_relaxation(time, rates), atol=1e-11)


def test_gompertz_limit_of_fast_polarisation():
    errors = []
    for order in (100.0, 1000.0):
        rates = RelaxationRates(1.0, order, np.sqrt(3 * order))
        time = np.linspace(20 / order, 8, 200)
        errors.append(np.abs(order_parameter(time, rates) - limits.gompertz(time, rates)).max())
        assert rates.strength == pytest.approx(3)
    assert errors[0] < 0.02 and errors[1] == pytest.approx(errors[0] / 10, rel=0.1), "first order in 1/nu"


def test_late_deficit_falls_with_the_smaller_rate():
    rates = RelaxationRates(1.0, 4.0, 2.0)
    assert 1 - order_parameter([16.0], rates)[0] == pytest.approx(limits.late_deficit(16.0, rates), rel=1e-5)
    slow = RelaxationRates(1.0, 0.4, 2.0)
    early, late = 1 - order_parameter([30.0, 35.0], slow)
    assert np.log(early / late) == pytest.approx(0.4 * 5, rel=1e-6)
    with pytest.raises(InputError, match="has this form"):
        limits.late_deficit(1.0, slow)


def test_small_fields_grow_at_the_initial_rate():
    rates = RelaxationRates(1e-6, 3.0, 5.0)
    assert growth_rate([8.0], rates)[0] == pytest.approx(rates.initial_growth_rate, rel=1e-5)
    matrix = state_jacobian(np.array([0, 0, 0, 0, 1.0, 0]), rates)
    assert np.linalg.eigvals(matrix).real.max() == pytest.approx(rates.initial_growth_rate, rel=1e-12)
    stiff = RelaxationRates(1.0, 1e9, 1.0)
    assert stiff.initial_growth_rate == pytest.approx(1e-9, rel=1e-12), "no cancellation"


def test_small_fields_grow_like_sinh_without_damping():
    rates = RelaxationRates(0.0, 0.0, 2.0)
    time = np.linspace(0.1, 3, 10)
    found = integrate_kinetics(time, rates, Start(1e-9))
    np.testing.assert_allclose(found.field_t.real, 1e-9 * limits.undamped_growth(time, rates), rtol=1e-9)


def test_logistic_limit_of_a_long_lived_inversion():
    rates = RelaxationRates(0.0, 1e4, 20.0)
    first = (1e-3 * rates.coupling / rates.polarisation_rate) ** 2
    time = np.linspace(5, 600, 50)
    found = integrate_kinetics(time, rates, Start(1e-3))
    np.testing.assert_allclose(found.number_t, limits.logistic(time, rates, number=first), rtol=5e-4)
    assert found.number_t[-1] == pytest.approx(0.5, rel=1e-6)
    assert final_field(rates, Start(1e-3)) ** 2 == pytest.approx(0.5, rel=1e-8)


# --- the full system --------------------------------------------------------------------------------------------


def test_kinetics_obey_the_heisenberg_form():
    # d b^+/dt = i D, dD/dt = (i Omega - Gamma) D - i b^+ sigma, d sigma/dt = -sigma/t + 2i (D^* b^+ - D b), Delta = 1
    rng = np.random.default_rng(5)
    sigma0 = 7.3
    b, D = (complex(*rng.normal(size=2)) for _ in range(2))
    sigma = rng.normal()
    rates = RelaxationRates(0.7, 1.9, np.sqrt(sigma0), 0.8)
    Y, d, s = b / (1j * np.sqrt(sigma0)), D / sigma0, sigma / sigma0
    found = state_rates(np.array([Y.real, Y.imag, d.real, d.imag, s, 0.0]), rates)
    b_dot, D_dot = 1j * D, (0.8j - 1.9) * D - 1j * b * sigma
    sigma_dot = -0.7 * sigma + 2j * (np.conj(D) * b - D * np.conj(b))
    assert sigma_dot.imag == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found[0] + 1j * found[1], b_dot / (1j * np.sqrt(sigma0)))
    np.testing.assert_allclose(found[2] + 1j * found[3], D_dot / sigma0)
    assert found[4] == pytest.approx(sigma_dot.real / sigma0)


def test_jacobian_of_the_kinetics_is_the_derivative():
    rng = np.random.default_rng(6)
    rates, state, step = RelaxationRates(0.3, 1.2, 2.0, 0.5), rng.normal(size=6), 1e-3
    # the equations are quadratic, for which central differences are exact
    columns = [
        (state_rates(state + h, rates, field_damping=0.4) - state_rates(state - h, rates, field_damping=0.4))
        / (2 * step)
        for h in step * np.eye(6)
    ]
    np.testing.assert_allclose(state_jacobian(state, rates, field_damping=0.4), np.transpose(columns), atol=1e-11)


@pytest.mark.parametrize("decay", [0.0, 0.05, 1.0, 100.0])
@pytest.mark.parametrize("detuning", [0.0, 1.5])
def test_field_and_inversion_balance(decay, detuning):
    found = integrate_kinetics(np.linspace(0, 60, 200), RelaxationRates(0.0, decay, 1.0, detuning), Start(1e-3))
    total = 2 * found.number_t + found.inversion_t
    np.testing.assert_allclose(total, 1, atol=CONSERVED)
    if decay == 0:
        length = 4 * np.abs(found.polarisation_t) ** 2 + found.inversion_t**2
        np.testing.assert_allclose(length, length[0], atol=CONSERVED)
    damped = integrate_kinetics(
        np.linspace(0, 20, 50), RelaxationRates(0.3, decay, 1.0, detuning), Start(1e-3), field_damping=0.2
    )
    assert damped.balance_error < CONSERVED
    assert np.trapezoid(0.3 * damped.inversion_t + 0.8 * damped.number_t, damped.time_t) == pytest.approx(
        damped.loss_t[-1], rel=0.05
    )


def test_undamped_kinetics_are_a_pendulum():
    rates, first = RelaxationRates(0.0, 0.0, 1.7), 0.05
    length = np.hypot(1, 2 * first)
    angle = np.arctan2(2 * first, 1)  # from the top
    half_period = 2 * special.ellipk(np.cos(angle / 2) ** 2) / (rates.coupling * np.sqrt(length))
    found = integrate_kinetics(half_period * np.array([0.5, 1.0, 2.0]), rates, Start(first))
    assert found.number_t[0] == pytest.approx((length + 1) / 2, rel=1e-9), "all of the way to the bottom"
    np.testing.assert_allclose(found.number_t[1:], 0, atol=1e-18)
    np.testing.assert_allclose(found.inversion_t[1:], 1, atol=1e-9)


def test_absorption_only_lets_the_field_decay():
    found = integrate_kinetics(np.linspace(0, 40, 50), RelaxationRates(0.0, 1.0, 1.0), Start(0.1, sign=-1))
    assert found.number_t.max() < 0.01 and found.number_t[-1] < 1e-8
    assert found.inversion_t[-1] == pytest.approx(-1, abs=1e-7)


def test_kinetics_agree_with_the_approximation_for_a_small_field():
    for rates in (
        RelaxationRates(1.0, 10.0, 20.0),
        RelaxationRates(1.0, 0.5, 3.0),
        RelaxationRates(1.0, 2.0, 3.0, 7.0),
    ):
        time = np.linspace(0.1, 12, 40)
        small = Start(1e-18)
        found = integrate_kinetics(time, rates, small)
        expected = np.exp(log_detuned_field(time, rates)) * 1e-18 * rates.coupling
        np.testing.assert_allclose(np.abs(found.field_t), expected, rtol=INTEGRATION)
        assert final_field(rates, small) == pytest.approx(
            1e-18 * rates.coupling * np.exp(log_detuned_final(rates)), rel=1e-7
        )


def test_approximation_holds_for_small_fields_only():
    rates = CURVES_OF_FIGURE_1[2]
    limit = largest_polarisation(rates)
    assert 5e-12 < limit < 2e-11, "what curve 3 of the paper needs"
    time = np.linspace(0, 10, 80)
    good = compare_with_full_system(time, rates, polarisation=1e-4 * limit)
    bad = compare_with_full_system(time, rates, polarisation=1e7 * limit)
    assert good.indicator < 1e-3 and np.abs(good.eta_full_t - good.eta_same_rate_t).max() < 1e-4
    assert good.best_rate == pytest.approx(1, abs=1e-4)
    assert good.number_full == pytest.approx(np.exp(good.log_number_approximate), rel=1e-3)
    assert bad.indicator > 10 and np.abs(bad.eta_full_t - bad.eta_same_rate_t).max() > 0.5
    assert bad.number_full < 0.5 < 1e10 < np.exp(bad.log_number_approximate)
    # at the limit one tenth of the number is missing, at a final field of 0.3 most of it, for this rate of decay
    for polarisation, missing in ((limit, 0.09), (np.exp(np.log(0.3) - log_final_number(rates, 1.0) / 2), 0.85)):
        at = compare_with_full_system(time, rates, polarisation=float(polarisation))
        assert 1 - at.number_full / np.exp(at.log_number_approximate) == pytest.approx(missing, rel=0.05)
    assert largest_polarisation(RelaxationRates(1.0, 1.0, 5e3)) == 0


def test_only_the_full_system_rings():
    rates, time = RelaxationRates(1.0, 2.0, 20.0), np.linspace(0, 8, 400)
    full = relaxation_curve(rates, time, system="full", polarisation=1e-2)
    assert full.eta_t.max() > 1.05 and (np.diff(full.eta_t) < -1e-3).any()
    assert (np.diff(order_parameter(time, rates)) >= 0).all()
    damped = relaxation_curve(RelaxationRates(1.0, 60.0, 5.0), time, system="full", polarisation=1e-2)
    assert damped.eta_t.max() < 1 + 1e-6


def test_best_rate_recovers_an_exponential():
    time = np.linspace(0, 3, 50)
    for rate in (0.5, 2.0, 40.0):
        assert best_inversion_rate(time, np.exp(-rate * time), 1.0) == pytest.approx(rate, rel=1e-5)


# --- away from resonance ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decay", "detuning", "coupling"), [(1, 3, 2), (0.3, 30, 0.1), (10, 5, 20), (100, 3, 1), (1, 0, 1)]
)
def test_detuned_field_agrees_with_bessel_functions_of_complex_order(decay, detuning, coupling):
    rates = RelaxationRates(1.0, decay, coupling, detuning)
    time = (0.01, 0.3, 2.0, 8.0)
    expected = [float(bessel_in_high_precision(t, complex(decay, detuning), 2 * coupling)) + np.log(2) for t in time]
    np.testing.assert_allclose(log_detuned_field(time, rates), expected, atol=INTEGRATION)
    with mpmath.workdps(40):
        nu = mpmath.mpc(decay, detuning)
        final = float(mpmath.log(abs(mpmath.hyp0f1(nu + 1, mpmath.mpf(coupling) ** 2) / nu)))
    assert log_detuned_final(rates) == pytest.approx(final, abs=INTEGRATION)
    np.testing.assert_allclose(detuned_order_parameter(time, rates), np.exp(np.array(expected) - final), rtol=1e-8)
    other = RelaxationRates(1.0, decay, coupling, -detuning)
    np.testing.assert_allclose(log_detuned_field(time, other), expected, atol=INTEGRATION)


def test_corrected_weak_coupling_limit_and_the_printed_one():
    time = np.linspace(0, 8, 801)
    for detuning in (0.1, 30.0):
        errors = []
        for coupling in (0.1, 0.01):
            rates = RelaxationRates(1.0, 1.0, coupling, detuning)
            exact = np.exp(log_detuned_field(time, rates)) * abs(1 + 1j * detuning)
            errors.append(np.abs(weak_coupling_order_parameter(time, rates) - exact).max())
            following = weak_coupling_order_parameter(time, rates, next_order=True)
            if detuning > 1:  # the next order needs a fast polarisation
                assert np.abs(following - exact).max() < 0.7 * errors[-1]
        assert errors[0] < 0.02 and errors[1] == pytest.approx(errors[0] / 100, rel=0.05), "first order in sigma^0"
    exact = np.exp(log_detuned_field(time, RelaxationRates(1.0, 1.0, 0.1, 30.0))) * abs(1 + 30j)
    corrected, printed = (
        weak_coupling_order_parameter(time, RelaxationRates(1.0, 1.0, 0.1, 30.0), form=form)
        for form in ("derived", "printed")
    )
    assert np.abs(corrected - exact).max() < 2e-4
    assert np.abs(printed - exact).max() > 0.2
    assert exact[0] == corrected[0] == 0 and corrected.max() < 2 and corrected[-1] == pytest.approx(1, abs=1e-3)


# --- curves, coefficients, input --------------------------------------------------------------------------------


def test_curves_of_all_systems_agree_where_they_must():
    resonant = RelaxationRates(1.0, 2.0, 4.0)
    nearly = RelaxationRates(1.0, 2.0, 4.0, 1e-7)
    time = np.linspace(0, 8, 33)
    one, two = (relaxation_curve(rates, time, polarisation=1e-12) for rates in (resonant, nearly))
    three = relaxation_curve(resonant, time, system="full", polarisation=1e-12)
    for other in (two, three):
        np.testing.assert_allclose(other.eta_t, one.eta_t, atol=1e-7)
        assert other.t50 == pytest.approx(one.t50, rel=1e-6)
        assert other.has_inflection is one.has_inflection is True
        assert other.log_number == pytest.approx(one.log_number, abs=1e-6)
    assert one.z0 == 8 and "N_infinity/sigma^0 = 10^" in one.remarks[0] and len(one.remarks) == 1


def test_curve_says_when_it_exceeds_its_inversion():
    rates = CURVES_OF_FIGURE_1[2]
    large = relaxation_curve(rates, polarisation=1e-3)
    assert large.log_number > 0 and "below 8.5e-12" in large.remarks[1]
    full = relaxation_curve(rates, system="full", polarisation=1e-3)
    assert full.log_number < np.log(0.5) and full.t50 < large.t50 / 5 and len(full.remarks) == 1
    assert full.has_inflection and np.abs(full.eta_t[-1] - 1) < 0.02
    oscillating = relaxation_curve(RelaxationRates(1.0, 1.0, 1.0, 9.0))
    assert oscillating.has_inflection and oscillating.eta_t.max() > 1.2
    endless = relaxation_curve(RelaxationRates(0.0, 1.0, 1.0), system="full", polarisation=1e-3)
    assert endless.z0 == np.inf and np.exp(endless.log_number) == pytest.approx(0.5, rel=1e-6)


def commutator_coefficients(composition, interaction, potential, form):
    """Coefficients of b_q^+ and b_-q in [H, b_q^+], from matrices of two oscillators in a truncated space."""
    n = 8
    lower = np.diag(np.sqrt(np.arange(1, n)), 1)
    b, other = np.kron(lower, np.eye(n)), np.kron(np.eye(n), lower)
    found = hamiltonian_coefficients(composition, interaction=interaction, potential=potential, form=form)
    pair = b @ other + b.T @ other.T
    energy = found.normal * (b.T @ b + other.T @ other) + 2 * found.anomalous * pair  # q and -q in the sum over q
    change = energy @ b.T - b.T @ energy
    return change[n, 0], change[0, 1]  # <1,0| b_q^+ |0,0> = 1 and <0,0| b_-q |0,1> = 1


def test_field_equation_follows_from_the_hamiltonian():
    numbers = {"composition": 0.3, "interaction": 1.7, "potential": -0.6}
    derived = equation_coefficients(**numbers)
    assert commutator_coefficients(**numbers, form="derived") == pytest.approx((derived.normal, derived.anomalous))
    printed = equation_coefficients(**numbers, form="printed")
    assert printed.normal == derived.normal and derived.anomalous == pytest.approx(2 * printed.anomalous)
    assert commutator_coefficients(**numbers, form="printed")[0] != pytest.approx(printed.normal, rel=0.1)
    for composition in (0.0, 1.0):
        with pytest.raises(InputError, match="composition"):
            equation_coefficients(composition, interaction=1.0, potential=1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RelaxationRates(-1.0, 1.0, 1.0), "inversion_rate = -1"),
        (lambda: RelaxationRates(1.0, float("nan"), 1.0), "polarisation_rate = nan"),
        (lambda: RelaxationRates(1.0, 1.0, 1.0, float("inf")), "detuning = inf"),
        (lambda: check_times([1.0, 1.0]), "stands after"),
        (lambda: check_times([-1.0]), "time -1"),
        (lambda: check_times([]), "expected a list"),
        (lambda: order_parameter([1.0], RelaxationRates(0.0, 1.0, 1.0)), "inversion_rate = 0"),
        (lambda: order_parameter([1.0], RelaxationRates(1.0, 1.0, 0.0)), "coupling = 0"),
        (lambda: order_parameter([1.0], RelaxationRates(1.0, 1.0, 1.0, 1.0)), "use the detuned one"),
        (lambda: bessel_argument(RelaxationRates(1.0, 1.0, 1.0), form="Printed"), "did you mean 'printed'"),
        (lambda: time_to_reach(1.0, RelaxationRates(1.0, 1.0, 1.0)), "level = 1"),
        (lambda: log_final_number(RelaxationRates(1.0, 1.0, 1.0), 0.0), "initial polarisation 0"),
        (lambda: Start(0.0), "initial polarisation"),
        (lambda: Start(1.0, sign=2), "expected 1 or -1"),
        (lambda: final_field(RelaxationRates(1.0, 0.0, 1.0), Start(1.0)), "oscillates or grows for ever"),
        (lambda: final_field(RelaxationRates(0.0, 1.0, 1.0), Start(1.0, sign=-1)), "absorption"),
        (lambda: relaxation_curve(RelaxationRates(1.0, 1.0, 1.0), system="ful"), "did you mean 'full'"),
        (lambda: limits.logistic(1.0, RelaxationRates(0.0, 1.0, 1.0), number=0.6), "number = 0.6"),
    ],
)
def test_wrong_numbers_of_relaxation_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
