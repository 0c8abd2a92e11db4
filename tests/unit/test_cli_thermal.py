"""The verbs of heat and stability: JSON keys, figures, messages and exit status."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.commands import thermal as cli_thermal
from analysis.documents import as_json
from analysis.plotting.conductivity import figure_conductivity, plot_heat_capacity, plot_heat_spectrum
from analysis.simulated_material import bands, simulated_draws, simulated_material
from analysis.thermal.kappa import conductivity
from analysis.thermal.materials import get_glass
from atomsim.errors import IllPosedFit, InputError
from atomsim.results import Estimate
from atomsim.units import BOLTZMANN, ELECTRON_VOLT, get_material

BARE = "[material]\ndensity = 2200\nv_l = 5800\nv_t = 3800\nW = 4.0\nC_l = 3e-4\nC_t = 3e-4\n"


def test_thermal_prints_the_promised_document(command):
    status, out, err = command("thermal", "silica", "--temperatures", "0.01:300:5log", "--json")
    document = json.loads(out)
    assert status == 0 and err == ""
    assert set(document) == {"model", "temperature_K", "kappa_W_per_mK", "specific_heat_J_per_m3K", "assumptions"}
    expected = conductivity(get_glass("silica"), np.geomspace(0.01, 300, 5))
    assert document["kappa_W_per_mK"] == expected.conductivity_T.tolist()
    assert document["specific_heat_J_per_m3K"] == expected.specific_heat_T.tolist()
    assert "phonons" in document["assumptions"]


def test_thermal_reads_a_file_and_chooses_channels(command, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(BARE)
    base = ("thermal", path, "--temperatures", "0.1,1", "--json")
    everything = json.loads(command(*base)[1])
    resonant = json.loads(command(*base, "--channels", "resonant")[1])
    joined = json.loads(command(*base, "--model", "two-region", "--form", "printed")[1])
    assert resonant["kappa_W_per_mK"][1] > everything["kappa_W_per_mK"][1]
    assert joined["model"] == "two-region" and "two forms" in joined["assumptions"]["form"]
    assert everything["specific_heat_J_per_m3K"] == [None, None]
    status, _, err = command("thermal", path, "--quantity", "heat-capacity")
    assert status == 2 and "lambda_l" in err


def test_thermal_prints_tables_and_writes_figures(command, tmp_path):
    figure = tmp_path / "kappa.svg"
    status, out, err = command("thermal", "selenium", "--temperatures", "0.1:10:4log", "--figure", figure)
    assert status == 0 and "resonant share" in out and "figure:" in err and figure.read_text().startswith("<svg")
    picture = tmp_path / "heat.png"
    status, out, _ = command(
        "thermal", "selenium", "--temperatures", "1:9:4", "--quantity", "heat-capacity", "--figure", picture
    )
    assert status == 0 and "tunnelling" in out and picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("thermal", "silca"), "did you mean 'silica'"),
        (("thermal", "none.toml"), "cannot read the material"),
        (("thermal", "silica", "--temperatures", "1:2"), "expected A:B:N"),
        (("thermal", "silica", "--temperatures", "3,2"), "stands after 3 K"),
        (("thermal", "silica", "--temperatures", "-1,2"), "temperature -1 K"),
        (("thermal", "silica", "--temperatures", "2:1:5log"), "expected 0 < A < B"),
        (("thermal", "silica", "--model", "three-region"), "did you mean 'two-region'"),
        (("thermal", "silica", "--channels", "resonant,rayleih"), "did you mean 'rayleigh'"),
        (("thermal", "silica", "--quantity", "kapa"), "did you mean 'kappa'"),
        (("thermal", "silica", "--figure", "x.pdf"), "expected a file .svg or .png"),
        (("thermal", "silica", "--figure", "none/x.svg"), "no folder none"),
        (("stability", "--ratio", "0.5"), "at least one"),
        (("fit-thermal", "none.csv", "--material", "silica"), "cannot read the data"),
    ],
)
def test_mistakes_are_answered_in_one_line(command, arguments, message):
    status, out, err = command(*arguments)
    assert status == 2 and out == ""
    assert err.startswith("error: ") and message in err and err.count("\n") == 1


def test_temperatures_are_parsed():
    np.testing.assert_allclose(cli_thermal.parse_temperatures("0.01:100:5log"), [0.01, 0.1, 1, 10, 100])
    np.testing.assert_allclose(cli_thermal.parse_temperatures("1:3:3"), [1, 2, 3])
    np.testing.assert_allclose(cli_thermal.parse_temperatures("0.5, 2"), [0.5, 2])
    with pytest.raises(InputError, match="expected A:B:N"):
        cli_thermal.parse_temperatures("cold")


def test_stability_prints_the_promised_document(command, tmp_path):
    figure = tmp_path / "stability.svg"
    status, out, _ = command("stability", "--ratio", "4", "--points", "50", "--figure", figure, "--json")
    document = json.loads(out)
    assert status == 0 and set(document) == {"ratio", "eta", "epsilon_over_epsilon_m"} and document["ratio"] == 4
    assert len(document["eta"]) == len(document["epsilon_over_epsilon_m"]) == 50
    assert figure.is_file()
    status, out, _ = command("stability")
    assert status == 0 and "eta_2 = 0.052786" in out


def test_levels_prints_the_promised_document(command, tmp_path):
    figure = tmp_path / "levels.svg"
    status, out, _ = command("levels", "--alpha", "-20", "--beta", "0", "--count", "4", "--figure", figure, "--json")
    document = json.loads(out)
    assert status == 0 and set(document) == {"alpha", "beta", "levels", "splitting"}
    assert len(document["levels"]) == 4 and figure.is_file()
    assert 0 < document["splitting"] < 1e-15, "far below the rounding of the levels themselves"
    status, out, _ = command("levels", "--alpha", "0", "--count", "2")
    assert status == 0 and "1.0604" in out and "splitting of the lowest two: 2.7393109" in out
    status, out, err = command("levels", "--alpha", "nan", "--beta", "1")
    assert (status, out) == (2, "") and "finite" in err


def test_fit_thermal_prints_constants_and_correlations(command, tmp_path):
    truth = get_glass("silica")
    T = np.geomspace(0.1, 20, 12)
    channels = ("resonant", "activation", "rayleigh")
    kappa = conductivity(replace(truth, W=4.0), T, channels=channels).conductivity_T
    data = tmp_path / "data.csv"
    rows = [f"{t!r},{k!r},{0.01 * k!r}" for t, k in zip(T.tolist(), kappa.tolist(), strict=True)]
    data.write_text("temperature_K,kappa_W_per_mK,error\n" + "\n".join(rows) + "\n")
    base = ("fit-thermal", data, "--material", "silica", "--channels", ",".join(channels))
    status, out, _ = command(*base, "--json")
    document = json.loads(out)
    assert status == 0 and document["constants"]["W"]["value"] == pytest.approx(4.0, rel=1e-6)
    assert document["constants"]["W"]["unit"] == "K" and len(document["covariance_of_logarithms"]) == 2
    figure = tmp_path / "fit.svg"
    status, out, err = command(*base, "--free", "W,C,mu", "--figure", figure)
    assert status == 0 and "chi^2" in out and "W and mu are correlated" in err and figure.is_file()
    status, _, err = command(*base, "--free", "W,C_l,C_t")
    assert status == 1 and "do not fix C_l, C_t" in err
    status, _, err = command(*base, "--between", "cold")
    assert status == 2 and "--between cold" in err
    status, out, _ = command(*base, "--between", "0.1:2", "--json")
    assert status == 0 and json.loads(out)["n_data"] < 12


def test_help_of_the_verbs_of_heat_has_examples(command):
    for verb in ("thermal", "fit-thermal", "stability", "levels"):
        status, out, _ = command(verb, "--help")
        assert status == 0 and f"Example: atomsim {verb}" in " ".join(out.split())


def test_documents_have_no_numbers_that_json_does_not_know():
    text = as_json({"a": np.array([1.0, np.nan]), "b": (np.float64(2), np.int64(3)), "c": {"d": float("inf")}, 4: None})
    assert json.loads(text) == {"a": [1.0, None], "b": [2.0, 3], "c": {"d": None}, "4": None}


# --- figures and simulated glasses --------------------------------------------------------------------------


def test_figures_of_heat_show_the_numbers():
    result = conductivity(get_glass("silica"), np.geomspace(0.1, 30, 6))
    upper, lower = figure_conductivity(result, (0.9 * result.conductivity_T, 1.1 * result.conductivity_T)).axes
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), result.conductivity_T)
    assert len(lower.collections) == 4
    spectrum = plot_heat_spectrum(result, 1.0)
    assert len(spectrum.collections) == 4 and "T = " in spectrum.get_title(loc="right")
    heat = plot_heat_capacity(result, band=(result.specific_heat_T, 2 * result.specific_heat_T))
    np.testing.assert_allclose(heat.lines[-1].get_ydata(), result.specific_heat_T / result.temperature_T**3)


@dataclass(frozen=True)
class FittedPotentials:
    """As much of the parameters of an ensemble as a material needs."""

    n_glasses: int
    W: Estimate
    C_l: Estimate
    C_t: Estimate
    Lambda_l: Estimate
    Lambda_t: Estimate
    replicates: dict[str, np.ndarray]


def study(n_glasses=4, **changes):
    """A finished study of the r^-6 glass with the constants of sodium, reduced to what a material takes from it."""
    values = {"W": 2e-3, "C_l": 3e-4, "C_t": 5e-4, "Lambda_l": 0.9, "Lambda_t": 0.5} | changes
    rng = np.random.default_rng(8)
    draws = {name: value * np.exp(0.1 * rng.normal(size=30)) for name, value in values.items()}
    draws["W"][0] = np.nan
    estimates = {name: Estimate(value, 0.1 * value, "1", "too few: 1 mode") for name, value in values.items()}
    sound = SimpleNamespace(longitudinal_velocity=Estimate(8.0, 0, ""), transverse_velocity=Estimate(3.0, 0, ""))
    structure = SimpleNamespace(mass_density=Estimate(1.0, 0, ""))
    return SimpleNamespace(
        name="demo",
        parameters=FittedPotentials(n_glasses, replicates=draws, **estimates),
        material=get_material("sodium"),
        largest=SimpleNamespace(structure=structure, sound=sound),
        thermal=SimpleNamespace(debye_temperature=180.0, experiment_time=10.0),
    )


def test_simulated_glass_becomes_a_material_with_bands():
    finished = study()
    sodium = finished.material
    glass = simulated_material(finished)
    assert pytest.approx(2e-3 * sodium.epsilon / BOLTZMANN) == glass.W
    assert glass.lambda_t == pytest.approx(0.5 * sodium.epsilon / ELECTRON_VOLT)
    assert glass.v_l == pytest.approx(8 * sodium.velocity_unit) and glass.experiment_time == 10
    assert glass.provenance["C_t"].confidence == "simulated"
    draws = simulated_draws(finished, glass)
    assert len(draws) == 29 and {d.v_l for d in draws} == {glass.v_l}
    result = conductivity(glass, [0.1, 1.0], channels=("resonant", "rayleigh"))
    band = bands(draws, result, channels=("resonant", "rayleigh"))
    assert np.all(band.conductivity_low_T < result.conductivity_T) and np.all(
        result.conductivity_T < band.conductivity_high_T
    )
    assert np.all(band.specific_heat_low_T < band.specific_heat_high_T)
    assert np.isnan(bands(draws[:3], result).conductivity_low_T).all()
    assert simulated_draws(study(n_glasses=1), glass) == []


def test_simulated_glass_without_its_numbers_is_refused():
    with pytest.raises(IllPosedFit, match="gives no conductivity: C_l: too few: 1 mode"):
        simulated_material(study(C_l=float("nan")))


def test_folder_is_taken_for_a_study(command, tmp_path: Path):
    status, _, err = command("thermal", tmp_path)
    assert status == 2 and "no finished study here" in err
