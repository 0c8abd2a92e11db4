"""Every formula of the papers is checked, agrees with a number found without it, and would notice a wrong one."""

from __future__ import annotations

import dataclasses
import json
import math
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.cli import app
from analysis.report.numbers import formula_text
from analysis.thermal import closed_forms, stability
from analysis.validation import (
    FormulaCheck,
    Print,
    buchenau_liquid,
    buchenau_modes,
    compare,
    formula,
    formula_checks,
    kp_conductivity,
    kp_coupling,
    kp_phonons,
    kp_potentials,
    kp_tunnelling,
    kp_vibrations,
    later_form,
    tables,
)
from atomsim.bibliography import BIBLIOGRAPHY

NUMBERED = {
    "karpov-parshin-1985": [
        *(f"2.{n}" for n in range(1, 16)),
        *(f"3.{n}" for n in range(1, 9)),
        *(f"4.{n}" for n in range(1, 12)),
        *("4.12a", "4.12b"),
        *(f"4.{n}" for n in range(13, 18)),
        *(f"5.{n}" for n in range(1, 10)),
        *(f"6.{n}" for n in range(1, 5)),
        *(f"7.{n}" for n in range(1, 11)),
    ],
    "buchenau-1992": [str(n) for n in range(1, 25)],
}
LATER = [
    "tanh law", "resonant vibrations", "relaxation over barriers", "one-phonon relaxation", "tunnelling strength",
    "vibrations",
    "tunnelling specific heat", "vibrational specific heat", "minimum of C/T^3", "tunnelling states",
]  # fmt: skip
WRONG = {
    "karpov-parshin-1985": {"2.5", "2.7", "3.2", "end of section 3", "4.1", "4.17", "5.9", "6.4", "text after 7.3",
                            "text after 7.6", "text of section 7"},
    "buchenau-1992": {"17", "19"},
}  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> tuple[FormulaCheck, ...]:
    return formula_checks()


def found(rows: tuple[FormulaCheck, ...], equation: str, subject: str = "") -> FormulaCheck:
    (row,) = [row for row in rows if row.equation == equation and row.subject.startswith(subject)]
    return row


def test_every_numbered_formula_is_checked(rows: tuple[FormulaCheck, ...]) -> None:
    for key, numbers in NUMBERED.items():
        checked = {row.equation for row in rows if row.source.startswith(key)}
        assert [n for n in numbers if n not in checked] == []
        assert [n for n in checked if n[0].isdigit() and n not in numbers and " and " not in n] == []
    checked = {row.equation for row in rows if row.source.startswith("soft-potential-notes")}
    assert [name for name in LATER if name not in checked] == []


def test_every_derived_formula_agrees_with_its_numerical_test(rows: tuple[FormulaCheck, ...]) -> None:
    assert [f"{row.name}: {row.explanation}" for row in rows if row.verdict != "agrees"] == []
    assert len({row.name for row in rows}) == len(rows) > 150
    assert {row.kind for row in rows} == {"law"}


def test_formula_rows_are_complete(rows: tuple[FormulaCheck, ...]) -> None:
    for row in rows:
        key, _, equation = row.source.partition(" ")
        assert key in BIBLIOGRAPHY and equation == f"({row.equation})"
        assert row.subject and row.name.endswith(row.subject)
        assert row.remark, f"{row.name} does not say how it was tested"
        assert row.derived_form and (row.printed_form or row.state == Print.NONE)
        assert (row.derived_value, row.numerical_value) == (row.predicted, row.measured)
        assert math.isfinite(row.derived_value) and math.isfinite(row.numerical_value)
        assert math.isnan(row.printed_value) or row.ratio == pytest.approx(row.printed_value / row.derived_value)
        assert math.isnan(row.printed_value) == (row.state in (Print.NONE, Print.ILLEGIBLE)) or row.state == Print.WRONG


def test_errors_in_print_are_found_and_explained(rows: tuple[FormulaCheck, ...]) -> None:
    for key, equations in WRONG.items():
        assert {row.equation for row in rows if row.state == Print.WRONG and row.source.startswith(key)} == equations
    for row in rows:
        if row.state == Print.WRONG:
            assert row.printed_form != row.derived_form
            assert row.printed_value != pytest.approx(row.numerical_value, rel=0.02)
        elif row.state == Print.CORRECT:
            assert row.ratio == pytest.approx(1, abs=5e-3)


def test_known_ratios_of_print_to_derivation(rows: tuple[FormulaCheck, ...]) -> None:
    rows = tuple(row for row in rows if row.source.startswith(("karpov-parshin", "buchenau")))
    assert found(rows, "5.9", "conductivity at 0.04 K, weak").ratio == pytest.approx(1 / 9)
    assert found(rows, "6.4", "N_II/N_I").printed_value == pytest.approx(np.sqrt(2) / 27)
    assert found(rows, "6.4", "N_II/N_I").numerical_value == pytest.approx(0.138071, rel=1e-3)
    assert found(rows, "6.4", "N of the half plane").numerical_value == pytest.approx(0.195262, rel=1e-3)
    assert found(rows, "3.2", "S/").ratio == pytest.approx(np.sqrt(3))
    for alpha in (-8, -11):
        assert 40 < 1 / found(rows, "3.2", f"splitting at alpha = {alpha}").ratio < 105
    assert found(rows, "23").numerical_value == pytest.approx(35.0150, abs=1e-4)
    assert found(rows, "2.5").ratio == -1


