"""Points of the (alpha, beta) plane where the gap between two levels is stationary: van Hove points of the ensemble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.soft_potential.levels import levels
from atomsim.errors import InputError
from atomsim.results import Array, quantity

GRADIENT_TOLERANCE = 1e-7  # of the gradient at a stationary point [-]
HESSIAN_STEP = 1e-3
NEWTON_STEPS = 12
FARTHEST = 3.0  # from the point of the scan to the stationary point it leads to [-]
SAME_POINT = 1e-4  # distance at which two findings are one point [-]


@dataclass(frozen=True)
class StationaryGap:
    """A point of the (alpha, beta) plane where the gap between two levels is stationary."""

    alpha: float = quantity("1", "quadratic coefficient")
    beta: float = quantity("1", "cubic coefficient")
    gap: float = quantity("W", "the gap there")
    kind: str = quantity("text", "minimum, saddle or maximum")


def stationary_gaps(
    upper: int,
    *,
    alpha_range: tuple[float, float] = (-9.0, 12.0),
    beta_range: tuple[float, float] = (0.0, 8.0),
    step: float = 0.75,
) -> list[StationaryGap]:
    """Return the stationary points of the gap between the lowest level and another one in a part of the plane.

    The gradient is exact (Hellmann-Feynman). It is scanned on a grid, and a root is searched from every point where
    it is smaller than at the neighbours. The mirror images at -beta have the same gaps.

    Source: karpov-parshin-1985 (fig. 4); test: test_van_hove_points_are_found

    Args:
        upper: number of the upper level, 2 for E_21.
        alpha_range: smallest and largest alpha [-].
        beta_range: smallest and largest beta [-].
        step: distance of the points of the scan [-].

    Raises:
        InputError: ``upper`` is below 2.
    """
    if upper < 2:
        raise InputError(f"upper level {upper!r}, expected 2 or more")
    alpha = np.arange(alpha_range[0], alpha_range[1] + step, step)
    beta = np.arange(beta_range[0], beta_range[1] + step, step)
    size = np.array([[np.linalg.norm(gap_gradient(np.array([a, b]), upper)) for b in beta] for a in alpha])
    padded = np.pad(size, 1, constant_values=np.inf)
    n, k = size.shape
    around = np.min([padded[i : i + n, j : j + k] for i in (0, 1, 2) for j in (0, 1, 2) if (i, j) != (1, 1)], axis=0)
    found: list[StationaryGap] = []
    for i, j in zip(*np.nonzero(size <= around), strict=True):
        point = _polished(np.array([alpha[i], beta[j]]), upper, step)
        if point is not None and _inside(point, alpha_range, beta_range) and not _known(point, found):
            found.append(point)
    return sorted(found, key=lambda point: point.gap)


def gap_gradient(point: Array, upper: int) -> Array:
    """Return the derivatives of the gap between the lowest level and another one with respect to alpha and beta [W].

    With dE/dD1 = <x> and dE/dD2 = <x^2>; along alpha = 0 the second is -3 beta/4 times the first.

    Source: soft-potential-notes (van Hove points); test: test_gap_gradient_is_the_derivative_of_the_levels

    Args:
        point: alpha and beta [-].
        upper: number of the upper level, 2 for E_21.
    """
    alpha, beta = point
    solved = levels(float(alpha), float(beta), count=upper)
    field = solved.x_mm[-1, -1] - solved.x_mm[0, 0]
    curvature = solved.x2_mm[-1, -1] - solved.x2_mm[0, 0]
    return np.array([
        curvature - beta / 2 * field,
        (3 * beta**2 / 8 - alpha / 2) * field - 3 * beta / 4 * curvature,
    ])  # fmt: skip


def _polished(start: Array, upper: int, longest_step: float) -> StationaryGap | None:
    """The stationary point that Newton's method with bounded steps reaches from here, if it reaches one."""
    point = start
    for _ in range(NEWTON_STEPS):
        gradient, hessian = gap_gradient(point, upper), _hessian(point, upper)
        move = -np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        length = float(np.linalg.norm(move))
        point = point + move * min(1.0, longest_step / max(length, 1e-300))
        if length < GRADIENT_TOLERANCE:
            break
    if np.linalg.norm(gap_gradient(point, upper)) > GRADIENT_TOLERANCE or np.linalg.norm(point - start) > FARTHEST:
        return None
    low, high = np.linalg.eigvalsh(_hessian(point, upper))
    kind = "minimum" if low > 0 else "maximum" if high < 0 else "saddle"
    energy = levels(float(point[0]), float(point[1]), count=upper).frame_energy_m
    return StationaryGap(float(point[0]), float(point[1]), float(energy[-1] - energy[0]), kind)


def _hessian(point: Array, upper: int) -> Array:
    """Second derivatives of the gap, from differences of the gradient."""
    rows = [
        (gap_gradient(point + shift, upper) - gap_gradient(point - shift, upper)) / (2 * HESSIAN_STEP)
        for shift in HESSIAN_STEP * np.eye(2)
    ]
    return (np.array(rows) + np.array(rows).T) / 2


def _inside(point: StationaryGap, alpha_range: tuple[float, float], beta_range: tuple[float, float]) -> bool:
    within_alpha = alpha_range[0] - SAME_POINT <= point.alpha <= alpha_range[1] + SAME_POINT
    return within_alpha and beta_range[0] - SAME_POINT <= point.beta <= beta_range[1] + SAME_POINT


def _known(point: StationaryGap, found: list[StationaryGap]) -> bool:
    return any(np.hypot(point.alpha - p.alpha, point.beta - p.beta) < SAME_POINT for p in found)
