"""One trajectory in several formats gives the same numbers; parallel runs equal serial ones; bad files are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import ase
import ase.io
import MDAnalysis
import numpy as np
import pytest

from analysis.trajectories import displacement
from analysis.trajectories.analyses import Motion, PairDistributions, StructureFactors
from analysis.trajectories.quantities import QUANTITIES, Settings, measure
from analysis.trajectories.reading import frame_of, open_universe, species_of
from analysis.trajectories.structure_factor import structure_factor
from atomsim.dynamics import start
from atomsim.errors import InputError
from atomsim.formats.trajectory import create_trajectory, read_trajectory
from atomsim.pairs import PairInteraction
from atomsim.potentials import get_model

SINGLE = 2e-4  # what single precision leaves of sums over 60 atoms with phases up to 100
EDGE, N_ATOMS, FRAMES = 6.0, 60, 9
TIMES = np.array([0.0, 1, 2, 3, 5, 8, 13, 21, 34])


def moving(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, not wrapped, cell and species of a small alloy whose atoms walk through the faces of the box."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.25, (FRAMES, N_ATOMS, 3))
    return rng.random((N_ATOMS, 3)) * EDGE + np.cumsum(steps, axis=0), np.eye(3) * EDGE, np.repeat([0, 1], 30)


def write_dump(path: Path, positions_tnc: np.ndarray, cell_cc: np.ndarray, species_n: np.ndarray, columns: str) -> None:
    """A LAMMPS dump with shuffled atoms and a box that does not begin at zero."""
    low, order = -1.5, np.random.default_rng(0).permutation(N_ATOMS)
    image = np.floor(positions_tnc / EDGE).astype(int)
    with path.open("w") as out:
        for t, frame in enumerate(positions_tnc):
            out.write(f"ITEM: TIMESTEP\n{int(TIMES[t])}\nITEM: NUMBER OF ATOMS\n{N_ATOMS}\nITEM: BOX BOUNDS pp pp pp\n")
            out.write(f"{low} {low + EDGE}\n" * 3 + f"ITEM: ATOMS id type {columns}\n")
            for n in order:
                place = frame[n] + low - ("x " in columns) * image[t, n] * EDGE
                flags = image[t, n] if "ix" in columns else ()
                out.write(
                    " ".join(map(repr, [int(n) + 1, int(species_n[n]) + 1, *map(float, place), *map(int, flags)]))
                )
                out.write("\n")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same trajectory in all formats."""
    folder = tmp_path_factory.mktemp("trajectories")
    positions_tnc, cell_cc, species_n = moving()
    names = {
        "flags": "flags.lammpstrj", "unwrapped": "unwrapped.lammpstrj", "wrapped": "wrapped.lammpstrj",
        "h5md": "ours.h5md", "extxyz": "frames.extxyz", "xtc": "frames.xtc",
    }  # fmt: skip
    paths = {key: folder / name for key, name in names.items()}
    write_dump(paths["flags"], positions_tnc, cell_cc, species_n, "x y z ix iy iz")
    write_dump(paths["unwrapped"], positions_tnc, cell_cc, species_n, "xu yu zu")
    write_dump(paths["wrapped"], positions_tnc, cell_cc, species_n, "x y z")
    interaction = PairInteraction(
        get_model("lerner-binary"), cell_cc=cell_cc, periodic_c=np.ones(3, np.int64), species_n=species_n,
        size_n=np.ones(N_ATOMS),
    )  # fmt: skip
    state = start(interaction, positions_tnc[0], temperature=0.1, rng=np.random.default_rng(0))
    images = []
    with create_trajectory(paths["h5md"], interaction, np.ones(N_ATOMS)) as writer:
        for t, frame in enumerate(positions_tnc):
            writer.append(replace(state, positions_nc=frame, step=int(TIMES[t]), time=float(TIMES[t])))
            atoms = ase.Atoms(["Cu"] * 30 + ["Zr"] * 30, positions=frame, cell=cell_cc, pbc=True)
            atoms.info["time"] = float(TIMES[t])
            images.append(atoms)
    ase.io.write(paths["extxyz"], images, format="extxyz")
    universe = open_universe(paths["extxyz"])
    with MDAnalysis.coordinates.XTC.XTCWriter(str(paths["xtc"]), N_ATOMS, precision=7) as xtc:
        for ts in universe.trajectory:
            ts.time = float(TIMES[ts.frame])
            xtc.write(universe.atoms)
    return paths


