"""The stages that the table of the wind adds to a study: tensors of all ions, and what surrounds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.config import StudyConfig
from analysis.multiple_scattering.configuration import neighbour_distance
from analysis.multiple_scattering.environment import environment
from analysis.multiple_scattering.metals import get_metal
from analysis.multiple_scattering.phase_shifts import transport_cross_section
from analysis.multiple_scattering.structures import ion_density
from analysis.multiple_scattering.wind_configuration import NEIGHBOUR_DISTANCES, WindForces, wind_forces
from analysis.multiple_scattering.wind_input import WindInput, metal_input, reduced_input
from analysis.multiple_scattering.wind_resistivity import choose_resistivity, resistivities
from analysis.study.glass_wind import WindContext
from analysis.study.plan import PROCESS_MEMORY, Cost, Inputs, Parameters, Stage
from analysis.wind_config import GivenPhaseShifts, half_cell
from atomsim.errors import InputError
from atomsim.potentials import get_model
from atomsim.quench import Glass

# Measured on one core with a soft-sphere glass as sodium, l_max from 1 to 3, clusters of 19 to 135 ions.
ION_SECONDS = 0.04  # images, single scattering
PAIR_SECONDS = 2.5e-7  # structure constants, each pair of partial waves of a cluster
FACTOR_SECONDS = 1.5e-10  # factorisations, each third power of the number of partial waves
PACKED = 0.92  # neighbour distance of a dense configuration over its density to the power -1/3
MATRICES = 6  # complex ones of all partial waves of a cluster that are held at once


def _wind(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> WindForces:
    (glass,) = inputs["glass"]
    configuration = ions_of_glass(glass, parameters).configuration
    count, radius = parameters["ions"], parameters["radius"]
    ions = None if count is None else np.sort(rng.choice(glass.n_atoms, count, replace=False))
    if radius is None:
        half = half_cell(configuration.n_ions / configuration.volume, glass.n_atoms)
        radius = min(NEIGHBOUR_DISTANCES * neighbour_distance(configuration), half)
    return wind_forces(configuration, ions, radius=radius, single_scattering=parameters["single_scattering"])


def scattering_glass(glass: Glass, metal: str, l_max: int) -> WindInput:
    """Return the atoms of a glass as ions of a metal, scaled to the density of its crystal.

    Args:
        glass: the glass, in units of its pair potential.
        metal: chemical symbol.
        l_max: largest angular momentum.
    """
    return metal_input(glass.to_atoms(), get_metal(metal), l_max=l_max, scale=True)


def ions_of_glass(glass: Glass, parameters: Parameters) -> WindInput:
    """Return the atoms of a glass as the ions that the table of the wind asks for, scaled to their density.

    Args:
        glass: the glass, in units of its pair potential.
        parameters: keys of the table: metal, or phase_shifts, species and ion_density; l_max.
    """
    if parameters.get("metal") is not None:
        return scattering_glass(glass, parameters["metal"], parameters["l_max"])
    shifts = GivenPhaseShifts.model_validate(parameters["phase_shifts"]).table()
    names, density = parameters["species"] or shifts.species, parameters["ion_density"]
    return reduced_input(glass.to_atoms(), shifts, names, density=density, l_max=parameters["l_max"])


def _wind_context(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> WindContext:
    (glass,), (soft,), (found,) = inputs["glass"], inputs["soft_modes"], inputs["wind"]
    given = ions_of_glass(glass, parameters)
    ions = given.configuration
    known = resistivities(found, ions, given.metal, given.k_fermi)
    return WindContext(
        environment=environment(ions, soft.vectors_mnc if len(soft.vectors_mnc) else None),
        known=known,
        chosen=choose_resistivity(found, known, given=parameters["resistivity"]),
        metal=given.metal.symbol if given.metal else " and ".join(parameters["phase_shifts"]["species"]),
        length_unit=float(np.cbrt(ions.volume / glass.volume)),
        k_fermi=given.k_fermi,
        alone_n=transport_cross_section(ions.delta_nl, ions.wave_number),
        remarks=given.remarks,
    )


def _wind_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    metal, count = parameters.get("metal"), parameters["ions"]
    density = parameters["ion_density"] if metal is None else ion_density(get_metal(metal))
    seconds, largest = 0.0, 0.0
    for n_atoms in sizes:
        usual = min(NEIGHBOUR_DISTANCES * PACKED / density ** (1 / 3), half_cell(density, n_atoms))
        radius = usual if parameters["radius"] is None else parameters["radius"]
        waves = 4 / 3 * np.pi * density * radius**3 * (parameters["l_max"] + 1) ** 2
        each = ION_SECONDS + PAIR_SECONDS * waves**2 + FACTOR_SECONDS * waves**3
        seconds += 0.5 + 2e-3 * n_atoms + each * (n_atoms if count is None else count)
        largest = max(largest, waves)
    return Cost(float(seconds), PROCESS_MEMORY + MATRICES * 16 * largest**2)


def _context_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    return Cost(sum(0.5 + 4e-3 * n for n in sizes), PROCESS_MEMORY + 2400 * max(sizes))


def _wind_parameters(config: StudyConfig) -> dict[str, Any]:
    return _used(config, {"metal", "l_max", "radius", "single_scattering", "ions"})


def _context_parameters(config: StudyConfig) -> dict[str, Any]:
    return _used(config, {"metal", "l_max", "resistivity"})


def _used(config: StudyConfig, keys: set[str]) -> dict[str, Any]:
    """Some keys of the table, and what says which ions scatter; where the phase shifts come from is not among it."""
    section, potential = config.wind, config.glass.potential
    assert section is not None
    if section.phase_shifts is None:
        return section.model_dump(include=keys)
    kinds = len(get_model(potential).fractions)
    if len(section.names) not in (1, kinds):
        raise InputError(
            f"wind.species = {section.names}: expected one name for all atoms, or one for each of the {kinds} species "
            f"of glass.potential = {potential!r}"
        )
    found = section.model_dump(include=keys - {"metal"} | {"phase_shifts", "species", "ion_density"})
    del found["phase_shifts"]["source"]
    return found


def wind_stages(config: StudyConfig) -> tuple[Stage, ...]:
    """Return the stages that the table of the wind adds, in order; none where there is no such table.

    Args:
        config: the study.
    """
    if config.wind is None:
        return ()
    needs = ("glass", "soft_modes", "wind")
    return (
        Stage("wind", 2, WindForces, _wind, _wind_parameters, _wind_cost, needs=("glass",)),
        Stage("wind_context", 1, WindContext, _wind_context, _context_parameters, _context_cost, needs),
    )
