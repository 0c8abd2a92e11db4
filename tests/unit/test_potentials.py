"""Radial functions: coefficients, continuity at the cut-off, derivatives; parameters of the named models."""

from __future__ import annotations

import pickle
from math import prod

import numpy as np
import pytest
from numerics import assert_decay
from scipy import stats

from atomsim.errors import InputError
from atomsim.potentials import (
    MODELS,
    Mixing,
    RadialFunction,
    get_model,
    inverse_power,
    lennard_jones,
    shifted_quartic,
    smoothed,
    truncated,
)
from atomsim.potentials.models import inverse_cube_sizes

ROUND_OFF = 1e-12  # relative; sums of a few terms of like size
CANCELLATION = 1e-9  # relative to the largest term, where terms of a smoothed potential cancel at the cut-off

RADIAL = {
    "inverse-power": inverse_power(6),
    "half power": inverse_power(6.5),
    "lennard-jones": lennard_jones(),
    "smoothed": smoothed(inverse_power(10), 1.48, 3),
    "smoothed odd": smoothed(inverse_power(7), 1.6, 2),
    "smoothed lennard-jones": smoothed(lennard_jones(), 2.5, 2),
    "laird-schober": get_model("laird-schober").radial,
}


def double_factorial(n: int) -> int:
    return prod(range(n, 0, -2))


def series(radial: RadialFunction) -> list[tuple[float, float]]:
    """The function as a plain sum of amplitude * x^power."""
    singular = [(a, 2 * k - radial.exponent) for k, a in enumerate(radial.singular)]
    return singular + [(a, 2.0 * k) for k, a in enumerate(radial.regular)]


def derivative_terms(radial: RadialFunction, x: np.ndarray, order: int, *, of_square: bool) -> np.ndarray:
    """Each term of the derivative of the given order by x, or by x^2, from the rule for powers."""
    terms = []
    for amplitude, power in series(radial):
        p = power / 2 if of_square else power
        factor = amplitude * prod(p - k for k in range(order))
        terms.append(factor * (x * x if of_square else x) ** (p - order))
    return np.array(terms)


@pytest.mark.parametrize("q", [0, 1, 2, 3])
@pytest.mark.parametrize("n", [6, 7, 10, 12])
def test_smoothing_coefficients(n: int, q: int) -> None:
    cutoff = 1.37
    radial = smoothed(inverse_power(n), cutoff, q)
    expected = [
        (-1) ** (el + 1)
        / (double_factorial(2 * q - 2 * el) * double_factorial(2 * el))
        * double_factorial(n + 2 * q)
        / (double_factorial(n - 2) * (n + 2 * el))
        * cutoff ** -(n + 2 * el)
        for el in range(q + 1)
    ]
    np.testing.assert_allclose(radial.regular, expected, rtol=ROUND_OFF)
    for order in range(q + 2):
        terms = derivative_terms(radial, np.array([cutoff]), order, of_square=False)
        vanishes = abs(terms.sum()) < CANCELLATION * np.abs(terms).max()
        assert vanishes == (order <= q), f"derivative {order} at the cut-off"
    assert radial.smoothness == q
    assert np.all(radial.derivatives([cutoff, cutoff + 0.1, 10.0]) == 0)


@pytest.mark.parametrize("q", [0, 1, 2, 3])
def test_smoothing_acts_on_each_power_by_itself(q: int) -> None:
    radial = smoothed(lennard_jones(), 2.5, q)
    parts = 4 * np.array(smoothed(inverse_power(12), 2.5, q).regular)
    parts -= 4 * np.array(smoothed(inverse_power(6), 2.5, q).regular)
    np.testing.assert_allclose(radial.regular, parts, rtol=ROUND_OFF)
    inside = radial.derivatives(2.5 * (1 - 1e-13))
    scale = [np.abs(derivative_terms(radial, np.array(2.5), k, of_square=False)).max() for k in range(5)]
    assert np.all(np.abs(inside[: q + 1]) < CANCELLATION * np.array(scale[: q + 1]))
    assert abs(inside[q + 1]) > 1e-3 * scale[q + 1]


@pytest.mark.parametrize("name", RADIAL)
def test_derivatives_follow_the_rule_for_powers(name: str) -> None:
    radial = RADIAL[name]
    x = np.linspace(0.7, min(radial.cutoff, 3.0), 40, endpoint=False)
    for order in range(5):
        for of_square, computed in ((True, radial.square_derivatives(x)), (False, radial.derivatives(x))):
            terms = derivative_terms(radial, x, order, of_square=of_square)
            error = np.abs(computed[order] - terms.sum(axis=0))
            assert np.all(error <= ROUND_OFF * np.abs(terms).max(axis=0)), (order, of_square)
    assert radial(x)[3] == radial.derivatives(x[3])[0]


