"""Constants of a glass from measured heat: recovery, errors, profiles, and data that are refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from analysis.plotting.conductivity import figure_fit
from analysis.thermal.absorption import FIELD_LIMITS
from analysis.thermal.exact_landscape import ExactTables
from analysis.thermal.fit import fit_thermal, rms_per_decade
from analysis.thermal.kappa import conductivity
from analysis.thermal.materials import KarpovParshinMaterial, get_glass
from analysis.thermal.measurement import Measurement, read_measurement
from atomsim.errors import IllPosedFit, InputError

THREE = ("resonant", "activation", "rayleigh")
TRUTH = get_glass("silica")
START = replace(TRUTH, W=1.4 * TRUTH.W, C_l=0.7 * TRUTH.C_l, C_t=0.7 * TRUTH.C_t)
ERROR = 0.03
TRIALS = 200
# The trials differ from 95 per cent by their own scatter, sqrt(0.95 0.05/200) = 1.5 per cent.
COVERAGE = (0.90, 1.0)
# Three standard errors of 0.95 below it, for 25 trials.
EXACT_TRIALS, EXACT_COVERAGE = 25, 0.95 - 3 * (0.95 * 0.05 / 25) ** 0.5


def measurement(temperature, kappa, error=None, heat=None, heat_error=None):
    nothing = np.full(len(temperature), np.nan)
    columns = [nothing if column is None else column for column in (kappa, error, heat, heat_error)]
    return Measurement("synthetic", temperature, *columns)


def noisy(values, rng, error=ERROR):
    return values * np.exp(error * rng.normal(size=len(values)))


def test_fit_recovers_the_constants_of_synthetic_data():
    T = np.geomspace(0.05, 10, 16)
    kappa = conductivity(TRUTH, T, channels=THREE).conductivity_T
    exact = fit_thermal(measurement(T, kappa, ERROR * kappa), START, channels=THREE)
    np.testing.assert_allclose(exact.value_p, [TRUTH.W, 1 / 0.7], rtol=1e-6)
    assert exact.material.C_l == pytest.approx(TRUTH.C_l) and exact.material.provenance["W"].confidence == "fitted"
    assert exact.chi2 < 1e-9
    found = fit_thermal(measurement(T, noisy(kappa, np.random.default_rng(5)), ERROR * kappa), START, channels=THREE)
    # A parabola rises by 4 and 1 at two and one standard errors; the profile is nearly one.
    np.testing.assert_allclose(found.profile_pk, [[4, 1, 1, 4]] * 2, rtol=0.2)
    np.testing.assert_allclose(np.log(found.high_p / found.low_p) / 2, found.error_p, rtol=0.1)
    assert np.all(found.low_p < found.value_p) and np.all(found.value_p < found.high_p)


def test_synthetic_constants_lie_within_their_errors_in_95_of_100_trials():
    rng = np.random.default_rng(2024)
    T = np.geomspace(0.1, 8, 10)
    kappa = conductivity(TRUTH, T, channels=THREE).conductivity_T
    truth = np.array([TRUTH.W, 1 / 0.7])
    inside = np.zeros((TRIALS, 2))
    for trial in range(TRIALS):
        data = measurement(T, noisy(kappa, rng), ERROR * kappa)
        found = fit_thermal(data, START, channels=THREE, profiles=False)
        inside[trial] = np.abs(np.log(found.value_p / truth)) < 1.96 * found.error_p
    coverage = inside.mean(axis=0)
    assert np.all((coverage >= COVERAGE[0]) & (coverage <= COVERAGE[1])), coverage


@dataclass(frozen=True)
class SumOfLimits:
    """A smooth stand-in for the table of the exact model: two levels and vibrations, added up."""

    def with_derivatives(self, omega, tau):
        """Value and logarithmic derivatives."""
        x = omega / (2 * tau)
        law, slope = FIELD_LIMITS.low(omega)
        cold, vibrations = law * np.tanh(x), omega**3 / 8
        fall = law * x / np.cosh(np.minimum(x, 300.0)) ** 2
        value = cold + vibrations
        return value, (cold * slope + fall + 3 * vibrations) / value, -fall / value


def test_exact_model_recovers_constants_within_their_errors():
    rng = np.random.default_rng(11)
    T = np.geomspace(0.1, 8, 8)
    tables, channels = ExactTables(SumOfLimits()), ("resonant",)
    kappa = conductivity(TRUTH, T, model="exact", channels=channels, measure=tables).conductivity_T
    truth = np.array([TRUTH.W, 1 / 0.7])
    options = {"model": "exact", "channels": channels, "tables": tables, "profiles": False}
    exact = fit_thermal(measurement(T, kappa, ERROR * kappa), START, **options)
    np.testing.assert_allclose(exact.value_p, truth, rtol=1e-6)
    inside = np.zeros((EXACT_TRIALS, 2))
    for trial in range(EXACT_TRIALS):
        found = fit_thermal(measurement(T, noisy(kappa, rng), ERROR * kappa), START, **options)
        inside[trial] = np.abs(np.log(found.value_p / truth)) < 1.96 * found.error_p
    assert np.all(inside.mean(axis=0) >= EXACT_COVERAGE), inside.mean(axis=0)


def test_coupling_behind_a_table_cannot_be_fitted():
    T = np.geomspace(1, 8, 6)
    glass = KarpovParshinMaterial(
        "g", 2200.0, 5800.0, 3800.0, mass=28.0, length=1.0, energy=30.0, G=1e27, b=1.0, d_l2=0.3, d_t2=0.2, xi2=1.0
    )
    with pytest.raises(InputError, match="b cannot be fitted with the exact model"):
        fit_thermal(measurement(T, T**2), glass, free=("G", "b"), model="exact")


def test_conductivity_and_specific_heat_together_fix_the_coupling():
    T = np.geomspace(0.2, 3, 8)
    result = conductivity(TRUTH, T, channels=THREE)
    rng = np.random.default_rng(6)
    data = measurement(T, noisy(result.conductivity_T, rng, 0.02), heat=noisy(result.specific_heat_T, rng, 0.02))
    start = replace(START, lambda_t=1.3 * TRUTH.lambda_t)
    found = fit_thermal(data, start, free=("W", "C", "lambda_t"), channels=THREE, profiles=False)
    assert not found.errors_given
    expected = np.array([TRUTH.W, 1 / 0.7, TRUTH.lambda_t])
    assert np.all(np.abs(np.log(found.value_p / expected)) < 4 * found.error_p)
    assert np.sqrt(found.chi2 / (found.n_data - 3)) == pytest.approx(0.02, rel=0.5)
    assert len(figure_fit(found).axes) == 4


def test_errors_follow_the_scatter_where_none_are_given():
    T = np.geomspace(0.1, 8, 20)
    kappa = noisy(conductivity(TRUTH, T, channels=THREE).conductivity_T, np.random.default_rng(7))
    given = fit_thermal(measurement(T, kappa, ERROR * kappa), START, channels=THREE, profiles=False)
    without = fit_thermal(measurement(T, kappa), START, channels=THREE, profiles=False)
    np.testing.assert_allclose(without.value_p, given.value_p, rtol=1e-5)
    reduced = np.sqrt(given.chi2 / (len(T) - 2))
    np.testing.assert_allclose(without.error_p, given.error_p * reduced, rtol=1e-4)


def test_strengths_of_both_branches_cannot_be_told_apart_by_conductivity():
    T = np.geomspace(0.1, 8, 15)
    kappa = conductivity(TRUTH, T, channels=THREE).conductivity_T
    data = measurement(T, kappa, ERROR * kappa)
    with pytest.raises(IllPosedFit, match="do not fix C_l, C_t") as refusal:
        fit_thermal(data, START, free=("W", "C_l", "C_t"), channels=THREE)
    assert set(refusal.value.estimate) == {"W", "C_l", "C_t"}
    with pytest.raises(IllPosedFit, match="do not fix mu"):
        cold = measurement(T[:6], kappa[:6], ERROR * kappa[:6]).between(0.1, 0.3)
        fit_thermal(cold, START, free=("C", "mu"), channels=THREE)


def test_correlated_constants_are_named():
    T = np.geomspace(0.1, 30, 15)
    kappa = conductivity(TRUTH, T, channels=THREE).conductivity_T
    found = fit_thermal(
        measurement(T, kappa, 0.01 * kappa), START, free=("W", "C", "mu"), channels=THREE, profiles=False
    )
    (pair,) = found.correlated
    assert pair[:2] == ("W", "mu") and pair[2] > 0.99  # vibrations depend on mu/W^3 alone


def test_constants_of_the_paper_are_fitted_too():
    glass = KarpovParshinMaterial(
        "g", 2200.0, 5800.0, 3800.0, mass=28.0, length=1.0, energy=30.0, G=1e27, b=0.0, d_l2=0.3, d_t2=0.2, xi2=1.0
    )
    T = np.geomspace(1, 300, 12)
    kappa = conductivity(glass, T, model="two-region").conductivity_T
    start = replace(glass, G=3e27, xi2=0.4)
    found = fit_thermal(
        measurement(T, kappa, 0.02 * kappa), start, free=("G", "xi2"), model="two-region", profiles=False
    )
    np.testing.assert_allclose(found.value_p, [1e27, 1.0], rtol=1e-5)


@pytest.mark.parametrize(
    ("free", "message"),
    [
        (("w",), "no constant 'w'"),
        (("lamda_t",), "did you mean 'lambda_t'"),
        (("tau_0",), "no constant 'tau_0' to start from"),
        (("C", "C_l"), "C without C_l"),
        ((), "none"),
    ],
)
def test_constants_that_cannot_be_fitted_are_refused(free, message):
    T = np.geomspace(0.1, 8, 6)
    with pytest.raises(InputError, match=message):
        fit_thermal(measurement(T, T**2), START, free=free)


def test_too_few_or_half_weighted_data_are_refused():
    T = np.array([0.1, 0.2])
    with pytest.raises(IllPosedFit, match="2 numbers cannot fix 2 constants"):
        fit_thermal(measurement(T, T**2), START)
    T = np.geomspace(0.1, 1, 5)
    error = np.where(T > 0.5, 0.1 * T, np.nan)
    with pytest.raises(InputError, match="have no error; give all or none"):
        fit_thermal(measurement(T, T**2, error), START)


def test_distance_is_told_by_decade():
    T = np.array([0.1, 0.5, 1.0, 5.0, 20.0])
    found = rms_per_decade(T, np.array([1.0, 1.0, 1.0, 1.0, np.nan]), np.exp([0.3, -0.3, 0.1, 0.1, 9.0]))
    assert found == {"0.1-1 K": pytest.approx(0.3), "1-10 K": pytest.approx(0.1)}


# --- the file -----------------------------------------------------------------------------------------------


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(text)
    return path


def test_measurement_file_is_read(tmp_path):
    text = (
        "# a comment\ntemperature_K,kappa_W_per_mK,error,specific_heat_J_per_m3K\n0.1,2e-4,1e-5,\n0.2,9e-4,3e-5,0.5\n"
    )
    data = read_measurement(written(tmp_path, text))
    assert data.temperature_T.tolist() == [0.1, 0.2] and data.conductivity_error_T.tolist() == [1e-5, 3e-5]
    assert np.isnan(data.specific_heat_T[0]) and data.specific_heat_T[1] == 0.5
    assert data.between(0.15, 1).temperature_T.tolist() == [0.2]
    with pytest.raises(InputError, match="no temperature between"):
        data.between(3, 4)


HEADER = "temperature_K,kappa_W_per_mK\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "0.1,nan\n", r"data.csv, line 2: kappa_W_per_mK = nan, expected a positive"),
        (HEADER + "0.1,-1\n", "line 2: kappa_W_per_mK = -1"),
        (HEADER + "0.1,abc\n", "line 2: kappa_W_per_mK = 'abc', expected a number"),
        (HEADER + "0,1\n", "line 2: temperature_K = 0, expected a positive"),
        (HEADER + "1,1\n2,1\n2,1\n", "line 4: temperature_K = 2 stands twice"),
        (HEADER + "1,1\n# note\n0.5,1\n", "line 4: temperature_K = 0.5 is below 1"),
        (HEADER + "1,1,1\n", "line 2: 3 values, expected 2"),
        (HEADER + "1,\n", "line 2: neither"),
        (HEADER, "no data"),
        ("temperature_K,kapa_W_per_mK\n1,1\n", "line 1: unknown column 'kapa_W_per_mK'; did you mean 'kappa_W_per_mK'"),
        ("kappa_W_per_mK\n1\n", "column temperature_K is missing"),
        ("temperature_K\n1\n", "column kappa_W_per_mK or specific_heat_J_per_m3K is missing"),
        ("temperature_K,error\n1,1\n", "unknown column 'error'"),
        ("temperature_K,temperature_K\n1,1\n", "stands twice"),
        (
            "temperature_K,kappa_W_per_mK,specific_heat_error_J_per_m3K\n1,1,1\n",
            "specific_heat_error_J_per_m3K without specific_heat_J_per_m3K",
        ),
    ],
)
def test_wrong_measurement_file_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_measurement(written(tmp_path, text))


def test_missing_measurement_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot read the data"):
        read_measurement(tmp_path / "none.csv")
