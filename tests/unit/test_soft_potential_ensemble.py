"""The tail of the spectrum, resampling, and ensemble numbers recovered from made-up glasses of known parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from analysis.soft_potential import tail
from analysis.soft_potential.ensemble import EnsembleParameters, fit_ensemble
from analysis.soft_potential.resampling import bootstrap, bootstrap_error
from analysis.soft_potential.tail import Counting
from atomsim.errors import InputError
from atomsim.store import read_result, write_result

HBAR_REDUCED, LENGTH, LIMIT, VOLUME, DENSITY = 0.0095, 1.0, 1.1, 1000.0, 1.0
VELOCITY = {"l": 5.0, "t": 2.5}
CHI = (1.5, 6.0)  # two kinds of soft potentials
DILATATION = 10.0  # the softer kind couples more strongly: diagonal of its coupling, times chi
FOUR_SIGMA = 4.0


@dataclass
class MadeUpModes:
    omega_m: np.ndarray
    tau_m: np.ndarray
    chi_relaxed_m: np.ndarray
    effective_mass_m: np.ndarray
    linear_coupling_mcc: np.ndarray
    quadratic_coupling_mcc: np.ndarray
    volume: float = VOLUME
    n_atoms: int = 1000
    limit_omega: float = LIMIT


def kind_of(chi: float) -> tuple[float, float]:
    unit = (12 * HBAR_REDUCED**2 / chi) ** (1 / 6)
    return unit, HBAR_REDUCED**2 / (2 * unit**2)


def made_up_glass(rng, P_s=(0.05, 0.4), upper: bool = True) -> MadeUpModes:
    """Potentials uniform in (D1, D2): uniform in beta and with weight alpha/2 in (alpha, beta)."""
    rows = []
    for chi, density in zip(CHI, P_s, strict=True):
        unit, W = kind_of(chi)
        alpha_max = (LIMIT * unit**2 / HBAR_REDUCED) ** 2
        reach = 3.0 if upper else 2.0  # |beta| < 2 alpha^{1/2} are the lower minima
        count = rng.poisson(density * VOLUME * 2 * reach / 5 * alpha_max**2.5)
        alpha = alpha_max * rng.random(count) ** 0.4
        beta = rng.uniform(-reach, reach, count) * np.sqrt(alpha)
        rows.append(np.array([HBAR_REDUCED * np.sqrt(alpha) / unit**2, 6 * W * beta / unit**3, np.full(count, chi)]))
    omega, tau, chi_m = np.concatenate(rows, axis=1)
    n = len(omega)
    linear = rng.normal(size=(n, 3, 3)) + (DILATATION / chi_m)[:, None, None] * np.eye(3)
    symmetric = (linear + np.swapaxes(linear, 1, 2)) / 2
    return MadeUpModes(omega, tau, chi_m, np.full(n, 12.0), symmetric, 3 * symmetric)


SMALL = (1e-7, 1e-6)  # densities that give a few modes per glass
MIDDLE = (5e-7, 5e-6)
LARGE = (5e-6, 5e-5)


def fit(glasses, **options) -> EnsembleParameters:
    settings = dict(
        hbar=HBAR_REDUCED,
        length=LENGTH,
        mass_density=DENSITY,
        longitudinal_velocity=VELOCITY["l"],
        transverse_velocity=VELOCITY["t"],
        rng=np.random.default_rng(5),
        resamples=100,
    )
    return fit_ensemble(glasses, **{**settings, **options})


def within(estimate, truth: float) -> bool:
    return abs(estimate.value - truth) < FOUR_SIGMA * estimate.error and estimate.error < 0.1 * truth


def test_ensemble_recovers_the_parameters_it_was_made_from():
    rng = np.random.default_rng(11)
    result = fit([made_up_glass(rng, LARGE) for _ in range(30)])
    assert result.n_modes > result.n_counted > 1000
    units, W = np.array([kind_of(chi) for chi in CHI]).T
    P = np.array(LARGE)
    # What a spread of W must conserve: the density of tunnelling systems P_s/W and the strength of their coupling.
    effective_W = (np.sum(P / W) / np.sum(P / W**5)) ** 0.25
    assert within(result.W, effective_W)
    assert within(result.P_s, effective_W * np.sum(P / W))
    # E[(tr T)^2] and E[tr T^2] of the symmetrised unit normal matrices with c on the diagonal.
    diagonal = DILATATION / np.array(CHI)
    trace, square = 3 + 9 * diagonal**2, 6 + 3 * diagonal**2
    averages = {"l": (trace + 2 * square) / 15, "t": (3 * square - trace) / 30}
    for s, average in averages.items():
        strength = np.sum(P * average * units**2 / W) / (DENSITY * VELOCITY[s] ** 2)
        assert within(getattr(result, f"C_{s}"), strength)
    assert within(result.exponent, 4.0)


def test_both_ways_of_counting_give_the_same_density():
    rng = np.random.default_rng(12)
    glasses = [made_up_glass(rng, LARGE) for _ in range(30)]
    lower, single = fit(glasses), fit(glasses, counting=Counting.SINGLE_WELLS)
    assert single.n_counted < lower.n_counted < lower.n_modes
    assert single.P_s.value == pytest.approx(lower.P_s.value, rel=FOUR_SIGMA * single.P_s.error / single.P_s.value)
    assert single.G.value == pytest.approx(lower.G.value, rel=0.1)


def test_narrower_window_changes_nothing_but_the_error():
    rng = np.random.default_rng(13)
    glasses = [made_up_glass(rng, LARGE) for _ in range(30)]
    wide, narrow = fit(glasses), fit(glasses, window_omega=0.8 * LIMIT)
    assert narrow.n_modes == pytest.approx(0.8**5 * wide.n_modes, rel=0.15)
    assert abs(narrow.A_g.value - wide.A_g.value) < FOUR_SIGMA * narrow.A_g.error
    # A density that vanishes with alpha makes the mean of (eta, t) over the window grow with it: eta_max^1.
    assert narrow.G.value / wide.G.value == pytest.approx(0.8**2, rel=0.1)


def test_density_of_eta_and_t_is_recovered_where_it_is_constant():
    rng = np.random.default_rng(14)
    unit, W = kind_of(CHI[0])
    mass, count = 12.0, 20000
    eta_max = (LIMIT * unit**2 / HBAR_REDUCED) ** 2 * unit**2 / mass
    eta = rng.uniform(0, eta_max, count)
    t = rng.uniform(-2, 2, count) * np.sqrt(eta_max)
    alpha, beta = eta * mass / unit**2, t * np.sqrt(mass) / unit
    glass = MadeUpModes(
        HBAR_REDUCED * np.sqrt(alpha) / unit**2,
        6 * W * beta / unit**3,
        np.full(count, CHI[0]),
        np.full(count, mass),
        np.tile(np.eye(3), (count, 1, 1)),
        np.tile(np.eye(3), (count, 1, 1)),
    )
    G = count / (eta_max * 4 * np.sqrt(eta_max)) / VOLUME
    assert fit([glass]).G.value == pytest.approx(G, rel=FOUR_SIGMA / np.sqrt(count))


def test_errors_are_those_of_independent_glasses():
    rng = np.random.default_rng(15)
    result = fit([made_up_glass(rng, MIDDLE) for _ in range(60)], resamples=400)
    poisson = result.A_g.value / np.sqrt(result.n_modes)
    assert result.A_g.error == pytest.approx(poisson, rel=0.3)  # 60 glasses: spread of an error is a tenth


def test_too_few_modes_are_said_and_not_hidden():
    rng = np.random.default_rng(16)
    result = fit([made_up_glass(rng, SMALL) for _ in range(3)], minimum_modes=1000)
    assert 0 < result.n_modes < 1000
    for name in ("A_g", "P_s", "W", "C_l", "G"):
        estimate = getattr(result, name)
        assert np.isnan(estimate.value) and np.isnan(estimate.error)
        assert estimate.note.startswith(f"too few: {result.n_modes if name == 'A_g' else result.n_counted} ")


def test_glasses_without_soft_modes_give_no_number():
    empty = MadeUpModes(*(np.zeros(0) for _ in range(4)), np.zeros((0, 3, 3)), np.zeros((0, 3, 3)))
    result = fit([empty, empty])
    assert result.n_modes == 0 and np.isnan(result.C_t.value) and "too few: 0" in result.C_t.note


def test_one_glass_gives_numbers_without_errors():
    result = fit([made_up_glass(np.random.default_rng(17), LARGE)])
    assert np.isfinite(result.P_s.value) and np.isnan(result.P_s.error)
    assert "two glasses" in result.P_s.note


def test_unbounded_modes_are_counted_and_left_out_of_the_potentials():
    rng = np.random.default_rng(18)
    glasses = [made_up_glass(rng, LARGE) for _ in range(4)]
    before = fit(glasses)
    stiff = glasses[0].chi_relaxed_m == max(CHI)  # a counted mode of those that weigh most
    changed = int(np.argmin(np.where(stiff, np.abs(glasses[0].tau_m), np.inf)))
    glasses[0].chi_relaxed_m[changed] *= -1
    after = fit(glasses)
    assert after.n_unbounded == before.n_unbounded + 1 == 1
    assert after.n_modes == before.n_modes and after.n_counted == before.n_counted - 1
    assert after.A_g.value == before.A_g.value and after.P_s.value < before.P_s.value


def test_ensemble_does_not_depend_on_the_order_of_the_glasses():
    rng = np.random.default_rng(19)
    glasses = [made_up_glass(rng, LARGE) for _ in range(4)]
    one, other = fit(glasses), fit(glasses[::-1])
    assert one.C_l.value == pytest.approx(other.C_l.value, rel=1e-12)
    assert one.W_median.value == other.W_median.value


def test_ensemble_needs_a_glass():
    with pytest.raises(InputError, match="no glasses"):
        fit([])


def test_ensemble_survives_the_store(tmp_path):
    result = fit([made_up_glass(np.random.default_rng(k), SMALL) for k in range(3)])
    write_result(tmp_path / "e.h5", result)
    back = read_result(tmp_path / "e.h5", EnsembleParameters)
    assert back.C_l == result.C_l and back.n_modes == result.n_modes and back.counting == result.counting
    np.testing.assert_array_equal(back.replicates["W"], result.replicates["W"])


def test_tail_amplitude_is_recovered_from_poisson_samples():
    rng = np.random.default_rng(21)
    limits, sizes, A_g = np.array([0.8, 1.0, 1.3]), np.array([500, 1000, 2000]), 0.4
    expected = 3 * sizes * A_g * limits**5 / 5
    spectra = [limit * rng.random(rng.poisson(m)) ** 0.2 for limit, m in zip(limits, expected, strict=True)]
    spectra[0] = np.concatenate([spectra[0], [0.0, -0.3, 5.0]])  # zero mode, imaginary, above the window
    found = tail.tail_amplitude(spectra, limit_g=limits, n_atoms_g=sizes)
    assert found == pytest.approx(A_g, rel=FOUR_SIGMA / np.sqrt(expected.sum()))
    with pytest.raises(InputError, match="do not match"):
        tail.tail_amplitude(spectra, limit_g=limits[:2], n_atoms_g=sizes)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 4.0])
def test_tail_exponent_is_recovered_from_power_laws(exponent):
    rng = np.random.default_rng(22)
    limits = rng.uniform(0.5, 2, 4000)
    omega = limits * rng.random(4000) ** (1 / (exponent + 1))
    assert tail.tail_exponent(omega, limits) == pytest.approx(exponent, abs=FOUR_SIGMA * (exponent + 1) / 4000**0.5)
    few = [tail.tail_exponent(omega[i : i + 4], limits[i : i + 4]) for i in range(0, 4000, 4)]
    assert np.mean(np.reciprocal(np.array(few) + 1)) > 0  # every one defined
    assert np.mean(few) == pytest.approx(exponent, abs=0.6)  # no bias, at four modes: scatter (s+1)/sqrt(2)/sqrt(1000)
    assert np.isnan(tail.tail_exponent(omega[:1], limits[:1]))


def test_coefficient_of_the_vibrational_tail():
    # n(E) = P_s int d beta (alpha/2) |d alpha/dE| with E = 2 W alpha^{1/2} and the range of beta of the counting.
    W, E = 1.0, 3.0
    alpha = (E / (2 * W)) ** 2
    slope = E / (2 * W**2)
    for counting, reach in ((Counting.LOWER_MINIMA, 2.0), (Counting.SINGLE_WELLS, np.sqrt(32 / 9))):
        density = 2 * reach * np.sqrt(alpha) * alpha / 2 * slope
        assert tail.counting_coefficient(counting) * E**4 / W**5 == pytest.approx(density, rel=1e-12)


def test_density_of_potentials_follows_from_the_tail():
    W, amplitude, omega = 6e-4, 0.02, 0.7
    for counting in Counting:
        P_s = tail.potential_density(amplitude, W, hbar=HBAR_REDUCED, counting=counting)
        n_of_E = tail.counting_coefficient(counting) * P_s / W * (HBAR_REDUCED * omega / W) ** 4
        assert n_of_E * HBAR_REDUCED == pytest.approx(amplitude * omega**4, rel=1e-12)


def test_bootstrap_error_of_a_mean_is_the_standard_error():
    rng = np.random.default_rng(23)
    data = rng.normal(size=12)
    drawn = bootstrap(lambda n: {"mean": float(n @ data / n.sum())}, 12, rng, resamples=20000)["mean"]
    expected = np.std(data, ddof=1) / np.sqrt(12)
    assert bootstrap_error(drawn, 12) == pytest.approx(expected, rel=0.03)  # 20000 draws: half a per cent
    assert np.isnan(bootstrap_error(drawn, 1))
    assert bootstrap_error(np.concatenate([drawn, [np.nan]]), 12) == pytest.approx(bootstrap_error(drawn, 12))
    with pytest.raises(InputError, match="resampling"):
        bootstrap(lambda n: {"mean": 0.0}, 0, rng, resamples=10)
