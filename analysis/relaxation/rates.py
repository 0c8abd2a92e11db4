"""The rates of structural relaxation and what follows from them at once: order, argument, growth, threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atomsim.errors import InputError, nearest
from atomsim.results import Array, quantity

ComplexArray = NDArray[np.complex128]

FORMS = ("derived", "printed")


@dataclass(frozen=True)
class RelaxationRates:
    """Rates of one concentration wave and of the electrons that drive it; times are in one unit throughout."""

    inversion_rate: float = quantity("1/time", "decay of the inversion, gamma, or 1/t_sigma in the full system")
    polarisation_rate: float = quantity("1/time", "decay of the polarisation, Gamma")
    coupling: float = quantity("1/time", "Delta times the square root of the initial inversion")
    detuning: float = quantity("1/time", "transition less field frequency, Omega", default=0.0)

    def __post_init__(self) -> None:
        """Refuse rates that are no numbers or negative."""
        for name in ("inversion_rate", "polarisation_rate", "coupling"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name} = {value}: expected a finite number, zero or positive")
        if not np.isfinite(self.detuning):
            raise InputError(f"detuning = {self.detuning}: expected a finite number")

    @property
    def order(self) -> float:
        """Return nu = Gamma/gamma, the order of the Bessel functions [-]; infinite for a constant inversion."""
        return self.polarisation_rate / self.inversion_rate if self.inversion_rate > 0 else float("inf")

    @property
    def strength(self) -> float:
        """Return a = z_0^2/(4 nu) = Delta^2 sigma^0/(Gamma gamma) [-], what decides on the shape when nu is large."""
        product = self.polarisation_rate * self.inversion_rate
        return self.coupling**2 / product if product > 0 else float("inf")

    @property
    def initial_growth_rate(self) -> float:
        """Return the rate at which a small field grows at first [1/time].

        -Gamma/2 + (Gamma^2/4 + Delta^2 sigma^0)^{1/2}, without detuning. The polarisation itself decays at first, so
        that every curve starts concave.

        Source: egorushkin-melnikova-1993b (11); test: test_small_fields_grow_at_the_initial_rate
        Source: relaxation-notes (initial growth); test: test_small_fields_grow_at_the_initial_rate
        """
        half = self.polarisation_rate / 2
        return self.coupling**2 / (half + float(np.hypot(half, self.coupling))) if self.coupling > 0 else 0.0


def bessel_argument(rates: RelaxationRates, *, form: str = "derived") -> float:
    """Return z_0 = 2 Delta (sigma^0)^{1/2}/gamma [-]; the paper prints it without gamma, which holds for gamma = 1.

    Source: egorushkin-melnikova-1993b (12); test: test_printed_argument_is_the_one_at_unit_inversion_rate

    Args:
        rates: the rates.
        form: ``"derived"`` or ``"printed"``.

    Raises:
        InputError: an unknown form, or an inversion that does not decay.
    """
    check_form(form)
    if form == "printed":
        return 2 * rates.coupling
    if rates.inversion_rate == 0:
        raise InputError("inversion_rate = 0: the exponential approximation needs an inversion that decays")
    return 2 * rates.coupling / rates.inversion_rate


def check_form(form: str) -> None:
    """Refuse the name of a form that does not exist.

    Args:
        form: ``"derived"`` or ``"printed"``.

    Raises:
        InputError: another name.
    """
    if form not in FORMS:
        raise InputError(f"unknown form {form!r}{nearest(form, FORMS)}; known: {', '.join(FORMS)}")


def check_times(time: ArrayLike) -> Array:
    """Return times as an ascending array [time].

    Args:
        time: times, zero or positive, ascending [time].

    Raises:
        InputError: times that are no numbers, negative, or not in ascending order.
    """
    time_t = np.atleast_1d(np.asarray(time, dtype=float))
    if time_t.ndim != 1 or not time_t.size:
        raise InputError("times: expected a list of numbers")
    wrong = ~(np.isfinite(time_t) & (time_t >= 0))
    if wrong.any():
        raise InputError(f"time {time_t[wrong][0]:g}: expected a finite number, zero or positive")
    falling = np.flatnonzero(np.diff(time_t) <= 0)
    if falling.size:
        i = int(falling[0])
        raise InputError(f"time {time_t[i + 1]:g} stands after {time_t[i]:g}: expected ascending times")
    return time_t
