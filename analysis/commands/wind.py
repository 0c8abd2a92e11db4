"""The verb of the wind: the force of an electron current on every ion of a structure.

It parses, calls and prints like :mod:`analysis.cli`, which takes it up and turns its errors into an exit status.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import (
    AsJson,
    DaskPlace,
    FigureFile,
    WorkerCount,
    check_figure,
    print_json,
    write_figure,
)
from analysis.commands.workers import chosen_workers
from atomsim.errors import InputError
from atomsim.results import Array

if TYPE_CHECKING:
    from analysis.multiple_scattering.environment import Environment
    from analysis.multiple_scattering.wind_configuration import WindForces
    from analysis.multiple_scattering.wind_input import WindInput
    from analysis.multiple_scattering.wind_resistivity import ChosenResistivity, Resistivities
    from atomsim.ensemble import Progress

CHECK_FAILED = 1
ROWS_SHOWN = 20
verbs = typer.Typer()


@verbs.command()
def wind(
    structure: Annotated[
        str, typer.Argument(metavar="STRUCTURE", help="any file ASE reads, or our HDF5 (FILE or FILE:GROUP)")
    ],
    metal: Annotated[
        str | None, typer.Option(metavar="SYMBOL", help="all ions are this metal: Li, Na, K, Rb, Cs, Mg, Al, Zn or Cu")
    ] = None,
    phase_shifts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML: k_fermi, and [species.NAME] delta = [...]")
    ] = None,
    k_fermi: Annotated[
        float | None, typer.Option(metavar="K", help="Fermi wave number; else of the density or the file [1/angstrom]")
    ] = None,
    lmax: Annotated[
        int | None, typer.Option(metavar="L", help="largest angular momentum; else 2, or all of the file")
    ] = None,
    radius: Annotated[
        float | None,
        typer.Option(
            metavar="R", help="of the cluster about each ion; inf: one cluster of all ions, no images [angstrom]"
        ),
    ] = None,
    ions: Annotated[str, typer.Option(metavar="all|I,J", help="ions, counted from 0")] = "all",
    resistivity: Annotated[
        str | None,
        typer.Option(
            metavar="RHO", help="microohm cm, or own: that of the structure, or measured: of the liquid metal"
        ),
    ] = None,
    relaxation_time: Annotated[
        float | None, typer.Option(metavar="TAU", help="of the electrons, instead of a resistivity [s]")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="FILE", help="perfect crystal of a defect; its wind is subtracted")
    ] = None,
    scale_to_metal: Annotated[
        bool, typer.Option("--scale-to-metal", help="take all atoms as the metal, at its density")
    ] = False,
    soft_modes: Annotated[
        int | None, typer.Option(metavar="K", help="share of each ion in the lowest K modes of a glass in our HDF5")
    ] = None,
    workers: WorkerCount = None,
    dask: DaskPlace = None,
    figure: FigureFile = None,
    convergence: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="vary radius and lmax too for a few of the ions: draw FILE, with a table beside it"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Wind force of an electron current on every ion; positive sigma pushes along the flow of the electrons.

    Each ion is computed from a cluster of its surroundings, of which the error tells what its radius and lmax may
    change. A structure in the units of a pair potential is scaled to the density of the metal.

    Example: atomsim wind glass.h5 --metal Na --soft-modes 10 --figure wind.svg

    Example: atomsim wind vacancy.xyz --reference crystal.xyz --metal Al --ions 12 --json

    Example: atomsim wind glass.h5 --metal Al --ions 0,100,200 --convergence convergence.svg
    """
    from analysis.commands.wind_convergence import converged, show_convergence, wider_input, write_convergence
    from analysis.commands.wind_document import document, warnings
    from analysis.multiple_scattering.environment import environment
    from analysis.multiple_scattering.wind_configuration import wind_forces
    from analysis.multiple_scattering.wind_resistivity import check_resistivity, choose_resistivity, resistivities

    check_figure(figure)
    check_figure(convergence, "--convergence")
    asked = _resistivity_options(resistivity, relaxation_time)
    check_resistivity(**asked)
    read = partial(
        _input, structure, metal, phase_shifts, reference, finite=radius == math.inf, scale=scale_to_metal, k=k_fermi
    )
    given = read(lmax)
    wider = None if convergence is None else wider_input(given, read, radius)
    chosen = _parse_ions(ions)
    vectors = None if soft_modes is None else _soft_vectors(structure, soft_modes)
    for line in given.remarks:
        terminal.remark(line)
    with terminal.RunDisplay() as display, chosen_workers(workers, dask) as pool:
        running: dict[str, Any] = {"workers": pool, "progress": _events(display)}
        found = wind_forces(given.configuration, chosen, radius=radius, reference=given.reference, **running)
        varied = None if wider is None else converged(found, given, wider, **running)
    known = resistivities(found, given.configuration, given.metal, given.k_fermi)
    rho = choose_resistivity(found, known, **asked)
    around = environment(given.configuration, vectors)
    for line in warnings(found, rho):
        terminal.remark(line)
    if as_json:
        print_json(document(found, given, around, known, rho, varied))
    else:
        _show(found, around, known, rho)
        if varied is not None:
            show_convergence(*varied)
    if figure is not None:
        from analysis.plotting.wind import figure_wind

        write_figure(figure, figure_wind(found, around, rho.value))
    if convergence is not None and varied is not None:
        write_convergence(convergence, *varied)
    if not found.laws.hold:
        terminal.complain(f"a law of scattering is broken: {found.laws}")
        raise typer.Exit(CHECK_FAILED)


