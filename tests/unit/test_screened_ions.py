"""Screened ions and muffin tins: Fourier integrals, limits of the response, sum rules, quadrature on spheres."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from ase.build import bulk
from scipy import integrate

from analysis.multiple_scattering import screened_ions
from analysis.multiple_scattering.exact_phase_shifts import born_phase_shifts
from analysis.multiple_scattering.metals import builtin_metals, get_metal
from analysis.multiple_scattering.muffin_tin import MuffinTinZero, metal_muffin_tins, muffin_tins, spherical_mean
from analysis.multiple_scattering.phase_shifts import friedel_sum
from analysis.multiple_scattering.radial_solver import solve_phase_shifts
from analysis.multiple_scattering.screened_ions import (
    ScreenedIon,
    Screening,
    ScreeningKind,
    friedel_adjusted,
    ion_phase_shifts,
    lindhard_function,
    screening_kind,
    yukawa,
)
from atomsim.errors import InputError, NotConverged
from atomsim.units import BOHR

TABLE = 2e-6  # of the table of an oscillating potential [hbar^2/(m angstrom^2)]
CUT = 5e-6  # of phase shifts, by the end of the Friedel oscillations
THOMAS_FERMI, LINDHARD, HUBBARD = ScreeningKind


def sodium(kind=THOMAS_FERMI):
    return get_metal("Na").ion(screening=kind)


def aluminium(kind=THOMAS_FERMI):
    return get_metal("Al").ion(screening=kind)


def fcc_aluminium(copies=1, displaced=0.0):
    atoms = bulk("Al", "fcc", a=4.05, cubic=True).repeat(copies)
    atoms.positions += np.random.default_rng(3).normal(0, displaced, atoms.positions.shape) if displaced else 0
    return atoms.positions, np.array(atoms.cell), np.zeros(len(atoms), np.int64)


# --- form factors and potentials -----------------------------------------------------------------------------------


def test_potential_of_thomas_fermi_is_the_fourier_integral():
    ion = aluminium()
    kappa = ion.screening.inverse_length
    potential = ion.potential()
    for r in (0.2, 0.55, 0.7, 2.3):
        # (1/2 pi^2 r) int q sin(qr) v(q) dq with cos(q r_c) sin(qr) as a sum of two sines
        sines = [
            np.sign(s) * integrate.quad(lambda q: q / (q**2 + kappa**2), 0, np.inf, weight="sin", wvar=abs(s))[0]
            for s in (r + ion.core_radius, r - ion.core_radius)
        ]
        fourier = -ion.valence / (BOHR * np.pi * r) * sum(sines)
        assert float(potential(np.array(r))) == pytest.approx(fourier, rel=1e-7)


@pytest.mark.parametrize("kind", list(ScreeningKind))
def test_form_factor_is_the_integral_of_the_potential(kind):
    ion = sodium(kind)
    potential = ion.potential()
    nodes, weights = np.polynomial.legendre.leggauss(400)
    for q in (0.3, 1.0, 1.5):
        total = 0.0
        for left, right in ((0.0, ion.core_radius), (ion.core_radius, 6.0), (6.0, 60.0)):
            r = left + (right - left) * (1 + nodes) / 2
            total += (right - left) / 2 * weights @ (4 * np.pi * r * np.sin(q * r) / q * potential(r))
        # what oscillates beyond 60 angstrom is left out
        assert total == pytest.approx(float(ion.form_factor(q)), rel=1e-8 if kind is THOMAS_FERMI else 1e-3)


@pytest.mark.parametrize("kind", [LINDHARD, HUBBARD])
def test_table_of_the_potential_agrees_with_adaptive_quadrature(kind):
    ion = sodium(kind)
    potential, k = ion.potential(), ion.screening.fermi_wave_number
    kappa = ion.screening.inverse_length

    def rest(q, r):  # of v(q) less that of Thomas and Fermi, which falls like q^{-3}
        bare = -4 * np.pi / BOHR * np.cos(q * ion.core_radius)
        return q * np.sin(q * r) * float(ion.form_factor(q) - bare / (q**2 + kappa**2))

    ends = [0.0, 2 * k, 20.0, 400.0]
    for r in (0.4, 2.0, 9.0):
        parts = [
            integrate.quad(rest, left, right, args=(r,), limit=4000, epsabs=1e-9)[0] for left, right in pairwise(ends)
        ]
        expected = float(yukawa(r, kappa, ion.core_radius)) / BOHR + sum(parts) / (2 * np.pi**2 * r)
        assert float(potential(np.array(r))) == pytest.approx(expected, abs=TABLE)


def test_lindhard_screening_becomes_thomas_fermi_at_small_q():
    x = np.array([0.0, 1e-4, 1e-3 * (1 - 1e-9), 1e-3 * (1 + 1e-9)])
    assert lindhard_function(x) == pytest.approx(1 - x**2 / 3 - x**4 / 15, abs=1e-9)
    assert lindhard_function(1.0) == 0.5 and lindhard_function(1 - 1e-9) == pytest.approx(0.5, abs=1e-7)
    assert lindhard_function(100.0) == pytest.approx(1 / 3e4, rel=1e-3)
    for kind in (LINDHARD, HUBBARD):
        assert sodium(kind).form_factor(1e-5) == pytest.approx(sodium().form_factor(1e-5), rel=1e-8)
    ion = sodium()
    assert float(ion.form_factor(0.0)) == pytest.approx(-(ion.screening.fermi_wave_number**-1) * np.pi**2, rel=1e-12)


def test_lindhard_function_is_the_integral_over_the_fermi_sphere():
    # F(x) = int_0^1 p ln|(p + x)/(p - x)| dp/(2x), all electrons that a wave of x can lift
    for x in (0.3, 1.7):
        found = integrate.quad(lambda p, x=x: p * np.log(abs((p + x) / (p - x))), 0, 1, points=[x] if x < 1 else None)
        assert lindhard_function(x) == pytest.approx(found[0] / (2 * x), rel=1e-7)


def test_hubbard_screening_halves_the_response_at_large_q():
    lindhard, hubbard = (sodium(kind).screening.added_square(np.array([0.0, 200.0])) for kind in (LINDHARD, HUBBARD))
    assert hubbard / lindhard == pytest.approx(np.array([1.0, 0.5]), rel=1e-4)


def test_friedel_oscillations_have_the_wave_number_of_the_sphere():
    ion = aluminium(LINDHARD)  # that of sodium nearly vanishes at 2 k_F
    k = ion.screening.fermi_wave_number
    r = np.linspace(15.0, 45.0, 1501)
    swing = r**3 * ion.potential()(r)  # tends to a pure oscillation
    test = np.linspace(k, 3 * k, 801)
    strength = np.abs(np.exp(1j * test[:, None] * r) @ (swing * np.hanning(len(r))))
    assert test[np.argmax(strength)] == pytest.approx(2 * k, rel=0.02)
    early, late = swing[r < 25], swing[r > 35]
    assert np.ptp(late) == pytest.approx(np.ptp(early), rel=0.1)
    assert np.abs(aluminium().potential()(r)).max() < 1e-8  # Thomas and Fermi have none


@pytest.mark.parametrize("symbol", ["Na", "Al"])
def test_born_friedel_sum_of_thomas_fermi_is_the_valence(symbol):
    ion = get_metal(symbol).ion(screening=THOMAS_FERMI)
    delta = born_phase_shifts(ion.form_factor, ion.screening.fermi_wave_number, l_max=60)
    assert friedel_sum(delta) == pytest.approx(ion.valence, rel=1e-12)
    weak = replace(ion, valence=1e-4)
    exact = weak.phase_shifts(12)
    assert friedel_sum(exact) == pytest.approx(1e-4, rel=1e-4)


@pytest.mark.parametrize("kind", [LINDHARD, HUBBARD])
def test_born_friedel_sum_depends_on_the_limit_of_long_waves_only(kind):
    ion = sodium(kind)
    delta = born_phase_shifts(ion.form_factor, ion.screening.fermi_wave_number, l_max=30)
    assert friedel_sum(delta) == pytest.approx(1.0, rel=1e-3)  # the sum over l converges by powers now


@pytest.mark.parametrize(("symbol", "kind"), [("Na", THOMAS_FERMI), ("Al", THOMAS_FERMI), ("Na", LINDHARD)])
def test_friedel_adjusted_ion_screens_its_charge(symbol, kind):
    ion = friedel_adjusted(get_metal(symbol).ion(screening=kind))
    shifts = ion_phase_shifts(ion, screened_ions.FRIEDEL_L, species=symbol)
    assert shifts.friedel_sum_s[0] == pytest.approx(ion.valence, abs=1e-9)
    assert ion.screening.strength > 1 and "kappa^2 times" in shifts.method
    assert shifts.wave_number == ion.screening.fermi_wave_number


def test_a_friedel_sum_out_of_reach_is_refused(monkeypatch):
    monkeypatch.setattr(screened_ions, "STRENGTHS", (3.0, 5.0))
    with pytest.raises(NotConverged, match="off the valence 1 at 3 and 5 times") as refused:
        friedel_adjusted(sodium())
    assert refused.value.estimate.screening.strength == 3.0


def test_cut_of_the_oscillations_hardly_matters(monkeypatch):
    near = sodium(LINDHARD).phase_shifts(4)
    monkeypatch.setattr(screened_ions, "OSCILLATING_REACH", 90.0)
    assert sodium(LINDHARD).phase_shifts(4) == pytest.approx(near, abs=CUT)


@pytest.mark.parametrize("kind", [LINDHARD, HUBBARD])
def test_end_of_the_fourier_integral_hardly_matters(kind, monkeypatch):
    r = np.array([1e-3, 0.1, 0.5, 0.7])
    table = aluminium(kind).potential()(r)
    monkeypatch.setattr(screened_ions, "LARGEST_Q", 100.0)
    assert aluminium(kind).potential()(r) == pytest.approx(table, abs=TABLE)


def test_potential_scales_with_the_unit_of_length():
    # the Bohr radius is the unit here: k_F = 1/2 and r_c = 1.67 of it
    ion = ScreenedIon(Screening(THOMAS_FERMI, 0.5 / BOHR), valence=1.0, core_radius=1.67 * BOHR)
    kappa = np.sqrt(2 / np.pi)
    r = 3.0
    hartree = -np.cosh(1.67 * kappa) * np.exp(-kappa * r) / r
    assert float(ion.potential()(np.array(r * BOHR))) * BOHR**2 == pytest.approx(hartree, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Screening(THOMAS_FERMI, 0.0), "k = 0.0, expected a positive"),
        (lambda: Screening(THOMAS_FERMI, 1.0, -1.0), "strength of the screening = -1.0"),
        (lambda: ScreenedIon(Screening(THOMAS_FERMI, 1.0), 0.0, 1.0), "valence of an ion = 0.0"),
        (lambda: ScreenedIon(Screening(THOMAS_FERMI, 1.0), 1.0, float("nan")), "core_radius of an ion = nan"),
        (lambda: screening_kind("lindhart"), "unknown screening 'lindhart'; did you mean 'lindhard'"),
        (lambda: get_metal("Nb"), "unknown metal 'Nb'; did you mean .*known: Li, Na"),
    ],
)
def test_ions_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_table_of_metals_is_whole():
    metals = builtin_metals()
    assert list(metals) == ["Li", "Na", "K", "Rb", "Cs", "Mg", "Al", "Zn", "Cu"]
    assert "d band" in metals["Cu"].caveat and get_metal("cu") is metals["Cu"]
    for metal in metals.values():
        numbers = {"r_s", "core_radius", "atomic_mass", "melting_density", "melting_resistivity"}
        assert set(metal.provenance) == numbers
        assert {entry.confidence for entry in metal.provenance.values()} == {"recalled"}
        # the liquid at melting is less dense than the crystal at room temperature, by some percent
        assert 0.95 < metal.liquid_fermi_wave_number / metal.fermi_wave_number < 0.99
    with pytest.raises(InputError, match="metal Na: r_s = -1"):
        replace(metals["Na"], r_s=-1.0)


# --- muffin tins -----------------------------------------------------------------------------------------------------


def test_mean_of_neighbours_on_a_sphere_agrees_with_quadrature():
    ion = aluminium()
    kappa = ion.screening.inverse_length
    positions = np.array([[0.0, 0, 0], [2.8, 0, 0], [-1.9, 2.3, 0.4], [0.5, -2.9, 1.1]])
    tins = muffin_tins(positions, [ion], np.zeros(4, np.int64), l_max=2)
    cosine, weights = np.polynomial.legendre.leggauss(24)
    angle = 2 * np.pi * np.arange(48) / 48
    sine = np.sqrt(1 - cosine**2)[:, None]
    directions = np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine[:, None] + 0 * angle], axis=-1)
    for r in (0.3, 0.9 * tins.radius_n[0]):
        distance = np.linalg.norm(r * directions[..., None, :] - positions[1:], axis=-1)
        mean = weights @ ion.potential()(distance).sum(axis=-1).mean(axis=1) / 2
        assert spherical_mean(r, tins.neighbours_n[0], kappa) == pytest.approx(mean, rel=1e-10)


def test_muffin_tins_of_a_crystal_are_alike_and_know_its_images():
    positions, cell, species = fcc_aluminium()
    ion = aluminium()
    tins = muffin_tins(positions, [ion], species, l_max=3, cell_cc=cell)
    assert tins.radius_n == pytest.approx(4.05 / np.sqrt(8), rel=1e-9)
    assert tins.delta_nl == pytest.approx(np.tile(tins.delta_nl[0], (4, 1)), abs=1e-10)
    assert tins.step_n == pytest.approx(0.0, abs=1e-12) and tins.remarks == ()
    positions, cell, species = fcc_aluminium(copies=2)
    many = muffin_tins(positions + 17.3, [ion], species, l_max=3, cell_cc=cell)
    assert many.delta_nl == pytest.approx(np.tile(tins.delta_nl[0], (32, 1)), abs=1e-10)
    assert many.wave_number == pytest.approx(tins.wave_number, rel=1e-12)
    assert tins.wave_number / tins.fermi_wave_number == pytest.approx(0.9225, abs=1e-4)  # regression
    # the mean potential of screened ions is two thirds of the Fermi energy, whatever they are
    assert tins.mean_potential == pytest.approx(-(tins.fermi_wave_number**2) / 3, rel=1e-12)


def test_potential_of_neighbours_is_the_sum_over_the_lattice():
    positions, cell, species = fcc_aluminium()
    ion = aluminium()
    tins = muffin_tins(positions, [ion], species, l_max=1, cell_cc=cell)
    # the same by plane waves: the sum over reciprocal vectors, less the ion itself, at its centre
    volume, n = np.linalg.det(cell) / 4, np.arange(-14, 15)
    indices = np.stack(np.meshgrid(n, n, n, indexing="ij"), axis=-1).reshape(-1, 3)
    indices = indices[(indices % 2 == indices[:, :1] % 2).all(axis=1)]
    smooth = 0.35  # the ions smeared by a Gaussian, which their neighbours do not notice but by exp(kappa^2 s^2/2)
    q = np.linalg.norm(2 * np.pi / 4.05 * indices, axis=1)
    kappa, gaussian = ion.screening.inverse_length, np.exp(-((q * smooth) ** 2) / 2)
    charge = -4 * np.pi * ion.valence / BOHR * np.cosh(kappa * ion.core_radius)
    whole = charge * (gaussian / (q**2 + kappa**2)).sum() / volume
    own = integrate.quad(lambda x: x**2 / (x**2 + kappa**2) * np.exp(-((x * smooth) ** 2) / 2), 0, np.inf)[0]
    neighbours = (whole - charge * own / (2 * np.pi**2)) * np.exp(-((kappa * smooth) ** 2) / 2)
    assert tins.neighbours_n[0] == pytest.approx(neighbours, rel=1e-6)


def test_each_ion_of_a_disordered_configuration_has_its_own_phase_shifts():
    positions, cell, species = fcc_aluminium(copies=2, displaced=0.08)
    ion = aluminium()
    tins = muffin_tins(positions, [ion], species, l_max=2, cell_cc=cell)
    assert np.ptp(tins.delta_nl[:, 0]) > 0.01
    i, kappa = 5, ion.screening.inverse_length

    def alone(r):
        own = ion.valence / BOHR * yukawa(r, kappa, ion.core_radius)
        return own + spherical_mean(r, tins.neighbours_n[i], kappa) - tins.zero

    edges = [ion.core_radius, tins.radius_n[i]]
    assert tins.delta_nl[i] == pytest.approx(
        solve_phase_shifts(alone, tins.wave_number, l_max=2, edges=edges), abs=1e-10
    )
    assert tins.step_n.mean() == pytest.approx(0.0, abs=1e-12)
    assert tins.wave_number**2 == pytest.approx(
        tins.fermi_wave_number**2 + 2 * (tins.mean_potential - tins.zero), rel=1e-12
    )


def test_mean_between_the_spheres_restores_the_mean_of_all_space():
    positions, cell, species = fcc_aluminium()
    ion = aluminium()
    # points of a grid outside all spheres sample the space between them; k_F is that of this volume
    k_fermi = (3 * np.pi**2 * 12 / np.linalg.det(cell)) ** (1 / 3)
    ion = ion.at(k_fermi)
    tins = muffin_tins(positions, [ion], species, l_max=1, cell_cc=cell, zero=MuffinTinZero.INTERSTITIAL)
    grid = (np.stack(np.meshgrid(*[np.arange(24)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + 0.5) / 24 @ cell
    n = np.arange(-3, 4)
    images = np.stack(np.meshgrid(n, n, n, indexing="ij"), axis=-1).reshape(-1, 3) @ cell
    sites = (images[:, None] + positions).reshape(-1, 3)
    sites = sites[np.linalg.norm(sites - cell.sum(axis=0) / 2, axis=1) < 11.5]
    potential = ion.potential()
    distance = [np.linalg.norm(sites - point, axis=1) for point in grid]
    outside = [potential(d).sum() for d in distance if d.min() > tins.radius_n[0]]
    assert np.mean(outside) == pytest.approx(tins.zero, rel=1e-2)  # of the grid
    surface = muffin_tins(positions, [ion], species, l_max=1, cell_cc=cell).zero
    assert abs(surface / tins.zero - 1) > 0.1


def test_species_of_an_alloy_keep_their_own_ions():
    k_fermi = 1.5
    ions = [get_metal(name).ion(screening=THOMAS_FERMI, fermi_wave_number=k_fermi) for name in ("Al", "Mg")]
    positions, cell, _ = fcc_aluminium()
    mixed = muffin_tins(positions, ions, np.array([0, 1, 0, 1]), l_max=2, cell_cc=cell)
    swapped = muffin_tins(positions, ions[::-1], np.array([1, 0, 1, 0]), l_max=2, cell_cc=cell)
    assert swapped.delta_nl == pytest.approx(mixed.delta_nl, abs=1e-12)
    assert mixed.delta_nl[0] == pytest.approx(mixed.delta_nl[2], abs=1e-10)
    assert np.abs(mixed.delta_nl[0] - mixed.delta_nl[1]).max() > 0.05


@pytest.mark.parametrize(
    ("place", "changes", "message"),
    [
        ((0.0, 0.0, 0.0), {}, "ions 0 and 1 stand at one place"),
        ((1.0, 0.0, 0.0), {}, "ion 0: its muffin tin of 0.5 angstrom does not hold its core of 0.59.*ion 1 at 1"),
        ((2.6, 0.0, 0.0), {"radius_n": [1.4, 1.3, 1.3]}, "muffin tins of ions 0 and 1 overlap: radii 1.4 and 1.3"),
        ((2.6, 0.0, 0.0), {"radius_n": [0.4, 1.3, 1.3]}, "ion 0: its muffin tin of 0.4 angstrom does not hold"),
        ((2.6, 0.0, 0.0), {"radius_n": [1.3]}, "radii of shape"),
        ((2.6, 0.0, 0.0), {"species_n": [0, 0, 1]}, "ion 2 is of species 1; there are kinds 0 to 0"),
        ((2.6, 0.0, 0.0), {"species_n": [0]}, "3 positions and species of shape"),
        ((np.nan, 0.0, 0.0), {}, "ion 1 is at .*nan.*; expected finite"),
        ((90.0, 0.0, 0.0), {}, "ion 1 has no neighbour within"),
        ((2.6, 0.0, 0.0), {"ions": [aluminium(LINDHARD)]}, "muffin tins of lindhard screening"),
        ((2.6, 0.0, 0.0), {"ions": [aluminium(), sodium()]}, "screened differently"),
        ((2.6, 0.0, 0.0), {"ions": []}, "no kinds of ions"),
        ((2.6, 0.0, 0.0), {"cell_cc": np.zeros((3, 3))}, "has no volume"),
    ],
)
def test_configurations_without_muffin_tins_are_refused(place, changes, message):
    positions = np.array([[0.0, 0.0, 0.0], place, [0.0, 3.0, 0.0]])
    arguments = {"ions": [aluminium()], "species_n": [0, 0, 0], "l_max": 2} | changes
    with pytest.raises(InputError, match=message):
        muffin_tins(positions, arguments.pop("ions"), arguments.pop("species_n"), **arguments)


def test_electrons_of_the_ions_are_those_of_the_fermi_sphere():
    positions, cell, species = fcc_aluminium()
    metal = get_metal("Al")
    tins = metal_muffin_tins(metal, positions, l_max=2, cell_cc=cell)
    assert tins.density_ratio == pytest.approx(1.0, rel=1e-12) and tins.remarks == ()
    electrons = 12 / np.linalg.det(cell)
    assert tins.fermi_wave_number == pytest.approx((3 * np.pi**2 * electrons) ** (1 / 3), rel=1e-12)
    assert tins.fermi_wave_number == pytest.approx(metal.fermi_wave_number, rel=2e-3)
    given = metal_muffin_tins(metal, positions, l_max=2, cell_cc=cell, k_fermi=1.7)
    same = muffin_tins(positions, [aluminium().at(1.7)], species, l_max=2, cell_cc=cell)
    assert given.delta_nl.tolist() == same.delta_nl.tolist()
    assert given.remarks == (f"the ions bring {given.density_ratio:.4g} times the electrons of k_F = 1.7/angstrom",)
    assert given.density_ratio == pytest.approx((tins.fermi_wave_number / 1.7) ** 3, rel=1e-12)
    cluster = metal_muffin_tins(metal, positions, l_max=2)
    assert cluster.fermi_wave_number == metal.fermi_wave_number and cluster.density_ratio == 1


def test_muffin_tins_whose_last_phase_shift_is_large_are_flagged():
    positions, cell, species = fcc_aluminium()
    tins = muffin_tins(positions, [aluminium()], species, l_max=1, cell_cc=cell)
    assert tins.remarks == ("l_max = 1 is too small for the phase shifts of 4 ions: 0, 1, 2, 3",)
