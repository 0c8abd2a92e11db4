"""Assembly of dense fronts: elements of a sparse matrix and contributions of earlier fronts, lower triangles only."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def add_columns(start, row, value, first, place, pivot, below):
    """Add columns of a lower triangle to a front.

    Args:
        start: where each column begins, (n + 1,).
        row: row of each element.
        value: elements [any unit].
        first: first column of the front; it has as many as ``pivot``.
        place: place of each row in the front, (n,).
        pivot: square block of the columns, changed in its lower triangle [as value].
        below: rows under it, changed [as value].
    """
    size = pivot.shape[0]
    for j in range(size):
        for e in range(start[first + j], start[first + j + 1]):
            i = place[row[e]]
            if i < size:
                pivot[i, j] += value[e]
            else:
                below[i - size, j] += value[e]


@njit(cache=True, error_model="numpy")
def add_update(update, place, pivot, below, corner):
    """Add what an earlier front leaves to the front that follows it; all matrices come with their columns as rows.

    Rows that follow each other in both fronts are added at one stroke: there are few such runs.

    Args:
        update: columns of the contribution, of which the lower triangle counts, (m, m) [any unit].
        place: place of its rows in the following front, ascending, (m,).
        pivot: columns of the square block eliminated there, (k, k), changed [as update].
        below: columns of the rows under it, changed [as update].
        corner: columns of what is left of that front, changed [as update].
    """
    size, length = pivot.shape[0], len(place)
    end = np.empty(length, np.int64)  # of the run that each row is in; none goes on into the corner
    for i in range(length - 1, -1, -1):
        joined = i + 1 < length and place[i + 1] == place[i] + 1 and place[i + 1] != size
        end[i] = end[i + 1] if joined else i + 1
    for j in range(length):
        column = place[j]
        i = j
        while i < length:
            source = update[j, i : end[i]]
            row = place[i]
            if row < size:
                target = pivot[column, row : row + len(source)]
            elif column < size:
                target = below[column, row - size : row - size + len(source)]
            else:
                target = corner[column - size, row - size : row - size + len(source)]
            for q in range(len(source)):
                target[q] += source[q]
            i = end[i]
