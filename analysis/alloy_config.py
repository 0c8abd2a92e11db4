"""The tables of a study of a binary alloy: concentration excitations, transport of electrons, structural relaxation.

All are off where they are absent.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from analysis.sections import Count, Finite, NotNegative, Positive, Section
from atomsim.errors import InputError
from atomsim.potentials import get_model

RATES = ("inversion_rate", "polarisation_rate", "coupling")
REFERENCES = ("reference_t0", "reference_frequency")


class ExcitationsSection(Section):
    """Short-range order and concentration excitations of the glasses."""

    shell_edges: Annotated[list[Positive], Field(min_length=1)] | None = Field(
        None, description="outer ends of the shells [sigma]; the minima of g(r) where absent"
    )
    random_alloys: int = Field(999, ge=2, description="permutations of the species, for the test against random alloys")
    force_constants: Literal["ordering", "relaxed", "literal"] = Field(
        "ordering", description="force constants W: at fixed positions, relaxed, or the literal form of the papers"
    )
    temperature: NotNegative = Field(0.0, description="adds the entropy of mixing T/[c(1-c)] to W [epsilon/k_B]")
    draws: int = Field(400, ge=2, description="random fields beside the overlap with the soft modes")

    @model_validator(mode="after")
    def _ascending(self) -> ExcitationsSection:
        if self.shell_edges is not None and any(np.diff(self.shell_edges) <= 0):
            raise ValueError(f"shell_edges = {self.shell_edges} must ascend")
        return self


class TransportSection(Section):
    """Corrections to the transport of electrons; numbers of the metal in SI units."""

    diffusivity: Positive = Field(description="diffusion constant of the electrons [m^2/s]")
    screening: Positive | None = Field(None, description="inverse screening length of the electrons [1/m]")
    relaxation_time: Positive | None = Field(None, description="elastic relaxation time of the electrons [s]")
    resistivity: Positive | None = Field(None, description="measured resistivity [Ohm m]")
    temperatures: list[Positive] = Field(
        default_factory=lambda: [float(f"{t:.4g}") for t in np.geomspace(0.01, 100, 41)],
        min_length=1,
        description="ascending temperatures [K]",
    )
    t0_from: Literal["soft potentials", "scaled soft potentials", "scaled band", "given"] = Field(
        "soft potentials",
        description="T_0 = factor W/k_B, a reference times the square of W or of the top of the band, or t0",
    )
    factor: Positive = Field(1.0, description="T_0 over W/k_B where it comes from the soft potentials [-]")
    t0: Positive | None = Field(None, description="T_0 where it is given [K]")
    reference_t0: Positive | None = Field(None, description="T_0 of the reference [K]")
    reference_frequency: Positive | None = Field(None, description="limiting frequency of the reference [rad/s]")
    reference: str = Field("the reference of the study file", description="what the reference is")

    @model_validator(mode="after")
    def _consistent(self) -> TransportSection:
        if any(np.diff(self.temperatures) <= 0):
            raise ValueError("temperatures must ascend")
        self._needed(("t0",), self.t0_from == "given")
        self._needed(REFERENCES, self.t0_from.startswith("scaled"))
        return self

    def _needed(self, keys: tuple[str, ...], needed: bool) -> None:
        for key in keys:
            value = getattr(self, key)
            if needed and value is None:
                raise ValueError(f"t0_from = {self.t0_from!r} needs {key}")
            if value is not None and not needed:
                raise ValueError(f"{key} = {value:g} is not used with t0_from = {self.t0_from!r}")


class RelaxationSection(Section):
    """Curves of the kinetics of relaxation; those of figure 1 of the paper where no rates are given."""

    inversion_rate: Positive | None = Field(None, description="decay of the inversion [1/time]")
    polarisation_rate: Positive | None = Field(None, description="decay of the polarisation [1/time]")
    coupling: Positive | None = Field(None, description="coupling times root of the initial inversion [1/time]")
    detuning: Finite = Field(0.0, description="distance from resonance [1/time]")
    initial_polarisation: Positive = Field(1e-3, description="initial polarisation over initial inversion [-]")

    @model_validator(mode="after")
    def _complete(self) -> RelaxationSection:
        missing = [key for key in RATES if getattr(self, key) is None]
        if missing and (len(missing) < len(RATES) or self.detuning != 0):
            raise ValueError(f"{', '.join(missing)} missing; expected all of {', '.join(RATES)}, or no rate at all")
        return self


def check_alloy(tables: list[str], potential: str, sizes: list[Count]) -> None:
    """Refuse the tables of an alloy where the glasses are none.

    Args:
        tables: names of the tables that are there.
        potential: named model of the glasses.
        sizes: numbers of atoms.

    Raises:
        InputError: the model is not one of two species, or a glass is too small to hold both.
    """
    from analysis.excitations.pair_mixture import require_binary

    named = ", ".join(f"[{table}]" for table in tables)
    model = get_model(potential)
    try:
        require_binary(model)
    except InputError as error:
        raise InputError(f"{named} with glass.potential = {potential!r}: {error}") from None
    for n_atoms in sizes:
        species_n, _ = model.compose(n_atoms, np.random.default_rng(0))
        if len(set(species_n.tolist())) < 2:
            raise InputError(
                f"{named} with glass.sizes = {n_atoms} and glass.potential = {potential!r}: all atoms are of one "
                "species; concentration excitations need an alloy of two, 0 < c < 1"
            )
