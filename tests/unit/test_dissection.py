"""Nested dissection and its factor: order, covers, inertia, error bounds, modes from single precision."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numerics import disordered
from scipy import linalg, sparse

from analysis.modes import davidson, dissected, forecast_modes, full_spectrum, lowest_modes
from analysis.modes.davidson import lowest_by_rough_inverse
from analysis.modes.dissected import require_complete
from analysis.modes.spectrum import dynamical_matrix
from atomsim import dissection as dissection_module
from atomsim import pivots
from atomsim.block_matrix import BlockMatrix
from atomsim.dissection import Dissection, _vertex_cover, dissect
from atomsim.errors import IncompleteSpectrum, InputError, NotConverged
from atomsim.hessian import hessian_matrix
from atomsim.multifrontal import MultifrontalFactor
from atomsim.pairs import PairTerms
from atomsim.pivots import factorise_block
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.raising import factorise_raised
from atomsim.structure import random_start


@pytest.fixture
def small_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut down to few atoms: small systems get many fronts."""
    monkeypatch.setattr(dissection_module, "LEAF", 8)
    monkeypatch.setattr(pivots, "CHOSEN", 16)


def shaken() -> tuple[PairTerms, Dissection]:
    """A shaken lattice of 216 atoms, far from any minimum: its Hessian is indefinite."""
    rng = np.random.default_rng(0)
    interaction, positions_nc = disordered(get_model("lerner-binary"), rng, n_side=6, shear=0.05, noise=0.25)
    terms = interaction.terms(positions_nc)
    return terms, dissect(terms, positions_nc @ np.linalg.inv(interaction.cell_cc))


def order_of(glass: Glass) -> Dissection:
    terms = glass.interaction().terms(glass.positions_nc)
    return dissect(terms, glass.positions_nc @ np.linalg.inv(glass.cell_cc))


# --- the order ----------------------------------------------------------------------------------------------


def test_every_bond_stays_in_its_front_or_what_that_touches(small_leaves: None) -> None:
    terms, order = shaken()
    np.testing.assert_array_equal(np.sort(order.order_n), np.arange(terms.n_atoms))
    place = np.argsort(order.order_n)
    low = np.minimum(place[terms.first_p], place[terms.second_p])
    high = np.maximum(place[terms.first_p], place[terms.second_p])
    assert len(order.fronts) > 20 and order.fronts[0].begin == 0
    for number, front in enumerate(order.fronts):
        reached = high[(low >= front.begin) & (low < front.end) & (high >= front.end)]
        assert np.isin(reached, front.later_b).all()
        assert np.all(np.diff(front.later_b) > 0) and (front.parent == -1) == (len(front.later_b) == 0)
        if front.parent >= 0:  # what is handed on is eliminated there or touched there
            after = order.fronts[front.parent]
            assert front.parent > number and after.begin <= front.later_b[0] < after.end
            beyond = front.later_b[front.later_b >= after.end]
            assert np.isin(beyond, after.later_b).all()


def test_cover_is_the_smallest() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        bonds = sparse.csr_matrix((rng.random((5, 6)) < 0.3).astype(np.int32))
        rows, columns = _vertex_cover(bonds)
        i, j = bonds.nonzero()
        assert np.all(rows[i] | columns[j])
        fewest = next(
            k for k in range(12) for chosen in combinations(range(11), k)
            if np.all(np.isin(i, chosen) | np.isin(j + 5, chosen))
        )  # fmt: skip
        assert rows.sum() + columns.sum() == fewest


def test_bodies_apart_need_no_separator() -> None:
    chain = np.arange(99)
    first = chain[chain % 10 != 9]  # ten chains of ten atoms
    terms = PairTerms(first, first + 1, np.ones((len(first), 3)), np.ones((5, len(first))), 100, 3)
    order = dissect(terms, np.random.default_rng(2).random((100, 3)))
    assert sorted(order.order_n) == list(range(100)) and order.fronts[-1].parent == -1


def test_dissection_halves_the_work_of_a_dense_factor() -> None:
    terms, order = shaken()
    assert order.flops < 0.5 * (3 * terms.n_atoms) ** 3 / 3


