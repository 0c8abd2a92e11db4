"""The driven concentration wave: threshold, stationary states, and which of them the eigenvalues call stable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.relaxation.condensate import (
    DrivenWave,
    Regime,
    alpha_factor,
    condensate_number,
    condensate_order,
    condensate_order_estimate,
    condensate_state,
    integrate_wave,
    lorenz_limit,
    stability,
    threshold_inversion,
    wave_jacobian,
    wave_rates,
)
from atomsim.errors import InputError

WAVE = DrivenWave(0.8, 1.3, 0.4, 0.2, 0.7, 50.0, 1.0)
LORENZ = DrivenWave(10.0, 1.0, 8 / 3, 0.5, 0.7, 100.0, 1.0)  # Prandtl number 10, beta 8/3


def pumped(wave, ratio):
    """The wave at a multiple of its threshold."""
    return replace(wave, pumped=ratio * threshold_inversion(wave))


@pytest.mark.parametrize("alpha_in", ["printed", "consistent"])
@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.5, 40.0])
def test_condensate_is_stationary(alpha_in, ratio):
    wave = pumped(replace(WAVE, alpha_in=alpha_in), ratio)
    state = condensate_state(wave)
    np.testing.assert_allclose(wave_rates(state, wave), 0, atol=1e-12 * max(1, ratio))
    assert condensate_number(wave) == pytest.approx(state[0] ** 2)
    assert (condensate_number(wave) > 0) == (ratio > 1)
    assert wave.pump_ratio == pytest.approx(ratio)
    if alpha_in == "consistent":
        reduced = replace(wave, alpha_in="printed", alpha=1.0, coupling=wave.alpha * wave.coupling)
        assert condensate_number(reduced) == pytest.approx(condensate_number(wave), abs=1e-15)


def test_threshold_is_where_the_zero_field_becomes_unstable():
    threshold = threshold_inversion(WAVE)
    assert threshold == pytest.approx(0.8 * 1.3 / (50 * 0.7 * 0.2**2))
    for factor, growing in ((1 - 1e-6, False), (1 + 1e-6, True)):
        found = stability(pumped(WAVE, factor))
        assert (found.zero_field_m.real.max() > 0) == growing
        assert (found.regime is Regime.NO_CONDENSATE) == (not growing)
    for name in ("field_damping", "polarisation_rate"):
        assert threshold_inversion(replace(WAVE, **{name: 2 * getattr(WAVE, name)})) == pytest.approx(2 * threshold)
    for name, power in (("coupling", 2), ("alpha", 1), ("pairs", 1)):
        assert threshold_inversion(replace(WAVE, **{name: 2 * getattr(WAVE, name)})) == pytest.approx(
            threshold / 2**power
        )
    assert threshold_inversion(replace(WAVE, alpha=-0.1)) == np.inf
    assert condensate_number(replace(WAVE, alpha=-0.1, pumped=1e9)) == 0


def test_eigenvalues_tell_the_regimes():
    assert lorenz_limit(LORENZ) == pytest.approx(470 / 19), "the classical value 24.7368"
    for ratio, regime in ((24.7, Regime.STABLE), (24.8, Regime.LORENZ)):
        found = stability(pumped(LORENZ, ratio))
        assert found.regime is regime and "Lorenz" in str(Regime.LORENZ)
    at = stability(pumped(LORENZ, 470 / 19)).condensate_m
    assert np.sort(at.real)[1:] == pytest.approx([0, 0], abs=1e-9), "a pair on the imaginary axis"
    # never unstable for kappa <= Gamma + 1/t_sigma
    calm = replace(LORENZ, field_damping=1.0 + 8 / 3)
    assert lorenz_limit(calm) == np.inf
    assert stability(pumped(calm, 1e5)).regime is Regime.STABLE
    # Jacobian by central differences, exact for quadratic equations
    state = np.array([0.3, -0.7, 2.0])
    columns = [(wave_rates(state + h, WAVE) - wave_rates(state - h, WAVE)) / 2e-3 for h in 1e-3 * np.eye(3)]
    np.testing.assert_allclose(wave_jacobian(state, WAVE), np.transpose(columns), atol=1e-11)


def test_the_equations_are_those_of_lorenz():
    # X = y/a, Y = D/b, Z = (Sigma^0 - Sigma)/c in units of time 1/Gamma
    wave = pumped(LORENZ, 28.0)
    threshold = wave.pairs * threshold_inversion(wave)
    c = threshold
    a = np.sqrt(1.0 / (4 * wave.coupling**2))
    b = wave.field_damping * a / (wave.alpha * wave.coupling)
    X, Y, Z = 1.3, -0.4, 5.0
    found = wave_rates(np.array([a * X, b * Y, wave.pairs * wave.pumped - c * Z]), wave) / [a, b, -c]
    np.testing.assert_allclose(found, [10 * (Y - X), 28 * X - Y - X * Z, X * Y - 8 / 3 * Z], rtol=1e-12)


def test_the_field_ends_where_the_eigenvalues_say():
    start = np.array([0.01, 0.0, 0.0])
    below, above, chaotic = (pumped(LORENZ, ratio) for ratio in (0.7, 8.0, 40.0))
    assert abs(integrate_wave([0.0, 60.0], below, start)[0, -1]) < 1e-6
    np.testing.assert_allclose(
        np.abs(integrate_wave([60.0], above, start)[:, -1]), np.abs(condensate_state(above)), rtol=1e-6
    )
    field = integrate_wave(np.linspace(20, 60, 2001), chaotic, start)[0]
    assert np.abs(field).std() > 0.2 * np.sqrt(condensate_number(chaotic)) and (np.diff(np.sign(field)) != 0).sum() > 10


def test_order_of_the_condensate_is_its_number():
    wave = pumped(WAVE, 3.0)
    total, c = 500.0, 0.3
    assert condensate_order(wave, total=total, composition=c) == pytest.approx(condensate_number(wave) / total)
    at = pumped(WAVE, 1.0)
    assert condensate_order(at, total=total, composition=c) == pytest.approx(0, abs=1e-15)
    printed = condensate_order(at, total=total, composition=c, form="printed")
    lost = at.polarisation_rate * at.inversion_rate / at.coupling**2
    assert printed == pytest.approx(lost / (4 * total) * (1 - 4 * total / (c * (1 - c))))
    equal = replace(WAVE, inversion_rate=WAVE.field_damping, polarisation_rate=WAVE.field_damping)
    far = pumped(equal, 1e6)
    estimate = condensate_order_estimate(far, total=total)
    assert condensate_order(far, total=total, composition=c) == pytest.approx(estimate, rel=1e-5)
    assert condensate_order_estimate(far, total=total, form="printed") == pytest.approx(4 * estimate)
    assert alpha_factor(0.3, 0.4) == pytest.approx(0.48)
    assert alpha_factor(0.7, 0.0) < 0 < alpha_factor(0.7, 0.0, minority=True)
    assert alpha_factor(0.3, 0.5) > alpha_factor(0.3, 0.0), "order helps the condensate"
    with pytest.raises(InputError, match="alpha_in"):
        condensate_order(replace(wave, alpha_in="consistent"), total=total, composition=c)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(WAVE, field_damping=0.0), "field_damping = 0"),
        (lambda: replace(WAVE, alpha=float("nan")), "alpha = nan"),
        (lambda: replace(WAVE, pumped=-1.0), "expected an inversion"),
        (lambda: replace(WAVE, alpha_in="consistant"), "did you mean 'consistent'"),
        (lambda: alpha_factor(1.0, 0.0), "composition = 1"),
    ],
)
def test_wrong_numbers_of_a_driven_wave_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
