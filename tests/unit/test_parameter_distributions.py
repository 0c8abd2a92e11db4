"""Independence of eta and t, distributions with their bands, and the scales that local structure asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from ase.build import bulk
from scipy import optimize, stats

from analysis.soft_potential.independence import (
    comparable_pairs,
    conditional_kendall,
    distance_correlation,
    independence_of,
    permutation_test,
    two_sided,
)
from analysis.soft_potential.local_structure import least_scales, local_spread, neighbour_dilation
from analysis.soft_potential.parameter_distributions import (
    distribution_of,
    distributions,
    linear_coefficient,
    weighted_median,
)
from analysis.soft_potential.tail_fit import draw_glasses
from atomsim.errors import IllPosedFit, InputError
from atomsim.quench import Glass
from atomsim.results import Array, Estimate


def slow_distance_correlation(x: Array, y: Array) -> float:
    """By the definition, element by element."""
    n = len(x)
    centred = []
    for values in (x, y):
        d = [[abs(a - b) for b in values] for a in values]
        row = [sum(line) / n for line in d]
        mean = sum(row) / n
        centred.append([[d[i][j] - row[i] - row[j] + mean for j in range(n)] for i in range(n)])
    a, b = centred
    products = [sum(p[i][j] * q[i][j] for i in range(n) for j in range(n)) for p, q in ((a, b), (a, a), (b, b))]
    return float(np.sqrt(products[0] / np.sqrt(products[1] * products[2])))


def test_distance_correlation_sees_what_is_uncorrelated() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 60)
    assert distance_correlation(x, 3 - 2 * x) == pytest.approx(1.0)
    assert distance_correlation(x, x**2) == pytest.approx(slow_distance_correlation(x, x**2), rel=1e-12)
    assert abs(stats.pearsonr(x, x**2).statistic) < 0.3
    assert permutation_test(x, x**2, rng)[1] < 0.01
    assert distance_correlation(x, np.ones(60)) == 0.0
    with pytest.raises(InputError, match="60 and 59"):
        permutation_test(x, x[1:], rng)


def test_permutation_probability_is_uniform_for_independent_values() -> None:
    rng = np.random.default_rng(2)
    found = [permutation_test(rng.normal(size=30), rng.exponential(size=30), rng)[1] for _ in range(60)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_permutation_test_takes_a_sample_of_many_values() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=3000)
    correlation, probability = permutation_test(x, x + rng.normal(size=3000), rng)
    assert 0.5 < correlation < 0.8  # about that of a normal pair with correlation 0.7
    assert probability == pytest.approx(1 / 301)


def cut_product(n: int, rng: np.random.Generator, *, dependent: bool = False) -> tuple[Array, Array, Array]:
    """eta and t of a product density, of those with t^2/4 < eta < highest; ``dependent`` ties eta to |t| inside."""
    eta, t, highest = rng.exponential(0.3, 9 * n), rng.normal(0, 0.8, 9 * n), rng.uniform(0.2, 2.0, 9 * n)
    if dependent:
        eta = eta + 0.5 * np.abs(t) * rng.uniform(size=len(t))
    seen = (eta > t**2 / 4) & (eta < highest)
    assert seen.sum() >= n
    return eta[seen][:n], t[seen][:n], highest[seen][:n]


def test_conditional_kendall_of_a_cut_product_is_zero() -> None:
    rng, values, errors, plain = np.random.default_rng(4), [], [], []
    for _ in range(40):
        eta, t, highest = cut_product(150, rng)
        found, pairs = conditional_kendall(eta, np.abs(t), lower_m=t**2 / 4, upper_m=highest,
                                           glass_m=np.arange(150) // 3, rng=rng, resamples=80)  # fmt: skip
        values.append(found.value)
        errors.append(found.error)
        plain.append(stats.kendalltau(eta, np.abs(t)).statistic)
        assert 1000 < pairs < 150 * 149 / 2
    assert abs(np.mean(values)) < 3.5 * np.std(values) / np.sqrt(40)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.35)  # forty values know their spread to 11 %
    assert np.mean(plain) > 10 * np.std(plain) / np.sqrt(40)  # the region alone correlates them


def test_conditional_kendall_without_a_region_is_the_plain_one() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=80)
    y = x + rng.normal(size=80)
    wide = {"lower_m": np.full(80, -9.0), "upper_m": np.full(80, 9.0)}
    found, pairs = conditional_kendall(x, y, **wide, glass_m=np.arange(80), rng=rng)
    assert found.value == pytest.approx(stats.kendalltau(x, y).statistic)
    assert pairs == 80 * 79 / 2
    assert found.value > 5 * found.error
    with pytest.raises(IllPosedFit, match="3 pairs of modes"):
        conditional_kendall(x[:3], y[:3], lower_m=x[:3] - 9, upper_m=x[:3] + 9, glass_m=np.arange(3), rng=rng)


def test_pairs_are_compared_where_each_could_have_been_the_other() -> None:
    rng = np.random.default_rng(6)
    eta, t, highest = cut_product(700, rng)  # more rows than are handled at once
    low = t**2 / 4
    signs = comparable_pairs(eta, t, lower_m=low, upper_m=highest)
    for i, j in rng.integers(0, 700, (400, 2)):
        seen = all(low[k] <= eta[m] <= highest[k] for k, m in ((i, j), (j, i)))
        assert signs[i, j] == (np.sign((eta[i] - eta[j]) * (t[i] - t[j])) if seen else 0)


def test_independence_is_judged_inside_the_region() -> None:
    rng = np.random.default_rng(7)
    glass = np.arange(500) // 5
    eta, t, highest = cut_product(500, rng)
    free = independence_of(eta, t, highest_eta_m=highest, glass_m=glass, rng=rng)
    assert free.permutation_probability < 0.01  # the plain test cannot tell the region from a dependence
    assert free.kendall_probability > 0.01
    assert free.kendall_probability == two_sided(free.kendall)
    eta, t, highest = cut_product(500, rng, dependent=True)
    tied = independence_of(eta, t, highest_eta_m=highest, glass_m=glass, rng=rng)
    assert tied.kendall.value > 0
    assert tied.kendall_probability < 0.01
    with pytest.raises(InputError, match="1 modes lie outside"):
        independence_of(eta, t, highest_eta_m=np.r_[eta[0] / 2, highest[1:]], glass_m=glass, rng=rng)
    with pytest.raises(IllPosedFit, match="at least 20 needed"):
        independence_of(eta[:5], t[:5], highest_eta_m=highest[:5], glass_m=glass[:5], rng=rng)


def test_two_sided_probability_is_that_of_a_normal_number() -> None:
    assert two_sided(Estimate(-1.96, 1.0, "1")) == pytest.approx(2 * stats.norm.sf(1.96))
    assert np.isnan(two_sided(Estimate(1.0, float("nan"), "1")))


def test_band_of_a_distribution_covers_it() -> None:
    rng = np.random.default_rng(8)
    law, n_glasses = stats.lognorm(0.5, scale=2.0), 120
    inside, medians, bins = 0, [], 0
    for _ in range(25):
        glass = np.repeat(np.arange(n_glasses), rng.poisson(4, n_glasses))
        found = distribution_of("W", "epsilon", law.rvs(len(glass), random_state=rng), glass, n_glasses, rng)
        edges = found.edges_x
        assert float(np.sum(found.density_x * np.diff(np.log(edges)))) == pytest.approx(1.0)
        exact = np.diff(law.cdf(edges)) / np.diff(np.log(edges))
        many = found.density_x > 0.3
        inside += int(np.sum((exact >= found.low_x) & (exact <= found.high_x) & many))
        bins += int(many.sum())
        medians.append((found.median.value - 2.0) / found.median.error)
        assert abs(found.width.value - 0.5) < 4 * found.width.error
    assert 0.55 < inside / bins < 0.8  # 68 %
    assert 0.6 < np.std(medians) < 1.4
    with pytest.raises(InputError, match="positive"):
        distribution_of("W", "epsilon", np.array([1.0, 0.0]), np.array([0, 1]), 2, rng)


def test_weighted_median_is_that_of_repeated_values() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(size=31)
    weight = rng.integers(0, 4, (50, 31))
    known = [np.median(np.repeat(values, row)) for row in weight]
    assert weighted_median(values, weight.astype(float)) == pytest.approx(known)


def test_linear_coefficient_gives_the_same_potential() -> None:
    rng = np.random.default_rng(10)
    eta, t = rng.uniform(0, 1, 20), rng.normal(0, 1, 20)
    theta = linear_coefficient(eta, t)
    x = np.linspace(-2, 2, 41)[:, None]
    from_minimum = eta * x**2 + t * x**3 + x**4
    y = x + t / 4
    symmetric = theta * y + (eta - 3 * t**2 / 8) * y**2 + y**4
    assert np.ptp(from_minimum - symmetric, axis=0) == pytest.approx(np.zeros(20), abs=1e-12)


def test_least_scales_are_those_of_a_tilted_quartic() -> None:
    for theta in (1e-3, 0.02):
        x = optimize.brentq(lambda x, theta=theta: theta + 4 * x**3, -1, 0)
        eta, t = least_scales(Estimate(theta, 0.1 * theta, "1"))
        assert 6 * x**2 / eta.value == pytest.approx(6 / 4 ** (2 / 3))
        assert -4 * x / t.value == pytest.approx(4 / 4 ** (1 / 3))
        assert t.error / t.value == pytest.approx(0.1 / 3)
        assert eta.error / eta.value == pytest.approx(0.2 / 3)


@dataclass(frozen=True)
class Found:
    """Soft modes of one glass, as the distributions take them."""

    omega_m: Array
    tau_m: Array
    chi_relaxed_m: Array
    effective_mass_m: Array
    limit_omega: float = 1.0


def modes_of_potentials(eta: Array, t: Array) -> Found:
    """Modes of unit mass whose potentials have these eta and t, with quartic energy and length one: chi = 24."""
    return Found(np.sqrt(2 * eta), 6 * t, np.full(len(eta), 24.0), np.ones(len(eta)), np.sqrt(2.0))


def test_distributions_of_a_product_measure_are_independent() -> None:
    rng = np.random.default_rng(11)
    glasses, participation = [], []
    for _ in range(60):
        eta, t = rng.uniform(0, 1.2, 14), rng.uniform(-0.9, 0.9, 14)
        here = (eta > t**2 / 4) & (eta < 1)
        glasses.append(modes_of_potentials(eta[here], t[here]))
        participation.append(rng.uniform(20, 40, here.sum()))
    found = distributions(glasses, participation_gm=participation, hbar=1e-3, length=1.0, rng=rng)
    eta, t = (np.concatenate(x) for x in zip(*((g.omega_m**2 / 2, g.tau_m / 6) for g in glasses), strict=True))
    assert found.delta_eta.value == pytest.approx(np.median(eta))
    assert found.delta_t.value == pytest.approx(np.median(np.abs(t)))
    assert found.field.value == pytest.approx(np.median(np.abs(t**3 / 8 - eta * t / 2)))
    assert found.of("m_eff").median.value == 1.0
    assert found.of("eta").median.value == pytest.approx(np.median(eta))
    assert found.independence is not None
    assert abs(found.independence.kendall.value) < 3 * found.independence.kendall.error
    with pytest.raises(InputError, match="no distribution of 'beta'"):
        found.of("beta")


def test_modes_without_a_lower_minimum_have_no_distribution() -> None:
    rng = np.random.default_rng(12)
    upper, unbounded = modes_of_potentials(np.array([0.1]), np.array([1.0])), modes_of_potentials(*np.ones((2, 1)))
    unbounded = Found(unbounded.omega_m / 2, unbounded.tau_m, -unbounded.chi_relaxed_m, unbounded.effective_mass_m)
    with pytest.raises(IllPosedFit, match="1 bounded soft modes, none of them"):
        distributions([upper, unbounded], participation_gm=[np.ones(1)] * 2, hbar=1e-3, length=1.0, rng=rng)
    with pytest.raises(InputError, match="at least one"):
        distributions([], participation_gm=[], hbar=1e-3, length=1.0, rng=rng)
    one = modes_of_potentials(np.array([0.5]), np.array([0.1]))
    found = distributions([one, upper, unbounded], participation_gm=[np.ones(1)] * 3, hbar=1e-3, length=1.0, rng=rng)
    assert (found.n_upper, found.n_unbounded, found.independence) == (1, 1, None)
    assert "at least 20 needed" in found.note


def crystal_glass(positions: Array, cell: Array) -> Glass:
    n = len(positions)
    blank = {"energy": 0.0, "pressure": 0.0, "max_force": 0.0, "lowest_eigenvalue": 1.0}
    return Glass("inverse-power:n=12,cutoff=1.5", positions, cell, np.ones(3, dtype=np.int64), np.zeros(n, np.int64),
                 np.ones(n), np.ones(n), n_zero_modes=3, n_negative=0, n_evaluations=0, **blank)  # fmt: skip


def test_spread_of_a_strained_crystal_is_known() -> None:
    atoms = bulk("Ar", cubic=True, a=np.sqrt(2)) * (3, 3, 3)
    perfect = crystal_glass(atoms.positions, atoms.cell[:])
    dilation, number = neighbour_dilation(perfect)
    assert dilation == pytest.approx(np.ones(108))
    assert np.all(number == 12)
    moved = atoms.positions + 0.03 * np.random.default_rng(13).normal(size=(108, 3))
    glass = crystal_glass(moved, atoms.cell[:])
    dilation, number = neighbour_dilation(glass)
    edge = float(atoms.cell[0, 0])
    r = moved[:, None] - moved
    r = np.linalg.norm(r - edge * np.rint(r / edge), axis=2)
    near = (r < 1.35) & (r > 0)
    known = np.array([r[i, near[i]].mean() for i in range(108)]) / r[near].mean()
    assert dilation == pytest.approx(known)
    vectors = np.zeros((2, 108, 3))
    vectors[0, 7, 1] = vectors[1, 30, 0] = 1.0
    found = local_spread([perfect, glass], [vectors[:0], vectors], np.random.default_rng(14))
    assert found.distances.value == pytest.approx(np.r_[np.ones(108), known].std(), rel=1e-3)
    assert found.core_shift.value == pytest.approx(known[[7, 30]].mean() - 1, abs=1e-3)
    assert found.least_eta.value == pytest.approx(found.distances.value ** (2 / 3))
    with pytest.raises(InputError, match="do not match"):
        local_spread([glass], [], np.random.default_rng(15))


def test_every_draw_of_glasses_has_as_many_as_there_are() -> None:
    drawn = draw_glasses(7, 50, np.random.default_rng(16))
    assert np.all(drawn.sum(axis=1) == 7)
    assert drawn.mean() == pytest.approx(1.0)
