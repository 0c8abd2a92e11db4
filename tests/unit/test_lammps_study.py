"""Studies of real alloys from the file to figures, the excitations of a crystal and a glass, and systems of units."""

from __future__ import annotations

import dataclasses
import json
import pickle
import tomllib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from tiny_alloy import CUZR, b2, tiny_glass
from typer.testing import CliRunner

from analysis.annealing.config import AlloyAnnealStudy, AnnealStudy, load_anneal_study
from analysis.annealing.run import SUMMARY, open_annealing, run_annealing
from analysis.annealing.stages import stages_of
from analysis.annealing.summary import lines_of_summary, summary_document
from analysis.cli import app
from analysis.plotting.table import Table
from analysis.plotting.units import relabelled, restated
from analysis.study import forecast
from atomsim.annealing import Annealed, MetalAnnealed
from atomsim.engines.lammps import require_lammps
from atomsim.errors import InputError, MissingExtra
from atomsim.store import write_result
from atomsim.units import ATOMIC, ATOMIC_SCALES, BAR, BOLTZMANN_METAL, METAL, REDUCED

try:
    require_lammps()
except MissingExtra as missing:
    pytest.skip(f"LAMMPS cannot be used here: {missing}", allow_module_level=True)

STUDY = f"""
[study]
name = "tiny alloy"
seed = 1

[glass]
potential = "{CUZR}"
composition = {{ Cu = 0.6, Zr = 0.4 }}
sizes = [60]
samples = [2]
melt_time = 0.2

[anneal]
temperatures = [900.0]
time = 0.2
first_time = 0.02
per_decade = 2
shell_edges = [3.6, 4.9]
window = [4.0, 5.5]
resamples = 10
"""
EXAMPLE = Path(__file__).parents[2] / "examples" / "cuzr.toml"


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alloy") / "alloy.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_reduced_units_are_told_in_metal_units() -> None:
    told = {
        "sigma": "angstrom", "1/sigma": "1/angstrom", "epsilon": "eV", "epsilon/k_B": "K",
        "sigma sqrt(m/epsilon)": "ps", "epsilon/sigma^d": "eV/angstrom^3", "epsilon/sigma^3": "eV/angstrom^3",
        "m sigma^2": "amu angstrom^2", "1": "1", "mm": "mm",
    }  # fmt: skip
    for reduced, metal in told.items():
        assert METAL.restate(reduced) == metal
        assert METAL.restate(metal) == metal
        assert REDUCED.restate(reduced) == reduced
    assert ATOMIC.restate("sqrt(epsilon/m)/sigma") == "sqrt(eV/amu)/angstrom"
    assert METAL.as_dict()["pressure"] == "eV/angstrom^3" and REDUCED.boltzmann == 1.0


def test_constants_of_metal_units() -> None:
    assert pytest.approx(8.617333262e-5, rel=1e-9) == BOLTZMANN_METAL
    assert pytest.approx(6.241509074e-7, rel=1e-9) == BAR
    assert ATOMIC_SCALES.time_unit == pytest.approx(1.018051e-14, rel=1e-6)
    assert ATOMIC_SCALES.hbar * ATOMIC_SCALES.time_unit == pytest.approx(6.582119569e-16, rel=1e-9)  # eV s


def test_classes_in_other_units_keep_their_fields() -> None:
    reduced = {field.name: field.metadata["unit"] for field in dataclasses.fields(Annealed)}
    metal = {field.name: field.metadata["unit"] for field in dataclasses.fields(MetalAnnealed)}
    assert list(metal) == list(reduced)
    assert metal["positions_tnc"] == "angstrom" and reduced["positions_tnc"] == "sigma"
    assert metal["time_t"] == "ps" and issubclass(MetalAnnealed, Annealed)
    assert pickle.loads(pickle.dumps(MetalAnnealed)) is MetalAnnealed


def test_labels_are_told_in_the_units_of_a_study() -> None:
    figure = Figure()
    ax = figure.add_subplot()
    ax.set_xlabel(r"annealing time $t_a$  [$\sigma\sqrt{m/\epsilon}$]")
    ax.set_ylabel(r"relaxation parameter $R$  [$\sigma^{-1}$]")
    ax.plot([], [], label=r"energy  [$\epsilon$]")
    ax.legend()
    assert relabelled(figure, REDUCED).axes[0].get_xlabel().endswith(r"[$\sigma\sqrt{m/\epsilon}$]")
    assert relabelled(figure, METAL).axes[0].get_xlabel() == "annealing time $t_a$  [ps]"
    assert ax.get_ylabel() == "relaxation parameter $R$  [1/Å]"
    assert ax.get_legend().get_texts()[0].get_text() == "energy  [eV]"
    table = restated(Table(("curve", "1/T [k_B/epsilon]", "R [1/sigma]", "sigma"), ()), METAL)
    assert table.header == ("curve", "1/T [1/K]", "R [1/angstrom]", "sigma")


