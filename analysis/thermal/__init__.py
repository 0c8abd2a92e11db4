"""Heat in glasses at low temperature: conductivity and specific heat of phonons, tunnelling systems and vibrations."""

from analysis.thermal.closed_forms import KarpovParshinGlass, VibrationRegion
from analysis.thermal.later_form import LaterFormGlass, conductivity_closed, conductivity_tanh_law
from analysis.thermal.phonons import Medium, phonon_conductivity
from analysis.thermal.prediction import ThermalPrediction, predict_thermal

__all__ = [
    "KarpovParshinGlass",
    "LaterFormGlass",
    "Medium",
    "ThermalPrediction",
    "VibrationRegion",
    "conductivity_closed",
    "conductivity_tanh_law",
    "phonon_conductivity",
    "predict_thermal",
]
