"""Levels of soft potentials, tunnelling splittings, van Hove points and two-level systems."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.linalg import eigh

from analysis.soft_potential import levels as module
from analysis.soft_potential.deep_wells import (
    boundary_splitting,
    leading_splitting,
    splitting,
    wkb_action,
    wkb_splitting,
)
from analysis.soft_potential.landscape import images, is_double_well
from analysis.soft_potential.landscape_points import gap_gradient, stationary_gaps
from analysis.soft_potential.levels import basis_for, exact_frame, levels, oscillator_bands
from analysis.soft_potential.tunnelling import (
    Kind,
    asymmetry_I,
    asymmetry_II,
    deformation_potential_I,
    deformation_potential_II,
    deformation_ratio,
    find_tunnelling_systems,
    splitting_I,
    splitting_II,
    two_level_energy,
)
from atomsim.errors import InputError

POTENTIALS = [(0.0, 0.0), (3.0, 1.0), (-4.0, 0.5), (-2.0, 0.0), (10.0, -6.0), (0.3, 2.5)]


def finite_difference_levels(alpha: float, beta: float, count: int) -> np.ndarray:
    """Levels on a grid of the coordinate y, second order, extrapolated: no oscillator anywhere."""
    found = []
    for points in (1200, 2400):
        y, step = np.linspace(-9.0, 7.0, points, retstep=True)
        matrix = (
            np.diag(2 / step**2 + y**2 * (alpha + beta * y + y**2))
            - (np.eye(points, k=1) + np.eye(points, k=-1)) / step**2
        )
        found.append(eigh(matrix, eigvals_only=True, subset_by_index=[0, count - 1]))
    return (4 * found[1] - found[0]) / 3


def test_levels_of_the_pure_quartic() -> None:
    """Textbook numbers, and Bohr and Sommerfeld's law for high levels."""
    found = levels(0.0, 0.0, count=30)
    assert found.energy_m[:4] == pytest.approx([1.06036209, 3.79967303, 7.45569794, 11.64474551], abs=1e-8)
    assert found.energy_m[29] == pytest.approx(2.1850692 * 29.5 ** (4 / 3), rel=2e-4)


@pytest.mark.parametrize(("alpha", "beta"), [(3.0, 1.0), (-4.0, 0.5), (2.0, -3.0)])
def test_levels_against_a_grid(alpha: float, beta: float) -> None:
    expected = finite_difference_levels(alpha, beta, 4)
    assert levels(alpha, beta, count=4).energy_m == pytest.approx(expected, rel=1e-5)


def test_images_have_the_same_levels() -> None:
    """(-2, 0) and (4, 4) are one potential seen from two stationary points, one unit of energy apart."""
    here, there = levels(-2.0, 0.0, count=12), levels(4.0, 4.0, count=12)
    assert there.energy_m - here.energy_m == pytest.approx(np.ones(12), abs=1e-10)
    alpha, beta = images(-3.3, 1.7)
    for a, b in zip(alpha, beta, strict=True):
        gaps = [np.diff(levels(float(x), float(y), count=6).energy_m) for x, y in ((-3.3, 1.7), (a, b))]
        assert gaps[0] == pytest.approx(gaps[1], rel=1e-8)


@pytest.mark.parametrize(("alpha", "beta"), POTENTIALS)
def test_sum_rules_and_virial(alpha: float, beta: float) -> None:
    """sum (E_n - E_m)|x_nm|^2 = 1, sum (E_n - E_m)|x2_nm|^2 = 4 (x2)_mm, E = 3/2 D1 x + 2 D2 x2 + 3 x4."""
    found = levels(alpha, beta, count=40)
    gap_mm = found.frame_energy_m[None, :] - found.frame_energy_m[:, None]
    first = np.sum(gap_mm * found.x_mm**2, axis=1)[:5]
    assert first == pytest.approx(np.ones(5), rel=1e-8)
    second = np.sum(gap_mm * found.x2_mm**2, axis=1)[:5]
    assert second == pytest.approx(4 * np.diag(found.x2_mm)[:5], rel=1e-8)
    fourth = np.sum(found.x2_mm**2, axis=1)[:5]
    virial = 1.5 * found.D1 * np.diag(found.x_mm)[:5] + 2 * found.D2 * np.diag(found.x2_mm)[:5] + 3 * fourth
    assert virial == pytest.approx(found.frame_energy_m[:5], abs=1e-7)


