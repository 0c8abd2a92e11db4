"""The list of neighbours against the enumeration of all images, and threads against one thread, bit by bit."""

from __future__ import annotations

import gc
import itertools
import pickle
import threading

import numpy as np
import pytest
from numba import njit
from numerics import disordered

import atomsim.neighbour_list
import atomsim.team
from atomsim import dynamics
from atomsim.errors import InputError
from atomsim.kernels.list_build import build_list
from atomsim.kernels.neighbours import LANES
from atomsim.kernels.together import address_of, call_at, meet
from atomsim.neighbour_list import FIRST_WIDTH, NeighbourList
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.results import Array, IntArray
from atomsim.team import HANDOVER, THREADS_VARIABLE, Team, default_threads

TINY = 1e-15  # work worth a thread [s]: all work is
Image = tuple[int, int, tuple[float, float, float]]


def built(
    cell_cc: Array, periodic: tuple[int, int, int], positions_nc: Array, reach: float, *, threads: int = 1
) -> NeighbourList:
    n_atoms = len(positions_nc)
    neighbours = NeighbourList(
        cell_cc=cell_cc,
        periodic_c=np.array(periodic),
        species_n=np.zeros(n_atoms, np.int64),
        size_n=np.ones(n_atoms),
        reach=reach,
        team=Team(threads),
    )
    neighbours.build(positions_nc)
    return neighbours


def listed(neighbours: NeighbourList) -> list[Image]:
    """All (atom, owner of the neighbour, separation) of a list, sorted."""
    places, rows = neighbours.places, neighbours.rows
    coordinates_pc = np.stack([places.x, places.y, places.z], axis=1)
    found = []
    for p, length, row in zip(rows.place, rows.length, rows.neighbours, strict=True):
        for q in row[:length]:
            vector = tuple(np.round(coordinates_pc[p] - coordinates_pc[q], 9).tolist())
            found.append((int(places.owner[p]), int(places.owner[q]), vector))
    return sorted(found)


def enumerated(cell_cc: Array, periodic: tuple[int, int, int], positions_nc: Array, reach: float) -> list[Image]:
    """The same from all images as far away as the atoms and the reach could ask for."""
    heights_c = 1 / np.linalg.norm(np.linalg.inv(cell_cc), axis=0)
    fraction_nc = positions_nc @ np.linalg.inv(cell_cc)
    far_c = np.ceil(reach / heights_c + np.ptp(fraction_nc, axis=0)).astype(int) * np.array(periodic)
    found = []
    for shift in itertools.product(*[range(-far, far + 1) for far in far_c]):
        vector_nnc = positions_nc[:, None] - positions_nc[None] - np.array(shift) @ cell_cc
        near_nn = np.linalg.norm(vector_nnc, axis=2) < reach
        if not any(shift):
            np.fill_diagonal(near_nn, False)
        for i, j in np.argwhere(near_nn).tolist():
            found.append((i, j, tuple(np.round(vector_nnc[i, j], 9).tolist())))
    return sorted(found)


def assert_same_images(found: list[Image], expected: list[Image]) -> None:
    assert [image[:2] for image in found] == [image[:2] for image in expected]
    separations = (np.array([image[2] for image in images]) for images in (found, expected))
    np.testing.assert_allclose(*separations, rtol=0, atol=2e-9)  # both are rounded to nine digits, to sort them


@pytest.mark.parametrize("periodic", list(itertools.product((0, 1), repeat=3)))
@pytest.mark.parametrize(("edge", "reach"), [(6.0, 1.1), (2.0, 1.3), (1.0, 1.7)])
def test_list_holds_every_image_within_reach(periodic: tuple[int, int, int], edge: float, reach: float) -> None:
    # From cells of many reaches down to cells smaller than the reach, where atoms meet images of themselves.
    rng = np.random.default_rng(sum(periodic))
    cell_cc = edge * (np.eye(3) + 0.25 * rng.uniform(-1, 1, (3, 3)))
    n_atoms = round(8 * edge) + 4
    wraps_nc = rng.integers(-2, 3, (n_atoms, 3)) * np.array(periodic)
    positions_nc = (rng.uniform(0, 1, (n_atoms, 3)) + wraps_nc) @ cell_cc
    expected = enumerated(cell_cc, periodic, positions_nc, reach)
    assert_same_images(listed(built(cell_cc, periodic, positions_nc, reach)), expected)
    assert len(expected) > 0