@pytest.mark.parametrize("of_square", [False, True])
@pytest.mark.parametrize("name", RADIAL)
def test_derivatives_by_finite_differences(name: str, of_square: bool) -> None:
    radial, x = RADIAL[name], 1.13

    def at(shift: float) -> np.ndarray:
        if of_square:
            return radial.square_derivatives(np.sqrt(x * x + shift))
        return radial.derivatives(x + shift)

    for order in range(1, 5):

        def error(step: float, order: int = order) -> float:
            slope = (at(step)[order - 1] - at(-step)[order - 1]) / (2 * step)
            return float(abs(slope - at(0.0)[order]))

        assert_decay(error, first_step=0.04, order=2)


def test_laird_schober_potential() -> None:
    radial = get_model("laird-schober").radial
    amplitude = 1.5 / 3**10
    assert radial.exponent == 6 and radial.singular == (1.0,) and radial.cutoff == 3.0
    assert radial.regular[1:] == (0.0, amplitude)
    assert radial.regular[0] == pytest.approx(-(3.0**-6) - amplitude * 3**4, rel=ROUND_OFF)
    value, slope, curvature = (radial.derivatives(3.0 * (1 - 1e-15))[k] for k in range(3))
    assert abs(value) < ROUND_OFF * 3.0**-6
    assert abs(slope) < ROUND_OFF * 6 * 3.0**-7
    assert curvature == pytest.approx(60 / 3.0**8, rel=1e-9)  # 42/3^8 + 12 A 3^2: a jump, hence smoothness 1
    assert radial.smoothness == 1
    assert radial(1.0) == pytest.approx(1 + amplitude + radial.regular[0], rel=ROUND_OFF)


def test_smoothness_of_the_quartic_shift() -> None:
    assert shifted_quartic(inverse_power(6), 3.0, 1e-5).smoothness == 0
    assert shifted_quartic(inverse_power(12), 2.0, 12 / (4 * 2.0**16)).smoothness == 1
    assert truncated(inverse_power(6), 3.0).smoothness == -1
    assert truncated(inverse_power(6), 3.0)(2.999) == 2.999**-6


def test_named_models() -> None:
    assert set(MODELS) == {
        "laird-schober", "inverse-power", "binary-inverse-power", "lerner-binary", "ninarello", "kob-andersen"
    }  # fmt: skip
    lerner = get_model("lerner-binary")
    assert lerner.mixing == Mixing("species", ((1.0, 1.18), (1.18, 1.4)), ((1.0, 1.0), (1.0, 1.0)))
    assert (lerner.fractions, lerner.diameters, lerner.density) == ((0.5, 0.5), (1.0, 1.4), 0.82)
    assert lerner.radial == smoothed(inverse_power(10), 1.48, 3)
    ninarello = get_model("ninarello")
    assert (ninarello.mixing.kind, ninarello.mixing.non_additivity, ninarello.density) == ("sizes", 0.2, 1.0)
    assert ninarello.radial == smoothed(inverse_power(12), 1.25, 2)
    kob = get_model("kob-andersen")
    assert kob.mixing == Mixing("species", ((1.0, 0.8), (0.8, 0.88)), ((1.0, 1.5), (1.5, 0.5)))
    assert (kob.fractions, kob.density, kob.radial.cutoff, kob.radial.smoothness) == ((0.8, 0.2), 1.2, 2.5, 2)
    assert kob.radial.singular == (4.0, 0.0, 0.0, -4.0)
    assert get_model("laird-schober").density == 1.0
    assert [get_model(name).dimension for name in MODELS] == [3] * 6
    assert get_model("lerner-binary:dimension=2").dimension == 2


@pytest.mark.parametrize("dimension", [2, 3])
def test_mixture_of_equal_spheres_is_the_single_component(dimension: int) -> None:
    mixture = get_model(f"binary-inverse-power:ratio=1,share=0.3,dimension={dimension}")
    single = get_model(f"inverse-power:n=6,q=2,cutoff=2,dimension={dimension}")
    assert mixture.radial == single.radial
    assert mixture.density == pytest.approx(single.density, rel=ROUND_OFF)
    assert mixture.dimension == single.dimension
    scaled = get_model(f"binary-inverse-power:ratio=1.5,share=0.3,dimension={dimension}")
    lengths = np.array(scaled.mixing.lengths)
    assert lengths[0, 1] == lengths.diagonal().mean()
    parts = np.array(scaled.fractions)
    assert scaled.density * (np.outer(parts, parts) * lengths**dimension).sum() == pytest.approx(1, rel=ROUND_OFF)


