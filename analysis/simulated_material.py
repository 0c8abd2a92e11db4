"""A simulated glass as a material: its fitted soft potentials in SI, and the same for draws of its samples.

Its specific heat has no end of vibrations to assume: above the range of the E^4 law the computed modes take over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.study.results import WholeStudy
from analysis.thermal.exact_heat import exact_specific_heat
from analysis.thermal.heat import HeatParts, potential_density
from analysis.thermal.kappa import ThermalResult, conductivity
from analysis.thermal.materials import GlassMaterial, Provenance, with_numbers
from analysis.thermal.phonons import Medium, mode_heat_capacity
from analysis.thermal.prediction import BAND, FEWEST_DRAWS
from analysis.thermal.relaxation_spectrum import RelaxationSpectrum
from analysis.thermal.specific_heat import harmonic_specific_heat
from atomsim.errors import IllPosedFit
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, ELECTRON_VOLT, HBAR

NEEDED = ("W", "C_l", "C_t", "Lambda_l", "Lambda_t")
LARGEST_NUMBER_OF_DRAWS = 40
NODES, LARGEST_X = 120, 60.0  # of sums over phonons


@dataclass(frozen=True)
class Bands:
    """Where conductivity and specific heat lie in 68 % of the draws of glasses; NaN where there are too few draws."""

    conductivity_low_T: Array = quantity("W/(m K)", "lower end of the conductivity")
    conductivity_high_T: Array = quantity("W/(m K)", "upper end of the conductivity")
    specific_heat_low_T: Array = quantity("J/(m^3 K)", "lower end of the specific heat")
    specific_heat_high_T: Array = quantity("J/(m^3 K)", "upper end of the specific heat")
    n_draws: int = quantity("1", "draws that could be used")


def simulated_material(study: WholeStudy) -> GlassMaterial:
    """Return the glass of a study as a material: no number of it is fitted to a measurement of heat.

    Args:
        study: a finished study.

    Raises:
        IllPosedFit: too few soft modes for one of the numbers.
    """
    parameters = study.parameters
    values = {name: getattr(parameters, name).value for name in NEEDED}
    missing = {name: getattr(parameters, name).note for name, value in values.items() if not value > 0}
    if missing:
        reasons = "; ".join(f"{name}: {note or 'not positive'}" for name, note in missing.items())
        raise IllPosedFit(f"study {study.name!r} gives no conductivity: {reasons}", values)
    scales, largest = study.material, study.largest
    potentials = _potentials(values, scales.epsilon)
    glass = GlassMaterial(
        name=f"{study.name} ({scales.name})",
        density=float(scales.to_si(largest.structure.mass_density.value, "density")),
        v_l=float(scales.to_si(largest.sound.longitudinal_velocity.value, "velocity")),
        v_t=float(scales.to_si(largest.sound.transverse_velocity.value, "velocity")),
        W=potentials["W"],
        C_l=potentials["C_l"],
        C_t=potentials["C_t"],
        debye_temperature=study.thermal.debye_temperature,
        experiment_time=study.thermal.experiment_time,
    )
    named = (*potentials, "density", "v_l", "v_t", "debye_temperature")
    provenance = Provenance(f"study {study.name!r}, scales of {scales.name}", "simulated")
    return with_numbers(glass, potentials, dict.fromkeys(named, provenance))


def _potentials(values: Mapping[str, float], epsilon: float) -> dict[str, float]:
    """The numbers of the soft potentials in the units of a material."""
    return {
        "W": values["W"] * epsilon / BOLTZMANN,
        "C_l": values["C_l"],
        "C_t": values["C_t"],
        "lambda_l": values["Lambda_l"] * epsilon / ELECTRON_VOLT,
        "lambda_t": values["Lambda_t"] * epsilon / ELECTRON_VOLT,
    }


def simulated_draws(study: WholeStudy, material: GlassMaterial) -> list[GlassMaterial]:
    """Return the material as draws of the glasses give it; none for a study of one glass.

    Args:
        study: a finished study.
        material: its material.
    """
    replicates = study.parameters.replicates
    if study.parameters.n_glasses < 2:
        return []
    found = []
    for i in range(min(len(replicates["W"]), LARGEST_NUMBER_OF_DRAWS)):
        values = {name: float(replicates[name][i]) for name in NEEDED}
        if all(np.isfinite(value) and value > 0 for value in values.values()):
            found.append(with_numbers(material, _potentials(values, study.material.epsilon), {}))
    return found


@dataclass(frozen=True)
class Join:
    """Where phonons and soft potentials below give way to the computed modes above."""

    omega: float = quantity("rad/s", "angular frequency of the join")
    ratio: float = quantity("1", "computed modes below it over those of phonons and E^4 law; one where both agree")
    reduced: float = quantity("1", "its quantum over W")


def join_of_spectra(omega_m: Array, *, volume: float, material: GlassMaterial) -> Join:
    """Return where the number of computed modes is that of Debye's phonons and of vibrations with a density E^4.

    Modes per volume below omega: omega^3 (1/v_l^3 + 2/v_t^3)/(6 pi^2) + (P_s/40)(hbar omega/W)^5. The highest
    frequency from which on the law has more modes than were computed: its E^4 range ends there. Where it always has
    more, the frequency at which both are nearest.

    Source: soft-potential-notes (boson peak); test: test_join_is_where_both_counts_agree

    Args:
        omega_m: angular frequencies of all computed modes of all glasses [rad/s].
        volume: volume of all glasses together [m^3].
        material: the glass.
    """
    omega = np.sort(np.asarray(omega_m, dtype=float))
    computed = np.arange(1, len(omega) + 1) / volume
    law = phonons_below(omega, material.medium) + soft_modes_below(omega, material)
    ratio = computed / law
    enough = np.flatnonzero(ratio >= 1)
    at = int(enough[-1]) if len(enough) else int(np.argmax(ratio))
    return Join(float(omega[at]), float(ratio[at]), float(HBAR * omega[at] / (material.W * BOLTZMANN)))


def phonons_below(omega: Array, medium: Medium) -> Array:
    """Return the number of phonons per volume below a frequency, omega^3 (1/v_l^3 + 2/v_t^3)/(6 pi^2) [1/m^3].

    Source: debye-1912 (cut-off); test: test_join_is_where_both_counts_agree

    Args:
        omega: angular frequencies [rad/s].
        medium: velocities and density.
    """
    return omega**3 * medium.velocity_sum(1, 1, power=-3) / (6 * np.pi**2)


def soft_modes_below(omega: Array, material: GlassMaterial) -> Array:
    """Return the number of quasilocal vibrations per volume below a frequency, (P_s/40)(hbar omega/W)^5 [1/m^3].

    Source: soft-potential-notes (density of vibrations); test: test_join_is_where_both_counts_agree

    Args:
        omega: angular frequencies [rad/s].
        material: the glass, with a coupling.
    """
    return potential_density(material) / 40 * (HBAR * omega / (material.W * BOLTZMANN)) ** 5


def simulated_specific_heat(
    study: WholeStudy,
    material: GlassMaterial,
    temperature_T: Array,
    *,
    relaxation: RelaxationSpectrum | None = None,
) -> HeatParts:
    """Return the specific heat of a simulated glass, no number of it fitted to a measurement of heat.

    Phonons and soft potentials (all levels, within the time of the experiment) below the join, the computed modes
    above it; these are counted with the vibrations.

    Source: soft-potential-notes (boson peak); test: test_simulated_heat_reaches_dulong_and_petit

    Args:
        study: a finished study.
        material: its material, or that of a draw of its glasses.
        temperature_T: temperatures [K].
        relaxation: how the potentials relax; the production table, made once and kept, where absent.
    """
    largest, scales = study.largest, study.material
    omega = np.asarray(scales.to_si(largest.vibrations.whole_spectrum("the specific heat"), "frequency"))
    volume = sum(glass.volume for glass in largest.glasses) * scales.sigma**3
    join = join_of_spectra(omega, volume=volume, material=material)
    soft = exact_specific_heat(material, temperature_T, end=HBAR * join.omega, relaxation=relaxation)
    above = omega[omega > join.omega]
    modes = harmonic_specific_heat(temperature_T, above, volume=volume) if len(above) else 0.0
    words = {
        **soft.assumptions,
        "join": f"{len(above)} of {len(omega)} computed modes take over above {HBAR * join.omega / BOLTZMANN:.4g} K "
        f"= {join.reduced:.3g} W, where they are {join.ratio:.3g} times as many as phonons and soft potentials below "
        "it; they are counted with the vibrations",
    }
    debye = phonon_heat_below(np.asarray(temperature_T, dtype=float), join.omega, material.medium)
    return HeatParts(debye, soft.tunnelling_T, soft.vibrations_T + modes, words)


def phonon_heat_below(temperature_T: Array, omega: float, medium: Medium) -> Array:
    """Return the specific heat of the phonons below a frequency [J/(m^3 K)].

    Source: debye-1912 (specific heat); test: test_simulated_heat_reaches_dulong_and_petit

    Args:
        temperature_T: temperatures [K].
        omega: the angular frequency [rad/s].
        medium: velocities and density.
    """
    node, weight = np.polynomial.legendre.leggauss(NODES)
    upper = np.minimum(HBAR * omega / (BOLTZMANN * temperature_T), LARGEST_X)[:, None]
    x = upper * (1 + node) / 2
    integral = np.sum(weight * upper / 2 * x**2 * mode_heat_capacity(x), axis=1)
    phonons = medium.velocity_sum(1, 1, power=-3) / (2 * np.pi**2)
    return BOLTZMANN * (BOLTZMANN * temperature_T / HBAR) ** 3 * phonons * integral


def with_simulated_heat(
    result: ThermalResult, study: WholeStudy, material: GlassMaterial, *, relaxation: RelaxationSpectrum | None = None
) -> ThermalResult:
    """Return a result with the specific heat of the simulated glass in place of that of its constants.

    Args:
        result: conductivity and specific heat.
        study: the finished study.
        material: its material.
        relaxation: how the potentials relax; the production table, made once and kept, where absent.
    """
    heat = simulated_specific_heat(study, material, result.temperature_T, relaxation=relaxation)
    return replace(
        result,
        debye_T=heat.debye_T,
        tunnelling_T=heat.tunnelling_T,
        vibrations_T=heat.vibrations_T,
        assumptions=result.assumptions | heat.assumptions,
    )


def bands(
    draws: Sequence[GlassMaterial],
    result: ThermalResult,
    *,
    channels: Sequence[str] | None = None,
    study: WholeStudy | None = None,
) -> Bands:
    """Return the bands of a result over draws of glasses, with the model of the result.

    Args:
        draws: the material in each draw.
        result: what the fitted numbers give.
        channels: the channels that were asked for.
        study: the study, where the specific heat is that of the simulated glass; its computed modes are the same in
            all draws.
    """
    nothing = np.full_like(result.temperature_T, np.nan)
    if len(draws) < FEWEST_DRAWS:
        return Bands(nothing, nothing, nothing, nothing, len(draws))
    found = [conductivity(d, result.temperature_T, model=result.model, channels=channels) for d in draws]
    if study is not None:
        found = [with_simulated_heat(r, study, d) for r, d in zip(found, draws, strict=True)]
    low, high = np.percentile([r.conductivity_T for r in found], BAND, axis=0)
    heat_low, heat_high = np.percentile([r.specific_heat_T for r in found], BAND, axis=0)
    return Bands(low, high, heat_low, heat_high, len(draws))
