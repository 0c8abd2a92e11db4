"""Sparse factorisation: inertia equals the count of eigenvalues, backends agree, singular matrices are refused."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from numerics import disordered
from scipy import sparse

from atomsim import factorise
from atomsim.errors import InputError, NotConverged
from atomsim.factorise import SymmetricFactor, default_backend
from atomsim.hessian import hessian_matrix
from atomsim.potentials import get_model

BACKENDS = [
    pytest.param(
        "pardiso",
        marks=pytest.mark.skipif(importlib.util.find_spec("pypardiso") is None, reason="no wheel of pypardiso here"),
    ),
    "superlu",
]


@pytest.fixture(scope="module")
def hessian() -> sparse.csr_matrix:
    """An indefinite matrix: the Hessian of a shaken lattice, far from any minimum."""
    interaction, positions_nc = disordered(
        get_model("lerner-binary"), np.random.default_rng(0), n_side=6, shear=0.05, noise=0.25
    )
    return hessian_matrix(interaction.terms(positions_nc))


@pytest.mark.parametrize("backend", BACKENDS)
def test_inertia_counts_eigenvalues(hessian: sparse.csr_matrix, backend: str) -> None:
    values = np.linalg.eigvalsh(hessian.toarray())
    between = 0.5 * (values[1:] + values[:-1])
    shifts = [values[0] - 1, values[-1] + 1, *between[[0, 5, 50, 300, 600]], -1e-6, 1e-6]
    counts = []
    for shift in shifts:
        factor = SymmetricFactor(hessian, shift=float(shift), backend=backend)
        counts.append(factor.n_negative)
        factor.release()
    assert counts == [int(np.count_nonzero(values < shift)) for shift in shifts]
    assert counts[:7] == [0, 648, 1, 6, 51, 301, 601] and counts[8] - counts[7] == 3  # the translations


@pytest.mark.parametrize("backend", BACKENDS)
def test_solutions_of_shifted_systems(hessian: sparse.csr_matrix, backend: str) -> None:
    rng = np.random.default_rng(1)
    right = rng.standard_normal((hessian.shape[0], 4))
    for shift in (-100.0, 0.5):
        factor = SymmetricFactor(hessian, shift=shift, backend=backend)
        exact = np.linalg.solve(hessian.toarray() - shift * np.eye(len(right)), right)
        assert np.abs(factor.solve(right) - exact).max() < 1e-9 * np.abs(exact).max()
        assert np.abs(factor.solve(right[:, 2]) - exact[:, 2]).max() < 1e-9 * np.abs(exact).max()
        assert factor.solve(right[:, 2]).shape == (len(right),)
        factor.release()


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_factorisations_live_side_by_side(hessian: sparse.csr_matrix, backend: str) -> None:
    first = SymmetricFactor(hessian, shift=-50.0, backend=backend)
    second = SymmetricFactor(hessian, shift=-500.0, backend=backend)
    right = np.ones(hessian.shape[0])
    first.release()
    assert np.allclose(second.solve(right), 1 / 500.0)  # a translation: H 1 = 0
    second.release()


@pytest.mark.parametrize("backend", BACKENDS)
def test_singular_matrices_are_refused(hessian: sparse.csr_matrix, backend: str) -> None:
    # Translations are zero modes to round-off: the residual of a solution stays at 1e-15 there, its error does not.
    with pytest.raises(NotConverged, match="singular") as caught:
        SymmetricFactor(hessian, backend=backend)
    assert caught.value.estimate > factorise.LARGEST_ERROR
    shift = 1e-10 * hessian.diagonal().mean()  # just regular
    SymmetricFactor(hessian, shift=-shift, backend=backend).release()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("values", [[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
def test_matrices_with_an_exact_zero_are_refused(values: list[float], backend: str) -> None:
    for matrix in (sparse.diags(values).tocsr(), sparse.csr_matrix(np.diag(values))):
        with pytest.raises(NotConverged, match="singular"):
            SymmetricFactor(matrix, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_zero_on_the_diagonal_of_a_regular_matrix(backend: str) -> None:
    # [[0, 1], [1, 0]] has no LDL^T without pivoting: either the right inertia or a refusal, never a wrong count.
    matrix = sparse.csr_matrix(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]))
    try:
        n_negative = SymmetricFactor(matrix, backend=backend).n_negative
    except NotConverged:
        n_negative = 1
    assert n_negative == 1


def test_unknown_backends_are_refused() -> None:
    with pytest.raises(InputError, match="unknown backend 'mumps'; expected 'pardiso' or 'superlu'"):
        SymmetricFactor(sparse.identity(3, format="csr"), backend="mumps")


def test_default_backend_follows_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert default_backend() == "superlu"
    assert SymmetricFactor(sparse.identity(3, format="csr") * -2.0).n_negative == 3
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert default_backend() == "pardiso"
