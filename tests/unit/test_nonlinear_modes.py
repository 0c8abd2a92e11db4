"""Nonlinear modes: contractions, stationarity, limits where the answer is known, far field, and the result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numerics import assert_decay

from analysis.modes import Modes, full_spectrum, lowest_modes
from analysis.soft_modes import contractions, expand_along
from analysis.soft_modes.far_field import far_field_exponent, shells_of
from analysis.soft_modes.nonlinear import NonlinearModes, energies_along, find_nonlinear_modes, scan_error
from analysis.soft_modes.starts import harmonic_starts, local_compliance, softest_bonds
from analysis.soft_modes.stationary import STATIONARY, Kind, StationarySearch, kind_of
from atomsim.errors import IllPosedFit, IncompleteSpectrum, InputError, NotAMinimum, NotConverged
from atomsim.hessian import hessian_matrix
from atomsim.pairs import PairTerms
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.results import Array
from atomsim.store import read_result, write_result
from atomsim.structure import random_start

KINDS = [kind.value for kind in Kind]
PHONON = 2.0  # what is called the lowest phonon; only quoted in the result


@pytest.fixture(scope="module")
def terms(binary_glass: Glass) -> PairTerms:
    return binary_glass.interaction().terms(binary_glass.positions_nc)


@pytest.fixture(scope="module")
def modes(binary_glass: Glass) -> Modes:
    return full_spectrum(binary_glass)


@pytest.fixture(scope="module")
def found(binary_glass: Glass, modes: Modes) -> dict[str, NonlinearModes]:
    return {
        kind: find_nonlinear_modes(
            binary_glass, modes, kind, np.random.default_rng(1), lowest_phonon_frequency=PHONON,
            n_harmonic=6, n_dipoles=4,
        )
        for kind in KINDS
    }  # fmt: skip


def random_field(glass: Glass, seed: int = 3) -> Array:
    return np.random.default_rng(seed).standard_normal((glass.n_atoms, 3))


def bond_energy(terms: PairTerms, field_nc: Array) -> float:
    delta_pc = terms.difference(field_nc)
    return float(np.sum(np.einsum("pc,pc->p", delta_pc, delta_pc) ** 2))


def test_contractions_are_derivatives_of_each_other(binary_glass: Glass, terms: PairTerms) -> None:
    """Scalars of the expansion, fields and matrices: each is the gradient of the one before, with its count."""
    field_nc, other_nc = random_field(binary_glass), random_field(binary_glass, 4)
    unit_mass = np.ones(binary_glass.n_atoms)

    def scalar(name: str) -> Callable[[Array], float]:
        if name == "bond":
            return lambda z_nc: bond_energy(terms, z_nc)
        return lambda z_nc: getattr(expand_along(terms, z_nc, unit_mass), name)

    for name, field, matrix, order in (
        ("tau", contractions.third_field, contractions.third_matrix, 3),
        ("chi", contractions.fourth_field, contractions.fourth_matrix, 4),
        ("bond", contractions.bond_field, contractions.bond_matrix, 4),
    ):
        of = scalar(name)
        assert np.sum(field_nc * field(terms, field_nc)) == pytest.approx(of(field_nc), rel=1e-11)
        product_nc = (matrix(terms, field_nc) @ field_nc.ravel()).reshape(-1, 3)
        np.testing.assert_allclose(product_nc, field(terms, field_nc), atol=1e-10 * np.abs(product_nc).max())

        # both are polynomials of z, so that central differences with the step 1 miss only known higher terms
        def slope(step: float, of=of) -> float:
            return (of(field_nc + step * other_nc) - of(field_nc - step * other_nc)) / (2 * step)

        exact = order * np.sum(other_nc * field(terms, field_nc))
        assert (4 * slope(0.5) - slope(1.0)) / 3 == pytest.approx(exact, rel=1e-9)
        turned = (field(terms, field_nc + 1e-4 * other_nc) - field(terms, field_nc - 1e-4 * other_nc)) / 2e-4
        jacobian = (order - 1) * (matrix(terms, field_nc) @ other_nc.ravel()).reshape(-1, 3)
        np.testing.assert_allclose(turned, jacobian, atol=1e-6 * np.abs(jacobian).max())


def test_third_matrix_is_the_derivative_of_the_hessian(binary_glass: Glass, terms: PairTerms) -> None:
    field_nc, interaction = random_field(binary_glass), binary_glass.interaction()
    exact = contractions.third_matrix(terms, field_nc)
    fourth = contractions.fourth_matrix(terms, field_nc)

    def moved(step: float) -> Array:
        return hessian_matrix(interaction.terms(binary_glass.positions_nc + step * field_nc)).toarray()

    def first_error(step: float) -> float:
        return float(np.abs((moved(step) - moved(-step)) / (2 * step) - exact).max())

    def second_error(step: float) -> float:
        return float(np.abs((moved(step) - 2 * moved(0.0) + moved(-step)) / step**2 - fourth).max())

    assert_decay(first_error, first_step=2e-3, order=2)
    assert_decay(second_error, first_step=4e-3, order=2, n_steps=3)


@pytest.mark.parametrize("kind", KINDS)
def test_nonlinear_modes_are_stationary_minima(found: dict[str, NonlinearModes], kind: str) -> None:
    """Every mode found is stationary to round-off, and a minimum of its barrier function."""
    assert len(found[kind].residual_m) >= 2
    assert np.all(found[kind].residual_m <= STATIONARY)
    assert np.all(found[kind].n_negative_m == 1)
    assert found[kind].n_starts == 10 == len(found[kind].residual_m) + found[kind].n_repeated + found[kind].n_failed


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_the_barrier_function_vanishes(
    binary_glass: Glass, terms: PairTerms, found: dict[str, NonlinearModes], kind: str
) -> None:
    """The function b itself, not its formula for the gradient: no random change lowers it, and its slope is zero."""
    unit = np.ones(binary_glass.n_atoms)
    power, strength = {
        "cubic": (3, lambda z_nc: expand_along(terms, z_nc, unit).tau ** 2),
        "quartic": (2, lambda z_nc: expand_along(terms, z_nc, unit).chi),
        "pseudo-harmonic": (2, lambda z_nc: bond_energy(terms, z_nc)),
    }[kind]

    def barrier(z_nc: Array) -> float:
        return expand_along(terms, z_nc, unit).curvature ** power / strength(z_nc)

    mode_nc = found[kind].vectors_mnc[0] / np.sqrt(binary_glass.mass_n)[:, None]
    other_nc = random_field(binary_glass, 8) * np.linalg.norm(mode_nc) / np.linalg.norm(random_field(binary_glass, 8))
    here = barrier(mode_nc)
    assert barrier(-3.7 * mode_nc) == pytest.approx(here, rel=1e-12)
    sides = [barrier(mode_nc + sign * 1e-4 * other_nc) / here - 1 for sign in (1, -1)]
    assert min(sides) > 0
    assert abs(sides[0] - sides[1]) < 1e-2 * sum(sides)  # what is left is odd and of third order


def test_plain_iteration_leads_to_the_same_modes(
    binary_glass: Glass, terms: PairTerms, found: dict[str, NonlinearModes]
) -> None:
    """The iteration of the paper alone, from the same low vibration, ends in one of the modes of each kind."""
    for kind in KINDS:
        search = StationarySearch(terms, binary_glass.mass_n, Kind(kind))
        root = np.sqrt(binary_glass.mass_n)[:, None]
        here = search.at(found[kind].vectors_mnc[0] / root + 0.01 * random_field(binary_glass) / 20)
        for _ in range(300):
            here = search.at(search.plain_step(here))
        search.release()
        weighted_nc = here.field_nc * root / np.linalg.norm(here.field_nc * root)
        overlap = abs(np.einsum("mnc,nc->m", found[kind].vectors_mnc, weighted_nc)).max()
        assert here.residual < 1e-6
        assert overlap == pytest.approx(1, abs=1e-9)


def test_known_directions_are_not_found_twice(binary_glass: Glass, terms: PairTerms, modes: Modes) -> None:
    search = StationarySearch(terms, binary_glass.mass_n, Kind.CUBIC)
    start_nc = harmonic_starts(binary_glass, modes, 1)[0]
    one = search.find(start_nc)
    assert one is not None
    assert search.find(-2 * start_nc, [one.field_nc]) is None
    with pytest.raises(NotConverged, match="anharmonicity"):
        search.at(np.zeros_like(start_nc))
    search.release()


def plane_bonds(*bonds: tuple[tuple[float, float], tuple[float, float, float, float]]) -> PairTerms:
    """Two atoms in a plane joined by bonds (direction, the four derivatives of phi by r^2), as images would do."""
    vectors = np.array([[*vector, 0.0] for vector, _ in bonds])
    derivatives = np.array([[0.0, *values] for _, values in bonds]).T
    count = len(bonds)
    return PairTerms(np.zeros(count, np.int64), np.ones(count, np.int64), vectors, derivatives, 2, 2)


def test_cubic_mode_of_a_solvable_bond() -> None:
    """One bond along x in a plane: kappa = A x^2 + B y^2, tau = x (P x^2 + Q y^2), so tan^2 = (2QA - 3BP)/(BQ)."""
    first, second, third, reach = 0.5, 2.0, -1.0, 1.2
    terms = plane_bonds(((reach, 0.0), (first, second, third, 0.0)))
    A, B = 4 * second * reach**2 + 2 * first, 2 * first
    P, Q = 8 * reach**3 * third + 12 * reach * second, 12 * reach * second
    expected = (2 * Q * A - 3 * B * P) / (B * Q)
    assert expected > 0
    search = StationarySearch(terms, np.ones(2), Kind.CUBIC)
    mode = search.find(np.array([[0.3, 0.2, 0.0], [-0.3, -0.2, 0.0]]))
    assert mode is not None
    assert (mode.field_nc[0, 1] / mode.field_nc[0, 0]) ** 2 == pytest.approx(expected, rel=1e-8)
    assert mode.stiffness**3 / mode.strength**2 == pytest.approx((A + B * expected) ** 3 / (P + Q * expected) ** 2)
    search.release()


@pytest.mark.parametrize("kind", KINDS)
def test_isolated_soft_mode_is_the_nonlinear_mode(kind: str) -> None:
    """A bond that softens across a stiff one: the angle to the harmonic mode falls in proportion to its stiffness."""

    def sine(softness: float) -> float:
        stiff, soft = (1.0, 0.0), (0.3, 1.0)
        terms = plane_bonds((stiff, (0.0, 5.0, 1.0, 1.0)), (soft, (0.0, softness, 3.0, 2.0)))
        hessian = hessian_matrix(terms).toarray()[:2, :2]
        harmonic = np.linalg.eigh(hessian)[1][:, 0]
        search = StationarySearch(terms, np.ones(2), Kind(kind))
        mode = search.find(np.array([[*harmonic, 0.0], [*-harmonic, 0.0]]))
        search.release()
        assert mode is not None
        z = mode.field_nc[0, :2] / np.linalg.norm(mode.field_nc[0])
        return abs(float(z[0] * harmonic[1] - z[1] * harmonic[0]))

    angles = [sine(softness) for softness in (4e-3, 2e-3, 1e-3)]
    assert angles[0] < 0.02
    if kind == "pseudo-harmonic":  # of two atoms |z_ij|^2 z_ij is parallel to z: the modes are the harmonic ones
        assert max(angles) < 1e-9
        return
    np.testing.assert_allclose(np.divide(angles[:-1], angles[1:]), 2, rtol=0.05)


def test_names_of_kinds_are_checked() -> None:
    assert [kind_of(name) for name in KINDS] == list(Kind)
    with pytest.raises(InputError, match="did you mean 'quartic'"):
        kind_of("quatric")


def test_cubic_barrier_of_a_cubic_energy(found: dict[str, NonlinearModes]) -> None:
    """kappa s^2/2 + tau s^3/6 has its maximum at -2 kappa/tau and the barrier (2/3) kappa^3/tau^2 there."""
    cubic = found["cubic"]
    s = cubic.saddle_coordinate_m
    assert np.all(cubic.tau_m < 0)
    assert np.all(s > 0)
    np.testing.assert_allclose(cubic.stiffness_m * s + cubic.tau_m * s**2 / 2, 0, atol=1e-10)
    np.testing.assert_allclose(cubic.barrier_m, cubic.stiffness_m * s**2 / 2 + cubic.tau_m * s**3 / 6, rtol=1e-12)


def test_straight_scan_agrees_with_the_expansion(binary_glass: Glass, found: dict[str, NonlinearModes]) -> None:
    """Energies on the line of a quartic mode follow its expansion; what is left falls as the fifth power."""
    quartic = found["quartic"]
    vector_nc, expansion = quartic.vectors_mnc[0], (quartic.stiffness_m[0], quartic.tau_m[0], quartic.chi_m[0])

    def error(s: float) -> float:
        series = expansion[0] * s**2 / 2 + expansion[1] * s**3 / 6 + expansion[2] * s**4 / 24
        return abs(float(energies_along(binary_glass, vector_nc, np.array([s]))[0]) - series)

    assert_decay(error, first_step=0.08, order=5, n_steps=3)
    assert np.all(quartic.scan_error_m < 0.02)
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    exact = expand_along(terms, vector_nc, binary_glass.mass_n)
    wrong = dataclasses.replace(exact, chi=exact.chi * 1.5)
    assert scan_error(binary_glass, vector_nc, wrong) > 3 * scan_error(binary_glass, vector_nc, exact)


def test_modes_are_distinct_sorted_and_share_the_vibrations(
    binary_glass: Glass, modes: Modes, found: dict[str, NonlinearModes]
) -> None:
    for one in found.values():
        flat = one.vectors_mnc.reshape(len(one.stiffness_m), -1)
        overlap = np.abs(flat @ flat.T)
        np.testing.assert_allclose(np.diag(overlap), 1, atol=1e-12)
        assert np.max(overlap - np.eye(len(flat))) < 0.9
        assert np.all(np.diff(one.stiffness_m) >= 0)
        np.testing.assert_allclose(one.covered_share_m, 1, atol=1e-10)  # all vibrations were given
        np.testing.assert_allclose(one.omega_m**2, one.stiffness_m)
        assert np.all(one.n_harmonic_m >= 1 / one.harmonic_share_m / len(modes.omega_m))
        assert np.array_equal(one.hybridised_m, one.harmonic_share_m < 0.5)
        assert [len(one.core(k)) for k in range(len(flat))] == one.core_size_m.tolist()
        # the stiffness is the mean of the squared frequencies, weighted by the shares
        share = np.einsum("mnc,knc->mk", one.vectors_mnc, modes.vectors_mnc) ** 2
        np.testing.assert_allclose(share @ modes.omega_m**2, one.stiffness_m, rtol=1e-8)
    assert found["pseudo-harmonic"].lowest_phonon_frequency == PHONON


def test_softest_bonds_by_direct_solution(binary_glass: Glass, terms: PairTerms) -> None:
    """The local compliance is the opening of the bond under its dipole with all other atoms held."""
    bonds = softest_bonds(binary_glass, terms, 5)
    atoms = np.concatenate([terms.first_p[bonds], terms.second_p[bonds]])
    assert len(set(atoms.tolist())) == 10
    hessian = hessian_matrix(terms).toarray().reshape(160, 3, 160, 3)
    for bond, compliance in zip(bonds, local_compliance(terms, bonds), strict=True):
        pair = np.array([terms.first_p[bond], terms.second_p[bond]])
        block = hessian[np.ix_(pair, range(3), pair, range(3))].reshape(6, 6)
        along = terms.vector_pc[bond] / np.linalg.norm(terms.vector_pc[bond])
        pull = np.concatenate([along, -along])
        assert compliance == pytest.approx(pull @ np.linalg.solve(block, pull))
    near = np.flatnonzero(np.linalg.norm(terms.vector_pc, axis=1) < 1.5 * binary_glass.density ** (-1 / 3))
    assert local_compliance(terms, bonds[:1])[0] == pytest.approx(local_compliance(terms, near).max())


def scattered_glass(n_atoms: int, edge: float) -> Glass:
    """Points at random in a box; only places, cell and masses are looked at."""
    places = np.random.default_rng(2).uniform(0, edge, (n_atoms, 3))
    ones = np.ones(n_atoms)
    return Glass(
        "inverse-power:n=12", places, edge * np.eye(3), np.ones(3, np.int64), np.zeros(n_atoms, np.int64), ones, ones,
        0.0, 0.0, 0.0, 1.0, 3, 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize("power", [2.0, 3.0])
def test_far_field_of_an_elastic_dipole(power: float) -> None:
    """u = r^-power times a function of the direction, flat inside the core, centred off the origin of the cell."""
    glass = scattered_glass(6000, 18.0)
    away_nc = glass.positions_nc - np.array([0.5, 17.5, 9.0])
    away_nc -= 18.0 * np.rint(away_nc / 18.0)
    r = np.linalg.norm(away_nc, axis=1)
    angular = 3 * (away_nc[:, 0] / r) ** 2 + 0.2
    vector_nc = away_nc / r[:, None] * (angular / np.maximum(r, 1.2) ** power)[:, None]
    vector_nc /= np.linalg.norm(vector_nc)
    fitted = far_field_exponent(glass, vector_nc, np.random.default_rng(5))
    assert fitted.error < 0.25
    assert abs(fitted.value - power) < 3 * fitted.error


def test_small_cells_have_no_far_field(binary_glass: Glass) -> None:
    glass = scattered_glass(40, 3.0)
    fitted = far_field_exponent(glass, random_field(glass) / 11, np.random.default_rng(5))
    assert np.isnan(fitted.value)
    assert "no far field" in fitted.note
    with pytest.raises(IllPosedFit):
        shells_of(np.linspace(0, 5, 400), inner=3.0, outer=2.0)


def test_nonlinear_modes_are_stored_and_read(tmp_path: Path, found: dict[str, NonlinearModes]) -> None:
    write_result(tmp_path / "modes.h5", found["cubic"])
    again = read_result(tmp_path / "modes.h5", NonlinearModes)
    for one in dataclasses.fields(NonlinearModes):
        np.testing.assert_array_equal(getattr(again, one.name), getattr(found["cubic"], one.name))


def test_progress_is_told_and_bad_requests_are_refused(binary_glass: Glass, modes: Modes) -> None:
    told: list[float] = []

    def search(modes: Modes, **options: int) -> NonlinearModes:
        return find_nonlinear_modes(
            binary_glass, modes, "pseudo-harmonic", np.random.default_rng(1), lowest_phonon_frequency=PHONON,
            progress=lambda _, share: told.append(share), **options,
        )  # fmt: skip

    few = search(lowest_modes(binary_glass, 6), n_harmonic=1, n_dipoles=1)
    assert told == [0.0, 0.5]
    assert np.all(few.covered_share_m < 1)
    with pytest.raises(InputError, match="one start"):
        search(modes, n_harmonic=0, n_dipoles=0)
    with pytest.raises(NotAMinimum):
        search(dataclasses.replace(modes, n_negative=2), n_harmonic=1)
    with pytest.raises(IncompleteSpectrum):
        search(dataclasses.replace(modes, certified_complete=False), n_harmonic=1)
    with pytest.raises(InputError, match="do not belong"):
        search(dataclasses.replace(modes, n_atoms=3), n_harmonic=1)
    with pytest.raises(InputError, match="eigenvectors"):
        search(dataclasses.replace(modes, vectors_mnc=modes.vectors_mnc[:3]), n_harmonic=1)


def test_two_dimensional_glasses_have_nonlinear_modes() -> None:
    atoms = random_start(get_model("lerner-binary:dimension=2"), 60, 0.86, np.random.default_rng(4))
    glass = inherent_structure(atoms, "lerner-binary:dimension=2", on_saddle="push")
    found = find_nonlinear_modes(
        glass, full_spectrum(glass), "cubic", np.random.default_rng(1), lowest_phonon_frequency=PHONON, n_harmonic=3,
        n_dipoles=2,
    )  # fmt: skip
    assert np.all(found.residual_m <= STATIONARY)
    assert np.all(found.vectors_mnc[:, :, 2] == 0)
