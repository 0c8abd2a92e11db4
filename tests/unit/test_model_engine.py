"""The glass models in LAMMPS: the same forces, dynamics, thermostat and minima as in the embedded engine."""

from __future__ import annotations

import os
from dataclasses import replace

import house
import numpy as np
import pytest
import rank_jobs
from tiny_alloy import CUZR, b2

from atomsim import dynamics
from atomsim.dynamics import MDState
from atomsim.engines import model_dynamics
from atomsim.engines.lammps import require_lammps
from atomsim.engines.model_box import ModelBox
from atomsim.engines.model_dynamics import system_of
from atomsim.engines.model_protocol import Done, Protocol, Stage, follow
from atomsim.engines.ranks import call_on_ranks, launcher
from atomsim.errors import InputError, MissingExtra, NotConverged
from atomsim.minimise import COARSE_TOLERANCES
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.quench import Glass, QuenchParameters, inherent_structure, make_glass, without_overlaps
from atomsim.results import Array
from atomsim.structure import make_atoms, random_start
from atomsim.thermostat import degrees_of_freedom

try:
    require_lammps()
    launcher()
except MissingExtra as missing:
    pytest.skip(f"LAMMPS cannot be used here: {missing}", allow_module_level=True)

MODELS = {
    "laird-schober": 256,
    "lerner-binary": 120,
    "kob-andersen": 160,
    "ninarello": 120,
    "inverse-power:n=6.5,q=1,cutoff=2.0": 120,
    "binary-inverse-power": 160,
    "inverse-power:n=12,q=1,cutoff=1.5": 100,
}
QUICK = "inverse-power:n=12,q=1,cutoff=1.5"
STEP = 0.005
FREE = 1e-11  # positions of one trajectory in two engines after some steps: rounding alone [sigma]


def liquid(name: str = QUICK, *, temperature: float = 1.0) -> tuple[PairInteraction, MDState]:
    """A start with unequal masses: whoever forgets them goes another way."""
    rng, model = np.random.default_rng(5), get_model(name)
    atoms = random_start(model, MODELS[name], model.density, rng)
    interaction = PairInteraction.from_atoms(model, atoms)
    start_nc = without_overlaps(interaction, atoms.positions)
    mass_n = rng.uniform(0.5, 2.0, len(atoms))
    return interaction, dynamics.start(interaction, start_nc, temperature=temperature, rng=rng, mass_n=mass_n)


def here(
    interaction: PairInteraction, state: MDState, *stages: Stage, time_step: float = STEP, every: int = 10
) -> Done:
    """Follow stages in LAMMPS in this process."""
    system = system_of(interaction, state.mass_n)
    protocol = Protocol(stages, tuple(range(7, 7 + len(stages))), time_step, 0.1, every)
    return follow(system, state.positions_nc, state.velocities_nc, protocol)


def largest_shift(one: Glass, other: Glass) -> float:
    """Largest distance of an atom in two structures up to a common shift."""
    shift_nc = one.positions_nc - other.positions_nc
    shift_nc -= shift_nc[0]
    shift_nc -= np.rint(shift_nc @ np.linalg.inv(one.cell_cc)) @ one.cell_cc
    return float(np.abs(shift_nc - shift_nc.mean(axis=0)).max())


@pytest.mark.parametrize("name", MODELS)
def test_models_in_lammps_have_our_energies_and_forces(name: str) -> None:
    interaction, state = liquid(name)
    positions_nc = state.positions_nc + 0.05 * np.random.default_rng(2).standard_normal(state.positions_nc.shape)
    energy, forces_nc = interaction.energy_and_forces(positions_nc)
    pressure = -np.trace(interaction.terms(positions_nc).virial()) / (3 * interaction.volume)
    with ModelBox(system_of(interaction, state.mass_n)) as box:
        found = box.evaluate(positions_nc)
        around = box.forces(positions_nc + 2 * interaction.cell_cc[1])  # another image of the same atoms
    assert found.energy == pytest.approx(energy, rel=1e-10)
    assert found.pressure == pytest.approx(pressure, rel=1e-10)
    assert np.abs(forces_nc).max() > 1.0
    assert found.forces_nc == pytest.approx(forces_nc, abs=1e-8)
    assert around == pytest.approx(forces_nc, abs=1e-8)


@pytest.mark.parametrize("name", ["lerner-binary", "ninarello"])
def test_trajectory_in_lammps_is_ours(name: str) -> None:
    interaction, state = liquid(name)
    ours, log = dynamics.run(interaction, state, steps=20, time_step=STEP)
    theirs = here(interaction, state, Stage("free", 20))
    assert theirs.end.step == 20
    assert theirs.end.positions_nc == pytest.approx(ours.positions_nc, abs=FREE)
    assert theirs.end.velocities_nc == pytest.approx(ours.velocities_nc, abs=10 * FREE)
    assert [one.step for one in theirs.samples] == log.step_t.tolist() == [0, 10, 20]
    assert [one.potential for one in theirs.samples] == pytest.approx(log.potential_t, rel=1e-11)
    assert [one.kinetic for one in theirs.samples] == pytest.approx(log.kinetic_t, rel=1e-11)