def test_force_elements_by_the_equation_of_motion() -> None:
    """<n|dV/dx|m> = D1 + 2 D2 x + 4 x^3 equals (E_n - E_m)^2 x_nm / 2."""
    found = levels(-3.0, 1.2, count=60)
    direct = found.D1 * np.eye(60) + 2 * found.D2 * found.x_mm + 4 * found.x2_mm @ found.x_mm
    assert found.force_mm[:8, :8] == pytest.approx(direct[:8, :8], abs=1e-6)


def test_bands_hold_the_powers_of_the_coordinate() -> None:
    """The banded matrix equals p^2 + c1 z + c2 z^2 + c3 z^3 + z^4 built by multiplying ladder matrices."""
    nu, size, c = 1.7, 12, np.array([0.3, -1.1, 0.7])
    large = size + 6
    lower = np.diag(np.sqrt(np.arange(1, large)), 1)
    z = (lower + lower.T) / np.sqrt(2 * nu)
    momentum2 = -nu / 2 * (lower - lower.T) @ (lower - lower.T)
    expected = momentum2 + c[0] * z + c[1] * z @ z + c[2] * z @ z @ z + z @ z @ z @ z
    bands = oscillator_bands(c, nu, size)
    for k in range(5):
        assert bands[k, : size - k] == pytest.approx(np.diagonal(expected, -k)[: size - k], abs=1e-12)


def test_levels_do_not_depend_on_the_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = levels(-5.0, 0.4, count=10)

    def wider(D1: float, D2: float, count: int) -> module.Basis:
        basis = basis_for(D1, D2, count)
        return dataclasses.replace(
            basis, frequency=1.3 * basis.frequency, centre=basis.centre + 0.2, size=2 * basis.size
        )

    monkeypatch.setattr(module, "basis_for", wider)
    other = levels(-5.0, 0.4, count=10)
    assert other.energy_m == pytest.approx(usual.energy_m, abs=1e-9)
    assert np.abs(other.x_mm) == pytest.approx(np.abs(usual.x_mm), abs=1e-8)


def test_symmetric_potentials_stay_symmetric() -> None:
    """On alpha = beta^2/4 the field is exactly zero, whatever beta rounds to; the images of a well agree."""
    for beta in (4.0, 0.1, 7.3, 12.0):
        D1, D2, _ = exact_frame(beta**2 / 4, beta)
        assert abs(float(D1)) <= abs(beta) * np.spacing(beta**2)
        assert float(D2) == pytest.approx(-(beta**2) / 8)
    assert exact_frame(4.0, 4.0)[0] == 0


def test_splittings_of_deep_wells_tend_to_the_wkb_formula() -> None:
    """Far below the rounding of the levels; the series in 1/S closes in on the splitting as S^-3."""
    depths = np.array([-10.0, -14.0, -20.0, -28.0])
    exact = np.array([splitting(float(d), 0.0) for d in depths])
    deviation = np.abs(exact / wkb_splitting(depths) - 1)
    assert np.all(deviation < np.array([1e-3, 2e-4, 1e-4, 3e-5]))
    assert np.all(np.diff(deviation) < 0)
    assert exact[2] / (depths[2] ** 2 / 4) < 1e-16, "the splitting is a rounding error of the depth"
    scaled = deviation * wkb_action(depths) ** 3
    assert scaled.max() / scaled.min() < 2
    assert np.all(exact < leading_splitting(depths))


