"""Contractions of many fields at once, and matrices assembled in one pass, against slow sums over single pairs."""

from __future__ import annotations

import numpy as np
import pytest
from numerics import disordered

from analysis.soft_modes import contractions, expand_along
from atomsim.hessian import assemble, hessian_matrix, pair_blocks
from atomsim.kernels.pair_derivatives import derivative_kernel
from atomsim.pairs import PairTerms
from atomsim.potentials import get_model

ROUND_OFF = 1e-12  # relative to the largest number
CASES = [("lerner-binary", 5), ("ninarello", 5), ("lerner-binary:dimension=2", 7)]


def terms_of(specification: str, n_side: int) -> PairTerms:
    interaction, positions_nc = disordered(get_model(specification), np.random.default_rng(0), n_side=n_side)
    return interaction.terms(positions_nc)


def fields(terms: PairTerms, count: int) -> np.ndarray:
    field_nck = np.random.default_rng(1).normal(0, 1, (terms.n_atoms, 3, count))
    field_nck[:, terms.dimension :] = 0.0
    return field_nck


def slow_field(terms: PairTerms, field_nc: np.ndarray, order: int) -> np.ndarray:
    """The force of the energy phi(|R + t Delta|^2) of each pair at order t^(order - 1), by polynomials."""
    out_nc = np.zeros((terms.n_atoms, 3))
    for p, (i, j) in enumerate(zip(terms.first_p, terms.second_p, strict=True)):
        one, two, three, four = terms.derivative_kp[1:5, p]
        separation, delta = terms.vector_pc[p], field_nc[i] - field_nc[j]
        # gradient by Delta of phi(u0 + v), v = 2 t R.Delta + t^2 Delta.Delta: phi'(v) (2 R + 2 t Delta)
        v = np.polynomial.Polynomial([0.0, 2 * separation @ delta, delta @ delta])
        slope = (one + two * v + three / 2 * v**2 + four / 6 * v**3).coef
        taylor = [2 * slope[k] * separation + (2 * slope[k - 1] * delta if k else 0.0) for k in range(4)]
        force = taylor[order - 1] * {2: 1.0, 3: 2.0, 4: 6.0}[order]
        out_nc[i] += force
        out_nc[j] -= force
    return out_nc


@pytest.mark.parametrize(("specification", "n_side"), CASES)
@pytest.mark.parametrize("order", [2, 3, 4])
def test_fields_equal_sums_over_single_pairs(specification: str, n_side: int, order: int) -> None:
    terms = terms_of(specification, n_side)
    contract = {2: contractions.second_field, 3: contractions.third_field, 4: contractions.fourth_field}[order]
    field_nc = fields(terms, 1)[:, :, 0]
    slow = slow_field(terms, field_nc, order)
    assert np.abs(contract(terms, field_nc) - slow).max() < ROUND_OFF * np.abs(slow).max()


def test_bond_field_equals_sum_over_single_pairs() -> None:
    terms = terms_of("lerner-binary", 5)
    field_nc = fields(terms, 1)[:, :, 0]
    slow = np.zeros_like(field_nc)
    for i, j in zip(terms.first_p, terms.second_p, strict=True):
        delta = field_nc[i] - field_nc[j]
        slow[i] += delta * (delta @ delta)
        slow[j] -= delta * (delta @ delta)
    assert np.abs(contractions.bond_field(terms, field_nc) - slow).max() < ROUND_OFF * np.abs(slow).max()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_many_directions_are_contracted_at_once(count: int) -> None:
    terms = terms_of("ninarello", 5)
    field_nck = fields(terms, count)
    for contract in (
        contractions.second_field,
        contractions.third_field,
        contractions.fourth_field,
        contractions.bond_field,
    ):
        together = contract(terms, field_nck)
        alone = np.stack([contract(terms, field_nck[:, :, k]) for k in range(count)], axis=2)
        assert np.abs(together - alone).max() <= ROUND_OFF * np.abs(alone).max()
    together = contractions.taylor_coefficients(terms, field_nck)
    mass_n = np.ones(terms.n_atoms)
    for k in range(count):
        alone = expand_along(terms, field_nck[:, :, k], mass_n)
        assert together[:, k] == pytest.approx([alone.curvature, alone.tau, alone.chi], rel=1e-11)


