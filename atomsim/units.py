"""Reduced units and SI: the constants of nature, materials that set the scales, and the only conversions there are.

Everything else in the suite takes the constants from here. A :class:`Material` names the three scales (sigma,
epsilon, mass); all other units, and the reduced value of hbar, follow from them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from atomsim.errors import InputError, nearest
from atomsim.results import Array, quantity

Result = TypeVar("Result")

BOLTZMANN = constants.Boltzmann
HBAR = constants.hbar
ATOMIC_MASS = constants.atomic_mass
ELECTRON_MASS = constants.electron_mass
ANGSTROM = constants.angstrom
ELECTRON_VOLT = constants.electron_volt
BOHR = constants.value("Bohr radius") / ANGSTROM  # [angstrom]
BAR = constants.bar * ANGSTROM**3 / ELECTRON_VOLT  # [eV/angstrom^3]

BOLTZMANN_METAL = BOLTZMANN / ELECTRON_VOLT  # [eV/K]

# Vibrations as other programs tell them: the angular frequency of one unit [rad/s].
FREQUENCY_UNITS: Mapping[str, float] = MappingProxyType(
    {
        "THz": 2e12 * np.pi,
        "1/cm": 200 * np.pi * constants.speed_of_light,
        "rad/ps": 1e12,
        "meV": 1e-3 * ELECTRON_VOLT / HBAR,
    }
)
# Force constants as other programs write them: one unit in eV/angstrom^2.
FORCE_CONSTANT_UNITS: Mapping[str, float] = MappingProxyType(
    {
        "eV/A^2": 1.0,
        "10J/mol/A^2": 10 / constants.Avogadro / ELECTRON_VOLT,
        "kcal/mol/A^2": 1e3 * constants.calorie / constants.Avogadro / ELECTRON_VOLT,
        "Ry/bohr^2": constants.value("Rydberg constant times hc in eV") / BOHR**2,
        "Ha/bohr^2": constants.value("Hartree energy in eV") / BOHR**2,
        "N/m": ANGSTROM**2 / ELECTRON_VOLT,
    }
)

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

    def scale(self, *, energy: float = 0, length: float = 0, mass: float = 0) -> float:
        """Return epsilon^energy sigma^length m^mass, for what has no name of its own [SI].

        Args:
            energy: power of the unit of energy [-].
            length: power of the unit of length [-].
            mass: power of the unit of mass [-].
        """
        return self.epsilon**energy * self.sigma**length * self.mass**mass

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


@dataclass(frozen=True)
class UnitSystem:
    """The units of a set of numbers: what stands where a result of the suite says sigma, epsilon, m, and so on."""

    name: str
    length: str
    energy: str
    mass: str
    time: str
    temperature: str
    boltzmann: float = quantity("unit of energy / unit of temperature", "Boltzmann's constant")

    def restate(self, unit: str) -> str:
        """Return a unit that is told in reduced units in this system.

        Args:
            unit: for example ``epsilon/sigma^3``; what holds no reduced unit stays as it is.
        """
        if self.length == "sigma":
            return unit
        whole = {
            "sigma sqrt(m/epsilon)": self.time,
            "epsilon/k_B": self.temperature,
            "k_B/epsilon": f"1/{self.temperature}",
        }
        own = {"sigma": self.length, "epsilon": self.energy, "m": self.mass, "^d": "^3"}
        told = re.sub(r"\bsigma\b|\bepsilon\b|\bm\b|\^d\b", lambda found: own[found.group()], unit)
        return whole.get(unit, told)

    def as_dict(self) -> dict[str, str]:
        """Return the units that a document names."""
        names = ("length", "energy", "mass", "time", "temperature")
        units = {name: getattr(self, name) for name in names}
        return {"system": self.name, **units, "wave_number": f"1/{self.length}",
                "pressure": self.restate("epsilon/sigma^3")}  # fmt: skip


REDUCED = UnitSystem("reduced", "sigma", "epsilon", "m", "sigma sqrt(m/epsilon)", "epsilon/k_B", 1.0)
METAL = UnitSystem("metal", "angstrom", "eV", "amu", "ps", "K", BOLTZMANN_METAL)
# Mechanics in ångström, electron volts and atomic masses: its unit of time is 10.18 fs, and hbar 0.0646 of its own.
ATOMIC = UnitSystem("atomic", "angstrom", "eV", "amu", "angstrom sqrt(amu/eV)", "K", BOLTZMANN_METAL)
ATOMIC_SCALES = Material(
    "angstrom, eV and amu", sigma=ANGSTROM, epsilon=ELECTRON_VOLT, mass=ATOMIC_MASS, source="definitions"
)
UNIT_SYSTEMS: Mapping[str, UnitSystem] = MappingProxyType({system.name: system for system in (REDUCED, METAL, ATOMIC)})


def in_units(kind: type[Result], system: UnitSystem, name: str, module: str) -> type[Result]:
    """Return a class of results like another one, whose fields are told in other units.

    Args:
        kind: a dataclass of results in reduced units.
        system: the units.
        name: name of the class.
        module: the module that holds it under this name.
    """
    hints = get_type_hints(kind)
    columns: list[Any] = []
    for column in dataclasses.fields(kind):  # type: ignore[arg-type]
        told = dict(column.metadata) | {"unit": system.restate(column.metadata.get("unit", "1"))}
        columns.append((column.name, hints[column.name], dataclasses.field(default=column.default, metadata=told)))
    about = {"__doc__": f"{kind.__doc__}\n\nUnits: {system.name}.", "__module__": module}
    return dataclasses.make_dataclass(name, columns, bases=(kind,), namespace=about, frozen=True)
