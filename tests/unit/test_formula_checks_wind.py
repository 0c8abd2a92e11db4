"""Formulas of the theory of the wind force: all of them checked, errors in print found, wrong ones noticed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scatterers import DELTA, random_directions
from scipy import linalg

from analysis import multiple_scattering
from analysis.equations import collect_equations
from analysis.multiple_scattering import linear_response
from analysis.multiple_scattering.harmonics import sphere_quadrature
from analysis.multiple_scattering.linear_response import (
    boltzmann_solution,
    born_series,
    derivative_vertex,
    enclosed_electrons,
    force_response,
    ladder,
    second_order_vertex,
    state_vertex,
    t_matrix,
    time_ordered_function,
)
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.validation import (
    FormulaCheck,
    Print,
    formulas,
    schaich_appendix,
    schaich_boltzmann,
    schaich_cluster,
    schaich_ladder,
    schaich_models,
    schaich_response,
    schaich_sums,
)
from analysis.validation.formula import extrapolated
from analysis.validation.schaich_models import Medium, Ring, box
from analysis.validation.schaich_wells import Wells
from atomsim.errors import InputError

KEY = "schaich-1976"
NUMBERED = [
    *map(str, range(1, 9)),
    *("9a", "9b"),
    *map(str, range(10, 17)),
    *("17a", "17b"),
    *map(str, range(18, 38)),
    *("38a", "38b", "39"),
    *(f"A{n}" for n in range(1, 7)),
    *("A7a", "A7b", "A7c", "A7d", "A8"),
]
TEXT = {"text after 8", "text after 11", "text after 35", "text after 39", "text after A8"}
WRONG = {"6", "16", "20", "33"}
ILLEGIBLE = {"3", "5", "7", "30", "31", "32", "35", "38a", "A3", "A8"}
SECTIONS = (
    schaich_boltzmann.boltzmann_checks,
    schaich_response.response_checks,
    schaich_ladder.vertex_checks,
    schaich_cluster.cluster_checks,
    schaich_sums.sum_checks,
    schaich_appendix.appendix_checks,
)
ROUND_OFF = 1e-11


@pytest.fixture(scope="module")
def rows() -> tuple[FormulaCheck, ...]:
    return tuple(row for section in SECTIONS for row in section())


def found(rows: tuple[FormulaCheck, ...], equation: str, subject: str) -> FormulaCheck:
    (row,) = [row for row in rows if row.equation == equation and row.subject.startswith(subject)]
    return row


def ring() -> Ring:
    return Ring(np.array([0.0, 1.7, 4.1, 9.0]), np.array([-1.1, 0.8, -0.9, 0.7]))


def test_every_equation_of_the_wind_force_is_checked(rows: tuple[FormulaCheck, ...]) -> None:
    checked = {row.equation for row in rows}
    assert checked == {*NUMBERED, *TEXT}
    assert {row.source for row in rows} == {f"{KEY} ({equation})" for equation in checked}
    cited = {row.equation for row in collect_equations([multiple_scattering, schaich_models]) if row.key == KEY}
    whole = checked | {re.sub(r"[abcd]$", "", equation) for equation in checked}
    assert len(cited) > 25 and sorted(cited - whole) == [], "an equation that a docstring cites is not checked"


def test_derived_wind_formulas_agree(rows: tuple[FormulaCheck, ...]) -> None:
    assert [f"{row.name}: {row.explanation}" for row in rows if row.verdict != "agrees"] == []
    assert len({row.name for row in rows}) == len(rows) == 76
    for row in rows:
        assert row.name.startswith(f"S ({row.equation}) ") and len(row.subject) <= 75, row.name
        assert row.remark and not row.remark.endswith(".") and row.derived_form
        assert math.isfinite(row.numerical_value) and row.derived_value != 0


def test_errors_in_print_of_the_wind_force(rows: tuple[FormulaCheck, ...]) -> None:
    assert {row.equation for row in rows if row.state == Print.WRONG} == WRONG
    assert {row.equation for row in rows if row.state == Print.ILLEGIBLE} == ILLEGIBLE
    for row in rows:
        if row.state == Print.WRONG:
            assert row.printed_form != row.derived_form, row.name
            assert row.printed_value != pytest.approx(row.numerical_value, rel=0.02), row.name
        elif row.state == Print.CORRECT:
            assert row.ratio == pytest.approx(1)
        elif row.state == Print.ILLEGIBLE:
            assert row.printed_form != row.derived_form and math.isnan(row.ratio)


def test_known_ratios_of_the_printed_wind_force(rows: tuple[FormulaCheck, ...]) -> None:
    assert found(rows, "6", "Im f(0)").ratio == -1
    assert found(rows, "16", "power").ratio == 2
    assert found(rows, "20", "the same").ratio == pytest.approx(0.686, abs=1e-3)
    # T^+ twice: int (1 - cos) Re f^2 by phase shifts
    delta = schaich_boltzmann.well_phase_shifts()
    first, second = delta[:-1], delta[1:]
    s = np.exp(2j * delta) - 1
    l = np.arange(len(delta))  # noqa: E741
    squares = (2 * l + 1) * (s**2).real
    products = 2 * (l[:-1] + 1) * (s[:-1] * s[1:]).real
    squared = -np.pi / schaich_boltzmann.K**2 * (squares.sum() - products.sum())
    row = found(rows, "33", "the same for one ion")
    assert row.printed_value == pytest.approx(squared, rel=1e-6)
    exact = 4 * np.pi / schaich_boltzmann.K**2 * np.sum((l[:-1] + 1) * np.sin(first - second) ** 2)
    assert row.derived_value == pytest.approx(exact, rel=1e-6)
    assert found(rows, "33", "wind tensor").ratio == pytest.approx(-0.2493, abs=1e-4)


def test_wind_formulas_stand_among_those_of_all_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(SECTIONS) <= set(formulas.SECTIONS)
    monkeypatch.setattr(formulas, "SECTIONS", SECTIONS)
    sorted_rows = formulas.formula_checks.__wrapped__()
    titles = list(dict.fromkeys(row.section for row in sorted_rows))
    assert len(titles) == 6 and all(title.startswith("Schaich 1976, ") for title in titles)
    last = [row.equation for row in sorted_rows if row.section == titles[-1]]
    assert (last[0], last[-2:]) == ("A1", ["text after A8", "text after A8"])


# --- functions of linear response ------------------------------------------------------------------------------


def test_force_response_is_the_motion_in_a_small_field() -> None:
    model, frequency = box(), 0.4 + 0.3j
    states, energy = model.states.state_nm, model.states.energy_m
    hamiltonian = (states * energy) @ states.T
    place = np.diag(model.states.place_n)
    density = (states * model.occupation_a) @ states.T
    moved = linalg.solve_sylvester(frequency * np.eye(len(energy)) - hamiltonian, hamiltonian + 0j,
                                   place @ density - density @ place)  # fmt: skip
    response = force_response(energy, model.occupation_a, model.element(model.force_x), model.current_ab, frequency)
    assert response == pytest.approx(model.force_x @ np.diag(moved), rel=ROUND_OFF)


def test_time_ordered_functions_multiply_to_the_response() -> None:
    energy = np.array([-2.0, 1.5])
    angle = np.pi * ((np.arange(20000) + 0.5) / 20000 - 0.5)
    at, weights = np.tan(angle), np.pi / 20000 / np.cos(angle) ** 2
    values = []
    broadenings = np.array([0.1, 0.15, 0.2, 0.25])
    for eta in broadenings:
        here, ahead = (time_ordered_function(energy, at + shift, fermi_energy=0.0, broadening=float(eta))
                       for shift in (0.0, 0.5))  # fmt: skip
        values.append(complex(weights @ (here[:, 0] * ahead[:, 1])) / (2 * np.pi))
    assert extrapolated(broadenings, np.array(values).imag) == pytest.approx(1 / (-2.0 + 0.5 - 1.5), rel=2e-3)
    assert time_ordered_function(energy, -2.0, fermi_energy=0.0, broadening=0.1)[0] == pytest.approx(10j)


def test_born_series_is_the_resolvent() -> None:
    model = replace(ring(), broadening=0.6)
    np.testing.assert_allclose(born_series(model.potential, model.propagator, 80), model.resolvent, atol=ROUND_OFF)
    np.testing.assert_array_equal(born_series(model.potential, model.propagator, 1), model.propagator)


def test_t_matrix_is_that_of_the_full_propagator() -> None:
    model = ring()
    exact = model.potential + model.potential @ model.resolvent @ model.potential
    np.testing.assert_allclose(t_matrix(model.potential, model.propagator), exact, atol=ROUND_OFF)


def test_vertices_of_state_and_derivative_agree() -> None:
    model = ring()
    force = state_vertex(model.force(2), model.potential, model.propagator)
    gradient = model.t_gradient(2, outgoing=False)
    by_derivative = derivative_vertex(gradient, model.propagator, t_matrix(model.potential, model.propagator))
    np.testing.assert_allclose(by_derivative, force, atol=1e-9 * np.abs(force).max())
    assert np.abs(force.imag).max() < ROUND_OFF


def test_second_order_vertex_is_the_curvature_of_the_vertex() -> None:
    model, step = ring(), 1e-3
    force, potential = model.force(0), model.potential
    vertices = [state_vertex(s * force, s * potential, model.propagator) for s in (-step, step)]
    exact = second_order_vertex(force, potential, model.propagator_k)
    scale = np.abs(exact).max()
    np.testing.assert_allclose((vertices[0] + vertices[1]) / (2 * step**2), exact, atol=1e-4 * scale)
    alone = replace(model, positions_n=model.positions_n[:1], strength_n=model.strength_n[:1])
    pushed = second_order_vertex(alone.force(0), alone.potential, alone.propagator_k).real
    np.testing.assert_allclose(pushed, -pushed[::-1], atol=ROUND_OFF)  # along k, and nothing at k = 0
    assert pushed[alone.incoming] > 0


def test_second_order_vertex_leaves_out_the_state_itself() -> None:
    rng = np.random.default_rng(3)
    force, potential = (free + free.conj().T for free in rng.normal(size=(2, 5, 5)) + 1j * rng.normal(size=(2, 5, 5)))
    g = 1 / (rng.normal(size=5) + 0.2j)
    others = [2, 0, 3, 4]  # all but state 1
    expected = sum(potential[1, n] * g[n].conj() * force[n, 1] + force[1, n] * g[n] * potential[n, 1] for n in others)
    assert second_order_vertex(force, potential, g)[1] == pytest.approx(expected)


def test_ladder_becomes_the_boltzmann_equation() -> None:
    medium = Medium(energies=400, directions=4, width=0.1, broadening=1e-9)
    weight = ladder(medium.propagator_k, medium.rates_kl, medium.current_k).reshape(400, 4)
    integral = weight.sum(axis=0) * 2 * medium.band / 400 / (2 * np.pi)
    angle = medium.angle_k[:4]
    rates = 2 * np.pi * 0.1**2 / 2 / 4 * (1 + medium.anisotropy * np.cos(angle[:, None] - angle))
    expected = boltzmann_solution(rates, np.cos(angle))
    np.testing.assert_allclose(integral, expected, rtol=0.01, atol=1e-6)


def test_boltzmann_solution_has_the_transport_time() -> None:
    directions, weights = sphere_quadrature(12)
    cosine = directions @ directions.T
    f = np.polynomial.legendre.legval(cosine, (2 * np.arange(3) + 1) * np.exp(1j * DELTA) * np.sin(DELTA))
    solution = boltzmann_solution(np.abs(f) ** 2 * weights, directions[:, 2])
    np.testing.assert_allclose(solution, directions[:, 2] / transport_cross_section(DELTA, 1.0), rtol=1e-9, atol=1e-12)
    with pytest.raises(InputError, match="odd in k"):
        boltzmann_solution(np.abs(f) ** 2 * weights, np.ones(len(directions)))


def test_enclosed_electrons_are_counted_by_the_surface() -> None:
    directions, weights = sphere_quadrature(4)
    axes = np.array([0.6, 1.1, 2.3])
    normal = directions / axes
    area = weights * np.prod(axes) * np.linalg.norm(normal, axis=1)
    number = 2 / (2 * np.pi) ** 3 * 4 * np.pi / 3 * np.prod(axes)
    shifted = directions * axes + np.array([0.4, -1.0, 2.0])  # a pocket that is not at the centre of the zone
    for points, sign in ((directions * axes, 1), (shifted, 1), (directions * axes, -1)):
        np.testing.assert_allclose(
            enclosed_electrons(points, sign * normal, area), sign * number * np.eye(3), atol=1e-15
        )


# --- tools of the checks ---------------------------------------------------------------------------------------


def test_wells_by_matching_conserve_electrons_and_obey_reciprocity() -> None:
    wells = Wells(np.array([[0.0, 0.0, -1.3], [0.4, 0.3, 1.2]]), np.array([0.9, 1.4]), 1.0, 1.75)
    out, weights = sphere_quadrature(24)
    ways = random_directions(3, 4)
    f = wells.amplitude(out, ways)
    forward = np.diag(wells.amplitude(ways, ways)).imag
    np.testing.assert_allclose(weights @ np.abs(f) ** 2, 4 * np.pi / 1.75 * forward, rtol=1e-6)
    np.testing.assert_allclose(wells.amplitude(ways, ways), wells.amplitude(-ways, -ways).T, atol=1e-6)
    lost = ways * (weights @ np.abs(f) ** 2)[:, None] - (np.abs(f) ** 2 * weights[:, None]).T @ out
    np.testing.assert_allclose(wells.push(0, ways) + wells.push(1, ways), lost.T, atol=2e-6)


def test_force_on_the_ring_is_the_derivative_of_the_potential() -> None:
    model, step = ring(), 1e-4
    difference = (model.moved(1, -step).potential - model.moved(1, step).potential) / (2 * step)
    np.testing.assert_allclose(model.force(1), difference, atol=1e-7)
    whole = sum(model.force(ion) for ion in range(4))
    assert np.abs(np.diag(whole)).max() == 0
    points = model.at_points(model.potential)
    np.testing.assert_allclose(points, points.real, atol=1e-14)  # real in space: time can be reversed


def test_random_matrices_have_the_rates_and_an_ion_the_response_of_its_own_inverse() -> None:
    medium, rng = Medium(energies=6, directions=4), np.random.default_rng(5)
    mean = np.mean([np.abs(medium.sample(rng)) ** 2 for _ in range(1500)], axis=0)
    np.testing.assert_allclose(mean / medium.rates_kl, 1, atol=0.2)  # five standard errors
    noise, phases = medium.sample(rng), rng.uniform(0, 6, size=(2, 24))
    turn = np.exp(1j * (phases[1][:, None] - phases[1]))
    matrix = np.diag(1j * medium.broadening - medium.energy_k) - noise - medium.potential * turn.conj()
    inverse = np.linalg.inv(matrix)
    whole = np.trace(medium.force * turn.conj() @ inverse @ np.diag(medium.current_k) @ inverse.conj().T)
    assert medium.responses(noise, phases)[1] == pytest.approx(whole.real)
    assert abs(whole.imag) < ROUND_OFF


# --- a wrong formula is noticed --------------------------------------------------------------------------------


def broken(section: list[FormulaCheck]) -> set[str]:
    return {row.equation for row in section if row.verdict == "differs"}


@pytest.mark.parametrize(
    ("module", "name", "section", "equations"),
    [
        (schaich_boltzmann, "transport_cross_section", "_stationary", {"1"}),
        (schaich_boltzmann, "density_change", "_density", {"2"}),
        (schaich_boltzmann, "current_response", "_density", {"2"}),
        (schaich_boltzmann, "ion_amplitude", "_amplitude", {"3"}),
        (schaich_boltzmann, "mean_free_path_of_time", "_shift", {"4"}),
        (schaich_boltzmann, "total_cross_section", "_optical", {"6"}),
        (schaich_boltzmann, "asymptotic_response", "_far", {"7"}),
        (schaich_boltzmann, "transport_cross_section", "_rate", {"8"}),
        (schaich_boltzmann, "weighted_cross_section", "_rate", {"text after 8"}),
        (schaich_response, "force_response", "_response", {"10"}),
        (schaich_response, "force_response", "_trace", {"14"}),
        (schaich_response, "time_ordered_function", "_products", {"12", "13"}),
        (schaich_response, "born_series", "_series", {"15"}),
        (schaich_ladder, "ladder", "_vertex", {"19", "20"}),
        (schaich_ladder, "state_vertex", "_vertex", {"19", "20"}),
        (schaich_ladder, "ladder", "_averaged", {"21"}),
        (schaich_ladder, "extinction_cross_section", "_golden_rule", {"25"}),
        (schaich_ladder, "t_matrix", "_golden_rule", {"24"}),
        (schaich_ladder, "boltzmann_solution", "_boltzmann", {"26", "28"}),
        (schaich_ladder, "force_tensors", "_force", {"29"}),
        (schaich_cluster, "second_order_vertex", "_second_order", {"30"}),
        (schaich_cluster, "kinematic_tensors", "_second_order", {"30"}),
        (schaich_cluster, "dilute_tensors", "_one_ion", {"31"}),
        (schaich_cluster, "momentum_transfer", "_cluster", {"32"}),
        (schaich_cluster, "force_tensors", "_cluster", {"32"}),
        (schaich_cluster, "derivative_force_tensors", "_derivative", {"33"}),
        (schaich_cluster, "transport_cross_section", "_dilute", {"35", "text after 35"}),
        (schaich_cluster, "force_per_field", "_dilute", {"text after 35"}),
        (schaich_sums, "mean_free_path_of_scatterers", "_forces", {"36"}),
        (schaich_sums, "force_tensors", "_forces", {"38a"}),
        (schaich_sums, "transport_tensor", "_forces", {"36", "38a"}),
        (schaich_sums, "enclosed_electrons", "_counts", {"38b", "text after 39"}),
        (schaich_appendix, "t_matrix", "_force", {"A2"}),
        (schaich_appendix, "t_matrix", "_propagators", {"A4", "A5", "A6"}),
        (schaich_appendix, "t_matrix", "_factor", {"A7a", "A7b", "A7c", "A7d"}),
        (schaich_appendix, "derivative_vertex", "_vertex", {"A8"}),
    ],
)
def test_wrong_ingredient_of_the_wind_is_noticed(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, section: str, equations: set[str]
) -> None:
    right: Callable[..., Any] = getattr(module, name)
    assert broken(getattr(module, section)()) == set()
    schaich_ladder._shells.cache_clear()
    schaich_ladder._solved.cache_clear()
    monkeypatch.setattr(module, name, lambda *arguments, **named: 1.06 * right(*arguments, **named))
    wrong = broken(getattr(module, section)())
    schaich_ladder._shells.cache_clear()
    schaich_ladder._solved.cache_clear()
    assert equations <= wrong


def test_t_plus_for_t_minus_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Ring.t_gradient
    monkeypatch.setattr(Ring, "t_gradient", lambda self, ion, *, outgoing: right(self, ion, outgoing=not outgoing))
    assert {"A3", "A8", "text after A8"} <= broken(schaich_appendix._vertex())


def test_a_wrong_pole_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = linear_response.time_ordered_function
    monkeypatch.setattr(schaich_response, "time_ordered_function", lambda *a, **named: right(*a, **named).conj())
    assert {"12", "13"} <= broken(schaich_response._products())
    assert "14" in broken(schaich_response._trace())