# --- blocks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_factor_of_a_block(dtype: type) -> None:
    rng = np.random.default_rng(3)
    for size, n_negative in ((40, 0), (40, 7), (700, 31), (700, 700)):
        close = 2e-3 if dtype is np.float32 and not n_negative else 1e-9  # an indefinite block is one of doubles
        axes = np.linalg.qr(rng.standard_normal((size, size)))[0]
        values = rng.uniform(0.5, 2.0, size) * np.where(np.arange(size) < n_negative, -1, 1)
        block = np.asfortranarray(((axes * values) @ axes.T).astype(dtype))
        pivot = factorise_block(block)
        assert np.count_nonzero(pivot.sign < 0) == n_negative and set(np.abs(pivot.sign)) == {1.0}

        def rows(number: int = 5, size: int = size) -> np.ndarray:
            return np.asfortranarray(np.random.default_rng(number).standard_normal((3, size)).astype(dtype))

        image = pivot.multiply(np.asfortranarray(pivot.multiply_transposed(rows()) * pivot.sign))
        np.testing.assert_allclose(image, rows().astype(float) @ block, atol=close * size)
        np.testing.assert_allclose(pivot.multiply(pivot.divide(rows())), rows(), atol=close * size)
        back = pivot.multiply_transposed(pivot.divide_transposed(rows()))
        np.testing.assert_allclose(back, rows(), atol=close * size)


def test_singular_blocks_are_refused() -> None:
    with pytest.raises(NotConverged, match="singular"):
        factorise_block(np.zeros((3, 3), order="F"))


# --- the factor ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["single", "double"])
def test_fronts_count_and_solve(small_leaves: None, precision: str) -> None:
    terms, order = shaken()
    matrix = hessian_matrix(terms)
    values = np.linalg.eigvalsh(matrix.toarray())
    factor = MultifrontalFactor(matrix, order)
    rng = np.random.default_rng(4)
    right = rng.standard_normal((len(values), 4))
    for place in (0, 51, 400):
        edge = [values[0] - 50.0, *values, values[-1] + 50.0]
        shift = 0.5 * (edge[place] + edge[place + 1])
        factor.factorise(shift, precision=precision)
        bound = factor.error_bound(rng)
        if bound < np.abs(values - shift).min():
            assert factor.n_negative == place
            solution = factor.solve(right)
            exact = np.linalg.solve(matrix.toarray() - shift * np.eye(len(right)), right)
            close = 2 * bound / np.abs(values - shift).min() + 1e-12
            assert np.abs(solution - exact).max() <= close * np.linalg.norm(exact)
            np.testing.assert_allclose(factor.solve(right[:, 1]), solution[:, 1], atol=10 * close * np.abs(exact).max())
        else:
            assert precision == "single"
    stored = sum(f.below.size + len(f.pivot.sign) ** 2 for f in factor._eliminated)
    assert stored == order.nonzeros <= order.peak
    factor.release()


def test_all_that_follows_an_indefinite_front_is_double(small_leaves: None) -> None:
    terms, order = shaken()
    matrix = hessian_matrix(terms)
    values = np.linalg.eigvalsh(matrix.toarray())
    factor = MultifrontalFactor(matrix, order)
    factor.factorise(0.5 * (values[60] + values[61]), precision="single")
    double = [front.below.dtype == np.float64 for front in factor._eliminated]
    indefinite = [bool((front.pivot.sign < 0).any()) for front in factor._eliminated]
    for number in range(len(order.fronts)):
        before = [double[k] for k, other in enumerate(order.fronts) if other.parent == number]
        assert double[number] == (indefinite[number] or any(before))
    assert 1 < sum(indefinite) < sum(double) < len(double)


@pytest.mark.parametrize(("precision", "share"), [("single", 1e-3), ("double", 1e-10)])
def test_error_bound_holds_and_is_tight(small_leaves: None, precision: str, share: float) -> None:
    terms, order = shaken()
    matrix = hessian_matrix(terms)
    factor = MultifrontalFactor(matrix, order)
    factor.factorise(-300.0, precision=precision)
    error = np.linalg.norm(factor._difference(np.eye(matrix.shape[0])), ord=2)
    bound = factor.error_bound(np.random.default_rng(5))
    assert 0.5 * error < bound < 20 * error
    assert bound < share * np.abs(matrix).max()


