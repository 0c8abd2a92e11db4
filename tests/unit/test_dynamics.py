"""Molecular dynamics: the laws of mechanics at constant energy, of statistics at a temperature, and exact restarts."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import atomsim.neighbour_list
from atomsim import dynamics
from atomsim.dynamics import MDLog, MDState, linear_frames, log_frames, run, start
from atomsim.errors import InputError, NotConverged
from atomsim.kernels.verlet import kick, kick_drift, kinetic_energy
from atomsim.minimise import descend
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.store import read_result, write_result
from atomsim.structure import random_start
from atomsim.thermostat import LinearCooling, degrees_of_freedom, maxwell_velocities, rescaling_factor

SMALL = "inverse-power:n=12,q=3,cutoff=1.25"  # short range, so that 32 atoms are enough for a periodic cell
SIGMAS = 4.0  # accepted deviation of a mean from its law, in standard errors; seeds are fixed
ROUND_OFF = 1e-11  # accumulated over some hundred steps of some dozen atoms


def system(
    specification: str = SMALL,
    n_atoms: int = 32,
    *,
    temperature: float = 0.5,
    seed: int = 1,
    mass_n: np.ndarray | None = None,
) -> tuple[PairInteraction, MDState]:
    """Atoms near a local minimum, with velocities."""
    rng = np.random.default_rng(seed)
    model = get_model(specification)
    atoms = random_start(model, n_atoms, model.density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    positions_nc = descend(interaction, atoms.positions, tolerance=1e-2)
    return interaction, start(interaction, positions_nc, temperature=temperature, rng=rng, mass_n=mass_n)


def equilibrated(**options: object) -> tuple[PairInteraction, MDState]:
    """Atoms that have forgotten the minimum they come from."""
    interaction, state = system(**options)
    state, _ = run(interaction, state, steps=600, time_step=0.005, temperature=0.5, relaxation_time=0.1)
    return interaction, state.with_clock_at_zero()


def momentum(state: MDState) -> np.ndarray:
    return state.mass_n @ state.velocities_nc


def same_bits(one: object, other: object) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


def block_error(x: np.ndarray, blocks: int = 25) -> float:
    """Standard error of the mean of correlated numbers, from means over blocks much longer than the correlation."""
    means = x[: len(x) // blocks * blocks].reshape(blocks, -1).mean(axis=1)
    return float(means.std(ddof=1) / np.sqrt(blocks))


def unequal_masses(n_atoms: int) -> np.ndarray:
    return np.where(np.arange(n_atoms) % 2, 1.0, 7.0)


# --- mechanics ----------------------------------------------------------------------------------------------


def test_verlet_kernels_equal_numpy() -> None:
    rng = np.random.default_rng(0)
    positions_nc, velocities_nc, forces_nc = rng.standard_normal((3, 7, 3))
    mass_n = rng.uniform(0.5, 3.0, 7)
    x, v = positions_nc.copy(), velocities_nc.copy()
    for first, last in ((0, 3), (3, 7)):
        kick_drift(first, last, x, v, forces_nc, mass_n, 0.1)
    expected_v = velocities_nc + 0.05 * forces_nc / mass_n[:, None]
    np.testing.assert_allclose(v, expected_v, rtol=1e-14)
    np.testing.assert_allclose(x, positions_nc + 0.1 * expected_v, rtol=1e-14)
    for first, last in ((0, 3), (3, 7)):
        kick(first, last, v, forces_nc, mass_n, 0.1)
    np.testing.assert_allclose(v, velocities_nc + 0.1 * forces_nc / mass_n[:, None], rtol=1e-14, atol=1e-15)
    assert kinetic_energy(v, mass_n) == pytest.approx(0.5 * (mass_n[:, None] * v**2).sum(), rel=1e-14)


@pytest.mark.parametrize("specification", [SMALL, "lerner-binary:dimension=2"])
def test_energy_error_is_of_second_order(specification: str) -> None:
    interaction, state = equilibrated(specification=specification, mass_n=unequal_masses(32))
    duration, time_steps = 0.96, np.array([0.008, 0.004, 0.002, 0.001])
    errors = []
    for time_step in time_steps:
        steps = round(duration / time_step)
        _, log = run(interaction, state, steps=steps, time_step=time_step, sample_every=1)
        errors.append(np.abs(log.conserved_t - log.conserved_t[0]).max())
    order = np.polyfit(np.log(time_steps), np.log(errors), 1)[0]
    assert order == pytest.approx(2.0, abs=0.1)


def test_trajectory_error_is_of_second_order() -> None:
    interaction, state = equilibrated()
    time_steps = np.array([0.004, 0.002, 0.001])
    ends = [run(interaction, state, steps=round(0.2 / h), time_step=h)[0].positions_nc for h in (*time_steps, 0.00025)]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert np.polyfit(np.log(time_steps), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("temperature", [None, 0.7])
def test_lists_that_outgrow_their_arrays_change_nothing(
    temperature: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Arrays without room to spare: compiled steps must come back for wider ones, in the middle of a step.
    ends, counts, rebuild = [], [], PairInteraction.rebuild
    monkeypatch.setattr(PairInteraction, "rebuild", lambda self, x: counts.append(len(x)) or rebuild(self, x))
    for tight in (False, True):
        interaction, state = system(temperature=3.0)
        if tight:
            monkeypatch.setattr(atomsim.neighbour_list, "ROOM", 1.0)
            store = interaction._list.store
            rows = store.rows._replace(neighbours=np.empty((interaction.n_atoms, 1), np.uint32))
            images, places, shift_cp = interaction._list._room(0, interaction.n_atoms)
            interaction._list.store = store._replace(rows=rows, images=images, places=places, shift=shift_cp)
        counts.clear()
        ends.append(run(interaction, state, steps=400, time_step=0.004, temperature=temperature, sample_every=100))
        assert (len(counts) > 1) == tight, "only without room does the list need help"
    assert same_bits(ends[0][0], ends[1][0]) and same_bits(ends[0][1], ends[1][1])
    assert not np.array_equal(ends[0][0].reference_nc, state.positions_nc)


@pytest.mark.parametrize("temperature", [None, 0.7])
def test_where_one_looks_changes_nothing(temperature: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of few atoms the kinetic energy jumps so often that steps in one piece are interrupted to look at the energy.
    looks, measure = [], dynamics._Motion.measure
    monkeypatch.setattr(dynamics._Motion, "measure", lambda self: looks.append(self.step) or measure(self))
    interaction, state = system("inverse-power:n=12,q=3,cutoff=1.25", 16, temperature=2.0)
    every, _ = run(interaction, state, steps=150, time_step=0.012, temperature=temperature, sample_every=1)
    looks.clear()
    once, _ = run(interaction, state, steps=150, time_step=0.012, temperature=temperature, sample_every=150)
    assert same_bits(once, every)
    assert len(looks) > 3, "at the start, at step 0, at the end, and where the kinetic energy jumps"


@pytest.mark.parametrize("temperature", [None, 0.7])
def test_momentum_is_conserved(temperature: float | None) -> None:
    interaction, state = system(mass_n=unequal_masses(32))
    assert np.abs(momentum(state)).max() < ROUND_OFF
    assert state.kinetic_energy > 1
    pushed = replace(state, velocities_nc=state.velocities_nc + np.array([0.3, -0.2, 0.1]))
    end, _ = run(interaction, pushed, steps=400, time_step=0.005)
    np.testing.assert_allclose(momentum(end), momentum(pushed), atol=ROUND_OFF)
    end, _ = run(interaction, state, steps=400, time_step=0.005, temperature=temperature, relaxation_time=0.1)
    assert np.abs(momentum(end)).max() < ROUND_OFF
    assert np.abs(end.positions_nc - state.positions_nc).max() > 0.1


def test_motion_is_reversible() -> None:
    interaction, state = system(mass_n=unequal_masses(32))
    end, _ = run(interaction, state, steps=200, time_step=0.004)
    assert np.abs(end.positions_nc - state.positions_nc).max() > 0.1
    back, _ = run(interaction, replace(end, velocities_nc=-end.velocities_nc), steps=200, time_step=0.004)
    # round-off grows with the instability of the trajectories, by some orders of magnitude over this time
    np.testing.assert_allclose(back.positions_nc, state.positions_nc, atol=1e-9)
    np.testing.assert_allclose(-back.velocities_nc, state.velocities_nc, atol=1e-8)
    assert back.time == pytest.approx(400 * 0.004)


def test_free_flight_is_not_wrapped() -> None:
    interaction, state = system(temperature=0.0)
    state = replace(state, velocities_nc=np.tile([5.0, 0.0, 0.0], (32, 1)))
    end, _ = run(interaction, state, steps=500, time_step=0.005)
    moved_c = (end.positions_nc - state.positions_nc).mean(axis=0)
    np.testing.assert_allclose(moved_c, [12.5, 0.0, 0.0], atol=1e-9)  # four cell lengths
    assert end.time == pytest.approx(2.5, rel=1e-12)


def test_plane_system_stays_in_its_plane() -> None:
    interaction, state = system("lerner-binary:dimension=2", 40)
    end, log = run(interaction, state, steps=300, time_step=0.005, temperature=0.4, relaxation_time=0.2)
    assert not np.any(end.positions_nc[:, 2])
    assert not np.any(end.velocities_nc[:, 2])
    assert np.abs(end.positions_nc - state.positions_nc).max() > 0.1
    np.testing.assert_allclose(log.temperature_t, 2 * log.kinetic_t / (2 * 40 - 2), rtol=1e-15)


# --- statistics ---------------------------------------------------------------------------------------------


def test_maxwell_velocities_are_canonical() -> None:
    rng = np.random.default_rng(3)
    mass_n, temperature, n_draws = np.array([1.0, 4.0, 9.0, 2.0]), 0.7, 4000
    draws = [maxwell_velocities(mass_n, temperature=temperature, dimension=3, rng=rng) for _ in range(n_draws)]
    assert np.abs(mass_n @ np.array(draws)).max() < 1e-13
    kinetic = np.array([kinetic_energy(v, mass_n) for v in draws])
    canonical = stats.gamma(degrees_of_freedom(4, 3) / 2, scale=temperature)
    assert stats.kstest(kinetic, canonical.cdf).pvalue > 0.01
    plane = maxwell_velocities(mass_n, temperature=temperature, dimension=2, rng=rng)
    assert np.all(plane[:, :2]) and not np.any(plane[:, 2])


@pytest.mark.parametrize("n_freedom", [1, 2, 93])
@pytest.mark.parametrize("elapsed", [0.05, 1.0])
def test_rescaling_relaxes_by_its_exact_law(n_freedom: int, elapsed: float) -> None:
    # mean and variance of dK = (K0 - K) dt/tau + 2 sqrt(K K0/(N_f tau)) dW after a finite time, in closed form
    rng, temperature, n_draws = np.random.default_rng(4), 0.6, 20_000
    mean, c = n_freedom * temperature / 2, np.exp(-elapsed)
    kinetic = 2.5 * mean
    factors = np.array(
        [
            rescaling_factor(kinetic, temperature=temperature, n_freedom=n_freedom, elapsed=elapsed, rng=rng)
            for _ in range(n_draws)
        ]
    )
    drawn = factors**2 * kinetic
    variance = 2 * mean * (1 - c) / n_freedom * (2 * kinetic * c + mean * (1 - c))
    assert drawn.mean() == pytest.approx(mean + (kinetic - mean) * c, abs=SIGMAS * np.sqrt(variance / n_draws))
    fourth = np.mean((drawn - drawn.mean()) ** 4)
    assert drawn.var() == pytest.approx(variance, abs=SIGMAS * np.sqrt((fourth - variance**2) / n_draws))
    if n_freedom == 1:  # one velocity then follows a plain Ornstein-Uhlenbeck process: its mean shrinks as sqrt(c)
        error = factors.std() / np.sqrt(n_draws)
        assert factors.mean() == pytest.approx(np.sqrt(c), abs=SIGMAS * error)


def test_rescaling_keeps_the_canonical_distribution() -> None:
    rng, n_freedom, temperature = np.random.default_rng(5), 12, 1.3
    canonical = stats.gamma(n_freedom / 2, scale=temperature)
    before = canonical.rvs(3000, random_state=rng)
    options = {"temperature": temperature, "n_freedom": n_freedom, "elapsed": 0.3, "rng": rng}
    after = np.array([k * rescaling_factor(k, **options) ** 2 for k in before])
    assert stats.kstest(after, canonical.cdf).pvalue > 0.01
    assert stats.pearsonr(before, after)[0] == pytest.approx(np.exp(-0.3), abs=0.06)


@pytest.mark.parametrize("relaxation_time", [0.05, 0.4])
@pytest.mark.parametrize("specification", [SMALL, "lerner-binary:dimension=2"])
def test_kinetic_energy_is_canonical(relaxation_time: float, specification: str) -> None:
    temperature = 0.5
    interaction, state = equilibrated(specification=specification)
    n_freedom = degrees_of_freedom(32, interaction.model.dimension)
    options = {"time_step": 0.004, "temperature": temperature, "relaxation_time": relaxation_time, "sample_every": 5}
    _, log = run(interaction, state, steps=20_000, **options)
    k = log.kinetic_t
    mean, variance = n_freedom * temperature / 2, n_freedom * temperature**2 / 2
    square = (k - mean) ** 2
    # errors small enough to tell d N from d N - d, and a canonical variance from a narrower one
    assert block_error(k) < 0.02 * mean
    assert block_error(square) < 0.15 * variance
    assert k.mean() == pytest.approx(mean, abs=SIGMAS * block_error(k))
    assert square.mean() == pytest.approx(variance, abs=SIGMAS * block_error(square))


def test_energy_is_shared_equally_by_unequal_masses() -> None:
    # Few atoms keep the energy of a slow mode for long: errors come from independent starts, not from blocks of one.
    means = []
    for seed in range(10):
        interaction, state = equilibrated(mass_n=unequal_masses(32), seed=seed)
        temperatures: list[list[float]] = []

        def measure(frame: MDState, temperatures: list[list[float]] = temperatures) -> None:
            per_atom = (frame.mass_n[:, None] * frame.velocities_nc**2).sum(axis=1) / 3
            temperatures.append([per_atom[frame.mass_n == m].mean() for m in (1.0, 7.0)])

        frames = linear_frames(2000, 10)
        options = {"temperature": 0.5, "relaxation_time": 0.1, "frame_steps": frames, "on_frame": measure}
        run(interaction, state, steps=2000, time_step=0.004, **options)
        means.append(np.mean(temperatures, axis=0))
    # fixing the total momentum takes the share m/M of each of three degrees of freedom from an atom of mass m
    for found, mass in zip(np.array(means).T, (1.0, 7.0), strict=True):
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert error < 0.015
        assert found.mean() == pytest.approx(0.5 * (1 - mass / (16 * 8)), abs=SIGMAS * error)


def test_thermostat_acts_in_its_relaxation_time() -> None:
    # a bath at zero temperature takes the kinetic energy of free atoms away as exp(-t/tau), without noise
    model = get_model(SMALL)
    sites = 2.0 * np.stack(np.meshgrid(*[np.arange(3.0)] * 3), axis=-1).reshape(-1, 3)
    none_n = np.zeros(27, dtype=np.int64)
    interaction = PairInteraction(
        model, cell_cc=6 * np.eye(3), periodic_c=none_n[:3] + 1, species_n=none_n, size_n=np.ones(27)
    )
    state = start(interaction, sites, temperature=1e-3, rng=np.random.default_rng(0))
    end, log = run(interaction, state, steps=200, time_step=0.01, temperature=0.0, relaxation_time=0.7)
    assert not np.any(log.potential_t)
    np.testing.assert_allclose(log.kinetic_t, state.kinetic_energy * np.exp(-log.time_t / 0.7), rtol=1e-11)
    assert end.heat == pytest.approx(end.kinetic_energy - state.kinetic_energy, rel=1e-11)


def test_thermostat_books_its_heat() -> None:
    interaction, state = equilibrated()
    _, log = run(interaction, state, steps=2000, time_step=0.002, temperature=1.5, relaxation_time=0.1)
    total = log.potential_t + log.kinetic_t
    assert total[-1] - total[0] > 20  # heated from 0.5 to 1.5
    assert np.ptp(log.conserved_t) < 0.02 * np.ptp(total)


# --- schedules ----------------------------------------------------------------------------------------------


def test_linear_cooling_schedule() -> None:
    cooling = LinearCooling(first=1.0, last=0.2, rate=0.4, begin=3.0)
    assert cooling.duration == pytest.approx(2.0)
    assert [cooling(t) for t in (0.0, 3.0, 4.0, 5.0, 9.0)] == pytest.approx([1.0, 1.0, 0.6, 0.2, 0.2])
    heating = LinearCooling(first=0.2, last=1.0, rate=0.4)
    assert [heating(t) for t in (0.0, 1.0, 7.0)] == pytest.approx([0.2, 0.6, 1.0])


def test_temperature_follows_the_schedule() -> None:
    interaction, state = equilibrated()
    cooling = LinearCooling(first=0.5, last=0.0, rate=0.1)
    options = {"time_step": 0.005, "relaxation_time": 0.05, "sample_every": 1}
    steps = round(cooling.duration / 0.005)
    end, log = run(interaction, state, steps=steps, temperature=cooling, **options)
    target = np.array([cooling(t) for t in log.time_t])
    for part in np.array_split(np.arange(steps), 5):
        # a temperature of 93 degrees of freedom fluctuates by 15 %, averaged over some ten relaxation times
        assert log.temperature_t[part].mean() == pytest.approx(target[part].mean() + 0.1 * 0.05, rel=0.15)
    called, times = [], []
    run(interaction, end, steps=3, time_step=0.005, temperature=lambda t: called.append(t) or 0.1)
    times = [end.time + 0.005 * k for k in (1, 2, 3)]
    assert called == pytest.approx(times)


# --- continuation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [None, LinearCooling(first=0.8, last=0.3, rate=0.1)])
def test_continuation_is_exact(tmp_path: Path, temperature: LinearCooling | None) -> None:
    interaction, state = system(temperature=0.8)
    options = {"time_step": 0.005, "temperature": temperature, "relaxation_time": 0.2}
    whole, whole_log = run(interaction, state, steps=1000, **options)
    first, first_log = run(interaction, state, steps=403, **options)
    # in between: the file, and an interaction that has been somewhere else
    write_result(tmp_path / "state.h5", first)
    loaded = read_result(tmp_path / "state.h5", MDState)
    assert same_bits(loaded, first)
    assert not np.array_equal(loaded.reference_nc, loaded.positions_nc)
    other, _ = system(temperature=0.8)
    run(other, whole, steps=1, time_step=0.001)
    second, second_log = run(other, loaded, steps=597, **options)
    assert same_bits(second, whole)
    for f in fields(MDLog):
        pieces = np.concatenate([getattr(first_log, f.name), getattr(second_log, f.name)])
        np.testing.assert_array_equal(pieces, getattr(whole_log, f.name))
    assert whole.step == 1000 and whole_log.step_t[-1] == 1000 and len(whole_log.step_t) == 101


def test_state_is_not_changed_by_a_run() -> None:
    interaction, state = system()
    before = MDState(*(np.copy(v) if isinstance(v := getattr(state, f.name), np.ndarray) else v for f in fields(state)))
    kept: list[MDState] = []
    options = {"time_step": 0.005, "temperature": 0.5, "frame_steps": [10, 20], "on_frame": kept.append}
    end, _ = run(interaction, state, steps=30, **options)
    assert same_bits(state, before)
    again, _ = run(interaction, state, steps=30, **options)
    assert same_bits(again, end)
    # a frame is a checkpoint
    resumed, _ = run(interaction, kept[0], steps=20, time_step=0.005, temperature=0.5)
    assert same_bits(resumed, end)


def test_random_numbers_of_the_thermostat_are_its_own() -> None:
    ends = []
    for seed in (1, 1, 2):
        interaction, state = system(seed=1)
        rng = np.random.default_rng(seed)
        state = replace(state, rng_state=start(interaction, state.positions_nc, temperature=0.5, rng=rng).rng_state)
        rng.random(100)
        ends.append(run(interaction, state, steps=5, time_step=0.005, temperature=0.5)[0])
    assert same_bits(ends[0], ends[1])
    assert not np.array_equal(ends[0].velocities_nc, ends[2].velocities_nc)


# --- frames and messages ------------------------------------------------------------------------------------


def test_log_frames_are_evenly_spaced_in_the_logarithm() -> None:
    assert log_frames(0, 5).tolist() == [0]
    assert log_frames(1, 5).tolist() == [0, 1]
    assert log_frames(1000, 1).tolist() == [0, 1, 10, 100, 1000]
    assert log_frames(1000, 3).tolist() == [0, 1, 2, 5, 10, 22, 46, 100, 215, 464, 1000]  # rounded to the nearest
    frames = log_frames(123_456, 10)
    assert frames[0] == 0 and frames[-1] == 123_456 and np.all(np.diff(frames) > 0)
    ratios = frames[frames >= 100][1:-1] / frames[frames >= 100][:-2]
    np.testing.assert_allclose(ratios, 10**0.1, rtol=0.01)
    assert linear_frames(10, 4).tolist() == [0, 4, 8]


def test_frames_come_at_their_steps() -> None:
    interaction, state = system()
    seen: list[MDState] = []
    done: list[tuple[int, int]] = []
    frames = log_frames(250, 4)
    half, _ = run(interaction, state, steps=100, time_step=0.005, frame_steps=frames, on_frame=seen.append)
    options = {"frame_steps": frames, "on_frame": seen.append, "progress": lambda *d: done.append(d)}
    run(interaction, half, steps=150, time_step=0.005, **options)
    assert [frame.step for frame in seen] == frames.tolist()
    assert all(frame.time == pytest.approx(0.005 * frame.step) for frame in seen)
    assert len({frame.positions_nc.tobytes() for frame in seen}) == len(frames)
    assert done == [(100, 150), (150, 150)]


def test_samples_start_at_step_zero() -> None:
    interaction, state = system()
    _, log = run(interaction, state, steps=25, time_step=0.005, sample_every=10)
    assert log.step_t.tolist() == [0, 10, 20]
    energy = interaction.energy(state.positions_nc)
    assert log.potential_t[0] == energy and log.kinetic_t[0] == state.kinetic_energy
    _, empty = run(interaction, replace(state, step=1), steps=5, time_step=0.005)
    assert len(empty.step_t) == 0 and len(empty.conserved_t) == 0


def test_too_long_time_step_is_refused() -> None:
    interaction, state = equilibrated()
    with pytest.raises(NotConverged, match=r"step \d+: .* time_step = 0\.2 is too long, try 0\.05") as caught:
        run(interaction, state, steps=1000, time_step=0.2)
    assert isinstance(caught.value.estimate, MDState)


def test_overlapping_start_is_refused() -> None:
    rng = np.random.default_rng(0)
    model = get_model("laird-schober")
    atoms = random_start(model, 250, 1.0, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    state = start(interaction, atoms.positions, temperature=1.0, rng=rng)
    with pytest.raises(NotConverged, match="must be minimised first"):
        run(interaction, state, steps=100, time_step=0.005)
    twin = atoms.positions.copy()
    twin[1] = twin[0]
    state = start(interaction, twin, temperature=1.0, rng=rng)
    with pytest.raises(InputError, match="on top of each other"):
        run(interaction, state, steps=1, time_step=0.005)


def test_cold_atoms_may_start_downhill() -> None:
    # atoms at rest off their minimum: at first the kinetic energy is tiny, which must not look like an explosion
    rng = np.random.default_rng(0)
    interaction, state = system(temperature=0.0)
    shaken = state.positions_nc + rng.normal(0, 0.05, (32, 3))
    state = start(interaction, shaken, temperature=0.0, rng=rng)
    assert not np.any(state.velocities_nc)
    _, log = run(interaction, state, steps=200, time_step=0.002)
    assert log.kinetic_t[-1] > 0.1
    assert np.ptp(log.conserved_t) < 0.01 * np.ptp(log.kinetic_t)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": -1}, "steps = -1"),
        ({"time_step": 0.0}, "time_step = 0.0"),
        ({"time_step": -0.1}, "time_step = -0.1"),
        ({"time_step": np.nan}, "time_step = nan"),
        ({"sample_every": 0}, "sample_every = 0"),
        ({"relaxation_time": 0.0}, "relaxation_time = 0.0"),
        ({"temperature": -1.0}, "temperature = -1.0"),
        ({"temperature": lambda t: float("nan")}, "temperature = nan"),
        ({"frame_steps": [1]}, "belong together"),
        ({"on_frame": print}, "belong together"),
    ],
)
def test_wrong_parameters_of_a_run_are_named(options: dict, message: str) -> None:
    interaction, state = system()
    with pytest.raises(InputError, match=message):
        run(interaction, state, **{"steps": 1, "time_step": 0.005, **options})


def test_wrong_states_and_schedules_are_named() -> None:
    interaction, state = system()
    rng = np.random.default_rng(0)
    positions_nc = state.positions_nc.copy()
    positions_nc[3, 1] = np.nan
    with pytest.raises(InputError, match="atom 3 has position"):
        start(interaction, positions_nc, temperature=1.0, rng=rng)
    with pytest.raises(InputError, match="atom 2 has mass -1"):
        run(interaction, replace(state, mass_n=np.where(np.arange(32) == 2, -1.0, 1.0)), steps=1, time_step=0.005)
    with pytest.raises(InputError, match="32 atoms"):
        start(interaction, positions_nc[:5], temperature=1.0, rng=rng)
    with pytest.raises(InputError, match="temperature = -1"):
        start(interaction, state.positions_nc, temperature=-1.0, rng=rng)
    with pytest.raises(InputError, match="at rest"):
        rescaling_factor(0.0, temperature=1.0, n_freedom=3, elapsed=0.1, rng=rng)
    for first, last, rate in itertools.product((1.0, -1.0), (0.5, np.nan), (1.0, 0.0)):
        if (first, last, rate) != (1.0, 0.5, 1.0):
            with pytest.raises(InputError, match="must be"):
                LinearCooling(first, last, rate)
    for wrong in (lambda: log_frames(-1, 1), lambda: log_frames(1, 0), lambda: linear_frames(1, 0)):
        with pytest.raises(InputError, match=">= "):
            wrong()
