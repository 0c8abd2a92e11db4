"""The benchmarks run, and refuse to compare what cannot be compared."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import house
import numpy as np
import pytest

from analysis.soft_potential.level_table import Resolution
from analysis.thermal.materials import get_glass
from atomsim.errors import InputError, MissingExtra
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR


def program(name: str) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(house.ROOT / "benchmarks")
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def harness() -> ModuleType:
    return program("harness")


@pytest.fixture(scope="module")
def conductivity() -> ModuleType:
    return program("exact_conductivity")


def test_what_differs_is_not_compared(harness: ModuleType) -> None:
    ours, close, far = np.array([4.7, -1.0]), np.array([4.7, -1.0 + 1e-10]), np.array([4.7, -1.0 + 1e-6])
    assert harness.require_same("energies", {"atomsim": ours, "other": close}, 1e-8) == pytest.approx(1e-10 / 4.7)
    for other in (far, np.array([4.7, np.nan])):
        with pytest.raises(InputError, match=r"energies: other differs from atomsim by .*; not compared"):
            harness.require_same("energies", {"atomsim": ours, "other": other}, 1e-8)


def test_contenders_run_in_turn(harness: ModuleType) -> None:
    order: list[str] = []
    seconds = harness.in_turn(
        {"atomsim": lambda: order.append("a") or 1.0, "peer": lambda: order.append("p") or 3.0}, 5
    )
    assert "".join(order) == "ap" * 5
    row = harness.Row("task", seconds, {"peer": 2.0}, 10.0, "atoms")
    assert row.ratios("peer") == [3.0] * 5
    with pytest.raises(InputError, match="--rounds 4: expected at least 5"):
        harness.in_turn({}, 4)


def test_tasks_are_printed_and_written_alike(
    harness: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = {"atomsim": [1.0, 2.0, 4.0], "peer": [3.0, 8.0, 8.0]}
    row = harness.Row("task", seconds, {"peer": 3.5}, 8.0, "atoms", harness.Bound(0.5, "arithmetic"), "a remark")
    harness.print_row(row)
    printed = capsys.readouterr().out
    for words in ("4 (2 .. 8) atoms/s", "atomsim is 3 (2 .. 4) times as fast, goal 3.5", "bound 0.5 s (arithmetic)",
                  "takes 4 times that", "a remark"):  # fmt: skip
        assert words in printed
    harness.write_json(tmp_path / "bench.json", [row], harness.Rates(1e9, 2e9))
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["tasks"][0]["ratios"]["peer"] == {"median": 3.0, "least": 2.0, "largest": 4.0}
    assert document["tasks"][0]["seconds"] == seconds
    assert document["rates"] == {"operations": 1e9, "traffic": 2e9}


def test_a_task_asks_for_its_own_extra_and_others_run_without(
    harness: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("mpi4py", "mpi4py.MPI"):
        monkeypatch.setitem(sys.modules, module, None)
    run, file = program("run"), tmp_path / "bench" / "results.json"
    monkeypatch.setattr(run, "measure_rates", lambda: harness.Rates(1e9, 2e9))
    row = harness.Row("conductivity", {"atomsim": [1.0]}, {}, 0.0, "")
    monkeypatch.setitem(run.TASKS, "conductivity", lambda options, rates: [row])
    monkeypatch.setattr(sys, "argv", ["run.py", "--only", "hessian", "conductivity", "--json", str(file)])
    assert run.main() == 1
    told = capsys.readouterr()
    assert "hessian: the comparison needs mpi4py" in told.err and str(file) in told.out
    assert [task["task"] for task in json.loads(file.read_text())["tasks"]] == ["conductivity"]
    monkeypatch.setattr(sys, "argv", ["run.py", "--only", "conductivity", "--json", str(file / "inside.json")])
    assert run.main() == 1
    assert "expected a file that can be written" in capsys.readouterr().err


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mpi4py", "mpi4py.MPI"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(MissingExtra, match=r"mpi4py and mpich.*'bench'"):
        program("lammps_engine").require_lammps()


class LawOfTunnelling:
    """Stands for the nested quadrature: J = factor tanh(Omega/2 tau), at once."""

    factor = 1.0
    solver = argparse.Namespace(calls=1)

    def __init__(self, omega: float, tau: float, tolerance: float) -> None:
        self.found = self.factor * np.tanh(omega / (2 * tau))

    def value(self) -> tuple[float, float]:
        return float(self.found), 0.0


def test_nested_conductivity_of_the_tanh_law(conductivity: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductivity, "NestedAbsorption", LawOfTunnelling)
    glass, temperature = get_glass("silica"), 0.05
    branches = 1 / (glass.v_l * glass.C_l) + 2 / (glass.v_t * glass.C_t)
    law = BOLTZMANN**3 * temperature**2 / (6 * np.pi * HBAR**2) * branches
    endless = {"l": np.inf, "t": np.inf}
    found, solved = conductivity.nested_conductivity(glass, temperature, 1e-8, endless)
    assert found == pytest.approx(law, rel=1e-6) and solved >= 21
    edge = 3 * BOLTZMANN * temperature / HBAR  # x = 3
    cut = [conductivity.nested_conductivity(glass, temperature, 1e-8, e)[0] for e in (
        {"l": edge, "t": np.inf}, {"l": np.inf, "t": edge}, {"l": edge, "t": edge})]  # fmt: skip
    assert cut[0] + cut[1] == pytest.approx(found + cut[2], rel=1e-6)  # each branch ends for itself
    assert 0 < cut[2] < cut[1] < cut[0] < found


def test_conductivities_that_disagree_are_not_timed(conductivity: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class LawOfTheTable:
        """The tanh law in place of the table: J without an excess."""

        def __init__(self, table: object) -> None:
            pass

        def with_derivatives(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
            value = np.tanh(omega / (2 * tau))
            return value, value, value

    monkeypatch.setattr(conductivity, "NestedAbsorption", LawOfTunnelling)
    monkeypatch.setattr(conductivity, "tabulate_absorption", lambda resolution: None)
    monkeypatch.setattr(conductivity, "Absorption", LawOfTheTable)
    monkeypatch.setattr(conductivity, "TEMPERATURES", np.array([0.02, 0.04]))
    (row,) = conductivity.rows(Resolution(), [0.02, 0.04])
    assert row.task == "exact conductivity of silica at 2 temperatures, resonant"
    assert "resonant absorption only" in row.remark
    assert len(row.ratios("nested quadrature")) == conductivity.REPEATS
    monkeypatch.setattr(LawOfTunnelling, "factor", 1.01)
    with pytest.raises(InputError, match=r"table: the conductivity is 1\..e-02 from the reference"):
        conductivity.rows(Resolution(), [0.02])


def test_ratios_of_conductivity_times(conductivity: ModuleType) -> None:
    found = conductivity.Comparison(
        "silica", ("resonant",), [0.1, 1.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [30.0, 90.0],
        [9, 9], 99.0, 200, [1.0, 2.0, 1.0], [1.0], "",
    )  # fmt: skip
    assert found.ratios == [6000.0, 3000.0, 6000.0, 18000.0, 9000.0, 18000.0]
    assert found.ratio_with_tabulation == pytest.approx(60.0)  # 200 times the quickest over 99 s + 1 s
    assert found.document()["ratio_with_tabulation_at_least"] == pytest.approx(60.0)