def test_two_ranks_follow_the_same_trajectory_and_repeat_their_bits() -> None:
    interaction, state = liquid("laird-schober")
    energy, forces_nc = interaction.energy_and_forces(state.positions_nc)
    ours, log = dynamics.run(interaction, state, steps=20, time_step=STEP)
    stages = [Stage("free", 20), Stage("warm", 20, (1.0, 2.0))]
    one, two = (
        model_dynamics.run(interaction, state, stages, ranks=2, time_step=STEP, frame_steps=(0, 20)) for _ in range(2)
    )
    assert np.array_equal(one.state.positions_nc, two.state.positions_nc)
    assert np.array_equal(one.state.velocities_nc, two.state.velocities_nc)
    assert np.array_equal(one.log.potential_t, two.log.potential_t)
    assert one.log.potential_t[0] == pytest.approx(energy, rel=1e-12)
    assert [frame.step for frame in one.frames] == [0, 20]
    assert one.frames[1].positions_nc == pytest.approx(ours.positions_nc, abs=FREE)
    assert one.log.conserved_t[:3] == pytest.approx(log.conserved_t, rel=1e-10)
    assert one.state.step == 40 and one.state.time == pytest.approx(40 * STEP)
    assert one.state.heat != 0 and one.state.rng_state != state.rng_state
    found = model_dynamics.evaluate(interaction, state.positions_nc, ranks=2)
    assert found.energy == pytest.approx(energy, rel=1e-12)
    assert found.forces_nc == pytest.approx(forces_nc, abs=1e-11)


def test_atoms_find_their_way_to_ranks_that_are_no_neighbours() -> None:
    interaction, state = liquid("laird-schober")
    energy, forces_nc = interaction.energy_and_forces(state.positions_nc)
    found = model_dynamics.evaluate(interaction, state.positions_nc, ranks=5)  # five slices of the box
    assert found.energy == pytest.approx(energy, rel=1e-12)
    assert found.forces_nc == pytest.approx(forces_nc, abs=1e-11)


def test_pieces_of_a_run_in_lammps_join() -> None:
    interaction, state = liquid()
    whole = model_dynamics.run(interaction, state, [Stage("free", 30)], ranks=1, time_step=STEP)
    first = model_dynamics.run(interaction, state, [Stage("free", 15)], ranks=1, time_step=STEP)
    second = model_dynamics.run(interaction, first.state, [Stage("free", 15)], ranks=1, time_step=STEP)
    assert second.state.positions_nc == pytest.approx(whole.state.positions_nc, abs=FREE)
    steps = [*first.log.step_t.tolist(), *second.log.step_t.tolist()]
    assert steps == whole.log.step_t.tolist() == [0, 10, 20, 30]
    times = [*first.log.time_t.tolist(), *second.log.time_t.tolist()]
    assert times == pytest.approx(whole.log.time_t)
    joined = [*first.log.conserved_t.tolist(), *second.log.conserved_t.tolist()]
    assert joined == pytest.approx(whole.log.conserved_t, rel=1e-10)


def test_thermostat_of_lammps_is_canonical_and_books_its_heat() -> None:
    interaction, state = liquid(temperature=0.5)
    done = here(interaction, state, Stage("liquid", 2000, (0.5, 0.5)), every=20)
    n_freedom = degrees_of_freedom(interaction.n_atoms, 3)
    kinetic_t = np.array([one.kinetic for one in done.samples])[20:]
    total_t = np.array([one.potential + one.kinetic for one in done.samples])
    heat_t = np.array([one.heat for one in done.samples])
    expected, spread = 0.5 * n_freedom * 0.5, np.sqrt(0.5 * n_freedom) * 0.5
    # Samples a relaxation time apart forget each other but for exp(-1): their mean scatters by 1.5 sigma / sqrt(n).
    assert kinetic_t.mean() == pytest.approx(expected, abs=4 * 1.5 * spread / np.sqrt(len(kinetic_t)))
    assert kinetic_t.std() == pytest.approx(spread, rel=0.3)
    assert np.ptp(total_t) > 50 * np.ptp(total_t - heat_t)  # what comes and goes is heat
    assert done.heat == heat_t[-1] != 0


def test_temperature_in_lammps_follows_its_ramp() -> None:
    interaction, state = liquid(temperature=1.0)
    done = here(interaction, state, Stage("cool", 1000, (1.0, 0.2)), Stage("free", 20))
    freedom = degrees_of_freedom(interaction.n_atoms, 3)
    measured_t = np.array([2 * one.kinetic / freedom for one in done.samples])[10:101]
    wanted_t = np.linspace(1.0, 0.2, 101)[10:]
    # The bath gives way by the latent flow of heat over its relaxation time, 8 % of the ramp, and the noise is 8 %.
    assert np.abs(measured_t - wanted_t).mean() < 0.12
    assert measured_t[-10:].mean() == pytest.approx(wanted_t[-10:].mean(), abs=0.1)
    assert done.samples[-1].heat == done.samples[-2].heat  # the bath is gone