def test_single_precision_among_the_eigenvalues_is_as_good_as_below_them(cooled_glass: Glass) -> None:
    matrix = dynamical_matrix(cooled_glass)
    values = np.linalg.eigvalsh(matrix.toarray())
    factor = MultifrontalFactor(matrix, order_of(cooled_glass))
    error = []
    for shift, n_negative in ((-0.1, 0), (0.5 * (values[40] + values[41]), 41)):
        factor.factorise(shift, precision="single")
        assert factor.n_negative == n_negative
        error.append(factor.error_bound(np.random.default_rng(5)))
    assert error[1] < 1.2 * error[0]  # chosen pivots alone would lose a factor of 20 and more


@pytest.mark.parametrize("precision", ["single", "double"])
def test_raised_blocks_count_what_chosen_pivots_count(small_leaves: None, precision: str) -> None:
    terms, order = shaken()
    matrix = hessian_matrix(terms)
    values, vectors = np.linalg.eigh(matrix.toarray())
    factor = MultifrontalFactor(matrix, order)
    rng = np.random.default_rng(12)
    for place, guide in ((5, vectors[:, :9]), (30, vectors[:, :40]), (30, rng.standard_normal((len(values), 2)))):
        shift = 0.5 * (values[place - 1] + values[place])
        factor.factorise(shift, precision=precision, guide=guide)
        assert factor.error_bound(rng) < 0.1 * (values[place] - values[place - 1])
        assert factor.n_negative == place
        raised = [front.raised is not None for front in factor._eliminated]
        signs = [bool((front.pivot.sign < 0).any()) for front in factor._eliminated]
        assert any(raised) and any(signs) == (guide.shape[1] == 2)  # directions at random do not suffice everywhere
        directions = [np.zeros((len(values), 0))]
        for front in (front for front in factor._eliminated if front.raised is not None):
            directions.append(np.zeros((len(values), front.raised.shape[1])))
            directions[-1][factor._order[front.own]] = front.raised
        raised_by = np.concatenate(directions, axis=1)
        lifted = matrix.toarray() - shift * np.eye(len(values)) + raised_by @ raised_by.T
        inverse = raised_by.T @ np.linalg.solve(lifted, raised_by)
        close = 1e-9 if precision == "double" else 0.02
        np.testing.assert_allclose(factor._inverse_raised(), inverse, atol=close * np.abs(inverse).max())
        with pytest.raises(ValueError, match="does not solve"):
            factor.solve(values)
    factor.factorise(0.5 * (values[29] + values[30]), precision=precision, guide=np.delete(vectors[:, :40], 3, axis=1))
    assert factor.n_negative == 30  # a vector that was missed is counted


def test_raising_keeps_single_precision_exact_among_the_eigenvalues(cooled_glass: Glass) -> None:
    matrix = dynamical_matrix(cooled_glass)
    values, vectors = np.linalg.eigh(matrix.toarray())
    factor = MultifrontalFactor(matrix, order_of(cooled_glass))
    factor.factorise(-0.1, precision="single")
    below = factor.error_bound(np.random.default_rng(5))
    factor.factorise(0.5 * (values[40] + values[41]), precision="single", guide=vectors[:, :46])
    assert factor.n_negative == 41 and all(front.below.dtype == np.float32 for front in factor._eliminated)
    assert factor.error_bound(np.random.default_rng(5)) < 3 * below


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_raised_factor_of_a_block(dtype: type) -> None:
    rng = np.random.default_rng(13)
    axes = np.linalg.qr(rng.standard_normal((60, 60)))[0]
    values = np.concatenate([[-3.0, -0.5], rng.uniform(0.5, 2.0, 58)])
    block = np.asfortranarray(((axes * values) @ axes.T).astype(dtype))
    for count in (2, 5):
        pivot, raised = factorise_raised(block, axes[:, :count])
        image = pivot.multiply(np.asfortranarray(pivot.multiply_transposed(np.eye(60, order="F"))))
        np.testing.assert_allclose(image, block.astype(float) + raised @ raised.T, atol=1e-5)
    values[0] = -80.0  # a resonance, of which the guide has little: its image has more
    deep = np.asfortranarray(((axes * values) @ axes.T).astype(dtype))
    assert factorise_raised(deep, axes[:, 1:2] + 0.05 * axes[:, :1]) is not None
    assert factorise_raised(block, axes[:, 2:4]) is None  # outside the space of the negative eigenvalues
    definite = np.asfortranarray(block + 4 * np.eye(60, dtype=dtype))
    assert factorise_raised(definite, axes[:, :2])[1] is None


