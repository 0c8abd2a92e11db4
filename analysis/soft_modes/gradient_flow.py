"""Steepest descent as it is defined: the flow dq/dt = -dU/dq, followed to the minimum whose basin it began in.

A minimiser takes long steps and may come down in another basin, past the minimum next to where it began. Which two
minima a saddle joins is said by the flow alone.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.integrate import BDF

from analysis.soft_modes.configuration_space import SHIFT, ConfigurationSpace
from atomsim.errors import NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.results import Array

RELATIVE_ERROR, ABSOLUTE_ERROR = 1e-3, 1e-5  # of the way gone, as SciPy weighs them [-], [sqrt(m) sigma]
NEARLY_AT_REST = 0.01  # force component below which a convex surrounding is looked for [epsilon/(sqrt(m) sigma)]
MOST_STEPS = 2000  # 30 to 60 are usual
DENSE_LIMIT = 1500  # degrees of freedom below which a step solves with a dense matrix


def flow_down(space: ConfigurationSpace, point: Array) -> Array:
    """Return the minimum to which the gradient flow goes from a point, its centre of mass that of the glass.

    Backward differences with the Hessian follow the flow until the energy is convex and its slope small; the minimiser
    does the rest. Errors are weighed by the way gone, so that they are the same wherever the cell lies [sqrt(m) sigma].

    Args:
        space: the energy.
        point: q [sqrt(m) sigma].

    Raises:
        NotAMinimum: the flow ends on a saddle.
        NotConverged: it does not come to rest, or the forces stay above the tolerance.
    """

    def slope(_: float, way: Array) -> Array:
        return space.energy_and_force(point + way)[1]

    def change(_: float, way: Array) -> Array | sparse.csc_matrix:
        matrix = -space.matrix(point + way)
        return matrix.toarray() if matrix.shape[0] <= DENSE_LIMIT else matrix.tocsc()

    flow = BDF(slope, 0.0, np.zeros_like(point), np.inf, rtol=RELATIVE_ERROR, atol=ABSOLUTE_ERROR, jac=change)
    for _ in range(MOST_STEPS):
        flow.step()
        here = point + flow.y
        if flow.status == "failed":
            raise NotConverged("the gradient flow finds no step that is short enough", estimate=here)
        if np.abs(slope(flow.t, flow.y)).max() < NEARLY_AT_REST and _is_convex(space, here):
            return space.minimum_near(here)
    raise NotConverged(f"the gradient flow does not come to rest in {MOST_STEPS} steps", estimate=here)


def _is_convex(space: ConfigurationSpace, point: Array) -> bool:
    matrix = space.matrix(point)
    factor = SymmetricFactor(matrix, shift=-SHIFT * float(matrix.diagonal().mean()))
    convex = factor.n_negative == 0
    factor.release()
    return convex
