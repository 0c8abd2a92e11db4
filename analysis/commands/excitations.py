"""The verb of concentration excitations: order of an alloy, force constants and energies, overlap with soft modes.

It parses, calls and prints like :mod:`analysis.cli`, which takes it up and turns its errors into an exit status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import ToldProgress, check_figure, print_json, write_figure
from atomsim.errors import InputError, NotAMinimum
from atomsim.units import ATOMIC, ATOMIC_SCALES, REDUCED, UnitSystem

if TYPE_CHECKING:
    from analysis.excitations import AlloyOrder, Excitations, Shells
    from analysis.modes import Elasticity
    from analysis.soft_modes import SoftModes
    from analysis.study.results import WholeStudy
    from atomsim.engines.glass import AlloyGlass
    from atomsim.quench import Glass
    from atomsim.results import Estimate

DEFAULT_MATERIAL = "argon"
SOFT_MODES_OF_A_STRUCTURE = 20  # lowest vibrations taken for the overlap where no study has chosen its soft modes

verbs = typer.Typer()


@dataclass(frozen=True)
class _Source:
    """What the user named: configurations, and for the mechanics glasses with elastic constants and soft modes.

    ``real`` is a glass whose forces come from another engine; ``units`` is None where a structure alone tells lengths.
    """

    alloys: list[Any]
    glasses: list[Glass]
    elasticities: list[Elasticity]
    soft_modes: list[SoftModes]
    hbar: float
    units: UnitSystem | None = REDUCED
    real: AlloyGlass | None = None
    study: WholeStudy | None = None


@verbs.command()
def excitations(
    structure: Annotated[
        str, typer.Argument(metavar="STRUCTURE|DIR", help="any file ASE reads, our HDF5, or a finished study")
    ],
    potential: Annotated[
        str | None, typer.Option("--potential", help="binary model, or eam/fs:FILE; without it the order alone")
    ] = None,
    shells: Annotated[
        str | None, typer.Option("--shells", metavar="R0:R1,R1:R2", help="shells; else between the minima of g(r)")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--force-constants", help="W: ordering, relaxed or literal; as the study has it, else ordering"),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", help="adds the entropy of mixing to W [epsilon/k_B, or K]; as the study, else 0"),
    ] = None,
    material: Annotated[
        str | None, typer.Option("--material", help="scales of a structure, for hbar: argon, sodium, potassium")
    ] = None,
    minimise: Annotated[bool, typer.Option("--minimise", help="move a structure to the nearest minimum first")] = False,
    random_alloys: Annotated[
        int | None, typer.Option("--random-alloys", help="permutations of the species; as the study has it, else 999")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="seed of the random alloys and fields")] = 0,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="draw it: a file .svg or .png")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")] = False,
) -> None:
    """Short-range order, concentration waves and concentration excitations of a binary alloy or glass.

    Example: atomsim excitations glass.xyz --potential kob-andersen --shells 0.8:1.4,1.4:2.2 --json

    Example: atomsim excitations demo --figure excitations.svg

    Example: atomsim excitations cuzr/results.h5:glass/N1000/0000 --potential eam/fs:CuZr_mm.eam.fs --json
    """
    from analysis.commands.excitations_document import excitations_document

    _check_options(figure, random_alloys, form, temperature)
    given = None if shells is None else parse_shells(shells)
    source = _source(structure, potential, material, minimise=minimise)
    order, found = _kept(source, given, random_alloys, form, temperature) or _computed(
        source, given, random_alloys, form or "ordering", temperature or 0.0, np.random.default_rng(seed)
    )
    if figure is not None:
        from analysis.plotting.excitations import figure_excitations
        from analysis.plotting.units import relabelled

        write_figure(figure, relabelled(figure_excitations(order, found), source.units or REDUCED))
    if as_json:
        print_json(excitations_document(order, found, hbar=source.hbar, units=source.units))
        return
    _show_order(order)
    if found:
        _show_excitations(found, source.units or REDUCED)
    else:
        terminal.remark("order alone: --potential names the binary model that gives force constants and energies")


def _kept(
    source: _Source, shells: Shells | None, random_alloys: int | None, form: str | None, temperature: float | None
) -> tuple[AlloyOrder, Sequence[Excitations]] | None:
    """What the study has kept, if it has what is asked for."""
    if source.study is None:
        return None
    from analysis.study import kept_excitations

    kept = kept_excitations(
        source.study, shells=shells, random_alloys=random_alloys, form=form, temperature=temperature
    )
    if kept is not None:
        terminal.remark("order and excitations as the study has kept them")
    return kept


def _computed(
    source: _Source,
    shells: Shells | None,
    random_alloys: int | None,
    form: str,
    temperature: float,
    rng: np.random.Generator,
) -> tuple[AlloyOrder, Sequence[Excitations]]:
    from analysis.excitations import alloy_order
    from analysis.excitations.short_range_order import PERMUTATIONS

    draws = PERMUTATIONS if random_alloys is None else random_alloys
    order = alloy_order(source.alloys, rng, shells=shells, draws=draws)
    measure = _excitations if source.real is None else _excitations_of_engine
    return order, measure(source, order, form, temperature, rng)


def parse_shells(text: str) -> Shells:
    """Return the shells of ``R0:R1,R1:R2`` [units of the structure].

    Args:
        text: what the user typed.

    Raises:
        InputError: it cannot be read, or the shells overlap.
    """
    from analysis.excitations import Shells

    try:
        pairs = [tuple(float(end) for end in part.split(":")) for part in text.split(",")]
        low, high = np.array(pairs).reshape(len(pairs), 2).T
    except ValueError:
        raise InputError(f"--shells {text}: expected R0:R1,R1:R2,..., for example 0.8:1.4,1.4:2.2") from None
    try:
        return Shells(low, high)
    except InputError as error:
        raise InputError(f"--shells {text}: {error}") from None


def _check_options(figure: Path | None, random_alloys: int | None, form: str | None, temperature: float | None) -> None:
    """Refuse before any work what would be refused after it."""
    from analysis.excitations import ExcitationParameters

    check_figure(figure)
    ExcitationParameters(hbar=ATOMIC_SCALES.hbar, form=form or "ordering", temperature=temperature or 0.0)
    if random_alloys is not None and random_alloys < 2:
        raise InputError(f"--random-alloys {random_alloys}: expected two at least")


def _source(text: str, potential: str | None, material: str | None, *, minimise: bool) -> _Source:
    if not Path(text).is_dir():
        return _structure(text, potential, material, minimise=minimise)
    if potential is not None or material is not None or minimise:
        raise InputError(f"{text}: a finished study knows its potential and material, and its glasses are minima")
    from analysis.excitations import alloy_of_glass
    from analysis.study import open_study

    study = open_study(Path(text))
    glasses = [glass for ensemble in study.ensembles for glass in ensemble.glasses]
    return _Source(
        alloys=[alloy_of_glass(glass, name=text) for glass in glasses],
        glasses=glasses,
        elasticities=[elastic for ensemble in study.ensembles for elastic in ensemble.elasticities],
        soft_modes=[soft for ensemble in study.ensembles for soft in ensemble.soft_modes],
        hbar=study.material.hbar,
        study=study,
    )


def _structure(text: str, potential: str | None, material: str | None, *, minimise: bool) -> _Source:
    from analysis.excitations import alloy_of_atoms, alloy_of_glass
    from atomsim.engines import is_engine_potential
    from atomsim.formats import read_structure
    from atomsim.units import get_material

    hbar = get_material(material or DEFAULT_MATERIAL).hbar
    if potential is None:
        if minimise:
            raise InputError("--minimise needs --potential")
        alloys = [alloy_of_atoms(read_structure(Path(text)), name=text)]
        return _Source(alloys, [], [], [], hbar, units=None)
    if is_engine_potential(potential):
        return _real_structure(text, potential, material, minimise=minimise)
    from analysis.excitations.pair_mixture import require_binary
    from analysis.measure import measure_soft_modes, structure_of
    from analysis.modes import elasticity
    from atomsim.potentials import get_model

    require_binary(get_model(potential))
    glass = structure_of(text, potential, minimise=minimise)
    alloy = alloy_of_glass(glass, name=text)
    try:
        glass.certificate.require_minimum(name=text, zero_modes=glass.healthy_zero_modes)
    except NotAMinimum as error:
        raise NotAMinimum(f"{error}; --minimise moves it to the nearest minimum", error.estimate) from error
    count = min(SOFT_MODES_OF_A_STRUCTURE, 3 * glass.n_atoms - glass.n_zero_modes)
    return _Source([alloy], [glass], [elasticity(glass)], [measure_soft_modes(glass, count)], hbar)


def _real_structure(text: str, potential: str, material: str | None, *, minimise: bool) -> _Source:
    """A real alloy, in ångström: its masses and hbar are its own."""
    from analysis.excitations import alloy_of_glass
    from atomsim.formats.alloys import read_alloy_glass

    if material is not None:
        raise InputError(f"--material {material}: a real alloy has its own masses and lengths")
    glass = read_alloy_glass(text, potential, minimise=minimise)
    return _Source([alloy_of_glass(glass, name=text)], [], [], [], ATOMIC_SCALES.hbar, units=ATOMIC, real=glass)


def _excitations_of_engine(
    source: _Source, order: AlloyOrder, form: str, temperature: float, rng: np.random.Generator
) -> list[Excitations]:
    from analysis.excitations import ExcitationParameters, excitations_of
    from analysis.excitations.engine_mechanics import mechanics_of_engine

    assert source.real is not None
    glass, alloy = source.real, source.alloys[0]
    parameters = ExcitationParameters(hbar=source.hbar, form=form, temperature=temperature * ATOMIC.boltzmann)
    reach = None if form == "literal" else float(order.shells.r_max_s[0])
    told = ToldProgress()
    found = mechanics_of_engine(
        glass, alloy, soft_modes=min(SOFT_MODES_OF_A_STRUCTURE, 3 * glass.n_atoms - 3), ordering_reach=reach,
        progress=told,
    )  # fmt: skip
    if reach is not None:
        terminal.remark(f"ordering energies of pairs up to {reach:.3g} angstrom, the first shell; zero beyond it")
    return [
        excitations_of(
            alloy, found.mechanics, glass.mass_n, order.complete[0], order.waves.superstructure_vectors(0), parameters,
            rng, poisson=found.poisson, volume_change=found.volume_change,
            longest=float(np.linalg.norm(order.waves.wave_vector_qc, axis=1).max()), soft=found.soft,
        )
    ]  # fmt: skip


def _excitations(
    source: _Source, order: AlloyOrder, form: str, temperature: float, rng: np.random.Generator
) -> list[Excitations]:
    from analysis.excitations import ExcitationParameters, glass_excitations

    parameters = ExcitationParameters(hbar=source.hbar, form=form, temperature=temperature)
    longest = float(np.linalg.norm(order.waves.wave_vector_qc, axis=1).max())
    everything = zip(source.glasses, order.complete, source.elasticities, source.soft_modes, strict=False)
    found = []
    for g, (glass, complete, elastic, soft) in enumerate(everything):
        vectors_qc = order.waves.superstructure_vectors(g)
        found.append(
            glass_excitations(glass, complete, vectors_qc, elastic, parameters, rng, longest=longest, soft=soft)
        )
        if len(source.glasses) > 1:
            terminal.remark(f"glass {g + 1} of {len(source.glasses)}: {len(found[-1].modes.omega2_m)} excitations")
    return found


def _show_order(order: AlloyOrder) -> None:
    from analysis.commands.excitations_document import shell_rows

    rows = shell_rows(order)
    shown = (
        "r_min",
        "r_max",
        "coordination",
        "alpha_correlation",
        "alpha_warren_cowley",
        "random_deviation",
        "p_value",
    )
    waves = order.waves
    screen = terminal.standard_output()
    screen.print(
        f"{len(order.configurations)} configuration(s), c = {order.concentration:.4g} of {order.names[1]}, "
        f"|1 + sum Z alpha| <= {order.sum_rule:.1e}"
    )
    screen.print(terminal.column_table({name: [float(row[name]) for row in rows] for name in shown}))
    error = f" ± {waves.k_s_error:.2g}" if waves.k_s_error else ""
    kind = "a vector of the crystal" if waves.crystalline else "directions averaged"
    screen.print(f"superstructure vector k_s = {waves.k_s:.5g}{error}, {kind}")


def _show_excitations(found: Sequence[Excitations], units: UnitSystem) -> None:
    from analysis.commands.excitations_document import told
    from analysis.excitations import summarise, summarise_overlaps

    screen = terminal.standard_output()
    screen.print(_estimates({name: told(number, units) for name, number in summarise(found).items()}))
    overlaps = [one.overlap for one in found if one.overlap is not None]
    if overlaps:
        for what, rows in summarise_overlaps(overlaps).items():
            screen.print(what.replace("_", " ") + ":")
            screen.print(_estimates(rows))
    terminal.remark("energies and rates of every wave are in the document of --json")


def _estimates(numbers: dict[str, Estimate]) -> Any:
    columns: dict[str, list[object]] = {
        "number": list(numbers),
        "value": [number.value for number in numbers.values()],
        "error": [terminal.number(number.error, 2) for number in numbers.values()],
        "unit": [number.unit for number in numbers.values()],
    }
    return terminal.column_table(columns)
