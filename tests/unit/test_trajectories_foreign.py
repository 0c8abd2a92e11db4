"""Files as other programs write them: H5MD after the standard, truncated dumps, XTC, and the units they are read in."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import MDAnalysis
import numpy as np
import pytest

from analysis.excitations.alloy import Alloy
from analysis.excitations.shells import _minima, shells_from_minima
from analysis.excitations.short_range_order import short_range_order
from analysis.trajectories import analyses
from analysis.trajectories.analyses import Motion, PairDistributions, StructureFactors
from analysis.trajectories.lammps_dump import end_of_dump
from analysis.trajectories.quantities import Settings, measure
from analysis.trajectories.reading import frame_of, open_universe, remarks_of, species_of, units_of
from atomsim.errors import InputError, MissingExtra
from atomsim.quench import QuenchParameters, make_glass

N_ATOMS, FRAMES, EDGE = 20, 5, 4.0
SINGLE = 1e-5  # single precision of positions of a few units
NM = 10.0  # in ångström


def walk(seed: int = 1) -> np.ndarray:
    """Positions, not wrapped, of atoms that walk through the faces of a cube."""
    rng = np.random.default_rng(seed)
    return rng.random((N_ATOMS, 3)) * EDGE + np.cumsum(rng.normal(0, 0.4, (FRAMES, N_ATOMS, 3)), axis=0)


def h5md(path: Path, write: Callable[[h5py.Group], None] = lambda group: None, *, group: str = "all") -> Path:
    """A minimal file after the standard 1.1: header, box with boundary, positions; ``write`` adds the rest."""
    with h5py.File(path, "w") as file:
        header = file.create_group("h5md")
        header.attrs["version"] = np.array([1, 1])
        header.create_group("author").attrs["name"] = "somebody"
        creator = header.create_group("creator")
        creator.attrs["name"], creator.attrs["version"] = "another program", "3"
        particles = file.create_group(f"particles/{group}")
        box = particles.create_group("box")
        box.attrs["dimension"] = 3
        box.attrs["boundary"] = np.array([b"periodic"] * 3)
        particles.create_group("position")["value"] = walk()
        write(particles)
    return path


def steps(group: h5py.Group) -> None:
    group["position/step"] = np.arange(FRAMES) * 10
    group["position/time"] = np.arange(FRAMES) * 0.5


def fixed_box(group: h5py.Group) -> None:
    group["box/edges"] = np.full(3, EDGE)


def test_h5md_with_fixed_box_and_bare_units(tmp_path: Path) -> None:
    def write(group: h5py.Group) -> None:
        steps(group)
        fixed_box(group)
        group["species"] = np.repeat([3, 7], N_ATOMS // 2)
        group["mass"] = np.full(N_ATOMS, 2.5)

    universe = open_universe(h5md(tmp_path / "a.h5", write))
    assert species_of(universe)[1] == ("3", "7") and universe.atoms.masses == pytest.approx(2.5)
    for ts, expected in zip(universe.trajectory, walk(), strict=True):
        frame = frame_of(ts)
        assert frame.positions_nc == pytest.approx(expected, abs=SINGLE)
        assert frame.cell_cc == pytest.approx(np.eye(3) * EDGE)
        assert ts.time == 0.5 * ts.frame and ts.data["step"] == 10 * ts.frame
    units = units_of(universe)
    assert (units.length, units.time) == ("unit of length", "unit of time") and "no unit for length" in units.reason


@pytest.mark.parametrize("boundary", ["cuboid", "triclinic"])
def test_h5md_with_units_and_moving_box_comes_in_angstrom(tmp_path: Path, boundary: str) -> None:
    cell_cc = np.diag([4.0, 4.5, 5.0]) + (boundary == "triclinic") * np.array([[0, 0, 0], [0.5, 0, 0], [0.2, -0.4, 0]])

    def write(group: h5py.Group) -> None:
        steps(group)
        edges = cell_cc[None] * (1 + 0.1 * np.arange(FRAMES))[:, None, None]
        group["box/edges/value"] = np.diagonal(edges, axis1=1, axis2=2) if boundary == "cuboid" else edges
        group["box/edges/step"], group["box/edges/time"] = group["position/step"], group["position/time"]
        group["position/value"].attrs["unit"] = "nm"
        group["position/time"].attrs["unit"] = "fs"
        kinds = h5py.enum_dtype({"Cu": 29, "Zr": 40}, basetype="i")
        group.create_dataset("species", data=np.repeat([40, 29], N_ATOMS // 2), dtype=kinds)

    universe = open_universe(h5md(tmp_path / "a.h5md", write))
    assert species_of(universe)[1] == ("Cu", "Zr")
    for ts, expected in zip(universe.trajectory, walk(), strict=True):
        frame = frame_of(ts)
        assert frame.positions_nc == pytest.approx(NM * expected, abs=NM * SINGLE)
        assert frame.cell_cc == pytest.approx(NM * cell_cc * (1 + 0.1 * ts.frame), rel=1e-5, abs=1e-4)
        assert ts.time == pytest.approx(0.5e-3 * ts.frame)
    assert (units_of(universe).length, units_of(universe).time) == ("Å", "ps")
    bare = open_universe(tmp_path / "a.h5md", units="reduced")
    assert frame_of(bare.trajectory.ts).positions_nc == pytest.approx(walk()[0], abs=SINGLE)
    assert units_of(bare).length == "sigma"


def test_h5md_without_times_counts_increments_or_frames(tmp_path: Path) -> None:
    universe = open_universe(h5md(tmp_path / "bare.h5md", fixed_box), time_step=0.25)
    assert [ts.time for ts in universe.trajectory] == pytest.approx(0.25 * np.arange(FRAMES))
    assert units_of(open_universe(tmp_path / "bare.h5md")).time == "frame"

    def write(group: h5py.Group) -> None:
        fixed_box(group)
        for name, rise, offset in (("step", 100, 700), ("time", 0.2, 1.4)):
            group[f"position/{name}"] = rise
            group[f"position/{name}"].attrs["offset"] = offset

    universe = open_universe(h5md(tmp_path / "linear.h5md", write))
    assert [ts.time for ts in universe.trajectory] == pytest.approx(1.4 + 0.2 * np.arange(FRAMES))
    assert [ts.data["step"] for ts in universe.trajectory] == list(range(700, 1200, 100))


def test_h5md_image_flags_unwrap_in_a_tilted_box(tmp_path: Path) -> None:
    cell_cc = np.array([[4.0, 0, 0], [0.5, 4.0, 0], [-0.3, 0.7, 4.0]])
    image_tnc = np.floor(walk() @ np.linalg.inv(cell_cc)).astype(int)

    def write(group: h5py.Group) -> None:
        steps(group)
        group["box/edges"] = cell_cc
        group["position/value"][...] = walk() - image_tnc @ cell_cc
        group["image/value"], group["image/step"] = image_tnc, group["position/step"]
        group["position/value"].attrs["unit"] = "nm"

    assert np.any(image_tnc[-1] != image_tnc[0])
    universe = open_universe(h5md(tmp_path / "a.h5md", write))
    for ts, expected in zip(universe.trajectory, walk(), strict=True):
        assert frame_of(ts).positions_nc == pytest.approx(NM * expected, abs=10 * NM * SINGLE)
    moved = Motion(universe, wave_number=0.2, overlap_length=5.0, moved_length=5.0).run().results
    exact = (walk()[-1] - walk()[0]) - (walk()[-1] - walk()[0]).mean(axis=0)
    assert moved.mean_square_displacement[-1] == pytest.approx(NM**2 * np.mean(np.sum(exact**2, axis=1)), rel=1e-4)


def test_h5md_units_of_their_own_keep_their_name(tmp_path: Path) -> None:
    def write(group: h5py.Group) -> None:
        steps(group)
        fixed_box(group)
        group["position/value"].attrs["unit"] = np.bytes_(b"bohr")

    universe = open_universe(h5md(tmp_path / "a.h5md", write))
    assert units_of(universe).length == "bohr"
    assert frame_of(universe.trajectory.ts).positions_nc == pytest.approx(walk()[0], abs=SINGLE)
    with pytest.raises(InputError, match="'bohr' cannot be converted"):
        open_universe(tmp_path / "a.h5md", units="real")


def test_h5md_open_boundaries_have_no_box(tmp_path: Path) -> None:
    def write(group: h5py.Group) -> None:
        fixed_box(group)
        group["box"].attrs["boundary"] = np.array([b"periodic", b"periodic", b"none"])

    universe = open_universe(h5md(tmp_path / "a.h5md", write))
    with pytest.raises(InputError, match="needs a periodic box"):
        measure([universe], "structure-factor", Settings())


def _second_group(group: h5py.Group) -> None:
    group.parent.create_group("wall")


def _no_values(group: h5py.Group) -> None:
    del group["position/value"]


def _flat(group: h5py.Group) -> None:
    group["box"].attrs["dimension"] = 2


def _short(group: h5py.Group) -> None:
    group["image/value"] = np.zeros((FRAMES - 2, N_ATOMS, 3), int)


def _few_species(group: h5py.Group) -> None:
    group["species"] = np.zeros(N_ATOMS - 1, int)


def _reacting(group: h5py.Group) -> None:
    group["species/value"] = np.eye(FRAMES, N_ATOMS, dtype=int)


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        (_second_group, r"2 groups of particles \(all, wall\)"),
        (_no_values, "no dataset position/value"),
        (_flat, "not of dimension 3"),
        (_short, r"5 frames of positions, but 3 of image/value"),
        (_few_species, r"species has shape \(19,\)"),
        (_reacting, "atom 0 changes its species"),
    ],
)
def test_h5md_files_that_cannot_be_read_are_explained(
    tmp_path: Path, write: Callable[[h5py.Group], None], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        open_universe(h5md(tmp_path / "a.h5md", write))
    assert "a.h5md" in str(caught.value)


def test_h5md_runs_on_several_processes(tmp_path: Path) -> None:
    universe = open_universe(h5md(tmp_path / "a.h5md", lambda group: (steps(group), fixed_box(group))))
    one, two = (
        StructureFactors(universe, longest=5.0).run(**options).results
        for options in ({}, {"backend": "multiprocessing", "n_workers": 2})
    )
    assert np.array_equal(one.number_number, two.number_number) and one.times == pytest.approx(two.times)


def test_h5md_takes_species_from_a_topology(tmp_path: Path) -> None:
    universe = MDAnalysis.Universe.empty(N_ATOMS, trajectory=True)
    universe.add_TopologyAttr("names", ["C", "O"] * (N_ATOMS // 2))
    universe.atoms.write(str(tmp_path / "top.xyz"))
    path = h5md(tmp_path / "a.h5md", lambda group: (steps(group), fixed_box(group)))
    found = open_universe(path, tmp_path / "top.xyz")
    assert species_of(found)[1] == ("C", "O")
    assert frame_of(found.trajectory.ts).positions_nc == pytest.approx(walk()[0], abs=SINGLE)


# --- units of other formats -----------------------------------------------------------------------------------


def xtc_pair(folder: Path) -> tuple[Path, Path]:
    """A topology and an XTC file, which holds nanometres, of the walk in ångström."""
    universe = MDAnalysis.Universe.empty(N_ATOMS, trajectory=True)
    universe.add_TopologyAttr("names", ["C"] * N_ATOMS)
    with MDAnalysis.coordinates.XTC.XTCWriter(str(folder / "a.xtc"), N_ATOMS, precision=7) as writer:
        for t, frame in enumerate(walk()):
            universe.atoms.positions, universe.dimensions = frame, [EDGE] * 3 + [90] * 3
            universe.trajectory.ts.time = 0.5 * t
            writer.write(universe.atoms)
    universe.atoms.write(str(folder / "top.xyz"))
    return folder / "a.xtc", folder / "top.xyz"


def test_xtc_comes_in_angstrom_or_as_it_stands(tmp_path: Path) -> None:
    path, topology = xtc_pair(tmp_path)
    real, bare = (open_universe(path, topology, units=units) for units in ("auto", "reduced"))
    real.trajectory[2], bare.trajectory[2]
    assert frame_of(real.trajectory.ts).positions_nc == pytest.approx(walk()[2], abs=1e-4)
    assert NM * frame_of(bare.trajectory.ts).positions_nc == pytest.approx(walk()[2], abs=1e-4)
    assert NM * frame_of(bare.trajectory.ts).cell_cc == pytest.approx(np.eye(3) * EDGE)
    units = units_of(real)
    assert (units.length, units.time) == ("Å", "ps") and "holds nm and ps" in units.reason
    assert units_of(bare).length == "sigma"
    with pytest.raises(InputError, match="expected the same unit"):
        measure([real, bare], "relaxation-parameter", Settings(window=(4.0, 7.0)))


def dump(path: Path, text: Callable[[str], str] = lambda text: text, columns: str = "xu yu zu") -> Path:
    lines = []
    for t, frame in enumerate(walk()):
        lines += ["ITEM: TIMESTEP", str(100 * t), "ITEM: NUMBER OF ATOMS", str(N_ATOMS)]
        lines += ["ITEM: BOX BOUNDS pp pp pp", *[f"0 {EDGE}"] * 3, f"ITEM: ATOMS id type {columns}"]
        lines += [f"{n + 1} {n % 2 + 1} " + " ".join(f"{x:.6f}" for x in place) for n, place in enumerate(frame)]
    path.write_text(text("\n".join(lines) + "\n"))
    return path


def test_dump_says_that_it_names_no_units(tmp_path: Path) -> None:
    path = dump(tmp_path / "a.lammpstrj")
    assert (units_of(open_universe(path)).length, units_of(open_universe(path)).time) == ("unit of length", "step")
    told = units_of(open_universe(path, units="real", time_step=0.002))
    assert (told.length, told.time) == ("Å", "ps") and "on request" in told.reason
    answer = measure([open_universe(path, time_step=0.002)], "displacement", Settings(wave_number=1.0, length=1.0))
    assert answer.numbers["units"] == ["unit of length", "unit of time"] and answer.columns["time"][0] == 0.2


@pytest.mark.parametrize(
    ("cut", "atoms"),
    [
        (lambda text: text[: text.rindex("\n11 ") + 1], 10),  # between two lines of atoms
        (lambda text: text[: text.rindex("\n15 ") + 6], 14),  # within a line
        (lambda text: text[:-2], 19),  # the last digit is missing: no reader of lines could see it
        (lambda text: text[:-9] + "\n", 20),  # the last line lacks a column
        (lambda text: text[: text.rindex("ITEM: BOX") + 30], 0),  # within the header
        (lambda text: text[: text.rindex("ITEM: NUMBER")], 0),
    ],
)
def test_truncated_last_frame_of_a_dump_is_told_and_left_out(
    tmp_path: Path, cut: Callable[[str], str], atoms: int
) -> None:
    path = dump(tmp_path / "a.lammpstrj", cut)
    universe = open_universe(path)
    assert len(universe.trajectory) == FRAMES - 1
    (remark,) = remarks_of(universe)
    assert f"{atoms} of {N_ATOMS} lines of atoms are whole" in remark and str(path) in remark
    answer = measure([universe], "displacement", Settings(wave_number=1.0, length=1.0))
    assert remark in answer.remarks and answer.numbers["n_frames"] == FRAMES - 1
    whole = measure([open_universe(dump(tmp_path / "b.lammpstrj"))], "displacement", Settings(wave_number=1, length=1))
    assert answer.columns["mean_square_displacement"][0] == pytest.approx(
        np.mean([np.var(b - a, axis=0).sum() for a, b in zip(walk()[:3], walk()[1:4], strict=True)]), rel=1e-4
    )
    assert remarks_of(open_universe(tmp_path / "b.lammpstrj")) == () and whole.remarks == ()
    assert end_of_dump(tmp_path / "b.lammpstrj", N_ATOMS).complete


def test_dump_of_one_truncated_frame_is_refused(tmp_path: Path) -> None:
    path = dump(tmp_path / "a.lammpstrj", lambda text: text[: text.index("\n12 ") + 1])
    with pytest.raises(InputError, match="the only frame is truncated, 11 of 20"):
        open_universe(path)


def test_dumps_that_change_or_are_damaged_inside_are_refused(tmp_path: Path) -> None:
    def fewer(text: str) -> str:
        start = text.rindex("ITEM: TIMESTEP")
        return text[:start] + text[start:].replace(f"ATOMS\n{N_ATOMS}\n", f"ATOMS\n{N_ATOMS - 1}\n")

    with pytest.raises(InputError, match="20 atoms in the first frame and 19 in the last"):
        open_universe(dump(tmp_path / "a.lammpstrj", fewer))

    def without_atom(text: str) -> str:
        start = text.index("ITEM: TIMESTEP", len(text) // 2)
        lost = text.index("\n9 1 ", start)
        return text[:lost] + text[text.index("\n", lost + 1) :]

    with pytest.raises(InputError, match=r"b\.lammpstrj: frame \d is damaged"):
        measure(
            [open_universe(dump(tmp_path / "b.lammpstrj", without_atom))],
            "displacement",
            Settings(wave_number=1.0, length=1.0),
        )
    with pytest.raises(InputError, match="ITEM: UNITS"):
        open_universe(dump(tmp_path / "c.lammpstrj", lambda text: "ITEM: UNITS\nlj\n" + text))


# --- backends and shells --------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["multiprocessing", "dask"])
def test_backends_give_what_one_process_gives(tmp_path: Path, backend: str) -> None:
    universe = open_universe(dump(tmp_path / "a.lammpstrj"))
    serial = PairDistributions(universe, bins=10).run().results
    if backend == "dask":  # processes that are forked start without importing everything again
        dask = pytest.importorskip("dask")
        dask.config.set({"multiprocessing.context": "fork"})
    shared = PairDistributions(universe, bins=10).run(backend=backend, n_workers=2).results
    assert np.array_equal(serial.partial, shared.partial) and np.array_equal(serial.times, shared.times)
    named = measure([universe], "pair-distribution", Settings(backend=backend, workers=2))
    alone = measure([universe], "pair-distribution", Settings(backend="serial"))
    assert np.array_equal(named.columns["g"], alone.columns["g"])


def test_missing_dask_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    universe = open_universe(dump(tmp_path / "a.lammpstrj"))
    real = importlib.util.find_spec
    monkeypatch.setattr(analyses.importlib.util, "find_spec", lambda name: None if name == "dask" else real(name))
    with pytest.raises(MissingExtra, match=r"atomsim\[dask\]"):
        PairDistributions(universe).run(backend="dask", n_workers=2)
    with pytest.raises(InputError, match="did you mean 'dask'"):
        PairDistributions(universe).run(backend="dusk")
    with pytest.raises(InputError, match="'serial' with 2 workers"):
        measure([universe], "pair-distribution", Settings(backend="serial", workers=2))


def glass(model: str, seed: int) -> Any:
    parameters = QuenchParameters(model, 256, temperature=3.0, melt_time=2.0)
    return make_glass(parameters, np.random.default_rng(seed))


@pytest.mark.parametrize(("model", "end"), [("lerner-binary", 1.58), ("kob-andersen", 1.37)])
def test_first_shell_of_an_alloy_holds_all_sizes(model: str, end: float) -> None:
    glasses = [glass(model, seed) for seed in range(1, 5)]
    alloys = [Alloy(one.positions_nc, one.cell_cc, one.species_n) for one in glasses]
    shells = shells_from_minima(alloys, count=2)
    # the first minimum of g(r) behind the neighbours of all sizes, read off a plot; the sizes part g(r) well before;
    # that of one glass of this size scatters by 0.06
    assert shells.r_max_s[0] == pytest.approx(end, abs=0.06)
    coordination_s = np.mean([short_range_order(alloy, shells).coordination_s for alloy in alloys], axis=0)
    assert 11.5 < coordination_s[0] < 14.5 and 42 < coordination_s[1] < 54


def test_split_second_maximum_is_one_shell() -> None:
    edges_r = np.linspace(0.0, 3.0, 301)
    r = 0.5 * (edges_r[1:] + edges_r[:-1])
    heights = [(0.0, 0), (0.85, 0), (1.07, 3), (1.5, 0.4), (1.75, 1.7), (2.0, 1.1), (2.25, 1.7), (2.6, 0.7), (3.0, 1.2)]
    ends = _minima(edges_r, np.interp(r, *zip(*heights, strict=True)), 100.0)
    assert ends == pytest.approx([1.5, 2.6], abs=0.03)  # not 2.0: neighbours there are more than the mean density


def test_shells_of_displaced_crystals_stay_apart() -> None:
    corner = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    sites = {"fcc": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]], "bcc": [[0, 0, 0], [0.5, 0.5, 0.5]]}
    rng = np.random.default_rng(2)
    for name, expected, shift in (("fcc", [12, 6, 24], 0.01), ("bcc", [8, 6, 12], 0.002)):
        places_nc = (corner + np.array(sites[name])).reshape(-1, 3)
        moved_nc = places_nc + rng.normal(0, shift, places_nc.shape)
        alloy = Alloy(moved_nc, 4 * np.eye(3), np.arange(len(moved_nc)) % 2)
        found = short_range_order(alloy, shells_from_minima([alloy], count=3)).coordination_s
        assert found == pytest.approx(expected)
