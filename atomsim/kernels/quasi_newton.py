"""Compiled direction of limited-memory BFGS."""

from __future__ import annotations

import numpy as np
from numba import njit

from atomsim.results import Array


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "reassoc"})
def _dot(left, right):
    total = 0.0
    for i in range(left.size):
        total += left[i] * right[i]
    return total


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "reassoc"})
def downhill(gradient: Array, steps: Array, changes: Array, newest: int, count: int, out: Array) -> None:
    """Fill ``out`` with minus the gradient times the inverse Hessian that the last steps and changes of it suggest.

    The two loops of Nocedal. Before them the inverse Hessian is taken as a number: the newest step by its change of
    the gradient, over the square of the change.

    Args:
        gradient: where the next step begins, (n,) [any unit].
        steps: room for the last m steps, (m, n); the newest stands in row ``newest``, older ones before it, cyclically
            [any unit of length].
        changes: of the gradient by each step, (m, n) [unit of the gradient].
        newest: row of the newest step.
        count: how many rows are filled.
        out: room for the direction, (n,) [unit of the steps].
    """
    rows, n = steps.shape
    share, product = np.empty(count), np.empty(count)
    for i in range(n):
        out[i] = -gradient[i]
    for age in range(count):
        k = (newest - age) % rows
        product[age] = _dot(steps[k], changes[k])
        share[age] = _dot(steps[k], out) / product[age]
        for i in range(n):
            out[i] -= share[age] * changes[k, i]
    if count > 0:
        scale = product[0] / _dot(changes[newest], changes[newest])
        for i in range(n):
            out[i] *= scale
    for age in range(count - 1, -1, -1):
        k = (newest - age) % rows
        missing = share[age] - _dot(changes[k], out) / product[age]
        for i in range(n):
            out[i] += missing * steps[k, i]
