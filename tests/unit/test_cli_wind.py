"""The verb wind and its figures: JSON keys, known numbers, messages, exit status, what is drawn."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
from ase.build import bulk
from scatterers import DELTA, K
from verbs import Command, command_line

from analysis.commands.wind_document import warnings
from analysis.multiple_scattering.convergence import Convergence
from analysis.multiple_scattering.environment import directions_of, environment
from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.phase_shifts import phase_shift_table
from analysis.multiple_scattering.structures import vacancy_jump
from analysis.multiple_scattering.wind_configuration import wind_forces
from analysis.multiple_scattering.wind_input import given_input, metal_input
from analysis.multiple_scattering.wind_resistivity import ChosenResistivity
from analysis.plotting import wind as figures
from analysis.plotting import wind_convergence as convergence_figures
from atomsim.formats import write_glass
from atomsim.quench import Glass

SHIFTS = "k_fermi = 1.75\n[species.Al]\ndelta = [0.5, 0.3, 0.05]\n"
POSITIONS = np.array([[0.0, 0, 0], [2.8, 0, 0], [0, 3.0, 0.4], [2.5, 2.6, 1.0]])


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the verb in this process: exit status, standard output, standard error."""
    return command_line(capsys, "wind", after=("--workers", 1))


@pytest.fixture
def shifts(tmp_path: Path) -> Path:
    path = tmp_path / "shifts.toml"
    path.write_text(SHIFTS)
    return path


def written(tmp_path: Path, atoms: ase.Atoms, name: str = "ions.xyz") -> Path:
    ase.io.write(tmp_path / name, atoms)
    return tmp_path / name


def test_wind_prints_the_known_numbers_of_one_ion(command, tmp_path, shifts):
    one = written(tmp_path, ase.Atoms("Al"))
    status, out, _ = command(one, "--phase-shifts", shifts, "--resistivity", "2", "--json")
    document = json.loads(out)
    assert status == 0 and document["k_fermi"] == 1.75
    assert {"k_fermi", "unit", "ions", "sum_sigma", "transport_sigma", "friedel_sum", "checks"} <= set(document)
    (ion,) = document["ions"]
    assert np.array(ion["sigma"]) == pytest.approx(0.695021 * np.eye(3), abs=1e-6) and ion["index"] == 0
    assert np.array(ion["z_wind"]) == pytest.approx(-49.968 / 2 * np.eye(3), abs=1e-3)
    assert document["friedel_sum"] == pytest.approx(1.050423, abs=1e-6)
    assert np.array(document["transport_sigma"]) == pytest.approx(np.array(document["sum_sigma"]), rel=1e-9)
    assert document["unit"]["position"] == "angstrom" and document["unit"]["sigma"] == "angstrom^2"
    status, out, err = command(one, "--phase-shifts", shifts)
    assert status == 0 and "no resistivity is known" in err and "one cluster of all ions" in out


def test_wind_takes_the_ions_asked_for(command, tmp_path, shifts):
    few = written(tmp_path, ase.Atoms("Al4", POSITIONS, cell=[9.0] * 3, pbc=True))
    arguments = (few, "--phase-shifts", shifts, "--json")
    status, out, _ = command(*arguments, "--radius", "inf")
    everyone = json.loads(out)
    assert status == 0 and everyone["checks"]["hold"] and everyone["checks"]["sum_rule"] < 1e-9
    assert everyone["radius"] == "inf" and everyone["resistivity"]["source"].startswith("wind on all ions")
    table = phase_shift_table(K, {"Al": DELTA})
    expected = wind_forces(given_input(ase.Atoms("Al4", POSITIONS), table).configuration)
    assert np.array([ion["sigma"] for ion in everyone["ions"]]) == pytest.approx(expected.sigma_ncc, rel=1e-9)
    status, out, _ = command(*arguments, "--radius", "inf", "--ions", "2,1", "--lmax", "1", "--k-fermi", "1.5")
    some = json.loads(out)
    assert [ion["index"] for ion in some["ions"]] == [2, 1] and some["l_max"] == 1 and some["wave_number"] == 1.5
    assert some["ions"][0]["z_wind"] is None
    status, out, _ = command(*arguments, "--radius", "4.5", "--ions", "3")
    local = json.loads(out)
    assert local["transport_sigma"] is None and local["ions"][0]["error_radius"] > 0 and local["radius"] == 4.5


