"""Vibrational modes: complete or certified partial spectra, participation, elasticity and the Debye level."""

from analysis.modes.density import DensityOfStates, debye_density, density_of_states
from analysis.modes.elasticity import Elasticity, elasticity
from analysis.modes.forecast import ModesForecast, forecast_modes
from analysis.modes.kernel_polynomial import KernelDensity, kernel_polynomial_density
from analysis.modes.participation import effective_mass, participation_number
from analysis.modes.spectrum import Modes, full_spectrum, lowest_modes
from analysis.modes.window import modes_between

__all__ = [
    "DensityOfStates",
    "Elasticity",
    "KernelDensity",
    "Modes",
    "ModesForecast",
    "debye_density",
    "density_of_states",
    "effective_mass",
    "elasticity",
    "forecast_modes",
    "full_spectrum",
    "kernel_polynomial_density",
    "lowest_modes",
    "modes_between",
    "participation_number",
]
