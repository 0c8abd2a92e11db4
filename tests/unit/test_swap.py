"""Swap Monte Carlo: exact energies, detailed balance at intermediate acceptance, and the ensemble of the dynamics."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from atomsim import dynamics
from atomsim.dynamics import MDState
from atomsim.errors import InputError
from atomsim.minimise import descend
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, get_model
from atomsim.structure import random_start
from atomsim.swap import SwapSweep, _exchange, draw_unlike_pairs, run_with_swaps, swap_sweep

ROUND_OFF = 1e-11  # of a sum of some thousand energies of order one, relative to their total
SMALLEST_PROBABILITY = 1e-3  # of a chi-square as large as the one found; seeds are fixed
SIGMAS = 2.0  # accepted difference of two means, in standard errors

MIXTURES = (
    "ninarello",
    "ninarello:dimension=2",
    "lerner-binary",
    "lerner-binary:dimension=2",
    "kob-andersen",
    "binary-inverse-power:q=0",
    "binary-inverse-power:n=7.5,q=3,ratio=1.1",
)


def liquid(
    specification: str, n_atoms: int = 160, *, seed: int = 1, shear: float = 0.0
) -> tuple[PairInteraction, np.ndarray]:
    """Atoms near a local minimum, in a cube or in a sheared cell."""
    model = get_model(specification)
    atoms = random_start(model, n_atoms, model.density, np.random.default_rng(seed))
    cell_cc = atoms.cell.array.copy()
    cell_cc[1, 0] = shear * cell_cc[0, 0]
    atoms.set_cell(cell_cc, scale_atoms=True)
    interaction = PairInteraction.from_atoms(model, atoms)
    return interaction, descend(interaction, atoms.positions, tolerance=1e-2)


def slow_energy(interaction: PairInteraction, positions_nc: np.ndarray) -> float:
    """The twin: all pairs, all images next to the first cell, the radial function as it is written down."""
    mixing, model = interaction.model.mixing, interaction.model
    i, j = np.triu_indices(interaction.n_atoms, 1)
    fraction = (positions_nc[i] - positions_nc[j]) @ interaction.inverse_cc
    wrapped = positions_nc[i] - positions_nc[j] - np.floor(fraction) @ interaction.cell_cc
    images = itertools.product(*([-1, 0] if periodic else [0] for periodic in interaction.periodic_c))
    distance = np.min([np.linalg.norm(wrapped + np.dot(k, interaction.cell_cc), axis=1) for k in images], axis=0)
    length, depth = np.ones(len(i)), np.ones(len(i))
    if mixing.kind == "species":
        kinds = interaction.species_n[i], interaction.species_n[j]
        length, depth = np.array(mixing.lengths)[kinds], np.array(mixing.energies)[kinds]
    elif mixing.kind == "sizes":
        a, b = interaction.size_n[i], interaction.size_n[j]
        length = (a + b) / 2 * (1 - mixing.non_additivity * abs(a - b))
    return float((depth * model.radial(distance / length)).sum())


def forced(interaction: PairInteraction, positions_nc: np.ndarray, pairs: list[tuple[int, int]]) -> SwapSweep:
    """Exchanges that are made whatever they cost."""
    first_a, second_a = np.array(pairs, dtype=np.int64).T.copy()
    return _exchange(interaction, positions_nc, first_a, second_a, np.full(len(pairs), np.inf))


# --- the energy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("specification", MIXTURES)
def test_energy_of_an_exchange_equals_that_of_the_slow_twin(specification: str) -> None:
    shear = 0.3 if "q=0" in specification else 0.0
    interaction, positions_nc = liquid(specification, 220 if "kob" in specification else 160, shear=shear)
    first_p, second_p, vector_pc = interaction.separations(positions_nc)
    nearest = int(np.linalg.norm(vector_pc, axis=1).argmin())
    far = 5, 77
    before = slow_energy(interaction, positions_nc)
    for i, j in ((int(first_p[nearest]), int(second_p[nearest])), far):
        exchanged_nc = positions_nc.copy()
        exchanged_nc[[i, j]] = positions_nc[[j, i]]
        expected = slow_energy(interaction, exchanged_nc) - before
        sweep = forced(interaction, positions_nc, [(i, j)])
        assert sweep.energy_change == pytest.approx(expected, abs=ROUND_OFF * abs(before))
        np.testing.assert_array_equal(sweep.positions_nc, exchanged_nc)
        assert sweep.n_accepted == sweep.n_attempted == 1


def test_exchange_there_and_back_changes_nothing() -> None:
    interaction, positions_nc = liquid("ninarello")
    sweep = forced(interaction, positions_nc, [(3, 9), (9, 140), (9, 140), (9, 3)])
    np.testing.assert_array_equal(sweep.positions_nc, positions_nc)
    assert sweep.energy_change == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("specification", "temperature"), [("ninarello", 0.5), ("lerner-binary", 10.0)])
def test_energies_of_a_sweep_add_up(specification: str, temperature: float) -> None:
    interaction, positions_nc = liquid(specification)
    before, _ = interaction.energy_and_forces(positions_nc)
    rng = np.random.default_rng(2)
    sweep = swap_sweep(interaction, positions_nc, n_attempts=3000, temperature=temperature, rng=rng)
    after, _ = interaction.energy_and_forces(sweep.positions_nc)
    assert 0.03 < sweep.acceptance < 0.7
    assert sweep.energy_change == pytest.approx(after - before, abs=ROUND_OFF * abs(after))
    assert sorted(sweep.source_n) == list(range(interaction.n_atoms))
    np.testing.assert_array_equal(sweep.positions_nc, positions_nc[sweep.source_n])
    assert (sweep.source_n != np.arange(interaction.n_atoms)).any()


def test_at_zero_temperature_the_energy_only_falls() -> None:
    interaction, positions_nc = liquid("ninarello")
    rng = np.random.default_rng(3)
    sweep = swap_sweep(interaction, positions_nc, n_attempts=2000, temperature=0.0, rng=rng)
    assert sweep.n_accepted > 0 > sweep.energy_change
    best = swap_sweep(interaction, sweep.positions_nc, n_attempts=200_000, temperature=0.0, rng=rng)
    again = swap_sweep(interaction, best.positions_nc, n_attempts=20_000, temperature=0.0, rng=rng)
    assert again.n_accepted == 0


# --- detailed balance ---------------------------------------------------------------------------------------


class Cluster:
    """A few atoms on fixed sites, with every way to put them there, its energy and the exact transition matrix.

    A way is a tuple: the atom on each site, atoms of one species being the same.
    """

    def __init__(self, model: Model, kinds: tuple[float, ...], temperature: float) -> None:
        self.temperature = temperature
        n_atoms = len(kinds)
        sites_nc = np.array([[0, 0, 0], [1.04, 0, 0], [0.25, 1.12, 0], [0.6, 0.5, 0.97], [-0.8, 0.4, 0.75]])
        self.positions_nc = sites_nc[:n_atoms].astype(float)
        by_size = model.mixing.kind == "sizes"
        self.interaction = PairInteraction(
            model,
            cell_cc=10 * np.eye(3),
            periodic_c=np.zeros(3, np.int64),
            species_n=np.zeros(n_atoms, np.int64) if by_size else np.array(kinds, dtype=np.int64),
            size_n=np.array(kinds) if by_size else np.ones(n_atoms),
        )
        self.kinds = kinds
        self.ways = sorted(set(itertools.permutations(kinds)))
        energies = np.array([self.energy(way) for way in self.ways])
        weights = np.exp(-(energies - energies.min()) / temperature)
        self.boltzmann = weights / weights.sum()
        self.matrix = self.transitions(energies)

    def energy(self, way: tuple[float, ...]) -> float:
        """Energy with atoms of these kinds on the sites in order."""
        left, place = list(way), np.empty(len(way), dtype=int)
        for atom, kind in enumerate(self.kinds):
            place[atom] = left.index(kind)
            left[place[atom]] = math.nan
        return slow_energy(self.interaction, self.positions_nc[place])

    def transitions(self, energies: np.ndarray) -> np.ndarray:
        """Probability of each way after one attempt: a pair of unlike atoms at random, then Metropolis' rule."""
        index = {way: k for k, way in enumerate(self.ways)}
        matrix = np.zeros((len(self.ways), len(self.ways)))
        for a, way in enumerate(self.ways):
            unlike = [(i, j) for i, j in itertools.combinations(range(len(way)), 2) if way[i] != way[j]]
            for i, j in unlike:
                other = list(way)
                other[i], other[j] = way[j], way[i]
                b = index[tuple(other)]
                matrix[a, b] += min(1.0, math.exp(-(energies[b] - energies[a]) / self.temperature)) / len(unlike)
            matrix[a, a] = 1 - matrix[a].sum()
        return matrix

    def visit(self, samples: int, thin: int, seed: int) -> tuple[np.ndarray, float]:
        """Index of the way after every ``thin`` attempts, and the acceptance."""
        rng = np.random.default_rng(seed)
        index = {way: k for k, way in enumerate(self.ways)}
        kinds = np.array(self.kinds)
        place, accepted, found = np.arange(len(kinds)), 0, np.empty(samples, dtype=int)
        for k in range(samples):
            sweep = swap_sweep(
                self.interaction, self.positions_nc[place], n_attempts=thin, temperature=self.temperature, rng=rng
            )
            place = place[sweep.source_n]
            accepted += sweep.n_accepted
            found[k] = index[tuple(kinds[np.argsort(place)].tolist())]
        return found, accepted / (samples * thin)


