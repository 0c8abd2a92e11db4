"""The benchmarks run, and refuse to compare what cannot be compared."""

from __future__ import annotations

import argparse
import importlib
import sys
from types import ModuleType

import house
import numpy as np
import pytest

from analysis.soft_potential.level_table import Resolution
from analysis.thermal.materials import get_glass
from atomsim.errors import InputError, MissingExtra
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(house.ROOT / "benchmarks")
        return importlib.import_module("run")


@pytest.fixture(scope="module")
def conductivity(benchmark: ModuleType) -> ModuleType:
    return sys.modules["exact_conductivity"]


class FixedEnergy:
    """An engine that always reports one energy."""

    def __init__(self, energy: float) -> None:
        self.energy = energy

    def potential_energy(self) -> float:
        return self.energy


def test_engines_that_disagree_are_not_compared(benchmark: ModuleType) -> None:
    ours = FixedEnergy(4.7)
    close, far = FixedEnergy(4.7 * (1 + 1e-10)), FixedEnergy(4.7 * (1 + 1e-6))
    benchmark.require_same_energy({"atomsim": ours, "other": close}, "now")
    for other in (far, FixedEnergy(float("nan"))):
        with pytest.raises(InputError, match="other and atomsim disagree on the energy now"):
            benchmark.require_same_energy({"atomsim": ours, "other": other}, "now")


def test_benchmark_prints_speed_and_times(benchmark: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    options = argparse.Namespace(atoms=256, steps=5, repeats=2, glass_atoms=256, glasses=1, seed=1, no_lammps=True)
    benchmark.compare_dynamics(options)
    benchmark.time_glasses(options)
    printed = capsys.readouterr().out
    for words in ("million atom-steps/s", "quench from T = 1 to max|F| <= 1e-10", "whole spectrum, 768 modes"):
        assert words in printed


def test_missing_extra_is_named(benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("mpi4py", "mpi4py.MPI"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(MissingExtra, match=r"mpi4py and mpich.*'bench'.*--no-lammps"):
        benchmark.require_lammps()


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


def test_conductivities_that_disagree_are_not_timed(
    conductivity: ModuleType, benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
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
    benchmark.time_conductivity(Resolution(), [0.02, 0.04])
    printed = capsys.readouterr().out
    for words in ("2 temperatures after it", "nested quadrature, one temperature, 0.02 K", "resonant absorption only"):
        assert words in printed
    monkeypatch.setattr(LawOfTunnelling, "factor", 1.01)
    with pytest.raises(InputError, match=r"table: the conductivity is 1\..e-02 from the reference"):
        benchmark.time_conductivity(Resolution(), [0.02])


def test_ratios_of_conductivity_times(conductivity: ModuleType) -> None:
    found = conductivity.Comparison(
        "silica", ("resonant",), [0.1, 1.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [30.0, 90.0],
        [9, 9], 99.0, 200, [1.0, 2.0, 1.0], [1.0], "",
    )  # fmt: skip
    assert found.ratios == [6000.0, 3000.0, 6000.0, 18000.0, 9000.0, 18000.0]
    assert found.ratio_with_tabulation == pytest.approx(60.0)  # 200 times the quickest over 99 s + 1 s
    assert found.document()["ratio_with_tabulation_at_least"] == pytest.approx(60.0)
