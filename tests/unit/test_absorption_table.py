"""Absorption, specific heat and relaxation from the levels: limits, identities, errors of the tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from analysis.soft_potential.absorption_table import AbsorptionTable, absorption_integral, tabulate_absorption
from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.level_table import Images, LevelTable, Resolution, tabulate_levels
from analysis.soft_potential.measures import Coefficients, field_measure, landscape_measure
from analysis.soft_potential.potential_mesh import PotentialMesh, potential_mesh
from analysis.thermal.absorption import (
    Absorption,
    LandscapeAbsorption,
    load_absorption,
    load_landscape_absorption,
)
from analysis.thermal.absorption_limits import low_frequency_excess
from analysis.thermal.later_form import tunnelling_relaxation_rate
from analysis.thermal.level_heat import energy_variance, level_heat_capacity
from analysis.thermal.phonons import Medium
from analysis.thermal.rate_matrix import phonon_coupling, relaxation_modes, relaxational_absorption
from analysis.thermal.specific_heat import TUNNELLING_COEFFICIENT, VIBRATION_COEFFICIENT
from atomsim.errors import InputError
from atomsim.kernels.gap_averages import add_strip_kernel
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

COARSE = Resolution(lines=128, nodes=128)
TAU = np.array([0.02, 0.3, 2.0])
LOW, HIGH = np.geomspace(1e-3, 1e-1, 21), np.geomspace(8.0, 16.0, 9)


@pytest.fixture(scope="module")
def lower_minima() -> LevelTable:
    return tabulate_levels(COARSE)


@pytest.fixture(scope="module")
def places() -> LevelTable:
    return tabulate_levels(COARSE, landscape=True)


@pytest.fixture(scope="module")
def others() -> LevelTable:
    return tabulate_levels(COARSE, Images.OTHERS)


@pytest.fixture(scope="module")
def absorption(lower_minima: LevelTable) -> Absorption:
    return Absorption(tabulate_absorption(COARSE, levels=lower_minima))


@pytest.fixture(scope="module")
def mesh() -> PotentialMesh:
    return potential_mesh(deepest=20, hottest=1.5, coldest=0.02, lines=160, nodes=72)


def extrapolated(table: LevelTable, omega: Array, *, weight=None, b=None, landscape=False) -> Array:  # type: ignore[no-untyped-def]
    """The integral on a mesh and on its half, extrapolated to no step; shape (frequencies, temperatures)."""
    found = []
    for part in (table, table.halved()):
        options = {} if weight is None else {"weight": weight}
        measure = landscape_measure(part, b=b, **options) if landscape else field_measure(part, **options)
        found.append(absorption_integral(part, measure, omega_k=omega, tau_t=TAU))
    return (4 * found[0] - found[1]) / 3


def total(table: LevelTable, coefficients: Coefficients) -> float:
    """Integral of the last coefficient over the mesh, by the trapezoidal rule."""
    cells = coefficients.factor_cln[2] * table.step_ln * table.line_step_l[:, None]
    return float(np.trapezoid(np.trapezoid(cells, axis=1)))


def test_meshes_cover_the_plane(lower_minima: LevelTable, places: LevelTable, others: LevelTable) -> None:
    def hill(first: Array, second: Array) -> Array:
        return np.exp(-((first - 1.5) ** 2) / 18 - (second + 1) ** 2 / 8)

    exact = 2 * np.pi * 3 * 2
    assert total(lower_minima, field_measure(lower_minima, hill)) == pytest.approx(exact, rel=2e-3)
    both = sum(total(table, landscape_measure(table, hill)) for table in (places, others))
    assert both == pytest.approx(exact, rel=5e-3)
    with pytest.raises(InputError, match="mesh of lower minima"):
        field_measure(others)
    with pytest.raises(InputError, match="needs meshes made for it"):
        landscape_measure(lower_minima)
    with pytest.raises(InputError, match="negative or NaN"):
        field_measure(lower_minima, lambda D1, D2: D2 - D1)


def two_level_table(table: LevelTable, *, distance: float, steepness: float) -> LevelTable:
    """A table of pure two-level systems: asymmetry d D1 and coupling exp(steepness D2)."""
    part = table.picked(table.D2_l < -2).fewer_levels(2)
    a = distance * part.D1_ln
    b = np.exp(steepness * part.D2_l)[:, None] * np.ones_like(a)
    E, zero = np.hypot(a, b), np.zeros_like(a)
    return dataclasses.replace(
        part,
        energy_lnm=np.stack([zero, E], axis=-1),
        x_lnp=(distance * b / (2 * E))[..., None],
        x_diagonal_lnm=np.stack([zero, distance * a / E], axis=-1),
        x2_diagonal_lnm=np.stack([zero, steepness * b**2 / E], axis=-1),
    )


def test_crossing_integral_is_that_of_two_levels(lower_minima: LevelTable) -> None:
    # Exact: d/(2 steepness) tanh, at gaps a thousand times smaller than the steps of the asymmetry.
    table = two_level_table(lower_minima.halved(), distance=3.0, steepness=1.2)
    steps = 3.0 * np.diff(table.D1_ln, axis=1)[np.abs(table.D2_l + 13) < 7, 0]
    omega = np.geomspace(1e-5, 1e-3, 11)
    assert np.min(steps) > 100 * omega[-1]
    found = absorption_integral(table, field_measure(table), omega_k=omega, tau_t=TAU)
    assert found / np.tanh(omega[:, None] / (2 * TAU)) == pytest.approx(3.0 / 2.4 * np.ones((11, 3)), rel=2e-3)


def test_level_sets_of_one_strip_by_counting_points() -> None:
    rng = np.random.default_rng(4)
    gap, strength = rng.uniform(2.0, 3.0, 4), rng.uniform(0.5, 1.5, 4)  # nodes (0, 0), (1, 0), (0, 1), (1, 1)
    log_gap = np.log(gap)
    energy = np.stack([np.zeros(4), gap], axis=1)
    one, flat = np.ones((4, 1)), np.zeros((4, 1))
    start, step, count = np.log(1.8), 0.05, 12
    values, averages = np.zeros((count, 1)), np.zeros((count, 1))
    add_strip_kernel(
        log_gap[:, None], np.zeros((4, 1, 2)), energy, strength[:, None], flat, log_gap[:, None], one, flat, flat,
        0.5 * np.ones((4, 1, 2)), np.array([0]), np.array([1]), 100.0, start, step, values, averages,
    )  # fmt: skip
    assert not np.any(values)  # no crossing
    n = 1500
    x, y = np.meshgrid((np.arange(n) + 0.5) / n, (np.arange(n) + 0.5) / n)
    lower = x + y < 1
    bent = gap * strength  # what is linear with the logarithm of the gap
    planes = [np.where(lower, v[0] + (v[1] - v[0]) * x + (v[2] - v[0]) * y,
                       v[3] + (v[2] - v[3]) * (1 - x) + (v[1] - v[3]) * (1 - y)) for v in (log_gap, bent)]  # fmt: skip
    share = planes[1] * np.exp(-2 * planes[0])
    counted = [np.sum(share[np.abs(planes[0] - start - step * k) < step / 2]) / n**2 / step for k in range(count)]
    assert averages[:, 0] == pytest.approx(counted, abs=1e-3 * np.max(counted))
    covered = np.abs(planes[0] - start - step * (count - 1) / 2) < step * count / 2
    assert step * np.sum(averages) == pytest.approx(np.sum(share[covered]) / n**2, rel=1e-4)  # nothing is lost


def test_absorption_tends_to_the_tanh_law(lower_minima: LevelTable) -> None:
    J = extrapolated(lower_minima, LOW)
    excess = J[:, 0] / np.tanh(LOW / (2 * TAU[0]))
    slow = LOW < 3e-3  # linear response to the field ends above
    assert excess[slow] == pytest.approx(low_frequency_excess(LOW[slow]), abs=2e-3)
    assert np.interp(1e-2, LOW, excess) == pytest.approx(1.053, abs=2e-3)
    omega = np.geomspace(1e-9, 1e-6, 7)
    D2 = np.linspace(-20.0, -8.0, 4001)
    action = wkb_action(np.interp(np.log(omega), np.log(wkb_splitting(D2)), D2))
    far = low_frequency_excess(omega)
    assert np.all(np.diff(far) > 0) and far[-1] == pytest.approx(1.0203, abs=1e-4)
    slope, limit = np.polyfit(1 / action, far, 1)
    assert limit == pytest.approx(1.0, abs=0.01)
    assert np.polyfit(1 / action, (far - 1) * action, 1)[1] == pytest.approx(1 / 3, abs=0.02)
    assert slope == pytest.approx(0.4, abs=0.1)
    with pytest.raises(InputError, match="limit of low frequency"):
        low_frequency_excess(0.5)


def test_absorption_of_vibrations_at_high_frequency(lower_minima: LevelTable) -> None:
    J = extrapolated(lower_minima, HIGH)
    excess = J[:, :2] / (HIGH[:, None] ** 3 / 8) - 1
    assert excess[-1] == pytest.approx([0.0025, 0.0025], abs=2e-3)
    assert excess[0] == pytest.approx([0.0236, 0.0236], abs=4e-3)  # falls off like the cube of the frequency
    assert J[:, 0] == pytest.approx(J[:, 1], rel=1e-4)  # independent of the temperature


def test_attachment_absorption_at_high_frequency(places: LevelTable, others: LevelTable) -> None:
    first = extrapolated(places, HIGH, landscape=True)[-1, 0] / HIGH[-1]
    second = extrapolated(others, HIGH, landscape=True)[-1, 0] / HIGH[-1]
    assert first == pytest.approx(1.0, abs=5e-3)
    assert first + second == pytest.approx(4 / 3, abs=8e-3)


def test_deformation_absorption_at_high_frequency(places: LevelTable, others: LevelTable) -> None:
    # Without the shift: b enters through the convention for alpha near zero, with several per cent even here.
    omega = np.geomspace(12.0, 16.0, 5)
    first = extrapolated(places, omega, landscape=True, b=1e-6)
    second = extrapolated(others, omega, landscape=True, b=1e-6)
    two_quanta = (4 / 3) / np.tanh(omega[-1] / (4 * TAU))
    assert (first + second)[-1] == pytest.approx(omega[-1] ** 3 / 6 + two_quanta, rel=0.015)


def test_deformation_absorption_at_low_frequency(places: LevelTable, others: LevelTable) -> None:
    tables = (places, others)
    omega = np.geomspace(1e-3, 4e-3, 5)
    bare, strong = (  # not extrapolated: on the halved mesh the static shift jumps from node to node
        sum(absorption_integral(t, landscape_measure(t, b=b), omega_k=omega, tau_t=TAU)[:, 0] for t in tables)
        for b in (1e-6, 2.0)
    )
    law = 4 * np.tanh(omega / (2 * TAU[0]))
    assert bare / law == pytest.approx(np.full(5, 1.04), abs=0.02)  # the same slow approach as that of J
    action = wkb_action(np.interp(np.log(omega[0]), np.log(wkb_splitting(np.linspace(-20, -4, 999))),
                                  np.linspace(-20, -4, 999)))  # fmt: skip
    assert (strong[0] - bare[0]) / law[0] == pytest.approx(4 / (18 * float(action) ** 2), rel=0.05)


def test_attachment_absorption_at_low_frequency(places: LevelTable, others: LevelTable) -> None:
    omega = np.geomspace(1e-3, 4e-3, 5)
    found = sum(extrapolated(table, omega, landscape=True)[0, 0] for table in (places, others))
    D2 = np.linspace(-20.0, -4.0, 999)
    action = float(wkb_action(np.interp(np.log(omega[0]), np.log(wkb_splitting(D2)), D2)))
    law = 4 * (np.sqrt(2) / 3) ** (2 / 3) * action ** (-2 / 3) * np.tanh(omega[0] / (2 * TAU[0]))
    assert found == pytest.approx(law, rel=0.06)


def test_absorption_is_positive_and_linear_in_frequency(lower_minima: LevelTable) -> None:
    J = extrapolated(lower_minima, LOW)
    assert np.all(J > 0)
    slope = J[:, 2] / (LOW / (2 * TAU[2]))  # tau >> Omega: absorption minus emission is linear up to logarithms
    assert np.all((slope > 1.0) & (slope < 1.2)) and np.all(np.diff(slope) > -0.02)


def test_measured_density_weighs_the_potentials(lower_minima: LevelTable) -> None:
    uniform = extrapolated(lower_minima, HIGH)
    double = extrapolated(lower_minima, HIGH, weight=lambda D1, D2: 2.0 + 0 * D1)
    one_side = extrapolated(lower_minima, HIGH, weight=lambda D1, D2: np.where(D1 > 0, 2.0, 0.0) + (D1 == 0))
    assert double == pytest.approx(2 * uniform, rel=1e-12)
    assert one_side == pytest.approx(uniform, rel=1e-12)
    with pytest.raises(InputError, match="equally spaced"):
        absorption_integral(lower_minima, field_measure(lower_minima), omega_k=np.array([1.0, 2.0, 3.0]), tau_t=TAU)


def test_table_reports_its_errors(absorption: Absorption) -> None:
    table = absorption.table
    inner = table.step_error_kt[:, table.tau_t < 1]
    assert np.median(inner) < 2e-3 and np.max(inner) < 0.1  # a coarse table
    steps, reach, levels = table.error_report()
    assert reach.largest < 1e-4 and levels.largest < 1e-4
    assert table.largest_error == steps.largest == np.max(table.step_error_kt)
    k, t = np.argmin(np.abs(table.omega_k - steps.omega)), np.argmin(np.abs(table.tau_t - steps.tau))
    assert table.step_error_kt[k, t] == steps.largest
    assert str(steps).startswith("step halving: ") and "Omega = " in str(steps)
    assert table.seconds > 0 and table.n_potentials == 129**2
    assert np.all(np.diff(np.log(table.omega_k)) < 0.01001) and table.omega_k[[0, -1]] == pytest.approx([1e-3, 16.0])


def test_absorption_scales_classically_when_hot(absorption: Absorption) -> None:
    s = np.array([3.0, 5.0, 8.0])  # Omega tau^(-1/4)
    j = [absorption(s * tau**0.25, tau) / tau**0.75 for tau in (2.5, 5.0, 40.0)]
    assert j[1] == pytest.approx(j[0], rel=0.05)
    assert j[2] == pytest.approx(j[1], rel=0.03)  # continued by the law, but for tanh(Omega/2 tau)
    assert j[1][2] == pytest.approx(8.0**3 / 8, rel=0.08)
    assert absorption(1e-2, 100.0) > np.tanh(1e-2 / 200)


def test_absorption_joins_its_limits(absorption: Absorption) -> None:
    h = 1e-5
    for omega, tau in ((1e-5, 0.1), (1e-5, 9.0), (0.3, 5e-3), (0.3, 0.5), (3.0, 2.0), (30.0, 1.0), (60.0, 9.0)):
        value, by_omega, by_tau = absorption.with_derivatives(omega, tau)
        assert value == pytest.approx(absorption(omega, tau))
        numeric = [
            (np.log(absorption(omega * np.exp(i * h), tau * np.exp(j * h)))
             - np.log(absorption(omega * np.exp(-i * h), tau * np.exp(-j * h)))) / (2 * h)
            for i, j in ((1, 0), (0, 1))
        ]  # fmt: skip
        assert [float(by_omega), float(by_tau)] == pytest.approx(numeric, abs=1e-5)
    t = absorption.table
    for edge in (t.omega_k[0], t.omega_k[-1]):
        assert absorption(edge * (1 - 1e-9), TAU) == pytest.approx(absorption(edge * (1 + 1e-9), TAU), rel=1e-6)
    for edge in (t.tau_t[0], t.tau_t[-1]):
        assert absorption(HIGH, edge * (1 - 1e-9)) == pytest.approx(absorption(HIGH, edge * (1 + 1e-9)), rel=1e-6)
    assert absorption(1e-6, 0.02) / np.tanh(1e-6 / 0.04) == pytest.approx(low_frequency_excess(1e-6), abs=2e-3)
    assert absorption(300.0, 1.0) == pytest.approx(300.0**3 / 8, rel=1e-6)
    with pytest.raises(InputError, match="positive"):
        absorption(1.0, 0.0)


def test_coarse_meshes_are_refused() -> None:
    for coarse in (Resolution(lines=60, nodes=128), Resolution(lines=128, nodes=60)):
        with pytest.raises(InputError, match="at least 64 of both"):
            tabulate_absorption(coarse)
    with pytest.raises(InputError, match=r"margin = 0\.5"):
        Resolution(margin=0.5)


def test_tables_are_kept_in_a_cache(tmp_path: Path, absorption: Absorption, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def tabulate(resolution: Resolution, **_: object) -> AbsorptionTable:
        made.append(resolution)
        return dataclasses.replace(absorption.table, nodes=resolution.nodes)

    monkeypatch.setattr("analysis.thermal.absorption.tabulate_absorption", tabulate)
    monkeypatch.setattr("analysis.thermal.absorption.tabulate_landscape_absorption", tabulate)
    first, words = load_absorption(COARSE, folder=tmp_path / "new")
    again, more_words = load_absorption(COARSE, folder=tmp_path / "new")
    assert "computed and kept" in words and "read from" in more_words and len(made) == 1
    assert np.array_equal(first.table.absorption_kt, again.table.absorption_kt)
    other, _ = load_absorption(Resolution(lines=128, nodes=160), folder=tmp_path / "new")
    assert other.table.nodes == 160 and len(list((tmp_path / "new").glob("*.h5"))) == 2
    for b in (None, 1.0, 2.0, 1.0):
        landscape, _ = load_landscape_absorption(COARSE, b=b, folder=tmp_path / "new")
        assert isinstance(landscape, LandscapeAbsorption) and landscape.b == b
    assert len(list((tmp_path / "new").glob("landscape-*.h5"))) == 3 and len(made) == 5
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    kept, excuse = load_absorption(COARSE, folder=blocked)
    assert "not kept" in excuse and np.array_equal(kept.table.absorption_kt, first.table.absorption_kt)


def test_heat_capacity_of_one_potential() -> None:
    tau, gap = 0.4, 0.9
    schottky = (gap / tau) ** 2 / (4 * np.cosh(gap / (2 * tau)) ** 2)
    assert energy_variance(np.array([[3.0, 3.0 + gap]]), tau) == pytest.approx([schottky], rel=1e-12)
    ladder = 0.7 * np.arange(80)
    oscillator = (0.35 / tau / np.sinh(0.35 / tau)) ** 2
    assert energy_variance(ladder, tau) == pytest.approx(oscillator, rel=1e-10)


def test_specific_heat_of_the_levels_has_its_two_limits(mesh: PotentialMesh) -> None:
    tau = np.array([0.02, 0.3, 1.5])
    deep, shallow = (level_heat_capacity(mesh, tau, deepest=depth) for depth in (20.0, 13.0))
    law = TUNNELLING_COEFFICIENT * tau[0] * (np.cbrt(wkb_action(20.0)) - np.cbrt(wkb_action(13.0)))
    assert (deep - shallow)[0] == pytest.approx(float(law), rel=0.02)
    assert deep[2] / tau[2] ** 5 == pytest.approx(VIBRATION_COEFFICIENT, rel=0.06)
    assert level_heat_capacity(mesh.halved(), tau, deepest=20.0) == pytest.approx(deep, rel=3e-3)
    between = level_heat_capacity(mesh, tau[:1], deepest=16.3)
    law = TUNNELLING_COEFFICIENT * tau[0] * (np.cbrt(wkb_action(20.0)) - np.cbrt(wkb_action(16.3)))
    assert deep[0] - between[0] == pytest.approx(float(law), rel=0.02)
    with pytest.raises(InputError, match="the mesh begins"):
        level_heat_capacity(mesh, tau, deepest=30.0)


def test_two_levels_relax_like_a_tunnelling_system() -> None:
    medium = Medium(density=2200.0, longitudinal_velocity=5800.0, transverse_velocity=3800.0)
    W, lambda_l2, lambda_t2 = 4 * BOLTZMANN, 1e-38, 4e-39
    g = phonon_coupling(W=W, lambda_l2=lambda_l2, lambda_t2=lambda_t2, medium=medium)
    a, b, d, tau = 0.02, 0.015, 4.1, 0.03
    E = np.hypot(a, b)
    energy = np.array([[0.0, E]])
    x = d / 2 * np.array([[[-a / E, b / E], [b / E, a / E]]])
    rates, weights = relaxation_modes(energy, x, tau=tau, strength=g)
    expected = tunnelling_relaxation_rate(
        E * W, tau * W / BOLTZMANN, tunnelling_share=(b / E) ** 2, gamma_l2=lambda_l2 * d**2 / 4,
        gamma_t2=lambda_t2 * d**2 / 4, medium=medium,
    )  # fmt: skip
    assert rates[0, 1] * W / HBAR == pytest.approx(float(expected), rel=1e-10)
    assert rates[0, 0] == pytest.approx(0.0, abs=1e-12 * rates[0, 1])
    variance = (d / 2) ** 2 * (a / E) ** 2 / np.cosh(E / (2 * tau)) ** 2
    assert weights[0] == pytest.approx([0.0, variance], abs=1e-12)


def test_relaxation_modes_conserve_the_variance(mesh: PotentialMesh) -> None:
    line = int(np.argmin(np.abs(mesh.D2_l + 6)))
    energy, x = mesh.energy_lnm[line], mesh.x_lnmm[line]
    for tau in (0.1, 1.0):
        rates, weights = relaxation_modes(energy, x, tau=tau, strength=1e-3)
        population = np.exp(-energy / tau)
        population /= population.sum(axis=1, keepdims=True)
        diagonal = np.diagonal(x, axis1=1, axis2=2)
        mean = np.sum(population * diagonal, axis=1)
        variance = np.sum(population * (diagonal - mean[:, None]) ** 2, axis=1)
        assert weights.sum(axis=1) == pytest.approx(variance, rel=1e-9, abs=1e-12)
        assert np.all(rates >= 0) and np.all(weights >= 0)


def test_relaxational_absorption_of_the_ensemble(mesh: PotentialMesh) -> None:
    omega = np.array([1e-7, 1e-6, 1e-1, 2e-1])
    found = relaxational_absorption(mesh, omega_k=omega, tau=0.05, strength=1e-3)
    assert found[3] / found[2] == pytest.approx(0.5, rel=1e-2)  # faster than all relaxation: like 1/omega
    slow = relaxational_absorption(mesh, omega_k=np.array([1e-9]), tau=0.1, strength=1.0)
    assert 0.5 < slow[0] < 0.55  # half of pi omega C/v, the plateau of tunnelling systems, with the excess of J
    faster = relaxational_absorption(mesh, omega_k=10 * omega, tau=0.05, strength=1e-2)
    assert faster == pytest.approx(found, rel=1e-9)  # only frequency over rate matters
    with pytest.raises(InputError, match="positive"):
        relaxational_absorption(mesh, omega_k=omega, tau=0.05, strength=0.0)
