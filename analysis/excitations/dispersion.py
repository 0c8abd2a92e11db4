"""Concentration excitations projected on waves: omega^2(k), the three energies of the papers, their stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.excitations.canonical import Energies, exchange_energy, site_energy
from atomsim.errors import InputError
from atomsim.results import Array, quantity

ENVELOPE_POWERS = (0.0, 0.5, 1.0)  # without envelope, as in the first and as in the second paper [-]


def wave_constants(constants_ll: Array, positions_nc: Array, wave_vector_qc: Array) -> Array:
    """Return W(k) = (1/N) Re sum_ll' W_ll' exp[i k (R_l - R_l')] [epsilon].

    Diagonal elements count: take them out for an interaction.

    Args:
        constants_ll: W of all ions, with the envelope if there is one, (N, N) [epsilon].
        positions_nc: positions [sigma].
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    phase_nq = positions_nc @ wave_vector_qc.T
    cosine, sine = np.cos(phase_nq), np.sin(phase_nq)
    along = np.einsum("nq,nq->q", cosine, constants_ll @ cosine) + np.einsum("nq,nq->q", sine, constants_ll @ sine)
    return along / len(positions_nc)


def ion_constants(constants_ll: Array, positions_nc: Array, wave_vector_qc: Array) -> Array:
    """Return Re D_l(k) = Re sum_l' W_ll' exp[i k (R_l - R_l')] of each ion, (Q, N) [epsilon].

    Source: egorushkin-melnikova-1993a (1.5); test: test_ion_constants_against_explicit_sums

    Args:
        constants_ll: W of all ions, with the envelope if there is one, (N, N) [epsilon].
        positions_nc: positions [sigma].
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    phase_nq = positions_nc @ wave_vector_qc.T
    cosine, sine = np.cos(phase_nq), np.sin(phase_nq)
    return (cosine * (constants_ll @ cosine) + sine * (constants_ll @ sine)).T


def projected_omega2(constants_ll: Array, inertia_l: Array, positions_nc: Array, wave_vector_qc: Array) -> Array:
    """Return omega^2(k) = Re sum_ll' W_ll' |alpha|^w exp[i k (R_l - R_l')] / sum_l I_ll [epsilon/(m sigma^2)].

    Source: egorushkin-melnikova-1993a (1.4), (1.5); test: test_projected_frequency_is_the_derived_energy

    Args:
        constants_ll: W with the envelope, zero on the diagonal, (N, N) [epsilon].
        inertia_l: moment of inertia I_ll of each ion [m sigma^2].
        positions_nc: positions [sigma].
        wave_vector_qc: wave vectors of the box [1/sigma].
    """
    return wave_constants(constants_ll, positions_nc, wave_vector_qc) / np.mean(inertia_l)


@dataclass(frozen=True)
class Dispersion:
    """Concentration excitations on the wave vectors of a box for one envelope, and for the ions at k_s.

    ``energies_q`` takes the averages of A_l and M_l over the ions before the root, ``energies_l`` each ion by itself.
    """

    power: float = quantity("1", "power w of |alpha| in the envelope")
    wave_vector_qc: Array = quantity("1/sigma", "wave vectors")
    omega2_q: Array = quantity("epsilon/(m sigma^2)", "signed square of the projected angular frequency")
    site_energy: float = quantity("epsilon", "A of the mean moment of inertia")
    exchange_q: Array = quantity("epsilon", "mean over ions of M_l(k)")
    site_energy_l: Array = quantity("epsilon", "A_l of each ion")
    exchange_l: Array = quantity("epsilon", "M_l of each ion at k_s")
    superstructure_qc: Array = quantity("1/sigma", "wave vectors k_s over which the ions' energies are averaged")
    energies_q: Energies = quantity("as its fields say", "the three energies of each wave")
    energies_l: Energies = quantity("as its fields say", "the three energies of each ion at k_s")


def dispersion(
    constants_ll: Array,
    inertia_l: Array,
    positions_nc: Array,
    wave_vector_qc: Array,
    *,
    superstructure_qc: Array,
    power: float,
    hbar: float,
    variance: float,
    self_constant: float = 0.0,
) -> Dispersion:
    """Return projected frequencies and the three energies.

    Args:
        constants_ll: W with the envelope, zero on the diagonal, (N, N) [epsilon].
        inertia_l: moment of inertia I_ll of each ion [m sigma^2].
        positions_nc: positions [sigma].
        wave_vector_qc: wave vectors of the box [1/sigma].
        superstructure_qc: wave vectors at which each ion is looked at by itself, averaged over, (S, 3) [1/sigma].
        power: the power w of the envelope, to be remembered [-].
        hbar: reduced value of hbar [-].
        variance: c (1-c) [-].
        self_constant: what each ion adds by itself, such as the entropy of mixing T/[c(1-c)] [epsilon].

    Raises:
        InputError: a diagonal that is not zero, or a moment of inertia that is not positive.
    """
    if np.any(np.diag(constants_ll) != 0):
        raise InputError("the dispersion takes interactions between different ions: the diagonal of W must be zero")
    if not np.all(inertia_l > 0):
        ion = int(np.argmin(inertia_l))
        raise InputError(f"ion {ion} has the moment of inertia {inertia_l[ion]:.3g}; expected a positive number")
    ions_ql = ion_constants(constants_ll, positions_nc, wave_vector_qc) + self_constant
    at_k_s_l = ion_constants(constants_ll, positions_nc, superstructure_qc).mean(axis=0) + self_constant
    A, A_l = float(site_energy(np.mean(inertia_l), hbar, variance)), site_energy(inertia_l, hbar, variance)
    exchange_q, exchange_l = exchange_energy(ions_ql.mean(axis=1), variance), exchange_energy(at_k_s_l, variance)
    omega2_q = projected_omega2(constants_ll, inertia_l, positions_nc, wave_vector_qc)
    return Dispersion(
        power=power,
        wave_vector_qc=wave_vector_qc,
        omega2_q=omega2_q + self_constant / np.mean(inertia_l),
        site_energy=A,
        exchange_q=exchange_q,
        site_energy_l=A_l,
        exchange_l=exchange_l,
        superstructure_qc=superstructure_qc,
        energies_q=Energies.of(A, exchange_q),
        energies_l=Energies.of(A_l, exchange_l),
    )
