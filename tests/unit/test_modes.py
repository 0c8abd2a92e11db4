"""Spectra, participation and the density of states."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from analysis.modes import debye_density, density_of_states, full_spectrum, lowest_modes, participation_number
from analysis.modes.participation import effective_mass
from analysis.modes.spectrum import Modes, _certify_count, dynamical_matrix
from atomsim.errors import IncompleteSpectrum, InputError
from atomsim.factorise import SymmetricFactor
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.structure import random_start


def independent_frequencies(glass: Glass) -> np.ndarray:
    """Frequencies from a dense Hessian by loops over pairs and images, sharing no code with the sparse route."""
    model, n = get_model(glass.model), glass.n_atoms
    hessian = np.zeros((3 * n, 3 * n))
    edge = np.diag(glass.cell_cc)
    lengths = np.asarray(model.mixing.lengths)
    for i in range(n):
        vectors = glass.positions_nc[i] - glass.positions_nc
        vectors -= edge * np.rint(vectors / edge)
        distance = np.linalg.norm(vectors, axis=1)
        distance[i] = np.inf
        scale = lengths[glass.species_n[i], glass.species_n] if len(lengths) > 1 else np.ones(n)
        for j in np.flatnonzero(distance < model.radial.cutoff * scale):
            derivative = model.radial.derivatives(distance[j] / scale[j])
            slope, curvature = derivative[1] / scale[j], derivative[2] / scale[j] ** 2
            unit = vectors[j] / distance[j]
            block = (curvature - slope / distance[j]) * np.outer(unit, unit) + slope / distance[j] * np.eye(3)
            hessian[3 * i : 3 * i + 3, 3 * i : 3 * i + 3] += block
            hessian[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] -= block
    root = np.repeat(np.sqrt(glass.mass_n), 3)
    values = np.linalg.eigvalsh(hessian / np.outer(root, root))
    return np.sign(values) * np.sqrt(np.abs(values))


@pytest.mark.parametrize("name", ["small_glass", "binary_glass"])
def test_full_spectrum_equals_independent_dense_calculation(name: str, request: pytest.FixtureRequest) -> None:
    glass: Glass = request.getfixturevalue(name)
    modes = full_spectrum(glass)
    np.testing.assert_allclose(modes.omega_m[3:], independent_frequencies(glass)[3:], rtol=1e-9)
    assert modes.n_zero_modes == 3 and modes.n_negative == 0 and modes.certified_complete


@pytest.mark.parametrize("backend", ["pardiso", "superlu"])
def test_lowest_modes_equal_the_full_spectrum(cooled_glass: Glass, backend: str) -> None:
    if backend == "pardiso":
        pytest.importorskip("pypardiso", reason="MKL PARDISO has wheels for x86-64 only")
    full = full_spectrum(cooled_glass, keep_vectors=23)
    few = lowest_modes(cooled_glass, 23, method=backend)
    np.testing.assert_allclose(few.omega_m[3:], full.omega_m[3:23], rtol=1e-9)
    np.testing.assert_allclose(few.participation_number_m[3:], full.participation_number_m[3:23], rtol=1e-6)
    overlap = np.abs(np.einsum("mnc,mnc->m", few.vectors_mnc[3:], full.vectors_mnc[3:]))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-9)
    assert few.certified_complete


def test_missed_mode_is_detected(cooled_glass: Glass) -> None:
    matrix = dynamical_matrix(cooled_glass)
    values = np.linalg.eigvalsh(matrix.toarray())[:30]
    factor = SymmetricFactor(matrix, shift=-1.0)
    _certify_count(factor, values, 20)
    with pytest.raises(IncompleteSpectrum, match="by inertia"):
        _certify_count(factor, np.delete(values, 10), 19)
    factor.release()


def test_mean_square_frequency_is_the_trace(small_glass: Glass, small_modes: Modes) -> None:
    mean = np.mean(small_modes.omega_m**2)
    assert mean == pytest.approx(dynamical_matrix(small_glass).trace() / (3 * small_glass.n_atoms), rel=1e-12)
    assert mean == pytest.approx(small_modes.mean_square_frequency, rel=1e-12)


def test_eigenvectors_are_orthonormal_eigenvectors(binary_glass: Glass) -> None:
    modes = full_spectrum(binary_glass)
    vectors = modes.vectors_mnc.reshape(len(modes.omega_m), -1)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(len(vectors)), atol=1e-11)
    residual = dynamical_matrix(binary_glass) @ vectors.T - vectors.T * (np.sign(modes.omega_m) * modes.omega_m**2)
    assert np.abs(residual).max() < 1e-9 * modes.omega_m[-1] ** 2


def test_participation_limits() -> None:
    n_atoms = 50
    translation = np.zeros((1, n_atoms, 3))
    translation[0, :, 1] = n_atoms**-0.5
    single = np.zeros((1, n_atoms, 3))
    single[0, 7] = [0.6, 0.0, 0.8]
    assert participation_number(translation)[0] == pytest.approx(n_atoms, rel=1e-12)
    assert participation_number(single)[0] == pytest.approx(1.0, rel=1e-12)
    mass_n = np.linspace(1.0, 2.0, n_atoms)
    assert effective_mass(single, mass_n)[0] == pytest.approx(mass_n[7], rel=1e-12)
    assert effective_mass(translation, np.ones(n_atoms))[0] == pytest.approx(n_atoms, rel=1e-12)


def test_effective_mass_is_the_smaller_measure(small_modes: Modes) -> None:
    assert np.all(small_modes.effective_mass_m <= small_modes.participation_number_m * (1 + 1e-12))


def test_two_dimensional_glass_has_two_zero_modes() -> None:
    specification = "lerner-binary:dimension=2"
    atoms = random_start(get_model(specification), 150, 0.86, np.random.default_rng(8))
    glass = inherent_structure(atoms, specification, on_saddle="push")
    modes = full_spectrum(glass)
    assert len(modes.omega_m) == 300 and modes.n_zero_modes == 2
    assert not modes.vectors_mnc[:, :, 2].any()
    few = lowest_modes(glass, 10)
    np.testing.assert_allclose(few.omega_m[2:], modes.omega_m[2:10], rtol=1e-9)


def test_density_of_states_is_normalised_and_keeps_the_second_moment(small_modes: Modes) -> None:
    density = density_of_states([small_modes, small_modes], bins=400)
    width = np.diff(density.edges_w)
    assert np.sum(density.density_w * width) == pytest.approx(1.0, rel=1e-12)
    vibrations = small_modes.omega_m[small_modes.vibrations]
    moment = np.sum(density.density_w * width * density.centres_w**2)
    assert moment == pytest.approx(np.mean(vibrations**2), rel=1e-3)
    np.testing.assert_array_equal(density.error_w, 0.0)


def test_density_of_states_needs_full_spectra(small_modes: Modes) -> None:
    with pytest.raises(InputError, match="at least one"):
        density_of_states([])
    part = dataclasses.replace(small_modes, omega_m=small_modes.omega_m[:30])
    with pytest.raises(InputError, match="spectrum 0 holds 30 modes"):
        density_of_states([part])


@pytest.mark.parametrize("dimension", [2, 3])
def test_debye_density_is_normalised(dimension: int) -> None:
    omega = np.linspace(0.0, 5.0, 200_001)
    assert np.trapezoid(debye_density(omega, 3.0, dimension), omega) == pytest.approx(1.0, abs=1e-4)


def test_count_out_of_range_is_refused(small_glass: Glass) -> None:
    with pytest.raises(InputError, match="count = 0 modes; expected 1 to 768"):
        lowest_modes(small_glass, 0)