def test_too_long_a_step_in_lammps_is_refused() -> None:
    interaction, state = liquid("laird-schober")
    with pytest.raises(NotConverged, match=r"time_step = 0\.08 is too long|time step may be too long"):
        here(interaction, state, Stage("liquid", 400, (1.0, 1.0)), time_step=0.08)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"time_step": 0.0}, "time_step = 0.0 must be positive"),
        ({"relaxation_time": -1.0}, "relaxation_time = -1.0 must be positive"),
        ({"sample_every": 0}, "sample_every = 0 must be positive"),
        ({"stages": [Stage("melt", -1)]}, "steps = -1 of stage 'melt'"),
        ({"stages": [Stage("melt", 1, (1.0, -0.1))]}, r"temperatures \(1.0, -0.1\) of stage 'melt'"),
    ],
)
def test_impossible_protocols_of_lammps_are_named(options: dict[str, object], words: str) -> None:
    interaction, state = liquid()
    settings: dict[str, object] = {"stages": [], "time_step": STEP, **options}
    with pytest.raises(InputError, match=words):
        model_dynamics.run(interaction, state, ranks=1, **settings)  # type: ignore[arg-type]


def test_cell_that_is_not_orthogonal_is_refused_by_lammps() -> None:
    interaction, state = liquid("laird-schober")
    tilted_cc = interaction.cell_cc + np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 0]])
    tilted = PairInteraction(
        interaction.model,
        cell_cc=tilted_cc,
        periodic_c=interaction.periodic_c,
        species_n=interaction.species_n,
        size_n=interaction.size_n,
    )
    with pytest.raises(InputError, match="expected an orthogonal box"):
        ModelBox(system_of(tilted, state.mass_n))


def by_lammps(glass: Glass, start_nc: Array) -> Glass:
    """The inherent structure below a start: LAMMPS goes down, Newton steps do the rest."""
    interaction = glass.interaction()
    still = dynamics.start(interaction, start_nc, temperature=0.0, rng=np.random.default_rng(1))
    run = model_dynamics.run(interaction, still, [], ranks=2, time_step=STEP, rest_tolerance=COARSE_TOLERANCES[0])
    assert run.descent_evaluations > 10 and run.rest_nc is not None
    assert np.abs(interaction.energy_and_forces(run.rest_nc)[1]).max() <= COARSE_TOLERANCES[0]
    atoms = make_atoms(run.rest_nc, glass.cell_cc, species_n=glass.species_n, size_n=glass.size_n)
    return inherent_structure(atoms, glass.model)


def test_lammps_goes_down_to_our_inherent_structure(small_glass: Glass) -> None:
    start_nc = small_glass.positions_nc + 0.02 * np.random.default_rng(3).standard_normal(
        small_glass.positions_nc.shape
    )
    found = by_lammps(small_glass, start_nc)
    assert largest_shift(found, small_glass) < 1e-8
    assert found.energy == pytest.approx(small_glass.energy, rel=1e-12)
    assert found.lowest_eigenvalue == pytest.approx(small_glass.lowest_eigenvalue, rel=1e-6)


def test_glass_made_by_lammps_is_a_certified_minimum() -> None:
    parameters = QuenchParameters(QUICK, 100, temperature=1.0, melt_time=0.2, time_step=0.005,
                                  cooling_rate=4.0, engine="lammps")  # fmt: skip
    told: list[tuple[str, float]] = []
    glass = make_glass(parameters, np.random.default_rng(1), progress=lambda what, share: told.append((what, share)))
    assert (glass.n_zero_modes, glass.n_negative) == (3, 0) and glass.max_force < 1e-10
    assert glass.energy < glass.parent_energy
    assert [what for what, _ in told if what != "cool"] == ["melt", "minimise", "minimise"]
    assert ("melt", 1.0) in told and ("cool", 1.0) in told
    ours = make_glass(
        replace(parameters, engine="embedded", melt_time=0.0, cooling_rate=None), np.random.default_rng(1)
    )
    theirs = make_glass(replace(parameters, melt_time=0.0, cooling_rate=None), np.random.default_rng(1))
    assert theirs.parent_energy == pytest.approx(ours.parent_energy, rel=1e-12)  # the start is the same


def test_two_ranks_share_a_real_alloy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(house.ROOT), str(house.ROOT / "tests")]))
    atoms = b2("CuZr", 3, 3.25, shaken=0.1)
    alone = rank_jobs.alloy_work(CUZR, atoms)
    shared = call_on_ranks(rank_jobs.alloy_work, CUZR, atoms, ranks=2)
    for name, values in alone.items():
        scale = np.abs(values).max()
        assert shared[name] == pytest.approx(values, rel=1e-9, abs=1e-9 * scale), name
