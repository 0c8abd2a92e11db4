"""The wind on the ions of the glasses of a study: stages, what follows from several glasses, report, comparisons."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
from pathlib import Path

import house
import numpy as np
import pytest

from analysis import validation
from analysis.config import StudyConfig, load_study
from analysis.multiple_scattering import Cluster, force_tensors
from analysis.multiple_scattering.configuration import Configuration, neighbour_distance
from analysis.multiple_scattering.electron_gas import electron_density, wind_valence
from analysis.multiple_scattering.environment import rank_correlation
from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.structures import ion_density
from analysis.multiple_scattering.wind_configuration import WindForces, wind_forces
from analysis.report import figures as all_figures
from analysis.report.headlines import headline_values, write_summary
from analysis.report.limits import limits_of
from analysis.report.page import render
from analysis.report.sections import findings_of, sections_of
from analysis.report.wind_figures import wind_figures
from analysis.report.wind_limits import wind_limits
from analysis.study import STAGES, forecast, make_plan, open_study, run_study, stages_of
from analysis.study.glass_wind import SURROUNDINGS, GlassWind, mean_correlation, pooled, soft_spot_ratio
from analysis.study.results import WholeStudy, ensemble_results
from analysis.study.wind_stages import ions_of_glass, scattering_glass, wind_stages
from analysis.validation import Comparison, wind_study
from analysis.validation.formula import Chapter
from analysis.validation.wind_study import wind_comparisons
from analysis.wind_config import half_cell
from atomsim.bibliography import BIBLIOGRAPHY
from atomsim.errors import InputError
from atomsim.quench import Glass
from atomsim.results import Estimate

RADIUS = 5.0  # of the clusters [angstrom]
STUDY = """
[study]
name = "small wind"
seed = 5

[glass]
potential = "lerner-binary"
sizes = [64]
samples = [2]
temperature = 0.6
melt_time = 0.5

[soft_modes]
count = 8

[soft_potential]
resamples = 10
minimum_modes = 2

[thermal]
temperatures = [0.5, 1.0]
"""
WIND = f"""
[wind]
metal = "Na"
l_max = 1
radius = {RADIUS}
"""
SODIUM = ion_density(get_metal("Na"))
WIND_STAGES = {"wind", "wind_context"}
FIGURES = {"wind_distribution", "wind_arrows", "wind_density", "wind_coordination", "wind_soft_modes"}


def wind_config(folder: Path, *overrides: str, tables: str = WIND) -> StudyConfig:
    path = folder / "wind.toml"
    path.write_text(STUDY + tables, encoding="utf-8")
    return load_study(path, overrides)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study to which the table of the wind was added afterwards."""
    path = tmp_path_factory.mktemp("wind")
    for tables in ("", WIND):
        run_study(wind_config(path, tables=tables), path / "out")
    return path / "out"


@pytest.fixture(scope="module")
def study(folder: Path) -> WholeStudy:
    return open_study(folder)


def compute(glass: Glass, seed: int = 0, **parameters: object) -> WindForces:
    """Run the stage of the forces on a glass."""
    config = {"metal": "Na", "l_max": 0, "radius": None, "ions": None, "single_scattering": True, **parameters}
    stage = wind_stages(StudyConfig.model_validate({
        "study": {"seed": 1}, "glass": {"potential": "lerner-binary", "sizes": [64], "samples": [1]}, "wind": config,
    }))[0]  # fmt: skip
    return stage.compute(config, {"glass": (glass,)}, np.random.default_rng(seed))


# --- stages -------------------------------------------------------------------------------------------------


def test_table_of_the_wind_leaves_the_keys_of_all_other_tasks(tmp_path: Path) -> None:
    with_table, without = wind_config(tmp_path), wind_config(tmp_path, tables="")
    assert stages_of(without) == STAGES and "wind" not in without.as_dict()
    keys = {task.place: task.key for task in make_plan(without, STAGES)}
    found = make_plan(with_table, stages_of(with_table))
    assert {task.place: task.key for task in found if task.stage.name not in WIND_STAGES} == keys
    assert {task.stage.name for task in found} == {stage.name for stage in STAGES} | WIND_STAGES


