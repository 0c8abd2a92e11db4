"""Elastic moduli: exact laws of the inverse power, finite strain, and the Debye level."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numerics import assert_decay
from scipy import optimize

from analysis.modes import elasticity
from analysis.modes.elasticity import debye_frequency, isotropic_parts
from atomsim.hessian import hessian_matrix
from atomsim.minimise import newton_polish
from atomsim.pairs import PairTerms
from atomsim.potentials import get_model, inverse_power
from atomsim.quench import Glass
from atomsim.response import StaticResponse
from atomsim.strain import born_tensor, strain_forces

EXPONENT = 6


def fixed_pairs(glass: Glass, positions_nc: np.ndarray, scale: float = 1.0) -> PairTerms:
    """Plain r^-6 between the pairs that are neighbours in the glass, wherever they are: no cut-off, no jump."""
    listed = glass.interaction().terms(glass.positions_nc)
    edge = np.diag(glass.cell_cc)
    vector_pc = positions_nc[listed.first_p] - positions_nc[listed.second_p]
    vector_pc -= edge * np.rint(vector_pc / edge)
    vector_pc *= scale
    derivative_kp = inverse_power(EXPONENT).square_derivatives(np.linalg.norm(vector_pc, axis=1))
    return PairTerms(listed.first_p, listed.second_p, vector_pc, derivative_kp, glass.n_atoms, 3)


@pytest.fixture(scope="module")
def power_law(small_glass: Glass) -> tuple[Glass, np.ndarray]:
    """Positions of a minimum of the untruncated inverse power between fixed pairs: L-BFGS, then Newton."""

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        terms = fixed_pairs(small_glass, flat.reshape(-1, 3))
        return terms.energy(), -terms.forces().ravel()

    start = small_glass.positions_nc.ravel()
    options = {"gtol": 1e-5, "ftol": 0.0, "maxiter": 5000}
    positions_nc = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x.reshape(-1, 3)
    for _ in range(4):
        terms = fixed_pairs(small_glass, positions_nc)
        positions_nc += StaticResponse(hessian_matrix(terms), small_glass.mass_n, 3).displacements(terms.forces())
    assert np.abs(fixed_pairs(small_glass, positions_nc).forces()).max() < 1e-12
    return small_glass, positions_nc


def test_elasticity_inverse_power(power_law: tuple[Glass, np.ndarray]) -> None:
    """P = (n/3) rho e, B = (n/3)(1 + n/3) rho e, and no non-affine part in uniform compression."""
    glass, positions_nc = power_law
    terms = fixed_pairs(glass, positions_nc)
    energy_density = terms.energy() / glass.volume
    pressure = -np.trace(terms.virial()) / (3 * glass.volume)
    assert pressure == pytest.approx(2 * energy_density, rel=1e-12)
    lame, mu = isotropic_parts(born_tensor(terms, glass.volume), 3)
    assert lame + 2 * mu / 3 + pressure / 3 == pytest.approx(6 * energy_density, rel=1e-12)
    compression = np.einsum("ncaa->nc", strain_forces(terms))
    assert np.abs(compression).max() < 1e-10
    shear = strain_forces(terms)[:, :, 0, 1]
    assert np.abs(shear).max() > 1.0, "shear does move the atoms of a glass"


def test_frequencies_of_the_inverse_power_scale_with_density(power_law: tuple[Glass, np.ndarray]) -> None:
    """omega ~ rho^((n+2)/6) = rho^(4/3)."""
    glass, positions_nc = power_law
    scale = 0.9
    values, squeezed = (
        np.linalg.eigvalsh(hessian_matrix(fixed_pairs(glass, positions_nc, s)).toarray())[3:] for s in (1.0, scale)
    )
    np.testing.assert_allclose(np.sqrt(squeezed / values), (scale**-3) ** (4 / 3), rtol=1e-8)


def test_strain_forces_finite_difference(binary_glass: Glass) -> None:
    """Xi is the derivative of minus the forces by the strain, with an error that falls as the square of the step."""
    exact = strain_forces(binary_glass.interaction().terms(binary_glass.positions_nc))
    pattern = np.array([[0.3, 0.2, -0.1], [0.2, -0.4, 0.5], [-0.1, 0.5, 0.6]])
    projected = np.einsum("ncab,ab->nc", exact, pattern)

    def error_of(step: float) -> float:
        sides = [strained(binary_glass, sign * step * pattern) for sign in (1.0, -1.0)]
        gradient = [-g.interaction().terms(g.positions_nc).forces() for g in sides]
        return float(np.abs((gradient[0] - gradient[1]) / (2 * step) - projected).max())

    assert_decay(error_of, first_step=4e-4, order=2)


def strained(glass: Glass, strain: np.ndarray) -> Glass:
    deform = np.eye(3) + strain
    return dataclasses.replace(glass, positions_nc=glass.positions_nc @ deform, cell_cc=glass.cell_cc @ deform)


def relaxed_energy(glass: Glass, strain: np.ndarray) -> float:
    moved = strained(glass, strain)
    interaction = moved.interaction()
    positions_nc, _, _ = newton_polish(interaction, moved.positions_nc)
    return interaction.terms(positions_nc).energy()


@pytest.mark.parametrize("pattern", [np.diag([1.0, 0, 0]), np.array([[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]])])
def test_moduli_against_finite_strain_with_relaxation(binary_glass: Glass, pattern: np.ndarray) -> None:
    """d2U/dstrain2 at relaxed positions = V C:(e e) + V stress:(e^2), from the Lagrangian strain e + e^2/2."""
    elastic = elasticity(binary_glass)
    stiffness = elastic.born_cccc + elastic.nonaffine_cccc
    expected = np.einsum("abcd,ab,cd", stiffness, pattern, pattern)
    expected += np.einsum("ab,ab", elastic.stress_cc, pattern @ pattern)
    step = 2e-5
    around = [relaxed_energy(binary_glass, sign * step * pattern) for sign in (1.0, 0.0, -1.0)]
    measured = (around[0] - 2 * around[1] + around[2]) / step**2 / binary_glass.volume
    assert measured == pytest.approx(expected, rel=2e-3)


def test_bulk_modulus_is_the_derivative_of_the_pressure(binary_glass: Glass) -> None:
    def pressure(factor: float) -> float:
        moved = strained(binary_glass, (factor - 1) * np.eye(3))
        interaction = moved.interaction()
        return interaction.pressure(newton_polish(interaction, moved.positions_nc)[0])

    step = 1e-5
    measured = -(pressure(1 + step) - pressure(1 - step)) / (6 * step)
    assert measured == pytest.approx(elasticity(binary_glass).bulk_modulus, rel=1e-4)


def test_wave_velocities_belong_to_the_moduli(binary_glass: Glass) -> None:
    elastic = elasticity(binary_glass)
    mass_density = binary_glass.mass_n.sum() / binary_glass.volume
    assert elastic.shear_modulus == pytest.approx(mass_density * elastic.transverse_velocity**2, rel=1e-12)
    longitudinal = elastic.bulk_modulus + 4 * elastic.shear_modulus / 3
    assert longitudinal == pytest.approx(mass_density * elastic.longitudinal_velocity**2, rel=1e-12)


def test_isotropic_parts_recover_an_isotropic_tensor() -> None:
    one = np.eye(3)
    stiffness = 2.5 * np.einsum("ij,kl->ijkl", one, one)
    stiffness += 0.7 * (np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one))
    assert isotropic_parts(stiffness, 3) == pytest.approx((2.5, 0.7), rel=1e-12)
    assert isotropic_parts(stiffness, 2) == pytest.approx((2.5, 0.7), rel=1e-12)


def test_debye_frequency_counts_all_modes() -> None:
    """The phonons below omega_D number d per atom: V omega^3/(6 pi^2) (1/v_l^3 + 2/v_t^3) = 3N."""
    omega = debye_frequency(0.8, longitudinal=5.0, transverse=2.0)
    assert omega**3 / (6 * np.pi**2) * (5.0**-3 + 2 * 2.0**-3) == pytest.approx(3 * 0.8, rel=1e-12)
    plane = debye_frequency(0.8, longitudinal=5.0, transverse=2.0, dimension=2)
    assert plane**2 / (4 * np.pi) * (5.0**-2 + 2.0**-2) == pytest.approx(2 * 0.8, rel=1e-12)


def test_lowest_phonon_of_a_crystal() -> None:
    """On a large fcc crystal the [100] transverse mode at the zone's longest wave agrees with C_44 - P."""
    from ase.build import bulk

    from analysis.modes import full_spectrum
    from atomsim.quench import describe

    atoms = bulk("Cu", "fcc", a=4 ** (1 / 3), cubic=True) * (5, 5, 5)
    atoms.set_masses([1.0] * len(atoms))
    crystal = describe(atoms, "laird-schober")
    elastic = elasticity(crystal)
    born = elastic.born_cccc  # every atom is a centre of inversion: no non-affine part
    assert np.abs(elastic.nonaffine_cccc).max() < 1e-9
    velocity = np.sqrt(born[0, 1, 0, 1] - crystal.pressure)
    edge = 5 * 4 ** (1 / 3)
    expected = velocity * 2 * np.pi / edge
    omega = full_spectrum(crystal).omega_m
    nearest = omega[np.argmin(np.abs(omega - expected))]
    assert nearest == pytest.approx(expected, rel=0.1), "dispersion lowers the frequency by less than a tenth"
    assert get_model("laird-schober").density == pytest.approx(len(atoms) / edge**3, rel=1e-12)
