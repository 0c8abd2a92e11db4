"""Atoms that nothing holds: the usual cause of zero modes beyond the translations."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from atomsim.hessian import pair_blocks
from atomsim.pairs import PairTerms
from atomsim.results import IntArray

LOOSE = 1e-8  # stiffness below this share of the mean holds nothing [-]
MOST_NAMED = 8


def loose_atoms(terms: PairTerms) -> IntArray:
    """Return the atoms that can move at no cost: held in fewer directions than there are, or off the largest body.

    An atom is held by its pairs along the eigenvectors of the sum of their second derivatives; atoms hang together
    where a second derivative of their pair does not vanish. Motions of several atoms inside one body, each of which
    is held by the others at rest, are not found.

    Args:
        terms: pairs and derivatives of the configuration.
    """
    n, d = terms.n_atoms, terms.dimension
    blocks = pair_blocks(terms)
    held = np.zeros((n, d, d))
    np.add.at(held, terms.first_p, blocks)
    np.add.at(held, terms.second_p, blocks)
    limit = LOOSE * float(np.trace(held, axis1=1, axis2=2).mean()) / d
    weak = np.linalg.eigvalsh(held)[:, 0] <= limit
    stiff = np.abs(blocks).max(axis=(1, 2), initial=0.0) > limit
    graph = sparse.coo_matrix((np.ones(stiff.sum()), (terms.first_p[stiff], terms.second_p[stiff])), shape=(n, n))
    body_n = connected_components(graph, directed=False)[1]
    return np.flatnonzero(weak | (body_n != np.bincount(body_n).argmax()))


def explain_zero_modes(terms: PairTerms, *, found: int, expected: int) -> str:
    """Return in words where zero modes beyond those of symmetry come from.

    Args:
        terms: pairs and derivatives of the configuration.
        found: number of zero modes.
        expected: number that symmetry demands.
    """
    named = named_loose_atoms(terms) or "a motion of several atoms costs nothing, each alone is held"
    return f"{found} zero modes, expected {expected}: {named}"


def named_loose_atoms(terms: PairTerms) -> str:
    """Return in words which atoms nothing holds, or nothing.

    Args:
        terms: pairs and derivatives of the configuration.
    """
    loose = loose_atoms(terms)
    if not len(loose):
        return ""
    contacts = np.bincount(np.concatenate([terms.first_p, terms.second_p]), minlength=terms.n_atoms)
    named = ", ".join(f"{atom} ({contacts[atom]} neighbours)" for atom in loose[:MOST_NAMED])
    more = f" and {len(loose) - MOST_NAMED} more" if len(loose) > MOST_NAMED else ""
    return f"nothing holds atom {named}{more}; remove such rattlers or compress"
