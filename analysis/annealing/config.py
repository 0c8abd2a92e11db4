"""The study file of an annealing study: that of any study, with a table ``[anneal]``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from analysis.config import Count, Positive, Section, StudyConfig, read_study
from atomsim.annealing import AnnealParameters, frame_steps
from atomsim.potentials import get_model

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


class AnnealStudy(StudyConfig):
    """A study with an annealing; its other tables are those of every study."""

    anneal: AnnealSection

    @model_validator(mode="after")
    def _possible(self) -> AnnealStudy:
        ensembles = list(self.glass.ensembles())
        if len(ensembles) != 1:
            raise ValueError(f"glass.sizes = {self.glass.sizes}: an annealing study has one size")
        if ensembles[0][1] < FEWEST_GLASSES:
            raise ValueError(f"glass.samples = {ensembles[0][1]}: {FEWEST_GLASSES} glasses at least, for the noise")
        if len(get_model(self.glass.potential).fractions) != 2:
            raise ValueError(
                f"glass.potential = {self.glass.potential!r}: order parameters need a model of two species"
            )
        for temperature in self.anneal.temperatures:
            frame_steps(self.anneal.parameters(temperature, self.glass.time_step))
        return self


def load_anneal_study(path: Path, overrides: Sequence[str] = ()) -> AnnealStudy:
    """Read and check a study file with a table ``[anneal]``.

    Args:
        path: a TOML file.
        overrides: texts ``table.key=value``, applied over the file in order.

    Raises:
        InputError: the file cannot be read, a key is unknown (the nearest one is named) or a value is not allowed.
    """
    return read_study(path, overrides, AnnealStudy)
