"""The tail of the spectra on samples whose law is known: no bias, errors that cover, and refusals."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import gamma

from analysis.soft_potential.low_spectra import LowSpectrum, TailWindow, window_below
from analysis.soft_potential.minimum_frequency import (
    WeibullFit,
    fit_size_scaling,
    fit_weibull,
    goodness,
    weibull_scales,
    weibull_shapes,
)
from analysis.soft_potential.tail_fit import (
    draw_glasses,
    fit_exponent,
    power_law_probability,
    profile_exponent,
    spread,
    window_exponents,
)
from analysis.soft_potential.tail_statistics import amplitude_routes, tail_histogram, tail_of_size, tail_statistics
from atomsim.errors import IllPosedFit, IncompleteSpectrum, InputError
from atomsim.results import Array, Estimate

N_ATOMS = 1000
PHONON = 2.0
NORMAL_95 = 1.96


def poisson_glasses(
    n_glasses: int,
    rng: np.random.Generator,
    *,
    exponent: float = 4.0,
    at_one: float = 1.0,
    end: float = 1.6,
    n_atoms: int = N_ATOMS,
) -> list[LowSpectrum]:
    """Independent vibrations with a density omega^exponent, on average ``at_one`` of them below omega = 1."""
    mean = at_one * end ** (exponent + 1)
    counts = np.maximum(rng.poisson(mean, n_glasses), 1)
    spectra = [np.sort(end * rng.uniform(size=k) ** (1 / (exponent + 1))) for k in counts]
    return [LowSpectrum(omega_m, end, PHONON, n_atoms) for omega_m in spectra]


def window_of(n_glasses: int, rng: np.random.Generator, edge: float = 1.0, **law: Any) -> TailWindow:
    return window_below(poisson_glasses(n_glasses, rng, **law), edge)


@pytest.mark.parametrize("exponent", [2.0, 4.0])
def test_exponent_of_a_tail_is_unbiased(exponent: float) -> None:
    rng = np.random.default_rng(1)
    ones = np.ones((1, 12))
    found = [window_exponents(window_of(12, rng, exponent=exponent), ones)[0] for _ in range(1500)]
    error = np.nanstd(found) / np.sqrt(len(found))  # NaN where fewer than two vibrations fell
    assert abs(np.nanmean(found) - exponent) < 3.5 * error
    plain = (exponent + 1) * 12 / 11  # what K in place of K - 1 would give, twelve vibrations on average
    assert plain - 1 - exponent > 5 * error  # the test would see that bias


def test_errors_of_the_exponent_cover_the_truth() -> None:
    rng, covered, runs = np.random.default_rng(2), 0, 250
    for _ in range(runs):
        window = window_of(60, rng)
        value = window_exponents(window, np.ones((1, 60)))[0]
        error = spread(window_exponents(window, draw_glasses(60, 120, rng)), 60)
        covered += abs(value - 4.0) < NORMAL_95 * error
    assert 0.90 < covered / runs < 0.985  # 0.95 with three errors of a share of 250


def test_probability_of_a_power_law_is_uniform() -> None:
    rng = np.random.default_rng(3)
    found = [power_law_probability(window_of(25, rng, exponent=s), rng) for s in (2.5, 4.0) for _ in range(80)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_spectra_that_are_no_power_law_are_refused_with_the_estimate() -> None:
    rng = np.random.default_rng(4)
    spectra = poisson_glasses(60, rng)
    with_phonons = [
        LowSpectrum(np.sort(np.r_[s.omega_m, rng.normal(0.8, 0.02, 6)]), s.complete_below, PHONON, N_ATOMS)
        for s in spectra
    ]
    good, probability = fit_exponent(window_below(spectra, 1.0), rng)
    assert abs(good.value - 4) < 3 * good.error
    assert probability > 0.05
    with pytest.raises(IllPosedFit, match="follow no power law") as refusal:
        fit_exponent(window_below(with_phonons, 1.0), rng)
    estimate, probability = refusal.value.estimate
    assert isinstance(estimate, Estimate)
    assert np.isfinite(estimate.value)
    assert probability < 0.01
    with pytest.raises(IllPosedFit, match="at least 10 needed"):
        fit_exponent(window_below(spectra, 0.4), rng)


def test_profile_of_a_power_law_is_level_and_ends_where_the_spectra_end() -> None:
    rng = np.random.default_rng(5)
    profile = profile_exponent(poisson_glasses(300, rng, end=1.5), rng)
    assert profile.edge_w[-1] <= 1.5 < profile.edge_w[-1] + 0.05 * PHONON + 1e-9
    enough = profile.count_w > 10
    assert np.all(np.diff(profile.count_w) > 0)
    assert np.all(np.abs(profile.exponent_w - 4)[enough] < 3.5 * profile.error_w[enough])
    with pytest.raises(IncompleteSpectrum, match=r"known below 0\.5"):
        profile_exponent(poisson_glasses(5, rng, end=0.5), rng)


def test_windows_that_cannot_be_counted_are_refused() -> None:
    rng = np.random.default_rng(6)
    spectra = poisson_glasses(4, rng, end=1.2)
    with pytest.raises(IncompleteSpectrum, match=r"known below 1\.2, the window ends at 1\.3"):
        window_below(spectra, 1.3)
    with pytest.raises(InputError, match=r"one size, got \[1000, 2000\]"):
        window_below([*spectra, *poisson_glasses(1, rng, n_atoms=2000)], 1.0)
    with pytest.raises(InputError, match="must be positive"):
        window_below(spectra, 0.0)
    with pytest.raises(InputError, match="one size, got none"):
        window_below([], 1.0)
    with pytest.raises(InputError, match="no lowest one"):
        window_below([LowSpectrum(np.array([]), 2.0, PHONON, N_ATOMS)], 1.0)


def weibull_sample(n: int, rng: np.random.Generator, *, edge: float = np.inf) -> tuple[Array, Array]:
    time = rng.exponential(size=(1, n)) ** (1 / 5)
    return np.minimum(time, edge), (time < edge).astype(float)


def test_weibull_shape_solves_its_likelihood() -> None:
    rng = np.random.default_rng(7)
    time, inside = weibull_sample(40, rng)
    shape = weibull_shapes(time, inside, np.ones_like(time))
    known, _, scale = stats.weibull_min.fit(time[0], floc=0)
    assert shape[0] == pytest.approx(known, rel=1e-3)  # the other fit is a search
    assert weibull_scales(time, inside, np.ones_like(time), shape)[0] == pytest.approx(scale, rel=1e-3)
    cut, seen = weibull_sample(40, rng, edge=0.95)
    weight = rng.integers(0, 4, size=cut.shape).astype(float)
    assert 5 < seen.sum() < 35

    def minus_log_likelihood(logs: Array) -> float:
        k, scale = np.exp(logs)
        density = seen * (np.log(k / scale) + (k - 1) * np.log(cut / scale))
        return -float(np.sum(weight * (density - (cut / scale) ** k)))

    best = np.exp(optimize.minimize(minus_log_likelihood, np.log([4.0, 1.0]), method="Nelder-Mead",
                                    options={"xatol": 1e-9, "fatol": 1e-12}).x)  # fmt: skip
    shape = weibull_shapes(cut, seen, weight)
    assert shape[0] == pytest.approx(best[0], rel=1e-6)
    assert weibull_scales(cut, seen, weight, shape)[0] == pytest.approx(best[1], rel=1e-6)


def test_anderson_darling_of_a_whole_sample_is_the_known_sum() -> None:
    time, inside = weibull_sample(25, np.random.default_rng(8))
    shape, scale, found, distance = (float(x[0]) for x in goodness(time, inside, np.inf))
    law = np.sort(-np.expm1(-((time[0] / scale) ** shape)))
    i = np.arange(1, 26)
    known = -25 - np.sum((2 * i - 1) * (np.log(law) + np.log1p(-law[::-1]))) / 25
    assert found == pytest.approx(known, rel=1e-9)
    assert distance == pytest.approx(stats.kstest(law, "uniform").statistic, rel=1e-12)


def test_cut_statistics_are_integrals_over_the_window() -> None:
    edge = 0.95
    time, inside = weibull_sample(30, np.random.default_rng(9), edge=edge)
    shape, scale, found, distance = (float(x[0]) for x in goodness(time, inside, edge))
    end = -np.expm1(-((edge / scale) ** shape))
    law = np.sort(-np.expm1(-((time[0][inside[0] > 0] / scale) ** shape)))
    grid = (np.arange(400_000) + 0.5) / 400_000 * end
    empirical = np.searchsorted(law, grid, side="right") / 30
    assert found == pytest.approx(30 * end * np.mean((empirical - grid) ** 2 / (grid * (1 - grid))), rel=1e-3)
    assert distance == pytest.approx(np.max(np.abs(empirical - grid)), abs=1e-4)


def weibull_even_if_refused(window: TailWindow, rng: np.random.Generator, resamples: int = 60) -> WeibullFit:
    """One true sample in a hundred is refused; leaving it out would bias what is averaged."""
    try:
        return fit_weibull(window, rng, resamples=resamples)
    except IllPosedFit as refusal:
        return cast(WeibullFit, refusal.estimate)


@pytest.mark.parametrize(("edge", "beyond"), [(2.0, 0.0), (0.9, 0.55)])
def test_weibull_shape_of_poisson_tails_is_one_above_the_exponent(edge: float, beyond: float) -> None:
    rng = np.random.default_rng(10)
    fits = [weibull_even_if_refused(window_of(60, rng, edge=edge, end=max(edge, 1.6)), rng) for _ in range(50)]
    assert np.mean([fit.n_beyond for fit in fits]) / 60 == pytest.approx(beyond, abs=0.03)
    shapes, errors = (np.array([getattr(fit.shape, name) for fit in fits]) for name in ("value", "error"))
    assert abs(shapes.mean() - 5) < 3 * shapes.std() / np.sqrt(50)
    assert np.mean(errors) == pytest.approx(shapes.std(), rel=0.35)  # fifty shapes know their spread to a tenth
    scales = np.array([fit.scale.value for fit in fits])
    assert scales.mean() == pytest.approx(1.0, abs=0.02)  # one vibration below omega = 1
    assert 0.6 < np.mean([fit.kolmogorov > 0.2 for fit in fits]) < 0.95
    assert fits[0].exponent.value == fits[0].shape.value - 1


def test_bias_of_the_weibull_shape_of_few_glasses_is_removed() -> None:
    rng = np.random.default_rng(18)
    windows = [window_of(14, rng, edge=2.0, end=2.0) for _ in range(120)]
    shapes = np.array([weibull_even_if_refused(window, rng, resamples=2).shape.value for window in windows])
    plain = [weibull_shapes(w.minimum_g[None], np.ones((1, 14)), np.ones((1, 14)))[0] for w in windows]
    error = shapes.std() / np.sqrt(120)
    assert abs(shapes.mean() - 5) < 3 * error
    assert np.mean(plain) - 5 > 3.5 * error  # the test would see the bias


def test_lowest_vibrations_of_another_law_are_refused() -> None:
    rng = np.random.default_rng(11)
    mixed = np.sort(np.r_[rng.normal(0.2, 0.01, 40), rng.normal(0.9, 0.01, 40)])
    spectra = [LowSpectrum(np.array([omega]), 2.0, PHONON, N_ATOMS) for omega in mixed]
    with pytest.raises(IllPosedFit, match="do not follow it") as refusal:
        fit_weibull(window_below(spectra, 1.5), rng, resamples=20)
    assert isinstance(refusal.value.estimate, WeibullFit)
    with pytest.raises(IllPosedFit, match=r"4 glasses have a vibration below 1\.5, at least 10 needed"):
        fit_weibull(window_of(4, rng, edge=1.5, end=1.6), rng, resamples=20)
    with pytest.raises(IllPosedFit, match="0 of 12 glasses"):
        fit_weibull(window_of(12, rng, edge=0.05), rng, resamples=20)


def test_three_routes_give_the_amplitude_back() -> None:
    rng = np.random.default_rng(12)
    true = 5 / (3 * N_ATOMS)  # one vibration below omega = 1 among d N
    fits = [amplitude_routes(window_of(40, rng, edge=1.2), rng, resamples=80) for _ in range(80)]
    for route in ("counting", "weibull", "mean_minimum"):
        values = np.array([getattr(fit, route).value for fit in fits])
        errors = np.array([getattr(fit, route).error for fit in fits])
        bias = 1.02 if route == "mean_minimum" else 1.0  # the fifth power of a mean of forty
        assert abs(values.mean() - bias * true) < 3.5 * values.std() / np.sqrt(80)
        assert errors.mean() == pytest.approx(values.std(), rel=0.3)
    assert np.mean([fit.disagreement for fit in fits]) < 2.5
    assert np.mean([fit.disagreement > 4 for fit in fits]) < 0.05


def test_amplitudes_of_few_glasses_are_unbiased() -> None:
    rng = np.random.default_rng(19)
    fits = [amplitude_routes(window_of(8, rng, edge=1.2), rng, resamples=20) for _ in range(400)]
    for route in ("counting", "weibull"):
        ratio = np.array([getattr(fit, route).value for fit in fits]) * 3 * N_ATOMS / 5
        error = ratio.std() / 20
        assert abs(ratio.mean() - 1) < 3 * error
        assert 5 * error < 1 / 7  # eight over seven would be seen


def test_levels_that_repel_part_the_routes_to_the_amplitude() -> None:
    rng = np.random.default_rng(13)
    even = [LowSpectrum((np.arange(1, 40) - rng.uniform()) ** 0.2, 2.0, PHONON, N_ATOMS) for _ in range(150)]
    found = amplitude_routes(window_below(even, 1.2), rng)
    assert found.counting.value == pytest.approx(5 / (3 * N_ATOMS), rel=0.05)
    assert found.weibull.value > 1.3 * found.counting.value
    assert found.disagreement > 4


def test_size_scaling_gives_the_exponent_back() -> None:
    n = np.array([500, 1000, 4000])
    mean = 3.0 * n ** (-1 / 4.5)
    exact = fit_size_scaling(n, mean, 0.01 * mean)
    assert exact.exponent.value == pytest.approx(3.5, rel=1e-12)
    assert exact.probability == pytest.approx(1.0)
    rng = np.random.default_rng(14)
    fits = [fit_size_scaling(n, mean * rng.normal(1, 0.01, 3), 0.01 * mean) for _ in range(400)]
    powers = np.array([fit.power.value for fit in fits])
    assert powers.std() == pytest.approx(exact.power.error, rel=0.12)
    exponents = np.array([fit.exponent.value for fit in fits])
    assert exponents.std() == pytest.approx(exact.exponent.error, rel=0.15)
    assert stats.kstest([fit.probability for fit in fits], "uniform").pvalue > 0.01


def test_size_scaling_that_the_data_do_not_support_is_refused() -> None:
    with pytest.raises(IllPosedFit, match="at least two needed"):
        fit_size_scaling([500], [1.0], [0.1])
    with pytest.raises(IllPosedFit, match="not below zero") as refusal:
        fit_size_scaling([500, 1000], [1.0, 0.95], [0.1, 0.1])
    assert refusal.value.estimate.power.value < 0
    with pytest.raises(InputError, match="must be positive"):
        fit_size_scaling([500, 1000], [1.0, 0.9], [0.1, 0.0])
    with pytest.raises(InputError, match="do not match"):
        fit_size_scaling([500, 1000], [1.0], [0.1])


def test_mean_lowest_frequency_is_that_of_the_weibull_law() -> None:
    rng = np.random.default_rng(15)
    tail = tail_of_size(poisson_glasses(400, rng), rng, fraction=0.6, resamples=60)
    assert abs(tail.mean_minimum.value - gamma(1.2)) < 3 * tail.mean_minimum.error
    assert tail.edge == pytest.approx(0.6 * PHONON)
    assert tail.n_modes == pytest.approx(400 * 1.2**5, rel=0.1)
    assert abs(tail.exponent.value - 4) < 3 * tail.exponent.error
    assert tail.exponent.note == tail.weibull.shape.note == ""


def test_tails_of_several_sizes_keep_refused_fits_with_a_note() -> None:
    rng = np.random.default_rng(16)
    large = poisson_glasses(60, rng, at_one=2.0, n_atoms=2000)
    small = poisson_glasses(60, rng, at_one=1.0)
    few = poisson_glasses(3, rng, at_one=4.0, n_atoms=4000)
    found = tail_statistics([*large, *few, *small], rng, fraction=0.5, resamples=60)
    assert [tail.n_atoms for tail in found.sizes] == [1000, 2000, 4000]
    assert found.scaling is not None
    assert abs(found.scaling.power.value + 0.2) < 3 * found.scaling.power.error
    assert "at least 10 needed" in found.sizes[2].weibull.shape.note
    empty = tail_statistics(poisson_glasses(6, rng), rng, fraction=0.05, resamples=20)
    assert np.isnan(empty.sizes[0].weibull.shape.value)
    assert "at least 10 needed" in empty.sizes[0].exponent.note
    assert empty.scaling is None
    assert "at least two needed" in empty.scaling_note
    with pytest.raises(InputError, match="at least one"):
        tail_statistics([], rng, fraction=0.5)


def test_histogram_of_a_tail_is_normalised_and_follows_the_law() -> None:
    rng = np.random.default_rng(17)
    tail = tail_of_size(poisson_glasses(300, rng, end=2.5), rng, fraction=0.6, resamples=20)
    edges, density, error, counts = tail_histogram(tail)
    total = float(np.sum(density * np.diff(edges))) * 3 * N_ATOMS * 300
    assert total == pytest.approx(np.sum(tail.omega_m < edges[-1]))
    assert edges[-1] == tail.complete_below == 2.5
    many = counts > 50
    law = 5 / (3 * N_ATOMS) * (edges[1:] ** 5 - edges[:-1] ** 5) / 5 / np.diff(edges)
    assert many.sum() > 5
    assert np.all(np.abs(density - law)[many] < 4 * error[many])
