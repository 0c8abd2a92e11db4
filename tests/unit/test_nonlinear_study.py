"""Studies with tables of nonlinear modes and double wells: keys, pairs, summaries, report, rows of validate."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from plane_wells import HBAR, plane_wells

from analysis.config import StudyConfig, load_study
from analysis.modes import Modes
from analysis.plotting.nonlinear_study import (
    PANELS,
    figure_well_distributions,
    plot_mean_decay,
    plot_well_distribution,
    table_mean_decay,
    table_wells,
)
from analysis.report import figures
from analysis.report.headlines import headline_values
from analysis.report.limits import limits_of
from analysis.report.nonlinear_figures import nonlinear_figures
from analysis.report.sections import sections_of
from analysis.soft_modes.barrier_comparison import FEWEST_PAIRS, compare_barriers
from analysis.soft_modes.directions import Directions
from analysis.soft_modes.double_wells import DoubleWells
from analysis.soft_modes.nonlinear import NonlinearModes
from analysis.soft_modes.well_pairs import WellPairs, confirmed_pairs, find_well_pairs
from analysis.study import open_study, run_study
from analysis.study.plan import make_plan
from analysis.study.results import WholeStudy
from analysis.study.stages import stages_of
from analysis.study.study_nonlinear import over_glasses, study_nonlinear
from analysis.study.study_wells import StudyWells, study_wells
from analysis.validation import study_comparisons
from analysis.validation.nonlinear_study import nonlinear_comparisons
from atomsim.certificate import LARGEST_FORCE, certify
from atomsim.errors import InputError
from atomsim.quench import Glass

TABLES = """
[nonlinear_modes]
kinds = ["pseudo-harmonic", "cubic"]
vibrations = 3
bonds = 3
resamples = 20

[double_wells]
confirm = "all"
splitting = 0.5
resamples = 20
"""
STUDY = """
[study]
name = "wells"
seed = 4

[glass]
potential = "lerner-binary"
sizes = [64]
samples = 2
temperature = 2.0
melt_time = 0.3

[modes]
keep_vectors = 30

[soft_potential]
resamples = 20

