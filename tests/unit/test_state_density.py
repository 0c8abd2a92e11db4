"""Densities of states by quadrature over the plane, against the printed laws and where they come from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from analysis.soft_potential.deep_wells import wkb_action, wkb_splitting
from analysis.soft_potential.level_table import Images, LevelTable, Resolution, tabulate_levels
from analysis.soft_potential.measured_measure import power_weight
from analysis.soft_potential.measures import Coefficients, Weight, field_measure, landscape_measure
from analysis.soft_potential.state_density import TunnellingType, gap_density, tunnelling_state_density
from analysis.thermal.closed_forms import tunnelling_density
from atomsim.errors import InputError
from atomsim.results import Array

ENERGY = np.geomspace(0.25, 15.9, 160)
FAST = 1e-3  # least coupling [W]


@pytest.fixture(scope="module")
def meshes() -> dict[Images, LevelTable]:
    resolution = Resolution(lines=128, nodes=96, levels=4)
    return {images: tabulate_levels(resolution, images, landscape=True) for images in Images}


def half_plane(sign: float) -> Weight:
    """One where alpha has this sign."""
    return lambda alpha, beta: np.where(sign * alpha > 0, 1.0, 0.0) * np.ones(np.shape(beta))


def found(table: LevelTable, measure: Coefficients) -> Array:
    return gap_density(table, measure, ENERGY, smallest_coupling=FAST)


def test_density_over_the_share_of_tunnelling() -> None:
    """Both types alike, and 1/(p (1 - p)^{1/2}) S^{-4/3}, S the action of symmetric wells of splitting E p^{1/2}.

    The printed logarithm is S without the prefactor of the splitting; they agree at astronomically small E only.
    """
    for share in (0.9, 0.1):
        excess, actions = [], []
        for energy in (1e-2, 1e-3, 3e-5):
            kinds = [tunnelling_state_density(energy, share, kind=kind) for kind in TunnellingType]
            assert kinds[0] == pytest.approx(kinds[1], rel=1e-6)
            splitting = energy * np.sqrt(share)
            S = wkb_action(np.array(brentq(lambda D2: np.log(wkb_splitting(np.array(D2)) / splitting), -20.0, -3.0)))  # noqa: B023
            printed = tunnelling_density(energy, share, density=1.0, eta_L=1.0, W=1.0)
            excess.append(kinds[0] / float(printed) * (S / np.log(1 / splitting)) ** (4 / 3) - 1)
            actions.append(float(S))
        # the excess falls off like 1/S, and a straight line in 1/S leads to the law
        assert np.all(np.diff(excess) < 0)
        assert np.polyfit(1 / np.array(actions), excess, 1)[1] == pytest.approx(0.0, abs=0.05)


def test_tunnelling_count_on_a_mesh_is_the_sum_over_shares(meshes: dict[Images, LevelTable]) -> None:
    energy, least = 0.45, 0.02
    grid = np.geomspace(energy, 0.9, 8)
    counted = gap_density(meshes[Images.LOWER_MINIMUM], field_measure(meshes[Images.LOWER_MINIMUM]), grid,
                          smallest_coupling=least)  # fmt: skip
    node, weight = np.polynomial.legendre.leggauss(8)
    end = np.arctanh(np.sqrt(1 - (least / energy) ** 2))  # p = 1/cosh^2 u makes p (1 - p)^{1/2} N(E, p) even
    shares = 1 / np.cosh(end * (1 + node) / 2) ** 2
    values = [2 * p * np.sqrt(1 - p) * tunnelling_state_density(energy, p) for p in shares]
    # the least splitting cuts between two lines of the mesh, which stand for 4 % of the count each
    assert counted[0] == pytest.approx(float(np.sum(end / 2 * weight * values)), rel=0.12)


def test_density_of_vibrations_is_the_printed_one_and_a_third(meshes: dict[Images, LevelTable]) -> None:
    high = ENERGY > 14
    lower, others = meshes[Images.LOWER_MINIMUM], meshes[Images.OTHERS]
    one = found(lower, landscape_measure(lower))[high] / ENERGY[high] ** 2
    two = found(others, landscape_measure(others, half_plane(1.0)))[high] / ENERGY[high] ** 2
    barrier = found(others, landscape_measure(others, half_plane(-1.0)))[high] / ENERGY[high] ** 2
    assert np.mean(one) == pytest.approx(1.0, abs=0.01)
    assert np.mean(two) == pytest.approx(0.138071, rel=0.03)
    # Double wells whose asymmetry is below the quantum have their first gap between the wells: E^{-3} of them.
    assert np.mean(barrier) == pytest.approx(0.195262, rel=0.04)
    assert np.mean(two + barrier) == pytest.approx(1 / 3, rel=0.03)


def test_density_of_vibrations_grows_with_the_fourth_power(meshes: dict[Images, LevelTable]) -> None:
    table, high = meshes[Images.LOWER_MINIMUM], ENERGY > 13
    law = ENERGY[high] ** 4 / 8
    assert found(table, field_measure(table))[high] / law == pytest.approx(np.ones(high.sum()), rel=0.02)
    # between the two measures of the literature: alpha^{1/2}/2, N = (E/2)^{2 + 2s} 2
    half = found(table, field_measure(table, power_weight(0.5)))[high]
    assert half / (2 * (ENERGY[high] / 2) ** 3) == pytest.approx(np.ones(high.sum()), rel=0.02)


def test_saddle_of_the_gap_shows_in_one_measure_only(meshes: dict[Images, LevelTable]) -> None:
    """E_21 = 2.182 on the fold alpha = 0: a logarithmic peak over (alpha, beta), nothing over (D1, D2)."""
    near = (ENERGY > 1.4) & (ENERGY < 3.4)
    others, lower = meshes[Images.OTHERS], meshes[Images.LOWER_MINIMUM]
    peaked = found(others, landscape_measure(others))[near]
    assert ENERGY[near][np.argmax(peaked)] == pytest.approx(2.18213, rel=0.04)
    assert np.max(peaked) > 1.2 * max(peaked[0], peaked[-1])
    flat = found(lower, field_measure(lower))[near]
    assert np.argmax(flat) in (0, len(flat) - 1)


def test_densities_of_states_refuse_what_they_do_not_resolve(meshes: dict[Images, LevelTable]) -> None:
    table = meshes[Images.LOWER_MINIMUM]
    with pytest.raises(InputError, match="equally spaced"):
        gap_density(table, field_measure(table), np.array([1e-3, 1e-2, 1e-1]))
    with pytest.raises(InputError, match="0 < p < 1"):
        tunnelling_state_density(1e-2, 1.5)
    with pytest.raises(InputError, match="expected at least"):
        tunnelling_state_density(1e-4, 1e-6)
