"""Glasses by their measured constants: a table with sources, and the reading of a user's MATERIAL.toml."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from analysis import toml
from analysis.thermal.closed_forms import KarpovParshinGlass
from analysis.thermal.phonons import Medium
from atomsim.errors import InputError, nearest
from atomsim.results import quantity
from atomsim.units import ANGSTROM, ATOMIC_MASS, ELECTRON_VOLT, HBAR

NOT_GIVEN = float("nan")
LARGEST_VELOCITY_RATIO = math.sqrt(3) / 2  # v_t/v_l at which the bulk modulus vanishes
CONFIDENCE = ("compiled", "derived", "estimated", "fitted", "simulated", "user")
MAY_BE_ZERO = ("b",)


@dataclass(frozen=True)
class Provenance:
    """Where a number comes from, and in one word how far it can be trusted."""

    source: str
    confidence: str


@dataclass(frozen=True)
class GlassMaterial:
    """Constants of a glass whose soft potentials are uniform in (D1, D2); optional ones are NaN where not given."""

    name: str
    density: float = quantity("kg/m^3", "mass density")
    v_l: float = quantity("m/s", "velocity of longitudinal sound")
    v_t: float = quantity("m/s", "velocity of transverse sound")
    W: float = quantity("K", "energy scale of the soft potentials over k_B")
    C_l: float = quantity("1", "tunnelling strength, longitudinal")
    C_t: float = quantity("1", "tunnelling strength, transverse")
    lambda_l: float = quantity("eV", "coupling per dimensionless coordinate, longitudinal", default=NOT_GIVEN)
    lambda_t: float = quantity("eV", "coupling per dimensionless coordinate, transverse", default=NOT_GIVEN)
    tau_0: float = quantity("s", "shortest time of relaxation over a barrier", default=NOT_GIVEN)
    mu: float = quantity("1", "factor of the omega^4 law for elastic scattering", default=1.0)
    debye_temperature: float = quantity("K", "end of the phonons", default=NOT_GIVEN)
    experiment_time: float = quantity("s", "time of a measurement of the specific heat", default=1.0)
    provenance: Mapping[str, Provenance] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse what no glass can have."""
        _check_numbers(self)

    @property
    def medium(self) -> Medium:
        """Density and velocities."""
        return Medium(self.density, self.v_l, self.v_t)


