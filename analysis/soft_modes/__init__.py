"""Soft modes: selection, expansion of the energy along them, coupling to strain."""

from analysis.soft_modes.expansion import Expansion, expand_along, mode_force
from analysis.soft_modes.scan import ModeScan, scan_mode
from analysis.soft_modes.search import Selection, SoftModes, find_soft_modes

__all__ = [
    "Expansion",
    "ModeScan",
    "Selection",
    "SoftModes",
    "expand_along",
    "find_soft_modes",
    "mode_force",
    "scan_mode",
]
