"""The tables of a study that asks for nonlinear modes and double wells of its glasses; off where they are absent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from analysis.sections import Positive, Section
from atomsim.errors import InputError

ZERO_MODES = 3  # of a glass in three dimensions without loose atoms
CUBIC = "cubic"


class NonlinearModesSection(Section):
    """Which nonlinear modes are looked for, and from where."""

    kinds: list[Literal["cubic", "quartic", "pseudo-harmonic"]] = Field(
        ["cubic"], min_length=1, description="kinds that are looked for"
    )
    vibrations: int = Field(12, ge=0, description="starts from this many lowest vibrations, for each kind")
    bonds: int = Field(20, ge=0, description="starts from pulling at this many softest bonds, for each kind")
    resamples: int = Field(400, ge=2, description="draws of glasses for the errors")

    @field_validator("kinds")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("each kind may appear once")
        return value

    @model_validator(mode="after")
    def _some_start(self) -> NonlinearModesSection:
        if self.vibrations + self.bonds < 1:
            raise ValueError("vibrations = 0 and bonds = 0: expected at least one start")
        return self


class DoubleWellsSection(Section):
    """Which neighbouring minima are looked for, and which pairs are followed along their path."""

    directions: list[Literal["cubic", "soft"]] = Field(
        ["cubic"],
        min_length=1,
        description="where to climb: along cubic modes, and along soft vibrations whose expansion lets them go",
    )
    both_sides: bool = Field(False, description="climb also away from where the cubic expansion has its barrier")
    confirm: Literal["none", "close", "all"] = Field(
        "none", description="pairs that get an elastic band, a relaxed scan and levels: close ones, all or none"
    )
    splitting: Positive = Field(
        0.1, description="pairs are close, and two-level systems counted, up to this energy [epsilon]"
    )
    resamples: int = Field(400, ge=2, description="draws of glasses for the errors")

    @field_validator("directions")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("each kind of direction may appear once")
        return value


def check_nonlinear(
    modes: NonlinearModesSection | None, wells: DoubleWellsSection | None, *, vectors: int, lowest: int | None
) -> None:
    """Refuse tables that ask for what the other tables do not give.

    Args:
        modes: the table of the nonlinear modes, if there is one.
        wells: the table of the double wells, if there is one.
        vectors: lowest eigenvectors kept, those of translations included.
        lowest: vibrations computed; all where absent.

    Raises:
        InputError: naming the key.
    """
    if wells is not None and CUBIC in wells.directions and (modes is None or CUBIC not in modes.kinds):
        raise InputError(
            "double_wells.directions: climbing along cubic modes needs the table [nonlinear_modes] with "
            "'cubic' among its kinds"
        )
    kept = vectors - ZERO_MODES if lowest is None else min(vectors - ZERO_MODES, lowest)
    wanted = max(1, 0 if modes is None else modes.vibrations)
    if (modes is not None or wells is not None) and kept < wanted:
        raise InputError(
            f"modes.keep_vectors = {vectors} keeps the vectors of {kept} vibrations; nonlinear modes and double wells "
            f"need {wanted}"
        )
