"""Dimensionless soft potentials of modes, and the coupling tensors."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.soft_potential import coupling
from analysis.soft_potential.parameters import mode_energy, quartic_frequency, soft_potentials
from atomsim.errors import InputError

ROUND_OFF = 1e-12
HBAR_REDUCED, LENGTH = 0.0095, 1.1


def modes(count: int = 30, seed: int = 3):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 2, count), rng.normal(size=count), rng.uniform(0.5, 9, count), rng.uniform(5, 40, count)


def potentials():
    return soft_potentials(*modes(), hbar=HBAR_REDUCED, length=LENGTH)


def test_soft_potential_reproduces_the_expansion():
    omega, tau, chi, mass = modes()
    p = potentials()
    for s in (-0.4, 0.1, 0.7):
        expansion = omega * np.abs(omega) * s**2 / 2 + tau * s**3 / 6 + chi * s**4 / 24
        y = s / p.coordinate_length_m
        np.testing.assert_allclose(p.W_m * (p.alpha_m * y**2 + p.beta_m * y**3 + y**4), expansion, rtol=1e-10)
        x = s / np.sqrt(mass) / LENGTH
        other = p.epsilon_m * (p.eta_m * x**2 + p.t_m * x**3 + x**4)
        np.testing.assert_allclose(other, expansion, rtol=1e-10)


def test_soft_potential_has_equal_kinetic_and_quartic_scale():
    p = potentials()
    kinetic = HBAR_REDUCED**2 / (2 * p.coordinate_length_m**2)
    np.testing.assert_allclose(p.W_m, kinetic, rtol=ROUND_OFF)
    # The two forms of eta_L and of the energy scale in the original notation.
    eta = (HBAR_REDUCED**2 / (2 * p.mass_m * LENGTH**2 * p.epsilon_m)) ** (1 / 3)
    np.testing.assert_allclose(p.eta_L_m, eta, rtol=ROUND_OFF)
    np.testing.assert_allclose(p.W_m, p.epsilon_m * p.eta_L_m**2, rtol=ROUND_OFF)


def test_harmonic_quantum_is_twice_the_root_of_alpha():
    omega, tau, chi, mass = modes()
    p = soft_potentials(np.abs(omega), tau, chi, mass, hbar=HBAR_REDUCED, length=LENGTH)
    np.testing.assert_allclose(2 * p.W_m * np.sqrt(p.alpha_m), HBAR_REDUCED * np.abs(omega), rtol=ROUND_OFF)


def test_dimensionless_potential_does_not_depend_on_mass_and_length():
    omega, tau, chi, mass = modes()
    p, q = potentials(), soft_potentials(omega, tau, chi, 7 * mass, hbar=HBAR_REDUCED, length=3.0)
    for name in ("W_m", "alpha_m", "beta_m", "D1_m", "D2_m"):
        np.testing.assert_array_equal(getattr(p, name), getattr(q, name))


def test_mode_energy_obeys_buchenaus_relations():
    _, tau, chi, number = modes()
    mean_mass = 1.3
    energy = mode_energy(chi, number, mean_mass=mean_mass, length=LENGTH)
    omega_c = quartic_frequency(chi, number, mean_mass=mean_mass, length=LENGTH)
    p = soft_potentials(np.zeros_like(chi), tau, chi, number * mean_mass, hbar=HBAR_REDUCED, length=LENGTH)
    moment = number * mean_mass * LENGTH**2
    np.testing.assert_allclose(p.epsilon_m, energy, rtol=ROUND_OFF)
    np.testing.assert_allclose(energy, moment * omega_c**2 / 2, rtol=ROUND_OFF)
    np.testing.assert_allclose(p.W_m, (HBAR_REDUCED**2 / (2 * moment)) ** (2 / 3) * energy ** (1 / 3), rtol=ROUND_OFF)
    participants = HBAR_REDUCED**4 * omega_c**2 / (8 * mean_mass * p.W_m**3)
    np.testing.assert_allclose(participants, number * LENGTH**2, rtol=ROUND_OFF)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_mode_that_its_quartic_term_does_not_bound_is_refused(bad):
    omega, tau, chi, mass = modes()
    chi[4] = bad
    with pytest.raises(InputError, match="mode 4"):
        soft_potentials(omega, tau, chi, mass, hbar=HBAR_REDUCED, length=LENGTH)


def random_tensors(count: int, seed: int) -> np.ndarray:
    tensors = np.random.default_rng(seed).normal(size=(count, 3, 3))
    return tensors + np.swapaxes(tensors, 1, 2)


def test_isotropic_averages_equal_an_average_over_directions():
    # The vertices of an icosahedron integrate polynomials of degree five on the sphere exactly.
    golden = (1 + np.sqrt(5)) / 2
    base = np.array([[0, s, t * golden] for s in (-1, 1) for t in (-1, 1)]) / np.sqrt(1 + golden**2)
    directions = np.concatenate([np.roll(base, k, axis=1) for k in range(3)])
    for tensor in random_tensors(5, seed=1):
        force = directions @ tensor
        along = np.einsum("ij,ij->i", force, directions) ** 2
        across = (np.sum(force**2, axis=1) - along) / 2  # mean of the two polarisations
        assert coupling.longitudinal_average(tensor) == pytest.approx(along.mean(), rel=ROUND_OFF)
        assert coupling.transverse_average(tensor) == pytest.approx(across.mean(), rel=ROUND_OFF)


def test_longitudinal_average_is_at_least_four_thirds_of_the_transverse():
    tensors = random_tensors(500, seed=2)
    traceless = tensors - np.trace(tensors, axis1=1, axis2=2)[:, None, None] * np.eye(3) / 3
    ratio = coupling.longitudinal_average(tensors) / coupling.transverse_average(tensors)
    assert ratio.min() >= 4 / 3 - ROUND_OFF and ratio.max() > 2
    ratio = coupling.longitudinal_average(traceless) / coupling.transverse_average(traceless)
    np.testing.assert_allclose(ratio, 4 / 3, rtol=ROUND_OFF)
    assert coupling.transverse_average(np.eye(3)) == pytest.approx(0, abs=ROUND_OFF)


def test_deformation_tensor_gives_back_the_quadratic_coupling():
    p = potentials()
    tensors = random_tensors(len(p.W_m), seed=4)
    d = coupling.deformation_tensor(tensors, p)
    s = 0.3
    # Energy per strain: d times the quartic scale times (x/a)^2, with x the displacement of the chosen mass.
    x_over_a = s / np.sqrt(p.mass_m) / LENGTH
    np.testing.assert_allclose(d * (p.epsilon_m * x_over_a**2)[:, None, None], tensors * s**2, rtol=1e-11)


def test_tunnelling_strength_is_free_of_the_unit_of_energy():
    reduced = dict(potential_density=2e-3, coupling_squared=0.7, W=6e-4, mass_density=1.0, velocity=4.0)
    C = coupling.tunnelling_strength(**reduced)
    energy, length, mass = 2.7e-20, 3.4e-10, 3.8e-26
    velocity = np.sqrt(energy / mass)
    si = coupling.tunnelling_strength(
        potential_density=2e-3 / length**3,
        coupling_squared=0.7 * energy**2,
        W=6e-4 * energy,
        mass_density=mass / length**3,
        velocity=4.0 * velocity,
    )
    assert si == pytest.approx(C, rel=ROUND_OFF)
    assert pytest.approx(2e-3 * 0.7 / (6e-4 * 16), rel=ROUND_OFF) == C
