"""Pairs of minima: saddles with certificates, three ways to one barrier, levels along a path, the record of all."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from plane_wells import HBAR, PLANE, plane_wells
from scipy.integrate import solve_ivp
from scipy.linalg import eigvalsh

from analysis.cli import app
from analysis.modes import full_spectrum
from analysis.plotting.nonlinear import (
    plot_barriers,
    plot_decay,
    plot_double_well,
    table_barriers,
    table_decay,
    table_double_well,
)
from analysis.soft_modes.barrier_comparison import BarrierComparison, barrier_statistics, compare_barriers
from analysis.soft_modes.configuration_space import ConfigurationSpace
from analysis.soft_modes.directions import (
    Directions,
    joined,
    leads_to_another_minimum,
    soft_directions,
)
from analysis.soft_modes.double_wells import (
    DoubleWells,
    climbed_minimum,
    estimated_saddle,
    find_double_wells,
    pushed_minimum,
)
from analysis.soft_modes.gradient_flow import flow_down
from analysis.soft_modes.nonlinear import NonlinearModes
from analysis.soft_modes.path_levels import PathPotential, grid_levels, half_well, path_levels
from analysis.soft_modes.relaxed_path import relaxed_path
from analysis.soft_modes.saddles import PUSH, both_sides, polished_saddle, unstable_direction
from analysis.soft_modes.search import Selection, find_soft_modes
from analysis.soft_modes.well_prediction import predict_well
from analysis.soft_potential.deep_wells import splitting
from analysis.soft_potential.landscape import from_cubic_free
from analysis.soft_potential.parameters import soft_potentials
from atomsim.certificate import LARGEST_FORCE
from atomsim.errors import IllPosedFit, InputError, NotAMinimum, NotConverged
from atomsim.formats import write_glass
from atomsim.quench import Glass
from atomsim.results import Array
from atomsim.store import read_result, write_result

UNIT_HBAR = np.sqrt(2)  # makes -hbar^2/2 d^2/ds^2 the kinetic term of the soft potential in units of W


@pytest.fixture(scope="module")
def wells() -> DoubleWells:
    return plane_wells().wells


# --- the pairs and their certificates ---------------------------------------------------------------------------


def test_band_scan_and_saddle_agree(wells: DoubleWells) -> None:
    """Climbing image, maximum of the relaxed scan and refined saddle are one barrier, found in three ways.

    The force that the climbing image may keep leaves 2e-5 of a cubic barrier, more of others. A scan ends at the saddle
    to round-off, or before it where its branch of constrained minima ends.
    """
    assert len(wells) == 2
    np.testing.assert_allclose(wells.barrier_band_m, wells.barrier_m, rtol=5e-4)
    scanned = np.isfinite(wells.barrier_scan_m)
    assert scanned.any()
    np.testing.assert_allclose(wells.barrier_scan_m[scanned], wells.barrier_m[scanned], rtol=1e-8)
    assert wells.scan_disagreement < 1e-8
    assert wells.band_disagreement < 5e-4


def test_a_branch_is_followed_alike_by_long_and_by_short_steps(plane_glass: Glass, wells: DoubleWells) -> None:
    """Steps that lose the branch are halved: points asked for seldom lie where those asked for often do, and as far."""
    space = ConfigurationSpace(plane_glass)
    for move_nc in wells.second_mnc:
        way = space.point(plane_glass.positions_nc + move_nc) - space.start
        distance = float(np.linalg.norm(way))
        long, short = (
            relaxed_path(space, space.start, way / distance, np.linspace(0, distance, count)[1:]) for count in (9, 65)
        )
        assert len(long) > 1
        for one, other in zip(long, short[::8], strict=False):
            assert one.coordinate == pytest.approx(other.coordinate)
            assert one.energy == pytest.approx(other.energy, abs=1e-9)
        assert abs(long[-1].coordinate - short[-1].coordinate) < distance / 8


def test_saddles_and_minima_carry_their_certificates(plane_glass: Glass, wells: DoubleWells) -> None:
    """By dense matrices at the stored places: one negative eigenvalue at the saddle, none at the second minimum."""
    space = ConfigurationSpace(plane_glass)
    base = space.energy_and_force(space.start)[0]
    for k in range(len(wells)):
        second, saddle = (
            space.point(plane_glass.positions_nc + moves[k]) for moves in (wells.second_mnc, wells.saddle_mnc)
        )
        for point, negative, energy in (
            (saddle, 1, wells.barrier_m[k]),
            (second, 0, wells.energy_difference_m[k]),
        ):
            value, force = space.energy_and_force(point)
            eigenvalues = eigvalsh(space.matrix(point).toarray())
            assert value - base == pytest.approx(energy, abs=1e-9)
            assert np.abs(force).max() < 1e-8
            assert np.count_nonzero(eigenvalues < -1e-7) == negative
            assert np.count_nonzero(np.abs(eigenvalues) <= 1e-7) == 2
        assert eigvalsh(space.matrix(saddle).toarray())[0] == pytest.approx(wells.saddle_curvature_m[k], rel=1e-6)
        ends = both_sides(space, saddle, unstable_direction(space, saddle)[1])
        assert sorted([space.same(end, space.start) for end in ends]) == [False, True]
        assert any(space.same(end, second) for end in ends)
    assert np.all(wells.saddle_force_m <= 1e-9)
    assert np.all(wells.second_force_m < LARGEST_FORCE)
    assert np.all(wells.second_eigenvalue_m > 0)


def test_descents_from_a_saddle_end_where_the_gradient_flow_ends(plane_glass: Glass, wells: DoubleWells) -> None:
    """Against dq/dt = -dU/dq integrated with a hundred times smaller errors; a minimiser alone may miss a basin."""
    space = ConfigurationSpace(plane_glass)
    for move_nc in wells.saddle_mnc:
        saddle = space.point(plane_glass.positions_nc + move_nc)
        direction = unstable_direction(space, saddle)[1]
        push = direction * PUSH / float(space.atom_moves(direction).max())
        for side, end in zip((1, -1), both_sides(space, saddle, direction), strict=True):
            flow = solve_ivp(
                lambda _, q: space.energy_and_force(q)[1], (0.0, 300.0), saddle + side * push, method="BDF",
                jac=lambda _, q: -space.matrix(q).toarray(), rtol=1e-6, atol=1e-8,
            )  # fmt: skip
            assert np.abs(space.energy_and_force(flow.y[:, -1])[1]).max() < 0.01  # it has come to rest
            assert space.atom_moves(space.aligned(flow.y[:, -1], space.start) - end).max() < 0.01


def test_gradient_flow_does_not_depend_on_where_the_cell_lies(
    plane_glass: Glass, wells: DoubleWells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A glass a hundred diameters away: the same way in as many evaluations, to the same minimum."""
    evaluate, counts, ends = ConfigurationSpace.energy_and_force, [], []

    def counted(space: ConfigurationSpace, point: Array) -> tuple[float, Array]:
        counts[-1] += 1
        return evaluate(space, point)

    monkeypatch.setattr(ConfigurationSpace, "energy_and_force", counted)
    for offset in (0.0, 100.0):
        far_c = np.array([offset, -offset, 0.0])
        space = ConfigurationSpace(dataclasses.replace(plane_glass, positions_nc=plane_glass.positions_nc + far_c))
        saddle = space.point(space.glass.positions_nc + wells.saddle_mnc[0])
        push = unstable_direction(space, saddle)[1]
        push *= PUSH / float(space.atom_moves(push).max()) * np.sign(push[np.argmax(np.abs(push))])
        counts.append(0)
        ends.append(space.positions(flow_down(space, saddle + push)) - far_c)
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-8)
    assert counts[1] == pytest.approx(counts[0], rel=0.05)


