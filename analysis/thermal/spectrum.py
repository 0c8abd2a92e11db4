"""The kinetic integral for any scattering, on one grid of frequencies for all temperatures. In SI.

The grid moves with ends and jumps of the mean free paths, and both may be complex: derivatives by a complex step
contain what the moving ends add.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.thermal.phonons import mode_heat_capacity
from analysis.thermal.scattering import BRANCHES, Scattering
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

LARGEST_X = 60.0  # hbar omega/k_B T of the last phonon that counts
SMALLEST_SHARE = 1e-8  # the heat of slower phonons, which is dropped, relative to the whole
PANELS_PER_EFOLD = 1
POINTS_PER_PANEL = 10


@dataclass(frozen=True)
class Spectrum:
    """Conductivity per logarithm of the frequency, by channel; sums with the weights are the conductivity."""

    omega_w: Array
    weight_w: Array
    channels_cTw: Array

    @classmethod
    def empty(cls, channels: int, temperatures: int) -> Spectrum:
        """Return a spectrum without frequencies.

        Args:
            channels: number of channels.
            temperatures: number of temperatures.
        """
        return cls(np.zeros(0), np.zeros(0), np.zeros((channels, temperatures, 0)))

    @property
    def conductivity_T(self) -> Array:
        """Return the conductivity [W/(m K)]."""
        return (self.channels_cTw @ self.weight_w).sum(axis=0)


def phonon_spectrum(scattering: Scattering, temperature_T: Array) -> Spectrum:
    """Return what phonons of each frequency carry, shared among the channels that scatter them.

    (k_B/6 pi^2) omega^3 (x/2)^2 sinh^{-2}(x/2) sum_s n_s/(v_s^2 q_s) per logarithm of the frequency, q_s the sum of
    the inverse paths of the channels. Composite Gauss quadrature in ln omega between the jumps and ends.

    Source: karpov-parshin-1985 (5.1); test: test_front_door_agrees_with_the_adaptive_quadrature

    Args:
        scattering: inverse paths.
        temperature_T: temperatures [K].

    Raises:
        InputError: a phonon that nothing scatters.
    """
    omega_w, weight_w = _grid(scattering, temperature_T)
    T = temperature_T[:, None]
    x = HBAR * omega_w / (BOLTZMANN * T)
    carried = BOLTZMANN / (6 * np.pi**2) * omega_w**3 * mode_heat_capacity(x)
    shared = {c: np.broadcast_to(path(omega_w, T), x.shape) for c, path in scattering.paths.items()}
    total: Any = 0.0
    for branch, count in BRANCHES.items():
        velocity = getattr(scattering.medium, "longitudinal_velocity" if branch == "l" else "transverse_velocity")
        inside = np.real(omega_w) < np.real(scattering.ends[branch])
        paths = np.array([scattering.scales[branch][c] * path for c, path in shared.items()])
        inverse = paths.sum(axis=0)
        _require_scattering(omega_w, inside & (np.real(inverse) <= 0))
        total = total + np.where(inside, count / velocity**2 * carried / np.where(inside, inverse, 1) ** 2, 0) * paths
    return Spectrum(omega_w, weight_w, total)


def _require_scattering(omega_w: Array, free_Tw: Array) -> None:
    if free_Tw.any():
        lowest = float(np.real(omega_w)[free_Tw.any(axis=0)].min()) * HBAR / BOLTZMANN
        raise InputError(f"nothing scatters phonons of hbar omega/k_B = {lowest:.4g} K; add a channel")


def _grid(scattering: Scattering, temperature_T: Array) -> tuple[Array, Array]:
    """Frequencies and weights d ln omega: Gauss points on panels between the jumps, which move with the parameters."""
    first, last = float(temperature_T.min()), float(temperature_T.max())
    highest = max(scattering.ends.values(), key=np.real)
    top = min(highest, LARGEST_X * BOLTZMANN * last / HBAR, key=np.real)
    jumps = [*scattering.breaks, *scattering.ends.values()]
    bottom = scattering.start
    if np.real(bottom) == 0:
        lowest_jump = min(np.real(jump) for jump in (*jumps, np.inf))
        bottom = SMALLEST_SHARE * min(BOLTZMANN * first / HBAR, lowest_jump)
    if not np.real(bottom) < np.real(top):
        raise InputError("no phonon is left: the region of the chosen channel ends below where it begins")
    inner = sorted({j for j in jumps if np.real(bottom) < np.real(j) < np.real(top)}, key=np.real)
    edges = np.log(np.array([bottom, *inner, top]))
    node, weight = np.polynomial.legendre.leggauss(POINTS_PER_PANEL)
    logs, weights = [], []
    for low, high in pairwise(edges):
        count = int(np.ceil(np.real(high - low) * PANELS_PER_EFOLD))
        half = (high - low) / (2 * count)
        centres = low + half * (2 * np.arange(count) + 1)
        logs.append((centres[:, None] + half * node).ravel())
        weights.append(np.tile(half * weight, count))
    return np.exp(np.concatenate(logs)), np.concatenate(weights)
