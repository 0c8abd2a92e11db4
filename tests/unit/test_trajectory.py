"""Trajectory files: what is written is read back, by this program exactly and by MDAnalysis in single precision."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from atomsim.dynamics import MDState, log_frames, run, start
from atomsim.errors import InputError
from atomsim.formats.trajectory import (
    PARTICLES,
    create_trajectory,
    open_trajectory,
    read_trajectory,
    resume_trajectory,
)
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model
from atomsim.store import write_text

SINGLE_PRECISION = 1e-6  # relative
N_ATOMS = 40


def system(specification: str = "lerner-binary", seed: int = 1) -> tuple[PairInteraction, MDState]:
    """Atoms on a lattice, so that nothing overlaps."""
    rng = np.random.default_rng(seed)
    model = get_model(specification)
    edge = 8.0
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) * 2.0
    if model.dimension == 2:
        sites = np.array([[1.1 * (k % 7), 1.3 * (k // 7), 0.0] for k in range(N_ATOMS)])
    species_n, size_n = model.compose(N_ATOMS, rng)
    interaction = PairInteraction(
        model,
        cell_cc=np.diag([edge, edge, 10.0 if model.dimension == 2 else edge]),
        periodic_c=np.array([1, 1, model.dimension == 3], dtype=np.int64),
        species_n=species_n,
        size_n=size_n,
    )
    mass_n = rng.uniform(1, 2, N_ATOMS)
    return interaction, start(interaction, sites[:N_ATOMS], temperature=0.5, rng=rng, mass_n=mass_n)


def moved(state: MDState, step: int) -> MDState:
    """A state that its step determines."""
    rng = np.random.default_rng(step)
    x, v = rng.normal(0, 5, (2, *state.positions_nc.shape))
    return replace(state, positions_nc=x, velocities_nc=v, step=step, time=0.1 * step)


def write_frames(path: Path, interaction: PairInteraction, frames: list[MDState]) -> None:
    with create_trajectory(path, interaction, frames[0].mass_n, velocities=True) as writer:
        for frame in frames:
            writer.append(frame)


def damage(path: Path, dataset: str, frame: int) -> None:
    """Overwrite some bytes of a frame behind HDF5's back."""
    with h5py.File(path, "r", swmr=True) as file:
        place = file[f"{PARTICLES}/{dataset}/value"].id.get_chunk_info(frame).byte_offset
    with path.open("r+b") as raw:
        raw.seek(place + 24)
        raw.write(b"\x01\x02\x03\x04\x05\x06\x07\x08")


@pytest.mark.parametrize("specification", ["lerner-binary", "lerner-binary:dimension=2"])
def test_mdanalysis_reads_the_frames_back(tmp_path: Path, specification: str) -> None:
    interaction, state = system(specification)
    kept: list[MDState] = []
    path = tmp_path / "run.h5md"
    with create_trajectory(path, interaction, state.mass_n, velocities=True) as writer:

        def keep(frame: MDState) -> None:
            kept.append(frame)
            writer.append(frame)

        frames = log_frames(500, 4)
        run(interaction, state, steps=500, time_step=0.005, temperature=0.5, frame_steps=frames, on_frame=keep)
    universe = open_trajectory(path)
    assert universe.trajectory.n_frames == len(kept) == len(frames)
    edges = np.diag(interaction.cell_cc)
    for frame, expected in zip(universe.trajectory, kept, strict=True):
        assert frame.time == pytest.approx(expected.time, rel=1e-14)
        assert frame.data["step"] == expected.step
        np.testing.assert_allclose(frame.dimensions, [*edges, 90, 90, 90], rtol=SINGLE_PRECISION)
        np.testing.assert_allclose(frame.positions, expected.positions_nc, rtol=SINGLE_PRECISION, atol=1e-12)
        np.testing.assert_allclose(frame.velocities, expected.velocities_nc, rtol=SINGLE_PRECISION, atol=1e-12)
    assert universe.atoms.types.tolist() == interaction.species_n.astype(str).tolist()
    np.testing.assert_array_equal(universe.atoms.masses, state.mass_n)
    np.testing.assert_array_equal(universe.atoms.radii, interaction.size_n / 2)
    assert len(universe.select_atoms("type 1")) == (interaction.species_n == 1).sum() > 0
    second = open_trajectory(path)  # beside the first
    assert second.trajectory.n_frames == len(frames)
    second.trajectory.close()
    universe.trajectory.close()


