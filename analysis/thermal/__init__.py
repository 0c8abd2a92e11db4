"""Heat in glasses at low temperature: conductivity and specific heat of phonons, tunnelling systems and vibrations."""

from analysis.thermal.absorption import Absorption, load_absorption
from analysis.thermal.closed_forms import KarpovParshinGlass, VibrationRegion
from analysis.thermal.kappa import ThermalResult, conductivity
from analysis.thermal.later_form import LaterFormGlass, conductivity_closed, conductivity_tanh_law
from analysis.thermal.materials import GlassMaterial, KarpovParshinMaterial, get_glass, read_material
from analysis.thermal.phonons import Medium, phonon_conductivity
from analysis.thermal.prediction import ThermalPrediction, predict_thermal

__all__ = [
    "Absorption",
    "GlassMaterial",
    "KarpovParshinGlass",
    "KarpovParshinMaterial",
    "LaterFormGlass",
    "Medium",
    "ThermalPrediction",
    "ThermalResult",
    "VibrationRegion",
    "conductivity",
    "conductivity_closed",
    "conductivity_tanh_law",
    "get_glass",
    "load_absorption",
    "phonon_conductivity",
    "predict_thermal",
    "read_material",
]
