"""Reduced units and SI, materials, and the bibliography."""

from __future__ import annotations

import numpy as np
import pytest

from atomsim.bibliography import BIBLIOGRAPHY, get_reference
from atomsim.errors import InputError
from atomsim.units import ATOMIC_MASS, BOLTZMANN, HBAR, MATERIALS, Material, get_material, soft_sphere_metal

ROUND_OFF = 1e-13


@pytest.mark.parametrize("name", MATERIALS)
def test_units_are_consistent_among_themselves(name):
    m = get_material(name)
    assert m.mass * m.velocity_unit**2 == pytest.approx(m.epsilon, rel=ROUND_OFF)
    assert m.velocity_unit * m.time_unit == pytest.approx(m.sigma, rel=ROUND_OFF)
    assert m.pressure_unit / m.density_unit == pytest.approx(m.velocity_unit**2, rel=ROUND_OFF)
    assert m.hbar == pytest.approx(HBAR / (m.epsilon * m.time_unit), rel=ROUND_OFF)
    assert BOLTZMANN * m.temperature_unit == pytest.approx(m.epsilon, rel=ROUND_OFF)
    # A conductivity is a specific heat times a velocity times a length.
    expected = m.specific_heat_unit * m.velocity_unit * m.sigma
    assert m.conductivity_unit == pytest.approx(expected, rel=ROUND_OFF)


@pytest.mark.parametrize("name", MATERIALS)
def test_conversion_to_si_and_back_is_the_identity(name):
    m, numbers = get_material(name), np.array([0.0, 1e-3, 7.5])
    for kind, unit in m.units.items():
        assert m.to_si(1.0, kind) == unit
        np.testing.assert_allclose(m.from_si(m.to_si(numbers, kind), kind), numbers, rtol=ROUND_OFF)


def test_soft_sphere_metal_freezes_at_its_melting_point():
    metal = soft_sphere_metal("x", density=900.0, melting_temperature=400.0, mass=30 * ATOMIC_MASS, source="made up")
    number_density = 900.0 / metal.mass
    assert number_density * metal.sigma**3 == pytest.approx(1, rel=ROUND_OFF)
    # The freezing line of r^-6 spheres: rho sigma^3 (epsilon/k_B T)^{1/2} = 2.295.
    coupling = number_density * metal.sigma**3 * np.sqrt(metal.epsilon / (BOLTZMANN * 400.0))
    assert coupling == pytest.approx(2.295, rel=ROUND_OFF)


def test_sodium_has_known_scales():
    sodium = get_material("sodium")
    assert sodium.sigma == pytest.approx(3.45e-10, rel=0.01)  # liquid: 24.3 atoms per nm^3
    assert sodium.temperature_unit == pytest.approx(370.95 / 0.19, rel=0.01)
    assert sodium.hbar == pytest.approx(0.0095, rel=0.01)
    # Its r^-6 glass ends at omega = 13: near 5 THz, against 3.8 THz measured in the crystal.
    assert 3.8e12 < 13 * sodium.frequency_unit / (2 * np.pi) < 1.5 * 3.8e12


def test_argon_has_the_known_de_boer_parameter():
    assert 2 * np.pi * get_material("argon").hbar == pytest.approx(0.186, abs=0.001)


def test_unknown_material_and_kind_name_the_nearest():
    with pytest.raises(InputError, match="did you mean 'sodium'"):
        get_material("sodum")
    with pytest.raises(InputError, match="did you mean 'velocity'"):
        get_material("argon").to_si(1.0, "velocty")


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_material_refuses_scales_that_are_not_positive(bad):
    with pytest.raises(InputError, match="epsilon"):
        Material("x", sigma=1e-10, epsilon=bad, mass=1e-26)


def test_references_are_complete_and_found_by_key():
    text = str(get_reference("karpov-parshin-1985"))
    assert "Karpov" in text and "2212" in text and "1985" in text
    for key, reference in BIBLIOGRAPHY.items():
        assert reference.authors and reference.title and reference.where
        if reference.year is not None:
            assert f"-{reference.year}" in key
        assert reference.doi == "" or reference.doi.startswith("10.")
    with pytest.raises(InputError, match="did you mean 'schaich-1976'"):
        get_reference("schaich-1967")
