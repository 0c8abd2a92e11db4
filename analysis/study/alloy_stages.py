"""The stages that the tables of an alloy add to a study: order, concentration excitations, transport, relaxation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.alloy_config import RATES
from analysis.config import MaterialSection, StudyConfig
from analysis.excitations.alloy import alloy_of_glass
from analysis.excitations.measure import ExcitationParameters, Excitations, glass_excitations
from analysis.excitations.order import AlloyOrder, alloy_order
from analysis.excitations.shells import Shells
from analysis.excitations.short_range_order import complete_order
from analysis.excitations.study_transport import StudyTransport, study_transport
from analysis.relaxation.rates import RelaxationRates
from analysis.relaxation.study_relaxation import StudyRelaxation, study_relaxation
from analysis.study.plan import PROCESS_MEMORY, Cost, Inputs, Parameters, Stage

# Measured on one core with Kob-Andersen glasses of 250 to 1000 atoms, like the costs of the other stages.
PAIR_SECONDS = 1.8e-6  # order, each pair of atoms of one glass
FIELD_SECONDS = 5.2e-7  # excitations, each power 5/2 of the number of atoms
ARRAYS = 12  # of N x 3N numbers that the displacement fields hold at once


def _order(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> AlloyOrder:
    alloys = [alloy_of_glass(glass, name=f"glass {g}") for g, glass in enumerate(inputs["glass"])]
    edges = parameters["shell_edges"]
    shells = None if edges is None else Shells(np.array([0.0, *edges[:-1]]), np.array(edges))
    return alloy_order(alloys, rng, shells=shells, draws=parameters["random_alloys"])


def _excitations(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> Excitations:
    """Excitations of one glass, with the shells and the superstructure vector of all of them."""
    (glass,), (elastic,), (soft,), (order,) = (inputs[n] for n in ("glass", "elasticity", "soft_modes", "order"))
    waves = order.waves
    found = glass_excitations(
        glass,
        complete_order(alloy_of_glass(glass), order.shells),
        waves.vectors_of_cell(glass.cell_cc),
        elastic,
        ExcitationParameters(
            hbar=MaterialSection(**parameters["material"]).material().hbar,
            form=parameters["force_constants"],
            temperature=parameters["temperature"],
            draws=parameters["draws"],
        ),
        rng,
        longest=waves.longest,
        soft=soft,
    )
    return found.without_vectors


def _transport(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StudyTransport:
    (potentials,) = inputs["soft_potentials"]
    section = dict(parameters)
    material = MaterialSection(**section.pop("material")).material()
    return study_transport(potentials.W, inputs.get("excitations", ()), material, **section)


def _relaxation(parameters: Parameters, inputs: Inputs, rng: np.random.Generator) -> StudyRelaxation:
    given = parameters["rates"]
    rates = None if given is None else [RelaxationRates(**given)]
    return study_relaxation(rates, polarisation=parameters["initial_polarisation"])


# --- what they cost -----------------------------------------------------------------------------------------


def _order_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    return Cost(0.3 + PAIR_SECONDS * sum(n**2 for n in sizes), PROCESS_MEMORY + 5e3 * sum(sizes))


def _excitation_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    seconds = sum(0.3 + FIELD_SECONDS * n**2.5 for n in sizes)
    return Cost(float(seconds), PROCESS_MEMORY + ARRAYS * 8 * 3 * max(sizes) ** 2)


def _transport_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    return Cost(0.1, PROCESS_MEMORY)


def _relaxation_cost(parameters: Parameters, sizes: Sequence[int]) -> Cost:
    return Cost(2.0 if parameters["rates"] else 5.0, PROCESS_MEMORY)


# --- the table ----------------------------------------------------------------------------------------------


def _order_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.excitations is not None
    return config.excitations.model_dump(include={"shell_edges", "random_alloys"})


def _excitation_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.excitations is not None
    section = config.excitations.model_dump(include={"force_constants", "temperature", "draws"})
    return {**section, "material": config.material.model_dump()}


def _transport_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.transport is not None
    return {**config.transport.model_dump(), "material": config.material.model_dump()}


def _relaxation_parameters(config: StudyConfig) -> dict[str, Any]:
    assert config.relaxation is not None
    section = config.relaxation.model_dump()
    rates = {key: section[key] for key in (*RATES, "detuning")}
    given = rates["coupling"] is not None
    return {"rates": rates if given else None, "initial_polarisation": section["initial_polarisation"]}


def alloy_stages(config: StudyConfig) -> tuple[Stage, ...]:
    """Return the stages that the tables of an alloy add, in order; none where there are no such tables.

    Args:
        config: the study.
    """
    found: list[Stage] = []
    if config.excitations is not None:
        needs = ("glass", "elasticity", "soft_modes", "order")
        found += [
            Stage("order", 1, AlloyOrder, _order, _order_parameters, _order_cost, needs=("glass",), per_sample=False),
            Stage("excitations", 1, Excitations, _excitations, _excitation_parameters, _excitation_cost, needs),
        ]
    if config.transport is not None:
        band = ("excitations",) if config.transport.t0_from == "scaled band" else ()
        found.append(
            Stage(
                "transport",
                1,
                StudyTransport,
                _transport,
                _transport_parameters,
                _transport_cost,
                needs=("soft_potentials", *band),
                per_sample=False,
            )
        )
    if config.relaxation is not None:
        found.append(
            Stage(
                "relaxation",
                1,
                StudyRelaxation,
                _relaxation,
                _relaxation_parameters,
                _relaxation_cost,
                per_sample=False,
            )
        )
    return tuple(found)
