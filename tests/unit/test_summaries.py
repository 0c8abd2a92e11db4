"""Summaries of an ensemble: g(r) of known arrangements, means with their errors."""

from __future__ import annotations

import ase.build
import numpy as np
import pytest

from analysis.modes import Modes, elasticity
from analysis.structure import first_peak, mean_over_glasses, pair_distribution, structure_summary
from analysis.vibrations import sound_summary, vibration_summary
from atomsim.errors import InputError
from atomsim.quench import Glass, describe


@pytest.fixture(scope="module")
def crystal() -> Glass:
    """Face-centred cubic, 500 atoms at density one."""
    atoms = ase.build.bulk("H", "fcc", a=4 ** (1 / 3), cubic=True).repeat(5)
    atoms.set_masses(np.ones(len(atoms)))
    return describe(atoms, "laird-schober")


def test_pair_distribution_counts_the_neighbours_of_a_crystal(crystal: Glass) -> None:
    nearest = 4 ** (1 / 3) / np.sqrt(2)
    edges = np.array([0.0, 0.5, 1.2, 1.5, 1.7]) * nearest
    shells = 4 * np.pi / 3 * np.diff(edges**3)
    # 12 neighbours at 1, 6 at sqrt(2) of the nearest distance, none before and none between 1.5 and 1.7
    assert pair_distribution(crystal, edges) * shells == pytest.approx([0, 12, 6, 0])


def test_pair_distribution_of_random_points_is_one(small_glass: Glass) -> None:
    rng = np.random.default_rng(5)
    atoms = small_glass.to_atoms()
    edge = atoms.cell.array[0, 0]
    counts = []
    for _ in range(20):
        atoms.positions = rng.random((256, 3)) * edge
        gas = describe_without_check(small_glass, atoms.positions)
        counts.append(pair_distribution(gas, np.linspace(0.0, edge / 2, 9)))
    mean, error = np.mean(counts, axis=0), np.std(counts, axis=0) / np.sqrt(20)
    # One pair fewer than N/2 per atom: 1 - 1/N.
    assert np.all(abs(mean - (1 - 1 / 256)) < 4 * error)


def describe_without_check(glass: Glass, positions_nc: np.ndarray) -> Glass:
    """The same glass with other positions; energy and certificate are not looked at."""
    return Glass(**{**vars(glass), "positions_nc": positions_nc})


def test_pair_distribution_stops_at_half_the_cell(small_glass: Glass) -> None:
    with pytest.raises(InputError, match="twice the cut-off"):
        pair_distribution(small_glass, np.linspace(0.0, 4.0, 9))
    summary = structure_summary([small_glass], longest=4.0, bins=50)
    edge = small_glass.cell_cc[0, 0]
    assert summary.distance_r[-1] == pytest.approx(edge / 2 * (1 - 0.5 / 50))


def test_first_peak_of_a_parabola_is_its_top() -> None:
    r = np.linspace(0.8, 1.4, 31)
    assert first_peak(r, 3 - 40 * (r - 1.093) ** 2) == pytest.approx(1.093, abs=1e-12)


def test_quenched_soft_spheres_have_their_first_peak_where_it_is_known(cooled_glass: Glass) -> None:
    summary = structure_summary([cooled_glass], longest=3.5, bins=175)
    assert summary.first_peak.value == pytest.approx(1.09, abs=0.015)  # one glass of 500 atoms
    assert np.all(summary.pair_distribution_r[summary.distance_r < 0.8] == 0)


def test_mean_over_glasses_has_the_standard_error() -> None:
    rng = np.random.default_rng(2)
    draws = rng.normal(3.0, 0.5, size=(4000, 8))
    estimates = [mean_over_glasses(row, "epsilon") for row in draws]
    scatter = np.std([e.value for e in estimates])
    assert np.sqrt(np.mean([e.error**2 for e in estimates])) == pytest.approx(scatter, rel=0.05)  # 4000 draws: 1.1 %


def test_single_glass_has_no_error(small_glass: Glass, small_modes: Modes) -> None:
    summary = structure_summary([small_glass])
    assert summary.energy.value == small_glass.energy
    assert np.isnan(summary.energy.error) and "one glass" in summary.energy.note
    assert np.isnan(summary.pair_distribution_error_r).all()
    with pytest.raises(InputError, match="at least one glass"):
        structure_summary([])
    with pytest.raises(InputError, match="at least one glass"):
        mean_over_glasses([], "1")


def test_vibration_summary_obeys_the_sum_rule_and_leaves_translations_out(small_modes: Modes) -> None:
    summary = vibration_summary([small_modes, small_modes], bins=40)
    count = 3 * 256 - 3
    assert len(summary.omega_m) == 2 * count and np.all(summary.omega_m > 0.01)
    assert list(np.bincount(summary.glass_m)) == [count, count]
    mean_square = np.sum(summary.omega_m[:count] ** 2) / (3 * 256)
    assert summary.rms_frequency.value == pytest.approx(np.sqrt(mean_square), rel=1e-10)
    assert summary.rms_frequency.error == 0.0
    assert np.sum(summary.density.density_w * np.diff(summary.density.edges_w)) == pytest.approx(1.0)


def test_sound_summary_is_the_mean_of_the_glasses(small_glass: Glass, cooled_glass: Glass) -> None:
    elastic = [elasticity(small_glass), elasticity(cooled_glass)]
    summary = sound_summary(elastic)
    values = [e.transverse_velocity for e in elastic]
    assert summary.transverse_velocity.value == pytest.approx(np.mean(values))
    assert summary.transverse_velocity.error == pytest.approx(abs(values[0] - values[1]) / 2)
    assert summary.bulk_modulus.unit == "epsilon/sigma^3"
