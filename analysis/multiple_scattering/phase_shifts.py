"""Phase shifts of spherical scatterers: the table of them, Friedel sums and cross-sections.

Phase shifts are absolute: they vanish with the potential, without multiples of pi. Lengths are in angstrom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from atomsim.errors import InputError, nearest
from atomsim.results import Array, IntArray, quantity

LARGEST_L = 40  # beyond, spherical Bessel functions overflow at the innermost radius
LARGEST_LAST_SHARE = 0.05  # of the cross-section that the last partial wave may carry before l_max counts as too small


@dataclass(frozen=True)
class PhaseShifts:
    """Phase shifts of several species of ions at one wave number; what is missing beyond l_max counts as zero."""

    species: tuple[str, ...]
    wave_number: float = quantity("1/angstrom", "wave number k of the electrons between the ions")
    delta_sl: Array = quantity("rad", "phase shift of each species and angular momentum, (S, l_max + 1)")
    method: str = ""

    def __post_init__(self) -> None:
        """Refuse what are no phase shifts."""
        check_wave_number(self.wave_number)
        delta_sl = np.asarray(self.delta_sl, dtype=float)
        if delta_sl.ndim != 2 or delta_sl.shape[0] != len(self.species) or delta_sl.size == 0:
            raise InputError(
                f"{len(self.species)} species and phase shifts of shape {delta_sl.shape}; expected (species, l_max + 1)"
            )
        if len(set(self.species)) < len(self.species):
            raise InputError(f"species {', '.join(self.species)}: expected each name once")
        for name, row in zip(self.species, delta_sl, strict=True):
            check_phase_shifts(row, f"phase shifts of {name}")
        object.__setattr__(self, "delta_sl", delta_sl)

    @property
    def l_max(self) -> int:
        """Largest angular momentum."""
        return self.delta_sl.shape[1] - 1

    @property
    def friedel_sum_s(self) -> Array:
        """Charge that each species screens, (2/pi) sum (2l + 1) delta_l [-]."""
        return friedel_sum(self.delta_sl)

    @property
    def total_cross_section_s(self) -> Array:
        """Total cross-section of each species [angstrom^2]."""
        return total_cross_section(self.delta_sl, self.wave_number)

    @property
    def transport_cross_section_s(self) -> Array:
        """Transport cross-section of each species [angstrom^2]."""
        return transport_cross_section(self.delta_sl, self.wave_number)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of these phase shifts: species whose last one has not decayed."""
        share_s = last_share(self.delta_sl)
        return tuple(
            f"{self.species[s]}: l_max = {self.l_max} is too small, the last partial wave carries "
            f"{100 * share_s[s]:.3g} % of the cross-section"
            for s in undecayed(self.delta_sl)
        )

    def index_of(self, name: str) -> int:
        """Return the row of a species.

        Args:
            name: the species.

        Raises:
            InputError: there are no phase shifts for it.
        """
        if name not in self.species:
            known = ", ".join(self.species)
            raise InputError(f"no phase shifts for species {name!r}{nearest(name, self.species)}; given: {known}")
        return self.species.index(name)

    def of(self, name: str) -> Array:
        """Return the phase shifts of one species, (l_max + 1,) [rad].

        Args:
            name: the species.

        Raises:
            InputError: there are no phase shifts for it.
        """
        return self.delta_sl[self.index_of(name)]


def phase_shift_table(wave_number: float, delta: Mapping[str, ArrayLike], method: str = "given") -> PhaseShifts:
    """Return phase shifts by species; shorter lists are filled up with zeros.

    Args:
        wave_number: k [1/angstrom].
        delta: species to phase shifts from l = 0 on [rad].
        method: where they come from.

    Raises:
        InputError: a wave number or phase shift that cannot be; the message names the species.
    """
    rows = {name: check_phase_shifts(row, f"phase shifts of {name}") for name, row in delta.items()}
    if not rows:
        raise InputError("no species: expected the phase shifts of one at least")
    delta_sl = np.zeros((len(rows), max(len(row) for row in rows.values())))
    for filled, row in zip(delta_sl, rows.values(), strict=True):
        filled[: len(row)] = row
    return PhaseShifts(tuple(rows), wave_number, delta_sl, method)


