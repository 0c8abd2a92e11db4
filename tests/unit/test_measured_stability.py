"""Measured soft modes beside the stability equation: on it, off it, without memory of it; and what is no glass."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from tiny_study import tiny_study

from analysis.commands import stability as cli_stability
from analysis.crystallinity import CRYSTAL, crystalline_share
from analysis.documents import as_json
from analysis.plotting.stability import figure_stability_test, plot_stability_test, table_stability_test
from analysis.soft_potential.parameters import mode_energy, quartic_frequency
from analysis.thermal import stability
from analysis.thermal.measured_stability import (
    QuenchedModes,
    compare_with_stability,
    implied_distortion_energy,
    lowest_maximum,
    restoring_share,
    temperature_exponent,
    unsoftened_energy,
)
from atomsim.errors import IllPosedFit, InputError
from atomsim.potentials import get_model
from atomsim.quench import describe, inherent_structure
from atomsim.structure import make_atoms, random_start


@dataclass(frozen=True)
class FewModes:
    """As much of the soft modes as the comparison reads."""

    omega_m: np.ndarray
    chi_relaxed_m: np.ndarray
    chi_bare_m: np.ndarray | None = None


def modes_on_the_curve(temperature, distortion, omega_c, rng, noise=0.0, count=40):
    eta, energy = stability.stable_energy(rng.uniform(0.1, 30, count), distortion / temperature)
    energy = energy * temperature * np.exp(noise * rng.normal(size=len(energy)))
    return FewModes(omega_c * np.sqrt(eta), 6 * omega_c**4 / energy)


# --- one mode -----------------------------------------------------------------------------------------------


def test_energy_and_share_of_a_mode_are_those_of_its_expansion():
    omega, chi, omega_c, s = 0.4, 3.0, 1.7, 0.9
    eta, energy = restoring_share(omega, omega_c), unsoftened_energy(chi, omega_c)
    x = s * omega_c / np.sqrt(2 * energy)  # eps eta x^2 = omega^2 s^2/2
    expansion = omega**2 * s**2 / 2 + chi * s**4 / 24
    assert energy * (eta * x**2 + x**4) == pytest.approx(expansion, rel=1e-12)
    # With the length at which the quartic term is that of an unsoftened mode, it is the energy of a mode of N atoms.
    participation, mass = 30.0, 1.4
    length = np.sqrt(12 / (chi * participation * mass)) * omega_c
    assert mode_energy(chi, participation, mean_mass=mass, length=length) == pytest.approx(energy, rel=1e-12)
    assert quartic_frequency(chi, participation, mean_mass=mass, length=length) == pytest.approx(omega_c, rel=1e-12)
    assert restoring_share(-omega, omega_c) == -eta


@pytest.mark.parametrize(("eta", "energy"), [(-0.3, 50.0), (0.0, 9.0), (0.02, 800.0), (0.5, 3e5)])
def test_temperature_exponent_is_the_derivative(eta, energy):
    T, step = 0.7, 1e-4
    moved = [np.log(implied_distortion_energy(eta, energy, T * np.exp(sign * step))) for sign in (1, -1)]
    assert temperature_exponent(eta, energy, T) == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-6)


def test_temperature_exponent_of_quartic_and_harmonic_modes():
    assert temperature_exponent(0.0, 100.0, 1.0) == pytest.approx(0.5, rel=1e-12)
    assert temperature_exponent(0.9, 1e9, 1.0) == pytest.approx(1.0, abs=1e-6)


# --- many modes ---------------------------------------------------------------------------------------------


def test_measured_modes_on_the_curve_give_one_distortion_energy():
    rng, omega_c, distortion = np.random.default_rng(3), 2.0, 3.0
    ensembles = [
        QuenchedModes(t, tuple(modes_on_the_curve(t, distortion, omega_c, rng) for _ in range(2)))
        for t in (0.2, 0.5, 0.9)
    ]
    found = compare_with_stability(ensembles, omega_c=omega_c)
    np.testing.assert_allclose(found.implied_m, distortion, rtol=1e-9)
    assert found.scatter < 1e-9 and abs(found.trend) < 1e-9
    assert found.count_k.tolist() == [80, 80, 80]
    np.testing.assert_array_equal(np.unique(found.glass_m), np.arange(6))
    axes = plot_stability_test(found)
    assert len(axes.lines) >= 6
    assert len(table_stability_test(found).rows) == 240


def test_means_and_errors_are_those_of_repeated_experiments():
    # Thirty experiments with eps_m = 3 and noise: trend and probability behave as their errors say.
    rng, omega_c = np.random.default_rng(8), 2.0
    pulls, probabilities = [], []
    for _ in range(30):
        ensembles = [
            QuenchedModes(t, tuple(modes_on_the_curve(t, 3.0, omega_c, rng, noise=0.3, count=8) for _ in range(10)))
            for t in (0.25, 0.5, 1.0)
        ]
        found = compare_with_stability(ensembles, omega_c=omega_c)
        pulls.append(found.trend / found.trend_error)
        probabilities.append(found.probability)
    assert np.std(pulls) == pytest.approx(1, abs=0.4)  # three standard errors of a deviation from thirty
    assert 0.05 < np.mean(np.array(probabilities) < 0.5) < 0.95 and min(probabilities) > 1e-4


def test_modes_of_one_glass_do_not_count_as_independent():
    rng, omega_c = np.random.default_rng(9), 2.0
    glasses = [modes_on_the_curve(t, 3.0, omega_c, rng, noise=0.3, count=1) for t in [0.3] * 6 + [0.9] * 6]
    once = [QuenchedModes(t, tuple(glasses[i : i + 6])) for t, i in ((0.3, 0), (0.9, 6))]
    often = [
        QuenchedModes(e.temperature, tuple(FewModes(*(np.repeat(x, 5) for x in (g.omega_m, g.chi_relaxed_m))) for g in
                                           e.glasses))
        for e in once
    ]  # fmt: skip
    one, five = (compare_with_stability(e, omega_c=omega_c) for e in (once, often))
    assert five.trend == pytest.approx(one.trend) and five.trend_error == pytest.approx(one.trend_error, rel=1e-9)
    np.testing.assert_allclose(five.error_k, one.error_k, rtol=1e-9)


def test_same_modes_at_all_temperatures_show_the_memoryless_trend():
    rng, omega_c = np.random.default_rng(4), 2.0
    glasses = tuple(modes_on_the_curve(0.5, 3.0, omega_c, rng, noise=0.5) for _ in range(3))
    found = compare_with_stability([QuenchedModes(t, glasses) for t in (0.45, 0.5, 0.55)], omega_c=omega_c)
    assert found.trend == pytest.approx(found.memoryless_trend, abs=2e-3)
    assert 0.5 < found.memoryless_trend < 1 and found.probability < 0.1


def test_scale_of_frequency_moves_all_energies_alike():
    rng = np.random.default_rng(5)
    glasses = [QuenchedModes(t, (modes_on_the_curve(t, 3.0, 2.0, rng, noise=0.4),)) for t in (0.2, 0.8)]
    low, high = (compare_with_stability(glasses, omega_c=w) for w in (20.0, 40.0))
    np.testing.assert_allclose(high.implied_m / low.implied_m, 4, rtol=0.01)
    assert high.trend == pytest.approx(low.trend, abs=1e-2) and high.scatter == pytest.approx(low.scatter, rel=1e-2)


def test_bare_quartic_terms_are_used_when_asked_for():
    omega = np.array([0.1, 0.2, 0.3])
    modes = FewModes(omega, np.array([-1.0, 2.0, -3.0]), np.array([4.0, 5.0, 6.0]))
    found = compare_with_stability([QuenchedModes(0.5, (modes,))], omega_c=2.0, quartic="bare")
    np.testing.assert_allclose(found.energy_m, 6 * 2.0**4 / modes.chi_bare_m)
    assert found.quartic == "bare" and found.n_unbounded == 0
    with pytest.raises(IllPosedFit, match="1 modes"):
        compare_with_stability([QuenchedModes(0.5, (modes,))], omega_c=2.0)
    with pytest.raises(InputError, match="did you mean 'bare'"):
        compare_with_stability([QuenchedModes(0.5, (modes,))], omega_c=2.0, quartic="bara")


def test_comparison_counts_what_it_leaves_out():
    modes = FewModes(np.array([0.1, 0.2, 0.3, 3.0, 0.2]), np.array([1.0, 2.0, -1.0, 1.0, 5.0]))
    found = compare_with_stability([QuenchedModes(0.5, (modes,))], omega_c=2.0)
    assert found.n_unbounded == 1 and np.isnan(found.implied_m).sum() == 1
    assert np.isnan([found.trend, found.trend_error, found.probability]).all()  # one temperature, one glass
    with pytest.raises(InputError, match=r"temperature = 0\.0"):
        compare_with_stability([QuenchedModes(0.0, (modes,))], omega_c=2.0)


def test_lowest_maximum_of_a_spectrum_of_two_humps():
    rng = np.random.default_rng(6)
    omega = np.abs(np.concatenate([rng.normal(5, 1, 20000), rng.normal(10, 1, 30000)]))
    assert lowest_maximum(omega) == pytest.approx(5, abs=0.15)
    assert lowest_maximum(omega[omega > 7.5]) == pytest.approx(10, abs=0.15)
    with pytest.raises(IllPosedFit, match="no maximum"):
        lowest_maximum(np.ones(1000))  # only rises, up to the end of the spectrum


# --- glasses and crystals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lattice", ["bcc", "fcc"])
def test_crystal_is_told_from_glass(lattice):
    atoms = bulk("Na", lattice, a={"bcc": 2, "fcc": 4}[lattice] ** (1 / 3), cubic=True).repeat(5)
    rng, n = np.random.default_rng(7), len(atoms)
    shaken = atoms.positions + 0.03 * rng.normal(size=(n, 3))
    plain = {"species_n": np.zeros(n, dtype=np.int64), "size_n": np.ones(n), "dimension": 3}
    crystal = describe(make_atoms(shaken, np.array(atoms.cell), **plain), "inverse-power:n=12,cutoff=1.5")
    assert crystalline_share(crystal) > 0.95
    # Order does not depend on the origin, nor on how large everything is.
    moved = replace(crystal, positions_nc=1.7 * (shaken + 0.3), cell_cc=1.7 * crystal.cell_cc)
    assert crystalline_share(moved) == crystalline_share(crystal)


def test_glasses_are_not_crystals():
    start = random_start(get_model("kob-andersen"), 300, 1.2, np.random.default_rng(11))
    glass = inherent_structure(start, "kob-andersen", on_saddle="push")
    assert crystalline_share(glass) < CRYSTAL / 2
    with pytest.raises(InputError, match="orthogonal cell"):
        crystalline_share(replace(glass, periodic_c=np.array([1, 1, 0])))


# --- finished studies ---------------------------------------------------------------------------------------


def study_at(temperature, **changes):
    glass = {"potential": "x", "temperature": temperature, "cooling_rate": None, **changes}
    return replace(tiny_study(), configuration={"glass": glass})


@pytest.fixture
def studies(monkeypatch):
    """Make names of folders open studies at the temperature that stands in the name."""
    opened = {name: study_at(float(name)) for name in ("0.5", "1.0")}
    opened["cooled"] = study_at(1.0, cooling_rate=0.1)
    opened["other"] = study_at(1.0, potential="y")
    monkeypatch.setattr(cli_stability, "open_study", lambda path: opened[path.name])
    monkeypatch.setattr(cli_stability, "crystalline_share", lambda glass: 0.0)  # so few atoms do crystallise


def test_studies_are_read_and_told(studies, capsys):
    found = cli_stability.measured_stability([Path("0.5"), Path("1.0")], quartic="bare")
    everything = [modes for e in tiny_study().ensembles for modes in e.soft_modes]
    assert found.count_k.tolist() == [sum(int(np.sum(m.chi_bare_m > 0)) for m in everything)] * 2
    assert found.omega_c == pytest.approx(
        lowest_maximum(np.concatenate([e.vibrations.omega_m for e in tiny_study().ensembles]))
    )
    document = json.loads(as_json(cli_stability.measured_stability_document(found)))["measured"]
    assert document["temperature"] == [0.5, 1.0] and len(document["mode_eta"]) == len(found.eta_m)
    cli_stability.show_measured_stability(found)
    printed = capsys.readouterr().out
    assert f"{found.trend:.3f}" in printed and "bare quartic terms" in printed
    assert len(figure_stability_test(found).axes) == 2


def test_studies_that_cannot_be_compared_are_refused(studies):
    with pytest.raises(InputError, match=r"cooled: glass.cooling_rate = 0.1; expected an instantaneous quench"):
        cli_stability.measured_stability([Path("0.5"), Path("cooled")], omega_c=2.0)
    with pytest.raises(InputError, match="different liquids"):
        cli_stability.measured_stability([Path("0.5"), Path("other")])


def test_crystals_are_left_out_and_counted(monkeypatch, capsys):
    shares = iter([0.9, 0.0, 0.0, 0.99, 0.1])
    monkeypatch.setattr(cli_stability, "crystalline_share", lambda glass: next(shares))
    assert len(cli_stability.quenched_modes(study_at(1.0), "DIR").glasses) == 3
    assert "DIR: 2 of 5 samples are crystals" in capsys.readouterr().err


def test_table_of_real_glasses_is_printed_and_documented(capsys):
    cli_stability.show_participation()
    printed = capsys.readouterr().out
    assert "vitreous silica" in printed and "59.7" in printed
    rows = cli_stability.participation_document()
    assert [row["N_s_a2_angstrom2"] for row in rows] == pytest.approx([162, 289, 392])
    assert rows[0]["epsilon_m_over_kT_g"] == pytest.approx(3.5, abs=0.1)