def test_list_follows_its_atoms() -> None:
    rng = np.random.default_rng(11)
    cell_cc, positions_nc = 3.0 * np.eye(3), rng.uniform(0, 3, (40, 3))
    neighbours = built(cell_cc, (1, 1, 1), positions_nc, 1.2)
    before = listed(neighbours)
    step_nc = rng.uniform(-0.1, 0.1, positions_nc.shape)
    neighbours.move(positions_nc + step_nc)
    after = listed(neighbours)
    expected = [(i, j, tuple(np.round(v + step_nc[i] - step_nc[j], 9).tolist())) for i, j, v in before]
    assert_same_images(after, sorted(expected))


def test_dilute_and_dense_atoms_are_listed() -> None:
    # Two crowded clouds far apart: few cells hold all atoms, rows are longer than the first guess.
    rng = np.random.default_rng(12)
    cloud_nc = rng.uniform(0, 0.5, (2 * FIRST_WIDTH, 3))
    positions_nc = np.concatenate([cloud_nc, cloud_nc + 1e7])
    neighbours = built(np.eye(3), (0, 0, 0), positions_nc, 1.0)
    first_p, second_p, _ = neighbours.pairs(1.0)
    assert len(first_p) == 2 * (2 * FIRST_WIDTH) * (2 * FIRST_WIDTH - 1) // 2
    assert np.all(first_p < second_p) and np.all((first_p < 2 * FIRST_WIDTH) == (second_p < 2 * FIRST_WIDTH))


