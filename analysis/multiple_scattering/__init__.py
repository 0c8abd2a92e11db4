"""Scattering of electrons by clusters of ions: special functions, cluster, wind force on each ion, limits, drives.

Inside this package lengths are in angstrom, wave numbers in 1/angstrom, cross-sections in angstrom^2, phase shifts in
rad. ``_L`` counts harmonics, ``_l`` degrees, ``_i`` the ions asked for; of a tensor the first index is that of the
force.
"""

from analysis.multiple_scattering.cluster import Cluster, check_positions, overlapping_spheres, rim_strengths
from analysis.multiple_scattering.configuration import Configuration, given_configuration, metal_configuration
from analysis.multiple_scattering.convergence import Convergence, radius_convergence
from analysis.multiple_scattering.drive import (
    Drive,
    current_drive,
    driven_forces,
    field_drive,
    heat_of_transport,
    kernel_slope,
    temperature_gradient_force,
)
from analysis.multiple_scattering.electron_gas import (
    electron_density,
    fermi_wave_number,
    force_per_current,
    force_per_field,
    mean_free_path,
    mean_free_path_of_scatterers,
    mean_free_path_of_time,
    resistivity,
    valence_times_resistivity,
    wind_valence,
)
from analysis.multiple_scattering.environment import Environment, directions_of, rank_correlation
from analysis.multiple_scattering.laws import Laws, cluster_laws
from analysis.multiple_scattering.limits import (
    PairForce,
    dilute_tensors,
    ion_amplitude,
    kinematic_tensors,
    pair_asymptote,
    pair_force,
    pair_integrals,
)
from analysis.multiple_scattering.scattering import (
    amplitude,
    differential_cross_section,
    extinction_cross_section,
    optical_theorem_residual,
    reciprocity_residual,
    s_matrix,
    total_cross_section,
    transport_tensor,
)
from analysis.multiple_scattering.structures import VacancyJump, scaled_to_metal, vacancy_jump
from analysis.multiple_scattering.waves import (
    asymptotic_response,
    current_response,
    density_change,
    wave_function,
)
from analysis.multiple_scattering.wind_configuration import WindForces, wind_forces
from analysis.multiple_scattering.wind_force import force_tensors, momentum_transfer
from analysis.multiple_scattering.wind_input import WindInput, given_input, metal_input
from analysis.multiple_scattering.wind_resistivity import (
    ChosenResistivity,
    Resistivities,
    choose_resistivity,
    resistivities,
)
from analysis.multiple_scattering.wind_twin import amplitude_gradient, derivative_force_tensors

__all__ = [
    "ChosenResistivity",
    "Cluster",
    "Configuration",
    "Convergence",
    "Drive",
    "Environment",
    "Laws",
    "PairForce",
    "Resistivities",
    "VacancyJump",
    "WindForces",
    "WindInput",
    "amplitude",
    "amplitude_gradient",
    "asymptotic_response",
    "check_positions",
    "choose_resistivity",
    "cluster_laws",
    "current_drive",
    "current_response",
    "density_change",
    "derivative_force_tensors",
    "differential_cross_section",
    "dilute_tensors",
    "directions_of",
    "driven_forces",
    "electron_density",
    "extinction_cross_section",
    "fermi_wave_number",
    "field_drive",
    "force_per_current",
    "force_per_field",
    "force_tensors",
    "given_configuration",
    "given_input",
    "heat_of_transport",
    "ion_amplitude",
    "kernel_slope",
    "kinematic_tensors",
    "mean_free_path",
    "mean_free_path_of_scatterers",
    "mean_free_path_of_time",
    "metal_configuration",
    "metal_input",
    "momentum_transfer",
    "optical_theorem_residual",
    "overlapping_spheres",
    "pair_asymptote",
    "pair_force",
    "pair_integrals",
    "radius_convergence",
    "rank_correlation",
    "reciprocity_residual",
    "resistivities",
    "resistivity",
    "rim_strengths",
    "s_matrix",
    "scaled_to_metal",
    "temperature_gradient_force",
    "total_cross_section",
    "transport_tensor",
    "vacancy_jump",
    "valence_times_resistivity",
    "wave_function",
    "wind_forces",
    "wind_valence",
]