@dataclass(frozen=True)
class KarpovParshinMaterial:
    """Constants of a glass with a smooth distribution of (eta, t); W and eta_L follow from mass, length and energy."""

    name: str
    density: float = quantity("kg/m^3", "mass density")
    v_l: float = quantity("m/s", "velocity of longitudinal sound")
    v_t: float = quantity("m/s", "velocity of transverse sound")
    mass: float = quantity("u", "mass of the moving atom")
    length: float = quantity("angstrom", "length a of the order of the distance of atoms")
    energy: float = quantity("eV", "energy of a displacement by that length")
    G: float = quantity("1/m^3", "density of (eta, t) per volume")
    b: float = quantity("1", "coupling to the square of the fast strain")
    d_l2: float = quantity("1", "mean square deformation potential, longitudinal")
    d_t2: float = quantity("1", "mean square deformation potential, transverse")
    xi2: float = quantity("1", "mean square of the coupling vector to the displacement")
    mu: float = quantity("1", "factor of the omega^4 law for elastic scattering", default=1.0)
    debye_temperature: float = quantity("K", "end of the phonons", default=NOT_GIVEN)
    experiment_time: float = quantity("s", "time of a measurement of the specific heat", default=1.0)
    provenance: Mapping[str, Provenance] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse what no glass can have."""
        _check_numbers(self)

    @property
    def medium(self) -> Medium:
        """Density and velocities."""
        return Medium(self.density, self.v_l, self.v_t)

    @property
    def glass(self) -> KarpovParshinGlass:
        """The same glass in SI."""
        return karpov_parshin_glass({name: getattr(self, name) for name in numbers_of(self)})


Material = GlassMaterial | KarpovParshinMaterial
T = TypeVar("T", bound=GlassMaterial | KarpovParshinMaterial)


def karpov_parshin_glass(values: Mapping[str, Any]) -> KarpovParshinGlass:
    """Return the glass in SI from the numbers of a material, which may be complex (for derivatives).

    eta_L = (hbar^2/2 M a^2 E_0)^{1/3} and W = E_0 eta_L^2; both types of tunnelling systems have the same G.

    Source: karpov-parshin-1985 (2.4), (2.7); test: test_scales_of_karpov_parshin_material

    Args:
        values: the numbers, in the units of the file.
    """
    energy = values["energy"] * ELECTRON_VOLT
    mass, length = values["mass"] * ATOMIC_MASS, values["length"] * ANGSTROM
    eta_L = (HBAR**2 / (2 * mass * length**2 * energy)) ** (1 / 3)
    return KarpovParshinGlass(
        Medium(values["density"], values["v_l"], values["v_t"]),
        W=energy * eta_L**2,
        eta_L=eta_L,
        density_I=values["G"],
        density_II=values["G"],
        d_l2=values["d_l2"],
        d_t2=values["d_t2"],
        b=values["b"],
        mass=mass,
        xi2=values["xi2"],
    )


def numbers_of(kind: Material | type[Any]) -> dict[str, str]:
    """Return the names of the numbers of a kind of material and their units.

    Args:
        kind: a material or its class.
    """
    return {f.name: f.metadata["unit"] for f in fields(kind) if "unit" in f.metadata}


def with_numbers(material: T, numbers: Mapping[str, float], provenance: Mapping[str, Provenance]) -> T:
    """Return a material with some other numbers and what is to be said of them.

    Args:
        material: the glass.
        numbers: name to value [unit of the file].
        provenance: name to source, for the numbers that have another one now.
    """
    changes: dict[str, Any] = dict(numbers)
    return replace(material, provenance=MappingProxyType({**material.provenance, **provenance}), **changes)


def builtin_materials() -> Mapping[str, GlassMaterial]:
    """Return the glasses of the table by their short names."""
    return _builtin()


@cache
def _builtin() -> Mapping[str, GlassMaterial]:
    text = (resources.files("analysis.thermal") / "materials.toml").read_text(encoding="utf-8")
    data, lines = toml.parse(text, "materials.toml"), toml.key_lines(text)
    return MappingProxyType(
        {name: _make(GlassMaterial, _Table("materials.toml", name, table, lines)) for name, table in data.items()}
    )


def get_glass(name: str) -> GlassMaterial:
    """Return a glass of the table.

    Args:
        name: its short name; capitals do not matter.

    Raises:
        InputError: an unknown name.
    """
    known = {key.lower(): key for key in builtin_materials()}
    if name.lower() not in known:
        suggestion = nearest(name.lower(), known)
        raise InputError(f"unknown glass {name!r}{suggestion}; known: {', '.join(known.values())}")
    return builtin_materials()[known[name.lower()]]


def read_material(path: Path) -> Material:
    """Read MATERIAL.toml: a table ``[material]`` or ``[karpov_parshin]``.

    Density and velocities of the second may stand in the first beside it. A value is a number, or a table
    ``{ value, source, confidence }``; a text ``source`` in a table holds for all its numbers.

    Args:
        path: the file.

    Raises:
        InputError: the file cannot be read, a key is unknown or missing, a value cannot be; the message names file,
            line, key, value and what is expected.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InputError(f"{path}: cannot read the material ({reason})") from error
    data, lines = toml.parse(text, str(path)), toml.key_lines(text)
    tables = ("material", "karpov_parshin")
    for key, table in data.items():
        if key not in tables or not isinstance(table, dict):
            hint = nearest(key, tables) or "; expected [material] or [karpov_parshin]"
            raise InputError(f"{path}, line {lines[(key,)]}: unknown table {key!r}{hint}")
    if not data:
        raise InputError(f"{path}: no table [material] or [karpov_parshin]")
    found = {key: _Table(str(path), key, table, lines) for key, table in data.items()}
    if "karpov_parshin" in found:
        return _make(KarpovParshinMaterial, found["karpov_parshin"], found.get("material"))
    return _make(GlassMaterial, found["material"])


