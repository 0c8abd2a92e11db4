"""Resistivity of liquid metals: limits of the structure factor, two forms of the scattering, measured numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import constants, integrate

from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.screened_ions import ScreenedIon, Screening, ScreeningKind
from analysis.multiple_scattering.ziman import (
    born_amplitude,
    liquid_resistivity,
    percus_yevick,
    phase_shift_amplitude,
    resistivity_of_ions,
    weighted_cross_section,
)
from atomsim.errors import InputError

DENSITY = 0.0243  # [1/angstrom^3]


def test_hard_spheres_have_the_compressibility_of_percus_yevick():
    for packing in (0.05, 0.3, 0.45):
        compressibility = (1 - packing) ** 4 / (1 + 2 * packing) ** 2
        assert percus_yevick(0.0, ion_density=DENSITY, packing=packing) == pytest.approx(compressibility, rel=1e-12)


def test_structure_factor_is_the_transform_of_the_direct_correlation():
    packing = 0.45
    diameter = (6 * packing / (np.pi * DENSITY)) ** (1 / 3)
    a = (1 + 2 * packing) ** 2 / (1 - packing) ** 4
    b = -6 * packing * (1 + packing / 2) ** 2 / (1 - packing) ** 4

    def direct(r):
        return -(a + b * r / diameter + packing / 2 * a * (r / diameter) ** 3)

    q = np.array([1e-3, 0.0799, 0.0801, 0.5, 2.0, 6.0])  # both sides of where the series takes over
    integral = [
        integrate.quad(lambda r, x=x: 4 * np.pi * r**2 * direct(r) * np.sinc(x * r / np.pi), 0, diameter)[0] for x in q
    ]
    assert percus_yevick(q, ion_density=DENSITY, packing=packing) == pytest.approx(
        1 / (1 - DENSITY * np.array(integral)), rel=1e-9
    )


def test_structure_factor_tends_to_one_and_peaks_at_the_shell():
    assert percus_yevick(np.array([300.0]), ion_density=DENSITY) == pytest.approx(1.0, abs=1e-4)
    q = np.linspace(0.5, 4, 701)
    peak = q[np.argmax(percus_yevick(q, ion_density=DENSITY))]
    diameter = (6 * 0.45 / (np.pi * DENSITY)) ** (1 / 3)
    assert peak * diameter == pytest.approx(6.8, abs=0.2)
    assert percus_yevick(q, ion_density=DENSITY, packing=1e-6) == pytest.approx(1.0, abs=1e-4)


def test_without_structure_the_cross_section_is_that_of_one_ion():
    delta = np.random.default_rng(8).uniform(-1.5, 1.5, 5)
    found = weighted_cross_section(phase_shift_amplitude(delta, 1.3), 1.3)
    assert found == pytest.approx(float(transport_cross_section(delta, 1.3)), rel=1e-12)
    doubled = weighted_cross_section(phase_shift_amplitude(delta, 1.3), 1.3, lambda q: np.full_like(q, 2.0))
    assert doubled == pytest.approx(2 * found, rel=1e-12)


def test_weak_scattering_makes_both_forms_equal():
    k = 1.2
    errors = []
    for valence in (1e-2, 1e-3):
        ion = ScreenedIon(Screening(ScreeningKind.THOMAS_FERMI, k), valence, 0.6)
        forms = (born_amplitude(ion), phase_shift_amplitude(ion.phase_shifts(20), k))
        born, exact = (weighted_cross_section(f, k, lambda q: percus_yevick(q, ion_density=DENSITY)) for f in forms)
        errors.append(abs(exact / born - 1))
        q = np.array([0.4, 1.9])
        assert forms[1](q) == pytest.approx(forms[0](q), rel=20 * valence)
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05) and errors[1] < 2e-3


def test_resistivity_is_that_of_drude():
    k, valence, sigma = 1.6, 3, 0.7
    electrons = k**3 / (3 * np.pi**2) * 1e30
    rate = electrons / valence * constants.hbar * k * 1e10 / constants.m_e * sigma * 1e-20
    drude = constants.m_e * rate / (electrons * constants.e**2)
    assert resistivity_of_ions(sigma, k, valence=valence) == pytest.approx(drude * 1e8, rel=1e-12)
    # hbar/e^2 = 4108.2359 ohm
    assert resistivity_of_ions(1.0, 1.0, valence=1) == pytest.approx(41.082359, rel=1e-8)


@pytest.mark.parametrize("symbol", ["Na", "K", "Al", "Zn"])
@pytest.mark.parametrize("kind", list(ScreeningKind))
def test_resistivity_of_liquid_metals_is_within_a_factor_of_two(symbol, kind):
    metal = get_metal(symbol)
    ion = metal.ion(screening=kind, fermi_wave_number=metal.liquid_fermi_wave_number)
    found = liquid_resistivity(metal, ion, np.zeros(1))
    assert 0.5 < found.born / found.measured < 2
    assert found.t_matrix == 0
    assert found.ion_density == pytest.approx(metal.liquid_ion_density, rel=1e-12)


def test_resistivity_needs_the_structure_of_the_liquid():
    metal = get_metal("Na")
    ion = metal.ion(screening=ScreeningKind.THOMAS_FERMI, fermi_wave_number=metal.liquid_fermi_wave_number)
    k = ion.screening.fermi_wave_number
    gas = resistivity_of_ions(weighted_cross_section(born_amplitude(ion), k), k, valence=1)
    assert gas > 3 * liquid_resistivity(metal, ion, [0.0]).born
    tighter = [liquid_resistivity(metal, ion, [0.0], packing=p).born for p in (0.35, 0.45, 0.5)]
    assert tighter[0] > tighter[1] > tighter[2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: percus_yevick(1.0, ion_density=DENSITY, packing=0.8), "packing = 0.8"),
        (lambda: percus_yevick(1.0, ion_density=-1.0), "ion density = -1.0"),
        (lambda: weighted_cross_section(lambda q: q, 0.0), "k = 0.0"),
        (lambda: weighted_cross_section(lambda q: q, 1.0, lambda q: q - 1), r"S\(q\) = -0.9.* expected zero or more"),
        (lambda: weighted_cross_section(lambda q: q, 1.0, lambda q: np.full_like(q, np.nan)), r"S\(q\) = nan"),
        (lambda: phase_shift_amplitude([np.inf], 1.0), "delta = inf for l = 0"),
    ],
)
def test_liquids_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