def test_each_wind_stage_depends_on_its_own_parameters_only(tmp_path: Path) -> None:
    def plan(*overrides: str) -> dict[str, tuple[str, str]]:
        config = wind_config(tmp_path, *overrides)
        return {task.place: (task.stage.name, task.key) for task in make_plan(config, stages_of(config))}

    def changed_by(override: str) -> set[str]:
        return {stage for place, (stage, key) in plan(override).items() if reference[place][1] != key}

    reference = plan()
    for override in ("wind.radius=4.5", "wind.ions=7", "wind.metal=K", "wind.l_max=2", "wind.single_scattering=false"):
        assert changed_by(override) == WIND_STAGES
    assert changed_by("wind.resistivity=20.0") == {"wind_context"}, "nothing that takes long is done again"
    assert changed_by("soft_modes.count=7") & WIND_STAGES == {"wind_context"}
    assert not changed_by("material.name=argon") & WIND_STAGES


def test_wind_added_to_a_finished_study_computes_only_the_wind(folder: Path) -> None:
    config = wind_config(folder.parent)
    when = {path.name: path.stat().st_mtime_ns for path in (folder / "cache").glob("*.h5")}
    assert set(when) == {task.file_name for task in make_plan(config, stages_of(config))}, "nothing was computed twice"
    added = {name for name in when if name.partition("-")[0] in WIND_STAGES}
    assert max(when[name] for name in set(when) - added) < min(when[name] for name in added)


def test_forecast_of_the_wind_grows_with_what_is_asked_for(tmp_path: Path) -> None:
    def seconds(*overrides: str) -> float:
        rows = {row.stage: row for row in forecast(wind_config(tmp_path, *overrides), tmp_path / "none").stages}
        assert rows["wind"].tasks == rows["wind_context"].tasks == 2 and rows["wind_context"].seconds > 0
        return rows["wind"].seconds

    few, usual, large, high = (
        seconds(*changed) for changed in (["wind.ions=8"], [], ["wind.radius=6.7"], ["wind.l_max=4"])
    )
    assert few < usual < large < high


def test_kept_wind_is_that_on_the_kept_glass_at_the_density_of_the_metal(study: WholeStudy) -> None:
    for glass, wind in zip(study.largest.glasses, study.winds, strict=True):
        ions = scattering_glass(glass, "Na", 1).configuration
        assert ions.n_ions / ions.volume == pytest.approx(ion_density(get_metal("Na")), rel=1e-9)
        assert ions.positions_nc == pytest.approx(wind.context.length_unit * glass.positions_nc)
        assert wind.forces.volume == pytest.approx(wind.context.length_unit**3 * glass.volume)
        again = wind_forces(ions, [3, 40], radius=RADIUS, single_scattering=True)
        np.testing.assert_allclose(wind.forces.sigma_ncc[[3, 40]], again.sigma_ncc, rtol=1e-9, atol=1e-12)
        lone = force_tensors(Cluster(np.zeros((1, 3)), ions.delta_nl[40:41], ions.wave_number))[0]
        assert wind.context.alone_n[40] * np.eye(3) == pytest.approx(lone, abs=1e-12)
        assert wind.forces.is_complete and wind.context.chosen.value == get_metal("Na").melting_resistivity


def test_some_ions_of_a_glass_are_drawn_and_differ_by_seed(study: WholeStudy) -> None:
    glass = study.largest.glasses[0]
    found, other = (compute(glass, seed, ions=5, radius=4.0) for seed in (1, 2))
    assert len(set(found.index_n.tolist())) == 5 and np.all(np.diff(found.index_n) > 0)
    assert found.index_n.tolist() != other.index_n.tolist()
    assert not found.is_complete


def test_usual_radius_is_at_most_half_the_cell(study: WholeStudy) -> None:
    glass = study.largest.glasses[0]
    ions = scattering_glass(glass, "Na", 0).configuration
    assert half_cell(SODIUM, 64) == pytest.approx(ions.volume ** (1 / 3) / 2)
    assert 3 * neighbour_distance(ions) > half_cell(SODIUM, 64)
    assert compute(glass, ions=1).radius == pytest.approx(half_cell(SODIUM, 64))


