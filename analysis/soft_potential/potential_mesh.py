"""Levels of the potentials of the (D1, D2) plane for integrals that the temperature makes smooth.

Specific heat and relaxation need no level sets, but potentials close to symmetric: nodes are equally spaced in
u, D1 = scale sinh u, down to asymmetries far below the lowest temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.level_table import Progress, solve_line
from atomsim.errors import InputError
from atomsim.results import Array, quantity

LINE_SCALE = 6.0  # |D2| below which lines are equally spaced [-]
QUANTUM_OVER_TEMPERATURE = 14.0  # from which vibrations neither hold heat nor relax [-]


@dataclass(frozen=True)
class PotentialMesh:
    """Levels and matrix elements of x on lines of constant D2; axes line, node, level."""

    D2_l: Array = quantity("1", "quadratic coefficient of each line")
    line_weight_l: Array = quantity("1", "derivative of D2 with respect to the number of the line")
    D1_ln: Array = quantity("1", "linear coefficient of each node")
    node_weight_ln: Array = quantity("1", "weights of the integral over D1, both signs")
    energy_lnm: Array = quantity("W", "levels above the lowest")
    x_lnmm: Array = quantity("1", "matrix elements of x")

    def halved(self) -> PotentialMesh:
        """Return the mesh with every second line and every second pair of nodes left out."""
        twice = {"line_weight_l", "node_weight_ln"}
        values = {
            name: (2 if name in twice else 1) * (array[::2] if array.ndim == 1 else array[::2, 1::3])
            for name, array in vars(self).items()
        }
        values["node_weight_ln"] = values["node_weight_ln"] * 1.5
        return PotentialMesh(**values)


def potential_mesh(
    *, deepest: float, hottest: float, coldest: float, lines: int = 120, nodes: int = 90, count: int = 16,
    progress: Progress | None = None,
) -> PotentialMesh:  # fmt: skip
    """Return the levels of all potentials that matter between two temperatures.

    Nodes lie at u = (i + 1/2) h, so that three steps of h are one step of a mesh of the same kind.

    Source: soft-potential-notes (quadrature); test: test_specific_heat_of_the_levels_has_its_two_limits

    Args:
        deepest: largest |D2| of a double well [-].
        hottest: highest temperature [W].
        coldest: lowest temperature [W].
        lines: number of steps in D2, even.
        nodes: number of nodes of a line, divisible by three.
        count: levels of each potential.
        progress: called with the number of finished lines and of all lines.

    Raises:
        InputError: temperatures or depth are not positive, or the mesh cannot be halved.
    """
    if not (deepest > 0 and 0 < coldest <= hottest) or lines % 2 or nodes % 3:
        raise InputError(
            f"depth {deepest!r}, temperatures {coldest!r} to {hottest!r}, {lines} lines, {nodes} nodes: expected "
            f"positive numbers, an even number of lines and a number of nodes divisible by three"
        )
    curvature = (QUANTUM_OVER_TEMPERATURE * hottest / 2) ** 2 + 4
    low, high = np.arcsinh(-deepest / LINE_SCALE), np.arcsinh(curvature / LINE_SCALE)
    v = np.linspace(low, high, lines + 1)
    D2_l = LINE_SCALE * np.sinh(v)
    lowest = np.sqrt((curvature + np.maximum(-2 * D2_l, 0.0) - D2_l) / 6)  # wells stiffer than curvature are empty
    scale = coldest / 20
    step = np.arcsinh((4 * lowest**3 + 2 * D2_l * lowest) / scale) / nodes
    u = step[:, None] * (np.arange(nodes) + 0.5)
    D1 = scale * np.sinh(u)
    energy, x = [], []
    for i, D2 in enumerate(D2_l):
        solved = solve_line(float(D2), D1[i], count)
        energy.append(solved[0] - solved[0][:, :1])
        x.append(solved[1])
        if progress is not None:
            progress(i + 1, lines + 1)
    weight = 2 * scale * np.cosh(u) * step[:, None]
    return PotentialMesh(D2_l, LINE_SCALE * np.cosh(v) * (v[1] - v[0]), D1, weight, np.array(energy), np.array(x))
