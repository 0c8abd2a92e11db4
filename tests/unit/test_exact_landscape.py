"""The exact model for potentials uniform in (alpha, beta): printed laws at both ends, derivatives, refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from analysis.thermal import closed_forms
from analysis.thermal.absorption_limits import LandscapeLimits
from analysis.thermal.exact_landscape import CHANNELS, ExactTables, first_order, landscape_scattering, real_coupling
from analysis.thermal.kappa import (
    available_channels,
    conductivity,
    conductivity_derivatives,
    conductivity_of,
    material_numbers,
)
from analysis.thermal.materials import KarpovParshinMaterial
from analysis.thermal.scattering import Channel
from analysis.thermal.spectrum import phonon_spectrum
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

KP = KarpovParshinMaterial(
    "glass", 2200.0, 5800.0, 3800.0, mass=28.0, length=1.0, energy=30.0, G=1e27, b=0.0, d_l2=0.3, d_t2=0.2, xi2=1.2
)
BOTH = (Channel.RESONANT, Channel.RAYLEIGH)
T = np.array([0.2, 3.0, 40.0])


@dataclass(frozen=True)
class Ends:
    """An absorption that is one law below hbar omega = W and the other above: no table, the limits alone."""

    b: float | None

    @cached_property
    def limits(self) -> LandscapeLimits:
        return LandscapeLimits(self.b)

    def with_derivatives(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """The law of two levels where it is the larger part, that of vibrations elsewhere."""
        omega, tau = np.broadcast_arrays(np.asarray(omega, dtype=float), np.asarray(tau, dtype=float))
        law, slope = self.limits.low(omega)
        x = omega / (2 * tau)
        fall = 2 * np.minimum(x, 300.0) / np.sinh(2 * np.minimum(x, 300.0))
        high, by_omega, by_tau = self.limits.high(omega, tau)
        low = law * np.tanh(x)
        below = omega < 1
        return (
            np.where(below, low, high),
            np.where(below, slope + fall, by_omega),
            np.where(below, -fall, by_tau),
        )


@dataclass(frozen=True)
class Following:
    """A relaxation that one rate makes: s t/(1 + s^2 t^2) with t = 1/tau."""

    def absorption_with_derivatives(self, s: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Value and logarithmic derivatives."""
        ratio = np.asarray(s) / np.asarray(tau)
        slope = (1 - ratio**2) / (1 + ratio**2)
        return ratio / (1 + ratio**2), slope, -slope


TABLES = ExactTables(Ends(0.0), Following(), Ends(None), "uniform (eta, t)")


def inverse_path(channels: tuple[Channel, ...], branch: str, omega: Array, temperature: float) -> Array:
    scattering = landscape_scattering(material_numbers(KP), KP.glass, channels, TABLES)
    at = np.full_like(omega, temperature)
    return sum(scattering.scales[branch][c] * scattering.paths[c](omega, at) for c in channels)  # type: ignore[return-value]


@pytest.mark.parametrize("branch", ["l", "t"])
def test_exact_landscape_reduces_to_the_closed_laws(branch: str) -> None:
    W = KP.glass.W
    omega, temperature = np.geomspace(1e-7, 1e-2, 6) * W / HBAR, 1e-3 * W / BOLTZMANN
    low = inverse_path(BOTH, branch, omega, temperature)
    ratio = low / closed_forms.tunnelling_inverse_path(omega, np.array(temperature), KP.glass, branch)
    assert np.all(np.diff(ratio) > 0) and np.all((ratio > 1.01) & (ratio < 1.06)), "1 + 1/3S"
    omega = np.array([20.0, 60.0]) * W / HBAR
    attached = inverse_path((Channel.RAYLEIGH,), branch, omega, temperature)
    printed = closed_forms.vibration_inverse_path(omega, KP.glass, branch)
    np.testing.assert_allclose(attached / printed, 4 / 3, rtol=1e-3)
    deformed = inverse_path((Channel.RESONANT,), branch, omega, temperature)
    _, d2 = KP.glass.branch(branch)
    velocity = KP.v_l if branch == "l" else KP.v_t
    energy = W / KP.glass.eta_L**2
    expected = 0.75 * d2 / KP.xi2 * energy / (KP.glass.mass * velocity**2)  # (3/4)(d^2/xi^2)(E_0/M v^2)
    np.testing.assert_allclose(deformed / attached, expected, rtol=2e-3)