def opened(files: dict[str, Path], kind: str) -> Any:
    return open_universe(files[kind], files["extxyz"] if kind == "xtc" else None)


ALL_KINDS = ("flags", "unwrapped", "h5md", "extxyz", "xtc")


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_all_formats_give_the_same_numbers(files: dict[str, Path], kind: str) -> None:
    positions_tnc, cell_cc, species_n = moving()
    universe = opened(files, kind)
    found = StructureFactors(universe, longest=8.0).run().results
    exact = np.mean([structure_factor(p, cell_cc, species_n, longest=8.0).intensity_ssb for p in positions_tnc], axis=0)
    assert found.structure_factor.intensity_ssb == pytest.approx(exact, abs=SINGLE)
    assert found.times == pytest.approx(TIMES)
    motion = Motion(universe, wave_number=2.0, overlap_length=0.5, moved_length=0.5).run().results
    lags = displacement.lags_between(TIMES)
    assert motion.lag == pytest.approx(lags.lag_l)
    for place, pairs in enumerate(lags.pairs_l):
        moved = displacement.displacements(positions_tnc, pairs)
        assert motion.mean_square_displacement[place] == pytest.approx(
            displacement.mean_square_displacement(moved).mean(), rel=SINGLE
        )
        assert motion.scattering[place] == pytest.approx(
            displacement.self_intermediate_scattering(moved, 2.0).mean(), abs=SINGLE
        )


def test_our_own_reader_keeps_double_precision(files: dict[str, Path]) -> None:
    assert np.array_equal(read_trajectory(files["h5md"]).positions_tnc, moving()[0])