[thermal]
temperatures = [1.0, 10.0]
"""


def config(tmp_path: Path, *overrides: str, text: str = STUDY + TABLES) -> StudyConfig:
    path = tmp_path / "study.toml"
    path.write_text(text)
    return load_study(path, overrides)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> WholeStudy:
    """The first of a few studies in which a pair came to light; nearly always the first of all."""
    for seed in range(4, 8):
        path = tmp_path_factory.mktemp("wells")
        run_study(config(path, f"study.seed={seed}"), path / "out")
        found = open_study(path / "out")
        if found.wells is not None and len(found.wells):
            return found
    raise AssertionError("no study has a pair of minima")


@pytest.fixture(scope="module")
def plane_modes() -> Modes:
    return plane_wells().modes


@pytest.fixture(scope="module")
def pairs(plane_glass: Glass, directions: Directions, plane_modes: Modes) -> WellPairs:
    return find_well_pairs(plane_glass, directions, plane_modes, hbar=HBAR)


def test_pairs_are_minima_on_both_sides_of_a_saddle(plane_glass: Glass, pairs: WellPairs) -> None:
    """Certificates of both points, energies recomputed, and one descent from each saddle in either direction."""
    assert len(pairs) >= 2
    assert len(pairs) + pairs.n_lost + pairs.n_repeated == pairs.n_directions
    interaction = plane_glass.interaction()
    base = interaction.terms(plane_glass.positions_nc).energy()
    for p in range(len(pairs)):
        second, saddle = (plane_glass.positions_nc + move[p] for move in (pairs.second_mnc, pairs.saddle_mnc))
        assert certify(interaction, second, plane_glass.mass_n).n_negative == 0
        at_saddle = certify(interaction, saddle, plane_glass.mass_n)
        assert at_saddle.n_negative == 1
        assert at_saddle.max_force <= LARGEST_FORCE
        assert pairs.barrier_m[p] == pytest.approx(interaction.terms(saddle).energy() - base, abs=1e-9)
        assert pairs.energy_difference_m[p] == pytest.approx(interaction.terms(second).energy() - base, abs=1e-9)
    assert np.all(pairs.barrier_m > np.maximum(pairs.energy_difference_m, 0))
    assert np.all(pairs.covered_share_m == pytest.approx(1))  # all vibrations of the glass are given


def test_followed_pairs_keep_their_barriers(plane_glass: Glass, directions: Directions, pairs: WellPairs) -> None:
    """The elastic band and the relaxed scan lead to the saddle that the climb has found."""
    followed = confirmed_pairs(plane_glass, directions, pairs, [1], hbar=HBAR)
    assert len(followed) == 1
    np.testing.assert_allclose(followed.barrier_m, pairs.barrier_m[1], rtol=1e-9)
    np.testing.assert_allclose(followed.participation_number_m, pairs.participation_number_m[1], rtol=1e-6)
    assert followed.band_disagreement < 1e-3
    assert len(confirmed_pairs(plane_glass, directions, pairs, [], hbar=HBAR)) == 0


def test_keys_without_the_tables_are_those_of_old(tmp_path: Path) -> None:
    plain, both = config(tmp_path, text=STUDY), config(tmp_path)
    keys = {task.place: task.key for task in make_plan(plain, stages_of(plain))}
    others = {task.place: task.key for task in make_plan(both, stages_of(both))}
    assert keys == {place: key for place, key in others.items() if place in keys}
    added = {place.partition("/")[0] for place in set(others) - set(keys)}
    assert added == {"nonlinear_modes", "nonlinear_summary", "double_wells", "well_summary"}
    assert not {"nonlinear_modes", "double_wells"} & set(plain.as_dict())


def test_the_limit_of_splittings_matters_to_glasses_where_close_pairs_are_followed(tmp_path: Path) -> None:
    def keys(confirm: str, splitting: float) -> set[str]:
        chosen = config(tmp_path, f'double_wells.confirm="{confirm}"', f"double_wells.splitting={splitting}")
        return {task.key for task in make_plan(chosen, stages_of(chosen)) if task.stage.name == "double_wells"}

    assert keys("all", 0.1) == keys("all", 0.2)
    assert keys("none", 0.1) == keys("none", 0.2)
    assert keys("close", 0.1).isdisjoint(keys("close", 0.2))


def test_tables_of_wells_that_cannot_be_are_refused(tmp_path: Path) -> None:
    alone = STUDY + TABLES[TABLES.index("[double_wells]") :]
    with pytest.raises(InputError, match=r"needs the table \[nonlinear_modes\]"):
        config(tmp_path, text=alone)
    config(tmp_path, 'double_wells.directions=["soft"]', text=alone)
    with pytest.raises(InputError, match="'cubic' among its kinds"):
        config(tmp_path, 'nonlinear_modes.kinds=["quartic"]')
    with pytest.raises(InputError, match=r"keeps the vectors of 2 vibrations; .* need 3"):
        config(tmp_path, "modes.keep_vectors=5")
    with pytest.raises(InputError, match="each kind may appear once"):
        config(tmp_path, 'nonlinear_modes.kinds=["cubic", "cubic"]')
    with pytest.raises(InputError, match="expected at least one start"):
        config(tmp_path, "nonlinear_modes.vibrations=0", "nonlinear_modes.bonds=0")
    with pytest.raises(InputError, match="each kind of direction may appear once"):
        config(tmp_path, 'double_wells.directions=["soft", "soft"]')


def test_more_work_is_forecast_to_take_longer(tmp_path: Path) -> None:
    def seconds(stage: str, *overrides: str) -> float:
        chosen = config(tmp_path, *overrides)
        task, *_ = (task for task in make_plan(chosen, stages_of(chosen)) if task.stage.name == stage)
        return task.cost.seconds

    assert seconds("nonlinear_modes", 'nonlinear_modes.kinds=["cubic"]') < 0.8 * seconds("nonlinear_modes")
    assert seconds("double_wells", 'double_wells.confirm="none"') < 0.8 * seconds("double_wells")
    both = seconds("double_wells", "double_wells.both_sides=true")
    assert both > 1.5 * seconds("double_wells")
    assert seconds("double_wells", 'double_wells.directions=["cubic", "soft"]') > seconds("double_wells")


def test_summary_of_modes_pools_those_of_the_glasses(plane_glass: Glass, cubic: NonlinearModes) -> None:
    none = dataclasses.replace(
        cubic, **{f.name: getattr(cubic, f.name)[:0] for f in dataclasses.fields(cubic) if "_m" in f.name}
    )
    glasses = [plane_glass] * 3
    (found,) = study_nonlinear(glasses, [[cubic], [none], [cubic]], np.random.default_rng(0), resamples=30).kinds
    count = len(cubic.stiffness_m)
    assert found.glass_p.tolist() == [0] * count + [2] * count
    assert found.per_glass.value == pytest.approx(2 * count / 3)
    assert found.harmonic_share.value == pytest.approx(np.median(cubic.harmonic_share_m))
    assert found.hybridised.value == pytest.approx(np.mean(cubic.hybridised_m))
    assert found.largest_residual == cubic.residual_m.max()
    assert np.all(found.low_s <= found.displacement_s)
    assert np.all(found.displacement_s <= found.high_s)
    assert found.displacement_s[0] > 2 * found.displacement_s[-1]
    (empty,) = study_nonlinear([plane_glass], [[none]], np.random.default_rng(0), resamples=30).kinds
    assert len(empty) == 0
    assert np.isnan(empty.largest_residual)
    assert "no glass" in empty.far_exponent.note


def test_error_over_glasses_is_that_of_their_means() -> None:
    """One value of each glass: the error of the mean; the same glass many times over adds nothing to it."""
    rng = np.random.default_rng(3)
    value_p, glass_p = rng.normal(size=40), np.arange(40)

    def mean(x: np.ndarray) -> float:
        return float(np.mean(x))

    once = over_glasses(value_p, glass_p, 40, mean, rng, 4000)
    assert once.error == pytest.approx(value_p.std(ddof=1) / np.sqrt(40), rel=0.05)
    often = over_glasses(np.tile(value_p, 5), np.tile(glass_p, 5), 40, mean, rng, 4000)
    assert often.error == pytest.approx(once.error, rel=0.05)


def test_numbers_of_one_glass_have_no_error_over_glasses() -> None:
    rng = np.random.default_rng(2)
    value_p = np.array([np.nan, 1.0, 2.0, 3.0])
    alone = over_glasses(value_p, np.array([0, 4, 4, 4]), 9, lambda x: float(np.median(x)), rng, 50)
    assert alone.value == 2.0
    assert np.isnan(alone.error)
    assert "one glass" in alone.note


def repeated(pairs: WellPairs, times: int, **changes: np.ndarray) -> list[WellPairs]:
    return [dataclasses.replace(pairs, **changes)] * times


def test_summary_of_pairs_counts_and_compares(pairs: WellPairs) -> None:
    times = FEWEST_PAIRS // len(pairs) + 1
    found = study_wells(repeated(pairs, times), None, np.random.default_rng(0), splitting=0.1, resamples=30)
    assert len(found) == times * len(pairs)
    assert found.followed is None
    assert found.pairs_per_glass.value == len(pairs)
    direct = compare_barriers([pairs])
    assert found.median_ratio.value == pytest.approx(10 ** np.median(np.log10(direct.barrier_p / direct.estimate_p)))
    assert found.median_ratio.error == pytest.approx(0, abs=1e-12)
    bounded = int((pairs.chi_relaxed_m > 0).sum())
    assert found.n_unbounded == times * (len(pairs) - bounded)
    assert found.n_single == times * (bounded - int(np.isfinite(pairs.predicted_barrier_m).sum()))
    few = study_wells([pairs], None, np.random.default_rng(0), splitting=0.1, resamples=30)
    assert np.isnan(few.median_ratio.value)
    assert "pairs of minima; expected" in few.median_ratio.note


def test_two_level_systems_are_counted_below_the_limit(
    plane_glass: Glass, directions: Directions, pairs: WellPairs
) -> None:
    one: DoubleWells = confirmed_pairs(plane_glass, directions, pairs, [0, 1], hbar=HBAR)
    made = dataclasses.replace(one, two_level_m=np.ones(len(one), int), gap_m=np.linspace(0.1, 0.2, len(one)))
    for splitting, expected in ((0.05, 0), (0.15, 1), (0.3, len(one))):
        found = study_wells([pairs], [made], np.random.default_rng(0), splitting=splitting, resamples=10).followed
        assert found is not None
        assert found.two_level_systems.value == expected


def test_the_study_keeps_what_it_found(study: WholeStudy) -> None:
    assert study.nonlinear is not None
    assert study.wells is not None
    assert [kind.kind for kind in study.nonlinear.kinds] == ["pseudo-harmonic", "cubic"]
    assert study.wells.n_directions == len(study.nonlinear.kinds[1])
    assert len(study.wells) >= 1
    assert study.wells.followed is not None
    assert len(study.wells.followed.glass_c) + study.wells.followed.n_lost == len(study.wells)


def test_report_has_sections_figures_numbers_and_limits_of_wells(
    study: WholeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for others in ("_vibrations", "_single_mode", "_soft_potentials", "_heat"):  # slow, and drawn elsewhere
        monkeypatch.setattr(figures, others, lambda study: ())
    assert {"nonlinear", "double_wells"} <= {section.anchor for section in sections_of(study)}
    assert {"nonlinear_decay", "barriers", "well_distributions"} <= {one.name for one in figures.draw_figures(study)}
    values = {(value.stage, value.key): value.estimate for value in headline_values(study)}
    assert study.wells is not None
    assert values["double_wells", "n_pairs"].value == len(study.wells)
    assert values["nonlinear", "cubic_residual"].value < 1e-8
    for n_unbounded, warned in ((0, False), (1, True)):
        wells = dataclasses.replace(study.wells, n_unbounded=n_unbounded, n_single=0)
        said = " ".join(limits_of(dataclasses.replace(study, wells=wells)))
        assert ("has a barrier but no second minimum" in said) == warned
    bare = dataclasses.replace(study, nonlinear=None, wells=None)
    assert not {"nonlinear", "double_wells"} & {section.anchor for section in sections_of(bare)}
    assert not list(nonlinear_figures(bare))
    assert not {"nonlinear", "double_wells"} & {value.stage for value in headline_values(bare)}


def test_limits_say_when_no_path_was_followed(study: WholeStudy) -> None:
    assert study.wells is not None
    plain = dataclasses.replace(study, wells=dataclasses.replace(study.wells, followed=None))
    assert any("no pair was followed" in text.lower() for text in limits_of(plain))


def test_rows_of_wells_in_validate(study: WholeStudy) -> None:
    rows = {row.name: row for row in nonlinear_comparisons(study)}
    laws = [row for row in rows.values() if row.kind == "law"]
    assert len(laws) >= 6
    assert {row.verdict for row in laws} == {"agrees"}
    assert set(rows) <= {row.name for row in study_comparisons(study)}
    assert study.nonlinear is not None
    kinds = tuple(dataclasses.replace(kind, largest_residual=1e-6) for kind in study.nonlinear.kinds)
    broken = dataclasses.replace(study, nonlinear=dataclasses.replace(study.nonlinear, kinds=kinds))
    verdicts = {row.verdict for row in nonlinear_comparisons(broken) if "gradient of the barrier function" in row.name}
    assert verdicts == {"differs"}
    assert nonlinear_comparisons(dataclasses.replace(study, nonlinear=None, wells=None)) == []


def test_figures_of_wells_show_their_tables(study: WholeStudy) -> None:
    assert study.nonlinear is not None
    assert study.wells is not None
    wells: StudyWells = study.wells
    ax = plot_mean_decay(study.nonlinear.kinds)
    table = table_mean_decay(study.nonlinear.kinds)
    drawn = np.concatenate([line.get_xdata() for line in ax.get_lines()[:2]])
    named = [row for row in table.rows if row[0] in ("pseudo-harmonic", "cubic")]
    np.testing.assert_allclose(drawn, [row[1] for row in named])
    assert len(table_wells(wells).rows) == len(wells)
    for name, _, _ in PANELS:
        heights = [patch.get_height() for patch in plot_well_distribution(wells, name).patches]
        assert sum(heights) == len(wells)
    assert len(figure_well_distributions(wells).axes) == len(PANELS)