def test_exact_landscape_carries_the_heat_of_the_log_free_law_when_cold() -> None:
    cold = np.array([1e-6, 1e-4]) * KP.glass.W / BOLTZMANN
    found = phonon_spectrum(landscape_scattering(material_numbers(KP), KP.glass, BOTH, TABLES), cold).conductivity_T
    law = closed_forms.conductivity_log_free(cold, KP.glass)
    assert np.all((found / law > 0.94) & (found / law < 0.99))


def test_paths_end_where_vibrations_shorten_them() -> None:
    numbers = material_numbers(replace(KP, mu=3.0))
    for channels in (BOTH, (Channel.RESONANT,), (Channel.RAYLEIGH,)):
        scattering = landscape_scattering(numbers, KP.glass, channels, TABLES)
        for branch in "lt":
            velocity, _ = KP.glass.branch(branch)
            end = np.array([scattering.ends[branch]])
            path = sum(scattering.scales[branch][c] * scattering.paths[c](end, np.array([0.1])) for c in channels)
            assert path * velocity / end == pytest.approx(1.0, rel=1e-3)
    relaxing = landscape_scattering(numbers, KP.glass, (Channel.RELAXATION,), TABLES)
    assert np.isinf(relaxing.ends["l"]), "no Debye temperature is given"


def test_derivatives_of_the_exact_landscape() -> None:
    names = ("mass", "length", "energy", "G", "d_l2", "d_t2", "xi2", "mu", "v_t", "density")
    material = replace(KP, mu=2.0)
    numbers = material_numbers(material)
    exact = conductivity_derivatives(material, T, names, model="exact", tables=TABLES)
    scale = conductivity(material, T, model="exact", measure=TABLES).conductivity_T
    for name, row in zip(names, exact, strict=True):
        sides = [
            conductivity_of(
                material, {**numbers, name: numbers[name] * np.exp(step)}, T, "exact", "derived", None, TABLES
            )
            for step in (1e-4, -1e-4)
        ]
        # The two laws meet with a jump at hbar omega = W, which no break of the grid follows.
        np.testing.assert_allclose(row / scale, (sides[0] - sides[1]) / 2e-4 / scale, atol=2e-2, err_msg=name)


def test_channels_of_the_exact_landscape_are_told() -> None:
    assert available_channels(KP, "exact") == CHANNELS
    result = conductivity(KP, T, model="exact", measure=TABLES)
    assert result.channels == ("resonant", "relaxation", "rayleigh")
    np.testing.assert_allclose(result.channel_share_cT.sum(axis=0), 1, rtol=1e-12)
    assert "rayleigh the coupling to the displacement" in result.assumptions["channels of the exact model"]
    fewer = conductivity(KP, T, model="exact", measure=TABLES, channels=("resonant", "rayleigh"))
    assert np.all(fewer.conductivity_T > result.conductivity_T)


def test_what_the_exact_landscape_has_no_table_for_is_refused() -> None:
    with pytest.raises(InputError, match="b = 2, expected a table"):
        conductivity(replace(KP, b=2.0), T, model="exact", measure=TABLES)
    with pytest.raises(InputError, match="neither fitted nor differentiated by b"):
        conductivity_derivatives(replace(KP, b=2.0), T, ["b"], model="exact", tables=TABLES)
    with pytest.raises(InputError, match="channel rayleigh of the exact model needs its table"):
        conductivity(KP, T, model="exact", measure=ExactTables(Ends(0.0)), channels=("rayleigh",))
    with pytest.raises(InputError, match="constants \\[karpov_parshin\\] are for the measure landscape only"):
        conductivity(KP, T, model="exact", measure="field")
    unequal = replace(KP.glass, density_II=2e27)
    with pytest.raises(InputError, match="G_II = 2e\\+27"):
        landscape_scattering(material_numbers(KP), unequal, BOTH, TABLES)
    assert real_coupling({"b": 1.5 + 0j}) == 1.5
    with pytest.raises(InputError, match="is missing"):
        first_order(None, np.ones(1), np.ones(1))