@dataclass(frozen=True)
class _Table:
    """A table of a file and where its keys stand."""

    path: str
    name: str
    content: Mapping[str, Any]
    lines: Mapping[toml.KeyPath, int]

    def place(self, key: str | None = None) -> str:
        where = (self.name,) if key is None else (self.name, key)
        dotted = self.name if key is None else f"{self.name}.{key}"
        return f"{self.path}, line {self.lines[where]}: {dotted}"


def _make(kind: type[T], table: _Table, medium: _Table | None = None) -> T:
    """A material from its table; the second table may hold what does not belong to the measure."""
    known = numbers_of(kind)
    shared = ("density", "v_l", "v_t", "debye_temperature", "experiment_time")
    found: dict[str, tuple[_Table, Any]] = {}
    name = ""
    for source, allowed in ((medium, shared), (table, tuple(known))):
        if source is None:
            continue
        name = _text(source, "name") or name
        for key, value in source.content.items():
            if key in ("name", "source"):
                continue
            if key not in allowed:
                raise InputError(f"{source.place(key)}: unknown key{_hint(key, allowed)}")
            found[key] = (source, value)
    if missing := [key for key in known if _is_required(kind, key) and key not in found]:
        units = ", ".join(f"{key} [{known[key]}]" for key in missing)
        raise InputError(f"{table.place()}: missing {units}")
    values, provenance = {}, {}
    for key, (source, value) in found.items():
        values[key], provenance[key] = _number(source, key, value, known[key])
    try:
        return kind(name=name or table.name, provenance=MappingProxyType(provenance), **values)
    except InputError as error:
        raise InputError(f"{table.place()}: {error}") from error


def _is_required(kind: Material | type[Any], key: str) -> bool:
    return all(f.default is MISSING for f in fields(kind) if f.name == key)


def _hint(key: str, allowed: Iterable[str]) -> str:
    return nearest(key, allowed) or f"; known here: {', '.join(allowed)}"


def _text(table: _Table, key: str) -> str:
    value = table.content.get(key, "")
    if not isinstance(value, str):
        raise InputError(f"{table.place(key)} = {value!r}: expected a text")
    return value


def _number(table: _Table, key: str, value: Any, unit: str) -> tuple[float, Provenance]:
    """The value of a key and where it comes from."""
    source, confidence = _text(table, "source") or f"{table.path}", "user"
    if isinstance(value, dict):
        for inner in value:
            if inner not in ("value", "source", "confidence"):
                known = ("value", "source", "confidence")
                raise InputError(f"{table.place(key)}: unknown key {inner!r}{_hint(inner, known)}")
        if "value" not in value:
            raise InputError(f"{table.place(key)}: missing value [{unit}]")
        source, confidence = str(value.get("source", source)), str(value.get("confidence", confidence))
        value = value["value"]
        if confidence not in CONFIDENCE:
            raise InputError(
                f"{table.place(key)}: confidence = {confidence!r}, expected one of {', '.join(CONFIDENCE)}"
            )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{table.place(key)} = {value!r}: expected a number [{unit}]")
    if problem := _problem(key, float(value)):
        raise InputError(f"{table.place(key)} = {value!r}: expected {problem} [{unit}]")
    return float(value), Provenance(source, confidence)


def _problem(key: str, value: float) -> str:
    """What is expected of a number that is wrong; empty if nothing is."""
    if key in MAY_BE_ZERO:
        return "" if math.isfinite(value) and value >= 0 else "a finite number, zero or more"
    return "" if math.isfinite(value) and value > 0 else "a positive finite number"


def _check_numbers(material: Material) -> None:
    """Refuse numbers out of range; optional ones may be absent."""
    for key, unit in numbers_of(material).items():
        value = getattr(material, key)
        if not _is_required(material, key) and math.isnan(value):
            continue
        if problem := _problem(key, value):
            raise InputError(f"{key} = {value!r}, expected {problem} [{unit}]")
    if not material.v_t < LARGEST_VELOCITY_RATIO * material.v_l:
        raise InputError(
            f"v_t = {material.v_t!r}, expected less than v_l sqrt(3)/2 = {LARGEST_VELOCITY_RATIO * material.v_l:.6g} "
            "m/s: beyond, the bulk modulus is not positive"
        )
