"""Formulas of the paper on concentration excitations: all of them, their numbers, and the tools that test them."""

from __future__ import annotations

import re
from collections import Counter

import mpmath
import numpy as np
import pytest

from analysis import excitations
from analysis.equations import collect_equations
from analysis.excitations import transport_kernels as kernels
from analysis.excitations.transport_kernels import Part
from analysis.validation import (
    FormulaCheck,
    Print,
    em_excitations,
    em_heat_transport,
    em_ladder,
    em_order,
    em_quanta,
    em_transport,
    formulas,
)

KEY = "egorushkin-melnikova-1993a"
NUMBERED = [
    *(f"1.{n}" for n in range(1, 10)),
    *(f"2.{n}" for n in range(1, 12)),
    *("2.12a", "2.12b", "2.13", "2.14", "2.15a", "2.15b", "2.15c"),
]
WRONG = {"1.8", "2.1", "2.2", "2.4", "2.7", "2.13", "2.14", "2.15a", "2.15b", "2.15c"}
WRONG_BETWEEN = Counter({"text after 1.2": 1, "text after 1.3": 1, "text after 1.5": 1, "text after 1.6": 3,
                         "text after 1.8": 1, "text after 1.9": 11, "text after 2.12b": 1,
                         "text after 2.15c": 4})  # fmt: skip
MODULES = (em_order, em_excitations, em_quanta, em_transport, em_ladder, em_heat_transport)
SECTIONS = (
    em_order.order_checks,
    em_excitations.excitation_checks,
    em_quanta.quantum_checks,
    em_transport.transport_checks,
    em_ladder.ladder_checks,
    em_heat_transport.heat_transport_checks,
)


@pytest.fixture(scope="module")
def checks() -> tuple[FormulaCheck, ...]:
    return tuple(row for section in SECTIONS for row in section())


def one(rows: tuple[FormulaCheck, ...], equation: str, subject: str) -> FormulaCheck:
    (row,) = [row for row in rows if row.equation == equation and row.subject.startswith(subject)]
    return row


def test_every_formula_on_concentration_excitations_is_checked(checks: tuple[FormulaCheck, ...]) -> None:
    checked = {row.equation for row in checks}
    assert [number for number in NUMBERED if number not in checked] == []
    assert {row.source.partition(" ")[0] for row in checks} == {KEY}
    cited = {row.equation for row in collect_equations([excitations]) if row.key == KEY and row.equation[0].isdigit()}
    whole = checked | {re.sub(r"[abc]$", "", equation) for equation in checked}
    assert sorted(cited - whole) == [], "an equation that a docstring cites is not checked"


def test_derived_forms_of_concentration_excitations_agree(checks: tuple[FormulaCheck, ...]) -> None:
    assert [f"{row.name}: {row.explanation}" for row in checks if row.verdict != "agrees"] == []
    assert len({row.name for row in checks}) == len(checks) > 90
    assert all(row.name.startswith(f"EM ({row.equation}) ") and len(row.subject) <= 75 for row in checks)
    assert all(row.remark and not row.remark.endswith(".") for row in checks)


def test_errors_in_print_on_concentration_excitations(checks: tuple[FormulaCheck, ...]) -> None:
    wrong = Counter(row.equation for row in checks if row.state == Print.WRONG)
    assert {equation for equation in wrong if equation[0].isdigit()} == WRONG
    assert {equation: n for equation, n in wrong.items() if not equation[0].isdigit()} == WRONG_BETWEEN
    for row in checks:
        if row.state == Print.WRONG:
            assert row.printed_form != row.derived_form, row.name
            assert row.printed_value != pytest.approx(row.numerical_value, rel=0.02), row.name


def test_concentration_formulas_stand_among_those_of_all_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(SECTIONS) <= set(formulas.SECTIONS)
    monkeypatch.setattr(formulas, "SECTIONS", SECTIONS)
    rows = formulas.formula_checks.__wrapped__()
    titles = list(dict.fromkeys(row.section for row in rows))
    assert len(titles) == 5 and all(title.startswith("Egorushkin & Mel'nikova 1993a, section") for title in titles)
    last = [row.equation for row in rows if row.section == titles[-1]]
    assert last == sorted(last) and (last[0], last[-1]) == ("2.14", "text after 2.15c")


