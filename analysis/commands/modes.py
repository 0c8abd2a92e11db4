"""The verbs of one structure: its modes, and its soft modes with their anharmonicity.

They parse, call and print like :mod:`analysis.cli`, which takes them up and turns their errors into an exit status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import AsJson, ToldProgress, print_json
from atomsim.errors import InputError, NotAMinimum, NotConverged, nearest

if TYPE_CHECKING:
    from analysis.measure import Check
    from analysis.soft_modes.any_result import CalculatorModes
    from atomsim.quench import Glass
    from atomsim.results import Array

ROWS_SHOWN = 20
COUNT_OF_ENGINES = 10  # lowest vibrations of a material where no number is asked for

Structure = Annotated[
    str, typer.Argument(metavar="STRUCTURE", help="any file ASE reads, or our HDF5 (FILE or FILE:GROUP)")
]
Potential = Annotated[str, typer.Option("--potential", help="named model: laird-schober, inverse-power:n=12,q=2, ...")]
AnyPotential = Annotated[
    str,
    typer.Option(
        "--potential",
        help="named model: laird-schober, inverse-power:n=12,q=2, ...; or a file of LAMMPS: sw:Si.sw, tersoff:FILE, "
        "vashishta:FILE, eam/fs:FILE, eam/alloy:FILE, adp:FILE",
    ),
]
Minimise = Annotated[bool, typer.Option("--minimise", help="move to the nearest minimum first")]

verbs = typer.Typer()


@verbs.command()
def modes(
    structure: Structure,
    potential: Potential,
    lowest: Annotated[
        int | None, typer.Option(metavar="K", help="the lowest K modes only, zero modes included")
    ] = None,
    between: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="only the modes with LOW <= omega <= HIGH, all of them"),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="of --lowest: dense, dissection, pardiso or superlu; of --between: dense or slices; the fastest that "
            "fits where absent"
        ),
    ] = None,
    minimise: Minimise = False,
    as_json: AsJson = False,
) -> None:
    """Vibrational modes of a structure, ascending, in reduced units; a structure off its minimum is told so.

    Example: atomsim modes glass.xyz --potential laird-schober --lowest 50 --minimise

    Example: atomsim modes glass.xyz --potential laird-schober --between 1.5 2.0
    """
    from analysis.measure import count_check, vibrations
    from atomsim.engines import is_engine_potential

    if is_engine_potential(potential):
        raise InputError(f"--potential {potential}: modes has pair models alone; soft-modes takes potentials of LAMMPS")
    _check_part(lowest, between, method)
    asked = count_check("--lowest", lowest, potential, zero_modes=True)
    glass = _structure(structure, potential, minimise, asked)
    found = vibrations(glass, lowest, between=between, method=method, report=terminal.remark)
    columns = {
        "omega": found.omega_m.tolist(),
        "participation_number": found.participation_number_m.tolist(),
        "participation_ratio": found.participation_ratio_m.tolist(),
        "effective_mass": found.effective_mass_m.tolist(),
    }
    if as_json:
        head = {
            "n_atoms": glass.n_atoms,
            "max_force": glass.max_force,
            "n_zero_modes": found.n_zero_modes,
            "n_negative": found.n_negative,
            "certified_complete": found.certified_complete,
        }
        print_json(head | columns)
    else:
        title = f"{glass.n_atoms} atoms, {found.n_zero_modes} zero modes"
        if between is not None:
            title += f", {len(found.omega_m)} modes between {between[0]:g} and {between[1]:g}"
        _print_modes(columns, title, show_all=lowest is not None or between is not None)
    _require_minimum(glass, structure)


def _check_part(lowest: int | None, between: tuple[float, float] | None, method: str | None) -> None:
    """Refuse, before any work, what is no part of a spectrum and methods that do not compute it."""
    from analysis.modes.forecast import METHODS
    from analysis.modes.window import WAYS, require_window

    if lowest is not None and between is not None:
        raise InputError("--lowest and --between: expected one of them")
    if lowest is not None and lowest < 1:
        raise InputError(f"--lowest {lowest}: expected at least one mode")
    if between is not None:
        try:
            require_window(*between)
        except InputError as error:
            raise InputError(f"--between {between[0]:g} {between[1]:g}: {error}") from error
    if method is not None and lowest is None and between is None:
        raise InputError(f"--method {method}: whole spectra have one method; it goes with --lowest K or --between")
    known = METHODS if between is None else WAYS
    if method is not None and method not in known:
        raise InputError(f"--method {method}: expected one of {', '.join(known)}{nearest(method, known)}")


def _structure(name: str, potential: str, minimise: bool, check: Check) -> Glass:
    """The configuration of a file; if its matrix is singular, the atoms that nothing holds are named."""
    from analysis.measure import structure_of
    from analysis.modes.rattlers import named_loose_atoms
    from atomsim.formats import read_structure
    from atomsim.pairs import PairInteraction
    from atomsim.potentials import get_model

    try:
        return structure_of(name, potential, minimise=minimise, check=check)
    except NotConverged as error:
        atoms = read_structure(Path(name))
        loose = named_loose_atoms(PairInteraction.from_atoms(get_model(potential), atoms).terms(atoms.positions))
        if not loose:
            raise
        raise NotAMinimum(f"{name}: {loose}", error.estimate) from error


def _print_modes(columns: dict[str, list[float]], title: str, *, show_all: bool) -> None:
    total = len(next(iter(columns.values())))
    rows = None if show_all else ROWS_SHOWN
    screen = terminal.standard_output()
    screen.print(f"{title}; omega in sqrt(epsilon/m)/sigma, effective mass in m")
    screen.print(terminal.column_table({"mode": list(range(total)), **columns}, rows=rows))
    if rows is not None and total > rows:
        screen.print(f"... {total - rows} more; --json prints all")


def _require_minimum(glass: Glass, name: str) -> None:
    """Refuse what is not a minimum, and say how to get one."""
    try:
        glass.certificate.require_minimum(name=name, zero_modes=glass.healthy_zero_modes)
    except NotAMinimum as error:
        hint = "" if glass.n_negative == 0 and glass.max_force == 0 else "; --minimise moves it to the nearest minimum"
        if glass.n_negative == 0 and glass.n_zero_modes > glass.healthy_zero_modes:
            from analysis.modes.rattlers import explain_zero_modes

            terms = glass.interaction().terms(glass.positions_nc)
            hint = f"\n  {explain_zero_modes(terms, found=glass.n_zero_modes, expected=glass.healthy_zero_modes)}"
        raise NotAMinimum(f"{error}{hint}", error.estimate) from error


@verbs.command("soft-modes")
def soft_modes(
    structure: Structure,
    potential: AnyPotential,
    count: Annotated[
        int | None,
        typer.Option(metavar="K", help="the lowest K modes; else all below the phonons, 10 of a potential of LAMMPS"),
    ] = None,
    minimise: Minimise = False,
    as_json: AsJson = False,
) -> None:
    """Soft modes of a minimum with their anharmonicity, bare and relaxed, in reduced units; translations left out.

    With a potential of LAMMPS the file is in ångström; results are in eV, Å, u, THz and in SI, each with its error.

    Example: atomsim soft-modes glass.xyz --potential laird-schober --count 10 --json

    Example: atomsim soft-modes silicon.xyz --potential sw:Si.sw --minimise --count 5
    """
    from analysis.measure import count_check, measure_soft_modes
    from analysis.soft_modes.expansion import cutoff_warning
    from atomsim.engines import is_engine_potential
    from atomsim.potentials import get_model

    if count is not None and count < 1:
        raise InputError(f"--count {count}: expected at least one mode")
    if is_engine_potential(potential):
        _soft_modes_of_engine(structure, potential, count, minimise, as_json)
        return
    asked = count_check("--count", count, potential, zero_modes=False)
    glass = _structure(structure, potential, minimise, asked)
    _require_minimum(glass, structure)
    found = measure_soft_modes(glass, count)
    if warning := cutoff_warning(get_model(glass.model)):
        terminal.remark(warning)
    columns = {
        "omega": found.omega_m,
        "omega2": found.omega2_m,
        "participation_number": found.participation_number_m,
        "effective_mass": found.effective_mass_m,
        "tau": found.tau_m,
        "chi_bare": found.chi_bare_m,
        "chi_relaxed": found.chi_relaxed_m,
        "index": found.index_m,
        "n_cores": found.n_cores_m,
    }
    if not as_json:
        shown = {name: column.tolist() for name, column in columns.items()}
        terminal.standard_output().print(terminal.column_table(shown))
        terminal.remark(
            f"{len(found.omega_m)} modes; lowest transverse phonon of the box at omega = "
            f"{found.lowest_phonon_frequency:.4g}; {found.n_unbounded} with chi_relaxed <= 0 lead to another minimum"
        )
        return
    columns |= {"linear_coupling": found.linear_coupling_mcc, "quadratic_coupling": found.quadratic_coupling_mcc}
    rows = [{name: column[k].tolist() for name, column in columns.items()} for k in range(len(found.omega_m))]
    head = {
        "n_atoms": found.n_atoms,
        "volume": found.volume,
        "limit_omega": found.limit_omega,
        "lowest_phonon_frequency": found.lowest_phonon_frequency,
    }
    print_json({**head, "modes": rows})


def _soft_modes_of_engine(structure: str, potential: str, count: int | None, minimise: bool, as_json: bool) -> None:
    """The soft modes of a material, whose forces LAMMPS gives."""
    from analysis.measure import count_check
    from analysis.soft_modes.any_calculator import soft_modes_of_engine
    from atomsim.engines.hessian import require_minimum
    from atomsim.formats.alloys import read_alloy_glass

    asked = count_check("--count", count, potential, zero_modes=False)
    glass = read_alloy_glass(structure, potential, minimise=minimise, check=asked)
    require_minimum(glass.certificate, name=f"{structure} by {potential} (--minimise moves it to the nearest minimum)")
    most = min(COUNT_OF_ENGINES, 3 * glass.n_atoms - glass.n_zero_modes)
    found = soft_modes_of_engine(glass, most if count is None else count, progress=ToldProgress())
    for line in found.remarks:
        terminal.remark(line)
    if as_json:
        print_json(calculator_document(found, potential=potential))
    else:
        _show_material(found)


def calculator_document(found: CalculatorModes, *, potential: str) -> dict[str, Any]:
    """Return soft modes of a material as a document, in eV, Å, u and THz, and in SI.

    Args:
        found: the modes, in atomic units.
        potential: what gave the forces.
    """
    from analysis.soft_modes.any_result import SI_UNITS, in_si

    units = {column.name: column.metadata.get("unit", "") for column in fields(found)}
    columns, si = _columns(found), in_si(found)
    rows = [
        {name: column[k] for name, column in columns.items()} | {"si": {name: si[name][k] for name in si}}
        for k in range(len(found.omega_m))
    ]
    heads = ("n_atoms", "n_zero_modes", "max_force", "step", "hessian_error", "sum_rule")
    of_columns = {name.rpartition("_")[0]: unit for name, unit in units.items()}
    told = {name: of_columns.get(name, "THz" if name == "frequency_THz" else "1") for name in columns}
    return {
        "potential": potential,
        **{name: getattr(found, name) for name in heads},
        "units": told | {name: units[name] for name in heads},
        "si_units": dict(SI_UNITS),
        "remarks": list(found.remarks),
        "modes": rows,
    }


def _columns(found: CalculatorModes) -> dict[str, Array]:
    """The numbers of each mode by the names of the document."""
    from analysis.modes.foreign import frequencies
    from analysis.soft_modes.any_result import columns_of

    ratio = {"participation_ratio": found.participation_ratio_m}
    return {"frequency_THz": frequencies(found.omega_m)["THz"], **columns_of(found), **ratio}


def _show_material(found: CalculatorModes) -> None:
    from analysis.soft_modes.any_result import SI_UNITS, in_si

    columns, screen = _columns(found), terminal.standard_output()
    screen.print(f"{found.n_atoms} atoms; eV, A, u, THz: tau in eV/(u^1.5 A^3), chi in eV/(u^2 A^4)")
    shown: dict[str, Sequence[object]] = {
        "nu [THz]": columns["frequency_THz"].tolist(),
        "participation number": columns["participation_number"].tolist(),
        "ratio": columns["participation_ratio"].tolist(),
        "effective mass [u]": columns["effective_mass"].tolist(),
    }
    screen.print(terminal.column_table(shown | _with_errors(columns)))
    screen.print(
        "coupling to strain, root of the mean square over directions, longitudinal and transverse, ± the largest error "
        "of a component: Lambda1 in eV/(u^0.5 A), Lambda2 in eV/(u A^2)"
    )
    screen.print(terminal.column_table(_couplings(columns)))
    si = in_si(found)
    screen.print(f"SI: omega in {SI_UNITS['omega']}, tau in {SI_UNITS['tau']}, chi in {SI_UNITS['chi_bare']}")
    screen.print(terminal.column_table({"omega": si["omega"].tolist(), **_with_errors(si)}))


def _with_errors(columns: dict[str, Array]) -> dict[str, Sequence[object]]:
    """Values with their errors, one column each."""
    pairs = {"tau": "tau_error", "chi_bare": "chi_error", "chi_relaxed": "chi_relaxed_error"}
    return {
        name: [f"{terminal.number(value)} ± {terminal.number(spread, 2)}" for value, spread in told]
        for name, told in ((name, zip(columns[name], columns[error], strict=True)) for name, error in pairs.items())
    }


def _couplings(columns: dict[str, Array]) -> dict[str, Sequence[object]]:
    """Strengths of the couplings to waves of any direction, with errors."""
    from analysis.soft_potential.coupling import longitudinal_average, transverse_average

    shown: dict[str, Sequence[object]] = {}
    names = {"linear_coupling": "1", "quadratic_coupling_bare": "2 bare", "quadratic_coupling": "2 relaxed"}
    for name, label in names.items():
        for average, letter in ((longitudinal_average, "l"), (transverse_average, "t")):
            strength_m = np.sqrt(average(columns[name]))
            told = zip(strength_m, columns[f"{name}_error"], strict=True)
            shown[f"Lambda{label} {letter}"] = [
                f"{terminal.number(value)} ± {terminal.number(spread, 2)}" for value, spread in told
            ]
    return shown
