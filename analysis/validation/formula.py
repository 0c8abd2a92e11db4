"""A formula as a paper prints it, as it is derived here, and a number that was found without it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
from scipy import linalg

from analysis.validation.comparison import Comparison, Kind, compare
from atomsim.results import Array, quantity

SAME = 1e-9  # relative difference below which a printed number is the derived one [-]
SHORT_NAMES = {
    "karpov-parshin-1985": "KP",
    "buchenau-1992": "B",
    "egorushkin-melnikova-1993a": "EM",
    "egorushkin-melnikova-1993b": "EMr",
    "schaich-1976": "S",
}


class Print(StrEnum):
    """How the printed form of a formula compares with the derived one."""

    CORRECT = "correct"
    WRONG = "wrong"  # of the journal or of the scan; the explanation says what is right, and why
    INCOMPLETE = "incomplete"  # the leading term or the exponential only
    ILLEGIBLE = "illegible"  # in the scan; restored by derivation
    ESTIMATE = "estimate"  # the source gives an order of magnitude only
    DEFINITION = "definition"  # a consequence is checked
    NONE = "none"  # derived in this project


@dataclass(frozen=True, kw_only=True)
class FormulaCheck(Comparison):
    """One formula of a paper: its printed form, its derived form and a numerical test that does not use it.

    The verdict sets the derived value against the numerical one and must be that they agree. A printed form that
    differs is a finding about the paper, not a broken law.
    """

    section: str = quantity("text", "paper and section")
    equation: str = quantity("text", "number of the equation, or a word where it has none")
    printed_form: str = quantity("text", "the formula as printed or scanned")
    derived_form: str = quantity("text", "the formula as derived and used here")
    printed_value: float = quantity("as the unit says", "what the printed form gives; none where it is illegible")
    derived_value: float = quantity("as the unit says", "what the derived form gives, the predicted number")
    numerical_value: float = quantity("as the unit says", "what the numerical test gives, the measured number")
    ratio: float = quantity("1", "printed over derived value; none where one of them is missing or zero")
    state: str = quantity("text", "correct, wrong, incomplete, illegible, estimate, definition, none (derived here)")
    remark: str = quantity("text", "how the numerical test was made, and what is wrong in print")

    @property
    def subject(self) -> str:
        """Return what is compared, without paper and equation."""
        return self.name.partition(f"({self.equation}) ")[2]

    @property
    def finding(self) -> str:
        """Return what has to be said of the printed form; nothing where it is right or not there."""
        if self.state not in (Print.WRONG, Print.INCOMPLETE, Print.ILLEGIBLE):
            return ""
        said = {Print.WRONG: "printed", Print.INCOMPLETE: "printed, incomplete", Print.ILLEGIBLE: "scanned"}
        return f"{said[Print(self.state)]}: {self.printed_form}; derived: {self.derived_form}. {self.remark}"


@dataclass(frozen=True)
class Chapter:
    """A section of a paper, in which formulas are checked."""

    key: str  # of the bibliography
    title: str

    def check(
        self,
        equation: str,
        name: str,
        *,
        form: str,
        derived: float,
        numerical: float,
        tolerance: float,
        printed: float | None = None,
        printed_form: str = "",
        unit: str = "1",
        state: Print | None = None,
        remark: str = "",
    ) -> FormulaCheck:
        """Return the check of one formula.

        Where no printed value is given, the printed form gives the derived one, or is illegible.

        Args:
            equation: number of the equation, or a word.
            name: what is compared, short.
            form: the derived formula.
            derived: what it gives [unit given].
            numerical: what was found without it [unit given].
            tolerance: what both leave out, as a share of the derived number [-].
            printed: what the printed formula gives [unit given].
            printed_form: the printed formula, where it differs.
            unit: unit of all numbers.
            state: state of the printed form; from the values where absent.
            remark: how the numerical test was made, and why the print is wrong.
        """
        if state is None:
            same = printed is None or abs(printed - derived) <= SAME * abs(derived)
            state = Print.CORRECT if same else Print.WRONG
        if printed is None:
            printed = float("nan") if state in (Print.ILLEGIBLE, Print.NONE) else derived
        full = f"{self._short} ({equation}) {name}"
        found = compare(full, f"{self.key} ({equation})", predicted=derived, measured=numerical, unit=unit,
                        tolerance=tolerance, remark=remark, kind=Kind.LAW)  # fmt: skip
        return FormulaCheck(
            **{f.name: getattr(found, f.name) for f in fields(Comparison)},
            section=self.title,
            equation=equation,
            printed_form=printed_form or ("" if state is Print.NONE else form),
            derived_form=form,
            printed_value=float(printed),
            derived_value=float(derived),
            numerical_value=float(numerical),
            ratio=float(printed / derived) + 0.0 if derived else float("nan"),
            state=state,
            remark=remark,
        )

    @property
    def _short(self) -> str:
        return SHORT_NAMES.get(self.key, "later form")


# --- numerical tools of the checks ----------------------------------------------------------------------------


@dataclass(frozen=True)
class GridStates:
    """Levels and states of a potential on equally spaced points, found without a basis of oscillators."""

    energy_m: Array = quantity("as the potential", "levels, ascending")
    place_n: Array = quantity("as the coordinate", "the points")
    state_nm: Array = quantity("1", "states, normalised to sum one over the points")

    @property
    def gap(self) -> float:
        """Return the gap of the two lowest levels [unit of the potential]."""
        return float(self.energy_m[1] - self.energy_m[0])

    def element(self, values_n: Array, first: int, second: int) -> float:
        """Return the matrix element of a function of the coordinate between two states [unit of the function].

        Args:
            values_n: the function at the points [any unit].
            first: number of one state, from zero.
            second: number of the other.
        """
        return float(np.sum(self.state_nm[:, first] * values_n * self.state_nm[:, second]))


def grid_states(
    place_n: Array, potential_n: Array, *, kinetic: float = 1.0, count: int = 4, sign: float = -1.0
) -> GridStates:
    """Return the lowest states of -kinetic d^2/dx^2 + V(x) on equally spaced points.

    The kinetic energy is that of functions band-limited to the grid: errors fall faster than any power of the step.

    Source: karpov-parshin-1985 (2.2); test: test_grid_states_are_those_of_the_oscillator

    Args:
        place_n: points, equally spaced, far enough into the walls on both sides [any length].
        potential_n: potential at the points [any energy].
        kinetic: hbar^2/2M [energy times squared length].
        count: how many states.
        sign: sign of the kinetic term [-].
    """
    n = np.arange(len(place_n))
    apart = n[:, None] - n[None, :]
    parity = 1.0 - 2.0 * (apart % 2)
    matrix = parity * 2.0 / np.where(apart == 0, 1, apart) ** 2
    np.fill_diagonal(matrix, np.pi**2 / 3)
    matrix *= -sign * kinetic / (place_n[1] - place_n[0]) ** 2
    matrix[n, n] += potential_n
    energy, states = linalg.eigh(matrix, subset_by_index=(0, count - 1), overwrite_a=True, check_finite=False)
    return GridStates(energy, np.asarray(place_n, dtype=float), states)


def soft_states(
    alpha: float, beta: float, *, field: float = 0.0, half_width: float = 0.0, points: int = 220, count: int = 4
) -> GridStates:
    """Return the lowest states of -d^2/dy^2 + field y + alpha y^2 + beta y^3 + y^4, on a grid.

    Source: karpov-parshin-1985 (2.5); test: test_grid_states_are_those_of_the_oscillator

    Args:
        alpha: quadratic coefficient [-].
        beta: cubic coefficient [-].
        field: linear coefficient [-].
        half_width: half the width of the grid; from the size of the wells where zero [-].
        points: number of points.
        count: how many states.
    """
    centre = -beta / 4
    width = half_width or np.sqrt(abs(alpha - 3 * beta**2 / 8)) + 4.0
    y = centre + np.linspace(-width, width, points)
    return grid_states(y, y * (field + y * (alpha + y * (beta + y))), count=count)


def extrapolated(small_k: Array, value_k: Array) -> float:
    """Return the value at zero of the polynomial through all points [unit of the values].

    Args:
        small_k: what tends to zero [any unit].
        value_k: the values there [any unit].
    """
    small = np.asarray(small_k, dtype=float)
    weights = [np.prod(np.delete(small, k) / (np.delete(small, k) - small[k])) for k in range(len(small))]
    return float(np.dot(weights, value_k))