# --- what follows from several glasses ----------------------------------------------------------------------


def changed(wind: GlassWind, sigma_ncc: np.ndarray | None = None, **surroundings: np.ndarray) -> GlassWind:
    """A glass with another wind or other surroundings."""
    around = dataclasses.replace(wind.context.environment, **surroundings)
    forces = wind.forces if sigma_ncc is None else dataclasses.replace(wind.forces, sigma_ncc=sigma_ncc)
    return GlassWind(forces, dataclasses.replace(wind.context, environment=around))


def some_ions(wind: GlassWind, rows: np.ndarray) -> GlassWind:
    """The wind on some of the ions only."""
    names = ("position_nc", "sigma_ncc", "radius_error_n", "degree_error_n", "kinematic_ncc", "cluster_size_n",
             "friedel_sum_n", "index_n")  # fmt: skip
    columns = {name: getattr(wind.forces, name)[rows] for name in names}
    return GlassWind(dataclasses.replace(wind.forces, **columns), wind.context)


def test_wind_on_all_ions_of_a_glass_balances_the_direct_force(study: WholeStudy) -> None:
    for wind in study.winds:
        assert wind.own_resistivity == pytest.approx(wind.forces.own_resistivity)
        assert wind.second_order_resistivity == pytest.approx(wind.context.known.kinematic)
        own = dataclasses.replace(wind.context.chosen, value=wind.own_resistivity)
        balanced = GlassWind(wind.forces, dataclasses.replace(wind.context, chosen=own))
        electrons = electron_density(wind.forces.wave_number) * wind.forces.volume
        assert balanced.valence_per_area * wind.directions.scalar_n.sum() == pytest.approx(-electrons, rel=1e-9)
        share = wind.forces.error_n.sum() / wind.directions.scalar_n.sum()
        assert wind.resistivity_error == pytest.approx(share * wind.own_resistivity)


def test_ions_drawn_at_random_stand_for_all_in_the_resistivity(study: WholeStudy) -> None:
    wind = study.winds[0]
    halves = [some_ions(wind, np.arange(start, 64, 2)) for start in (0, 1)]
    assert np.mean([half.own_resistivity for half in halves]) == pytest.approx(wind.own_resistivity, rel=1e-9)
    assert np.isnan(halves[0].forces.own_resistivity)
    assert any("drawn at random" in line for line in wind_limits(
        dataclasses.replace(study, ensembles=(dataclasses.replace(study.largest, winds=tuple(halves)),))
    ))  # fmt: skip


def test_strength_is_the_mean_square_over_all_flows(study: WholeStudy) -> None:
    wind = study.winds[0]
    flows = np.random.default_rng(3).normal(size=(40000, 3))
    flows /= np.linalg.norm(flows, axis=1)[:, None]
    square = ((flows @ wind.forces.sigma_ncc[0].T) ** 2).sum(axis=1).mean()
    assert wind.strength_n[0] == pytest.approx(np.sqrt(square), rel=0.02)


def test_correlation_over_glasses_takes_the_larger_error(study: WholeStudy) -> None:
    first, second = study.winds
    rising = changed(first, cell_volume_n=1 / (2.0 + first.directions.scalar_n))
    falling = changed(first, cell_volume_n=2.0 + first.directions.scalar_n)
    one = rank_correlation(np.arange(64.0), np.arange(64.0))
    assert mean_correlation([rising], "along the flow", "density").error == pytest.approx(one.error)
    both = mean_correlation([rising, rising], "along the flow", "density")
    assert both.value == pytest.approx(1) and both.error == pytest.approx(one.error / np.sqrt(2)), (
        "no scatter: independent ions"
    )
    apart = mean_correlation([rising, falling], "along the flow", "density")
    assert apart.value == pytest.approx(0, abs=1e-12) and apart.error == pytest.approx(1.0), "scatter of the glasses"
    rigid = changed(first, soft_share_n=np.full(64, np.nan))
    assert np.isnan(mean_correlation([rigid], "strength", "soft modes").value)
    alone = mean_correlation([rigid, second], "strength", "soft modes")
    assert alone.value == mean_correlation([second], "strength", "soft modes").value


