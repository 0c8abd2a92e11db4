"""Resistivities for a configuration: given, that of a relaxation time, its own, Ziman's, measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.multiple_scattering.configuration import Configuration
from analysis.multiple_scattering.electron_gas import (
    mean_free_path,
    mean_free_path_of_scatterers,
    mean_free_path_of_time,
    resistivity,
)
from analysis.multiple_scattering.metals import Metal
from analysis.multiple_scattering.screened_ions import ScreeningKind
from analysis.multiple_scattering.wind_configuration import WindForces
from analysis.multiple_scattering.ziman import Amplitude, born_amplitude, liquid_resistivity, resistivity_of_ions
from atomsim.errors import InputError
from atomsim.pairs import heights
from atomsim.results import quantity
from atomsim.units import ELECTRON_MASS

KINDS = ("own", "measured")


@dataclass(frozen=True)
class Resistivities:
    """What the ions of a configuration let one expect, Ziman's theory, and the measured liquid; NaN if unknown."""

    own: float = quantity("microohm cm", "from the wind on all ions, which takes what the electrons lose")
    kinematic: float = quantity("microohm cm", "the same ions in second order: Ziman's with their own structure factor")
    ziman_here: float = quantity("microohm cm", "screened potential and the structure factor of the periodic cell")
    ziman_born: float = quantity("microohm cm", "liquid of hard spheres at this k_F, by the screened potential")
    ziman_t_matrix: float = quantity("microohm cm", "the same by the phase shifts of one ion alone")
    measured: float = quantity("microohm cm", "liquid metal at the melting point")


def resistivities(
    found: WindForces, configuration: Configuration, metal: Metal | None, k_fermi: float
) -> Resistivities:
    """Return the resistivities of a configuration.

    Args:
        found: the wind on its ions.
        configuration: the ions.
        metal: the metal, if it is one of the table.
        k_fermi: k_F of its electrons [1/angstrom].
    """
    kinematic = np.nan
    lost = float(np.trace(found.kinematic_ncc.sum(axis=0))) / 3
    if found.is_complete and not found.referred and found.volume > 0 and lost > 0:
        kinematic = float(resistivity(mean_free_path_of_scatterers(lost, found.volume), found.wave_number))
    if metal is None:
        return Resistivities(found.own_resistivity, kinematic, np.nan, np.nan, np.nan, np.nan)
    ion = metal.ion(screening=ScreeningKind.THOMAS_FERMI, fermi_wave_number=k_fermi)
    liquid = liquid_resistivity(metal, ion, ion.phase_shifts(found.l_max))
    here = np.nan
    if not found.referred:  # a crystal diffracts, which this sum would take for resistance
        crossed = bragg_cross_section(configuration, born_amplitude(ion), k_fermi)
        here = resistivity_of_ions(crossed, k_fermi, valence=metal.valence)
    return Resistivities(found.own_resistivity, kinematic, here, liquid.born, liquid.t_matrix, liquid.measured)


def bragg_cross_section(configuration: Configuration, amplitude: Amplitude, wave_number: float) -> float:
    """Return the transport cross-section per ion by the structure factor of a cell, NaN unless periodic [angstrom^2].

    Ziman's integral over momentum transfers below 2k is a sum over the reciprocal vectors of the cell:
    (2 pi³/k⁴ V) sum_Q Q S(Q) |f(Q)|².

    Source: ziman-1961 (resistivity); test: test_bragg_sum_of_one_ion_in_a_large_cell_is_its_cross_section

    Args:
        configuration: the ions.
        amplitude: f(q) of each for wave numbers in 1/angstrom [angstrom].
        wave_number: k [1/angstrom].
    """
    if not configuration.periodic_c.all():
        return float("nan")
    reciprocal = np.asarray(2 * np.pi * np.linalg.inv(configuration.cell_cc).T, dtype=np.float64)
    most = np.ceil(2 * wave_number / heights(reciprocal)).astype(int)
    steps = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in most], indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = steps @ reciprocal
    length = np.linalg.norm(vectors, axis=1)
    inside = (length > 0) & (length < 2 * wave_number)
    vectors, length = vectors[inside], length[inside]
    phases = [np.exp(1j * configuration.positions_nc @ vector).sum() for vector in vectors]
    structure = np.abs(np.array(phases)) ** 2 / configuration.n_ions
    terms = length * structure * np.abs(np.asarray(amplitude(length))) ** 2
    return float(2 * np.pi**3 / (wave_number**4 * configuration.volume) * terms.sum())


@dataclass(frozen=True)
class ChosenResistivity:
    """The resistivity that turns cross-sections into wind valences, and where it comes from."""

    value: float = quantity("microohm cm", "NaN where none is known")
    mean_free_path: float = quantity("angstrom", "of the electrons, NaN where none is known")
    source: str = ""


def check_resistivity(
    *, given: float | None = None, relaxation_time: float | None = None, kind: str | None = None
) -> None:
    """Refuse what can be no resistivity, whatever the ions are: before the wind on them is computed.

    Args:
        given: rho [microohm cm].
        relaxation_time: tau of electrons of the free mass [s].
        kind: own or measured.

    Raises:
        InputError: several are asked for, a number that is not positive, or an unknown word.
    """
    if sum(option is not None for option in (given, relaxation_time, kind)) > 1:
        raise InputError("expected one of a resistivity and a relaxation time")
    for name, value in (("resistivity", given), ("relaxation time", relaxation_time)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} = {value!r}: expected a positive number")
    if kind is not None and kind not in KINDS:
        raise InputError(f"resistivity = {kind!r}: expected a number [microohm cm], own or measured")


def choose_resistivity(
    found: WindForces,
    known: Resistivities,
    *,
    given: float | None = None,
    relaxation_time: float | None = None,
    kind: str | None = None,
) -> ChosenResistivity:
    """Return the resistivity for the wind valences: what is asked for, else the measured one, else the own one.

    Args:
        found: the wind on the ions.
        known: the resistivities of the configuration.
        given: rho [microohm cm].
        relaxation_time: tau of electrons of the free mass [s].
        kind: own or measured.

    Raises:
        InputError: several are asked for, a number that is not positive, or one that is not known.
    """
    check_resistivity(given=given, relaxation_time=relaxation_time, kind=kind)
    k = found.wave_number
    if given is not None:
        return ChosenResistivity(given, float(mean_free_path(given, k)), "given")
    if relaxation_time is not None:
        path = float(mean_free_path_of_time(relaxation_time, k, mass=ELECTRON_MASS))
        return ChosenResistivity(float(resistivity(path, k)), path, f"relaxation time of {relaxation_time:g} s")
    values = dict(zip(KINDS, (known.own, known.measured), strict=True))
    if kind is not None and np.isnan(values[kind]):
        own = "the own one takes all ions of a periodic structure, no reference, and a positive sum of tensors"
        why = own if kind == "own" else "none is measured for these ions"
        raise InputError(f"resistivity = {kind}: {why}")
    chosen = kind or ("own" if np.isnan(known.measured) else "measured")
    if np.isnan(values[chosen]):
        return ChosenResistivity(np.nan, np.nan, "unknown")
    names = {"own": "wind on all ions of the structure", "measured": "measured in the liquid at its melting point"}
    return ChosenResistivity(values[chosen], float(mean_free_path(values[chosen], k)), names[chosen])
