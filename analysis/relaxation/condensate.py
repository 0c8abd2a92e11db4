"""A driven concentration wave: threshold of the condensate, its stationary state, and whether that state is stable.

Real field y, polarisation D and inversion Sigma = n sigma of n pairs of states, pumped to Sigma^0. The equations are
those of Lorenz: above a second threshold the stationary condensate pulses irregularly, which the paper does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate

from analysis.relaxation.rates import ComplexArray, check_form, check_times
from atomsim.errors import InputError, NotConverged, nearest
from atomsim.results import Array, quantity

COUPLINGS = ("printed", "consistent")


class Regime(StrEnum):
    """Which of the stationary states is stable."""

    NO_CONDENSATE = "no condensate: the field decays"
    STABLE = "stable condensate"
    LORENZ = "Lorenz regime: the stationary condensate is unstable and the field pulses irregularly"


@dataclass(frozen=True)
class DrivenWave:
    """Rates and couplings of a driven concentration wave.

    ``alpha`` multiplies the coupling in the equation of the field only (``"printed"``), or in all three equations, as
    a reduced coupling should (``"consistent"``).
    """

    field_damping: float = quantity("1/time", "damping of the concentration wave, kappa")
    polarisation_rate: float = quantity("1/time", "decay of the polarisation, Gamma")
    inversion_rate: float = quantity("1/time", "decay of the inversion to its pumped value, 1/t_sigma")
    coupling: float = quantity("1/time", "Delta, for one pair of states")
    alpha: float = quantity("1", "1 - 2c + eta^2/2")
    pairs: float = quantity("1", "number of inverted pairs with this difference of wave vectors, n")
    pumped: float = quantity("1", "inversion of one pair without field, sigma^0")
    alpha_in: str = quantity("text", "printed or consistent: in which equations alpha stands", default="printed")

    def __post_init__(self) -> None:
        """Refuse rates and numbers that cannot be."""
        for name in ("field_damping", "polarisation_rate", "inversion_rate", "coupling", "pairs"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name} = {value}: expected a positive number")
        if not np.isfinite(self.alpha):
            raise InputError(f"alpha = {self.alpha}: expected a finite number")
        if not (np.isfinite(self.pumped) and self.pumped >= 0):
            raise InputError(f"pumped = {self.pumped}: expected an inversion, zero or positive")
        if self.alpha_in not in COUPLINGS:
            raise InputError(
                f"alpha_in = {self.alpha_in!r}{nearest(self.alpha_in, COUPLINGS)}; known: {', '.join(COUPLINGS)}"
            )

    @property
    def couplings(self) -> tuple[float, float]:
        """Return the coupling in the equation of the field and in those of polarisation and inversion [1/time]."""
        reduced = self.alpha * self.coupling
        return reduced, reduced if self.alpha_in == "consistent" else self.coupling

    @property
    def pump_ratio(self) -> float:
        """Return p = sigma^0/sigma^th [-]; zero or negative where there is no threshold."""
        into_field, into_electrons = self.couplings
        gain = into_field * into_electrons * self.pairs * self.pumped
        return gain / (self.field_damping * self.polarisation_rate)


def alpha_factor(composition: float, eta: ArrayLike, *, minority: bool = False) -> Array:
    """Return alpha = 1 - 2c + eta^2/2, by which the composition reduces the coupling [-].

    For c > 1/2 and small eta it is negative: no condensate at any inversion.

    Source: egorushkin-melnikova-1993b (18); test: test_order_of_the_condensate_is_its_number
    Source: relaxation-notes (alpha); test: test_order_of_the_condensate_is_its_number

    Args:
        composition: c [-].
        eta: order parameter of the state on which the condensate stands [-].
        minority: take the minority species for c.

    Raises:
        InputError: a composition outside zero to one, ends excluded.
    """
    if not 0 < composition < 1:
        raise InputError(f"composition = {composition}: expected a number between zero and one, ends excluded")
    c = min(composition, 1 - composition) if minority else composition
    return 1 - 2 * c + np.asarray(eta, dtype=float) ** 2 / 2


def wave_rates(state: Array, wave: DrivenWave) -> Array:
    """Return the time derivative of field, polarisation and inversion [1/time].

    dy/dt = -kappa y + alpha Delta D, dD/dt = -Gamma D + Delta y Sigma, dSigma/dt = (Sigma^0 - Sigma)/t_sigma
    - 4 Delta y D. The paper gives the stationary state of these.

    Source: egorushkin-melnikova-1993b (15); test: test_condensate_is_stationary

    Args:
        state: y, D, Sigma [-].
        wave: the driven wave.
    """
    y, D, Sigma = state
    into_field, into_electrons = wave.couplings
    pumped = wave.pairs * wave.pumped
    return np.array(
        [
            -wave.field_damping * y + into_field * D,
            -wave.polarisation_rate * D + into_electrons * y * Sigma,
            wave.inversion_rate * (pumped - Sigma) - 4 * into_electrons * y * D,
        ]
    )


def wave_jacobian(state: Array, wave: DrivenWave) -> Array:
    """Return the derivative of :func:`wave_rates` by the state [1/time].

    Source: egorushkin-melnikova-1993b (15); test: test_eigenvalues_tell_the_regimes

    Args:
        state: y, D, Sigma [-].
        wave: the driven wave.
    """
    y, D, Sigma = state
    into_field, into_electrons = wave.couplings
    return np.array(
        [
            [-wave.field_damping, into_field, 0.0],
            [into_electrons * Sigma, -wave.polarisation_rate, into_electrons * y],
            [-4 * into_electrons * D, -4 * into_electrons * y, -wave.inversion_rate],
        ]
    )


def threshold_inversion(wave: DrivenWave) -> float:
    """Return sigma^th = kappa Gamma/(n alpha Delta^2), the inversion of one pair above which the field grows [-].

    Infinite for alpha <= 0. With alpha in all equations alpha^2 stands for alpha, and its sign does not matter.

    Source: egorushkin-melnikova-1993b (16); test: test_threshold_is_where_the_zero_field_becomes_unstable

    Args:
        wave: the driven wave.
    """
    into_field, into_electrons = wave.couplings
    gain = into_field * into_electrons * wave.pairs
    return wave.field_damping * wave.polarisation_rate / gain if gain > 0 else float("inf")


def condensate_number(wave: DrivenWave) -> float:
    """Return N = (Gamma/4 t_sigma Delta^2)(sigma^0/sigma^th - 1), zero below the threshold [-].

    Source: egorushkin-melnikova-1993b (17); test: test_condensate_is_stationary

    Args:
        wave: the driven wave.
    """
    if wave.pumped <= threshold_inversion(wave):
        return 0.0
    scale = wave.polarisation_rate * wave.inversion_rate / (4 * wave.couplings[1] ** 2)
    return scale * (wave.pump_ratio - 1)


def condensate_state(wave: DrivenWave) -> Array:
    """Return the stationary y, D, Sigma with a condensate, or without one below the threshold [-].

    Source: egorushkin-melnikova-1993b (15); test: test_condensate_is_stationary

    Args:
        wave: the driven wave.
    """
    number = condensate_number(wave)
    if number == 0:
        return np.array([0.0, 0.0, wave.pairs * wave.pumped])
    y = float(np.sqrt(number))
    return np.array([y, wave.field_damping * y / wave.couplings[0], wave.pairs * threshold_inversion(wave)])


def condensate_order(wave: DrivenWave, *, total: float, composition: float, form: str = "derived") -> float:
    """Return eta_q'^2 = N/N_total as the paper writes it out [-]; negative below the threshold.

    sigma^0 n alpha/(4 t_sigma kappa N_total) - Gamma/(4 N_total Delta^2 t_sigma). The paper prints the second term as
    Gamma/(c(1 - c) Delta^2 t_sigma), 4 N_total/[c(1 - c)] times larger, which contradicts its own threshold unless
    that Delta is g(q) of its Hamiltonian: for N_total ions, c(1 - c) g^2 = 4 N_total Delta^2.

    Source: egorushkin-melnikova-1993b (18); test: test_order_of_the_condensate_is_its_number
    Source: relaxation-notes (order of the condensate); test: test_order_of_the_condensate_is_its_number

    Args:
        wave: the driven wave, with alpha in the equation of the field only.
        total: number of quanta in all waves, which is that of ions, N_total [-].
        composition: c [-].
        form: ``"derived"`` or ``"printed"``.

    Raises:
        InputError: alpha stands in all equations, for which the paper has no such line.
    """
    check_form(form)
    if wave.alpha_in != "printed":
        raise InputError("alpha_in = 'consistent': the paper writes its order for alpha in the equation of the field")
    gain = wave.pumped * wave.pairs * wave.alpha * wave.inversion_rate / (4 * wave.field_damping * total)
    printed = composition * (1 - composition) if form == "printed" else 4 * total
    return gain - wave.polarisation_rate * wave.inversion_rate / (printed * wave.coupling**2)


def condensate_order_estimate(wave: DrivenWave, *, total: float, form: str = "derived") -> float:
    """Return eta_q'^2 far above the threshold for equal rates, sigma^0 n alpha/(4 N_total) [-].

    The paper drops the factor one quarter and claims the order of magnitude only.

    Source: egorushkin-melnikova-1993b (19); test: test_order_of_the_condensate_is_its_number

    Args:
        wave: the driven wave.
        total: number of quanta in all waves, N_total [-].
        form: ``"derived"`` or ``"printed"``.
    """
    check_form(form)
    return wave.pumped * wave.pairs * wave.alpha / total * (1.0 if form == "printed" else 0.25)


@dataclass(frozen=True)
class Stability:
    """Eigenvalues around the two stationary states and what they say; ``limit`` is the second threshold of p."""

    regime: Regime
    pump_ratio: float = quantity("1", "sigma^0/sigma^th")
    limit: float = quantity("1", "pump ratio above which the condensate is unstable, infinite where it never is")
    zero_field_m: ComplexArray = quantity("1/time", "eigenvalues without field, complex")
    condensate_m: ComplexArray = quantity("1/time", "eigenvalues with a condensate, complex; none below the threshold")


def lorenz_limit(wave: DrivenWave) -> float:
    """Return the pump ratio beyond which the condensate is unstable [-]: x(x + w + 3)/(x - w - 1), if x > w + 1.

    x = kappa/Gamma and w = 1/(Gamma t_sigma); infinite for x <= w + 1.

    Source: egorushkin-melnikova-1993b (17); test: test_eigenvalues_tell_the_regimes
    Source: relaxation-notes (second threshold); test: test_eigenvalues_tell_the_regimes

    Args:
        wave: the driven wave.
    """
    x, w = wave.field_damping / wave.polarisation_rate, wave.inversion_rate / wave.polarisation_rate
    return x * (x + w + 3) / (x - w - 1) if x > w + 1 else float("inf")


def stability(wave: DrivenWave) -> Stability:
    """Return which stationary state is stable, by the eigenvalues of the linearised equations.

    Source: egorushkin-melnikova-1993b (15), (17); test: test_eigenvalues_tell_the_regimes

    Args:
        wave: the driven wave.
    """
    without = np.array([0.0, 0.0, wave.pairs * wave.pumped])
    zero_field = np.linalg.eigvals(wave_jacobian(without, wave))
    condensate, regime = np.zeros(0, dtype=complex), Regime.NO_CONDENSATE
    if condensate_number(wave) > 0:
        condensate = np.linalg.eigvals(wave_jacobian(condensate_state(wave), wave))
        regime = Regime.STABLE if condensate.real.max() < 0 else Regime.LORENZ
    return Stability(regime, wave.pump_ratio, lorenz_limit(wave), zero_field.astype(complex), condensate)


def integrate_wave(time: ArrayLike, wave: DrivenWave, start: Array) -> Array:
    """Return y, D and Sigma at given times, one row each [-].

    Source: egorushkin-melnikova-1993b (15); test: test_the_field_ends_where_the_eigenvalues_say

    Args:
        time: times, ascending [time].
        wave: the driven wave.
        start: y, D, Sigma at t = 0 [-].

    Raises:
        NotConverged: the integration stopped.
    """
    time_t = check_times(time)
    found = integrate.solve_ivp(
        lambda _, state: wave_rates(state, wave),
        (0.0, float(time_t[-1])),
        np.asarray(start, dtype=float),
        method="DOP853",
        t_eval=time_t,
        rtol=1e-10,
        atol=1e-12,
    )
    if not found.success:
        raise NotConverged(f"integration of the driven wave stopped: {found.message}", found)
    return np.asarray(found.y)