@pytest.mark.parametrize(("specification", "n_side"), CASES)
def test_hessian_in_one_pass_equals_assembly_of_blocks(specification: str, n_side: int) -> None:
    terms = terms_of(specification, n_side)
    at_once = hessian_matrix(terms)
    by_blocks = assemble(terms.first_p, terms.second_p, pair_blocks(terms), terms.n_atoms)
    assert np.array_equal(at_once.indices, by_blocks.indices) and np.array_equal(at_once.indptr, by_blocks.indptr)
    assert np.abs(at_once.data - by_blocks.data).max() < ROUND_OFF * np.abs(at_once.data).max()


@pytest.mark.parametrize("dimension", [2, 3])
def test_assembly_equals_a_dense_sum_and_is_stored_in_order(dimension: int) -> None:
    rng = np.random.default_rng(2)
    n_atoms, d = 9, dimension
    pairs = np.array([(i, j) for i in range(n_atoms - 1) for j in range(i + 1, n_atoms - 1) if rng.random() < 0.4])
    pairs = rng.permutation(pairs)  # the last atom has no neighbour, and the pairs no order
    swapped = rng.random(len(pairs)) < 0.5
    pairs[swapped] = pairs[swapped, ::-1]
    blocks = rng.normal(0, 1, (len(pairs), d, d))
    blocks += blocks.transpose(0, 2, 1)
    dense = np.zeros((n_atoms, d, n_atoms, d))
    for (i, j), block in zip(pairs, blocks, strict=True):
        dense[i, :, i] += block
        dense[j, :, j] += block
        dense[i, :, j] -= block
        dense[j, :, i] -= block
    matrix = assemble(pairs[:, 0], pairs[:, 1], blocks, n_atoms)
    assert matrix.toarray() == pytest.approx(dense.reshape(d * n_atoms, -1), abs=1e-13)
    rows = np.repeat(np.arange(d * n_atoms), np.diff(matrix.indptr))
    assert np.all(np.diff(rows * d * n_atoms + matrix.indices) > 0), "columns ascend, none twice"
    assert matrix.has_canonical_format and matrix.nnz == d * d * (2 * len(pairs) + n_atoms)


@pytest.mark.parametrize(("specification", "n_side"), CASES)
def test_hessian_is_symmetric_to_the_last_bit_whatever_the_order_of_the_pairs(specification: str, n_side: int) -> None:
    terms = terms_of(specification, n_side)
    matrix, n = hessian_matrix(terms), len(terms.first_p)
    assert (matrix != matrix.T).nnz == 0
    again = hessian_matrix(terms)
    assert np.array_equal(matrix.data, again.data) and np.array_equal(matrix.indices, again.indices)
    order = np.random.default_rng(3).permutation(n)
    turned = order[: n // 2]  # these pairs name their atoms the other way round
    first_p, second_p, vector_pc = terms.first_p.copy(), terms.second_p.copy(), terms.vector_pc.copy()
    first_p[turned], second_p[turned] = second_p[turned], first_p[turned]
    vector_pc[turned] *= -1.0
    shuffled = PairTerms(
        first_p[order], second_p[order], vector_pc[order], terms.derivative_kp[:, order], terms.n_atoms, terms.dimension
    )  # fmt: skip
    assert (hessian_matrix(shuffled) != matrix).nnz == 0  # a row sums its neighbours in their order


def test_derivatives_are_the_same_however_many_orders_are_asked_for() -> None:
    interaction, positions_nc = disordered(get_model("ninarello"), np.random.default_rng(4), n_side=5)
    terms, radial = interaction.terms(positions_nc), interaction.model.radial
    singular, regular = radial.coefficients()
    scales = interaction.pair_scales(terms.first_p, terms.second_p)
    for n_orders in (1, 3):
        few_kp = np.empty((n_orders, len(terms.first_p)))
        fill = derivative_kernel(radial.exponent, singular.shape[1], regular.shape[1], n_orders)
        fill(terms.vector_pc, *scales, singular, regular, few_kp)
        assert few_kp == pytest.approx(terms.derivative_kp[:n_orders], rel=1e-14, abs=0.0)
