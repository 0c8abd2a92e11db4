"""The stages that the tables of nonlinear modes and double wells add to a study: per glass, then over all glasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.config import MaterialSection, StudyConfig
from analysis.nonlinear_config import CUBIC
from analysis.soft_modes import SoftModes
from analysis.soft_modes.directions import Directions, joined, nonlinear_directions, soft_directions
from analysis.soft_modes.double_wells import DoubleWells
from analysis.soft_modes.nonlinear import NonlinearModes, find_nonlinear_modes
from analysis.soft_modes.well_pairs import WellPairs, confirmed_pairs, find_well_pairs
from analysis.study.costs import factor_seconds, neighbours_of
from analysis.study.plan import ORIGIN, PROCESS_MEMORY, Cost, Inputs, Parameters, Stage
from analysis.study.study_nonlinear import StudyNonlinear, study_nonlinear
from analysis.study.study_wells import StudyWells, study_wells
from atomsim.quench import Glass
from atomsim.results import quantity

# In factorisations of the Hessian, whose growth with the number of atoms they share; measured on one core with three
# glasses of 160 atoms and one of 320 of the r^-10 mixture, quenched at once.
START_FACTORS, START_SECONDS = 3.1, 0.002  # each start of a nonlinear mode, and however few the atoms
CLIMB_FACTORS = 175.0  # each climb to a saddle with two descents
PATH_FACTORS = 275.0  # each elastic band with scan, path and levels
CUBIC_SHARE = 0.15  # distinct cubic modes over starts
SOFT_DIRECTIONS = 5  # soft vibrations of a glass whose expansion lets them go
PAIRS_SHARE = 0.5  # pairs over climbs
ATOM_MEMORY = 400e3  # bytes for each atom: dynamical matrix, factors, eigenvectors of a saddle


@dataclass(frozen=True, eq=False)
class GlassNonlinearModes:
    """The nonlinear modes of one glass, one record for each kind asked for."""

    kinds: tuple[NonlinearModes, ...] = quantity("as their fields say", "nonlinear modes of each kind")

    def of_kind(self, kind: str) -> NonlinearModes:
        """Return the modes of one kind.

        Args:
            kind: its name.
        """
        return next(modes for modes in self.kinds if modes.kind == kind)


@dataclass(frozen=True, eq=False)
class GlassWells:
    """The pairs of minima of one glass; those followed along their path in full."""

    pairs: WellPairs = quantity("as its fields say", "all pairs")
    followed: DoubleWells | None = quantity("as its fields say", "pairs with path and levels, if any", default=None)


def _nonlinear_modes(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> GlassNonlinearModes:
    (glass,), (modes,), (elastic,) = inputs["glass"], inputs["modes"], inputs["elasticity"]
    return GlassNonlinearModes(
        tuple(
            find_nonlinear_modes(
                glass,
                modes,
                kind,
                rng,
                lowest_phonon_frequency=elastic.lowest_phonon_frequency,
                n_harmonic=parameters["vibrations"],
                n_dipoles=parameters["bonds"],
            )
            for kind in parameters["kinds"]
        )
    )


def _directions(sources: Sequence[str], glass: Glass, soft: SoftModes, inputs: Inputs) -> Directions:
    parts = []
    if CUBIC in sources:
        (found,) = inputs["nonlinear_modes"]
        parts.append(nonlinear_directions(glass, found.of_kind(CUBIC)))
    if "soft" in sources:
        parts.append(soft_directions(soft))
    return joined(parts)


def _double_wells(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> GlassWells:
    (glass,), (modes,), (soft,) = inputs["glass"], inputs["modes"], inputs["soft_modes"]
    directions = _directions(parameters["directions"], glass, soft, inputs)
    hbar = MaterialSection(**parameters["material"]).material().hbar
    pairs = find_well_pairs(glass, directions, modes, hbar=hbar, both_sides=parameters["both_sides"])
    if parameters["confirm"] == "none":
        return GlassWells(pairs)
    close = np.abs(pairs.energy_difference_m) <= parameters.get("splitting", np.inf)
    return GlassWells(pairs, confirmed_pairs(glass, directions, pairs, np.flatnonzero(close), hbar=hbar))


def _nonlinear_summary(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StudyNonlinear:
    found = [one.kinds for one in inputs["nonlinear_modes"]]
    return study_nonlinear(inputs["glass"], found, rng, resamples=parameters["resamples"])


def _well_summary(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StudyWells:
    found = inputs["double_wells"]
    followed = [one.followed for one in found] if parameters["confirm"] != "none" else None
    return study_wells(
        [one.pairs for one in found],
        followed,
        rng,
        splitting=parameters["splitting"],
        resamples=parameters["resamples"],
    )


def _mode_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    starts = len(parameters["kinds"]) * (parameters["vibrations"] + parameters["bonds"])
    neighbours = neighbours_of(parameters[ORIGIN])
    seconds = sum(0.02 + starts * (START_SECONDS + START_FACTORS * factor_seconds(n, neighbours)) for n in sizes)
    return Cost(float(seconds), PROCESS_MEMORY + ATOM_MEMORY * max(sizes))


def _well_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """The numbers of modes and pairs are guessed from those of glasses quenched at once."""
    soft = SOFT_DIRECTIONS if "soft" in parameters["directions"] else 0
    climbs = (CUBIC_SHARE * parameters["starts"] + soft) * (1 + parameters["both_sides"])
    share = {"none": 0.0, "close": 0.2, "all": 1.0}[parameters["confirm"]]
    factors = climbs * (CLIMB_FACTORS + PAIRS_SHARE * share * PATH_FACTORS)
    neighbours = neighbours_of(parameters[ORIGIN])
    seconds = sum(0.02 + factors * factor_seconds(n, neighbours) for n in sizes)
    return Cost(float(seconds), PROCESS_MEMORY + ATOM_MEMORY * max(sizes))


def _summary_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    """Reads every glass; the draws of glasses for the errors."""
    return Cost(0.1 + 3e-5 * sum(sizes) + 3e-4 * parameters["resamples"], PROCESS_MEMORY + 2400 * sum(sizes))


def _mode_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.nonlinear_modes is not None
    return config.nonlinear_modes.model_dump(exclude={"resamples"})


def _well_parameters(config: StudyConfig) -> dict[str, Any]:
    """The energy up to which pairs are close matters here only where those are followed."""
    assert config.double_wells is not None
    left_out = {"resamples"} if config.double_wells.confirm == "close" else {"resamples", "splitting"}
    found = {**config.double_wells.model_dump(exclude=left_out), "material": config.material.model_dump(), "starts": 0}
    if CUBIC in config.double_wells.directions and config.nonlinear_modes is not None:
        found["starts"] = config.nonlinear_modes.vibrations + config.nonlinear_modes.bonds
    return found


def _nonlinear_summary_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.nonlinear_modes is not None
    return config.nonlinear_modes.model_dump(include={"resamples"})


def _well_summary_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.double_wells is not None
    return config.double_wells.model_dump(include={"confirm", "splitting", "resamples"})


def nonlinear_stages(config: StudyConfig) -> tuple[Stage, ...]:
    """Return the stages that the tables of nonlinear modes and double wells add; none where there are no such tables.

    Args:
        config: the study.
    """
    stages: list[Stage] = []
    if config.nonlinear_modes is not None:
        needs: tuple[str, ...] = ("glass", "elasticity", "modes")
        name = "nonlinear_modes"
        stages += [
            Stage(name, 1, GlassNonlinearModes, _nonlinear_modes, _mode_parameters, _mode_cost, needs),
            Stage("nonlinear_summary", 1, StudyNonlinear, _nonlinear_summary, _nonlinear_summary_parameters,
                  _summary_cost, ("glass", name), per_sample=False),
        ]  # fmt: skip
    if config.double_wells is not None:
        cubic = ("nonlinear_modes",) if CUBIC in config.double_wells.directions else ()
        needs, name = ("glass", "modes", "soft_modes", *cubic), "double_wells"
        stages += [
            Stage(name, 2, GlassWells, _double_wells, _well_parameters, _well_cost, needs),
            Stage("well_summary", 1, StudyWells, _well_summary, _well_summary_parameters, _summary_cost, (name,),
                  per_sample=False),
        ]  # fmt: skip
    return tuple(stages)
