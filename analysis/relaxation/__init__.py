"""Kinetics of structural relaxation by concentration excitations: field, polarisation and inversion; the condensate.

Rates and times in any unit, as long as it is one: only their products count. The field is in units of the square root
of the initial inversion, polarisation and inversion in units of that inversion itself.
"""

from analysis.relaxation.comparison import ApproximationTest, compare_with_full_system, largest_polarisation
from analysis.relaxation.condensate import DrivenWave, Regime, Stability, condensate_number, stability
from analysis.relaxation.curves import CURVES_OF_FIGURE_1, RelaxationCurve, relaxation_curve
from analysis.relaxation.detuned import detuned_order_parameter, weak_coupling_order_parameter
from analysis.relaxation.exponential import has_inflection, log_order_parameter, order_parameter, time_to_reach
from analysis.relaxation.kinetics import Start, Trajectory, final_field, integrate_kinetics
from analysis.relaxation.rates import RelaxationRates

__all__ = [
    "CURVES_OF_FIGURE_1",
    "ApproximationTest",
    "DrivenWave",
    "Regime",
    "RelaxationCurve",
    "RelaxationRates",
    "Stability",
    "Start",
    "Trajectory",
    "compare_with_full_system",
    "condensate_number",
    "detuned_order_parameter",
    "final_field",
    "has_inflection",
    "integrate_kinetics",
    "largest_polarisation",
    "log_order_parameter",
    "order_parameter",
    "relaxation_curve",
    "stability",
    "time_to_reach",
    "weak_coupling_order_parameter",
]
