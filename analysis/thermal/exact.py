"""The model without a join at hbar omega = W: absorption by all levels of all soft potentials.

The closed sum adds laws that hold far from hbar omega = W on one side each; between, it is too small. Here resonant
absorption is J(Omega, tau) of a table made from the levels, and what follows the sound without being in resonance is
R(Omega/g, tau), from the rates of all transitions: tunnelling systems and jumps over the barrier in one, with no
attempt time. The rates need the coupling g to the phonons; where it is not known, activation keeps its closed law.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np

from analysis.soft_potential.level_table import Progress
from analysis.soft_potential.potential_mesh import direct_levels
from analysis.thermal.absorption import Absorption, load_absorption
from analysis.thermal.later_form import resonant_vibrations
from analysis.thermal.phonons import Medium
from analysis.thermal.rate_matrix import phonon_coupling, relative_level_width
from analysis.thermal.relaxation_spectrum import RelaxationSpectrum, production_relaxation
from analysis.thermal.scattering import Channel, Numbers, Scattering, closed_scattering, couplings
from atomsim.errors import InputError
from atomsim.results import Array
from atomsim.units import BOLTZMANN, HBAR

WITH_RATES = (Channel.RESONANT, Channel.RELAXATION, Channel.RAYLEIGH)
WITHOUT_RATES = (Channel.RESONANT, Channel.ACTIVATION, Channel.RAYLEIGH)
EMPTY_LEVEL = 15.0  # energy over k_B T from which the levels of the pure quartic are left out
CLASSICAL = 8.0  # k_B T/W from which the widths of levels follow their classical law


@cache
def production_absorption(progress: Progress | None = None) -> Absorption:
    """Return the absorption of potentials uniform in (D1, D2): made once, in a minute or two, then kept on disk [-].

    Args:
        progress: called with the number of finished and of all steps while the table is made.
    """
    return load_absorption(progress=progress)[0]


def coupling_to_phonons(numbers: Numbers) -> Any:
    """Return g of a material, or None where neither coupling is given [-].

    Source: soft-potential-notes (rate matrix); test: test_two_levels_relax_like_a_tunnelling_system

    Args:
        numbers: the numbers of the material, real or complex.
    """
    found = couplings(numbers)
    if found is None:
        return None
    medium = Medium(numbers["density"], numbers["v_l"], numbers["v_t"])
    return phonon_coupling(W=numbers["W"] * BOLTZMANN, lambda_l2=found[0] ** 2, lambda_t2=found[1] ** 2, medium=medium)


def exact_channels(numbers: Numbers) -> tuple[Channel, ...]:
    """Return the channels of the exact model: activation is part of relaxation where the rates are known.

    Args:
        numbers: the numbers of the material.
    """
    return WITHOUT_RATES if couplings(numbers) is None else WITH_RATES


def about_exact_channels(numbers: Numbers) -> str:
    """Return in words how potentials that follow the sound out of resonance are treated.

    Args:
        numbers: the numbers of the material.
    """
    g = coupling_to_phonons(numbers)
    if g is None:
        return (
            "without lambda_l or lambda_t the rates of relaxation are not known: activation keeps its closed law with "
            "tau_0, relaxation of tunnelling systems by phonons is left out"
        )
    end = golden_rule_end(float(np.real(g)))
    return (
        f"relaxation by the rates of all levels, g = {np.real(g):.3g}, tunnelling and activation in one, without "
        f"tau_0; single levels are narrower than their distance up to {end * np.real(numbers['W']):.3g} K, above only "
        "the classical diffusion over many of them has a meaning"
    )


def golden_rule_end(strength: float) -> float:
    """Return k_B T/W at which levels become as broad as their distance, in the pure quartic potential [-].

    There perturbation theory for single levels ends. The width over the distance goes with tau^{7/4}, the classical
    law, from tau = 8 on. Energy still diffuses above, where only the decay during one oscillation, g times the
    quantum, has to be small.

    Source: soft-potential-notes (rate matrix); test: test_golden_rule_ends_when_levels_overlap

    Args:
        strength: g [-].
    """

    count = 8 + int((EMPTY_LEVEL * CLASSICAL / 2) ** 0.75)
    energy, x, _ = direct_levels(0.0, 0.0, count)
    width = relative_level_width(energy[None], x[None], tau=CLASSICAL)[0]
    return float(CLASSICAL * (strength * width) ** (-4 / 7))


def exact_scattering(
    numbers: Numbers,
    channels: Collection[Channel],
    absorption: Absorption,
    relaxation: RelaxationSpectrum | None = None,
) -> Scattering:
    """Return the scattering of phonons by all levels of potentials uniform in (D1, D2).

    ``resonant`` is all of J(Omega, tau), vibrations included; ``relaxation`` all of R(Omega/g, tau), jumps over the
    barrier included; ``rayleigh`` is what lies off resonance beside it, (mu - 1) Omega^3/8. Phonons end where
    vibrations shorten their path to v/omega.

    Source: soft-potential-notes (beyond); test: test_exact_model_joins_the_closed_laws
    Source: soft-potential-notes (rate matrix); test: test_exact_relaxation_is_the_one_of_tunnelling_systems_when_cold

    Args:
        numbers: the numbers of the material, real or complex.
        channels: what scatters.
        absorption: J(Omega, tau).
        relaxation: R(s, tau); the production table, made once and kept, where absent and needed.

    Raises:
        InputError: nothing would scatter: the Rayleigh channel alone with mu = 1; activation beside relaxation, or
            relaxation without a coupling.
    """
    _check(numbers, channels)
    closed = closed_scattering(numbers, {*channels, Channel.RAYLEIGH})  # with the end that vibrations set
    W, g = numbers["W"] * BOLTZMANN, coupling_to_phonons(numbers)
    spectrum = production_relaxation() if relaxation is None and Channel.RELAXATION in channels else relaxation

    def resonant(omega: Array, T: Array) -> Array:
        return omega * complex_absorption(absorption, HBAR * omega / W, BOLTZMANN * T / W)

    def relaxing(omega: Array, T: Array) -> Array:
        assert spectrum is not None
        return omega * complex_relaxation(spectrum, HBAR * omega / (W * g), BOLTZMANN * T / W)

    def rayleigh(omega: Array, T: Array) -> Array:
        return omega * (numbers["mu"] - 1) * resonant_vibrations(omega, W=W) * np.ones_like(T)

    replaced = {
        **closed.paths, Channel.RESONANT: resonant, Channel.RELAXATION: relaxing, Channel.RAYLEIGH: rayleigh,
    }  # fmt: skip
    scales = {
        branch: dict.fromkeys(channels, scale[Channel.RAYLEIGH]) for branch, scale in closed.scales.items()
    }  # pi C/v for every channel alike
    return Scattering(closed.medium, {c: replaced[c] for c in channels}, scales, closed.breaks, closed.ends)


def _check(numbers: Numbers, channels: Collection[Channel]) -> None:
    if set(channels) == {Channel.RAYLEIGH} and not np.real(numbers["mu"]) > 1:
        raise InputError(
            "in the exact model the vibrations belong to the resonant channel; rayleigh alone needs mu > 1"
        )
    if Channel.ACTIVATION in channels and couplings(numbers) is not None:
        raise InputError(
            "channel 'activation': in the exact model jumps over the barrier are part of 'relaxation', whose rates "
            "follow from lambda_l and lambda_t; both together would count them twice"
        )
    if Channel.RELAXATION in channels and couplings(numbers) is None:
        raise InputError("channel 'relaxation' needs lambda_l or lambda_t [eV] for its rates")


def complex_absorption(absorption: Absorption, omega: Array, tau: Array) -> Array:
    """Return J of complex arguments, to first order in their imaginary parts [-].

    Args:
        absorption: J(Omega, tau).
        omega: quantum of the phonon over W [-].
        tau: k_B T/W [-].
    """
    return _complex(absorption.with_derivatives(np.real(omega), np.real(tau)), omega, tau)


def complex_relaxation(relaxation: RelaxationSpectrum, s: Array, tau: Array) -> Array:
    """Return R of complex arguments, to first order in their imaginary parts [-].

    Args:
        relaxation: R(s, tau).
        s: quantum of the phonon over W g [-].
        tau: k_B T/W [-].
    """
    return _complex(relaxation.absorption_with_derivatives(np.real(s), np.real(tau)), s, tau)


def _complex(found: tuple[Array, Array, Array], first: Array, tau: Array) -> Array:
    """A function of which the value and both logarithmic derivatives at the real parts were found."""
    value, by_first, by_tau = found
    if not (np.iscomplexobj(first) or np.iscomplexobj(tau)):
        return value
    shift = by_first * np.imag(first) / np.real(first) + by_tau * np.imag(tau) / np.real(tau)
    return value * (1 + 1j * shift)
