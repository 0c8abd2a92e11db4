"""The model without a join at hbar omega = W: resonant absorption by all levels of all soft potentials.

The closed sum adds a tunnelling law, good far below W, and a law of vibrations, good far above; between, both are
too small. Here the resonant absorption is J(Omega, tau) of a table made from the levels; what follows the sound
without being in resonance (relaxation, activation) is as in the closed sum.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import numpy as np

from analysis.soft_potential.level_table import Progress
from analysis.thermal.absorption import Absorption, load_absorption
from analysis.thermal.later_form import resonant_vibrations
from analysis.thermal.scattering import Channel, Numbers, Scattering, closed_scattering
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR


@cache
def production_absorption(progress: Progress | None = None) -> Absorption:
    """Return the absorption of potentials uniform in (D1, D2): made once, in a minute or two, then kept on disk [-].

    Args:
        progress: called with the number of finished and of all steps while the table is made.
    """
    return load_absorption(progress=progress)[0]


def exact_scattering(numbers: Numbers, channels: Collection[Channel], absorption: Absorption) -> Scattering:
    """Return the scattering of phonons by all levels of potentials uniform in (D1, D2).

    ``resonant`` is all of J(Omega, tau), vibrations included; ``rayleigh`` is what lies off resonance beside it,
    (mu - 1) Omega^3/8. Phonons end where vibrations shorten their path to v/omega.

    Source: soft-potential-notes (beyond); test: test_exact_model_joins_the_closed_laws

    Args:
        numbers: the numbers of the material, real or complex.
        channels: what scatters.
        absorption: J(Omega, tau).

    Raises:
        InputError: nothing would scatter: the Rayleigh channel alone with mu = 1.
    """
    if set(channels) == {Channel.RAYLEIGH} and not np.real(numbers["mu"]) > 1:
        raise InputError(
            "in the exact model the vibrations belong to the resonant channel; rayleigh alone needs mu > 1"
        )
    closed = closed_scattering(numbers, {*channels, Channel.RAYLEIGH})  # with the end that vibrations set
    W = numbers["W"] * BOLTZMANN

    def resonant(omega: Array, T: Array) -> Array:
        return omega * complex_absorption(absorption, HBAR * omega / W, BOLTZMANN * T / W)

    def rayleigh(omega: Array, T: Array) -> Array:
        return omega * (numbers["mu"] - 1) * resonant_vibrations(omega, W=W) * np.ones_like(T)

    replaced = {**closed.paths, Channel.RESONANT: resonant, Channel.RAYLEIGH: rayleigh}
    scales = {
        branch: dict.fromkeys(channels, scale[Channel.RAYLEIGH]) for branch, scale in closed.scales.items()
    }  # pi C/v for every channel alike
    return Scattering(closed.medium, {c: replaced[c] for c in channels}, scales, closed.breaks, closed.ends)


def complex_absorption(absorption: Absorption, omega: Array, tau: Array) -> Array:
    """Return J of complex arguments, to first order in their imaginary parts [-].

    Args:
        absorption: J(Omega, tau).
        omega: quantum of the phonon over W [-].
        tau: k_B T/W [-].
    """
    value, by_omega, by_tau = absorption.with_derivatives(np.real(omega), np.real(tau))
    if not (np.iscomplexobj(omega) or np.iscomplexobj(tau)):
        return value
    shift = by_omega * np.imag(omega) / np.real(omega) + by_tau * np.imag(tau) / np.real(tau)
    return value * (1 + 1j * shift)
