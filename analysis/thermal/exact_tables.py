"""What the exact model needs to know of an ensemble of potentials: absorption and relaxation from all levels.

Three distributions of potentials can stand behind the constants of one glass: uniform in (D1, D2), which the constants
C and Lambda are defined for; uniform in (alpha, beta); and the one measured on simulated glasses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, cast

import numpy as np
from scipy.optimize import brentq

from analysis.soft_potential.level_table import Progress
from analysis.soft_potential.measured_measure import MeasuredMeasure
from analysis.thermal import heat
from analysis.thermal.exact_heat import exact_specific_heat
from analysis.thermal.exact_landscape import (
    UNIFORM,
    ExactTables,
    Relaxation,
    SmoothAbsorption,
    production_landscape,
    production_landscape_relaxation,
    real_coupling,
)
from analysis.thermal.materials import GlassMaterial, KarpovParshinMaterial, Material
from analysis.thermal.measured_absorption import PowerFamily, load_family
from analysis.thermal.relaxation_spectrum import RelaxationSpectrum
from analysis.thermal.scattering import BRANCHES, Channel, Numbers, debye_end
from atomsim.errors import InputError, nearest
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

COLD = 0.02  # k_B T/W of a potential in its lowest level [-]
END_RANGE = (np.log(1e-3), np.log(1e6))  # of hbar omega/W in which paths end [-]
QUARTER = 0.25  # I_d -> 4 tanh(Omega/2 tau) where J -> tanh(Omega/2 tau)


class Measure(StrEnum):
    """Distribution of the soft potentials."""

    FIELD = "field"  # uniform in (D1, D2)
    LANDSCAPE = "landscape"  # uniform in (alpha, beta), that is in (eta, t)
    MEASURED = "measured"  # of the soft modes of simulated glasses


@dataclass(frozen=True)
class ScaledAbsorption:
    """A constant times an absorption."""

    base: SmoothAbsorption
    factor: float

    def with_derivatives(self, omega: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return the absorption and the derivatives of its logarithm by ln Omega and ln tau [-].

        Args:
            omega: quantum of the phonon over W [-].
            tau: k_B T/W [-].
        """
        value, by_omega, by_tau = self.base.with_derivatives(omega, tau)
        return self.factor * value, by_omega, by_tau


@dataclass(frozen=True)
class ScaledRelaxation:
    """The relaxation by an operator ``root`` times that of the base: strength and rates go with its square."""

    base: Relaxation
    root: float

    def absorption_with_derivatives(self, s: Array, tau: Array) -> tuple[Array, Array, Array]:
        """Return the absorption and the derivatives of its logarithm by ln s and ln tau [-].

        Args:
            s: quantum of the phonon over W and the coupling g [-].
            tau: k_B T/W [-].
        """
        value, by_s, by_tau = self.base.absorption_with_derivatives(np.asarray(s) / self.root**2, tau)
        return self.root**2 * value, by_s, by_tau


def measure_of(material: Material, measure: str | MeasuredMeasure | None) -> Measure:
    """Return the distribution that is meant, by default that of the file.

    Args:
        material: the glass.
        measure: a name, a fitted distribution, or None.

    Raises:
        InputError: an unknown name, or a distribution that does not go with the constants.
    """
    if isinstance(measure, MeasuredMeasure):
        measure = Measure.MEASURED
    own = Measure.LANDSCAPE if isinstance(material, KarpovParshinMaterial) else Measure.FIELD
    known = [str(m) for m in Measure]
    if measure is not None and measure not in known:
        raise InputError(f"unknown measure {measure!r}{nearest(measure, known)}; known: {', '.join(known)}")
    chosen = own if measure is None else Measure(measure)
    if isinstance(material, KarpovParshinMaterial) and chosen != own:
        raise InputError(f"{material.name}: its constants [karpov_parshin] are for the measure landscape only")
    return chosen


def load_tables(
    material: Material, measure: str | MeasuredMeasure | None, channels: Collection[Channel],
    progress: Progress | None = None,
) -> ExactTables:  # fmt: skip
    """Return the tables of a distribution other than the uniform one over (D1, D2), made once and kept on disk.

    With constants for (D1, D2), the distribution uniform in (alpha, beta) couples by (Lambda/2) y^2: its I_d/4 tends
    to the same tanh(Omega/2 tau), so that C keeps its meaning.

    Args:
        material: the glass.
        measure: a name or a fitted distribution.
        channels: what scatters.
        progress: called with the number of finished and of all steps while a table is made.

    Raises:
        InputError: the measured distribution is asked for by its name alone, or with relaxation.
    """
    chosen = measure_of(material, measure)
    relaxing = Channel.RELAXATION in channels
    if isinstance(material, KarpovParshinMaterial):
        return _landscape(real_coupling({"b": material.b}), relaxing, Channel.RAYLEIGH in channels, progress)
    if chosen is Measure.LANDSCAPE:
        found = _landscape(0.0, relaxing, False, progress)
        scaled = None if found.relaxation is None else ScaledRelaxation(found.relaxation, np.sqrt(QUARTER))
        return replace(found, absorption=ScaledAbsorption(found.absorption, QUARTER), relaxation=scaled)
    if not isinstance(measure, MeasuredMeasure):
        raise InputError("the measured distribution comes from the soft modes of a finished study; give its folder")
    if Channel.RELAXATION in channels:
        raise InputError("relaxation has no table for the measured distribution; choose resonant and rayleigh")
    return measured_tables(measure, progress)