def test_splitting_equals_the_difference_of_levels_where_both_resolve_it() -> None:
    for alpha, beta in ((-3.0, 0.0), (-5.0, 0.01), (1.0, 2.0)):
        found = levels(alpha, beta, count=2)
        assert splitting(alpha, beta) == pytest.approx(np.diff(found.energy_m)[0], rel=1e-9)


def test_small_asymmetry_of_a_deep_well() -> None:
    """E^2 = Delta_0^2 + Delta^2 with Delta = |D1| <x_2 - x_1>: linear in beta far below the splitting's own size."""
    tunnelling = splitting(-14.0, 0.0)
    asymmetry = [np.sqrt(splitting(-14.0, b) ** 2 - tunnelling**2) for b in (1e-9, 2e-9)]
    assert asymmetry[1] / asymmetry[0] == pytest.approx(2.0, rel=1e-4)
    assert asymmetry[0] == pytest.approx(float(asymmetry_I(-14.0, 1e-9)), rel=0.05)


@pytest.mark.parametrize("depth", [-4.0, -8.0, -12.0])
def test_boundary_identity_gives_the_same_splitting(depth: float) -> None:
    assert boundary_splitting(depth) == pytest.approx(splitting(depth, 0.0), rel=1e-6)


def test_van_hove_points_are_found() -> None:
    """The saddles of E_21 and E_31 lie on alpha = 0; the minimum of E_31 appears at two images."""
    (saddle,) = [p for p in stationary_gaps(2, alpha_range=(-2.0, 2.0), beta_range=(1.0, 3.0)) if p.kind == "saddle"]
    assert (saddle.alpha, saddle.beta, saddle.gap) == pytest.approx((0.0, 1.89441, 2.18213314), abs=1e-5)
    (upper,) = [p for p in stationary_gaps(3, alpha_range=(-2.0, 2.0), beta_range=(1.0, 3.0)) if p.kind == "saddle"]
    assert (upper.alpha, upper.beta, upper.gap) == pytest.approx((0.0, 2.15390, 5.26717628), abs=1e-5)
    (lowest,) = [p for p in stationary_gaps(3, alpha_range=(-5.0, -3.0), beta_range=(0.0, 0.75)) if p.kind == "minimum"]
    assert (lowest.alpha, lowest.beta, lowest.gap) == pytest.approx((-3.956847, 0.0, 3.65111874), abs=1e-5)
    (image,) = [
        p for p in stationary_gaps(3, alpha_range=(7.5, 8.3), beta_range=(5.3, 5.9), step=0.1) if p.kind == "minimum"
    ]
    assert image.gap == pytest.approx(lowest.gap, abs=1e-8)


def test_gap_gradient_is_the_derivative_of_the_levels() -> None:
    point, step = np.array([1.3, 2.2]), 1e-4
    for upper in (2, 3):
        measured = []
        for direction in np.eye(2):
            sides = [levels(*(point + sign * step * direction), count=upper).frame_energy_m for sign in (1, -1)]
            measured.append((sides[0][-1] - sides[0][0] - sides[1][-1] + sides[1][0]) / (2 * step))
        assert gap_gradient(point, upper) == pytest.approx(measured, abs=1e-6)


def test_printed_splittings_lack_their_prefactor() -> None:
    """The exponential alone is too small by 40 to 100; with the pre-exponent it is good to some 1/S."""
    for alpha in (-6.0, -8.0, -11.0):
        exact = splitting(alpha, 0.0)
        assert 35 < exact / float(splitting_I(alpha, with_prefactor=False)) < 110
        assert float(splitting_I(alpha)) == pytest.approx(exact, rel=1.5 / float(wkb_action(alpha)))
    beta = 8.0
    assert float(splitting_II(beta)) == pytest.approx(float(splitting_I(-(beta**2) / 8)), rel=1e-12)
    printed = float(splitting_II(beta, with_prefactor=False))
    assert printed == pytest.approx(np.exp(-(beta**3) / 48), rel=1e-12)


