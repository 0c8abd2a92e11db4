"""Soft potentials: their parameters, the landscape of (alpha, beta), and what an ensemble of glasses says of them."""

from analysis.soft_potential.coupling import (
    deformation_tensor,
    longitudinal_average,
    transverse_average,
    tunnelling_strength,
)
from analysis.soft_potential.ensemble import EnsembleParameters, SoftModesLike, fit_ensemble
from analysis.soft_potential.landscape import Region, classify
from analysis.soft_potential.parameters import SoftPotentials, mode_energy, quartic_frequency, soft_potentials
from analysis.soft_potential.tail import Counting, potential_density, tail_amplitude, tail_exponent

__all__ = [
    "Counting",
    "EnsembleParameters",
    "Region",
    "SoftModesLike",
    "SoftPotentials",
    "classify",
    "deformation_tensor",
    "fit_ensemble",
    "longitudinal_average",
    "mode_energy",
    "potential_density",
    "quartic_frequency",
    "soft_potentials",
    "tail_amplitude",
    "tail_exponent",
    "transverse_average",
    "tunnelling_strength",
]
