"""Soft modes from forces alone equal those of the analytic contractions; what is no minimum is refused."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.cluster import Icosahedron
from ase.optimize import BFGS

from analysis.modes import full_spectrum
from analysis.modes.foreign import frequencies
from analysis.soft_modes import Selection, find_soft_modes
from analysis.soft_modes.any_calculator import soft_modes_of_calculator, soft_modes_of_forces
from analysis.soft_modes.any_result import AtomicCalculatorModes, in_si
from atomsim.errors import InputError, NotAMinimum
from atomsim.finite_difference import closest_distance
from atomsim.potentials import get_model
from atomsim.quench import Glass, inherent_structure
from atomsim.structure import random_start
from atomsim.units import ATOMIC_MASS, ATOMIC_SCALES, ELECTRON_VOLT, REDUCED, Material

SMOOTH = "binary-inverse-power:n=24,q=3,cutoff=1.8"  # see the tests of differences
AGREEMENT = 1e-6
COUNT = 4


@pytest.fixture(scope="module")
def uneven_glass() -> Glass:
    """A glass with unequal masses: whatever weighs them wrongly fails on it."""
    atoms = random_start(get_model(SMOOTH), 64, 0.7, np.random.default_rng(5))
    atoms.set_masses(np.random.default_rng(6).uniform(0.5, 2.0, 64))
    return inherent_structure(atoms, SMOOTH, on_saddle="push")


def measured(glass: Glass, positions_nc: np.ndarray, count: int = COUNT, **options: object) -> AtomicCalculatorModes:
    interaction = glass.interaction()
    return soft_modes_of_forces(
        lambda x: interaction.terms(x).forces(),
        positions_nc,
        glass.mass_n,
        count,
        closest=closest_distance(glass.to_atoms()),
        periodic=True,
        units=REDUCED,
        **options,
    )


def test_relaxed_chi_of_forces_equals_the_analytic_one(uneven_glass: Glass) -> None:
    told = []
    found = measured(uneven_glass, uneven_glass.positions_nc, progress=lambda what, share: told.append((what, share)))
    exact = find_soft_modes(uneven_glass, full_spectrum(uneven_glass), 1.0, Selection(count=COUNT))
    assert found.index_m.tolist() == exact.index_m.tolist() and found.n_zero_modes == 3
    for name in ("omega_m", "participation_number_m", "effective_mass_m"):
        assert getattr(found, name) == pytest.approx(getattr(exact, name), rel=AGREEMENT)
    sign_m = np.sign(np.einsum("mnc,mnc->m", found.vectors_mnc, exact.vectors_mnc))
    assert sign_m * found.tau_m == pytest.approx(exact.tau_m, rel=AGREEMENT)
    assert (np.abs(found.chi_bare_m - exact.chi_bare_m) < AGREEMENT * exact.chi_bare_m + found.chi_error_m).all()
    miss_m = np.abs(found.chi_relaxed_m - exact.chi_relaxed_m)
    assert (miss_m < AGREEMENT * exact.chi_bare_m + found.chi_relaxed_error_m).all()
    assert (found.chi_relaxed_error_m < 10 * AGREEMENT * exact.chi_bare_m).all()
    assert (exact.chi_relaxed_m < 0.9 * exact.chi_bare_m).all()  # else nothing was tested
    assert np.abs(found.curvature_gap_m).max() < AGREEMENT
    assert found.n_unbounded == exact.n_unbounded
    assert told[-1] == ("modes", 1.0) and ("Hessian", 1.0) in told


def test_structures_off_their_minimum_are_refused(uneven_glass: Glass) -> None:
    rng = np.random.default_rng(8)
    aside_nc = rng.normal(0, 1, uneven_glass.positions_nc.shape)
    for size, complaint in ((0.003, r"the minimum lies .* away"), (0.15, "the energy falls along")):
        with pytest.raises(NotAMinimum, match=f"not at a minimum: .*{complaint}"):
            measured(uneven_glass, uneven_glass.positions_nc + size * aside_nc, step=1e-4)
    for count in (0, 193):
        with pytest.raises(InputError, match=f"count = {count} modes; expected 1 to 192"):
            measured(uneven_glass, uneven_glass.positions_nc, count)


def test_clusters_have_no_rotations_among_their_vibrations() -> None:
    atoms = Icosahedron("Cu", 2)  # 13 atoms
    atoms.calc = EMT()
    BFGS(atoms, logfile=None).run(fmax=1e-7)
    found = soft_modes_of_calculator(atoms, 5, strain=False)
    assert isinstance(found, AtomicCalculatorModes) and found.n_zero_modes == 6 and found.n_atoms == 13
    assert 1.0 < frequencies(found.omega_m)["THz"][0] < 10.0
    assert np.ptp(found.omega_m) < 1e-6 * found.omega_m[0]  # the lowest modes of an icosahedron are five of one kind


def test_anharmonicity_in_si_is_that_of_its_units(uneven_glass: Glass) -> None:
    found = measured(uneven_glass, uneven_glass.positions_nc, 1, step=1e-3)
    assert found.step == 1e-3
    scales = Material("test", sigma=2.0, epsilon=3.0, mass=5.0)
    si = in_si(found, scales)
    assert si["omega"] == pytest.approx(found.omega_m * scales.frequency_unit)
    assert si["tau"] == pytest.approx(found.tau_m * 3 / 5**1.5 / 8)
    assert si["chi_bare"] == pytest.approx(found.chi_bare_m * 3 / 25 / 16)
    assert si["effective_mass"] == pytest.approx(found.effective_mass_m * 5)
    atomic = in_si(found)
    assert atomic["effective_mass"] == pytest.approx(found.effective_mass_m * ATOMIC_MASS)
    assert atomic["chi_error"] / found.chi_error_m == pytest.approx(ELECTRON_VOLT / ATOMIC_MASS**2 * 1e40)
    units = {name: column.metadata["unit"] for name, column in AtomicCalculatorModes.__dataclass_fields__.items()}
    assert units["chi_relaxed_m"] == "eV/(amu^2 angstrom^4)" and units["omega_m"] == "sqrt(eV/amu)/angstrom"
    assert ATOMIC_SCALES.scale(energy=1) == ELECTRON_VOLT
