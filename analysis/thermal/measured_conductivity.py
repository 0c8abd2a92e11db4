"""What is measured of glasses beside what the theory gives: distances, exponents, plateau, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from analysis import toml
from analysis.thermal.kappa import ThermalResult, check_temperatures
from analysis.thermal.later_form import ioffe_regel_frequency
from analysis.thermal.materials import GlassMaterial
from analysis.thermal.measurement import Measurement
from analysis.thermal.phonons import GAUSS_RULE, LARGEST_X, mode_heat_capacity
from atomsim.errors import InputError, nearest
from atomsim.results import Array, IntArray, quantity
from atomsim.units import BOLTZMANN, HBAR

PLATEAU_RANGE = (2.0, 50.0)  # where the smallest local exponent is looked for [K]
GRID_STEP = 0.02  # of ln T on which exponents are taken
EXISTING_SHARE = 0.5  # of the heat: where less of it lies in phonons of the model, the model has ended
DEBYE_PANELS = 40


@dataclass(frozen=True)
class Law:
    """A measured exponent d ln kappa/d ln T: from and to, and between which temperatures."""

    lowest: float = quantity("1", "lower end of the exponent")
    highest: float = quantity("1", "upper end of the exponent")
    coldest: float = quantity("K", "where the law begins")
    hottest: float = quantity("K", "where the law ends")
    source: str = quantity("text", "where it comes from")
    confidence: str = quantity("text", "how far it can be trusted")


@dataclass(frozen=True)
class MeasuredGlass:
    """A glass as measured: points with relative errors and sources, and the laws found in its curve."""

    name: str
    temperature_T: Array = quantity("K", "temperatures")
    conductivity_T: Array = quantity("W/(m K)", "thermal conductivity")
    relative_error_T: Array = quantity("1", "its relative error")
    source_T: tuple[str, ...] = quantity("text", "source and confidence of each point")
    laws: Mapping[str, Law] = quantity("as declared", "exponents by name")
    heat_linear: float = quantity("J/(kg K^2)", "c_1 of the specific heat c_1 T + c_3 T^3")
    heat_cubic: float = quantity("J/(kg K^4)", "c_3 of it")
    heat_coldest: float = quantity("K", "where that holds")
    heat_hottest: float = quantity("K", "where it ends")

    def measurement(self) -> Measurement:
        """Return the points in the form of a user's file."""
        nothing = np.full_like(self.temperature_T, np.nan)
        error = self.relative_error_T * self.conductivity_T
        return Measurement(self.name, self.temperature_T, self.conductivity_T, error, nothing, nothing)


@dataclass(frozen=True)
class ConductivityComparison:
    """A computed conductivity beside a measured one. Exponents are NaN where the result does not reach."""

    material: str = quantity("text", "the glass")
    model: str = quantity("text", "model of scattering")
    temperature_T: Array = quantity("K", "temperatures of the measurement inside the range of the result")
    measured_T: Array = quantity("W/(m K)", "measured conductivity")
    predicted_T: Array = quantity("W/(m K)", "computed conductivity")
    decade_d: IntArray = quantity("1", "decades: power of ten at their lower end [K]")
    rms_d: Array = quantity("1", "root mean square of ln(computed/measured) in each decade")
    count_d: IntArray = quantity("1", "points in each decade")
    exponent_cold: float = quantity("1", "mean exponent from 0.1 to 1 K")
    exponent_plateau: float = quantity("1", "smallest local exponent between 2 and 50 K")
    temperature_plateau: float = quantity("K", "where it is; at an end of that range there is no plateau")
    exponent_4_20: float = quantity("1", "mean exponent from 4 to 20 K, where silica has its plateau")
    exponent_rise: float = quantity("1", "mean exponent from 30 to 100 K")
    phonon_end_l: float = quantity("K", "hbar omega/k_B at which longitudinal phonons end")
    phonon_end_t: float = quantity("K", "hbar omega/k_B at which transverse phonons end")
    theory_end: float = quantity("K", "temperature above which less than half of the heat lies in phonons")

    @property
    def log_ratio_T(self) -> Array:
        """Return ln(computed/measured) [-]."""
        return np.log(self.predicted_T / self.measured_T)


def measured_glasses() -> Mapping[str, MeasuredGlass]:
    """Return the measured glasses of the package by the short names of the table of materials."""
    return _measured()


