"""What an annealing study finds: structure frame by frame, means over glasses, fits and barriers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.annealing.fits import Barrier, TheoryFit
from analysis.trajectories.relaxation_parameter import RelaxationParameter, Window
from atomsim.results import Array, IntArray, quantity
from atomsim.units import METAL, REDUCED, UNIT_SYSTEMS, UnitSystem, in_units


@dataclass(frozen=True)
class FrameStructures:
    """Structure factors of all frames of one anneal, with the share of atoms in crystalline order."""

    q_b: Array = quantity("1/sigma", "mean length of the wave vectors of each bin")
    count_b: IntArray = quantity("1", "wave vectors in each bin")
    fraction_s: Array = quantity("1", "share of each species")
    intensity_tssb: Array = quantity("1", "I_ab = Re <rho_a rho_b*>/N")
    crystalline_t: Array = quantity("1", "share of atoms in crystalline order")

    @property
    def interference_tb(self) -> Array:
        """Return i(q) = S_NN - 1 of each frame [-]."""
        return self.intensity_tssb.sum(axis=(1, 2)) - 1


MetalFrameStructures = in_units(FrameStructures, METAL, "MetalFrameStructures", __name__)


@dataclass(frozen=True)
class Series:
    """One quantity against time: each glass, in the order of the glasses."""

    name: str
    unit: str
    value_gt: Array = quantity("unit of the quantity", "value in each glass")

    @property
    def mean_t(self) -> Array:
        """Return the mean over glasses [unit of the quantity]."""
        return self.value_gt.mean(axis=0)

    @property
    def error_t(self) -> Array:
        """Return the standard error of the mean [unit of the quantity]."""
        return self.value_gt.std(axis=0, ddof=1) / np.sqrt(len(self.value_gt))

    @property
    def change_gt(self) -> Array:
        """Return the change since the start, without the start itself [unit of the quantity]."""
        return self.value_gt[:, 1:] - self.value_gt[:, :1]


@dataclass(frozen=True)
class QuantityFit:
    """The fits to the change of one quantity; without numbers where the data do not allow them."""

    quantity: str
    theory: TheoryFit | None
    trusted: bool
    remark: str


@dataclass(frozen=True)
class AnnealedEnsemble:
    """All glasses annealed at one temperature."""

    temperature: float = quantity("epsilon/k_B", "temperature of the anneal")
    kinetic_temperature: float = quantity("epsilon/k_B", "that of the thermostat, measured")
    time_t: Array = quantity("sigma sqrt(m/epsilon)", "time since the start")
    relaxation: RelaxationParameter = quantity("1", "relaxation parameter")
    highest_bin_t: Array = quantity("1", "highest bin of S_NN, the mean over glasses: grows with Bragg peaks")
    q_b: Array = quantity("1/sigma", "wave numbers")
    before_b: Array = quantity("1", "S_NN of the glasses as quenched")
    after_b: Array = quantity("1", "S_NN at the end of the anneal")
    before_error_b: Array = quantity("1", "standard error over glasses")
    after_error_b: Array = quantity("1", "standard error over glasses")
    series: dict[str, Series] = quantity("1", "quantities by name")
    fits: tuple[QuantityFit, ...] = quantity("1", "fits by quantity")


@dataclass(frozen=True)
class AnnealSummary:
    """Everything that an annealing study finds."""

    potential: str = quantity("1", "specification of the model")
    n_atoms: int = quantity("1", "number of atoms")
    glasses: int = quantity("1", "number of glasses")
    shells: Array = quantity("sigma", "lower and upper end of each shell")
    k_s: float = quantity("1/sigma", "wave number of the concentration wave")
    k_s_width: float = quantity("1/sigma", "width of the bin around it")
    window: Window = quantity("1", "range of the relaxation parameter")
    ensembles: tuple[AnnealedEnsemble, ...] = quantity("1", "one for each temperature")
    barriers: tuple[Barrier, ...] = quantity("1", "rates against temperature")
    units: str = quantity(
        "1", "system of units; in metal, angstrom, eV, ps and K stand for reduced ones", default=REDUCED.name
    )

    @property
    def unit_system(self) -> UnitSystem:
        """The units of all numbers."""
        return UNIT_SYSTEMS[self.units]
