"""Minimisation to round-off: every model arrives at a true minimum; saddles are refused; labels do not matter."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
from numerics import crystal, single_component

from atomsim import minimise as module
from atomsim.errors import NotAMinimum, NotConverged
from atomsim.hessian import hessian_matrix
from atomsim.kernels.quasi_newton import downhill
from atomsim.minimise import FORCE_TOLERANCE, Minimised, descend, minimise, newton_polish, settle
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, get_model, inverse_power
from atomsim.structure import random_start

# The smallest numbers of atoms (rounded up) whose cells are twice the cut-off high.
STARTS = {
    "laird-schober": 220,
    "inverse-power:n=6,q=2,cutoff=1.8": 60,
    "lerner-binary": 80,
    "ninarello": 80,
    "kob-andersen": 160,
    "lerner-binary:dimension=2": 80,
    "ninarello:dimension=2": 80,
}


@cache
def relaxed(specification: str, seed: int = 0) -> tuple[PairInteraction, np.ndarray, Minimised]:
    """A random start and the minimum below it."""
    model = get_model(specification)
    atoms = random_start(model, STARTS[specification], model.density, np.random.default_rng(seed))
    interaction = PairInteraction.from_atoms(model, atoms)
    return interaction, atoms.positions, minimise(interaction, atoms.positions)


@pytest.mark.parametrize("specification", STARTS)
def test_random_starts_reach_a_minimum(specification: str) -> None:
    interaction, start_nc, result = relaxed(specification)
    d = interaction.model.dimension
    energy, forces_nc = interaction.energy_and_forces(result.positions_nc)
    assert result.max_force <= FORCE_TOLERANCE == 1e-10
    assert np.abs(forces_nc).max() <= 2 * FORCE_TOLERANCE  # the kernel adds in another order
    assert result.energy == energy < interaction.energy_and_forces(start_nc)[0]
    values = np.linalg.eigvalsh(hessian_matrix(interaction.terms(result.positions_nc)).toarray())
    rigid = np.abs(values) < 1e-9
    assert np.count_nonzero(rigid) == d, "translations, and nothing else, cost no energy"
    assert np.all(values[~rigid] > 0)
    assert result.n_evaluations > 20
    assert result.n_newton == 0, "slopes lead L-BFGS below the forces at which the energy is noise"
    assert np.array_equal(result.positions_nc[:, d:], start_nc[:, d:])


def test_minimum_does_not_depend_on_labels_or_origin() -> None:
    # The path of L-BFGS is chaotic from a random start; from a start near the minimum the basin must be the same.
    interaction, _, result = relaxed("lerner-binary")
    rng = np.random.default_rng(1)
    near_nc = result.positions_nc + rng.normal(0, 0.02, result.positions_nc.shape)
    first = minimise(interaction, near_nc)
    order = rng.permutation(len(near_nc))
    images = rng.integers(-2, 3, near_nc.shape) @ interaction.cell_cc
    shuffled = PairInteraction(
        interaction.model,
        cell_cc=interaction.cell_cc,
        periodic_c=interaction.periodic_c,
        species_n=interaction.species_n[order],
        size_n=interaction.size_n[order],
    )
    second = minimise(shuffled, (near_nc + images + [0.5, -2.0, 7.0])[order])
    assert first.energy == pytest.approx(result.energy, rel=1e-13)
    assert second.energy == pytest.approx(result.energy, rel=1e-13)
    shift = second.positions_nc - (first.positions_nc + images)[order]
    assert np.abs(shift - shift.mean(axis=0)).max() < 1e-9


def test_minimum_scales_with_density() -> None:
    # Lengths times s, cut-off included: the scaled minimum is one, energies times s^-6, omega times s^-4.
    interaction, _, result = relaxed("inverse-power:n=6,q=2,cutoff=1.8")
    values = np.linalg.eigvalsh(hessian_matrix(interaction.terms(result.positions_nc)).toarray())
    s = 1.1
    scaled = single_component(
        get_model(f"inverse-power:n=6,q=2,cutoff={1.8 * s}"), result.positions_nc * s, interaction.cell_cc * s
    )
    again = minimise(scaled, result.positions_nc * s)
    assert again.n_newton <= 1
    assert again.energy == pytest.approx(result.energy * s**-6, rel=1e-12)
    other = np.linalg.eigvalsh(hessian_matrix(scaled.terms(again.positions_nc)).toarray())
    assert np.sqrt(other[3:]) == pytest.approx(np.sqrt(values[3:]) * s**-4, rel=1e-8)


def test_newton_converges_quadratically() -> None:
    interaction, _, result = relaxed("lerner-binary")
    rng = np.random.default_rng(2)
    direction_nc = rng.normal(0, 1, result.positions_nc.shape)
    after = []
    for size in (4e-4, 2e-4, 1e-4):
        start_nc = result.positions_nc + size * direction_nc
        with pytest.raises(NotConverged, match=r"after 1 Newton steps; expected <= 1e-16") as caught:
            newton_polish(interaction, start_nc, tolerance=1e-16, max_steps=1)
        positions_nc, max_force = caught.value.estimate
        assert max_force == np.abs(interaction.terms(positions_nc).forces()).max()
        after.append(max_force)
    assert np.log2(np.array(after[:-1]) / after[1:]) == pytest.approx([2, 2], abs=0.2)


@pytest.mark.parametrize("kind", ["exact", "shaken"])
def test_saddles_are_refused(kind: str) -> None:
    # A simple cubic crystal is stationary by symmetry and unstable to shear.
    positions_nc, cell_cc = crystal("sc", 5)
    interaction = single_component(get_model("inverse-power:n=10,q=3,cutoff=1.5"), positions_nc, cell_cc)
    values = np.linalg.eigvalsh(hessian_matrix(interaction.terms(positions_nc)).toarray())
    n_negative = int(np.count_nonzero(values < -1e-6 * values[-1]))
    assert n_negative > 0
    if kind == "shaken":
        positions_nc = positions_nc + np.random.default_rng(3).normal(0, 1e-7, positions_nc.shape)
    with pytest.raises(NotAMinimum, match=f"^{n_negative} negative eigenvalues at .* a saddle") as caught:
        newton_polish(interaction, positions_nc)
    assert np.array_equal(caught.value.estimate, positions_nc)
    if kind == "exact":  # without a force there is no way down
        with pytest.raises(NotAMinimum):
            minimise(interaction, positions_nc)
    else:
        energy, _ = interaction.energy_and_forces(positions_nc)
        assert minimise(interaction, positions_nc).energy < energy - 1e-3


def test_crystal_is_its_own_minimum() -> None:
    positions_nc, cell_cc = crystal("fcc", 4)
    interaction = single_component(get_model("laird-schober"), positions_nc, cell_cc)
    polished_nc, max_force, n_steps = newton_polish(interaction, positions_nc)
    assert np.array_equal(polished_nc, positions_nc) and n_steps == 0 and max_force < 1e-12


def test_open_cluster_is_minimised_in_spite_of_its_rotations() -> None:
    # x^-12 - 2 x^-6: three atoms form a triangle of edge 1 with energy -3; rotations are three more zero modes.
    radial = inverse_power(12).__class__(12.0, (1.0, 0.0, 0.0, -2.0))
    start_nc = np.array([[0.0, 0, 0], [1.2, 0, 0.1], [0.4, 0.9, 0]])
    interaction = single_component(Model(name="pair", radial=radial), start_nc, np.eye(3) * 9, periodic=False)
    result = minimise(interaction, start_nc)
    edges = np.linalg.norm(result.positions_nc - np.roll(result.positions_nc, 1, axis=0), axis=1)
    assert edges == pytest.approx([1.0] * 3, rel=1e-10)
    assert result.energy == pytest.approx(-3.0, rel=1e-12)


def test_progress_is_reported_downhill() -> None:
    interaction, start_nc, _ = relaxed("lerner-binary")
    seen: list[tuple[int, float]] = []
    before = interaction.n_evaluations
    descend(interaction, start_nc, tolerance=1e-2, progress=lambda n, force: seen.append((n, force)))
    counts, forces = zip(*seen, strict=True)
    assert list(counts) == sorted(counts) and counts[0] > before and counts[-1] == interaction.n_evaluations
    assert forces[-1] <= 1e-2 < forces[0]


def test_descent_stops_at_its_limit() -> None:
    interaction, start_nc, _ = relaxed("lerner-binary")
    before = interaction.n_evaluations
    end_nc = descend(interaction, start_nc, max_evaluations=10)
    assert interaction.n_evaluations - before <= 10 + 20  # the line search in progress is finished
    assert interaction.energy_and_forces(end_nc)[0] < interaction.energy_and_forces(start_nc)[0]


def test_newton_ends_what_the_descent_left(monkeypatch: pytest.MonkeyPatch) -> None:
    interaction, _, result = relaxed("lerner-binary")
    near_nc = result.positions_nc + np.random.default_rng(4).normal(0, 1e-3, result.positions_nc.shape)
    stalled = partial(descend, max_evaluations=1)
    monkeypatch.setattr(module, "descend", lambda *args, tolerance, progress: stalled(*args, tolerance=tolerance))
    ended = settle(interaction, near_nc)
    assert 1 <= ended.n_newton <= 4 and ended.max_force <= FORCE_TOLERANCE
    assert ended.energy == pytest.approx(result.energy, rel=1e-13)


def test_settling_does_not_look_at_the_curvature() -> None:
    positions_nc, cell_cc = crystal("sc", 5)
    interaction = single_component(get_model("inverse-power:n=10,q=3,cutoff=1.5"), positions_nc, cell_cc)
    settled = settle(interaction, positions_nc)
    assert settled.n_newton == 0 and settled.max_force < 1e-12
    with pytest.raises(NotAMinimum):
        minimise(interaction, positions_nc)


def test_direction_is_that_of_the_updates_of_bfgs() -> None:
    # B <- (1 - r s y^T) B (1 - r y s^T) + r s s^T with r = 1/s.y, from the number s.y/y.y of the newest step
    rng = np.random.default_rng(5)
    n, rows = 7, 4
    steps, changes = rng.normal(0, 1, (2, 6, n))
    changes *= np.sign(np.einsum("kn,kn->k", steps, changes))[:, None]
    newest = changes[-1]
    inverse = np.eye(n) * (steps[-1] @ newest) / (newest @ newest)
    for step, change in zip(steps[-rows:], changes[-rows:], strict=True):
        left = np.eye(n) - np.outer(step, change) / (step @ change)
        inverse = left @ inverse @ left.T + np.outer(step, step) / (step @ change)
    kept_steps, kept_changes = np.empty((2, rows, n))
    for k in range(6):  # cyclic: the oldest are overwritten
        kept_steps[k % rows], kept_changes[k % rows] = steps[k], changes[k]
    gradient, out = rng.normal(0, 1, n), np.empty(n)
    downhill(gradient, kept_steps, kept_changes, 5 % rows, rows, out)
    assert out == pytest.approx(-inverse @ gradient, rel=1e-12)
    downhill(newest, kept_steps, kept_changes, 5 % rows, rows, out)
    assert out == pytest.approx(-steps[-1], rel=1e-12), "the newest step explains the newest change"
    downhill(gradient, kept_steps, kept_changes, 0, 0, out)
    assert np.array_equal(out, -gradient)


def test_energy_does_not_rise_beyond_its_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    interaction, start_nc, _ = relaxed("lerner-binary")
    energies: list[float] = []
    learn = module._Memory.learn

    def recording(memory: object, before: module._Point, after: module._Point) -> None:
        energies.append(after.energy)
        learn(memory, before, after)

    monkeypatch.setattr(module._Memory, "learn", recording)
    descend(interaction, start_nc)
    rises = np.diff(energies) / np.abs(energies[1:])
    assert len(rises) > 20 and rises.max() < module.ENERGY_NOISE
    assert np.count_nonzero(rises >= 0) < len(rises) / 3