def test_gradient_flow_that_does_not_end_is_told(
    plane_glass: Glass, wells: DoubleWells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.soft_modes.gradient_flow.MOST_STEPS", 3)
    space = ConfigurationSpace(plane_glass)
    saddle = space.point(plane_glass.positions_nc + wells.saddle_mnc[0])
    with pytest.raises(NotConverged, match="does not come to rest in 3 steps") as caught:
        both_sides(space, saddle, unstable_direction(space, saddle)[1])
    assert 0 < space.atom_moves(caught.value.estimate - saddle).max() < 0.2  # where the flow has come to


def test_measures_of_the_jump(plane_glass: Glass, wells: DoubleWells) -> None:
    square = np.square(wells.second_mnc).sum(axis=2)
    np.testing.assert_allclose(wells.participation_number_m, square.sum(axis=1) ** 2 / (square**2).sum(axis=1))
    np.testing.assert_allclose(wells.largest_move_m, np.sqrt(square.max(axis=1)))
    np.testing.assert_allclose(wells.distance_m, np.sqrt(square @ plane_glass.mass_n))
    assert np.all(wells.path_length_m >= wells.distance_m)
    moved_c = np.einsum("n,mnc->mc", plane_glass.mass_n, wells.second_mnc)
    np.testing.assert_allclose(moved_c, 0, atol=1e-10)  # the centre of mass rests
    assert np.all(np.abs(wells.saddle_overlap_m) <= 1)
    assert np.all(wells.saddle_overlap_m > 0.5)


def test_energy_along_the_path(wells: DoubleWells) -> None:
    """It begins at zero, ends at the second minimum, and its largest value is the barrier."""
    np.testing.assert_allclose(wells.path_energy_mk[:, 0], 0, atol=1e-9)
    np.testing.assert_allclose(wells.path_energy_mk[:, -1], wells.energy_difference_m, atol=1e-9)
    np.testing.assert_allclose(wells.path_energy_mk.max(axis=1), wells.barrier_m, rtol=0.02)
    assert np.all(wells.path_energy_mk <= wells.barrier_m[:, None] * (1 + 1e-6))
    np.testing.assert_allclose(wells.path_coordinate_mk[:, -1], wells.path_length_m)
    np.testing.assert_allclose(wells.gap_m, wells.level_mk[:, 1] - wells.level_mk[:, 0])


def test_pushes_and_climbs_meet_neighbours(plane_glass: Glass, directions: Directions, wells: DoubleWells) -> None:
    """Where a search returns something it is another minimum; a climb from the estimate meets the saddle known."""
    space = ConfigurationSpace(plane_glass)
    vector = directions.vectors_mnc[0][:, :2].ravel()
    reach = estimated_saddle(directions, 0, 1)
    assert reach == directions.saddle_coordinate_m[0] > 0
    assert estimated_saddle(directions, 0, -1) is None
    climbed = climbed_minimum(space, vector, reach)
    assert climbed is not None
    known = [space.point(plane_glass.positions_nc + move) for move in wells.saddle_mnc]
    assert any(space.same(climbed[1], saddle) for saddle in known)
    again, force = polished_saddle(space, climbed[1] + 0.01 * vector)
    assert space.same(again, climbed[1])
    assert force <= 1e-9
    pushed = pushed_minimum(space, vector)
    assert pushed is None or not space.same(pushed, space.start)


def test_relaxed_energies_follow_the_relaxed_expansion(plane_glass: Glass, directions: Directions) -> None:
    """The energy minimised at fixed advance along a cubic mode, against curvature, tau and chi of its expansion."""
    space = ConfigurationSpace(plane_glass)
    direction = directions.vectors_mnc[0][:, :2].ravel()
    way = np.linalg.pinv(space.matrix(space.start).toarray(), rcond=1e-9) @ direction
    stretch = np.linalg.norm(way) / (direction @ way)  # length of the way for a unit of advance along the mode
    assert stretch > 1.005
    s = 0.015 * np.arange(1, 5)
    paths = [relaxed_path(space, space.start, direction, side * s) for side in (1, -1)]
    base = paths[0][0].energy
    for point in paths[0][1:]:
        straight = space.energy_and_force(space.start + point.coordinate * direction)[0]
        assert point.energy < straight
        assert direction @ (point.point - space.start) == pytest.approx(point.coordinate, abs=1e-12)
    up, down = (np.array([point.energy - base for point in path[1:]]) for path in paths)
    length = stretch * s
    even = np.stack([length**2 / 2, length**4 / 24, length**6 / 720, length**8 / 40320], axis=1)
    odd = np.stack([length**3 / 6, length**5 / 120, length**7 / 5040, length**9 / 362880], axis=1)
    curvature, chi = np.linalg.solve(even, (up + down) / 2)[:2]
    assert curvature == pytest.approx(directions.curvature_m[0], rel=1e-6)
    assert np.linalg.solve(odd, (up - down) / 2)[0] == pytest.approx(directions.tau_m[0], rel=1e-3)
    assert chi == pytest.approx(directions.chi_relaxed_m[0], rel=0.02)


# --- levels ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "accuracy"), [(2.0, 1e-8), (10.0, 1e-7), (20.0, 1e-6), (40.0, 3e-5)])
def test_mirrored_halves_of_the_quartic_double_well(depth: float, accuracy: float) -> None:
    """The splitting of x^4 - depth x^2, down to 1e-50, against inverse iteration with many digits."""

    def well(x: Array) -> Array:
        return x**4 - depth * x**2

    _, found = half_well(well, np.sqrt(depth / 2) + 5, 0.0, hbar=UNIT_HBAR)
    assert found == pytest.approx(splitting(-depth, 0.0), rel=accuracy)
    mean, mirrored = half_well(well, -np.sqrt(depth / 2) - 5, 0.0, hbar=UNIT_HBAR)
    assert mirrored == pytest.approx(found, rel=1e-9)
    pair = grid_levels(well, -8.0, 8.0, hbar=UNIT_HBAR, count=2, points=6000)
    assert mean == pytest.approx(pair.mean(), abs=2e-4)


def quartic_path(D1: float, D2: float) -> tuple[PathPotential, tuple[float, float], float]:
    s = np.linspace(-3.6, 3.6, 81)
    curvature = 2 * D2 + 12 * 3.6**2
    potential = PathPotential(
        s, D1 * s + D2 * s**2 + s**4, D1 + 2 * D2 * s + 4 * s**3, (curvature, curvature)
    )  # fmt: skip
    low, top, high = (float(x) for x in np.sort(np.roots([4, 0, 2 * D2, D1]).real))
    return potential, (low, high), top


@pytest.mark.parametrize(("D1", "D2", "two_level"), [(0.05, -6.0, True), (0.002, -6.0, True), (5.0, -8.0, False)])
def test_two_level_gap_along_a_path(D1: float, D2: float, two_level: bool) -> None:
    """The gap is that of the soft potential; Delta and Delta_0 make it up where the two states stand alone."""
    potential, minima, top = quartic_path(D1, D2)
    found = path_levels(potential, minima, top, hbar=UNIT_HBAR)
    alpha, beta = from_cubic_free(D1, D2)
    assert found.gap == pytest.approx(splitting(float(alpha[0]), float(beta[0])), rel=1e-6)
    assert found.is_two_level == two_level
    if two_level:
        assert np.hypot(found.asymmetry, found.tunnelling) == pytest.approx(found.gap, rel=1e-3)
        assert found.tunnelling == pytest.approx(splitting(D2, 0.0), rel=1e-2)


def test_levels_of_a_parabola_and_bad_paths() -> None:
    found = grid_levels(lambda s: 2 * s**2, -9.0, 9.0, hbar=0.7, count=3, points=3000)
    np.testing.assert_allclose(found, 0.7 * 2 * (np.arange(3) + 0.5), rtol=1e-4)
    potential, minima, _ = quartic_path(0.05, -6.0)
    with pytest.raises(InputError, match="ascending"):
        path_levels(potential, minima, minima[1] + 1, hbar=1.0)
    outside = potential(np.array([-4.0, 4.0]))
    edge = potential(np.array([3.6]))[0] + potential.slope_k[-1] * 0.4 + potential.end_curvatures[1] * 0.08
    assert outside[1] == pytest.approx(edge)


def test_prediction_of_a_quartic_double_well() -> None:
    """Seen from its deeper minimum: barrier by search on a grid, gap by levels on a grid."""
    curvature, tau, chi, hbar = 2.0, -14.0, 34.0, 0.05
    s = np.linspace(-1, 3, 200_001)
    energy = curvature * s**2 / 2 + tau * s**3 / 6 + chi * s**4 / 24
    found = predict_well(curvature, tau, chi, hbar=hbar)
    second = s[np.argmin(np.where(s > 0.5, energy, np.inf))]
    assert found.barrier == pytest.approx(energy[(s > 0) & (s < second)].max(), rel=1e-6)

    def well(x: Array) -> Array:
        return curvature * x**2 / 2 + tau * x**3 / 6 + chi * x**4 / 24

    low, high = grid_levels(well, -1.5, 3.5, hbar=hbar, count=2, points=6000)
    assert found.gap == pytest.approx(high - low, rel=1e-3)
    assert 0 < found.tunnelling <= found.gap
    assert np.isnan(predict_well(curvature, tau, -1.0, hbar=hbar).gap)
    single = predict_well(curvature, 0.1, chi, hbar=hbar)
    assert np.isnan(single.barrier)
    assert single.alpha > 0


def test_double_well_criterion_is_that_of_the_soft_potential() -> None:
    rng = np.random.default_rng(3)
    curvature, tau, chi = rng.uniform(0.1, 3, 200), rng.normal(0, 20, 200), rng.uniform(5, 300, 200)
    one = soft_potentials(np.sqrt(curvature), tau, chi, np.ones(200), hbar=0.03, length=1.0)
    assert 20 < one.double_well_m.sum() < 180
    np.testing.assert_array_equal(leads_to_another_minimum(curvature, tau, chi), one.double_well_m)
    assert leads_to_another_minimum(np.ones(1), np.zeros(1), -np.ones(1)).all()


# --- the record -----------------------------------------------------------------------------------------------


def test_soft_directions_are_those_that_lead_elsewhere(plane_glass: Glass, directions: Directions) -> None:
    soft = find_soft_modes(plane_glass, full_spectrum(plane_glass), 2.0, Selection(count=8))
    chosen = soft_directions(soft)
    expected = leads_to_another_minimum(soft.omega2_m, soft.tau_m, soft.chi_relaxed_m)
    assert chosen.index_m.tolist() == np.flatnonzero(expected).tolist()
    both = joined([chosen, directions])
    assert len(both) == len(chosen) + 2
    assert both.source_m.tolist() == [0] * len(chosen) + [1, 1]


def test_a_saddle_is_refused_as_a_start(plane_glass: Glass, directions: Directions) -> None:
    with pytest.raises(NotAMinimum):
        find_double_wells(dataclasses.replace(plane_glass, n_negative=1), directions, hbar=HBAR)


def test_no_direction_gives_an_empty_record(plane_glass: Glass, directions: Directions, tmp_path: Path) -> None:
    none = Directions(*(getattr(directions, one.name)[:0] for one in dataclasses.fields(Directions)))
    empty = find_double_wells(plane_glass, none, hbar=HBAR)
    assert len(empty) == 0
    assert np.isnan(empty.scan_disagreement)
    assert empty.second_mnc.shape == (0, 64, 3)
    write_result(tmp_path / "none.h5", empty)
    assert len(read_result(tmp_path / "none.h5", DoubleWells)) == 0


def test_double_wells_are_stored_and_read(wells: DoubleWells, tmp_path: Path) -> None:
    write_result(tmp_path / "wells.h5", wells)
    again = read_result(tmp_path / "wells.h5", DoubleWells)
    for one in dataclasses.fields(DoubleWells):
        np.testing.assert_array_equal(getattr(again, one.name), getattr(wells, one.name))


def made_up(n_glasses: int, factor: float, rng: np.random.Generator) -> BarrierComparison:
    estimate = rng.uniform(0.01, 1, 6 * n_glasses)
    barrier = factor * estimate * np.exp(rng.normal(0, 0.2, len(estimate)))
    ones = np.ones(len(estimate))
    return BarrierComparison(estimate, barrier, ones, ones, np.repeat(np.arange(n_glasses), 6), n_glasses, 60)


def test_barriers_are_compared(wells: DoubleWells) -> None:
    """The pairs found from cubic modes on their barrier's side; statistics of made-up pairs come back."""
    pairs = compare_barriers([wells, wells])
    assert len(pairs) == 4
    np.testing.assert_array_equal(pairs.barrier_p[:2], wells.barrier_m)
    np.testing.assert_array_equal(pairs.glass_p, [0, 0, 1, 1])
    assert len(compare_barriers([dataclasses.replace(wells, side_m=-wells.side_m)])) == 0
    with pytest.raises(IllPosedFit, match="4 pairs"):
        barrier_statistics(pairs, np.random.default_rng(0))
    told = barrier_statistics(made_up(12, 3.0, np.random.default_rng(1)), np.random.default_rng(2))
    assert abs(told["median_ratio"].value - 3) < 3 * told["median_ratio"].error
    assert told["spread_decades"].value == pytest.approx(0.2 / np.log(10), rel=0.3)
    assert told["rank_correlation"].value > 0.9


def test_figures_of_modes_and_wells_show_their_tables(
    plane_glass: Glass, cubic: NonlinearModes, wells: DoubleWells
) -> None:
    pairs = compare_barriers([wells])
    drawn = {tuple(point) for line in plot_barriers(pairs).lines[:2] for point in zip(*line.get_data(), strict=True)}
    assert drawn == {(float(str(row[1])), float(str(row[2]))) for row in table_barriers(pairs).rows}
    ax = plot_double_well(wells, 0)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), wells.path_energy_mk[0])
    assert len(table_double_well(wells, 0).rows) == 33 + 8
    assert len(plot_decay(plane_glass, cubic, 0).lines[0].get_xdata()) == 64
    assert {row[0] for row in table_decay(plane_glass, cubic, 0).rows} == {"atoms", "$r^{-1}$, an elastic dipole"}


