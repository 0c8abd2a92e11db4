"""What the expansion of the energy at one minimum says about a double well: barrier, gap and splitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.deep_wells import splitting
from analysis.soft_potential.landscape import potential_energy, stationary_points
from analysis.soft_potential.parameters import soft_potentials
from atomsim.errors import UntrustedNumber


@dataclass(frozen=True)
class WellPrediction:
    """The soft potential of a direction as a double well; NaN where it is none."""

    alpha: float
    beta: float
    barrier: float  # [epsilon]
    gap: float  # [epsilon]
    tunnelling: float  # [epsilon]


NOTHING = WellPrediction(np.nan, np.nan, np.nan, np.nan, np.nan)


def predict_well(curvature: float, tau: float, chi: float, *, hbar: float) -> WellPrediction:
    """Return barrier, gap and splitting of the soft potential lambda s^2/2 + tau s^3/6 + chi s^4/24.

    The barrier is that of the stationary point next to the origin. Delta_0 is the gap of the potential with its
    asymmetry taken out, D1 = 0. Nothing is predicted where chi <= 0.

    Source: karpov-parshin-1985 (2.9), (3.8); test: test_prediction_of_a_quartic_double_well

    Args:
        curvature: lambda [epsilon/(m sigma^2)].
        tau: third derivative [epsilon/(m^1.5 sigma^3)].
        chi: fourth derivative [epsilon/(m^2 sigma^4)].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
    """
    if not chi > 0:
        return NOTHING
    omega = float(np.sign(curvature) * np.sqrt(abs(curvature)))
    one = soft_potentials(np.array([omega]), np.array([tau]), np.array([chi]), np.array([1.0]), hbar=hbar, length=1.0)
    alpha, beta, W = float(one.alpha_m[0]), float(one.beta_m[0]), float(one.W_m[0])
    if not one.double_well_m[0]:
        return WellPrediction(alpha, beta, np.nan, np.nan, np.nan)
    others = stationary_points(alpha, beta)[1:]
    barrier = W * float(potential_energy(others[np.argmin(np.abs(others))], alpha, beta))
    return WellPrediction(alpha, beta, barrier, W * _splitting(alpha, beta), W * _splitting(float(one.D2_m[0]), 0.0))


def _splitting(alpha: float, beta: float) -> float:
    """Splitting in units of W; NaN where it is too small or too large for the levels."""
    try:
        return splitting(alpha, beta)
    except (UntrustedNumber, ValueError):
        return np.nan