@cache
def _measured() -> Mapping[str, MeasuredGlass]:
    text = (resources.files("analysis.thermal") / "measured.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _glass(table) for name, table in toml.parse(text, "measured.toml").items()})


def _glass(table: Mapping[str, Any]) -> MeasuredGlass:
    rows = sorted(
        (*point, f"{group['source']} ({group['confidence']})")
        for group in table["conductivity"]
        for point in group["points"]
    )
    laws = {
        name: Law(
            lowest=law["exponent"][0],
            highest=law["exponent"][1],
            coldest=law["between"][0],
            hottest=law["between"][1],
            source=law["source"],
            confidence=law["confidence"],
        )
        for name, law in table["law"].items()
    }
    return MeasuredGlass(
        name=table["name"],
        temperature_T=np.array([row[0] for row in rows], dtype=float),
        conductivity_T=np.array([row[1] for row in rows], dtype=float),
        relative_error_T=np.array([row[2] for row in rows], dtype=float),
        source_T=tuple(str(row[3]) for row in rows),
        laws=MappingProxyType(laws),
        heat_linear=table["specific_heat"]["c_1"],
        heat_cubic=table["specific_heat"]["c_3"],
        heat_coldest=table["specific_heat"]["between"][0],
        heat_hottest=table["specific_heat"]["between"][1],
    )


def measured_glass(name: str) -> MeasuredGlass:
    """Return the measured data of a glass.

    Args:
        name: short name, as in the table of materials; capitals do not matter.

    Raises:
        InputError: nothing is kept of this glass.
    """
    known = {key.lower(): key for key in measured_glasses()}
    if name.lower() not in known:
        raise InputError(
            f"no measured conductivity of {name!r}{nearest(name.lower(), known)}; known: {', '.join(known.values())}"
        )
    return measured_glasses()[known[name.lower()]]


def compare_heat(result: ThermalResult, glass: MeasuredGlass, material: GlassMaterial) -> tuple[Array, Array]:
    """Return temperatures [K] and computed over measured specific heat there [-].

    Measured: c_1 T + c_3 T^3 per mass, where that was found to hold.

    Source: soft-potential-notes (comparison); test: test_specific_heat_beside_the_measured_one

    Args:
        result: the computed specific heat.
        glass: what is measured.
        material: the glass of the result, for its density.

    Raises:
        InputError: the result has no temperature there.
    """
    T = result.temperature_T
    first, last = glass.heat_coldest * (1 - 1e-9), glass.heat_hottest * (1 + 1e-9)
    inside = (first <= T) & (last >= T)
    if not inside.any():
        raise InputError(f"{glass.name}: no temperature between {glass.heat_coldest:g} and {glass.heat_hottest:g} K")
    measured = material.density * (glass.heat_linear * T + glass.heat_cubic * T**3)
    return T[inside], (result.specific_heat_T / measured)[inside]


def phonon_end(material: GlassMaterial, branch: str) -> float:
    """Return hbar omega/k_B at which the path of a phonon among vibrations is one over its wave number [K].

    W (8/pi C mu)^{1/3}, or the Debye temperature where that is lower.

    Source: soft-potential-notes (Ioffe-Regel); test: test_theory_of_silica_ends_where_its_phonons_end

    Args:
        material: the glass.
        branch: ``"l"`` or ``"t"``.
    """
    strength = {"l": material.C_l, "t": material.C_t}[branch] * material.mu
    end = HBAR * ioffe_regel_frequency(strength, W=BOLTZMANN * material.W) / BOLTZMANN
    return float(np.fmin(end, material.debye_temperature))


def share_of_phonons(material: GlassMaterial, temperature: ArrayLike) -> Array:
    """Return the share of the Debye heat capacity that lies in phonons below the ends of their branches [-].

    What lies above has a path shorter than its wavelength over 2 pi: it is no phonon, and the model leaves its heat
    out.

    Source: debye-1912 (heat capacity); test: test_share_of_phonons_has_both_limits

    Args:
        material: the glass.
        temperature: temperatures [K].

    Raises:
        InputError: the material has no Debye temperature.
    """
    if not np.isfinite(material.debye_temperature):
        raise InputError(f"{material.name}: debye_temperature is needed to say where phonons end")
    T = np.asarray(temperature, dtype=float)
    weights = {"l": material.v_l**-3, "t": 2 * material.v_t**-3}
    existing = sum(weight * _debye_heat(phonon_end(material, s), T) for s, weight in weights.items())
    return np.asarray(existing / (sum(weights.values()) * _debye_heat(material.debye_temperature, T)))


def _debye_heat(end: float, temperature: Array) -> Array:
    """The integral of x^2 times the heat capacity of an oscillator, x = hbar omega/k_B T, up to an end."""
    node, weight = GAUSS_RULE
    edges = np.linspace(0.0, 1.0, DEBYE_PANELS + 1)
    half = np.diff(edges)[:, None] / 2
    part, share = (edges[:-1, None] + half * (1 + node)).ravel(), (half * weight).ravel()
    last = np.minimum(end / temperature, LARGEST_X)
    x = last[..., None] * part
    return last * ((x**2 * mode_heat_capacity(x)) @ share)


def theory_end(material: GlassMaterial) -> float:
    """Return the temperature above which less than half of the heat lies in phonons that the model contains [K].

    Infinite where that never comes about.

    Source: soft-potential-notes (Ioffe-Regel); test: test_theory_of_silica_ends_where_its_phonons_end

    Args:
        material: the glass.
    """
    low, high = 1e-3 * material.W, 100 * material.debye_temperature

    def missing(log_t: float) -> float:
        return float(share_of_phonons(material, np.exp(log_t))) - EXISTING_SHARE

    if missing(np.log(high)) > 0:
        return float("inf")
    return float(np.exp(brentq(missing, np.log(low), np.log(high))))


def local_exponent(temperatures: ArrayLike, conductivity: ArrayLike) -> tuple[Array, Array]:
    """Return temperatures, equal in their logarithm [K], and d ln kappa/d ln T there [-].

    Args:
        temperatures: ascending [K].
        conductivity: conductivity there [W/(m K)].

    Raises:
        InputError: fewer than three temperatures, or temperatures that do not ascend.
    """
    T, kappa = check_temperatures(temperatures), np.asarray(conductivity, dtype=float)
    if len(T) < 3:
        raise InputError(f"{len(T)} temperatures give no local exponent, need three")
    x = np.linspace(np.log(T[0]), np.log(T[-1]), max(3, int(np.log(T[-1] / T[0]) / GRID_STEP)))
    slope = np.gradient(np.log(kappa), np.log(T))
    return np.exp(x), np.interp(x, np.log(T), slope)


def compare_with_measurement(
    result: ThermalResult, data: Measurement, material: GlassMaterial
) -> ConductivityComparison:
    """Return a computed conductivity beside a measured one: distance by decade, exponents, plateau, end of the theory.

    Source: soft-potential-notes (comparison); test: test_comparison_of_a_result_with_itself_finds_no_distance

    Args:
        result: the computed conductivity; a fine grid from below 0.1 to above 100 K gives all features.
        data: the measurement.
        material: the glass of the result.

    Raises:
        InputError: no conductivity was measured inside the range of the result.
    """
    T, kappa = result.temperature_T, result.conductivity_T
    inside = (data.temperature_T >= T[0]) & (data.temperature_T <= T[-1]) & np.isfinite(data.conductivity_T)
    if not inside.any():
        raise InputError(f"{data.name}: no conductivity between {T[0]:g} and {T[-1]:g} K, the range of the result")
    place, measured = data.temperature_T[inside], data.conductivity_T[inside]
    predicted = np.exp(np.interp(np.log(place), np.log(T), np.log(kappa)))
    power = np.floor(np.log10(place) + 1e-9).astype(np.int64)
    decades = np.unique(power)
    squares = np.log(predicted / measured) ** 2
    where, slope = local_exponent(T, kappa)
    flat = (where >= PLATEAU_RANGE[0]) & (where <= PLATEAU_RANGE[1])
    lowest = int(np.argmin(np.where(flat, slope, np.inf)))
    return ConductivityComparison(
        material=material.name,
        model=result.model,
        temperature_T=place,
        measured_T=measured,
        predicted_T=predicted,
        decade_d=decades,
        rms_d=np.sqrt([squares[power == d].mean() for d in decades]),
        count_d=np.array([np.sum(power == d) for d in decades]),
        exponent_cold=_mean_exponent(T, kappa, 0.1, 1.0),
        exponent_plateau=float(slope[lowest]) if flat.any() else float("nan"),
        temperature_plateau=float(where[lowest]) if flat.any() else float("nan"),
        exponent_4_20=_mean_exponent(T, kappa, 4.0, 20.0),
        exponent_rise=_mean_exponent(T, kappa, 30.0, 100.0),
        phonon_end_l=phonon_end(material, "l"),
        phonon_end_t=phonon_end(material, "t"),
        theory_end=theory_end(material),
    )


def _mean_exponent(T: Array, kappa: Array, low: float, high: float) -> float:
    """The exponent between two temperatures; NaN where the result does not reach them."""
    if not (T[0] <= low * (1 + 1e-9) and T[-1] >= high * (1 - 1e-9)):
        return float("nan")
    first, last = np.interp(np.log([low, high]), np.log(T), np.log(kappa))
    return float((last - first) / np.log(high / low))