# --- the verbs ------------------------------------------------------------------------------------------------


@pytest.fixture
def atomsim(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return int(end.value.code or 0), output.out, output.err

    return run


def test_verb_of_nonlinear_modes(
    atomsim: Callable[..., tuple[int, str, str]], plane_glass: Glass, tmp_path: Path
) -> None:
    write_glass(tmp_path / "glass.h5", plane_glass)
    call = ("nonlinear-modes", tmp_path / "glass.h5", "--potential", PLANE, "--count", 2)
    status, out, err = atomsim(*call, "--kind", "quartic", "--json", "--figure", tmp_path / "decay.svg")
    assert status == 0
    document = json.loads(out)
    assert document["kind"] == "quartic"
    assert len(document["stiffness"]) == len(document["barrier"]) == len(document["hybridised"])
    assert max(document["residual"]) <= 1e-8
    assert document["units"]["stiffness"] == "epsilon/(m sigma^2)"
    assert (tmp_path / "decay.svg").stat().st_size > 1000
    status, out, err = atomsim(*call)
    assert status == 0
    assert "kappa" in out
    assert "distinct cubic modes from 4 starts" in err
    for wrong, message in (
        (("--kind", "cubik"), "did you mean 'cubic'"),
        (("--count", "0"), "--count 0"),
        (("--count", "999"), "expected 1 to 126 modes"),
        (("--figure", "a.pdf"), "expected a file .svg or .png"),
    ):
        status, out, err = atomsim(*call, *wrong)
        assert (status, out) == (2, "")
        assert message in err


def test_verb_of_double_wells(atomsim: Callable[..., tuple[int, str, str]], plane_glass: Glass, tmp_path: Path) -> None:
    write_glass(tmp_path / "glass.h5", plane_glass)
    call = ("double-wells", tmp_path / "glass.h5", "--potential", PLANE, "--count", 1)
    status, out, err = atomsim(*call, "--json", "--figure", tmp_path / "well.svg")
    assert status == 0
    document = json.loads(out)
    assert document["material"] == "argon"
    assert document["n_directions"] >= 1
    assert len(document["barrier"]) == len(document["path_energy"])
    assert (tmp_path / "well.svg").is_file() == bool(document["barrier"])
    assert atomsim(*call, "--count", 0)[0] == 2
    broken = plane_glass.to_atoms()
    broken.positions[:, :2] += np.random.default_rng(1).normal(scale=0.05, size=(64, 2))
    broken.write(tmp_path / "off.xyz", format="extxyz")
    status, _, err = atomsim("double-wells", tmp_path / "off.xyz", "--potential", PLANE)
    assert status == 1
    assert "--minimise moves it" in err