def test_the_potential_says_which_study_a_file_holds(study_file: Path) -> None:
    alloy = load_anneal_study(study_file)
    assert isinstance(alloy, AlloyAnnealStudy) and alloy.units is METAL and alloy.species() == 2
    built_in = load_anneal_study(EXAMPLE.with_name("anneal.toml"))
    assert type(built_in) is AnnealStudy and built_in.units is REDUCED
    example = load_anneal_study(EXAMPLE)
    assert example.glass.sizes[0] >= 1000 and example.glass.samples[0] >= 4
    plan = forecast(example, Path("nowhere"), workers=2, resume=False, stages=stages_of(example))
    assert plan.seconds < 20 * 60
    assert tomllib.loads(alloy.as_toml())["glass"]["composition"] == {"Cu": 0.6, "Zr": 0.4}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("glass.composition={Cu=0.6, Zn=0.4}", "no element 'Zn'; did you mean 'Zr'"),
        ("glass.composition={Cu=1.0}", "two species"),
        ("glass.potential='eam/fs:absent.fs'", r"potential file 'absent\.fs'"),
        ("glass.potential='lerner-binary'", "composition"),
        ("glass.density=0.8", "zero pressure"),
        ("glass.final_temperature=5000.0", "must not exceed"),
        ("glass.sizes=[60, 80]", "one size"),
        ("anneal.temperatures=[-1.0]", "greater than 0"),
        ("glass.cooling=1.0", "did you mean 'glass.cooling_rate'"),
    ],
)
def test_wrong_files_of_an_alloy_are_refused(study_file: Path, change: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        load_anneal_study(study_file, [change])


def test_study_of_an_alloy_from_end_to_end(study_file: Path, tmp_path: Path) -> None:
    found = run_annealing(load_anneal_study(study_file), tmp_path / "out", workers=1)
    assert found.units == "metal" and found.unit_system is METAL
    document = json.loads((tmp_path / "out" / SUMMARY).read_text(encoding="utf-8"))
    assert document["units"]["length"] == "angstrom" and document["units"]["time"] == "ps"
    (one,) = document["temperatures"]
    assert one["series"]["energy"]["unit"] == "eV"
    assert one["series"]["mean_square_displacement"]["unit"] == "angstrom^2"
    assert one["series"]["pressure"]["unit"] == "eV/angstrom^3"
    assert -5.0 < one["series"]["energy"]["mean"][0] < -4.0 and one["time"][-1] == pytest.approx(0.2)
    assert "900 K: R = " in "\n".join(lines_of_summary(document)) and " ps, noise" in "\n".join(
        lines_of_summary(document)
    )
    for name in ("relaxation_parameter", "order", "structure_factor", "motion", "rates"):
        picture = (tmp_path / "out" / f"{name}.svg").read_text(encoding="utf-8")
        header = (tmp_path / "out" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        assert picture.startswith("<svg") and "sigma" not in header and "epsilon" not in header
    assert "[ps]" in (tmp_path / "out" / "motion.csv").read_text(encoding="utf-8").splitlines()[0]
    barrier = dataclasses.replace(found.barriers[0], barrier=1000.0, error=10.0)
    eV = summary_document(dataclasses.replace(found, barriers=(barrier,)))["barriers"][0]
    assert eV["barrier"] == pytest.approx(0.0861733, rel=1e-6) and eV["error"] == pytest.approx(0.000861733, rel=1e-6)
    again = run_annealing(load_anneal_study(study_file), tmp_path / "out", workers=1)
    assert np.array_equal(again.ensembles[0].before_b, found.ensembles[0].before_b)
    assert open_annealing(tmp_path / "out").units == "metal"


def test_excitations_of_a_crystal_are_told_in_angstrom(tmp_path: Path) -> None:
    b2("NiAl", 4, 2.86).write(tmp_path / "b2.xyz")
    options = [
        "--potential",
        "eam/alloy:NiAlH_jea.eam.alloy",
        "--minimise",
        "--force-constants",
        "literal",
        "--random-alloys",
        "19",
        "--json",
    ]
    outcome = CliRunner().invoke(app, ["excitations", str(tmp_path / "b2.xyz"), *options])
    assert outcome.exit_code == 0, outcome.stderr
    document = json.loads(outcome.stdout)
    first, second = document["shells"][:2]
    assert first["alpha_correlation"] == pytest.approx(-1, abs=1e-12) and first["coordination"] == 8
    assert second["alpha_correlation"] == pytest.approx(1, abs=1e-12) and second["coordination"] == 6
    assert document["units"]["system"] == "atomic" and document["units"]["energy"] == "eV"
    assert document["units"]["frequency_rad_per_ps"] == pytest.approx(98.2269, rel=1e-5)
    assert document["hbar"] == pytest.approx(0.0646541, rel=1e-5)
    summary = document["summary"]
    assert summary["mean_inertia"]["unit"] == "amu angstrom^2" and summary["mean_inertia"]["value"] > 0
    assert summary["volume_change"]["value"] < 0  # nickel, the later element, is the smaller ion


def test_excitations_of_an_alloy_glass_have_every_part(tmp_path: Path) -> None:
    write_result(tmp_path / "glass.h5", tiny_glass(1))
    command = ["excitations", str(tmp_path / "glass.h5"), "--potential", CUZR, "--shells", "0:3.0,3.0:4.9"]
    outcome = CliRunner().invoke(
        app, [*command, "--random-alloys", "19", "--figure", str(tmp_path / "e.svg"), "--json"]
    )
    assert outcome.exit_code == 0, outcome.stderr
    document = json.loads(outcome.stdout)
    assert document["species"] == {"A": "Cu", "B": "Zr"} and document["concentration"] == pytest.approx(0.4)
    assert set(document["overlap"]) == {"share_of_a_soft_mode_in", "share_in_the_soft_modes_of"}
    assert document["glasses"][0]["force_constants"] == "ordering"
    assert len(document["glasses"][0]["profile"]["distance"]) > 3
    assert (tmp_path / "e.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "up to 3 angstrom" in outcome.stderr
    wrong = CliRunner().invoke(app, [*command, "--material", "argon"])
    assert wrong.exit_code != 0 and "its own masses" in wrong.stderr
