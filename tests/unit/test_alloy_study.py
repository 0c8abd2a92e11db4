"""A study of a binary alloy: its stages, what is kept of them, T_0 from fitted soft potentials, and its mistakes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import house
import numpy as np
import pytest
from small_alloy import TABLES, alloy_config
from small_chain import small_config

from analysis.config import load_study
from analysis.excitations import ExcitationParameters, Shells, alloy_of_glass, alloy_order, glass_excitations
from analysis.excitations.eigenproblem import ConcentrationModes, ConcentrationSpectrum
from analysis.excitations.study_transport import band_energy, metal_of_study, study_transport
from analysis.excitations.transport_temperature import scaled_temperature_of_energy
from analysis.relaxation import study_relaxation as study_relaxations
from analysis.relaxation.curves import CURVES_OF_FIGURE_1
from analysis.study import STAGES, forecast, kept_excitations, make_plan, open_study, stages_of
from analysis.study.results import WholeStudy
from analysis.validation import Comparison, alloy_study
from analysis.validation.alloy_study import alloy_comparisons
from atomsim.bibliography import BIBLIOGRAPHY
from atomsim.errors import IllPosedFit, InputError, UntrustedNumber
from atomsim.results import Estimate
from atomsim.units import BOLTZMANN, HBAR, get_material

ALLOY_STAGES = {"order", "excitations", "transport", "relaxation"}
REFERENCE = {"reference_t0": 2.0, "reference_frequency": 5e11, "reference": "a metal"}


@pytest.fixture(scope="module")
def study(alloy_folder: Path) -> WholeStudy:
    return open_study(alloy_folder)


# --- stages -------------------------------------------------------------------------------------------------


def test_study_without_alloy_tables_has_the_stages_it_always_had(tmp_path: Path) -> None:
    plain = small_config(tmp_path)
    assert stages_of(plain) == STAGES
    assert set(plain.as_dict()).isdisjoint(ALLOY_STAGES)


def test_alloy_tables_leave_the_keys_of_all_other_tasks(tmp_path: Path) -> None:
    with_tables, without = alloy_config(tmp_path), alloy_config(tmp_path, tables="")
    keys = {task.place: task.key for task in make_plan(without, stages_of(without))}
    found = make_plan(with_tables, stages_of(with_tables))
    assert {task.place: task.key for task in found if task.stage.name not in ALLOY_STAGES} == keys
    assert {task.stage.name for task in found} == {stage.name for stage in STAGES} | ALLOY_STAGES


def test_each_alloy_stage_depends_on_its_own_parameters_only(tmp_path: Path) -> None:
    def plan(*overrides: str) -> dict[str, tuple[str, str]]:
        config = alloy_config(tmp_path, *overrides)
        return {task.place: (task.stage.name, task.key) for task in make_plan(config, stages_of(config))}

    def changed_by(override: str) -> set[str]:
        return {stage for place, (stage, key) in plan(override).items() if reference[place][1] != key}

    reference = plan()
    assert changed_by("excitations.draws=20") == {"excitations"}
    assert changed_by("excitations.shell_edges=[1.6]") == {"order", "excitations"}
    assert changed_by("transport.resistivity=2e-6") == {"transport"}
    assert changed_by("relaxation.coupling=4.0") == {"relaxation"}
    assert changed_by("soft_potential.length=0.9") & ALLOY_STAGES == {"transport"}
    assert changed_by("material.name=argon") & ALLOY_STAGES == {"excitations", "transport"}
    assert changed_by("soft_modes.count=7") & ALLOY_STAGES == {"excitations", "transport"}


def test_tables_added_to_a_finished_study_compute_only_what_they_need(alloy_folder: Path) -> None:
    config = alloy_config(alloy_folder.parent)
    when = {path.name: path.stat().st_mtime_ns for path in (alloy_folder / "cache").glob("*.h5")}
    assert set(when) == {task.file_name for task in make_plan(config, stages_of(config))}, "nothing was computed twice"
    added = {name for name in when if name.partition("-")[0] in ALLOY_STAGES}
    assert max(when[name] for name in set(when) - added) < min(when[name] for name in added)


def test_forecast_knows_the_stages_of_an_alloy(tmp_path: Path) -> None:
    rows = {row.stage: row for row in forecast(alloy_config(tmp_path), tmp_path / "none").stages}
    assert set(rows) >= ALLOY_STAGES
    assert rows["excitations"].tasks == 3 and all(rows[name].seconds > 0 for name in ALLOY_STAGES)


# --- what is kept -------------------------------------------------------------------------------------------


def test_kept_excitations_are_those_computed_from_the_kept_glasses(study: WholeStudy) -> None:
    glasses = [glass for e in study.ensembles for glass in e.glasses]
    elasticities = [elastic for e in study.ensembles for elastic in e.elasticities]
    rng = np.random.default_rng(0)
    order = alloy_order([alloy_of_glass(glass) for glass in glasses], rng, shells=Shells([0.0], [1.55]), draws=9)
    assert study.order is not None and len(study.excitations) == 3
    np.testing.assert_array_equal(study.order.mean_s("correlation_s"), order.mean_s("correlation_s"))
    assert study.order.waves.k_s == order.waves.k_s
    for g in (0, 2):
        vectors_qc = order.waves.superstructure_vectors(g)
        np.testing.assert_allclose(order.waves.vectors_of_cell(glasses[g].cell_cc), vectors_qc, atol=1e-12)
        off_q = np.abs(np.linalg.norm(vectors_qc, axis=1) - order.waves.k_s)
        assert len(off_q) > 1 and off_q.max() <= order.waves.k_s_error
        again = glass_excitations(
            glasses[g],
            order.complete[g],
            vectors_qc,
            elasticities[g],
            ExcitationParameters(hbar=study.material.hbar),
            rng,
            longest=order.waves.longest,
        )
        kept = study.excitations[g]
        np.testing.assert_allclose(kept.modes.omega2_m, again.modes.omega2_m, rtol=1e-9, atol=1e-6)
        found, expected = (np.array([value for value, _ in one.summary().values()]) for one in (kept, again))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert type(kept.modes) is ConcentrationSpectrum and isinstance(again.modes, ConcentrationModes)
        assert again.without_vectors.modes.omega2_m is again.modes.omega2_m
        assert kept.overlap is not None and kept.overlap.overlap_mk.shape[1] == 8


def test_kept_order_is_used_where_the_same_is_asked_for(study: WholeStudy) -> None:
    order, found = kept_excitations(study) or pytest.fail("nothing is kept")
    assert order is study.order and found == study.excitations
    same = Shells(np.array([0.0]), np.array([1.55]))
    assert kept_excitations(study, shells=same, random_alloys=60, form="ordering", temperature=0.0) is not None
    assert kept_excitations(study, shells=Shells(np.array([0.0]), np.array([1.6]))) is None
    assert kept_excitations(study, form="relaxed") is None
    assert kept_excitations(study, random_alloys=999) is None
    assert kept_excitations(dataclasses.replace(study, order=None)) is None


def test_band_top_is_the_largest_stable_energy(study: WholeStudy) -> None:
    one = study.excitations[0]
    waves = next(wave for wave in one.dispersions if wave.power == 0.5)
    squared = 4 * waves.site_energy * waves.exchange_q
    assert one.band_top() == pytest.approx(np.sqrt(squared.max()))
    with pytest.raises(InputError, match="w = 2"):
        one.band_top(power=2.0)
    down = dataclasses.replace(
        waves, energies_q=dataclasses.replace(waves.energies_q, derived=-np.abs(waves.energies_q.derived))
    )
    with pytest.raises(UntrustedNumber, match="no top"):
        dataclasses.replace(one, dispersions=(down,)).band_top()
    tops = [each.band_top() for each in study.excitations]
    assert band_energy(study.excitations).value == pytest.approx(np.mean(tops))
    assert band_energy(study.excitations).error == pytest.approx(np.std(tops, ddof=1) / np.sqrt(3))


# --- transport ----------------------------------------------------------------------------------------------


def test_fitted_soft_potentials_enter_the_transport_from_end_to_end(study: WholeStudy) -> None:
    assert study.transport is not None
    result, printed = study.transport.consistent, study.transport.printed
    assert result is not None and printed is not None
    W, unit = study.parameters.W, study.material.epsilon / BOLTZMANN
    assert result.metal.t0.value == pytest.approx(W.value * unit)
    assert result.metal.t0.error == pytest.approx(W.error * unit) and W.error > 0
    assert np.all(result.delta_kappa_error_T > 0)
    np.testing.assert_allclose(printed.delta_kappa_T, 4 * np.pi * result.delta_kappa_T)
    # another W of the same glasses gives another T_0, and the correction follows
    scaled = Estimate(1.1 * W.value, W.error, W.unit)
    other = study_transport(scaled, (), study.material, temperatures=[0.2, 1.0, 5.0], diffusivity=3e-4).consistent
    assert other is not None and other.metal.t0.value == pytest.approx(1.1 * result.metal.t0.value)
    r, s = (T0 for T0 in (result.temperature_T / result.metal.t0.value, result.temperature_T / other.metal.t0.value))
    factor = [np.cos(np.arctan(x) / 2) * (1 + x**2) ** -0.25 for x in (r, s)]
    np.testing.assert_allclose(other.delta_kappa_T / result.delta_kappa_T, factor[1] / factor[0], rtol=1e-12)


def test_temperature_of_an_energy_is_that_of_its_frequency() -> None:
    material = get_material("sodium")
    frequency = 3e-3 * material.epsilon / HBAR
    found = scaled_temperature_of_energy(
        Estimate(3e-3, 3e-4, "epsilon"),
        material,
        reference_frequency=frequency / 2,
        reference_temperature=1.5,
        reference="it",
    )
    assert found.value == pytest.approx(4 * 1.5) and found.error == pytest.approx(0.2 * found.value)
    with pytest.raises(IllPosedFit, match="gives no T_0"):
        scaled_temperature_of_energy(
            Estimate(np.nan, np.nan, "epsilon"), material, reference_frequency=1.0, reference_temperature=1.0,
            reference="it",
        )  # fmt: skip


@pytest.mark.parametrize("source", ["scaled soft potentials", "scaled band", "given"])
def test_other_sources_of_the_temperature(study: WholeStudy, source: str) -> None:
    options = {"t0": 1.25} if source == "given" else REFERENCE
    found = study_transport(
        study.parameters.W, study.excitations, study.material, temperatures=[1.0], diffusivity=3e-4, t0_from=source,
        **options,
    )  # fmt: skip
    assert found.consistent is not None
    energy = {"scaled soft potentials": study.parameters.W, "scaled band": band_energy(study.excitations)}.get(source)
    omega = 5e11 if energy is None else energy.value * study.material.epsilon / HBAR
    expected = 1.25 if energy is None else 2.0 * (omega / 5e11) ** 2
    assert found.consistent.metal.t0.value == pytest.approx(expected)


def test_study_without_an_energy_scale_says_why_it_has_no_transport(study: WholeStudy) -> None:
    nothing = Estimate(np.nan, np.nan, "epsilon", "too few modes")
    found = study_transport(nothing, (), study.material, temperatures=[1.0], diffusivity=3e-4)
    assert found.consistent is None and found.printed is None and "too few modes" in found.note
    with pytest.raises(InputError, match="expected one of soft potentials"):
        study_transport(study.parameters.W, (), study.material, temperatures=[1.0], diffusivity=3e-4, t0_from="guess")


def test_metal_of_a_study_is_the_one_it_has_kept(study: WholeStudy) -> None:
    assert study.transport is not None and study.transport.consistent is not None
    assert metal_of_study(study) == study.transport.consistent.metal
    changed = metal_of_study(study, resistivity=3e-6, normalisation="printed")
    assert (changed.resistivity, changed.normalisation, changed.screening) == (3e-6, "printed", 1e10)
    bare = dataclasses.replace(study, transport=None)
    with pytest.raises(InputError, match="the diffusivity of the electrons is missing"):
        metal_of_study(bare)
    assert metal_of_study(bare, diffusivity=1e-4).t0.value == pytest.approx(study.transport.consistent.metal.t0.value)


def test_relaxation_of_a_study_holds_the_curves_of_figure_1(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = (CURVES_OF_FIGURE_1[0], CURVES_OF_FIGURE_1[2])  # the others take longer and show no more
    monkeypatch.setattr(study_relaxations, "CURVES_OF_FIGURE_1", chosen)
    found = study_relaxations.study_relaxation(polarisation=1e-3)
    assert tuple(curve.rates for curve in found.curves) == chosen
    assert [curve.has_inflection for curve in found.curves] == [False, True]
    assert [curve.system for curve in found.full] == ["full"] * 2 and len(found.tests) == 2
    weak, strong = (abs(curve.t50 / full.t50 - 1) for curve, full in zip(found.curves, found.full, strict=True))
    assert weak < 1e-6 and strong > 1


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["glass.potential=laird-schober", "glass.sizes=[300]", "glass.samples=1"],
            r"\[excitations\], .* with glass.potential = 'laird-schober': .*two species",
        ),
        (
            ["glass.potential='binary-inverse-power:share=0.001'", "glass.sizes=[200]", "glass.samples=1"],
            r"glass\.sizes = 200 .*0 < c < 1",
        ),
        (["glass.potential='binary-inverse-power:share=1.0'"], r"share = 1\.0"),
        (
            ["excitations.random_aloys=5"],
            r"unknown key 'excitations\.random_aloys'; did you mean 'excitations\.random_al",
        ),
        (["excitations.shell_edges=[1.5, 1.2]"], "must ascend"),
        (["excitations.shell_edges=[3.0]"], "more than half the cell of 64 atoms"),
        (["excitations.force_constants=elastic"], "ordering"),
        (["transport.diffusivity=-1.0"], r"transport\.diffusivity = -1\.0"),
        (["transport.t0_from=given"], "'given' needs t0"),
        (["transport.t0=1.0"], "t0 = 1 is not used with t0_from = 'soft potentials'"),
        (["transport.t0_from='scaled band'"], "needs reference_t0"),
        (["transport.temperatures=[1.0, 0.5]"], "temperatures must ascend"),
        (["transport.diffusivty=1.0"], r"did you mean 'transport\.diffusivity'"),
        (["relaxation.inversion=1.0"], r"did you mean 'relaxation\.inversion_rate'"),
    ],
)
def test_mistakes_in_the_tables_of_an_alloy_are_named(tmp_path: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        alloy_config(tmp_path, *overrides)


def test_incomplete_tables_of_an_alloy_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"transport\.diffusivity is missing"):
        alloy_config(tmp_path, tables="[transport]\n")
    with pytest.raises(InputError, match="polarisation_rate, coupling missing"):
        alloy_config(tmp_path, tables="[relaxation]\ninversion_rate = 1.0\n")
    with pytest.raises(InputError, match=r"needs the table \[excitations\]"):
        scaled = 'diffusivity = 1.0\nt0_from = "scaled band"\nreference_t0 = 1.0\nreference_frequency = 1e12\n'
        alloy_config(tmp_path, tables=f"[transport]\n{scaled}")


def test_resolved_study_of_an_alloy_is_the_same_study(tmp_path: Path) -> None:
    config = alloy_config(tmp_path)
    (tmp_path / "again.toml").write_text(config.as_toml(), encoding="utf-8")
    assert load_study(tmp_path / "again.toml") == config
    assert TABLES.count("[") >= 3 and set(config.as_dict()) >= ALLOY_STAGES - {"order"}


def test_example_of_an_alloy_asks_for_all_stages() -> None:
    config = load_study(house.ROOT / "examples" / "alloy.toml")
    assert {stage.name for stage in stages_of(config)} >= ALLOY_STAGES
    assert sum(count for _, count in config.glass.ensembles()) >= 8


# --- comparisons --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comparisons(study: WholeStudy) -> list[Comparison]:
    return alloy_comparisons(study)


def differing(rows: list[Comparison]) -> list[str]:
    return [row.name for row in rows if row.kind == "law" and row.verdict == "differs"]


def test_laws_hold_in_a_study_of_an_alloy(study: WholeStudy, comparisons: list[Comparison]) -> None:
    laws = [row for row in comparisons if row.kind == "law"]
    assert len(laws) == 2 + 2 * len(study.ensembles) + 1
    assert [f"{row.name}: {row.explanation}" for row in laws if row.verdict != "agrees"] == []
    for row in comparisons:
        assert row.source.partition(" ")[0] in BIBLIOGRAPHY
    (strain,) = [row for row in laws if "relaxed force constant" in row.name]
    assert abs(strain.measured - strain.predicted) < 1e-3 * abs(strain.predicted)
    assert {row.name.partition(" of the transport against")[0] for row in comparisons} > {"T_0"}


def test_comparisons_need_the_stages_they_speak_of(study: WholeStudy) -> None:
    bare = [dataclasses.replace(e, excitations=()) for e in study.ensembles]
    nothing = dataclasses.replace(study, ensembles=tuple(bare), order=None, transport=None, relaxation=None)
    assert alloy_comparisons(nothing) == []


def test_wrong_excitations_break_their_laws(study: WholeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alloy_study, "_relaxed_constant", lambda glass: None)  # has its own test
    e = study.ensembles[0]
    one = e.excitations[0]
    assert one.pairs is not None and study.order is not None

    def with_first(**changes: object) -> WholeStudy:
        found = (dataclasses.replace(one, **changes), *e.excitations[1:])
        return dataclasses.replace(study, ensembles=(dataclasses.replace(e, excitations=found), *study.ensembles[1:]))

    waves = tuple(dataclasses.replace(wave, omega2_q=1.01 * wave.omega2_q) for wave in one.dispersions)
    pairs = dataclasses.replace(one.pairs, energy_residual=1e-4)
    complete = study.order.complete
    shells = dataclasses.replace(complete[0], correlation_e=complete[0].correlation_e + 1e-6)
    unequal = dataclasses.replace(study.order, complete=(shells, *complete[1:]))
    louder = dataclasses.replace(
        study.order, waves=dataclasses.replace(study.order.waves, intensity_q=1.001 * study.order.waves.intensity_q)
    )
    for wrong, what in (
        (with_first(dispersions=waves), "equation of motion against the Hamiltonian"),
        (with_first(pairs=pairs), "by V, J and W of all pairs"),
        (dataclasses.replace(study, order=unequal), "sum of the correlation parameters"),
        (dataclasses.replace(study, order=louder), "amplitudes against all pairs"),
    ):
        rows = [row for row in alloy_comparisons(wrong) if row is not None]
        (name,) = differing(rows)
        assert what in name


def test_force_constant_without_its_strain_part_differs(study: WholeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    glass = study.ensembles[0].glasses[0]
    monkeypatch.setattr(alloy_study, "static_displacements", lambda hessian, forces, mass: np.zeros_like(forces))
    assert alloy_study._relaxed_constant(glass).verdict == "differs"
    monkeypatch.setattr(alloy_study, "NEWTON_STEPS", 1)
    row = alloy_study._relaxed_constant(glass)
    assert row.verdict == "cannot tell" and "a force of" in row.explanation


def test_overlap_is_told_apart_from_chance_glass_by_glass(study: WholeStudy) -> None:
    e = study.ensembles[0]
    rows = {row.name: row for row in alloy_study._overlap(e)}
    shares = [one.overlap.shares_of_excitations() for one in e.excitations if one.overlap is not None]
    for group in ("softest stable tenth", "slowest decaying tenth"):
        excess = [row[group].value - row["random concentration patterns"].value for row in shares]
        (row,) = [row for name, row in rows.items() if group in name]
        assert row.predicted == 0 and row.measured == pytest.approx(np.mean(excess))
        assert row.measured_error == pytest.approx(np.std(excess, ddof=1) / np.sqrt(2))
    (row,) = [row for name, row in rows.items() if "closest to zero" in name]
    softest = [one.overlap.total_m[np.argmin(np.abs(one.modes.omega2_m))] for one in e.excitations if one.overlap]
    chance = np.mean([row["random concentration patterns"].value for row in shares])
    assert row.measured == pytest.approx(np.mean(softest) - chance)
    single = [row.measured_error for row in alloy_study._overlap(dataclasses.replace(e, excitations=e.excitations[:1]))]
    assert single[0] > 0 and single[1] > 0 and np.isnan(single[2]), "of one excitation of one glass no error is known"
    none = dataclasses.replace(e.excitations[0], overlap=None)
    assert alloy_study._overlap(dataclasses.replace(e, excitations=(none,))) == []
