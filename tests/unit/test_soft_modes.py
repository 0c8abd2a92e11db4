"""Expansion along a mode, relaxed coefficients, coupling to strain, and the selection of soft modes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numerics import assert_decay

from analysis.modes import Modes, elasticity, full_spectrum, lowest_modes
from analysis.soft_modes import (
    Expansion,
    Selection,
    SoftModes,
    expand_along,
    find_soft_modes,
    mode_force,
    scan_mode,
)
from analysis.soft_modes.core import core_atoms, count_cores
from analysis.soft_modes.expansion import cutoff_warning, linear_strain_coupling, quadratic_strain_coupling
from atomsim.errors import IncompleteSpectrum, InputError, NotAMinimum
from atomsim.minimise import newton_polish
from atomsim.potentials import get_model
from atomsim.quench import Glass
from atomsim.results import Array

PATTERN = np.array([[0.3, 0.2, -0.1], [0.2, -0.4, 0.5], [-0.1, 0.5, 0.6]])


def random_direction(glass: Glass) -> Array:
    vector_nc = np.random.default_rng(5).standard_normal((glass.n_atoms, 3))
    return vector_nc / np.linalg.norm(vector_nc)


def derivatives_at(glass: Glass, vector_nc: Array, s: float, strain: Array | None = None) -> Expansion:
    """The expansion about a point displaced by s along the vector, in a glass strained before."""
    deform = np.eye(3) + (0 if strain is None else strain)
    moved = dataclasses.replace(glass, cell_cc=glass.cell_cc @ deform)
    positions_nc = glass.positions_nc @ deform + s * vector_nc / np.sqrt(glass.mass_n)[:, None]
    return expand_along(moved.interaction().terms(positions_nc), vector_nc, glass.mass_n)


def test_expansion_finite_difference(binary_glass: Glass) -> None:
    """lambda, tau and chi are successive derivatives along the direction; errors fall as the square of the step."""
    vector_nc = random_direction(binary_glass)
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    exact = expand_along(terms, vector_nc, binary_glass.mass_n)
    start = binary_glass.interaction()

    def energy(s: float) -> float:
        return start.terms(binary_glass.positions_nc + s * vector_nc / np.sqrt(binary_glass.mass_n)[:, None]).energy()

    def curvature_error(step: float) -> float:
        return abs((energy(step) - 2 * energy(0.0) + energy(-step)) / step**2 - exact.curvature)

    def tau_error(step: float) -> float:
        sides = [derivatives_at(binary_glass, vector_nc, sign * step).curvature for sign in (1, -1)]
        return abs((sides[0] - sides[1]) / (2 * step) - exact.tau)

    def chi_error(step: float) -> float:
        sides = [derivatives_at(binary_glass, vector_nc, sign * step).tau for sign in (1, -1)]
        return abs((sides[0] - sides[1]) / (2 * step) - exact.chi)

    assert_decay(curvature_error, first_step=0.08, order=2, n_steps=3)
    assert_decay(tau_error, first_step=0.02, order=2)
    assert_decay(chi_error, first_step=0.004, order=2)


def test_mode_force_identities(binary_glass: Glass) -> None:
    """g.e = tau; g sums to zero over atoms; g is the gradient of the curvature along e."""
    vector_nc, other_nc = random_direction(binary_glass), np.random.default_rng(6).standard_normal((160, 3))
    root = np.sqrt(binary_glass.mass_n)[:, None]
    interaction = binary_glass.interaction()
    terms = interaction.terms(binary_glass.positions_nc)
    force_nc = mode_force(terms, vector_nc, binary_glass.mass_n)
    assert np.sum(force_nc * vector_nc) == pytest.approx(expand_along(terms, vector_nc, binary_glass.mass_n).tau)
    assert np.abs((force_nc * root).sum(axis=0)).max() < 1e-9 * np.abs(force_nc).max()

    def error_of(step: float) -> float:
        sides = []
        for sign in (1, -1):
            moved = interaction.terms(binary_glass.positions_nc + sign * step * other_nc / root)
            sides.append(expand_along(moved, vector_nc, binary_glass.mass_n).curvature)
        return abs((sides[0] - sides[1]) / (2 * step) - np.sum(force_nc * other_nc))

    assert_decay(error_of, first_step=0.004, order=2)


def test_strain_couplings_finite_difference(binary_glass: Glass) -> None:
    """Lambda1 and the third derivative are the strain derivatives of slope and curvature along the mode."""
    vector_nc, mass_n = random_direction(binary_glass), binary_glass.mass_n
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    linear = np.sum(PATTERN * linear_strain_coupling(terms, vector_nc, mass_n))
    quadratic = np.sum(PATTERN * quadratic_strain_coupling(terms, vector_nc, mass_n))

    def slope(strain: Array) -> float:
        deform = np.eye(3) + strain
        moved = dataclasses.replace(binary_glass, cell_cc=binary_glass.cell_cc @ deform)
        forces_nc = moved.interaction().terms(binary_glass.positions_nc @ deform).forces()
        return -float(np.sum(forces_nc * vector_nc / np.sqrt(mass_n)[:, None]))

    def linear_error(step: float) -> float:
        return abs((slope(step * PATTERN) - slope(-step * PATTERN)) / (2 * step) - linear)

    def quadratic_error(step: float) -> float:
        sides = [derivatives_at(binary_glass, vector_nc, 0.0, sign * step * PATTERN).curvature for sign in (1, -1)]
        return abs((sides[0] - sides[1]) / (2 * step) - quadratic)

    assert_decay(linear_error, first_step=4e-4, order=2)
    assert_decay(quadratic_error, first_step=4e-4, order=2)


def soft(glass: Glass, count: int) -> SoftModes:
    return find_soft_modes(glass, full_spectrum(glass, keep_vectors=40), elasticity(glass), Selection(count=count))


def drawn_modes(count: int = 20, among: int = 40) -> list[int]:
    """Modes drawn at random from the lowest vibrations."""
    return sorted(np.random.default_rng(2019).choice(among, count, replace=False).tolist())


@pytest.fixture(scope="module")
def binary_modes(binary_glass: Glass) -> Modes:
    return full_spectrum(binary_glass)


@pytest.fixture(scope="module")
def binary_soft(binary_glass: Glass, binary_modes: Modes) -> SoftModes:
    return find_soft_modes(binary_glass, binary_modes, elasticity(binary_glass), Selection(count=40))


@pytest.mark.parametrize("place", drawn_modes())
def test_relaxed_chi_constrained_minimisation(
    binary_glass: Glass, binary_modes: Modes, binary_soft: SoftModes, place: int
) -> None:
    """Minimising over all higher modes at fixed s gives chi_relaxed and tau.

    chi_relaxed is a small difference of two large terms and may nearly vanish, so that its error is measured by their
    sum. Fourth differences of energies and the eighth order leave 4e-5 of it at most.
    """
    found = binary_soft
    step = 0.024 / np.sqrt(found.omega_m[place])  # half of it leaves 1e-4 and a quarter 2e-3, by round-off
    s = step * np.array([-2.0, -1.0, 1.0, 2.0])
    relaxed = scan_mode(binary_glass, binary_modes.vectors_mnc[3 : 4 + place], s).relaxed_s
    even, odd = 0.5 * (relaxed[2:] + relaxed[1::-1]), 0.5 * (relaxed[2:] - relaxed[1::-1])
    excess = 24 * (even - 0.5 * found.omega2_m[place] * s[2:] ** 2) / s[2:] ** 4
    chi = (4 * excess[0] - excess[1]) / 3  # Richardson: the sixth order drops out
    tau_both = 6 * odd / s[2:] ** 3
    tau = (4 * tau_both[0] - tau_both[1]) / 3
    bare, expected = found.chi_bare_m[place], found.chi_relaxed_m[place]
    assert chi == pytest.approx(expected, abs=2e-4 * (abs(bare) + abs(bare - expected)))
    assert tau == pytest.approx(found.tau_m[place], rel=0.01)


def test_relaxed_strain_couplings_follow_from_finite_strain(
    binary_glass: Glass, binary_modes: Modes, binary_soft: SoftModes
) -> None:
    """A strained and relaxed glass: d(lambda_k)/d(strain) = 2 Lambda2_k - sum of g_k.e_j Lambda1_j/lambda_j, j <= k.

    Lambda2 holds what the modes above k add; the softer ones follow the strain too when nothing holds them.
    """
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    linear_m = np.array([np.sum(PATTERN * coupling) for coupling in binary_soft.linear_coupling_mcc])
    step, places = 2e-6, drawn_modes()
    sides = [strained_eigenvalues(binary_glass, sign * step) for sign in (1, -1)]
    measured_m = (sides[0] - sides[1])[3:] / (2 * step)
    for k in places:
        force = mode_force(terms, binary_soft.vectors_mnc[k], binary_glass.mass_n).ravel()
        onto = binary_modes.vectors_mnc[3 : 4 + k].reshape(k + 1, -1) @ force
        softer = np.sum(onto * linear_m[: k + 1] / binary_soft.omega2_m[: k + 1])
        expected = 2 * np.sum(PATTERN * binary_soft.quadratic_coupling_mcc[k]) - softer
        assert measured_m[k] == pytest.approx(expected, rel=0.01)


def strained_eigenvalues(glass: Glass, step: float) -> Array:
    deform = np.eye(3) + step * PATTERN
    moved = dataclasses.replace(glass, positions_nc=glass.positions_nc @ deform, cell_cc=glass.cell_cc @ deform)
    positions_nc, _, _ = newton_polish(moved.interaction(), moved.positions_nc)
    omega_m = full_spectrum(dataclasses.replace(moved, positions_nc=positions_nc)).omega_m
    return omega_m * np.abs(omega_m)


@pytest.mark.parametrize(
    ("name", "jumps"),
    [("ninarello", True), ("inverse-power:n=12,q=2,cutoff=1.25", True), ("lerner-binary", False),
     ("laird-schober", False), ("kob-andersen", False)],
)  # fmt: skip
def test_potentials_that_end_roughly_are_named(name: str, jumps: bool) -> None:
    """The kink is the pulse that a pair at the cut-off adds to the derivative after the last continuous one."""
    model = get_model(name)
    radial, order = model.radial, model.radial.smoothness + 1
    assert bool(cutoff_warning(model)) is jumps
    if order <= 3:
        below, above = (radial.derivatives(radial.cutoff + side * 1e-7) for side in (-1, 1))
        assert above == pytest.approx(0.0) and below[:order] == pytest.approx(0.0, abs=1e-4)
        kink = abs(below[order] / radial.derivatives(1.0)[order])
        assert radial.cutoff_kink == pytest.approx(kink, rel=1e-4)


def test_relaxed_chi_is_below_the_bare_one(binary_glass: Glass) -> None:
    found = soft(binary_glass, 12)
    assert np.all(found.chi_relaxed_m < found.chi_bare_m)
    assert found.n_unbounded == np.count_nonzero(found.chi_relaxed_m <= 0)


def test_relaxed_chi_by_the_spectral_sum(binary_glass: Glass) -> None:
    """The sparse solve equals the sum over all higher modes of (g.e_k)^2 / omega_k^2."""
    found, modes = soft(binary_glass, 6), full_spectrum(binary_glass)
    terms = binary_glass.interaction().terms(binary_glass.positions_nc)
    for row, k in enumerate(found.index_m):
        force = mode_force(terms, modes.vectors_mnc[k], binary_glass.mass_n).ravel()
        onto = modes.vectors_mnc[k + 1 :].reshape(len(modes.omega_m) - k - 1, -1) @ force
        expected = found.chi_bare_m[row] - 3 * np.sum(onto**2 / modes.omega_m[k + 1 :] ** 2)
        assert found.chi_relaxed_m[row] == pytest.approx(expected, rel=1e-7)


def test_relaxed_quadratic_coupling_is_the_strain_derivative_of_the_eigenvalue(binary_glass: Glass) -> None:
    """For the lowest mode d(lambda)/d(strain) = 2 Lambda2 - tau Lambda1 / lambda: all other modes follow the strain."""
    found = soft(binary_glass, 1)
    coupling = 2 * np.sum(PATTERN * found.quadratic_coupling_mcc[0])
    coupling -= found.tau_m[0] * np.sum(PATTERN * found.linear_coupling_mcc[0]) / found.omega2_m[0]

    def eigenvalue(step: float) -> float:
        deform = np.eye(3) + step * PATTERN
        moved = dataclasses.replace(
            binary_glass, positions_nc=binary_glass.positions_nc @ deform, cell_cc=binary_glass.cell_cc @ deform
        )
        positions_nc, _, _ = newton_polish(moved.interaction(), moved.positions_nc)
        return float(lowest_modes(dataclasses.replace(moved, positions_nc=positions_nc), 4).omega_m[3] ** 2)

    step = 2e-6
    measured = (eigenvalue(step) - eigenvalue(-step)) / (2 * step)
    assert measured == pytest.approx(coupling, rel=1e-3)


def test_held_scan_follows_the_bare_expansion(binary_glass: Glass) -> None:
    found, modes = soft(binary_glass, 1), full_spectrum(binary_glass, keep_vectors=4)
    s = np.array([-0.02, 0.02])
    held = scan_mode(binary_glass, modes.vectors_mnc[3:4], s).held_s
    expected = found.omega2_m[0] * s**2 / 2 + found.tau_m[0] * s**3 / 6 + found.chi_bare_m[0] * s**4 / 24
    np.testing.assert_allclose(held, expected, rtol=1e-6)


def test_selection_by_phonon_and_participation(small_glass: Glass, small_modes: Modes) -> None:
    elastic = elasticity(small_glass)
    limit = 0.9 * elastic.lowest_phonon_frequency
    found = find_soft_modes(small_glass, small_modes, elastic, Selection(phonon_fraction=0.9))
    below = np.flatnonzero(small_modes.omega_m < limit)[3:]
    np.testing.assert_array_equal(found.index_m, below)
    localised = find_soft_modes(small_glass, small_modes, elastic, Selection(0.9, largest_participation_ratio=0.4))
    assert set(localised.index_m) == {k for k in below if small_modes.participation_ratio_m[k] <= 0.4}
    assert found.limit_omega == pytest.approx(limit)


def test_an_empty_selection_is_a_result(small_glass: Glass, small_modes: Modes) -> None:
    found = find_soft_modes(small_glass, small_modes, 1e-3, Selection())
    assert len(found.omega_m) == 0 and found.vectors_mnc.shape == (0, 256, 3)
    assert found.linear_coupling_mcc.shape == (0, 3, 3) and found.n_unbounded == 0


def test_soft_modes_refuse_what_cannot_be_trusted(small_glass: Glass, small_modes: Modes) -> None:
    with pytest.raises(IncompleteSpectrum, match="keep more eigenvectors"):
        find_soft_modes(small_glass, full_spectrum(small_glass, keep_vectors=5), 5.0, Selection())
    with pytest.raises(IncompleteSpectrum, match="50 soft modes asked for, 17 eigenvectors kept"):
        find_soft_modes(small_glass, full_spectrum(small_glass, keep_vectors=20), 1.0, Selection(count=50))
    with pytest.raises(NotAMinimum, match="2 negative eigenvalues"):
        find_soft_modes(small_glass, dataclasses.replace(small_modes, n_negative=2), 1.0, Selection())
    with pytest.raises(IncompleteSpectrum, match="no certificate"):
        find_soft_modes(small_glass, dataclasses.replace(small_modes, certified_complete=False), 1.0, Selection())
    with pytest.raises(InputError, match="modes of 10 atoms"):
        find_soft_modes(small_glass, dataclasses.replace(small_modes, n_atoms=10), 1.0, Selection())


def test_cores_count_separate_groups(small_glass: Glass) -> None:
    """Eight atoms around two distant places, weights falling in turn: the core holds atoms of both, or of one."""
    edge = small_glass.cell_cc[0, 0]
    one, both = np.zeros((2, small_glass.n_atoms, 3))
    for side, place in enumerate((0.25, 0.75)):
        away = small_glass.positions_nc - place * edge
        away -= edge * np.rint(away / edge)
        nearest = np.argsort(np.linalg.norm(away, axis=1))[:4]
        both[nearest, side] = np.sqrt(1.0 - 0.1 * np.arange(4) - 0.05 * side)
        if side == 0:
            one[nearest, 0] = both[nearest, 0]
    assert set(core_atoms(both)) < set(np.flatnonzero(np.linalg.norm(both, axis=1)))
    assert count_cores(small_glass, one / np.linalg.norm(one)) == 1
    assert count_cores(small_glass, both / np.linalg.norm(both)) == 2


def test_scan_ends_where_its_branch_ends(binary_glass: Glass) -> None:
    """Far out the constrained minimum vanishes: relaxed energies beyond are missing, and never below the valley."""
    modes = full_spectrum(binary_glass, keep_vectors=4)
    s = np.array([-4.0, -2.0, -0.05, 0.0, 0.05, 2.0, 4.0])
    scan = scan_mode(binary_glass, modes.vectors_mnc[3:4], s)
    assert np.all(np.isfinite(scan.held_s))
    assert np.all(np.isfinite(scan.relaxed_s[2:5])) and np.isnan(scan.relaxed_s[[0, -1]]).all()
    assert np.all(scan.relaxed_s[2:5] <= scan.held_s[2:5] + 1e-12)