def measured_tables(measure: MeasuredMeasure, progress: Progress | None = None) -> ExactTables:
    """Return the absorption of the distribution that soft modes show, with as many modes in their window.

    Source: soft-potential-notes (measured measure); test: test_measured_tables_keep_the_number_of_modes

    Args:
        measure: the fitted distribution.
        progress: called with the number of finished and of all steps while a table is made.
    """
    family, words = _family(progress)
    power = measure.power.value
    name = f"lower minima as alpha^s, s = {power:.2f} +- {measure.power.error:.2f} from {measure.n_modes} modes"
    absorption = ScaledAbsorption(family.at(power), measure.factor.value)
    return ExactTables(absorption, measure=name, origin=words, family=family)


def cost_of(made: Mapping[str, Any]) -> str:
    """Return in words what went into the tables of smooth functions, and what they cost once.

    Args:
        made: name to a function of a table; functions without one are left out.
    """
    tables = {name: function.table for name, function in made.items() if hasattr(function, "table")}
    return "; ".join(
        f"{name} from {table.n_potentials} potentials, tabulated once in {table.seconds:.0f} s"
        for name, table in tables.items()
    )


def draw_tables(measure: MeasuredMeasure, tables: ExactTables, most: int) -> list[ExactTables]:
    """Return what draws of the glasses make of a measured distribution; draws outside the tables are left out.

    Args:
        measure: the fitted distribution.
        tables: its tables.
        most: how many draws at most.
    """
    family = tables.family
    if family is None:
        raise InputError("draws need the tables of several powers of the curvature")
    found: list[ExactTables] = []
    for power, factor in zip(measure.power_b, measure.factor_b, strict=True):
        if len(found) < most and np.isfinite(factor) and family.power_k[0] <= power <= family.power_k[-1]:
            found.append(replace(tables, absorption=ScaledAbsorption(family.at(float(power)), float(factor))))
    return found


@cache
def _family(progress: Progress | None) -> tuple[PowerFamily, str]:
    return load_family(progress=progress)


def ends_of_paths(numbers: Numbers, tables: ExactTables) -> dict[str, Any]:
    """Return where the resonant absorption of cold potentials shortens the path to v/omega, by branch [rad/s].

    pi C [J + (mu - 1) Omega^3/8] = 1, or the Debye frequency; complex where the numbers are.

    Args:
        numbers: the numbers of the material, real or complex.
        tables: the absorption.
    """
    W, ends = numbers["W"] * BOLTZMANN, {}
    for branch in BRANCHES:
        strength = np.pi * numbers[f"C_{branch}"]
        mu, real = float(np.real(numbers["mu"])), float(np.real(strength))

        def excess(x: float, real: float = real, mu: float = mu) -> float:
            return float(np.log(real * _cold_absorption(tables, np.exp(x), mu)[0]))

        log_omega = float(brentq(excess, *END_RANGE))
        _, slope = _cold_absorption(tables, np.exp(log_omega), mu)
        shift = np.log(strength / real) + real * (numbers["mu"] - mu) * np.exp(3 * log_omega) / 8
        ends[branch] = min(debye_end(numbers), np.exp(log_omega - shift / slope) * W / HBAR, key=np.real)
    return ends


def _cold_absorption(tables: ExactTables, omega: float, mu: float) -> tuple[float, float]:
    """The absorption at low temperature, and its logarithmic derivative."""
    value, by_omega, _ = (float(x) for x in tables.absorption.with_derivatives(np.array(omega), np.array(COLD)))
    rest = (mu - 1) * omega**3 / 8
    return value + rest, (value * by_omega + 3 * rest) / (value + rest)


def heat_of(material: Material, temperature_T: Array, tables: ExactTables | None) -> heat.HeatParts:
    """Return the specific heat: from all levels with the tables for it, else from the closed laws [J/(m^3 K)].

    Args:
        material: the glass.
        temperature_T: temperatures [K].
        tables: of the exact model; None for the other models.
    """
    if tables is None:
        return heat.specific_heat(material, temperature_T)
    uniform = tables.measure == UNIFORM and not isinstance(material, KarpovParshinMaterial)
    if uniform and tables.relaxation is not None:
        relaxation = cast(RelaxationSpectrum, tables.relaxation)
        return exact_specific_heat(cast(GlassMaterial, material), temperature_T, relaxation=relaxation)
    found = heat.specific_heat(material, temperature_T)
    why = "relaxation, which tells what follows within the experiment, is left out" if uniform else "of this measure"
    return replace(found, assumptions={**found.assumptions, "levels and heat": f"specific heat by closed laws: {why}"})


def _landscape(b: float, relaxing: bool, attached: bool, progress: Progress | None) -> ExactTables:
    """The tables of potentials uniform in (alpha, beta)."""
    absorption, words = production_landscape(b, progress)
    relaxation = attachment = None
    if relaxing:
        relaxation, more = production_landscape_relaxation(b, progress)
        words += f"; {more}"
    if attached:
        attachment, more = production_landscape(None, progress)
        words += f"; {more}"
    return ExactTables(absorption, relaxation, attachment, "uniform (eta, t)", words)
