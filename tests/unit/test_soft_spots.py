"""Soft spots: clusters of cores and atoms, predictions for a structure, stages of a study, the verb, the figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from tiny_study import tiny_ensembles, tiny_study
from verbs import Command, command_line

from analysis.commands import soft_spots as verb
from analysis.learning.clusters import connected_atoms, core_overlap, group_modes, periodic_centre
from analysis.learning.features import NAMES
from analysis.learning.learn import LearningSummary, learn
from analysis.learning.parameters import LearningParameters
from analysis.learning.softness import AtomTable, atom_table, soft_atoms, softness, true_softness
from analysis.learning.spots import SoftSpots, predict_spots
from analysis.learning_config import LearningSection, check_learning
from analysis.plotting import learning as figures
from analysis.plotting.style import as_svg
from analysis.report.learning_figures import learning_figures
from analysis.report.learning_headlines import LEARNING_HEADLINES
from analysis.report.learning_limits import learning_limits
from analysis.soft_modes import Selection
from analysis.study import learning_tables
from analysis.study.learning_stages import StudyLearning, learning_stages
from analysis.study.learning_tables import open_tables
from atomsim import store
from atomsim.errors import IllPosedFit, InputError
from atomsim.formats import write_glass
from atomsim.quench import Glass

QUICK = LearningParameters(soft_share=0.15, folds=3, trees=8, smallest_leaf=15, learning_rate=0.3, repeats=1)


@pytest.fixture(scope="module")
def glasses() -> list[Glass]:
    return [glass for e in tiny_ensembles() for glass in e.glasses]


@pytest.fixture(scope="module")
def tables() -> tuple[AtomTable, ...]:
    pairs = [pair for e in tiny_ensembles() for pair in zip(e.glasses, e.soft_modes, strict=True)]
    return tuple(atom_table(glass, soft) for glass, soft in pairs)


@pytest.fixture(scope="module")
def summary(tables: tuple[AtomTable, ...]) -> LearningSummary:
    return learn(tables, QUICK, np.random.default_rng(0))


@pytest.fixture(scope="module")
def prediction(tables: tuple[AtomTable, ...], glasses: list[Glass]) -> SoftSpots:
    return predict_spots(glasses[0], tables, QUICK).with_truth(tables[0].softness_n)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tables: Any) -> Command:
    """Run the verb in this process on a study that is not in a folder: exit status, output, standard error."""
    study = SimpleNamespace(configuration={"glass": {"potential": tables[0].model}})
    monkeypatch.setattr(learning_tables, "open_tables", lambda folder, progress: (study, tables, Selection(count=6)))
    return command_line(capsys, "soft-spots")


def modes_at(*places: tuple[int, int]) -> np.ndarray:
    """Modes of twelve atoms, each along one axis of one atom."""
    vectors = np.zeros((len(places), 12, 3))
    for row, (atom, axis) in zip(vectors, places, strict=True):
        row[atom, axis] = 1.0
    return vectors


def test_cores_overlap_by_atoms_whatever_the_direction() -> None:
    vectors = modes_at((0, 0), (0, 2), (5, 1))
    assert core_overlap(vectors) == pytest.approx(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]), abs=1e-12)
    vectors[2] = 0
    vectors[2, [0, 5, 7], 1] = np.sqrt([0.4, 0.35, 0.25])  # the core are the first two of them
    assert core_overlap(vectors)[0, 2] == pytest.approx(np.sqrt(0.4 / 0.75), rel=1e-12)


def test_modes_of_one_place_are_one_spot() -> None:
    vectors = modes_at((5, 0), (2, 0), (5, 2), (2, 1), (5, 1), (9, 0))
    assert group_modes(vectors).tolist() == [0, 1, 0, 1, 0, 2]
    assert group_modes(vectors[:1]).tolist() == [0] and group_modes(vectors[:0]).tolist() == []
    vectors[0] = 0
    vectors[0, [5, 2, 9], 0] = np.sqrt([0.4, 0.35, 0.25])  # a hybrid: its core are the first two places
    assert group_modes(vectors, least_overlap=0.9).tolist() == [0, 1, 2, 1, 2, 3]
    assert group_modes(vectors, least_overlap=0.7).tolist() == [0, 1, 0, 1, 0, 2]


def test_atoms_hang_together_through_the_faces_of_the_box(small_glass: Glass) -> None:
    edge = small_glass.cell_cc[0, 0]
    places = small_glass.positions_nc.copy()
    places[:5] = [[0.1, 1, 1], [edge - 0.9, 1, 1], [2.2, 1, 1], [3.3, 1, 1], [2.7, 4, 4]]
    moved = replace(small_glass, positions_nc=places)
    assert connected_atoms(moved, np.arange(5)).tolist() == [0, 0, 1, 1, 2]
    assert connected_atoms(moved, np.arange(0)).tolist() == []
    centre = periodic_centre(moved, np.array([0, 1]), np.array([0.5, 0.5]))
    assert centre == pytest.approx([edge - 0.4, 1, 1], abs=1e-9)


def test_tables_hold_what_the_soft_modes_say(tables: tuple[AtomTable, ...], glasses: list[Glass]) -> None:
    soft = tiny_ensembles()[0].soft_modes[0]
    assert tables[0].values_nf.shape == (80, len(NAMES)) and tables[0].n_modes == 6 >= tables[0].n_spots >= 1
    direct = sum((soft.vectors_mnc[m] ** 2).sum(axis=1) / soft.omega_m[m] ** 2 for m in range(6))
    assert tables[0].softness_n == pytest.approx(direct, rel=1e-12)
    found, count = true_softness(glasses[0], Selection(count=6))
    assert found == pytest.approx(tables[0].softness_n, rel=1e-6) and count == 6
    with pytest.raises(InputError, match="no mode is soft"):
        true_softness(glasses[0], Selection(phonon_fraction=1e-3))
    with pytest.raises(InputError, match="do not belong"):
        atom_table(glasses[3], soft)


def test_softness_weighs_with_masses_and_frequencies() -> None:
    vectors = modes_at((0, 0), (3, 1))
    found = softness(vectors, np.array([0.5, 2.0]), np.full(12, 4.0))
    assert found[[0, 3, 5]] == pytest.approx([1.0, 1 / 16, 0.0])


def test_prediction_leaves_out_the_structure_itself(
    tables: tuple[AtomTable, ...], glasses: list[Glass], prediction: SoftSpots
) -> None:
    assert (prediction.n_same, prediction.n_trained) == (1, 4)
    order = np.random.default_rng(2).permutation(80)
    columns = ("positions_nc", "species_n", "size_n", "mass_n")
    mixed = replace(glasses[0], **{name: getattr(glasses[0], name)[order] for name in columns})
    again = predict_spots(mixed, tables, QUICK)
    assert again.n_same == 1  # in any order of its atoms
    assert again.probability_n == pytest.approx(prediction.probability_n[order], abs=1e-6)
    without = predict_spots(glasses[0], tables[1:], QUICK)
    assert np.array_equal(without.probability_n, prediction.probability_n) and without.n_same == 0


def test_spots_are_the_most_probable_atoms_in_connected_groups(glasses: list[Glass], prediction: SoftSpots) -> None:
    atoms = np.concatenate([spot.atoms for spot in prediction.spots])
    assert sorted(atoms) == np.flatnonzero(soft_atoms(prediction.score_n, 0.15)).tolist()
    assert all(np.ptp(connected_atoms(glasses[0], spot.atoms)) == 0 for spot in prediction.spots)
    expected = [spot.expected for spot in prediction.spots]
    assert expected == sorted(expected, reverse=True)
    assert expected[0] == pytest.approx(prediction.probability_n[prediction.spots[0].atoms].sum())
    label = soft_atoms(prediction.softness_n, 0.15)
    assert [spot.truly_soft for spot in prediction.spots] == [int(label[spot.atoms].sum()) for spot in prediction.spots]
    assert prediction.scores is not None and 0 <= prediction.scores.auc.value <= 1


def test_prediction_refuses_another_potential_and_sees_another_kind(
    tables: tuple[AtomTable, ...], glasses: list[Glass], small_glass: Glass
) -> None:
    with pytest.raises(InputError, match="say nothing about another"):
        predict_spots(small_glass, tables, QUICK)
    with pytest.raises(IllPosedFit, match="at least 4"):
        predict_spots(glasses[0], tables[:4], QUICK)
    shifted = [replace(t, values_nf=t.values_nf + 10.0) for t in tables]
    found = predict_spots(glasses[0], shifted, QUICK)
    assert found.strange_share == 1.0 and found.extrapolates
    assert any("beyond the range" in line for line in verb.remarks(found))


def test_verb_reports_how_well_glasses_predict_each_other(command: Command, tmp_path: Path) -> None:
    figure = tmp_path / "learning.svg"
    status, out, _ = command(tmp_path, "--json", "--folds", "2", "--figure", figure)
    document = json.loads(out)
    assert status == 0 and figure.read_text().startswith("<svg")
    assert document["n_glasses"] == 5 and document["folds"] == 2 and document["soft_share"] == 0.1
    assert set(document["methods"]) == {"boosted trees", "linear", "single feature", "better of both"}
    assert {"value", "error", "unit"} <= set(document["methods"]["linear"]["auc"])
    assert sorted(f for one in document["importance"] for f in one["features"]) == sorted(NAMES)
    assert set(document["each_feature_alone"]) == set(NAMES)


def test_verb_predicts_the_spots_of_a_structure(command: Command, tmp_path: Path, glasses: list[Glass]) -> None:
    write_glass(tmp_path / "glass.h5", glasses[1])
    arguments = (tmp_path / "glass.h5", "--train", tmp_path)
    status, out, err = command(*arguments, "--json", "--check", "--figure", tmp_path / "spots.png")
    document = json.loads(out)
    assert status == 0 and "1 left out of training" in err and (tmp_path / "spots.png").stat().st_size > 10_000
    assert len(document["probability"]) == 80 and document["check"]["n_modes"] == 6
    assert sum(spot["soft_atoms"] for spot in document["spots"]) <= 8
    status, out, _ = command(*arguments)
    assert status == 0 and "expected soft" in out and "truly soft" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("glass.h5",), "needs --train DIR"),
        ((".", "--check"), "is a folder"),
        ((".", "--share", "0.9"), "soft_share = 0.9"),
        ((".", "--seed", "-1"), "--seed -1"),
        ((".", "--figure", "a.pdf"), "expected a file .svg or .png"),
    ],
)
def test_verb_refuses_what_makes_no_sense(command: Command, arguments: tuple[str, ...], message: str) -> None:
    status, out, err = command(*arguments)
    assert status == 2 and out == "" and message in " ".join(err.split())


def test_stages_keep_tables_and_learn(tables: tuple[AtomTable, ...], tmp_path: Path) -> None:
    section = LearningSection(soft_share=0.15, folds=3, trees=8, smallest_leaf=15, learning_rate=0.3, repeats=1)
    config = cast(Any, SimpleNamespace(learning=section))
    structure, learning = learning_stages(config)
    assert learning_stages(cast(Any, SimpleNamespace(learning=None))) == ()
    assert (structure.name, structure.needs, learning.needs) == (
        "local_structure", ("glass", "soft_modes"), ("local_structure",)
    )  # fmt: skip
    e, rng = tiny_ensembles()[0], np.random.default_rng(0)
    table = structure.compute({}, {"glass": (e.glasses[0],), "soft_modes": (e.soft_modes[0],)}, rng)
    assert np.array_equal(table.values_nf, tables[0].values_nf)
    store.write_result(tmp_path / "table.h5", table)
    assert store.read_result(tmp_path / "table.h5", AtomTable).names == NAMES
    result = learning.compute(learning.parameters(config), {"local_structure": tables}, rng)
    assert result.summary.n_glasses == 5 and result.note == ""
    few = learning.compute(learning.parameters(config), {"local_structure": tables[:3]}, rng)
    store.write_result(tmp_path / "few.h5", few)
    kept = store.read_result(tmp_path / "few.h5", StudyLearning)
    assert kept.summary is few.summary is None and kept.note == few.note and "3 of 3 glasses" in few.note
    cost = learning.cost(learning.parameters(config), [500] * 20)
    assert 1 < cost.seconds < learning.cost(learning.parameters(config), [1000] * 40).seconds
    assert structure.cost({}, (1000,)).seconds > structure.cost({}, (100,)).seconds


def test_section_refuses_what_cannot_be_learned() -> None:
    assert LearningSection().parameters() == LearningParameters()
    with pytest.raises(InputError, match=r"at least 4 glasses.*makes 3"):
        check_learning(3)
    with pytest.raises(ValueError, match="soft_share"):
        LearningSection(soft_share=0.8)


def test_tables_of_a_finished_study_are_measured_or_read(alloy_folder: Path) -> None:
    counted: list[tuple[int, int]] = []
    study, found, selection = open_tables(alloy_folder, progress=lambda done, total: counted.append((done, total)))
    assert counted == [(1, 3), (2, 3), (3, 3)] and selection == Selection(count=8)
    e = study.ensembles[-1]
    assert np.array_equal(found[-1].values_nf, atom_table(e.glasses[-1], e.soft_modes[-1]).values_nf)
    assert {table.n_modes for table in found} == {8}


def test_pictures_show_what_their_tables_hold(
    summary: LearningSummary, prediction: SoftSpots, glasses: list[Glass]
) -> None:
    ax = figures.plot_reliability(summary)
    assert len(figures.table_reliability(summary).rows) == len(summary.calibration.count_b)
    assert ax.containers[0].lines[0].get_ydata() == pytest.approx(summary.calibration.observed_b)
    bars = figures.plot_importance(summary).patches
    assert bars[-1].get_width() == summary.importance[0].fall.value
    assert len(figures.table_importance(summary).rows) == len(summary.importance)
    lines = figures.plot_ranking(summary).lines
    assert len(lines) == 4 and lines[1].get_ydata() == pytest.approx(summary.methods[1].true_positive_x)
    assert len(figures.table_ranking(summary).rows) == 8 * 101
    assert len(figures.plot_single_features(summary).get_yticks()) == figures.MOST_SINGLE
    assert len(figures.table_single_features(summary).rows) == len(NAMES)
    assert len(figures.figure_learning(summary).axes) == 4
    table = figures.table_spots(glasses[0], prediction)
    assert len(table.rows) == 80 and sum(row[5] >= 0 for row in table.rows) == 12
    assert as_svg(figures.figure_spots(glasses[0], prediction)).startswith("<svg")
    unknown = replace(prediction, softness_n=None, scores=None)
    assert len(figures.figure_spots(glasses[0], unknown).axes) == 2  # the box and its scale of colours
    with pytest.raises(InputError, match="was not computed"):
        figures.plot_check(unknown)


def test_report_tells_what_was_learned(summary: LearningSummary) -> None:
    study = tiny_study()
    told = cast(Any, SimpleNamespace(learning=StudyLearning(summary), configuration=study.configuration))
    assert {figure.section for figure in learning_figures(told)} == {"learning"}
    values = {h.key: h.of_study(told) for h in LEARNING_HEADLINES if h.of_study is not None}
    assert values["auc"] == summary.method("better of both").auc and values["gain"] == summary.gain
    assert any("soft modes" in line for line in learning_limits(told))
    nothing = cast(Any, SimpleNamespace(learning=StudyLearning(None, "too few"), configuration=study.configuration))
    assert list(learning_figures(nothing)) == [] and learning_limits(nothing) == ("nothing was learned: too few",)
    assert all(np.isnan(h.of_study(nothing).value) for h in LEARNING_HEADLINES if h.of_study is not None)
    absent = cast(Any, SimpleNamespace(learning=None))
    assert list(learning_figures(absent)) == [] and learning_limits(absent) == ()
    assert all(h.of_study(absent) is None for h in LEARNING_HEADLINES if h.of_study is not None)
