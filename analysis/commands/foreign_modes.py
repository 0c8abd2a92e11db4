"""The verb of matrices that other programs computed: their frequencies in the units of experiments, and participation.

It parses, calls and prints like :mod:`analysis.cli`, which takes it up and turns errors into an exit status.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from analysis import terminal
from analysis.commands.common import AsJson, print_json
from atomsim.errors import InputError

if TYPE_CHECKING:
    from analysis.modes.foreign import MatrixModes
    from atomsim.force_constants import ForceConstants

ROWS_SHOWN = 20

verbs = typer.Typer()


@verbs.command("matrix-modes")
def matrix_modes(
    structure: Annotated[
        Path, typer.Argument(metavar="STRUCTURE", help="any file ASE reads (POSCAR, CONFIG, extended XYZ, ...)")
    ],
    matrix: Annotated[Path, typer.Argument(metavar="FILE", help="force constants or dynamical matrix of another code")],
    layout: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="lammps-eskm, lammps-regular, lammps-binary, gulp, phonopy or numpy; else what the file looks like",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--units", help="of the file: eV/A^2, eV/A^2/amu, 10J/mol/A^2/amu, lammps-metal, Ry/bohr^2, ..."),
    ] = None,
    masses: Annotated[
        list[str] | None,
        typer.Option("--mass", metavar="ELEMENT=MASS", help="mass of an element, not the standard one"),
    ] = None,
    lowest: Annotated[
        int | None, typer.Option(metavar="K", help="the lowest K modes only, translations included")
    ] = None,
    free: Annotated[
        bool, typer.Option("--free-translations", help="make the matrix obey the sum rule: translations cost nothing")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Vibrational modes of a matrix that LAMMPS, phonopy, GULP, kALDo or a script of NumPy computed.

    The unit of the file is checked as far as can be; what was assumed is said. Atoms stand in the order of the matrix.

    Example: atomsim matrix-modes POSCAR FORCE_CONSTANTS --mass Na=22.990 --mass Cl=35.453

    Example: atomsim matrix-modes glass.data Dyn.form --format lammps-eskm --units lammps-metal --lowest 50 --json
    """
    from analysis.modes.foreign import modes_of_matrix, remarks_of, require_no_imaginary
    from atomsim.force_constants import read_force_constants
    from atomsim.formats import read_structure

    atoms = read_structure(structure)
    if lowest is not None and not 1 <= lowest <= 3 * len(atoms):
        raise InputError(f"--lowest {lowest}: expected 1 to {3 * len(atoms)} modes for {len(atoms)} atoms")
    found = read_force_constants(matrix, atoms, layout=layout, unit=unit, masses=parse_masses(masses or []))
    modes = modes_of_matrix(
        found.dynamical_matrix,
        atoms.positions,
        found.mass_n,
        periodic=bool(atoms.pbc.any()),
        count=lowest,
        free_rigid_motions=free,
    )
    remarks = [*found.remarks, *remarks_of(modes)]
    for line in remarks:
        terminal.remark(line)
    if as_json:
        print_json({**modes_document(modes), **_quality(found), "remarks": remarks})
    else:
        _show(modes, found, show_all=lowest is not None)
    require_no_imaginary(modes, name=str(structure))


def parse_masses(texts: list[str]) -> dict[str, float]:
    """Return the masses of ``ELEMENT=MASS`` [amu].

    Args:
        texts: what the user typed.

    Raises:
        InputError: it is something else.
    """
    masses = {}
    for text in texts:
        element, _, mass = text.partition("=")
        try:
            masses[element] = float(mass)
        except ValueError:
            raise InputError(f"--mass {text}: expected ELEMENT=MASS, for example Na=22.990") from None
    return masses


def modes_document(modes: MatrixModes) -> dict[str, Any]:
    """Return modes in atomic units as a document, frequencies in the units of experiments.

    Args:
        modes: the modes.
    """
    from analysis.modes.foreign import frequencies

    return {
        "units": {"frequency": "as named, negative where imaginary", "effective_mass": "amu"},
        "n_atoms": modes.n_atoms,
        "n_rigid": int(np.count_nonzero(modes.is_rigid_m)),
        "n_zero_modes": int(np.count_nonzero(np.abs(modes.omega_m) <= modes.zero_omega)),
        "imaginary": modes.imaginary,
        "frequency": frequencies(modes.omega_m),
        "participation_number": modes.participation_number_m,
        "participation_ratio": modes.participation_ratio_m,
        "effective_mass": modes.effective_mass_m,
        "rigid_share": modes.rigid_m,
    }


def _quality(found: ForceConstants) -> dict[str, Any]:
    return {
        "matrix": {
            "format": found.layout,
            "units": found.unit,
            "asymmetry": found.asymmetry,
            "sum_rule_eV_per_A2": found.sum_rule,
            "largest_eV_per_A2": found.largest,
        }
    }


def _show(modes: MatrixModes, found: ForceConstants, *, show_all: bool) -> None:
    document, screen = modes_document(modes), terminal.standard_output()
    screen.print(
        f"{modes.n_atoms} atoms, {document['n_rigid']} rigid motions; {found.layout} in {found.unit}: asymmetry "
        f"{found.asymmetry:.1e} of the largest entry, symmetrised; sum rule violated by {found.sum_rule:.1e} eV/A^2",
        markup=False,
    )
    columns = {"mode": list(range(len(modes.omega_m)))}
    columns |= {f"nu [{name}]": column.tolist() for name, column in document["frequency"].items() if name != "rad/ps"}
    columns |= {"omega [rad/ps]": document["frequency"]["rad/ps"].tolist()}
    columns |= {
        "participation number": modes.participation_number_m.tolist(),
        "ratio": modes.participation_ratio_m.tolist(),
        "effective mass [amu]": modes.effective_mass_m.tolist(),
    }
    screen.print(terminal.column_table(columns, rows=None if show_all else ROWS_SHOWN))
    if not show_all and len(modes.omega_m) > ROWS_SHOWN:
        screen.print(f"... {len(modes.omega_m) - ROWS_SHOWN} more; --json prints all")
