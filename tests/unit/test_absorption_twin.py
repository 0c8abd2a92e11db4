"""The tabulated absorption beside its slow twin, which shares no code with it."""

from __future__ import annotations

import importlib
from types import ModuleType

import house
import numpy as np
import pytest

from analysis.soft_potential.absorption_table import absorption_integral
from analysis.soft_potential.level_table import LevelTable, Resolution, tabulate_levels
from analysis.soft_potential.levels import levels
from analysis.soft_potential.measures import field_measure

# Omega, tau, J: benchmarks/nested_absorption.py, NestedAbsorption(Omega, tau, tolerance).value() with tolerance 1e-4,
# 1e-5, 1e-5, 1e-4, 1e-3. The fourth stands beside the logarithmic peak at the saddle of E_3 - E_2, Omega = 2.9665.
TWIN = (
    (0.01, 0.1, 0.0525847),
    (0.3, 0.3, 0.5429095),
    (1.4, 0.5, 1.7017934),
    (2.9, 1.0, 5.6234),
    (5.0, 1.0, 17.0688),
)
MESH_ERROR = 2e-3  # of the mesh of the tests [-]


@pytest.fixture(scope="module")
def twin() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(house.ROOT / "benchmarks")
        return importlib.import_module("nested_absorption")


@pytest.fixture(scope="module")
def meshes() -> tuple[LevelTable, LevelTable]:
    fine = tabulate_levels(Resolution(lines=112, nodes=112, largest_frequency=8.0, levels=10))
    return fine, fine.halved()


def tabulated(meshes: tuple[LevelTable, LevelTable], omega: float, tau: float) -> float:
    """J at one point, on the mesh itself and not between the frequencies of a table, extrapolated to no step."""
    around = omega * np.array([0.99, 1.0, 1 / 0.99])
    fine, coarse = (
        absorption_integral(mesh, field_measure(mesh), omega_k=around, tau_t=np.array([tau]))[1, 0] for mesh in meshes
    )
    return float(4 * fine - coarse) / 3


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (-6.0, 0.3), (-10.0, 0.01), (3.0, -8.0)])
def test_sinc_levels_are_the_levels(twin: ModuleType, alpha: float, beta: float) -> None:
    known = levels(alpha, beta, count=4)
    states = twin.SincSolver(60.0)(known.D1, known.D2)
    assert states.energy_m[:4] == pytest.approx(known.frame_energy_m, abs=1e-6)
    for m, n in ((0, 1), (1, 2), (0, 3)):
        assert states.gap(m, n) == pytest.approx(known.energy_m[n] - known.energy_m[m], abs=1e-6)
        assert states.tilt(m, n) == pytest.approx(known.x_mm[n, n] - known.x_mm[m, m], abs=1e-5)


def test_saddle_of_the_second_gap(twin: ModuleType) -> None:
    # On the symmetric line E_3 - E_2 has a minimum and falls to both sides: J has a logarithmic peak there.
    solve = twin.SincSolver(30.0)
    at = -2.9140655
    saddle = solve(0.0, at).gap(1, 2)
    assert saddle == pytest.approx(2.9665326, abs=1e-6)
    assert all(solve(0.0, at + step).gap(1, 2) > saddle for step in (-0.1, 0.1))
    assert solve(0.1, at).gap(1, 2) < saddle


def test_nested_absorption_agrees_with_the_mesh(twin: ModuleType, meshes: tuple[LevelTable, LevelTable]) -> None:
    value, error = twin.NestedAbsorption(0.3, 0.3, 1e-3).value()
    assert error < 1e-3 * value
    assert value == pytest.approx(TWIN[1][2], rel=2e-4)
    assert tabulated(meshes, 0.3, 0.3) == pytest.approx(value, rel=MESH_ERROR)


def test_nested_absorption_finds_where_roots_end(twin: ModuleType) -> None:
    nested = twin.NestedAbsorption(2.9, 1.0, 1e-2)
    first, second = nested.highest_line(), -1.7054
    assert nested.line(first + 0.05) == 0
    kinds = [[(b.m, b.n, b.rising) for b in nested.brackets(D2)] for D2 in (second + 0.01, second - 0.01)]
    assert kinds[0] == [(0, 1, True)]  # of the lowest gap alone
    assert kinds[1] == [(0, 1, True), (1, 2, False), (1, 2, True)]  # below the fold of the second gap
    assert nested.line(first - 1e-4) / nested.line(first - 4e-4) == pytest.approx(2.0, rel=0.02)  # inverse root


@pytest.mark.parametrize(("omega", "tau", "expected"), TWIN)
def test_mesh_agrees_with_the_twin(
    meshes: tuple[LevelTable, LevelTable], omega: float, tau: float, expected: float
) -> None:
    assert tabulated(meshes, omega, tau) == pytest.approx(expected, rel=MESH_ERROR)
