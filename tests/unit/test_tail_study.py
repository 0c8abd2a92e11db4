"""Studies with partial spectra and a table of the tail: keys, what is left out, report, verb."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from verbs import Command, command_line

from analysis.commands import tail as cli_tail
from analysis.config import StudyConfig, load_study
from analysis.modes import density_of_states, full_spectrum, lowest_modes
from analysis.plotting.tail import (
    NamedTail,
    figure_distributions,
    figure_tail,
    plot_amplitudes,
    plot_distribution,
    shown_tails,
    table_distributions,
    table_tail,
)
from analysis.report.figures import draw_figures
from analysis.report.headlines import headline_values
from analysis.report.limits import limits_of
from analysis.report.sections import sections_of
from analysis.report.tail_figures import tail_figures
from analysis.study import open_study, run_study
from analysis.study.plan import ORIGIN, make_plan
from analysis.study.results import WholeStudy
from analysis.study.stages import stages_of
from analysis.validation import study_comparisons
from analysis.validation.tail_study import tail_comparisons
from analysis.vibrations import vibration_summary
from atomsim.errors import IncompleteSpectrum, InputError, UntrustedNumber
from atomsim.results import Estimate

LOWEST = 20
STUDY = f"""
[study]
name = "tail"
seed = 11

[glass]
potential = "lerner-binary"
sizes = [64, 80]
samples = [5, 4]
temperature = 2.0
melt_time = 0.3

[modes]
lowest = {LOWEST}
keep_vectors = 20

[soft_modes]
fraction = 1.0

[soft_potential]
resamples = 20

[thermal]
temperatures = [1.0, 10.0]

[tail]
fraction = 0.9
resamples = 30
"""


def config(tmp_path: Path, *overrides: str, text: str = STUDY) -> StudyConfig:
    path = tmp_path / "study.toml"
    path.write_text(text)
    return load_study(path, overrides)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tail")
    run_study(config(path), path / "out")
    return path / "out"


@pytest.fixture(scope="module")
def study(folder: Path) -> WholeStudy:
    return open_study(folder)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the verb in this process: exit status, standard output, standard error."""
    return command_line(capsys, "tail")


def test_keys_of_whole_spectra_know_nothing_of_partial_ones(tmp_path: Path) -> None:
    text = STUDY.replace(f"lowest = {LOWEST}\n", "").partition("[tail]")[0]
    whole, partial = config(tmp_path, text=text), config(tmp_path)
    stages = {stage.name: stage for stage in stages_of(whole)}
    assert "tail" not in stages
    assert stages["modes"].parameters(whole) == {"keep_vectors": 20}
    keys = {task.place: task.key for task in make_plan(whole, stages_of(whole))}
    others = {task.place: task.key for task in make_plan(partial, stages_of(partial))}
    same = {place.partition("/")[0] for place in keys if keys[place] == others[place]}
    assert same == {"glass", "elasticity", "structure", "sound"}
    assert set(others) - set(keys) == {"tail"}


def test_tables_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than a quarter of the 189 vibrations of 64 atoms"):
        config(tmp_path, "modes.lowest=48")
    with pytest.raises(InputError, match=r"soft_modes\.count = 30 of the modes\.lowest = 20"):
        config(tmp_path, "soft_modes.count=30")
    with pytest.raises(InputError, match=r"tail\.fraction"):
        config(tmp_path, "tail.fraction=0")


def test_partial_spectra_are_forecast_cheaper(tmp_path: Path) -> None:
    tasks = make_plan(config(tmp_path), stages_of(config(tmp_path)))
    task, *_ = (task for task in tasks if task.stage.name == "modes")
    stage, glass = task.stage, {ORIGIN: task.origin.parameters}
    some, all_of_them = {"keep_vectors": 20, "lowest": LOWEST, **glass}, {"keep_vectors": 20, **glass}
    assert stage.cost(some, [4000]).seconds < stage.cost(all_of_them, [4000]).seconds / 20
    assert stage.cost(some, [4000]).memory < stage.cost(all_of_them, [4000]).memory


def test_summary_of_lowest_modes_is_that_of_whole_spectra_below_their_end(study: WholeStudy) -> None:
    glasses = study.ensembles[0].glasses
    whole = [full_spectrum(glass, keep_vectors=0) for glass in glasses]
    part = [lowest_modes(glass, LOWEST + 3) for glass in glasses]
    summary = vibration_summary(part, bins=12)
    assert not summary.complete
    assert np.isnan(summary.participation_ratio.value)
    assert "only the lowest" in summary.highest_frequency.note
    assert summary.rms_frequency.value == pytest.approx(vibration_summary(whole).rms_frequency.value)
    edges = summary.density.edges_w
    counts = [np.histogram(modes.omega_m[3:], edges)[0] / len(modes.omega_m[3:]) for modes in whole]
    inside = edges[1:] < edges[-1]  # the highest mode lies on the last edge, to round-off
    assert summary.density.density_w[inside] == pytest.approx((np.mean(counts, axis=0) / np.diff(edges))[inside])
    with pytest.raises(IncompleteSpectrum, match="1 of 2 spectra are whole"):
        vibration_summary([whole[0], part[0]])
    with pytest.raises(IncompleteSpectrum, match="no certificate"):
        vibration_summary([replace(part[0], certified_complete=False)])
    with pytest.raises(InputError, match="a full one is needed"):
        density_of_states(part)


