"""Concentration excitations of binary alloys: order, static displacements, force constants, eigenmodes, waves, overlap.

Inside this package ``_s`` counts shells, ``_e`` intervals of distance, ``_l`` ions whose concentration changes, ``_b``
bins, ``_d`` random draws, ``_g`` glasses.
"""

from analysis.excitations.alloy import Alloy, alloy_of_atoms, alloy_of_glass
from analysis.excitations.canonical import (
    ENERGY_FORMS,
    Energies,
    bogoliubov,
    decay_threshold,
    deviation_amplitude,
    exchange_energy,
    ground_state_energy,
    instability_temperature,
    printed_site_energy,
    site_energy,
    squared_energy,
    thermal_intensity,
    undamped_inertia,
)
from analysis.excitations.concentration_waves import (
    ConcentrationWaves,
    box_vectors,
    concentration_intensity,
    concentration_waves,
    intensity_by_pairs,
    intensity_of_shells,
    random_intensity,
)
from analysis.excitations.dispersion import Dispersion, dispersion, projected_omega2
from analysis.excitations.displacements import (
    continuum_displacement,
    continuum_displacements,
    moments_of_inertia,
    poisson_ratio,
    static_displacements,
    swap_forces,
    volume_change,
)
from analysis.excitations.eigenproblem import ConcentrationModes, concentration_modes, hamiltonian_energy
from analysis.excitations.force_constants import (
    envelope,
    literal_blocks,
    literal_constants,
    relaxed_constants,
    thermal_constants,
    without_diagonal,
)
from analysis.excitations.measure import (
    ExcitationParameters,
    Excitations,
    PairFacts,
    excitations_of,
    glass_excitations,
    summarise,
    summarise_overlaps,
)
from analysis.excitations.mechanics import Mechanics, displacement_profile, mechanics_of_hessian, mechanics_of_pairs
from analysis.excitations.order import AlloyOrder, alloy_order
from analysis.excitations.overlap import SoftModeOverlap, soft_mode_overlap
from analysis.excitations.pair_mixture import PairMixture, kanzaki_forces, pair_mixture
from analysis.excitations.shells import Shells, shells_from_minima
from analysis.excitations.short_range_order import RandomAlloy, ShortRangeOrder, complete_order, short_range_order

__all__ = [
    "ENERGY_FORMS",
    "Alloy",
    "AlloyOrder",
    "ConcentrationModes",
    "ConcentrationWaves",
    "Dispersion",
    "Energies",
    "ExcitationParameters",
    "Excitations",
    "Mechanics",
    "PairFacts",
    "PairMixture",
    "RandomAlloy",
    "Shells",
    "ShortRangeOrder",
    "SoftModeOverlap",
    "alloy_of_atoms",
    "alloy_of_glass",
    "alloy_order",
    "bogoliubov",
    "box_vectors",
    "complete_order",
    "concentration_intensity",
    "concentration_modes",
    "concentration_waves",
    "continuum_displacement",
    "continuum_displacements",
    "decay_threshold",
    "deviation_amplitude",
    "dispersion",
    "displacement_profile",
    "envelope",
    "exchange_energy",
    "excitations_of",
    "glass_excitations",
    "ground_state_energy",
    "hamiltonian_energy",
    "instability_temperature",
    "intensity_by_pairs",
    "intensity_of_shells",
    "kanzaki_forces",
    "literal_blocks",
    "literal_constants",
    "mechanics_of_hessian",
    "mechanics_of_pairs",
    "moments_of_inertia",
    "pair_mixture",
    "poisson_ratio",
    "printed_site_energy",
    "projected_omega2",
    "random_intensity",
    "relaxed_constants",
    "shells_from_minima",
    "short_range_order",
    "site_energy",
    "soft_mode_overlap",
    "squared_energy",
    "static_displacements",
    "summarise",
    "summarise_overlaps",
    "swap_forces",
    "thermal_constants",
    "thermal_intensity",
    "undamped_inertia",
    "volume_change",
    "without_diagonal",
]