def check_wave_number(wave_number: float) -> None:
    """Refuse a wave number that is not a positive finite number.

    Args:
        wave_number: k [1/angstrom].

    Raises:
        InputError: it is none.
    """
    if not (np.isfinite(wave_number) and wave_number > 0):
        raise InputError(f"wave number k = {wave_number!r}, expected a positive number [1/angstrom]")


def check_phase_shifts(delta_l: ArrayLike, name: str) -> Array:
    """Return phase shifts as an array, or refuse them [rad].

    Args:
        delta_l: phase shifts from l = 0 on [rad].
        name: what to call them in the message.

    Raises:
        InputError: not a list of numbers, empty, too long, or a number that is not finite.
    """
    found = np.asarray(delta_l, dtype=float)
    if found.ndim != 1 or not 1 <= len(found) <= LARGEST_L + 1:
        raise InputError(f"{name}: array of shape {found.shape}, expected 1 to {LARGEST_L + 1} numbers [rad]")
    if not np.isfinite(found).all():
        degree = int(np.flatnonzero(~np.isfinite(found))[0])
        raise InputError(f"{name}: delta = {found[degree]} for l = {degree}, expected a finite number [rad]")
    return found


def friedel_sum(delta_l: ArrayLike) -> Array:
    """Return the charge that an impurity displaces, (2/pi) sum (2l + 1) delta_l, spin included [-].

    Source: friedel-1958 (sum rule); test: test_known_cross_sections_of_three_phase_shifts

    Args:
        delta_l: phase shifts, angular momentum along the last axis [rad].
    """
    delta = np.asarray(delta_l, dtype=float)
    return 2 / np.pi * delta @ (2 * np.arange(delta.shape[-1]) + 1.0)


def total_cross_section(delta_l: ArrayLike, wave_number: float) -> Array:
    """Return (4 pi/k^2) sum (2l + 1) sin^2 delta_l [angstrom^2].

    Args:
        delta_l: phase shifts, angular momentum along the last axis [rad].
        wave_number: k [1/angstrom].
    """
    return partial_cross_sections(delta_l, wave_number).sum(axis=-1)


def partial_cross_sections(delta_l: ArrayLike, wave_number: float) -> Array:
    """Return the cross-section of each angular momentum, (4 pi/k^2) (2l + 1) sin^2 delta_l [angstrom^2].

    Args:
        delta_l: phase shifts, angular momentum along the last axis [rad].
        wave_number: k [1/angstrom].
    """
    delta = np.asarray(delta_l, dtype=float)
    return 4 * np.pi / wave_number**2 * (2 * np.arange(delta.shape[-1]) + 1) * np.sin(delta) ** 2


def transport_cross_section(delta_l: ArrayLike, wave_number: float) -> Array:
    """Return (4 pi/k^2) sum (l + 1) sin^2(delta_{l+1} - delta_l), the one beyond the last being zero [angstrom^2].

    It is the integral of |f|^2 (1 - cos theta) over the directions, and the wind force on an ion that stands alone.

    Source: schaich-1976 (8), (35); test: test_known_cross_sections_of_three_phase_shifts

    Args:
        delta_l: phase shifts, angular momentum along the last axis [rad].
        wave_number: k [1/angstrom].
    """
    delta = np.asarray(delta_l, dtype=float)
    steps = np.diff(np.concatenate([delta, np.zeros((*delta.shape[:-1], 1))], axis=-1), axis=-1)
    return 4 * np.pi / wave_number**2 * np.sin(steps) ** 2 @ (np.arange(delta.shape[-1]) + 1.0)


def last_share(delta_nl: ArrayLike) -> Array:
    """Return the part of the cross-section that the last angular momentum carries [-].

    Args:
        delta_nl: phase shifts, angular momentum along the last axis [rad].
    """
    waves = partial_cross_sections(delta_nl, 1.0)
    return waves[..., -1] / np.maximum(waves.sum(axis=-1), np.finfo(float).tiny)


def undecayed(delta_nl: ArrayLike, *, largest_share: float = LARGEST_LAST_SHARE) -> IntArray:
    """Return the indices of the rows whose last phase shift has not decayed: l_max is too small for them.

    Args:
        delta_nl: phase shifts of ions or species, (N, l_max + 1) [rad].
        largest_share: of the cross-section that the last partial wave may carry [-].
    """
    return np.flatnonzero(last_share(np.atleast_2d(delta_nl)) > largest_share).astype(np.int64)
