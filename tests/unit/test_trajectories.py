"""The numbers of trajectories: exact cases, sum rules, slow twins."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.excitations.concentration_waves import box_vectors
from analysis.excitations.shells import Shells
from analysis.trajectories import displacement, order_parameters
from analysis.trajectories.pair_distribution import partial_pair_distributions, total_pair_distribution
from analysis.trajectories.relaxation_parameter import (
    Window,
    check_window,
    noise_bias,
    relaxation_of_replicas,
    relaxation_parameter,
    second_maximum_window,
    window_mean,
)
from analysis.trajectories.structure_factor import (
    intensities,
    intensities_of_box,
    mean_structure_factor,
    species_indices,
    structure_factor,
)
from atomsim.errors import InputError

ROUND_OFF = 1e-10


def random_alloy(n_atoms: int, edge: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    species_n = rng.permutation((np.arange(n_atoms) < n_atoms // 4).astype(np.int64))
    return rng.random((n_atoms, 3)) * edge, np.eye(3) * edge, species_n


def fcc(cells: int) -> tuple[np.ndarray, np.ndarray]:
    basis = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
    corner = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    return (corner + basis).reshape(-1, 3), np.eye(3) * cells


def test_ideal_gas_has_structure_factor_one() -> None:
    rng = np.random.default_rng(1)
    found = mean_structure_factor(
        [structure_factor(*random_alloy(60, 5.0, rng)[:2], np.repeat([0, 1], 30), longest=6.0) for _ in range(150)]
    )
    error = np.sqrt(1.2 / found.count_b)  # the intensity of one vector is exponentially distributed
    assert np.all(np.abs(found.number_number_b - 1) < 5 * error)
    assert np.all(np.abs(found.concentration_concentration_b - 0.25) < 5 * 0.25 * error)
    assert np.all(np.abs(found.number_concentration_b) < 5 * 0.5 * error)
    assert np.all(np.abs(found.faber_ziman_ssb - 1) < 5 * 4 * error)


def test_crystal_has_bragg_peaks_of_height_n() -> None:
    positions_nc, _ = fcc(3)
    vectors = 2 * np.pi * np.array([[1.0, 1, 1], [2, 0, 0], [1, 0, 0], [1, 1, 0], [1 / 3, 0, 0]])
    heights = intensities(positions_nc, np.zeros(108, np.int64), vectors)[0, 0]
    assert heights == pytest.approx([108, 108, 0, 0, 0], abs=1e-9)


def test_partial_structure_factors_against_sums_over_pairs() -> None:
    rng = np.random.default_rng(2)
    positions_nc, _, species_n = random_alloy(24, 4.0, rng)
    cell_cc = np.array([[4.0, 0, 0], [0.7, 3.5, 0], [-0.3, 0.4, 4.2]])
    vector = 2 * np.pi * np.linalg.inv(cell_cc).T @ np.array([1.0, 0, 2])
    found = intensities(positions_nc, species_n, vector[None])[:, :, 0]
    slow = np.zeros((2, 2))
    for i in range(24):
        for j in range(24):
            slow[species_n[i], species_n[j]] += np.cos(vector @ (positions_nc[i] - positions_nc[j])) / 24
    assert found == pytest.approx(slow, abs=ROUND_OFF)


def test_products_of_matrices_equal_cosines_of_each_atom() -> None:
    rng = np.random.default_rng(12)
    cell_cc = np.array([[4.0, 0, 0], [0.7, 3.5, 0], [-0.3, 0.4, 4.2]])
    positions_nc, species_n = rng.normal(0, 5, (30, 3)), np.arange(30) % 3
    vectors = box_vectors(cell_cc, 9.0)
    quick = intensities_of_box(positions_nc, cell_cc, species_n, vectors)
    assert quick == pytest.approx(intensities(positions_nc, species_n, vectors), abs=ROUND_OFF)


def test_bhatia_thornton_and_faber_ziman_say_the_same() -> None:
    rng = np.random.default_rng(3)
    positions_nc, cell_cc, species_n = random_alloy(40, 4.0, rng)
    found = structure_factor(positions_nc, cell_cc, species_n, longest=7.0)
    c = found.fraction_s
    a = found.faber_ziman_ssb
    mean = c[0] ** 2 * a[0, 0] + c[1] ** 2 * a[1, 1] + 2 * c[0] * c[1] * a[0, 1]
    assert found.number_number_b == pytest.approx(mean, abs=ROUND_OFF)
    s_cc = c[0] * c[1] * (1 + c[0] * c[1] * (a[0, 0] + a[1, 1] - 2 * a[0, 1]))
    assert found.concentration_concentration_b == pytest.approx(s_cc, abs=ROUND_OFF)
    s_nc = c[0] * c[1] * (c[1] * (a[1, 1] - a[0, 1]) - c[0] * (a[0, 0] - a[0, 1]))
    assert found.number_concentration_b == pytest.approx(s_nc, abs=ROUND_OFF)


def test_structure_factor_forgets_wrapping_and_order_of_atoms() -> None:
    rng = np.random.default_rng(4)
    positions_nc, cell_cc, species_n = random_alloy(30, 4.0, rng)
    moved_nc = positions_nc + rng.integers(-3, 4, (30, 3)) @ cell_cc + 0.123
    order = rng.permutation(30)
    found = structure_factor(positions_nc, cell_cc, species_n, longest=6.0)
    again = structure_factor(moved_nc[order], cell_cc, species_n[order], longest=6.0)
    assert again.intensity_ssb == pytest.approx(found.intensity_ssb, abs=ROUND_OFF)


def test_species_are_numbered_by_number_or_name() -> None:
    index_n, names = species_indices(["10", "2", "2", "10"])
    assert names == ("2", "10") and index_n.tolist() == [1, 0, 0, 1]
    index_n, names = species_indices(["Zr", "Cu"])
    assert names == ("Cu", "Zr") and index_n.tolist() == [1, 0]


def test_concentration_waves_need_two_species() -> None:
    positions_nc, cell_cc, _ = random_alloy(20, 4.0, np.random.default_rng(5))
    found = structure_factor(positions_nc, cell_cc, np.zeros(20, np.int64), longest=5.0)
    with pytest.raises(InputError, match="exactly two"):
        _ = found.concentration_concentration_b


def test_pair_distribution_counts_pairs_by_species() -> None:
    rng = np.random.default_rng(6)
    positions_nc, cell_cc, species_n = random_alloy(40, 4.0, rng)
    edges_r = np.linspace(0, 2.0, 9)
    found = partial_pair_distributions(positions_nc, cell_cc, species_n, edges_r)
    shell = 4 * np.pi / 3 * np.diff(edges_r**3)
    slow = np.zeros((2, 2, 8))
    for i in range(40):
        for j in range(40):
            vector = positions_nc[i] - positions_nc[j]
            distance = np.linalg.norm(vector - 4 * np.round(vector / 4))
            if i != j and distance < 2:
                slow[species_n[i], species_n[j], int(distance / 0.25)] += 1
    count_s = np.bincount(species_n)
    slow *= 64 / (np.outer(count_s, count_s)[:, :, None] * shell)
    assert found == pytest.approx(slow, abs=ROUND_OFF)
    total = total_pair_distribution(found, count_s / 40)
    pairs = np.sum(total * shell) * 40**2 / 64
    assert pairs == pytest.approx(np.sum(slow * np.outer(count_s, count_s)[:, :, None] * shell / 64))
    with pytest.raises(InputError, match="needs a box"):
        partial_pair_distributions(positions_nc, cell_cc, species_n, np.linspace(0, 2.1, 5))


def test_relaxation_parameter_of_known_changes() -> None:
    q_b = np.linspace(2.0, 8.0, 61)
    window = Window(3.03, 5.17, np.nan)
    # |i| = 0.2 with a change of sign at every bin: R = 0.2 times the mean of q, whatever the signs
    change_b = 0.2 * (-1.0) ** np.arange(61)
    assert relaxation_parameter(q_b, change_b, window) == pytest.approx(0.2 * 0.5 * (3.03 + 5.17), rel=1e-12)
    assert relaxation_parameter(q_b, np.zeros(61), window) == 0.0
    # i = A/q: the mean of |A|
    assert relaxation_parameter(q_b, -0.7 / q_b, window) == pytest.approx(0.7, rel=1e-12)
    assert window_mean(q_b, q_b**0, window) == pytest.approx(1.0)


def test_noise_bias_is_the_parameter_of_pure_noise() -> None:
    rng = np.random.default_rng(7)
    q_b = np.linspace(2.0, 8.0, 121)
    error_b = 0.05 * (1 + 0.3 * np.sin(q_b))
    window = Window(float(q_b[20]), float(q_b[90]), np.nan)
    drawn = relaxation_parameter(q_b, rng.normal(0, error_b, (4000, 121)), window)
    spread = drawn.std() / np.sqrt(4000)
    assert noise_bias(q_b, error_b, window) == pytest.approx(drawn.mean(), abs=5 * spread)


def test_replicas_without_change_are_not_resolved_and_a_change_is() -> None:
    rng = np.random.default_rng(8)
    q_b = np.linspace(2.0, 8.0, 121)
    change_gtb = rng.normal(0, 0.1, (12, 3, 121))
    change_gtb[:, 0] = 0.0
    change_gtb[:, 2] += 0.5 * np.cos(3 * q_b)
    found = relaxation_of_replicas(q_b, change_gtb, Window(3.0, 6.0, np.nan), np.array([0.0, 1.0, 2.0]))
    assert found.value_t[0] == 0.0 and found.bias_t[0] == 0.0
    assert found.resolved_t.tolist() == [False, False, True]
    assert found.value_t[1] == pytest.approx(found.bias_t[1], rel=0.3)
    assert found.value_t[2] == pytest.approx(0.5 * 2 / np.pi * 4.5, rel=0.1)
    alone = relaxation_of_replicas(q_b, change_gtb[:1], Window(3.0, 6.0, np.nan), np.arange(3.0))
    assert np.isnan(alone.bias_t).all() and not alone.resolved_t.any()


def test_jackknife_error_is_the_standard_error_of_a_mean() -> None:
    rng = np.random.default_rng(13)
    q_b = np.linspace(2.0, 8.0, 61)
    # where all replicas change in the same direction R is linear in them, and the jackknife is exact
    change_gtb = (1 + rng.random((6, 1, 1))) * np.ones((6, 2, 61))
    found = relaxation_of_replicas(q_b, change_gtb, Window(3.0, 6.0, np.nan), np.array([0.0, 1.0]))
    each = 4.5 * change_gtb[:, 0, 0]
    assert found.error_t == pytest.approx(each.std(ddof=1) / np.sqrt(6), rel=1e-9)


def test_window_surrounds_the_second_maximum() -> None:
    q_b = np.linspace(0.5, 24.0, 300)
    i_b = sum(h * np.exp(-(((q_b - c) / 0.8) ** 2)) for h, c in ((2.0, 7.0), (0.8, 12.5), (0.4, 18.0))) - 0.3
    window = second_maximum_window(q_b, i_b)
    # between Gaussians of unequal height the minimum lies nearer to the lower one
    assert window.maximum == pytest.approx(12.5, abs=0.2)
    assert 9.0 < window.low < 10.8 and 14.5 < window.high < 16.0
    with pytest.raises(InputError, match="no second maximum"):
        second_maximum_window(q_b[q_b < 13.0], i_b[q_b < 13.0])


@pytest.mark.parametrize(
    ("low", "high", "complaint"),
    [(5.0, 4.0, "lower one first"), (1.0, 4.0, "outside"), (4.0, 9.0, "outside"), (4.0, 4.1, "resolves")],
)
def test_windows_that_do_not_fit_are_refused(low: float, high: float, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        check_window(Window(low, high, np.nan), np.linspace(2.0, 8.0, 61))


def walk(rng: np.random.Generator, frames: int = 60, n_atoms: int = 400) -> np.ndarray:
    return np.cumsum(rng.normal(0, 0.1, (frames, n_atoms, 3)), axis=0)


def test_random_walk_with_drift_has_its_displacements() -> None:
    rng = np.random.default_rng(9)
    velocity = np.array([0.3, -0.2, 0.1])
    positions_tnc = walk(rng) + np.arange(60)[:, None, None] * velocity
    lags = displacement.lags_between(np.arange(60.0))
    assert lags.lag_l == pytest.approx(np.arange(1.0, 60))
    assert lags.count_l.tolist() == list(range(59, 0, -1))
    for lag in (1, 5, 20):
        pairs = lags.pairs_l[lag - 1]
        assert np.all(pairs[:, 1] - pairs[:, 0] == lag)
        plain = displacement.mean_square_displacement(displacement.displacements(positions_tnc, pairs)).mean()
        kept = displacement.displacements(positions_tnc, pairs, drift=True)
        expected = 3 * 0.01 * lag
        assert plain == pytest.approx(expected * (1 - 1 / 400), rel=0.05)
        with_drift = displacement.mean_square_displacement(kept).mean()
        assert with_drift == pytest.approx(expected + lag**2 * velocity @ velocity, rel=0.05)
        moved = displacement.displacements(positions_tnc, pairs)
        assert displacement.non_gaussian_parameter(moved).mean() == pytest.approx(0, abs=0.03)
        for q in (1.0, 3.0):
            scattering = displacement.self_intermediate_scattering(moved, q).mean()
            assert scattering == pytest.approx(np.exp(-(q**2) * 0.01 * lag / 2), abs=0.02)


def test_measures_of_motion_on_known_displacements() -> None:
    moved = np.zeros((2, 10, 3))
    moved[0, 0] = [0.6, 0.8, 0.0]  # one atom moves by 1
    moved[1] = [0.0, 0.0, 0.2]  # all move alike
    assert displacement.mean_square_displacement(moved) == pytest.approx([0.1, 0.04])
    assert displacement.overlap(moved, 0.3) == pytest.approx([0.9, 1.0])
    assert displacement.moved_fraction(moved, 0.1) == pytest.approx([0.1, 1.0])
    assert displacement.cooperativity(moved) == pytest.approx([1.0, 10.0])
    assert displacement.self_intermediate_scattering(moved, np.pi)[0] == pytest.approx(0.9)
    assert np.isnan(displacement.cooperativity(np.zeros((1, 4, 3)))).all()
    assert displacement.dynamic_susceptibility(np.array([0.9, 1.0]), 10) == pytest.approx(10 * 0.005)


def test_susceptibility_of_independent_atoms_is_binomial() -> None:
    rng = np.random.default_rng(10)
    still = (rng.random((4000, 50)) < 0.7).mean(axis=1)
    assert displacement.dynamic_susceptibility(still, 50) == pytest.approx(0.21, rel=0.1)


def test_lags_of_logarithmic_frames_are_grouped() -> None:
    time_t = np.array([0.0, 1, 2, 4, 8, 16.0])
    lags = displacement.lags_between(time_t)
    assert sum(lags.count_l) == 15
    by_lag = dict(zip(lags.lag_l.tolist(), lags.count_l.tolist(), strict=True))
    assert by_lag[1.0] == 2 and by_lag[2.0] == 2 and by_lag[4.0] == 2 and by_lag[14.0] == 1
    first = displacement.lags_between(time_t, origins="first")
    assert first.lag_l == pytest.approx(time_t[1:]) and set(first.count_l.tolist()) == {1}
    loose = displacement.lags_between(np.array([0.0, 1.0, 2.001]), tolerance=0.01)
    assert loose.lag_l == pytest.approx([1.0005, 2.001])
    few = displacement.lags_between(np.arange(100.0), most=7)
    assert few.count_l.max() == 7 and few.pairs_l[0][[0, -1], 0].tolist() == [0, 98]


def test_too_few_frames_and_wrong_times_are_refused() -> None:
    with pytest.raises(InputError, match="1 frames"):
        displacement.lags_between(np.array([0.0]))
    with pytest.raises(InputError, match="ascending"):
        displacement.lags_between(np.array([0.0, 2.0, 1.0]))
    with pytest.raises(InputError, match="origins"):
        displacement.lags_between(np.array([0.0, 2.0]), origins="last")


def test_wrapped_trajectory_is_detected_and_unwrapped() -> None:
    rng = np.random.default_rng(11)
    cell_cc = np.array([[3.0, 0, 0], [0.5, 2.8, 0], [0.2, -0.4, 3.1]])
    positions_tnc = rng.random((1, 50, 3)) @ cell_cc + walk(rng, 40, 50)
    cells = np.repeat(cell_cc[None], 40, axis=0)
    reduced = displacement.reduced_coordinates(positions_tnc, cells)
    wrapped_tnc = (reduced % 1.0) @ cell_cc
    displacement.require_unwrapped(positions_tnc, cells)
    with pytest.raises(InputError, match="without image flags: atom"):
        displacement.require_unwrapped(wrapped_tnc, cells, name="w")
    again = displacement.unwrap_to_nearest(wrapped_tnc, cells)
    assert again - again[0] == pytest.approx(positions_tnc - positions_tnc[0], abs=1e-9)
    with pytest.raises(InputError, match="nearest image"):
        displacement.unwrap_to_nearest(wrapped_tnc[[0, 39]], cells[:2] * 0.3)


def test_order_parameters_are_the_two_powers() -> None:
    share_t = np.linspace(0, 1, 5)
    alpha_t = -0.1 - 0.3 * share_t
    assert order_parameters.linear_order_parameter(alpha_t, start=-0.1, final=-0.4) == pytest.approx(share_t)
    s_t = 0.25 + 0.5 * share_t**2  # N_q ~ eta^2
    assert order_parameters.root_order_parameter(s_t, start=0.25, final=0.75) == pytest.approx(share_t)
    below = order_parameters.root_order_parameter(np.array([0.25 - 0.125]), start=0.25, final=0.75)
    assert below == pytest.approx([-0.5])
    with pytest.raises(InputError, match="no change"):
        order_parameters.linear_order_parameter(alpha_t, start=0.1, final=0.1)


def test_order_of_a_frame_agrees_with_the_alloy() -> None:
    positions_nc, cell_cc = fcc(3)
    species_n = np.tile([1, 0, 0, 0], 27).astype(np.int64)  # L1_2
    alloy = order_parameters.alloy_of_frame(positions_nc, cell_cc, species_n)
    found = order_parameters.shell_correlations(alloy, Shells(np.array([0.6, 0.9]), np.array([0.8, 1.1])))
    assert found == pytest.approx([-1 / 3, 1.0])
    peak = order_parameters.concentration_wave_intensity(alloy, 2 * np.pi, 0.1)
    # |c_k|^2 = N c^2 on the 3 superstructure vectors, 0 on the 12 of the kind (2, 2, 1)/3, which are as long
    assert peak == pytest.approx(108 / 16 * 3 / 15)
    with pytest.raises(InputError, match="exactly two"):
        order_parameters.alloy_of_frame(positions_nc, cell_cc, np.zeros(108, np.int64))
    with pytest.raises(InputError, match="no wave vector"):
        order_parameters.concentration_wave_intensity(alloy, 2.6, 0.1)
