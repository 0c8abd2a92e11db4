"""Specific heat of a glass from all levels of its soft potentials, within the time of an experiment. In SI.

Every mode in which the levels of a potential come to equilibrium takes its share of the heat if its rate times the
time of the experiment is large: tunnelling systems, excited levels and vibrations in one sum, without a crossover
function and without a deepest double well. The minimum of the excess C/T^3 follows, and with it W over k_B T*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from analysis.thermal.exact import coupling_to_phonons
from analysis.thermal.heat import HeatParts, phonon_specific_heat, potential_density
from analysis.thermal.later_form import ioffe_regel_frequency
from analysis.thermal.materials import GlassMaterial, numbers_of
from analysis.thermal.phonons import mode_heat_capacity
from analysis.thermal.relaxation_spectrum import RelaxationSpectrum, production_relaxation
from analysis.thermal.specific_heat import VIBRATION_COEFFICIENT
from atomsim.errors import InputError, NotConverged
from atomsim.results import Array, quantity
from atomsim.units import BOLTZMANN, HBAR

NODES = 120
LARGEST_X = 60.0
SHARE_HELD = 0.01  # of the vibrational heat above the end of the vibrations, from which it is said so
MINIMUM_BETWEEN = (0.2, 1.2)  # k_B T/W


@dataclass(frozen=True)
class HeatMinimum:
    """Where the excess C/T^3 of soft potentials is smallest, for several times of an experiment."""

    material: str = quantity("text", "name of the glass")
    coupling: float = quantity("1", "g")
    time_t: Array = quantity("s", "times of the experiment")
    temperature_t: Array = quantity("K", "temperature of the minimum, T*")
    ratio_t: Array = quantity("1", "W over k_B T*")


def exact_specific_heat(
    material: GlassMaterial,
    temperature_T: Array,
    *,
    experiment_time: float | None = None,
    end: float | None = None,
    relaxation: RelaxationSpectrum | None = None,
) -> HeatParts:
    """Return the specific heat of a glass by carriers, all levels of its soft potentials counted.

    ``tunnelling`` are all double wells and ``vibrations`` all single ones. Vibrations end where the paths of
    transverse phonons do, or where it is said: of the heat of vibrations with a density E^4 the share below the end
    is kept.

    Source: soft-potential-notes (specific heat); test: test_exact_specific_heat_joins_the_closed_laws

    Args:
        material: the glass.
        temperature_T: temperatures [K].
        experiment_time: how long the heat is given to spread [s]; that of the material where absent.
        end: largest quantum of the vibrations [J].
        relaxation: how the potentials relax; the production table, made once and kept, where absent.

    Raises:
        InputError: a time that is not positive, or longer than the table knows.
    """
    temperature_T = np.asarray(temperature_T, dtype=float)
    debye, words = phonon_specific_heat(material, temperature_T)
    g = coupling_to_phonons({name: getattr(material, name) for name in numbers_of(material)})
    if g is None:
        nothing = np.full_like(temperature_T, np.nan)
        words |= {"specific_heat": "not given: it needs lambda_l or lambda_t [eV] for the density P_s and the rates"}
        return HeatParts(debye, nothing, nothing, words)
    time = material.experiment_time if experiment_time is None else experiment_time
    if not (np.isfinite(time) and time > 0):
        raise InputError(f"time of the experiment {time!r} s, expected a positive number")
    W, P_s = material.W * BOLTZMANN, potential_density(material)
    last = HBAR * ioffe_regel_frequency(material.C_t, W=W) if end is None else end
    spectrum = relaxation or production_relaxation()
    double, single = spectrum.heat_capacity(g * time * W / HBAR, BOLTZMANN * temperature_T / W)
    kept = share_below(last / (BOLTZMANN * temperature_T))
    words |= {"specific_heat": _about(material, time, P_s, float(g), last, temperature_T, kept)}
    return HeatParts(debye, P_s * BOLTZMANN * kept * double, P_s * BOLTZMANN * kept * single, words)


def _about(
    material: GlassMaterial, time: float, P_s: float, g: float, last: float, temperature_T: Array, kept_T: Array
) -> str:
    words = (
        f"all levels of potentials with P_s = {P_s:.3g} per m^3 that come to equilibrium within {time:g} s "
        f"(g = {g:.3g}, no crossover function, no deepest well); tunnelling = double wells, vibrations = single wells; "
        f"density E^4 up to {last / BOLTZMANN:.4g} K"
    )
    affected = temperature_T[kept_T < 1 - SHARE_HELD]
    if len(affected):
        words += (
            f"; from {affected[0]:.3g} K on that end holds more than {100 * SHARE_HELD:g} % of the heat back, and the "
            "modes above it are not in the model"
        )
    return words


def share_below(x: ArrayLike) -> Array:
    """Return the share of the heat of vibrations with a density E^4 that those below an energy hold [-].

    Source: soft-potential-notes (vibrational specific heat); test: test_share_of_vibrations_below_an_energy

    Args:
        x: the energy over k_B T [-].
    """
    node, weight = np.polynomial.legendre.leggauss(NODES)
    upper = np.minimum(np.asarray(x, dtype=float), LARGEST_X)[..., None]
    energy = upper * (1 + node) / 2
    return np.sum(weight * upper / 2 * energy**4 * mode_heat_capacity(energy), axis=-1) / (8 * VIBRATION_COEFFICIENT)


def heat_minimum(g_theta: float, *, relaxation: RelaxationSpectrum | None = None) -> float:
    """Return k_B T*/W where the excess C/T^3 of soft potentials is smallest [-].

    Source: buchenau-1992 (8); test: test_minimum_of_the_excess_depends_on_the_time

    Args:
        g_theta: time of the experiment in units of hbar/W, times g [-].
        relaxation: how the potentials relax; the production table, made once and kept, where absent.

    Raises:
        NotConverged: there is no minimum between the tunnelling systems and the vibrations.
    """
    spectrum = relaxation or production_relaxation()

    def excess(log_tau: float) -> float:
        double, single = spectrum.heat_capacity(g_theta, np.exp(log_tau))
        return float(np.log(double + single) - 3 * log_tau)

    ends = np.log(MINIMUM_BETWEEN)
    found = optimize.minimize_scalar(excess, bounds=tuple(ends), method="bounded", options={"xatol": 1e-6})
    if not (found.success and ends[0] + 1e-3 < found.x < ends[1] - 1e-3):
        raise NotConverged(f"C/T^3 has no minimum for g theta = {g_theta:g}", float(np.exp(found.x)))
    return float(np.exp(found.x))


def minimum_over_times(
    material: GlassMaterial, time_t: Array, *, relaxation: RelaxationSpectrum | None = None
) -> HeatMinimum:
    """Return the temperature of the minimum of C/T^3 and W/k_B T* against the time of the experiment.

    W = 1.6 k_B T* is the closed statement.

    Source: buchenau-1992 (8); test: test_minimum_of_the_excess_depends_on_the_time

    Args:
        material: the glass, with a coupling.
        time_t: times of the experiment [s].
        relaxation: how the potentials relax; the production table, made once and kept, where absent.

    Raises:
        InputError: the material has no coupling.
    """
    g = coupling_to_phonons({name: getattr(material, name) for name in numbers_of(material)})
    if g is None:
        raise InputError(f"{material.name}: the rates need lambda_l or lambda_t [eV]")
    rate = g * material.W * BOLTZMANN / HBAR
    reduced = np.array([heat_minimum(float(rate * t), relaxation=relaxation) for t in np.atleast_1d(time_t)])
    return HeatMinimum(
        material.name, float(g), np.atleast_1d(np.asarray(time_t, dtype=float)), reduced * material.W, 1 / reduced
    )
