"""The conductivity without a join: all levels of all potentials against the closed laws that hold at both ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.cli import app
from analysis.soft_potential.absorption_table import COARSE, tabulate_absorption
from analysis.soft_potential.potential_mesh import MeshPlan
from analysis.thermal import exact_heat, kappa
from analysis.thermal.absorption import Absorption
from analysis.thermal.exact import about_exact_channels, coupling_to_phonons, exact_channels, exact_scattering
from analysis.thermal.kappa import conductivity, conductivity_derivatives, conductivity_of, material_numbers
from analysis.thermal.later_form import LaterFormGlass, conductivity_tanh_law
from analysis.thermal.materials import get_glass, read_material
from analysis.thermal.phonons import Medium
from analysis.thermal.relaxation_spectrum import RelaxationSpectrum, tabulate_relaxation
from analysis.thermal.scattering import Channel, double_well_coupling, relaxation_by_phonons
from atomsim.errors import InputError
from atomsim.units import BOLTZMANN, HBAR

SILICA = get_glass("silica")


@pytest.fixture(scope="module")
def absorption() -> Absorption:
    return Absorption(tabulate_absorption(COARSE))


@pytest.fixture(scope="module")
def relaxation() -> RelaxationSpectrum:
    return RelaxationSpectrum(tabulate_relaxation(MeshPlan(coldest=0.02, hottest=1.0, lines=40, nodes=12)))


@pytest.fixture(autouse=True)
def coarse_table(monkeypatch: pytest.MonkeyPatch, absorption: Absorption, relaxation: RelaxationSpectrum) -> None:
    """The production tables take minutes; the coarse ones are good to a per cent and to some per cent."""
    monkeypatch.setattr(kappa, "production_absorption", lambda *_: absorption)
    monkeypatch.setattr(kappa, "production_relaxation", lambda *_: relaxation)
    monkeypatch.setattr(exact_heat, "production_relaxation", lambda *_: relaxation)


def test_exact_model_joins_the_closed_laws(absorption: Absorption) -> None:
    """Far below W the tanh law, approached from below like 1/ln; far above W the law of vibrations."""
    cold = np.array([1e-6, 1e-4, 1e-2])
    found = conductivity(SILICA, cold, model="exact", channels=["resonant"]).conductivity_T
    law = conductivity_tanh_law(cold, later_form())
    assert np.all(np.diff(found / law) < 0) and np.all((found / law > 0.94) & (found / law < 0.99))
    scattering = kappa.scattering_of(SILICA, material_numbers(SILICA), "exact", [Channel.RESONANT], absorption)
    omega = np.array([30.0, 60.0]) * SILICA.W * BOLTZMANN / HBAR
    path = scattering.scales["l"][Channel.RESONANT] * scattering.paths[Channel.RESONANT](omega, np.array([0.1, 0.1]))
    vibrations = np.pi * omega * SILICA.C_l / SILICA.v_l * (HBAR * omega / (SILICA.W * BOLTZMANN)) ** 3 / 8
    assert path == pytest.approx(vibrations, rel=2e-3)


def later_form() -> LaterFormGlass:
    medium = Medium(SILICA.density, SILICA.v_l, SILICA.v_t)
    return LaterFormGlass(medium=medium, W=SILICA.W * BOLTZMANN, C_l=SILICA.C_l, C_t=SILICA.C_t)


def test_exact_conductivity_lies_below_the_closed_sum() -> None:
    """The closed laws absorb too little where they meet, by up to a factor of two or a little more at 20 K."""
    T = np.geomspace(0.7, 20, 12)
    ratio = conductivity(SILICA, T, model="exact").conductivity_T / conductivity(SILICA, T).conductivity_T
    assert np.all((ratio > 0.4) & (ratio < 1.0))


def test_exact_derivatives_agree_with_finite_differences() -> None:
    T, names = np.array([0.1, 2.0, 10.0]), ["W", "C_t", "v_l", "lambda_t", "density"]
    exact = conductivity_derivatives(SILICA, T, names, model="exact")
    numbers = material_numbers(SILICA)
    for name, row in zip(names, exact, strict=True):
        sides = [
            conductivity_of(SILICA, {**numbers, name: numbers[name] * np.exp(step)}, T, "exact", "derived", None)
            for step in (1e-4, -1e-4)
        ]
        assert row == pytest.approx((sides[0] - sides[1]) / 2e-4, rel=1e-3, abs=1e-4 * float(np.abs(exact).max()))


def test_exact_relaxation_is_the_one_of_tunnelling_systems_when_cold(
    absorption: Absorption, relaxation: RelaxationSpectrum
) -> None:
    """pi omega C/2v where all follow, the T^3 law of one-phonon relaxation within the corrections of shallow wells."""
    numbers = material_numbers(SILICA)
    found = exact_scattering(numbers, [Channel.RELAXATION], absorption, relaxation)
    W = SILICA.W * BOLTZMANN
    T = np.full(3, 0.03 * SILICA.W)
    omega = np.array([1e-13, 1e-10, 1e-6]) * W / HBAR
    path = found.scales["t"][Channel.RELAXATION] * found.paths[Channel.RELAXATION](omega, T)
    unit = np.pi * omega * SILICA.C_t / SILICA.v_t
    assert path[0] / unit[0] == pytest.approx(0.5, rel=0.08)  # 1/2 + 1/6S
    law = relaxation_by_phonons(
        omega, T, coupling=lambda E: double_well_coupling(E, numbers), highest_energy=W, density=SILICA.density
    )
    assert np.all((path / unit / law > 0.95) & (path / unit / law < 1.6))
    hotter = found.paths[Channel.RELAXATION](omega[2:] * 1e4, T[2:] * 2) / (1e4 * omega[2])
    cold = found.paths[Channel.RELAXATION](omega[2:] * 1e4, T[2:]) / (1e4 * omega[2])
    assert np.log2(hotter / cold) == pytest.approx([3.0], abs=0.5)


def test_activation_is_part_of_relaxation_where_the_rates_are_known(absorption: Absorption) -> None:
    numbers = material_numbers(SILICA)
    bare = {**numbers, "lambda_l": float("nan"), "lambda_t": float("nan")}
    assert exact_channels(numbers) == (Channel.RESONANT, Channel.RELAXATION, Channel.RAYLEIGH)
    assert exact_channels(bare) == (Channel.RESONANT, Channel.ACTIVATION, Channel.RAYLEIGH)
    assert coupling_to_phonons(bare) is None and coupling_to_phonons(numbers) == pytest.approx(1.6e-3, rel=0.05)
    assert "without tau_0" in about_exact_channels(numbers) and "closed law" in about_exact_channels(bare)
    with pytest.raises(InputError, match="part of 'relaxation'"):
        exact_scattering(numbers, [Channel.RESONANT, Channel.ACTIVATION], absorption)
    with pytest.raises(InputError, match="lambda_l or lambda_t"):
        exact_scattering(bare, [Channel.RELAXATION], absorption)
    kept = exact_scattering(bare, [Channel.RESONANT, Channel.ACTIVATION], absorption)
    assert set(kept.paths) == {Channel.RESONANT, Channel.ACTIVATION}


def test_enhanced_scattering_off_resonance_lowers_the_conductivity() -> None:
    T = np.array([1.0, 10.0])
    enhanced = conductivity(replace(SILICA, mu=5.0), T, model="exact")
    assert np.all(enhanced.conductivity_T < conductivity(replace(SILICA, mu=1.0), T, model="exact").conductivity_T)
    assert enhanced.channel_share_cT.sum(axis=0) == pytest.approx(np.ones(2), rel=1e-9)


def test_exact_model_refuses_what_it_does_not_hold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="rayleigh alone needs mu > 1"):
        conductivity(replace(SILICA, mu=1.0), [1.0], model="exact", channels=["rayleigh"])
    path = tmp_path / "kp.toml"
    path.write_text(
        "[karpov_parshin]\nname = 'k'\ndensity = 2200\nv_l = 5800\nv_t = 3800\nmass = 28\nlength = 1.0\nenergy = 30\n"
        "G = 1e27\nb = 1\nd_l2 = 1\nd_t2 = 0.5\nxi2 = 1\nmu = 1\n"
    )
    with pytest.raises(InputError, match="for the measure landscape only"):
        conductivity(read_material(path), [1.0], model="exact", measure="field")


def test_exact_model_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        app(["thermal", "silica", "--temperatures", "0.1,1", "--model", "exact", "--json"])
    output = capsys.readouterr()
    document = json.loads(output.out)
    assert not end.value.code and document["model"] == "exact"
    assert document["kappa_W_per_mK"] == conductivity(SILICA, [0.1, 1.0], model="exact").conductivity_T.tolist()
    assert "its table of absorption" in output.err


def test_minimum_of_the_heat_is_told_for_several_times(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["thermal", "silica", "--temperatures", "0.5,2", "--model", "exact", "--quantity", "heat-capacity"]
    with pytest.raises(SystemExit):
        app([*line, "--json"])
    found = json.loads(capsys.readouterr().out)["minimum_of_C_over_T3"]
    assert found["experiment_time_s"] == [1e-3, 1.0, 1e3]
    for temperature, ratio in zip(found["temperature_K"], found["W_over_kT"], strict=True):
        assert temperature * ratio == pytest.approx(SILICA.W) and 1.5 < ratio < 2.1
    with pytest.raises(SystemExit):
        app(line)
    assert "time of the experiment [s]" in capsys.readouterr().out