def test_asymmetries_of_both_types() -> None:
    """The gap of a nearly symmetric well is the hypotenuse of splitting and asymmetry, seen from either point."""
    alpha, beta = -9.0, 1e-3
    expected = two_level_energy(splitting(alpha, 0.0), asymmetry_I(alpha, beta))
    assert splitting(alpha, beta) == pytest.approx(float(expected), rel=0.06)
    beta = 8.5
    alpha = beta**2 / 4 + 1e-3
    expected = two_level_energy(splitting(-(beta**2) / 8, 0.0), asymmetry_II(alpha, beta))
    assert splitting(alpha, beta) == pytest.approx(float(expected), rel=0.06)


def test_deformation_potentials_of_both_types() -> None:
    """(4.17) is the quotient of (4.16) and (4.15); both follow from 1/2 d Delta/d strain."""
    tunnelling = np.array([1e-3, 1e-6])
    ratio = deformation_potential_II(tunnelling, d=2.0, energy=1.0) / deformation_potential_I(
        tunnelling, b=1.5, d=2.0, energy=1.0
    )
    assert ratio == pytest.approx(deformation_ratio(tunnelling, b=1.5), rel=1e-12)
    # type II: gamma = 1/2 (dDelta/dR) d with Delta = R beta^2/4 and |beta|^3 = 48 ln(W/Delta_0)
    beta = (48 * np.log(1 / tunnelling)) ** (1 / 3)
    slope = (asymmetry_II(beta**2 / 4 + 1e-6, beta) - asymmetry_II(beta**2 / 4, beta)) / 1e-6
    assert deformation_potential_II(tunnelling, d=1.0, energy=1.0) == pytest.approx(slope / 2, rel=1e-6)
    # type I: gamma = 1/2 (dDelta/dbeta) b/alpha... with dbeta = 2 b d strain/alpha^2 and |alpha|^1.5 = 3/sqrt2 ln
    alpha = (3 / np.sqrt(2) * np.log(1 / tunnelling)) ** (2 / 3)
    slope = asymmetry_I(alpha, 1.0) * 2 * 1.5 / alpha**2 / 2
    assert deformation_potential_I(tunnelling, b=1.5, d=1.0, energy=1.0) == pytest.approx(slope, rel=1e-12)
    with pytest.raises(InputError, match="reaches W"):
        deformation_ratio(2.0, b=1.0)


def test_two_level_systems_in_a_cloud() -> None:
    """Every system found is a double well of small gap with 0 < p <= 1; both kinds occur, nothing small is missed."""
    rng = np.random.default_rng(6)
    beta = rng.uniform(-9, 9, 600)
    alpha = np.where(rng.random(600) < 0.5, -rng.uniform(4, 9, 600), beta**2 / 4 + rng.uniform(-0.05, 0.05, 600))
    beta = np.where(alpha < 0, rng.uniform(-0.02, 0.02, 600), beta)
    found = find_tunnelling_systems(alpha, beta, largest_energy=0.1)
    kinds = {found.kind(k) for k in range(len(found.index_s))}
    assert kinds == {Kind.TYPE_I, Kind.TYPE_II}
    assert np.all(is_double_well(alpha[found.index_s], beta[found.index_s]))
    assert np.all((found.share_s > 0) & (found.share_s <= 1)) and np.all(found.energy_s < 0.1)
    energy = np.hypot(found.tunnelling_s, found.asymmetry_s)
    assert energy == pytest.approx(found.energy_s, rel=1e-9)
    for k in np.setdiff1d(np.arange(0, 600, 40), found.index_s):
        assert splitting(float(alpha[k]), float(beta[k])) >= 0.1
    with pytest.raises(InputError, match="largest energy"):
        find_tunnelling_systems(alpha, beta, largest_energy=2.0)


def test_levels_refuse_what_they_cannot_give() -> None:
    with pytest.raises(InputError, match="finite"):
        levels(np.nan, 0.0, count=2)
    with pytest.raises(InputError, match="number of levels 0"):
        levels(0.0, 0.0, count=0)
    with pytest.raises(InputError, match="too large"):
        levels(1e6, 0.0, count=2)