def test_formulas_stand_in_the_order_of_the_papers(rows: tuple[FormulaCheck, ...]) -> None:
    sections = tables.by_section(rows)
    assert len(sections) == len({row.section for row in rows}) > 9, "a section stands in one piece"
    for title, members in sections.items():
        numbers = [row.equation for row in members if row.equation[0].isdigit() and " " not in row.equation]
        values = [[int(digits) for digits in re.findall(r"\d+", n)] for n in numbers]
        assert values == sorted(values), title


def test_tables_hold_every_row_in_short_words(rows: tuple[FormulaCheck, ...]) -> None:
    plain = compare("a law", "debye-1912 (limit)", predicted=1.0, measured=2.0, unit="1")
    records = tables.records([plain, *rows])
    assert len({tuple(record) for record in records}) == 1
    assert records[0]["equation"] is None and records[1]["equation"] == "2.1"
    assert tables.split_formulas([plain, *rows]) == ([plain], list(rows))
    columns = tables.formula_columns(rows)
    assert {len(column) for column in columns.values()} == {len(rows)}
    assert sum(max(map(len, column)) for column in columns.values()) < 125  # what is longer is broken into lines
    assert tables.comparison_columns([plain])["predicted"] == ["1"]
    assert tables.remarks([plain])[0].startswith("a law: relative difference")
    assert any(line.startswith("5.9: printed: kappa = (1/24 pi)") for line in tables.remarks(rows))
    assert tables.summary([plain]).startswith("1 comparisons: 0 agree, 1 differ, 0 cannot be told")


def test_validate_prints_sections_in_short_lines(
    monkeypatch: pytest.MonkeyPatch, rows: tuple[FormulaCheck, ...]
) -> None:
    chapter = formula.Chapter("buchenau-1992", "a section of its own")
    false = chapter.check("1", "a law", form="x", derived=1.0, numerical=2.0, tolerance=0.1)
    for shown, status in ((rows[:30], 0), ((*rows[:30], false), 1)):
        monkeypatch.setattr("analysis.validation.validate", lambda folder, shown=shown: shown)
        result = CliRunner().invoke(app, ["validate"])
        assert result.exit_code == status
        assert "Karpov & Parshin 1985, section 2: potentials" in result.stdout
        tables_only = [line for line in result.stdout.splitlines() if not line.startswith("  ")]
        assert max(map(len, tables_only)) <= 200
        assert ("break a law: B (1) a law" in result.stderr) == bool(status)
        (document,) = [json.loads(CliRunner().invoke(app, ["validate", "--json"]).stdout)]
        assert [record["equation"] for record in document] == [row.equation for row in shown]


def test_formulas_are_shown_with_signs() -> None:
    written = "eta_L ~ (hbar omega_D/E0)^(2/3), beta^2 >> alpha, w^-3 E^2, theta, int_0^inf dt, sum_k (s.e_k)^2"
    shown = "η_L ~ (ħ ω_D/E0)^(2/3), β² ≫ α, w⁻³ E², θ, ∫₀^∞ dt, Σ_k (s.e_k)²"
    assert formula_text(written) == shown
    assert formula_text("metal of alphabet") == "metal of alphabet"


# --- the numerical tools --------------------------------------------------------------------------------------


def test_grid_states_are_those_of_the_oscillator() -> None:
    y = np.linspace(-8, 8, 120)
    states = formula.grid_states(y, y**2, count=5)
    np.testing.assert_allclose(states.energy_m, 2 * np.arange(5) + 1, rtol=1e-10)
    assert states.element(y, 0, 1) ** 2 == pytest.approx(0.5)
    known = [1.06036209, 3.79967303, 7.45569794, 11.64474551]
    np.testing.assert_allclose(formula.soft_states(0.0, 0.0).energy_m, known, atol=1e-8)
    with_field = formula.soft_states(0.3, 0.0, field=0.8).energy_m
    np.testing.assert_allclose(with_field, formula.soft_states(0.3, 0.0, field=-0.8).energy_m, rtol=1e-10)


def test_extrapolation_is_exact_for_polynomials() -> None:
    h = np.array([0.1, 0.2, 0.4])
    assert formula.extrapolated(h, 2.5 - 3 * h + 7 * h**2) == pytest.approx(2.5)


def test_counted_wells_do_not_depend_on_the_grid() -> None:
    coarse, fine = (kp_vibrations.lower_wells(n) for n in (300, 1500))
    for wells in (coarse, fine):
        assert wells.count(wells.quantum < 1) == pytest.approx(4 / 9, rel=2e-3)
    assert np.all(fine.quantum[(fine.alpha > 0) & (fine.alpha > fine.beta**2 / 4)] > 0)


# --- a wrong formula is noticed -------------------------------------------------------------------------------


