"""Computed conductivity beside the measured one: the data, distances, exponents, and where phonons end."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.commands.measured import beside_measurement, measured_document, show_measured
from analysis.documents import as_json
from analysis.plotting.measured_conductivity import figure_measured_conductivity, table_measured_conductivity
from analysis.thermal.kappa import conductivity
from analysis.thermal.later_form import resonant_vibrations
from analysis.thermal.materials import KarpovParshinMaterial, get_glass
from analysis.thermal.measured_conductivity import (
    EXISTING_SHARE,
    compare_heat,
    compare_with_measurement,
    local_exponent,
    measured_glass,
    measured_glasses,
    phonon_end,
    share_of_phonons,
    theory_end,
)
from analysis.thermal.measurement import CONDUCTIVITY, TEMPERATURE, read_measurement
from atomsim.errors import InputError
from atomsim.units import BOLTZMANN, HBAR

SILICA = get_glass("silica")
GRID = np.geomspace(0.05, 400, 120)
HANDBOOK = ([-150, -100, -50, 0, 50], [0.85, 1.05, 1.20, 1.30, 1.40])  # degrees Celsius, W/(m K)


@pytest.fixture(scope="module")
def closed():
    return conductivity(SILICA, GRID)


def as_result(result, kappa):
    return replace(result, conductivity_T=kappa)


def measured(T, kappa):
    glass = measured_glass("silica")
    return replace(glass.measurement(), temperature_T=T, conductivity_T=kappa)


# --- the data -----------------------------------------------------------------------------------------------


def test_measured_silica_has_the_numbers_of_the_handbook():
    glass = measured_glass("SILICA")
    celsius, kappa = HANDBOOK
    place = np.searchsorted(glass.temperature_T, np.array(celsius) + 273.0)
    np.testing.assert_allclose(glass.temperature_T[place] - 273.15, celsius, atol=1e-9)
    np.testing.assert_array_equal(glass.conductivity_T[place], kappa)
    assert all("crc-handbook-2005" in glass.source_T[i] and "(compiled)" in glass.source_T[i] for i in place)


def test_every_measured_number_is_sourced_and_ascends():
    for glass in measured_glasses().values():
        assert np.all(np.diff(glass.temperature_T) > 0) and np.all(np.diff(glass.conductivity_T) > 0)
        assert all(text.endswith(("(compiled)", "(unchecked)")) for text in glass.source_T)
        assert set(glass.laws) == {"cold", "plateau", "rise"}
        assert all(law.lowest < law.highest and law.coldest < law.hottest and law.source for law in glass.laws.values())
        # What was not compared with its publication says so with an error of ten per cent at least.
        unchecked = [text.endswith("(unchecked)") for text in glass.source_T]
        assert np.all(glass.relative_error_T[unchecked] >= 0.1)


def test_measured_points_agree_with_the_laws_beside_them():
    glass = measured_glass("silica")
    for law in glass.laws.values():
        inside = (glass.temperature_T >= law.coldest * 0.99) & (glass.temperature_T <= law.hottest * 1.01)
        if inside.sum() > 1:
            T, kappa, error = (x[inside] for x in (glass.temperature_T, glass.conductivity_T, glass.relative_error_T))
            slope = np.log(kappa[-1] / kappa[0]) / np.log(T[-1] / T[0])
            margin = np.hypot(error[0], error[-1]) / np.log(T[-1] / T[0])
            assert law.lowest - margin < slope < law.highest + margin


def test_unknown_measured_glass_is_refused():
    with pytest.raises(InputError, match="did you mean 'silica'"):
        measured_glass("silca")


# --- the comparison -----------------------------------------------------------------------------------------


def test_comparison_of_a_result_with_itself_finds_no_distance(closed):
    found = compare_with_measurement(closed, measured(GRID, closed.conductivity_T), SILICA)
    np.testing.assert_allclose(found.log_ratio_T, 0, atol=1e-12)
    assert found.decade_d.tolist() == [-2, -1, 0, 1, 2] and found.count_d.sum() == len(GRID)
    twice = compare_with_measurement(closed, measured(GRID, closed.conductivity_T / 2), SILICA)
    np.testing.assert_allclose(twice.rms_d, np.log(2), rtol=1e-12)


def test_decades_do_not_mix(closed):
    T = np.array([0.1, 0.4, 1.0, 4.0, 10.0])
    kappa = np.exp(np.interp(np.log(T), np.log(GRID), np.log(closed.conductivity_T)))
    found = compare_with_measurement(closed, measured(T, kappa * [1, np.e, 1, 1, np.e**3]), SILICA)
    assert found.decade_d.tolist() == [-1, 0, 1] and found.count_d.tolist() == [2, 2, 1]
    np.testing.assert_allclose(found.rms_d, [np.sqrt(0.5), 0, 3], atol=1e-12)


@pytest.mark.parametrize("power", [1.0, 1.9])
def test_exponents_of_a_power_law(closed, power):
    found = compare_with_measurement(as_result(closed, 0.03 * GRID**power), measured(GRID, GRID), SILICA)
    slopes = [found.exponent_cold, found.exponent_plateau, found.exponent_4_20, found.exponent_rise]
    np.testing.assert_allclose(slopes, power, rtol=1e-9)
    short = closed.temperature_T < 50
    part = replace(closed, temperature_T=GRID[short], conductivity_T=GRID[short] ** power)
    cut = compare_with_measurement(part, measured(GRID, GRID), SILICA)
    assert np.isnan(cut.exponent_rise) and cut.exponent_cold == pytest.approx(power)


def test_plateau_is_found_where_it_is(closed):
    # ln kappa = 2x - a tanh((x - x0)/w): the slope is smallest at x0, 2 - a/w.
    x, x0 = np.log(GRID), np.log(9.0)
    found = compare_with_measurement(as_result(closed, np.exp(2 * x - np.tanh(x - x0))), measured(GRID, GRID), SILICA)
    assert found.temperature_plateau == pytest.approx(9, rel=0.05)
    assert found.exponent_plateau == pytest.approx(1, abs=0.01)


def test_local_exponent_needs_a_curve():
    with pytest.raises(InputError, match="2 temperatures"):
        local_exponent([1.0, 2.0], [1.0, 2.0])


def test_specific_heat_beside_the_measured_one(closed):
    glass = measured_glass("silica")
    T, _ = compare_heat(closed, glass, SILICA)
    assert T.min() >= 0.1 and T.max() <= 1.0 and len(T) > 20
    measured = SILICA.density * (glass.heat_linear * GRID + glass.heat_cubic * GRID**3)
    same = replace(closed, debye_T=measured, tunnelling_T=0 * GRID, vibrations_T=0 * GRID)
    np.testing.assert_allclose(compare_heat(same, glass, SILICA)[1], 1, rtol=1e-12)
    # The cubic part is above that of sound alone: what Debye's law leaves out is measured as well.
    sound = closed.debye_T[0] / GRID[0] ** 3
    assert 1.2 < SILICA.density * glass.heat_cubic / sound < 3
    with pytest.raises(InputError, match=r"no temperature between 0.1 and 1 K"):
        compare_heat(conductivity(SILICA, [10.0, 20.0]), glass, SILICA)


def test_measurement_outside_the_result_is_refused(closed, tmp_path):
    path = tmp_path / "hot.csv"
    path.write_text(f"{TEMPERATURE},{CONDUCTIVITY}\n900,2.0\n1000,2.5\n")
    with pytest.raises(InputError, match=r"hot.csv: no conductivity between 0.05 and 400 K"):
        compare_with_measurement(closed, read_measurement(path), SILICA)


# --- where the theory ends ----------------------------------------------------------------------------------


def test_theory_of_silica_ends_where_its_phonons_end():
    for branch, strength in (("l", SILICA.C_l), ("t", SILICA.C_t)):
        end = phonon_end(SILICA, branch)
        # There the path among the vibrations is one over the wave number.
        omega = BOLTZMANN * end / HBAR
        assert np.pi * strength * resonant_vibrations(omega, W=BOLTZMANN * SILICA.W) == pytest.approx(1, rel=1e-9)
        assert end / SILICA.W == pytest.approx((8 / (np.pi * strength)) ** (1 / 3), rel=1e-9)
    T = theory_end(SILICA)
    assert share_of_phonons(SILICA, T) == pytest.approx(EXISTING_SHARE, rel=1e-9)
    assert 10 < T < 25  # a quarter of the end: most heat sits near four times k_B T
    assert theory_end(replace(SILICA, W=1e4)) == float("inf")  # ends above the Debye temperature are none
    with pytest.raises(InputError, match="debye_temperature"):
        share_of_phonons(replace(SILICA, debye_temperature=float("nan")), 1.0)


def test_share_of_phonons_has_both_limits():
    cold, hot = share_of_phonons(SILICA, np.array([0.1, 1e6]))
    assert cold == pytest.approx(1, abs=1e-9)
    weights = np.array([SILICA.v_l**-3, 2 * SILICA.v_t**-3])
    ends = np.array([phonon_end(SILICA, s) for s in "lt"]) / SILICA.debye_temperature
    assert hot == pytest.approx(weights @ ends**3 / weights.sum(), rel=1e-6)  # the number of modes
    assert np.all(np.diff(share_of_phonons(SILICA, np.geomspace(10, 1e3, 50))) < 0)


def test_stronger_vibrations_end_phonons_earlier():
    assert phonon_end(replace(SILICA, mu=8.0), "l") == pytest.approx(phonon_end(SILICA, "l") / 2, rel=1e-9)
    assert phonon_end(replace(SILICA, debye_temperature=30.0), "t") == 30.0


# --- what is shown ------------------------------------------------------------------------------------------


def test_comparison_is_drawn_printed_and_documented(closed, capsys):
    glass = measured_glass("silica")
    two = conductivity(SILICA, GRID, model="two-region")
    figure = figure_measured_conductivity([closed, two], glass, SILICA)
    assert len(figure.axes) == 3
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), closed.conductivity_T)
    rows = table_measured_conductivity([closed, two], glass).rows
    assert len(rows) == 2 * len(GRID) + 3 * len(glass.temperature_T)
    found, same, heat = beside_measurement("silica", closed, SILICA)
    assert same is glass
    np.testing.assert_array_equal(
        found.predicted_T, compare_with_measurement(closed, glass.measurement(), SILICA).predicted_T
    )
    assert [row[2] for row in rows if row[0] == "closed over measured"] == pytest.approx(np.exp(found.log_ratio_T))
    show_measured(found, glass, heat)
    printed = capsys.readouterr().out
    assert f"{found.exponent_plateau:.3f}" in printed and "1.8 to 2" in printed
    document = json.loads(as_json(measured_document(found, glass, heat)))["measured"]
    assert document["specific_heat"]["computed_over_measured"] == pytest.approx(heat[1].tolist())
    assert document["exponents"]["cold"]["computed"] == pytest.approx(found.exponent_cold)
    assert len(document["sources"]) == len(document["temperature_K"])


def test_other_measure_has_no_comparison(closed):
    numbers = {"mass": 28.0, "length": 1.0, "energy": 30.0, "G": 1e27, "b": 0.0, "d_l2": 0.3, "d_t2": 0.2, "xi2": 1.2}
    other = KarpovParshinMaterial("other", 2200.0, 5800.0, 3800.0, **numbers)
    with pytest.raises(InputError, match="other: the comparison is for potentials uniform"):
        beside_measurement("silica", closed, other)
