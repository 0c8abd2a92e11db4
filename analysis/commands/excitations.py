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
from analysis.commands.common import check_figure, print_json, write_figure
from atomsim.errors import InputError, NotAMinimum

if TYPE_CHECKING:
    from analysis.excitations import AlloyOrder, Excitations, Shells
    from analysis.excitations.dispersion import Dispersion
    from analysis.modes import Elasticity
    from analysis.soft_modes import SoftModes
    from atomsim.quench import Glass
    from atomsim.results import Estimate

DEFAULT_MATERIAL = "argon"
SOFT_MODES_OF_A_STRUCTURE = 20  # lowest vibrations taken for the overlap where no study has chosen its soft modes

verbs = typer.Typer()


@dataclass(frozen=True)
class _Source:
    """What the user named: configurations, and for the mechanics glasses with elastic constants and soft modes."""

    alloys: list[Any]
    glasses: list[Glass]
    elasticities: list[Elasticity]
    soft_modes: list[SoftModes]
    hbar: float


@verbs.command()
def excitations(
    structure: Annotated[
        str, typer.Argument(metavar="STRUCTURE|DIR", help="any file ASE reads, our HDF5, or a finished study")
    ],
    potential: Annotated[
        str | None, typer.Option("--potential", help="binary model of a structure; without it the order alone")
    ] = None,
    shells: Annotated[
        str | None, typer.Option("--shells", metavar="R0:R1,R1:R2", help="shells; else between the minima of g(r)")
    ] = None,
    form: Annotated[
        str, typer.Option("--force-constants", help="W of the excitations: ordering, relaxed or literal")
    ] = "ordering",
    temperature: Annotated[
        float, typer.Option("--temperature", help="adds the entropy of mixing to W [epsilon/k_B]")
    ] = 0.0,
    material: Annotated[
        str | None, typer.Option("--material", help="scales of a structure, for hbar: argon, sodium, potassium")
    ] = None,
    minimise: Annotated[bool, typer.Option("--minimise", help="move a structure to the nearest minimum first")] = False,
    random_alloys: Annotated[int, typer.Option("--random-alloys", help="permutations of the species")] = 999,
    seed: Annotated[int, typer.Option("--seed", help="seed of the random alloys and fields")] = 0,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="draw it: a file .svg or .png")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document on standard output")] = False,
) -> None:
    """Short-range order, concentration waves and concentration excitations of a binary alloy or glass.

    Example: atomsim excitations glass.xyz --potential kob-andersen --shells 0.8:1.4,1.4:2.2 --json

    Example: atomsim excitations demo --figure excitations.svg
    """
    from analysis.excitations import alloy_order

    _check_options(figure, random_alloys)
    given = None if shells is None else parse_shells(shells)
    source = _source(structure, potential, material, minimise=minimise)
    rng = np.random.default_rng(seed)
    order = alloy_order(source.alloys, rng, shells=given, draws=random_alloys)
    found = _excitations(source, order, form, temperature, rng)
    if figure is not None:
        from analysis.plotting.excitations import figure_excitations

        write_figure(figure, figure_excitations(order, found))
    if as_json:
        print_json(_document(order, found, source.hbar))
        return
    _show_order(order)
    if found:
        _show_excitations(found)
    else:
        terminal.remark("order alone: --potential names the binary model that gives force constants and energies")


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


def _check_options(figure: Path | None, random_alloys: int) -> None:
    check_figure(figure)
    if random_alloys < 2:
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
    )


def _structure(text: str, potential: str | None, material: str | None, *, minimise: bool) -> _Source:
    from analysis.excitations import alloy_of_atoms, alloy_of_glass
    from atomsim.formats import read_structure
    from atomsim.units import get_material

    hbar = get_material(material or DEFAULT_MATERIAL).hbar
    if potential is None:
        if minimise:
            raise InputError("--minimise needs --potential")
        return _Source([alloy_of_atoms(read_structure(Path(text)), name=text)], [], [], [], hbar)
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


def _document(order: AlloyOrder, found: Sequence[Excitations], hbar: float) -> dict[str, Any]:
    waves = order.waves
    document: dict[str, Any] = {
        "concentration": order.concentration,
        "shells": _shell_rows(order),
        "k_s": waves.k_s,
        "k_s_error": waves.k_s_error,
        "k_s_vector": waves.superstructure_c,
        "crystalline": waves.crystalline,
        "species": {"A": order.names[0], "B": order.names[1]},
        "n_configurations": len(order.configurations),
        "n_atoms": [configuration.n_atoms for configuration in order.configurations],
        "sum_rule": order.sum_rule,
        "intensity_residual": order.intensity_residual,
        "random_alloys": order.random.draws,
        "waves": {
            "k": waves.k_b,
            "intensity": waves.intensity_b,
            "error": waves.error_b,
            "random": waves.random_b,
        },
    }
    if len(order.configurations) == 1:
        document["alpha_per_ion"] = order.configurations[0].ion_sn
    if found:
        from analysis.excitations import summarise

        document |= {
            "hbar": hbar,
            "summary": {name: number.as_dict() for name, number in summarise(found).items()},
            "overlap": _overlap_document(found),
            "glasses": [_glass_document(one) for one in found],
        }
    return document