def test_known_numbers_of_the_heat_of_electrons(checks: tuple[FormulaCheck, ...]) -> None:
    weight = one(checks, "text after 1.9", "F_0 of the conductivity")
    assert weight.numerical_value == pytest.approx(2.588410973, abs=5e-10)
    standing = one(checks, "2.14", "delta k over T^(3/2) D^(-1/2), r = 0, as it stands")
    assert standing.numerical_value == pytest.approx(1.054789, abs=5e-7)
    consistent = one(checks, "2.14", "delta k over T^(3/2) D^(-1/2), consistent")
    assert consistent.numerical_value == pytest.approx(0.0839374, abs=5e-8)
    image, rest = (one(checks, "2.14", name) for name in ("its image", "its part against"))
    assert image.numerical_value == pytest.approx(0.1016824, abs=5e-8)
    assert rest.numerical_value == pytest.approx(-0.0177450, abs=5e-8)
    assert image.numerical_value + rest.numerical_value == pytest.approx(consistent.numerical_value)
    unit = one(checks, "2.14", "the same with unit weights")
    assert unit.numerical_value == pytest.approx(0.0309077, abs=5e-8), "Altshuler and Aronov"
    for row in (consistent, image, rest, unit):
        assert row.ratio == pytest.approx(4 * np.pi)
    for ratio in (0, 1):
        row = one(checks, "2.14", f"what the constant of the energy integral adds, T = {ratio}")
        assert row.numerical_value == pytest.approx(-14 * np.pi / 27 / (1 + ratio**2), rel=1e-6)


def test_known_ratios_of_print_on_concentration_excitations(checks: tuple[FormulaCheck, ...]) -> None:
    low = one(checks, "2.15a", "-1/2 pi times that part")
    assert low.state == Print.CORRECT and low.ratio == pytest.approx(1, abs=1e-12)
    assert one(checks, "2.15a", "the same against").ratio == pytest.approx(-2)
    assert one(checks, "2.15a", "power of two").numerical_value == pytest.approx(0.5)
    assert one(checks, "2.15c", "the same in").numerical_value == pytest.approx(0.559089, rel=1e-5)
    assert one(checks, "2.15c", "delta k T").ratio == pytest.approx(4 * np.pi * 0.849170 / 0.559089, rel=1e-5)
    sigma = one(checks, "text after 1.9", "delta sigma over")
    assert sigma.ratio == pytest.approx(2 * np.pi**2 * 2.5 / 2.588410973)
    assert one(checks, "text after 1.9", "delta nu over (k_B T)").ratio == pytest.approx(4 * 2.6 / 2.588410973)
    assert one(checks, "text after 1.9", "delta C over").numerical_value == pytest.approx(0.0798524, rel=1e-5)
    mass, c = em_quanta.MASS, em_quanta.C
    assert one(checks, "text after 1.6", "A_l").ratio == pytest.approx(-1 / mass**2)
    assert one(checks, "text after 1.9", "sum of W alpha").ratio == pytest.approx(c * (1 - c) / 2)
    assert one(checks, "1.8", "E of the solution").numerical_value < 0
    assert one(checks, "2.13", "|vertex|").ratio == pytest.approx(em_ladder.TAU)


# --- the tools of the tests -------------------------------------------------------------------------------------


def test_gradient_of_the_small_alloy_is_that_of_its_energy() -> None:
    small = em_order.small_alloy()
    rng = np.random.default_rng(1)
    share = np.clip(small.alloy.occupation_n + 0.1 * rng.standard_normal(small.alloy.n_atoms), 0, 1)
    places, way = small.alloy.positions_nc + 0.02 * rng.standard_normal((32, 3)), rng.standard_normal((32, 3))
    h = 1e-5
    ahead, behind = (small.energy(share, places + sign * h * way) for sign in (1, -1))
    _, gradient, hessian = small.energy(share, places)
    assert (ahead[0] - behind[0]) / (2 * h) == pytest.approx(np.sum(gradient * way), rel=1e-6)
    np.testing.assert_allclose((ahead[1] - behind[1]).ravel() / (2 * h), hessian @ way.ravel(), atol=1e-5)
    # a minimum, without the translations
    rest = small.energy(small.alloy.occupation_n.astype(float), small.alloy.positions_nc)
    assert np.abs(rest[1]).max() < 1e-12
    assert np.linalg.eigvalsh(rest[2])[3] > 0.1


def test_sums_over_frequencies_give_the_known_corrections() -> None:
    for power in (-0.5, 0.5, 1.5):
        assert em_transport.frequency_sum(power) == pytest.approx(float(mpmath.zeta(-power)), rel=1e-8)
    assert em_transport.wave_vectors(lambda square: 1 / (1 + square) ** 2) == pytest.approx(1 / (8 * np.pi), rel=1e-11)
    known = 1.294205486 * 4 / 3 / (4 * np.sqrt(2) * np.pi**2)  # Lee and Ramakrishnan 1985: 1.3/2^(1/2) times 4/3
    assert em_transport.matsubara_conductivity() == pytest.approx(known, rel=1e-8)