def test_error_bound_stops_where_it_is_small_enough(small_leaves: None) -> None:
    terms, order = shaken()
    factor = MultifrontalFactor(hessian_matrix(terms), order)
    factor.factorise(-300.0, precision="single")
    tight, loose = (factor.error_bound(np.random.default_rng(5), enough=enough) for enough in (0.0, 1e9))
    assert tight < loose < 1e4 * tight
    assert factor.error_bound(np.random.default_rng(5), enough=0.5 * (tight + loose)) < loose


@pytest.mark.parametrize("dimension", [2, 3])
def test_block_matrix_is_the_matrix(dimension: int) -> None:
    rng = np.random.default_rng(14)
    matrix = sparse.random(90, 90, density=0.1, rng=rng, format="csr")
    for columns in (1, 48, 101):
        field = rng.standard_normal((90, columns))
        np.testing.assert_allclose(BlockMatrix(matrix, dimension) @ field, matrix.toarray() @ field, atol=1e-13)


def test_what_lies_beyond_the_vectors(small_leaves: None) -> None:
    terms, order = shaken()
    matrix = hessian_matrix(terms)
    values, vectors = np.linalg.eigh(matrix.toarray())
    factor = MultifrontalFactor(matrix, order)
    rng = np.random.default_rng(6)
    shift = 0.5 * (values[40] + values[41])  # among the vectors given
    for precision, margin in (("single", 0.05), ("double", 1e-6)):
        factor.factorise(shift, precision=precision)
        assert shift - margin * abs(shift) < factor.lowest_beyond(vectors[:, :60], rng) <= shift
        assert factor.lowest_beyond(np.delete(vectors[:, :60], 7, axis=1), rng) == -np.inf


# --- modes --------------------------------------------------------------------------------------------------


def test_pairs_from_a_rough_inverse_are_those_of_the_matrix() -> None:
    rng = np.random.default_rng(7)
    values = np.concatenate([np.repeat(np.arange(1.0, 30.0), 2), np.linspace(40.0, 4000.0, 600)])
    axes = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    noise = rng.standard_normal((len(values), len(values)))
    inverse = (axes / values) @ axes.T + 1e-7 * (noise + noise.T)
    shares: list[float] = []
    found, vectors = lowest_by_rough_inverse(
        lambda b: axes @ (values[:, None] * (axes.T @ b)), lambda b: inverse @ b, len(values), 20, spare=5,
        progress=shares.append,
    )  # fmt: skip
    np.testing.assert_allclose(found[:20], values[:20], rtol=1e-11)
    assert len(found) == 25 and shares[-1] == 1.0
    assert np.abs((axes * values) @ (axes.T @ vectors[:, :20]) - vectors[:, :20] * found[:20]).max() < 1e-4
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(25), atol=1e-10)


def test_rough_inverse_without_structure_gives_up() -> None:
    values = np.linspace(1.0, 3.0, 2000)[:, None]
    wrong = np.random.default_rng(8).uniform(0.5, 2.0, (2000, 1))  # no inverse at all
    with pytest.raises(NotConverged, match="of 5 modes open") as caught:
        lowest_by_rough_inverse(lambda b: values * b, lambda b: wrong * b, 2000, 5, spare=2)
    assert len(caught.value.estimate) == 7


