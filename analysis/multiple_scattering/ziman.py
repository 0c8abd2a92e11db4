"""The resistivity of a liquid metal from the scattering of one ion and the structure of the liquid.

Lengths are in angstrom; energies of form factors in hbar^2/(m angstrom^2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.multiple_scattering.electron_gas import electron_density, resistivity
from analysis.multiple_scattering.metals import Metal
from analysis.multiple_scattering.phase_shifts import check_phase_shifts, check_wave_number
from analysis.multiple_scattering.screened_ions import ScreenedIon
from atomsim.errors import InputError
from atomsim.results import Array, quantity

ComplexArray = NDArray[np.complex128]
Amplitude = Callable[[Array], ArrayLike]
StructureFactor = Callable[[Array], ArrayLike]

PACKING = 0.45  # of hard spheres that stand for a liquid metal at its melting point
SMALL_ARGUMENT = 0.3  # of q d, below which the closed form of S(q) loses digits
NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)


@dataclass(frozen=True)
class LiquidResistivity:
    """The resistivity of a liquid metal by its ions' scattering, beside the measured one."""

    born: float = quantity("microohm cm", "from the screened potential to first order")
    t_matrix: float = quantity("microohm cm", "from the phase shifts of the same potential")
    measured: float = quantity("microohm cm", "measured at the melting point")
    wave_number: float = quantity("1/angstrom", "k_F")
    ion_density: float = quantity("1/angstrom^3", "ions per volume")
    packing: float = quantity("1", "share of the volume in hard spheres that stand for the liquid")


def percus_yevick(q: ArrayLike, *, ion_density: float, packing: float = PACKING) -> Array:
    """Return the structure factor of hard spheres by Percus and Yevick, 1/[1 - n c(q)] [-].

    Source: ashcroft-lekner-1966 (structure factor); test: test_hard_spheres_have_the_compressibility_of_percus_yevick

    Args:
        q: wave number [1/angstrom].
        ion_density: n [1/angstrom^3].
        packing: share of the volume inside the spheres [-].

    Raises:
        InputError: a packing outside (0, 0.74), or a density that is not positive.
    """
    if not (0 < packing < np.sqrt(2) * np.pi / 6):
        raise InputError(f"packing = {packing!r}, expected between 0 and that of close packing, 0.74")
    if not (np.isfinite(ion_density) and ion_density > 0):
        raise InputError(f"ion density = {ion_density!r}, expected a positive number [1/angstrom^3]")
    x = np.asarray(q, dtype=float) * (6 * packing / (np.pi * ion_density)) ** (1 / 3)
    first = (1 + 2 * packing) ** 2 / (1 - packing) ** 4
    second = -6 * packing * (1 + packing / 2) ** 2 / (1 - packing) ** 4
    coefficients = (first, second, packing / 2 * first)  # of -c(s) = a + b s + c s^3, s = r/d
    moments = (_moment(x, 1), _moment(x, 2), _moment(x, 4))
    direct = -24 * packing * sum(c * m for c, m in zip(coefficients, moments, strict=True))
    return np.asarray(1 / (1 - direct))


def _moment(x: Array, power: int) -> Array:
    """int_0^1 s^power sin(x s)/x ds for power 1, 2 or 4; by its series where the closed form loses digits."""
    series = sum(
        (-1) ** j * x ** (2 * j) / (float(np.prod(np.arange(1, 2 * j + 2))) * (power + 2 * j + 2)) for j in range(8)
    )
    y = np.where(x < SMALL_ARGUMENT, 1.0, x)
    sine, cosine = np.sin(y), np.cos(y)
    if power == 1:
        closed = (sine - y * cosine) / y**3
    elif power == 2:
        closed = (2 * y * sine + (2 - y**2) * cosine - 2) / y**4
    else:
        closed = ((4 * y**3 - 24 * y) * sine - (y**4 - 12 * y**2 + 24) * cosine + 24) / y**6
    return np.where(x < SMALL_ARGUMENT, series, closed)


def born_amplitude(ion: ScreenedIon) -> Amplitude:
    """Return the scattering amplitude to first order, f(q) = -v(q)/2 pi, as a function of q [angstrom].

    Source: ziman-1961 (first order); test: test_weak_scattering_makes_both_forms_equal

    Args:
        ion: the ion.
    """
    return lambda q: -ion.form_factor(q) / (2 * np.pi)