def broken(section: tuple[FormulaCheck, ...] | list[FormulaCheck]) -> set[str]:
    return {row.equation for row in section if row.verdict == "differs"}


def scaled(function: object, factor: float = 1.1) -> object:
    def changed(*arguments: object, **named: object) -> object:
        return factor * function(*arguments, **named)  # type: ignore[operator]

    return changed


@pytest.mark.parametrize(
    ("module", "name", "factor", "section", "equations"),
    [
        (kp_potentials, "mirror_image", 1.1, "_images", {"2.10"}),
        (kp_tunnelling, "wkb_splitting", 1.1, "_splitting_I", {"3.2"}),
        (kp_tunnelling, "asymmetry_I", 1.01, "_asymmetry_I", {"3.3"}),
        (kp_tunnelling, "asymmetry_II", 1.01, "_splitting_II", {"3.7"}),
        (kp_tunnelling, "two_level_energy", 1.01, "_energy", {"3.8"}),
        (kp_coupling, "static_shift", 1.01, "_shift", {"4.6"}),
        (kp_coupling, "deformation_potential_I", 1.01, "_deformation_potentials", {"4.15"}),
        (kp_coupling, "deformation_potential_II", 1.01, "_deformation_potentials", {"4.16"}),
        (kp_coupling, "deformation_ratio", 1.01, "_deformation_potentials", {"4.17"}),
        (kp_conductivity, "phonon_conductivity", 1.01, "_kinetic", {"5.1"}),
        (kp_conductivity, "longitudinal_average", 1.01, "_averages", {"5.3", "5.8"}),
        (kp_conductivity, "tunnelling_density", 1.01, "_density", {"5.5"}),
        (kp_conductivity, "conductivity_two_types", 1.01, "_conductivity", {"5.9"}),
        (kp_vibrations, "vibration_density", 1.1, "_densities", {"6.4"}),
        (kp_phonons, "vibration_relaxation_rate", 1.1, "_relaxation", {"7.5"}),
        (kp_phonons, "vibration_inverse_path", 1.1, "_path", {"7.6"}),
        (kp_phonons, "conductivity_prethermal", 1.1, "_two_regions", {"7.9"}),
        (kp_phonons, "conductivity_thermal", 1.1, "_two_regions", {"7.10"}),
        (buchenau_modes, "participation_number", 1.1, "_modes", {"2"}),
        (buchenau_modes, "mode_energy", 1.1, "_quartic", {"5"}),
        (later_form, "relaxation_over_barriers", 1.1, "_activation", {"relaxation over barriers"}),
        (later_form, "resonant_vibrations", 1.1, "_vibrations", {"resonant vibrations"}),
        (later_form, "tunnelling_relaxation_rate", 1.1, "_relaxation", {"one-phonon relaxation"}),
    ],
)
def test_wrong_ingredient_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, factor: float, section: str, equations: set[str]
) -> None:
    before = broken(getattr(module, section)())
    original = getattr(module, name)
    if name == "mirror_image":
        monkeypatch.setattr(module, name, lambda alpha, beta: (alpha, factor * beta))
    else:
        monkeypatch.setattr(module, name, scaled(original, factor))
    assert before == set()
    assert equations <= broken(getattr(module, section)())


def test_wrong_coefficient_of_the_stability_equation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "QUARTIC_COEFFICIENT", 35.5)
    assert "23" in broken(buchenau_liquid._without_force())
    monkeypatch.setattr(stability, "mean_square", scaled(stability.mean_square, 1.01))
    assert {"21"} <= broken(buchenau_liquid._without_force())
    assert {"20", "24"} <= broken(buchenau_liquid._general())
    assert {"18"} <= broken(buchenau_liquid._balance())


def test_printed_prefactor_taken_for_the_derived_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_in_print(T: float, glass: closed_forms.KarpovParshinGlass, *, as_printed: bool = False) -> np.ndarray:
        return closed_forms.conductivity_two_types(T, glass, as_printed=True)

    monkeypatch.setattr(kp_conductivity, "conductivity_two_types", as_in_print)
    (row,) = [r for r in kp_conductivity._conductivity() if r.subject.startswith("conductivity at 0.04 K, weak")]
    assert row.verdict == "differs" and row.ratio == pytest.approx(1)


def test_state_of_the_print_follows_from_the_values() -> None:
    chapter = formula.Chapter("buchenau-1992", "a section")
    common = {"form": "x = 1", "derived": 2.0, "numerical": 2.0, "tolerance": 0.0}
    right, wrong = chapter.check("1", "a", **common), chapter.check("1", "b", printed=3.0, printed_form="x", **common)
    assert (right.state, wrong.state) == (Print.CORRECT, Print.WRONG)
    assert (right.ratio, wrong.ratio) == (1.0, 1.5)
    assert right.finding == "" and wrong.finding == "printed: x; derived: x = 1. "
    blank = chapter.check("1", "c", state=Print.ILLEGIBLE, **common)
    assert math.isnan(blank.ratio) and blank.verdict == "agrees"
    off = chapter.check("1", "d", **common | {"numerical": 2.1})
    assert off.verdict == "differs"
    assert dataclasses.asdict(off)["measured"] == 2.1