def test_correlation_within_the_error_of_the_cut_is_called_weak(study: WholeStudy) -> None:
    def with_error(factor: float) -> WholeStudy:
        winds = [
            GlassWind(
                dataclasses.replace(
                    wind.forces,
                    radius_error_n=np.full(64, factor * wind.directions.scalar_n.std()),
                    degree_error_n=np.zeros(64),
                ),
                wind.context,
            )
            for wind in study.winds
        ]
        return dataclasses.replace(study, ensembles=(dataclasses.replace(study.largest, winds=tuple(winds)),))

    def verdict(of: WholeStudy) -> str:
        (row,) = [row for row in wind_comparisons(of) if "with its density" in row.name]
        return row.verdict

    sharp, blurred = with_error(0.9), with_error(1.1)
    assert verdict(sharp) == "differs" and verdict(blurred) == "cannot tell"
    for found in (mean_correlation(blurred.winds, "strength", "density"), soft_spot_ratio(blurred.winds)):
        assert found.note.startswith("weak") and np.isfinite(found.value)
    assert mean_correlation(sharp.winds, "strength", "density").note == ""
    assert "more than these differ between ions" in " ".join(limits_of(blurred))


def test_soft_spots_are_weighted_with_their_shares(study: WholeStudy) -> None:
    wind = study.winds[0]
    even = soft_spot_ratio([changed(wind, soft_share_n=np.ones(64))])
    assert even.value == pytest.approx(1.0)
    assert even.error == pytest.approx(wind.strength_n.std() / wind.strength_n.mean() / 8)
    single = np.zeros(64)
    single[17] = 64.0
    assert soft_spot_ratio([changed(wind, soft_share_n=single)]).value == pytest.approx(
        wind.strength_n[17] / wind.strength_n.mean()
    )
    none = soft_spot_ratio([changed(wind, soft_share_n=np.full(64, np.nan))])
    assert np.isnan(none.value) and "no glass has soft modes" in none.note


def test_pooled_ions_keep_their_own_surroundings(study: WholeStudy) -> None:
    first, second = study.winds
    few = some_ions(first, np.array([5, 9]))
    forces, around = pooled([few, second])
    together = GlassWind(forces, dataclasses.replace(first.context, environment=around))
    assert forces.index_n.tolist() == [5, 9, *range(64, 128)] and forces.n_ions == 128
    for name in SURROUNDINGS:
        each = [one.surroundings_n(name) for one in (few, second)]
        np.testing.assert_array_equal(together.surroundings_n(name), np.concatenate(each))
    np.testing.assert_array_equal(together.strength_n, np.concatenate([few.strength_n, second.strength_n]))
    with pytest.raises(InputError, match="no glass"):
        pooled([])


def test_winds_of_another_number_of_glasses_are_refused(study: WholeStudy) -> None:
    e = study.largest
    with pytest.raises(InputError, match="winds differ in number"):
        ensemble_results(e.glasses, e.glasses, e.elasticities, e.soft_modes, winds=e.winds[:1])
    assert dataclasses.replace(e, winds=()).winds == () and study.winds == e.winds


# --- report -------------------------------------------------------------------------------------------------


def bare(study: WholeStudy) -> WholeStudy:
    """The study without its wind."""
    return dataclasses.replace(study, ensembles=tuple(dataclasses.replace(e, winds=()) for e in study.ensembles))


