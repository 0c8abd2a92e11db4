"""Figures, and the tables behind them: every ``plot_x`` has a ``table_x`` that holds exactly what it draws.

The only place that imports matplotlib. Functions take results, draw on the axes they are given (or on those of a new
figure) and return them.
"""

from matplotlib.figure import Figure

from analysis.plotting.landscape import plot_landscape, table_landscape
from analysis.plotting.nonlinear import (
    plot_barriers,
    plot_decay,
    plot_double_well,
    table_barriers,
    table_decay,
    table_double_well,
)
from analysis.plotting.nonlinear_study import (
    figure_well_distributions,
    plot_mean_decay,
    plot_well_distribution,
    table_mean_decay,
    table_wells,
)
from analysis.plotting.soft_modes import plot_scan, plot_soft_mode, table_scan, table_soft_mode
from analysis.plotting.soft_potentials import figure_soft_potentials, plot_soft_potentials, table_soft_potentials
from analysis.plotting.structure import (
    figure_inherent_structures,
    plot_energies,
    plot_pair_distribution,
    plot_pressures,
    table_inherent_structures,
    table_pair_distribution,
)
from analysis.plotting.style import as_png, as_svg, new_figure
from analysis.plotting.table import Curve, Table, curve_table
from analysis.plotting.thermal import plot_conductivity, plot_specific_heat, table_conductivity, table_specific_heat
from analysis.plotting.vibrations import (
    figure_density_of_states,
    figure_participation,
    plot_density_of_states,
    plot_low_participation,
    plot_participation,
    plot_reduced_density,
    table_density_of_states,
    table_participation,
)

__all__ = [
    "Curve",
    "Figure",
    "Table",
    "as_png",
    "as_svg",
    "curve_table",
    "figure_density_of_states",
    "figure_inherent_structures",
    "figure_participation",
    "figure_soft_potentials",
    "figure_well_distributions",
    "new_figure",
    "plot_barriers",
    "plot_conductivity",
    "plot_decay",
    "plot_density_of_states",
    "plot_double_well",
    "plot_energies",
    "plot_landscape",
    "plot_low_participation",
    "plot_mean_decay",
    "plot_pair_distribution",
    "plot_participation",
    "plot_pressures",
    "plot_reduced_density",
    "plot_scan",
    "plot_soft_mode",
    "plot_soft_potentials",
    "plot_specific_heat",
    "plot_well_distribution",
    "table_barriers",
    "table_conductivity",
    "table_decay",
    "table_density_of_states",
    "table_double_well",
    "table_inherent_structures",
    "table_landscape",
    "table_mean_decay",
    "table_pair_distribution",
    "table_participation",
    "table_scan",
    "table_soft_mode",
    "table_soft_potentials",
    "table_specific_heat",
    "table_wells",
]
