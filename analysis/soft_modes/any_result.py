"""What is measured of the soft modes of any calculator: one row per mode, each number with its error, and SI units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np

from atomsim.results import Array, IntArray, quantity
from atomsim.units import ATOMIC, ATOMIC_SCALES, Material, in_units

KINKED = 3.0  # ladders that differ by more than so many told errors betray forces with kinks [-]
ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "tau_m": "tau_error_m",
        "chi_bare_m": "chi_error_m",
        "chi_relaxed_m": "chi_relaxed_error_m",
        "linear_coupling_mcc": "linear_coupling_error_m",
        "quadratic_coupling_bare_mcc": "quadratic_coupling_bare_error_m",
        "quadratic_coupling_mcc": "quadratic_coupling_error_m",
    }
)  # which error belongs to which number
TAU, CHI = (1.0, -3.0, -1.5), (1.0, -4.0, -2.0)
LINEAR, QUADRATIC = (1.0, -1.0, -0.5), (1.0, -2.0, -1.0)
POWERS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "omega": (0.5, -1.0, -0.5),
        "effective_mass": (0.0, 0.0, 1.0),
        **dict.fromkeys(("tau", "tau_error"), TAU),
        **dict.fromkeys(("chi_bare", "chi_error", "chi_relaxed", "chi_relaxed_error"), CHI),
        **dict.fromkeys(("linear_coupling", "linear_coupling_error"), LINEAR),
        **dict.fromkeys(("quadratic_coupling", "quadratic_coupling_error"), QUADRATIC),
        **dict.fromkeys(("quadratic_coupling_bare", "quadratic_coupling_bare_error"), QUADRATIC),
    }
)  # of energy, length and mass in the unit of each number
UNITS_OF_POWERS: Mapping[tuple[float, float, float], str] = MappingProxyType(
    {
        POWERS["omega"]: "rad/s",
        POWERS["effective_mass"]: "kg",
        TAU: "J/(kg^1.5 m^3)",
        CHI: "J/(kg^2 m^4)",
        LINEAR: "J/(kg^0.5 m)",
        QUADRATIC: "J/(kg m^2)",
    }
)
SI_UNITS: Mapping[str, str] = MappingProxyType({name: UNITS_OF_POWERS[power] for name, power in POWERS.items()})


@dataclass(frozen=True)
class CalculatorModes:
    """The soft modes of one structure by differences of forces, ascending; each number with its error.

    Couplings to strain are nan where forces in a strained cell were not given.
    """

    index_m: IntArray = quantity("1", "place in the full spectrum, zero modes included")
    omega_m: Array = quantity("sqrt(epsilon/m)/sigma", "angular frequency")
    participation_number_m: Array = quantity("1", "participation number")
    effective_mass_m: Array = quantity("m", "mass felt by the most moving atom")
    tau_m: Array = quantity("epsilon/(m^1.5 sigma^3)", "third derivative of the energy along the mode")
    tau_error_m: Array = quantity("epsilon/(m^1.5 sigma^3)", "its error by differences")
    chi_bare_m: Array = quantity("epsilon/(m^2 sigma^4)", "fourth derivative, other modes held")
    chi_error_m: Array = quantity("epsilon/(m^2 sigma^4)", "its error by differences")
    chi_relaxed_m: Array = quantity("epsilon/(m^2 sigma^4)", "fourth derivative, modes of higher frequency follow")
    chi_relaxed_error_m: Array = quantity("epsilon/(m^2 sigma^4)", "its error by differences")
    linear_coupling_mcc: Array = quantity("epsilon/(sqrt(m) sigma)", "Lambda1 = d2U/d(strain) ds, bare as relaxed")
    linear_coupling_error_m: Array = quantity("epsilon/(sqrt(m) sigma)", "largest error of its components")
    quadratic_coupling_bare_mcc: Array = quantity("epsilon/(m sigma^2)", "Lambda2 in U = Lambda2 strain s^2, bare")
    quadratic_coupling_bare_error_m: Array = quantity("epsilon/(m sigma^2)", "largest error of its components")
    quadratic_coupling_mcc: Array = quantity("epsilon/(m sigma^2)", "Lambda2, modes of higher frequency follow")
    quadratic_coupling_error_m: Array = quantity("epsilon/(m sigma^2)", "largest error of its components")
    disagreement_m: Array = quantity("1", "largest difference between ladders of displacements, over their told errors")
    curvature_gap_m: Array = quantity("1", "second derivative along the mode over omega^2, less one")
    vectors_mnc: Array = quantity("1", "mass-weighted eigenvectors")
    n_atoms: int = quantity("1", "number of atoms")
    n_zero_modes: int = quantity("1", "rigid motions and what else costs nothing")
    max_force: float = quantity("epsilon/sigma", "largest force component")
    step: float = quantity("sigma", "displacement of the differences behind the Hessian")
    hessian_error: float = quantity("epsilon/sigma^2", "largest error of an entry of the Hessian that is seen")
    sum_rule: float = quantity("1", "largest |sum_j H_ij|, over the largest entry, before translations were made free")

    @property
    def participation_ratio_m(self) -> Array:
        """Participation ratio N_k/N [-]."""
        return self.participation_number_m / self.n_atoms

    @property
    def n_unbounded(self) -> int:
        """Number of modes whose relaxed quartic term does not bound them: they lead to another minimum."""
        return int(np.count_nonzero(self.chi_relaxed_m <= 0))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What makes the numbers doubtful."""
        doubtful = np.flatnonzero(self.disagreement_m > KINKED)
        if not len(doubtful):
            return ()
        return (
            f"mode{'s' if len(doubtful) > 1 else ''} {', '.join(map(str, doubtful))}: ladders of displacements "
            f"disagree by up to {self.disagreement_m.max():.2g} times the error that each shows; the errors told "
            "cover their difference. Forces have kinks, as where second derivatives jump at a cut-off or between knots "
            "of a table: tau, chi and couplings are means over displacements, not derivatives",
        )


AtomicCalculatorModes = in_units(CalculatorModes, ATOMIC, "AtomicCalculatorModes", __name__)


def columns_of(found: CalculatorModes) -> dict[str, Array]:
    """Return the numbers of each mode by the names of documents, without vectors [units of the modes].

    Args:
        found: the modes.
    """
    names = [column.name for column in fields(found) if column.name.endswith(("_m", "_mcc"))]
    return {name.rpartition("_")[0]: getattr(found, name) for name in names}


def in_si(found: CalculatorModes, scales: Material = ATOMIC_SCALES) -> dict[str, Array]:
    """Return numbers of modes in SI, in the units of :data:`SI_UNITS` [SI].

    Args:
        found: the modes.
        scales: the units they are in.
    """
    return {
        name: column * scales.scale(energy=POWERS[name][0], length=POWERS[name][1], mass=POWERS[name][2])
        for name, column in columns_of(found).items()
        if name in POWERS
    }