def test_sizes_follow_the_inverse_cube() -> None:
    rng = np.random.default_rng(11)
    species_n, size_n = get_model("ninarello").compose(20_000, rng)
    assert not species_n.any()
    low, high = 0.73, 1.62

    def distribution(s: np.ndarray) -> np.ndarray:
        return (low**-2 - s**-2) / (low**-2 - high**-2)

    assert size_n.min() >= low and size_n.max() <= high
    assert stats.kstest(size_n, distribution).pvalue > 0.01
    # the limits of the paper are such that the mean is 1 and the relative spread 0.23
    assert size_n.mean() == pytest.approx(2 / (1 / low + 1 / high), abs=4 * 0.23 / np.sqrt(20_000))
    assert abs(size_n.mean() - 1) < 0.012 and abs(size_n.std() / size_n.mean() - 0.23) < 0.01
    wrong = inverse_cube_sizes(20_000, rng, smallest=0.70, largest=1.62)
    assert stats.kstest(wrong, distribution).pvalue < 1e-6  # the test sees a limit that is off by 0.03


def test_compositions() -> None:
    rng = np.random.default_rng(5)
    species_n, size_n = get_model("kob-andersen").compose(1000, rng)
    assert np.bincount(species_n).tolist() == [800, 200]
    assert np.all(size_n == np.where(species_n == 0, 1.0, 0.88))
    assert 60 < species_n[:500].sum() < 140  # shuffled: 100 +- 9 expected, 200 or 0 in order
    assert np.bincount(get_model("lerner-binary").compose(7, rng)[0]).sum() == 7
    assert get_model("laird-schober").compose(3, rng)[1].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("specification", [*MODELS, "inverse-power:n=12,q=1,cutoff=1.25", "inverse-power:q=-1"])
def test_models_travel_to_other_processes(specification: str) -> None:
    model = get_model(specification)
    twin = pickle.loads(pickle.dumps(model))
    assert twin.radial == model.radial and twin.mixing == model.mixing
    drawn = [m.compose(50, np.random.default_rng(3)) for m in (model, twin)]
    assert all(np.array_equal(a, b) for a, b in zip(*drawn, strict=True))


def test_parameters_of_specifications() -> None:
    model = get_model("inverse-power:n=12, q=1,cutoff=1.25,dimension=2")
    assert model.radial == smoothed(inverse_power(12), 1.25, 1) and model.dimension == 2
    assert get_model("inverse-power:q=-1,n=6,cutoff=2").radial == truncated(inverse_power(6), 2.0)
    assert get_model(" ninarello ").name == "ninarello"


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        ("laird-shober", "unknown potential 'laird-shober'.*did you mean 'laird-schober'"),
        ("", "unknown potential ''"),
        ("inverse-power:cutof=2", "unknown parameter 'cutof'.*did you mean 'cutoff'"),
        ("laird-schober:cutoff=2", "unknown parameter 'cutoff' .allowed: none"),
        ("inverse-power:n=six", "n = 'six' is not a number"),
        ("inverse-power:q=1.5", "q = '1.5' is not an integer"),
        ("inverse-power:n", "n = '' is not a number"),
        ("inverse-power:n=-6", "exponent = -6.0 must be positive"),
        ("inverse-power:n=nan", "exponent = nan must be positive"),
        ("inverse-power:n=inf", "exponent = inf must be positive and finite"),
        ("inverse-power:cutoff=-1", "cut-off -1.0 must be positive"),
        ("inverse-power:cutoff=-1,q=-1", "cut-off -1.0 must be positive"),
        ("inverse-power:cutoff=nan,q=-1", "cut-off nan must be positive"),
        ("inverse-power:q=4", "order q = 4 must be 0, 1, 2 or 3"),
        ("binary-inverse-power:share=1", "share = 1.0, ratio = 1.2; expected 0 < share < 1"),
        ("inverse-power:dimension=4", "dimension = 4 must be 2 or 3"),
        ("lerner-binary:dimension=5", "dimension = 5 must be 2 or 3"),
        ("ninarello:dimension=1", "dimension = 1 must be 2 or 3"),
    ],
)
def test_bad_specifications_of_models(specification: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_model(specification)


def test_only_bare_functions_can_be_smoothed() -> None:
    with pytest.raises(InputError, match="without regular part"):
        smoothed(smoothed(inverse_power(6), 2.0, 1), 2.0, 1)


def test_longest_range_of_a_model() -> None:
    sizes = np.array([0.8, 1.5, 1.1])
    assert get_model("ninarello").cutoff(sizes) == 1.25 * 1.5
    assert get_model("lerner-binary").cutoff(sizes) == 1.48 * 1.4
    assert get_model("kob-andersen").cutoff(sizes) == 2.5
