"""Derivatives from forces alone: extrapolation with an honest error, contractions along modes, Hessians."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms

from analysis.modes import full_spectrum
from analysis.soft_modes import expand_along, mode_force
from atomsim.calculator import PairCalculator
from atomsim.errors import InputError
from atomsim.finite_difference import (
    choose_step,
    closest_distance,
    derivatives_along,
    difference_hessian,
    extrapolate,
    force_noise,
    forces_of,
)
from atomsim.hessian import hessian_matrix
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.structure import random_start

# The potential ends where its fourth derivative has fallen to 1e-7 of that at contact: no kink is felt.
SMOOTH = "binary-inverse-power:n=24,q=3,cutoff=1.8"
CONTRACTIONS = 1e-6  # relative, of what differences and analytic contractions give
STEPS = np.geomspace(0.1, 2e-4, 10)


@pytest.fixture(scope="module")
def smooth_glass() -> Glass:
    atoms = random_start(get_model(SMOOTH), 64, 0.7, rng(5))
    return inherent_structure(atoms, SMOOTH, on_saddle="push")


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def calculated(glass: Glass) -> ase.Atoms:
    atoms = glass.to_atoms()
    atoms.calc = PairCalculator(glass.model)
    return atoms


@pytest.mark.parametrize("slope", [False, True])
def test_limits_of_even_polynomials_are_exact(slope: bool) -> None:
    terms = rng(1).standard_normal((5, 2))
    values = ((STEPS[:, None] ** 2) ** np.arange(5)) @ terms
    found = extrapolate(STEPS, values, noise_k=np.full(len(STEPS), 1e-15), slope=slope)
    assert found.value == pytest.approx(terms[int(slope)], rel=1e-9)
    assert found.error < 1e-8


@pytest.mark.parametrize("noise", [0.0, 1e-10, 1e-6, 1e-3])
def test_error_of_an_extrapolation_covers_what_it_misses(noise: float) -> None:
    misses = []
    for seed in range(20):
        values = np.cos(3 * STEPS) + noise * rng(seed).standard_normal(len(STEPS))
        found = extrapolate(STEPS, values, noise_k=np.full(len(STEPS), max(noise, 1e-15)))
        misses.append(abs(float(found.value) - 1) / found.error)
        assert found.error < max(30 * noise, 1e-11)
    assert np.median(misses) < 1 and max(misses) < 5


def test_kinks_of_forces_are_avoided_or_betrayed() -> None:
    """A force that changes its slope beyond a displacement: short steps do not see it, or disagree with long ones."""
    noise, smooth = np.full(len(STEPS), 1e-14), np.cos(3 * STEPS)
    for kink, largest_error in ((0.03, 1e-11), (0.0003, np.inf)):
        kinked = smooth + 0.05 * np.clip(STEPS - kink, 0, None) ** 2 / STEPS**2
        found = extrapolate(STEPS, kinked, noise_k=noise)
        assert abs(found.value - 1) < 3 * found.error < 3 * largest_error
    assert found.error > 1e-3


def test_contractions_of_a_polynomial_energy_are_exact() -> None:
    """Energy (x.M x)/2 + (a.x)^3/6 + (b.x)^4/24 of the separation of two atoms, expanded off its minimum too."""
    generator = rng(2)
    apart = np.hstack([np.eye(3), -np.eye(3)])
    matrix, a, b = (generator.standard_normal(shape) for shape in ((3, 3), 3, 3))
    matrix, a, b = apart.T @ (matrix + matrix.T) @ apart, a @ apart, b @ apart
    place, field = generator.standard_normal((2, 6))

    def forces(positions_nc: np.ndarray) -> np.ndarray:
        x = positions_nc.ravel()
        return -(matrix @ x + a * (a @ x) ** 2 / 2 + b * (b @ x) ** 3 / 6).reshape(2, 3)

    found = derivatives_along(forces, place.reshape(2, 3), field.reshape(2, 3), longest=0.3)
    au, bu, bx = a @ field, b @ field, b @ place
    curvature = field @ matrix @ field + (a @ place) * au**2 + bx**2 * bu**2 / 2
    assert found.curvature == pytest.approx(curvature, rel=1e-9)
    assert found.tau == pytest.approx(au**3 + bx * bu**3, rel=1e-9)
    assert found.chi == pytest.approx(bu**4, rel=1e-9)
    assert found.gradient_nc.ravel() == pytest.approx(a * au**2 + b * bx * bu**2, rel=1e-8)


def test_contractions_of_forces_equal_the_analytic_ones(smooth_glass: Glass) -> None:
    atoms, modes = calculated(smooth_glass), full_spectrum(smooth_glass)
    forces, longest = forces_of(atoms), 0.04 * closest_distance(atoms)
    terms = smooth_glass.interaction().terms(smooth_glass.positions_nc)
    for index in (3, 4, 60, 191):
        vector_nc = modes.vectors_mnc[index]
        exact = expand_along(terms, vector_nc, smooth_glass.mass_n)
        force_nc = mode_force(terms, vector_nc, smooth_glass.mass_n)
        found = derivatives_along(forces, smooth_glass.positions_nc, vector_nc, longest=longest)
        assert found.curvature == pytest.approx(exact.curvature, rel=CONTRACTIONS)
        assert found.tau == pytest.approx(exact.tau, rel=CONTRACTIONS)
        assert found.chi == pytest.approx(exact.chi, rel=CONTRACTIONS)
        assert np.linalg.norm(found.gradient_nc - force_nc) < CONTRACTIONS * np.linalg.norm(force_nc)
        assert np.sum(found.gradient_nc * vector_nc) == pytest.approx(found.tau, rel=CONTRACTIONS)
        assert max(found.tau_error / abs(found.tau), found.chi_error / abs(found.chi)) < 10 * CONTRACTIONS


def test_difference_hessian_equals_the_analytic_one(smooth_glass: Glass) -> None:
    interaction, told = smooth_glass.interaction(), []
    exact = hessian_matrix(interaction.terms(smooth_glass.positions_nc)).toarray()
    found = difference_hessian(
        lambda positions_nc: interaction.terms(positions_nc).forces(),
        smooth_glass.positions_nc,
        longest=0.04 * closest_distance(smooth_glass.to_atoms()),
        progress=told.append,
    )
    miss = np.abs(found.matrix - exact).max()
    assert miss < 1e-9 * np.abs(exact).max() and miss < 10 * found.error
    assert found.asymmetry < 1e-9 and found.sum_rule < 1e-9
    assert np.array_equal(found.matrix, found.matrix.T)
    assert told[-1] == 1.0 and np.all(np.diff(told) > 0)


def test_step_grows_with_the_noise_of_the_forces(smooth_glass: Glass) -> None:
    interaction, positions_nc = smooth_glass.interaction(), smooth_glass.positions_nc
    longest = 0.04 * closest_distance(smooth_glass.to_atoms())

    def exact(place_nc: np.ndarray) -> np.ndarray:
        return interaction.terms(place_nc).forces()

    def noisy(place_nc: np.ndarray) -> np.ndarray:
        return exact(place_nc) + 1e-6 * np.sin(1e6 * place_nc)

    assert 1e-6 < force_noise(noisy, positions_nc, shift=0.1) <= 2.01e-6
    assert force_noise(exact, positions_nc, shift=0.1) < 1e-11
    fine, fine_error = choose_step(exact, positions_nc, longest=longest)
    coarse, coarse_error = choose_step(noisy, positions_nc, longest=longest)
    assert coarse > fine and coarse_error > 100 * fine_error
    _, far_off = choose_step(noisy, positions_nc, longest=longest, step=fine)
    assert far_off > 2 * coarse_error


def test_forces_leave_atoms_and_constraints_alone() -> None:
    atoms = bulk("Cu", cubic=True)
    with pytest.raises(InputError, match="no calculator"):
        forces_of(atoms)
    atoms.calc = EMT()
    atoms.set_constraint(FixAtoms([0]))
    before = atoms.positions.copy()
    moved_nc = before + rng(4).normal(0, 0.1, before.shape)
    force_nc = forces_of(atoms)(moved_nc)
    assert np.abs(force_nc[0]).max() > 1e-3  # a constraint would have emptied it
    assert np.array_equal(atoms.positions, before) and len(atoms.constraints) == 1
    with pytest.raises(InputError, match="expected descending ones"):
        derivatives_along(forces_of(atoms), before, moved_nc, longest=0.1, shortest=0.2)
    with pytest.raises(InputError, match="expected a field"):
        derivatives_along(forces_of(atoms), before, np.zeros_like(before), longest=0.1)


def test_closest_distance_sees_images() -> None:
    assert closest_distance(bulk("Cu", cubic=True)) == pytest.approx(3.61 / 2**0.5)
    assert closest_distance(ase.Atoms("H2", [[0, 0, 0], [2.0, 0, 0]], cell=[3, 4, 5], pbc=True)) == pytest.approx(1.0)
    assert closest_distance(ase.Atoms("H", cell=[3, 4, 5], pbc=True)) == pytest.approx(3.0)
    with pytest.raises(InputError, match="at least two atoms"):
        closest_distance(ase.Atoms("H"))