def test_numerical_integrands_of_heat_are_those_of_closed_forms() -> None:
    x = np.array([0.3, 2.0, 9.0])
    for part, weighted in ((Part.WHOLE, True), (Part.ELECTRICAL, False)):
        np.testing.assert_allclose(em_heat_transport.energies(x, weighted=weighted),
                                   kernels.energy_kernel(x, part=part, regularised=False), rtol=1e-10)  # fmt: skip
    assert em_heat_transport.waves(-1j - 0.4) == pytest.approx(complex(kernels.momentum_integral(1.0, 0.4)), rel=1e-8)
    for ratio in (0.5, 3.0):
        assert em_heat_transport.by_quadrature(ratio) == pytest.approx(kernels.transport_integral(ratio), rel=1e-8)


def test_levels_coupled_at_random_have_the_golden_rate() -> None:
    assert em_ladder._self_energy(0.5) == pytest.approx(0.25, rel=1e-3)
    assert em_ladder._self_energy(2.0) / em_ladder._self_energy(0.5) == pytest.approx(4)


# --- a wrong formula is noticed ---------------------------------------------------------------------------------


def differing(section: list[FormulaCheck]) -> set[str]:
    return {row.equation for row in section if row.verdict == "differs"}


@pytest.mark.parametrize(
    ("module", "name", "section", "equations"),
    [
        (em_order, "continuum_displacement", "_displacements", {"text before 1.1"}),
        (em_order, "displacement_fields", "_displacements", {"text before 1.1"}),
        (em_order, "intensity_by_pairs", "_waves", {"text before 1.1"}),
        (em_order, "deviation_amplitude", "_amplitude", {"text after 1.3"}),
        (em_excitations, "moments_of_inertia", "_relaxed_energy", {"1.2"}),
        (em_excitations, "relaxed_constants", "_relaxed_energy", {"1.2"}),
        (em_excitations, "projected_omega2", "_ring", {"1.4"}),
        (em_quanta, "site_energy", "_site", {"text after 1.6"}),
        (em_quanta, "deviation_amplitude", "_amplitudes", {"1.6"}),
        (em_quanta, "exchange_energy", "_amplitudes", {"text after 1.6"}),
        (em_quanta, "exchange_energy", "_factors", {"1.7", "1.8"}),
        (em_quanta, "squared_energy", "_spectrum", {"text after 1.9"}),
        (em_quanta, "ground_state_energy", "_diagonal", {"text after 1.8"}),
        (em_quanta, "decay_threshold", "_decay", {"text after 1.9"}),
        (em_transport, "ratio_factor", "_factor", {"text after 1.9"}),
        (em_transport.electrical, "density_of_states_at", "_density", {"text after 1.9"}),
        (em_transport.electrical, "heat_correction", "_heat", {"text after 1.9"}),
        (em_transport.thermopower, "thermopower", "_thermopower", {"text after 1.9"}),
        (em_ladder.ladder, "excitation_weight", "_excitations", {"2.1"}),
        (em_ladder.ladder, "retarded_green_function", "_green_functions", {"2.2", "2.5", "2.6"}),
        (em_ladder.ladder, "keldysh_function", "_green_functions", {"2.3", "2.6"}),
        (em_ladder.ladder, "distribution_correction", "_path", {"2.7", "2.8"}),
        (em_ladder.ladder, "collision_correction", "_collisions", {"2.9", "2.10"}),
        (em_ladder.ladder, "screened_interaction", "_interaction", {"2.12a", "2.12b"}),
        (em_ladder.ladder, "interaction_vertex", "_interaction", {"2.13"}),
        (em_heat_transport, "energy_kernel", "_integrands", {"2.14"}),
        (em_heat_transport, "momentum_integral", "_integrands", {"2.14"}),
        (em_heat_transport.heat, "coefficient", "_coefficients", {"2.14"}),
        (em_heat_transport.heat, "coefficient", "_low", {"2.15a"}),
        (em_heat_transport, "subtracted_piece", "_subtraction", {"2.14"}),
        (em_heat_transport, "ratio_factor", "_factor", {"2.15a"}),
        (em_heat_transport, "ratio_factor", "_bare", {"2.15b"}),
        (em_heat_transport, "ratio_sensitivity", "_slopes", {"2.15b", "2.15c"}),
        (em_heat_transport.heat, "screening_temperature", "_regimes", {"text after 2.15c"}),
    ],
)
def test_wrong_ingredient_of_excitations_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, section: str, equations: set[str]
) -> None:
    home = next(m for m in MODULES if m is module or any(module is held for held in vars(m).values()))
    assert differing(getattr(home, section)()) == set()
    original = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *arguments, **named: 1.01 * original(*arguments, **named))
    assert equations <= differing(getattr(home, section)())
