"""The verbs of nonlinear modes and double wells of one structure."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import AsJson, FigureFile, ToldProgress, check_figure, print_json, write_figure
from atomsim.errors import InputError, NotAMinimum

if TYPE_CHECKING:
    from analysis.modes import Elasticity, Modes
    from analysis.soft_modes.double_wells import DoubleWells
    from analysis.soft_modes.nonlinear import NonlinearModes
    from atomsim.quench import Glass

DEFAULT_MATERIAL = "argon"
OVERLAPS = 60  # lowest vibrations that a nonlinear mode is compared with

Structure = Annotated[
    str, typer.Argument(metavar="STRUCTURE", help="any file ASE reads, or our HDF5 (FILE or FILE:GROUP)")
]
Potential = Annotated[str, typer.Option("--potential", help="named model: laird-schober, lerner-binary, ...")]
Minimise = Annotated[bool, typer.Option("--minimise", help="move to the nearest minimum first")]

verbs = typer.Typer()


@verbs.command()
def nonlinear_modes(
    structure: Structure,
    potential: Potential,
    kind: Annotated[str, typer.Option("--kind", help="cubic, quartic or pseudo-harmonic")] = "cubic",
    count: Annotated[
        int, typer.Option(metavar="K", help="starts from the K lowest vibrations and from the K softest bonds")
    ] = 10,
    minimise: Minimise = False,
    seed: Annotated[int, typer.Option("--seed", help="seed of the errors of the far field")] = 0,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Quasi-localised modes that do not mix with phonons, by ascending stiffness, in reduced units.

    Example: atomsim nonlinear-modes glass.xyz --potential lerner-binary --kind pseudo-harmonic --json
    """
    from analysis.soft_modes.nonlinear import find_nonlinear_modes
    from analysis.soft_modes.stationary import kind_of

    kind_of(kind)
    check_figure(figure)
    if count < 1:
        raise InputError(f"--count {count}: expected at least one start of each sort")
    glass, modes, elastic = _minimum(structure, potential, minimise=minimise, count=count)
    found = find_nonlinear_modes(
        glass, modes, kind, np.random.default_rng(seed), lowest_phonon_frequency=elastic.lowest_phonon_frequency,
        n_harmonic=count, n_dipoles=count, progress=ToldProgress(),
    )  # fmt: skip
    if figure is not None and len(found.stiffness_m):
        from analysis.plotting.nonlinear import plot_decay

        write_figure(figure, plot_decay(glass, found, 0).figure)
    if as_json:
        print_json(_document(found, leave_out=("vectors_mnc",)) | {"hybridised": found.hybridised_m.astype(int)})
        return
    _show_modes(found)


def _show_modes(found: NonlinearModes) -> None:
    columns = {
        "omega": found.omega_m,
        "kappa": found.stiffness_m,
        "tau": found.tau_m,
        "chi": found.chi_m,
        "barrier": found.barrier_m,
        "participation_number": found.participation_number_m,
        "core": found.core_size_m,
        "decay": found.far_exponent_m,
        "error": found.far_exponent_error_m,
        "vibration": found.harmonic_index_m,
        "share": found.harmonic_share_m,
        "residual": found.residual_m,
    }
    terminal.standard_output().print(terminal.column_table({name: column.tolist() for name, column in columns.items()}))
    terminal.remark(
        f"{len(found.stiffness_m)} distinct {found.kind} modes from {found.n_starts} starts ({found.n_repeated} led to "
        f"known ones, {found.n_failed} nowhere); {int(found.hybridised_m.sum())} are hidden by hybridised vibrations; "
        f"lowest transverse phonon of the box at omega = {found.lowest_phonon_frequency:.4g}"
    )