def test_headlines_of_the_wind_are_means_over_ions_and_glasses(study: WholeStudy) -> None:
    values = {value.key: value.estimate for value in headline_values(study) if value.stage == "wind"}
    by_hand = [
        np.trace(wind_valence(wind.forces.sigma_ncc, wind.forces.wave_number, resistivity=9.6), axis1=1, axis2=2) / 3
        for wind in study.winds
    ]
    assert values["valence_N64"].value == pytest.approx(np.mean(by_hand))
    assert values["valence_spread_N64"].value == pytest.approx(np.mean([z.std() for z in by_hand]))
    assert values["against_share_N64"].value == pytest.approx(np.mean([z > 0 for z in by_hand]))
    assert values["resistivity_N64"].value > 0 and values["resistivity_ziman_N64"].value > 0
    assert values["resistivity_measured"] == Estimate(9.6, values["resistivity_measured"].error, "microohm cm",
                                                      "no error is known")  # fmt: skip
    for wind in ("flow", "strength"):
        assert abs(values[f"{wind}_and_soft_modes_N64"].value) < 1 and values[f"{wind}_and_density_N64"].error > 0
    assert not [value for value in headline_values(bare(study)) if value.stage == "wind"]


def test_headlines_say_why_there_is_no_resistivity(study: WholeStudy) -> None:
    against = changed(study.winds[0], -study.winds[0].forces.sigma_ncc)
    poor = dataclasses.replace(study, ensembles=(dataclasses.replace(study.largest, winds=(against,)),))
    values = {value.key: value.estimate for value in headline_values(poor)}
    assert np.isnan(values["resistivity_N64"].value) and "against the flow" in values["resistivity_N64"].note
    rows = [row for row in wind_comparisons(poor) if row.name.startswith("resistivity of the glasses")]
    assert rows and rows[0].verdict == "cannot tell" and "against the flow" in rows[0].explanation


