"""The kernel polynomial method: known spectra, exact moments, and the errors it quotes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analysis.modes import Modes, full_spectrum, kernel_polynomial_density
from analysis.modes.kernel_polynomial import (
    SpectralMoments,
    chebyshev_moments,
    density_from_moments,
    jackson_kernel,
    random_block,
    upper_bound,
)
from analysis.modes.spectrum import dynamical_matrix
from atomsim.errors import InputError, NotAMinimum
from atomsim.hessian import HessianOperator, PairRows, hessian_matrix, mass_weighted
from atomsim.kernels.hessian_product import curve_places
from atomsim.pairs import PairTerms
from atomsim.quench import Glass

SPRING = 3.0


def springs(first: np.ndarray, second: np.ndarray, n_atoms: int) -> PairTerms:
    """Pairs that pull alike in every direction: block SPRING times one, so that three spectra coincide."""
    derivative_kp = np.zeros((5, len(first)))
    derivative_kp[1] = SPRING / 2
    vector_pc = np.zeros((len(first), 3))
    vector_pc[:, 0] = 1.0
    return PairTerms(first, second, vector_pc, derivative_kp, n_atoms, 3)


def rows_of(glass: Glass, mass_n: np.ndarray | None = None) -> PairRows:
    return PairRows(glass.interaction().terms(glass.positions_nc), mass_n=glass.mass_n if mass_n is None else mass_n)


def test_products_of_pair_rows_are_those_of_the_matrix(binary_glass: Glass) -> None:
    rng = np.random.default_rng(3)
    mass_n, n = rng.uniform(0.5, 2.0, binary_glass.n_atoms), binary_glass.n_atoms
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    order_n = rng.permutation(n)
    field_nck = rng.standard_normal((n, 3, 5))
    exact = mass_weighted(hessian_matrix(terms), mass_n, 3) @ field_nck.reshape(3 * n, 5)
    rows = PairRows(terms, mass_n=mass_n, order_n=order_n)
    found = rows.product(field_nck[order_n])
    np.testing.assert_allclose(found, exact.reshape(n, 3, 5)[order_n], atol=1e-12 * np.abs(exact).max())
    previous = rng.standard_normal((n, 3, 5))
    new = 2 / 7.0 * (found - 3.0 * field_nck[order_n]) - previous
    step, moments = rows.chebyshev_step(field_nck[order_n], previous.copy(), centre=3.0, half_width=7.0)
    np.testing.assert_allclose(step, new, atol=1e-12 * np.abs(new).max())
    np.testing.assert_allclose(moments[0], np.einsum("nck,nck->k", field_nck, field_nck), rtol=1e-12)
    np.testing.assert_allclose(moments[1], np.einsum("nck,nck->k", field_nck[order_n], new), rtol=1e-10)


def test_operator_takes_many_vectors_at_once(small_glass: Glass) -> None:
    terms = small_glass.interaction().terms(small_glass.positions_nc)
    operator, matrix = HessianOperator(terms), hessian_matrix(terms)
    vectors = np.random.default_rng(0).standard_normal((matrix.shape[0], 3))
    np.testing.assert_allclose(operator @ vectors, matrix @ vectors, atol=1e-12 * np.abs(matrix @ vectors).max())
    np.testing.assert_allclose(operator @ vectors[:, 1], matrix @ vectors[:, 1], atol=1e-11 * np.abs(matrix).max())


def test_curve_keeps_neighbours_together() -> None:
    axes = np.meshgrid(*3 * [np.arange(16)], indexing="ij")
    positions_nc = np.stack(axes, axis=-1).reshape(-1, 3) + 0.5
    place = curve_places(positions_nc, np.eye(3) / 16.0)
    assert len(np.unique(place)) == 16**3
    for octant in np.split(positions_nc[np.argsort(place)], 8):  # an eighth of the curve fills an eighth of the cell
        np.testing.assert_array_equal(np.ptp(octant, axis=0), 7.0)


def test_random_vectors_hold_no_translation(small_glass: Glass) -> None:
    mass_n = np.random.default_rng(5).uniform(0.5, 2.0, small_glass.n_atoms)
    field_nck = random_block(rows_of(small_glass, mass_n), 3, np.random.default_rng(1))
    np.testing.assert_allclose(np.einsum("n,nck->ck", np.sqrt(mass_n), field_nck), 0.0, atol=1e-11)


def test_upper_bound_lies_just_above_the_spectrum(small_glass: Glass, small_modes: Modes) -> None:
    highest = small_modes.omega_m[-1] ** 2
    assert highest < upper_bound(rows_of(small_glass), np.random.default_rng(2)) < 1.05 * highest


def test_low_moments_are_traces(small_glass: Glass) -> None:
    matrix, n_modes = dynamical_matrix(small_glass), 3 * small_glass.n_atoms - 3
    found = chebyshev_moments(rows_of(small_glass), moments=8, vectors=200, rng=np.random.default_rng(4))
    np.testing.assert_allclose(found.moment_rk[:, 0], 1.0, rtol=1e-14)
    assert found.n_modes == n_modes
    exact = np.array([matrix.trace(), matrix.multiply(matrix).sum()]) / n_modes
    powers = found.powers()
    error = powers.std(axis=1, ddof=1) / np.sqrt(200)
    assert np.all(np.abs(powers.mean(axis=1) - exact) < 3 * error)
    assert np.all(error < 0.01 * exact)


def test_moments_of_one_vector_are_those_of_the_eigenvectors(small_glass: Glass) -> None:
    values, vectors = np.linalg.eigh(dynamical_matrix(small_glass).toarray())
    rows, seed = rows_of(small_glass), 11
    found = chebyshev_moments(rows, moments=40, vectors=2, rng=np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    upper_bound(rows, rng)  # draws first
    weight = np.square(vectors.T @ random_block(rows, 2, rng).reshape(len(values), 2))
    angle = np.arccos(np.clip(2 * values / found.upper - 1, -1, 1))
    exact = np.cos(np.arange(40)[:, None] * angle) @ (weight / weight.sum(axis=0))
    np.testing.assert_allclose(found.moment_rk, exact.T, atol=1e-9)


def test_harmonic_chain_has_its_analytic_density() -> None:
    n_atoms = 3000
    first = np.arange(n_atoms)
    chain = PairRows(springs(first, (first + 1) % n_atoms, n_atoms))
    found = density_from_moments(
        chebyshev_moments(chain, moments=400, vectors=8, rng=np.random.default_rng(1)), bins=50
    )
    highest = 2 * np.sqrt(SPRING)
    assert highest < found.highest_frequency < 1.02 * highest
    share_w = np.diff(2 / np.pi * np.arcsin(np.clip(found.edges_w / highest, 0.0, 1.0)))
    difference = np.abs(found.density_w * np.diff(found.edges_w) - share_w)
    assert difference.sum() < found.integrated_error < 0.1
    below_edge = slice(0, 45)  # where the analytic density is smooth the standard error alone decides
    ratio = difference[below_edge] / (found.error_w * np.diff(found.edges_w))[below_edge]
    assert np.median(ratio) < 1.5


def test_spectrum_of_one_frequency_is_one_line() -> None:
    n_atoms = 600
    dimers = PairRows(springs(np.arange(0, n_atoms, 2), np.arange(1, n_atoms, 2), n_atoms))
    found = density_from_moments(
        chebyshev_moments(dimers, moments=256, vectors=4, rng=np.random.default_rng(1)), bins=100
    )
    share_w = found.density_w * np.diff(found.edges_w)
    line = np.sqrt(2 * SPRING)
    around = np.abs(found.centres_w - line) < 0.05 * line
    assert share_w[around].sum() == pytest.approx(n_atoms / 2 / (n_atoms - 1), abs=0.01)
    assert share_w[:5].sum() == pytest.approx((n_atoms / 2 - 1) / (n_atoms - 1), abs=0.01)
    assert share_w.sum() == pytest.approx(1.0, abs=1e-12) and share_w.min() > -1e-12


def test_width_of_the_kernel_is_the_quoted_resolution() -> None:
    upper, omega, count = 4.0, 1.1, 200
    angle = np.arccos(2 * omega**2 / upper - 1)
    moments = SpectralMoments(np.tile(np.cos(np.arange(count) * angle), (2, 1)), upper, 10)
    found = density_from_moments(moments, bins=4000)
    share_w, centres = found.density_w * np.diff(found.edges_w), found.centres_w
    mean = share_w @ centres
    spread = np.sqrt(share_w @ (centres - mean) ** 2)
    assert mean == pytest.approx(omega, rel=1e-3)
    assert spread == pytest.approx(np.interp(omega, centres, found.resolution_w), rel=0.02)
    assert jackson_kernel(count)[0] == pytest.approx(1.0, rel=1e-12)


def test_density_agrees_with_the_full_spectrum_within_its_error(cooled_glass: Glass) -> None:
    modes = full_spectrum(cooled_glass, keep_vectors=0)
    omega = modes.omega_m[modes.vibrations]
    for moments, vectors in ((256, 16), (512, 48)):
        found = kernel_polynomial_density(
            cooled_glass.interaction(), cooled_glass.positions_nc, cooled_glass.mass_n,
            moments=moments, vectors=vectors, bins=40, rng=np.random.default_rng(9),
        )  # fmt: skip
        counted = np.histogram(omega, found.edges_w)[0] / len(omega)
        width = np.diff(found.edges_w)
        assert np.sum(found.density_w * width) == pytest.approx(1.0, rel=1e-12)
        difference = np.abs(found.density_w * width - counted).sum()
        assert 0.2 * found.integrated_error < difference < found.integrated_error
        assert found.n_modes == len(omega)


def test_standard_error_falls_with_the_number_of_vectors(small_glass: Glass) -> None:
    rows = rows_of(small_glass)
    few, many = (
        density_from_moments(chebyshev_moments(rows, moments=64, vectors=r, rng=np.random.default_rng(7)), bins=20)
        for r in (16, 144)
    )
    assert few.error_w.sum() / many.error_w.sum() == pytest.approx(3.0, rel=0.25)
    apart = np.abs(few.density_w - many.density_w) / np.hypot(few.error_w, many.error_w)
    assert np.mean(apart) < 1.3


def test_density_needs_a_minimum(small_glass: Glass) -> None:
    shaken = small_glass.positions_nc + np.random.default_rng(0).normal(scale=0.1, size=small_glass.positions_nc.shape)
    with pytest.raises(NotAMinimum, match=r"max\|F\|"):
        kernel_polynomial_density(small_glass.interaction(), shaken, small_glass.mass_n, rng=np.random.default_rng(1))
    terms = small_glass.interaction().terms(small_glass.positions_nc)
    upside_down = PairRows(dataclasses.replace(terms, derivative_kp=-terms.derivative_kp))
    with pytest.raises(NotAMinimum, match="at or below -"):
        chebyshev_moments(upside_down, rng=np.random.default_rng(1))


def test_eigenvalue_below_zero_is_told_by_the_growth_of_moments() -> None:
    class Shifted(PairRows):
        """Lanczos sees the spectrum, the recursion one that reaches below zero."""

        def chebyshev_step(self, field_nck, previous_nck, *, centre, half_width):
            return super().chebyshev_step(field_nck, previous_nck, centre=1.01 * centre, half_width=0.97 * half_width)

    first = np.arange(200)
    chain = Shifted(springs(first, (first + 1) % 200, 200))
    with pytest.raises(NotAMinimum, match="moments grow"):
        chebyshev_moments(chain, moments=256, vectors=2, rng=np.random.default_rng(1))


@pytest.mark.parametrize(("moments", "vectors", "bins"), [(10, 4, 5), (4, 4, 5), (16, 1, 5), (16, 4, 0)])
def test_numbers_out_of_range_are_refused(small_glass: Glass, moments: int, vectors: int, bins: int) -> None:
    with pytest.raises(InputError, match="expected"):
        kernel_polynomial_density(
            small_glass.interaction(), small_glass.positions_nc, small_glass.mass_n,
            moments=moments, vectors=vectors, bins=bins, rng=np.random.default_rng(1),
        )  # fmt: skip
