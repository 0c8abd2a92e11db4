"""Nested dissection of a configuration: the order in which a sparse factorisation eliminates its atoms.

The body is cut in two by a plane, or by two where it is periodic; the atoms eliminated last are the fewest that take
all bonds across the cut, a smallest vertex cover of the bipartite graph of those bonds. Each half is cut again. Where
the interaction reaches far into the box few large fronts remain, which dense linear algebra does at its full speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching

from atomsim.pairs import PairTerms
from atomsim.results import Array, IntArray

LEAF = 60  # atoms that are not cut further


@dataclass(frozen=True)
class Front:
    """Atoms ``begin <= place < end`` of the order, eliminated together, and the later places that they touch."""

    begin: int
    end: int
    later_b: IntArray
    parent: int  # the front that follows; -1 where nothing is left to follow


@dataclass(frozen=True)
class Dissection:
    """An order of elimination with its fronts, each before the one that follows it; d unknowns to an atom."""

    order_n: IntArray
    fronts: tuple[Front, ...]
    dimension: int

    @cached_property
    def sizes(self) -> list[tuple[int, int]]:
        """Unknowns eliminated and left in each front."""
        return [(self.dimension * (f.end - f.begin), self.dimension * len(f.later_b)) for f in self.fronts]

    @property
    def flops(self) -> float:
        """Operations of one factorisation [-]."""
        return float(sum(k**3 / 3 + k * k * m + k * m * m for k, m in self.sizes))

    @property
    def nonzeros(self) -> int:
        """Elements that the factor keeps."""
        return sum(k * k + k * m for k, m in self.sizes)

    @property
    def peak(self) -> int:
        """Elements that the factor, the fronts that wait and the one in work have at most."""
        held = most = 0
        done_with = [0] * len(self.fronts)
        for place, (k, m) in enumerate(self.sizes):
            held += k * k + k * m + m * m
            most = max(most, held)
            held -= done_with[place]
            most = max(most, held + 3 * k * k)  # copies of a pivot block and of its parts
            if (parent := self.fronts[place].parent) >= 0:
                done_with[parent] += m * m
        return most


def dissect(terms: PairTerms, fractional_nc: Array) -> Dissection:
    """Return an order of elimination that keeps the factor of the dynamical matrix small.

    Any coordinates give a valid order; those of the atoms give a good one.

    Args:
        terms: pairs of the configuration.
        fractional_nc: coordinates along the cell vectors; whole numbers do not matter, (N, 3) [-].
    """
    graph = _graph(terms)
    parts: list[IntArray] = []
    _cut(graph, fractional_nc - np.floor(fractional_nc), np.arange(terms.n_atoms), parts)
    order_n = np.concatenate(parts)
    return Dissection(order_n, _fronts(graph[order_n][:, order_n], [len(part) for part in parts]), terms.dimension)


def _graph(terms: PairTerms) -> sparse.csr_matrix:
    rows = np.concatenate([terms.first_p, terms.second_p])
    columns = np.concatenate([terms.second_p, terms.first_p])
    return sparse.csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=(terms.n_atoms, terms.n_atoms))


def _cut(graph: sparse.csr_matrix, fractional_nc: Array, atoms: IntArray, parts: list[IntArray]) -> None:
    """Append the parts of a set of atoms in their order of elimination."""
    cuts = [] if len(atoms) <= LEAF else [_halves(graph, fractional_nc[atoms, axis], atoms) for axis in range(3)]
    cuts = [cut for cut in cuts if all(len(half) for half in cut[:2])]
    if not cuts:
        parts.append(atoms)
        return
    first, second, cover = min(cuts, key=lambda cut: len(cut[2]) / min(len(cut[0]), len(cut[1])))
    _cut(graph, fractional_nc, first, parts)
    _cut(graph, fractional_nc, second, parts)
    if len(cover):
        parts.append(cover)


def _halves(graph: sparse.csr_matrix, coordinate: Array, atoms: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Two halves along a coordinate without bonds between them, and the atoms taken out for that."""
    order = np.argsort(coordinate, kind="stable")
    along = coordinate[order]
    widest = int(np.argmax(np.diff(along, append=along[0] + 1.0)))
    order = np.roll(order, -widest - 1)  # a body with an end is cut once, a ring twice
    first, second = atoms[order[: len(atoms) // 2]], atoms[order[len(atoms) // 2 :]]
    in_first, in_second = _vertex_cover(graph[first][:, second])
    return first[~in_first], second[~in_second], np.concatenate([first[in_first], second[in_second]])


def _vertex_cover(bonds: sparse.csr_matrix) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows and columns, as few as possible, that meet every element: by König's theorem from a largest matching."""
    partner = maximum_bipartite_matching(bonds, perm_type="column")  # the column of each row
    row_of = np.full(bonds.shape[1], -1)
    row_of[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    reached_row = partner < 0
    reached_column = np.zeros(bonds.shape[1], bool)
    rows = np.flatnonzero(reached_row)
    while len(rows):  # paths that leave a row by any bond and a column by its matched one
        columns = np.unique(bonds[rows].indices)
        columns = columns[~reached_column[columns]]
        reached_column[columns] = True
        rows = row_of[columns]
        rows = rows[~reached_row[rows]]
        reached_row[rows] = True
    return ~reached_row, reached_column


def _fronts(graph: sparse.csr_matrix, lengths: list[int]) -> tuple[Front, ...]:
    """Fronts of consecutive parts of an ordered graph: what a part touches later, its own bonds and those handed on."""
    ends = np.cumsum(lengths)
    handed: list[list[IntArray]] = [[] for _ in lengths]
    fronts: list[Front] = []
    for place, (length, end) in enumerate(zip(lengths, ends, strict=True)):
        touched = np.unique(np.concatenate([graph[end - length : end].indices, *handed[place]]))
        later_b = touched[touched >= end].astype(np.int64)
        parent = int(np.searchsorted(ends, later_b[0], side="right")) if len(later_b) else -1
        if parent >= 0:
            handed[parent].append(later_b)
        fronts.append(Front(int(end - length), int(end), later_b, parent))
    return tuple(fronts)