def test_report_has_a_section_of_the_wind(study: WholeStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = {figure.name: figure for figure in wind_figures(study)}
    assert set(figures) == FIGURES
    for others in ("_single_mode", "_soft_potentials", "_heat"):
        monkeypatch.setattr(all_figures, others, lambda study: ())  # slow, and no wind in them
    assert set(figures) < {figure.name for figure in all_figures.draw_figures(study)}
    text = render(study, (), tuple(figures.values()))
    assert '<section id="wind">' in text and "Forces on the ions of one glass" in text
    document = json.loads(write_summary(study, tmp_path).read_text(encoding="utf-8"))
    assert document["wind"]["soft_spot_ratio_N64"]["value"] == pytest.approx(soft_spot_ratio(study.winds).value)
    assert len(figures["wind_density"].table.rows) == 128
    assert list(wind_figures(bare(study))) == [] and wind_limits(bare(study)) == ()


def test_glass_without_soft_modes_has_no_figure_of_them(study: WholeStudy) -> None:
    rigid = tuple(changed(wind, soft_share_n=np.full(64, np.nan)) for wind in study.winds)
    stiff = dataclasses.replace(study, ensembles=(dataclasses.replace(study.largest, winds=rigid),))
    assert {figure.name for figure in wind_figures(stiff)} == FIGURES - {"wind_soft_modes"}
    rows = {row.name: row for row in wind_comparisons(stiff) if "soft" in row.name}
    assert len(rows) == 2 and all(row.verdict == "cannot tell" for row in rows.values())


def test_limits_of_the_wind_are_said(study: WholeStudy) -> None:
    said = " ".join(limits_of(study))
    for part in ("glass of lerner-binary", "from memory", "9.6 µΩ cm (measured in the liquid", "Å² on average",
                 "the largest angular momentum, 1, is too small", "was scaled by",
                 "scattering by ions beyond"):  # fmt: skip
        assert part.lower() in said.lower()


def test_findings_about_the_paper_of_the_wind_stand_in_its_section(study: WholeStudy) -> None:
    names = [f"{validation.__name__}.{module.name}" for module in pkgutil.iter_modules(validation.__path__)]
    chapters = {c for name in names for c in vars(importlib.import_module(name)).values() if isinstance(c, Chapter)}
    own = {chapter.title for chapter in chapters if chapter.key == "schaich-1976"}
    section = sections_of(study)[-1]
    assert section.anchor == "wind" and section.anchor not in {s.anchor for s in sections_of(bare(study))}
    for title in {chapter.title for chapter in chapters}:
        assert title.startswith(section.formulas) == (title in own), title
    chapter = next(chapter for chapter in chapters if chapter.title in own)
    right = chapter.check("8", "right", form="a", derived=1.0, numerical=1.0, tolerance=0.0)
    wrong = chapter.check("6", "wrong", form="a", derived=1.0, numerical=1.0, tolerance=0.0, printed=-1.0,
                          printed_form="-a", remark="the sign")  # fmt: skip
    assert findings_of(section, [right, wrong]) == [wrong]


# --- comparisons --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comparisons(study: WholeStudy) -> list[Comparison]:
    return wind_comparisons(study)


def test_laws_hold_in_a_study_of_the_wind(study: WholeStudy, comparisons: list[Comparison]) -> None:
    laws = [row for row in comparisons if row.kind == "law"]
    assert len(laws) == 3
    assert [f"{row.name}: {row.explanation}" for row in laws if row.verdict != "agrees"] == []
    assert all(row.source.partition(" ")[0] in BIBLIOGRAPHY for row in comparisons)
    assert wind_comparisons(bare(study)) == []


def test_wrong_forces_break_the_laws(study: WholeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    def differing(wrong: WholeStudy) -> list[str]:
        return [row.name for row in wind_comparisons(wrong) if row.kind == "law" and row.verdict == "differs"]

    for name, what in (("optical_theorem", "optical theorem"), ("reciprocity", "reciprocity")):
        first = study.winds[0]
        laws = dataclasses.replace(first.forces.laws, **{name: 1e-3})
        wrong = GlassWind(dataclasses.replace(first.forces, laws=laws), first.context)
        ensemble = dataclasses.replace(study.largest, winds=(wrong, study.winds[1]))
        (row,) = differing(dataclasses.replace(study, ensembles=(ensemble,)))
        assert what in row
    right = wind_study.force_tensors
    monkeypatch.setattr(wind_study, "force_tensors", lambda cluster: 1.001 * right(cluster))
    (row,) = differing(study)
    assert "momentum lost" in row


def test_ions_alone_and_chance_are_what_the_wind_is_held_against(
    study: WholeStudy, comparisons: list[Comparison]
) -> None:
    rows = {row.name.partition(",")[0]: row for row in comparisons}
    alone = rows["mean wind valence"]
    assert alone.predicted == pytest.approx(
        np.mean([w.valence_per_area * w.context.alone_n.mean() for w in study.winds])
    )
    truncation = np.mean([abs(wind.valence_per_area) * wind.forces.error_n.mean() for wind in study.winds])
    assert alone.measured_error > truncation
    density = rows["rank correlation of the wind on an ion with its density"]
    assert (
        density.predicted == 0 and density.measured == mean_correlation(study.winds, "along the flow", "density").value
    )
    ratio = rows["strength of the wind on the soft spots over that on all ions"]
    assert ratio.predicted == 1 and ratio.measured == soft_spot_ratio(study.winds).value
    assert all(row.kind == "model" for row in (alone, density, ratio))


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["wind.metal=Nb"], r"wind\.metal = 'Nb': unknown metal"),
        (["wind.ions=65"], r"wind\.ions = 65: the smallest glass has 64 atoms"),
        (["wind.ions=0"], r"wind\.ions = 0"),
        (["wind.radius=6.8"], r"wind\.radius = 6\.8 .*more than half the cell of 64 ions of Na, 6\.7"),
        (["wind.radius=6.0", "wind.metal=Al"], "half the cell of 64 ions of Al"),
        (["wind.radius=-1.0"], r"wind\.radius = -1\.0"),
        (["wind.l_max=-1"], r"wind\.l_max = -1"),
        (["wind.resistivity=0.0"], r"wind\.resistivity = 0\.0"),
        (["wind.raduis=5.0"], r"unknown key 'wind\.raduis'; did you mean 'wind\.radius'"),
    ],
)
def test_mistakes_in_the_table_of_the_wind_are_named(tmp_path: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        wind_config(tmp_path, *overrides)


def test_wind_without_a_metal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 22: wind: expected wind\.metal or wind\.phase_shifts, .*none is there"):
        wind_config(tmp_path, tables="[wind]\n")


def test_resolved_study_of_the_wind_is_the_same_study(tmp_path: Path) -> None:
    config = wind_config(tmp_path, "wind.ions=9", "wind.metal=na")
    assert config.wind is not None and config.wind.metal == "Na"
    (tmp_path / "again.toml").write_text(config.as_toml(), encoding="utf-8")
    assert load_study(tmp_path / "again.toml") == config


# --- phase shifts instead of a metal ------------------------------------------------------------------------

SHIFTS = """k_fermi = 1.35
[species.Zr]
delta = [0.5, 0.3, 0.05]
[species.Cu]
delta = [0.2, 0.1, 0.02]
"""
GIVEN = """
[wind]
phase_shifts = "files/cuzr.toml"
species = ["Cu", "Zr"]
ion_density = 0.055
resistivity = 180.0
radius = 4.0
l_max = 1
"""


def given_config(folder: Path, *overrides: str, shifts: str = SHIFTS, tables: str = GIVEN) -> StudyConfig:
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "cuzr.toml").write_text(shifts, encoding="utf-8")
    return wind_config(folder, *overrides, tables=tables)


