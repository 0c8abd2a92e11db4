"""One factorisation certifies a minimum with the numbers of three; what is no minimum is counted as before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numerics import crystal, single_component
from scipy import sparse

from atomsim import certificate
from atomsim.certificate import (
    Certificate,
    certify,
    expected_zero_modes,
    lowest_if_minimum,
    translations,
    zero_tolerance,
)
from atomsim.engines.hessian import certify_hessian
from atomsim.factorise import SymmetricFactor
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.minimise import settle
from atomsim.pairs import PairInteraction
from atomsim.potentials import Model, get_model
from atomsim.potentials.radial import lennard_jones, smoothed
from atomsim.quench import Glass
from atomsim.results import Array
from atomsim.structure import random_start

ATTRACTIVE = Model(name="attractive", radial=smoothed(lennard_jones(), 1.8, 3))
SAME_EIGENVALUE = 1e-10  # relative; both are found to 1e-12 of the inverse, which loses what its size costs
Case = tuple[PairInteraction, Array, Array]


@pytest.fixture
def factorisations(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The shifts of all factorisations that a certificate makes."""
    shifts: list[float] = []

    class Counted(SymmetricFactor):
        def move_to(self, shift: float) -> None:
            shifts.append(shift)
            super().move_to(shift)

    monkeypatch.setattr(certificate, "SymmetricFactor", Counted)
    return shifts


def minimum(interaction: PairInteraction, positions_nc: Array, rng: np.random.Generator) -> Case:
    """The minimum below some positions, with uneven masses."""
    return interaction, settle(interaction, positions_nc).positions_nc, rng.uniform(0.5, 3.0, len(positions_nc))


def glass_of(specification: str, n_atoms: int, seed: int) -> Case:
    rng, model = np.random.default_rng(seed), get_model(specification)
    atoms = random_start(model, n_atoms, model.density, rng)
    return minimum(PairInteraction.from_atoms(model, atoms), atoms.positions, rng)


def rattler() -> Case:
    """A shaken crystal in which one atom has lost two shells of neighbours, and none reaches beyond them."""
    rng = np.random.default_rng(3)
    positions_nc, cell_cc = crystal("fcc", 4, density=1.05)
    away_nc = positions_nc - positions_nc[0]
    distance_n = np.linalg.norm(away_nc - np.rint(away_nc / cell_cc[0, 0]) * cell_cc[0, 0], axis=1)
    kept_nc = positions_nc[(distance_n == 0) | (distance_n > 1.7)]
    interaction = single_component(get_model("inverse-power:n=10,q=3,cutoff=1.25"), kept_nc, cell_cc)
    return minimum(interaction, kept_nc + rng.normal(0, 0.02, kept_nc.shape), rng)


def free_body(periodic: tuple[int, int, int], radius: float) -> Case:
    """Attracting atoms in a cylinder along z or a ball, without neighbours along the open directions."""
    rng, edge = np.random.default_rng(4), 4 * 4 ** (1 / 3)
    positions_nc, _ = crystal("fcc", 4, density=1.0)
    open_c = np.array(periodic) == 0
    inside = np.linalg.norm((positions_nc - 0.45 * edge)[:, open_c], axis=1) < radius
    kept_nc = positions_nc[inside] + rng.normal(0, 0.03, (int(inside.sum()), 3))
    n_atoms = len(kept_nc)
    interaction = PairInteraction(
        ATTRACTIVE, cell_cc=np.eye(3) * edge, periodic_c=np.array(periodic),
        species_n=np.zeros(n_atoms, dtype=np.int64), size_n=np.ones(n_atoms),
    )  # fmt: skip
    return minimum(interaction, kept_nc, rng)


def saddle() -> Case:
    """A simple cubic crystal, stationary by symmetry."""
    positions_nc, cell_cc = crystal("sc", 6)
    return single_component(get_model("laird-schober"), positions_nc, cell_cc), positions_nc, np.ones(216)


HEALTHY = {
    "many neighbours": lambda: glass_of("laird-schober", 230, 1),
    "sizes": lambda: glass_of("ninarello", 400, 1),
    "species": lambda: glass_of("kob-andersen", 300, 2),
    "plane": lambda: glass_of("lerner-binary:dimension=2", 200, 1),
}
OTHERS: dict[str, tuple[Callable[[], Case], int, int]] = {  # with zero modes and negative eigenvalues
    "saddle": (saddle, 3, 105),
    "rattler": (rattler, 6, 0),
    "wire": (lambda: free_body((0, 0, 1), 2.2), 4, 0),
    "cluster": (lambda: free_body((0, 0, 0), 2.4), 6, 0),
}


