"""Annealing: the simulation, the study file, the laws fitted to it, and a small study from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.annealing.config import AnnealStudy, load_anneal_study
from analysis.annealing.fits import FLAT, barrier_of_rates, fit_theory, rate_of
from analysis.annealing.results import AnnealSummary
from analysis.annealing.run import SUMMARY, open_annealing, run_annealing
from analysis.annealing.shapes import NULL_SHAPES, SHAPES, THEORY, fit_shape, quick_order_parameter, theory_rates
from analysis.relaxation.exponential import order_parameter
from analysis.study import open_study
from atomsim.annealing import AnnealParameters, anneal, frame_steps
from atomsim.errors import IllPosedFit, InputError
from atomsim.quench import Glass, QuenchParameters, make_glass

TIMES = np.geomspace(0.1, 200, 16)


def test_frames_of_an_anneal_are_logarithmic() -> None:
    steps = frame_steps(AnnealParameters(0.3, 100.0, time_step=0.01, first_time=0.1, per_decade=2))
    assert steps.tolist() == [10, 32, 100, 316, 1000, 3162, 10000]
    assert frame_steps(AnnealParameters(0.3, 0.3, time_step=0.1, first_time=0.1, per_decade=3)).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"temperature": 0.0}, "temperature = 0"),
        ({"time": np.nan}, "time = nan"),
        ({"first_time": 9.0}, "must lie before the end"),
        ({"per_decade": 0}, "per_decade"),
    ],
)
def test_wrong_protocols_of_an_anneal_are_refused(changes: dict[str, float], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        frame_steps(AnnealParameters(**({"temperature": 0.3, "time": 5.0} | changes)))


@pytest.fixture(scope="module")
def quick_glass() -> Glass:
    parameters = QuenchParameters("lerner-binary", 100, density=0.82, temperature=1.0, melt_time=2.0)
    return make_glass(parameters, np.random.default_rng(3))


def test_annealed_frames_are_minima_that_continue_the_glass(quick_glass: Glass) -> None:
    parameters = AnnealParameters(0.5, 4.0, first_time=0.2, per_decade=3)
    found = anneal(quick_glass, parameters, np.random.default_rng(1))
    assert found.time_t[0] == 0 and found.time_t[-1] == pytest.approx(4.0)
    assert np.array_equal(found.positions_tnc[0], quick_glass.positions_nc)
    assert found.energy_t[0] == quick_glass.energy
    interaction = quick_glass.interaction()
    for k, positions_nc in enumerate(found.positions_tnc):
        energy, forces_nc = interaction.energy_and_forces(positions_nc)
        assert np.abs(forces_nc).max() < 1e-9
        assert energy / 100 == pytest.approx(found.energy_t[k], rel=1e-12)
    steps = np.linalg.norm(np.diff(found.positions_tnc, axis=0), axis=2)
    assert steps.max() < 0.5 * quick_glass.cell_cc[0, 0]  # no atom is put into another image
    assert found.kinetic_temperature == pytest.approx(0.5, abs=0.1)
    again = anneal(quick_glass, parameters, np.random.default_rng(1))
    assert np.array_equal(again.positions_tnc, found.positions_tnc)
    other = anneal(quick_glass, parameters, np.random.default_rng(2))
    assert not np.array_equal(other.positions_tnc[-1], found.positions_tnc[-1])


def test_nothing_relaxes_close_to_zero_temperature(quick_glass: Glass) -> None:
    found = anneal(quick_glass, AnnealParameters(1e-6, 1.0, per_decade=1), np.random.default_rng(1))
    assert found.positions_tnc[-1] == pytest.approx(quick_glass.positions_nc, abs=1e-6)


@pytest.mark.parametrize("nu", [0.03, 1.0, 2.0, 3.7, 300.0])
@pytest.mark.parametrize("a", [1 / 300, 1.0, 300.0])
def test_quick_order_parameter_agrees_with_the_integral(nu: float, a: float) -> None:
    for time_t, gamma in ((TIMES, 0.02), (np.geomspace(1e-3, 1e5, 9), 1.0)):
        rates = theory_rates(gamma, a, nu)
        assert quick_order_parameter(time_t, rates) == pytest.approx(order_parameter(time_t, rates), abs=1e-11)


def test_theory_shape_is_the_order_parameter() -> None:
    rates = theory_rates(0.05, 3.0, 2.0)
    assert rates.order == pytest.approx(2.0)
    z_0 = 2 * rates.coupling / rates.inversion_rate
    assert z_0**2 / (4 * rates.order) == pytest.approx(3.0)
    shape = THEORY.function(TIMES, np.log([0.05, 3.0, 2.0]))
    assert shape == pytest.approx(order_parameter(TIMES, rates), abs=1e-11)


@pytest.mark.parametrize("shape", NULL_SHAPES, ids=lambda shape: shape.name)
def test_each_law_starts_at_zero_and_is_found_in_its_own_data(shape: object) -> None:
    low, high = np.array(shape.bounds(np.log(0.1), np.log(200.0))).T
    p = low + 0.45 * (high - low)
    assert shape.function(np.array([1e-12, 200.0]), p)[0] == pytest.approx(0, abs=1e-3)
    exact = -0.07 * shape.function(TIMES, p)
    fit = fit_shape(shape, TIMES, exact, np.full(16, 1e-4))
    assert fit.chi2 < 1e-3 and fit.fitted_t == pytest.approx(exact, abs=1e-5)
    assert fit.aic == pytest.approx(fit.chi2 + 2 * (len(p) + 1))


def noisy(p: list[float], rng: np.random.Generator, sigma: float = 0.003) -> np.ndarray:
    return -0.1 * THEORY.function(TIMES, np.log(p)) + rng.normal(0, sigma, (8, 16))


def test_fit_recovers_the_parameters_of_the_theory() -> None:
    rng = np.random.default_rng(1)
    found = fit_theory(TIMES, noisy([0.05, 8.0, 3.0], rng, 0.0005), rng, resamples=12)
    assert found.fit.log_value_p[0] == pytest.approx(np.log(0.05), abs=5 * found.log_error_p[0] + 0.05)
    assert found.fit.log_value_p[1] == pytest.approx(np.log(8.0), abs=5 * found.log_error_p[1] + 0.1)
    assert found.fit.amplitude == pytest.approx(-0.1, rel=0.05)
    assert np.all(found.profile_pk >= 0) and np.all(found.profile_pk[:, 4] == 0)
    assert np.min(found.profile_pk[:, [0, -1]]) >= FLAT and found.flat == ()
    assert np.diag(found.correlation_pp) == pytest.approx(np.ones(3))
    assert rate_of(found.fit) == pytest.approx(found.fit.values["gamma"])
    assert rate_of(found.of("stretched exponential")) == pytest.approx(
        1 / found.of("stretched exponential").values["tau"]
    )
    assert found.aic_differences["theory"] < found.aic_differences["logarithm"] - 10
    assert min(found.aic_differences.values()) == 0


def test_weak_coupling_leaves_the_inversion_rate_unknown() -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(IllPosedFit, match="do not fix") as caught:
        fit_theory(TIMES, noisy([0.05, 0.01, 1.0], rng, 0.01), rng, resamples=4)
    assert "nu" in caught.value.estimate.flat
    with pytest.raises(IllPosedFit, match="no change above the noise"):
        fit_theory(TIMES, rng.normal(0, 0.01, (8, 16)), rng, resamples=4)


def test_fits_without_scatter_or_glasses_are_refused() -> None:
    rng = np.random.default_rng(3)
    with pytest.raises(InputError, match="2 glasses"):
        fit_theory(TIMES, noisy([0.05, 1.0, 1.0], rng)[:2], rng)
    with pytest.raises(IllPosedFit, match="no scatter"):
        fit_theory(TIMES, np.zeros((4, 16)), rng)
    with pytest.raises(InputError, match="more than"):
        fit_shape(SHAPES[0], TIMES[:4], np.ones(4), np.ones(4))


def test_barrier_of_an_arrhenius_law_is_recovered() -> None:
    rng = np.random.default_rng(4)
    temperature_T = np.array([0.2, 0.3, 0.4, 0.5])
    exact = 3.0 * np.exp(-0.7 / temperature_T)
    found = barrier_of_rates("x", temperature_T, exact, np.full(4, 0.1))
    assert found.barrier == pytest.approx(0.7) and found.verdict == "differs from no barrier"
    drawn = [
        barrier_of_rates("x", temperature_T, exact * np.exp(rng.normal(0, 0.1, 4)), np.full(4, 0.1)) for _ in range(300)
    ]
    scatter = np.std([one.barrier for one in drawn])
    assert found.error == pytest.approx(scatter, rel=0.15)
    flat = barrier_of_rates("x", temperature_T, np.full(4, 2.0), np.full(4, 0.1))
    assert flat.barrier == pytest.approx(0, abs=1e-12) and flat.verdict == "agrees with no barrier"
    assert "cannot tell" in barrier_of_rates("x", temperature_T, np.full(4, 2.0), np.full(4, 2.0)).verdict
    alone = barrier_of_rates("x", temperature_T, np.array([1.0, np.nan, np.nan, np.nan]), np.full(4, 0.1))
    assert np.isnan(alone.barrier) and "fewer than two" in alone.verdict


STUDY = """
[study]
seed = 7
[glass]
potential = "lerner-binary"
sizes = [100]
samples = [3]
melt_time = 1.0
[anneal]
temperatures = [0.3, 0.9]
time = 1.6
first_time = 0.2
per_decade = 5
resamples = 10
window = [8.5, 14.0]
"""


def study(folder: Path, text: str = STUDY) -> AnnealStudy:
    (folder / "study.toml").write_text(text)
    return load_anneal_study(folder / "study.toml")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AnnealSummary]:
    folder = tmp_path_factory.mktemp("anneal")
    return folder / "out", run_annealing(study(folder), folder / "out")


def test_study_keeps_results_summary_and_figures(finished: tuple[Path, AnnealSummary]) -> None:
    folder, found = finished
    document = json.loads((folder / SUMMARY).read_text())
    assert document["glasses"] == 3 and len(document["temperatures"]) == 2
    assert document["temperatures"][0]["relaxation_parameter"]["value"][0] == 0
    assert set(document["temperatures"][0]["relaxation_parameter"]) == {"value", "error", "noise_bias", "resolved"}
    for stem in ("relaxation_parameter", "order", "structure_factor", "motion", "rates"):
        assert (folder / f"{stem}.svg").read_text().startswith("<svg")
        assert (folder / f"{stem}.csv").read_text().startswith("curve,")
    again = open_annealing(folder)
    assert np.array_equal(again.ensembles[1].relaxation.value_t, found.ensembles[1].relaxation.value_t)
    cold, hot = (one.series["mean_square_displacement"].mean_t for one in found.ensembles)
    assert cold[0] == hot[0] == 0 and hot[-1] > 2 * cold[-1] > 0


def test_annealing_folder_is_no_study_of_soft_modes(finished: tuple[Path, AnnealSummary]) -> None:
    with pytest.raises(InputError, match="results of an annealing study"):
        open_study(finished[0])


def test_resumed_study_gives_the_same_numbers(finished: tuple[Path, AnnealSummary], tmp_path: Path) -> None:
    folder, found = finished
    for path in (folder / "cache").glob("anneal_T0.9*"):
        path.unlink()
        break
    for path in (folder / "cache").glob("summary*"):
        path.unlink()
    (folder.parent / "study.toml").write_text(STUDY)
    again = run_annealing(load_anneal_study(folder.parent / "study.toml"), folder)
    for mine, theirs in zip(found.ensembles, again.ensembles, strict=True):
        assert np.array_equal(mine.relaxation.value_t, theirs.relaxation.value_t)
        assert np.array_equal(mine.series["alpha_1"].value_gt, theirs.series["alpha_1"].value_gt)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("first_time", "frist_time", r"line 12: unknown key 'anneal.frist_time'; did you mean 'anneal.first_time'"),
        ("temperatures = [0.3, 0.9]", "temperatures = [0.3, 0.3]", "each temperature may appear once"),
        ("samples = [3]", "samples = [1]", "2 glasses at least"),
        ("sizes = [100]", "sizes = [120, 200]", "one size"),
        ("lerner-binary", "laird-schober", "two species|cut-off"),
        ("time = 1.6", "time = -1", "must be greater than 0"),
        ("first_time = 0.2", "first_time = 3.0", "before the end"),
        ("time = 1.6\n", "", "anneal.time is missing"),
    ],
)
def test_wrong_study_files_are_explained(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in STUDY
    with pytest.raises(InputError, match=complaint):
        study(tmp_path, STUDY.replace(old, new, 1))