def _shell_rows(order: AlloyOrder) -> list[dict[str, Any]]:
    columns = {
        "r_min": order.shells.r_min_s,
        "r_max": order.shells.r_max_s,
        "coordination": order.mean_s("coordination_s"),
        "alpha_correlation": order.mean_s("correlation_s"),
        "alpha_warren_cowley": order.mean_s("warren_cowley_s"),
        "alpha_correlation_error": order.error_s("correlation_s"),
        "alpha_warren_cowley_error": order.error_s("warren_cowley_s"),
        "alpha_warren_cowley_A": order.mean_s("warren_cowley_a_s"),
        "alpha_warren_cowley_B": order.mean_s("warren_cowley_b_s"),
        "bond_composition": order.mean_s("bond_composition_s"),
        "random_mean": order.random.mean_s,
        "random_deviation": order.random.deviation_s,
        "random_low": order.random.low_s,
        "random_high": order.random.high_s,
        "p_value": order.random.p_value_s,
    }
    return [{name: column[s] for name, column in columns.items()} for s in range(order.shells.n_shells)]


def _overlap_document(found: Sequence[Excitations]) -> dict[str, Any]:
    from analysis.excitations import summarise_overlaps

    overlaps = [one.overlap for one in found if one.overlap is not None]
    if not overlaps:
        return {}
    tables = summarise_overlaps(overlaps)
    return {what: {name: share.as_dict() for name, share in rows.items()} for what, rows in tables.items()}


def _glass_document(one: Excitations) -> dict[str, Any]:
    facts = {}
    if one.pairs is not None:
        names = ("energy_residual", "instability_temperature")
        facts = {name: getattr(one.pairs, name) for name in names}
    return {
        "n_atoms": one.n_atoms,
        "force_constants": one.form,
        **facts,
        "profile": {
            "distance": one.profile.distance_r,
            "radial": one.profile.radial_r,
            "error": one.profile.error_r,
            "continuum": _continuum(one),
        },
        "modes": {
            "omega": one.modes.omega_m,
            "decay_rate": one.modes.decay_rate_m,
            "participation_number": one.modes.participation_number_m,
            "condition_number": one.modes.condition_number,
            "dropped": one.modes.n_dropped,
            "threshold": one.modes.threshold,
        },
        "dispersions": [_dispersion_document(waves, one.hbar) for waves in one.dispersions],
    }


def _continuum(one: Excitations) -> Any:
    from analysis.excitations import continuum_displacement

    along_rc = np.column_stack([one.profile.distance_r, np.zeros((len(one.profile.distance_r), 2))])
    return continuum_displacement(along_rc, poisson=one.poisson, volume_change=one.volume_change)[:, 0]


def _dispersion_document(waves: Dispersion, hbar: float) -> dict[str, Any]:
    from analysis.excitations import ENERGY_FORMS, bogoliubov

    k_q = np.linalg.norm(waves.wave_vector_qc, axis=1)
    document: dict[str, Any] = {"envelope_power": waves.power, "site_energy_A": waves.site_energy}
    for form in ENERGY_FORMS:
        stable = waves.energies_q.stable(form)
        _, u, v = bogoliubov(waves.site_energy, waves.exchange_q[waves.energies_q.squared(form) > 0], form)
        document[form] = {
            "stable_k": k_q[stable],
            "energy": waves.energies_q.energy(form),
            "bogoliubov_u": u,
            "bogoliubov_v": v,
            "decaying_k": k_q[~stable],
            "decay_rate": waves.energies_q.rate(form, hbar),
            "stable_share_of_waves": waves.energies_q.stable_fraction(form),
            "stable_share_of_ions": waves.energies_l.stable_fraction(form),
        }
    return document


def _show_order(order: AlloyOrder) -> None:
    rows = _shell_rows(order)
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


def _show_excitations(found: Sequence[Excitations]) -> None:
    from analysis.excitations import summarise, summarise_overlaps

    screen = terminal.standard_output()
    screen.print(_estimates(summarise(found)))
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