def by_counting(case: Case) -> Certificate:
    """The certificate by two inertias and Lanczos around a shift, without the short way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate, "lowest_if_minimum", lambda *_: None)
        return certify(*case)


def assert_same(one: Certificate, other: Certificate) -> None:
    assert (one.max_force, one.zero_tolerance) == (other.max_force, other.zero_tolerance)
    assert (one.n_zero_modes, one.n_negative) == (other.n_zero_modes, other.n_negative)
    assert one.lowest_eigenvalue == pytest.approx(other.lowest_eigenvalue, rel=SAME_EIGENVALUE)


@pytest.mark.parametrize("name", HEALTHY)
def test_one_factorisation_certifies_a_minimum(name: str, factorisations: list[float]) -> None:
    case = HEALTHY[name]()
    found = certify(*case)
    assert factorisations == [0.0]
    assert_same(found, by_counting(case))
    assert len(factorisations) == 4
    interaction, positions_nc, mass_n = case
    d = interaction.model.dimension
    values = np.linalg.eigvalsh(mass_weighted(hessian_matrix(interaction.terms(positions_nc)), mass_n, d).toarray())
    assert (found.n_zero_modes, found.n_negative) == (d, 0)
    assert found.lowest_eigenvalue == pytest.approx(values[d], rel=1e-9)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_more_than_a_minimum_is_counted(name: str, factorisations: list[float]) -> None:
    make, zero_modes, negative = OTHERS[name]
    case = make()
    found = certify(*case)
    assert len(factorisations) > 1, "the short way must not answer"
    assert (found.n_zero_modes, found.n_negative) == (zero_modes, negative)
    assert_same(found, by_counting(case))
    assert (found.lowest_eigenvalue < 0) == (negative > 0)


@pytest.fixture
def turned(small_glass: Glass) -> Callable[[float], sparse.csr_matrix]:
    """The dynamical matrix of a glass with its lowest eigenvalue times a factor, all others left as they are."""
    matrix = mass_weighted(
        hessian_matrix(small_glass.interaction().terms(small_glass.positions_nc)), small_glass.mass_n, 3
    )
    vector = np.linalg.eigh(matrix.toarray())[1][:, 3]
    change = small_glass.lowest_eigenvalue * np.outer(vector, vector)
    return lambda factor: sparse.csr_matrix(matrix.toarray() + (factor - 1) * change)


def test_one_negative_eigenvalue_is_not_overlooked(
    small_glass: Glass, turned: Callable[[float], sparse.csr_matrix]
) -> None:
    zero_modes, lowest = translations(small_glass.mass_n, 3), small_glass.lowest_eigenvalue
    assert lowest_if_minimum(turned(1.0), zero_modes) == pytest.approx(lowest, rel=SAME_EIGENVALUE)
    assert lowest_if_minimum(turned(0.5), zero_modes) == pytest.approx(lowest / 2, rel=SAME_EIGENVALUE)
    assert lowest_if_minimum(turned(-1e-3), zero_modes) is None


@pytest.mark.parametrize(("share", "zero_modes", "negative"), [(0.5, 4, 0), (-0.5, 4, 0), (-2.0, 3, 1), (2.0, 3, 0)])
def test_soft_modes_within_the_tolerance_count_as_zero(
    small_glass: Glass, turned: Callable[[float], sparse.csr_matrix], monkeypatch: pytest.MonkeyPatch,
    share: float, zero_modes: int, negative: int,
) -> None:  # fmt: skip
    matrix = turned(share * zero_tolerance(turned(1.0)) / small_glass.lowest_eigenvalue)
    monkeypatch.setattr(certificate, "mass_weighted", lambda *_: matrix)
    found = certify(small_glass.interaction(), small_glass.positions_nc, small_glass.mass_n)
    assert (found.n_zero_modes, found.n_negative) == (zero_modes, negative)


def test_translations_are_the_zero_modes(binary_glass: Glass) -> None:
    matrix = mass_weighted(
        hessian_matrix(binary_glass.interaction().terms(binary_glass.positions_nc)), binary_glass.mass_n, 3
    )
    zero_modes = translations(binary_glass.mass_n, 3)
    np.testing.assert_allclose(zero_modes.T @ zero_modes, np.eye(3), atol=1e-14)
    assert np.abs(matrix @ zero_modes).max() < 1e-12 * matrix.diagonal().mean()
    assert zero_modes.shape[1] == expected_zero_modes(binary_glass.interaction())


@pytest.mark.parametrize("name", ["many neighbours", "saddle", "rattler"])
def test_hessians_of_engines_are_certified_the_short_way_too(name: str, factorisations: list[float]) -> None:
    """The matrix of an engine stands for any: here it is that of pair models, whose certificate is known."""
    case = HEALTHY[name]() if name in HEALTHY else OTHERS[name][0]()
    interaction, positions_nc, _ = case
    mass_n = np.random.default_rng(7).uniform(20.0, 60.0, interaction.n_atoms)
    known = certify(interaction, positions_nc, mass_n)
    factorisations.clear()
    hessian = hessian_matrix(interaction.terms(positions_nc))
    assert_same(certify_hessian(hessian, mass_n, known.max_force), known)
    assert (factorisations == [0.0]) == (name in HEALTHY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate, "lowest_if_minimum", lambda *_: None)
        assert_same(certify_hessian(hessian, mass_n, known.max_force), known)