@pytest.mark.parametrize(("reach", "n_atoms"), [(1.4, 300), (2.9, 900)])
def test_first_rows_of_a_uniform_system_are_wide_enough(
    reach: float, n_atoms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(atomsim.neighbour_list, "build_list", lambda *a: calls.append(a) or build_list(*a))
    positions_nc = np.random.default_rng(20).uniform(0, 6, (n_atoms, 3))
    neighbours = built(6 * np.eye(3), (1, 1, 1), positions_nc, reach)
    filled = [store for *_, store in calls if len(store.places.x) > 0]
    assert len(filled) == 1, "rows too narrow would have been filled again"
    assert neighbours.rows.neighbours.shape[1] < 2 * neighbours.rows.filled.max(), "nor is there room for many more"
    mean = 4 / 3 * np.pi * reach**3 * n_atoms / 6**3
    assert neighbours.n_listed / n_atoms == pytest.approx(mean, rel=0.05)


def test_pairs_come_once_or_in_both_orders() -> None:
    rng = np.random.default_rng(13)
    cell_cc, positions_nc = 4.0 * np.eye(3), rng.uniform(-4, 8, (60, 3))
    neighbours = built(cell_cc, (1, 1, 1), positions_nc, 1.9)
    first_p, second_p, vector_pc = neighbours.pairs(1.5)
    both_first_p, both_second_p, both_vector_pc = neighbours.pairs(1.5, both=True)
    assert np.all(np.diff(first_p) >= 0) and np.all(np.diff(both_first_p) >= 0) and np.all(first_p < second_p)
    once = set(zip(first_p.tolist(), second_p.tolist(), strict=True))
    twice = set(zip(both_first_p.tolist(), both_second_p.tolist(), strict=True))
    assert len(once) == len(first_p) > 100
    assert twice == once | {(j, i) for i, j in once} and len(both_first_p) == 2 * len(once)
    difference_pc = (positions_nc[first_p] - positions_nc[second_p] - vector_pc) / 4.0
    np.testing.assert_allclose(difference_pc, np.rint(difference_pc), rtol=0, atol=1e-14)
    assert np.linalg.norm(both_vector_pc, axis=1).max() < 1.5


@pytest.mark.parametrize("n_atoms", [0, 1, 2])
def test_few_atoms_share_threads(n_atoms: int) -> None:
    positions_nc = np.arange(3.0 * n_atoms).reshape(n_atoms, 3) % 0.9
    energies = []
    for threads in (1, 3):
        interaction = PairInteraction(
            get_model("laird-schober"),
            cell_cc=7.0 * np.eye(3),
            periodic_c=np.ones(3, np.int64),
            species_n=np.zeros(n_atoms, np.int64),
            size_n=np.ones(n_atoms),
            threads=threads,
        )
        energy, forces_nc = interaction.energy_and_forces(positions_nc)
        energies.append(energy)
        assert forces_nc.shape == (n_atoms, 3) and np.abs(forces_nc.sum(axis=0)).max(initial=0.0) < 1e-9
    assert energies[0] == energies[1] and (energies[0] != 0) == (n_atoms == 2)


def test_single_precision_misses_no_neighbour() -> None:
    # In a wide cell the coordinates are rounded by 1e-5: pairs at exactly the reach are where that would show.
    rng = np.random.default_rng(16)
    edge, reach, n_pairs = 300.0, 1.0, 2000
    first_nc = rng.uniform(0, edge, (n_pairs, 3))
    direction_nc = rng.standard_normal((n_pairs, 3))
    direction_nc /= np.linalg.norm(direction_nc, axis=1)[:, None]
    second_nc = first_nc + reach * (1 - 1e-9) * direction_nc
    neighbours = built(edge * np.eye(3), (1, 1, 1), np.concatenate([first_nc, second_nc]), reach)
    first_p, second_p, _ = neighbours.pairs(reach)
    found = set(zip(first_p.tolist(), second_p.tolist(), strict=True))
    assert found >= {(i, i + n_pairs) for i in range(n_pairs)}
    assert len(found) <= neighbours.n_listed / 2 < 1.001 * len(found)


@pytest.mark.parametrize("n_atoms", [1, 30])
def test_rows_are_filled_up_with_a_place_that_stays_out_of_reach(n_atoms: int) -> None:
    rng = np.random.default_rng(17)
    reach, positions_nc = 1.3, rng.uniform(0, 4, (n_atoms, 3))
    neighbours = built(4.0 * np.eye(3), (1, 0, 1), positions_nc, reach)
    neighbours.move(positions_nc + rng.uniform(-0.2, 0.2, positions_nc.shape))
    places, rows = neighbours.places, neighbours.rows
    assert np.all(rows.filled % LANES == 0) and np.all((rows.filled - rows.length) < LANES)
    assert np.any(rows.filled > rows.length) or n_atoms == 1
    coordinates_pc = np.stack([places.x, places.y, places.z], axis=1)
    assert np.linalg.norm(coordinates_pc[:-1] - coordinates_pc[-1], axis=1).min() > 1.5 * reach
    for length, filled, row in zip(rows.length, rows.filled, rows.neighbours, strict=True):
        assert np.all(row[length:filled] == len(places.x) - 1) and np.all(row[:length] < len(places.x) - 1)


def test_without_a_cutoff_no_row_is_filled_up() -> None:
    # Any place counts then, how far away it may be.
    positions_nc = np.random.default_rng(18).uniform(0, 3, (6, 3))
    neighbours = built(np.eye(3), (0, 0, 0), positions_nc, np.inf)
    assert len(neighbours.places.x) == 6
    assert np.array_equal(neighbours.rows.filled, neighbours.rows.length) and np.all(neighbours.rows.length == 5)


@pytest.mark.parametrize("specification", ["inverse-power:n=6.5,q=2,cutoff=1.6", "kob-andersen", "ninarello"])
def test_threads_do_not_change_a_bit(specification: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomsim.team, "HANDOVER", TINY)
    model, ends = get_model(specification), []
    for threads in (1, 2, 3):
        interaction, positions_nc = disordered(model, np.random.default_rng(14), n_side=6, shear=0.05)
        shared = PairInteraction(
            model,
            cell_cc=interaction.cell_cc,
            periodic_c=interaction.periodic_c,
            species_n=interaction.species_n,
            size_n=interaction.size_n,
            threads=threads,
        )
        state = dynamics.start(shared, positions_nc, temperature=1.0, rng=np.random.default_rng(15))
        state, log = dynamics.run(shared, state, steps=60, time_step=0.002, temperature=1.0, sample_every=1)
        assert not np.array_equal(state.reference_nc, positions_nc), "the list should have been made anew"
        ends.append(np.concatenate([state.positions_nc.ravel(), state.velocities_nc.ravel(), log.conserved_t]))
    assert np.array_equal(ends[0], ends[1]) and np.array_equal(ends[0], ends[2])


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_threads_make_the_same_list(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomsim.team, "HANDOVER", TINY)
    cell_cc, positions_nc = 5.0 * np.eye(3), np.random.default_rng(19).uniform(-5, 10, (150, 3))
    one, many = (built(cell_cc, (1, 1, 0), positions_nc, 1.7, threads=k) for k in (1, threads))
    for name in ("places", "rows"):
        for field in getattr(one, name)._fields:
            if field != "neighbours":
                assert np.array_equal(getattr(getattr(one, name), field), getattr(getattr(many, name), field)), field
    for row, other, filled in zip(one.rows.neighbours, many.rows.neighbours, one.rows.filled, strict=True):
        assert np.array_equal(row[:filled], other[:filled])


@pytest.mark.parametrize(("threads", "n_rows"), [(1, 5), (2, 5), (3, 2), (4, 0), (4, 101)])
def test_team_covers_every_row_once(threads: int, n_rows: int) -> None:
    seen_r: IntArray = np.zeros(n_rows, np.int64)

    def work(first: int, last: int) -> None:
        seen_r[first:last] += 1

    team = pickle.loads(pickle.dumps(Team(threads)))  # a copy in another process works alike
    team.share(n_rows, work, row_time=1.0)
    assert team.threads == threads and np.all(seen_r == 1)


def ranges_of(team: Team, n_rows: int, row_time: float) -> dict[tuple[int, int], int]:
    """The ranges of rows that a team makes, and the thread of each."""
    found: dict[tuple[int, int], int] = {}

    def work(first: int, last: int) -> None:
        found[first, last] = threading.get_ident()

    team.share(n_rows, work, row_time=row_time)
    return found


def test_short_work_is_not_handed_over() -> None:
    team, here = Team(4), threading.get_ident()
    assert ranges_of(team, 100, HANDOVER / 51) == {(0, 100): here}
    shared = ranges_of(team, 100, HANDOVER / 49.9)
    assert set(shared) == {(0, 75), (75, 100)} and shared[0, 75] == here != shared[75, 100]
    # With rows so long that the others begin at once, the ranges are equal; else this thread is ahead by HANDOVER.
    assert set(ranges_of(team, 100, 1e6 * HANDOVER)) == {(0, 25), (25, 50), (50, 75), (75, 100)}
    assert set(ranges_of(team, 100, HANDOVER / 20)) == {(0, 40), (40, 60), (60, 80), (80, 100)}


@njit(nogil=True)
def count_rounds(rank: int, n_threads: int, meeting: IntArray, rounds: int, done_k: IntArray) -> int:
    """Rounds after which all others were as far as this thread, which is held up a little in some of them."""
    together = 0
    for k in range(1, rounds + 1):
        for _ in range((k * (rank + 1)) % 7 * 100):
            done_k[rank] = k
        done_k[rank] = k
        if not meet(meeting, n_threads):
            return -1
        together += done_k[:n_threads].min() == k and done_k[:n_threads].max() == k
        if not meet(meeting, n_threads):
            return -1
    return together


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_meet_in_every_round(threads: int) -> None:
    rounds, done_k, together_k = 300, np.zeros(threads, np.int64), np.zeros(threads, np.int64)

    def work(rank: int, sharers: int, meeting: IntArray) -> None:
        together_k[rank] = count_rounds(rank, sharers, meeting, rounds, done_k)

    Team(threads).together(work, seconds=1.0)
    assert np.all(together_k == rounds)


@pytest.mark.parametrize("culprit", [0, 1])
def test_a_meeting_is_called_off_when_a_thread_fails(culprit: int) -> None:
    ended = []

    def work(rank: int, sharers: int, meeting: IntArray) -> None:
        if rank == culprit:
            raise ValueError(f"rank {rank} of {sharers}")
        ended.append(count_rounds(rank, sharers, meeting, 5, np.zeros(sharers, np.int64)))

    with pytest.raises(ValueError, match=f"rank {culprit} of 3"):
        Team(3).together(work, seconds=1.0)
    assert ended == [-1, -1], "nobody waits for ever for the one that failed"


def test_short_work_is_done_by_one_thread_alone() -> None:
    seen = []
    Team(4).together(lambda rank, sharers, meeting: seen.append((rank, sharers)), seconds=1.9 * HANDOVER)
    assert seen == [(0, 1)]


@njit
def call_for(kernel: int, target: Array, factor: float) -> None:
    call_at(kernel, (target, factor))


@njit
def multiply(target: Array, factor: float) -> None:
    for k in range(target.size):
        target[k] *= factor


def test_a_kernel_is_called_by_its_address() -> None:
    target, expected = np.arange(5.0), 2.5 * np.arange(5.0)
    call_for(address_of(multiply, target, 1.0), target, 2.5)
    assert np.array_equal(target, expected)


def test_threads_of_a_team_sleep_and_end_with_it() -> None:
    before = set(threading.enumerate())
    team = Team(3)
    assert not set(threading.enumerate()) - before
    used = set(ranges_of(team, 9, 1.0).values()) | set(ranges_of(team, 9, 1.0).values())
    helpers = set(threading.enumerate()) - before
    assert len(helpers) == 2 and used <= {thread.ident for thread in helpers} | {threading.get_ident()}
    del team
    gc.collect()
    for thread in helpers:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_a_forked_team_starts_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    team = Team(2)
    ranges_of(team, 2, 1.0)
    before = set(threading.enumerate())
    monkeypatch.setattr(atomsim.team.os, "getpid", lambda: -7)  # threads are not copied into a forked process
    assert len(ranges_of(team, 2, 1.0)) == 2 and len(set(threading.enumerate()) - before) == 1


@pytest.mark.parametrize("culprit", [0, 1])
def test_errors_of_a_thread_are_raised(culprit: int) -> None:
    ended = []

    def work(first: int, last: int) -> None:
        if (first > 0) == culprit:
            raise ValueError(f"rows {first} to {last}")
        ended.append(first)

    with pytest.raises(ValueError, match="rows 5 to 10" if culprit else "rows 0 to 5"):
        Team(2).share(10, work, row_time=1e3)
    assert ended == [0 if culprit else 5], "the others finish before the error is raised"


def test_number_of_threads_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS_VARIABLE, raising=False)
    assert default_threads() == 1
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    assert disordered(get_model("lerner-binary"), np.random.default_rng(0), n_side=4)[0].team.threads == 3
    for bad in ("0", "two", "-1", ""):
        monkeypatch.setenv(THREADS_VARIABLE, bad)
        with pytest.raises(InputError, match=THREADS_VARIABLE):
            default_threads()
    with pytest.raises(InputError, match="threads = 0"):
        Team(0)