def test_wind_of_a_glass_of_ours_is_scaled_and_knows_its_soft_modes(command, tmp_path, small_glass: Glass):
    path = tmp_path / "glass.h5"
    write_glass(path, small_glass)
    figure = tmp_path / "wind.svg"
    some = ",".join(map(str, range(0, 60, 5)))
    arguments = (path, "--metal", "na", "--radius", "5.5", "--ions", some, "--soft-modes", "4")
    status, out, err = command(*arguments, "--json", "--figure", figure)
    document = json.loads(out)
    assert status == 0 and "to the density of crystalline Na" in err and figure.read_text().startswith("<svg")
    assert any("to the density" in line for line in document["remarks"])
    assert document["resistivity"]["value"] == get_metal("Na").melting_resistivity
    assert all(ion["soft_share"] > 0 and ion["coordination"] > 8 for ion in document["ions"])
    r = document["statistics"]["rank_correlation"]["share in soft modes"]
    assert -1 <= r["value"] <= 1 and 0.3 < r["error"] < 0.5
    status, out, err = command(*arguments, "--relaxation-time", "1e-14")
    assert status == 0 and "relaxation time of 1e-14 s" in out and "rank correlation of tr sigma with" in out


def test_wind_subtracts_a_reference(command, tmp_path):
    jump = vacancy_jump(get_metal("Al"), 2, (0.5,))
    defect, host = written(tmp_path, jump.images[0]), written(tmp_path, jump.host, "host.xyz")
    arguments = ("--metal", "Al", "--reference", host, "--lmax", "1", "--radius", "4.5", "--json")
    status, out, err = command(defect, *arguments, "--ions", jump.jumping)
    document = json.loads(out)
    assert status == 0 and "the ions bring 0.968" in err
    assert document["ions"][0]["sigma"][0][0] > 0 and document["resistivity"]["known"]["ziman_here"] is None
    status, out, _ = command(host, *arguments, "--ions", "0")
    assert not np.array(json.loads(out)["ions"][0]["sigma"]).any()


def test_wind_flags_an_l_max_that_is_too_small(command, tmp_path, shifts):
    few = written(tmp_path, ase.Atoms("Al4", POSITIONS))
    status, out, err = command(few, "--phase-shifts", shifts, "--lmax", "1", "--json")
    document = json.loads(out)
    assert status == 0 and document["checks"]["l_max_too_small"] == [0, 1, 2, 3]
    assert document["ions"][2]["l_max_too_small"] and "too small for the phase shifts of 4 ions: 0, 1, 2, 3" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--metal SYMBOL or --phase-shifts FILE"),
        (("--metal", "Al", "--phase-shifts", "shifts.toml"), "one of them"),
        (("--metal", "Fe"), "unknown metal 'Fe'"),
        (("--metal", "Na"), "ion 0 is Al, expected Na"),
        (("--metal", "Na", "--scale-to-metal"), "has no density"),
        (("--metal", "Al", "--ions", "0,x"), "expected all, or indices"),
        (("--metal", "Al", "--ions", "4"), "ion 4 is asked for: the structure has ions 0 to 3"),
        (("--metal", "Al", "--k-fermi", "0"), "k = 0.0"),
        (("--metal", "Al", "--k-fermi", "nan"), "k = nan"),
        (("--metal", "Al", "--radius", "-2"), "radius = -2.0"),
        (("--metal", "Al", "--lmax", "-1"), "l_max = -1"),
        (("--metal", "Al", "--resistivity", "-1"), "resistivity = -1.0"),
        (("--metal", "Al", "--resistivity", "mine"), "own or measured"),
        (("--metal", "Al", "--resistivity", "own"), "takes all ions of a periodic structure"),
        (("--metal", "Al", "--resistivity", "3", "--relaxation-time", "1e-14"), "one of a resistivity"),
        (("--metal", "Al", "--soft-modes", "0"), "--soft-modes 0"),
        (("--metal", "Al", "--figure", "wind.pdf"), "expected a file .svg or .png"),
        (("--metal", "Al", "--reference", "none.xyz"), "no such file"),
    ],
)
def test_wind_refuses_what_cannot_be(command, tmp_path, arguments, message):
    status, out, err = command(written(tmp_path, ase.Atoms("Al4", POSITIONS)), *arguments)
    assert status == 2 and message in err and not out


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (ase.Atoms("Al2", [[0, 0, 0], [0, 0, 0]]), "ions 0 and 1"),
        (ase.Atoms("Al3", [[0, 0, 0], [2.8, 0, 0], [2.8, 1.0, 0]]), "ion 1: its muffin tin"),
        (ase.Atoms("Al"), "ion 0 has no neighbour"),
    ],
)
def test_wind_names_the_ions_that_cannot_be_muffin_tins(command, tmp_path, atoms, message):
    status, out, err = command(written(tmp_path, atoms), "--metal", "Al")
    assert status == 2 and message in err and not out