def phase_shift_amplitude(delta_l: ArrayLike, wave_number: float) -> Callable[[Array], ComplexArray]:
    """Return the scattering amplitude (1/k) sum (2l + 1) e^{i delta} sin(delta) P_l(1 - q^2/2k^2) [angstrom].

    Source: evans-1971 (t-matrix); test: test_weak_scattering_makes_both_forms_equal

    Args:
        delta_l: phase shifts from l = 0 on [rad].
        wave_number: k [1/angstrom].
    """
    check_wave_number(wave_number)
    delta = check_phase_shifts(delta_l, "phase shifts")
    waves = (2 * np.arange(len(delta)) + 1) * np.exp(1j * delta) * np.sin(delta) / wave_number

    def amplitude(q: Array) -> ComplexArray:
        cosine = 1 - np.asarray(q) ** 2 / (2 * wave_number**2)
        return np.asarray(np.polynomial.legendre.legval(cosine, waves), dtype=complex)

    return amplitude


def weighted_cross_section(
    amplitude: Amplitude, wave_number: float, structure_factor: StructureFactor | None = None
) -> float:
    """Return (pi/k^4) int_0^{2k} q^3 S(q) |f(q)|^2 dq, the transport cross-section per ion of a liquid [angstrom^2].

    Without structure, S = 1, it is the transport cross-section of one ion.

    Source: ziman-1961 (resistivity); test: test_without_structure_the_cross_section_is_that_of_one_ion

    Args:
        amplitude: f(q) for wave numbers in 1/angstrom [angstrom].
        wave_number: k [1/angstrom].
        structure_factor: S(q) for wave numbers in 1/angstrom [-].

    Raises:
        InputError: a structure factor that is negative or no number somewhere below 2k.
    """
    check_wave_number(wave_number)
    q = wave_number * (1 + NODES)
    structure = np.ones_like(q) if structure_factor is None else np.asarray(structure_factor(q), dtype=float)
    wrong = np.flatnonzero(~(np.isfinite(structure) & (structure >= 0)))
    if len(wrong):
        i = wrong[0]
        raise InputError(f"S(q) = {structure[i]} at q = {q[i]:.6g}/angstrom, expected zero or more up to 2k")
    square = np.abs(np.asarray(amplitude(q))) ** 2
    return float(np.pi / wave_number**3 * (WEIGHTS * q**3 * structure * square).sum())


def resistivity_of_ions(cross_section: float, wave_number: float, *, valence: float) -> float:
    """Return rho = (hbar/e^2) k sigma/Z of a metal whose ions scatter with sigma each [microohm cm].

    It is that of a mean free path of 1/(n_ion sigma) with n_e = Z n_ion electrons per volume.

    Source: ziman-1961 (resistivity); test: test_resistivity_is_that_of_drude

    Args:
        cross_section: transport cross-section per ion [angstrom^2].
        wave_number: k of the electrons [1/angstrom].
        valence: electrons per ion [-].
    """
    per_volume = electron_density(wave_number) / valence * cross_section
    return float(resistivity(1 / per_volume, wave_number)) if cross_section else 0.0


def liquid_resistivity(
    metal: Metal, ion: ScreenedIon, delta_l: ArrayLike, *, packing: float = PACKING
) -> LiquidResistivity:
    """Return the resistivity of a liquid of hard spheres from the potential and from the phase shifts of its ions.

    The phase shifts are those of one ion alone in the electron gas: they hold the mean potential of the liquid again,
    and their resistivity tells how far first order can be trusted rather than which is the better number.

    Args:
        metal: the metal.
        ion: its ion in the electron gas of the liquid.
        delta_l: phase shifts of that ion at k_F [rad].
        packing: share of the volume inside the spheres [-].
    """
    k = ion.screening.fermi_wave_number
    density = float(electron_density(k)) / ion.valence

    def structure(q: Array) -> Array:
        return percus_yevick(q, ion_density=density, packing=packing)

    amplitudes = (born_amplitude(ion), phase_shift_amplitude(delta_l, k))
    born, t_matrix = (
        resistivity_of_ions(weighted_cross_section(f, k, structure), k, valence=ion.valence) for f in amplitudes
    )
    return LiquidResistivity(born, t_matrix, metal.melting_resistivity, k, density, packing)