def _events(display: terminal.RunDisplay) -> Callable[[Progress], None]:
    """Return what shows how far the ions are."""
    from analysis.study import StudyProgress

    return lambda event: display(StudyProgress(event.label, event.done, event.total, event.total - event.done))


def _input(
    structure: str,
    metal: str | None,
    phase_shifts: Path | None,
    reference: str | None,
    lmax: int | None,
    *,
    finite: bool,
    scale: bool,
    k: float | None,
) -> WindInput:
    """Read what scatters."""
    from analysis.multiple_scattering.metals import get_metal
    from analysis.multiple_scattering.phase_shift_file import read_phase_shifts
    from analysis.multiple_scattering.wind_input import given_input, metal_input
    from atomsim.formats import read_structure

    if (metal is None) == (phase_shifts is None):
        raise InputError("expected --metal SYMBOL or --phase-shifts FILE, one of them")
    host = None if reference is None else read_structure(Path(reference))
    options: dict[str, Any] = {"l_max": lmax, "k_fermi": k, "reference": host}
    atoms = read_structure(Path(structure))
    if phase_shifts is None:
        return metal_input(atoms, get_metal(str(metal)), finite=finite, scale=scale, **options)
    if scale:
        raise InputError("--scale-to-metal needs --metal")
    return given_input(atoms, read_phase_shifts(phase_shifts), **options)


def _soft_vectors(structure: str, count: int) -> Array:
    """Return the lowest modes of a glass of ours, without translations, (K, N, 3) [-]."""
    from analysis.modes import lowest_modes
    from atomsim.formats import read_glass

    if count < 1:
        raise InputError(f"--soft-modes {count}: expected 1 or more")
    file, _, group = structure.partition(":")
    glass = read_glass(Path(file), group or None)
    return lowest_modes(glass, count + glass.n_zero_modes).vectors_mnc[glass.n_zero_modes :]


def _parse_ions(text: str) -> list[int] | None:
    """Return the indices of ``all`` or ``I,J``."""
    if text == "all":
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--ions {text}: expected all, or indices separated by commas, for example 0,12") from None


def _resistivity_options(resistivity: str | None, relaxation_time: float | None) -> dict[str, Any]:
    """Return the arguments of the choice of a resistivity: a number, or a word."""
    options: dict[str, Any] = {"relaxation_time": relaxation_time}
    try:
        return options | {"given": None if resistivity is None else float(resistivity)}
    except ValueError:
        return options | {"kind": resistivity}


def _show(found: WindForces, around: Environment, known: Resistivities, rho: ChosenResistivity) -> None:
    from analysis.commands.wind_document import statistics

    screen = terminal.standard_output()
    z_wind = found.valence_ncc(rho.value) if math.isfinite(rho.value) else np.full_like(found.sigma_ncc, math.nan)
    columns: dict[str, list[Any]] = {"ion": found.index_n.tolist()}
    for axis, name in enumerate("xyz"):
        columns[f"sigma_{name}{name} [A^2]"] = found.sigma_ncc[:, axis, axis].tolist()
    columns["error [A^2]"] = found.error_n.tolist()
    columns["Z_w (mean)"] = (np.trace(z_wind, axis1=1, axis2=2) / 3).tolist()
    screen.print(terminal.column_table(columns, rows=ROWS_SHOWN))
    if len(found.index_n) > ROWS_SHOWN:
        screen.print(f"... {len(found.index_n) - ROWS_SHOWN} more; --json prints all")
    where = (
        "one cluster of all ions"
        if math.isinf(found.radius)
        else (f"{found.cluster_size_n.mean():.4g} ions within {found.radius:.4g} A of each")
    )
    screen.print(f"k = {found.wave_number:.5g} /A, l_max = {found.l_max}, {where}")
    screen.print(f"sum of sigma_xx, yy, zz: {', '.join(f'{value:.6g}' for value in np.diag(found.sum_cc))} A^2")
    for name, r in statistics(found, around)["rank_correlation"].items():
        if math.isfinite(r.value):
            screen.print(f"rank correlation of tr sigma with {name}: {r.value:+.3f}, standard error {r.error:.2g}")
    rows = {
        "wind on all ions": known.own,
        "the same ions in second order": known.kinematic,
        "Ziman, this structure, screened potential": known.ziman_here,
        "Ziman, hard spheres, screened potential": known.ziman_born,
        "Ziman, hard spheres, phase shifts of one ion": known.ziman_t_matrix,
        "measured in the liquid at its melting point": known.measured,
    }
    rows = {name: value for name, value in rows.items() if math.isfinite(value)}
    if rows:
        screen.print(terminal.column_table({"": list(rows), "rho [microohm cm]": list(rows.values())}))
    if math.isfinite(rho.value):
        screen.print(
            f"Z_w with rho = {rho.value:.5g} microohm cm ({rho.source}), mean free path {rho.mean_free_path:.4g} A"
        )