def test_trajectory_keeps_double_precision(tmp_path: Path) -> None:
    interaction, state = system("lerner-binary:dimension=2")
    frames = [moved(state, step) for step in (0, 1, 3, 10, 100)]
    write_frames(tmp_path / "a.h5md", interaction, frames)
    found = read_trajectory(tmp_path / "a.h5md")
    assert found.step_t.tolist() == [0, 1, 3, 10, 100]
    np.testing.assert_array_equal(found.time_t, [f.time for f in frames])
    np.testing.assert_array_equal(found.positions_tnc, [f.positions_nc for f in frames])
    np.testing.assert_array_equal(found.velocities_tnc, [f.velocities_nc for f in frames])
    for name in ("cell_cc", "periodic_c", "species_n", "size_n"):
        np.testing.assert_array_equal(getattr(found, name), getattr(interaction, name))
    np.testing.assert_array_equal(found.mass_n, state.mass_n)
    part = read_trajectory(tmp_path / "a.h5md", slice(-2, None))
    assert part.step_t.tolist() == [10, 100]
    assert read_trajectory(tmp_path / "a.h5md", slice(0, None, 2)).step_t.tolist() == [0, 3, 100]
    assert len(read_trajectory(tmp_path / "a.h5md", slice(4, 2)).positions_tnc) == 0
    with pytest.raises(InputError, match="forwards"):
        read_trajectory(tmp_path / "a.h5md", slice(None, None, -1))
    np.testing.assert_array_equal(part.positions_tnc, found.positions_tnc[-2:])


def test_layout_is_h5md(tmp_path: Path) -> None:
    interaction, state = system("lerner-binary:dimension=2")
    write_frames(tmp_path / "a.h5md", interaction, [moved(state, 1), moved(state, 2)])
    with h5py.File(tmp_path / "a.h5md", "r") as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        assert set(file["h5md"]) == {"author", "creator"}
        particles = file[PARTICLES]
        assert particles["box"].attrs["dimension"] == 3
        assert particles["box"].attrs["boundary"].tolist() == ["periodic", "periodic", "none"]
        for element in ("velocity", "box/edges"):  # linked, as the specification asks
            assert particles[f"{element}/step"] == particles["position/step"]
            assert particles[f"{element}/time"] == particles["position/time"]
        assert particles["position/value"].shape == (2, N_ATOMS, 3)
        assert particles["position/value"].dtype == np.float64
        np.testing.assert_array_equal(particles["box/edges/value"], [interaction.cell_cc] * 2)


def test_mdanalysis_knows_the_spacing_of_even_frames(tmp_path: Path) -> None:
    interaction, state = system()
    write_frames(tmp_path / "even.h5md", interaction, [moved(state, step) for step in (0, 5, 10)])
    universe = open_trajectory(tmp_path / "even.h5md")
    assert universe.trajectory.dt == pytest.approx(0.5)
    universe.trajectory.close()
    write_frames(tmp_path / "log.h5md", interaction, [moved(state, step) for step in (0, 1, 10)])
    universe = open_trajectory(tmp_path / "log.h5md")
    with pytest.warns(UserWarning, match="no dt information"):
        assert universe.trajectory.dt == 1.0
    universe.trajectory.close()


def test_triclinic_cell_is_read_back(tmp_path: Path) -> None:
    model = get_model("lerner-binary")
    cell_cc = np.array([[8.0, 0.0, 0.0], [2.0, 8.0, 0.0], [1.0, -1.0, 9.0]])
    interaction = PairInteraction(
        model,
        cell_cc=cell_cc,
        periodic_c=np.ones(3, dtype=np.int64),
        species_n=np.zeros(2, dtype=np.int64),
        size_n=np.ones(2),
    )
    state = start(interaction, np.eye(3)[:2] * 3, temperature=1.0, rng=np.random.default_rng(0))
    with create_trajectory(tmp_path / "a.h5md", interaction, state.mass_n) as writer:
        writer.append(state)
    universe = open_trajectory(tmp_path / "a.h5md")
    triclinic = universe.trajectory.ts.triclinic_dimensions
    np.testing.assert_allclose(triclinic, cell_cc, atol=9 * SINGLE_PRECISION)
    assert read_trajectory(tmp_path / "a.h5md").velocities_tnc is None
    universe.trajectory.close()


