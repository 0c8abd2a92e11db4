"""Concentration excitations: eigenproblem, waves, three energies, Bogoliubov factors, bounds, overlap."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from analysis import plotting
from analysis.excitations import (
    ENERGY_FORMS,
    AlloyOrder,
    Energies,
    ExcitationParameters,
    Excitations,
    alloy_of_glass,
    alloy_order,
    bogoliubov,
    box_vectors,
    concentration_modes,
    continuum_displacements,
    decay_threshold,
    deviation_amplitude,
    dispersion,
    exchange_energy,
    excitations_of,
    glass_excitations,
    ground_state_energy,
    hamiltonian_energy,
    instability_temperature,
    kanzaki_forces,
    mechanics_of_hessian,
    mechanics_of_pairs,
    pair_mixture,
    printed_site_energy,
    projected_omega2,
    site_energy,
    soft_mode_overlap,
    squared_energy,
    summarise,
    summarise_overlaps,
    thermal_constants,
    thermal_intensity,
    undamped_inertia,
    without_diagonal,
)
from analysis.excitations.canonical import hamiltonian
from analysis.excitations.dispersion import ion_constants, wave_constants
from analysis.excitations.eigenproblem import zero_sum_basis
from analysis.excitations.measure import thinned
from analysis.excitations.overlap import concentration_fields, random_responses, squared_overlaps
from analysis.modes import elasticity, full_spectrum
from analysis.plotting import excitations as figures
from analysis.soft_modes import Selection, SoftModes, find_soft_modes
from atomsim.errors import InputError, UntrustedNumber
from atomsim.potentials import get_model
from atomsim.quench import Glass
from atomsim.results import Array
from atomsim.store import read_result, write_result

HBAR = 0.03
ROUND_OFF = 1e-12


def random_matrices(n: int, seed: int) -> tuple[Array, Array]:
    """A symmetric W without diagonal and a positive definite I."""
    rng = np.random.default_rng(seed)
    constants = rng.standard_normal((n, n))
    fields = rng.standard_normal((3 * n, n))
    return without_diagonal(constants + constants.T), fields.T @ fields


@pytest.fixture(scope="module")
def soft(binary_glass: Glass) -> SoftModes:
    """The ten lowest vibrations of the binary glass."""
    return find_soft_modes(binary_glass, full_spectrum(binary_glass), elasticity(binary_glass), Selection(count=10))


@pytest.fixture(scope="module")
def order(binary_glass: Glass) -> AlloyOrder:
    """The order of the binary glass."""
    return alloy_order([alloy_of_glass(binary_glass)], np.random.default_rng(1), draws=99)


@pytest.fixture(scope="module")
def found(binary_glass: Glass, order: AlloyOrder, soft: SoftModes) -> Excitations:
    """Everything at once."""
    return glass_excitations(
        binary_glass,
        order.complete[0],
        order.waves.superstructure_vectors(0),
        elasticity(binary_glass),
        ExcitationParameters(hbar=HBAR, draws=50),
        np.random.default_rng(2),
        longest=8.0,
        soft=soft,
    )


# --- eigenproblem -------------------------------------------------------------------------------------------


def test_eigenproblem_agrees_with_a_cholesky_twin() -> None:
    constants, inertia = random_matrices(30, seed=1)
    found = concentration_modes(constants, inertia)
    basis = linalg.null_space(np.ones((1, 30)))
    expected = linalg.eigh(basis.T @ constants @ basis, basis.T @ inertia @ basis, eigvals_only=True)
    np.testing.assert_allclose(found.omega2_m, expected, rtol=1e-9, atol=1e-12)
    v = found.vectors_mn
    np.testing.assert_allclose(v.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(v @ inertia @ v.T, np.eye(29), atol=1e-10)
    residual = v @ constants - found.omega2_m[:, None] * (v @ inertia)
    np.testing.assert_allclose(residual - residual.mean(axis=1, keepdims=True), 0, atol=1e-9)
    moments = linalg.eigvalsh(basis.T @ inertia @ basis)
    assert found.condition_number == pytest.approx(moments[-1] / moments[0])
    assert found.n_dropped == 0


def test_decaying_directions_are_rates_not_frequencies() -> None:
    constants, inertia = random_matrices(12, seed=2)
    found = concentration_modes(constants, inertia)
    assert 0 < found.n_decaying < 11 and found.n_decaying + len(found.omega_m) == 11
    np.testing.assert_allclose(found.decay_rate_m**2, -found.omega2_m[: found.n_decaying])
    np.testing.assert_allclose(found.omega_m**2, found.omega2_m[found.n_decaying :])
    assert np.all((found.participation_number_m >= 1) & (found.participation_number_m <= 12))


def test_energy_is_conserved_by_every_mode() -> None:
    constants, inertia = random_matrices(10, seed=9)
    found = concentration_modes(constants, inertia)
    time = np.linspace(0, 3, 7)
    for omega2, v in zip(found.omega2_m, found.vectors_mn, strict=True):
        omega = np.sqrt(omega2 + 0j)
        energies = [
            hamiltonian_energy((-omega * np.sin(omega * t)).real * v, np.cos(omega * t).real * v, inertia, constants)
            for t in time
        ]
        np.testing.assert_allclose(energies, omega2 / 2, rtol=1e-6)


def test_directions_without_inertia_are_projected_out() -> None:
    constants, inertia = random_matrices(20, seed=3)
    basis = zero_sum_basis(20)
    values, axes = linalg.eigh(basis.T @ inertia @ basis)
    values[:2] = values[-1] * np.array([1e-15, 1e-14])
    thin = basis @ (axes * values) @ axes.T @ basis.T
    found = concentration_modes(constants, thin)
    assert found.n_dropped == 2 and len(found.omega2_m) == 17 and found.condition_number > 1e12
    kept = basis @ axes[:, 2:]
    expected = linalg.eigh(kept.T @ constants @ kept, np.diag(values[2:]), eigvals_only=True)
    np.testing.assert_allclose(found.omega2_m, expected, rtol=1e-8, atol=1e-10)
    assert concentration_modes(constants, thin, threshold=0.3).n_dropped > 2
    with pytest.raises(UntrustedNumber, match="positive definite"):
        concentration_modes(constants, thin - 1e-3 * values[-1] * np.eye(20))


def test_basis_of_zero_sums_is_orthonormal_and_complete() -> None:
    basis = zero_sum_basis(9)
    np.testing.assert_allclose(basis.T @ basis, np.eye(8), atol=ROUND_OFF)
    np.testing.assert_allclose(basis @ basis.T, np.eye(9) - 1 / 9, atol=ROUND_OFF)


def test_wrong_matrices_are_refused() -> None:
    constants, inertia = random_matrices(6, seed=4)
    spoiled = constants.copy()
    spoiled[0, 1] = np.nan
    with pytest.raises(InputError, match="W is"):
        concentration_modes(spoiled, inertia)
    with pytest.raises(InputError, match="I is"):
        concentration_modes(constants, inertia[:4, :4])
    with pytest.raises(InputError, match="not symmetric"):
        concentration_modes(constants + np.triu(np.ones((6, 6)), 1), inertia)


# --- waves --------------------------------------------------------------------------------------------------


def test_ion_constants_against_explicit_sums() -> None:
    rng = np.random.default_rng(5)
    constants, _ = random_matrices(8, seed=5)
    places, vectors = rng.random((8, 3)), rng.standard_normal((4, 3))
    found = ion_constants(constants, places, vectors)
    for q, k in enumerate(vectors):
        for i in range(8):
            explicit = sum(constants[i, j] * np.exp(1j * k @ (places[i] - places[j])) for j in range(8))
            assert found[q, i] == pytest.approx(explicit.real)
    np.testing.assert_allclose(wave_constants(constants, places, vectors), found.mean(axis=1))


@pytest.mark.parametrize("self_constant", [0.0, 0.4])
def test_projected_frequency_is_the_derived_energy(binary_glass: Glass, self_constant: float) -> None:
    alloy = alloy_of_glass(binary_glass)
    mechanics = mechanics_of_pairs(alloy, get_model(binary_glass.model), binary_glass.mass_n)
    constants, inertia_l = mechanics.form("ordering"), mechanics.inertia_l
    vectors = box_vectors(alloy.cell_cc, 6.0)
    waves = dispersion(
        constants, inertia_l, alloy.positions_nc, vectors, superstructure_qc=vectors[:3], power=0.0, hbar=HBAR,
        variance=alloy.variance, self_constant=self_constant,
    )  # fmt: skip
    np.testing.assert_allclose(HBAR**2 * waves.omega2_q, waves.energies_q.derived, rtol=1e-10, atol=1e-16)
    if not self_constant:
        np.testing.assert_allclose(
            waves.omega2_q, projected_omega2(constants, inertia_l, alloy.positions_nc, vectors), rtol=1e-12
        )
    assert 0 < waves.energies_q.stable_fraction("derived") <= 1
    # a plane wave of a crystal with equal moments would be an eigenvector; here it is a Rayleigh quotient at least
    full = constants + self_constant * np.eye(alloy.n_atoms)
    values = linalg.eigvalsh(full)
    quotient = waves.omega2_q * inertia_l.mean()
    assert np.all((quotient >= values[0] - 1e-9) & (quotient <= values[-1] + 1e-9))


def test_dispersion_refuses_self_energies_and_empty_moments() -> None:
    constants, _ = random_matrices(5, seed=6)
    places, vectors = np.random.default_rng(1).random((5, 3)), np.ones((1, 3))
    options = {"superstructure_qc": vectors, "power": 1.0, "hbar": HBAR, "variance": 0.2}
    with pytest.raises(InputError, match="diagonal"):
        dispersion(constants + np.eye(5), np.ones(5), places, vectors, **options)
    with pytest.raises(InputError, match="ion 2"):
        dispersion(constants, np.array([1.0, 1, 0, 1, 1]), places, vectors, **options)


def test_thinned_waves_are_spread_over_all_lengths() -> None:
    vectors = np.arange(300.0).reshape(100, 3)
    assert thinned(vectors, 1000) is vectors
    kept = thinned(vectors, 10)
    assert len(kept) == 10 and np.array_equal(kept[[0, -1]], vectors[[0, -1]])


# --- the quantised excitations ------------------------------------------------------------------------------


def boson(n: int) -> Array:
    """The annihilation operator on the first n levels."""
    return np.diag(np.sqrt(np.arange(1.0, n)), 1)


@pytest.mark.parametrize(("inertia", "constant", "variance"), [(0.5, 2.0, 0.25), (3.0, 0.4, 0.16)])
def test_energies_are_the_eigenvalues_of_the_oscillator(inertia: float, constant: float, variance: float) -> None:
    # H = p^2/2I + W delta^2/2 with delta = [c(1-c)]^(1/2)(phi + phi^+)/2 and p = -i hbar (phi - phi^+)/[c(1-c)]^(1/2)
    A, M = site_energy(inertia, HBAR, variance), exchange_energy(constant, variance)
    phi = boson(160)
    delta = deviation_amplitude(variance) * (phi + phi.T)
    momentum = -1j * HBAR * (phi - phi.T) / np.sqrt(variance)
    commutator = delta @ momentum - momentum @ delta
    np.testing.assert_allclose(np.diag(commutator)[:-1], 1j * HBAR)
    energy = linalg.eigvalsh(momentum @ momentum / (2 * inertia) + constant * delta @ delta / 2)
    derived = np.sqrt(squared_energy(A, M))
    assert derived == pytest.approx(HBAR * np.sqrt(constant / inertia))
    np.testing.assert_allclose(np.diff(energy)[:4], derived, rtol=1e-6)
    for form in ENERGY_FORMS:  # X and Y, which say the same of all three forms
        X, Y = hamiltonian(A, M, form)
        roots = linalg.eigvals(np.array([[X, Y], [-Y, -X]]))
        np.testing.assert_allclose(np.sort((roots**2).real), [squared_energy(A, M, form)] * 2, rtol=1e-9)


@pytest.mark.parametrize(("form", "M"), [("printed", -0.7), ("rotating", 0.6), ("derived", 0.4), ("derived", 2.5)])
def test_vacuum_lies_below_the_bare_ground_state(form: str, M: float) -> None:
    A, phi = 0.8, boson(120)
    X, Y = hamiltonian(A, M, form)
    energy = linalg.eigvalsh(np.sign(X) * (X * phi.T @ phi + Y * (phi @ phi + phi.T @ phi.T) / 2))
    E, _, _ = bogoliubov(A, M, form)
    assert energy[0] == pytest.approx(np.sign(X) * ground_state_energy(A, M, form), rel=1e-8)
    np.testing.assert_allclose(np.diff(energy)[:3], abs(E), rtol=1e-8)


def test_printed_site_energies_have_known_ratios() -> None:
    mass, inertia, variance = np.array([1.0, 2.0]), np.array([0.3, 0.7]), 0.2
    derived = site_energy(inertia, HBAR, variance)
    printed = printed_site_energy(inertia / mass, mass, HBAR, variance)
    np.testing.assert_allclose(printed / derived, -1 / mass**2)
    second = printed_site_energy(inertia / mass, mass, HBAR, variance, second_paper=True)
    np.testing.assert_allclose(second / printed, 1 / variance)
    np.testing.assert_allclose(deviation_amplitude(variance, np.array([-1.0, 0.25])), np.sqrt(0.2) / np.array([2, 4]))


@pytest.mark.parametrize("form", ENERGY_FORMS)
def test_bogoliubov_factors_solve_their_equations(form: str) -> None:
    A = np.array([0.3, 1.0, 2.0])
    M = {
        "printed": np.array([0.1, -3.0, 0.9]),
        "rotating": np.array([2.0, -0.4, 0.0]),
        "derived": np.array([1e-6, 1, 40]),
    }
    E, u, v = bogoliubov(A, M[form], form)
    np.testing.assert_allclose(u**2 - v**2, 1, rtol=0, atol=1e-9)
    X, Y = hamiltonian(A, M[form], form)
    np.testing.assert_allclose((X - E) * u + Y * v, 0, atol=1e-9)
    np.testing.assert_allclose((X + E) * v + Y * u, 0, atol=1e-9)
    np.testing.assert_allclose(E**2, squared_energy(A, M[form], form), rtol=1e-12)
    np.testing.assert_array_equal(np.sign(E), np.sign(X))
    if form == "rotating":
        np.testing.assert_allclose(u**2, (A + E) ** 2 / (4 * A * E))
        np.testing.assert_allclose(v / u, (A - E) / (A + E), atol=1e-12)
    if form == "derived":
        assert u[0] > 10 and abs(v[0]) > 10, "a soft mode has large factors"
    with pytest.raises(UntrustedNumber, match="decay"):
        bogoliubov(1.0, {"printed": 0.6, "rotating": -0.6, "derived": -0.1}[form], form)


def test_forms_disagree_about_stability() -> None:
    A = 1.0
    strong, weak = Energies.of(A, np.array([5.0])), Energies.of(A, np.array([-0.3]))
    assert strong.stable("derived").all() and strong.stable("rotating").all() and not strong.stable("printed").any()
    assert not weak.stable("derived").any() and weak.stable("rotating").all() and weak.stable("printed").all()
    edges = Energies.of(A, np.array([0.5, -0.5, 0.0]))
    assert edges.printed[0] == 0 and edges.rotating[1] == 0 and edges.derived[2] == 0
    mixed = Energies.of(A, np.array([2.0, -2.0, 3.0]))
    np.testing.assert_allclose(mixed.energy("derived"), np.sqrt([8.0, 12.0]))
    np.testing.assert_allclose(mixed.rate("derived", HBAR), [np.sqrt(8.0) / HBAR])
    assert mixed.stable_fraction("derived") == pytest.approx(2 / 3)
    assert np.isfinite(np.concatenate([mixed.energy(form) for form in ENERGY_FORMS])).all()


def test_bound_on_the_field_is_the_printed_criterion() -> None:
    rng = np.random.default_rng(7)
    inertia, total, variance = rng.uniform(0.01, 3, 400), rng.normal(0, 0.05, 400), 0.21
    A, M = site_energy(inertia, HBAR, variance), exchange_energy(total, variance)
    limit = undamped_inertia(total, HBAR, variance)
    stable = squared_energy(A, M, "printed") > 0
    np.testing.assert_array_equal(inertia < limit, stable)
    np.testing.assert_array_equal(total < decay_threshold(inertia, HBAR, variance), stable)
    assert np.all(np.isinf(limit[total <= 0])) and 0 < np.count_nonzero(stable) < 400


def test_fluctuations_follow_from_thermal_constants() -> None:
    constants, _ = random_matrices(9, seed=8)
    places, vectors = np.random.default_rng(2).random((9, 3)), np.random.default_rng(3).standard_normal((20, 3))
    variance = 0.2
    bare_q = wave_constants(constants, places, vectors)
    limit = instability_temperature(bare_q, variance)
    assert limit > 0 and instability_temperature(np.array([0.1]), variance) == 0
    temperature = 1.3 * limit
    warm_q = wave_constants(thermal_constants(constants, temperature, variance), places, vectors)
    intensity_q = thermal_intensity(bare_q, temperature, variance)
    np.testing.assert_allclose(intensity_q, temperature / warm_q)  # equipartition
    assert np.all(intensity_q > 0)
    np.testing.assert_allclose(thermal_intensity(bare_q, 1e9, variance), variance, rtol=1e-6)
    with pytest.raises(InputError, match="unstable up to"):
        thermal_intensity(bare_q, 0.9 * limit, variance)
    with pytest.raises(InputError, match="temperature"):
        thermal_constants(constants, -1.0, variance)


def test_unknown_forms_and_wrong_scales_are_refused() -> None:
    for call in (lambda: squared_energy(1.0, 1.0, "derivd"), lambda: Energies.of(1.0, 1.0).squared("derivd")):
        with pytest.raises(InputError, match="did you mean 'derived'"):
            call()
    with pytest.raises(InputError, match="hbar"):
        site_energy(1.0, 0.0, 0.2)
    with pytest.raises(InputError, match="did you mean 'ordering'"):
        ExcitationParameters(hbar=1.0, form="orderin")
    with pytest.raises(InputError, match="temperature"):
        ExcitationParameters(hbar=1.0, temperature=float("nan"))


# --- overlap with the soft modes ----------------------------------------------------------------------------


def test_fields_of_eigenvectors_are_orthonormal(binary_glass: Glass) -> None:
    alloy = alloy_of_glass(binary_glass)
    mechanics = mechanics_of_pairs(alloy, get_model(binary_glass.model), binary_glass.mass_n)
    modes = concentration_modes(mechanics.form("ordering"), mechanics.inertia_ll)
    field_mnc = np.einsum("ml,ncl->mnc", modes.vectors_mn, mechanics.displacement_ncl)
    flat = (field_mnc * np.sqrt(binary_glass.mass_n)[:, None]).reshape(len(field_mnc), -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-8)
    normalised = concentration_fields(modes.vectors_mn, mechanics.displacement_ncl, binary_glass.mass_n)
    np.testing.assert_allclose(normalised.reshape(len(flat), -1), flat, atol=1e-8)
    with pytest.raises(InputError, match="no displacement"):
        concentration_fields(np.zeros((1, alloy.n_atoms)), mechanics.displacement_ncl, binary_glass.mass_n)


def test_soft_modes_of_a_response_are_found_in_it(binary_glass: Glass, soft: SoftModes) -> None:
    alloy = alloy_of_glass(binary_glass)
    mechanics = mechanics_of_pairs(alloy, get_model(binary_glass.model), binary_glass.mass_n)
    modes = concentration_modes(mechanics.form("ordering"), mechanics.inertia_ll)
    fields = concentration_fields(modes.vectors_mn[[3, 40]], mechanics.displacement_ncl, binary_glass.mass_n)
    rng = np.random.default_rng(4)
    planted = soft_mode_overlap(
        modes, mechanics.displacement_ncl, binary_glass.mass_n, mechanics.hessian, fields, np.ones(2), rng, draws=30
    )
    wanted = np.zeros((len(modes.omega2_m), 2))
    wanted[3, 0] = wanted[40, 1] = 1
    np.testing.assert_allclose(planted.overlap_mk, wanted, atol=1e-8)
    np.testing.assert_allclose(planted.captured_k, 1)
    with pytest.raises(InputError, match="at least one"):
        soft_mode_overlap(
            modes, mechanics.displacement_ncl, binary_glass.mass_n, mechanics.hessian, fields[:0], np.ones(0), rng
        )


def test_scales_of_chance_are_what_they_say(binary_glass: Glass, found: Excitations, soft: SoftModes) -> None:
    overlap, n = found.overlap, binary_glass.n_atoms
    assert overlap is not None
    rng = np.random.default_rng(5)
    fields = rng.standard_normal((4000, n, 3))
    fields -= np.einsum("n,mnc->mc", np.sqrt(binary_glass.mass_n), fields)[:, None] * (
        np.sqrt(binary_glass.mass_n)[:, None] / binary_glass.mass_n.sum()
    )
    fields /= np.linalg.norm(fields.reshape(4000, -1), axis=1)[:, None, None]
    squares = squared_overlaps(fields, soft.vectors_mnc)
    assert squares.mean() == pytest.approx(overlap.random_direction, rel=0.03)
    assert np.all((overlap.captured_k <= 1 + 1e-9) & (overlap.captured_k > 0))
    assert np.all((overlap.response_captured_k <= 1 + 1e-9) & (overlap.response_captured_k > 0))
    shares = overlap.shares_of_excitations()
    assert shares["random directions"].value == pytest.approx(10 / (3 * n - 3))
    assert shares["random superpositions of excitations"].value == pytest.approx(overlap.total_m.mean())
    # elastic response alone makes fields soft, by far more than chance
    assert shares["responses to random forces"].value > 5 * shares["random directions"].value
    assert shares["random concentration patterns"].error > 0
    count = overlap.omega2_m.size
    assert overlap.shares_of_soft_modes()["random directions"].value == pytest.approx(count / (3 * n - 3))


def test_random_superpositions_have_the_mean_overlap(binary_glass: Glass, found: Excitations, soft: SoftModes) -> None:
    assert found.overlap is not None
    alloy = alloy_of_glass(binary_glass)
    mechanics = mechanics_of_pairs(alloy, get_model(binary_glass.model), binary_glass.mass_n)
    weights = np.random.default_rng(6).standard_normal((3000, len(found.modes.omega2_m)))
    fields = concentration_fields(weights @ found.modes.vectors_mn, mechanics.displacement_ncl, binary_glass.mass_n)
    share = squared_overlaps(fields, soft.vectors_mnc).sum(axis=1)
    error = share.std(ddof=1) / np.sqrt(len(share))
    assert abs(share.mean() - found.overlap.total_m.mean()) < 4 * error


def test_responses_to_forces_are_normalised_and_balanced(binary_glass: Glass) -> None:
    alloy = alloy_of_glass(binary_glass)
    hessian = mechanics_of_pairs(alloy, get_model(binary_glass.model), binary_glass.mass_n).hessian
    fields = random_responses(hessian, binary_glass.mass_n, np.random.default_rng(7), draws=5)
    np.testing.assert_allclose(np.einsum("dnc,dnc->d", fields, fields), 1)
    np.testing.assert_allclose(np.einsum("n,dnc->dc", np.sqrt(binary_glass.mass_n), fields), 0, atol=1e-9)


# --- everything at once -------------------------------------------------------------------------------------


def test_excitations_of_a_glass_hang_together(binary_glass: Glass, found: Excitations, order: AlloyOrder) -> None:
    assert found.pairs is not None
    assert abs(found.pairs.energy_residual) < ROUND_OFF * 100
    assert len(found.modes.omega2_m) + found.modes.n_dropped == binary_glass.n_atoms - 1
    assert found.modes.condition_number > 1e3
    powers = [waves.power for waves in found.dispersions]
    assert powers == [0.0, 0.5, 1.0]
    assert np.all(found.pairs.self_constant_l <= 0), "relaxation never costs energy"
    last = found.dispersions[-1].energies_l
    np.testing.assert_array_equal(found.inertia_l <= found.undamped_inertia_l, last.stable("printed"))
    assert found.undamped_fraction == last.stable_fraction("printed")
    assert 0 < found.poisson < 0.5 and found.volume_change > 0
    summary = summarise([found, found])
    assert summary["mean_inertia"].value == pytest.approx(found.inertia_l.mean())
    assert summary["mean_inertia"].error == 0
    names = {f"stable_share_of_{what}_{form}_w{w:g}" for what in ("waves", "ions") for form in ENERGY_FORMS
             for w in powers}  # fmt: skip
    assert names <= set(summary)
    tables = summarise_overlaps([found.overlap, found.overlap])
    assert tables["share_in_the_soft_modes_of"]["stable"].error == 0
    assert found.pairs.instability_temperature > 0


def test_results_of_excitations_come_back_from_a_file(tmp_path: Path, order: AlloyOrder, found: Excitations) -> None:
    for kind, result in ((AlloyOrder, order), (Excitations, found)):
        path = tmp_path / f"{kind.__name__}.h5"
        write_result(path, result)
        again = read_result(path, kind)
        assert type(again) is kind
        if kind is Excitations:
            np.testing.assert_array_equal(again.modes.vectors_mn, found.modes.vectors_mn)
            np.testing.assert_array_equal(
                again.dispersions[2].energies_q.derived, found.dispersions[2].energies_q.derived
            )
            assert again.pairs.energy_residual == found.pairs.energy_residual
        else:
            np.testing.assert_array_equal(again.random.p_value_s, order.random.p_value_s)
            assert again.names == order.names and again.waves.k_s == order.waves.k_s


def test_excitations_from_a_hessian_alone(binary_glass: Glass, order: AlloyOrder, soft: SoftModes) -> None:
    alloy = alloy_of_glass(binary_glass)
    hessian = mechanics_of_pairs(alloy, get_model(binary_glass.model), binary_glass.mass_n).hessian
    fields = continuum_displacements(alloy, binary_glass.mass_n, poisson=0.3, volume_change=1.0)
    mechanics = mechanics_of_hessian(hessian, fields, binary_glass.mass_n)
    measure = partial(
        excitations_of,
        alloy,
        mechanics,
        binary_glass.mass_n,
        order.complete[0],
        order.waves.superstructure_vectors(0),
        rng=np.random.default_rng(3),
        poisson=0.3,
        volume_change=1.0,
        longest=4.0,
        soft=soft,
    )
    literal = measure(ExcitationParameters(hbar=HBAR, form="literal", keep_diagonal=True, draws=20))
    assert literal.pairs is None and literal.modes.n_decaying == 0 and literal.overlap is not None
    with pytest.raises(InputError, match="from a Hessian alone"):
        measure(ExcitationParameters(hbar=HBAR, draws=20))


def test_bound_of_each_ion_is_that_of_its_own_constants(binary_glass: Glass, order: AlloyOrder) -> None:
    alloy = alloy_of_glass(binary_glass)
    long_waves = box_vectors(alloy.cell_cc, 2.0)[:2]  # where the ordering energies add up to a positive sum
    found = glass_excitations(
        binary_glass, order.complete[0], long_waves, elasticity(binary_glass), ExcitationParameters(hbar=HBAR),
        np.random.default_rng(2), longest=3.0,
    )  # fmt: skip
    full = found.dispersions[-1]
    positive = full.exchange_l > 0
    assert np.count_nonzero(positive) > 10
    expected = HBAR**2 / (2 * alloy.variance * full.exchange_l[positive])
    np.testing.assert_allclose(found.undamped_inertia_l[positive], expected)
    np.testing.assert_array_equal(found.inertia_l <= found.undamped_inertia_l, full.energies_l.stable("printed"))
    np.testing.assert_array_equal(full.superstructure_qc, long_waves)


def test_temperature_and_forms_change_what_they_should(binary_glass: Glass, order: AlloyOrder) -> None:
    def measure(**options: object) -> Excitations:
        return glass_excitations(
            binary_glass,
            order.complete[0],
            order.waves.superstructure_vectors(0),
            elasticity(binary_glass),
            ExcitationParameters(hbar=HBAR, **options),
            np.random.default_rng(2),
            longest=5.0,
        )

    cold, hot = measure(), measure(temperature=1e4)
    assert cold.overlap is None and cold.modes.n_decaying > 0
    assert hot.modes.n_decaying == 0 and hot.dispersions[0].energies_q.stable("derived").all()
    relaxed, kept = measure(form="relaxed"), measure(form="relaxed", keep_diagonal=True)
    assert kept.modes.n_decaying > relaxed.modes.n_decaying, "self-energies make nearly all directions unstable"
    assert measure(form="literal", keep_diagonal=True).modes.n_decaying == 0


def test_kanzaki_forces_of_some_ions_are_columns_of_all(binary_glass: Glass) -> None:
    alloy = alloy_of_glass(binary_glass)
    mixture = pair_mixture(alloy, get_model(binary_glass.model))
    ions = np.array([30, 2])
    everything = kanzaki_forces(mixture, alloy.deviation_n)
    np.testing.assert_array_equal(kanzaki_forces(mixture, alloy.deviation_n, ions), everything[:, :, ions])


# --- figures ------------------------------------------------------------------------------------------------


def test_figures_of_excitations_draw_their_tables(order: AlloyOrder, found: Excitations) -> None:
    drawn = {
        "order": (figures.plot_order(order), figures.table_order(order)),
        "waves": (figures.plot_waves(order), figures.table_waves(order)),
        "profile": (figures.plot_profile(found), figures.table_profile(found)),
        "energies": (figures.plot_energies_of_waves([found]), figures.table_energies_of_waves([found])),
        "spectrum": (figures.plot_spectrum([found]), figures.table_spectrum([found])),
        "overlap": (figures.plot_overlap([found]), figures.table_overlap([found])),
    }
    for name, (ax, table) in drawn.items():
        assert ax.get_xlabel() and ax.get_ylabel() and len(table.rows) > 2, name
        assert plotting.as_svg(ax.figure).startswith("<svg")
    overlap_ax, overlap_table = drawn["overlap"]
    points = np.concatenate([line.get_xydata() for line in overlap_ax.lines if line.get_marker() == "."])
    rows = np.array([row[1:3] for row in overlap_table.rows if row[0] == 0], dtype=float)
    np.testing.assert_array_equal(points, rows)
    heights = sum(patch.get_height() for patch in drawn["spectrum"][0].patches)
    assert heights == pytest.approx(1)
    whole = figures.figure_excitations(order, [found])
    assert len(whole.axes) == 6 and len(figures.figure_excitations(order).axes) == 2


def test_figure_without_soft_modes_says_so(found: Excitations) -> None:
    ax = figures.plot_overlap([dataclasses.replace(found, overlap=None)])
    assert any("no soft modes" in text.get_text() for text in ax.texts)
    assert figures.table_overlap([dataclasses.replace(found, overlap=None)]).rows == ()
