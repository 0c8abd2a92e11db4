"""The low-frequency tail n(omega) = A omega^4 of the soft modes, and the density of soft potentials behind it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from atomsim.errors import InputError
from atomsim.results import Array, IntArray

TAIL_EXPONENT = 4


class Counting(StrEnum):
    """Which modes are counted as vibrations of the soft potentials; decides the coefficient of n(E)."""

    LOWER_MINIMA = "lower minima"  # every potential once, in its only or lower minimum: alpha > beta^2/4
    SINGLE_WELLS = "single wells"  # only potentials without a second minimum: alpha > 9 beta^2/32


def counting_coefficient(counting: Counting) -> float:
    """Return the coefficient of n(E) = coefficient (P_s/W)(E/W)^4 for potentials uniform in (D1, D2) [-].

    1/8 if every potential is counted once, 1/(6 sqrt 2) if only single wells are. P_s always counts both signs of
    D1; the density quoted with 1/(12 sqrt 2) counts the same modes for one sign only and is twice ours.

    Source: soft-potential-notes (vibrations); test: test_coefficient_of_the_vibrational_tail

    Args:
        counting: which modes are counted.
    """
    return {Counting.LOWER_MINIMA: 1 / 8, Counting.SINGLE_WELLS: 1 / (6 * np.sqrt(2))}[Counting(counting)]


def tail_exposure(limit_g: Array, weight_g: Array) -> float:
    """Return sum_g weight_g limit_g^5/5, which the modes of a tail are counted against [unit of weight omega^5].

    Args:
        limit_g: for each glass, the frequency below which all soft modes were found [sqrt(epsilon/m)/sigma].
        weight_g: size of each glass: degrees of freedom, or volume [1 or sigma^3].
    """
    power = TAIL_EXPONENT + 1
    return float(np.sum(np.asarray(weight_g) * np.asarray(limit_g) ** power)) / power


def tail_amplitude(omega_gm: Sequence[Array], *, limit_g: Array, n_atoms_g: IntArray, dimension: int = 3) -> float:
    """Return A_g of the normalised density of states D(omega) = A_g omega^4 [(sigma sqrt(m/epsilon))^5].

    Maximum likelihood for modes that fall independently with the density d N A_g omega^4 into 0 < omega < limit of
    each glass: the number found over sum_g d N_g limit_g^5/5. D is normalised to one over all d N modes.

    Source: lerner-2016 (tail); test: test_tail_amplitude_is_recovered_from_poisson_samples

    Args:
        omega_gm: for each glass, the angular frequencies of its soft modes [sqrt(epsilon/m)/sigma].
        limit_g: for each glass, the frequency below which all soft modes were found [sqrt(epsilon/m)/sigma].
        n_atoms_g: number of atoms of each glass.
        dimension: dimension of space.

    Raises:
        InputError: lists of different lengths.
    """
    if not len(omega_gm) == len(limit_g) == len(n_atoms_g):
        raise InputError(f"{len(omega_gm)} spectra, {len(limit_g)} limits and {len(n_atoms_g)} sizes do not match")
    found = sum(int(np.sum((w > 0) & (w < limit))) for w, limit in zip(omega_gm, limit_g, strict=True))
    return found / tail_exposure(limit_g, dimension * np.asarray(n_atoms_g, dtype=float))


def tail_exponent(omega_m: Array, limit_m: Array) -> float:
    """Return the exponent s of a tail omega^s from the modes in 0 < omega < limit [-]; NaN for fewer than two.

    Maximum likelihood with its bias removed: s = (K - 1)/sum ln(limit/omega) - 1; relative error of s + 1 near
    K^{-1/2}.

    Source: hill-1975 (estimator); test: test_tail_exponent_is_recovered_from_power_laws

    Args:
        omega_m: angular frequencies of the modes of all glasses [sqrt(epsilon/m)/sigma].
        limit_m: the limit of the glass that each mode belongs to [sqrt(epsilon/m)/sigma].
    """
    inside = (omega_m > 0) & (omega_m < limit_m)
    if np.sum(inside) < 2:
        return float("nan")
    return float((np.sum(inside) - 1) / np.sum(np.log(limit_m[inside] / omega_m[inside])) - 1)


def potential_density(amplitude: float, W: float, *, hbar: float, counting: Counting) -> float:
    """Return P_s, soft potentials per volume and unit area of the (D1, D2) plane [1/sigma^3].

    n(E) dE = A omega^4 d omega with E = hbar omega and n(E) = coefficient (P_s/W)(E/W)^4 give
    P_s = A W^5/(hbar^5 coefficient).

    Source: soft-potential-notes (vibrations); test: test_density_of_potentials_follows_from_the_tail

    Args:
        amplitude: A of n(omega) = A omega^4 per volume, counting the modes that ``counting`` names
            [(sigma sqrt(m/epsilon))^5/sigma^3].
        W: energy scale of the potentials [epsilon].
        hbar: Planck's constant over 2 pi in reduced units [sigma sqrt(m epsilon)].
        counting: which modes the amplitude counts.
    """
    return float(amplitude * (W / hbar) ** (TAIL_EXPONENT + 1) / counting_coefficient(counting))
