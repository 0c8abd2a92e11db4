"""The verbs transport and relaxation, and their figures: JSON keys, messages, exit status, what is drawn."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.excitations.transport import Metal, transport
from analysis.excitations.transport_temperature import TransportTemperature, given_temperature
from analysis.plotting import relaxation as relaxation_figures
from analysis.plotting import transport as transport_figures
from analysis.plotting.transport import parted
from analysis.relaxation.comparison import compare_with_full_system
from analysis.relaxation.condensate import DrivenWave, lorenz_limit
from analysis.relaxation.curves import CURVES_OF_FIGURE_1, relaxation_curve
from analysis.relaxation.exponential import order_parameter
from analysis.relaxation.rates import RelaxationRates
from atomsim.errors import InputError
from atomsim.results import Estimate
from atomsim.units import get_material

METAL = ("transport", "--diffusivity", "3e-4")
RATES = ("relaxation", "--inversion-rate", "1", "--polarisation-rate", "10", "--coupling", "20")


def test_transport_prints_the_promised_document(command):
    status, out, err = command(*METAL, "--t0", "1", "--temperatures", "0.01:10:4log", "--json")
    document = json.loads(out)
    assert status == 0 and "not checked" in err and "not established" in err
    assert set(document) == {
        "temperature_K",
        "t0_K",
        "delta_kappa_W_per_mK",
        "delta_sigma_S_per_m",
        "thermopower_V_per_K",
        "normalisation",
        "flags",
    }
    result = transport(Metal(given_temperature(1.0), 3e-4), np.geomspace(0.01, 10, 4))
    assert document["delta_kappa_W_per_mK"] == result.delta_kappa_T.tolist()
    assert document["thermopower_V_per_K"] == [None] * 4 and document["t0_K"] == 1
    assert [len(flags) for flags in document["flags"]] == [0, 0, 1, 2]


def test_transport_takes_all_that_is_known(command, tmp_path):
    figure = tmp_path / "transport.svg"
    known = ("--screening", "1e10", "--relaxation-time", "1e-15", "--resistivity", "2e-6", "--normalisation", "printed")
    status, out, err = command(*METAL, "--t0", "1", *known, "--temperatures", "0.1,1", "--json", "--figure", figure)
    document = json.loads(out)
    assert status == 0 and document["normalisation"] == "printed" and "not checked" not in err
    assert "delta_sigma_over_sigma" in document and "delta_sigma_S_per_m" not in document
    assert document["thermopower_V_per_K"][1] == pytest.approx(2.3626e-8, rel=1e-4)
    assert figure.read_text().startswith("<svg")
    status, out, err = command(*METAL, "--t0", "1", *known, "--temperatures", "0.1,1")
    assert status == 0 and "L_0 T/rho" in out and "1 K: T/T_0 = 1 is outside the theory" in err


def test_transport_takes_the_scale_of_a_study(command, monkeypatch, tmp_path):
    import analysis.study

    sodium = get_material("sodium")
    parameters = SimpleNamespace(W=Estimate(1e-3, 2e-4, "epsilon"))
    study = SimpleNamespace(name="demo", parameters=parameters, material=sodium, transport=None)
    monkeypatch.setattr(analysis.study, "open_study", lambda folder: study)
    status, out, err = command(*METAL, "--from", tmp_path, "--temperatures", "0.5,1", "--json")
    assert status == 0 and json.loads(out)["t0_K"] == pytest.approx(1e-3 * sodium.temperature_unit)
    assert "choice of model" in err and "+-" in err
    status, out, _ = command(*METAL, "--from", tmp_path, "--temperatures", "0.5,1")
    assert status == 0 and "error" in out


def test_relaxation_prints_the_promised_document(command, tmp_path):
    figure = tmp_path / "eta.png"
    status, out, err = command(*RATES, "--times", "1,2,4,8", "--json", "--figure", figure)
    document = json.loads(out)
    assert status == 0 and set(document) == {"time", "eta", "t50", "has_inflection", "z0", "nu"}
    rates = RelaxationRates(1.0, 10.0, 20.0)
    assert document["time"] == [1, 2, 4, 8] and document["eta"] == order_parameter([1, 2, 4, 8], rates).tolist()
    assert (document["z0"], document["nu"], document["has_inflection"]) == (40, 10, True)
    assert document["t50"] == pytest.approx(4.12, abs=0.01)
    assert "N_infinity/sigma^0 = 10^12.95" in err and figure.read_bytes().startswith(b"\x89PNG")


def test_relaxation_prints_tables_of_all_systems(command):
    status, out, err = command(*RATES)
    assert status == 0 and "S-shaped" in out and "z_0 = 40" in out and "ln eta" in out and "saturates" in err
    status, out, err = command(*RATES, "--system", "full", "--initial-polarisation", "1e-13", "--json")
    assert status == 0 and json.loads(out)["t50"] == pytest.approx(4.12, abs=0.01) and "10^-7" in err
    weak = ("--inversion-rate", "1", "--polarisation-rate", "1", "--coupling", "1")
    status, out, _ = command("relaxation", *weak, "--detuning", "8", "--times", "0,0.2,5", "--json")
    document = json.loads(out)
    assert status == 0 and document["eta"][0] == 0 and max(document["eta"]) > 1 and document["has_inflection"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (METAL, "no T_0"),
        ((*METAL, "--t0", "1", "--from", "x"), "both given"),
        ((*METAL, "--t0", "0"), "T_0 = 0.0 K"),
        ((*METAL, "--from", "."), "no finished study here"),
        (("transport", "--diffusivity", "-1", "--t0", "1"), "diffusivity = -1"),
        ((*METAL, "--t0", "1", "--screening", "nan"), "--screening nan"),
        ((*METAL, "--t0", "1", "--relaxation-time", "0"), "relaxation_time = 0"),
        ((*METAL, "--t0", "1", "--normalisation", "prined"), "did you mean 'printed'"),
        ((*METAL, "--t0", "1", "--temperatures", "2,1"), "stands after"),
        ((*METAL, "--t0", "1", "--figure", "x.pdf"), "expected a file .svg or .png"),
        ((*METAL, "--t0", "1", "--figure", "none/x.svg"), "no folder none"),
        ((*RATES[:-1], "nan"), "coupling = nan"),
        ((*RATES[:-1], "0"), "coupling = 0"),
        ((*RATES, "--times", "1,x"), "--times 1,x"),
        ((*RATES, "--times", "2,1"), "stands after"),
        ((*RATES, "--system", "ful"), "did you mean 'full'"),
        ((*RATES, "--initial-polarisation", "0"), "initial polarisation 0"),
        ((*RATES[:3], *RATES[5:], "--polarisation-rate", "0"), "polarisation_rate = 0"),
        (("relaxation", "--inversion-rate", "0", *RATES[3:]), "inversion_rate = 0"),
        (("relaxation", "--inversion-rate", "-1", *RATES[3:]), "inversion_rate = -1"),
        ((*RATES, "--detuning", "inf"), "detuning = inf"),
        ((*RATES, "--times", "0,0"), "stands after"),
        ((*RATES, "--times", ""), "expected T1,T2"),
        ((*RATES, "--detuning", "1e5"), "turns about"),
        ((*RATES, "--system", "full", "--initial-polarisation", "1e300"), "the full system takes"),
        ((*RATES[:3], *RATES[5:], "--polarisation-rate", "1e-3", "--system", "full"), "turns about"),
    ],
)
def test_mistakes_of_these_verbs_are_answered_in_one_line(command, arguments, message):
    status, out, err = command(*arguments)
    assert status == 2 and out == ""
    assert err.startswith("error: ") and message in err and err.count("\n") == 1


def test_four_curves_of_the_figure_from_the_command_line(command):
    known = {(10, 1): (0.0792, False), (1, 1): (1.199, False), (10, 20): (4.120, True), (1, 20): (6.920, True)}
    for (decay, coupling), (half, shaped) in known.items():
        rates = ("--inversion-rate", 1, "--polarisation-rate", decay, "--coupling", coupling)
        status, out, _ = command("relaxation", *rates, "--times", "1", "--json")
        document = json.loads(out)
        assert status == 0 and document["has_inflection"] is shaped and len(document["eta"]) == 1
        assert document["t50"] == pytest.approx(half, rel=1e-3) and document["z0"] == 2 * coupling


def test_a_slow_inversion_after_the_ringing_is_followed(command):
    slow = ("--inversion-rate", "1e-2", "--polarisation-rate", "1", "--coupling", "5", "--system", "full")
    status, out, _ = command("relaxation", *slow, "--times", "0.5,1000", "--json")
    document = json.loads(out)
    assert status == 0 and document["eta"][1] == pytest.approx(1, abs=1e-4) and document["has_inflection"]


def test_units_in_the_help_are_not_taken_for_markup(command):
    status, out, _ = command("transport", "--help")
    assert status == 0
    for unit in ("[m^2/s]", "[s]", "[1/m]", "[K]", "[Ohm m]"):
        assert unit in out


def test_help_of_these_verbs_has_examples(command):
    for verb in ("transport", "relaxation"):
        status, out, _ = command(verb, "--help")
        assert status == 0 and f"Example: atomsim {verb}" in " ".join(out.split())


# --- figures ------------------------------------------------------------------------------------------------------


def drawn(ax):
    """The points of every line with more than two of them."""
    return [line.get_xydata() for line in ax.lines if len(line.get_xydata()) > 2]


def test_figure_of_transport_shows_its_table():
    t0 = TransportTemperature(2.0, 0.5, "test")
    metal = Metal(t0, 3e-4, screening=1e10, relaxation_time=1e-15, resistivity=2e-6)
    result = transport(metal, np.geomspace(0.01, 100, 9))
    figure = transport_figures.figure_transport(result)
    table = transport_figures.table_transport(result)
    wanted = {row[0] for row in table.rows}
    assert len(wanted) == 11 and len(table.rows) == 99
    points = np.concatenate([line for ax in figure.axes for line in drawn(ax)])
    points = points[np.isfinite(points).all(axis=1)]  # without the gaps
    assert sorted(map(tuple, points)) == sorted((row[1], row[2]) for row in table.rows)
    assert all(ax.get_ylabel() for ax in figure.axes) and "[K]" in figure.axes[3].get_xlabel()
    kappa = figure.axes[3]
    assert len(kappa.collections) == 1, "the band of the error of T_0"
    curves = {curve.label: curve.y for curve in transport_figures.heat_transport_curves(result)}
    np.testing.assert_array_equal(curves["minus its part against Wiedemann-Franz"], -result.violating_T)
    np.testing.assert_array_equal(curves["derived"], result.delta_kappa_T)
    heat = {curve.label: curve.y for curve in transport_figures.heat_curves(result)}
    np.testing.assert_array_equal(heat["printed, times $T$"], result.temperature_T * result.printed_heat_T)
    empty = transport_figures.plot_thermopower(transport(Metal(t0, 3e-4), [1.0, 2.0]))
    assert not empty.lines and "relaxation time" in empty.texts[0].get_text()


def test_figures_of_relaxation_show_their_tables():
    time = np.linspace(0, 8, 50)
    curves = [relaxation_curve(rates, time) for rates in CURVES_OF_FIGURE_1]
    ax = relaxation_figures.plot_relaxation(curves)
    rows = relaxation_figures.table_relaxation(curves).rows
    assert sorted(map(tuple, np.concatenate(drawn(ax)))) == sorted(row[1:3] for row in rows)
    dots = [line.get_xydata()[0] for line in ax.lines if len(line.get_xydata()) == 1]
    np.testing.assert_allclose(dots, [[curve.t50, 0.5] for curve in curves])
    rates = RelaxationRates(1.0, 1.0, 0.1, 30.0)
    weak = relaxation_figures.plot_weak_coupling(rates, time)
    rows = relaxation_figures.table_weak_coupling(rates, time).rows
    assert sorted(map(tuple, np.concatenate(drawn(weak)))) == sorted(row[1:3] for row in rows)


def test_figure_of_the_approximation_shows_all_three():
    test = compare_with_full_system(np.linspace(0, 5, 40), CURVES_OF_FIGURE_1[2], polarisation=1e-3)
    upper, lower = relaxation_figures.figure_approximation(test).axes
    assert len(drawn(upper)) == len(drawn(lower)) == 3 and "10^" in upper.get_title(loc="right")
    rows = relaxation_figures.table_approximation(test).rows
    assert sorted(map(tuple, np.concatenate(drawn(upper)))) == sorted(row[1:3] for row in rows)


def test_figure_of_the_condensate_is_a_pitchfork():
    wave = DrivenWave(10.0, 1.0, 8 / 3, 0.5, 0.7, 100.0, 1.0)
    curves = {curve.label: curve for curve in relaxation_figures.condensate_curves(wave)}
    assert curves["no field, stable"].x.max() <= 1 <= curves["condensate, stable"].x.min()
    assert curves["condensate, stable"].x.max() <= lorenz_limit(wave) <= curves["condensate, unstable"].x.min()
    ax = relaxation_figures.plot_condensate(wave)
    assert len(ax.lines) == 7 and len(relaxation_figures.table_condensate(wave).rows) > 400
    calm = DrivenWave(1.0, 1.0, 1.0, 0.5, 0.7, 100.0, 1.0)
    assert {curve.label for curve in relaxation_figures.condensate_curves(calm)} == {
        "no field, stable",
        "no field, unstable",
        "condensate, stable",
    }
    with pytest.raises(InputError, match="no pump makes a condensate"):
        relaxation_figures.plot_condensate(DrivenWave(1.0, 1.0, 1.0, 0.5, -0.7, 100.0, 1.0))


def test_formulas_that_do_not_join_are_drawn_apart():
    x, y = parted(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 2e7, 1e7]))
    assert np.isnan(x[2]) and np.isnan(y[2]), "the gap"
    assert x[[0, 1, 3, 4]].tolist() == [1.0, 2.0, 3.0, 4.0] and y[[0, 1, 3, 4]].tolist() == [1.0, 2.0, 2e7, 1e7]
    assert len(parted(np.arange(3.0), np.array([-1.0, np.nan, 5.0]))[0]) == 3, "a value that is not there is no leap"
