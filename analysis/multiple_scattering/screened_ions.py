"""Empty-core ions in an electron gas: screened form factors v(q), potentials V(r), and the phase shifts of one ion.

Lengths are in angstrom; energies are in hbar^2/(m angstrom^2), so that the kinetic energy is k^2/2 and the Coulomb
energy of two unit charges is 1/(a_0 r) with the Bohr radius a_0. V is negative where it attracts electrons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import interpolate, optimize

from analysis.multiple_scattering.phase_shifts import PhaseShifts, check_wave_number, friedel_sum
from analysis.multiple_scattering.radial_solver import RadialPotential, solve_phase_shifts
from atomsim.errors import InputError, NotConverged, nearest
from atomsim.results import Array, quantity
from atomsim.units import BOHR

FRIEDEL_L = 12  # largest angular momentum of the sum that is adjusted to the valence
DECAY_LENGTHS = 38.0  # after which exp(-kappa r) is rounding
OSCILLATING_REACH = 60.0  # where Friedel oscillations are cut off [angstrom]
LARGEST_Q = 50.0  # end of the Fourier integral [1/angstrom]; what is left out falls like its sixth power
STEP, BLOCK = 0.02, 64  # of the table of an oscillating potential [angstrom], and rows of it made at once
TURNS_PER_PANEL = 6.0  # of sin(qr) at the largest radius [rad]: 16 nodes resolve it
STRENGTHS = (0.3, 4.0)  # of screening between which that of a given Friedel sum is sought


class ScreeningKind(StrEnum):
    """Model of the response of the electron gas."""

    THOMAS_FERMI = "thomas-fermi"
    LINDHARD = "lindhard"
    HUBBARD = "hubbard"


def screening_kind(name: str) -> ScreeningKind:
    """Return a model of screening by its name.

    Args:
        name: thomas-fermi, lindhard or hubbard.

    Raises:
        InputError: an unknown name.
    """
    known = [kind.value for kind in ScreeningKind]
    if name not in known:
        raise InputError(f"unknown screening {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return ScreeningKind(name)


def lindhard_function(x: ArrayLike) -> Array:
    """Return F(x) = 1/2 + [(1 - x^2)/4x] ln|(1 + x)/(1 - x)|, which falls from 1 at x = 0 [-].

    Source: lindhard-1954 (static response); test: test_lindhard_screening_becomes_thomas_fermi_at_small_q

    Args:
        x: wave number over 2 k_F, not negative [-].
    """
    x = np.asarray(x, dtype=float)
    small = x < 1e-3
    safe = np.where(small | (x == 1), 2.0, x)
    exact = 0.5 + (1 - safe**2) / (4 * safe) * np.log(np.abs((1 + safe) / (1 - safe)))
    return np.where(small, 1 - x**2 / 3 - x**4 / 15, np.where(x == 1, 0.5, exact))


@dataclass(frozen=True)
class Screening:
    """The static response of a uniform electron gas, as the electrons themselves feel it."""

    kind: ScreeningKind
    fermi_wave_number: float = quantity("1/angstrom", "k_F")
    strength: float = quantity("1", "factor of kappa^2, 1 for free electrons", default=1.0)

    def __post_init__(self) -> None:
        """Refuse an electron gas that cannot be."""
        check_wave_number(self.fermi_wave_number)
        if not (np.isfinite(self.strength) and self.strength > 0):
            raise InputError(f"strength of the screening = {self.strength!r}, expected a positive number")

    @property
    def inverse_length(self) -> float:
        """The wave number kappa of Thomas and Fermi, kappa^2 = 4 k_F/(pi a_0) times the strength [1/angstrom]."""
        return float(np.sqrt(self.strength * 4 * self.fermi_wave_number / (np.pi * BOHR)))

    def added_square(self, q: ArrayLike) -> Array:
        """Return q^2 (epsilon - 1), kappa^2 for Thomas and Fermi [1/angstrom^2].

        kappa^2 F(q/2k_F) for Lindhard; times 1 - q^2/[2(q^2 + k_F^2)], the exchange hole of parallel spins, for
        Hubbard.

        Source: lindhard-1954 (static response); test: test_lindhard_screening_becomes_thomas_fermi_at_small_q
        Source: hubbard-1957 (exchange); test: test_hubbard_screening_halves_the_response_at_large_q

        Args:
            q: wave number [1/angstrom].
        """
        q = np.asarray(q, dtype=float)
        response = np.full_like(q, self.inverse_length**2)
        if self.kind is not ScreeningKind.THOMAS_FERMI:
            response = response * lindhard_function(q / (2 * self.fermi_wave_number))
        if self.kind is ScreeningKind.HUBBARD:
            response = response * (1 - q**2 / (2 * (q**2 + self.fermi_wave_number**2)))
        return response


@dataclass(frozen=True)
class ScreenedIon:
    """An ion whose bare potential is -Z/(a_0 r) outside its core and zero inside, screened by the electron gas."""

    screening: Screening
    valence: float = quantity("1", "charge Z of the ion")
    core_radius: float = quantity("angstrom", "radius of the empty core")

    def __post_init__(self) -> None:
        """Refuse an ion that cannot be."""
        for name in ("valence", "core_radius"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name} of an ion = {value!r}, expected a positive number")

    def form_factor(self, q: ArrayLike) -> Array:
        """Return v(q) = -(4 pi Z/a_0) cos(q r_c)/[q^2 epsilon(q)] [hbar^2 angstrom/m].

        Source: ashcroft-1966 (empty core); test: test_potential_of_thomas_fermi_is_the_fourier_integral

        Args:
            q: wave number [1/angstrom].
        """
        q = np.asarray(q, dtype=float)
        bare = -4 * np.pi * self.valence / BOHR * np.cos(q * self.core_radius)
        return bare / (q**2 + self.screening.added_square(q))

    @property
    def edges(self) -> tuple[float, float]:
        """Radii at which the potential jumps and ends [angstrom]."""
        if self.screening.kind is ScreeningKind.THOMAS_FERMI:
            return self.core_radius, self.core_radius + DECAY_LENGTHS / self.screening.inverse_length
        return self.core_radius, OSCILLATING_REACH

    def potential(self) -> RadialPotential:
        """Return V(r): in closed form for Thomas and Fermi, else a table of its Fourier integral.

        Closed form: (Z/a_0) exp(-kappa r_c) sinh(kappa r)/r inside the core, -(Z/a_0) cosh(kappa r_c) exp(-kappa r)/r
        outside. The Fourier integral is that of the difference from three such potentials whose form factors share
        the first three terms at large q, so that no jump is left in the table; its error is of the order 1e-6.
        """
        kappa, charge = self.screening.inverse_length, self.valence / BOHR
        if self.screening.kind is ScreeningKind.THOMAS_FERMI:
            return lambda r: charge * yukawa(r, kappa, self.core_radius)
        kappas = kappa * np.array([1.0, 2.0, 3.0])
        weights = self._yukawa_weights(kappas)
        radii, difference = self._tabulate(kappas, weights)
        table = interpolate.make_interp_spline(radii, difference, k=5)

        def screened(r: Array) -> Array:
            close = sum(w * yukawa(r, x, self.core_radius) for w, x in zip(weights, kappas, strict=True))
            return charge * (close + table(np.minimum(r, radii[-1])))

        return screened

    def _yukawa_weights(self, kappas: Array) -> Array:
        """Weights of 1/(q^2 + kappa^2) that share the terms 1/q^2, 1/q^4 and 1/q^6 of 1/[q^2 epsilon(q)]."""
        left = 0.5 if self.screening.kind is ScreeningKind.HUBBARD else 1.0
        sixth = -4 / 3 * left * (self.screening.inverse_length * self.screening.fermi_wave_number) ** 2
        return np.linalg.solve(kappas ** (2 * np.arange(3)[:, None]), np.array([1.0, 0.0, sixth]))

    def _tabulate(self, kappas: Array, weights: Array) -> tuple[Array, Array]:
        """Radii, and the Fourier integral there of what the Yukawa potentials leave over, for unit charge."""
        radii = np.linspace(0.0, OSCILLATING_REACH, round(OSCILLATING_REACH / STEP) + 1)
        q, dq = _fourier_nodes(2 * self.screening.fermi_wave_number, radii[-1] + self.core_radius)
        left = 1 / (q**2 + self.screening.added_square(q)) - (weights / (q[:, None] ** 2 + kappas**2)).sum(axis=1)
        weight = -2 / np.pi * dq * q * np.cos(q * self.core_radius) * left
        rows = np.exp(1j * q * radii[:BLOCK, None])
        starts = range(0, len(radii), BLOCK)
        sines = np.concatenate([(rows @ (weight * np.exp(1j * q * radii[start]))).imag for start in starts])
        sines = sines[: len(radii)]
        return radii, np.concatenate([np.array([weight @ q]), sines[1:] / radii[1:]])

    def at(self, fermi_wave_number: float) -> ScreenedIon:
        """Return the ion in an electron gas of another density.

        Args:
            fermi_wave_number: its k_F [1/angstrom].
        """
        return replace(self, screening=replace(self.screening, fermi_wave_number=fermi_wave_number))

    def phase_shifts(self, l_max: int) -> Array:
        """Return the phase shifts at k_F of the ion alone in the electron gas, (l_max + 1,) [rad].

        Args:
            l_max: largest angular momentum.
        """
        return solve_phase_shifts(self.potential(), self.screening.fermi_wave_number, l_max=l_max, edges=self.edges)


def yukawa(r: ArrayLike, kappa: float, core_radius: ArrayLike) -> Array:
    """Return the potential of a unit charge on an empty core, screened by exp(-kappa r), for electrons [1/angstrom].

    Its Fourier transform is -4 pi cos(q r_c)/(q^2 + kappa^2).

    Source: ashcroft-1966 (empty core); test: test_potential_of_thomas_fermi_is_the_fourier_integral

    Args:
        r: distance [angstrom].
        kappa: inverse decay length [1/angstrom].
        core_radius: radius of the core [angstrom].
    """
    r, core = np.asarray(r, dtype=float), np.asarray(core_radius, dtype=float)
    inside = r < core
    near, far = np.where(inside, np.maximum(r, 1e-300), core), np.where(inside, core, r)
    inner = np.exp(-kappa * core) * np.sinh(kappa * near) / near
    outer = -np.cosh(kappa * core) * np.exp(-kappa * far) / far
    return np.where(inside, inner, outer)


def _fourier_nodes(singular: float, largest_radius: float) -> tuple[Array, Array]:
    """Nodes and weights of the integral over q, refined where the response has an infinite slope."""
    width = TURNS_PER_PANEL / largest_radius
    near = width * 2.0 ** -np.arange(0, 40, 2)
    even = np.arange(0.0, LARGEST_Q + width, width)
    bounds = np.unique(np.concatenate([even, singular - near, [singular], singular + near]))
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = np.diff(bounds)[:, None] / 2
    return (bounds[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


def ion_phase_shifts(ion: ScreenedIon, l_max: int, *, species: str) -> PhaseShifts:
    """Return the phase shifts of one ion alone in the electron gas at its Fermi energy.

    Ions of a dense metal are another matter: these hold the mean potential that all neighbours share.

    Args:
        ion: the ion.
        l_max: largest angular momentum.
        species: what to call it.
    """
    screening = ion.screening
    adjusted = "" if screening.strength == 1 else f", kappa^2 times {screening.strength:.6g}"
    method = f"empty core of {ion.core_radius:.6g} angstrom in an electron gas, {screening.kind} screening{adjusted}"
    return PhaseShifts((species,), screening.fermi_wave_number, ion.phase_shifts(l_max)[None, :], method)


def friedel_adjusted(ion: ScreenedIon) -> ScreenedIon:
    """Return the ion with the strength of screening that makes its Friedel sum the valence.

    Args:
        ion: the ion.

    Raises:
        NotConverged: no strength between 0.3 and 4 does; the estimate is the strength that comes closest.
    """

    def adjusted(strength: float) -> ScreenedIon:
        return replace(ion, screening=replace(ion.screening, strength=float(strength)))

    def excess(strength: float) -> float:
        return float(friedel_sum(adjusted(strength).phase_shifts(FRIEDEL_L))) - ion.valence

    low, high = (excess(strength) for strength in STRENGTHS)
    if low * high <= 0:
        return adjusted(optimize.brentq(excess, *STRENGTHS, xtol=1e-12, rtol=1e-12))
    raise NotConverged(
        f"the Friedel sum is {low:+.3g} and {high:+.3g} off the valence {ion.valence:g} at {STRENGTHS[0]:g} and "
        f"{STRENGTHS[1]:g} times the screening of free electrons, expected opposite signs",
        adjusted(STRENGTHS[0] if abs(low) < abs(high) else STRENGTHS[1]),
    )