def keys_of(config: StudyConfig) -> dict[str, str]:
    return {task.place: task.key for task in make_plan(config, stages_of(config))}


def test_content_of_given_phase_shifts_decides_which_tasks_are_new(tmp_path: Path) -> None:
    config = given_config(tmp_path)
    keys = keys_of(config)
    (tmp_path / "files" / "copy.toml").write_text('source = "a paper"\n' + SHIFTS, encoding="utf-8")
    assert keys_of(wind_config(tmp_path, "wind.phase_shifts=files/copy.toml", tables=GIVEN)) == keys
    others = {place for place, key in keys_of(given_config(tmp_path, shifts=SHIFTS.replace("0.02", "0.03"))).items()
              if keys[place] != key}  # fmt: skip
    assert {place.partition("/")[0] for place in others} == WIND_STAGES
    (tmp_path / "files" / "cuzr.toml").unlink()
    (tmp_path / "again.toml").write_text(config.as_toml(), encoding="utf-8")
    again = load_study(tmp_path / "again.toml")
    assert again == config and keys_of(again) == keys, "the resolved study needs the file no longer"
    assert keys_of(StudyConfig.model_validate(json.loads(json.dumps(config.as_dict())))) == keys


def test_given_phase_shifts_leave_the_keys_of_metals(tmp_path: Path) -> None:
    parameters = wind_stages(wind_config(tmp_path))[0].parameters(wind_config(tmp_path))
    assert parameters == {"metal": "Na", "l_max": 1, "radius": RADIUS, "single_scattering": True, "ions": None}


def test_glass_of_given_phase_shifts_has_the_density_and_the_species_given(study: WholeStudy, tmp_path: Path) -> None:
    glass, config = study.largest.glasses[0], given_config(tmp_path)
    stage, context = wind_stages(config)
    found = stage.compute(stage.parameters(config), {"glass": (glass,)}, np.random.default_rng(0))
    assert found.volume == pytest.approx(64 / 0.055) and found.wave_number == 1.35 and found.l_max == 1
    assert found.degree_error_n.all(), "the third phase shift is known"
    positions = glass.positions_nc * (found.volume / glass.volume) ** (1 / 3)
    delta_nl = np.where(glass.species_n[:, None] == 0, [0.2, 0.1], [0.5, 0.3])
    ions = Configuration(positions, delta_nl, 1.35, glass.cell_cc * (found.volume / glass.volume) ** (1 / 3),
                         np.ones(3, np.int64))  # fmt: skip
    again = wind_forces(ions, [3, 40], radius=4.0, single_scattering=True)
    np.testing.assert_allclose(found.sigma_ncc[[3, 40]], again.sigma_ncc, rtol=1e-9, atol=1e-12)
    inputs = {"glass": (glass,), "soft_modes": (study.largest.soft_modes[0],), "wind": (found,)}
    around = context.compute(context.parameters(config), inputs, np.random.default_rng(0))
    electrons = electron_density(1.35) / 0.055
    assert f"{electrons:.4g} electrons per ion" in " ".join(around.remarks) and around.chosen.value == 180
    of_all = dataclasses.replace(study, configuration=config.as_dict(), ensembles=(
        dataclasses.replace(study.largest, winds=(GlassWind(found, around),) * 2),
    ))  # fmt: skip
    assert "files/cuzr.toml" in " ".join(wind_limits(of_all)) and "same ion" not in " ".join(wind_limits(of_all))
    values = {value.key: value.estimate for value in headline_values(of_all)}
    assert values["resistivity_N64"].value > 0 and "phase shifts are given" in values["resistivity_ziman_N64"].note
    assert "phase shifts are given" in values["resistivity_measured"].note
    assert [row.name for row in wind_comparisons(of_all) if row.kind == "law" and row.verdict != "agrees"] == []