def test_wind_names_the_ion_without_phase_shifts(command, tmp_path, shifts):
    mixed = written(tmp_path, ase.Atoms("AlCu", POSITIONS[:2]))
    status, _, err = command(mixed, "--phase-shifts", shifts)
    assert status == 2 and "ion 1 is Cu: no phase shifts for it; given: Al" in err
    shifts.write_text(SHIFTS.replace("0.3", "nan"))
    status, _, err = command(mixed, "--phase-shifts", shifts)
    assert status == 2 and "delta[1]" in err
    together = written(tmp_path, ase.Atoms("Al2", POSITIONS[[0, 0]]))
    shifts.write_text(SHIFTS)
    status, _, err = command(together, "--phase-shifts", shifts)
    assert status == 2 and "ions 0 and 1 are at one place" in err


def test_figures_of_the_wind_draw_what_their_tables_hold():
    given = metal_input(bulk("Al", cubic=True).repeat((2, 2, 1)), get_metal("Al"), l_max=1)
    found, around = wind_forces(given.configuration, radius=3.5), environment(given.configuration)
    figure = figures.figure_wind(found, around, 24.2)
    distribution, arrows, density, coordination = figure.axes
    assert sum(patch.get_height() * patch.get_width() for patch in distribution.patches[:40]) == pytest.approx(1)
    assert "drift along (1, 0, 0)" in arrows.texts[0].get_text()
    line = density.lines[0].get_xydata()
    assert line[:, 0] == pytest.approx(around.density_n) and line[:, 1] == pytest.approx(
        directions_of(found.sigma_ncc).scalar_n
    )
    assert coordination.get_xlabel() == "neighbours"
    table = figures.table_wind(found, around, 24.2)
    assert len(table.rows) == 16 and len(table.header) == len(table.rows[0])
    columns = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    assert columns["sigma_xx [angstrom^2]"] == pytest.approx(found.sigma_ncc[:, 0, 0])
    scalar = np.trace(found.valence_ncc(24.2), axis1=1, axis2=2) / 3
    assert columns["a third of the trace of Z_w [1]"] == pytest.approx(scalar)
    few = wind_forces(given.configuration, [3, 5], radius=3.5)
    ax = figures.plot_distribution(few, np.nan)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["3", "5"] and "sigma" in ax.get_ylabel()


def test_picture_of_a_jump():
    metal = get_metal("Al")
    jump = vacancy_jump(metal, 2, (0.0, 0.5, 1.0))
    inputs = [metal_input(image, metal, l_max=1) for image in jump.images]
    found = [wind_forces(given.configuration, [jump.jumping], radius=3.5) for given in inputs]
    step = jump.images[-1].positions[jump.jumping] - jump.images[0].positions[jump.jumping]
    sigma, error = np.stack([f.sigma_ncc[0] for f in found]), np.array([f.error_n[0] for f in found])
    along, across = figures.jump_curves(np.array(jump.fraction_t), sigma, error, step)
    assert along.y + 2 * across.y == pytest.approx(np.trace(sigma, axis1=1, axis2=2))
    ax = figures.plot_jump(np.array(jump.fraction_t), sigma, error, step)
    assert ax.lines[0].get_ydata() == pytest.approx(along.y) and ax.lines[1].get_ydata() == pytest.approx(across.y)