def test_study_with_partial_spectra_says_what_it_leaves_out(study: WholeStudy) -> None:
    assert all(not e.vibrations.complete for e in study.ensembles)
    assert [len(e.vibrations.omega_m) for e in study.ensembles] == [5 * LOWEST, 4 * LOWEST]
    with pytest.raises(InputError, match=r"modes\.lowest"):
        study.largest.vibrations.whole_spectrum("this")
    assert np.isnan(study.thermal.harmonic_T).all()
    assert np.isfinite(study.thermal.debye_T).all()
    limits = " ".join(limits_of(study))
    assert "only the lowest vibrations were computed" in limits
    assert "No harmonic specific heat" in limits
    figures = {figure.name: figure for figure in draw_figures(study)}
    assert "density_of_states" not in figures
    assert {"tail", "distributions"} < set(figures)
    assert figures["participation"].caption.startswith("Left: the lowest vibrations of every glass")
    names = [row.name for row in study_comparisons(study)]
    assert any("Weibull shape" in name for name in names)
    assert not any("root mean square frequency" in name or "Debye frequency" in name for name in names)


def test_soft_modes_beyond_the_lowest_vibrations_are_refused(tmp_path: Path, folder: Path) -> None:
    wide = config(tmp_path, "soft_modes.fraction=3")
    (stage,) = (stage for stage in stages_of(wide) if stage.name == "soft_modes")
    ensemble = open_study(folder).ensembles[0]
    glass = ensemble.glasses[0]
    inputs = {"glass": (glass,), "elasticity": (ensemble.elasticities[0],), "modes": (lowest_modes(glass, LOWEST + 3),)}
    with pytest.raises(IncompleteSpectrum, match=r"raise modes\.lowest or lower soft_modes\.fraction"):
        stage.compute(stage.parameters(wide), inputs, np.random.default_rng(0))


def test_tail_of_a_study_is_counted_from_its_vibrations(study: WholeStudy) -> None:
    assert study.tail is not None
    for ensemble, tail in zip(study.ensembles, study.tail.statistics.sizes, strict=True):
        v = ensemble.vibrations
        phonon = np.mean([e.lowest_phonon_frequency for e in ensemble.elasticities])
        assert tail.edge == pytest.approx(0.9 * phonon)
        assert tail.n_modes == np.sum(v.omega_m < tail.edge)
        lowest = [v.omega_m[v.glass_m == g].min() for g in range(len(ensemble.glasses))]
        assert tail.minimum_g == pytest.approx(lowest)
        assert tail.amplitudes.counting.value == pytest.approx(
            5 * tail.n_modes / (3 * ensemble.n_atoms * tail.n_glasses * tail.edge**5)
        )
    energies = [g.parent_energy for e in study.ensembles for g in e.glasses]
    assert study.tail.parent_energy.value == pytest.approx(np.mean(energies))


def test_report_shows_the_tail(study: WholeStudy) -> None:
    assert sections_of(study)[-1].anchor == "tail"
    assert "tail" not in [section.anchor for section in sections_of(replace(study, tail=None))]
    values = {value.key: value.estimate for value in headline_values(study) if value.stage == "tail"}
    assert study.tail is not None
    assert values["tail_exponent_N64"] == study.tail.statistics.sizes[0].exponent
    assert "mean_minimum_N80" in values
    assert values["parent_energy"] == study.tail.parent_energy
    assert [v for v in headline_values(replace(study, tail=None)) if v.stage == "tail"] == []
    figures = {figure.name: figure for figure in tail_figures(study)}
    assert set(figures) == {"tail", "distributions"}
    assert figures["tail"].table.as_csv().count("lowest omega [sqrt(epsilon/m)/sigma] against glass") == 9
    rows = [row for row in tail_comparisons(study) if "Weibull shape of the lowest" in row.name]
    assert len(rows) == 4
    assert rows[0].predicted == 5.0
    without = replace(study, tail=replace(study.tail, distributions=None))
    assert [figure.name for figure in tail_figures(without)] == ["tail"]
    assert not any("Kendall" in row.name for row in tail_comparisons(without))
    verdicts = {}
    for least in (1e-3, 1e3):
        bound = replace(study.tail.spread, least_t=Estimate(least, 0.01 * least, "1"))
        (row,) = (
            r for r in tail_comparisons(replace(study, tail=replace(study.tail, spread=bound))) if " t of" in r.name
        )
        verdicts[least] = row.verdict
    assert verdicts == {1e-3: "agrees", 1e3: "cannot tell"}  # a scale that the window cuts refutes no lower bound
    assert not list(tail_figures(replace(study, tail=None)))
    assert not tail_comparisons(replace(study, tail=None))


