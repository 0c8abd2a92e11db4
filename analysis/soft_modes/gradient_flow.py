"""Steepest descent as it is defined: the flow dq/dt = -dU/dq, followed to the minimum whose basin it began in.

A minimiser takes long steps and may come down in another basin, past the minimum next to where it began. Which two
minima a saddle joins is said by the flow alone.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.integrate import BDF

from analysis.soft_modes.configuration_space import ConfigurationSpace
from atomsim.errors import NotConverged
from atomsim.factorise import SymmetricFactor
from atomsim.results import Array

RELATIVE_ERROR, ABSOLUTE_ERROR = 1e-4, 1e-6  # of a step of the flow, as SciPy weighs them [-], [sqrt(m) sigma]
NEARLY_AT_REST = 0.01  # force component below which a convex surrounding is looked for [epsilon/(sqrt(m) sigma)]
MOST_STEPS = 2000  # 50 to 70 are usual
DENSE_LIMIT = 1500  # degrees of freedom below which a step solves with a dense matrix
SHIFT = 1e-6  # of translations away from zero, in units of the mean eigenvalue [-]


def flow_down(space: ConfigurationSpace, point: Array) -> Array:
    """Return the minimum to which the gradient flow goes from a point, its centre of mass that of the glass.

    Backward differences with the Hessian follow the flow until the energy is convex and its slope small; the minimiser
    does the rest [sqrt(m) sigma].

    Args:
        space: the energy.
        point: q [sqrt(m) sigma].

    Raises:
        NotAMinimum: the flow ends on a saddle.
        NotConverged: it does not come to rest, or the forces stay above the tolerance.
    """

    def slope(_: float, q: Array) -> Array:
        return space.energy_and_force(q)[1]

    def change(_: float, q: Array) -> Array | sparse.csc_matrix:
        matrix = -space.matrix(q)
        return matrix.toarray() if matrix.shape[0] <= DENSE_LIMIT else matrix.tocsc()

    flow = BDF(slope, 0.0, point, np.inf, rtol=RELATIVE_ERROR, atol=ABSOLUTE_ERROR, jac=change)
    for _ in range(MOST_STEPS):
        flow.step()
        if flow.status == "failed":
            break
        if np.abs(slope(flow.t, flow.y)).max() < NEARLY_AT_REST and _is_convex(space, flow.y):
            return space.minimum_near(flow.y)
    raise NotConverged(f"the gradient flow does not come to rest in {MOST_STEPS} steps", estimate=flow.y)


def _is_convex(space: ConfigurationSpace, point: Array) -> bool:
    matrix = space.matrix(point)
    factor = SymmetricFactor(matrix, shift=-SHIFT * float(matrix.diagonal().mean()))
    convex = factor.n_negative == 0
    factor.release()
    return convex