def test_picture_and_table_of_convergence_hold_the_same_numbers():
    rng = np.random.default_rng(21)
    sigma, error = rng.normal(size=(3, 2, 3, 3)), rng.uniform(0.5, 1.0, (3, 2))
    radius = Convergence(np.array([4, 7]), np.array([3.0, 4.0, 5.0]), np.full(3, 2), sigma, error)
    degree = Convergence(np.array([4, 7]), np.full(2, 4.0), np.array([1, 2]), sigma[:2], 0 * error[:2])
    figure = convergence_figures.figure_convergence(radius, degree)
    by_radius, errors, by_degree, none = figure.axes
    assert by_radius.lines[1].get_xydata() == pytest.approx(
        np.column_stack([radius.radius_r, np.trace(sigma[:, 1], axis1=1, axis2=2) / 3])
    )
    assert by_degree.lines[0].get_xdata().tolist() == [1, 2] and "max" in by_degree.get_xlabel()
    assert errors.lines[0].get_ydata() == pytest.approx(error[:2, 0])
    assert errors.lines[1].get_ydata() == pytest.approx(radius.change_rn[:, 0])
    assert f"{100 * radius.covered_r.mean():.0f} %" in errors.get_title(loc="right")
    assert not none.lines and none.texts
    table = convergence_figures.table_convergence(radius, degree)
    assert len(table.rows) == 10 and len(table.header) == len(table.rows[0])
    columns = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    assert columns["ion"] == (4, 4, 4, 7, 7, 7, 4, 4, 7, 7)
    assert columns["sigma_xy [angstrom^2]"][:3] == pytest.approx(sigma[:, 0, 0, 1])
    assert columns["change to the last [angstrom^2]"][3:5] == pytest.approx(radius.change_rn[:, 1])
    assert np.isnan(columns["change to the last [angstrom^2]"][5])


def test_wind_shows_how_it_converges(command, tmp_path, shifts):
    few = written(tmp_path, ase.Atoms("Al4", POSITIONS))
    figure = tmp_path / "convergence.svg"
    arguments = (few, "--phase-shifts", shifts, "--ions", "0,3", "--radius", "3.6", "--lmax", "1")
    status, out, err = command(*arguments, "--convergence", figure, "--json")
    document = json.loads(out)
    assert status == 0 and figure.read_text().startswith("<svg") and str(tmp_path / "convergence.csv") in err
    rows = document["convergence"]
    assert [row["l_max"] for row in rows] == [1, 1, 1, 1, 1, 1, 2]
    assert [row["radius"] for row in rows] == pytest.approx([2.4, 3.0, 3.6, 4.2, 4.8, 3.6, 3.6])
    assert rows[0]["index"] == [0, 3] and rows[4]["change"] == [] and rows[6]["covered"] is None
    told = np.array([ion["sigma"] for ion in document["ions"]])
    for row in (2, 5):
        assert np.array(rows[row]["sigma"]) == pytest.approx(told)
    change = np.abs(told - np.array(rows[6]["sigma"])).max(axis=(1, 2))
    assert rows[5]["change"] == pytest.approx(change) and change.all()
    table = (tmp_path / "convergence.csv").read_text().splitlines()
    assert len(table) == 1 + 2 * 7 and table[0].startswith("ion,radius [angstrom],l_max [1]")
    status, out, _ = command(*arguments, "--convergence", figure)
    assert status == 0 and "medians over ions 0, 3" in out and "covered" in out
    status, out, _ = command(*arguments, "--json")
    assert "convergence" not in json.loads(out)
    for options, message in (
        (("--radius", "inf"), "no radius to vary"),
        (("--convergence", tmp_path / "convergence.txt"), "--convergence"),
    ):
        status, _, err = command(*arguments, "--convergence", figure, *options)
        assert status == 2 and message in err
    shifts.write_text("k_fermi = 1.75\n[species.Al]\ndelta = [0.5]\n")
    status, _, err = command(*arguments[:3], "--radius", "3.6", "--convergence", figure)
    assert status == 2 and "no l_max to vary" in err


def test_wind_says_where_single_scattering_explains_little():
    given = given_input(ase.Atoms("Al4", POSITIONS), phase_shift_table(K, {"Al": DELTA}))
    found = dataclasses.replace(wind_forces(given.configuration, [0], radius=3.0), explained=0.5)
    rho = ChosenResistivity(2.0, "given", 10.0)
    (line,) = warnings(found, rho)
    assert "their correlation is 0.50" in line and f"{found.far:.4g} angstrom" in line
    assert not warnings(dataclasses.replace(found, explained=0.95), rho)
    assert not warnings(dataclasses.replace(found, single_scattering=False), rho)