def pooled(counts: np.ndarray, rare: np.ndarray) -> np.ndarray:
    return np.append(counts[~rare], counts[rare].sum()) if rare.any() else counts


CLUSTERS = {
    "diameters": (get_model("ninarello"), (0.75, 0.95, 1.2, 1.5), 1.0),
    "species": (get_model("lerner-binary"), (0.0, 0.0, 1.0, 1.0, 1.0), 4.0),
    "wells": (get_model("kob-andersen"), (0.0, 0.0, 0.0, 1.0, 1.0), 0.4),
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_permutations_are_visited_as_boltzmann_says(name: str) -> None:
    cluster = Cluster(*CLUSTERS[name])
    assert 10 <= len(cluster.ways) <= 24 and np.ptp(cluster.boltzmann) > 0.1 / len(cluster.ways)
    np.testing.assert_allclose(cluster.boltzmann @ cluster.matrix, cluster.boltzmann, atol=1e-14)
    slowest = np.sort(np.abs(np.linalg.eigvals(cluster.matrix)))[-2]
    thin = math.ceil(math.log(1e-3) / math.log(slowest))  # attempts after which the past is forgotten
    found, acceptance = cluster.visit(4000, thin, seed=11)
    exact = float(cluster.boltzmann @ (1 - np.diag(cluster.matrix)))
    assert 0.3 < exact < 0.7
    assert acceptance == pytest.approx(exact, abs=0.02)
    rare = len(found) * cluster.boltzmann < 5  # counted together, so that all counts are nearly normal
    assert (~rare).sum() >= 10
    counts = pooled(np.bincount(found, minlength=len(cluster.ways)), rare)
    assert stats.chisquare(counts, pooled(len(found) * cluster.boltzmann, rare)).pvalue > SMALLEST_PROBABILITY


@pytest.mark.parametrize("name", CLUSTERS)
def test_single_exchanges_have_the_probabilities_of_metropolis(name: str) -> None:
    """Also the flows there and back are then equal, since the weights fulfil detailed balance exactly."""
    cluster = Cluster(*CLUSTERS[name])
    found, _ = cluster.visit(8_000, 1, seed=12)
    flows = np.zeros_like(cluster.matrix)
    np.add.at(flows, (found[:-1], found[1:]), 1)
    flow = cluster.boltzmann[:, None] * cluster.matrix
    np.testing.assert_allclose(flow, flow.T, atol=1e-15)
    expected = flows.sum(axis=1, keepdims=True) * cluster.matrix
    assert flows[cluster.matrix == 0].sum() == 0
    tested = expected > 5
    chi2 = ((flows - expected)[tested] ** 2 / expected[tested]).sum()
    freedom = int(tested.sum()) - len(cluster.ways)
    assert freedom > 20
    assert stats.chi2.sf(chi2, freedom) > SMALLEST_PROBABILITY


@pytest.mark.parametrize("kinds", [(0, 0, 1), (2.0, 1.0, 3.0, 1.0), (5, 5, 5, 5, 7)])
def test_unlike_pairs_are_drawn_with_equal_probability(kinds: tuple[float, ...]) -> None:
    kind_n = np.array(kinds, dtype=float)
    first, second = draw_unlike_pairs(kind_n, 30_000, np.random.default_rng(4))
    assert (kind_n[first] != kind_n[second]).all()
    counts = np.bincount(first * len(kinds) + second, minlength=len(kinds) ** 2).reshape(len(kinds), -1)
    unlike = kind_n[:, None] != kind_n[None, :]
    assert counts[~unlike].sum() == 0
    assert stats.chisquare(counts[unlike]).pvalue > SMALLEST_PROBABILITY


# --- with dynamics ------------------------------------------------------------------------------------------


def started(
    specification: str, n_atoms: int, temperature: float, mass_n: np.ndarray | None = None
) -> tuple[PairInteraction, MDState]:
    interaction, positions_nc = liquid(specification, n_atoms)
    rng = np.random.default_rng(5)
    return interaction, dynamics.start(interaction, positions_nc, temperature=temperature, rng=rng, mass_n=mass_n)


def mean_and_error(values: np.ndarray, blocks: int = 20) -> tuple[float, float]:
    """Mean and its standard error from means over blocks much longer than the correlation."""
    means = values[: len(values) // blocks * blocks].reshape(blocks, -1).mean(axis=1)
    return float(means.mean()), float(means.std(ddof=1) / math.sqrt(blocks))


def test_swap_and_dynamics_sample_the_ensemble_of_dynamics() -> None:
    """Energy and pressure of a liquid that both equilibrate. With exchanges the masses are unequal on top of it, which
    changes no average over positions, and light and heavy atoms must have the same kinetic energy."""
    temperature, n_atoms = 0.4, 80
    options = {"time_step": 0.01, "temperature": temperature, "relaxation_time": 0.5}
    energies, pressures = [], []
    interaction, state = started("ninarello", n_atoms, temperature)
    state, _ = dynamics.run(interaction, state, steps=1000, **options)
    state = state.with_clock_at_zero()
    found: list[float] = []
    frames = range(25, 12_001, 25)
    _, log = dynamics.run(
        interaction, state, steps=12_000, **options, sample_every=25, frame_steps=frames,
        on_frame=lambda now: found.append(interaction.pressure(now.positions_nc)),
    )  # fmt: skip
    energies.append(mean_and_error(log.potential_t[1:] / n_atoms))
    pressures.append(mean_and_error(np.array(found)))

    mass_n = np.where(np.arange(n_atoms) % 2, 1.0, 5.0)
    interaction, state = started("ninarello", n_atoms, temperature, mass_n)
    rng = np.random.default_rng(6)
    swaps = {**options, "attempts": 2.0, "every": 25, "rng": rng}
    state, _ = run_with_swaps(interaction, state, steps=1000, **swaps)
    states: list[MDState] = []
    _, log = run_with_swaps(interaction, state, steps=12_000, **swaps, on_block=states.append)
    energies.append(mean_and_error(log.potential_b / n_atoms))
    pressures.append(mean_and_error(np.array([interaction.pressure(now.positions_nc) for now in states])))

    assert 0.1 < log.acceptance < 0.5
    for (first, first_error), (second, second_error) in (energies, pressures):
        assert abs(first - second) < SIGMAS * math.hypot(first_error, second_error)
    assert energies[0][1] < 0.01 and pressures[0][1] < 0.06
    kinetic = np.array([0.5 * mass_n * np.square(now.velocities_nc).sum(axis=1) for now in states])
    for mass in (1.0, 5.0):
        value, error = mean_and_error(kinetic[:, mass_n == mass].mean(axis=1))
        share = 1 - mass / mass_n.sum()  # the centre of mass is at rest
        assert abs(value - 1.5 * temperature * share) < 4 * error
        assert error < 0.03 * temperature


def test_momentum_and_kinetic_energy_go_with_the_atoms() -> None:
    mass_n = np.linspace(1.0, 7.0, 80)
    interaction, state = started("ninarello", 80, 0.3, mass_n)
    rng = np.random.default_rng(7)
    end, log = run_with_swaps(
        interaction, state, steps=30, time_step=0.005, temperature=0.3, attempts=5, every=10, rng=rng
    )
    assert log.accepted_b.min() > 10
    np.testing.assert_allclose(mass_n @ end.velocities_nc, 0.0, atol=1e-11)
    blocks: list[MDState] = []
    swapped, _ = run_with_swaps(
        interaction, state, steps=10, time_step=0.005, temperature=0.3, attempts=5, every=10, rng=rng,
        on_block=blocks.append,
    )  # fmt: skip
    plain, _ = dynamics.run(interaction, state, steps=10, time_step=0.005, temperature=0.3)
    np.testing.assert_array_equal(swapped.velocities_nc, plain.velocities_nc)
    np.testing.assert_array_equal(swapped.mass_n, mass_n)
    assert sorted(map(tuple, swapped.positions_nc)) == sorted(map(tuple, plain.positions_nc))
    assert all(np.array_equal(getattr(blocks[0], f.name), getattr(swapped, f.name)) for f in fields(MDState))


def test_log_of_a_run_with_swaps_says_what_happened() -> None:
    interaction, state = started("ninarello", 80, 0.3)
    blocks: list[MDState] = []
    calls: list[tuple[int, int]] = []
    end, log = run_with_swaps(
        interaction, state, steps=25, time_step=0.01, temperature=lambda time: 0.3 - time, attempts=0.25, every=10,
        rng=np.random.default_rng(8), on_block=blocks.append, progress=lambda *call: calls.append(call),
    )  # fmt: skip
    assert log.step_b.tolist() == [10, 20, 25] and end.step == 25
    np.testing.assert_allclose(log.time_b, [0.1, 0.2, 0.25], rtol=1e-12)
    assert log.attempted_b.tolist() == [20, 20, 20]
    assert calls == [(10, 25), (20, 25), (25, 25)]
    energies = [interaction.energy_and_forces(block.positions_nc)[0] for block in blocks]
    np.testing.assert_allclose(log.potential_b, energies, rtol=1e-12)
    assert log.acceptance == log.accepted_b.sum() / 60


def test_run_with_swaps_cut_in_two_gives_the_same_bits() -> None:
    interaction, state = started("ninarello", 80, 0.3)
    options = {"time_step": 0.01, "temperature": 0.3, "attempts": 1.0, "every": 10}
    whole, _ = run_with_swaps(interaction, state, steps=40, **options, rng=np.random.default_rng(9))
    rng = np.random.default_rng(9)
    half, _ = run_with_swaps(interaction, state, steps=20, **options, rng=rng)
    fresh, _ = liquid("ninarello", 80)
    pieces, _ = run_with_swaps(fresh, half, steps=20, **options, rng=rng)
    assert all(np.array_equal(getattr(whole, f.name), getattr(pieces, f.name)) for f in fields(MDState))
    other, _ = run_with_swaps(interaction, state, steps=40, **options, rng=np.random.default_rng(10))
    assert not np.array_equal(other.positions_nc, whole.positions_nc)


# --- what is refused ----------------------------------------------------------------------------------------


def test_atoms_that_are_alike_are_refused() -> None:
    rng = np.random.default_rng(0)
    interaction, positions_nc = liquid("inverse-power:n=12,cutoff=1.5", 64)
    with pytest.raises(InputError, match="'inverse-power' are all alike"):
        swap_sweep(interaction, positions_nc, n_attempts=1, temperature=1.0, rng=rng)
    mixed, positions_nc = liquid("lerner-binary", 160)
    alike = PairInteraction(
        mixed.model, cell_cc=mixed.cell_cc, periodic_c=mixed.periodic_c, species_n=0 * mixed.species_n,
        size_n=mixed.size_n,
    )  # fmt: skip
    with pytest.raises(InputError, match="all 160 atoms are alike"):
        swap_sweep(alike, positions_nc, n_attempts=1, temperature=1.0, rng=rng)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attempts": 0.0}, r"attempts = 0\.0 must be positive"),
        ({"attempts": math.inf}, "attempts = inf must be positive and finite"),
        ({"every": 0}, "every = 0 >= 1"),
        ({"steps": -1}, "steps = -1 >= 0"),
        ({"temperature": -1.0}, r"temperature = -1\.0"),
    ],
)
def test_run_with_swaps_refuses_what_makes_no_sense(change: dict[str, float], message: str) -> None:
    interaction, state = started("ninarello", 80, 0.3)
    options = {"steps": 10, "time_step": 0.01, "temperature": 0.3, "attempts": 1.0, "every": 10, **change}
    with pytest.raises(InputError, match=message):
        run_with_swaps(interaction, state, **options, rng=np.random.default_rng(0))


def test_sweep_refuses_negative_numbers() -> None:
    interaction, positions_nc = liquid("ninarello", 80)
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="n_attempts = -1"):
        swap_sweep(interaction, positions_nc, n_attempts=-1, temperature=1.0, rng=rng)
    with pytest.raises(InputError, match=r"temperature = -1\.0"):
        swap_sweep(interaction, positions_nc, n_attempts=1, temperature=-1.0, rng=rng)
    none = swap_sweep(interaction, positions_nc, n_attempts=0, temperature=1.0, rng=rng)
    assert math.isnan(none.acceptance) and replace(none, n_attempted=4, n_accepted=1).acceptance == 0.25
