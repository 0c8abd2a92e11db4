"""All modes in a window of frequencies: counted first, then computed by slices or, where it is faster, by LAPACK."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg

from analysis.modes.forecast import (
    DENSE_LIMIT,
    ModesForecast,
    available_memory,
    forecast_modes,
    process_memory,
    product_speed,
    sliced_basis,
    sliced_cost,
)
from analysis.modes.slicing import SpectrumSlices
from analysis.modes.spectrum import Modes, Report, by_tenths, modes_of_pairs
from atomsim.certificate import zero_tolerance
from atomsim.dissection import Dissection, dissect
from atomsim.errors import InputError, nearest
from atomsim.hessian import hessian_matrix, mass_weighted
from atomsim.pairs import PairTerms
from atomsim.quench import Glass

WAYS = ("dense", "slices")
MARGIN = 1e-6  # of the mean of the diagonal: the matrix is factorised so far outside the window


@dataclass(frozen=True)
class WindowForecast(ModesForecast):
    """Cost of the modes in a window of omega [sqrt(epsilon/m)/sigma], or of ``counting`` them only."""

    window: tuple[float, float]
    counting: bool

    def __str__(self) -> str:
        """Return the forecast in one line."""
        low, high = self.window
        what = "1 mode" if self.count == 1 else f"{self.count} modes"
        if self.counting or self.method == "dense":
            what = "number of the modes" if self.counting else "all modes, to choose those"
        return (
            f"{what} between omega = {low:.6g} and {high:.6g} of {self.n_atoms} atoms by {self.method}: about "
            f"{self.seconds:.2g} s on one core and {self.memory / 1e9:.2g} GB, {self.available / 1e9:.3g} GB free "
            f"({self.basis})"
        )


def modes_between(
    glass: Glass,
    lowest: float,
    highest: float,
    *,
    method: str | None = None,
    available: float | None = None,
    report: Report | None = None,
) -> Modes:
    """Return all modes with lowest <= omega <= highest, certified complete; none at all is an answer too.

    A window that begins at zero holds the zero modes. The inertia of two factorisations counts the modes, and that is
    how many are found. Cost and memory are forecast before the counting and again before the modes are computed.

    Args:
        glass: the configuration; of a saddle the window holds none of the negative eigenvalues.
        lowest: where the window begins [sqrt(epsilon/m)/sigma].
        highest: where it ends [sqrt(epsilon/m)/sigma].
        method: ``dense`` or ``slices``; None takes the faster.
        available: memory that may be used, that of the machine where absent [B].
        report: called with lines that say which method was taken, how many modes there are and how far it is.

    Raises:
        InputError: no window, unknown method, or not enough memory.
        IncompleteSpectrum: a mode and an end of the window, moved outwards a little, cannot be told apart.
        NotConverged: the iteration did not converge.
    """
    require_window(lowest, highest)
    if method is not None and method not in WAYS:
        raise InputError(f"unknown method {method!r}; expected one of {', '.join(WAYS)}{nearest(method, WAYS)}")
    tell = report or (lambda line: None)
    held = process_memory()
    room = available_memory() + held if available is None else available
    terms = glass.interaction().terms(glass.positions_nc)
    matrix = mass_weighted(hessian_matrix(terms), glass.mass_n, terms.dimension)
    forecast = partial(forecast_window, terms, (lowest, highest), available=room, held=held, speed=product_speed())
    plan, slices = forecast(), None
    if method == "slices" or (method is None and matrix.shape[0] > DENSE_LIMIT):
        order = dissect(terms, glass.positions_nc @ np.linalg.inv(glass.cell_cc))
        counting = forecast(order)
        counting.require_memory()
        tell(str(counting))
        margin = MARGIN * float(matrix.diagonal().mean())
        slices = SpectrumSlices(matrix, order, lower=lowest**2 - margin, upper=highest**2 + margin)
        sliced = forecast(order, slices.count)
        if method == "slices" or plan.memory > room or sliced.seconds <= plan.seconds:
            plan = sliced
    plan.require_memory()
    tell(str(plan))
    if slices is not None and plan.method == "slices":
        values, vectors = slices.find(progress=by_tenths(report))
    else:
        slices = None  # gives its factor up
        values, vectors = linalg.eigh(matrix.toarray(), overwrite_a=True, check_finite=False, driver="evd")
    square = np.where(np.abs(values) <= zero_tolerance(matrix), 0.0, values)
    inside = (square >= lowest**2) & (square <= highest**2)
    return modes_of_pairs(glass, matrix, values[inside], vectors[:, inside], keep=int(np.count_nonzero(inside)))


def require_window(lowest: float, highest: float) -> None:
    """Refuse what is no window of frequencies.

    Args:
        lowest: where the window begins [sqrt(epsilon/m)/sigma].
        highest: where it ends [sqrt(epsilon/m)/sigma].

    Raises:
        InputError: a negative frequency, one that is not finite, or nothing between the two.
    """
    if not 0.0 <= lowest < highest < np.inf:
        raise InputError(f"no window between omega = {lowest:g} and {highest:g}: expected 0 <= LOW < HIGH")


def forecast_window(
    terms: PairTerms,
    window: tuple[float, float],
    dissection: Dissection | None = None,
    count: int | None = None,
    *,
    available: float,
    held: float | None = None,
    speed: float | None = None,
) -> WindowForecast:
    """Return what the modes of a window will cost by slices; by LAPACK where there is no dissection.

    Args:
        terms: pairs of the configuration.
        window: its two ends in omega [sqrt(epsilon/m)/sigma].
        dissection: order of elimination.
        count: number of the modes; the cost of counting them where absent.
        available: memory that may be used [B].
        held: memory of the process before its work; what it holds now where absent [B].
        speed: operations of a product of matrices per second, measured now where absent [1/s].
    """
    size, n_modes = terms.dimension * terms.n_atoms, count or 0
    speed = product_speed() if speed is None else speed
    if dissection is None:
        whole = forecast_modes(terms, available=available, speed=speed)
        return WindowForecast(
            whole.method, whole.n_atoms, size, size, whole.memory, whole.seconds, available, whole.basis, window, False
        )
    beyond, seconds, shifts = sliced_cost(terms, dissection, n_modes, speed=speed, counting=count is None)
    memory = (process_memory() if held is None else held) + beyond
    basis = sliced_basis(dissection, shifts)
    return WindowForecast(
        "slices", terms.n_atoms, size, n_modes, memory, seconds, available, basis, window, counting=count is None
    )
