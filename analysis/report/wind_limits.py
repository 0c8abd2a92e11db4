"""What the numbers of the wind on the ions rest on, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.multiple_scattering.metals import Metal, get_metal
from analysis.study.results import WholeStudy
from analysis.wind_config import WindSection

RECALLED = "recalled"  # confidence of a number of the table of metals that was not read in a source


def wind_limits(study: WholeStudy) -> tuple[str, ...]:
    """Return what has to be said beside the wind on the ions; nothing where there is none.

    Args:
        study: the study.
    """
    return (*_model(study), *_resistivity(study), *_truncation(study)) if study.winds else ()


def _model(study: WholeStudy) -> Iterator[str]:
    context, potential = study.winds[0].context, study.configuration["glass"]["potential"]
    section = WindSection.model_validate(study.configuration["wind"])
    dense = "the density given" if section.metal is None else "the density of the crystal"
    same = ", and atoms of all species and sizes are the same ion" if len(section.names) < 2 else ""
    yield (
        f"the wind is that on {context.metal} ions at the places of the atoms of a glass of {potential}, lengths "
        f"scaled to {dense}: the structure is that of the model, not of the metal{same}"
    )
    yield (
        "atoms rest in their minima, so that no vibrations scatter, and the direct force on the charge of the ions is "
        "not computed"
    )
    if section.phase_shifts is not None:
        yield f"all ions of a species scatter by the same phase shifts, {section.phase_shifts.source}"
    else:
        yield from _metal(get_metal(context.metal))
    yield from context.remarks


def _metal(metal: Metal) -> Iterator[str]:
    yield "ions scatter by screened empty-core potentials inside spheres that do not overlap"
    recalled = sorted(key for key, origin in metal.provenance.items() if origin.confidence == RECALLED)
    if recalled:
        yield f"constants of {metal.name} quoted from memory, not read in a source: {', '.join(recalled)}"


def _resistivity(study: WholeStudy) -> Iterator[str]:
    chosen = study.winds[0].context.chosen
    yield (
        f"wind valences are those of a resistivity of {chosen.value:.4g} µΩ cm ({chosen.source}); Z_w times the "
        "resistivity does not depend on it"
    )
    yield (
        "the resistivities of the glasses are those of ions at rest in a periodic box, whose wave vectors are few; a "
        "measured one is that of the liquid, with its thermal disorder"
    )


def _truncation(study: WholeStudy) -> Iterator[str]:
    winds = study.winds
    error = np.concatenate([one.forces.error_n for one in winds])
    wind = np.concatenate([one.directions.scalar_n for one in winds])
    yield (
        f"each tensor is that of a cluster of {np.concatenate([w.forces.cluster_size_n for w in winds]).mean():.3g} "
        f"ions; what radius and l_max may change in a component is {error.mean():.2g} Å² on average, "
        f"while a third of the trace scatters by {wind.std():.2g} Å²"
    )
    added = "added" if winds[0].forces.single_scattering else "left out"
    yield (
        f"single scattering by ions beyond the clusters is {added}; its correlation with what their radius changes is "
        f"{min(one.forces.explained for one in winds):.3f} or more, and one where that is all it is"
    )
    undecayed = sum(len(one.forces.undecayed_n) for one in winds)
    if undecayed:
        degree = winds[0].forces.l_max
        yield f"the largest angular momentum, {degree}, is too small for the phase shifts of {undecayed} ions"
    if not all(one.forces.is_complete for one in winds):
        yield "the wind is known on ions of each glass drawn at random, which stand for all in the resistivity"