def test_figures_of_the_tail_draw_what_their_tables_hold(study: WholeStudy) -> None:
    assert study.tail is not None
    one, two = NamedTail("slow", study.tail), NamedTail("fast", study.tail)
    assert [name for name, _ in shown_tails([one])] == ["N = 64", "N = 80"]
    assert [name for name, _ in shown_tails([one, two])] == ["slow, N = 64", "fast, N = 64"]
    assert len(figure_tail([one]).axes) == 4
    assert len(figure_tail([one, two]).axes) == 6
    labels = [text.get_text() for text in plot_amplitudes([one, two]).get_legend().get_texts()]
    assert {"slow, N = 64", "number of vibrations", "Weibull scale"} <= set(labels)
    assert len(figure_distributions([one, two]).axes) == 6
    found = study.tail.distributions
    assert found is not None
    numbers = found.of("N_k")
    wide = replace(numbers, edges_x=np.geomspace(9.0, 150.0, len(numbers.edges_x)))
    ax = plot_distribution([("slow", wide)])
    ax.figure.canvas.draw()
    told = [label.get_text() for label in ax.get_xticklabels()]
    assert {"10", "20", "50", "100"} <= set(told)  # not as powers of ten, which have no room beside each other
    line = plot_distribution([("slow", found.of("W"))]).lines[0]
    table = table_distributions([one])
    drawn = [row[4] for row in table.rows if row[1] == "W [epsilon]"]
    assert np.asarray(line.get_ydata()) == pytest.approx(drawn)
    rows = [row for row in table_tail([one]).rows if row[2].startswith("exponent [1]")]
    assert [row[4] for row in rows] == [size.exponent.value for size in study.tail.statistics.sizes]


def test_verb_prints_the_tails_of_studies(folder: Path, study: WholeStudy, command: Command, tmp_path: Path) -> None:
    status, out, _ = command(folder, "--against", folder, "--figure", tmp_path / "t.svg",
                             "--distributions", tmp_path / "d.png")  # fmt: skip
    assert status == 0
    assert out.count("out: medians eta") == 2
    assert "at once" in out
    assert (tmp_path / "t.svg").read_text().startswith("<svg")
    assert (tmp_path / "d.png").stat().st_size > 10_000
    status, out, _ = command(folder, "--json")
    (document,) = json.loads(out)["studies"]
    assert status == 0
    assert study.tail is not None
    size = study.tail.statistics.sizes[0]
    assert document["statistics"]["sizes"][0]["exponent"] == size.exponent.as_dict()
    assert document["glass"]["temperature"] == 2.0
    assert document["parent_energy"]["value"] == study.tail.parent_energy.value


def test_verb_computes_what_a_study_has_not_kept(folder: Path, study: WholeStudy, command: Command) -> None:
    again = cli_tail.tail_of_study(replace(study, tail=None))
    assert study.tail is not None
    for mine, kept in zip(again.statistics.sizes, study.tail.statistics.sizes, strict=True):
        assert mine.exponent == kept.exponent  # the same draws as the stage
        assert mine.weibull.shape.value == kept.weibull.shape.value
    status, out, _ = command(folder, "--fraction", 0.7, "--resamples", 20, "--json")
    assert status == 0
    assert json.loads(out)["studies"][0]["statistics"]["fraction"] == 0.7


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("--fraction", 0), "above 0 and at most 1.5", 2),
        (("--fraction", 1.6), "above 0 and at most 1.5", 2),
        (("--resamples", 1), "expected two at least", 2),
        (("--figure", "t.pdf"), ".svg or .png", 2),
        (("--fraction", 1.5), "compute more", 1),
    ],
)
def test_mistakes_in_the_verb_are_explained(
    folder: Path, command: Command, arguments: tuple[object, ...], message: str, code: int
) -> None:
    status, _, err = command(folder, *arguments)
    assert message in " ".join(err.split())
    assert status == code
    assert issubclass(IncompleteSpectrum, UntrustedNumber)


def test_studies_of_different_models_are_not_compared(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import analysis.study

    first = open_study(folder)
    other = replace(first, configuration={**first.configuration, "glass": {"potential": "laird-schober"}})
    opened = iter([first, other])
    monkeypatch.setattr(analysis.study, "open_study", lambda path: next(opened))
    status, _, err = command(folder, "--against", folder)
    assert status == 2
    assert "laird-schober" in err
