"""Simple metals by their measured constants: valence, density of electrons, empty core, resistivity of the liquid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np

from analysis import toml
from analysis.multiple_scattering.electron_gas import fermi_wave_number
from analysis.multiple_scattering.screened_ions import ScreenedIon, Screening, ScreeningKind
from analysis.thermal.materials import Provenance
from atomsim.errors import InputError, nearest
from atomsim.results import quantity
from atomsim.units import ANGSTROM, ATOMIC_MASS, BOHR


@dataclass(frozen=True)
class Metal:
    """What is known of a metal whose electrons are nearly free."""

    symbol: str
    name: str
    valence: int
    r_s: float = quantity("bohr", "radius of the sphere per valence electron in the crystal")
    core_radius: float = quantity("bohr", "radius of the empty core")
    atomic_mass: float = quantity("u", "mass of an atom")
    melting_density: float = quantity("kg/m^3", "density of the liquid at the melting point")
    melting_resistivity: float = quantity("microohm cm", "resistivity of the liquid at the melting point")
    caveat: str = ""
    provenance: Mapping[str, Provenance] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse numbers that no metal can have."""
        for name in ("valence", "r_s", "core_radius", "atomic_mass", "melting_density", "melting_resistivity"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not (np.isfinite(value) and value > 0):
                raise InputError(f"metal {self.symbol}: {name} = {value!r}, expected a positive number")

    @property
    def fermi_wave_number(self) -> float:
        """k_F = (9 pi/4)^{1/3}/r_s of the crystal [1/angstrom]."""
        return float((9 * np.pi / 4) ** (1 / 3) / (self.r_s * BOHR))

    @property
    def liquid_ion_density(self) -> float:
        """Ions per volume of the liquid at the melting point [1/angstrom^3]."""
        return self.melting_density / (self.atomic_mass * ATOMIC_MASS) * ANGSTROM**3

    @property
    def liquid_fermi_wave_number(self) -> float:
        """k_F of the liquid at the melting point [1/angstrom]."""
        return float(fermi_wave_number(self.valence * self.liquid_ion_density))

    def ion(self, *, screening: ScreeningKind, fermi_wave_number: float | None = None) -> ScreenedIon:
        """Return the ion in an electron gas.

        Args:
            screening: the response of the electrons.
            fermi_wave_number: k_F; that of the crystal where absent [1/angstrom].
        """
        k_fermi = self.fermi_wave_number if fermi_wave_number is None else fermi_wave_number
        return ScreenedIon(Screening(screening, k_fermi), float(self.valence), self.core_radius * BOHR)


def builtin_metals() -> Mapping[str, Metal]:
    """Return the metals of the table by their chemical symbols."""
    return _builtin()


@cache
def _builtin() -> Mapping[str, Metal]:
    text = (resources.files("analysis.multiple_scattering") / "metals.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {symbol: _metal(symbol, table) for symbol, table in toml.parse(text, "metals.toml").items()}
    )


def _metal(symbol: str, table: Mapping[str, Any]) -> Metal:
    numbers = {key: value for key, value in table.items() if isinstance(value, dict)}
    plain = {key: value for key, value in table.items() if key not in numbers}
    known = {f.name for f in fields(Metal)} - {"symbol", "provenance"}
    if unknown := [key for key in table if key not in known]:
        raise InputError(f"metals.toml: {symbol}.{unknown[0]}: unknown key{nearest(unknown[0], known)}")
    provenance = {key: Provenance(entry["source"], entry["confidence"]) for key, entry in numbers.items()}
    values: dict[str, Any] = {key: float(entry["value"]) for key, entry in numbers.items()}
    return Metal(symbol, provenance=MappingProxyType(provenance), **plain, **values)


def get_metal(symbol: str) -> Metal:
    """Return a metal of the table.

    Args:
        symbol: its chemical symbol; capitals do not matter.

    Raises:
        InputError: an unknown symbol.
    """
    known = {key.lower(): key for key in builtin_metals()}
    if symbol.lower() not in known:
        listed = ", ".join(known.values())
        raise InputError(f"unknown metal {symbol!r}{nearest(symbol.lower(), known)}; known: {listed}")
    return builtin_metals()[known[symbol.lower()]]
