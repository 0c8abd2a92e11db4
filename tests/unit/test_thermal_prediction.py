"""From soft potentials in reduced units to conductivity and specific heat in SI."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analysis.soft_potential.ensemble import UNITS, EnsembleParameters
from analysis.thermal import closed_forms, later_form, specific_heat
from analysis.thermal.phonons import Medium, phonon_conductivity, taken_out_above
from analysis.thermal.prediction import ThermalPrediction, predict_thermal
from atomsim.errors import InputError
from atomsim.results import Estimate
from atomsim.store import read_result, write_result
from atomsim.units import BOLTZMANN, HBAR, get_material

SODIUM = get_material("sodium")
VALUES = {
    "A_g": 1e-4, "exponent": 4.0, "P_s": 1e-5, "G": 5e-3, "W": 6e-4, "W_median": 5e-4, "epsilon": 4.0, "eta_L": 0.01,
    "mass": 10.0, "Lambda_l": 2.0, "Lambda_t": 1.5, "C_l": 1e-3, "C_t": 2e-3, "d_l2": 2.0, "d_t2": 1.0,
}  # fmt: skip
SCATTER = 0.2
TEMPERATURE = np.array([1e-3, 0.3, 3.0])


def parameters(**changes) -> EnsembleParameters:
    rng = np.random.default_rng(1)
    draws = np.exp(SCATTER * rng.normal(size=200))  # one factor for all densities, as few modes would give
    replicates = {k: v * (draws if k in ("A_g", "P_s", "G", "C_l", "C_t") else np.ones(200)) for k, v in VALUES.items()}
    estimates = {name: Estimate(v, SCATTER * v, UNITS[name]) for name, v in VALUES.items()}
    return EnsembleParameters(
        n_glasses=8, n_modes=100, n_unbounded=3, n_double_wells=20, n_counted=60, counting="lower minima",
        hbar=SODIUM.hbar, length=1.0, replicates=replicates, **{**estimates, **changes},
    )  # fmt: skip


def predict(ensemble=None, **changes) -> ThermalPrediction:
    omega = np.random.default_rng(2).uniform(1, 13, 3 * 99)
    settings = dict(
        mass_density=1.0,
        number_density=1.0,
        longitudinal_velocity=5.3,
        transverse_velocity=2.2,
        omega_samples=[omega],
        volume_samples=[100.0],
        temperature_T=TEMPERATURE,
        experiment_time=10.0,
    )
    return predict_thermal(ensemble or parameters(), SODIUM, **{**settings, **changes})


MEDIUM = Medium(
    density=SODIUM.density_unit,
    longitudinal_velocity=5.3 * SODIUM.velocity_unit,
    transverse_velocity=2.2 * SODIUM.velocity_unit,
)


def test_prediction_agrees_with_the_closed_laws():
    p = predict()
    W = VALUES["W"] * SODIUM.epsilon
    later = later_form.LaterFormGlass(MEDIUM, W=W, C_l=1e-3, C_t=2e-3)
    assert p.tanh_law_T[0] == pytest.approx(later_form.conductivity_tanh_law(1e-3, later), rel=1e-12)
    assert p.conductivity_T[0] == pytest.approx(p.tanh_law_T[0], rel=0.02)
    G = VALUES["G"] / SODIUM.sigma**3
    old = closed_forms.KarpovParshinGlass(
        MEDIUM, W=W, eta_L=0.01, density_I=G, density_II=G, d_l2=2.0, d_t2=1.0, mass=10 * SODIUM.mass, xi2=1.0
    )
    assert p.karpov_parshin_T[0] == pytest.approx(closed_forms.conductivity_log_free(1e-3, old), rel=1e-5)
    debye = specific_heat.debye_frequency(number_density=SODIUM.number_density_unit, medium=MEDIUM)
    paths = [
        taken_out_above(lambda omega, t, s=s: closed_forms.joined_inverse_path(omega, t, old, s), debye) for s in "lt"
    ]
    joined = phonon_conductivity(
        TEMPERATURE, longitudinal=paths[0], transverse=paths[1], medium=MEDIUM, breaks=(W / HBAR, debye)
    )
    np.testing.assert_allclose(p.karpov_parshin_T, joined, rtol=1e-9)
    vibrations = specific_heat.vibrational_specific_heat(TEMPERATURE, potential_density=1e-5 / SODIUM.sigma**3, W=W)
    np.testing.assert_allclose(p.vibrations_T, vibrations, rtol=1e-12)
    assert p.W_kelvin.value == pytest.approx(W / BOLTZMANN, rel=1e-12)
    assert np.isfinite(p.specific_heat_T[:2]).all() and np.isnan(p.specific_heat_T[2])  # 3 K is above W = 1.2 K
    assert p.specific_heat_T[1] == pytest.approx(p.debye_T[1] + p.tunnelling_T[1] + p.vibrations_T[1], rel=1e-12)


def test_bands_hold_the_scatter_of_the_draws():
    p = predict()
    # Where conductivity goes like one over the density, a factor exp(0.2 z) moves it by 20 per cent.
    for value, low, high in (
        (p.conductivity_T, p.conductivity_low_T, p.conductivity_high_T),
        (p.karpov_parshin_T, p.karpov_parshin_low_T, p.karpov_parshin_high_T),
    ):
        assert np.all(low < value) and np.all(value < high)
        assert np.log(high[0] / low[0]) / 2 == pytest.approx(SCATTER, rel=0.3)


def test_prediction_says_why_it_cannot_predict():
    nothing = Estimate(float("nan"), float("nan"), "1", "too few: 2 modes counted")
    p = predict(parameters(C_t=nothing, G=nothing))
    for name in ("conductivity_T", "tanh_law_T", "karpov_parshin_T", "conductivity_low_T"):
        assert np.isnan(getattr(p, name)).all()
    assert "no conductivity of the later form: C_t: too few: 2 modes counted" in p.limits
    assert "no conductivity of Karpov and Parshin: G: too few: 2 modes counted" in p.limits
    assert np.isfinite(p.vibrations_T).all() and np.isfinite(p.debye_T).all()
    p = predict(parameters(P_s=nothing))
    assert np.isnan(p.vibrations_T).all() and np.isnan(p.minimum_temperature) and np.isfinite(p.conductivity_T).all()
    assert any(limit.startswith("no specific heat of soft potentials: P_s: too few") for limit in p.limits)


def test_prediction_from_one_glass_has_no_band():
    p = predict(dataclasses.replace(parameters(), n_glasses=1))
    assert np.isfinite(p.conductivity_T).all() and np.isnan(p.conductivity_high_T).all()
    assert any("no band, only 0 draws" in limit for limit in p.limits)


def test_incomplete_spectrum_gives_no_harmonic_specific_heat():
    assert np.isfinite(predict().harmonic_T).all()
    p = predict(omega_samples=[np.ones(5)])
    assert np.isnan(p.harmonic_T).all()
    assert any("5 of 297 modes" in limit for limit in p.limits)


def test_harmonic_specific_heat_of_the_prediction_is_classical_when_hot():
    p = predict(temperature_T=np.array([1e4]))
    expected = 297 / 100 * SODIUM.specific_heat_unit
    assert p.harmonic_T[0] == pytest.approx(expected, rel=1e-4)
    assert p.debye_T[0] == pytest.approx(3 * SODIUM.specific_heat_unit, rel=1e-4)


def test_prediction_states_its_range():
    p = predict()
    assert p.ioffe_regel_temperature == pytest.approx((8 / (np.pi * 2e-3)) ** (1 / 3) * p.W_kelvin.value, rel=1e-9)
    assert p.highest_temperature == pytest.approx(p.ioffe_regel_temperature / 3.83, rel=1e-9)
    assert p.ioffe_regel_temperature < p.debye_temperature
    text = " ".join(p.limits)
    assert "Ioffe-Regel limit are left out" in text and "<xi^2> = 1 is assumed" in text
    assert 0.4 < p.minimum_temperature / p.W_kelvin.value < 0.8


def test_prediction_refuses_the_wrong_material_and_times():
    with pytest.raises(InputError, match="hbar"):
        predict(dataclasses.replace(parameters(), hbar=0.03))
    with pytest.raises(InputError, match="experiment"):
        predict(experiment_time=0.0)
    with pytest.raises(InputError, match="do not match"):
        predict(volume_samples=[100.0, 100.0])


def test_prediction_survives_the_store(tmp_path):
    p = predict()
    write_result(tmp_path / "p.h5", p)
    back = read_result(tmp_path / "p.h5", ThermalPrediction)
    assert back.limits == p.limits and back.W_kelvin == p.W_kelvin
    np.testing.assert_array_equal(back.conductivity_T, p.conductivity_T)
