"""Reduced units and SI: the constants of nature, materials that set the scales, and the only conversions there are.

Everything else in the suite takes the constants from here. A :class:`Material` names the three scales (sigma,
epsilon, mass); all other units, and the reduced value of hbar, follow from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from atomsim.errors import InputError, nearest
from atomsim.results import Array, quantity

BOLTZMANN = constants.Boltzmann
HBAR = constants.hbar
ATOMIC_MASS = constants.atomic_mass
ANGSTROM = constants.angstrom
ELECTRON_VOLT = constants.electron_volt

# Density rho sigma^3 (epsilon/k_B T)^{1/2} at which the liquid of r^-6 spheres freezes: tan-2011, its table 4.
SOFT_SPHERE_FREEZING_DENSITY = 2.295


@dataclass(frozen=True)
class Material:
    """The scales that turn reduced units (sigma = epsilon = m = k_B = 1) into SI, and where they come from."""

    name: str
    sigma: float = quantity("m", "unit of length")
    epsilon: float = quantity("J", "unit of energy")
    mass: float = quantity("kg", "unit of mass")
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse scales that are not positive numbers."""
        for field in ("sigma", "epsilon", "mass"):
            value = getattr(self, field)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"material {self.name!r}: {field} = {value!r}, expected a positive number")

    @property
    def temperature_unit(self) -> float:
        """Return epsilon/k_B [K]."""
        return self.epsilon / BOLTZMANN

    @property
    def time_unit(self) -> float:
        """Return sigma sqrt(m/epsilon) [s]."""
        return self.sigma * float(np.sqrt(self.mass / self.epsilon))

    @property
    def frequency_unit(self) -> float:
        """Return the unit of angular frequency, sqrt(epsilon/m)/sigma [rad/s]."""
        return 1 / self.time_unit

    @property
    def velocity_unit(self) -> float:
        """Return sqrt(epsilon/m) [m/s]."""
        return self.sigma / self.time_unit

    @property
    def pressure_unit(self) -> float:
        """Return epsilon/sigma^3 [Pa]."""
        return self.epsilon / self.sigma**3

    @property
    def density_unit(self) -> float:
        """Return the unit of mass density, m/sigma^3 [kg/m^3]."""
        return self.mass / self.sigma**3

    @property
    def number_density_unit(self) -> float:
        """Return 1/sigma^3 [1/m^3]."""
        return self.sigma**-3

    @property
    def conductivity_unit(self) -> float:
        """Return the unit of thermal conductivity, k_B/(sigma tau) with tau the unit of time [W/(m K)]."""
        return BOLTZMANN / (self.sigma * self.time_unit)

    @property
    def specific_heat_unit(self) -> float:
        """Return the unit of specific heat per volume, k_B/sigma^3 [J/(m^3 K)]."""
        return BOLTZMANN / self.sigma**3

    @property
    def hbar(self) -> float:
        """Return hbar in reduced units, hbar/(sigma sqrt(m epsilon)) [-]: de Boer's parameter over 2 pi."""
        return HBAR / (self.sigma * float(np.sqrt(self.mass * self.epsilon)))

    @property
    def units(self) -> Mapping[str, float]:
        """Return the SI value of one reduced unit for each kind of quantity [SI unit of the kind]."""
        return MappingProxyType(
            {
                "length": self.sigma,
                "energy": self.epsilon,
                "mass": self.mass,
                "temperature": self.temperature_unit,
                "time": self.time_unit,
                "frequency": self.frequency_unit,
                "velocity": self.velocity_unit,
                "pressure": self.pressure_unit,
                "density": self.density_unit,
                "number_density": self.number_density_unit,
                "conductivity": self.conductivity_unit,
                "specific_heat": self.specific_heat_unit,
            }
        )

    def to_si(self, value: ArrayLike, kind: str) -> Array:
        """Return a number given in reduced units in SI [SI unit of the kind]; frequencies are angular.

        Args:
            value: the number [reduced unit of the kind].
            kind: a key of :attr:`units`.

        Raises:
            InputError: an unknown kind of quantity.
        """
        return np.asarray(value, dtype=float) * self._unit(kind)

    def from_si(self, value: ArrayLike, kind: str) -> Array:
        """Return a number given in SI in reduced units [reduced unit of the kind]; frequencies are angular.

        Args:
            value: the number [SI unit of the kind].
            kind: a key of :attr:`units`.

        Raises:
            InputError: an unknown kind of quantity.
        """
        return np.asarray(value, dtype=float) / self._unit(kind)

    def _unit(self, kind: str) -> float:
        units = self.units
        if kind not in units:
            raise InputError(f"unknown kind of quantity {kind!r}{nearest(kind, units)}; known: {', '.join(units)}")
        return units[kind]


def soft_sphere_metal(name: str, *, density: float, melting_temperature: float, mass: float, source: str) -> Material:
    """Return the scales with which r^-6 spheres at rho sigma^3 = 1 stand for a simple metal.

    sigma is the mean distance n^{-1/3} of the liquid at its melting point. The only coupling of the r^-6 system is
    rho sigma^3 (epsilon/k_B T)^{1/2}; the liquid freezes where it is 2.295, so at unit density k_B T/epsilon =
    2.295^{-2} = 0.190, and epsilon = k_B T_melting/0.190.

    Confidence: sigma is good to a few per cent. epsilon rests on one number, and the real interaction is neither
    purely repulsive nor r^-6: for sodium the highest vibrations of the r^-6 glass come out near 5 THz, a third above
    those of the crystal, so take energies and temperatures as good to a factor of about 1.5.

    Source: tan-2011 (table 4); test: test_soft_sphere_metal_freezes_at_its_melting_point

    Args:
        name: name of the material.
        density: density of the liquid at the melting point [kg/m^3].
        melting_temperature: melting temperature [K].
        mass: mass of one atom [kg].
        source: where the measured numbers come from.
    """
    freezing_temperature = SOFT_SPHERE_FREEZING_DENSITY**-2
    return Material(
        name=name,
        sigma=float((mass / density) ** (1 / 3)),
        epsilon=BOLTZMANN * melting_temperature / freezing_temperature,
        mass=mass,
        source=source,
    )


_HANDBOOK = "density of the liquid at the melting point and melting temperature as in handbooks; scales by tan-2011"

MATERIALS: Mapping[str, Material] = MappingProxyType(
    {
        material.name: material
        for material in (
            soft_sphere_metal(
                "sodium", density=927.0, melting_temperature=370.95, mass=22.98977 * ATOMIC_MASS, source=_HANDBOOK
            ),
            soft_sphere_metal(
                "potassium", density=828.0, melting_temperature=336.7, mass=39.0983 * ATOMIC_MASS, source=_HANDBOOK
            ),
            Material(
                "argon",
                sigma=3.405 * ANGSTROM,
                epsilon=119.8 * BOLTZMANN,
                mass=39.948 * ATOMIC_MASS,
                source="Lennard-Jones parameters of verlet-1967",
            ),
        )
    }
)


def get_material(name: str) -> Material:
    """Return a built-in material.

    Args:
        name: a key of :data:`MATERIALS`.

    Raises:
        InputError: an unknown name.
    """
    if name not in MATERIALS:
        raise InputError(f"unknown material {name!r}{nearest(name, MATERIALS)}; known: {', '.join(MATERIALS)}")
    return MATERIALS[name]
