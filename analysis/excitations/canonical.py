"""The quantised concentration excitations: three readings of one Hamiltonian, Bogoliubov factors, bounds, fluctuations.

With A = hbar^2/[c(1-c) I] and M = c(1-c) W/4 the Hamiltonian of a wave is X b^+b + Y (bb + b^+b^+)/2:

========  =========  =========  =====================  ====================
name      X          Y          E^2                    stable where
========  =========  =========  =====================  ====================
printed   -A + M     M          A^2 - 2 A M            M < A/2
rotating  A + M      M          A^2 + 2 A M            M > -A/2
derived   A + M      M - A      4 A M                  M > 0
========  =========  =========  =====================  ====================

*printed* is the formula of the papers, whose A is negative; *rotating* has the sign of a kinetic energy but leaves its
anomalous terms out, as the papers do; *derived* is the whole Hamiltonian. Strong positive ordering energies
destabilise the printed form and stabilise the derived one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from atomsim.errors import InputError, UntrustedNumber, nearest
from atomsim.results import Array, quantity

ENERGY_FORMS = ("printed", "rotating", "derived")


def site_energy(inertia: ArrayLike, hbar: float, variance: float) -> Array:
    """Return A = hbar^2/[c(1-c) I], positive, for amplitude one of the site itself [epsilon].

    The kinetic energy of delta c gives one power of c(1-c), one of the mass and the positive sign.

    Source: egorushkin-melnikova-1993a (A derived); test: test_energies_are_the_eigenvalues_of_the_oscillator

    Args:
        inertia: moment of inertia I [m sigma^2].
        hbar: reduced value of hbar [-].
        variance: c (1-c) [-].

    Raises:
        InputError: hbar or the variance is not positive.
    """
    if not (hbar > 0 and 0 < variance <= 0.25):
        raise InputError(f"hbar = {hbar}, c(1-c) = {variance}; expected positive numbers, c(1-c) up to 1/4")
    return hbar**2 / (variance * np.asarray(inertia, dtype=float))


def printed_site_energy(
    square_field: ArrayLike, mass: ArrayLike, hbar: float, variance: float, *, second_paper: bool = False
) -> Array:
    """Return A as printed, -1/[c(1-c) M^3 R^2] or with [c(1-c)]^2 in the second paper, times hbar^2 [epsilon].

    The units are right for M = 1 only. It is -1/M^2 times the derived A, and 1/[c(1-c)] times that in the second paper.

    Source: egorushkin-melnikova-1993a (A printed); test: test_printed_site_energies_have_known_ratios
    Source: egorushkin-melnikova-1993b (3); test: test_printed_site_energies_have_known_ratios

    Args:
        square_field: R^2 of the displacement, I/M [sigma^2].
        mass: mass of the ion [m].
        hbar: reduced value of hbar [-].
        variance: c (1-c) [-].
        second_paper: take the square of c(1-c).
    """
    factor = variance**2 if second_paper else variance
    return -(hbar**2) / (factor * np.asarray(mass, dtype=float) ** 3 * np.asarray(square_field, dtype=float))


def deviation_amplitude(variance: float, correlation: ArrayLike = 1.0) -> Array:
    """Return the factor [c(1-c) |alpha|]^(1/2)/2 of phi + phi^+ in delta c; alpha is 1 for the site itself [-].

    The second paper divides by N^(1/2) besides, which belongs to the normalisation of its operators.

    Source: egorushkin-melnikova-1993a (1.6); test: test_energies_are_the_eigenvalues_of_the_oscillator
    Source: egorushkin-melnikova-1993b (6); test: test_energies_are_the_eigenvalues_of_the_oscillator

    Args:
        variance: c (1-c) [-].
        correlation: correlation parameter alpha [-].
    """
    return np.sqrt(variance * np.abs(np.asarray(correlation, dtype=float))) / 2


def exchange_energy(constants: ArrayLike, variance: float) -> Array:
    """Return M(k) = c(1-c) W(k)/4 [epsilon].

    Source: egorushkin-melnikova-1993a (M); test: test_energies_are_the_eigenvalues_of_the_oscillator
    Source: egorushkin-melnikova-1993b (4); test: test_energies_are_the_eigenvalues_of_the_oscillator

    Args:
        constants: W(k) of the ion or the mean over ions, with its envelope [epsilon].
        variance: c (1-c) [-].
    """
    return variance * np.asarray(constants, dtype=float) / 4


def hamiltonian(site: ArrayLike, exchange: ArrayLike, form: str = "derived") -> tuple[Array, Array]:
    """Return X and Y of X b^+b + Y (bb + b^+b^+)/2 [epsilon].

    Args:
        site: A > 0 [epsilon].
        exchange: M [epsilon].
        form: ``printed``, ``rotating`` or ``derived``.

    Raises:
        InputError: an unknown form.
    """
    A, M = np.broadcast_arrays(np.asarray(site, dtype=float), np.asarray(exchange, dtype=float))
    if form == "printed":
        return M - A, M.copy()
    if form == "rotating":
        return A + M, M.copy()
    if form == "derived":
        return A + M, M - A
    raise InputError(f"form {form!r}: expected one of {', '.join(ENERGY_FORMS)}{nearest(form, ENERGY_FORMS)}")


def squared_energy(site: ArrayLike, exchange: ArrayLike, form: str = "derived") -> Array:
    """Return E^2 of the excitation, negative where it decays [epsilon^2].

    Source: egorushkin-melnikova-1993a (1.9); test: test_energies_are_the_eigenvalues_of_the_oscillator
    Source: egorushkin-melnikova-1993b (2); test: test_energies_are_the_eigenvalues_of_the_oscillator

    Args:
        site: A > 0 [epsilon].
        exchange: M [epsilon].
        form: ``printed``, ``rotating`` or ``derived``.
    """
    A, M = np.broadcast_arrays(np.asarray(site, dtype=float), np.asarray(exchange, dtype=float))
    hamiltonian(A, M, form)  # knows the forms
    return {"printed": A**2 - 2 * A * M, "rotating": A**2 + 2 * A * M, "derived": 4 * A * M}[form]


@dataclass(frozen=True)
class Energies:
    """Signed E^2 of a set of excitations in the three forms; what decays has a rate instead of an energy."""

    printed: Array = quantity("epsilon^2", "E^2 of the printed form")
    rotating: Array = quantity("epsilon^2", "E^2 of the form without anomalous kinetic terms")
    derived: Array = quantity("epsilon^2", "E^2 of the whole Hamiltonian")

    @classmethod
    def of(cls, site: ArrayLike, exchange: ArrayLike) -> Energies:
        """Return the energies of given A and M.

        Args:
            site: A > 0 [epsilon].
            exchange: M [epsilon].
        """
        return cls(*(squared_energy(site, exchange, form) for form in ENERGY_FORMS))

    def squared(self, form: str) -> Array:
        """Return E^2 in one form [epsilon^2].

        Args:
            form: ``printed``, ``rotating`` or ``derived``.

        Raises:
            InputError: an unknown form.
        """
        if form not in ENERGY_FORMS:
            raise InputError(f"form {form!r}: expected one of {', '.join(ENERGY_FORMS)}{nearest(form, ENERGY_FORMS)}")
        return np.asarray(getattr(self, form))

    def stable(self, form: str) -> NDArray[np.bool_]:
        """Return which excitations do not decay.

        Args:
            form: ``printed``, ``rotating`` or ``derived``.
        """
        return self.squared(form) >= 0

    def energy(self, form: str) -> Array:
        """Return E of the stable excitations, in their order [epsilon].

        Args:
            form: ``printed``, ``rotating`` or ``derived``.
        """
        return np.sqrt(self.squared(form)[self.stable(form)])

    def rate(self, form: str, hbar: float) -> Array:
        """Return |E|/hbar of the decaying excitations, in their order [sqrt(epsilon/m)/sigma].

        Args:
            form: ``printed``, ``rotating`` or ``derived``.
            hbar: reduced value of hbar [-].
        """
        return np.sqrt(-self.squared(form)[~self.stable(form)]) / hbar

    def stable_fraction(self, form: str) -> float:
        """Return the share of excitations that do not decay [-].

        Args:
            form: ``printed``, ``rotating`` or ``derived``.
        """
        return float(np.mean(self.stable(form)))


def bogoliubov(site: ArrayLike, exchange: ArrayLike, form: str = "derived") -> tuple[Array, Array, Array]:
    """Return E [epsilon], u and v [-] of the transformation b = u beta + v beta^+ that makes the Hamiltonian diagonal.

    u^2 = (X + E)/2E, v^2 = (X - E)/2E, u v = -Y/2E, u^2 - v^2 = 1, with u > 0. Where X < 0, as in the printed form, the
    solution of positive norm has E = -sqrt(X^2 - Y^2). With E to zero u and v grow without bound: a soft mode.

    Source: egorushkin-melnikova-1993a (1.7), (1.8); test: test_bogoliubov_factors_solve_their_equations

    Args:
        site: A > 0 [epsilon].
        exchange: M [epsilon].
        form: ``printed``, ``rotating`` or ``derived``.

    Raises:
        UntrustedNumber: an excitation decays, E^2 <= 0; ``estimate`` holds E^2.
    """
    X, Y = hamiltonian(site, exchange, form)
    square = squared_energy(site, exchange, form)
    if np.any(square <= 0):
        raise UntrustedNumber(
            f"{int(np.count_nonzero(square <= 0))} of {square.size} excitations decay in the {form} form, "
            "E^2 <= 0: they have a rate, no Bogoliubov factors",
            estimate=square,
        )
    E = np.sign(X) * np.sqrt(square)
    u = np.sqrt((X + E) / (2 * E))
    return E, u, -Y / (2 * E * u)


def ground_state_energy(site: ArrayLike, exchange: ArrayLike, form: str = "derived") -> Array:
    """Return the energy -E v^2 of the vacuum of the excitations, on top of which each of them adds +E [epsilon].

    The paper prints -E b^+b for the excitations themselves.

    Source: egorushkin-melnikova-1993a (1.9); test: test_vacuum_lies_below_the_bare_ground_state
    Source: egorushkin-melnikova-1993b (1); test: test_vacuum_lies_below_the_bare_ground_state

    Args:
        site: A > 0 [epsilon].
        exchange: M [epsilon].
        form: ``printed``, ``rotating`` or ``derived``.

    Raises:
        UntrustedNumber: an excitation decays.
    """
    E, _, v = bogoliubov(site, exchange, form)
    return -E * v**2


def decay_threshold(inertia: ArrayLike, hbar: float, variance: float) -> Array:
    """Return the sum of W |alpha| exp(i k R) above which the printed form decays, 2 hbar^2/{[c(1-c)]^2 I} [epsilon].

    It follows from |A| = 2 M. The line printed in the first paper lacks the factor 2/[c(1-c)]; the second paper's bound
    on the field has it.

    Source: egorushkin-melnikova-1993a (decay); test: test_bound_on_the_field_is_the_printed_criterion

    Args:
        inertia: moment of inertia I [m sigma^2].
        hbar: reduced value of hbar [-].
        variance: c (1-c) [-].
    """
    return 2 * site_energy(inertia, hbar, variance) / variance


def undamped_inertia(constants: ArrayLike, hbar: float, variance: float) -> Array:
    """Return the largest moment of inertia of an excitation that does not decay in the printed form [m sigma^2].

    I <= 2 hbar^2/{[c(1-c)]^2 sum W |alpha| exp(i k_s R)}: the paper's bound on R^2, with one power of the mass where
    it prints three. Infinite where the sum is not positive.

    Source: egorushkin-melnikova-1993b (5); test: test_bound_on_the_field_is_the_printed_criterion

    Args:
        constants: the sum W |alpha| exp(i k_s R) of each ion [epsilon].
        hbar: reduced value of hbar [-].
        variance: c (1-c) [-].
    """
    total = np.asarray(constants, dtype=float)
    limit = np.full(total.shape, np.inf)
    return np.divide(2 * hbar**2 / variance**2, total, out=limit, where=total > 0)


def instability_temperature(constants_q: ArrayLike, variance: float) -> float:
    """Return the temperature up to which the disordered alloy is unstable, -c(1-c) min W(k) or 0 [epsilon/k_B].

    Source: clapp-moss-1966 (random-phase approximation); test: test_fluctuations_follow_from_thermal_constants

    Args:
        constants_q: W(k) without envelope [epsilon].
        variance: c (1-c) [-].
    """
    return max(0.0, -variance * float(np.min(constants_q)))


def thermal_intensity(constants_q: ArrayLike, temperature: float, variance: float) -> Array:
    """Return <|c_k|^2> = c(1-c)/[1 + c(1-c) W(k)/T] of the disordered alloy in equilibrium [-].

    Source: clapp-moss-1966 (random-phase approximation); test: test_fluctuations_follow_from_thermal_constants

    Args:
        constants_q: W(k) without envelope [epsilon].
        temperature: T [epsilon/k_B].
        variance: c (1-c) [-].

    Raises:
        InputError: the temperature is not above that of the instability.
    """
    limit = instability_temperature(constants_q, variance)
    if not limit < temperature < np.inf:
        raise InputError(
            f"temperature = {temperature:g}; the disordered alloy is unstable up to {limit:.4g}, expected more"
        )
    return variance / (1 + variance * np.asarray(constants_q, dtype=float) / temperature)
