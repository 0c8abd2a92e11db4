"""The table of a study that asks for the wind of electrons on the ions of its glasses; off where it is absent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from analysis.sections import Count, Finite, Positive, Section
from atomsim.errors import InputError

if TYPE_CHECKING:
    from analysis.multiple_scattering.phase_shifts import PhaseShifts

OF_PHASE_SHIFTS = ("ion_density", "resistivity")  # what is known of a metal, and has to be given with phase shifts


class SpeciesShifts(Section):
    """Phase shifts of one species of ions."""

    delta: list[Finite] = Field(min_length=1, description="phase shifts from l = 0 on [rad]")


class GivenPhaseShifts(Section):
    """The content of a file of phase shifts, which a study keeps instead of the name of the file."""

    k_fermi: Positive = Field(description="wave number of the electrons between the ions [1/angstrom]")
    species: dict[str, SpeciesShifts] = Field(min_length=1, description="phase shifts of each species")
    source: str = Field("", description="where the numbers come from")

    def table(self) -> PhaseShifts:
        """Return the phase shifts.

        Raises:
            InputError: more of them than can be computed with.
        """
        from analysis.multiple_scattering.phase_shifts import phase_shift_table

        return phase_shift_table(self.k_fermi, {name: one.delta for name, one in self.species.items()}, self.source)


class WindSection(Section):
    """The wind of electrons on the ions of the glasses, taken for a metal or for ions of given phase shifts."""

    metal: str | None = Field(
        None, description="chemical symbol of the metal that all atoms stand for: Li, Na, K, Rb, Cs, Mg, ..."
    )
    phase_shifts: GivenPhaseShifts | None = Field(
        None, description="instead of a metal: a file of phase shifts, from the folder of the study file on"
    )
    species: list[str] | None = Field(
        None,
        min_length=1,
        description="species of the phase shifts for each species of the potential; where absent there must be one, "
        "which all atoms are",
    )
    ion_density: Positive | None = Field(
        None, description="with phase shifts: ions per volume to which the glasses are scaled [1/angstrom^3]"
    )
    l_max: int | None = Field(
        None,
        ge=0,
        validate_default=True,
        description="largest angular momentum of the phase shifts; 2 for a metal, all that are given where absent",
    )
    radius: Positive | None = Field(
        None,
        description="of the cluster about each ion, at most half the cell [angstrom]; three neighbour distances where "
        "absent, or half the cell if that is less",
    )
    single_scattering: bool = Field(
        True, description="add single scattering by ions beyond the clusters, in second order and in all glasses alike"
    )
    resistivity: Positive | None = Field(
        None, description="for the wind valences [microohm cm]; that of the liquid metal at its melting point if absent"
    )
    ions: Count | None = Field(None, description="ions of each glass, drawn at random; all where absent")

    @field_validator("metal")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        from analysis.multiple_scattering.metals import get_metal

        return None if value is None else get_metal(value).symbol

    @field_validator("phase_shifts", mode="before")
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Any:
        from analysis.multiple_scattering.phase_shift_file import read_phase_shifts

        if not isinstance(value, str):
            return value
        found = read_phase_shifts((info.context or {}).get("folder", Path()) / value)
        species = {name: {"delta": found.of(name).tolist()} for name in found.species}
        return {"k_fermi": found.wave_number, "species": species, "source": found.method}

    @field_validator("l_max")
    @classmethod
    def _degree(cls, value: int | None, info: ValidationInfo) -> int | None:
        from analysis.multiple_scattering.wind_input import METAL_L_MAX

        given = info.data.get("phase_shifts")
        if given is None:
            return METAL_L_MAX if value is None else value
        largest = given.table().l_max
        if value is not None and value > largest:
            raise ValueError(f"phase shifts are given for l = 0 to {largest}")
        return largest if value is None else value

    @model_validator(mode="after")
    def _metal_or_phase_shifts(self) -> WindSection:
        if (self.metal is None) == (self.phase_shifts is None):
            both = "both are there" if self.metal is not None else "none is there"
            raise ValueError(f"expected wind.metal or wind.phase_shifts, one of them; {both}")
        if self.phase_shifts is None:
            for name in ("species", "ion_density"):
                if getattr(self, name) is not None:
                    raise ValueError(f"wind.{name} is given with wind.phase_shifts only; the metal says it")
            return self
        for name in OF_PHASE_SHIFTS:
            if getattr(self, name) is None:
                raise ValueError(f"wind.{name} is missing: it is not known of ions whose phase shifts are given")
        _check_names(self.species, list(self.phase_shifts.species))
        return self

    @property
    def density(self) -> float:
        """Ions per volume to which the glasses are scaled [1/angstrom^3]."""
        from analysis.multiple_scattering.metals import get_metal
        from analysis.multiple_scattering.structures import ion_density

        return self.ion_density or ion_density(get_metal(str(self.metal)))

    @property
    def names(self) -> list[str]:
        """Species of the phase shifts for species 0, 1, ... of the potential; a single one for all, none of a metal."""
        if self.phase_shifts is None:
            return []
        return self.species or list(self.phase_shifts.species)


def _check_names(names: list[str] | None, given: list[str]) -> None:
    """Refuse names of species without phase shifts, and no names where there are several species."""
    if names is None and len(given) > 1:
        raise ValueError(f"wind.species is missing: phase shifts are given for {', '.join(given)}; name one for each "
                         "species of the potential")  # fmt: skip
    for name in names or ():
        if name not in given:
            raise ValueError(f"wind.species: no phase shifts for {name!r}; given: {', '.join(given)}")


def half_cell(density: float, n_atoms: int) -> float:
    """Return half the edge of a cubic cell of ions [angstrom].

    Args:
        density: ions per volume [1/angstrom^3].
        n_atoms: number of ions.
    """
    return float(np.cbrt(n_atoms / density)) / 2


def check_wind(section: WindSection, sizes: list[int]) -> None:
    """Refuse more ions than a glass has, and clusters that would hold an ion twice.

    Args:
        section: the table.
        sizes: numbers of atoms.

    Raises:
        InputError: naming the key, its value and the size that forbids it.
    """
    smallest = min(sizes)
    if section.ions is not None and section.ions > smallest:
        raise InputError(f"wind.ions = {section.ions}: the smallest glass has {smallest} atoms")
    half = half_cell(section.density, smallest)
    if section.radius is not None and section.radius > half:
        what = section.metal or f"{section.density:g}/angstrom^3"
        raise InputError(
            f"wind.radius = {section.radius:g} angstrom is more than half the cell of {smallest} ions of "
            f"{what}, {half:.4g} angstrom, beyond which a cluster holds images of its own ions"
        )
