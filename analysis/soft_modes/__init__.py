"""Soft modes: selection, expansion of the energy along them, coupling to strain; nonlinear modes and double wells."""

from analysis.soft_modes.barrier_comparison import BarrierComparison, barrier_statistics, compare_barriers
from analysis.soft_modes.directions import Directions, joined, nonlinear_directions, soft_directions
from analysis.soft_modes.double_wells import DoubleWells, find_double_wells
from analysis.soft_modes.expansion import Expansion, expand_along, mode_force
from analysis.soft_modes.nonlinear import NonlinearModes, find_nonlinear_modes
from analysis.soft_modes.scan import ModeScan, scan_mode
from analysis.soft_modes.search import Selection, SoftModes, find_soft_modes
from analysis.soft_modes.well_pairs import WellPairs, confirmed_pairs, find_well_pairs

__all__ = [
    "BarrierComparison",
    "Directions",
    "DoubleWells",
    "Expansion",
    "ModeScan",
    "NonlinearModes",
    "Selection",
    "SoftModes",
    "WellPairs",
    "barrier_statistics",
    "compare_barriers",
    "confirmed_pairs",
    "expand_along",
    "find_double_wells",
    "find_nonlinear_modes",
    "find_soft_modes",
    "find_well_pairs",
    "joined",
    "mode_force",
    "nonlinear_directions",
    "scan_mode",
    "soft_directions",
]