def test_resumed_trajectory_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    interaction, state = system()
    options = {"time_step": 0.005, "temperature": 0.5, "frame_steps": log_frames(300, 5)}
    with create_trajectory(tmp_path / "whole.h5md", interaction, state.mass_n) as writer:
        run(interaction, state, steps=300, on_frame=writer.append, **options)
    with create_trajectory(tmp_path / "parts.h5md", interaction, state.mass_n) as writer:
        half, _ = run(interaction, state, steps=120, on_frame=writer.append, **options)
        run(interaction, half, steps=150, on_frame=writer.append, **options)  # frames after the last checkpoint
    with resume_trajectory(tmp_path / "parts.h5md", last_step=half.step) as writer:
        assert writer.last_step == 100
        run(interaction, half, steps=180, on_frame=writer.append, **options)
    whole, parts = read_trajectory(tmp_path / "whole.h5md"), read_trajectory(tmp_path / "parts.h5md")
    np.testing.assert_array_equal(parts.step_t, whole.step_t)
    np.testing.assert_array_equal(parts.positions_tnc, whole.positions_tnc)
    np.testing.assert_array_equal(parts.time_t, whole.time_t)


def test_killed_writer_leaves_its_frames(tmp_path: Path) -> None:
    program = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import test_trajectory as t
interaction, state = t.system()
writer = t.create_trajectory(Path(sys.argv[1]), interaction, state.mass_n, velocities=True)
for step in range(7):
    writer.append(t.moved(state, step))
print("written", flush=True)
sys.stdin.read()
"""
    path = tmp_path / "killed.h5md"
    command = [sys.executable, "-c", program, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout is not None and writing.stdout.readline() == "written\n"
        assert read_trajectory(path).step_t.tolist() == list(range(7))  # while the writer is alive
        writing.kill()
    with pytest.raises(InputError, match="left by a program that was killed"):
        open_trajectory(path)
    _, state = system()
    expected = np.array([moved(state, step).positions_nc for step in range(9)])
    np.testing.assert_array_equal(read_trajectory(path).positions_tnc, expected[:7])
    damage(path, "position", 6)  # a frame of which only a part was written
    with pytest.raises(InputError, match="damaged"):
        read_trajectory(path)
    with resume_trajectory(path, last_step=10_000) as writer:
        assert (writer.n_frames, writer.last_step) == (6, 5)
        for step in (6, 7, 8):
            writer.append(moved(state, step))
    universe = open_trajectory(path)
    assert [int(frame.data["step"]) for frame in universe.trajectory] == list(range(9))
    universe.trajectory.close()
    np.testing.assert_array_equal(read_trajectory(path).positions_tnc, expected)


def test_frames_before_the_last_are_not_dropped_silently(tmp_path: Path) -> None:
    interaction, state = system()
    path = tmp_path / "a.h5md"
    write_frames(path, interaction, [moved(state, step) for step in range(5)])
    damage(path, "velocity", 2)
    size = path.stat().st_size
    with pytest.raises(InputError, match="frame 2 of 5 is damaged"):
        resume_trajectory(path, last_step=4)
    assert path.stat().st_size == size and [p.name for p in tmp_path.iterdir()] == ["a.h5md"]
    np.testing.assert_array_equal(read_trajectory(path, slice(0, 2)).step_t, [0, 1])
    with resume_trajectory(path, last_step=1) as writer:
        assert writer.n_frames == 2


def test_trajectory_refuses_what_does_not_fit(tmp_path: Path) -> None:
    interaction, state = system()
    path = tmp_path / "a.h5md"
    with create_trajectory(path, interaction, state.mass_n) as writer:
        with pytest.raises(InputError, match="without frames"):
            open_trajectory(path)
        writer.append(moved(state, 5))
        assert read_trajectory(path).step_t.tolist() == [5]
        for step in (5, 4):
            with pytest.raises(InputError, match=f"step {step} cannot follow one of step 5"):
                writer.append(moved(state, step))
        with pytest.raises(InputError, match="40 atoms"):
            writer.append(replace(state, step=6, positions_nc=state.positions_nc[:3]))
        assert writer.n_frames == 1
    with pytest.raises(InputError, match="exists already"):
        create_trajectory(path, interaction, state.mass_n)
    with pytest.raises(InputError, match="cannot be written"):
        create_trajectory(tmp_path / "no" / "a.h5md", interaction, state.mass_n)
    for read in (read_trajectory, open_trajectory, lambda p: resume_trajectory(p, last_step=1)):
        with pytest.raises(InputError, match="no such file"):
            read(tmp_path / "b.h5md")
    write_text(tmp_path / "text.h5md", "not a trajectory")
    with h5py.File(tmp_path / "other.h5md", "w", libver="v110") as file:
        file.create_group("something")
    (tmp_path / "short.h5md").write_bytes(path.read_bytes()[:-200])
    for name in ("text.h5md", "other.h5md", "short.h5md"):
        with pytest.raises(InputError, match=f"{name}: .*not a trajectory"):
            read_trajectory(tmp_path / name)