def test_dissection_gives_the_modes_of_lapack(cooled_glass: Glass) -> None:
    full = full_spectrum(cooled_glass, keep_vectors=40)
    lines: list[str] = []
    few = lowest_modes(cooled_glass, 40, method="dissection", report=lines.append)
    np.testing.assert_allclose(few.omega_m[3:], full.omega_m[3:40], rtol=1e-10)
    overlap = np.abs(np.einsum("mnc,mnc->m", few.vectors_mnc[3:], full.vectors_mnc[3:40]))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-10)
    assert few.certified_complete and few.n_zero_modes == 3
    assert "the lowest 40 modes of 500 atoms by dissection: about" in lines[0] and lines[-1] == "100 % of the modes"
    again = lowest_modes(cooled_glass, 40, method="dissection")
    np.testing.assert_array_equal(again.vectors_mnc, few.vectors_mnc)  # nothing is left to chance


def test_modes_of_a_saddle_and_of_a_plane(small_leaves: None) -> None:
    specification = "lerner-binary:dimension=2"
    atoms = random_start(get_model(specification), 150, 0.86, np.random.default_rng(8))
    glass = inherent_structure(atoms, specification, on_saddle="push")
    moved = glass.positions_nc.copy()
    moved[:, :2] += 0.12 * np.random.default_rng(9).standard_normal((150, 2))
    for positions_nc in (glass.positions_nc, moved):
        terms = glass.interaction().terms(positions_nc)
        matrix = hessian_matrix(terms)
        order = dissect(terms, positions_nc @ np.linalg.inv(glass.cell_cc))
        values, _ = dissected.lowest_dissected(matrix, order, 12, report=print)
        exact = np.linalg.eigvalsh(matrix.toarray())[:12]
        np.testing.assert_allclose(values[:12], exact, rtol=1e-9, atol=1e-9)
        assert (exact[0] < -1.0) == (positions_nc is moved)


def test_double_precision_where_single_cannot_tell(cooled_glass: Glass, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = full_spectrum(cooled_glass).omega_m[:20]
    measured = MultifrontalFactor.error_bound
    errors = [1e3]  # the first one, of single precision, is bad news

    def coarse(factor: MultifrontalFactor, rng: np.random.Generator, *, enough: float) -> float:
        return errors.pop() if errors else measured(factor, rng, enough=enough)

    lines: list[str] = []
    monkeypatch.setattr(MultifrontalFactor, "error_bound", coarse)
    found = lowest_modes(cooled_glass, 20, method="dissection", report=lines.append)
    np.testing.assert_allclose(found.omega_m[3:], exact[3:], rtol=1e-9)
    assert found.certified_complete
    assert [line[:34] for line in lines if "precision" in line] == ["certificate in single precision: m"]


def test_inverse_in_double_precision_where_the_rough_one_fails(
    cooled_glass: Glass, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = full_spectrum(cooled_glass).omega_m[:10]
    monkeypatch.setattr(davidson, "CLOSE", 0.0)  # never close enough
    lines: list[str] = []
    found = lowest_modes(cooled_glass, 10, method="dissection", report=lines.append)
    np.testing.assert_allclose(found.omega_m[3:], exact[3:], rtol=1e-9)
    assert any("the inverse is taken in double precision" in line for line in lines)


def test_missed_modes_are_detected_by_inertia(cooled_glass: Glass) -> None:
    matrix = dynamical_matrix(cooled_glass)
    values, vectors = linalg.eigh(matrix.toarray(), subset_by_index=[0, 39])
    factor = MultifrontalFactor(matrix, order_of(cooled_glass))
    lines: list[str] = []
    require_complete(factor, values, vectors, 28, report=lines.append)
    assert not lines
    with pytest.raises(IncompleteSpectrum, match=r"eigenvalues lie below .* by inertia"):
        require_complete(factor, np.delete(values, 10), np.delete(vectors, 10, axis=1), 28, report=lines.append)
    assert [line.split()[2] for line in lines] == ["single", "double"]


def test_forecast_of_a_dissection(cooled_glass: Glass) -> None:
    terms = cooled_glass.interaction().terms(cooled_glass.positions_nc)
    order = order_of(cooled_glass)
    plan = forecast_modes(terms, 10, dissection=order)
    assert plan.method == "dissection" and "fronts" in plan.basis and 0 < plan.memory < 1e9
    assert forecast_modes(terms, 400, dissection=order).method == "dense"
    with pytest.raises(InputError, match="needs the order of elimination"):
        forecast_modes(terms, 10, method="dissection")
