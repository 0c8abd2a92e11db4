"""Tunnelling splittings at their own accuracy, and the closed formulas of the two kinds of two-level systems."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from analysis.soft_potential.deep_wells import (
    _precise_splitting,
    boundary_splitting,
    leading_splitting,
    splitting,
    wkb_action,
    wkb_splitting,
)
from analysis.soft_potential.levels import levels
from analysis.soft_potential.measures import static_shift
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


def test_splittings_of_deep_wells_tend_to_the_wkb_formula() -> None:
    # The first term left out of the series is of third order in 1/S; its coefficient comes out near -1.2.
    for D2, tolerance in ((-10.0, 5e-4), (-14.0, 1e-4), (-20.0, 2e-5), (-30.0, 3e-6)):
        ratio = splitting(D2, 0.0) / float(wkb_splitting(D2))
        assert ratio == pytest.approx(1.0, abs=tolerance)
        assert -1.7 < (ratio - 1) * float(wkb_action(D2)) ** 3 < -1.2
    assert splitting(-20.0, 0.0) / 100 < 2e-18  # of the depth


def test_boundary_identity_gives_the_same_splitting() -> None:
    for D2, tolerance in ((-3.0, 1e-8), (-8.0, 1e-10), (-14.0, 1e-9), (-20.0, 1e-6)):
        assert boundary_splitting(D2) == pytest.approx(splitting(D2, 0.0), rel=tolerance)


def test_extended_precision_agrees_with_double_where_both_hold() -> None:
    for D1, D2 in ((0, -5), (Fraction(1, 64), -4), (Fraction(-3, 4), -2)):
        solved = _gap(float(D1), float(D2))
        assert _precise_splitting(Fraction(D1), Fraction(D2), 1e-12) == pytest.approx(solved, rel=1e-9)


def _gap(D1: float, D2: float) -> float:
    from analysis.soft_potential.landscape import from_cubic_free

    alpha, beta = (float(value[0]) for value in from_cubic_free(D1, D2))
    energy = levels(alpha, beta, count=2).energy_m
    return float(energy[1] - energy[0])


def test_tiny_asymmetries_add_to_the_splitting() -> None:
    tunnelling = splitting(-16.0, 0.0)
    for beta in (1e-16, 3e-15, 1e-13):
        distance = 2 * abs(levels(-16.0, 0.0, count=2).x_mm[0, 1])
        asymmetry = beta * 16 / 2 * distance  # D1 = -alpha beta/2 times the distance of the wells
        assert splitting(-16.0, beta) == pytest.approx(np.hypot(tunnelling, asymmetry), rel=1e-6)


def test_images_have_the_same_splitting() -> None:
    assert splitting(36.0, 12.0) == pytest.approx(splitting(-18.0, 0.0), rel=1e-9)


def test_splitting_beyond_all_digits_is_refused() -> None:
    with pytest.raises(InputError, match="below exp"):
        splitting(-250.0, 0.0)


def test_printed_splittings_lack_their_prefactor() -> None:
    for alpha, factor in ((-6.0, 42.2), (-11.0, 101.1)):
        printed = float(splitting_I(alpha, with_prefactor=False))
        assert splitting(alpha, 0.0) / printed == pytest.approx(factor, rel=1e-2)
        assert splitting(alpha, 0.0) / float(splitting_I(alpha)) == pytest.approx(1.0, abs=0.2)
    beta = 9.0
    assert float(splitting_II(beta)) == pytest.approx(float(splitting_I(-(beta**2) / 8)), rel=1e-12)
    assert -np.log(float(splitting_II(beta, with_prefactor=False))) == pytest.approx(beta**3 / 48, rel=1e-12)
    assert splitting(beta**2 / 4, beta) == pytest.approx(splitting(-(beta**2) / 8, 0.0), rel=1e-9)
    assert float(leading_splitting(-40.0)) == pytest.approx(splitting(-40.0, 0.0), rel=1e-2)


def test_asymmetries_of_both_types() -> None:
    alpha, beta = -12.0, 1e-3
    tunnelling = splitting(alpha, 0.0)
    energy = two_level_energy(tunnelling, asymmetry_I(alpha, beta))
    assert splitting(alpha, beta) == pytest.approx(float(energy), rel=0.03)
    beta, shift = 10.0, 1e-3
    alpha = beta**2 / 4 + shift
    energy = two_level_energy(splitting(beta**2 / 4, beta), asymmetry_II(alpha, beta))
    assert splitting(alpha, beta) == pytest.approx(float(energy), rel=0.03)


def test_deformation_potentials_of_both_types() -> None:
    # gamma = (1/2) dDelta/d strain with the couplings of the paper: d alpha = d/eta_L (1 - 3 beta delta/alpha) and
    # d beta = -4 delta d/(eta_L alpha) per strain, delta = -b/2 alpha, and the splitting without its prefactor.
    alpha, b, d, scale = -30.0, 0.7, 1.3, 5.0
    tunnelling = float(splitting_I(alpha, with_prefactor=False))
    delta = -b / (2 * alpha)
    by_strain = scale * abs(alpha) ** 1.5 / np.sqrt(2) * abs(-4 * delta * d / alpha) / 2
    gamma_I = float(deformation_potential_I(tunnelling, b=b, d=d, energy=scale))
    assert gamma_I == pytest.approx(by_strain, rel=1e-12)
    beta = 11.0
    tunnelling_II = float(splitting_II(beta, with_prefactor=False))
    gamma_II = float(deformation_potential_II(tunnelling_II, d=d, energy=scale))
    assert gamma_II == pytest.approx(scale * d * beta**2 / 8, rel=1e-12)
    same = float(deformation_potential_II(tunnelling, d=d, energy=scale)) / gamma_I
    assert float(deformation_ratio(tunnelling, b=b)) == pytest.approx(same, rel=1e-12)
    with pytest.raises(InputError, match="reaches W"):
        deformation_potential_II(1.0, d=d, energy=scale)


def test_static_shift_solves_its_cubic() -> None:
    rng = np.random.default_rng(3)
    alpha, beta = rng.uniform(-20, 20, 400), rng.uniform(-12, 12, 400)
    for b in (-1.0, 0.3):
        delta = static_shift(alpha, beta, b=b)
        residue = b + 2 * alpha * delta - 3 * beta * delta**2 + 4 * delta**3
        assert np.max(np.abs(residue)) < 1e-9
        for a, c, found in zip(alpha, beta, delta, strict=True):
            roots = np.roots([4.0, -3 * c, 2 * a, b])
            real = roots.real[np.abs(roots.imag) < 1e-7]
            assert abs(found) == pytest.approx(np.min(np.abs(real)), abs=1e-7)
    assert static_shift(1e4, 0.0, b=1.0) == pytest.approx(-0.5e-4, rel=1e-6)
    assert static_shift(-1e4, 2.0, b=1.0) == pytest.approx(0.5e-4, rel=1e-3)


def test_two_level_systems_in_a_cloud() -> None:
    rng = np.random.default_rng(8)
    alpha = np.concatenate([rng.uniform(-12, 12, 600), [-8.0, 16.0, 16.0, 5.0]])
    beta = np.concatenate([rng.uniform(-8, 8, 600), [0.0, 8.0, -8.0, 0.0]])
    found = find_tunnelling_systems(alpha, beta, largest_energy=0.2)
    position = {int(i): k for k, i in enumerate(found.index_s)}
    assert {600, 601, 602} <= set(position) and 603 not in position
    assert found.kind(position[600]) is Kind.TYPE_I and found.kind(position[601]) is Kind.TYPE_II
    for k in (position[600], position[601], position[602]):
        assert found.energy_s[k] == pytest.approx(splitting(-8.0, 0.0), rel=1e-9)
        assert found.share_s[k] == pytest.approx(1.0, abs=1e-9) and found.asymmetry_s[k] < 1e-6
    for i in range(0, 600, 7):  # nothing is missed, nothing is taken in by mistake
        energy = levels(float(alpha[i]), float(beta[i]), count=2).energy_m
        assert (i in position) == bool(energy[1] - energy[0] < 0.2)
    with pytest.raises(InputError, match="largest energy"):
        find_tunnelling_systems(alpha, beta, largest_energy=1.5)
