"""Levels and matrix elements of the soft potentials: known numbers, identities and limits."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.soft_potential.landscape import images
from analysis.soft_potential.landscape_points import gap_gradient, stationary_gaps
from analysis.soft_potential.level_table import Images, Resolution, solve_line, tabulate_levels
from analysis.soft_potential.levels import (
    Basis,
    Levels,
    basis_for,
    exact_frame,
    ladder,
    levels,
    oscillator_bands,
)
from atomsim.errors import InputError
from atomsim.results import Array

PAIRS = [(0.0, 0.0), (-2.0, 0.0), (4.0, 4.0), (-6.0, 0.3), (3.0, -2.0), (12.0, 7.1)]


def dense(bands: Array) -> Array:
    return sum(np.diag(bands[k, : bands.shape[1] - k], -k) + (k > 0) * np.diag(bands[k, : bands.shape[1] - k], k)
               for k in range(5))  # fmt: skip


def test_levels_of_the_pure_quartic() -> None:
    solved = levels(0.0, 0.0, count=40)
    assert solved.energy_m[:4] == pytest.approx([1.06036209, 3.79967303, 7.45569794, 11.64474551], abs=1e-8)
    n = np.arange(40)
    bohr_sommerfeld = 2.18506930 * (n + 0.5) ** (4 / 3)
    distance = solved.energy_m / bohr_sommerfeld - 1
    assert np.all(np.abs(distance[4:]) < 2e-3) and abs(distance[39]) < 3e-5
    assert solved.error < 1e-9


def test_images_differ_by_the_depth_of_the_origin() -> None:
    maximum, minimum = levels(-2.0, 0.0, count=8), levels(4.0, 4.0, count=8)
    assert minimum.energy_m - maximum.energy_m == pytest.approx(np.ones(8), abs=1e-9)
    alpha, beta = images(6.0, 5.5)
    gaps = [np.diff(levels(float(a), float(b), count=6).energy_m) for a, b in zip(alpha, beta, strict=True)]
    here = np.diff(levels(6.0, 5.5, count=6).energy_m)
    assert gaps[0] == pytest.approx(here, abs=1e-9) and gaps[1] == pytest.approx(here, abs=1e-9)
    mirrored = levels(6.0, -5.5, count=6)
    assert np.diff(mirrored.energy_m) == pytest.approx(here, abs=1e-10)


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_sum_rules_of_single_states(alpha: float, beta: float) -> None:
    solved = levels(alpha, beta, count=26)
    gap = solved.energy_m[None, :] - solved.energy_m[:, None]
    for state in range(4):
        assert np.sum(gap[state] * solved.x_mm[state] ** 2) == pytest.approx(1.0, abs=1e-8)
        x2 = np.sum(gap[state] * solved.x2_mm[state] ** 2) / (4 * solved.x2_mm[state, state])
        assert x2 == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize("tau", [0.05, 0.7, 3.0])
@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_thermal_sum_rule_is_one(alpha: float, beta: float, tau: float) -> None:
    solved = levels(alpha, beta, count=60)
    weight = np.exp(-(solved.energy_m - solved.energy_m[0]) / tau)
    weight /= weight.sum()
    gap = solved.energy_m[None, :] - solved.energy_m[:, None]
    terms = (weight[:, None] - weight[None, :]) * gap * solved.x_mm**2
    assert np.all(terms >= -1e-18)  # absorption exceeds emission for every pair
    assert np.sum(np.triu(terms, 1)) == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_virial_theorem_holds_for_every_level(alpha: float, beta: float) -> None:
    solved = levels(alpha, beta, count=40)
    x4 = (solved.x2_mm @ solved.x2_mm).diagonal()[:6]
    x, x2 = solved.x_mm.diagonal()[:6], solved.x2_mm.diagonal()[:6]
    virial = 1.5 * solved.D1 * x + 2 * solved.D2 * x2 + 3 * x4
    assert solved.frame_energy_m[:6] == pytest.approx(virial, abs=1e-6)


def test_levels_obey_hellmann_and_feynman() -> None:
    h = 1e-4
    here = levels(-3.0, 0.7, count=5)
    around = np.array([[levels(-3.0 + i * h, 0.7 + j * h, count=5).energy_m for j in (-1, 0, 1)] for i in (-1, 0, 1)])
    by_alpha = (around[2, 1] - around[0, 1]) / (2 * h)
    by_beta = (around[1, 2] - around[1, 0]) / (2 * h)
    assert by_alpha == pytest.approx(here.y2_mm.diagonal(), abs=1e-6)
    wide = levels(-3.0, 0.7, count=40)
    y3 = (wide.y_mm @ wide.y2_mm).diagonal()[:5]
    assert by_beta == pytest.approx(y3, abs=1e-6)


def test_force_elements_by_the_equation_of_motion() -> None:
    solved = levels(2.5, -1.2, count=40)
    x3 = solved.x_mm @ solved.x2_mm
    force = solved.D1 * np.eye(40) + 2 * solved.D2 * solved.x_mm + 4 * x3
    assert solved.force_mm[:6, :6] == pytest.approx(force[:6, :6], abs=1e-6)


def test_bands_hold_the_powers_of_the_coordinate() -> None:
    size, nu = 40, 1.7
    z = np.diag(ladder(size + 8, nu), 1)
    z = z + z.T
    n = np.arange(size + 8)
    p2 = nu * (n[:, None] == n) * (2 * n + 1) - nu**2 * (z @ z)  # p^2 = H_oscillator - nu^2 z^2
    powers = [p2 + np.linalg.matrix_power(z, 4), z, z @ z, z @ z @ z]
    for k, coefficients in enumerate(np.vstack([np.zeros(3), np.eye(3)])):
        wanted = powers[0] + (powers[k] if k else 0.0)
        assert dense(oscillator_bands(coefficients, nu, size)) == pytest.approx(wanted[:size, :size], abs=1e-10)


def test_levels_do_not_depend_on_the_basis() -> None:
    for D1, D2 in ((0.0, -7.0), (3.0, 2.0), (40.0, -12.0)):
        basis = basis_for(D1, D2, 5)
        found = [
            np.linalg.eigvalsh(dense(_bands(D1, D2, Basis(centre, nu, 4 * basis.size))))[:5]
            for centre, nu in ((basis.centre, basis.frequency), (0.1, 3.0), (-0.4, 2.0))
        ]
        assert found[1] == pytest.approx(found[0], abs=1e-8)
        assert found[2] == pytest.approx(found[0], abs=1e-8)


def _bands(D1: float, D2: float, basis: Basis) -> Array:
    c = basis.centre
    coefficients = np.array([D1 + 2 * D2 * c + 4 * c**3, D2 + 6 * c**2, 4 * c])
    bands = oscillator_bands(coefficients, basis.frequency, basis.size)
    bands[0] += c * (D1 + c * (D2 + c**2))
    return bands


def test_symmetric_potentials_stay_symmetric() -> None:
    D1, D2, shift = exact_frame(16.0, 8.0)
    assert (D1, D2, shift) == (0, -8, 16)
    far = 2.0**21 + 1
    assert exact_frame(far**2 / 4, far)[0] == 0  # in floating point the two terms differ in the last digit
    solved = levels(16.0, 8.0, count=6)
    assert np.max(np.abs(solved.x_mm.diagonal())) == 0
    shifted = levels(-8.0, 1e-13, count=2)  # a field far below the splitting turns the states by a tiny angle only
    assert abs(shifted.x_mm[0, 0]) < 1e-7 and shifted.energy_m == pytest.approx(levels(-8.0, 0.0, count=2).energy_m)


def test_weak_field_localises_the_states_of_a_deep_well() -> None:
    solved = levels(-12.0, 1e-8, count=2)  # asymmetry 2.9e-7 W, splitting 2.4e-7 W
    tilt = solved.x_mm[1, 1] - solved.x_mm[0, 0]
    distance = np.hypot(tilt, 2 * solved.x_mm[0, 1])
    stronger = levels(-12.0, 1e-6, count=2)
    assert 0.2 < abs(tilt) / distance < 0.95
    assert abs(stronger.x_mm[1, 1] - stronger.x_mm[0, 0]) == pytest.approx(distance, rel=1e-3)


@pytest.mark.parametrize(("alpha", "beta", "count"), [(np.nan, 0.0, 3), (0.0, np.inf, 3), (1.0, 1.0, 0), (0.0, 1e5, 3)])
def test_impossible_levels_are_refused(alpha: float, beta: float, count: int) -> None:
    with pytest.raises(InputError, match=r"expected|too large"):
        levels(alpha, beta, count=count)


def test_far_wells_are_solved_where_they_are() -> None:
    solved: Levels = levels(5.0, -100.0, count=4)
    curvature = solved.D2 + 6 * _lowest_place(solved) ** 2
    assert np.diff(solved.energy_m) == pytest.approx(2 * np.sqrt(curvature), rel=1e-4)


def _lowest_place(solved: Levels) -> float:
    return float(solved.x_mm[0, 0])


def test_gap_gradient_is_the_derivative_of_the_levels() -> None:
    point, h = np.array([1.3, 2.2]), 1e-4

    def gap(a: float, b: float) -> float:
        energy = levels(a, b, count=3).energy_m
        return float(energy[2] - energy[0])

    slope = [
        (gap(point[0] + h, point[1]) - gap(point[0] - h, point[1])) / (2 * h),
        (gap(point[0], point[1] + h) - gap(point[0], point[1] - h)) / (2 * h),
    ]
    assert gap_gradient(point, 3) == pytest.approx(slope, abs=1e-6)
    on_axis = gap_gradient(np.array([0.0, 1.5]), 2)
    assert on_axis[1] == pytest.approx(-0.75 * 1.5 * on_axis[0], abs=1e-9)


def test_van_hove_points_are_found() -> None:
    first = stationary_gaps(2, alpha_range=(-4.0, 4.0), beta_range=(0.0, 4.0), step=1.0)
    assert [point.kind for point in first] == ["saddle"]
    assert first[0].alpha == pytest.approx(0.0, abs=1e-6) and first[0].beta == pytest.approx(1.89441, abs=5e-6)
    assert first[0].gap == pytest.approx(2.18213314, abs=1e-8)
    second = stationary_gaps(3, alpha_range=(-6.0, 9.0), beta_range=(0.0, 6.0), step=1.0)
    assert [point.kind for point in second] == ["minimum", "minimum", "saddle"]
    assert [point.gap for point in second] == pytest.approx([3.65111874, 3.65111874, 5.26717628], abs=1e-8)
    minima = {(round(p.alpha, 5), round(p.beta, 5)) for p in second[:2]}
    assert (-3.95685, 0.0) in minima
    image = next(p for p in second[:2] if p.alpha > 0)
    assert (image.alpha, image.beta) == pytest.approx((2 * 3.956847, np.sqrt(8 * 3.956847)), abs=1e-5)
    assert (second[2].alpha, second[2].beta) == pytest.approx((0.0, 2.15390), abs=5e-6)


def test_tabulated_levels_are_the_levels() -> None:
    table = tabulate_levels(Resolution(lines=16, nodes=32, levels=12))
    rng = np.random.default_rng(5)
    for line, node in zip(rng.integers(0, 17, 12), rng.integers(0, 33, 12), strict=True):
        D1, D2 = float(table.D1_ln[line, node]), float(table.D2_l[line])
        exact = np.linalg.eigvalsh(dense(_bands(D1, D2, basis_for(D1, D2, 60))))[:10]
        low = exact - exact[0] < 60
        tabulated = table.energy_lnm[line, node, :10]
        assert tabulated[low] == pytest.approx(exact[low], abs=1e-5)
    others = tabulate_levels(Resolution(lines=16, nodes=32, levels=12), Images.OTHERS)
    force = others.D1_ln + 2 * others.D2_l[:, None] * others.place_ln + 4 * others.place_ln**3
    assert np.max(np.abs(force)) < 1e-10
    energy, x, _ = solve_line(-3.0, np.array([0.0, 0.5]), 4)
    assert energy[0] == pytest.approx(levels(-3.0, 0.0, count=4).frame_energy_m, abs=1e-8)
    assert x.shape == (2, 4, 4)