def test_one_given_species_stands_for_all_atoms(study: WholeStudy, tmp_path: Path) -> None:
    alone = "k_fermi = 1.75\n[species.Al]\ndelta = [0.5, 0.3, 0.05]\n"
    config = given_config(tmp_path, shifts=alone, tables=GIVEN.replace('species = ["Cu", "Zr"]\n', ""))
    given = ions_of_glass(study.largest.glasses[0], wind_stages(config)[0].parameters(config))
    assert np.ptp(given.configuration.delta_nl, axis=0).max() == 0 and given.configuration.l_max == 1
    free = config.wind.model_copy(update={"l_max": None}) if config.wind else None
    assert free is not None and type(free).model_validate(free.model_dump(exclude={"l_max"})).l_max == 2


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["wind.metal=Na"], r"line 23: wind: expected wind\.metal or wind\.phase_shifts, .*both are there"),
        (["wind.phase_shifts=none.toml"], r"--set .*: wind\.phase_shifts = 'none\.toml': .*none\.toml: cannot read"),
        (["wind.phase_shifts=wind.toml"], r"wind\.toml, line 2: study: unknown key"),
        (["wind.l_max=3"], r"wind\.l_max = 3: phase shifts are given for l = 0 to 2"),
        (["wind.species=['Cu', 'Fe']"], r"no phase shifts for 'Fe'; given: Zr, Cu"),
        (["wind.species=[]"], r"wind\.species = \[\]"),
        (["wind.ion_density=0.0"], r"wind\.ion_density = 0\.0"),
        (["wind.radius=6.0"], r"half the cell of 64 ions of 0\.055/angstrom\^3, 5\.2"),
    ],
)
def test_mistakes_about_given_phase_shifts_are_named(tmp_path: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        given_config(tmp_path, *overrides)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('species = ["Cu", "Zr"]\n', r"wind\.species is missing: phase shifts are given for Zr, Cu"),
        ("ion_density = 0.055\n", r"wind\.ion_density is missing"),
        ("resistivity = 180.0\n", r"wind\.resistivity is missing"),
    ],
)
def test_what_phase_shifts_do_not_say_has_to_be_given(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        given_config(tmp_path, tables=GIVEN.replace(line, ""))


def test_species_of_another_number_than_those_of_the_potential_are_refused(tmp_path: Path) -> None:
    config = given_config(tmp_path, "wind.species=['Cu', 'Zr', 'Cu']")
    with pytest.raises(InputError, match=r"each of the 2 species of glass\.potential = 'lerner-binary'"):
        make_plan(config, stages_of(config))
    with pytest.raises(InputError, match=r"wind\.ion_density is given with wind\.phase_shifts only"):
        wind_config(tmp_path, "wind.ion_density=0.05")


def test_example_of_the_wind_asks_for_it() -> None:
    config = load_study(house.ROOT / "examples" / "wind.toml")
    assert {stage.name for stage in stages_of(config)} >= WIND_STAGES
    assert config.wind is not None and (config.wind.ions or 500) >= 100
    assert sum(count for _, count in config.glass.ensembles()) >= 2
