"""Formulas of the theory of structural relaxation: all of them checked, errors in print found, wrong ones noticed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from analysis.relaxation.field_equation import potential_coupling
from analysis.relaxation.rates import RelaxationRates
from analysis.validation import em_condensate, em_curves, em_kinetics, em_relaxation
from analysis.validation.formula import FormulaCheck, Print
from atomsim.bibliography import BIBLIOGRAPHY
from atomsim.errors import InputError

KEY = "egorushkin-melnikova-1993b"
NUMBERED = ["R", *map(str, range(1, 9)), "9a", "9b", "9c", *map(str, range(10, 20))]
TEXT = ["text after 5", "text after 6", "text after 7", "text after 8", "text after 9c", "text after 11",
        "text after 12", "text after 14", "text after 15", "text after 17", "text after 19"]  # fmt: skip
WRONG = {"R", "2", "3", "5", "text after 6", "7", "text after 7", "8", "text after 9c", "12", "text after 12", "14",
         "text after 14", "18", "text after 19"}  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> tuple[FormulaCheck, ...]:
    return em_relaxation.relaxation_checks()


def found(rows: tuple[FormulaCheck, ...], equation: str, subject: str) -> FormulaCheck:
    (row,) = [row for row in rows if row.equation == equation and row.subject.startswith(subject)]
    return row


def test_every_equation_of_structural_relaxation_is_checked(rows: tuple[FormulaCheck, ...]) -> None:
    assert KEY in BIBLIOGRAPHY
    assert {row.equation for row in rows} == {*NUMBERED, *TEXT}
    assert {row.source for row in rows} == {f"{KEY} ({row.equation})" for row in rows}
    assert len({row.name for row in rows}) == len(rows) == 70


def test_derived_relaxation_agrees_with_its_numerical_tests(rows: tuple[FormulaCheck, ...]) -> None:
    assert [f"{row.name}: {row.explanation}" for row in rows if row.verdict != "agrees"] == []
    for row in rows:
        assert row.remark and row.derived_form and (row.printed_form or row.state == Print.NONE)
        assert math.isfinite(row.derived_value) and row.derived_value != 0 and math.isfinite(row.numerical_value)


def test_errors_in_print_of_relaxation_are_found(rows: tuple[FormulaCheck, ...]) -> None:
    assert {row.equation for row in rows if row.state == Print.WRONG} == WRONG
    assert {row.equation for row in rows if row.state == Print.ILLEGIBLE} == {"15"}
    for row in rows:
        if row.state == Print.WRONG:
            assert row.printed_form != row.derived_form
            assert row.printed_value != pytest.approx(row.numerical_value, rel=0.02)
        elif row.state == Print.CORRECT:
            assert row.ratio == pytest.approx(1, abs=1e-6)


def test_known_ratios_of_printed_relaxation(rows: tuple[FormulaCheck, ...]) -> None:
    assert found(rows, "R", "R of an icosahedron").ratio == -1
    assert found(rows, "3", "A for").ratio == pytest.approx(-1 / (0.21 * 2**2))
    assert found(rows, "5", "largest R^2").ratio == pytest.approx(1 / 2**2)
    assert found(rows, "8", "coefficient of b_-q").ratio == pytest.approx(0.5)
    assert found(rows, "text after 9c", "second term").ratio == -0.5
    assert found(rows, "19", "eta_q'^2").ratio == pytest.approx(4)
    assert found(rows, "14", "|b| |Gamma + i Omega|/Delta d^0 at Gamma t = 1").ratio == pytest.approx(1.075, abs=1e-3)
    wave = em_condensate.WAVE
    printed, read = (found(rows, "18", name) for name in ("eta_q'^2 at 1.6", "eta_q'^2 there, Delta"))
    gain = read.derived_value * 1.6 / 0.6
    lost = gain / 1.6 * 4 * em_condensate.IONS / (0.3 * 0.7)
    assert printed.printed_value == pytest.approx(gain - lost)
    assert read.printed_value == pytest.approx(read.derived_value, rel=1e-9) and wave.alpha == pytest.approx(0.48)


def test_half_times_of_the_four_curves_of_the_figure(rows: tuple[FormulaCheck, ...]) -> None:
    by_subject = {row.subject: row for row in rows}
    half = {"curve 1": 0.0792, "curve 2": 1.199, "curve 3": 4.120, "curve 3 with Gamma = 1": 6.920}
    for name, time in half.items():
        assert by_subject[f"gamma t at eta = 1/2 of {name}"].numerical_value == pytest.approx(time, rel=1e-3)
    stretches = [by_subject[f"stretches of one curvature of {name}"].numerical_value for name in half]
    assert stretches == [1, 1, 3, 3]


# --- the coupling, and the numerical tools ----------------------------------------------------------------------


def test_coupling_is_the_matrix_element_of_a_concentration_wave() -> None:
    sites, c, g, k, q = 10, 0.4, 1.3, 2, 3
    place = np.arange(sites)
    plane = np.exp(2j * np.pi * np.outer(np.arange(sites), place) / sites) / np.sqrt(sites)
    delta = np.sqrt(c * (1 - c) / sites) * np.cos(2 * np.pi * q / sites * place)  # (6) with b = b^+ = 1
    potential = plane.conj() @ np.diag(g * delta) @ plane.T
    coupling = potential_coupling(g, composition=c, atoms=sites)
    assert potential[k + q, k] == pytest.approx(coupling)
    assert potential[k, k + q] == pytest.approx(coupling) and abs(potential[k + q + 1, k]) < 1e-15
    for composition, atoms in ((1.0, 5), (0.5, 0)):
        with pytest.raises(InputError, match="expected a"):
            potential_coupling(g, composition=composition, atoms=atoms)


def test_collocation_solves_what_has_a_closed_form() -> None:
    times = [0.0, 0.3, 2.0, 7.0]
    constant = RelaxationRates(0.0, 0.0, 1.5)
    field, velocity = em_curves._collocated(times, constant)
    np.testing.assert_allclose(field, np.sinh(1.5 * np.array(times)) / 1.5, rtol=1e-11)
    np.testing.assert_allclose(velocity, np.cosh(1.5 * np.array(times)), rtol=1e-11)
    alone, decay = RelaxationRates(1.0, 0.5, 0.0, 4.0), 0.5 + 4j
    field, _ = em_curves._collocated(times, alone)
    np.testing.assert_allclose(field, (1 - np.exp(-decay * np.array(times))) / decay, rtol=1e-11, atol=1e-15)


def test_one_pair_gives_one_quantum_back_and_forth() -> None:
    tilt = em_kinetics.TILT
    inverted, initial = np.cos(tilt / 2) ** 2, np.cos(tilt)
    for time in (0.4, 1.1):
        angle = time / np.sqrt(initial)
        exact = em_kinetics._exact_pairs(1, time)
        assert exact.number * initial == pytest.approx(inverted * np.sin(angle) ** 2)
        assert exact.inversion + 2 * exact.number == pytest.approx(1)
        # |up,0> turns by its own angle, |down,0> stays: the product of their amplitudes is left
        assert exact.polarisation * initial == pytest.approx(abs(np.sin(tilt) / 2 * np.cos(angle)))


def test_polarisation_of_pairs_against_operators() -> None:
    n, time = 3, 0.9
    up = np.sqrt(np.arange(1, n + 1) * (n - np.arange(n)))  # <m+1|J_+|m>
    raise_n, lower = (
        np.kron(np.diag(up, -1), np.eye(n + 1)),
        np.kron(np.eye(n + 1), np.diag(np.sqrt(np.arange(1, n + 1)), 1)),
    )
    initial = n * np.cos(em_kinetics.TILT)
    energy, states = np.linalg.eigh((raise_n @ lower + (raise_n @ lower).T) / np.sqrt(initial))
    weight = np.array([math.comb(n, m) for m in range(n + 1)])
    half = em_kinetics.TILT / 2
    start = np.sqrt(weight) * np.cos(half) ** np.arange(n + 1) * np.sin(half) ** np.arange(n, -1, -1)
    state = states @ (np.exp(-1j * energy * time) * (states.T @ np.kron(start, np.eye(n + 1)[0])))
    exact = em_kinetics._exact_pairs(n, time)
    assert exact.polarisation * initial == pytest.approx(abs(state.conj() @ raise_n @ state))
    assert exact.number * initial == pytest.approx(float((state.conj() @ lower.T @ lower @ state).real))


# --- a wrong formula is noticed ---------------------------------------------------------------------------------


def broken(section: list[FormulaCheck]) -> set[str]:
    return {row.equation for row in section if row.verdict == "differs"}


@pytest.mark.parametrize(
    ("module", "name", "section", "equations"),
    [
        (em_relaxation, "relaxation_parameter", "_parameter", {"R"}),
        (em_relaxation, "noise_bias", "_parameter", {"R"}),
        (em_relaxation, "ground_state_energy", "_levels", {"1"}),
        (em_relaxation, "squared_energy", "_energies", {"2"}),
        (em_relaxation, "undamped_inertia", "_bound", {"5"}),
        (em_relaxation, "deviation_amplitude", "_amplitude", {"6"}),
        (em_kinetics, "potential_coupling", "_coupling", {"7"}),
        (em_kinetics, "final_field", "_decay", {"10"}),
        (em_kinetics, "field_acceleration", "_field_equation", {"11"}),
        (em_curves, "order_parameter", "_solution", {"12"}),
        (em_curves, "gompertz", "_limits", {"text after 12"}),
        (em_curves, "late_deficit", "_limits", {"text after 12"}),
        (em_curves, "weak_coupling_order_parameter", "_weak", {"14"}),
        (em_condensate, "condensate_state", "_stationary", {"15"}),
        (em_condensate, "alpha_factor", "_alpha", {"15"}),
        (em_condensate, "threshold_inversion", "_threshold", {"16", "text after 15"}),
        (em_condensate, "condensate_number", "_number", {"17"}),
        (em_condensate, "lorenz_limit", "_stability", {"text after 17"}),
        (em_condensate, "condensate_order", "_order", {"18"}),
        (em_condensate, "condensate_order_estimate", "_estimate", {"19"}),
    ],
)
def test_wrong_ingredient_of_relaxation_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, section: str, equations: set[str]
) -> None:
    right: Callable[..., Any] = getattr(module, name)
    assert broken(getattr(module, section)()) == set()
    monkeypatch.setattr(module, name, lambda *arguments, **named: 1.02 * right(*arguments, **named))
    assert equations <= broken(getattr(module, section)())


def test_printed_forms_of_relaxation_taken_for_derived_ones_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, section, equation in (("equation_coefficients", "_commutators", "8"),
                                    ("hamiltonian_coefficients", "_hamiltonian", "7")):  # fmt: skip
        right = getattr(em_kinetics, name)
        monkeypatch.setattr(
            em_kinetics, name, lambda c, form="", right=right, **named: right(c, form="printed", **named)
        )
        assert equation in broken(getattr(em_kinetics, section)())
    weak = em_curves.weak_coupling_order_parameter
    monkeypatch.setattr(em_curves, "weak_coupling_order_parameter", lambda t, r, form="": weak(t, r, form="printed"))
    assert "14" in broken(em_curves._weak())
