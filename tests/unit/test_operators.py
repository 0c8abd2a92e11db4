"""Operators of the kernel polynomial method: any library may hold the vectors, and the numbers are the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.modes import KernelDensity, kernel_polynomial_density
from analysis.modes.kernel_polynomial import chebyshev_moments
from atomsim.errors import InputError
from atomsim.hessian import PairRows
from atomsim.operators import ArrayRows, OperatorMaker
from atomsim.pairs import PairTerms
from atomsim.quench import Glass
from atomsim.results import Array

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"
ROUNDING = 1e-10  # of moments and densities of order one; sums are taken in another order


def strict_library() -> Any:
    return pytest.importorskip("array_api_strict", reason="array-api-strict is not installed; it is in the extra test")


def of_the_page() -> OperatorMaker:
    """The operator that docs/operators.md writes down, a sparse matrix of SciPy."""
    (code,) = re.findall(r"```python\n(import .*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["SparseMatrix"]


MAKERS: dict[str, Callable[[], OperatorMaker]] = {
    "pairs in NumPy": lambda: partial(ArrayRows, namespace=np),
    "pairs by the standard": lambda: partial(ArrayRows, namespace=strict_library()),
    "sparse matrix": of_the_page,
}


@pytest.fixture(params=MAKERS)
def maker(request: pytest.FixtureRequest) -> OperatorMaker:
    return MAKERS[request.param]()


def density_of(glass: Glass, **options: Any) -> KernelDensity:
    return kernel_polynomial_density(
        glass.interaction(), glass.positions_nc, glass.mass_n,
        moments=32, vectors=3, bins=20, rng=np.random.default_rng(8), **options,
    )  # fmt: skip


def test_density_does_not_depend_on_the_operator(binary_glass: Glass, maker: OperatorMaker) -> None:
    usual, other = density_of(binary_glass), density_of(binary_glass, operator=maker)
    scale = usual.density_w.max()
    np.testing.assert_allclose(other.density_w, usual.density_w, atol=ROUNDING * scale)
    np.testing.assert_allclose(other.error_w, usual.error_w, atol=ROUNDING * scale)
    assert other.highest_frequency == pytest.approx(usual.highest_frequency, rel=ROUNDING)
    assert usual.error_w.max() > 0.01 * scale  # other random vectors would be seen


def test_operators_multiply_alike_in_any_order_of_rows(binary_glass: Glass, maker: OperatorMaker) -> None:
    rng = np.random.default_rng(3)
    n, terms = binary_glass.n_atoms, binary_glass.interaction().terms(binary_glass.positions_nc)
    order_n, field_nck = rng.permutation(n), rng.standard_normal((n, 3, 4))
    pairs = PairRows(terms, mass_n=binary_glass.mass_n, order_n=order_n)
    other = maker(terms, mass_n=binary_glass.mass_n, order_n=order_n)
    np.testing.assert_array_equal(other.mass_n, pairs.mass_n)
    np.testing.assert_array_equal(other.to_host(other.from_host(field_nck)), field_nck)
    exact = pairs.product(field_nck)
    found = other.to_host(other.product(other.from_host(field_nck)))
    np.testing.assert_allclose(found, exact, atol=1e-12 * np.abs(exact).max())
    previous = rng.standard_normal((n, 3, 4))
    new, sums = pairs.chebyshev_step(field_nck, previous.copy(), centre=3.0, half_width=7.0)
    other_new, other_sums = other.chebyshev_step(
        other.from_host(field_nck), other.from_host(previous), centre=3.0, half_width=7.0
    )
    np.testing.assert_allclose(other.to_host(other_new), new, atol=1e-12 * np.abs(new).max())
    np.testing.assert_allclose(other_sums, sums, rtol=1e-10)
    assert isinstance(other_sums, np.ndarray)


def plane_terms() -> PairTerms:
    """A square net of springs in the plane, each bond stiffer along itself than across."""
    edge = 10
    site = np.arange(edge * edge).reshape(edge, edge)
    first = np.concatenate([site.ravel(), site.ravel()])
    second = np.concatenate([np.roll(site, -1, axis=0).ravel(), np.roll(site, -1, axis=1).ravel()])
    vector_pc = np.zeros((len(first), 3))
    vector_pc[: edge * edge, 0] = vector_pc[edge * edge :, 1] = 1.0
    derivative_kp = np.zeros((5, len(first)))
    derivative_kp[1], derivative_kp[2] = 0.5, 1.0
    return PairTerms(first, second, vector_pc, derivative_kp, edge * edge, 2)


def test_plane_system_by_the_standard() -> None:
    terms = plane_terms()
    options = {"mass_n": np.linspace(1.0, 2.0, 100), "order_n": np.arange(100)[::-1]}
    usual, other = (
        chebyshev_moments(made, moments=16, vectors=2, rng=np.random.default_rng(2))
        for made in (PairRows(terms, **options), ArrayRows(terms, namespace=np, **options))
    )
    np.testing.assert_allclose(other.moment_rk, usual.moment_rk, atol=ROUNDING)
    assert np.ptp(usual.moment_rk[:, 1]) > ROUNDING


def test_atoms_without_neighbours_have_rows_without_places() -> None:
    """Atoms without neighbours have rows without places."""
    none = np.empty(0, np.int64)
    alone = ArrayRows(PairTerms(none, none, np.empty((0, 3)), np.empty((5, 0)), 3, 3), namespace=np)
    np.testing.assert_array_equal(alone.product(np.ones((3, 3, 2))), 0.0)


def test_library_without_double_precision_is_refused(binary_glass: Glass) -> None:
    class Coarse:
        """A library that gives single precision for double."""

        __name__ = "coarse"
        float64 = np.dtype(np.float64)

        @staticmethod
        def asarray(values: Array, *, dtype: Any, device: Any) -> Any:
            return np.asarray(values, dtype=np.float32)

    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    with pytest.raises(InputError, match="coarse gives float32 for float64: expected double precision"):
        ArrayRows(terms, namespace=Coarse())  # type: ignore[arg-type]


def test_embedded_operator_keeps_its_vectors_where_they_are(binary_glass: Glass) -> None:
    """No copies on the way: the processor's operator is as fast through the interface as without it."""
    rows = PairRows(binary_glass.interaction().terms(binary_glass.positions_nc))
    field_nck = np.random.default_rng(0).standard_normal((binary_glass.n_atoms, 3, 2))
    previous = np.zeros_like(field_nck)
    assert rows.from_host(field_nck) is field_nck and rows.to_host(field_nck) is field_nck
    assert rows.chebyshev_step(field_nck, previous, centre=1.0, half_width=1.0)[0] is previous
