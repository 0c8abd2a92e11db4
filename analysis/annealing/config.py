"""The study file of an annealing study: that of any study, with a table ``[anneal]``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from analysis.config import GlassSection, StudyConfig, read_study
from analysis.sections import Count, NotNegative, Positive, Section
from atomsim.annealing import AnnealParameters, frame_steps
from atomsim.engines import engine_potential, is_engine_potential
from atomsim.engines.glass import AlloyParameters, check_alloy_protocol
from atomsim.engines.potential import STYLES
from atomsim.errors import InputError, MissingExtra, nearest
from atomsim.potentials import get_model
from atomsim.units import METAL, REDUCED, UnitSystem

FEWEST_GLASSES = 2


class AnnealSection(Section):
    """How the glasses are annealed, and what is measured on the way."""

    temperatures: list[Positive] = Field(min_length=1, description="temperatures of the anneals [epsilon/k_B]")
    time: Positive = Field(description="duration of each anneal [sigma sqrt(m/epsilon)]")
    first_time: Positive = Field(0.1, description="time of the first frame [sigma sqrt(m/epsilon)]")
    per_decade: Count = Field(4, description="frames in a factor of ten of time")
    time_step: Positive | None = Field(None, description="time step; that of the glasses where absent")
    shells: Count = Field(2, description="shells of neighbours whose order is followed")
    shell_edges: Annotated[list[Positive], Field(min_length=1)] | None = Field(
        None, description="outer ends of the shells [sigma]; the minima of g(r) where absent"
    )
    longest: Positive = Field(3.2, description="longest wave vector [2 pi over the mean distance of the atoms]")
    window: Annotated[list[Positive], Field(min_length=2, max_length=2)] | None = Field(
        None, description="range of the relaxation parameter [1/sigma]; around the second maximum where absent"
    )
    moved: Positive = Field(0.1, description="an atom counts as moved beyond this share of the mean distance [-]")
    resamples: int = Field(100, ge=10, description="draws of glasses for the errors of fits")

    @model_validator(mode="after")
    def _consistent(self) -> AnnealSection:
        if len(set(self.temperatures)) < len(self.temperatures):
            raise ValueError("each temperature may appear once")
        if self.shell_edges is not None and any(np.diff(self.shell_edges) <= 0):
            raise ValueError(f"shell_edges = {self.shell_edges} must ascend")
        return self

    def parameters(self, temperature: float, time_step: float) -> AnnealParameters:
        """Return the protocol at one temperature.

        Args:
            temperature: temperature of the anneal [epsilon/k_B].
            time_step: time step of the glasses [sigma sqrt(m/epsilon)].
        """
        return AnnealParameters(temperature, self.time, self.time_step or time_step, self.first_time, self.per_decade)


class AlloyGlassSection(GlassSection):
    """Glasses of a real alloy, cooled at zero pressure by another engine; ångström, picoseconds and kelvin."""

    composition: dict[str, Positive] = Field(description="share of each element [-]")
    temperature: Positive = Field(2000.0, description="temperature of the melt [K]")
    melt_time: NotNegative = Field(10.0, description="time in the melt [ps]")
    time_step: Positive = Field(0.002, description="time step of the dynamics [ps]")
    cooling_rate: Positive | None = Field(
        None, description="temperature per time [K/ps]; an instantaneous quench where absent"
    )
    final_temperature: Positive = Field(300.0, description="where cooling ends [K]")
    start_density: Positive | None = Field(
        None, description="density of the random start [kg/m^3]; from the crystals of its elements where absent"
    )
    engine: Literal["lammps"] = Field("lammps", description="who does the dynamics and the descent")

    @field_validator("potential")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            engine_potential(value)
        except MissingExtra as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("density", "on_saddle", "swap_attempts", "swap_interval")
    @classmethod
    def _not_chosen(cls, value: object) -> object:
        raise ValueError(
            "not a choice here: the density is that of zero pressure, saddles are left by themselves, and atoms move "
            "by dynamics alone"
        )

    def _check_cell(self, n_atoms: int) -> None:
        check_alloy_protocol(AlloyParameters(n_atoms=n_atoms, **self.protocol()))

    def protocol(self) -> dict[str, Any]:
        """Return how a glass is made, without the number of its atoms.

        What is absent is left out: glasses that never had it keep the keys of their results, which are hashes of this.
        """
        left_out = {"sizes", "samples", "density", "on_saddle", "swap_attempts", "swap_interval", "engine"}
        absent = {"start_density": None, "mpi_ranks": 1}
        values = self.model_dump(exclude=left_out)
        return {key: value for key, value in values.items() if key not in absent or value != absent[key]}


class AnnealStudy(StudyConfig):
    """A study with an annealing; its other tables are those of every study."""

    anneal: AnnealSection

    @property
    def units(self) -> UnitSystem:
        """The units of the file and of all results."""
        return REDUCED

    def species(self) -> int:
        """Return the number of species of a glass."""
        return len(get_model(self.glass.potential).fractions)

    @model_validator(mode="after")
    def _possible(self) -> AnnealStudy:
        ensembles = list(self.glass.ensembles())
        if len(ensembles) != 1:
            raise ValueError(f"glass.sizes = {self.glass.sizes}: an annealing study has one size")
        if ensembles[0][1] < FEWEST_GLASSES:
            raise ValueError(f"glass.samples = {ensembles[0][1]}: {FEWEST_GLASSES} glasses at least, for the noise")
        if self.species() != 2:
            raise ValueError(
                f"glass.potential = {self.glass.potential!r}: order parameters need a model of two species"
            )
        for temperature in self.anneal.temperatures:
            frame_steps(self.anneal.parameters(temperature, self.glass.time_step))
        return self


class AlloyAnnealStudy(AnnealStudy):
    """The annealing of a real alloy."""

    glass: AlloyGlassSection

    @property
    def units(self) -> UnitSystem:
        """The units of the file and of all results."""
        return METAL

    def species(self) -> int:
        """Return the number of elements of the composition."""
        return len(self.glass.composition)


class AlloyGlassStudy(StudyConfig):
    """Glasses of a real material alone, of one element or several; a table ``[anneal]`` may follow, for its verb."""

    glass: AlloyGlassSection
    anneal: AnnealSection | None = None


class _Glass(BaseModel):
    """The key that says which kind of study a file holds; whether it is allowed is for that kind to say."""

    model_config = ConfigDict(extra="ignore")
    potential: Any = ""


class _AnyStudy(BaseModel):
    model_config = ConfigDict(extra="ignore")
    glass: _Glass = Field(default_factory=_Glass)


def load_glass_study(path: Path, overrides: Sequence[str] = ()) -> AlloyGlassStudy:
    """Read and check a study file for its glasses alone, which another engine makes.

    Args:
        path: a TOML file.
        overrides: texts ``table.key=value``, applied over the file in order.

    Raises:
        InputError: the file cannot be read, a key is unknown, a value is not allowed, or its potential is a pair model.
    """
    potential = str(read_study(path, overrides, _AnyStudy).glass.potential)
    if not is_engine_potential(potential):
        raise InputError(
            f"{path}: glass.potential = {potential!r}; expected a potential of LAMMPS, as sw:Si.sw or "
            f"eam/fs:CuZr_mm.eam.fs{nearest(potential.partition(':')[0], STYLES)}; pair models have 'atomsim run'"
        )
    return read_study(path, overrides, AlloyGlassStudy)


def load_anneal_study(path: Path, overrides: Sequence[str] = ()) -> AnnealStudy:
    """Read and check a study file with a table ``[anneal]``; the potential says whether its glasses are real alloys.

    Args:
        path: a TOML file.
        overrides: texts ``table.key=value``, applied over the file in order.

    Raises:
        InputError: the file cannot be read, a key is unknown (the nearest one is named) or a value is not allowed.
    """
    potential = str(read_study(path, overrides, _AnyStudy).glass.potential)
    return read_study(path, overrides, AlloyAnnealStudy if is_engine_potential(potential) else AnnealStudy)
