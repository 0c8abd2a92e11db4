"""How far the structure has relaxed: the mean change of the interference function over its second maximum.

The parameter is a mean of absolute values, so noise alone makes it positive. What Gaussian noise of the size found
between replicas would give stands beside each value, and a value below three times that is not resolved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from atomsim.errors import InputError
from atomsim.results import Array, quantity

RESOLVED = 3.0  # values below this multiple of the bias of noise are not resolved [-]
PROMINENCE = 0.05  # of a maximum of i(q), in units of the first one [-]
SMOOTHING = 0.05  # width of the Gaussian that is laid over i(q) to find its maxima, in units of the first maximum [-]
STEPS = 4000  # of the even mesh on which extrema are looked for
FEWEST_BINS = 3


@dataclass(frozen=True)
class Window:
    """The range of wave numbers over which the interference function is compared, and the maximum it surrounds."""

    low: float = quantity("1/sigma", "lower end, a minimum of i(q) unless given")
    high: float = quantity("1/sigma", "upper end, a minimum of i(q) unless given")
    maximum: float = quantity("1/sigma", "second maximum of i(q), NaN where the window was given")


def second_maximum_window(q_b: Array, interference_b: Array) -> Window:
    """Return the two minima around the second maximum of i(q) [1/sigma].

    Extrema are those of i(q) smoothed by a Gaussian of a twentieth of the first maximum's wave number.

    Args:
        q_b: wave numbers, ascending [1/sigma].
        interference_b: i(q) [-].

    Raises:
        InputError: there is no second maximum with a minimum on both sides.
    """
    mesh = np.linspace(q_b[0], q_b[-1], STEPS)
    step = mesh[1] - mesh[0]
    raw = np.interp(mesh, q_b, interference_b)
    first = mesh[int(np.argmax(raw))]
    smooth = gaussian_filter1d(raw, SMOOTHING * first / step, mode="nearest")
    height = float(smooth.max())
    tops, _ = find_peaks(smooth, prominence=PROMINENCE * height)
    tops = tops[tops >= int(np.argmax(smooth))]
    end = tops[2] if len(tops) > 2 else len(mesh) - 1
    trough = int(tops[1] + np.argmin(smooth[tops[1] : end + 1])) if len(tops) > 1 else len(mesh) - 1
    if len(tops) < 2 or trough >= len(mesh) - 2:
        raise InputError(
            f"i(q) up to {q_b[-1]:.4g} shows no second maximum with a minimum on both sides (first maximum at "
            f"{first:.4g}); go to longer wave vectors, or give the window"
        )
    low = int(tops[0] + np.argmin(smooth[tops[0] : tops[1] + 1]))
    return Window(float(mesh[low]), float(mesh[trough]), float(mesh[tops[1]]))


def check_window(window: Window, q_b: Array) -> None:
    """Refuse a window that the wave vectors of the box do not resolve.

    Args:
        window: the window.
        q_b: wave numbers, ascending [1/sigma].

    Raises:
        InputError: the ends are no numbers in ascending order, lie outside, or hold too few bins between them.
    """
    if not 0 < window.low < window.high < np.inf:
        raise InputError(f"window {window.low:g}:{window.high:g}: expected two positive numbers, the lower one first")
    if window.low < q_b[0] or window.high > q_b[-1]:
        raise InputError(
            f"window {window.low:.4g}:{window.high:.4g} reaches outside the wave vectors at hand, "
            f"{q_b[0]:.4g} to {q_b[-1]:.4g}; the shortest one is 2 pi over the box, the longest one is chosen"
        )
    inside = int(np.count_nonzero((q_b >= window.low) & (q_b <= window.high)))
    if inside < FEWEST_BINS:
        raise InputError(
            f"window {window.low:.4g}:{window.high:.4g} holds {inside} bins of wave vectors, {FEWEST_BINS} at least "
            f"are needed; the box resolves about {np.median(np.diff(q_b)):.2g}: widen the window or use a larger box"
        )


def window_mean(q_b: Array, value_b: Array, window: Window) -> Array:
    """Return the mean over the window, (q_2 - q_1)^{-1} int f dq by the trapezoidal rule [unit of f].

    Args:
        q_b: wave numbers, ascending [1/sigma].
        value_b: f at these, (..., B) [any unit].
        window: the window.
    """
    inside = (q_b > window.low) & (q_b < window.high)
    q = np.concatenate([[window.low], q_b[inside], [window.high]])
    rows = np.reshape(value_b, (-1, len(q_b)))
    values = np.array([np.interp(q, q_b, row) for row in rows])
    mean = np.trapezoid(values, q, axis=1) / (window.high - window.low)
    return mean.reshape(np.shape(value_b)[:-1])


def relaxation_parameter(q_b: Array, change_b: Array, window: Window) -> Array:
    """Return R = (q_2 - q_1)^{-1} int |i(q; t) - i(q; reference)| q dq [1/sigma].

    The paper divides by q_1 - q_2, which would make it negative.

    Source: egorushkin-melnikova-1993b (R); test: test_relaxation_parameter_of_known_changes

    Args:
        q_b: wave numbers, ascending [1/sigma].
        change_b: change of i(q) against the reference, (..., B) [-].
        window: the window.
    """
    return window_mean(q_b, np.abs(change_b) * q_b, window)


def noise_bias(q_b: Array, error_b: Array, window: Window) -> Array:
    """Return the R that Gaussian noise alone gives, (2/pi)^{1/2} <q s(q)> [1/sigma].

    Source: egorushkin-melnikova-1993b (R); test: test_noise_bias_is_the_parameter_of_pure_noise

    Args:
        q_b: wave numbers, ascending [1/sigma].
        error_b: standard error s(q) of the change of i(q), (..., B) [-].
        window: the window.
    """
    return np.sqrt(2 / np.pi) * window_mean(q_b, error_b * q_b, window)


@dataclass(frozen=True)
class RelaxationParameter:
    """R at several times, the noise it holds, and whether it stands out from it."""

    window: Window
    time_t: Array = quantity("sigma sqrt(m/epsilon)", "times")
    value_t: Array = quantity("1/sigma", "R; zero where the structure is the reference")
    error_t: Array = quantity("1/sigma", "standard error by leaving out replicas (NaN for one replica)")
    bias_t: Array = quantity("1/sigma", "R of noise alone (NaN for one replica)")
    replicas: int = quantity("1", "independent configurations averaged")

    @property
    def resolved_t(self) -> np.ndarray:
        """Return whether each value exceeds three times the bias of noise [bool]; without a bias none does."""
        return np.nan_to_num(self.value_t, nan=-1.0) > RESOLVED * np.nan_to_num(self.bias_t, nan=np.inf)


def relaxation_of_replicas(q_b: Array, change_gtb: Array, window: Window, time_t: Array) -> RelaxationParameter:
    """Return R of the mean change over replicas, with jackknife error and with the bias by their scatter.

    Args:
        q_b: wave numbers, ascending [1/sigma].
        change_gtb: change of i(q) of each replica against its own reference, (G, T, B) [-].
        window: the window.
        time_t: times [time].

    Raises:
        InputError: the window does not fit the wave numbers.
    """
    check_window(window, q_b)
    count = len(change_gtb)
    value_t = relaxation_parameter(q_b, change_gtb.mean(axis=0), window)
    error_t = bias_t = np.full(len(value_t), np.nan)
    if count > 1:
        bias_t = noise_bias(q_b, change_gtb.std(axis=0, ddof=1) / np.sqrt(count), window)
        total = change_gtb.sum(axis=0)
        without = relaxation_parameter(q_b, (total - change_gtb) / (count - 1), window)
        error_t = np.sqrt((count - 1) * without.var(axis=0))
    return RelaxationParameter(window, np.asarray(time_t, dtype=float), value_t, error_t, bias_t, count)
