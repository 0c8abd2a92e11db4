"""Soft potentials: their parameters, the landscape of (alpha, beta), and what an ensemble of glasses says of them."""

from analysis.soft_potential.coupling import (
    deformation_tensor,
    longitudinal_average,
    transverse_average,
    tunnelling_strength,
)
from analysis.soft_potential.deep_wells import splitting, wkb_splitting
from analysis.soft_potential.ensemble import EnsembleParameters, SoftModesLike, fit_ensemble
from analysis.soft_potential.landscape import Region, classify
from analysis.soft_potential.landscape_points import StationaryGap, stationary_gaps
from analysis.soft_potential.levels import Levels
from analysis.soft_potential.parameters import SoftPotentials, mode_energy, quartic_frequency, soft_potentials
from analysis.soft_potential.tail import Counting, potential_density, tail_amplitude, tail_exponent
from analysis.soft_potential.tunnelling import TunnellingSystems, find_tunnelling_systems

__all__ = [
    "Counting",
    "EnsembleParameters",
    "Levels",
    "Region",
    "SoftModesLike",
    "SoftPotentials",
    "StationaryGap",
    "TunnellingSystems",
    "classify",
    "deformation_tensor",
    "find_tunnelling_systems",
    "fit_ensemble",
    "longitudinal_average",
    "mode_energy",
    "potential_density",
    "quartic_frequency",
    "soft_potentials",
    "splitting",
    "stationary_gaps",
    "tail_amplitude",
    "tail_exponent",
    "transverse_average",
    "tunnelling_strength",
    "wkb_splitting",
]