@verbs.command()
def double_wells(
    structure: Structure,
    potential: Potential,
    count: Annotated[
        int, typer.Option(metavar="K", help="soft vibrations looked at, and starts of cubic modes of each sort")
    ] = 10,
    material: Annotated[str, typer.Option("--material", help="scales for hbar: argon, sodium, ...")] = DEFAULT_MATERIAL,
    minimise: Minimise = False,
    figure: FigureFile = None,
    as_json: AsJson = False,
) -> None:
    """Neighbouring minima along soft and cubic modes: barriers, asymmetries and tunnelling splittings, reduced units.

    Example: atomsim double-wells glass.xyz --potential lerner-binary --count 5 --figure well.svg
    """
    from analysis.soft_modes import Selection, find_soft_modes
    from analysis.soft_modes.directions import joined, nonlinear_directions, soft_directions
    from analysis.soft_modes.double_wells import find_double_wells
    from analysis.soft_modes.nonlinear import find_nonlinear_modes
    from atomsim.units import get_material

    check_figure(figure)
    hbar = get_material(material).hbar
    if count < 1:
        raise InputError(f"--count {count}: expected at least one mode")
    glass, modes, elastic = _minimum(structure, potential, minimise=minimise, count=count)
    progress = ToldProgress()
    soft = find_soft_modes(glass, modes, elastic, Selection(count=count))
    cubic = find_nonlinear_modes(
        glass, modes, "cubic", np.random.default_rng(0), lowest_phonon_frequency=elastic.lowest_phonon_frequency,
        n_harmonic=count, n_dipoles=count, progress=progress,
    )  # fmt: skip
    directions = joined([soft_directions(soft), nonlinear_directions(glass, cubic)])
    found = find_double_wells(glass, directions, hbar=hbar, progress=progress)
    if figure is not None:
        _draw_well(figure, found)
    if as_json:
        document = _document(found, leave_out=("second_mnc", "saddle_mnc"))
        print_json(document | {"material": material, "n_atoms": glass.n_atoms})
        return
    _show_wells(found)


def _draw_well(path: Any, found: DoubleWells) -> None:
    """The pair with the smallest asymmetry, which is nearest to a tunnelling system."""
    if not len(found):
        terminal.remark("no pair of minima was found: no figure")
        return
    from analysis.plotting.nonlinear import plot_double_well

    write_figure(path, plot_double_well(found, int(np.argmin(np.abs(found.asymmetry_m)))).figure)


def _show_wells(found: DoubleWells) -> None:
    columns = {
        "barrier": found.barrier_m,
        "band": found.barrier_band_m,
        "scan": found.barrier_scan_m,
        "cubic": found.cubic_barrier_m,
        "difference": found.energy_difference_m,
        "atoms": found.participation_number_m,
        "path": found.path_length_m,
        "Delta": found.asymmetry_m,
        "Delta_0": found.tunnelling_m,
        "gap": found.gap_m,
        "predicted": found.predicted_gap_m,
    }
    terminal.standard_output().print(terminal.column_table({name: column.tolist() for name, column in columns.items()}))
    terminal.remark(
        f"{len(found)} pairs along {found.n_directions} directions, both ways: {found.n_returned} pushes came back, "
        f"{found.n_repeated} led to a known pair, {found.n_unconnected} to no neighbour, {found.n_failed} did not "
        f"converge; {int(found.two_level_m.sum())} two-level systems at hbar = {found.hbar:.4g}"
    )
    missing = int(np.isnan(found.predicted_barrier_m).sum())
    if missing:
        unbounded = int(np.isnan(found.predicted_alpha_m).sum())
        terminal.remark(
            f"no double well is foretold for {missing} pairs: along the direction of {unbounded} the relaxed energy "
            "has a fourth derivative that is not positive, so that its expansion has no second minimum to end in; "
            f"that of the other {missing - unbounded} has a single minimum"
        )


def _minimum(structure: str, potential: str, *, minimise: bool, count: int) -> tuple[Glass, Modes, Elasticity]:
    """The structure as a certified minimum, with its lowest modes and its elastic constants."""
    from analysis.measure import count_check, structure_of
    from analysis.modes import elasticity, lowest_modes

    asked = count_check("--count", count, potential, zero_modes=False)
    glass = structure_of(structure, potential, minimise=minimise, check=asked)
    try:
        glass.certificate.require_minimum(name=structure, zero_modes=glass.healthy_zero_modes)
    except NotAMinimum as error:
        raise NotAMinimum(f"{error}; --minimise moves it to the nearest minimum", error.estimate) from error
    wanted = min(glass.dimension * glass.n_atoms, max(OVERLAPS, count) + glass.n_zero_modes)
    return glass, lowest_modes(glass, wanted), elasticity(glass)


def _document(found: NonlinearModes | DoubleWells, *, leave_out: tuple[str, ...]) -> dict[str, Any]:
    """All fields by their names without the suffix of their axes, with their units."""
    kept = [one for one in fields(found) if one.name not in leave_out]
    derived = {name: getattr(found, f"{name}_m") for name in ("omega", "barrier") if hasattr(found, f"{name}_m")}
    values = {one.name.removesuffix("k").removesuffix("_m"): getattr(found, one.name) for one in kept}
    units = {one.name.removesuffix("k").removesuffix("_m"): one.metadata["unit"] for one in kept}
    return derived | values | {"units": units}