@pytest.mark.parametrize("quantity", [name for name in QUANTITIES if name != "order"])
def test_quantities_agree_between_dump_and_h5md(files: dict[str, Path], quantity: str) -> None:
    settings = Settings(window=(4.0, 7.0), longest=9.0, width=0.5, length=1.5, wave_number=3.0)
    ours, dump = (measure([opened(files, kind)], quantity, settings) for kind in ("h5md", "flags"))
    assert list(ours.columns) == [name.replace("_1", "_0").replace("_2", "_1") for name in dump.columns] or list(
        ours.columns
    ) == list(dump.columns)
    for mine, theirs in zip(ours.columns.values(), dump.columns.values(), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("kind", ["flags", "h5md", "extxyz"])
def test_processes_give_what_one_gives(files: dict[str, Path], kind: str) -> None:
    universe = opened(files, kind)
    for analysis in (
        lambda: StructureFactors(universe, longest=5.0),
        lambda: PairDistributions(universe, bins=20),
        lambda: Motion(universe, wave_number=2.0, overlap_length=0.5, moved_length=0.5),
    ):
        one = analysis().run().results
        two = analysis().run(backend="multiprocessing", n_workers=2).results
        assert np.array_equal(one.times, two.times) and np.array_equal(one.frames, two.frames)
        for name in set(one) - {"rows", "clock", "structure_factor"}:
            assert np.array_equal(one[name], two[name], equal_nan=True), name


def test_wrapped_dump_is_explained_and_continued(files: dict[str, Path]) -> None:
    universe = open_universe(files["wrapped"])
    settings = Settings(wave_number=2.0, length=0.5)
    with pytest.raises(InputError, match=r"wrapped into the box, without image flags: atom \d+ goes from"):
        measure([universe], "displacement", settings)
    near = measure([universe], "displacement", Settings(wave_number=2.0, length=0.5, unwrap="nearest"))
    plain = measure([opened(files, "flags")], "displacement", settings)
    assert near.columns["mean_square_displacement"] == pytest.approx(
        plain.columns["mean_square_displacement"], rel=SINGLE
    )
    found = measure([universe], "structure-factor", Settings(longest=5.0))
    assert len(found.columns["s_nn"]) > 5  # structure needs no unwrapping


def test_frames_are_chosen(files: dict[str, Path]) -> None:
    found = measure([opened(files, "h5md")], "displacement", Settings(frames=slice(1, 8, 3), origins="first"))
    assert found.columns["time"] == pytest.approx([4.0, 20.0])
    with pytest.raises(InputError, match="no frame"):
        measure([opened(files, "h5md")], "displacement", Settings(frames=slice(20, None)))
    with pytest.raises(InputError, match="1 frames"):
        measure([opened(files, "h5md")], "displacement", Settings(frames=slice(0, 1)))
    with pytest.raises(InputError, match="compares two"):
        measure([opened(files, "h5md")], "relaxation-parameter", Settings(frames=slice(0, 1), window=(4.0, 7.0)))


def test_triclinic_image_flags_follow_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "tilted.lammpstrj"
    lines = []
    for step, flags in ((0, "0 0 0"), (10, "0 1 -1")):
        lines += ["ITEM: TIMESTEP", str(step), "ITEM: NUMBER OF ATOMS", "2", "ITEM: BOX BOUNDS xy xz yz pp pp pp"]
        lines += ["0 7.5 1.0", "0 5.0 0.5", "0 4.0 0.0", "ITEM: ATOMS id type x y z ix iy iz"]
        lines += ["1 1 1.0 1.0 1.0 0 0 0", f"2 1 2.0 1.5 1.0 {flags}"]
    path.write_text("\n".join(lines) + "\n")
    universe = open_universe(path, time_step=0.5)
    universe.trajectory[1]
    frame = frame_of(universe.trajectory.ts)
    assert frame.cell_cc == pytest.approx(np.array([[6.0, 0, 0], [1.0, 5, 0], [0.5, 0, 4]]), abs=1e-5)
    assert frame.positions_nc[1] == pytest.approx(np.array([2.5, 6.5, -3.0]), abs=1e-5)
    assert universe.trajectory.ts.time == 5.0


def test_unwrapped_columns_go_before_wrapped_ones(tmp_path: Path) -> None:
    path = tmp_path / "both.lammpstrj"
    lines = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", "1", "ITEM: BOX BOUNDS pp pp pp", *["0 5"] * 3]
    path.write_text("\n".join([*lines, "ITEM: ATOMS id type x y z xu yu zu", "1 1 1 2 3 11 2 -7"]) + "\n")
    assert frame_of(open_universe(path).trajectory.ts).positions_nc == pytest.approx(np.array([[11.0, 2.0, -7.0]]))


def test_species_come_from_types_or_elements(files: dict[str, Path]) -> None:
    assert species_of(opened(files, "extxyz"))[1] == ("Cu", "Zr")
    index_n, names = species_of(opened(files, "flags"))
    assert names == ("1", "2") and np.array_equal(index_n, moving()[2])
    assert species_of(opened(files, "h5md"))[1] == ("0", "1")


def test_bad_trajectories_are_refused(tmp_path: Path, files: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_universe(tmp_path / "missing.xtc")
    noise = tmp_path / "noise.xtc"
    noise.write_bytes(b"not a trajectory at all")
    with pytest.raises(InputError, match="cannot be read as a trajectory"):
        open_universe(noise)
    with pytest.raises(InputError, match="units"):
        open_universe(files["h5md"], units="feet")
    text = files["flags"].read_text().splitlines(keepends=True)
    broken = tmp_path / "nan.lammpstrj"
    words = text[9 + N_ATOMS + 9].split()
    text[9 + N_ATOMS + 9] = " ".join([*words[:2], "nan", *words[3:]]) + "\n"
    broken.write_text("".join(text))
    with pytest.raises(InputError, match=r"frame 1: atom .* expected finite"):
        measure([open_universe(broken)], "structure-factor", Settings(longest=5.0))


def test_rotated_cells_of_extended_xyz_are_refused(tmp_path: Path) -> None:
    atoms = ase.Atoms("CuZr", positions=[[0, 0, 0], [1, 1, 1]], cell=[[0, 3, 0], [3, 0, 0], [0, 0, 3]], pbc=True)
    ase.io.write(tmp_path / "r.extxyz", atoms)
    with pytest.raises(InputError, match="standard_form"):
        open_universe(tmp_path / "r.extxyz")


def test_replicas_must_agree(files: dict[str, Path]) -> None:
    settings = Settings(window=(4.0, 7.0), longest=9.0)
    pair = [opened(files, "h5md"), opened(files, "flags")]
    found = measure(pair, "relaxation-parameter", settings)
    assert found.numbers["replicas"] == 2 and found.columns["relaxation_parameter"][0] == 0
    assert found.columns["noise_bias"] == pytest.approx(np.zeros(FRAMES), abs=1e-3)  # twice the same trajectory
    with pytest.raises(InputError, match="one at a time"):
        measure(pair, "overlap", settings)
    with pytest.raises(InputError, match="did you mean 'overlap'"):
        measure(pair[:1], "overlaps", settings)
    with pytest.raises(InputError, match="the box resolves"):
        measure(pair[:1], "relaxation-parameter", Settings(window=(4.0, 4.05), longest=9.0))
