"""The table of a study that asks for the wind of electrons on the ions of its glasses; off where it is absent."""

from __future__ import annotations

import numpy as np
from pydantic import Field, field_validator

from analysis.sections import Count, Positive, Section
from atomsim.errors import InputError


class WindSection(Section):
    """The wind of electrons on the ions of the glasses, taken for a metal."""

    metal: str = Field(description="chemical symbol of the metal that all atoms stand for: Li, Na, K, Rb, Cs, Mg, ...")
    l_max: int = Field(2, ge=0, description="largest angular momentum of the phase shifts")
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
    def _known(cls, value: str) -> str:
        from analysis.multiple_scattering.metals import get_metal

        return get_metal(value).symbol


def half_cell(symbol: str, n_atoms: int) -> float:
    """Return half the edge of a cubic cell of ions at the density of a metal [angstrom].

    Args:
        symbol: chemical symbol of the metal.
        n_atoms: number of ions.
    """
    from analysis.multiple_scattering.metals import get_metal
    from analysis.multiple_scattering.structures import ion_density

    return float(np.cbrt(n_atoms / ion_density(get_metal(symbol)))) / 2


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
    half = half_cell(section.metal, smallest)
    if section.radius is not None and section.radius > half:
        raise InputError(
            f"wind.radius = {section.radius:g} angstrom is more than half the cell of {smallest} ions of "
            f"{section.metal}, {half:.4g} angstrom, beyond which a cluster holds images of its own ions"
        )
