"""The benchmarks run, and refuse to compare what cannot be compared."""

from __future__ import annotations

import argparse
import importlib
import sys
from types import ModuleType

import house
import pytest

from atomsim.errors import InputError, MissingExtra


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(house.ROOT / "benchmarks")
        return importlib.import_module("run")


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
    monkeypatch.setitem(sys.modules, "mpi4py", None)  # as if it were not installed
    with pytest.raises(MissingExtra, match=r"mpi4py and mpich.*'bench'.*--no-lammps"):
        benchmark.require_lammps()
